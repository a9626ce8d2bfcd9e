"""What a victim is told at each stage of a return, in plain short words: what happened, what happens next. Never a link."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from recoup.paper.returning.particulars import LINK
from recoup.paper.words import LANGUAGES, Language


class Told(StrEnum):
    """How far a return is, for its victim."""

    APPLIED = "applied"
    TRACED = "traced"
    APPROVED = "approved"
    NOTICED = "noticed"
    DECIDED = "decided"
    SENT_TO_BANK = "sent_to_bank"
    PAID = "paid"
    BOUNCED = "bounced"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_STAGES: Final[dict[Told, tuple[str, str]]] = {
    Told.APPLIED: (
        "我们已收到您的返还申请。接下来核对资金流向。您无需操作。",
        "We have your application. Next we check where your money went. You need do nothing.",
    ),
    Told.TRACED: (
        "资金流向已核对。接下来由上级审批。您无需操作。",
        "We know where your money went. Next the return must be approved. You need do nothing.",
    ),
    Told.APPROVED: (
        "返还已获批准。接下来作出返还决定；需要公告的，先进行公告。您无需操作。",
        "The return is approved. Next it is decided; if a public notice is needed, that comes first. You need do nothing.",
    ),
    Told.NOTICED: (
        "返还方案正在公告。公告期满且异议处理后作出决定。如有异议，请以书面形式提出。",
        "The plan is on public notice. It is decided when the notice and its objections are over. You may object in writing.",
    ),
    Told.DECIDED: (
        "已决定向您返还。接下来通知银行付款。您无需操作。",
        "It is decided that you get money back. Next the bank is told to pay. You need do nothing.",
    ),
    Told.SENT_TO_BANK: (
        "付款通知已送达银行。款项将转入您登记的本人账户。",
        "The bank has been told to pay. The money goes to the account of yours that we have on file.",
    ),
    Told.PAID: (
        "银行已付款。请核对到账金额，如有不符请联系我们。",
        "The bank has paid. Please compare the amount, and call us if it differs.",
    ),
    Told.BOUNCED: (
        "款项未能转入您的账户。请携带身份证件到柜台登记本人的其他账户。",
        "The payment did not reach your account. Please come to the counter with your identity document and name another "
        + "account of yours.",
    ),
    Told.REFUSED: (
        "您的返还申请未获批准。理由见书面决定，您可以提出异议。",
        "Your application was refused. The written decision says why; you may object.",
    ),
    Told.WITHDRAWN: (
        "您的返还申请已撤回。您可以重新申请。",
        "Your application was withdrawn. You may apply again.",
    ),
}
_ALWAYS: Final = (
    "案件编号：{case}。返还不收取任何费用。我们不发送链接，不会要求您转账或提供密码、验证码。核实：{check}，请出示案件编号和一次性查询码。",
    "Case {case}. The return is free. We send no link and never ask for a transfer, a password or a code. To check this: "
    + "{check}; give the case number and your one-time code.",
)


def victim_words(told: Told, language: Language, *, case: str, check: str) -> str:
    """Return what a victim is told, as plain text without a name, an amount, an account or a link.

    Args:
        told: how far the return is.
        language: zh or en.
        case: the case number.
        check: where it can be checked that the message is genuine, in words.

    Raises:
        ValueError: case or check would be shown as a link.

    >>> victim_words(
    ...     Told.PAID, "en", case="A-17", check="the counter of any police station"
    ... ).startswith("The bank has paid.")
    True
    """
    if LINK.search(case) or LINK.search(check):
        raise ValueError("expected words without a link: fraudsters send links")
    place = LANGUAGES.index(language)
    space = " " if language == "en" else ""
    return _STAGES[told][place] + space + _ALWAYS[place].format(case=case, check=check)


__all__ = ["Told", "victim_words"]
