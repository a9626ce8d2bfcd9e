"""Stolen money in the stream: open cases' intervals on the axes of pockets, holds that keep them, orders that bind. Pure.

The idea and what follows from it: docs/explanation/stolen-in-the-stream.md.
"""

from recoup.watch.stolen.flow import StolenFlow
from recoup.watch.stolen.orders import (
    Disputed,
    Held,
    Moved,
    Overdrawn,
    Payment,
    Place,
    Refusal,
    Standing,
    Stolen,
    Tiding,
    Verdict,
    Whereabouts,
)
from recoup.watch.stolen.rows import FlowRows, Row, RowIndex, Totals
from recoup.watch.stolen.sums import KNOWN, TERMINAL, UNKNOWN, Fate

__all__ = [
    "KNOWN",
    "TERMINAL",
    "UNKNOWN",
    "Disputed",
    "Fate",
    "FlowRows",
    "Held",
    "Moved",
    "Overdrawn",
    "Payment",
    "Place",
    "Refusal",
    "Row",
    "RowIndex",
    "Standing",
    "Stolen",
    "StolenFlow",
    "Tiding",
    "Totals",
    "Verdict",
    "Whereabouts",
]
