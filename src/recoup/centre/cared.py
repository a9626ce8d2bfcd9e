"""The register of care: measures by account, leads by the id of whoever gave them, dissuasions by payer, appeals by decision.

Holds no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from recoup.care import (
    LIVE_MEASURES,
    OPEN_DISSUASIONS,
    DecisionAppeal,
    Dissuasion,
    Lead,
    Measure,
)
from recoup.care.dissuading import LeadTaken
from recoup.care.escalation import Escalation

_Row = LeadTaken | Dissuasion | Measure | DecisionAppeal | Escalation


@dataclass(slots=True)
class Cared:
    """All that ever were, in the order in which they came; what is open also apart, so that nobody walks all of them."""

    measures: dict[str, Measure] = field(default_factory=dict)
    by_account: dict[str, list[str]] = field(default_factory=dict)
    dissuasions: dict[str, Dissuasion] = field(default_factory=dict)
    leads: dict[str, LeadTaken] = field(default_factory=dict)
    given: dict[tuple[str, str], str] = field(default_factory=dict)
    """The lead of a (system, id there). Follows from the leads."""
    live: dict[str, None] = field(default_factory=dict)
    """Ids of measures that are proposed or stand."""
    running: dict[str, None] = field(default_factory=dict)
    """Ids of dissuasions without an outcome."""
    warned: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """The running dissuasions of a (unit, payer), one an institution, in the order of their opening."""
    appeals: dict[str, DecisionAppeal] = field(default_factory=dict)
    """Against decisions of watches."""
    appealed: dict[tuple[str, str], str] = field(default_factory=dict)
    """The appeal against an institution's (id there) decision. Follows from the appeals, as the next does."""
    undecided: dict[str, None] = field(default_factory=dict)
    """Ids of appeals that are open."""
    escalations: dict[str, Escalation] = field(default_factory=dict)
    """Of appeals that nobody decided in time."""
    asking: dict[str, str] = field(default_factory=dict)
    """By appeal: its open escalation. Follows from those."""

    def put(self, row: _Row) -> None:
        """Take in what is new, or what became of it."""
        match row:
            case LeadTaken(lead):
                self.leads[lead.id] = row
                self.given[lead.system, lead.foreign] = lead.id
            case Measure():
                if row.id not in self.measures:
                    self.by_account.setdefault(row.account, []).append(row.id)
                self.measures[row.id] = row
                if row.state in LIVE_MEASURES:
                    self.live[row.id] = None
                else:
                    self.live.pop(row.id, None)
            case DecisionAppeal():
                self.appeals[row.id] = row
                self.appealed[row.institution, row.decision] = row.id
                if row.is_open:
                    self.undecided[row.id] = None
                else:
                    self.undecided.pop(row.id, None)
            case Escalation():
                self.escalations[row.id] = row
                if row.is_open:
                    self.asking[row.about] = row.id
                elif self.asking.get(row.about) == row.id:
                    del self.asking[row.about]
            case Dissuasion():
                self.dissuasions[row.id] = row
                if row.state in OPEN_DISSUASIONS:
                    self.running[row.id] = None
                    there = self.warned.setdefault((row.unit, row.key), {})
                    there[row.institution] = row.id
                else:
                    self.running.pop(row.id, None)
                    self._warned_no_more(row)

    def _warned_no_more(self, row: Dissuasion) -> None:
        there = self.warned.get((row.unit, row.key), {})
        if there.get(row.institution) == row.id:
            del there[row.institution]
            if not there:
                del self.warned[row.unit, row.key]

    def at_account(self, account: str) -> Iterator[Measure]:
        """Yield all measures of an account."""
        yield from (self.measures[row] for row in self.by_account.get(account, ()))

    def lead_of(self, system: str, foreign: str) -> Lead | None:
        """Return the lead that a system gave under this id."""
        found = self.given.get((system, foreign))
        return None if found is None else self.leads[found].lead

    def appeal_of(self, institution: str, decision: str) -> DecisionAppeal | None:
        """Return the appeal against a decision of an institution's watch."""
        found = self.appealed.get((institution, decision))
        return None if found is None else self.appeals[found]

    def asked_about(self, appeal: str) -> Escalation | None:
        """Return the open escalation of an appeal."""
        found = self.asking.get(appeal)
        return None if found is None else self.escalations[found]

    def asked_of(self, unit: str) -> Iterator[Escalation]:
        """Yield what a unit is asked about and has no outcome yet."""
        rows = (self.escalations[row] for row in self.asking.values())
        yield from (row for row in rows if row.unit == unit)

    def running_of(self, unit: str, key: str, institution: str) -> Dissuasion | None:
        """Return the dissuasion of a payer that runs in a unit at an institution; '' takes the first at any, if it has none.

        Institutions never meet in one: by joining, one would learn that the other's client is being warned.
        """
        there = self.warned.get((unit, key), {})
        found = there.get(institution)
        if found is None and not institution:
            found = next(iter(there.values()), None)
        return None if found is None else self.dissuasions[found]

    def values(self) -> Iterator[_Row]:
        """Yield all of it in an order that follows from the journal alone."""
        yield from self.measures.values()
        yield from self.leads.values()
        yield from self.dissuasions.values()
        yield from self.appeals.values()
        yield from self.escalations.values()


__all__ = ["Cared"]
