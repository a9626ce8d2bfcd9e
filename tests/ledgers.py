"""Random ledgers of some accounts, and the statements that their institutions would give."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recoup.centre.facts import FactRow, Statement

T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
EXITS = ("cash_out", "purchase", "abroad")


def ledger(seed: int, *, accounts: int = 8, count: int = 40) -> list[FactRow]:
    """A random ledger in which nobody goes below zero; row 0 is the disputed transfer."""
    chance = random.Random(seed)
    names = [f"a{n}" for n in range(accounts)]
    balance = dict.fromkeys(names, 0) | {name: chance.randrange(400) for name in names}
    rows = []
    for number in range(count):
        is_root = number == 0
        payer = "victim" if is_root else chance.choice(names)
        most = 1000 if is_root else balance[payer]
        if not most:
            continue
        amount = 1000 if is_root else chance.randrange(1, most + 1)
        payee = "a0" if is_root else chance.choice([*names, ""])
        if payee == payer:
            continue
        kind = "transfer" if payee else chance.choice(EXITS)
        at = T0 + timedelta(minutes=chance.randrange(2) + number)
        at = max(at, rows[-1].at) if rows else at
        for side, sign in ((payer, -1), (payee, 1)):
            if side in balance:
                balance[side] += sign * amount
        bank = {side: f"bank-{side}" if side else "" for side in (payer, payee)}
        rows.append(
            FactRow(
                f"t{number}",
                at,
                number,
                payer,
                payee,
                amount,
                "CNY",
                kind,
                "",
                bank[payer],
                bank[payee],
                None,
            )
        )
    return rows


def statement(rows: list[FactRow], account: str, opening: dict[str, int]) -> Statement:
    """What the account's institution gives: its rows with running balances."""
    own, balance = [], opening[account]
    for row in rows:
        if account in (row.payer, row.payee):
            balance += row.amount * ((row.payee == account) - (row.payer == account))
            own.append(replace(row, balance_after=balance))
    return Statement(account, f"bank-{account}", tuple(own))


def openings(rows: list[FactRow], seed: int) -> dict[str, int]:
    chance = random.Random(seed)
    names = sorted({s for row in rows for s in (row.payer, row.payee)} - {"", "victim"})
    known = {f"a{n}": chance.randrange(400) for n in range(8)}
    return {name: known[name] for name in names}
