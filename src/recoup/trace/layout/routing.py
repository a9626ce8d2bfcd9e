"""The courses of edges and the room for labels, once the bars stand: step 4 of the layout."""

from __future__ import annotations

from typing import Final

from recoup.trace.layout.arranging import Arrangement
from recoup.trace.layout.values import Box, Canvas, Layout, Ribbon

TRACKS_MAX: Final = 64
"""Lanes above or below; past it they would lie closer than a line is wide, and edges share them."""

CELL: Final = 32.0
"""Height of the cells in which labels are looked up."""


def route(bars: Arrangement, canvas: Canvas, band: float) -> Layout:
    """Return the finished layout, in the order in which nodes and edges were given."""
    steps = max(len(bars.names) - 1, 1)
    stride = (canvas.width - canvas.label_room - canvas.bar_width) / steps
    xs = [c * stride for c in range(len(bars.names))]
    y0 = _ports(bars, bars.source, bars.target)
    y1 = _ports(bars, bars.target, bars.source)
    lanes = _lanes(bars, canvas, band, y0, y1)
    lines = _label_lines(bars, canvas)
    boxes = {
        i: Box(xs[bars.column[n]], bars.top[n], canvas.bar_width, bars.bar[n], lines[n])
        for n, i in enumerate(bars.given)
    }
    ribbons = []
    for e, money in enumerate(bars.money):
        x0 = xs[bars.column[bars.source[e]]] + canvas.bar_width
        x1 = xs[bars.column[bars.target[e]]]
        lane, offset = lanes.get(e, (0.0, 0.0))
        width = bars.scale * money
        ribbons.append(Ribbon(bars.route_of(e), x0, y0[e], x1, y1[e], width, lane, offset))
    return Layout(
        canvas.width,
        canvas.height,
        bars.scale,
        tuple(zip(bars.names, xs, strict=True)),
        tuple(boxes[i] for i in range(len(boxes))),
        tuple(ribbons),
    )


def _ports(bars: Arrangement, here: list[int], there: list[int]) -> list[float]:
    """Return the heights at which edges touch the bars `here`: stacked in the order of their other ends, back edges last."""
    heights = [0.0] * len(bars.money)
    stacks: list[list[int]] = [[] for _ in bars.column]
    for e in bars.in_order:
        stacks[here[e]].append(e)
    is_back = [bars.route_of(e) == "back" for e in range(len(bars.money))]
    for n, stack in enumerate(stacks):
        stack.sort(key=lambda e: (is_back[e], bars.middle[there[e]], there[e]))
        used = bars.scale * sum(bars.money[e] for e in stack)
        at = bars.top[n] + max(bars.bar[n] - used, 0.0) / 2
        for e in stack:
            width = bars.scale * bars.money[e]
            heights[e] = at + width / 2
            at += width
    return heights


def _lanes(
    bars: Arrangement, canvas: Canvas, band: float, y0: list[float], y1: list[float]
) -> dict[int, tuple[float, float]]:
    """Give each back edge a lane above or below, whichever is nearer; edges whose columns do not meet share a lane."""
    backs = [e for e in bars.in_order if bars.route_of(e) == "back"]
    backs.sort(key=lambda e: bars.column[bars.source[e]] - bars.column[bars.target[e]])
    placed: dict[int, tuple[float, float]] = {}
    for is_above in (True, False):
        tracks: list[list[tuple[int, int]]] = []
        track_of: dict[int, int] = {}
        for e in backs:
            if (y0[e] + y1[e] < canvas.height) != is_above:
                continue
            left, right = bars.column[bars.target[e]], bars.column[bars.source[e]]
            fits = (
                k for k, taken in enumerate(tracks) if all(right < a or b < left for a, b in taken)
            )
            k = next(fits, len(tracks))
            if k == TRACKS_MAX:
                k = len(track_of) % TRACKS_MAX
            elif k == len(tracks):
                tracks.append([])
            tracks[k].append((left, right))
            track_of[e] = k
        pitch = min(canvas.lane_pitch, band / (len(tracks) + 1))
        for e, k in track_of.items():
            away = pitch * (k + 1)
            lane = band - away if is_above else canvas.height - band + away
            placed[e] = (lane, 8.0 + 3.0 * (k % 8))
    return placed


def _label_lines(bars: Arrangement, canvas: Canvas) -> list[int]:
    """Return the lines of label each node may have: the heaviest choose first, none touches another in its column."""
    lines = [0] * len(bars.column)
    for members in bars.members:
        cells: dict[int, list[tuple[float, float]]] = {}
        for n in sorted(members, key=lambda n: (-bars.weight[n], n)):
            for count in (2, 1):
                half = count * canvas.line_height / 2
                low, high = bars.middle[n] - half, bars.middle[n] + half
                reach = range(int(low // CELL), int(high // CELL) + 1)
                near = (span for cell in reach for span in cells.get(cell, ()))
                if all(high <= a or b <= low for a, b in near):
                    lines[n] = count
                    for cell in reach:
                        cells.setdefault(cell, []).append((low, high))
                    break
    return lines
