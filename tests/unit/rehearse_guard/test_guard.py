"""The real watch before every payment of a scripted country: what it keeps, what it lets go, and whose books it has."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from deciding import model_of
from rehearsal.hamlet import BEGIN, HOUR, MINUTE
from rehearsal.script import play_script, scripted

from recoup.care import Step
from recoup.records.kinds import KINDS
from recoup.rehearse.country import HolderKind
from recoup.rehearse.figures.identities import _held_beyond
from recoup.rehearse.guard import Guard, guard_terms
from recoup.rehearse.guard import guard as guard_room
from recoup.rehearse.guard.holders import Answering
from recoup.rehearse.play.happened import (
    Appealed,
    HeldNow,
    Intercepted,
    Judged,
    Reported,
    WaitEnded,
)
from recoup.rehearse.play.ports import Row
from recoup.rehearse.scenario import Scenario
from recoup.watch.decision import Action
from recoup.watch.state import Payments
from recoup.watch.stolen import KNOWN, TERMINAL
from recoup.watch.told import HoldAsked

DAY = 24 * HOUR
LOSS = 80_000
VICTIM, MULE, NEXT, CASH = 0, 1, 2, 3
PAID = (0, VICTIM, MULE, LOSS)
REPORT = (HOUR, PAID)


def guard(scenario: Scenario | None = None, **changes: int) -> Guard:
    """A guard without a model: rules and stolen money only. Everybody with nothing to hide answers, and nobody lies."""
    chosen, plain = scenario or Scenario(), {"answering": Answering(true=1.0, false=0.0)}
    return Guard(
        lambda stage: replace(guard_terms(stage.country, chosen, None), **(plain | changes))
    )


def without_measures() -> Guard:
    """A guard whose second persons agree to nothing before everything is over."""
    return guard(agree_seconds=80 * 86_400, strong_most=10**6)


def country_of(moves, *, own=0, mule=HolderKind.MULE):
    country = scripted([LOSS, own, 0, 10**9], moves)
    kinds = country.accounts.holder_kind.copy()
    kinds[MULE] = mule
    return replace(country, accounts=replace(country.accounts, holder_kind=kinds))


def happened(stage, kind):
    return [one for one in stage.happened if isinstance(one, kind)]


# --- stolen money ----------------------------------------------------------------------------------------------------------


def test_stolen_money_waits_at_the_first_attempt_to_move_it_on_and_the_wait_ends_by_itself():
    stage = play_script(
        country_of([PAID, (2 * HOUR, MULE, NEXT, LOSS)]), without_measures(), [REPORT]
    )
    assert [Reported(BEGIN + HOUR, 0)] == happened(stage, Reported)
    (judged,) = happened(stage, Judged)
    assert (
        judged.action,
        judged.ground,
        judged.payer,
        judged.until_us,
    ) == ("hold", "rule", MULE, BEGIN + 26 * HOUR)
    held = [(one.at_us - BEGIN, one.account, one.held) for one in happened(stage, HeldNow)]
    assert held == [(2 * HOUR, MULE, LOSS), (26 * HOUR - 1, MULE, 0)]
    assert [(one.payment, one.how) for one in happened(stage, WaitEnded)] == [(1, "lapsed")]
    assert stage.books.balance(NEXT) == LOSS


def test_without_a_report_nothing_waits():
    stage = play_script(country_of([PAID, (2 * HOUR, MULE, NEXT, LOSS)]), guard(), [])
    assert happened(stage, Judged) == []


@pytest.mark.parametrize(("amount", "waits"), [(5_000, 0), (5_001, 1)])
def test_the_holders_own_money_may_leave_and_not_a_cent_more(amount, waits):
    moves = [PAID, (2 * HOUR, MULE, NEXT, amount)]
    stage = play_script(country_of(moves, own=5_000), guard(), [REPORT])
    assert waits == len(happened(stage, Judged))


@pytest.mark.parametrize(
    ("came", "how", "ends_us"),
    [(LOSS, "released", 3 * HOUR + 10 * MINUTE), (LOSS - 1, "lapsed", 26 * HOUR - 1)],
)
def test_a_payment_that_waits_goes_on_once_own_money_is_enough_and_a_cent_less_is_not(
    came, how, ends_us
):
    """What is stolen stays: more than that was never to be held."""
    moves = [PAID, (2 * HOUR, MULE, NEXT, LOSS), (3 * HOUR + 1, CASH, MULE, came)]
    stage = play_script(country_of(moves), without_measures(), [REPORT])
    ended = [(one.payment, one.how, one.at_us - BEGIN) for one in happened(stage, WaitEnded)]
    assert ended == [(1, how, ends_us)]
    assert (stage.books.balance(NEXT), stage.books.balance(MULE)) == (LOSS, came)


def test_stolen_money_is_followed_to_the_next_account_before_anybody_reported_it():
    moves = [PAID, (MINUTE, MULE, NEXT, LOSS), (2 * HOUR, NEXT, CASH, LOSS)]
    stage = play_script(country_of(moves), guard(), [REPORT])
    assert [one.payer for one in happened(stage, Judged)] == [NEXT]
    assert [one.account for one in happened(stage, Intercepted)] == [NEXT]


@pytest.mark.parametrize(
    ("kind", "payers", "judged"),
    [("purchase", (4, 5, 6), 0), ("exchange", (4, 5, 6), 0), ("purchase", (4, 4, 4), 1), ("transfer", (4, 5, 6), 1)],
)  # fmt: skip
def test_at_who_sells_to_others_stolen_money_exits_in_good_faith(kind, payers, judged):
    moves = [*((n, payer, NEXT, 1) for n, payer in enumerate(payers)), (4, VICTIM, MULE, LOSS)]
    moves += [(MINUTE, MULE, NEXT, LOSS), (2 * HOUR, NEXT, CASH, LOSS + 3)]
    country = scripted([LOSS, 0, 0, 10**9, 5, 5, 5], moves)
    kinds = np.array([KINDS.index(one) for one in (*[kind] * 3, "transfer", kind, "transfer")])
    country = replace(country, schedule=replace(country.schedule, kind=kinds.astype(np.int8)))
    stage = play_script(country, guard(), [(HOUR, moves[3])])
    assert judged == len(happened(stage, Judged))


@pytest.mark.parametrize(("standing", "held"), [(KNOWN, [LOSS]), (TERMINAL, [])])
def test_what_lies_at_who_sells_has_left_and_is_not_kept_there(monkeypatch, standing, held):
    """A mule became a seller by its payers, and a claim that came later named what it had got long before."""
    policy = guard()
    stage = play_script(country_of([PAID]), policy, [REPORT])
    monkeypatch.setattr(policy.measures, "is_closed", lambda _: True)
    policy._keeps[MULE] = {}
    policy._flow.index.standing[MULE] = standing
    policy._say_kept(MULE)
    assert [one.held for one in happened(stage, HeldNow)] == held


def ends_within_the_waits(country, reports):
    """Play to the end of the days alone: what waits then is kept still. Returns policy, play, what is held beyond the books."""
    policy = without_measures()
    stage = play_script(country, policy, reports, days=0)
    policy.require_books()
    said = SimpleNamespace(happened=stage.happened, balances=stage.books.balances())
    return policy, stage, _held_beyond(said)


@pytest.mark.parametrize(("sellers_payers", "standing"), [(3, TERMINAL), (2, KNOWN)])
def test_a_mule_that_became_a_seller_keeps_nothing_of_a_claim_that_comes_later(
    monkeypatch, sellers_payers, standing
):
    """Its payment waits, other money takes the stolen money's place, and a claim names what it had passed on long before."""
    first, other, cash, early = 3, 6, 7, 10 * LOSS
    moves = [
        (HOUR, other, NEXT, early),
        (2 * HOUR, NEXT, cash, early),
        (49 * HOUR, VICTIM, NEXT, LOSS),
        (51 * HOUR, NEXT, cash, LOSS),
        *((52 * HOUR + n, first + n, NEXT, LOSS) for n in range(sellers_payers)),
        (53 * HOUR, NEXT, cash, LOSS),
        (54 * HOUR, first, NEXT, 1),
    ]
    country = scripted([LOSS, 0, 0, LOSS + 1, LOSS, LOSS, early, 10**9], moves)
    kinds = np.full(len(moves), KINDS.index("transfer"), np.int8)
    kinds[-(sellers_payers + 2) : -2] = kinds[-1] = KINDS.index("purchase")
    country = replace(country, schedule=replace(country.schedule, kind=kinds))
    reports = [(50 * HOUR, moves[2]), (55 * HOUR, moves[0])]
    monkeypatch.setattr(
        guard_room, "_LOOK_US", 100 * HOUR
    )  # else that payment goes on as soon as others pay
    policy, stage, beyond = ends_within_the_waits(country, reports)
    held = [(one.cause, one.held) for one in happened(stage, HeldNow)]
    assert held == [("case-0", LOSS), ("case-0", 0)]
    assert policy.stream.waiting, "the mule's first payment"
    assert policy._flow.index.standing[NEXT] == standing
    assert beyond == 0
    if standing == TERMINAL:
        monkeypatch.setattr(guard_room, "KNOWN", TERMINAL)
        policy._keeps[NEXT] = {}
        policy._say_kept(NEXT)
        balance = stage.books.balance(NEXT)
        assert happened(stage, HeldNow)[-1].held == early > balance, "without the look at sellers"


