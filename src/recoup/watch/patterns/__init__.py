"""Patterns of payments: features of the graph read as payments pass, and measures of whole accounts as of an instant.

Compiled callers take `read_patterns` and `book_pattern` over a `Graph`. Labels are known to `crossval` alone.
"""

from recoup.watch.patterns.accounts import accounts_linked, measure_accounts
from recoup.watch.patterns.catalogue import KEPT, PATTERN_FEATURES
from recoup.watch.patterns.crossval import ACCOUNT_PARAMETERS, Accounts, cross_scores, folds_of
from recoup.watch.patterns.kernels import (
    Graph,
    book_pattern,
    fetch_patterns,
    fetch_payers,
    read_patterns,
)
from recoup.watch.patterns.measures import ACCOUNT_MEASURES, Group, Measure
from recoup.watch.patterns.risk import risk_features, side_risk
from recoup.watch.patterns.stream import Patterns

__all__ = [
    "ACCOUNT_MEASURES",
    "ACCOUNT_PARAMETERS",
    "KEPT",
    "PATTERN_FEATURES",
    "Accounts",
    "Graph",
    "Group",
    "Measure",
    "Patterns",
    "accounts_linked",
    "book_pattern",
    "cross_scores",
    "fetch_patterns",
    "fetch_payers",
    "folds_of",
    "measure_accounts",
    "read_patterns",
    "risk_features",
    "side_risk",
]
