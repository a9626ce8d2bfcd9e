"""`recoup check`: what an accountant looks at before any tracing. Reads, reports, and writes nothing but a map on request."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recoup.cli.options import (
    DigitsOption,
    MapFile,
    Opening,
    Timezone,
    file_option,
    files_argument,
    reading_options,
)
from recoup.cli.screen import print_problems, working
from recoup.errors import InputFault

if TYPE_CHECKING:
    from recoup.reading import Reading, ReadingOptions
    from recoup.records.problems import Problem

Files = Annotated[list[Path], files_argument("FILES...")]
SaveMap = Annotated[Path | None, file_option("--save-map", "Write what was recognised as a map.")]
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
    """
    from recoup.cli import check_report as shown
    from recoup.cli.asked import check_map_place
    from recoup.reading import read_openings, read_transfers
    from recoup.reading.report import examine

    try:
        if save_map_to is not None:
            check_map_place(save_map_to, [*files, *filter(None, (opening,))])
        options = reading_options(map_file, timezone, digits)
    except InputFault as fault:
        print_problems(fault.problems)
        raise typer.Exit(shown.UNREADABLE) from None
    with working() as tell:
        reading = read_transfers(
            files, options, lambda name, at, count: tell(f"reading {name}", at, count)
        )
        tell("looking through the rows")
        reports = examine(reading, timedelta(days=gap_days))
    problems = list(reading.problems)
    if opening is not None:
        problems += read_openings(opening, reading.transfers, options).problems
    if save_map_to is not None:
        problems += _save(save_map_to, reading, options)
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


def _save(path: Path, reading: Reading, options: ReadingOptions) -> tuple[Problem, ...]:
    """Write the map of what was recognised; return why it could not be."""
    from recoup.cli.asked import refuse
    from recoup.cli.check_report import recognised_map
    from recoup.reading import save_map

    try:
        save_map(path, recognised_map(reading, options))
    except InputFault as fault:
        return fault.problems
    except OSError as error:
        return refuse("--save-map", "out_unwritable", f"{path}: {error.strerror}").problems
    return ()
