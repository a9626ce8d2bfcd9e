"""What a case is to another system, from which a row of it came. Opaque ids only; how rows are read is not here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """Another system's ids of a row: its own, and that of the case which it is one of."""

    system: str
    id: str
    case: str
    """'': the other system names no case of it."""
    kind: str = ""
    """`reports` or `register`, since each may count its rows by itself; '' for one from before that was kept."""


@dataclass(frozen=True, slots=True)
class ForeignNoted:
    """Another system's row is this case here: all that its journal entry says was taken over, and not done here."""

    foreign: Foreign
    case: str
    report: str


__all__ = ["Foreign", "ForeignNoted"]
