"""What a person sees before agreeing to an order: its gain and its harm. An approval binds the digest of this. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from recoup.cases.case import (
    Case,
    Found,
    Harm,
    Parts,
)
from recoup.cases.chase import Plan
from recoup.cases.decided import digest_of
from recoup.orders import Order
from recoup.orders.kinds import MOVING


@dataclass(frozen=True, slots=True)
class View:
    """An order of the chase with its gain and its harm."""

    order_digest: str
    change: int
    """Minor units newly asked for; below zero, given up."""
    stood: Parts
    """Claims that stand behind the hold afterwards."""
    located: int
    """Of what is asked, how much the account's own statement shows; the rest was last seen going there."""
    inferred: int
    """Of what is asked, how much rests on a bridge or on one side's word."""
    one_sided: int
    """How much of it on one side's word: the other side's own statement does not have it."""
    own_money: int
    salary_on: tuple[date, ...]
    merchants: int
    is_innocent: bool
    signs: tuple[str, ...]
    """Signs that the freeze is abused, of the claims that stand behind it."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything that was seen."""
        fields = (getattr(self, name) for name in self.__slots__)
        return digest_of("view", *fields)


def view_beside(case: Case, order: Order, asked: int) -> View:
    """Return what is seen of an order that no plan has, about a hold of which so much is asked for."""
    standing = case.standing(order.key.account, order.key.currency)
    is_told = order.kind in MOVING
    return _view(
        case, order, order.amount - asked if is_told else 0, standing.stood if standing else ()
    )


def view_of(case: Case, order: Order, plan: Plan) -> View | None:
    """Return what is seen of `order`; None where the plan has no such order any more."""
    found = plan.find(order.kind, order.key.account, order.key.currency)
    standing = case.standing(order.key.account, order.key.currency)
    if found is None and standing is not None:
        found = plan.keeping(order.kind, standing)
    if found is None:
        return None
    return _view(case, order, found.change, found.stood)


def _view(case: Case, order: Order, change: int, stood: Parts) -> View:
    here = (order.key.account, order.key.currency)
    rows = [row for row in case.places if row.hold == here]
    harm = next((row for row in case.harms if (row.account, row.currency) == here), Harm(*here))
    return View(
        order.digest,
        change,
        stood,
        sum(row.amount for row in rows if row.found is Found.LOCATED),
        sum(row.amount for row in rows if row.is_inferred and row.found is not Found.EXITED),
        sum(row.amount for row in rows if row.is_one_sided and row.found is not Found.EXITED),
        harm.own_money,
        harm.salary_on,
        harm.merchants,
        case.is_innocent(order.key.account),
        tuple(sorted({sign for claim, sign in case.signs if claim in dict(stood)})),
    )
