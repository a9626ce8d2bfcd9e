"""Decides any request of the centre: whether it may reach its room, then by the room, and notes who acted.

The rules are the rooms'; which room, `rooms` says; who may, `rights` says.
"""

from __future__ import annotations

from datetime import datetime

from recoup.cases import CasePolicy
from recoup.centre.commands import Command, Decide, Decision, Declined, Noted
from recoup.centre.reasons import CentreReason
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import CLOCK, SENDER, Acted, Request
from recoup.centre.rights import admit
from recoup.centre.rooms import ROOM_OF_COMMAND
from recoup.centre.state import CentreState
from recoup.frozen import replace
from recoup.journal.canonical import encode_plain
from recoup.orders.refusals import Reason


def decider(policy: CasePolicy) -> Decide[CentreState]:
    """Return the writer's `decide` under one jurisdiction's terms."""

    def decide(state: CentreState, command: Command, now: datetime) -> Decision | Declined:
        asked: Request = command.value
        if _speaks_for_a_machine(asked):
            return Declined(CentreReason.ACTOR_DIFFERS)
        request = admit(state, asked, now, policy)
        if isinstance(request, Declined):
            return request
        found = ROOM_OF_COMMAND[type(request.what)].decide(state, request, now, policy)
        if isinstance(found, Declined):
            return _without_effect(request, found)
        if request.deadline:
            found = replace(found, ended=(*found.ended, request.deadline))
        if request.message:
            found = replace(found, settled=(*found.settled, request.message))
        if not found.events:
            return found
        actor = request.actor
        name, _ = COMMAND_REGISTRY.name_of(request.what)
        acted = Noted(found.events[0].subject, Acted(actor.who, actor.role, actor.reason, name))
        return replace(found, events=(acted, *found.events))

    return decide


def _speaks_for_a_machine(request: Request) -> bool:
    """Whether a request would take away a deadline or a message that is not its actor's to take away."""
    rows = ((request.deadline, CLOCK), (request.message, SENDER))
    return any(row and request.actor != machine for row, machine in rows)


def _without_effect(request: Request, declined: Declined) -> Decision | Declined:
    """Take away a deadline or a message that no longer fits, lest it come for ever; one that came too early stays."""
    rows = request.deadline, request.message
    if rows == ("", "") or declined.reason == Reason.TERM_RUNS:
        return declined
    ended, settled = (tuple(filter(None, [row])) for row in rows)
    answer = encode_plain({"declined": str(declined.reason)})  # rooms decline by enum, too
    return Decision(answer, ended=ended, settled=settled)


__all__ = ["decider"]
