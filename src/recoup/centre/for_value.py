"""Where a trail ends by presumption: at who sells, to whom claims' money came as the price of something. Pure.

A shop cannot know whose money it is paid with. Only kinds of payment that the policy names count, which institutions set and
payers do not; and only where the account's own statement shows that others trade there as well. Until that statement came, the
account is asked for it and nothing is held; where it does not bear the presumption out, the account is chased as any other.
So a crew gains by calling a payment a purchase what one answer takes, and no more.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final

from recoup import limits

HISTORY: Final = timedelta(seconds=limits.SELLER_HISTORY_SECONDS)
"""From so long before the money came the statement of a presumed seller is asked for."""

BOTH_WAYS: Final = frozenset({"exchange"})
"""Kinds in which a seller also pays: a desk buys what it sells."""


@dataclass(frozen=True, slots=True)
class ForValue:
    """Accounts to which claims' money can only have come as the price of something."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    """By account the kind; of several, the first by name."""
    ends: frozenset[str] = frozenset()
    """Those whose statement shows that others trade there: a trail ends here."""


@dataclass(slots=True)
class Trades:
    """Who paid whom under which kinds of payment; it grows with the statements of a case."""

    _paid: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)
    """Kinds by payer and payee."""
    _parties: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """By account with a statement and kind, with whom it trades; a party that is not named by its row."""

    def note(self, account: str, payer: str, payee: str, kind: str, row: str) -> None:
        """Note a row of an account's own statement."""
        if payer and payee:
            self._paid.setdefault(payer, {}).setdefault(payee, {})[kind or "transfer"] = None
        if payee == account or kind in BOTH_WAYS:
            other = payer if payee == account else payee
            self._parties.setdefault((account, kind), {})[other or row] = None

    def for_value(
        self, known: Container[str], least: Mapping[str, int], never: Container[str]
    ) -> ForValue:
        """Return which accounts were paid for value.

        Args:
            known: accounts whose statements were given.
            least: by kind of payment, with how many others an account must be seen to trade.
            never: accounts that are chased however they were paid: those that victims name.
        """
        if not least:
            return ForValue()
        kinds: dict[str, dict[str, None]] = {}
        for payer, payees in self._paid.items():
            if payer in known:  # the money of a case comes from accounts whose statements it has
                for payee, some in payees.items():
                    kinds.setdefault(payee, {}).update(some)
        found = {
            account: min(some)
            for account, some in kinds.items()
            if account not in never and all(kind in least for kind in some)
        }
        ends = frozenset(
            account
            for account, kind in found.items()
            if account in known and self._has_others(account, kind, known, least[kind])
        )
        return ForValue(found, ends)

    def _has_others(self, account: str, kind: str, known: Container[str], least: int) -> bool:
        """Whether an account trades with so many that are no accounts of the case; a shop's thousands are not all counted."""
        parties = self._parties.get((account, kind), ())
        others = (party for party in parties if party not in known)
        return least <= 0 or next(islice(others, least - 1, None), None) is not None


__all__ = ["BOTH_WAYS", "HISTORY", "ForValue", "Trades"]
