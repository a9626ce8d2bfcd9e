"""The example files are what their generator makes, and hold together. Not the engine's answers to them."""

import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    subprocess.run([sys.executable, str(EXAMPLES / "make.py"), str(folder)], check=True)
    return folder


def test_making_the_examples_again_gives_the_same_csv_files(made):
    names = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.csv"))
    assert len(names) == 9
    for name in names:
        assert (EXAMPLES / name).read_bytes() == (made / name).read_bytes(), name


def test_making_the_examples_again_gives_the_same_cells_in_the_workbooks(made):
    names = sorted(path.name for path in (EXAMPLES / "statements").glob("*.xlsx"))
    assert len(names) == 8
    for name in names:
        assert _cells(EXAMPLES / "statements" / name) == _cells(made / "statements" / name), name


def test_the_ledger_has_sixty_accounts_and_every_exit():
    ledger = pl.read_csv(EXAMPLES / "case" / "transfers.csv", infer_schema=False)
    accounts = set(ledger["payer"].drop_nulls()) | set(ledger["payee"].drop_nulls())
    assert len(accounts - {""}) == 60
    exits = set(ledger.filter(pl.col("payee").fill_null("") == "")["kind"])
    assert exits == {"cash_out", "purchase", "wallet", "exchange", "abroad", "fee"}
    assert ledger["time"].n_unique() < ledger.height, "ties at one time"


def test_statements_and_ledger_have_the_same_movements():
    ledger = pl.read_csv(EXAMPLES / "case" / "transfers.csv", infer_schema=False).fill_null("")
    known = set(pl.read_csv(EXAMPLES / "case" / "known.csv", infer_schema=False)["account"])
    sides = [
        a
        for row in ledger.iter_rows(named=True)
        for a in (row["payer"], row["payee"])
        if a in known
    ]
    rows = [
        row
        for path in (EXAMPLES / "statements").glob("*.xlsx")
        for sheet in _cells(path).values()
        for row in sheet[5:]
    ]
    assert len(rows) == len(sides)


def _cells(path):
    book = openpyxl.load_workbook(path, read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
