"""Whether the longest half runs: `make soak` sets RECOUP_SOAK, and what takes tens of minutes takes its full measure."""

from __future__ import annotations

import os

IS_SOAK = os.environ.get("RECOUP_SOAK") == "1"
