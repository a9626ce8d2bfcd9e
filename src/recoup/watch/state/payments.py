"""Payments as the stream takes them: equally long arrays in order of (time, row). Not yet booked, not yet decided."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

OUTSIDE = -1
"""The number of the outside: an empty payer is money from there, an empty payee an exit."""


_TYPES: Final = (
    ("time_us", np.dtype(np.int64)),
    ("payer", np.dtype(np.int32)),
    ("payee", np.dtype(np.int32)),
    ("amount_minor", np.dtype(np.int64)),
    ("kind", np.dtype(np.int8)),
    ("row", np.dtype(np.int64)),
)
"""The fields' types."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Arrays of one length, contiguous. Raises `StateFault` where they are not."""

    time_us: I64
    """Microseconds of UTC."""
    payer: I32
    """Dense numbers of pockets; -1 is the outside."""
    payee: I32
    amount_minor: I64
    kind: I8
    """Place in `records.kinds.KINDS`."""
    row: I64
    """Tells payments of one instant apart; the order is (time, row)."""

    def __post_init__(self) -> None:
        """Check the arrays' types and lengths: kernels would read past the end of a short one."""
        count = len(self.time_us)
        for (
            name,
            wanted,
        ) in _TYPES:  # not `fields`: a payment that comes alone pays for it each time
            array = getattr(self, name)
            fits = isinstance(array, np.ndarray) and array.dtype == wanted and array.ndim == 1
            if not fits or not array.flags.c_contiguous or len(array) != count:
                raise StateFault(
                    StateProblem.ARRAY_WRONG,
                    f"{name}: expected a contiguous array of {wanted}, as long as time_us",
                )

    def __len__(self) -> int:
        return len(self.time_us)

    def part(self, begin: int, end: int) -> Payments:
        """Return payments [begin, end) without copying."""
        return Payments(*(getattr(self, field.name)[begin:end] for field in fields(self)))

    def where(self, mask: npt.NDArray[np.bool_]) -> Payments:
        """Return the payments of `mask`; themselves where it is true of all."""
        if mask.all():
            return self
        return Payments(*(getattr(self, field.name)[mask] for field in fields(self)))

    @classmethod
    def of(
        cls,
        time_us: npt.ArrayLike,
        payer: npt.ArrayLike,
        payee: npt.ArrayLike,
        amount_minor: npt.ArrayLike,
        kind: npt.ArrayLike | None = None,
    ) -> Payments:
        """Return payments of whole numbers in their order; without kinds all are plain transfers.

        Raises `StateFault` for numbers that are not whole or do not fit: nothing is rounded or cut.

        >>> len(Payments.of([0], [1], [2], [500]))
        1
        """
        time = _whole("time_us", time_us, np.int64)
        kinds = np.zeros(len(time), np.int8) if kind is None else _whole("kind", kind, np.int8)
        return cls(
            time,
            _whole("payer", payer, np.int32),
            _whole("payee", payee, np.int32),
            _whole("amount_minor", amount_minor, np.int64),
            kinds,
            np.arange(len(time), dtype=np.int64),
        )


def _whole(name: str, given: npt.ArrayLike, dtype: type[np.signedinteger]) -> npt.NDArray:  # type: ignore[type-arg]
    """Return an array of whole numbers of that type."""
    array = np.asarray(given)
    if array.size == 0:
        return np.empty(0, dtype)
    limits = np.iinfo(dtype)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise StateFault(StateProblem.ARRAY_WRONG, f"{name}: expected whole numbers in one row")
    if int(array.min()) < limits.min or int(array.max()) > limits.max:
        raise StateFault(
            StateProblem.ARRAY_WRONG, f"{name}: a number does not fit {limits.bits} bits"
        )
    return np.ascontiguousarray(array, dtype)


__all__ = ["OUTSIDE", "Payments"]
