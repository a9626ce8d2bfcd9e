"""What an institution says of likely victims, suspect accounts and measures, as commands of the room of care. Decides nothing.

A lead opens a dissuasion or joins one; a suspicion becomes a proposal that binds nobody until persons agree to it; that a
holder was told of a measure is noted. Ids follow
from the message, so that a letter that comes again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from recoup.care import Lead, LeadSource, Measure, MeasureGround, MeasureKind, RiskGrade
from recoup.care.dissuading import TakeLead
from recoup.care.measuring import ProposeMeasure, TellHolder
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
from recoup.clock import instant_text
from recoup.errors import MessageFault, MessageProblem
from recoup.messages import LeadMessage, MeasureNoticeMessage, SuspicionMessage

_FOREVER: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
"""Later than any end that a policy sets: the policy's stands then."""
_WHY: Final = "its watch says so"
_TOLD: Final = "it told the holder"


def suspected(
    directory: Directory,
    institution: str,
    message: LeadMessage | SuspicionMessage,
    now: datetime,
) -> Command:
    """Return what a letter of an institution's watch asks the room of care for.

    Raises:
        MessageFault: it speaks for another institution, or of a grade or measure that this version does not know.
    """
    if message.institution != institution:
        raise MessageFault(MessageProblem.SENDER_WRONG)
    what: TakeLead | ProposeMeasure
    match message:
        case LeadMessage():
            what = _lead(directory, message, now)
        case SuspicionMessage():
            what = _proposal(directory, message)
    name = COMMAND_REGISTRY.name_of(what)[0]
    request = Request(Actor(institution, INSTITUTION, _WHY), what)
    return command_of(COMMAND_REGISTRY, derived_id(name, institution, message.id), request)


def holder_told(institution: str, message: MeasureNoticeMessage) -> Command:
    """Return the note that an institution's holder was told of a measure, or of its end."""
    what = TellHolder(message.measure, institution, message.is_over)
    request = Request(Actor(institution, INSTITUTION, _TOLD), what)
    name = COMMAND_REGISTRY.name_of(what)[0]
    return command_of(COMMAND_REGISTRY, derived_id(name, institution, message.id), request)


def _lead(directory: Directory, message: LeadMessage, now: datetime) -> TakeLead:
    if not isinstance(message.grade, RiskGrade):
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected a grade that is known", "grade")
    who = message.institution
    account = directory.account(who, message.account_number)
    lead = Lead(
        _thing("lead", who, message.id),
        LeadSource.WATCH,
        who,
        message.id,
        message.unit,
        who,
        account,
        (account,),
        message.grade,
        message.currency,
        message.amount,
        message.code,
        min(message.at, now),  # two clocks are never quite alike
        message.expires_at,
        who,
    )
    return TakeLead(lead, _thing("dissuasion", who, message.id))


def _proposal(directory: Directory, message: SuspicionMessage) -> ProposeMeasure:
    if not isinstance(message.kind, MeasureKind):
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected a measure that is known", "kind")
    who, since = message.institution, instant_text(message.since)
    said = (
        f"{message.payments} payments with {message.others} others since {since} spoke against it"
    )
    wanted = Measure(
        id=_thing("measure", who, message.id),
        kind=message.kind,
        account=directory.account(who, message.account_number),
        institution=who,
        currency=message.currency,
        unit=message.unit,
        ground=MeasureGround.RED_FLAG,
        about=message.code,
        reason=said,
        limit=0,
        made_by=who,
        made_at=message.at,
        ends_at=_FOREVER,
    )
    return ProposeMeasure(wanted)


def _thing(kind: str, institution: str, message: str) -> str:
    """Return the id of what a message makes, of the form that other things have: people meet it in addresses."""
    return f"{kind}_{derived_id(kind, institution, message).partition(OWN_MARK)[2][:32]}"


__all__ = ["holder_told", "suspected"]
