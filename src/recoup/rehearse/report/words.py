"""What the report says, in Chinese and English, and how it writes amounts, shares and times. No figure is computed here."""

from __future__ import annotations

from typing import Final, Literal

from recoup.money import format_minor
from recoup.rehearse.figures import Figure, Unit

Language = Literal["zh", "en"]
LANGUAGES: Final = ("zh", "en")

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("演练报告", "Report of a rehearsal"),
    "subtitle": (
        "同一批模拟案件,在不同制度下各追回多少。这是演练,不是实际办案数据。",
        "What each system keeps of the same simulated crimes. A rehearsal: none of this is casework.",
    ),
    "scenario": ("场景", "Scenario"),
    "seed": ("随机种子", "Seed"),
    "country": ("人口与账户", "Country"),
    "country_text": (
        "{holders} 个户主,{accounts} 个账户,{institutions} 家机构,{payments} 笔正常付款,{frauds} 起诈骗",
        "{holders} holders, {accounts} accounts, {institutions} institutions, {payments} innocent payments, {frauds} frauds",
    ),
    "took": ("用时与内存", "Time and memory"),
    "took_text": (
        "{seconds} 秒,其中生成场景 {country} 秒;{workers} 个进程,{memory} MiB",
        "{seconds} s, of these {country} s to make the country; {workers} processes, {memory} MiB",
    ),
    "other_language": ("English", "中文"),
    "headline": ("保住的金额占被骗总额", "Kept, as a share of what would be lost"),
    "headline_note": (
        "分母为无人干预时的被骗总额。虚线为逐案极限:接报瞬间全部冻结,以及按机构应答时间可能做到的最好结果。",
        "Of the loss when nobody acts. Dashed, case by case: all frozen at the report, and the best that answer times allow.",
    ),
    "goals": ("做到了什么,没做到什么", "What was reached, and what was not"),
    "reached": ("做到", "reached"),
    "missed": ("未做到", "not reached"),
    "unmeasured": ("本次未测", "not measured in this run"),
    "goal_bound": (
        "full 保住的不少于应答时间极限的 95 %",
        "full keeps at least 95 % of the limit that answer times set",
    ),
    "goal_med2": ("full 保住的不少于 med2 的两倍", "full keeps at least twice what med2 keeps"),
    "goal_entitlement": (
        "请求控制的金额从不超过尚缺的损失",
        "never more asked for than is still missing",
    ),
    "goal_innocent": (
        "误控金额峰值不超过止付净额的 1 %",
        "at most 1 % of what is stopped is held of innocent people at any instant",
    ),
    "goal_appeal": (
        "提出申诉的无辜户主在申诉时限内全部解除;未做到的账户列出",
        "innocent holders who objected were free within the appeal clock; accounts that were not are named",
    ),
    "goal_return": (
        "能直接溯源的冻结款项,在规定时限内分文不差返还;列出编号:× 未返还,+ 逾期返还,… 期限未到",
        "all that was frozen and is directly traceable came back in time, to the cent; by number: × not, + late, … not due yet",
    ),
    "goal_identities": (
        "账目与各项恒等式全部成立",
        "books balance and every identity of money holds",
    ),
    "found": ("结果", "found"),
    "table": ("各项数字", "Figures"),
    "figure": ("项目", "Figure"),
    "by_delay": ("保住比例与报案延迟", "Kept against report delay"),
    "by_answer": ("保住比例与机构应答时间", "Kept against the first institution's answer time"),
    "binned_note": (
        "按本次各案分组,每组案件数相近;“极限”为该组可能做到的最好结果。",
        "The cases of this run, in groups of about equal number.",
    ),
    "sweep_note": (
        "每点为各种子的平均值,竖线为 95 % 置信区间(t 分布)。",
        "Each point is the mean over seeds, each bar the 95 % interval of Student's t.",
    ),
    "sweep": ("改变 {term}", "Changing {term}"),
    "delay_axis": ("从最后一次付款到接报", "from the last payment to the report"),
    "answer_axis": ("首个机构应答时间", "answer time of the first institution"),
    "survival": ("被骗资金还在系统内的比例", "Stolen money that has not left yet"),
    "survival_axis": ("被骗之后", "since the theft"),
    "share_axis": ("比例", "share"),
    "trail": ("最大一案的资金去向", "Where the money of the largest case went"),
    "trail_note": (
        "{policy} 之下;先进先出。只画金额最大的账户。",
        "Under {policy}, by first in, first out. Only the heaviest accounts are drawn one by one.",
    ),
    "reading": ("这些数字不能怎么读", "How these figures may not be read"),
    "reading_1": (
        "这是模拟国家里的结果,不预测任何真实国家的追回率。场景里标有“假定”的数字都会影响结果。",
        "They hold in a simulated country and forecast no real one's. Every number that the scenario marks as assumed matters.",
    ),
    "reading_2": (
        "止付毛额会把同一笔钱在每一层各算一次;比较制度请用净额。",
        "Gross stops count the same money at every hop; compare systems by net figures.",
    ),
    "reading_3": (
        "一个种子只是一次抽样。小于各种子之间差别的差距没有意义,请用 --seeds 求置信区间。",
        "One seed is one draw. A difference smaller than that between seeds means nothing: ask for intervals with --seeds.",
    ),
    "reading_4": (
        "med2 按公开的手册实现,未公开的参数为假定;结果不是对巴西实际运行的评价。",
        "med2 follows the published manual, and what is not published is assumed: it judges no system in operation.",
    ),
    "reading_5": (
        "哪些钱是赃款按先进先出认定;换一种规则,混同账户上的数字会变。",
        "What is stolen money is told by first in, first out; under another rule figures on mixed accounts differ.",
    ),
    "identities": ("恒等式", "Identities of money"),
    "policy_none": ("无人干预", "nobody acts"),
    "policy_first-hop": ("仅追首层", "recall of the first hop"),
    "policy_manual": ("人工逐层", "an officer a hop"),
    "policy_med2": ("巴西 MED 2.0", "MED 2.0"),
    "policy_chase": ("自动追踪", "chase"),
    "policy_watch": ("预警拦截", "watch"),
    "policy_full": ("追踪+拦截", "chase and watch"),
    "policy_instant": ("极限:接报即冻", "limit: frozen at the report"),
    "policy_latency_bound": ("极限:应答时间", "limit: answer times"),
    "unit_money": ("金额单位:万{currency}", "Amounts in million {currency}"),
    "press_title": ("演练情况通报", "Results of a rehearsal"),
    "press_lead": (
        "模拟 {days} 天、{holders} 个户主、{frauds} 起诈骗、涉案金额 {loss}。下表为同一批案件在各制度下的结果。",
        "A simulated country: {days} days, {holders} holders, {frauds} frauds, {loss} at stake. The same crimes each time.",
    ),
    "press_foot": ("演练数据,非实际办案数据", "Results of a rehearsal, no casework"),
}


