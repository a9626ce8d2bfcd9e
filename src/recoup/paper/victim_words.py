"""What a victim is told, on the public page and in letters: short sentences in Chinese and English. Words only.

Whoever defrauds people also writes to them as the police. So nothing that goes to a victim has a link, everything says that a
return is free, and everything says how to find out whether it is genuine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.paper.words import LANGUAGES, Language

Pair = tuple[str, str]


class Stage(StrEnum):
    """Where the claim of a victim stands, as the victim is told."""

    REPORTED = "reported"
    SEARCHING = "searching"
    HELD = "held"
    FROZEN = "frozen"
    APPLIED = "applied"
    APPROVED = "approved"
    PUBLISHED = "published"
    DECIDED = "decided"
    PAYING = "paying"
    DELAYED = "delayed"
    RETURNED_PART = "returned_part"
    RETURNED = "returned"
    CLOSED = "closed"


STANDS: Final[dict[Stage, Pair]] = {
    Stage.REPORTED: (
        "您的报案已收到，正在核实。",
        "We have your report and are checking it.",
    ),
    Stage.SEARCHING: (
        "您的报案已核实，正在追查资金去向，目前尚未在银行为您控制到资金。",
        "Your report is confirmed. We are following the money; no bank holds any of it for you yet.",
    ),
    Stage.HELD: (
        "已为您止付部分资金，正在办理冻结。",
        "Some money is stopped for you; we are having it frozen.",
    ),
    Stage.FROZEN: (
        "已为您冻结资金，可以申请返还。",
        "Money is frozen for you. You can apply for its return.",
    ),
    Stage.APPLIED: (
        "您的返还申请已收到，正在核算应返还的金额。",
        "We have your application and are working out what is yours.",
    ),
    Stage.APPROVED: (
        "返还方案已获批准，尚未作出返还决定。",
        "The plan of the return is approved; the decision is still to come.",
    ),
    Stage.PUBLISHED: (
        "返还方案正在公告或者审查异议。",
        "The plan of the return is made public, or objections to it are being decided.",
    ),
    Stage.DECIDED: (
        "已决定向您返还资金，接下来办理付款。",
        "It is decided that money is returned to you. It is paid next.",
    ),
    Stage.PAYING: (
        "正在办理向您付款。",
        "Your money is being paid to you.",
    ),
    Stage.DELAYED: (
        "付款遇到问题，正在处理，您的资金仍受保护。",
        "There is a problem with the payment. We are dealing with it; your money stays safe.",
    ),
    Stage.RETURNED_PART: (
        "部分资金已返还给您。",
        "Part of your money has been returned to you.",
    ),
    Stage.RETURNED: (
        "您的损失已全部返还。",
        "Your whole loss has been returned to you.",
    ),
    Stage.CLOSED: (
        "您的这项报失目前不再办理。",
        "This claim of yours is not being worked on.",
    ),
}
"""Where it stands. A letter's number tells its stage and no more, so the words hold however the money comes: from a bank that
froze it, or from the office that keeps what was seized."""

NEXT: Final[dict[Stage, Pair]] = {
    Stage.REPORTED: (
        "下一步：核实后继续追查。请保留转账记录。",
        "Next: once it is checked, we go on with the search. Keep the records of your payment.",
    ),
    Stage.SEARCHING: (
        "下一步：继续查询相关账户。您无需办理任何事项。",
        "Next: we ask further banks. You need do nothing.",
    ),
    Stage.HELD: (
        "下一步：办理冻结。您无需办理任何事项。",
        "Next: the money is frozen. You need do nothing.",
    ),
    Stage.FROZEN: (
        "下一步：请携带身份证件到受理窗口提出返还申请。",
        "Next: bring your identity document to the counter and apply for the return.",
    ),
    Stage.APPLIED: (
        "下一步：核算后报请批准。",
        "Next: what was worked out goes to approval.",
    ),
    Stage.APPROVED: (
        "下一步：作出决定；多名被害人按比例返还的，先行公告。",
        "Next: the decision; where several victims share, the plan is made public first.",
    ),
    Stage.PUBLISHED: (
        "下一步：公告期满且异议处理完毕后作出决定。",
        "Next: when the notice is over and objections are decided, the decision follows.",
    ),
    Stage.DECIDED: (
        "下一步：冻结款由银行转入您申请时登记的账户，扣押款由保管单位发还。",
        "Next: the bank pays what is frozen into the account that you gave; the office that keeps seized money hands it over.",
    ),
    Stage.PAYING: (
        "下一步：银行付款的，请留意您登记的账户到账；当面发还的，请当场核对金额。",
        "Next: watch the account that you gave for what a bank pays; count what is handed over to you.",
    ),
    Stage.DELAYED: (
        "下一步：如需补充材料或更换账户，请到受理窗口办理。",
        "Next: ask at the counter whether a paper or another account is needed.",
    ),
    Stage.RETURNED_PART: (
        "下一步：继续追查其余资金；追回后可再次返还。",
        "Next: we go on looking for the rest; what is found can be returned later.",
    ),
    Stage.RETURNED: (
        "无需再办理任何事项。",
        "There is nothing more to do.",
    ),
    Stage.CLOSED: (
        "如有疑问，请到受理窗口询问原因。",
        "Ask at the counter for the reason.",
    ),
}
"""What happens next."""

WORDS: Final[dict[str, Pair]] = {
    "free": (
        "返还资金全程免费。以手续费、保证金、税费、解冻费等名义要您付款的，都是诈骗。",
        "Returning your money is free. Whoever asks you to pay a fee, a deposit, a tax or to unfreeze money is a fraudster.",
    ),
    "no_link": (
        "我们发出的通知不含网址和链接，也不会索要密码和验证码。",
        "Our messages never contain a link, and never ask for a password or a code of your bank.",
    ),
    "where_to_check": (
        "核对真伪或者查询进度：请到受理窗口，或者自行输入窗口公示的查询地址，凭案件编号办理。不要使用他人发来的地址。",
        "To check that this is genuine or to see how things stand: come to the counter, or type the address that is posted "
        + "there yourself, with your case number. Do not use an address that somebody sent you.",
    ),
    "ask": (
        "咨询：{authority}，电话 {phone}。请以公开登记的号码为准。",
        "Where to ask: {authority}, telephone {phone}. Compare the number with a public register.",
    ),
    "ask_counter": ("咨询：您报案的受理窗口。", "Where to ask: the counter at which you reported."),
    "letter_title": ("案件进展告知", "How your case stands"),
    "case": ("案件编号", "Case number"),
    "number": ("函件编号", "Letter number"),
    "check": ("核验码", "Check digits"),
    "hello": ("您好：", "Dear reporter,"),
}

_LINK: Final = re.compile(r"://|www\.|@|[a-z0-9]\.[a-z]{2,}", re.IGNORECASE)
"""What a telephone would make a link of; an address of mail is one too."""


def told(pair: Pair, language: Language) -> str:
    """Return the words of one language."""
    return pair[LANGUAGES.index(language)]


def has_link(text: str) -> bool:
    """Return whether a telephone would show a link in a text.

    >>> has_link("see www.example.org"), has_link("Call 110. Keep records.")
    (True, False)
    """
    return _LINK.search(text) is not None


def asking(language: Language, authority: str, phone: str) -> str:
    """Return where to ask; without an authority of one's own, the counter."""
    if not (authority and phone):
        return told(WORDS["ask_counter"], language)
    return told(WORDS["ask"], language).format(authority=authority, phone=phone)


