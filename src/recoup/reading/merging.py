"""Makes transfers of statement rows: two matched rows are one, every other row is one by itself; then puts all in order.

A matched transfer has the payer's time and number. Where that would put it out of the payee's order, the payee's
time is taken, and where no time suits both, the pair is doubtful. Rows of one instant keep the order of every account
that lived them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from recoup.reading.checks import with_ids
from recoup.reading.statements import STATEMENTS
from recoup.records.tables import TRANSFERS

_SIDE: Final = (
    "account",
    "time",
    "balance",
    "source",
    "row",
    "place",
    "sequence",
    "serial",
    "reverses",
    "rail",
    "kind",
    "reference",
)
_MERGED: Final = {
    **TRANSFERS,
    "payer_place": pl.UInt32,
    "payee_place": pl.UInt32,
    "payee_time": TRANSFERS["time"],
}


@dataclass(frozen=True, slots=True)
class Merged:
    """Transfers of statements; which row became which transfer; pairs that fit neither order."""

    transfers: pl.DataFrame
    ids: pl.DataFrame
    """`at` (statement row number) and `id`."""
    conflicts: pl.DataFrame
    """Transfers whose two accounts' orders cannot both hold."""


def merge(rows: pl.DataFrame, pairs: pl.DataFrame, taken_ids: pl.Series) -> Merged:
    """Return the transfers of statement rows.

    Args:
        rows: chained statement rows with `at`.
        pairs: `debit` and `credit` row numbers that are one transfer.
        taken_ids: ids of transfers that come from ledgers.
    """
    debit = rows.join(pairs, left_on="at", right_on="debit", how="inner").select(
        pl.col("credit_right").alias("pair"),
        *(pl.col(name).alias(f"d_{name}") for name in (*_both(), "at")),
    )
    credit = rows.select(
        pl.col("at").alias("pair"), *(pl.col(name).alias(f"c_{name}") for name in (*_both(), "at"))
    )
    matched = debit.join(credit, on="pair", maintain_order="left")
    used = pl.concat([pairs["debit"], pairs["credit"]]).implode()
    single = rows.filter(~pl.col("at").is_in(used))
    transfers = pl.concat([_of_pairs(matched), _of_rows(single)])
    transfers = with_ids(_with_serial_ids(transfers, taken_ids))
    transfers, conflicts = _timed(transfers)
    transfers = _sequenced(transfers)
    ids = pl.concat(
        [
            transfers.select(pl.col("d_at").alias("at"), "id"),
            transfers.select(pl.col("c_at").alias("at"), "id"),
        ]
    ).filter(pl.col("at").is_not_null())
    return Merged(transfers.select(list(TRANSFERS)), ids, conflicts)


def _both() -> tuple[str, ...]:
    return (
        *_SIDE,
        "amount",
        "currency",
        "account_name",
        "account_institution",
        "counterparty",
        "counterparty_name",
        "counterparty_institution",
    )


def _of_pairs(matched: pl.DataFrame) -> pl.DataFrame:
    own = pl.col("d_account") == pl.col("c_account")
    kind = pl.when(pl.col("d_kind") != "transfer").then("d_kind").otherwise("c_kind")
    return matched.select(
        id=_either("serial"), time="d_time", sequence="d_sequence", payer="d_account", payee="c_account", amount="d_amount",
        currency="d_currency", rail=_either("rail"), kind=kind, reference=_either("reference"),
        payer_name=_named("d_account_name", "c_counterparty_name"), payee_name=_named("c_account_name", "d_counterparty_name"),
        payer_institution=_named("d_account_institution", "c_counterparty_institution"),
        payee_institution=_named("c_account_institution", "d_counterparty_institution"),
        payer_balance=pl.when(~own).then("d_balance"), payee_balance="c_balance", reverses=_either("reverses"),
        source="d_source", row="d_row", other_source="c_source", other_row="c_row",
        payer_place="d_place", payee_place="c_place", payee_time="c_time", d_at="d_at", c_at="c_at",
    )  # fmt: skip


def _of_rows(rows: pl.DataFrame) -> pl.DataFrame:
    credit, none = pl.col("credit"), pl.lit(None, pl.Int32)
    # A row that names its own account is a movement between sub-accounts: the pocket's balance says that money left or came.
    other = (
        pl.when(pl.col("counterparty") == pl.col("account"))
        .then(pl.lit(""))
        .otherwise("counterparty")
    )
    cash = (
        pl.when(~pl.col("kind").is_in(["cash_in", "cash_out"]))
        .then("kind")
        .when(credit)
        .then(pl.lit("cash_in"))
        .otherwise(pl.lit("cash_out"))
    )
    return rows.select(
        id="serial", time="time", sequence="sequence", payer=pl.when(credit).then(other).otherwise("account"),
        payee=pl.when(credit).then("account").otherwise(other), amount="amount", currency="currency", rail="rail", kind=cash,
        reference="reference", payer_name=_side(credit, "counterparty_name", "account_name"),
        payee_name=_side(credit, "account_name", "counterparty_name"),
        payer_institution=_side(credit, "counterparty_institution", "account_institution"),
        payee_institution=_side(credit, "account_institution", "counterparty_institution"),
        payer_balance=pl.when(~credit).then("balance"), payee_balance=pl.when(credit).then("balance"), reverses="reverses",
        source="source", row="row", other_source=none, other_row=none,
        payer_place=pl.when(~credit).then("place"), payee_place=pl.when(credit).then("place"),
        payee_time=pl.lit(None, STATEMENTS["time"]),
        d_at=pl.when(~credit).then("at"), c_at=pl.when(credit).then("at"),
    )  # fmt: skip


