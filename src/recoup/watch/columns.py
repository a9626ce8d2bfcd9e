"""Every column that the stream can read of a payment, as one set: features of the state, then those of patterns.

A third module, since the catalogue of the state's features cannot know patterns, which are made of its `Feature`. A model or a
set of rules that reads no patterns has the first columns alone.
"""

from __future__ import annotations

from typing import Final

from recoup.watch.features import FEATURES, Feature
from recoup.watch.patterns import PATTERN_FEATURES

STREAM_FEATURES: Final[tuple[Feature, ...]] = (*FEATURES, *PATTERN_FEATURES)
"""`FEATURES`, then `PATTERN_FEATURES`: a kernel reads patterns from column `len(FEATURES)` on."""

__all__ = ["STREAM_FEATURES"]
