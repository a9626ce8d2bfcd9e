"""Snapshots: equal to the fold of everything, used only where they fit, and never needed."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from sim.office import POLICY, START, Office, memory, some_order
from sim.world import World
from typer.testing import CliRunner

from recoup.cases import Case, Found, Place, Rest
from recoup.centre import (
    EVENT_REGISTRY,
    CentreState,
    View,
    Writer,
    answer_command,
    decider,
    evolve,
)
from recoup.centre.scribe import Scribe
from recoup.centre.snapshots import NAME, decode_state, encode_state, restore, snapshot_of
from recoup.cli import app
from recoup.errors import EventFault, StoreFault
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Snapshot
from recoup.orders import Answer, HoldKey, OrderKind, Outcome
from recoup.stores.sqlite import SqliteJournal
from recoup.unrecognised import Unrecognised


def _worked(seed: int = 1, opened=None) -> Office:
    """Return an office after a few hundred events."""
    office = Office(opened or memory())
    World(seed, office).run(150)
    return office


def _scribe(office: Office, counted=evolve) -> Scribe:
    return Scribe(
        office.open(),
        EVENT_REGISTRY,
        office.clock,
        state=CentreState(),
        decide=decider(POLICY),
        evolve=counted,
        restore=restore,
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_start_from_a_snapshot_is_a_start_from_the_first_record(seed):
    office = _worked(seed)
    full = View(office.open(), from_snapshot=False)
    half = View(office.open(), from_snapshot=False)
    half.keep(office.open())
    for number in range(10):
        office.tell(some_order(f"late-{number}"))
    full.catch_up()
    folded: list[object] = []

    def counted(state: CentreState, subject: str, event: object) -> CentreState:
        folded.append(event)
        return evolve(state, subject, event)

    scribe = _scribe(office, counted)
    assert scribe.state == full.state
    assert encode_state(scribe.state) == encode_state(full.state)
    assert len(folded) == scribe.count - half.sequence
    assert scribe.count == full.sequence


def test_a_writer_goes_on_from_a_snapshot():
    office = _worked()
    View(office.open()).keep(office.open())
    writer = Writer(
        office.open,
        EVENT_REGISTRY,
        office.clock,
        state=CentreState(),
        decide=decider(POLICY),
        evolve=evolve,
        restore=restore,
    )
    assert writer.start() == office.scribe.count
    writer.drain()


def test_a_snapshot_can_be_dropped():
    office = _worked()
    View(office.open()).keep(office.open())
    office.journal._disk.snapshots.clear()
    assert restore(office.open()) is None
    assert _scribe(office).state == View(office.open()).state


def test_an_empty_journal_has_nothing_to_keep():
    office = Office()
    assert not View(office.open()).keep(office.open())
    assert restore(office.open()) is None


def test_the_bytes_of_registers_come_back():
    state = _worked().scribe.state
    assert decode_state(encode_state(state)) == state
    with pytest.raises(EventFault):
        decode_state(b"card {}\n")


def _kept(office: Office) -> Snapshot:
    view = View(office.open())
    view.keep(office.open())
    snapshot = office.journal.snapshot(NAME)
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: replace(kept, body=kept.body[:-2]),
        lambda kept: replace(kept, body=kept.body.replace(b'"held":100', b'"held":999', 1)),
        lambda kept: replace(kept, body=b"{}\n"),
        lambda kept: replace(kept, body=b"\xff"),
        lambda kept: replace(kept, sequence=kept.sequence - 1),
        lambda kept: replace(kept, sequence=kept.sequence + 1),
    ],
)
def test_a_snapshot_that_does_not_fit_is_not_used(spoil):
    office = _worked()
    kept = _kept(office)
    assert restore(office.open()) is not None
    office.journal._disk.snapshots[NAME] = spoil(kept)
    assert restore(office.open()) is None


def test_a_snapshot_of_another_journal_is_not_used():
    office, other = _worked(1), _worked(2)
    kept = _kept(other)
    office.journal._disk.snapshots[NAME] = replace(kept, sequence=10)
    assert restore(office.open()) is None


def test_records_before_a_snapshot_are_still_checked():
    office = _worked()
    View(office.open()).keep(office.open())
    records = office.journal._disk.records
    records[1] = records[1]._replace(subject="other")
    with pytest.raises(StoreFault, match="record 2: edited"):
        _scribe(office)


# --- `recoup centre replay` ---


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "journal.sqlite"
    office = Office(lambda: SqliteJournal.open(path))
    for number in range(3):
        office.tell(some_order(f"o{number}", key=_key(number)))
    return path


def _key(number: int):
    return replace(some_order("x").key, account=f"account-{number}")


def _replay(path):
    return CliRunner().invoke(app, ["centre", "replay", str(path)])


def test_replaying_says_what_a_centre_knows(file):
    result = _replay(file)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "records 12" in lines
    assert "snapshot none" in lines
    assert "figures none" in lines
    assert lines[3:7] == ["holds 3", "asked 3", "orders 3", "issued 3"]
    assert "to send 3" in lines


def test_replaying_compares_the_snapshot(file):
    journal = SqliteJournal.open(file)
    View(journal).keep(journal)
    assert "after record 12, holds" in _replay(file).stdout


def test_a_snapshot_that_somebody_made_anew_is_found(file):
    """The negative control: its own digests fit, what it says does not follow from the records."""
    journal = SqliteJournal.open(file)
    body = encode_state(View(journal).state).replace(b'"amount":100', b'"amount":900', 1)
    last = journal.last()
    head = {"body": sha256(body).hexdigest(), "record": last.hash.hex(), "sequence": last.sequence}
    forged = replace(snapshot_of(CentreState(), last), body=encode_plain(head) + b"\n" + body)
    journal.add_snapshot(forged)
    result = _replay(file)
    assert result.exit_code == 2
    assert "expected the snapshot after record 12 to hold" in result.output


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    assert _replay(tmp_path / "nowhere").exit_code == 2
    (tmp_path / "text").write_text("not a journal", encoding="utf-8")
    assert _replay(tmp_path / "text").exit_code == 2


def test_what_only_odd_answers_leave_in_the_registers_is_kept():
    office = Office()
    office.tell(some_order("o1"))
    office.submit(answer_command("bank-1", "o1", Answer("a1", Unrecognised("eaten"), 60)))
    other = HoldKey("case-1", "account-2", "CNY")
    office.tell(some_order("o2", key=other))
    office.tell(some_order("o3", OrderKind.RELEASE, 0, other))
    office.submit(answer_command("bank-1", "o3", Answer("a2", Outcome.REFUSED)))
    office.submit(answer_command("bank-1", "o2", Answer("a3", Outcome.HELD, 100)))
    place = Place("c1", "a", "b", "CNY", 5, START, Found.LOCATED, is_one_sided=True)
    rest = Rest("a", "CNY", "b", START, 7, is_asked=True)
    office.scribe.state.cases["case-1"] = Case("case-1", places=(place,), rests=(rest,))
    state = office.scribe.state
    assert state.hold(some_order("o1").key).is_unclear
    assert state.hold(other).orders[-1].order.repeats == "o3"
    again = decode_state(encode_state(state))
    assert (again.holds, again.cases, again.places) == (state.holds, state.cases, state.places)
