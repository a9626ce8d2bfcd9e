"""What holders of accounts do when a measure binds them or a payment waits. The guard sees who comes, and nobody's nature.

*Truth* is read here, as in all people of the play: how often somebody answers hangs on who that is, and either may do either.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from recoup.rehearse.country import Country, HolderKind

_HOURS: Final = (2, 24)
"""When an innocent holder comes with papers or objects after being told; assumed."""
_MINUTES: Final = (10, 60)
"""When the payer of a payment that waits shows where its money is from: the payer sees at once that it waits; assumed."""
_CRIMINAL: Final = frozenset({HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL})


@dataclass(frozen=True, slots=True)
class Answering:
    """How often holders answer what they are asked: a share of all, and what they show is believed."""

    true: float
    """Of people who have nothing to hide."""
    false: float
    """Of whoever lent or sold an account: with papers that are false."""


def complains(country: Country, account: int, about: str, answering: Answering) -> int | None:
    """Return after how many seconds a holder comes; None: never."""
    hours = (hours * 3_600 for hours in _HOURS)
    return _comes(country, account, about, answering, *hours)


def explains(country: Country, account: int, payment: str, answering: Answering) -> int | None:
    """Return after how many seconds a holder whose payment waits shows what it is for; None: never."""
    minutes = (minutes * 60 for minutes in _MINUTES)
    return _comes(country, account, payment, answering, *minutes)


def _comes(
    country: Country, account: int, about: str, answering: Answering, least: int, most: int
) -> int | None:
    """Draw whether a holder answers, and when.

    Whoever lent an account was taught to lie, about whatever is asked, or was not; anybody else answers or does not, each time.
    """
    is_criminal = HolderKind(int(country.accounts.holder_kind[account])) in _CRIMINAL
    share, what = (answering.false, "lies") if is_criminal else (answering.true, about)
    seed = f"{country.seed}/{account}/{what}/answers"
    if Random(seed).random() >= share:  # noqa: S311 - keyed, no secret
        return None
    seed = f"{country.seed}/{account}/{about}"
    return Random(seed).randrange(least, most)  # noqa: S311 - keyed, no secret


__all__ = ["Answering", "complains", "explains"]
