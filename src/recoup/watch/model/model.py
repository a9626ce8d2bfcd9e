"""A trained model as it is kept and served: features, trees, calibration, thresholds, what it was trained on. Trains nothing.

Its file is one line of JSON in one canonical form, behind a head that says format, version and digest of what follows.
Nothing in it is run: reading one cannot do more than be refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from math import inf, isinf
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from recoup import limits
from recoup.errors import ModelFault, ModelProblem
from recoup.watch.model.calibration import Calibration, Kind
from recoup.watch.model.columns import FeatureSet
from recoup.watch.model.drift import Bins
from recoup.watch.model.forest import Forest, forest_of
from recoup.watch.model.kernels import contributions, score_many
from recoup.watch.model.trees import Tree, check_trees, malformed

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a model is trained; the same parameters and data give the same bytes."""

    trees: int = 200
    leaves: int = 31
    depth: int = 6
    learning_rate: float = 0.05
    leaf_rows_min: int = 20
    feature_share: float = 0.8
    l2: float = 1.0
    case_weight: float = 1.0
    """Weight of a case of fraud beside a row that is none, before its money."""
    by_money: bool = True
    """Whether a case weighs by its money, from a quarter to four times the others of its currency."""
    others_share: float = 1.0
    """Share of the rows that are no case that trees learn from, drawn by the seed: many alike teach little and cost time."""
    calibration: Kind | None = None
    held_out_share: float = 0.2
    """Share of the rows, the last in time, that the calibration and the measures of the card come from."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that a model was trained on."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Training:
    """What a model was trained on; instants are microseconds UTC."""

    data: tuple[DataFile, ...]
    parameters: Parameters
    from_us: int
    until_us: int
    label_delay_us: int | None
    """How long after its payment a fraud is known; None where nobody said."""
    rows: int
    cases: int
    rows_held_out: int
    cases_held_out: int
    rows_unknown: int
    """Rows so late that their labels were not known when training ended; they are not trained on."""
    timezone: str = ""
    """IANA zone of the wall clock that features read; '' where nobody said."""
    night: tuple[int, int] = (22, 6)
    """Hours of that clock: from the first up to the second it was night."""
    whole_accounts: bool = False
    """Whether an account was one pocket whatever the currency; else it was one a currency."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The raw score that this share of the rows held out reached."""

    alert_share: float
    raw: float


