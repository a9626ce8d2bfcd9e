"""A centre and a witness as two operators run them: the witness's file shows later that the journal was rewritten."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
import time
from pathlib import Path

import httpx
from program import recoup, start
from serving import PASSWORD, Running, running


class Process(Running):
    """Any command of the program that listens."""

    def __init__(self, *arguments: str) -> None:
        self.process = start(*arguments, is_quiet=True)
        self.printed, self.logged = [], []


def test_a_rewritten_journal_is_found_by_what_the_witness_holds(tmp_path: Path) -> None:
    name = "centre.example/journal"
    own = recoup("witness", "keys", name, "--journal", "--out", str(tmp_path / "journal.key"))
    other = recoup("witness", "keys", "bank.example", "--out", str(tmp_path / "bank.key"))
    assert (own.returncode, other.returncode) == (0, 0), own.stderr + other.stderr
    assert stat.S_IMODE((tmp_path / "journal.key").stat().st_mode) == 0o600
    twice = recoup("witness", "keys", "bank.example", "--out", str(tmp_path / "bank.key"))
    assert twice.returncode == 2, "a key is never written over"
    held = tmp_path / "held"
    options = ("--key", str(tmp_path / "bank.key"), "--journal", own.stdout.strip())
    witness = Process("witness", "serve", *options, "--data", str(held), "--port", "0")
    try:
        url = witness.wait_for("Listening")
        config = tmp_path / "centre.toml"
        config.write_text(
            f"""
[journal]
signing_key = "{tmp_path / "journal.key"}"
seconds = 1
[[journal.witnesses]]
key = "{other.stdout.strip()}"
url = "{url}"
"""
        )
        data = tmp_path / "centre"
        given = ("--data", str(data), "--port", "0", "--config", str(config))
        with running(*given) as centre:
            token = centre.wait_for("setup token")
            address = centre.wait_for("Listening")
            body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
            key = {"Idempotency-Key": "setup-0001"}
            assert (
                httpx.post(f"{address}/setup", json=body, headers=key, timeout=30).status_code
                == 200
            )
            file = held / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.checkpoint"
            for _ in range(200):
                if file.exists():
                    break
                time.sleep(0.05)
            assert centre.end() == 0
    finally:
        witness.process.terminate()
        witness.process.wait(30)
        assert witness.process.stdout is not None
        witness.process.stdout.close()
    journal = data / "journal.sqlite"
    proof = ("--witness", str(file), "--key", own.stdout.strip())
    quorum = ("--witness-key", other.stdout.strip(), "--quorum", "1")
    good = recoup("verify", str(journal), *proof, *quorum)
    assert good.returncode == 0, good.stderr
    assert "1 of witnesses" in good.stdout
    with sqlite3.connect(journal) as rows:  # whoever owns the disk takes the newest records away
        rows.execute("DELETE FROM record WHERE sequence > 1")
        rows.execute("DELETE FROM checkpoint")
    rows.close()
    assert recoup("verify", str(journal)).returncode == 0, "the chain alone cannot tell"
    cut = recoup("verify", str(journal), *proof, *quorum)
    assert cut.returncode == 2
    assert "rolled_back" in cut.stderr
