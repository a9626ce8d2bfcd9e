"""The stream of payments: one loop that reads, scores, decides and books, and what waits meanwhile. Names of accounts are elsewhere."""

from recoup.watch.stream.arrays import DECIDED, NEVER_US
from recoup.watch.stream.stream import Decided, Ended, How, Passed, Stream, Versions, Waiting

__all__ = [
    "DECIDED",
    "NEVER_US",
    "Decided",
    "Ended",
    "How",
    "Passed",
    "Stream",
    "Versions",
    "Waiting",
]
