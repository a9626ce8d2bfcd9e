"""A shard: the pockets of one partition, their windows, their rows. Takes payments in order and says what it knows of them.

It owns no clock: time is what payments and `advance` say. Duplicates are kept off by whoever calls. What is refused changes
nothing, and every payment has an outcome of its own. How payments are cut into batches changes no bit of any result.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import LimitFault, StateFault, StateProblem
from recoup.watch.features import FEATURES
from recoup.watch.state import snapshots
from recoup.watch.state.kernels import reading, stream, words
from recoup.watch.state.kernels.handing import addresses_of
from recoup.watch.state.kernels.words import BOTH, CREDIT, DEBIT, STOLEN, State
from recoup.watch.state.laying import (
    lay_state,
    oldest_row,
    room_of,
    with_accounts,
    with_laid,
    with_room,
    with_slot,
    with_told,
)
from recoup.watch.state.payments import OUTSIDE, Payments
from recoup.watch.state.settings import Settings

Matrix = npt.NDArray[np.float64]
Outcomes = npt.NDArray[np.int8]
Record = npt.NDArray[np.void]

_BATCH: Final = 1 << 16
"""Payments for which room is made at once."""
_NO_MATRIX: Final = np.empty((0, len(FEATURES)))
_MOVES_FIRST: Final = 1 << 10

assert len(FEATURES) >= reading.COLUMNS, "a kernel would write past the end of a row"

SPAN: Final = stream.SPAN
MOVE: Final = stream.MOVE

PEEK: Final = np.dtype(
    [
        *((name, "i8") for name in ("flow_in", "flow_out", "low", "stolen")),
        *((name, "i8") for name in ("opened_at", "last_in", "last_out")),
    ]
)
"""What a pocket shows: its axis (opening included), what left it, lowest balance, stolen money, times (NEVER: not yet)."""


class Outcome(IntEnum):
    """What became of one payment or report."""

    BOOKED = stream.BOOKED
    AMOUNT_NOT_POSITIVE = stream.AMOUNT_NOT_POSITIVE
    AMOUNT_TOO_LARGE = stream.AMOUNT_TOO_LARGE
    """More than ROW_MINOR_MAX."""
    SAME_ACCOUNT = stream.SAME_ACCOUNT
    """Payer and payee are one: it moves nothing."""
    ACCOUNT_UNKNOWN = stream.ACCOUNT_UNKNOWN
    """A number that no pocket of this shard has."""
    KIND_UNKNOWN = stream.KIND_UNKNOWN
    TIME_LATE = stream.TIME_LATE
    """Older than the clock by more than `late_seconds`."""
    TIME_AHEAD = stream.TIME_AHEAD
    """Ahead of the clock by more than `ahead_seconds`."""
    SUM_TOO_LARGE = stream.SUM_TOO_LARGE
    """All that ever entered or left the pocket would pass POCKET_MINOR_MAX: sums stay exact."""


class Told(IntEnum):
    """What a pocket is told of."""

    REPORT = 0
    """A transfer to or from it was said to be fraud."""
    MARKER = 1
    """It was put on a list."""


class Later(NamedTuple):
    """Where units of a frontier went: rows that took them (MOVE), and by span what is not known any more (SPAN)."""

    moves: Record
    forgotten: Record


class Shard:
    """The state of one partition.

    >>> shard = Shard(accounts=2)
    >>> int(shard.apply(Payments.of([0], [0], [1], [500]))[0]) == Outcome.BOOKED
    True
    >>> int(shard.peek([1])["flow_in"][0])
    500
    """

    def __init__(
        self, accounts: int, settings: Settings | None = None, state: State | None = None
    ) -> None:
        self.settings = settings or Settings()
        self._state = state or lay_state(accounts, self.settings)
        self._addresses = addresses_of(self._state)
        self._place = int(self._addresses.ctypes.data)
        self._accounts = int(self._state.marks[words.ACCOUNTS])
        self._laid = len(self._state.pockets)
        self._room = 0
        """Rows that there is room for beyond those that were asked for."""

    def _put(self, state: State) -> State:
        """Keep a state whose arrays may be others."""
        if state is not self._state:
            self._state, self._addresses, self._room = state, addresses_of(state), 0
            self._place = int(self._addresses.ctypes.data)
        self._accounts = int(state.marks[words.ACCOUNTS])
        self._laid = len(state.pockets)
        return state

    @property
    def state(self) -> State:
        """The arrays, for kernels that are fused with these; replaced when room is made, so ask anew before each batch."""
        return self._state

    @property
    def accounts(self) -> int:
        """How many pockets there are."""
        return self._accounts

    @property
    def clock(self) -> int:
        """The latest time of anything taken; NEVER before the first."""
        return int(self._state.marks[words.CLOCK])

    @property
    def rows(self) -> range:
        """Numbers of the rows that are kept."""
        return range(oldest_row(self._state), int(self._state.marks[words.HEAD]))

    @property
    def bytes_count(self) -> int:
        """Bytes of all arrays: of the pockets, those that are laid."""
        state = self._state
        return sum(
            a.nbytes for a in (state.words, state.rows, state.pairs, state.told, state.extras)
        )

    @property
    def addresses(self) -> npt.NDArray[np.int64]:
        """What `state_at` makes the state of inside a kernel; replaced with the state, so ask after each `make_room`."""
        return self._addresses

    @property
    def place(self) -> int:
        """Where `addresses` lie, for kernels that take numbers alone; replaced with them."""
        return self._place

    def make_room(self, count: int) -> State:
        """Return the arrays with room for `count` more rows: whoever books by kernels of its own asks first."""
        if count > self._room:
            self._put(with_room(self._state, count))
            self._room = room_of(self._state)
        self._room -= count
        return self._state

    def apply(self, payments: Payments, matrix_out: Matrix | None = None) -> Outcomes:
        """Read the features of each payment into its row of `matrix_out`, then book it; return the outcomes.

        A refused payment's row is NaN. Raises `StateFault` for a matrix of another shape.
        """
        return self._run(payments, BOTH, matrix_out)

    def debit(self, payments: Payments, matrix_out: Matrix | None = None) -> Outcomes:
        """The same for payments whose payee lives in another shard: only the payer's side is read and booked."""
        return self._run(payments, DEBIT, matrix_out)

    def credit(self, payments: Payments, matrix_out: Matrix | None = None) -> Outcomes:
        """The same for payments whose payer lives in another shard."""
        return self._run(payments, CREDIT, matrix_out)

    def _run(self, payments: Payments, sides: int, matrix_out: Matrix | None) -> Outcomes:
        count = len(payments)
        if matrix_out is not None:
            _look_at_matrix(matrix_out, count)
        outcomes = np.empty(count, np.int8)
        for begin in range(0, count, _BATCH):
            end = min(count, begin + _BATCH)
            some = payments if end - begin == count else payments.part(begin, end)
            if self._laid < self._accounts and len(some):
                self.lay(1 + max(int(some.payer.max()), int(some.payee.max())))
            self.make_room(end - begin)
            stream.run(
                self._addresses,
                some.time_us,
                some.payer,
                some.payee,
                some.amount_minor,
                some.kind,
                sides,
                _NO_MATRIX if matrix_out is None else matrix_out[begin:end],
                outcomes[begin:end],
            )
        return outcomes

    def advance(self, time_us: int) -> Outcome:
        """Let time pass without a payment."""
        return Outcome(stream.let_pass(self._state, time_us))

    def report(self, account: int, time_us: int, kind: Told = Told.REPORT) -> Outcome:
        """Count a report or marker of a pocket, and draw its newest counterparties near to it."""
        if not 0 <= account < self.accounts:
            return Outcome.ACCOUNT_UNKNOWN
        self.lay(account + 1)
        code = Outcome(stream.let_pass(self._state, time_us))
        if code is not Outcome.BOOKED:
            return code
        self._put(with_slot(with_told(self._state), account))
        stream.tell(self._state, account, int(kind))
        return code

    def mark_stolen(self, account: int, minor: int) -> None:
        """Say how much of a pocket's balance is stolen money of open cases: whoever follows it says so at each change."""
        self._look_at_account(account)
        if not 0 <= minor <= limits.POCKET_MINOR_MAX:
            raise StateFault(StateProblem.ARRAY_WRONG, f"stolen money: was {minor}")
        self._put(with_slot(self._state, account))
        self._state.extras[self._state.pockets["slot"][account], STOLEN] = minor

    def assume(self, account: int, minor: int) -> None:
        """Credit what must have come into a pocket before its next payment: a part of its balance is held, and does not pay."""
        self._look_at_account(account)
        cell = self._state.pockets[account]
        if not 0 < minor <= limits.POCKET_MINOR_MAX - int(cell["flow_in"]):
            raise StateFault(StateProblem.ARRAY_WRONG, f"assumed credit: was {minor}")
        cell["flow_in"] += minor
        self._state.marks[words.ASSUMED] += 1

    def open(self, account: int, minor: int, opened_us: int = words.NEVER) -> None:
        """Give a pocket that was not used yet its opening balance and the time of its opening."""
        self._look_at_account(account)
        pocket = self._state.pockets[account]
        if pocket["flow_in"] or pocket["flow_out"]:
            raise StateFault(StateProblem.ACCOUNT_UNKNOWN, f"pocket {account} is in use already")
        fits = 0 <= minor <= limits.POCKET_MINOR_MAX and abs(opened_us) <= -words.NEVER
        if not fits:
            raise StateFault(StateProblem.ARRAY_WRONG, f"opening: was {minor} at {opened_us}")
        for name in ("flow_in", "low_now", "low_before"):
            pocket[name] = minor
        pocket["opened_at"] = opened_us
        if minor:
            pocket["arrival"] = max(self.clock, opened_us, -stream.TIME_MAX)

    def open_all(self, minor: npt.NDArray[np.int64], opened_us: npt.NDArray[np.int64]) -> None:
        """Do what `open` does for every pocket, before anything happened; arrays [accounts] of int64."""
        self.lay(self.accounts)
        pockets = self._state.pockets[: self.accounts]
        if self.clock != words.NEVER or pockets["flow_in"].any() or pockets["flow_out"].any():
            raise StateFault(StateProblem.ACCOUNT_UNKNOWN, "some pocket is in use already")
        shapes = {minor.shape, opened_us.shape}
        fits = shapes == {pockets.shape} and minor.min(initial=0) >= 0
        fits = fits and minor.max(initial=0) <= limits.POCKET_MINOR_MAX
        if not fits or np.abs(opened_us).max(initial=0) > -words.NEVER:
            raise StateFault(StateProblem.ARRAY_WRONG, "openings: expected one of each pocket")
        for name in ("flow_in", "low_now", "low_before"):
            pockets[name] = minor
        pockets["opened_at"] = opened_us
        has_some = minor > 0
        pockets["arrival"][has_some] = np.maximum(opened_us, -stream.TIME_MAX)[has_some]

    def grow(self, accounts: int, *, laid: int | None = None, most: int = 0) -> None:
        """Make room for pockets that came later; never fewer.

        Args:
            accounts: how many there are then.
            laid: so many of them are laid now, the others by `lay` or when they are first named here; None: all. Kernels of
                others refuse a pocket that is not laid as unknown. What is kept of the shard is the same.
            most: how many there may be in the end: pockets then need not be moved for each that comes.
        """
        self._put(with_accounts(self._state, accounts, accounts if laid is None else laid, most))

    def lay(self, count: int) -> None:
        """Have the first `count` pockets lie in memory, as far as there are any."""
        if self._laid < min(count, self._accounts):
            self._put(with_laid(self._state, min(count, self._accounts)))

    def _look_at_account(self, account: int) -> None:
        if not 0 <= account < self.accounts:
            raise StateFault(StateProblem.ACCOUNT_UNKNOWN, f"no pocket has number {account}")
        self.lay(account + 1)

    def peek(self, accounts: npt.ArrayLike) -> Record:
        """Return what pockets show, as records PEEK."""
        asked = np.asarray(accounts, np.int64).reshape(-1)
        if asked.size and (asked.min() < 0 or asked.max() >= self.accounts):
            raise StateFault(StateProblem.ACCOUNT_UNKNOWN, "expected numbers of pockets")
        self.lay(int(asked.max(initial=-1)) + 1)
        found, shown = self._state.pockets[asked], np.zeros(len(asked), PEEK)
        for name in ("flow_in", "flow_out", "opened_at", "last_in", "last_out"):
            shown[name] = found[name]
        shown["low"] = np.minimum(found["low_now"], found["low_before"])
        has_slot = found["slot"] >= 0
        shown["stolen"][has_slot] = self._state.extras[found["slot"][has_slot], STOLEN]
        return shown

    def expand(self, frontier: Record) -> Later:
        """Return the kept rows by which units of a frontier (records SPAN, of pockets' axes) left, newest first in each span.

        What no row took still lies there. Raises `LimitFault` when more than WATCH_MOVES_MAX rows took some.
        """
        spans = np.array(frontier, SPAN).reshape(-1)
        if len(spans) and not ((spans["pocket"] >= 0) & (spans["pocket"] < self.accounts)).all():
            raise StateFault(StateProblem.ACCOUNT_UNKNOWN, "expected numbers of pockets")
        self.lay(int(spans["pocket"].max(initial=-1)) + 1)
        moves = np.empty(_MOVES_FIRST, MOVE)
        while True:
            forgotten = spans.copy()
            count = stream.follow(self._state, forgotten, moves)
            if count <= len(moves):
                return Later(moves[:count].copy(), forgotten)
            if count > limits.WATCH_MOVES_MAX:
                raise LimitFault("WATCH_MOVES_MAX", limits.WATCH_MOVES_MAX, count)
            moves = np.empty(count, MOVE)

    def snapshot(self) -> bytes:
        """Return the state as bytes: equal states give equal bytes."""
        return snapshots.to_bytes(self._state, self.settings)

    def snapshot_pieces(self) -> list[bytes | memoryview]:
        """Return the bytes of `snapshot` in pieces that are not copied: they hold until the shard changes."""
        return snapshots.to_pieces(self._state, self.settings)

    @classmethod
    def restore(
        cls, given: bytes | memoryview, *, other_processor: bool = False, most: int = 0
    ) -> Shard:
        """Return the shard of a snapshot; `other_processor` takes one from a machine where equal bits are not promised.

        There may be `most` pockets in the end, as in `grow`.
        Raises `StateFault` for bytes that are no snapshot, are damaged, or were made with other features.
        """
        state, settings = snapshots.from_bytes(given, other_processor=other_processor, most=most)
        return cls(0, settings, state)


def _look_at_matrix(matrix: Matrix, count: int) -> None:
    """Refuse a matrix that kernels would write past the end of."""
    shape = (count, len(FEATURES))
    fits = matrix.shape == shape and matrix.dtype == np.float64 and matrix.flags.c_contiguous
    if not fits or not matrix.flags.writeable:
        raise StateFault(StateProblem.ARRAY_WRONG, f"matrix: expected float64 of {shape}, C order")


__all__ = ["MOVE", "OUTSIDE", "PEEK", "SPAN", "Later", "Outcome", "Shard", "Told"]
