"""Orders on paper: printed, handed over, and their answer sheets typed by two persons, each from the sheet itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from recoup import limits
from recoup.api import bodies
from recoup.api.bodies import (
    AccountNumber,
    Amount,
    Body,
    Digest,
    Instant,
    Name,
    OrderAnswered,
    Said,
    ThingId,
    instant_of_text,
)
from recoup.api.callers import Calling, Key, carry_out, command_of, told
from recoup.api.problems import ProblemError
from recoup.api.rows import COMMAND_PROBLEMS, Row, ThingPath, mount
from recoup.centre.sheets import ConfirmSheet, HandOverOrder, PrintOrder, TypeSheet
from recoup.errors import LimitFault, VaultFault
from recoup.messages import (
    AnswerMessage,
    Check,
    FormerHold,
    Minor,
    PaidReceipt,
    Paper,
    ResultCode,
    StatementRow,
    encode,
)
from recoup.money import ISO_DIGITS, AmountError, parse_minor
from recoup.orders import Order, Outcome, Reason
from recoup.paper.printing import zone_of
from recoup.paper.words import Language
from recoup.staff import Action, Why
from recoup.unrecognised import Unrecognised

router = APIRouter(tags=["paper"])
PAPER_ROWS = (
    Row(
        "/orders/{order}/handed-over",
        "Note that the order's paper was handed to the institution.",
        bodies.Nothing,
        lambda order, _, __: HandOverOrder(order),
        OrderAnswered,
    ),
)
mount(router, PAPER_ROWS)


class SheetRow(Body):
    """One line of where the money went."""

    at: Instant
    payer: AccountNumber | None = None
    payee: AccountNumber | None = None
    amount: Amount
    payer_name: Name | None = None
    payee_name: Name | None = None
    payer_institution: ThingId | None = None
    payee_institution: ThingId | None = None
    reference: Said | None = None


class FormerBody(Body):
    """An earlier hold of others on the account, which comes first."""

    authority: Name
    amount: Amount
    ends_at: Instant | None = None


class ReceiptBody(Body):
    """The payment that an institution made, or that came back: its own number of it, amount and time."""

    amount: Amount
    reference: Said
    at: Instant


class SheetBody(Body):
    """An answer sheet, as it was filled in by hand."""

    outcome: Outcome = Field(strict=False)
    answered_at: Instant
    held: Amount = "0"
    code: Annotated[str, Field(pattern="^[0-9]{4}$")] = "0000"
    failed: list[Annotated[Check, Field(strict=False)]] = Field(default=[], max_length=len(Check))
    """What did not match, as ticked."""
    started_at: Instant | None = None
    former: list[FormerBody] = Field(default=[], max_length=limits.SHEET_FORMER_MAX)
    rows: list[SheetRow] = Field(default=[], max_length=100)
    receipt: ReceiptBody | None = None
    papers: list[Annotated[Paper, Field(strict=False)]] = Field(default=[], max_length=len(Paper))
    """Which papers are wanted before a payment back is made."""
    scan: Digest | None = None
    """The uploaded scan that it is typed from; none for paper in the hand."""


class ConfirmBody(SheetBody):
    """The same sheet, typed once more."""

    sheet: ThingId


class SheetAnswered(Body):
    """The sheet's id: the second person names it."""

    sheet: str


@router.get("/orders/{order}/paper", responses=COMMAND_PROBLEMS, response_class=Response)
async def paper(
    order: ThingPath,
    caller: Calling,
    case: Annotated[str, Query(max_length=64)] = "",
    reason: Annotated[str, Query(max_length=500)] = "",
    language: Language = "zh",
    timezone: Annotated[str, Query(max_length=64)] = "Asia/Shanghai",
) -> Response:
    """Return a signed order as PDF; that account and name were seen is in the journal before."""
    port, why = caller.house.port, Why(case, reason)
    view = port.view()
    caller.may(Action.PAPER_PRINT, view.target_of_case(case), why)
    found = view.find(order)
    if found is None or found[0].key.case != case:
        raise ProblemError(Reason.ORDER_UNKNOWN)
    if zone_of(timezone) is None:
        raise ProblemError("request_malformed")
    content = {"language": language, "timezone": timezone}
    key, asking = port.new_id("printing"), caller.asking(PrintOrder(order), why)
    given = command_of(port, caller.person, key, f"/orders/{order}/paper", content, asking)
    told(await port.submit(given), Response())
    try:
        made = await port.order_paper(order, language, timezone)
    except LimitFault as fault:
        raise ProblemError("paper_too_long") from fault
    except VaultFault as fault:
        raise ProblemError("personal_data_missing") from fault
    if made is None:
        raise ProblemError("signing_key_missing")
    return Response(made, media_type="application/pdf", headers={"Cache-Control": "no-store"})


