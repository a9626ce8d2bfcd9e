"""A watched account: what moves there is told once, whatever happens in between, until the watch ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from banks import NUMBER, POLICY, START, Bank, bank, order

from recoup import limits
from recoup.bank import BankStore
from recoup.messages import AnswerMessage, ResultCode
from recoup.orders import OrderKind, Outcome

MINUTE = timedelta(minutes=1)


def watched(a: Bank, **changes: object) -> AnswerMessage:
    return a.tell(replace(order(OrderKind.WATCH, 0, disputed=None), **changes))


def heard(a: Bank) -> list[AnswerMessage]:
    return [x for _, x in a.agent.waiting(limits.LETTERS_MAX) if isinstance(x, AnswerMessage)]


def amounts(a: Bank) -> list[int]:
    return [row.amount for message in heard(a) for row in message.rows]


def test_from_the_order_on_each_movement_is_told_once_and_what_was_before_is_not(tmp_path) -> None:
    a = bank(tmp_path)
    answer = watched(a)
    assert (answer.outcome, answer.code, answer.rows) == (Outcome.INFORMED, ResultCode.DONE, ())
    assert (answer.started_at, answer.ends_at) == (START, POLICY.watch_ends(START))
    assert heard(a) == [], "nothing moved"
    a.receive(500)  # in the very moment of the order
    a.clock.move(MINUTE)
    assert a.pay(200)
    assert amounts(a) == [500, 200]
    assert amounts(a) == [500, 200], "asked again, the same messages"
    a.clock.move(MINUTE)
    assert a.pay(300)
    assert amounts(a) == [500, 200, 300]
    first, second = heard(a)
    assert (first.order, first.outcome, second.rows_left) == (answer.order, Outcome.INFORMED, 0)
    assert first.id != second.id


def test_what_is_held_for_the_case_is_said_with_it(tmp_path) -> None:
    a = bank(tmp_path)
    watched(a)
    a.tell(order(OrderKind.STOP))
    a.receive(500)
    assert [message.held for message in heard(a)] == [60_000]


def test_a_watch_ends_by_itself_after_a_last_look(tmp_path) -> None:
    a = bank(tmp_path)
    watched(a)
    a.clock.move(timedelta(seconds=POLICY.watch_seconds))
    assert a.pay(100)  # in its last moment
    a.clock.move(MINUTE)
    assert a.pay(200)
    assert amounts(a) == [100]
    a.clock.move(MINUTE)
    assert a.pay(300)
    assert amounts(a) == [100]
    assert a.store.watches() == []


def test_a_watch_outlives_the_agent(tmp_path) -> None:
    a = bank(tmp_path)
    watched(a)
    assert a.pay(100)
    a.agent.look()
    assert a.pay(200)
    a.store.close()
    again = bank(tmp_path, core=a.core)
    again.agent.recover()
    assert amounts(again) == [100, 200], "none is lost, none told twice"


def test_books_of_a_backup_tell_what_moved_since_under_another_id(tmp_path) -> None:
    """The centre takes one content under one id: what came under a used one would be refused, and nobody would hear of it."""
    a = bank(tmp_path)
    watched(a)
    a.store.close()
    backup = (tmp_path / "books.sqlite").read_bytes()
    a = bank(tmp_path, core=a.core)
    assert a.pay(100)
    (before,) = heard(a)
    a.store.close()
    (tmp_path / "books.sqlite").write_bytes(backup)
    again = bank(tmp_path, core=a.core)
    assert again.pay(200)
    (after,) = heard(again)
    assert [row.amount for row in after.rows] == [100, 200]
    assert before.id != after.id


def test_the_same_order_again_watches_once_and_gets_its_first_answer(tmp_path) -> None:
    a = bank(tmp_path)
    told = order(OrderKind.WATCH, 0, disputed=None)
    assert a.tell(told) == a.tell(told)
    assert a.pay(100)
    assert amounts(a) == [100]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account_name": "somebody else"}, ResultCode.NAME_MISMATCH),
        ({"account_number": "7"}, ResultCode.ACCOUNT_UNKNOWN),
        ({"amount": 5}, ResultCode.AMOUNT_MALFORMED),
        ({"currency": "USD"}, ResultCode.ACCOUNT_WRONG),
    ],
)
def test_a_watch_that_does_not_match_is_refused_and_nothing_is_told(tmp_path, changes, code):
    a = bank(tmp_path)
    answer = watched(a, **changes)
    assert (answer.outcome, answer.code) == (Outcome.REFUSED, code)
    assert a.pay(100)
    assert heard(a) == []


def test_past_its_limits_a_watch_ends_and_another_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "WATCH_MESSAGES_MAX", 2)
    monkeypatch.setattr(limits, "WATCHES_MAX", 1)
    a = bank(tmp_path)
    watched(a)
    assert watched(a).code is ResultCode.NOT_SUPPORTED_OTHER
    for amount in (1, 2, 3):
        assert a.pay(amount)
        a.agent.look()
    assert amounts(a) == [1, 2]
    first, last = heard(a)
    assert (first.code, first.ends_at) == (ResultCode.DONE, POLICY.watch_ends(START))
    assert (last.code, last.ends_at) == (ResultCode.NOT_SUPPORTED_OTHER, last.at), "it says so"
    assert watched(a).code is ResultCode.DONE, "the first is over"


def test_a_watch_whose_last_look_is_its_last_message_was_not_flooded(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "WATCH_MESSAGES_MAX", 1)
    a = bank(tmp_path)
    watched(a)
    a.receive(500)
    a.clock.move(POLICY.watch_ends(START) - START)
    a.agent.look()
    (only,) = heard(a)
    assert (only.code, only.ends_at) == (ResultCode.DONE, POLICY.watch_ends(START))
    assert a.store.watches() == []


def test_books_of_before_get_the_table(tmp_path) -> None:
    store = BankStore.open(tmp_path / "books.sqlite")
    store._connection.run("DROP TABLE watch")
    store._connection.run("DROP TABLE measure")
    store._connection.run("PRAGMA user_version = 4")
    store.close()
    a = bank(tmp_path)
    watched(a)
    assert [one.account for one in a.store.watches()] == [NUMBER]
    columns = "SELECT sql FROM sqlite_master WHERE name = 'watch'"
    fresh = BankStore.open(tmp_path / "fresh.sqlite")
    assert a.store._connection.run(columns) == fresh._connection.run(columns)


def test_a_watch_that_the_books_lost_is_told_again_and_shows_what_nobody_saw(tmp_path) -> None:
    """Until the end that it had, from the begin that it had: by books that know nothing of it."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    a = bank(tmp_path / "old")
    told = order(OrderKind.WATCH, 0, disputed=None)
    ends_at = a.tell(told).ends_at
    a.receive(500)
    assert amounts(a) == [500]
    a.store.close()
    b = bank(tmp_path / "new", core=a.core)
    a.clock.move(MINUTE)
    b.agent._clock = b.clock = a.clock
    assert b.pay(200)
    assert heard(b) == [], "it forgot"
    answer = b.tell(replace(told, ends_at=ends_at))
    assert (answer.started_at, answer.ends_at) == (START, ends_at)
    assert amounts(b) == [500, 200]
    assert b.tell(replace(told, ends_at=ends_at)).id == answer.id, "who remembers answers as before"
    b.clock.move(POLICY.watch_ends(START) - START)
    b.agent.look()
    assert b.store.watches() == []
