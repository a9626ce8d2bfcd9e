"""Figures of centres that take rows of other systems over among all else: every figure as the slow twin says, nothing mixed."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from random import Random

import pytest
from docket import claim, report
from figures_plain import plain_sum
from figures_twin import FLOWS, Slow, looks, nearest_rank
from sim.office import START
from wards import BANKS, UNITS, Wards

from recoup.cases import Found
from recoup.cases.commands import SettleClaim, TakeReport
from recoup.cases.foreign import Foreign
from recoup.cases.state import ClaimTrigger
from recoup.centre import rights
from recoup.centre.figuring import Figuring, keep_figures, kept_figures
from recoup.centre.import_commands import EnterForeign, ForeignHold
from recoup.centre.terms import EnterReport
from recoup.figures import Asked, Kind
from recoup.figures import book as book_of_figures
from recoup.orders import OrderKind

FAR = timedelta(days=4_000)
EVER = Asked(START - FAR, START + FAR)


@pytest.fixture(autouse=True)
def _without_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows in without a session: wards have no persons, and rights are tried elsewhere."""
    without = rights.IN_SESSIONS_ONLY - {EnterForeign}
    monkeypatch.setattr(rights, "IN_SESSIONS_ONLY", without)


class Fed(Wards):
    """Wards to which another system gives rows, some of them for cases that are known."""

    def step(self) -> None:
        if self.chance.random() < 0.15:
            self.take_over()
        else:
            super().step()

    def take_over(self) -> None:
        """Take a row over: a report, or a hold that runs, ran, or nearly ran out."""
        known = self.some_case()
        case = known.id if known is not None and self.chance.random() < 0.4 else self.new("case")
        received = self.now - timedelta(hours=self.chance.randrange(1, 3_000))
        is_hold = self.chance.random() < 0.6
        kind = self.chance.choice((OrderKind.STOP, OrderKind.STOP, OrderKind.FREEZE))
        if is_hold:
            hours = 60 if kind is OrderKind.STOP else 3_000
            received = self.now - timedelta(hours=self.chance.randrange(1, hours))
        taken = replace(report(self.new("r"), received), entered_by="feed", entered_at=self.now)
        one, amount = self.new("c"), self.chance.randrange(20_000, 90_000)
        bank = self.chance.choice(BANKS)
        there = {"institution": bank, "currency": "CNY", "made_by": "feed"}
        account = self.new("acc")
        claimed = claim(one, account, amount, report=taken.id, paid_at=received, **there)
        hold = ForeignHold(self.new("o"), kind, amount, received, None) if is_hold else None
        system = Foreign("old", self.new("row"), "", "register" if is_hold else "reports")
        unit = self.chance.choice(UNITS)
        enter = EnterReport(TakeReport(taken, claimed, unit), ())
        if not self.ask(case, "feed", EnterForeign(enter, system, hold)):
            return
        self.marks["row of a hold" if is_hold else "row of a report"] += 1
        if self.chance.random() < 0.5:
            self.ask(case, "ann", SettleClaim(one, ClaimTrigger.ADMIT, "ann"))
            if self.office.scribe.state.case(case).trail_version == 0:
                self.trace(case, (one, account, bank, "CNY", amount, Found.UNKNOWN))


def _questions(chance: Random, fed: Fed) -> list[Asked]:
    span = (fed.now - START).total_seconds()
    out = [EVER]
    for _ in range(5):
        first, second = sorted(chance.uniform(-0.1, 1.1) * span for _ in range(2))
        units = frozenset(chance.sample(UNITS, chance.randrange(1, 3)))
        out.append(
            Asked(
                START + timedelta(seconds=first),
                START + timedelta(seconds=second),
                chance.choice([None, units]),
                chance.choice(["", *BANKS]),
                chance.choice(["", "", fed.cases[0].id]),
            )
        )
    return out


def differences(fed: Fed, asked: Asked, figuring: Figuring) -> list[str]:
    """Return the names of figures that are not as the twin says."""
    tally, slow = figuring.tally(asked), Slow(asked, looks(fed.office.journal.records()))
    out = [] if tally == plain_sum(list(figuring._now().book.facts), asked) else ["plain"]
    for currency in ("CNY", "USD"):
        found = asdict(tally.money[currency]) if currency in tally.money else {}
        expected = slow.money(currency)
        out += [name for name, amount in expected.items() if found.get(name, 0) != amount]
    out += [name for name, count in slow.counts().items() if getattr(tally, name) != count]
    for name, numbers in slow.times().items():
        spread, ranks = tally.spreads[name], [nearest_rank(numbers, part) for part in (50, 90, 100)]
        if (spread.count, spread.p50, spread.p90, spread.most) != (len(numbers), *ranks):
            out.append(name)
    return out


def test_every_figure_is_as_the_twin_says_where_rows_are_taken_over() -> None:
    marks: Counter[str] = Counter()
    for seed in (0, 1, 2, 3, 4, 5, 6, 8):
        fed = Fed(seed)
        fed.work(110)
        figuring = Figuring(lambda: fed.office.journal)  # noqa: B023 - used at once
        for asked in _questions(Random(seed), fed):
            assert differences(fed, asked, figuring) == [], (seed, asked)
        whole = figuring.tally(EVER)
        marks += fed.marks
        marks += Counter(name for name, count in asdict(whole).items() if "taken" in name and count)
        marks += Counter(
            name for money in whole.money.values() for name, count in asdict(money).items() if count
        )
        marks += Counter(name for name, spread in whole.spreads.items() if spread.count)
    names = [*(f"{name}_taken_over" for name in FLOWS), "entry_taken_over", *FLOWS, "entry"]
    names += ["first_order_taken_over", "first_order", "row of a hold", "row of a report"]
    names += ["cases_taken_over", "reports_taken_over", "holds_taken_over"]
    names += ["false_holds_taken_over"]
    assert not [name for name in names if not marks[name]], marks


def test_a_book_that_does_not_tell_what_was_taken_over_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: with each thing that is told apart left out, the twin sees another figure."""
    fed = Fed(1)
    fed.work(110)
    for left_out in (Kind.STOPPED_GROSS, Kind.ENTRY, Kind.REPORTED, Kind.HOLD, Kind.CASE):
        rest = {kind: kept for kind, kept in book_of_figures.TAKEN_OVER.items() if kind != left_out}
        with monkeypatch.context() as patch:
            patch.setattr(book_of_figures, "TAKEN_OVER", rest)
            assert differences(fed, EVER, Figuring(lambda: fed.office.journal)), left_out
    with monkeypatch.context() as patch:
        patch.setattr(book_of_figures, "NO_REPORT", frozenset())
        found = differences(fed, EVER, Figuring(lambda: fed.office.journal))
    assert {"reports_taken_over", "entry_taken_over"} <= {*found}


def test_a_kept_book_of_what_was_taken_over_is_the_one_read_at_once() -> None:
    fed = Fed(3)
    for _ in range(3):
        fed.work(30)
        keep_figures(fed.office.journal)
        last = fed.office.journal.last()
        assert last is not None
        assert kept_figures(fed.office.journal) == (last.sequence, True)
