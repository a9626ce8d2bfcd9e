"""What a jurisdiction and a house set for cases: persons, clocks, the dwell curve. Values; each term names its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from recoup.care import CareTerms
from recoup.cases.dwell import Dwell
from recoup.cases.institutions import Institution
from recoup.orders import Ground, Levels, OrderKind, Policy
from recoup.procedure.terms import ReturnTerms
from recoup.records.kinds import FOR_VALUE


class Downstream(StrEnum):
    """What becomes of money behind an account that gave value in good faith."""

    SURPLUS = "surplus"
    CONTINUES = "continues"


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """The terms of cases, beside those of orders."""

    orders: Policy
    levels: Levels
    """Which level of unit agrees to what; it has its own sources."""
    admission_persons: int
    """Persons beside the maker who must agree that a claim is admitted."""
    entry_seconds_max: int
    """From receiving a report to entering it; measured, never a reason to refuse."""
    overlap_seconds_max: int
    """How long a surplus may wait for a confirmation before a person decides."""
    appeal_seconds: int
    notice_seconds: int
    deferral_seconds_max: int
    """From agreeing to a deferral to its end."""
    deferral_total_seconds_max: int
    """From when a holder was first to be told to the end of the last deferral, however often it is agreed to anew."""
    abroad_seconds: int
    escalation_seconds: int
    """How long a duty officer has for an outcome before the unit above is asked."""
    good_faith_downstream: Downstream
    for_value: Mapping[str, int]
    """Kinds of payment that are presumed the price of something: with how many others its payee is seen to trade, at least.

    Such a payee is asked before anything is held, and where it trades the trail ends at it; empty: nothing is presumed.
    """
    coverage_permille: int
    """Of what a claim misses, how much is chased before the smallest rest is left out; 1,000 is all."""
    dwell: Dwell
    """Used for an institution of which nothing was learned."""
    dwell_weight: int
    """How many answered orders the given curve counts as, at each of its points."""
    orders_per_minute: int
    """Of one institution of which nothing else was declared."""
    small_amount: int
    """Minor units: a disputed payment up to this may be a lure to lock somebody's account."""
    one_sided_persons: int
    """Persons beside the maker who must agree to ask for money that rests on one side's word; 0: as for any other."""
    reports_max: int
    """Reports of one person, entered within `reports_seconds`, before a person looks."""
    reports_seconds: int
    listing_seconds: int
    """How long an entry of a list of accounts, persons or devices stands."""
    grounds: tuple[Ground, ...]
    procedure: ReturnTerms | None = None
    """How money is given back, with sources of its own; None: this jurisdiction's policy does not say."""
    care: CareTerms | None = None
    """What is done about accounts and likely victims, with sources of its own; None: the policy does not say."""
    institutions: Mapping[str, Institution] = field(default_factory=dict)
    """Those that declared something of their own; it is theirs, so it has no source of law."""

    def __post_init__(self) -> None:
        """Refuse a policy with a term that has no source, and bounds that make no sense."""
        named = {ground.term for ground in self.grounds}
        apart = {"orders", "levels", "grounds", "procedure", "care", "institutions"}
        terms = {f.name for f in fields(self)} - apart
        if missing := sorted(terms - named):
            raise ValueError(f"policy {self.orders.id}: no source for {', '.join(missing)}")
        if self.admission_persons < 1:
            raise ValueError(
                "admission_persons: expected at least 1, a claim is never one person's"
            )
        if unknown := sorted(set(self.for_value) - FOR_VALUE):
            raise ValueError(f"for_value: expected purchase or exchange, was {', '.join(unknown)}")
        if min(self.for_value.values(), default=1) < 1:
            raise ValueError("for_value: expected at least one other to trade with")
        if self.deferral_total_seconds_max < self.deferral_seconds_max:
            raise ValueError("deferral_total_seconds_max: expected at least deferral_seconds_max")
        if not 1 <= self.coverage_permille <= 1000:
            raise ValueError("coverage_permille: expected 1 to 1000")
        least = min(getattr(self, f.name) for f in fields(self) if f.type == "int")
        if least < 0 or self.orders_per_minute < 1:
            raise ValueError(f"policy {self.orders.id}: expected terms of cases above zero")

    def institution(self, id_: str) -> Institution:
        """Return what an institution declared; nothing of its own for one that did not."""
        return self.institutions.get(id_) or Institution(id_)

    def takes(self, id_: str, kind: OrderKind) -> bool:
        """Whether an institution may be given an order of this kind, by what it is."""
        return kind in self.orders.powers[self.institution(id_).kind]

    def capacity(self, id_: str) -> int:
        """Return how many orders an institution takes in a minute."""
        declared = self.institution(id_).orders_per_minute
        return self.orders_per_minute if declared is None else declared
