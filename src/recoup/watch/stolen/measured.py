"""Measures of accounts in the stream: which debits of a pocket are not let out, and until when. Holds no money, sees no credit.

1. A measure is for [from, until] and ends by itself. Told to end, it binds no payment after that.
2. Credit only lets nothing out, counter only what is known to be asked for at the counter; under lower limits, and under a
   protective stop, so much a local day goes out; under re-verifying a payment waits for its holder to be verified.
3. What left on a day is read off the rows that are followed, so that what left before the measure counts as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from recoup.care import MeasureKind
from recoup.watch.stolen.orders import Payment
from recoup.watch.stolen.rows import RowIndex

_SECOND_US: Final = 1_000_000
_DAY_SECONDS: Final = 86_400
_STRICTEST: Final = (
    MeasureKind.CREDIT_ONLY,
    MeasureKind.COUNTER_ONLY,
    MeasureKind.PROTECTIVE_STOP,
    MeasureKind.LOWER_LIMITS,
    MeasureKind.RE_VERIFY,
)
_CAPS: Final = frozenset({MeasureKind.PROTECTIVE_STOP, MeasureKind.LOWER_LIMITS})


class Measure(NamedTuple):
    """A measure as the stream knows it."""

    id: str
    kind: MeasureKind
    ground: str
    """What it rests on, as `care.MeasureGround` has it."""
    limit: int
    """Minor units a local day that may leave; 0 for kinds without a limit."""
    until_us: int

    @property
    def waits(self) -> bool:
        """Whether a payment waits under it; else it is refused."""
        return self.kind is MeasureKind.RE_VERIFY


class Spent(NamedTuple):
    """What left a pocket on a local day, counted up to a row."""

    day: int
    amount: int
    row: int


@dataclass(slots=True)
class Measures:
    """The measures of all pockets that have any."""

    by_pocket: dict[int, dict[str, Measure]] = field(default_factory=dict)
    spent: dict[int, Spent] = field(default_factory=dict)
    zone: Sequence[tuple[int, int]] = ((0, 28_800),)
    """Offsets from UTC in seconds, each from an instant (UTC microseconds) on; the first holds for all time before."""
    ended: dict[int, None] = field(default_factory=dict)
    """Pockets of which a measure was told to end since whoever lets payments wait looked last."""

    def put(self, pocket: int, one: Measure) -> None:
        """Let a measure stand at a pocket, in the place of what stood there under its id."""
        self.by_pocket.setdefault(pocket, {})[one.id] = one

    def end(self, pocket: int, measure: str) -> None:
        """End a measure; one that does not stand has ended."""
        some = self.by_pocket.get(pocket, {})
        if some.pop(measure, None) is not None:
            self.ended[pocket] = None
        self._tidy(pocket)

    def lapse(self, pocket: int, time_us: int) -> bool:
        """End what ended before a time; return whether anything did."""
        some = self.by_pocket.get(pocket, {})
        over = [one.id for one in some.values() if one.until_us < time_us]
        for measure in over:
            del some[measure]
        self._tidy(pocket)
        return bool(over)

    def binding(
        self, index: RowIndex, payment: Payment, *, is_at_counter: bool = False
    ) -> Measure | None:
        """Return the strictest measure that does not let a payment out; None: none does."""
        some = self.by_pocket.get(payment.payer, {}).values()
        standing = [one for one in some if payment.time_us <= one.until_us]
        for one in sorted(
            standing, key=lambda one: (_STRICTEST.index(one.kind), one.limit, one.id)
        ):
            if self._binds(index, one, payment, is_at_counter=is_at_counter):
                return one
        return None

    def _binds(
        self, index: RowIndex, one: Measure, payment: Payment, *, is_at_counter: bool
    ) -> bool:
        if one.kind in _CAPS:
            return self.left(index, payment.payer, payment.time_us) + payment.amount > one.limit
        # A channel that nobody named is not the counter: who is there in person can be asked for papers.
        return one.kind is not MeasureKind.COUNTER_ONLY or not is_at_counter

    def left(self, index: RowIndex, pocket: int, time_us: int) -> int:
        """Return what left a pocket on the local day of a time, as far as its rows are followed."""
        today = self.day(time_us)
        day, amount, at = self.spent.get(pocket, Spent(today, 0, -1))
        if day != today:
            amount = 0
        for row in index.rows_after(pocket, 0, at):
            at = max(at, row.number)
            if self.day(row.time_us) == today:
                amount += row.amount
        self.spent[pocket] = Spent(today, amount, at)
        return amount

    def day(self, time_us: int) -> int:
        """Return the number of a local day."""
        offset = next(
            (by for since, by in reversed(self.zone) if since <= time_us), self.zone[0][1]
        )
        return (time_us // _SECOND_US + offset) // _DAY_SECONDS

    def _tidy(self, pocket: int) -> None:
        if not self.by_pocket.get(pocket, True):
            del self.by_pocket[pocket]
            self.spent.pop(pocket, None)


__all__ = ["Measure", "Measures", "Spent"]
