"""A stream over a whole country: pockets are account numbers, openings are theirs, what left the system is terminal."""

from __future__ import annotations

from typing import Final

import numpy as np

from recoup.rehearse.country import Country, InstitutionKind
from recoup.rehearse.guard.terms import GuardTerms
from recoup.watch.state import Settings, Shard
from recoup.watch.stolen import KNOWN, TERMINAL, FlowRows, StolenFlow
from recoup.watch.stream import Stream

_ROWS_BESIDE: Final = 400_000
"""Room for rows beside the schedule's: what launderers, victims and returns pay."""
_OUTSIDE: Final = (InstitutionKind.CASH, InstitutionKind.ABROAD)


def outside_of(country: Country) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return by account whether money there has left the system, as its institution's kind says to everybody."""
    kinds = np.array([one.kind in _OUTSIDE for one in country.institutions])
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = kinds[country.accounts.institution]
    return found


def shard_of(country: Country, settings: Settings) -> Shard:
    """Return the state in which nobody has paid yet, with every account's opening and age."""
    shard = Shard(len(country.accounts), settings)
    shard.open_all(country.accounts.opening_minor, country.accounts.opened_us)
    return shard


def stream_of(country: Country, terms: GuardTerms) -> Stream:
    """Return a stream in which nobody has paid yet; its index keeps every row that the play can make."""
    standing = np.where(outside_of(country), TERMINAL, KNOWN).astype(np.uint8)
    standing = np.append(standing, np.uint8(TERMINAL))
    room = len(country.schedule) + _ROWS_BESIDE
    index = FlowRows(country.accounts.opening_minor, standing, room)
    return Stream(
        shard_of(country, terms.settings),
        rules=terms.rules,
        model=terms.model,
        policy=terms.policy,
        currencies=(country.currency,),
        flow=StolenFlow(index),
    )


__all__ = ["outside_of", "shard_of", "stream_of"]
