"""What the compiled loops of a return find is what the walk finds, unit by unit; the walk has its own twin beside."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.returns import follow
from recoup.returns.follow import compiled_shares, is_plain, walked_shares
from recoup.returns.pool_kernel import follow_pools
from recoup.returns.route import route_to
from recoup.trace.assemble import Scene
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options
from recoup.tracing import transfers_frame

RULES = ("fifo", "lifo", "rolling")
START = datetime(2026, 1, 5, tzinfo=UTC)
MOST = 2**59


def scene_of(seed: int, accounts: int, moves: int) -> Scene:
    """A ledger in which money goes round among few accounts; amounts from one unit to nearly what a pocket may take in."""
    source = random.Random(seed)
    rows, disputed = [], []
    for at in range(moves):
        payer, payee = source.sample(range(accounts), 2)
        amount = source.choice((1, 2, 3, 100, 10**6, MOST // (moves * accounts)))
        if source.random() < 0.25:
            disputed.append((f"c{source.randrange(10**9)}-{at}", f"t{at}"))
        where = "" if source.random() < 0.1 else f"a{payee}"
        rows.append((f"t{at}", START + timedelta(minutes=at // 3), f"a{payer}", where, amount))
    frame = pl.DataFrame(rows, schema=["id", "time", "payer", "payee", "amount"], orient="row")
    transfers = transfers_frame(frame.with_columns(currency=pl.lit("CNY")))
    claims = pl.DataFrame(
        [(claim, f"v{claim}", transfer, None, True) for claim, transfer in sorted(disputed)],
        schema=tables.CLAIMS,
        orient="row",
    )
    return build_scene(Dossier(transfers, ()), claims, Options())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 12))]
)
def test_the_compiled_loops_move_the_very_units_that_the_walk_moves(seed: int, rule: str) -> None:
    scene = scene_of(seed, 3 + seed % 5, 40 + 30 * seed)
    pockets = [p for p in range(1, len(scene.ledger.sinks)) if not scene.ledger.sinks[p]]
    route = route_to(scene, pockets)
    assert is_plain(scene, route)
    for involved in ([], pockets, pockets[::2]):
        found = compiled_shares(scene, rule, involved, pockets, route)
        assert found == walked_shares(scene, rule, involved, pockets, route)
    assert any(found.values()), "a claim's money lies somewhere"


def test_own_money_first_changes_what_is_found() -> None:
    """The control: a loop that forgot it would be found."""
    scene = scene_of(3, 4, 200)
    pockets = [p for p in range(1, len(scene.ledger.sinks)) if not scene.ledger.sinks[p]]
    route = route_to(scene, pockets)
    for rule in RULES:
        found = compiled_shares(scene, rule, pockets, pockets, route)
        assert found != walked_shares(scene, rule, [], pockets, route), rule


def test_a_ledger_of_many_events_takes_the_compiled_way_and_a_short_one_the_walk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = scene_of(5, 4, 60)
    pockets = [p for p in range(1, len(scene.ledger.sinks)) if not scene.ledger.sinks[p]]
    route, ways = route_to(scene, pockets), []
    for name in ("compiled_shares", "walked_shares"):
        way = getattr(follow, name)
        monkeypatch.setattr(follow, name, lambda *x, n=name, w=way: ways.append(n) or w(*x))
    first = follow.traced_shares(scene, "fifo", [], pockets, route)
    monkeypatch.setattr(follow, "COMPILED_EVENTS_MIN", len(route.events))
    assert follow.traced_shares(scene, "fifo", [], pockets, route) == first
    assert ways == ["walked_shares", "compiled_shares"]


def test_pools_that_split_again_and_again_have_room() -> None:
    """Each step splits every claim's entry in two: far more entries than events."""
    claims, hops = 64, 40
    source = np.array([0] * claims + list(range(1, hops)), np.int64)
    payee = np.array([1] * claims + list(range(2, hops + 1)), np.int64)
    amount = np.array([1 << 50] * claims + [claims << (49 - at // 4) for at in range(hops - 1)])
    claim = np.array([*range(claims), *([-1] * (hops - 1))], np.int64)
    kept = np.array([False] + [True] * hops)
    opening, own = np.zeros(hops + 1, np.int64), np.zeros(hops + 1, np.bool_)
    asked = np.arange(1, hops + 1)
    given = (source, payee, np.minimum(amount, amount.cumsum()), claim, kept, opening, own)
    amounts = given[2]
    for at in range(claims + 1, len(amounts)):
        amounts[at] = min(amounts[at], amounts[at - 1] // 2)
    found = follow_pools(*given, asked)
    assert found.shape[1] > 2 * len(source)
    assert int(found[2].sum()) == claims << 50, "nothing is lost on the way"
