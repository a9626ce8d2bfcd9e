"""A little stage: books of dictionaries, a heap of instants, victims who report, launderers who fan out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from recoup.rehearse.country import Country, Fraud
from recoup.rehearse.play.happened import Happened
from recoup.rehearse.play.ports import Attempt, Paid, Policy, Row, Word


@dataclass
class LittleBooks:
    """The port `Blocks`, as slow and as plain as can be."""

    balances: list[int]
    rows: list[Row] = field(default_factory=list)
    of: dict[int, list[Row]] = field(default_factory=dict)
    blocks: dict[int, dict[str, int | None]] = field(default_factory=dict)

    def balance(self, account: int) -> int:
        return self.balances[account]

    def statement(self, account: int, since_us: int, until_us: int) -> Sequence[Row]:
        rows = self.of.get(account, [])
        return [row for row in rows if since_us <= row.time_us <= until_us]

    def block(self, cause: str, account: int, amount: int | None) -> None:
        self.blocks.setdefault(account, {})[cause] = amount

    def lift(self, cause: str, account: int) -> None:
        self.blocks.get(account, {}).pop(cause, None)

    def free(self, account: int) -> int:
        kept = list(self.blocks.get(account, {}).values())
        return 0 if None in kept else self.balances[account] - sum(x or 0 for x in kept)


class LittleStage:
    """The port `Stage`."""

    def __init__(self, country: Country, policy: Policy) -> None:
        self.country, self.policy, self.now_us = country, policy, country.begin_us
        self.books = LittleBooks(country.accounts.opening_minor.tolist())
        self.total = sum(self.books.balances)
        self.happened: list[Happened] = []
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, time_us: int, act: Callable[[], None]) -> None:
        assert time_us >= self.now_us, "nothing is done before now"
        self._count += 1
        heappush(self._heap, (time_us, self._count, act))

    def say(self, happened: Happened) -> None:
        self.happened.append(happened)

    def settle(self, number: int, word: Word) -> Paid:  # noqa: ARG002 - the port's
        raise AssertionError("nothing waits here")

    def pay(self, attempt: Attempt) -> Paid:
        books = self.books
        if attempt.amount > books.balances[attempt.payer]:
            return Paid(Word.NO_FUNDS, -1)
        if attempt.amount > books.free(attempt.payer):
            return Paid(Word.BLOCKED, -1)
        row = Row(
            len(books.rows),
            self.now_us,
            attempt.payer,
            attempt.payee,
            attempt.amount,
            attempt.kind,
        )
        books.rows.append(row)
        books.balances[attempt.payer] -= attempt.amount
        books.balances[attempt.payee] += attempt.amount
        for account in dict.fromkeys((attempt.payer, attempt.payee)):
            books.of.setdefault(account, []).append(row)
        return Paid(Word.BOOKED, row.row)

    def play(self, until_us: int) -> LittleStage:
        """Play to the end of the country, then let clocks run on."""
        self.policy.begin(self)
        schedule = self.country.schedule
        for time_us, payer, payee, amount in zip(
            schedule.time_us.tolist(),
            schedule.payer.tolist(),
            schedule.payee.tolist(),
            schedule.amount_minor.tolist(),
            strict=True,
        ):
            self.at(time_us, lambda a=payer, b=payee, m=amount: self.pay(Attempt(a, b, m)))
        for fraud in self.country.frauds:
            self._defraud(fraud)
        self._run(self.country.end_us)
        self.policy.finish(until_us)
        self._run(until_us)
        return self

    def _run(self, until_us: int) -> None:
        while self._heap and self._heap[0][0] <= until_us:
            self.now_us, _, act = heappop(self._heap)
            act()
            assert sum(self.books.balances) == self.total, "money is neither made nor lost"
            assert min(self.books.balances) >= 0, "nobody owes the bank"
        self.now_us = max(self.now_us, until_us)

    def _defraud(self, fraud: Fraud) -> None:
        paid: list[Row] = []

        def victim(one) -> None:
            found = self.pay(Attempt(one.payer, one.payee, one.amount_minor))
            if found.word is Word.BOOKED:
                paid.append(self.books.rows[found.row])
                launder(0, one.payee, one.amount_minor)

        def launder(layer: int, account: int, amount: int) -> None:
            chance = Random(f"{fraud.seed}/{layer}/{account}/{amount}")
            crew = [one for one in fraud.crew if one != account]
            outside = len(self.country.accounts) - 2
            targets = [outside] if layer >= 3 else chance.sample(crew, 3)
            parts = [amount] if layer >= 3 else [amount // 2, amount // 4, amount // 5]
            for target, part in zip(targets, parts, strict=True):
                wait = int(chance.lognormvariate(0, 0.5) * 240_000_000)
                self.at(self.now_us + wait, lambda t=target, p=part: move(layer, account, t, p))

        def move(layer: int, account: int, target: int, part: int) -> None:
            if part and self.pay(Attempt(account, target, part)).word is Word.BOOKED and layer < 3:
                launder(layer + 1, target, part)

        for one in fraud.instalments:
            self.at(one.time_us, lambda one=one: victim(one))
        if fraud.reported_us is not None:
            self.at(fraud.reported_us, lambda: self.policy.reported(fraud, paid))


__all__ = ["LittleBooks", "LittleStage"]
