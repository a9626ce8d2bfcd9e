"""What the pages say of figures, columns, keys and commands is what the program does."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import recoup
from recoup.cli import app
from recoup.evidence import picture_of, picture_svg

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
HOW_TO = ("missing-statements.md", "evidence-for-court.md", "backward.md")
LINKS = re.compile(r"```csv\n(from,to,.*?)```", re.DOTALL)


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _left(rows: list[tuple[str, str, int]], claims: dict[str, str], rule: str) -> dict[str, str]:
    count = len(rows)
    ledger = pl.DataFrame(
        {
            "id": [f"t{n}" for n in range(count)],
            "time": [f"2026-01-05T10:0{n}:00Z" for n in range(count)],
            "payer": [row[0] for row in rows],
            "payee": [row[1] for row in rows],
            "amount": [f"{row[2]}.00" for row in rows],
            "currency": ["CNY"] * count,
        }
    )
    given = {"claim": list(claims), "victim": list(claims), "transfer": list(claims.values())}
    summary = recoup.trace(ledger, pl.DataFrame(given), rule).summary
    return {
        claim: f"{located // 100}.{located % 100:02d}"
        for claim, located in summary.select("claim", "located").iter_rows()
    }


CLAYTON = [("P", "X", 10), ("M", "X", 10), ("X", "", 10), ("K", "X", 10), ("X", "", 10)]
MIXED = [("own", "X", 7), ("V", "X", 3), ("X", "", 5), ("own", "X", 2), ("X", "", 4)]


@pytest.mark.parametrize("rule", ["fifo", "lifo", "rolling", "lowest-balance", "pari-passu"])
def test_the_worked_figures_of_the_rules_are_what_tracing_gives(rule):
    left = _left(CLAYTON, {"P": "t0", "M": "t1", "K": "t3"}, rule)
    page = _page("explanation/rules.md")
    assert f"| {rule} | {left['P']} | {left['M']} | {left['K']} |" in page
    assert f"| {rule} | {_left(MIXED, {'V': 't1'}, rule)['V']} | " in page


def test_the_readme_begins_with_two_commands_and_its_python_runs(monkeypatch, capsys):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    start = readme.split("## Quick start")[1]
    assert re.search(r"```\n(.*?)```", start, re.DOTALL)[1] == "make run\nmake test\n"
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    assert len(code.split("\n\n")[0].splitlines() + code.split("\n\n")[-1].splitlines()) == 6
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert "loss" in capsys.readouterr().out


def test_links_of_the_readme_lead_to_files():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    wanted = {target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", readme)}
    assert wanted
    assert not [target for target in sorted(wanted) if not (ROOT / target).exists()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the commands of the how-to pages on the example; return the folder they ran in."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "examples", folder / "examples")
    links = LINKS.search(_page("how-to/missing-statements.md"))[1]
    (folder / "links.csv").write_text(links, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in HOW_TO:
            for block in re.findall(r"```sh\n(.*?)```", _page(f"how-to/{name}"), re.DOTALL):
                words = shlex.split(block)
                assert words[0] == "recoup"
                result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
                assert result.exit_code == 0, result.output
        case = "examples/case/transfers.csv --claims examples/case/claims.csv --known examples/case/known.csv"
        holds = "account,currency,amount,time\n6299020308434648499,CNY,1.00,2025-11-12T17:30:00Z\n"
        Path("holds.csv").write_text(holds, encoding="utf-8")
        words = f"trace {case} --holds holds.csv --out out/held".split()
        assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    return folder / "out"


def test_the_columns_of_every_table_are_as_documented(ran):
    page = _page("reference/files.md")
    documented = {
        name: re.search(r"`(\w+(?:,\w+){3,})`", text)[1].split(",")
        for name, text in re.findall(
            r"^## (\w+)\.csv\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE
        )
    }
    written = {
        path.stem: next(csv.reader([path.read_text(encoding="utf-8").splitlines()[0]]))
        for path in (ran / "held").glob("*.csv")
    }
    assert written == documented


def test_the_glossary_has_every_column_that_is_written_or_printed(ran):
    rows = re.findall(r"^\| ([^|]+) \|", _page("GLOSSARY.md"), re.MULTILINE)
    words = {word.replace(" ", "_") for row in rows for word in row.split(", ")}
    columns = {
        name
        for path in (*(ran / "held").glob("*.csv"), ran / "back" / "sources.csv")
        for name in next(csv.reader([path.read_text(encoding="utf-8").splitlines()[0]]))
    }
    statements = ["check", "examples/case/transfers.csv"]
    checked = CliRunner().invoke(app, statements, catch_exceptions=False).output.splitlines()[0]
    # Before an order of rows the word stands alone; everywhere else an order is an instruction.
    columns |= {"row_order" if name == "order" else name for name in checked.split("\t")}
    assert len(columns) > 30
    assert sorted(columns - words) == []


def test_the_picture_of_the_readme_is_what_tracing_gives():
    case = ROOT / "examples" / "case"
    ledger, claims, known = (
        pl.read_csv(case / f"{name}.csv", infer_schema=False)
        for name in ("transfers", "claims", "known")
    )
    trail = recoup.trace(ledger, claims, rule="fifo", known=known["account"].to_list())
    drawn = picture_svg(picture_of(trail, "fifo"), "en")
    assert drawn == (DOCS / "images/trail.svg").read_text(encoding="utf-8")


def test_every_file_written_is_documented(ran):
    page = _page("reference/files.md")
    assert not [path.name for path in (ran / "held").iterdir() if f"## {path.name}\n" not in page]


def test_the_keys_of_the_summary_are_as_documented(ran):
    page = _page("reference/summary-json.md")
    first, second = page.split("## An object of `claims`")
    document = json.loads((ran / "evidence/summary.json").read_text(encoding="utf-8"))
    keys = re.findall(r"^\| (`[^|]+) \|", first, re.MULTILINE)
    assert [key.strip("`") for key in keys] == list(document)
    inner = [
        key
        for cell in re.findall(r"^\| (`[^|]+) \|", second, re.MULTILINE)
        for key in re.findall(r"\w+", cell)
    ]
    assert set(inner) == set(document["claims"][0])


def test_what_rests_on_a_link_is_asserted_and_on_nothing_else(ran):
    linked = pl.read_csv(ran / "linked/flows.csv", infer_schema=False)
    known = pl.read_csv(ran / "known/flows.csv", infer_schema=False)
    assert linked.filter(pl.col("asserted") != "0.00").height
    assert not known.filter(pl.col("asserted") != "0.00").height


def test_definitions_has_the_headings_that_the_code_cites():
    page = _page("explanation/definitions.md")
    cited = {
        number
        for path in (ROOT / "src").rglob("*.py")
        for number in re.findall(r"SEMANTICS (\d)", path.read_text(encoding="utf-8"))
    }
    assert cited
    assert not [number for number in sorted(cited) if f"## SEMANTICS {number}: " not in page]
