"""`recoup witness`: keys for journals and witnesses, and a witness that cosigns what only grew; see `recoup.witness`.

Exit codes: 0 done; 2 something given could not be used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option("--out", help="File of the private key; it must not exist.")]
IsJournal = Annotated[
    bool, typer.Option("--journal", help="A journal's key, named as the journal; else a witness's.")
]
Key = Annotated[Path, typer.Option("--key", help="File of the witness's private key.")]
Journals = Annotated[
    list[str], typer.Option("--journal", help="A journal's public key. May be repeated.")
]
Data = Annotated[Path, typer.Option("--data", help="Folder of the checkpoints.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]


def register(app: typer.Typer) -> None:
    """Add the command group `witness` to the program."""
    group = typer.Typer(
        name="witness",
        help="Watch that a journal only grows: keys, a witness.",
        no_args_is_help=True,
    )
    group.command("keys", epilog="Example: recoup witness keys bank.example --out witness.key")(
        keys
    )
    group.command("serve", epilog="Example: recoup witness serve --help")(serve)
    app.add_typer(group)


@contextmanager
def _faults() -> Iterator[None]:
    """Say what could not be used, and end with 2."""
    from recoup.errors import Fault

    try:
        yield
    except (Fault, OSError) as fault:
        print(f"recoup witness: {fault}", file=sys.stderr)
        raise typer.Exit(2) from fault


def keys(
    name: Annotated[str, typer.Argument(help="Whose key; without spaces and plus signs.")],
    *,
    out: Out,
    journal: IsJournal = False,
) -> None:
    """Make a key; the private half goes to a file, the public one is printed for the other side."""
    import os
    import secrets

    from recoup.journal.notes import Algorithm, NoteSecret

    kind = Algorithm.NOTE if journal else Algorithm.COSIGNATURE
    with _faults():
        secret = NoteSecret.make(name, kind, secrets.token_bytes(32))
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
    print(secret.key)


def serve(
    key: Key, journal: Journals, data: Data, *, host: Host = "127.0.0.1", port: Port = 8800
) -> None:
    """Run a witness: it cosigns a checkpoint only if it continues the last one. Ends at SIGTERM or SIGINT."""
    import socket

    import uvicorn

    from recoup.clock import SystemClock
    from recoup.errors import NoteFault
    from recoup.journal.notes import Algorithm, NoteKey, NoteSecret
    from recoup.witness import Witness
    from recoup.witness.http import application

    with _faults():
        secret = NoteSecret.parse(key.read_text(encoding="utf-8"))
        if secret.algorithm is not Algorithm.COSIGNATURE:
            raise NoteFault("--key: expected a witness's key, was a journal's")
        journals = [NoteKey.parse(text) for text in journal]
        if any(known.algorithm is not Algorithm.NOTE for known in journals):
            raise NoteFault("--journal: expected a journal's public key, was a witness's")
        app = application(Witness(secret, journals, data, SystemClock()))
        on = socket.create_server((host, port))
    for known in journals:
        print(f"Watching {known.name}", flush=True)
    print(f"Listening on http://{host}:{on.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[on])


__all__ = ["register"]
