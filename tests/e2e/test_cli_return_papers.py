"""`recoup return --documents` from files to signed papers: whole or nothing, and no person in what is printed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from typer.testing import CliRunner, Result
from unit.paper_returning.returned import own_key, packed, text_of

from recoup.cli import app
from recoup.paper.returning import template_names

LEDGER = """\
id,time,payer,payee,amount,currency,reference
t1,2026-01-05T10:00:00Z,P,mule,60.00,CNY,serial-1
t2,2026-01-05T10:01:00Z,M,mule,40.00,CNY,serial-2
t3,2026-01-05T10:02:00Z,mule,shop,90.00,CNY,serial-3
t4,2026-01-05T10:03:00Z,mule,bar,10.00,CNY,serial-4
"""
CLAIMS = "claim,victim,transfer,loss\nc1,P,t1,60.00\nc2,M,t2,40.00\n"
POTS = "account,amount,currency,kind\nshop,90.00,CNY,\ncash,5.00,CNY,cash\n"
CASE = """\
made_on = 2026-07-01
languages = ["zh"]
[case]
number = "A-17"
[parties.P]
name = "被害人甲"
id_number = "440301196002030000"
phone = "13000000000"
account = "6222020200011122233"
"""
PERSON = ("被害人甲", "440301196002030000", "13000000000", "6222020200011122233")
SIGNING = '[signing]\npkcs12 = "key.p12"\npassphrase_file = "words"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("return")
    files = {"t.csv": LEDGER, "c.csv": CLAIMS, "p.csv": POTS, "case.toml": CASE + SIGNING}
    for name, text in (files | {"words": "secret\n", "bad.toml": CASE + "[cases]\n"}).items():
        (folder / name).write_text(text, encoding="utf-8")
    key, own = own_key()
    (folder / "key.p12").write_bytes(packed(key, own, b"secret"))
    (folder / "own.pem").write_bytes(own.public_bytes(Encoding.PEM))
    return folder


def run(folder: Path, *more: str, out: str = "out") -> Result:
    given = {"--pots": "p.csv", "--claims": "c.csv", "--transfers": "t.csv", "--out": out}
    files = [word for name, path in given.items() for word in (name, str(folder / path))]
    return CliRunner().invoke(app, ["return", *files, *more])


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def done(folder: Path) -> Result:
    return run(folder, "--documents", str(folder / "case.toml"))


def test_the_papers_of_a_return_are_written_and_signed(folder: Path, done: Result) -> None:
    assert done.exit_code == 0, done.output
    papers = folder / "out/documents"
    rows = rows_of(papers / "documents.csv")
    assert {path.name for path in papers.iterdir()} == {
        *(row["file"] for row in rows),
        "documents.csv",
        "awards.xlsx",
    }
    assert {row["signed"] for row in rows if row["file"].endswith(".pdf")} == {"yes"}
    data = (papers / "decision-0001.zh.pdf").read_bytes()
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    root = load_cert_from_pemder(str(folder / "own.pem"))
    assert validate_pdf_signature(signature, ValidationContext(trust_roots=[root])).bottom_line
    assert "人民币陆拾元整" in text_of(data)
    assert docx.Document(papers / "decision-0001.zh.docx").paragraphs


def test_the_table_of_flows_has_what_came_to_the_pots_and_nothing_else(
    folder: Path, done: Result
) -> None:
    assert done.exit_code == 0, done.output
    seen = text_of((folder / "out/documents/flows-0001.zh.pdf").read_bytes())
    assert [name for name in ("serial-1", "serial-2", "serial-3") if name not in seen] == []
    assert "serial-4" not in seen  # the bar's money is in no pot
    assert "全部4行" in seen  # both claims' money went on with the third transfer


def test_nothing_of_a_person_is_printed_or_stands_in_the_proof(folder: Path, done: Result) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (folder / "out").glob("*.*")]
    texts += [done.output, (folder / "out/documents/documents.csv").read_text(encoding="utf-8")]
    assert len(texts) > 5
    assert not [word for word in PERSON for text in texts if word in text]
    pages = pypdf.PdfReader(folder / "out/documents/decision-0001.zh.pdf").pages
    assert PERSON[0] in "".join(page.extract_text() for page in pages)  # they were given


def test_the_awards_can_still_be_worked_out_again_and_the_workbook_has_them(
    folder: Path, done: Result
) -> None:
    assert done.exit_code == 0, done.output
    verified = CliRunner().invoke(app, ["return", "verify", str(folder / "out")])
    assert verified.exit_code == 0, verified.output
    book = openpyxl.load_workbook(folder / "out/documents/awards.xlsx")
    rows = rows_of(folder / "out/awards.csv")
    sheet = book.worksheets[0]
    assert [[cell.value for cell in row][:4] for row in sheet.iter_rows(min_row=2)] == [
        [row["claim"], row["account"], row["mode"], float(row["amount"])] for row in rows
    ]
    proof = [[cell.value for cell in row] for row in book["核验 proof"].iter_rows()]
    assert ["file", "awards.csv"] in [row[:2] for row in proof]
    assert all(len(row[2]) == 64 for row in proof if row[0] in {"file", "input"})
    assert len([row for row in proof if row[0] == "input"]) >= 2


def test_a_paper_that_is_not_the_one_that_was_made_is_named(folder: Path) -> None:
    bare = folder / "verified.toml"
    bare.write_text("made_on = 2026-07-01\nlanguages = ['en']\n", encoding="utf-8")
    assert run(folder, "--documents", str(bare), out="sent").exit_code == 0
    papers = folder / "sent/documents"

    def verified() -> Result:
        return CliRunner().invoke(app, ["return", "verify", str(folder / "sent")])

    assert verified().exit_code == 0
    for name in ("decision-0001.en.pdf", "awards.xlsx", "documents.csv"):
        path = papers / name
        whole = path.read_bytes()
        path.write_bytes(whole + b"\n")
        found = verified()
        assert (found.exit_code, f"documents/{name}: not the file" in found.output) == (2, True)
        path.write_bytes(whole)
    # Another payment's decision in the place of one, and one more than were made.
    first, second = (papers / f"decision-000{n}.en.pdf" for n in (1, 2))
    whole = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert "documents/decision-0001.en.pdf: not the file" in verified().output
    first.write_bytes(whole)
    (papers / "decision-0009.en.pdf").write_bytes(whole)
    assert "documents/decision-0009.en.pdf: summary.json says nothing" in verified().output
    (papers / "decision-0009.en.pdf").unlink()
    # What an office edits, keeps beside them, or does not hand on is its own affair.
    (papers / "decision-0001.en.docx").write_bytes(b"edited")
    (papers / "scan of the decision.pdf").write_bytes(b"scan")
    (papers / "letter-0001.en.pdf").unlink()
    assert verified().exit_code == 0, verified().output


def test_papers_of_an_earlier_plan_do_not_stay_beside_newer_awards(folder: Path) -> None:
    case = folder / "bare.toml"
    case.write_text("made_on = 2026-07-01\nlanguages = ['en']\n", encoding="utf-8")
    assert run(folder, "--documents", str(case), out="again").exit_code == 0
    papers = folder / "again/documents"
    (papers / "note of the officer.txt").write_text("mine", encoding="utf-8")
    assert (papers / "decision-0001.en.pdf").exists()
    assert run(folder, out="again").exit_code == 0
    assert [path.name for path in papers.iterdir()] == ["note of the officer.txt"]


def test_what_cannot_be_used_is_refused_before_anything_is_written(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "other.toml").write_text(CASE.replace("parties.P", "parties.V9"), encoding="utf-8")
    good = ["--documents", str(folder / "case.toml")]
    for more, named in (
        (["--documents", str(folder / "bad.toml")], "papers_invalid"),
        (["--documents", str(folder / "none.toml")], "file_missing"),
        (["--documents", str(folder / "other.toml")], "parties.V9"),
        ([*good, "--templates", str(folder / "empty")], "template_invalid"),
        (["--templates", str(folder / "empty")], "--documents"),
    ):
        result = run(folder, *more, out="never")
        assert result.exit_code == 2, result.output
        assert named in result.output
        assert not (folder / "never").exists()
        assert not [word for word in PERSON if word in result.output]


def test_an_office_changes_a_template_and_its_own_words_are_used(folder: Path) -> None:
    ours = folder / "ours"
    written = CliRunner().invoke(app, ["return", "templates", str(ours)])
    assert written.exit_code == 0, written.output
    assert sorted(path.name for path in ours.iterdir()) == sorted(template_names())
    again = CliRunner().invoke(app, ["return", "templates", str(ours)])
    assert again.exit_code == 2
    assert "is not replaced" in again.output
    letter = docx.Document(ours / "letter.zh.docx")
    letter.add_paragraph("本局接待日为周三。")
    letter.save(ours / "letter.zh.docx")
    given = ["--documents", str(folder / "case.toml"), "--templates", str(ours)]
    result = run(folder, *given, out="worded")
    assert result.exit_code == 0, result.output
    made = docx.Document(folder / "worded/documents/letter-0001.zh.docx")
    assert made.paragraphs[-1].text == "本局接待日为周三。"
