"""Accounts and orders: what officers, approvers and institutions see and do.

Lists of a case need its number and a reason; an institution sees the orders told to it and nothing else; a number or a name
is shown after its reading is in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from recoup import limits
from recoup.api.amounts import minor_of
from recoup.api.bodies import (
    AccountAnswered,
    AccountBody,
    DraftBody,
    OrderAnswered,
    OrderView,
    Page,
    PersonalView,
    ReadingBody,
    instant_of_text,
    order_view,
)
from recoup.api.callers import Caller, Calling, Key, carry_out, command_of, told
from recoup.api.cursors import page_of
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ORDER_ROWS, ThingPath, mount
from recoup.centre.account_room import ACCOUNT_UNKNOWN, EnterAccount, ReadPersonal
from recoup.centre.facts import ROOT_WITHIN, Grounds
from recoup.orders import Hold, HoldKey, Order, Reason, Tracked
from recoup.orders.commands import DraftOrder
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["work"])
mount(router, ORDER_ROWS)

_LOOKING = responses(401, 403, 404, 409, 422, 429)
CaseAsked = Annotated[str, Query(max_length=64, description="The case for which one asks.")]
ReasonAsked = Annotated[str, Query(max_length=500, description="Why one asks.")]
Limit = Annotated[int, Query(ge=1, le=limits.HTTP_PAGE_ROWS_MAX)]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]


@router.post("/accounts", responses=COMMAND_PROBLEMS)
async def enter_account(
    body: AccountBody, key: Key, caller: Calling, response: Response
) -> AccountAnswered:
    """Make an account known to a case; the answer is the id under which it is spoken of from then on."""
    port = caller.house.port
    caller.may(Action.ACCOUNT_ENTER, port.view().target_of_case(body.case))
    entering = EnterAccount(port.new_id("account"), body.institution, body.case)
    content = body.model_dump(mode="json")
    given = command_of(port, caller.person, key, "/accounts", content, caller.asking(entering))
    answer = told(await port.enter_account(given, body.number, body.name), response)
    return AccountAnswered(account=answer["account"])


@router.post("/readings", responses=COMMAND_PROBLEMS)
async def read_personal(
    body: ReadingBody, key: Key, caller: Calling, response: Response
) -> PersonalView:
    """Show a number or a name; that it was read, by whom, for which case and why is on disk before."""
    why = Why(body.case, body.reason)
    command = ReadPersonal(body.account, body.field)
    content = body.model_dump(mode="json")
    await carry_out(caller, key, "/readings", content, command, response, why)
    port = caller.house.port
    if response.headers.get("Idempotency-Replayed"):
        # The reading stands in the journal; whether the person may still see it is asked again.
        target = port.view().target_of_account(body.case, body.account) or Target()
        caller.may(Action.PERSONAL_READ, target, why)
    purpose = Purpose(caller.person, body.case, body.reason)
    text = await port.read_account(body.account, body.field, purpose)
    if text is None:
        raise ProblemError("personal_data_missing")
    return PersonalView(account=body.account, field=body.field, text=text)


@router.post("/orders", responses=COMMAND_PROBLEMS)
async def draft_order(
    body: DraftBody, key: Key, caller: Calling, response: Response
) -> OrderAnswered:
    """Write an order down; nobody outside hears of it before it is approved and issued."""
    port = caller.house.port
    caller.may(Action.ORDER_DRAFT, port.view().target_of_case(body.case))
    institution = port.view().accounts.get(body.account)
    if institution is None:
        raise ProblemError(ACCOUNT_UNKNOWN)
    order = Order(
        port.new_id("order"),
        body.kind,
        HoldKey(body.case, body.account, body.currency),
        institution,
        minor_of(body.amount, body.currency),
        caller.person,
        body.reason,
        body.extent,
        body.extent_ground or "",
        body.account_kind,
    )
    grounds = _grounds(body)
    content = body.model_dump(mode="json")
    answer = await carry_out(caller, key, "/orders", content, DraftOrder(order), response)
    if grounds is not None:  # a repeat keeps it again: the process may have died in between
        await port.keep_grounds(answer["order"], grounds)
    return OrderAnswered(order=answer["order"], state=answer["state"], word=answer["word"])


@router.get("/orders", responses=_LOOKING)
async def orders_of_case(
    caller: Calling,
    case: CaseAsked = "",
    reason: ReasonAsked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrderView]:
    """List a case's orders in the order of drafting."""
    view = caller.house.port.view()
    caller.may(Action.ORDER_READ, view.target_of_case(case), Why(case, reason))
    name = f"orders {caller.person} {case}"
    return _page(caller, name, view.of_case(case), limit, cursor)


@router.get("/orders/{order}", responses=_LOOKING)
async def one_order(
    order: ThingPath, caller: Calling, case: CaseAsked = "", reason: ReasonAsked = ""
) -> OrderView:
    """Show an order of the case for which one asks."""
    view = caller.house.port.view()
    caller.may(Action.ORDER_READ, view.target_of_case(case), Why(case, reason))
    found = view.find(order)
    if found is None or found[0].key.case != case:
        raise ProblemError(Reason.ORDER_UNKNOWN)
    return order_view(*found, caller.house.port.policy, view.case(case))


@router.get("/institutions/{institution}/orders", responses=_LOOKING)
async def orders_of_institution(
    institution: ThingPath, caller: Calling, limit: Limit = 50, cursor: Cursor = None
) -> Page[OrderView]:
    """List the orders issued to an institution, in the order of issue."""
    caller.may(Action.INBOX_READ, Target(institution=institution))
    name = f"inbox {caller.person} {institution}"
    rows = caller.house.port.view().of_institution(institution)
    return _page(caller, name, rows, limit, cursor)


def _grounds(body: DraftBody) -> Grounds | None:
    """Return what the institution is told of how the money came."""
    if body.arrival is None:
        return None
    amount = minor_of(body.arrival.amount, body.currency)
    at = instant_of_text(body.arrival.at)
    return Grounds(amount, at, body.arrival.reference or "", "", at - ROOT_WITHIN)


def _page(
    caller: Caller,
    listed: str,
    rows: Iterator[tuple[Hold, Tracked]],
    limit: int,
    cursor: str | None,
) -> Page[OrderView]:
    """Return orders from the cursor on; lists only grow at their end, so a place stays a place."""
    port = caller.house.port
    view = port.view()
    return page_of(
        port,
        listed,
        rows,
        limit,
        cursor,
        lambda x: order_view(*x, port.policy, view.case(x[1].order.key.case)),
    )


__all__ = ["minor_of", "router"]
