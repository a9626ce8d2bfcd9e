"""A sandbox bank whose every payment passes a stream: orders and catches of stolen money, and no score. Not a bank's real one.

The stream's thread is whoever has the core system's lock. A payment is asked, made and booked before the next; one that is
refused changes neither. A payment back leaves through the agent's own order: it is booked once the hold behind it is lowered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from recoup.bank.core import CorePayment, Transfer, Unpaid
from recoup.bank.sandbox.core import Clearing, Payment, SandboxCore
from recoup.bank.sandbox.script import Script
from recoup.clock import Clock, microseconds_of
from recoup.orders import AccountKind
from recoup.watch import stolen
from recoup.watch.stolen import KNOWN, TERMINAL, Disputed, FlowRows, StolenFlow, Verdict
from recoup.watch.told import Arrival

if TYPE_CHECKING:
    from recoup.bank.link import Link

OUTSIDE: Final = -1
ROOM: Final = 100_000
"""Payments that a sandbox's stream keeps."""
_MICROSECOND: Final = timedelta(microseconds=1)

Client = tuple[str, str, str, int, AccountKind]
"""Number, name, currency, opening and kind of an account."""


class WatchedCore(SandboxCore):
    """A core system with a stream before it: the stream's names, and the one way in which a payment goes."""

    def __init__(
        self,
        clock: Clock,
        clients: Sequence[Client],
        *,
        institution: str,
        catch: timedelta,
        match: timedelta,
        can_stop_amounts: bool = True,
        clearing: Clearing | None = None,
    ) -> None:
        """Open the accounts; `match` is how far apart a report and a booking may put one transfer."""
        super().__init__(
            clock,
            can_stop_amounts=can_stop_amounts,
            institution=institution,
            clearing=clearing,
        )
        for number, name, currency, opening, kind in clients:
            self.add_account(number, name, currency, opening, kind)
        self._places = [(number, currency) for number, _, currency, *_ in clients]
        self._numbers = {place: at for at, place in enumerate(self._places)}
        self._match_us = match // _MICROSECOND
        self._rows: dict[int, Payment] = {}
        self._known_by: dict[str, int] = {}
        """Rows by the bank's own number, and by the reference that came with the payment."""
        self._paid_back: list[Payment] = []
        """Payments back, and what came back of them, that the stream has not booked yet."""
        standing = np.array([KNOWN] * len(clients) + [TERMINAL], np.uint8)
        index = FlowRows(np.array([one[3] for one in clients], np.int64), standing, ROOM)
        self.flow = StolenFlow(index, catch_us=catch // _MICROSECOND)
        self.link: Link | None = None
        """Set once there is one; before, the stream knows of no case."""

    # --- the stream's names ---

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the pocket of an account."""
        return self._numbers.get((account, currency))

    def account(self, pocket: int) -> tuple[str, str] | None:
        """Return number and currency of a pocket; None for the outside."""
        return self._places[pocket] if pocket != OUTSIDE else None

    def payment(self, row: int) -> tuple[str, str, str]:
        """Return the bank's number of a payment, and its payee."""
        made = self._rows.get(row)
        return (made.id, made.payee, made.payee_institution) if made is not None else ("", "", "")

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the row of a transfer: by its number, else the one row that arrived so; of two that fit, neither."""
        numbers = (transfer, arrival.reference if arrival is not None else "")
        row = next((self._known_by[x] for x in numbers if x in self._known_by), None)
        if row is None and arrival is not None:
            row = self._arrived(arrival)
        made = self._rows.get(row) if row is not None else None
        if row is None or made is None:
            return None
        if arrival is not None and not _is_same(made, arrival):
            return (
                None  # another transfer has that number: nobody's money is called stolen by guess
            )
        return Disputed(row, self._of(made.payee, made.currency), made.amount)

    def _arrived(self, arrival: Arrival) -> int | None:
        fits = [
            row
            for row, made in self._rows.items()
            if _is_same(made, arrival)
            and abs(microseconds_of(made.at) - arrival.time_us) <= self._match_us
        ]
        return fits[0] if len(fits) == 1 else None

    def _of(self, account: str, currency: str) -> int:
        return self._numbers.get((account, currency), OUTSIDE)

    # --- payments ---

    def pay(self, payment: Payment) -> bool:
        """Book a transfer; False if the payer's account is short, or an order or a catch keeps the money there."""
        with self._lock:
            if self.link is not None:
                self.link.settle()
            self._book_paid_back()
            row = self._row(payment)
            verdict = self.flow.enforce(row)
            assert isinstance(verdict, Verdict), f"expected a payment of this bank, was {verdict}"
            if self.link is not None:
                self.link.saw(verdict.caught)
            if not verdict.is_allowed or self.flow.measured(row) is not None:
                self.declined.append(payment)
                return False
            if not super().pay(payment):
                return False
            self._book_row(payment, row)
            return True

    def settle(self) -> None:
        """Take in what the link brought, also while nobody pays, and make the payments that are due."""
        with self._lock:
            if self.link is not None:
                self.link.settle()
            self._book_paid_back()
            self._advance()

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Book it in the core system; the stream books it after the hold is lowered there too."""
        with self._lock:
            is_new = transfer.reference not in self._made
            made = super().pay_back(transfer)
            if is_new and isinstance(made, CorePayment):
                sides = (transfer.account, transfer.payee)
                self._note_back(made.number, made.at, sides, transfer)
            return made

    def bounce(self, reference: str) -> None:
        """Let a payment back come back, here and in the stream."""
        with self._lock:
            made = self._made[reference]
            super().bounce(reference)
            if made.came_back_at is None:
                sides = (made.transfer.payee, made.transfer.account)
                number = f"{made.number}-back"
                self._note_back(number, self._clock.now(), sides, made.transfer)

    def _note_back(
        self, number: str, at: datetime, sides: tuple[str, str], transfer: Transfer
    ) -> None:
        amount = (transfer.amount, transfer.currency)
        self._paid_back.append(Payment(number, at, *sides, *amount, transfer.reference))

    def _book_paid_back(self) -> None:
        while self._paid_back:
            payment = self._paid_back.pop(0)
            self._book_row(payment, self._row(payment))

    def _row(self, payment: Payment) -> stolen.Payment:
        """Return a payment in the stream's numbers, not before the one before it."""
        payer = self._of(payment.payer, payment.currency)
        payee = self._of(payment.payee, payment.currency)
        time_us = max(microseconds_of(payment.at), self.flow.time_us)
        return stolen.Payment(time_us, payer, payee, payment.amount)

    def _book_row(self, payment: Payment, row: stolen.Payment) -> None:
        told = self.flow.book(row)
        assert isinstance(told, tuple), f"expected a payment of this bank, was {told}"
        if row.payer != row.payee:  # a self transfer is no row
            newest = self.flow.index.newest
            self._rows[newest] = payment
            for number in filter(None, (payment.id, payment.reference)):
                self._known_by.setdefault(number, newest)
            self._rows.pop(newest - ROOM, None)
        if self.link is not None:
            self.link.saw(told)


def watched_core(script: Script, clock: Clock, catch: timedelta) -> WatchedCore:
    """Return the core system of a script with a stream before it."""
    core = WatchedCore(
        clock,
        [(one.number, one.name, one.currency, one.opening, one.kind) for one in script.clients],
        institution=script.institution,
        catch=catch,
        match=timedelta(seconds=script.match_seconds),
        can_stop_amounts=script.can_stop_amounts,
    )
    script.play(core, clock)
    return core


def _is_same(made: Payment, arrival: Arrival) -> bool:
    there = (arrival.account, arrival.currency, arrival.amount)
    return (made.payee, made.currency, made.amount) == there


__all__ = ["ROOM", "Client", "WatchedCore", "watched_core"]
