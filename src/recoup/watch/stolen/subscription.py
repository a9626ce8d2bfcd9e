"""What the centre tells a watch, in the centre's words: the local copy that carries a chain of changes out on a stream.

Every change has a version, one after the other, and the digest of all changes up to it. So a copy knows which changes it
lacks (a gap: they are asked for again), which it had (a repeat: nothing happens twice), and that it is not a copy at all (a
fork: it takes the whole picture and carries out what differs, so that no hold ends in between).

1. Of one hold the newest word binds, whoever brought it: the centre's chain, or the bank's own agent, which obeyed the same
   order. Both name the whole amount, so a hold is never held twice.
2. What was cut before a hold was asked for does not end it.
3. The copy says how old it is; an old one goes on binding.

How changes travel, and which account is which pocket, is for whoever composes a watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from recoup import limits
from recoup.care import MeasureKind
from recoup.watch.stolen.flow import StolenFlow
from recoup.watch.stolen.measured import Measure
from recoup.watch.stolen.orders import Disputed, Refusal
from recoup.watch.stolen.places import END
from recoup.watch.told import (
    AppealSettled,
    Arrival,
    CaseClosed,
    Change,
    ClaimEnded,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
    Key,
    Listed,
    Measured,
    Traced,
    What,
    chain,
    digest_after,
    end_of,
    key_of,
)

_BESIDE: Final = frozenset({"listed", "measure", "appeal"})
"""Keys of what belongs to no case: its closing ends none of it."""


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

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the row of a transfer by its number or by how it arrived; None if the stream never booked it."""


