"""Payments back in a bank's books: asked of the core system once for each order, followed as they are booked and come back.

1. The core system is the truth about payments: the books follow its bookings by their places, each in one transaction with the
   hold that it left, so books that are older than the core system (a crash, a backup) catch up before anything else is done.
2. An order's id is the payment's reference. Whoever asks again, after whatever crash, gets the first payment.
3. What came back is held again, in its old place, where the hold's term still runs; the centre hears of it by a letter that is
   written together with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Final

from recoup.bank.core import CoreBanking, CorePayment, Transfer, Unpaid
from recoup.bank.holds import BankHold
from recoup.bank.rules import Planned, Refused
from recoup.bank.statements import fitting
from recoup.bank.store import BankStore
from recoup.messages import (
    AnswerMessage,
    Check,
    Minor,
    OrderMessage,
    PaidReceipt,
    ResultCode,
    StatementRow,
    encode,
    name_of,
)
from recoup.orders import Outcome

_CODES: Final = {
    Check.PAYEE_ACCOUNT: ResultCode.ACCOUNT_UNKNOWN,
    Check.PAYEE_NAME: ResultCode.NAME_MISMATCH,
    Check.PAYEE_STATE: ResultCode.ACCOUNT_OTHER,
}

Ask = Callable[[Transfer], CorePayment | Unpaid]


class Payments:
    """The part of the books that is about payments back. One thread at a time."""

    def __init__(
        self, store: BankStore, core: CoreBanking, institution: str, block: str, held: HeldOf
    ) -> None:
        """Prepare; `block` is how names of our blocks begin, `held` says what a hold holds now."""
        self._store, self._core, self._institution = store, core, institution
        self._block, self._held = block, held

    def follow(self, now: datetime) -> int:
        """Take in what was booked or came back since the last time; return how many that were."""
        found = self._core.payments(self._store.seen_payments())
        for payment in found:
            self._take_in(payment, now)
        return len(found)

    def made(self, order: OrderMessage) -> CorePayment | Refused | None:
        """Return the payment that carries out an order; refuse one under whose id another account was paid."""
        known = self._store.payment(order.id)
        if known is None or order.payee is None:
            return None
        paid = known.transfer
        to = (paid.payee, paid.payee_institution, paid.account, paid.currency)
        payee = order.payee
        asked = (payee.account_number, payee.institution, order.account_number, order.currency)
        return known if to == asked else Refused(ResultCode.ALREADY_PROCESSED)

    def pay(
        self, order: OrderMessage, planned: Planned | Refused, ask: Ask, now: datetime
    ) -> CorePayment | Refused:
        """Pay what an order says out of the hold that it is planned for, if so much is held; the books follow at once."""
        if isinstance(planned, Refused):
            return planned
        hold, payee = planned.hold, order.payee
        assert hold is not None, "a payment leaves a hold"
        assert payee is not None, "the rules have looked at the payee"
        # Of a whole account more is held than was asked for: that is the holder's own.
        if not 0 < order.amount <= min(self._held(hold), hold.asked):
            return Refused(ResultCode.AMOUNT_OTHER, (Check.AMOUNT,))
        transfer = Transfer(
            order.id,
            self._block + hold.id,
            order.account_number,
            order.currency,
            order.amount,
            payee.account_number,
            payee.account_name,
            payee.institution,
        )
        paid = ask(transfer)
        if isinstance(paid, Unpaid):
            return Refused(_CODES.get(paid.check, ResultCode.AMOUNT_OTHER), (paid.check,))
        self.follow(now)
        is_booked = self._store.payment(order.id) is not None
        if not is_booked and 0 < paid.place <= self._store.seen_payments():
            self._take_in(paid, now)  # the core system counts its bookings anew
        return paid

    def receipt(
        self, order: OrderMessage, made: CorePayment, answer_id: str, now: datetime
    ) -> AnswerMessage:
        """Return the answer to an order that was paid, with what is held after it.

        Where the order's hold goes on, the rows since its term began are shown, until something was paid back: money that
        came in since the last answer may have filled it, and nobody can give back what no statement shows.
        """
        hold = self.hold_of(made)
        is_live = hold is not None and hold.ended is None
        held = self._held(hold) if hold is not None else 0
        rows: Sequence[StatementRow] = ()
        if hold is not None and is_live and min(held, hold.asked):
            rows = self._unpaid(hold, now)
        return AnswerMessage(
            id=answer_id,
            order=order.id,
            institution=self._institution,
            outcome=Outcome.PAID,
            at=now,
            currency=order.currency,
            held=Minor(held),
            ends_at=hold.ends_at if hold is not None and is_live else None,
            rows=tuple(rows),
            receipt=PaidReceipt(Minor(made.transfer.amount), made.number, made.at),
        )

    def _unpaid(self, hold: BankHold, now: datetime) -> Sequence[StatementRow]:
        """Return the rows since a hold's term began, as far as nothing was paid back: whoever traces follows no payment back.

        Nothing where they do not fit into one message: the rest would be asked for, with the payments in it.
        """
        paid = {one.number for one in self._core.payments(0)}
        rows = self._core.statement(hold.account, hold.currency, hold.since, now)
        unpaid = tuple(takewhile(lambda row: row.id not in paid, rows))
        return unpaid if len(fitting(unpaid)) == len(unpaid) else ()

    def hold_of(self, payment: CorePayment) -> BankHold | None:
        """Return the hold that a payment left."""
        return self._store.hold(payment.transfer.block.removeprefix(self._block))

    def _take_in(self, payment: CorePayment, now: datetime) -> None:
        known, hold = self._store.payment(payment.transfer.reference), self.hold_of(payment)
        is_paid = known is not None
        is_back = known is not None and known.came_back_at is not None
        amount = payment.transfer.amount
        if hold is not None and not is_paid:
            hold = hold.paid(amount, payment.at)
        letter = None
        if payment.came_back_at is not None and not is_back:
            if hold is not None:
                hold = hold.bounced(amount, now)
            letter = self._letter(payment, hold)
        if hold is not None:
            self._block_again(hold)
        self._store.settle(payment, hold, letter)

    def _block_again(self, hold: BankHold) -> None:
        """Have the core system block what the books are about to say: done again, it changes nothing."""
        name = self._block + hold.id
        if hold.ended is not None:
            self._core.lift_block(name)
            return
        amount = None if hold.is_whole else hold.asked
        self._core.set_block(name, hold.account, hold.currency, amount, hold.ends_at)

    def _letter(self, payment: CorePayment, hold: BankHold | None) -> tuple[str, str, bytes]:
        """Return what the centre is told of a payment that came back."""
        at, transfer = payment.came_back_at, payment.transfer
        assert at is not None, "asked of a payment that came back"
        held = self._held(hold) if hold is not None and hold.ended is None else 0
        said = AnswerMessage(
            id=f"bounce-{transfer.reference}",
            order=transfer.reference,
            institution=self._institution,
            outcome=Outcome.BOUNCED,
            at=at,
            currency=transfer.currency,
            held=Minor(held),
            receipt=PaidReceipt(Minor(transfer.amount), payment.number, at),
        )
        return said.id, name_of(said), encode(said)


HeldOf = Callable[[BankHold], int]
"""Says what a hold, as it is to stand, holds of what lies on its account now."""

__all__ = ["HeldOf", "Payments"]
