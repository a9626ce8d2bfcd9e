"""Rules, a model and policies for tests of decisions: made by hand, so that what they ask is known."""

from __future__ import annotations

import numpy as np

from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.decision import Policy, load_policy
from recoup.watch.features import FEATURES, Feature
from recoup.watch.flags import REASONS, facts_beside
from recoup.watch.model import Model, Parameters, Training, Tree, bins_of, feature_set
from recoup.watch.model.calibration import Calibration, Kind
from recoup.watch.rules import Known, RuleSet, load_rules
from recoup.watching.policy_files import _HERE

START = 1_700_000_000_000_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
KNOWN = Known(FEATURES, facts_beside(FEATURES), ("CNY", "USD"), reasons=REASONS)
KNOWN_PATTERNS = Known(
    STREAM_FEATURES, facts_beside(STREAM_FEATURES), ("CNY", "USD"), reasons=REASONS
)
HEAD = 'id = "house"\ntimezone = "Asia/Shanghai"\nnight = [22, 6]\nlists = ["suspect"]\n'


def rule_text(name: str, expression: str, action: str, more: str = "") -> str:
    return (
        f'[[rules]]\nid = "{name}"\nexpression = \'{expression}\'\ncurrency = "CNY"\n'
        f'action = "{action}"\nreason = "own-{name}"\nwords = "{name}"\nauthor = "risk-1"\n{more}\n'
    )


def rules_of(
    *rows: tuple[str, str, str], live: bool = True, more: str = "", known: Known = KNOWN
) -> RuleSet:
    """Rules (name, expression, action); live ones are approved by a second person."""
    text = HEAD + more + "".join(rule_text(*row) for row in rows)
    if not live:
        return load_rules(text, known)
    approved = {
        rule.id: f'mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"'
        for rule in load_rules(text, known).rules
    }
    return load_rules(
        HEAD + more + "".join(rule_text(*row, approved[row[0]]) for row in rows), known
    )


def policy_of(model: Model | None = None, **figures: float) -> Policy:
    """The shipped policy with other figures (`delay__seconds`); live for a model that is given."""
    text = (_HERE / "cn.toml").read_text()
    policy = load_policy(text)
    for name, value in figures.items():
        key = name.replace("__", ".")
        assert key in policy.figures
        object.__setattr__(policy.figures[key], "value", value)
    if model is not None:
        object.__setattr__(policy, "mode", type(policy.mode)("live"))
        object.__setattr__(policy, "approver", "risk-2")
        object.__setattr__(policy, "approved", policy.to_approve(model.digest))
    return policy


def model_of(
    split: str = "payment_amount",
    at: float = 50_000.0,
    high: float = 3.0,
    columns: tuple[Feature, ...] = FEATURES,
) -> Model:
    """A model of one tree: above `at` a raw score of `high`, else -6; its chance is the log-odds'."""
    names = [feature.name for feature in columns]
    tree = Tree((names.index(split),), (at,), (0,), (False,), (-1,), (-2,), (-6.0, high), (9, 1))
    features = feature_set(columns)
    bins = tuple(bins_of(name, np.arange(5.0)) for name in features.names)
    training = Training((), Parameters(), 0, 1, 0, 5, 1, 0, 0, 0)
    calibration = Calibration(Kind.SIGMOID, (), (1.0, 0.0))
    return Model(
        features, (tree,), calibration, (), bins, bins_of("score", np.arange(5.0)), training
    )
