"""The notice to a holder on paper. It names holder and account, so that it was read is journalled first."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from recoup.api.bodies import CASE_PATTERN, Currency
from recoup.api.callers import Caller, Calling, carry_out
from recoup.api.problems import ProblemError
from recoup.api.rows import COMMAND_PROBLEMS
from recoup.cases import Reason
from recoup.centre.account_room import ReadPersonal
from recoup.centre.directory import NAME, NUMBER
from recoup.messages import NoticeTerms
from recoup.orders import Hold, HoldKey
from recoup.paper.holder import HeldMoney, notice_pdf
from recoup.paper.printing import zone_of
from recoup.paper.words import Language
from recoup.staff import Action, Target, Why
from recoup.stores.vault import Purpose

router = APIRouter(tags=["paper"])

_WHERE: Final = "/cases/{case}/notices/paper"
_READ: Final = "holder_notice"
"""The field under which reading is journalled: the account's number and its holder's name."""


@router.get(_WHERE, responses=COMMAND_PROBLEMS, response_class=Response)
async def notice_paper(
    case: Annotated[str, Path(pattern=CASE_PATTERN)],
    caller: Calling,
    account: Annotated[str, Query(max_length=128)],
    currency: Currency,
    reason: Annotated[str, Query(max_length=500, description="Why one asks.")] = "",
    language: Language = "zh",
    timezone: Annotated[str, Query(max_length=64)] = "Asia/Shanghai",
) -> Response:
    """Return what a holder is told of a hold that stands, as PDF; that it was read is in the journal before."""
    port, why = caller.house.port, Why(case, reason)
    view = port.view()
    target = view.target_of_subject(case, account) or Target()
    caller.may(Action.PERSONAL_READ, target, why)
    hold = view.hold(HoldKey(case, account, currency))
    if not hold.is_live:
        raise ProblemError(Reason.NOTICE_UNKNOWN)
    terms = port.notice
    if terms is None or not (terms.authority and terms.phone):
        raise ProblemError("authority_unnamed")
    if zone_of(timezone) is None:
        raise ProblemError("request_malformed")
    content = {"case": case, "account": account, "currency": currency}
    command, key = ReadPersonal(account, _READ), port.new_id("reading")
    await carry_out(caller, key, _WHERE, content, command, Response(), why)
    told = await _told(caller, hold, terms, Purpose(caller.person, case, reason))
    made = await asyncio.to_thread(
        notice_pdf, told, port.now(), language=language, timezone=timezone
    )
    return Response(made, media_type="application/pdf", headers={"Cache-Control": "no-store"})


async def _told(caller: Caller, hold: Hold, terms: NoticeTerms, purpose: Purpose) -> HeldMoney:
    """Return the hold as its holder is told of it."""
    port, key = caller.house.port, hold.key
    number = await port.read_account(key.account, NUMBER, purpose)
    if number is None:
        raise ProblemError("personal_data_missing")
    return HeldMoney(
        key.case,
        await port.read_account(key.account, NAME, purpose) or "",
        number,
        hold.orders[-1].order.institution,
        key.currency,
        hold.held,
        hold.since,
        hold.ends_at,
        terms.authority,
        terms.documents,
        terms.phone,
        port.policy.appeal_seconds,
    )


__all__ = ["router"]
