"""Turns events of cases, orders and units into facts that count, one journal entry after the other. Adds nothing up.

It keeps of a case what the figures need and not the case: what each hold holds and who stands behind how much of it. What is
held and stood behind is looked at when an entry is whole, since within one entitlements pass from one order to the next; and
only then is it known whether the entry takes over what another system had done, which counts apart (`TAKEN_OVER`). A case
that goes to another unit takes with it what stands; what happened before stays with the unit that had it then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from recoup.care import (
    DecisionAppealState,
    DecisionAppealTrigger,
    DissuasionState,
    MeasureTrigger,
    Step,
)
from recoup.care import appealing as appealed
from recoup.care import dissuading as warned
from recoup.care import measuring as measured
from recoup.cases import events as cases
from recoup.cases.foreign import ForeignNoted
from recoup.cases.state import AppealState, ClaimState
from recoup.figures.columns import Facts
from recoup.figures.facts import NO_REPORT, STANDING, TAKEN_OVER, Fact, Kind
from recoup.figures.known import KnownCase, KnownHold, KnownOrder, Net, Place, Stands
from recoup.orders import OrderKind
from recoup.orders import events as orders

FOR_THE_HOLDER: Final = frozenset({"good_faith_value", "innocent_conduit"})
"""Findings by which a hold was wrong."""


_LOOKED_AT: Final = (Kind.HELD_NET, Kind.OVERLAP, Kind.FROZEN_LIVE)
"""What is looked at when an entry is whole."""
_REACHED: Final = {
    Step.MESSAGE: Kind.REACHED_MESSAGE,
    Step.CALL: Kind.REACHED_CALL,
    Step.VISIT: Kind.REACHED_VISIT,
}
_NETS: Final = {
    (False, False): Kind.STOPPED_NET,
    (True, False): Kind.STOPPED_NET_THERE,
    (False, True): Kind.STOPPED_NET_TAKEN_OVER,
    (True, True): Kind.STOPPED_NET_THERE_TAKEN_OVER,
}
"""By whether it is one institution's, and whether of holds that were taken over."""
_LOST: Final = {
    ("released", False): Kind.RELEASED,
    ("reduced", False): Kind.RELEASED,
    ("lapsed", False): Kind.LAPSED,
    ("released", True): Kind.RELEASED_TAKEN_OVER,
    ("reduced", True): Kind.RELEASED_TAKEN_OVER,
    ("lapsed", True): Kind.LAPSED_TAKEN_OVER,
}
"""By the word of a hold that holds less now, and whether it was taken over."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Book:
    """Facts as far as events were noted. `note` takes them in the journal's order."""

    def __init__(self) -> None:
        self.facts = Facts()
        self._cases: dict[str, KnownCase] = {}
        self._orders: dict[str, KnownOrder] = {}
        self._entry: tuple[str, datetime, int] = ("", _NEVER, 0)
        """Command, time and last record of the entry that is being noted."""
        self._touched: dict[str, None] = {}
        self._said: list[Fact] = []
        """Facts of that entry."""
        self._foreign: KnownCase | None = None
        """The case of which that entry takes a row over."""
        self._takes_hold = False

    def note(self, at: datetime, number: int, command: str, subject: str, event: object) -> None:
        """Take in the event of one record; records of one command are one entry."""
        if command != self._entry[0]:
            self.finish()
        self._entry = (command, at, number)
        step = self.STEPS.get(type(event))
        if step is not None:
            case = self._cases.setdefault(subject, KnownCase(subject))
            step(self, case, event)
            self._touched[subject] = None

    def finish(self) -> None:
        """Look at what stands now that the entry is whole."""
        for subject in self._touched:
            self._stand(self._cases[subject])
        self._touched.clear()
        if self._foreign is not None:
            self._said = [*self._as_taken_over()]
        for fact in self._said:
            self.facts.add(fact)
        self._said, self._foreign, self._takes_hold = [], None, False

    def _as_taken_over(self) -> Iterator[Fact]:
        """Yield the facts of an entry that takes a row over as what they are."""
        for fact in self._said:
            if fact.kind is Kind.HOPS or (self._takes_hold and fact.kind in NO_REPORT):
                continue  # no order of ours was so far from the victim; nobody reported
            yield fact._replace(kind=TAKEN_OVER.get(fact.kind, fact.kind))

    def plain(self) -> Iterator[Mapping[str, Any]]:
        """Yield what has to be kept of a book, in values of plain kinds; to be asked when the last entry is whole."""
        assert not self._touched, "kept between two entries"
        yield from self.facts.plain()
        yield from (case.plain() for case in self._cases.values())
        yield from (order.plain() for order in self._orders.values())

    @classmethod
    def of(cls, kept: Iterable[Mapping[str, Any]]) -> Book:
        """Return the book of what was kept of it."""
        book, facts = cls(), list[Mapping[str, Any]]()
        for row in kept:
            if "case" in row:
                book._cases[row["case"]] = KnownCase.of(row)
            elif "order" in row:
                order = KnownOrder.of(row)
                book._orders[order.id] = order
            else:
                facts.append(row)
        book.facts = Facts.of(facts)
        return book

    # --- facts ---

    def _say(
        self,
        case: KnownCase,
        kind: Kind,
        amount: int = 1,
        institution: str = "",
        currency: str = "",
    ) -> None:
        _, at, number = self._entry
        self._said.append(Fact(at, number, kind, case.id, case.unit, institution, currency, amount))

    def _seconds(self, case: KnownCase, kind: Kind, begin: datetime, institution: str = "") -> None:
        self._say(case, kind, _seconds(begin, self._entry[1]), institution)

    def _change(
        self, case: KnownCase, kind: Kind, institution: str, currency: str, by: int
    ) -> None:
        """Say that what stands changed, and remember for whom."""
        assert kind in STANDING, "only what stands changes"
        if by:
            self._say(case, kind, by, institution, currency)
            key = (kind, institution, currency)
            case.stands[key] = case.stands.get(key, 0) + by

    def _stand(self, case: KnownCase) -> None:
        """Say what changed in what is held, stood behind, frozen; and how far that is above all before.

        Only holds that the entry changed are looked at: a case of a thousand holds costs no more than one of two.
        """
        by: dict[Stands, int] = {}
        nets: dict[Net, None] = {}
        for account, currency in case.moved:
            hold = case.holds[account, currency]
            for sign, (place, is_taken, *amounts) in ((-1, hold.said), (1, hold.standing)):
                for kind, amount in zip(_LOOKED_AT, amounts, strict=True):
                    by[kind, place, currency] = by.get((kind, place, currency), 0) + sign * amount
                for where in dict.fromkeys(("", place)):
                    net = (where, currency, is_taken)
                    nets[net] = None
                    case.net[net] = case.net.get(net, 0) + sign * amounts[0]
            hold.said = hold.standing
        case.moved.clear()
        for key in sorted(by):
            self._change(case, *key, by[key])
        for net in sorted(nets):
            amount = case.net[net]
            more = amount - case.net_most.get(net, 0)
            if more > 0:
                where, currency, is_taken = net
                self._say(case, _NETS[bool(where), is_taken], more, where, currency)
                case.net_most[net] = amount

    # --- cases ---

    def _opened(self, case: KnownCase, event: cases.CaseOpened) -> None:
        self._goes_to(case, event.unit)
        self._say(case, Kind.CASE)

    def _handed(self, case: KnownCase, event: cases.HandoverSettled) -> None:
        if event.unit != case.unit:
            self._goes_to(case, event.unit)

    def _goes_to(self, case: KnownCase, unit: str) -> None:
        """Take what stands from the unit that had the case to the one that has it now."""
        standing = {key: amount for key, amount in case.stands.items() if amount}
        for (kind, institution, currency), amount in standing.items():
            self._say(case, kind, -amount, institution, currency)
        case.unit = unit
        for (kind, institution, currency), amount in standing.items():
            self._say(case, kind, amount, institution, currency)

    def _report(self, case: KnownCase, event: cases.ReportTaken) -> None:
        report = event.report
        self._say(case, Kind.REPORT)
        self._say(case, Kind.ENTRY, _seconds(report.received_at, report.entered_at))
        case.entered_at = case.entered_at or report.entered_at

    def _claim(self, case: KnownCase, event: cases.ClaimMade) -> None:
        claim = event.claim
        self._say(case, Kind.REPORTED, claim.amount, claim.institution, claim.currency)

    def _taken_up(self, case: KnownCase, event: cases.OrderTakenUp) -> None:
        self._say(case, Kind.HOPS, event.hop, event.institution)

    def _noted(self, case: KnownCase, event: cases.HoldNoted) -> None:
        hold = _moved(case, (event.account, event.currency))
        place, currency = event.institution, event.currency
        if event.held < hold.held:
            lost = hold.held - event.held
            lost_as = _LOST.get((event.word, hold.is_taken_over))
            if lost_as is not None:
                self._say(case, lost_as, lost, hold.institution, currency)
        hold.institution, hold.held = place, event.held
        if event.period != hold.period:
            if hold.is_taken_over:  # what comes now is ours, from nothing on
                hold.most = hold.frozen_most = 0
            hold.period, hold.begun = event.period, None
            hold.is_false = hold.is_taken_over = False
        if event.held > hold.most:
            kind = self._whose(hold, Kind.STOPPED_GROSS)
            self._say(case, kind, event.held - hold.most, place, currency)
            hold.most = event.held
        hold.frozen = event.held if event.basis is OrderKind.FREEZE else 0
        if hold.frozen > hold.frozen_most:
            kind = self._whose(hold, Kind.FROZEN)
            self._say(case, kind, hold.frozen - hold.frozen_most, place, currency)
            hold.frozen_most = hold.frozen
        if event.held and hold.begun is None:
            _, at, number = self._entry
            hold.begun = (at, number, case.unit, place)
            self._say(case, Kind.HOLD, 1, place)

    @staticmethod
    def _whose(hold: KnownHold, kind: Kind) -> Kind:
        """Return what is said of a hold, be it ours or begun by another system."""
        return TAKEN_OVER[kind] if hold.is_taken_over else kind

    def _entitled(self, case: KnownCase, event: cases.EntitlementsChanged) -> None:
        for row in event.rows:
            hold = _moved(case, (row.account, row.currency))
            hold.behind[row.claim] = row.amount
            if not row.amount:
                del hold.behind[row.claim]

    def _settled(self, case: KnownCase, event: cases.ClaimSettled) -> None:
        """Count holds that stood on a claim alone which was found void: the entry that says so has them freed."""
        if event.state is not ClaimState.VOID:
            return
        for hold in case.holds.values():
            if hold.held and [*hold.behind] == [event.claim]:
                self._was_false(case, hold)

    def _lowered(self, case: KnownCase, event: cases.StoodLowered) -> None:
        hold = case.holds.get((event.account, event.currency))
        if hold is not None and hold.held and event.why in FOR_THE_HOLDER:
            self._was_false(case, hold)

    def _was_false(self, case: KnownCase, hold: KnownHold) -> None:
        """Count a hold that was wrong, once in its period; also at the instant at which it began."""
        if hold.is_false or hold.begun is None:
            return
        hold.is_false = True
        if hold.is_taken_over:  # the share of our own holds that were wrong is not made worse by it
            self._say(case, Kind.FALSE_HOLD_TAKEN_OVER, 1, hold.institution)
            return
        self._say(case, Kind.FALSE_HOLD, 1, hold.institution)
        at, number, unit, place = hold.begun
        self._said.append(Fact(at, number, Kind.FALSE_OF_BEGUN, case.id, unit, place, "", 1))

    def _appeal(self, case: KnownCase, event: cases.AppealFiled) -> None:
        appeal = event.appeal
        case.appeals[appeal.id] = (appeal.filed_at, (appeal.account, appeal.currency))
        hold = case.holds.get((appeal.account, appeal.currency))
        self._say(case, Kind.APPEAL_FILED, 1, hold.institution if hold else "")

    def _appeal_settled(self, case: KnownCase, event: cases.AppealSettled) -> None:
        filed_at, place = case.appeals[event.appeal]
        hold = case.holds.get(place)
        institution = hold.institution if hold else ""
        if event.state is AppealState.OVERDUE:
            self._say(case, Kind.APPEAL_OVERDUE, 1, institution)
            return
        self._seconds(case, Kind.APPEAL, filed_at, institution)
        if event.state is AppealState.UPHELD and hold is not None:
            self._was_false(case, hold)

    # --- what other systems did ---

    def _hold_taken_over(self, case: KnownCase, event: orders.HoldTakenOver) -> None:
        """Note that a hold was begun elsewhere, by an order that was the first of its case there."""
        key = event.order.key
        _moved(case, (key.account, key.currency)).is_taken_over = True
        case.has_order = self._takes_hold = True

    def _row_taken_over(self, case: KnownCase, _: ForeignNoted) -> None:
        """Note that all of this entry is another system's."""
        self._foreign = case
        is_opened = any(fact.kind is Kind.CASE for fact in self._said)
        case.is_taken_over = case.is_taken_over or is_opened

    # --- orders ---

    def _drafted(self, _: KnownCase, event: orders.OrderDrafted) -> None:
        self._orders[event.order.id] = KnownOrder(event.order.id, event.order.institution)

    def _issued(self, case: KnownCase, event: orders.OrderIssued) -> None:
        order = self._orders[event.order_id]
        order.issued_at, order.due_at = event.at, event.answer_due_at
        self._say(case, Kind.ORDER, 1, order.institution)
        self._change(case, Kind.WAITING, order.institution, "", 1)
        if not case.has_order and case.entered_at is not None:
            seconds = _seconds(case.entered_at, event.at)
            kind = Kind.FIRST_ORDER_TAKEN_OVER if case.is_taken_over else Kind.FIRST_ORDER
            self._say(case, kind, seconds, order.institution)
        case.has_order = True

    def _unanswered(self, case: KnownCase, event: orders.OrderUnanswered) -> None:
        order = self._orders.get(event.order_id)
        if order is not None and not order.is_late:
            order.is_late = True
            self._say(case, Kind.LATE, 1, order.institution)

    def _answered(self, case: KnownCase, event: orders.AnswerRecorded) -> None:
        if event.bearing is orders.Bearing.UNCLEAR:
            return  # words that nobody knows are no answer: it is still waited for
        order = self._orders.pop(event.order_id, None)  # another answer is no first one
        if order is None or order.issued_at is None or order.due_at is None:
            return
        self._seconds(case, Kind.ANSWER, order.issued_at, order.institution)
        self._change(case, Kind.WAITING, order.institution, "", -1)
        if not order.is_late:
            is_in_limit = self._entry[1] <= order.due_at
            self._say(case, Kind.IN_LIMIT if is_in_limit else Kind.LATE, 1, order.institution)

    def _withdrawn(self, _: KnownCase, event: orders.OrderWithdrawn) -> None:
        self._orders.pop(event.order_id, None)

    # --- care: a measure or a dissuasion stands in the place of a case, so that "of how many" counts these ---

    def _measured(self, thing: KnownCase, event: measured.MeasureProposed) -> None:
        measure = event.measure
        thing.unit = measure.unit
        thing.about = (measure.institution, measure.currency, measure.is_protection)

    def _measure_moved(self, thing: KnownCase, event: measured.MeasureMoved) -> None:
        if event.trigger is not MeasureTrigger.CONFIRM or not event.is_first:
            return
        institution, currency, is_protection = thing.about
        count, amount = (
            (Kind.PROTECTED, Kind.PROTECTED_AMOUNT)
            if is_protection
            else (Kind.INTERCEPTED, Kind.INTERCEPTED_AMOUNT)
        )
        self._say(thing, count, 1, institution)
        self._say(thing, amount, event.amount or 0, institution, currency)

    def _warned(self, thing: KnownCase, event: warned.DissuasionOpened) -> None:
        task = event.dissuasion
        thing.unit, thing.about = task.unit, (task.institution, task.currency, False)
        self._say(thing, Kind.WARNED, 1, task.institution)

    def _joined(self, thing: KnownCase, event: warned.DissuasionJoined) -> None:
        thing.about = (thing.about[0], event.currency, False)

    def _dissuasion_moved(self, thing: KnownCase, event: warned.DissuasionMoved) -> None:
        institution, currency, _ = thing.about
        if event.is_first:
            self._say(thing, _REACHED[event.step], 1, institution)
        if event.state is DissuasionState.DISSUADED:
            self._say(thing, Kind.DISSUADED, 1, institution)
        if event.averted:
            self._say(thing, Kind.AVERTED, event.averted, institution, currency)

    def _decision_appealed(self, thing: KnownCase, event: appealed.DecisionAppealFiled) -> None:
        appeal = event.appeal
        thing.unit = appeal.unit
        thing.about = (appeal.institution, appeal.currency, appeal.kind.is_interception)
        self._say(thing, Kind.DECISION_APPEALED, 1, appeal.institution)

    def _decision_appeal_moved(self, thing: KnownCase, event: appealed.DecisionAppealMoved) -> None:
        institution, _, is_interception = thing.about
        if event.trigger is DecisionAppealTrigger.PASS_LIMIT:
            self._say(thing, Kind.DECISION_APPEAL_OVERDUE, 1, institution)
        if event.state is DecisionAppealState.UPHELD:
            kind = Kind.FALSE_INTERCEPTION if is_interception else Kind.FALSE_WARNING
            self._say(thing, kind, 1, institution)

    STEPS: ClassVar[dict[type, Callable[[Book, KnownCase, Any], None]]] = {
        cases.CaseOpened: _opened,
        cases.HandoverSettled: _handed,
        cases.ReportTaken: _report,
        cases.ClaimMade: _claim,
        cases.ClaimSettled: _settled,
        cases.OrderTakenUp: _taken_up,
        cases.HoldNoted: _noted,
        cases.EntitlementsChanged: _entitled,
        cases.StoodLowered: _lowered,
        cases.AppealFiled: _appeal,
        cases.AppealSettled: _appeal_settled,
        ForeignNoted: _row_taken_over,
        orders.HoldTakenOver: _hold_taken_over,
        orders.OrderDrafted: _drafted,
        orders.OrderIssued: _issued,
        orders.OrderUnanswered: _unanswered,
        orders.AnswerRecorded: _answered,
        orders.OrderWithdrawn: _withdrawn,
        measured.MeasureProposed: _measured,
        measured.MeasureMoved: _measure_moved,
        warned.DissuasionOpened: _warned,
        warned.DissuasionJoined: _joined,
        warned.DissuasionMoved: _dissuasion_moved,
        appealed.DecisionAppealFiled: _decision_appealed,
        appealed.DecisionAppealMoved: _decision_appeal_moved,
    }
    """What an event that counts does; others need not be decoded."""


def _moved(case: KnownCase, place: Place) -> KnownHold:
    """Return a hold that an entry changes."""
    case.moved[place] = None
    return case.holds.setdefault(place, KnownHold())


def _seconds(begin: datetime, end: datetime) -> int:
    return max(0, int((end - begin).total_seconds()))


READ: Final = frozenset(Book.STEPS)
"""Events that count; others need not be decoded."""

__all__ = ["READ", "Book"]