def test_what_the_stream_assumed_is_not_kept_in_the_place_of_what_left():
    """It pays before what came later, and no books have it: of the stolen money behind it, so much has left."""
    assumed, spent = 30_000, 11 * HOUR + 1_000_000
    moves = [
        (HOUR, VICTIM, MULE, LOSS),
        (11 * HOUR, MULE, NEXT, LOSS),  # waits a day
        (spent, NEXT, CASH, assumed),  # of what waits
        (spent, VICTIM, CASH, 1),
        (40 * HOUR, NEXT, CASH, LOSS),
        (41 * HOUR, NEXT, CASH, assumed),
    ]
    country = country_of(moves)
    openings = np.array([LOSS + 1, 0, 0, 10**9])
    country = replace(country, accounts=replace(country.accounts, opening_minor=openings))
    policy, stage, beyond = ends_within_the_waits(country, [(2 * HOUR, moves[0])])
    left = stage.books.balance(NEXT)
    assert (policy._assumed, left) == ({NEXT: assumed}, LOSS - assumed)
    assert [one.held for one in happened(stage, HeldNow) if one.account == NEXT] == [LOSS, left]
    assert beyond == 0
    assert [one.free for one in policy._flow.at(NEXT).stolen] == [LOSS], "as the stream has it"
    policy._assumed.clear()
    policy._say_kept(NEXT)
    assert happened(stage, HeldNow)[-1].held == LOSS > left, "without the look at what was assumed"


