"""Reads transfers from files: the one way from paths to canonical transfers, with every problem found. Raises nothing for input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from recoup.reading.cells import Cells
from recoup.reading.checks import check_transfers
from recoup.reading.codes import FATAL
from recoup.reading.files import Intake, Progress, expand, take_in
from recoup.reading.findings import REJECTED
from recoup.reading.ledgers import ledger_rows
from recoup.reading.options import ReadingOptions
from recoup.reading.recognise import Recognised, recognise
from recoup.reading.times import zone_exists
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
        return self.rejected.select("file", "sheet", "row").n_unique() if self.rejected.height else 0


def is_fatal(problem: Problem) -> bool:
    """Return whether reading cannot go on past `problem`, `--rejects` or not."""
    return problem.code in FATAL or problem.row == 0


def read_transfers(paths: Iterable[str | Path], options: ReadingOptions, progress: Progress | None = None) -> Reading:
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
    files = expand(paths, intake.findings)
    for place, file in enumerate(files):
        if progress is not None:
            progress(str(file.path), place, len(files))
        take_in(file, intake, options.map)
    return assemble(intake, options)


def assemble(intake: Intake, options: ReadingOptions) -> Reading:
    """Return the reading of the tables taken in."""
    taken = [(table, recognise(table, options.map)) for table in intake.tables]
    parts: list[pl.DataFrame] = []
    touched: set[str] = set()
    for table, what in taken:
        place = intake.place(table)
        for header in what.absent:
            intake.findings.add_file("column_missing", place.file, header, sheet=place.sheet, column=header)
        cells = Cells(table, what.fields, place, options, intake.findings)
        if what.shape == "ledger":
            parts.append(ledger_rows(cells))
            touched |= refused_accounts(cells, ("payer", "payee"))
        else:
            intake.findings.add_file("headers_unrecognised", place.file, ", ".join(table.frame.columns), sheet=place.sheet)
    transfers = pl.concat(parts) if parts else pl.DataFrame(schema=TRANSFERS)
    checked = check_transfers(transfers, frozenset(touched), intake.findings)
    raws = {table.source: table.with_row() for table in intake.tables}
    return Reading(
        transfers=checked.transfers,
        known=None,
        sources=tuple(intake.sources),
        problems=intake.findings.problems(intake.sources),
        rejected=intake.findings.rejected(intake.sources, raws),
        rows_repeated=checked.rows_repeated,
        skipped=tuple(intake.skipped),
        recognised=tuple((table.source, what) for table, what in taken),
    )


def refused_accounts(cells: Cells, fields: tuple[str, ...]) -> set[str]:
    """Return the accounts that refused rows name."""
    if not cells.bad.any():
        return set()
    return {name for field in fields for name in cells.account(field).filter(cells.bad).to_list()}
