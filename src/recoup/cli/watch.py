"""`recoup watch`: trains a model, judges it on later transfers, scores a file, serves. `recoup.watching` does the work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recoup.cli.backtest import register as register_rules
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
from recoup.cli.screen import refusing, working
from recoup.cli.watch_serve import register_serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recoup.cli.screen import Tell
    from recoup.reading import ReadingOptions
    from recoup.watch.model import Model, Parameters
    from recoup.watching import AccountMaterials, Materials, Period, Watch

group = typer.Typer(
    help="Score payments: train, judge and use a model.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Transfers = Annotated[list[Path], files_argument("TRANSFERS...")]
Labels = Annotated[
    Path, file_option("--labels", "What became known: transfer,label or account,label[,since].")
]
ModelFile = Annotated[Path, file_option("--model", "A model that recoup watch train wrote.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Earlier transfers only warm the state."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Leave out transfers from then on.")
]
Rejects = Annotated[
    Path | None, file_option("--rejects", "Go on without bad rows and write them here.")
]
Asked = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME=VALUE",
        help="How to train: leaves=31, by_money=false; may be repeated.",
    ),
]
Graph = Annotated[
    bool, typer.Option("--graph/--no-graph", help="Read patterns of payments beside the accounts.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command group `watch` to the program."""
    group.command(
        "train",
        epilog="Example: recoup watch train transfers.csv --labels labels.csv --until 2026-06-01T00:00:00Z "
        "--label-delay 7d --out model.json",
    )(train)
    group.command(
        "evaluate",
        epilog="Example: recoup watch evaluate transfers.csv --labels labels.csv --model model.json "
        "--from 2026-06-08T00:00:00Z --json",
    )(evaluate)
    group.command(
        "score",
        epilog="Example: recoup watch score transfers.csv --model model.json --out decisions.parquet",
    )(score)
    group.command(
        "replay",
        epilog="Example: recoup watch replay decisions.ndjson --rules cn-flags --policy cn --model model.json",
    )(replay)
    register_rules(group)
    group.command(
        "crossval",
        epilog="Example: recoup watch crossval transfers.csv --labels accounts.csv --folds 5 --json",
    )(crossval)
    register_serve(group)
    app.add_typer(group, name="watch")


