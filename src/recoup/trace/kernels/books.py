"""The records that the kernels of lots and of pools share: flows, special movements, and what `state` counts.

A kernel runs over events until the end or until an arena might not hold one more event; the driver then grows the arena and
calls again. So no kernel allocates, every run can be resumed at any event, and progress can be shown.
"""

from __future__ import annotations

from typing import Final

import numpy as np

FLOW: Final = np.dtype(
    [("amount", "i8"), ("colour", "i4"), ("event", "i4"), ("depth", "i4"), ("fate", "i4")],
    align=True,
)
"""One parcel of a claim that a transfer moved: 24 bytes. `colour` is claim * 4 + mark."""


def _word(value: int) -> int:
    """Return a constant as a number of numpy.

    To numba a plain constant is a type of its own, and every function that it is handed to would be compiled once more.
    """
    return np.int64(value)  # type: ignore[return-value]


# What became of a parcel.
MOVED: Final = _word(0)  # arrived in another pocket
EXITED: Final = _word(1)  # reached the outside or a terminal account
TO_VICTIM: Final = _word(2)  # was in a transfer that another claim disputes
REVERSED: Final = _word(3)  # went back with the reversal of its own claim's transfer
CONVERTED: Final = _word(4)  # left this currency
DUST: Final = _word(5)  # too small to follow: residual of the claim
STAYED: Final = _word(6)  # past the horizon: located where it was; `depth` is its arrival
OPENED: Final = _word(7)  # arrived in the new currency of a conversion
UNDONE: Final = _word(8)  # an exit that a refund took back; `event` is the exit's, amount negative

# Operations of an event, as bits: a plain transfer has none.
ROOT: Final = 1
REVERSAL: Final = 2
CONVERT_OUT: Final = 4
CONVERT_IN: Final = 8
HOLD: Final = 16
RELEASE: Final = 32
WATCHED: Final = 64  # a transfer that is reversed later

SPECIAL: Final = np.dtype(
    [
        ("claim", "i8"),  # number of the claim that disputes the event
        ("admitted", "i8"),
        ("original", "i8"),  # slot of the transfer that the event reverses
        ("original_claim", "i8"),  # claim that disputes that transfer
        ("slot", "i8"),  # of the hold or conversion
        ("watched", "i8"),  # the event's own slot among the transfers that are reversed later
        (
            "rest_clean",
            "i8",
        ),  # a reversal from an unknown account brings back the very units and nothing else of claims
        ("transit", "i8"),  # pocket where what the event reverses waits for its link's entry
    ]
)
"""Arguments of an event that is not plain; -1 where one does not apply."""

PLAIN_SPECIAL: Final = (-1, 1, -1, -1, -1, -1, 0, -1)

ORIGINAL: Final = np.dtype(
    [("start", "i8"), ("amount", "i8"), ("returned", "i8"), ("event", "i8"), ("kept", "i8")]
)
"""A transfer that is reversed later: where its units lie on the payee's axis; if it was an exit, the chain of
its parcels and how many of its units have come back."""

# Places in `state`.
USED: Final = 0  # high-water mark of the arena of lots or entries
FREE: Final = 1  # head of the chain of freed ones, -1 when empty
LIVE: Final = 2  # in use now
FLOWS: Final = 3  # flows written
STATE_SIZE: Final = 4

NONE: Final = _word(-1)
FAR: Final = _word(2**63 - 1)
NAUGHT: Final = _word(0)
NO: Final = np.bool_(False)
