"""Awards against their slow twin in fractions, and what must always hold of them, over several rounds too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

import pytest
from returns_twin import (
    RULE_SETS,
    RULES,
    World,
    by_claim,
    policy,
    random_world,
    twin_plan,
    with_interest,
    with_payments,
)

from recoup.returns import (
    PRO_RATA,
    Basis,
    Claim,
    Holder,
    Interest,
    Place,
    Plan,
    Pot,
    Traced,
    check_plan,
    plan_awards,
)
from recoup.returns.rest import share_in_turn


def plan_of(world: World, rules: tuple[str, ...] = ("fifo",), basis: Basis = Basis.CASE) -> Plan:
    return plan_awards(world.pots, world.claims, world.traced, policy(*rules, basis=basis))


def check_against_twin(seed: int, *, is_later: bool = False) -> None:
    world = random_world(seed)
    if is_later:
        world = with_payments(world, seed)
    for rules in RULE_SETS:
        plan, twin = plan_of(world, rules), twin_plan(world, rules)
        direct = {(a.claim, a.place): a.amount for a in plan.awards if a.mode != PRO_RATA}
        assert direct == twin.direct, (seed, rules)
        for claim, amount in by_claim(plan).items():
            assert amount == twin.by_claim.get(claim, 0), (seed, rules, claim)
        for row in plan.pots:
            assert row.direct + row.rest == twin.by_pot.get(row.pot.place, 0), (seed, rules, row)


def check_against_twins(seeds: range) -> None:
    for seed in seeds:
        check_against_twin(seed)


def check_identities(seed: int) -> None:
    """Check SEMANTICS 5: sum, cap, order of claims, one pot raised, direct parts. `plan_awards` checks sum and cap itself."""
    world, random = random_world(seed), Random(seed)
    for rules in RULE_SETS:
        plan = plan_of(world, rules)
        sums = by_claim(plan)
        mixed = [
            random.sample(world.pots, len(world.pots)),
            random.sample(world.claims, len(world.claims)),
        ]
        assert plan_awards(*mixed, world.traced, policy(*rules)) == plan, (seed, "order")
        for currency in {claim.currency for claim in world.claims}:
            pots = [p for p in plan.pots if p.pot.place.currency == currency]
            own = [c for c in world.claims if c.currency == currency]
            there = sum(p.pot.amount - p.owned for p in pots)
            wanted = sum(c.missing for c in own)
            assert sum(sums[c.id] for c in own) == min(there, wanted), (seed, "sum")
        for award in plan.awards:
            if award.mode != PRO_RATA:
                shares = world.traced[award.place].shares
                victim = next(c.victim for c in world.claims if c.id == award.claim)
                claims = [c.id for c in world.claims if c.victim == victim]
                found = [sum(shares[rule].get(c, 0) for c in claims) for rule in rules]
                given = sum(
                    a.amount
                    for a in plan.awards
                    if a.place == award.place and a.mode != PRO_RATA and a.claim in claims
                )
                assert given <= min(found), (seed, "direct")
        at = random.randrange(len(world.pots))
        raised = list(world.pots)
        raised[at] = replace(raised[at], amount=raised[at].amount + random.randint(1, 9))
        more = by_claim(plan_of(replace(world, pots=raised), rules))
        assert all(more[claim] >= sums[claim] - 1 for claim in sums), (seed, "monotone")


def paid_by(world: World, plan: Plan) -> World:
    """Return the case after a plan was paid: pots hold what is left, claims know what they got."""
    got: dict[tuple[str, Place], int] = defaultdict(int)
    for claim in world.claims:
        for place, amount in claim.paid:
            got[claim.id, place] += amount
    for award in plan.awards:
        got[award.claim, award.place] += award.amount
    out: dict[Place, int] = defaultdict(int)
    for award in plan.awards:
        out[award.place] += award.amount
    return World(
        [replace(pot, amount=pot.amount - out[pot.place]) for pot in world.pots],
        [
            replace(c, paid=tuple((at, x) for (name, at), x in sorted(got.items()) if name == c.id))
            for c in world.claims
        ],
        world.traced,
    )


def first_of_two(world: World, seed: int) -> World:
    """Return an earlier round of a case: some claims not known yet, less frozen, innocent holders as they are."""
    random = Random(seed)
    known = [c for c in world.claims if random.random() < 0.6]
    names = {c.id for c in known}
    pots = [replace(p, amount=random.randint(0, p.amount)) for p in world.pots]
    traced = {
        place: replace(
            found,
            shares={
                rule: {c: x for c, x in parts.items() if c in names}
                for rule, parts in found.shares.items()
            },
        )
        for place, found in world.traced.items()
    }
    return World(pots, known, traced)


def check_two_rounds(seed: int) -> int:
    """Pay a first round, then a second with all claims and pots, then ask for a third; return what the second gave."""
    world = random_world(seed)
    for rules in RULE_SETS:
        early = first_of_two(world, seed)
        first = plan_of(early, rules)
        paid = {c.id: c.paid for c in paid_by(early, first).claims}
        taken: dict[Place, int] = defaultdict(int)
        for award in first.awards:
            taken[award.place] += award.amount
        later = World(
            [replace(p, amount=p.amount - taken[p.place]) for p in world.pots],
            [replace(c, paid=paid.get(c.id, ())) for c in world.claims],
            world.traced,
        )
        second = plan_of(later, rules)
        check_both(world, rules, first, second)
        again = plan_of(paid_by(later, second), rules)
        assert again.awards == (), (seed, rules, "a round without news")
    return sum(award.amount for award in second.awards)


def check_rounds_of(seeds: range) -> int:
    """Check two rounds of each seed; return how many second rounds gave something."""
    return sum(check_two_rounds(seed) > 0 for seed in seeds)


def check_both(world: World, rules: tuple[str, ...], first: Plan, second: Plan) -> None:
    """Check what two rounds gave together."""
    given: dict[str, int] = defaultdict(int)
    gave: dict[Place, int] = defaultdict(int)
    for award in (*first.awards, *second.awards):
        given[award.claim] += award.amount
        gave[award.place] += award.amount
    for claim in world.claims:
        assert given[claim.id] <= claim.missing, "no claim gets more than it misses in two rounds"
    for pot in world.pots:
        assert gave[pot.place] <= pot.amount, "no pot gives more than it has in two rounds"
    victims = {claim.id: claim.victim for claim in world.claims}
    for place, found in world.traced.items():
        for victim in sorted(set(victims.values())):
            before = sum(
                a.amount for a in first.awards if a.place == place and victims[a.claim] == victim
            )
            direct = sum(
                a.amount
                for a in second.awards
                if a.place == place and victims[a.claim] == victim and a.mode != PRO_RATA
            )
            sums = [
                sum(x for c, x in found.shares[rule].items() if victims[c] == victim)
                for rule in rules
            ]
            assert not direct or direct + before <= min(sums), "a direct part is counted once"


def test_interest_moves_no_award_unless_the_policy_shares_it_and_then_as_the_twin_says() -> None:
    shared_out = 0
    for seed in range(200):
        world = with_interest(random_world(seed), seed)
        plain = plan_of(random_world(seed))
        apart = plan_of(world)
        assert apart.awards == plain.awards, seed
        assert all(row.interest == 0 for row in apart.pots), seed
        terms = policy("fifo", interest=Interest.CLAIMS)
        plan = plan_awards(world.pots, world.claims, world.traced, terms)
        twin = twin_plan(world, ("fifo",), Interest.CLAIMS)
        assert {c: x for c, x in by_claim(plan).items() if x} == {
            c: x for c, x in twin.by_claim.items() if x
        }, seed
        direct = [a for a in plan.awards if a.mode != PRO_RATA]
        assert direct == [a for a in plain.awards if a.mode != PRO_RATA], seed
        assert not any(r.interest for r in plan.pots if r.pot.holder is Holder.INNOCENT), seed
        shared_out += plan.awards != plain.awards
    assert shared_out > 50


@pytest.mark.parametrize("part", range(2))
def test_two_rounds_give_nobody_too_much_and_a_third_without_news_gives_nothing(part: int) -> None:
    assert check_rounds_of(range(part * 100, part * 100 + 100)) > 50
    for seed in range(part * 100, part * 100 + 100):
        check_against_twin(seed, is_later=True)


def test_a_direct_part_that_forgets_what_was_paid_there_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recoup.returns.awards.paid_out_of", lambda _claims: {})
    with pytest.raises(AssertionError, match=r"a direct part is counted once|without news"):
        check_rounds_of(range(100))


@pytest.mark.parametrize("part", range(4))
def test_awards_are_those_of_the_twin_and_keep_their_identities(part: int) -> None:
    for seed in range(part * 75, part * 75 + 75):
        check_against_twin(seed)
        check_identities(seed)


@pytest.mark.slow
def test_twenty_thousand_splits_are_those_of_the_twin() -> None:
    for seed in range(1_000, 7_700):  # three sets of rules each
        check_against_twin(seed)


def test_the_random_cases_meet_what_is_hard() -> None:
    met: dict[str, int] = defaultdict(int)
    for seed in range(300):
        world = random_world(seed)
        plan = plan_of(world, RULES)
        modes = {award.mode for award in plan.awards}
        met["direct and pro rata"] += modes >= {2, 3}
        met["single credit"] += 1 in modes
        met["money left"] += any(p.left for p in plan.pots)
        met["holder's own"] += any(p.owned for p in plan.pots)
        met["claims short"] += any(c.short for c in plan.claims)
        met["several claims of one victim"] += len({c.victim for c in world.claims}) < len(
            world.claims
        )
        met["agreed is less"] += any(
            a.agreed < a.amount for a in plan_of(world).awards if a.mode != 3
        )
    assert all(count > 5 for count in met.values()), dict(met)


def test_account_by_account_nobody_gets_more_than_its_own_pots_or_its_loss() -> None:
    shared_out = 0
    for seed in range(400):
        world = random_world(seed)
        plan = plan_of(world, (), Basis.ACCOUNT)  # checks caps itself
        paid_into = {claim.id: claim.paid_into for claim in world.claims}
        assert all(paid_into[a.claim] == a.place.account for a in plan.awards), seed
        for row in plan.pots:
            own = [c for c in plan.claims if c.claim.paid_into == row.pot.place.account]
            own = [c for c in own if c.claim.currency == row.pot.place.currency]
            assert not (row.left and any(c.short for c in own)), (seed, row)
        shared_out += any(row.rest for row in plan.pots)
    assert shared_out > 100


def test_who_asks_first_is_paid_first_and_only_where_its_money_is() -> None:
    """Two victims of 1,000 each, one balance of 900: 900 and nothing, as the manual of MED has it."""
    pots = [Pot(Place("A", "BRL"), 900), Pot(Place("B", "BRL"), 50)]
    claims = [Claim(name, name.upper(), "BRL", 1_000) for name in ("a", "b")]
    traced = {pots[0].place: Traced(2, {"fifo": {"a": 400, "b": 500}})}
    in_turn = policy(basis=Basis.ASKED_FIRST)
    assert by_claim(plan_awards(pots, claims, traced, in_turn)) == {"a": 900, "b": 0}
    assert by_claim(plan_awards(pots, claims, traced, policy())) == {"a": 475, "b": 475}
    for seed in range(100):
        world = random_world(seed)
        plan = plan_of(world, (), Basis.ASKED_FIRST)  # checks caps itself
        for award in plan.awards:
            assert award.claim in world.traced[award.place].shares["fifo"], seed


# --- negative controls -------------------------------------------------------------------------------------------------


def test_a_claim_given_one_unit_more_than_it_misses_is_found() -> None:
    plan = plan_of(World([Pot(Place("A", "CNY"), 100)], [Claim("c", "V", "CNY", 60)], {}))
    (award,) = plan.awards
    result = replace(plan.claims[0], rest=61)
    pot = replace(plan.pots[0], rest=61, left=39)
    with pytest.raises(AssertionError, match="no claim gets more"):
        check_plan(
            replace(plan, awards=(replace(award, amount=61),), claims=(result,), pots=(pot,))
        )


def test_a_pot_that_gives_one_unit_more_than_it_has_is_found() -> None:
    plan = plan_of(World([Pot(Place("A", "CNY"), 50)], [Claim("c", "V", "CNY", 60)], {}))
    (award,) = plan.awards
    result = replace(plan.claims[0], rest=51)
    pot = replace(plan.pots[0], rest=51, left=-1)
    with pytest.raises(AssertionError, match="a pot gives what it has"):
        check_plan(
            replace(plan, awards=(replace(award, amount=51),), claims=(result,), pots=(pot,))
        )


def test_money_kept_back_while_a_claim_misses_it_is_found() -> None:
    plan = plan_of(World([Pot(Place("A", "CNY"), 50)], [Claim("c", "V", "CNY", 60)], {}))
    (award,) = plan.awards
    result = replace(plan.claims[0], rest=49)
    pot = replace(plan.pots[0], rest=49, left=1)
    with pytest.raises(AssertionError, match="no money stays"):
        check_plan(
            replace(plan, awards=(replace(award, amount=49),), claims=(result,), pots=(pot,))
        )


def check_identities_of(seeds: range) -> None:
    for seed in seeds:
        check_identities(seed)


def test_awards_that_depend_on_the_order_of_their_inputs_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "recoup.returns.awards.sorted", lambda rows, **_key: list(rows), raising=False
    )
    with pytest.raises(AssertionError, match="order"):
        check_identities_of(range(40))


def test_a_claim_that_loses_by_a_larger_pot_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def turning(left: dict[Place, int], missing: dict[str, int]) -> dict[tuple[str, Place], int]:
        """Pay the first claim first from an odd sum, the last one first from an even sum."""
        order = sorted(missing, reverse=sum(left.values()) % 2 == 0)
        return share_in_turn(left, {c: missing[c] for c in order}, dict.fromkeys(left, missing))

    monkeypatch.setattr("recoup.returns.awards.share_case", turning)
    with pytest.raises(AssertionError, match="monotone"):
        check_identities_of(range(100))


def test_a_direct_part_that_one_rule_does_not_find_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "recoup.returns.direct._least_of_each", lambda lead, _found, _rules: dict(lead)
    )
    with pytest.raises(AssertionError, match="direct"):
        check_identities_of(range(100))


def test_rounding_each_share_by_itself_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def floors(total: int, weights: list[int]) -> list[int]:
        return [total * weight // sum(weights) for weight in weights] if sum(weights) else []

    monkeypatch.setattr("recoup.returns.rest.split", floors)
    with pytest.raises(AssertionError):
        check_against_twins(range(100))


def test_one_credit_is_mode_one_and_several_are_mode_two() -> None:
    pots = [Pot(Place("A", "CNY"), 100), Pot(Place("B", "CNY"), 100)]
    claims = [Claim("a", "V", "CNY", 100), Claim("b", "W", "CNY", 100)]
    traced = {
        pots[0].place: Traced(1, {rule: {"a": 100} for rule in RULES}),
        pots[1].place: Traced(2, {rule: {"b": 40} for rule in RULES}),
    }
    plan = plan_awards(pots, claims, traced, policy("fifo"))
    assert [(a.claim, a.place.account, a.mode, a.amount) for a in plan.awards] == [
        ("a", "A", 1, 100),
        ("b", "B", 2, 40),
        ("b", "B", 3, 60),
    ]
