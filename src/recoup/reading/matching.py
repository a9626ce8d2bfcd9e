"""Finds the two rows, one in each account's statement, that are one transfer. Doubtful pairs are named, never hidden.

Debits and credits are paired in three passes, each only among what the earlier ones left:
1. both rows have the same reference (or the institution's number), amount and currency, and neither names another account;
2. each names the other's account, amount and currency agree, the times lie within the window;
3. one names the other, which names nobody or a masked number that agrees.
Within a pass the nearest times pair first, ties in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import polars as pl

_PAIRS_MAX: Final = 10_000  # candidates of one key before rows simply pair in order
_KEY: Final = ["k1", "k2", "amount", "currency"]
_CARRIED: Final = (
    "at",
    "time",
    "slack",
    "account",
    "counterparty",
    "account_name",
    "counterparty_name",
)
_SERIAL_CHARS_MIN: Final = 6  # shorter numbers are counters of one file, not the institution's
_REFERENCE_WINDOW: Final = timedelta(days=1)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of row numbers (debit, credit) into the rows given, and the pairs that a person should look at with the reason."""

    pairs: pl.DataFrame
    doubtful: pl.DataFrame


_DOUBTS: Final = pl.Schema({"debit": pl.UInt32, "credit": pl.UInt32, "reason": pl.String})


def match_rows(rows: pl.DataFrame, window: timedelta) -> Matches:
    """Return which debits and credits are one transfer.

    Args:
        rows: schema `STATEMENTS` plus `at` (row number, UInt32) and `place`; every account in it has a statement.
        window: how far apart the two clocks may be; the seconds that a spelling leaves open come on top.
    """
    debits, credits = rows.filter(~pl.col("credit")), rows.filter("credit")
    found = pl.DataFrame(schema=_DOUBTS)
    for step in _passes(rows["account"].unique().implode()):
        left = _keyed(debits.filter(~pl.col("at").is_in(found["debit"].implode())), step.debit)
        right = _keyed(credits.filter(~pl.col("at").is_in(found["credit"].implode())), step.credit)
        pairs = _pair(left, right, max(window, step.window), strict=step.strict)
        reason = pl.when(pl.col("reason") != "").then("reason").otherwise(pl.lit(step.reason))
        found = pl.concat([found, pairs.with_columns(reason=reason)])
    doubts = pl.concat([found.filter(pl.col("reason") != ""), _near_misses(debits, credits, found)])
    return Matches(found.select("debit", "credit"), doubts)


@dataclass(frozen=True, slots=True)
class _Pass:
    """How one pass pairs: key expressions of both sides (a null pairs with nothing), and what that says of its pairs."""

    debit: tuple[pl.Expr, pl.Expr]
    credit: tuple[pl.Expr, pl.Expr]
    reason: str
    """Why every pair of the pass is doubtful; '' if none is for that."""
    strict: bool
    """Both sides name each other, so nothing else has to agree."""
    window: timedelta
    """At least so wide."""


def _passes(known: pl.Series) -> Iterator[_Pass]:
    none, same = timedelta(), pl.lit("")
    long = pl.col("serial").str.len_chars() >= _SERIAL_CHARS_MIN
    own = pl.when(long).then("serial")
    reference = pl.when(pl.col("reference") != "").then("reference").otherwise(own)
    named = pl.when(~_is_vague()).then(reference)
    for one, other in ((named, reference), (reference, named)):
        yield _Pass((one, same), (other, same), "", strict=False, window=_REFERENCE_WINDOW)
    reason = "only reference and amount agree"
    yield _Pass(
        (reference, same), (reference, same), reason, strict=False, window=_REFERENCE_WINDOW
    )
    account = pl.col("account")
    other = pl.when(pl.col("counterparty").is_in(known)).then("counterparty")
    yield _Pass((account, other), (other, account), "", strict=True, window=none)
    mine = pl.when(_is_vague()).then("account")
    reason = "the payee's row does not name the payer"
    yield _Pass((other, same), (mine, same), reason, strict=False, window=none)
    reason = "the payer's row does not name the payee"
    yield _Pass((mine, same), (other, same), reason, strict=False, window=none)


def _is_vague() -> pl.Expr:
    return (pl.col("counterparty") == "") | pl.col("counterparty").str.contains("*", literal=True)


