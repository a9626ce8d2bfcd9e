"""Spellings of times, zones, and local times that clocks skip or repeat."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.reading.times import instants

NOON = datetime(2024, 3, 5, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05 12:05:06",
        "2024-03-05T12:05:06",
        "2024/03/05 12:05:06",
        "2024/3/5 12:05:06",
        "20240305120506",
        "20240305 12:05:06",
        "20240305 120506",
        "2024.03.05 12:05:06",
        "2024年03月05日 12:05:06",
        "2024年3月5日12:05:06",
        "2024年03月05日 12时05分06秒",
        "2024-03-05-12.05.06.000000",
        "2024-03-05 12.05.06",
        "2024-03-05T04:05:06Z",
        "2024-03-05T12:05:06+08:00",
        "2024-03-05T12:05:06+0800",
        "2024-03-05 12:05:06+08:00",
        "2024-03-05 12:05:06 +08:00",
        "2024-03-05T12:05:06.000+08:00",
        "20240305120506+0800",
    ],
)
def test_every_spelling_is_the_same_instant(text: str) -> None:
    assert instants(pl.Series([text]), "Asia/Shanghai").value[0] == NOON


@pytest.mark.parametrize(
    ("text", "slack"),
    [
        ("2024-03-05 12:05:06", 0),
        ("2024-03-05 12:05", 60),
        ("2024-03-05", 86_400),
        ("20240305", 86_400),
    ],
)
def test_a_spelling_says_how_much_it_leaves_open(text: str, slack: int) -> None:
    assert slack == instants(pl.Series([text]), "UTC").slack[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024-03-31 02:30:00", "time_nonexistent"),
        ("2024-10-27 02:30:00", "time_ambiguous"),
        ("2024-13-01", "time_unreadable"),
        ("05/03/2024", "time_unreadable"),  # day and month may change places: only a map can say
        ("yesterday", "time_unreadable"),
        ("0016-01-01", "time_unreadable"),
        ("45296.5", "time_unreadable"),
        ("", None),
    ],
)
def test_what_is_no_instant_says_why(text: str, code: str | None) -> None:
    read = instants(pl.Series([text]), "Europe/Berlin")
    assert read.value[0] is None
    assert code == read.reason[0]


def test_without_a_zone_only_zoned_times_are_instants() -> None:
    read = instants(pl.Series(["2024-03-05 12:05:06", "2024-03-05T04:05:06Z"]), None)
    assert read.value.to_list() == [None, NOON]
    assert read.reason[0] == "time_without_zone"


def test_mixed_spellings_are_read_in_one_column() -> None:
    read = instants(
        pl.Series(
            ["2024-03-05 12:05:06", "20240305120506", "2024-03-05T04:05:06Z", "2024/3/5 12:05"]
        ),
        "Asia/Shanghai",
    )
    assert read.value.null_count() == 0
    assert read.slack.to_list() == [0, 0, 0, 60]


def test_a_format_of_the_map_goes_first() -> None:
    read = instants(pl.Series(["05.03.2024 12:05:06"]), "Asia/Shanghai", ("%d.%m.%Y %H:%M:%S",))
    assert read.value[0] == NOON


@pytest.mark.parametrize("form", ["%Q", "nonsense", "%d.%m", "%"])
def test_a_format_that_reads_nothing_refuses_and_does_not_fail(form: str) -> None:
    assert instants(pl.Series(["x"]), "UTC", (form,)).reason[0] == "time_unreadable"


def test_columns_of_dates_and_datetimes_keep_their_zone() -> None:
    naive = pl.Series([datetime(2024, 3, 5, 12, 5, 6)])  # noqa: DTZ001 (a naive one is the point)
    aware = naive.dt.replace_time_zone("Asia/Shanghai")
    assert instants(aware, None).value[0] == NOON
    assert instants(naive, "Asia/Shanghai").value[0] == NOON
    assert instants(naive, None).reason[0] == "time_without_zone"
    assert instants(pl.Series([date(2024, 3, 5)]), "UTC").slack[0] == 86_400


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2099, 12, 1)),  # noqa: DTZ001 (a naive one is the point)
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin"]),
)
def test_local_times_agree_with_zoneinfo(local: datetime, zone: str) -> None:
    local = local.replace(microsecond=0)
    there = local.replace(tzinfo=ZoneInfo(zone))
    back = there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    once = there.replace(fold=1).utcoffset() == there.utcoffset()
    read = instants(pl.Series([local.isoformat(sep=" ")]), zone)
    if once and back == local:
        assert there.astimezone(UTC) == read.value[0]
    else:
        assert read.value[0] is None
