"""Kinds of events that no golden story has: their rows of every version are read, and those of today written, as they were."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY, EVENTS
from recoup.errors import EventFault, UnknownEvent
from recoup.journal.canonical import encode_plain

sys.path.insert(0, str(Path(__file__).parent))
from kinds_story import commands, events, lines_of

HERE = Path(__file__).parent
Line = tuple[str, int, str]
KINDS = {
    *("foreign_noted", "hold_taken_over", "clock_set", "notice_fell_due"),
    *("duty_ended", "acting_ended", "shift_handed_over", "shift_taken_over"),
    *("escalation_raised", "escalation_moved"),
    *("appeal_escalation_raised", "appeal_escalation_moved"),
}
ADDED: dict[tuple[str, int], dict[str, Any]] = {
    ("foreign_noted", 1): {"foreign": {"kind": ""}},
    ("hold_taken_over", 1): {"order": {"payout": None}, "stops_before": 0},
    ("hold_taken_over", 2): {"stops_before": 0},
    ("notice_fell_due", 1): {"notice": {"first_due_at": None}},
    ("shift_handed_over", 1): {"at": None},
}
"""What each older row says of what its version did not have yet, written down by hand: the upcasters are not asked."""
COMMANDS_ADDED: dict[tuple[str, int], dict[str, Any]] = {
    ("enter_foreign", 1): {"foreign": {"kind": ""}, "hold": {"stops_before": 0}},
    ("enter_foreign", 2): {"foreign": {"kind": ""}},
}


def _lines(name: str) -> list[Line]:
    rows = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [(kind, version, body) for kind, version, body in map(json.loads, rows)]


def _with(fields: Any, more: dict[str, Any]) -> Any:
    """Return fields with those of `more` that are not there, at any depth; of None nothing."""
    if fields is None:
        return None
    inner = {key: _with(fields.get(key, {}), x) for key, x in more.items() if isinstance(x, dict)}
    return {**more, **fields, **inner}


EVENT_LINES, COMMAND_LINES = _lines("kinds-1.ndjson"), _lines("commands-1.ndjson")


def _name(line: Line) -> str:
    return f"{line[0]} {line[1]}"


def test_every_kind_is_there_in_every_version_and_no_other():
    versions = {name: version for name, version, *_ in EVENTS}
    expected = {(name, number) for name in KINDS for number in range(1, versions[name] + 1)}
    assert {(name, number) for name, number, _ in EVENT_LINES} == expected
    older = {key for key in expected if key[1] < versions[key[0]]}
    assert older == set(ADDED)
    assert {(name, number) for name, number, _ in COMMAND_LINES} > set(COMMANDS_ADDED)


@pytest.mark.parametrize("line", EVENT_LINES, ids=_name)
def test_a_row_is_read_and_written_as_what_it_said(line: Line):
    name, version, body = line
    event = EVENT_REGISTRY.decode(name, version, body.encode())
    EVENT_REGISTRY.check(name, version, body.encode())
    said = _with(json.loads(body), ADDED.get((name, version), {}))
    assert EVENT_REGISTRY.encode(event) == encode_plain(said)
    if (name, version) not in ADDED:
        assert EVENT_REGISTRY.encode(event) == body.encode()


@pytest.mark.parametrize("line", COMMAND_LINES, ids=_name)
def test_a_command_that_was_kept_is_read_as_what_it_asked(line: Line):
    name, version, body = line
    command = COMMAND_REGISTRY.decode(name, version, body.encode())
    said = _with(json.loads(body), COMMANDS_ADDED.get((name, version), {}))
    assert COMMAND_REGISTRY.encode(command) == encode_plain(said)


def test_todays_centre_writes_the_same_rows():
    """Goes red when a byte form changes; then the old rows stay and further ones are made."""
    assert lines_of(EVENT_REGISTRY, events()) == EVENT_LINES
    assert lines_of(COMMAND_REGISTRY, commands()) == COMMAND_LINES


@pytest.mark.parametrize("line", EVENT_LINES, ids=_name)
def test_a_row_with_a_field_too_few_or_of_a_version_to_come_is_a_fault(line: Line):
    """Negative control."""
    name, version, body = line
    fields = json.loads(body)
    for left_out in fields:
        less = {key: value for key, value in fields.items() if key != left_out}
        with pytest.raises((EventFault, AssertionError, KeyError)):
            EVENT_REGISTRY.decode(name, version, encode_plain(less))
    with pytest.raises(UnknownEvent):
        EVENT_REGISTRY.decode(name, 99, body.encode())
