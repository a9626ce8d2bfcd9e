"""The workbook: text stays text, amounts stay exact, what is left out is said. Not the figures in it."""

from dataclasses import replace
from datetime import datetime

import openpyxl
import polars as pl
import pytest
from unit.evidence_report.trails import SHOP, empty_trail, trail

from recoup.evidence.workbook import write_workbook
from recoup.trace.trail import Options


@pytest.fixture
def book(tmp_path):
    write_workbook(trail(holds=True), tmp_path / "trail.xlsx", timezone="Asia/Shanghai")
    return openpyxl.load_workbook(tmp_path / "trail.xlsx")


def rows(book, name):
    sheet = next(sheet for sheet in book if sheet.title.endswith(name))
    return list(sheet.iter_rows())


def test_it_has_ten_sheets_named_in_both_languages(book):
    names = "Summary Claims Positions Flows Exits Unknown Accounts Leads Assumptions Inputs".split()
    assert [name.split()[1] for name in book.sheetnames] == names


def test_every_table_has_a_frozen_header_and_a_filter(book):
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref, sheet.title


def test_account_numbers_and_what_looks_like_a_formula_are_text(book):
    account = rows(book, "Positions")[1][2]
    assert (account.value, account.data_type) == (SHOP, "s")
    payee = rows(book, "Flows")[2][6]
    assert (payee.value, payee.data_type) == ("=cmd()", "s")
    assert not any(
        cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row
    )


def test_amounts_are_numbers_shown_with_the_digits_of_their_currency(book):
    amounts = [row[4] for row in rows(book, "Flows")[1:5]]
    assert [cell.value for cell in amounts] == [100.05, 30, 7000, 1.5]
    assert [cell.number_format for cell in amounts] == [
        "#,##0.00",
        "#,##0.00",
        "#,##0",
        "#,##0.000000",
    ]


@pytest.mark.parametrize(
    ("minor", "shown"), [(10**15 - 1, 9999999999999.99), (10**15, "10000000000000.00")]
)
def test_an_amount_of_more_digits_than_a_spreadsheet_keeps_is_text(tmp_path, minor, shown):
    whole = trail()
    large = whole.positions.with_columns(
        amount=pl.when(pl.col("rule") == "fifo").then(minor).otherwise("amount")
    )
    write_workbook(replace(whole, positions=large), tmp_path / "trail.xlsx")
    cell = rows(openpyxl.load_workbook(tmp_path / "trail.xlsx"), "Positions")[1][4]
    assert cell.value == shown


def test_times_are_dates_in_the_zone_asked_for(book):
    assert rows(book, "Flows")[1][8].value == datetime(2025, 11, 12, 14, 0)  # noqa: DTZ001 - a sheet knows no zones
    assert any("Asia/Shanghai" in str(cell.value) for row in rows(book, "Summary") for cell in row)


def test_parts_that_rest_on_nothing_but_statements_have_no_column(book):
    assert "推定 Inferred" in [cell.value for cell in rows(book, "Flows")[0]]
    assert "主张 Asserted" not in [cell.value for cell in rows(book, "Flows")[0]]


def test_the_heaviest_flows_are_kept_in_their_order_and_the_rest_is_counted(tmp_path):
    write_workbook(trail(), tmp_path / "trail.xlsx", flows_max=3)
    book = openpyxl.load_workbook(tmp_path / "trail.xlsx")
    assert [row[2].value for row in rows(book, "Flows")[1:]] == ["T1", "T4", "T1"]
    told = [[cell.value for cell in row] for row in rows(book, "Summary")]
    (line,) = [line for line in told if str(line[0]).endswith("Flows")]
    assert line[1:3] == [3, 8]
    assert "5" in line[3]


def test_nothing_traced_is_a_workbook_all_the_same(tmp_path):
    write_workbook(empty_trail(), tmp_path / "trail.xlsx")
    assert len(openpyxl.load_workbook(tmp_path / "trail.xlsx").sheetnames) == 10


def test_the_same_trail_gives_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(trail(), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_editing_an_account_number_leaves_it_text(book):
    assert rows(book, "Positions")[1][2].number_format == "@"
    assert rows(book, "Flows")[1][5].number_format == "@"


def test_poison_is_marked_as_screening_wherever_it_stands(tmp_path):
    write_workbook(trail(), tmp_path / "trail.xlsx")
    book = openpyxl.load_workbook(tmp_path / "trail.xlsx")
    said = [
        str(cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value and "poison" in str(cell.value)
    ]
    assert len(said) > 2
    assert all("screening only" in words.lower() for words in said)


def test_screening_alone_does_not_say_that_amounts_add_up(tmp_path):
    reach = replace(empty_trail(), options=Options(rules=("poison",)))
    write_workbook(reach, tmp_path / "trail.xlsx")
    lines = rows(openpyxl.load_workbook(tmp_path / "trail.xlsx"), "Summary")
    (said,) = [row[1].value for row in lines if str(row[0].value).startswith("逐笔核对")]
    assert "does not apply" in said


def test_assumptions_are_in_both_languages(tmp_path):
    sentence = "Claim C1 disputes a transfer before the since time and was not followed."
    write_workbook(replace(trail(), assumptions=(sentence,)), tmp_path / "trail.xlsx")
    cell = rows(openpyxl.load_workbook(tmp_path / "trail.xlsx"), "Assumptions")[1][0].value
    assert sentence in cell
    assert "未予追踪" in cell
