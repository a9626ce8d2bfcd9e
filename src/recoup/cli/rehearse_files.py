"""`recoup rehearse export` and `import-patterns`: a play as files for the other commands, and patterns of others to play."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recoup.cli.screen import print_table, refusing, working

ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="A scenario in TOML, such as examples/city.toml.")
]


def register_files(group: typer.Typer) -> None:
    """Add both commands to `recoup rehearse`."""
    group.command(
        "export",
        epilog="Example: recoup rehearse export examples/city.toml --seed 1 --policy med2 --out out/city-files",
    )(export)
    group.command(
        "import-patterns",
        epilog="Example: recoup rehearse import-patterns patterns.parquet --into examples/city.toml --compress 24 "
        "--out planted.toml",
    )(import_patterns)


def export(
    scenario: ScenarioFile,
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files; made if need be.")
    ],
    seed: Annotated[
        int, typer.Option("--seed", help="Of everything that is drawn.", min=0, max=2**31 - 1)
    ] = 1,
    policy: Annotated[
        str, typer.Option("--policy", help="Whose play; none: nobody acts.")
    ] = "none",
    form: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="Of the transfers.")
    ] = "csv",
) -> None:
    """Play a scenario under one policy and write it as files that recoup trace, return and watch read, the truth apart.

    Exit code 0: played and written; 2: refused, and nothing was written.
    """
    from recoup.rehearse.country import make_country
    from recoup.rehearse.exporting import FORMATS
    from recoup.rehearse.exporting import export as write
    from recoup.rehearse.playing import play
    from recoup.rehearse.policies import policy_of
    from recoup.rehearse.running import known_policies
    from recoup.rehearse.scenario import read_scenario

    if policy not in known_policies():
        raise typer.BadParameter(f"one of {', '.join(known_policies())}", param_hint="--policy")
    if form not in FORMATS:
        raise typer.BadParameter(" or ".join(FORMATS), param_hint="--format")
    with refusing(), working() as tell:
        read = read_scenario(scenario)
        out.mkdir(parents=True, exist_ok=True)
        tell("making the country")
        country = make_country(read, seed)
        tell("playing")
        played = play(country, policy_of(policy, read, seed), read)
        tell("writing")
        rows = write(played, out, form=form)
    print_table(["file", "rows"], [[name, str(count)] for name, count in rows.items()])
    print(f"files: {out}")


def import_patterns(
    patterns: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Payments of patterns, CSV or Parquet: attempt, typology, timestamp, from_bank, from_account, ...",
        ),
    ],
    *,
    into: Annotated[
        Path, typer.Option("--into", metavar="SCENARIO", help="The scenario that takes them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="TOML", help="The scenario with the patterns planted.")
    ],
    compress: Annotated[
        int,
        typer.Option(
            "--compress", metavar="N", help="Divide their times by this.", min=1, max=10**6
        ),
    ] = 1,
    share: Annotated[
        float,
        typer.Option("--share", help="Of the frauds that are laundered so.", min=0.0, max=1.0),
    ] = 1.0,
    most: Annotated[
        int | None, typer.Option("--first", metavar="N", help="Only the first ones.", min=1)
    ] = None,
) -> None:
    """Plant laundering patterns of a file into a scenario, to be played by every policy like any other.

    Exit code 0: written; 2: refused, and nothing was written.
    """
    from dataclasses import replace

    from recoup.rehearse.planting import patterns_of
    from recoup.rehearse.scenario import PlantedTerms, read_scenario, scenario_of, scenario_text

    if out.exists() and (out.samefile(patterns) or out.samefile(into)):
        raise typer.BadParameter("another file than those that are read", param_hint="--out")
    with refusing():
        found = patterns_of(patterns, compress=compress)[:most]
        text = scenario_text(replace(read_scenario(into), planted=PlantedTerms(share, found)))
        scenario_of(text)  # refuses what cannot be played before anything is written
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="\n")
    payments = sum(len(one.moves) for one in found)
    print(f"{len(found)} patterns of {payments} payments: {out}")


__all__ = ["register_files"]
