"""What a person at a bank does about holders beside the agent: notices, appeals, and the letters that tell the centre."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from banks import BANK, NUMBER, START, Bank, bank, order

from recoup.bank import OrderIdTaken
from recoup.bank.holders import HolderDesk
from recoup.bank.letters import NoticeState
from recoup.bank.store import BankStore
from recoup.errors import MessageFault, StoreFault
from recoup.ids import RandomIds
from recoup.limits import MESSAGE_TEXT_CHARS_MAX
from recoup.messages import AppealMessage, Asked, AskMessage, NoticeMessage, NoticeTerms, encode
from recoup.orders import OrderKind, Outcome

TERMS = NoticeTerms("Police of X", ("paper 1",), "110")
HOUR = timedelta(hours=1)


@pytest.fixture
def a(tmp_path) -> Bank:
    return bank(tmp_path)


@pytest.fixture
def desk(a, tmp_path) -> HolderDesk:
    """A clerk's own connection to the agent's books."""
    store = BankStore.open(tmp_path / "books.sqlite")
    yield HolderDesk(store, BANK.owner, a.clock, RandomIds())
    store.close()


def stopped(a: Bank, case: str = "a") -> str:
    told = order(OrderKind.STOP, 10_000, case, notice=TERMS)
    a.tell(told)
    return told.id


def said(a: Bank) -> list[object]:
    return [message for _, message in a.agent.waiting(10)]


def test_a_notice_is_due_until_its_holder_was_told(a, desk):
    stop = stopped(a)
    assert [(x.order, x.state) for x in desk.notices()] == [(stop, NoticeState.DUE)]
    a.agent.tell_holders()
    (given,) = desk.notices()
    assert (given.state, given.way, given.at) == (NoticeState.GIVEN, "app", START)


def test_a_notice_that_a_clerk_handed_over_is_not_sent_by_the_agent_too(a, desk):
    stop = stopped(a)
    desk.give(stop, "counter")
    assert a.agent.tell_holders() == 0
    assert a.core.boxes == {}
    (letter,) = said(a)
    assert (letter.is_delivered, letter.way) == (True, "counter")
    with pytest.raises(MessageFault, match="was not given, went by counter"):
        desk.give(stop, "letter")


def test_a_notice_that_is_put_off_is_told_when_its_end_has_come_and_the_centre_hears_of_both(
    a, desk
):
    stop = stopped(a)
    desk.put_off(stop, "the holder is travelling", START + HOUR)
    assert a.agent.tell_holders() == 0
    (later,) = desk.notices()
    assert (later.state, later.reason, later.until) == (
        NoticeState.DEFERRED, "the holder is travelling", START + HOUR
    )  # fmt: skip
    a.clock.move(HOUR)
    assert a.agent.tell_holders() == 1
    assert len(a.core.boxes[NUMBER]) == 1
    assert [(x.is_delivered, x.deferred_until) for x in said(a)] == [
        (False, START + HOUR),
        (True, None),
    ]


@pytest.mark.parametrize(
    ("reason", "after"),
    [("", HOUR), ("why", timedelta(0)), ("why", 49 * HOUR)],
    ids=["no reason", "ends now", "ends after the hold"],
)
def test_a_notice_is_not_put_off_without_a_reason_or_an_end_within_the_hold(a, desk, reason, after):
    stop = stopped(a)
    with pytest.raises(MessageFault):
        desk.put_off(stop, reason, START + after)
    assert a.agent.tell_holders() == 1


def test_a_notice_may_be_put_off_until_the_hold_ends_and_not_of_an_order_without_one(a, desk):
    stop = stopped(a)
    desk.put_off(stop, "why", START + 48 * HOUR)
    for act in (lambda: desk.give("nobodys", "app"), lambda: desk.give(stop, "")):
        with pytest.raises(MessageFault):
            act()


def test_an_appeal_is_listed_and_counts_as_taken_once_the_centre_asks_for_what_comes_after(a, desk):
    stop = stopped(a)
    a.agent.tell_holders()
    filed = desk.file_appeal(stop, "my wage", "139")
    assert [(x.appeal.id, x.is_taken) for x in desk.appeals()] == [(filed, False)]
    ask = AskMessage(BANK.owner, Asked.MESSAGES)
    last = a.agent.letters(a.sealed(ask))[-1]["cursor"]
    assert not desk.appeals()[0].is_taken, "handed out is not taken"
    a.agent.letters(a.sealed(AskMessage(BANK.owner, Asked.MESSAGES, after=last)))
    assert desk.appeals()[0].is_taken
    assert said(a) == []


def test_a_holders_words_are_taken_up_to_what_a_message_may_have_and_no_further(a, desk):
    stop = stopped(a)
    desk.file_appeal(stop, "x" * MESSAGE_TEXT_CHARS_MAX)
    for words in ("x" * (MESSAGE_TEXT_CHARS_MAX + 1), " \n"):
        with pytest.raises(MessageFault):
            desk.file_appeal(stop, words)
    assert len(desk.appeals()) == 1


def test_letters_wait_in_order_until_they_are_handed_over(a, desk):
    stop = stopped(a)
    a.agent.tell_holders()
    desk.file_appeal(stop, "my wage")
    (first, notice), (second, appeal) = a.agent.waiting(10)
    assert (type(notice), type(appeal)) == (NoticeMessage, AppealMessage)
    a.agent.handed_over(first)
    assert [place for place, _ in a.agent.waiting(10)] == [second]
    a.agent.handed_over(second)
    a.agent.handed_over(first)  # an older place takes nothing back
    assert a.agent.waiting(10) == []


def test_a_cursor_of_newer_books_is_the_beginning(a):
    """The books were restored from a backup: what they say now must reach a centre that read further once."""
    stopped(a)
    ask = AskMessage(BANK.owner, Asked.MESSAGES, after="57")
    assert len(a.agent.letters(a.sealed(ask))) == 1
    assert len(said(a)) == 1


def test_a_place_that_restored_books_gave_anew_is_the_beginning_too(a, desk):
    """They went on since: the centre's place is one of theirs again, and what stands there is another letter."""
    stop = stopped(a)
    a.agent.tell_holders()
    desk.file_appeal(stop, "my wage")
    ask = AskMessage(BANK.owner, Asked.MESSAGES)
    (first, second) = [row["cursor"] for row in a.agent.letters(a.sealed(ask))]
    place = second.partition("-")[0]
    for strange in (f"{place}-{'0' * 16}", place):
        again = AskMessage(BANK.owner, Asked.MESSAGES, after=strange)
        found = a.agent.letters(a.sealed(again))
        assert [row["cursor"] for row in found] == [first, second]
    ask = AskMessage(BANK.owner, Asked.MESSAGES, after=first)
    assert [row["cursor"] for row in a.agent.letters(a.sealed(ask))] == [second], "the control"
    assert not desk.appeals()[0].is_taken, "a strange cursor takes nothing"


