"""Every file format once with a real file, and what is special about it."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import xlwt

from recoup.money import Digits
from recoup.reading import ColumnMap, Reading, ReadingOptions, read_transfers

ZONED = ReadingOptions(timezone="Asia/Shanghai")
CARD = "6222021234567890123"
Read = Callable[..., Reading]
Made = Callable[..., Path]
HEADERS = ["交易时间", "交易金额", "借贷标志", "对方账号", "对方户名", "账户余额", "摘要", "币种"]
TYPED = {
    "id": ["1", "2"],
    "time": [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)],
    "payer": ["A", "B"],
    "payee": ["B", None],
    "currency": ["CNY", "JPY"],
}


def workbook(path: Path, *sheets: tuple[str, list[list[object]]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(place, column, value, moment)
                elif isinstance(value, str):
                    sheet.write_string(place, column, value)
                elif value is not None:
                    sheet.write(place, column, value)
    book.close()
    return path


def statement_sheet(account: str, holder: str) -> list[list[object]]:
    return [
        ["某银行个人账户交易明细"],
        [f"账号：{account}", None, f"户名：{holder}"],
        [],
        HEADERS,
        [
            datetime(2024, 1, 1, 10),  # noqa: DTZ001 (a naive one is the point)
            1000.10,
            "贷",
            "6222020000000000009",
            "受害人",
            1000.1,
            "转账",
            "人民币",
        ],
        [
            "2024-01-01 10:05:00",
            "800.00",
            "借",
            "6222020000000000002",
            "李四",
            "200.10",
            "转账",
            "人民币",
        ],
        ["合计", 1800.1],
    ]


def test_a_workbook_is_a_statement_a_sheet_with_its_account_in_the_title(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "s.xlsx",
        ("一", statement_sheet(CARD, "张三")),
        ("空", []),
        ("二", statement_sheet("6222020000000000002", "李四")[:5]),
    )
    reading = read_transfers([path], ZONED)
    assert reading.problems == ()
    assert [(source.sheet, source.rows_count) for source in reading.sources] == [
        ("一", 3),
        ("二", 1),
    ]
    assert reading.known == {CARD, "6222020000000000002"}
    own = reading.transfers.filter(pl.col("payee") == CARD)
    assert own.select("payer", "amount", "row", "payee_name").row(0) == (
        "6222020000000000009",
        100010,
        5,
        "张三",
    )


def test_title_cells_side_by_side_name_the_account(tmp_path: Path) -> None:
    rows = statement_sheet("x", "y")
    rows[1] = ["客户账号", CARD, "客户姓名", "王五"]
    reading = read_transfers([workbook(tmp_path / "s.xlsx", ("一", rows))], ZONED)
    assert reading.known == {CARD}
    assert reading.transfers["payee_name"][0] == "王五"


@pytest.mark.parametrize(
    "title",
    [
        f"账号：{CARD}",
        f"账号: {CARD} 户名: 王五",
        f"某某银行 账号：{CARD}  币种：人民币",
        "卡号：6222 0212 3456 7890 123 户名：王五",
        f"Account number: {CARD}, Bank: X",
        f"账号：[{CARD}]",
    ],
)
def test_titles_name_the_account_in_many_ways(read: Read, title: str) -> None:
    reading = read(f"{title}\n交易时间,金额,借贷标志,对方账号,币种\n2024-01-01,1,借,B,CNY\n")
    assert reading.problems == ()
    assert reading.known == {CARD}


@pytest.mark.parametrize("number", [6222021234567890123, 6222021234567890])
def test_account_numbers_stored_as_numbers_have_lost_digits(tmp_path: Path, number: int) -> None:
    rows: list[list[object]] = [
        ["id", "time", "payer", "payee", "amount", "currency"],
        ["1", "2024-01-01", "A", CARD, 1, "CNY"],
        ["2", "2024-01-01", "A", number, 1, "CNY"],
    ]
    reading = read_transfers([workbook(tmp_path / "s.xlsx", ("一", rows))], ZONED)
    assert [(problem.code, problem.row, problem.column) for problem in reading.problems] == [
        ("account_digits_lost", 3, "payee")
    ]
    assert reading.transfers["payee"].to_list() == [CARD]
    assert reading.fatal == ()


def test_lost_digits_are_found_in_a_table_that_does_not_begin_at_the_edge(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        [None, None, "id", "time", "payer", "payee", "amount", "currency"],
        [None, None, "1", "2024-01-01", "A", 6222021234567890, 1, "CNY"],
    ]
    reading = read_transfers([workbook(tmp_path / "s.xlsx", ("一", rows))], ZONED)
    assert [(problem.code, problem.row, problem.column) for problem in reading.problems] == [
        ("account_digits_lost", 3, "payee")
    ]


def test_a_workbook_that_breaks_its_reader_does_not_break_the_next_one(tmp_path: Path) -> None:
    far = workbook(tmp_path / "far.xlsx", ("一", [["a"]]))
    with zipfile.ZipFile(far) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(
        b"</row>", b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    with zipfile.ZipFile(far, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    good = workbook(tmp_path / "good.xlsx", ("一", statement_sheet(CARD, "张三")))
    reading = read_transfers([far, good], ZONED)
    assert [problem.code for problem in reading.problems] == ["file_unreadable"]
    assert reading.transfers.height == 2


def test_long_account_numbers_stored_as_text_are_whole_and_short_numbers_are_fine(
    tmp_path: Path,
) -> None:
    rows: list[list[object]] = [
        ["id", "time", "payer", "payee", "amount", "currency"],
        ["1", "2024-01-01", "6222020000000000", 4567, 0.1 + 0.2, "CNY"],
    ]
    reading = read_transfers([workbook(tmp_path / "s.xlsx", ("一", rows))], ZONED)
    assert reading.problems == ()
    assert reading.transfers.select("payer", "payee", "amount").row(0) == (
        "6222020000000000",
        "4567",
        30,
    )


def test_old_workbooks_read_alike(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("一")
    for place, row in enumerate(statement_sheet(CARD, "张三")):
        for column, value in enumerate(row):
            style = (
                xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
                if isinstance(value, datetime)
                else xlwt.Style.default_style
            )
            sheet.write(place, column, value, style)
    book.save(str(tmp_path / "s.xls"))
    reading = read_transfers([tmp_path / "s.xls"], ZONED)
    assert reading.problems == ()
    assert reading.transfers["amount"].to_list() == [100010, 80000]


def test_an_account_number_in_a_title_row_loses_digits_too(tmp_path: Path) -> None:
    rows = statement_sheet("x", "y")[:-1]
    rows[1] = ["账号", 6222021234567890123]
    reading = read_transfers([workbook(tmp_path / "s.xlsx", ("一", rows))], ZONED)
    assert [problem.code for problem in reading.fatal] == ["account_digits_lost"]


def test_old_workbooks_lose_digits_too(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("一")
    for place, row in enumerate(
        [
            ["id", "time", "payer", "payee", "amount", "currency"],
            ["1", "2024-01-01", "A", 6222021234567890123, 1, "CNY"],
        ]
    ):
        for column, value in enumerate(row):
            sheet.write(place, column, value)
    book.save(str(tmp_path / "s.xls"))
    assert [problem.code for problem in read_transfers([tmp_path / "s.xls"], ZONED).problems] == [
        "account_digits_lost"
    ]


def test_a_map_chooses_the_sheet_and_the_header_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["time", "payer", "payee", "amount"],
        ["t", "p", "q", "a"],
        ["2024-01-01", "A", "B", "1"],
    ]
    path = workbook(
        tmp_path / "s.xlsx", ("甲", [["time", "amount", "x"], ["1", "2", "3"]]), ("乙", rows)
    )
    column_map = ColumnMap(
        columns={"time": "t", "payer": "p", "payee": "q", "amount": "a"},
        sheet="乙",
        header_row=2,
        defaults={"currency": "CNY"},
    )
    reading = read_transfers([path], ReadingOptions(mapping=column_map, timezone="UTC"))
    assert reading.problems == ()
    assert reading.transfers.select("payer", "row").row(0) == ("A", 3)
    absent = read_transfers([path], ReadingOptions(mapping=ColumnMap(sheet="丙"), timezone="UTC"))
    assert [problem.code for problem in absent.problems] == ["sheet_missing"]


def test_a_workbook_that_unpacks_to_anything_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "s.xlsx", ("一", statement_sheet(CARD, "张三")))
    monkeypatch.setattr("recoup.limits.UNPACKED_BYTES_MAX", 100)
    assert [problem.code for problem in read_transfers([path], ZONED).problems] == [
        "file_too_large"
    ]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream", "feather"])
@pytest.mark.parametrize(
    "amount", [[12.34, 5.0], ["12.34", "5"], [Decimal("12.34"), Decimal("5.00")]]
)
def test_typed_tables(tmp_path: Path, kind: str, amount: list[object]) -> None:
    frame = pl.DataFrame({**TYPED, "amount": amount})
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "stream":
        frame.write_ipc_stream(path)
    else:
        frame.write_ipc(path)
    reading = read_transfers([path], ReadingOptions())
    assert reading.problems == ()
    assert reading.transfers.select("id", "amount", "payee", "row").rows() == [
        ("1", 1234, "B", 1),
        ("2", 5, "", 2),
    ]


def test_parquet_written_by_pyarrow_with_dictionaries_and_dates(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": [date(2024, 1, 1)],
            "payer": pa.array(["A"]).dictionary_encode(),
            "payee": ["B"],
            "amount": ["1"],
            "currency": ["CNY"],
            "more": [[1, 2]],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    reading = read_transfers([tmp_path / "t.parquet"], ZONED)
    assert reading.problems == ()
    assert reading.transfers["payer"].to_list() == ["A"]


def test_whole_numbers_of_a_file_need_a_unit(tmp_path: Path) -> None:
    pl.DataFrame({**TYPED, "amount": [1234, 500]}).write_parquet(tmp_path / "t.parquet")
    assert [
        problem.code for problem in read_transfers([tmp_path / "t.parquet"], ReadingOptions()).fatal
    ] == ["amount_unit_unstated"]
    for unit, expected in (("minor", [1234, 500]), ("major", [123400, 500])):
        options = ReadingOptions(mapping=ColumnMap(amount_unit=unit))
        assert (
            expected
            == read_transfers([tmp_path / "t.parquet"], options).transfers["amount"].to_list()
        )


def test_floats_that_are_no_decimal_of_the_currency_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({**TYPED, "amount": [12.345, 5.5]}).write_parquet(tmp_path / "t.parquet")
    assert [
        problem.code
        for problem in read_transfers([tmp_path / "t.parquet"], ReadingOptions()).problems
    ] == ["amount_too_fine"] * 2


def test_float_account_numbers_have_lost_digits(tmp_path: Path) -> None:
    pl.DataFrame({**TYPED, "payer": [6.2e18, 1.0], "amount": ["1", "1"]}).write_parquet(
        tmp_path / "t.parquet"
    )
    (problem,) = read_transfers([tmp_path / "t.parquet"], ReadingOptions()).problems
    assert (problem.code, problem.row) == ("account_digits_lost", 1)
    assert problem.found == "6200000000000000000"


def test_json_lines_keep_every_digit(read: Read) -> None:
    lines = [
        '{"id": 1, "time": "2024-01-01", "payer": 6222021234567890123, "payee": "B", "amount": 0.10, "currency": "CNY"}',
        "",
        '{"id": 2, "time": "2024-01-02", "payer": "B", "amount": 201.0, "currency": "CNY", "nested": {"a": [1]}}',
        "not json",
        "[1]",
        '{"id": 3, "time": "2024-01-02", "payer": "B", "amount": 1.0, "amount": 2.0, "currency": "CNY"}',
    ]
    reading = read("\n".join(lines), name="in.jsonl")
    assert reading.transfers.select("payer", "payee", "amount", "row").rows() == [
        ("6222021234567890123", "B", 10, 1),
        ("B", "", 20100, 3),
    ]
    assert [(problem.code, problem.row) for problem in reading.problems] == [
        ("row_not_json", 4),
        ("row_not_json", 5),
        ("row_not_json", 6),
    ]


def test_a_json_array_reads_like_lines(read: Read) -> None:
    rows = [{"time": "2024-01-01", "payer": "A", "payee": "B", "amount": "1", "currency": "CNY"}]
    assert read(json.dumps(rows), name="in.json").transfers["amount"].to_list() == [100]


CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>m</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy><Ownr>{holder}</Ownr><Svcr><FinInstnId><BICFI>BYLADEM1001</BICFI></FinInstnId></Svcr></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-01-03</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts><BookgDt><DtTm>2024-01-01T10:00:00+01:00</DtTm></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties><Dbtr>{debtor}</Dbtr><DbtrAcct><Id><IBAN>FR7630006000011234567890189</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>Rent</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>2024-01-02</Dt></BookgDt>
<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>
<TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties><CdtrAcct><Id><Othr><Id>X-10</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">20.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties><CdtrAcct><Id><Othr><Id>X-20</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>{status}</Sts><BookgDt><Dt>2024-01-03</Dt></BookgDt></Ntry>
<Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{pending}</Sts><BookgDt><Dt>2024-01-03</Dt></BookgDt></Ntry>
</Stmt>
<Stmt><Id>S2</Id><Acct><Id><Othr><Id>X-10</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>2024-01-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><RltdPties><DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct></RltdPties></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"""  # noqa: E501 (a sample as it comes)


