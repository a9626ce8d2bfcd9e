"""What people pay day by day: shops, acquaintances, strangers, wallets, cash, abroad, and now and then a large sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recoup.rehearse.country.chance import F64, I64, amounts, chance, ranked
from recoup.rehearse.country.holders import Holders, custom
from recoup.rehearse.country.payments import Payments, paid
from recoup.rehearse.country.rhythm import DAY, begin_us, day_shares, kept, times_of_day
from recoup.rehearse.scenario import CountryTerms, HabitTerms, Scenario


@dataclass(frozen=True)
class Setting:
    """What all habits need."""

    scenario: Scenario
    seed: int
    holders: Holders
    activity: F64
    """By person: how much is paid, against the mean of one."""

    @property
    def terms(self) -> CountryTerms:
        """Return how people live."""
        return self.scenario.country

    @property
    def habits(self) -> HabitTerms:
        """Return what they pay for."""
        return self.scenario.habits

    def stream(self, subject: str) -> np.random.Generator:
        """Return the draws of one habit."""
        return chance(self.seed, subject)

    def times(self, draw: np.random.Generator, count: int) -> I64:
        """Return instants within the country's days, by the rhythm of day and week."""
        day = ranked(draw, day_shares(self.terms), count)
        return begin_us(self.terms) + day * DAY + times_of_day(draw, count)

    def kept(self, draw: np.random.Generator, times: I64) -> I64:
        """Return instants as exactly as they are kept."""
        return kept(draw, times, self.terms.second_precision)

    def somebody(self, draw: np.random.Generator, a_day: float) -> I64:
        """Return people to whom something happens that happens to this share of them a day."""
        count = self.holders.people * a_day * self.terms.days
        return draw.integers(0, self.holders.people, draw.poisson(count))

    def pocket(self, draw: np.random.Generator, people: I64, by_wallet: float | None = None) -> I64:
        """Return the accounts that people pay from or are paid to."""
        share = self.habits.by_wallet if by_wallet is None else by_wallet
        wallet = self.holders.wallet[people]
        uses = (wallet >= 0) & (draw.random(len(people)) < share)
        return np.where(uses, wallet, self.holders.bank[people]).astype(np.int64)


def setting(scenario: Scenario, seed: int, holders: Holders) -> Setting:
    """Return what habits need."""
    sigma = scenario.country.activity_sigma
    draw = chance(seed, "activity")
    activity = np.exp(draw.normal(-sigma * sigma / 2, sigma, holders.people))
    return Setting(scenario, seed, holders, np.minimum(activity, 30.0))


def daily(now: Setting) -> Iterator[Payments]:
    """Yield what people pay day by day."""
    yield _purchases(now)
    yield _gifts(now)
    yield _strangers(now)
    yield _top_ups(now)
    yield from _cash(now)
    yield _abroad(now)
    yield _large(now)


def _often(now: Setting, draw: np.random.Generator, share: float) -> I64:
    """Return payers of a daily habit, each as often as it pays."""
    mean = now.activity * (now.terms.payments_a_day * share * now.terms.days)
    return np.repeat(np.arange(now.holders.people), draw.poisson(mean))


def _purchases(now: Setting) -> Payments:
    draw, terms = now.stream("purchases"), now.terms
    payer = _often(now, draw, now.habits.purchases)
    count = len(payer)
    shop = ranked(draw, custom(now.scenario, len(now.holders.merchant)), count)
    return paid(
        "purchase",
        now.kept(draw, now.times(draw, count)),
        now.pocket(draw, payer),
        now.holders.merchant[shop].astype(np.int64),
        amounts(draw, count, terms.purchase_median, terms.purchase_sigma, 0.35),
    )


def _gifts(now: Setting) -> Payments:
    """People pay the same few others again and again; who is liked by many is drawn by many."""
    draw, terms, people = now.stream("gifts"), now.terms, now.holders.people
    order = draw.permutation(people)
    liked = draw.integers(0, people, people * terms.acquaintances)
    some = draw.random(len(liked)) < 0.3
    liked[some] = ranked(draw, custom(now.scenario, people), int(some.sum()))
    friends = order[liked].reshape(people, terms.acquaintances)
    payer = _often(now, draw, now.habits.gifts)
    count = len(payer)
    which = (draw.random(count) ** 2 * terms.acquaintances).astype(np.int64)
    return paid(
        "gift",
        now.kept(draw, now.times(draw, count)),
        now.pocket(draw, payer),
        now.pocket(draw, friends[payer, which]),
        amounts(draw, count, terms.gift_median, terms.gift_sigma, 0.7),
    )


