"""What holders of accounts do when a measure binds them. *Truth* is read here, as in the play, and nothing of it is told on."""

from __future__ import annotations

from random import Random
from typing import Final

from recoup.rehearse.country import Country, HolderKind

_HOURS: Final = (2, 24)
"""When an innocent holder comes with papers or objects after being told; assumed."""
_MINUTES: Final = (10, 60)
"""When the payer of a payment that waits shows where its money is from: the payer sees at once that it waits; assumed."""
_CRIMINAL: Final = frozenset({HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL})


def complains(country: Country, account: int, about: str) -> int | None:
    """Return after how many seconds a holder comes; None: never, as whoever lent or sold the account."""
    return _comes(country, account, about, *(hours * 3_600 for hours in _HOURS))


def explains(country: Country, account: int, payment: str) -> int | None:
    """Return after how many seconds a holder whose payment waits shows what it is for; None: never, as above."""
    return _comes(country, account, payment, *(minutes * 60 for minutes in _MINUTES))


def _comes(country: Country, account: int, about: str, least: int, most: int) -> int | None:
    if HolderKind(int(country.accounts.holder_kind[account])) in _CRIMINAL:
        return None
    seed = f"{country.seed}/{account}/{about}"
    return Random(seed).randrange(least, most)  # noqa: S311 - keyed, no secret


__all__ = ["complains", "explains"]
