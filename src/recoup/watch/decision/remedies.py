"""What the holder of an account is told beside the reasons: until when, and what can be done. Decides nothing.

A remedy promises only what there is: a payment that waits is let go on by a person of the bank or taken back by its payer;
orders and measures are the centre's, and so are appeals against them. An objection to a rule or a model goes to the bank, and
through it to the centre where the watch has a way there; the way and its clock are said by whoever runs the watch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

EARLY: Final = "EARLY"
"""In place of a ground: nobody could look at the payment in time, and it waits since something binds its payer."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_HOUR: Final = 3_600
_DAY: Final = 86_400
_APPEALED: Final = frozenset({"RULE", "MODEL"})
"""Grounds of decisions that the centre takes appeals against: what it ordered itself is appealed against by its own number."""


class Step(NamedTuple):
    """One sentence."""

    english: str
    chinese: str


class Remedy(NamedTuple):
    """What the holder is told: at least one sentence."""

    steps: tuple[Step, ...]

    @property
    def english(self) -> str:
        """All of it."""
        return "; ".join(step.english for step in self.steps)

    @property
    def chinese(self) -> str:
        """All of it."""
        return "；".join(step.chinese for step in self.steps)


_WAITS: Final = Step(
    "it waits until {until} at the latest and ends by itself: the payment then goes on, unless an order or a measure"
    " binds the account by then",
    "最迟等待至 {until}，期满自动解除：除届时账户受指令或措施约束外，付款继续办理",
)
_EXPLAIN: Final = Step(
    "the holder can explain the payment to the bank, which can let it go on sooner, or take it back",
    "持有人可向银行说明付款情况，由银行提前放行，也可撤回付款",
)
_OBJECT: Final = Step(
    "whoever disagrees objects at the bank and names decision {id}",
    "如有异议，可向银行提出申诉，并提供决定编号 {id}",
)
_APPEAL: Final = Step(
    "whoever disagrees objects at the bank and names decision {id}: the bank passes it on to the centre, where a person who had"
    " no part in it decides within {term}",
    "如有异议，可向银行提出申诉，并提供决定编号 {id}：银行转交中心，由未参与该决定的人员在 {term}内作出决定",
)
_UPHELD: Final = Step(
    "an appeal makes no wait longer: where it is upheld and the payment still waits, it goes on at once",
    "申诉不延长等待时间：申诉成立且付款仍在等待的，立即放行",
)
_OVER: Final = Step(
    "the payment is over, and nothing has left the account", "付款已终止，资金未划出"
)
_ANEW: Final = Step(
    "the holder can explain it to the bank and ask for it anew under another number",
    "持有人可向银行说明情况，并以新的交易编号重新办理",
)
_MODEL_WAITS: Final = (_WAITS, _EXPLAIN, _OBJECT)
_MODEL_REFUSES: Final = (_OVER, _ANEW, _OBJECT)
_WARNS: Final = (
    Step("the payment goes on, and nothing is held", "付款继续办理，资金未受限制"),
    Step(
        "whoever doubts it tells the bank and the police at once",
        "如有疑问，请立即联系银行并报警",
    ),
    _OBJECT,
)
_TABLE: Final[Mapping[tuple[str, str], tuple[Step, ...]]] = {
    ("INPUT", "REFUSE"): (
        Step(
            "nothing was changed; the payment can be corrected and asked for anew",
            "未作任何变更；付款更正后可重新提交",
        ),
    ),
    ("ORDER", "HOLD"): (
        _WAITS,
        Step(
            "only money of an open case is held, and the rest of the account is free",
            "仅暂停在办案件的涉案资金，其余资金可正常使用",
        ),
        Step(
            "the holder can explain to the bank where the money came from; an order of the centre that follows"
            " can be appealed against",
            "持有人可向银行说明资金来源；对后续的中心指令，可向中心申诉",
        ),
    ),
    ("ORDER", "REFUSE"): (
        _OVER,
        Step(
            "what no order holds stays free; the bank can name the order and its end",
            "未被指令限制的资金可正常使用；银行可告知指令编号及期限",
        ),
        Step(
            "the holder can appeal against the order to the centre, directly or through the bank",
            "持有人可直接或通过银行向中心就该指令提出申诉",
        ),
    ),
    ("RULE", "WARN"): _WARNS,
    ("RULE", "DELAY"): _MODEL_WAITS,
    ("RULE", "HOLD"): _MODEL_WAITS,
    ("RULE", "REFUSE"): _MODEL_REFUSES,
    ("MODEL", "WARN"): _WARNS,
    ("MODEL", "DELAY"): _MODEL_WAITS,
    ("MODEL", "HOLD"): _MODEL_WAITS,
    ("MODEL", "REFUSE"): _MODEL_REFUSES,
    ("MEASURE", "HOLD"): (
        Step(
            "it waits until {until} at the latest: it goes on once the holder is verified again or the measure has ended;"
            " else it is over, and nothing leaves the account",
            "最迟等待至 {until}：持有人重新核验身份或措施解除后继续办理；否则付款终止，资金不划出",
        ),
        Step(
            "the holder can be verified at the bank, take the payment back, or appeal to the centre against the measure",
            "持有人可在银行核验身份、撤回付款，或向中心就该措施提出申诉",
        ),
    ),
    ("MEASURE", "REFUSE"): (
        _OVER,
        Step(
            "the measure ends by itself at the time that the reason names; what comes in is taken meanwhile",
            "措施于理由所载期限届满时自动解除；其间账户可正常收款",
        ),
        Step(
            "the holder can appeal to the centre against the measure, under the number that the reason names",
            "持有人可凭理由所载措施编号向中心提出申诉",
        ),
    ),
    (EARLY, "HOLD"): (
        Step(
            "nothing has left the account: the bank looks again and says what becomes of the payment",
            "资金未划出：银行将再次核实并告知处理结果",
        ),
        Step(
            "the bank can name what binds the account, and its end; the holder can appeal against it to the centre",
            "银行可告知账户所受约束及其期限；持有人可向中心提出申诉",
        ),
        _OBJECT,
    ),
}
"""By ground and action. What is not here lets a payment simply go on, or cannot be."""


