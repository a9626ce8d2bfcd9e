"""A picture as a static SVG: for the README, notebooks and the PDF. Nothing here can be clicked; the page draws its own.

Statuses differ by colour and by pattern, so that a copy in grey can be read.
"""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING, Final

from recoup.evidence.wording import account_text, money_text, numeral, say

if TYPE_CHECKING:
    from recoup.evidence.picture import Edge, Node, Picture
    from recoup.trace.layout import Box, Ribbon

FONTS: Final = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei',"
    " 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
)
COLOURS: Final = {
    "victim": "#3a5a9c",
    "source": "#3a5a9c",
    "passed": "#8794a8",
    "held": "#137a56",
    "located": "#c77f0a",
    "exited": "#b53a3f",
    "unknown": "#7557a8",
    "others": "#b4bcc7",
}
_LEGEND: Final = (
    "victim",
    "passed",
    "located_free",
    "held",
    "exited",
    "unknown",
    "unproved",
    "back",
)
_BACKS_MANY: Final = 60
"""Edges that go back; past it they are drawn faintly, or they would hide the rest."""

_LEFT, _TOP, _BOTTOM = 28, 118, 34


def status_of(node: Node) -> str:
    """Return the status that colours the money on its way into `node`."""
    if node.sort in {"exit", "terminal"}:
        return "exited"
    if node.sort in {"victim", "source", "others"}:
        return node.sort
    if node.unknown:
        return "unknown"
    if 2 * node.located >= max(node.arrived, 1):
        return "held" if 2 * node.held >= node.located else "located"
    return "passed"


def label_of(node: Node, language: str) -> str:
    """Return what a person calls the node."""
    if node.sort == "others":
        return say(
            "others_victims" if node.column == 0 else "others", language, n=f"{node.count:,}"
        )
    if node.sort in {"exit", "source"}:
        return say(f"kind_{node.name}", language)
    if node.account.startswith(
        "link:"
    ):  # the pocket in which money of an asserted link is in transit
        return say("link", language, n=node.account.removeprefix("link:"))
    return node.name or account_text(node.account)


def column_sort(picture: Picture, column: int) -> str:
    """Return what stands in a column: victims, sources (in a currency that no victim paid), hop, hop_deep or exits."""
    nodes = [node for node in picture.nodes if node.column == column]
    if any(node.sort in {"exit", "terminal"} for node in nodes):
        return "exits"
    if column == 0:
        return "sources" if nodes and all(node.sort == "source" for node in nodes) else "victims"
    return "hop_deep" if any(node.depth > column for node in nodes) else "hop"


def column_title(picture: Picture, column: int, language: str) -> str:
    """Return the heading of a column."""
    return say(column_sort(picture, column), language, n=numeral(column, language))


def shown_text(picture: Picture, language: str) -> str:
    """Return the sentence that says how much of the trail is drawn."""
    shown = picture.shown
    if shown.accounts == shown.accounts_total:
        text = say(
            "shown_all", language, total=f"{shown.accounts_total:,}", edges=f"{shown.edges_total:,}"
        )
    else:
        share = f"{shown.money_permille // 10}.{shown.money_permille % 10}"
        counts = {"n": f"{shown.accounts:,}", "total": f"{shown.accounts_total:,}"}
        text = say("shown_part", language, share=share, **counts)
    if shown.edges < shown.edges_total:
        text += say("shown_edges", language, n=f"{shown.edges:,}", total=f"{shown.edges_total:,}")
    if picture.currencies_left_out:
        text += say("currencies_more", language, n=picture.currencies_left_out)
    return text


def picture_svg(picture: Picture, language: str = "zh") -> str:
    """Return the picture as one SVG document, all text escaped, no outside reference."""
    layout = picture.layout
    width, height = layout.width + 2 * _LEFT, layout.height + _TOP + _BOTTOM
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" role="img" font-family="{escape(FONTS)}" font-size="12">'
        ),
        f"<title>{escape(say('title', language))} · {escape(say(f'rule_{picture.rule}', language))}</title>",
        _patterns(),
        '<rect width="100%" height="100%" fill="#fbfcfd"/>',
        *_heading(picture, language),
        f'<g transform="translate({_LEFT} {_TOP})">',
        *_columns(picture, language),
        '<g fill="none">',
    ]
    light_first = sorted(range(len(picture.edges)), key=lambda e: -layout.ribbons[e].width)
    parts += [_ribbon(layout.ribbons[e], picture.edges[e], picture) for e in light_first]
    parts.append("</g>")
    for node, box in zip(picture.nodes, layout.boxes, strict=True):
        parts += _bar(node, box)
    stride = layout.columns[1][1] if len(layout.columns) > 1 else layout.width
    for node, box in zip(picture.nodes, layout.boxes, strict=True):
        is_last = bool(layout.columns) and box.x == layout.columns[-1][1]
        room = (layout.width - box.x if is_last else stride) - box.width - 12
        parts += _label(node, box, picture, language, room)
    parts.append("</g>")
    foot = f"{shown_text(picture, language)}"
    parts.append(
        f'<text x="{_LEFT}" y="{height - 14:g}" fill="#4b5666" font-size="11.5">{escape(foot)}</text></svg>'
    )
    return "\n".join(parts)


