"""The plots of a sweep: what each policy keeps as one term changes, with intervals over seeds."""

from __future__ import annotations

from recoup.rehearse.report.charts import Line, line_chart
from recoup.rehearse.report.words import policy_name, say
from recoup.rehearse.sweeping import Swept


def sweep_charts(swept: Swept, language: str) -> list[tuple[str, str]]:
    """Return (title, chart) for every term: the other terms at the first of their values."""
    out = []
    for place, term in enumerate(swept.terms):
        values = [
            one
            for one in swept.values()
            if all(
                at == place or value == swept.terms[at].values[0] for at, value in enumerate(one)
            )
        ]
        title = say("sweep", language, term=term.name)
        lines = []
        for name in swept.policies:
            shares = [swept.share(one, name) for one in values]
            # Values are drawn in their order at even distance: a term need not be a number.
            at = [float(10**n - 1) for n in range(len(shares))]
            lines.append(
                Line(
                    name,
                    policy_name(name, language),
                    [(x, one.mean) for x, one in zip(at, shares, strict=True)],
                    [
                        (x, one.low, one.high)
                        for x, one in zip(at, shares, strict=True)
                        if one.seeds > 1
                    ],
                )
            )
        ticks = [(float(10**n - 1), one[place]) for n, one in enumerate(values)]
        out.append((title, line_chart(lines, ticks, title=title, x_label=term.name)))
    return out


__all__ = ["Swept", "sweep_charts"]
