"""`recoup rehearse`: policies play one simulated country; figures, limits, report. The work is in `recoup.rehearse`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never

import typer
from typer.core import TyperGroup

from recoup.cli.rehearse_files import register_files
from recoup.cli.screen import REFUSED, refusing

if TYPE_CHECKING:
    from recoup.rehearse.running import Run
    from recoup.rehearse.sweeping import Swept, Term

RUN = "run"


class _RunByDefault(TyperGroup):
    """`recoup rehearse city.toml` is `recoup rehearse run city.toml`: the first word is a scenario unless it is a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - a class of typer's own inside
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
SweepOf = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        metavar="TERM=V1,V2",
        help="Play the scenario with a term changed, such as report_delay=10m,1h; may be repeated.",
    ),
]
Seeds = Annotated[
    int, typer.Option("--seeds", help="Of a sweep: seeds from --seed on, for intervals.")
]


def register(app: typer.Typer) -> None:
    """Add the commands `rehearse ...` to the program."""
    register_files(group)
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
    sweep: SweepOf = None,
    seeds: Seeds = 1,
) -> None:
    """Play a scenario under each policy, show it live, and print what each kept beside what nobody can beat."""
    from recoup.cli.rehearse_screen import print_figures, print_sweep, sweeping, watching
    from recoup.rehearse.policies import require_unseen
    from recoup.rehearse.report import document
    from recoup.rehearse.running import rehearse
    from recoup.rehearse.scenario import read_scenario
    from recoup.rehearse.sweeping import POINTS_MAX, points_of, swept_document
    from recoup.rehearse.sweeping import sweep as play_points

    with refusing():
        if language not in {"zh", "en"}:
            _refuse(f"expected --language zh or en, was {language!r}")
        if workers is not None and not 1 <= workers <= 64:
            _refuse(f"expected --workers from 1 to 64, was {workers}")
        if not 0 <= seed < 2**31:
            _refuse(f"expected --seed from 0 to {2**31 - 1}, was {seed}")
        names = _policies(policies)
        read = read_scenario(scenario)
        terms = _terms(sweep or [])
        if not 1 <= seeds <= 1000:
            _refuse(f"expected --seeds from 1 to 1000, was {seeds}")
        require_unseen(read, names, range(seed, seed + seeds))
        is_swept = bool(terms) or seeds > 1
        if is_swept and report is None:
            _refuse(
                "a sweep keeps its points in --report DIR, so that a second run goes on: name one"
            )
        points = tuple(points_of(read, terms, range(seed, seed + seeds))) if is_swept else ()
        if len(points) > POINTS_MAX:
            _refuse(f"expected at most {POINTS_MAX} points of a sweep, was {len(points)}")
        _writable(json_out, report)
        with watching(names) as told:
            found = rehearse(read, seed, names, workers=workers, told=told)
        print_figures(found)
        swept = None
        if report is not None and points:
            with sweeping(len(points)) as progress:
                swept = play_points(
                    points, terms, names, report / "points", workers=workers, progress=progress
                )
            print_sweep(swept)
        out = document(found, str(scenario))
        if swept is not None:
            out["sweep"] = swept_document(swept)
        _write(found, out, swept, json_out, report, language)
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


def _terms(asked: list[str]) -> tuple[Term, ...]:
    """Return the terms of a sweep; whether a value is one of its term is seen when its point is made."""
    from recoup.rehearse.sweeping import Term

    out: list[Term] = []
    for text in asked:
        name, equals, values = (part.strip() for part in text.partition("="))
        given = tuple(value.strip() for value in values.split(","))
        if not (name and equals and all(given)):
            _refuse(f"expected --sweep term=value,value, was {text!r}")
        if name in {term.name for term in out}:
            _refuse(f"--sweep {name} is given twice")
        out.append(Term(name, tuple(dict.fromkeys(given))))
    return tuple(out)


def _refuse(words: str) -> Never:
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
    found: Run,
    out: dict[str, Any],
    swept: Swept | None,
    json_out: Path | None,
    report: Path | None,
    language: str,
) -> None:
    from recoup.rehearse.report import write_report

    if json_out is not None:
        text = json.dumps(out, indent=1, ensure_ascii=False)
        json_out.write_text(text + "\n", encoding="utf-8", newline="\n")
        print(f"figures: {json_out}")
    if report is not None:
        write_report(found, out, report, language, swept)
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
