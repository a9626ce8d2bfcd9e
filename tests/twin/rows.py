"""The smallest nouns of the twin: a row of transfers and the pocket it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Pocket(NamedTuple):
    """One account in one currency."""

    account: str
    currency: str


class Refused(ValueError):
    """The question has no answer by the decision page (a disputed self transfer, a reversal of too much, ...)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer."""

    id: str
    time: datetime
    sequence: int
    payer: str
    payee: str
    amount: int
    currency: str
    kind: str
    reference: str = ""
    reverses: str = ""
    payer_balance: int | None = None
    payee_balance: int | None = None
    is_assumed: bool = False
    """A row that a link needs and that no statement shows."""

    @property
    def payer_pocket(self) -> Pocket:
        return Pocket(self.payer, self.currency)

    @property
    def payee_pocket(self) -> Pocket:
        return Pocket(self.payee, self.currency)
