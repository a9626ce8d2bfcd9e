"""Facts that flags read beside the catalogue of features. What a payment itself shows is a feature, and is not here.

Wherever nobody gives a fact its value is unknown: the rule that reads it does not fire, and is counted as one that could not be
worked out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from recoup.watch.features import Cost, Feature, Side, Unit

_DAY: Final = 86_400
_DAYS_5: Final = 5 * _DAY

FACTS: Final[tuple[Feature, ...]] = (
    Feature(
        "payee_holder_cards_5wd",
        "cards opened with the identity of the payee's holder within five working days",
        Unit.COUNT,
        _DAYS_5,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payee_holder_cards",
        "cards of the payee's holder at this institution (one legal person)",
        Unit.COUNT,
        None,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payee_holder_is_involved",
        "the payee's holder was found on the list of cases by the last scan",
        Unit.FLAG,
        None,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payment_fraud_was_blocked",
        "staff or a victim said that this payment was meant for a fraud",
        Unit.FLAG,
        None,
        Side.PAYMENT,
        Cost.RECORD,
    ),
    Feature(
        "payment_payer_insists",
        "the payer was warned of this payee and wants to go on",
        Unit.FLAG,
        None,
        Side.PAYMENT,
        Cost.RECORD,
    ),
    Feature(
        "payee_bank_reports_90d",
        "reports of the payee by banks within 90 days",
        Unit.COUNT,
        90 * _DAY,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payer_spent_sum_day",
        "what the payer spent at merchants this calendar day, this payment included",
        Unit.MINOR,
        _DAY,
        Side.PAYER,
        Cost.RECORD,
    ),
    Feature(
        "payer_virtual_goods_share_day",
        "share of virtual goods among the items bought this day",
        Unit.RATIO,
        _DAY,
        Side.PAYER,
        Cost.RECORD,
    ),
    Feature(
        "payee_in_sum_day",
        "what came in to the payee this calendar day, this payment included",
        Unit.MINOR,
        _DAY,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payee_top_up_card_share_day",
        "share of it from top-up cards sold offline",
        Unit.RATIO,
        _DAY,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "holder_own_transfers_sum_5d",
        "sum moved between payment accounts of the payer's identity within five days, this payment included",
        Unit.MINOR,
        _DAYS_5,
        Side.PAIR,
        Cost.RECORD,
    ),
    Feature(
        "payee_device_accounts_24h",
        "accounts that were used on the payee's device within 24 hours",
        Unit.COUNT,
        _DAY,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payee_is_merchant",
        "the payee is a merchant's account",
        Unit.FLAG,
        None,
        Side.PAYEE,
        Cost.RECORD,
    ),
    Feature(
        "payment_is_listed_price",
        "the amount equals an offer advertised on a market of virtual currency",
        Unit.FLAG,
        None,
        Side.PAYMENT,
        Cost.RECORD,
    ),
)
"""Facts that an institution gives with a payment; each may be left out."""


def facts_beside(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return the facts that rules may read beside these features: those that are not among them."""
    present = {feature.name for feature in features}
    return tuple(fact for fact in FACTS if fact.name not in present)


__all__ = ["FACTS", "facts_beside"]
