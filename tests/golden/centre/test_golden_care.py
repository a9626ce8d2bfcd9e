"""Old measures and dissuasions live: the golden events of care have the one byte form and fold to what they made at first."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from recoup.care import DissuasionTrigger, MeasureTrigger
from recoup.centre.care_room import evolve_care
from recoup.centre.registry import EVENT_REGISTRY, EVENTS
from recoup.centre.snapshots import encode_state
from recoup.centre.state import CentreState
from recoup.errors import EventFault
from recoup.ids import SubjectId

sys.path.insert(0, str(Path(__file__).parent))
from care_story import PREFIXES, Line, lines_of, tell

HERE = Path(__file__).parent
STATE = "5519f08ead0294eea6c88a806e1a048136aa64ddf394ea4f55610083969479fa"
"""Of the register of care after all events."""


def _lines() -> list[Line]:
    rows = (HERE / "care-1.ndjson").read_text(encoding="utf-8").splitlines()
    return [(name, version, body) for name, version, body in map(json.loads, rows)]


def _digest(lines: list[Line]) -> str:
    state = CentreState()
    for name, version, body in lines:
        event = EVENT_REGISTRY.decode(name, version, body.encode())
        state = evolve_care(state, SubjectId("m1"), event)
    return sha256(encode_state(state)).hexdigest()


def test_the_golden_events_are_in_the_one_byte_form_and_none_is_missing():
    for name, version, body in _lines():
        EVENT_REGISTRY.check(name, version, body.encode())
    known = {name for name, _, _, _ in EVENTS if name.startswith(PREFIXES)}
    assert {name for name, _, _ in _lines()} == known


def test_every_trigger_is_in_the_golden_events():
    triggers = {(name, json.loads(body).get("trigger")) for name, _, body in _lines()}
    assert {t for name, t in triggers if name == "measure_moved"} == {*MeasureTrigger}
    # A lead that joins is an event of its own.
    moved = set(DissuasionTrigger) - {DissuasionTrigger.JOIN}
    missing = moved - {t for name, t in triggers if name == "dissuasion_moved"}
    ends = {DissuasionTrigger.FAIL, DissuasionTrigger.GO_ON, DissuasionTrigger.CLEAR}
    assert missing == ends, "other ends have the form of the one that is there"


def test_the_golden_events_fold_to_their_digest():
    assert _digest(_lines()) == STATE


def test_todays_centre_writes_the_same_events():
    """Goes red when a rule or a byte form changes; then the old file stays and a second one is made."""
    assert lines_of(tell()) == _lines()


def test_a_changed_body_is_found():
    """The negative control."""
    lines = _lines()
    at = next(n for n, line in enumerate(lines) if line[0] == "measure_moved")
    name, version, body = lines[at]
    moved = body.replace('"at":"2026', '"at":"2025')
    assert moved != body
    assert _digest([*lines[:at], (name, version, moved), *lines[at + 1 :]]) != STATE
    with pytest.raises(EventFault):
        EVENT_REGISTRY.check(name, version, body.encode() + b" ")
