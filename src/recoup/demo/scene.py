"""What a demo's case is made of: institutions with their scripts, and the payments that the victim disputes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a disputed payment."""

    institution: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Disputed:
    """A payment that the victim was made to make, in minor units of the scene's currency."""

    transfer: str
    payer: Side
    payee: Side
    amount: int
    paid_at: datetime


class Scene(Protocol):
    """The institutions as they stand when the report comes."""

    @property
    def institutions(self) -> Sequence[str]:
        """Return their names; at most one script each."""

    @property
    def disputed(self) -> Sequence[Disputed]:
        """Return what the victim disputes, oldest first, at least one payment."""

    @property
    def reported(self) -> str:
        """Return how the report is told, without its amount."""

    @property
    def hops(self) -> int:
        """Return how far the standing authority reaches."""

    def script(self, institution: str) -> str:
        """Return the sandbox script of one institution, as TOML."""


def table(section: str, /, **fields: str) -> str:
    """Return an entry of a script's section."""
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in fields.items()]
    return f"[[{section}]]\n{''.join(lines)}"


__all__ = ["Disputed", "Scene", "Side", "table"]
