"""Stolen money in the stream is where the trail engine says it is, however late its claims are placed.

The oracle is `recoup.trace` over the same rows, holds and claims at once.
"""

from __future__ import annotations

import random

import pytest
from stolen_worlds import Driven, engine, stream_world


@pytest.mark.parametrize("seed", range(40))
def test_claims_placed_at_once_are_where_the_engine_says(seed: int) -> None:
    world = stream_world(seed)
    assert engine(world) == Driven(world).run().outcome(), str(world)


@pytest.mark.parametrize("seed", range(60))
def test_claims_placed_late_are_where_the_engine_says(seed: int) -> None:
    world = stream_world(seed)
    chance = random.Random(seed)
    late = {claim.claim: chance.randrange(40) for claim in world.claims}
    assert engine(world) == Driven(world).run(late, chance).outcome(), str(world)
