"""A value from outside, or from a newer version, that this version has no name for: kept, never dropped, never a crash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Stands where an enum's member was expected; `value` is what was found, and is what is written again."""

    value: str | int


__all__ = ["Unrecognised"]
