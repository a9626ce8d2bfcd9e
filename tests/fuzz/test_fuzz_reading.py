"""Broken, cut, mixed up and random files: reading answers with problems, and never with an exception."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recoup.money import INT64_MAX
from recoup.reading import (
    ReadingOptions,
    read_accounts,
    read_claims,
    read_holds,
    read_links,
    read_openings,
    read_transfers,
)
from recoup.reading.codes import ADVICE
from recoup.records.tables import TRANSFERS

OPTIONS = ReadingOptions(timezone="Asia/Shanghai")
LEDGER = "id,time,payer,payee,amount,currency,kind,reverses,payer_balance\nT1,2024-01-01 10:00:00,A,B,12.34,CNY,,,5\nT2,2024-01-01 11:00:00,B,A,1,CNY,reversal,T1,\n"  # noqa: E501 (a sample as it comes)
STATEMENT = "账号：6222020000000000001\n交易时间,交易金额,借贷标志,对方账号,账户余额,摘要,币种,交易状态\n20240101100000,5.00,借,B,95.00,转账,人民币,成功\n20240101100000,5.00,贷,,100.00,冲正,人民币,成功\n"  # noqa: E501 (a sample as it comes)
CAMT = """<?xml version="1.0"?><Document xmlns="urn:x"><B><Stmt><Id>S</Id><Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2024-01-01</Dt></BookgDt></Ntry></Stmt></B></Document>"""  # noqa: E501 (a sample as it comes)
MT940 = ":20:X\n:25:1/2\n:28C:1\n:60F:C240101EUR1,00\n:61:2401010101D1,00NTRFREF//B\nmore\n:86:100?20a?31b?32c\n:62F:C240101EUR0,00\n"  # noqa: E501 (a sample as it comes)
JSON = '{"time": "2024-01-01", "payer": "A", "payee": "B", "amount": 1.5, "currency": "CNY"}\n'


def xlsx() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    for place, line in enumerate(STATEMENT.splitlines()):
        sheet.write_row(place, 0, line.split(","))
    book.close()
    return buffer.getvalue()


def xls() -> bytes:
    buffer = io.BytesIO()
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for place, line in enumerate(LEDGER.splitlines()):
        for column, cell in enumerate(line.split(",")):
            sheet.write(place, column, cell)
    book.save(buffer)
    return buffer.getvalue()


def columnar(write: Callable[[pl.DataFrame, io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(
        pl.DataFrame(
            {
                "time": ["2024-01-01"],
                "payer": ["A"],
                "payee": ["B"],
                "amount": [1.5],
                "currency": ["CNY"],
            }
        ),
        buffer,
    )
    return buffer.getvalue()


SEEDS = {
    "ledger.csv": LEDGER.encode(),
    "statement.csv": STATEMENT.encode("gb18030"),
    "statement.xlsx": xlsx(),
    "ledger.xls": xls(),
    "ledger.parquet": columnar(lambda frame, buffer: frame.write_parquet(buffer)),
    "ledger.arrow": columnar(lambda frame, buffer: frame.write_ipc(buffer)),
    "ledger.arrows": columnar(lambda frame, buffer: frame.write_ipc_stream(buffer)),
    "ledger.jsonl": JSON.encode(),
    "statement.xml": CAMT.encode(),
    "statement.sta": MT940.encode(),
}
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def broken(draw: st.DrawFn, seed: bytes) -> bytes:
    """A good file with a few bytes changed, cut out, doubled or put in, or the file cut short."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        how = draw(st.sampled_from(["change", "cut", "double", "insert", "end"]))
        if how == "change":
            data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif how == "cut":
            del data[at : at + length]
        elif how == "double":
            data[at:at] = data[at : at + length * 20]
        elif how == "insert":
            data[at:at] = draw(
                st.sampled_from(
                    [
                        b"\0",
                        b'"',
                        b"\n",
                        b"\r",
                        b",",
                        b"\xff",
                        b"9" * 30,
                        b"<",
                        b"&a;",
                        b":61:",
                        b"'",
                        b"1e9",
                        "，".encode(),
                        b"-",
                    ]
                )
            )
        else:
            del data[at:]
    return bytes(data)


