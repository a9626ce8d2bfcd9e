"""Files as institutions send them, and the transfers that they are. A change of either is seen line by line.

After a change that is meant: `RECOUP_GOLDEN=write pytest tests/golden/reading`, and read the difference before it is committed.
"""

import os
from pathlib import Path

import polars as pl
import pytest

from recoup.reading import ReadingOptions, load_map, read_transfers

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")
ZONES = {"camt053": "Europe/Berlin", "camt053_2009": "Europe/Berlin", "mt940": "Europe/Berlin"}


def transfers(case: str) -> str:
    map_file = HERE / f"{case}.map.toml"
    options = ReadingOptions(
        mapping=load_map(map_file) if map_file.is_file() else None,
        timezone=ZONES.get(case, "Asia/Shanghai"),
    )
    reading = read_transfers([HERE / case], options)
    assert reading.problems == ()
    return reading.transfers.with_columns(
        pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    ).write_csv()


@pytest.mark.parametrize("case", CASES)
def test_the_files_are_these_transfers(case: str) -> None:
    expected = HERE / f"{case}.expected.csv"
    if os.environ.get("RECOUP_GOLDEN") == "write":
        expected.write_text(transfers(case), encoding="utf-8")
    assert expected.read_text("utf-8") == transfers(case)


def test_both_versions_of_one_message_are_the_same_transfers() -> None:
    assert transfers("camt053") == transfers("camt053_2009")