def _patterns() -> str:
    """Held is striped upwards, located downwards, unknown crossed; exits and victims are plain."""
    line = '<path d="{d}" stroke="#fff" stroke-opacity="{o}" stroke-width="{w}" fill="none"/>'
    lines = {
        "located": ("M-2 2 2 -2 M0 8 8 0 M6 10 10 6", ".55", "2"),
        "held": ("M-2 6 2 10 M0 0 8 8 M6 -2 10 2", ".30", "1.2"),
        "unknown": ("M0 0 8 8 M8 0 0 8", ".55", "1.3"),
    }
    patterns = [
        f'<pattern id="p-{name}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{COLOURS[name]}"/>{line.format(d=d, o=o, w=w)}</pattern>'
        for name, (d, o, w) in lines.items()
    ]
    arrow = (
        '<marker id="p-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="#5a6880"/></marker>'
    )
    return f"<defs>{''.join(patterns)}{arrow}</defs>"


def _fill(status: str) -> str:
    return f"url(#p-{status})" if status in {"located", "held", "unknown"} else COLOURS[status]


def _heading(picture: Picture, language: str) -> list[str]:
    rule = say(f"rule_{picture.rule}", language)
    parts = [
        (
            f'<text x="{_LEFT}" y="34" font-size="19" font-weight="650" fill="#1b2536">'
            f"{escape(say('title', language))}</text>"
        ),
        (
            f'<text x="{picture.layout.width + _LEFT:g}" y="34" text-anchor="end" fill="#4b5666">'
            f"{escape(say('rule', language))}: <tspan font-weight='600' fill='#1b2536'>{escape(rule)}</tspan></text>"
        ),
    ]
    if picture.is_screening:
        warning = escape(say("screening", language))
        parts.append(f'<text x="{_LEFT}" y="58" fill="#9c2f34" font-weight="600">{warning}</text>')
    else:
        x = float(_LEFT)
        for key in ("loss", "held", "located", "exited", "unknown", "residual"):
            amount = picture.totals[key] - (picture.totals["held"] if key == "located" else 0)
            if key == "residual" and not amount:
                continue
            text = money_text(amount, picture.currency, picture.digits)
            name = say("located_free" if key == "located" else key, language)
            colour = COLOURS.get(key, "#1b2536")
            parts.append(
                f'<text x="{x:g}" y="55" fill="#4b5666" font-size="11">{escape(name)}</text>'
            )
            parts.append(
                f'<text x="{x:g}" y="73" fill="{colour}" font-size="15" font-weight="650">{escape(text)}</text>'
            )
            x += max(_width(text, 15), _width(name, 11)) + 30
    return [*parts, *_legend(language)]


def _legend(language: str) -> list[str]:
    parts, x = [], float(_LEFT)
    for key in _LEGEND:
        name = say(key, language)
        if key in {"unproved", "back"}:
            dash = ' stroke-dasharray="7 3"' if key == "unproved" else ' stroke-dasharray="2 3"'
            tip = ' marker-end="url(#p-arrow)"' if key == "back" else ""
            parts.append(f'<path d="M{x:g} 93h20" stroke="#5a6880" stroke-width="2"{dash}{tip}/>')
        else:
            fill = _fill("located" if key == "located_free" else key)
            parts.append(f'<rect x="{x:g}" y="87" width="16" height="11" rx="2" fill="{fill}"/>')
        x += 24
        parts.append(f'<text x="{x:g}" y="97" font-size="11" fill="#4b5666">{escape(name)}</text>')
        x += _width(name, 11) + 18
    return parts


def _columns(picture: Picture, language: str) -> list[str]:
    parts = []
    for column, x in picture.layout.columns:
        title = escape(column_title(picture, column, language))
        parts.append(f'<text x="{x:.1f}" y="-2" font-weight="600" fill="#4b5666">{title}</text>')
        parts.append(
            f'<path d="M{x + 6:.1f} 6V{picture.layout.height:g}" stroke="#e6eaef" stroke-dasharray="1 5"/>'
        )
    return parts