def sound(path: Path) -> None:
    """Reading gave either transfers that keep every promise of their table, or problems."""
    reading = read_transfers([path], OPTIONS)
    transfers = reading.transfers
    assert transfers.schema == TRANSFERS
    assert reading.problems or transfers.height or reading.rows_failed or reading.sources
    assert all(problem.code in ADVICE for problem in reading.problems)
    assert transfers["id"].n_unique() == transfers.height
    assert (transfers["amount"] > 0).all()
    assert ((transfers["payer"] != "") | (transfers["payee"] != "")).all()
    needed = [
        name
        for name in TRANSFERS
        if name not in {"payer_balance", "payee_balance", "other_source", "other_row"}
    ]
    assert all(transfers[name].null_count() == 0 for name in needed)
    assert transfers.sort("time", "sequence", "id").rows() == transfers.rows()
    assert int(transfers["amount"].max() or 0) <= INT64_MAX  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_the_unbroken_seed_reads(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(SEEDS[name])
    reading = read_transfers([tmp_path / name], OPTIONS)
    assert reading.problems == ()
    assert reading.transfers.height > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SEEDS))
@BOUNDED
@given(data=st.data())
def test_broken_files_of_every_format(name: str, data: st.DataObject, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data.draw(broken(SEEDS[name])))
    sound(tmp_path / name)


HEADS = [
    b"",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"<?xml",
    b"{",
    b"[",
    b":20:x\n:25:",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    LEDGER.encode()[:67],
    "交易时间,交易金额,".encode("gbk"),
]


@BOUNDED
@given(head=st.sampled_from(HEADS), tail=st.binary(max_size=300))
def test_random_bytes(head: bytes, tail: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.bin").write_bytes(head + tail)
    sound(tmp_path / "in.bin")


CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "A",
            "B",
            "T1",
            "2024-01-01",
            "2024-13-41 25:61",
            "20240101",
            "1",
            "-1",
            "0",
            "1.005",
            "99999999999999999999",
            "1e400",
            "NaN",
            "借",
            "贷",
            "CNY",
            "人民币",
            "JPY",
            "失败",
            "reversal",
            "conversion",
            "冲正",
            "6.2E+18",
            "合计",
            "9223372036854775807",
        ]
    ),
    st.text(max_size=6),
)
COLUMNS = [
    "id",
    "time",
    "payer",
    "payee",
    "amount",
    "currency",
    "kind",
    "reverses",
    "reference",
    "balance",
    "sequence",
    "account",
    "card",
    "direction",
    "debit",
    "credit",
    "counterparty",
    "status",
    "date",
    "claim",
    "victim",
    "transfer",
    "from",
    "to",
    "evidence",
    "grade",
    "author",
    "until",
]


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=2, max_size=12))
    rows = draw(st.lists(st.lists(CELLS, min_size=1, max_size=14), max_size=8))
    return "\n".join(",".join(line) for line in [columns, *rows]).encode(
        "utf-8", errors="surrogatepass"
    )


@settings(BOUNDED, max_examples=50)
@given(content=tables())
@example(content=b"account,time,amount,direction,currency\nA,2024-01-01,5,in,CNY")
@example(content=b"time,amount\n2024-01-01,5")
@example(content=b"id,id,time,payer,amount,currency\nT1,T1,2024-01-01,A,1,CNY")
def test_tables_of_likely_cells(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    sound(tmp_path / "in.csv")


@pytest.mark.slow
@settings(BOUNDED, max_examples=150)
@given(content=tables())
def test_many_tables_of_likely_cells(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    sound(tmp_path / "in.csv")
    check_declared(content, tmp_path)


@settings(BOUNDED, max_examples=40)
@given(content=tables())
def test_claims_and_declared_tables_of_likely_cells(content: bytes, tmp_path: Path) -> None:
    check_declared(content, tmp_path)


def check_declared(content: bytes, tmp_path: Path) -> None:
    path, ledger = tmp_path / "in.csv", tmp_path / "ledger.csv"
    path.write_bytes(content)
    ledger.write_text(LEDGER)
    transfers = read_transfers([ledger], OPTIONS).transfers
    for read in (
        lambda: read_claims(path, transfers, OPTIONS).problems,
        lambda: read_accounts(path, OPTIONS).problems,
        lambda: read_openings(path, transfers, OPTIONS).problems,
        lambda: read_holds(path, OPTIONS).problems,
        lambda: read_links(path, transfers, OPTIONS).problems,
    ):
        assert all(problem.code in ADVICE for problem in read())
