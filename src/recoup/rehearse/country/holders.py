"""Who lives in a country and which accounts they have. Lenders of accounts are people like all others.

Mules and runners are drawn evenly out of the people, shells out of firms and merchants, after everything else of them is
settled: nothing but what they do with stolen money can tell them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recoup.rehearse.country.chance import F64, I32, I64, chance, zipf
from recoup.rehearse.country.rhythm import DAY, begin_us
from recoup.rehearse.country.values import (
    Accounts,
    HolderKind,
    Institution,
    InstitutionKind,
)
from recoup.rehearse.scenario import InstitutionTerms, Scenario

NUMBER_DIGITS: Final = 12
"""Digits of an account's number behind its institution's prefix."""
OUTSIDE_MINOR: Final = 10**15
"""What lies outside on each account there: more than ever comes in."""
PEOPLE_AN_AREA: Final = 25_000
ABROAD: Final = 8
"""Accounts abroad."""


@dataclass(frozen=True)
class Holders:
    """Account numbers by what they are for; -1 where somebody has none."""

    bank: I32
    """By person."""
    wallet: I32
    """By person."""
    coin: I32
    """By person: the account at an exchange."""
    firm: I32
    merchant: I32
    desk: I32
    """By seller of virtual currency: the bank account on which it is paid, and pays."""
    stock: I32
    """By such a seller: the account at an exchange that it delivers from."""
    cash: I32
    """By area and bank: the machines there."""
    cash_of: I32
    """By person: the machines that the person goes to."""
    abroad: I32

    @property
    def people(self) -> int:
        """Return how many people there are."""
        return len(self.bank)


@dataclass(frozen=True)
class Homes:
    """Institutions by kind, with the running sum of their shares."""

    terms: tuple[InstitutionTerms, ...]

    def draw(self, kind: InstitutionKind, draw: np.random.Generator, count: int) -> I64:
        """Return `count` institutions of a kind."""
        places = [n for n, one in enumerate(self.terms) if one.kind is kind]
        weights = np.cumsum([self.terms[n].weight for n in places])
        found = np.searchsorted(weights / weights[-1], draw.random(count), side="right")
        return np.array(places, np.int64)[np.minimum(found, len(places) - 1)]


def institutions_of(scenario: Scenario) -> tuple[Institution, ...]:
    """Return the institutions in the scenario's order."""
    return tuple(
        Institution(
            name=one.name,
            kind=one.kind,
            answer_median_seconds=one.answer_median / 1e6,
            answer_sigma=one.answer_sigma,
            is_connected=one.is_connected,
            can_stop_amounts=one.can_stop_amounts,
            error_share=one.error_share,
            refusal_share=one.refusal_share,
            silent_share=one.silent_share,
            orders_a_minute=one.orders_a_minute,
        )
        for one in scenario.institutions
    )


def make_holders(scenario: Scenario, seed: int) -> tuple[Holders, Accounts]:
    """Return who has which account, and the accounts; their openings are zero but outside, until payments are known."""
    terms = scenario.country
    firms, merchants, desks = (
        max(3, round(terms.people / each))
        for each in (terms.people_a_firm, terms.people_a_merchant, terms.people_a_desk)
    )
    draw = chance(seed, "holders")
    homes = Homes(scenario.institutions)
    has_wallet = np.flatnonzero(draw.random(terms.people) < terms.second_account)
    has_coin = np.flatnonzero(draw.random(terms.people) < terms.coin_account)
    bank_homes = homes.draw(InstitutionKind.BANK, draw, terms.people)
    institution = np.concatenate(
        [
            bank_homes,
            homes.draw(InstitutionKind.PAYMENT, draw, len(has_wallet)),
            homes.draw(InstitutionKind.EXCHANGE, draw, len(has_coin)),
            homes.draw(InstitutionKind.BANK, draw, firms),
            _merchant_homes(scenario, homes, draw, merchants),
            homes.draw(InstitutionKind.BANK, draw, desks),
            homes.draw(InstitutionKind.EXCHANGE, draw, desks),
        ]
    )
    parties = terms.people + firms + merchants + desks
    person = np.concatenate([np.arange(terms.people), has_wallet, has_coin])
    desk = np.arange(parties - desks, parties)
    party = np.concatenate([person, np.arange(terms.people, parties), desk])
    inside = len(party)
    place = draw.permutation(inside).astype(np.int32)
    cash, cash_of, abroad = _outside(scenario, bank_homes, inside, draw)
    wallet = np.full(terms.people, -1, np.int32)
    coin = wallet.copy()
    wallet[has_wallet] = place[terms.people :][: len(has_wallet)]
    coin[has_coin] = place[terms.people + len(has_wallet) :][: len(has_coin)]
    others = place[len(person) :]
    holders = Holders(
        bank=place[: terms.people],
        wallet=wallet,
        coin=coin,
        firm=others[:firms],
        merchant=others[firms : firms + merchants],
        desk=others[firms + merchants :][:desks],
        stock=others[firms + merchants + desks :],
        cash=cash,
        cash_of=cash_of,
        abroad=abroad,
    )
    kinds = _kinds(scenario, firms, merchants, desks, chance(seed, "criminals"))
    order = np.argsort(place)
    return holders, _accounts(scenario, seed, institution[order], party[order], kinds, holders)


