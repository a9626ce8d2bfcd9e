"""The registers as bytes, so that a start need not fold every event. A snapshot only saves time: without one, all is replayed.

Each value is one line, its registered name and its canonical form. The first line names the record up to which the registers
were folded, its hash, and the digest of what follows: a snapshot of another journal, or one that was cut, is not used. Records
are still checked one by one, whether or not they are folded. What lies in the store beside the records is not in the chain:
`recoup centre replay` folds everything and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from recoup.care import DecisionAppeal, Dissuasion, Measure
from recoup.care.dissuading import LeadTaken
from recoup.care.escalation import Escalation
from recoup.cases import Case, Lesson
from recoup.cases.lists import Entry
from recoup.centre.counter import Code
from recoup.centre.import_commands import ForeignNoted, ImportNoted
from recoup.centre.sheets import Scan, Sheet
from recoup.centre.state import CentreState
from recoup.centre.written import Issued, Sent
from recoup.errors import EventFault
from recoup.journal.canonical import Plain, decode_plain, encode_plain
from recoup.journal.events import Registry
from recoup.journal.port import Journal, Snapshot
from recoup.journal.record import Record
from recoup.orders import Hold
from recoup.procedure import Return
from recoup.staff import Directory, Person, Session, Shift, TimedGrant, Unit

NAME: Final = "centre-8"
"""Another number when what is kept changes its meaning: older snapshots are then never read."""


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A case's orders in the order of drafting: their holds alone do not tell it."""

    case: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """The orders issued to an institution in the order of issue."""

    institution: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lessons:
    """What an institution's answers taught."""

    rows: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class _Entered:
    """An account of a case."""

    case: str
    account: str
    institution: str


@dataclass(frozen=True, slots=True)
class _Staff:
    """The directory of staff."""

    units: tuple[Unit, ...]
    persons: tuple[Person, ...]
    sessions: tuple[Session, ...]
    timed: tuple[TimedGrant, ...]
    given: tuple[Shift, ...]


_SHAPES: Final = Registry()
_SHAPES.register("hold", 1, Hold)
_SHAPES.register("case", 1, Case)
_SHAPES.register("drafted", 1, _Drafted)
_SHAPES.register("told", 1, _Told)
_SHAPES.register("lessons", 1, _Lessons)
_SHAPES.register("entered", 1, _Entered)
_SHAPES.register("staff", 1, _Staff)
_SHAPES.register("entry", 1, Entry)
_SHAPES.register("foreign", 1, ForeignNoted)
_SHAPES.register("import", 1, ImportNoted)
_SHAPES.register("sheet", 1, Sheet)
_SHAPES.register("scan", 1, Scan)
_SHAPES.register("return", 1, Return)
_SHAPES.register("code", 1, Code)
_SHAPES.register("sent", 1, Sent)
_SHAPES.register("paper", 1, Issued)
_SHAPES.register("measure", 1, Measure)
_SHAPES.register("lead", 1, LeadTaken)
_SHAPES.register("dissuasion", 1, Dissuasion)
_SHAPES.register("decision_appeal", 1, DecisionAppeal)
_SHAPES.register("appeal_escalation", 1, Escalation)


def _take_hold(state: CentreState, hold: Hold) -> None:
    state.holds[hold.key] = hold
    for tracked in hold.orders:
        state.places[tracked.order.id] = hold.key


def _take_case(state: CentreState, case: Case) -> None:
    state.put_case(case)


def _take_drafted(state: CentreState, kept: _Drafted) -> None:
    state.drafted[kept.case] = list(kept.orders)


def _take_told(state: CentreState, kept: _Told) -> None:
    state.told[kept.institution] = list(kept.orders)


def _take_lessons(state: CentreState, kept: _Lessons) -> None:
    for lesson in kept.rows:
        state.learn(lesson)


def _take_entered(state: CentreState, kept: _Entered) -> None:
    state.accounts[kept.account] = kept.institution
    state.entered[kept.case, kept.account] = None


def _take_staff(state: CentreState, kept: _Staff) -> None:
    state.staff = Directory(
        {unit.id: unit for unit in kept.units},
        {person.id: person for person in kept.persons},
        {session.token_hash: session for session in kept.sessions},
        kept.timed,
        {shift.unit: shift for shift in kept.given},
    )


def _take_imported(state: CentreState, kept: ForeignNoted | ImportNoted) -> None:
    state.imported.put(kept)


def _take_entry(state: CentreState, entry: Entry) -> None:
    state.listed.put(entry)


def _take_sheet(state: CentreState, sheet: Sheet) -> None:
    state.sheets[sheet.id] = sheet


def _take_scan(state: CentreState, scan: Scan) -> None:
    state.put_scan(scan)


def _take_return(state: CentreState, found: Return) -> None:
    state.put_return(found)


