"""What commands of the room of cases are to the table of rights: the action that each needs, and what it is about. Pure.

What a thing is comes from the state and never from the request: who made it, who agreed to it, where its account was held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup import cases, orders
from recoup.cases import Case, Matter
from recoup.cases import commands as asked
from recoup.cases.state import AppealTrigger, ClaimTrigger, MotionTrigger
from recoup.centre.commands import Declined
from recoup.centre.requests import Request
from recoup.centre.state import CentreState
from recoup.staff import Action, Target

CASE_ACTIONS: Final[Mapping[type, Action]] = {
    asked.SettleClaim: Action.CLAIM_SETTLE,
    asked.NoteRepaid: Action.REPAID_NOTE,
    asked.NoteHarm: Action.HARM_NOTE,
    asked.NoteAccountKind: Action.HARM_NOTE,
    asked.WriteOrder: Action.ORDER_DRAFT,
    asked.AgreeToOrder: Action.ORDER_APPROVE,
    asked.TakeUp: Action.ORDER_ISSUE,
    asked.ProposeMandate: Action.MANDATE_PROPOSE,
    asked.AgreeToMandate: Action.MANDATE_AGREE,
    asked.RevokeMandate: Action.MANDATE_REVOKE,
    asked.ProposeFinding: Action.FINDING_PROPOSE,
    asked.SettleFinding: Action.FINDING_SETTLE,
    asked.MakeMotion: Action.MOTION_MAKE,
    asked.SettleMotion: Action.MOTION_SETTLE,
    asked.NoteOpinion: Action.OPINION_NOTE,
    asked.FileAppeal: Action.APPEAL_FILE,
    asked.SettleAppeal: Action.APPEAL_SETTLE,
    asked.SendNotice: Action.NOTICE_SEND,
    asked.RecordForeignAnswer: Action.FOREIGN_NOTE,
}
"""The right that a command needs where its content does not say otherwise (`action_of`)."""


def action_of(state: CentreState, request: Request) -> Action | None:
    """Return the right that a command of this room needs; None for one that no person gives."""
    case = state.case(request.case)
    match request.what:
        case asked.SettleClaim(trigger=ClaimTrigger.WITHDRAW):
            return Action.CLAIM_WITHDRAW
        case asked.SettleAppeal(trigger=AppealTrigger.WITHDRAW):
            return Action.APPEAL_FILE
        case asked.SettleMotion(trigger=MotionTrigger.WITHDRAW):
            return Action.MOTION_MAKE
        case asked.SettleMotion(motion_id):
            motion = next((row for row in case.motions if row.id == motion_id), None)
            is_hardship = motion is not None and motion.matter is Matter.HARDSHIP
            return Action.HARDSHIP_SETTLE if is_hardship else Action.MOTION_SETTLE
        case _:
            return CASE_ACTIONS.get(type(request.what))


def target_of(state: CentreState, request: Request) -> Target | Declined:
    """Return what a command of this room is about."""
    case = state.case(request.case)
    unit = state.target_of_case(request.case).unit
    match request.what:
        case asked.AgreeToOrder(order) | asked.TakeUp(order):
            found = state.written_order(request.case, order.id)
            if found is None or found != order:
                return Declined(orders.Reason.ORDER_UNKNOWN, order.id)
            return Target(unit, owner=found.made_by)
        case asked.FileAppeal(account=account) | asked.SendNotice(account=account):
            return Target(unit, state.institution_told(request.case, account))
        case asked.NoteOpinion(account=account, institution=institution):
            told = state.institution_told(request.case, account)
            return Target(unit, told if told == institution else "")
        case _:
            return _of_thing(case, request.what, unit, state)


def _of_thing(case: Case, command: object, unit: str, state: CentreState) -> Target | Declined:
    """Return what a command is about that settles what somebody made."""
    unknown = cases.Reason
    match command:
        case asked.SettleClaim(claim_id):
            claim = case.claim(claim_id)
            if claim is None:
                return Declined(unknown.CLAIM_UNKNOWN, claim_id)
            return Target(unit, owner=claim.made_by)
        case asked.AgreeToMandate(mandate_id) | asked.RevokeMandate(mandate_id):
            mandate = next((row for row in case.mandates if row.id == mandate_id), None)
            if mandate is None:
                return Declined(unknown.MANDATE_UNKNOWN, mandate_id)
            return Target(unit, owner=mandate.proposed_by)
        case asked.SettleFinding(finding_id):
            finding = next((row for row in case.findings if row.id == finding_id), None)
            if finding is None:
                return Declined(unknown.FINDING_UNKNOWN, finding_id)
            return Target(unit, owner=finding.made_by)
        case asked.SettleMotion(motion_id):
            motion = next((row for row in case.motions if row.id == motion_id), None)
            if motion is None:
                return Declined(unknown.MOTION_UNKNOWN, motion_id)
            return Target(unit, owner=motion.by)
        case asked.SettleAppeal(appeal_id):
            appeal = next((row for row in case.appeals if row.id == appeal_id), None)
            if appeal is None:
                return Declined(unknown.APPEAL_UNKNOWN, appeal_id)
            hold = case.standing(appeal.account, appeal.currency)
            makers = hold.makers if hold else ()
            told = state.institution_told(case.id, appeal.account)
            return Target(unit, told, next(iter(makers), ""), makers)
        case _:
            return Target(unit)


__all__ = ["CASE_ACTIONS", "action_of", "target_of"]
