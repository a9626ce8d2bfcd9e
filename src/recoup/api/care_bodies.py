"""What is asked about measures, leads and dissuasions over HTTP, and how they are shown. No name and no number is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from recoup.api.bodies import (
    AccountNumber,
    Amount,
    Body,
    Currency,
    Digest,
    Instant,
    InstitutionId,
    Said,
    ThingId,
    UnitId,
)
from recoup.api.case_views import amount_text
from recoup.api.listing import AccountSubject, SubjectBody
from recoup.care import (
    STEP_OF,
    Dissuasion,
    LeadSource,
    Measure,
    MeasureGround,
    MeasureKind,
    RiskGrade,
    Step,
)
from recoup.care.dissuading import DissuasionOutcome
from recoup.care.limits import LEAD_ACCOUNTS_MAX
from recoup.clock import instant_text

ForeignId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
Words = Annotated[str, Field(min_length=1, max_length=5000)]


class MeasureBody(Body):
    """A measure of an account: on what ground, for how long, and why."""

    unit: UnitId
    kind: MeasureKind = Field(strict=False)
    account: AccountSubject
    currency: Currency
    ground: MeasureGround = Field(strict=False)
    about: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._#-]{0,63}$")]
    """The case, the entry, the code or the dissuasion that the ground names."""
    reason: Said
    limit: Amount | None = None
    """A day: of lower limits the new limit, of a protective stop what stays free."""
    until: Instant | None = None
    """None: as long as the policy lets."""


class SeenBody(Body):
    """The digest of what was seen."""

    digest: Digest


class ConfirmBody(Body):
    """How much money lay in the account when the measure came into force."""

    amount: Amount
    currency: Currency


class ObjectionBody(Body):
    """What the holder says."""

    text: Words


class PaymentSeen(Body):
    """A payment that is about to be made."""

    amount: Amount
    currency: Currency


class LeadBody(Body):
    """What somebody says of a payer who is likely being defrauded now."""

    source: LeadSource = Field(strict=False)
    system: InstitutionId
    id: ForeignId
    """There: the same lead is taken once."""
    unit: UnitId
    payer: SubjectBody
    institution: InstitutionId | None = None
    """Where the payer's accounts lie."""
    accounts: tuple[AccountNumber, ...] = Field((), max_length=LEAD_ACCOUNTS_MAX, strict=False)
    grade: RiskGrade = Field(strict=False)
    payment: PaymentSeen | None = None
    reason: Said
    seen_at: Instant
    expires_at: Instant


class ContactBody(Body):
    """A step that was made."""

    step: Step = Field(strict=False)
    is_reached: bool


class OutcomeBody(Body):
    """How a dissuasion ended."""

    outcome: DissuasionOutcome = Field(strict=False)
    averted: PaymentSeen | None = None
    reason: Said


class MeasureAnswered(Body):
    """A measure, where it stands, and what another person would agree to."""

    measure: str
    state: str
    digest: str


class LeadAnswered(Body):
    """The lead, and the dissuasion that it opened or joined."""

    lead: str
    dissuasion: str
    state: str


class DissuasionAnswered(Body):
    """A dissuasion, and where it stands."""

    dissuasion: str
    state: str


class LeadRow(Body):
    """What became of a row of a table."""

    row: int
    id: str
    code: str
    """`taken`, or why not; a row that was taken before is `taken` again, with its first answer."""
    dissuasion: str | None


class LeadsTaken(Body):
    """What became of a table's rows."""

    rows: list[LeadRow]


class MeasureAppealView(Body):
    """An objection; its words are read apart."""

    text: str
    filed_at: str
    due_at: str
    is_overdue: bool
    state: str


