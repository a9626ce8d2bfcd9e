"""How the room of staff stands in the centre: units, persons, roles, sessions, duties. Adds no rule to it."""

from __future__ import annotations

from datetime import datetime

from recoup import staff
from recoup.cases import CasePolicy
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request
from recoup.centre.roster import shift_digest, still_due
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.staff import commands
from recoup.staff.events import Event


def decide_staff(
    state: CentreState, request: Request, now: datetime, _: CasePolicy
) -> Decision | Declined:
    """Decide one request of the room of staff; a case must have been opened, which that room does not know."""
    if isinstance(request.what, commands.LogEscalation):
        case = request.what.case
        if not state.case(case).is_open:
            return Declined(CentreReason.CASE_UNKNOWN, case)
    digest = ""
    if isinstance(request.what, commands.HandOverShift | commands.TakeOverShift):
        named = request.what
        who = named.giver if isinstance(named, commands.HandOverShift) else named.taker
        if who != request.actor.who:  # two persons: neither may speak for the other
            return Declined(CentreReason.ACTOR_DIFFERS)
        unit = request.what.unit
        digest = shift_digest(unit, still_due(state.shift_of(unit), now))
    found = staff.decide(state.staff, request.what, now, digest)
    if isinstance(found, staff.Denial):
        return Declined(found.reason, found.found)
    subject = _subject(request.what)
    noted = tuple(Noted(SubjectId(subject), event) for event in found)
    return Decision(encode_plain({"id": subject}), noted)


def evolve_staff(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event of the room of staff into its register."""
    state.staff = staff.evolve(state.staff, event)
    return state


def _subject(command: commands.Command) -> str:
    """Return what a command about staff is about: a case, a unit or a person."""
    match command:
        case commands.AddUnit(unit):
            return unit.id
        case commands.LogEscalation(case=case):
            return case
        case commands.HandOverShift(unit=unit_id) | commands.TakeOverShift(unit=unit_id):
            return unit_id
        case commands.CloseSession(token_hash):
            return token_hash
        case _:
            return command.person


__all__ = ["decide_staff", "evolve_staff"]
