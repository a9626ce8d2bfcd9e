"""Lists of accounts, persons and devices that are involved or suspect: whence, who agreed, until when. Pure.

An *involved* subject is refused, a *suspect* one is verified and warned about. So an involved entry stands only when two
persons agreed, and two take it off; a suspect one is listed and taken off by one, and by the case itself: from the moment an
institution holds money for it on an account until a decision says innocent, or no claim stands for which it was listed.

1. A subject stands under a key only, never in clear: an account under the id that the vault gave it, which is found by a keyed
   hash of institution and number; a person or a device under such a hash itself (`plain_of`, then the key store's digest).
2. `ENTRY_MOVES` and `ENTRY_REFUSALS` are total. An entry that ended stays ended, as history; the same subject gets a new one.
3. Every entry has an end. It passes unless money is still held there for the case.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from recoup.cases.case import Case
from recoup.cases.decided import digest_of
from recoup.cases.state import LIVE_CLAIMS, AppealState, ClaimState
from recoup.cases.terms import CasePolicy


class Subject(StrEnum):
    """What is listed."""

    ACCOUNT = "account"
    PERSON = "person"
    DEVICE = "device"


class Level(StrEnum):
    """Which list: how sure it is, and so what follows."""

    INVOLVED = "involved"
    """涉案: service is refused."""
    SUSPECT = "suspect"
    """可疑: verify, and warn who pays."""


class EntryState(StrEnum):
    """Where an entry stands."""

    PROPOSED = "proposed"
    """One person wants it: nobody who checks hears of it."""
    STANDING = "standing"
    LEAVING = "leaving"
    """One person wants it off; it stands until another agrees."""
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CLEARED = "cleared"
    """A decision or the trail of its case says that there is no ground any more."""


class EntryTrigger(StrEnum):
    """What can happen to an entry."""

    AGREE = "agree"
    TAKE_OFF = "take_off"
    ASK_OFF = "ask_off"
    """The first of the two persons that taking off an involved subject needs."""
    LAPSE = "lapse"
    CLEAR = "clear"


class ListReason(StrEnum):
    """Why a command about lists is not carried out."""

    ENTRY_UNKNOWN = "entry_unknown"
    ENTRY_PROPOSED = "entry_proposed"
    """It does not stand yet: its proposal is withdrawn by one person."""
    ENTRY_STANDS = "entry_stands"
    """Nothing waits for an agreement."""
    ENTRY_LEAVING = "entry_leaving"
    """Somebody asked before to take it off: another person agrees to that."""
    ENTRY_ENDED = "entry_ended"
    ENTRY_STALE = "entry_stale"
    """The entry is no longer what the second person saw."""
    ENTRY_SAME_PERSON = "entry_same_person"
    """Who asked for a thing does not agree to it."""
    ENTRY_END_PASSED = "entry_end_passed"
    """It would have ended before it began."""
    ENTRY_RUNS = "entry_runs"
    """Its end has not come yet."""


_S, _T, _R = EntryState, EntryTrigger, ListReason

ENTRY_MOVES: Final = {
    (_S.PROPOSED, _T.AGREE): _S.STANDING,
    (_S.PROPOSED, _T.TAKE_OFF): _S.WITHDRAWN,
    (_S.PROPOSED, _T.LAPSE): _S.LAPSED,
    (_S.PROPOSED, _T.CLEAR): _S.CLEARED,
    (_S.STANDING, _T.TAKE_OFF): _S.WITHDRAWN,
    (_S.STANDING, _T.ASK_OFF): _S.LEAVING,
    (_S.STANDING, _T.LAPSE): _S.LAPSED,
    (_S.STANDING, _T.CLEAR): _S.CLEARED,
    (_S.LEAVING, _T.AGREE): _S.WITHDRAWN,
    (_S.LEAVING, _T.LAPSE): _S.LAPSED,
    (_S.LEAVING, _T.CLEAR): _S.CLEARED,
}
ENTRY_REFUSALS: Final = {
    (_S.PROPOSED, _T.ASK_OFF): _R.ENTRY_PROPOSED,
    (_S.STANDING, _T.AGREE): _R.ENTRY_STANDS,
    (_S.LEAVING, _T.TAKE_OFF): _R.ENTRY_LEAVING,
    (_S.LEAVING, _T.ASK_OFF): _R.ENTRY_LEAVING,
    **{
        (ended, trigger): _R.ENTRY_ENDED
        for ended in (_S.WITHDRAWN, _S.LAPSED, _S.CLEARED)
        for trigger in _T
    },
}

LISTED: Final = frozenset({_S.STANDING, _S.LEAVING})
"""Of these a check tells."""
LIVE_ENTRIES: Final = LISTED | {_S.PROPOSED}


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed subject, and why."""

    id: str
    subject: Subject
    level: Level
    key: str
    case: str
    """The case that it comes from, or for which it was listed."""
    origin: str
    """The register or other centre that it was taken over from; '' for the case's own."""
    reason: str
    added_by: str
    """'' where the case itself listed it."""
    added_at: datetime
    ends_at: datetime
    state: EntryState = EntryState.PROPOSED
    agreed_by: str = ""
    leaving_by: str = ""
    claims: tuple[str, ...] = ()
    """Of a case's own entry: the claims whose money was there when it was listed."""
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_for: str = ""

    @property
    def digest(self) -> str:
        """What the second person agrees to; it goes stale with every move."""
        return digest_of(
            "entry",
            *(self.id, self.subject, self.level, self.key, self.case, self.origin, self.reason),
            *(self.added_by, self.ends_at, self.state, self.leaving_by),
        )

    @property
    def asked_by(self) -> str:
        """Who asked for what waits for another person; who listed it where nothing waits."""
        return self.leaving_by or self.added_by

    @property
    def is_own(self) -> bool:
        """Whether the case itself listed it."""
        return not self.added_by


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """A subject was listed, or is proposed for it."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class EntryMoved:
    """Somebody agreed, asked to take it off, took it off, or it ended by itself."""

    entry: str
    state: EntryState
    by: str
    """'' for what nobody did: an end that came, or what follows from the case."""
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EntryRenewed:
    """Its end came while money is still held there: it goes on."""

    entry: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ListRefusal:
    """An expected answer: nothing was changed."""

    reason: ListReason
    found: str = ""


Event = EntryAdded | EntryMoved | EntryRenewed
Moved = tuple[Event, ...] | ListRefusal


class Ground(StrEnum):
    """What an entry rests on, as whoever checks is told."""

    PROVEN = "proven"
    """Statements show an admitted claim's money at the account."""
    INFERRED = "inferred"
    """The claim is only reported, or the money is inferred to have come there."""
    DECIDED = "decided"
    """Two persons agreed."""
    STATED = "stated"
    """One person, or a register that was taken over, says so."""


