"""A centre's journal of any length, written straight into a file, and how long a start takes with and without a snapshot.

What it stands for: a centre that has stopped many accounts and starts anew. Each hold has the ten records of a stop that was
drafted, issued, sent and answered by people and machines. The plain way beside a snapshot is the fold of every event.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from recoup.bench.rows import Row, resident_mb
from recoup.centre import EVENT_REGISTRY, CentreState, View, Writer, decider, evolve
from recoup.centre.commands import Restore
from recoup.centre.requests import INSTITUTION, SENDER, Acted
from recoup.centre.snapshots import restore
from recoup.clock import SystemClock
from recoup.journal.port import Batch
from recoup.journal.record import Record, seal
from recoup.orders import Answer, HoldKey, HoldState, Order, OrderKind, Outcome
from recoup.orders.events import (
    AnswerRecorded,
    Bearing,
    HoldChanged,
    OrderDrafted,
    OrderIssued,
    OrderSent,
)
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
STOP_FOR = timedelta(hours=48)
RECORDS_EACH = 10
_BATCH = 10_000


def _stop(number: int) -> Iterator[tuple[str, object]]:
    """Yield the events of one stop from draft to answer, each with its command."""
    name = f"order_{number}"
    key = HoldKey(f"case_{number // 8}", f"account_{number}", "CNY")
    order = Order(
        name, OrderKind.STOP, key, f"bank_{number % 20}", 600_000, "officer_1", "a report"
    )
    person = Acted("officer_1", "officer", "a report", "draft_order")
    sender = Acted(SENDER.who, SENDER.role, SENDER.reason, "confirm_sent")
    bank = Acted(order.institution, INSTITUTION, "answers an order", "record_answer")
    asked = HoldChanged(key, HoldState.ASKED, 0, OrderKind.STOP, START, START + STOP_FOR, 0, 0)
    held = HoldChanged(key, HoldState.HELD, 600_000, OrderKind.STOP, START, START + STOP_FOR, 0, 0)
    answer = Answer(f"answer_{number}", Outcome.HELD, 600_000, START, "0000")
    for command, events in (
        ("draft", (person, OrderDrafted(order, 0))),
        ("issue", (person, OrderIssued(name, START, START + timedelta(hours=1)))),
        ("sent", (sender, OrderSent(name, START), asked)),
        ("answer", (bank, AnswerRecorded(name, answer, Bearing.APPLIED), held)),
    ):
        for event in events:
            yield f"{command}_{number}", event


def write_stops(journal: SqliteJournal, stops: int) -> int:
    """Add whole stops to a journal of stops; return how many records there are then."""
    epoch, last, records = journal.lead(), journal.last(), list[Record]()
    first = 0 if last is None else last.sequence // RECORDS_EACH
    for number in range(first, first + stops):
        for command, event in _stop(number):
            name, version = EVENT_REGISTRY.name_of(event)
            last = seal(
                last,
                at=START,
                command=command,
                subject=f"case_{number // 8}",
                name=name,
                version=version,
                body=EVENT_REGISTRY.encode(event),
            )
            records.append(last)
        if len(records) >= _BATCH:
            _append(journal, records, epoch)
    _append(journal, records, epoch)
    return 0 if last is None else last.sequence


def _append(journal: SqliteJournal, records: list[Record], epoch: int) -> None:
    if records:
        journal.append(Batch(records[0].sequence - 1, tuple(records)), epoch)
        records.clear()


def _start(path: Path, count: int, from_snapshot: Restore[CentreState] | None) -> float:
    """Return the seconds until a centre on this file takes commands."""
    writer = Writer(
        lambda: SqliteJournal.open(path),
        EVENT_REGISTRY,
        SystemClock(),
        state=CentreState(),
        decide=decider(read_case_policy("cn-2016")),
        evolve=evolve,
        restore=from_snapshot,
    )
    begin = perf_counter()
    assert writer.start() == count
    seconds = perf_counter() - begin
    writer.drain()
    return seconds


def replaying(folder: Path, records: int) -> Row:
    """Return the rate of a start from a snapshot of all but the last hundredth; the baseline folds every event."""
    path, stops = folder / "centre.sqlite", records // RECORDS_EACH
    journal = SqliteJournal.open(path)
    write_stops(journal, stops - stops // 100)
    View(journal).keep(journal)
    count = write_stops(journal, stops // 100)
    journal.close()
    full = _start(path, count, None)
    short = _start(path, count, restore)
    return Row(
        "replay_snapshot",
        count / short,
        "records/s",
        baseline=count / full,
        ratio=full / short,
        rss_mb=resident_mb(),
    )


__all__ = ["RECORDS_EACH", "replaying", "write_stops"]
