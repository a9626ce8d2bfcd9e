"""`recoup demo`: one invented case through a real centre and six sandbox institutions. The work is in `recoup.demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for journal, books and logs; a new one if not given."),
]


def register(app: typer.Typer) -> None:
    """Add the command `demo` to the program."""
    app.command("demo", epilog="Example: recoup demo --out out/demo")(demo)


def demo(*, out: Out = None) -> None:
    """Start a centre and six sandbox institutions and play one case from report to receipt. A minute, all on this machine."""
    from recoup.demo import play
    from recoup.errors import Fault
    from recoup.money import format_minor

    folder = out or Path(mkdtemp(prefix="recoup-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "centre.sqlite").exists():
        print(
            f"recoup demo: {folder} has a demo in it already: name another folder", file=sys.stderr
        )
        raise typer.Exit(2)
    try:
        played = play(folder, lambda words: print(words, flush=True))
    except (Fault, OSError) as fault:
        print(f"recoup demo: {fault}; logs of the institutions lie in {folder}", file=sys.stderr)
        raise typer.Exit(2) from fault
    print()
    for words, amount in (
        ("reported", played.reported),
        ("held, gross", played.held),
        ("held, net unique", played.net),
        ("overlap", played.overlap),
        ("frozen", played.frozen),
        ("left the system", played.exited),
        ("returned", played.returned),
        ("still frozen", played.left),
    ):
        print(f"{words:<17}{format_minor(amount, 2):>12}")
    print(f"\n{played.records} records; check them yourself: recoup verify {played.journal}")


__all__ = ["demo", "register"]
