"""The lists over HTTP: who puts a subject on, who agrees, who takes it off, and who asks about a subject or a payment.

Whoever asks is told which list, since when, until when, which unit to call and what it rests on; no name, no number, no text.
That it was asked, by whom, for what, is in the journal before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from recoup.api.bodies import (
    AccountNumber,
    Body,
    CaseId,
    Digest,
    Instant,
    InstitutionId,
    Name,
    Page,
    ReasonBody,
    Said,
    ThingId,
    instant_of_text,
)
from recoup.api.callers import Caller, Calling, Key, carry_out, command_of, told
from recoup.api.cursors import page_of
from recoup.api.port import CentrePort, View
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, Row, mount
from recoup.api.signed import Asking, Machine
from recoup.api.work import CaseAsked, Cursor, Limit, ReasonAsked
from recoup.cases.lists import Entry, Ground, Level, Subject
from recoup.centre.account_room import ACCOUNT_UNKNOWN
from recoup.centre.list_commands import (
    AgreeToEntry,
    Checked,
    CheckLists,
    ListSubject,
    Side,
    WithdrawEntry,
)
from recoup.centre.requests import INSTITUTION, Actor
from recoup.centre.requests import Request as Asked
from recoup.clock import instant_text
from recoup.staff import Action, Why

router = APIRouter(tags=["lists"])
_LOOKING = responses(401, 403, 404, 409, 422, 429)
_FOREVER: Final = instant_of_text("9999-01-01T00:00:00Z")
"""Later than any end that a policy sets: the policy's stands then."""

ENTRY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._#-]{0,63}$"


class AccountSubject(Body):
    """An account by institution and number."""

    kind: Literal["account"]
    institution: InstitutionId
    number: AccountNumber


class HolderSubject(Body):
    """A person or a device by a number that is theirs alone, such as a document's kind and number."""

    kind: Literal["person", "device"]
    value: Name


class AccountOfCaseSubject(Body):
    """An account that the case speaks of by its id."""

    kind: Literal["account_of_case"]
    account: ThingId


SubjectBody = Annotated[AccountSubject | HolderSubject, Field(discriminator="kind")]
ListedBody = Annotated[
    AccountSubject | HolderSubject | AccountOfCaseSubject, Field(discriminator="kind")
]


class ListingBody(Body):
    """A subject to be listed, for which case, and why."""

    case: CaseId
    level: Level = Field(strict=False)
    subject: ListedBody
    reason: Said
    origin: Said | None = None
    """The register or other centre that it is taken over from."""
    until: Instant | None = None


class AgreeBody(Body):
    """The digest of the entry as the second person saw it."""

    digest: Digest


class CheckBody(Body):
    """One subject; a person says for which case, an institution for which payment."""

    subject: SubjectBody
    reason: Said
    case: CaseId | None = None
    payment: ThingId | None = None


class PaymentCheckBody(Body):
    """Both sides of one payment."""

    payer: SubjectBody
    payee: SubjectBody
    reason: Said
    case: CaseId | None = None
    payment: ThingId | None = None


class EntryAnswered(Body):
    """An entry, where it stands, and what another person would agree to."""

    entry: str
    state: str
    digest: str


class EntryView(Body):
    """An entry as the case's unit sees it. The subject stands as its key."""

    id: str
    list: str
    subject: str
    key: str
    origin: str | None
    reason: str
    added_by: str | None
    """None where the case itself listed it."""
    agreed_by: str | None
    added_at: str
    ends_at: str
    state: str
    ended_at: str | None
    ended_for: str | None
    digest: str


class ListedView(Body):
    """What whoever checks is told of one entry."""

    entry: str
    list: Level = Field(strict=False)
    since: str
    until: str
    unit: str
    ground: Ground = Field(strict=False)


class SideView(Body):
    """What the lists say of one subject, involved before suspect; nothing: it is on none."""

    entries: list[ListedView]
    left: int
    """Entries beyond those."""


class SubjectChecked(Body):
    """The answer about one subject."""

    subject: SideView


class PaymentChecked(Body):
    """The answer about both sides of a payment."""

    payer: SideView
    payee: SideView


@router.post("/lists/entries", responses=COMMAND_PROBLEMS)
async def list_subject(
    body: ListingBody, key: Key, caller: Calling, response: Response
) -> EntryAnswered:
    """List a suspect at once, or propose to list an involved subject, which another person agrees to."""
    port = caller.house.port
    caller.may(Action.LIST_ADD, port.view().target_of_case(body.case))
    now = port.now()
    entry = Entry(
        id=port.new_id("entry"),
        subject=Subject(body.subject.kind.removesuffix("_of_case")),
        level=body.level,
        key=await _listed_key(port, body),
        case=body.case,
        origin=body.origin or "",
        reason=body.reason,
        added_by=caller.person,
        added_at=now,
        ends_at=_FOREVER if body.until is None else instant_of_text(body.until),
    )
    content = body.model_dump(mode="json")
    why = Why(body.case, body.reason)
    return _entry(
        await carry_out(caller, key, "/lists/entries", content, ListSubject(entry), response, why)
    )


