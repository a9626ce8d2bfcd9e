"""Data frames of three libraries, and maps that are written and read again."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.errors import InputFault
from recoup.reading import (
    ColumnMap,
    ReadingOptions,
    claims_of,
    from_frames,
    load_map,
    parse_digits,
    save_map,
)
from recoup.reading.frames import frame_digest
from recoup.reading.vocabulary import HEADERS
from recoup.records.kinds import KINDS

FRAME = pl.DataFrame(
    {
        "id": ["T1", "T2"],
        "time": [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)],
        "payer": ["V", "A"],
        "payee": ["A", None],
        "amount": [1250, 500],
        "currency": ["CNY", "CNY"],
    }
)


def as_arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow()


@pytest.mark.parametrize(
    "convert", [lambda frame: frame, pl.DataFrame.lazy, pl.DataFrame.to_pandas, as_arrow]
)
def test_every_frame_reads_alike_and_whole_numbers_are_minor_units(convert: object) -> None:
    assert callable(convert)
    claims = pl.DataFrame({"claim": ["C"], "victim": ["V"], "transfer": ["T1"], "amount": [1250]})
    reading, claimed = from_frames(convert(FRAME), convert(claims))
    assert reading.problems == ()
    assert claimed is not None
    assert claimed.problems == ()
    assert reading.transfers.select("amount", "payee", "row").rows() == [
        (1250, "A", 1),
        (500, "", 2),
    ]
    assert claimed.claims["transfer"].to_list() == ["T1"]
    assert reading.sources[0].sha256 == frame_digest(FRAME)


@pytest.mark.parametrize("amount", [["12.50", "5"], [Decimal("12.50"), Decimal(5)], [12.5, 5.0]])
def test_text_decimals_and_floats_are_decimal_amounts(amount: list[object]) -> None:
    for frame in (
        FRAME.with_columns(amount=pl.Series(amount)),
        FRAME.to_pandas().assign(amount=amount),
    ):
        assert from_frames(frame)[0].transfers["amount"].to_list() == [1250, 500]


def test_naive_times_need_a_zone() -> None:
    naive = FRAME.with_columns(pl.col("time").dt.replace_time_zone(None))
    assert [problem.code for problem in from_frames(naive)[0].problems] == ["time_without_zone"]
    shanghai = from_frames(naive, options=ReadingOptions(timezone="Asia/Shanghai"))[0]
    assert shanghai.transfers["time"][0] == datetime(2023, 12, 31, 16, tzinfo=UTC)


def test_pandas_objects_with_missing_values_are_text() -> None:
    frame = pd.DataFrame(
        {
            "time": ["2024-01-01T00:00:00Z"],
            "payer": pd.Series(["A"], dtype=object),
            "payee": pd.Series([float("nan")], dtype=object),
            "amount": [1],
            "currency": ["CNY"],
        }
    )
    assert from_frames(frame)[0].transfers["payee"].to_list() == [""]


@pytest.mark.parametrize("thing", [[1, 2], {"a": 1}, "x", 5, pa.array([1])])
def test_anything_else_is_a_type_error(thing: object) -> None:
    with pytest.raises(TypeError, match="expected a polars, pandas or pyarrow frame"):
        from_frames(thing)


def test_an_empty_frame_is_a_problem_and_no_failure() -> None:
    assert [problem.code for problem in from_frames(pl.DataFrame())[0].problems] == ["file_empty"]
    assert from_frames(FRAME.clear())[0].transfers.height == 0


def test_an_unknown_zone_is_a_problem() -> None:
    assert [
        problem.code
        for problem in from_frames(FRAME, options=ReadingOptions(timezone="Nowhere"))[0].problems
    ] == ["timezone_unknown"]


def test_claims_of_a_frame_by_content() -> None:
    transfers = from_frames(FRAME)[0].transfers
    claims = pl.DataFrame(
        {
            "claim": ["C"],
            "victim": ["V"],
            "payer": ["V"],
            "payee": ["A"],
            "amount": [1250],
            "time": [datetime(2024, 1, 1, tzinfo=UTC)],
        }
    )
    assert claims_of(claims, transfers, ReadingOptions()).claims["transfer"].to_list() == ["T1"]


def test_the_digest_knows_values_names_types_and_nulls() -> None:
    others = [
        FRAME.rename({"id": "di"}),
        FRAME.with_columns(amount=pl.Series([1250, 501])),
        FRAME.with_columns(pl.col("amount").cast(pl.Int32)),
        FRAME.with_columns(payee=pl.Series(["A", ""])),
        FRAME.with_columns(payer=pl.Series(["VA", ""])),
    ]
    assert len({frame_digest(frame) for frame in [FRAME, FRAME.clone(), *others]}) == 1 + len(
        others
    )


WORDS = st.text(min_size=1, max_size=8)
FORMATS = ["%d.%m.%Y %H:%M", "%Y年%m月%d日", '"%Y-%m-%d"', "%d\\%m\\%Y", "%Y-%m-%d\t%H:%M:%S %z"]
MAPS = st.builds(
    ColumnMap,
    columns=st.dictionaries(st.sampled_from(sorted(HEADERS)), WORDS, max_size=4),
    shape=st.sampled_from([None, "ledger", "statement"]),
    timezone=st.sampled_from([None, "UTC", "Asia/Shanghai"]),
    time_formats=st.lists(st.sampled_from(FORMATS), max_size=2).map(tuple),
    kinds=st.dictionaries(WORDS, st.sampled_from(KINDS), max_size=3),
    directions=st.dictionaries(WORDS, st.sampled_from(["debit", "credit", "skip"]), max_size=3),
    statuses=st.dictionaries(WORDS, st.sampled_from(["ok", "failed"]), max_size=3),
    defaults=st.dictionaries(st.sampled_from(["currency", "account"]), WORDS, max_size=2),
    sheet=st.text(max_size=5),
    header_row=st.integers(0, 9),
    amount_unit=st.sampled_from(["", "major", "minor"]),
    decimal_comma=st.booleans(),
    supplied_by=st.text(max_size=5),
    supplied_at=st.text(max_size=5),
    document=st.text(max_size=5),
)


@given(MAPS)
def test_a_saved_map_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, column_map: ColumnMap
) -> None:
    path = tmp_path_factory.mktemp("map") / "map.toml"
    save_map(path, column_map)
    assert column_map == load_map(path)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "unknown = 1\n",
        'shape = "circle"\n',
        'timezone = "Mars"\n',
        "header_row = -1\n",
        "columns = 1\n",
        '[columns]\nnonsense = "a"\n',
        "[columns]\ntime = 1\n",
        '[kinds]\na = "gift"\n',
        '[directions]\na = "up"\n',
        '[statuses]\na = "maybe"\n',
        '[time]\nformats = "x"\n',
        '[amount]\nunit = "cents"\n',
        '[amount]\ndecimal = "x"\n',
        '[source]\nwho = "x"\n',
    ],
)
def test_a_wrong_map_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(InputFault) as caught:
        load_map(tmp_path / "map.toml")
    assert {problem.code for problem in caught.value.problems} == {"map_invalid"}


def test_a_missing_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="file_missing"):
        load_map(tmp_path / "map.toml")


def test_declared_digits() -> None:
    assert parse_digits(["jpy=2", "ABC=0"]).of("JPY") == 2
    for wrong in ("JPY", "JPY=x", "=2", "JPY=-1", "JPY=99"):
        with pytest.raises(ValueError, match="expected a currency"):
            parse_digits([wrong])
