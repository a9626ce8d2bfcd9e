"""Cases: reports, claims, the chase, and what persons decide. Pure: decide, then evolve; nothing is read, sent or traced."""

from recoup.care.escalation import Escalation
from recoup.cases.abuse import Sign, signs_of
from recoup.cases.case import (
    Bridged,
    Case,
    Channel,
    Claim,
    Derived,
    Found,
    Grade,
    Harm,
    Mandate,
    Place,
    Report,
    Rest,
    Standing,
)
from recoup.cases.chase import Plan, Proposal, Waiting
from recoup.cases.decide import decide, followed
from recoup.cases.decided import (
    Appeal,
    Clock,
    Finding,
    FindingKind,
    Handover,
    Matter,
    Motion,
    Notice,
    Task,
)
from recoup.cases.dwell import Dwell, learn
from recoup.cases.entitlements import missing_of, net_of, overlap_of
from recoup.cases.evolve import evolve, fold
from recoup.cases.following import note_of
from recoup.cases.institutions import Institution
from recoup.cases.joining import Meeting, groups_of, meetings_of, reached_by
from recoup.cases.ordering import Agreement, agreement_of, covers, persons_needed
from recoup.cases.packet import (
    Packet,
    PacketClaim,
    PacketDecision,
    PacketHold,
    PacketOrder,
    asked_of,
    packet_of,
)
from recoup.cases.plans import plan_asking, plan_orders, plan_rests_on
from recoup.cases.race import Lesson, Ready, dispatch, learned_curve, lesson_of
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.settling import terminals
from recoup.cases.terms import CasePolicy, Downstream
from recoup.cases.views import View, view_of

__all__ = [
    "Agreement",
    "Appeal",
    "Bridged",
    "Case",
    "CasePolicy",
    "Channel",
    "Claim",
    "Clock",
    "Derived",
    "Downstream",
    "Dwell",
    "Escalation",
    "Finding",
    "FindingKind",
    "Found",
    "Grade",
    "Handover",
    "Harm",
    "Institution",
    "Lesson",
    "Mandate",
    "Matter",
    "Meeting",
    "Motion",
    "Notice",
    "Packet",
    "PacketClaim",
    "PacketDecision",
    "PacketHold",
    "PacketOrder",
    "Place",
    "Plan",
    "Proposal",
    "Ready",
    "Reason",
    "Refusal",
    "Report",
    "Rest",
    "Sign",
    "Standing",
    "Task",
    "View",
    "Waiting",
    "agreement_of",
    "asked_of",
    "covers",
    "decide",
    "dispatch",
    "evolve",
    "fold",
    "followed",
    "groups_of",
    "learn",
    "learned_curve",
    "lesson_of",
    "meetings_of",
    "missing_of",
    "net_of",
    "note_of",
    "overlap_of",
    "packet_of",
    "persons_needed",
    "plan_asking",
    "plan_orders",
    "plan_rests_on",
    "reached_by",
    "signs_of",
    "terminals",
    "view_of",
]
