"""Texts as bytes against texts: the same finds, the same looks, the same payments out of JSON and the same answers into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.money import ISO_DIGITS
from recoup.watch.decision import EARLY, remedy_of
from recoup.watch.names import ABSENT, Table, Texts
from recoup.watch.names.kernels.hashing import hashes_of
from recoup.watch.names.kernels.looking import are_clean
from recoup.watch.names.kernels.scanning import instants_of
from recoup.watch.state import NEVER
from recoup.watching.service import bodies
from recoup.watching.service.bodies import read_body, write_many
from recoup.watching.service.plain import read_plain, write_plain
from recoup.watching.service.port import Answers, Batch, Extra, Reason

TEXT = st.one_of(
    st.text("ab01", max_size=3),
    st.text(max_size=12).filter(lambda text: text.isprintable()),
    st.integers(0, 40).map(lambda n: "long and alike " + str(n)),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.lists(TEXT))
def test_a_column_says_the_texts_it_was_made_of(some: list[str]) -> None:
    column = Texts.of(some)
    assert list(column) == some
    assert [column[at] for at in range(len(some))] == some
    assert [column[at - len(some)] for at in range(len(some))] == some
    for places in ([], list(range(len(some))), [0] * bool(some)):
        assert column.picked(places) == [some[at] for at in places]
    assert column.stands_twice() == (len(set(some)) < len(some))
    assert column.is_one() == (len(set(some)) < 2)
    is_ascii = all(text.isascii() and text.isprintable() for text in some)
    assert column.is_plain(1, 20) == (is_ascii and all(1 <= len(text) <= 20 for text in some))
    assert list(Texts.joined([column, Texts.of([]), column])) == some + some
    with pytest.raises(IndexError):
        column[len(some)]


@given(st.lists(st.tuples(TEXT, TEXT)), st.integers(0, 60))
def test_two_columns_differ_where_every_pair_does(pairs: list[tuple[str, str]], most: int) -> None:
    left, right = (Texts.of([pair[at] for pair in pairs]) for at in (0, 1))
    short = all(len(a.encode()) + len(b.encode()) <= most for a, b in pairs)
    assert left.differ_from(right, most) == (short and all(a != b for a, b in pairs))


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(TEXT, st.integers(ABSENT, 2**40)), max_size=40), max_size=30))
def test_a_table_finds_what_a_dictionary_finds(steps: list[list[tuple[str, int]]]) -> None:
    table, twin = Table(), dict[str, int]()
    for step in steps:
        texts, values = [text for text, _ in step], [value for _, value in step]
        table.put(Texts.of(texts), np.array(values, np.int64))
        twin.update(step)
        asked = [*texts, "never", *twin]
        assert table.find(Texts.of(asked)).tolist() == [twin.get(text, ABSENT) for text in asked]
    names, numbers = table.entries()
    assert list(zip(names, numbers.tolist(), strict=True)) == list(twin.items())


def test_a_table_that_grew_many_times_finds_all_it_had() -> None:
    table, count = Table(), 30_000
    for begin in range(0, count, 7_500):
        some = np.arange(begin, begin + 7_500)
        table.put(Texts.of([f"payment {n}" for n in some]), some)
    asked = Texts.of([f"payment {n}" for n in range(count + 9)])
    assert table.find(asked).tolist() == [*range(count), *[ABSENT] * 9]
    assert len(table) == count
    spelled = Table()
    spelled.put_spelled([f"payment {n}" for n in range(count)], np.arange(count))
    assert spelled.find(asked).tolist() == table.find(asked).tolist()


def test_who_looked_before_a_table_grew_finds_no_place_that_names_more_than_was_there() -> None:
    """Another thread has slots, ends, bytes and values of one moment in hand: none may name bytes that only later ones have."""
    table = Table()
    for count, size in enumerate((1, 3_000, 1, 9_000, *[7] * 300, 40_000), 1):
        slots, _, data, values = table._parts
        table.put(Texts.of([f"{count}".ljust(size, ".")]), np.array([count]))
        if table._parts[2] is not data or table._parts[3] is not values:
            assert int((slots & np.uint64(2**32 - 1)).max()) < count


def test_the_hash_is_the_one_that_it_is_called() -> None:
    """CPython's own, with the key of noughts that it has where it is told to salt nothing."""
    if sys.hash_info.algorithm != "siphash13":
        pytest.skip("this interpreter hashes texts otherwise")
    some = [b"a" * size for size in range(1, 30)] + [bytes(range(30, 126))]
    code = f"print(*[hash(one) for one in {some}])"
    given = {**os.environ, "PYTHONHASHSEED": "0"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=given, stdout=subprocess.PIPE, check=True
    )
    expected = [int(word) % 2**64 for word in said.stdout.split()]
    column = Texts.of([one.decode() for one in some])
    assert hashes_of(column.starts, column.data, np.zeros(2, np.uint64)).tolist() == expected


