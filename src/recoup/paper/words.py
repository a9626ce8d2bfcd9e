"""What stands on a paper order, in Chinese and English. Words only."""

from __future__ import annotations

from typing import Final, Literal

from recoup.orders import OrderKind, Outcome

Language = Literal["zh", "en"]
LANGUAGES: Final = ("zh", "en")

KINDS: Final[dict[OrderKind, tuple[str, str]]] = {
    OrderKind.STOP: ("紧急止付", "Stop"),
    OrderKind.POSTPONE: ("止付延期", "Postponed stop"),
    OrderKind.EXTEND: ("延伸止付", "Extended stop"),
    OrderKind.RAISE: ("调增控制金额", "Raise of a hold"),
    OrderKind.FREEZE: ("冻结", "Freeze"),
    OrderKind.RENEW: ("续冻", "Renewal of a freeze"),
    OrderKind.REDUCE: ("调减控制金额", "Reduction of a hold"),
    OrderKind.RELEASE: ("解除", "Release"),
    OrderKind.QUERY: ("查询", "Query"),
    OrderKind.WATCH: ("动态查询", "Watch"),
    OrderKind.PAY_BACK: ("返还", "Payment back"),
}

OUTCOMES: Final[dict[Outcome, tuple[str, str]]] = {
    Outcome.HELD: ("已足额控制", "held"),
    Outcome.HELD_SHORT: ("余额不足，部分控制", "held short"),
    Outcome.MOVED: ("资金已转出", "moved"),
    Outcome.POSTPONED: ("已延期", "postponed"),
    Outcome.FROZEN: ("已冻结", "frozen"),
    Outcome.REDUCED: ("已调减", "reduced"),
    Outcome.RELEASED: ("已解除", "released"),
    Outcome.INFORMED: ("已答复", "informed"),
    Outcome.PAID: ("已支付", "paid"),
    Outcome.BOUNCED: ("已支付后退回", "paid and came back"),
    Outcome.REFUSED: ("未办理", "refused"),
}

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("{kind}通知书", "Order: {kind}"),
    "to": ("致：{institution}", "To: {institution}"),
    "instruction_stop": (
        "请先核对账号、户名、币种及到账金额和时间。全部相符的，立即对下列金额只收不付；任一不符的，不得止付，并在回执上注明不符项。",
        "First compare account, name, currency, and amount and time of the arrival. All match: block debits of the amount at "
        + "once, let credits in. One does not match: do not stop, and say which on the answer sheet.",
    ),
    "title_pay_back": ("协助返还通知书", "Notice to assist in returning money"),
    "instruction_pay_back": (
        "请核对被冻结账号、户名及收款账号、户名。全部相符且已冻结的，从冻结资金中将下列金额支付至收款账户，并填写回执；"
        + "不符或文书不全的，不得支付，并在回执上注明不符项或所缺文书。同一指令只支付一次。",
        "Compare account and name of the frozen account and of the payee. All match and the money is frozen: pay the amount "
        + "below out of it to the payee's account and fill in the answer sheet. One does not match or a paper is missing: do "
        + "not pay, and say which on the answer sheet. One order is paid once.",
    ),
    "payee_account": ("收款账号", "Payee's account"),
    "payee_name": ("收款户名", "Payee's name"),
    "payee_institution": ("收款机构", "Payee's institution"),
    "decision": ("返还决定", "Decision"),
    "officers": ("办案人员（两人）", "Officers (two)"),
    "due_at": ("支付期限", "To be paid by"),
    "pay_amount": ("返还金额", "Amount to be paid back"),
    "instruction": (
        "请按下列内容办理，并立即填写回执。",
        "Carry out what stands below and fill in the answer sheet at once.",
    ),
    "order": ("指令编号", "Order"),
    "case": ("案件编号", "Case"),
    "kind": ("措施", "Measure"),
    "account": ("账号", "Account"),
    "name": ("户名", "Name"),
    "lies": ("控制对象", "What lies there"),
    "lies_wallet": ("支付账户余额（不得支付、提现）", "wallet: not spent, not withdrawn"),
    "lies_settlement": ("商户待结算资金（不得结算）", "due to a merchant: not settled"),
    "lies_custody": (
        "托管虚拟资产（按本币折算，不得提取）",
        "a client's tokens, by their worth in this currency: not withdrawn",
    ),
    "amount": ("控制金额", "Amount to be held"),
    "extent": ("范围", "Extent"),
    "extent_amount": ("限额（只收不付）", "the amount only; credits come in"),
    "extent_whole_account": ("全额（整户）", "the whole account"),
    "disputed_amount": ("到账金额", "Amount that arrived"),
    "disputed_at": ("到账时间", "Time of arrival"),
    "reference": ("交易流水号", "Reference"),
    "original": ("原指令编号", "Order that began the hold"),
    "issued_at": ("签发时间", "Issued at"),
    "ends_at": ("控制届满不晚于", "Ends no later than"),
    "tell_from": ("此前不得告知账户所有人", "Holder is not told before"),
    "reason": ("事由", "Reason"),
    "authority": ("决定机关", "Authority"),
    "documents": ("法律文书", "Documents"),
    "phone": ("联系电话", "Telephone"),
    "seal": (
        "二维码内为本指令的签名报文。用指令中心的公钥验签：recoup bank paper --check。签名报文的 SHA-256：",
        "The QR code holds the signed order. Check it with the centre's public key: recoup bank paper --check. Its SHA-256:",
    ),
    "check": (
        "核验真伪：在受理窗口公示的查询页填写指令编号和核验摘要。核验摘要：",
        "To check it: enter the order's number and this digest on the page whose address is posted at the counter:",
    ),
    "footer": ("{order} · 签名人 {centre}", "{order} · signed by {centre}"),
    "sheet_title": ("办理回执", "Answer sheet"),
    "sheet_words": (
        "由两人分别核对并签名。金额按指令币种填写，时间写到秒。",
        "Checked and signed by two persons. Amounts in the order's currency, times to the second.",
    ),
    "institution": ("受理机构", "Institution"),
    "sheet_return": (
        "填妥后请将本页交回，或扫描、拍照（PDF、PNG、JPEG）送回；二维码须完整可见。",
        "Give this page back, or send a scan or photograph of it (PDF, PNG, JPEG) on which the whole code can be seen.",
    ),
    "outcome": ("办理结果", "Outcome"),
    "failed": ("不符项", "Did not match"),
    "failed_boxes": (
        "□ 账号  □ 户名  □ 币种  □ 金额  □ 时间",
        "□ account  □ name  □ currency  □ amount  □ time",
    ),
    "answered_at": ("办理时间", "Answered at"),
    "code": ("结果码（四位）", "Result code (four digits)"),
    "held": ("本案实际控制金额", "Held for this case"),
    "available": ("可用余额", "Available balance"),
    "started_at": ("控制起始时间", "Begin of the stop or freeze"),
    "former": ("在先冻结：机关、金额、到期日", "Former holds: authority, amount, end"),
    "moved_to": (
        "转出去向：时间、收款账号、户名、开户行、金额",
        "Where it went: time, account, name, institution, amount",
    ),
    "payment_boxes": (
        "□ 付款账号  □ 付款户名  □ 金额  □ 收款账号  □ 收款户名  □ 收款账户状态",
        "□ account  □ name  □ amount  □ payee's account  □ payee's name  □ payee's account closed",
    ),
    "papers": ("所缺文书", "Papers wanted"),
    "paper_boxes": (
        "□ 返还申请表  □ 资金流向表  □ 返还决定书  □ 协助返还通知书  □ 身份证件  □ 代理或继承证明  □ 办案人员证件",
        "□ application  □ flow table  □ decision  □ notice  □ identity  □ proof of agent or heir  □ officers' papers",
    ),
    "paid_amount": ("实际支付金额", "Amount paid"),
    "paid_reference": ("支付流水号", "Reference of the payment"),
    "paid_at": ("支付（退回）时间", "Paid, or came back, at"),
    "first": ("经办人签名", "Filled in by"),
    "second": ("复核人签名", "Checked by"),
}


def said(name: str, language: Language) -> str:
    """Return a phrase."""
    return WORDS[name][LANGUAGES.index(language)]


__all__ = ["KINDS", "LANGUAGES", "OUTCOMES", "WORDS", "Language", "said"]