class MeasureView(Body):
    """A measure with all that its holder is told: ground, term, limit, and how it ends."""

    id: str
    kind: str
    account: str
    institution: str
    currency: str
    unit: str
    ground: str
    about: str
    reason: str
    limit: str | None
    state: str
    made_by: str
    agreed_by: list[str]
    began_at: str | None
    ends_at: str
    notice_due_at: str | None
    told_at: str | None
    confirmed_at: str | None
    intercepted: str | None
    is_lifted_by_proof: bool
    """Whether it ends when the holder is verified again; an appeal is open in any case."""
    appeals: list[MeasureAppealView]
    ended_at: str | None
    ended_for: str | None
    digest: str


class ContactView(Body):
    """One attempt."""

    step: str
    is_reached: bool
    by: str
    at: str


class DissuasionView(Body):
    """A dissuasion: the step that is due, what was tried, what came of it."""

    id: str
    unit: str
    institution: str | None
    key: str
    accounts: list[str]
    grade: str
    amount: str | None
    currency: str | None
    leads: list[str]
    state: str
    step: str | None
    """That is due; None where the outcome is awaited, or it ended."""
    due_at: str | None
    ends_at: str
    opened_at: str
    contacts: list[ContactView]
    late: list[str]
    averted: str | None
    ended_at: str | None
    ended_for: str | None


class ObjectionView(Body):
    """What a holder wrote."""

    text_id: ThingId
    text: str


def measure_view(row: Measure, *, is_lifted_by_proof: bool) -> MeasureView:
    """Return a measure as it is shown."""
    return MeasureView(
        id=row.id,
        kind=row.kind.value,
        account=row.account,
        institution=row.institution,
        currency=row.currency,
        unit=row.unit,
        ground=row.ground.value,
        about=row.about,
        reason=row.reason,
        limit=amount_text(row.limit, row.currency) if row.limit else None,
        state=row.state.value,
        made_by=row.made_by,
        agreed_by=list(row.agreed_by),
        began_at=_text(row.began_at),
        ends_at=instant_text(row.ends_at),
        notice_due_at=_text(row.notice_due_at),
        told_at=_text(row.told_at),
        confirmed_at=_text(row.confirmed_at),
        intercepted=None if row.intercepted is None else amount_text(row.intercepted, row.currency),
        is_lifted_by_proof=is_lifted_by_proof,
        appeals=[
            MeasureAppealView(
                text=appeal.id,
                filed_at=instant_text(appeal.filed_at),
                due_at=instant_text(appeal.due_at),
                is_overdue=appeal.is_overdue,
                state=appeal.state,
            )
            for appeal in row.appeals
        ],
        ended_at=_text(row.ended_at),
        ended_for=row.ended_for or None,
        digest=row.digest,
    )


def dissuasion_view(row: Dissuasion) -> DissuasionView:
    """Return a dissuasion as it is shown."""
    step = STEP_OF.get(row.state) if row.due_at is not None else None
    return DissuasionView(
        id=row.id,
        unit=row.unit,
        institution=row.institution or None,
        key=row.key,
        accounts=list(row.accounts),
        grade=row.grade.value,
        amount=amount_text(row.amount, row.currency) if row.currency else None,
        currency=row.currency or None,
        leads=list(row.leads),
        state=row.state.value,
        step=None if step is None else step.value,
        due_at=_text(row.due_at),
        ends_at=instant_text(row.ends_at),
        opened_at=instant_text(row.opened_at),
        contacts=[
            ContactView(step=x.step.value, is_reached=x.is_reached, by=x.by, at=instant_text(x.at))
            for x in row.contacts
        ],
        late=[step.value for step in row.late],
        averted=amount_text(row.averted, row.currency) if row.averted else None,
        ended_at=_text(row.ended_at),
        ended_for=row.ended_for or None,
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


__all__ = [
    "ConfirmBody",
    "ContactBody",
    "DissuasionAnswered",
    "DissuasionView",
    "LeadAnswered",
    "LeadBody",
    "LeadRow",
    "LeadsTaken",
    "MeasureAnswered",
    "MeasureBody",
    "MeasureView",
    "ObjectionBody",
    "ObjectionView",
    "OutcomeBody",
    "SeenBody",
    "dissuasion_view",
    "measure_view",
]
