"""Cases: reports, claims, the chase, and what persons decide. Pure: decide, then evolve; nothing is read, sent or traced."""

from recoup.cases.abuse import Sign, signs_of
from recoup.cases.case import (
    Appeal,
    Bridged,
    Case,
    Channel,
    Claim,
    Derived,
    Finding,
    FindingKind,
    Found,
    Grade,
    Harm,
    Mandate,
    Notice,
    Place,
    Report,
    Standing,
    Task,
)
from recoup.cases.chase import Institution, Plan, Proposal, Waiting, dispatch, plan_orders
from recoup.cases.decide import decide
from recoup.cases.dwell import Dwell, learn
from recoup.cases.entitlements import missing_of, net_of, overlap_of
from recoup.cases.evolve import evolve, fold
from recoup.cases.figures import Figures, figures_of
from recoup.cases.following import note_of
from recoup.cases.joining import Meeting, groups_of, meetings_of
from recoup.cases.ordering import covers, persons_needed
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.settling import terminals
from recoup.cases.terms import CasePolicy, Downstream
from recoup.cases.views import View, view_of

__all__ = [
    "Appeal",
    "Bridged",
    "Case",
    "CasePolicy",
    "Channel",
    "Claim",
    "Derived",
    "Downstream",
    "Dwell",
    "Figures",
    "Finding",
    "FindingKind",
    "Found",
    "Grade",
    "Harm",
    "Institution",
    "Mandate",
    "Meeting",
    "Notice",
    "Place",
    "Plan",
    "Proposal",
    "Reason",
    "Refusal",
    "Report",
    "Sign",
    "Standing",
    "Task",
    "View",
    "Waiting",
    "covers",
    "decide",
    "dispatch",
    "evolve",
    "figures_of",
    "fold",
    "groups_of",
    "learn",
    "meetings_of",
    "missing_of",
    "net_of",
    "note_of",
    "overlap_of",
    "persons_needed",
    "plan_orders",
    "signs_of",
    "terminals",
    "view_of",
]
