"""`recoup check`: what an accountant looks at before any tracing. Reads, reports, and writes nothing but a map on request."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recoup.errors import InputFault

if TYPE_CHECKING:
    from recoup.reading import ReadingOptions

Files = Annotated[
    list[Path],
    typer.Argument(
        help="Statements and ledgers, and folders of them.", metavar="FILES...", show_default=False
    ),
]
MapFile = Annotated[
    Path | None,
    typer.Option("--map", help="map.toml: headers and words that no header says.", metavar="FILE"),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", help="IANA zone of times that state none.", metavar="ZONE"),
]
DigitsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--digits", help="Decimals of a currency, e.g. JPY=2; may be repeated.", metavar="CUR=N"
    ),
]
Opening = Annotated[
    Path | None,
    typer.Option("--opening", help="Opening balances: account,time,balance.", metavar="FILE"),
]
SaveMap = Annotated[
    Path | None,
    typer.Option("--save-map", help="Write what was recognised as a map.", metavar="FILE"),
]
GapDays = Annotated[
    int, typer.Option("--gap-days", help="A time without rows longer than this is a gap.", min=1)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command `check` to the program."""
    app.command("check", epilog="Example: recoup check statements/ --timezone Asia/Shanghai")(check)


def check(
    files: Files,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    opening: Opening = None,
    save_map_to: SaveMap = None,
    gap_days: GapDays = 30,
    *,
    as_json: AsJson = False,
) -> None:
    """Look through statements before tracing: gaps, balance breaks, overlaps, duplicates, one-sided transfers, per account.

    Exit code 0: clean; 1: something to look at; 2: a file could not be read.

    Example: recoup check statements/ --timezone Asia/Shanghai
    """
    from recoup.cli import check_report as shown
    from recoup.reading import read_transfers, save_map
    from recoup.reading.report import examine

    try:
        options = _options(map_file, timezone, digits)
    except InputFault as fault:
        shown.print_problems(fault.problems)
        raise typer.Exit(shown.UNREADABLE) from None
    reading = read_transfers(files, options)
    reports = examine(reading, timedelta(days=gap_days))
    problems = list(reading.problems)
    if opening is not None:
        problems += shown.opening_problems(opening, reading, options)
    if save_map_to is not None and reading.recognised:
        save_map(save_map_to, shown.recognised_map(reading, options))
    if as_json:
        typer.echo(
            json.dumps(
                shown.as_document(reading, reports, problems, options.digits),
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        shown.print_report(reading, reports, problems, options.digits)
    raise typer.Exit(shown.exit_code(reading, reports, problems))


def _options(
    map_file: Path | None, timezone: str | None, digits: list[str] | None
) -> ReadingOptions:
    from recoup.reading import ReadingOptions, load_map, parse_digits

    try:
        declared = parse_digits(digits or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--digits") from None
    return ReadingOptions(
        mapping=load_map(map_file) if map_file else None, timezone=timezone, digits=declared
    )
