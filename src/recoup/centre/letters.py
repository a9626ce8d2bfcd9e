"""Who the centre is on the wire, by which way each institution is reached, and an order as it leaves: written and signed.

The outbox has an order with opaque ids. Here its account's number and name and the transfer that brought the money are added
from the vault, in memory only; `order_sent` in the journal says that they were given to the institution. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from recoup.centre.directory import Directory
from recoup.centre.terms import IssuedOrder
from recoup.clock import Clock
from recoup.errors import VaultFault
from recoup.ids import Ids
from recoup.messages import (
    Disputed,
    KeyRing,
    Message,
    Minor,
    NoticeTerms,
    OrderMessage,
    Payee,
    PublicKey,
    SigningKey,
    Swapped,
    open_paper,
    seal,
)
from recoup.orders import AccountKind, OrderKind
from recoup.orders.kinds import OFF_BANK
from recoup.paper import order_pdf
from recoup.paper.words import Language
from recoup.stores.vault import Purpose

ORDINARY: Final = AccountKind.ORDINARY
_WITHOUT_GROUNDS: Final = frozenset(
    {OrderKind.RELEASE, OrderKind.REDUCE, OrderKind.QUERY, OrderKind.WATCH, OrderKind.PAY_BACK}
)


class Way(StrEnum):
    """How an institution gets its orders."""

    PUSH = "push"
    """The centre sends them."""
    POLL = "poll"
    """The institution asks for them."""
    PAPER = "paper"
    """Somebody carries them."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Who the centre is on the wire, and how institutions are reached."""

    centre: str
    key: SigningKey
    """Its own key; where it has more than one, any of them."""
    ring: KeyRing
    addresses: Mapping[str, str]
    """Base address by institution, of those that are pushed to."""
    notice: NoticeTerms
    """What account holders are told."""
    polling: frozenset[str] = frozenset()
    """Institutions that ask for their orders."""
    former: tuple[PublicKey, ...] = ()
    """The centre's own keys of before: a sheet that was printed under one comes back when another signs."""
    further: tuple[SigningKey, ...] = ()
    """More keys of its own, such as the one that comes next: the newest that is valid signs."""

    @property
    def own(self) -> KeyRing:
        """Return by which keys the centre knows its own word on paper."""
        signing = (key.public for key in (self.key, *self.further))
        return KeyRing([*signing, *self.former])

    def signing(self, at: datetime) -> SigningKey:
        """Return the key that signs at a time: the newest that is valid then, else one that seals nothing."""
        valid = [key for key in (self.key, *self.further) if key.public.is_valid(at)]
        return max(valid, key=lambda key: key.valid_from, default=self.key)

    def way(self, institution: str) -> Way:
        """Return how an institution gets its orders; one that nobody connected gets them on paper."""
        if institution in self.addresses:
            return Way.PUSH
        return Way.POLL if institution in self.polling else Way.PAPER


class Letters:
    """Writes and signs what the centre says. Safe to call from several threads."""

    def __init__(
        self,
        wire: Correspondence,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        epoch: Callable[[], int],
    ) -> None:
        """Prepare; `epoch` gives the one in which the writer leads: each message carries it."""
        self._wire, self._directory = wire, directory
        self._clock, self._ids, self._epoch = clock, ids, epoch

    def sealed(self, message: Message, institution: str) -> bytes:
        """Return a message signed for one institution, under a sending id of its own."""
        now = self._clock.now()
        return seal(
            message,
            self._wire.signing(now),
            audience=institution,
            jti=self._ids.new("sending"),
            now=now,
            epoch=self._epoch(),
        )

    def order(self, issued: IssuedOrder) -> bytes:
        """Return an order, written and signed; `VaultFault` where its account was erased."""
        return self.sealed(self.written(issued), issued.order.institution)

    def paper(self, issued: IssuedOrder, language: Language, timezone: str) -> bytes:
        """Return an order as PDF with the signed order in it; `LimitFault` where it is too long for a code."""
        data = self.order(issued)
        opened = open_paper(data, self._wire.own)
        return order_pdf(opened, data, language=language, timezone=timezone, check=issued.digest)

    def believed(self, data: bytes) -> OrderMessage:
        """Return what a code says that was read from paper; `MessageFault` for one that this centre did not sign."""
        message = open_paper(data, self._wire.own).message
        assert isinstance(message, OrderMessage), "only orders are on paper"
        return message

    def written(self, issued: IssuedOrder) -> OrderMessage:
        """Return the order as the institution gets it."""
        order = issued.order
        purpose = Purpose("sender", order.key.case, f"order {order.id}")
        serial, number, name = "", "", ""
        try:
            entry = self._directory.entry(order.key.account, purpose)
            number, name = entry.number, entry.name
        except VaultFault:
            if order.kind is not OrderKind.QUERY:
                raise
        grounds = self._directory.grounds(order.id, purpose)
        if not number and grounds is not None:
            serial = grounds.reference  # a payment's number: the account behind it is asked
        disputed = None
        swapped = None
        if grounds is not None and grounds.swapped_from:
            swapped = Swapped(grounds.original, grounds.agreed_by, grounds.at)
        elif grounds is not None and order.kind not in _WITHOUT_GROUNDS:
            reference = self._directory.reference(grounds.reference, purpose)
            disputed = Disputed(Minor(grounds.amount), grounds.at, reference)
        return OrderMessage(
            id=order.id,
            kind=order.kind,
            case=order.key.case,
            institution=order.institution,
            account_number=number,
            account_name=name,
            currency=order.key.currency,
            amount=Minor(order.amount),
            issued_at=issued.issued_at,
            reason=order.reason,
            extent=order.extent,
            disputed=disputed,
            original=grounds.original if grounds else "",
            serial=serial,
            rows_from=grounds.rows_from if grounds else None,
            notice=self._wire.notice,
            swapped=swapped,
            payee=self._payee(issued, purpose),
            ends_at=issued.ends_at,
            tell_from=issued.tell_from,
            account_kind=order.account_kind if order.account_kind in OFF_BANK else ORDINARY,
        )

    def _payee(self, issued: IssuedOrder, purpose: Purpose) -> Payee | None:
        """Return where the money goes; `VaultFault` where the payee's account was erased: nobody is paid by guess."""
        order = issued.order
        payout = order.payout
        if payout is None:
            return None
        # By the name that the claim's case has, where that is another: there its victim is known.
        of_claim = replace(purpose, case=payout.case or purpose.case)
        entry = self._directory.entry(payout.account, of_claim)
        if not entry.name:
            entry = self._directory.entry(payout.account, purpose)
        if entry.institution != payout.institution:
            raise VaultFault("expected the payee's account at the institution that was agreed to")
        return Payee(
            entry.number,
            entry.name,
            entry.institution,
            payout.decision,
            payout.officers,
            payout.due_at,
        )


__all__ = ["Correspondence", "Letters", "Way"]
