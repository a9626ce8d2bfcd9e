"""A trail that is extended equals one traced at once: every frame, to the row order; untouched claims are not traced again."""

from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
import pytest
from twin import FEATURES, PLAIN, World, random_world

from recoup.errors import InputFault
from recoup.trace import Trail, trace_dossier

FRAMES = (
    "claims",
    "positions",
    "flows",
    "exits",
    "unknown",
    "summary",
    "accounts",
    "leads",
    "holds",
)
LOCAL = ("fifo", "lifo", "rolling", "lowest-balance")


def _late(world: World, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split the transfers: some that nothing names come late, wherever they lie in time."""
    rows = world.dossier().transfers
    named = {*world.claim_table()["transfer"], *rows["reverses"]}
    free = [name for name in rows["id"] if name not in named]
    chance = random.Random(seed)
    late = set(chance.sample(free, min(len(free), chance.randrange(1, 4))))
    is_late = pl.col("id").is_in(sorted(late))
    return rows.filter(~is_late), rows.filter(is_late)


def _both(world: World, seed: int, rules: tuple[str, ...]) -> tuple[Trail, Trail]:
    dossier, claims, options = (
        world.dossier(),
        world.claim_table(),
        replace(world.options, rules=rules),
    )
    early, late = _late(world, seed)
    whole = trace_dossier(dossier, claims, options)
    part = trace_dossier(replace(dossier, transfers=early), claims, options)
    return whole, part.extend(late)


@pytest.mark.parametrize(
    ("features", "rules", "seeds"),
    [
        (PLAIN | {"terminal", "unknown"}, LOCAL, range(4)),
        pytest.param(PLAIN | {"terminal", "unknown"}, LOCAL, range(4, 12), marks=pytest.mark.slow),
        (FEATURES - {"holds", "links"}, (*LOCAL, "poison"), range(100, 103)),
        pytest.param(
            FEATURES - {"holds", "links"},
            (*LOCAL, "poison"),
            range(103, 107),
            marks=pytest.mark.slow,
        ),
        (PLAIN | {"holds", "links", "unknown"}, ("fifo", "rolling"), range(200, 205)),
        (PLAIN | {"reversals", "conversions"}, ("pari-passu",), range(300, 304)),
    ],
)
def test_extending_gives_what_tracing_at_once_gives(features, rules, seeds) -> None:
    for seed in seeds:
        world = random_world(seed, 8 + seed % 40, features=frozenset(features))
        whole, extended = _both(world, seed, rules)
        for name in FRAMES:
            expected, found = getattr(whole, name), getattr(extended, name)
            assert expected.equals(found), f"{name}\n{world}\n{expected}\n{found}"
        assert whole.assumptions == extended.assumptions


def test_claims_that_late_rows_do_not_touch_are_not_traced_again() -> None:
    spared = total = 0
    for seed in range(8):
        world = random_world(seed, 8 + seed % 40, features=PLAIN)
        _, extended = _both(world, seed, ("fifo",))
        assert extended.retraced is not None
        total += len(extended.claims)
        spared += len(extended.claims) - len(extended.retraced)
    assert 0 < spared < total


def test_rows_that_are_already_there_change_nothing() -> None:
    world = random_world(7, 30, features=PLAIN)
    trail = trace_dossier(world.dossier(), world.claim_table(), replace(world.options, rules=LOCAL))
    again = trail.extend(world.dossier().transfers)
    assert again.retraced == ()
    assert all(getattr(trail, name).equals(getattr(again, name)) for name in FRAMES)


def test_another_row_under_a_known_id_is_refused() -> None:
    world = random_world(7, 30, features=PLAIN)
    trail = trace_dossier(world.dossier(), world.claim_table(), world.options)
    other = world.dossier().transfers.head(1).with_columns(amount=pl.col("amount") + 1)
    with pytest.raises(InputFault, match="id_twice"):
        trail.extend(other)
