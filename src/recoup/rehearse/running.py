"""A rehearsal run: one country, each policy in a process of its own, figures and limits of each. It draws and writes nothing.

The country is made once and handed to the workers in a file; processes are started anew, never forked, since libraries that
keep threads do not survive a fork. The play of `none` is always made: the limits and the reference loss come from it.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from recoup.rehearse.country import Country, make_country
from recoup.rehearse.figures import (
    CaseKept,
    Figures,
    Identity,
    Step,
    appeals_of,
    cases_of,
    figures_of,
    identities_of,
    largest_case,
    late_of,
    steps_of,
    survival_of,
    truth_of,
)
from recoup.rehearse.limits import limit_figures, limits_of
from recoup.rehearse.play.totals import Totals
from recoup.rehearse.playing import play
from recoup.rehearse.policies import POLICIES, policy_of, require_unseen
from recoup.rehearse.scenario import Scenario

REFERENCE: Final = "none"
"""The policy on whose play limits and the intended loss rest."""

_LONGEST_FIRST: Final = ("full", "none", "chase", "manual", "watch", "med2", "first-hop")
"""In which order policies are begun, so that the last to end ends early; `none` is short and gives the first figures."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What is going on: shown live, kept nowhere. Money in minor units."""

    policy: str
    """Empty for the country."""
    doing: str
    """`making`, `playing`, `counting`, `done`."""
    share: float = 0.0
    """Of the simulated days."""
    payments: int = 0
    reports: int = 0
    orders: int = 0
    held: int = 0
    intercepted: int = 0
    averted: int = 0
    returned: int = 0


Told = Callable[[Beat], None]


@dataclass(frozen=True, slots=True)
class Place:
    """An account as a picture names it."""

    id: str
    institution: str
    is_end: bool
    """Stolen money that comes here has left: outside, or to somebody in good faith."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one policy made of a country."""

    policy: str
    figures: Figures
    identities: tuple[Identity, ...]
    cases: tuple[CaseKept, ...]
    survival: tuple[float, ...]
    payments: int
    failed_late: int
    memory_bytes: int
    """The most that its process ever had."""
    limits: Mapping[str, Figures] | None = None
    """Of the play of `none`."""
    limit_kept: Mapping[str, Mapping[int, int]] | None = None
    """The same, by limit and fraud, what it keeps."""
    way: tuple[Step, ...] = ()
    """Of the money of the fraud with the largest loss."""
    places: Mapping[int, Place] = field(default_factory=dict)
    """The accounts on that way, by number."""
    late: tuple[str, ...] = ()
    """Accounts of innocent holders who objected and of whom something was held beyond the appeal clock."""


@dataclass(frozen=True, slots=True)
class Run:
    """A whole rehearsal of one scenario and seed."""

    scenario: Scenario
    seed: int
    country: Mapping[str, int | str]
    """What was made, in numbers."""
    results: Mapping[str, Result]
    """By policy, in the order that was asked for."""
    limits: Mapping[str, Figures]
    reference: Result
    """Of `none`, whether it was asked for or not."""
    country_seconds: float
    seconds: float
    memory_bytes: int
    """Of all processes together, the most of each."""
    workers: int

    @property
    def failures(self) -> tuple[tuple[str, Identity], ...]:
        """Return identities that do not hold, with their policy."""
        return tuple(
            (name, one)
            for name, result in self.results.items()
            for one in result.identities
            if not one.holds
        )


def known_policies() -> tuple[str, ...]:
    """Return the names that `all` stands for, in the order of the pages."""
    order = ("none", "first-hop", "manual", "med2", "chase", "watch", "full")
    return tuple(name for name in order if name in POLICIES)


def rehearse(
    scenario: Scenario,
    seed: int,
    policies: Sequence[str],
    *,
    workers: int | None = None,
    told: Told = lambda _: None,
) -> Run:
    """Make a country and let every policy play it.

    Args:
        scenario: what the country is like.
        seed: of everything that is drawn.
        policies: names of `POLICIES`.
        workers: processes; 0 plays in this one, None takes as many as there are cores and policies.
        told: hears what is going on, from another thread.

    Raises:
        KeyError: no policy has such a name.
        ScenarioFault: the model of a policy was trained on the country of this seed.
        AssertionError: books do not balance.
    """
    for name in policies:
        POLICIES[name]  # refuses unknown names before a country is made
    require_unseen(scenario, policies, (seed,))
    began = time.monotonic()
    asked = tuple(dict.fromkeys((REFERENCE, *policies)))
    count = min(workers if workers is not None else os.cpu_count() or 1, len(asked))
    with ExitStack() as stack:
        plays = _Workers(stack, count, told) if count else None
        told(Beat("", "making"))
        country = make_country(scenario, seed)
        country_seconds = time.monotonic() - began
        told(Beat("", "done"))
        found = (
            plays.results(country, scenario, asked)
            if plays is not None
            else [run_policy(country, scenario, name, told) for name in asked]
        )
    by_name = {result.policy: result for result in found}
    reference = by_name[REFERENCE]
    assert reference.limits is not None, "limits come with the play of none"
    return Run(
        scenario=scenario,
        seed=seed,
        country=_described(country),
        results={name: by_name[name] for name in policies},
        limits=reference.limits,
        reference=reference,
        country_seconds=country_seconds,
        seconds=time.monotonic() - began,
        memory_bytes=_memory_bytes() + (plays.memory_bytes(found) if plays is not None else 0),
        workers=count,
    )


