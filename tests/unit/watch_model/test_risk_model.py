"""RiskModel with scikit-learn's own checks of estimators, and within its tools."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import cross_val_predict
from sklearn.utils.estimator_checks import check_estimator

from recoup.watch.model import RiskModel, read_model, write_model

NOT_KEPT = {
    "check_sample_weight_equivalence_on_dense_data": (
        "the least rows of a leaf and the rows that calibrate are counted, not weighed, as LightGBM does"
    ),
}
"""Checks of scikit-learn that fail, and why they may."""


def rows(count: int = 600):
    draw = np.random.default_rng(2)
    matrix = draw.normal(size=(count, 3))
    return matrix, matrix[:, 0] + matrix[:, 1] + draw.normal(size=count) * 0.2 > 1


@pytest.mark.slow
def test_the_checks_of_scikit_learn_hold_but_those_that_are_named() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs: of skipped and of expected failures
        results = check_estimator(RiskModel(trees=5), expected_failed_checks=NOT_KEPT, on_skip=None)
    status = {(one["check_name"], one["status"]) for one in results}
    assert {name for name, found in status if found == "xfail"} == set(NOT_KEPT)
    assert {name for name, found in status if found == "skipped"} <= {"check_array_api_input"}
    assert sum(found == "passed" for _, found in status) > 40


def test_it_learns_keeps_its_names_and_is_a_model_that_can_be_kept() -> None:
    matrix, labels = rows()
    frame = pl.DataFrame(matrix, schema=["one", "two", "three"])
    model = RiskModel(trees=30).fit(frame, np.where(labels, "bad", "good"))
    assert model.classes_.tolist() == ["bad", "good"]
    assert model.feature_names_in_.tolist() == ["one", "two", "three"]
    assert (model.predict(frame) == np.where(labels, "bad", "good")).mean() > 0.9
    kept = read_model(write_model(model.model_))
    assert np.array_equal(kept.probabilities(matrix), model.predict_proba(frame)[:, 1])


def test_it_works_within_the_tools_of_scikit_learn() -> None:
    matrix, labels = rows()
    matrix[::7, 2] = np.nan
    found = cross_val_predict(RiskModel(trees=20), matrix, labels, cv=3, method="predict_proba")
    assert found.shape == (600, 2)
    assert np.allclose(found.sum(axis=1), 1)
    assert ((found[:, 1] > 0.5) == labels).mean() > 0.85


def test_weights_count_and_other_targets_are_refused() -> None:
    matrix, labels = rows()
    even = RiskModel(trees=20).fit(matrix, labels)
    heavy = RiskModel(trees=20).fit(matrix, labels, np.where(labels, 20.0, 1.0))
    raws = [model.model_.raw_scores(matrix).mean() for model in (even, heavy)]
    assert raws[1] > raws[0] + 0.5
    with pytest.raises(ValueError, match="Only binary classification is supported"):
        RiskModel().fit(matrix, np.arange(600) % 3)
    with pytest.raises(ValueError, match="one class"):
        RiskModel().fit(matrix, np.ones(600))
