"""Institutions are asked for their digests in rounds; one that cannot be asked keeps nobody else waiting."""

from __future__ import annotations

import threading

from recoup.centre.digests import Digests
from recoup.errors import GatewayFault


def test_one_institution_that_is_away_is_told_of_and_the_others_are_asked():
    asked, told = [], []

    def confirm(name):
        asked.append(name)
        if name == "b":
            raise GatewayFault("away")
        return 2

    digests = Digests(confirm, ("a", "b", "c"), 60, lambda name, why: told.append((name, why)))
    assert digests.one_round() == 4
    assert asked == ["a", "b", "c"]
    assert told == [("b", "away")]


def test_it_asks_again_and_again_until_it_is_stopped():
    rounds, third = [], threading.Event()

    def confirm(name):
        rounds.append(name)
        if len(rounds) == 3:
            third.set()
        return 0

    digests = Digests(confirm, ("a",), 0.001)
    digests.start()
    assert third.wait(10)
    digests.stop()
    count = len(rounds)
    assert digests.fault is None
    assert count >= 3


def test_a_bug_is_kept_for_whoever_watches():
    def confirm(name):
        raise AssertionError(name)

    digests = Digests(confirm, ("a",), 0.001)
    digests.start()
    digests._thread.join(10)
    assert isinstance(digests.fault, AssertionError)