def camt(version: str = "08", closing: str = "140.00", **changes: str) -> str:
    new = version >= "08"
    parts = {
        "version": version,
        "closing": closing,
        "holder": "<Nm>Anna</Nm>",
        "debtor": "<Pty><Nm>Bert</Nm></Pty>" if new else "<Nm>Bert</Nm>",
        "status": "<Cd>BOOK</Cd>" if new else "BOOK",
        "pending": "<Cd>PDNG</Cd>" if new else "PDNG",
    }
    return CAMT.format(**(parts | changes))


@pytest.mark.parametrize("version", ["02", "08", "13"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_camt_statements_of_any_version(read: Read, version: str, encoding: str) -> None:
    reading = read(
        camt(version),
        name="s.xml",
        options=ReadingOptions(timezone="Europe/Berlin"),
        encoding=encoding,
    )
    assert reading.problems == ()
    assert [(source.sheet, source.rows_count) for source in reading.sources] == [
        ("S1", 5),
        ("S2", 1),
    ]
    assert reading.rows_failed == 1
    rows = reading.transfers.select("payer", "payee", "amount", "kind").rows()
    own, other = "DE02120300000000202051", "FR7630006000011234567890189"
    assert rows == [
        (other, own, 5000, "transfer"),
        (own, "X-10", 1000, "transfer"),
        (own, "X-20", 2000, "transfer"),
        ("X-20", own, 2000, "reversal"),
    ]
    assert reading.transfers["payer_name"].to_list() == ["Bert", "Anna", "Anna", ""]
    assert reading.transfers["reverses"][3] == reading.transfers["id"][2]
    assert reading.transfers.filter(pl.col("other_row").is_not_null())["reference"].to_list() == [
        "E2"
    ]
    assert reading.known == {own, "X-10"}


def test_a_closing_balance_that_the_entries_do_not_reach_is_a_break(read: Read) -> None:
    reading = read(
        camt(closing="141.00"), name="s.xml", options=ReadingOptions(timezone="Europe/Berlin")
    )
    assert [(problem.code, problem.sheet) for problem in reading.fatal] == [
        ("balance_mismatch", "S1")
    ]


def test_camt_with_a_document_type_is_refused_and_no_entity_is_expanded(read: Read) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        + camt().split("?>", 1)[1].replace("Rent", "&a;&f;")
    )
    assert [problem.code for problem in read(bomb, name="s.xml").problems] == ["xml_invalid"]


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0'?><Document>",
        "<?xml version='1.0'?><html/>",
        "<?xml version='1.0' encoding='utf-99'?><a/>",
    ],
)
def test_other_xml_is_no_statement(read: Read, text: str) -> None:
    assert [problem.code for problem in read(text, name="s.xml").problems] == ["xml_invalid"]


