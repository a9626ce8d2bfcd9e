"""What the default city is to show, checked on a run: each goal is reached, missed, or not measured. None is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recoup.rehearse.figures import Due, Figures, GivenBack
from recoup.rehearse.running import Run


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal and what a run says of it."""

    key: str
    """Of the words."""
    is_reached: bool | None
    """None: the policies that it is about were not run."""
    found: str
    """The number that decides, as text; empty where there is none."""


def goals_of(run: Run) -> tuple[Goal, ...]:
    """Return every goal, in the order of the pages."""
    figures = {name: one.figures for name, one in run.results.items()}
    bound = run.limits["latency_bound"]
    ours = figures.get("full")
    return (
        _ratio("goal_bound", ours, bound, 0.95),
        _ratio("goal_med2", ours, figures.get("med2"), 2.0),
        _at_most(
            "goal_entitlement",
            {n: f["held_over_loss_max"] for n, f in figures.items() if n in _OURS},
            1,
        ),
        _innocent(ours),
        _released(run),
        _returned(run),
        Goal(
            "goal_identities",
            not run.failures,
            f"{sum(len(one.identities) for one in run.results.values())}",
        ),
    )


_NAMED_MOST: Final = 12
"""Frauds or accounts that a goal names; `cases.csv` has all frauds."""
_SIGNS: Final = {Due.OPEN: "×", Due.LATE: "+", Due.NOT_YET: "…"}
"""What did not come back, what came late, and what was frozen too short a time to tell; the words say which is which."""
_OURS = ("first-hop", "manual", "chase", "watch", "full")


def _ratio(key: str, ours: Figures | None, other: Figures | None, least: float) -> Goal:
    if ours is None or other is None or not other["kept"]:
        return Goal(key, None, "")
    share = ours["kept"] / other["kept"]
    return Goal(key, share >= least, f"{share:.1%}" if least < 1 else f"{share:.2f} ×")


def _at_most(key: str, values: Mapping[str, float], most: float) -> Goal:
    if not values:
        return Goal(key, None, "")
    worst = max(values, key=lambda name: values[name])
    return Goal(key, values[worst] <= most, f"{values[worst]:.3f} ({worst})")


def _innocent(ours: Figures | None) -> Goal:
    if ours is None or not ours["stopped_net"]:
        return Goal("goal_innocent", None, "")
    share = ours["innocent_amount_held_peak"] / ours["stopped_net"]
    return Goal("goal_innocent", share <= 0.01, f"{share:.2%}")


def _released(run: Run) -> Goal:
    """Whether every innocent holder who objected was free within the appeal clock; accounts of which not are named."""
    ours = next((run.results[name] for name in ("full", "chase") if name in run.results), None)
    if ours is None or not ours.figures["innocent_appeals"]:
        return Goal("goal_appeal", None, "")
    filed, late = (int(ours.figures[f"innocent_appeals{end}"]) for end in ("", "_late"))
    found = [f"{filed - late}/{filed}", *_named(ours.late)]
    return Goal("goal_appeal", not late, " ".join(found))


def _named(names: Sequence[str]) -> list[str]:
    return [*names[:_NAMED_MOST], *["…"][: len(names) > _NAMED_MOST]]


def _returned(run: Run) -> Goal:
    """Whether everything directly traceable came back in time, to the minor unit; if not, why, by the frauds' numbers."""
    ours = next((run.results[name] for name in ("full", "chase") if name in run.results), None)
    cases = [one for one in ours.cases if one.traceable] if ours else []
    if not cases:
        return Goal("goal_return", None, "")
    notice_days = run.scenario.returns.notice_days
    by_due: dict[Due, list[int]] = {due: [] for due in Due}
    for one in cases:
        back = GivenBack(one.traceable, one.returned, one.days_to_return, one.waited_days)
        by_due[back.due(notice_days)].append(one.fraud)
    share = sum(one.returned for one in cases) / sum(one.traceable for one in cases)
    found = [f"{share:.1%}; {len(by_due[Due.IN_TIME])}/{len(cases)}"]
    for due, sign in _SIGNS.items():
        if frauds := by_due[due]:
            found.append(" ".join([sign, *_named([f"#{number}" for number in frauds])]))
    is_reached = not (by_due[Due.OPEN] or by_due[Due.LATE])
    return Goal("goal_return", is_reached, "; ".join(found))


__all__ = ["Goal", "goals_of"]
