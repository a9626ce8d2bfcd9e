"""`recoup centre replay FILE`: reads a centre's journal as a centre does at its start, and says what it knows. Changes nothing.

Exit codes: 0 replayed; 2 a record that is wrong, a snapshot that says something else, or a file that could not be read.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recoup.cli.importing import import_command

if TYPE_CHECKING:
    from recoup.centre import CentreState

File = Annotated[Path, typer.Argument(metavar="FILE", help="The centre's journal: a SQLite file.")]


def register(app: typer.Typer) -> None:
    """Add the command group `centre` to the program."""
    centre = typer.Typer(
        help="Look at a centre's journal; send it what another system holds.",
        epilog="Example: recoup centre replay journal.sqlite",
        no_args_is_help=True,
    )
    centre.callback()(_group)
    centre.command("replay", epilog="Example: recoup centre replay journal.sqlite")(replay_command)
    centre.command(
        "import",
        epilog="Example: recoup centre import register.csv --kind register --system old --unit futian-1",
    )(import_command)
    app.add_typer(centre, name="centre")


def _group() -> None:
    """Look at a centre's journal; send it what another system holds."""


def replay_command(file: File) -> None:
    """Fold every event of a journal; count holds and orders by state, what is due and what waits to be sent."""
    from recoup import limits
    from recoup.centre import View
    from recoup.centre.snapshots import encode_state, restore
    from recoup.clock import SystemClock
    from recoup.errors import Fault
    from recoup.stores.sqlite import SqliteJournal

    try:
        journal = SqliteJournal.read(file)
        view = View(journal, from_snapshot=False)
        kept = restore(journal)
        due = len(journal.due(SystemClock().now(), limits.PAGE_ROWS_MAX))
        waiting = len(journal.pending(limits.PAGE_ROWS_MAX))
        if kept is not None:
            then = View(journal)
            if encode_state(then.state) != encode_state(view.state):
                print(f"expected the snapshot after record {kept[1]} to hold", file=sys.stderr)
                raise typer.Exit(2)
        journal.close()
    except Fault as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    print(f"records   {view.sequence}")
    print(f"snapshot  {'none' if kept is None else f'after record {kept[1]}, holds'}")
    _print_states(view.state)
    print(f"due       {due}")
    print(f"to send   {waiting}")


def _print_states(state: CentreState) -> None:
    """Print how many holds and orders are in each state, and what is held by currency."""
    holds = Counter(hold.state.value for hold in state.holds.values())
    orders = Counter(t.state.value for hold in state.holds.values() for t in hold.orders)
    held = Counter[str]()
    for hold in state.holds.values():
        held[hold.key.currency] += hold.held
    for title, counts in (("holds", holds), ("orders", orders)):
        print(f"{title:<10}{counts.total()}")
        for name, count in sorted(counts.items()):
            print(f"  {name:<20}{count}")
    for currency, minor in sorted(held.items()):
        print(f"held      {minor} minor units of {currency}")


__all__ = ["register", "replay_command"]
