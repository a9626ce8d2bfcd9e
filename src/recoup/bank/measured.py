"""What a holder is told of a measure of its account, and of the measure's end, in the bank's language [fraud-law art. 32].

Authority, ground, term, what is still possible, the way back and whom to call: the words come from the centre's change and its
terms; nothing else that the bank knows is in them. Decides nothing, tells nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from recoup.bank.letters import HolderNotice
from recoup.care import MeasureGround, MeasureKind
from recoup.messages import HolderTerms
from recoup.money import ISO_DIGITS, format_minor
from recoup.watch.told import Measured

_K, _G = MeasureKind, MeasureGround
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL: Final = 4
_OVER: Final = ".end"
"""Marks the notice of a measure's end beside the one of its beginning."""

_BEGUN: Final = {
    "zh": (
        "您尾号{tail}的账户（{currency}）已被采取措施：{kind}。决定机关：{authority}；原因：{ground}；编号：{measure}；"
        "至 {until} 止，届时自动解除。\n仍可办理：{possible}。\n{proof}如有异议，可向本行或拨打 {phone} 提出申诉，"
        "由未参与决定的人员在 {hours} 小时内答复；异议成立的，立即解除。\n"
    ),
    "en": (
        "On your account ending in {tail} ({currency}): {kind}. Decided by {authority}, because {ground}; number {measure}; "
        "until {until}, when it ends by itself.\nStill possible: {possible}.\n{proof}To object, tell us or call {phone}: "
        "somebody who had no part in it decides within {hours} hours; if you are right it ends at once.\n"
    ),
}
_ENDED: Final = {
    "zh": (
        "您尾号{tail}的账户（{currency}）的措施已解除：{kind}，编号：{measure}。账户恢复正常使用，另有其他措施或控制的除外。"
        "如有疑问，请联系本行或拨打 {phone}（{authority}）。\n"
    ),
    "en": (
        "The measure on your account ending in {tail} ({currency}) has ended: {kind}, number {measure}. The account is yours "
        "to use again, unless you were told of something else. With questions, ask us or call {phone} ({authority}).\n"
    ),
}
_PROOF: Final = {
    "zh": "携带有效身份证件到本行重新核验后，即可解除。\n",
    "en": "It ends as soon as you showed us again who you are: bring a valid identity document.\n",
}
_KINDS: Final = {
    "zh": {
        _K.RE_VERIFY: "需重新核验身份",
        _K.LOWER_LIMITS: "每日转出不超过 {limit} {currency}",
        _K.COUNTER_ONLY: "支付业务限在柜面办理",
        _K.CREDIT_ONLY: "只收不付",
        _K.PROTECTIVE_STOP: "为保护您的资金，每日转出不超过 {limit} {currency}",
    },
    "en": {
        _K.RE_VERIFY: "you are to be verified again",
        _K.LOWER_LIMITS: "at most {limit} {currency} a day may leave",
        _K.COUNTER_ONLY: "payments are made at the counter only",
        _K.CREDIT_ONLY: "money may come in, none may leave",
        _K.PROTECTIVE_STOP: "to protect your money, at most {limit} {currency} a day may leave",
    },
}
_POSSIBLE: Final = {
    "zh": {
        _K.RE_VERIFY: "收款；付款在核验后继续",
        _K.LOWER_LIMITS: "收款；限额以内的付款",
        _K.COUNTER_ONLY: "收款；在柜面付款",
        _K.CREDIT_ONLY: "收款",
        _K.PROTECTIVE_STOP: "收款；上述金额以内的付款",
    },
    "en": {
        _K.RE_VERIFY: "money comes in; payments go on once you were verified",
        _K.LOWER_LIMITS: "money comes in; payments within the limit",
        _K.COUNTER_ONLY: "money comes in; payments at the counter",
        _K.CREDIT_ONLY: "money comes in",
        _K.PROTECTIVE_STOP: "money comes in; payments within that amount",
    },
}
_GROUNDS: Final = {
    "zh": {
        _G.CASE: "账户涉及正在办理的案件",
        _G.LISTED: "账户被列入名单",
        _G.RED_FLAG: "账户交易出现异常特征",
        _G.IDENTITY: "身份信息过期或不符",
        _G.WARNED_PAYER: "您可能正在遭受诈骗",
    },
    "en": {
        _G.CASE: "the account appears in a case that is being worked on",
        _G.LISTED: "the account is on a list",
        _G.RED_FLAG: "its payments show an unusual pattern",
        _G.IDENTITY: "what is known of you is out of date or does not fit",
        _G.WARNED_PAYER: "you are likely being defrauded",
    },
}


def over_id(measure: str) -> str:
    """Return the name of the notice that a measure ended; the one of its beginning has the measure's own id."""
    return measure + _OVER


def measure_of(notice: str) -> tuple[str, bool]:
    """Return which measure a notice's name is of, and whether of its end; an order's notice has the order's id."""
    return notice.removesuffix(_OVER), notice.endswith(_OVER)


def begun_notice(
    one: Measured, terms: HolderTerms, locale: str, zone: ZoneInfo
) -> HolderNotice | None:
    """Return what the holder is told of a measure that begins; None for a kind or ground that this version has no words for.

    The end is shown as the clocks of `zone` show it, with the zone's name.
    """
    if not _has_words(one):
        return None
    kind, ground = MeasureKind(one.measure_kind), MeasureGround(one.ground)
    until = (_EPOCH + timedelta(microseconds=one.until_us)).astimezone(zone)
    text = _BEGUN[locale].format(
        **_common(one, kind, terms, locale),
        ground=_GROUNDS[locale][ground],
        until=f"{until:%Y-%m-%d %H:%M:%S} ({zone.key})",
        possible=_POSSIBLE[locale][kind],
        proof=_PROOF[locale] if kind.value in terms.lifted_by_proof else "",
        hours=-(-terms.appeal_seconds // 3_600),
    )
    return HolderNotice(one.measure, one.account, one.currency, text)


def over_notice(one: Measured, terms: HolderTerms, locale: str) -> HolderNotice | None:
    """Return what the holder is told when a measure ended; `one` is how it stood."""
    if not _has_words(one):
        return None
    text = _ENDED[locale].format(**_common(one, MeasureKind(one.measure_kind), terms, locale))
    return HolderNotice(over_id(one.measure), one.account, one.currency, text)


def _has_words(one: Measured) -> bool:
    return one.measure_kind in set(MeasureKind) and one.ground in set(MeasureGround)


def _common(one: Measured, kind: MeasureKind, terms: HolderTerms, locale: str) -> dict[str, str]:
    limit = format_minor(one.limit, ISO_DIGITS.of(one.currency))
    return {
        "tail": one.account[-_TAIL:],
        "currency": one.currency,
        "kind": _KINDS[locale][kind].format(limit=limit, currency=one.currency),
        "measure": one.measure,
        "authority": terms.authority,
        "phone": terms.phone,
    }


__all__ = ["begun_notice", "measure_of", "over_id", "over_notice"]
