"""The order and the heights of bars: steps 1 to 3 of the layout. Knows nothing of edges' courses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recoup.trace.layout.values import Canvas, LayoutEdge, LayoutNode, Route

SWEEPS: Final = 6
"""Passes to and fro over all columns; more than this changed no picture of the examples."""


class Arrangement:
    """A layout under way: lists by node number, numbered by (column, key) so that the order of the input is forgotten."""

    def __init__(self, nodes: Sequence[LayoutNode], edges: Sequence[LayoutEdge]) -> None:
        self.given = sorted(range(len(nodes)), key=lambda i: (nodes[i].column, nodes[i].key))
        """Index into the given nodes by node number."""
        number = {nodes[i].key: n for n, i in enumerate(self.given)}
        self.rank = [nodes[i].rank for i in self.given]
        self.names = sorted({node.column for node in nodes})
        place = {name: c for c, name in enumerate(self.names)}
        self.column = [place[nodes[i].column] for i in self.given]
        self.members: list[list[int]] = [[] for _ in self.names]
        for n, c in enumerate(self.column):
            self.members[c].append(n)
        self.source = [number[edge.source] for edge in edges]
        self.target = [number[edge.target] for edge in edges]
        self.money = [max(float(edge.weight), 0.0) for edge in edges]
        self.in_order = sorted(
            range(len(edges)), key=lambda e: (self.source[e], self.target[e], self.money[e])
        )
        self.before: list[list[tuple[int, float]]] = [[] for _ in nodes]
        self.after: list[list[tuple[int, float]]] = [[] for _ in nodes]
        arrived, left = [0.0] * len(nodes), [0.0] * len(nodes)
        for e in self.in_order:
            s, t, w = self.source[e], self.target[e], self.money[e]
            left[s] += w
            arrived[t] += w
            if self.column[s] < self.column[t]:
                self.after[s].append((t, w))
                self.before[t].append((s, w))
        # A bar is never lower than what is stacked on one of its sides.
        self.weight = [
            max(float(nodes[i].weight), arrived[n], left[n]) for n, i in enumerate(self.given)
        ]
        self.middle = [0.0] * len(nodes)
        self.top = [0.0] * len(nodes)
        self.bar = [0.0] * len(nodes)
        self.gap = [0.0] * len(self.names)
        self.scale = 0.0

    def route_of(self, e: int) -> Route:
        """Return which way edge `e` goes."""
        s, t = self.column[self.source[e]], self.column[self.target[e]]
        return "forward" if s < t else "level" if s == t else "back"

    def order_columns(self) -> None:
        """Order every column by the weighted middles of its neighbours; keep the order whose edges have the shortest way."""
        for members in self.members:
            members.sort(key=lambda n: (self.rank[n], -self.weight[n], n))
        self._spread_all()
        best, kept = float("inf"), [list(members) for members in self.members]
        for sweep in range(SWEEPS):
            rightwards = sweep % 2 == 0
            count = len(self.members)
            for c in range(count) if rightwards else range(count - 1, -1, -1):
                self._order_column(c, self.before if rightwards else self.after)
            way = sum(
                self.money[e] * abs(self.middle[self.source[e]] - self.middle[self.target[e]])
                for e in self.in_order
            )
            if way < best:
                best, kept = way, [list(members) for members in self.members]
        self.members = kept

    def _order_column(self, c: int, neighbours: Sequence[Sequence[tuple[int, float]]]) -> None:
        wish = {n: _mean(neighbours[n], self.middle) for n in self.members[c]}
        wish_or_stay = {n: self.middle[n] if at is None else at for n, at in wish.items()}
        self.members[c].sort(key=lambda n: (self.rank[n], wish_or_stay[n], -self.weight[n], n))
        self._spread(c)

    def _spread_all(self) -> None:
        for c in range(len(self.members)):
            self._spread(c)

    def _spread(self, c: int) -> None:
        """Stack a column into [0, 1] by weight, every node with a little room of its own."""
        members = self.members[c]
        total = sum(self.weight[n] for n in members)
        room = (total or 1.0) / len(members)
        at = 0.0
        for n in members:
            share = self.weight[n] + room
            self.middle[n] = (at + share / 2) / (total + room * len(members))
            at += share

    def lane_band(self, canvas: Canvas) -> float:
        """Return the height to keep free above and below for edges that go back."""
        backs = sum(self.route_of(e) == "back" for e in self.in_order)
        return min(canvas.lane_band_max, canvas.lane_pitch * (2 + backs // 2)) if backs else 0.0

    def size_bars(self, canvas: Canvas, height: float) -> None:
        """Choose one scale for all columns, and the gaps between bars, so that the fullest column fits."""
        scales = []
        for c, members in enumerate(self.members):
            count = len(members)
            self.gap[c] = min(canvas.gap_max, 0.45 * height / count)
            least = min(canvas.bar_min, 0.3 * height / count)
            free = height - self.gap[c] * (count - 1) - least * count
            total = sum(self.weight[n] for n in members)
            scales.append(free / total if total else float("inf"))
        self.scale = 0.0 if min(scales) == float("inf") else min(scales)
        for members in self.members:
            least = min(canvas.bar_min, 0.3 * height / len(members))
            for n in members:
                self.bar[n] = least + self.scale * self.weight[n]

    def settle(self, height: float, top: float) -> None:
        """Move bars towards the money they touch, order and gaps kept, into [top, top + height]."""
        for c, members in enumerate(self.members):
            used = sum(self.bar[n] for n in members) + self.gap[c] * (len(members) - 1)
            at = (height - used) / 2
            for n in members:
                self.top[n], self.middle[n] = at, at + self.bar[n] / 2
                at += self.bar[n] + self.gap[c]
        for sweep in range(SWEEPS):
            rightwards = sweep % 2 == 0
            count = len(self.members)
            for c in range(1, count) if rightwards else range(count - 2, -1, -1):
                self._settle_column(c, self.before if rightwards else self.after, height)
        self.top = [at + top for at in self.top]
        self.middle = [at + top for at in self.middle]

    def _settle_column(
        self, c: int, neighbours: Sequence[Sequence[tuple[int, float]]], height: float
    ) -> None:
        """Put every bar where its neighbours pull it; in coordinates less the bars above, order is monotony."""
        members = self.members[c]
        above, wanted, pulls = [], [], []
        at = 0.0
        for n in members:
            wish = _mean(neighbours[n], self.middle)
            wanted.append((self.middle[n] if wish is None else wish) - self.bar[n] / 2 - at)
            pulls.append(self.bar[n] * (0.05 if wish is None else 1.0))
            above.append(at)
            at += self.bar[n] + self.gap[c]
        room = max(height - (at - self.gap[c]), 0.0)
        for n, base, shift in zip(members, _isotonic(wanted, pulls), above, strict=True):
            self.top[n] = min(max(base, 0.0), room) + shift
            self.middle[n] = self.top[n] + self.bar[n] / 2


def _mean(neighbours: Sequence[tuple[int, float]], middle: Sequence[float]) -> float | None:
    """Return the weighted mean of the neighbours' middles; None without neighbours."""
    if not neighbours:
        return None
    total = sum(w for _, w in neighbours)
    if total <= 0:
        return sum(middle[n] for n, _ in neighbours) / len(neighbours)
    return sum(middle[n] * w for n, w in neighbours) / total


def _isotonic(wanted: Sequence[float], pulls: Sequence[float]) -> list[float]:
    """Return the never falling sequence nearest to `wanted`, squares weighted by `pulls` (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for wish, pull in zip(wanted, pulls, strict=True):
        value, weight, count = wish, max(pull, 1e-9), 1
        while blocks and blocks[-1][0] > value:
            before, more, members = blocks.pop()
            value = (value * weight + before * more) / (weight + more)
            weight, count = weight + more, count + members
        blocks.append((value, weight, count))
    return [value for value, _, count in blocks for _ in range(count)]
