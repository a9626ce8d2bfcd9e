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

sys.path.insert(0, str(Path(__file__).parent))
from story import record_of, tell

HERE = Path(__file__).parent
STATE = "aa0f84c9e5557c443da0d4c9377342470f20a2f62f4d271b3300c88ecb0f7a77"
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


def _records():
    lines = (HERE / "journal-1.ndjson").read_text(encoding="utf-8").splitlines()
    return [record_of(line) for line in lines]


def _digest(records) -> str:
    state = CentreState()
    for record in records:
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        state = evolve(state, record.subject, event)
    return sha256(encode_state(state)).hexdigest()


def test_the_golden_journal_is_whole_and_in_the_one_byte_form():
    assert isinstance(verify(_records(), registry=EVENT_REGISTRY), Verified)
    for record in _records():
        EVENT_REGISTRY.check(record.name, record.version, record.body)


def test_the_golden_journal_replays_to_its_digest():
    assert _digest(_records()) == STATE


def test_every_event_of_orders_is_in_the_golden_journal():
    assert {record.name for record in _records()} == ORDERS


def test_todays_centre_writes_the_same_journal():
    """Goes red when a rule or a byte form changes; then the old file stays and a second one is made."""
    assert list(tell().journal.records()) == _records()


def test_a_changed_body_is_found():
    """The negative control."""
    records = _records()
    at = next(n for n, record in enumerate(records) if record.name == "order_drafted")
    changed = records[at]._replace(body=records[at].body.replace(b'"amount":100', b'"amount":101'))
    assert changed != records[at]
    assert _digest([*records[:at], changed, *records[at + 1 :]]) != STATE
    with pytest.raises(EventFault):
        EVENT_REGISTRY.check(changed.name, changed.version, changed.body + b" ")
