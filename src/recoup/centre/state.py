"""What the centre knows: holds, orders, cases, staff, accounts, and where each lies. Registers only; rules are elsewhere.

The values in the registers are frozen; the registers are changed in place by `evolve` alone, in the thread that owns them (the
writer's, or a view's). A copy of a register for each event would make a centre of a million holds stand still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from recoup.cases import Case
from recoup.centre.sheets import Sheet
from recoup.orders import Hold, HoldKey, Order, Tracked
from recoup.staff import Directory, Target


@dataclass(slots=True)
class CentreState:
    """All that commands are decided on, and all that is looked at."""

    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    places: dict[str, HoldKey] = field(default_factory=dict)
    """Which hold an order is about."""
    cases: dict[str, Case] = field(default_factory=dict)
    drafted: dict[str, list[str]] = field(default_factory=dict)
    """Ids of a case's orders, in the order of drafting."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the orders issued to an institution, in the order of issue."""
    staff: Directory = field(default_factory=Directory)
    accounts: dict[str, str] = field(default_factory=dict)
    """The institution at which an account lies that was entered for a case."""
    entered: dict[tuple[str, str], None] = field(default_factory=dict)
    """(case, account), in the order of entering."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    """Answer sheets that were typed from paper, in the order of typing."""

    def hold(self, key: HoldKey) -> Hold:
        """Return the hold of `key`; one that nobody asked for yet is empty."""
        return self.holds.get(key) or Hold(key)

    def case(self, case_id: str) -> Case:
        """Return the case of that id; one that no report opened yet is empty."""
        return self.cases.get(case_id) or Case(case_id)

    # --- what is looked at ---

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None:
        """Return an order and its hold."""
        key = self.places.get(order_id)
        if key is None:
            return None
        tracked = self.holds[key].find(order_id)
        assert tracked is not None, "an order is found under its hold"
        return self.holds[key], tracked

    def every(self) -> Iterator[Hold]:
        """Yield all holds."""
        yield from self.holds.values()

    def of_case(self, case: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield a case's orders in the order of drafting."""
        return self._found(self.drafted.get(case, ()))

    def of_institution(self, institution: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield the orders issued to an institution, in the order of issue."""
        return self._found(self.told.get(institution, ()))

    def _found(self, ids: Iterable[str]) -> Iterator[tuple[Hold, Tracked]]:
        for order_id in ids:
            found = self.find(order_id)
            assert found is not None, "a listed order is there"
            yield found

    # --- what things are to the table of rights ---

    def target_of_case(self, case: str) -> Target:
        """Return what a case is to the table of rights."""
        return Target(unit=self.staff.cases.get(case, ""))

    def target_of_order(self, order: Order) -> Target:
        """Return what an order is to it; an institution reaches it only once it was issued."""
        found = self.find(order.id)
        is_told = found is not None and found[1].issued_at is not None
        unit = self.staff.cases.get(order.key.case, "")
        return Target(unit, order.institution if is_told else "", order.made_by)

    def target_of_account(self, case: str, account: str) -> Target | None:
        """Return what an account of a case is to it; None when it is none of the case."""
        if (case, account) not in self.entered:
            return None
        is_told = any(
            hold.key.account == account and tracked.issued_at is not None
            for hold, tracked in self.of_case(case)
        )
        unit = self.staff.cases.get(case, "")
        return Target(unit, self.accounts[account] if is_told else "")


__all__ = ["CentreState"]
