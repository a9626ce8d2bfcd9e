"""Trains a model: which rows may be learnt from, what each weighs, trees by LightGBM, calibration on what came later.

**What was not known at the end.** A label is known `label_delay` after its payment. A row whose label could not be known when
training ends is not learnt from, whichever label it has: taken for innocent it would teach that fresh fraud is none.

**Two fits.** The first is on the earlier rows; the calibration, the thresholds and the measures of the card come from the
rows after them, which it has not seen. The trees that are kept are then fitted on all rows, so that the last weeks are learnt
from too.

LightGBM and scikit-learn are loaded here when they train, never by serving. One thread and a fixed seed: the same rows, the
same trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recoup.watch.model.calibration import fit_calibration
from recoup.watch.model.columns import FeatureSet
from recoup.watch.model.drift import bins_of
from recoup.watch.model.forest import forest_of
from recoup.watch.model.kernels import score_many
from recoup.watch.model.measures import Labels, Scores
from recoup.watch.model.model import DataFile, Model, Parameters, Threshold, Training
from recoup.watch.model.trees import Tree, parse_trees

ALERT_SHARES = (0.001, 0.005, 0.01, 0.05)
"""Shares of payments for which a model keeps a threshold."""
_MONEY_SHARES = (0.25, 4.0)  # of the median case of its currency: no single loss outweighs the rest


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to measure on, in the order of time."""

    matrix: NDArray[np.float64]
    """[n, F]"""
    labels: Labels
    times_us: NDArray[np.int64]
    money: NDArray[np.int64]
    """Minor units."""
    currencies: NDArray[np.int32]
    """A number for each currency; money is compared within one only."""

    def __post_init__(self) -> None:
        columns = (self.labels, self.times_us, self.money, self.currencies)
        if any(column.shape != (self.matrix.shape[0],) for column in columns):
            raise ValueError("expected one value a row in every column")

    def where(self, mask: Labels) -> Examples:
        """Return the rows of `mask`."""
        return Examples(
            self.matrix[mask],
            self.labels[mask],
            self.times_us[mask],
            self.money[mask],
            self.currencies[mask],
        )


class TooFewCases(ValueError):
    """Nothing can be learnt: no case, or nothing but cases, among the rows whose labels are known."""


@dataclass(frozen=True)
class Trained:
    """A model, and the trial on rows that its first fit had not seen."""

    model: Model
    known: Examples
    """All rows learnt from."""
    is_held_out: Labels
    held_out_scores: Scores
    """Raw scores of the rows held out, by the first fit."""


def train(
    examples: Examples,
    features: FeatureSet,
    until_us: int,
    label_delay_us: int | None = None,
    parameters: Parameters | None = None,
    data: Sequence[DataFile] = (),
    *,
    whole_accounts: bool = False,
) -> Trained:
    """Return a model trained on what was known at `until_us`; rows from then on are not looked at.

    Raises:
        TooFewCases: there is no case, or no other row, before the part held out.
    """
    chosen = parameters or Parameters()
    before = examples.where(examples.times_us < until_us)
    known = before.where(before.times_us + (label_delay_us or 0) < until_us)
    held_out = held_out_rows(known.times_us, chosen.held_out_share)
    first = fit_trees(known.where(~held_out), chosen)
    width = len(features.names)
    later = known.where(held_out)
    raws = scored(first, later.matrix)
    calibration = fit_calibration(raws, later.labels, chosen.calibration)
    trees = fit_trees(known, chosen) if later.labels.size else first
    training = Training(
        data=tuple(data),
        parameters=chosen,
        from_us=int(known.times_us[0]),
        until_us=until_us,
        label_delay_us=label_delay_us,
        rows=known.labels.size,
        cases=int(known.labels.sum()),
        rows_held_out=later.labels.size,
        cases_held_out=int(later.labels.sum()),
        rows_unknown=before.labels.size - known.labels.size,
        whole_accounts=whole_accounts,
    )
    columns = zip(features.names, known.matrix.T, strict=True)
    model = Model(
        features=features,
        trees=trees,
        calibration=calibration,
        thresholds=thresholds(raws),
        bins=tuple(bins_of(name, column) for name, column in columns),
        score_bins=bins_of("score", scored(trees, known.matrix)),
        training=training,
    )
    assert known.matrix.shape[1] == width
    return Trained(model, known, held_out, raws)


