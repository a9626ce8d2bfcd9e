"""Holds as a bank keeps them, and what each one holds of what lies on the account. Values and one rule; nothing is read here.

A hold is made of **parts**, each with its place in the account's queue: the part it began with, and one for each time it was
raised. What lies on the account goes to the parts in the order of the queue, so that

1. no two holds ever hold the same cent;
2. raising one hold takes nothing from another that came before the raise;
3. money that comes in fills the parts that are short, and money that an ended hold leaves goes to the next (轮候).

The core system keeps debits from taking the balance below the sum of the parts, and lets credits in (只收不付); so what a
part was given stays there until the part ends, and nothing needs to be stored of how much it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recoup.frozen import quickly_made
from recoup.messages import FormerHold, Minor
from recoup.orders import OrderKind


class Ended(StrEnum):
    """How a hold came to its end."""

    RELEASED = "released"
    LAPSED = "lapsed"
    PAID = "paid"
    """All of it was paid back; what bounces opens it again."""


@dataclass(frozen=True, slots=True)
class Part:
    """An amount in the account's queue."""

    place: int
    """Places only ever go up in one bank's books."""
    amount: int
    at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class BankHold:
    """One hold of one case on one account in one currency."""

    id: str
    """The order that began it."""
    case: str
    account: str
    currency: str
    parts: tuple[Part, ...]
    basis: OrderKind
    """Stop, postpone or freeze: whose term runs."""
    since: datetime
    ends_at: datetime
    is_whole: bool = False
    """Whether nothing at all may leave the account."""
    stops: int = 1
    renewals: int = 0
    authority: str = ""
    ended: Ended | None = None
    ended_at: datetime | None = None

    @property
    def asked(self) -> int:
        """Return what it is to hold."""
        return sum(part.amount for part in self.parts)

    def raised(self, amount: int, place: int, at: datetime) -> BankHold:
        """Return the hold with a further part, so that it is to hold `amount`."""
        assert amount >= self.asked, "a raise that lowers"
        more = amount - self.asked
        return replace(self, parts=(*self.parts, Part(place, more, at))) if more else self

    def lowered(self, amount: int) -> BankHold:
        """Return the hold with its newest parts cut, so that it is to hold `amount`."""
        left, kept = amount, []
        for part in self.parts:
            kept.append(replace(part, amount=min(part.amount, left)))
            left -= kept[-1].amount
        return replace(self, parts=tuple(part for part in kept if part.amount))

    def paid(self, amount: int, at: datetime) -> BankHold:
        """Return the hold after so much was paid back out of it; one of which all was paid keeps its places."""
        if self.ended is not None:
            return self
        if amount >= self.asked:
            return replace(self, ended=Ended.PAID, ended_at=at)
        return self.lowered(self.asked - amount)

    def bounced(self, amount: int, now: datetime) -> BankHold:
        """Return the hold after so much came back, at its first place: it was held before what queues there."""
        is_over = self.ended not in {None, Ended.PAID} or self.ends_at <= now
        if is_over:
            return self
        first, *rest = self.parts
        if self.ended is Ended.PAID:
            return replace(self, parts=(replace(first, amount=amount),), ended=None, ended_at=None)
        return replace(self, parts=(replace(first, amount=first.amount + amount), *rest))


@dataclass(frozen=True, slots=True)
class OtherBlock:
    """A block that others put on the account, outside this system: a court's, a tax office's."""

    authority: str
    amount: int | None
    """None: nothing may leave the account."""
    placed_at: datetime
    ends_at: datetime | None = None


def allot(
    balance: int, holds: Iterable[BankHold], others: Sequence[OtherBlock]
) -> Mapping[str, int]:
    """Return what each live hold holds of `balance`, by its id; what came earlier is served first.

    >>> from datetime import UTC
    >>> day = datetime(2026, 1, 5, tzinfo=UTC)
    >>> first = BankHold("a", "1", "n", "CNY", (Part(1, 60, day),), OrderKind.STOP, day, day)
    >>> second = BankHold("b", "2", "n", "CNY", (Part(2, 60, day),), OrderKind.STOP, day, day)
    >>> allot(100, [first, second], [])
    {'a': 60, 'b': 40}
    """
    live = [hold for hold in holds if hold.ended is None]
    # Others of the same instant come first: better one hold too few in the answer than one cent held twice.
    queue = sorted(
        [((part.at, part.place), hold, part.amount) for hold in live for part in hold.parts]
        + [((other.placed_at, -1), None, other.amount) for other in others],
        key=lambda entry: entry[0],
    )
    left, held = max(0, balance), {hold.id: 0 for hold in live}
    for _, hold, amount in queue:
        takes_all = amount is None or (hold is not None and hold.is_whole)
        taken = left if takes_all or amount is None else min(left, amount)
        left -= taken
        if hold is not None:
            held[hold.id] += taken
    return held


def former(
    hold: BankHold, holds: Iterable[BankHold], others: Sequence[OtherBlock]
) -> tuple[FormerHold, ...]:
    """Return the holds of others that come before this one in the queue, oldest first."""
    newest = max((part.at, part.place) for part in hold.parts)
    found = [
        ((part.at, part.place), FormerHold(x.authority, x.currency, Minor(part.amount), x.ends_at))
        for x in holds
        if x.ended is None and x.id != hold.id
        for part in x.parts
        if (part.at, part.place) < newest
    ]
    found += [
        ((x.placed_at, -1), FormerHold(x.authority, hold.currency, Minor(x.amount or 0), x.ends_at))
        for x in others
        if (x.placed_at, -1) < newest
    ]
    return tuple(entry for _, entry in sorted(found, key=lambda pair: pair[0]))


def may_leave(balance: int, blocked: Sequence[int | None], amount: int) -> bool:
    """Whether a debit may be booked: credits are never asked, debits leave the blocks' sum on the account (只收不付)."""
    if any(block is None for block in blocked):
        return False
    return amount <= balance - sum(block or 0 for block in blocked)


__all__ = ["BankHold", "Ended", "OtherBlock", "Part", "allot", "former", "may_leave"]
