"""What commands of the room of returns are to the table of rights: the action that each needs, and what it is about. Pure.

What a thing is comes from the state and never from the request: the unit that leads, who made what is decided on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.centre.commands import Declined
from recoup.centre.state import CentreState
from recoup.procedure import Reason, Return
from recoup.procedure import commands as asked
from recoup.staff import Action, Target

RETURN_ACTIONS: Final[Mapping[type, Action]] = {
    asked.OpenReturn: Action.RETURN_APPLY,
    asked.OpenRound: Action.RETURN_APPLY,
    asked.TakeApplication: Action.RETURN_APPLY,
    asked.TakeApplicationBack: Action.RETURN_APPLY,
    asked.TakeObjection: Action.RETURN_APPLY,
    asked.CheckProof: Action.RETURN_CHECK,
    asked.BindPlan: Action.RETURN_PREPARE,
    asked.PublishNotice: Action.RETURN_PREPARE,
    asked.NotifyBank: Action.RETURN_PREPARE,
    asked.ProposePayee: Action.RETURN_PREPARE,
    asked.ApprovePlan: Action.RETURN_APPROVE,
    asked.SendPlanBack: Action.RETURN_APPROVE,
    asked.SettleObjection: Action.RETURN_APPROVE,
    asked.DecideRound: Action.RETURN_APPROVE,
    asked.EndRound: Action.RETURN_APPROVE,
    asked.SettleIncident: Action.RETURN_APPROVE,
    asked.AgreeToPayee: Action.RETURN_APPROVE,
    asked.GivePaymentUp: Action.RETURN_APPROVE,
    asked.NoteSeized: Action.RETURN_PREPARE,
    asked.NotePriorRight: Action.RETURN_PREPARE,
    asked.NoteInterest: Action.RETURN_PREPARE,
    asked.HandOver: Action.RETURN_PREPARE,
    asked.TakeHandoverBack: Action.RETURN_PREPARE,
    asked.AgreeToSeized: Action.RETURN_CHECK,
    asked.EndSeized: Action.RETURN_APPROVE,
    asked.EndPriorRight: Action.RETURN_APPROVE,
    asked.ConfirmHandover: Action.RETURN_CHECK,
}
"""The right that a command needs; taking a round back before it is decided is `RETURN_PREPARE` (`action_of_return`)."""


def action_of_return(command: object) -> Action | None:
    """Return the right that a command of this room needs; None for one that no person gives."""
    if isinstance(command, asked.EndRound) and not command.is_refused:
        return Action.RETURN_PREPARE
    return RETURN_ACTIONS.get(type(command))


def target_of_return(state: CentreState, command: asked.Command) -> Target | Declined:
    """Return what a command of this room is about."""
    if isinstance(command, asked.OpenReturn):
        return state.target_of_case(command.cases[0] if command.cases else "")
    found = state.returns.get(command.return_id)
    if found is None:
        return Declined(Reason.RETURN_UNKNOWN, command.return_id)
    return Target(state.unit_of_case(found.cases[0]), owner=_owner(found, command))


def _owner(found: Return, command: asked.Command) -> str:
    """Return who made what a command decides on."""
    plan = found.round.plan
    maker = plan.made_by if plan else found.round.opened_by
    match command:
        case asked.CheckProof(_, application_id):
            rows = found.round.applications
            return next((row.taken_by for row in rows if row.id == application_id), maker)
        case asked.AgreeToPayee(_, payment_id):
            payment = found.payment(payment_id)
            return (payment.proposed_by if payment else "") or maker
        case asked.SettleIncident(_, payment_id) | asked.GivePaymentUp(_, payment_id):
            payment = found.payment(payment_id)
            decided = found.rounds[payment.round - 1].plan if payment else None
            return decided.made_by if decided else maker
        case asked.AgreeToSeized(_, seized_id) | asked.EndSeized(_, seized_id):
            seized = found.seized_of(seized_id)
            return seized.noted_by if seized else maker
        case asked.EndPriorRight(_, right_id):
            return next((row.noted_by for row in found.rights if row.id == right_id), maker)
        case asked.ConfirmHandover(_, payment_id):
            payment = found.payment(payment_id)
            return next(iter(payment.officers), maker) if payment else maker
        case _:
            return maker


__all__ = ["RETURN_ACTIONS", "action_of_return", "target_of_return"]
