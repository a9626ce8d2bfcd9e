"""Other tools on the sample: DuckDB and networkx find what stolen money could reach (poison); neither can express fifo."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from threading import Timer
from time import perf_counter
from typing import Final

import polars as pl

from recoup.bench.inputs import Input
from recoup.bench.rows import Row, resident_mb

_CASES_MAX: Final = 100
_SECONDS_MAX: Final = 30.0
_HOPS_MAX: Final = 6
_EDGES_MAX: Final = 1_000_000

_REACH: Final = files("recoup.bench").joinpath("reach.sql").read_text(encoding="utf-8")


def _moves(sample: Input) -> pl.DataFrame:
    events = sample.events
    return pl.DataFrame(
        {"event": range(events.stop), "payer": events.source, "payee": events.payee}
    )


def duckdb_reach(sample: Input) -> Row | None:
    """Return reach by a recursive query over the first hundred claims; None where DuckDB is not installed."""
    if find_spec("duckdb") is None:
        return None
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    roots = pl.DataFrame({"event": sample.events.root[:_CASES_MAX].astype("int64")})
    connection.register("moves_in", _moves(sample).to_arrow())
    connection.register("roots_in", roots.to_arrow())
    connection.execute(
        "create table moves as select * from moves_in; create table roots as select * from roots_in"
    )
    begin = perf_counter()
    timer = Timer(_SECONDS_MAX, connection.interrupt)
    timer.start()
    try:
        connection.execute(_REACH, {"hops_max": _HOPS_MAX}).fetchone()
        unit = "s"
    except duckdb.InterruptException:
        unit = "s (stopped)"
    finally:
        timer.cancel()
    seconds = perf_counter() - begin
    connection.close()
    return Row("duckdb_reach", seconds, unit, rss_mb=resident_mb())


def networkx_reach(sample: Input) -> Row | None:
    """Return reach by a time-ordered search in a multigraph, bounded in time; None where networkx is not installed."""
    if find_spec("networkx") is None:
        return None
    import networkx as nx

    events = sample.events
    count = min(events.stop, _EDGES_MAX)
    graph = nx.MultiDiGraph()
    columns = zip(
        events.source[:count].tolist(), events.payee[:count].tolist(), range(count), strict=True
    )
    graph.add_edges_from((p, q, i) for p, q, i in columns)
    begin = perf_counter()
    done = 0
    for root in events.root[:_CASES_MAX].tolist():
        _reach_one(graph, int(events.payee[root]), root)
        done += 1
        if perf_counter() - begin > _SECONDS_MAX:
            break
    seconds = (perf_counter() - begin) / max(1, done) * _CASES_MAX
    return Row("networkx_reach", seconds, "s", rss_mb=resident_mb())


def _reach_one(graph: object, first: int, at: int) -> dict[int, int]:
    """Return pocket -> earliest arrival of what one case could reach in at most six hops."""
    reached = {first: at}
    frontier = [first]
    for _ in range(_HOPS_MAX - 1):
        following: set[int] = set()
        for pocket in frontier:
            for _, payee, when in graph.out_edges(pocket, keys=True):  # type: ignore[attr-defined]
                if when > reached[pocket] and when < reached.get(payee, 2**62):
                    reached[payee] = when
                    following.add(payee)
        frontier = sorted(following)
    return reached
