"""Problem documents of RFC 9457: the whole list of what a request may be refused for, and how each is told.

`PROBLEMS` is the list. Its names are stable: they stand in `type` as `urn:recoup:problem:NAME` and in the documentation, and
a test meets each of them. A refusal of a room keeps the room's own name. Nothing of a request is repeated in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi.responses import JSONResponse

from recoup.care import CareReason
from recoup.cases import Reason as CaseReason
from recoup.cases.lists import ListReason
from recoup.centre.account_room import ACCOUNT_UNKNOWN, INSTITUTION_DIFFERS
from recoup.centre.commands import WriterRefusal
from recoup.centre.mailbox import MAILBOX_UNKNOWN
from recoup.centre.reasons import CentreReason
from recoup.errors import MessageProblem, ScanProblem
from recoup.messages.transport import SCHEME, status_of
from recoup.orders import Reason
from recoup.procedure import Reason as ReturnReason
from recoup.staff import StaffReason

TYPE: Final = "urn:recoup:problem:"
MEDIA_TYPE: Final = "application/problem+json"

_OWN: Final[Mapping[str, tuple[int, str]]] = {
    "body_too_large": (413, "The body is larger than is taken"),
    "body_too_deep": (400, "The body has more values within values than are taken"),
    "body_not_json": (400, "The body is no JSON text in UTF-8"),
    "body_ambiguous": (400, "A name stands twice in an object of the body"),
    "media_type_unsupported": (415, "The body is of a media type that is not taken here"),
    "request_malformed": (422, "The request is not of the form that is described"),
    "not_found": (404, "There is nothing here"),
    "method_not_allowed": (405, "This cannot be done here"),
    "login_needed": (401, "A session's token is needed"),
    "login_failed": (401, "Name, password or code is wrong, or there were too many tries"),
    "setup_refused": (403, "The setup token is wrong or spent"),
    "session_shown_once": (409, "The session was opened and its token shown; log in anew"),
    "too_many_requests": (429, "Come again later"),
    "cursor_invalid": (409, "The cursor was not given by this list"),
    "currency_differs": (409, "The claim is in another currency"),
    "currency_unknown": (409, "The currency is not known"),
    "amount_unfit": (409, "The amount does not fit the currency"),
    "time_unfit": (409, "The payment is said to lie longer back than is taken"),
    "unit_unclear": (409, "Reports can be taken at several units: name one"),
    "idempotency_key_reused": (409, "The key was used before, with other content"),
    "outcome_unknown": (503, "It may have been done: ask again with the same key"),
    "internal": (500, "A mistake of the program; it was written down"),
    ACCOUNT_UNKNOWN: (404, "The account was not entered for this case"),
    INSTITUTION_DIFFERS: (409, "The account lies at another institution"),
    "trail_awaited": (503, "The case is being traced; come again"),
    "import_unreadable": (409, "The table cannot be read as a whole; no row was looked at"),
    "import_too_long": (409, "The table has more rows than one part may have"),
    "import_differs": (409, "The import was given before under this key, with other content"),
    "foreign_unknown": (404, "No other system's row has this id"),
    "foreign_ambiguous": (409, "Several cases have this id there: say of which kind it is"),
    "signature_refused": (401, "The call is not signed as it must be, or not by this institution"),
    "signing_key_missing": (
        409,
        "The centre has no signing key: it cannot sign an order for paper",
    ),
    "authority_unnamed": (
        409,
        "The centre's settings do not say who it is to holders, or whom they ring",
    ),
    "paper_too_long": (409, "The order is too long for a code on paper"),
    MAILBOX_UNKNOWN: (404, "The centre keeps no messages for this institution to ask for"),
    "claim_not_admitted": (409, "The claim that would be paid does not stand"),
    "payment_ended": (409, "The payment is no longer to be made"),
    "incident_open": (409, "A payment of this claim must be put right first"),
    "letter_has_link": (409, "The centre's settings would put a link into a letter to a victim"),
    "personal_data_missing": (404, "Nothing of this kind is kept, or it was erased"),
}

_OF_MESSAGES: Final = frozenset(problem.value for problem in MessageProblem)
_UNKNOWN: Final = {
    CaseReason.REPORT_UNKNOWN,
    CaseReason.CLAIM_UNKNOWN,
    CaseReason.HOLD_UNKNOWN,
    CaseReason.MANDATE_UNKNOWN,
    CaseReason.FINDING_UNKNOWN,
    CaseReason.APPEAL_UNKNOWN,
    CaseReason.NOTICE_UNKNOWN,
    CaseReason.TASK_UNKNOWN,
    Reason.ORDER_UNKNOWN,
    CaseReason.HANDOVER_UNKNOWN,
    CaseReason.ESCALATION_UNKNOWN,
    CaseReason.MOTION_UNKNOWN,
    StaffReason.PERSON_UNKNOWN,
    StaffReason.UNIT_UNKNOWN,
    ListReason.ENTRY_UNKNOWN,
    CentreReason.CASE_UNKNOWN,
    CentreReason.SCAN_UNKNOWN,
    ReturnReason.RETURN_UNKNOWN,
    ReturnReason.APPLICATION_UNKNOWN,
    ReturnReason.OBJECTION_UNKNOWN,
    ReturnReason.PAYMENT_UNKNOWN,
    ReturnReason.SEIZED_UNKNOWN,
    ReturnReason.RIGHT_UNKNOWN,
    CareReason.MEASURE_UNKNOWN,
    CareReason.DISSUASION_UNKNOWN,
    CareReason.DECISION_APPEAL_UNKNOWN,
    CareReason.APPEAL_ESCALATION_UNKNOWN,
}


def _of_rooms() -> dict[str, tuple[int, str]]:
    """Return the rooms' refusals under their own names."""
    rows = {reason.value: (409, _words(reason).capitalize()) for reason in ReturnReason}
    rows |= {reason.value: (409, _words(reason).capitalize()) for reason in CaseReason}
    rows |= {reason.value: (409, "Not as things stand: " + _words(reason)) for reason in Reason}
    for staff_reason in StaffReason:
        status = 403 if staff_reason.is_denial else 409
        rows[staff_reason.value] = (status, _words(staff_reason).capitalize())
    rows |= {x.value: (409, "Not as things stand: " + _words(x)) for x in ListReason}
    rows |= {x.value: (409, "Not as things stand: " + _words(x)) for x in CareReason}
    rows |= {reason.value: (409, _words(reason).capitalize()) for reason in CentreReason}
    rows |= {reason.value: (409, _words(reason).capitalize()) for reason in ScanProblem}
    for unknown in _UNKNOWN:
        rows[unknown.value] = (404, _words(unknown).capitalize())
    rows[CentreReason.PLAN_NOT_MADE] = (503, "Not now: the plan took too long or broke off")
    rows[StaffReason.SESSION_ENDED] = (401, "The session has ended: log in")
    rows |= {x.value: (status_of(x), _words(x).capitalize()) for x in MessageProblem}
    for writer in WriterRefusal:
        if writer is not WriterRefusal.CONTENT_DIFFERS:
            rows[writer.value] = (503, "Not now: " + _words(writer))
    return rows


