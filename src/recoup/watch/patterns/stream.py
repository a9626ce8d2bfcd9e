"""The rings of all pockets, made, grown and run over payments. Holds arrays; the rules of reading and booking are `kernels`."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.limits import POCKET_MINOR_MAX
from recoup.watch.patterns.catalogue import KEPT, PATTERN_FEATURES
from recoup.watch.patterns.kernels import Graph, run_patterns
from recoup.watch.state import Payments

_AMOUNT_MAX: Final = POCKET_MINOR_MAX // 64
"""Minor units: fifty times an amount, and the sum of a ring, stay within 64 bits."""


class Patterns:
    """What is kept of every pocket to see patterns by: at 32 payments a side 2.3 KB a pocket, whatever passes.

    >>> patterns = Patterns(3)
    >>> rows = patterns.apply(Payments.of([0, 60_000_000], [0, 1], [1, 2], [1000, 990]))
    >>> names = [feature.name for feature in PATTERN_FEATURES]
    >>> float(rows[1, names.index("payment_passed_ratio")])
    0.99
    """

    def __init__(self, pockets: int, kept: int = KEPT) -> None:
        """Make empty rings of `kept` payments, a power of two."""
        if kept < 1 or kept & (kept - 1):
            raise StateFault(
                StateProblem.SETTING_WRONG, f"kept: expected a power of two, was {kept}"
            )
        rings, ins = (pockets, 2, kept), (pockets, kept)
        self.graph: Final = Graph(
            time_us=np.zeros(rings, np.int64),
            amount=np.zeros(rings, np.int64),
            other=np.zeros(rings, np.int32),
            behind=np.zeros(rings, np.int16),
            total=np.zeros((pockets, 2), np.int64),
            passed=np.zeros(pockets, np.int64),
            first_us=np.full(pockets, -1, np.int64),
            hops=np.zeros(ins, np.int32),
            origin=np.zeros(ins, np.int32),
            origin_us=np.zeros(ins, np.int64),
            origin_amount=np.zeros(ins, np.int64),
            before=np.zeros(ins, np.int64),
        )

    def apply(self, payments: Payments, *, reads: bool = True) -> npt.NDArray[np.float64]:
        """Return the pattern features [n, F] of payments, each read before it is booked; [0, 0] where only booked.

        Raises `StateFault` for a pocket that is not there or an amount out of bounds; then nothing is booked.
        """
        pockets = len(self.graph.first_us)
        for name in ("payer", "payee"):
            numbers = getattr(payments, name)
            if len(numbers) and (numbers.min() < -1 or numbers.max() >= pockets):
                raise StateFault(StateProblem.ACCOUNT_UNKNOWN, name)
        amounts = payments.amount_minor
        if len(amounts) and (amounts.min() <= 0 or amounts.max() > _AMOUNT_MAX):
            raise StateFault(
                StateProblem.ARRAY_WRONG, "amount_minor: expected above zero and in bounds"
            )
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
