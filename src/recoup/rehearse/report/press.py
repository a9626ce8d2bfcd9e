"""The press table: one page in the terms in which a ministry reports, beside MED 2.0 and the limits of each case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from recoup.paper.printing import printed
from recoup.rehearse.figures import FIGURES
from recoup.rehearse.limits import LIMITS
from recoup.rehearse.report.goals import goals_of
from recoup.rehearse.report.page import columns_of, kept_shares
from recoup.rehearse.report.words import amount_text, figure_name, policy_name, say, value_text
from recoup.rehearse.running import Run

ROWS: Final = (
    *("reports", "reported", "stopped_gross", "stopped_net"),
    *("intercepted_accounts", "intercepted_amount", "dissuaded_victims", "averted_amount", "kept"),
    *("frozen", "returned", "returned_share_of_frozen", "days_to_return_p50", "left", "at_large"),
    *("innocent_accounts_held", "innocent_amount_held_peak", "innocent_release_hours_p50"),
    *("held_over_loss_max", "seconds_to_first_stop_p50", "seconds_per_hop_p50", "hops_max"),
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US: Final = 86_400_000_000


def press_pdf(run: Run, scenario: str, language: str) -> bytes:
    """Return one page of PDF/A; the same run gives the same bytes, since its time is the end of the simulated days."""
    country = run.country
    begin, end = int(country["begin_us"]), int(country["end_us"])
    columns = columns_of(run)
    shares = kept_shares(run)
    by_name = {one.name: one for one in FIGURES}
    unit = "元" if language == "zh" and country["currency"] == "CNY" else str(country["currency"])
    wan = "万" if language == "zh" else " million"
    loss = amount_text(int(run.reference.figures["loss"]), language)
    stake = f"{loss}{wan}{unit}" if language == "zh" else f"{unit} {loss}{wan}"
    rows = [
        [
            figure_name(by_name[name], language),
            *(_text(name, one, by_name[name].counted_by, language) for one in columns.values()),
        ]
        for name in ROWS
    ]
    goals = [
        [
            say(goal.key, language),
            goal.found,
            say({True: "reached", False: "missed", None: "unmeasured"}[goal.is_reached], language),
            {True: "good", False: "bad", None: "quiet"}[goal.is_reached],
        ]
        for goal in goals_of(run)
    ]
    content = {
        "title": say("press_title", language),
        "author": "recoup",
        "lang": language,
        "footer": f"{say('press_foot', language)} · {scenario} · {say('seed', language)} {run.seed}",
        "lead": say(
            "press_lead",
            language,
            days=(end - begin) // DAY_US,
            holders=f"{country['holders']:,}",
            frauds=country["frauds"],
            loss=stake,
        ),
        "unit": say("unit_money", language, currency=unit),
        "heads": [say("figure", language), *(policy_name(name, language) for name in columns)],
        "limits": len(LIMITS),
        "shares": [
            say("headline", language),
            *(f"{shares[name]:.1%}" for name in columns),
        ],
        "rows": rows,
        "goals_title": say("goals", language),
        "goals": goals,
        "notes": [say(f"reading_{n}", language) for n in (1, 2, 4, 5)],
    }
    return printed("rehearsal.typ", content, _EPOCH + timedelta(microseconds=end))


def _text(name: str, figures: dict[str, int | float], counted_by: str, language: str) -> str:
    if counted_by and not figures[counted_by]:
        return "–"
    figure = next(one for one in FIGURES if one.name == name)
    return value_text(figure, figures[name], language)


__all__ = ["ROWS", "press_pdf"]
