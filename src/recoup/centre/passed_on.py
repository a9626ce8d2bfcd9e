"""What a holder says against a decision of an institution's watch, as a command of the room of care. Decides nothing.

The holder's words and the institution's number of the decision are personal: they lie in the vault, and the journal hears of
opaque ids. Ids follow from the message, so that a letter that comes again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from recoup.care import DecisionAppeal, DecisionGround, DecisionKind
from recoup.care.appealing import FileDecisionAppeal
from recoup.care.limits import (
    DECISION_CODE_CHARS_MAX,
    DECISION_CODES_MAX,
    DECISION_TEXT_CHARS_MAX,
)
from recoup.centre.account_room import TEXTS
from recoup.centre.commands import Command
from recoup.centre.directory import Directory
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import (
    INSTITUTION,
    OWN_MARK,
    Actor,
    Request,
    command_of,
    derived_id,
)
from recoup.errors import MessageFault, MessageProblem
from recoup.messages import DecisionAppealMessage
from recoup.stores.vault import Purpose

NUMBER: Final = "decision"
"""Field under which the vault has the institution's number of a decision."""
_WHY: Final = "passes a holder's objection on"


def passed_on(
    directory: Directory, institution: str, message: DecisionAppealMessage, now: datetime
) -> Command:
    """Keep what is personal, and return the command that files the appeal.

    Raises:
        MessageFault: it speaks for another institution, or of a decision that this version does not know.
    """
    if message.institution != institution:
        raise MessageFault(MessageProblem.SENDER_WRONG)
    kind, ground = message.kind, message.ground
    if not isinstance(kind, DecisionKind) or not isinstance(ground, DecisionGround):
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected a decision that is known", "kind")
    is_short = len(message.codes) <= DECISION_CODES_MAX
    if not is_short or max(map(len, message.codes), default=0) > DECISION_CODE_CHARS_MAX:
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected fewer, shorter codes", "codes")
    words = message.statement
    if not words.strip() or len(words) > DECISION_TEXT_CHARS_MAX or not message.decision:
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected an objection", "statement")
    decision = directory.row_id(message.decision)
    # Made of the decision too: words that were kept for a letter that never arrived are none of another decision's.
    letter = (institution, message.id, decision)
    opaque = derived_id("decision_appeal", *letter).partition(OWN_MARK)[2][:32]
    appeal_id, text = f"appeal_{opaque}", f"text_{opaque}"
    wanted = DecisionAppeal(
        id=appeal_id,
        institution=institution,
        decision=decision,
        account=directory.account(institution, message.account_number),
        currency=message.currency,
        amount=message.amount,
        kind=kind,
        ground=ground,
        codes=message.codes,
        decided_at=message.decided_at,
        waits_until=message.waits_until,
        unit=message.unit,
        filed_by=institution,
        filed_at=message.filed_at,  # not now: the same letter again is the same command
        due_at=message.filed_at,
        text=text,
    )
    what = FileDecisionAppeal(wanted)
    command_id = derived_id(COMMAND_REGISTRY.name_of(what)[0], *letter)
    subject = f"{TEXTS} {appeal_id}"
    if not directory.has(
        subject, text
    ):  # the first words stay; those of a letter that is refused go again
        pieces = [(subject, text, words), (subject, NUMBER, message.decision)]
        directory.keep_first(pieces, command_id, now)
    return command_of(
        COMMAND_REGISTRY, command_id, Request(Actor(institution, INSTITUTION, _WHY), what)
    )


def number_of(directory: Directory, appeal: str, who: str, why: str) -> str:
    """Return the institution's number of the decision that an appeal is about; '' where it was erased."""
    return directory.read(f"{TEXTS} {appeal}", NUMBER, Purpose(who, appeal, why)) or ""


__all__ = ["NUMBER", "number_of", "passed_on"]