def test_an_order_of_the_centre_binds_in_the_stream_and_its_release_frees():
    policy = guard()
    country = country_of([PAID, (3 * HOUR, MULE, NEXT, LOSS), (5 * HOUR, MULE, NEXT, LOSS)])
    policy_reported = policy.reported

    def reported(fraud, rows):
        policy_reported(fraud, rows)
        policy.order("case-0", MULE, LOSS, None)
        policy._stage.at(BEGIN + 4 * HOUR, lambda: policy.order("case-0", MULE, 0, None))

    policy.reported = reported
    stage = play_script(country, policy, [REPORT])
    found = [(one.action, one.ground) for one in happened(stage, Judged)]
    assert found == [("refuse", "order"), ("hold", "rule")]
    assert not policy.claims.refused


def test_what_moves_is_told_as_it_moves():
    policy, seen = without_measures(), []
    policy.saw.append(seen.append)
    moves = [PAID, (2 * HOUR, MULE, NEXT, LOSS)]
    play_script(country_of(moves), policy, [REPORT])
    assert [(one.payer, one.payee, one.amount) for one in seen] == [(MULE, NEXT, LOSS)]


def test_a_hold_for_an_account_that_nobody_has_is_refused_and_noted():
    policy = guard()
    stage = play_script(country_of([PAID]), policy, [REPORT])
    refusal = policy.claims.take(stage.now_us, HoldAsked("case-0", "nobody", "CNY", 5, None))
    assert refusal is not None
    assert len(policy.claims.refused) == 1


