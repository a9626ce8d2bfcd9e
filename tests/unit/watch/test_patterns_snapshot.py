"""Rings of patterns as bytes and back: nothing is lost, what is damaged or made to harm is refused by name."""

from __future__ import annotations

import hashlib
import json
import random

import numpy as np
import pytest

from recoup.errors import StateFault, StateProblem
from recoup.watch.patterns import Patterns
from recoup.watch.patterns.snapshots import to_bytes
from recoup.watch.state import Payments

POCKETS = 12
HOUR = 3_600_000_000


def payments() -> Payments:
    chance, now, rows = random.Random(5), -40 * HOUR, []  # the first ones before 1970
    for _ in range(200):
        now += chance.choice([0, HOUR, 30 * HOUR])
        payer, payee = chance.sample(range(-1, 9), 2)  # the last three are never used
        rows.append((now, payer, payee, chance.choice([1000, 990, 850])))
    return Payments.of(*(np.array(column) for column in zip(*rows, strict=True)))


def filled(count: int = 150, kept: int = 4) -> Patterns:
    patterns = Patterns(POCKETS, kept)
    patterns.apply(payments().part(0, count))
    return patterns


GOOD = filled().snapshot()


def test_what_is_restored_reads_on_to_the_last_bit() -> None:
    rest = payments().part(150, 200)
    again = Patterns.restore(GOOD)
    assert again.snapshot() == GOOD
    np.testing.assert_array_equal(filled().apply(rest), again.apply(rest))
    cold = Patterns(POCKETS, 4).apply(rest)
    assert not np.array_equal(filled().apply(rest), cold)  # the control


def test_how_batches_were_cut_leaves_no_trace() -> None:
    other = Patterns(POCKETS, 4)
    for at in range(0, 150, 7):
        other.apply(payments().part(at, min(at + 7, 150)), reads=False)
    assert other.snapshot() == GOOD
    assert filled(149).snapshot() != GOOD


def test_the_order_of_time_holds_over_a_restore() -> None:
    with pytest.raises(StateFault):
        Patterns.restore(GOOD).apply(payments().part(0, 1))
    empty = Patterns.restore(Patterns(3).snapshot())
    assert empty.apply(payments().part(0, 0)).shape[0] == 0


def problem_of(given: bytes) -> StateProblem | None:
    try:
        Patterns.restore(given)
    except StateFault as fault:
        return fault.problem
    return None


def resealed(given: bytes, old: bytes, new: bytes) -> bytes:
    """The snapshot with other content, its digest right again: what somebody who knows the format could write."""
    assert given.count(old) == 1
    body = given[:-32].replace(old, new)
    return body + hashlib.sha256(body).digest()


def test_damage_is_found_wherever_it_is() -> None:
    assert problem_of(GOOD) is None
    for at in range(0, len(GOOD), 41):
        bad = bytearray(GOOD)
        bad[at] ^= 1
        assert problem_of(bytes(bad)) in (
            StateProblem.SNAPSHOT_DAMAGED,
            StateProblem.SNAPSHOT_FOREIGN,
        )
    for cut in (0, 5, 40, len(GOOD) - 1):
        assert problem_of(GOOD[:cut]) is not None


def test_first_lines_that_say_something_else_are_refused() -> None:
    first = GOOD.split(b"\n", 2)[1]
    about = json.loads(first)

    def said(**change: object) -> StateProblem | None:
        return problem_of(resealed(GOOD, first, json.dumps(about | change).encode()))

    assert said(layout=2) is StateProblem.SNAPSHOT_FOREIGN
    assert said(features="0" * 64) is StateProblem.FEATURES_DIFFER
    for change in (
        {"pockets": POCKETS + 1}, {"pockets": 2**40}, {"pockets": -1}, {"pockets": "12"},
        {"kept": 3}, {"kept": 0}, {"kept": 8}, {"used": about["used"] + 1}, {"used": True},
    ):  # fmt: skip
        assert said(**change) is StateProblem.SNAPSHOT_DAMAGED, change
    assert problem_of(resealed(GOOD, first, b"[]")) is StateProblem.SNAPSHOT_DAMAGED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_us", 2**61), ("time_us", -(2**61)), ("amount", 0), ("amount", 2**60),
        ("other", POCKETS), ("other", -2), ("behind", -1), ("behind", 5), ("total", -1),
        ("total", 2**61), ("passed", -1), ("passed", 10**6), ("first_us", 2**61), ("hops", -1),
        ("origin", POCKETS), ("origin", -2), ("origin_us", 2**61), ("origin_amount", 0),
        ("before", 2**40), ("before", -2),
    ],
)  # fmt: skip
def test_numbers_that_would_lead_a_kernel_astray_are_refused(name: str, value: int) -> None:
    graph = filled().graph
    array = getattr(graph, name)
    array[(1,) + (0,) * (array.ndim - 1)] = value
    assert problem_of(to_bytes(graph)) is StateProblem.SNAPSHOT_DAMAGED


def test_the_memory_of_a_pocket_is_what_the_page_says() -> None:
    assert Patterns(1_000).bytes_count == 2_464_000


@pytest.mark.parametrize("pockets", [1, 1_000, 9_000])
def test_rings_begin_where_a_line_of_the_cache_does_and_are_empty(pockets: int) -> None:
    graph = Patterns(pockets).graph
    for array in graph:
        assert array.ctypes.data % 64 == 0
        assert array.flags.c_contiguous
        assert array.flags.writeable
    assert (graph.first_us == -1).all()
    others = [array for name, array in graph._asdict().items() if name != "figures"]
    assert not any(array.any() for array in (graph.total, graph.passed, *others))


def test_figures_of_a_pocket_stand_in_one_place() -> None:
    graph = filled().graph
    whole = np.column_stack([graph.total, graph.passed, graph.first_us])
    assert (whole == graph.figures).all()
    assert (graph.total > 0).any()
