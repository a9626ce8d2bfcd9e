"""What a play, its books, its launderers and its policies see of each other.

Whoever implements `Policy` reads `Books` only through `Statements` and `Blocks`, as an institution would show them: no truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recoup.care import Step
from recoup.rehearse.country import Country, Fraud
from recoup.rehearse.play.happened import Happened
from recoup.watch.state import Payments


class Word(StrEnum):
    """What became of an attempt to pay."""

    BOOKED = "booked"
    NO_FUNDS = "no_funds"
    """The balance is too small, whatever is held."""
    BLOCKED = "blocked"
    """The balance would do, but what is held may not leave."""
    REFUSED = "refused"
    WAITS = "waits"
    """It is delayed; it is booked, or stopped, later. Whoever waits hears of it (`Attempt.ended`)."""
    WITHDRAWN = "withdrawn"
    """The payer heeded a warning."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries to pay now."""

    payer: int
    payee: int
    amount: int
    kind: int = 0
    """Place in `records.kinds.KINDS`."""
    fraud: int = -1
    """*Truth*: the fraud whose money or crew this is."""
    instalment: int = -1
    """*Truth*: the victim's own payment of that fraud."""
    ended: Callable[[Word], None] | None = None
    """Hears how a payment that waited ended."""
    is_ordered: bool = False
    """An institution pays on an order, such as back to a victim: nobody judges it, `Policy.booked` hears of it."""


class Paid(NamedTuple):
    """What became of an attempt at once."""

    word: Word
    row: int
    """Number of the booked row; -1."""
    until_us: int = 0
    """Of WAITS."""


class Row(NamedTuple):
    """One booked row."""

    row: int
    time_us: int
    payer: int
    payee: int
    amount: int
    kind: int


class Statements(Protocol):
    """What institutions can show of their own accounts."""

    def balance(self, account: int) -> int:
        """Return all that lies on an account, held or not, in minor units."""
        ...

    def statement(self, account: int, since_us: int, until_us: int) -> Sequence[Row]:
        """Return booked rows of both directions, both ends inclusive, in booking order."""
        ...


class Blocks(Statements, Protocol):
    """What institutions can do on their own accounts. Blocks keep debits from taking the balance below their sum."""

    def block(self, cause: str, account: int, amount: int | None) -> None:
        """Make a block of that name, or alter it; None: nothing may leave. Credits always come in."""
        ...

    def lift(self, cause: str, account: int) -> None:
        """End a block; one that is not there is no fault."""
        ...


class Stage(Protocol):
    """What a play offers to launderers and policies."""

    @property
    def country(self) -> Country:
        """Return what is played."""
        ...

    @property
    def now_us(self) -> int:
        """Return the present instant."""
        ...

    @property
    def books(self) -> Blocks:
        """Return what institutions can show and do."""
        ...

    def at(self, time_us: int, act: Callable[[], None]) -> None:
        """Have something done at an instant not before now; what comes at one instant is done in the order of asking."""
        ...

    def pay(self, attempt: Attempt) -> Paid:
        """Try to pay now: funds, then the policy's judgement, then the booking."""
        ...

    def speak(self, payer: int, step: Step) -> bool:
        """Speak to the holder of an account about payments on the way; return whether it heeds and pays no more of a fraud.

        A victim that heeds is averted as by a warning: what of it waits is withdrawn (`Attempt.ended`), and it reports at once.
        Anybody else is reached and goes on.
        """
        ...

    def settle(self, number: int, word: Word) -> Paid:
        """End a payment that waited, as the policy knows it: BOOKED lets it go on if it has funds, any other word drops it.

        What its payer withdrew by then is not booked and answers WITHDRAWN; what is over answers as it ended, without a row.
        """
        ...

    def say(self, happened: Happened) -> None:
        """Write down what happened."""
        ...


class Judgements(NamedTuple):
    """What a policy says of payments before they are booked; arrays as long as the payments."""

    action: npt.NDArray[np.int8]
    """`watch.decision.Action`."""
    until_us: npt.NDArray[np.int64]
    """Of DELAY and HOLD: when it goes on by itself."""
    number: npt.NDArray[np.int64]
    """By which the policy knows a payment that waits; -1 of others."""


class Policy(Protocol):
    """One way to stop money. Its name is a key of the figures."""

    @property
    def name(self) -> str:
        """Return the key under which its figures stand."""
        ...

    @property
    def judges(self) -> bool:
        """Whether payments are shown to `judge` before they are booked."""
        ...

    def begin(self, stage: Stage) -> None:
        """Prepare; called once, at `begin_us`."""
        ...

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Take a report in: the victim names these booked payments, which the victim made.

        Nothing else of `fraud` may be read but `number` (as the reporter's file number) and `reported_us`.
        """
        ...

    def judge(self, payments: Payments) -> Judgements:
        """Judge payments in their order, each before it is booked; the play hands over payments that have funds by then.

        `payments.row` are the play's own numbers of the attempts, as `Judged.payment` names them.

        What is allowed or warned of is booked. Where one that waits leaves a later one without funds, that one is not booked
        although it was allowed: a payment can fail after every check, and the play counts how many do.
        """
        ...

    def booked(self, rows: Sequence[Row]) -> None:
        """Hear what was booked outside `judge`: payments back, blocks taken out, payments that waited."""
        ...

    def failed(self, payments: Payments) -> None:
        """Hear which payments `judge` let go on and are not in the books: no funds by then, or a warning that was heeded."""
        ...

    def finish(self, until_us: int) -> None:
        """No payment is made any more; let clocks of orders, freezes, notices and returns run up to there.

        What it asks for through `Stage.at`, now or before, is done up to there after it returned.
        """
        ...


__all__ = [
    "Attempt",
    "Blocks",
    "Judgements",
    "Paid",
    "Policy",
    "Row",
    "Stage",
    "Statements",
    "Word",
]