class Copy:
    """The local copy of one centre's changes, carried out on a stream."""

    def __init__(
        self, flow: StolenFlow, names: Names, *, version: int = 0, digest: bytes = b""
    ) -> None:
        self.flow, self.names = flow, names
        self.origin = ""
        """Which chain of the centre's it is a copy of; a centre that starts begins a new one."""
        self.version, self.digest = version, digest
        """Version and digest of the last change that is part of the copy; kept beside the flow's snapshot."""
        self.told: dict[Key, tuple[int, What]] = {}
        """The newest word about each thing, and when it was said."""
        self.heard_us = -END
        """As of when the centre said that there is no more than this."""
        self._own_us: dict[Key, int] = {}
        """When the bank's own agent said last how a hold stands."""
        self.upheld: list[str] = []
        """Numbers of decisions whose appeals were upheld: whoever has the payments lets those go on, and empties the list."""

    # -- the chain

    def take(self, change: Change) -> tuple[Taken, Refusal | None]:
        """Take one change; what is refused here is part of the copy all the same, since the centre will not tell it again."""
        if change.version <= self.version:
            return Taken.REPEATED, None
        if change.version > self.version + 1:
            return Taken.GAP, None
        if change.digest != digest_after(self.digest, change.version, change.time_us, change.what):
            return Taken.FORKED, None
        refusal = self.hear(change.time_us, change.what)
        self.version, self.digest = change.version, change.digest
        return (Taken.CARRIED_OUT if refusal is None else Taken.REFUSED), refusal

    def renew(
        self, origin: str, changes: Sequence[Change], cut_us: int
    ) -> list[tuple[What, Refusal]] | None:
        """Take a whole chain from its beginning in the place of ours; return what could not be carried out here.

        Only what differs is carried out; a hold that was asked for after the chain was cut stays. None, and nothing is
        changed, for changes that are no whole chain.
        """
        if list(changes) != chain([(one.time_us, one.what) for one in changes]):
            return None
        whole = {key_of(one.what): one for one in changes}
        gone = [(key, said) for key, said in self.told.items() if key not in whole]
        refused: list[tuple[What, Refusal]] = []
        for key, (time_us, what) in gone:
            end = end_of(what)
            if end is None or time_us > cut_us:
                continue
            self._hear(cut_us, end, refused)
            self.told.pop(key, None)
        for one in whole.values():
            self._hear(one.time_us, one.what, refused)
        last = changes[-1] if changes else None
        self.origin = origin
        self.version, self.digest = (last.version, last.digest) if last else (0, b"")
        return refused

    def confirm(self, at_us: int) -> None:
        """Note that at that time there was no more than this copy has."""
        self.heard_us = max(self.heard_us, at_us)

    def is_older(self, than_us: int, now_us: int) -> bool:
        """Whether nothing was heard for longer than this; what the copy has binds all the same."""
        return now_us - self.heard_us > than_us

    # -- what it says

    def hear(self, time_us: int, what: What, *, is_own: bool = False) -> Refusal | None:
        """Carry out what is said of one thing, by the centre or by the bank's own agent (`is_own`).

        Of a hold an older word is passed over; of two about the same order the agent's holds, which knows what it did.
        """
        key = key_of(what)
        before = self.told.get(key)
        if before is not None and isinstance(what, HoldAsked):
            is_late = not is_own and time_us <= self._own_us.get(key, -END)
            if time_us < before[0] or is_late:
                return None
        if is_own:
            self._own_us[key] = time_us
        if isinstance(what, CaseClosed):
            self.told = {
                one: said
                for one, said in self.told.items()
                if one[0] in _BESIDE or one[1] != what.case
            }
        self.told[key] = time_us, what
        if before is not None and before[1] == what:
            return None
        return self._carry_out(time_us, what)

    def is_listed(self, subject: str, now_us: int) -> str:
        """Return the level of the list on which a keyed hash stands; '' for none."""
        _, found = self.told.get(("listed", subject), (0, None))
        if not isinstance(found, Listed) or (found.until_us or END) < now_us:
            return ""
        return found.level

    def _hear(self, time_us: int, what: What, refused: list[tuple[What, Refusal]]) -> None:
        refusal = self.hear(time_us, what)
        if refusal is not None:
            refused.append((what, refusal))

    def _carry_out(self, time_us: int, what: What) -> Refusal | None:
        """Do on the stream what a change says; return why not."""
        match what:
            case ClaimOpened():
                return self._open(what)
            case ClaimEnded(case, claim):
                return _refusal(self.flow.remove(case, claim))
            case CaseClosed(case):
                return _refusal(self.flow.remove(case))
            case GoodFaith(case, account, currency):
                pocket = self.names.pocket(account, currency)
                return Refusal.NO_SUCH_POCKET if pocket is None else self.flow.end_at(case, pocket)
            case Traced():
                return self._trace(what)
            case HoldAsked():
                return self._ask(time_us, what)
            case Measured():
                return self._measure(what)
            case AppealSettled(decision, is_upheld):
                if is_upheld:
                    self.upheld.append(decision)
                return None
            case Listed():
                return None  # it binds nothing by itself: rules ask for it

    def _open(self, what: ClaimOpened) -> Refusal | None:
        disputed = self.names.disputed(what.transfer, what.arrival)
        if disputed is None:
            return Refusal.NO_SUCH_ROW
        placed = self.flow.place(what.case, what.claim, disputed, is_admitted=what.is_admitted)
        return _refusal(placed)

    def _trace(self, what: Traced) -> Refusal | None:
        """Follow money that came from another bank on from the transfer that brought it, where that brought nothing else.

        A transfer that brought the holder's other money too cannot be placed here: orders bind it, and no more is claimed.
        """
        if not what.amount:
            return None
        if isinstance(self.told.get(("claim", what.case, what.claim), (0, None))[1], ClaimOpened):
            return None  # its whole way is followed from its own transfer
        if self.names.pocket(what.account, what.currency) is None:
            return Refusal.NO_SUCH_POCKET
        arrival = Arrival(what.account, what.currency, what.amount, what.since_us)
        disputed = self.names.disputed("", arrival)
        if disputed is None:
            return Refusal.NO_SUCH_ROW
        return _refusal(self.flow.place(what.case, what.claim, disputed))

    def _ask(self, time_us: int, what: HoldAsked) -> Refusal | None:
        pocket = self.names.pocket(what.account, what.currency)
        if pocket is None:
            return Refusal.NO_SUCH_POCKET
        held = self.flow.bindings.get(pocket, {}).get(what.case)
        if what.amount == 0:
            if held is not None and not held.ordered:
                return None  # no order stands there: what was caught ends by itself
            return _refusal(self.flow.release(what.case, pocket))
        until_us = END if what.until_us is None else what.until_us
        if held is not None and what.amount < held.ordered:
            reduced = self.flow.reduce(what.case, pocket, what.amount, until_us=until_us)
            return _refusal(reduced)
        amount = min(what.amount, limits.POCKET_MINOR_MAX)
        return _refusal(
            self.flow.hold(what.case, pocket, amount, time_us=time_us, until_us=until_us)
        )

    def _measure(self, what: Measured) -> Refusal | None:
        pocket = self.names.pocket(what.account, what.currency)
        if pocket is None:
            return Refusal.NO_SUCH_POCKET
        if not what.measure_kind:
            self.flow.end_measure(pocket, what.measure)
            return None
        kind = MeasureKind(what.measure_kind)
        one = Measure(what.measure, kind, what.ground, what.limit, what.until_us)
        return self.flow.measure(pocket, one)


def _refusal(found: object) -> Refusal | None:
    return found if isinstance(found, Refusal) else None
