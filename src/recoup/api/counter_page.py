"""The public page as HTML: plain, short, in Chinese and English. No script, no picture, nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final

from fastapi import Response

from recoup.api.genuine import Genuine
from recoup.centre.victim_view import VictimView
from recoup.messages import NoticeTerms
from recoup.money import ISO_DIGITS, format_minor
from recoup.paper.victim_words import NEXT, STANDS, asking, told
from recoup.paper.victim_words import WORDS as OF_VICTIMS
from recoup.paper.words import LANGUAGES, Language

_STYLE: Final = """
:root{color-scheme:light}
body{margin:0;background:#f4f5f7;color:#1b2430;font:1.125rem/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif}
main{max-width:42rem;margin:0 auto;padding:1.25rem}
header{max-width:42rem;margin:0 auto;padding:.75rem 1.25rem 0;text-align:right}
h1{font-size:1.6rem;line-height:1.3}
h2{font-size:1.25rem;margin:0 0 .5rem}
section,aside{background:#fff;border:1px solid #c9ced6;border-radius:.5rem;padding:1.25rem;margin:1rem 0}
aside{border-left:.4rem solid #0b5cad}
label{display:block;margin-top:.9rem;font-weight:600}
input,textarea{box-sizing:border-box;width:100%;font:inherit;padding:.6rem;border:1px solid #5b6675}
input,textarea{border-radius:.3rem;background:#fff;color:inherit}
button{margin-top:1.1rem;font:inherit;font-weight:600;padding:.7rem 1.6rem;border:0;border-radius:.3rem}
button{background:#0b5cad;color:#fff}
a{color:#0b4a8f}
:focus-visible{outline:.2rem solid #b35900;outline-offset:.1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1.2rem;margin:.8rem 0 0}
dt{color:#47515f}
dd{margin:0;font-weight:600;text-align:right}
.good{border-left:.4rem solid #1a7037}
.bad{border-left:.4rem solid #a3231b}
.big{font-size:1.3rem;font-weight:600;margin:.2rem 0}
small{color:#47515f;font-size:1rem}
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("案件进展查询与通知核验", "See how your case stands, check a notice"),
    "other": ("English", "中文"),
    "look_title": ("查询我的案件进展", "See how my case stands"),
    "look_words": (
        "请输入案件编号和受理窗口给您的一次性查询码。",
        "Enter your case number and the one-time code that the counter gave you.",
    ),
    "code": ("一次性查询码（12 位数字）", "One-time code (12 digits)"),
    "look": ("查询", "Show"),
    "check_title": ("核验通知是否真实", "Check that a notice is genuine"),
    "check_words": (
        "请照通知上的内容填写。本页只答复真伪，不显示任何人的信息。",
        "Copy what stands on the notice. This page says only whether it is genuine, and nothing about anybody.",
    ),
    "case_if": ("案件编号（函件上有的填写）", "Case number (if a letter has one)"),
    "number": ("函件、指令、文书或返还编号", "Number of the letter, order, paper or return"),
    "check": ("核验码或摘要", "Check digits or digest"),
    "scanned": ("或者：扫描二维码得到的内容", "Or: what the QR code says"),
    "check_do": ("核验", "Check"),
    "careful": ("请注意", "Please note"),
    "stands": ("目前进展", "How it stands"),
    "sums": ("金额", "Sums"),
    "loss": ("您报失的金额", "Your loss as reported"),
    "frozen": ("已为您冻结", "Frozen for you"),
    "stopped": ("已为您止付", "Stopped for you"),
    "decided": ("已决定返还、待付", "Decided for you, to be paid"),
    "returned": ("已返还给您", "Returned to you"),
    "back": ("返回", "Back"),
    "wrong_title": ("无法查询", "Nothing can be shown"),
    "wrong": (
        "案件编号或者查询码不正确，或者查询码已失效。可以到受理窗口重新领取。",
        "The case number or the code is wrong, or the code is no longer valid. The counter gives you a new one.",
    ),
    "too_many": ("查询过于频繁，请一分钟后再试。", "Too many tries. Come again in a minute."),
    "away": (
        "系统暂时无法查询，请稍后再试。",
        "Nothing can be looked up just now. Come again soon.",
    ),
    "genuine": ("真实", "Genuine"),
    "genuine_letter": (
        "这个编号的函件由本机关于 {on} 发出，内容是：“{stand}”通知内容与此不同的，是伪造的。",
        "We issued a letter of this number on {on}. It says: “{stand}” If yours says something else, it is forged.",
    ),
    "genuine_paper": (
        "这份编号 {number} 的文书由本机关于 {on} 发出{about}。内容与此不同的，是伪造的。",
        "We issued this paper, number {number}, on {on}{about}. If yours says something else, it is forged.",
    ),
    "genuine_replaced": (
        "这份编号 {number} 的文书由本机关于 {on} 发出{about}，但已被后来的文书取代，请到受理窗口领取新的文书。",
        "We issued this paper, number {number}, on {on}{about}, but a later one took its place. Ask at the counter for it.",
    ),
    "about": ("，涉及金额 {amount}", ", about {amount}"),
    "genuine_order": (
        "这是本机关签发的 {number} 号指令。请核对纸面编号与此一致。",
        "This is order {number}, issued by us. Compare that number with the one on the paper.",
    ),
    "genuine_plan": (
        "这份返还公告由本机关发布。",
        "This public notice of a return was published by us.",
    ),
    "not_genuine": ("未能核实", "Not confirmed"),
    "not_genuine_words": (
        "我们没有发出过这样的通知，或者填写有误。请勿付款，勿提供密码，并到受理窗口询问。",
        "We know of no such notice, or something was mistyped. Do not pay, give no password, and ask at the counter.",
    ),
}


def reply(text: str, status: int = 200) -> Response:
    """Return a page as an answer that no browser keeps and that runs nothing."""
    headers = {**HEADERS, **({"Retry-After": "60"} if status in {429, 503} else {})}
    return Response(text, status, headers, "text/html; charset=utf-8")


def forms(language: str) -> str:
    """Return the page with both forms."""
    place = _language(language)

    def said(name: str) -> str:
        return escape(_said(name, place))

    number = escape(told(OF_VICTIMS["case"], place))
    look = (
        f"<h2>{said('look_title')}</h2><p>{said('look_words')}</p>"
        + _field("look-case", "case", number, required=True)
        + _field("look-code", "code", said("code"), required=True, mode="numeric")
        + f"<button>{said('look')}</button>"
    )
    check = (
        f"<h2>{said('check_title')}</h2><p>{said('check_words')}</p>"
        + _field("check-case", "case", said("case_if"))
        + _field("check-number", "number", said("number"))
        + _field("check-check", "check", said("check"))
        + f'<label for="check-scanned">{said("scanned")}</label>'
        + '<textarea id="check-scanned" name="scanned" rows="3" autocomplete="off"></textarea>'
        + f"<button>{said('check_do')}</button>"
    )
    parts = (_form("/counter", place, look), _careful(place), _form("/counter/check", place, check))
    return _whole(place, _said("title", place), parts)


def shown(language: str, view: VictimView, terms: NoticeTerms | None) -> str:
    """Return how a claim stands."""
    place = _language(language)
    digits = ISO_DIGITS.of(view.currency)
    sums = {"loss": view.loss, "frozen": view.frozen, "stopped": view.stopped}
    sums |= {"decided": view.decided, "returned": view.returned}
    rows = "".join(
        f"<dt>{escape(_said(name, place))}</dt><dd>{format_minor(amount, digits)} {escape(view.currency)}</dd>"
        for name, amount in sums.items()
        if amount or name in {"loss", "frozen", "returned"}
    )
    ask = asking(place, terms.authority if terms else "", terms.phone if terms else "")
    stands = (
        f"<section class='good'><h2>{escape(_said('stands', place))}</h2>"
        f"<p class='big'>{escape(told(STANDS[view.stage], place))}</p>"
        f"<p>{escape(told(NEXT[view.stage], place))}</p></section>"
    )
    money = f"<section><h2>{escape(_said('sums', place))}</h2><dl>{rows}</dl></section>"
    return _whole(
        place,
        _said("look_title", place),
        (stands, money, _careful(place), f"<p>{escape(ask)}</p>", _back(place)),
    )


def found(language: str, genuine: Genuine | None) -> str:
    """Return whether a notice is genuine."""
    place = _language(language)
    if genuine is None:
        title, words, kind = _said("not_genuine", place), _said("not_genuine_words", place), "bad"
    else:
        title, kind = _said("genuine", place), "good"
        stand = told(STANDS[genuine.stage], place) if genuine.stage else ""
        about = _said("about", place).format(amount=genuine.amount) if genuine.amount else ""
        words = _said(f"genuine_{genuine.kind}", place).format(
            number=genuine.number, on=genuine.on, stand=stand, about=about
        )
    section = f"<section class='{kind}'><h2 class='big'>{escape(title)}</h2><p>{escape(words)}</p></section>"
    return _whole(place, _said("check_title", place), (section, _careful(place), _back(place)))


def refused(language: str, why: str) -> str:
    """Return that nothing is shown, in the same words whatever was wrong."""
    place = _language(language)
    section = (
        f"<section class='bad' role='alert'><h2>{escape(_said('wrong_title', place))}</h2>"
        f"<p>{escape(_said(why, place))}</p></section>"
    )
    return _whole(place, _said("look_title", place), (section, _careful(place), _back(place)))


def _language(name: str) -> Language:
    return "en" if name == "en" else "zh"


def _said(name: str, language: Language) -> str:
    return WORDS[name][LANGUAGES.index(language)]


def _field(
    field_id: str, name: str, label: str, *, required: bool = False, mode: str = "text"
) -> str:
    must = " required" if required else ""
    return (
        f'<label for="{field_id}">{label}</label>'
        f'<input id="{field_id}" name="{name}" maxlength="128" autocomplete="off" inputmode="{mode}"{must}>'
    )


def _form(action: str, language: Language, inner: str) -> str:
    hidden = f'<input type="hidden" name="language" value="{language}">'
    return f'<section><form method="post" action="{action}">{inner}{hidden}</form></section>'


def _careful(language: Language) -> str:
    words = "".join(
        f"<p>{escape(told(OF_VICTIMS[name], language))}</p>" for name in ("free", "no_link")
    )
    return f"<aside><h2>{escape(_said('careful', language))}</h2>{words}</aside>"


def _back(language: Language) -> str:
    return f'<p><a href="/counter?language={language}">{escape(_said("back", language))}</a></p>'


def _whole(language: Language, title: str, parts: Iterable[str]) -> str:
    tag, other = ("zh-CN", "en") if language == "zh" else ("en", "zh")
    return (
        f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>"
        f'<header><nav><a href="/counter?language={other}" lang="{"en" if other == "en" else "zh-CN"}">'
        f"{escape(_said('other', language))}</a></nav></header>"
        f"<main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )


__all__ = ["HEADERS", "WORDS", "forms", "found", "refused", "reply", "shown"]
