"""`recoup demo --notice` as a new user runs it: two notices of thirty days in virtual time, two objections, all documents.

The same rules are tried without a centre, banks or papers in `tests/unit/procedure/test_procedure.py`.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest

from recoup.centre import View
from recoup.demo.notice_return import RETURN
from recoup.demo.street import ACCOUNTS
from recoup.paper.returning import Kind
from recoup.paper.words import LANGUAGES
from recoup.procedure import ObjectionState, PaymentState, Return
from recoup.returning import verify_return
from recoup.stores.sqlite import SqliteJournal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("notice") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "demo", "--notice", "--out", str(folder)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def found(played) -> Return:
    folder, _ = played
    return View(SqliteJournal.read(folder / "centre.sqlite")).state.returns[RETURN]


def test_each_plan_was_public_for_thirty_whole_days_before_anybody_could_decide(
    played, found
) -> None:
    _, text = played
    (only,) = found.rounds
    assert len(only.notices) == 2
    for notice in only.notices:
        assert timedelta(days=30) < notice.ends_at - notice.published_at < timedelta(days=31)
    assert only.decided_at is not None
    assert only.decided_at > only.notices[-1].ends_at
    assert text.count("to decide now is refused: notice_runs") == 2
    assert "virtual time: the clock of centre and banks was moved by hand over 52 days" in text


def test_one_objection_failed_and_one_made_the_plan_fall(found) -> None:
    (only,) = found.rounds
    assert [row.state for row in only.objections] == [
        ObjectionState.DISMISSED,
        ObjectionState.UPHELD,
    ]
    assert only.notices[0].plan != only.notices[1].plan
    assert only.plan is not None
    assert only.notices[1].plan == only.plan.digest, "what was public is what was decided"


def test_three_victims_share_and_every_cent_arrives(played, found) -> None:
    _, text = played
    awards = {(row.key.claim, row.place.account): row.amount for row in found.payments}
    assert sorted(awards.values()) == [750_000, 937_500, 2_000_000, 2_812_500]
    assert {row.state for row in found.payments} == {PaymentState.PAID}
    assert sum(row.paid for row in found.payments) == 6_500_000
    arrived = re.findall(r"own account: ([0-9.]+) CNY arrived", text)
    assert arrived == ["28125.00", "29375.00", "7500.00"]
    assert re.search(r"^still frozen +0\.00$", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["papers-first-notice", "papers"])
def test_the_papers_of_both_plans_can_be_worked_out_again(played, name: str) -> None:
    folder, _ = played
    assert verify_return(folder / name) == ()


def test_every_kind_of_document_is_there_in_both_languages_and_says_what_it_must(played) -> None:
    folder, _ = played
    documents = folder / "papers" / "documents"
    listed = (documents / "documents.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(listed.splitlines()))
    made = {(row["document"], row["language"]) for row in rows}
    assert made == {(kind.value, language) for kind in Kind for language in LANGUAGES}

    def read(name: str) -> str:
        pages = pypdf.PdfReader(io.BytesIO((documents / name).read_bytes())).pages
        return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))

    dismissed, upheld = (read(f"objection-000{n}.en.pdf") for n in (1, 2))
    assert "Holder2" in dismissed
    assert "Theobjectionisupheld." in upheld
    assert "Theobjectionisupheld." not in dismissed
    notice = read("notice-0001.zh.pdf")
    assert "2026-03-30" in notice
    assert "2026-04-29" in notice
    for held in ACCOUNTS.values():
        assert held.name.replace(" ", "") not in notice, "a public notice names nobody"
        assert held.number not in notice
    assert "无法逐笔对应" in read("report-0001.zh.pdf"), "no report says that shared money is clear"
    shared, traced = read("decision-0001.zh.pdf"), read("decision-0002.zh.pdf")
    assert "由多名被害人的款项混合而成" in shared
    assert "由多名被害人的款项混合而成" not in traced
    assert "2026-05-08" in read("assist-0001.en.pdf"), "the May holiday is left out"
