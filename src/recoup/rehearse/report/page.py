"""The page `report.html`: one file without a script that opens without network, in either language. It computes no figure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from importlib import resources

from recoup.rehearse.figures import FIGURES, Figures, Unit
from recoup.rehearse.limits import LIMITS
from recoup.rehearse.report import plots
from recoup.rehearse.report.charts import bar_chart
from recoup.rehearse.report.goals import goals_of
from recoup.rehearse.report.sweeps import Swept, sweep_charts
from recoup.rehearse.report.words import figure_name, policy_name, say, value_text
from recoup.rehearse.running import Run


def page_html(
    run: Run, scenario: str, language: str, other: str, swept: Swept | None = None
) -> str:
    """Return the page as text.

    Args:
        run: what is shown.
        scenario: how the scenario was named.
        language: zh or en.
        other: file name of the page in the other language.
        swept: what a sweep found; its plots come first.
    """
    style = (
        resources.files("recoup.rehearse.report").joinpath("assets/report.css").read_text("utf-8")
    )
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(say('title', language))} · {escape(scenario)}</title>",
        f"<style>{style}</style>\n</head>\n<body>",
        *_head(run, scenario, language, other),
        _section(
            say("headline", language), say("headline_note", language), _headline(run, language)
        ),
        _section(say("goals", language), "", _goals(run, language)),
        *_sweeps(swept, language),
        *_charts(run, language),
        *_trails(run, language),
        _section(say("table", language), _unit(run, language), _table(run, language)),
        _section(say("identities", language), "", _identities(run)),
        _section(
            say("reading", language),
            "",
            "<ul>"
            + "".join(f"<li>{escape(say(f'reading_{n}', language))}</li>" for n in range(1, 6))
            + "</ul>",
        ),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def kept_shares(run: Run) -> dict[str, float]:
    """Return what each policy and limit keeps of what is lost when nobody acts."""
    loss = max(1, int(run.reference.figures["loss"]))
    return {name: figures["kept"] / loss for name, figures in columns_of(run).items()}


def columns_of(run: Run) -> dict[str, Figures]:
    """Return the figures of every policy, then of the limits."""
    return {name: one.figures for name, one in run.results.items()} | {
        name: dict(run.limits[name]) for name in LIMITS
    }


def _section(title: str, note: str, body: str) -> str:
    soft = f'<p class="soft">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{soft}{body}</section>"


def _head(run: Run, scenario: str, language: str, other: str) -> Iterable[str]:
    country = run.country
    rows = (
        ("scenario", scenario),
        ("seed", str(run.seed)),
        (
            "country",
            say(
                "country_text",
                language,
                holders=f"{country['holders']:,}",
                accounts=f"{country['accounts']:,}",
                institutions=country["institutions"],
                payments=f"{country['scheduled_payments']:,}",
                frauds=country["frauds"],
            ),
        ),
        (
            "took",
            say(
                "took_text",
                language,
                seconds=f"{run.seconds:.1f}",
                country=f"{run.country_seconds:.1f}",
                workers=run.workers,
                memory=f"{run.memory_bytes / 2**20:,.0f}",
            ),
        ),
    )
    yield (
        f"<header><div><h1>{escape(say('title', language))}</h1>"
        f'<p class="soft">{escape(say("subtitle", language))}</p></div>'
        f'<a href="{escape(other)}">{escape(say("other_language", language))}</a></header>'
    )
    terms = "".join(
        f"<dt>{escape(say(key, language))}</dt><dd>{escape(value)}</dd>" for key, value in rows
    )
    yield f"<section><dl>{terms}</dl></section>"


def _headline(run: Run, language: str) -> str:
    bars = [
        (name, policy_name(name, language), share, f"{share:.1%}")
        for name, share in kept_shares(run).items()
    ]
    return bar_chart(bars, title=say("headline", language))


def _goals(run: Run, language: str) -> str:
    rows = []
    for goal in goals_of(run):
        state = {True: "reached", False: "missed", None: "unmeasured"}[goal.is_reached]
        rows.append(
            f"<tr><td>{escape(say(goal.key, language))}</td><td>{escape(goal.found)}</td>"
            f'<td class="{state}">{escape(say(state, language))}</td></tr>'
        )
    head = f"<tr><th></th><th>{escape(say('found', language))}</th><th></th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _sweeps(swept: Swept | None, language: str) -> Iterable[str]:
    if swept is None:
        return
    charts = sweep_charts(swept, language)
    yield from (_section(title, say("sweep_note", language), svg) for title, svg in charts)


def _charts(run: Run, language: str) -> Iterable[str]:
    charts = [
        _section(say("survival", language), "", plots.survival(run, language)),
    ]
    if any(one.report_seconds >= 0 and one.loss for one in run.reference.cases):
        note = say("binned_note", language)
        charts += [
            _section(say("by_delay", language), note, plots.by_delay(run, language)),
            _section(say("by_answer", language), note, plots.by_answer(run, language)),
        ]
    yield f'<div class="charts">{"".join(charts)}</div>'


def _trails(run: Run, language: str) -> Iterable[str]:
    names = list(dict.fromkeys((next(iter(run.results)), list(run.results)[-1])))
    for name in names:
        picture = plots.trail(run.results[name], str(run.country["currency"]), language)
        if picture:
            note = say("trail_note", language, policy=policy_name(name, language))
            body = f'<div class="trail">{picture}</div>'
            yield _section(say("trail", language), note, body)


def _unit(run: Run, language: str) -> str:
    return say("unit_money", language, currency=_currency(run, language))


def _currency(run: Run, language: str) -> str:
    currency = str(run.country["currency"])
    return "元" if language == "zh" and currency == "CNY" else currency


def _table(run: Run, language: str) -> str:
    columns = columns_of(run)
    head = "".join(
        f'<th class="{"limit-column" if name in LIMITS else ""}">{escape(policy_name(name, language))}</th>'
        for name in columns
    )
    rows = []
    for figure in FIGURES:
        cells = "".join(
            _cell(value_text(figure, one[figure.name], language), one, figure.counted_by, name)
            for name, one in columns.items()
        )
        unit = "" if figure.unit in {Unit.MONEY, Unit.COUNT} else f" · {figure.unit}"
        said = escape(figure_name(figure, language) + (unit if language == "en" else ""))
        rows.append(f'<tr><td title="{escape(figure.meaning)}">{said}</td>{cells}</tr>')
    return (
        f"<table><thead><tr><th>{escape(say('figure', language))}</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(text: str, figures: Mapping[str, float], counted_by: str, name: str) -> str:
    """Return a cell; a figure with nothing to measure shows a dash, and OUT has its 0 and the count that says so."""
    classes = ["limit-column"] if name in LIMITS else []
    if counted_by and not figures[counted_by]:
        classes.append("nothing")
        text = "–"
    return f'<td class="{" ".join(classes)}">{escape(text)}</td>'


def _identities(run: Run) -> str:
    blocks = []
    for name, result in run.results.items():
        rows = "".join(
            f"<tr><td>{escape(one.name)}</td><td>{one.left:,} {escape(one.relation)} {one.right:,}</td>"
            f'<td class="{"reached" if one.holds else "missed"}">{"✓" if one.holds else "✗"}</td></tr>'
            for one in result.identities
        )
        blocks.append(f"<details><summary>{escape(name)}</summary><table>{rows}</table></details>")
    return "".join(blocks)


__all__ = ["columns_of", "kept_shares", "page_html"]
