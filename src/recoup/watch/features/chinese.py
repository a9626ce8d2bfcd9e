"""What features mean in Chinese, by name without side and window. Side and window are said beside it, as in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_WEEKS: Final = "本周及上周"
_SHARES: Final = {
    f"{way}_{mark}_share": f"近期{said}中{words}的占比（最近十六笔占主要权重）"
    for way, said in (("out", "转出"), ("in", "转入"))
    for mark, words in (("night", "夜间交易"), ("round", "整数金额"), ("below", "略低于限额金额"))
}
_KEPT: Final = {
    f"{way}_{stem}": words.format(said=said, others=others)
    for way, said, counted, others in (
        ("out", "转出", "payees", "收款方"),
        ("in", "转入", "payers", "付款方"),
    )
    for stem, words in (
        ("kept_count", "保留的{said}笔数"),
        ("kept_sum", "保留的{said}金额合计"),
        (f"kept_{counted}", "保留的不同{others}数"),
        ("like_count", "{said}中金额与本笔相差2%以内的笔数"),
        ("pair_count", "与本笔对方之间的{said}笔数"),
        ("same_minute_count", "{said}中与本笔在另一日同一时刻（三分钟以内）的笔数"),
        ("kept_largest", "最大一笔{said}金额"),
        ("gap", "距上一笔{said}的时间（没有为-1）"),
        ("gap_before", "最近两笔{said}之间的时间（不足两笔为-1）"),
        ("count_ever", "自始以来的{said}笔数"),
        ("amount_to_mean", "本笔金额与{said}平均金额之比（没有为-1）"),
        ("amount_to_sum", "本笔金额与{said}金额合计之比（没有为-1）"),
    )
}

CHINESE: Final[Mapping[str, str]] = {
    "out_count": "转出笔数",
    "out_sum": "转出金额合计",
    "in_count": "转入笔数",
    "in_sum": "转入金额合计",
    "passed_on": "转入资金又转出的比例：转出额除以转入额，无转入为0",
    "in_out_count_ratio": "转入笔数与转出笔数之比，无转出为0",
    "out_in_sum_ratio": "转出额与转入额之比，无转入为0",
    "balance": "账户内余额",
    "balance_low": f"{_WEEKS}的最低余额",
    "dwell": "资金转出前的停留时间（近期加权），从未转出为-1",
    "opened_age": "开户或首次使用至今，从未使用为-1",
    "used_age": "距上一笔交易，没有为-1",
    "in_age": "距上一笔转入，没有为-1",
    "out_age": "距上一笔转出，没有为-1",
    "payers_distinct": f"{_WEEKS}的不同付款方数（由64位估计，最多311）",
    "payees_distinct": f"{_WEEKS}的不同收款方数（由64位估计，最多311）",
    "activity": "收付笔数，每30天衰减一半",
    **_SHARES,
    "reports": "被举报次数",
    "markers": "被列入名单次数",
    "reported_distance": f"{_WEEKS}内与最近的被举报账户相隔的转账数：0为本身，4为附近没有",
    "stolen": "账户内在办案件的涉案资金",
    "stolen_share": "涉案资金占余额的比例",
    "amount_to_usual": "本笔金额与该方向平常金额相差的倍频程（每档一倍），尚无平常金额为0",
    "out_similar_count": "最近八笔转出中金额与本笔相差3%以内的笔数",
    "in_similar_count": "最近八笔转入中金额与本笔相差3%以内的笔数",
    "is_new": "收款方不在付款方最近八笔转出的对方之中",
    "recent_count": "付款方最近八笔转出中付给该收款方的笔数",
    "small_before_large": "大额付款，而最近八笔中曾对该收款方小额测试",
    "count": "付款方付给收款方的笔数",
    "sum": "付款方付给收款方的金额合计",
    "back_count": "收款方付给付款方的笔数",
    "back_sum": "收款方付给付款方的金额合计",
    "amount": "本笔金额",
    "kind": "交易种类",
    "day_seconds": "当地时间在一日中的秒数",
    "weekday": "当地星期：0为星期一",
    "is_night": "当地时间为夜间",
    "is_round": "金额为整数",
    "is_below": "金额略低于限额",
    "amount_to_balance": "本笔金额与付款方余额之比，余额为0时为0",
    **_KEPT,
    "passed_ratio": "本笔金额与其资金可能来自的相近转入（80%至102%）之比，没有为-1",
    "passed_age": "距本笔资金可能来自的相近转入的时间，没有为-1",
    "passed_count": "金额相近的转入笔数",
    "chain_hops": "此前依次转手的笔数",
    "chain_age": "距其中第一笔的时间",
    "chain_kept": "本笔金额与其中第一笔金额之比",
    "chain_closes": "收款方就是资金链的起点",
    "cycle_hops": "回到收款方付入资金链之处的笔数（最多12），从未为0",
    "origin_count": "与本笔同一起点的转入笔数",
    "chain_hops_mean": "转入款项此前转手次数的平均",
    "chain_hops_largest": "转入款项此前转手次数的最大值",
    "passing_share": "转出中将某笔转入转手的占比",
    "payers_passing_share": "最近八个付款方该占比的平均",
    "payers_in_count_mean": "最近八个付款方历来转入笔数的平均",
    "first_age": "距首笔交易，没有为-1",
    "side_count": "该方笔数",
    "side_mean": "该方平均金额",
    "side_known": "该方标签已知的笔数",
    "side_fraud_share": "该方标签已知的笔数中欺诈的占比",
    "side_fraud_count": "该方已知欺诈的笔数",
    "side_amount_to_mean": "本笔金额与该方平均金额之比",
    "side_gap": "距该方上一笔",
    "side_mean_ever": "该方历来平均金额",
    "side_amount_deviations": "本笔金额偏离该方历来平均的标准差数",
    "side_fraud_age": "距该方上一笔已知的欺诈",
    "side_largest": "该方七天内最近四十笔中最大的一笔",
    "side_count_ever": "该方历来笔数",
}
"""Those of patterns and of risk by known labels stand here too: one place to read and to correct."""

SIDES: Final[Mapping[str, str]] = {
    "payer": "付款方",
    "payee": "收款方",
    "pair": "双方之间",
    "payment": "本笔",
}

_WINDOWS: Final = frozenset({"1m", "1h", "24h", "5d", "7d", "30d", "90d", "12m", "60m"})


def chinese_of(name: str, side: str) -> str | None:
    """Return what a feature means in Chinese; None where nobody has said it.

    >>> chinese_of("payer_out_count_24h", "payer")
    '转出笔数'
    """
    stem, _, window = name.removeprefix(f"{side}_").rpartition("_")
    whole = f"{stem}_{window}".removeprefix("_")
    return CHINESE.get(stem if window in _WINDOWS else whole)


__all__ = ["CHINESE", "SIDES", "chinese_of"]
