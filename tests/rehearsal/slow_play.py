"""A play with dicts and loops: the independent twin of `rehearse.play.engine` and its books. One payment after the other.

It knows one list of instants, judges each payment alone at its own instant, and reads statements by scanning all rows.
Victims and crews are the real ones: they see a stage, and cannot tell.
"""

from __future__ import annotations

import numpy as np

from recoup.rehearse.play.ports import Attempt, Paid, Row, Word
from recoup.watch.state import Payments

WAITS = (2, 3)


class SlowBooks:
    """Balances in a dict; a block is a number in a dict of dicts."""

    def __init__(self, country):
        self.openings = dict(enumerate(country.accounts.opening_minor.tolist()))
        self.held = {}
        self.ledger = []
        self.on_block = None

    @property
    def count(self):
        return len(self.ledger)

    def balance(self, account):
        taken = sum(one[3] for one in self.ledger if one[1] == account)
        came = sum(one[3] for one in self.ledger if one[2] == account)
        return self.openings[account] + came - taken

    def kept(self, account):
        amounts = self.held.get(account, {}).values()
        return float("inf") if None in amounts else sum(amounts)

    def funds(self, payer, amount):
        balance = self.balance(payer)
        if balance < amount:
            return Word.NO_FUNDS
        return Word.BOOKED if balance - self.kept(payer) >= amount else Word.BLOCKED

    def statement(self, account, since_us, until_us):
        return [
            Row(row, *one[:5])
            for row, one in enumerate(self.ledger)
            if account in one[1:3] and since_us <= one[0] <= until_us
        ]

    def rows(self, numbers):
        return [Row(int(row), *self.ledger[int(row)][:5]) for row in numbers]

    def block(self, cause, account, amount):
        before = self.held.setdefault(account, {}).get(cause, 0)
        self.held[account][cause] = amount
        is_raised = before is not None and (amount is None or amount > before)
        if is_raised and self.on_block is not None:
            self.on_block(account)

    def lift(self, cause, account):
        self.held.get(account, {}).pop(cause, None)


class SlowPlay:
    """A stage whose instants lie in a list."""

    def __init__(self, country, policy):
        self.country, self.policy = country, policy
        self.books = SlowBooks(country)
        self.now_us = country.begin_us
        self.instants = []
        self.asked = 0
        self.made = 0
        self.waiting = {}
        self.over = {}
        self.unbooked = {}
        self.happened = []
        self.heeds_warning = lambda _: False
        self.spoken = lambda _payer, _step: False

    @property
    def is_over(self):
        return self.now_us >= self.country.end_us

    def at(self, time_us, act):
        assert time_us >= self.now_us
        self.instants.append((time_us, 1, self.asked, act))
        self.asked += 1

    def say(self, happened):
        self.happened.append(happened)

    def speak(self, payer, step):
        return self.spoken(payer, step)

    def pay(self, attempt):
        number = len(self.country.schedule) + self.made
        self.made += 1
        return self._try(number, attempt)

    def _try(self, number, attempt):
        word = self.books.funds(attempt.payer, attempt.amount)
        until_us = 0
        if word is Word.BOOKED and self.policy.judges and not attempt.is_ordered:
            parts = (attempt.payer, attempt.payee, attempt.amount, attempt.kind)
            one = Payments.of([self.now_us], *([part] for part in parts))
            payments = Payments(
                *(one.time_us, one.payer, one.payee, one.amount_minor, one.kind),
                np.array([number], np.int64),
            )
            said = self.policy.judge(payments)
            action = int(said.action[0])
            if action in WAITS:
                self.waiting[int(said.number[0])] = (number, attempt)
                self.unbooked[number] = (attempt, Word.WAITS)
                return Paid(Word.WAITS, -1, int(said.until_us[0]))
            if action > max(WAITS):
                word = Word.REFUSED
            elif action == 1 and self.heeds_warning(attempt):
                word = Word.WITHDRAWN
                self.policy.failed(payments)
        if word is not Word.BOOKED:
            self.unbooked[number] = (attempt, word)
            return Paid(word, -1, until_us)
        return Paid(word, self._book(number, attempt))

    def _book(self, number, attempt):
        # What is held never leaves; nobody pays what they do not have.
        kept = self.books.kept(attempt.payer)
        assert self.books.balance(attempt.payer) - attempt.amount >= kept
        one = (self.now_us, attempt.payer, attempt.payee, attempt.amount, attempt.kind)
        self.books.ledger.append((*one, attempt.fraud, attempt.instalment, number))
        row = len(self.books.ledger) - 1
        if attempt.is_ordered:
            self.policy.booked([Row(row, *one)])
        return row

    def settle(self, number, word):
        if number not in self.waiting:
            return Paid(self.over[number], -1)
        payment, attempt = self.waiting.pop(number)
        row = -1
        if word is Word.BOOKED:
            word = self.books.funds(attempt.payer, attempt.amount)
        if word is Word.BOOKED:
            row = self._book(payment, attempt)
            self.policy.booked(self.books.rows([row]))
            del self.unbooked[payment]
        else:
            self.unbooked[payment] = (attempt, word)
        self._end(number, attempt, word)
        return Paid(word, row)

    def _end(self, number, attempt, word):
        self.over[number] = word
        if attempt.ended is not None:
            attempt.ended(word)

    def withdraw(self, fraud):
        for number, (payment, attempt) in list(self.waiting.items()):
            if attempt.fraud == fraud and attempt.instalment >= 0:
                del self.waiting[number]
                self.unbooked[payment] = (attempt, Word.WITHDRAWN)
                self._end(number, attempt, Word.WITHDRAWN)

    def run(self):
        """All instants in order; the schedule's payments come before what was asked for at their instant."""
        schedule = self.country.schedule
        for place in range(len(schedule)):
            columns = (schedule.payer, schedule.payee, schedule.amount_minor, schedule.kind)
            attempt = Attempt(*(int(column[place]) for column in columns))
            when = int(schedule.time_us[place])
            self.instants.append((when, 0, place, lambda a=attempt, n=place: self._try(n, a)))
        self._until(self.country.end_us)
        self.now_us = self.country.end_us

    def settle_up(self, until_us):
        self.policy.finish(until_us)
        self._until(until_us + 1)

    def _until(self, end_us):
        while self.instants:
            first = min(self.instants, key=lambda one: one[:3])
            if first[0] >= end_us:
                return
            self.instants.remove(first)
            self.now_us = first[0]
            first[3]()


__all__ = ["SlowBooks", "SlowPlay"]
