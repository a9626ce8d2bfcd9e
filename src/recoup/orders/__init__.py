"""The life of orders and holds: what an institution is told, what it says it did, when that ends. Pure: decide, then evolve."""

from recoup.orders.answering import denied_release, release_to_repeat
from recoup.orders.decide import approvals_needed, decide
from recoup.orders.evolve import evolve, fold
from recoup.orders.hold import Answer, Hold, HoldKey, Order, Tracked
from recoup.orders.kinds import AccountKind, Extent, InstitutionKind, OrderKind, Outcome
from recoup.orders.levels import Band, Deed, Level, Levels
from recoup.orders.paying import is_back_unpaid
from recoup.orders.payout import Payout, Receipt
from recoup.orders.refusals import Reason, Refusal
from recoup.orders.state import HoldState, OrderState
from recoup.orders.terms import Ground, Policy, Standing

__all__ = [
    "AccountKind",
    "Answer",
    "Band",
    "Deed",
    "Extent",
    "Ground",
    "Hold",
    "HoldKey",
    "HoldState",
    "InstitutionKind",
    "Level",
    "Levels",
    "Order",
    "OrderKind",
    "OrderState",
    "Outcome",
    "Payout",
    "Policy",
    "Reason",
    "Receipt",
    "Refusal",
    "Standing",
    "Tracked",
    "approvals_needed",
    "decide",
    "denied_release",
    "evolve",
    "fold",
    "is_back_unpaid",
    "release_to_repeat",
]
