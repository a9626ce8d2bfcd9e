"""What an order's paper says of why: the transfer that brought the money, the payment's number, the exchange. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from recoup.cases import Case, Place
from recoup.cases.case import HoldPlace
from recoup.centre.facts import ROOT_WITHIN, Grounds
from recoup.centre.for_value import HISTORY
from recoup.orders import Hold, HoldKey, Order, OrderKind
from recoup.orders.kinds import OPENING

if TYPE_CHECKING:  # the chase writes papers in a process that traces nothing
    from recoup.trace import Course, Moved

TOLD: Final = "reported"
"""Rail of a transfer that only its report shows."""


def grounds_of(
    course: Course,
    disputed: Iterable[Moved],
    told: AbstractSet[str],
    places: Iterable[Place],
    number_of: Callable[[str], str],
    sold: Container[str] = frozenset(),
) -> dict[HoldPlace, Grounds]:
    """Return by account the latest transfer that brought claims' money there, by an exit's id the payment to ask about.

    Args:
        course: where the money went.
        disputed: the claims' own transfers.
        told: the ids of those of them that only reports show.
        places: the course's places, as the case gets them.
        number_of: gives the institution's own number of a payment by its row, '' for none.
        sold: accounts that money came to as the price of something: whether they trade, earlier rows show.
    """
    arrivals = {
        place: replace(one, rows_from=one.rows_from - HISTORY) if place[0] in sold else one
        for place, one in _grounds_of_arrivals(course, disputed, told, number_of).items()
    }
    return arrivals | _grounds_of_exits(course, places, number_of)


def grounds_of_swap(case: Case, place: HoldPlace) -> Grounds | None:
    """Return the grounds for holding an account that a holder offered: who agreed to the exchange, and when."""
    for swap in reversed(case.swaps):
        if (swap.offered, swap.currency) == place:
            return Grounds(swap.amount, swap.at, "", "", swap.at, swap.account, swap.agreed_by)
    return None


def ground_of(
    case: Case,
    order: Order,
    grounds: Mapping[HoldPlace, Grounds],
    hold_of: Callable[[HoldKey], Hold],
) -> Grounds | None:
    """Return what an order's paper says: the transfer, the exchange, or from when on the rest of a statement is needed."""
    place = (order.key.account, order.key.currency)
    ground = grounds.get(place) or grounds_of_swap(case, place)
    rest = case.rest(*place) if order.kind is OrderKind.QUERY else None
    if rest is not None:
        fresh = Grounds(0, rest.since, "", "", rest.since)
        ground = replace(ground or fresh, rows_from=rest.since)
    if ground is None:
        return None
    original = _original_of(hold_of(order.key))
    if not original and ground.swapped_from:
        original = _original_of(hold_of(replace(order.key, account=ground.swapped_from)))
    return replace(ground, original=original)


def needs_ground(order: Order, hold_of: Callable[[HoldKey], Hold]) -> bool:
    """Whether an institution must be told how the money came, or from when on it is to show its statement.

    It frees without either. Where less is held than a reduction leaves, money that came since fills the hold, and the answer
    says more than any statement shows: with its rows it can be given back.
    """
    if order.kind is OrderKind.REDUCE:
        return hold_of(order.key).held < order.amount
    return order.kind is not OrderKind.RELEASE


def _original_of(hold: Hold) -> str:
    """Return the order that began a hold, as far as one was issued in this period."""
    began = [
        tracked.order.id
        for tracked in hold.orders
        if tracked.order.kind in OPENING
        and tracked.period == hold.period
        and tracked.issued_at is not None
    ]
    return began[0] if began else ""


def _grounds_of_exits(
    course: Course, places: Iterable[Place], number_of: Callable[[str], str]
) -> dict[HoldPlace, Grounds]:
    """Return by an exit's serial id the payment whose number its institution is asked by."""
    out = {}
    for place in places:
        row = course.moved.get(place.serial) if place.serial else None
        if row is not None:
            number = row.reference or number_of(place.serial)
            since = row.time - timedelta(seconds=1)
            exit_grounds = Grounds(row.amount, row.time, number, "", since)
            out[place.serial, place.currency] = exit_grounds
    return out


def _grounds_of_arrivals(
    course: Course,
    disputed: Iterable[Moved],
    told: AbstractSet[str],
    number_of: Callable[[str], str],
) -> dict[HoldPlace, Grounds]:
    carried = {flow.transfer for flow in course.flows}
    newest: dict[HoldPlace, Moved] = {}
    needed: dict[HoldPlace, datetime] = {}
    # In total order: the latest stays.
    arrived = (row for row in course.moved.values() if row.payee and row.id in carried)
    for row in (*disputed, *arrived):
        place = (row.payee, row.currency)
        newest[place] = row
        # Until a statement shows it, a transfer may have come as much earlier as a report may be wrong.
        since = row.time - (ROOT_WITHIN if row.id in told else timedelta(seconds=1))
        needed[place] = min(since, needed.get(place, since))

    def named(row: Moved) -> str:
        return row.reference or number_of(row.id) or row.id

    return {
        place: Grounds(row.amount, row.time, named(row), "", needed[place])
        for place, row in newest.items()
    }


__all__ = ["TOLD", "ground_of", "grounds_of", "needs_ground"]
