"""Values of an investigation and their canonical tables. Nothing here reads a file."""

from recoup.records.dossier import Dossier
from recoup.records.kinds import KINDS, OUTSIDE
from recoup.records.problems import Problem
from recoup.records.provenance import Source

__all__ = ["KINDS", "OUTSIDE", "Dossier", "Problem", "Source"]
