"""The public page: a victim sees how a claim stands, and anyone served finds out whether a notice is genuine.

Plain HTML without scripts, pictures or anything from elsewhere. Whoever asks has no account: a case number and a one-time code
of the counter open one claim. A wrong number, a wrong code and a spent one get one answer, after the same time; tries are
counted by address and by case. A look is in the journal before it is shown. Nothing that was typed is shown again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from pydantic import Field

from recoup.api import counter_page as page
from recoup.api.bodies import Body, Instant, Said
from recoup.api.callers import Caller, Calling, House, HouseOf, Key, at_the_door, carry_out
from recoup.api.genuine import LetterNumber, check_of, found_out
from recoup.api.problems import ProblemError, responses
from recoup.api.rows import COMMAND_PROBLEMS, ThingPath
from recoup.api.work import ReasonAsked
from recoup.centre.commands import Command, Done
from recoup.centre.counter_commands import IssueCode, Seen, ShowClaim, WriteToVictim
from recoup.centre.desk import answered
from recoup.centre.victim_view import VictimView, victim_view
from recoup.centre.written import NoteSent, SentBy
from recoup.ids import CommandId
from recoup.paper.victim_letter import letter_pdf
from recoup.paper.victim_words import has_link, letter_text
from recoup.paper.words import Language
from recoup.staff import Why

router = APIRouter(tags=["counter"])
CODE_DIGITS: Final = 12
_FIELD_CHARACTERS_MAX: Final = 4_096
_LANGUAGES: Final = {"zh": "zh", "en": "en"}


class CodeBody(Body):
    """By what the person at the counter knew for whom the code is."""

    seen: Seen = Field(strict=False)
    reason: Said


class CodeAnswered(Body):
    """The code; a repeat of the same request shows it again, and it is kept nowhere."""

    code: str
    ends_at: Instant
    claim: str


class LetterView(Body):
    """A letter to a victim, for whoever sends it."""

    number: str
    check: str
    stage: str
    text: str


class SentBody(Body):
    """Which letter was sent, and how."""

    number: Said
    how: SentBy = Field(strict=False)
    language: Language = "zh"
    reason: Said


class SentAnswered(Body):
    """The letter that is noted."""

    number: str


# --- the public page ---


@router.get("/counter", include_in_schema=False)
async def ask(language: str = "zh") -> Response:
    """Return the page with both forms."""
    return page.reply(page.forms(_LANGUAGES.get(language, "zh")))


@router.post("/counter", include_in_schema=False)
async def look(request: Request, house: HouseOf) -> Response:
    """Show how a claim stands to whoever has its code."""
    began, asked = time.monotonic(), await _form(request)
    language = _LANGUAGES.get(asked.get("language", ""), "zh")
    case = asked.get("case", "").strip()
    if not _admit(request, house, case):
        return page.reply(page.refused(language, "too_many"), 429)
    port = house.port
    value = at_the_door(ShowClaim(digest_of(house, case, asked.get("code", ""))))
    outcome = await port.submit(Command(CommandId(port.new_id("look")), b"look", value))
    if isinstance(outcome, Done):
        told = answered(outcome)
        return page.reply(
            page.shown(language, _view(house, told["case"], told["claim"]), port.notice)
        )
    if outcome_is_away(outcome):
        return page.reply(page.refused(language, "away"), 503)
    await asyncio.sleep(max(0.0, began + house.failure_seconds - time.monotonic()))
    return page.reply(page.refused(language, "wrong"), 403)


@router.post("/counter/check", include_in_schema=False)
async def check(request: Request, house: HouseOf) -> Response:
    """Say whether a notice is genuine; nothing of a person is told."""
    began, asked = time.monotonic(), await _form(request)
    language = _LANGUAGES.get(asked.get("language", ""), "zh")
    case, number = asked.get("case", "").strip(), asked.get("number", "").strip()
    if not _admit(request, house, case or number):
        return page.reply(page.refused(language, "too_many"), 429)
    said = asked.get("check", "").strip() or asked.get("scanned", "").strip()
    found = found_out(house.port, case, number, said)
    if found is None:
        await asyncio.sleep(max(0.0, began + house.failure_seconds - time.monotonic()))
    return page.reply(page.found(language, found))


def outcome_is_away(outcome: object) -> bool:
    """Return whether the writer could not say anything: a person is then not told that the code is wrong."""
    is_transient: bool = getattr(outcome, "is_transient", True)
    return is_transient


def digest_of(house: House, case: str, code: str) -> str:
    """Return what is kept of a code: keyed, and bound to its case's number; spaces and hyphens do not count."""
    digits = "".join(x for x in code if x.isascii() and x.isdigit())
    return house.port.digest("counter_code", f"{case}\n{digits}".encode()).hex()


