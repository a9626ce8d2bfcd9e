"""The way back: application, plan, approval, public notice where money is shared, decision, order, receipt; one return a case.

The centre works each plan out from the case's own statements, as it does for an office; only the process that does it is this
one. All of it goes through the rooms' commands, by persons in sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from recoup.cases.state import ClaimState
from recoup.centre.account_room import TEXTS
from recoup.centre.commands import Declined, Done
from recoup.centre.requests import Request
from recoup.centre.return_planner import gather, text_of_plan
from recoup.centre.return_sheets import ReturnSheets, UnworkableError
from recoup.clock import microseconds_of
from recoup.orders.commands import ApproveOrder
from recoup.procedure import (
    Application,
    Capacity,
    ClaimKey,
    Payee,
    PayeeKind,
    Return,
    RoundState,
    needs_notice,
)
from recoup.procedure import commands as asked
from recoup.rehearse.office.centre import Centre
from recoup.rehearse.office.desk import Desk
from recoup.rehearse.office.staff import CITY, OFFICER, PROVINCE, SECOND, Staff
from recoup.rehearse.office.terms import HOUR, OfficeTerms
from recoup.stores.vault import Purpose

_DAY: Final = 24 * HOUR
_APPROVERS: Final = (CITY, PROVINCE)
_TRIES: Final = 5
"""Days on which a plan is tried: facts may change under it, and then it is worked out again."""
_WAITS: Final = 5
"""Days for which applications wait for freezes: money that other cases give up falls to holds behind theirs."""
_PAYING_US: Final = 4 * _DAY
"""From approved orders to the look at what is left: three working days of the bank, and one."""
_ROUNDS_MOST: Final = 3


class Returning:
    """Gives back what is frozen, case by case."""

    def __init__(self, centre: Centre, staff: Staff, desk: Desk, terms: OfficeTerms) -> None:
        self._centre, self._staff, self._desk, self._terms = centre, staff, desk, terms
        self.stood_still: dict[str, str] = {}
        """Why a case gave nothing back, by case."""
        self._unworkable: dict[str, tuple[ReturnSheets, str]] = {}
        """By case the facts of which no plan could be made, and why: of the same ones none can be made the next day."""

    def begin(self, case_id: str, waits: int = _WAITS) -> None:
        """Open the return of a case, as soon as all that it holds is frozen; come again the next day where it is not."""
        self._centre.look_into(case_id)
        is_freezing = self._desk.is_freezing(case_id)
        if waits and (is_freezing or not self._left(case_id)):
            self._desk.freeze_all(case_id)
            self.stood_still[case_id] = "not frozen yet" if is_freezing else "nothing frozen"
            self._later(_DAY, partial(self.begin, case_id, waits - 1))
            return
        if self._left(case_id):
            self._open(case_id, 1)

    def _left(self, case_id: str) -> int:
        """Return what is frozen for a case and could be paid back, in minor units; 0 where its claims miss nothing."""
        state = self._centre.state
        is_missed = any(one.missing for one in state.case(case_id).claims)
        holds = [hold for hold, _ in state.of_case(case_id)]
        return is_missed * sum(min(hold.frozen_live, hold.payable) for hold in holds)

    def _open(self, case_id: str, number: int) -> None:
        """Open a round and take the victim's applications in, each to be paid where the money came from."""
        centre, return_id = self._centre, _return_of(case_id)
        admitted = [one for one in centre.state.case(case_id).claims if one.payer and one.missing]
        claims = [one for one in admitted if one.state is ClaimState.ADMITTED]
        steps: list[tuple[str, object]] = [
            (
                OFFICER,
                asked.OpenReturn(return_id, (case_id,), OFFICER)
                if number == 1
                else asked.OpenRound(return_id, number, (case_id,), OFFICER),
            )
        ]
        for claim in claims:
            there = centre.state.accounts[claim.payer]
            payee = Payee(PayeeKind.ORIGINAL, claim.payer, claim.victim, there)
            application = Application(
                f"application-{claim.id}" + f"-{number}" * (number > 1),
                ClaimKey(case_id, claim.id),
                Capacity.VICTIM,
                claim.victim,
                payee,
                OFFICER,
            )
            steps.append((OFFICER, asked.TakeApplication(return_id, application)))
        self._staff.must_all(steps, case_id)
        self._plan(case_id, _TRIES)

    def _plan(self, case_id: str, tries: int) -> None:
        """Work the plan out and bind it; come again the next day where that cannot be."""
        centre, return_id = self._centre, _return_of(case_id)
        gathered = gather(centre.state, return_id, centre.policy)
        why = ""
        seen, unworkable_for = self._unworkable.get(case_id, (None, ""))
        if isinstance(gathered, Declined):
            why = gathered.reason
        elif gathered == seen:
            why = unworkable_for
        else:
            try:
                outcome = centre.scribe.write([self._staff.named(self._bound(gathered, case_id))])
                why = "" if isinstance(outcome[0], Done) else str(outcome[0])
            except UnworkableError as unworkable:
                why = f"{unworkable.reason} {unworkable.what}".strip()
                self._unworkable[case_id] = gathered, why
        if why:
            self.stood_still[case_id] = why
            if tries > 1:
                self._later(_DAY, partial(self._plan, case_id, tries - 1))
            return
        self.stood_still.pop(case_id, None)
        self._later(self._drawn(case_id, "plan"), partial(self._approve, case_id, tries))

    def _bound(self, gathered: ReturnSheets, case_id: str) -> Request:
        """Return the command that binds the plan which these facts give; its files are kept before it."""
        centre = self._centre
        case = centre.state.case(case_id)
        purpose = Purpose("planner", case_id, "return plan")
        bodies = centre.directory.statements(case_id, case.facts, purpose, bytes)
        # Those that the case was traced by are decoded already.
        shown = dict(
            zip(bodies, centre.directory.statements(case_id, case.facts, purpose), strict=True)
        )
        sheets = replace(gathered, statements=tuple(shown))
        worked = sheets.worked_out(shown.__getitem__)
        plan = asked.BindPlan(
            gathered.of.id,
            worked.inputs,
            worked.outputs,
            worked.policy,
            worked.awards,
            OFFICER,
            sheets.seen,
        )
        files = "".join(worked.files[name] for name in sorted(worked.files))
        centre.directory.keep_all([(f"{TEXTS} {case_id}", text_of_plan(worked.inputs), files)])
        return self._staff.request(OFFICER, plan, case_id)

    def _approve(self, case_id: str, tries: int, nth: int = 0) -> None:
        """Let other persons agree, of a city or higher, one after another; what is shared pro rata is made public first."""
        found, terms = self._found(case_id), self._centre.policy.procedure
        assert terms is not None, "a return was planned under these terms"
        person = _APPROVERS[nth]
        approve = asked.ApprovePlan(found.id, person, self._digest(case_id))
        if not isinstance(self._staff.ask(person, approve, case_id), Done):
            self._plan(case_id, tries - 1)
            return
        if nth + 1 < terms.approvals:
            wait = self._drawn(case_id, f"plan/{nth + 2}")
            self._later(wait, partial(self._approve, case_id, tries, nth + 1))
            return
        if not needs_notice(self._found(case_id).round, terms):
            self._decide(case_id, tries)
            return
        publish = asked.PublishNotice(found.id, OFFICER, self._digest(case_id))
        self._staff.must(OFFICER, publish, case_id)
        self._centre.settle()
        ends_at = self._found(case_id).round.notices[-1].ends_at
        wait = microseconds_of(ends_at) - self._centre.stage.now_us
        self._later(wait + HOUR, partial(self._reviewed, case_id))

    def _reviewed(self, case_id: str) -> None:
        state = self._found(case_id).round.state
        if state is RoundState.REVIEWED:
            self._decide(case_id, _TRIES)
        else:
            self.stood_still[case_id] = f"the notice ended, and the round is {state}"

    def _decide(self, case_id: str, tries: int) -> None:
        """Decide, and give each bank notice; two persons let each order leave. What stands no more is planned anew."""
        staff, return_id = self._staff, _return_of(case_id)
        decide = asked.DecideRound(return_id, CITY, self._digest(case_id))
        outcome = staff.ask(CITY, decide, case_id)
        if not isinstance(outcome, Done):
            self.stood_still[case_id] = str(outcome)
            if tries > 1:
                self._plan(case_id, tries - 1)
            return
        number = self._found(case_id).round.number
        ids = tuple(row.id for row in self._found(case_id).payments if row.round == number)
        notify = asked.NotifyBank(return_id, ids, (OFFICER, SECOND), OFFICER)
        outcome = staff.ask(OFFICER, notify, case_id)
        if not isinstance(outcome, Done):
            self.stood_still[case_id] = str(outcome)
            return
        self._later(self._drawn(case_id, "pay"), partial(self._pay, case_id))

    def _pay(self, case_id: str) -> None:
        steps: list[tuple[str, object]] = []
        found = self._found(case_id)
        for payment in found.payments:
            if payment.round != found.round.number:
                continue
            tracked = self._centre.state.find(payment.order_id)
            assert tracked is not None, "drafted with the notice"
            digest = tracked[1].order.digest
            steps += [
                (person, ApproveOrder(payment.order_id, person, digest))
                for person in (CITY, PROVINCE)
            ]
        done = self._staff.ask_all(steps, case_id)
        if len(done) < len(steps):
            self.stood_still[case_id] = f"{len(steps) - len(done)} approvals were refused"
        self._centre.settle()
        self._later(_PAYING_US, partial(self._again, case_id))

    def _again(self, case_id: str) -> None:
        """Open another round where something is frozen that the last one could not know of: it came in since, or late."""
        self._centre.look_into(case_id)
        number = self._found(case_id).round.number
        if number < _ROUNDS_MOST and self._left(case_id):
            self._open(case_id, number + 1)

    def _later(self, wait_us: int, act: Callable[[], None]) -> None:
        self._centre.stage.at(self._centre.stage.now_us + wait_us, act)

    def _drawn(self, case_id: str, what: str) -> int:
        terms = self._terms
        given = (terms.return_approval_median_us, terms.return_approval_sigma)
        return self._desk.drawn(f"return/{what}/{case_id}", *given)

    def _found(self, case_id: str) -> Return:
        return self._centre.state.returns[_return_of(case_id)]

    def _digest(self, case_id: str) -> str:
        plan = self._found(case_id).round.plan
        assert plan is not None, "bound before"
        return plan.digest


def _return_of(case_id: str) -> str:
    return f"return-{case_id}"


__all__ = ["Returning"]
