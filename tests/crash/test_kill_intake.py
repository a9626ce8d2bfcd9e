"""A report whose process is killed at each named point is taken once, with all its pieces and none twice."""

from __future__ import annotations

import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from bureau import Bureau, reported

from recoup import limits
from recoup.api import set_up_logs
from recoup.centre import sweeping
from recoup.clock import HandClock, instant_text
from recoup.staff import Role

sys.path.insert(0, str(Path(__file__).parent))
from killing_intake import ACCOUNT, FORGETFUL, KEY, POINTS, send

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


class Killed(Protocol):
    def __call__(self, folder: Path, point: str, what: str = "report") -> Bureau: ...


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Kill a centre at a point of its report, or of the account that it enters; give its people and files, without a centre.

    One death serves all tests of its kind: each gets a copy of what it left.
    """
    died: dict[tuple[str, str], Bureau] = {}

    def die(point: str, what: str) -> Bureau:
        bureau = people_of(tmp_path_factory.mktemp("killed") / "centre")
        if what == "account":
            bureau.place("C0", "gd", "taker")
        bureau.close()
        words = [sys.executable, str(HERE / "killing_intake.py"), str(bureau.folder), point, what]
        found = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        assert found.returncode == -signal.SIGKILL, (found.returncode, found.stdout, found.stderr)
        return bureau

    def copied(folder: Path, point: str, what: str = "report") -> Bureau:
        if (point, what) not in died:
            died[point, what] = die(point, what)
        left = died[point, what]
        shutil.copytree(left.folder, folder)
        # Made without a start: nothing is opened before the test says so.
        bureau = object.__new__(Bureau)
        bureau.folder, bureau.clock = folder, HandClock(left.clock.now())
        bureau.tokens, bureau.secrets, bureau.ids = left.tokens, left.secrets, left.ids
        return bureau

    return copied


def opened(bureau: Bureau) -> Bureau:
    """Start a centre on the same files, at the time at which its clock stands."""
    return Bureau(bureau.folder, bureau.clock, dict(bureau.tokens), bureau.secrets, bureau.ids)


def asked_again(bureau: Bureau) -> Bureau:
    """Open a killed centre anew, and ask again under the same key."""
    again = opened(bureau)
    answer = send(again, "report")
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
    unharmed: list[tuple[str, str]], killed: Killed, tmp_path: Path, point: str
) -> None:
    again = asked_again(killed(tmp_path / "centre", point))
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
    unharmed: list[tuple[str, str]], killed: Killed, tmp_path: Path
) -> None:
    """Negative control: asked again, it keeps the report's text and its payment a second time."""
    again = asked_again(killed(tmp_path / "centre", FORGETFUL))
    again.close()
    assert len(kept(tmp_path / "centre")) > len(unharmed)


# --- what was kept and never journalled -----------------------------------------------------------------------------------

BETWEEN = "between vault and journal"
LATER = timedelta(seconds=limits.VAULT_WAIT_SECONDS_MAX)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """What the vault has just before the report, and before the account."""
    bureau = people_of(tmp_path_factory.mktemp("before") / "centre")
    found = {"report": kept(bureau.folder)}
    bureau.place("C0", "gd", "taker")
    bureau.close()
    return {**found, "account": kept(bureau.folder)}


@pytest.mark.parametrize("what", [pytest.param("report", marks=pytest.mark.slow), "account"])
def test_what_was_kept_for_an_entry_that_never_came_is_dropped_at_a_start_after_its_time(
    killed: Killed, before: dict[str, list[tuple[str, str]]], tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "centre"
    bureau = killed(folder, BETWEEN, what)
    left = kept(folder)
    assert len(left) - len(before[what]) >= 3, "the vault came first"
    bureau.clock.move(LATER)
    opened(bureau).close()
    assert kept(folder) == left, "somebody may still ask again"
    bureau.clock.move(MOMENT)
    opened(bureau).close()
    assert kept(folder) == before[what]
    assert waiting(folder) == 0


@pytest.mark.parametrize("what", [pytest.param("report", marks=pytest.mark.slow), "account"])
def test_what_an_entry_names_is_never_dropped(killed: Killed, tmp_path: Path, what: str) -> None:
    """Asked again under its key or by somebody else, or journalled just before the death: it stays for ever."""
    folder = tmp_path / "centre"
    bureau = killed(folder, "after the journal", what)
    left = kept(folder)
    assert waiting(folder) > 0, "nothing told the vault yet"
    bureau.clock.move(LATER + MOMENT)
    opened(bureau).close()
    assert (kept(folder), waiting(folder)) == (left, 0)


@pytest.mark.parametrize("key", [KEY, "report-0002"])
def test_what_is_asked_again_before_its_time_stays(
    killed: Killed, tmp_path: Path, key: str
) -> None:
    bureau = killed(tmp_path / "centre", BETWEEN, "account")
    again = opened(bureau)
    again.log_in("taker")
    answer = again.post("/accounts", ACCOUNT, "taker", key)
    assert answer.status_code == 200, answer.text
    account = answer.json()["account"]
    again.close()
    bureau.clock.move(LATER + MOMENT)
    again = opened(bureau)
    assert again.desk._office.directory.has(account, "account_number")
    again.close()
    assert waiting(bureau.folder) == 0


def test_what_a_statement_speaks_of_meanwhile_stays(killed: Killed, tmp_path: Path) -> None:
    """The chase met the account in an institution's rows: its id stands there, whatever became of the command."""
    bureau = killed(tmp_path / "centre", BETWEEN, "account")
    again = opened(bureau)
    account = again.desk._office.directory.account(ACCOUNT["institution"], ACCOUNT["number"], "Wu")
    again.close()
    bureau.clock.move(LATER + MOMENT)
    again = opened(bureau)
    assert again.desk._office.directory.known(ACCOUNT["institution"], ACCOUNT["number"]) == account
    again.close()


def test_a_sweep_that_does_not_ask_who_names_a_piece_is_found(
    killed: Killed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    bureau = killed(tmp_path / "centre", "after the journal", "report")
    left = kept(bureau.folder)
    monkeypatch.setattr(sweeping._Sweep, "drops", lambda *_: True)
    opened(bureau).close()
    assert kept(bureau.folder) != left


def waiting(folder: Path) -> int:
    """Return how many pieces wait for an entry."""
    vault = sqlite3.connect(folder / "vault.sqlite")
    ((count,),) = vault.execute("SELECT count(*) FROM vault_waiting").fetchall()
    vault.close()
    return count
