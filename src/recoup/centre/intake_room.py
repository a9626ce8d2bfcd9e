"""How a report comes into its case: with the accounts that it names, in one entry. Adds no rule of the room of cases.

Whoever entered it is who acts, and everything has an id that the journal can carry. The answer says with which order of the
plan to go on, as it was seen at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from recoup.cases import CasePolicy
from recoup.cases.commands import MakeClaim, TakeReport
from recoup.centre.account_room import entered
from recoup.centre.case_room import CaseWork
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.planning import items_of
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request, is_usable
from recoup.centre.state import CentreState
from recoup.centre.terms import EnterClaim, EnterReport, Named
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain


def decide_intake(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request of the intake."""
    command: EnterReport | EnterClaim = request.what
    take = command.take if isinstance(command, EnterReport) else command.make
    declined = _not_theirs(request, take) or _unusable(request.case, take, command.accounts)
    if declined is not None:
        return declined
    cases = CaseWork(state, policy, now)
    declined = cases.carry_out(request.case, take)
    if declined is not None:
        return declined
    found = entered(state, request.case, command.accounts, request.actor.who)
    if isinstance(found, Declined):
        return found
    cases.events += [Noted(SubjectId(request.case), event) for event in found]
    return cases.decision(None, _told(cases, request, take, policy))


def _not_theirs(request: Request, take: TakeReport | MakeClaim) -> Declined | None:
    """Refuse a report that somebody enters in the name of another."""
    who = request.actor.who
    names = {take.claim.made_by}
    if isinstance(take, TakeReport):
        names.add(take.report.entered_by)
    return None if names == {who} else Declined(CentreReason.ACTOR_DIFFERS)


def _unusable(
    case: str, take: TakeReport | MakeClaim, accounts: Iterable[Named]
) -> Declined | None:
    claim = take.claim
    ids = [case, claim.id, claim.report, claim.victim, claim.transfer, claim.payee]
    ids += [claim.institution, claim.currency]
    ids += [text for named in accounts for text in (named.account, named.institution)]
    if isinstance(take, TakeReport):
        ids += [take.report.id, take.report.reporter, take.unit]
    return None if all(map(is_usable, ids)) else Declined(CentreReason.ID_UNUSABLE)


def _told(
    cases: CaseWork, request: Request, take: TakeReport | MakeClaim, policy: CasePolicy
) -> bytes:
    """Return the ids, and the order that the plan has for the account to which the money went."""
    claim, case = take.claim, cases.case(request.case)
    items = items_of(case, cases.now, policy, request.actor.who)
    first = next((x for x in items if x.proposal.account == claim.payee), None)
    told = {"case": case.id, "report": claim.report, "claim": claim.id, "account": claim.payee}
    return encode_plain({**told, "first": None if first is None else first.plain()})


__all__ = ["decide_intake"]
