"""`recoup bench`: measures this machine and this version. The benches themselves live in `recoup.bench`."""

from __future__ import annotations

import typer

from recoup.bench.command import register as register_benches


def register(app: typer.Typer) -> None:
    """Add the command group `bench` to the program."""
    register_benches(app)


__all__ = ["register"]
