"""Innocents who do what launderers do: collect and pay on, pass on within minutes, go around in circles, trade coins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recoup.rehearse.country.chance import I64, amounts, ranked
from recoup.rehearse.country.daily import Setting
from recoup.rehearse.country.holders import custom
from recoup.rehearse.country.payments import Payments, paid
from recoup.rehearse.country.rhythm import HOUR, MINUTE, SECOND


def lookalikes(now: Setting) -> Iterator[Payments]:
    """Yield what looks like laundering and is none."""
    yield from _collectors(now)
    yield from _passers_on(now)
    yield _circles(now)
    yield from _coins(now)


def _waits(draw: np.random.Generator, count: int, median_us: int) -> I64:
    return np.exp(draw.normal(np.log(median_us), 1.0, count)).astype(np.int64) + SECOND


def _collectors(now: Setting) -> Iterator[Payments]:
    """A class, a team, a table: many pay the same sum to one, who pays it on: fan-in."""
    draw, people = now.stream("collectors"), now.holders.people
    who = now.somebody(draw, now.terms.collectors_a_day)
    count = len(who)
    members = 3 + np.minimum(draw.geometric(0.09, count), 60)
    each = amounts(draw, count, now.habits.collected_median, 0.8, 0.9)
    start = now.times(draw, count)
    pocket = now.pocket(draw, who)
    rows = np.repeat(np.arange(count), members)
    late = (draw.random(len(rows)) ** 2 * 3 * HOUR).astype(np.int64)
    payer = now.pocket(draw, draw.integers(0, people, len(rows)))
    yield paid("collected", now.kept(draw, start[rows] + late), payer, pocket[rows], each[rows])
    shop = ranked(draw, custom(now.scenario, len(now.holders.merchant)), count)
    friend = now.pocket(draw, draw.integers(0, people, count), 0.5)
    to_shop = draw.random(count) < 0.6
    yield paid(
        "collection_paid",
        now.kept(draw, start + 3 * HOUR + _waits(draw, count, 10 * MINUTE)),
        pocket,
        np.where(to_shop, now.holders.merchant[shop], friend).astype(np.int64),
        each * members,
    )


def _passers_on(now: Setting) -> Iterator[Payments]:
    """A family's money comes in and goes on within minutes, whole or in parts: a layer's pass-through and fan-out."""
    draw, people = now.stream("passers-on"), now.holders.people
    who = now.somebody(draw, now.terms.passers_on_a_day)
    count = len(who)
    giver = now.pocket(draw, draw.integers(0, people, count), 0.2)
    pocket = now.pocket(draw, who, 0.4)
    whole = amounts(draw, count, now.habits.handed_median, 1.1, 0.7)
    when = now.times(draw, count)
    yield paid("handed_over", now.kept(draw, when), giver, pocket, whole)
    parts = np.minimum(draw.geometric(0.5, count), 5)
    rows = np.repeat(np.arange(count), parts)
    onward = whole * draw.integers(90, 101, count) // 100
    cash = draw.random(len(rows)) < 0.1
    target = now.pocket(draw, draw.integers(0, people, len(rows)), 0.3)
    target = np.where(cash, now.holders.cash_of[who[rows]], target).astype(np.int64)
    yield paid(
        "handed_on",
        now.kept(draw, when[rows] + _waits(draw, len(rows), 5 * MINUTE)),
        pocket[rows],
        target,
        np.maximum(onward[rows] // parts[rows], 100),
    )


def _circles(now: Setting) -> Payments:
    """Friends lend each other the same sum in turn, until it is back where it came from."""
    draw, people = now.stream("circles"), now.holders.people
    who = now.somebody(draw, now.terms.circles_a_day)
    count, length = len(who), 4
    members = np.column_stack([who, draw.integers(0, people, (count, length - 1))])
    pockets = now.pocket(draw, members.ravel()).reshape(count, length)
    gap = _waits(draw, count * length, 25 * MINUTE).reshape(count, length)
    when = now.times(draw, count)[:, None] + np.cumsum(gap, axis=1)
    sums = np.repeat(amounts(draw, count, now.habits.circle_median, 1.0, 0.9), length)
    return paid(
        "circle",
        now.kept(draw, when.ravel()),
        pockets.ravel(),
        np.roll(pockets, -1, axis=1).ravel(),
        sums,
    )


def _coins(now: Setting) -> Iterator[Payments]:
    """Secondhand virtual currency: a buyer pays a desk, and a desk pays who sells, minutes apart."""
    draw = now.stream("coins")
    who = now.somebody(draw, now.terms.coin_buyers_a_day)
    count = len(who)
    owners = np.flatnonzero(now.holders.coin >= 0)
    if len(owners):
        own = draw.random(count) < now.habits.coins_at_exchange
        who[own] = owners[draw.integers(0, len(owners), int(own.sum()))]
    desk = ranked(draw, custom(now.scenario, len(now.holders.desk)), count)
    desks = now.holders.desk[desk].astype(np.int64)
    stock = now.holders.stock[desk].astype(np.int64)
    bank = now.pocket(draw, who, 0.25)
    sums = amounts(draw, count, now.habits.coins_median, 1.3, 0.6)
    when, buys = now.times(draw, count), draw.random(count) < 0.55
    coin = now.holders.coin[who].astype(np.int64)
    later = _waits(draw, count, 8 * MINUTE)
    bought = when[buys], bank[buys], desks[buys], sums[buys]
    yield paid("coins_bought", now.kept(draw, bought[0]), *bought[1:])
    to_own = when[buys] + later[buys], stock[buys], coin[buys], sums[buys] * 99 // 100
    yield paid("coins_settled", now.kept(draw, to_own[0]), *to_own[1:])
    sold = when[~buys] + later[~buys], desks[~buys], bank[~buys], sums[~buys]
    yield paid("coins_sold", now.kept(draw, sold[0]), *sold[1:])
    from_own = when[~buys], coin[~buys], stock[~buys], sums[~buys]
    yield paid("coins_settled", now.kept(draw, from_own[0]), *from_own[1:])


__all__ = ["lookalikes"]
