"""One policy plays one country: the engine, the victims and their launderers put together. Everything else is in those."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from recoup.care import Step
from recoup.rehearse.country import Country
from recoup.rehearse.laundering import Crew, Places, Weights, chosen, learned, plan_of
from recoup.rehearse.play.books import Books
from recoup.rehearse.play.engine import Play
from recoup.rehearse.play.played import CLOCKS_US, Played
from recoup.rehearse.play.ports import Attempt, Paid, Policy
from recoup.rehearse.play.totals import Progress
from recoup.rehearse.play.victims import Heeded, Victim, Victims
from recoup.rehearse.scenario import Scenario

_COLLECTED: Final = (200_000, 20, 100)
"""Values made between two looks for cycles among the newest, and so many looks between those among older and oldest ones."""


def play(
    country: Country,
    policy: Policy,
    scenario: Scenario | None = None,
    *,
    weights: Weights | None = None,
    progress: Progress | None = None,
    books: Books | None = None,
) -> Played:
    """Play a country through under a policy, and let the policy's clocks run out after it.

    `weights` are what an adaptive launderer learned against this policy; None: what ships with the package, and where nobody
    met such a policy yet, it chooses evenly. `progress` is called about ten times a second. Raises `AssertionError` where the
    books do not balance.
    """
    began = time.monotonic()
    scenario = scenario or Scenario()
    stage = Play(country, policy, books=books, progress=progress)
    _people(stage, scenario, weights or learned(policy.name))
    with _collected_seldom():
        policy.begin(stage)
        stage.run()
        stage.settle_up(country.end_us + CLOCKS_US)
    return Played(
        policy=policy.name,
        country=country,
        ledger=stage.books.ledger(),
        happened=tuple(stage.happened),
        balances=stage.books.balances(),
        seconds=time.monotonic() - began,
        payments=stage.payments,
        unbooked=stage.unbooked(),
        failed_late=stage.failed_late,
    )


@contextmanager
def _collected_seldom() -> Iterator[None]:
    """Look for cycles among values seldom, and not among those of before: a play makes millions of values and few cycles."""
    before, is_ours = gc.get_threshold(), not gc.get_freeze_count()
    if is_ours:
        gc.freeze()
    gc.set_threshold(*_COLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if is_ours:
            gc.unfreeze()


def heeded(scenario: Scenario) -> Heeded:
    """Return which share of victims heeds what, as a scenario says."""
    terms = scenario.watch
    return {
        Step.MESSAGE: terms.warning_heeded,
        Step.CALL: terms.call_heeded,
        Step.VISIT: terms.visit_heeded,
    }


def _people(stage: Play, scenario: Scenario, weights: Weights | None) -> None:
    """Put victims and crews on the stage, in the order of the frauds."""
    country, places, shares = stage.country, Places.of(stage.country), heeded(scenario)
    victims, street = Victims(stage), _Holders(stage)
    crews: dict[int, list[Crew]] = {}
    for fraud in country.frauds:
        plan = plan_of(chosen(fraud, weights), scenario.planted.patterns)
        crew = Crew(street, fraud, scenario.launderers, places, plan)
        victim = Victim(stage, fraud, crew, shares)
        victims.add(fraud, victim)
        victim.begin()
        for account in sorted(set(fraud.crew)):
            crews.setdefault(account, []).append(crew)

    def noticed(account: int) -> None:
        for crew in crews.get(account, ()):
            crew.noticed(account)

    stage.books.on_block = noticed


class _Holders:
    """Implements `Street` over a play: what holders see, and nothing after the end."""

    def __init__(self, stage: Play) -> None:
        self._stage = stage
        self._end_us = stage.country.end_us

    @property
    def country(self) -> Country:
        """Return where they are."""
        return self._stage.country

    @property
    def now_us(self) -> int:
        """Return the present instant."""
        return self._stage.now_us

    def balance(self, account: int) -> int:
        """Return what lies on an account."""
        return self._stage.books.balance(account)

    def at(self, time_us: int, act: Callable[[], None]) -> None:
        """Do something at an instant before the end, one that is kept as exactly as other payments' times."""
        if (kept_us := self._stage.country.kept_us(time_us)) < self._end_us:
            self._stage.at(kept_us, act)

    def pay(self, attempt: Attempt) -> Paid:
        """Try to pay now."""
        return self._stage.pay(attempt)


__all__ = ["CLOCKS_US", "heeded", "play"]
