"""What came of cases in figures, by unit, institution and period, from events alone. Pure: nothing is read.

`Book` turns events into facts, each with its instant, case, unit and institution; `sum_up` adds up those that a question is
about. Gross, net and overlap are kept apart, currencies too, and times are distributions.
"""

from recoup.figures.book import READ, Book
from recoup.figures.columns import Facts
from recoup.figures.facts import Fact, Kind
from recoup.figures.sums import Asked, Cell, Money, Spread, Tally, spread_of, sum_up

__all__ = [
    "READ",
    "Asked",
    "Book",
    "Cell",
    "Fact",
    "Facts",
    "Kind",
    "Money",
    "Spread",
    "Tally",
    "spread_of",
    "sum_up",
]
