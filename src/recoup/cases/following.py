"""Rules about facts, the trail and what is held: versions, conservation, saying twice. Pure; called by `decide`.

The trail itself is computed outside: a worker traces a numbered version of the facts and submits what it found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from recoup.cases.case import (
    Case,
    ClaimKey,
    Found,
    Place,
)
from recoup.cases.commands import AddFacts, ApplyTrail, ConfirmHold, NoteHold
from recoup.cases.decided import Notice, Task, digest_of
from recoup.cases.entitlements import parts_of, shares_of
from recoup.cases.events import (
    Event,
    FactsAdded,
    HoldConfirmed,
    HoldNoted,
    NoticeFellDue,
    RestNoted,
    TaskOpened,
    TrailApplied,
)
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import LIVE_CLAIMS, ClaimState
from recoup.cases.terms import CasePolicy
from recoup.limits import CASE_PLACES_MAX, CASE_ROWS_MAX
from recoup.orders import Hold, HoldState

Events = tuple[Event, ...]


def note_of(hold: Hold, institution: str, at: datetime) -> NoteHold:
    """Return the command that tells a case what the life of a hold has come to."""
    # A stop that nobody answered is asked for until its term has run out, counted from sending.
    is_asked = hold.is_live or (
        hold.state not in {HoldState.LAPSED, HoldState.RELEASED}
        and any(t.is_on_its_way and t.period == hold.period for t in hold.orders)
    )
    return NoteHold(
        hold.key.account,
        hold.key.currency,
        institution,
        hold.asked if is_asked else 0,
        hold.held,
        hold.word,
        hold.basis,
        hold.period,
        at,
        hold.stops_spent,
        _makers_of(hold),
        hold.since if hold.is_live else None,
    )


def _makers_of(hold: Hold) -> tuple[str, ...]:
    """Return who made or agreed to the orders that were issued, each once."""
    issued = [tracked for tracked in hold.orders if tracked.issued_at is not None]
    persons = (x for tracked in issued for x in (tracked.order.made_by, *tracked.approvers))
    return tuple(dict.fromkeys(persons))


def add_facts(case: Case, command: AddFacts) -> Events | Refusal:
    """Note that rows came in; the same digest twice is one fact."""
    if len(command.rows) > CASE_ROWS_MAX:
        return Refusal(Reason.TRAIL_TOO_LONG, f"expected at most {CASE_ROWS_MAX} rows")
    if command.digest in case.facts:
        return ()
    return (FactsAdded(command.digest, command.rows), *_rest(case, command))


def _rest(case: Case, command: AddFacts) -> Events:
    """Note how much of a statement is still to come.

    A statement is whole once one came that goes on from where the cut one ended. One that brings nothing new is not asked for
    again: a person sees that its rest is missing.
    """
    told = command.rest
    if told is None:
        return ()
    known = case.rest(told.account, told.currency)
    is_on = command.begins_at is not None and (known is None or command.begins_at <= known.since)
    if told.left > 0:
        is_new = known is None or (is_on and told.since > known.since)
        return (RestNoted(replace(told, is_asked=False)),) if is_new else ()
    return (RestNoted(told),) if known is not None and is_on else ()


def apply_trail(
    case: Case, command: ApplyTrail, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Take over a trail of the newest facts; open a request for money that left the country."""
    if command.facts_version != case.facts_version:
        what = f"expected version {case.facts_version}, was {command.facts_version}"
        return Refusal(Reason.TRAIL_STALE, what)
    if case.has_current_trail():
        is_same = command.digest == case.trail_digest
        return () if is_same else Refusal(Reason.TRAIL_DIFFERS, command.digest)
    if max(len(command.places), len(command.bridged)) > CASE_PLACES_MAX:
        return Refusal(Reason.TRAIL_TOO_LONG, f"expected at most {CASE_PLACES_MAX} places")
    refusal = _conserved(case, command)
    if refusal is not None:
        return refusal
    places = as_found(case, command.places)
    applied = TrailApplied(
        case.facts_version, command.digest, places, command.derived, command.bridged
    )
    return (applied, *_tasks(case, places, now, policy))


def _conserved(case: Case, command: ApplyTrail) -> Refusal | None:
    """Refuse a trail that makes money, or loses an admitted claim's."""
    sums: dict[ClaimKey, int] = {}
    for place in command.places:
        if place.amount <= 0:
            return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{place.amount} of {place.claim}")
        key = (place.claim, place.currency)
        sums[key] = sums.get(key, 0) + place.amount
    whole: dict[ClaimKey, int] = {}
    for part in command.derived:
        key = (part.claim, part.currency)
        whole[key] = whole.get(key, 0) + part.amount
    for claim in case.claims:
        key = (claim.id, claim.currency)
        if claim.state not in LIVE_CLAIMS:
            continue
        found = sums.get(key, 0)
        # A claim that is only reported carries what earlier claims leave of its transfer.
        if found > claim.amount or (claim.state is ClaimState.ADMITTED and found != claim.amount):
            return _not_conserved(key, found, claim.amount)
        whole[key] = found
    for key in sorted(sums.keys() | whole.keys()):
        if sums.get(key, 0) != whole.get(key, 0):
            return _not_conserved(key, sums.get(key, 0), whole.get(key, 0))
    return None


