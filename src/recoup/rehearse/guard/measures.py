"""Accounts get measures: lower limits at once, credit only and counter only when a second person agreed, each with an end.

The rules are those of `recoup.care`. A measure is carried out by the account's institution: under lower limits so much may
leave a day; under credit only nothing; under counter only nothing by machine, which is all that a play has.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.care import Measure, MeasureGround, MeasureKind
from recoup.care.measuring import (
    AgreeToMeasure,
    AppealMeasure,
    ConfirmMeasure,
    MeasureCommand,
    MeasureMoved,
    MeasureProposed,
    PassMeasureEnd,
    ProposeMeasure,
    ProveHolder,
    SettleMeasureAppeal,
    TellHolder,
    decide_measure,
    evolve_measure,
    propose_measure,
)
from recoup.care.refusals import CareRefusal
from recoup.clock import instant_of, microseconds_of
from recoup.rehearse.guard.holders import complains
from recoup.rehearse.guard.terms import GuardTerms
from recoup.rehearse.play.happened import Appealed, Intercepted
from recoup.rehearse.play.ports import Stage
from recoup.watch.state import Payments
from recoup.watch.stolen import StolenFlow

_SECOND: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND
_MAKER, _SECOND_PERSON, _JUDGE, _BANK = "risk-officer", "second-officer", "appeal-officer", "bank"
_CLOSED: Final = frozenset({MeasureKind.CREDIT_ONLY, MeasureKind.COUNTER_ONLY})


class Measures:
    """All measures of a play, and what they let pass."""

    def __init__(self, stage: Stage, terms: GuardTerms, flow: StolenFlow) -> None:
        """Begin without any."""
        self._stage, self._terms, self._flow = stage, terms, flow
        self._bound = np.zeros(len(stage.country.accounts), np.bool_)
        self._spent: dict[int, tuple[int, int]] = {}
        self._strong: dict[int, int] = {}
        self._caught: dict[int, None] = {}
        self.all: dict[str, Measure] = {}
        self._of_account: dict[int, list[str]] = {}
        self._made = 0

    # --- what is looked at

    def strong(self, account: int, time_us: int) -> None:
        """Count a strong decision on what an account pays; enough of them and it gets measures."""
        count = self._strong[account] = self._strong.get(account, 0) + 1
        if count == self._terms.strong_most:
            self._propose(account, MeasureKind.LOWER_LIMITS, MeasureGround.RED_FLAG, time_us)
            self._propose(account, MeasureKind.CREDIT_ONLY, MeasureGround.RED_FLAG, time_us)

    def caught(self, account: int, amount: int, time_us: int) -> None:
        """Stolen money was kept from leaving an account: it is intercepted; who sends on what comes in goes to the counter."""
        if account not in self._caught:
            self._caught[account] = None
            self._stage.say(Intercepted(time_us, account, amount, "caught"))
        if self._passes_on(account, amount):
            self._propose(account, MeasureKind.COUNTER_ONLY, MeasureGround.CASE, time_us)

    def _passes_on(self, account: int, stolen: int) -> bool:
        """Return whether most of what came into an account is stolen money that lies there now, or came and went."""
        into, out = self._flow.index.totals(account)
        came = into - int(self._stage.country.accounts.opening_minor[account])
        return came > 0 and (2 * stolen >= came or 2 * out >= into) and stolen * 5 >= came

    # --- what is carried out

    def refuses(self, payments: Payments) -> npt.NDArray[np.bool_] | None:
        """Return which payments a measure of the payer does not let out; None: none. What passes is counted for the day."""
        hit = self._bound[payments.payer]
        if not hit.any():
            return None
        for at in np.flatnonzero(hit).tolist():
            account, amount = int(payments.payer[at]), int(payments.amount_minor[at])
            time = int(payments.time_us[at])
            hit[at] = self.binds(account, amount, time)
            if not hit[at]:
                day, spent = self._day(account, time)
                self._spent[account] = day, spent + amount
        return hit

    def binds(self, account: int, amount: int, time_us: int) -> bool:
        """Return whether so much may not leave an account now."""
        if not self._bound[account]:
            return False
        live = [one for one in map(self.all.get, self._of_account[account]) if one is not None]
        force = [one for one in live if one.is_in_force]
        if any(one.kind in _CLOSED for one in force):
            return True
        limits = [one.limit for one in force if one.kind is MeasureKind.LOWER_LIMITS]
        return bool(limits) and self._day(account, time_us)[1] + amount > min(limits)

    def is_closed(self, account: int) -> bool:
        """Return whether nothing may leave an account by machine."""
        some = (self.all[name] for name in self._of_account.get(account, ()))
        return any(one.is_in_force and one.kind in _CLOSED for one in some)

    def _day(self, account: int, time_us: int) -> tuple[int, int]:
        day, spent = self._spent.get(account, (-1, 0))
        today = time_us // _DAY_US
        return (today, spent) if day == today else (today, 0)

    def is_reached(self, account: int) -> bool:
        """Return whether stolen money of a case ever came to an account, as far as the stream knows."""
        return any(account in some for some in self._flow.pictures.now.reached.values())

    # --- their life

    def _propose(
        self, account: int, kind: MeasureKind, ground: MeasureGround, time_us: int
    ) -> None:
        country, now = self._stage.country, instant_of(time_us)
        term = self._terms.care.measures[kind]
        self._made += 1
        is_limit = kind is MeasureKind.LOWER_LIMITS
        wanted = Measure(
            id=f"measure-{self._made}",
            kind=kind,
            account=country.accounts.id[account],
            institution=country.institutions[country.accounts.institution[account]].name,
            currency=country.currency,
            unit="centre",
            ground=ground,
            about="watch",
            reason="passes money on" if ground is MeasureGround.RED_FLAG else "stolen money caught",
            limit=self._terms.limit_minor if is_limit else 0,
            made_by=_MAKER,
            made_at=now,
            ends_at=now + timedelta(seconds=term.seconds),
        )
        others = [self.all[name] for name in self._of_account.get(account, ())]
        found = propose_measure(ProposeMeasure(wanted).measure, others, None, now, self._terms.care)
        if isinstance(found, CareRefusal):
            return  # one of this kind stands there
        for event in found:
            if isinstance(event, MeasureProposed):
                self.all[wanted.id] = event.measure
                self._of_account.setdefault(account, []).append(wanted.id)
            else:
                self.all[wanted.id] = evolve_measure(self.all[wanted.id], event)
        if term.persons:
            self._later(self._terms.agree_seconds, lambda: self._agree(wanted.id, account))
        else:
            self._begin(wanted.id, account)

    def _agree(self, name: str, account: int) -> None:
        digest = self.all[name].digest
        self._do(name, account, AgreeToMeasure(name, _SECOND_PERSON, digest))
        self._begin(name, account)

    def _begin(self, name: str, account: int) -> None:
        """Have the institution carry out what stands, its holder told, and its end come."""
        self._later(self._terms.confirm_seconds, lambda: self._confirm(name, account))
        ends_us = microseconds_of(self.all[name].ends_at)
        self._stage.at(ends_us, lambda: self._end(name, account))

    def _confirm(self, name: str, account: int) -> None:
        amount = max(0, self._stage.books.balance(account))
        currency = self._stage.country.currency
        moved = self._do(name, account, ConfirmMeasure(name, _BANK, amount, currency))
        self._do(name, account, TellHolder(name, _BANK))
        if moved is not None and moved.is_first and account not in self._caught:
            kind, now = self.all[name].kind.value, self._stage.now_us
            self._stage.say(Intercepted(now, account, amount, kind))
        wait = complains(self._stage.country, account, name, self._terms.answering)
        if wait is not None:
            self._later(wait, lambda: self._complain(name, account))

    def _end(self, name: str, account: int) -> None:
        if self.all[name].ended_at is None:
            self._do(name, account, PassMeasureEnd(name))

    def _complain(self, name: str, account: int) -> None:
        """The holder comes with papers, or objects; who decides sees what the stream knows of the account."""
        one, now = self.all[name], self._stage.now_us
        if one.ended_at is not None:
            return
        is_clean = not self.is_reached(account)
        if self._terms.care.measures[one.kind].is_lifted_by_proof and is_clean:
            self._do(name, account, ProveHolder(name, _JUDGE, "papers shown"))
            self._stage.say(Appealed(now, now, account, is_granted=True))
            return
        self._do(name, account, AppealMeasure(name, f"{name}-appeal", "holder"))
        due = self._terms.care.appeal_seconds // 2
        self._stage.say(Appealed(now, now, account, is_granted=False))
        self._later(due, lambda: self._settle(name, account, now, is_clean=is_clean))

    def _settle(self, name: str, account: int, filed_us: int, *, is_clean: bool) -> None:
        if self.all[name].ended_at is not None:
            return
        reason = "no stolen money came there" if is_clean else "stolen money came there"
        command = SettleMeasureAppeal(name, is_upheld=is_clean, by=_JUDGE, reason=reason)
        self._do(name, account, command)
        self._stage.say(Appealed(filed_us, self._stage.now_us, account, is_granted=is_clean))

    def _do(self, name: str, account: int, command: MeasureCommand) -> MeasureMoved | None:
        one = self.all[name]
        others = [self.all[other] for other in self._of_account[account] if other != name]
        now = instant_of(self._stage.now_us)
        found = decide_measure(one, command, others, now, self._terms.care)
        assert not isinstance(found, CareRefusal), (command, found)
        last = None
        for event in found:
            assert isinstance(event, MeasureMoved), event
            one, last = evolve_measure(one, event), event
        self.all[name] = one
        self._bound[account] = any(self.all[n].is_in_force for n in self._of_account[account])
        return last

    def _later(self, seconds: int, act: object) -> None:
        assert callable(act)
        self._stage.at(self._stage.now_us + seconds * _SECOND, act)


__all__ = ["Measures"]
