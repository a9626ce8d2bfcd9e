"""The features of patterns in the order of their columns. The kernels that read them are `kernels`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recoup.watch.features.feature import Cost, Feature, Side, Unit

KEPT: Final = 32
"""Payments in, and as many out, that are kept of a pocket unless said otherwise."""
HOPS_MAX: Final = 12
"""Steps back along a chain that are looked at."""
NEIGHBOURS_MAX: Final = 8
"""Last payers of a pocket whose own figures are looked at."""

_DAY: Final = 86_400
_MATCH: Final = 10 * _DAY
_MONTH: Final = 30 * _DAY
_SEASON: Final = 90 * _DAY

_Given = tuple[str, str, Unit, int | None]


def _ring(way: str, others: str) -> Iterator[_Given]:
    yield f"{way}_kept_count_24h", f"payments {way}", Unit.COUNT, _DAY
    yield f"{way}_kept_count_7d", f"payments {way}", Unit.COUNT, 7 * _DAY
    yield f"{way}_kept_count_30d", f"payments {way}", Unit.COUNT, _MONTH
    yield f"{way}_kept_sum_7d", "their sum", Unit.MINOR, 7 * _DAY
    yield f"{way}_kept_sum_30d", "their sum", Unit.MINOR, _MONTH
    yield f"{way}_kept_{others}_7d", f"different {others}", Unit.COUNT, 7 * _DAY
    like = f"payments {way} whose amount is within 2 % of this one"
    yield f"{way}_like_count", like, Unit.COUNT, _SEASON
    yield f"{way}_pair_count", f"payments {way} with the other side", Unit.COUNT, _SEASON
    hour = f"payments {way} at the same time of another day, within three minutes"
    yield f"{way}_same_minute_count", hour, Unit.COUNT, _SEASON
    yield f"{way}_kept_largest_30d", f"largest payment {way}", Unit.MINOR, _MONTH
    yield f"{way}_gap", f"since the last payment {way}; -1 if none", Unit.SECONDS, None
    yield (
        f"{way}_gap_before",
        f"between the last two payments {way}; -1 if fewer",
        Unit.SECONDS,
        None,
    )
    yield f"{way}_count_ever", f"payments {way} since the beginning", Unit.COUNT, None
    yield f"{way}_amount_to_mean_30d", "the amount by their mean; -1 if none", Unit.RATIO, _MONTH
    yield f"{way}_amount_to_sum_7d", "the amount by their sum; -1 if none", Unit.RATIO, 7 * _DAY
    yield f"{way}_amount_to_sum_24h", "the amount by their sum; -1 if none", Unit.RATIO, _DAY


def _rings() -> Iterator[Feature]:
    for side in (Side.PAYER, Side.PAYEE):
        for way, others in (("in", "payers"), ("out", "payees")):
            for name, meaning, unit, window in _ring(way, others):
                yield Feature(f"{side}_{name}", meaning, unit, window, side, Cost.GRAPH)


def _chain() -> Iterator[Feature]:
    payment, payer, payee = Side.PAYMENT, Side.PAYER, Side.PAYEE
    out_of = "the payment in of like amount (80 to 102 %) that it seems to be paid from"
    rows: tuple[tuple[str, str, Unit, int | None, Side], ...] = (
        ("payment_passed_ratio", f"its amount by {out_of}; -1 if none", Unit.RATIO, _MATCH, payment),
        ("payment_passed_age", f"since {out_of}; -1 if none", Unit.SECONDS, _MATCH, payment),
        ("payment_passed_count", "payments in of like amount", Unit.COUNT, _MATCH, payment),
        ("payment_chain_hops", "payments before it that passed the money on", Unit.COUNT, None, payment),
        ("payment_chain_age", "since the first of them", Unit.SECONDS, None, payment),
        ("payment_chain_kept", "its amount by that of the first of them", Unit.RATIO, None, payment),
        ("payment_chain_closes", "the payee is where the chain began", Unit.FLAG, None, payment),
        ("payment_cycle_hops", f"payments back to where the payee paid into the chain, at most {HOPS_MAX}; 0 if never",
         Unit.COUNT, None, payment),
        ("payee_origin_count", "payments in that began where this one did", Unit.COUNT, _MONTH, payee),
        ("payee_chain_hops_mean", "hops of its payments in", Unit.COUNT, _MONTH, payee),
        ("payee_chain_hops_largest", "most hops of one of them", Unit.COUNT, _MONTH, payee),
        ("payer_chain_hops_mean", "hops of its payments in", Unit.COUNT, _MONTH, payer),
        ("payer_chain_hops_largest", "most hops of one of them", Unit.COUNT, _MONTH, payer),
        ("payer_passing_share", "share of its payments out that passed on a payment in", Unit.RATIO, None, payer),
        ("payee_passing_share", "share of its payments out that passed on a payment in", Unit.RATIO, None, payee),
        ("payer_payers_passing_share", f"mean of that share over its last {NEIGHBOURS_MAX} payers", Unit.RATIO, None, payer),
        ("payer_payers_in_count_mean", "mean of payments in ever over the same", Unit.COUNT, None, payer),
        ("payee_payers_passing_share", f"mean of that share over its last {NEIGHBOURS_MAX} payers", Unit.RATIO, None, payee),
        ("payer_first_age", "since its first payment; -1 if none", Unit.SECONDS, None, payer),
        ("payee_first_age", "since its first payment; -1 if none", Unit.SECONDS, None, payee),
    )  # fmt: skip
    for name, meaning, unit, window, side in rows:
        yield Feature(name, meaning, unit, window, side, Cost.GRAPH)


PATTERN_FEATURES: Final[tuple[Feature, ...]] = (*_rings(), *_chain())
"""Columns that `read_patterns` fills, in order. Counts and sums are over the payments kept of a pocket, not all of them."""

__all__ = ["HOPS_MAX", "KEPT", "NEIGHBOURS_MAX", "PATTERN_FEATURES"]
