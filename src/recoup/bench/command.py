"""`recoup bench ...`: measures and prints, or gives JSON for machines. Writes no file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recoup.bench.report import Report

Transfers = Annotated[int, typer.Option("--transfers", help="Transfers of each input.", min=1_000)]
Accounts = Annotated[int, typer.Option("--accounts", help="Accounts they run among.", min=100)]
Payments = Annotated[int, typer.Option("--payments", help="Payments in all.", min=1_000_000)]
Claims = Annotated[int, typer.Option("--claims", help="Disputed transfers.", min=1)]
Pots = Annotated[int, typer.Option("--pots", help="Frozen accounts.", min=1)]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the inputs.", min=0)]
Commands = Annotated[int, typer.Option("--commands", help="Commands sent in all.", min=1_000)]
Clients = Annotated[int, typer.Option("--clients", help="Clients that wait.", min=1, max=512)]
Quick = Annotated[
    bool, typer.Option("--quick", help="A small run that only shows that the bench works.")
]
Cases = Annotated[int, typer.Option("--cases", help="Open cases.", min=100)]
Rates = Annotated[str, typer.Option("--rates", help="Answers a second, one after another.")]
Booked = Annotated[int, typer.Option("--payments", help="Payments of the stream.", min=100_000)]
Seconds = Annotated[float, typer.Option("--seconds", help="How long at each rate.", min=1)]
Looks = Annotated[int, typer.Option("--looks", help="Questions of each kind.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine and rows as JSON.")]


def register(app: typer.Typer) -> None:
    """Add `bench` with its commands to the program."""
    benches = typer.Typer(
        help="Measure speed and memory on generated input.",
        epilog="Example: recoup bench trace --quick",
        no_args_is_help=True,
    )
    benches.command("trace", epilog="Example: recoup bench trace --json")(trace)
    benches.command("journal", epilog="Example: recoup bench journal --json")(journal)
    benches.command("chase", epilog="Example: recoup bench chase --json")(chase)
    benches.command("looking", epilog="Example: recoup bench looking --json")(looking)
    benches.command("returns", epilog="Example: recoup bench returns --json")(returns)
    benches.command("stolen", epilog="Example: recoup bench stolen --json")(stolen)
    benches.command("play", epilog="Example: recoup bench play --policies none,watch")(play)
    benches.command("watch", epilog="Example: recoup bench watch --json")(watch)
    benches.command("watch-http", epilog="Example: recoup bench watch-http --json")(watch_http)
    benches.command("stream", epilog="Example: recoup bench stream --json")(stream)
    benches.command("scoring", epilog="Example: recoup bench scoring --json")(scoring)
    benches.command("watch-sets", epilog="Example: recoup bench watch-sets --data shared/data")(
        watch_sets
    )
    app.add_typer(benches, name="bench")


def trace(
    *,
    transfers: Transfers = 10_000_000,
    accounts: Accounts = 1_000_000,
    claims: Claims = 1_000,
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure tracing: whole streams, the index, one case, reading; beside plain Python, DuckDB and networkx."""
    from recoup.bench.inputs import Size
    from recoup.bench.trace import Plan, bench_trace

    plan = (
        Plan.quick(seed)
        if quick
        else Plan(Size(transfers, accounts, min(claims, transfers // 10), seed))
    )
    _show(bench_trace(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def journal(
    *,
    commands: Commands = 50_000,
    clients: Clients = 64,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure the journal: durable commands under many clients, verification, replay; beside one client alone."""
    from recoup.bench.journal import Plan, bench_journal

    plan = Plan.quick() if quick else Plan(commands=commands, clients=clients)
    _show(bench_journal(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def chase(
    *,
    cases: Cases = 10_000,
    rates: Rates = "2,4,6,8",
    seconds: Seconds = 30.0,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure the chase: from an institution's answer to the next orders at theirs, with many open cases, over HTTP."""
    from recoup.bench.chase import Plan, bench_chase

    try:
        wanted = tuple(float(rate) for rate in rates.split(","))
    except ValueError as fault:
        raise typer.BadParameter(
            "expected numbers with commas between", param_hint="--rates"
        ) from fault
    plan = Plan.quick() if quick else Plan(cases=cases, rates=wanted, seconds=seconds)
    _show(bench_chase(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def looking(
    *,
    cases: Cases = 10_000,
    looks: Looks = 200,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure what persons wait for who ask for figures and the worklist, with many open cases."""
    from recoup.bench.looking import Plan, bench_looking

    plan = Plan.quick() if quick else Plan(cases=cases, looks=looks)
    _show(bench_looking(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def returns(
    *,
    claims: Claims = 100_000,
    pots: Pots = 10_000,
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure returns: awards of many claims over many pots on one thread, with and without following the money."""
    from recoup.bench.returns import Plan, bench_returns

    plan = Plan.quick() if quick else Plan(claims=claims, pots=pots, seed=seed)
    _show(bench_returns(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def stolen(
    *,
    payments: Booked = 2_000_000,
    claims: Claims = 1_000,
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure what knowing stolen money costs a bank's stream: payments with and without open claims, enforcing, placing."""
    from recoup.bench.stolen import Plan, bench_stolen

    plan = Plan.quick() if quick else Plan(payments=payments, claims=claims, seed=seed)
    _show(bench_stolen(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def play(
    *,
    people: Annotated[int, typer.Option("--people", help="People of the country.", min=200)] = (
        200_000
    ),
    frauds: Annotated[int, typer.Option("--frauds", help="Frauds in it.", min=1)] = 300,
    policies: Annotated[
        str, typer.Option("--policies", help="Names; `shown` is a policy that lets all go on.")
    ] = "none,shown",
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure the loop of a rehearsal: simulated payments a second of whole plays, on one thread."""
    from recoup.bench.play import SHOWN, Plan, bench_play
    from recoup.rehearse.policies import POLICIES

    names = tuple(policies.split(","))
    if not set(names) <= {SHOWN, *POLICIES}:
        raise typer.BadParameter(
            f"expected {', '.join((SHOWN, *POLICIES))}", param_hint="--policies"
        )
    plan = Plan.quick() if quick else Plan(people, frauds, names, seed=seed)
    _show(bench_play(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def watch(
    *,
    payments: Payments = 10_000_000,
    accounts: Accounts = 1_000_000,
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure the state of the payment stream and its features on one thread; beside plain Python with the same windows."""
    from recoup.bench.watch import Plan, bench_watch

    plan = Plan.quick(seed) if quick else Plan(payments, accounts, seed=seed)
    _show(bench_watch(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def watch_http(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Measure `recoup watch serve`: payments a second over HTTP and how long a caller waits; the sender runs beside."""
    from recoup.bench.watch_http import Plan, bench_watch_http

    plan = Plan.quick() if quick else Plan()
    _show(bench_watch_http(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def stream(
    *,
    payments: Booked = 2_000_000,
    accounts: Accounts = 200_000,
    seed: Seed = 1,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure whole decisions on one thread: by features of the state, and with patterns; in batches and one by one."""
    from recoup.bench.deciding import Plan, bench_deciding

    plan = Plan.quick() if quick else Plan(payments=payments, accounts=accounts, seed=seed)
    _show(bench_deciding(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def scoring(*, seed: Seed = 1, quick: Quick = False, as_json: AsJson = False) -> None:
    """Measure scores of a model of 200 trees on one thread, one by one and in batches; beside LightGBM, onnxruntime, River."""
    from recoup.bench.scoring import Plan, bench_scoring

    plan = Plan.quick() if quick else Plan(seed=seed)
    _show(bench_scoring(plan, lambda doing: typer.echo(doing, err=True)), as_json=as_json)


def watch_sets(
    *,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of the shared data sets.")
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME", help="One of them; may be repeated. All by default."),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each figure.", min=1)] = 3,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also parts without each other: slow.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure how much of what it should watch finds, on the shared data sets: mean and deviation over seeds."""
    from recoup.bench.watch_sets import SETS, Plan, bench_watch_sets

    unknown = sorted(set(sets or ()) - set(SETS))
    if unknown:
        raise typer.BadParameter(f"expected {', '.join(SETS)}", param_hint="--set")
    plan = Plan(data, tuple(sets or SETS), tuple(range(1, seeds + 1)), ablation)
    rows = []
    for row in bench_watch_sets(plan, lambda doing: typer.echo(doing, err=True)):
        rows.append(row.to_dict())
        if not as_json:
            table = "" if row.wanted is None else f"; simple {row.baseline}, wanted {row.wanted}"
            print(
                f"{row.set} | {row.variant} | {row.measure} {row.mean:.4f} sd {row.sd:.4f}{table}"
            )
    if as_json:
        print(json.dumps({"rows": rows}, indent=1))


def _show(report: Report, *, as_json: bool) -> None:
    """Print a report for machines or for people."""
    if as_json:
        print(json.dumps(report.to_dict(), indent=1))
    else:
        _print_table(report)


def _print_table(report: Report) -> None:
    """Print machine and rows for people."""
    from rich.console import Console
    from rich.table import Table

    machine = report.machine
    print(
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb} GB, load {machine.load}; "
        f"Python {machine.python}, numba {machine.numba}\n"
        f"memory: sequential {machine.sequential_gb_s} GB/s, random update {machine.random_update_ns} ns, "
        f"pointer chase {machine.chase_ns} ns. Values are the best of several runs after a warm-up."
    )
    table = Table()
    names = ("name", "value", "unit", "p50", "p99", "baseline", "ratio", "share_of_limit", "rss_mb")
    for name in names:
        table.add_column(name, justify="left" if name in {"name", "unit"} else "right")
    for row in report.rows:
        cells = row.to_dict()
        table.add_row(*("" if cells[name] is None else str(cells[name]) for name in names))
    Console(width=None if Console().is_terminal else 140).print(table)
