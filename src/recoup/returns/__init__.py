"""Returns: from frozen pots and admitted claims to who gets what, under a policy. Pure: no file, no clock, no chance."""

from recoup.returns.awards import (
    BY_TIME,
    PRO_RATA,
    SINGLE,
    Award,
    ClaimResult,
    Plan,
    PotResult,
    check_plan,
    plan_awards,
)
from recoup.returns.case import Claim, ClaimKind, Holder, Payment, Place, Pot, PotKind, Traced
from recoup.returns.policy import (
    CAUSAL,
    NOT_SAID,
    Basis,
    Choice,
    Interest,
    ReturnPolicy,
    Standing,
    Unclaimed,
)
from recoup.returns.reimburse import Reimbursed, Reimbursement, reimbursed
from recoup.returns.unreported import LIKELY, likely_victims
from recoup.returns.working import PAID, Case, PotProblem, Worked, build_case, share_out

__all__ = [
    "BY_TIME",
    "CAUSAL",
    "LIKELY",
    "NOT_SAID",
    "PAID",
    "PRO_RATA",
    "SINGLE",
    "Award",
    "Basis",
    "Case",
    "Choice",
    "Claim",
    "ClaimKind",
    "ClaimResult",
    "Holder",
    "Interest",
    "Payment",
    "Place",
    "Plan",
    "Pot",
    "PotKind",
    "PotProblem",
    "PotResult",
    "Reimbursed",
    "Reimbursement",
    "ReturnPolicy",
    "Standing",
    "Traced",
    "Unclaimed",
    "Worked",
    "build_case",
    "check_plan",
    "likely_victims",
    "plan_awards",
    "reimbursed",
    "share_out",
]
