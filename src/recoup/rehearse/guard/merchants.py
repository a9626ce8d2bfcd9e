"""Where stolen money exits in good faith: at a merchant, who gives goods for it and cannot know: a presumption.

Without this the stream would follow a victim's money through a shop's till to its staff and suppliers, catch it there, and
have nothing of it from whoever took it. Which account is a merchant's is seen from its own payments alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recoup.records.kinds import KINDS
from recoup.watch.state import Payments
from recoup.watch.stolen import TERMINAL, StolenFlow

PURCHASES_LEAST: Final = 3
"""Purchases paid to an account before it counts as a merchant's; assumed."""
_PURCHASE: Final = KINDS.index("purchase")


class Merchants:
    """Accounts that purchases are paid to."""

    def __init__(self, accounts: int, flow: StolenFlow) -> None:
        """Begin without any."""
        self._flow = flow
        self._purchases = np.zeros(accounts, np.int32)

    def look_at(self, payments: Payments) -> None:
        """Count purchases; whoever has enough of them is terminal, unless stolen money lies there already."""
        payees = payments.payee[payments.kind == _PURCHASE]
        standing, counts = self._flow.index.standing, self._purchases
        payees = payees[standing[payees] != TERMINAL]  # nearly all are known soon
        if not len(payees):
            return
        np.add.at(counts, payees, 1)
        for account in np.unique(payees[counts[payees] >= PURCHASES_LEAST]).tolist():
            if not self.is_followed(account):
                standing[account] = TERMINAL

    def is_followed(self, account: int) -> bool:
        """Return whether the stream has something to keep in an account: then it stays one whose debits are seen."""
        flow = self._flow
        purses = (flow.pictures.now.purses, flow.pictures.base.purses, flow.pictures.facts.entries)
        return account in flow.bindings or any(account in some for some in purses)


__all__ = ["PURCHASES_LEAST", "Merchants"]
