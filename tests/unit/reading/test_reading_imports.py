"""Tables of other systems as they come: Chinese headers in GB18030, spreadsheets' lost digits, times without a zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from recoup.reading.imports import read_import, read_import_file
from recoup.reading.options import ColumnMap, ReadingOptions

SHANGHAI = ReadingOptions(timezone="Asia/Shanghai")
REGISTER = """\
某市反诈中心止付台账
外部编号,案件编号,开户机构,账号,户名,措施,金额,币种,开始时间,到期时间
K-1,A-7,bank-1,6222020000111122223,王某,紧急止付,1200.50,人民币,2026-03-01 09:00:00,2026-03-03 09:00:00
K-2,A-7,bank-1,6.22202E+18,王某,冻结,80,人民币,2026-03-01 09:00:00,
K-3,,bank-1,6222020000111122224,王某,扣划,80,人民币,2026-03-01 09:00:00,
"""


def test_a_register_with_chinese_headers_is_read_and_lost_digits_are_refused():
    found = read_import(REGISTER.encode("gb18030"), "register", SHANGHAI, is_json=False)
    (row,) = found.rows
    assert (row["foreign_id"], row["foreign_case"], row["measure"]) == ("K-1", "A-7", "stop")
    assert (row["account"], row["amount"], row["currency"]) == (
        *("6222020000111122223", 120_050, "CNY"),
    )
    assert row["time"].astimezone(UTC) == datetime(2026, 3, 1, 1, tzinfo=UTC)
    refused = [(x.row, x.foreign_id, x.code) for x in found.refused]
    assert refused == [(4, "K-2", "account_digits_lost"), (5, "K-3", "measure_unknown")]


def test_without_a_zone_such_times_are_refused_and_nothing_of_a_cell_is_told():
    found = read_import(REGISTER.encode(), "register", ReadingOptions(), is_json=False)
    assert found.rows == ()
    assert {row.code for row in found.refused} >= {"time_without_zone"}
    assert "王某" not in str(found)


@pytest.mark.parametrize("kind", ["reports", "register"])
def test_a_table_without_the_columns_is_refused_as_a_whole(kind):
    data = json.dumps({"foreign_id": "K-1"}).encode()
    found = read_import(data, kind, SHANGHAI, is_json=True)
    assert (found.rows, found.refused) == ((), ())
    assert {problem.code for problem in found.problems} == {"column_missing"}


def test_a_default_of_the_map_fills_a_column_that_is_not_there(tmp_path):
    file = tmp_path / "old.csv"
    file.write_text(REGISTER.replace(",币种", "").replace(",人民币", ""), encoding="utf-8")
    options = ReadingOptions(ColumnMap(defaults={"currency": "CNY"}), "Asia/Shanghai")
    found = read_import_file(file, "register", options)
    assert [row["amount"] for row in found.rows] == [120_050], found
    (missing,) = read_import_file(tmp_path / "none.csv", "register", options).problems
    assert missing.code == "file_missing"
