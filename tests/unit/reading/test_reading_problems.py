"""Every problem code is found by some input, named where the user can see it, and written down."""

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from recoup import limits
from recoup.errors import InputFault
from recoup.money import Digits
from recoup.reading import (
    ADVICE,
    FATAL,
    OPTIONS,
    ColumnMap,
    ReadingOptions,
    load_map,
    read_accounts,
    read_claims,
    read_holds,
    read_links,
    read_openings,
    read_transfers,
)
from recoup.reading.imports import read_import
from recoup.reading.labels import read_labels
from recoup.reading.pots import read_losses, read_pots
from recoup.records.problems import Problem

UTC = ReadingOptions(timezone="UTC")
BERLIN = ReadingOptions(timezone="Europe/Berlin")
HEAD = "id,time,payer,payee,amount,currency,kind,reverses,reference,sequence,payer_balance\n"
STATEMENT = "account,time,amount,direction,counterparty,currency,status\n"
CLAIMS = "claim,victim,transfer,payer,payee,amount,time,currency,admitted\n"
LEDGER = (
    HEAD
    + "T1,2024-01-01,A,B,1,CNY,,,,,\nT2,2024-01-01,B,C,1,USD,,,,,\nT3,2024-01-01,C,C,1,CNY,,,,,\nT4,2024-01-01,A,B,1,CNY,,,,,\n"
)
Found = tuple[Problem, ...]
Case = Callable[[Path], Found]


def ledger(*lines: str, options: ReadingOptions = UTC, head: str = HEAD) -> Case:
    return content((head + "".join(line + "\n" for line in lines)).encode(), options=options)


def statement(*lines: str, head: str = STATEMENT) -> Case:
    return ledger(*lines, head=head)


def content(data: bytes, name: str = "in.csv", options: ReadingOptions = UTC) -> Case:
    def run(folder: Path) -> Found:
        (folder / name).write_bytes(data)
        return read_transfers([folder / name], options).problems

    return run


def claims(*lines: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "l.csv").write_text(LEDGER)
        (folder / "c.csv").write_text(CLAIMS + "".join(line + "\n" for line in lines))
        return read_claims(
            folder / "c.csv", read_transfers([folder / "l.csv"], UTC).transfers, UTC
        ).problems

    return run


def declared(reader: Callable[..., object], text: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "l.csv").write_text(LEDGER)
        (folder / "d.csv").write_text(text)
        transfers = read_transfers([folder / "l.csv"], UTC).transfers
        read = (
            reader(folder / "d.csv", UTC)
            if reader is read_holds
            else reader(folder / "d.csv", transfers, UTC)
        )
        problems: Found = read.problems  # type: ignore[attr-defined]
        return problems

    return run


def mapped(text: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "map.toml").write_text(text)
        with pytest.raises(InputFault) as caught:
            load_map(folder / "map.toml")
        return caught.value.problems

    return run


def unreadable(folder: Path) -> Found:
    (folder / "in.xlsx").write_bytes(b"PK\x03\x04 not an archive")
    return read_transfers([folder / "in.xlsx"], UTC).problems


def twice(folder: Path) -> Found:
    (folder / "in.csv").write_text(LEDGER)
    return read_transfers([folder / "in.csv", folder / "in.csv"], UTC).problems


def integers(folder: Path) -> Found:
    pl.DataFrame(
        {"time": ["2024-01-01"], "payer": ["A"], "payee": ["B"], "amount": [5], "currency": ["CNY"]}
    ).write_parquet(folder / "in.parquet")
    return read_transfers([folder / "in.parquet"], UTC).problems


def no_sheet(folder: Path) -> Found:
    openpyxl.Workbook().save(folder / "in.xlsx")
    mapping = ColumnMap(sheet="明细")
    return read_transfers([folder / "in.xlsx"], ReadingOptions(mapping=mapping)).problems


