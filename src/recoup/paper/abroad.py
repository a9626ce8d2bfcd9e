"""The text of a request to another country where money went: ready to be sent by whoever may send it. Words only, no clock.

It asks for what can be undone first: keep what is still there, then keep the records, then say where it went. Figures and
references only as the statements have them; what nobody knows has no line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from recoup.cases import Task
from recoup.money import ISO_DIGITS, format_minor
from recoup.paper.words import LANGUAGES, Language

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": (
        "紧急协查请求：请控制涉诈资金",
        "URGENT REQUEST: please hold the proceeds of fraud",
    ),
    "from": ("请求机关", "From"),
    "phone": ("联系电话", "Telephone"),
    "case": ("案件编号", "Case"),
    "task": ("请求编号", "Request"),
    "facts": (
        "经资金流水追踪，下列款项系诈骗被害人的财产，已汇出境外。",
        "Traced through account statements, this money is the property of a victim of fraud and left for abroad:",
    ),
    "amount": ("其中被害人资金", "The victim's part"),
    "left_at": ("汇出时间", "Left at"),
    "paid": ("该笔汇款总额", "Out of a payment of"),
    "account": ("汇出账户", "From account"),
    "name": ("汇出户名", "In the name of"),
    "institution": ("汇出机构", "At"),
    "to_institution": ("收款机构", "To institution"),
    "serial": ("交易流水号", "Number of the payment at the sending institution"),
    "reference": ("汇款附言或参考号", "Reference that went with it"),
    "asks": ("请贵方：", "Please:"),
    "ask_hold": (
        "1. 按贵国法律暂停支付该款项及其去向账户，以被害人资金为限；",
        "1. keep this money from being paid out, here and wherever it went on to, up to the victim's part, as your law allows;",
    ),
    "ask_keep": (
        "2. 保存开户资料、交易记录和登录记录；",
        "2. keep the records of opening, transactions and log-ins;",
    ),
    "ask_say": (
        "3. 告知收款账户、余额，以及资金去向（时间、金额、对手机构）；",
        "3. tell us the receiving account, what lies there, and where the money went (time, amount, next institution);",
    ),
    "ask_way": (
        "4. 告知正式司法协助和返还的途径。",
        "4. tell us the way of formal legal assistance, and of returning the money.",
    ),
    "due": (
        "资金随时可能转移。请于以下时间前答复，未办结也请告知进展",
        "The money may move at any moment. Please answer by this time, even if it is not settled",
    ),
    "mark": (
        "正式请求将按司法互助途径随后送达；本文不含任何网址，请回拨公开登记的电话核实。",
        "A formal request follows by way of legal assistance. This text has no link: call back on a publicly listed number.",
    ),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and by what the payment is known: read from the vault, since the case has opaque ids only."""

    authority: str
    phone: str
    account_number: str = ""
    account_name: str = ""
    institution: str = ""
    """At which the account lies."""
    to_institution: str = ""
    """To which the payment went."""
    serial: str = ""
    """The number under which the sending institution knows the payment."""
    reference: str = ""
    """What travelled with it, where that is something else."""
    paid: int = 0
    """The whole payment in minor units; 0: not known."""


def request_abroad(
    case: str,
    task: Task,
    asking: Asking,
    *,
    language: Language = "en",
    timezone: str = "Asia/Shanghai",
) -> str:
    """Return the text, zh or en; times in `timezone` and in UTC."""
    zone = ZoneInfo(timezone)

    def said(name: str) -> str:
        return _WORDS[name][LANGUAGES.index(language)]

    def time(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key} ({at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"

    def lines(**found: str) -> list[str]:
        colon = "：" if language == "zh" else ": "
        return [f"{said(name)}{colon}{words}" for name, words in found.items() if words]

    def money(minor: int) -> str:
        return f"{format_minor(minor, ISO_DIGITS.of(task.currency))} {task.currency}"

    parts = [
        said("title"),
        "",
        *lines(**{"from": asking.authority}, phone=asking.phone, case=case, task=task.id),
        "",
        said("facts"),
        *lines(
            amount=money(task.amount),
            paid=money(asking.paid) if asking.paid > task.amount else "",
            left_at=time(task.left_at),
            serial=asking.serial,
            reference=asking.reference,
            account=asking.account_number,
            name=asking.account_name,
            institution=asking.institution,
            to_institution=asking.to_institution,
        ),
        "",
        *(said(name) for name in ("asks", "ask_hold", "ask_keep", "ask_say", "ask_way")),
        "",
        *lines(due=time(task.due_at)),
        said("mark"),
    ]
    return "\n".join(parts) + "\n"


__all__ = ["Asking", "request_abroad"]
