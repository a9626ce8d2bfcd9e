"""`recoup return`: who gets what of frozen pots, as tables with their proof; `verify` works the same awards out again."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from recoup.cli.options import (
    DigitsOption,
    MapFile,
    Opening,
    Timezone,
    file_option,
    reading_options,
)
from recoup.cli.return_papers import (
    DocumentsFile,
    PaperWork,
    TemplatesFolder,
    documents_of,
    open_paper_work,
    withdraw,
    write_documents,
    write_templates,
)
from recoup.cli.screen import REFUSED, print_table, refusing, working

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recoup.returning import OpenReturn
    from recoup.returns import ReturnPolicy


PotsFile = Annotated[
    Path | None,
    file_option("--pots", "account,amount,currency[,holder][,kind][,shared_with][,interest]."),
]
ClaimsFile = Annotated[
    Path | None,
    file_option(
        "--claims", "As for recoup trace, with loss; optionally returned, compensated, class."
    ),
]
Transfers = Annotated[
    list[Path] | None,
    typer.Option(
        "--transfers",
        metavar="TRANSFERS...",
        help="Ledgers, statements and folders of them; several may follow.",
    ),
]
PolicyName = Annotated[
    str,
    typer.Option("--policy", metavar="POLICY", help="A shipped return policy, or a file of one."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
Known = Annotated[
    Path | None, file_option("--known", "Accounts whose statement was given: account.")
]
Terminal = Annotated[
    Path | None, file_option("--terminal", "Accounts at which money has left: account.")
]
PaidFiles = Annotated[
    list[Path] | None,
    file_option(
        "--paid", "What earlier rounds paid: claim,account,amount[,currency]; may be repeated."
    ),
]
Holds = Annotated[
    Path | None, file_option("--holds", "Freezes on the way: account,currency,amount,time[,until].")
]
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
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that recoup return wrote.")]


class _Group(TyperGroup):
    """Takes several files after one `--transfers`, as the other commands take them without an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        """Say the option once for every file that follows it."""
        spread: list[str] = []
        is_list = False
        for word in args:
            is_option = word.startswith("-")
            if is_list and not is_option:
                spread.append("--transfers")
            if word == "--transfers":
                is_list = True
                continue
            is_list = is_list and not is_option
            spread.append(word)
        return super().parse_args(ctx, spread)


def register(app: typer.Typer) -> None:
    """Add the command `return` to the program."""
    returns = typer.Typer(
        cls=_Group,
        invoke_without_command=True,
        epilog="Example: recoup return --pots pots.csv --claims claims.csv --transfers transfers.csv --out out/return",
    )
    returns.callback()(return_)
    returns.command("verify", epilog="Example: recoup return verify out/return")(verify)
    returns.command(
        "compare",
        epilog="Example: recoup return compare --pots pots.csv --claims claims.csv --transfers transfers.csv",
    )(compare)
    returns.command("templates", epilog="Example: recoup return templates our-templates")(
        write_templates
    )
    app.add_typer(returns, name="return")


