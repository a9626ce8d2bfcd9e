"""What is decided of a payment, and why: values only. Codes are numbers, because kernels write them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from recoup.watch.decision.remedies import Remedy, remedy_of
from recoup.watch.state import Outcome


class Action(IntEnum):
    """What happens to a payment; a higher one is stricter."""

    ALLOW = 0
    WARN = 1
    """It goes on; the payer is warned."""
    DELAY = 2
    """It waits, can be cancelled, and goes on by itself when the delay is over."""
    HOLD = 3
    """It waits for a person; nobody came: it goes on by itself."""
    REFUSE = 4
    """It is over."""


class Ground(IntEnum):
    """What an action rests on."""

    NONE = 0
    """Nothing was asked: the payment is allowed."""
    INPUT = 1
    """The payment cannot be one: its `problem` says why."""
    ORDER = 2
    """The centre's stop or freeze, or stolen money caught here."""
    RULE = 3
    """A live rule that fired."""
    MODEL = 4
    """What is to be saved is worth the friction."""
    UNSCORED = 5
    """Scoring was late: only orders were looked at, and the payment goes on."""
    MEASURE = 6
    """A measure of the payer's account; that it binds is said whether scoring was late or not."""


class Problem(IntEnum):
    """Why something that came in is no payment; nothing was changed. Up to 15 they are the state's own `Outcome`s."""

    NONE = Outcome.BOOKED
    AMOUNT_NOT_POSITIVE = Outcome.AMOUNT_NOT_POSITIVE
    AMOUNT_TOO_LARGE = Outcome.AMOUNT_TOO_LARGE
    SAME_ACCOUNT = Outcome.SAME_ACCOUNT
    ACCOUNT_UNKNOWN = Outcome.ACCOUNT_UNKNOWN
    KIND_UNKNOWN = Outcome.KIND_UNKNOWN
    TIME_LATE = Outcome.TIME_LATE
    TIME_AHEAD = Outcome.TIME_AHEAD
    SUM_TOO_LARGE = Outcome.SUM_TOO_LARGE
    CURRENCY_UNKNOWN = 16
    ID_UNFIT = 17
    """No id, or one that is too long."""
    ID_TAKEN = 18
    """The id was given to another content: `Decision.field` names the first field that differs."""
    FIELD_UNFIT = 19
    """A field that is no number, no text or no instant: `Decision.field` names it."""
    ACCOUNTS_MANY = 20
    """More accounts than there is room for."""


class Withheld(IntEnum):
    """Why what the model asked was not done, or less of it."""

    NO = 0
    SHADOW = 1
    """The model is not switched on."""
    ALERTS = 2
    """The day's alerts were used up."""
    INNOCENTS = 3
    """The share of innocent payments that may wait was used up."""
    WAITING = 4
    """As many payments wait as may."""
    SUM = 5
    """More of an innocent's money is expected to wait with this payment than may."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, in words for the account holder and for the file."""

    code: str
    """An official code, a rule's own, or a name of ours."""
    english: str
    chinese: str
    feature: str = ""
    """Of the model: which feature, how much it was, and what it added to the score (log-odds)."""
    value: float = 0.0
    added: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one payment."""

    id: str
    """The payment's."""
    action: Action
    ground: Ground
    causes: tuple[Cause, ...]
    """For every action but ALLOW at least one."""
    expires_us: int | None
    """Of a delay or hold: at this instant the payment goes on by itself. None: nothing to expire."""
    problem: Problem = Problem.NONE
    """Why it cannot be a payment; NONE where nothing is wrong."""
    field: str = ""
    """Which field the problem is about, where one is."""
    score: float | None = None
    """The sum of the trees; None where it was not scored."""
    chance: float | None = None
    """Calibrated: how often such payments are fraud."""
    rules: tuple[str, ...] = ()
    """Live rules that fired."""
    rules_shadow: tuple[str, ...] = ()
    """Rules in shadow that fired: counted, and nothing is done."""
    would: Action = Action.ALLOW
    """What would have been decided if all rules and the model were live and no budget had an end."""
    withheld: Withheld = Withheld.NO
    features_digest: str = ""
    """Of the features and facts that were read, sixteen hexadecimal digits; "" where none were."""
    versions: str = ""
    """Digest of model, rules and policy together (`Versions.digest`)."""
    is_repeat: bool = False
    """The same message came before; this is its first answer."""

    @property
    def remedy(self) -> Remedy | None:
        """What the account holder is told beside the causes: until when, and what can be done; None where it is allowed."""
        return remedy_of(self.id, self.action.name, self.ground.name, self.expires_us)


WAITS: Final = (Action.DELAY, Action.HOLD)

__all__ = ["WAITS", "Action", "Cause", "Decision", "Ground", "Problem", "Withheld"]
