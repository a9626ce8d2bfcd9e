"""What was written: letters that persons sent to victims, and papers of returns that the centre knows as its own.

1. A letter is noted only while the claim still stands where the letter says: one that is out of date is written anew.
2. The claim's row in the worklist closes with it, and opens again when the claim comes to the next stage that is written of.
3. A paper is known by the digest of what stands in it. A later paper of the same number takes the place of an earlier one,
   which stays known as replaced: whoever holds it is told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from recoup import limits
from recoup.cases import Case, CasePolicy
from recoup.cases.refusals import Reason
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request, is_usable
from recoup.centre.state import CentreState
from recoup.centre.victim_view import stages_of
from recoup.centre.worklist import Beside, Looked, Waits
from recoup.centre.written import (
    Event,
    Issued,
    IssuePapers,
    LetterSent,
    NoteSent,
    Paper,
    PapersIssued,
    Sent,
)
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.paper.victim_words import Stage
from recoup.procedure import PaymentState
from recoup.procedure import Reason as OfReturn

WRITTEN_OF: Final = frozenset(
    {
        Stage.FROZEN,
        Stage.PUBLISHED,
        Stage.DECIDED,
        Stage.DELAYED,
        Stage.RETURNED_PART,
        Stage.RETURNED,
        Stage.CLOSED,
    }
)
"""Stages at which somebody is asked to write: the victim must act or may object, gets money, or hears that nothing comes."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"[a-z]{1,16}-[0-9]{4,6}\.[a-z]{2}")
_AMOUNT: Final = re.compile(r"([0-9]{1,18}(\.[0-9]{1,4})? [A-Z]{3})?")


def decide_written(
    state: CentreState, request: Request, now: datetime, _: CasePolicy
) -> Decision | Declined:
    """Decide one request about what was written."""
    command: NoteSent | IssuePapers = request.what
    case = state.case(command.case)
    if not case.is_open:
        return Declined(CentreReason.CASE_UNKNOWN, command.case)
    if command.by != request.actor.who:
        return Declined(CentreReason.ACTOR_DIFFERS)
    if isinstance(command, IssuePapers):
        return _issued(state, command, now)
    if case.claim(command.claim) is None:
        return Declined(Reason.CLAIM_UNKNOWN, command.claim)
    if not is_usable(command.number):
        return Declined(CentreReason.ID_UNUSABLE)
    before = state.sent.get((command.case, command.claim))
    if before is not None and before.number == command.number:
        return Decision(encode_plain({"number": command.number}), ())
    stage = _stages(state, case)[command.claim]
    if stage != command.stage:
        return Declined(CentreReason.LETTER_STALE, stage)
    asked = (command.case, command.claim, command.stage, command.number, command.language)
    event = LetterSent(Sent(*asked, command.how, command.by, now))
    told = encode_plain({"number": command.number})
    return Decision(told, (Noted(SubjectId(command.case), event),))


def _issued(state: CentreState, command: IssuePapers, now: datetime) -> Decision | Declined:
    """Return that papers are the centre's own."""
    found = state.returns.get(command.return_id)
    if found is None or found.cases[0] != command.case:
        return Declined(OfReturn.RETURN_UNKNOWN, command.return_id)
    if not 0 < len(command.papers) <= limits.RETURN_DOCUMENTS_MAX:
        return Declined(CentreReason.PAPER_UNFIT, f"{len(command.papers)} papers")
    unfit = next((row.number for row in command.papers if not _is_fit(row)), None)
    numbers = {row.number for row in command.papers}
    if unfit is not None or len(numbers) != len(command.papers):
        return Declined(CentreReason.PAPER_UNFIT, unfit or "a number twice")
    known = {row.digest: state.papers.get(row.digest) for row in command.papers}
    other = next((x for x in known.values() if x is not None and x.of != command.return_id), None)
    if other is not None:
        return Declined(CentreReason.PAPER_UNFIT, other.paper.number)
    fresh = tuple(
        Issued(row, command.return_id, command.case, command.by, now)
        for row in command.papers
        if not _stands(state, command.return_id, row)
    )
    told = encode_plain({"count": str(len(fresh)), "return": command.return_id})
    events = (PapersIssued(fresh),) if fresh else ()
    return Decision(told, tuple(Noted(SubjectId(command.case), event) for event in events))


def _is_fit(paper: Paper) -> bool:
    parts = (_DIGEST, paper.digest), (_NUMBER, paper.number), (_AMOUNT, paper.amount)
    return all(pattern.fullmatch(text) for pattern, text in parts)


def _stands(state: CentreState, return_id: str, paper: Paper) -> bool:
    return state.numbered.get((return_id, paper.number)) == paper.digest


def evolve_written(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event into the registers of letters and papers."""
    if isinstance(event, LetterSent):
        state.sent[event.sent.case, event.sent.claim] = event.sent
    else:
        for issued in event.issued:
            state.put_paper(issued)
    return state


def looked_at(state: CentreState, case: Case) -> Looked:
    """Return a case as it waits for persons: with its orders, the letters that nobody sent yet, and what banks are to pay."""
    beside = (*_to_write(state, case), *_to_tell(state, case))
    return Looked(case, tuple(state.of_case(case.id)), beside)


def _to_write(state: CentreState, case: Case) -> Iterator[Beside]:
    """Yield the claims of which the victim was not told where they stand."""
    stages = _stages(state, case)
    for claim in case.claims:
        stage, sent = stages[claim.id], state.sent.get((case.id, claim.id))
        if stage in WRITTEN_OF and (sent is None or sent.stage != stage):
            yield Beside(Waits.LETTER, claim.id, claim.currency, claim.amount, stage.value)


def _to_tell(state: CentreState, case: Case) -> Iterator[Beside]:
    """Yield the return that a case leads, where a bank is to be told of payments now, or when a public notice ends."""
    found = state.returns.get(state.returning.get(case.id, ""))
    if found is None or found.cases[0] != case.id:
        return
    amounts: dict[tuple[str, datetime | None], int] = {}
    for row in found.payments:
        if row.state is PaymentState.DECIDED:
            key = row.place.currency, None
            amounts[key] = amounts.get(key, 0) + row.outstanding
    plan, notices = found.round.plan, found.round.notices
    if plan is not None and notices and not notices[-1].is_over:
        for award in plan.awards:
            then = award.place.currency, notices[-1].ends_at
            amounts[then] = amounts.get(then, 0) + award.amount
    for (currency, at), amount in amounts.items():
        yield Beside(Waits.CALENDAR, found.id, currency, amount, "", at)


def _stages(state: CentreState, case: Case) -> dict[str, Stage]:
    return stages_of(case, state.returns.get(state.returning.get(case.id, "")))


__all__ = ["WRITTEN_OF", "decide_written", "evolve_written", "looked_at"]
