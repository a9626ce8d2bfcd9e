"""Sentences of SEMANTICS 3 and 4, each as one sum: policy behind good faith, a short hold, a lot's own age, what was frozen."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from desk import Desk
from docket import CN_2016, POLICY, START, Docket, claim, lies

import recoup
from recoup.cases import Downstream, FindingKind, Found
from recoup.cases import entitlements as shared
from recoup.cases.commands import NoteOpinion
from recoup.cases.entitlements import current, shares_of
from recoup.orders import Answer, OrderKind, Outcome, Payout, Receipt
from recoup.orders.commands import RecordAnswer
from recoup.orders.events import Pot

CONTINUES = replace(POLICY, good_faith_downstream=Downstream.CONTINUES)


# --- 4: "downstream becomes surplus or, by policy, continues" ---


def behind_a_shop(policy: Any) -> Docket:
    """70 at a shop that gave value, 30 of the same claim behind it: both held, both confirmed."""
    case = Docket(policy=policy).reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "shop", 70), lies("c1", "d", 30, hop=3))
    case.holds("shop", 70)
    case.holds("d", 30)
    case.send(OrderKind.RELEASE, "a")
    case.hears("a", 0, "released")
    case.found(FindingKind.GOOD_FAITH_VALUE, "shop")
    return case


def test_by_policy_the_money_behind_good_faith_is_followed_on_and_its_hold_stays_stood_behind():
    case = behind_a_shop(CONTINUES)
    assert case.kinds() == [("release", "shop", 0)], "the shop itself is free under both policies"
    # No account is terminal for the worker, so it finds the same money at d again.
    case.trace(lies("c1", "shop", 70), lies("c1", "d", 30, hop=3))
    assert case.stands() == {"d": {"c1": 30}}
    assert case.kinds() == [("release", "shop", 0)]
    case.send(OrderKind.RELEASE, "shop")
    case.hears("shop", 0, "released")
    assert (case.plan.net, case.plan.overlap) == ({"CNY": 30}, {"CNY": 0})
    case.wait(days=2)
    assert case.plan.waiting == (), "nothing of it waits for a person to give it up"
    # It moves on from d: followed as any other money.
    case.trace_again(lies("c1", "shop", 70), lies("c1", "e", 30, Found.UNKNOWN, hop=4))
    assert case.kinds() == [("extend", "e", 30)]


def test_as_shipped_the_same_hold_is_surplus_that_a_person_decides_on():
    case = behind_a_shop(POLICY)
    assert CN_2016.good_faith_downstream is Downstream.SURPLUS
    case.trace(lies("c1", "shop", 100, Found.EXITED, kind="terminal"))
    assert case.stands() == {}
    case.wait(days=2)
    assert [(row.account, row.why) for row in case.plan.waiting if row.account == "d"] == [
        ("d", "overdue")
    ]


# --- 4: an opinion, a void claim, an innocent conduit ---


def test_an_opinion_removes_no_row_and_asks_for_no_new_trail():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    before = case.case
    case.must(NoteOpinion("n1", "a", "bank-a", "text-1"))
    assert case.case.facts == before.facts
    assert case.case.places == before.places
    assert case.case.facts_version == before.facts_version


def test_of_a_void_claim_what_rests_on_it_alone_is_released_and_what_others_share_stays():
    case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 50))
    case.holds("a", 150)
    case.trace(lies("c1", "a", 100), lies("c2", "b", 50, hop=2))
    case.holds("b", 50)
    case.found(FindingKind.CLAIM_VOID, "c2")
    case.trace(lies("c1", "a", 100))
    assert case.stands() == {"a": {"c1": 100}}
    assert ("release", "b", 0) in case.kinds()
    assert ("release", "a", 0) not in case.kinds()


def test_an_account_in_two_currencies_is_two_pockets_with_a_hold_each():
    case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 70, currency="USD"))
    wanted = {(order.account, order.currency): order.amount for order in case.plan.orders}
    assert wanted == {("a", "CNY"): 100, ("a", "USD"): 70}
    for currency in ("CNY", "USD"):
        case.send(OrderKind.STOP, "a", currency)
    assert current(case.case) == {("a", "CNY"): {"c1": 100}, ("a", "USD"): {"c2": 70}}
    assert len(case.case.holds) == 2


# --- 3: "a short hold is shared among its claims by split(held, entitlements)" ---


def handed_out(held: int, parts: dict[str, int]) -> dict[str, int]:
    """The slow twin: one unit after the other, to whom the exact share is owed most, ties to the earlier claim.

    In whole numbers: after everybody has the floor of the share, what is owed is the remainder.
    """
    whole = sum(parts.values())
    held = min(held, whole)
    out = dict.fromkeys(sorted(parts), 0)
    for name in out:
        while (out[name] + 1) * whole <= held * parts[name]:
            out[name] += 1
    owed = {name: held * parts[name] - out[name] * whole for name in out}
    while sum(out.values()) < held:
        best = max(out, key=lambda name: (owed[name], [-ord(sign) for sign in name]))
        out[best] += 1
        owed[best] = -1
    return out


def differences(share: Any) -> int:
    chance, found = random.Random(7), 0
    for _ in range(400):
        names = [f"c{n}" for n in range(chance.randrange(1, 6))]
        parts = {name: chance.randrange(1, 40) for name in names}
        held = chance.randrange(0, sum(parts.values()) + 10)
        found += share(held, parts) != handed_out(held, parts)
    return found


def test_a_short_hold_is_shared_by_what_each_claim_is_entitled_to_to_the_last_cent():
    case = Docket().reported(claim("c1", "a", 60), claim("c2", "a", 40))
    case.holds("a", 50)
    entitled = case.stands()["a"]
    assert entitled == {"c1": 60, "c2": 40}, "what is asked for stays asked for: more may come in"
    assert shares_of(50, entitled) == {"c1": 30, "c2": 20}
    assert case.plan.net == {"CNY": 50}
    assert shares_of(1, {"c1": 1, "c2": 1, "c3": 1}) == {"c1": 1, "c2": 0, "c3": 0}
    assert differences(shares_of) == 0


def test_sharing_in_the_order_of_claims_is_found():
    """Negative control: the first claim is served whole, the next gets what is left."""

    def in_turn(held: int, parts: dict[str, int]) -> dict[str, int]:
        out = {}
        for name in sorted(parts):
            out[name] = min(held, parts[name])
            held -= out[name]
        return out

    assert differences(in_turn) > 0


def test_a_freeze_of_less_lowers_both_claims_behind_it_alike(monkeypatch):
    def lowered() -> dict[str, int]:
        case = Docket().reported(claim("c1", "a", 60), claim("c2", "a", 40))
        case.holds("a", 100)
        case.hears("a", 50, "frozen", basis=OrderKind.FREEZE, asked=50)
        return case.stands()["a"]

    assert lowered() == {"c1": 30, "c2": 20}
    monkeypatch.setattr(shared, "split", lambda total, weights: [total] + [0] * (len(weights) - 1))
    with pytest.raises(AssertionError):
        assert lowered() == {"c1": 30, "c2": 20}


# --- 3: "debits consume free lots only; release restores them at their own age" ---


class Drawer:
    """The slow twin: every cent of one account, the oldest first; a hold marks cents where they lie."""

    def __init__(self, *, restores_last: bool = False) -> None:
        self.cents: list[list[Any]] = []
        self.restores_last = restores_last
        self.gone: Counter[str] = Counter()

    def comes(self, owner: str, amount: int) -> None:
        self.cents += [[owner, False] for _ in range(amount)]

    def hold(self, amount: int) -> None:
        for cent in [cent for cent in self.cents if cent[0] != "own"][:amount]:
            cent[1] = True

    def release(self) -> None:
        if self.restores_last:
            self.cents.sort(key=lambda cent: cent[1])
        for cent in self.cents:
            cent[1] = False

    def pays(self, amount: int) -> None:
        for cent in [cent for cent in self.cents if not cent[1]][:amount]:
            self.cents.remove(cent)
            self.gone[cent[0]] += 1

    def has(self, owner: str) -> int:
        return sum(cent[0] == owner for cent in self.cents)


def money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def lived(seed: int, *, restores_last: bool = False) -> tuple[dict[str, int], dict[str, int]]:
    """Return what the trace and the twin say is left of each claim after a hold that was released."""
    chance, rows, claims = random.Random(seed), [], []
    twin = Drawer(restores_last=restores_last)

    def row(minute: int, payer: str, payee: str, amount: int) -> None:
        named = {"payer": payer, "payee": payee, "amount": money(amount), "currency": "CNY"}
        rows.append({"id": f"t{minute:02d}", **named, "time": at(minute).isoformat()})

    minute = 0
    for _ in range(chance.randrange(2, 6)):
        minute += 1
        amount, owner = chance.randrange(1, 60), chance.choice(["own", "c"])
        if owner == "c" or not claims:
            owner = f"c{len(claims) + 1}"
            claims.append({"claim": owner, "victim": f"v-{owner}", "transfer": f"t{minute:02d}"})
        row(minute, f"from-{minute}", "shop", amount)
        twin.comes(owner, amount)
    held_at, stolen = minute + 1, sum(cent[0] != "own" for cent in twin.cents)
    held = chance.randrange(1, stolen + 1)
    twin.hold(held)
    free = len(twin.cents) - held
    minute += 2
    if free:
        spent = chance.randrange(1, free + 1)
        row(minute, "shop", "supplier", spent)
        twin.pays(spent)
    until = minute + 1
    twin.release()
    minute += 2
    if twin.cents:
        spent = chance.randrange(1, len(twin.cents) + 1)
        row(minute, "shop", "friend", spent)
        twin.pays(spent)
    declared = {"account": ["shop"], "currency": ["CNY"], "amount": [held], "time": [at(held_at)]}
    trail = recoup.trace(
        pl.DataFrame(rows),
        pl.DataFrame(claims),
        holds=pl.DataFrame({**declared, "until": [at(until)]}),
        rule="fifo",
    )
    there = trail.positions.filter(pl.col("account") == "shop").select("claim", "amount")
    found = dict(there.iter_rows())
    names = [one["claim"] for one in claims]
    return {n: found.get(n, 0) for n in names}, {n: twin.has(n) for n in names}


def test_what_a_release_gives_back_lies_where_it_lay_before():
    assert [seed for seed in range(40) if (x := lived(seed))[0] != x[1]] == []


def test_a_release_that_puts_lots_behind_all_others_is_found():
    """Negative control."""
    assert any((x := lived(seed, restores_last=True))[0] != x[1] for seed in range(40))


# --- 3: "frozen_total = returned + lifted + frozen_live" ---


def frozen_of(desk: Desk) -> tuple[int, int, int, int]:
    hold = desk.hold
    kept = hold.returned + hold.lifted + hold.frozen_live
    assert hold.frozen_total == kept, f"frozen_total {hold.frozen_total}, accounted for {kept}"
    return hold.frozen_total, hold.returned, hold.lifted, hold.frozen_live


def life() -> list[tuple[int, int, int, int]]:
    """100 are frozen; 30 go back to the victim, 20 are lifted, 15 come in and are frozen too, the rest is let go."""
    desk, seen = Desk(CN_2016.orders), []
    desk.stopped(100)
    seen.append(frozen_of(desk))
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    seen.append(frozen_of(desk))
    due_at = desk.now + timedelta(days=3)
    payout = Payout("account-9", "bank-9", "claim-1", "award-1", due_at, officers=("ann", "bo"))
    paying = desk.tell(OrderKind.PAY_BACK, 30, "p1", payout=payout)
    receipt = Receipt(30, "r1", desk.now)
    desk.do(RecordAnswer(paying, Answer("paid", Outcome.PAID, 70, receipt=receipt)))
    seen.append(frozen_of(desk))
    steps = (
        (OrderKind.REDUCE, 50, Outcome.REDUCED, 50),
        (OrderKind.RAISE, 65, Outcome.HELD, 65),
        (OrderKind.RELEASE, 0, Outcome.RELEASED, 0),
    )
    for kind, asked, outcome, held in steps:
        desk.hear(desk.tell(kind, asked), outcome, held)
        seen.append(frozen_of(desk))
    return seen


LIFE = [
    (0, 0, 0, 0),  # stopped is not frozen
    (100, 0, 0, 100),
    (100, 30, 0, 70),
    (100, 30, 20, 50),
    (115, 30, 20, 65),
    (115, 30, 85, 0),
]


def test_all_that_was_ever_frozen_is_returned_lifted_or_frozen_now():
    assert life() == LIFE


def test_a_pot_that_forgets_what_was_lifted_is_found(monkeypatch):
    """Negative control."""
    keeps = Pot.moved

    def forgets(pot: Pot, more: int) -> Pot:
        return replace(keeps(pot, more), lifted=pot.lifted)

    monkeypatch.setattr(Pot, "moved", forgets)
    with pytest.raises(AssertionError, match="frozen_total"):
        life()
