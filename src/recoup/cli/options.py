"""What several commands are asked alike: where columns are named, where clocks stood, decimals. Values only, no reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recoup.reading import ReadingOptions


def file_option(name: str, text: str) -> typer.models.OptionInfo:
    """Return the option `name` that takes a file."""
    option: typer.models.OptionInfo = typer.Option(name, metavar="FILE", help=text)
    return option


def files_argument(metavar: str) -> typer.models.ArgumentInfo:
    """Return the argument that takes the files of transfers."""
    argument: typer.models.ArgumentInfo = typer.Argument(
        metavar=metavar, help="Ledgers, statements and folders of them.", show_default=False
    )
    return argument


MapFile = Annotated[
    Path | None,
    file_option("--map", "map.toml: headers and words of your files (recoup check --save-map)."),
]
Opening = Annotated[
    Path | None, file_option("--opening", "Opening balances: account,time,balance.")
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="ZONE", help="IANA zone of times that state none."),
]
DigitsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--digits", metavar="CUR=N", help="Decimals of a currency, e.g. JPY=2; may be repeated."
    ),
]

RoundAmounts = Annotated[
    bool,
    typer.Option(
        "--round-amounts", help="Round amounts finer than their currency; else they are refused."
    ),
]
WholeAccounts = Annotated[
    bool,
    typer.Option(
        "--whole-accounts",
        help="An account is one pocket whatever the currency, not one a currency.",
    ),
]


def reading_options(
    map_file: Path | None,
    timezone: str | None,
    digits: list[str] | None,
    *,
    rounds_amounts: bool = False,
) -> ReadingOptions:
    """Return how to read the files; raise `InputFault` for a wrong map or zone, `BadParameter` for wrong decimals."""
    from recoup.cli.asked import zone
    from recoup.reading import ReadingOptions, load_map, parse_digits

    try:
        declared = parse_digits(digits or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--digits") from None
    return ReadingOptions(
        mapping=load_map(map_file) if map_file else None,
        timezone=zone(timezone),
        digits=declared,
        rounds_amounts=rounds_amounts,
    )
