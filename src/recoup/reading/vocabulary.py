"""Words that files use, as data: column headers, directions, kinds, currencies, statuses. Not code that reads files.

Header names are compared after `normal_header`: width-folded, lower case, without spaces, underscores, hyphens and a unit in
brackets. The order inside one field is the order of preference when a file has several of them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    # both shapes
    "time": (
        "time", "timestamp", "ts", "datetime", "transactiontime", "bookedat", "交易时间", "交易日期时间", "交易发生时间",
        "发生时间", "交易创建时间", "付款时间", "支付时间", "transactiondatetime", "入账时间", "记账时间",
    ),
    "date": (
        "date", "transactiondate", "bookingdate", "交易日期", "日期", "发生日期", "记账日期", "入账日期", "交易日",
        "记账日", "buchungstag", "posteddate", "valuedate",
    ),
    "clock": ("clock", "timeofday", "交易时刻", "时刻"),
    "id": (
        "id", "transferid", "transactionid", "txid", "txnid", "tranid", "transactionserial", "交易流水号", "流水号",
        "业务流水号", "核心流水号", "交易单号", "交易订单号", "交易号", "流水编号", "日志号", "柜员流水号",
    ),
    "sequence": ("sequence", "seq", "序号", "顺序号", "交易序号"),
    "amount": (
        "amount", "amt", "transactionamount", "value", "交易金额", "金额", "发生额", "发生金额", "交易发生额", "交易额",
        "转账金额", "支付金额",
    ),
    "currency": (
        "currency", "ccy", "cur", "currencycode", "交易币种", "币种", "币别", "货币", "币种名称", "货币代码", "记账币种",
    ),
    "rail": ("rail", "channel", "transactiontype", "交易渠道", "渠道", "交易方式", "业务渠道"),
    "kind": ("kind",),
    "reference": (
        "reference", "ref", "endtoendid", "uetr", "商户订单号", "商家订单号", "大单号", "业务参考号", "参考号", "凭证号",
    ),
    "reverses": ("reverses", "originalid", "originalreference", "原交易流水号", "原流水号", "被冲正流水号"),
    "balance": (
        "balanceafter", "balance", "runningbalance", "accountbalance", "交易后余额", "交易余额", "账户余额", "余额",
        "当前余额", "本次余额", "帐户余额", "可用余额",
    ),
    # ledger
    "payer": (
        "payer", "payeraccount", "from", "fromaccount", "src", "source", "sender", "senderaccount", "debtoraccount",
        "originator", "nameorig", "付款账号", "付款人账号", "付款方账号", "付款账户", "付款卡号", "付款人账户", "转出账号", "转出账户",
        "转出卡号", "汇款账号", "付款方", "付方账号", "payeraccountnumber", "付款人卡号",
    ),
    "payee": (
        "payee", "payeeaccount", "to", "toaccount", "dest", "destination", "dst", "target", "receiver", "receiveraccount",
        "creditoraccount", "beneficiary", "namedest", "收款账号", "收款人账号", "收款方账号", "收款账户", "收款卡号", "收款人账户",
        "转入账号", "转入账户", "转入卡号", "收款方", "收方账号", "payeeaccountnumber", "收款人卡号",
    ),
    "payer_name": ("payername", "sendername", "debtorname", "付款人", "付款人姓名", "付款人户名", "付款户名", "付款方户名", "付款人名称"),
    "payee_name": ("payeename", "receivername", "creditorname", "收款人", "收款人姓名", "收款人户名", "收款户名", "收款方户名", "收款人名称"),
    "payer_institution": (
        "payerinstitution", "payerbank", "frombank", "senderbank", "付款行", "付款银行", "付款人开户行", "付款方开户行", "付款开户行",
    ),
    "payee_institution": (
        "payeeinstitution", "payeebank", "tobank", "receiverbank", "收款行", "收款银行", "收款人开户行", "收款方开户行", "收款开户行",
    ),
    "payer_balance": ("payerbalance", "付款方余额"),
    "payee_balance": ("payeebalance", "收款方余额"),
    # statement
    "account": (
        "account", "accountnumber", "accountno", "iban", "交易账号", "账号", "本方账号", "我方账号", "账户", "账户号", "帐号",
        "客户账号", "查询账号", "本方账户", "用户id", "支付宝账号", "支付账号", "主账号", "交易方账号",
    ),
    "card": ("card", "cardnumber", "交易卡号", "卡号", "本方卡号", "我方卡号", "查询卡号", "账卡号", "本方账卡号", "客户卡号"),
    "account_name": (
        "accountname", "holder", "交易户名", "户名", "交易方户名", "本方户名", "我方户名", "账户名", "账户名称", "账户开户名称",
        "客户名称", "客户姓名", "姓名", "用户侧账号名称", "开户名称", "本方姓名",
    ),
    "account_institution": (
        "accountinstitution", "bank", "institution", "开户行", "开户银行", "交易方开户行", "账号开户银行", "本方开户行", "银行名称",
        "反馈单位", "所属银行", "开户网点",
    ),
    "direction": (
        "direction", "creditdebit", "creditdebitindicator", "cdtdbtind", "drcr", "dc", "borrowingsigns", "收付标志", "借贷标志",
        "借贷方向", "借贷", "借贷标识", "收付标识", "借贷类型", "收/支", "收支", "收/支/其他", "进出标志", "借贷标记", "借方贷方", "资金收付标志",
        "收支类型", "收支标志", "交易方向",
    ),
    "debit": (
        "debit", "debitamount", "withdrawal", "withdrawals", "paidout", "moneyout", "借方发生额", "借方金额", "支出", "支出金额", "转出金额",
        "借方", "付款金额", "付出金额", "支取金额", "支取", "借方发生金额",
    ),
    "credit": (
        "credit", "creditamount", "deposit", "deposits", "paidin", "moneyin", "贷方发生额", "贷方金额", "收入", "收入金额", "转入金额",
        "贷方", "收款金额", "存入金额", "存入", "贷方发生金额",
    ),
    "counterparty": (
        "counterparty", "counterpartyaccount", "opponentaccountnumber", "交易对手账卡号", "交易对方账卡号", "对方账号", "对手账号",
        "交易对方账号", "交易对手账号", "对方账户", "对手账户", "对方卡号", "对手卡号", "交易对方卡号", "对方账卡号", "对手账卡号",
        "对手方账号", "对方帐号", "交易对方帐号", "交易对方帐卡号", "对手方id", "交易对手账户", "counterpartyiban",
    ),
    "counterparty_card": ("counterpartycard", "对手方银行卡号"),
    "counterparty_name": (
        "counterpartyname", "opponentname", "对手户名", "对方户名", "对手名称", "对方名称", "对方姓名", "交易对方户名", "交易对方名称",
        "交易对手名称", "交易对手户名", "对手侧账户名称", "对手方名称", "交易对方", "对手姓名", "交易对方姓名", "对方",
    ),
    "counterparty_institution": (
        "counterpartyinstitution", "counterpartybank", "opponentdepositbankid", "对手开户银行", "对手开户行", "对方开户行", "对方开户银行",
        "交易对方开户行", "交易对方账号开户行", "交易对手行名", "对方行名", "对方金融机构名称", "对手侧银行名称", "对方银行",
    ),
    "status": ("status", "transactionstatus", "交易是否成功", "交易状态", "交易结果", "是否成功", "成功标志", "当前状态"),
    "note": (
        "note", "remark", "narrative", "memo", "摘要说明", "摘要", "交易摘要", "交易说明", "用途", "附言", "交易类型", "交易业务类型",
        "类型", "交易分类", "transactionremark", "details", "商品说明", "消费名称", "description",
    ),
    "note_more": ("交易用途类型", "备注", "备注1", "现金标志"),
    # one column that holds number and name together: "2088...(张三)"
    "account_and_name": ("用户信息",),
    "counterparty_and_name": ("交易对方信息",),
    # persons and accounts of the platform's folder
    "person_id": ("证照号码", "开户人证件号码", "证件号码", "交易方证件号码", "交易证件号码", "交易证件号", "证件号"),
}  # fmt: skip
"""Field to the normal form of the headers it is known by."""

TITLE_FACTS: Final[dict[str, tuple[str, ...]]] = {
    "account": (
        "账号",
        "帐号",
        "账户",
        "交易账号",
        "客户账号",
        "支付宝账户",
        "支付宝账号",
        "account",
        "accountnumber",
        "iban",
        "微信号",
    ),
    "card": ("卡号", "客户卡号", "cardnumber"),
    "account_name": (
        "户名",
        "姓名",
        "客户姓名",
        "客户名称",
        "账户名称",
        "真实姓名",
        "accountname",
        "holder",
    ),
    "currency": ("币种", "币别", "货币", "currency"),
    "account_institution": ("开户行", "开户银行", "开户机构", "bank"),
}
"""What title rows above a table say, as `词：值` in one cell or in two neighbouring cells."""

DEBIT: Final = frozenset(
    "debit dbit dr d out 借 借方 出 支 支出 付 付款 转出 付出 支取 已支出 出账 o 0 -".split()
)
CREDIT: Final = frozenset(
    "credit crdt cr c in 贷 贷方 进 入 收 收入 收款 转入 存入 已收入 入账 来账 i 1 +".split()
)
"""Directions from the account holder's side. 0 and 1 as BorrowingSigns of the platform has them [china.md 4.4]."""

