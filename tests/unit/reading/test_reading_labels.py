"""Labels of transfers and of accounts: both forms, words for yes and no, and rows that are refused with their number."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recoup.reading import ReadingOptions, read_labels, read_transfers

SHANGHAI = ReadingOptions(timezone="Asia/Shanghai")
LEDGER = (
    "id,time,payer,payee,amount,currency\n"
    "T1,2024-01-01 10:00:00,V,A,12.50,CNY\n"
    "T2,2024-01-01 10:00:30,V,6222021234567890123,12.50,CNY\n"
)
Made = Callable[..., Path]


@pytest.fixture
def transfers(made: Made) -> pl.DataFrame:
    return read_transfers([made("ledger.csv", LEDGER)], SHANGHAI).transfers


@pytest.mark.parametrize(
    "text",
    [
        "transfer,label\nT2,1\nT1,0\n",
        "tx_id,is_laundering\nT1,False\nT2,true\n",
        "流水号,是否涉案\nT2,是\nT1,否\n",
    ],
)
def test_labels_of_transfers_are_read_and_sorted(made, transfers, text) -> None:
    found = read_labels(made("l.csv", text), transfers, SHANGHAI)
    assert found.problems == ()
    assert found.transfers.rows() == [("T1", False), ("T2", True)]
    assert not found.are_of_accounts


def test_labels_of_accounts_say_from_when_on(made, transfers) -> None:
    text = "account,label,since\nA,no,\n6222021234567890123,yes,2024-01-01 08:00:00\n"
    found = read_labels(made("l.csv", text), transfers, SHANGHAI)
    assert found.problems == ()
    assert found.are_of_accounts
    assert found.accounts.rows() == [
        ("6222021234567890123", True, datetime(2024, 1, 1, tzinfo=UTC)),
        ("A", False, None),
    ]


def test_labels_of_accounts_may_leave_out_since_and_come_as_parquet(tmp_path, transfers) -> None:
    path = tmp_path / "l.parquet"
    pl.DataFrame({"account": ["A"], "label": [1]}).write_parquet(path)
    found = read_labels(path, transfers, SHANGHAI)
    assert found.problems == ()
    assert found.accounts.rows() == [("A", True, None)]


@pytest.mark.parametrize(
    ("text", "row", "code"),
    [
        ("transfer,label\nT1,maybe\n", 2, "label_unreadable"),
        ("transfer,label\nT1,\n", 2, "label_unreadable"),
        ("transfer,label\nT1,1\nT1,0\n", 3, "label_repeated"),
        ("transfer,label\nT9,1\n", 2, "label_no_match"),
        ("transfer,label\n,1\n", 2, "label_without_name"),
        ("account,label\nA,1\nA,1\n", 3, "label_repeated"),
        ("account,label\nB,1\n", 2, "label_no_match"),
        ("account,label\n,1\n", 2, "account_missing"),
        ("account,label,since\nA,1,soon\n", 2, "time_unreadable"),
        ("account,label\n6.22202E+18,1\n", 2, "account_digits_lost"),
        ("transfer\nT1\n", 0, "column_missing"),
        ("label\n1\n", 0, "column_missing"),
        ("transfer,label\n", 0, "file_empty"),
    ],
)
def test_a_row_that_says_nothing_usable_is_refused_with_its_number(
    made, transfers, text, row, code
) -> None:
    found = read_labels(made("l.csv", text), transfers, SHANGHAI)
    assert [(problem.row, problem.code) for problem in found.problems] == [(row, code)]


def test_a_file_that_is_not_there_is_a_problem(tmp_path, transfers) -> None:
    found = read_labels(tmp_path / "none.csv", transfers, SHANGHAI)
    assert [problem.code for problem in found.problems] == ["file_missing"]
