"""The figures of a play, counted against the truth, and the identities that they must keep."""

from recoup.rehearse.figures.appealed import FiledAppeal, appeals_of, late_of
from recoup.rehearse.figures.cases import (
    SURVIVAL_SECONDS,
    CaseKept,
    Step,
    cases_of,
    kept_by_fraud,
    largest_case,
    steps_of,
    survival_of,
)
from recoup.rehearse.figures.counting import KeptParts, figures_of, kept_parts, quantile
from recoup.rehearse.figures.given_back import Due, GivenBack, given_back
from recoup.rehearse.figures.identities import Identity, identities_of
from recoup.rehearse.figures.innocents import Harm, harm_of
from recoup.rehearse.figures.spans import Hold, Holds, Span, holds_of
from recoup.rehearse.figures.terms import FIGURES, NAMES, Figure, Figures, Unit
from recoup.rehearse.figures.truth import Exit, Stolen, Truth, traceable, truth_of

__all__ = [
    "FIGURES",
    "NAMES",
    "SURVIVAL_SECONDS",
    "CaseKept",
    "Due",
    "Exit",
    "Figure",
    "Figures",
    "FiledAppeal",
    "GivenBack",
    "Harm",
    "Hold",
    "Holds",
    "Identity",
    "KeptParts",
    "Span",
    "Step",
    "Stolen",
    "Truth",
    "Unit",
    "appeals_of",
    "cases_of",
    "figures_of",
    "given_back",
    "harm_of",
    "holds_of",
    "identities_of",
    "kept_by_fraud",
    "kept_parts",
    "largest_case",
    "late_of",
    "quantile",
    "steps_of",
    "survival_of",
    "traceable",
    "truth_of",
]
