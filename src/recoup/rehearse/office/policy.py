"""`first-hop`, `manual` and `chase` as policies of a play: one centre, three mandates. Says what happened; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Never

from recoup.cases import overlap_of
from recoup.cases.events import OrderTakenUp
from recoup.clock import microseconds_of
from recoup.ids import SubjectId
from recoup.messages import AnswerMessage, OrderMessage
from recoup.orders import Order
from recoup.orders.events import PaidBack
from recoup.reading.policies import read_case_policy
from recoup.rehearse.country import Fraud
from recoup.rehearse.office.appeals import Appeals
from recoup.rehearse.office.branch import Branch
from recoup.rehearse.office.centre import Centre, policy_of
from recoup.rehearse.office.desk import Desk, case_of, missing_in, number_of
from recoup.rehearse.office.returning import Returning
from recoup.rehearse.office.staff import Staff
from recoup.rehearse.office.terms import HOUR, Mandate, OfficeTerms, terms_of
from recoup.rehearse.play.happened import (
    Answered,
    Entitled,
    HeldNow,
    Ordered,
    Reported,
    Returned,
    Stopper,
)
from recoup.rehearse.play.ports import Judgements, Row, Stage
from recoup.rehearse.scenario import Scenario
from recoup.watch.state import Payments

_FREEZES_US: Final = 24 * HOUR
"""From a report that comes after the country's end to its freezes: a stop lasts two days, and its answers are in by then."""
_BEFORE_RETURN_US: Final = 48 * HOUR
"""From the country's end to the applications: freezes are answered, confirmed, and what is too much is given up."""


