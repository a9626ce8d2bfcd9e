"""What the documents of a return say, in Chinese and English. Words only; names in braces are fields."""

from __future__ import annotations

from typing import Final

from recoup.paper.words import LANGUAGES, Language

TITLES: Final[dict[str, tuple[str, str]]] = {
    "application": (
        "电信网络新型违法犯罪涉案资金返还申请表",
        "Application for the return of money from telecommunication and online fraud",
    ),
    "flows": ("资金流向表", "Table of the flows of money"),
    "report": ("呈请返还资金报告书", "Report asking for the return of money"),
    "decision": ("冻结资金返还决定书", "Decision to return frozen money"),
    "assist": ("冻结资金协助返还通知书", "Notice to assist in returning frozen money"),
    "notice": ("冻结资金返还公告", "Public notice of the return of frozen money"),
    "objection": ("返还异议审查决定书", "Decision on an objection to a return"),
    "letter": ("资金返还告知书", "Your money is being returned"),
}

LABELS: Final[dict[str, tuple[str, str]]] = {
    "victim_name": ("姓名（名称）", "Name"),
    "victim_sex": ("性别", "Sex"),
    "victim_id": ("证件种类及号码（组织机构代码）", "Kind and number of identity document"),
    "victim_address": ("住址", "Address"),
    "victim_phone": ("联系方式", "Contact"),
    "return_bank": ("返还账户开户行", "Bank of the account to return to"),
    "return_account": ("返还账号", "Account to return to"),
    "return_account_name": ("返还账户户名", "Name of the account to return to"),
    "agent": ("代理人及委托证明", "Agent and proof of authority"),
    "filing_unit": ("立案（受理）单位", "Unit that took the case"),
    "filing_number": ("立案（受理）文书号", "Number of filing or acceptance"),
    "involved_account": ("涉案账号", "Account paid into"),
    "loss": ("被骗（盗）金额", "Amount defrauded"),
    "loss_words": ("被骗金额（大写）", "Amount defrauded in words"),
    "officer_1": ("办案人一（姓名、警号）", "First officer (name, card)"),
    "officer_2": ("办案人二（姓名、警号）", "Second officer (name, card)"),
    "opinion": ("办理意见", "Opinion"),
    "freezing_unit": ("冻结单位", "Unit that froze"),
    "case_number": ("案件编号", "Case"),
    "case_name": ("案件名称", "Name of the case"),
    "flow_rule": ("对应规则", "Rule of matching"),
    "timezone": ("时间所用时区", "Time zone"),
    "made_on": ("制作日期", "Made on"),
    "instruction": ("领导批示", "Instruction of the head"),
    "review": ("审核意见", "Opinion of the review"),
    "total": ("合计金额", "Total"),
    "total_words": ("合计金额（大写）", "Total in words"),
    "law": ("法律依据", "Law"),
    "policy": ("分配规则", "Policy of sharing"),
    "decision_number": ("文书编号", "Number"),
    "amount": ("返还金额", "Amount returned"),
    "amount_words": ("返还金额（大写）", "Amount in words"),
    "approver": ("批准人", "Approved by"),
    "approving_unit": ("批准机关", "Approving unit"),
    "basis": ("返还方式", "Basis"),
    "frozen_bank": ("冻结银行", "Bank that froze"),
    "frozen_account": ("冻结账号", "Frozen account"),
    "frozen_holder": ("冻结账户户名", "Name of the frozen account"),
    "phone": ("联系电话", "Telephone"),
    "due_on": ("办理期限", "To be done by"),
    "bank_outcome": ("办理结果", "Outcome"),
    "bank_amount": ("实际返还金额", "Amount paid"),
    "bank_time": ("返还时间", "Time of payment"),
    "bank_serial": ("交易流水号", "Reference of the payment"),
    "bank_correction": ("需补正事项", "What is to be corrected"),
    "bank_left": ("返还后继续冻结金额", "Still frozen after it"),
    "bank_handler": ("经办人、复核人", "Handled and checked by"),
    "bank_phone": ("银行联系电话", "Telephone of the bank"),
    "notice_begins": ("公告起始日", "Begins on"),
    "notice_ends": ("公告截止日", "Ends on"),
    "notice_place": ("异议提交地点", "Where to object"),
    "objector": ("异议人", "Objector"),
    "filed_on": ("提出日期", "Filed on"),
    "grounds": ("异议理由", "Grounds"),
    "outcome": ("审查结论", "Outcome"),
    "reasons": ("审查理由", "Reasons"),
    "decided_on": ("决定日期", "Decided on"),
    "return_tail": ("返还至账户", "Paid to"),
    "code": ("一次性查询码", "One-time code"),
    # columns
    "frozen_amount": ("冻结金额", "Frozen"),
    "award": ("返还金额", "Returned"),
    "level": ("层级", "Level"),
    "time": ("交易时间", "Time"),
    "claim": ("被骗款项", "Claim"),
    "payer": ("付款账号", "From"),
    "payee": ("收款账号", "To"),
    "transferred": ("交易金额", "Amount"),
    "traced": ("其中被骗款", "Of it traced"),
    "reference": ("流水号", "Reference"),
    "frozen_tail": ("冻结账户", "Frozen account"),
    "shared_amount": ("待分配金额", "To be shared"),
    "missing": ("未受偿损失", "Still missing"),
    "ratio": ("比例", "Share"),
    # under lines to sign on
    "sign_victim": ("申请人签名", "Signed by the applicant"),
    "sign_officer_1": ("办案人一签名", "Signed by the first officer"),
    "sign_officer_2": ("办案人二签名", "Signed by the second officer"),
    "seal": ("单位（盖章）", "Seal of the unit"),
    "bank_seal": ("银行（盖章）", "Seal of the bank"),
    "date_line": ("日期", "Date"),
}

