"""What a case looks like over HTTP: opaque ids, states, amounts as decimal text. No name, no number and no report's text."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from recoup.api.bodies import Body, OrderView, Page, Said, ThingId

PieceField = Annotated[
    str,
    Field(
        pattern="^(account_(number|name)|report_text|person_(name|phone|document)"
        "|payment_(serial|kind)|pay(er|ee)_name)$",
        description="Of an account, a report, its reporter or victim, or of a disputed payment.",
    ),
]


class ReportView(Body):
    """A report."""

    id: str
    reporter: str
    grade: str
    channel: str
    received_at: str
    entered_at: str
    entered_by: str


class ClaimView(Body):
    """A disputed payment, and who agreed that it is believed."""

    id: str
    report: str
    victim: str
    transfer: str
    payer: str | None
    payee: str
    institution: str
    currency: str
    amount: str
    missing: str
    returned: str
    compensated: str
    paid_at: str
    made_by: str
    state: str
    agreed_by: list[str]


class PlaceView(Body):
    """Where so much of one claim lies, was last seen, or left the system."""

    claim: str
    account: str
    institution: str | None
    currency: str
    amount: str
    since: str
    found: str
    kind: str | None
    hop: int
    is_inferred: bool


class PartView(Body):
    """What stands behind a hold for one claim."""

    claim: str
    amount: str


class HoldView(Body):
    """What was asked of an institution on one account, and what it holds."""

    account: str
    currency: str
    institution: str
    word: str
    asked: str
    held: str
    confirmed: str
    """Of what is held, what a balance digest has shown as well."""
    stood: list[PartView]
    answered_at: str | None
    ends_at: str | None
    surplus_since: str | None


class MandateView(Body):
    """A standing authority."""

    id: str
    state: str
    hops_max: int
    amount_max: str
    spent: str
    currency: str
    until: str
    proposed_by: str
    agreed_by: str | None
    digest: str


class FindingView(Body):
    """What the centre found, or somebody proposes that it finds."""

    id: str
    kind: str
    subject: str
    state: str
    made_by: str
    reason: str
    decided_by: str | None
    digest: str


class AppealView(Body):
    """A holder's objection and its clock."""

    id: str
    account: str
    currency: str
    state: str
    is_through_bank: bool
    filed_at: str
    due_at: str
    decided_by: str | None
    decided_at: str | None
    keep: str


class NoticeView(Body):
    """What a holder is told of a hold, and when."""

    account: str
    currency: str
    amount: str
    state: str
    due_at: str
    reason: str | None


class AbroadView(Body):
    """A request to another country and its clock."""

    id: str
    claim: str
    account: str
    institution: str
    currency: str
    amount: str
    left_at: str
    state: str
    due_at: str
    answers: list[str]


class FoundView(Body):
    """What the trail says of one currency: proven and inferred are never added up."""

    currency: str
    found: str
    proven: str
    inferred: str


class MoneyView(Body):
    """What is missing and what is held, of one currency."""

    currency: str
    reported: str
    missing: str
    held: str
    """By all institutions together; the same loss may be in it twice."""
    net: str
    """Held and stood behind: each loss once."""
    overlap: str


class CaseView(Body):
    """A case: how it stands, and the first rows of each of its lists; `next` goes on at `/cases/{case}/LIST`."""

    id: str
    unit: str
    opened_at: str
    facts: int
    """The version of what a trail rests on."""
    is_traced: bool
    """Whether the trail was computed from the newest of it."""
    joined: list[str]
    money: list[MoneyView]
    found: list[FoundView]
    reports: Page[ReportView]
    claims: Page[ClaimView]
    places: Page[PlaceView]
    exits: Page[PlaceView]
    holds: Page[HoldView]
    orders: Page[OrderView]
    mandates: Page[MandateView]
    findings: Page[FindingView]
    appeals: Page[AppealView]
    notices: Page[NoticeView]
    abroad: Page[AbroadView]


class HarmView(Body):
    """What an order does to others, as far as anybody said."""

    own_money: str
    salary_on: list[str]
    merchants: int
    is_innocent: bool
    signs: list[str]
    """Signs that the freeze is abused, of the claims behind it: small_payment, repeated_reporter, doubtful_report."""


class PlanItem(Body):
    """An order of the plan with its gain and its harm."""

    kind: str
    account: str
    account_kind: str
    """What the account is for: a protected one needs more people."""
    institution: str
    is_connected: bool
    currency: str
    amount: str
    """What the hold is to be afterwards."""
    change: str
    """What is newly asked for; below zero, given up."""
    chance: int
    """In 1,000, that money newly asked for is still there."""
    expected: str
    """Change times chance: what is sent first."""
    why: str
    located: str
    inferred: str
    stood: list[PartView]
    harm: HarmView
    hop: int
    is_whole_account: bool
    fits_the_minute: bool
    """Whether its institution takes it within one minute, by what it declared."""
    mandate: str | None
    """The standing authority that covers it."""
    persons: int
    """Persons beside its maker who must agree."""
    digest: str
    """Of all that is seen here, were the caller its maker."""


class WaitingView(Body):
    """Money for which no order is made now, and why."""

    account: str
    currency: str
    amount: str
    why: str


class PlanView(Body):
    """What would be ordered now, in the order of dispatch."""

    case: str
    is_traced: bool
    orders: Page[PlanItem]
    waiting: list[WaitingView]


class TodoView(Body):
    """Something that waits for a person."""

    kind: str
    case: str
    unit: str
    about: str
    currency: str | None
    amount: str | None
    due_at: str | None
    why: str | None


class CaseReadingBody(Body):
    """Which piece of a report somebody asks to see, and why."""

    subject: ThingId
    field: PieceField
    reason: Said


class PieceView(Body):
    """A piece of personal data. That it was read stands in the journal."""

    subject: str
    field: str
    text: str