@router.post("/orders/{order}/answers/typed", responses=COMMAND_PROBLEMS)
async def type_sheet(
    order: ThingPath, body: SheetBody, key: Key, caller: Calling, response: Response
) -> SheetAnswered:
    """Write down an answer sheet; it counts when another person typed the same."""
    port = caller.house.port
    told_to = _order(caller, order)
    sheet = port.new_id("sheet")
    message = _message(told_to, body, sheet)
    digest = _digest(caller, told_to, body)
    command = TypeSheet(order, sheet, port.answer_of(message), digest, body.scan or "")
    content = body.model_dump(mode="json")
    answer = await carry_out(
        caller, key, f"/orders/{order}/answers/typed", content, command, response
    )
    return SheetAnswered(sheet=answer["sheet"])


@router.post("/orders/{order}/answers/confirm", responses=COMMAND_PROBLEMS)
async def confirm_sheet(
    order: ThingPath, body: ConfirmBody, key: Key, caller: Calling, response: Response
) -> OrderAnswered:
    """Type a sheet again, somebody else; alike, it is the institution's answer."""
    port = caller.house.port
    told_to = _order(caller, order)
    message = _message(told_to, body, body.sheet)
    command = ConfirmSheet(body.sheet, _digest(caller, told_to, body), body.scan or "")
    content = body.model_dump(mode="json")
    route = f"/orders/{order}/answers/confirm"
    answer = await carry_out(caller, key, route, content, command, response)
    # A repeat keeps the rows again: the process may have died in between.
    await port.keep_rows(told_to, message)
    return OrderAnswered(order=answer["order"], state=answer["state"], word=answer["word"])


def _order(caller: Calling, order_id: str) -> Order:
    """Return the order; who may not know of it is told so by the right, not by its absence."""
    caller.may_look_for(Action.ANSWER_TYPE)
    view = caller.house.port.view()
    found = view.find(order_id)
    if found is None:
        raise ProblemError(Reason.ORDER_UNKNOWN)
    caller.may(Action.ANSWER_TYPE, view.target_of_order(found[1].order))
    return found[1].order


def _digest(caller: Calling, order: Order, body: SheetBody) -> str:
    """Return the keyed digest of a sheet: of what it says, not of how amounts and times were spelled."""
    return caller.house.port.digest("sheet", encode(_message(order, body, "sheet"))).hex()


def _message(order: Order, body: SheetBody, answer_id: str) -> AnswerMessage:
    currency = order.key.currency
    rows = tuple(
        StatementRow(
            f"{order.id}-{number}",
            instant_of_text(row.at),
            number,
            row.payer or "",
            row.payee or "",
            _minor(row.amount, currency),
            currency,
            row.payer_name or "",
            row.payee_name or "",
            row.payer_institution or "",
            row.payee_institution or "",
            reference=row.reference or "",
        )
        for number, row in enumerate(body.rows, start=1)
    )
    known = {x.value: x for x in ResultCode}
    return AnswerMessage(
        id=answer_id,
        order=order.id,
        institution=order.institution,
        outcome=body.outcome,
        at=instant_of_text(body.answered_at),
        currency=currency,
        held=_minor(body.held, currency),
        code=known.get(body.code) or Unrecognised(body.code),
        failed=tuple(sorted(set(body.failed))),
        started_at=instant_of_text(body.started_at) if body.started_at else None,
        former=tuple(
            FormerHold(
                row.authority,
                currency,
                _minor(row.amount, currency),
                instant_of_text(row.ends_at) if row.ends_at else None,
            )
            for row in body.former
        ),
        rows=rows,
        receipt=_receipt(body, currency),
        papers=tuple(body.papers),
    )


def _receipt(body: SheetBody, currency: str) -> PaidReceipt | None:
    said = body.receipt
    if said is None:
        return None
    return PaidReceipt(_minor(said.amount, currency), said.reference, instant_of_text(said.at))


def _minor(amount: str, currency: str) -> Minor:
    try:
        return Minor(parse_minor(amount, ISO_DIGITS.of(currency)))
    except AmountError as fault:
        raise ProblemError("amount_unfit", str(fault)) from fault


__all__ = ["router"]
