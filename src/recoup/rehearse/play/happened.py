"""What happened in a play, as values: with the books all that figures are counted from. Times are microseconds of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stopper(StrEnum):
    """Who keeps money where it is."""

    ORDER = "order"
    """A hold of the centre, at an institution."""
    WATCH = "watch"
    """The watch caught stolen money or delays a payment."""
    SCHEME = "scheme"
    """A payment scheme's block, as MED 2.0 has it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report reached the centre and was entered."""

    at_us: int
    fraud: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order was sent; `order` tells it from others."""

    at_us: int
    order: str
    fraud: int
    """The fraud whose case it is of; -1 for joined ones beyond the first."""
    account: int
    kind: str
    amount: int
    hop: int
    """0 at the account that the victim paid to."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An order's first answer came in."""

    at_us: int
    order: str
    outcome: str
    held: int


@dataclass(frozen=True, slots=True)
class HeldNow:
    """What is held on an account for one cause changed to `held`; 0 ends it."""

    at_us: int
    stopper: Stopper
    cause: str
    """Such as a case id, or the number of a payment that waits."""
    fraud: int
    """The fraud for which it is held; -1 where nobody knows."""
    account: int
    held: int
    is_frozen: bool = False
    """Held for longer than a stop: it may be returned."""


@dataclass(frozen=True, slots=True)
class Entitled:
    """What live orders of one fraud's claims are entitled to in all, and what is still missing."""

    at_us: int
    fraud: int
    entitled: int
    missing: int
    overlap: int
    """What institutions hold beyond the entitlements."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The watch did something else than allow; the truth is looked up by figures, by `payment`."""

    at_us: int
    payment: int
    """Number of the attempt in the play."""
    action: str
    """warn, delay, hold, refuse."""
    ground: str
    payer: int
    payee: int
    amount: int
    until_us: int
    """When a payment that waits goes on by itself; `at_us` for other actions."""


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """A payment that waited ended: released, lapsed, cancelled, stopped."""

    at_us: int
    payment: int
    how: str


@dataclass(frozen=True, slots=True)
class Averted:
    """A victim did not pay because of a warning, a call, a visit, or a payment that waited."""

    at_us: int
    fraud: int
    instalment: int
    amount: int
    by: str


@dataclass(frozen=True, slots=True)
class Intercepted:
    """An account was given a measure, or money of it caught, by the watch: counted as an intercepted account."""

    at_us: int
    account: int
    amount: int
    measure: str


@dataclass(frozen=True, slots=True)
class Appealed:
    """A holder objected to what is held, and how that was decided; `decided_us` is `at_us` while it runs."""

    at_us: int
    decided_us: int
    account: int
    is_granted: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """Money came back to a victim; a booked row has this instant, payer and amount."""

    at_us: int
    fraud: int
    account: int
    """On which it was held."""
    amount: int


Happened = (
    Reported
    | Ordered
    | Answered
    | HeldNow
    | Entitled
    | Judged
    | WaitEnded
    | Averted
    | Intercepted
    | Appealed
    | Returned
)

__all__ = [
    "Answered",
    "Appealed",
    "Averted",
    "Entitled",
    "Happened",
    "HeldNow",
    "Intercepted",
    "Judged",
    "Ordered",
    "Reported",
    "Returned",
    "Stopper",
    "WaitEnded",
]