PHRASES: Final[dict[str, tuple[str, str]]] = {
    "applicant": ("申请人", "The applicant"),
    "declaration": (
        "本人对所填情况的真实性负责，如有虚假，愿承担法律责任。办理返还不收取任何费用。",
        "What I have filled in is true, and I answer for it by law. The return is free of charge.",
    ),
    "filing_part": ("立案（受理）单位填写", "For the unit that took the case"),
    "freezing_part": ("冻结单位填写", "For the unit that froze"),
    "flows_left_out": ("{flows_note}", "{flows_note}"),
    "proof": (
        "分配结果可由任何第三方复算：recoup return verify。awards.csv 的 SHA-256：{proof}",
        "Any third person can work the awards out again: recoup return verify. SHA-256 of awards.csv: {proof}",
    ),
    "report_body": (
        "{case_name}（案件编号 {case_number}）一案，经逐笔核对资金流向，{findings}。现依据{law}，"
        + "呈请向下列被害人返还冻结资金，共 {payment_count} 笔，合计 {total}（{total_words}）。妥否，请批示。",
        "In the case {case_name} ({case_number}) the flow of money was checked transfer by transfer: {findings}. "
        + "By {law} it is asked that it be returned to the victims below: {payment_count} payments, {total} "
        + "({total_words}) together.",
    ),
    "stub": ("存根", "Stub"),
    "decision_part": ("冻结资金返还决定书（正本）", "Decision to return frozen money"),
    "decision_body": (
        "经查，{source}中的 {amount} {whose}被害人{victim_name}（性别：{victim_sex}，"
        + "出生日期：{victim_born}，证件：{victim_id}，住址：{victim_address}）。",
        "It was found that {amount} of {source} {whose} the victim "
        + "{victim_name} (sex: {victim_sex}, born on: {victim_born}, identity document: {victim_id}, "
        + "address: {victim_address}).",
    ),
    "decision_order": (
        "根据{law}，决定将上述资金自{source}返还至{return_bank}账户 {return_account}（户名："
        + "{return_account_name}）。",
        "By {law} this money is to be returned, out of {source}, to account {return_account} at "
        + "{return_bank} (name of the account: {return_account_name}).",
    ),
    "assist_to": ("致：{frozen_bank}", "To: {frozen_bank}"),
    "assist_body": (
        "根据{law}及所附返还决定书，请将下列冻结资金划转至指定的被害人账户，并填写回执交回。办理前请核验两名办案人员的有效证件。",
        "By {law} and the decision attached, pay the frozen money below to the victim's account named here, and give the "
        + "receipt back. First check the valid cards of both officers.",
    ),
    "assist_limits": (
        "材料不全的，可要求补正。未返还部分在原冻结期限内继续冻结。本通知书及证件复印件不得用于其他用途。",
        "Where papers are missing, ask for them. What is not returned stays frozen for its term. This notice and the copies of "
        + "the cards serve no other purpose.",
    ),
    "receipt_part": ("冻结资金协助返还通知书（回执）", "Receipt of the bank"),
    "notice_body": (
        "下列冻结资金由多名被害人的款项混合而成，无法按交易时间逐笔对应，拟依据{law}按比例返还。现予公告。",
        "The money frozen below is that of several victims and cannot be told apart by time. By {law} "
        + "it is to be shared pro rata.",
    ),
    "notice_objections": (
        "被害人及其他利害关系人如有异议，请在公告期内以书面形式提出；未申报的被害人也请在此期间申报。",
        "Victims and others concerned may object in writing before the notice ends; victims who have not "
        + "reported yet, please do.",
    ),
    "notice_careful": (
        "办理返还不收取任何费用。办案机关不会发送链接，也不会要求转账或提供密码、验证码。核实真伪：{check}",
        "The return is free. The authority sends no link and asks for no transfer, password or code. To check "
        + "this notice: {check}",
    ),
    "objection_body": (
        "本机关对上述异议进行了审查，由未参与原处理的人员作出如下决定。",
        "The objection was reviewed, and decided as follows by somebody who had no part in what it is about.",
    ),
    "letter_to": ("{victim_name}：", "To {victim_name},"),
    "letter_now": (
        "您被骗的钱款中，下列金额已决定返还给您。",
        "the amount below, of the money you were defrauded of, is to be returned to you.",
    ),
    "letter_next": ("接下来", "What happens next"),
    "letter_next_words": (
        "冻结银行核对通知书后（扣押的款项由保管单位），将款项转入上述账户，您无需再做任何操作。"
        + "到账后请核对金额；如有不符，请联系 {phone}。",
        "The bank checks the notice and pays the money into the account above; what was seized, the office that keeps it. "
        + "You need do nothing. When it has arrived, compare the amount; if it differs, call {phone}.",
    ),
    "letter_free": (
        "返还不收取任何费用。我们不会发送链接，也不会要求您转账或提供密码、验证码。凡有此类要求的，都是诈骗。",
        "The return is free. We send no link and never ask you for a transfer, a password or a code. "
        + "Whoever does is a fraudster.",
    ),
    "letter_check": (
        "核实本告知书真伪：{check}。请出示案件编号和一次性查询码。",
        "To check that this letter is genuine: {check}. Give the case number and the one-time code.",
    ),
}

