"""What answers bring and orders need beside the journal's events: statement rows with opaque accounts, an order's grounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from recoup.frozen import quickly_made
from recoup.journal.events import Registry

ROOT_WITHIN: Final = timedelta(days=1)
"""How far apart a report and a statement may put the time of one transfer."""

SENT_WITHIN: Final = timedelta(minutes=10)
"""By how much a payer's own statement may show a payment later than the payee's: their clocks differ."""
BOOKED_WITHIN: Final = timedelta(hours=2)
"""By how much a payee's own statement may show a payment later than the payer's: it is under way."""


@quickly_made
@dataclass(frozen=True, slots=True)
class FactRow:
    """A booked transfer as one account's statement shows it; accounts are the directory's ids, '' the outside."""

    id: str
    """The directory's id of the number below: the same for the same number at whatever institution."""
    at: datetime
    sequence: int
    payer: str
    payee: str
    amount: int
    currency: str
    kind: str
    reference: str
    payer_institution: str
    payee_institution: str
    balance_after: int | None
    """Of the statement's own account."""
    number: str = ""
    """The institution's own number of the payment: it may identify people, so it stands here only, in the vault."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Rows of one account that one answer brought."""

    account: str
    institution: str
    rows: tuple[FactRow, ...]
    until: datetime | None = None
    """When it was given; None where nobody said."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Grounds:
    """The transfer by which the money came to the account: what the institution looks for before it stops anything."""

    amount: int
    at: datetime
    reference: str
    """In a query by a payment's number: that number."""
    original: str
    """The order that began the hold; '' where this one does."""
    rows_from: datetime
    """From when on the statement is needed: before the first transfer that brought claims' money, not only the one above."""
    swapped_from: str = ""
    """The account in whose place its holder offered this one; '' where money arrived."""
    agreed_by: tuple[str, ...] = ()
    """The two persons of that exchange."""


_papers: Final = Registry()
_papers.register("statement", 1, Statement)
_papers.register("grounds", 1, Grounds)


def encode_paper(paper: Statement | Grounds) -> bytes:
    """Return canonical bytes."""
    return _papers.encode(paper)


def decode_paper(name: str, body: bytes) -> Statement | Grounds:
    """Return the paper of canonical bytes."""
    paper: Statement | Grounds = _papers.decode(name, 1, body)
    return paper


def statement_of(body: bytes) -> Statement:
    """Return the statement of canonical bytes."""
    statement = decode_paper("statement", body)
    assert isinstance(statement, Statement), "statements are kept as statements"
    return statement


__all__ = [
    "ROOT_WITHIN",
    "FactRow",
    "Grounds",
    "Statement",
    "decode_paper",
    "encode_paper",
    "statement_of",
]
