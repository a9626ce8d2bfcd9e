"""Old returns live: the golden events of the room have the one byte form and fold to the return that they made at first."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from recoup.centre.registry import EVENT_REGISTRY, EVENTS
from recoup.centre.return_room import evolve_returns
from recoup.centre.snapshots import encode_state
from recoup.centre.state import CentreState
from recoup.errors import EventFault
from recoup.ids import SubjectId

sys.path.insert(0, str(Path(__file__).parent))
from returns_story import Line, lines_of, tell

HERE = Path(__file__).parent
STATE = "56e6c23d6672dc71710116bb5fcb35935a40bd4ec792b514ded022c5d142ddd1"
"""Of the register of returns after all events. Changed once, before any release: a return also keeps what lies in custody."""


def _lines() -> list[Line]:
    rows = (HERE / "returns-1.ndjson").read_text(encoding="utf-8").splitlines()
    return [(name, version, body) for name, version, body in map(json.loads, rows)]


def _digest(lines: list[Line]) -> str:
    state = CentreState()
    for name, version, body in lines:
        event = EVENT_REGISTRY.decode(name, version, body.encode())
        state = evolve_returns(state, SubjectId("case-1"), event)
    return sha256(encode_state(state)).hexdigest()


def test_the_golden_events_are_in_the_one_byte_form_and_none_is_missing():
    for name, version, body in _lines():
        EVENT_REGISTRY.check(name, version, body.encode())
    known = {name for name, _, _, _ in EVENTS if name.startswith("return_")}
    assert {name for name, _, _ in _lines()} == known


def test_the_golden_events_fold_to_their_digest():
    assert _digest(_lines()) == STATE


def test_todays_centre_writes_the_same_events():
    """Goes red when a rule or a byte form changes; then the old file stays and a second one is made."""
    assert lines_of(tell()) == _lines()


def test_a_changed_body_is_found():
    """The negative control."""
    lines = _lines()
    at = next(n for n, line in enumerate(lines) if line[0] == "return_payment_moved")
    name, version, body = lines[-1]
    moved = lines[at][2].replace('"at":"2026', '"at":"2025')
    assert moved != lines[at][2]
    changed = [*lines[:at], (lines[at][0], lines[at][1], moved), *lines[at + 1 :]]
    assert _digest(changed) != STATE
    with pytest.raises(EventFault):
        EVENT_REGISTRY.check(name, version, body.encode() + b" ")
