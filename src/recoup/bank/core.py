"""The port to a bank's core system: find, look, block, pay back. An adapter implements it; the sandbox's is in `bank.sandbox`.

A block is absolute and has a name: setting it again with the same amount changes nothing, so that whoever was interrupted does
it again. A payment back bears its order's id as its reference: asked for again, it is not made again. A block of an amount
keeps debits from taking the balance below the sum of all blocks; credits always come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recoup.bank.rules import Account
from recoup.messages import Check, SerialKind, StatementRow
from recoup.unrecognised import Unrecognised


@dataclass(frozen=True, slots=True)
class CoreBlock:
    """A block as the core system keeps it."""

    id: str
    """Ours begin with `recoup/`; any other is of somebody else."""
    amount: int | None
    """None: nothing may leave."""
    authority: str
    placed_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A payment back, as it is asked for: out of what a block of ours keeps on the account."""

    reference: str
    block: str
    account: str
    currency: str
    amount: int
    payee: str
    payee_name: str
    payee_institution: str


@dataclass(frozen=True, slots=True)
class CorePayment:
    """A payment back as the core system booked it, and whether it came back."""

    place: int
    """Rises with each booking; one that came back is at a new place."""
    transfer: Transfer
    number: str
    """The core system's own number of the payment."""
    at: datetime
    came_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unpaid:
    """Nothing was booked, because this is not so."""

    check: Check


class CoreBanking(Protocol):
    """What the agent asks of the core system. A failure is a `GatewayFault`; the agent asks again with the same names."""

    @property
    def can_stop_amounts(self) -> bool:
        """Whether an amount can be blocked; else only whole accounts."""
        ...

    def find(self, number: str) -> Sequence[Account]:
        """Return the account in each of its currencies, nothing if there is none; one answer, one moment."""
        ...

    def find_serial(self, serial: str, kind: SerialKind | Unrecognised) -> str | None:
        """Return the account that the payment of that number reached."""
        ...

    def statement(
        self, number: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[StatementRow]:
        """Return the booked rows of both directions from `since` to `until`, both inclusive, in booking order."""
        ...

    def blocks(self, number: str, currency: str) -> Sequence[CoreBlock]:
        """Return all blocks of the account, ours and others'."""
        ...

    def set_block(
        self, block_id: str, number: str, currency: str, amount: int | None, ends_at: datetime
    ) -> None:
        """Make or alter a block of ours at once; a debit that was not booked before finds it."""
        ...

    def lift_block(self, block_id: str) -> None:
        """End a block of ours; one that is not there is no fault."""
        ...

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Book a payment out of a block of ours in one step: the block falls by the amount as the money leaves.

        A reference that was booked before is not booked again: the first payment is returned.
        """
        ...

    def payments(self, after: int) -> Sequence[CorePayment]:
        """Return payments back that were booked or came back at places after this one, in their order.

        What comes back lies under its block again from the moment it is booked: the block rises by the amount.
        """
        ...

    def tell_holder(self, number: str, currency: str, text: str) -> str:
        """Tell the account's holder; return the way, such as letter, app, counter. The same told again is no fault."""
        ...

    def own_blocks(self) -> Sequence[str]:
        """Return the names of all blocks of ours."""
        ...


__all__ = ["CoreBanking", "CoreBlock", "CorePayment", "Transfer", "Unpaid"]
