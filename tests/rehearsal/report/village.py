"""A village: the smallest country of a scenario in which frauds still differ; a run of it takes a second or two."""

from __future__ import annotations

from functools import cache

from recoup.rehearse.running import Run, rehearse
from recoup.rehearse.scenario import Scenario, scenario_of

TEXT = """
[country]
people = 3000
days = 2
[launderers]
mules = 200
runners = 60
shells = 12
[frauds]
count = 12
"""


def village() -> Scenario:
    return scenario_of(TEXT)


@cache
def run_of_village() -> Run:
    """Return one run, made once a process."""
    return rehearse(village(), 1, ("none", "med2"), workers=0)
