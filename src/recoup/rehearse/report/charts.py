"""Line and bar charts as SVG text: no script, no outside reference, colours by classes of the page's own style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Final

WIDTH: Final = 760
HEIGHT: Final = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 190, 14, 46


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: shares from 0 to 1 at places of the x axis."""

    name: str
    label: str
    points: Sequence[tuple[float, float]]
    bars: Sequence[tuple[float, float, float]] = ()
    """x, low and high of an interval."""

    @property
    def is_limit(self) -> bool:
        """Whether it is drawn dashed: a limit of each case."""
        return self.name in {"instant", "latency_bound"}


def line_chart(
    lines: Sequence[Line], ticks: Sequence[tuple[float, str]], *, title: str, x_label: str
) -> str:
    """Return a chart of shares; x is drawn by the logarithm of 1 + x, ticks are (x, words)."""
    places = [x for line in lines for x, _ in line.points] or [0.0]
    low, high = _log(min(places)), max(_log(max(places)), _log(min(places)) + 1e-9)

    def at_x(x: float) -> float:
        return _LEFT + (_log(x) - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    parts = _frame(title, x_label)
    for x, words in _apart(ticks, at_x):
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
        )
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{escape(words)}</text>'
        )
    for line in lines:
        path = " ".join(f"{at_x(x):.1f},{_at_y(y):.1f}" for x, y in line.points)
        dashed = " dashed" if line.is_limit else ""
        parts.append(f'<polyline class="line s-{escape(line.name)}{dashed}" points="{path}"/>')
        for x, below, above in line.bars:
            parts.append(
                f'<line class="bar s-{escape(line.name)}" x1="{at_x(x):.1f}" x2="{at_x(x):.1f}"'
                f' y1="{_at_y(below):.1f}" y2="{_at_y(above):.1f}"/>'
            )
        if not line.is_limit and len(line.points) < 12:
            parts += [
                f'<circle class="dot s-{escape(line.name)}" cx="{at_x(x):.1f}" cy="{_at_y(y):.1f}" r="2.6"/>'
                for x, y in line.points
            ]
    parts += _names(lines)
    parts.append("</svg>")
    return "".join(parts)


def bar_chart(bars: Sequence[tuple[str, str, float, str]], *, title: str) -> str:
    """Return horizontal bars of (name, label, share, words)."""
    row, left = 30, 190
    height = row * len(bars) + 10
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>',
    ]
    room = WIDTH - left - 130
    for number, (name, label, share, words) in enumerate(bars):
        y = 6 + number * row
        size = max(1.0, min(1.0, share) * room)
        kind = "limit" if name in {"instant", "latency_bound"} else "fill"
        parts.append(
            f'<text class="name" x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="{kind} s-{escape(name)}" x="{left}" y="{y}" width="{size:.1f}" height="20" rx="2"/>'
            f'<text class="name" x="{left + size + 8:.1f}" y="{y + 15}">{escape(words)}</text>'
        )
    parts.append("</svg>")
    return "".join(parts)


def _log(x: float) -> float:
    return log10(1 + max(0.0, x))


def _at_y(share: float) -> float:
    return HEIGHT - _BOTTOM - min(1.0, max(0.0, share)) * (HEIGHT - _TOP - _BOTTOM)


def _frame(title: str, x_label: str) -> list[str]:
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(title)}</title>']
    for tenth in range(0, 11, 2):
        y = _at_y(tenth / 10)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth * 10} %</text>'
        )
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(
        f'<text class="tick" x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>'
    )
    return parts


def _apart(ticks: Sequence[tuple[float, str]], at_x: object) -> list[tuple[float, str]]:
    """Return the ticks that do not overlap, the first and then each that has room."""
    assert callable(at_x), "a place on the page is asked for"
    out: list[tuple[float, str]] = []
    for x, words in ticks:
        place = at_x(x)
        if _LEFT - 1 <= place <= WIDTH - _RIGHT + 1 and (not out or place - out[-1][0] >= 58):
            out.append((place, words))
    return out


def _names(lines: Sequence[Line]) -> list[str]:
    """Return the lines' names at their right ends, pushed apart."""
    ends = sorted(
        (_at_y(line.points[-1][1]), number) for number, line in enumerate(lines) if line.points
    )
    parts, last = [], _TOP - 8.0
    room = HEIGHT - _BOTTOM
    placed: list[tuple[float, int]] = []
    for y, number in ends:
        last = max(y, last + 14)
        placed.append((last, number))
    over = max(0.0, last - room)
    for y, number in placed:
        line = lines[number]
        parts.append(
            f'<text class="label s-{escape(line.name)}" x="{WIDTH - _RIGHT + 10}" y="{y - over + 4:.1f}">'
            f"{escape(line.label)}</text>"
        )
    return parts


__all__ = ["Line", "bar_chart", "line_chart"]
