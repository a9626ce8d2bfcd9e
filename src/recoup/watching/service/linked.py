"""What a link to the centre needs of a served watch: names, rows, and a copy whose every change is in the service's log first.

So the copy comes back with the log, and a replay takes the same changes between the same payments. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import numpy as np

from recoup import limits
from recoup.clock import instant_of, microseconds_of
from recoup.errors import StateFault, StateProblem
from recoup.messages import ChangesMessage, Minor, StatementRow, change_of, decode, encode, row_of
from recoup.watch.state import OUTSIDE
from recoup.watch.stolen import Copy, Disputed, Refusal, StolenFlow, Taken
from recoup.watch.stream import rows_of_flow
from recoup.watch.told import Arrival, Change, What
from recoup.watching.deciding import Watch

CHANGES: Final = "changes"
"""Under this name a core is told changes that go on from its copy."""
CHAIN: Final = "chain"
"""Under this one a whole chain in the place of its copy."""
_NOTHING_US: Final = -(2**60)
_MESSAGE: Final = "recoup.changes.v1"

Carried = tuple[Taken, Refusal | None] | list[tuple[What, Refusal]] | None


def _packed(origin: str, changes: Sequence[Change], cut_us: int) -> bytes:
    """Return changes as they are kept: messages as the centre sends them, unsigned."""
    head = changes[-1].version if changes else 0
    size = limits.BULLETIN_CHANGES_MAX
    parts = [changes[at : at + size] for at in range(0, len(changes), size)] or [()]
    at = instant_of(cut_us)
    return msgspec.msgpack.encode(
        [encode(ChangesMessage("", at, origin, head, tuple(map(row_of, part)))) for part in parts]
    )


def carry(watch: Watch, name: str, body: bytes) -> Carried:
    """Take what was kept under a name; `StateFault` for anything else."""
    try:
        messages = [decode(_MESSAGE, one) for one in msgspec.msgpack.decode(body, type=list[bytes])]
    except msgspec.DecodeError as error:
        raise StateFault(StateProblem.SETTING_WRONG, "expected changes of the centre") from error
    assert all(isinstance(one, ChangesMessage) for one in messages), "kept under this name only"
    changes = [change_of(row) for one in messages for row in one.changes]  # type: ignore[union-attr]
    first = messages[0]
    assert isinstance(first, ChangesMessage), "looked at"
    if name == CHAIN:
        return watch.renew(first.origin, changes, microseconds_of(first.at))
    (change,) = changes
    return watch.take(change)


class LinkedWatch:
    """A served watch as a link sees it. All but `statement` is called on the thread that owns the core."""

    def __init__(
        self,
        watch: Callable[[], Watch],
        tell: Callable[[str, bytes], object],
        carried: Callable[[], Carried],
        on_thread: Callable[[Callable[[], object]], object],
        institution: str,
        is_ours: Callable[[str], bool],
    ) -> None:
        """Put it before a core.

        Args:
            watch: the watch as it is now; a changed configuration brings another.
            tell: has the core told something and keeps it in the log, durable when it returns.
            carried: what became of what the core was told last.
            on_thread: has something done on the thread that owns the core, and waits for it.
            institution: whose watch it is.
            is_ours: whether an account is the institution's own.
        """
        self._watch, self._tell, self._carried = watch, tell, carried
        self._on_thread, self._institution, self._is_ours = on_thread, institution, is_ours

    # --- the copy ---

    @property
    def _copy(self) -> Copy:
        copy = self._watch().copy
        assert copy is not None, "a link needs rows that are followed: settings are looked at"
        return copy

    @property
    def flow(self) -> StolenFlow:
        """The stream that the copy binds."""
        return self._copy.flow

    @property
    def origin(self) -> str:
        """Which chain it is a copy of."""
        return self._copy.origin

    @property
    def version(self) -> int:
        """The last change that it has."""
        return self._copy.version

    @property
    def digest(self) -> bytes:
        """Of all changes up to that."""
        return self._copy.digest

    def take(self, change: Change) -> tuple[Taken, Refusal | None]:
        """Take one change, durably."""
        self._tell(CHANGES, _packed(self.origin, [change], change.time_us))
        found = self._carried()
        assert isinstance(found, tuple), "one change was told"
        return found

    def renew(
        self, origin: str, changes: Sequence[Change], cut_us: int
    ) -> list[tuple[What, Refusal]] | None:
        """Take a whole chain, durably."""
        self._tell(CHAIN, _packed(origin, changes, cut_us))
        found = self._carried()
        assert not isinstance(found, tuple), "a chain was told"
        return found

    def confirm(self, at_us: int) -> None:
        """Note that there was no more at that time; a start knows nothing of it, and its copy is old until it hears."""
        self._copy.confirm(at_us)

    @property
    def heard_us(self) -> int | None:
        """As of when there was no more than the copy has; None: nothing was heard."""
        heard_us = self._copy.heard_us
        return heard_us if heard_us > _NOTHING_US else None

    def is_older(self, than_us: int, now_us: int) -> bool:
        """Whether nothing was heard for longer than this."""
        return self._copy.is_older(than_us, now_us)

    def hear(self, time_us: int, what: What, *, is_own: bool = False) -> Refusal | None:
        """Never called: no agent obeys orders here."""
        raise AssertionError(f"no agent speaks here, was {time_us} {what} {is_own}")

    # --- the names ---

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the pocket of an account."""
        return self._watch().pocket(account, currency)

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the row of a transfer."""
        return self._watch().disputed(transfer, arrival)

    def account(self, pocket: int) -> tuple[str, str] | None:
        """Return number and currency of a pocket; None for the outside."""
        return self._watch().owner(pocket)

    def payment(self, row: int) -> tuple[str, str, str]:
        """Return the id of a payment, and number and institution of its payee."""
        made = self.flow.index.row(row)
        where = None if made is None else self._watch().owner(made.payee)
        if where is None:
            return self._watch().id_of(row), "", ""
        return self._watch().id_of(row), where[0], self._bank(where[0])

    def _bank(self, account: str) -> str:
        return self._institution if account and self._is_ours(account) else ""

    # --- the rows ---

    def statement(
        self, number: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[StatementRow]:
        """Return the booked rows of an account, as far as they are retained; asked for from another thread."""
        found = self._on_thread(
            lambda: self._statement(
                number, currency, microseconds_of(since), microseconds_of(until)
            )
        )
        assert isinstance(found, list), "rows"
        return found

    def _statement(
        self, number: str, currency: str, since_us: int, until_us: int
    ) -> list[StatementRow]:
        watch, index = self._watch(), rows_of_flow(self.flow)
        pocket = watch.pocket(number, currency)
        if pocket is None:
            return []
        rows = index.stream.rows[: index.newest + 1 - index.oldest]
        at = np.flatnonzero((rows["payer"] == pocket) | (rows["payee"] == pocket))
        signed = np.where(rows["payee"][at] == pocket, 1, -1) * rows["amount"][at]
        totals = index.totals(pocket)
        # What was assumed to have come in before a debit counts as there from the beginning.
        balances = totals.into - totals.out - (signed.sum() - np.cumsum(signed))
        times = rows["time_us"][at]
        inside = np.flatnonzero((times >= since_us) & (times <= until_us)).tolist()
        return [
            self._row(watch, int(at[one]), rows[at[one]], currency, int(balances[one]))
            for one in inside
        ]

    def _row(
        self, watch: Watch, at: int, row: np.void, currency: str, balance: int
    ) -> StatementRow:
        outside = {OUTSIDE, len(self.flow.index.standing) - 1}
        names = []
        for side in ("payer", "payee"):
            place = int(row[side])
            owner = None if place in outside else watch.owner(place)
            names.append("" if owner is None else owner[0])
        number = at + self.flow.index.oldest
        return StatementRow(
            watch.id_of(number) or f"row-{number}",
            instant_of(int(row["time_us"])),
            number,
            names[0],
            names[1],
            Minor(int(row["amount"])),
            currency,
            payer_institution=self._bank(names[0]),
            payee_institution=self._bank(names[1]),
            balance_after=Minor(balance),
        )


__all__ = ["CHAIN", "CHANGES", "Carried", "LinkedWatch", "carry"]
