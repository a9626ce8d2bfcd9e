"""The rings of all pockets, made, grown and run over payments. Holds arrays; the rules of reading and booking are `kernels`."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.limits import POCKET_MINOR_MAX
from recoup.watch.patterns.catalogue import KEPT, PATTERN_FEATURES
from recoup.watch.patterns.kernels import Graph, run_patterns
from recoup.watch.patterns.snapshots import (
    KEPT_MAX,
    TIME_MAX,
    empty_graph,
    from_bytes,
    newest_time,
    to_bytes,
)
from recoup.watch.state import Payments

_AMOUNT_MAX: Final = POCKET_MINOR_MAX // 64
"""Minor units: fifty times an amount, and the sum of a ring, stay within 64 bits."""


class Patterns:
    """What is kept of every pocket to see patterns by: at 32 payments a side 2,464 bytes a pocket, whatever passes.

    >>> patterns = Patterns(3)
    >>> rows = patterns.apply(Payments.of([0, 60_000_000], [0, 1], [1, 2], [1000, 990]))
    >>> names = [feature.name for feature in PATTERN_FEATURES]
    >>> float(rows[1, names.index("payment_passed_ratio")])
    0.99
    """

    def __init__(self, pockets: int, kept: int = KEPT, graph: Graph | None = None) -> None:
        """Make empty rings of `kept` payments, a power of two; or take those of `graph`."""
        if not 1 <= kept <= KEPT_MAX or kept & (kept - 1):
            raise StateFault(
                StateProblem.SETTING_WRONG, f"kept: expected a power of two, was {kept}"
            )
        self.graph = empty_graph(pockets, kept) if graph is None else graph
        self._clock = -TIME_MAX if graph is None else newest_time(graph)

    @property
    def bytes_count(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.graph)

    @property
    def pockets(self) -> int:
        """How many pockets have rings."""
        return len(self.graph.figures)

    def grow(self, pockets: int) -> None:
        """Make rings for pockets that came later; never fewer."""
        before = self.graph
        if pockets <= self.pockets:
            return
        self.graph = empty_graph(pockets, before.time_us.shape[2])
        for name in before._fields:
            old = getattr(before, name)
            getattr(self.graph, name)[: len(old)] = old

    def book(self, time_us: int, payer: int, payee: int, amount: int) -> None:
        """Book one payment that was looked at already, at the clock of the stream."""
        self.apply(Payments.of([time_us], [payer], [payee], [amount]), reads=False)

    def snapshot(self) -> bytes:
        """Return the rings as bytes: equal rings give equal bytes."""
        return to_bytes(self.graph)

    @classmethod
    def restore(cls, given: bytes) -> Patterns:
        """Return the rings of a snapshot; `StateFault` for bytes that are none, are damaged, or no kernel can read."""
        graph = from_bytes(given, _AMOUNT_MAX)
        return cls(len(graph.figures), graph.time_us.shape[2], graph)

    def apply(self, payments: Payments, *, reads: bool = True) -> npt.NDArray[np.float64]:
        """Return the pattern features [n, F] of payments, each read before it is booked; [0, 0] where only booked.

        Raises `StateFault` for a pocket that is not there, an amount out of bounds, or a time before one that was booked;
        then nothing is booked.
        """
        pockets = len(self.graph.figures)
        for name in ("payer", "payee"):
            numbers = getattr(payments, name)
            if len(numbers) and (numbers.min() < -1 or numbers.max() >= pockets):
                raise StateFault(StateProblem.ACCOUNT_UNKNOWN, name)
        amounts = payments.amount_minor
        if len(amounts) and (amounts.min() <= 0 or amounts.max() > _AMOUNT_MAX):
            raise StateFault(
                StateProblem.ARRAY_WRONG, "amount_minor: expected above zero and in bounds"
            )
        times = payments.time_us
        if len(times) and (times[0] < self._clock or (np.diff(times) < 0).any()):
            raise StateFault(StateProblem.ARRAY_WRONG, "time_us: expected in order of time")
        if len(times) and times[-1] > TIME_MAX:
            raise StateFault(StateProblem.ARRAY_WRONG, "time_us: expected in bounds")
        self._clock = int(times[-1]) if len(times) else self._clock
        shape = (len(payments), len(PATTERN_FEATURES)) if reads else (0, 0)
        out = np.empty(shape, np.float64)
        run_patterns(
            self.graph,
            payments.time_us,
            payments.payer,
            payments.payee,
            amounts,
            out,
            0,
        )
        return out


__all__ = ["Patterns"]
