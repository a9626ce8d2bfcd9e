"""Payers who are likely being defrauded are spoken to: leads of the watch, one dissuasion a payer, steps with their limits.

The real rules of `recoup.care`. Who is spoken to and whether that helped is the play's to say; no truth is read here.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from recoup.care import OPEN_DISSUASIONS, Dissuasion, Lead, LeadSource, RiskGrade, Step
from recoup.care.dissuading import (
    DissuasionCommand,
    DissuasionJoined,
    DissuasionMoved,
    DissuasionOpened,
    DissuasionOutcome,
    NoteContact,
    SettleDissuasion,
    TakeLead,
    decide_dissuasion,
    evolve_dissuasion,
    take_lead,
)
from recoup.care.refusals import CareRefusal
from recoup.clock import instant_of
from recoup.rehearse.guard.terms import GuardTerms
from recoup.rehearse.play.ports import Stage
from recoup.watch.decision import Action

GRADES: Final = {
    Action.WARN: RiskGrade.LOW,
    Action.DELAY: RiskGrade.MIDDLE,
    Action.HOLD: RiskGrade.HIGH,
    Action.REFUSE: RiskGrade.HIGH,
}
"""How near the loss is, by what was done with the payment."""
_STAFF: Final = "dissuasion-desk"
_SECOND: Final = 1_000_000


class Desk:
    """Who calls or visits: as many as a share of those who are due, and of these the ones with most at stake so far."""

    def __init__(self, share: float) -> None:
        """Begin with nobody who was due."""
        self._share = share
        self._stakes: list[int] = []
        self._made = 0

    def takes(self, stake: int) -> bool:
        """Return whether one who is due now is spoken to, by what is expected to be lost; minor units.

        It is among the highest share of all that were due until now, and no more than that share is ever made, but for one.
        """
        insort(self._stakes, stake)
        due = len(self._stakes)
        higher = due - bisect_right(self._stakes, stake)
        is_made = higher < self._share * due and self._made <= self._share * due
        self._made += is_made
        return is_made


class Warnings:
    """All dissuasions of a play."""

    def __init__(self, stage: Stage, terms: GuardTerms, withdraw: Callable[[int], int]) -> None:
        """Begin without any; `withdraw` takes back what waits of a payer and says how much that was."""
        self._stage, self._terms, self._withdraw = stage, terms.care, withdraw
        self._reach = terms.reach_seconds
        self._desks = {Step.CALL: Desk(terms.called), Step.VISIT: Desk(terms.visited)}
        self._stakes: dict[str, int] = {}
        """By task, what is expected to be lost of all that its leads are about."""
        self.tasks: dict[str, Dissuasion] = {}
        self._running: dict[int, str] = {}
        self._leads = 0

    def lead(
        self, payer: int, amount: int, done: Action, time_us: int, stake: int | None = None
    ) -> None:
        """Take a lead about a payer: the warning on screen is its message; call and visit follow as its grade has them.

        `stake` is what is expected to be lost, in minor units; None: all of the amount.
        """
        country, now = self._stage.country, instant_of(time_us)
        self._leads += 1
        name, institution = f"lead-{self._leads}", country.accounts.institution[payer]
        account = country.accounts.id[payer]
        lead = Lead(
            id=name,
            source=LeadSource.WATCH,
            system="watch",
            foreign=name,
            unit="centre",
            institution=country.institutions[institution].name,
            key=account,
            accounts=(account,),
            grade=GRADES[done],
            currency=country.currency,
            amount=amount,
            reason=f"payment: {done.name.lower()}",
            seen_at=now,
            expires_at=now + timedelta(seconds=self._terms.lead_seconds_max),
            taken_by=_STAFF,
        )
        running = self.tasks.get(self._running.get(payer, ""))
        if running is not None and running.state not in OPEN_DISSUASIONS:
            running = None
        task = running.id if running is not None else f"dissuasion-{self._leads}"
        found = take_lead(TakeLead(lead, task), None, running, now, self._terms)
        if isinstance(found, CareRefusal):
            return  # as many leads as a task takes: it is high already
        for event in found:
            if isinstance(event, DissuasionOpened):
                self.tasks[task], self._running[payer] = event.dissuasion, task
            elif isinstance(event, DissuasionJoined):
                self.tasks[task] = evolve_dissuasion(self.tasks[task], event)
        self._stakes[task] = self._stakes.get(task, 0) + (amount if stake is None else stake)
        if running is None:
            self._do(task, NoteContact(task, Step.MESSAGE, is_reached=True, by=_STAFF), time_us)
        self._plan(task, payer)

    def _do(self, task: str, command: DissuasionCommand, time_us: int) -> None:
        one = self.tasks[task]
        found = decide_dissuasion(one, command, instant_of(time_us), self._terms)
        assert not isinstance(found, CareRefusal), (command, found)
        for event in found:
            assert isinstance(event, DissuasionMoved), event
            one = evolve_dissuasion(one, event)
        self.tasks[task] = one

    def _plan(self, task: str, payer: int) -> None:
        """Have the step made that is due, within its limit."""
        one = self.tasks[task]
        if one.state not in OPEN_DISSUASIONS or one.due_at is None:
            return
        contacts = len(one.contacts)
        now = self._stage.now_us
        due_us = now + (one.due_at - instant_of(now)) // timedelta(microseconds=1)
        step_us = self._reach * _SECOND * (1 if contacts == 1 else 12)
        self._stage.at(
            max(now, min(due_us, now + step_us)), lambda: self._speak(task, payer, contacts)
        )

    def _speak(self, task: str, payer: int, contacts: int) -> None:
        """Make the step that is due: call, then visit."""
        one, now = self.tasks[task], self._stage.now_us
        if one.state not in OPEN_DISSUASIONS or len(one.contacts) != contacts:
            return
        if one.due_at is None:
            return
        step = Step.CALL if one.state.value == "to_call" else Step.VISIT
        if not self._desks[step].takes(self._stakes[task]):
            return  # as many as the desk can; the step's limit passes, and the task ends by itself
        heeds = self._stage.speak(payer, step)
        self._do(task, NoteContact(task, step, is_reached=True, by=_STAFF), now)
        if heeds:
            averted = min(one.amount, self._withdraw(payer))
            currency = self._stage.country.currency if averted else ""
            outcome = DissuasionOutcome.DISSUADED
            self._do(
                task, SettleDissuasion(task, outcome, averted, currency, _STAFF, step.value), now
            )
        else:
            self._plan(task, payer)


__all__ = ["GRADES", "Desk", "Warnings"]
