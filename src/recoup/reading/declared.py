"""Reads the small tables that a user declares: accounts, openings, holds and links. Not transfers, not claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from recoup.money import format_minor
from recoup.reading.cells import Cells
from recoup.reading.files import InputFile, Intake, shown_path, take_in
from recoup.reading.options import ColumnMap, ReadingOptions
from recoup.reading.recognise import recognise
from recoup.reading.times import zone_exists
from recoup.reading.vocabulary import DECLARED_HEADERS
from recoup.records.balances import contradicted_openings
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.records.tables import HOLDS, LINKS, OPENINGS


@dataclass(frozen=True, slots=True)
class Table:
    """One declared table, recognised and ready to be read cell by cell."""

    cells: Cells


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared table as read, with every problem."""

    frame: pl.DataFrame
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class DeclaredAccounts:
    """Accounts of a list (`--known`, `--terminal`), with every problem."""

    accounts: frozenset[str]
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...]


def load_table(
    path: str | Path, options: ReadingOptions, intake: Intake, headers: Mapping[str, str]
) -> Table | None:
    """Return the first table of a file, or None with the reason in the findings; the transfers' map is not used."""
    own = replace(options, mapping=None, timezone=options.zone)
    file = Path(path)
    if options.zone is not None and not zone_exists(options.zone):
        intake.findings.add_file("timezone_unknown", "--timezone", options.zone)
    elif not file.is_file():
        intake.findings.add_file("file_missing", shown_path(path), shown_path(path))
    else:
        try:
            take_in(InputFile(file, inside=False), intake, ColumnMap(), frozenset(headers))
        finally:
            intake.workbooks.close()
    if not intake.tables:
        return None
    if not intake.tables[0].frame.height:
        intake.findings.add_file("file_empty", shown_path(path), "a header and no rows")
    return prepared(intake, own, headers)


def prepared(intake: Intake, options: ReadingOptions, headers: Mapping[str, str]) -> Table:
    """Return the first table taken in, its columns recognised."""
    raw = intake.tables[0]
    what = recognise(raw, options.map, headers)
    return Table(Cells(raw, what.fields, intake.place(raw), options, intake.findings))


def read_accounts(path: str | Path, options: ReadingOptions | None = None) -> DeclaredAccounts:
    """Return the accounts in the column `account` of a file."""
    intake = Intake()
    table = load_table(path, options or ReadingOptions(), intake, DECLARED_HEADERS)
    names: frozenset[str] = frozenset()
    if table is not None and complete(table.cells, ("account",), alternatives={"account": "card"}):
        field = "account" if table.cells.has("account") else "card"
        names = frozenset(table.cells.account(field).to_list()) - {""}
    return DeclaredAccounts(names, intake.findings.problems(intake.sources), tuple(intake.sources))


def read_openings(path: str | Path, transfers: pl.DataFrame, options: ReadingOptions) -> Declared:
    """Return opening balances (`account,time,balance`, `currency` if the account has several), schema `OPENINGS`.

    Args:
        path: the file.
        transfers: schema `TRANSFERS`; gives the currency of accounts that have one only.
        options: time zone and digits.
    """
    intake = Intake()
    table = load_table(path, options, intake, DECLARED_HEADERS)
    frame = pl.DataFrame(schema=OPENINGS)
    if table is not None and complete(table.cells, ("account", "time", "balance")):
        cells = table.cells
        account = required_account(cells, "account")
        code, digits = _currency_of_accounts(cells, account, transfers)
        time, _ = cells.times()
        balance = _signed(cells, "balance", digits)
        cells.refuse("opening_negative", "balance", balance < 0, balance)
        rows = pl.DataFrame(
            {"account": account, "currency": code, "time": time, "balance": balance}
        )
        cells.refuse(
            "opening_duplicate",
            "account",
            _repeats(rows.select("account", "currency"), cells),
            account,
        )
        _refuse_contradicted(cells, rows, transfers, digits)
        frame = (
            cells.good(rows)
            .select(list(OPENINGS))
            .match_to_schema(OPENINGS)
            .sort("account", "currency", "time")
        )
    return Declared(frame, intake.findings.problems(intake.sources), tuple(intake.sources))


def read_holds(path: str | Path, options: ReadingOptions) -> Declared:
    """Return holds (`account,currency,amount,time[,until]`), schema `HOLDS`, in the order of the file."""
    intake = Intake()
    table = load_table(path, options, intake, DECLARED_HEADERS)
    frame = pl.DataFrame(schema=HOLDS)
    if table is not None and complete(table.cells, ("account", "currency", "amount", "time")):
        cells = table.cells
        account = required_account(cells, "account")
        code, digits = cells.currency()
        amount = cells.amount(digits)
        time, _ = cells.times()
        until = (
            cells.times(required=False, field="until")[0]
            if cells.has("until")
            else pl.repeat(None, cells.height, dtype=HOLDS["until"], eager=True)
        )
        cells.refuse(
            "hold_ends_early",
            "until",
            (until <= time).fill_null(value=False),
            until.cast(pl.String),
        )
        rows = pl.DataFrame(
            {"account": account, "currency": code, "amount": amount, "time": time, "until": until}
        )
        frame = cells.good(rows).select(list(HOLDS)).match_to_schema(HOLDS)
    return Declared(frame, intake.findings.problems(intake.sources), tuple(intake.sources))


