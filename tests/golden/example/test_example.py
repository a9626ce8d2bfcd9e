"""The example, read and traced by the program, against what the naive lot-by-lot tracing of `examples/naive.py` expects."""

from pathlib import Path

import polars as pl
import pytest

from recoup.reading import ReadingOptions, read_accounts, read_claims, read_transfers
from recoup.records import Dossier
from recoup.trace import Options, trace_dossier

EXAMPLES = Path(__file__).parents[3] / "examples"
RULES = ("fifo", "lifo")
TABLES = ("positions", "flows", "exits", "unknown", "summary")
MONEY = ("amount", "loss", "located", "exited", "unknown")


def trace(paths, claims, *, known=None, timezone=None):
    options = ReadingOptions(timezone=timezone)
    read = read_transfers(paths, options)
    asked = read_claims(claims, read.transfers, options)
    assert (read.problems, asked.problems) == ((), ())
    dossier = Dossier(read.transfers, read.sources, known=known or read.known)
    return trace_dossier(dossier, asked.claims, Options(rules=RULES))


@pytest.fixture(scope="module")
def ledger():
    known = read_accounts(EXAMPLES / "case" / "known.csv").accounts
    folder = EXAMPLES / "case"
    return trace([folder / "transfers.csv"], folder / "claims.csv", known=known)


@pytest.fixture(scope="module")
def statements():
    folder = EXAMPLES / "statements"
    books = sorted(folder.glob("*.xlsx"))
    return trace(books, folder / "claims.csv", timezone="Asia/Shanghai")


def expected(name):
    """The expected rows, amounts in fen."""
    frame = pl.read_csv(EXAMPLES / "expected" / f"{name}.csv", infer_schema=False)
    fen = [
        pl.col(column).str.replace(".", "", literal=True).cast(pl.Int64)
        for column in MONEY
        if column in frame.columns and name != column
    ]
    return frame.with_columns(fen)


def found(trail, name, columns):
    """What the trail has in these columns, in the form of the expected rows."""
    frame = getattr(trail, name).select(columns)
    if "since" in columns:
        frame = frame.with_columns(pl.col("since").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return frame.with_columns(pl.col("depth").cast(pl.String)) if "depth" in columns else frame


def rows(frame):
    return sorted(frame.rows())


@pytest.mark.parametrize("name", TABLES)
def test_the_ledger_gives_what_was_expected(ledger, name):
    want = expected(name)
    assert rows(found(ledger, name, want.columns)) == rows(want)


@pytest.mark.parametrize("name", TABLES)
def test_the_banks_statements_give_the_same_but_for_the_ids_of_transfers(statements, name):
    want = expected(name)
    columns = [column for column in want.columns if column != "transfer"]
    assert rows(found(statements, name, columns)) == rows(want.select(columns))


def test_every_account_but_one_is_known_and_leads_point_beyond_it(ledger, statements):
    for trail in (ledger, statements):
        assert trail.unknown["account"].n_unique() == 1
        assert trail.leads.height == 2