@pytest.mark.parametrize("after", ["²", "9" * 19, "-1", "1 ", "1-", "1-xyz"])
def test_a_cursor_that_is_no_place_is_refused(a, after):
    with pytest.raises(MessageFault):
        a.agent.letters(a.sealed(AskMessage(BANK.owner, Asked.MESSAGES, after=after)))


def test_what_became_of_a_notice_and_its_letter_are_written_together(a, desk, monkeypatch):
    """Negative control of `test_a_notice_that_is_put_off...`: with a letter that fails, nothing is put off."""
    stop = stopped(a)
    run = desk._store._connection.run

    def fails(sql, values=()):
        if sql == desk._store._sql["add_letter"]:
            raise StoreFault("the disk is full")
        return run(sql, values)

    with monkeypatch.context() as broken:
        broken.setattr(desk._store._connection, "run", fails)
        with pytest.raises(StoreFault):
            desk.put_off(stop, "why", START + HOUR)
    assert a.agent.tell_holders() == 1


# --- what the centre holds back ---


def held_back(a: Bank, hours: int = 1) -> object:
    told = order(OrderKind.STOP, 10_000, notice=TERMS, tell_from=START + hours * HOUR)
    assert a.tell(told).outcome is Outcome.HELD
    return told


def test_a_notice_that_the_centre_holds_back_is_told_by_nobody_before_its_end(a, desk):
    told = held_back(a)
    assert a.agent.tell_holders() == 0
    with pytest.raises(MessageFault, match="the centre holds it back"):
        desk.give(told.id, "counter")
    a.clock.move(HOUR - timedelta(seconds=1))
    assert (a.agent.tell_holders(), a.core.boxes) == (0, {})
    a.clock.move(timedelta(seconds=1))
    assert a.agent.tell_holders() == 1


def test_what_is_held_back_later_or_no_longer_comes_with_the_order_again(a):
    told = order(OrderKind.STOP, 10_000, notice=TERMS)
    first = a.tell(told)
    assert a.tell(replace(told, tell_from=START + 2 * HOUR)) == first
    a.clock.move(HOUR)
    assert a.agent.tell_holders() == 0
    assert a.tell(replace(told, tell_from=START + HOUR)) == first, "sooner than it was said"
    assert a.agent.tell_holders() == 1
    a.tell(replace(told, tell_from=START + 5 * HOUR))
    (given,) = a.store.notices()
    assert given.state is NoticeState.GIVEN, "what was told was told"


def test_what_the_bank_put_off_ends_neither_before_its_own_end_nor_before_the_centres(a, desk):
    told = held_back(a, hours=3)
    desk.put_off(told.id, "the holder is travelling", START + HOUR)
    a.clock.move(2 * HOUR)
    assert a.agent.tell_holders() == 0
    a.clock.move(HOUR)
    assert a.agent.tell_holders() == 1


def test_an_order_that_differs_in_more_than_its_sending_is_another_order(a):
    told = held_back(a)
    with pytest.raises(OrderIdTaken, match="reason"):
        a.tell(replace(told, tell_from=None, reason="another"))


def test_a_process_that_died_between_order_and_answer_holds_back_what_the_order_said(a):
    told = order(OrderKind.STOP, 10_000, notice=TERMS, tell_from=START + HOUR)
    a.store.begin(told.id, encode(told), START)
    assert a.agent.recover() == 1
    assert a.agent.tell_holders() == 0