CASES: dict[str, Case] = {
    "file_missing": lambda folder: read_transfers([folder / "none.csv"], UTC).problems,
    "file_unreadable": unreadable,
    "file_empty": content(b" \n"),
    "file_too_large": content(b"PK\x03\x04", "x.xlsx"),  # replaced below: needs a lowered bound
    "file_format_unknown": content(b"%PDF-1.4"),
    "file_given_twice": twice,
    "encoding_unreadable": content(HEAD.encode() + b"\xff\xff\xff\xff"),
    "quote_unclosed": ledger('T1,2024-01-01,"A,B,1,CNY,,,,,'),
    "headers_unrecognised": content(b"a,b\n1,2\n"),
    "column_missing": content(
        b"time,payer,payee,currency,amount\n",
        options=ReadingOptions(mapping=ColumnMap(columns={"kind": "typ"})),
    ),
    "sheet_missing": no_sheet,
    "map_invalid": mapped("x = 1\n"),
    "timezone_unknown": ledger(options=ReadingOptions(timezone="Mars/Base")),
    "xml_invalid": content(b"<?xml version='1.0'?><a/>"),
    "mt940_invalid": content(b":20:X\n:25:1\n:60F:C240101EUR1,00\n:61:garbage\n"),
    "account_digits_lost": ledger("T1,2024-01-01,A,6.22202E+18,1,CNY,,,,,"),
    "amount_unit_unstated": integers,
    "row_ragged": ledger("T1,2024-01-01,A,B,1,CNY,,,,,,extra"),
    "row_null_bytes": ledger("T1,2024-01-01,A\0,B,1,CNY,,,,,"),
    "row_not_json": content(b'{"time": "2024-01-01"\n'),
    "cell_too_large": ledger(
        "T1,2024-01-01," + "A" * (limits.CELL_CHARS_MAX + 1) + ",B,1,CNY,,,,,\0"
    ),
    "amount_missing": ledger("T1,2024-01-01,A,B,,CNY,,,,,"),
    "amount_unreadable": ledger("T1,2024-01-01,A,B,one,CNY,,,,,"),
    "amount_not_positive": ledger("T1,2024-01-01,A,B,0,CNY,,,,,"),
    "amount_too_fine": ledger("T1,2024-01-01,A,B,0.001,CNY,,,,,"),
    "amount_too_large": ledger("T1,2024-01-01,A,B,92233720368547758.08,CNY,,,,,"),
    "amount_both_sides": statement(
        "A,2024-01-01,1,1,CNY", head="account,time,debit,credit,currency\n"
    ),
    "pocket_too_large": ledger(
        "T1,2024-01-01,A,B,20000000000000000,CNY,,,,,",
        "T2,2024-01-01,A,C,20000000000000000,CNY,,,,,",
    ),
    "balance_unreadable": ledger("T1,2024-01-01,A,B,1,CNY,,,,,much"),
    "balance_mismatch": ledger("T1,2024-01-01,A,B,1,CNY,,,,,5", "T2,2024-01-02,A,B,1,CNY,,,,,5"),
    "currency_missing": ledger("T1,2024-01-01,A,B,1,,,,,,"),
    "currency_unknown": ledger("T1,2024-01-01,A,B,1,BEAD,,,,,"),
    "time_missing": ledger("T1,,A,B,1,CNY,,,,,"),
    "time_unreadable": ledger("T1,soon,A,B,1,CNY,,,,,"),
    "time_without_zone": ledger("T1,2024-01-01,A,B,1,CNY,,,,,", options=ReadingOptions()),
    "time_ambiguous": ledger("T1,2024-10-27 02:30:00,A,B,1,CNY,,,,,", options=BERLIN),
    "time_nonexistent": ledger("T1,2024-03-31 02:30:00,A,B,1,CNY,,,,,", options=BERLIN),
    "sequence_unreadable": ledger("T1,2024-01-01,A,B,1,CNY,,,,x,"),
    "kind_unknown": ledger("T1,2024-01-01,A,B,1,CNY,gift,,,,"),
    "direction_missing": statement("A,2024-01-01,1,,B,CNY,"),
    "direction_unknown": statement("A,2024-01-01,1,sideways,B,CNY,"),
    "status_unknown": statement("A,2024-01-01,1,out,B,CNY,perhaps"),
    "account_missing": statement(",2024-01-01,1,out,B,CNY,"),
    "parties_missing": ledger("T1,2024-01-01,,,1,CNY,,,,,"),
    "id_duplicate": ledger("T1,2024-01-01,A,B,1,CNY,,,,,", "T1,2024-01-01,A,C,1,CNY,,,,,"),
    "reversal_without_original": ledger("T1,2024-01-01,A,B,1,CNY,reversal,,,,"),
    "reversal_of_nothing": ledger("T1,2024-01-01,A,B,1,CNY,reversal,T0,,,"),
    "reversal_too_early": ledger(
        "T1,2024-01-02,A,B,1,CNY,,,,,", "T2,2024-01-01,B,A,1,CNY,reversal,T1,,,"
    ),
    "reversal_differs": ledger(
        "T1,2024-01-01,A,B,1,CNY,,,,,", "T2,2024-01-02,C,A,1,CNY,reversal,T1,,,"
    ),
    "reversal_too_large": ledger(
        "T1,2024-01-01,A,B,2,CNY,,,,,",
        "T2,2024-01-02,B,A,1,CNY,reversal,T1,,,",
        "T3,2024-01-02,B,A,1.01,CNY,reversal,T1,,,",
    ),
    "conversion_inconsistent": ledger(
        "T1,2024-01-02,A,,7,CNY,conversion,,R,,", "T2,2024-01-01,,A,1,USD,conversion,,R,,"
    ),
    "claim_missing": claims(",V,T1,,,,,,"),
    "claim_duplicate": claims("C,V,T1,,,,,,", "C,V,T2,,,,,,"),
    "victim_missing": claims("C,,T1,,,,,,"),
    "claim_without_transfer": claims("C,V,,A,B,1,,,"),
    "transfer_disputed_twice": claims("C,V,T1,,,,,,", "D,V,T1,,,,,,"),
    "claim_no_match": claims("C,V,T9,,,,,,"),
    "claim_ambiguous": claims("C,V,,A,B,1,2024-01-01,CNY,"),
    "claim_differs": claims("C,V,T1,,,2,,,"),
    "claim_self_transfer": claims("C,V,T3,,,,,,"),
    "boolean_unreadable": claims("C,V,T1,,,,,,perhaps"),
    "opening_duplicate": declared(
        read_openings, "account,time,balance\nA,2024-01-01,1\nA,2024-01-01,1\n"
    ),
    "opening_negative": declared(read_openings, "account,time,balance\nA,2024-01-01,-1\n"),
    "currency_ambiguous": declared(read_openings, "account,time,balance\nB,2024-01-01,1\n"),
    "hold_ends_early": declared(
        read_holds, "account,currency,amount,time,until\nA,CNY,1,2024-01-02,2024-01-01\n"
    ),
    "link_unsupported": declared(
        read_links, "from,to,amount,time,evidence,grade,author\nA,B,1,2024-01-02,e,,a\n"
    ),
    "link_to_itself": declared(
        read_links, "from,to,amount,time,evidence,grade,author\nA,A,1,2024-01-02,e,g,a\n"
    ),
}

