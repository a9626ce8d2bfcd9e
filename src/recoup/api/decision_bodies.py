"""What requests and answers about decisions on a case look like: strict, amounts as decimal text. No rule is here."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from recoup.api.bodies import (
    Amount,
    Body,
    CaseId,
    Currency,
    Digest,
    Instant,
    Said,
    ThingId,
)
from recoup.orders import AccountKind, OrderKind


def _date(text: str) -> str:
    """Check a date; kept as text, so that the schema and the check speak of one thing."""
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("expected a date such as 2026-01-05")
    return text


Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"}),
    AfterValidator(_date),
]
PlaceId = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
"""An account's opaque id, or that of a payment whose account is asked for by its serial number."""
Count = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,5})$", examples=["3"])]
"""A count as text, as amounts are: to schema tools the number 3.0 is an integer as well."""
Hops = Annotated[
    str, Field(pattern=r"^([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-6])$", examples=["5"])
]
"""1 to 256 (`CASE_HOPS_MAX`)."""
Written = Annotated[
    str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
"""What somebody wrote, over several lines; it goes to the vault."""


class WhyBody(Body):
    """Why, where a reason may be given and need not."""

    reason: Said | None = None


class DigestBody(Body):
    """The digest of what was seen."""

    digest: Digest
    reason: Said | None = None


class RepaidBody(Body):
    """What a victim got back, or was compensated with by somebody."""

    currency: Currency
    returned: Amount = "0"
    compensated: Amount = "0"
    reason: Said


class HoldBody(Body):
    """A hold of the case."""

    account: ThingId
    currency: Currency


class HarmBody(HoldBody):
    """What an order about the account would do to others."""

    own_money: Amount = "0"
    salary_on: list[Day] = Field([], max_length=31)
    merchants: Count = "0"


class AccountKindBody(Body):
    """What an account is for."""

    account: PlaceId
    kind: AccountKind = Field(strict=False)


class WriteBody(Body):
    """Which order of the plan to write down: the centre takes amount, institution and extent from the plan."""

    kind: OrderKind = Field(strict=False)
    account: PlaceId
    currency: Currency
    reason: Said
    account_kind: AccountKind = Field(AccountKind.ORDINARY, strict=False)
    mandate: ThingId | None = None


class MandateBody(Body):
    """Limits within which the next orders need nobody else."""

    hops_max: Hops
    amount_max: Amount
    currency: Currency
    until: Instant


class FindingBody(Body):
    """What the centre finds of a claim or of an account."""

    kind: str = Field(pattern="^(claim_void|good_faith_value|innocent_conduit)$")
    subject: ThingId
    reason: Said


class SurplusBody(HoldBody):
    """How much of a hold stays, of what nothing confirmed in time."""

    keep: Amount
    reason: Said


class HardshipBody(HoldBody):
    """How much of a hold people need to live on."""

    amount: Amount
    reason: Said


class CapBody(HoldBody):
    """The most that may be held from here on; 0: whatever claims are entitled to."""

    amount: Amount = "0"
    reason: Said


class SwapBody(HoldBody):
    """How much is to be held on another account that the holder offered and that was entered for the case."""

    amount: Amount
    offered: ThingId
    reason: Said


class DeferralBody(HoldBody):
    """Until when the holder is not told, and why."""

    until: Instant
    reason: Said


class JoiningBody(Body):
    """The case whose trail meets this one's at an account."""

    other: CaseId
    account: ThingId
    reason: Said


class OpinionBody(Body):
    """What an institution thinks of an account of its own."""

    account: ThingId
    text: Written


class AppealBody(HoldBody):
    """A holder's objection to a hold."""

    text: Written


class UpheldBody(Body):
    """How much stays held, and why the holder is right."""

    keep: Amount
    currency: Currency
    reason: Said


class NoticeBody(HoldBody):
    """How the holder was told: with which papers, and whom to ring."""

    documents: Said
    phone: Annotated[str, Field(pattern=r"^[0-9+() -]{3,40}$")]


class ForeignBody(Body):
    """What another country answered."""

    text: Written


# --- answers ---


class CaseAnswered(Body):
    """The case, and the thing that was made or settled in it."""

    case: str
    id: str


class WrittenText(Body):
    """A text. That it was read stands in the journal."""

    id: str
    text: str


class WrittenOrderView(Body):
    """An order that was written down, what whoever agrees to it sees, and who has agreed to exactly that."""

    id: str
    kind: str
    account: str
    institution: str
    currency: str
    amount: str
    reason: str
    extent: str
    account_kind: str
    mandate: str | None
    made_by: str
    change: str
    """Newly asked for; below zero, given up."""
    located: str
    """Of what is asked, how much the account's own statement shows."""
    inferred: str
    own_money: str
    """Of the holder's own money, what would be caught."""
    salary_on: list[str]
    merchants: str
    is_innocent: bool
    digest: str | None
    """What an agreement binds; null: the plan has no such order any more."""
    agreed: list[str]
    needed: str
    """How many others must agree."""


class MandateView(Body):
    """A standing authority."""

    id: str
    hops_max: str
    amount_max: str
    currency: str
    until: str
    spent: str
    proposed_by: str
    agreed_by: str | None
    state: str
    digest: str


class FindingView(Body):
    """What the centre found, or is about to."""

    id: str
    kind: str
    subject: str
    reason: str
    made_by: str
    decided_by: str | None
    state: str
    digest: str


class MotionView(Body):
    """A decision that one person proposed."""

    id: str
    matter: str
    account: str
    currency: str | None
    amount: str | None
    offered: str | None
    other: str | None
    until: str | None
    reason: str
    by: str
    settled_by: str | None
    state: str
    digest: str
    is_stale: bool
    """The case shows something else by now: nobody can agree to it any more."""


class AppealView(Body):
    """A holder's objection."""

    id: str
    account: str
    currency: str
    is_through_bank: bool
    filed_at: str
    due_at: str
    text: str
    """The id of the text, by which it is read."""
    state: str
    decided_by: str | None


class DecisionsView(Body):
    """All in a case that takes or took a second person."""

    orders: list[WrittenOrderView]
    mandates: list[MandateView]
    findings: list[FindingView]
    motions: list[MotionView]
    appeals: list[AppealView]
