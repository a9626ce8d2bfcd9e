"""Who asks for what, whether they may, and which room carries it out: the desk's state, its decide and its evolve. Pure.

1. A person's command is carried out only while the session stands and the table of rights reaches its target, both asked
   of the state at that very moment in the writer's order: a changed right works at once.
2. What is not known is not reached: an unknown case belongs to no unit, an account that was not told to a bank is not the
   bank's to see.
3. An order is about an account that was entered for its case, at the institution where the account lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from recoup import orders, staff
from recoup.centre.commands import Command, Decide, Decision, Declined, Noted
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.orders import Hold, HoldKey, Order, Policy, Tracked
from recoup.orders import commands as order_commands
from recoup.orders import events as order_events
from recoup.staff import Action, Directory, StaffReason, Target, Why, permit
from recoup.staff import commands as staff_commands
from recoup.staff import events as staff_events
from recoup.stores.vault import PersonalDataRead


@dataclass(frozen=True, slots=True)
class AccountEntered:
    """An account is known to a case; its number and name lie in the vault."""

    account: str
    institution: str
    case: str
    by: str


@dataclass(frozen=True, slots=True)
class EnterAccount:
    """Make an account known to a case."""

    account: str
    institution: str
    case: str


@dataclass(frozen=True, slots=True)
class ReadPersonal:
    """Ask to see one piece of personal data about an account of a case."""

    account: str
    field: str


OrderStep = (
    order_commands.SubmitOrder
    | order_commands.ApproveOrder
    | order_commands.SendBackOrder
    | order_commands.WithdrawOrder
    | order_commands.IssueOrder
)
"""What persons do with an order that was drafted."""

Carried = (
    staff_commands.Command | order_commands.DraftOrder | OrderStep | EnterAccount | ReadPersonal
)

ACTIONS: Final[Mapping[type, Action]] = {
    staff_commands.AddUnit: Action.UNIT_ADD,
    staff_commands.AddPerson: Action.PERSON_ADD,
    staff_commands.SuspendPerson: Action.PERSON_SUSPEND,
    staff_commands.RestorePerson: Action.PERSON_SUSPEND,
    staff_commands.OfferEnrolment: Action.ENROLMENT_OFFER,
    staff_commands.GrantRole: Action.ROLE_GRANT,
    staff_commands.RevokeRole: Action.ROLE_REVOKE,
    staff_commands.PlaceCase: Action.CASE_PLACE,
    staff_commands.AssignDuty: Action.DUTY_ASSIGN,
    staff_commands.NameActingApprover: Action.ACTING_NAME,
    staff_commands.HandOverShift: Action.SHIFT_HAND_OVER,
    staff_commands.LogEscalation: Action.ESCALATION_LOG,
    order_commands.DraftOrder: Action.ORDER_DRAFT,
    order_commands.SubmitOrder: Action.ORDER_SUBMIT,
    order_commands.ApproveOrder: Action.ORDER_APPROVE,
    order_commands.SendBackOrder: Action.ORDER_SEND_BACK,
    order_commands.WithdrawOrder: Action.ORDER_WITHDRAW,
    order_commands.IssueOrder: Action.ORDER_ISSUE,
    EnterAccount: Action.ACCOUNT_ENTER,
    ReadPersonal: Action.PERSONAL_READ,
}
"""The right that a command needs. One that is not here can be carried out by no person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with who asks, in which session, doing what, and why."""

    command: Carried
    by: str
    session: str
    """Hash of the session's token."""
    why: Why = field(default_factory=Why)


@dataclass(frozen=True, slots=True)
class Unasked:
    """A command of the program itself on somebody's way in: setup, enrolment, login, logout."""

    command: (
        staff_commands.SetUp
        | staff_commands.Enrol
        | staff_commands.OpenSession
        | (staff_commands.CloseSession | staff_commands.NoteFailure)
    )


