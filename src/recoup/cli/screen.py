"""What commands show on a terminal: problems one by one, tables, progress of work over a second. Quiet when nobody watches.

Names of files and accounts are shown as they are: what looks like markup of the library that draws is text like any other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recoup import limits

if TYPE_CHECKING:
    from recoup.records.problems import Problem

Tell = Callable[[str], None]


def print_problems(problems: Iterable[Problem]) -> None:
    """Write problems to standard error, a line each, and how many more there are."""
    found = list(problems)
    for problem in found[: limits.PROBLEMS_SHOWN_MAX]:
        print(str(problem).removeprefix(": "), file=sys.stderr)  # one of no place: options together
    more = len(found) - limits.PROBLEMS_SHOWN_MAX
    if more > 0:
        print(f"and {more} more problems", file=sys.stderr)


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
def working() -> Iterator[Tell]:
    """Give a function that says what is being done; shown after a second of work, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    console, started = Console(stderr=True), time.monotonic()
    with console.status("") as status:
        status.stop()
        shown = False

        def tell(text: str) -> None:
            nonlocal shown
            if time.monotonic() - started > 1.0 and not shown:
                status.start()
                shown = True
            status.update(Text(text))

        yield tell
