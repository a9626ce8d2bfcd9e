"""Crews: what nobody touches goes the same way; what is in the way makes them hurry; they spend what they have."""

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.guards import Blocks, ByAmount
from rehearsal.hamlet import BEGIN, HOUR, MINUTE, hamlet

from recoup.rehearse.laundering import STRATEGIES, Crew, Places, plan_of, survived
from recoup.rehearse.laundering.strategies import _below
from recoup.rehearse.play.engine import Play
from recoup.rehearse.playing import _Holders, play
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import LaundererTerms, Scenario


def village(strategy, seed=3, frauds=6, **changes):
    """Return a hamlet whose frauds are all laundered in one way, by crews that share no account."""
    country = hamlet(seed, mules=8 * frauds, frauds=frauds, payments=600)
    people = 60
    made = []
    for one in country.frauds:
        crew = tuple(range(people + 8 * one.number, people + 8 * one.number + 8))
        parts = tuple(dataclasses.replace(part, payee=crew[0]) for part in one.instalments)
        made.append(dataclasses.replace(one, crew=crew, instalments=parts, strategy=strategy))
    return dataclasses.replace(country, frauds=tuple(made), **changes)


def terms(**changes):
    """Return a scenario with other launderers."""
    launderers = dataclasses.replace(LaundererTerms(waiting=0.0), **changes)
    return dataclasses.replace(Scenario(), launderers=launderers)


def rows(played, fraud):
    """Return a fraud's rows, without their numbers: those depend on what else is paid."""
    columns = ("time_us", "payer", "payee", "amount", "kind", "instalment")
    return played.ledger.filter(played.ledger["fraud"] == fraud).select(columns).rows()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_reaches_its_exits_when_nobody_stops_it(strategy):
    gone, paid = survived(play(village(strategy), NonePolicy(), terms()))[strategy]
    assert gone > 0.8 * paid


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_a_policy_does_not_touch_goes_the_same_way_at_the_same_instants(strategy):
    class BlocksFirst(Blocks):
        name = "blocks_first"

        def reported(self, fraud, rows):
            if fraud.number == 0:
                super().reported(fraud, rows)

    country = village(strategy)
    intended, touched = (play(country, policy, terms()) for policy in (NonePolicy(), BlocksFirst()))
    assert {one.number for one in country.frauds} == set(range(6))
    for fraud in range(1, 6):
        assert rows(intended, fraud) == rows(touched, fraud) != []


def test_all_that_is_touched_differs_so_the_comparison_can_fail():
    country = village("fan_out")
    scenario = terms(dwell_median=60 * MINUTE, drains=1.0)
    intended, touched = (play(country, policy, scenario) for policy in (NonePolicy(), Blocks()))
    assert any(rows(intended, n) != rows(touched, n) for n in range(6))


def test_draws_of_a_fraud_depend_on_its_seed_and_on_no_other_fraud():
    country = village("fan_out")
    alone = dataclasses.replace(country, frauds=country.frauds[2:3])
    assert rows(play(country, NonePolicy()), 2) == rows(play(alone, NonePolicy()), 2)
    reseeded = dataclasses.replace(
        alone, frauds=(dataclasses.replace(alone.frauds[0], seed=alone.frauds[0].seed + 1),)
    )
    assert rows(play(reseeded, NonePolicy()), 2) != rows(play(alone, NonePolicy()), 2)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_ever_pays_what_they_do_not_have(seed):
    country = village("mixing", seed)
    played = play(country, Blocks(), terms())
    balances = country.accounts.opening_minor.tolist()
    for payer, payee, amount in played.ledger.select("payer", "payee", "amount").rows():
        balances[payer] -= amount
        assert balances[payer] >= 0
        balances[payee] += amount
    assert balances == list(played.balances)


class HoldsOne(NonePolicy):
    """Blocks one account of the crew at an instant."""

    def __init__(self, account, when):
        self._account, self._when = account, when

    def begin(self, stage):
        super().begin(stage)
        stage.at(self._when, lambda: stage.books.block("case", self._account, None))


def test_a_hold_that_is_noticed_makes_some_drain_the_rest_at_once_and_others_not():
    country = village("fan_out", frauds=1)
    fraud = country.frauds[0]
    slow = {"dwell_median": 3 * HOUR, "dwell_sigma": 0.2, "notice_median": MINUTE}
    held = fraud.instalments[0].time_us + HOUR
    spare = fraud.crew[7]  # nothing needs to lie on an account for its hold to be noticed

    def played(drains):
        policy = HoldsOne(spare, held)
        found = rows(play(country, policy, terms(drains=drains, **slow)), 0)
        return [one for one in found if one[-1] < 0]

    first_calm, first_hasty = played(0.0)[0], played(1.0)[0]
    assert first_calm[0] > held + HOUR
    assert held < first_hasty[0] < held + 30 * MINUTE


