"""`recoup demo` as a new user runs it: six institutions, one case from report to receipt, every cent accounted for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from recoup.centre import View
from recoup.centre.letters import Correspondence
from recoup.centre.office import Office, Setting, wait_until
from recoup.clock import SystemClock
from recoup.demo.giving_back import RETURN
from recoup.demo.play import Demo
from recoup.ids import RandomIds
from recoup.messages import NoticeTerms
from recoup.orders import HoldState
from recoup.procedure import PaymentState, sums_of
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.vault import LocalKeys

REPORTED, EXITED = 8_800_000, 2_494_000


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "demo", "--out", str(folder)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def figure(text: str, name: str) -> int:
    found = re.search(rf"^{name} +([0-9.]+)$", text, re.MULTILINE)
    assert found is not None, name
    return int(found[1].replace(".", ""))


def test_every_cent_of_the_loss_is_frozen_or_has_left(played) -> None:
    _, text = played
    assert figure(text, "reported") == REPORTED
    assert figure(text, "left the system") == EXITED
    assert figure(text, "frozen") == REPORTED - EXITED
    assert figure(text, "held, net unique") == REPORTED - EXITED


def test_every_frozen_cent_is_paid_back_and_has_its_receipt(played) -> None:
    folder, text = played
    assert figure(text, "returned") == REPORTED - EXITED
    assert figure(text, "still frozen") == 0
    state = View(SqliteJournal.read(folder / "centre.sqlite")).state
    found = state.returns[RETURN]
    sums = sums_of(found, "CNY")
    assert (sums.awarded, sums.paid, sums.excess) == (REPORTED - EXITED, REPORTED - EXITED, 0)
    assert {row.state for row in found.payments} == {PaymentState.PAID}
    assert [len(row.facts) for row in found.payments] == [1] * 5
    assert sum(row.amount for row in found.payments) == sums.awarded
    claim = state.case("case-1").claims[0]
    assert (claim.returned, claim.missing) == (REPORTED - EXITED, EXITED)


def test_the_way_back_is_told_step_by_step(played) -> None:
    _, text = played
    steps = ("return: ", "plan: ", "plan approved", "decided: ", "banks are given notice: by law")
    places = [text.index(step) for step in (*steps, "receipt in", "the victim reads: ")]
    assert places == sorted(places)


def test_the_chase_went_over_every_institution_that_had_the_money(played) -> None:
    _, text = played
    for name in ("river", "hill", "lake", "stone", "paygate"):
        assert f"{name}: frozen" in text
    assert "harbour: " not in text, "the victim's own bank holds nothing"


def test_its_journal_is_whole_and_says_the_same(played) -> None:
    folder, text = played
    store = folder / "centre.sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "verify", str(store)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    view = View(SqliteJournal.read(store))
    holds = view.state.holds.values()
    assert {hold.state for hold in holds} <= {HoldState.FROZEN, HoldState.RETURNED}
    assert sum(hold.frozen_total for hold in holds) == figure(text, "frozen")
    assert sum(hold.returned for hold in holds) == figure(text, "returned")
    assert sum(hold.held for hold in holds) == figure(text, "still frozen")


def test_no_account_number_and_no_name_is_in_the_journal(played) -> None:
    folder, _ = played
    journal = SqliteJournal.read(folder / "centre.sqlite")
    bodies = b"\n".join(record.body for record in journal.records())
    scripts = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.toml")))
    numbers = set(re.findall(r"\b6222\d{15}\b", scripts))
    assert len(numbers) >= 6
    assert not [number for number in numbers if number.encode() in bodies]
    assert b"Holder" not in bodies


def test_a_folder_with_a_demo_in_it_is_left_alone(played) -> None:
    folder, _ = played
    before = (folder / "centre.sqlite").stat().st_mtime_ns
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "demo", "--out", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "another folder" in done.stderr
    assert (folder / "centre.sqlite").stat().st_mtime_ns == before


def test_a_centre_that_is_started_again_in_the_middle_finishes_the_chase(tmp_path: Path) -> None:
    demo = Demo(tmp_path, print)
    with demo._institutions() as (addresses, ring, key):
        notice = NoticeTerms("a centre", (), "000")
        wire = Correspondence("centre", key, ring, addresses, notice)
        keys = LocalKeys(b"k" * 32)
        policy = read_case_policy("cn-2016")
        setting = Setting(
            tmp_path / "centre.sqlite", keys, wire, policy, SystemClock(), RandomIds()
        )
        first = Office(setting)
        first.start()
        view = first.view()
        demo._report(first)

        def something_is_held() -> bool:
            view.catch_up()
            return any(hold.held for hold in view.state.holds.values())

        assert wait_until(something_is_held, 60)
        first.stop()
        assert len(view.state.holds) < 5, "it was stopped in the middle"
        second = Office(setting)
        second.start()
        view = second.view()
        demo._chase(second, view)
        second.stop()
        assert second.fault is None
    assert sum(hold.held for hold in view.state.holds.values()) == REPORTED - EXITED


def test_waiting_ends_when_it_is_done_or_when_time_is_up() -> None:
    assert wait_until(lambda: True, 0.0)
    assert not wait_until(lambda: False, 0.05)