# --- stream and books ------------------------------------------------------------------------------------------------------


def test_the_stream_has_every_balance_of_the_books_and_a_lost_payment_is_found():
    policy = guard()
    stage = play_script(country_of([PAID, (HOUR, MULE, NEXT, 7)]), policy, [])
    policy.require_books()
    policy.booked([Row(99, stage.now_us, NEXT, VICTIM, 3, 0)])  # the books know nothing of it
    with pytest.raises(AssertionError, match="here"):
        policy.require_books()
    policy.failed(Payments.of([stage.now_us], [NEXT], [VICTIM], [3]))
    policy.require_books()


def test_a_wait_that_the_books_do_not_pay_ends_in_both():
    moves = [PAID, (2 * HOUR, MULE, NEXT, LOSS), (3 * HOUR, MULE, NEXT, LOSS)]
    stage = play_script(country_of(moves), without_measures(), [REPORT])
    assert [one.how for one in happened(stage, WaitEnded)] == ["lapsed", "not_booked"]
    assert stage.books.balance(NEXT) == LOSS


def test_two_waits_that_end_at_one_instant_are_each_settled_once():
    moves = [PAID, (2 * HOUR, MULE, NEXT, LOSS), (2 * HOUR, MULE, CASH, LOSS)]
    stage = play_script(country_of(moves), without_measures(), [REPORT])
    ended = sorted(one.how for one in happened(stage, WaitEnded))
    assert ended == ["lapsed", "not_booked"]
    assert stage.books.balance(NEXT) == LOSS


def test_who_spends_what_was_held_up_in_the_same_batch_pays_nothing_and_the_books_agree(
    monkeypatch,
):
    spent = 2 * HOUR + 1_000_000
    moves = [
        PAID,
        (2 * HOUR, MULE, NEXT, LOSS),
        (spent, NEXT, CASH, LOSS),
        (spent, VICTIM, CASH, 1),
    ]
    country = country_of(moves)
    openings = np.array([LOSS + 1, 0, 0, 10**9])
    country = replace(country, accounts=replace(country.accounts, opening_minor=openings))
    stage = play_script(country, without_measures(), [REPORT])
    assert stage.failed_late == 1
    assert stage.books.balance(NEXT) == LOSS
    monkeypatch.setattr(Guard, "_count_assumed", lambda *_: None)
    with pytest.raises(AssertionError, match="here"):
        play_script(country, without_measures(), [REPORT])


# --- measures --------------------------------------------------------------------------------------------------------------


def tries(hours):
    return [PAID, *((hour * HOUR, MULE, NEXT, LOSS) for hour in hours)]


def test_who_sends_stolen_money_on_gets_measures_and_nothing_leaves_by_machine():
    stage = play_script(country_of(tries((2, 4, 6))), guard(), [REPORT])
    found = [(one.action, one.ground) for one in happened(stage, Judged)]
    assert found == [("hold", "rule"), ("refuse", "measure"), ("refuse", "measure")]
    assert [one.how for one in happened(stage, WaitEnded)] == ["stopped"]
    assert stage.books.balance(MULE) == LOSS
    assert happened(stage, Appealed) == []


def test_an_innocent_holder_comes_and_somebody_else_decides_by_what_the_stream_knows():
    country = country_of(tries((2, 4, 40)), mule=HolderKind.PERSON)
    stage = play_script(country, guard(), [REPORT])
    decided = [one.is_granted for one in happened(stage, Appealed)]
    assert decided
    assert not any(decided), "stolen money lies there"


