"""Which level of unit a request needs: the policy's table asked about what a command is about. Says nothing of who asks.

Who agrees needs the level of what is agreed to. Where an order needs nobody beside its maker, whoever lets it leave needs it;
an order under a standing authority needs nothing more, since that was agreed to at the level of its reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recoup.cases import CasePolicy, Matter
from recoup.cases import commands as cases
from recoup.cases.state import AppealTrigger, ClaimTrigger, MotionTrigger
from recoup.centre.requests import Request
from recoup.centre.return_rights import action_of_return
from recoup.centre.state import CentreState
from recoup.orders import Deed, Level, Order, approvals_needed
from recoup.orders import commands as orders
from recoup.staff import Action

DEEDS: Final[Mapping[type, Deed]] = {
    cases.SettleClaim: Deed.CLAIM,
    cases.SettleFinding: Deed.FINDING,
    cases.SettleAppeal: Deed.APPEAL,
}
"""Commands by which a person decides something that is no order."""

MATTERS: Final[Mapping[Matter, Deed]] = {
    Matter.SURPLUS: Deed.SURPLUS,
    Matter.HARDSHIP: Deed.HARDSHIP,
    Matter.SWAP: Deed.SWAP,
    Matter.DEFERRAL: Deed.DEFERRAL,
    Matter.JOINING: Deed.WIDENING,
    Matter.CAP: Deed.CAP,
}
"""What a motion decides, once a second person agrees."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What an order needs before it may leave."""

    persons: int
    """Beside its maker."""
    level: Level
    """Of the unit at which they hold their role; without any, at which it is let go."""


def needs_of(order: Order, policy: CasePolicy) -> Needs:
    """Return who must agree to an order, and how high their units stand."""
    return Needs(approvals_needed(order, policy.orders), policy.levels.of_order(order))


def level_needed(state: CentreState, request: Request, policy: CasePolicy) -> Level | None:
    """Return the level of unit that a request needs; None where any will do."""
    command = request.what
    match command:
        case orders.ApproveOrder(order_id):
            found = state.find(order_id)
            return None if found is None else policy.levels.of_order(found[1].order)
        case orders.IssueOrder(order_id):
            found = state.find(order_id)
            return None if found is None else _to_let_go(found[1].order, policy)
        case cases.AgreeToOrder(order):
            return policy.levels.of_order(order)
        case cases.TakeUp(order):
            return _to_let_go(order, policy)
        case cases.AgreeToMandate(mandate_id):
            mandates = state.case(request.case).mandates
            mandate = next((row for row in mandates if row.id == mandate_id), None)
            if mandate is None:
                return None
            reach = (mandate.amount_max, mandate.currency, mandate.hops_max)
            return policy.levels.of_mandate(*reach)
        case (
            cases.SettleClaim(trigger=ClaimTrigger.WITHDRAW)
            | cases.SettleAppeal(trigger=AppealTrigger.WITHDRAW)
            | cases.SettleMotion(trigger=MotionTrigger.WITHDRAW)
        ):
            return None  # whoever made it takes it back
        case cases.SettleMotion(motion_id):
            motions = state.case(request.case).motions
            motion = next((row for row in motions if row.id == motion_id), None)
            return None if motion is None else policy.levels.rows[MATTERS[motion.matter]]
        case _ if action_of_return(command) is Action.RETURN_APPROVE:
            return None if policy.procedure is None else policy.procedure.approval_level
        case _:
            deed = DEEDS.get(type(command))
            return None if deed is None else policy.levels.rows[deed]


def _to_let_go(order: Order, policy: CasePolicy) -> Level | None:
    needs = needs_of(order, policy)
    return None if needs.persons or order.mandate else needs.level


__all__ = ["DEEDS", "MATTERS", "Needs", "level_needed", "needs_of"]
