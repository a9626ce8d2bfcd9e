"""`RiskModel`: training and scoring with the face of scikit-learn, which it loads; serving a model does not."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from recoup.watch.model.calibration import UNFITTED, Kind, fit_calibration
from recoup.watch.model.columns import named_features
from recoup.watch.model.drift import bins_of
from recoup.watch.model.model import Model, Parameters, Training
from recoup.watch.model.training import TooFewCases, fit_weighted, scored, thresholds


class RiskModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """A classifier of two classes: trees by LightGBM, calibrated, served by kernels of our own.

    Rows are taken to be in the order of time: the last `held_out_share` of them calibrate a first fit on those before, then the
    trees are fitted on all. Where either part has one class only, probabilities are those of the trees themselves. Missing and
    endless values are allowed.

    Args:
        trees: how many.
        leaves: of one tree at most.
        depth: splits above a leaf at most.
        learning_rate: share of each tree's step that is taken.
        leaf_rows_min: rows in a leaf at least.
        feature_share: share of the features that each tree is offered.
        l2: penalty on large leaves.
        calibration: isotonic, sigmoid or none; None chooses by how many cases there are.
        held_out_share: share of the rows that calibrate.
        seed: of what is drawn in training; the same rows and seed give the same model.

    Example:
        >>> import numpy as np
        >>> rows = np.arange(400.0).reshape(-1, 1)
        >>> model = RiskModel(trees=20).fit(rows, np.arange(400) % 100 >= 90)
        >>> model.predict_proba(rows[:2]).shape
        (2, 2)
    """

    def __init__(
        self,
        *,
        trees: int = 200,
        leaves: int = 31,
        depth: int = 6,
        learning_rate: float = 0.05,
        leaf_rows_min: int = 20,
        feature_share: float = 0.8,
        l2: float = 1.0,
        calibration: str | None = None,
        held_out_share: float = 0.2,
        seed: int = 1,
    ) -> None:
        self.trees = trees
        self.leaves = leaves
        self.depth = depth
        self.learning_rate = learning_rate
        self.leaf_rows_min = leaf_rows_min
        self.feature_share = feature_share
        self.l2 = l2
        self.calibration = calibration
        self.held_out_share = held_out_share
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn from rows `X` [n, F] with classes `y`; of two classes the later in order is the risk."""
        matrix, target = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        kind = type_of_target(target, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_: NDArray[Any] = np.unique(target)
        if self.classes_.size < 2:
            raise ValueError("expected two classes, was one class")
        weight = _check_sample_weight(sample_weight, matrix, dtype=np.float64)
        self.model_ = self._fitted(matrix, target == self.classes_[1], weight)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the probabilities of both classes for rows `X`, [n, 2]."""
        check_is_fitted(self)
        matrix = validate_data(self, X, dtype=np.float64, ensure_all_finite=False, reset=False)
        risk = self.model_.probabilities(matrix)
        return np.column_stack([1.0 - risk, risk])

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the likelier class of rows `X`."""
        likelier = self.predict_proba(X).argmax(axis=1)
        found: NDArray[Any] = self.classes_[likelier]
        return found

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 (scikit-learn has no types)
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _parameters(self) -> Parameters:
        return Parameters(
            trees=self.trees,
            leaves=self.leaves,
            depth=self.depth,
            learning_rate=self.learning_rate,
            leaf_rows_min=self.leaf_rows_min,
            feature_share=self.feature_share,
            l2=self.l2,
            by_money=False,
            calibration=None if self.calibration is None else Kind(self.calibration),
            held_out_share=self.held_out_share,
            seed=self.seed,
        )

    def _fitted(
        self,
        matrix: NDArray[np.float64],
        labels: NDArray[np.bool_],
        weight: NDArray[np.float64],
    ) -> Model:
        parameters = self._parameters()
        border = labels.size - int(labels.size * self.held_out_share)
        later, raws, calibration = labels[border:], np.zeros(0), UNFITTED
        if parameters.calibration is not Kind.NONE and later.any() and not later.all():
            try:
                first = fit_weighted(matrix[:border], labels[:border], weight[:border], parameters)
            except TooFewCases:
                first = ()  # one class in the part before: nothing that could be calibrated
            if first:
                raws = scored(first, matrix[border:])
                calibration = fit_calibration(raws, later, parameters.calibration)
        trees = fit_weighted(matrix, labels, weight, parameters)
        width = matrix.shape[1]
        names = getattr(self, "feature_names_in_", [f"x{at}" for at in range(width)])
        features = named_features(str(name) for name in names)
        rows, cases = labels.size, int(labels.sum())
        training = Training(
            (), parameters, 0, 0, None, rows, cases, later.size, int(later.sum()), rows_unknown=0
        )
        columns = zip(features.names, matrix.T, strict=True)
        return Model(
            features,
            trees,
            calibration,
            thresholds(raws),
            tuple(bins_of(name, column) for name, column in columns),
            bins_of("score", scored(trees, matrix)),
            training,
        )
