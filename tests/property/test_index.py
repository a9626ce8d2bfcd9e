"""The flow index finds for every claim exactly what the fifo kernel finds by replaying everything."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from twin import FEATURES, PLAIN, Refused, random_world, twin_trace

from recoup.errors import InputFault
from recoup.trace import follow as following
from recoup.trace.assemble import Scene
from recoup.trace.index import FlowIndex, Skip
from recoup.trace.kernels import books
from recoup.trace.trace import build_scene

INDEXED = FEATURES - {"dust"}


def scene_of(seed: int, size: int, features: frozenset[str]) -> Scene | None:
    """Return the scene of a random world, None for one that is refused."""
    world = random_world(seed, size, features)
    try:
        twin_trace(world.dossier(), world.claim_table(), world.with_rules("fifo").options)
        return build_scene(world.dossier(), world.claim_table(), world.options)
    except (Refused, InputFault):
        return None


def skips_of(scene: Scene) -> list[Skip]:
    """Return what the kernel's holds took: the axis intervals right after each hold event."""
    events, out = scene.events, []
    slot = events.specials["slot"][events.special]
    for event in np.flatnonzero(events.op[: events.stop] & books.HOLD):
        upto = replace(events, stop=int(event) + 1)
        arrays = following._follow_lots(scene.ledger, scene.openings, upto, None, False, None)
        ends = np.flatnonzero((events.op & books.RELEASE != 0) & (slot == slot[event]))
        until = int(ends[0]) if len(ends) else 2**31 - 1
        at = int(arrays.slots[slot[event]])
        while at >= 0:
            lot = arrays.lots[at]
            low = int(lot["start"])
            out.append(
                Skip(int(events.source[event]), low, low + int(lot["size"]), int(event), int(until))
            )
            at = int(lot["next"])
    return out


def by_kernel(scene: Scene) -> tuple[dict, dict, dict]:
    found = following.follow("fifo", scene.ledger, scene.openings, scene.events,
                             holds_count=len(scene.dossier.holds))  # fmt: skip
    flows: dict = defaultdict(int)
    depths: dict = {}
    lying: dict = defaultdict(int)
    for f in found.flows.tolist():
        amount, colour, event, depth, fate = f
        flows[colour >> 2, colour & 3, event, fate] += amount
        if fate not in (books.STAYED, books.UNDONE):
            key = (colour >> 2, event, fate)
            depths[key] = min(depth, depths.get(key, depth))
        if fate == books.STAYED:
            lying[colour >> 2, int(scene.events.source[event]), depth] += amount
    holds = scene.dossier.holds
    for pocket, colour, amount, since, hold in zip(
        found.pocket, found.colour, found.amount, found.since, found.hold, strict=True
    ):
        if colour >= 0:
            at = int(pocket)
            if hold >= 0:
                at = scene.ledger.pocket(holds["account"][int(hold)], holds["currency"][int(hold)])
            lying[int(colour) >> 2, at, int(since)] += int(amount)
    return dict(flows), depths, dict(lying)


def by_index(scene: Scene) -> tuple[dict, dict, dict]:
    index = FlowIndex.build(scene.ledger, scene.openings, scene.events, skips_of(scene))
    flows: dict = defaultdict(int)
    depths: dict = {}
    lying: dict = defaultdict(int)
    for number, case in enumerate(index.follow_all()):
        for p in case.parcels:
            event, fate, depth = int(p["event"]), int(p["fate"]), int(p["depth"])
            flows[number, int(p["mark"]), event, fate] += int(p["amount"])
            if fate not in (books.STAYED, books.UNDONE):
                key = (number, event, fate)
                depths[key] = min(depth, depths.get(key, depth))
        for at in case.lying:
            lying[number, int(at["pocket"]), int(at["since"])] += int(at["amount"])
    return dict(flows), depths, dict(lying)


def check(seed: int, size: int, features: frozenset[str]) -> Scene | None:
    scene = scene_of(seed, size, features)
    if scene is not None:
        for name, expected, found in zip(
            ("flows", "depths", "lying"), by_kernel(scene), by_index(scene), strict=True
        ):
            different = {
                key: (expected.get(key), found.get(key))
                for key in sorted({*expected, *found})
                if expected.get(key) != found.get(key)
            }
            assert not different, (seed, name, different, str(random_world(seed, size, features)))
    return scene


@pytest.mark.parametrize("seed", range(60))
def test_the_index_agrees_with_the_kernel_in_every_flow_and_place(seed: int) -> None:
    check(seed, 40, INDEXED)


@pytest.mark.parametrize("seed", range(30))
def test_the_index_agrees_in_plain_worlds(seed: int) -> None:
    check(1000 + seed, 60, PLAIN)


@pytest.mark.parametrize("seed", range(30))
def test_one_step_at_a_time_finds_the_same_as_all_at_once(seed: int) -> None:
    scene = scene_of(seed, 40, INDEXED)
    if scene is None or not len(scene.events.root):
        return
    index = FlowIndex.build(scene.ledger, scene.openings, scene.events, skips_of(scene))
    root = int(scene.events.root[0])
    if root >= scene.events.stop:
        return
    whole = index.follow_case(root, own=0)
    frontier, parcels, lying = index.start(root), [], []
    for _ in range(1000):
        step = index.expand(frontier, own=0)
        parcels += step.parcels.tolist()
        lying += step.lying.tolist()
        frontier = step.frontier
        if not len(frontier):
            break
    assert sorted(whole.parcels.tolist()) == sorted(parcels)
    assert sorted(whole.lying.tolist()) == sorted(lying)
