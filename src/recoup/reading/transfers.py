"""Reads transfers from files: from paths to canonical transfers, with every problem found. Raises nothing for input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from recoup.reading.cells import Cells
from recoup.reading.checks import Balances, accounts_of, check_transfers
from recoup.reading.codes import FATAL
from recoup.reading.combine import Statements, also_in_ledger, combine
from recoup.reading.files import Intake, Progress, expand, take_in
from recoup.reading.findings import REJECTED
from recoup.reading.holders import Holders
from recoup.reading.ledgers import ledger_rows
from recoup.reading.options import ReadingOptions
from recoup.reading.raw import RawTable
from recoup.reading.recognise import Recognised, recognise
from recoup.reading.statements import StatementTable
from recoup.reading.times import zone_exists
from recoup.reading.vocabulary import TRANSFER_FIELDS, seen_and_sought
from recoup.records.dossier import DOUBTFUL
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.records.tables import TRANSFERS


@dataclass(frozen=True, slots=True)
class Reading:
    """Transfers as read, with every problem; the caller decides whether to go on without the refused rows."""

    transfers: pl.DataFrame
    """Schema `TRANSFERS`, in total order."""
    known: frozenset[str] | None
    """Accounts whose statements were read (and every account of ledgers beside them); None: ledgers only, all accounts."""
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECTED))
    """Refused rows with reason and raw content, schema `REJECTED`."""
    doubtful: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DOUBTFUL))
    rows_failed: int = 0
    """Rows left out because the payment failed."""
    rows_repeated: int = 0
    """Rows left out because another row is the same: an id given again, or files that overlap."""
    rows_neutral: int = 0
    """Rows that the map says move nothing (`skip` under [directions])."""
    statements: Statements = field(default_factory=Statements)
    """Statement rows in order, for `recoup check`."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other numbers of an account (its card, or its account number) to the one that the transfers use."""
    skipped: tuple[str, ...] = ()
    """Files of a folder that hold neither transfers nor accounts."""
    recognised: tuple[tuple[int, Recognised], ...] = ()
    """What each source was taken for."""

    @property
    def fatal(self) -> tuple[Problem, ...]:
        """Return the problems that leaving rows out does not heal."""
        return tuple(problem for problem in self.problems if is_fatal(problem))

    @property
    def rows_rejected(self) -> int:
        """Return how many rows were refused."""
        return (
            self.rejected.select("file", "sheet", "row").n_unique() if self.rejected.height else 0
        )


def is_fatal(problem: Problem) -> bool:
    """Return whether reading cannot go on past `problem`, `--rejects` or not."""
    return problem.code in FATAL or problem.row == 0


def read_transfers(
    paths: Iterable[str | Path], options: ReadingOptions, progress: Progress | None = None
) -> Reading:
    """Return the transfers of files and folders, in canonical form and total order, with every problem found.

    Nothing is raised for bad input: problems are values. With problems and no wish to go on, raise `InputFault(problems)`.

    Args:
        paths: files in any known format, and folders of them.
        options: how to read.
        progress: called for every file before it is read, with its name, place and the number of files.
    """
    intake = Intake()
    if options.zone is not None and not zone_exists(options.zone):
        intake.findings.add_file("timezone_unknown", "--timezone", options.zone)
        return Reading(pl.DataFrame(schema=TRANSFERS), None, (), intake.findings.problems([]))
    files = expand(paths, intake.findings, options.left_out)
    try:
        for place, file in enumerate(files):
            if progress is not None:
                progress(str(file.path), place, len(files))
            take_in(file, intake, options.map)
    finally:
        intake.workbooks.close()
    if intake.tables and not any(table.frame.height for table in intake.tables):
        first = intake.place(intake.tables[0])
        found = "a header and no rows"
        intake.findings.add_file("file_empty", first.file, found, sheet=first.sheet)
    return assemble(intake, options)


