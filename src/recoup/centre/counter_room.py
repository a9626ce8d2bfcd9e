"""The counter: one-time codes by which victims see how a claim stands, made by a person for whoever showed who they are.

1. A code is known here by a keyed digest of itself and its case's number: nobody can find it from the record, and a wrong
   number, a wrong code and a spent one are the same to whoever asks.
2. A claim has one code at a time: a new one ends the one before. It ends by itself, and serves a few times.
3. Each look is journalled as a reading of personal data before anything is shown; a wrong try leaves no record.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.cases import CasePolicy
from recoup.cases.refusals import Reason
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.counter import Code, CodeIssued, CodeUsed
from recoup.centre.counter_commands import IssueCode, ShowClaim, WriteToVictim
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request, is_usable
from recoup.centre.state import CentreState
from recoup.clock import instant_text
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.stores.vault import PersonalDataRead

STANDING: Final = "claim_standing"
"""The field under which a look is journalled: how the claim of a victim stands."""
LETTER: Final = "victim_letter"
"""The same where a person made a letter to the victim."""
_LOOK: Final = "a look at one's own claim, with a code of the counter"


def decide_counter(
    state: CentreState, request: Request, now: datetime, _: CasePolicy
) -> Decision | Declined:
    """Decide one request of the counter."""
    command: IssueCode | WriteToVictim | ShowClaim = request.what
    if isinstance(command, ShowClaim):
        return _shown(state, command, now)
    case = state.case(command.case)
    if not case.is_open:
        return Declined(CentreReason.CASE_UNKNOWN, command.case)
    claim = case.claim(command.claim)
    if claim is None:
        return Declined(Reason.CLAIM_UNKNOWN, command.claim)
    if isinstance(command, IssueCode):
        return _issued(state, request, command, now)
    actor = request.actor
    read = PersonalDataRead(claim.victim, LETTER, actor.who, case.id, actor.reason)
    return Decision(encode_plain({"claim": claim.id}), (Noted(SubjectId(case.id), read),))


def _issued(
    state: CentreState, request: Request, command: IssueCode, now: datetime
) -> Decision | Declined:
    """Return that a claim has a new code."""
    if command.by != request.actor.who:
        return Declined(CentreReason.ACTOR_DIFFERS)
    if not is_usable(command.digest) or command.digest in state.codes:
        return Declined(CentreReason.ID_UNUSABLE)
    ends_at = now + timedelta(seconds=limits.COUNTER_CODE_SECONDS_MAX)
    uses, seen = limits.COUNTER_CODE_USES_MAX, command.seen.value
    code = Code(command.digest, command.case, command.claim, seen, command.by, ends_at, uses)
    told = {"claim": command.claim, "ends_at": instant_text(ends_at)}
    return Decision(encode_plain(told), (Noted(SubjectId(command.case), CodeIssued(code)),))


def _shown(state: CentreState, command: ShowClaim, now: datetime) -> Decision | Declined:
    """Return which claim a code opens, and that it was looked at; one answer for all that does not open one."""
    code = state.codes.get(command.digest)
    if code is None or code.uses_left <= 0 or now >= code.ends_at:
        return Declined(CentreReason.CODE_WRONG)
    claim = state.case(code.case).claim(code.claim)
    assert claim is not None, "a code is of a claim that is there"
    reader = f"holder of code {code.digest[:16]}"
    read = PersonalDataRead(claim.victim, STANDING, reader, code.case, _LOOK)
    events = (read, CodeUsed(code.digest))
    told = {"case": code.case, "claim": code.claim}
    return Decision(encode_plain(told), tuple(Noted(SubjectId(code.case), x) for x in events))


def evolve_counter(state: CentreState, _: SubjectId, event: CodeIssued | CodeUsed) -> CentreState:
    """Fold an event of the counter into the register of codes."""
    if isinstance(event, CodeIssued):
        state.put_code(event.code)
    else:
        code = state.codes[event.digest]
        state.codes[event.digest] = replace(code, uses_left=code.uses_left - 1)
    return state


__all__ = ["LETTER", "STANDING", "decide_counter", "evolve_counter"]
