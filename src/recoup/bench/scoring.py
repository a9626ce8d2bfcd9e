"""`recoup bench scoring`: raw scores of a forest by our kernels, one thread; beside LightGBM, onnxruntime and River. No test.

What it stands for: 200 trees of at most six levels on 40 features, as the watch serves them: single payments, each a call from
Python, and batches. Every way gets the same trees and rows and its answers are compared before it is measured. Times of batches
are the thread's own processor time, so that nothing is counted while others have the processor; value is the best batch.

River has no such trees: its adaptive forest of ten learns some of the same rows as they come, and is asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter_ns, thread_time_ns
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.watch.model import contributions, forest_of, parse_trees, score, score_many

Matrix = NDArray[np.float64]
_BATCHES: Final = (64, 1_024)
_RIVER_TREES: Final = 10
_RIVER_ROWS: Final = 1_000
_AGREE: Final = 1e-3  # onnxruntime adds 32-bit floats; LightGBM's scores must be ours to 1e-6


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rows: int = 40_000
    trees: int = 200
    features: int = 40
    rounds: int = 400
    """Batches of each size; as many single payments a batch."""
    seed: int = 1

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a moment, to see that the bench works; its figures say nothing."""
        return cls(rows=2_000, trees=9, rounds=3)


def bench_scoring(plan: Plan, tell: Tell) -> Report:
    """Return the rows: single payments, batches and contributions, with the other ways on the same rows."""
    tell("training")
    booster, matrix = _trained(plan)
    forest = forest_of(*parse_trees(booster.model_to_string()))
    ours: Callable[[Matrix], Any] = lambda rows: score_many(forest, rows)  # noqa: E731
    theirs: Callable[[Matrix], Any] = lambda rows: booster.predict(  # noqa: E731
        rows, raw_score=True, num_threads=1
    )
    assert np.abs(ours(matrix) - theirs(matrix)).max() <= 1e-6
    tell("scoring one by one")
    single = _single_row("score_single", lambda row: score(forest, row), matrix, plan)
    onnx = _onnx(booster, matrix) if find_spec("onnxruntime") and find_spec("onnxmltools") else None
    rows = [single]
    rivals: dict[str, Callable[[Any], Any]] = {"lightgbm_single": lambda row: theirs(row[None])}
    if onnx is not None:
        rivals["onnxruntime_single"] = lambda row: onnx(row[None])
    if find_spec("river"):
        tell("River learns")
        rivals["river_single"] = _river(matrix, plan)
    for name, run in rivals.items():
        tell(name.replace("_", " "))
        rows.append(_single_row(name, run, matrix, plan, single.value))
    for batch in _BATCHES:
        tell(f"scoring batches of {batch}")
        base = _batch_row(f"lightgbm_batch_{batch}", theirs, matrix, batch, plan)
        rows += [_batch_row(f"score_batch_{batch}", ours, matrix, batch, plan, base.value), base]
        if onnx is not None:
            rows.append(_batch_row(f"onnxruntime_batch_{batch}", onnx, matrix, batch, plan))
    tell("contributions")
    rows.append(
        _batch_row("contributions_64", lambda part: contributions(forest, part), matrix, 64, plan)
    )
    return Report(describe_machine(), tuple(rows))


def _trained(plan: Plan) -> tuple[Any, Matrix]:
    """Return a booster and the rows that it learnt from: counts, sums with long tails, holes."""
    import lightgbm

    draw = np.random.default_rng(plan.seed)
    matrix = draw.lognormal(0, 2, (plan.rows, plan.features)) * 1_000
    matrix[:, ::2] = np.round(matrix[:, ::2])
    matrix[draw.random(matrix.shape) < 0.05] = np.nan
    known = np.log1p(np.nan_to_num(matrix))
    target = known[:, 0] * known[:, 3] + known.sum(axis=1) + draw.normal(0, 5, plan.rows)
    labels = target > np.quantile(target, 0.9)
    settings = {
        "objective": "binary",
        "num_leaves": 31,
        "max_depth": 6,
        "seed": plan.seed,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    return lightgbm.train(settings, lightgbm.Dataset(matrix, labels), plan.trees), matrix


def _onnx(booster: Any, matrix: Matrix) -> Callable[[Matrix], Any]:  # noqa: ANN401 (LightGBM's own)
    """Return scoring by onnxruntime on one thread; it takes 32-bit floats and gives probabilities."""
    import onnxruntime
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    shape = FloatTensorType([None, matrix.shape[1]])
    made = convert_lightgbm(booster, initial_types=[("rows", shape)], zipmap=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_outputs()[1].name
    small = np.float32(matrix[:256])  # rows that lie on thresholds may go another way in 32 bits
    found = session.run([name], {"rows": small})[0][:, 1]
    exact = booster.predict(small.astype(np.float64), num_threads=1)
    assert np.median(np.abs(found - exact)) <= _AGREE
    return lambda rows: session.run([name], {"rows": rows.astype(np.float32)})


def _river(matrix: Matrix, plan: Plan) -> Callable[[Any], Any]:
    """Return the chances of River's adaptive random forest, a row at a time as it wants them: by the names of features."""
    from river.forest import ARFClassifier

    forest = ARFClassifier(n_models=_RIVER_TREES, seed=plan.seed)
    names = [f"f{at}" for at in range(matrix.shape[1])]
    known = np.nan_to_num(matrix[: min(len(matrix), _RIVER_ROWS)])
    labels = known[:, 0] > np.quantile(known[:, 0], 0.9)
    for row, label in zip(known.tolist(), labels.tolist(), strict=True):
        forest.learn_one(dict(zip(names, row, strict=True)), label)
    return lambda row: forest.predict_proba_one(dict(zip(names, row.tolist(), strict=True)))


def _single_row(
    name: str,
    run: Callable[[Any], object],
    matrix: Matrix,
    plan: Plan,
    ours: float | None = None,
) -> Row:
    """Return microseconds of calls with one row each, by the clock on the wall: p99 holds what others took.

    `ratio` says how many times as long as ours (`baseline`) another way takes.
    """
    run(matrix[0])
    times = []
    for at in range(plan.rounds * (64 if ours is None else 2)):
        row = matrix[at % plan.rows]
        begin = perf_counter_ns()
        run(row)
        times.append((perf_counter_ns() - begin) / 1e3)
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    ratio = None if ours is None else min(times) / ours
    return Row(name, min(times), "us", p50, p99, ours, ratio, rss_mb=resident_mb())


def _batch_row(
    name: str,
    run: Callable[[Matrix], object],
    matrix: Matrix,
    batch: int,
    plan: Plan,
    baseline: float | None = None,
) -> Row:
    """Return microseconds a row of batches that lie behind one another in the matrix."""
    run(matrix[:batch])
    times = []
    for round_ in range(plan.rounds):
        first = round_ * batch % (plan.rows - batch)
        part = matrix[first : first + batch]
        begin = thread_time_ns()
        run(part)
        times.append((thread_time_ns() - begin) / 1e3 / batch)
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    ratio = None if baseline is None else baseline / min(times)
    return Row(name, min(times), "us a row", p50, p99, baseline, ratio, rss_mb=resident_mb())


__all__ = ["Plan", "bench_scoring"]
