"""The single writer: one effect a command, answers only after the sync, and what stops it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from crash import tally

from recoup import limits
from recoup.centre.commands import Done, Turned, Unknown
from recoup.centre.writer import Writer
from recoup.errors import CommitUnknown, StoreBusy, StoreFault, UnknownEvent
from recoup.journal.port import Batch
from recoup.journal.record import hash_of
from recoup.journal.verify import Verified, verify
from recoup.stores.memory import MemoryDisk, MemoryJournal


class Gated(MemoryJournal):
    """Appends when the gate is open; can be told to fail."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(disk)
        self.gate, self.asked, self.faults = threading.Event(), threading.Event(), []
        self.sizes: list[int] = []
        self.gate.set()

    def append(self, batch: Batch, epoch: int) -> object:
        self.asked.set()
        assert self.gate.wait(10)
        if self.faults:
            fault, is_written = self.faults.pop(0)
            if is_written:
                super().append(batch, epoch)
            raise fault
        self.sizes.append(len(batch.answers))
        return super().append(batch, epoch)


class Bench:
    """A writer over a gated memory store."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self.journal, self.clock, self.halts = Gated(self.disk), tally.clock(), []
        self.writer = Writer(
            lambda: self.journal,
            tally.REGISTRY,
            self.clock,
            state=tally.Tally(),
            decide=self.decide,
            evolve=tally.evolve,
            halted=self.halts.append,
        )

    @staticmethod
    def decide(state, command, now):
        if command.value == "bug":
            raise ZeroDivisionError("a bug in a rule")
        return tally.decide(state, command, now)

    def do(self, name: str, content: bytes | None = None):
        return self.writer.submit(tally.command(name, content)).result(10)


@pytest.fixture
def bench():
    made = Bench()
    assert made.writer.start() == 0
    yield made
    made.journal.gate.set()
    made.writer.drain()


def test_a_command_takes_effect_and_its_repeat_gives_the_first_answer(bench):
    assert bench.do("a") == Done(b"1", is_repeat=False)
    assert bench.do("b") == Done(b"2", is_repeat=False)
    assert bench.do("a") == Done(b"1", is_repeat=True)
    assert tally.check(bench.journal, {"a": b"1", "b": b"2"}) == []
    assert [x.message.id for x in bench.journal.pending(9)] == ["m_a", "m_b"]


def test_the_same_id_with_other_content_is_turned_away(bench):
    bench.do("a")
    turned = bench.do("a", b"other")
    assert isinstance(turned, Turned)
    assert (turned.reason, turned.is_transient) == ("content_differs", False)
    assert len(bench.disk.records) == 1


def test_a_declined_command_writes_nothing_and_leaves_its_id_free(bench):
    declined = bench.do("declined")
    assert declined == Turned("never_welcome", "", is_transient=False)
    assert bench.disk.records == []
    assert bench.journal.answer_of("declined") is None


def test_nobody_hears_before_the_batch_is_on_disk(bench):
    bench.journal.gate.clear()
    future = bench.writer.submit(tally.command("a"))
    assert bench.journal.asked.wait(10)
    assert not future.done()
    assert bench.disk.records == []
    bench.journal.gate.set()
    assert future.result(10) == Done(b"1", is_repeat=False)


def test_commands_that_wait_share_a_sync_and_a_repeat_among_them_has_one_effect(bench):
    bench.journal.gate.clear()
    bench.writer.submit(tally.command("first"))
    assert bench.journal.asked.wait(10)
    names = ["a", "b", "a", "c", "declined", "b"]
    futures = [bench.writer.submit(tally.command(name)) for name in names]
    bench.journal.gate.set()
    outcomes = [future.result(10) for future in futures]
    assert bench.journal.sizes == [1, 3]
    assert outcomes[:4] == [
        Done(b"2", False),
        Done(b"3", False),
        Done(b"2", True),
        Done(b"4", False),
    ]
    assert outcomes[5] == Done(b"3", is_repeat=True)
    assert tally.check(bench.journal, {"a": b"2", "b": b"3", "c": b"4"}) == []


def test_many_clients_with_repeats_get_one_effect_an_id(bench):
    def client(number: int) -> dict[str, bytes]:
        return {f"c{n}": bench.do(f"c{n}").answer for n in range(number % 3, 100)}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(client, range(8)))
    told = found[0] | found[1] | found[2]
    assert all(told[name] == answer for answers in found for name, answer in answers.items())
    assert tally.check(bench.journal, told) == []
    assert len(bench.disk.records) == 100


def test_a_writer_started_anew_goes_on_where_the_journal_ends(bench):
    bench.do("a")
    bench.do("b")
    bench.writer.drain()
    again = Bench(bench.disk)
    assert again.writer.start() == 2
    assert again.do("c") == Done(b"3", is_repeat=False)
    assert again.do("a") == Done(b"1", is_repeat=True)
    again.writer.drain()


def test_a_clock_set_back_does_not_turn_the_journals_time(bench):
    bench.do("a")
    bench.clock.move(timedelta(hours=-3))
    bench.do("b")
    bench.clock.move(timedelta(hours=4))
    bench.do("c")
    first, second, third = bench.disk.records
    assert first.at == second.at < third.at
    assert isinstance(verify(bench.disk.records), Verified)


def test_draining_finishes_what_waits_and_turns_new_commands_away(bench):
    bench.journal.gate.clear()
    futures = [bench.writer.submit(tally.command(f"c{n}")) for n in range(5)]
    assert bench.journal.asked.wait(10)
    draining = threading.Thread(target=bench.writer.drain)
    draining.start()
    while not bench.writer._is_draining:
        pass
    late = bench.do("late")
    assert (late.reason, late.is_transient) == ("draining", True)
    bench.journal.gate.set()
    draining.join(10)
    assert all(isinstance(future.result(0), Done) for future in futures)
    assert bench.journal.answer_of("late") is None


@pytest.mark.parametrize("is_written", [False, True])
def test_a_commit_that_is_unknown_stops_the_writer_and_is_settled_after_starting_anew(is_written):
    bench = Bench()
    bench.writer.start()
    bench.journal.faults = [(CommitUnknown("lost"), is_written)]
    assert bench.do("a") == Unknown()
    assert bench.do("b").reason == "stopped"
    assert isinstance(bench.halts[0], CommitUnknown)
    again = Bench(bench.disk)
    again.writer.start()
    assert again.do("a") == Done(b"1", is_repeat=is_written)
    again.writer.drain()


def test_a_storage_fault_stops_the_writer_for_good_without_a_second_try(bench):
    bench.journal.faults = [(StoreFault("input/output error"), False)]
    assert bench.do("a") == Turned("stopped", "", is_transient=True)
    assert bench.writer.is_stopped
    assert bench.journal.faults == []
    assert bench.do("a").reason == "stopped"
    assert bench.disk.records == []


def test_when_the_writer_stops_those_who_wait_are_told_that_nothing_was_done(bench):
    bench.journal.gate.clear()
    bench.journal.faults = [(StoreFault("input/output error"), False)]
    first = bench.writer.submit(tally.command("a"))
    assert bench.journal.asked.wait(10)
    waiting = [bench.writer.submit(tally.command(name)) for name in "bc"]
    assert waiting[0].cancel()
    bench.journal.gate.set()
    assert first.result(10).reason == waiting[1].result(10).reason == "stopped"
    assert bench.disk.records == []


def test_a_batch_takes_no_more_than_the_bound(monkeypatch):
    monkeypatch.setattr(limits, "BATCH_COMMANDS_MAX", 3)
    bench = Bench()
    bench.writer.start()
    bench.journal.gate.clear()
    first = bench.writer.submit(tally.command("first"))
    assert bench.journal.asked.wait(10)
    futures = [bench.writer.submit(tally.command(f"c{n}")) for n in range(7)]
    bench.journal.gate.set()
    assert all(isinstance(x.result(10), Done) for x in [first, *futures])
    assert bench.journal.sizes == [1, 3, 3, 1]
    bench.writer.drain()


def test_a_bug_in_a_rule_stops_the_writer_with_nothing_written(bench):
    assert bench.do("bug").reason == "stopped"
    assert isinstance(bench.halts[0], ZeroDivisionError)
    assert bench.disk.records == []


def test_a_busy_store_is_asked_again_but_not_for_ever(bench):
    busy = (StoreBusy("locked"), False)
    bench.journal.faults = [busy] * (limits.BUSY_TRIES_MAX - 1)
    assert bench.do("a") == Done(b"1", is_repeat=False)
    bench.journal.faults = [busy] * limits.BUSY_TRIES_MAX
    assert bench.do("b").reason == "stopped"


def test_a_second_writer_shuts_the_first_out():
    bench = Bench()
    bench.writer.start()
    bench.do("a")
    rival = Bench(bench.disk)
    rival.writer.start()
    assert bench.do("b").reason == "stopped"
    assert rival.do("b") == Done(b"2", is_repeat=False)
    rival.writer.drain()


def test_a_full_queue_turns_commands_away_until_there_is_room(monkeypatch):
    monkeypatch.setattr(limits, "QUEUE_COMMANDS_MAX", 2)
    small = Bench()
    small.writer.start()
    small.journal.gate.clear()
    first = small.writer.submit(tally.command("a"))
    assert small.journal.asked.wait(10)
    waiting = [small.writer.submit(tally.command(name)) for name in "bc"]
    assert small.do("d").reason == "queue_full"
    small.journal.gate.set()
    assert all(isinstance(future.result(10), Done) for future in [first, *waiting])
    assert isinstance(small.do("d"), Done)
    small.writer.drain()


def test_a_command_taken_back_while_it_waits_has_no_effect(bench):
    bench.journal.gate.clear()
    first = bench.writer.submit(tally.command("a"))
    assert bench.journal.asked.wait(10)
    second = bench.writer.submit(tally.command("b"))
    assert second.cancel()
    assert not first.cancel()
    bench.journal.gate.set()
    assert first.result(10) == Done(b"1", is_repeat=False)
    assert bench.do("c") == Done(b"2", is_repeat=False)
    assert bench.journal.answer_of("b") is None


def test_a_journal_with_an_event_of_a_newer_program_does_not_start():
    bench = Bench()
    bench.writer.start()
    bench.do("a")
    bench.writer.drain()
    newer = bench.disk.records[0]._replace(name="of_tomorrow")
    bench.disk.records[0] = newer._replace(hash=hash_of(newer))
    with pytest.raises(UnknownEvent):
        Bench(bench.disk).writer.start()


def test_a_journal_that_was_changed_does_not_start():
    bench = Bench()
    bench.writer.start()
    bench.do("a")
    bench.do("b")
    bench.writer.drain()
    bench.disk.records[1] = bench.disk.records[1]._replace(subject="other")
    again = Bench(bench.disk)
    with pytest.raises(StoreFault, match="record 2: edited"):
        again.writer.start()
    assert again.do("c").reason == "stopped"


def test_commands_that_belong_together_are_let_in_all_or_none(monkeypatch):
    monkeypatch.setattr(limits, "QUEUE_COMMANDS_MAX", 3)
    rounds, went = [], threading.Event()
    journal = MemoryJournal()
    append = journal.append

    def counted(batch, epoch):
        rounds.append(len(batch.answers))
        if len(rounds) == 1:
            assert went.wait(30)
        return append(batch, epoch)

    journal.append = counted
    writer = Writer(
        lambda: journal,
        tally.REGISTRY,
        tally.clock(),
        state=tally.Tally(),
        decide=tally.decide,
        evolve=tally.evolve,
    )
    writer.start()
    first = writer.submit(tally.command("c0"))
    while not rounds:
        pass
    together = writer.submit_together([tally.command("c1"), tally.command("c2")])
    refused = writer.submit_together([tally.command("c3"), tally.command("c4")])
    assert [x.result().reason for x in refused] == ["queue_full", "queue_full"]
    more = writer.submit(tally.command("c5"))
    went.set()
    assert all(isinstance(x.result(), Done) for x in (first, *together, more))
    writer.drain()
    assert rounds == [1, 3], "those together are in one round"
