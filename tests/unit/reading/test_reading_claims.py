"""Claims, and the small tables that a user declares: accounts, openings, holds, links."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recoup.reading import (
    ReadingOptions,
    read_accounts,
    read_claims,
    read_holds,
    read_links,
    read_openings,
    read_transfers,
)
from recoup.records.tables import CLAIMS, HOLDS, LINKS, OPENINGS

SHANGHAI = ReadingOptions(timezone="Asia/Shanghai")
LEDGER = "id,time,payer,payee,amount,currency\nT1,2024-01-01 10:00:00,V,A,12.50,CNY\nT2,2024-01-01 10:00:30,V,A,12.50,CNY\nT3,2024-01-01 11:00:00,,A,7,USD\nT4,2024-01-01 12:00:00,V,A,9,JPY\n"  # noqa: E501 (a sample as it comes)
Made = Callable[..., Path]


@pytest.fixture
def transfers(made: Made) -> pl.DataFrame:
    return read_transfers([made("ledger.csv", LEDGER)], SHANGHAI).transfers


def test_claims_name_their_transfer_and_are_sorted_by_id(
    made: Made, transfers: pl.DataFrame
) -> None:
    path = made(
        "c.csv",
        "claim,victim,transfer,reported_at,admitted\nc2,李,T2,,\nC1,王,T1,2024-01-02 08:00:00,false\n",
    )
    reading = read_claims(path, transfers, SHANGHAI)
    assert reading.problems == ()
    assert reading.claims.schema == CLAIMS
    assert reading.claims.rows() == [
        ("C1", "王", "T1", datetime(2024, 1, 2, tzinfo=UTC), False),
        ("c2", "李", "T2", None, True),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("V,A,12.50,2024-01-01 10:00:00,CNY", "T1"),
        ("V,A,12.5,2024-01-01T02:00:30Z,", "T2"),
        (",A,7,2024-01-01 11:00,", "T3"),  # a deposit, its time to the minute
        ("V,A,9.00,2024-01-01 12:00:00,日元", "T4"),
    ],
)
def test_claims_that_describe_their_transfer_find_it(
    made: Made, transfers: pl.DataFrame, line: str, expected: str
) -> None:
    reading = read_claims(
        made("c.csv", f"claim,victim,payer,payee,amount,time,currency\nC,V,{line}\n"),
        transfers,
        SHANGHAI,
    )
    assert reading.problems == ()
    assert reading.claims["transfer"].to_list() == [expected]


def test_an_ambiguous_claim_names_the_candidates(made: Made, transfers: pl.DataFrame) -> None:
    reading = read_claims(
        made("c.csv", "claim,victim,payer,payee,amount,time\nC,V,V,A,12.5,2024-01-01 10:00\n"),
        transfers,
        SHANGHAI,
    )
    assert [(problem.code, problem.found) for problem in reading.problems] == [
        ("claim_ambiguous", "T1, T2")
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("T1,13,CNY", "amount 13, transfer has 12.50 CNY"),
        ("T1,12.5,USD", "currency USD, transfer has CNY"),
    ],
)
def test_a_claim_that_differs_says_in_what(
    made: Made, transfers: pl.DataFrame, line: str, found: str
) -> None:
    reading = read_claims(
        made("c.csv", f"claim,victim,transfer,amount,currency\nC,V,{line}\n"), transfers, SHANGHAI
    )
    assert [(problem.code, problem.found) for problem in reading.problems] == [
        ("claim_differs", found)
    ]


def test_good_claims_remain_beside_refused_ones(made: Made, transfers: pl.DataFrame) -> None:
    reading = read_claims(
        made("c.csv", "claim,victim,transfer\nC1,V,T1\nC2,V,T9\n\n"), transfers, SHANGHAI
    )
    assert reading.claims["claim"].to_list() == ["C1"]
    assert reading.fatal == ()
    assert reading.rejected.select("row", "code").rows() == [(3, "claim_no_match")]


def test_a_refused_claim_does_not_take_the_id_or_the_transfer(
    made: Made, transfers: pl.DataFrame
) -> None:
    reading = read_claims(
        made("c.csv", "claim,victim,transfer\nC1,,T1\nC1,V,T1\n"), transfers, SHANGHAI
    )
    assert [problem.code for problem in reading.problems] == ["victim_missing"]
    assert reading.claims.height == 1


def test_claims_are_read_from_parquet(tmp_path: Path, transfers: pl.DataFrame) -> None:
    pl.DataFrame(
        {"claim": [1, 2], "victim": ["V", "W"], "transfer": ["T1", "T2"], "admitted": [True, False]}
    ).write_parquet(tmp_path / "c.parquet")
    reading = read_claims(tmp_path / "c.parquet", transfers, SHANGHAI)
    assert reading.problems == ()
    assert reading.claims.select("claim", "admitted").rows() == [("1", True), ("2", False)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "victim,transfer\nV,T1\n",
        "claim,transfer\nC,T1\n",
        "claim,victim\nC,V\n",
        "claim,victim,payer,payee\nC,V,V,A\n",
    ],
)
def test_a_file_of_claims_without_what_it_needs_is_fatal(
    made: Made, transfers: pl.DataFrame, text: str
) -> None:
    reading = read_claims(made("c.csv", text), transfers, SHANGHAI)
    assert reading.fatal
    assert reading.claims.schema == CLAIMS


def test_a_missing_file_of_claims_is_a_problem(tmp_path: Path, transfers: pl.DataFrame) -> None:
    assert [
        problem.code for problem in read_claims(tmp_path / "none.csv", transfers, SHANGHAI).problems
    ] == ["file_missing"]


def test_accounts_of_a_list(made: Made) -> None:
    assert read_accounts(
        made("a.csv", "account,note\n\t6222 0200 0000 0000 001,x\nB,\n,\n")
    ).accounts == {"6222020000000000001", "B"}
    assert read_accounts(made("b.csv", "account\n6222020000000000001\n")).accounts == {
        "6222020000000000001"
    }
    assert [
        problem.code for problem in read_accounts(made("c.csv", "account\n6.2E+18\n")).problems
    ] == ["account_digits_lost"]


def test_openings_take_the_only_currency_of_their_account(
    made: Made, transfers: pl.DataFrame
) -> None:
    path = made(
        "o.csv", "account,time,balance,currency\nA,2024-01-01,100,USD\nV,2024-01-01,5,JPY\n"
    )
    declared = read_openings(path, transfers, SHANGHAI)
    assert declared.problems == ()
    assert declared.frame.schema == OPENINGS
    assert declared.frame.select("account", "currency", "balance").rows() == [
        ("A", "USD", 10000),
        ("V", "JPY", 5),
    ]
    only = read_openings(
        made("p.csv", "account,time,balance\nA,2024-01-01,100\n"),
        transfers.filter(pl.col("currency") == "USD"),
        SHANGHAI,
    )
    assert only.frame["currency"].to_list() == ["USD"]


def test_holds_keep_the_order_of_the_file(made: Made) -> None:
    declared = read_holds(
        made(
            "h.csv",
            "account,currency,amount,time,until\nB,CNY,2,2024-01-02 10:00:00,\nA,CNY,1,2024-01-01 10:00:00,2024-01-03 10:00:00\n",  # noqa: E501 (a sample as it comes)
        ),
        SHANGHAI,
    )
    assert declared.problems == ()
    assert declared.frame.schema == HOLDS
    assert declared.frame.select("account", "amount", "until").rows() == [
        ("B", 200, None),
        ("A", 100, datetime(2024, 1, 3, 2, tzinfo=UTC)),
    ]


def test_links_cite_their_row_and_the_source_that_the_caller_gives(
    made: Made, transfers: pl.DataFrame
) -> None:
    path = made(
        "l.csv",
        "from,to,amount,time,evidence,grade,author,currency\nA,Z,5,2024-01-02,照片,B,王警官,CNY\n",
    )
    declared = read_links(path, transfers, SHANGHAI, source=7)
    assert declared.problems == ()
    assert declared.frame.schema == LINKS
    assert declared.frame.select("from", "to", "amount", "evidence", "source", "row").row(0) == (
        "A",
        "Z",
        500,
        "照片",
        7,
        2,
    )
    assert declared.sources[0].rows_count == 1
