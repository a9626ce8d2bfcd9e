"""What the centre tells a watch, in the centre's words: a numbered chain of changes, and the local copy that carries them out.

Every change has a version, one after the other, and the digest of all changes up to it. So a copy knows which changes it
lacks (a gap: they are asked for again), which it had (a repeat: nothing happens twice), and that it is not a copy at all (a
fork: it is made anew). How changes travel, and which account is which pocket, is for whoever composes a watch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from recoup import limits
from recoup.watch.stolen.flow import StolenFlow
from recoup.watch.stolen.orders import Disputed, Refusal
from recoup.watch.stolen.places import END


@dataclass(frozen=True, slots=True)
class ClaimOpened:
    """A claim was reported or, admitted by two persons, became its victim's own money."""

    case: str
    claim: str
    transfer: str
    is_admitted: bool


@dataclass(frozen=True, slots=True)
class ClaimEnded:
    """A claim is void, withdrawn or rejected."""

    case: str
    claim: str


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """A stop, freeze, raise, renewal or reduction: so much of an account is to be held from now on; nothing means a release."""

    case: str
    account: str
    currency: str
    amount: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class GoodFaith:
    """The holder of an account gave value in good faith."""

    case: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """Nothing of a case is followed or held any more."""

    case: str


What = ClaimOpened | ClaimEnded | HoldAsked | GoodFaith | CaseClosed


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its version, the digest of all up to it, when it was told, and what it is."""

    version: int
    digest: bytes
    time_us: int
    what: What


class Taken(StrEnum):
    """What became of a change."""

    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    """It is part of the copy, and could not be carried out here: a person is told."""
    REPEATED = "repeated"
    GAP = "gap"
    """Changes before it are missing: ask from `version + 1` on."""
    FORKED = "forked"
    """Its digest does not go on from ours: ask for everything."""


class Names(Protocol):
    """Which of the stream's numbers the centre's words mean."""

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the pocket of an account; None if the stream has none."""

    def disputed(self, transfer: str) -> Disputed | None:
        """Return the row of a transfer; None if the stream never booked it."""


def digest_after(digest: bytes, version: int, time_us: int, what: What) -> bytes:
    """Return the digest of a chain with one more change."""
    body = [version, time_us, type(what).__name__, asdict(what)]
    text = json.dumps(body, separators=(",", ":"), sort_keys=True)
    return sha256(digest + text.encode()).digest()


def chain(
    changes: Sequence[tuple[int, What]], digest: bytes = b"", version: int = 0
) -> list[Change]:
    """Return (time, what) as changes that go on from a version and its digest."""
    out: list[Change] = []
    for time_us, what in changes:
        version += 1
        digest = digest_after(digest, version, time_us, what)
        out.append(Change(version, digest, time_us, what))
    return out


class Copy:
    """The local copy of one centre's changes, carried out on a stream."""

    def __init__(
        self, flow: StolenFlow, names: Names, *, version: int = 0, digest: bytes = b""
    ) -> None:
        self.flow, self.names = flow, names
        self.version, self.digest = version, digest
        """Version and digest of the last change that is part of the copy; kept beside the flow's snapshot."""

    def take(self, change: Change) -> tuple[Taken, Refusal | None]:
        """Take one change; what is refused here is part of the copy all the same, since the centre will not tell it again."""
        if change.version <= self.version:
            return Taken.REPEATED, None
        if change.version > self.version + 1:
            return Taken.GAP, None
        if change.digest != digest_after(self.digest, change.version, change.time_us, change.what):
            return Taken.FORKED, None
        refusal = self._carry_out(change.time_us, change.what)
        self.version, self.digest = change.version, change.digest
        return (Taken.CARRIED_OUT if refusal is None else Taken.REFUSED), refusal

    def _carry_out(self, time_us: int, what: What) -> Refusal | None:
        """Do on the stream what a change says; return why not."""
        match what:
            case ClaimOpened(case, claim, transfer, is_admitted):
                return self._open(case, claim, transfer, is_admitted=is_admitted)
            case ClaimEnded(case, claim):
                return _refusal(self.flow.remove(case, claim))
            case CaseClosed(case):
                return _refusal(self.flow.remove(case))
            case GoodFaith(case, account, currency):
                pocket = self.names.pocket(account, currency)
                return Refusal.NO_SUCH_POCKET if pocket is None else self.flow.end_at(case, pocket)
            case HoldAsked():
                return self._ask(time_us, what)

    def _open(self, case: str, claim: str, transfer: str, *, is_admitted: bool) -> Refusal | None:
        disputed = self.names.disputed(transfer)
        if disputed is None:
            return Refusal.NO_SUCH_ROW
        return _refusal(self.flow.place(case, claim, disputed, is_admitted=is_admitted))

    def _ask(self, time_us: int, what: HoldAsked) -> Refusal | None:
        pocket = self.names.pocket(what.account, what.currency)
        if pocket is None:
            return Refusal.NO_SUCH_POCKET
        if what.amount == 0:
            return _refusal(self.flow.release(what.case, pocket))
        until_us = END if what.until_us is None else what.until_us
        held = self.flow.bindings.get(pocket, {}).get(what.case)
        if held is not None and what.amount < held.ordered:
            reduced = self.flow.reduce(what.case, pocket, what.amount, until_us=until_us)
            return _refusal(reduced)
        amount = min(what.amount, limits.POCKET_MINOR_MAX)
        return _refusal(
            self.flow.hold(what.case, pocket, amount, time_us=time_us, until_us=until_us)
        )


def _refusal(found: object) -> Refusal | None:
    return found if isinstance(found, Refusal) else None
