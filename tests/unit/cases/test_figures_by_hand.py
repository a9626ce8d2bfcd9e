"""Each figure of one small story, worked out by hand: as a whole, by case, unit, institution and period.

Case A of unit st-1: 1,000.00 paid to an account at bank-a. The bank holds all of it; then a statement shows that 400.00 went on
to bank-b, which is stopped too and answers hours too late. So 1,400.00 is held for a loss of 1,000.00 until bank-a freezes
600.00 of its hold only. Case B of unit st-2: 500.00 at bank-a, held, but the holder appeals, is right, and gets it back.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from docket import claim, report
from sim.office import POLICY, START, Done
from wards import Wards

from recoup.api import figures
from recoup.cases import Found, Mandate, plan_orders
from recoup.cases.commands import (
    AgreeToMandate,
    FileAppeal,
    ProposeMandate,
    SettleAppeal,
    SettleClaim,
    TakeReport,
)
from recoup.cases.state import AppealTrigger, ClaimTrigger
from recoup.centre import Reply, answer_command
from recoup.centre.figuring import Figuring
from recoup.figures import Asked, Money, Spread, Tally
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome
from recoup.orders.kinds import UNDER_MANDATE

FAR = timedelta(days=1_000)


class Story(Wards):
    """Wards in which nothing is left to chance."""

    def at(self, minutes: float) -> datetime:
        """Let the clock come to so many minutes after the begin; what is due on the way happens in its minute."""
        until = START + timedelta(minutes=minutes)
        while self.now < until:
            self.office.clock.move(timedelta(minutes=1))
            self.office.fire()
        return self.now

    def must(self, case: str, who: str, what: object) -> None:
        assert self.ask(case, who, what), (what, self.marks)

    def reported(self, case: str, unit: str, amount: int, account: str, minutes_ago: int) -> None:
        taken = report(f"r-{case}", self.now)
        taken = replace(taken, received_at=self.now - timedelta(minutes=minutes_ago))
        paid_at = self.now - timedelta(hours=1)
        more = {"report": taken.id, "paid_at": paid_at, "institution": "bank-a"}
        claimed = claim(f"c-{case}", account, amount, **more)
        self.must(case, "taker", TakeReport(taken, claimed, unit))
        self.must(case, "ann", SettleClaim(claimed.id, ClaimTrigger.ADMIT, "ann"))
        self.trace(case, (claimed.id, account, "bank-a", "CNY", amount, Found.UNKNOWN))
        mandate = Mandate(f"m-{case}", 9, 10**9, "CNY", self.now + timedelta(days=9), "lead")
        self.must(case, "lead", ProposeMandate(mandate))
        self.must(case, "chief", AgreeToMandate(mandate.id, "chief", mandate.digest))

    def leaves(self, case_id: str, kind: OrderKind, account: str) -> Order:
        """Let an order of the plan, or one that keeps what is stopped, leave."""
        case = self.office.scribe.state.case(case_id)
        plan = plan_orders(case, self.now, POLICY)
        found = next((x for x in plan.orders if (x.kind, x.account) == (kind, account)), None)
        if found is None:
            row = case.standing(account, "CNY")
            assert row is not None
            found = plan.keeping(kind, row)
        assert found is not None, (kind, account, plan)
        mandate = case.mandates[0].id if kind in UNDER_MANDATE else ""
        key = HoldKey(case_id, account, "CNY")
        maker = "chase" if mandate else "maker"
        order = Order(
            self.new("o"),
            kind,
            key,
            found.institution,
            found.amount,
            maker,
            "plan",
            mandate=mandate,
        )
        self._agreed(case, order, plan)
        assert self.marks[kind.value], (kind, self.marks)
        return order

    def later(self, order: Order, outcome: Outcome, held: int) -> None:
        """Let an institution answer an order that it took long ago."""
        answer = Answer(self.new("a"), outcome, held, self.now)
        found = self.office.submit(answer_command(order.institution, order.id, answer))
        assert isinstance(found, Done), found

    def says(self, order: Order, outcome: Outcome, held: int) -> None:
        message = self.office.next_message(0)
        assert message is not None
        assert message.id == order.id, "one order after the other"
        self.office.reply(message, Reply((Answer(self.new("a"), outcome, held, self.now),)))


@pytest.fixture(scope="module")
def figuring() -> Figuring:
    story = Story(0)
    story.reported("A", "st-1", 100_000, "acc-1", 20)
    story.at(5)
    first = story.leaves("A", OrderKind.STOP, "acc-1")
    story.at(15)
    story.says(first, Outcome.HELD, 100_000)
    story.trace(
        "A",
        ("c-A", "acc-1", "bank-a", "CNY", 60_000, Found.LOCATED),
        ("c-A", "acc-2", "bank-b", "CNY", 40_000, Found.UNKNOWN),
    )
    story.at(20)
    second = story.leaves("A", OrderKind.EXTEND, "acc-2")
    assert story.office.next_message(0).id == second.id  # bank-b takes it and says nothing yet
    story.at(60)
    story.reported("B", "st-2", 50_000, "acc-3", 0)
    story.at(70)
    third = story.leaves("B", OrderKind.STOP, "acc-3")
    story.at(72)
    story.says(third, Outcome.HELD, 50_000)
    story.at(100)
    story.must("B", "desk", FileAppeal("appeal", "acc-3", "CNY", is_through_bank=True))
    story.at(200)
    story.later(second, Outcome.HELD, 40_000)
    story.at(210)
    freeze = story.leaves("A", OrderKind.FREEZE, "acc-1")
    story.at(215)
    story.says(freeze, Outcome.FROZEN, 60_000)
    story.at(250)
    upheld = SettleAppeal("appeal", AppealTrigger.UPHOLD, "judge", 0, "papers seen")
    story.must("B", "judge", upheld)
    story.at(260)
    release = story.leaves("B", OrderKind.RELEASE, "acc-3")
    story.at(261)
    story.says(release, Outcome.RELEASED, 0)
    story.at(262)
    return Figuring(lambda: story.office.journal)


EVER = (START - FAR, START + FAR)
CUT = START + timedelta(minutes=100)
BY_HAND: dict[str, tuple[Asked, str, str, dict[str, list[int]]]] = {
    # what is asked; counts; money in minor units; times in seconds, and hops. What is not named is nothing.
    "all": (
        Asked(*EVER),
        "cases 2 reports 2 orders 5 in_limit 4 late 1 holds 3 false_holds 1 false_of_begun 1 appeals 1",
        (
            "reported 150000 stopped_gross 190000 stopped_net 150000 frozen 60000 released 50000"
            " held_net 100000 frozen_live 60000 overlap_most 50000"
        ),
        {
            "entry": [0, 1200],
            "first_order": [300, 600],
            "answer": [60, 120, 300, 600, 10_800],
            "appeal": [9_000],
            "hops": [1, 1, 1, 1, 2],
        },
    ),
    "case A": (
        Asked(*EVER, case="A"),
        "cases 1 reports 1 orders 3 in_limit 2 late 1 holds 2",
        (
            "reported 100000 stopped_gross 140000 stopped_net 100000 frozen 60000"
            " held_net 100000 frozen_live 60000 overlap_most 40000"
        ),
        {
            "entry": [1200],
            "first_order": [300],
            "answer": [300, 600, 10_800],
            "hops": [1, 1, 2],
        },
    ),
    "unit st-2": (
        Asked(*EVER, units=frozenset({"st-2", "st-3"})),
        "cases 1 reports 1 orders 2 in_limit 2 holds 1 false_holds 1 false_of_begun 1 appeals 1",
        "reported 50000 stopped_gross 50000 stopped_net 50000 released 50000 overlap_most 50000",
        {
            "entry": [0],
            "first_order": [600],
            "answer": [60, 120],
            "appeal": [9_000],
            "hops": [1, 1],
        },
    ),
    "bank-a": (
        Asked(*EVER, institution="bank-a"),
        "orders 4 in_limit 4 holds 2 false_holds 1 false_of_begun 1 appeals 1",
        (
            "reported 150000 stopped_gross 150000 stopped_net 150000 frozen 60000 released 50000"
            " held_net 60000 frozen_live 60000 overlap_most 50000"
        ),
        {
            "first_order": [300, 600],
            "answer": [60, 120, 300, 600],
            "appeal": [9_000],
            "hops": [1, 1, 1, 1],
        },
    ),
    "bank-b": (
        Asked(*EVER, institution="bank-b"),
        "orders 1 late 1 holds 1",
        "stopped_gross 40000 stopped_net 40000 held_net 40000",
        {"answer": [10_800], "hops": [2]},
    ),
    "before the appeal": (
        Asked(EVER[0], CUT),
        "cases 2 reports 2 orders 3 in_limit 2 late 1 waiting 1 holds 2 false_of_begun 1",
        (
            "reported 150000 stopped_gross 150000 stopped_net 150000"
            " held_net 110000 overlap 40000 overlap_most 40000"
        ),
        {
            "entry": [0, 1200],
            "first_order": [300, 600],
            "answer": [120, 600],
            "hops": [1, 1, 2],
        },
    ),
    "from the appeal on": (
        Asked(CUT, EVER[1]),
        "orders 2 in_limit 2 holds 1 false_holds 1 appeals 1",
        (
            "stopped_gross 40000 frozen 60000 released 50000"
            " held_net 100000 frozen_live 60000 overlap_most 50000"
        ),
        {"answer": [60, 300, 10_800], "appeal": [9_000], "hops": [1, 1]},
    ),
}


def _named(text: str) -> dict[str, int]:
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _spread(numbers: list[int]) -> Spread:
    """Half of them, and nine tenths, do not exceed the number: read off a list of at most ten by hand."""
    if not numbers:
        return Spread()
    middle, count = numbers[(len(numbers) - 1) // 2], len(numbers)
    assert count < 10, "nine tenths of fewer than ten are all of them"
    return Spread(count, middle, numbers[-1], numbers[-1])


@pytest.mark.parametrize("name", BY_HAND)
def test_each_figure_is_what_was_worked_out_by_hand(figuring: Figuring, name: str) -> None:
    asked, counts, money, times = BY_HAND[name]
    found = figuring.tally(asked)
    told = {row.name: getattr(found, row.name) for row in fields(Tally)}
    expected = dict.fromkeys(told, 0) | _named(counts)
    for apart in ("money", "spreads", "behind"):
        del told[apart], expected[apart]
    assert told == expected
    assert found.money == {"CNY": Money(**_named(money))}
    assert found.spreads == {x: _spread(times.get(x, [])) for x in found.spreads}
    assert set(times) <= set(found.spreads)


def test_shares_are_of_whole_counts(figuring: Figuring) -> None:
    """Four of five answers in the limit, one of three holds wrong; of nothing there is no share."""
    asked = BY_HAND["all"][0]
    shown = figures._shown(figuring.tally(asked), asked, "", 1)
    assert (shown.in_limit_permille, shown.false_hold_permille) == (800, 333)
    assert shown.money["CNY"].stopped_gross == "1900.00"
    asked = Asked(START - FAR, START)
    shown = figures._shown(figuring.tally(asked), asked, "", 1)
    assert (shown.in_limit_permille, shown.false_hold_permille) == (None, None)
