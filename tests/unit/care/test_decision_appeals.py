"""Appeals against decisions of a watch: every cell of the table, once for a decision, another person, limits end nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from cared import START, TERMS, objected

from recoup.care import (
    DECISION_APPEAL_MOVES,
    DECISION_APPEAL_REFUSALS,
    CareReason,
    CareRefusal,
    DecisionAppeal,
    DecisionAppealState,
    DecisionAppealTrigger,
    DecisionKind,
)
from recoup.care.appealing import (
    DecisionAppealFiled,
    DecisionAppealMoved,
    PassDecisionAppeal,
    SettleDecisionAppeal,
    decide_appeal,
    evolve_appeal,
    file_appeal,
)
from recoup.care.limits import DECISION_CODES_MAX

S, T = DecisionAppealState, DecisionAppealTrigger
LATER = START + timedelta(days=400)
COMMANDS = {
    T.UPHOLD: SettleDecisionAppeal("appeal-1", True, "bo", "r"),
    T.DISMISS: SettleDecisionAppeal("appeal-1", False, "bo", "r"),
    T.PASS_LIMIT: PassDecisionAppeal("appeal-1"),
}


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(S, T)))
def test_every_pair_is_a_move_or_a_refusal(state, trigger):
    pair = (state, trigger)
    assert (pair in DECISION_APPEAL_MOVES) is not (pair in DECISION_APPEAL_REFUSALS)
    found = decide_appeal(objected(state=state), COMMANDS[trigger], LATER)
    if pair in DECISION_APPEAL_REFUSALS:
        assert isinstance(found, CareRefusal)
        assert found.reason is DECISION_APPEAL_REFUSALS[pair]
        return
    (event,) = found
    assert isinstance(event, DecisionAppealMoved)
    after = evolve_appeal(objected(state=state), event)
    assert (event.trigger, after.state) == (trigger, DECISION_APPEAL_MOVES[pair])
    if trigger is T.PASS_LIMIT:
        assert (after.is_overdue, after.settled_at) == (True, None)
    else:
        said = (after.settled_by, after.settled_for, after.settled_at)
        assert said == ("bo", "r", LATER)


def filed(wanted: DecisionAppeal, earlier: DecisionAppeal | None = None):
    return file_appeal(wanted, earlier, START, TERMS)


def test_it_is_filed_open_with_the_policys_limit_whatever_was_said_of_that():
    given = objected(
        state=S.UPHELD, is_overdue=True, settled_by="bank-1", settled_for="r", settled_at=START
    )
    (event,) = filed(given)
    assert isinstance(event, DecisionAppealFiled)
    limit = START + timedelta(seconds=TERMS.appeal_seconds)
    assert event.appeal == objected(filed_at=START, due_at=limit)


def test_a_decision_of_a_watch_whose_clock_is_ahead_was_made_when_it_was_filed():
    (event,) = filed(objected(decided_at=LATER))
    assert event.appeal.decided_at == START


@pytest.mark.parametrize("state", S)
def test_a_decision_is_appealed_against_once(state):
    found = filed(objected(id="appeal-2"), objected(state=state))
    assert isinstance(found, CareRefusal)
    assert found.reason is CareReason.DECISION_APPEALED


@pytest.mark.parametrize("kind", DecisionKind)
def test_what_waits_has_an_end_and_nothing_else_has_one(kind):
    waits = kind in {DecisionKind.DELAY, DecisionKind.HOLD}
    for until in (None, START + timedelta(hours=1)):
        found = filed(objected(kind=kind, waits_until=until))
        is_fit = waits == (until is not None)
        assert isinstance(found, tuple) is is_fit, (kind, until)
        if not is_fit:
            assert found.reason is CareReason.DECISION_UNFIT


def test_amount_and_reasons_have_bounds():
    assert filed(objected(amount=0)).reason is CareReason.DECISION_UNFIT
    codes = tuple(map(str, range(DECISION_CODES_MAX + 1)))
    assert filed(objected(codes=codes)).reason is CareReason.TOO_MANY
    assert isinstance(filed(objected(codes=codes[1:])), tuple)


def test_who_filed_it_does_not_decide_on_it():
    for is_upheld in (True, False):
        command = SettleDecisionAppeal("appeal-1", is_upheld, "cy", "r")
        found = decide_appeal(objected(filed_by="cy"), command, START)
        assert isinstance(found, CareRefusal)
        assert found.reason is CareReason.DECISION_APPEAL_SAME_PERSON


def test_the_limit_comes_at_its_time_once_and_ends_nothing():
    appeal, pass_limit = objected(), PassDecisionAppeal("appeal-1")
    early = decide_appeal(appeal, pass_limit, appeal.due_at - timedelta(microseconds=1))
    assert isinstance(early, CareRefusal)
    assert early.reason is CareReason.DECISION_APPEAL_RUNS
    (event,) = decide_appeal(appeal, pass_limit, appeal.due_at)
    late = evolve_appeal(appeal, event)
    assert (late.is_overdue, late.is_open) == (True, True)
    assert decide_appeal(late, pass_limit, LATER) == ()
    assert isinstance(decide_appeal(late, COMMANDS[T.UPHOLD], LATER), tuple)