def test_every_measure_ends_and_none_rests_on_a_warning():
    policy = guard()
    play_script(country_of(tries((2, 4, 6))), policy, [REPORT])
    for one in policy.measures.all.values():
        assert one.ended_at is not None or one.ends_at is not None
        assert one.ground.value in ("case", "red_flag")


# --- warnings --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "steps"),
    [
        (Action.WARN, []),
        (Action.DELAY, [Step.CALL]),
        (Action.HOLD, [Step.CALL, Step.VISIT]),
    ],
)
def test_a_likely_victim_is_spoken_to_as_far_as_the_grade_goes(done, steps):
    watch = replace(Scenario().watch, called=1.0, visited=1.0)
    policy = guard(replace(Scenario(), watch=watch))
    country, heard = country_of([PAID]), []
    begun = policy.begin

    def begin(stage):
        begun(stage)
        stage.spoken = lambda payer, step: heard.append((payer, step)) or False
        stage.at(BEGIN, lambda: policy.warnings.lead(VICTIM, LOSS, done, BEGIN))

    policy.begin = begin
    play_script(country, policy, [])
    assert [(VICTIM, step) for step in steps] == heard


def test_a_payer_who_heeds_the_call_is_dissuaded_and_what_waits_is_taken_back():
    watch = replace(Scenario().watch, called=1.0, new_payee_wait=2 * HOUR)
    policy = guard(replace(Scenario(), watch=watch))
    begun = policy.begin

    def begin(stage):
        begun(stage)
        stage.spoken = lambda _, step: step is Step.CALL
        stage.at(
            BEGIN + MINUTE,
            lambda: policy.warnings.lead(VICTIM, LOSS, Action.DELAY, BEGIN + MINUTE),
        )

    policy.begin = begin
    stage = play_script(country_of([(1, VICTIM, MULE, LOSS)]), policy, [])
    (task,) = policy.warnings.tasks.values()
    assert (task.state.value, task.averted) == ("dissuaded", LOSS)
    assert [one.how for one in happened(stage, WaitEnded)] == ["cancelled"]
    assert stage.books.balance(VICTIM) == LOSS


@pytest.mark.parametrize(
    ("amount", "done", "waits"),
    [(LOSS, "hold", True), (100 * LOSS, "warn", False)],
)
def test_a_likely_victim_whose_sum_is_too_large_to_wait_is_spoken_to_all_the_same(
    amount, done, waits
):
    """The model is as sure of both: 1 in 20 is an innocent's. Only of the larger that is more than may wait."""
    watch = replace(Scenario().watch, called=1.0, visited=1.0)
    terms = replace(Scenario(), watch=watch)
    policy = Guard(lambda stage: guard_terms(stage.country, terms, model_of()))
    country, heard = scripted([amount, 0, 0, 0], [(HOUR, VICTIM, MULE, amount)]), []
    begun = policy.begin

    def begin(stage):
        begun(stage)
        stage.spoken = lambda payer, step: heard.append((payer, step)) or False

    policy.begin = begin
    stage = play_script(replace(country, warmup_us=0), policy, [])
    (judged,) = happened(stage, Judged)
    assert (judged.action, judged.ground) == (done, "model")
    assert (judged.until_us > judged.at_us) is waits
    assert heard == [(VICTIM, Step.CALL), (VICTIM, Step.VISIT)]


# --- the law that a scenario may change ------------------------------------------------------------------------------------


def test_a_wait_for_new_payees_holds_up_the_first_payment_and_not_those_to_known_ones():
    watch = replace(Scenario().watch, new_payee_wait=30 * MINUTE)
    moves = [(0, VICTIM, MULE, 5), (HOUR, VICTIM, MULE, 6), (HOUR, VICTIM, NEXT, 7)]
    stage = play_script(country_of(moves), guard(replace(Scenario(), watch=watch)), [])
    found = [
        (one.at_us - BEGIN, one.payee, one.until_us - one.at_us) for one in happened(stage, Judged)
    ]
    assert found == [(0, MULE, 30 * MINUTE), (HOUR, NEXT, 30 * MINUTE)]
    assert LOSS - stage.books.balance(VICTIM) == 18
