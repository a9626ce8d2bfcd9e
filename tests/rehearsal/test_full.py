"""Centre and watch together: what one tells the other, when, and that both end with the books of the play."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from recoup.clock import instant_of
from recoup.messages import OrderMessage
from recoup.orders import OrderKind
from recoup.rehearse.country import answer_seconds
from recoup.rehearse.figures.identities import _held_beyond
from recoup.rehearse.guard import Guard, guard_terms
from recoup.rehearse.office import Mandate, OfficePolicy, OfficeTerms
from recoup.rehearse.play.happened import HeldNow, Judged, Ordered, Reported, Returned, Stopper
from recoup.rehearse.play.ports import Attempt
from recoup.rehearse.policies import POLICIES
from recoup.rehearse.policies.full import LINK_US, Full
from recoup.rehearse.scenario import Scenario
from rehearsal.hamlet import BEGIN, HOUR, MINUTE
from rehearsal.little import LittleStage
from rehearsal.script import play_script, scripted

LOSS = 80_000
VICTIM, MULE, NEXT, THIRD, CASH = range(5)
PAID = (0, VICTIM, MULE, LOSS)
REPORT = (HOUR, PAID)
ON = [PAID, (10 * MINUTE, MULE, NEXT, LOSS), (20 * MINUTE, NEXT, THIRD, LOSS)]
SECOND = 1_000_000


def office():
    return OfficePolicy(Mandate.CHASE, OfficeTerms(entry_median_us=0, appealing=0.0))


def guard(**changes):
    return Guard(lambda stage: replace(guard_terms(stage.country, Scenario(), None), **changes))


def country_of(moves, **changes):
    return scripted([LOSS, 0, 0, 0, 10**9], moves, **changes)


def of(stage, kind):
    return [one for one in stage.happened if isinstance(one, kind)]


def first_orders(stage):
    """By account, how long after the report the first order on it left."""
    found = {}
    for one in of(stage, Ordered):
        found.setdefault(one.account, one.at_us - BEGIN - HOUR)
    return found


@pytest.fixture(scope="module")
def run():
    """Money that lies two accounts on when it is reported, at a bank that answers after a minute."""
    country = country_of(ON)
    bank = replace(country.institutions[0], answer_median_seconds=60.0)
    country = replace(country, institutions=(bank, *country.institutions[1:]))
    policy = Full(office(), guard())
    return play_script(country, policy, [REPORT]), policy, country


def test_where_the_watch_saw_money_pass_orders_leave_before_any_answer(run):
    stage, policy, country = run
    alone = first_orders(play_script(country, office(), [REPORT]))
    here = first_orders(stage)
    assert set(here) == set(alone) == {MULE, NEXT, THIRD}
    assert (here[MULE], alone[MULE]) == (0, 0)
    assert alone[NEXT] >= 60 * SECOND
    assert alone[THIRD] >= 120 * SECOND
    assert here[NEXT] == here[THIRD] == 2 * LINK_US
    assert policy.sightings == 3


def test_a_report_is_said_once_and_its_claims_are_admitted_in_both(run):
    stage, policy, _ = run
    assert [Reported(BEGIN + HOUR, 0)] == of(stage, Reported)
    assert not policy.guard.claims.refused
    (claim,) = policy.office.centre.state.case("case-0").claims
    assert claim.state.value == "admitted"


def test_what_comes_back_to_the_victim_is_in_the_books_of_both(run):
    stage, policy, _ = run
    (back,) = of(stage, Returned)
    assert (back.account, back.amount) == (THIRD, LOSS)
    assert stage.books.balance(VICTIM) == LOSS
    policy.guard.require_books()


def test_a_payment_back_that_the_watch_does_not_hear_of_is_found(monkeypatch):
    def unheard(self, rows):
        del self, rows

    monkeypatch.setattr(Full, "booked", unheard)
    with pytest.raises(AssertionError, match="here"):
        play_script(country_of(ON), Full(office(), guard()), [REPORT])


def test_stolen_money_that_moves_while_the_bank_is_silent_is_a_sighting_and_the_next_account_is_ordered():
    moves = [PAID, (2 * HOUR, MULE, NEXT, LOSS)]
    policy = Full(office(), guard(agree_seconds=80 * 86_400))  # no measure of the account
    stage = play_script(country_of(moves, silent_share=1.0), policy, [REPORT])
    (judged,) = of(stage, Judged)
    assert (judged.payer, judged.action) == (MULE, "hold")
    kept = [(one.stopper, one.held) for one in of(stage, HeldNow) if one.account == MULE]
    assert kept == [(Stopper.WATCH, LOSS), (Stopper.WATCH, 0)]
    assert stage.books.balance(NEXT) == LOSS, "the wait ended, and nobody had answered"
    lapsed = BEGIN + 26 * HOUR - 1
    assert first_orders(stage)[NEXT] == lapsed + LINK_US - BEGIN - HOUR


def test_what_was_judged_and_not_booked_is_no_sighting():
    policy = Full(office(), guard())
    country = country_of([PAID])
    begun = policy.begin

    def begin(stage):
        begun(stage)
        stage.at(BEGIN + 2 * HOUR, lambda: stage.pay(Attempt(MULE, NEXT, LOSS)))

    policy.begin = begin
    stage = play_script(country, policy, [REPORT])
    assert NEXT not in first_orders(stage)


def test_a_run_twice_is_the_same():
    last = []
    for _ in range(2):
        policy = Full(office(), guard())
        stage = play_script(country_of(ON), policy, [REPORT])
        last.append((policy.office.centre.scribe.last.hash, tuple(stage.happened)))
    assert last[0] == last[1]


def test_the_first_order_on_an_account_is_answered_after_the_draw_that_the_limits_know():
    country = country_of(ON)
    bank = replace(country.institutions[0], answer_median_seconds=60.0, answer_sigma=1.0)
    country = replace(country, institutions=(bank, *country.institutions[1:]))
    policy = office()
    policy.begin(LittleStage(country, policy))
    branch = policy.centre.branches[bank.name]
    given = {"institution": bank.name, "account_name": "", "currency": "CNY", "amount": 1}
    given |= {"issued_at": instant_of(0), "reason": "r", "kind": OrderKind.STOP}
    for account in (MULE, NEXT):
        number = country.accounts.id[account]
        asked = [
            OrderMessage(id=f"{account}-{n}", case=f"case-{n}", account_number=number, **given)
            for n in range(2)
        ]
        first, later = (branch.drawn(one).answer_us for one in asked)
        assert first == round(answer_seconds(country, 0, account) * SECOND)
        assert later == round(answer_seconds(country, 0, f"{account}/2") * SECOND) != first


def test_the_policy_has_its_name():
    assert POLICIES["full"].endswith(":full")
    assert (Full.name, Full.judges) == ("full", True)


@pytest.mark.parametrize(
    ("stoppers", "beyond"),
    [
        ((Stopper.ORDER, Stopper.WATCH), 0),
        ((Stopper.ORDER, Stopper.ORDER), LOSS),
        ((Stopper.WATCH, Stopper.WATCH), LOSS),
    ],
)
def test_an_order_may_hold_what_the_watch_keeps_and_nobody_keeps_the_same_money_twice(
    stoppers, beyond
):
    said = tuple(HeldNow(0, one, f"case-{n}", n, 0, LOSS) for n, one in enumerate(stoppers))
    assert _held_beyond(SimpleNamespace(happened=said, balances=(LOSS,))) == beyond
