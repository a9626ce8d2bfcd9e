"""Finds the two rows, one in each account's statement, that are one transfer. Doubtful pairs are named, never hidden.

Debits and credits are paired in three passes, each only among what the earlier ones left:
1. both rows have the same reference (or the institution's number), amount and currency, and neither names another account;
2. each names the other's account, amount and currency agree, the times lie within the window;
3. one names the other, which names nobody or a masked number that agrees.
Within a pass the nearest times pair first, ties in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import polars as pl

_PAIRS_MAX: Final = 10_000  # candidates of one key before rows simply pair in order
_SERIAL_CHARS_MIN: Final = 6  # shorter numbers are counters of one file, not the institution's
_REFERENCE_WINDOW: Final = timedelta(days=1)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of row numbers (debit, credit) into the rows given, and the pairs that a person should look at with the reason."""

    pairs: pl.DataFrame
    doubtful: pl.DataFrame


_PAIRS: Final = pl.Schema({"debit": pl.UInt32, "credit": pl.UInt32})
_DOUBTS: Final = pl.Schema({"debit": pl.UInt32, "credit": pl.UInt32, "reason": pl.String})


def match_rows(rows: pl.DataFrame, window: timedelta) -> Matches:
    """Return which debits and credits are one transfer.

    Args:
        rows: schema `STATEMENTS` plus `at` (row number, UInt32) and `place`; every account in it has a statement.
        window: how far apart the two clocks may be; the seconds that a spelling leaves open come on top.
    """
    debits, credits = rows.filter(~pl.col("credit")), rows.filter("credit")
    known = rows["account"].unique().implode()
    pairs: list[tuple[int, int]] = []
    doubts: list[tuple[int, int, str]] = []
    for keys, reason, strict, wider in _passes(known):
        used_debit = pl.Series([one for one, _ in pairs], dtype=pl.UInt32).implode()
        used_credit = pl.Series([other for _, other in pairs], dtype=pl.UInt32).implode()
        left = debits.filter(~pl.col("at").is_in(used_debit)).select(**_columns(keys.debit))
        right = credits.filter(~pl.col("at").is_in(used_credit)).select(**_columns(keys.credit))
        for one, other, why in _pair(left, right, max(window, wider), strict=strict):
            pairs.append((one, other))
            if why or reason:
                doubts.append((one, other, why or reason))
    doubts += _near_misses(debits, credits, pairs)
    return Matches(
        pl.DataFrame(pairs, schema=_PAIRS, orient="row"),
        pl.DataFrame(doubts, schema=_DOUBTS, orient="row"),
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    """Expressions of the key on the debit's and on the credit's side; a null key pairs with nothing."""

    debit: tuple[pl.Expr, ...]
    credit: tuple[pl.Expr, ...]


def _columns(key: tuple[pl.Expr, ...]) -> dict[str, pl.Expr]:
    names = (
        "at",
        "time",
        "slack",
        "account",
        "counterparty",
        "account_name",
        "counterparty_name",
        "reference",
    )
    return {
        "key": pl.struct(*key, "amount", "currency"),
        "no_key": pl.any_horizontal(part.is_null() for part in key),
        **{name: pl.col(name) for name in names},
    }


def _passes(known: pl.Series) -> Iterator[tuple[_Keys, str, bool, timedelta]]:
    """Keys, the reason to doubt all pairs of the pass, whether both sides name each other, and a window that is wide enough."""
    none = timedelta()
    long = pl.col("serial").str.len_chars() >= _SERIAL_CHARS_MIN
    reference = (
        pl.when(pl.col("reference") != "").then("reference").otherwise(pl.when(long).then("serial"))
    )
    named = pl.when(~_is_vague()).then(reference)
    yield _Keys((named.alias("k1"),), (reference.alias("k1"),)), "", False, _REFERENCE_WINDOW
    yield _Keys((reference.alias("k1"),), (named.alias("k1"),)), "", False, _REFERENCE_WINDOW
    yield (
        _Keys((reference.alias("k1"),), (reference.alias("k1"),)),
        "only reference and amount agree",
        False,
        _REFERENCE_WINDOW,
    )
    other = pl.when(pl.col("counterparty").is_in(known)).then("counterparty")
    account = pl.col("account")
    yield (
        _Keys((account.alias("k1"), other.alias("k2")), (other.alias("k1"), account.alias("k2"))),
        "",
        True,
        none,
    )
    vague = _is_vague()
    mine = pl.when(vague).then("account")
    yield (
        _Keys((other.alias("k1"),), (mine.alias("k1"),)),
        "the payee's row does not name the payer",
        False,
        none,
    )
    yield (
        _Keys((mine.alias("k1"),), (other.alias("k1"),)),
        "the payer's row does not name the payee",
        False,
        none,
    )


def _is_vague() -> pl.Expr:
    return (pl.col("counterparty") == "") | pl.col("counterparty").str.contains("*", literal=True)


def _pair(
    left: pl.DataFrame, right: pl.DataFrame, window: timedelta, *, strict: bool
) -> Iterator[tuple[int, int, str]]:
    left, right = left.filter(~pl.col("no_key")), right.filter(~pl.col("no_key"))
    shared = left.select("key").unique().join(right.select("key").unique(), on="key")
    if shared.is_empty():
        return
    numbered = shared.with_row_index("group")
    debit_groups = _groups(left, numbered)
    credit_groups = _groups(right, numbered)
    for group, debits in debit_groups.items():
        yield from _pair_group(debits, credit_groups[group], window, strict=strict)


def _groups(rows: pl.DataFrame, numbered: pl.DataFrame) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = {}
    for row in rows.join(numbered, on="key").sort("group", "time", "at").iter_rows(named=True):
        groups.setdefault(int(row["group"]), []).append(row)
    return groups


def _pair_group(
    debits: list[Row], credits: list[Row], window: timedelta, *, strict: bool
) -> Iterator[tuple[int, int, str]]:
    """Pair the rows of one key, nearest in time first."""
    if len(debits) * len(credits) > _PAIRS_MAX:
        candidates = [
            (_apart(one, other), place, place)
            for place, (one, other) in enumerate(zip(debits, credits, strict=False))
        ]
    else:
        candidates = sorted(
            (_apart(one, other), i, j)
            for i, one in enumerate(debits)
            for j, other in enumerate(credits)
        )
    fits = [
        (gap, i, j)
        for gap, i, j in candidates
        if gap <= window and (strict or _agree(debits[i], credits[j]))
    ]
    taken_debits: set[int] = set()
    taken_credits: set[int] = set()
    for _, i, j in fits:
        if i in taken_debits or j in taken_credits:
            continue
        taken_debits.add(i)
        taken_credits.add(j)
        rivals = (
            sum(1 for _, x, y in fits if (x == i) != (y == j)) if len(debits) != len(credits) else 0
        )
        yield (
            _at(debits[i]),
            _at(credits[j]),
            "several rows would do; the nearest in time was taken" if rivals else "",
        )


def _at(row: Row) -> int:
    return int(row["at"])


def _apart(one: Row, other: Row) -> timedelta:
    """How far apart two times are, beyond what their spellings leave open."""
    slack = timedelta(seconds=max(one["slack"], other["slack"]))
    gap: timedelta = abs(one["time"] - other["time"])
    return max(gap - slack, timedelta()) if slack else gap


def _agree(one: Row, other: Row) -> bool:
    """Whether neither row names somebody else than the other's account and holder."""
    numbers = _masked_equal(str(one["counterparty"]), str(other["account"])) and _masked_equal(
        str(other["counterparty"]), str(one["account"])
    )
    return (
        numbers
        and _same_name(one["counterparty_name"], other["account_name"])
        and _same_name(other["counterparty_name"], one["account_name"])
    )


def _masked_equal(stated: str, account: str) -> bool:
    """Whether a stated number, possibly masked or absent, may be `account`.

    >>> _masked_equal("6222****123", "6222000123"), _masked_equal("", "1"), _masked_equal("2", "1")
    (True, True, False)
    """
    if "*" not in stated:
        return stated in {"", account}
    start, end = stated.split("*", 1)[0], stated.rsplit("*", 1)[1]
    return (
        account.startswith(start)
        and account.endswith(end)
        and len(account) >= len(start) + len(end)
    )


def _same_name(stated: object, holder: object) -> bool:
    first, second = str(stated), str(holder)
    return not first or not second or "*" in first or "*" in second or first == second


def _near_misses(
    debits: pl.DataFrame, credits: pl.DataFrame, pairs: Iterable[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """Rows that name each other with the same amount but too far apart in time: one transfer twice, or two transfers."""
    taken = list(pairs)
    used = {one for one, _ in taken} | {other for _, other in taken}
    free = [
        rows.filter(~pl.col("at").is_in(sorted(used))).select(
            "at", "time", "account", "counterparty", "amount", "currency"
        )
        for rows in (debits, credits)
    ]
    near = free[0].join(
        free[1],
        left_on=["account", "counterparty", "amount", "currency"],
        right_on=["counterparty", "account", "amount", "currency"],
        suffix="_of",
    )
    near = (
        near.with_columns(gap=(pl.col("time_of") - pl.col("time")).abs())
        .filter(pl.col("gap") <= timedelta(days=1))
        .sort("gap", "at", "at_of")
    )
    near = near.unique("at", keep="first", maintain_order=True).unique(
        "at_of", keep="first", maintain_order=True
    )
    return [
        (
            row["at"],
            row["at_of"],
            f"not matched: same accounts and amount, {int(row['gap'].total_seconds() // 60)} minutes apart",
        )
        for row in near.iter_rows(named=True)
    ]
