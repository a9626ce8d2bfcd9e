"""What binds a pocket for a case: the centre's order, and what the stream caught by itself. Values and refusals; no flow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from recoup.watch.stolen.places import END
from recoup.watch.stolen.sums import Fate


class Refusal(StrEnum):
    """Why something is not done; nothing was changed."""

    NO_SUCH_POCKET = "no_such_pocket"
    NOT_OURS = "not_ours"
    """A hold where the stream does not see the debits."""
    AMOUNT_UNFIT = "amount_unfit"
    """Not positive, or more than a pocket can have."""
    TIME_BACKWARDS = "time_backwards"
    TIME_UNFIT = "time_unfit"
    """Too late, or too far ahead, for the index of rows."""
    NO_SUCH_ROW = "no_such_row"
    SELF_TRANSFER = "self_transfer"
    ROW_DIFFERS = "row_differs"
    """The centre's account of the transfer is not the row of that number."""
    DISPUTED_TWICE = "disputed_twice"
    CLAIM_DIFFERS = "claim_differs"
    """The same claim with another transfer or another standing."""
    TOO_MANY = "too_many"
    NO_SUCH_HOLD = "no_such_hold"
    NO_SUCH_CLAIM = "no_such_claim"


class Payment(NamedTuple):
    """A payment: dense pockets, -1 for the outside. `reverses` is the row that it takes back, -1 for none."""

    time_us: int
    payer: int
    payee: int
    amount: int
    reverses: int = -1


class Disputed(NamedTuple):
    """The transfer that a claim disputes, as the centre tells it; the row need not be retained any more."""

    row: int
    payee: int
    amount: int


@dataclass(slots=True)
class Binding:
    """What is asked of one pocket for one case: an order, and what was caught beside it; each with an end."""

    ordered: int = 0
    ordered_until_us: int = END
    caught: int = 0
    caught_until_us: int = END

    @property
    def asked(self) -> int:
        """Units that may not leave."""
        return self.ordered + self.caught

    def next_end_us(self) -> int:
        """Return when the first part of it ends."""
        ends = (
            self.ordered_until_us if self.ordered else END,
            self.caught_until_us if self.caught else END,
        )
        return min(ends)

    def lapse(self, time_us: int) -> int:
        """End what ended before `time_us`; return how much that was."""
        before = self.asked
        if self.ordered_until_us < time_us:
            self.ordered = 0
        if self.caught_until_us < time_us:
            self.caught = 0
        return before - self.asked


class Moved(NamedTuple):
    """Stolen money moved: what the centre is told."""

    case: str
    claim: str
    row: int
    time_us: int
    payer: int
    payee: int
    amount: int
    fate: Fate


class Held(NamedTuple):
    """What is held of a case in a pocket has changed; `held` may be less than `asked` while the pocket has too little."""

    case: str
    pocket: int
    asked: int
    held: int
    why: str
    """`order`, `caught`, `arrived`, `freed`, `lapsed`."""


class Overdrawn(NamedTuple):
    """A payment was booked for which too little was free: so much was assumed to have come in before.

    Where something is held, the hold is contradicted, and stands.
    """

    row: int
    pocket: int
    amount: int


Tiding = Moved | Held | Overdrawn


class Stolen(NamedTuple):
    """One claim's money in a pocket."""

    case: str
    claim: str
    held: int
    free: int
    since_row: int
    depth: int


class Standing(NamedTuple):
    """A pocket as it is now: its balance, what is held in it by case, and whose stolen money is there."""

    balance: int
    held: tuple[tuple[str, int], ...]
    stolen: tuple[Stolen, ...]

    @property
    def free(self) -> int:
        """What a debit may take."""
        return self.balance - sum(amount for _, amount in self.held)


class Verdict(NamedTuple):
    """What orders say of a payment that is not booked yet; `is_allowed` says nothing of its risk."""

    is_allowed: bool
    free: int
    """Of the payer's balance, after every stop, freeze and what was just caught."""
    held: int
    caught: tuple[Held, ...] = ()


class Place(NamedTuple):
    """Units of a claim at a pocket: located, unknown, or exited there or from there (`fate`)."""

    pocket: int
    amount: int
    fate: Fate


class Whereabouts(NamedTuple):
    """Where the whole of a claim is: `loss = located + exited + unknown`, and place by place."""

    case: str
    claim: str
    loss: int
    located: int
    exited: int
    unknown: int
    places: tuple[Place, ...]