@dataclass(frozen=True, slots=True)
class LetterParts:
    """A letter's words, part by part, whatever it is set on."""

    heads: tuple[tuple[str, str], ...]
    """Case number, number of the letter, check digits."""
    hello: str
    words: tuple[str, ...]
    """Where the claim stands, and what comes next."""
    careful: tuple[str, ...]
    """That it is free, that it has no link, where it can be checked."""
    ask: str


def letter_parts(
    language: Language,
    stage: Stage,
    *,
    case: str,
    number: str,
    check: str,
    authority: str = "",
    phone: str = "",
) -> LetterParts:
    """Return the letter of a stage; it has no name, no sum and no link."""

    def said(name: str) -> str:
        return told(WORDS[name], language)

    heads = (("case", case), ("number", number), ("check", check))
    return LetterParts(
        tuple((said(name), value) for name, value in heads),
        said("hello"),
        (told(STANDS[stage], language), told(NEXT[stage], language)),
        (said("free"), said("no_link"), said("where_to_check")),
        asking(language, authority, phone),
    )


def letter_text(
    language: Language,
    stage: Stage,
    *,
    case: str,
    number: str,
    check: str,
    authority: str = "",
    phone: str = "",
) -> str:
    """Return the letter of a stage as text, to be sent by whoever writes to victims."""
    parts = letter_parts(
        language, stage, case=case, number=number, check=check, authority=authority, phone=phone
    )
    colon = "：" if language == "zh" else ": "
    return "\n".join(
        (
            told(WORDS["letter_title"], language),
            *(f"{name}{colon}{value}" for name, value in parts.heads),
            "",
            parts.hello,
            *parts.words,
            "",
            *parts.careful,
            parts.ask,
            "",
        )
    )


__all__ = [
    "NEXT",
    "STANDS",
    "WORDS",
    "LetterParts",
    "Stage",
    "asking",
    "has_link",
    "letter_parts",
    "letter_text",
    "told",
]