def remedy_of(
    id_: str, action: str, ground: str, expires_us: int | None, appeal_seconds: int = 0
) -> Remedy | None:
    """Return what the holder is told of a decision; None of a payment that simply goes on.

    Args:
        id_: the payment's, which is the number of the decision on it.
        action: name of an `Action`.
        ground: name of a `Ground`, or EARLY.
        expires_us: when what waits ends by itself; None where nothing waits, or nobody knows.
        appeal_seconds: within which the centre decides on an appeal against a rule or a model; 0: there is no way there.

    >>> print(remedy_of("p-1", "DELAY", "RULE", 1_800_000_000_000_000).steps[2].english)
    whoever disagrees objects at the bank and names decision p-1
    """
    if action == "ALLOW":
        return None
    until = "" if expires_us is None else _text(expires_us)
    steps = _TABLE[ground, action]
    if appeal_seconds and ground in _APPEALED:
        way = (_APPEAL,) if expires_us is None else (_APPEAL, _UPHELD)
        steps = tuple(new for one in steps for new in (way if one is _OBJECT else (one,)))
    terms = _term(appeal_seconds)
    return Remedy(
        tuple(
            Step(
                *(
                    said.format(id=id_, until=until, term=term)
                    for said, term in zip(one, terms, strict=True)
                )
            )
            for one in steps
        )
    )


def _term(seconds: int) -> tuple[str, str]:
    """Return a term in English and Chinese: whole days beyond one, else whole hours, never too short."""
    if seconds > _DAY and seconds % _DAY == 0:
        return f"{seconds // _DAY} days", f"{seconds // _DAY} 日"
    hours = -(-seconds // _HOUR)
    return f"{hours} hour{'' if hours == 1 else 's'}", f"{hours} 小时"


def _text(time_us: int) -> str:
    """Return an instant as text of RFC 3339, whole seconds and never too early."""
    instant = _EPOCH + timedelta(seconds=-(-time_us // _SECOND))
    return instant.isoformat().replace("+00:00", "Z")


__all__ = ["EARLY", "Remedy", "Step", "remedy_of"]
