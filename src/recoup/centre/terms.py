"""What the centre adds to the words of the rooms: a hold's end, a report with its accounts, an order as it leaves the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from recoup.cases.commands import MakeClaim, TakeReport
from recoup.frozen import quickly_made
from recoup.journal.events import Registry
from recoup.orders import HoldKey, Order

ORDER_MESSAGE: Final = "order"
"""The kind of an outbox message that carries an order."""


@dataclass(frozen=True, slots=True)
class EndTerm:
    """The end of this hold's stop or freeze has come."""

    key: HoldKey


@dataclass(frozen=True, slots=True)
class PassHardshipDay:
    """The day is over on which somebody asked to free what a holder lives on."""

    motion: str


@dataclass(frozen=True, slots=True)
class TellAgain:
    """An institution's digest lacks what this order did: it is told once more, under the order's own id."""

    order_id: str
    hour: int
    """Whole hours since 1970 when that was seen: an order is told again once an hour at most."""


@dataclass(frozen=True, slots=True)
class Named:
    """An account that a report names, and where it lies."""

    account: str
    institution: str


@dataclass(frozen=True, slots=True)
class EnterReport:
    """Take a report in; its accounts are known to its case from then on."""

    take: TakeReport
    accounts: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class EnterClaim:
    """Add another disputed payment of a report, with its accounts."""

    make: MakeClaim
    accounts: tuple[Named, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class IssuedOrder:
    """An order as it was issued: what an outbox message carries. Names and numbers are added from the vault when sent."""

    order: Order
    digest: str
    approvers: tuple[str, ...]
    issued_at: datetime
    answer_due_at: datetime
    ends_at: datetime | None = None
    """When the hold ends that the order began: told to an institution that forgot it, or it would hold for a second term."""
    tell_from: datetime | None = None
    """The holder is told no sooner, as it was decided when this message was."""


_LATER: Final = b'"tell_from":'
"""Stands in what newer programs write; a text that has it is written with backslashes."""


def _with_circumstances(plain: dict[str, Any]) -> dict[str, Any]:
    return plain | {"ends_at": None, "tell_from": None}


_paper: Final = Registry()
_paper.register("issued_order", 2, IssuedOrder, _with_circumstances)


def encode_issued(issued: IssuedOrder) -> bytes:
    """Return the canonical bytes of an issued order."""
    return _paper.encode(issued)


@lru_cache(maxsize=1024)
def decode_issued(body: bytes) -> IssuedOrder:
    """Return the order that an outbox message carries; whoever sorts, sends and confirms one asks for the same."""
    version = 2 if _LATER in body else 1
    issued: IssuedOrder = _paper.decode("issued_order", version, body)
    return issued


__all__ = [
    "ORDER_MESSAGE",
    "EndTerm",
    "EnterClaim",
    "EnterReport",
    "IssuedOrder",
    "Named",
    "PassHardshipDay",
    "TellAgain",
    "decode_issued",
    "encode_issued",
]
