"""What a crowd was told, held against the journal: reads its rows as they lie in the file, and none of the program's rules.

1. Whoever was told that a command was done has it in the journal, once, in one piece; whoever was refused has it not.
2. The journal's order is one that the clients could have seen: what was answered before another was asked stands before it.
3. Money: every amount that was written down stands in exactly one place, open, given up or issued; what left those two does
   not come back, and of one account never more than one freeze is issued.
4. Nothing is issued without another person's agreement to exactly what stands there, given after it was last sent back.
5. Each was told the state that the journal gives right after their command; whoever counted saw all that was answered.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crowd import Looked, Said


@dataclass(frozen=True)
class Row:
    """A record, as far as it counts here."""

    sequence: int
    command: str
    name: str
    body: dict[str, Any]


def rows_of(journal: Path) -> list[Row]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as file:
        found = file.execute("SELECT sequence, command, name, body FROM record ORDER BY sequence")
        return [Row(*row[:3], json.loads(row[3])) for row in found]


@dataclass
class _Order:
    maker: str
    account: str
    amount: int
    state: str = "drafted"
    agreed: list[str] = field(default_factory=list)


@dataclass
class Audit:
    """One pass over the journal; `wrong` says what was found."""

    rows: Sequence[Row]
    said: Sequence[Said]
    looked: Sequence[Looked] = ()
    digests: dict[str, str] = field(default_factory=dict)
    """What an approval must bind, by order, where somebody saw it."""
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.orders: dict[str, _Order] = {}
        self.frozen: set[str] = set()
        self.money = {"open": 0, "withdrawn": 0, "issued": 0}
        self.drafted = 0
        self.after: dict[str, str] = {}
        self.holds_at: dict[str, int] = {}
        """How many accounts have an order after a command."""

    def run(self) -> list[str]:
        self._fold()
        self._answers()
        self._in_time()
        self._looks()
        return self.wrong

    def _fold(self) -> None:
        last, ended, held = "", set[str](), set[str]()
        for row in self.rows:
            if row.command != last:
                if row.command in ended:
                    self.wrong.append(f"twice: {row.command}")
                ended.add(last)
                last = row.command
            elif row.name == "acted":
                self.wrong.append(f"twice: {row.command}")
            self._event(row, held)
            if sum(self.money.values()) != self.drafted:
                self.wrong.append(f"money: {self.money} of {self.drafted} at {row.sequence}")
            self.holds_at[row.command] = len(held)

    def _event(self, row: Row, held: set[str]) -> None:
        body = row.body
        if row.name == "order_drafted":
            order = body["order"]
            made = _Order(order["made_by"], order["key"]["account"], order["amount"])
            if order["id"] in self.orders:
                self.wrong.append(f"drafted twice: {order['id']}")
            self.orders[order["id"]] = made
            self.drafted += made.amount
            self.money["open"] += made.amount
            held.add(made.account)
            self.after[row.command] = made.state
        elif row.name.startswith("order_") and body.get("order_id") in self.orders:
            self._moved(row, self.orders[body["order_id"]])

    def _moved(self, row: Row, order: _Order) -> None:
        name = body_id = row.body["order_id"]
        if order.state in {"withdrawn", "issued"}:
            self.wrong.append(f"moved after its end: {name} by {row.name}")
        match row.name:
            case "order_submitted":
                order.state = "awaiting_approval"
            case "order_sent_back":
                order.state, order.agreed = "drafted", []
            case "order_approved":
                if row.body["by"] == order.maker:
                    self.wrong.append(f"agreed to their own: {name}")
                if row.body["digest"] != self.digests.get(body_id, row.body["digest"]):
                    self.wrong.append(f"agreed to something else: {name}")
                order.agreed.append(row.body["by"])
            case "order_withdrawn":
                self._end(order, "withdrawn")
            case "order_issued":
                if not order.agreed:
                    self.wrong.append(f"issued by nobody: {name}")
                if order.account in self.frozen:
                    self.wrong.append(f"frozen twice: {order.account}")
                self.frozen.add(order.account)
                self._end(order, "issued")
        self.after[row.command] = order.state

    def _end(self, order: _Order, where: str) -> None:
        self.money["open"] -= order.amount
        self.money[where] += order.amount
        order.state = where

    def _answers(self) -> None:
        known = {row.command for row in self.rows}
        done = {one.command for one in self.said if one.status == 200}
        for one in self.said:
            if one.status == 200 and one.command not in known:
                self.wrong.append(f"lost: {one.command}")
            if one.status != 200 and one.command in known and one.command not in done:
                self.wrong.append(f"refused and done: {one.command}")
            told = one.told.get("state") if one.status == 200 else None
            if told and told != self.after.get(one.command, told):
                self.wrong.append(f"told {told}: {one.command}")

    def _in_time(self) -> None:
        firsts: dict[str, Said] = {}
        for one in self.said:
            if one.status == 200:
                firsts.setdefault(one.command, one)
        latest = 0.0
        for command in dict.fromkeys(row.command for row in self.rows):
            if command in firsts:
                if firsts[command].ended < latest:
                    self.wrong.append(f"out of order: {command}")
                latest = max(latest, firsts[command].began)

    def _looks(self) -> None:
        drafts = [x for x in self.said if x.path == "/orders" and x.status == 200]
        for look in self.looked:
            before = [self.holds_at.get(x.command, 0) for x in drafts if x.ended < look.began]
            if before and look.holds < max(before):
                self.wrong.append(f"saw {look.holds} holds, {max(before)} were answered before")
