"""What became of payments that waited, and of those whose appeals were decided: nobody need guess it. Decides nothing.

The latest are kept, so many; of a payment whose appeal was decided it is kept for good, since its holder asks later than that.
What is forgotten is said to be unknown, and unknown is never leave to pay.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import Final, NamedTuple

from recoup import limits
from recoup.watch.stream import Bound, Ended, How


class PaymentState(StrEnum):
    """Where a payment stands with the watch."""

    WAITING = "waiting"
    """It ends by itself at `until_us`: nothing is paid before it is told that it went on."""
    WENT_ON = "went_on"
    """It went on at once, when it was decided: nothing more is to be paid for it."""
    RELEASED = "released"
    """It waited and went on, let go or at its end: it is paid, once."""
    STOPPED = "stopped"
    """It was to go on, and what `bound_by` names bound its payer: it is over under this id, and nothing is paid."""
    OVER = "over"
    """Refused, taken back, or no longer bookable: nothing is paid."""
    UNKNOWN = "unknown"
    """It is not remembered: nothing is paid on this answer."""

    @property
    def is_paid(self) -> bool:
        """Whether the payment's money may leave, or has left, the payer."""
        return self in {PaymentState.WENT_ON, PaymentState.RELEASED}


class PaymentStanding(NamedTuple):
    """Where a payment stands."""

    state: PaymentState
    at_us: int | None = None
    """When it went on, was stopped or ended; None where that is not known, or did not happen."""
    until_us: int | None = None
    """When it ends by itself, of one that waits."""
    bound_by: tuple[Bound, ...] = ()
    """Of one that was stopped: by what, then."""


_STATES: Final = {
    How.RELEASED: PaymentState.RELEASED,
    How.LAPSED: PaymentState.RELEASED,
    How.CANCELLED: PaymentState.OVER,
    How.STOPPED: PaymentState.STOPPED,
    How.NOT_BOOKED: PaymentState.OVER,
}
"""How.NOT_WAITING is no end: nothing was done."""
_ENDS: Final = frozenset([PaymentState.WENT_ON, *_STATES.values()])

_Row = tuple[str, str, int, list[tuple[str, str]]]


class Became:
    """By id: how payments that waited ended. One thread changes it and asks."""

    def __init__(self, most: int = limits.WATCH_ENDINGS_MAX) -> None:
        """Keep the latest `most` beside those that are kept for good."""
        self._most = most
        self._latest: OrderedDict[str, PaymentStanding] = OrderedDict()
        self._appealed: dict[str, PaymentStanding | None] = {}
        """None: nothing is known of it, or it waits."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Became) and other.rows() == self.rows()

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._latest)

    def put(self, id_: str, ended: Ended) -> None:
        """Note how a payment ended."""
        if ended.how in _STATES:
            self._put(id_, PaymentStanding(_STATES[ended.how], ended.time_us, None, ended.bound_by))

    def went_on(self, id_: str, time_us: int) -> None:
        """Note that a payment went on whatever was decided of it: its caller had been told so."""
        self._put(id_, PaymentStanding(PaymentState.WENT_ON, time_us))

    def _put(self, id_: str, standing: PaymentStanding) -> None:
        self._latest.pop(id_, None)  # an id that came again when it was forgotten
        self._latest[id_] = standing
        if id_ in self._appealed:
            self._appealed[id_] = standing
        while len(self._latest) > self._most:
            self._latest.popitem(last=False)

    def forget(self, id_: str) -> None:
        """Forget how an earlier payment of this id ended: another one waits under it now."""
        self._latest.pop(id_, None)
        if id_ in self._appealed:
            self._appealed[id_] = None

    def keep(self, id_: str) -> None:
        """Keep for good what became of a payment, or becomes of it: its appeal is decided."""
        self._appealed.setdefault(id_, self._latest.get(id_))

    def find(self, id_: str) -> PaymentStanding | None:
        """Return how a payment ended; None where that is not known."""
        return self._latest.get(id_) or self._appealed.get(id_)

    def rows(self) -> tuple[list[_Row], list[_Row]]:
        """Return all of it as a snapshot has it: the latest in order, then those that are kept for good ('': nothing known)."""
        return (
            [_row(id_, one) for id_, one in self._latest.items()],
            [_row(id_, one) for id_, one in self._appealed.items()],
        )

    def lay(self, latest: list[_Row], appealed: list[_Row]) -> None:
        """Begin with the rows of a snapshot; `ValueError` for what cannot be theirs."""
        if len(latest) > self._most:
            raise ValueError(f"expected at most {self._most} payments that ended")
        self._latest = OrderedDict((row[0], _standing(row)) for row in latest if row[1])
        self._appealed = {row[0]: _standing(row) if row[1] else None for row in appealed}
        if self.rows() != (latest, appealed):
            raise ValueError("expected each payment that ended once, with its state")


def _row(id_: str, one: PaymentStanding | None) -> _Row:
    if one is None:
        return id_, "", 0, []
    assert one.at_us is not None, "what ended has its time"
    return id_, one.state.value, one.at_us, [(by.kind, by.about) for by in one.bound_by]


def _standing(row: _Row) -> PaymentStanding:
    _, state, at_us, bound_by = row
    if state not in _ENDS:
        raise ValueError(f"expected how a payment ended, was {state!r}")
    return PaymentStanding(PaymentState(state), at_us, None, tuple(Bound(*one) for one in bound_by))


__all__ = ["Became", "PaymentStanding", "PaymentState"]
