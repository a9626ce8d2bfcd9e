"""R1: what is shared out is shared whole, nobody gets more than a unit beyond the fair share, and the right ones get it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from recoup.money import INT64_MAX, split

COUNT = 20_000
Sharing = Callable[[int, Sequence[int]], list[int]]


def wrong(total: int, weights: Sequence[int], parts: Sequence[int]) -> str:
    """Return what is wrong with a sharing, by its definition alone: largest remainder, ties to the earlier."""
    whole = sum(weights)
    if len(parts) != len(weights) or sum(parts) != total:
        return "not the whole"
    raised, stayed = [], []
    for place, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        fair, left = divmod(total * weight, whole)
        if not fair <= part <= fair + 1:
            return "not within one of fair"
        (raised if part > fair else stayed).append((-left, place))
    return "the wrong ones" if raised and stayed and max(raised) > min(stayed) else ""


def worlds(seed: int, count: int) -> list[tuple[int, list[int]]]:
    """Return sharings of all sizes, up to 5,000 claimants and amounts of 63 bits, with many ties and nothings among them."""
    chance, found = random.Random(seed), []
    for n in range(count):
        size = (
            5_000 if n % 1_000 == 0 else chance.choice((1, 2, 3, 10, 30, 200 if n % 20 == 0 else 5))
        )
        top = chance.choice((1, 2, 7, 10**6, INT64_MAX))
        weights = [chance.randint(0, top) for _ in range(size)]
        weights[chance.randrange(size)] += 1
        found.append((chance.randint(0, chance.choice((1, size, 10**9, INT64_MAX))), weights))
    return found


def walk(share: Sharing, seed: int, count: int) -> list[str]:
    return [
        x
        for total, weights in worlds(seed, count)
        if (x := wrong(total, weights, share(total, weights)))
    ]


def test_twenty_thousand_sharings_are_whole_and_fair() -> None:
    assert walk(split, 1, COUNT) == []


def _floors(total: int, weights: Sequence[int]) -> list[int]:
    return [total * weight // sum(weights) for weight in weights]


def _to_the_first(total: int, weights: Sequence[int]) -> list[int]:
    parts = _floors(total, weights)
    parts[0] += total - sum(parts)
    return parts


def _in_floats(total: int, weights: Sequence[int]) -> list[int]:
    return [round(total * (weight / sum(weights))) for weight in weights]


def _ties_to_the_later(total: int, weights: Sequence[int]) -> list[int]:
    return split(total, weights[::-1])[::-1]


@pytest.mark.parametrize("share", [_floors, _to_the_first, _in_floats, _ties_to_the_later])
def test_another_way_to_share_is_found(share: Sharing) -> None:
    """Negative controls."""
    assert walk(share, 1, 300)
