"""What a third person finds in a folder of a return: a changed byte, a file that is missing, another run's; odd ids in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest
from return_files import fill, rows, run, verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path)


SUMS = ["totals", "claims", "terms", "assumed"]


@pytest.mark.parametrize("part", SUMS)
def test_a_sum_or_a_term_that_was_changed_in_the_summary_is_found(folder: Path, part: str) -> None:
    """A summary is read before any table is: whoever changes what it says of them is found out like who changes a row."""
    run(folder)
    path = folder / "out/summary.json"
    whole = path.read_text(encoding="utf-8")
    for spoil in (changed_word, list.pop):
        document = json.loads(whole)
        spoil(document[part])
        path.write_text(json.dumps(document), encoding="utf-8")
        found = verify(folder)
        assert (found.exit_code, f"{part} is not what the inputs give" in found.output) == (2, True)
    path.write_text(json.dumps(json.loads(whole)), encoding="utf-8")
    assert verify(folder).exit_code == 0, "the same summary in another layout is the same"


def changed_word(rows: list[object]) -> None:
    """Change the last thing that is said in the first row."""
    if isinstance(rows[0], dict):
        rows[0][list(rows[0])[-1]] = "0.01"
    else:
        rows[0] = "something else"


def test_every_file_of_a_return_is_missed_and_a_changed_byte_of_it_is_found(folder: Path) -> None:
    run(folder)
    files = sorted(path for path in (folder / "out").iterdir())
    assert len(files) == 8
    for path in files:
        whole = path.read_bytes()
        path.unlink()
        assert (found := verify(folder)).exit_code == 2, path.name
        assert path.name in found.output
        for changed in (whole + b"x", whole[:-2], b""):
            path.write_bytes(changed)
            assert (found := verify(folder)).exit_code == 2, path.name
            assert path.name in found.output
        path.write_bytes(whole)
    assert verify(folder).exit_code == 0


def test_a_table_that_no_summary_speaks_of_is_named(folder: Path) -> None:
    run(folder)
    path = folder / "out/summary.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["files"]["likely-victims.csv"]
    path.write_text(json.dumps(document), encoding="utf-8")
    found = verify(folder)
    assert (found.exit_code, "likely-victims.csv: summary.json says nothing" in found.output) == (
        2,
        True,
    )


BAD = [
    ("pot_above_balance", "p.csv", "mule,10.00", "mule,10.01", "row 2"),
    ("amount_not_positive", "c.csv", "c2,M,t2,40.00", "c2,M,t2,0.00", "row 3"),
    ("claim_no_match", "c.csv", "c3,K,t4", "c3,K,t9", "row 4"),
    ("id_duplicate", "t.csv", "t5,2026", "t4,2026", "row 6"),
]


@pytest.mark.parametrize(("code", "name", "old", "new", "row"), BAD)
def test_a_run_that_is_refused_leaves_the_results_of_an_earlier_one_as_they_were(
    folder: Path, code: str, name: str, old: str, new: str, row: str
) -> None:
    """They stay whole and verifiable, beside whatever else lies there; nothing of the refused run is among them."""
    assert run(folder).exit_code == 0
    (folder / "out/note.txt").write_text("mine", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    assert (found := run(folder)).exit_code == 2
    assert code in found.output
    assert row in found.output
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before
    assert [path.name for path in folder.iterdir() if path.name.startswith(".out")] == []
    assert verify(folder).exit_code == 0


ODD = ["=1+1", "+86130", "-7", "@x", "../../etc/x", "a/b\\c", 'q"q', "a,b"]


def test_ids_that_a_spreadsheet_or_a_shell_would_read_otherwise_stay_ids(folder: Path) -> None:
    """They stand in the tables as given, are text in the workbook, and name no file."""
    ledger = ["id,time,payer,payee,amount,currency,reference\n"]
    claims, quoted = ["claim,victim,transfer,loss\n"], [x.replace('"', '""') for x in ODD]
    for at, name in enumerate(quoted):
        time = f"2026-01-05T10:{at:02}:00Z"
        ledger.append(f'"t{at}",{time},"P{name}","=mule",10.00,CNY,"{name}"\n')
        claims.append(f'"{name}","P{name}","t{at}",10.00\n')
    (folder / "t.csv").write_text("".join(ledger), encoding="utf-8")
    (folder / "c.csv").write_text("".join(claims), encoding="utf-8")
    (folder / "p.csv").write_text("account,amount,currency\n=mule,80.00,CNY\n", encoding="utf-8")
    (folder / "case.toml").write_text("made_on = 2026-07-01\nlanguages = ['en']\n", "utf-8")
    result = run(folder, "--documents", str(folder / "case.toml"))
    assert result.exit_code == 0, result.output
    assert {row["claim"] for row in rows(folder / "out/awards.csv")} == set(ODD)
    assert verify(folder).exit_code == 0
    book = openpyxl.load_workbook(folder / "out/documents/awards.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert set(ODD) <= {cell.value for cell in cells if cell.data_type == "s"}
    named = {path.name for path in (folder / "out/documents").iterdir()}
    assert all(re.fullmatch(r"[a-z]+(-\d{4}\.en)?\.(pdf|docx|csv|xlsx)", name) for name in named)
    assert {path.name for path in folder.iterdir()} == {
        *("t.csv", "c.csv", "p.csv", "case.toml", "out")
    }
