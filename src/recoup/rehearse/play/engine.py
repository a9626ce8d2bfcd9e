"""The play: instants in order, and between two of them what innocent people pay. It knows no strategy and no policy.

Order. Instants are done by (time, order of asking). What is scheduled up to an instant, its own microsecond included, is booked
before it, in the schedule's order. So a play is a function of the country, the policy and the launderers' draws.

Judged payments are shown to the policy some simulated seconds ahead of their booking, at most `SPAN_US`: what a judgement asks
for at an instant among them is done before the later ones are booked.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from recoup.care import Step
from recoup.rehearse.country import Country
from recoup.rehearse.play import kernels
from recoup.rehearse.play.books import Books
from recoup.rehearse.play.happened import Happened
from recoup.rehearse.play.ports import Attempt, Paid, Policy, Row, Word
from recoup.rehearse.play.totals import Progress, Totals
from recoup.watch.decision import Action
from recoup.watch.state import Payments

SPAN_US: Final = 60_000_000
"""How far ahead of their booking payments are judged at most."""
BATCH_MOST: Final = 8_192
"""Payments that are judged at once."""
_PROGRESS_SECONDS: Final = 0.1

_WORDS: Final = {
    kernels.NO_FUNDS: Word.NO_FUNDS,
    kernels.BLOCKED: Word.BLOCKED,
    kernels.LATE: Word.NO_FUNDS,
    kernels.WAITS: Word.WAITS,
    kernels.REFUSED: Word.REFUSED,
}


class Play:
    """Implements `Stage`. `run` does all instants of the country's days, `settle_up` the clocks after them."""

    def __init__(
        self,
        country: Country,
        policy: Policy,
        *,
        books: Books | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._country, self.policy, self._progress = country, policy, progress
        self._books = books or Books(country)
        self._now_us = country.begin_us
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0
        self._made = 0
        self._judges = policy.judges
        self._actions = np.empty(0, np.int8)
        self._actions_begin = 0
        self._waiting: dict[int, tuple[int, Attempt]] = {}
        self._ended: dict[int, Word] = {}
        self._ended_payments: dict[int, Word] = {}
        self._unmade: dict[int, tuple[int, Attempt, Word]] = {}
        self._due = time.monotonic()
        self.totals = Totals(policy.name, country.begin_us, self._now_us, country.end_us)
        self.happened: list[Happened] = []
        self.failed_late = 0
        self.heeds_warning: Callable[[Attempt], bool] = lambda _: False
        """Whether the payer of a payment that is warned of heeds; set by whoever knows victims."""
        self.spoken: Callable[[int, Step], bool] = lambda _payer, _step: False
        """Hears that a payer is spoken to; set by whoever knows victims."""

    # --- the stage -------------------------------------------------------------------------------------------------------

    @property
    def country(self) -> Country:
        """Return what is played."""
        return self._country

    @property
    def now_us(self) -> int:
        """Return the present instant."""
        return self._now_us

    @property
    def books(self) -> Books:
        """Return the books."""
        return self._books

    @property
    def is_over(self) -> bool:
        """Whether nobody pays any more of their own will."""
        return self._now_us >= self._country.end_us

    def at(self, time_us: int, act: Callable[[], None]) -> None:
        """Have something done at an instant not before now; what comes at one instant is done in the order of asking."""
        assert time_us >= self._now_us, f"{time_us} is before {self._now_us}"
        heapq.heappush(self._heap, (time_us, self._asked, act))
        self._asked += 1

    def say(self, happened: Happened) -> None:
        """Write down what happened."""
        self.happened.append(happened)
        self.totals.take(happened)

    def speak(self, payer: int, step: Step) -> bool:
        """Speak to the holder of an account; return whether it heeds."""
        return self.spoken(payer, step)

    def pay(self, attempt: Attempt) -> Paid:
        """Try to pay now: funds, then the policy's judgement, then the booking."""
        assert attempt.amount > 0, "expected an amount above zero"
        number = len(self._country.schedule) + self._made
        self._made += 1
        word = self._books.funds(attempt.payer, attempt.amount)
        until_us = 0
        if word is Word.BOOKED and self._judges and not attempt.is_ordered:
            word, until_us = self._judge_one(number, attempt)
        if word is not Word.BOOKED:
            if word is not Word.WAITS:
                self._unmade[number] = (self._now_us, attempt, word)
            return Paid(word, -1, until_us)
        row = self._books.make(self._now_us, attempt, number)
        if attempt.is_ordered:
            self.policy.booked(self._row(row, attempt))
        return Paid(Word.BOOKED, row)

    def settle(self, number: int, word: Word) -> Paid:
        """End a payment that waited, as the policy knows it."""
        if number not in self._waiting:
            return Paid(self._ended[number], -1)
        payment, attempt = self._waiting.pop(number)
        row = -1
        if word is Word.BOOKED:
            word = self._books.funds(attempt.payer, attempt.amount)
            self.failed_late += word is not Word.BOOKED
            if word is Word.BOOKED:
                row = self._books.make(self._now_us, attempt, payment)
                self.policy.booked(self._row(row, attempt))
        self._end(number, payment, attempt, word)
        return Paid(word, row)

    def withdraw(self, fraud: int) -> None:
        """Have a victim withdraw what of a fraud's instalments waits."""
        found = [
            number
            for number, (_, attempt) in self._waiting.items()
            if attempt.fraud == fraud and attempt.instalment >= 0
        ]
        for number in found:
            payment, attempt = self._waiting.pop(number)
            self._end(number, payment, attempt, Word.WITHDRAWN)

    def _end(self, number: int, payment: int, attempt: Attempt, word: Word) -> None:
        self._ended[number] = word
        if word is not Word.BOOKED:
            self._unmade[payment] = (self._now_us, attempt, word)
        self._ended_payments[payment] = word
        if attempt.ended is not None:
            attempt.ended(word)

    def _row(self, row: int, attempt: Attempt) -> tuple[Row, ...]:
        one = Row(
            row, self._now_us, attempt.payer, attempt.payee, attempt.amount, attempt.kind
        )  # fmt: skip
        return (one,)

    # --- judgements ------------------------------------------------------------------------------------------------------

    def _judge_one(self, number: int, attempt: Attempt) -> tuple[Word, int]:
        """Show one payment to the policy; return what becomes of it, and until when it waits."""
        payments = Payments(
            np.array((self._now_us,), np.int64),
            np.array((attempt.payer,), np.int32),
            np.array((attempt.payee,), np.int32),
            np.array((attempt.amount,), np.int64),
            np.array((attempt.kind,), np.int8),
            np.array((number,), np.int64),
        )
        said = self.policy.judge(payments)
        action = int(said.action[0])
        if action == Action.REFUSE:
            return Word.REFUSED, 0
        if action in (Action.DELAY, Action.HOLD):
            self._waiting[int(said.number[0])] = (number, attempt)
            return Word.WAITS, int(said.until_us[0])
        if action == Action.WARN and self.heeds_warning(attempt):
            self.policy.failed(payments)
            return Word.WITHDRAWN, 0
        return Word.BOOKED, 0

    def _judge(self, until_us: int) -> None:
        """Show the next scheduled payments to the policy."""
        books = self._books
        begin, first_us = books.position, books.next_us
        self._now_us = max(self._now_us, first_us)
        self._actions_begin = begin
        end, code = books.foresee(min(until_us, first_us + SPAN_US), BATCH_MOST)
        if code:
            self._actions = np.array((code,), np.int8)
            return
        columns = books.scheduled(begin, end)
        payments = Payments(*columns, np.arange(begin, end, dtype=np.int64))
        said = self.policy.judge(payments)
        self._actions = np.ascontiguousarray(said.action, np.int8)
        if int(self._actions.max()) < Action.DELAY:
            return
        waits = (said.action == Action.DELAY) | (said.action == Action.HOLD)
        for place in np.flatnonzero(waits).tolist():
            attempt = Attempt(
                int(payments.payer[place]), int(payments.payee[place]),
                int(payments.amount_minor[place]), int(payments.kind[place]),
            )  # fmt: skip
            self._waiting[int(said.number[place])] = (int(payments.row[place]), attempt)

    def _stretch(self, until_us: int) -> None:
        """Book what is scheduled up to an instant, or, where somebody judges, the first part of it."""
        books = self._books
        if not self._judges:
            books.stretch(until_us)
            return
        judged = self._actions_begin + len(self._actions)
        if books.position == judged or len(self._actions) == 0:
            self._judge(until_us)
            if (
                self._heap
            ):  # a judgement may have asked for an instant among the payments that it judged
                until_us = min(until_us, self._heap[0][0])
        begin = books.position
        books.stretch(until_us, self._actions, self._actions_begin)
        late = books.late(begin)
        if late:
            self.failed_late += len(late)
            at = np.array(late, np.int64)
            self.policy.failed(Payments(*books.scheduled_at(at), at))

    # --- time ------------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do all instants before the end of the country's days, and book what is scheduled between them."""
        self._until(self._country.end_us)
        self._now_us = self._country.end_us

    def settle_up(self, until_us: int) -> None:
        """Let the policy's clocks run on; whoever pays of their own will asked `is_over` before."""
        self.policy.finish(until_us)
        while self._heap and self._heap[0][0] <= until_us:
            self._do()
        self._books.check()
        self._books.add_up()
        self.totals.is_over = True
        self._tell()

    def _until(self, end_us: int) -> None:
        heap, books = self._heap, self._books
        while True:
            until_us = min(heap[0][0], end_us - 1) if heap else end_us - 1
            if books.next_us <= until_us:
                self._stretch(until_us)
                if time.monotonic() >= self._due:
                    self._tell()
            elif heap and heap[0][0] < end_us:
                self._do()
            else:
                return

    def _do(self) -> None:
        self._now_us, _, act = heapq.heappop(self._heap)
        act()
        if time.monotonic() >= self._due:
            self._tell()

    def _tell(self) -> None:
        self._due = time.monotonic() + _PROGRESS_SECONDS
        if self._progress is not None:
            self.totals.now_us, self.totals.payments = self._now_us, self._books.count
            self._progress(self.totals)

    # --- what is left of it ----------------------------------------------------------------------------------------------

    @property
    def payments(self) -> int:
        """Return how many attempts there were."""
        return self._books.position + self._made

    def unbooked(self) -> pl.DataFrame:
        """Return the attempts that were not booked, as `Played.unbooked` has them."""
        found = dict(self._unmade)
        for payment, attempt in self._waiting.values():
            found[payment] = (self._now_us, attempt, Word.WAITS)
        columns = self._books.scheduled(0, len(self._country.schedule))
        for place, code in self._books.unbooked().items():
            if place in found or self._ended_payments.get(place) is Word.BOOKED:
                continue
            when, payer, payee, amount, kind = (int(column[place]) for column in columns)
            found[place] = (when, Attempt(payer, payee, amount, kind), _WORDS[code])
        rows = [
            (number, when, one.payer, one.payee, one.amount, one.kind, word.value, one.fraud, one.instalment)
            for number, (when, one, word) in sorted(found.items())
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=_UNBOOKED, orient="row")


_UNBOOKED: Final = {
    "payment": pl.Int64,
    "time_us": pl.Int64,
    "payer": pl.Int32,
    "payee": pl.Int32,
    "amount": pl.Int64,
    "kind": pl.Int8,
    "word": pl.String,
    "fraud": pl.Int32,
    "instalment": pl.Int32,
}

__all__ = ["BATCH_MOST", "SPAN_US", "Play"]
