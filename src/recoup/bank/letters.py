"""What a holder is told of a hold, in the bank's language: authority, case, amount, term, documents, phone [fraud-law art. 32].

The words come from the order; nothing else that the bank knows is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from recoup.bank.holds import BankHold
from recoup.messages import OrderMessage
from recoup.money import ISO_DIGITS, format_minor

_WORDS: Final = {
    "zh": (
        "您尾号{tail}的账户中，{amount} {currency} 已被{authority}依法控制，案件编号：{case}，至 {until} 止。\n"
        "文书：{documents}。如有异议，可向本行或拨打 {phone} 提出申诉。\n"
    ),
    "en": (
        "On your account ending in {tail}, {amount} {currency} is held by order of {authority}, case {case}, until {until}.\n"
        "Documents: {documents}. To object, tell us, or call {phone}.\n"
    ),
}
LOCALES: Final = tuple(_WORDS)


class NoticeState(StrEnum):
    """Where a notice is on its way to its holder."""

    DUE = "due"
    GIVEN = "given"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class HolderNotice:
    """A notice that is to reach a holder, and where it is."""

    order: str
    account: str
    currency: str
    text: str
    state: NoticeState = NoticeState.DUE
    at: datetime | None = None
    """When it was given or put off."""
    way: str = ""
    """How it was given, such as letter, app, counter."""
    reason: str = ""
    """Why it is put off."""
    until: datetime | None = None
    held_back_until: datetime | None = None
    """The holder is not told before this, whatever is done here: so it was decided at the centre."""


def notice_of(
    order: OrderMessage, hold: BankHold, held: int, locale: str, zone: ZoneInfo
) -> HolderNotice | None:
    """Return what the holder is told of a hold that begins or is frozen; None where the order does not say it.

    The end is shown as the clocks of `zone` show it, with the zone's name.
    """
    terms = order.notice
    if terms is None:
        return None
    text = _WORDS[locale].format(
        tail=hold.account[-4:],
        amount=format_minor(held, ISO_DIGITS.of(hold.currency)),
        currency=hold.currency,
        authority=terms.authority,
        case=order.case,
        until=f"{hold.ends_at.astimezone(zone):%Y-%m-%d %H:%M:%S} ({zone.key})",
        documents=("、" if locale == "zh" else ", ").join(terms.documents),
        phone=terms.phone,
    )
    return HolderNotice(
        order.id, hold.account, hold.currency, text, held_back_until=order.tell_from
    )


__all__ = ["LOCALES", "HolderNotice", "NoticeState", "notice_of"]
