"""A report whose process is killed at each named point is taken once, with all its pieces and none twice."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from bureau import Bureau, reported

from recoup.api import set_up_logs
from recoup.clock import instant_text
from recoup.staff import Role

sys.path.insert(0, str(Path(__file__).parent))
from killing_intake import FORGETFUL, KEY, POINTS

HERE = Path(__file__).parent


def kept(folder: Path) -> list[tuple[str, str]]:
    """Return kind of subject and field of every piece, sorted: what two runs have in common."""
    vault = sqlite3.connect(folder / "vault.sqlite")
    rows = vault.execute("SELECT subject, field FROM vault_item").fetchall()
    vault.close()
    return sorted((subject.rpartition("_")[0], name) for subject, name in rows)


def people_of(folder: Path) -> Bureau:
    folder.mkdir()
    bureau = Bureau(folder)
    bureau.set_up()
    bureau.hire("taker", (Role.CALL_TAKER, "gd"))
    known = {"tokens": bureau.tokens, "secrets": bureau.secrets, "ids": bureau.ids}
    known |= {"now": instant_text(bureau.clock.now())}
    (folder / "people.json").write_text(json.dumps(known), encoding="utf-8")
    return bureau


def killed_and_asked_again(folder: Path, point: str) -> Bureau:
    """Kill a centre at a point of its report, open it anew, and ask again under the same key."""
    bureau = people_of(folder)
    bureau.close()
    words = [sys.executable, str(HERE / "killing_intake.py"), str(folder), point]
    found = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == -signal.SIGKILL, (found.returncode, found.stdout, found.stderr)
    again = Bureau(folder, bureau.clock, bureau.tokens, bureau.secrets, bureau.ids)
    answer = again.post("/reports", reported("C1", "gd"), "taker", KEY)
    assert answer.status_code == 200, answer.text
    return again


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What the vault has after a report that nothing befell."""
    set_up_logs(io.StringIO())
    bureau = people_of(tmp_path_factory.mktemp("unharmed") / "centre")
    assert bureau.post("/reports", reported("C1", "gd"), "taker", KEY).status_code == 200
    bureau.close()
    return kept(bureau.folder)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_report_is_taken_once_with_all_its_pieces(
    unharmed: list[tuple[str, str]], tmp_path: Path, point: str
) -> None:
    again = killed_and_asked_again(tmp_path / "centre", point)
    case = again.desk.view().case("C1")
    (report,), (claim,) = case.reports, case.claims
    directory = again.desk._office.directory
    named = {
        report.id: "report_text",
        report.reporter: "person_document",
        claim.transfer: "payment_serial",
        claim.payee: "account_number",
        claim.payer: "account_number",
    }
    assert [subject for subject, name in named.items() if not directory.has(subject, name)] == []
    again.close()
    assert kept(tmp_path / "centre") == unharmed


def test_a_centre_whose_ids_do_not_follow_from_the_command_is_found(
    unharmed: list[tuple[str, str]], tmp_path: Path
) -> None:
    """Negative control: asked again, it keeps the report's text and its payment a second time."""
    again = killed_and_asked_again(tmp_path / "centre", FORGETFUL)
    again.close()
    assert len(kept(tmp_path / "centre")) > len(unharmed)
