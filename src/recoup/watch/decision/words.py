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


__all__ = ["LATE", "ORDER_BINDS", "STOLEN_CAUGHT", "TERMS", "input_cause"]