class OfficePolicy:
    """The real centre and the real agents as a policy."""

    def __init__(self, mandate: Mandate, terms: OfficeTerms | None = None) -> None:
        self._mandate, self._terms = mandate, terms or OfficeTerms()
        self._stage: Stage
        self.centre: Centre
        self._hops: dict[str, int] = {}
        self._held: dict[tuple[int, str], tuple[int, bool]] = {}
        self._entitled: dict[int, tuple[int, int, int]] = {}
        self._moved: dict[str, None] = {}
        self._answered: set[str] = set()
        self._is_over = False
        """Whether the country's days are: a victim may still report, and is given back what was kept all the same."""
        self._numbers: list[int] = []
        """Of the reports that were entered."""
        self.entered: list[Callable[[int, tuple[Row, ...]], None]] = []
        """Who hears of a report that was entered: its number and the payments that it names."""
        self._asks: set[str] = set()
        """Institutions whose digest will be asked for."""

    @property
    def name(self) -> str:
        """Return the key of its figures."""
        return self._mandate.value

    @property
    def judges(self) -> bool:
        """It stops no payment before it is booked."""
        return False

    def begin(self, stage: Stage) -> None:
        """Open the centre and hire its staff."""
        policy = policy_of(read_case_policy(self._terms.policy), stage.country, self._terms)
        self._stage = stage
        chases = self._mandate is Mandate.CHASE
        self.centre = Centre(stage, policy, self._terms, chases=chases)
        self.centre.on_event.append(self._event)
        self.centre.on_rest.append(self._rest)
        self.centre.on_sent.append(self._sent)
        self.centre.on_taken.append(self._taken)
        for branch in self.centre.branches.values():
            branch.on_change = partial(self._changed, branch)
        self.staff = Staff(self.centre)
        self.desk = Desk(self.centre, self.staff, self._terms, self._mandate)
        given = (self.centre, self.staff, self.desk, self._terms)
        self.appeals, self.returning = Appeals(*given), Returning(*given)

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Enter a report as soon as people come to it."""
        if not rows:
            return
        number, terms = fraud.number, self._terms
        wait = self.desk.drawn(f"entry/{number}", terms.entry_median_us, terms.entry_sigma)
        self._stage.at(self._stage.now_us + wait, partial(self._enter, number, tuple(rows)))

    def _enter(self, number: int, rows: tuple[Row, ...]) -> None:
        self._stage.say(Reported(self._stage.now_us, number))
        self._numbers.append(number)
        self.desk.report(number, rows)
        for heard in self.entered:
            heard(number, rows)
        if self._is_over:
            self._stage.at(self._stage.now_us + _FREEZES_US, partial(self._give_back, number))

    def judge(self, payments: Payments) -> Judgements:
        """Judge nothing."""
        return _never(payments)

    def booked(self, rows: Sequence[Row]) -> None:
        """Hear what was booked: of no use without a watch."""

    def failed(self, payments: Payments) -> None:
        """Hear of payments that were not booked: of no use without a watch."""

    def finish(self, until_us: int) -> None:
        """Let clocks run on: what stands is frozen at once, and two days later the way back begins."""
        now = self._stage.now_us
        self._is_over = True
        for number in self._numbers:
            self._stage.at(now, partial(self._give_back, number))
        assert now + _BEFORE_RETURN_US < until_us, "clocks run on for weeks"

    def _give_back(self, number: int) -> None:
        """Freeze what stands, and begin the way back two days later."""
        case_id, then_us = case_of(number), self._stage.now_us + _BEFORE_RETURN_US
        self.desk.freeze_all(case_id)
        self._stage.at(then_us, partial(self.returning.begin, case_id))

    # --- what happened ---

    def _event(self, subject: SubjectId, event: object) -> None:
        if isinstance(event, OrderTakenUp):
            self._hops[event.order] = max(0, event.hop - 1)
        elif isinstance(event, PaidBack):
            self._paid(event)
        if subject in self.centre.state.cases:
            self._moved[subject] = None

    def _paid(self, event: PaidBack) -> None:
        """Say that money came back to a victim: when and from where the institution paid it, as its receipt has it."""
        receipt, account = event.receipt, self.centre.number_of(event.key.account)
        at_us, fraud = microseconds_of(receipt.at), number_of(event.key.case)
        self._stage.say(Returned(at_us, fraud, account, receipt.amount))

    def _rest(self) -> None:
        """Say what changed of cases, once for all entries of an instant."""
        moved, self._moved = self._moved, {}
        for case_id in moved:
            self._entitles(case_id)

    def _entitles(self, case_id: str) -> None:
        """Say what a fraud's claims are entitled to, where that changed."""
        case, number = self.centre.state.case(case_id), number_of(case_id)
        if number < 0:
            return
        entitled = sum(one.amount for one in case.entitlements)
        overlap = sum(overlap_of(case).values())
        now = (entitled, missing_in(case), overlap)
        if self._entitled.get(number) != now:
            self._entitled[number] = now
            self._stage.say(Entitled(self._stage.now_us, number, *now))

    def _sent(self, branch: Branch, order: Order, message: OrderMessage) -> None:  # noqa: ARG002 - what is heard
        account = self.centre.names.number(message.account_number)
        hop = self._hops.get(order.id, 0)
        self._stage.say(
            Ordered(
                self._stage.now_us,
                order.id,
                number_of(order.key.case),
                account,
                order.kind.value,
                order.amount,
                hop,
            )
        )

    def _taken(self, branch: Branch, order: OrderMessage, answer: AnswerMessage) -> None:
        if order.id not in self._answered:
            self._answered.add(order.id)
            outcome, held = str(getattr(answer.outcome, "value", "")), answer.held
            self._stage.say(Answered(self._stage.now_us, order.id, outcome, held))
        if branch.name not in self._asks:
            self._asks.add(branch.name)
            at = self._stage.now_us + self._terms.digest_us
            self._stage.at(at, partial(self._confirm, branch))
        self.desk.heard(order.case)

    def _confirm(self, branch: Branch) -> None:
        self._asks.discard(branch.name)
        self.centre.confirm(branch)
        self.appeals.collect(branch)

    def _changed(self, branch: Branch, number: str, currency: str) -> None:
        """Say what an institution's books hold on an account, by case, where that changed."""
        for row in branch.held(number, currency):
            place, now = (row.account, row.case), (row.held, row.is_frozen)
            if self._held.get(place, (0, False)) != now:
                self._held[place] = now
                if row.held:
                    self.appeals.held(branch, number, row.case)
                fraud = number_of(row.case)
                self._stage.say(
                    HeldNow(
                        self._stage.now_us,
                        Stopper.ORDER,
                        row.case,
                        fraud,
                        row.account,
                        row.held,
                        row.is_frozen,
                    )
                )


def first_hop(scenario: Scenario, seed: int) -> OfficePolicy:  # noqa: ARG001 - it draws by the country's seed
    """Return the policy that recalls the reported payment."""
    return OfficePolicy(Mandate.FIRST_HOP, terms_of(scenario))


def manual(scenario: Scenario, seed: int) -> OfficePolicy:  # noqa: ARG001 - as above
    """Return the policy of an officer a hop."""
    return OfficePolicy(Mandate.MANUAL, terms_of(scenario))


def chase(scenario: Scenario, seed: int) -> OfficePolicy:  # noqa: ARG001 - as above
    """Return the policy of standing authority."""
    return OfficePolicy(Mandate.CHASE, terms_of(scenario))


def _never(payments: Payments) -> Never:
    raise AssertionError(f"nobody asks this policy about {len(payments)} payments")


__all__ = ["OfficePolicy", "chase", "first_hop", "manual"]
