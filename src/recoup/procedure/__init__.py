"""The procedure by which frozen money is given back: from a victim's application to the bank's receipt. Pure: decide, evolve.

Who gets how much is worked out in `returns`; here a plan is bound, agreed to, made public, decided and paid.
"""

from recoup.procedure.clocks import NoticeRuns, PaymentRuns, clocks_of
from recoup.procedure.custody import Accrued, PriorKind, PriorRight, Seized, SeizedKind
from recoup.procedure.decide import decide, needs_notice
from recoup.procedure.evolve import evolve, fold
from recoup.procedure.facts import ClaimFact, Facts, HoldFact
from recoup.procedure.fitting import kept_back
from recoup.procedure.keeping import digest_of_seized
from recoup.procedure.paying import paid_already
from recoup.procedure.refusals import Reason, Refusal
from recoup.procedure.state import ObjectionState, PaymentState, RoundState
from recoup.procedure.terms import Calendar, ReturnTerms, Year
from recoup.procedure.values import (
    PRO_RATA,
    Application,
    Award,
    Capacity,
    ClaimKey,
    Fact,
    Notice,
    Objection,
    PayBack,
    Payee,
    PayeeKind,
    Payment,
    Plan,
    Proof,
    Return,
    Round,
    Sums,
    sums_of,
)

__all__ = [
    "PRO_RATA",
    "Accrued",
    "Application",
    "Award",
    "Calendar",
    "Capacity",
    "ClaimFact",
    "ClaimKey",
    "Fact",
    "Facts",
    "HoldFact",
    "Notice",
    "NoticeRuns",
    "Objection",
    "ObjectionState",
    "PayBack",
    "Payee",
    "PayeeKind",
    "Payment",
    "PaymentRuns",
    "PaymentState",
    "Plan",
    "PriorKind",
    "PriorRight",
    "Proof",
    "Reason",
    "Refusal",
    "Return",
    "ReturnTerms",
    "Round",
    "RoundState",
    "Seized",
    "SeizedKind",
    "Sums",
    "Year",
    "clocks_of",
    "decide",
    "digest_of_seized",
    "evolve",
    "fold",
    "kept_back",
    "needs_notice",
    "paid_already",
    "sums_of",
]