VALUES: Final[dict[str, tuple[str, str]]] = {
    "mark": ("文书编号 {number}，核验摘要：", "Paper {number}, digest to check it by:"),
    "findings_direct": ("冻结资金权属明确", "it is clear whose the frozen money is"),
    "findings_shared": (
        "冻结资金由多名被害人的款项混合而成，无法逐笔对应，拟公告后按比例返还",
        "the frozen money is that of several victims and cannot be told apart; it is to be shared pro rata after a "
        + "public notice",
    ),
    "findings_both": (
        "部分冻结资金权属明确，其余由多名被害人的款项混合而成，无法逐笔对应，拟公告后按比例返还",
        "of part of the frozen money it is clear whose it is; the rest is that of several victims and cannot be told apart, "
        + "and is to be shared pro rata after a public notice",
    ),
    "whose_direct": ("属于", "belongs to"),
    "whose_shared": (
        "由多名被害人的款项混合而成，其中按比例应返还",
        "is mixed money of several victims, and this part of it is due, shared pro rata, to",
    ),
    "whose_both": (
        "部分属于、部分按比例应返还",
        "in part belongs, and in part is due, shared pro rata, to",
    ),
    "mode_1": ("单笔进账，直接返还", "single credit, returned directly"),
    "mode_2": ("按交易时间对应，直接返还", "traced by time, returned directly"),
    "mode_3": ("按比例返还", "shared pro rata"),
    "outcome_upheld": ("异议成立", "The objection is upheld."),
    "outcome_rejected": ("异议不成立，予以驳回", "The objection is rejected."),
    "source_account": (
        "冻结于{bank}账户 {account} 的资金",
        "the money frozen in account {account} at {bank}",
    ),
    "source_cash": ("扣押在案的现金（{account}）", "the cash seized ({account})"),
    "source_proceeds": (
        "涉案财物变价款（{account}）",
        "the proceeds of what was seized ({account})",
    ),
    "source_restitution": ("退赃退赔款（{account}）", "the restitution paid ({account})"),
    "pot_account": ("尾号 {tail}", "account ending in {tail}"),
    "pot_cash": ("扣押现金", "cash seized"),
    "pot_proceeds": ("变价款", "proceeds"),
    "pot_restitution": ("退赃退赔款", "restitution"),
    "bank_boxes": ("□ 已返还  □ 需补正  □ 未办理", "□ paid  □ to be corrected  □ not carried out"),
    "rule": (
        "{rule}（以银行系统记载的交易时间为准）",
        "{rule}, by the times that the banks recorded",
    ),
    "rule_fifo": ("先进先出", "first in, first out"),
    "rule_lifo": ("后进先出", "last in, first out"),
    "rule_rolling": ("按余额比例", "in proportion to the balance"),
    "rows_all": ("全部 {count} 行。", "All {count} rows."),
    "rows_cut": (
        "表中列出 {shown} 行，另有 {left} 行未列出。",
        "{shown} rows are shown, {left} more are not.",
    ),
    "tail": ("尾号 {tail}", "account ending in {tail}"),
    "tail_at": ("{bank}，尾号 {tail}", "{bank}, account ending in {tail}"),
    "policy": (
        "{policy}（各项依据见 summary.json）",
        "{policy} (its sources stand in summary.json)",
    ),
    "is_signed": ("本文件由 {signer} 电子签名。", "Signed electronically by {signer}."),
    "is_unsigned": ("本文件未经电子签名。", "Not signed electronically."),
    "footer": ("{case} · {title}", "{case} · {title}"),
}

SHEETS: Final[dict[str, tuple[str, str]]] = {
    "awards.csv": ("返还额", "awards"),
    "remaining.csv": ("余额", "remaining"),
    "return-pots.csv": ("冻结资金", "pots"),
    "return-claims.csv": ("被骗款项", "claims"),
    "return-traced.csv": ("溯源结果", "traced"),
}
"""Sheets of the workbook by the file that they repeat."""


def said(table: dict[str, tuple[str, str]], name: str, language: Language) -> str:
    """Return a phrase of a table."""
    return table[name][LANGUAGES.index(language)]


__all__ = ["LABELS", "PHRASES", "SHEETS", "TITLES", "VALUES", "said"]
