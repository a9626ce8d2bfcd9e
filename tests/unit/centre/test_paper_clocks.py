"""The clocks of an order on paper run as those of a signed one: the same steps both ways lead to the same holds and deadlines.

Both ways go through the real rooms and writer; they differ only in how an order gets there and how its answer comes back.
Who may type and carry is tested at the desk, over HTTP; here whoever asks may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sim.office import START, Office, some_order

from recoup.cases import CasePolicy
from recoup.centre import CentreState, Reply, answer_command, decider
from recoup.centre.commands import Command, Decide, Decision, Declined, Done, Turned
from recoup.centre.paper_room import decide_paper
from recoup.centre.sheets import ConfirmSheet, HandOverOrder, TypeSheet
from recoup.orders import Answer, HoldKey, HoldState, OrderKind, OrderState, Outcome
from recoup.unrecognised import Unrecognised

KEY = HoldKey("case-1", "account-1", "CNY")
BANK = "bank-1"
HOUR = timedelta(hours=1)


def past_the_door(policy: CasePolicy) -> Decide[CentreState]:
    """Return the writer's `decide`, which asks of paper no session of a person's."""
    inside = decider(policy)

    def decide(state: CentreState, command: Command, now: datetime) -> Decision | Declined:
        if isinstance(command.value.what, HandOverOrder | TypeSheet | ConfirmSheet):
            return decide_paper(state, command.value, now, policy)
        return inside(state, command, now)

    return decide


class Signed:
    """An institution at the wire."""

    def __init__(self) -> None:
        self.office = Office(make_decide=past_the_door)

    def carry(self) -> None:
        """Let everything leave that waits."""
        while (message := self.office.next_message(0)) is not None:
            self.office.reply(message, Reply())

    def answers(self, order: str, answer: Answer) -> None:
        done = self.office.submit(answer_command(BANK, order, answer))
        assert isinstance(done, Done), done


class Paper(Signed):
    """One that somebody goes to."""

    def carry(self) -> None:
        waiting = [x.message.id for x in self.office.journal.pending(100)]
        for order in dict.fromkeys(x.split("#")[0] for x in waiting):
            done = self.office.ask("clerk", HandOverOrder(order))
            assert isinstance(done, Done), done

    def answers(self, order: str, answer: Answer) -> None:
        typed = TypeSheet(order, answer.id, answer, "digest")
        for who, what in (("ann", typed), ("cy", ConfirmSheet(answer.id, "digest"))):
            done = self.office.ask(who, what)
            assert isinstance(done, Done), done


Story = Callable[[Signed], None]


def told(way: Signed, order: str, kind: OrderKind = OrderKind.STOP, amount: int = 100) -> None:
    done = way.office.tell(some_order(order, kind, amount, KEY))
    assert isinstance(done, Done), done
    way.carry()


def passes(way: Signed, hours: float) -> None:
    """Let time pass as a centre does: a deadline is carried out on its time."""
    way.office.clock.move(hours * HOUR)
    way.office.fire()


def held(order: str, began: datetime | None, amount: int = 100) -> Answer:
    return Answer(f"a-{order}", Outcome.HELD, amount, began)


def stop_from_the_banks_own_time(way: Signed) -> None:
    told(way, "o1")
    began = way.office.clock.now() + timedelta(minutes=3)
    passes(way, 0.4)
    way.answers("o1", held("o1", began))
    assert way.office.scribe.state.hold(KEY).ends_at == began + 48 * HOUR


def stop_whose_start_nobody_said(way: Signed) -> None:
    told(way, "o1")
    passes(way, 0.4)
    way.answers("o1", held("o1", None))
    assert way.office.scribe.state.hold(KEY).ends_at == START + 48 * HOUR, "from its sending"


def stop_that_began_in_no_possible_time(way: Signed) -> None:
    told(way, "o1")
    passes(way, 0.4)
    way.answers("o1", held("o1", START - 40 * HOUR))
    assert way.office.scribe.state.hold(KEY).ends_at == START + 48 * HOUR


def no_answer_within_the_limit(way: Signed) -> None:
    told(way, "o1")
    passes(way, 2)
    assert way.office.scribe.state.hold(KEY).find("o1").state is OrderState.UNANSWERED
    began = START + timedelta(minutes=5)
    way.answers("o1", held("o1", began))
    assert way.office.scribe.state.hold(KEY).ends_at == began + 48 * HOUR, "late is not lost"


def second_stop_and_no_third(way: Signed) -> None:
    stop_from_the_banks_own_time(way)
    passes(way, 40)
    told(way, "o2", OrderKind.POSTPONE)
    way.answers("o2", Answer("a-o2", Outcome.POSTPONED, 100, way.office.clock.now()))
    hold = way.office.scribe.state.hold(KEY)
    assert hold.ends_at == way.office.clock.now() + 48 * HOUR
    assert hold.stops_spent == 2
    third = way.office.tell(some_order("o3", OrderKind.POSTPONE, 100, KEY))
    assert isinstance(third, Turned)


def freeze_of_six_months_and_its_end(way: Signed) -> None:
    stop_from_the_banks_own_time(way)
    told(way, "o2", OrderKind.FREEZE)
    began = way.office.clock.now()
    way.answers("o2", Answer("a-o2", Outcome.FROZEN, 100, began))
    assert way.office.scribe.state.hold(KEY).ends_at == began.replace(month=began.month + 6)
    passes(way, 24 * 200)
    assert way.office.scribe.state.hold(KEY).state is HoldState.LAPSED


def renewal(way: Signed) -> None:
    told(way, "o1")
    way.answers("o1", held("o1", way.office.clock.now()))
    told(way, "o2", OrderKind.FREEZE)
    way.answers("o2", Answer("a-o2", Outcome.FROZEN, 100, way.office.clock.now()))
    passes(way, 24 * 150)
    told(way, "o3", OrderKind.RENEW)
    way.answers("o3", Answer("a-o3", Outcome.FROZEN, 100))
    assert way.office.scribe.state.hold(KEY).renewals == 1


def two_answers_that_contradict(way: Signed) -> None:
    told(way, "o1")
    way.answers("o1", held("o1", way.office.clock.now()))
    way.answers("o1", Answer("a-2", Outcome.REFUSED, code="0301"))
    hold = way.office.scribe.state.hold(KEY)
    assert (hold.state, hold.held) == (HoldState.HELD, 100), "the money stays held"
    assert len(hold.find("o1").answers) == 2, "both are kept"


def an_answer_after_the_term(way: Signed) -> None:
    told(way, "o1")
    passes(way, 2)
    way.answers("o1", held("o1", START))
    passes(way, 60)
    assert way.office.scribe.state.hold(KEY).state is HoldState.LAPSED
    way.answers("o1", replace(held("o1", START), id="a-2"))
    assert way.office.scribe.state.hold(KEY).state is HoldState.LAPSED, "its term is over"


def a_first_answer_that_comes_when_its_term_is_over(way: Signed) -> None:
    told(way, "o1")
    passes(way, 60)
    way.answers("o1", held("o1", START))
    passes(way, 0)
    assert not way.office.scribe.state.hold(KEY).is_live


def a_release(way: Signed) -> None:
    stop_from_the_banks_own_time(way)
    told(way, "o2", OrderKind.RELEASE, 0)
    way.answers("o2", Answer("a-o2", Outcome.RELEASED))
    way.answers("o1", replace(held("o1", START), id="a-2"))
    assert way.office.scribe.state.hold(KEY).state is HoldState.RELEASED


def an_answer_that_nobody_understands(way: Signed) -> None:
    told(way, "o1")
    way.answers("o1", Answer("a-1", Unrecognised("eaten")))
    passes(way, 2)
    assert way.office.scribe.state.hold(KEY).find("o1").state is OrderState.UNANSWERED


STORIES = [
    stop_from_the_banks_own_time,
    stop_whose_start_nobody_said,
    stop_that_began_in_no_possible_time,
    no_answer_within_the_limit,
    second_stop_and_no_third,
    freeze_of_six_months_and_its_end,
    renewal,
    two_answers_that_contradict,
    an_answer_after_the_term,
    a_first_answer_that_comes_when_its_term_is_over,
    a_release,
    an_answer_that_nobody_understands,
]


def stands(way: Signed) -> tuple[object, ...]:
    """Return the holds and the clocks that run; what a clock does when it fires is the same by its id and kind."""
    due = way.office.journal.due(START + timedelta(days=3_650), 100)
    clocks = [(row.id, row.due_at, row.kind) for row in due]
    return dict(way.office.scribe.state.holds), clocks


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_clocks_of_paper_run_as_those_of_a_signed_answer(story: Story) -> None:
    signed, paper = Signed(), Paper()
    for way in (signed, paper):
        story(way)
    assert stands(paper) == stands(signed)
    for way in (signed, paper):
        way.carry()
        passes(way, 24 * 400)
    assert stands(paper) == stands(signed), "to the end of every clock"


def test_a_paper_whose_begin_is_left_out_is_seen_as_another_clock() -> None:
    """The negative control: three minutes of the institution's own time are three minutes of the term."""
    signed, paper = Signed(), Paper()
    stop_from_the_banks_own_time(signed)
    stop_whose_start_nobody_said(paper)
    assert stands(paper) != stands(signed)


