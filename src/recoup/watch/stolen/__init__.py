"""Stolen money in the stream: open cases' intervals on the axes of pockets, holds that keep them, orders that bind. Pure.

The idea and what follows from it: docs/explanation/stolen-in-the-stream.md.
"""

from recoup.watch.stolen.flow import StolenFlow
from recoup.watch.stolen.measured import Measure
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
from recoup.watch.stolen.shard_rows import ShardRows
from recoup.watch.stolen.subscription import Copy, Names, Taken
from recoup.watch.stolen.sums import KNOWN, TERMINAL, UNKNOWN, Fate
from recoup.watch.stolen.ways import way_of
from recoup.watch.told import (
    Arrival,
    CaseClosed,
    Change,
    ClaimEnded,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
    Listed,
    Measured,
    Traced,
    chain,
)

__all__ = [
    "KNOWN",
    "TERMINAL",
    "UNKNOWN",
    "Arrival",
    "CaseClosed",
    "Change",
    "ClaimEnded",
    "ClaimOpened",
    "Copy",
    "Disputed",
    "Fate",
    "FlowRows",
    "GoodFaith",
    "Held",
    "HoldAsked",
    "Listed",
    "Measure",
    "Measured",
    "Moved",
    "Names",
    "Overdrawn",
    "Payment",
    "Place",
    "Refusal",
    "Row",
    "RowIndex",
    "ShardRows",
    "Standing",
    "Stolen",
    "StolenFlow",
    "Taken",
    "Tiding",
    "Totals",
    "Traced",
    "Verdict",
    "Whereabouts",
    "chain",
    "way_of",
]
