"""The comparison of a trail with the twin must be silent when they agree and find every single figure that is changed."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from twin import FEATURES, World, differences, random_world, report, twin_back, twin_trace
from twin.mirror import trail_of

from recoup.trace.trail import Trail

RULES = ("fifo", "lifo", "rolling", "lowest-balance", "poison")
NUMBERS = {
    "positions": ("amount", "held", "inferred", "asserted"),
    "flows": ("amount", "depth", "inferred", "asserted"),
    "exits": ("amount", "inferred", "asserted"),
    "unknown": ("amount", "inferred", "asserted"),
    "summary": (
        "loss",
        "located",
        "held",
        "exited",
        "unknown",
        "residual",
        "accounts",
        "depth",
        "inferred",
        "asserted",
    ),
    "holds": ("amount",),
    "accounts": ("opening", "assumed_credit", "balance"),
}


def pair(seed: int, size: int = 40) -> tuple[World, Trail]:
    world = random_world(seed, size, FEATURES).with_rules(*RULES)
    return world, trail_of(world, twin_trace(world.dossier(), world.claim_table(), world.options))


@pytest.mark.parametrize("seed", range(12))
def test_a_trail_that_says_the_same_shows_no_difference(seed: int) -> None:
    world, trail = pair(seed)
    twin = twin_trace(world.dossier(), world.claim_table(), world.options)
    assert not differences(trail, twin), report(world, differences(trail, twin))


@pytest.mark.parametrize("table", sorted(NUMBERS))
def test_one_unit_more_in_any_figure_is_found(table: str) -> None:
    changed = 0
    for seed in range(8):
        world, trail = pair(seed)
        twin = twin_trace(world.dossier(), world.claim_table(), world.options)
        frame: pl.DataFrame = getattr(trail, table)
        kept = frame if "rule" not in frame.columns else frame.filter(pl.col("rule") != "poison")
        if kept.is_empty():
            continue
        for column in NUMBERS[table]:
            first = kept.with_row_index("n").with_columns(
                pl.when(pl.col("n") == 0)
                .then(pl.col(column) + 1)
                .otherwise(pl.col(column))
                .alias(column)
            )
            assert differences(replace(trail, **{table: first.drop("n")}), twin), (seed, column)
            changed += 1
    assert changed


def test_a_missing_row_and_a_row_too_many_are_found() -> None:
    world, trail = next((w, t) for w, t in map(pair, range(50)) if not t.exits.is_empty())
    twin = twin_trace(world.dossier(), world.claim_table(), world.options)
    for table in ("positions", "flows", "exits", "summary"):
        frame: pl.DataFrame = getattr(trail, table)
        assert differences(replace(trail, **{table: frame[1:]}), twin)
        extra = pl.concat([frame, frame[:1].with_columns(claim=pl.lit("another"))])
        assert differences(replace(trail, **{table: extra}), twin)


PURE = frozenset({"ties", "cycles", "selfs", "fees", "holds", "pinned", "as_of"})


@pytest.mark.parametrize("rule", ["fifo", "lifo"])
@pytest.mark.parametrize("seed", range(40))
def test_forward_and_backward_meet(seed: int, rule: str) -> None:
    # A claim that disputes a deposit alone has in every account what tracing back from there names as that deposit's.
    # (Without holds: they take claims' units first, and tracing back has no claims.)
    world = replace(random_world(seed, 30, PURE).with_rules(rule), holds=())
    for claim in world.claims:
        if next(row for row in world.rows if row.id == claim.transfer).payer:
            continue
        alone = replace(world, claims=(claim,))
        outcome = twin_trace(alone.dossier(), alone.claim_table(), alone.options)[rule]
        for account in {row.payee for row in world.rows if row.payee}:
            back = twin_back(world.dossier(), account, rule, world.options)
            position = outcome.positions.get((claim.claim, account, "CNY"))
            expected = position.amount if position else 0
            assert back.sources.get(("deposit", claim.transfer, "CNY"), 0) == expected


@pytest.mark.parametrize("seed", range(30))
def test_the_last_instant_as_as_of_changes_nothing(seed: int) -> None:
    world = random_world(seed, 25, FEATURES - {"as_of", "holds", "links"}).with_rules(*RULES)
    last = replace(world, options=replace(world.options, as_of=max(row.time for row in world.rows)))
    whole = twin_trace(world.dossier(), world.claim_table(), world.options)
    assert whole == twin_trace(last.dossier(), last.claim_table(), last.options)
