"""The model of watch: trains trees on features of payments, serves them by kernels, measures them. Reads no files.

A matrix of features and labels goes in, a `Model` comes out; its file holds everything that serving needs and nothing that
runs. Names are imported when they are first asked for: serving a model loads neither LightGBM nor scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recoup.watch.model.calibration import Calibration
    from recoup.watch.model.card import added_by, card_of, card_page, groups_of
    from recoup.watch.model.columns import FeatureRow, FeatureSet, feature_set, named_features
    from recoup.watch.model.drift import Bins, Moved, Shift, bins_of, drift_of, psi
    from recoup.watch.model.estimator import RiskModel
    from recoup.watch.model.evaluation import BUDGETS, Scored, figures
    from recoup.watch.model.forest import Forest, forest_of
    from recoup.watch.model.kernels import (
        contributions,
        probabilities,
        probability_at,
        score,
        score_many,
        score_with,
    )
    from recoup.watch.model.model import (
        DataFile,
        Model,
        Parameters,
        Threshold,
        Training,
        read_model,
        write_model,
    )
    from recoup.watch.model.reasons import Meaning, Reason, meaning_of, reasons_of
    from recoup.watch.model.training import Examples, TooFewCases, Trained, train
    from recoup.watch.model.trees import Missing, Tree, parse_trees

__all__ = [
    "BUDGETS",
    "Bins",
    "Calibration",
    "DataFile",
    "Examples",
    "FeatureRow",
    "FeatureSet",
    "Forest",
    "Meaning",
    "Missing",
    "Model",
    "Moved",
    "Parameters",
    "Reason",
    "RiskModel",
    "Scored",
    "Shift",
    "Threshold",
    "TooFewCases",
    "Trained",
    "Training",
    "Tree",
    "added_by",
    "bins_of",
    "card_of",
    "card_page",
    "contributions",
    "drift_of",
    "feature_set",
    "figures",
    "forest_of",
    "groups_of",
    "meaning_of",
    "named_features",
    "parse_trees",
    "probabilities",
    "probability_at",
    "psi",
    "read_model",
    "reasons_of",
    "score",
    "score_many",
    "score_with",
    "train",
    "write_model",
]

_HOMES = {
    "calibration": "Calibration",
    "card": "added_by card_of card_page groups_of",
    "drift": "Bins Moved Shift bins_of drift_of psi",
    "estimator": "RiskModel",
    "evaluation": "BUDGETS Scored figures",
    "columns": "FeatureRow FeatureSet feature_set named_features",
    "forest": "Forest forest_of",
    "kernels": "contributions probabilities probability_at score score_many score_with",
    "model": "DataFile Model Parameters Threshold Training read_model write_model",
    "reasons": "Meaning Reason meaning_of reasons_of",
    "training": "Examples TooFewCases Trained train",
    "trees": "Missing Tree parse_trees",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'recoup.watch.model' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"recoup.watch.model.{_HOME[name]}"), name)
    globals()[name] = value
    return value
