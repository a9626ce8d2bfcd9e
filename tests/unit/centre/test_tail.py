"""What a view takes from the writer's memory: just what the disk has, and the same registers as if it had read the disk."""

from __future__ import annotations

import pytest
from sim.office import Office, some_order
from unit.centre.test_chaser import Chase

from recoup import limits
from recoup.centre.snapshots import encode_state
from recoup.centre.tail import Tail, Written
from recoup.centre.view import View
from recoup.journal.record import Record
from recoup.orders import OrderKind
from recoup.orders.commands import DraftOrder


def written(office: Office, orders: int = 3) -> list[Written]:
    """Let a centre write, and return its records with events that stand for themselves."""
    for number in range(orders):
        office.tell(some_order(f"o{number}", OrderKind.QUERY, amount=0))
    return [(record, record.sequence) for record in office.journal.records()]


def sequences(found: list[Written]) -> list[object]:
    return [event for _, event in found]


def test_what_follows_is_told_and_nothing_else() -> None:
    rows = written(Office())
    tail, last = Tail(), rows[-1][0]
    assert tail.after(None) == []
    tail.put(rows[:4])
    tail.put(rows[4:])
    tail.put([])
    assert sequences(tail.after(None)) == [event for _, event in rows]
    for record, number in rows:
        assert sequences(tail.after(record)) == list(range(number + 1, last.sequence + 1))


def test_who_is_further_behind_or_elsewhere_reads_the_journal() -> None:
    rows = written(Office())
    tail = Tail()
    tail.put(rows[3:])
    assert tail.after(None) == []
    assert tail.after(rows[1][0]) == []
    assert sequences(tail.after(rows[2][0])) == [event for _, event in rows[3:]]
    other: Record = rows[2][0]._replace(hash=b"x" * 32)
    assert tail.after(other) == [], "of another journal, though the number fits"


def test_what_does_not_follow_on_what_is_kept_begins_anew() -> None:
    rows = written(Office())
    tail = Tail()
    tail.put(rows[:2])
    tail.put(rows[3:])
    assert tail.after(rows[0][0]) == [], "the third is missing, so nothing is told past it"
    assert sequences(tail.after(rows[2][0])) == [event for _, event in rows[3:]]


@pytest.mark.parametrize("bound", ["records", "bytes"])
def test_no_more_is_kept_than_there_is_room_for(bound: str) -> None:
    rows = written(Office())
    size = sum(len(record.body) for record, _ in rows[-2:])
    tail = Tail(records_max=2) if bound == "records" else Tail(bytes_max=size)
    for row in rows:
        tail.put([row])
    assert sequences(tail.after(rows[-3][0])) == [event for _, event in rows[-2:]]
    assert tail.after(rows[-4][0]) == []
    assert Tail()._records_max == limits.TAIL_RECORDS_MAX


class _Counted:
    """A journal that counts how often it was read."""

    def __init__(self, office: Office) -> None:
        self._journal, self.count = office.open(), 0

    def records(self, first: int = 1, last: int | None = None) -> object:
        self.count += 1
        return self._journal.records(first, last)


@pytest.mark.parametrize("room", [limits.TAIL_RECORDS_MAX, 3])
def test_a_view_of_the_writers_memory_is_the_view_of_the_disk(room: int) -> None:
    """Reports, trails, orders and answers; with little room it reads the journal now and then."""
    chase = Chase()
    tail = Tail(records_max=room)
    chase.office.scribe._tail = tail
    journal = _Counted(chase.office)
    view = View(journal, from_snapshot=False, tail=tail)  # type: ignore[arg-type]
    read = journal.count
    for number in range(4):
        chase.reported(f"case-{number}")
        view.catch_up()
        chase.look()
        changed: dict[str, None] = {}
        assert view.catch_up(changed) > 0
        assert f"case-{number}" in changed
        disk = View(chase.office.open(), from_snapshot=False)
        assert encode_state(view.state) == encode_state(disk.state)
        assert view.sequence == disk.sequence
    assert (journal.count == read) == (room > 3)
    assert view.catch_up() == 0
    assert journal.count > read, "where nothing is new the disk is asked: another may have written"


def test_a_round_that_came_to_nothing_is_in_no_tail() -> None:
    office = Office()
    office.scribe._tail = tail = Tail()
    office.tell(some_order("o1", OrderKind.QUERY, amount=0))
    last = office.scribe.last

    def breaks(*_: object) -> None:
        raise OSError("the disk is full")

    office.journal.append = breaks  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="full"):
        office.ask("ann", DraftOrder(some_order("o2", made_by="ann")))
    assert tail.after(last) == []
    assert tail.after(None)[-1][0] == last
