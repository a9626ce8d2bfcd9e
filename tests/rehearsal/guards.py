"""Policies for tests of the play: each does one thing to payments or accounts, by numbers alone, so that it is repeatable."""

from __future__ import annotations

from functools import partial

import numpy as np

from recoup.care import Step
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.ports import Attempt, Judgements, Word
from recoup.rehearse.policies.none import NonePolicy
from rehearsal.hamlet import HOUR, MINUTE


class Allows(NonePolicy):
    """Sees everything and lets it go on."""

    name = "allows"
    judges = True

    def __init__(self):
        self.seen = []
        self.heard = []
        self.failures = []

    def action(self, payments, place):  # noqa: ARG002 - others look
        return 0

    def judge(self, payments):
        count = len(payments)
        assert count > 0
        action = np.array([self.action(payments, place) for place in range(count)], np.int8)
        waits = (action == 2) | (action == 3)
        until = np.where(waits, payments.time_us + 30 * MINUTE, 0)
        number = np.where(waits, payments.row + 7, -1)
        self.seen.extend(payments.row.tolist())
        for place in np.flatnonzero(waits).tolist():
            end = partial(self.end, int(number[place]))
            self._stage.at(int(until[place]), end)
        return Judgements(action, until, number)

    def end(self, number):
        self._stage.settle(number, Word.BOOKED if number % 3 else Word.REFUSED)

    def booked(self, rows):
        self.heard.extend(rows)

    def failed(self, payments):
        self.failures.extend(payments.row.tolist())


class ByNumber(Allows):
    """Warns, delays, holds and refuses by the number of the payment; what waits goes on, or is refused, by it too."""

    name = "by_number"

    def action(self, payments, place):
        return {3: 1, 11: 2, 17: 3, 23: 4}.get(int(payments.row[place]) % 29, 0)


class ByAmount(Allows):
    """Does one thing to every large payment: victims' and crews', in a hamlet."""

    name = "by_amount"

    def __init__(self, action, least=300_000):
        super().__init__()
        self._action, self._least = action, least

    def action(self, payments, place):
        return self._action if int(payments.amount_minor[place]) >= self._least else 0


class Blocks(NonePolicy):
    """On a report, holds what was paid on the first account for some hours, and all of whoever was paid from there."""

    name = "blocks"

    def reported(self, fraud, rows):
        super().reported(fraud, rows)
        stage = self._stage
        for row in rows:
            cause = f"case {fraud.number}/{row.row}"
            stage.books.block(cause, row.payee, row.amount)
            for onward in stage.books.statement(row.payee, row.time_us, stage.now_us)[:5]:
                if onward.payer == row.payee:
                    amount = None if onward.row % 2 else onward.amount
                    stage.books.block(cause, onward.payee, amount)
                    lift = partial(stage.books.lift, cause, onward.payee)
                    stage.at(stage.now_us + 5 * HOUR, lift)


class Calls(ByAmount):
    """Delays large payments, and calls and visits whoever pays them."""

    name = "calls"

    def __init__(self):
        super().__init__(2)
        self.reached = []

    def action(self, payments, place):
        action = super().action(payments, place)
        if action:
            payer = int(payments.payer[place])
            when = int(payments.time_us[place])
            for step, wait in ((Step.CALL, 5 * MINUTE), (Step.VISIT, 20 * MINUTE)):
                self._stage.at(when + wait, partial(self.speak, payer, step))
        return action

    def speak(self, payer, step):
        self.reached.append((payer, step, self._stage.speak(payer, step)))


class PaysBack(NonePolicy):
    """After the days are over, pays a unit back to each victim that reported, from where it went."""

    name = "pays_back"

    def begin(self, stage):
        super().begin(stage)
        self.rows, self.heard = [], []

    def reported(self, fraud, rows):
        self._stage.say(Reported(self._stage.now_us, fraud.number))
        self.rows.extend(rows)

    def booked(self, rows):
        self.heard.extend(rows)

    def finish(self, until_us):
        for row in self.rows:
            back = Attempt(row.payee, row.payer, 1, 8, is_ordered=True)
            self._stage.at(until_us, partial(self._stage.pay, back))


__all__ = ["Allows", "Blocks", "ByAmount", "ByNumber", "Calls", "PaysBack"]
