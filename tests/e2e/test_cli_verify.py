"""`recoup verify` as an auditor runs it: a journal on disk, checkpoints from witnesses, and what a change leads to."""

from __future__ import annotations

import sqlite3

import pytest
from contract.journals import batch_of
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from recoup.cli import app
from recoup.journal import Checkpoint, Tree, sign_checkpoint
from recoup.journal.notes import Algorithm, cosign, public_key
from recoup.journal.port import StoredCheckpoint
from recoup.stores.sqlite import SqliteJournal

ORIGIN, LOG = "centre.example/journal", Ed25519PrivateKey.from_private_bytes(b"1" * 32)
WITNESS = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
LOG_KEY = str(public_key(ORIGIN, Algorithm.NOTE, LOG))
WITNESS_KEY = str(public_key("bank.example", Algorithm.COSIGNATURE, WITNESS))


@pytest.fixture
def folder(tmp_path):
    """A journal of 20 records with its own checkpoints at 10 and 20; a bank holds the one at 20."""
    journal, tree = SqliteJournal.open(tmp_path / "journal.sqlite"), Tree()
    epoch = journal.lead()
    for n in range(20):
        journal.append(batch_of(journal, f"c{n}"), epoch)
        tree.append(journal.last().hash)
        if tree.size in {10, 20}:
            note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), LOG)
            note = note.with_signature(cosign(note.text, "bank.example", WITNESS, 1_767_607_200))
            journal.add_checkpoint(StoredCheckpoint(tree.size, str(note).encode()))
    (tmp_path / "bank.checkpoint").write_text(str(note), encoding="utf-8")
    journal.close()
    (tmp_path / "root").write_text(tree.root().hex(), encoding="utf-8")
    return tmp_path


def verify(folder, *options):
    witness = ["--witness", str(folder / "bank.checkpoint")]
    return CliRunner().invoke(app, ["verify", str(folder / "journal.sqlite"), *witness, *options])


def change(folder, *statements):
    driver = sqlite3.connect(folder / "journal.sqlite")
    for statement in statements:
        driver.execute(statement)
    driver.commit()
    driver.close()


@pytest.mark.parametrize(
    "options",
    [[], ["--key", LOG_KEY], ["--key", LOG_KEY, "--witness-key", WITNESS_KEY, "--quorum", "1"]],
)
def test_a_sound_journal_gives_its_counts_and_root(folder, options):
    result = verify(folder, *options)
    assert result.exit_code == 0, result.output
    root = (folder / "root").read_text(encoding="utf-8")
    assert result.stdout.splitlines() == [
        "records      20",
        f"root         {root}",
        "checkpoints  2 of the journal, 1 of witnesses",
        "vouched for  20 records",
    ]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE record SET body = CAST('{}' AS BLOB) WHERE sequence = 7", "record 7: edited"),
        ("UPDATE record SET subject = 'case_2' WHERE sequence = 1", "record 1: edited"),
        (
            "UPDATE record SET subject = CAST(x'ff' AS TEXT) WHERE sequence = 7",
            "record 7: malformed",
        ),
        ("DELETE FROM record WHERE sequence = 5", "record 5: deleted"),
        ("DELETE FROM record WHERE sequence > 18", "record 19: cut_tail"),
        ("UPDATE checkpoint SET note = x'00' WHERE size = 10", "record 10: swapped_checkpoint"),
        (
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 20) WHERE size = 10",
            "record 10: swapped_checkpoint",
        ),
    ],
)
def test_the_first_wrong_record_is_named(folder, statement, said):
    change(folder, statement)
    result = verify(folder)
    assert result.exit_code == 2
    assert result.stderr.startswith(said), result.stderr
    assert result.stdout == ""


def test_a_rolled_back_journal_is_named_by_the_witness_only(folder):
    change(
        folder, "DELETE FROM record WHERE sequence > 15", "DELETE FROM checkpoint WHERE size > 15"
    )
    result = verify(folder)
    assert result.exit_code == 2
    assert result.stderr.startswith("record 16: rolled_back: a witness saw 20 records")
    alone = CliRunner().invoke(app, ["verify", str(folder / "journal.sqlite")])
    assert alone.exit_code == 0  # the negative control: without a witness nothing shows it


@pytest.mark.parametrize(
    "options",
    [
        ["--quorum", "1"],
        ["--key", "not a key"],
        ["--key", LOG_KEY, "--quorum", "1"],
        ["--key", LOG_KEY.replace("centre", "other")],
        ["--witness", "absent"],
    ],
)
def test_what_cannot_be_checked_is_refused(folder, options):
    result = verify(folder, *options)
    assert result.exit_code == 2
    assert result.stderr
    assert result.stdout == ""


def test_a_checkpoint_that_too_few_cosigned_is_refused(folder):
    path = folder / "bank.checkpoint"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    options = ("--key", LOG_KEY, "--witness-key", WITNESS_KEY)
    assert verify(folder, *options).exit_code == 0
    assert verify(folder, *options, "--quorum", "1").exit_code == 2


@pytest.mark.parametrize("content", [None, b"", b"no database" * 1_000])
def test_a_file_that_is_no_journal_is_refused(tmp_path, content):
    path = tmp_path / "a.sqlite"
    if content is not None:
        path.write_bytes(content)
    result = CliRunner().invoke(app, ["verify", str(path)])
    assert result.exit_code == 2
    assert result.stderr
    assert "Traceback" not in result.output
    assert "--" not in result.stderr, "what a query is for is no news to whoever gave the file"
