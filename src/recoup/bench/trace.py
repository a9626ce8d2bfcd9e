"""`recoup bench trace`: streams, index, cases and reading on generated input, beside plain Python, DuckDB and networkx.

What it stands for: a day of ten million payments in one country, one thread. Every figure comes after a warm-up; the value of a
stream row is its best run, because others' work can only make a run slower. Nothing here is a test.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import polars as pl

from recoup.bench import plain, rivals
from recoup.bench.clock import case_times
from recoup.bench.inputs import SHAPES, Input, Size, make_input, sample
from recoup.bench.machine import Machine, better, describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, rate_row, resident_mb, times_of
from recoup.reading import ReadingOptions, read_transfers
from recoup.trace.events import NEVER
from recoup.trace.follow import follow
from recoup.trace.index import FlowIndex
from recoup.trace.screen import screen


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    size: Size
    rounds: int = 7
    sample_transfers: int = 1_000_000
    csv_rows: int = 1_000_000

    @classmethod
    def quick(cls, seed: int = 1) -> Plan:
        """Return a plan of some seconds, to see that the bench works; its figures say nothing."""
        return cls(
            Size(200_000, 20_000, 100, seed), rounds=3, sample_transfers=50_000, csv_rows=20_000
        )


def _suffix(shape: str) -> str:
    return "" if shape == "uniform" else f"_{shape}"


def _compile(plan: Plan) -> Row:
    """Return how long the first use takes: kernels come from the disk after the first time ever."""
    small = make_input("uniform", Size(1_000, 100, 5, plan.size.seed))
    begin = perf_counter()
    for rule in ("fifo", "rolling"):
        follow(rule, small.ledger, small.openings, small.events)
    screen(small.ledger, small.openings, small.events)
    FlowIndex.build(small.ledger, small.openings, small.events).follow_all()
    return Row("compile_seconds", perf_counter() - begin, "s", rss_mb=resident_mb())


def _streams(given: Input, plan: Plan) -> Iterator[Row]:
    """Yield the rows of whole streams; plain Python runs on the first transfers of the same input."""
    count, suffix = given.events.stop, _suffix(given.shape)
    start = sample(given, plan.sample_transfers)
    parts = (given.ledger, given.openings, given.events)
    plain_fifo, lying = plain.deque_fifo(start)
    _compare_fifo(start, lying)
    plain_rolling, shades = plain.dict_rolling(start)
    _compare_screen(start, shades)
    ways: tuple[tuple[str, Callable[[], object], float], ...] = (
        (f"fifo_stream{suffix}", lambda: follow("fifo", *parts), plain_fifo),
        (f"rolling_stream{suffix}", lambda: screen(*parts), plain_rolling),
        (f"rolling_claims{suffix}", lambda: follow("rolling", *parts), plain_rolling),
    )
    for name, run, baseline in ways:
        rounds = plan.rounds if not name.startswith("rolling_claims") else min(3, plan.rounds)
        row = rate_row(name, times_of(run, rounds), count, baseline=baseline / 1e6)
        yield replace(row, ratio=row.value * 1e6 / baseline)


def _compare_fifo(given: Input, lying: dict[tuple[int, int], int]) -> None:
    """Assert that plain Python and the kernel agree, so that the same work is compared."""
    found = follow("fifo", given.ledger, given.openings, given.events)
    table: dict[tuple[int, int], int] = {}
    for pocket, colour, amount in zip(
        found.pocket.tolist(), found.colour.tolist(), found.amount.tolist(), strict=True
    ):
        key = (colour >> 2, pocket)
        table[key] = table.get(key, 0) + amount
    assert table == lying, "plain fifo and the kernel differ"


def _compare_screen(given: Input, shades: dict[int, int]) -> None:
    taint = screen(given.ledger, given.openings, given.events)
    found = {int(pocket): int(taint[pocket]) for pocket in np.flatnonzero(taint)}
    assert found == shades, "plain rolling charge and the screen differ"


def _index(given: Input, plan: Plan) -> Iterator[Row]:
    """Yield the index's build and its cases."""
    parts = (given.ledger, given.openings, given.events)
    suffix = _suffix(given.shape)
    times = times_of(lambda: FlowIndex.build(*parts), min(5, plan.rounds))
    yield rate_row(f"index_build{suffix}", times, given.events.stop)
    index = FlowIndex.build(*parts)
    roots = given.events.root
    case_times(index, roots[:1], NEVER)
    inside, called = case_times(index, roots, NEVER)
    yield _case_row(f"fifo_case{suffix}", inside)
    yield _case_row(f"fifo_case_called{suffix}", called)


