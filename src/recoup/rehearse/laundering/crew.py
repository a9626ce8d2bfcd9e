"""A crew: the accounts that one fraud's launderers use, what they mean to do, and what they do when something is in the way.

A crew sees what a holder sees: balances, payments that fail or wait, and, some time after it was made, a hold. Every draw is
keyed by the fraud's seed and by the path of the parcel that it is for, never by a shared sequence: what nobody touches goes the
same way, at the same instants, whatever happens elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import exp
from random import Random
from typing import Final, Protocol

from recoup.rehearse.country import Country, Fraud, HolderKind, InstitutionKind
from recoup.rehearse.laundering.parcel import Move, Parcel, Role
from recoup.rehearse.laundering.places import Places
from recoup.rehearse.play.ports import Attempt, Paid, Word
from recoup.rehearse.scenario import LaundererTerms

SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND
_HURRY_US: Final = 60 * SECOND
"""Money rests at most so long once a crew knows that somebody is after it: assumed."""
_DWELL_MOST_US: Final = 48 * HOUR
_MOVES_MOST: Final = 2_000
"""Of one crew: a bound against plans without end, far above any."""


class Street(Protocol):
    """What the holder of an account sees and does."""

    @property
    def country(self) -> Country:
        """Return where they are."""
        ...

    @property
    def now_us(self) -> int:
        """Return the present instant."""
        ...

    def balance(self, account: int) -> int:
        """Return what lies on an account of one's own, as its app shows it."""
        ...

    def at(self, time_us: int, act: Callable[[], None]) -> None:
        """Do something at an instant; never, where that is after the end."""
        ...

    def pay(self, attempt: Attempt) -> Paid:
        """Try to pay now."""
        ...


@dataclass(frozen=True, slots=True)
class _Meant:
    """A move that was not made yet."""

    path: str
    payer: int
    amount: int
    payee: int
    kind: int
    role: Role
    hop: int
    tries: int = 0


Plan = Callable[["Crew", Parcel, Random], Sequence[Move]]
"""What a strategy does with a parcel; it draws from the given chance alone."""