def run_policy(country: Country, scenario: Scenario, name: str, told: Told) -> Result:
    """Play one policy in this process and count."""

    def progress(totals: Totals) -> None:
        told(_beat(totals, "playing"))

    policy = policy_of(name, scenario, country.seed)
    played = play(country, policy, scenario, progress=progress)
    told(Beat(name, "counting", 1.0))
    truth = truth_of(played)
    clock_us = scenario.centre.appeal_clock
    figures = figures_of(played, truth, clock_us)
    limits = limit_kept = None
    if name == REFERENCE:
        began = time.monotonic()
        bounds = limits_of(played)
        limits = limit_figures(played, bounds, time.monotonic() - began)
        limit_kept = {
            key: {number: one.kept for number, one in by_fraud.items()}
            for key, by_fraud in (
                ("instant", bounds.instant),
                ("latency_bound", bounds.latency_bound),
            )
        }
    way = steps_of(played, truth, largest_case(truth))
    told(
        Beat(
            name,
            "done",
            1.0,
            played.payments,
            int(figures["reports"]),
            int(figures["orders"]),
            int(figures["stopped_net"]),
            int(figures["intercepted_amount"]),
            int(figures["averted_amount"]),
            int(figures["returned"]),
        )
    )
    return Result(
        policy=name,
        figures=figures,
        identities=identities_of(played, truth, figures),
        cases=cases_of(played, truth),
        survival=survival_of(truth),
        payments=played.payments,
        failed_late=played.failed_late,
        memory_bytes=_memory_bytes(),
        limits=limits,
        limit_kept=limit_kept,
        way=way,
        places=_places(country, way),
        late=tuple(
            country.accounts.id[one] for one in late_of(appeals_of(played, truth), clock_us)
        ),
    )


def _places(country: Country, way: Sequence[Step]) -> dict[int, Place]:
    accounts, ends = country.accounts, ~country.is_criminal
    return {
        account: Place(
            accounts.id[account],
            country.institutions[int(accounts.institution[account])].name,
            bool(ends[account]),
        )
        for account in sorted({side for step in way for side in (step.payer, step.payee)})
    }


def _beat(totals: Totals, doing: str) -> Beat:
    span = max(1, totals.end_us - totals.begin_us)
    return Beat(
        totals.policy,
        doing,
        min(1.0, (totals.now_us - totals.begin_us) / span),
        totals.payments,
        totals.reports,
        totals.orders,
        totals.held,
        totals.intercepted,
        totals.averted,
        totals.returned,
    )


class _Workers:
    """Processes that start while the country is still being made: importing takes them a second or two."""

    def __init__(self, stack: ExitStack, count: int, told: Told) -> None:
        context = get_context("spawn")
        self._folder = Path(stack.enter_context(TemporaryDirectory(prefix="recoup-rehearse-")))
        self._beats: Queue[Beat | None] = context.Queue()
        self._pool = stack.enter_context(
            ProcessPoolExecutor(
                count, mp_context=context, initializer=_begin, initargs=(self._beats,)
            )
        )
        for _ in range(count):
            self._pool.submit(_ready)
        hearing = Thread(target=self._hear, args=(told,), daemon=True)
        hearing.start()
        stack.callback(hearing.join, 5.0)
        stack.callback(self._beats.put, None)

    def results(self, country: Country, scenario: Scenario, names: Sequence[str]) -> list[Result]:
        """Return each policy's result in the order of the names."""
        path = self._folder / "country"
        with path.open("wb") as file:
            pickle.dump((country, scenario), file, protocol=5)
        order = sorted(names, key=_rank)
        futures: dict[Future[Result], str] = {
            self._pool.submit(_work, str(path), name): name for name in order
        }
        found = {futures[one]: one.result() for one in as_completed(futures)}
        return [found[name] for name in names]

    @staticmethod
    def memory_bytes(found: Sequence[Result]) -> int:
        """Return the most of the workers, as many as there can have been at once."""
        return sum(sorted((one.memory_bytes for one in found), reverse=True)[:2])

    def _hear(self, told: Told) -> None:
        while (beat := self._beats.get()) is not None:
            told(beat)


def _rank(name: str) -> int:
    return _LONGEST_FIRST.index(name) if name in _LONGEST_FIRST else len(_LONGEST_FIRST)


_BEATS: list[Queue[Beat | None]] = []
"""Of this worker: where it tells what it does."""


def _begin(beats: Queue[Beat | None]) -> None:
    _BEATS.append(beats)


def _ready() -> None:
    """Do nothing: the process is there, with everything imported, when there is work."""


@lru_cache(maxsize=1)
def _loaded(path: str) -> tuple[Country, Scenario]:
    with Path(path).open("rb") as file:
        loaded: tuple[Country, Scenario] = pickle.load(file)  # noqa: S301 - written by the process that started us
        return loaded


def _work(path: str, name: str) -> Result:
    country, scenario = _loaded(path)
    return run_policy(country, scenario, name, _BEATS[0].put)


def _memory_bytes() -> int:
    """Return the most memory that this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _described(country: Country) -> dict[str, int | str]:
    return {
        "institutions": len(country.institutions),
        "accounts": len(country.accounts),
        "holders": len(set(country.accounts.holder.tolist()) - {-1}),
        "scheduled_payments": len(country.schedule),
        "frauds": len(country.frauds),
        "to_be_paid": sum(fraud.loss_minor for fraud in country.frauds),
        "currency": country.currency,
        "timezone": country.timezone,
        "begin_us": country.begin_us,
        "end_us": country.end_us,
    }


__all__ = [
    "REFERENCE",
    "Beat",
    "Place",
    "Result",
    "Run",
    "Told",
    "known_policies",
    "rehearse",
    "run_policy",
]
