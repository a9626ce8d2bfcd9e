"""How long an institution takes to answer about an account: one keyed draw, the same for every policy and for the limits."""

from __future__ import annotations

from math import exp
from random import Random

from recoup.rehearse.country.values import Country


def answer_seconds(country: Country, institution: int, key: str | int) -> float:
    """Return seconds from an order's arrival at an institution to its answer, lognormal; `key` is the account's number.

    The first order on an account is answered after the draw of the account's own number, whoever sends it: the limits know
    that draw. Later ones add to the key, such as `f"{account}/2"`. The draw depends on the country's seed, the institution
    and the key only, so that policies meet the same institutions and no draw moves another.
    """
    place = country.institutions[institution]
    normal = Random(f"{country.seed}/answer/{institution}/{key}").gauss(0.0, 1.0)  # noqa: S311 - a seed, not secrecy
    return place.answer_median_seconds * exp(place.answer_sigma * normal)


__all__ = ["answer_seconds"]
