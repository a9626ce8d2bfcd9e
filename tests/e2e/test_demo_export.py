"""`recoup demo --export`: a reported fraud of a rehearsal as a case; what is read of an export, and what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recoup.bank.sandbox.script import parse_script
from recoup.centre import View
from recoup.clock import HandClock
from recoup.demo.exported import Exported, ExportFault, read_export, write_village
from recoup.orders import OrderKind
from recoup.stores.sqlite import SqliteJournal

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("village") / "export"
    write_village(folder)
    return folder


def reports(village: Path) -> list[str]:
    return [str(name) for name in pl.read_csv(village / "reports.csv")["report"]]


def test_every_report_is_a_case_whose_books_balance(village: Path) -> None:
    """Each sandbox can book its script, and together they have what the export's own rows leave on these accounts."""
    rows = pl.read_csv(village / "transfers.csv", infer_schema=False).to_dicts()
    for report in reports(village):
        case = read_export(village, report)
        scene = case.scene(NOW)
        balances: dict[str, int] = {}
        for institution in scene.institutions:
            script = parse_script(tomllib.loads(scene.script(institution)))
            core = script.core(HandClock(NOW))
            balances |= {x.number: core.find(x.number)[0].balance for x in script.clients}
        assert balances == left_at(rows, case, set(balances)), report
        assert scene.disputed[0].paid_at < NOW
        assert all(paid.payee.number in case.institution for paid in scene.disputed)


def left_at(rows: list[dict[str, str]], case: Exported, accounts: set[str]) -> dict[str, int]:
    """Return what lies on accounts when the report comes, worked out from the whole ledger."""
    left = {account: case.opening[account] for account in accounts}
    for row in rows:
        if datetime.fromisoformat(row["time"]) > case.at:
            continue
        amount = int(row["amount"].replace(".", ""))
        for side, sign in (("payer", -1), ("payee", 1)):
            if row[side] in accounts:
                left[row[side]] += sign * amount
    return left


def test_wherever_the_money_can_have_come_to_there_is_an_account(village: Path) -> None:
    """Whom the chase asks has its rows; what an account paid before anything came to it is no matter."""
    for report in reports(village):
        case = read_export(village, report)
        disputed = {claim["transfer"] for claim in case.claims}
        reached: set[str] = set()
        for row in case.transfers:
            if row["id"] in disputed or row["payer"] in reached:
                assert row["payee"] in case.institution or row["payee"] in case.outside, report
                reached.add(row["payee"])


def test_without_a_name_the_largest_report_is_taken(village: Path) -> None:
    every = pl.read_csv(village / "reports.csv").sort("amount", descending=True)
    assert read_export(village).report == every["report"][0]


def test_what_is_no_export_is_refused(village: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportFault, match="no report r99"):
        read_export(village, "r99")
    with pytest.raises(ExportFault, match="not an export"):
        read_export(tmp_path)
    for name, spoiled in (("opening", "account\n"), ("reports", "report,amount\n")):
        folder = tmp_path / name
        shutil.copytree(village, folder)
        (folder / f"{name}.csv").write_text(spoiled)
        with pytest.raises(ExportFault, match="not an export"):
            read_export(folder)
    for name, old, new, said in (
        ("claims", ",t5129,", ",t999999,", "claim's transfer"),
        ("transfers", ",CNY,", ",USD,", "expected CNY only"),
        ("reports", "38769.31", "many", "not an export"),
    ):
        other = tmp_path / f"other {name}"
        shutil.copytree(village, other)
        text = (other / f"{name}.csv").read_text()
        assert old in text
        (other / f"{name}.csv").write_text(text.replace(old, new, 1))
        with pytest.raises(ExportFault, match=said):
            read_export(other, "r3")
    (tmp_path / "reports" / "reports.csv").write_text("report,reported_at,victim,amount\n")
    with pytest.raises(ExportFault, match="no report that can be played"):
        read_export(tmp_path / "reports")


@pytest.mark.slow
def test_a_case_of_the_village_is_played_to_the_cent(village: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ["demo", "--export", str(village), "--report", "r3", "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "recoup", *words],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    def figure(name: str) -> int:
        found = re.search(rf"^{name} +([0-9.]+)$", done.stdout, re.MULTILINE)
        assert found is not None, name
        return int(found[1].replace(".", ""))

    assert figure("held, net unique") + figure("left the system") == figure("reported")
    assert figure("held, gross") == figure("held, net unique") + figure("overlap")
    assert figure("frozen") == figure("held, gross") > 0
    case = View(SqliteJournal.read(folder / "centre.sqlite")).state.case("case-1")
    assert {hold.basis for hold in case.holds if hold.held} == {OrderKind.FREEZE}
    assert figure("returned") + figure("still frozen") == figure("frozen")
