"""Good faith ends a trail: who gave value keeps what they got, and no policy gains by holding it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from recoup.rehearse.country import HolderKind, make_country
from recoup.rehearse.figures import (
    Exit,
    figures_of,
    harm_of,
    identities_of,
    survival_of,
    truth_of,
)
from recoup.rehearse.figures.cases import SURVIVAL_SECONDS
from recoup.rehearse.limits import limits_of
from recoup.rehearse.play.happened import HeldNow, Reported, Stopper
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy
from rehearsal.hamlet import BEGIN, MINUTE
from rehearsal.hand import Line, crossroads, played_by_hand, wander
from rehearsal.unit_twin import coins_of
from rehearsal.village import village, village_scenario

VICTIM, SHOP, FRIEND, MULE, CASH = 0, 1, 2, 6, 12
GIVERS = (HolderKind.PERSON, HolderKind.FIRM, HolderKind.MERCHANT, HolderKind.DESK)
LENDERS = (HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL)


def _crime(kind, lines, happened=()):
    """Return a crime of 10 whose mule has 5 of its own; the shop is of a kind. Reported after 5 minutes."""
    country = crossroads(1, frauds=1)
    first = replace(
        country.frauds[0].instalments[0], time_us=BEGIN, payer=VICTIM, payee=MULE, amount_minor=10
    )
    crime = replace(country.frauds[0], instalments=(first,), reported_us=BEGIN + 5 * MINUTE)
    kinds = country.accounts.holder_kind.copy()
    kinds[SHOP] = kind
    accounts = replace(country.accounts, holder_kind=kinds)
    country = replace(country, frauds=(crime,), accounts=accounts)
    story = (Reported(BEGIN + 5 * MINUTE, 0), *happened)
    return played_by_hand(country, [Line(BEGIN, VICTIM, MULE, 10, 0, 0), *lines], story)


BOUGHT = [Line(BEGIN + 2 * MINUTE, MULE, SHOP, 15)]
HELD = [HeldNow(BEGIN + 6 * MINUTE, Stopper.ORDER, "case", 0, SHOP, 10, is_frozen=False)]


@pytest.mark.parametrize("kind", GIVERS)
def test_a_hold_on_who_was_paid_keeps_nothing_and_is_harm(kind):
    played = _crime(kind, BOUGHT, HELD)
    truth = truth_of(played)
    figures = figures_of(played, truth)
    wanted = {"kept": 0, "stopped_net": 0, "left": 10, "at_large": 0, "inside_at_report": 0}
    assert wanted == {name: figures[name] for name in wanted}
    assert [str(Exit.GOOD_FAITH)] == truth.left["exit"].unique().to_list()
    assert figures["innocent_amount_held_peak"] == 10
    assert all(one.holds for one in identities_of(played, truth, figures))
    limits = limits_of(played)
    assert limits.instant[0].kept == limits.latency_bound[0].kept == 0


@pytest.mark.parametrize("kind", LENDERS)
def test_the_same_hold_on_a_criminals_account_keeps_all_of_it(kind):
    """The control: nothing but who holds the account tells a success from harm."""
    played = _crime(kind, BOUGHT, HELD)
    figures = figures_of(played, truth_of(played))
    wanted = {"kept": 10, "left": 0, "innocent_amount_held_peak": 0, "inside_at_report": 10}
    assert wanted == {name: figures[name] for name in wanted}
    assert limits_of(played).instant[0].kept == 10


def test_what_comes_from_an_innocent_later_is_clean_even_to_a_criminal():
    played = _crime(HolderKind.DESK, [*BOUGHT, Line(BEGIN + 3 * MINUTE, SHOP, MULE, 40)])
    truth = truth_of(played)
    assert truth.lies.is_empty()
    assert int(truth.left["amount"].sum()) == 10


def test_a_mules_shopping_takes_its_own_money_first_and_then_stolen_money_leaves():
    truth = truth_of(_crime(HolderKind.MERCHANT, [Line(BEGIN + MINUTE, MULE, SHOP, 8)]))
    assert int(truth.left["amount"].sum()) == 3
    assert truth.lies.rows() == [(MULE, 0, 7)]


def test_money_that_comes_back_to_its_victim_has_left_under_its_own_name():
    """Bait: 4 of the 10 go back, behind the mule's own 5. No policy did it, and none may count it as kept."""
    played = _crime(HolderKind.PERSON, [Line(BEGIN + MINUTE, MULE, VICTIM, 9)])
    truth = truth_of(played)
    assert truth.left.select("amount", "exit").rows() == [(4, str(Exit.TO_VICTIM))]
    assert figures_of(played, truth)["kept"] == 0
    assert limits_of(played).instant[0].kept == 6


def test_what_is_an_innocents_own_is_told_apart_from_what_could_be_traced():
    """15 are held at the shop, of which 10 came of the crime: held in full, and 5 beyond what could be traced."""
    held = [replace(HELD[0], held=15)]
    played = _crime(HolderKind.MERCHANT, BOUGHT, held)
    harm = harm_of(played, truth_of(played))
    assert (harm.peak, harm.own_peak) == (15, 5)


@pytest.mark.parametrize("seed", range(40))
def test_exits_are_those_of_the_twin_of_single_units(seed):
    country = crossroads(seed)
    played = played_by_hand(country, wander(country, seed))
    found = Counter()
    for how, amount in truth_of(played).left.select("exit", "amount").iter_rows():
        found[how] += amount
    victims = {one.number: one.instalments[0].payer for one in country.frauds}
    wanted = Counter()
    for coin in coins_of(played):
        if coin.left_us is not None:
            last = coin.way[-1][1]
            how = Exit.GOOD_FAITH if last != victims[coin.fraud] else Exit.TO_VICTIM
            wanted[Exit.OUTSIDE if country.is_outside[last] else how] += 1
    assert wanted == found


def test_stolen_money_survives_as_long_as_what_was_published_lets_expect():
    """Korea 2012: a quarter after 10 minutes is the fast end. Xiamen 2015: a day late, hardly anything is left."""
    scenario = village_scenario(people=8_000, frauds=150)
    country = village(3, people=8_000, frauds=150)
    truth = truth_of(play(country, NonePolicy(), scenario))
    at = dict(zip(SURVIVAL_SECONDS, survival_of(truth), strict=True))
    assert 0.25 <= at[600] <= 0.75
    assert 0.10 <= at[3_600] <= 0.50
    assert at[86_400] <= 0.25
    assert np.all(np.diff(list(at.values())) <= 0)
    gone = set(truth.left["fraud"].to_list())
    left = {one.strategy for one in country.frauds if one.number in gone}
    assert left == {one.strategy for one in country.frauds}, "a strategy that never leaves"


def test_crews_use_accounts_on_which_little_lies():
    """With a bound that no account reaches, crews take accounts as they come: the control."""

    def used(country):
        accounts = [one for fraud in country.frauds for one in fraud.crew]
        return float(np.median(country.accounts.opening_minor[accounts]))

    scenario = village_scenario(frauds=40)
    blind = replace(scenario.launderers, own_money_half=10**12)
    known = used(make_country(scenario, 5))
    assert known * 1.5 < used(make_country(replace(scenario, launderers=blind), 5))
