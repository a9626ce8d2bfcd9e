"""The demo's six institutions: accounts, what was paid between them before the report, and how each behaves. All invented.

One victim is made to pay 88,000.00 yuan. Within a quarter of an hour the money goes over four layers: split, drawn as cash,
spent in a shop, moved to a wallet, and in part sent abroad. On most accounts lies some money of the holder's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from recoup.demo.scene import Disputed, Side, table

INSTITUTIONS: Final = ("harbour", "river", "hill", "lake", "stone", "paygate")
CURRENCY: Final = "CNY"

VICTIM: Final = "6222000000000000017"
FIRST: Final = "6222000000000000025"
DISPUTED: Final = "T1"
LOSS: Final = 8_800_000
"""Minor units."""


@dataclass(frozen=True, slots=True)
class _Account:
    institution: str
    number: str
    name: str
    opening: str


_ACCOUNTS: Final = {
    "victim": _Account("harbour", VICTIM, "Holder 1", "120000.00"),
    "first": _Account("river", FIRST, "Holder 2", "1200.00"),
    "second a": _Account("hill", "6222000000000000033", "Holder 3", "300.00"),
    "second b": _Account("lake", "6222000000000000041", "Holder 4", "0.00"),
    "third a": _Account("stone", "6222000000000000058", "Holder 5", "4000.00"),
    "third b": _Account("paygate", "6222000000000000066", "Holder 6", "50.00"),
}

_MOVES: Final = (
    # id, minutes before the report, payer, payee, amount, kind
    (DISPUTED, 30, "victim", "first", "88000.00", "transfer"),
    ("T2", 28, "first", "second a", "50000.00", "transfer"),
    ("T3", 27, "first", "second b", "30000.00", "transfer"),
    ("T4", 25, "second a", "third a", "20000.00", "transfer"),
    ("T5", 24, "second a", "", "15000.00", "cash_out"),
    ("T6", 23, "second b", "third b", "29990.00", "transfer"),
    ("T7", 21, "third a", "", "5000.00", "purchase"),
    ("T8", 20, "third b", "", "9990.00", "abroad"),
)

_BEHAVIOUR: Final = {
    "hill": 'do = "late"\nseconds = 2\n',
    "lake": 'do = "twice"\n',
}


@dataclass(frozen=True, slots=True)
class Town:
    """The institutions as they stand when the report comes at `reported_at`."""

    reported_at: datetime

    @property
    def institutions(self) -> tuple[str, ...]:
        """Return the names of all six."""
        return INSTITUTIONS

    @property
    def disputed(self) -> tuple[Disputed, ...]:
        """Return the one payment that the victim disputes."""
        paid_at = self.reported_at - timedelta(minutes=30)
        payer, payee = (_side(name) for name in ("victim", "first"))
        return (Disputed(DISPUTED, payer, payee, LOSS, paid_at),)

    @property
    def reported(self) -> str:
        """Return how the report is told, without its amount."""
        return "paid to an account at river half an hour ago"

    @property
    def hops(self) -> int:
        """Return how far the standing authority reaches."""
        return 8

    def script(self, institution: str) -> str:
        """Return the sandbox script of one institution, as TOML."""
        parts = [f"institution = {json.dumps(institution)}\n"]
        parts += [
            table(
                "accounts",
                number=account.number,
                name=account.name,
                currency=CURRENCY,
                opening=account.opening,
            )
            for account in _ACCOUNTS.values()
            if account.institution == institution
        ]
        parts += [self._transfer(move) for move in _MOVES if institution in _sides(move)]
        if institution in _BEHAVIOUR:
            parts.append(f"[[behaviour]]\n{_BEHAVIOUR[institution]}")
        return "\n".join(parts)

    def _transfer(self, move: tuple[str, int, str, str, str, str]) -> str:
        number, minutes, payer, payee, amount, kind = move
        at = self.reported_at - timedelta(minutes=minutes)
        source, target = _ACCOUNTS[payer], _ACCOUNTS.get(payee)
        return (
            table(
                "transfers",
                id=number,
                payer=source.number,
                payee=target.number if target else "",
                amount=amount,
                currency=CURRENCY,
                payer_name=source.name,
                payee_name=target.name if target else "",
                payer_institution=source.institution,
                payee_institution=target.institution if target else "",
                kind=kind,
            )
            + f"at = {at.isoformat()}\n"
        )


def _side(name: str) -> Side:
    account = _ACCOUNTS[name]
    return Side(account.institution, account.number, account.name)


def _sides(move: tuple[str, int, str, str, str, str]) -> set[str]:
    """Return the institutions that book a move."""
    return {_ACCOUNTS[name].institution for name in move[2:4] if name}


__all__ = ["CURRENCY", "INSTITUTIONS", "Town"]