def held_out_rows(times_us: NDArray[np.int64], share: float) -> Labels:
    """Return which rows are held out: the last in time, about `share` of them; rows of one instant stay together."""
    if not times_us.size or share <= 0:
        return np.zeros(times_us.shape, np.bool_)
    border = np.sort(times_us)[max(int(times_us.size * (1 - share)) - 1, 0)]
    later: Labels = times_us > border
    return later


def weights(examples: Examples, parameters: Parameters) -> NDArray[np.float64]:
    """Return what each row weighs: 1, a case `case_weight`, more or less by its money among the cases of its currency."""
    found = np.where(examples.labels, parameters.case_weight, 1.0)
    if not parameters.by_money:
        return found
    for currency in np.unique(examples.currencies[examples.labels]).tolist():
        cases = examples.labels & (examples.currencies == currency)
        money = examples.money[cases].astype(np.float64)
        relative = np.clip(money / max(float(np.median(money)), 1.0), *_MONEY_SHARES)
        found[cases] *= (
            relative / relative.mean()
        )  # the cases of a currency together weigh what they did
    return found


def fit_trees(examples: Examples, parameters: Parameters) -> tuple[Tree, ...]:
    """Return trees fitted on rows weighed by `weights`."""
    row_weights = weights(examples, parameters)
    if parameters.others_share < 1:
        drawn = examples.labels | _drawn(
            examples.labels.size, parameters.seed, parameters.others_share
        )
        examples, row_weights = examples.where(drawn), row_weights[drawn]
    return fit_weighted(examples.matrix, examples.labels, row_weights, parameters)


def _drawn(count: int, seed: int, share: float) -> Labels:
    """Return a draw of about `share` of rows: bits of each row's number and the seed, well mixed (SplitMix64)."""
    bits = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits += np.uint64(seed * 0xD1B54A32D192ED03 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    drawn: Labels = bits < np.uint64(int(share * 2**53) << 11)
    return drawn


def fit_weighted(
    matrix: NDArray[np.float64],
    labels: Labels,
    row_weights: NDArray[np.float64],
    parameters: Parameters,
) -> tuple[Tree, ...]:
    """Return trees fitted by LightGBM on one thread; `TooFewCases` without both sorts of rows."""
    import lightgbm

    if labels.all() or not labels.any():
        raise TooFewCases(f"{int(labels.sum())} cases among {labels.size} rows with known labels")
    settings = {
        "objective": "binary",
        "num_leaves": parameters.leaves,
        "max_depth": parameters.depth,
        "learning_rate": parameters.learning_rate,
        "min_data_in_leaf": parameters.leaf_rows_min,
        "feature_fraction": parameters.feature_share,
        "lambda_l2": parameters.l2,
        "seed": parameters.seed,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,  # else it times both ways and takes the faster
        "verbosity": -1,
    }
    data = lightgbm.Dataset(matrix, labels.astype(np.int8), weight=row_weights)
    booster = lightgbm.train(settings, data, parameters.trees)
    trees, _ = parse_trees(booster.model_to_string())
    return trees


def scored(trees: Sequence[Tree], matrix: NDArray[np.float64]) -> Scores:
    """Return the raw scores of rows by trees that are no model yet."""
    rows = np.ascontiguousarray(matrix, np.float64)
    scores: Scores = score_many(forest_of(trees, matrix.shape[1]), rows)
    return scores


def thresholds(raws: Scores) -> tuple[Threshold, ...]:
    """Return the raw scores that the highest of `raws` reach, for each share of `ALERT_SHARES`."""
    if not raws.size:
        return ()
    ordered = np.sort(raws)[::-1]
    places = [max(int(raws.size * share), 1) - 1 for share in ALERT_SHARES]
    found = zip(ALERT_SHARES, places, strict=True)
    return tuple(Threshold(share, float(ordered[place])) for share, place in found)


def without(examples: Examples, columns: Sequence[int]) -> Examples:
    """Return the rows with the columns of some features made empty, for what these features add."""
    matrix = examples.matrix.copy()
    matrix[:, list(columns)] = np.nan
    return replace(examples, matrix=matrix)
