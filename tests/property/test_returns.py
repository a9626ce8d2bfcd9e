"""Awards against their slow twin in fractions, what must always hold of them, and what is followed against the units' twin."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from returns_twin import (
    RULES,
    World,
    policy,
    random_world,
    twin_plan,
    with_interest,
    with_payments,
)
from shared_data import shared
from twin import FEATURES, twin_trace
from twin import random_world as random_ledger
from twin.own_first import Shares, own_first_shares

from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.returns import (
    PAID,
    PRO_RATA,
    Basis,
    Claim,
    Holder,
    Interest,
    Place,
    Plan,
    Pot,
    Traced,
    build_case,
    check_plan,
    plan_awards,
    share_out,
)
from recoup.returns.follow import traced_shares
from recoup.returns.rest import share_in_turn
from recoup.returns.route import route_to
from recoup.trace.ledger import KNOWN, TRANSIT
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options
from recoup.tracing import transfers_frame

RULE_SETS = (("fifo",), RULES, ())
NOT_FOLLOWED = frozenset({"unadmitted", "since", "horizon", "dust"})
"""No matter of a return."""
LINKED = (57, 79, 115, 247, 458)
"""Ledgers in which what waits for a link's entry is reversed."""


def plan_of(world: World, rules: tuple[str, ...] = ("fifo",), basis: Basis = Basis.CASE) -> Plan:
    return plan_awards(world.pots, world.claims, world.traced, policy(*rules, basis=basis))


def by_claim(plan: Plan) -> dict[str, int]:
    return {row.claim.id: row.direct + row.rest for row in plan.claims}


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
    assert sum(check_two_rounds(seed) > 0 for seed in range(part * 100, part * 100 + 100)) > 50
    for seed in range(part * 100, part * 100 + 100):
        check_against_twin(seed, is_later=True)


def test_a_direct_part_that_forgets_what_was_paid_there_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recoup.returns.awards.paid_out_of", lambda claims: {})
    with pytest.raises(AssertionError, match="a direct part is counted once|without news"):
        for seed in range(100):
            check_two_rounds(seed)


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


# --- following ---------------------------------------------------------------------------------------------------------


def followed(
    dossier: Dossier, claims: pl.DataFrame, options: Options, rule: str, involved: set[str]
) -> Shares:
    scene = build_scene(dossier, claims, options)
    ledger, names = scene.ledger, scene.claims["claim"]
    account = [ledger.accounts[int(a)] if a >= 0 else "" for a in ledger.pocket_account]
    pockets = range(1, len(account))
    own_first = [p for p in pockets if account[p] in involved and ledger.standing[p] == KNOWN]
    return {
        (names[claim], account[p], ledger.currencies[ledger.pocket_currency[p]]): amount
        for p, shares in traced_shares(
            scene, rule, own_first, pockets, route_to(scene, pockets)
        ).items()
        for claim, amount in shares.items()
    }


def check_followed(seed: int, *, is_plain: bool) -> int:
    """Compare what is followed with the twin under every rule; return in how many rules own money first changes it."""
    world = random_ledger(seed, 40, FEATURES - NOT_FOLLOWED)
    dossier, claims, options = world.dossier(), world.claim_table(), world.options
    changed = 0
    for rule in RULES:
        plain = followed(dossier, claims, options, rule, set())
        if is_plain:
            outcome = twin_trace(dossier, claims, replace(options, rules=(rule,)))[rule]
            places = outcome.positions | outcome.unknown
            # What still waits for a link's entry is followed in transit; the twin says where that link's exit left it.
            waits = any(account.startswith(TRANSIT) for _, account, _ in plain)
            left_out = outcome.unknown if waits else {}
            expected = {k: p.amount for k, p in places.items() if p.amount and k not in left_out}
            found = {
                key: amount
                for key, amount in plain.items()
                if key not in left_out and not key[1].startswith(TRANSIT)
            }
            assert found == expected, f"{rule}\n{world}"
            continue
        random = Random(seed)
        accounts = sorted({*dossier.transfers["payer"], *dossier.transfers["payee"]} - {""})
        known = set(accounts) - dossier.terminal
        known &= known if dossier.known is None else dossier.known
        involved = {account for account in sorted(known) if random.random() < 0.6}
        own = followed(dossier, claims, options, rule, involved)
        own = {key: amount for key, amount in own.items() if not key[1].startswith(TRANSIT)}
        assert own == own_first_shares(dossier, claims, options, rule, involved), f"{rule}\n{world}"
        changed += own != plain
    return changed


def test_without_involved_holders_money_is_where_the_twin_of_tracing_finds_it() -> None:
    for seed in (*range(8), *LINKED):
        check_followed(seed, is_plain=True)


def test_involved_holders_spend_their_own_money_first_as_the_twin_of_units_says() -> None:
    assert sum(check_followed(seed, is_plain=False) for seed in (*range(14), *LINKED)) > 3


def test_a_hold_that_kept_nothing_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.returns.places.Lots.hold", lambda *_given: None)
    with pytest.raises(AssertionError):
        for seed in range(14):
            check_followed(seed, is_plain=False)


