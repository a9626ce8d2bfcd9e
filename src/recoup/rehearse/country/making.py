"""A country of a scenario and a seed: who lives there, what they will pay, and what will be done to them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace

import numpy as np

from recoup.rehearse.country.chance import chance
from recoup.rehearse.country.daily import daily, setting
from recoup.rehearse.country.frauds import make_frauds
from recoup.rehearse.country.funding import needed, savings
from recoup.rehearse.country.holders import institutions_of, make_holders
from recoup.rehearse.country.lookalikes import lookalikes
from recoup.rehearse.country.payments import HABITS, scheduled
from recoup.rehearse.country.rhythm import DAY, begin_us
from recoup.rehearse.country.values import Country
from recoup.rehearse.country.work import work
from recoup.rehearse.scenario import Scenario


def make_country(scenario: Scenario, seed: int) -> Country:
    """Return the country; the same scenario and seed give the same, to the last bit.

    Every scheduled payment has funds as long as nothing else takes money away, and whatever a victim is made to pay lies
    beyond that. Times are microseconds of UTC, amounts minor units.
    """
    terms = scenario.country
    holders, accounts = make_holders(scenario, seed)
    now = setting(scenario, seed, holders)
    every_day = list(daily(now))
    parts = [*every_day, *work(now, every_day[0]), *lookalikes(now)]
    begin, end = begin_us(terms), begin_us(terms) + terms.days * DAY
    schedule = scheduled(parts, chance(seed, "order"), end)
    least = needed(schedule, len(accounts))
    spare = savings(scenario, seed, accounts, holders)
    opening = np.where(accounts.holder >= 0, least + spare, accounts.opening_minor)
    assert (opening >= least).all(), "the outside has less than is asked of it"
    accounts = replace(accounts, opening_minor=opening)
    return Country(
        seed=seed,
        currency=terms.currency,
        timezone=terms.timezone,
        begin_us=begin,
        end_us=end,
        institutions=institutions_of(scenario),
        accounts=accounts,
        schedule=schedule,
        habits=HABITS,
        frauds=make_frauds(scenario, seed, accounts, holders, spare),
        warmup_us=terms.warmup,
        second_precision=terms.second_precision,
    )


def digest(country: Country) -> str:
    """Return the SHA-256 of all that a country consists of, in hexadecimal."""
    found = hashlib.sha256()
    for part in (country.accounts, country.schedule):
        for name, column in asdict(part).items():
            found.update(name.encode())
            if isinstance(column, np.ndarray):
                found.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
            else:
                found.update("\n".join(column).encode())
    plain = (
        *(country.seed, country.currency, country.timezone, country.begin_us, country.end_us),
        *(country.institutions, country.habits, country.frauds, country.warmup_us),
        country.second_precision,
    )
    found.update(repr(plain).encode())
    return found.hexdigest()


__all__ = ["digest", "make_country"]
