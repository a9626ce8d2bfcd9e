"""How the room of orders stands in the centre: its commands decided on the registers, with messages and deadlines. Adds no law.

1. An order leaves as an outbox message in the very batch that issues it; its id is the order's.
2. An order that is issued has a deadline for its answer until it is answered or unanswered; one that was sent and got no
   answer is sent once more, under the order's own id, so that an institution that forgot it hears of it again; so is one that
   first left after its time, once as much time has passed again, and one that was answered, where a digest lacks what it did.
3. A hold with an end has one deadline, at that end; a hold without one has none.
4. An order id is used once in the whole centre, not once in a hold.
5. Who acts is who the command names: a maker cannot approve under another's name, an institution answers its own orders only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.drift import to_tell_again, watch_end
from recoup.centre.order_rows import (
    answer_deadline,
    answer_row,
    is_lost,
    late_deadline,
    leaves_late,
    term_deadline,
    term_row,
)
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import (
    INSTITUTION,
    OWN_MARK,
    Actor,
    derived_id,
    is_usable,
)
from recoup.centre.state import CentreState
from recoup.centre.terms import (
    ORDER_MESSAGE,
    EndTerm,
    IssuedOrder,
    TellAgain,
    decode_issued,
    encode_issued,
)
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Deadline, Message
from recoup.orders import (
    Hold,
    HoldKey,
    HoldState,
    Order,
    OrderKind,
    Outcome,
    Policy,
    Refusal,
    Tracked,
    release_to_repeat,
)
from recoup.orders import decide as decide_order
from recoup.orders import evolve as evolve_hold
from recoup.orders.commands import (
    ApproveOrder,
    Command,
    ConfirmSent,
    DraftOrder,
    PassAnswerLimit,
    PassTerm,
    RecordAnswer,
    RepeatRelease,
    SendBackOrder,
    WithdrawOrder,
)
from recoup.orders.events import (
    AnswerRecorded,
    Bearing,
    Event,
    HoldChanged,
    HoldTakenOver,
    OrderDrafted,
    OrderIssued,
    OrderSent,
    OrderUnanswered,
    PaidBack,
    PaymentBounced,
)
from recoup.orders.kinds import MOVING, OPENING
from recoup.orders.refusals import Reason
from recoup.orders.state import LIVE
from recoup.orders.taking_over import TakeOver, take_over
from recoup.unrecognised import Unrecognised

RUNNING: Final = LIVE | {HoldState.ASKED}
"""States of a hold in which an end may come; asked, when it was sent and nobody answered."""

_NOTICE: Final = "-notice-"
"""Stands in the id of a message that only says when the holder may be told."""

_TOLD: Final = OPENING | {OrderKind.RENEW}
"""Orders of which an institution tells the holder."""

OrderCommand = Command | EndTerm | TellAgain


@dataclass(slots=True)
class OrderWork:
    """Order commands of one request, carried out one after another on a copy of the holds they touch: all of them or none."""

    state: CentreState
    policy: Policy
    now: datetime
    events: list[Noted] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    deadlines: dict[str, Deadline | None] = field(default_factory=dict)
    """None: it no longer stands."""
    _holds: dict[HoldKey, Hold] = field(default_factory=dict)
    _places: dict[str, HoldKey] = field(default_factory=dict)

    def carry_out(self, actor: Actor, command: OrderCommand) -> Declined | None:
        """Add what `command` leads to; what is returned says why it leads to nothing."""
        declined = _unusable(command) or self._not_theirs(actor, command)
        if declined is not None:
            return declined
        if isinstance(command, TellAgain):
            return self._tell_again(command)
        key = self._key(command)
        if key is None:
            return _declined(Refusal(Reason.ORDER_UNKNOWN))
        hold = self.hold(key)
        if isinstance(command, PassAnswerLimit) and is_lost(hold, command.order_id):
            tracked = _found(hold, command.order_id)
            self.messages.append(self._message(tracked, again_id(command.order_id)))
            return None
        found = decide_order(hold, self._in_room(hold, command), self.now, self.policy)
        if isinstance(found, Refusal):
            return _declined(found)
        for event in found:
            self._note(key, event)
        if found and isinstance(command, RecordAnswer):
            self._release_again(key, command.order_id)
        return None

    def _tell_again(self, command: TellAgain) -> Declined | None:
        """Have an order leave once more: whoever has it answers as before, whoever forgot it carries it out."""
        tracked = self.tracked(command.order_id)
        if tracked is None:
            return _declined(Refusal(Reason.ORDER_UNKNOWN, command.order_id))
        if tracked.issued_at is None:
            return _declined(Refusal(Reason.ORDER_NOT_ISSUED, command.order_id))
        hold = self.hold(tracked.order.key)
        watched_until = watch_end(tracked, self.policy)
        is_watched = watched_until is not None and watched_until > self.now
        if not is_watched and command.order_id not in to_tell_again(hold):  # it went on since
            return _declined(Refusal(Reason.NOTHING_HELD, f"the hold is {hold.word}"))
        message_id = f"{again_id(command.order_id)}-{command.hour}"
        self.messages.append(self._message(tracked, message_id, watched_until or hold.ends_at))
        return None

    def _message(
        self, tracked: Tracked, message_id: str, ends_at: datetime | None = None
    ) -> Message:
        """Return an order as it leaves; its holder is told when the case says."""
        key = tracked.order.key
        told = self.state.case(key.case).held_back(key.account, key.currency)
        return order_message(tracked, message_id, ends_at, told)

    def _release_again(self, key: HoldKey, order_id: str) -> None:
        """Tell an approved release once more where the institution began to hold only after it."""
        release = release_to_repeat(self.hold(key), order_id)
        if release is None:
            return
        again_as = repeated_id(release.order.id)
        while self._place(again_as) is not None:  # somebody has taken it
            again_as = repeated_id(again_as)
        again = RepeatRelease(release.order.id, again_as)
        found = decide_order(self.hold(key), again, self.now, self.policy)
        assert not isinstance(found, Refusal), "the rule that asks is the rule that decides"
        for event in found:
            self._note(key, event)

    def take_over(self, command: TakeOver) -> Declined | None:
        """Take another system's hold over: its end is a deadline at once, and nothing leaves the house."""
        order = command.order
        declined = _unusable(DraftOrder(order))
        if declined is not None:
            return declined
        if self._place(order.id) is not None:
            return _declined(Refusal(Reason.ORDER_ID_TAKEN, order.id))
        found = take_over(self.hold(order.key), command, self.now, self.policy)
        if isinstance(found, Refusal):
            return _declined(found)
        for event in found:
            self._note(order.key, event)
        return None

    def hold(self, key: HoldKey) -> Hold:
        """Return the hold as it is after what was carried out so far."""
        return self._holds.get(key) or self.state.hold(key)

    def touched(self) -> tuple[Hold, ...]:
        """Return the holds that something happened to, as they are now."""
        return tuple(self._holds.values())

    def tracked(self, order_id: str) -> Tracked | None:
        """Return an order as it is after what was carried out so far."""
        key = self._place(order_id)
        return None if key is None else self.hold(key).find(order_id)

    def decision(self, answer: bytes) -> Decision:
        """Return all of it as one decision."""
        return Decision(
            answer,
            tuple(self.events),
            tuple(self.messages),
            tuple(row for row in self.deadlines.values() if row is not None),
            tuple(self.deadlines),
        )

    def _place(self, order_id: str) -> HoldKey | None:
        return self._places.get(order_id) or self.state.places.get(order_id)

    def _key(self, command: OrderCommand) -> HoldKey | None:
        match command:
            case DraftOrder(order):
                return self._place(order.id) or order.key
            case EndTerm(key):
                return key
            case PassTerm():
                return None
            case _:
                return self._place(command.order_id)

    def _not_theirs(self, actor: Actor, command: OrderCommand) -> Declined | None:
        """Refuse a command that speaks for somebody else."""
        match command:
            case DraftOrder(order):
                named = order.made_by
            case ApproveOrder() | SendBackOrder() | WithdrawOrder():
                named = command.by
            case RecordAnswer(order_id) if actor.role == INSTITUTION:
                tracked = self.tracked(order_id)
                if tracked is not None and tracked.order.institution != actor.who:
                    return Declined(CentreReason.OTHER_INSTITUTION, order_id)
                return None
            case _:
                return None
        return None if named == actor.who else Declined(CentreReason.ACTOR_DIFFERS)

    def _in_room(self, hold: Hold, command: OrderCommand) -> Command:
        """Return the room's own command; a time of sending is never outside [issued, now], whatever the sender's clock said."""
        match command:
            case EndTerm():
                return PassTerm()
            case TellAgain():
                raise AssertionError("told before a hold is asked")
            case ConfirmSent(order_id, at):
                tracked = hold.find(order_id)
                issued = tracked.issued_at if tracked is not None else None
                return ConfirmSent(order_id, min(max(at, issued or at), self.now))
            case _:
                return command

    def _note(self, key: HoldKey, event: Event) -> None:
        """Take an event in: the hold after it, and what must be sent and waited for because of it."""
        self.events.append(Noted(SubjectId(key.case), event))
        before = self.hold(key)
        hold = self._holds[key] = evolve_hold(before, event)
        match event:
            case OrderDrafted(order):
                self._places[order.id] = key
            case OrderIssued(order_id, _, due):
                tracked = _found(hold, order_id)
                self.messages.append(self._message(tracked, order_id))
                self._wait(answer_deadline(tracked.order, due))
            case OrderUnanswered(order_id):
                tracked = _found(hold, order_id)
                self.deadlines[answer_row(order_id)] = None
                if tracked.sent_at is not None:  # else the first message still tries
                    self.messages.append(self._message(tracked, again_id(order_id)))
            case OrderSent(order_id) if leaves_late(before, order_id):
                self._wait(late_deadline(_found(hold, order_id), self.now))
            case AnswerRecorded(bearing=Bearing.UNCLEAR):
                pass  # still to be answered
            case AnswerRecorded(order_id):
                self.deadlines[answer_row(order_id)] = None
            case HoldTakenOver():
                self._places[event.order.id] = key
                self._wait(term_deadline(key, event.ends_at))
            case HoldChanged(_, _, _, _, _, ends_at):
                runs = ends_at if event.state in RUNNING else None
                self.deadlines[term_row(key)] = None
                if runs is not None:
                    self._wait(term_deadline(key, runs))
            case PaidBack() if event.state is HoldState.RETURNED:
                self.deadlines[term_row(key)] = None
            case PaymentBounced() if hold.is_live and hold.ends_at is not None:
                self._wait(term_deadline(key, hold.ends_at))
            case _:
                pass

    def _wait(self, row: Deadline) -> None:
        self.deadlines[row.id] = row