def _not_conserved(key: ClaimKey, found: int, expected: int) -> Refusal:
    what = f"{key[0]} in {key[1]}: expected {expected} minor units in all, was {found}"
    return Refusal(Reason.TRAIL_NOT_CONSERVED, what)


def as_found(case: Case, places: Iterable[Place]) -> tuple[Place, ...]:
    """Return places as decisions of this case have them.

    What arrived at an account whose holder gave value in good faith has exited there; what lies at an account whose holder
    offered another is looked for at that one.
    """
    out = [
        replace(place, found=Found.EXITED, kind="good_faith")
        if case.is_paid_for(place.account) and place.found in {Found.LOCATED, Found.UNKNOWN}
        else place
        for place in places
    ]
    for swap in case.swaps:
        left, moved = swap.amount, []
        for place in out:
            is_there = place.found in {Found.LOCATED, Found.UNKNOWN}
            part = min(left, place.amount)
            if not is_there or not part or place.hold != (swap.account, swap.currency):
                moved.append(place)
                continue
            left -= part
            moved.append(
                replace(place, account=swap.offered, institution=swap.institution, amount=part)
            )
            if place.amount > part:
                moved.append(replace(place, amount=place.amount - part))
        out = moved
    return tuple(out)


def _tasks(case: Case, places: Iterable[Place], now: datetime, policy: CasePolicy) -> Events:
    """Open a request for each exit abroad that has none yet, with all that its text needs."""
    known = {task.id for task in case.tasks}
    out: list[Event] = []
    for place in places:
        if place.found is not Found.EXITED or place.kind != "abroad":
            continue
        key = digest_of("abroad", place.claim, place.account, place.currency, place.serial)[:32]
        if key in known:
            continue
        known.add(key)
        task = Task(
            key,
            place.claim,
            place.account,
            place.institution,
            place.currency,
            place.amount,
            place.since,
            place.serial,
            now + timedelta(seconds=policy.abroad_seconds),
        )
        out.append(TaskOpened(task))
    return tuple(out)


def note_hold(case: Case, command: NoteHold, now: datetime, policy: CasePolicy) -> Events | Refusal:
    """Note what an institution was asked for and said; a hold that begins makes a notice to its holder due."""
    if min(command.asked, command.held) < 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{command.asked} asked, {command.held} held")
    known = case.standing(command.account, command.currency)
    stood = dict(known.stood) if known else {}
    if sum(stood.values()) > command.asked:
        stood = shares_of(command.asked, stood)
    is_new = known is None or known.period != command.period
    confirmed = 0 if is_new or known is None else min(known.confirmed, command.held)
    noted = HoldNoted(
        command.account,
        command.currency,
        command.institution,
        command.asked,
        command.held,
        confirmed,
        parts_of(stood),
        command.word,
        command.basis,
        command.period,
        command.stops_spent,
        command.at,
        command.makers,
        command.since,
    )
    if known is not None and _says_the_same(case, noted):
        return ()
    here = (command.account, command.currency, command.period)
    told = next((x for x in case.notices if (x.account, x.currency, x.period) == here), None)
    if not command.held or (told is not None and told.amount):
        return (noted,)
    if told is not None:  # deferred before anything was held
        return (noted, NoticeFellDue(replace(told, amount=command.held)))
    due_at = now + timedelta(seconds=policy.notice_seconds)
    place = (command.account, command.currency)
    before = next((x for x in case.notices if (x.account, x.currency) == place), None)
    first = None if before is None else before.untold_since
    notice = Notice(*place, command.period, command.held, due_at, first_due_at=first)
    return (noted, NoticeFellDue(notice))


def _says_the_same(case: Case, noted: HoldNoted) -> bool:
    """Whether nothing but the time of saying it is new."""
    row = case.standing(noted.account, noted.currency)
    assert row is not None, "asked of a hold that is known"
    names = "institution asked held word basis period stops_spent".split()
    is_same = all(getattr(row, name) == getattr(noted, name) for name in names)
    return is_same and row.answered_at is not None and set(noted.makers) <= set(row.makers)


def confirm_hold(case: Case, command: ConfirmHold) -> Events | Refusal:
    """Note a balance digest that came after the answer: what both show is confirmed."""
    known = case.standing(command.account, command.currency)
    if known is None or known.answered_at is None:
        return Refusal(Reason.HOLD_UNKNOWN)
    if command.held < 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{command.held} held")
    if command.as_of <= known.answered_at:
        what = f"expected after {known.answered_at.isoformat()}, was {command.as_of.isoformat()}"
        return Refusal(Reason.DIGEST_TOO_OLD, what)
    confirmed = min(command.held, known.held)
    if confirmed == known.confirmed:
        return ()
    return (HoldConfirmed(command.account, command.currency, confirmed, command.as_of),)
