"""`recoup bench play`: simulated payments a second, whole plays, one thread. Not a test.

What it stands for: the loop of a rehearsal. `none` is books, victims and launderers alone; `shown` hands every payment to a
policy that lets all go on, so that the difference is what showing costs; named policies play as in a rehearsal, training
included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import numpy as np

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.rehearse.country import Country, make_country
from recoup.rehearse.play.ports import Judgements, Policy
from recoup.rehearse.playing import play
from recoup.rehearse.policies import POLICIES, policy_of
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import Scenario
from recoup.watch.state import Payments

SHOWN: Final = "shown"


class _Shown(NonePolicy):
    """Is shown every payment, and lets all go on."""

    judges = True

    def judge(self, payments: Payments) -> Judgements:
        """Let them go on."""
        count = len(payments)
        nothing = np.zeros(count, np.int64)
        return Judgements(np.zeros(count, np.int8), nothing, nothing - 1)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    people: int = 200_000
    frauds: int = 300
    policies: Sequence[str] = ("none", SHOWN)
    rounds: int = 3
    seed: int = 1

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a moment, to see that the bench works; its figures say nothing."""
        return cls(people=600, frauds=4, rounds=1)

    def scenario(self) -> Scenario:
        """Return the default city in this size."""
        scenario = Scenario()
        people, part = self.people, self.frauds / scenario.frauds.count
        terms = scenario.launderers
        mules, runners = max(60, int(terms.mules * part)), max(40, int(terms.runners * part))
        return replace(
            scenario,
            country=replace(scenario.country, people=people),
            frauds=replace(scenario.frauds, count=self.frauds),
            launderers=replace(
                terms, mules=mules, runners=runners, shells=max(8, int(terms.shells * part))
            ),
        )


def bench_play(plan: Plan, tell: Tell) -> Report:
    """Return the rows: the country in seconds, then payments a second by policy.

    Raises `KeyError` for a policy that there is not.
    """
    for name in plan.policies:
        if name != SHOWN:
            POLICIES[name]
    tell("making the country")
    scenario = plan.scenario()
    begin = perf_counter()
    country = make_country(scenario, plan.seed)
    rows = [Row("country", perf_counter() - begin, "s", rss_mb=resident_mb())]
    for name in plan.policies:
        tell(f"playing {name}")
        rows.append(_rates(plan, scenario, country, name))
    return Report(describe_machine(), tuple(rows))


def _rates(plan: Plan, scenario: Scenario, country: Country, name: str) -> Row:
    """Return attempts a second of whole plays; the first round loads kernels and is not counted, unless it is the only one."""
    rates: list[float] = []
    for _ in range(plan.rounds + (plan.rounds > 1)):
        policy: Policy = _Shown() if name == SHOWN else policy_of(name, scenario, plan.seed)
        played = play(country, policy, scenario)
        rates.append(played.payments / played.seconds)
    counted = rates[1:] or rates
    p50, p99 = (float(x) for x in np.percentile(counted, [50, 1]))
    return Row(f"play_{name}", max(counted), "payments/s", p50, p99, rss_mb=resident_mb())


__all__ = ["SHOWN", "Plan", "bench_play"]
