"""What a run's plots show: cases in groups, sweeps with intervals, survival, and the trail of the largest case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from recoup.evidence import picture_of, picture_svg
from recoup.records.kinds import KINDS
from recoup.rehearse.figures import SURVIVAL_SECONDS, CaseKept
from recoup.rehearse.report.charts import Line, line_chart
from recoup.rehearse.report.words import duration_words, policy_name, say
from recoup.rehearse.running import Result, Run
from recoup.tracing import trace

GROUPS = 6
"""Groups of cases, of about equal number, that a plot shows at most."""

_ACCOUNTS_DRAWN = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def by_delay(run: Run, language: str) -> str:
    """Return kept shares against report delay, from this run's cases in groups."""
    return _grouped(
        run, lambda one: one.report_seconds, say("by_delay", language), "delay_axis", language
    )


def by_answer(run: Run, language: str) -> str:
    """Return kept shares against the first institution's answer time, from this run's cases in groups."""
    return _grouped(
        run, lambda one: one.answer_seconds, say("by_answer", language), "answer_axis", language
    )


def _grouped(
    run: Run, key: Callable[[CaseKept], float], title: str, axis: str, language: str
) -> str:
    """Return a chart over groups of reported cases, ordered by `key` of the play in which nobody acts."""
    cases = sorted(
        (one for one in run.reference.cases if one.report_seconds >= 0 and one.loss),
        key=lambda one: (key(one), one.fraud),
    )
    count = min(GROUPS, max(1, len(cases) // 5))
    groups = [cases[len(cases) * n // count : len(cases) * (n + 1) // count] for n in range(count)]
    groups = [group for group in groups if group]
    kept: dict[str, Mapping[int, int]] = {
        name: {one.fraud: one.kept + one.averted for one in result.cases}
        for name, result in run.results.items()
    }
    kept |= run.reference.limit_kept or {}
    lines = [
        Line(
            name,
            policy_name(name, language),
            [(_middle(group, key), _share(group, by_fraud)) for group in groups],
        )
        for name, by_fraud in kept.items()
        if name != "none"
    ]
    middles = [_middle(group, key) for group in groups]
    ticks = [(x, duration_words(x, language)) for x in middles]
    return line_chart(lines, ticks, title=title, x_label=say(axis, language))


def _middle(group: Sequence[CaseKept], key: Callable[[CaseKept], float]) -> float:
    return key(group[len(group) // 2])


def _share(group: Sequence[CaseKept], kept: Mapping[int, int]) -> float:
    loss = sum(one.loss for one in group)
    return sum(kept.get(one.fraud, 0) for one in group) / loss


def survival(run: Run, language: str) -> str:
    """Return, for each policy, the share of stolen money that has not left so long after the theft."""
    lines = [
        Line(
            name,
            policy_name(name, language),
            list(zip(map(float, SURVIVAL_SECONDS), result.survival, strict=True)),
        )
        for name, result in run.results.items()
    ]
    ticks = [
        (float(seconds), duration_words(seconds, language) if seconds else "0")
        for seconds in SURVIVAL_SECONDS
    ]
    return line_chart(
        lines, ticks, title=say("survival", language), x_label=say("survival_axis", language)
    )


def trail(result: Result, currency: str, language: str) -> str:
    """Return the picture of the largest case's money under a policy; empty where nothing was stolen.

    The rows are only what they carried of that money, so that a trace of them is that money's own way.
    """
    if not result.way:
        return ""
    names = _names(result)
    rows = pl.DataFrame(
        {
            "id": [f"r{n}" for n in range(len(result.way))],
            "time": [_EPOCH + timedelta(microseconds=one.time_us) for one in result.way],
            "sequence": list(range(len(result.way))),
            "payer": [names[one.payer] for one in result.way],
            "payee": [names[one.payee] for one in result.way],
            "amount": [one.amount for one in result.way],
            "currency": [currency] * len(result.way),
            "kind": ["transfer" if one.is_disputed else KINDS[one.kind] for one in result.way],
        }
    )
    disputed = [n for n, one in enumerate(result.way) if one.is_disputed]
    claims = pl.DataFrame(
        {
            "claim": [f"c{n}" for n in disputed],
            "victim": ["V"] * len(disputed),
            "transfer": [f"r{n}" for n in disputed],
        }
    )
    ends = sorted(names[n] for n, place in result.places.items() if place.is_end)
    found = trace(rows, claims, terminal=ends)
    return picture_svg(picture_of(found, "fifo", accounts_max=_ACCOUNTS_DRAWN), language)


def _names(result: Result) -> dict[int, str]:
    """Return short names of the accounts on the way: institution and last digits, all digits where those would be two's.

    Without a blank: reading drops those of account names, and an exit would not be known by its name any more.
    """
    short = {n: f"{place.institution}-{place.id[-4:]}" for n, place in result.places.items()}
    several = {name for name, count in Counter(short.values()).items() if count > 1}
    return {
        n: f"{result.places[n].institution}-{result.places[n].id}" if name in several else name
        for n, name in short.items()
    }


__all__ = ["GROUPS", "by_answer", "by_delay", "survival", "trail"]
