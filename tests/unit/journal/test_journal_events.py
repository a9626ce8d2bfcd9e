"""Events become one byte form and come back; what has no such form, and what is not known, is refused by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import NewType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.clock import SystemClock, instant_of, instant_text, microseconds_of, parse_instant
from recoup.errors import EventFault, UnknownEvent
from recoup.ids import CountedIds, RandomIds
from recoup.journal import Registry
from recoup.journal.canonical import decode_plain, encode_plain
from recoup.unrecognised import Unrecognised


class Code(StrEnum):
    OK = "00"
    EMPTY = ""


class Level(IntEnum):
    NONE = 0
    HIGH = 1


@dataclass(frozen=True, slots=True)
class Part:
    claim: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class StopIssued:
    order: str
    amount_fen: int
    is_whole: bool
    until: datetime
    day: date
    code: Code | Unrecognised
    level: Level
    parts: tuple[Part, ...]
    pair: tuple[str, int]
    note: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    order: str
    reason: str


REGISTRY = Registry()
REGISTRY.register("stop_issued", 1, StopIssued)
REGISTRY.register(
    "renamed",
    3,
    Renamed,
    lambda old: {"order": old["id"]},
    lambda old: {**old, "reason": "not said"},
)
PLAIN = StopIssued(
    "o_1",
    6_000,
    False,
    datetime(2026, 1, 7, 10, tzinfo=UTC),
    date(2026, 1, 5),
    Code.OK,
    Level.NONE,
    (Part("c_1", 5_000), Part("c_2", 1_000)),
    ("a", 1),
    None,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1)
events = st.builds(
    StopIssued,
    texts,
    numbers,
    st.booleans(),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])),
    st.dates(),
    st.sampled_from(list(Code))
    | st.builds(Unrecognised, texts.filter(lambda x: x not in {"00", ""})),
    st.sampled_from(list(Level)) | st.builds(Unrecognised, st.integers(2, 99)),
    st.lists(st.builds(Part, texts, numbers), max_size=3).map(tuple),
    st.tuples(texts, numbers),
    st.none() | texts,
)


@given(events)
def test_an_event_comes_back_as_it_was_and_has_one_byte_form(event):
    body = REGISTRY.encode(event)
    assert REGISTRY.decode("stop_issued", 1, body) == event
    assert REGISTRY.encode(REGISTRY.decode("stop_issued", 1, body)) == body
    REGISTRY.check("stop_issued", 1, body)


def test_the_bytes_of_an_event_are_these():
    assert REGISTRY.encode(PLAIN).decode() == (
        '{"amount_fen":6000,"code":"00","day":"2026-01-05","is_whole":false,"level":0,"note":null,"order":"o_1",'
        '"pair":["a",1],"parts":[{"amount_fen":5000,"claim":"c_1"},{"amount_fen":1000,"claim":"c_2"}],'
        '"until":"2026-01-07T10:00:00.000000Z"}'
    )


plain = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(plain)
def test_the_canonical_form_is_that_of_a_plain_json_writer_with_sorted_keys(value):
    twin = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert encode_plain(value) == twin
    assert decode_plain(twin) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_canonical_or_refused(body):
    try:
        value = decode_plain(body)
    except EventFault:
        return
    assert encode_plain(value) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1} ',
        b'"\\u0041"',
        b'"\\/"',
        b"1.0",
        b"1e2",
        b"-0",
        b"9223372036854775808",
        b"-9223372036854775809",
        b'"\xff"',
        b"{",
        b"",
        b"[" * (limits.EVENT_DEPTH_MAX + 1) + b"]" * (limits.EVENT_DEPTH_MAX + 1),
        b'"' + b"x" * limits.EVENT_BYTES_MAX + b'"',
    ],
)
def test_what_is_not_canonical_is_refused(body):
    with pytest.raises(EventFault):
        decode_plain(body)


def test_depth_and_size_hold_at_their_bound():
    deep: object = 1
    for _ in range(limits.EVENT_DEPTH_MAX):
        deep = [deep]
    assert decode_plain(encode_plain(deep)) == deep
    long = "x" * (limits.EVENT_BYTES_MAX - 2)
    assert decode_plain(encode_plain(long)) == long
    for value in ([deep], long + "x", 2**63, 1.5, {1: 2}, "\ud800"):
        with pytest.raises(EventFault):
            encode_plain(value)


def test_an_unknown_code_becomes_unrecognised_and_is_written_as_it_was():
    body = REGISTRY.encode(PLAIN).replace(b'"code":"00"', b'"code":"77"')
    event = REGISTRY.decode("stop_issued", 1, body)
    assert event.code == Unrecognised("77")
    assert REGISTRY.encode(event) == body


def test_a_known_value_is_never_written_as_unrecognised():
    import dataclasses

    for odd in (Unrecognised("00"), Unrecognised(7), "00", Level.NONE):
        with pytest.raises(EventFault):
            REGISTRY.encode(dataclasses.replace(PLAIN, code=odd))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order", 1),
        ("amount_fen", True),
        ("amount_fen", 1.0),
        ("amount_fen", 2**63),
        ("amount_fen", -(2**63) - 1),
        ("parts", (Part("c", 2**63),)),
        ("level", Unrecognised(2**63)),
        ("order", "\ud800"),
        ("order", "x" * limits.EVENT_BYTES_MAX),
        ("until", datetime(2026, 1, 7, 10)),  # noqa: DTZ001 - a naive instant is what must be refused
        ("day", datetime(2026, 1, 7, 10, tzinfo=UTC)),
        ("parts", [Part("c", 1)]),
        ("parts", (PLAIN,)),
        ("pair", ("a", 1, 2)),
        ("note", 5),
    ],
)
def test_a_value_of_another_kind_is_refused_when_written(name, value):
    import dataclasses

    with pytest.raises(EventFault):
        REGISTRY.encode(dataclasses.replace(PLAIN, **{name: value}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"order":"o_1"', b'"order":1'),
        (b'"order":"o_1",', b""),
        (b'"order":"o_1"', b'"order":"o_1","other":1'),
        (b"false", b"0"),
        (b"6000", b"true"),
        (b"6000", b"9223372036854775808"),
        (b"6000", b"6000.0"),
        (b"5000", b"-9223372036854775809"),
        (b'"level":0', b'"level":9223372036854775808'),
        (b'"level":0', b'"level":0.5'),
        (b'"note":null', b'"note":' + b"[" * 2_000 + b"]" * 2_000),
        (b".000000Z", b"Z"),
        (b".000000Z", b".000000+00:00"),
        (b'"2026-01-05"', b'"20260105"'),
        (b'"2026-01-05"', b'"2026-13-05"'),
        (b'"parts":[', b'"parts":{}, "x":['),
        (b'[{"amount_fen":5000,"claim":"c_1"},{"amount_fen":1000,"claim":"c_2"}]', b"{}"),
        (b'{"amount_fen":5000,"claim":"c_1"}', b"1"),
        (b'["a",1]', b'["a"]'),
        (b'["a",1]', b'{"a":1}'),
        (b'"level":0', b'"level":"0"'),
        (b'"level":0', b'"level":false'),
        (b'"note":null', b'"note":0'),
    ],
)
def test_a_body_that_does_not_fit_is_refused_when_read(old, new):
    body = REGISTRY.encode(PLAIN)
    assert old in body
    with pytest.raises(EventFault):
        REGISTRY.decode("stop_issued", 1, body.replace(old, new, 1))


def test_unknown_names_versions_and_types_are_named_faults():
    body = REGISTRY.encode(PLAIN)
    for name, version in (("stop_lifted", 1), ("stop_issued", 2), ("stop_issued", 0)):
        with pytest.raises(UnknownEvent):
            REGISTRY.decode(name, version, body)
    with pytest.raises(UnknownEvent):
        REGISTRY.encode(Part("c", 1))
    with pytest.raises(EventFault):
        REGISTRY.decode("stop_issued", 1, b"[]")


def test_older_versions_are_brought_up_step_by_step():
    assert REGISTRY.decode("renamed", 1, b'{"id":"o_1"}') == Renamed("o_1", "not said")
    assert REGISTRY.decode("renamed", 2, b'{"order":"o_1"}') == Renamed("o_1", "not said")
    assert REGISTRY.decode("renamed", 3, b'{"order":"o_1","reason":"x"}') == Renamed("o_1", "x")
    assert REGISTRY.name_of(Renamed("a", "b")) == ("renamed", 3)


def test_a_type_without_a_canonical_form_is_our_own_mistake():
    @dataclass(frozen=True, slots=True)
    class Floats:
        amount: float

    @dataclass(frozen=True)
    class NoSlots:
        order: str

    @dataclass(slots=True)
    class NotFrozen:
        order: str

    for kind in (Floats, NoSlots, NotFrozen):
        with pytest.raises(AssertionError):
            Registry().register("odd", 1, kind)
    for arguments in (("Bad name", 1), ("stop", 2), ("stop_issued", 1)):
        with pytest.raises(AssertionError):
            REGISTRY.register(*arguments, Part)


CaseId = NewType("CaseId", str)


@dataclass(frozen=True, slots=True)
class Upper:
    """Refuses some values, and changes others: the change must show when the journal is checked."""

    code: CaseId

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("expected a code")
        object.__setattr__(self, "code", self.code.upper())


def test_a_class_that_refuses_or_changes_its_values_is_found_out():
    registry = Registry()
    registry.register("upper", 1, Upper)
    registry.check("upper", 1, b'{"code":"A"}')
    with pytest.raises(EventFault, match="canonical"):
        registry.check("upper", 1, b'{"code":"a"}')
    with pytest.raises(EventFault, match="expected a code"):
        registry.decode("upper", 1, b'{"code":""}')


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_has_one_text_and_one_number(at):
    assert parse_instant(instant_text(at)) == at
    assert instant_of(microseconds_of(at)) == at
    assert len(instant_text(at)) == 27


SCRIPT = """
import sys; sys.path[:0] = sys.argv[2:]
from crash import tally
from recoup.stores.memory import MemoryDisk, MemoryJournal
from recoup.centre.writer import Writer
names = [f"c{n}" for n in range(200)]
disk = MemoryDisk()
writer = Writer(lambda: MemoryJournal(disk), tally.REGISTRY, tally.clock(), state=tally.Tally(), decide=tally.decide,
                evolve=tally.evolve)