@given(
    st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 30)), max_size=8),
    st.sampled_from([NEVER, 0, 10]),
)
def test_amounts_and_times_are_clean_as_one_by_one(rows: list[tuple[int, int]], now: int) -> None:
    clock, expected = now, True
    for amount, time in rows:
        expected &= 0 < amount <= 5 and abs(time) <= 25
        expected &= clock == NEVER or clock - 3 <= time <= clock + 7
        clock = max(clock, time)
    amounts, times = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    assert bool(are_clean(amounts, times, 5, 25, now, 3, 7)) == expected


AMOUNT = st.one_of(
    st.from_regex(r"\A[0-9]{1,15}\.[0-9]{2}\Z"),
    st.from_regex(r"\A[0-9]{9,16}\.[0-9]{3,8}\Z"),
    st.from_regex(r"\A[-0-9.,]{0,19}\Z"),
    st.text(max_size=5),
).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text))


@given(st.lists(AMOUNT, min_size=1, max_size=4), st.integers(0, 8))
def test_minor_units_are_the_ones_that_are_read_one_by_one(some: list[str], decimals: int) -> None:
    found = Texts.of(some).minors(decimals)
    if found is not None:
        assert found.tolist() == [bodies._minor(text, decimals) for text in some]
    plain = all(
        text.isascii() and text.count(".") == 1 and text.replace(".", "").isdigit()
        and 1 <= text.index(".") <= 15 and len(text) - text.index(".") - 1 == decimals
        and len(text) <= 19
        for text in some
    )  # fmt: skip
    assert (found is not None) == (plain and decimals > 0)


@pytest.mark.parametrize("most", [18, 19, 20, 21])
def test_an_amount_of_more_figures_than_fit_is_not_read_as_a_small_one(most: int) -> None:
    """2^64 + 1 minor units, one where they are counted in 64 bits; and as many nines as there are figures."""
    for text in ("18446744073709.551617", "9" * (most - 6) + ".999999"):
        found = Texts.of([text]).minors(6)
        assert found is None or found.tolist() == [int(text.replace(".", ""))]


def test_a_batch_with_an_amount_that_does_not_fit_is_refused_in_its_row() -> None:
    one = {"currency": "USDT", "time": "2023-11-14T23:00:00Z", "payer": "a", "payee": "b"}
    amounts = ["1.000000", "18446744073709.551617"]
    some = [one | {"id": f"{at}", "amount": amount} for at, amount in enumerate(amounts)]
    found = read_body(json.dumps({"payments": some}).encode(), is_batch=True)
    assert found.places == [0]
    assert found.batch.amounts == [1_000_000]
    assert found.refused == {1: Extra("amount_too_large", "amount")}


