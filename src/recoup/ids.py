"""Identities: distinct types, and the port that makes new ones. Pure rooms are given ids; they never make them."""

from __future__ import annotations

import secrets
from typing import NewType, Protocol

CommandId = NewType("CommandId", str)
"""What a caller gives with a command, and asks by when it does not know what became of it. Valid as long as the record."""

SubjectId = NewType("SubjectId", str)
"""What a record or a deadline is about: a case, an order, an account. Opaque: it says nothing of a person."""


class Ids(Protocol):
    """Makes ids that were never given before."""

    def new(self, kind: str) -> str:
        """Return a fresh id that begins with `kind`, a short word."""
        ...

    def new_together(self, kind: str, count: int) -> list[str]:
        """Return as many fresh ids, which lie beside each other in a table that is sorted by them."""
        ...


class RandomIds:
    """Ids of 128 random bits: they meet nobody else's, and tell nothing of when or how many."""

    def new(self, kind: str) -> str:
        """Return `kind` and 32 hexadecimal digits."""
        return f"{kind}_{secrets.token_hex(16)}"

    def new_together(self, kind: str, count: int) -> list[str]:
        """Return ids of which the first half is one: they tell that they were made together, and that only."""
        first = secrets.token_hex(8)
        return [f"{kind}_{first}{secrets.token_hex(8)}" for _ in range(count)]


class CountedIds:
    """Ids that count up, for tests and rehearsals: one run gives the same ids as the next."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, kind: str) -> str:
        """Return `kind` and the next number."""
        self._last += 1
        return f"{kind}_{self._last}"

    def new_together(self, kind: str, count: int) -> list[str]:
        """Return the next numbers."""
        return [self.new(kind) for _ in range(count)]


__all__ = ["CommandId", "CountedIds", "Ids", "RandomIds", "SubjectId"]
