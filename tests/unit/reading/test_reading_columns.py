"""Columns: which separator, what is named when one is absent, and what a map may say about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from recoup.errors import InputFault
from recoup.reading import (
    ColumnMap,
    Reading,
    ReadingOptions,
    load_map,
    parse_digits,
    read_accounts,
    read_claims,
    read_openings,
    read_transfers,
)
from recoup.records.tables import TRANSFERS

NAMES = {"Yuan": "CNY", "US Dollar": "USD", "Euro": "EUR", "UK Pound": "GBP", "Swiss Franc": "CHF"}
Read = Callable[..., Reading]
Made = Callable[..., Path]
ROW = "T1,2026-01-05 10:00:00,A,B,1.00,CNY"
LEDGER = f"id,time,payer,payee,amount,currency\n{ROW}\n"
STATEMENT = "账号,交易时间,金额,借贷标志,对方账号,余额,币种\nA,2026-01-05 10:00:00,5,借,X,95,CNY\n"


def absent(reading: Reading) -> list[tuple[str, str]]:
    return [(problem.code, problem.column) for problem in reading.problems]


def without(text: str, *columns: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    keep = [place for place, name in enumerate(rows[0]) if name not in columns]
    return "".join(",".join(row[place] for place in keep) + "\n" for row in rows)


@pytest.mark.parametrize("column", ["payer", "payee", "time", "amount", "currency"])
def test_an_absent_column_of_a_ledger_is_one_error(read: Read, column: str) -> None:
    reading = read(without(LEDGER, column))
    assert absent(reading) == [("column_missing", column)]
    (problem,) = reading.fatal
    assert problem.found.startswith("headers id, ")
    assert f"; looked for {column}" in problem.found
    assert reading.transfers.is_empty()


def test_an_empty_cell_is_the_outside_and_a_default_fills_an_absent_column(read: Read) -> None:
    empty = read(LEDGER.replace(",A,", ",,"))
    assert (empty.problems, empty.transfers["payer"].to_list()) == ((), [""])
    given = ReadingOptions(ColumnMap(defaults={"payer": "A"}), "UTC")
    filled = read(without(LEDGER, "payer"), options=given)
    assert (filled.problems, filled.transfers["payer"].to_list()) == ((), ["A"])


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (("账号",), ["account"]),
        (("币种",), ["currency"]),
        (("金额",), ["amount"]),
        (("交易时间",), ["time"]),
        (("账号", "币种"), ["account", "currency"]),
    ],
)
def test_an_absent_column_of_a_statement_is_one_error_not_one_a_row(
    read: Read, gone: tuple[str, ...], named: list[str]
) -> None:
    text = STATEMENT + "A,2026-01-06 10:00:00,5,借,X,90,CNY\n"
    assert absent(read(without(text, *gone))) == [("column_missing", name) for name in named]


def test_a_statement_without_any_direction_is_said_once_and_loses_every_row(read: Read) -> None:
    text = without(STATEMENT + "A,2026-01-06 10:00:00,5,借,X,90,CNY\n", "借贷标志")
    reading = read(text)
    assert absent(reading) == [("direction_missing", "金额")]
    assert reading.rejected["row"].to_list() == [2, 3]


def test_stray_tabs_beside_every_comma_do_not_hide_the_comma(read: Read) -> None:
    text = "交易流水号\t,交易时间\t,付款账号\t,收款账号\t,交易金额\t,币种\t\n"
    row = "T1\t,20260105100000\t,6222020000000000001\t,\t,1.00\t,人民币\t\n"
    reading = read(text + row, encoding="gb18030")
    assert reading.problems == ()
    assert reading.transfers.select("id", "payer", "payee", "amount").row(0) == (
        "T1",
        "6222020000000000001",
        "",
        100,
    )


def test_a_header_without_rows_is_an_empty_file(read: Read, made: Made) -> None:
    assert absent(read(LEDGER.splitlines()[0] + "\n")) == [("file_empty", "")]
    files = [made("a.csv", LEDGER), made("b.csv", LEDGER.splitlines()[0] + "\n")]
    assert read_transfers(files, ReadingOptions(timezone="UTC")).problems == ()
    (problem,) = read_accounts(made("known.csv", "account\n")).problems
    assert problem.code == "file_empty"


def test_a_claim_without_the_column_of_a_party_is_not_a_claim_on_the_outside(made: Made) -> None:
    path = made("c.csv", "claim,victim,payer,amount,time\nC,V,A,1,2026-01-05 10:00:00\n")
    none = pl.DataFrame(schema=TRANSFERS)
    (problem,) = read_claims(path, none, ReadingOptions(timezone="UTC")).problems
    assert (problem.code, problem.column) == ("column_missing", "transfer")


def test_the_header_of_a_wrong_balance_and_decimal_amounts_are_named(read: Read) -> None:
    (problem,) = read(STATEMENT + "A,2026-01-06 10:00:00,5,借,X,80,CNY\n").problems
    assert (problem.code, problem.column) == ("balance_mismatch", "余额")
    assert problem.found == "80.00, rows before lead to 90.00"


def test_an_opening_that_is_too_fine_says_so(made: Made) -> None:
    path = made("o.csv", "account,time,balance,currency\nA,2026-01-05,1.001,CNY\n")
    none = pl.DataFrame(schema=TRANSFERS)
    (problem,) = read_openings(path, none, ReadingOptions(timezone="UTC")).problems
    assert (problem.code, problem.found) == ("amount_too_fine", "1.001")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[kinds]\nx = ["a"]', "kinds.x"),
        ("header_row = true", "header_row"),
        ("sheet = 3", "sheet"),
        ('[defaults]\nkind = "gift"', "defaults.kind"),
        ('[time]\nformats = ["%Q"]', "time.formats"),
        ('[time]\nformats = ["%H:%M"]', "time.formats"),
        ("[source]\nsupplied_by = [1]", "source.supplied_by"),
    ],
)
def test_a_key_of_a_map_with_a_value_of_another_kind_is_named(
    made: Made, text: str, key: str
) -> None:
    with pytest.raises(InputFault) as caught:
        load_map(made("map.toml", text))
    assert [(one.code, one.column) for one in caught.value.problems] == [("map_invalid", key)]


def test_a_map_may_give_a_format_with_an_offset(read: Read) -> None:
    options = ReadingOptions(ColumnMap(time_formats=("%d.%m.%Y %H:%M %z",)))
    reading = read(LEDGER.replace("2026-01-05 10:00:00", "05.01.2026 10:00 +0100"), options=options)
    assert reading.problems == ()
    assert f"{reading.transfers['time'][0]:%Y-%m-%d %H:%M}" == "2026-01-05 09:00"


def test_a_header_that_the_map_names_and_the_file_lacks_is_named_with_what_was_found(
    read: Read,
) -> None:
    options = ReadingOptions(ColumnMap(columns={"rail": "通道"}), "UTC")
    (problem,) = read(LEDGER, options=options).problems
    assert problem.found == "headers id, time, payer, payee, amount, currency; looked for 通道"


def test_a_currency_has_one_number_of_decimals() -> None:
    assert parse_digits(["JPY=2", "jpy=2", "KRW=1"]).exceptions == {"JPY": 2, "KRW": 1}
    with pytest.raises(ValueError, match="one number of decimals for JPY"):
        parse_digits(["JPY=2", "JPY=3"])


def test_rows_of_a_sheet_whose_account_has_lost_digits_are_one_problem(read: Read) -> None:
    title = "账号：6.22202E+18\n"
    text = title + without(STATEMENT + "A,2026-01-06 10:00:00,5,借,X,90,CNY\n", "账号")
    reading = read(text)
    assert absent(reading) == [("account_digits_lost", "account")]
    assert len(reading.fatal) == 1


def test_a_folder_without_transfers_is_named_with_what_it_holds(made: Made) -> None:
    folder = made("case/a.csv", "alpha,amount\n1,2\n").parent
    made("case/b.csv", "账户开户名称,交易卡号\n张三,1\n")
    (problem,) = read_transfers([folder], ReadingOptions(timezone="UTC")).problems
    assert (problem.file, problem.code) == (str(folder), "headers_unrecognised")
    assert problem.found == "no transfers in a.csv, b.csv"


def test_currencies_are_known_by_their_english_names(read: Read) -> None:
    rows = "".join(ROW.replace("CNY", name).replace("T1", name) + "\n" for name in NAMES)
    reading = read(LEDGER.splitlines()[0] + "\n" + rows)
    assert reading.problems == ()
    assert sorted(reading.transfers["currency"]) == sorted(NAMES.values())


def test_two_bytes_a_letter_without_a_mark_are_an_encoding_not_a_header(read: Read) -> None:
    assert read(LEDGER, encoding="utf-16").problems == ()
    for encoding in ("utf-16-le", "utf-16-be"):
        assert absent(read(LEDGER, encoding=encoding)) == [("encoding_unreadable", "")]


@pytest.mark.parametrize(("text", "code"), [('{"a":', "row_not_json"), ("[]", "file_empty")])
def test_a_file_that_is_no_json_is_one_error(read: Read, text: str, code: str) -> None:
    assert absent(read(text, name="in.json")) == [(code, "")]
