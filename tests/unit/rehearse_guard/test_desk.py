"""Who is called and visited: never more than the share that the desk can, and those with the most at stake."""

from __future__ import annotations

from random import Random

import pytest
from rehearsal.village import village

from recoup.rehearse.guard.holders import Answering, explains
from recoup.rehearse.guard.warnings import Desk


def taken(stakes, share):
    desk = Desk(share)
    return [stake for stake in stakes if desk.takes(stake)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("order", ["drawn", "ascending", "descending", "alike"])
def test_no_more_are_spoken_to_than_the_desk_can_whatever_order_they_come_in(share, order):
    chance = Random(f"{share}/{order}")
    stakes = [chance.randrange(1, 10**6) for _ in range(400)]
    stakes = {"drawn": stakes, "alike": [7] * 400}.get(order) or sorted(
        stakes, reverse=order == "descending"
    )
    desk, made = Desk(share), 0
    for number, stake in enumerate(stakes, 1):
        made += desk.takes(stake)
        assert made <= share * number + 1
    if share == 1.0:
        assert made == 400
    if share == 0.0:
        assert made == 0
    if order == "drawn":
        assert made >= share * 400 - 40, "what the desk can is used"


def test_with_the_same_calls_more_is_spoken_about_than_by_chance():
    chance = Random(3)
    stakes = [int(chance.lognormvariate(9, 1.2)) for _ in range(1_000)]
    by_stake = taken(stakes, 0.3)
    by_chance = [stake for stake in stakes if chance.random() < len(by_stake) / 1_000]
    assert sum(by_stake) > 1.5 * sum(by_chance)


def test_how_often_holders_answer_is_what_the_scenario_says_and_a_liar_always_lies():
    country = village(1, people=2_000, frauds=4)
    criminals = [n for n, is_one in enumerate(country.is_criminal) if is_one]
    criminals = [n for n in criminals if not country.is_outside[n]]
    honest = [n for n, is_one in enumerate(country.is_innocent) if is_one][:2_000]
    answering = Answering(true=0.8, false=0.25)

    def came(accounts, about):
        return {one for one in accounts if explains(country, one, about, answering) is not None}

    assert len(came(honest, "a")) / len(honest) == pytest.approx(0.8, abs=0.05)
    assert came(honest, "a") != came(honest, "b")
    assert len(came(criminals, "a")) / len(criminals) == pytest.approx(0.25, abs=0.12)
    assert came(criminals, "a") == came(criminals, "b")
