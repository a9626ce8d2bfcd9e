"""What a return follows against the twin of units, with holds, links and bridges; whole cases by twins; the worked vectors."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from returns_twin import RULE_SETS, RULES, World, by_claim, policy, twin_plan
from shared_data import shared
from twin import FEATURES, twin_trace
from twin import random_world as random_ledger
from twin.own_first import Shares, own_first_shares

from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.returns import PAID, PRO_RATA, Holder, Place, Pot, Traced, build_case, share_out
from recoup.returns.follow import traced_shares
from recoup.returns.route import route_to
from recoup.trace.follow import run_balances
from recoup.trace.ledger import KNOWN, TRANSIT
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options
from recoup.tracing import transfers_frame

NOT_FOLLOWED = frozenset({"unadmitted", "since", "horizon", "dust"})
"""No matter of a return."""
ONE_CURRENCY = 1_076
"""A ledger whose involved holder has a pot in one currency and claims' money in another."""
WAITING = 247
"""A ledger at whose end money waits for its link's entry."""


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
    for seed in (*range(8), WAITING):
        check_followed(seed, is_plain=True)


def test_involved_holders_spend_their_own_money_first_as_the_twin_of_units_says() -> None:
    assert sum(check_followed(seed, is_plain=False) for seed in (*range(14), WAITING)) > 3


def check_own_first(seeds: range) -> None:
    """Compare ledgers with involved holders with the twin."""
    for seed in seeds:
        check_followed(seed, is_plain=False)


def test_a_hold_that_kept_nothing_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.returns.places.Lots.hold", lambda *_given: None)
    with pytest.raises(AssertionError):
        check_own_first(range(14))


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


# --- from ledgers to awards, both by twins --------------------------------------------------------------------------------


def check_whole_case(seed: int) -> set[str]:
    """Share random pots of a random ledger out, and once more with twins only; return what the case had of what is hard."""
    world, random = random_ledger(seed, 40, FEATURES - NOT_FOLLOWED - {"as_of"}), Random(seed)
    dossier, options = world.dossier(), Options(bridge=world.options.bridge)
    victims = [random.choice(["V", "W", "X"]) for _ in range(world.claim_table().height)]
    table = world.claim_table().with_columns(victim=pl.Series(victims, dtype=pl.String))
    losses = pl.DataFrame(
        [(name, None, 0, 0, random.choice(["victim", "third_party"])) for name in table["claim"]],
        schema=PAID,
        orient="row",
    )
    every = build_case(dossier, table, losses, [], bridge=options.bridge)
    scene = every.scene
    balances = run_balances(scene.openings, scene.events)
    pots = []
    for pocket in range(1, len(scene.ledger.standing)):
        account = scene.ledger.accounts[int(scene.ledger.pocket_account[pocket])]
        currency = scene.ledger.currencies[int(scene.ledger.pocket_currency[pocket])]
        is_there = balances[pocket] > 0 and scene.ledger.standing[pocket] == KNOWN
        claimed = any(claim.currency == currency for claim in every.claims)
        if is_there and claimed and not account.startswith(TRANSIT) and random.random() < 0.8:
            amount = random.choice(
                [int(balances[pocket]), random.randint(1, int(balances[pocket]))]
            )
            pots.append(Pot(Place(account, currency), amount, random.choice(list(Holder))))
    if not pots:
        return set()
    case = build_case(dossier, table, losses, pots, bridge=options.bridge)
    assert not case.problems, (seed, case.problems)
    involved = {pot.place.account for pot in pots if pot.holder is Holder.INVOLVED}
    if involved & {pot.place.account for pot in pots if pot.holder is Holder.INNOCENT}:
        return (
            set()
        )  # the twin knows accounts, not places: a holder is involved in every currency or in none
    currencies = {claim.id: claim.currency for claim in case.claims}
    shares: dict[Place, dict[str, dict[str, int]]] = {
        pot.place: {rule: {} for rule in RULES} for pot in pots
    }
    followed_by = {
        rule: own_first_shares(dossier, table, options, rule, involved) for rule in RULES
    }
    for rule, found in followed_by.items():
        for (claim, account, currency), amount in found.items():
            if (account, currency) in shares and currencies[claim] == currency:
                shares[Place(account, currency)][rule][claim] = amount
    traced = {place: Traced(2, parts) for place, parts in shares.items()}
    for rules in RULE_SETS:
        plan = share_out(case, policy(*rules)).plan
        twin = twin_plan(World(pots, list(case.claims), traced), rules)
        direct = {(a.claim, a.place): a.amount for a in plan.awards if a.mode != PRO_RATA}
        assert direct == twin.direct, (seed, rules)
        assert {c: x for c, x in by_claim(plan).items() if x} == {
            c: x for c, x in twin.by_claim.items() if x
        }, (seed, rules)
    return {
        *(["rules differ"] if len({str(found) for found in followed_by.values()}) > 1 else []),
        *(["innocent"] if any(pot.holder is Holder.INNOCENT for pot in pots) else []),
        *(["currencies"] if len({pot.place.currency for pot in pots}) > 1 else []),
        *(["several of one victim"] if len(set(victims)) < len(victims) else []),
        *(["third party"] if "third_party" in losses["class"].to_list() else []),
        *(["holds"] if dossier.holds.height else []),
        *(["reversals"] if (dossier.transfers["reverses"] != "").any() else []),
        *(["selfs"] if (dossier.transfers["payer"] == dossier.transfers["payee"]).any() else []),
        *(["direct"] if direct else []),
    }


def test_whole_cases_are_shared_out_as_twins_follow_and_share() -> None:
    met: dict[str, int] = defaultdict(int)
    for seed in (*range(12), ONE_CURRENCY):
        for name in check_whole_case(seed):
            met[name] += 1
    assert len(met) >= 8, dict(met)
    assert all(count > 1 for count in met.values()), dict(met)


@pytest.mark.slow
def test_many_more_whole_cases_are_shared_out_as_twins_follow_and_share() -> None:
    for seed in range(1_000, 1_120):
        check_whole_case(seed)


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
