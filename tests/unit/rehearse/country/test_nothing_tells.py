"""Nothing but what is done with stolen money tells criminals: a model given all the rest finds nothing.

Two negative controls must be found: lenders of accounts with consecutive ids, and frauds whose times are kept more exactly.
"""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from rehearsal.village import village_scenario

from recoup.rehearse.country import Country, make_country
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of

PEOPLE = 24_000


@pytest.fixture(scope="module")
def country() -> Country:
    """Many more criminals and frauds than usual, so that the measure is sharp: 0.5 is known to a hundredth."""
    scenario = village_scenario(PEOPLE, 1_500)
    firms = PEOPLE / scenario.country.people_a_firm + PEOPLE / scenario.country.people_a_merchant
    launderers = replace(
        scenario.launderers,
        mules=PEOPLE // 10,
        runners=PEOPLE // 20,
        shells=round(firms * 0.15),
    )
    return make_country(replace(scenario, launderers=launderers), 5)


def found_on_others(columns: list[np.ndarray], truth: np.ndarray, group: np.ndarray) -> float:
    """Area under the curve on groups that the model was not trained on: 0.5 is chance."""
    table = np.column_stack([column.astype(np.float64) for column in columns])
    is_taught = np.random.default_rng(7).random(int(group.max()) + 1)[group] < 0.5
    model = lightgbm.train(
        {
            "objective": "binary",
            "num_leaves": 15,
            "learning_rate": 0.1,
            "num_threads": 1,
            "verbosity": -1,
            "seed": 3,
            "deterministic": True,
        },
        lightgbm.Dataset(table[is_taught], truth[is_taught].astype(int)),
        60,
    )
    score = np.asarray(model.predict(table[~is_taught], num_threads=1))
    return area(score, truth[~is_taught])


def area(score: np.ndarray, truth: np.ndarray) -> float:
    """Chance that one that is true scores above one that is not; ties count half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[place]
    true = int(truth.sum())
    return float((rank[truth].sum() - true * (true + 1) / 2) / (true * (len(truth) - true)))


def digits(number: np.ndarray, count: int) -> list[np.ndarray]:
    return [number // 10**place % 10 for place in range(count)]


def told_by_accounts(country: Country, ids: tuple[str, ...] | None = None) -> float:
    accounts = country.accounts
    inside = np.flatnonzero(~country.is_outside)
    number = np.array([int(one) for one in ids or accounts.id])[inside]
    opened, opening = accounts.opened_us[inside], accounts.opening_minor[inside]
    device = accounts.device[inside]
    columns = [
        number,
        *digits(number, 18),
        opened,
        opened // 86_400_000_000 % 7,
        opened % 86_400_000_000,
        opened % 60_000_000,
        device,
        device % 10,
        accounts.holder[inside],
        accounts.institution[inside],
        opening,
        *digits(opening, 5),
        inside,
        inside % 2,
        inside % 10,
    ]
    return found_on_others(columns, country.is_criminal[inside], accounts.holder[inside])


def told_by_rows(country: Country, exactly: int = 0) -> float:
    rows = country.schedule
    crimes = np.array([i.time_us for fraud in country.frauds for i in fraud.instalments])
    time = np.concatenate([rows.time_us, crimes + exactly])
    truth = np.arange(len(time)) >= len(rows)
    mixed = np.random.default_rng(1).permutation(len(time))
    order = mixed[np.argsort(time[mixed], kind="stable")]
    return told_by_times(time[order], truth[order])


def told_by_times(time: np.ndarray, truth: np.ndarray) -> float:
    """Given rows in the order in which they were booked."""
    place = np.arange(len(time))
    columns = [
        *digits(time, 7),
        time % 1_000,
        time % 1_000_000,
        time % 60_000_000 // 1_000_000,
        place % 2,
        place % 10,
    ]
    return found_on_others(columns, truth, np.arange(len(time)))


def test_nothing_of_an_account_tells_who_lends_it(country):
    assert 0.45 < told_by_accounts(country) < 0.55


def test_the_ordinary_life_of_an_account_tells_nothing(country):
    """How often, how much and with how many others an account is scheduled to pay and be paid."""
    rows, inside = country.schedule, np.flatnonzero(~country.is_outside)
    columns = []
    for one, other in ((rows.payer, rows.payee), (rows.payee, rows.payer)):
        columns.append(np.bincount(one, minlength=len(country.accounts))[inside])
        weights = rows.amount_minor.astype(np.float64)
        columns.append(np.bincount(one, weights, minlength=len(country.accounts))[inside])
        pairs = np.unique(one.astype(np.int64) << 32 | other) >> 32
        columns.append(np.bincount(pairs, minlength=len(country.accounts))[inside])
    told = found_on_others(columns, country.is_criminal[inside], country.accounts.holder[inside])
    assert 0.45 < told < 0.55


def test_consecutive_ids_would_tell(country):
    """Negative control: accounts bought in one go at one counter."""
    lent = np.flatnonzero(country.is_criminal)
    ids = list(country.accounts.id)
    for place, account in enumerate(lent.tolist()):
        ids[account] = f"{620000500000000000 + place}"
    assert told_by_accounts(country, tuple(ids)) > 0.9


def test_nothing_of_a_row_but_what_it_says_tells_a_crime(country):
    assert 0.45 < told_by_rows(country) < 0.55


def test_nothing_of_what_launderers_pay_tells_but_what_it_says():
    """The rows of a play without any policy: victims' and launderers' against all others."""
    scenario = village_scenario(10_000, 120)
    country = make_country(scenario, 3)
    ledger = play(country, policy_of("none", scenario, 3), scenario).ledger
    truth = (ledger["fraud"] >= 0).to_numpy()
    assert truth.sum() > 3_000
    assert 0.45 < told_by_times(ledger["time_us"].to_numpy(), truth) < 0.55


def test_times_kept_more_exactly_would_tell(country):
    """Negative control: crimes with microseconds among times of seconds and milliseconds."""
    assert told_by_rows(country, exactly=137) > 0.9
