"""Ledgers: what is understood of a text table, and what a good row becomes."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recoup.money import Digits
from recoup.reading import ColumnMap, Reading, ReadingOptions, read_transfers
from recoup.records.tables import TRANSFERS

HEAD = "id,time,payer,payee,amount,currency\n"
ROW = "T1,2024-01-01 10:00:00,A,B,12.34,CNY\n"
Read = Callable[..., Reading]
Made = Callable[..., Path]


def test_a_row_becomes_a_transfer(read: Read) -> None:
    reading = read(HEAD + ROW)
    assert reading.problems == ()
    assert reading.transfers.schema == TRANSFERS
    row = reading.transfers.row(0, named=True)
    assert (row["id"], row["payer"], row["payee"], row["amount"], row["currency"]) == (
        "T1",
        "A",
        "B",
        1234,
        "CNY",
    )
    assert (row["time"], row["sequence"], row["kind"], row["source"], row["row"]) == (
        datetime(2024, 1, 1, 2, tzinfo=UTC),
        2,
        "transfer",
        0,
        2,
    )
    assert reading.known is None


def test_the_source_has_the_hash_of_the_file(made: Made) -> None:
    path = made("in.csv", HEAD + ROW)
    source = read_transfers([path], ReadingOptions(timezone="UTC")).sources[0]
    assert (source.file, source.sheet, source.rows_count) == (str(path), "", 1)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == source.sha256


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(read: Read, separator: str, line_end: str) -> None:
    reading = read((HEAD + ROW).replace(",", separator).replace("\n", line_end))
    assert reading.problems == ()
    assert reading.transfers["amount"].to_list() == [1234]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings(read: Read, encoding: str) -> None:
    reading = read(
        "交易流水号,交易时间,付款账号,收款账号,交易金额,币种,付款人\n1,2024-01-01 10:00:00,A,B,12.34,人民币,张三\n",
        encoding=encoding,
    )
    assert reading.problems == ()
    assert reading.transfers.select("payer_name", "currency").row(0) == ("张三", "CNY")


def test_stray_blanks_tabs_and_apostrophes_are_dropped(read: Read) -> None:
    reading = read(
        HEAD
        + "\tT1 ,'2024-01-01 10:00:00,'6222 0212 3456 7890 123\t,\u30006222021234567890124, 12.34 ,cny\n"
    )
    row = reading.transfers.row(0, named=True)
    assert (row["id"], row["payer"], row["payee"], row["currency"]) == (
        "T1",
        "6222021234567890123",
        "6222021234567890124",
        "CNY",
    )


def test_row_numbers_are_those_of_a_spreadsheet(read: Read) -> None:
    reading = read(
        'Ledger of case 7\n\nid,time,payer,payee,amount,currency,rail\nT1,2024-01-01,A,B,1,CNY,"two\nlines"\n\nT2,2024-01-02,A,B,x,CNY,\n'  # noqa: E501 (a sample as it comes)
    )
    assert reading.transfers["row"].to_list() == [4]
    assert [(problem.row, problem.code) for problem in reading.problems] == [
        (6, "amount_unreadable")
    ]


def test_rows_of_totals_repeated_headers_and_blank_rows_are_no_transfers(read: Read) -> None:
    reading = read(HEAD + ROW + ",,,,,\n" + HEAD + "合计,,,,12.34,\n,,,,,\n")
    assert reading.problems == ()
    assert reading.transfers.height == 1


def test_ids_are_made_from_the_content_and_stay_the_same_in_another_file(read: Read) -> None:
    body = "time,payer,payee,amount,currency\n2024-01-01 10:00:00,A,B,1,CNY\n2024-01-01 10:00:00,A,B,1,CNY\n"
    first, second = read(body, name="a.csv"), read(body, name="b.csv")
    assert first.transfers["id"].to_list() == [
        "A>B@20240101T020000Z:100CNY",
        "A>B@20240101T020000Z:100CNY#2",
    ]
    assert first.transfers["id"].to_list() == second.transfers["id"].to_list()


def test_rows_stand_in_total_order_and_ids_compare_by_code_point(read: Read) -> None:
    rows = [
        "b,2024-01-01,A,B,1,CNY,1",
        "Z,2024-01-01,A,B,1,CNY,1",
        "中,2024-01-01,A,B,1,CNY,1",
        "c,2024-01-01,A,B,1,CNY,0",
        "a,2023-01-01,A,B,1,CNY,9",
    ]
    reading = read("id,time,payer,payee,amount,currency,sequence\n" + "\n".join(rows) + "\n")
    assert reading.transfers["id"].to_list() == ["a", "c", "Z", "b", "中"]


def test_the_same_row_twice_is_kept_once_and_counted(read: Read) -> None:
    reading = read(HEAD + ROW + ROW)
    assert reading.problems == ()
    assert (reading.transfers.height, reading.rows_repeated) == (1, 1)


def test_balance_after_is_the_payers_or_the_payees_of_outside_money(read: Read) -> None:
    reading = read(
        "id,time,payer,payee,amount,currency,balance_after\n1,2024-01-01,,A,5,CNY,5\n2,2024-01-02,A,B,2,CNY,3\n3,2024-01-03,A,,3,CNY,0\n"
    )
    assert reading.problems == ()
    assert reading.transfers["payer_balance"].to_list() == [None, 300, 0]
    assert reading.transfers["payee_balance"].to_list() == [500, None, None]


def test_declared_digits_allow_finer_amounts(made: Made) -> None:
    path = made("in.csv", HEAD + "1,2024-01-01,A,B,12.34,JPY\n2,2024-01-01,A,B,5,BEAD\n")
    options = ReadingOptions(timezone="UTC", digits=Digits({"JPY": 2, "BEAD": 0}))
    assert read_transfers([path], options).transfers["amount"].to_list() == [1234, 5]
    assert [
        problem.code for problem in read_transfers([path], ReadingOptions(timezone="UTC")).problems
    ] == ["amount_too_fine", "currency_unknown"]


def test_a_kind_column_speaks_chinese_and_a_map_translates_the_rest(made: Made) -> None:
    path = made(
        "in.csv",
        HEAD.replace("\n", ",kind\n")
        + "1,2024-01-01,A,,1,CNY,取现\n2,2024-01-01,A,B,1,CNY,PAYMENT\n3,2024-01-01,A,B,1,CNY,\n",
    )
    options = ReadingOptions(mapping=ColumnMap(kinds={"PAYMENT": "purchase"}), timezone="UTC")
    assert read_transfers([path], options).transfers["kind"].to_list() == [
        "cash_out",
        "purchase",
        "transfer",
    ]


def test_a_map_names_columns_that_no_header_gives_away(made: Made) -> None:
    path = made("in.csv", "c1,c2,c3,c4,c5\n2024-01-01,A,B,12.34,x\n")
    column_map = ColumnMap(
        columns={"time": "c1", "payer": "c2", "payee": "c3", "amount": "c4"},
        timezone="UTC",
        defaults={"currency": "EUR"},
    )
    assert read_transfers([path], ReadingOptions(mapping=column_map)).transfers.select(
        "payer", "amount", "currency"
    ).row(0) == ("A", 1234, "EUR")


def test_minor_units_by_header_and_by_map(read: Read, made: Made) -> None:
    assert read(
        "时间,付款账号,收款账号,金额(分),币种\n".replace("时间", "交易时间")
        + "2024-01-01,A,B,1234,CNY\n"
    ).transfers["amount"].to_list() == [1234]
    options = ReadingOptions(mapping=ColumnMap(amount_unit="minor"), timezone="UTC")
    assert read_transfers([made("m.csv", HEAD + "1,2024-01-01,A,B,1234,CNY\n")], options).transfers[
        "amount"
    ].to_list() == [1234]


def test_several_ledgers_are_one(made: Made) -> None:
    first, second = made("a.csv", HEAD + ROW), made("b.csv", HEAD + "T2,2023-01-01,B,C,1,CNY\n")
    reading = read_transfers([first, second], ReadingOptions(timezone="UTC"))
    assert reading.transfers.select("id", "source").rows() == [("T2", 1), ("T1", 0)]


def test_refused_rows_are_kept_as_they_were_and_the_rest_goes_on(read: Read) -> None:
    reading = read(HEAD + ROW + "T2,2024-01-01,A,B,zero,CNY\n")
    assert reading.fatal == ()
    assert reading.transfers["id"].to_list() == ["T1"]
    row = reading.rejected.row(0, named=True)
    assert (row["row"], row["code"], row["column"], row["found"]) == (
        3,
        "amount_unreadable",
        "amount",
        "zero",
    )
    assert '"amount":"zero"' in row["raw"]
    assert reading.rows_rejected == 1


def test_a_sidecar_says_who_supplied_the_file(made: Made) -> None:
    path = made("in.csv", HEAD + ROW)
    made(
        "in.csv.source.toml",
        'supplied_by = "某银行"\nsupplied_at = "2024-02-01"\ndocument = "查询通知书 12"\n',
    )
    source = read_transfers([path], ReadingOptions(timezone="UTC")).sources[0]
    assert (source.supplied_by, source.supplied_at, source.document) == (
        "某银行",
        "2024-02-01",
        "查询通知书 12",
    )


def test_progress_names_every_file(made: Made) -> None:
    seen: list[tuple[str, int, int]] = []
    paths = [made("a.csv", HEAD + ROW), made("b.csv", HEAD)]
    read_transfers(paths, ReadingOptions(timezone="UTC"), lambda *step: seen.append(step))
    assert seen == [(str(paths[0]), 0, 2), (str(paths[1]), 1, 2)]


def test_a_balance_break_is_fatal_unless_the_account_lost_a_row(read: Read) -> None:
    head = "id,time,payer,payee,amount,currency,balance_after\n"
    broken = read(head + "1,2024-01-01,A,B,1,CNY,9\n2,2024-01-02,A,B,1,CNY,7\n")
    assert [(problem.code, problem.row) for problem in broken.fatal] == [("balance_mismatch", 3)]
    with_loss = read(
        head + "1,2024-01-01,A,B,1,CNY,9\nx,2024-01-02,A,B,?,CNY,\n2,2024-01-02,A,B,1,CNY,7\n"
    )
    assert [problem.code for problem in with_loss.problems] == ["amount_unreadable"]


def test_a_number_of_sixteen_digits_is_kept_to_the_last(read: Read) -> None:
    reading = read(HEAD + "1,2024-01-01,6222021234567890123,00012,1,CNY\n")
    assert reading.transfers.select("payer", "payee").row(0) == ("6222021234567890123", "00012")


def test_words_for_no_account_do_not_become_one(read: Read) -> None:
    reading = read(HEAD + "1,2024-01-01,A,-,1,CNY\n2,2024-01-01,null,A,1,CNY\n")
    assert reading.transfers.select("payer", "payee").rows() == [("A", ""), ("", "A")]


def test_a_large_ledger_is_read_by_the_straight_way(read: Read) -> None:
    body = "".join(
        f"T{i},2024-01-01 10:{i // 60 % 60:02d}:{i % 60:02d},A{i % 7},B{i % 5},{i + 1}.05,CNY\n"
        for i in range(2000)
    )
    reading = read(HEAD + body)
    assert reading.problems == ()
    assert reading.transfers["amount"].sum() == sum((i + 1) * 100 + 5 for i in range(2000))
    assert isinstance(reading.transfers, pl.DataFrame)