SUCCEEDED: Final = frozenset(
    """成功 交易成功 支付成功 是 1 00 y yes true ok success succeeded book booked 已支付 已存入零钱 已转账 对方已收钱 已收钱 充值完成
    提现已到账 朋友已收钱 还款成功 退款成功 等待发货 等待确认收货 交易完成 已完成 正常 有效""".split()
)
FAILED: Final = frozenset(
    """失败 交易失败 支付失败 否 0 01 n no false failed failure rejected 交易关闭 已关闭 还款失败 等待付款 等待对方付款 未成功
    已撤销 pdng pending info future 解冻成功 冻结成功 未支付""".split()
)

CURRENCIES: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "人民币",
            "人民币元",
            "rmb",
            "cny",
            "¥",
            "元",
            "156",
            "01",
            "本币",
            "中国元",
            "rmb人民币",
            "cny人民币",
        ),
        "CNY",
    ),
    **dict.fromkeys(("美元", "美金", "us$", "$", "840", "usd美元"), "USD"),
    **dict.fromkeys(("港币", "港元", "hk$", "344", "hkd港币"), "HKD"),
    **dict.fromkeys(("欧元", "€", "978"), "EUR"),
    **dict.fromkeys(("日元", "日圆", "392"), "JPY"),
    **dict.fromkeys(("英镑", "£", "826"), "GBP"),
    **dict.fromkeys(("韩元", "410"), "KRW"),
    **dict.fromkeys(("澳门元", "446"), "MOP"),
    **dict.fromkeys(("新台币", "台币", "901"), "TWD"),
    **dict.fromkeys(("新加坡元", "702"), "SGD"),
    **dict.fromkeys(("澳元", "澳大利亚元", "036"), "AUD"),
    **dict.fromkeys(("加元", "加拿大元", "124"), "CAD"),
    **dict.fromkeys(("瑞士法郎", "756"), "CHF"),
    **dict.fromkeys(("泰铢", "764"), "THB"),
    **dict.fromkeys(("卢布", "643"), "RUB"),
    **dict.fromkeys(("泰达币",), "USDT"),
}
"""Words and numeric codes to ISO 4217; compared in lower case and width-folded. ISO codes themselves need no row."""

