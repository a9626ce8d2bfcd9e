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


def columns_of(count: int) -> tuple[Feature, ...]:
    """Return the set of so many columns: those of the state alone, or else those of patterns too."""
    return FEATURES if count == len(FEATURES) else STREAM_FEATURES


__all__ = ["STREAM_FEATURES", "columns_of"]
