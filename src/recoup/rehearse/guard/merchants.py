"""Where stolen money exits in good faith: at who sells, gives goods or tokens for it and cannot know: a presumption.

Without this the stream would follow a victim's money through a shop's till to its staff and suppliers, catch it there, and
have nothing of it from whoever took it. Which account is a seller's is seen from its own payments alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recoup.records.kinds import FOR_VALUE, KINDS
from recoup.watch.state import Payments
from recoup.watch.stolen import TERMINAL, StolenFlow

PAYERS_LEAST: Final = 3
"""So many others paid an account for something before it counts as a seller's, as the centre asks of a shop; assumed."""
_FOR_VALUE: Final = np.array([kind in FOR_VALUE for kind in KINDS])


class Merchants:
    """Accounts that others pay for goods or tokens."""

    def __init__(self, flow: StolenFlow) -> None:
        """Begin without any."""
        self._flow = flow
        self._payers: dict[int, dict[int, None]] = {}

    def look_at(self, payments: Payments) -> None:
        """Note who pays for something; whom enough others paid is terminal, unless stolen money lies there already.

        Payers are counted, not payments: a crew's account would else sell to the crew's next one.
        """
        standing = self._flow.index.standing
        is_for_value = _FOR_VALUE[payments.kind]
        is_for_value &= standing[payments.payee] != TERMINAL  # nearly all are known soon
        if not is_for_value.any():
            return
        seen: dict[int, None] = {}
        payees = payments.payee[is_for_value].tolist()
        for payee, payer in zip(payees, payments.payer[is_for_value].tolist(), strict=True):
            payers = self._payers.setdefault(payee, {})
            payers[payer] = None
            if len(payers) >= PAYERS_LEAST:
                seen[payee] = None
        for account in seen:
            if not self.is_followed(account):
                standing[account] = TERMINAL
                del self._payers[account]

    def is_followed(self, account: int) -> bool:
        """Return whether the stream has something to keep in an account: then it stays one whose debits are seen."""
        flow = self._flow
        purses = (flow.pictures.now.purses, flow.pictures.base.purses, flow.pictures.facts.entries)
        return account in flow.bindings or any(account in some for some in purses)


__all__ = ["PAYERS_LEAST", "Merchants"]