KIND_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("转账", "转帐", "汇款", "transfer", "跨行转账", "行内转账", "网银转账", "普通转账"),
        "transfer",
    ),
    **dict.fromkeys(
        (
            "取现",
            "取款",
            "atm取款",
            "atm取现",
            "现金取款",
            "cashout",
            "withdrawal",
            "支取现金",
            "现支",
        ),
        "cash_out",
    ),
    **dict.fromkeys(
        ("存现", "存款", "现金存款", "atm存款", "cashin", "deposit", "现存", "现金存入"), "cash_in"
    ),
    **dict.fromkeys(
        (
            "消费",
            "pos消费",
            "购物",
            "purchase",
            "网上消费",
            "快捷支付",
            "消费支出",
            "网购",
            "商户消费",
        ),
        "purchase",
    ),
    **dict.fromkeys(
        (
            "手续费",
            "fee",
            "工本费",
            "年费",
            "短信费",
            "转账手续费",
            "服务费",
            "账户管理费",
            "跨行手续费",
        ),
        "fee",
    ),
    **dict.fromkeys(
        ("冲正", "冲账", "抹账", "reversal", "冲销", "交易冲正", "撤销", "冲正交易"), "reversal"
    ),
    **dict.fromkeys(
        ("结汇", "售汇", "购汇", "conversion", "货币兑换", "外汇买卖", "换汇"), "conversion"
    ),
    **dict.fromkeys(("虚拟币", "exchange", "数字货币交易", "usdt"), "exchange"),
    **dict.fromkeys(("充值", "wallet", "零钱充值", "钱包充值", "余额充值"), "wallet"),
    **dict.fromkeys(("境外汇款", "跨境汇款", "abroad", "境外转账", "汇往境外"), "abroad"),
}
"""Whole words a file uses for a kind of transfer."""

