"""How launderers work: strategies, dwell times, what they do when something is held, and one that learns."""

from recoup.rehearse.laundering.adaptive import ADAPTIVE, Weights, chosen, learn, survived
from recoup.rehearse.laundering.crew import Crew, Plan, Street
from recoup.rehearse.laundering.learned import learned, written
from recoup.rehearse.laundering.places import Desk, Places
from recoup.rehearse.laundering.strategies import STRATEGIES, plan_of

__all__ = [
    "ADAPTIVE",
    "STRATEGIES",
    "Crew",
    "Desk",
    "Places",
    "Plan",
    "Street",
    "Weights",
    "chosen",
    "learn",
    "learned",
    "plan_of",
    "survived",
    "written",
]