def _take_code(state: CentreState, code: Code) -> None:
    state.put_code(code)


def _take_sent(state: CentreState, sent: Sent) -> None:
    state.sent[sent.case, sent.claim] = sent


def _take_paper(state: CentreState, issued: Issued) -> None:
    state.put_paper(issued)


def _take_cared(
    state: CentreState, kept: Measure | LeadTaken | Dissuasion | DecisionAppeal | Escalation
) -> None:
    state.cared.put(kept)


_TAKERS: Final[dict[str, Callable[[CentreState, Any], None]]] = {
    "hold": _take_hold,
    "case": _take_case,
    "drafted": _take_drafted,
    "told": _take_told,
    "lessons": _take_lessons,
    "entered": _take_entered,
    "staff": _take_staff,
    "entry": _take_entry,
    "foreign": _take_imported,
    "import": _take_imported,
    "sheet": _take_sheet,
    "scan": _take_scan,
    "return": _take_return,
    "code": _take_code,
    "sent": _take_sent,
    "paper": _take_paper,
    "measure": _take_cared,
    "lead": _take_cared,
    "dissuasion": _take_cared,
    "decision_appeal": _take_cared,
    "appeal_escalation": _take_cared,
}
"""What becomes of a line; a new register is one row here and one in `_values`."""


def _values(state: CentreState) -> Iterator[object]:
    """Yield all values in an order that follows from the journal alone."""
    yield from state.holds.values()
    yield from state.cases.values()
    yield from (_Drafted(case, tuple(ids)) for case, ids in state.drafted.items())
    yield from (_Told(institution, tuple(ids)) for institution, ids in state.told.items())
    yield from (_Lessons(tuple(rows)) for rows in state.lessons.values())
    for case, account in state.entered:
        yield _Entered(case, account, state.accounts[account])
    if state.staff != Directory():
        yield _staff_of(state.staff)
    yield from state.listed.entries.values()
    yield from state.imported.values()
    yield from state.sheets.values()
    yield from state.scans.values()
    yield from state.returns.values()
    yield from state.codes.values()
    yield from state.sent.values()
    yield from state.papers.values()
    yield from state.cared.values()


def _staff_of(staff: Directory) -> _Staff:
    return _Staff(
        tuple(staff.units.values()),
        tuple(staff.persons.values()),
        tuple(staff.sessions.values()),
        staff.timed,
        tuple(staff.given.values()),
    )


def encode_state(state: CentreState) -> bytes:
    """Return the one byte form of the registers: equal registers give equal bytes, if they were filled in one order."""
    return b"".join(
        _SHAPES.name_of(value)[0].encode() + b" " + _SHAPES.encode(value) + b"\n"
        for value in _values(state)
    )


def decode_state(body: bytes) -> CentreState:
    """Return the registers of their bytes; `EventFault` for anything else."""
    state = CentreState()
    for line in body.splitlines():
        name, _, value = line.partition(b" ")
        if name.decode(errors="replace") not in _TAKERS:
            raise EventFault("expected a kept value, was something else")
        _TAKERS[name.decode()](state, _SHAPES.decode(name.decode(), 1, value))
    return state


def snapshot_of(state: CentreState, last: Record) -> Snapshot:
    """Return a snapshot of registers that were folded up to `last`."""
    return sealed(NAME, encode_state(state), last)


def restore(journal: Journal) -> tuple[CentreState, int] | None:
    """Return the kept registers and the record up to which they were folded; None if nothing fits this journal."""
    kept = opened(journal, NAME)
    try:
        return None if kept is None else (decode_state(kept[0]), kept[1])
    except EventFault:
        return None


def sealed(name: str, body: bytes, last: Record) -> Snapshot:
    """Return a snapshot of what was folded up to `last`, with a first line that says of which journal it is."""
    return Snapshot(name, last.sequence, encode_plain(_head(body, last)) + b"\n" + body)


def opened(journal: Journal, name: str) -> tuple[bytes, int] | None:
    """Return what was kept under a name and the record up to which it was folded; None if nothing fits this journal."""
    kept = journal.snapshot(name)
    if kept is None:
        return None
    first, _, body = kept.body.partition(b"\n")
    record = next(iter(journal.records(kept.sequence, kept.sequence)), None)
    try:
        if record is None or decode_plain(first) != _head(body, record):
            return None
    except EventFault:
        return None
    return body, kept.sequence


def _head(body: bytes, last: Record) -> dict[str, Plain]:
    """Return what the first line says."""
    digest = sha256(body).hexdigest()
    return {"body": digest, "record": last.hash.hex(), "sequence": last.sequence}


__all__ = ["NAME", "decode_state", "encode_state", "opened", "restore", "sealed", "snapshot_of"]
