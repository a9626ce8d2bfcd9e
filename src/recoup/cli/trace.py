"""`recoup trace`: from statements and disputed payments to where the money is, as tables, page, document and workbook."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recoup.cli.ahead import compiling_ahead
from recoup.cli.options import (
    DigitsOption,
    MapFile,
    Opening,
    Timezone,
    file_option,
    files_argument,
    reading_options,
)
from recoup.cli.screen import refusing, working

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from recoup.cli.screen import Tell
    from recoup.reading import ReadingOptions
    from recoup.trace import Trail
    from recoup.trace.trail import Options
    from recoup.tracing import Case

Transfers = Annotated[list[Path], files_argument("TRANSFERS...")]
ClaimsFile = Annotated[
    Path | None,
    file_option("--claims", "claim,victim,transfer or claim,victim,payer,payee,amount,time."),
]
Back = Annotated[
    str | None,
    typer.Option(
        "--back",
        metavar="ID",
        help="Instead of --claims: whose money an account or transfer holds.",
    ),
]
RuleNames = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="RULE",
        help="fifo (default), lifo, rolling, lowest-balance, pari-passu, poison, or all; may be repeated.",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the results.", show_default=False)
]
Known = Annotated[
    Path | None, file_option("--known", "Accounts whose statement was given: account.")
]
Terminal = Annotated[
    Path | None, file_option("--terminal", "Accounts at which money has left: account.")
]
Holds = Annotated[Path | None, file_option("--holds", "account,currency,amount,time[,until].")]
Links = Annotated[
    Path | None,
    file_option("--links", "Asserted bridges: from,to,amount,time,evidence,grade,author."),
]
Bridge = Annotated[
    bool,
    typer.Option(
        "--bridge", help="Follow accounts without statement where others' rows show their debits."
    ),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="Cut the result after this instant.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Follow what was disputed from this instant on."),
]
Horizon = Annotated[
    str | None,
    typer.Option("--horizon", metavar="DURATION", help="Follow each claim this long: 72h, 7d."),
]
Dust = Annotated[
    str | None,
    typer.Option("--dust", metavar="AMOUNT", help="Drop smaller parts into the residual."),
]
Rejects = Annotated[
    Path | None, file_option("--rejects", "Go on without bad rows and write them here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]
Language = Annotated[
    str, typer.Option("--language", metavar="zh|en", help="Language of the page and the document.")
]


def register(app: typer.Typer) -> None:
    """Add the command `trace` to the program."""
    app.command(
        "trace",
        epilog="Example: recoup trace examples/case/transfers.csv --claims examples/case/claims.csv "
        "--known examples/case/known.csv --rule all --out out/example",
    )(trace)


def trace(
    transfers: Transfers,
    out: Out,
    claims: ClaimsFile = None,
    back: Back = None,
    rule: RuleNames = None,
    map_file: MapFile = None,
    opening: Opening = None,
    known: Known = None,
    terminal: Terminal = None,
    holds: Holds = None,
    links: Links = None,
    *,
    bridge: Bridge = False,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    as_of: AsOf = None,
    since: Since = None,
    horizon: Horizon = None,
    dust: Dust = None,
    rejects: Rejects = None,
    as_json: AsJson = False,
    language: Language = "zh",
) -> None:
    """Trace disputed payments through statements: where the money is, which way it went, where the trail ends.

    Exit code 0: traced and written; 2: something must be put right first, and nothing was written.
    """
    from recoup.cli.asked import check_places, duration, instant, rules
    from recoup.tracing import CaseFiles

    if (claims is None) == (back is None):
        raise typer.BadParameter("give either --claims or --back", param_hint="--claims / --back")
    if language not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--language")
    keep = rejects is not None
    files = CaseFiles(
        transfers, claims, opening, known, terminal, holds, links, map_file, keep_good_rows=keep
    )
    given = [claims, map_file, opening, known, terminal, holds, links]
    with refusing():
        check_places([*transfers, *filter(None, given)], out, rejects)
        options = reading_options(map_file, timezone, digits)
        asked = _Asked(
            rules=rules(rule),
            timezone=options.zone,
            as_of=instant(as_of, "--as-of", options.zone),
            since=instant(since, "--since", options.zone),
            horizon=duration(horizon),
            dust=dust,
            bridge=bridge,
        )
        with working() as tell:
            case = _read(files, options, tell)
            with _rejects(case, rejects):
                if back is not None:
                    document = _trace_back(case, back, asked, out, tell)
                else:
                    document = _trace_forward(case, asked, out, language, tell)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print_summary(document, out)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What to trace; `dust` is still text, since its minor units depend on the currencies read."""

    rules: tuple[str, ...]
    timezone: str | None
    as_of: datetime | None
    since: datetime | None
    horizon: timedelta | None
    dust: str | None
    bridge: bool

    def options(self, case: Case) -> Options:
        """Return the options of tracing `case`."""
        from recoup.cli.asked import dust
        from recoup.trace.trail import Options

        currencies = case.dossier.transfers["currency"].unique().sort().to_list()
        return Options(
            rules=self.rules,
            bridge=self.bridge,
            as_of=self.as_of,
            since=self.since,
            horizon=self.horizon,
            dust=dust(self.dust, currencies, case.dossier.digits),
        )