def read_links(
    path: str | Path, transfers: pl.DataFrame, options: ReadingOptions, source: int = 0
) -> Declared:
    """Return asserted links (`from,to,amount,time,evidence,grade,author`, optional `currency`), schema `LINKS`.

    Args:
        path: the file.
        transfers: schema `TRANSFERS`; gives the currency of accounts that have one only.
        options: time zone and digits.
        source: index that the file's rows cite; the caller appends the returned source to its own at that place.
    """
    intake = Intake()
    table = load_table(path, options, intake, {**DECLARED_HEADERS, "from": "from", "to": "to"})
    frame = pl.DataFrame(schema=LINKS)
    if table is not None and complete(
        table.cells, ("from", "to", "amount", "time", "evidence", "grade", "author")
    ):
        cells = table.cells
        start, end = required_account(cells, "from"), required_account(cells, "to")
        cells.refuse("link_to_itself", "to", start == end, end)
        code, digits = _currency_of_accounts(cells, start, transfers)
        amount = cells.amount(digits)
        time, _ = cells.times()
        texts = {name: cells.text(name) for name in ("evidence", "grade", "author")}
        for name, text in texts.items():
            cells.refuse("link_unsupported", name, text == "", "")
        rows = pl.DataFrame(
            {"from": start, "to": end, "amount": amount, "currency": code, "time": time, **texts}
        )
        good = cells.good(rows).with_columns(source=pl.lit(source, pl.Int32))
        frame = good.select(list(LINKS)).match_to_schema(LINKS)
    return Declared(frame, intake.findings.problems(intake.sources), tuple(intake.sources))


def complete(
    cells: Cells, fields: tuple[str, ...], alternatives: Mapping[str, str] | None = None
) -> bool:
    """Return whether every column is there; the absent ones are noted."""
    other = {"time": "date", **(alternatives or {})}
    absent = [
        field for field in fields if not cells.has(field) and not cells.has(other.get(field, field))
    ]
    for field in absent:
        cells.absent(field, *filter(None, (other.get(field),)))
    return not absent


def required_account(cells: Cells, field: str) -> pl.Series:
    """Return the accounts of a column; rows without one are refused."""
    account = cells.account(field)
    cells.refuse("account_missing", field, account == "", "")
    return account


def _currency_of_accounts(
    cells: Cells, account: pl.Series, transfers: pl.DataFrame
) -> tuple[pl.Series, pl.Series]:
    """The stated currency, else the only one in which the account has transfers."""
    sides = [
        transfers.select(pl.col(side).alias("account"), "currency") for side in ("payer", "payee")
    ]
    wanted = pl.concat(sides).filter(pl.col("account").is_in(account.unique().implode())).unique()
    only = wanted.group_by("account").agg(pl.col("currency").first(), pl.len().alias("many"))
    rows = pl.DataFrame({"account": account, "given": cells.text("currency")}).join(
        only, on="account", how="left", maintain_order="left"
    )
    silent = rows["given"] == ""
    cells.refuse(
        "currency_ambiguous",
        "currency",
        silent & (rows["many"] > 1).fill_null(value=False),
        account,
    )
    words = rows.select(
        word=pl.when(silent).then(pl.col("currency").fill_null("")).otherwise("given")
    )["word"]
    return cells.currency_of(words)


def _signed(cells: Cells, field: str, digits: pl.Series) -> pl.Series:
    read = cells.minor(field, digits)
    cells.refuse_reasons(field, read.reason, cells.text(field))
    cells.refuse("balance_unreadable", field, read.value.is_null(), cells.text(field))
    return read.value


def _refuse_contradicted(
    cells: Cells, rows: pl.DataFrame, transfers: pl.DataFrame, digits: pl.Series
) -> None:
    """Refuse the balances that the statements' own balances contradict."""
    numbered = rows.with_columns(digits=digits).with_row_index("nth")
    live = numbered.filter(~(cells.bad | cells.dropped))
    wrong = contradicted_openings(transfers, live)
    words = {
        row["nth"]: f"{format_minor(row['balance'], row['digits'])}, "
        f"the statements say {format_minor(row['stated'], row['digits'])}"
        for row in wrong.iter_rows(named=True)
    }
    shown = pl.Series([words.get(nth) for nth in range(rows.height)], dtype=pl.String)
    cells.refuse("balance_mismatch", "balance", shown.is_not_null(), shown)


def _repeats(keys: pl.DataFrame, cells: Cells) -> pl.Series:
    live = keys.with_columns(live=~(cells.bad | cells.dropped))
    nth = pl.col("live").cast(pl.Int32).cum_sum().over("account", "currency")
    return live.select(again=pl.col("live") & (nth > 1))["again"]