def plain_of(subject: Subject, value: str) -> bytes:
    """Return what is hashed of a name, document number or device: the same however it was typed.

    >>> plain_of(Subject.PERSON, "4403 0119X") == plain_of(Subject.PERSON, "４４０３0119x")
    True
    """
    plain = "".join(unicodedata.normalize("NFKC", value).casefold().split())
    return f"{subject}\n{plain}".encode()


def add_entry(wanted: Entry, live: Iterable[Entry], now: datetime, policy: CasePolicy) -> Moved:
    """List a suspect, or propose to list an involved subject; `live` are the live entries under its key."""
    latest = now + timedelta(seconds=policy.listing_seconds)
    ends_at = min(wanted.ends_at, latest)
    if ends_at <= now:
        return ListRefusal(ListReason.ENTRY_END_PASSED, ends_at.isoformat())
    same = (wanted.level, wanted.case, wanted.origin, wanted.is_own)
    if any((row.level, row.case, row.origin, row.is_own) == same for row in live):
        return ListRefusal(ListReason.ENTRY_STANDS, "it is listed for this case already")
    stands = wanted.level is Level.SUSPECT
    state = EntryState.STANDING if stands else EntryState.PROPOSED
    return (EntryAdded(replace(wanted, added_at=now, ends_at=ends_at, state=state)),)


def agree_to_entry(entry: Entry, by: str, digest: str, now: datetime) -> Moved:
    """Agree, as the second person, to what waits for one."""
    found = _moved(entry, EntryTrigger.AGREE, by, "", now)
    if isinstance(found, ListRefusal):
        return found
    if by == entry.asked_by:
        return ListRefusal(ListReason.ENTRY_SAME_PERSON, by)
    if digest != entry.digest:
        return ListRefusal(ListReason.ENTRY_STALE, entry.id)
    return found


def withdraw_entry(entry: Entry, by: str, reason: str, now: datetime) -> Moved:
    """Take an entry off; of an involved subject that stands, ask another person to agree."""
    needs_two = entry.level is Level.INVOLVED and entry.state is not EntryState.PROPOSED
    trigger = EntryTrigger.ASK_OFF if needs_two else EntryTrigger.TAKE_OFF
    return _moved(entry, trigger, by, reason, now)


def pass_end(entry: Entry, case: Case, now: datetime, policy: CasePolicy) -> Moved:
    """End an entry whose end has come, or let it go on while money is held there for its case."""
    if now < entry.ends_at:
        return ListRefusal(ListReason.ENTRY_RUNS, entry.ends_at.isoformat())
    if entry.is_own and entry.key in _held_at(case):
        return (EntryRenewed(entry.id, now + timedelta(seconds=policy.listing_seconds)),)
    return _moved(entry, EntryTrigger.LAPSE, "", "its end came", now)


