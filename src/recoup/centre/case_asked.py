"""What is asked of the room of cases: in whose name, about which thing, and whether it fits other cases. Adds no law."""

from __future__ import annotations

from typing import Final

from recoup.cases import (
    Found,
    Matter,
    Motion,
    Reason,
)
from recoup.cases.commands import (
    AcceptHandover,
    AgreeToMandate,
    AgreeToOrder,
    Command,
    DecideSurplus,
    DeclineHandover,
    DeferNotice,
    FileAppeal,
    GrantHardship,
    JoinCase,
    LiftCap,
    MakeMotion,
    NoteOpinion,
    NoteRepaid,
    OfferHandover,
    ProposeFinding,
    ProposeMandate,
    RecordForeignAnswer,
    RevokeMandate,
    SettleAppeal,
    SettleClaim,
    SettleEscalation,
    SettleFinding,
    SettleMotion,
    SwapAccount,
    TakeReport,
    TakeUp,
    WithdrawHandover,
    WriteOrder,
)
from recoup.centre.account_room import ACCOUNT_UNKNOWN, INSTITUTION_DIFFERS
from recoup.centre.commands import Declined
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request, is_usable
from recoup.centre.state import CentreState

CHASE: Final = "chase"
"""The role of the chase itself: it makes orders of the plan, within a standing authority only."""
BY_MOTION: Final = (DecideSurplus, GrantHardship, LiftCap, SwapAccount, DeferNotice, JoinCase)
"""What takes two persons in one command: here each of the two acts (`cases.motions`)."""


def _named(command: Command) -> str | None:
    """Return the person in whose name a command speaks; None where it names nobody, or two who are asked elsewhere."""
    match command:
        case TakeReport(report):
            return report.entered_by
        case SettleClaim() | AgreeToOrder() | AgreeToMandate() | RevokeMandate() | SettleFinding():
            return command.by
        case SettleAppeal() | OfferHandover() | AcceptHandover() | SettleMotion() | WriteOrder():
            return command.by
        case DeclineHandover() | WithdrawHandover() | SettleEscalation():
            return command.by
        case MakeMotion(motion):
            return motion.by
        case ProposeMandate(mandate):
            return mandate.proposed_by
        case ProposeFinding(finding):
            return finding.made_by
        case TakeUp(order):
            return order.made_by
        case _:
            return None


def not_theirs(request: Request) -> Declined | None:
    """Refuse a command that speaks for somebody else, about no case, or that a machine may not give."""
    if not is_usable(request.case):
        return Declined(CentreReason.ID_UNUSABLE, "the case")
    if isinstance(request.what, BY_MOTION):
        return Declined(CentreReason.SECOND_PERSON_ABSENT)
    is_machine = request.actor.role == CHASE
    if is_machine and isinstance(request.what, TakeUp) and not request.what.order.mandate:
        return Declined(CentreReason.MANDATE_MISSING)
    named = _named(request.what)
    if request.session and isinstance(request.what, TakeUp):
        named = None  # whoever the table of rights lets another's order leave by does not speak for its maker
    if named is not None and named != request.actor.who:
        return Declined(CentreReason.ACTOR_DIFFERS)
    return None


def unfit(state: CentreState, request: Request) -> Declined | None:
    """Refuse a motion about what no single case knows: another case, an account that a holder offers."""
    match request.what:
        case MakeMotion(Motion(matter=Matter.JOINING) as motion):
            there = state.case(motion.other)
            if not there.is_open:
                return Declined(Reason.CASE_NOT_OPEN, motion.other)
            lying = {Found.LOCATED, Found.UNKNOWN}
            if not any(x.account == motion.account and x.found in lying for x in there.places):
                return Declined(Reason.TRAILS_APART, "the other trail does not reach the account")
        case MakeMotion(Motion(matter=Matter.SWAP) as motion):
            if (request.case, motion.offered) not in state.entered:
                return Declined(ACCOUNT_UNKNOWN, motion.offered)
            if state.accounts[motion.offered] != motion.institution:
                return Declined(INSTITUTION_DIFFERS, motion.institution)
        case NoteOpinion(institution=""):
            return Declined(ACCOUNT_UNKNOWN, request.what.account)
        case _:
            pass
    return None


def thing_of(request: Request) -> str:
    """Return the id of what a command made or settled; the case's own where it is about no such thing."""
    match request.what:
        case SettleClaim(thing) | SettleFinding(thing) | SettleMotion(thing) | SettleAppeal(thing):
            return thing
        case AgreeToMandate(thing) | RevokeMandate(thing) | RecordForeignAnswer(thing):
            return thing
        case WriteOrder(thing) | NoteRepaid(thing) | NoteOpinion(thing) | FileAppeal(thing):
            return thing
        case AgreeToOrder(order) | TakeUp(order):
            return order.id
        case ProposeMandate(made):
            return made.id
        case ProposeFinding(made) | MakeMotion(made):
            return made.id
        case OfferHandover(thing) | AcceptHandover(thing) | DeclineHandover(thing):
            return thing
        case WithdrawHandover(thing) | SettleEscalation(thing):
            return thing
        case _:
            return request.case


__all__ = ["BY_MOTION", "CHASE", "not_theirs", "thing_of", "unfit"]
