"""The catalogue of measures of whole accounts, in the order of their columns. `accounts` computes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.watch.features.feature import Unit


class Group(StrEnum):
    """What a measure looks at; groups are what an ablation leaves out."""

    OWN = "own"
    """The account's own payments from and to other accounts."""
    OUTSIDE = "outside"
    """Its payments from and to the outside: wages, cash, shops without an account."""
    PASSING = "passing"
    """Money that is passed on, and chains that close."""
    NEIGHBOURS = "neighbours"
    """Own measures of its payers and payees."""
    CYCLES = "cycles"
    """Ways along payments that lead back to it, whatever their amounts and times."""
    REPEATED = "repeated"
    """How near it is to accounts that pay the same payee again and again."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of the matrix of accounts."""

    name: str
    meaning: str
    unit: Unit
    group: Group


CORE: Final = (
    "out_count",
    "in_count",
    "out_amount_smallest",
    "in_amount_smallest",
    "out_amount_mean",
    "in_amount_mean",
    "out_smallest_to_mean",
    "in_smallest_to_mean",
    "out_pair_count_largest",
    "in_pair_count_largest",
    "out_count_share",
    "in_amount_variation",
    "out_passing_share",
    "in_passing_share",
)
"""Measures of which the mean, the largest and the smallest over payers and over payees are measures too."""
CYCLE_LENGTHS: Final = (2, 3, 4, 5, 6)
_REPEATERS: Final = ("payer", "payee", "either")


def _own(way: str, others: str) -> Iterator[tuple[str, str, Unit]]:
    yield f"{way}_count", f"payments {way}", Unit.COUNT
    yield f"{way}_sum", "their sum", Unit.MINOR
    yield f"{way}_amount_mean", "their mean", Unit.MINOR
    yield f"{way}_amount_deviation", "their standard deviation", Unit.MINOR
    yield f"{way}_amount_smallest", "the smallest", Unit.MINOR
    yield f"{way}_amount_largest", "the largest", Unit.MINOR
    yield f"{way}_amount_variation", "deviation by mean", Unit.RATIO
    yield f"{way}_smallest_to_mean", "the smallest by the mean", Unit.RATIO
    yield f"{way}_{others}", f"different {others}", Unit.COUNT
    yield f"{way}_{others}_7d", f"most different {others} within 7 days", Unit.COUNT
    yield f"{way}_{others}_30d", f"most different {others} within 30 days", Unit.COUNT
    yield f"{way}_repeated_count", f"payments {way} of a pair that has several", Unit.COUNT
    yield f"{way}_pair_count_largest", "most payments of one pair", Unit.COUNT
    yield f"{way}_same_amount_count", "most payments of one and the same amount", Unit.COUNT
    yield f"{way}_day_count_largest", f"most payments {way} on one day of UTC", Unit.COUNT
    yield f"{way}_last_age", "from the last to the end", Unit.SECONDS
    yield f"{way}_time_deviation", "standard deviation of their times", Unit.SECONDS
    yield f"{way}_gap_mean", "mean time between two", Unit.SECONDS
    yield f"{way}_gap_deviation", "its standard deviation", Unit.SECONDS


def _both() -> Iterator[tuple[str, str, Unit]]:
    yield "out_count_share", "payments out by all", Unit.RATIO
    yield "out_sum_share", "sum out by sum in and out", Unit.RATIO
    yield "net_sum", "sum in less sum out", Unit.MINOR
    yield "others_difference", "different payees less different payers", Unit.COUNT


def _outside() -> Iterator[tuple[str, str, Unit]]:
    for way, words in (("from", "from the outside"), ("to", "to the outside")):
        yield f"{way}_outside_count", f"payments {words}", Unit.COUNT
        yield f"{way}_outside_sum", "their sum", Unit.MINOR
        yield f"{way}_outside_amount_mean", "their mean", Unit.MINOR
        yield f"{way}_outside_amount_deviation", "their standard deviation", Unit.MINOR
        yield f"{way}_outside_amount_smallest", "the smallest", Unit.MINOR
        yield f"{way}_outside_amount_largest", "the largest", Unit.MINOR
    yield "in_to_outside_ratio", "sum in from accounts by sum from the outside", Unit.RATIO
    yield "out_to_outside_ratio", "sum out to accounts by sum to the outside", Unit.RATIO


def _passing() -> Iterator[tuple[str, str, Unit]]:
    yield "out_passing_share", "share of payments out that pass on a payment in", Unit.RATIO
    yield "in_passing_share", "share of payments in that pass on one of the payer's", Unit.RATIO
    yield "out_chain_hops_largest", "most hops of a chain that it pays on", Unit.COUNT
    yield "in_chain_hops_largest", "most hops of a chain that reaches it", Unit.COUNT
    yield "out_cycle_count", "payments out to who paid into their chain before", Unit.COUNT
    yield "in_cycle_count", "payments in whose chain it paid into before", Unit.COUNT


def _rows() -> Iterator[Measure]:
    groups = (
        (Group.OWN, (*_own("out", "payees"), *_own("in", "payers"), *_both())),
        (Group.OUTSIDE, (*_outside(),)),
        (Group.PASSING, (*_passing(),)),
    )
    for group, given in groups:
        for name, meaning, unit in given:
            yield Measure(name, meaning, unit, group)
    units = {name: unit for _, given in groups for name, _, unit in given}
    for others in ("payees", "payers"):
        for how in ("mean", "largest", "smallest"):
            for name in CORE:
                meaning = f"{how} over its {others} of {name}"
                yield Measure(f"{others}_{name}_{how}", meaning, units[name], Group.NEIGHBOURS)
    for weight, words in (
        ("walk", "chance to be back at it after so many steps to a payee drawn at random"),
        ("tie", "the same, each step weighed by payees of its payer and payers of its payee alike"),
    ):
        for length in CYCLE_LENGTHS:
            yield Measure(f"cycle_{length}_{weight}", words, Unit.RATIO, Group.CYCLES)
    for near, words in (
        ("payees", "of its payees"),
        ("payers", "of its payers"),
        ("payees_share", "of its payees, each by the number of its payers"),
        ("payers_share", "of its payers, each by the number of its payees"),
        ("ties", "one tie out"),
        ("ties_shared", "one tie out and one back in: other payers of its payees"),
        ("ties_sharing", "one tie in and one out: other payees of its payers"),
        ("ties_after", "two ties out"),
        ("ties_before", "two ties in"),
    ):
        for repeater in _REPEATERS:
            meaning = f"weight {words} that have a pair with several payments, as its {repeater}"
            yield Measure(f"repeating_{repeater}_{near}", meaning, Unit.SCORE, Group.REPEATED)


ACCOUNT_MEASURES: Final[tuple[Measure, ...]] = (*_rows(),)
"""Columns of `measure_accounts`, in order."""

__all__ = ["ACCOUNT_MEASURES", "CORE", "CYCLE_LENGTHS", "Group", "Measure"]