MT940 = """{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:
:20:STARTUMSE
:25:12030000/0000202051
:28C:00001/001
:60F:C240101EUR100,00
:61:2401020102C50,00NTRFE1//R1
:86:166?00GUTSCHRIFT?20Miete?21Januar?30BYLADEM1001?31DE02100500000054540402?32Bert?33 Beispiel
:61:2401020102DR30,NCHKNONREF
free text
:86:/IBAN/X-10/NAME/Kim/REMI/for two/
:61:2401030103RD20,00NTRFNONREF
:62F:C240103EUR140,00
-}"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_mt940(read: Read, line_end: str) -> None:
    reading = read(
        MT940.replace("RD20,00", "RD30,00")
        .replace("EUR140,00", "EUR150,00")
        .replace("\n", line_end),
        name="s.sta",
        options=ReadingOptions(timezone="Europe/Berlin"),
    )
    assert reading.problems == ()
    assert reading.known == {"0000202051"}
    rows = reading.transfers.select("payer", "payee", "amount", "kind", "payer_name").rows()
    assert rows == [
        ("DE02100500000054540402", "0000202051", 5000, "transfer", "Bert Beispiel"),
        ("0000202051", "X-10", 3000, "transfer", ""),
        ("X-10", "0000202051", 3000, "reversal", ""),
    ]
    assert reading.transfers["payee_balance"].to_list() == [15000, None, 15000]


def test_times_that_look_like_tags_of_mt940_are_times(read: Read) -> None:
    reading = read(
        "time,payer,payee,amount,currency\n"
        "2026-01-01 09:20:15,A,B,1.00,CNY\n2026-01-01 09:25:33,B,A,1.00,CNY\n"
    )
    assert reading.problems == ()
    assert reading.transfers["amount"].to_list() == [100, 100]


def test_mt940_lines_that_cannot_be_read_are_named(read: Read) -> None:
    reading = read(MT940.replace(":61:2401030103RD20,00NTRFNONREF", ":61:garbage"), name="s.sta")
    assert ("mt940_invalid", 11) in [(problem.code, problem.row) for problem in reading.problems]


def test_the_value_year_turns_with_the_booking_month(read: Read) -> None:
    reading = read(
        MT940.replace(":61:2401020102C50", ":61:2401021231C50")
        .replace("RD20,00", "RD30,00")
        .replace("EUR140,00", "EUR150,00"),
        name="s.sta",
        options=ReadingOptions(timezone="UTC"),
    )
    assert reading.transfers["time"][0] == datetime(2023, 12, 31, tzinfo=UTC)


TENPAY = "用户ID\t交易单号\t大单号\t用户侧账号名称\t借贷类型\t交易业务类型\t交易用途类型\t交易时间\t交易金额(分)\t账户余额(分)\t用户银行卡号\t用户侧网银联单号\t网联/银联\t第三方账户名称\t对手方ID\t对手侧账户名称\t对手方银行卡号\t对手侧银行名称\t对手侧网银联单号\t网联/银联\t备注1\t备注2\n"  # noqa: E501 (a sample as it comes)


def test_tenpay_counts_fen_and_names_users(read: Read) -> None:
    rows = "lu_1\tT1000000\tD1\t马某\t出\t余额支付\t转账\t2025-08-11 08:00:00\t10000\t5000\t\t\t网联\t\twx_2\t王某\t\t\t\t\t微信转账\t\nlu_1\tT2000000\tD2\t马某\t入\t余额支付\t转账\t2025-08-12 09:00:00\t5050\t10050\t\t\t网联\t\twx_2\t王某\t\t\t\t\t微信转账\t\n"  # noqa: E501 (a sample as it comes)
    reading = read(TENPAY + rows, name="TenpayTrades.txt")
    assert reading.problems == ()
    assert reading.transfers.select(
        "id", "payer", "payee", "amount", "currency", "payer_balance", "payee_name"
    ).rows() == [
        ("T1000000", "lu_1", "wx_2", 10000, "CNY", 5000, "王某"),
        ("T2000000", "wx_2", "lu_1", 5050, "CNY", None, "马某"),
    ]


ALIPAY = """------------------------------------------------------------------------------------
导出信息：
姓名：张三
支付宝账户：zhang@example.com
起始时间：[2024-01-01 00:00:00]    终止时间：[2024-02-01 00:00:00]
------------------------支付宝（中国）网络技术有限公司  电子客户回单------------------------
交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,
2024-01-03 10:00:00,转账红包,李四,li***@example.com,转账,支出,100.00,余额,交易成功,2024010322001\t,\t,,
2024-01-02 10:00:00,餐饮美食,美团,mei***@example.com,午饭,支出,20.00,余额,交易关闭,2024010222002\t,\t,,
2024-01-01 10:00:00,转账红包,王五,wang***@example.com,转账,收入,300.00,余额,交易成功,2024010122003\t,\t,,
2024-01-01 09:00:00,账户存取,张三,,余额宝,不计收支,300.00,余额,交易成功,2024010122004\t,\t,,
"""


def test_alipay_exports_in_gbk_below_their_preamble(made: Made) -> None:
    path = made("alipay.csv", ALIPAY, "gbk")
    plain = read_transfers([path], ZONED)
    assert [(problem.code, problem.row) for problem in plain.problems] == [
        ("direction_unknown", 11)
    ]
    reading = read_transfers(
        [path],
        ReadingOptions(
            timezone="Asia/Shanghai", mapping=ColumnMap(directions={"不计收支": "skip"})
        ),
    )
    assert reading.problems == ()
    assert (reading.rows_failed, reading.rows_neutral) == (1, 1)
    assert reading.transfers.select("payer", "payee", "amount", "currency").rows() == [
        ("wang***@example.com", "zhang@example.com", 30000, "CNY"),
        ("zhang@example.com", "li***@example.com", 10000, "CNY"),
    ]


def test_alipays_answer_to_an_inquiry_has_number_and_name_in_one_cell(read: Read) -> None:
    text = "交易号,商户订单号,交易创建时间,付款时间,交易来源地,类型,用户信息,交易对方信息,消费名称,金额（元）,收/支,交易状态,备注\n\t20240101,,2024-01-01 10:00:00,,,即时到账,2088001(张三),2088002(李四),转账,12.00,支出,交易成功,\n"  # noqa: E501 (a sample as it comes)
    reading = read(text)
    assert reading.problems == ()
    assert reading.transfers.select(
        "payer", "payer_name", "payee", "payee_name", "amount", "currency"
    ).row(0) == ("2088001", "张三", "2088002", "李四", 1200, "CNY")


@pytest.mark.parametrize("head", [b"%PDF-1.7\n", b"\x1f\x8b\x08\x00", b"\x89PNG\r\n"])
def test_pictures_documents_and_archives_are_named_as_such(read: Read, head: bytes) -> None:
    assert [problem.code for problem in read(head + b"x" * 100, name="in.bin").problems] == [
        "file_format_unknown"
    ]


def test_an_archive_that_is_no_workbook_is_unreadable(read: Read) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "x")
    assert [problem.code for problem in read(buffer.getvalue(), name="in.zip").problems] == [
        "file_unreadable"
    ]


def test_known_names_of_data_sets_need_no_map(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "tx_id": [7],
            "ts": [datetime(2025, 1, 1)],  # noqa: DTZ001 (a naive one is the point)
            "src": ["A"],
            "dest": ["B"],
            "amount": [8.6],
            "currency": ["JPY"],
            "transaction_type": ["PAYMENT"],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    reading = read_transfers(
        [tmp_path / "t.parquet"], ReadingOptions(timezone="UTC", digits=Digits({"JPY": 2}))
    )
    assert reading.problems == ()
    assert reading.transfers.select("id", "amount", "rail", "kind").row(0) == (
        "7",
        860,
        "PAYMENT",
        "transfer",
    )