def _keyed(rows: pl.DataFrame, key: tuple[pl.Expr, pl.Expr]) -> pl.DataFrame:
    """The rows that have a key, with how many rows share it."""
    keyed = rows.select(
        *(part.alias(name) for name, part in zip(_KEY, key, strict=False)),
        "amount",
        "currency",
        *_CARRIED,
    )
    return keyed.drop_nulls(_KEY[:2]).with_columns(many=pl.len().over(_KEY))


def _pair(
    left: pl.DataFrame, right: pl.DataFrame, window: timedelta, *, strict: bool
) -> pl.DataFrame:
    """Debit, credit and reason to doubt of every pair. Keys with one row on each side, the most, pair in one join."""
    both = left.join(right, on=_KEY, how="inner", suffix="_of", maintain_order="left")
    alone = both.filter((pl.col("many") == 1) & (pl.col("many_of") == 1))
    gap = (pl.col("time") - pl.col("time_of")).abs() - pl.duration(
        seconds=pl.max_horizontal("slack", "slack_of")
    )
    fits = alone.filter((gap <= window) & (pl.lit(value=True) if strict else _agrees()))
    singles = fits.select(debit="at", credit="at_of", reason=pl.lit(""))
    crowded = pl.any_horizontal(pl.col("many") > 1, pl.col("many_of") > 1)
    keys = both.filter(crowded).select(_KEY).unique().sort(_KEY).with_row_index("group")
    debit_groups, credit_groups = _groups(left, keys), _groups(right, keys)
    crowd = [
        pair
        for group, debits in debit_groups.items()
        for pair in _pair_group(debits, credit_groups[group], window, strict=strict)
    ]
    return pl.concat([singles, pl.DataFrame(crowd, schema=_DOUBTS, orient="row")])


def _agrees() -> pl.Expr:
    """Whether neither row of a join names somebody else than the other's account and holder, and they are two accounts."""
    numbers = [
        _number_agrees("counterparty", "account_of"),
        _number_agrees("counterparty_of", "account"),
    ]
    names = [
        _name_agrees("counterparty_name", "account_name_of"),
        _name_agrees("counterparty_name_of", "account_name"),
    ]
    return pl.all_horizontal(pl.col("account") != pl.col("account_of"), *numbers, *names)


def _number_agrees(stated: str, account: str) -> pl.Expr:
    """Whether a stated number, possibly masked or absent, may be the account."""
    number, whole = pl.col(stated), pl.col(account)
    start, end = number.str.extract(r"^([^*]*)\*", 1), number.str.extract(r"\*([^*]*)$", 1)
    masked = (
        whole.str.starts_with(start)
        & whole.str.ends_with(end)
        & (whole.str.len_bytes() >= start.str.len_bytes() + end.str.len_bytes())
    )
    return (number == "") | (number == whole) | (number.str.contains("*", literal=True) & masked)


def _name_agrees(stated: str, holder: str) -> pl.Expr:
    first, second = pl.col(stated), pl.col(holder)
    unsaid = [(name == "") | name.str.contains("*", literal=True) for name in (first, second)]
    return (first == second) | pl.any_horizontal(unsaid)


def _groups(rows: pl.DataFrame, keys: pl.DataFrame) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = {}
    for row in rows.join(keys, on=_KEY).sort("group", "time", "at").iter_rows(named=True):
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
    if one["account"] == other["account"]:
        return False
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


def _near_misses(debits: pl.DataFrame, credits: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Rows that name each other with the same amount but too far apart in time: one transfer twice, or two transfers."""
    columns = ("at", "time", "account", "counterparty", "amount", "currency")
    left = debits.filter(~pl.col("at").is_in(found["debit"].implode())).select(columns)
    right = credits.filter(~pl.col("at").is_in(found["credit"].implode())).select(columns)
    gap = (pl.col("time_of") - pl.col("time")).abs()
    near = (
        left.join(
            right,
            left_on=["account", "counterparty", "amount", "currency"],
            right_on=["counterparty", "account", "amount", "currency"],
            suffix="_of",
        )
        .with_columns(gap=gap)
        .filter(pl.col("gap") <= timedelta(days=1))
        .sort("gap", "at", "at_of")
        .unique("at", keep="first", maintain_order=True)
        .unique("at_of", keep="first", maintain_order=True)
    )
    minutes = pl.format(
        "not matched: same accounts and amount, {} minutes apart", pl.col("gap").dt.total_minutes()
    )
    return near.select(debit="at", credit="at_of", reason=minutes)
