"""Dissuasions: every cell of the table, leads taken once and joined, steps with limits, outcomes that claim what was seen."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from cared import START, TERMS, lead, warned

from recoup.care import (
    DISSUASION_MOVES,
    DISSUASION_REFUSALS,
    OPEN_DISSUASIONS,
    CareReason,
    CareRefusal,
    Contact,
    Dissuasion,
    DissuasionState,
    DissuasionTrigger,
    RiskGrade,
    Step,
)
from recoup.care.dissuading import (
    DissuasionOpened,
    DissuasionOutcome,
    LeadTaken,
    NoteContact,
    PassDissuasionEnd,
    PassStep,
    SettleDissuasion,
    TakeLead,
    decide_dissuasion,
    evolve_dissuasion,
    take_lead,
)
from recoup.care.limits import DISSUASION_CONTACTS_MAX, DISSUASION_LEADS_MAX, LEAD_ACCOUNTS_MAX

S, T = DissuasionState, DissuasionTrigger
REACHED = Contact(Step.MESSAGE, True, "ann", START)


def moved(task: Dissuasion, command, now=START) -> Dissuasion:
    found = decide_dissuasion(task, command, now, TERMS)
    assert not isinstance(found, CareRefusal), found
    for event in found:
        task = evolve_dissuasion(task, event)
    return task


def made(task: Dissuasion, step: Step, is_reached: bool = False) -> Dissuasion:
    return moved(task, NoteContact("d1", step, is_reached, "ann"))


def settled(task: Dissuasion, outcome: DissuasionOutcome, averted: int = 0):
    command = SettleDissuasion(
        "d1", outcome, averted, "CNY", "ann", "they hung up on the fraudster"
    )
    return decide_dissuasion(task, command, START, TERMS)


def taken(given, known=None, running=None, now=START):
    return take_lead(TakeLead(given, "d1"), known, running, now, TERMS)


def how(task: Dissuasion, trigger: DissuasionTrigger):
    """Bring a trigger about on a task in its state, by the command that brings it."""
    grades = {S.TO_MESSAGE: RiskGrade.LOW, S.TO_CALL: RiskGrade.MIDDLE}
    ends_here = grades.get(task.state, RiskGrade.HIGH)
    step = {S.TO_CALL: Step.CALL, S.TO_VISIT: Step.VISIT}.get(task.state, Step.MESSAGE)
    outcomes = {
        T.DISSUADE: DissuasionOutcome.DISSUADED,
        T.GO_ON: DissuasionOutcome.WENT_ON,
        T.CLEAR: DissuasionOutcome.NO_VICTIM,
    }
    if trigger in outcomes:
        return settled(replace(task, contacts=(REACHED,)), outcomes[trigger])
    if trigger is T.PASS_END:
        return decide_dissuasion(task, PassDissuasionEnd("d1"), task.ends_at, TERMS)
    if trigger is T.JOIN:
        running = task if task.state in OPEN_DISSUASIONS else None
        return taken(lead(id="l2", foreign="W-2"), None, running)
    if trigger is not T.NEXT:
        task = replace(task, grade=ends_here)
    is_reached = trigger is T.STAY
    return decide_dissuasion(task, NoteContact("d1", step, is_reached, "ann"), START, TERMS)


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(S, T)))
def test_every_cell_is_a_move_or_a_named_refusal(state, trigger):
    pair = (state, trigger)
    assert (pair in DISSUASION_MOVES) != (pair in DISSUASION_REFUSALS)
    task = warned(state=state)
    found = how(task, trigger)
    if pair in DISSUASION_MOVES:
        assert not isinstance(found, CareRefusal)
        assert evolve_dissuasion(task, found[-1]).state is DISSUASION_MOVES[pair]
    elif trigger is T.JOIN:
        assert isinstance(found[-1], DissuasionOpened), "who is warned anew has a task of their own"
    elif pair == (S.TO_VISIT, T.NEXT):
        assert found[0].state is S.UNREACHED, "there is no step after the visit"
    else:
        assert found.reason is DISSUASION_REFUSALS[pair]


def test_the_table_names_no_other_pair_and_final_states_stay_final():
    assert len(DISSUASION_MOVES) + len(DISSUASION_REFUSALS) == len(S) * len(T)
    assert {state for state, _ in DISSUASION_MOVES} == OPEN_DISSUASIONS


# --- leads ---------------------------------------------------------------------------------------------------------------


def test_a_lead_opens_a_task_with_the_limit_of_its_grade_and_the_end_that_it_has():
    took, opened = taken(lead())
    assert took == LeadTaken(lead(), "d1")
    assert opened.dissuasion == warned()


@pytest.mark.parametrize("seconds", [60, 10 * 86400])
def test_a_lead_is_acted_on_only_so_long_whatever_it_says_of_itself(seconds):
    given = lead(expires_at=START + timedelta(seconds=seconds))
    took, opened = taken(given)
    longest = START + timedelta(seconds=TERMS.lead_seconds_max)
    assert took.lead.expires_at == min(given.expires_at, longest)
    whole = START + timedelta(seconds=TERMS.dissuasion_seconds_max)
    assert opened.dissuasion.ends_at == min(given.expires_at, longest, whole)


def test_the_same_lead_again_changes_nothing_and_other_content_under_its_id_is_refused():
    assert taken(lead(id="l9", taken_by="ann"), lead()) == ()
    for changed in ({"amount": 1}, {"grade": RiskGrade.LOW}, {"key": "b"}, {"reason": "x"}):
        assert taken(lead(**changed), lead()).reason is CareReason.LEAD_DIFFERS


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"expires_at": START}, CareReason.LEAD_EXPIRED),
        ({"seen_at": START - timedelta(days=8)}, CareReason.LEAD_EXPIRED),
        ({"seen_at": START + timedelta(seconds=1)}, CareReason.LEAD_TIME_UNFIT),
        ({"amount": -1}, CareReason.AVERTED_UNFIT),
        ({"currency": ""}, CareReason.AVERTED_UNFIT),
        ({"accounts": ("a",) * (LEAD_ACCOUNTS_MAX + 1)}, CareReason.TOO_MANY),
    ],
)
def test_a_lead_that_makes_no_sense_is_not_taken(changed, reason):
    assert taken(lead(**changed)).reason is reason


def test_as_many_accounts_as_a_lead_may_name_are_taken():
    accounts = tuple(f"a{n}" for n in range(LEAD_ACCOUNTS_MAX))
    assert len(taken(lead(accounts=accounts))) == 2


def test_another_lead_about_the_payer_joins_the_task_and_the_higher_grade_holds():
    running = warned(grade=RiskGrade.MIDDLE, due_at=START + timedelta(seconds=300), amount=100)
    other = lead(
        id="l2", foreign="W-2", accounts=("b", "a"), expires_at=START + 9 * timedelta(days=1)
    )
    took, joined = taken(other, None, running)
    after = evolve_dissuasion(running, joined)
    assert (after.grade, after.leads, after.accounts) == (RiskGrade.HIGH, ("l1", "l2"), ("a", "b"))
    assert (after.amount, after.due_at) == (5_000_000, START + timedelta(seconds=60))
    assert after.ends_at == START + timedelta(seconds=TERMS.dissuasion_seconds_max)
    assert took.dissuasion == "d1"


def test_a_lower_grade_that_joins_lowers_and_delays_nothing():
    running = warned()
    _, joined = taken(lead(id="l2", foreign="W-2", grade=RiskGrade.LOW, amount=5), None, running)
    after = evolve_dissuasion(running, joined)
    assert replace(after, leads=running.leads) == running


def test_a_raised_grade_goes_on_after_a_step_that_was_made_and_repeats_none():
    low = made(warned(grade=RiskGrade.LOW), Step.MESSAGE, True)
    assert (low.state, low.due_at) == (S.TO_MESSAGE, None)
    _, joined = taken(lead(id="l2", foreign="W-2"), None, low)
    after = evolve_dissuasion(low, joined)
    call = START + timedelta(seconds=TERMS.steps[RiskGrade.HIGH][Step.CALL])
    assert (after.state, after.due_at) == (S.TO_CALL, call)


def test_so_many_leads_meet_in_one_task_and_no_more():
    full = warned(leads=("l",) * DISSUASION_LEADS_MAX)
    assert taken(lead(id="l2", foreign="W-2"), None, full).reason is CareReason.TOO_MANY
    fits = warned(leads=full.leads[1:])
    assert len(taken(lead(id="l2", foreign="W-2"), None, fits)) == 2


# --- steps ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "steps"),
    [
        (RiskGrade.LOW, [Step.MESSAGE]),
        (RiskGrade.MIDDLE, [Step.MESSAGE, Step.CALL]),
        (RiskGrade.HIGH, [Step.MESSAGE, Step.CALL, Step.VISIT]),
    ],
)
def test_a_grade_is_spoken_to_as_far_as_it_goes(grade, steps):
    task = warned(grade=grade)
    for step in steps[:-1]:
        task = made(task, step)
        assert task.due_at is not None
    assert made(task, steps[-1]).state is S.UNREACHED
    reached = made(task, steps[-1], True)
    assert (reached.state in OPEN_DISSUASIONS, reached.due_at) == (True, None)
    assert [row.step for row in reached.contacts] == steps


def test_only_the_step_that_is_due_is_made_and_only_so_often():
    said = decide_dissuasion(warned(), NoteContact("d1", Step.VISIT, True, "ann"), START, TERMS)
    assert said == CareRefusal(CareReason.STEP_DIFFERS, "message")
    full = warned(contacts=(REACHED,) * DISSUASION_CONTACTS_MAX)
    call = NoteContact("d1", Step.MESSAGE, True, "ann")
    assert decide_dissuasion(full, call, START, TERMS).reason is CareReason.TOO_MANY
    fits = replace(full, contacts=full.contacts[1:])
    assert not isinstance(decide_dissuasion(fits, call, START, TERMS), CareRefusal)


def test_a_payer_is_reached_once_by_a_step_however_often():
    low = warned(grade=RiskGrade.LOW)
    call = NoteContact("d1", Step.MESSAGE, True, "ann")
    (first,) = decide_dissuasion(low, call, START, TERMS)
    (again,) = decide_dissuasion(evolve_dissuasion(low, first), call, START, TERMS)
    assert (first.is_first, again.is_first) == (True, False)
    (missed,) = decide_dissuasion(
        warned(), NoteContact("d1", Step.MESSAGE, False, "ann"), START, TERMS
    )
    assert not missed.is_first


def test_a_step_that_nobody_made_in_time_is_late_and_the_next_one_is_due():
    task = warned()
    early = decide_dissuasion(task, PassStep("d1"), task.due_at - timedelta(seconds=1), TERMS)
    assert early.reason is CareReason.DISSUASION_RUNS
    for step, state in ((Step.MESSAGE, S.TO_CALL), (Step.CALL, S.TO_VISIT)):
        task = moved(task, PassStep("d1"), task.due_at)
        assert (task.state, task.late[-1]) == (state, step)
    task = moved(task, PassStep("d1"), task.due_at)
    assert (task.state, task.due_at, task.late) == (S.TO_VISIT, None, tuple(Step))
    said = decide_dissuasion(task, PassStep("d1"), task.ends_at, TERMS)
    assert said.reason is CareReason.DISSUASION_RUNS, "its limit passed once"
    assert moved(task, PassDissuasionEnd("d1"), task.ends_at).state is S.EXPIRED


def test_an_end_that_comes_too_early_is_refused():
    task = warned()
    said = decide_dissuasion(
        task, PassDissuasionEnd("d1"), task.ends_at - timedelta(seconds=1), TERMS
    )
    assert said.reason is CareReason.DISSUASION_RUNS


# --- outcomes ------------------------------------------------------------------------------------------------------------


def test_nobody_was_dissuaded_whom_nobody_reached():
    for outcome in (DissuasionOutcome.DISSUADED, DissuasionOutcome.WENT_ON):
        assert settled(warned(), outcome).reason is CareReason.NOT_REACHED
    (event,) = settled(warned(), DissuasionOutcome.NO_VICTIM)
    assert event.state is S.NO_VICTIM, "that the warning was wrong can be seen without the payer"


@pytest.mark.parametrize("averted", [-1, 5_000_001])
def test_no_more_was_averted_than_the_payment_that_was_seen(averted):
    task = warned(contacts=(REACHED,))
    said = settled(task, DissuasionOutcome.DISSUADED, averted)
    assert said.reason is CareReason.AVERTED_UNFIT
    unseen = replace(task, currency="", amount=0)
    assert settled(unseen, DissuasionOutcome.DISSUADED, 1).reason is CareReason.AVERTED_UNFIT


def test_what_was_averted_stands_with_whom_and_why():
    task = warned(contacts=(REACHED,))
    (event,) = settled(task, DissuasionOutcome.DISSUADED, 5_000_000)
    after = evolve_dissuasion(task, event)
    assert (after.state, after.averted, after.due_at) == (S.DISSUADED, 5_000_000, None)
    assert (after.ended_by, after.ended_for) == ("ann", "they hung up on the fraudster")
    said = settled(task, DissuasionOutcome.WENT_ON, 1)
    assert said.reason is CareReason.AVERTED_UNFIT, "who paid averted nothing"
    other = SettleDissuasion("d1", DissuasionOutcome.DISSUADED, 1, "USD", "ann", "r")
    assert decide_dissuasion(task, other, START, TERMS).reason is CareReason.AVERTED_UNFIT
