"""Adds up the facts that a question is about: of units, an institution, a period. Pure; what falls in is said in `sum_up`.

A question looks at whole columns of each kind: its time grows with the number of facts, some milliseconds for half a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from recoup.clock import microseconds_of
from recoup.figures.columns import Column, Facts, Mask
from recoup.figures.facts import Kind

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
_THERE: Final = frozenset({Kind.STOPPED_NET_THERE, Kind.STOPPED_NET_THERE_TAKEN_OVER})
"""What one institution holds for a case: of no use in a sum over institutions."""
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
    Kind.PROTECTED: "protected",
    Kind.DECISION_APPEALED: "decision_appeals",
    Kind.DECISION_APPEAL_OVERDUE: "decision_appeals_overdue",
    Kind.FALSE_INTERCEPTION: "false_interceptions",
    Kind.FALSE_WARNING: "false_warnings",
    Kind.CASE_TAKEN_OVER: "cases_taken_over",
    Kind.REPORT_TAKEN_OVER: "reports_taken_over",
    Kind.HOLD_TAKEN_OVER: "holds_taken_over",
    Kind.FALSE_HOLD_TAKEN_OVER: "false_holds_taken_over",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Of what figures are asked: from `begin` on, before `end`."""

    begin: datetime
    end: datetime
    units: frozenset[str] | None = None
    """None: all, and cases that no unit has."""
    institution: str = ""
    """'': all, and what is of none."""
    case: str = ""
    """'': all."""


@dataclass(slots=True)
class Money:
    """Minor units of one currency."""

    reported: int = 0
    stopped_gross: int = 0
    stopped_net: int = 0
    frozen: int = 0
    released: int = 0
    lapsed: int = 0
    reported_taken_over: int = 0
    """From other systems, as the next five: no part of those above."""
    stopped_gross_taken_over: int = 0
    stopped_net_taken_over: int = 0
    frozen_taken_over: int = 0
    released_taken_over: int = 0
    lapsed_taken_over: int = 0
    averted: int = 0
    intercepted_amount: int = 0
    protected_amount: int = 0
    held_net: int = 0
    """At the end, as the next three."""
    overlap: int = 0
    frozen_live: int = 0
    overlap_most: int = 0
    """The most that the overlap came to after any entry of the period, or was when it began."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How some numbers are spread: their nearest ranks, None where there is none."""

    count: int = 0
    p50: int | None = None
    p90: int | None = None
    most: int | None = None


@dataclass(slots=True)
class Tally:
    """The figures of one question. No number is the sum of two others of another kind."""

    cases: int = 0
    reports: int = 0
    orders: int = 0
    in_limit: int = 0
    late: int = 0
    waiting: int = 0
    """Orders out without an answer, at the end."""
    holds: int = 0
    false_holds: int = 0
    false_of_begun: int = 0
    appeals: int = 0
    appeals_overdue: int = 0
    warned: int = 0
    reached_message: int = 0
    reached_call: int = 0
    reached_visit: int = 0
    dissuaded: int = 0
    intercepted: int = 0
    """Accounts."""
    protected: int = 0
    """Accounts of likely victims."""
    decision_appeals: int = 0
    """Against decisions of watches; those against orders are `appeals`."""
    decision_appeals_overdue: int = 0
    false_interceptions: int = 0
    """Payments; holds that orders made are `false_holds`, and nothing adds the two up."""
    false_warnings: int = 0
    cases_taken_over: int = 0
    """From other systems, as the next three: no part of `cases`, `reports`, `holds` and `false_holds`."""
    reports_taken_over: int = 0
    holds_taken_over: int = 0
    false_holds_taken_over: int = 0
    money: dict[str, Money] = field(default_factory=dict)
    spreads: dict[str, Spread] = field(default_factory=dict)
    behind: dict[Cell, int] = field(default_factory=dict)
    """Of how many cases each figure is: one of few could tell of persons."""


Cell = tuple[str, str]
"""A figure's name, and its currency or ''."""