writer.start()
for future in [writer.submit(tally.command(name)) for name in (set(names) if sys.argv[1] == "careless" else names)]:
    future.result()
writer.drain()
print(disk.records[-1].hash.hex(), list(disk.messages)[-1], list(disk.deadlines))
"""


def _journals(way: str, seeds: str) -> set[str]:
    found = set()
    for seed in seeds:
        command = [sys.executable, "-c", SCRIPT, way, *sys.path]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(run.stdout)
    return found


def test_the_same_commands_give_the_same_journal_under_any_hash_seed():
    (found,) = _journals("as given", "0123")
    assert "d_200" in found


@pytest.mark.slow
def test_the_same_commands_give_the_same_journal_under_many_a_hash_seed():
    (found,) = _journals("as given", "0123456789")
    assert "d_200" in found


def test_commands_in_the_order_of_a_set_give_other_journals():
    """The negative control."""
    assert len(_journals("careless", "012")) > 1


def test_clocks_and_ids_give_what_they_promise():
    assert SystemClock().now().tzinfo is UTC
    with pytest.raises(ValueError, match="naive"):
        instant_text(datetime(2026, 1, 7, 10))  # noqa: DTZ001 - what must be refused
    made = {RandomIds().new("case") for _ in range(100)}
    assert len(made) == 100
    assert all(name.startswith("case_") and len(name) == 37 for name in made)
    counted = CountedIds()
    assert [counted.new("case"), counted.new("order")] == ["case_1", "order_2"]


@settings(max_examples=40)
@given(events)
def test_the_codec_of_an_event_writes_what_the_walk_over_all_its_parts_lets_through(event):
    """Neither writing nor reading walks an event a second time: its fields' kinds have checked each part."""
    body = REGISTRY.encode(event)
    assert encode_plain(decode_plain(body)) == body


def test_a_number_at_the_bound_of_64_bits_is_kept():
    import dataclasses

    for amount in (2**63 - 1, -(2**63), 2**31, -(2**31), 2**31 - 1):
        event = dataclasses.replace(PLAIN, amount_fen=amount)
        assert REGISTRY.decode("stop_issued", 1, REGISTRY.encode(event)) == event


def test_what_an_upcaster_lets_go_of_is_walked_all_the_same():
    """The newest fields say nothing about a part that only the older version had."""
    registry = Registry()

    def without(fields):
        del fields["gone"]
        return fields

    registry.register("part", 2, Part, without)
    fits = b'{"amount_fen":1,"claim":"c","gone":7}'
    assert registry.decode("part", 1, fits) == Part("c", 1)
    for odd in (b"7.5", b"9223372036854775808"):
        with pytest.raises(EventFault):
            registry.decode("part", 1, fits.replace(b"7", odd))
