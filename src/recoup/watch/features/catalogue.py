"""All features in the order of their columns, and a digest of it. The kernel that reads them is `state/kernels/reading`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from recoup.records.kinds import KINDS
from recoup.watch.features.feature import Cost, Feature, Side, Unit

_DAY: Final = 86_400
_WINDOWS: Final = (("1m", 60), ("1h", 3_600), ("24h", _DAY), ("5d", 5 * _DAY), ("7d", 7 * _DAY))
_TOLD: Final = (("90d", 90 * _DAY), ("12m", 365 * _DAY), ("60m", 1_826 * _DAY))
_NOW_AND_BEFORE: Final = 14 * _DAY

_Given = tuple[str, str, Unit, int | None, Cost]


def _windows() -> Iterator[_Given]:
    for name, seconds in _WINDOWS:
        yield f"out_count_{name}", "payments out", Unit.COUNT, seconds, Cost.WINDOW
        yield f"out_sum_{name}", "sum of payments out", Unit.MINOR, seconds, Cost.WINDOW
        yield f"in_count_{name}", "payments in", Unit.COUNT, seconds, Cost.WINDOW
        yield f"in_sum_{name}", "sum of payments in", Unit.MINOR, seconds, Cost.WINDOW
    passed = "share of what came in that went out again: sum out by sum in; 0 if nothing came in"
    yield "passed_on_24h", passed, Unit.RATIO, _DAY, Cost.WINDOW
    yield "passed_on_7d", passed, Unit.RATIO, 7 * _DAY, Cost.WINDOW
    counts = "payments in by payments out; 0 if none went out (3006, 3007)"
    yield "in_out_count_ratio_5d", counts, Unit.RATIO, 5 * _DAY, Cost.WINDOW
    sums = "sum out by sum in; 0 if nothing came in (3006, 3007: 0.9 to 1.1)"
    yield "out_in_sum_ratio_5d", sums, Unit.RATIO, 5 * _DAY, Cost.WINDOW


def _record() -> Iterator[_Given]:
    generations = "of this and the last whole week"
    for name, meaning, unit, window in (
        ("balance", "what lies in the pocket", Unit.MINOR, None),
        ("balance_low", f"lowest balance {generations}", Unit.MINOR, _NOW_AND_BEFORE),
        (
            "dwell",
            "how long money lay before it went on, decayed; -1 if none did",
            Unit.SECONDS,
            None,
        ),
        (
            "opened_age",
            "since the pocket was opened or first used; -1 if never",
            Unit.SECONDS,
            None,
        ),
        ("used_age", "since its last payment; -1 if never", Unit.SECONDS, None),
        ("in_age", "since the last payment in; -1 if never", Unit.SECONDS, None),
        ("out_age", "since the last payment out; -1 if never", Unit.SECONDS, None),
        (
            "payers_distinct_7d",
            f"different payers {generations}, estimated from 64 bits; at most 311",
            Unit.COUNT,
            _NOW_AND_BEFORE,
        ),
        (
            "payees_distinct_7d",
            f"different payees {generations}, the same way",
            Unit.COUNT,
            _NOW_AND_BEFORE,
        ),
        ("activity", "payments in and out, decayed by half in 30 days", Unit.COUNT, None),
        *(
            (
                f"{way}_{mark}_share",
                f"share of payments {way} {words}, the last sixteen for most of it",
                Unit.RATIO,
                None,
            )
            for way in ("out", "in")
            for mark, words in (
                ("night", "at night"),
                ("round", "of round amounts"),
                ("below", "just below a limit"),
            )
        ),
    ):
        yield name, meaning, unit, window, Cost.RECORD
    for kind in ("reports", "markers"):
        for name, seconds in _TOLD:
            yield f"{kind}_{name}", f"{kind} of the pocket", Unit.COUNT, seconds, Cost.WINDOW
    yield (
        "reported_distance",
        f"transfers to the nearest reported pocket, by payments {generations}; 0: itself, 4: none near",
        Unit.COUNT,
        _NOW_AND_BEFORE,
        Cost.RECORD,
    )
    yield "stolen", "stolen money of open cases in the pocket", Unit.MINOR, None, Cost.RECORD
    yield "stolen_share", "its share of the balance", Unit.RATIO, None, Cost.RECORD


def _side(side: Side) -> Iterator[Feature]:
    way = "out" if side is Side.PAYER else "in"
    usual = f"the amount against what is usual for its payments {way}, in octaves; 0 if none yet"
    own = (
        *_windows(),
        *_record(),
        ("amount_to_usual", usual, Unit.SCORE, None, Cost.RECORD),
        *_similar(),
    )
    for name, meaning, unit, window, cost in own:
        yield Feature(f"{side}_{name}", meaning, unit, window, side, cost)


def _similar() -> Iterator[_Given]:
    for way, accounts in (("out", "out to accounts"), ("in", "in from accounts")):
        meaning = (
            f"of its last eight payments {accounts}, those whose amount is within 3 % of this one"
        )
        yield f"{way}_similar_count", meaning, Unit.COUNT, None, Cost.RECORD


def _pair() -> Iterator[Feature]:
    for name, meaning, unit, window, cost in (
        ("is_new", "the payee is none of the payer's last eight", Unit.FLAG, None, Cost.RECORD),
        (
            "recent_count",
            "how many of the payer's last eight went to the payee",
            Unit.COUNT,
            None,
            Cost.RECORD,
        ),
        (
            "small_before_large",
            "a large payment to whom one of the last eight was a test payment",
            Unit.FLAG,
            None,
            Cost.RECORD,
        ),
        ("count_5d", "payments from payer to payee (3008)", Unit.COUNT, 5 * _DAY, Cost.WINDOW),
        ("sum_5d", "sum of payments from payer to payee", Unit.MINOR, 5 * _DAY, Cost.WINDOW),
        ("back_count_5d", "payments from payee to payer (3008)", Unit.COUNT, 5 * _DAY, Cost.WINDOW),
        ("back_sum_5d", "sum of payments from payee to payer", Unit.MINOR, 5 * _DAY, Cost.WINDOW),
    ):
        yield Feature(f"pair_{name}", meaning, unit, window, Side.PAIR, cost)


def _payment() -> Iterator[Feature]:
    kinds = ", ".join(f"{at} {kind}" for at, kind in enumerate(KINDS))
    for name, meaning, unit in (
        ("amount", "amount of the payment", Unit.MINOR),
        ("kind", f"its kind: {kinds}", Unit.SCORE),
        ("day_seconds", "local second of the day", Unit.SECONDS),
        ("weekday", "local day of the week: 0 is Monday", Unit.SCORE),
        ("is_night", "local time is night", Unit.FLAG),
        ("is_round", "the amount is round", Unit.FLAG),
        ("is_below", "the amount is just below a limit", Unit.FLAG),
        ("amount_to_balance", "the amount by the payer's balance; 0 if that is 0", Unit.RATIO),
    ):
        yield Feature(f"payment_{name}", meaning, unit, None, Side.PAYMENT, Cost.RECORD)


FEATURES: Final[tuple[Feature, ...]] = (
    *_side(Side.PAYER),
    *_side(Side.PAYEE),
    *_pair(),
    *_payment(),
)
"""Columns of every matrix of features, in order."""


def feature_set() -> str:
    """Return the digest of the names in their order: models and snapshots of another set are refused."""
    names = "\n".join(feature.name for feature in FEATURES)
    return hashlib.sha256(names.encode()).hexdigest()


__all__ = ["FEATURES", "feature_set"]