def _admit(request: Request, house: House, about: str) -> bool:
    """Count a try by address and by what it is about; both are counted whichever is spent."""
    address = request.client.host if request.client else ""
    by_address = house.tries.take(address)
    return house.tries_each.take(about[:64]) and by_address


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; one that is no form has none, and so no code that fits."""
    try:
        rows = parse_qs((await request.body()).decode(), max_num_fields=16)
    except (UnicodeDecodeError, ValueError):
        return {}
    return {name: values[0][:_FIELD_CHARACTERS_MAX] for name, values in rows.items()}


def _view(house: House, case_id: str, claim_id: str) -> VictimView:
    view = house.port.view()
    case = view.case(case_id)
    claim = case.claim(claim_id)
    assert claim is not None, "just looked at"
    return victim_view(case, claim, view.returns.get(view.returning.get(case_id, "")))


# --- what persons do for it ---

_CODES: Final = "/cases/{case}/claims/{claim}/codes"


@router.post(_CODES, responses=COMMAND_PROBLEMS)
async def issue_code(
    case: ThingPath, claim: ThingPath, body: CodeBody, key: Key, caller: Calling, response: Response
) -> CodeAnswered:
    """Make a one-time code for somebody at the counter who showed who they are; the claim's code before it ends."""
    house = caller.house
    scope = f"{caller.person}:{key}".encode()
    number = int.from_bytes(house.port.digest("counter", scope)) % 10**CODE_DIGITS
    code = f"{number:0{CODE_DIGITS}d}"
    command = IssueCode(case, claim, digest_of(house, case, code), body.seen, caller.person)
    content = {"case": case, "claim": claim, "seen": body.seen.value, "reason": body.reason}
    why = Why(case, body.reason)
    told = await carry_out(caller, key, _CODES, content, command, response, why)
    grouped = "-".join(code[at : at + 4] for at in range(0, CODE_DIGITS, 4))
    return CodeAnswered(code=grouped, ends_at=told["ends_at"], claim=told["claim"])


_LETTERS: Final = "/cases/{case}/claims/{claim}/letter"
_PRINTED: Final = f"{_LETTERS}/paper"
_SENT: Final = f"{_LETTERS}/sent"


@router.get(_LETTERS, responses=responses(401, 403, 404, 409, 422, 429, 503))
async def letter(
    case: ThingPath,
    claim: ThingPath,
    caller: Calling,
    reason: ReasonAsked = "",
    language: Language = "zh",
) -> LetterView:
    """Return what the victim is written as the claim stands now, to be sent by a person or a gateway; it has no link."""
    made = await _written(caller, case, claim, reason, language)
    text = letter_text(language, made.number.stage, **made.values)
    if has_link(text):
        raise ProblemError("letter_has_link")
    number = made.number
    return LetterView(
        number=number.text, check=made.values["check"], stage=number.stage.value, text=text
    )


@router.get(_PRINTED, responses=responses(401, 403, 404, 409, 422, 429, 503))
async def printed_letter(
    case: ThingPath,
    claim: ThingPath,
    caller: Calling,
    reason: ReasonAsked = "",
    language: Language = "zh",
) -> Response:
    """Return the same letter as PDF, for the post or to be handed over."""
    made = await _written(caller, case, claim, reason, language)
    number, values = made.number, made.values
    if has_link(letter_text(language, number.stage, **values)):
        raise ProblemError("letter_has_link")
    pdf = await asyncio.to_thread(letter_pdf, language, number.stage, number.on, **values)
    return Response(pdf, media_type="application/pdf", headers={"Cache-Control": "no-store"})


@router.post(_SENT, responses=COMMAND_PROBLEMS)
async def note_sent(
    case: ThingPath, claim: ThingPath, body: SentBody, key: Key, caller: Calling, response: Response
) -> SentAnswered:
    """Say that a letter of ours was sent, and how: its row in the worklist closes. Refused once the claim stands elsewhere."""
    number = LetterNumber.read(body.number)
    if number is None or not number.is_of(caller.house.port, case, claim):
        raise ProblemError("letter_unknown")
    command = NoteSent(
        case, claim, number.stage.value, number.text, body.language, body.how, caller.person
    )
    content = {"case": case, "claim": claim, "number": number.text, "how": body.how.value}
    content |= {"language": body.language, "reason": body.reason}
    told = await carry_out(caller, key, _SENT, content, command, response, Why(case, body.reason))
    return SentAnswered(number=told["number"])


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter as it is made now."""

    number: LetterNumber
    values: dict[str, str]


async def _written(
    caller: Caller, case: str, claim: str, reason: str, language: Language
) -> _Letter:
    """Journal that a letter is made, then return what stands in it."""
    port, why, key = caller.house.port, Why(case, reason), caller.house.port.new_id("letter")
    content = {"case": case, "claim": claim, "language": language}
    await carry_out(caller, key, _LETTERS, content, WriteToVictim(case, claim), Response(), why)
    stage = _view(caller.house, case, claim).stage
    number = LetterNumber.made(port, case, claim, stage)
    values = {"case": case, "number": number.text, "check": check_of(port, case, number.text)}
    if (terms := port.notice) is not None:
        values |= {"authority": terms.authority, "phone": terms.phone}
    return _Letter(number, values)


__all__ = ["CODE_DIGITS", "digest_of", "router"]
