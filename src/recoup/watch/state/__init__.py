"""The state of the stream: a flat record a pocket with exact windows, an index of rows, and the kernels that read and book.

Compiled callers take `check`, `advance`, `traits_of`, `read`, `debit`, `credit` and `book` over the arrays of `Shard.state`.
"""

from recoup.watch.state.kernels.booking import book, credit, debit
from recoup.watch.state.kernels.codes import traits_of
from recoup.watch.state.kernels.handing import addresses_of, state_at, words_at
from recoup.watch.state.kernels.passing import advance
from recoup.watch.state.kernels.reading import read
from recoup.watch.state.kernels.stream import check
from recoup.watch.state.kernels.words import BOTH, CREDIT, DEBIT, NEVER, State
from recoup.watch.state.payments import Payments
from recoup.watch.state.settings import Settings
from recoup.watch.state.shard import MOVE, OUTSIDE, PEEK, SPAN, Later, Outcome, Shard, Told

__all__ = [
    "BOTH",
    "CREDIT",
    "DEBIT",
    "MOVE",
    "NEVER",
    "OUTSIDE",
    "PEEK",
    "SPAN",
    "Later",
    "Outcome",
    "Payments",
    "Settings",
    "Shard",
    "State",
    "Told",
    "addresses_of",
    "advance",
    "book",
    "check",
    "credit",
    "debit",
    "read",
    "state_at",
    "traits_of",
    "words_at",
]
