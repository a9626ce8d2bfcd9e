"""What a call taker fills in, and what comes back. Personal data come in here and are told nowhere but in a reading."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from recoup.api.bodies import (
    AccountNumber,
    Amount,
    Body,
    CaseId,
    Currency,
    Instant,
    InstitutionId,
    Name,
    ThingId,
    UnitId,
)
from recoup.cases import Channel, Grade

DOCUMENT_PATTERN: Final = r"^[A-Za-z0-9()-]{4,64}$"
SERIAL_PATTERN: Final = r"^[A-Za-z0-9_./:-]{1,64}$"

Phone = Annotated[str, Field(pattern=r"^[0-9+() -]{3,32}$", examples=["+86 755 1234 5678"])]
Document = Annotated[
    str,
    Field(pattern=DOCUMENT_PATTERN, description="By it the same person is known the next time."),
]
Serial = Annotated[
    str, Field(pattern=SERIAL_PATTERN, description="The payment's number at the institution.")
]
Kind = Annotated[
    str, Field(pattern=r"^[a-z][a-z_]{0,39}$", examples=["transfer", "deposit", "qr_code"])
]
Text = Annotated[str, Field(max_length=8000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


class ToldBody(Body):
    """A person, as far as the report names one."""

    name: Name
    phone: Phone | None = None
    document: Document | None = None


class PartyBody(Body):
    """An account as the victim names it."""

    institution: InstitutionId
    number: AccountNumber
    name: Name


class PaymentBody(Body):
    """The disputed payment. Without a payer, a deposit is disputed."""

    payer: PartyBody | None = None
    payee: PartyBody
    amount: Amount
    currency: Currency
    paid_at: Instant
    kind: Kind | None = None
    serial: Serial | None = None


class ReportBody(Body):
    """A report with its first payment. Without a case, it opens one; without a victim, the reporter is the victim."""

    case: CaseId | None = None
    unit: UnitId | None = None
    channel: Channel = Field(strict=False)
    grade: Grade = Field(Grade.PLAUSIBLE, strict=False)
    accepts_liability: bool
    received_at: Instant
    reporter: ToldBody
    victim: ToldBody | None = None
    payment: PaymentBody
    text: Text | None = None


class ClaimBody(Body):
    """Another payment of a report that was taken."""

    report: ThingId
    payment: PaymentBody


class FirstOrder(Body):
    """The order with which to go on, as it was seen when the report was taken."""

    kind: str
    account: str
    institution: str
    currency: str
    amount: str
    digest: str
    mandate: str | None
    persons: int
    """Persons beside its maker who must agree."""


class ReportAnswered(Body):
    """The ids under which all is spoken of from then on."""

    case: str
    report: str
    claim: str
    account: str
    """The payee's."""
    is_connected: bool
    """Whether orders reach the payee's institution over the wire; else they are carried on paper."""
    first: FirstOrder | None