def _words(name: str) -> str:
    return str(name).replace("_", " ")


_IN_WORDS: Final = {
    "calendar_ends": "Nobody told the working days of the year in which the bank must have paid: extend the calendar",
}
"""Refusals of rooms whose names alone do not say what is to be done."""

PROBLEMS: Final[Mapping[str, tuple[int, str]]] = {
    **_OWN,
    **{name: (status, _IN_WORDS.get(name, title)) for name, (status, title) in _of_rooms().items()},
}
"""Name, then status and title."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a request something is wrong, and what was expected; never what was found."""

    where: str
    expected: str


class ProblemError(Exception):
    """Ends a request with a problem document. Raised inside the API only."""

    def __init__(self, name: str, detail: str = "", places: tuple[Place, ...] = ()) -> None:
        assert name in PROBLEMS, f"{name} is no problem of the list"
        self.name, self.detail, self.places = name, detail, places
        super().__init__(name)


def problem_of(reason: str) -> str:
    """Return the problem's name for a refusal of the writer or a room."""
    return "idempotency_key_reused" if reason == WriterRefusal.CONTENT_DIFFERS else reason


def document(name: str, detail: str = "", places: tuple[Place, ...] = ()) -> JSONResponse:
    """Return the answer that tells a problem."""
    status, title = PROBLEMS[name]
    body: dict[str, Any] = {"type": TYPE + name, "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if places:
        body["places"] = [{"where": x.where, "expected": x.expected} for x in places]
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = SCHEME.strip() if name in _OF_MESSAGES else "Bearer"
    if status in {429, 503}:
        headers["Retry-After"] = "1"
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


SCHEMA: Final = {
    "type": "object",
    "description": "A problem document of RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{TYPE}[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "places": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "expected"],
                "properties": {"where": {"type": "string"}, "expected": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of problems that an endpoint may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    names = {s: sorted(n for n, (status, _) in PROBLEMS.items() if status == s) for s in statuses}
    return {
        status: {
            "description": "One of: " + ", ".join(names[status]) + ".",
            "content": content,
        }
        for status in statuses
    }


__all__ = [
    "MEDIA_TYPE",
    "PROBLEMS",
    "SCHEMA",
    "TYPE",
    "Place",
    "ProblemError",
    "document",
    "problem_of",
    "responses",
]
