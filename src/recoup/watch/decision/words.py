"""Words, English and Chinese, for every reason that is no feature of the model: bad input, orders, what was caught."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.watch.decision.decision import Cause, Problem

ORDER_BINDS: Final = Cause(
    "order-binds",
    "the payer's free balance is less than the payment: an order of the centre holds the rest",
    "付款账户可用余额不足：其余金额已按中心指令止付或冻结",
)
STOLEN_CAUGHT: Final = Cause(
    "stolen-caught",
    "the payment would move stolen money of an open case; exactly that money is held",
    "该付款将转移在办案件的被骗资金；系统仅暂停该部分资金",
)
MEASURE_CODES: Final = "measure-"
"""How codes of measures begin; the kind follows."""
_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "credit_only": ("the account takes credits only", "账户只收不付"),
    "counter_only": ("the account's debits are made at the counter only", "账户暂停非柜面业务"),
    "protective_stop": (
        "the account is protected for a short time; what is needed to live on may leave",
        "账户处于短期保护性止付，生活所需额度可用",
    ),
    "lower_limits": (
        "the payment is beyond what may leave the account on a day",
        "超出账户当日限额",
    ),
    "re_verify": (
        "the payment waits for the account's holder to be verified again",
        "须重新核验账户持有人身份，付款等待核验",
    ),
}
_GROUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "case": ("an open case", "在办案件"),
    "listed": ("an entry of the lists", "涉案或可疑账户名单"),
    "red_flag": ("a pattern of payments", "交易特征异常"),
    "identity": ("what is known of the holder", "身份信息需核实"),
    "warned_payer": ("a warning that the holder is being defrauded", "持有人疑似正遭受诈骗"),
}
LATE: Final = Cause(
    "scoring-late",
    "scoring was late: only orders and stolen money were looked at",
    "评分超时：仅核对指令与涉案资金",
)
TERMS: Final = Cause("model", "what is at stake is worth a second look", "风险金额值得复核")

_WRONG: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.AMOUNT_NOT_POSITIVE: ("the amount is not above zero", "金额不大于零"),
    Problem.AMOUNT_TOO_LARGE: ("the amount is more than any payment may move", "金额超出上限"),
    Problem.SAME_ACCOUNT: ("payer and payee are one account", "付款账户与收款账户相同"),
    Problem.ACCOUNT_UNKNOWN: ("an account is not known here", "账户不存在"),
    Problem.KIND_UNKNOWN: ("the kind of the payment is not known", "交易种类未知"),
    Problem.TIME_LATE: ("the payment is older than may be taken", "交易时间过早"),
    Problem.TIME_AHEAD: ("the payment lies too far ahead", "交易时间超前"),
    Problem.SUM_TOO_LARGE: ("the account's sums would leave their bounds", "账户累计金额超出上限"),
    Problem.CURRENCY_UNKNOWN: ("the currency is not known here", "币种未知"),
    Problem.ID_UNFIT: ("the payment has no fit id", "交易编号无效"),
    Problem.ID_TAKEN: ("the id belongs to another payment", "交易编号已被其他交易使用"),
    Problem.FIELD_UNFIT: ("a field cannot be read", "字段无法识别"),
    Problem.ACCOUNTS_MANY: ("there is no room for one more account", "账户数量已达上限"),
}


def input_cause(problem: Problem) -> Cause:
    """Return why something that came in is no payment."""
    english, chinese = _WRONG[problem]
    return Cause(problem.name.lower(), english, chinese)


def measure_cause(kind: str, ground: str, measure: str, until: str) -> Cause:
    """Return why a measure of the payer's account does not let a payment out: ground, term, and the way back.

    Args:
        kind: as `care.MeasureKind` has it.
        ground: as `care.MeasureGround` has it.
        measure: the centre's id, under which the holder can object.
        until: its end as text.
    """
    (english, chinese), (why, why_zh) = _MEASURES[kind], _GROUNDS[ground]
    said = f"{english}, because of {why}, until {until}; the holder can object to measure {measure}"
    said_zh = f"{chinese}；依据：{why_zh}；期限至 {until}；持有人可就措施 {measure} 提出申诉"
    return Cause(f"{MEASURE_CODES}{kind.replace('_', '-')}", said, said_zh)


__all__ = [
    "LATE",
    "MEASURE_CODES",
    "ORDER_BINDS",
    "STOLEN_CAUGHT",
    "TERMS",
    "input_cause",
    "measure_cause",
]