LEAST, MOST = (
    EPOCH.replace(year=year, tzinfo=None) for year in (2, 9998)
)  # hypothesis adds the zone
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(LEAST, MOST, timezones=ZONES), st.booleans())
def test_instants_are_the_ones_of_the_calendar(time: datetime, is_utc: bool) -> None:
    text = time.astimezone(UTC).isoformat().replace("+00:00", "Z") if is_utc else time.isoformat()
    assert instant(text) == (time - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "", "2023-11-14T23:00:00", "2023-11-14 23:00:00Z", "2023-11-14t23:00:00z", "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-11-31T00:00:00Z", "2023-11-14T24:00:00Z",
        "2023-11-14T23:60:00Z", "2023-11-14T23:00:60Z", "2023-11-14T23:00:00.Z", "2023-11-14T23:00:00.1234567Z",
        "2023-11-14T23:00:00+24:00", "2023-11-14T23:00:00+08:60", "2023-11-14T23:00:00+0800", "0000-01-01T00:00:00Z",
        "2023-11-14T23:00:00Zz", "2023-11-14T23:00:00.5", "+023-11-14T23:00:00Z", "2023-11-14T23:00:00+08:0",
    ],
)  # fmt: skip
def test_an_instant_of_another_form_is_left_to_another_reader(text: str) -> None:
    assert instant(text) is None


def instant(text: str) -> int | None:
    column, out = Texts.of([text]), np.empty(1, np.int64)
    fits = instants_of(column.starts, column.data, -(2**63), out)
    return int(out[0]) if fits else None


VALUES = {
    "id": ["p1", "p2", "p3", "p4", "", "x" * 51, 'a"b', "zahlung-ü"],
    "amount": ["1.00", "250.50", "0.00", "7", "-1.00", "1e3", "99999999999999999.00"],
    "currency": ["CNY", "CNY", "CNY", "JPY", "???"],
    "time": [
        "2023-11-14T23:00:00Z",
        "2023-11-14T23:00:00.25+08:00",
        "2023-11-14",
        "9999-01-01T00:00:00Z",
    ],
    "payer": ["a", "b", "户", "", "y" * 51],
    "payee": ["c", "d", "b", ""],
    "kind": ["transfer", "cash", "", "gift"],
    "channel": ["", "counter", "elsewhere"],
}
GOOD = {name: values[:2] for name, values in VALUES.items()} | {"channel": [""]}


@st.composite
def payments(draw: st.DrawFn, values: dict[str, list[str]]) -> dict[str, str]:
    optional = draw(st.sets(st.sampled_from(["payer", "payee", "kind", "channel"])))
    names = draw(st.permutations([*["id", "amount", "currency", "time"], *sorted(optional)]))
    return {name: draw(st.sampled_from(values[name])) for name in names}


def columns(batch: Batch) -> list[list[object]]:
    return [list(column) for column in batch.columns()]


def spelled(body: bytes, monkeypatch: pytest.MonkeyPatch) -> object:
    """What the reader of all of JSON says of a body."""
    with monkeypatch.context() as patched:
        patched.setattr(bodies, "read_plain", lambda _: None)
        return said(body)


def said(body: bytes) -> object:
    try:
        found = read_body(body, is_batch=True)
    except bodies.ProblemError as problem:
        return problem.name
    return list(found.ids), columns(found.batch), found.places, dict(found.refused)


@settings(deadline=None, max_examples=120)
@given(
    st.one_of(
        st.lists(payments(GOOD), min_size=1, max_size=4), st.lists(payments(VALUES), max_size=4)
    ),
    st.data(),
)
def test_plain_json_gives_the_payments_that_all_of_json_gives(some, data) -> None:
    with pytest.MonkeyPatch.context() as patched:
        separators = data.draw(st.sampled_from([(",", ":"), (" , ", " :\n")]))
        is_ascii = data.draw(st.booleans())
        text = json.dumps({"payments": some}, separators=separators, ensure_ascii=is_ascii)
        body = text.encode()
        assert said(body) == spelled(body, patched)
        at = data.draw(st.integers(0, len(body) - 1))
        byte = data.draw(
            st.sampled_from([b"", b'"', b"\\", b",", b"}", b" ", b"\x00", b"\xff", b"x", b"]"])
        )
        spoilt = body[:at] + byte + body[at + data.draw(st.integers(0, 1)) :]
        if read_plain(spoilt) is not None:  # else it is read as it always was
            assert said(spoilt) == spelled(spoilt, patched)


