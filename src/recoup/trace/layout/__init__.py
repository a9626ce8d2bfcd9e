"""Where the accounts and flows of a trail are drawn: columns left to right, heights by money. No drawing, no colours, no words.

The model: every node stands in a column (victims, first hop, second hop, ..., exits); its bar is as high as the money that
passed it; an edge leaves the right side of its payer and enters the left side of its payee, as wide as the money it carried.
Money goes round, so edges may also stay in a column (`level`) or return to an earlier one (`back`); those are routed through
lanes above or below the columns, so that no edge is left out and no cycle can stop the layout.

1. Every column is ordered by weighted barycentres, swept to and fro; the order with the shortest weighted way is kept.
2. Heights are `bar_min + scale * weight` with one scale for all columns, so that widths compare across the picture.
3. Bars move towards the money they touch without leaving their order: bounded isotonic regression, exact and linear.
4. Edges are stacked on the sides of the bars in the order of their other ends.

Everything but the sorting is linear in nodes and edges. Ties are broken by the nodes' keys: the order of rows is irrelevant.
"""

from __future__ import annotations

from collections.abc import Sequence

from recoup.trace.layout.arranging import Arrangement
from recoup.trace.layout.routing import route
from recoup.trace.layout.values import (
    STANDARD,
    Box,
    Canvas,
    Layout,
    LayoutEdge,
    LayoutNode,
    Ribbon,
    Route,
)

__all__ = [
    "STANDARD",
    "Box",
    "Canvas",
    "Layout",
    "LayoutEdge",
    "LayoutNode",
    "Ribbon",
    "Route",
    "lay_out",
]


def lay_out(
    nodes: Sequence[LayoutNode], edges: Sequence[LayoutEdge], canvas: Canvas = STANDARD
) -> Layout:
    """Place every node and every edge; deterministic, and the same whatever the order of the rows.

    Raises `ValueError` when a key is given twice or an edge names a node that is not given.

    >>> placed = lay_out([LayoutNode("a", 0, 5), LayoutNode("b", 1, 5)], [LayoutEdge("a", "b", 5)])
    >>> placed.ribbons[0].route, placed.boxes[0].x < placed.boxes[1].x
    ('forward', True)
    """
    keys = {node.key for node in nodes}
    if len(keys) != len(nodes):
        raise ValueError("expected every node's key once")
    for edge in edges:
        for key in (edge.source, edge.target):
            if key not in keys:
                raise ValueError(f"expected edges between given nodes, was {key!r}")
    if not nodes:
        return Layout(canvas.width, canvas.height, 0.0, (), (), ())
    arrangement = Arrangement(nodes, edges)
    arrangement.order_columns()
    band = arrangement.lane_band(canvas)
    arrangement.size_bars(canvas, canvas.height - 2 * band)
    arrangement.settle(canvas.height - 2 * band, top=band)
    return route(arrangement, canvas, band)
