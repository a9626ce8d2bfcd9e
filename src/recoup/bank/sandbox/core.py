"""A core system in memory: accounts, booked rows, blocks, and payments that clients will make. Not a bank's real one.

It keeps the port's promises, so the rules and the agent run on it as they are: a block keeps debits from taking the balance
below it, credits always come in, every debit is asked (`pay`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from recoup.bank.core import CoreBlock, CorePayment, Transfer, Unpaid
from recoup.bank.holds import may_leave
from recoup.bank.rules import Account
from recoup.clock import Clock
from recoup.messages import Check, Minor, SerialKind, StatementRow
from recoup.orders import AccountKind
from recoup.unrecognised import Unrecognised

OWN: Final = "recoup/"


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer that a client makes or gets; accounts of other banks are names only."""

    id: str
    at: datetime
    payer: str
    payee: str
    amount: int
    """0 of one that comes: all that is free then, as a merchant's settlement."""
    currency: str
    reference: str = ""
    payer_name: str = ""
    payee_name: str = ""
    payer_institution: str = ""
    payee_institution: str = ""
    kind: str = "transfer"


@dataclass(slots=True)
class _Pocket:
    """One account in one currency."""

    name: str
    balance: int
    kind: AccountKind = AccountKind.ORDINARY
    rows: list[StatementRow] = field(default_factory=list)
    blocks: dict[str, CoreBlock] = field(default_factory=dict)
    is_closed: bool = False
    """Takes no credits."""


