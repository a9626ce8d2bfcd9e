"""What `recoup check` prints: the report as a table, as lines, or as JSON. Reads no file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

import typer

from recoup.cli.asked import refuse
from recoup.cli.screen import print_problems, print_table
from recoup.limits import PROBLEMS_SHOWN_MAX
from recoup.money import Digits, format_minor
from recoup.reading import ColumnMap, Reading, ReadingOptions, is_fatal
from recoup.reading.options import Shape
from recoup.reading.report import AccountReport
from recoup.records.problems import Problem

CLEAN: Final = 0
FINDINGS: Final = 1
UNREADABLE: Final = 2
_ABOUT_ROWS: Final = frozenset({"balance_mismatch", "pocket_too_large"})
_ACCOUNTS_SHOWN_MAX: Final = 200


def exit_code(
    reading: Reading, reports: Iterable[AccountReport], problems: Iterable[Problem]
) -> int:
    """Return 2 if a file could not be read, 1 if there is anything to look at, else 0."""
    found = list(problems)
    nothing_left = reading.rows_rejected and reading.transfers.is_empty()
    if nothing_left or any(
        is_fatal(problem) and problem.code not in _ABOUT_ROWS for problem in found
    ):
        return UNREADABLE
    if found or reading.doubtful.height or any(report.findings for report in reports):
        return FINDINGS
    return CLEAN


def recognised_map(reading: Reading, options: ReadingOptions) -> ColumnMap:
    """Return a map that says what was recognised in the tables of transfers, on top of the map that was used.

    Raises `InputFault` if there is no such table, or if they have several layouts: one map cannot be right for all of them.
    """
    first: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
    for index, what in reading.recognised:
        if what.shape in {"ledger", "statement"}:
            layout = (what.shape, frozenset(what.fields.items()))
            first.setdefault(layout, reading.sources[index].file)
    if len(first) != 1:
        found = f"{len(first)} layouts" + (f", as in {', '.join(first.values())}" if first else "")
        raise refuse("--save-map", "layouts_differ", found)
    ((shape, fields),) = first
    kind: Shape = "statement" if shape == "statement" else "ledger"
    return replace(options.map, columns=dict(sorted(fields)), shape=kind, timezone=options.zone)


def as_document(
    reading: Reading, reports: Iterable[AccountReport], problems: Iterable[Problem], digits: Digits
) -> dict[str, object]:
    """Return the whole report as plain values; amounts are decimal text, times ISO 8601."""
    accounts = []
    for report in reports:
        places = digits.of(report.currency)
        plain = asdict(report)
        plain |= {
            "first": _iso(report.first),
            "last": _iso(report.last),
            "opening": _amount(report.opening, places),
        }
        plain["breaks"] = [
            {
                "place": one.place,
                "expected": _amount(one.expected, places),
                "found": _amount(one.found, places),
            }
            for one in report.breaks
        ]
        plain["gaps"] = [
            {"start": _iso(gap.start), "end": _iso(gap.end), "proof": gap.proof}
            for gap in report.gaps
        ]
        accounts.append(plain)
    files = [
        asdict(source)
        | {
            "shape": dict(reading.recognised)[index].shape
            if index in dict(reading.recognised)
            else ""
        }
        for index, source in enumerate(reading.sources)
    ]
    return {
        "files": files,
        "transfers": reading.transfers.height,
        "rows_failed": reading.rows_failed,
        "rows_neutral": reading.rows_neutral,
        "rows_repeated": reading.rows_repeated,
        "rows_rejected": reading.rows_rejected,
        "skipped": list(reading.skipped),
        "accounts": accounts,
        "doubtful": reading.doubtful.to_dicts(),
        "problems": [asdict(problem) for problem in problems],
    }


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _amount(minor: int | None, places: int) -> str | None:
    return None if minor is None else format_minor(minor, places)


def print_report(
    reading: Reading, reports: tuple[AccountReport, ...], problems: list[Problem], digits: Digits
) -> None:
    """Print the report: accounts with findings first, then every finding on a line, then the counts."""
    header = (
        "account",
        "name",
        "currency",
        "rows",
        "from",
        "to",
        "order",
        "breaks",
        "gaps",
        "one-sided",
        "repeated",
    )
    shown = sorted(reports, key=lambda report: (-report.findings, report.account, report.currency))[
        :_ACCOUNTS_SHOWN_MAX
    ]
    body = [_line(report) for report in shown]
    print_table(header, body)
    if len(reports) > len(shown):
        typer.echo(
            f"... and {len(reports) - len(shown)} more accounts with no more findings (all of them with --json)"
        )
    for report in shown:
        _print_details(report, digits.of(report.currency))
    for row in reading.doubtful.head(PROBLEMS_SHOWN_MAX).iter_rows(named=True):
        other = f" and {row['payee_file']}:{row['payee_row']}" if row["payee_file"] else ""
        typer.echo(f"doubtful: {row['payer_file']}:{row['payer_row']}{other}: {row['reason']}")
    for name in reading.skipped:
        typer.echo(f"passed over: {name}: no table of transfers or accounts")
    print_problems(problems)
    files, sheets = len({source.file for source in reading.sources}), len(reading.sources)
    several = f" ({sheets} sheets)" if sheets > files else ""
    typer.echo(
        f"{reading.transfers.height} transfers, {len(reports)} accounts, {files} files{several}; "
        f"rows: {reading.rows_rejected} refused, {reading.rows_failed} failed payments, "
        f"{reading.rows_repeated} repeated, {reading.rows_neutral} skipped by the map"
    )


def _line(report: AccountReport) -> tuple[str, ...]:
    open_gaps = sum(gap.proof != "quiet" for gap in report.gaps)
    order = ", ".join(dict.fromkeys(report.order))
    counts = (len(report.breaks), open_gaps, len(report.one_sided), report.repeated)
    return (
        report.account,
        report.name,
        report.currency,
        str(report.rows),
        f"{report.first:%Y-%m-%d}",
        f"{report.last:%Y-%m-%d}",
        order,
        *map(str, counts),
    )


def _print_details(report: AccountReport, places: int) -> None:
    for one in report.breaks:
        typer.echo(
            f"{report.account}: {one.place}: balance {format_minor(one.found, places)}, "
            f"rows before lead to {format_minor(one.expected, places)}"
        )
    for gap in report.gaps:
        words = {
            "quiet": "balances agree on both sides",
            "missing": "balances show that rows are missing",
            "unproved": "no balances to prove it",
        }
        typer.echo(
            f"{report.account}: no rows from {gap.start:%Y-%m-%d} to {gap.end:%Y-%m-%d}: {words[gap.proof]}"
        )
    for sided in report.one_sided:
        typer.echo(
            f"{report.account}: {sided.place}: transfer {sided.transfer} is not in the statement of {sided.other}"
        )