def say(key: str, language: str, **values: object) -> str:
    """Return a phrase with its values; an unknown key is shown as it is."""
    pair = WORDS.get(key)
    return (pair[LANGUAGES.index(language)] if pair else key).format(**values)


def policy_name(name: str, language: str) -> str:
    """Return what a policy or a limit is called on a page, beside its name."""
    key = f"policy_{name}"
    return say(key, language) if key in WORDS else name


def figure_name(figure: Figure, language: str) -> str:
    """Return what a figure is called."""
    return figure.zh if language == "zh" else figure.name.replace("_", " ")


def amount_text(minor: int, language: str) -> str:
    """Return an amount in ten thousands (Chinese, one decimal) or millions (English, three decimals), rounded half up.

    >>> amount_text(123_456_789, "zh"), amount_text(123_456_789, "en")
    ('123.5', '1.235')
    """
    if language == "zh":
        return _grouped(format_minor((minor + 50_000) // 100_000, 1))
    return _grouped(format_minor((minor + 50_000) // 100_000, 3))


def _grouped(text: str) -> str:
    whole, dot, rest = text.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def value_text(figure: Figure, value: float, language: str) -> str:
    """Return a figure as a page writes it."""
    match figure.unit:
        case Unit.MONEY:
            return amount_text(int(value), language)
        case Unit.MONEY_HOURS:
            return amount_text(int(value), language)
        case Unit.COUNT:
            return f"{int(value):,}"
        case Unit.SHARE:
            return f"{value:.1%}" if figure.name != "held_over_loss_max" else f"{value:.2f}"
        case Unit.SECONDS:
            return f"{value:,.1f}"
        case _:
            return f"{value:,.2f}"


def duration_words(seconds: float, language: str) -> str:
    """Return a short time for an axis.

    >>> duration_words(90, "en"), duration_words(7200, "zh")
    ('1.5 min', '2 小时')
    """
    zh = language == "zh"
    for size, unit in ((86_400, "天" if zh else "d"), (3_600, "小时" if zh else "h")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    if seconds >= 60:
        return f"{seconds / 60:.3g} {'分' if zh else 'min'}"
    return f"{seconds:.3g} {'秒' if zh else 's'}"


__all__ = [
    "LANGUAGES",
    "Language",
    "amount_text",
    "duration_words",
    "figure_name",
    "policy_name",
    "say",
    "value_text",
]
