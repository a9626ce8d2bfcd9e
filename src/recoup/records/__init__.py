"""Values of an investigation and their canonical tables. Nothing here reads a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recoup.records.kinds import KINDS, OUTSIDE
from recoup.records.problems import Problem
from recoup.records.provenance import Source

if TYPE_CHECKING:
    from recoup.records.dossier import Dossier


def __getattr__(name: str) -> object:
    """Load the tables with the first who asks for a dossier: a bank's agent knows the kinds of payments without them."""
    if name != "Dossier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from recoup.records.dossier import Dossier

    return Dossier


__all__ = ["KINDS", "OUTSIDE", "Dossier", "Problem", "Source"]