def ribbon_path(ribbon: Ribbon) -> str:
    """Return the middle line of an edge; the page's script has its twin."""
    x0, y0, x1, y1 = ribbon.x0, ribbon.y0 + _TITLE_SHIFT, ribbon.x1, ribbon.y1 + _TITLE_SHIFT
    if ribbon.route == "forward":
        middle = (x0 + x1) / 2
        return f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    if ribbon.route == "level":
        return f"M{x0:.1f} {y0:.1f}C{x0 + 52:.1f} {y0:.1f} {x1 - 52:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    lane, right, left = ribbon.lane + _TITLE_SHIFT, x0 + ribbon.offset + 6, x1 - ribbon.offset - 6
    turn = 6 if lane > y0 else -6
    back = 6 if lane > y1 else -6
    return (
        f"M{x0:.1f} {y0:.1f}H{right - 6:.1f}Q{right:.1f} {y0:.1f} {right:.1f} {y0 + turn:.1f}"
        f"V{lane - turn:.1f}Q{right:.1f} {lane:.1f} {right - 6:.1f} {lane:.1f}"
        f"H{left + 6:.1f}Q{left:.1f} {lane:.1f} {left:.1f} {lane - back:.1f}"
        f"V{y1 + back:.1f}Q{left:.1f} {y1:.1f} {left + 6:.1f} {y1:.1f}H{x1:.1f}"
    )


_TITLE_SHIFT: Final = 8
"""The bars stand a little below the titles of the columns."""


def _ribbon(ribbon: Ribbon, edge: Edge, picture: Picture) -> str:
    colour = COLOURS[status_of(picture.nodes[edge.target])]
    dash = ' stroke-dasharray="9 4"' if edge.inferred or edge.asserted else ""
    if ribbon.route == "back":
        width = min(max(ribbon.width, 0.8), 3)
        is_crowded = (
            sum(other.route == "back" for other in picture.layout.ribbons[:600]) > _BACKS_MANY
        )
        tip = "" if is_crowded else ' marker-end="url(#p-arrow)"'
        return (
            f'<path d="{ribbon_path(ribbon)}" stroke="#5a6880" stroke-opacity="{".2" if is_crowded else ".6"}"'
            f' stroke-width="{width:.2f}" stroke-dasharray="3 3"{tip}/>'
        )
    width = max(ribbon.width, 0.7)
    return (
        f'<path d="{ribbon_path(ribbon)}" stroke="{colour}" stroke-opacity=".30"'
        f' stroke-width="{width:.2f}"{dash}/>'
    )


def _bar(node: Node, box: Box) -> list[str]:
    """Return the bar: what passed in grey, and at its foot what is still there."""
    y = box.y + _TITLE_SHIFT
    status = status_of(node)
    whole = status if node.sort != "account" else "passed"
    place = f'x="{box.x:.1f}" width="{box.width:g}"'
    parts = [
        f'<rect {place} y="{y:.1f}" height="{max(box.height, 1):.1f}" rx="1.5" fill="{_fill(whole)}"/>'
    ]
    if node.sort == "account" and node.passed:
        foot = y + box.height
        for part, name in ((node.held, "held"), (node.located - node.held, "located")):
            high = box.height * part / node.passed
            if part:
                foot -= high
                parts.append(
                    f'<rect {place} y="{foot:.1f}" height="{max(high, 1):.1f}" fill="{_fill(name)}"/>'
                )
    return parts


def _label(node: Node, box: Box, picture: Picture, language: str, room: float) -> list[str]:
    if not box.lines:
        return []
    x, y = box.x + box.width + 5, box.y + box.height / 2 + _TITLE_SHIFT
    halo = 'paint-order="stroke" stroke="#fbfcfd" stroke-width="3" stroke-linejoin="round"'
    amount = (
        "" if picture.is_screening else money_text(node.passed, picture.currency, picture.digits)
    )
    name = label_of(node, language)
    first = y - 3 if box.lines == 2 and amount else y + 4
    head = fit(name, room, 12)
    parts = [
        f'<text x="{x:.1f}" y="{first:.1f}" {halo} fill="#1b2536" font-weight="600">{escape(head)}</text>'
    ]
    if box.lines == 2 and amount:
        tail = amount if _width(amount, 11) <= room else brief(node.passed, picture, language)
        # An institution cut to a letter is left away: three dots behind an amount look like a cut amount.
        if node.institution and _width(f"{tail} · 银行…", 11) <= room:
            tail = fit(f"{tail} · {node.institution}", room, 11)
        parts.append(
            f'<text x="{x:.1f}" y="{y + 10:.1f}" {halo} fill="#4b5666" font-size="11">{escape(tail)}</text>'
        )
    return parts


def brief(minor: int, picture: Picture, language: str) -> str:
    """Return an amount in few characters, rounded down, for labels where the exact one has no room."""
    whole = minor // 10**picture.digits
    steps = (
        ((10**8, "亿"), (10**4, "万"))
        if language == "zh"
        else ((10**9, "bn"), (10**6, "M"), (10**3, "k"))
    )
    for size, name in steps:
        if whole >= size:
            return f"{whole // size:,}.{whole * 10 // size % 10}{name}"
    return f"{whole:,}"


def fit(text: str, room: float, size: float) -> str:
    """Return `text`, or its beginning and an ellipsis, so that it is at most `room` wide.

    >>> fit("工商银行", 30, 10)
    '工商…'
    """
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip(" ·") + "…"


def _width(text: str, size: float) -> float:
    """Return about how wide text is: Chinese one em, capitals and digits a little over half, the rest less."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return size * (wide + 0.57 * (len(text) - wide))