def _merchant_homes(scenario: Scenario, homes: Homes, draw: np.random.Generator, count: int) -> I64:
    """Return the institutions at which merchants have their money paid to them."""
    terms = scenario.country
    ends = np.cumsum([terms.merchants_at_payment, terms.merchants_at_aggregator])
    kind = np.searchsorted(ends, draw.random(count), side="right")
    found = np.zeros(count, np.int64)
    for place, one in enumerate(
        (InstitutionKind.PAYMENT, InstitutionKind.AGGREGATOR, InstitutionKind.BANK)
    ):
        found[kind == place] = homes.draw(one, draw, int((kind == place).sum()))
    return found


def _outside(
    scenario: Scenario, bank_homes: I64, first: int, draw: np.random.Generator
) -> tuple[I32, I32, I32]:
    """Return the machines' accounts by area and bank, each person's machines, and the accounts abroad."""
    areas = max(1, round(scenario.country.people / PEOPLE_AN_AREA))
    banks = [n for n, one in enumerate(scenario.institutions) if one.kind is InstitutionKind.BANK]
    machines = areas * len(banks)
    place_of = np.zeros(len(scenario.institutions), np.int64)
    place_of[banks] = np.arange(len(banks))
    area = draw.integers(0, areas, len(bank_homes))
    return (
        np.arange(first, first + machines, dtype=np.int32),
        (first + area * len(banks) + place_of[bank_homes]).astype(np.int32),
        np.arange(first + machines, first + machines + ABROAD, dtype=np.int32),
    )


def _kinds(
    scenario: Scenario, firms: int, merchants: int, desks: int, draw: np.random.Generator
) -> I64:
    """Return the kind of each party."""
    terms, launderers = scenario.country, scenario.launderers
    parts = (HolderKind.PERSON, terms.people), (HolderKind.FIRM, firms)
    rest = (HolderKind.MERCHANT, merchants), (HolderKind.DESK, desks)
    kinds = np.concatenate([np.full(count, kind, np.int64) for kind, count in (*parts, *rest)])
    lent = draw.choice(terms.people, launderers.mules + launderers.runners, replace=False)
    kinds[lent[: launderers.mules]] = HolderKind.MULE
    kinds[lent[launderers.mules :]] = HolderKind.RUNNER
    made = draw.choice(firms + merchants, launderers.shells, replace=False)
    kinds[terms.people + made] = HolderKind.SHELL
    return kinds


def _accounts(
    scenario: Scenario, seed: int, institution: I64, party: I64, kinds: I64, holders: Holders
) -> Accounts:
    draw = chance(seed, "accounts")
    names = [one.kind for one in scenario.institutions]
    outside = [
        np.full(len(holders.cash), names.index(InstitutionKind.CASH)),
        np.full(len(holders.abroad), names.index(InstitutionKind.ABROAD)),
    ]
    inside, count = len(party), len(party) + len(holders.cash) + len(holders.abroad)
    number = draw.permutation(len(kinds))
    every = np.concatenate([institution, *outside])
    holder = np.full(count, -1, np.int32)
    holder[:inside] = number[party]
    kind = np.full(count, HolderKind.OUTSIDE, np.int8)
    kind[:inside] = kinds[party]
    device = np.full(count, -1, np.int32)
    device[:inside] = _devices(scenario, draw, len(kinds))[party]
    opening = np.zeros(count, np.int64)
    opening[inside:] = OUTSIDE_MINOR
    return Accounts(
        institution=every.astype(np.int16),
        holder=holder,
        holder_kind=kind,
        opening_minor=opening,
        opened_us=_opened(scenario, draw, count),
        device=device,
        id=_ids(draw, every),
    )


def _devices(scenario: Scenario, draw: np.random.Generator, parties: int) -> I32:
    """Return each party's device: its own, another party's, or none."""
    terms = scenario.country
    device = draw.permutation(parties)
    shares = draw.random(parties) < terms.shared_device
    device[shares] = device[draw.integers(0, parties, int(shares.sum()))]
    device[draw.random(parties) < terms.no_device] = -1
    return device.astype(np.int32)


def _opened(scenario: Scenario, draw: np.random.Generator, count: int) -> I64:
    """Return when accounts were opened: half of them within three years, a few last week; in whole seconds."""
    days = np.clip(np.exp(draw.normal(np.log(1_100.0), 1.3, count)), 2.0, 9_000.0)
    return (begin_us(scenario.country) - (days * DAY).astype(np.int64)) // 1_000_000 * 1_000_000


def _ids(draw: np.random.Generator, institution: I64) -> tuple[str, ...]:
    """Return numbers that begin with the institution's prefix and go on at random, each once."""
    count = len(institution)
    tails = np.unique(draw.integers(0, 10**NUMBER_DIGITS, count + count // 64 + 64))
    assert len(tails) >= count
    tails = draw.permutation(tails)[:count]
    prefixes = [f"62{place:04}" for place in range(int(institution.max()) + 1)]
    return tuple(
        f"{prefixes[place]}{tail:0{NUMBER_DIGITS}}"
        for place, tail in zip(institution.tolist(), tails.tolist(), strict=True)
    )


def custom(scenario: Scenario, count: int) -> F64:
    """Return the running sum of shares by which merchants, desks or firms have their custom."""
    return zipf(count, scenario.country.counterparty_exponent)


__all__ = ["Holders", "custom", "institutions_of", "make_holders"]
