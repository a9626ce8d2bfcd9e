"""The sums of facts once more, fact by fact and without arrays: slow, and the oracle of the columns. It reads no journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from recoup.figures import Asked, Cell, Fact, Kind, Money, Spread, Tally

_FLOWS: Final = {
    Kind.REPORTED: "reported",
    Kind.STOPPED_GROSS: "stopped_gross",
    Kind.STOPPED_NET: "stopped_net",
    Kind.STOPPED_NET_THERE: "stopped_net",
    Kind.FROZEN: "frozen",
    Kind.RELEASED: "released",
    Kind.LAPSED: "lapsed",
    Kind.REPORTED_TAKEN_OVER: "reported_taken_over",
    Kind.STOPPED_GROSS_TAKEN_OVER: "stopped_gross_taken_over",
    Kind.STOPPED_NET_TAKEN_OVER: "stopped_net_taken_over",
    Kind.STOPPED_NET_THERE_TAKEN_OVER: "stopped_net_taken_over",
    Kind.FROZEN_TAKEN_OVER: "frozen_taken_over",
    Kind.RELEASED_TAKEN_OVER: "released_taken_over",
    Kind.LAPSED_TAKEN_OVER: "lapsed_taken_over",
    Kind.AVERTED: "averted",
    Kind.INTERCEPTED_AMOUNT: "intercepted_amount",
    Kind.PROTECTED_AMOUNT: "protected_amount",
}
_STANDS: Final = {
    Kind.HELD_NET: "held_net",
    Kind.OVERLAP: "overlap",
    Kind.FROZEN_LIVE: "frozen_live",
}
_TIMES: Final = {
    Kind.ENTRY: "entry",
    Kind.ENTRY_TAKEN_OVER: "entry_taken_over",
    Kind.FIRST_ORDER: "first_order",
    Kind.FIRST_ORDER_TAKEN_OVER: "first_order_taken_over",
    Kind.ANSWER: "answer",
    Kind.APPEAL: "appeal",
    Kind.HOPS: "hops",
}
_COUNTS: Final = {
    Kind.CASE: "cases",
    Kind.REPORT: "reports",
    Kind.ORDER: "orders",
    Kind.IN_LIMIT: "in_limit",
    Kind.LATE: "late",
    Kind.HOLD: "holds",
    Kind.FALSE_HOLD: "false_holds",
    Kind.FALSE_OF_BEGUN: "false_of_begun",
    Kind.APPEAL_FILED: "appeals",
    Kind.APPEAL_OVERDUE: "appeals_overdue",
    Kind.WARNED: "warned",
    Kind.REACHED_MESSAGE: "reached_message",
    Kind.REACHED_CALL: "reached_call",
    Kind.REACHED_VISIT: "reached_visit",
    Kind.DISSUADED: "dissuaded",
    Kind.INTERCEPTED: "intercepted",
    Kind.DECISION_APPEALED: "decision_appeals",
    Kind.DECISION_APPEAL_OVERDUE: "decision_appeals_overdue",
    Kind.FALSE_INTERCEPTION: "false_interceptions",
    Kind.FALSE_WARNING: "false_warnings",
    Kind.CASE_TAKEN_OVER: "cases_taken_over",
    Kind.REPORT_TAKEN_OVER: "reports_taken_over",
    Kind.HOLD_TAKEN_OVER: "holds_taken_over",
    Kind.FALSE_HOLD_TAKEN_OVER: "false_holds_taken_over",
    Kind.PROTECTED: "protected",
}


def _spread_of(numbers: Iterable[int]) -> Spread:
    rows = sorted(numbers)
    if not rows:
        return Spread()
    count = len(rows)
    return Spread(count, rows[-(-count * 50 // 100) - 1], rows[-(-count * 90 // 100) - 1], rows[-1])


def plain_sum(facts: Iterable[Fact], asked: Asked) -> Tally:
    adding = _Adding(asked)
    for fact in facts:
        if fact.at < asked.end and _is_asked(fact, asked):
            adding.add(fact)
    return adding.whole()


class _Adding:
    """A tally that is being made."""

    def __init__(self, asked: Asked) -> None:
        self._begin = asked.begin
        self._out = Tally()
        self._numbers = {name: list[int]() for name in _TIMES.values()}
        self._overlap = _Overlap(asked.begin)
        self._behind: dict[Cell, dict[str, int]] = {}
        """Cases of each figure; of what stands, with what is theirs."""

    def add(self, fact: Fact) -> None:
        """Add one fact from before the end."""
        kind, currency = fact.kind, fact.currency
        if kind in _STANDS:
            self._money(_STANDS[kind], fact)
            if kind is Kind.OVERLAP:
                self._overlap.note(fact)
                self._of("overlap_before" if fact.at < self._begin else "overlap_most", fact)
        elif kind is Kind.WAITING:
            self._out.waiting += fact.amount
            self._of("waiting", fact)
        elif fact.at < self._begin:
            return
        elif kind in _FLOWS:
            self._money(_FLOWS[kind], fact)
        elif kind in _TIMES:
            self._numbers[_TIMES[kind]].append(fact.amount)
            self._of(_TIMES[kind], fact)
        else:
            assert not currency, "a count has no currency"
            name = _COUNTS[kind]
            setattr(self._out, name, getattr(self._out, name) + fact.amount)
            self._of(name, fact)

    def whole(self) -> Tally:
        """Return the tally."""
        out = self._out
        for currency, most in self._overlap.most().items():
            out.money[currency].overlap_most = most
        out.money = {currency: out.money[currency] for currency in sorted(out.money)}
        out.spreads = {name: _spread_of(rows) for name, rows in self._numbers.items()}
        standing = {*_STANDS.values(), "waiting"}
        for (name, currency), cases in list(self._behind.items()):
            if name == "overlap_before":  # what stood at the begin counts with what came after
                stood = {case: amount for case, amount in cases.items() if amount}
                within = self._behind.setdefault(("overlap_most", currency), {})
                self._behind["overlap_most", currency] = stood | within
                del self._behind[name, currency]
        out.behind = {
            cell: sum(bool(part) or cell[0] not in standing for part in cases.values())
            for cell, cases in sorted(self._behind.items())
        }
        return out

    def _money(self, name: str, fact: Fact) -> None:
        money = self._out.money.setdefault(fact.currency, Money())
        setattr(money, name, getattr(money, name) + fact.amount)
        self._of(name, fact)

    def _of(self, name: str, fact: Fact) -> None:
        cases = self._behind.setdefault((name, fact.currency), {})
        cases[fact.case] = cases.get(fact.case, 0) + fact.amount


def _is_asked(fact: Fact, asked: Asked) -> bool:
    if asked.case and fact.case != asked.case:
        return False
    if asked.units is not None and fact.unit not in asked.units:
        return False
    if not asked.institution:
        return fact.kind not in {Kind.STOPPED_NET_THERE, Kind.STOPPED_NET_THERE_TAKEN_OVER}
    return fact.institution == asked.institution


class _Overlap:
    """The most that changes of overlap came to, looked at when an entry is whole."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self._now: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._entry: tuple[int, datetime] | None = None

    def note(self, fact: Fact) -> None:
        if self._entry is not None and self._entry[0] != fact.entry:
            self._look()
        self._entry = (fact.entry, fact.at)
        self._now[fact.currency] = self._now.get(fact.currency, 0) + fact.amount

    def most(self) -> dict[str, int]:
        self._look()
        return self._most

    def _look(self) -> None:
        """Before the period only what stands at its begin counts: what was there is forgotten with each look."""
        if self._entry is None:
            return
        if self._entry[1] < self._begin:
            self._most = dict(self._now)
            return
        for currency, amount in self._now.items():
            self._most[currency] = max(self._most.get(currency, 0), amount)
