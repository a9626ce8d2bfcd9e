"""R6 at the very end of a stop: what prolongs it is ordered or answered a millisecond before its end, at it, and after.

The worlds of `test_simulation` meet these moments now and then; here each is met, with the deadline fired before it and after.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from recoup.centre import Reply, answer_command, decider
from recoup.centre.commands import Done
from recoup.centre.terms import EndTerm
from recoup.orders import Answer, HoldState, Order, OrderKind, Outcome
from sim.auditor import Auditor
from sim.office import POLICY, START, Office, some_order

ENDS = START + timedelta(hours=48)
MOMENTS = (-1, 0, 1)
KINDS = {
    OrderKind.POSTPONE: (Outcome.POSTPONED, HoldState.POSTPONED, "renewed"),
    OrderKind.FREEZE: (Outcome.FROZEN, HoldState.FROZEN, "frozen"),
    OrderKind.RELEASE: (Outcome.RELEASED, HoldState.RELEASED, "lifted"),
}
"""What an order is answered, what the hold then is, and how the stop ended."""


class Race:
    """A stop that ends at `ENDS`, and one order about it."""

    def __init__(self, kind: OrderKind, make_decide=decider) -> None:
        self.office, self.kind = Office(make_decide=make_decide), kind
        self.auditor = Auditor(POLICY)
        self._tell(some_order("stop"))
        self._hear("stop", Answer("a-stop", Outcome.HELD, 100, START))
        assert self.hold.ends_at == ENDS

    @property
    def hold(self):
        return self.office.scribe.state.hold(some_order("stop").key)

    def at(self, milliseconds: int) -> None:
        """Set the clock so far from the end of the stop."""
        office = self.office
        office.clock.move(ENDS + timedelta(milliseconds=milliseconds) - office.clock.now())

    def order(self) -> bool:
        """Give the order; return whether it left."""
        amount = 0 if self.kind is OrderKind.RELEASE else 100
        return self._tell(some_order("next", self.kind, amount))

    def answer(self) -> None:
        outcome, *_ = KINDS[self.kind]
        held = 0 if outcome is Outcome.RELEASED else 100
        started = None if outcome is Outcome.RELEASED else self.office.clock.now()
        self._hear("next", Answer("a-next", outcome, held, started))

    def endings(self) -> dict[str, int]:
        """Return how the stop ended; the auditor raises at whatever breaks a promise."""
        self.auditor.catch_up(self.office.journal)
        return dict(self.auditor.endings)

    def _tell(self, order: Order) -> bool:
        outcome = self.office.tell(order)
        while (message := self.office.next_message(0.0)) is not None:
            self.office.reply(message, Reply(()))
        return isinstance(outcome, Done)

    def _hear(self, order: str, answer: Answer) -> None:
        outcome = self.office.submit(answer_command("bank-1", order, answer))
        assert isinstance(outcome, Done), outcome


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("heard", MOMENTS)
@pytest.mark.parametrize("is_fired_first", [True, False])
def test_an_answer_and_the_end_of_a_stop_race_and_one_of_them_ends_it(kind, heard, is_fired_first):
    race = Race(kind)
    race.at(-60_000)
    assert race.order()
    race.at(heard)
    if is_fired_first:
        race.office.fire()
    race.answer()
    race.office.fire()
    _, state, ending = KINDS[kind]
    has_lapsed = is_fired_first and heard >= 0
    assert race.endings() == {"lapsed" if has_lapsed else ending: 1}
    # What a bank froze is frozen, also after the lapse; a stop that is over cannot be prolonged.
    after = HoldState.LAPSED if has_lapsed and kind is not OrderKind.FREEZE else state
    for _ in range(2):
        assert race.hold.state is after
        race.office.clock.move(timedelta(minutes=1))
        race.office.fire()  # the end of the stop ends nothing that came after it


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("told", MOMENTS)
@pytest.mark.parametrize("is_fired_first", [True, False])
def test_an_order_and_the_end_of_a_stop_race_and_the_stop_ends_once(kind, told, is_fired_first):
    race = Race(kind)
    race.at(told)
    if is_fired_first:
        race.office.fire()
    is_told = race.order()
    race.at(max(told, 0) + 5)
    race.office.fire()
    assert race.hold.state in {HoldState.LAPSED, HoldState.ASKED}
    if is_told:
        race.answer()
    race.office.fire()
    assert race.endings() == {"lapsed": 1}


def test_a_deadline_that_is_late_for_the_answer_does_not_end_a_stop_early():
    for milliseconds in (-1, 0):
        race = Race(OrderKind.FREEZE)
        race.at(milliseconds)
        race.office.fire()
        assert (race.hold.state is HoldState.LAPSED) is (milliseconds == 0)


def _early(policy):
    """A planted bug: the end of a term is believed a millisecond before it."""
    right, little = decider(policy), timedelta(milliseconds=1)

    def decide(state, command, now):
        return right(state, command, now + little * isinstance(command.value.what, EndTerm))

    return decide


def test_a_stop_that_ends_a_millisecond_early_is_found():
    """Negative control: the deadline is fired a millisecond early, and this centre believes it."""
    race = Race(OrderKind.FREEZE, _early)
    race.at(-1)
    due = list(race.office.journal.due(ENDS, 10))
    race.office.scribe.write(race.office.rows.commands(due))
    with pytest.raises(AssertionError, match="lapsed before its end"):
        race.endings()


def test_a_sound_centre_does_not_believe_a_deadline_that_is_fired_early():
    race = Race(OrderKind.FREEZE)
    race.at(-1)
    due = list(race.office.journal.due(ENDS, 10))
    race.office.scribe.write(race.office.rows.commands(due))
    assert race.endings() == {}
    assert race.hold.state is HoldState.HELD
