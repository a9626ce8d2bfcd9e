"""Where the shared vectors and data sets lie: the folder RECOUP_SHARED names, else one named shared beside the repository."""

from __future__ import annotations

import os
from pathlib import Path


def shared() -> Path:
    """Return that folder; whether it is there is for the test to see."""
    named = os.environ.get("RECOUP_SHARED")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