def return_(
    context: typer.Context,
    *,
    pots: PotsFile = None,
    claims: ClaimsFile = None,
    transfers: Transfers = None,
    policy: PolicyName = "cn-2016",
    out: Out = None,
    map_file: MapFile = None,
    opening: Opening = None,
    known: Known = None,
    terminal: Terminal = None,
    paid: PaidFiles = None,
    holds: Holds = None,
    links: Links = None,
    bridge: Bridge = False,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    documents: DocumentsFile = None,
    templates: TemplatesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Share frozen pots out among claims: directly what is traced in them, the rest pro rata, to the cent.

    Exit code 0: worked out and written; 2: something must be put right first, and nothing was written.
    """
    if context.invoked_subcommand is not None:
        return
    for name, given in (("--pots", pots), ("--claims", claims), ("--out", out)):
        if given is None:
            raise typer.BadParameter("is needed", param_hint=name)
    if not transfers:
        raise typer.BadParameter("is needed", param_hint="--transfers")
    assert pots is not None
    assert claims is not None
    assert out is not None
    from recoup.cli.asked import check_places, refuse
    from recoup.reading.return_policies import policy_table, read_return_policy
    from recoup.returning import ReturnFiles, open_return

    files = ReturnFiles(
        pots, claims, transfers, opening, known, terminal, map_file, paid or (), holds, links, bridge,
    )  # fmt: skip
    declared = filter(None, (opening, known, terminal, map_file, holds, links, documents))
    inputs = [pots, claims, *transfers, *(paid or ()), *declared]
    with refusing():
        check_places(inputs, out, None)
        chosen = read_return_policy(policy)
        if not chosen.is_payable:
            raise refuse("--policy", "policy_not_payable", policy)
        papers = open_paper_work(documents, templates)
        options = reading_options(map_file, timezone, digits)
        with working() as tell:
            opened = open_return(files, options, lambda n, at, of: tell(f"reading {n}", at, of))
            tell("tracing and sharing out")
            document = _write(opened, chosen, policy_table(chosen), out, papers, tell)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print_summary(document, out)


def _write(
    opened: OpenReturn,
    policy: ReturnPolicy,
    table: Mapping[str, Any],
    out: Path,
    papers: PaperWork | None,
    tell: Callable[[str, int, int], None],
) -> Mapping[str, Any]:
    """Share out, write everything or nothing, return the summary."""
    from recoup.evidence.returns import (
        likely_table,
        return_document,
        return_tables,
        with_documents,
        write_return,
    )
    from recoup.returning import worked_out
    from recoup.returns import likely_victims

    worked = worked_out(opened.case, policy)
    tables = return_tables(worked.plan, worked.traced, opened.digits)
    tables["likely-victims.csv"] = likely_table(likely_victims(opened.case), opened.digits)
    words = (os.fsencode(word).decode("utf-8", "backslashreplace") for word in sys.argv[1:])
    document = return_document(
        worked.plan,
        tables,
        opened.digits,
        table,
        sources=opened.sources,
        assumptions=worked.assumptions,
        command=shlex.join(["recoup", *words]),
    )
    made: Mapping[str, bytes] = {}
    if papers is not None:
        made = documents_of(
            papers, opened, worked, tables, document, lambda at, of: tell("documents", at, of)
        )
        document = with_documents(document, made)
    withdraw(out)
    write_return(out, tables, document)
    if made:
        write_documents(out, made)
    return document


def compare(
    *,
    pots: PotsFile = None,
    claims: ClaimsFile = None,
    transfers: Transfers = None,
    map_file: MapFile = None,
    opening: Opening = None,
    known: Known = None,
    terminal: Terminal = None,
    paid: PaidFiles = None,
    holds: Holds = None,
    links: Links = None,
    bridge: Bridge = False,
    timezone: Timezone = None,
    digits: DigitsOption = None,
) -> None:
    """Show what each claim would get of the same pots under every shipped policy. Writes nothing.

    Exit code 0: shown; 2: something must be put right first.
    """
    from recoup.reading.return_policies import read_return_policy, shipped_return_policies
    from recoup.returning import ReturnFiles, compared, open_return

    for name, given in (("--pots", pots), ("--claims", claims), ("--transfers", transfers)):
        if not given:
            raise typer.BadParameter("is needed", param_hint=name)
    assert pots is not None
    assert claims is not None
    assert transfers is not None
    files = ReturnFiles(
        pots, claims, transfers, opening, known, terminal, map_file, paid or (), holds, links, bridge,
    )  # fmt: skip
    with refusing():
        options = reading_options(map_file, timezone, digits)
        with working() as tell:
            opened = open_return(files, options, lambda n, at, of: tell(f"reading {n}", at, of))
            tell("tracing and sharing out")
            header, rows = compared(
                opened, [read_return_policy(name) for name in shipped_return_policies()]
            )
    print_table(header, rows)


def verify(folder: Folder) -> None:
    """Work the awards of a folder out again from the inputs that lie in it, and compare every line and every sum.

    Papers in its folder `documents` are compared with their digests, but DOCX files, which are there to be edited.

    Exit code 0: all of it holds; 2: the first line of each file that differs, or a folder that could not be read.
    """
    from recoup.returning import verify_return

    with refusing():
        differences = verify_return(folder)
    if differences:
        print("\n".join(differences), file=sys.stderr)
        raise typer.Exit(REFUSED)
    print(f"{folder}: the awards follow from the inputs")


_SUMS = ("frozen", "missing", "direct", "agreed", "pro_rata", "holders_own", "remaining", "short")


def _print_summary(document: Mapping[str, Any], out: Path) -> None:
    """Print the totals, what is assumed, and where the results lie."""
    rows = [[row["currency"], *(row[name] for name in _SUMS)] for row in document["totals"]]
    print_table(["currency", *_SUMS], rows)
    for term in document["terms"]:
        print(f"{term['term']}: {term['value']} ({term['source']}, {term['standing']})")
    for sentence in (*document["assumed"], *document["assumptions"]):
        print(f"assumed: {sentence}")
    print(f"results: {out}")


__all__ = ["compare", "register", "return_", "verify"]
