"""What binds each institution's stream of payments, as a numbered chain for its watch. Read from the disk; decides nothing.

1. A chain is made of the centre's state: what changed since it was asked last is what is added. It lives in memory only: a
   centre that starts makes a new one under a new name, and a copy of the old one takes the new one whole.
2. Whoever asks names chain, version and digest of its copy. If those are ours it gets what came after, else all from the
   beginning.
3. A chain that has become long begins anew with what binds now.
4. Only what is on disk is told: an order binds no stream before it binds the centre.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from recoup import limits
from recoup.care import MeasureKind
from recoup.care.appealing import DecisionAppealFiled, DecisionAppealMoved
from recoup.care.measuring import MeasureMoved, MeasureProposed
from recoup.cases import CasePolicy, lists
from recoup.centre.binding import Bound, bound_by, listed_by, measured_by, settled_by
from recoup.centre.directory import Directory
from recoup.centre.passed_on import number_of
from recoup.centre.view import OF_WORK, View
from recoup.clock import Clock, microseconds_of
from recoup.errors import VaultFault
from recoup.ids import Ids
from recoup.messages import ChangesMessage, HolderTerms, NoticeTerms, row_of
from recoup.stores.vault import Purpose
from recoup.watch.told import Change, HoldAsked, Key, What, after, end_of, key_of, listed_hash

_BESIDE: Final = frozenset(
    {
        lists.EntryAdded,
        lists.EntryMoved,
        lists.EntryRenewed,
        MeasureProposed,
        MeasureMoved,
        DecisionAppealFiled,
        DecisionAppealMoved,
    }
)
"""Events of what binds beside cases: lists, measures, appeals against decisions of a watch."""
WHO: Final = "sender"
"""For whom numbers are read: they go to the institution whose own they are."""


def cursor_of(origin: str, version: int, digest: str) -> str:
    """Return how a copy names what it has; '' for one that has nothing."""
    return f"{origin}:{version}:{digest}" if origin else ""


@dataclass(slots=True)
class _Chain:
    """What one institution is told."""

    origin: str
    changes: list[Change] = field(default_factory=list)
    standing: dict[Key, tuple[int, What]] = field(default_factory=dict)
    by_case: dict[str, dict[Key, None]] = field(default_factory=dict)
    """What each case binds there."""

    @property
    def head(self) -> tuple[int, bytes]:
        """Version and digest of the last change."""
        last = self.changes[-1] if self.changes else None
        return (last.version, last.digest) if last is not None else (0, b"")

    def put(self, time_us: int, what: What) -> None:
        """Add a change, if it is one."""
        key = key_of(what)
        if self.standing.get(key, (0, None))[1] == what:
            return
        self.standing[key] = time_us, what
        version, digest = self.head
        self.changes.append(after(digest, version, time_us, what))

    def end(self, key: Key, now_us: int) -> None:
        """Add the change after which a thing binds no more."""
        said_us, what = self.standing[key]
        ending = end_of(what)
        if ending is not None:
            self.put(max(now_us, said_us), ending)


class Bulletins:
    """The chains of all institutions that ask. Safe to call from several threads."""

    def __init__(
        self,
        open_view: Callable[[], View],
        directory: Directory,
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
        sealed: Callable[[ChangesMessage, str], bytes],
        notice: NoticeTerms | None = None,
    ) -> None:
        """Prepare; nothing is looked at before somebody asks. `notice` names whom holders of measured accounts may ask."""
        self._notice = notice
        self._open, self._directory = open_view, directory
        self._clock, self._ids, self._policy = clock, ids, policy
        self._sealed = sealed
        self._lock = threading.Lock()
        self._view: View | None = None
        self._chains: dict[str, _Chain] = {}

    def next(self, institution: str, cursor: str) -> tuple[str, bytes]:
        """Return the next changes after those that a copy has, signed, and the cursor of a copy that took them."""
        with self._lock:
            now = self._clock.now()
            self._catch_up(now, institution)
            chain = self._chains[institution]
            changes = self._after(chain, cursor)
            page = changes[: limits.BULLETIN_CHANGES_MAX]
            rows = tuple(row_of(change) for change in page)
            told = (institution, now, chain.origin, chain.head[0], rows)
            message = ChangesMessage(*told, self._holders())
            version, digest = (page[-1].version, page[-1].digest) if page else chain.head
            return cursor_of(chain.origin, version, digest.hex()), self._sealed(
                message, institution
            )

    def _holders(self) -> HolderTerms | None:
        """Return what holders are told of measures; nothing at a centre that never had one: an older watch reads on."""
        terms, notice = self._policy.care, self._notice
        has_any = self._view is not None and bool(self._view.state.cared.measures)
        if terms is None or notice is None or not has_any:
            return None
        by_proof = tuple(k.value for k in MeasureKind if terms.measures[k].is_lifted_by_proof)
        return HolderTerms(notice.authority, notice.phone, terms.appeal_seconds, by_proof)

    def close(self) -> None:
        """Let go of the journal."""
        with self._lock:
            if self._view is not None:
                self._view.close()
                self._view = None

    def _after(self, chain: _Chain, cursor: str) -> list[Change]:
        """Return what a copy lacks; all of it where the cursor is none of this chain."""
        origin, _, place = cursor.rpartition(":")[0].rpartition(":")
        digest = cursor.rpartition(":")[2]
        version = int(place) if place.isdecimal() and len(place) < 19 else 0
        is_ours = origin == chain.origin and 0 < version <= len(chain.changes)
        if is_ours and chain.changes[version - 1].digest.hex() == digest:
            return chain.changes[version:]
        return chain.changes

    def _catch_up(self, now: datetime, institution: str) -> None:
        """Add what changed since to every chain; make one for an institution that asks for the first time."""
        changed: dict[str, None] = {}
        if self._view is None:
            self._view = self._open()
        self._view.catch_up(changed, OF_WORK | _BESIDE)
        state = self._view.state
        for name in [*self._chains, institution]:
            chain = self._chains.get(name)
            whole = chain is None or len(chain.changes) > limits.BULLETIN_CHAIN_MAX
            if chain is None or whole:
                chain = self._chains[name] = _Chain(self._ids.new("chain"))
            beside = (*state.listed.entries, *state.cared.live, *state.cared.appeals)
            every = dict.fromkeys((*state.cases, *state.drafted, *beside))
            subjects = list(every if whole else changed)
            for subject in subjects:
                self._follow(chain, name, subject, now)

    def _follow(self, chain: _Chain, institution: str, subject: str, now: datetime) -> None:
        """Bring a chain to what a case, an entry of a list, a measure or an appeal binds at its institution."""
        assert self._view is not None, "looked at before"
        state, now_us = self._view.state, microseconds_of(now)
        bound: list[Bound] = []
        if subject in state.listed.entries:
            found = listed_by(
                state.listed.entries[subject],
                self._number,
                lambda bank, number: listed_hash(chain.origin, bank, number),
            )
            bound = [(institution, None, found)] if found is not None else []
        elif subject in state.cared.measures:
            bound = list(measured_by(state.cared.measures[subject], self._number))
        elif subject in state.cared.appeals:
            appeal = state.cared.appeals[subject]
            if appeal.institution == institution:  # nobody's number is read for another
                bound = list(settled_by(appeal, now, self._decision))
        else:
            given = (self._policy, self._number, self._reference)
            bound = list(bound_by(state, state.case(subject), *given))
        before, here = chain.by_case.get(subject, {}), dict[Key, None]()
        for bank, said_at, what in bound:
            if bank == institution:
                here[key_of(what)] = None
                is_hold = isinstance(what, HoldAsked) and said_at is not None
                chain.put(microseconds_of(said_at) if is_hold and said_at else now_us, what)
        for key in before:
            if key not in here:
                chain.end(key, now_us)
        chain.by_case[subject] = here
        if not here:
            del chain.by_case[subject]

    def _number(self, account: str, case: str) -> tuple[str, str] | None:
        try:
            entry = self._directory.entry(account, Purpose(WHO, case, "changes for a watch"))
        except VaultFault:
            return None
        return entry.institution, entry.number

    def _decision(self, appeal: str) -> str:
        return number_of(self._directory, appeal, WHO, "changes for a watch")

    def _reference(self, transfer: str, case: str) -> str:
        found = self._directory.reference(transfer, Purpose(WHO, case, "changes for a watch"))
        return "" if found == transfer else found  # a report's id of it tells nobody anything


__all__ = ["Bulletins", "cursor_of"]