POTS = "account,amount,currency,holder,kind,shared_with\n"
LOSSES = "claim,victim,transfer,loss,returned,compensated,class\n"


def pots(*lines: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "p.csv").write_text(POTS + "".join(line + "\n" for line in lines))
        return read_pots(folder / "p.csv", UTC).problems

    return run


def labels(*lines: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "l.csv").write_text(LEDGER)
        (folder / "t.csv").write_text("transfer,label\n" + "".join(line + "\n" for line in lines))
        transfers = read_transfers([folder / "l.csv"], UTC).transfers
        return read_labels(folder / "t.csv", transfers, UTC).problems

    return run


def losses(line: str) -> Case:
    def run(folder: Path) -> Found:
        (folder / "l.csv").write_text(LEDGER)
        (folder / "c.csv").write_text(LOSSES + line + "\n")
        transfers = read_transfers([folder / "l.csv"], UTC).transfers
        read = read_claims(folder / "c.csv", transfers, UTC)
        assert read.problems == ()
        return read_losses(folder / "c.csv", read.claims, transfers, UTC).problems

    return run


CASES |= {
    "label_without_name": labels(",1"),
    "label_unreadable": labels("T1,perhaps"),
    "label_repeated": labels("T1,1", "T1,0"),
    "label_no_match": labels("T9,1"),
    "pot_twice": pots("A,1,CNY,,,", "A,2,CNY,,,"),
    "pot_holder_unknown": pots("A,1,CNY,suspect,,"),
    "pot_kind_unknown": pots("A,1,CNY,,loot,"),
    "pot_shared": pots("A,1,CNY,,,court"),
    "loss_above_transfer": losses("C,V,T1,1.01,,,"),
    "amount_negative": losses("C,V,T1,1,-0.01,,"),
    "paid_above_loss": losses("C,V,T1,1,0.50,0.51,"),
    "claim_class_unknown": losses("C,V,T1,1,,,friend"),
}
ELSEWHERE = frozenset(
    {
        "paid_above_missing",
        "paid_claim_unknown",
        "paid_currency",
        "policy_not_payable",
        "pot_above_balance",
        "pot_currency",
        "return_unreadable",
    }
)
"""Found only once a whole return is there: tests/e2e/test_cli_return.py."""
MODELS = frozenset({"labels_missing", "labels_too_few", "period_empty"})
"""Found by whoever trains or judges a model."""
PAPERS = frozenset({"papers_invalid", "signing_key_unusable", "template_invalid"})
"""Of the documents of a return: tests/unit/paper_returning."""

