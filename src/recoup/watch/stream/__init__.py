"""The stream of payments: one loop that reads, scores, decides and books, and what waits meanwhile. No names here."""

from recoup.watch.stream.answers import Bound, Decided, Ended, How, Passed, Versions, Waiting
from recoup.watch.stream.arrays import DECIDED, NEVER_US
from recoup.watch.stream.laying import rows_of_flow
from recoup.watch.stream.stream import Stream

__all__ = [
    "DECIDED",
    "NEVER_US",
    "Bound",
    "Decided",
    "Ended",
    "How",
    "Passed",
    "Stream",
    "Versions",
    "Waiting",
    "rows_of_flow",
]
