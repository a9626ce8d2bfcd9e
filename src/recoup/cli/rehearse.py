"""`recoup rehearse`: policies play one simulated country; figures, limits, report. The work is in `recoup.rehearse`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from typer.core import TyperGroup

from recoup.cli.screen import REFUSED, refusing

if TYPE_CHECKING:
    from recoup.rehearse.running import Run

RUN = "run"


class _RunByDefault(TyperGroup):
    """`recoup rehearse city.toml` is `recoup rehearse run city.toml`: the first word is a scenario unless it is a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front of a scenario."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [RUN, *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=_RunByDefault,
    help="Let policies play a simulated country with known crimes, and count what each of them keeps.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: recoup rehearse examples/city.toml --policies none,med2 --report out/city",
)

ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="A scenario in TOML, such as examples/city.toml.")
]
Seed = Annotated[int, typer.Option("--seed", help="Of everything that is drawn.")]
Policies = Annotated[
    str, typer.Option("--policies", help="Names with commas between them, or all.")
]
JsonOut = Annotated[
    Path | None,
    typer.Option("--json", metavar="OUT", help="Write every figure here (recoup rehearse schema)."),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write page, press table and cases here."),
]
Language = Annotated[str, typer.Option("--language", help="Of the page: zh or en.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", help="Processes; as many as there are cores if not given."),
]


def register(app: typer.Typer) -> None:
    """Add the commands `rehearse ...` to the program."""
    app.add_typer(group, name="rehearse")


@group.command(RUN, epilog="Exit codes: 0 played; 1 an identity of money does not hold; 2 refused.")
def run(
    scenario: ScenarioFile,
    *,
    seed: Seed = 1,
    policies: Policies = "all",
    json_out: JsonOut = None,
    report: Report = None,
    language: Language = "zh",
    workers: Workers = None,
) -> None:
    """Play a scenario under each policy, show it live, and print what each kept beside what nobody can beat."""
    from recoup.cli.rehearse_screen import print_figures, watching
    from recoup.rehearse.report import document
    from recoup.rehearse.running import rehearse
    from recoup.rehearse.scenario import read_scenario

    with refusing():
        if language not in {"zh", "en"}:
            _refuse(f"expected --language zh or en, was {language!r}")
        if workers is not None and not 1 <= workers <= 64:
            _refuse(f"expected --workers from 1 to 64, was {workers}")
        if not 0 <= seed < 2**31:
            _refuse(f"expected --seed from 0 to {2**31 - 1}, was {seed}")
        names = _policies(policies)
        read = read_scenario(scenario)
        _writable(json_out, report)
        with watching(names) as told:
            found = rehearse(read, seed, names, workers=workers, told=told)
        out = document(found, str(scenario))
        print_figures(found)
        _write(found, out, json_out, report, language)
    _end(found)


@group.command("schema")
def schema(
    *,
    scenario: Annotated[bool, typer.Option("--scenario", help="Of scenarios.")] = False,
    out: Annotated[bool, typer.Option("--out", help="Of what --json writes.")] = False,
) -> None:
    """Print the JSON Schema of scenarios or of figures."""
    from recoup.rehearse.report import out_schema
    from recoup.rehearse.scenario import scenario_schema

    if scenario == out:
        _refuse("name one of --scenario and --out")
    print(json.dumps(scenario_schema() if scenario else out_schema(), indent=2, ensure_ascii=False))


def _policies(asked: str) -> tuple[str, ...]:
    """Return the policies that are asked for; end with `REFUSED` where one is unknown."""
    from recoup.rehearse.running import known_policies

    known = known_policies()
    names = known if asked == "all" else tuple(name.strip() for name in asked.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        _refuse(f"no policy {', '.join(map(repr, unknown))}: there are {', '.join(known)}, or all")
    return tuple(dict.fromkeys(names))


def _refuse(words: str) -> None:
    print(f"recoup rehearse: {words}", file=sys.stderr)
    raise typer.Exit(REFUSED)


def _writable(json_out: Path | None, report: Path | None) -> None:
    """Make the folders before the play, so that a name that cannot be written is refused before it took its time."""
    if json_out is not None:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        json_out.touch()
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)


def _write(
    found: Run, out: dict[str, Any], json_out: Path | None, report: Path | None, language: str
) -> None:
    from recoup.rehearse.report import write_report

    if json_out is not None:
        text = json.dumps(out, indent=1, ensure_ascii=False)
        json_out.write_text(text + "\n", encoding="utf-8", newline="\n")
        print(f"figures: {json_out}")
    if report is not None:
        write_report(found, out, report, language)
        print(f"report: {report / 'report.html'}")


def _end(found: Run) -> None:
    """End with 1 when figures and books do not agree: then no figure of the run may be used."""
    for policy, one in found.failures:
        print(
            f"recoup rehearse: {policy}: {one.name}: {one.left} {one.relation} {one.right} does not hold",
            file=sys.stderr,
        )
    if found.failures:
        raise typer.Exit(1)


__all__ = ["group", "register"]
