"""Sweeps: every point once, points that are there are not played again, intervals that are right."""

from __future__ import annotations

import json

import jsonschema
import pytest
from scipy import stats

from recoup.errors import ScenarioFault
from recoup.rehearse.report import document, out_schema
from recoup.rehearse.report.sweeps import sweep_charts
from recoup.rehearse.sweeping import Term, interval, points_of, sweep, swept_document
from rehearsal.report.village import run_of_village, village

TERMS = (Term("frauds.count", ("6", "9")),)
POLICIES = ("none",)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    points = tuple(points_of(village(), TERMS, range(1, 3)))
    return folder, points, sweep(points, TERMS, POLICIES, folder, workers=1)


def test_a_second_run_plays_nothing_that_is_there(swept):
    folder, points, found = swept
    told = []
    files = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = sweep(points, TERMS, POLICIES, folder, progress=lambda *now: told.append(now))
    assert again == found
    assert told == [("playing", 4, 4)]
    assert files == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_point_is_named_after_all_that_it_follows_from(swept):
    _, points, _ = swept
    keys = {point.key(policies) for point in points for policies in (("none",), ("none", "med2"))}
    assert len(keys) == 2 * len(points)


def test_a_value_that_is_none_of_its_term_is_refused():
    with pytest.raises(ScenarioFault):
        list(points_of(village(), (Term("frauds.count", ("many",)),), [1]))


def test_out_with_a_sweep_keeps_the_schema(swept):
    _, _, found = swept
    out = document(run_of_village(), "village.toml") | {"sweep": swept_document(found)}
    jsonschema.validate(json.loads(json.dumps(out)), out_schema())


def test_every_point_is_drawn_in_both_languages(swept):
    _, _, found = swept
    for language in ("zh", "en"):
        ((title, svg),) = sweep_charts(found, language)
        assert "frauds.count" in title
        assert svg.count("<polyline") == len(found.policies)


def test_an_interval_is_that_of_students_t():
    values = [0.2, 0.5, 0.3, 0.45, 0.1]
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=sum(values) / 5, scale=stats.sem(values)
    )
    found = interval(values)
    assert (low, high) == pytest.approx((found.low, found.high))
    assert found.seeds == 5
    one = interval([0.4])
    assert one.low == one.mean == one.high
