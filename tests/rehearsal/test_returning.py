"""The way back where money comes late: a hold that fills after it was frozen is given back in a round of its own."""

from __future__ import annotations

import pytest

from recoup.rehearse.office import Mandate, OfficePolicy, OfficeTerms
from recoup.rehearse.office.returning import Returning
from recoup.rehearse.play.happened import HeldNow, Ordered, Returned
from rehearsal.hamlet import BEGIN, HOUR, MINUTE
from rehearsal.script import play_script, scripted

LOSS, GONE = 80_000, 30_000
VICTIM, MULE, FRIEND, CASH = range(4)
PAID = (0, VICTIM, MULE, LOSS)
REPORT = (HOUR, PAID)
DAY = 24 * HOUR
MOVES = [PAID, (10 * MINUTE, MULE, CASH, GONE), (56 * HOUR, FRIEND, MULE, GONE)]
"""What left the mule before the report comes to it again when its account is frozen already."""


def play(moves=MOVES, report=REPORT, **changes):
    policy = OfficePolicy(Mandate.CHASE, OfficeTerms(entry_median_us=0, appealing=0.0))
    country = scripted([LOSS, 0, GONE, 10**9], moves, **changes)
    return play_script(country, policy, [report], days=100), policy


def returned(stage):
    return [one.amount for one in stage.happened if isinstance(one, Returned)]


def test_money_that_filled_a_hold_after_its_freeze_comes_back_in_a_second_round():
    stage, policy = play()
    assert returned(stage) == [LOSS - GONE, GONE]
    assert stage.books.balance(VICTIM) == LOSS
    (case,) = policy.centre.state.cases.values()
    assert [(one.missing, one.returned) for one in case.claims] == [(0, LOSS)]
    (found,) = policy.centre.state.returns.values()
    assert [one.number for one in found.rounds] == [1, 2]
    assert not policy.returning.stood_still
    asked = {one.account for one in stage.happened if isinstance(one, Ordered)}
    assert asked == {MULE}, (
        "money that was paid back is followed no further: not to the victim's account"
    )
    first, second = (one.at_us for one in stage.happened if isinstance(one, Returned))
    assert second - first > 30 * DAY, "what no trace finds is shared, after its own public notice"


def test_without_another_round_it_stays_frozen(monkeypatch):
    def gone_home(self, case_id):
        del self, case_id

    monkeypatch.setattr(Returning, "_again", gone_home)
    stage, _ = play()
    assert returned(stage) == [LOSS - GONE]
    assert [one.held for one in stage.happened if isinstance(one, HeldNow)][-1] == GONE


def test_a_return_waits_until_what_is_held_is_frozen():
    """The report comes as the days end: freezes leave a day after it, and no plan is made of stops."""
    report = (59 * HOUR, PAID)
    stage, policy = play([PAID], report)
    assert returned(stage) == [LOSS]
    frozen_us = min(
        one.at_us for one in stage.happened if isinstance(one, HeldNow) and one.is_frozen
    )
    (found,) = policy.centre.state.returns.values()
    (row,) = [one.at_us for one in stage.happened if isinstance(one, Returned)]
    assert len(found.rounds) == 1
    assert BEGIN + report[0] < frozen_us < row


@pytest.mark.parametrize("moves", [[PAID, (10 * MINUTE, MULE, CASH, LOSS)]])
def test_where_nothing_was_kept_nothing_is_opened(moves):
    stage, policy = play(moves)
    assert returned(stage) == []
    assert not policy.centre.state.returns
    assert policy.returning.stood_still == {"case-0": "nothing frozen"}
