"""`recoup centre`: what an operator does with a centre's files: replay the journal, back up, restore.

Exit codes: 0 done; 2 a record that is wrong, a snapshot that says something else, a backup that is torn, or a file that could
not be read or written.
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
        help="Look at a centre's journal, back it up, restore it; send a centre what another system holds.",
        epilog="Example: recoup centre replay journal.sqlite",
        no_args_is_help=True,
    )
    centre.callback()(_group)
    centre.command("replay", epilog="Example: recoup centre replay journal.sqlite")(replay_command)
    centre.command(
        "import",
        epilog="Example: recoup centre import register.csv --kind register --system old --unit futian-1",
    )(import_command)
    centre.command("backup", epilog="Example: recoup centre backup --data centre --to copy")(
        backup_command
    )
    centre.command("restore", epilog="Example: recoup centre restore --from copy --data centre")(
        restore_command
    )
    app.add_typer(centre, name="centre")


def _group() -> None:
    """Look at a centre's journal, back it up, restore it; send a centre what another system holds."""


def backup_command(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the centre.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="New or empty folder.")],
) -> None:
    """Copy a centre's journal and vault while it runs, and verify the copy. The master key is not copied."""
    from recoup.clock import SystemClock
    from recoup.errors import Fault
    from recoup.stores.sqlite.backup import JOURNAL, back_up

    try:
        made = back_up(data, to, SystemClock().now())
        _verify(to / JOURNAL, made.records)
    except (Fault, OSError) as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    print(f"records   {made.records}")
    print(f"hash      {made.hash}")
    print(f"epoch     {made.epoch}")


def restore_command(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="Folder of the backup.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="New folder to make.")],
    epoch_above: Annotated[
        int, typer.Option("--epoch-above", min=0, help="An epoch that institutions have seen.")
    ] = 0,
) -> None:
    """Make a centre's folder from a backup. Its epoch is raised, so institutions listen to the old centre no longer."""
    from recoup.clock import SystemClock
    from recoup.errors import Fault
    from recoup.stores.sqlite.backup import JOURNAL, checked, put_back

    try:
        _verify(source / JOURNAL, checked(source).records)
        epoch = put_back(source, data, SystemClock().now(), epoch_above)
    except (Fault, OSError) as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    print(f"epoch     {epoch}")
    key = data.absolute().with_name(data.absolute().name + ".key")
    if not key.exists():
        print(f"now put the vault's master key at {key}")


def _verify(path: Path, records: int) -> None:
    """Recompute the journal of a copy; raise `StoreFault` naming the first wrong record."""
    from recoup.errors import StoreFault
    from recoup.journal import Verified, verify
    from recoup.stores.sqlite import SqliteJournal

    journal = SqliteJournal.read(path)
    found = verify(journal.records())
    journal.close()
    if not isinstance(found, Verified):
        raise StoreFault(f"record {found.sequence}: {found.kind}: {found.what}")
    if found.records != records:
        raise StoreFault(f"expected {records} records, was {found.records}")


def replay_command(file: File) -> None:
    """Fold every event of a journal; count holds and orders by state, what is due and what waits to be sent."""
    from recoup import limits
    from recoup.centre import View
    from recoup.centre.figuring import kept_figures
    from recoup.centre.snapshots import encode_state, restore
    from recoup.clock import SystemClock
    from recoup.errors import Fault
    from recoup.stores.sqlite import SqliteJournal

    try:
        journal = SqliteJournal.read(file)
        view = View(journal, from_snapshot=False)
        kept, figures = restore(journal), kept_figures(journal)
        due = len(journal.due(SystemClock().now(), limits.PAGE_ROWS_MAX))
        waiting = len(journal.pending(limits.PAGE_ROWS_MAX))
        if kept is not None:
            then = View(journal)
            if encode_state(then.state) != encode_state(view.state):
                print(f"expected the snapshot after record {kept[1]} to hold", file=sys.stderr)
                raise typer.Exit(2)
        if figures is not None and not figures[1]:
            print(f"expected the figures after record {figures[0]} to hold", file=sys.stderr)
            raise typer.Exit(2)
        journal.close()
    except Fault as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    print(f"records   {view.sequence}")
    print(f"snapshot  {'none' if kept is None else f'after record {kept[1]}, holds'}")
    print(f"figures   {'none' if figures is None else f'after record {figures[0]}, hold'}")
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


__all__ = ["backup_command", "register", "replay_command", "restore_command"]
