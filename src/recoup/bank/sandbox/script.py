"""The sandbox's script: accounts, what clients paid and will pay, and how the bank behaves. A TOML file, checked whole.

Every line that is wrong is named with its place; nothing is guessed. `docs/reference/sandbox.md` has the form.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from recoup.bank.core import CoreBlock
from recoup.bank.sandbox.core import Clearing, Payment, SandboxCore
from recoup.clock import Clock
from recoup.errors import Fault
from recoup.money import ISO_DIGITS, AmountError, parse_minor
from recoup.orders import AccountKind, InstitutionKind, OrderKind, Outcome


class ScriptFault(Fault):
    """A script that cannot be played; says where."""


class Do(StrEnum):
    """How a bank may go wrong."""

    LATE = "late"
    """Answers after `seconds`."""
    NEVER = "never"
    """Takes the order and never answers."""
    LATER = "later"
    """Takes the order without an answer, and posts the answer after `seconds`."""
    TWICE = "twice"
    """Answers the same order again under another id of the answer."""
    SAY_AMOUNT = "say_amount"
    """Says `amount` in the place of what it holds."""
    SAY_OUTCOME = "say_outcome"
    """Says `outcome`, whatever it did."""
    FORGET = "forget"
    """Loses order and hold as soon as it answered."""
    OBEY_MISMATCH = "obey_mismatch"
    """Stops without comparing anything but the account."""
    TRUST_ALL = "trust_all"
    """Takes messages without looking at signature, time, receiver or id."""
    HIDE = "hide"
    """Leaves its holds out of the digest."""
    SHORT_ROWS = "short_rows"
    """Leaves the newest row out of every statement."""
    NO_ROWS = "no_rows"
    """Gives no statement at all."""
    LENIENT = "lenient"
    """Reads what it understands of a message and passes over the rest."""
    OVERBOOK = "overbook"
    """Lets each case's hold count the whole balance, as if there were no other."""
    PAY_AMOUNT = "pay_amount"
    """Pays `amount` back in the place of what was ordered."""
    PAY_TWICE = "pay_twice"
    """Pays back twice, and says it once."""
    PAY_NEVER = "pay_never"
    """Says that it paid back, and pays nothing."""
    PAY_BLINDLY = "pay_blindly"
    """Pays back whatever is ordered, whether it is frozen or not, and without looking at the papers."""
    PAY_ANEW = "pay_anew"
    """Forgets what it paid back: the same order again is paid again."""
    BOUNCE = "bounce"
    """Pays back, and has the payment come back after `seconds`."""
    TELL_AT_ONCE = "tell_at_once"
    """Tells holders at once, whatever an order says of waiting."""
    FULL_TERM = "full_term"
    """Gives every hold a whole term from now, whatever an order says of its end."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to go wrong, and when."""

    do: Do
    kinds: tuple[OrderKind, ...] = ()
    """Of orders; none: all."""
    accounts: tuple[str, ...] = ()
    """None: all."""
    times: int = 0
    """How often; 0: always."""
    seconds: int = 0
    amount: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """An account as the script opens it."""

    number: str
    name: str
    currency: str
    opening: int
    kind: AccountKind = AccountKind.ORDINARY
    closed: bool = False
    """Takes no credits."""


@dataclass(frozen=True, slots=True)
class Script:
    """All that a sandbox bank is and does."""

    institution: str
    can_stop_amounts: bool
    match_seconds: int
    clients: tuple[Client, ...]
    payments: tuple[Payment, ...]
    """Those that are booked at the start."""
    coming: tuple[tuple[int, Payment], ...]
    """Those that come, by the seconds after the start."""
    blocks: tuple[tuple[str, str, CoreBlock], ...]
    behaviours: tuple[Behaviour, ...]
    kind: InstitutionKind = InstitutionKind.BANK

    def core(self, clock: Clock, clearing: Clearing | None = None) -> SandboxCore:
        """Return a core system as the script has it at the start."""
        core = SandboxCore(
            clock,
            can_stop_amounts=self.can_stop_amounts,
            institution=self.institution,
            clearing=clearing,
        )
        for client in self.clients:
            core.add_account(
                client.number, client.name, client.currency, client.opening, client.kind
            )
        self.play(core, clock)
        return core

    def play(self, core: SandboxCore, clock: Clock) -> None:
        """Make the script's payments in a core system with its accounts, and let the others come."""
        for payment in sorted(self.payments, key=lambda x: (x.at, x.id)):
            if not core.pay(payment):
                raise ScriptFault(f"transfers: {payment.id}: the payer has not that much")
        for number, currency, block in self.blocks:
            core.add_other_block(number, currency, block)
        for client in self.clients:
            if client.closed:
                core.close_account(client.number, client.currency)
        start = clock.now()
        for seconds, payment in self.coming:
            at = start + timedelta(seconds=seconds)
            core.schedule(_at(payment, at))


