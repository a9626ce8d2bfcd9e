"""The stream of payments: every payment in order is decided, and booked where it goes on. Dense numbers; names are elsewhere.

It owns no clock: time is what payments and calls say. Whoever calls keeps repeats of one message away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import NO_TERMS, WAITS, Action, Ground, Policy
from recoup.watch.features import FEATURES
from recoup.watch.model import Model, feature_set
from recoup.watch.patterns import Patterns
from recoup.watch.rules import RuleSet
from recoup.watch.state import Outcome, Payments, Shard, Told
from recoup.watch.state.kernels.words import SECOND
from recoup.watch.stolen import Measure, Payment, StolenFlow, Tiding, Verdict
from recoup.watch.stolen.booking import DEBITS
from recoup.watch.stream.alone import Alone
from recoup.watch.stream.answers import (
    Decided,
    Ended,
    How,
    Matrix,
    Passed,
    Versions,
    Waiting,
    Writing,
)
from recoup.watch.stream.arrays import (
    DUE,
    KEPT,
    LOOKED,
    MOVED,
    NEVER_US,
    ROOM,
    SCORES,
    Given,
)
from recoup.watch.stream.kernels.loop import decide
from recoup.watch.stream.laying import (
    NO_RULES,
    Bounds,
    Handed,
    lay_brain,
    lay_columns,
    lay_desk,
    lay_named,
    lay_patterns,
    lay_ruling,
    lay_weighing,
    lay_writing,
    no_flow,
    require_currencies,
    rows_of_flow,
)

_AT_COUNTER: Final = "at_counter"
"""Named fact of a payment: above zero, it was asked for at the counter, in person."""
_PROOF_US: Final = 86_400 * SECOND
"""A payment waits at most so long for its payer to be verified: no payment is delayed for longer than a day."""
_ROOM: Final = 1 << 16
"""Rows for which room is made at once."""
_KEPT_MAX: Final = 4_096
"""Payments for whose features room is made once."""
_WAITS: Final = tuple(int(action) for action in WAITS)
_NO_CURRENCY: Final = np.zeros(0, np.int16)


class Stream:
    """Payments of one shard, decided in order.

    >>> stream = Stream(Shard(3))
    >>> found = stream.decide(Payments.of([0], [0], [1], [500]))
    >>> Action(int(found.rows["action"][0])).name
    'ALLOW'
    """

    def __init__(
        self,
        shard: Shard,
        *,
        rules: RuleSet | None = None,
        model: Model | None = None,
        policy: Policy | None = None,
        currencies: tuple[str, ...] = (),
        flow: StolenFlow | None = None,
        patterns: Patterns | None = None,
    ) -> None:
        """Begin. A model needs a policy; without either nothing is scored, and rules and orders decide.

        Where model or rules know features of patterns and none are given, they are made of the rows that the shard keeps.
        """
        self.shard, self.flow = shard, flow
        self.rules = rules or NO_RULES
        self.model, self.policy, self.currencies = model, policy, currencies
        self._places = max(1, len(currencies))
        self.columns = lay_columns(self.rules, model)
        """What is read of every payment."""
        if patterns is None and len(self.columns) > len(FEATURES):
            patterns = lay_patterns(shard)
        self.patterns = patterns
        """Once kept they are kept on, also while nothing reads them."""
        if policy is None and (model is not None or self.rules.rules):
            raise StateFault(StateProblem.SETTING_WRONG, "expected a policy beside model or rules")
        digest = "" if model is None else model.digest
        self._terms = NO_TERMS if policy is None else policy.terms(currencies, digest)
        said = "" if policy is None else policy.digest
        self.versions = Versions(digest, self.rules.digest, said, feature_set(self.columns).digest)
        self._brain = lay_brain(model)
        self._desk = lay_desk(
            self.rules, self._brain, self._terms.innocents_most, len(self.columns)
        )
        self._weighing = lay_weighing(self._terms)
        self._nothing = no_flow()
        self._handed = Handed(self._brain, self.rules.programs, self._weighing, self._desk)
        self._kept = np.empty((0, len(self.columns)))
        settings = shard.settings
        self._bounds = Bounds(settings.late_seconds * SECOND, settings.ahead_seconds * SECOND)
        self._room = 0
        self._one = Alone(lay_named(self.rules, None, 1), self._desk, len(self.rules.rules))
        self._counter: Matrix | None = None
        if flow is not None:
            flow.measures.zone = settings.zone
        self.taken = 0
        """Payments that came so far: the number of the next."""
        self.waiting: dict[int, Waiting] = {}
        self._due: list[tuple[int, int]] = []
        self.lists({}, {})

    def lists(
        self, listed: Mapping[str, Sequence[int]], numbers: Mapping[str, Sequence[int]]
    ) -> None:
        """Say which pockets stand on which list, and which pockets an account has that a snooze names."""
        self._ruling = lay_ruling(self.rules, self.shard.accounts, listed, numbers)

    # -- payments

    def decide(
        self,
        payments: Payments,
        currency: npt.NDArray[np.int16] = _NO_CURRENCY,
        facts: Mapping[str, Matrix] | None = None,
        *,
        is_late: bool = False,
    ) -> Decided:
        """Decide payments in their order, each before it is booked. A batch gives what its payments give one by one.

        Args:
            payments: their pockets are numbers of the shard; what cannot be a payment is refused and changes nothing.
            currency: of each, a place in `currencies`; without them -1, unknown.
            facts: named facts of the rules, NaN where one is not known.
            is_late: nothing is scored; orders and stolen money are looked at all the same (fail open).
        """
        count = len(payments)
        if not len(currency):
            currency = np.full(count, -1, np.int16)
        require_currencies(currency, count, self._places)
        currency = np.ascontiguousarray(currency)
        given = Given(
            payments.time_us,
            payments.payer,
            payments.payee,
            payments.amount_minor,
            payments.kind,
            currency,
            lay_named(self.rules, facts, count),
        )
        self._counter = None if facts is None else facts.get(_AT_COUNTER)
        try:
            return self._through(given, count, 0 if is_late else SCORES)
        finally:
            self._counter = None

    def decide_one(
        self,
        time_us: int,
        payer: int,
        payee: int,
        amount_minor: int,
        kind: int = 0,
        currency: int = -1,
        *,
        is_late: bool = False,
    ) -> Decided:
        """Decide one payment without named facts: what `decide` gives for a batch of one, in less time.

        Raises `OverflowError` for a number that does not fit its array: nothing was changed.
        """
        one, mode = self._one, 0 if is_late else SCORES
        place = one.put(time_us, payer, payee, amount_minor, kind, currency)
        if not -1 <= currency < self._places:
            raise StateFault(StateProblem.ARRAY_WRONG, "currency: expected a place of currencies")
        self._make_room(1)
        marks = one.marks
        room, marks[KEPT], marks[MOVED] = marks[ROOM], 0, 0
        if decide(self.shard.place, self._at(), place, 0, 1, mode) == 0:
            return self._through(one.given, 1, mode, is_roomy=True)
        if self.flow is not None:
            self._follow(self.flow, marks[MOVED])
        if room != marks[ROOM]:
            self._wait(one.given, 0, one.expires_us)
        self.taken += 1
        return one.decided(self.taken - 1)

    def _make_room(self, count: int) -> None:
        """Make room for the rows of so many payments, and of all that wait."""
        if self.patterns is not None:
            self.patterns.grow(self.shard.accounts)
        self._room -= count
        if self._room < len(self.waiting):  # each of these may take a row meanwhile
            wanted = max(_ROOM, count) + len(self.waiting)
            self.shard.make_room(wanted)
            self._room = wanted - count

    def _through(self, given: Given, count: int, mode: int, *, is_roomy: bool = False) -> Decided:
        found = lay_writing(given, count, len(self.rules.rules), self._kept_room(count))
        self._desk.marks[KEPT] = 0
        if not is_roomy:
            self._make_room(count)
        at = 0
        while at < count:
            at = self._stretch(given, found, at, count, mode)
        self.taken += count
        return found.decided(self.taken - count, int(self._desk.marks[KEPT]))

    def _stretch(self, given: Given, found: Writing, at: int, count: int, mode: int) -> int:
        """Decide up to a payment that must be looked at, and look at it; return the place of the next."""
        stop = self._run(given, found, at, count, mode)
        if stop == count:
            return stop
        time = int(given.time_us[stop])
        if time >= self._desk.marks[DUE]:
            first = len(found.ended)
            self._lapse(time, found)
            found.ended[first:] = [one._replace(before=stop) for one in found.ended[first:]]
            return stop
        flow = self.flow
        assert flow is not None
        index = rows_of_flow(flow)
        if index.is_full:
            oldest = index.oldest
            flow.pictures.retire(oldest + max(1, (index.newest + 1 - oldest) // 8))
            return stop
        self._enforce(flow, given, found, stop, mode)
        return stop + 1

    def _run(self, given: Given, found: Writing, at: int, stop: int, mode: int) -> int:
        marks = self._desk.marks
        room, marks[MOVED] = int(marks[ROOM]), 0
        own = int(found.own.ctypes.data)
        end = int(decide(self.shard.place, self._at(), own, at, stop, mode))
        if end > at and self.flow is not None:
            self._follow(self.flow, int(marks[MOVED]))
        if room != marks[ROOM]:
            actions = found.rows["action"][at:end]
            for place in np.flatnonzero(np.isin(actions, _WAITS)).tolist():
                self._wait(given, at + place, int(found.rows["expires_us"][at + place]))
        return end

    def _follow(self, flow: StolenFlow, moved: int) -> None:
        """Have the flow of stolen money know how far payments came that it did not look at, and what they moved."""
        flow.time_us = max(flow.time_us, self.shard.clock)
        flow.most += 2 * moved

    def _at(self) -> int:
        """Return where it stands where all lies that the loop reads beside the state."""
        flow = self._nothing if self.flow is None else rows_of_flow(self.flow)
        return self._handed.at(self.patterns, flow, self._ruling)

    def _kept_room(self, count: int) -> Matrix:
        """Return room for the features of so many payments; what is kept of it is copied."""
        if count > _KEPT_MAX:
            return np.empty((count, len(self.columns)))
        if count > len(self._kept):
            self._kept = np.empty((_KEPT_MAX if count > 1 else 1, len(self.columns)))
        return self._kept

    def _enforce(self, flow: StolenFlow, given: Given, found: Writing, at: int, mode: int) -> None:
        """Decide a payment whose payer or payee has stolen money, an order, or something out of its order."""
        columns = (given.payer, given.payee, given.amount)
        sides = [int(column[at]) for column in columns]
        payment = Payment(max(int(given.time_us[at]), self.shard.clock), *sides)
        verdict = flow.enforce(payment)
        assert isinstance(verdict, Verdict), "the state's own checks are at least as strict"
        found.told += verdict.caught
        if verdict.caught:
            found.caught[at] = verdict.caught
        is_at_counter = self._counter is not None and bool(self._counter[at] > 0)
        one = flow.measured(payment, is_at_counter=is_at_counter)
        if one is not None and (verdict.is_allowed or not (one.waits or flow.is_ordered(sides[0]))):
            self._measure(given, found, at, one)
        elif verdict.is_allowed:
            self._run(given, found, at, at + 1, mode | LOOKED)
            if found.rows["action"][at] < Action.DELAY:
                found.rows["row"][at] = flow.index.newest + 1
                found.told += flow.booked(Payment(self.shard.clock, *sides))
        else:
            self._stop(flow, given, found, at)
        self.sync()

    def _stop(self, flow: StolenFlow, given: Given, found: Writing, at: int) -> None:
        """Refuse a payment that an order binds; hold one that only what was caught binds."""
        self.shard.advance(int(given.time_us[at]))  # time passes all the same
        found.refuse(at, Ground.ORDER)
        payer = int(given.payer[at])
        if not flow.is_ordered(payer) and self._desk.marks[ROOM] > 0:
            some = flow.bindings[payer].values()
            self._make_wait(given, found, at, max(one.caught_until_us for one in some) + 1)

    def _measure(self, given: Given, found: Writing, at: int, one: Measure) -> None:
        """Refuse a payment that a measure does not let out; under re-verifying it waits for its payer to be verified."""
        self.shard.advance(int(given.time_us[at]))
        found.refuse(at, Ground.MEASURE)
        found.measured[at] = one
        if one.waits and self._desk.marks[ROOM] > 0:
            until = min(self.shard.clock + _PROOF_US, one.until_us + 1)
            self._make_wait(given, found, at, until, is_measured=True)

    def _make_wait(
        self, given: Given, found: Writing, at: int, until: int, *, is_measured: bool = False
    ) -> None:
        """Let a payment that was refused wait instead, until a time."""
        row = found.rows[at]
        row["action"], row["expires_us"] = Action.HOLD, until
        self._desk.marks[ROOM] -= 1
        self._desk.marks[DUE] = min(int(self._desk.marks[DUE]), until)
        self._wait(given, at, until, is_measured=is_measured)

    # -- payments that wait

    def _wait(self, given: Given, at: int, expires_us: int, *, is_measured: bool = False) -> None:
        number = self.taken + at
        one = Waiting(
            number,
            int(given.payer[at]),
            int(given.payee[at]),
            int(given.amount[at]),
            int(given.kind[at]),
            expires_us,
            is_measured,
            self._counter is not None and bool(self._counter[at] > 0),
        )
        self.waiting[number] = one
        heappush(self._due, (expires_us, number))

    def _lapse(self, time_us: int, found: Writing) -> None:
        """Let payments go on whose time is over at an instant, each at its own."""
        while self._due and (self._due[0][0] <= time_us or self._due[0][1] not in self.waiting):
            expires_us, number = heappop(self._due)
            if number in self.waiting:
                self._go_on(self._take(number), How.LAPSED, expires_us, found)
        self._desk.marks[DUE] = self._due[0][0] if self._due else NEVER_US

    def _take(self, number: int) -> Waiting:
        self._desk.marks[ROOM] += 1
        return self.waiting.pop(number)

    def _go_on(self, one: Waiting, how: How, time_us: int, found: Writing) -> None:
        """Book a payment that waited, as of now: later payments see it now, and orders of now bind it."""
        flow = self.flow
        payment = Payment(max(time_us, self.shard.clock), one.payer, one.payee, one.amount)
        if flow is not None and flow.index.flags[one.payer] & DEBITS:
            verdict = flow.enforce(payment)
            assert isinstance(verdict, Verdict), verdict
            found.told += verdict.caught
            one_binds = flow.measured(payment, is_at_counter=one.is_at_counter)
            if not verdict.is_allowed or one_binds is not None:
                found.ended.append(Ended.stopped(one, time_us, flow, verdict, one_binds))
                self.sync()
                return
        self._room -= 1
        outcome, row = self._book_unasked(payment, one.kind, found.told)
        if outcome is not Outcome.BOOKED:
            found.ended.append(Ended(one.number, How.NOT_BOOKED, time_us, outcome))
            return
        found.ended.append(Ended(one.number, how, time_us, row=row))

    def _book_unasked(self, payment: Payment, kind: int, told: list[Tiding]) -> tuple[Outcome, int]:
        """Book a payment without asking anything; return what became of it, and its row in the flow (-1: no flow)."""
        time_us, payer, payee, amount = payment[:4]
        payments = Payments.of([time_us], [payer], [payee], [amount], [kind])
        outcome, row = Outcome(int(self.shard.apply(payments)[0])), -1
        if outcome is not Outcome.BOOKED:
            return outcome, row
        if self.patterns is not None:
            self.patterns.grow(self.shard.accounts)
            self.patterns.book(self.shard.clock, payer, payee, amount)
        if self.flow is not None:
            row = self.flow.index.newest + 1
            told += self.flow.booked(payment._replace(time_us=self.shard.clock))
            self.sync()
        return outcome, row

    def book(self, payment: Payment, kind: int = 0) -> tuple[Tiding, ...]:
        """Book a payment that went on whatever would be decided of it; nothing where the state refuses it."""
        told: list[Tiding] = []
        self._room -= 1
        self._book_unasked(payment, kind, told)
        return tuple(told)

    def advance(self, time_us: int) -> Passed:
        """Let time pass without a payment: what waits and is due goes on."""
        found = Writing.empty()
        outcome = self.fits(time_us, self.shard.clock)
        if outcome is Outcome.BOOKED:
            if time_us >= self._desk.marks[DUE]:
                self._lapse(time_us, found)
            self.shard.advance(time_us)
        return Passed(tuple(found.ended), tuple(found.told), outcome)

    def due(self, now_us: int) -> int | None:
        """Return when the last of what is over by then was over: as far as time need pass for it to end; None: nothing is."""
        due = self._due if self._desk.marks[DUE] <= now_us else ()  # a million are not walked
        return max((at for at, n in due if at <= now_us and n in self.waiting), default=None)

    def fits(self, time_us: int, clock: int) -> Outcome:
        """Return whether an event of that time is taken at a clock, as the state's own check has it."""
        return self._bounds.fits(time_us, clock)

    def release(self, number: int, time_us: int) -> Passed:
        """Let a payment go on that waits: a person looked."""
        return self._end(number, How.RELEASED, time_us)

    def cancel(self, number: int, time_us: int) -> Passed:
        """Take a payment back that waits: nothing of it was booked, nothing will be."""
        return self._end(number, How.CANCELLED, time_us)

    def _end(self, number: int, how: How, time_us: int) -> Passed:
        before = self.advance(time_us)
        if before.outcome is not Outcome.BOOKED:
            return before
        found = Writing.empty()
        if number not in self.waiting:
            found.ended.append(Ended(number, How.NOT_WAITING, time_us))
        elif how is How.CANCELLED:
            self._take(number)
            found.ended.append(Ended(number, how, time_us))
        else:
            self._go_on(self._take(number), how, time_us, found)
        return Passed(before.ended + tuple(found.ended), before.told + tuple(found.told))

    # -- what else is told

    def report(self, pocket: int, time_us: int, kind: Told = Told.REPORT) -> Passed:
        """Count a report or marker of a pocket; what was due before goes on first."""
        if not 0 <= pocket < self.shard.accounts:
            return Passed((), (), Outcome.ACCOUNT_UNKNOWN)
        before = self.advance(time_us)
        if before.outcome is Outcome.BOOKED:
            self.shard.report(pocket, time_us, kind)
        return before

    def take_over(self, before: Stream) -> None:
        """Go on where another stream over the same shard stopped: its payments that wait, its numbers, its budgets."""
        self.taken, self.waiting, self._due = before.taken, before.waiting, before._due
        self._desk.marks[:] = before._desk.marks
        self._desk.counters[:] = before._desk.counters

    @property
    def counters(self) -> Matrix:
        """What budgets have used up."""
        return self._desk.counters

    def go_on_from(self, taken: int, waiting: Sequence[Waiting], counters: Matrix) -> None:
        """Take numbers, payments that wait and budgets of a stream that was kept; this one has decided nothing yet."""
        self.taken, self.waiting = taken, {one.number: one for one in waiting}
        self._due = sorted((one.expires_us, one.number) for one in waiting)
        self._desk.counters[:] = counters
        self._desk.marks[ROOM] -= len(waiting)
        self._desk.marks[DUE] = self._due[0][0] if self._due else NEVER_US

    def sync(self) -> None:
        """Carry sums of stolen money into the features: whoever changes the flow from outside calls it then."""
        if self.flow is None:
            return
        if self.flow.measures.ended:
            self._expedite(self.flow)
        if self.flow.touched:
            for pocket, minor in self.flow.changes().items():
                self.shard.mark_stolen(pocket, minor)

    def _expedite(self, flow: StolenFlow) -> None:
        """Have payments go on next whose payer need wait no longer: a measure was told to end."""
        pockets, now = dict(flow.measures.ended), self.shard.clock
        flow.measures.ended.clear()
        for one in self.waiting.values():
            if one.is_measured and one.payer in pockets:
                heappush(self._due, (now, one.number))
                self._desk.marks[DUE] = min(int(self._desk.marks[DUE]), now)


__all__ = ["Stream"]
