"""What the centre knows: holds by key, where each order lies, cases by id. Registers only; each room's rules are elsewhere.

The values in the registers are frozen; the registers are changed in place by `evolve` alone, in the thread that owns them (the
writer's, or a view's). A copy of a register for each event would make a centre of a million holds stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recoup.cases import Case
from recoup.orders import Hold, HoldKey


@dataclass(slots=True)
class CentreState:
    """All that commands are decided on."""

    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    places: dict[str, HoldKey] = field(default_factory=dict)
    """Which hold an order is about."""
    cases: dict[str, Case] = field(default_factory=dict)

    def hold(self, key: HoldKey) -> Hold:
        """Return the hold of `key`; one that nobody asked for yet is empty."""
        return self.holds.get(key) or Hold(key)

    def case(self, case_id: str) -> Case:
        """Return the case of that id; one that no report opened yet is empty."""
        return self.cases.get(case_id) or Case(case_id)


__all__ = ["CentreState"]
