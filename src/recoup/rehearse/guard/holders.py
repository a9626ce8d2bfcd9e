"""What holders of accounts do when a measure binds them. *Truth* is read here, as in the play, and nothing of it is told on."""

from __future__ import annotations

from random import Random
from typing import Final

from recoup.rehearse.country import Country, HolderKind

_HOURS: Final = (2, 24)
"""When an innocent holder comes with papers or objects after being told; assumed."""
_CRIMINAL: Final = frozenset({HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL})


def complains(country: Country, account: int, about: str) -> int | None:
    """Return after how many seconds a holder comes; None: never, as whoever lent or sold the account."""
    if HolderKind(int(country.accounts.holder_kind[account])) in _CRIMINAL:
        return None
    seed = f"{country.seed}/{account}/{about}"
    return Random(seed).randrange(*(hours * 3_600 for hours in _HOURS))  # noqa: S311 - keyed, no secret


__all__ = ["complains"]
