"""Words for every reason that is not a feature of the model: refusals of what came in, orders, what was caught. Two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.watch.decision.decision import Cause
from recoup.watch.state import Outcome

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

_WRONG: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.AMOUNT_NOT_POSITIVE: ("the amount is not above zero", "金额不大于零"),
    Outcome.AMOUNT_TOO_LARGE: ("the amount is more than any payment may move", "金额超出上限"),
    Outcome.SAME_ACCOUNT: ("payer and payee are one account", "付款账户与收款账户相同"),
    Outcome.ACCOUNT_UNKNOWN: ("an account is not known here", "账户不存在"),
    Outcome.KIND_UNKNOWN: ("the kind of the payment is not known", "交易种类未知"),
    Outcome.TIME_LATE: ("the payment is older than may be taken", "交易时间过早"),
    Outcome.TIME_AHEAD: ("the payment lies too far ahead", "交易时间超前"),
    Outcome.SUM_TOO_LARGE: ("the account's sums would leave their bounds", "账户累计金额超出上限"),
}


def input_cause(problem: Outcome) -> Cause:
    """Return why something that came in is no payment."""
    english, chinese = _WRONG[problem]
    return Cause(problem.name.lower(), english, chinese)


__all__ = ["LATE", "ORDER_BINDS", "STOLEN_CAUGHT", "TERMS", "input_cause"]
