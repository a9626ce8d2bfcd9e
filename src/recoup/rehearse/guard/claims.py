"""The guard's end of the link: what a centre tells, in the centre's words, carried out on the stream by the real copy.

The same values as travel between a centre and a bank's watch (`watch.told`); here nothing travels.
"""

from __future__ import annotations

from collections.abc import Sequence

from recoup.rehearse.country import Country
from recoup.rehearse.play.ports import Row
from recoup.watch.stolen import Copy, Disputed, Refusal, StolenFlow
from recoup.watch.told import Arrival, ClaimOpened, HoldAsked, What, after


class Claims:
    """A copy of one centre's changes on one stream; `Names` of the country's accounts."""

    def __init__(self, country: Country, flow: StolenFlow) -> None:
        """Begin without any change."""
        self.copy = Copy(flow, self)
        self._flow, self._currency = flow, country.currency
        self._ids = country.accounts.id
        self._numbers: dict[str, int] = {}
        self._rows: dict[str, Row] = {}
        self.refused: list[tuple[What, Refusal]] = []
        """What could not be carried out here."""

    def take(self, time_us: int, what: What) -> Refusal | None:
        """Carry a change out; it binds from the next payment on."""
        change = after(self.copy.digest, self.copy.version, time_us, what)
        _, refusal = self.copy.take(change)
        if refusal is not None:
            self.refused.append((what, refusal))
        return refusal

    def know(self, rows: Sequence[Row]) -> None:
        """Note booked rows that a report names; a transfer is named by `transfer_of`."""
        self._rows |= {transfer_of(row): row for row in rows}

    def open(self, time_us: int, case: str, rows: Sequence[Row], *, is_admitted: bool) -> None:
        """Open a claim for each row that a victim names, or admit it."""
        self.know(rows)
        for row in rows:
            transfer = transfer_of(row)
            arrival = Arrival(
                self._ids[row.payee], self._currency, row.amount, row.time_us, transfer
            )
            claim = f"{case}:{transfer}"
            opened = ClaimOpened(case, claim, transfer, is_admitted, arrival)
            self.take(time_us, opened)

    def hold(
        self, time_us: int, case: str, account: int, amount: int, until_us: int | None
    ) -> Refusal | None:
        """Say how an order of the centre stands: so much of an account is to be held from now on; 0 is a release."""
        named = (self._ids[account], self._currency)
        return self.take(time_us, HoldAsked(case, *named, amount, until_us))

    # --- names

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the number of an account."""
        if not self._numbers:
            self._numbers = {name: number for number, name in enumerate(self._ids)}
        return self._numbers.get(account) if currency == self._currency else None

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the stream's row of a transfer: the payer's row to that payee of that amount, nearest in time."""
        row = self._rows.get(transfer)
        if row is None or (arrival is not None and arrival.amount != row.amount):
            return None
        fits = [
            one
            for one in self._flow.index.rows_after(row.payer, 0, -1)
            if one.payee == row.payee and one.amount == row.amount
        ]
        if not fits:
            return None
        nearest = min(fits, key=lambda one: (abs(one.time_us - row.time_us), one.number))
        return Disputed(nearest.number, row.payee, row.amount)


def transfer_of(row: Row) -> str:
    """Return the number under which a booked row is disputed."""
    return f"row-{row.row}"


__all__ = ["Claims", "transfer_of"]
