"""Words of the documents (PDF and workbook) in Chinese and English; words that pictures share are in `wording`. No layout.

Chinese terms are those of docs/GLOSSARY.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from recoup.evidence.wording import LANGUAGES, say

DOCUMENT_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # Sheets of the workbook.
        "sheet_summary": ("概要", "Summary"),
        "sheet_claims": ("涉案款项", "Claims"),
        "sheet_positions": ("留存", "Positions"),
        "sheet_flows": ("流经", "Flows"),
        "sheet_exits": ("出口", "Exits"),
        "sheet_unknown": ("去向不明", "Unknown"),
        "sheet_accounts": ("账户", "Accounts"),
        "sheet_leads": ("线索", "Leads"),
        "sheet_assumptions": ("推定与说明", "Assumptions"),
        "sheet_inputs": ("来源文件", "Inputs"),
        # Columns.
        "payer": ("付款方", "Payer"),
        "payee": ("收款方", "Payee"),
        "since": ("最早到账时间", "Since"),
        "time": ("交易时间", "Time"),
        "reported_at": ("报案时间", "Reported"),
        "cites": ("出处", "Source row"),
        "accounts": ("触及账户数", "Accounts reached"),
        "name": ("户名", "Holder"),
        "opening_basis": ("期初依据", "Opening rests on"),
        "text": ("推定与说明", "Assumptions"),
        "sheet": ("工作表", "Sheet"),
        "rows": ("行数", "Rows"),
        "sha256": ("SHA-256 摘要", "SHA-256 digest"),
        "supplied_by": ("提供单位", "Supplied by"),
        "supplied_at": ("提供时间", "Supplied on"),
        "document": ("文书", "Under"),
        "depth": ("层数", "Hops"),
        "recoverable": ("可追回上限", "Recoverable, at most"),
        # The workbook's first sheet.
        "report": ("资金流向追踪结果", "Trail of the money: results"),
        "made_with": ("生成程序", "Made with"),
        "zone": ("时间所用时区", "Times are in"),
        "rules_run": ("追踪规则", "Rules"),
        "claims_count": ("涉案款项笔数", "Claims"),
        "transfers_count": ("转账笔数", "Transfers read"),
        "rejects": ("剔除记录数", "Rows refused"),
        "rows_failed": ("交易失败而未计的行数", "Rows of failed payments, not counted"),
        "conserved": (
            "逐笔核对：损失 = 在账 + 已流出 + 去向不明 + 舍去零头",
            "Loss = located + exited + unknown + residual, for every claim",
        ),
        "yes": ("相符", "holds"),
        "no": ("不符", "does not hold"),
        "no_amounts": ("不适用：没有金额", "does not apply: there are no amounts"),
        "screening_mark": ("仅筛查", "screening only"),
        "rows_here": ("本表行数", "Rows here"),
        "rows_all": ("全部行数", "Rows in all"),
        "left_out": (
            "略去较小的 {n} 行，见 CSV 文件",
            "{n} smaller rows left out; they are in the CSV files",
        ),
    }
)


def phrase(key: str, language: str, **values: object) -> str:
    """Return a document's phrase, or the one that pictures use, with `{name}` replaced.

    >>> phrase("rows_here", "en"), phrase("held", "zh")
    ('Rows here', '已控制')
    """
    pair = DOCUMENT_WORDS.get(key)
    if pair is None:
        return say(key, language, **values)
    return pair[LANGUAGES.index(language)].format(**values)


def both(key: str, **values: object) -> str:
    """Return the phrase in Chinese and then in English.

    >>> both("rows_here")
    '本表行数 Rows here'
    """
    return " ".join(phrase(key, language, **values) for language in LANGUAGES)
