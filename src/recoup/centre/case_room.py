"""How cases and orders stand in the centre together: what one does to the other is in the same entry. Adds no rule of either.

1. An order of the chase is taken up by its case and leaves the house in one batch: its claims stand behind it from the very
   entry in which it is issued, and those of the order before no longer (SEMANTICS 3).
2. What an institution's answer, or the end of a term, does to a hold its case knows in the same batch.
3. Appeals, deferred notices and requests abroad have a deadline as long as their clock runs.
4. What a case lists as suspect, or clears, is in the same batch.
5. Who acts is who the command names; who approved an order in the case approved it in the room of orders.
6. A command that names two persons is carried out for nobody: the first makes a motion, the second agrees to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from recoup.cases import (
    Case,
    CasePolicy,
    Reason,
    Refusal,
    evolve,
    lesson_of,
    note_of,
    signs_of,
)
from recoup.cases import decide as decide_case
from recoup.cases import fold as fold_case
from recoup.cases import followed as followed_case
from recoup.cases.commands import (
    AcceptHandover,
    Command,
    EndDeferral,
    JoinCase,
    NoteBounced,
    NoteRepaid,
    OfferHandover,
    PassAppealClock,
    PassEscalation,
    PassForeignClock,
    RaiseEscalation,
    SettleEscalation,
)
from recoup.cases.events import (
    AppealFiled,
    AppealSettled,
    CaseJoined,
    ClaimMade,
    ClockSet,
    EscalationMoved,
    EscalationRaised,
    Event,
    HoldNoted,
    MotionSettled,
    NoticeMoved,
    OrderTakenUp,
    SignsNoted,
    TaskMoved,
    TaskOpened,
)
from recoup.cases.motions import for_holder_of, is_kept_back
from recoup.cases.state import AppealState, MotionState, NoticeState, TaskState
from recoup.centre.beside_plan import as_shown, unprotected
from recoup.centre.case_asked import CHASE, not_theirs, thing_of, unfit
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.list_room import follow_cases
from recoup.centre.order_room import OrderWork, notice_messages, told_of
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import CLOCK, Actor, Request, derived_id, encode_request
from recoup.centre.return_payments import by_hand, follow_payments, unfit_to_leave
from recoup.centre.roster import asked_above, asked_at
from recoup.centre.state import CentreState
from recoup.centre.terms import PassHardshipDay
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Deadline, Message
from recoup.orders import HoldKey, Order, Outcome, approvals_needed, is_back_unpaid
from recoup.orders.commands import ApproveOrder, DraftOrder, IssueOrder, SubmitOrder
from recoup.orders.events import AnswerRecorded, OrderUnanswered, PaidBack, PaymentBounced
from recoup.staff import StaffReason


@dataclass(slots=True)
class CaseWork:
    """Commands of one request about cases, carried out on a copy of what they touch: all of them or none."""

    state: CentreState
    policy: CasePolicy
    now: datetime
    events: list[Noted] = field(default_factory=list)
    deadlines: dict[str, Deadline | None] = field(default_factory=dict)
    """None: it no longer stands."""
    messages: list[Message] = field(default_factory=list)
    _cases: dict[str, Case] = field(default_factory=dict)

    def case(self, case_id: str) -> Case:
        """Return the case as it is after what was carried out so far."""
        return self._cases.get(case_id) or self.state.case(case_id)

    def carry_out(self, case_id: str, command: Command) -> Declined | None:
        """Add what `command` leads to; what is returned says why it leads to nothing."""
        case = self.case(case_id)
        found = decide_case(case, command, self.now, self.policy)
        if isinstance(found, Refusal):
            return Declined(found.reason.value, found.found)
        after = followed_case(case, found)
        signs = tuple(self._signs(after, found))
        found = (*found, *signs)
        for event in found:
            self.events.append(Noted(SubjectId(case_id), event))
            self._clock(case_id, event)
        self._cases[case_id] = fold_case(after, signs)
        for event in found:
            if isinstance(event, NoticeMoved):
                self._tell_when(case, event)
        for event in found:
            declined = self._escalate(case_id, event) or self._join(case_id, event)
            if declined is not None:
                return declined
        return None

    def _join(self, case_id: str, event: Event) -> Declined | None:
        """Join the other case with this one too, in the same entry: who works on either sees both."""
        if not isinstance(event, CaseJoined):
            return None
        by, agreed_by = event.persons
        return self.carry_out(event.other, JoinCase(case_id, event.account, by, agreed_by))

    def _tell_when(self, before: Case, event: NoticeMoved) -> None:
        """Let the institution know until when a holder is not told, or that it is no longer so. An end comes by itself."""
        is_later = event.state is NoticeState.DEFERRED
        was_later = before.held_back(event.account, event.currency) is not None
        if not is_later and not (was_later and event.state is NoticeState.SENT):
            return
        hold = self.state.hold(HoldKey(before.id, event.account, event.currency))
        settled = sum(motion.state is not MotionState.PROPOSED for motion in before.motions)
        mark = f"{hold.period}-{settled}" if is_later else f"{hold.period}-told"
        until = event.due_at if is_later else None
        self.messages += notice_messages(hold, mark, until)

    def ran_out(self, case_id: str, clock: str, about: str) -> Declined | None:
        """Ask the duty officer of the unit that has the case; nothing of a case that no report opened."""
        case = self.case(case_id)
        if not case.is_open:
            return None
        unit, person = asked_at(self.state.staff, case.unit, self.now)
        return self.carry_out(case_id, RaiseEscalation(clock, about, unit, person))

    def is_settled(self, case_id: str, clock: str, about: str, how: str) -> Declined | None:
        """End the asking about a clock that was settled itself."""
        asked = self.case(case_id).asked_about(clock, about)
        if asked is None:
            return None
        return self.carry_out(case_id, SettleEscalation(asked.id, "", how))

    def hear_orders(self, work: OrderWork) -> Declined | None:
        """Ask about orders whose answer is overdue, and about payments that went wrong; no longer about what is settled."""
        for noted in work.events:
            declined = None
            match noted.event:
                case OrderUnanswered(order_id):
                    declined = self.ran_out(noted.subject, "answer", order_id)
                case AnswerRecorded(order_id):
                    declined = self.is_settled(noted.subject, "answer", order_id, "answered")
                    declined = declined or self._refused_payment(noted.subject, work, noted.event)
                case PaidBack() | PaymentBounced():
                    declined = self._paid(noted.subject, work, noted.event)
            if declined is not None:
                return declined
        return None

    def _refused_payment(
        self, case_id: str, work: OrderWork, said: AnswerRecorded
    ) -> Declined | None:
        """Ask about a payment that was refused, or came back before it was told: papers may be wanted, or another account."""
        tracked = work.tracked(said.order_id)
        is_payment = tracked is not None and tracked.order.payout is not None
        is_unpaid = said.answer.outcome is Outcome.REFUSED or is_back_unpaid(tracked, said)
        if not is_payment or not is_unpaid:
            return None
        return self.ran_out(case_id, "payment", said.order_id)

    def _paid(
        self, held_for: str, work: OrderWork, event: PaidBack | PaymentBounced
    ) -> Declined | None:
        """Lower what the victim misses, or raise it again; ask about what is amiss, and about all that came back.

        What a claim cannot take (it stands no more, or misses less) is amiss too, and refuses nothing: the money has moved.
        """
        tracked = work.tracked(event.order_id)
        payout = tracked.order.payout if tracked is not None else None
        case_id = (payout.case if payout is not None else "") or held_for
        case, receipt = self.case(case_id), event.receipt
        if not case.is_open:
            return None
        claim, refused = case.claim(event.claim), None
        payment = f"{event.order_id} {receipt.reference}"
        if isinstance(event, PaidBack):
            part = min(receipt.amount, claim.missing if claim is not None else 0)
            is_whole = part == receipt.amount
            if part:
                noted = NoteRepaid(f"paid {payment}", event.claim, returned=part)
                refused = self.carry_out(case_id, noted)
        else:
            is_whole, part = False, min(receipt.amount, claim.returned if claim is not None else 0)
            if part and f"paid {payment}" in dict(case.noted):
                back = NoteBounced(f"back {payment}", event.claim, part)
                refused = self.carry_out(case_id, back)
        if event.amiss or refused is not None or not is_whole:
            return self.ran_out(case_id, "payment", event.order_id)
        return self.is_settled(case_id, "payment", event.order_id, "paid")

    def _escalate(self, case_id: str, event: Event) -> Declined | None:
        match event:
            case AppealSettled(appeal_id) if event.state is AppealState.OVERDUE:
                return self.ran_out(case_id, "appeal", appeal_id)
            case AppealSettled(appeal_id):
                return self.is_settled(case_id, "appeal", appeal_id, event.state.value)
            case MotionSettled(motion_id):
                return self.is_settled(case_id, "hardship", motion_id, event.state.value)
            case HoldNoted():
                return self._freed(case_id, event)
            case TaskMoved(task_id) if event.state is TaskState.OVERDUE:
                return self.ran_out(case_id, "abroad", task_id)
            case TaskMoved(task_id):
                return self.is_settled(case_id, "abroad", task_id, event.state.value)
            case _:
                return None

    def _freed(self, case_id: str, event: HoldNoted) -> Declined | None:
        """End the asking about hardship and appeals once their institution holds no more than was decided."""
        case = self.case(case_id)
        for clock, row in for_holder_of(case, event.account, event.currency):
            if is_kept_back(case, row):
                continue
            self.deadlines[_row(case_id, clock, row.id)] = None
            declined = self.is_settled(case_id, clock, row.id, "freed")
            if declined is not None:
                return declined
        return None

    def _signs(self, case: Case, found: Iterable[Event]) -> Iterator[SignsNoted]:
        """Yield what speaks against claims that were just made: only the centre sees the reports of all cases."""
        reports = {report.id: report for report in case.reports}
        for event in found:
            if not isinstance(event, ClaimMade):
                continue
            report = reports[event.claim.report]
            earlier = self.state.reporters.get(report.reporter, {}).values()
            signs = signs_of(report, event.claim, earlier, self.now, self.policy)
            if signs:
                yield SignsNoted(event.claim.id, tuple(sign.value for sign in signs))

    def note_holds(self, work: OrderWork) -> Declined | None:
        """Tell each case what became of its holds."""
        for hold in work.touched():
            case = self.case(hold.key.case)
            if not case.is_open or not hold.orders:
                continue
            # Not a draft's: a slip of the pen about another institution does not move the hold there.
            told = [tracked for tracked in hold.orders if tracked.issued_at is not None]
            institution = (told or hold.orders)[-1].order.institution
            declined = self.carry_out(case.id, note_of(hold, institution, self.now))
            if declined is not None:
                return declined
        return None

    def take_over(self, order: Order, claim: str, amount: int) -> None:
        """Note that a claim stands behind another system's order, before the case hears what is held."""
        taken = OrderTakenUp(
            order.id,
            order.digest,
            order.kind,
            *(order.key.account, order.key.currency, order.institution),
            amount=order.amount,
            change=order.amount,
            stood=((claim, min(amount, order.amount)),),
            persons=(order.made_by,),
            mandate="",
            hop=1,
        )
        case_id = order.key.case
        self.events.append(Noted(SubjectId(case_id), taken))
        self._cases[case_id] = evolve(self.case(case_id), taken)

    def decision(self, work: OrderWork | None, answer: bytes) -> Decision:
        """Return what both rooms lead to as one decision: the case first, since it says who stands behind an order."""
        orders = work.decision(answer) if work else Decision(answer)
        listed, rows = follow_cases(self.state, self._cases.values(), self.now, self.policy)
        clocks = self.deadlines | rows
        return Decision(
            answer,
            (*self.events, *orders.events, *listed),
            (*self.messages, *orders.messages),
            (*(row for row in clocks.values() if row is not None), *orders.deadlines),
            (*clocks, *orders.ended),
        )

    def _clock(self, case_id: str, event: Event) -> None:
        """Set or end the deadline of a clock that an event starts or stops."""
        match event:
            case AppealFiled(appeal):
                self._wait(case_id, "appeal", appeal.id, appeal.due_at, PassAppealClock(appeal.id))
            case AppealSettled(appeal_id):
                self.deadlines[_row(case_id, "appeal", appeal_id)] = None
            case ClockSet(clock):
                is_hardship = clock.kind == "hardship"
                pass_ = PassHardshipDay if is_hardship else PassAppealClock
                self._wait(case_id, clock.kind, clock.about, clock.due_at, pass_(clock.about))
            case NoticeMoved(account, currency) if event.state is NoticeState.DEFERRED:
                command = EndDeferral(account, currency)
                self._wait(case_id, "notice", f"{account} {currency}", event.due_at, command)
            case NoticeMoved(account, currency):
                self.deadlines[_row(case_id, "notice", f"{account} {currency}")] = None
            case MotionSettled(motion_id):
                self.deadlines[_row(case_id, "hardship", motion_id)] = None
            case TaskOpened(task):
                self._wait(case_id, "abroad", task.id, task.due_at, PassForeignClock(task.id))
            case TaskMoved(task_id):
                self.deadlines[_row(case_id, "abroad", task_id)] = None
            case EscalationRaised(asked):
                self._wait(case_id, "escalation", asked.id, asked.due_at, PassEscalation(asked.id))
            case EscalationMoved(escalation):
                self.deadlines[_row(case_id, "escalation", escalation)] = None
            case _:
                pass

    def _wait(
        self, case_id: str, clock: str, what: str, due: datetime, command: Command | PassHardshipDay
    ) -> None:
        row_id = _row(case_id, clock, what)
        body = encode_request(COMMAND_REGISTRY, Request(CLOCK, command, row_id, case=case_id))
        name = COMMAND_REGISTRY.name_of(command)[0]
        self.deadlines[row_id] = Deadline(row_id, due, name, case_id, body)