def _read(files: object, options: ReadingOptions, tell: Tell) -> Case:
    """Return the case of the files."""
    from recoup.tracing import CaseFiles, open_case

    assert isinstance(files, CaseFiles)
    return open_case(files, options, lambda name, at, count: tell(f"reading {name}", at, count))


def _trace_forward(
    case: Case, asked: _Asked, out: Path, language: str, tell: Tell
) -> Mapping[str, object]:
    """Trace the claims, write everything, return the summary."""
    from recoup.trace import trace_dossier

    with compiling_ahead(asked.rules) as is_first:
        tell("tracing; compiling first, once for this version" if is_first else "tracing")
        trail = trace_dossier(case.dossier, case.claims, asked.options(case))
    return _write(trail, out, asked.timezone or "UTC", language, tell)


def _write(
    trail: Trail, out: Path, timezone: str, language: str, tell: Tell
) -> Mapping[str, object]:
    """Write tables, page, workbook and document, all of them or none."""
    from recoup.evidence import (
        picture_of,
        picture_svg,
        staged,
        write_page,
        write_tables,
        write_workbook,
    )
    from recoup.evidence.report import write_pdf
    from recoup.evidence.rows import rows_of

    command = _command()
    rows = rows_of(trail)
    spoken: Literal["zh", "en"] = "en" if language == "en" else "zh"
    with _written("--out", out), staged(out) as stage:
        tell("writing tables")
        document = write_tables(trail, stage, command=command, rows=rows)
        tell("writing trail.html")
        write_page(trail, stage / "trail.html", language=spoken, timezone=timezone)
        tell("writing trail.xlsx")
        write_workbook(trail, stage / "trail.xlsx", timezone=timezone, rows=rows)
        tell("writing evidence.pdf")
        svg = picture_svg(picture_of(trail, trail.options.rules[0]), spoken)
        write_pdf(
            trail,
            stage / "evidence.pdf",
            language=spoken,
            picture_svg=svg,
            command=command,
            timezone=timezone,
            rows=rows,
        )
    return document


def _trace_back(
    case: Case, target: str, asked: _Asked, out: Path, tell: Tell
) -> Mapping[str, object]:
    """Trace back from an account or transfer, write sources.csv and summary.json, return the summary."""
    from recoup.evidence.sources import write_sources
    from recoup.evidence.summary import options_document
    from recoup.trace import RANGE
    from recoup.trace.back import BACK_RULES, trace_lineages

    tell("tracing back")
    options = asked.options(case)
    asked_all = set(RANGE) <= set(options.rules)  # then without the one that needs claims
    rules = [name for name in options.rules if name in BACK_RULES or not asked_all]
    found = list(trace_lineages(case.dossier, target, rules, options))
    command = _command()
    asked_for = options_document(replace(options, rules=tuple(rules)), case.dossier)
    with _written("--out", out):
        return write_sources(found, case.dossier, target, out, command=command, options=asked_for)


def _command() -> str:
    """Return the command line as text that can be written down, names that are not UTF-8 as in the inputs."""
    words = (os.fsencode(word).decode("utf-8", "backslashreplace") for word in sys.argv[1:])
    return shlex.join(["recoup", *words])


@contextmanager
def _written(option: str, place: Path) -> Iterator[None]:
    """Say in one problem that results cannot be written, whichever library found it out."""
    import typst
    from polars.exceptions import PolarsError
    from xlsxwriter.exceptions import XlsxWriterException

    from recoup.cli.asked import refuse

    try:
        yield
    except typst.TypstError as error:
        raise refuse(option, "document_failed", f"evidence.pdf: {error}") from error
    except (OSError, PolarsError, XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse(option, "out_unwritable", f"{place}: {reason}") from error


@contextmanager
def _rejects(case: Case, path: Path | None) -> Iterator[None]:
    """Write the refused rows beside their place first, and move them there when the block ends well."""
    if path is None:
        yield
        return
    place = next(folder for folder in path.absolute().parents if folder.exists())
    with _written("--rejects", path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=place)
    os.close(handle)
    written = Path(name)
    try:
        with _written("--rejects", path):
            case.rejected.write_csv(written)
            written.chmod(0o644)
        yield
        with _written("--rejects", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            written.replace(path)
    finally:
        written.unlink(missing_ok=True)


def _print_summary(document: Mapping[str, object], out: Path) -> None:
    """Print the totals and where the results lie."""
    from recoup.cli.tables import print_totals

    print_totals(document)
    print(f"results: {out}")