def _moved(entry: Entry, trigger: EntryTrigger, by: str, reason: str, now: datetime) -> Moved:
    pair = (entry.state, trigger)
    if pair not in ENTRY_MOVES:
        return ListRefusal(ENTRY_REFUSALS[pair], f"the entry is {entry.state}")
    return (EntryMoved(entry.id, ENTRY_MOVES[pair], by, reason, now),)


def follow_case(
    case: Case, live: Iterable[Entry], now: datetime, policy: CasePolicy
) -> tuple[dict[str, Entry], tuple[EntryMoved, ...]]:
    """Return what a case newly lists, by account and without ids, and which of its live entries are cleared.

    An account is listed as suspect when an institution holds money there for the case. It is cleared when the centre found
    that its holder is innocent or gave value in good faith, when an appeal against all of the hold was upheld, or when nothing
    is held there and none of the claims stands whose money was there. Persons' entries for the case fall by a decision only.
    """
    held, freed = _held_at(case), _freed(case)
    live_claims = frozenset(claim.id for claim in case.claims if claim.state in LIVE_CLAIMS)
    cleared: list[EntryMoved] = []
    known: set[str] = set()
    for entry in live:
        why = freed.get(entry.key, "")
        if entry.is_own:
            known.add(entry.key)
            if entry.key not in held and live_claims.isdisjoint(entry.claims):
                why = why or "no claim stands"
        if why:
            moved = _moved(entry, EntryTrigger.CLEAR, "", why, now)
            assert not isinstance(moved, ListRefusal), "a live entry can be cleared"
            cleared += [event for event in moved if isinstance(event, EntryMoved)]
    accounts = sorted(held - known - freed.keys())
    return {account: _own(case, account, now, policy) for account in accounts}, tuple(cleared)


def _own(case: Case, account: str, now: datetime, policy: CasePolicy) -> Entry:
    """Return the entry by which the case itself lists an account."""
    there = [place.claim for place in case.places if place.account == account]
    behind = [claim for hold in case.holds if hold.account == account for claim, _ in hold.stood]
    return Entry(
        id="",
        subject=Subject.ACCOUNT,
        level=Level.SUSPECT,
        key=account,
        case=case.id,
        origin="",
        reason="money is held there",
        added_by="",
        added_at=now,
        ends_at=now + timedelta(seconds=policy.listing_seconds),
        state=EntryState.STANDING,
        claims=tuple(sorted({*there, *behind})),
    )


def _held_at(case: Case) -> frozenset[str]:
    return frozenset(hold.account for hold in case.holds if hold.held > 0)


def _freed(case: Case) -> dict[str, str]:
    """Return accounts of which a decision says that they are no suspects, and which decision."""
    freed = {
        appeal.account: f"appeal {appeal.id}"
        for appeal in case.appeals
        if appeal.state is AppealState.UPHELD and not appeal.keep
    }
    for finding in case.findings:
        if case.is_innocent(finding.subject) or case.is_paid_for(finding.subject):
            freed[finding.subject] = f"finding {finding.id}"
    return freed


def ground_of(entry: Entry, case: Case) -> Ground:
    """Return what an entry rests on now."""
    if not entry.is_own:
        return Ground.DECIDED if entry.agreed_by else Ground.STATED
    admitted = frozenset(x.id for x in case.claims if x.state is ClaimState.ADMITTED)
    is_shown = any(
        place.account == entry.key and place.claim in admitted and not place.is_inferred
        for place in case.places
    )
    return Ground.PROVEN if is_shown else Ground.INFERRED


def evolve_entry(entry: Entry, event: EntryMoved | EntryRenewed) -> Entry:
    """Return the entry after `event`. Holds no rule."""
    if isinstance(event, EntryRenewed):
        return replace(entry, ends_at=event.ends_at)
    match event.state:
        case EntryState.STANDING:
            return replace(entry, state=event.state, agreed_by=event.by)
        case EntryState.LEAVING:
            return replace(entry, state=event.state, leaving_by=event.by)
        case _:
            return replace(
                entry,
                state=event.state,
                ended_at=event.at,
                ended_by=event.by,
                ended_for=event.reason,
            )


def found_of(entries: Iterable[Entry], now: datetime) -> tuple[Entry, ...]:
    """Return those of which a check tells, involved before suspect, the eldest first; one whose end has come tells nothing."""
    found = [row for row in entries if row.state in LISTED and now < row.ends_at]
    return tuple(sorted(found, key=lambda row: (row.level, row.added_at, row.id)))