@pytest.mark.parametrize(
    "text",
    [
        b'{"payments":[]}', b'{"payments":[]', b"[]", b"",
        b'{"payments":[{}]}', b'{"payments":{}}', b'{"payments":[],"more":1}',
        b'{"payments":[{"id":"1","id":"2","amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z"}]}',
        b'{"payments":[{"id":1,"amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z"}]}',
        b'{"payments":[{"id":"1","amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z","more":""}]}',
        b'{"payments":[{"id":"1","amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z",}]}',
        b'{"payments":[{"id":"1","amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z"},]}',
        b'{"payments":[{"id":"1","amount":"1.00","currency":"CNY","time":"2023-11-14T23:00:00Z"}]}x',
        b'{"payments":[{"id":"1","amount":"1.00","currency":"CNY"}]}',
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_reader_of_all_of_json(text: bytes) -> None:
    assert read_plain(text) is None


def test_a_plain_batch_is_read_as_bytes_and_not_by_the_reader_of_all_of_json() -> None:
    """Else every test above would hold by never reading anything."""
    one = {
        "id": "1",
        "amount": "1.00",
        "currency": "CNY",
        "time": "2023-11-14T23:00:00Z",
        "payer": "户",
    }
    plain = json.dumps({"payments": [one | {"payer": "a"}]}).encode()
    assert read_body(plain, is_batch=True, digits=ISO_DIGITS).batch.are_bytes
    odd = json.dumps({"payments": [one]}).encode()
    assert not read_body(odd, is_batch=True, digits=ISO_DIGITS).batch.are_bytes


ROW = st.tuples(
    st.sampled_from(["p-1", "another", 'quoted"', "back\\slash", "ü"]),
    st.integers(0, 4), st.booleans(), st.sampled_from([True] * 9 + [False]),
    st.sampled_from([np.nan] * 9 + [0.25]), st.sampled_from(["", "", "reason", "refusal"]),
)  # fmt: skip


@given(st.lists(ROW, min_size=1, max_size=6))
def test_answers_are_written_as_they_are_one_by_one(rows) -> None:
    ids = [row[0] for row in rows]
    answers = Answers.blank(len(rows), is_scored=True)
    for at, (_, decision, repeat, scored, score, extra) in enumerate(rows):
        answers.decisions[at] = -1 if extra == "refusal" else decision
        answers.repeats[at], answers.scored[at], answers.scores[at] = repeat, scored, score
        if extra == "reason":
            reasons = (Reason("1001", "a word", "词"),)
            answers.extras[at] = Extra(
                reasons=reasons, expires_us=5, remedy=remedy_of("p", "HOLD", EARLY, None)
            )
        if extra == "refusal":
            answers.extras[at] = Extra("same_account", "payee")
    expected = bodies._ENCODER.encode({"decisions": bodies.told(ids, answers)})
    assert write_many(ids, answers) == write_many(Texts.of(ids), answers) == expected


def test_answers_without_scores_are_written_by_their_bytes() -> None:
    answers = Answers.blank(3, is_scored=True)
    assert write_plain(Texts.of(["a", "b", "c"]), answers, lambda _: b"") is not None


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, st.integers(-5, 2**60)), min_size=1, max_size=5))
def test_columns_of_bytes_come_back_from_the_log_as_they_were(rows) -> None:
    texts = [Texts.of([row[at] for row in rows]) for at in range(3)]
    amounts = np.array([row[3] for row in rows])
    batch = Batch(*texts, ["CNY"] * len(rows), amounts, amounts + 1, np.zeros(len(rows), np.int8))
    assert columns(Batch.unpacked(batch.packed())) == columns(batch)
    assert columns(Batch.joined([batch, batch])) == [2 * column for column in columns(batch)]
    packed = batch.packed()
    for at in range(1, len(packed)):
        spoilt = [*packed[:at], packed[at] + b"x", *packed[at + 1 :]]
        with pytest.raises(ValueError, match=r"expected|buffer"):
            Batch.unpacked(spoilt)
