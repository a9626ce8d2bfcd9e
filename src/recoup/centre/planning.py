"""What a person sees of the plan of a case: each order with gain, harm, and who lets it leave. Reads only; no rule is here.

The rules are those of the room of cases (`plan_orders`, `view_of`, `covers`, `persons_needed`): whoever agrees to an order
sees exactly what they say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from recoup.cases import (
    Case,
    CasePolicy,
    Plan,
    Proposal,
    View,
    covers,
    persons_needed,
    plan_orders,
    view_of,
)
from recoup.orders import Extent, HoldKey, Order, OrderKind

REASON: Final = "the plan of the chase"
WHOLE_ONLY: Final = "the institution can stop whole accounts only"


@dataclass(frozen=True, slots=True)
class Item:
    """One order of the plan as it is seen now."""

    proposal: Proposal
    view: View
    why: str
    """victims_payment, located, last_seen, inferred: what more is asked for rests on; statement, serial; surplus."""
    mandate: str
    """The standing authority that covers it; '' where persons must agree."""
    persons: int
    """Persons beside its maker who must agree; 0 under a mandate, or where the kind needs nobody else."""

    def plain(self) -> dict[str, Any]:
        """Return it as it is told when a report was taken."""
        found = self.proposal
        return {
            "account": found.account,
            "amount": found.amount,
            "currency": found.currency,
            "digest": self.view.digest,
            "institution": found.institution,
            "kind": found.kind.value,
            "mandate": self.mandate,
            "persons": self.persons,
        }


def items_of(
    case: Case, now: datetime, policy: CasePolicy, by: str, plan: Plan | None = None
) -> tuple[Item, ...]:
    """Return the orders of the plan, each as `by` would write it; `plan` is the case's at `now` where it is known."""
    plan = plan or plan_orders(case, now, policy)
    return tuple(_item(case, found, plan, now, policy, by) for found in plan.orders)


def _item(
    case: Case, found: Proposal, plan: Plan, now: datetime, policy: CasePolicy, by: str
) -> Item:
    order = written(case.id, found, by)
    view = view_of(case, order, plan)
    assert view is not None, "what the plan has can be seen"
    under = [replace(order, mandate=row.id) for row in case.mandates]
    rows = zip(case.mandates, under, strict=True)
    covering = [row.id for row, written_ in rows if covers(row, written_, found, now)]
    mandate = covering[0] if covering else ""
    asked = replace(order, mandate=mandate)
    persons = persons_needed(case, asked, found.stood, policy)
    return Item(found, view, _why(case, found, view), mandate, persons)


def written(case_id: str, found: Proposal, by: str, order_id: str = "", mandate: str = "") -> Order:
    """Return a proposal as an order; without an id, only to be looked at."""
    whole = found.is_whole_account
    return Order(
        order_id,
        found.kind,
        HoldKey(case_id, found.account, found.currency),
        found.institution,
        found.amount,
        by,
        REASON,
        Extent.WHOLE_ACCOUNT if whole else Extent.AMOUNT,
        WHOLE_ONLY if whole else "",
        mandate=mandate,
    )


def _why(case: Case, found: Proposal, view: View) -> str:
    """Return in a word what a proposal rests on."""
    if found.kind is OrderKind.QUERY:
        serials = {place.serial for place in case.places}
        return "serial" if found.account in serials else "statement"
    if found.change < 0:
        return "surplus"
    if view.inferred:
        return "inferred"
    if view.located:
        return "located"
    is_payee = any(claim.payee == found.account for claim in case.claims)
    return "victims_payment" if is_payee else "last_seen"


__all__ = ["REASON", "WHOLE_ONLY", "Item", "items_of", "written"]
