"""Measures of accounts: every cell of the table, two persons, ends that come by themselves, ways back, the protective stop."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cared import LIVING, START, TERMS, appealed, measure, protective, standing, warned

from recoup.care import (
    IN_FORCE,
    LIVE_MEASURES,
    MEASURE_MOVES,
    MEASURE_REFUSALS,
    CareReason,
    CareRefusal,
    DissuasionState,
    Measure,
    MeasureGround,
    MeasureKind,
    MeasureState,
    MeasureTrigger,
    RiskGrade,
)
from recoup.care.limits import MEASURE_APPEALS_MAX
from recoup.care.measuring import (
    AgreeToMeasure,
    AppealMeasure,
    ConfirmMeasure,
    LiftMeasure,
    MeasureMoved,
    MeasureProposed,
    PassMeasureAppeal,
    PassMeasureEnd,
    ProveHolder,
    SettleMeasureAppeal,
    TellHolder,
    WithdrawMeasure,
    decide_measure,
    evolve_measure,
    propose_measure,
)

S, T = MeasureState, MeasureTrigger
LATER = timedelta(days=5000)


def command_for(trigger: MeasureTrigger, found: Measure) -> object:
    """Return a command of this trigger by a person who had no part in it."""
    return {
        T.AGREE: AgreeToMeasure("m1", "bo", found.digest),
        T.WITHDRAW: WithdrawMeasure("m1", "bo", "r"),
        T.CONFIRM: ConfirmMeasure("m1", "bo", 5, "CNY"),
        T.TELL: TellHolder("m1", "bo"),
        T.PROVE: ProveHolder("m1", "bo", "papers"),
        T.APPEAL: AppealMeasure("m1", "text-2", "bo"),
        T.UPHOLD: SettleMeasureAppeal("m1", True, "bo", "r"),
        T.DENY: SettleMeasureAppeal("m1", False, "bo", "r"),
        T.LIFT: LiftMeasure("m1", "bo", "r"),
        T.PASS_APPEAL: PassMeasureAppeal("m1", "text-1"),
        T.PASS_END: PassMeasureEnd("m1"),
    }[trigger]


def in_state(state: MeasureState) -> Measure:
    if state is S.PROPOSED:
        return measure(persons=1)
    if state is S.UNDER_APPEAL:
        return appealed()
    return replace(standing(), state=state)


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(S, T)))
def test_every_cell_is_a_move_or_a_named_refusal(state, trigger):
    assert ((state, trigger) in MEASURE_MOVES) != ((state, trigger) in MEASURE_REFUSALS)
    found = in_state(state)
    said = decide_measure(found, command_for(trigger, found), (), START + LATER, TERMS)
    if (state, trigger) in MEASURE_MOVES:
        (event,) = said
        assert (event.trigger, event.state) == (trigger, MEASURE_MOVES[state, trigger])
        assert evolve_measure(found, event).state is MEASURE_MOVES[state, trigger]
    else:
        assert said.reason is MEASURE_REFUSALS[state, trigger]


def test_the_table_names_no_other_pair_and_final_states_stay_final():
    assert len(MEASURE_MOVES) + len(MEASURE_REFUSALS) == len(S) * len(T)
    of_ended = {pair: to for pair, to in MEASURE_MOVES.items() if pair[0] not in LIVE_MEASURES}
    assert of_ended == {(S.LIFTED, T.TELL): S.LIFTED, (S.LAPSED, T.TELL): S.LAPSED}
    assert IN_FORCE < LIVE_MEASURES


def proposed(wanted: Measure, *others: Measure, task=None, now: datetime = START):
    return propose_measure(wanted, others, task, now, TERMS)


def test_one_that_needs_nobody_else_stands_at_once_with_an_end_and_a_day_to_tell_the_holder():
    made, begun = proposed(measure())
    assert isinstance(made, MeasureProposed)
    found = evolve_measure(made.measure, begun)
    longest = timedelta(seconds=TERMS.measures[MeasureKind.RE_VERIFY].seconds)
    assert (found.state, found.began_at) == (S.STANDING, START)
    assert found.ends_at == START + longest, "whoever wants more gets the policy's longest"
    assert found.notice_due_at == START + timedelta(seconds=TERMS.notice_seconds)


def test_a_shorter_end_is_kept_and_its_term_counts_from_the_last_agreement():
    wanted = measure(kind=MeasureKind.COUNTER_ONLY, ends_at=START + timedelta(hours=5))
    (made,) = proposed(wanted)
    found = made.measure
    assert found.state is S.PROPOSED
    later = START + timedelta(hours=3)
    (begun,) = decide_measure(found, AgreeToMeasure("m1", "bo", found.digest), (), later, TERMS)
    assert evolve_measure(found, begun).ends_at == later + timedelta(hours=5)
    assert evolve_measure(found, begun).agreed_by == ("bo",)


def test_two_more_persons_are_two_persons():
    found = measure(persons=2)
    (first,) = decide_measure(found, AgreeToMeasure("m1", "bo", found.digest), (), START, TERMS)
    half = evolve_measure(found, first)
    assert (half.state, half.agreed_by, half.began_at) == (S.PROPOSED, ("bo",), None)
    again = decide_measure(half, AgreeToMeasure("m1", "bo", half.digest), (), START, TERMS)
    assert again == CareRefusal(CareReason.MEASURE_SAME_PERSON, "bo")
    (last,) = decide_measure(half, AgreeToMeasure("m1", "cy", half.digest), (), START, TERMS)
    assert evolve_measure(half, last).state is S.STANDING


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ends_at": START}, CareReason.MEASURE_TERM_UNFIT),
        ({"kind": MeasureKind.LOWER_LIMITS}, CareReason.LIMIT_UNFIT),
        ({"limit": 5}, CareReason.LIMIT_UNFIT),
        ({"limit": -1}, CareReason.LIMIT_UNFIT),
        ({"ground": MeasureGround.WARNED_PAYER}, CareReason.GROUND_UNFIT),
        ({"kind": MeasureKind.PROTECTIVE_STOP}, CareReason.GROUND_UNFIT),
    ],
)
def test_a_measure_that_makes_no_sense_is_not_proposed(changed, reason):
    assert proposed(measure(**changed)).reason is reason


def test_a_second_live_one_of_the_kind_is_refused_and_another_kind_is_not():
    assert proposed(measure(id="m2"), standing()).reason is CareReason.MEASURE_STANDS
    assert not isinstance(
        proposed(measure(id="m2"), replace(standing(), state=S.LAPSED)), CareRefusal
    )
    credit = measure(id="m2", kind=MeasureKind.CREDIT_ONLY)
    assert not isinstance(proposed(credit, standing()), CareRefusal)


@pytest.mark.parametrize(
    "command",
    [
        SettleMeasureAppeal("m1", True, "ann", "r"),
        SettleMeasureAppeal("m1", False, "bo", "r"),
        LiftMeasure("m1", "bo", "r"),
        ProveHolder("m1", "ann", "r"),
    ],
)
def test_whoever_had_a_part_in_it_does_not_decide_on_it(command):
    found = replace(appealed(), agreed_by=("bo",))
    said = decide_measure(found, command, (), START, TERMS)
    assert said.reason is CareReason.MEASURE_SAME_PERSON


def test_the_second_person_agrees_to_what_was_seen():
    found = measure(persons=1)
    said = decide_measure(found, AgreeToMeasure("m1", "bo", "0" * 64), (), START, TERMS)
    assert said.reason is CareReason.MEASURE_STALE
    fields = {"limit": 7, "account": "b", "reason": "x", "seconds": 9, "about": "other"}
    digests = {replace(found, **{name: value}).digest for name, value in fields.items()}
    assert len(digests | {found.digest}) == len(fields) + 1


def test_proof_lifts_only_what_the_policy_says():
    for kind in MeasureKind:
        found = replace(standing(), kind=kind)
        said = decide_measure(found, ProveHolder("m1", "bo", "papers"), (), START, TERMS)
        if TERMS.measures[kind].is_lifted_by_proof:
            assert evolve_measure(found, said[0]).state is S.LIFTED
        else:
            assert said.reason is CareReason.PROOF_LIFTS_NOT


def test_an_end_that_comes_too_early_is_refused_and_an_open_appeal_makes_it_no_longer():
    found = appealed()
    early = decide_measure(
        found, PassMeasureEnd("m1"), (), found.ends_at - timedelta(seconds=1), TERMS
    )
    assert early.reason is CareReason.MEASURE_RUNS
    (event,) = decide_measure(found, PassMeasureEnd("m1"), (), found.ends_at, TERMS)
    after = evolve_measure(found, event)
    assert (after.state, after.appeals[-1].state) == (S.LAPSED, "moot")
    assert (after.ended_at, after.ended_by, after.ended_for) == (found.ends_at, "", "pass_end")


def test_an_appeal_has_a_limit_that_is_told_once_and_upheld_it_lifts_at_once():
    found = appealed()
    due = found.appeal.due_at
    early = decide_measure(
        found, PassMeasureAppeal("m1", "text-1"), (), due - timedelta(seconds=1), TERMS
    )
    assert early.reason is CareReason.MEASURE_RUNS
    (late,) = decide_measure(found, PassMeasureAppeal("m1", "text-1"), (), due, TERMS)
    after = evolve_measure(found, late)
    assert after.appeal.is_overdue
    again = decide_measure(after, PassMeasureAppeal("m1", "text-1"), (), due, TERMS)
    assert again.reason is CareReason.MEASURE_NOT_APPEALED
    (upheld,) = decide_measure(
        after, SettleMeasureAppeal("m1", True, "bo", "not the same person"), (), due, TERMS
    )
    freed = evolve_measure(after, upheld)
    assert (freed.state, freed.appeals[-1].state) == (S.LIFTED, "upheld")
    assert (freed.ended_by, freed.ended_for) == ("bo", "not the same person")


def test_a_denied_appeal_leaves_the_measure_and_another_may_follow_up_to_a_limit():
    found = appealed()
    (denied,) = decide_measure(found, SettleMeasureAppeal("m1", False, "bo", "r"), (), START, TERMS)
    after = evolve_measure(found, denied)
    assert (after.state, after.appeals[-1].state) == (S.STANDING, "denied")
    full = replace(after, appeals=after.appeals * MEASURE_APPEALS_MAX)
    said = decide_measure(full, AppealMeasure("m1", "t", "bo"), (), START, TERMS)
    assert said.reason is CareReason.TOO_MANY
    fits = replace(full, appeals=full.appeals[1:])
    assert not isinstance(
        decide_measure(fits, AppealMeasure("m1", "t", "bo"), (), START, TERMS), CareRefusal
    )


def test_an_account_with_two_measures_in_force_is_intercepted_once():
    found = standing()
    other = replace(standing(), id="m2", kind=MeasureKind.CREDIT_ONLY)

    def confirmed(row: Measure, *others: Measure) -> MeasureMoved:
        (event,) = decide_measure(
            row, ConfirmMeasure(row.id, "bank", 500, "CNY"), others, START, TERMS
        )
        return event

    first = confirmed(found, other)
    assert (first.is_first, first.amount) == (True, 500)
    there = evolve_measure(found, first)
    assert not confirmed(other, there).is_first
    assert confirmed(other, replace(there, state=S.LAPSED)).is_first
    guarded = replace(there, kind=MeasureKind.PROTECTIVE_STOP)
    assert confirmed(other, guarded).is_first, "a protected account is no intercepted one"
    assert decide_measure(there, ConfirmMeasure("m1", "bank", 900, "CNY"), (), START, TERMS) == ()
    said = decide_measure(found, ConfirmMeasure("m1", "bank", -1, "CNY"), (), START, TERMS)
    assert said.reason is CareReason.LIMIT_UNFIT
    said = decide_measure(found, ConfirmMeasure("m1", "bank", 1, "USD"), (), START, TERMS)
    assert said.reason is CareReason.CURRENCY_UNFIT


def test_telling_the_holder_twice_is_telling_once():
    found = standing()
    (told,) = decide_measure(found, TellHolder("m1", "ann"), (), START, TERMS)
    after = evolve_measure(found, told)
    assert after.told_at == START
    assert decide_measure(after, TellHolder("m1", "ann"), (), START + LATER, TERMS) == ()


def test_of_an_end_the_holder_is_told_again_and_once_and_of_what_never_stood_not_at_all():
    began = replace(standing(), told_at=START)
    at = START + LATER
    (lifted,) = decide_measure(began, LiftMeasure("m1", "bo", "r"), (), at, TERMS)
    ended = evolve_measure(began, lifted)
    assert (began.is_told, ended.is_told) == (True, False)
    (told,) = decide_measure(ended, TellHolder("m1", "bo"), (), at, TERMS)
    after = evolve_measure(ended, told)
    assert (after.state, after.told_at, after.ended_at) == (S.LIFTED, at, at)
    assert decide_measure(after, TellHolder("m1", "bo"), (), at + LATER, TERMS) == ()
    never = replace(measure(persons=1), state=S.LAPSED, ended_at=at)
    refusal = decide_measure(never, TellHolder("m1", "bo"), (), at, TERMS)
    assert refusal.reason is CareReason.MEASURE_ENDED


# --- the protective stop -------------------------------------------------------------------------------------------------


def test_a_protective_stop_is_short_and_leaves_money_to_live_on_free():
    (made,) = proposed(protective(), task=warned())
    found = made.measure
    assert (found.state, found.limit) == (S.PROPOSED, LIVING)
    assert found.seconds == TERMS.measures[MeasureKind.PROTECTIVE_STOP].seconds
    (more,) = proposed(protective(limit=LIVING + 5), task=warned())
    assert more.measure.limit == LIVING + 5


@pytest.mark.parametrize(
    ("changed", "task", "reason"),
    [
        ({}, None, CareReason.GROUND_UNFIT),
        ({"about": "another"}, warned(), CareReason.GROUND_UNFIT),
        ({}, warned(grade=RiskGrade.MIDDLE), CareReason.GROUND_UNFIT),
        ({"account": "a-stranger"}, warned(), CareReason.NOT_OWN_ACCOUNT),
        ({"currency": "USD"}, warned(), CareReason.CURRENCY_UNFIT),
    ],
)
def test_a_protective_stop_rests_on_a_running_dissuasion_of_its_own_holder(changed, task, reason):
    assert proposed(protective(**changed), task=task).reason is reason


def test_a_dissuasion_that_ended_protects_nobody():
    ended = warned(state=DissuasionState.DISSUADED)
    assert proposed(protective(), task=ended).reason is CareReason.GROUND_UNFIT


def test_a_protective_stop_is_spent():
    before = replace(protective(), id="m0", state=S.LAPSED, began_at=START)
    assert proposed(protective(), before, task=warned()).reason is CareReason.PROTECTION_SPENT
    never = replace(before, state=S.WITHDRAWN, began_at=None)
    assert not isinstance(proposed(protective(), never, task=warned()), CareRefusal)
    other = replace(before, about="an earlier dissuasion")
    assert not isinstance(proposed(protective(), other, task=warned()), CareRefusal)


def test_who_was_told_of_the_beginning_alone_knows_nothing_of_the_end():
    """The notice left before the end, and was heard after it."""
    ended = replace(standing(), state=S.LIFTED, ended_at=START + LATER)
    at = START + 2 * LATER
    (begun,) = decide_measure(ended, TellHolder("m1", "bank-1", False), (), at, TERMS)
    after = evolve_measure(ended, begun)
    assert (after.told_at, after.is_told) == (None, False), "on record, and no word of the end"
    told_then = replace(ended, told_at=START)
    assert decide_measure(told_then, TellHolder("m1", "bank-1", False), (), at, TERMS) == ()
    (over,) = decide_measure(after, TellHolder("m1", "bank-1", True), (), at, TERMS)
    assert evolve_measure(after, over).is_told


def test_a_holder_that_was_told_of_an_end_that_did_not_come_is_not_told_of_what_runs():
    runs = standing()
    refusal = decide_measure(runs, TellHolder("m1", "bank-1", True), (), START, TERMS)
    assert refusal.reason is CareReason.MEASURE_STANDS
    (told,) = decide_measure(runs, TellHolder("m1", "bank-1", False), (), START, TERMS)
    assert evolve_measure(runs, told).is_told


def test_a_note_that_does_not_say_of_what_is_believed_as_before():
    """The negative control: what was recorded of a notice while nobody asked of what it told."""
    (told,) = decide_measure(standing(), TellHolder("m1", "bank-1"), (), START, TERMS)
    assert evolve_measure(standing(), told).is_told
