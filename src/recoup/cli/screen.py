"""What commands show on a terminal: problems one by one, tables, progress of work over a second. Quiet when nobody watches.

Names of files and accounts are shown as they are: what looks like markup of the library that draws is text like any other.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import typer

from recoup import limits

REFUSED: Final = 2
"""The exit code of a command that wrote nothing, since something must be put right first."""

if TYPE_CHECKING:
    from recoup.records.problems import Problem


class Tell(Protocol):
    """Says what is being done and, where it is known, how many of how many parts are done."""

    def __call__(self, doing: str, done: int = 0, total: int | None = None, /) -> None:
        """Show `doing`; without a total the bar only moves."""


def print_problems(problems: Iterable[Problem]) -> None:
    """Write problems to standard error, a line each, and how many more there are."""
    found = list(problems)
    for problem in found[: limits.PROBLEMS_SHOWN_MAX]:
        print(str(problem).removeprefix(": "), file=sys.stderr)  # one of no place: options together
    more = len(found) - limits.PROBLEMS_SHOWN_MAX
    if more > 0:
        print(f"and {more} more problems", file=sys.stderr)


@contextmanager
def refusing() -> Iterator[None]:
    """Say what of the input, the files or the machine must be put right first, and end with `REFUSED`."""
    from recoup.errors import Fault, InputFault

    try:
        yield
    except InputFault as fault:
        print_problems(fault.problems)
        raise typer.Exit(REFUSED) from None
    except (Fault, OSError) as fault:
        print(f"{fault}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a drawn table on a terminal, tab-separated lines otherwise."""
    if not sys.stdout.isatty():
        for row in (header, *rows):
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False).print(table)


@contextmanager
def working(after_seconds: float = 1.0) -> Iterator[Tell]:
    """Give a function that says what is being done; a bar shows it once work takes `after_seconds`, on a terminal only.

    A clock of its own brings the bar up: the step that takes long may be the last one told.
    """
    if not sys.stderr.isatty():
        yield lambda _doing, _done=0, _total=None, /: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("", total=None)

    def tell(doing: str, done: int = 0, total: int | None = None, /) -> None:
        progress.tasks[0].total = total  # update() would take None for "as before"
        progress.update(task, description=escape(doing), completed=done)

    clock = threading.Timer(after_seconds, progress.start)
    clock.daemon = True  # work that dies takes the bar along
    clock.start()
    try:
        yield tell
    finally:
        clock.cancel()
        clock.join()
        progress.stop()