mount(
    router,
    (
        Row(
            "/lists/entries/{entry}/agree",
            "Agree, as the second person, to what was asked: that an involved subject is listed, or taken off.",
            AgreeBody,
            lambda entry, body, by: AgreeToEntry(entry, by, body.digest),
            EntryAnswered,
            ENTRY_PATTERN,
        ),
        Row(
            "/lists/entries/{entry}/withdraw",
            "Take an entry off; an involved subject stays on until another person agrees.",
            ReasonBody,
            lambda entry, body, by: WithdrawEntry(entry, by, body.reason),
            EntryAnswered,
            ENTRY_PATTERN,
        ),
    ),
)


@router.get("/lists/entries", responses=_LOOKING)
async def entries_of_case(
    caller: Calling,
    case: CaseAsked = "",
    reason: ReasonAsked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryView]:
    """List the entries of a case in the order in which they came, ended ones too."""
    port = caller.house.port
    view = port.view()
    caller.may(Action.LIST_READ, view.target_of_case(case), Why(case, reason))
    listed = f"entries {caller.person} {case}"
    return page_of(port, listed, view.listed.of_case(case), limit, cursor, _view)


@router.post("/lists/check", responses=COMMAND_PROBLEMS)
async def check_subject(
    body: CheckBody, key: Key, asker: Asking, response: Response
) -> SubjectChecked:
    """Say whether a subject is listed, to a person for a case or to an institution for a payment."""
    found = await _check(asker, key, body, {Side.SUBJECT: body.subject}, response)
    return SubjectChecked.model_validate(found)


@router.post("/lists/check/payment", responses=COMMAND_PROBLEMS)
async def check_payment(
    body: PaymentCheckBody, key: Key, asker: Asking, response: Response
) -> PaymentChecked:
    """Say whether payer or payee of one payment is listed, in one call."""
    sides = {Side.PAYER: body.payer, Side.PAYEE: body.payee}
    found = await _check(asker, key, body, sides, response)
    return PaymentChecked.model_validate(found)


async def _check(
    asker: Caller | Machine,
    key: str,
    body: CheckBody | PaymentCheckBody,
    sides: Mapping[Side, AccountSubject | HolderSubject],
    response: Response,
) -> Mapping[str, Any]:
    """Ask the lists, once, under the asker's key."""
    port, route = asker.house.port, "/lists/check/" + " ".join(sides)
    why = Why(body.case or "", body.reason)
    if isinstance(asker, Machine):
        who, is_allowed = f"institution {asker.institution}", asker.house.checks_each
        is_said = body.payment is not None and body.case is None
    else:
        who, is_allowed = asker.person, asker.house.checks
        is_said = body.case is not None
        asker.may(Action.LIST_CHECK, port.view().target_of_case(why.case), why)
    if not is_said:
        raise ProblemError("purpose_missing")
    if not is_allowed.take(who):
        raise ProblemError("too_many_requests")
    subjects = [Checked(side, await _key(port, one, kept=False)) for side, one in sides.items()]
    command = CheckLists(tuple(subjects), body.payment or "")
    content = body.model_dump(mode="json")
    if isinstance(asker, Caller):
        return await carry_out(asker, key, route, content, command, response, why)
    asking = Asked(Actor(asker.institution, INSTITUTION, body.reason), command)
    given = command_of(port, who, key, route, content, asking)
    return told(await port.submit(given), response)


async def _key(port: CentrePort, subject: AccountSubject | HolderSubject, *, kept: bool) -> str:
    if isinstance(subject, AccountSubject):
        return await port.key_of_account(subject.institution, subject.number, kept=kept)
    return port.key_of(Subject(subject.kind), subject.value)


async def _listed_key(port: CentrePort, body: ListingBody) -> str:
    """Return the key of what is to be listed; an account by its id is one of the case."""
    subject = body.subject
    if not isinstance(subject, AccountOfCaseSubject):
        return await _key(port, subject, kept=True)
    if not _is_of_case(port.view(), body.case, subject.account):
        raise ProblemError(ACCOUNT_UNKNOWN)
    return subject.account


def _is_of_case(view: View, case_id: str, account: str) -> bool:
    case = view.case(case_id)
    return (
        view.target_of_account(case_id, account) is not None
        or any(place.account == account for place in case.places)
        or any(hold.account == account for hold in case.holds)
    )


def _entry(answer: Mapping[str, str]) -> EntryAnswered:
    return EntryAnswered(entry=answer["entry"], state=answer["state"], digest=answer["digest"])


def _view(entry: Entry) -> EntryView:
    return EntryView(
        id=entry.id,
        list=entry.level.value,
        subject=entry.subject.value,
        key=entry.key,
        origin=entry.origin or None,
        reason=entry.reason,
        added_by=entry.added_by or None,
        agreed_by=entry.agreed_by or None,
        added_at=instant_text(entry.added_at),
        ends_at=instant_text(entry.ends_at),
        state=entry.state.value,
        ended_at=_text(entry.ended_at),
        ended_for=entry.ended_for or None,
        digest=entry.digest,
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


__all__ = ["router"]
