"""What a jurisdiction and a house set for measures of accounts and warnings of payers. Values; each term names its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from recoup.orders import Ground


class MeasureKind(StrEnum):
    """What is done about an account."""

    RE_VERIFY = "re_verify"
    """重新核验身份: the holder shows again who it is."""
    LOWER_LIMITS = "lower_limits"
    """限额管控: so much a day and no more."""
    COUNTER_ONLY = "counter_only"
    """限非柜面: business at the counter only."""
    CREDIT_ONLY = "credit_only"
    """只收不付: credits only."""
    PROTECTIVE_STOP = "protective_stop"
    """保护性止付: of a warned payer's own account, short; money to live on stays free."""


class RiskGrade(StrEnum):
    """How likely, and how near, it is that a payer is being defrauded."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the highest."""
        return tuple(RiskGrade).index(self)


class Step(StrEnum):
    """How a payer is spoken to, in this order."""

    MESSAGE = "message"
    CALL = "call"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class MeasureTerm:
    """The terms of one kind of measure."""

    seconds: int
    """The longest that one may stand."""
    persons: int
    """Beside the maker, who must agree before it stands."""
    is_lifted_by_proof: bool
    """Whether it ends when the holder was verified again."""


@dataclass(frozen=True, slots=True)
class CareTerms:
    """The terms of measures, warnings and dissuasion."""

    id: str
    currency: str
    """Of the living amount."""
    living_amount: int
    """Minor units a day that a protective stop leaves free, at least."""
    protection_times_max: int
    """Protective stops of one account in one dissuasion."""
    protection_grade: RiskGrade
    """The lowest grade of a dissuasion in which an account may be protected."""
    notice_seconds: int
    """From the beginning of a measure to telling its holder."""
    appeal_seconds: int
    lead_seconds_max: int
    """How long a lead may be acted on, whatever it says of itself."""
    dissuasion_seconds_max: int
    """After which a dissuasion without an outcome ends."""
    measures: Mapping[MeasureKind, MeasureTerm]
    steps: Mapping[RiskGrade, Mapping[Step, int]]
    """Which steps a grade has, and within how many seconds each is made after the one before."""
    grounds: tuple[Ground, ...]

    def __post_init__(self) -> None:
        """Refuse terms without a source, and such as make no sense."""
        named = {ground.term for ground in self.grounds}
        single = {f.name for f in fields(self)} - {"id", "currency", "grounds", "measures", "steps"}
        terms = single | {kind.value for kind in MeasureKind} | {grade.value for grade in RiskGrade}
        if missing := sorted(terms - named):
            raise ValueError(f"care {self.id}: no source for {', '.join(missing)}")
        if set(self.measures) != set(MeasureKind) or set(self.steps) != set(RiskGrade):
            raise ValueError(f"care {self.id}: expected every measure and every grade")
        if any(row.seconds < 1 or row.persons < 0 for row in self.measures.values()):
            raise ValueError(f"care {self.id}: expected terms of measures above zero")
        if self.measures[MeasureKind.PROTECTIVE_STOP].is_lifted_by_proof:
            raise ValueError(f"care {self.id}: who is warned proves nothing by showing a document")
        for grade, steps in self.steps.items():
            # A grade without a step would warn nobody; steps are made in their order, so none is left out before another.
            if tuple(steps) != tuple(Step)[: len(steps)] or not steps or min(steps.values()) < 1:
                raise ValueError(
                    f"care {self.id}: steps of {grade}: message, then call, then visit"
                )
        numbers = [getattr(self, name) for name in sorted(single - {"protection_grade"})]
        if min(numbers) < 1:
            raise ValueError(f"care {self.id}: expected terms above zero")


__all__ = ["CareTerms", "MeasureKind", "MeasureTerm", "RiskGrade", "Step"]