@dataclass(frozen=True)
class Model:
    """A model that payments are scored with."""

    features: FeatureSet
    trees: tuple[Tree, ...]
    calibration: Calibration
    thresholds: tuple[Threshold, ...]
    bins: tuple[Bins, ...]
    """Of each feature, in the order of the features, at training."""
    score_bins: Bins
    training: Training

    @cached_property
    def forest(self) -> Forest:
        """The trees as kernels take them."""
        return forest_of(self.trees, len(self.features.names))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model: the version that a decision names."""
        return hashlib.sha256(_body(self)).hexdigest()

    def require(self, features: FeatureSet) -> None:
        """Raise `ModelFault` unless the model was trained on `features`."""
        if self.features.digest == features.digest and self.features.names == features.names:
            return
        pairs = zip(self.features.names, features.names, strict=False)
        at = next((at for at, (own, here) in enumerate(pairs) if own != here), None)
        said = f"expected {len(features.names)} features, was {len(self.features.names)}"
        if at is not None:
            said = f"feature {at}: expected {features.names[at]}, was {self.features.names[at]}"
        elif len(self.features.names) == len(features.names):
            said = "the same names with other units, windows or sides"
        raise ModelFault(ModelProblem.OTHER_FEATURES, said)

    def raw_scores(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the raw score of each row of a matrix [n, F]."""
        scores: NDArray[np.float64] = score_many(self.forest, self._rows(matrix))
        return scores

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probability of each row of a matrix [n, F]."""
        return self.calibration.of(self.raw_scores(matrix))

    def contributions(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each feature adds to the raw score of each row, [n, F + 1]; the last column is the base."""
        added: NDArray[np.float64] = contributions(self.forest, self._rows(matrix))
        return added

    def _rows(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        width = len(self.features.names)
        if matrix.ndim != 2 or matrix.shape[1] != width:  # a kernel would read past the row
            found = f"expected {width} columns, was a matrix of {matrix.shape}"
            raise ModelFault(ModelProblem.OTHER_FEATURES, found)
        return np.ascontiguousarray(matrix, np.float64)


class _StoredTree(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    features: tuple[int, ...]
    thresholds: tuple[float | None, ...]  # null: infinity, which JSON does not have
    missing: tuple[int, ...]
    missing_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]
    counts: tuple[int, ...]


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    features: FeatureSet
    calibration: Calibration
    thresholds: tuple[Threshold, ...]
    training: Training
    bins: tuple[Bins, ...]
    score_bins: Bins
    trees: tuple[_StoredTree, ...]


def _body(model: Model) -> bytes:
    trees = tuple(
        _StoredTree(
            tree.features,
            tuple(None if isinf(value) else value for value in tree.thresholds),
            *(tree.missing, tree.missing_left, tree.left, tree.right, tree.values, tree.counts),
        )
        for tree in model.trees
    )
    stored = _Stored(
        model.features,
        model.calibration,
        model.thresholds,
        model.training,
        model.bins,
        model.score_bins,
        trees,
    )
    return msgspec.json.encode(stored)


_HEAD: Final = re.compile(
    rb'\{"format":"recoup model","version":([0-9]{1,9}),"digest":"([0-9a-f]{64})","body":'
)
_TAIL: Final = b"}\n"


def write_model(model: Model) -> bytes:
    """Return the bytes of the file of a model: the same model, the same bytes."""
    head = f'{{"format":"recoup model","version":{VERSION},"digest":"{model.digest}","body":'
    return head.encode() + _body(model) + _TAIL


def read_model(content: bytes, features: FeatureSet | None = None) -> Model:
    """Return the model of a file's bytes; any other bytes, and another set of features, raise `ModelFault`.

    Args:
        content: the bytes.
        features: what is computed here; None where the model is only looked at.
    """
    if len(content) > limits.MODEL_BYTES_MAX:
        raise ModelFault(ModelProblem.UNREADABLE, f"{len(content)} bytes are too many")
    head = _HEAD.match(content)
    if head is None:
        raise ModelFault(ModelProblem.UNREADABLE, "no file of a model")
    if int(head[1]) != VERSION:
        raise ModelFault(ModelProblem.VERSION_UNKNOWN, f"expected {VERSION}, was {int(head[1])}")
    if not content.endswith(_TAIL):
        raise ModelFault(ModelProblem.CUT_SHORT, f"{len(content)} bytes without the end")
    body = content[head.end() : -len(_TAIL)]
    if hashlib.sha256(body).hexdigest() != head[2].decode():
        raise ModelFault(ModelProblem.ALTERED, "the digest is another")
    try:
        stored = msgspec.json.decode(body, type=_Stored)
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(str(error)) from error
    model = _model(stored)
    if features is not None:
        model.require(features)
    return model


def _model(stored: _Stored) -> Model:
    trees = tuple(
        Tree(
            tree.features,
            tuple(inf if value is None else value for value in tree.thresholds),
            *(tree.missing, tree.missing_left, tree.left, tree.right, tree.values, tree.counts),
        )
        for tree in stored.trees
    )
    check_trees(trees, len(stored.features.names))
    columns = (*stored.bins, stored.score_bins)
    if tuple(one.name for one in stored.bins) != stored.features.names:
        raise malformed("bins of other features")
    if any(len(one.counts) != len(one.edges) + 2 for one in columns):
        raise malformed("bins without as many counts")
    return Model(
        stored.features,
        trees,
        stored.calibration,
        stored.thresholds,
        stored.bins,
        stored.score_bins,
        stored.training,
    )