def evolve_orders(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event of the room of orders into the registers."""
    match event:
        case OrderDrafted(order) | HoldTakenOver(order):
            key = state.places[order.id] = order.key
            state.drafted.setdefault(key.case, []).append(order.id)
        case HoldChanged() | PaidBack() | PaymentBounced():
            key = event.key
        case _:
            key = state.places[event.order_id]
    hold = state.holds[key] = evolve_hold(state.hold(key), event)
    if isinstance(event, OrderIssued):
        institution = _found(hold, event.order_id).order.institution
        state.told.setdefault(institution, []).append(event.order_id)
    return state


def notice_messages(hold: Hold, mark: str, tell_from: datetime | None) -> tuple[Message, ...]:
    """Return the messages that say when the hold's holder may be told: its orders once more, each under its own id.

    Orders on their way go along: in their lane nothing that they say may be given up because a later message got through.
    """
    return tuple(
        order_message(tracked, _notice_id(tracked.order.id, mark), None, tell_from)
        for tracked in hold.orders
        if tracked.order.id in _held_back(hold)
    )


def notice_ids(state: CentreState, order: Order) -> tuple[str, ...]:
    """Return the ids of all messages that may wait to say when the holder may be told, as far as this order carries them."""
    period, motions = state.hold(order.key).period, state.case(order.key.case).motions
    marks = (f"{period}-told", *(f"{period}-{count}" for count in range(len(motions) + 1)))
    return tuple(_notice_id(order.id, mark) for mark in marks)


def _notice_id(order_id: str, mark: str) -> str:
    return f"{again_id(order_id)}{_NOTICE}{mark}"


def _held_back(hold: Hold) -> tuple[str, ...]:
    """Return the orders by which an institution learns when to tell the holder; none once the hold was let go or ended."""
    issued = [
        tracked
        for tracked in hold.orders
        if tracked.period == hold.period
        and tracked.issued_at is not None
        and tracked.order.kind in MOVING
    ]
    is_let_go = any(tracked.order.kind is OrderKind.RELEASE for tracked in issued)
    if is_let_go or hold.state not in RUNNING:
        return ()
    return tuple(
        tracked.order.id
        for tracked in issued
        if tracked.is_on_its_way
        or (
            tracked.order.kind in _TOLD
            and any(answer.outcome is not Outcome.REFUSED for answer in tracked.answers)
        )
    )


def order_message(
    tracked: Tracked,
    message_id: str,
    ends_at: datetime | None = None,
    tell_from: datetime | None = None,
) -> Message:
    """Return the outbox message of an issued order."""
    assert tracked.issued_at is not None, "only an issued order leaves"
    assert tracked.answer_due_at is not None, "an issued order has a time for its answer"
    order = tracked.order
    issued = IssuedOrder(
        order,
        order.digest,
        tracked.approvers,
        tracked.issued_at,
        tracked.answer_due_at,
        ends_at,
        tell_from,
    )
    return Message(message_id, order.institution, ORDER_MESSAGE, encode_issued(issued))


def again_id(order_id: str) -> str:
    """Return the id of the message that carries an order once more; no order has such an id."""
    return f"{order_id}{OWN_MARK}again"


def carries(message_id: str, order_id: str) -> bool:
    """Whether a message carries an order, the first time or once more."""
    return message_id == order_id or message_id.startswith(again_id(order_id))


def carries_first(message: Message) -> bool:
    """Whether a message carries its order for the first time."""
    return OWN_MARK not in message.id


def is_to_leave(state: CentreState, message: Message) -> bool:
    """Whether a message is still to leave: what is told again may have waited until its hold was released, or lapsed."""
    order = decode_issued(message.body).order
    if message.id.startswith(again_id(order.id) + _NOTICE):
        return order.id in _held_back(state.hold(order.key))
    is_told_again = message.id.startswith(f"{again_id(order.id)}-")
    is_hold = order.kind is not OrderKind.WATCH  # a watch that is told again says when it ends
    return not (is_told_again and is_hold) or order.id in to_tell_again(state.hold(order.key))


def repeated_id(order_id: str) -> str:
    """Return the id of the order that carries out an approved release once more: an order's like any other."""
    return derived_id("repeated", order_id).replace(OWN_MARK, "-")


def _found(hold: Hold, order_id: str) -> Tracked:
    tracked = hold.find(order_id)
    assert tracked is not None, "an event about an order of the hold"
    return tracked


def _declined(refusal: Refusal) -> Declined:
    return Declined(refusal.reason.value, refusal.found)


def _unusable(command: OrderCommand) -> Declined | None:
    """Refuse what no rule can be asked about: ids the journal cannot carry, words that this program does not know."""
    match command:
        case DraftOrder(order):
            ids: Iterable[str] = (
                order.id,
                order.institution,
                order.made_by,
                *_key_texts(order.key),
                *_payout_texts(order),
            )
            words: tuple[object, ...] = (order.kind, order.extent, order.account_kind)
        case RecordAnswer(_, answer):
            receipt = () if answer.receipt is None else (answer.receipt.reference,)
            ids, words = (answer.id, *receipt), ()
        case _:
            return None
    if any(isinstance(word, Unrecognised) for word in words):
        return Declined(CentreReason.WORD_UNKNOWN)
    return None if all(map(is_usable, ids)) else Declined(CentreReason.ID_UNUSABLE)


def _key_texts(key: HoldKey) -> tuple[str, str, str]:
    return key.case, key.account, key.currency


def _payout_texts(order: Order) -> tuple[str, ...]:
    payout = order.payout
    if payout is None:
        return ()
    case = (payout.case,) if payout.case else ()
    named = (payout.account, payout.institution, payout.claim, payout.decision)
    return (*named, *case, *payout.officers)


def told_of(work: OrderWork, command: OrderCommand) -> bytes:
    """Return what is told: where the order and its hold stand now."""
    key = work._key(command)  # noqa: SLF001 - of this file
    assert key is not None, "what was carried out is about a hold"
    hold = work.hold(key)
    told = {"held": hold.held, "hold": hold.state.value, "word": hold.word}
    order_id = None
    match command:
        case DraftOrder(order):
            order_id = order.id
        case EndTerm() | PassTerm():
            pass
        case _:
            order_id = command.order_id
    if order_id is not None:
        told |= {"order": order_id, "state": _found(hold, order_id).state.value}
    return encode_plain(told)


__all__ = [
    "OrderCommand",
    "OrderWork",
    "again_id",
    "answer_row",
    "carries",
    "carries_first",
    "evolve_orders",
    "is_to_leave",
    "notice_ids",
    "notice_messages",
    "repeated_id",
    "term_row",
    "told_of",
]
