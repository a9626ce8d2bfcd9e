"""The report: pages that need nothing from elsewhere, a press table of one page, every goal told."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from recoup.rehearse.figures import FIGURES
from recoup.rehearse.report import document, write_report
from recoup.rehearse.report.goals import goals_of
from recoup.rehearse.report.page import page_html
from recoup.rehearse.report.plots import trail
from recoup.rehearse.report.words import LANGUAGES, WORDS, policy_name
from recoup.rehearse.running import known_policies
from rehearsal.report.village import run_of_village


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    run = run_of_village()
    write_report(run, document(run, "village.toml"), out, "zh")
    return out


@pytest.mark.parametrize("name", ["report.html", "report.en.html"])
def test_a_page_runs_no_script_and_fetches_nothing(folder, name):
    page = (folder / name).read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!report)', page)
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\((?!#)", page)


def test_the_same_run_gives_the_same_page_and_press_table(folder):
    run = run_of_village()
    again = page_html(run, "village.toml", "zh", "report.en.html")
    assert again == (folder / "report.html").read_text(encoding="utf-8")


def test_a_page_shows_every_figure_of_every_policy(folder):
    page = (folder / "report.en.html").read_text(encoding="utf-8")
    for one in FIGURES:
        assert one.name.replace("_", " ") in page
    for name in ("none", "med2", "instant", "latency_bound"):
        assert policy_name(name, "en") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_press_table_is_one_page_and_says_what_is_missing(folder, language):
    reader = PdfReader(io.BytesIO((folder / f"press.{language}.pdf").read_bytes()))
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    assert WORDS["unmeasured"][LANGUAGES.index(language)] in text
    assert policy_name("med2", language) in text


def test_a_goal_that_is_missed_is_said_to_be_missed():
    run = run_of_village()
    med2 = run.results["med2"]
    better = replace(med2, policy="full", figures=med2.figures | {"innocent_amount_held_peak": 0})
    full = replace(run, results={**run.results, "full": better})
    goals = {one.key: one.is_reached for one in goals_of(full)}
    assert goals["goal_med2"] is False  # it keeps what med2 keeps, and that is not twice as much
    assert goals["goal_innocent"] is True
    assert {one.key for one in goals_of(run)} == set(goals)
    assert {one.key: one.is_reached for one in goals_of(run)}["goal_med2"] is None


def test_frauds_whose_traceable_money_did_not_come_back_are_named():
    run = run_of_village()
    blank = [replace(one, traceable=0) for one in run.results["med2"].cases[3:]]
    first, second, third = (
        replace(one, traceable=100, returned=100, days_to_return=33.0)
        for one in run.results["med2"].cases[:3]
    )

    def goal(*cases):
        full = replace(run.results["med2"], policy="full", cases=(*cases, *blank))
        found = goals_of(replace(run, results={**run.results, "full": full}))
        return next(one for one in found if one.key == "goal_return")

    whole = goal(first, second, third)
    assert (whole.is_reached, whole.found) == (True, "100.0%; 3/3")
    open_, late = replace(second, returned=99), replace(third, days_to_return=45.0)
    open_ = replace(open_, waited_days=45.0)
    missed = goal(first, open_, late)
    assert missed.is_reached is False
    assert missed.found == f"99.7%; 1/3; × #{open_.fraud}; + #{late.fraud}"
    young = goal(first, replace(open_, waited_days=43.0), third)
    assert (young.is_reached, young.found) == (True, f"99.7%; 2/3; … #{open_.fraud}")
    assert goal().is_reached is None


def test_innocents_who_were_not_free_within_the_clock_are_named():
    run = run_of_village()

    def goal(filed, late, names):
        figures = run.results["med2"].figures
        figures = figures | {"innocent_appeals": filed, "innocent_appeals_late": late}
        full = replace(run.results["med2"], policy="full", figures=figures, late=names)
        found = goals_of(replace(run, results={**run.results, "full": full}))
        return next(one for one in found if one.key == "goal_appeal")

    assert (goal(3, 0, ()).is_reached, goal(3, 0, ()).found) == (True, "3/3")
    missed = goal(40, 14, tuple(f"a{number:02}" for number in range(13)))
    assert missed.is_reached is False
    assert missed.found == "26/40 " + " ".join(f"a{number:02}" for number in range(12)) + " …"
    assert goal(0, 0, ()).is_reached is None


def test_every_word_is_said_in_both_languages_with_the_same_values():
    for key, pair in WORDS.items():
        zh, en = (set(re.findall(r"{(\w+)}", words)) for words in pair)
        assert zh == en, key
    assert all(f"policy_{name}" in WORDS for name in known_policies())


@pytest.mark.parametrize("policy", ["none", "med2"])
def test_the_trail_of_the_largest_case_shows_what_left(policy):
    """The picture is a trace of its own: what it says left is what the figures' truth says."""
    run = run_of_village()
    result = run.results[policy]
    largest = max(result.cases, key=lambda one: (one.loss, -one.fraud))
    svg = trail(result, "CNY", "en")
    assert largest.left > 0 or policy != "none"
    assert not largest.left or f"¥{largest.left // 100:,}.{largest.left % 100:02}" in svg


def test_cases_have_one_row_a_fraud_and_policy(folder):
    rows = list(csv.DictReader(io.StringIO((folder / "cases.csv").read_text(encoding="utf-8"))))
    run = run_of_village()
    assert len(rows) == sum(len(one.cases) for one in run.results.values())
    for name, result in run.results.items():
        kept = sum(int(row["kept"]) for row in rows if row["policy"] == name)
        assert kept == result.figures["stopped_net"] + result.figures["intercepted_amount"]
