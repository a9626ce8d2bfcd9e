"""What stands on the packet of a case that is handed over, in Chinese and English. Words only."""

from __future__ import annotations

from typing import Final

from recoup.cases.decided import FindingKind, Matter
from recoup.cases.state import ClaimState, FindingState, MandateState, MotionState
from recoup.orders import HoldState, OrderState
from recoup.orders.hold import UNCLEAR
from recoup.paper.words import LANGUAGES, Language

ORDER_STATES: Final[dict[str, tuple[str, str]]] = {
    OrderState.DRAFTED: ("已拟稿", "drafted"),
    OrderState.AWAITING_APPROVAL: ("待审批", "awaiting approval"),
    OrderState.ISSUED: ("已签发", "issued"),
    OrderState.SENT: ("已送达", "sent"),
    OrderState.UNANSWERED: ("逾期未答复", "unanswered"),
    OrderState.ANSWERED: ("已答复", "answered"),
    OrderState.WITHDRAWN: ("已撤回", "withdrawn"),
}
HOLD_WORDS: Final[dict[str, tuple[str, str]]] = {
    **ORDER_STATES,
    HoldState.ASKED: ("待答复", "asked"),
    HoldState.HELD: ("已足额控制", "held"),
    HoldState.HELD_SHORT: ("部分控制", "held short"),
    HoldState.MOVED: ("资金已转出", "moved"),
    HoldState.REFUSED: ("未办理", "refused"),
    HoldState.POSTPONED: ("已延期", "postponed"),
    HoldState.FROZEN: ("已冻结", "frozen"),
    HoldState.REDUCED: ("已调减", "reduced"),
    HoldState.RELEASED: ("已解除", "released"),
    HoldState.LAPSED: ("已到期失效", "lapsed"),
    HoldState.RETURNED: ("已全部返还", "paid back"),
    UNCLEAR: ("答复不明", "unclear"),
}
CLAIM_STATES: Final[dict[str, tuple[str, str]]] = {
    ClaimState.REPORTED: ("已报案", "reported"),
    ClaimState.ADMITTED: ("已认定", "admitted"),
    ClaimState.REJECTED: ("不予认定", "rejected"),
    ClaimState.WITHDRAWN: ("已撤回", "withdrawn"),
    ClaimState.VOID: ("已作废", "void"),
}
CLOCKS: Final[dict[str, tuple[str, str]]] = {
    "term": ("控制届满", "a hold ends"),
    "answer": ("待机构答复", "an institution answers"),
    "appeal": ("申诉待决定", "an appeal is decided"),
    "hardship": ("生活困难当日待处理", "hardship is decided and freed"),
    "return_notice": ("返还公告届满", "a public notice of a return ends"),
    "return_payment": ("待银行返还", "a bank pays a victim back"),
    "notice": ("待告知账户所有人", "a holder is told"),
    "abroad": ("待境外答复", "another country answers"),
    "escalation": ("值班事项待处理", "somebody on duty answers"),
    "mandate": ("授权届满", "a standing authority ends"),
}
DECISIONS: Final[dict[str, tuple[str, str]]] = {
    FindingKind.CLAIM_VOID: ("涉案款项无效", "claim void"),
    FindingKind.GOOD_FAITH_VALUE: ("善意取得", "good-faith value"),
    FindingKind.INNOCENT_CONDUIT: ("不知情过账", "innocent conduit"),
    Matter.SURPLUS: ("超额控制", "surplus"),
    Matter.HARDSHIP: ("生活困难解除", "hardship"),
    Matter.SWAP: ("更换账户", "another account"),
    Matter.DEFERRAL: ("暂缓告知", "deferral"),
    Matter.JOINING: ("并案", "joined cases"),
    Matter.CAP: ("控制上限", "cap"),
    "mandate": ("授权", "standing authority"),
}
DECISION_STATES: Final[dict[str, tuple[str, str]]] = {
    MotionState.PROPOSED: ("待决定", "proposed"),
    MotionState.AGREED: ("已同意", "agreed"),
    MotionState.DISMISSED: ("不予同意", "dismissed"),
    MotionState.WITHDRAWN: ("已撤回", "withdrawn"),
    FindingState.DECIDED: ("已认定", "decided"),
    MandateState.STANDING: ("有效", "standing"),
    MandateState.REVOKED: ("已撤销", "revoked"),
}

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("案件移交清单", "Packet of a case that is handed over"),
    "words": (
        "清单所列账户、报案事项和人员均为编号，姓名和账号须凭案由另行调阅。摘要覆盖清单全部内容，接收单位按同一摘要接收。",
        "Accounts, claims and persons are ids; names and numbers are read in the case, for a reason. The digest covers all of "
        + "this; the unit that takes the case over accepts it with the same digest.",
    ),
    "case": ("案件编号", "Case"),
    "unit": ("移交单位", "Unit that gives it"),
    "digest": ("清单摘要（SHA-256）", "Digest (SHA-256)"),
    "facts_version": ("材料版本", "Version of the facts"),
    "trail_version": ("追踪结果版本", "Version of the trail"),
    "trail_digest": ("追踪结果摘要", "Digest of the trail"),
    "printed_at": ("打印时间", "Printed at"),
    "zone": ("表内时间所属时区", "Zone of the times below"),
    "clocks": ("到期事项", "What is due"),
    "holds": ("控制情况", "Holds"),
    "orders": ("指令", "Orders"),
    "claims": ("被骗款项", "Claims"),
    "evidence": ("证据材料（流水摘要）", "Evidence (digests of statements)"),
    "mandates": ("授权", "Standing authorities"),
    "decisions": ("须两人决定的事项", "What takes two persons"),
    "decision": ("编号", "Decision"),
    "due_at": ("到期时间", "Due"),
    "what": ("事项", "What"),
    "about": ("对象", "About"),
    "account": ("账户", "Account"),
    "state": ("状态", "State"),
    "held": ("控制金额", "Held"),
    "ends_at": ("届满时间", "Ends"),
    "order": ("指令编号", "Order"),
    "kind": ("措施", "Kind"),
    "institution": ("机构", "Institution"),
    "amount": ("金额", "Amount"),
    "issued_at": ("签发时间", "Issued"),
    "claim": ("编号", "Claim"),
    "missing": ("尚缺", "Missing"),
    "number": ("序号", "No."),
    "sha": ("SHA-256", "SHA-256"),
    "mandate": ("编号", "Authority"),
    "amount_max": ("限额", "Allowed"),
    "spent": ("已用", "Spent"),
    "none": ("无", "none"),
    "more": (
        "另有 {count} 项未列，见电子清单；摘要已覆盖。",
        "{count} more are in the packet's JSON; the digest covers them.",
    ),
    "gives": ("移交人签名、日期", "Given by, date"),
    "takes": ("接收人签名、日期", "Taken over by, date"),
    "footer": ("{case} · {digest}", "{case} · {digest}"),
}


def said(name: str, language: Language) -> str:
    """Return a phrase."""
    return WORDS[name][LANGUAGES.index(language)]


def worded(words: dict[str, tuple[str, str]], name: str, language: Language) -> str:
    """Return the word for a state; one that this page does not know stands as it is."""
    return words[name][LANGUAGES.index(language)] if name in words else name


__all__ = [
    "CLAIM_STATES",
    "CLOCKS",
    "DECISIONS",
    "DECISION_STATES",
    "HOLD_WORDS",
    "ORDER_STATES",
    "WORDS",
    "said",
    "worded",
]
