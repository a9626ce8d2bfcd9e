"""The books of all institutions: balances, blocks by name, booked rows, statements. They balance after every stretch.

Rows are numbered in booking order, and their times never go back, so that a statement is cut out by bisection. Each row is
counted a second time by other code (`kernels.tell_off`) into what balances must be: a unit that is lost or made shows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.rehearse.country import Country
from recoup.rehearse.country.values import I8, I32, I64
from recoup.rehearse.play import kernels
from recoup.rehearse.play.ports import Attempt, Row, Word

EVERYTHING: Final = 2**61
"""What a block without an amount keeps on an account: more than there is."""
_SUM_EVERY_US: Final = 3_600_000_000
"""How often all balances are added up, beside what every stretch checks of the accounts that it touched."""
_NO_ACTIONS: Final = np.empty(0, np.int8)


class Books:
    """Implements `Blocks` over a country's accounts and its schedule."""

    def __init__(self, country: Country, *, book: Callable[..., Any] = kernels.book) -> None:
        schedule, accounts = country.schedule, country.accounts
        self._schedule = (
            np.ascontiguousarray(schedule.time_us, np.int64),
            np.ascontiguousarray(schedule.payer, np.int32),
            np.ascontiguousarray(schedule.payee, np.int32),
            np.ascontiguousarray(schedule.amount_minor, np.int64),
            np.ascontiguousarray(schedule.kind, np.int8),
        )
        self._book = book
        self._balance: I64 = accounts.opening_minor.astype(np.int64)
        self._tally: I64 = self._balance.copy()
        self._floor: I64 = np.zeros(len(accounts), np.int64)
        self._blocks: dict[int, dict[str, int]] = {}
        self._row_of: I64 = np.full(len(schedule), kernels.NOT_YET, np.int64)
        self._starts, self._places = kernels.places(
            self._schedule[1], self._schedule[2], len(accounts)
        )
        self._made: dict[int, list[int]] = {}
        self._total = int(self._balance.sum())
        assert 0 <= self._total < EVERYTHING, "the country's money does not fit 61 bits"
        self._count = self._checked = self._position = 0
        self._sum_due = country.begin_us
        room = len(schedule) + 65_536
        self._time, self._amount = np.empty(room, np.int64), np.empty(room, np.int64)
        self._payer, self._payee = np.empty(room, np.int32), np.empty(room, np.int32)
        self._kind, self._payment = np.empty(room, np.int8), np.empty(room, np.int64)
        self._fraud, self._instalment = np.full(room, -1, np.int32), np.full(room, -1, np.int32)
        self.on_block: Callable[[int], None] | None = None
        """Hears of every account that a block is made or raised on: its holder sees it in time."""

    # --- what institutions show and do -----------------------------------------------------------------------------------

    def balance(self, account: int) -> int:
        """Return all that lies on an account, held or not."""
        return int(self._balance[account])

    def available(self, account: int) -> int:
        """Return what may leave an account, never below zero."""
        return max(0, int(self._balance[account]) - int(self._floor[account]))

    def statement(self, account: int, since_us: int, until_us: int) -> Sequence[Row]:
        """Return booked rows of both directions, both ends inclusive, in booking order."""
        rows = self._row_of[self._places[self._starts[account] : self._starts[account + 1]]]
        rows = rows[rows >= 0]
        made = self._made.get(account)
        if made:
            rows = np.concatenate((rows, np.array(made, np.int64)))
            rows.sort()
        times = self._time[rows]
        begin = int(np.searchsorted(times, since_us, "left"))
        end = int(np.searchsorted(times, until_us, "right"))
        return self.rows(rows[begin:end])

    def rows(self, numbers: npt.NDArray[np.int64]) -> list[Row]:
        """Return rows by their numbers."""
        columns = (self._time, self._payer, self._payee, self._amount, self._kind)
        parts = (numbers.tolist(), *(column[numbers].tolist() for column in columns))
        return [Row(*one) for one in zip(*parts, strict=True)]

    def block(self, cause: str, account: int, amount: int | None) -> None:
        """Make a block of that name, or alter it; None: nothing may leave. Raises `ValueError` for less than nothing."""
        if amount is not None and amount < 0:
            raise ValueError(f"a block of {cause}: expected an amount of at least zero")
        blocks = self._blocks.setdefault(account, {})
        before = blocks.get(cause, 0)
        blocks[cause] = EVERYTHING if amount is None else min(amount, EVERYTHING)
        self._floor[account] = min(EVERYTHING, sum(blocks.values()))
        if blocks[cause] > before and self.on_block is not None:
            self.on_block(account)

    def lift(self, cause: str, account: int) -> None:
        """End a block; one that is not there is no fault."""
        blocks = self._blocks.get(account, {})
        if blocks.pop(cause, None) is not None:
            self._floor[account] = min(EVERYTHING, sum(blocks.values()))

    # --- booking ---------------------------------------------------------------------------------------------------------

    @property
    def next_us(self) -> int:
        """When the next scheduled payment is due; far away when there is none."""
        times = self._schedule[0]
        return int(times[self._position]) if self._position < len(times) else 2**62

    @property
    def position(self) -> int:
        """Place of the next scheduled payment."""
        return self._position

    @property
    def count(self) -> int:
        """Rows that are booked."""
        return self._count

    def funds(self, payer: int, amount: int) -> Word:
        """Return what funds alone say of a payment: BOOKED, NO_FUNDS or BLOCKED."""
        balance = self._balance[payer]
        if balance - self._floor[payer] >= amount:
            return Word.BOOKED
        return Word.NO_FUNDS if balance < amount else Word.BLOCKED

    def foresee(self, until_us: int, most: int) -> tuple[int, int]:
        """Return up to where the next scheduled payments will have funds, and 0, or the code of the first where it has none."""
        end, code = kernels.foresee(
            self._schedule, self._position, until_us, most, self._balance, self._floor
        )
        return end, code

    def scheduled(self, begin: int, end: int) -> tuple[I64, I32, I32, I64, I8]:
        """Return places [begin, end) of the schedule as (time_us, payer, payee, amount, kind), without copying."""
        time, payer, payee, amount, kind = self._schedule
        part = slice(begin, end)
        return time[part], payer[part], payee[part], amount[part], kind[part]

    def scheduled_at(self, places: I64) -> tuple[I64, I32, I32, I64, I8]:
        """Return places of the schedule as (time_us, payer, payee, amount, kind)."""
        time, payer, payee, amount, kind = self._schedule
        return time[places], payer[places], payee[places], amount[places], kind[places]

    def stretch(self, until_us: int, actions: I8 = _NO_ACTIONS, actions_begin: int = 0) -> None:
        """Book the schedule up to an instant, and check the books; `actions` (`watch.decision.Action`) from a place on."""
        self._grow(self._count + len(self._schedule[0]) - self._position)
        columns = (
            self._time, self._payer, self._payee, self._amount, self._kind, self._payment
        )  # fmt: skip
        self._position, self._count = self._book(
            self._schedule, self._position, until_us, actions, actions_begin,
            self._balance, self._floor, self._row_of, columns, self._count,
        )  # fmt: skip
        self.check()
        if until_us >= self._sum_due:
            self._sum_due = until_us + _SUM_EVERY_US
            self.add_up()

    def late(self, begin: int) -> list[int]:
        """Return places from `begin` up to the next one that were allowed and had no funds when they were to be booked."""
        late = np.flatnonzero(self._row_of[begin : self._position] == kernels.LATE)
        found: list[int] = (late + begin).tolist()
        return found

    def make(self, time_us: int, attempt: Attempt, payment: int) -> int:
        """Book a payment that was made in the play, and return its row; its funds were looked at."""
        row, payer, payee, amount = self._count, attempt.payer, attempt.payee, attempt.amount
        assert amount > 0, f"payment {payment}: expected an amount above zero, was {amount}"
        assert self.funds(payer, amount) is Word.BOOKED, f"payment {payment} has no funds"
        self._grow(row + 1)
        self._balance[payer] -= amount
        self._balance[payee] += amount
        self._time[row], self._payer[row], self._payee[row] = time_us, payer, payee
        self._amount[row], self._kind[row], self._payment[row] = amount, attempt.kind, payment
        self._fraud[row], self._instalment[row] = attempt.fraud, attempt.instalment
        self._made.setdefault(payer, []).append(row)
        if payee != payer:
            self._made.setdefault(payee, []).append(row)
        self._count = row + 1
        return row

    def _grow(self, room: int) -> None:
        """Make room for so many rows in all."""
        if room <= len(self._time):
            return
        for name in ("time", "payer", "payee", "amount", "kind", "payment", "fraud", "instalment"):
            old = getattr(self, f"_{name}")
            new = np.full(max(room, 2 * len(old)), -1, old.dtype)
            new[: len(old)] = old
            setattr(self, f"_{name}", new)

    # --- what must always hold -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Assert of every account of the rows since the last check: its balance is its opening and its rows, at least zero."""
        wrong = kernels.tell_off(
            self._payer, self._payee, self._amount, self._checked, self._count,
            self._tally, self._balance,
        )  # fmt: skip
        assert wrong < 0, f"row {wrong}: a balance is not what rows make of its opening"
        self._checked = self._count

    def add_up(self) -> None:
        """Assert that all balances sum to what they did at the beginning."""
        found = int(self._balance.sum())
        assert found == self._total, f"balances sum to {found}, not to {self._total}"

    # --- what is left of a play ------------------------------------------------------------------------------------------

    def balances(self) -> tuple[int, ...]:
        """Return all balances, by account."""
        return tuple(self._balance.tolist())

    def ledger(self) -> pl.DataFrame:
        """Return the booked rows, as `Played.ledger` has them."""
        end = self._count
        return pl.DataFrame(
            {
                "row": np.arange(end, dtype=np.int64),
                "time_us": self._time[:end],
                "payer": self._payer[:end],
                "payee": self._payee[:end],
                "amount": self._amount[:end],
                "kind": self._kind[:end],
                "fraud": self._fraud[:end],
                "instalment": self._instalment[:end],
                "payment": self._payment[:end],
            }
        )

    def unbooked(self) -> dict[int, int]:
        """Return the scheduled payments that were due and are not booked as such: by place, a code of `kernels`."""
        places = np.flatnonzero(self._row_of[: self._position] < kernels.NOT_YET)
        return dict(zip(places.tolist(), self._row_of[places].tolist(), strict=True))


__all__ = ["EVERYTHING", "Books"]
