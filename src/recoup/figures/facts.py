"""What counts, one by one: a kind, an instant, whose it is, and an amount. No sum is here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a fact says. Of money in minor units, of times in whole seconds, else one of a thing."""

    # --- money that moved in a figure, at that instant ---
    REPORTED = "reported"
    STOPPED_GROSS = "stopped_gross"
    """By how much a hold now holds more than it ever did."""
    STOPPED_NET = "stopped_net"
    """By how much a case now has more held and stood behind than it ever had."""
    STOPPED_NET_THERE = "stopped_net_there"
    """The same of what one institution holds for the case: of no use in a sum over institutions."""
    FROZEN = "frozen"
    """By how much a hold is now frozen for more than it ever was."""
    RELEASED = "released"
    LAPSED = "lapsed"
    """What a hold held when its term ended by itself."""
    # --- money that stands: each fact is a change ---
    HELD_NET = "held_net"
    OVERLAP = "overlap"
    FROZEN_LIVE = "frozen_live"
    # --- times ---
    ENTRY = "entry"
    """From receiving a report to entering it."""
    FIRST_ORDER = "first_order"
    """From entering the first report to the first order of its case."""
    ANSWER = "answer"
    """From issuing an order to its first answer."""
    APPEAL = "appeal"
    """From filing an appeal to its decision."""
    # --- counts ---
    CASE = "case"
    REPORT = "report"
    ORDER = "order"
    HOPS = "hops"
    """How far from the victim an order of the chase is."""
    IN_LIMIT = "in_limit"
    LATE = "late"
    """The limit of an order passed without an answer."""
    WAITING = "waiting"
    """Orders out without an answer: each fact is a change."""
    HOLD = "hold"
    """A hold began to hold something."""
    FALSE_HOLD = "false_hold"
    """A hold was found to be wrong: an appeal was upheld, or a finding is for the holder."""
    FALSE_OF_BEGUN = "false_of_begun"
    """The same, at the instant at which that hold began."""
    APPEAL_FILED = "appeal_filed"
    APPEAL_OVERDUE = "appeal_overdue"
    # --- care: never part of what is stopped or held ---
    WARNED = "warned"
    """A dissuasion was opened: one for a payer, however many leads."""
    REACHED_MESSAGE = "reached_message"
    REACHED_CALL = "reached_call"
    REACHED_VISIT = "reached_visit"
    DISSUADED = "dissuaded"
    AVERTED = "averted"
    """Money that a dissuaded payer did not pay."""
    INTERCEPTED = "intercepted"
    """An account with a measure in force that had none."""
    INTERCEPTED_AMOUNT = "intercepted_amount"
    """What lay in it then."""
    PROTECTED = "protected"
    """An account of a likely victim, stopped for a short time."""
    PROTECTED_AMOUNT = "protected_amount"
    # --- appeals against decisions of a watch: never part of what is said of holds, which orders make ---
    DECISION_APPEALED = "decision_appealed"
    """A holder objected to what a watch decided of a payment."""
    DECISION_APPEAL_OVERDUE = "decision_appeal_overdue"
    FALSE_INTERCEPTION = "false_interception"
    """An appeal was upheld: a payment was delayed, held or refused that should have gone on."""
    FALSE_WARNING = "false_warning"
    """The same of a payment that went on with a warning."""
    # --- rows of other systems, and holds that they began: never part of what was done here ---
    CASE_TAKEN_OVER = "case_taken_over"
    REPORT_TAKEN_OVER = "report_taken_over"
    REPORTED_TAKEN_OVER = "reported_taken_over"
    ENTRY_TAKEN_OVER = "entry_taken_over"
    """From receiving a report elsewhere to taking it over."""
    FIRST_ORDER_TAKEN_OVER = "first_order_taken_over"
    """From taking over the first report of a case to the first order here."""
    HOLD_TAKEN_OVER = "hold_taken_over"
    STOPPED_GROSS_TAKEN_OVER = "stopped_gross_taken_over"
    """By how much a hold that another system began holds more than it ever did here."""
    STOPPED_NET_TAKEN_OVER = "stopped_net_taken_over"
    STOPPED_NET_THERE_TAKEN_OVER = "stopped_net_there_taken_over"
    FROZEN_TAKEN_OVER = "frozen_taken_over"
    RELEASED_TAKEN_OVER = "released_taken_over"
    LAPSED_TAKEN_OVER = "lapsed_taken_over"
    FALSE_HOLD_TAKEN_OVER = "false_hold_taken_over"


STANDING: Final = frozenset({Kind.HELD_NET, Kind.OVERLAP, Kind.FROZEN_LIVE, Kind.WAITING})
"""Kinds whose facts are changes of something that stands: their sum up to an instant is what stands then."""

TAKEN_OVER: Final = {
    Kind.CASE: Kind.CASE_TAKEN_OVER,
    Kind.REPORT: Kind.REPORT_TAKEN_OVER,
    Kind.REPORTED: Kind.REPORTED_TAKEN_OVER,
    Kind.ENTRY: Kind.ENTRY_TAKEN_OVER,
    Kind.HOLD: Kind.HOLD_TAKEN_OVER,
    Kind.STOPPED_GROSS: Kind.STOPPED_GROSS_TAKEN_OVER,
    Kind.FROZEN: Kind.FROZEN_TAKEN_OVER,
}
"""What is said, of an entry that takes a row of another system over, instead of what would be said of one's own."""

NO_REPORT: Final = frozenset({Kind.REPORT, Kind.REPORTED, Kind.ENTRY})
"""What is not said of a hold that is taken over: its report and its claim are made for it, nobody reported them."""


class Fact(NamedTuple):
    """One thing that counts."""

    at: datetime
    entry: int
    """Number of the journal's record with which the entry ended: facts of one entry are true together, or not yet."""
    kind: Kind
    case: str
    unit: str
    """That had the case at that instant; '' for a case that no unit has."""
    institution: str
    """'' where none is meant."""
    currency: str
    """'' for what is no money."""
    amount: int


__all__ = ["NO_REPORT", "STANDING", "TAKEN_OVER", "Fact", "Kind"]
