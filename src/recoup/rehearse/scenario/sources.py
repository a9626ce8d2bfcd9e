"""Where the numbers of a scenario come from."""

from __future__ import annotations

from fnmatch import fnmatchcase

from recoup.rehearse.scenario.scenario import Scenario

ASSUMED = "assumed"
"""What a source says of a number that nobody published."""


def source_of(scenario: Scenario, path: str) -> str:
    """Return where the term of a dotted path comes from, `assumed`, or nothing; the first of the sources that fits it speaks.

    >>> source_of(
    ...     Scenario(sources=(("frauds.count", "a choice"), ("frauds.*", "assumed"))),
    ...     "frauds.unreported",
    ... )
    'assumed'
    """
    names = path.split(".")
    for pattern, source in scenario.sources:
        parts = pattern.split(".")
        if len(parts) == len(names) and all(map(fnmatchcase, names, parts)):
            return source
    return ""


__all__ = ["ASSUMED", "source_of"]
