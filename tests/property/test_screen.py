"""The screen's one colour is the sum of all claims under rolling charge, to the unit, where it promises to be."""

from __future__ import annotations

import numpy as np
import pytest
from twin import PLAIN, Refused, random_world, twin_trace

from recoup.trace.follow import follow
from recoup.trace.screen import screen
from recoup.trace.trace import build_scene

SCREENED = PLAIN | {"unknown", "bridge", "terminal", "unadmitted", "pinned", "conversions", "as_of"}


@pytest.mark.parametrize("seed", range(60))
def test_the_screen_is_the_sum_of_the_claims(seed: int) -> None:
    world = random_world(seed, 40, SCREENED)
    try:
        twin_trace(world.dossier(), world.claim_table(), world.with_rules("rolling").options)
    except Refused:
        pytest.skip("the page refuses this world")
    scene = build_scene(world.dossier(), world.claim_table(), world.options)
    found = follow("rolling", scene.ledger, scene.openings, scene.events)
    expected = np.zeros(len(scene.ledger.standing), np.int64)
    np.add.at(expected, found.pocket, found.amount)
    taint = screen(scene.ledger, scene.openings, scene.events)
    inside = scene.ledger.sinks == 0
    assert expected[inside].tolist() == taint[inside].tolist(), str(world)
