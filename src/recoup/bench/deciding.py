"""`recoup bench stream`: whole decisions on one thread: check, features, rules, 200 trees, policy, booking. Not a test.

What it stands for: one partition's payments among a few hundred thousand pockets after two weeks of traffic, by the official
flags in shadow and a model of 200 trees of at most six levels that learnt from the stream's own features, in shadow too; once
of the state alone, once with patterns. Rates are of stretches of some ten thousand payments, value is the best; they go by the
thread's own processor time. Single payments and short batches go by the clock on the wall: their p99 holds what others took.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter_ns, thread_time
from typing import Any, Final

import numpy as np

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.bench.watch import Plan as Traffic
from recoup.bench.watch import make_payments
from recoup.watch.columns import STREAM_FEATURES, columns_of
from recoup.watch.decision import Policy
from recoup.watch.features import FEATURES
from recoup.watch.model import Examples, Model, Parameters, feature_set, train
from recoup.watch.patterns import Patterns
from recoup.watch.rules import RuleSet
from recoup.watch.state import Payments, Shard
from recoup.watch.stream import Stream
from recoup.watching.policy_files import read_policy
from recoup.watching.rule_files import read_rules

_BATCH: Final = 1_024
_STRETCH: Final = 16
"""Batches that one rate is taken of."""
_SHORT: Final = 60
_CNY: Final = ("CNY",)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    payments: int = 2_000_000
    accounts: int = 200_000
    singles: int = 20_000
    """Payments that are given one by one, and again in short batches."""
    learnt: int = 40_000
    """Payments that the model learns from."""
    trees: int = 200
    seed: int = 1

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of some seconds, to see that the bench works; its figures say nothing."""
        return cls(120_000, 5_000, 200, 3_000, 9)


