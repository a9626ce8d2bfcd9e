"""`recoup check`: what it finds, how it says it, and its exit codes."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
import typer
from typer.testing import CliRunner, Result

from recoup.cli.check import register
from recoup.reading import ReadingOptions, load_map, read_transfers
from recoup.reading.report import examine

HEAD = "账号,户名,交易时间,金额,借贷标志,对方账号,余额,币种\n"
GOOD = (
    HEAD + "A,张三,2024-01-01 10:00:00,5,借,X,95,CNY\nA,张三,2024-01-02 10:00:00,5,贷,X,100,CNY\n"
)
Made = Callable[..., Path]


@pytest.fixture
def run() -> Callable[..., Result]:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return lambda *words: CliRunner().invoke(app, ["check", *map(str, words)])


def test_clean_statements_end_with_zero(made: Made, run: Callable[..., Result]) -> None:
    done = run(made("a.csv", GOOD), "--timezone", "UTC")
    assert done.exit_code == 0, done.output
    assert (
        "A\t张三\tCNY\t2\t2024-01-01\t2024-01-02\toldest_first (times)\t0\t0\t0\t0" in done.output
    )


def test_breaks_gaps_and_one_sided_transfers_are_found(
    made: Made, run: Callable[..., Result]
) -> None:
    a = (
        HEAD
        + "A,张三,2024-01-01 10:00:00,5,借,B,95,CNY\nA,张三,2024-06-01 10:00:00,5,借,B,80,CNY\nA,张三,2024-06-02 10:00:00,1,借,B,79,CNY\n"  # noqa: E501 (a sample as it comes)
    )
    b = HEAD + "B,李四,2024-01-01 10:00:01,5,贷,A,5,CNY\nB,李四,2024-07-01 10:00:00,1,借,X,4,CNY\n"
    done = run(made("a.csv", a), made("b.csv", b), "--timezone", "UTC", "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    first, second = report["accounts"]
    assert [(one["expected"], one["found"]) for one in first["breaks"]] == [("90.00", "80.00")]
    assert [gap["proof"] for gap in first["gaps"]] == ["missing"]
    assert [gap["proof"] for gap in second["gaps"]] == ["quiet"]
    assert [
        (sided["other"], sided["place"].rpartition("/")[2]) for sided in first["one_sided"]
    ] == [("B", "a.csv:3"), ("B", "a.csv:4")]
    assert [problem["code"] for problem in report["problems"]] == ["balance_mismatch"]


def test_the_lines_name_places_and_both_figures(made: Made, run: Callable[..., Result]) -> None:
    path = made("a.csv", GOOD + "A,张三,2024-01-03 10:00:00,5,借,X,90,CNY\n")
    done = run(path, "--timezone", "UTC")
    assert done.exit_code == 1
    assert f"A: {path}:4: balance 90.00, rows before lead to 95.00" in done.output


def test_overlaps_doubts_and_failed_rows_are_counted(
    made: Made, run: Callable[..., Result]
) -> None:
    done = run(made("a.csv", GOOD), made("b.csv", GOOD), "--timezone", "UTC", "--json")
    report = json.loads(done.stdout)
    assert (report["rows_repeated"], report["accounts"][0]["repeated"]) == (2, 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n", 2),
        ("", 2),
        (GOOD.replace("2024-01-02", "soon"), 1),
        (GOOD.replace("2024-01-0", "soon"), 2),
    ],
)
def test_exit_codes(made: Made, run: Callable[..., Result], text: str, code: int) -> None:
    assert code == run(made("a.csv", text), "--timezone", "UTC").exit_code


def test_a_missing_file_ends_with_two(tmp_path: Path, run: Callable[..., Result]) -> None:
    assert run(tmp_path / "none.csv").exit_code == 2


def test_wrong_options_end_with_two(made: Made, run: Callable[..., Result]) -> None:
    path = made("a.csv", GOOD)
    assert run(path, "--digits", "x").exit_code == 2
    assert run(path, "--map", made("map.toml", "x = 1\n")).exit_code == 2
    assert run(path, "--timezone", "Mars").exit_code == 2


def test_what_was_recognised_is_saved_and_reads_the_same_file(
    made: Made, run: Callable[..., Result], tmp_path: Path
) -> None:
    path = made("a.csv", GOOD)
    assert run(path, "--timezone", "UTC", "--save-map", tmp_path / "map.toml").exit_code == 0
    column_map = load_map(tmp_path / "map.toml")
    assert (column_map.shape, column_map.columns["balance"]) == ("statement", "余额")
    again = read_transfers([path], ReadingOptions(mapping=column_map))
    assert (
        again.transfers.rows()
        == read_transfers([path], ReadingOptions(timezone="UTC")).transfers.rows()
    )


def test_openings_are_compared_with_what_the_statements_imply(
    made: Made, run: Callable[..., Result]
) -> None:
    path = made("a.csv", GOOD)
    right = made("o.csv", "account,time,balance\nA,2024-01-01,100\n")
    wrong = made("p.csv", "account,time,balance\nA,2024-01-01,101\n")
    assert run(path, "--timezone", "UTC", "--opening", right).exit_code == 0
    done = run(path, "--timezone", "UTC", "--opening", wrong)
    assert done.exit_code == 1
    assert (
        "p.csv row 2 column balance: balance_mismatch: found '101.00, the statements say 100.00'"
        in done.output
    )
    assert run(path, "--timezone", "UTC", "--opening", right).exit_code == 0


def test_an_opening_of_a_later_time_is_compared_with_what_stood_there_then(
    made: Made, run: Callable[..., Result]
) -> None:
    path = made("a.csv", GOOD)
    rows = read_transfers([path], ReadingOptions(timezone="UTC")).transfers
    later = rows["time"][1]
    moved = sum(
        row["amount"] * ((row["payee"] == "A") - (row["payer"] == "A"))
        for row in rows.iter_rows(named=True)
        if row["time"] < later
    )
    assert moved
    for short, code in ((0, 0), (1, 1)):
        balance = (10000 + moved - short) / 100
        given = made(
            f"o{short}.csv", f"account,time,balance\nA,{later.isoformat()},{balance:.2f}\n"
        )
        assert run(path, "--timezone", "UTC", "--opening", given).exit_code == code


def test_a_ledgers_accounts_are_examined_too(made: Made) -> None:
    path = made(
        "l.csv",
        "id,time,payer,payee,amount,currency,balance_after\n1,2024-01-01,A,B,1,CNY,9\n2,2024-03-05,A,B,1,CNY,8\n",
    )
    reports = {
        report.account: report
        for report in examine(
            read_transfers([path], ReadingOptions(timezone="UTC")), timedelta(days=30)
        )
    }
    assert [gap.proof for gap in reports["A"].gaps] == ["quiet"]
    assert [gap.proof for gap in reports["B"].gaps] == ["unproved"]
    assert reports["A"].opening == 1000


def test_help_has_an_example(run: Callable[..., Result]) -> None:
    assert "recoup check statements/ --timezone Asia/Shanghai" in run("--help").output


CLAIMS = "claim,victim,payer,payee,amount,time\nC1,V,X,A,5,2024-01-02 10:00:00\n"
LISTS = {
    "claims.csv": CLAIMS,
    "by-id.csv": "claim,victim,transfer\nC1,V,T1\n",
    "links.csv": "from,to,amount,time,evidence,grade,author\nA,B,5,2024-01-02,video,B,officer\n",
    "holds.csv": "account,currency,amount,time,until\nA,CNY,5,2024-01-02,2024-02-02\n",
    "账户信息.csv": "账户开户名称,开户人证件号码,交易卡号,交易账号\n张三,1,A,A\n",
}


def test_lists_beside_the_statements_are_no_transfers_and_do_not_spoil_the_map(
    made: Made, run: Callable[..., Result], tmp_path: Path
) -> None:
    folder = made("case/z.csv", GOOD).parent
    for name, text in LISTS.items():
        made(f"case/{name}", text)
    done = run(folder, "--timezone", "UTC", "--save-map", tmp_path / "map.toml")
    assert done.exit_code == 0, done.output
    assert "2 transfers, 1 accounts, 6 files;" in done.output
    passed = [line for line in done.output.splitlines() if line.startswith("passed over: ")]
    assert len(passed) == 4
    column_map = load_map(tmp_path / "map.toml")
    assert (column_map.shape, column_map.columns["time"]) == ("statement", "交易时间")
    again = run(folder, "--map", tmp_path / "map.toml")
    assert (again.exit_code, again.stdout) == (0, done.stdout)


def test_claims_given_as_transfers_are_refused(made: Made, run: Callable[..., Result]) -> None:
    done = run(made("claims.csv", CLAIMS), "--timezone", "UTC")
    assert done.exit_code == 2
    assert "claims.csv: headers_unrecognised: found 'headers claim, victim, " in done.stderr


def test_a_map_is_saved_for_one_layout_only(
    made: Made, run: Callable[..., Result], tmp_path: Path
) -> None:
    other = "id,time,payer,payee,amount,currency\nT,2024-01-02,B,C,5,CNY\n"
    files = [made("a.csv", GOOD), made("b.csv", other)]
    done = run(*files, "--timezone", "UTC", "--save-map", tmp_path / "map.toml")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("--save-map: layouts_differ: found '2 layouts, as in ")
    assert not (tmp_path / "map.toml").exists()


def test_a_map_never_replaces_an_input_and_a_place_without_room_is_named(
    made: Made, run: Callable[..., Result]
) -> None:
    path = made("a.csv", GOOD)
    for place, code in ((path, "out_among_inputs"), (path / "map.toml", "out_is_file")):
        done = run(path, "--timezone", "UTC", "--save-map", place)
        assert done.exit_code == 2
        assert f"--save-map: {code}: " in done.stderr
    assert path.read_text("utf-8") == GOOD


def test_sheets_are_not_counted_as_files(
    made: Made, run: Callable[..., Result], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    lines = [line.split(",") for line in GOOD.splitlines()]
    for sheet, account in ((book.active, "A"), (book.create_sheet("二"), "B")):
        for line in lines:
            sheet.append([account if cell == "A" else cell for cell in line])
    book.save(tmp_path / "s.xlsx")
    done = run(tmp_path / "s.xlsx", made("c.csv", GOOD.replace("A,", "C,")), "--timezone", "UTC")
    assert "6 transfers, 3 accounts, 2 files (3 sheets);" in done.output
