"""The core system of a rehearsed institution: the port `CoreBanking` over the books of the play, its own accounts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from recoup.bank.core import CoreBlock, CorePayment, Transfer, Unpaid
from recoup.bank.rules import Account
from recoup.clock import instant_of, microseconds_of
from recoup.messages import Check, Minor, SerialKind, StatementRow
from recoup.records.kinds import KINDS
from recoup.rehearse.country import Country, InstitutionKind
from recoup.rehearse.play.ports import Attempt, Row, Stage, Word
from recoup.unrecognised import Unrecognised

_BACK: Final = KINDS.index("reversal")
_SHOWN_MAX: Final = 2_000
"""Rows of statements that an institution keeps made."""
_LEAVING: Final = {InstitutionKind.CASH: "cash_out", InstitutionKind.ABROAD: "abroad"}


class Names:
    """Numbers of the play and names of the outside, one to one."""

    def __init__(self, country: Country) -> None:
        self._accounts = country.accounts
        self.institutions = tuple(one.name for one in country.institutions)
        self._of = {name: number for number, name in enumerate(country.accounts.id)}
        self._place = country.accounts.institution.tolist()
        outside = country.is_outside
        kinds = [one.kind for one in country.institutions]
        self._leaving = {
            int(number): _LEAVING.get(kinds[self._place[int(number)]], "abroad")
            for number in outside.nonzero()[0]
        }
        self._from = country.accounts.id

    def number(self, name: str) -> int:
        """Return the account of that number; -1 for none."""
        return self._of.get(name, -1)

    def name(self, account: int) -> str:
        """Return the number by which statements name an account."""
        return str(self._from[account])

    def place(self, account: int) -> int:
        """Return the institution at which an account lies."""
        return int(self._place[account])

    def institution(self, account: int) -> str:
        """Return its name."""
        return self.institutions[int(self._place[account])]

    def leaving(self, account: int) -> str:
        """Return what a payment to this account is called if the account is of the outside; '' for any other."""
        return self._leaving.get(account, "")


class PlayCore:
    """One institution's accounts."""

    def __init__(self, stage: Stage, names: Names, place: int, due: Callable[[int], None]) -> None:
        """Open over the books; `due` hears when a block is to end."""
        self._stage, self._names, self._place, self._due = stage, names, place, due
        self._currency = stage.country.currency
        self._can_stop_amounts = stage.country.institutions[place].can_stop_amounts
        self._blocks: dict[int, dict[str, CoreBlock]] = {}
        self._where: dict[str, int] = {}
        self._made: dict[str, CorePayment] = {}
        self._shown: dict[tuple[int, int], StatementRow] = {}
        """Rows that were shown last, by account and row: an order is decided on a statement, and answered with it."""

    @property
    def can_stop_amounts(self) -> bool:
        """Whether an amount can be blocked."""
        return self._can_stop_amounts

    def find(self, number: str) -> Sequence[Account]:
        """Return the account; holders have no names here, so names always agree."""
        account = self._own(number)
        if account < 0:
            return ()
        return (Account(number, "", self._currency, self._stage.books.balance(account)),)

    def find_serial(self, serial: str, kind: SerialKind | Unrecognised) -> str | None:  # noqa: ARG002 - a row has one number
        """Return nothing: statements name both accounts of a payment, so nobody asks by a number."""
        return None

    def statement(
        self, number: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[StatementRow]:
        """Return booked rows of both directions with the balance after each."""
        account = self._own(number)
        if account < 0 or currency != self._currency:
            return ()
        books = self._stage.books
        rows = books.statement(account, microseconds_of(since), self._stage.now_us)
        last = microseconds_of(until)
        balance, out = books.balance(account), []
        for row in reversed(rows):
            if row.time_us <= last:
                known = self._shown.get((account, row.row))
                if known is None or known.balance_after != balance:
                    known = self._shown[account, row.row] = self._row(row, balance)
                out.append(known)
            balance += row.amount * ((row.payer == account) - (row.payee == account))
        out.reverse()
        if len(self._shown) > _SHOWN_MAX:
            self._shown.clear()
        return out

    def _row(self, row: Row, balance: int) -> StatementRow:
        names = self._names
        left = names.leaving(row.payee)
        return StatementRow(
            id=f"R{row.row}",
            at=instant_of(row.time_us),
            sequence=row.row,
            payer="" if names.leaving(row.payer) else names.name(row.payer),
            payee="" if left else names.name(row.payee),
            amount=Minor(row.amount),
            currency=self._currency,
            payer_institution="" if names.leaving(row.payer) else names.institution(row.payer),
            payee_institution="" if left else names.institution(row.payee),
            kind=left or KINDS[row.kind],
            reference=f"R{row.row}",
            balance_after=Minor(balance),
        )

    def blocks(self, number: str, currency: str) -> Sequence[CoreBlock]:
        """Return our blocks of the account; others' are not known here."""
        account = self._own(number)
        if account < 0 or currency != self._currency:
            return ()
        return tuple(self._blocks.get(account, {}).values())

    def set_block(
        self, block_id: str, number: str, currency: str, amount: int | None, ends_at: datetime
    ) -> None:
        """Make or alter a block; its first time stays."""
        account = self._own(number)
        assert account >= 0, "a block is set on an account that was found"
        assert currency == self._currency, "the country has one currency"
        kept = self._blocks.setdefault(account, {})
        before = kept.get(block_id)
        placed_at = before.placed_at if before else instant_of(self._stage.now_us)
        kept[block_id] = CoreBlock(block_id, amount, "recoup", placed_at, ends_at)
        self._where[block_id] = account
        self._stage.books.block(block_id, account, amount)
        self._due(microseconds_of(ends_at))

    def lift_block(self, block_id: str) -> None:
        """End a block."""
        account = self._where.pop(block_id, None)
        if account is not None:
            del self._blocks[account][block_id]
            self._stage.books.lift(block_id, account)

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Book it out of its block, once for a reference; a block that lets nothing leave stays as it is."""
        made = self._made.get(transfer.reference)
        if made is not None:
            return made
        account, payee = self._own(transfer.account), self._names.number(transfer.payee)
        block = self._blocks.get(account, {}).get(transfer.block)
        books = self._stage.books
        is_there = block is not None and (block.amount is None or transfer.amount <= block.amount)
        if block is None or not is_there or transfer.amount > books.balance(account):
            return Unpaid(Check.AMOUNT)
        if payee < 0 or self._names.institution(payee) != transfer.payee_institution:
            return Unpaid(Check.PAYEE_ACCOUNT)
        if block.amount is not None:
            block = replace(block, amount=block.amount - transfer.amount)
        others = [one for one in self._blocks[account].values() if one.id != block.id]
        for one in (block, *others):  # the payment leaves its own block, past those of others
            books.lift(one.id, account)
        back = Attempt(account, payee, transfer.amount, _BACK, is_ordered=True)
        paid = self._stage.pay(back)
        self._blocks[account][block.id] = block
        for one in (block, *others):
            books.block(one.id, account, one.amount)
        assert paid.word is Word.BOOKED, "money under its own block can leave"
        now = instant_of(self._stage.now_us)
        made = CorePayment(len(self._made) + 1, transfer, f"R{paid.row}", now)
        self._made[transfer.reference] = made
        return made

    def payments(self, after: int) -> Sequence[CorePayment]:
        """Return payments back that were booked after a place."""
        if len(self._made) <= after:
            return ()
        return [made for made in self._made.values() if made.place > after]

    def tell_holder(self, number: str, currency: str, text: str) -> str:  # noqa: ARG002 - holders here read no text
        """Tell the holder."""
        return "app"

    def own_blocks(self) -> Sequence[str]:
        """Return the names of all blocks of ours."""
        return list(self._where)

    def _own(self, number: str) -> int:
        account = self._names.number(number)
        is_here = account >= 0 and self._names.place(account) == self._place
        return account if is_here else -1


__all__ = ["Names", "PlayCore"]
