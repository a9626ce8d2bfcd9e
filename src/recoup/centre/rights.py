"""Whether a request may reach its room: session and table of rights, asked in the writer's order. Pure; deny is the default.

1. A person's request is carried out only while the session stands and the table of rights reaches its target, both asked of
   the state at that very moment: a changed right works at once.
2. What is not known is not reached: an unknown case belongs to no unit, an account that was not told to a bank is not the
   bank's to see. That a thing does not exist is said only to who could do it with some thing, and to no institution: one
   is refused another's by the same words and the same look into the databases as what nobody has.
3. What a policy gives to a higher level of unit is decided by whoever holds the role there (`levels`).
4. Without a session speak the centre's own machines and institutions, and the program itself on somebody's way in. Once the
   centre has staff, nobody else does; before, whoever holds the writer in the same process may rehearse a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from recoup import orders
from recoup.cases import CasePolicy
from recoup.cases import commands as case_commands
from recoup.cases import refusals as case_refusals
from recoup.cases.lists import ListReason
from recoup.centre import sheets
from recoup.centre.account_room import TEXT, EnterAccount, ReadPersonal, unfit
from recoup.centre.beside_plan import alone
from recoup.centre.care_rights import CARE_ACTIONS, target_of_care, target_of_text
from recoup.centre.case_rights import CASE_ACTIONS, action_of
from recoup.centre.case_rights import target_of as target_of_case_command
from recoup.centre.case_room import CHASE
from recoup.centre.commands import Declined
from recoup.centre.counter_commands import IssueCode, ShowClaim, WriteToVictim
from recoup.centre.import_commands import EnterForeign, NoteImport
from recoup.centre.levels import level_needed
from recoup.centre.list_commands import AgreeToEntry, CheckLists, ListSubject, WithdrawEntry
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import INSTITUTION, MACHINE, Request
from recoup.centre.return_rights import RETURN_ACTIONS, action_of_return, target_of_return
from recoup.centre.state import CentreState
from recoup.centre.terms import EnterClaim, EnterReport
from recoup.centre.written import IssuePapers, NoteSent
from recoup.frozen import replace
from recoup.orders import commands as order_commands
from recoup.staff import (
    Action,
    StaffReason,
    Target,
    Why,
    hears_of_absence,
    permit,
    roles_anywhere,
    roles_for,
)
from recoup.staff import commands as staff_commands
from recoup.staff.roles import AT_INSTITUTION

ACTIONS: Final[Mapping[type, Action]] = {
    staff_commands.AddUnit: Action.UNIT_ADD,
    staff_commands.AddPerson: Action.PERSON_ADD,
    staff_commands.SuspendPerson: Action.PERSON_SUSPEND,
    staff_commands.RestorePerson: Action.PERSON_SUSPEND,
    staff_commands.OfferEnrolment: Action.ENROLMENT_OFFER,
    staff_commands.GrantRole: Action.ROLE_GRANT,
    staff_commands.RevokeRole: Action.ROLE_REVOKE,
    staff_commands.AssignDuty: Action.DUTY_ASSIGN,
    staff_commands.NameActingApprover: Action.ACTING_NAME,
    staff_commands.EndDuty: Action.DUTY_ASSIGN,
    staff_commands.EndActing: Action.ACTING_NAME,
    staff_commands.HandOverShift: Action.SHIFT_HAND_OVER,
    staff_commands.TakeOverShift: Action.SHIFT_HAND_OVER,
    staff_commands.LogEscalation: Action.ESCALATION_LOG,
    order_commands.DraftOrder: Action.ORDER_DRAFT,
    order_commands.SubmitOrder: Action.ORDER_SUBMIT,
    order_commands.ApproveOrder: Action.ORDER_APPROVE,
    order_commands.SendBackOrder: Action.ORDER_SEND_BACK,
    order_commands.WithdrawOrder: Action.ORDER_WITHDRAW,
    order_commands.IssueOrder: Action.ORDER_ISSUE,
    case_commands.OfferHandover: Action.HANDOVER_OFFER,
    case_commands.WithdrawHandover: Action.HANDOVER_OFFER,
    case_commands.AcceptHandover: Action.HANDOVER_SETTLE,
    case_commands.DeclineHandover: Action.HANDOVER_SETTLE,
    case_commands.SettleEscalation: Action.ESCALATION_LOG,
    sheets.PrintOrder: Action.PAPER_PRINT,
    sheets.HandOverOrder: Action.PAPER_HAND_OVER,
    sheets.TypeSheet: Action.ANSWER_TYPE,
    sheets.ConfirmSheet: Action.ANSWER_CONFIRM,
    sheets.TakeScan: Action.ANSWER_TYPE,
    sheets.ReadScan: Action.SCAN_READ,
    EnterAccount: Action.ACCOUNT_ENTER,
    EnterReport: Action.REPORT_TAKE,
    EnterClaim: Action.REPORT_TAKE,
    ReadPersonal: Action.PERSONAL_READ,
    **CASE_ACTIONS,
    EnterForeign: Action.IMPORT,
    NoteImport: Action.IMPORT,
    ListSubject: Action.LIST_ADD,
    AgreeToEntry: Action.LIST_AGREE,
    WithdrawEntry: Action.LIST_WITHDRAW,
    CheckLists: Action.LIST_CHECK,
    **RETURN_ACTIONS,
    IssueCode: Action.COUNTER_SERVE,
    WriteToVictim: Action.COUNTER_SERVE,
    NoteSent: Action.COUNTER_SERVE,
    IssuePapers: Action.RETURN_PREPARE,
    **CARE_ACTIONS,
}
"""The right that a command needs. One that is not here can be carried out by no person."""

ON_THE_WAY_IN: Final = (
    staff_commands.SetUp,
    staff_commands.Enrol,
    staff_commands.OpenSession,
    staff_commands.CloseSession,
    staff_commands.NoteFailure,
)
"""What the program itself asks for when somebody comes in or goes out: there is no session yet, or no longer."""

IN_SESSIONS_ONLY: Final = (
    frozenset(staff_commands.Command.__args__)
    | {EnterAccount, EnterClaim, EnterReport, ReadPersonal}
    | {EnterForeign, NoteImport, ListSubject, AgreeToEntry, WithdrawEntry}
    | {IssueCode, WriteToVictim, NoteSent, IssuePapers}
    | frozenset(sheets.Command.__args__)
) - set(ON_THE_WAY_IN)
"""Commands that only a person in a session gives, in whatever process."""

_Rostered = (
    staff_commands.AssignDuty
    | staff_commands.NameActingApprover
    | staff_commands.EndDuty
    | staff_commands.EndActing
    | staff_commands.HandOverShift
    | staff_commands.TakeOverShift
)
"""Commands about who works in a unit when: each names it."""

MACHINES: Final = frozenset({MACHINE, INSTITUTION, CHASE})


def admit(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Request | Declined:
    """Return the request as it goes to its room, its actor in the role that permits it; or why it does not."""
    if not request.session:
        return _without_session(state, request)
    session = state.staff.session(request.session, now)
    if session is None or session.person != request.actor.who:
        return Declined(StaffReason.SESSION_ENDED)
    action = _action(state, request)
    if action is None:
        return Declined(StaffReason.NOT_PERMITTED)
    if not roles_anywhere(state.staff, session.person, action, now):
        # Refused before anything is looked for: neither words nor time tell what there is.
        return Declined(StaffReason.NOT_PERMITTED, action.value)
    target = _target(state, request)
    if isinstance(target, Declined):
        hears = hears_of_absence(state.staff, session.person, action, now)
        return target if hears else Declined(StaffReason.NOT_PERMITTED, action.value)
    why = Why(request.case, request.actor.reason)
    level = level_needed(state, request, policy)
    denial = permit(state.staff, session.person, action, target, why, now, level)
    if denial is not None:
        return Declined(denial.reason, denial.found)
    declined = alone(state, request)
    if isinstance(request.what, order_commands.DraftOrder):
        declined = unfit(state, request.what.order)
    if declined is not None:
        return declined
    held = roles_for(state.staff, session.person, action, target, now, level)
    is_at_a_bank = all(role in AT_INSTITUTION for role in held)
    if (
        isinstance(request.what, case_commands.FileAppeal)
        and request.what.is_through_bank != is_at_a_bank
    ):
        return Declined(CentreReason.ACTOR_DIFFERS, "the way by which the appeal came")
    role = " ".join(dict.fromkeys(role.value for role in held))
    return replace(request, actor=replace(request.actor, role=role))


def _action(state: CentreState, request: Request) -> Action | None:
    """Return the right that a request needs; None for what no person gives."""
    match request.what:
        case ReadPersonal(field=name) if name == TEXT:
            return Action.TEXT_READ
        case command if type(command) in CASE_ACTIONS:
            return action_of(state, request)
        case command if type(command) in RETURN_ACTIONS:
            return action_of_return(command)
        case command:
            return ACTIONS.get(type(command))


def _without_session(state: CentreState, request: Request) -> Request | Declined:
    kind = type(request.what)
    if kind in ON_THE_WAY_IN or kind is ShowClaim:  # a victim has a code and no session
        is_machine = request.actor.role == MACHINE
        return request if is_machine else Declined(StaffReason.NOT_PERMITTED)
    if kind in IN_SESSIONS_ONLY:
        return Declined(StaffReason.SESSION_ENDED)
    if state.staff.persons and request.actor.role not in MACHINES:
        return Declined(StaffReason.SESSION_ENDED)
    return request


def _target(state: CentreState, request: Request) -> Target | Declined:
    """Return what the request is about."""
    command = request.what
    if type(command) in CASE_ACTIONS:
        return target_of_case_command(state, request)
    if type(command) in RETURN_ACTIONS:
        return target_of_return(state, command)
    if type(command) in CARE_ACTIONS:
        return target_of_care(state, command)
    if isinstance(command, IssueCode | WriteToVictim | NoteSent | IssuePapers):
        return state.target_of_case(command.case)
    if isinstance(command, _Rostered):
        return Target(unit=command.unit)
    match command:
        case staff_commands.LogEscalation(case=case) | EnterAccount(case=case):
            return state.target_of_case(case)
        case EnterReport(take) if not state.case(request.case).is_open:
            return Target(unit=take.unit)
        case EnterForeign(enter) if not state.case(request.case).is_open:
            return Target(unit=enter.take.unit)
        case EnterReport() | EnterClaim() | CheckLists() | EnterForeign():
            return state.target_of_case(request.case)
        case order_commands.DraftOrder(order):
            return replace(state.target_of_case(order.key.case), owner=request.actor.who)
        case case_commands.OfferHandover() | case_commands.WithdrawHandover():
            return state.target_of_case(request.case)
        case case_commands.AcceptHandover(handover_id) | case_commands.DeclineHandover(handover_id):
            handover = state.case(request.case).handover(handover_id)
            if handover is None:
                return Declined(case_refusals.Reason.HANDOVER_UNKNOWN, handover_id)
            return Target(handover.to_unit, owner=handover.by)
        case case_commands.SettleEscalation(escalation):
            rows = state.case(request.case).escalations
            return Target(next((row.unit for row in rows if row.id == escalation), ""))
        case NoteImport(noted):
            return Target(unit=noted.unit)
        case ListSubject(entry):
            return state.target_of_case(entry.case)
        case AgreeToEntry(entry_id) | WithdrawEntry(entry_id):
            return _target_of_entry(state, entry_id)
        case ReadPersonal(field=name) if name == TEXT:
            return target_of_text(state, request.case)
        case ReadPersonal(account):
            return state.target_of_subject(request.case, account) or Target()
        case (
            order_commands.SubmitOrder(order_id)
            | order_commands.ApproveOrder(order_id)
            | order_commands.SendBackOrder(order_id)
            | order_commands.WithdrawOrder(order_id)
            | order_commands.IssueOrder(order_id)
            | sheets.PrintOrder(order_id)
            | sheets.HandOverOrder(order_id)
            | sheets.TypeSheet(order_id)
            | sheets.TakeScan(sheets.Scan(order=order_id))
            | sheets.ReadScan(order_id)
        ):
            return _target_of_order(state, order_id)
        case sheets.ConfirmSheet(sheet_id):
            sheet = state.sheets.get(sheet_id)
            found = state.find(sheet.order) if sheet is not None else None
            if sheet is None or found is None:
                return Declined(CentreReason.SHEET_UNKNOWN, sheet_id)
            return replace(state.target_of_order(found[1].order), owner=sheet.typed_by)
        case _:
            return Target()


def _target_of_order(state: CentreState, order_id: str) -> Target | Declined:
    """Return what an order is to the table of rights."""
    found = state.find(order_id)
    if found is None:
        return Declined(orders.Reason.ORDER_UNKNOWN, order_id)
    return state.target_of_order(found[1].order)


def _target_of_entry(state: CentreState, entry_id: str) -> Target | Declined:
    """Return what an entry is to the table of rights: its case's, made by whoever asked for what waits for another."""
    entry = state.listed.entries.get(entry_id)
    if entry is None:
        return Declined(ListReason.ENTRY_UNKNOWN, entry_id)
    return replace(state.target_of_case(entry.case), owner=entry.asked_by)


__all__ = ["ACTIONS", "IN_SESSIONS_ONLY", "MACHINES", "ON_THE_WAY_IN", "admit"]
