"""Victims: they pay what they are made to pay, heed or do not, and report. Not launderers, who hear of what came in.

A victim who heeds pays no more, withdraws what waits, and reports at once what was paid before. Nothing here is drawn:
`Fraud.heeds` was drawn with the country, so that every policy meets the same people.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol

import numpy as np

from recoup.care import Step
from recoup.rehearse.country import Fraud
from recoup.rehearse.play.engine import Play
from recoup.rehearse.play.happened import Averted
from recoup.rehearse.play.ports import Attempt, Paid, Word

_AGAIN_US: Final = 600_000_000
"""After a refusal launderers name another account, and the victim tries again: ten minutes, assumed."""
_LATER_US: Final = 3_600_000_000
"""After a stop of the own account the victim tries again: an hour, assumed."""
_TRIES_MOST: Final = 3

Heeded = Mapping[Step, float]
"""Share of victims who heed a warning on screen (message), a call, a visit."""

NOBODY_HEEDS: Final[Heeded] = {Step.MESSAGE: 0.0, Step.CALL: 0.0, Step.VISIT: 0.0}


class Launderer(Protocol):
    """Who launders one fraud's money."""

    def received(self, instalment: int, account: int, amount: int) -> None:
        """See an instalment on an account of the crew."""
        ...

    def another(self, instalment: int, tries: int) -> int | None:
        """Name another account to pay to, after as many failures; None: there is none."""
        ...

    def noticed(self, account: int) -> None:
        """See, or be about to see, that something is held on an account of the crew."""
        ...


class Victim:
    """One fraud's victim."""

    def __init__(self, play: Play, fraud: Fraud, launderer: Launderer, heeded: Heeded) -> None:
        self._play, self._fraud, self._launderer = play, fraud, launderer
        steps = (Step.MESSAGE, Step.CALL, Step.VISIT)
        self._heeds = {
            step: heeded[step] > draw for step, draw in zip(steps, fraud.heeds, strict=True)
        }
        self._rows: list[int] = []
        self._open = set(range(len(fraud.instalments)))
        self._has_begun = self._is_over = self._is_reported = False

    def begin(self) -> None:
        """Ask for the instants of the fraud."""
        for number, one in enumerate(self._fraud.instalments):
            self._play.at(one.time_us, partial(self._pay, number, one.payee, 0))
        if self._fraud.reported_us is not None:
            self._play.at(self._fraud.reported_us, self._report)

    @property
    def payers(self) -> frozenset[int]:
        """Return the victim's accounts."""
        return frozenset(one.payer for one in self._fraud.instalments)

    def heeds(self, step: Step) -> bool:
        """Return whether the victim, spoken to, stops; one that has not begun or is over has nothing to stop."""
        return self._has_begun and not self._is_over and self._heeds[step]

    def spoken(self, step: Step) -> bool:
        """Hear a warning, a call, a visit; return whether it was heeded."""
        if self.heeds(step) and self._open:
            self._avert(step.value)
            return True
        return False

    def _pay(self, number: int, payee: int, tries: int) -> None:
        play, one = self._play, self._fraud.instalments[number]
        if self._is_over or play.is_over:
            return
        self._has_begun = True
        attempt = Attempt(
            one.payer, payee, one.amount_minor, 0, self._fraud.number, number,
            ended=partial(self._ended, number, payee, tries),
        )  # fmt: skip
        paid = play.pay(attempt)
        if paid.word is Word.WITHDRAWN:
            self._avert(Step.MESSAGE.value)
        elif paid.word is Word.WAITS:
            self.spoken(Step.MESSAGE)
        else:
            self._after(number, payee, tries, paid)

    def _ended(self, number: int, payee: int, tries: int, word: Word) -> None:
        """Hear how an instalment that waited ended."""
        if word is not Word.WITHDRAWN:
            row = self._play.books.count - 1 if word is Word.BOOKED else -1
            self._after(number, payee, tries, Paid(word, row))

    def _after(self, number: int, payee: int, tries: int, paid: Paid) -> None:
        play, again = self._play, tries + 1
        if paid.word is Word.BOOKED:
            self._rows.append(paid.row)
            self._open.discard(number)
            amount = self._fraud.instalments[number].amount_minor
            if not play.is_over:
                self._launderer.received(number, payee, amount)
            return
        if self._is_over or play.is_over:
            return
        if paid.word is Word.NO_FUNDS:
            self._open.discard(number)  # it could not be lost either
            return
        if paid.word is Word.REFUSED and self.spoken(Step.MESSAGE):
            return
        if paid.word is Word.REFUSED:
            other, wait_us = self._launderer.another(number, again), _AGAIN_US
        else:
            other, wait_us = payee, _LATER_US
        if again >= _TRIES_MOST or other is None:
            self._averted(number, paid.word.value)
            return
        play.at(play.now_us + wait_us, partial(self._pay, number, other, again))

    def _averted(self, number: int, by: str) -> None:
        one = self._fraud.instalments[number]
        self._open.discard(number)
        if one.time_us < self._play.country.end_us:  # later ones are not part of what is played
            now_us, fraud = self._play.now_us, self._fraud.number
            self._play.say(Averted(now_us, fraud, number, one.amount_minor, by))

    def _avert(self, by: str) -> None:
        """Pay no more, and report what was paid."""
        self._is_over = True
        self._play.withdraw(self._fraud.number)
        for number in sorted(self._open):
            self._averted(number, by)
        self._play.at(self._play.now_us, self._report)

    def _report(self) -> None:
        if self._is_reported:
            return
        self._is_reported = True
        if not self._is_over and self._open:
            self._avert("report")
        self._is_over = True
        if self._rows:
            rows = self._play.books.rows(np.array(self._rows, np.int64))
            self._play.policy.reported(self._fraud, rows)


class Victims:
    """All victims of a play, by their accounts."""

    def __init__(self, play: Play) -> None:
        self._by_fraud: dict[int, Victim] = {}
        self._by_account: dict[int, list[Victim]] = {}
        play.heeds_warning = self.heeds_warning
        play.spoken = self.spoken

    def add(self, fraud: Fraud, victim: Victim) -> None:
        """Add one."""
        self._by_fraud[fraud.number] = victim
        for account in sorted(victim.payers):
            self._by_account.setdefault(account, []).append(victim)

    def heeds_warning(self, attempt: Attempt) -> bool:
        """Return whether the payer of a payment that is warned of is a victim who heeds."""
        is_victim = attempt.instalment >= 0
        return is_victim and self._by_fraud[attempt.fraud].heeds(Step.MESSAGE)

    def spoken(self, payer: int, step: Step) -> bool:
        """Speak to an account's holder; return whether a victim stopped."""
        heeded = [one.spoken(step) for one in self._by_account.get(payer, ())]
        return any(heeded)


__all__ = ["NOBODY_HEEDS", "Heeded", "Launderer", "Victim", "Victims"]
