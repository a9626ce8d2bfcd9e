"""`recoup verify FILE`: recomputes a journal and compares it with checkpoints that others hold. Changes nothing.

Exit codes: 0 all of it holds; 2 the first wrong record, or a file that could not be read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recoup.journal import Checkpoint, OwnCheckpoint
    from recoup.journal.notes import NoteKey
    from recoup.journal.port import StoredCheckpoint

File = Annotated[Path, typer.Argument(metavar="FILE", help="The journal: a SQLite file.")]
Witness = Annotated[
    list[Path] | None,
    typer.Option(
        "--witness", help="A checkpoint as a witness holds it. May be given more than once."
    ),
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="The journal's public key: its checkpoints must be signed."),
]
WitnessKeys = Annotated[
    list[str] | None,
    typer.Option("--witness-key", help="A witness's public key. May be given more than once."),
]
Quorum = Annotated[
    int,
    typer.Option(
        "--quorum", help="Witnesses that must have cosigned each given checkpoint.", min=0
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command `verify` to the program."""
    app.command("verify", epilog="Example: recoup verify journal.sqlite --witness bank.checkpoint")(
        verify_command
    )


def verify_command(
    file: File,
    *,
    witness: Witness = None,
    key: Key = None,
    witness_key: WitnessKeys = None,
    quorum: Quorum = 0,
) -> None:
    """Recompute a journal: its chain, its tree, its checkpoints; name the first record that is wrong."""
    from recoup.errors import Fault, NoteFault
    from recoup.journal import Verified, verify
    from recoup.journal.notes import NoteKey
    from recoup.stores.sqlite import SqliteJournal

    try:
        log = None if key is None else NoteKey.parse(key)
        keys = [NoteKey.parse(text) for text in witness_key or ()]
        if quorum and (log is None or quorum > len(keys)):
            raise NoteFault("expected --key and as many --witness-key as --quorum asks for")
        held = [_held(path, log, keys, quorum) for path in witness or ()]
        journal = SqliteJournal.read(file)
        own = [_own(kept, log) for kept in journal.checkpoints()]
        found = verify(journal.records(), own, held)
        journal.close()
    except (Fault, OSError) as fault:
        print(fault, file=sys.stderr)
        raise typer.Exit(2) from fault
    if not isinstance(found, Verified):
        print(f"record {found.sequence}: {found.kind}: {found.what}", file=sys.stderr)
        raise typer.Exit(2)
    print(f"records      {found.records}")
    print(f"root         {found.root.hex()}")
    print(f"checkpoints  {len(own)} of the journal, {len(held)} of witnesses")
    print(f"vouched for  {found.vouched} records")


def _held(path: Path, log: NoteKey | None, keys: list[NoteKey], quorum: int) -> Checkpoint:
    """Return what a witness's file says; without the journal's key the file is believed as it is."""
    from recoup.errors import NoteFault
    from recoup.journal.checkpoint import open_checkpoint, parse_checkpoint
    from recoup.journal.notes import parse_note

    data = path.read_bytes()
    try:
        if log is None:
            return parse_checkpoint(parse_note(data).text)
        return open_checkpoint(data, log, keys, quorum)
    except NoteFault as fault:
        raise NoteFault(f"{path}: {fault}") from fault


def _own(kept: StoredCheckpoint, log: NoteKey | None) -> OwnCheckpoint:
    """Return the journal's own checkpoint, None in it if it cannot be read or is not signed."""
    from recoup.errors import NoteFault
    from recoup.journal import OwnCheckpoint
    from recoup.journal.checkpoint import open_checkpoint, parse_checkpoint
    from recoup.journal.notes import parse_note

    try:
        note = parse_note(kept.note)
        return OwnCheckpoint(
            kept.size,
            parse_checkpoint(note.text) if log is None else open_checkpoint(kept.note, log),
        )
    except NoteFault:
        return OwnCheckpoint(kept.size, None)


__all__ = ["register", "verify_command"]