@dataclass(frozen=True)
class Parts:
    """The payments: those that only pass, those that are decided in batches, those that come alone."""

    before: Payments
    batches: Payments
    alone: Payments

    @classmethod
    def of(cls, plan: Plan) -> Parts:
        """Return the payments of a plan: 60, then nearly 40 of a hundred, and the last ones alone."""
        payments = make_payments(Traffic(plan.payments, plan.accounts, seed=plan.seed))
        count = len(payments)
        edges = (count * 60 // 100, count - 2 * plan.singles)
        return cls(
            payments.part(0, edges[0]), payments.part(*edges), payments.part(edges[1], count)
        )


def bench_deciding(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Return the rows: whole decisions on features of the state, and with patterns; in batches, short ones, and alone."""
    tell("payments")
    parts = Parts.of(plan)
    rows: list[Row] = []
    rules, policy = read_rules("cn-flags", currencies=_CNY), read_policy("cn")
    for columns, name in ((FEATURES, ""), (STREAM_FEATURES, "_patterns")):
        tell(f"training on {len(columns)} features")
        model = learnt_model(plan, parts.before, len(columns))
        tell("whole decisions")
        rows += _of(_new(plan, parts, rules, model, policy), parts, name)
        if columns is FEATURES:
            tell("parts of them")
            rows += _without(plan, parts, rules, model, policy)
    return Report(describe_machine(), tuple(rows))


def learnt_model(plan: Plan, payments: Payments, width: int) -> Model:
    """Return a model of so many of the stream's features, learnt from the last of some payments; labels are made up."""
    first = len(payments) - plan.learnt
    shard, patterns = Shard(plan.accounts), Patterns(plan.accounts)
    shard.apply(payments.part(0, first))
    patterns.apply(payments.part(0, first), reads=False)
    last = payments.part(first, len(payments))
    matrix = np.empty((plan.learnt, len(FEATURES)))
    shard.apply(last, matrix)
    matrix = np.column_stack([matrix, patterns.apply(last)])[:, :width]
    draw = np.random.default_rng([plan.seed, 6])
    weights = draw.normal(0, 1, width)
    known = np.log1p(np.abs(matrix))
    known = (known - known.mean(axis=0)) / (known.std(axis=0) + 1e-9)
    target = known @ weights + known[:, 3] * known[:, 7] + draw.normal(0, 1, plan.learnt)
    examples = Examples(
        np.ascontiguousarray(matrix),
        target > np.quantile(target, 0.97),
        last.time_us,
        last.amount_minor,
        np.zeros(plan.learnt, np.int32),
    )
    parameters = Parameters(trees=plan.trees, seed=plan.seed)
    until = int(last.time_us[-1]) + 1
    return train(examples, feature_set(columns_of(width)), until, None, parameters).model


def _new(
    plan: Plan, parts: Parts, rules: RuleSet | None, model: Model | None, policy: Policy | None
) -> Stream:
    """Return a stream through which the earlier payments have passed."""
    shard = Shard(plan.accounts)
    shard.apply(parts.before)
    return Stream(shard, rules=rules, model=model, policy=policy, currencies=_CNY)


def _of(stream: Stream, parts: Parts, name: str) -> Iterator[Row]:
    """Yield the rows of one stream: batches, single payments, short batches."""
    yield _rate(f"decide_1024{name}", stream, parts.batches)
    half = len(parts.alone) // 2
    yield _single(f"decide_1{name}", stream, parts.alone.part(0, half))
    yield _short(f"decide_{_SHORT}{name}", stream, parts.alone.part(half, 2 * half))


def _without(
    plan: Plan, parts: Parts, rules: RuleSet, model: Model, policy: Policy
) -> Iterator[Row]:
    """Yield rates without rules, without a model, without both: what each costs."""
    given: tuple[tuple[str, dict[str, Any]], ...] = (
        ("decide_1024_no_rules", {"rules": None, "model": model}),
        ("decide_1024_no_model", {"rules": rules, "model": None}),
        ("decide_1024_neither", {"rules": None, "model": None}),
    )
    for name, some in given:
        yield _rate(name, _new(plan, parts, policy=policy, **some), parts.batches)


def _rate(name: str, stream: Stream, payments: Payments) -> Row:
    """Return M payments/s of stretches of batches, best, median and slowest of a hundred."""
    places, rates, whole = np.zeros(_BATCH, np.int16), [], _BATCH * _STRETCH
    for begin in range(0, len(payments) - whole + 1, whole):
        some = [payments.part(at, at + _BATCH) for at in range(begin, begin + whole, _BATCH)]
        start = thread_time()
        for part in some:
            stream.decide(part, places)
        rates.append(whole / (thread_time() - start) / 1e6)
    p50, p99 = (float(x) for x in np.percentile(rates, [50, 1]))
    return Row(name, max(rates), "M payments/s", p50, p99, rss_mb=resident_mb())


def _single(name: str, stream: Stream, payments: Payments) -> Row:
    """Return the microseconds of a call with one payment."""
    columns = (payments.time_us, payments.payer, payments.payee, payments.amount_minor)
    times = []
    for time, payer, payee, amount in zip(*(c.tolist() for c in columns), strict=True):
        begin = perf_counter_ns()
        stream.decide_one(time, payer, payee, amount, 0, 0)
        times.append((perf_counter_ns() - begin) / 1e3)
    return _times(name, "us", times)


def _short(name: str, stream: Stream, payments: Payments) -> Row:
    """Return the microseconds of a call with sixty payments."""
    places, times = np.zeros(_SHORT, np.int16), []
    for at in range(0, len(payments) - _SHORT + 1, _SHORT):
        part = payments.part(at, at + _SHORT)
        begin = perf_counter_ns()
        stream.decide(part, places)
        times.append((perf_counter_ns() - begin) / 1e3)
    return _times(name, "us a call", times)


def _times(name: str, unit: str, times: list[float]) -> Row:
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row(name, min(times), unit, p50, p99, rss_mb=resident_mb())


__all__ = ["Parts", "Plan", "bench_deciding", "learnt_model"]
