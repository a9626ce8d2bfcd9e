"""What people do with a case: enter the report, set the standing authority, work hop by hop, freeze, give up.

Persons read what the case, its plan and its statements say, as an office does; nothing of the play.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from heapq import heapreplace
from math import log
from random import Random
from typing import Final

from recoup.cases import (
    Case,
    Channel,
    Grade,
    Mandate,
    Plan,
    plan_orders,
    plan_rests_on,
    view_of,
)
from recoup.cases.case import Standing
from recoup.cases.commands import (
    AgreeToMandate,
    AgreeToOrder,
    ProposeMandate,
    SettleClaim,
    TakeUp,
    WriteOrder,
)
from recoup.cases.ordering import persons_needed
from recoup.cases.state import ClaimTrigger
from recoup.centre.case_grounds import ground_of, needs_ground
from recoup.centre.commands import Done
from recoup.centre.directory import Entry
from recoup.centre.intake import (
    Heard,
    HeardClaim,
    Payment,
    Prepared,
    Told,
    prepare_claim,
    prepare_report,
)
from recoup.centre.terms import EnterReport
from recoup.clock import instant_of
from recoup.orders import Hold, HoldKey, Order, OrderKind
from recoup.rehearse.office.centre import Centre
from recoup.rehearse.office.staff import CITY, OFFICER, PROVINCE, STATION, TAKER, Staff
from recoup.rehearse.office.terms import Mandate as Kind
from recoup.rehearse.office.terms import OfficeTerms
from recoup.rehearse.play.ports import Row

CASE: Final = "case-"
_REASON: Final = "the plan of the chase"
_FREEING: Final = frozenset({OrderKind.REDUCE, OrderKind.RELEASE})
_APPROVERS: Final = (CITY, PROVINCE)


class Desk:
    """The people of one centre at work."""

    def __init__(self, centre: Centre, staff: Staff, terms: OfficeTerms, mandate: Kind) -> None:
        self._centre, self._staff, self._terms, self._mandate = centre, staff, terms, mandate
        self._free = [0] * terms.officers
        """When each officer is free; a heap."""
        self._working: set[str] = set()
        """Cases on which an officer is at work."""
        self._rounds: set[str] = set()
        self._keeping: dict[str, tuple[object, ...]] = {}
        """On what a plan rested that gave nothing up, by case."""

    def drawn(self, what: str, median_us: int, sigma: float) -> int:
        """Return how long something takes people, drawn by its name."""
        if not median_us:
            return 0
        chance = Random(f"{self._centre.stage.country.seed}/{what}")  # noqa: S311 - a seed, not secrecy
        return int(chance.lognormvariate(log(median_us), sigma))

    # --- the report ---

    def report(self, number: int, rows: Sequence[Row]) -> None:
        """Enter a report, have another person admit its claims, set the authority; the first stop leaves with it."""
        centre, case = self._centre, f"{CASE}{number}"
        first, *more = rows
        heard = Heard(
            case,
            STATION,
            Told("victim", document=f"victim {number}"),
            None,
            Grade.PLAUSIBLE,
            Channel.EMERGENCY_CALL,
            accepts_liability=True,
            received_at=centre.clock.now(),
            payment=self._payment(first),
        )
        now = centre.clock.now()
        new_id = centre.ids.new
        prepared = prepare_report(centre.directory, heard, new_id, TAKER, now)
        self._enter(case, prepared)
        assert isinstance(prepared.command, EnterReport), "a report becomes a report"
        told = prepared.command.take.claim
        for row in more:
            claim = HeardClaim(case, told.report, told.victim, self._payment(row))
            self._enter(case, prepare_claim(centre.directory, claim, new_id, TAKER))
        claims = centre.state.case(case).claims
        self._staff.must_all(
            [(OFFICER, SettleClaim(one.id, ClaimTrigger.ADMIT, OFFICER)) for one in claims], case
        )
        if self._mandate is Kind.CHASE:
            self._authorise(case, sum(one.amount for one in claims))
        centre.settle()
        if self._mandate is not Kind.CHASE:
            self._order(case, OrderKind.STOP)
        self._again(case)

    def _enter(self, case: str, prepared: Prepared) -> None:
        command = self._staff.command(TAKER, prepared.command, case)
        directory = self._centre.directory
        directory.keep_first(prepared.pieces, command.id, self._centre.clock.now())
        (outcome,) = self._centre.scribe.write([command])
        assert isinstance(outcome, Done), outcome
        directory.told(command.id)

    def _payment(self, row: Row) -> Payment:
        names, currency = self._centre.names, self._centre.stage.country.currency
        payer, payee = (
            Entry(names.institution(one), names.name(one), "") for one in (row.payer, row.payee)
        )
        paid_at = instant_of(row.time_us)
        return Payment(payer, payee, row.amount, currency, paid_at, serial=f"R{row.row}")

    def _authorise(self, case: str, loss: int) -> None:
        terms = self._terms
        until = self._centre.clock.now() + timedelta(microseconds=terms.mandate_us)
        amount = max(loss, terms.mandate_minor)
        currency = self._centre.stage.country.currency
        mandate = Mandate(
            self._centre.ids.new("mandate"), terms.hops_most, amount, currency, until, OFFICER
        )
        steps = [
            (OFFICER, ProposeMandate(mandate)),
            (PROVINCE, AgreeToMandate(mandate.id, PROVINCE, mandate.digest)),
        ]
        self._staff.must_all(steps, case)

    # --- an officer a hop ---

    def heard(self, case_id: str) -> None:
        """Take note of an answer in a case: without a standing authority an officer goes on, and a second person agrees."""
        if self._mandate is not Kind.MANUAL or case_id in self._working:
            return
        self._centre.look_into(case_id)
        if not self._planned(case_id):
            return
        self._working.add(case_id)
        begin = max(self._centre.stage.now_us, self._free[0])
        written, terms = begin + self._terms.hop_us, self._terms
        heapreplace(self._free, written)
        given = (terms.approval_median_us, terms.approval_sigma)
        agreed = written + self.drawn(f"approval/{case_id}/{written}", *given)
        self._centre.stage.at(agreed, partial(self._hop, case_id))

    def _hop(self, case_id: str) -> None:
        self._working.discard(case_id)
        if self._order(case_id):
            self.heard(case_id)

    def _planned(self, case_id: str) -> bool:
        plan = self._plan(case_id)
        return any(found.kind not in _FREEING for found in plan.orders)

    def _plan(self, case_id: str) -> Plan:
        case = self._centre.state.case(case_id)
        return plan_orders(case, self._centre.clock.now(), self._centre.policy)

    def _order(self, case_id: str, *kinds: OrderKind) -> int:
        """Let leave what the plan has of these kinds, or all but what frees; return how many left."""
        self._centre.look_into(case_id)
        wanted = [
            (found.kind, found.account, found.currency)
            for found in self._plan(case_id).orders
            if (found.kind in kinds if kinds else found.kind not in _FREEING)
        ]
        return self._tell(case_id, wanted) if wanted else 0

    def _tell(self, case_id: str, wanted: Sequence[tuple[OrderKind, str, str]]) -> int:
        """Let orders of a plan leave: one person writes them, as many others as each needs agree to what they see."""
        centre = self._centre
        ids = centre.ids.new_together("order", len(wanted))
        self._staff.ask_all(
            [
                (OFFICER, WriteOrder(order_id, kind, account, currency, OFFICER, _REASON))
                for order_id, (kind, account, currency) in zip(ids, wanted, strict=True)
            ],
            case_id,
        )
        if any(kind not in _FREEING for kind, _, _ in wanted):
            self._traced(case_id)
        case, plan = centre.state.case(case_id), self._plan(case_id)
        steps: list[tuple[str, object]] = []
        for order_id in ids:
            order = centre.state.written_order(case_id, order_id)
            seen = view_of(case, order, plan) if order is not None else None
            if order is None or seen is None:
                continue
            self._ground(case, order)
            people = _APPROVERS[: self._needed(case, order, plan)]
            steps += [(person, AgreeToOrder(order, person, seen.digest)) for person in people]
            steps.append((OFFICER, TakeUp(order)))
        done = self._staff.ask_all(steps, case_id)
        left = [what for what in done if isinstance(what, TakeUp)]
        if left:
            centre.settle()
        return len(left)

    def _traced(self, case_id: str) -> None:
        """Have a case traced where nobody knows any more by which transfers its money came."""
        centre = self._centre
        if centre.trails.grounds(centre.state.case(case_id)) is None:
            centre.trails.want(case_id)
            centre.settle()

    def _ground(self, case: Case, order: Order) -> None:
        """Keep by which transfer the money came that an order is about, as its paper says."""
        centre = self._centre
        grounds = centre.trails.grounds(case)
        if grounds is not None and needs_ground(order, centre.state.hold):
            ground = ground_of(case, order, grounds, centre.state.hold)
            if ground is not None:
                centre.directory.keep_grounds(order.id, ground)

    def _needed(self, case: Case, order: Order, plan: Plan) -> int:
        """Return how many persons beside its maker must agree to an order."""
        found = plan.find(order.kind, order.key.account, order.key.currency)
        standing = case.standing(order.key.account, order.key.currency)
        if found is None and standing is not None:
            found = plan.keeping(order.kind, standing)
        stood, least = (found.stood, found.persons_least) if found is not None else ((), 0)
        return max(least, persons_needed(case, order, stood, self._centre.policy))

    # --- rounds: what is frozen, what is given up ---

    def _again(self, case_id: str) -> None:
        """Have an officer look at a case again after a while."""
        if case_id not in self._rounds:
            self._rounds.add(case_id)
            at = self._centre.stage.now_us + self._terms.round_us
            self._centre.stage.at(at, partial(self._round, case_id))

    def _round(self, case_id: str) -> None:
        self._rounds.discard(case_id)
        self.give_up(case_id)
        self.freeze(case_id)
        self.heard(case_id)
        if any(self._stands(case_id)):
            self._again(case_id)

    def _stands(self, case_id: str) -> list[tuple[Standing, Hold]]:
        """Return the holds of a case that hold something and are not frozen."""
        state = self._centre.state
        found = []
        for standing in state.case(case_id).holds:
            hold = state.hold(HoldKey(case_id, *standing.hold))
            if hold.is_live and hold.basis is not OrderKind.FREEZE:
                found.append((standing, hold))
        return found

    def give_up(self, case_id: str) -> int:
        """Let what the plan gives up be given up: written by one person, agreed to by another."""
        self._centre.look_into(case_id)
        rests = plan_rests_on(self._centre.state.case(case_id))
        if self._keeping.get(case_id) == rests:  # time alone gives nothing up
            return 0
        if not any(found.kind in _FREEING for found in self._plan(case_id).orders):
            self._keeping[case_id] = rests
            return 0
        return self._order(case_id, *_FREEING)

    def freeze(self, case_id: str, *, at_once: bool = False) -> int:
        """Turn stops that end soon into freezes, or all of them; return how many orders left."""
        soon = self._centre.clock.now() + timedelta(microseconds=self._terms.freeze_before_us)
        wanted = [
            (OrderKind.FREEZE, *standing.hold)
            for standing, hold in self._stands(case_id)
            if standing.held
            and not any(one.is_on_its_way for one in hold.orders)
            and (at_once or (hold.ends_at is not None and hold.ends_at <= soon))
        ]
        return self._tell(case_id, wanted) if wanted else 0

    def is_freezing(self, case_id: str) -> bool:
        """Whether something of a case is held and not frozen yet."""
        return any(standing.held for standing, _ in self._stands(case_id))

    def freeze_all(self, case_id: str) -> None:
        """Turn every stop that holds something into a freeze."""
        self.freeze(case_id, at_once=True)


def case_of(number: int) -> str:
    """Return the case of a fraud's report."""
    return f"{CASE}{number}"


def number_of(case: str) -> int:
    """Return the number under which a case's report came; -1 for no such case."""
    digits = case.removeprefix(CASE)
    return int(digits) if case.startswith(CASE) and digits.isdecimal() else -1


def missing_in(case: Case) -> int:
    """Return what all claims of a case still miss."""
    return sum(claim.missing for claim in case.claims)


__all__ = ["CASE", "Desk", "case_of", "missing_in", "number_of"]
