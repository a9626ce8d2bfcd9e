"""`recoup demo`: an invented case through a real centre and sandbox institutions. The work is in `recoup.demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recoup.demo.notice import Noticed as Noted
    from recoup.demo.play import Played

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for journal, books and logs; a new one if not given."),
]
Noticed = Annotated[
    bool,
    typer.Option(
        "--notice",
        help="Another case, in virtual time: public notices of thirty days, objections, all documents.",
    ),
]

Export = Annotated[
    Path | None,
    typer.Option(
        "--export",
        help="A case of a rehearsal: a folder that `recoup rehearse export` wrote. If there is none yet, a village of 2,000 "
        "people is played and written there.",
    ),
]
Reported = Annotated[
    str,
    typer.Option("--report", help="Which report of the export, as r3; the largest if not given."),
]


def register(app: typer.Typer) -> None:
    """Add the command `demo` to the program."""
    app.command("demo", epilog="Example: recoup demo --out out/demo")(demo)


def demo(
    *, out: Out = None, notice: Noticed = False, export: Export = None, report: Reported = ""
) -> None:
    """Start a centre and sandbox institutions and play one case from report to receipt. A minute, all on this machine."""
    from recoup.errors import Fault

    if (notice and export) or (report and not export):
        print("recoup demo: --report goes with --export, --notice with neither", file=sys.stderr)
        raise typer.Exit(2)
    folder = out or Path(mkdtemp(prefix="recoup-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "centre.sqlite").exists():
        print(
            f"recoup demo: {folder} has a demo in it already: name another folder", file=sys.stderr
        )
        raise typer.Exit(2)
    try:
        if notice:
            from recoup.demo import play_notice

            _sum_up_notice(play_notice(folder, _say), folder)
        else:
            _sum_up(_played(folder, export, report))
    except (Fault, OSError) as fault:
        print(f"recoup demo: {fault}; logs of the institutions lie in {folder}", file=sys.stderr)
        raise typer.Exit(2) from fault


def _played(folder: Path, export: Path | None, report: str) -> Played:
    """Play the demo's own case, or one of an export."""
    from recoup.demo import play

    if export is None:
        return play(folder, _say)
    from recoup.demo.exported import read_export, write_village

    if not export.exists():
        _say(f"a village of 2,000 people is played and written to {export}")
        write_village(export)
    case = read_export(export, report)
    _say(f"{case.report} of {export}: {len(case.institution)} accounts, {len(case.transfers)} rows")
    return play(folder, _say, case.scene)


def _say(words: str) -> None:
    print(words, flush=True)


def _sum_up(played: Played) -> None:
    """Print how the case stands at the end."""
    _print_sums(
        ("reported", played.reported),
        ("held, gross", played.held),
        ("held, net unique", played.net),
        ("overlap", played.overlap),
        ("frozen", played.frozen),
        ("left the system", played.exited),
        ("returned", played.returned),
        ("still frozen", played.left),
    )
    print(f"\n{played.records} records; check them yourself: recoup verify {played.journal}")


def _sum_up_notice(played: Noted, folder: Path) -> None:
    """Print how the second case stands at the end, and that its days did not pass here."""
    _print_sums(
        ("frozen", played.frozen), ("returned", played.returned), ("still frozen", played.left)
    )
    print(
        f"\nvirtual time: the clock of centre and banks was moved by hand over {played.days} days"
    )
    print(f"{played.papers} documents: {folder}")
    print(f"{played.records} records; check them yourself: recoup verify {played.journal}")


def _print_sums(*rows: tuple[str, int]) -> None:
    from recoup.money import format_minor

    print()
    for words, amount in rows:
        print(f"{words:<17}{format_minor(amount, 2):>12}")


__all__ = ["demo", "register"]