def test_once_the_answer_is_typed_nothing_of_the_order_waits_to_leave() -> None:
    """Nobody would carry it any more, and it would be the oldest unsent message for ever."""
    paper = Paper()
    no_answer_within_the_limit(paper)
    assert list(paper.office.journal.pending(10)) == []


def test_an_answer_that_is_not_understood_leaves_the_reminder_to_be_carried() -> None:
    paper = Paper()
    told(paper, "o1")
    passes(paper, 2)
    paper.answers("o1", Answer("a-1", Unrecognised("eaten")))
    assert [x.message.id for x in paper.office.journal.pending(10)] == ["o1#again"]
    paper.carry()
    assert list(paper.office.journal.pending(10)) == []


def test_nobody_confirms_their_own_sheet_and_a_sheet_counts_once() -> None:
    paper = Paper()
    told(paper, "o1")
    answer = held("o1", START)
    assert isinstance(paper.office.ask("ann", TypeSheet("o1", "s1", answer, "digest")), Done)
    before = stands(paper)
    for who, digest in (("ann", "digest"), ("cy", "other")):
        assert isinstance(paper.office.ask(who, ConfirmSheet("s1", digest)), Turned)
    assert stands(paper) == before, "one person's word, or two that differ, is no answer"
    assert isinstance(paper.office.ask("cy", ConfirmSheet("s1", "digest")), Done)
    assert isinstance(paper.office.ask("bo", ConfirmSheet("s1", "digest")), Turned)