def _strangers(now: Setting) -> Payments:
    """Secondhand things: sellers are paid by many whom they never met."""
    draw, terms, people = now.stream("strangers"), now.terms, now.holders.people
    sellers = draw.choice(people, max(2, round(people * now.habits.sellers)), replace=False)
    payer = _often(now, draw, now.habits.strangers)
    count = len(payer)
    seller = sellers[ranked(draw, custom(now.scenario, len(sellers)), count)]
    return paid(
        "stranger",
        now.kept(draw, now.times(draw, count)),
        now.pocket(draw, payer),
        now.pocket(draw, seller),
        amounts(draw, count, terms.gift_median, terms.gift_sigma, 0.5),
    )


def _top_ups(now: Setting) -> Payments:
    """Between an own bank account and the own wallet, more often into it."""
    draw, terms = now.stream("top-ups"), now.terms
    payer = _often(now, draw, now.habits.top_ups)
    bank, wallet = now.holders.bank[payer], now.holders.wallet[payer]
    is_in = draw.random(len(payer)) < 0.75
    return paid(
        "top_up",
        now.kept(draw, now.times(draw, len(payer))),
        np.where(is_in, bank, wallet).astype(np.int64),
        np.where(is_in, wallet, bank).astype(np.int64),
        amounts(draw, len(payer), now.habits.top_up_median, terms.gift_sigma, 0.8),
    )


def _cash(now: Setting) -> Iterator[Payments]:
    draw = now.stream("cash")
    for habit, share in (("cash", 0.8), ("paid_in", 0.2)):
        people = now.somebody(draw, now.terms.cash_a_day * share)
        note = now.habits.note
        notes = amounts(draw, len(people), now.habits.cash_median, 0.9, 0.0) // note * note
        notes = np.clip(notes, note, 200 * note)
        bank = now.holders.bank[people].astype(np.int64)
        machine = now.holders.cash_of[people].astype(np.int64)
        ends = (bank, machine) if habit == "cash" else (machine, bank)
        yield paid(habit, now.kept(draw, now.times(draw, len(people))), *ends, notes)


def _abroad(now: Setting) -> Payments:
    draw = now.stream("abroad")
    people = now.somebody(draw, now.terms.abroad_a_day)
    there = now.holders.abroad[draw.integers(0, len(now.holders.abroad), len(people))]
    return paid(
        "abroad",
        now.kept(draw, now.times(draw, len(people))),
        now.holders.bank[people].astype(np.int64),
        there.astype(np.int64),
        amounts(draw, len(people), now.habits.abroad_median, 1.2, 0.4),
    )


def _large(now: Setting) -> Payments:
    """To somebody never paid before, in one to four parts: what a victim's payments look like when nothing is wrong."""
    draw, terms, people = now.stream("large"), now.terms, now.holders.people
    payer = now.somebody(draw, terms.large_a_day)
    count = len(payer)
    to_firm = draw.random(count) < 0.35
    firm = now.holders.firm[draw.integers(0, len(now.holders.firm), count)]
    person = now.pocket(draw, draw.integers(0, people, count), 0.2)
    payee = np.where(to_firm, firm, person).astype(np.int64)
    parts = 1 + np.minimum(draw.geometric(0.6, count) - 1, 3)
    whole = amounts(draw, count, terms.large_median, terms.large_sigma, 0.6)
    start = now.times(draw, count)
    rows = np.repeat(np.arange(count), parts)
    gap = np.exp(draw.normal(np.log(12 * 60e6), 1.0, len(rows))).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(parts)[:-1]]) if count else np.zeros(0, np.int64)
    gap[first] = 0
    since = np.cumsum(gap)
    since -= np.repeat(since[first], parts)
    return paid(
        "large",
        now.kept(draw, start[rows] + since),
        now.holders.bank[payer[rows]].astype(np.int64),
        payee[rows],
        np.maximum(whole[rows] // parts[rows], 100),
    )


__all__ = ["Setting", "daily", "setting"]
