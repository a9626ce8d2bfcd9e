"""Passes a holder's objection to a decision on to the centre: the letter is made of what the watch itself decided and showed.

Whoever asks again hears where the appeal stands, and apart from that where the payment does: upheld is no leave to pay.

1. Only a decision of a live rule or of the model is appealed against here: an order and a measure are the centre's own.
2. One decision is appealed against once; the same objection again gets the same answer.
3. The letter says of the holder no more than the account, and of the payment no more than its number and amount.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from recoup.care import DecisionGround, DecisionKind
from recoup.care.limits import (
    DECISION_CODE_CHARS_MAX,
    DECISION_CODES_MAX,
    DECISION_TEXT_CHARS_MAX,
)
from recoup.clock import instant_of
from recoup.messages import DecisionAppealMessage, Minor
from recoup.watch.decision import Action, Decision, Ground
from recoup.watch.told import AppealSettled
from recoup.watching.asked import Plain
from recoup.watching.became import PaymentStanding
from recoup.watching.deciding import Watch
from recoup.watching.service.bodies import instant_text
from recoup.watching.service.problems import ProblemError

FILED: Final = "filed"
"""It is on its way to the centre, or lies there."""
DECLINED: Final = "declined"
"""The centre will not take it, and said why: nobody decides on it."""
_KINDS: Final = {
    Action.WARN: DecisionKind.WARN,
    Action.DELAY: DecisionKind.DELAY,
    Action.HOLD: DecisionKind.HOLD,
    Action.REFUSE: DecisionKind.REFUSE,
}
_GROUNDS: Final = {Ground.RULE: DecisionGround.RULE, Ground.MODEL: DecisionGround.MODEL}


class Appealed(NamedTuple):
    """Where an appeal stands, and its payment."""

    state: str
    """`filed`, `upheld`, `dismissed`, `declined`."""
    payment: PaymentStanding
    """Read in the same moment: an appeal that is told as upheld has let its payment go on by then, or could not."""
    reason: str = ""
    """Why the centre did not take it, of one that is declined."""


class Letters(Protocol):
    """Where letters to the centre are kept before they are sent."""

    def declined(self, letter: DecisionAppealMessage) -> str:
        """Return why the centre will never take a letter that was posted; '' where it took it, or has not answered yet."""

    def kept(self, letter: DecisionAppealMessage) -> DecisionAppealMessage:
        """Keep a letter, durable when this returns; return the one of its id that was kept first."""


class Addressed(NamedTuple):
    """Who passes an objection on, and whose task it becomes."""

    institution: str
    unit: str
    is_ours: Callable[[str], bool]
    """Whether an account is the institution's own."""


class _Found(NamedTuple):
    """What is known of a decision."""

    outcome: str
    decided: tuple[Plain, Decision] | None
    standing: PaymentStanding


class Appeals:
    """Takes objections in. Any thread but the one that owns the core may ask."""

    def __init__(
        self,
        watch: Callable[[], Watch],
        on_thread: Callable[[Callable[[], object]], object],
        letters: Letters,
        to: Addressed,
        now: Callable[[], datetime],
    ) -> None:
        """Put it before a watch; `on_thread` has something done on the thread that owns it, and waits."""
        self._watch, self._on_thread, self._letters = watch, on_thread, letters
        self._to, self._now = to, now

    def file(self, number: str, statement: str) -> Appealed:
        """Pass an objection to the decision of this number on; return where the appeal and the payment stand.

        Raises:
            ProblemError: nobody decided so, nothing was to object to, or another objection was filed before.
        """
        is_shown = all(
            sign >= " " or sign in "\n\t" for sign in statement
        )  # else no message takes it
        if not statement.strip() or not is_shown or len(statement) > DECISION_TEXT_CHARS_MAX:
            raise ProblemError("statement_unfit")
        found = self._on_thread(lambda: self._look(number))
        assert isinstance(found, _Found), "looked at on the other thread"
        if found.outcome:
            return Appealed(found.outcome, found.standing)
        if found.decided is None:
            raise ProblemError("decision_unknown")
        paid, decision = found.decided
        letter = letter_of(paid, decision, statement, self._to, self._now())
        first = self._letters.kept(letter)
        if first.statement != statement:
            raise ProblemError("decision_appealed")
        why = self._letters.declined(first)
        return Appealed(DECLINED if why else FILED, found.standing, why)

    def _look(self, number: str) -> _Found:
        watch = self._watch()
        return _Found(self._outcome(watch, number), watch.decided(number), watch.standing(number))

    def _outcome(self, watch: Watch, number: str) -> str:
        """Return what the centre decided on an appeal against a decision; '' where it did not say so."""
        copy = watch.copy
        told = None if copy is None else copy.told.get(("appeal", number))
        if told is None:
            return ""
        assert isinstance(told[1], AppealSettled), "kept under this key only"
        return "upheld" if told[1].is_upheld else "dismissed"


def appealed_body(number: str, found: Appealed) -> dict[str, object]:
    """Return what a caller is told of an appeal and of its payment; instants as text of RFC 3339."""
    stands = found.payment
    payment: dict[str, object] = {"state": stands.state.value}
    for name, time_us in (("at", stands.at_us), ("until", stands.until_us)):
        if time_us is not None:
            payment[name] = instant_text(time_us)
    if stands.bound_by:
        payment["bound_by"] = [one._asdict() for one in stands.bound_by]
    body: dict[str, object] = {"id": number, "state": found.state, "payment": payment}
    return body | {"reason": found.reason} if found.reason else body


def letter_of(
    paid: Plain, decision: Decision, statement: str, to: Addressed, now: datetime
) -> DecisionAppealMessage:
    """Return the letter; `ProblemError` where nothing can be objected to here."""
    kind, ground = _KINDS.get(decision.action), _GROUNDS.get(decision.ground)
    own = [account for account in (paid.payer, paid.payee) if account and to.is_ours(account)]
    if kind is None or ground is None or not own:
        raise ProblemError("decision_not_appealable")
    codes = dict.fromkeys(cause.code[:DECISION_CODE_CHARS_MAX] for cause in decision.causes)
    until_us = decision.expires_us
    return DecisionAppealMessage(
        _id(to.institution, decision.id),
        to.institution,
        to.unit,
        decision.id,
        own[0],  # the payer's, unless that is another institution's
        paid.currency,
        Minor(paid.amount),
        kind,
        ground,
        min(instant_of(paid.time_us), now),  # a payment may be dated ahead, a letter may not
        now,
        statement,
        tuple(codes)[:DECISION_CODES_MAX],
        None if until_us is None else instant_of(until_us),
    )


def _id(institution: str, number: str) -> str:
    whole = sha256(b"recoup decision appeal 1\n")
    for part in (institution, number):
        whole.update(len(part.encode()).to_bytes(4, "big") + part.encode())
    return f"appeal-{whole.hexdigest()[:32]}"


__all__ = [
    "DECLINED",
    "FILED",
    "Addressed",
    "Appealed",
    "Appeals",
    "Letters",
    "appealed_body",
    "letter_of",
]
