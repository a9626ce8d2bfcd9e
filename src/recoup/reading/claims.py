"""Reads claims and finds the transfer that each disputes. No tracing: a claim here is an id, a victim and a transfer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from recoup.money import Digits, format_minor
from recoup.reading.amounts import minor_from_text
from recoup.reading.cells import Cells, places_mask
from recoup.reading.declared import Table, load_table
from recoup.reading.files import Intake
from recoup.reading.options import ReadingOptions
from recoup.reading.transfers import is_fatal
from recoup.reading.vocabulary import CLAIM_HEADERS
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.records.tables import CLAIMS, INSTANT

_NAMED_MAX: Final = 5  # candidates named in one message
_YES: Final = ("true", "yes", "y", "1", "是")
_NO: Final = ("false", "no", "n", "0", "否")


@dataclass(frozen=True, slots=True)
class ClaimsReading:
    """Claims as read, with every problem."""

    claims: pl.DataFrame
    """Schema `CLAIMS`, sorted by claim id."""
    problems: tuple[Problem, ...]
    rejected: pl.DataFrame
    sources: tuple[Source, ...] = ()

    @property
    def fatal(self) -> tuple[Problem, ...]:
        """Return the problems that leaving rows out does not heal."""
        return tuple(problem for problem in self.problems if is_fatal(problem))


def read_claims(
    path: str | Path, transfers: pl.DataFrame, options: ReadingOptions
) -> ClaimsReading:
    """Return the claims of a file, each with the id of the transfer that it disputes, with every problem found.

    Args:
        path: rows of `claim,victim,transfer` or `claim,victim,payer,payee,amount,time`; `currency`, `amount`, `reported_at` and
            `admitted` are optional.
        transfers: schema `TRANSFERS`.
        options: time zone and digits are used; the map's columns are not (they are the transfers').
    """
    intake = Intake()
    table = load_table(path, options, intake, CLAIM_HEADERS)
    return resolve_claims(table, transfers, intake)


def resolve_claims(table: Table | None, transfers: pl.DataFrame, intake: Intake) -> ClaimsReading:
    """Return the claims of a table taken in."""
    claims = pl.DataFrame(schema=CLAIMS)
    if table is not None:
        claims = _claims(table.cells, transfers)
    raws: dict[int, pl.DataFrame] = {raw.source: raw.with_row() for raw in intake.tables}
    return ClaimsReading(
        claims,
        intake.findings.problems(intake.sources),
        intake.findings.rejected(intake.sources, raws),
        tuple(intake.sources),
    )


def _claims(cells: Cells, transfers: pl.DataFrame) -> pl.DataFrame:
    by_id = cells.has("transfer")
    timed = cells.has("time") or cells.has("date")
    # An empty payer is the outside; without the column nobody said so.
    by_content = timed and all(map(cells.has, ("amount", *(() if by_id else ("payer", "payee")))))
    absent = [field for field in ("claim", "victim") if not cells.has(field)]
    for field in absent:
        cells.absent(field)
    if not (by_id or by_content):
        cells.absent("transfer", "payer", "payee", "amount", "time")
    if absent or not (by_id or by_content):
        return pl.DataFrame(schema=CLAIMS)
    claim, victim = cells.text("claim"), cells.text("victim")
    if (
        by_content
        and cells.raw.frame[cells.fields["amount"]].dtype.is_integer()
        and not cells.raw.integers_are_minor
    ):
        cells.refuse_column(
            "amount_unit_unstated",
            "amount",
            ~cells.dropped,
            cells.raw.frame[cells.fields["amount"]],
        )
    given = cells.text("transfer")
    _drop_empty(cells, claim, victim, given)
    cells.refuse("claim_missing", "claim", claim == "", "")
    cells.refuse("victim_missing", "victim", victim == "", "")
    cells.refuse("claim_duplicate", "claim", _again(claim, cells), claim)
    reported = _reported(cells)
    admitted = _admitted(cells)
    transfer = _resolved(cells, given, transfers, by_content=by_content)
    cells.refuse("transfer_disputed_twice", "transfer", _again(transfer, cells), transfer)
    frame = pl.DataFrame(
        {
            "claim": claim,
            "victim": victim,
            "transfer": transfer,
            "reported_at": reported,
            "admitted": admitted,
        }
    )
    return cells.good(frame).select(list(CLAIMS)).match_to_schema(CLAIMS).sort("claim")


def _drop_empty(cells: Cells, *columns: pl.Series) -> None:
    filled = (
        pl.select(pl.any_horizontal([column != "" for column in columns])).to_series()
        if columns
        else cells.bad
    )
    empty = ~filled
    if cells.has("amount"):
        empty = empty & (cells.text("amount") == "")
    cells.dropped = cells.dropped | empty


def _again(values: pl.Series, cells: Cells) -> pl.Series:
    """Whether an earlier good row has the same value."""
    frame = pl.DataFrame(
        {
            "value": values,
            "live": ~(cells.bad | cells.dropped) & (values != "").fill_null(value=False),
        }
    )
    nth = pl.col("live").cast(pl.Int32).cum_sum().over("value")
    return frame.select(again=pl.col("live") & (nth > 1))["again"]


def _reported(cells: Cells) -> pl.Series:
    if not cells.has("reported_at"):
        return pl.repeat(None, cells.height, dtype=INSTANT, eager=True)
    return cells.times(required=False, field="reported_at")[0]


def _admitted(cells: Cells) -> pl.Series:
    if not cells.has("admitted"):
        return pl.repeat(True, cells.height, dtype=pl.Boolean, eager=True)
    text = cells.text("admitted").str.to_lowercase()
    cells.refuse("boolean_unreadable", "admitted", ~text.is_in([*_YES, *_NO, ""]), text)
    return ~text.is_in(list(_NO))


def _resolved(
    cells: Cells, given: pl.Series, transfers: pl.DataFrame, *, by_content: bool
) -> pl.Series:
    """The id of the disputed transfer of every row, '' where it was refused."""
    rows = pl.DataFrame(
        {
            "at": pl.int_range(cells.height, eager=True),
            "id": given,
            **_stated(cells, by_content=by_content),
        }
    )
    rows = rows.filter(~(cells.bad | cells.dropped))
    named = rows.filter(pl.col("id") != "").join(
        _targets(transfers), on="id", how="left", maintain_order="left"
    )
    named = named.with_columns(candidate=pl.when(pl.col("row").is_not_null()).then("id"))
    sought = rows.filter(pl.col("id") == "")
    found = sought.join(
        _targets(transfers).with_columns(candidate="id").drop("id"),
        on=["payer", "payee"],
        how="inner",
        maintain_order="left",
    )
    found = found.filter(
        (pl.col("time_of") >= pl.col("time"))
        & (pl.col("time_of") <= pl.col("time") + pl.duration(seconds=pl.col("slack").clip(1) - 1))
    )
    resolved = [""] * cells.height
    unmatched: dict[str, dict[int, str]] = {
        "claim_no_match": {},
        "claim_differs": {},
        "claim_ambiguous": {},
        "claim_self_transfer": {},
        "claim_without_transfer": {},
    }
    fits = _fits(cells, named)
    for row, difference in zip(named.iter_rows(named=True), fits, strict=True):
        if row["candidate"] is None:
            unmatched["claim_no_match"][row["at"]] = row["id"]
        elif difference:
            unmatched["claim_differs"][row["at"]] = difference
        else:
            resolved[row["at"]] = row["candidate"]
    _search(cells, sought, found, resolved, unmatched, by_content=by_content)
    ids = pl.Series(resolved, dtype=pl.String)
    selfs = set(
        transfers.filter((pl.col("payer") == pl.col("payee")) & pl.col("id").is_in(ids.implode()))[
            "id"
        ]
    )
    unmatched["claim_self_transfer"] = {
        at: name for at, name in enumerate(resolved) if name in selfs
    }
    for code, places in unmatched.items():
        if places:
            where = places_mask(list(places), cells.height)
            shown = pl.repeat("", cells.height, dtype=pl.String, eager=True).scatter(
                list(places), pl.Series(list(places.values()), dtype=pl.String)
            )
            cells.refuse(code, "transfer" if cells.has("transfer") else "payer", where, shown)
    return ids


def _stated(cells: Cells, *, by_content: bool) -> dict[str, pl.Series]:
    """What the claims say of the transfer themselves."""
    amount = (
        cells.raw.frame[cells.fields["amount"]].cast(pl.String)
        if cells.has("amount")
        else cells.blank()
    )
    none = pl.repeat(None, cells.height, dtype=INSTANT, eager=True)
    time, slack = (
        cells.times(required=False)
        if by_content
        else (none, pl.repeat(0, cells.height, dtype=pl.Int32, eager=True))
    )
    code, _ = cells.currency_of(cells.text("currency"), required=False)
    return {
        "payer": cells.account("payer"),
        "payee": cells.account("payee"),
        "amount": amount.fill_null("").str.strip_chars(),
        "currency": code,
        "time": time,
        "slack": slack.cast(pl.Int64),
    }


def _targets(transfers: pl.DataFrame) -> pl.DataFrame:
    return transfers.select(
        "id",
        "payer",
        "payee",
        "row",
        time_of="time",
        amount_of="amount",
        currency_of="currency",
        payer_of="payer",
        payee_of="payee",
    )


def _fits(cells: Cells, pairs: pl.DataFrame) -> list[str]:
    """For every claim and candidate '' if what the claim states agrees, else the first difference in words."""
    digits = pairs["currency_of"].replace_strict(
        {
            code: cells.options.digits.of(code)
            for code in pairs["currency_of"].drop_nulls().unique()
        },
        default=2,
        return_dtype=pl.Int8,
    )
    if (
        cells.has("amount")
        and cells.raw.frame[cells.fields["amount"]].dtype.is_integer()
        and cells.raw.integers_are_minor
    ):
        digits = pl.repeat(0, len(digits), dtype=pl.Int8, eager=True)
    stated = minor_from_text(pairs["amount"], digits)
    checked = pairs.with_columns(minor=stated.value, unread=stated.reason)
    return [_difference(row, cells.options.digits) for row in checked.iter_rows(named=True)]


def _difference(row: dict[str, object], digits: Digits) -> str:
    for name in ("payer", "payee", "currency"):
        if row.get(name) and row.get(f"{name}_of") is not None and row[name] != row[f"{name}_of"]:
            return f"{name} {row[name]}, transfer has {row[f'{name}_of']}"
    if row["amount"] and (row["unread"] is not None or row["minor"] != row["amount_of"]):
        places = digits.of(str(row["currency_of"]))
        moved = format_minor(int(str(row["amount_of"])), places)
        return f"amount {row['amount']}, transfer has {moved} {row['currency_of']}"
    return ""


def _search(
    cells: Cells,
    sought: pl.DataFrame,
    found: pl.DataFrame,
    resolved: list[str],
    unmatched: dict[str, dict[int, str]],
    *,
    by_content: bool,
) -> None:
    """Place the claims that describe their transfer: one candidate resolves, none or several are refused."""
    candidates: dict[int, list[str]] = {}
    near: dict[int, str] = {}
    for row, difference in zip(found.iter_rows(named=True), _fits(cells, found), strict=True):
        if difference:
            near.setdefault(row["at"], f"{difference} ({row['candidate']})")
        else:
            candidates.setdefault(row["at"], []).append(row["candidate"])
    for row in sought.iter_rows(named=True):
        at, names = row["at"], candidates.get(row["at"], [])
        if (
            not by_content
            or row["time"] is None
            or not row["amount"]
            or not (row["payer"] or row["payee"])
        ):
            unmatched["claim_without_transfer"][at] = ""
        elif len(names) == 1:
            resolved[at] = names[0]
        elif names:
            more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
            unmatched["claim_ambiguous"][at] = ", ".join(names[:_NAMED_MAX]) + more
        elif at in near:
            unmatched["claim_differs"][at] = near[at]
        else:
            unmatched["claim_no_match"][at] = (
                f"{row['payer']} to {row['payee']} {row['amount']} at {row['time']:%Y-%m-%d %H:%M:%S} UTC"
            )
