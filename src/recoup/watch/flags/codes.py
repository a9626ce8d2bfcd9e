"""The reporting codes of abnormal accounts and payments: the platform's, and those of payment institutions. Names only.

Codes of the platform are written `cn-3006` here, those of payment institutions `cn-pay-1001`: both use 1001 and 1002.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "cn-1001": ("cards opened often with one identity", "频繁开户"),
    "cn-1002": ("many cards with one identity", "累计开户"),
    "cn-2001": ("holder of an account of a case", "涉案账户"),
    "cn-3001": ("attempted fraud that was blocked", "诈骗未遂"),
    "cn-3002": ("reported by a victim", "受害人举报"),
    "cn-3003": ("reported by a bank", "银行举报"),
    "cn-3004": ("the payee belongs to a case", "收方涉案"),
    "cn-3005": ("the payer belongs to a case", "付方涉案"),
    "cn-3006": ("scattered in, concentrated out", "分散入集中出"),
    "cn-3007": ("concentrated in, scattered out", "集中入分散出"),
    "cn-3008": ("the same two again and again", "连续多笔"),
    "cn-pay-1001": ("a day's spending nearly all on virtual goods", "当日消费多为虚拟商品"),
    "cn-pay-1002": ("a day's income nearly all from top-up cards", "当日收款多为线下充值卡"),
    "cn-pay-1003": ("much between payment accounts of one identity", "同一证件账户间大额互转"),
}
"""Code to what it means in English and Chinese. 9999, the institution's own, is not here: a rule says its words."""

REASONS: Final[Mapping[str, str]] = {code: english for code, (english, _) in CODES.items()}
"""The same as `Known.reasons` of a set of rules wants it."""

__all__ = ["CODES", "REASONS"]
