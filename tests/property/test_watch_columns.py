"""Columns against payments one by one: the same answers and the same log, however odd the batch and wherever it is cut."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.watch.names import Texts
from recoup.watching import Asked, Watch
from recoup.watching.columns import Columns, columns_of
from recoup.watching.decision_log import Lines
from recoup.watching.known import Contents, KnownIds
from recoup.watching.snapshots import restored, snapshot_of

HOUR = 3_600_000_000
NAMES = ("id", "time", "payer", "payee", "amount", "currency", "kind")
PAYMENT = st.tuples(
    st.sampled_from(["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "", "x" * 129, "a\n"]),
    st.one_of(
        st.integers(0, 3).map(lambda h: h * HOUR),
        st.sampled_from([-(2**62), 2**62, 50 * HOUR, -40 * HOUR]),
    ),
    st.sampled_from(["a", "b", "c", "d", "", "y" * 129, "bad\t"]),
    st.sampled_from(["a", "b", "e", "f", ""]),
    st.sampled_from([1, 100, 100, 100, 0, -5, 2**62]),
    st.sampled_from(["CNY", "CNY", "CNY", "USD", "XXX"]),
    st.sampled_from(["transfer", "cash"]),
).map(lambda fields: Asked(*fields))


def watch() -> Watch:
    return Watch(
        currencies=("CNY", "USD"), rows_followed=64, ids_seconds=7_200, accounts_max=7, log=Lines()
    )


def frame(some: list[Asked], schema: list[type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [row[at] for row in some] for at, name in enumerate(NAMES[: len(schema)])},
        dict(zip(NAMES, schema, strict=False)),
    )


def in_bytes(columns: Columns | None) -> Columns | None:
    """Return columns as they come from the wire: texts as bytes."""
    if columns is None:
        return None
    texts = {name: Texts.of(getattr(columns, name)) for name in ("ids", "payers", "payees")}
    return columns._replace(**texts)


def formed(some: list[Asked], types: list[type[pl.DataType]], form: str) -> object:
    """Return payments as rows, as columns, or as columns of bytes."""
    if form == "rows":
        return some
    whole = frame(some, types)
    columns = columns_of(whole)
    return whole if form == "columns" or columns is None else in_bytes(columns)


FORM = st.sampled_from(["rows", "columns", "bytes", "bytes"])
TYPES = [pl.String, pl.Int64, pl.String, pl.String, pl.Int64, pl.String, pl.String]


@settings(max_examples=60, deadline=None)
@given(st.lists(PAYMENT, min_size=1, max_size=40), st.data())
def test_columns_decide_as_their_payments_one_by_one(
    some: list[Asked], data: st.DataObject
) -> None:
    columns, twin = watch(), watch()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(some)), max_size=4)) | {0, len(some)})
    for begin, end in itertools.pairwise(cuts):
        expected = [twin.decide([one])[0] for one in some[begin:end]]
        found = columns.decide(formed(some[begin:end], TYPES, data.draw(FORM)))
        assert list(found) == expected
    assert columns.log.digest == twin.log.digest
    assert columns._pockets == twin._pockets
    assert snapshot_of(columns) == snapshot_of(twin)


PLAUSIBLE = st.tuples(
    st.sampled_from(["again", *[None] * 9]),
    st.sampled_from([0, 1, 1_000_000, HOUR // 2, -HOUR // 4, -3 * HOUR]),
    st.sampled_from("abcdefgh"),
    st.sampled_from(["a", "i", "j", "k", "l", "m", ""]),
    st.sampled_from([1, 100, 4_000, 50_000]),
    st.sampled_from(["CNY", "CNY", "USD"]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(PLAUSIBLE, min_size=8, max_size=40), st.integers(5, 18), st.data())
def test_batches_that_are_mostly_clean_leave_the_watch_as_one_by_one(rows, most, data) -> None:
    """Numbers of accounts too, in the same order, also where there is no more room; a snapshot between changes nothing."""
    some, time = [], 0
    for number, (id_, gap, *rest) in enumerate(rows):
        time = max(time, time + gap)
        some.append(Asked(id_ or f"p{number}", time if gap >= 0 else time + gap, *rest))
    given = {"currencies": ("CNY", "USD"), "rows_followed": 16, "accounts_max": most}
    columns, twin = Watch(**given), Watch(**given)
    cut = data.draw(st.integers(0, len(some)))
    for begin, end in ((0, cut), (cut, len(some))):
        expected = [twin.decide([one])[0] for one in some[begin:end]]
        given = formed(some[begin:end], TYPES[:-1], data.draw(FORM))
        assert list(columns.decide(given)) == expected
        kept = snapshot_of(columns)
        assert kept == snapshot_of(twin)
        columns = restored(kept)


def clean(count: int) -> list[Asked]:
    return [Asked(f"p{n}", n, f"a{n % 7}", f"b{n % 5}", 100 + n, "CNY") for n in range(count)]


def forms(some: list[Asked]) -> list[object]:
    whole = frame(some, TYPES)
    arrays = {name: whole[name].to_numpy() for name in ("time", "amount")}
    lists = {name: whole[name].to_list() for name in NAMES if name not in arrays}
    instants = whole.with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))
    wire = in_bytes(columns_of(whole))
    return [whole, whole.to_arrow(), {**lists, **arrays}, instants, whole.drop("kind"), wire]


def test_every_form_of_columns_is_taken_in_bulk_and_gives_the_same() -> None:
    some = clean(20)
    expected = list(Watch().decide(some))
    for form in forms(some):
        found = Watch().decide(form)
        assert isinstance(found.plan, range), "no object for each payment"
        assert list(found) == expected


def test_a_clean_batch_of_bytes_stays_bytes_also_when_others_came_otherwise() -> None:
    found, twin = Watch(), Watch()
    twin.decide(clean(60))
    found.decide(clean(20))
    for begin, most in ((20, 40), (40, 60)):
        made = found.decide(in_bytes(columns_of(frame(clean(most)[begin:], TYPES))))
        assert isinstance(made.contents, Columns)
        assert made.contents.are_bytes, "nothing was spelled"
    assert snapshot_of(found) == snapshot_of(twin)
    assert all(one.is_repeat for one in found.decide(clean(60)))
    assert found._ids.some_of(["p59", "p60", "p0"]).__next__() == 0


def test_a_clean_batch_among_odd_ones_stays_in_bulk_but_for_the_odd() -> None:
    found = Watch()
    found.decide(clean(10))
    made = found.decide(frame([*clean(12), Asked("q", 1, "a", "a", 1, "CNY")], TYPES))
    assert [one.is_repeat for one in made] == [True] * 10 + [False] * 3
    assert made.contents is not None
    assert not isinstance(made.contents, Contents), "it was not taken apart"


@pytest.mark.parametrize(
    "change",
    [
        {"time": pl.Series([None] * 20, dtype=pl.Int64)},
        {"amount": pl.Series([1.5] * 20)},
        {"id": pl.Series([None] * 20, dtype=pl.String)},
        {"fact": pl.Series([1.0] * 20)},
        {"kind": pl.Series([""] * 20)},
    ],
)
def test_what_is_no_plain_column_is_taken_apart(change: dict[str, pl.Series]) -> None:
    whole = frame(clean(20), TYPES).with_columns(**change)
    assert columns_of(whole) is None
    assert columns_of(pa.table({"id": ["x"]})) is None
    assert columns_of({name: np.zeros((2, 2)) for name in NAMES}) is None


class _Made:
    """As much of decisions as ids need."""

    def __init__(self, ids: list[str]) -> None:
        self.contents = Contents({at: (id_, at) for at, id_ in enumerate(ids)})
        self._count = len(ids)

    def __len__(self) -> int:
        return self._count


@given(st.lists(st.tuples(st.integers(0, 30), st.lists(st.integers(0, 25), max_size=4))))
def test_ids_are_known_as_long_as_they_must_be_and_find_their_own_batch(
    steps: list[tuple[int, list[int]]],
) -> None:
    """The twin keeps everything for ever; what it says of the last ten must be said here too."""
    ids, twin, clock = KnownIds(10), dict[str, tuple[int, _Made, int]](), 0
    for step, (wait, numbers) in enumerate(steps):
        clock += wait
        ids.age(clock)
        names = [f"{number}-{step}" for number in dict.fromkeys(numbers)]
        made = _Made(names)
        if step % 4:
            ids.add(made, names, range(len(names)))
        else:
            ids.add(made, Texts.of(names), range(len(names)))
        assert not names or not ids.none_of(names if step % 2 else Texts.of(names))
        assert ids.has_any([f"other {step}", *names]) == bool(names)
        assert ids.none_of([f"other {step}"])
        assert ids.none_of(Texts.of([f"other {step}"]))
        dropped = names[:1] if step % 3 == 0 else []
        ids.drop(dropped)
        twin |= {id_: (clock, made, at) for at, id_ in enumerate(names) if id_ not in dropped}
        for id_, (at, of, place) in twin.items():
            known = ids.find(id_)
            if clock - at <= 10:
                assert known is not None
            if known is not None:
                assert (known.decisions, known.place) == (of, place)
                assert known.content == (id_, place)
        assert all(ids.find(id_) is None for id_ in dropped)
        asked = [*dropped, *twin]
        assert all(ids.has_any([id_]) == (id_ in ids) for id_ in asked)
        assert list(ids.some_of(asked)) == [at for at, id_ in enumerate(asked) if id_ in ids]
