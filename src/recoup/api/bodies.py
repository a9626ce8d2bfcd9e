"""What requests and answers look like: strict, nothing unknown taken, amounts as decimal text. No rule of any room is here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recoup import limits
from recoup.cases import Case, CasePolicy
from recoup.cases.views import View
from recoup.centre.beside_plan import digest_shown, needs_by_hand, view_by_hand
from recoup.clock import instant_text
from recoup.money import ISO_DIGITS, format_minor
from recoup.orders import AccountKind, Answer, Extent, Hold, OrderKind, Tracked
from recoup.staff import Grant, Level, Role

_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def _instant(text: str) -> str:
    """Check an instant; kept as text, so that the schema and the check speak of one thing."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError("expected an instant such as 2026-01-05T10:00:00Z")
    instant_of_text(text)
    return text


def instant_of_text(text: str) -> datetime:
    """Return the instant of RFC 3339 text; one that no calendar has raises `ValueError`."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("expected an instant of the years 1 to 9999") from fault


def _said(maximum: int) -> Any:  # noqa: ANN401 - a field's description is what pydantic makes it
    """Return the form of a text that a person writes: something is said, on one line."""
    pattern = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
    return Field(min_length=1, max_length=maximum, pattern=pattern)


Row = TypeVar("Row")

CASE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
KEY_PATTERN: Final = r"^[A-Za-z0-9_.:-]{8,128}$"
HASH_PATTERN: Final = r"^[0-9a-f]{64}$"

CaseId = Annotated[str, Field(pattern=CASE_PATTERN, examples=["A440300-2026-0017"])]
UnitId = Annotated[str, Field(pattern=CASE_PATTERN, examples=["futian-1"])]
InstitutionId = Annotated[str, Field(pattern=CASE_PATTERN, examples=["bank-1"])]
ThingId = Annotated[str, Field(pattern=CASE_PATTERN)]
Digest = Annotated[str, Field(pattern=HASH_PATTERN)]
Said = Annotated[str, _said(500)]
Name = Annotated[str, _said(200)]
Password = Annotated[str, Field(min_length=12, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{20,128}$")]
Amount = Annotated[
    str, Field(pattern=r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?$", examples=["201.00"])
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3,4}$", examples=["CNY"])]
AccountNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9@._-]{4,64}$")]
Instant = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-.{15,40}$", json_schema_extra={"format": "date-time"}),
    AfterValidator(_instant),
]


class Body(BaseModel):
    """What is common to all: strict, closed, unchanging."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Nothing(Body):
    """An empty object: the path says all."""


class SetupBody(Body):
    """The first administrator and the root of the tree."""

    token: Token
    name: Name
    password: Password
    unit: UnitId
    level: Level = Field(Level.PROVINCE, strict=False)


class EnrolBody(Body):
    """A person's password, set under a one-time token."""

    token: Token
    name: Name
    password: Password


class LoginBody(Body):
    """Name, password, and the code that the second factor shows."""

    name: Name
    password: Password
    code: Code


class PersonBody(Body):
    """Somebody to be added."""

    name: Name


class UnitBody(Body):
    """A unit and where it stands."""

    id: UnitId
    level: Level = Field(strict=False)
    parent: UnitId


class GrantBody(Body):
    """A role at a unit, or at an institution."""

    role: Role = Field(strict=False)
    unit: UnitId | None = None
    institution: InstitutionId | None = None

    def grant(self) -> Grant:
        """Return the value."""
        return Grant(self.role, self.unit or "", self.institution or "")


class ReasonBody(Body):
    """Why."""

    reason: Said


class DutyBody(Body):
    """Who is on duty, where, from when until when."""

    person: ThingId
    unit: UnitId
    begins_at: Instant
    ends_at: Instant


class ActingBody(DutyBody):
    """Who stands in for an approver."""

    reason: Said