def assemble(intake: Intake, options: ReadingOptions) -> Reading:
    """Return the reading of the tables taken in."""
    taken = [(table, recognise(table, options.map)) for table in intake.tables]
    gathered = _gather(taken, intake, options)
    ledger = pl.concat(gathered.ledgers) if gathered.ledgers else pl.DataFrame(schema=TRANSFERS)
    combined = combine(
        gathered.statements, gathered.holders, ledger["id"], options.match_window, intake.sources
    )
    accounts = combined.accounts | accounts_of(ledger)
    maimed = {name for name in accounts if name.startswith(tuple(gathered.lost))}
    balances = Balances(_balance_headers(taken), options.digits, intake.findings)
    checked = check_transfers(
        pl.concat([ledger, combined.transfers]),
        frozenset(gathered.touched | maimed),
        balances,
        exempt=combined.accounts,
        ids_once=options.ids_once,
    )
    balances.refuse(combined.statements.breaks, checked.touched)
    twice = also_in_ledger(ledger, combined.transfers, options.match_window, intake.sources)
    raws = {table.source: table.with_row() for table in intake.tables}
    known = None
    if gathered.statements:
        known = accounts - {""}
    return Reading(
        transfers=checked.transfers,
        known=known,
        sources=tuple(intake.sources),
        problems=intake.findings.problems(intake.sources),
        rejected=intake.findings.rejected(intake.sources, raws),
        doubtful=pl.concat([combined.doubtful, twice]),
        rows_failed=gathered.rows_failed,
        rows_neutral=gathered.rows_neutral,
        rows_repeated=checked.rows_repeated + combined.statements.repeated.height,
        statements=combined.statements,
        aliases=gathered.holders.aliases(),
        skipped=tuple(intake.skipped),
        recognised=tuple((table.source, what) for table, what in taken),
    )


def _balance_headers(taken: list[tuple[RawTable, Recognised]]) -> dict[int, str]:
    """Return the header under which each source has balances."""
    fields = ("balance", "payer_balance", "payee_balance")
    return {
        table.source: next(
            (what.fields[field] for field in fields if field in what.fields), "balance"
        )
        for table, what in taken
    }


@dataclass(slots=True)
class _Gathered:
    """Rows of all tables by shape."""

    ledgers: list[pl.DataFrame] = field(default_factory=list)
    statements: list[pl.DataFrame] = field(default_factory=list)
    holders: Holders = field(default_factory=Holders)
    touched: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    """First digits of accounts that refused rows name without their last digits."""
    rows_failed: int = 0
    rows_neutral: int = 0


def _gather(
    taken: list[tuple[RawTable, Recognised]], intake: Intake, options: ReadingOptions
) -> _Gathered:
    out = _Gathered()
    for table, what in taken:
        place = intake.place(table)
        for header in what.absent:
            found = f"{seen_and_sought(table.frame.columns, ())}; looked for {header}"
            intake.findings.add_file(
                "column_missing", place.file, found, sheet=place.sheet, column=header
            )
        cells = Cells(table, what.fields, place, options, intake.findings)
        if what.shape == "ledger":
            out.ledgers.append(ledger_rows(cells))
            out.touched |= refused_accounts(cells, ("payer", "payee"))
            out.lost |= cells.lost
        elif what.shape == "statement":
            read = StatementTable(cells)
            out.statements.append(read.rows)
            out.rows_failed += read.rows_failed
            out.rows_neutral += read.rows_neutral
            out.touched |= refused_accounts(cells, ("account", "card"))
            out.lost |= cells.lost
        elif what.shape == "accounts":
            out.holders.add_accounts(cells)
        elif what.shape == "persons":
            out.holders.add_persons(cells)
        elif table.inside:
            intake.skipped.append(place.file + (f" [{place.sheet}]" if place.sheet else ""))
        else:
            found = seen_and_sought(table.frame.columns, TRANSFER_FIELDS)
            intake.findings.add_file("headers_unrecognised", place.file, found, sheet=place.sheet)
    if not (out.ledgers or out.statements) and intake.tables and not intake.findings.any():
        first = intake.place(intake.tables[0]).file
        looked_in = str(Path(first).parent) if intake.tables[0].inside else first
        seen = ", ".join(Path(source.file).name for source in intake.sources)
        intake.findings.add_file("headers_unrecognised", looked_in, f"no transfers in {seen}")
    return out


def refused_accounts(cells: Cells, fields: tuple[str, ...]) -> set[str]:
    """Return the accounts that refused rows name."""
    if not cells.bad.any():
        return set()
    return {name for field in fields for name in cells.account(field).filter(cells.bad).to_list()}
