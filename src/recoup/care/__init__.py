"""Care for accounts and payers: measures, warnings of likely victims, appeals against a watch. Decide and evolve.

Nothing here is a hold of stolen money: that is `orders`. What is counted here is counted apart (`figures`).
"""

from recoup.care import appealing, dissuading, measuring
from recoup.care.decision_appeal import (
    DECISION_APPEAL_MOVES,
    DECISION_APPEAL_REFUSALS,
    DecisionAppeal,
    DecisionAppealState,
    DecisionAppealTrigger,
    DecisionGround,
    DecisionKind,
)
from recoup.care.dissuasion import (
    DISSUASION_MOVES,
    DISSUASION_REFUSALS,
    OPEN_DISSUASIONS,
    STEP_OF,
    Contact,
    Dissuasion,
    DissuasionState,
    DissuasionTrigger,
    Lead,
    LeadSource,
)
from recoup.care.measure import (
    IN_FORCE,
    LIVE_MEASURES,
    MEASURE_MOVES,
    MEASURE_REFUSALS,
    Measure,
    MeasureAppeal,
    MeasureGround,
    MeasureState,
    MeasureTrigger,
)
from recoup.care.refusals import CareReason, CareRefusal
from recoup.care.terms import CareTerms, MeasureKind, MeasureTerm, RiskGrade, Step

__all__ = [
    "DECISION_APPEAL_MOVES",
    "DECISION_APPEAL_REFUSALS",
    "DISSUASION_MOVES",
    "DISSUASION_REFUSALS",
    "IN_FORCE",
    "LIVE_MEASURES",
    "MEASURE_MOVES",
    "MEASURE_REFUSALS",
    "OPEN_DISSUASIONS",
    "STEP_OF",
    "CareReason",
    "CareRefusal",
    "CareTerms",
    "Contact",
    "DecisionAppeal",
    "DecisionAppealState",
    "DecisionAppealTrigger",
    "DecisionGround",
    "DecisionKind",
    "Dissuasion",
    "DissuasionState",
    "DissuasionTrigger",
    "Lead",
    "LeadSource",
    "Measure",
    "MeasureAppeal",
    "MeasureGround",
    "MeasureKind",
    "MeasureState",
    "MeasureTerm",
    "MeasureTrigger",
    "RiskGrade",
    "Step",
    "appealing",
    "dissuading",
    "measuring",
]