def _either(name: str) -> pl.Expr:
    return _named(f"d_{name}", f"c_{name}")


def _named(first: str, second: str) -> pl.Expr:
    return pl.when(pl.col(first) != "").then(first).otherwise(second)


def _side(credit: pl.Expr, if_credit: str, if_debit: str) -> pl.Expr:
    return pl.when(credit).then(if_credit).otherwise(if_debit)


def _with_serial_ids(transfers: pl.DataFrame, taken_ids: pl.Series) -> pl.DataFrame:
    """The institution's number is the id where it is one transfer's alone; else account and number, else with a count."""
    shared = (pl.col("id") != "") & (
        pl.col("id").is_duplicated() | pl.col("id").is_in(taken_ids.implode())
    )
    account = pl.when(pl.col("payer_place").is_not_null()).then("payer").otherwise("payee")
    longer = transfers.with_columns(
        id=pl.when(shared).then(pl.format("{}:{}", account, "id")).otherwise("id")
    )
    nth = pl.int_range(1, pl.len() + 1).over("id")
    many = (pl.col("id") != "") & (nth > 1)
    return longer.with_columns(id=pl.when(many).then(pl.format("{}#{}", "id", nth)).otherwise("id"))


def _timed(transfers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give matched transfers that break the payee's order the payee's time, if the payer's order allows it."""
    numbered = transfers.with_row_index("n")
    late = _out_of_order(numbered)
    if late.is_empty():
        return transfers, transfers.clear()
    switch = pl.col("n").is_in(late.implode()) & pl.col("payee_time").is_not_null()
    moved = numbered.with_columns(
        payer_time="time", time=pl.when(switch).then("payee_time").otherwise("time")
    )
    wrong = _out_of_order(moved).implode()
    back = moved.with_columns(
        time=pl.when(switch & pl.col("n").is_in(wrong)).then("payer_time").otherwise("time")
    )
    left = _out_of_order(back)
    conflicts = back.filter(pl.col("n").is_in(left.implode()) & pl.col("payee_time").is_not_null())
    return back.drop("n", "payer_time"), conflicts.drop("n", "payer_time")


def _legs(numbered: pl.DataFrame) -> pl.DataFrame:
    """Every transfer once for each account whose statement has it, in the order of that statement."""
    sides = [
        numbered.filter(pl.col(f"{side}_place").is_not_null()).select(
            "n",
            "time",
            "sequence",
            "id",
            "source",
            "row",
            pl.col(side).alias("account"),
            "currency",
            pl.col(f"{side}_place").alias("place"),
        )
        for side in ("payer", "payee")
    ]
    return pl.concat(sides).sort("account", "currency", "place")


def _out_of_order(numbered: pl.DataFrame) -> pl.Series:
    """Numbers of transfers on either side of a step back in time within one account's statement."""
    chain = ["account", "currency"]
    legs = _legs(numbered)
    back = legs.with_columns(
        before=pl.col("time").shift(1).over(chain), n_before=pl.col("n").shift(1).over(chain)
    )
    steps = back.filter(pl.col("time") < pl.col("before"))
    return pl.concat([steps["n"], steps["n_before"]]).unique().sort()


def _sequenced(transfers: pl.DataFrame) -> pl.DataFrame:
    """Where rows of one instant would leave an account's order, number them anew so that every account keeps it."""
    numbered = transfers.with_row_index("n")
    chain = ["account", "currency"]
    steps = _legs(numbered).with_columns(
        *(pl.col(name).shift(1).over(chain).alias(f"{name}_before") for name in ("n", "time", "sequence", "id"))
    ).filter(pl.col("time") == pl.col("time_before"))  # fmt: skip
    wrong = (pl.col("sequence_before") > pl.col("sequence")) | (
        (pl.col("sequence_before") == pl.col("sequence")) & (pl.col("id_before") >= pl.col("id"))
    )
    instants = steps.filter(wrong)["time"].unique()
    if instants.is_empty():
        return transfers
    group = numbered.filter(pl.col("time").is_in(instants.implode())).sort("time", "source", "row")
    edges: dict[int, list[int]] = {}
    for before, after in (
        steps.filter(pl.col("time").is_in(instants.implode())).select("n_before", "n").iter_rows()
    ):
        edges.setdefault(before, []).append(after)
    places: dict[int, int] = {}
    for _, one in group.group_by(["time"], maintain_order=True):
        ordered = _topological(one["n"].to_list(), edges)
        places.update({n: place for place, n in enumerate(ordered, start=1)})
    new = pl.col("n").replace_strict(places, default=None, return_dtype=pl.Int64)
    return numbered.with_columns(sequence=pl.coalesce(new, "sequence")).drop("n")


def _topological(nodes: list[int], edges: dict[int, list[int]]) -> list[int]:
    """The nodes so that every edge points forward, otherwise as given; a cycle is cut at its first node."""
    waiting = dict.fromkeys(nodes, 0)
    for node in nodes:
        for after in edges.get(node, ()):
            if after in waiting:
                waiting[after] += 1
    ordered: list[int] = []
    left = list(nodes)
    while left:
        ready = next((node for node in left if waiting[node] == 0), left[0])
        left.remove(ready)
        ordered.append(ready)
        for after in edges.get(ready, ()):
            if after in waiting:
                waiting[after] -= 1
    return ordered
