"""`recoup watch rules` and `recoup watch backtest`: shows a set of rules, and what it would have done in a past period."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from recoup.cli.options import (
    DigitsOption,
    MapFile,
    RoundAmounts,
    Timezone,
    WholeAccounts,
    file_option,
    files_argument,
    reading_options,
)
from recoup.cli.screen import print_table, refusing, working

RulesName = Annotated[
    str,
    typer.Argument(metavar="RULES", help="A set of rules that is shipped, or a TOML file of one."),
]
Labels = Annotated[
    Path | None,
    file_option("--labels", "What became known: transfer,label or account,label[,since]."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Earlier transfers only warm the state."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Leave out transfers from then on.")
]
LabelDelay = Annotated[
    str | None,
    typer.Option(
        "--label-delay",
        metavar="DURATION",
        help="A fraud is reported to the stream so long after its payment: 7d. Never without.",
    ),
]
Lists = Annotated[
    list[str] | None,
    typer.Option("--list", metavar="NAME=FILE", help="Accounts of a list; may be repeated."),
]
Rejects = Annotated[
    Path | None, file_option("--rejects", "Go on without bad rows and write them here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(group: typer.Typer) -> None:
    """Add the commands `rules` and `backtest` to the group `watch`."""
    group.command("rules", epilog="Example: recoup watch rules cn-flags")(rules)
    group.command(
        "backtest",
        epilog="Example: recoup watch backtest cn-flags transfers.csv --labels labels.csv"
        " --from 2026-06-01T00:00:00Z --json",
    )(backtest)


def rules(
    name: Annotated[
        str, typer.Argument(metavar="RULES", help="A shipped set, or a TOML file of one.")
    ] = "",
) -> None:
    """Check a set of rules and show each with the digest that an approver states; without a name, which sets are shipped.

    Exit code 0: it can be used; 2: something must be put right first, each place named.
    """
    from recoup.watch.columns import STREAM_FEATURES
    from recoup.watching.rule_files import read_rules, shipped_rules

    if not name:
        typer.echo("\n".join(shipped_rules()))
        return
    with refusing():
        found = read_rules(name, features=STREAM_FEATURES)
    print_table(
        ("rule", "version", "mode", "action", "reason", "author", "approver", "digest"),
        [
            (
                *(rule.id, str(rule.version), rule.mode.value, rule.action.value),
                *(rule.reason, rule.author, rule.approver, rule.digest),
            )
            for rule in found.rules
        ],
    )


def backtest(
    name: RulesName,
    transfers: Annotated[list[Path], files_argument("FILE...")],
    labels: Labels = None,
    start: From = None,
    end: To = None,
    label_delay: LabelDelay = None,
    lists: Lists = None,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    rejects: Rejects = None,
    *,
    whole_accounts: WholeAccounts = False,
    round_amounts: RoundAmounts = False,
    as_json: AsJson = False,
) -> None:
    """Say what rules would have done with past payments: alerts, money stopped, innocents delayed, overlap.

    Every rule is tried, in shadow or live. Exit code 0: tried; 2: something must be put right first.
    """
    from recoup.cli.asked import duration, instant
    from recoup.watch.columns import STREAM_FEATURES
    from recoup.watching import LocalTime, Period, StreamFeatures, open_materials, write_whole
    from recoup.watching.backtesting import backtest_rules, currencies_of
    from recoup.watching.rule_files import read_rules, reads_patterns

    with refusing(), working() as tell:
        _check_rejects(rejects, [Path(name), *transfers, *([labels] if labels else [])])
        options = reading_options(map_file, timezone, digits, rounds_amounts=round_amounts)
        zone = options.zone
        period = Period(instant(start, "--from", zone), instant(end, "--to", zone))
        delay = duration(label_delay, "--label-delay")
        # Before hours are spent on reading.
        first = read_rules(name, features=STREAM_FEATURES, digits=options.digits)
        features = StreamFeatures(
            LocalTime.of_rules(first), graph=reads_patterns(first), whole_accounts=whole_accounts
        )
        given = _lists(lists or [], options)
        materials = open_materials(
            transfers,
            labels,
            options,
            map_file,
            lambda file, at, count: tell(f"reading {file}", at, count),
            keeps_good_rows=rejects is not None,
        )
        tell("trying the rules")
        tried = backtest_rules(
            read_rules(
                name,
                features=features.rows,
                currencies=currencies_of(materials),
                digits=options.digits,
            ),
            materials,
            features,
            period,
            digits=options.digits,
            lists=given,
            label_delay_us=None if delay is None else round(delay.total_seconds()) * 1_000_000,
            has_labels=labels is not None,
        )
        if rejects is not None:
            write_whole(rejects, materials.rejected.write_csv().encode())
    document = tried.document()
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(document)


def _check_rejects(rejects: Path | None, inputs: list[Path]) -> None:
    """Refuse a file of rejects that cannot be written, would replace an input, or be read as one the next time."""
    from recoup.cli.asked import check_writable, refuse

    if rejects is None:
        return
    place = rejects.resolve()
    for path in inputs:
        given = path.resolve()
        if place == given or (path.is_dir() and place.is_relative_to(given)):
            raise refuse("--rejects", "out_among_inputs", f"{rejects}: {path}")
    check_writable("--rejects", place, folder=False)


def _lists(given: list[str], options: Any) -> dict[str, list[str]]:  # noqa: ANN401 - imported when it runs
    """Return the accounts of each list."""
    from recoup.errors import InputFault
    from recoup.reading import read_accounts

    found: dict[str, list[str]] = {}
    for text in given:
        name, sign, path = text.partition("=")
        if not sign or not name or not path:
            raise typer.BadParameter("expected NAME=FILE", param_hint="--list")
        accounts = read_accounts(Path(path), options)
        if accounts.problems:
            raise InputFault(accounts.problems)
        found[name] = sorted(accounts.accounts)
    return found


def _print(document: Mapping[str, Any]) -> None:
    print(f"{document['payments']} payments in {document['days']} days")
    rows = [*document["rules"], {"rule": "together", **document["together"]}]
    rows.append({"rule": "live", **document["live"]})
    print_table(
        (
            *("rule", "mode", "alerts", "a day", "beyond budget", "unknown", "precision"),
            *("fraud stopped", "innocents delayed", "their money"),
        ),
        [
            (
                row["rule"],
                row.get("mode", ""),
                str(row["alerts"]),
                f"{row['alerts_per_day']:.1f}",
                str(row["alerts_over_budget"]),
                str(row["unknown"]),
                "-" if row["precision"] is None else f"{row['precision']:.3f}",
                _money(row["fraud_stopped"]),
                str(row["innocents_delayed"]),
                _money(row["innocent_delayed"]),
            )
            for row in rows
        ],
    )


def _money(amounts: Mapping[str, str]) -> str:
    return " ".join(f"{amount} {code}" for code, amount in amounts.items()) or "-"


__all__ = ["register"]
