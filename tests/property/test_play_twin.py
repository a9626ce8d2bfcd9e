"""The play against its slow twin: the same rows, the same failures, the same events, whatever a policy does."""

import dataclasses

import pytest
from rehearsal.guards import Allows, Blocks, ByNumber, Calls, PaysBack
from rehearsal.hamlet import hamlet
from rehearsal.slow_play import SlowPlay

from recoup.rehearse import playing
from recoup.rehearse.laundering import STRATEGIES
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import Scenario

MAKERS = (NonePolicy, Allows, ByNumber, Blocks, Calls, PaysBack)


def village(seed):
    """Return a small hamlet with a fraud of every third strategy, some of them paid in two instalments."""
    country = hamlet(seed, people=20, mules=12, frauds=4, payments=120)
    names = list(STRATEGIES)
    frauds = []
    for one in country.frauds:
        first = one.instalments[0]
        second = dataclasses.replace(first, time_us=first.time_us + 240_000_000)
        frauds.append(
            dataclasses.replace(
                one,
                strategy=names[(seed + 3 * one.number) % len(names)],
                instalments=(first, second) if one.number % 2 else (first,),
                reported_us=one.reported_us + 240_000_000,
            )
        )
    return dataclasses.replace(country, frauds=tuple(frauds))


def poor(country):
    """Leave everybody but victims with so little that some payments find no funds."""
    openings = country.accounts.opening_minor.copy()
    victims = {one.payer for fraud in country.frauds for one in fraud.instalments}
    for account in range(20):
        if account not in victims:
            openings[account] = 20_000
    accounts = dataclasses.replace(country.accounts, opening_minor=openings)
    return dataclasses.replace(country, accounts=accounts)


def slowly(country, policy):
    """Play a country with the twin."""
    stage = SlowPlay(country, policy)
    playing._people(stage, Scenario(), None)
    policy.begin(stage)
    stage.run()
    stage.settle_up(country.end_us + playing.CLOCKS_US)
    return stage


@pytest.mark.parametrize("seed", range(50))
def test_the_slow_twin_books_the_same_rows(seed):
    maker = MAKERS[seed % len(MAKERS)]
    country = village(seed)
    if maker in (
        NonePolicy,
        Allows,
        Blocks,
    ):  # who waits may leave a later payment without funds: see test_engine
        country = poor(country)
    slow = slowly(country, maker())
    played = playing.play(country, maker())
    rows = played.ledger.select(
        "time_us", "payer", "payee", "amount", "kind", "fraud", "instalment", "payment"
    ).rows()
    assert slow.books.ledger == rows
    unbooked = [
        (number, one.payer, one.payee, one.amount, word.value)
        for number, (one, word) in sorted(slow.unbooked.items())
    ]
    columns = ("payment", "payer", "payee", "amount", "word")
    assert unbooked == played.unbooked.select(columns).rows()
    assert slow.happened == list(played.happened)
    assert [slow.books.balance(n) for n in range(len(country.accounts))] == list(played.balances)