class DutyEndBody(Body):
    """Whose duty, or standing for an approver, ends before its time, where, since or from when it was given, and why."""

    person: ThingId
    unit: UnitId
    begins_at: Instant
    reason: Said


class HandoverBody(Body):
    """Who is to take over, and the digest of the list as the giver saw it."""

    unit: UnitId
    taker: ThingId
    digest: Digest


class TakenBody(Body):
    """The unit whose open work is taken over, and the digest of the list as it was seen."""

    unit: UnitId
    digest: Digest


class EscalationBody(Body):
    """Who was asked beyond the usual way, and what came of it."""

    case: CaseId
    asked: ThingId
    outcome: Said


class AccountBody(Body):
    """An account as a report or a statement names it."""

    case: CaseId
    institution: InstitutionId
    number: AccountNumber
    name: Name


class ReadingBody(Body):
    """Which piece of personal data somebody asks to see, in which case, and why."""

    account: ThingId
    field: str = Field(pattern="^account_(number|name)$")
    case: CaseId
    reason: Said


class ArrivalBody(Body):
    """The transfer by which the money came to the account: the institution looks for it before it stops anything."""

    amount: Amount
    at: Instant
    reference: Said | None = None


class DraftBody(Body):
    """An order to write down. A release, a query and a watch tell the amount 0; a stop is taken with its arrival only.

    What is paid back to victims is written by a return's notice to the bank, not here.
    """

    case: CaseId
    account: ThingId
    kind: OrderKind = Field(strict=False)
    currency: Currency
    amount: Amount
    reason: Said
    extent: Extent = Field(Extent.AMOUNT, strict=False)
    extent_ground: Said | None = None
    account_kind: AccountKind = Field(AccountKind.ORDINARY, strict=False)
    arrival: ArrivalBody | None = None


class ApproveBody(Body):
    """The digest of the order as the approver saw it."""

    digest: Digest


# --- answers ---


class Answered(Body):
    """What a command was told."""

    id: str


class OrderAnswered(Body):
    """An order and the one word for where it stands."""

    order: str
    state: str
    word: str


class AccountAnswered(Body):
    """The opaque id under which an account is spoken of."""

    account: str


class PersonAnswered(Body):
    """A person and the one-time token by which to enrol."""

    id: str
    token: str


class Enrolled(Body):
    """The second factor, shown until it was used for the first time."""

    id: str
    secret: str | None
    address: str | None


class SessionAnswered(Body):
    """A session's token: shown once, kept nowhere."""

    token: str
    ends_at: str


class GrantView(Body):
    """A role and where it is held."""

    role: str
    unit: str | None
    institution: str | None


class PersonView(Body):
    """A person, without the name."""

    id: str
    is_suspended: bool
    is_enrolled: bool
    grants: list[GrantView]


class MeView(PersonView):
    """Oneself, with what is held for a time."""

    ends_at: str


class UnitView(Body):
    """A unit."""

    id: str
    level: str
    parent: str | None


class DutyView(Body):
    """A role held for a time."""

    person: str
    role: str
    unit: str
    begins_at: str
    ends_at: str


class NeedsView(Body):
    """What an order needs before it may leave."""

    persons: int
    """Beside its maker."""
    level: str
    """Of the unit at which they hold their role; where nobody else must agree, at which whoever lets it leave holds it."""


class SaidView(Body):
    """What an institution said of an order, in its own words where nobody here knows them."""

    outcome: str
    held: str
    code: str
    """Its result code: why, where it refused."""
    failed: list[str]
    """What did not match, where that is why."""
    queued_behind: int
    """Earlier holds of others on the account, which come first."""
    started_at: str | None
    papers: list[str]
    """What it wants before it pays."""


