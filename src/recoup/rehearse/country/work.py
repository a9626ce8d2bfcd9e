"""What firms, merchants and landlords pay: payrolls, supplies, takings moved on in the evening, rents and what is passed on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recoup.rehearse.country.chance import I64, amounts, ranked
from recoup.rehearse.country.daily import Setting
from recoup.rehearse.country.holders import custom
from recoup.rehearse.country.payments import Payments, paid
from recoup.rehearse.country.rhythm import (
    DAY,
    HOUR,
    MINUTE,
    OFFICE,
    SECOND,
    begin_us,
    times_of_day,
    weekdays,
)


def work(now: Setting, purchases: Payments) -> Iterator[Payments]:
    """Yield what firms, merchants and landlords pay; merchants move on a part of what `purchases` bring."""
    yield _salaries(now)
    yield _supplies(now)
    yield _takings(now, purchases)
    yield from _rents(now)


def _salaries(now: Setting) -> Payments:
    """A firm pays all whom it pays that day within minutes: one account to many, as a fan-out is."""
    draw, terms, people = now.stream("salaries"), now.terms, now.holders.people
    firms = len(now.holders.firm)
    employer = ranked(draw, custom(now.scenario, firms), people)
    is_employed = draw.random(people) < now.habits.employed
    salary = amounts(draw, people, terms.salary_median, terms.salary_sigma, 0.3)
    rows: list[tuple[I64, I64]] = []
    for day, weekday in enumerate(weekdays(terms)):
        pays = (draw.random(firms) < terms.salaries_a_day) & (weekday < 5)
        hour = times_of_day(draw, firms, OFFICE)
        paid_now = np.flatnonzero(is_employed & pays[employer])
        spread = draw.integers(0, 20 * MINUTE, len(paid_now))
        rows.append((paid_now, begin_us(terms) + day * DAY + hour[employer[paid_now]] + spread))
    who = np.concatenate([one for one, _ in rows])
    when = np.concatenate([one for _, one in rows])
    return paid(
        "salary",
        now.kept(draw, when),
        now.holders.firm[employer[who]].astype(np.int64),
        now.holders.bank[who].astype(np.int64),
        salary[who],
    )


def _supplies(now: Setting) -> Payments:
    """Firms and merchants pay firms, in office hours."""
    draw, terms = now.stream("supplies"), now.terms
    buyers = np.concatenate([now.holders.firm, now.holders.merchant])
    count = int(draw.poisson(len(buyers) * now.habits.supplies_a_day * terms.days))
    day = draw.integers(0, terms.days, count)
    seller = ranked(draw, custom(now.scenario, len(now.holders.firm)), count)
    return paid(
        "supplies",
        now.kept(draw, begin_us(terms) + day * DAY + times_of_day(draw, count, OFFICE)),
        buyers[draw.integers(0, len(buyers), count)].astype(np.int64),
        now.holders.firm[seller].astype(np.int64),
        amounts(draw, count, now.habits.supplies_median, 1.2, 0.4),
    )


def _takings(now: Setting, purchases: Payments) -> Payments:
    """In the evening merchants move most of the day's many small credits on to one account, their owner's or a firm's."""
    draw, terms = now.stream("takings"), now.terms
    owner = now.pocket(draw, draw.integers(0, now.holders.people, len(now.holders.merchant)), 0.2)
    firm = now.holders.firm[draw.integers(0, len(now.holders.firm), len(owner))]
    target = np.where(draw.random(len(owner)) < 0.6, owner, firm).astype(np.int64)
    evening = draw.integers(21 * HOUR, 24 * HOUR, (terms.days, len(owner)))
    share = draw.random((terms.days, len(owner))) * 0.35 + 0.6
    place = np.full(int(max(now.holders.abroad)) + 1, -1, np.int64)
    place[now.holders.merchant] = np.arange(len(owner))
    day, since = np.divmod(purchases.time_us - begin_us(terms), DAY)
    shop = place[purchases.payee]
    is_before = since < evening[day, shop]
    taken = np.zeros((terms.days, len(owner)), np.int64)
    np.add.at(taken, (day[is_before], shop[is_before]), purchases.amount_minor[is_before])
    days, shops = np.nonzero(taken)
    moved = (taken[days, shops] * share[days, shops]).astype(np.int64)
    return paid(
        "takings",
        now.kept(draw, begin_us(terms) + days * DAY + evening[days, shops]),
        now.holders.merchant[shops].astype(np.int64),
        target[shops],
        np.maximum(moved, 1),
    )


def _rents(now: Setting) -> Iterator[Payments]:
    """Rents, and what a landlord who is none passes on to the owner within the hour."""
    draw, terms, people = now.stream("rents"), now.terms, now.holders.people
    landlords = draw.choice(people, max(2, round(people * now.habits.landlords)), replace=False)
    tenant = now.somebody(draw, terms.rents_a_day)
    count = len(tenant)
    landlord = landlords[ranked(draw, custom(now.scenario, len(landlords)), count)]
    when = now.times(draw, count)
    rent = amounts(draw, count, now.habits.rent_median, 0.5, 0.9)
    received = now.pocket(draw, landlord, 0.3)
    yield paid("rent", now.kept(draw, when), now.pocket(draw, tenant, 0.3), received, rent)
    passes = np.flatnonzero(draw.random(count) < now.habits.sublet)
    wait = np.exp(draw.normal(np.log(9 * MINUTE), 1.0, len(passes))).astype(np.int64) + SECOND
    owner = landlords[draw.integers(0, len(landlords), len(passes))]
    yield paid(
        "rent_passed_on",
        now.kept(draw, when[passes] + wait),
        received[passes],
        now.pocket(draw, owner, 0.3),
        rent[passes] * 9 // 10,
    )


__all__ = ["work"]
