"""How the lists stand in the centre: what persons list, what a case itself lists in the entry that makes it so, who checked.

1. What a case lists or clears is written in the batch of the answer, finding or appeal from which it follows.
2. Each live entry has a deadline at its end.
3. A check is a command: who asked, for which case or payment and why is on disk before the answer leaves. It changes nothing.
4. Only the clock passes an end; an institution asks about its payments and lists nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from recoup import limits
from recoup.cases import Case, CasePolicy
from recoup.cases.lists import (
    LIVE_ENTRIES,
    Entry,
    EntryAdded,
    EntryMoved,
    EntryRenewed,
    ListReason,
    ListRefusal,
    Moved,
    add_entry,
    agree_to_entry,
    evolve_entry,
    follow_case,
    found_of,
    ground_of,
    pass_end,
    withdraw_entry,
)
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.list_commands import (
    AgreeToEntry,
    CheckLists,
    ListsChecked,
    ListSubject,
    PassEntryEnd,
)
from recoup.centre.reasons import CentreReason
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import CLOCK, Request, derived_id, encode_request
from recoup.centre.state import CentreState
from recoup.clock import instant_text
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.journal.port import Deadline

_ROW: Final = "entry_end"
Event = EntryAdded | EntryMoved | EntryRenewed | ListsChecked


def decide_lists(
    state: CentreState, request: Request, now: datetime, policy: CasePolicy
) -> Decision | Declined:
    """Decide one request about the lists."""
    command = request.what
    if isinstance(command, CheckLists):
        return _checked(state, request, command, now)
    if isinstance(command, ListSubject):
        entry = command.entry
        if entry.added_by != request.actor.who:
            return Declined(CentreReason.ACTOR_DIFFERS)
        found = add_entry(entry, state.listed.under((entry.key,)), now, policy)
        return _decision(entry, found)
    kept = state.listed.entries.get(command.entry)
    if kept is None:
        return Declined(ListReason.ENTRY_UNKNOWN, command.entry)
    if isinstance(command, PassEntryEnd):
        if request.actor != CLOCK:
            return Declined(CentreReason.ACTOR_DIFFERS)
        return _decision(kept, pass_end(kept, state.case(kept.case), now, policy))
    if command.by != request.actor.who:
        return Declined(CentreReason.ACTOR_DIFFERS)
    if isinstance(command, AgreeToEntry):
        return _decision(kept, agree_to_entry(kept, command.by, command.digest, now))
    return _decision(kept, withdraw_entry(kept, command.by, command.reason, now))


def follow_cases(
    state: CentreState, cases: Iterable[Case], now: datetime, policy: CasePolicy
) -> tuple[list[Noted], dict[str, Deadline | None]]:
    """Return what cases that were just decided on list and clear, and the deadlines that begin and end with it."""
    events: list[Noted] = []
    rows: dict[str, Deadline | None] = {}
    for case in cases:
        known = state.listed.by_case.get(case.id, ())
        live = [x for x in state.listed.of_case(case.id) if x.state in LIVE_ENTRIES]
        fresh, cleared = follow_case(case, live, now, policy)
        for moved in cleared:
            events.append(Noted(SubjectId(moved.entry), moved))
            rows[derived_id(_ROW, moved.entry)] = None
        for account, entry in fresh.items():
            # Counted, since an account that was cleared may be held again: its old entry stays ended.
            entry_id = derived_id("entry", case.id, account, str(len(known)))
            named = replace(entry, id=entry_id)
            events.append(Noted(SubjectId(entry_id), EntryAdded(named)))
            rows[derived_id(_ROW, entry_id)] = _deadline(entry_id, named.ends_at)
    return events, rows


def evolve_lists(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event about lists into the register; that somebody checked is a fact for the record."""
    match event:
        case EntryAdded(entry):
            state.listed.put(entry)
        case EntryMoved() | EntryRenewed():
            state.listed.put(evolve_entry(state.listed.entries[event.entry], event))
        case ListsChecked():
            pass
    return state


def _decision(entry: Entry, found: Moved) -> Decision | Declined:
    """Return what a command about one entry leads to, with its deadline."""
    if isinstance(found, ListRefusal):
        # An end that came too early is told as the deadlines know it: the row stays.
        is_early = found.reason is ListReason.ENTRY_RUNS
        return Declined("term_runs" if is_early else found.reason.value, found.found)
    after, row = entry, derived_id(_ROW, entry.id)
    for event in found:
        after = event.entry if isinstance(event, EntryAdded) else evolve_entry(after, event)
    told = {"digest": after.digest, "entry": after.id, "state": after.state.value}
    begins = any(isinstance(event, EntryAdded | EntryRenewed) for event in found)
    return Decision(
        encode_plain(told),
        tuple(Noted(SubjectId(entry.id), event) for event in found),
        deadlines=(_deadline(after.id, after.ends_at),) if begins else (),
        ended=() if after.state in LIVE_ENTRIES else (row,),
    )


def _deadline(entry_id: str, ends_at: datetime) -> Deadline:
    row, command = derived_id(_ROW, entry_id), PassEntryEnd(entry_id)
    body = encode_request(COMMAND_REGISTRY, Request(CLOCK, command, row))
    return Deadline(row, ends_at, COMMAND_REGISTRY.name_of(command)[0], entry_id, body)


def _checked(
    state: CentreState, request: Request, command: CheckLists, now: datetime
) -> Decision | Declined:
    """Return what the lists say, and that it was asked."""
    told: dict[str, Any] = {}
    found: list[str] = []
    for subject in command.subjects:
        entries = found_of(state.listed.under((subject.key,)), now)
        shown = entries[: limits.LIST_FOUND_MAX]
        found += [entry.id for entry in shown]
        told[subject.side.value] = {
            "entries": list(_shown(state, shown)),
            "left": len(entries) - len(shown),
        }
    actor = request.actor
    asked = ListsChecked(
        actor.who, request.case, command.payment, actor.reason, command.subjects, tuple(found)
    )
    about = request.case or actor.who
    return Decision(encode_plain(told), (Noted(SubjectId(about), asked),))


def _shown(state: CentreState, entries: Iterable[Entry]) -> Iterator[dict[str, str]]:
    """Yield what whoever checks is told of each entry: no name, no number, no text of the case."""
    for entry in entries:
        yield {
            "entry": entry.id,
            "ground": ground_of(entry, state.case(entry.case)).value,
            "list": entry.level.value,
            "since": instant_text(entry.added_at),
            "unit": state.target_of_case(entry.case).unit,
            "until": instant_text(entry.ends_at),
        }


__all__ = ["decide_lists", "evolve_lists", "follow_cases"]
