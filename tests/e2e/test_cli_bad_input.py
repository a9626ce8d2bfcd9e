"""Bad input through `recoup trace`: exit code 2, one readable line a problem, no result folder, never a traceback."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from recoup.cli import app
from recoup.reading import ADVICE

HEAD = "id,time,payer,payee,amount,currency,kind,reference,reverses,balance_after\n"
FIRST = "T1,2026-01-05T10:00:00+08:00,victim,mule,100.00,CNY,transfer,,,\n"
NEXT = "T2,2026-01-05T10:04:00+08:00,mule,,60.00,CNY,cash_out,,,\n"
CLAIMS = "claim,victim,transfer\nC1,V,T1\n"
DESCRIBED = "claim,victim,payer,payee,amount,time,currency\n"
ZONED = "2026-01-05T10:00:00+08:00"


class Case:
    """A folder with a good case, of which a test spoils one part, and the command that traces it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.write("ledger.csv", HEAD + FIRST + NEXT)
        self.write("claims.csv", CLAIMS)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(
        self,
        *options: str,
        ledger: str = "ledger.csv",
        claims: str | None = "claims.csv",
        out: str = "out",
    ):
        asked = [] if claims is None else ["--claims", str(self.folder / claims)]
        command = [
            "trace",
            str(self.folder / ledger),
            *asked,
            "--out",
            str(self.folder / out),
            *options,
        ]
        return CliRunner().invoke(app, command)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def refused(case: Case, result) -> list[str]:
    """The lines on standard error of a run that must have been refused, with nothing written."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert not case.out.is_dir()
    assert not [path for path in case.folder.iterdir() if path.name.startswith(".")]
    return result.stderr.splitlines()


def names(line: str, file: Path, row: int, column: str, code: str, found: str) -> bool:
    """Whether a line says where, what was found, and what to do."""
    place = f"{file}" + (f" row {row}" if row else "") + (f" column {column}" if column else "")
    return line == f"{place}: {code}: found {found!r}; {ADVICE[code]}"


def ledger(*lines: str) -> Callable[[Case], None]:
    """A ledger of these lines after the disputed transfer (which is row 2)."""
    return lambda case: (
        case.write("ledger.csv", HEAD + FIRST + "".join(f"{line}\n" for line in lines)) and None
    )


ROWS = {
    "amount_not_positive": (ledger(f"T2,{ZONED},mule,x,0.00,CNY,,,,"), 3, "amount", "0.00"),
    "amount_not_positive ": (ledger(f"T2,{ZONED},mule,x,-5,CNY,,,,"), 3, "amount", "-5"),
    "amount_unreadable": (ledger(f"T2,{ZONED},mule,x,1e3,CNY,,,,"), 3, "amount", "1e3"),
    "amount_missing": (ledger(f"T2,{ZONED},mule,x,,CNY,,,,"), 3, "amount", ""),
    "amount_too_fine": (ledger(f"T2,{ZONED},mule,x,1.005,CNY,,,,"), 3, "amount", "1.005"),
    "amount_too_fine ": (ledger(f"T2,{ZONED},mule,x,1.5,JPY,,,,"), 3, "amount", "1.5"),
    "amount_too_large": (ledger(f"T2,{ZONED},mule,x,92233720368547758.08,CNY,,,,"), 3, "amount", "92233720368547758.08"),
    "currency_unknown": (ledger(f"T2,{ZONED},mule,x,1,ZZZ,,,,"), 3, "currency", "ZZZ"),
    "currency_missing": (ledger(f"T2,{ZONED},mule,x,1,,,,,"), 3, "currency", ""),
    "time_unreadable": (ledger("T2,the day before,mule,x,1,CNY,,,,"), 3, "time", "the day before"),
    "time_unreadable ": (ledger("T2,2026-02-30T10:00:00Z,mule,x,1,CNY,,,,"), 3, "time", "2026-02-30T10:00:00Z"),
    "time_missing": (ledger("T2,,mule,x,1,CNY,,,,"), 3, "time", ""),
    "time_without_zone": (ledger("T2,2026-01-05 10:00:00,mule,x,1,CNY,,,,"), 3, "time", "2026-01-05 10:00:00"),
    "id_duplicate": (ledger(f"T1,{ZONED},victim,mule,100.01,CNY,,,,"), 3, "id", "T1 (another row has other amount)"),
    "kind_unknown": (ledger(f"T2,{ZONED},mule,x,1,CNY,gift,,,"), 3, "kind", "gift"),
    "parties_missing": (ledger(f"T2,{ZONED},,,1,CNY,,,,"), 3, "payer", ""),
    "account_digits_lost": (ledger(f"T2,{ZONED},6.22202E+18,x,1,CNY,,,,"), 3, "payer", "6.22202E+18"),
    "reversal_without_original": (ledger(f"T2,{ZONED},mule,victim,1,CNY,reversal,,,"), 3, "reverses", ""),
    "reversal_of_nothing": (ledger(f"T2,{ZONED},mule,victim,1,CNY,reversal,,T0,"), 3, "reverses", "T0"),
    "balance_mismatch": (
        ledger(f"T2,{ZONED},mule,x,1.00,CNY,,,,50.00", "T3,2026-01-05T10:06:00+08:00,mule,x,1.00,CNY,,,,48.00"),
        4,
        "balance_after",
        "48.00, rows before lead to 49.00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", ROWS)
def test_a_bad_row_is_named_with_what_to_do(case: Case, code: str) -> None:
    spoil, row, column, found = ROWS[code]
    spoil(case)
    (line,) = refused(case, case.run())
    assert names(line, case.folder / "ledger.csv", row, column, code.strip(), found), line


def test_every_problem_has_a_line_of_its_own(case: Case) -> None:
    ledger(
        "T2,soon,mule,x,1,CNY,,,,",
        f"T3,{ZONED},mule,x,one,CNY,,,,",
        f"T4,{ZONED},mule,x,1,BEAD,,,,",
    )(case)
    lines = refused(case, case.run())
    assert [re.search(r"row (\d+)", line).group(1) for line in lines] == ["3", "4", "5"]


def test_past_two_hundred_problems_the_rest_is_counted(case: Case) -> None:
    ledger(*(f"X{i},soon,mule,x,1,CNY,,,," for i in range(250)))(case)
    lines = refused(case, case.run())
    assert len(lines) == 201
    assert lines[-1] == "and 50 more problems"


def test_sums_that_would_not_fit_are_refused(case: Case) -> None:
    ledger(*(f"X{i},{ZONED},big,x,30000000000000000,CNY,,,," for i in range(4)))(case)
    lines = refused(case, case.run())
    assert any("pocket_too_large" in line and "ledger.csv row " in line for line in lines)


def test_digits_allow_a_finer_amount_and_only_there(case: Case) -> None:
    ledger(f"T2,{ZONED},mule,x,1.50,JPY,,,,", f"T3,{ZONED},mule,x,1.505,CNY,,,,")(case)
    (line,) = refused(case, case.run("--digits", "JPY=2"))
    assert "row 4" in line
    assert "1.505" in line
    assert case.run("--digits", "JPY=2", "--digits", "CNY=3").exit_code == 0


@pytest.mark.parametrize("missing", ["time", "amount", "currency", "payer", "payee"])
def test_a_missing_column_is_named(case: Case, missing: str) -> None:
    head = HEAD.strip().split(",")
    keep = [i for i, name in enumerate(head) if name != missing]
    rows = [
        [line.split(",")[i] for i in keep] for line in (HEAD.strip(), FIRST.strip(), NEXT.strip())
    ]
    case.write("ledger.csv", "\n".join(",".join(row) for row in rows) + "\n")
    (line,) = refused(case, case.run())
    assert line.startswith(
        f"{case.folder / 'ledger.csv'} column {missing}: column_missing: found 'headers id, "
    )
    assert f"; looked for {missing}, " in line
    assert "--map" in line


def test_an_account_number_that_excel_has_rounded_is_refused_where_it_stands(case: Case) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "流水"
    sheet.append(["id", "time", "payer", "payee", "amount", "currency"])
    sheet.append(["T1", ZONED, "victim", "mule", "100.00", "CNY"])
    sheet.append(["T2", ZONED, "mule", 6222020200012345678, "60.00", "CNY"])
    book.save(case.folder / "ledger.xlsx")
    (line,) = refused(case, case.run(ledger="ledger.xlsx"))
    assert "ledger.xlsx [流水] row 3 column payee: account_digits_lost" in line


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.csv", b"", "file_empty"),
        ("blank.csv", b"\n\n", "file_empty"),
        ("headers.csv", b"alpha,beta\n1,2\n", "headers_unrecognised"),
        ("broken.xlsx", b"PK\x03\x04 no archive", "file_unreadable"),
        ("broken.parquet", b"PAR1 no parquet PAR1", "file_unreadable"),
        ("letters.csv", HEAD.encode() + b"\xff\xff\xff\xfe\n", "encoding_unreadable"),
        ("paper.pdf", b"%PDF-1.4\n", "file_format_unknown"),
        ("camt.xml", b"<?xml version='1.0'?><a>", "xml_invalid"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    case: Case, name: str, content: bytes, code: str
) -> None:
    case.write(name, content)
    lines = refused(case, case.run(ledger=name))
    assert len(lines) == 1
    assert lines[0].startswith(f"{case.folder / name}")
    assert f": {code}: " in lines[0], lines


@pytest.mark.parametrize(
    "role", ["--claims", "--map", "--opening", "--known", "--terminal", "--holds", "--links"]
)
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe\xff\xff\xff", b"alpha,beta\n1,2\n", b"PK\x03\x04"]
)
def test_every_other_file_is_checked_like_the_transfers(
    case: Case, role: str, content: bytes | None
) -> None:
    name = "other.toml" if role == "--map" else "other.csv"
    if content is not None:
        case.write(name, content)
    if role == "--map" and content == b"":
        pytest.skip("an empty map says nothing, which is allowed")
    options = [] if role == "--claims" else [role, str(case.folder / name)]
    lines = refused(case, case.run(*options, claims=name if role == "--claims" else "claims.csv"))
    assert lines
    assert all(name in line for line in lines), lines


def test_a_missing_file_or_folder_is_named(case: Case) -> None:
    (line,) = refused(case, case.run(ledger="nowhere.csv"))
    assert "nowhere.csv: file_missing" in line


@pytest.mark.parametrize("what", ["empty", "useless"])
def test_a_folder_without_statements_is_refused(case: Case, what: str) -> None:
    (case.folder / "folder").mkdir()
    if what == "useless":
        case.write("folder/note.txt", "nothing here")
    lines = refused(case, case.run(ledger="folder"))
    assert any("folder" in line for line in lines), lines


CLAIM_ROWS = {
    "claim_duplicate": ("claim,victim,transfer\nC1,V,T1\nC1,W,T2\n", 3, "claim"),
    "transfer_disputed_twice": ("claim,victim,transfer\nC1,V,T1\nC2,V,T1\n", 3, "transfer"),
    "claim_no_match": ("claim,victim,transfer\nC1,V,T9\n", 2, "transfer"),
    "claim_missing": ("claim,victim,transfer\n,V,T1\n", 2, "claim"),
    "victim_missing": ("claim,victim,transfer\nC1,,T1\n", 2, "victim"),
    "claim_differs": ("claim,victim,transfer,amount\nC1,V,T1,99.00\n", 2, "transfer"),
    "claim_differs ": ("claim,victim,transfer,currency\nC1,V,T1,USD\n", 2, "transfer"),
    "claim_differs  ": (f"{DESCRIBED}C1,V,victim,mule,99.00,{ZONED},CNY\n", 2, "payer"),
    "claim_differs   ": (f"{DESCRIBED}C1,V,victim,mule,100.00,{ZONED},USD\n", 2, "payer"),
    "claim_no_match ": (f"{DESCRIBED}C1,V,victim,other,100.00,{ZONED},CNY\n", 2, "payer"),
    "claim_no_match  ": (f"{DESCRIBED}C1,V,victim,mule,100.00,2026-01-06T10:00:00+08:00,CNY\n", 2, "payer"),
}  # fmt: skip


@pytest.mark.parametrize("code", CLAIM_ROWS)
def test_a_bad_claim_is_named(case: Case, code: str) -> None:
    content, row, column = CLAIM_ROWS[code]
    case.write("claims.csv", content)
    (line,) = refused(case, case.run())
    place = f"{case.folder / 'claims.csv'} row {row} column {column}: {code.strip()}: "
    assert line.startswith(place), line
    assert line.endswith(ADVICE[code.strip()])


def test_no_claim_at_all_is_refused(case: Case) -> None:
    case.write("claims.csv", "claim,victim,transfer\n")
    lines = refused(case, case.run())
    assert len(lines) == 1
    assert "claims.csv" in lines[0]


OPTIONS = {
    "rule": ["--rule", "nonsense"],
    "rule empty": ["--rule", ""],
    "rule list": ["--rule", "fifo,nonsense"],
    "as-of": ["--as-of", "nonsense"],
    "as-of empty": ["--as-of", ""],
    "as-of naive": ["--as-of", "2026-01-05T10:00:00"],
    "as-of before time": ["--as-of", "0001-01-01T00:00:00+14:00"],
    "as-of after time": ["--as-of", "9999-12-31T23:59:59-14:00"],
    "since": ["--since", "nonsense"],
    "horizon": ["--horizon", "nonsense"],
    "horizon zero": ["--horizon", "0h"],
    "horizon negative": ["--horizon", "-3h"],
    "horizon huge": ["--horizon", "9" * 30 + "d"],
    "horizon longer than time": ["--horizon", "999999999d"],
    "dust": ["--dust", "nonsense"],
    "dust negative": ["--dust", "-1"],
    "dust zero": ["--dust", "0"],
    "dust nan": ["--dust", "NaN"],
    "dust infinite": ["--dust", "Infinity"],
    "timezone": ["--timezone", "Mars/Phobos"],
    "timezone path": ["--timezone", "../../etc/passwd"],
    "timezone empty": ["--timezone", ""],
    "digits": ["--digits", "XX"],
    "digits text": ["--digits", "JPY=two"],
    "digits many": ["--digits", "JPY=99"],
    "digits huge": ["--digits", "JPY=" + "9" * 5000],
    "digits superscript": ["--digits", "JPY=²"],
    "language": ["--language", "fr"],
    "unknown": ["--nonsense"],
    "pari-passu with dust": ["--rule", "pari-passu", "--dust", "1"],
    "pari-passu with horizon": ["--rule", "pari-passu", "--horizon", "3h"],
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_wrong_option_is_refused_with_its_name(case: Case, name: str) -> None:
    lines = refused(case, case.run(*OPTIONS[name]))
    assert any(OPTIONS[name][-2:][0] in line for line in lines), lines


def test_a_map_that_is_no_toml_is_refused(case: Case) -> None:
    case.write("map.toml", "columns = [[[")
    (line,) = refused(case, case.run("--map", str(case.folder / "map.toml")))
    assert "map.toml" in line
    assert "map_invalid" in line


@pytest.mark.parametrize("both", [True, False])
def test_claims_and_back_exclude_each_other_and_one_is_needed(case: Case, both: bool) -> None:
    result = case.run("--back", "mule") if both else case.run(claims=None)
    lines = refused(case, result)
    assert any("--claims" in line and "--back" in line for line in lines)


def test_results_never_replace_a_file(case: Case) -> None:
    case.write("taken", "mine")
    (line,) = refused(case, case.run(out="taken"))
    assert "taken" in line
    assert (case.folder / "taken").read_text() == "mine"


def test_results_under_a_file_are_refused(case: Case) -> None:
    case.write("taken", "mine")
    (line,) = refused(case, case.run(out="taken/below"))
    assert "taken" in line


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(case: Case) -> None:
    locked = case.folder / "locked"
    locked.mkdir(mode=0o500)
    (line,) = refused(case, case.run(out="locked/out"))
    assert "locked" in line


def test_a_rejects_file_that_cannot_be_written_is_refused_before_anything_is(case: Case) -> None:
    ledger("T2,soon,mule,x,1,CNY,,,,")(case)
    (line,) = refused(case, case.run("--rejects", str(case.folder)))
    assert str(case.folder) in line


def test_results_inside_a_folder_of_statements_are_refused(case: Case) -> None:
    (case.folder / "statements").mkdir()
    case.write("statements/ledger.csv", HEAD + FIRST + NEXT)
    (line,) = refused(case, case.run(ledger="statements", out="statements/out"))
    assert line.startswith("--out: out_among_inputs: ")
    assert [path.name for path in (case.folder / "statements").iterdir()] == ["ledger.csv"]


@pytest.mark.parametrize("name", ["flows.csv", "summary.json"])
def test_an_input_is_never_replaced_by_a_result(case: Case, name: str) -> None:
    case.write(name, HEAD + FIRST + NEXT)
    result = CliRunner().invoke(
        app,
        [
            "trace",
            str(case.folder / name),
            "--claims",
            str(case.folder / "claims.csv"),
            "--out",
            str(case.folder),
        ],
    )
    assert result.exit_code == 2
    assert "--out: out_among_inputs" in result.stderr
    assert (case.folder / name).read_text() == HEAD + FIRST + NEXT


@pytest.mark.parametrize("name", ["ledger.csv", "claims.csv", "out/flows.csv"])
def test_refused_rows_never_replace_an_input_or_a_result(case: Case, name: str) -> None:
    (line,) = refused(case, case.run("--rejects", str(case.folder / name)))
    assert line.startswith("--rejects: out_among_inputs: ")
    assert (case.folder / "ledger.csv").read_text() == HEAD + FIRST + NEXT


def test_refused_rows_may_lie_beside_the_results(case: Case) -> None:
    for _ in range(2):
        result = case.run("--rejects", str(case.out / "rejects.csv"))
        assert result.exit_code == 0, result.output
        assert (case.out / "rejects.csv").is_file()
        assert not list(case.folder.rglob(".*"))


def test_earlier_results_survive_a_refused_run(case: Case) -> None:
    assert case.run().exit_code == 0
    before = {path.name: path.read_bytes() for path in case.out.iterdir()}
    ledger("T2,soon,mule,x,1,CNY,,,,")(case)
    assert case.run().exit_code == 2
    assert {path.name: path.read_bytes() for path in case.out.iterdir()} == before


class TestRejects:
    """`--rejects FILE` goes on without the bad rows."""

    def test_the_refused_rows_are_written_and_counted(self, case: Case) -> None:
        ledger(
            f"T2,{ZONED},mule,x,30.00,CNY,,,,",
            "T3,soon,mule,x,1,CNY,,,,",
            f"T4,{ZONED},mule,x,bad,CNY,,,,",
        )(case)
        rejects = case.folder / "deep" / "rejects.csv"
        result = case.run("--rejects", str(rejects))
        assert result.exit_code == 0, result.output
        assert "rows refused: 2" in result.stdout
        refused_rows = pl.read_csv(rejects, infer_schema=False)
        assert refused_rows.select("row", "code", "column", "found").rows() == [
            ("4", "time_unreadable", "time", "soon"),
            ("5", "amount_unreadable", "amount", "bad"),
        ]
        assert all("mule" in raw for raw in refused_rows["raw"])
        assert json.loads((case.out / "summary.json").read_text("utf-8"))["rejects"] == 2
        flows = pl.read_csv(case.out / "flows.csv", infer_schema=False)
        assert flows["transfer"].to_list() == ["T1", "T2"]

    def test_with_nothing_refused_the_file_has_a_head_only(self, case: Case) -> None:
        result = case.run("--rejects", str(case.folder / "rejects.csv"))
        assert result.exit_code == 0
        assert pl.read_csv(case.folder / "rejects.csv").is_empty()
        assert json.loads((case.out / "summary.json").read_text("utf-8"))["rejects"] == 0

    def test_a_claim_on_a_refused_row_is_refused_with_it(self, case: Case) -> None:
        case.write("claims.csv", CLAIMS + "C2,W,T3\n")
        ledger("T3,soon,mule,x,1,CNY,,,,")(case)
        result = case.run("--rejects", str(case.folder / "rejects.csv"))
        assert result.exit_code == 0, result.output
        codes = pl.read_csv(case.folder / "rejects.csv", infer_schema=False)["code"].to_list()
        assert sorted(codes) == ["claim_no_match", "time_unreadable"]

    @pytest.mark.parametrize("ledger_name", ["nowhere.csv", "empty.csv"])
    def test_a_file_that_cannot_be_read_stops_all_the_same(
        self, case: Case, ledger_name: str
    ) -> None:
        case.write("empty.csv", b"")
        refused(case, case.run("--rejects", str(case.folder / "rejects.csv"), ledger=ledger_name))
        assert not (case.folder / "rejects.csv").exists()

    def test_rows_whose_account_has_lost_digits_are_left_out_like_others(self, case: Case) -> None:
        """What that account states can no longer be checked: the row that is left out moved its balance."""
        whole = "6222020200012345678"
        ledger(
            f"T2,{ZONED},{whole},x,1,CNY,,,,9",
            f"T3,{ZONED},6.22202E+18,x,1,CNY,,,,8",
            f"T4,{ZONED},{whole},x,1,CNY,,,,7",
        )(case)
        (line,) = refused(case, case.run())
        place = f"{case.folder / 'ledger.csv'} row 4 column payer: account_digits_lost"
        assert line.startswith(place), line
        rejects = case.folder / "rejects.csv"
        assert case.run("--rejects", str(rejects)).exit_code == 0
        assert pl.read_csv(rejects, infer_schema=False)["row"].to_list() == ["4"]

    def test_rows_refused_for_the_whole_column_are_written_and_counted_too(
        self, case: Case
    ) -> None:
        ledger(*(f"X{n},2026-01-05 10:00:00,mule,x,1,CNY,,,," for n in range(3)))(case)
        (line,) = refused(case, case.run())
        assert "row 3 column time: time_without_zone" in line
        assert "(and 2 more rows)" in line
        rejects = case.folder / "rejects.csv"
        assert case.run("--rejects", str(rejects)).exit_code == 0
        assert pl.read_csv(rejects, infer_schema=False)["row"].to_list() == ["3", "4", "5"]
        assert json.loads((case.out / "summary.json").read_text("utf-8"))["rejects"] == 3

    def test_no_claim_left_stops_all_the_same(self, case: Case) -> None:
        case.write("claims.csv", "claim,victim,transfer\nC1,V,T9\n")
        (line,) = refused(case, case.run("--rejects", str(case.folder / "rejects.csv")))
        assert "claim_no_match" in line
        assert not (case.folder / "rejects.csv").exists()