def test_who_cannot_pay_tries_a_part_then_less():
    country = village("cycle", frauds=1)
    fraud = country.frauds[0]
    policy = HoldsOne(fraud.crew[0], fraud.instalments[0].time_us)
    played = play(country, policy, terms(tries_most=3))
    tries = played.unbooked.filter(played.unbooked["payer"] == fraud.crew[0])
    assert set(tries["word"]) == {"blocked"}
    amounts = tries["amount"].to_list()
    assert len(amounts) == 4
    assert all(low == high // 2 for high, low in pairwise(amounts))
    assert rows(played, 0)[1:] == []


def test_who_is_refused_pays_somebody_at_another_institution():
    class Refuses(ByAmount):
        def action(self, payments, place):
            is_first = int(payments.payer[place]) == first
            return 4 if is_first and int(payments.payee[place]) == refused else 0

    country = village("fan_in", frauds=1)
    first = country.frauds[0].crew[0]
    intended = play(country, NonePolicy(), terms())
    refused = next(one[2] for one in rows(intended, 0) if one[1] == first)
    played = play(country, Refuses(4), terms())
    tried = played.unbooked.filter(played.unbooked["payee"] == refused)
    assert set(tried["word"]) == {"refused"}
    where = country.accounts.institution
    onward = [one for one in rows(played, 0) if one[1] == first]
    assert refused not in {one[2] for one in onward}
    paid = sum(one[3] for one in onward)
    assert paid == sum(one[3] for one in rows(intended, 0) if one[1] == first)
    amounts = Counter(tried["amount"].to_list())
    elsewhere = [one[2] for one in onward if one[3] in amounts]
    assert elsewhere
    assert all(where[one] != where[refused] for one in elsewhere)


def test_money_that_waited_goes_on_where_it_was_meant_to():
    country = village("cycle", frauds=1)
    waited = play(country, ByAmount(2, least=400_000), terms(drains=0.0))
    intended = play(country, NonePolicy(), terms(drains=0.0))
    pairs = [one[1:4] for one in rows(intended, 0)]
    assert [one[1:4] for one in rows(waited, 0)][:2] == pairs[:2]
    assert rows(waited, 0)[0][0] >= rows(intended, 0)[0][0] + 30 * MINUTE


def test_a_crew_that_knows_a_window_waits_it_out_at_its_second_account():
    country = village("fan_in", frauds=2, end_us=BEGIN + 72 * HOUR)
    played = play(country, NonePolicy(), terms(waiting=1.0, waits_out=(24 * HOUR,)))
    for fraud in range(2):
        found = rows(played, fraud)
        came = {one[2]: one[0] for one in found if one[1] == country.frauds[fraud].crew[0]}
        onward = [
            one for one in found if one[1] in came and one[1] != country.frauds[fraud].crew[0]
        ]
        assert onward
        assert all(one[0] >= came[one[1]] + 24 * HOUR for one in onward if one[1] in came)


def test_nothing_is_paid_by_launderers_after_the_end():
    country = village("fan_out", end_us=hamlet(3).begin_us + 11 * HOUR)
    played = play(country, NonePolicy(), terms(dwell_median=5 * HOUR))
    assert played.ledger["time_us"].max() < country.end_us


def test_cash_is_drawn_in_parts_below_what_a_machine_gives():
    most = 300_000
    played = play(village("cash"), NonePolicy(), terms(cash_most=most))
    drawn = played.ledger.filter(played.ledger["kind"] == 2)
    assert len(drawn) > 6
    assert drawn["amount"].max() <= most


def crew(**changes):
    """Return a crew of a hamlet."""
    country = hamlet(2)
    street = _Holders(Play(country, NonePolicy()))
    launderers = dataclasses.replace(LaundererTerms(), **changes)
    return Crew(street, country.frauds[0], launderers, Places.of(country), plan_of("fan_out"))


@given(st.integers(1, 10**9), st.integers(1, 40), st.integers(0, 10**6), st.integers(0, 50))
def test_parts_sum_to_the_whole_and_are_not_smaller_than_half_a_share(amount, most, least, seed):
    one = crew(part_least=least)
    parts = one.parts(one.chance(str(seed)), amount, most)
    assert sum(parts) == amount
    assert 1 <= len(parts) <= most
    assert min(parts) >= amount // (2 * len(parts))


@given(st.integers(1, 10**9), st.integers(-5, 10**9))
def test_what_is_cut_below_a_line_sums_to_the_whole(amount, line):
    line = max(line, amount // 1_000)
    parts = _below(amount, line)
    assert sum(parts) == amount
    assert 0 < max(parts) <= max(1, line)


def test_a_holder_sees_a_balance_and_how_a_payment_ends_and_nothing_else():
    seen = {name for name in dir(_Holders) if not name.startswith("_")}
    assert seen == {"at", "balance", "country", "now_us", "pay"}


def test_desks_are_paid_at_a_bank_and_deliver_from_their_stock():
    country = hamlet(2, people=60)
    accounts = country.accounts
    holder_kind, holder = accounts.holder_kind.copy(), accounts.holder.copy()
    holder_kind[[8, 9]] = (
        3  # one desk: an account at a bank, one at an institution that becomes an exchange
    )
    holder[9] = holder[8]
    institution = accounts.institution.copy()
    institution[9] = 6
    institutions = (
        *country.institutions,
        dataclasses.replace(country.institutions[3], name="coins"),
    )
    exchange = dataclasses.replace(institutions[-1], kind="exchange")
    changed = dataclasses.replace(
        accounts, holder_kind=holder_kind, holder=holder, institution=institution
    )
    country = dataclasses.replace(
        country,
        accounts=changed,
        institutions=(*institutions[:-1], exchange),
        frauds=tuple(dataclasses.replace(one, strategy="otc") for one in country.frauds),
    )
    assert [(one.paid, one.stock) for one in Places.of(country).desks] == [(8, 9)]
    played = play(country, NonePolicy(), terms())
    found = played.ledger.filter(played.ledger["fraud"] >= 0)
    pairs = set(zip(found["payer"].to_list(), found["payee"].to_list(), strict=True))
    assert (8, 9) in pairs  # buys again what it sold
    assert any(payer == 9 and payee != 8 for payer, payee in pairs)
    assert np.isin(found.filter(found["payer"] == 9)["kind"].to_numpy(), 4).all()
