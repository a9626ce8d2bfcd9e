"""Old journals live: the centre's golden journal has the one byte form and replays to the digest that it had at first."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import pytest

from recoup.centre import EVENT_REGISTRY, CentreState, evolve
from recoup.centre.snapshots import encode_state
from recoup.errors import EventFault
from recoup.journal import Verified, verify
from recoup.journal.canonical import decode_plain, encode_plain

sys.path.insert(0, str(Path(__file__).parent))
from story import record_of, tell

HERE = Path(__file__).parent
HOLDS = "652200cb461ed5f9279dd468a624e9481e066243271fb454f3267f0e2141f810"
"""Of the lines of holds and cases: all that was kept at first."""
STATE = "46614bd733aec75377592365d3302b2b801fa03f85ba48edbd179a78e31cfacc"
"""Of all lines. Changed three times: holds also keep what became of what was frozen, and orders what was agreed to (`LATER`);
the registers keep a case's orders in the order of drafting and an institution's in the order of issue, so that a desk lists
them without folding the journal again. What is held is the same, as `HOLDS` shows."""
ORDERS = {
    "acted",
    "order_drafted",
    "order_submitted",
    "order_approved",
    "order_sent_back",
    "order_withdrawn",
    "order_issued",
    "order_sent",
    "order_unanswered",
    "answer_recorded",
    "hold_changed",
}


LATER = {"frozen_total", "returned", "lifted", "beyond", "gone_before"}
LATER |= {"payout", "receipt", "failed", "papers", "stops_before", "agreed_to"}
"""What holds also keep since payments back, and since approvals bind what was seen. Nothing of it is in a journal of before but
as zero, none or empty; only what was agreed to is, and is the order itself."""
NEWEST = 2


def _records(number=1):
    lines = (HERE / f"journal-{number}.ndjson").read_text(encoding="utf-8").splitlines()
    return [record_of(line) for line in lines]


def _kept(records) -> bytes:
    state = CentreState()
    for record in records:
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        state = evolve(state, record.subject, event)
    return encode_state(state)


def _digest(records) -> str:
    return sha256(_kept(records)).hexdigest()


def test_the_golden_journal_is_whole_and_in_the_one_byte_form():
    assert isinstance(verify(_records(), registry=EVENT_REGISTRY), Verified)
    for record in _records():
        EVENT_REGISTRY.check(record.name, record.version, record.body)


def test_the_golden_journal_replays_to_its_digest():
    assert _digest(_records()) == STATE


def test_the_golden_journal_replays_to_the_holds_that_it_had_at_first():
    lines = _kept(_records()).splitlines(keepends=True)
    lines = [line for line in lines if line.startswith((b"hold ", b"case "))]
    held = b"".join(_as_at_first(line) if line.startswith(b"hold ") else line for line in lines)
    assert sha256(held).hexdigest() == HOLDS


def _as_at_first(line: bytes) -> bytes:
    """Return a hold's line without what was added since."""
    name, body = line.split(b" ", 1)

    def without(value):
        if isinstance(value, list):
            return [without(part) for part in value]
        if not isinstance(value, dict):
            return value
        return {key: without(part) for key, part in value.items() if key not in LATER}

    return name + b" " + encode_plain(without(decode_plain(body.rstrip(b"\n")))) + b"\n"


def test_every_event_of_orders_is_in_the_golden_journal():
    assert {record.name for record in _records()} == ORDERS


def test_todays_centre_writes_the_same_journal():
    """Goes red when a rule or a byte form changes; then the old file stays and a second one is made."""
    assert list(tell().journal.records()) == _records(NEWEST)


def test_both_journals_tell_the_same_story():
    """Only the byte form differs: the same records lead to the same registers."""
    assert _kept(_records(NEWEST)) == _kept(_records())


def test_a_changed_body_is_found():
    """The negative control."""
    records = _records()
    at = next(n for n, record in enumerate(records) if record.name == "order_drafted")
    changed = records[at]._replace(body=records[at].body.replace(b'"amount":100', b'"amount":101'))
    assert changed != records[at]
    assert _digest([*records[:at], changed, *records[at + 1 :]]) != STATE
    with pytest.raises(EventFault):
        EVENT_REGISTRY.check(changed.name, changed.version, changed.body + b" ")
