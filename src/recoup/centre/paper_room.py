"""How orders on paper stand in the centre: from printing to the second typing of the answer sheet. Adds no rule of orders.

1. An order that was handed over is sent: the same step of the room of orders, and its messages no longer wait in the outbox.
2. A sheet is typed by one person and typed again by another; neither sees what the other typed. Only when both are alike does
   the institution's answer count, in the very entry of the second typing, as the same step that a signed answer is.
   With it a reminder that nobody carried yet no longer waits in the outbox, unless nobody understands what was said.
3. The first sheet of an order that is confirmed does not keep a second one out: institutions correct themselves, and a
   contradiction is a fact.
4. A scan is kept before anybody types from it; both persons name the one scan that they type from, by its SHA-256. Whoever
   looks at it reads personal data, and that is journalled first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recoup import limits
from recoup.cases import CasePolicy
from recoup.centre.case_room import decide_orders
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.order_room import again_id, notice_ids
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import INSTITUTION, Actor, Request, is_usable
from recoup.centre.sheets import (
    ConfirmSheet,
    Event,
    HandOverOrder,
    OrderHandedOver,
    OrderPrinted,
    PrintOrder,
    ReadScan,
    Scan,
    ScanTaken,
    Sheet,
    SheetConfirmed,
    SheetTyped,
    TakeScan,
    TypeSheet,
    field_of_scan,
    subject_of_order,
)
from recoup.centre.state import CentreState
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.orders import Order, Reason
from recoup.orders.commands import ConfirmSent, RecordAnswer
from recoup.orders.events import AnswerRecorded, Bearing
from recoup.stores.vault import PersonalDataRead


def decide_paper(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request about orders on paper."""
    who = request.actor.who
    match request.what:
        case PrintOrder(order_id):
            order = _issued(state, order_id)
            if isinstance(order, Declined):
                return order
            printed = OrderPrinted(order_id, who, request.actor.reason)
            return _decision(order, printed, {"order": order_id})
        case HandOverOrder(order_id):
            return _hand_over(state, request, order_id, now, policy)
        case TypeSheet():
            return _type(state, request.what, who)
        case ConfirmSheet():
            return _confirm(state, request, request.what, now, policy)
        case TakeScan(scan):
            return _take(state, scan, who)
        case ReadScan(order_id, scan_id):
            return _read(state, request, order_id, scan_id)
        case _:
            raise AssertionError("the table of rooms names six commands")