def linked() -> tuple[Dossier, pl.DataFrame]:
    """Return a ledger in which cash is said to have gone on to another account, but came back in part before it got there."""
    rows = [
        ("t1", "10:00", "P", "mule", 60, ""),
        ("t2", "10:01", "mule", "", 40, ""),
        ("t3", "10:02", "", "mule", 15, "t2"),
        ("t4", "10:04", "", "saver", 5, ""),
    ]
    names = ("id", "time", "payer", "payee", "amount", "reverses")
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        time="2026-01-05T" + pl.col("time") + ":00Z", currency=pl.lit("CNY")
    )
    transfers = transfers_frame(frame)
    links = pl.DataFrame(
        {
            "from": ["mule"],
            "to": ["saver"],
            "amount": [40],
            "currency": ["CNY"],
            "time": [transfers["time"][3] - timedelta(minutes=1)],
            "evidence": ["camera"],
            "grade": ["likely"],
            "author": ["officer 7"],
            "source": [0],
            "row": [2],
        },
        schema=tables.LINKS,
    )
    claims = pl.DataFrame([("c", "P", "t1", None, True)], schema=tables.CLAIMS, orient="row")
    return Dossier(transfers, (), links=links), claims


def check_linked() -> None:
    dossier, claims = linked()
    for rule in RULES:
        for involved in (set(), {"mule", "saver"}):
            found = followed(dossier, claims, Options(), rule, involved)
            assert found == own_first_shares(dossier, claims, Options(), rule, involved), rule
            assert found == {("c", "mule", "CNY"): 35, ("c", "saver", "CNY"): 25}, rule


def test_what_comes_back_before_its_link_is_crossed_does_not_cross() -> None:
    check_linked()


def test_money_that_crosses_though_it_came_back_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recoup.returns.places.Lots.take_waiting", lambda *_given: [])
    with pytest.raises(AssertionError):
        check_linked()


def test_what_lies_off_every_way_to_a_pot_need_not_be_followed() -> None:
    left_out = 0
    for seed in range(12):
        world = random_ledger(seed, 40, FEATURES - NOT_FOLLOWED)
        scene = build_scene(world.dossier(), world.claim_table(), world.options)
        pockets = range(1, len(scene.ledger.standing))
        whole = route_to(scene, pockets)
        own_first = [p for p in pockets if p % 2 and scene.ledger.standing[p] == KNOWN]
        pots = Random(seed).sample(pockets, 2)
        short = route_to(scene, pots)
        left_out += len(whole.events) - len(short.events)
        for rule in RULES:
            every = traced_shares(scene, rule, own_first, pots, whole)
            assert traced_shares(scene, rule, own_first, pots, short) == every, (seed, rule)
    assert left_out > 5


@pytest.mark.slow
def test_many_more_ledgers_are_followed_as_their_twins_say() -> None:
    for seed in range(1_000, 1_060):
        check_followed(seed, is_plain=seed % 3 == 0)


# --- the worked vectors ------------------------------------------------------------------------------------------------

OWN = {"innocent"}
"""Owners of the vectors that claim nothing."""


def vector(name: str, *, listed: bool) -> tuple[Dossier, pl.DataFrame, int]:
    """Return a vector's one account "A" as a ledger, claims of its owners (`listed`: of the innocent too), what is left."""
    path = shared() / "vectors" / "tracing.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    case = next(case for case in cases if case["name"] == name)
    rows, claims = [], []
    for at, event in enumerate(case["events"]):
        is_in = event["direction"] == "in"
        rows.append(
            {
                "id": f"t{at}",
                "time": f"2026-01-05T10:{at:02}:00Z",
                "payer": f"of {event['owner']}" if is_in else "A",
                "payee": "A" if is_in else "",
                "amount": event["minor"],
                "currency": "CNY",
            }
        )
        if is_in and (listed or event["owner"] not in OWN):
            claims.append((f"{event['owner']}{at}", event["owner"], f"t{at}", None, True))
    frame = transfers_frame(pl.DataFrame(rows))
    table = pl.DataFrame(claims, schema=tables.CLAIMS, orient="row").sort("claim")
    left = sum(Fraction(part) for part in case["left"]["fifo"].values())
    return Dossier(frame, ()), table, int(left)


def direct_of(name: str, holder: Holder, *, listed: bool = False) -> dict[str, int]:
    dossier, claims, left = vector(name, listed=listed)
    pot = Pot(Place("A", "CNY"), left, holder)
    plan = share_out(
        build_case(dossier, claims, pl.DataFrame(schema=PAID), [pot]), policy("fifo")
    ).plan
    victims = {row.claim.id: row.claim.victim for row in plan.claims}
    found: dict[str, int] = defaultdict(int)
    for award in plan.awards:
        if award.mode != PRO_RATA:
            found[victims[award.claim]] += award.amount
    return dict(found)


def test_the_worked_vectors_give_what_their_page_says() -> None:
    assert direct_of("clayton-1", Holder.INVOLVED) == {"K": 1000}
    assert direct_of("two-victims-one-exit", Holder.INVOLVED) == {"B": 10000}
    # Against a wrongdoer the lowest balance in between, of an innocent holder what first in, first out leaves.
    assert direct_of("mixed-innocent", Holder.INVOLVED) == {"victim": 300}
    assert direct_of("mixed-innocent", Holder.INNOCENT) == {"victim": 100}
    # A third person who claims is served alike, and an involved holder's own money is then none.
    assert direct_of("mixed-innocent", Holder.INVOLVED, listed=True) == {
        "innocent": 200,
        "victim": 100,
    }
    assert direct_of("drained-then-refilled", Holder.INVOLVED) == {}


def test_what_no_rule_leaves_to_a_drained_victim_is_shared_pro_rata_from_an_involved_holder_only() -> (
    None
):
    dossier, claims, left = vector("drained-then-refilled", listed=False)
    for holder, expected in ((Holder.INVOLVED, 500), (Holder.INNOCENT, 0)):
        case = build_case(
            dossier, claims, pl.DataFrame(schema=PAID), [Pot(Place("A", "CNY"), left, holder)]
        )
        (row,) = share_out(case, policy("fifo")).plan.claims
        assert (row.direct, row.rest) == (0, expected)


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