def spread_of(numbers: Column) -> Spread:
    """Return how numbers are spread: the smallest that half of them, nine tenths of them do not exceed; the greatest.

    >>> spread_of(np.array([4, 1, 3, 2]))
    Spread(count=4, p50=2, p90=4, most=4)
    """
    count = len(numbers)
    if not count:
        return Spread()
    rows = np.sort(numbers)
    ranks = (-(-count * 50 // 100) - 1, -(-count * 90 // 100) - 1, count - 1)
    return Spread(count, *(int(rows[rank]) for rank in ranks))


def sum_up(facts: Facts, asked: Asked) -> Tally:
    """Return the figures of what was asked.

    A fact is of the unit that had its case at that instant. What happened counts where its instant lies in the period; what
    stands is the sum of all changes before the period's end. Holds found wrong are also counted by the instant at which
    they began (`false_of_begun`), as far as that is known by the last fact.
    """
    return _Adding(facts, asked).whole()


@dataclass(frozen=True, slots=True)
class _Part:
    """The facts of one kind that a question is about, from before its end."""

    at: Column
    entry: Column
    case: Column
    currency: Column
    amount: Column

    def __len__(self) -> int:
        return len(self.at)

    def only(self, mask: Mask) -> _Part:
        """Return those of a mask."""
        columns = (self.at, self.entry, self.case, self.currency, self.amount)
        return _Part(*(column[mask] for column in columns))


class _Adding:
    """A tally that is being made."""

    def __init__(self, facts: Facts, asked: Asked) -> None:
        self._facts, self._asked = facts, asked
        self._begin, self._end = microseconds_of(asked.begin), microseconds_of(asked.end)
        self._currencies = list(facts.words["currency"])
        self._out = Tally()

    def whole(self) -> Tally:
        """Return the tally."""
        out = self._out
        for kind, name in _FLOWS.items():
            self._money(name, self._within(kind))
        for kind, name in _STANDS.items():
            self._money(name, self._part(kind), stands=True)
        self._overlap_most(self._part(Kind.OVERLAP))
        for kind, name in _TIMES.items():
            part = self._within(kind)
            out.spreads[name] = spread_of(part.amount)
            self._of(name, "", part)
        for kind, name in _COUNTS.items():
            part = self._within(kind)
            setattr(out, name, int(part.amount.sum()))
            self._of(name, "", part)
        waiting = self._part(Kind.WAITING)
        out.waiting = int(waiting.amount.sum())
        self._of("waiting", "", waiting, stands=True)
        out.money = dict(sorted(out.money.items()))
        out.behind = dict(sorted(out.behind.items()))
        return out

    # --- what is asked ---

    def _part(self, kind: Kind) -> _Part:
        """Return the facts of a kind that are asked for, from before the end."""
        asked, words = self._asked, self._facts.words
        table = self._facts.tables.get(kind)
        if table is None:
            nothing = np.empty(0, np.int64)
            return _Part(nothing, nothing, nothing, nothing, nothing)
        mask = table.column("at") < self._end
        if asked.case:
            mask &= table.column("case") == words["case"].get(asked.case, -1)
        if asked.units is not None:
            codes = [words["unit"][unit] for unit in sorted(asked.units) if unit in words["unit"]]
            mask &= np.isin(table.column("unit"), codes)
        if asked.institution:
            place = words["institution"].get(asked.institution, -1)
            mask &= table.column("institution") == place
        elif kind in _THERE:
            mask[:] = False
        columns = ("at", "entry", "case", "currency", "amount")
        return _Part(*(table.column(name) for name in columns)).only(mask)

    def _within(self, kind: Kind) -> _Part:
        """Return those of them that lie in the period."""
        part = self._part(kind)
        return part.only(part.at >= self._begin)

    def _each(self, part: _Part) -> Iterator[tuple[str, _Part]]:
        """Yield the facts of each currency."""
        for code in np.unique(part.currency).tolist():
            yield self._currencies[code], part.only(part.currency == code)

    # --- what comes of it ---

    def _money(self, name: str, part: _Part, *, stands: bool = False) -> None:
        for currency, rows in self._each(part):
            money = self._out.money.setdefault(currency, Money())
            setattr(money, name, getattr(money, name) + int(rows.amount.sum()))
            self._of(name, currency, rows, stands=stands)

    def _of(self, name: str, currency: str, part: _Part, *, stands: bool = False) -> None:
        """Note of how many cases a figure is; of what stands, those with something that is theirs."""
        if len(part):
            cases = self._cases(part, stands=stands)
            self._out.behind[name, currency] = int(cases.sum())

    def _cases(self, part: _Part, *, stands: bool) -> Mask:
        """Return for each case whether it is behind these facts."""
        count = len(self._facts.words["case"])
        if stands:
            sums = np.zeros(count, np.int64)
            np.add.at(sums, part.case, part.amount)
            stood: Mask = sums != 0
            return stood
        seen = np.zeros(count, np.bool_)
        seen[part.case] = True
        return seen

    def _overlap_most(self, part: _Part) -> None:
        """Set the most that overlap came to, looked at after whole entries; of what was before only what stood at the begin."""
        for currency, rows in self._each(part):
            sums, is_before = np.cumsum(rows.amount), rows.at < self._begin
            before = int(is_before.sum())
            ends = np.append(rows.entry[1:] != rows.entry[:-1], True) & ~is_before
            stood = int(sums[before - 1]) if before else 0
            most = max(stood, 0, *sums[ends].tolist())
            self._out.money[currency].overlap_most = most
            cases = self._cases(rows.only(is_before), stands=True)
            cases |= self._cases(rows.only(~is_before), stands=False)
            self._out.behind["overlap_most", currency] = int(cases.sum())


__all__ = ["Asked", "Cell", "Money", "Spread", "Tally", "spread_of", "sum_up"]