def _hand_over(
    state: CentreState, request: Request, order_id: str, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    order = _issued(state, order_id)
    if isinstance(order, Declined):
        return order
    sent = decide_orders(state, replace(request, what=ConfirmSent(order_id, now)), now, policy)
    if isinstance(sent, Declined):
        return sent
    noted = Noted(SubjectId(order.key.case), OrderHandedOver(order_id, request.actor.who))
    settled = (order_id, again_id(order_id), *notice_ids(state, order))
    return replace(sent, events=(noted, *sent.events), settled=(*sent.settled, *settled))


def _take(state: CentreState, scan: Scan, who: str) -> Decision | Declined:
    order = _handed_over(state, scan.order)
    if isinstance(order, Declined):
        return order
    known = state.scans.get(scan.id)
    if known is not None and known.order != scan.order:
        return Declined(CentreReason.SCAN_TAKEN_FOR_ANOTHER, scan.id)
    if known is not None:  # the same bytes: kept once
        return Decision(encode_plain({"scan": scan.id}), ())
    if len(state.scans_of(scan.order)) >= limits.SCANS_EACH_MAX:
        return Declined(
            CentreReason.SCANS_TOO_MANY, f"expected at most {limits.SCANS_EACH_MAX} of one order"
        )
    return _decision(order, ScanTaken(scan, who), {"scan": scan.id})


def _read(state: CentreState, request: Request, order_id: str, scan_id: str) -> Decision | Declined:
    scan = state.scans.get(scan_id)
    order = _issued(state, order_id)
    if isinstance(order, Declined):
        return order
    if scan is None or scan.order != order_id or order.key.case != request.case:
        return Declined(CentreReason.SCAN_UNKNOWN, scan_id)
    who, why = request.actor.who, request.actor.reason
    read = PersonalDataRead(
        subject_of_order(order_id), field_of_scan(scan_id), who, request.case, why
    )
    noted = Noted(SubjectId(order.key.case), read)
    return Decision(encode_plain({"scan": scan_id}), (noted,))


def _type(state: CentreState, command: TypeSheet, who: str) -> Decision | Declined:
    order = _handed_over(state, command.order_id)
    if isinstance(order, Declined):
        return order
    if not is_usable(command.sheet) or command.sheet in state.sheets:
        return Declined(CentreReason.ID_UNUSABLE, "the sheet")
    if command.scan:
        scan = state.scans.get(command.scan)
        if scan is None or scan.order != command.order_id:
            return Declined(CentreReason.SCAN_UNKNOWN, command.scan)
    sheet = Sheet(
        command.sheet, command.order_id, command.answer, command.digest, who, scan=command.scan
    )
    return _decision(order, SheetTyped(sheet), {"sheet": sheet.id})


def _confirm(
    state: CentreState, request: Request, command: ConfirmSheet, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    sheet_id = command.sheet
    sheet = state.sheets.get(sheet_id)
    if sheet is None:
        return Declined(CentreReason.SHEET_UNKNOWN, sheet_id)
    if sheet.confirmed_by:
        return Declined(CentreReason.SHEET_CONFIRMED, sheet_id)
    if sheet.typed_by == request.actor.who:  # also where no table of rights was asked
        return Declined(CentreReason.SHEET_TYPED_BY_SAME, sheet_id)
    if sheet.scan != command.scan:
        return Declined(CentreReason.SCAN_DIFFERS, sheet_id)
    if sheet.digest != command.digest:
        return Declined(CentreReason.SHEET_DIFFERS, sheet_id)
    order = _issued(state, sheet.order)
    if isinstance(order, Declined):
        return order
    institution = Actor(order.institution, INSTITUTION, "answers an order")
    answered = replace(request, actor=institution, what=RecordAnswer(sheet.order, sheet.answer))
    found = decide_orders(state, answered, now, policy)
    if isinstance(found, Declined):
        return found
    confirmed = SheetConfirmed(sheet_id, request.actor.who)
    # A reminder that is still to be carried is pointless now: nobody would, and it would wait unsent for ever.
    settled = (again_id(sheet.order),) if _is_clear(found) else ()
    return replace(
        found,
        events=(Noted(SubjectId(order.key.case), confirmed), *found.events),
        settled=(*found.settled, *settled),
    )


def _is_clear(found: Decision) -> bool:
    """Whether an answer was understood, whatever it does to the hold; one that was not leaves the order to be answered."""
    events = (noted.event for noted in found.events)
    return any(
        isinstance(event, AnswerRecorded) and event.bearing is not Bearing.UNCLEAR
        for event in events
    )


def evolve_paper(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event about orders on paper into its registers; printing and handing over are for the record."""
    match event:
        case ScanTaken(scan):
            state.put_scan(scan)
        case SheetTyped(sheet):
            state.sheets[sheet.id] = sheet
        case SheetConfirmed(sheet_id, by):
            state.sheets[sheet_id] = replace(state.sheets[sheet_id], confirmed_by=by)
        case _:
            pass
    return state


def _issued(state: CentreState, order_id: str) -> Order | Declined:
    found = state.find(order_id)
    if found is None:
        return Declined(Reason.ORDER_UNKNOWN, order_id)
    if found[1].issued_at is None:
        return Declined(Reason.ORDER_NOT_ISSUED, order_id)
    return found[1].order


def _handed_over(state: CentreState, order_id: str) -> Order | Declined:
    order = _issued(state, order_id)
    if isinstance(order, Declined):
        return order
    found = state.find(order_id)
    assert found is not None, "it was issued"
    return order if found[1].sent_at else Declined(CentreReason.NOT_HANDED_OVER, order_id)


def _decision(order: Order, event: Event, answer: dict[str, str]) -> Decision:
    return Decision(encode_plain(answer), (Noted(SubjectId(order.key.case), event),))


__all__ = ["decide_paper", "evolve_paper"]
