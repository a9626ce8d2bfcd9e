"""What every store of the journal promises: the same suite on the fake and on each real one."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from contract.journals import PLACES, START, Place, answered, batch_of, sealed

from recoup import limits
from recoup.errors import LimitFault, StoreFault
from recoup.journal.port import (
    Appended,
    AppendRefusal,
    Batch,
    Deadline,
    Journal,
    Message,
    Refused,
    Repeated,
    Snapshot,
    StoredCheckpoint,
)


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def journal(place: Place) -> Journal:
    return place.open()


def _message(name: str) -> Message:
    return Message(name, "bank_1", "stop", b'{"order":1}')


def _deadline(name: str, minutes: int) -> Deadline:
    return Deadline(name, START + timedelta(minutes=minutes), "lapse", "order_1", b"{}")


def test_a_new_journal_is_empty(journal):
    assert journal.last() is None
    assert list(journal.records()) == []
    assert journal.answer_of("c1") is None
    assert (journal.pending(10), journal.due(START, 10), journal.checkpoints()) == ([], [], [])
    assert journal.snapshot("cases") is None


def test_a_batch_is_there_for_every_connection_and_after_opening_again(place, journal):
    batch = batch_of(journal, "c1", "c2")
    assert journal.append(batch, journal.lead()) == Appended(2)
    journal.close()
    again = place.open()
    assert tuple(again.records()) == batch.records
    assert again.last() == batch.records[-1]
    assert again.answer_of("c2") == batch.answers[1]


def test_records_of_a_range_come_in_order(journal):
    journal.append(batch_of(journal, *"abcdef"), journal.lead())
    assert [x.sequence for x in journal.records(2, 4)] == [2, 3, 4]
    assert [x.sequence for x in journal.records(5)] == [5, 6]
    assert list(journal.records(7, 9)) == []


def test_the_same_id_with_the_same_content_gives_the_first_answer_and_appends_nothing(journal):
    epoch = journal.lead()
    first = batch_of(journal, "c1")
    journal.append(first, epoch)
    again = dataclasses.replace(
        batch_of(journal, "c1", "c2"), answers=(answered("c1", body=b'"other"'), answered("c2"))
    )
    assert journal.append(again, epoch) == Repeated(first.answers)
    assert journal.last() == first.records[-1]
    assert journal.answer_of("c2") is None


def test_the_same_id_with_other_content_is_refused_by_name(journal):
    epoch = journal.lead()
    journal.append(batch_of(journal, "c1"), epoch)
    other = dataclasses.replace(batch_of(journal, "c2"), answers=(answered("c1", b"other"),))
    assert journal.append(other, epoch) == Refused(AppendRefusal.CONTENT_DIFFERS, "c1")
    assert len(list(journal.records())) == 1


def test_a_writer_of_an_older_epoch_is_shut_out(place, journal):
    old = journal.lead()
    rival = place.open()
    new = rival.lead()
    assert new > old
    result = journal.append(batch_of(journal, "c1"), old)
    assert isinstance(result, Refused)
    assert result.reason is AppendRefusal.EPOCH_NOT_NEWEST
    assert rival.append(batch_of(rival, "c1"), new) == Appended(1)


def test_an_epoch_that_was_never_given_is_shut_out(journal):
    epoch = journal.lead()
    result = journal.append(batch_of(journal, "c1"), epoch + 1)
    assert isinstance(result, Refused)
    assert journal.last() is None


def test_a_batch_after_another_last_record_is_refused(journal):
    epoch = journal.lead()
    stale = batch_of(journal, "c2")
    journal.append(batch_of(journal, "c1"), epoch)
    result = journal.append(stale, epoch)
    assert isinstance(result, Refused)
    assert result.reason is AppendRefusal.LAST_DIFFERS
    assert journal.answer_of("c2") is None


def test_a_record_that_does_not_follow_is_our_own_mistake(journal):
    epoch = journal.lead()
    stranger = sealed(sealed(None, "c0", body=b"{}"), "c1")
    journal.append(batch_of(journal, "c9"), epoch)
    with pytest.raises(AssertionError):
        journal.append(Batch(1, (stranger,), (answered("c1"),)), epoch)
    assert journal.append(batch_of(journal, "c1"), epoch) == Appended(2)


def test_all_of_a_batch_or_nothing_of_it(journal):
    epoch = journal.lead()
    journal.append(batch_of(journal, "c1", messages=(_message("m1"),)), epoch)
    bad = batch_of(
        journal, "c2", messages=(_message("m2"), _message("m1")), deadlines=(_deadline("d1", 1),)
    )
    with pytest.raises((AssertionError, StoreFault)):  # a message id used twice is our own mistake
        journal.append(bad, epoch)
    assert journal.answer_of("c2") is None
    assert [x.message.id for x in journal.pending(10)] == ["m1"]
    assert journal.due(START + timedelta(days=1), 10) == []
    assert journal.append(batch_of(journal, "c2"), epoch) == Appended(2)


def test_messages_wait_in_order_until_sent_and_carry_the_epoch(place, journal):
    epoch = journal.lead()
    journal.append(batch_of(journal, "c1", messages=(_message("z"), _message("a"))), epoch)
    journal.append(batch_of(journal, "c2", messages=(_message("m"),)), epoch)
    pending = place.open().pending(10)
    assert [(x.message.id, x.epoch, x.sequence) for x in pending] == [
        ("z", epoch, 1),
        ("a", epoch, 1),
        ("m", epoch, 2),
    ]
    assert [x.message.id for x in journal.pending(1)] == ["z"]
    assert journal.sent("a")
    assert not journal.sent("a")
    assert not journal.sent("unknown")
    assert [x.message for x in journal.pending(10)] == [_message("z"), _message("m")]


def test_the_outbox_is_read_on_from_a_message_whether_or_not_that_one_was_sent(place, journal):
    epoch = journal.lead()
    messages = tuple(_message(name) for name in "zamb")
    journal.append(batch_of(journal, "c1", messages=messages), epoch)
    assert [x.message.id for x in journal.pending(1, "z")] == ["a"]
    journal.sent("a")
    assert [x.message.id for x in place.open().pending(10, "a")] == ["m", "b"]
    assert list(journal.pending(10, "b")) == []
    assert len(journal.pending(10, "unknown")) == 3


def test_the_outbox_of_one_institution_is_read_on_its_own(place, journal):
    epoch = journal.lead()
    bound = zip("zamb", ("b1", "b2", "b1", "b1"), strict=True)
    messages = tuple(replace(_message(name), destination=to) for name, to in bound)
    journal.append(batch_of(journal, "c1", messages=messages), epoch)

    def ids(after="", to="b1", limit=10):
        return [x.message.id for x in place.open().pending(limit, after, to)]

    assert (ids(), ids(to="b2"), ids(to="b3")) == (["z", "m", "b"], ["a"], [])
    assert ids(limit=2) == ["z", "m"]
    assert ids("z") == ids("a") == ["m", "b"], "a message of another one is a place as well"
    journal.sent("m")
    assert ids("z") == ["b"]
    assert ids("unknown") == ["z", "b"]


def test_a_batch_settles_messages_that_got_through(place, journal):
    epoch = journal.lead()
    journal.append(batch_of(journal, "c1", messages=(_message("z"), _message("a"))), epoch)
    journal.append(batch_of(journal, "c2", settled=("z", "unknown")), epoch)
    assert [x.message.id for x in place.open().pending(10)] == ["a"]
    assert not journal.sent("z")


def test_deadlines_are_due_at_their_time_earliest_first(journal):
    epoch = journal.lead()
    rows = (_deadline("b", 5), _deadline("a", 5), _deadline("c", 1), _deadline("d", 9))
    journal.append(batch_of(journal, "c1", deadlines=rows), epoch)
    five = START + timedelta(minutes=5)
    assert [x.id for x in journal.due(five, 10)] == ["c", "a", "b"]
    assert [x.id for x in journal.due(five, 2)] == ["c", "a"]
    assert [x.id for x in journal.due(five - timedelta(microseconds=1), 10)] == ["c"]
    assert journal.due(five, 10)[1] == _deadline("a", 5)


def test_a_deadline_can_be_ended_and_set_again_in_one_batch(journal):
    epoch = journal.lead()
    journal.append(batch_of(journal, "c1", deadlines=(_deadline("a", 1), _deadline("b", 1))), epoch)
    journal.append(
        batch_of(journal, "c2", ended=("a", "b", "never set"), deadlines=(_deadline("a", 3),)),
        epoch,
    )
    assert journal.due(START + timedelta(days=1), 10) == [_deadline("a", 3)]
    journal.append(Batch(2, deadlines=(_deadline("a", 4),)), epoch)
    assert journal.due(START + timedelta(days=1), 10) == [_deadline("a", 4)]


def test_checkpoints_are_kept_by_size_and_the_later_note_stands(place, journal):
    journal.add_checkpoint(StoredCheckpoint(5, b"five"))
    journal.add_checkpoint(StoredCheckpoint(2, b"two"))
    journal.add_checkpoint(StoredCheckpoint(5, b"five, cosigned"))
    found = place.open().checkpoints()
    assert found == [StoredCheckpoint(2, b"two"), StoredCheckpoint(5, b"five, cosigned")]


def test_the_newest_snapshot_stands(place, journal):
    journal.add_snapshot(Snapshot("cases", 5, b"five"))
    journal.add_snapshot(Snapshot("cases", 3, b"three"))
    journal.add_snapshot(Snapshot("orders", 1, b"one"))
    again = place.open()
    assert again.snapshot("cases") == Snapshot("cases", 5, b"five")
    assert again.snapshot("orders") == Snapshot("orders", 1, b"one")


@pytest.mark.parametrize("limit", [-1, limits.PAGE_ROWS_MAX + 1])
def test_a_page_past_the_bound_is_refused(journal, limit):
    assert list(journal.pending(limits.PAGE_ROWS_MAX)) == []
    with pytest.raises(LimitFault):
        journal.pending(limit)
    with pytest.raises(LimitFault):
        journal.due(START, limit)
