"""The notice to the holder of an account about a hold, on paper: authority, case, amount, term, documents, phone, remedy.

For holders whom no institution tells. It names the account by its last digits, so that whoever finds the sheet has no number
[fraud-law art. 32].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from recoup.money import ISO_DIGITS, format_minor
from recoup.paper.printing import printed, shown_time
from recoup.paper.words import LANGUAGES, Language

_TAIL: Final = 4

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("账户资金控制告知书", "Notice: money on your account is held"),
    "to": ("致：{name}", "To: {name}"),
    "holder": ("账户所有人", "the holder of the account"),
    "words": (
        "您账户内的下列资金已被依法控制。控制仅限下列金额，其余资金可照常使用；机构另行通知整户控制的除外。",
        "The money below is held on your account by law. Only this amount is held; what else lies there is yours to use, "
        + "unless the institution told you that the whole account is held.",
    ),
    "account": ("账户", "Account"),
    "tail": ("{institution}，尾号 {tail}", "at {institution}, ending in {tail}"),
    "held": ("控制金额", "Held"),
    "since": ("控制起始时间", "Since"),
    "until": ("届满时间", "Until"),
    "case": ("案件编号", "Case"),
    "authority": ("决定机关", "Authority"),
    "documents": ("法律文书", "Documents"),
    "phone": ("联系电话", "Telephone"),
    "rights_title": ("您的权利", "What you can do"),
    "object": (
        "如有异议，可向开户机构或上述机关提出申诉，由未参与作出决定的人员在 {hours} 小时内答复。",
        "You may object, through the institution or at the authority above; somebody who had no part in it decides "
        + "within {hours} hours.",
    ),
    "bring": (
        "请携带本告知书、身份证件，以及能说明资金来源的材料（合同、订单、工资单等）。",
        "Bring this notice, your identity document, and what shows where the money came from (contract, order, payslip).",
    ),
    "hardship": (
        "因控制影响基本生活的，可申请当日解除部分资金；也可提供其他账户替代。",
        "If you lack money to live on, ask for a part of it the same day; you may also offer another account in its place.",
    ),
    "careful": (
        "办案机关不会要求您转账或提供密码。请拨打公开登记的电话核实。",
        "Nobody from the authority asks you to transfer money or for a password. Call back on a publicly listed number.",
    ),
    "signed": ("签发（盖章）", "Signed"),
    "footer": ("{case} · {authority}", "{case} · {authority}"),
}


@dataclass(frozen=True, slots=True)
class HeldMoney:
    """A hold as its holder is told of it."""

    case: str
    name: str
    account_number: str
    institution: str
    currency: str
    held: int
    since: datetime | None
    until: datetime | None
    authority: str
    documents: tuple[str, ...]
    phone: str
    appeal_seconds: int
    """Within which an objection is decided."""


def notice_pdf(
    told: HeldMoney, at: datetime, *, language: Language = "zh", timezone: str = "Asia/Shanghai"
) -> bytes:
    """Return the notice as PDF/A-2b; `at` is when it was printed."""
    zone = ZoneInfo(timezone)

    def said(phrase: str, **parts: object) -> str:
        return WORDS[phrase][LANGUAGES.index(language)].format(**parts)

    def time(instant: datetime | None) -> str:
        return shown_time(instant, zone) if instant is not None else ""

    digits = ISO_DIGITS.of(told.currency)
    found = {
        "account": said("tail", institution=told.institution, tail=told.account_number[-_TAIL:]),
        "held": f"{format_minor(told.held, digits)} {told.currency}",
        "since": time(told.since),
        "until": time(told.until),
        "case": told.case,
        "authority": told.authority,
        "documents": ("、" if language == "zh" else ", ").join(told.documents),
        "phone": told.phone,
    }
    hours = -(-told.appeal_seconds // 3_600)
    content = {
        "title": said("title"),
        "author": told.authority,
        "lang": language,
        "to": said("to", name=told.name or said("holder")),
        "words": said("words"),
        "rows": [(said(name), words) for name, words in found.items() if words],
        "rights_title": said("rights_title"),
        "rights": [
            said("object", hours=hours),
            *(said(name) for name in ("bring", "hardship", "careful")),
        ],
        "signed": said("signed"),
        "footer": said("footer", case=told.case, authority=told.authority),
    }
    return printed("notice.typ", content, at)


__all__ = ["WORDS", "HeldMoney", "notice_pdf"]