REPORT = {
    "foreign_id": "r-1",
    "received_at": "2024-01-02T08:00:00Z",
    "paid_at": "2024-01-02T07:00:00Z",
    "reporter_name": "Li",
    "payer": "622200",
    "payer_institution": "bank-a",
    "payee": "622201",
    "payee_name": "Wang",
    "payee_institution": "bank-b",
    "amount": "1",
    "currency": "CNY",
}
ENTRY = {
    "foreign_id": "h-1",
    "institution": "bank-a",
    "account": "622201",
    "account_name": "Wang",
    "measure": "stop",
    "amount": "1",
    "currency": "CNY",
    "started_at": "2024-01-02T08:00:00Z",
}
IMPORTS = {
    "foreign_missing": ("reports", [REPORT | {"foreign_id": ""}], "foreign_id"),
    "foreign_repeated": ("register", [ENTRY, ENTRY], "foreign_id"),
    "institution_missing": ("reports", [REPORT | {"payer_institution": ""}], "payer_institution"),
    "measure_unknown": ("register", [ENTRY | {"measure": "seize"}], "measure"),
    "name_missing": ("reports", [REPORT | {"payee_name": ""}], "payee_name"),
    "report_before_payment": (
        "reports",
        [REPORT | {"received_at": "2024-01-02T06:59:59Z"}],
        "received_at",
    ),
    "value_unusable": ("reports", [REPORT | {"payee": "6222 01!"}], "payee"),
}
"""What only reports and registers of other systems can have wrong: kind, rows, and the column that is named."""


@pytest.mark.parametrize("code", IMPORTS)
def test_a_row_of_an_import_is_refused_by_its_code_and_column(code: str) -> None:
    kind, rows, column = IMPORTS[code]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    read = read_import(data, kind, ReadingOptions(), is_json=True)
    assert read.problems == ()
    assert [(row.code, row.column, row.row) for row in read.refused] == [(code, column, len(rows))]
    good = json.dumps(REPORT if kind == "reports" else ENTRY).encode()
    assert read_import(good, kind, ReadingOptions(), is_json=True).refused == ()


@pytest.mark.parametrize(
    "code", sorted(set(ADVICE) - set(OPTIONS) - set(IMPORTS) - ELSEWHERE - MODELS - PAPERS)
)
def test_the_problem_is_found_and_named(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if code == "file_too_large":
        monkeypatch.setattr("recoup.limits.FILE_BYTES_MAX", 2)
    found = [problem for problem in CASES[code](tmp_path) if problem.code == code]
    assert len(found) == 1
    assert ADVICE[code] == found[0].advice or code == "map_invalid"
    assert code in str(found[0])
    assert found[0].row > 0 or code in FATAL


def test_every_code_has_a_case() -> None:
    known = {*CASES, *IMPORTS, *ELSEWHERE, *MODELS, *PAPERS}
    assert known == set(ADVICE) - set(OPTIONS)  # those: tests/unit/cli
    tests = Path(__file__).parents[2]
    shown = (tests / "e2e/test_cli_return.py").read_text(encoding="utf-8")
    assert [code for code in ELSEWHERE if code not in shown] == []
    models = (tests / "unit/watch_model/test_watching.py").read_text(encoding="utf-8")
    models += (tests / "e2e/test_cli_crossval.py").read_text(encoding="utf-8")
    assert [code for code in MODELS if code not in models] == []
    papers = "".join(
        file.read_text(encoding="utf-8") for file in (tests / "unit/paper_returning").glob("*.py")
    )
    assert [code for code in PAPERS if code not in papers] == []
    assert set(ADVICE) >= FATAL


def test_rows_that_are_no_cells_are_kept_as_text(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD + "T1,2024-01-01,A,B,1,CNY,,,,,,extra\n")
    row = read_transfers([tmp_path / "in.csv"], UTC).rejected.row(0, named=True)
    assert (row["code"], row["raw"]) == (
        "row_ragged",
        '{"found":"T1,2024-01-01,A,B,1,CNY,,,,,,extra"}',
    )


def test_a_bad_row_is_reported_once_not_by_every_later_check(tmp_path: Path) -> None:
    assert len(ledger("T1,soon,,,one,BEAD,gift,T9,,x,y")(tmp_path)) == 1


def test_all_problems_come_at_once_sorted_by_place(tmp_path: Path) -> None:
    found = ledger(
        "T1,soon,A,B,1,CNY,,,,,", "T2,2024-01-01,A,B,one,CNY,,,,,", "T3,2024-01-01,A,B,1,BEAD,,,,,"
    )(tmp_path)
    assert [(problem.row, problem.code) for problem in found] == [
        (2, "time_unreadable"),
        (3, "amount_unreadable"),
        (4, "currency_unknown"),
    ]


def test_a_missing_file_among_good_ones_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(LEDGER)
    reading = read_transfers([tmp_path / "l.csv", tmp_path / "none.csv"], UTC)
    assert [problem.code for problem in reading.fatal] == ["file_missing"]


def test_declared_tables_say_which_column_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("currency\nCNY\n")
    assert [problem.code for problem in read_accounts(tmp_path / "a.csv").problems] == [
        "column_missing"
    ]
    assert Digits({}).knows("CNY")
