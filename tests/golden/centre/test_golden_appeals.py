"""Old appeals against a watch live: their golden events have the one byte form and fold to what they made at first."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from recoup.care import DecisionAppealTrigger, DecisionKind
from recoup.centre.care_room import evolve_care
from recoup.centre.registry import EVENT_REGISTRY, EVENTS
from recoup.centre.snapshots import decode_state, encode_state
from recoup.centre.state import CentreState
from recoup.errors import EventFault
from recoup.ids import SubjectId

sys.path.insert(0, str(Path(__file__).parent))
from appeals_story import PREFIX, Line, lines_of, tell

HERE = Path(__file__).parent
STATE = "8132b273f052800d379ddac67e6710493984b7fd5ca8aba4613e75ca6fbd155d"
"""Of the register of care after all events."""


def _lines() -> list[Line]:
    rows = (HERE / "appeals-1.ndjson").read_text(encoding="utf-8").splitlines()
    return [(name, version, body) for name, version, body in map(json.loads, rows)]


def _state(lines: list[Line]) -> bytes:
    state = CentreState()
    for name, version, body in lines:
        event = EVENT_REGISTRY.decode(name, version, body.encode())
        state = evolve_care(state, SubjectId("appeal-1"), event)
    return encode_state(state)


def _digest(lines: list[Line]) -> str:
    return sha256(_state(lines)).hexdigest()


def test_the_golden_events_are_in_the_one_byte_form_and_none_is_missing():
    for name, version, body in _lines():
        EVENT_REGISTRY.check(name, version, body.encode())
    known = {name for name, _, _, _ in EVENTS if name.startswith(PREFIX)}
    assert {name for name, _, _ in _lines()} == known


def test_every_kind_and_every_trigger_is_in_the_golden_events():
    bodies = [json.loads(body) for _, _, body in _lines()]
    triggers = {body["trigger"] for body in bodies if "trigger" in body}
    assert triggers == {*DecisionAppealTrigger}
    kinds = {body["appeal"]["kind"] for body in bodies if "trigger" not in body}
    assert kinds == {*DecisionKind}


def test_the_golden_events_fold_to_their_digest_and_the_register_is_read_again():
    assert _digest(_lines()) == STATE
    kept = _state(_lines())
    assert encode_state(decode_state(kept)) == kept


def test_todays_centre_writes_the_same_events():
    """Goes red when a rule or a byte form changes; then the old file stays and a second one is made."""
    assert lines_of(tell()) == _lines()


def test_a_changed_body_is_found():
    """The negative control."""
    lines = _lines()
    at = next(n for n, line in enumerate(lines) if line[0] == "decision_appeal_moved")
    name, version, body = lines[at]
    moved = body.replace('"at":"2026', '"at":"2025')
    assert moved != body
    assert _digest([*lines[:at], (name, version, moved), *lines[at + 1 :]]) != STATE
    with pytest.raises(EventFault):
        EVENT_REGISTRY.check(name, version, body.encode() + b" ")