def train(
    transfers: Transfers,
    labels: Labels,
    out: Annotated[
        Path, typer.Option("--out", metavar="MODEL", help="File of the model; its cards beside it.")
    ],
    start: From = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Learn what was known at this instant."),
    ] = None,
    label_delay: Annotated[
        str | None,
        typer.Option(
            "--label-delay",
            metavar="DURATION",
            help="A fraud is known so long after its payment (7d), and the state hears of it then.",
        ),
    ] = None,
    trees: Annotated[
        int, typer.Option("--trees", help="Trees of the model.", min=1, max=4096)
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Of what training draws.", min=0)] = 1,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    rejects: Rejects = None,
    *,
    ablation: Annotated[
        bool,
        typer.Option("--ablation", help="Say in the card what each group of features adds: slow."),
    ] = False,
    graph: Graph = True,
    asked: Asked = None,
    whole_accounts: WholeAccounts = False,
    round_amounts: RoundAmounts = False,
) -> None:
    """Train a model on transfers with labels. The same input and options give the same file.

    Exit code 0: trained and written; 2: something must be put right first, and nothing was written.
    """
    from recoup.cli.asked import duration
    from recoup.watch.model import added_by, card_of, card_page, groups_of
    from recoup.watching import LocalTime, StreamFeatures, save_model, train_model, write_whole
    from recoup.watching.local_time import DEFAULT_ZONE

    cards = [out.with_name(f"{out.stem}.card{suffix}") for suffix in (".json", ".md")]
    with refusing(), working() as tell:
        _check_outputs("--out", [out, *cards], [*transfers, labels])
        _check_outputs("--rejects", _given(rejects), [*transfers, labels, out, *cards])
        options = reading_options(map_file, timezone, digits, rounds_amounts=round_amounts)
        parameters = _parameters(asked or [], trees, seed)
        period = _period(start, until, options, "--until")
        delay = duration(label_delay, "--label-delay")
        materials = _open(transfers, labels, options, map_file, rejects, tell)
        local = LocalTime(options.zone or DEFAULT_ZONE)
        features = StreamFeatures(local, graph=graph, whole_accounts=whole_accounts)
        tell("training")
        delay_us = None if delay is None else round(delay.total_seconds()) * 1_000_000
        trained = train_model(materials, features, period, delay_us, parameters)
        added = None
        if ablation:
            tell("training without each group of features")
            added = added_by(trained, groups_of(features.rows))
        content = card_of(trained, added)
        save_model(trained.model, out)
        write_whole(cards[0], (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
        write_whole(cards[1], card_page(content).encode())
        _write_rejects(materials, rejects)
    print(f"model {trained.model.digest[:12]}: {out}, {cards[1]}")


def evaluate(
    transfers: Transfers,
    labels: Labels,
    model: ModelFile,
    start: From = None,
    end: To = None,
    alerts: Annotated[
        list[int] | None,
        typer.Option("--alerts", metavar="N", help="Budget of alerts; may be repeated.", min=1),
    ] = None,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    rejects: Rejects = None,
    *,
    drop_known: Annotated[
        bool,
        typer.Option("--drop-known", help="Leave out payers of whom a fraud was known that day."),
    ] = False,
    round_amounts: RoundAmounts = False,
    as_json: AsJson = False,
) -> None:
    """Say how good a model is on transfers with labels: AUC, PR-AUC, precision and recall at budgets of alerts.

    Exit code 0: judged; 2: something must be put right first.
    """
    from recoup.watch.model import BUDGETS
    from recoup.watching import StreamFeatures, evaluate_model, load_model

    with refusing(), working() as tell:
        _check_outputs("--rejects", _given(rejects), [*transfers, labels, model])
        options = reading_options(map_file, timezone, digits, rounds_amounts=round_amounts)
        period = _period(start, end, options, "--to")
        loaded = load_model(model)
        features = StreamFeatures.of(loaded)
        materials = _open(transfers, labels, options, map_file, rejects, tell)
        tell("scoring")
        found = evaluate_model(
            loaded,
            materials,
            features,
            period,
            drops_known=drop_known,
            budgets=alerts or BUDGETS,
        )
        _write_rejects(materials, rejects)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _print_figures(found)


def score(
    transfers: Annotated[list[Path], files_argument("FILE...")],
    model: ModelFile,
    out: Annotated[
        Path, typer.Option("--out", metavar="PARQUET", help="Where the scored transfers go.")
    ],
    labels: Annotated[
        Path | None,
        file_option(
            "--labels", "What is known already; it reaches the state as late as in training."
        ),
    ] = None,
    rules: Annotated[
        str | None, typer.Option("--rules", metavar="RULES", help="Decide too, by these rules.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy", metavar="POLICY", help="Decide too, by this policy (cn, or a file)."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="LOG", help="Write the decisions here, a new file."),
    ] = None,
    start: From = None,
    end: To = None,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    rejects: Rejects = None,
    *,
    round_amounts: RoundAmounts = False,
) -> None:
    """Score the transfers of files by a model, with reasons for those that it would have looked at.

    With rules or a policy every transfer is decided too, as if it came in now: a payment that is refused, delayed or held is
    not booked. recoup watch replay gives the same decisions from the log.

    Exit code 0: scored and written; 2: something must be put right first, and nothing was written.
    """
    from recoup.watching import (
        StreamFeatures,
        decide_transfers,
        load_model,
        parquet_bytes,
        score_transfers,
        write_whole,
    )

    with refusing(), working() as tell:
        inputs = [*transfers, model, *_given(labels)]
        _check_outputs("--out", [out], inputs)
        _check_outputs("--rejects", _given(rejects), [*inputs, out])
        options = reading_options(map_file, timezone, digits, rounds_amounts=round_amounts)
        period = _period(start, end, options, "--to")
        loaded = load_model(model)
        features = StreamFeatures.of(loaded)
        materials = _open(transfers, labels, options, map_file, rejects, tell)
        tell("scoring")
        frame = score_transfers(loaded, materials, features, period)
        if rules or policy or log:
            tell("deciding")
            watch = _watch(rules, policy, loaded, materials, options, log)
            delay_us = loaded.training.label_delay_us
            decided = decide_transfers(watch, materials, period, delay_us)
            frame = frame.hstack(decided)
        write_whole(out, parquet_bytes(frame))
        _write_rejects(materials, rejects)
    print(f"{frame.height} transfers: {out}")


def crossval(
    transfers: Transfers,
    labels: Annotated[Path, file_option("--labels", "Which accounts are bad: account,label.")],
    folds: Annotated[int, typer.Option("--folds", help="Folds over accounts.", min=2, max=50)] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Of the folds and of training.", min=0)] = 1,
    repeats: Annotated[
        int,
        typer.Option("--repeats", help="How often, each time with the next seed.", min=1, max=20),
    ] = 1,
    map_file: MapFile = None,
    timezone: Timezone = None,
    digits: DigitsOption = None,
    rejects: Rejects = None,
    *,
    round_amounts: RoundAmounts = False,
    as_json: AsJson = False,
) -> None:
    """Say how well bad accounts are told from their transfers: every account is scored by a model that never saw it.

    Exit code 0: judged; 2: something must be put right first.
    """
    from recoup.watching import crossval_accounts, open_accounts

    with refusing(), working() as tell:
        _check_outputs("--rejects", _given(rejects), [*transfers, labels])
        options = reading_options(map_file, timezone, digits, rounds_amounts=round_amounts)
        materials = open_accounts(
            transfers,
            labels,
            options,
            lambda name, at, count: tell(f"reading {name}", at, count),
            keeps_good_rows=rejects is not None,
        )
        tell("measuring and scoring accounts")
        found = crossval_accounts(materials, folds, range(seed, seed + repeats), labels)
        _write_rejects(materials, rejects)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _print_figures(found)


def _parameters(asked: list[str], trees: int, seed: int) -> Parameters:
    from recoup.watch.model import Parameters
    from recoup.watching.parameters import parameters_of

    try:
        return parameters_of(asked, Parameters(trees=trees, seed=seed))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--parameter") from None


def replay(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A log of decisions.")],
    rules: Annotated[
        str | None, typer.Option("--rules", metavar="RULES", help="A set of rules, or its file.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="POLICY", help="A policy, or its file.")
    ] = None,
    model: Annotated[
        Path | None, file_option("--model", "A model that recoup watch train wrote.")
    ] = None,
    digits: DigitsOption = None,
) -> None:
    """Decide a log of decisions again, with the rules, policy and model that it was written with.

    Exit code 0: every line came out the same, to the last digest; 2: it did not, or something must be put right first.
    """
    from recoup.watching import currencies_of_log, read_policy
    from recoup.watching import replay as replay_log
    from recoup.watching.rule_files import read_rules

    with refusing(), working() as tell:
        known = reading_options(None, None, digits).digits
        currencies = currencies_of_log(log)
        set_ = None if rules is None else read_rules(rules, currencies=currencies, digits=known)
        terms = None if policy is None else read_policy(policy, known)
        loaded = None if model is None else _model(model)
        tell("replaying")
        found = replay_log(log, rules=set_, model=loaded, policy=terms)
    print(f"{found.lines} lines, the same to the last: {found.digest}")


def _watch(
    rules: str | None,
    policy: str | None,
    model: Model,
    materials: Materials,
    options: ReadingOptions,
    log: Path | None,
) -> Watch:
    """Return a new watch for the transfers of files; without a policy that of the program, which leaves the model in shadow."""
    from recoup.watching import DecisionLog, StreamFeatures, Watch, currencies_of, read_policy
    from recoup.watching.rule_files import read_rules

    currencies = currencies_of(materials)
    set_ = (
        None if rules is None else read_rules(rules, currencies=currencies, digits=options.digits)
    )
    return Watch(
        rules=set_,
        model=model,
        policy=read_policy(policy or "cn", options.digits),
        currencies=currencies,
        settings=StreamFeatures.of(model).settings,  # what is read must be what it learnt from
        log=None if log is None else DecisionLog(log),
    )


def _model(path: Path) -> Model:
    from recoup.watching import load_model

    return load_model(path)


def _open(
    transfers: list[Path],
    labels: Path | None,
    options: ReadingOptions,
    map_file: Path | None,
    rejects: Path | None,
    tell: Tell,
) -> Materials:
    from recoup.watching import open_materials

    return open_materials(
        transfers,
        labels,
        options,
        map_file,
        lambda name, at, count: tell(f"reading {name}", at, count),
        keeps_good_rows=rejects is not None,
    )


def _write_rejects(materials: Materials | AccountMaterials, rejects: Path | None) -> None:
    from recoup.watching import write_whole

    if rejects is not None:
        write_whole(rejects, materials.rejected.write_csv().encode())


def _period(start: str | None, end: str | None, options: ReadingOptions, end_option: str) -> Period:
    from recoup.cli.asked import instant
    from recoup.watching import Period

    zone = options.zone
    return Period(instant(start, "--from", zone), instant(end, end_option, zone))


def _given(path: Path | None) -> list[Path]:
    return [] if path is None else [path]


def _check_outputs(option: str, outputs: list[Path], inputs: list[Path]) -> None:
    """Refuse a result that cannot be written, would replace an input, or be read as one the next time."""
    from recoup.cli.asked import check_writable, refuse

    for out in outputs:
        place = out.resolve()
        for path in inputs:
            given = path.resolve()
            if place == given or (path.is_dir() and place.is_relative_to(given)):
                raise refuse(option, "out_among_inputs", f"{out}: {path}")
        check_writable(option, place, folder=False)


def _print_figures(found: Mapping[str, object]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {_short(one)}" for key, one in value.items())
            print(f"{name}: {shown}")
        else:
            print(f"{name}: {_short(value)}")


def _short(value: object) -> str:
    return "-" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


__all__ = ["register"]
