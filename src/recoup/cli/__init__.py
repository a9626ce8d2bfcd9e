"""The command line. Each command is a file of its own and imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import io
import sys

import typer

from recoup.cli import (
    bank,
    bench,
    centre,
    check,
    demo,
    policy,
    rehearse,
    returning,
    serve,
    trace,
    verify,
    watch,
    witness,
)

app = typer.Typer(
    name="recoup",
    help="Stop, intercept, trace and return defrauded money.",
    epilog="Example: recoup trace --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _program() -> None:
    """Stop, intercept, trace and return defrauded money."""


trace.register(app)
check.register(app)
returning.register(app)
policy.register(app)
verify.register(app)
serve.register(app)
centre.register(app)
bank.register(app)
demo.register(app)
rehearse.register(app)
witness.register(app)
watch.register(app)
bench.register(app)


def main() -> None:
    """Run the program. Letters that the terminal's encoding lacks are shown as escapes: they must not end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


__all__ = ["app", "main"]