class Crew:
    """The launderers of one fraud."""

    def __init__(
        self, street: Street, fraud: Fraud, terms: LaundererTerms, places: Places, plan: Plan
    ) -> None:
        self._street, self._plan = street, plan
        self.fraud, self.terms, self.places = fraud, terms, places
        self._by_kind = _by_kind(street.country, places, fraud.crew)
        self._meant: dict[str, _Meant] = {}
        self._told: set[int] = set()
        self._held: set[int] = set()
        self._shunned: set[int] = set()
        self._is_hurried = self._is_alarmed = False
        self._moves = 0
        manner = self.chance("manner")
        self.waits_out = manner.random() < terms.waiting
        self._drains = manner.random() < terms.drains

    # --- what plans draw on ----------------------------------------------------------------------------------------------

    def chance(self, what: str) -> Random:
        """Return draws of their own for one thing."""
        return Random(f"{self.fraud.seed}/{what}")  # noqa: S311 - repeatable, not secret

    def dwell_us(self, chance: Random, factor: float = 1.0) -> int:
        """Draw how long money rests: lognormal, at least a second."""
        spread = exp(chance.gauss(0.0, self.terms.dwell_sigma))
        return max(SECOND, min(_DWELL_MOST_US, int(self.terms.dwell_median * factor * spread)))

    def pick(self, chance: Random, hop: int, but: int, kind: str = "bank") -> int:
        """Draw an account for a hop, other than `but`; deeper hops draw from further back in the crew."""
        found = self._by_kind[kind]
        begin = min(hop, self.terms.hops_most) * len(found) // (2 * self.terms.hops_most)
        drawn = begin + int(chance.random() * (len(found) - begin))
        if found[drawn] == but and len(found) > 1:
            drawn = (drawn + 1) % len(found)
        return found[drawn]

    def fixed(self, what: str, kind: str = "bank") -> int:
        """Return the account that the crew keeps for something, such as collecting."""
        return self.chance(what).choice(self._by_kind[kind])

    def members(self, kind: str) -> tuple[int, ...]:
        """Return the crew's accounts of a kind, or all where it has none."""
        return self._by_kind[kind]

    def balance(self, account: int) -> int:
        """Return what lies on an account of the crew."""
        return self._street.balance(account)

    def parts(self, chance: Random, amount: int, most: int) -> list[int]:
        """Split a sum in up to `most` parts of uneven size, each at least the terms' least; they sum to it."""
        count = max(1, min(most, amount // max(1, self.terms.part_least)))
        if count == 1:
            return [amount]
        least = amount // (2 * count)
        free = amount - count * least
        cuts = sorted(int(chance.random() * free) for _ in range(count - 1))
        return [least + high - low for low, high in pairwise([0, *cuts, free])]

    def keeps(self, amount: int) -> int:
        """Return what is passed on when the holder of an account kept a share."""
        return max(1, amount - int(amount * self.terms.cut))

    # --- what comes in ---------------------------------------------------------------------------------------------------

    def received(self, instalment: int, account: int, amount: int) -> None:
        """See an instalment on an account of the crew."""
        self._arrive(Parcel(str(instalment), account, amount, 1))

    def another(self, instalment: int, tries: int) -> int | None:
        """Name another account to pay to; None: there is none."""
        payee = self.fraud.instalments[instalment].payee
        others = [one for one in self._by_kind["bank"] if one != payee]
        return self.chance(f"{instalment}/another/{tries}").choice(others) if others else None

    def noticed(self, account: int) -> None:
        """Be going to see that something is held on an account of the crew."""
        if account not in self._told and self._moves:
            self._told.add(account)
            wait_us = self._notice_us(f"noticed/{account}")
            self._street.at(self._street.now_us + wait_us, partial(self._see, account))

    # --- what is done ----------------------------------------------------------------------------------------------------

    def _arrive(self, parcel: Parcel) -> None:
        if parcel.role is Role.OUT:
            return
        chance = self.chance(parcel.path)
        waits_us = 0
        if self.waits_out and parcel.hop == 2 and self.terms.waits_out:
            window = chance.choice(self.terms.waits_out)
            waits_us = window + int(chance.uniform(60, 1_800)) * SECOND
        for place, move in enumerate(self._plan(self, parcel, chance)):
            self._moves += 1
            if move.amount <= 0 or self._moves > _MOVES_MOST:
                continue
            meant = _Meant(
                f"{parcel.path}.{place}",
                parcel.account if move.payer is None else move.payer,
                move.amount, move.payee, move.kind, move.role, parcel.hop + 1,
            )  # fmt: skip
            delay_us = waits_us + move.delay_us
            self._mean(meant, min(delay_us, _HURRY_US) if self._is_hurried else delay_us)

    def _mean(self, meant: _Meant, delay_us: int) -> None:
        self._meant[meant.path] = meant
        self._street.at(self._street.now_us + delay_us, partial(self._do, meant))

    def _do(self, meant: _Meant) -> None:
        """Make a move, unless it was made or given up by now."""
        if self._meant.get(meant.path) is not meant:
            return
        del self._meant[meant.path]
        payee = meant.payee if meant.payee not in self._held else self._instead(meant)
        attempt = Attempt(
            meant.payer, payee, meant.amount, meant.kind, self.fraud.number,
            ended=partial(self._ended, meant, payee),
        )  # fmt: skip
        self._after(meant, payee, self._street.pay(attempt).word)

    def _ended(self, meant: _Meant, payee: int, word: Word) -> None:
        if self._street.now_us < self._street.country.end_us:
            self._after(meant, payee, word)

    def _after(self, meant: _Meant, payee: int, word: Word) -> None:
        match word:
            case Word.BOOKED:
                self._arrive(Parcel(meant.path, payee, meant.amount, meant.hop, meant.role))
            case Word.NO_FUNDS:
                left = self._street.balance(meant.payer)
                if 0 < left < meant.amount:
                    self._again(meant, payee, left)
            case Word.BLOCKED:
                self._see(meant.payer)
                self._again(meant, payee, meant.amount // 2)
            case Word.REFUSED | Word.WITHDRAWN:
                self._alarm(payee)
                self._again(meant, self._instead(meant), meant.amount)
            case Word.WAITS:
                self._alarm(payee)

    def _again(self, meant: _Meant, payee: int, amount: int) -> None:
        """Try again, within the time that it takes to notice; in smaller parts, or to another account."""
        tries = meant.tries + 1
        if tries > self.terms.tries_most or amount <= 0:
            return
        again = _Meant(
            meant.path, meant.payer, amount, payee, meant.kind, meant.role, meant.hop, tries
        )  # fmt: skip
        self._mean(again, self._notice_us(f"{meant.path}/again/{tries}"))

    def _instead(self, meant: _Meant) -> int:
        """Return another payee, at an institution where nothing was held yet, if the crew has one there."""
        if meant.role is not Role.ON:
            return meant.payee
        where = self._street.country.accounts.institution
        banks = [
            one for one in self._by_kind["bank"] if one not in self._held and one != meant.payer
        ]
        clean = [one for one in banks if int(where[one]) not in self._shunned] or banks
        return self.chance(f"{meant.path}/instead/{meant.tries}").choice(clean or [meant.payee])

    def _see(self, account: int) -> None:
        """See a hold on an account."""
        self._held.add(account)
        self._alarm(account)

    def _alarm(self, account: int) -> None:
        """Know that somebody is after the money: shun that institution, and drain what is left, if they are such people."""
        self._shunned.add(int(self._street.country.accounts.institution[account]))
        if not self._drains or self._is_alarmed:
            return
        self._is_alarmed = True
        wait_us = self._notice_us(f"alarm/{account}")
        self._street.at(self._street.now_us + wait_us, self._drain)

    def _drain(self) -> None:
        """Move everything that still lies somewhere, at once and in the order in which it was meant."""
        self._is_alarmed, self._is_hurried = False, True
        for meant in tuple(self._meant.values()):
            self._do(meant)

    def _notice_us(self, what: str) -> int:
        spread = exp(self.chance(what).gauss(0.0, self.terms.notice_sigma))
        return max(SECOND, int(self.terms.notice_median * spread))


def _by_kind(
    country: Country, places: Places, accounts: Sequence[int]
) -> Mapping[str, tuple[int, ...]]:
    """Return the crew's accounts by what they serve for; where it has none of a kind, those at banks.

    Whoever has no account at a fourth-party aggregator uses one that settles for others: that is what those are for.
    """
    institution, holders = country.accounts.institution, country.accounts.holder_kind
    kinds = {one: places.kinds[int(institution[one])] for one in accounts}
    inside = [one for one in accounts if int(holders[one]) != HolderKind.OUTSIDE]
    runners = [one for one in inside if int(holders[one]) == HolderKind.RUNNER]
    shells = [one for one in inside if int(holders[one]) == HolderKind.SHELL]
    found = {
        "bank": [one for one in inside if kinds[one] is InstitutionKind.BANK],
        "wallet": [one for one in inside if kinds[one] is InstitutionKind.PAYMENT],
        "aggregator": [one for one in inside if kinds[one] is InstitutionKind.AGGREGATOR]
        or list(places.aggregated),
        "exchange": [one for one in inside if kinds[one] is InstitutionKind.EXCHANGE],
        "runner": runners,
        "shell": shells,
        "merchant": [one for one in shells if kinds[one] is InstitutionKind.PAYMENT],
        "firm": [one for one in shells if kinds[one] is InstitutionKind.BANK],
        "any": inside,
    }
    spare = found["bank"] or inside
    return {kind: tuple(those or spare) for kind, those in found.items()}


__all__ = ["HOUR", "SECOND", "Crew", "Plan", "Street"]
