"""Decisions on payments: actions, grounds, causes, and the policy that weighs money saved against friction. Runs nothing."""

from recoup.watch.decision.decision import (
    WAITS,
    Action,
    Cause,
    Decision,
    Ground,
    Problem,
    Withheld,
)
from recoup.watch.decision.policy import NEVER, NO_TERMS, Figure, Policy, Terms, load_policy
from recoup.watch.decision.remedies import EARLY, Remedy, Step, remedy_of
from recoup.watch.decision.words import (
    LATE,
    MEASURE_CODES,
    ORDER_BINDS,
    STOLEN_CAUGHT,
    TERMS,
    input_cause,
    measure_cause,
)

__all__ = [
    "EARLY",
    "LATE",
    "MEASURE_CODES",
    "NEVER",
    "NO_TERMS",
    "ORDER_BINDS",
    "STOLEN_CAUGHT",
    "TERMS",
    "WAITS",
    "Action",
    "Cause",
    "Decision",
    "Figure",
    "Ground",
    "Policy",
    "Problem",
    "Remedy",
    "Step",
    "Terms",
    "Withheld",
    "input_cause",
    "load_policy",
    "measure_cause",
    "remedy_of",
]
