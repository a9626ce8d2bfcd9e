"""How other systems' reports and holds come into the centre: each row a command of its own, under its id there, once for ever.

1. A row becomes a report, a claim and, of a register, a hold with its own end, in one entry; the end is a deadline at once.
2. Nothing is told to an institution because of an import: no order is issued, no message written.
3. The row's command has an id that follows from the other system's: the same row again gets the first answer, other content
   under the same id is refused, whoever imports it and whenever.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recoup.cases import CasePolicy
from recoup.centre.account_room import entered
from recoup.centre.case_room import CaseWork
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.import_commands import (
    EnterForeign,
    ForeignHold,
    ForeignNoted,
    ImportNoted,
    NoteImport,
)
from recoup.centre.intake_room import decide_intake
from recoup.centre.order_room import OrderWork
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.orders import HoldKey, Order
from recoup.orders.taking_over import TakeOver


def decide_imports(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request of an import."""
    command: EnterForeign | NoteImport = request.what
    if isinstance(command, NoteImport):
        if command.noted.by != request.actor.who:
            return Declined(CentreReason.ACTOR_DIFFERS)
        told = encode_plain({"import": command.noted.id})
        return Decision(told, (Noted(SubjectId(command.noted.id), command.noted),))
    # The intake's own rules first: whose report it is, which ids can be written, and what the room of cases says.
    found = decide_intake(state, replace(request, what=command.enter), now, policy)
    if isinstance(found, Decision) and command.hold is not None:
        found = _with_hold(CaseWork(state, policy, now), state, request, command.hold)
    if isinstance(found, Declined):
        return found
    report = command.enter.take.report.id
    noted = Noted(SubjectId(request.case), ForeignNoted(command.foreign, request.case, report))
    told = encode_plain({"case": request.case, "report": report})
    return replace(found, answer=told, events=(*found.events, noted))


def _with_hold(
    cases: CaseWork, state: CentreState, request: Request, held: ForeignHold
) -> Decision | Declined:
    """Return the report with the hold that stands for it."""
    command: EnterForeign = request.what
    take = command.enter.take
    declined = cases.carry_out(request.case, take)
    if declined is not None:
        return declined
    accounts = entered(state, request.case, command.enter.accounts, request.actor.who)
    if isinstance(accounts, Declined):
        return accounts
    cases.events += [Noted(SubjectId(request.case), event) for event in accounts]
    claim = take.claim
    foreign = command.foreign
    order = Order(
        held.order,
        held.kind,
        HoldKey(request.case, claim.payee, claim.currency),
        claim.institution,
        held.amount,
        request.actor.who,
        f"taken over from {foreign.system}: {foreign.id}",
    )
    orders = OrderWork(state, cases.policy.orders, cases.now)
    declined = orders.take_over(TakeOver(order, held.since, held.ends_at, held.stops_before))
    if declined is not None:
        return declined
    cases.take_over(order, claim.id, claim.amount)
    return cases.note_holds(orders) or cases.decision(orders, b"")


def evolve_imports(
    state: CentreState, _: SubjectId, event: ForeignNoted | ImportNoted
) -> CentreState:
    """Fold an event of an import into its register."""
    state.imported.put(event)
    return state


__all__ = ["decide_imports", "evolve_imports"]