class Clearing:
    """Carries payments back between sandbox banks of one process: what leaves one arrives at the other, in one step."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """One for all: two banks that pay each other never wait for each other."""
        self._cores: dict[str, SandboxCore] = {}

    def join(self, institution: str, core: SandboxCore) -> None:
        """Let a bank take part."""
        self._cores[institution] = core

    def find(self, institution: str) -> SandboxCore | None:
        """Return a bank; None for one that is not of this process: money goes there and is not seen again."""
        return self._cores.get(institution)


class SandboxCore:
    """The port `CoreBanking` over a dictionary."""

    def __init__(
        self,
        clock: Clock,
        *,
        can_stop_amounts: bool = True,
        institution: str = "",
        clearing: Clearing | None = None,
    ) -> None:
        """Open without accounts; with `clearing`, payments back reach the other banks there."""
        self._clock, self._can_stop_amounts = clock, can_stop_amounts
        self._pockets: dict[tuple[str, str], _Pocket] = {}
        self._coming: list[Payment] = []
        self._booked = 0
        self._clearing = clearing or Clearing()
        self._clearing.join(institution, self)
        self._institution = institution
        self._made: dict[str, CorePayment] = {}
        self._returning: list[tuple[datetime, str]] = []
        self._lock = self._clearing.lock
        self.boxes: dict[str, list[str]] = {}
        """What holders were told, by account."""
        self.declined: list[Payment] = []
        """Payments that a block or an empty account kept from being made."""

    @property
    def can_stop_amounts(self) -> bool:
        """Whether an amount can be blocked."""
        return self._can_stop_amounts

    # --- what clients do ---

    def add_account(
        self,
        number: str,
        name: str,
        currency: str,
        opening: int,
        kind: AccountKind = AccountKind.ORDINARY,
    ) -> None:
        """Open an account."""
        assert (number, currency) not in self._pockets, "an account is opened once"
        self._pockets[number, currency] = _Pocket(name, opening, kind)

    def add_other_block(self, number: str, currency: str, block: CoreBlock) -> None:
        """Place a block of somebody else."""
        assert not block.id.startswith(OWN), "ours come through the agent"
        self._pockets[number, currency].blocks[block.id] = block

    def schedule(self, payment: Payment) -> None:
        """Let a client pay when the time comes."""
        self._coming = sorted([*self._coming, payment], key=lambda x: (x.at, x.id))

    def pay(self, payment: Payment) -> bool:
        """Book a transfer, whole or not at all; False if the payer's account is short or blocked."""
        with self._lock:
            payer = self._pockets.get((payment.payer, payment.currency))
            payee = self._pockets.get((payment.payee, payment.currency))
            if payer is not None:
                blocked = [block.amount for block in payer.blocks.values()]
                if not may_leave(payer.balance, blocked, payment.amount):
                    self.declined.append(payment)
                    return False
                payer.balance -= payment.amount
            if payee is not None:
                payee.balance += payment.amount
            self._booked += 1
            for pocket in (payer, payee):
                if pocket is not None:
                    pocket.rows.append(_row(payment, self._booked, pocket.balance))
            return True

    def _advance(self) -> None:
        """Make the payments whose time has come, and let come back what was to."""
        now = self._clock.now()
        while self._returning and self._returning[0][0] <= now:
            self.bounce(self._returning.pop(0)[1])
        while self._coming and self._coming[0].at <= now:
            self._settle(self._coming.pop(0))

    def _settle(self, payment: Payment) -> None:
        """Make a payment that came due; one of no amount pays out what is free, if anything is."""
        pocket = self._pockets.get((payment.payer, payment.currency))
        if payment.amount or pocket is None:
            self.pay(payment)
            return
        blocked = [block.amount for block in pocket.blocks.values()]
        free = 0 if None in blocked else pocket.balance - sum(x or 0 for x in blocked)
        if free > 0:
            self.pay(replace(payment, amount=free))

    # --- the port ---

    def find(self, number: str) -> Sequence[Account]:
        """Return the account in each of its currencies."""
        with self._lock:
            self._advance()
            return [
                Account(number, pocket.name, currency, pocket.balance, pocket.kind)
                for (found, currency), pocket in self._pockets.items()
                if found == number
            ]

    def find_serial(self, serial: str, kind: SerialKind | Unrecognised) -> str | None:  # noqa: ARG002
        """Return the account that the payment of that number reached."""
        with self._lock:
            self._advance()
            return next(
                (
                    number
                    for (number, _), pocket in self._pockets.items()
                    for row in pocket.rows
                    if row.reference == serial and serial and row.payee == number
                ),
                None,
            )

    def statement(
        self, number: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[StatementRow]:
        """Return booked rows."""
        with self._lock:
            self._advance()
            pocket = self._pockets.get((number, currency))
            rows = pocket.rows if pocket is not None else []
            return [row for row in rows if since <= row.at <= until]

    def blocks(self, number: str, currency: str) -> Sequence[CoreBlock]:
        """Return all blocks of the account."""
        with self._lock:
            pocket = self._pockets.get((number, currency))
            return list(pocket.blocks.values()) if pocket is not None else []

    def set_block(
        self, block_id: str, number: str, currency: str, amount: int | None, ends_at: datetime
    ) -> None:
        """Make or alter a block of ours; its first time stays."""
        assert block_id.startswith(OWN), "blocks of ours bear our name"
        with self._lock:
            self._advance()  # what was due before now is booked before the block
            kept = self._pockets[number, currency].blocks
            before = kept.get(block_id)
            placed_at = before.placed_at if before is not None else self._clock.now()
            kept[block_id] = CoreBlock(block_id, amount, "recoup", placed_at, ends_at)

    def lift_block(self, block_id: str) -> None:
        """End a block of ours."""
        with self._lock:
            for pocket in self._pockets.values():
                pocket.blocks.pop(block_id, None)

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Book it out of its block, once for a reference."""
        with self._lock:
            self._advance()
            made = self._made.get(transfer.reference)
            if made is not None:
                return made
            payer = self._pockets.get((transfer.account, transfer.currency))
            block = payer.blocks.get(transfer.block) if payer is not None else None
            if payer is None or block is None or not _covers(payer.balance, block, transfer.amount):
                return Unpaid(Check.AMOUNT)
            payee = self._payee(transfer)
            if isinstance(payee, Unpaid):
                return payee
            if block.amount is not None:
                payer.blocks[block.id] = replace(block, amount=block.amount - transfer.amount)
            number = f"back-{len(self._made) + 1}-{transfer.reference}"
            self._book(transfer, number, payer, payee, transfer.amount)
            made = CorePayment(self._place(), transfer, number, self._clock.now())
            self._made[transfer.reference] = made
            return made

    def payments(self, after: int) -> Sequence[CorePayment]:
        """Return what was booked or came back after a place."""
        with self._lock:
            self._advance()
            found = [made for made in self._made.values() if made.place > after]
            return sorted(found, key=lambda made: made.place)

    def bounce(self, reference: str) -> None:
        """Let a payment back come back: the money lies under its block again; once only."""
        with self._lock:
            made = self._made[reference]
            if made.came_back_at is not None:
                return
            transfer, now = made.transfer, self._clock.now()
            payer = self._pockets[transfer.account, transfer.currency]
            payee = self._payee(transfer, is_back=True)
            assert not isinstance(payee, Unpaid), "what was paid can come back"
            self._book(transfer, f"{made.number}-back", payer, payee, -transfer.amount)
            block = payer.blocks.get(transfer.block)
            if block is None:
                block = CoreBlock(transfer.block, 0, "recoup", now)
            if block.amount is not None:
                payer.blocks[block.id] = replace(block, amount=block.amount + transfer.amount)
            self._made[reference] = replace(made, place=self._place(), came_back_at=now)

    def bounce_later(self, reference: str, at: datetime) -> None:
        """Let it come back when the time comes."""
        self._returning = sorted([*self._returning, (at, reference)])

    def close_account(self, number: str, currency: str) -> None:
        """Let an account take no credits any more."""
        self._pockets[number, currency].is_closed = True

    @property
    def total(self) -> int:
        """All that lies on the accounts of this bank, in minor units."""
        return sum(pocket.balance for pocket in self._pockets.values())

    def _place(self) -> int:
        return max((made.place for made in self._made.values()), default=0) + 1

    def _payee(self, transfer: Transfer, *, is_back: bool = False) -> _Pocket | Unpaid | None:
        """Return the payee's account; None where it is at a bank of elsewhere: money goes there and is not seen again."""
        core = self._clearing.find(transfer.payee_institution)
        if core is None:
            return None
        pocket = core._pockets.get((transfer.payee, transfer.currency))  # noqa: SLF001 - a bank of the same clearing
        if pocket is None:
            return Unpaid(Check.PAYEE_ACCOUNT)
        if is_back:
            return pocket
        if pocket.name != transfer.payee_name:
            return Unpaid(Check.PAYEE_NAME)
        return Unpaid(Check.PAYEE_STATE) if pocket.is_closed else pocket

    def _book(
        self, transfer: Transfer, number: str, payer: _Pocket, payee: _Pocket | None, amount: int
    ) -> None:
        """Move money out, or back where the amount is negative, with a row on each side."""
        sides = (transfer.account, transfer.payee)
        source, target = sides if amount > 0 else sides[::-1]
        at, currency = self._clock.now(), transfer.currency
        booked = Payment(number, at, source, target, abs(amount), currency, transfer.reference)
        self._booked += 1
        for pocket, change in ((payer, -amount), (payee, amount)):
            if pocket is not None:
                pocket.balance += change
                pocket.rows.append(_row(booked, self._booked, pocket.balance))

    def tell_holder(self, number: str, currency: str, text: str) -> str:  # noqa: ARG002 - one holder, one box
        """Lay the notice into the holder's box."""
        with self._lock:
            self.boxes.setdefault(number, []).append(text)
            return "app"

    def own_blocks(self) -> Sequence[str]:
        """Return the names of all blocks of ours."""
        with self._lock:
            names = [name for pocket in self._pockets.values() for name in pocket.blocks]
            return [name for name in names if name.startswith(OWN)]


def _covers(balance: int, block: CoreBlock, amount: int) -> bool:
    """Whether a block keeps as much as is to be paid out of it."""
    return amount <= balance and (block.amount is None or amount <= block.amount)


def _row(payment: Payment, sequence: int, balance: int) -> StatementRow:
    return StatementRow(
        id=payment.id,
        at=payment.at,
        sequence=sequence,
        payer=payment.payer,
        payee=payment.payee,
        amount=Minor(payment.amount),
        currency=payment.currency,
        payer_name=payment.payer_name,
        payee_name=payment.payee_name,
        payer_institution=payment.payer_institution,
        payee_institution=payment.payee_institution,
        kind=payment.kind,
        reference=payment.reference,
        balance_after=Minor(balance),
    )


__all__ = ["Clearing", "Payment", "SandboxCore"]