@dataclass(slots=True)
class DeskState:
    """What the desk knows. Belongs to one folder of events: the writer has one, whoever reads has another."""

    staff: Directory = field(default_factory=Directory)
    accounts: dict[str, str] = field(default_factory=dict)
    """The institution at which an account lies."""
    entered: dict[tuple[str, str], None] = field(default_factory=dict)
    """(case, account), in the order of entering."""
    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    keys: dict[str, HoldKey] = field(default_factory=dict)
    """The hold that an order is about."""
    cases: dict[str, list[str]] = field(default_factory=dict)
    """Ids of a case's orders, in the order of drafting."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the orders issued to an institution, in the order of issue."""

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None:
        """Return an order and its hold."""
        key = self.keys.get(order_id)
        if key is None:
            return None
        tracked = self.holds[key].find(order_id)
        assert tracked is not None, "an order is found under its hold"
        return self.holds[key], tracked

    def every(self) -> Iterator[Hold]:
        """Yield all holds."""
        yield from self.holds.values()

    def of_case(self, case: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield a case's orders in the order of drafting."""
        yield from self._found(self.cases.get(case, []))

    def of_institution(self, institution: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield the orders issued to an institution, in the order of issue."""
        yield from self._found(self.told.get(institution, []))

    def _found(self, ids: list[str]) -> Iterator[tuple[Hold, Tracked]]:
        for order_id in ids:
            found = self.find(order_id)
            assert found is not None, "a listed order is there"
            yield found

    def target_of_case(self, case: str) -> Target:
        """Return what a case is to the table of rights."""
        return Target(unit=self.staff.cases.get(case, ""))

    def target_of_order(self, order: Order) -> Target:
        """Return what an order is to it; an institution reaches it only once it was issued."""
        unit = self.staff.cases.get(order.key.case, "")
        is_told = order.id in self.told.get(order.institution, ())
        return Target(unit, order.institution if is_told else "", order.made_by)

    def target_of_account(self, case: str, account: str) -> Target | None:
        """Return what an account of a case is to it; None when it is none of the case."""
        if (case, account) not in self.entered:
            return None
        told = (x for x in self.told.get(self.accounts[account], ()))
        is_told = any(self.keys[x].account == account and self.keys[x].case == case for x in told)
        institution = self.accounts[account] if is_told else ""
        return Target(self.staff.cases.get(case, ""), institution)


# --- evolve ---


def evolve(state: DeskState, _: SubjectId, event: object) -> DeskState:
    """Fold one event in; the same object is returned, since nobody else holds it."""
    match event:
        case AccountEntered():
            state.accounts[event.account] = event.institution
            state.entered[event.case, event.account] = None
        case order_events.OrderDrafted(order, _):
            state.keys[order.id] = order.key
            state.cases.setdefault(order.key.case, []).append(order.id)
            hold = state.holds.get(order.key) or Hold(order.key)
            state.holds[order.key] = orders.evolve(hold, event)
        case order_events.HoldChanged(key):
            state.holds[key] = orders.evolve(state.holds[key], event)
        case _ if isinstance(event, staff_events.Event):
            state.staff = staff.evolve(state.staff, event)
        case _ if isinstance(event, order_events.Event):
            _evolve_order(state, event)
        case _:
            pass  # a fact for the record, such as a reading of personal data
    return state


def _evolve_order(state: DeskState, event: order_events.Event) -> None:
    assert not isinstance(event, order_events.OrderDrafted | order_events.HoldChanged)
    key = state.keys[event.order_id]
    state.holds[key] = orders.evolve(state.holds[key], event)
    if isinstance(event, order_events.OrderIssued):
        tracked = state.holds[key].find(event.order_id)
        assert tracked is not None, "what is issued was drafted"
        told = state.told.setdefault(tracked.order.institution, [])
        told.append(event.order_id)


# --- decide ---


def deciding(policy: Policy) -> Decide[DeskState]:
    """Return the desk's decide under a jurisdiction's terms."""

    def decide(state: DeskState, command: Command, now: datetime) -> Decision | Declined:
        asked = command.value
        if isinstance(asked, Unasked):
            return _staff(state, asked.command, now)
        assert isinstance(asked, Asked), "a command of the desk says who asks"
        return _refusal(state, asked, now) or _carry_out(state, asked, now, policy)

    return decide


def _refusal(state: DeskState, asked: Asked, now: datetime) -> Declined | None:
    """Refuse who has no session, or no right to this."""
    session = state.staff.session(asked.session, now)
    if session is None or session.person != asked.by:
        return Declined(StaffReason.SESSION_ENDED)
    target = _target(state, asked)
    if isinstance(target, Declined):
        return target
    action = ACTIONS.get(type(asked.command))
    if action is None:
        return Declined(StaffReason.NOT_PERMITTED)
    denial = permit(state.staff, asked.by, action, target, asked.why, now)
    return None if denial is None else Declined(denial.reason, denial.found)


def _target(state: DeskState, asked: Asked) -> Target | Declined:
    """Return what the command is about."""
    command = asked.command
    match command:
        case (
            staff_commands.PlaceCase(unit=unit)
            | staff_commands.AssignDuty(unit=unit)
            | staff_commands.NameActingApprover(unit=unit)
            | staff_commands.HandOverShift(unit=unit)
        ):
            return Target(unit=unit)
        case staff_commands.LogEscalation(case=case) | EnterAccount(case=case):
            return state.target_of_case(case)
        case order_commands.DraftOrder(order):
            return Target(state.staff.cases.get(order.key.case, ""), owner=asked.by)
        case ReadPersonal(account):
            return state.target_of_account(asked.why.case, account) or Target()
        case _ if isinstance(command, staff_commands.Command):
            return Target()
        case _:
            found = state.find(command.order_id)
            if found is None:
                return Declined(orders.Reason.ORDER_UNKNOWN, command.order_id)
            return state.target_of_order(found[1].order)


def _carry_out(
    state: DeskState, asked: Asked, now: datetime, policy: Policy
) -> Decision | Declined:
    command = asked.command
    match command:
        case EnterAccount(account, institution, case):
            if case not in state.staff.cases:
                return Declined(StaffReason.CASE_UNKNOWN, case)
            entered = AccountEntered(account, institution, case, asked.by)
            is_new = (case, account) not in state.entered
            return _decision(case, (entered,) if is_new else (), {"account": account})
        case ReadPersonal(account, name):
            if state.target_of_account(asked.why.case, account) is None:
                return Declined(ACCOUNT_UNKNOWN, account)
            read = PersonalDataRead(account, name, asked.by, asked.why.case, asked.why.reason)
            return _decision(asked.why.case, (read,), {"account": account, "field": name})
        case _ if isinstance(command, staff_commands.Command):
            return _staff(state, command, now)
        case _:
            return _order(state, command, now, policy)


ACCOUNT_UNKNOWN: Final = "account_unknown"
INSTITUTION_DIFFERS: Final = "institution_differs"


def _staff(state: DeskState, command: staff_commands.Command, now: datetime) -> Decision | Declined:
    found = staff.decide(state.staff, command, now)
    if isinstance(found, staff.Denial):
        return Declined(found.reason, found.found)
    subject = _staff_subject(command)
    return _decision(subject, found, {"id": subject})


def _staff_subject(command: staff_commands.Command) -> str:
    """Return what a command about staff is about: a case, a unit or a person."""
    match command:
        case staff_commands.AddUnit(unit):
            return unit.id
        case staff_commands.PlaceCase(case=case) | staff_commands.LogEscalation(case=case):
            return case
        case staff_commands.HandOverShift(unit=unit_id):
            return unit_id
        case staff_commands.CloseSession(token_hash):
            return token_hash
        case _:
            return command.person


def _order(
    state: DeskState,
    command: order_commands.DraftOrder | OrderStep,
    now: datetime,
    policy: Policy,
) -> Decision | Declined:
    if isinstance(command, order_commands.DraftOrder):
        order = command.order
        if (order.key.case, order.key.account) not in state.entered:
            return Declined(ACCOUNT_UNKNOWN, order.key.account)
        if state.accounts[order.key.account] != order.institution:
            return Declined(INSTITUTION_DIFFERS, order.institution)
        order_id, hold = order.id, state.holds.get(order.key) or Hold(order.key)
    else:
        order_id, hold = command.order_id, state.holds[state.keys[command.order_id]]
    found = orders.decide(hold, command, now, policy)
    if isinstance(found, orders.Refusal):
        return Declined(found.reason, found.found)
    after = orders.fold(hold, found)
    tracked = after.find(order_id)
    assert tracked is not None, "a command about an order leaves the order there"
    answer = {"order": order_id, "state": tracked.state.value, "word": after.word}
    return _decision(hold.key.case, found, answer)


def _decision(subject: str, events: tuple[object, ...], answer: Mapping[str, str]) -> Decision:
    noted = tuple(Noted(SubjectId(subject), event) for event in events)
    return Decision(encode_plain(dict(answer)), noted)


__all__ = [
    "ACCOUNT_UNKNOWN",
    "ACTIONS",
    "INSTITUTION_DIFFERS",
    "AccountEntered",
    "Asked",
    "Carried",
    "DeskState",
    "EnterAccount",
    "OrderStep",
    "ReadPersonal",
    "Unasked",
    "deciding",
    "evolve",
]
