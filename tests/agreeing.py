"""What whoever agrees to an order in the room of orders is shown: the digest that the API gives with it."""

from __future__ import annotations

from typing import Protocol

from recoup.cases import Case
from recoup.centre.beside_plan import digest_shown
from recoup.orders import Hold, Tracked


class Registers(Protocol):
    """Where orders and cases are found: the writer's registers, or a view of what is on disk."""

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None: ...

    def case(self, case_id: str) -> Case: ...


def to_agree_to(registers: Registers, order_id: str) -> str:
    """Return the digest to agree to."""
    found = registers.find(order_id)
    assert found is not None, "the order was drafted"
    return digest_shown(registers.case(found[1].order.key.case), *found)