class SeenView(Body):
    """What an order that was drafted beside the plan does: its gain, and its harm to others as far as anybody said."""

    change: str
    """Newly asked for; below zero, given up."""
    claimed: str
    """Of the hold, how much claims stand behind."""
    unclaimed: str
    """Of what is asked, how much no claim stands behind."""
    located: str
    """How much of the case's money the account's own statement shows there."""
    inferred: str
    own_money: str
    """Of the holder's own money, what would be caught."""
    salary_on: list[str]
    merchants: int
    is_innocent: bool
    signs: list[str]


class OrderView(Body):
    """An order, how far it has come, and what stands at the institution. Accounts are opaque ids."""

    id: str
    case: str
    account: str
    institution: str
    kind: str
    currency: str
    amount: str
    reason: str
    extent: str
    account_kind: str
    made_by: str
    digest: str
    """What an approval binds: the order and, of one drafted beside the plan, all that is `seen` with it."""
    state: str
    needs: NeedsView
    seen: SeenView | None
    """What whoever agrees sees; null once it left, and of a payment back or where no report opened the case."""
    approvers: list[str]
    """Who agreed; before it leaves, who agreed to exactly what is seen now."""
    issued_at: str | None
    answer_due_at: str | None
    hold: str
    """The one word for the hold."""
    held: str
    ends_at: str | None
    said: list[SaidView]
    """What the institution said of it, the newest last; of very many the newest."""


class PersonalView(Body):
    """A piece of personal data. That it was read stands in the journal."""

    account: str
    field: str
    text: str


class Page(Body, Generic[Row]):
    """Some rows of a list, and the cursor under which it goes on."""

    items: list[Row]
    next: str | None


def order_view(hold: Hold, tracked: Tracked, policy: CasePolicy, case: Case) -> OrderView:
    """Return an order as it is shown, with what `case` says of it before it leaves."""
    order = tracked.order
    seen, digest = view_by_hand(case, hold, tracked), digest_shown(case, hold, tracked)
    needs = needs_by_hand(tracked, policy)
    said = (*tracked.unclear, *tracked.answers)
    digits = ISO_DIGITS.of(order.key.currency)
    return OrderView(
        id=order.id,
        case=order.key.case,
        account=order.key.account,
        institution=order.institution,
        kind=order.kind.value,
        currency=order.key.currency,
        amount=format_minor(order.amount, digits),
        reason=order.reason,
        extent=order.extent.value,
        account_kind=order.account_kind.value,
        made_by=order.made_by,
        digest=digest,
        state=tracked.state.value,
        needs=NeedsView(persons=needs.persons, level=needs.level.value),
        seen=None if seen is None else _seen_view(seen, order.amount, digits),
        approvers=list(tracked.approvers_of(digest) if seen else tracked.approvers),
        issued_at=_text(tracked.issued_at),
        answer_due_at=_text(tracked.answer_due_at),
        hold=hold.word,
        held=format_minor(hold.held, digits),
        ends_at=_text(hold.ends_at),
        said=[_answer_view(answer, digits) for answer in said[-limits.ANSWERS_SHOWN_MAX :]],
    )


def _seen_view(view: View, amount: int, digits: int) -> SeenView:
    claimed = sum(part for _, part in view.stood)
    return SeenView(
        change=format_minor(view.change, digits),
        claimed=format_minor(claimed, digits),
        unclaimed=format_minor(max(0, amount - claimed), digits),
        located=format_minor(view.located, digits),
        inferred=format_minor(view.inferred, digits),
        own_money=format_minor(view.own_money, digits),
        salary_on=[day.isoformat() for day in view.salary_on],
        merchants=view.merchants,
        is_innocent=view.is_innocent,
        signs=list(view.signs),
    )


def _answer_view(answer: Answer, digits: int) -> SaidView:
    return SaidView(
        outcome=str(answer.outcome.value),
        held=format_minor(answer.held, digits),
        code=answer.code,
        failed=list(answer.failed),
        queued_behind=answer.queued_behind,
        started_at=_text(answer.started_at),
        papers=list(answer.papers),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