def decide_cases(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request of the room of cases; an order that is taken up leaves with it."""
    declined = not_theirs(request) or unfit(state, request)
    if declined is not None:
        return declined
    cases = CaseWork(state, policy, now)
    what = _as_it_stands(state, request, now)
    if isinstance(what, Declined):
        return what
    declined = cases.carry_out(request.case, what)
    if declined is not None:
        return declined
    taken = [noted.event for noted in cases.events if isinstance(noted.event, OrderTakenUp)]
    if not taken:
        return cases.decision(None, _told(cases, request))
    orders = OrderWork(state, policy.orders, now)
    declined = _issue(orders, request.actor, request.what.order, taken[0], policy)
    declined = declined or cases.note_holds(orders)
    return declined or cases.decision(orders, _told(cases, request))


def decide_orders(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request of the room of orders; its case hears of it in the same entry."""
    orders = OrderWork(state, policy.orders, now)
    what = as_shown(state, request.what)
    declined = by_hand(what) or orders.carry_out(request.actor, what)
    declined = declined or unprotected(orders) or unfit_to_leave(orders)
    if declined is not None:
        return declined
    cases = CaseWork(state, policy, now)
    declined = cases.note_holds(orders) or cases.hear_orders(orders)
    if declined is not None:
        return declined
    decision = cases.decision(orders, told_of(orders, request.what))
    return follow_payments(orders, policy).added_to(decision)


def _overdue_hardship(
    state: CentreState, request: Request, motion: str, now: datetime
) -> Command | Declined:
    """Ask the duty officer about hardship that was not decided, or not freed, on its day: food and wages do not wait."""
    case = state.case(request.case)
    found = next((row for row in case.motions if row.id == motion), None)
    if found is None or request.actor != CLOCK:
        return Declined(Reason.MOTION_UNKNOWN, motion)
    if found.state is not MotionState.PROPOSED and not is_kept_back(case, found):
        return Declined(Reason.MOTION_SETTLED, motion)
    return RaiseEscalation("hardship", motion, *asked_at(state.staff, case.unit, now))


def _overdue_appeal(state: CentreState, request: Request, now: datetime) -> Command | Declined:
    """Ask the duty officer about an appeal that was upheld and not freed in its time; else the case's own rule decides."""
    case = state.case(request.case)
    what: PassAppealClock = request.what
    found = next((row for row in case.appeals if row.id == what.appeal), None)
    if found is None or not is_kept_back(case, found):
        return what
    return RaiseEscalation("appeal", found.id, *asked_at(state.staff, case.unit, now))


def evolve_cases(state: CentreState, subject: SubjectId, event: Event) -> CentreState:
    """Fold an event of a case into its register."""
    before = state.case(subject)
    lesson = lesson_of(before, event) if isinstance(event, HoldNoted) else None
    if lesson is not None:
        state.learn(lesson)
    state.put_case(evolve(before, event))
    return state


def _issue(
    orders: OrderWork, actor: Actor, order: Order, taken: OrderTakenUp, policy: CasePolicy
) -> Declined | None:
    """Draft the order, let those agree to it who agreed in the case, and issue it."""
    maker = Actor(order.made_by, actor.role, actor.reason)
    steps: list[tuple[Actor, DraftOrder | SubmitOrder | ApproveOrder | IssueOrder]] = [
        (maker, DraftOrder(order)),
        (maker, SubmitOrder(order.id)),
    ]
    needed = approvals_needed(order, policy.orders)
    for person in taken.persons[1 : needed + 1]:  # the first is the maker
        approver = Actor(person, actor.role, actor.reason)
        steps.append((approver, ApproveOrder(order.id, person, order.digest)))
    if not needed:
        steps.append((maker, IssueOrder(order.id)))
    for who, command in steps:
        declined = orders.carry_out(who, command)
        if declined is not None:
            return declined
    return None


def _as_it_stands(state: CentreState, request: Request, now: datetime) -> Command | Declined:
    """Return the command with what the centre itself says in it: a packet's digest, who is on duty above."""
    what: Command | PassHardshipDay = request.what
    match what:
        case PassHardshipDay(motion):
            return _overdue_hardship(state, request, motion, now)
        case PassAppealClock():
            return _overdue_appeal(state, request, now)
        case OfferHandover(unit=unit) if state.staff.units and unit not in state.staff.units:
            return Declined(StaffReason.UNIT_UNKNOWN, unit)
        case PassEscalation(escalation):
            rows = state.case(request.case).escalations
            unit = next((row.unit for row in rows if row.id == escalation), "")
            above = asked_above(state.staff, unit, now)
            return PassEscalation(escalation, *above)
        case OfferHandover() | AcceptHandover():
            return replace(what, stands=state.packet_of(request.case).digest)
        case _:
            return what


def _row(case_id: str, clock: str, what: str) -> str:
    return derived_id(clock, case_id, what)


def _told(cases: CaseWork, request: Request) -> bytes:
    """Return what is told: the thing that the command was about, and where the case stands now."""
    case = cases.case(request.case)
    left = sum(rest.left for rest in case.rests)  # with rows left, no trail is complete
    versions = {"facts": case.facts_version, "trail": case.trail_version}
    told = {"case": case.id, **versions, "rows_left": left, "id": thing_of(request)}
    return encode_plain(told)


__all__ = ["CHASE", "CaseWork", "decide_cases", "decide_orders", "evolve_cases"]