_START: Final = datetime(2026, 1, 5, 1, tzinfo=UTC)
_SECTIONS: Final = {
    "institution", "kind", "can_stop_amounts", "match_seconds", "accounts", "transfers", "payments", "blocks", "behaviour",
    "random",
}  # fmt: skip


def read_script(path: Path) -> Script:
    """Return a script; raise `ScriptFault` naming the first line that is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ScriptFault(f"{path.name}: {fault}") from fault
    return parse_script(table)


def parse_script(table: Mapping[str, Any]) -> Script:
    """Return the script of a table, as TOML gives it."""
    if odd := sorted(table.keys() - _SECTIONS):
        raise ScriptFault(f"no such section as {odd[0]}")
    clients = _each(table, "accounts", _client)
    payments = _each(table, "transfers", _transfer)
    if "random" in table:
        more = _random(
            _taken("random", table["random"], {"seed": int, "clients": int, "transfers": int})
        )
        clients, payments = clients + more[0], payments + more[1]
    keys = [(client.number, client.currency) for client in clients]
    if len(keys) != len(set(keys)):
        raise ScriptFault("accounts: one account twice")
    blocks = _each(table, "blocks", _block)
    for number, currency, _ in blocks:
        if (number, currency) not in keys:
            raise ScriptFault(f"blocks: no account {number} in {currency}")
    return Script(
        institution=_of("institution", table.get("institution"), str),
        can_stop_amounts=_of("can_stop_amounts", table.get("can_stop_amounts", True), bool),
        match_seconds=_of("match_seconds", table.get("match_seconds", 600), int),
        clients=tuple(clients),
        payments=tuple(payments),
        coming=tuple(_each(table, "payments", _coming)),
        blocks=tuple(blocks),
        behaviours=tuple(_each(table, "behaviour", _behaviour)),
        kind=_sort("kind", table.get("kind", InstitutionKind.BANK.value)),
    )


def _sort(where: str, value: object) -> InstitutionKind:
    if value not in set(InstitutionKind):
        raise ScriptFault(f"{where}: expected one of {', '.join(InstitutionKind)}")
    return InstitutionKind(str(value))


def _each(table: Mapping[str, Any], name: str, read: Callable[[str, Any], Any]) -> list[Any]:
    entries = table.get(name, [])
    if not isinstance(entries, list):
        raise ScriptFault(f"{name}: expected [[{name}]]")
    return [read(f"{name} {number}", entry) for number, entry in enumerate(entries, start=1)]


def _of(where: str, value: object, kind: type) -> Any:  # noqa: ANN401 - the kind that was asked for
    if type(value) is not kind:
        raise ScriptFault(f"{where}: expected {kind.__name__}, was {type(value).__name__}")
    return value


def _taken(
    where: str, entry: object, kinds: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """Return an entry whose fields are all there, of their kinds, and no others."""
    optional = optional or {}
    table = _of(where, entry, dict)
    if missing := sorted(kinds.keys() - table.keys()):
        raise ScriptFault(f"{where}: nothing said of {missing[0]}")
    if odd := sorted(table.keys() - kinds.keys() - optional.keys()):
        raise ScriptFault(f"{where}: no such field as {odd[0]}")
    every = {**kinds, **optional}
    return {name: _of(f"{where}: {name}", value, every[name]) for name, value in table.items()}


def _money(where: str, text: str, currency: str) -> int:
    try:
        amount = parse_minor(text, ISO_DIGITS.of(currency))
    except (AmountError, KeyError) as fault:
        raise ScriptFault(f"{where}: {fault}") from fault
    if amount < 0:
        raise ScriptFault(f"{where}: expected an amount of at least zero")
    return amount


def _instant(where: str, at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ScriptFault(f"{where}: expected a time with its zone, as 2026-01-05T09:00:00Z")
    return at.astimezone(UTC)


def _client(where: str, entry: object) -> Client:
    kinds = {"number": str, "name": str, "currency": str, "opening": str}
    table = _taken(where, entry, kinds, {"kind": str, "closed": bool})
    opening = _money(where, table["opening"], table["currency"])
    try:
        kind = AccountKind(table.get("kind", AccountKind.ORDINARY))
    except ValueError as fault:
        raise ScriptFault(f"{where}: kind: expected one of {', '.join(AccountKind)}") from fault
    return Client(
        table["number"], table["name"], table["currency"], opening, kind, table.get("closed", False)
    )


_NEEDED: Final = {"id": str, "payer": str, "payee": str, "amount": str, "currency": str}
_MORE: Final = dict.fromkeys(
    ("reference", "payer_name", "payee_name", "payer_institution", "payee_institution", "kind"), str
)


def _transfer(where: str, entry: object) -> Payment:
    table = _taken(where, entry, {**_NEEDED, "at": datetime}, _MORE)
    table["at"] = _instant(where, table["at"])
    return Payment(**{**table, "amount": _money(where, table["amount"], table["currency"])})


def _coming(where: str, entry: object) -> tuple[int, Payment]:
    table = _taken(where, entry, {**_NEEDED, "after_seconds": int}, _MORE)
    seconds = table.pop("after_seconds")
    amount = _money(where, table["amount"], table["currency"])
    return seconds, Payment(**{**table, "amount": amount, "at": _START})


def _at(payment: Payment, at: datetime) -> Payment:
    return Payment(**{**{f.name: getattr(payment, f.name) for f in fields(payment)}, "at": at})


def _block(where: str, entry: object) -> tuple[str, str, CoreBlock]:
    kinds = {"account": str, "currency": str, "amount": str, "authority": str, "at": datetime}
    table = _taken(where, entry, kinds)
    amount = _money(where, table["amount"], table["currency"])
    block = CoreBlock(f"other/{where}", amount, table["authority"], _instant(where, table["at"]))
    return table["account"], table["currency"], block


_SPOKEN: Final = {
    Do.LATE: "seconds",
    Do.SAY_AMOUNT: "amount",
    Do.SAY_OUTCOME: "outcome",
    Do.PAY_AMOUNT: "amount",
}
"""What a behaviour cannot be played without."""


def _behaviour(where: str, entry: object) -> Behaviour:
    table = _taken(
        where,
        entry,
        {"do": str},
        {
            "kinds": list,
            "accounts": list,
            "times": int,
            "seconds": int,
            "amount": str,
            "outcome": str,
        },
    )
    try:
        do = Do(table.pop("do"))
        if do in _SPOKEN and _SPOKEN[do] not in table:
            raise ScriptFault(f"{where}: nothing said of {_SPOKEN[do]}")
        if "amount" in table:
            _money(where, table["amount"], "CNY")
        return Behaviour(
            do=do,
            kinds=tuple(OrderKind(kind) for kind in table.pop("kinds", [])),
            accounts=tuple(_of(where, x, str) for x in table.pop("accounts", [])),
            outcome=Outcome(table.pop("outcome")) if "outcome" in table else None,
            **table,
        )
    except ValueError as fault:
        raise ScriptFault(f"{where}: {fault}") from fault


def _random(table: Mapping[str, int]) -> tuple[list[Client], list[Payment]]:
    """Return clients and what they paid each other, the same for the same seed."""
    chance = random.Random(table["seed"])  # noqa: S311 - a sandbox wants a seed, not secrecy
    clients = [
        Client(f"62220{number:014d}", f"client {number}", "CNY", chance.randrange(10_000_000))
        for number in range(1, table["clients"] + 1)
    ]
    left = {client.number: client.opening for client in clients}
    payments = []
    for number in range(1, table["transfers"] + 1):
        payer, payee = chance.sample(clients, 2)
        amount = chance.randrange(1, max(2, left[payer.number]))
        if left[payer.number] < amount:
            continue
        left[payer.number] -= amount
        left[payee.number] += amount
        at = _START + timedelta(minutes=number)
        payments.append(Payment(f"r{number}", at, payer.number, payee.number, amount, "CNY"))
    return clients, payments


__all__ = ["Behaviour", "Client", "Do", "Script", "ScriptFault", "parse_script", "read_script"]