NOTE_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("冲正", "reversal"), ("抹账", "reversal"), ("冲账", "reversal"), ("手续费", "fee"), ("工本费", "fee"), ("短信费", "fee"),
    ("年费", "fee"), ("取现", "cash_out"), ("取款", "cash_out"), ("存现", "cash_in"), ("现金存", "cash_in"), ("atm存", "cash_in"),
    ("结汇", "conversion"), ("购汇", "conversion"), ("售汇", "conversion"), ("消费", "purchase"), ("境外汇", "abroad"), ("跨境汇", "abroad"),
)  # fmt: skip
"""Parts of a statement's free summary that give the kind away; the first that occurs holds."""

CASH_CREDIT: Final = "cash_in"
CASH_DEBIT: Final = "cash_out"

NONE_WORDS: Final = (
    "-",
    "--",
    "/",
    "\\N",
    "null",
    "NULL",
    "None",
    "none",
    "nan",
    "NaN",
    "无",
    "N/A",
    "n/a",
    "空",
    "?",
    "NA",
    ".",
)
"""What exports write for an empty account; as an account name it would join strangers' money in one pocket."""

TOTAL_ROWS: Final = re.compile(
    r"合计|总计|小计|总额|共\d+笔|本页|第\d+页|打印|以下空白|承前页|过次页|说明|^total|^page |^-{3,}|^={3,}|^#|特别提示|证明",
    re.IGNORECASE,
)

_DROPPED: Final = re.compile(r"[\s_\-:：*#\ufeff'\"`]+")
_UNIT: Final = re.compile(r"[(\[【](.*?)[)\]】]")
_ISO: Final = re.compile(r"[A-Z]{3}")


def normal_header(header: str) -> str:
    """Return the form in which header names are compared.

    >>> normal_header(" 交易金额（元） "), normal_header("Payer_Account")
    ('交易金额', 'payeraccount')
    """
    folded = unicodedata.normalize("NFKC", header).lower()
    return _DROPPED.sub("", _UNIT.sub("", folded))


def is_minor_header(header: str) -> bool:
    """Return whether a header says that its amounts are in minor units, e.g. `交易金额(分)`."""
    return any(
        unit.strip() in {"分", "cents", "fen", "minor"}
        for unit in _UNIT.findall(unicodedata.normalize("NFKC", header).lower())
    )


FIELD_OF: Final[dict[str, tuple[str, int]]] = {
    normal_header(name): (field, rank)
    for field, names in reversed(HEADERS.items())
    for rank, name in enumerate(names)
}
"""Normal header to (field, preference); a name listed twice belongs to the field listed first."""


def unit_currency(header: str) -> str:
    """Return the currency word that a header's unit says, '' if none.

    >>> unit_currency("交易金额(分)"), unit_currency("Amount (USD)"), unit_currency("金额")
    ('CNY', 'USD', '')
    """
    for unit in _UNIT.findall(unicodedata.normalize("NFKC", header)):
        word = unit.strip()
        if word in {"分", "fen"}:
            return "CNY"
        if word.lower() in CURRENCIES or _ISO.fullmatch(word):
            return CURRENCIES.get(word.lower(), word.upper())
    return ""