def _case_row(name: str, nanoseconds: np.ndarray) -> Row:
    """Return the row of one case: microseconds at the median and the 99th percentile."""
    p50, p99 = (float(x) / 1e3 for x in np.percentile(nanoseconds, [50, 99]))
    return Row(name, p50, "microseconds", p50, p99, rss_mb=resident_mb())


def _write_csv(path: Path, given: Input) -> None:
    """Write a ledger of names, times and decimals as a platform exports it."""
    events = given.events
    base = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    pl.DataFrame(
        {
            "payer": events.source,
            "payee": events.payee,
            "fen": events.amount,
            "time": events.time + base,
        }
    ).select(
        pl.format("T{}", pl.int_range(pl.len())).alias("id"),
        pl.col("time").cast(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        pl.format("62220000{}", pl.col("payer").cast(pl.String).str.zfill(11)).alias("payer"),
        pl.format("62220000{}", pl.col("payee").cast(pl.String).str.zfill(11)).alias("payee"),
        pl.format(
            "{}.{}", pl.col("fen") // 100, (pl.col("fen") % 100).cast(pl.String).str.zfill(2)
        ).alias("amount"),
        pl.lit("CNY").alias("currency"),
    ).write_csv(path)


def _reading(given: Input, plan: Plan) -> Row:
    """Return the seconds of reading a ledger from CSV to canonical transfers."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.csv"
        _write_csv(path, sample(given, plan.csv_rows))
        reading = read_transfers([path], ReadingOptions())
        assert not reading.problems, reading.problems[:3]
        assert reading.transfers.height == min(plan.csv_rows, given.events.stop)
        times = times_of(lambda: read_transfers([path], ReadingOptions()), 3)
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row("read_csv", min(times), "s", p50, p99, rss_mb=resident_mb())


@contextmanager
def _no_garbage_runs() -> Iterator[None]:
    """Keep Python's cycle collector out of the measurements."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def bench_trace(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    tell("the machine's own limits")
    machine = describe_machine(plan.size.accounts)
    rows = [_compile(plan)]
    with _no_garbage_runs():
        for shape in SHAPES:
            tell(f"{shape}: generating {plan.size.transfers:,} transfers")
            given = make_input(shape, plan.size)
            tell(f"{shape}: streams")
            rows += _streams(given, plan)
            tell(f"{shape}: index and cases")
            rows += _index(given, plan)
            if shape == SHAPES[0]:
                tell("reading CSV, DuckDB, networkx")
                start = sample(given, plan.sample_transfers)
                rows.append(_reading(given, plan))
                rows += [
                    row
                    for row in (rivals.duckdb_reach(start), rivals.networkx_reach(start))
                    if row is not None
                ]
    tell("the machine's own limits once more")
    machine = better(machine, describe_machine(plan.size.accounts))
    return Report(machine, tuple(_with_share(row, machine) for row in rows))


def _with_share(row: Row, machine: Machine) -> Row:
    """Return the row with its share of the limit: two random updates a transfer; one step of the chase for a case."""
    if row.unit == "M transfers/s":
        return replace(row, share_of_limit=row.value * 2 * machine.random_update_ns / 1e3)
    if row.unit == "microseconds" and row.value:
        return replace(row, share_of_limit=machine.chase_ns / 1e3 / row.value)
    return row
