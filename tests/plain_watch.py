"""A core for the service in plain Python: balances, orders, one rule on the amount, and a model that can be made to hang.

It is deterministic and keeps everything in its snapshot, so that what the service promises - order, repeats, nothing lost - can
be checked against it without the compiled stream.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

import msgspec
import numpy as np

from recoup.errors import StateFault, StateProblem
from recoup.watching.service import REFUSED, Answers, Batch, Extra, Listing, Reason
from recoup.watching.service.bodies import read_body, write_many
from recoup.watching.service.plain import read_each, write_each

ORDER = Reason("order-binds", "an order of the centre binds the account", "账户受止付指令约束")
LARGE_MINOR = 1_000_000


class PlainCore:
    """`Core`, the obvious way."""

    def __init__(self) -> None:
        self.paid: dict[str, int] = {}
        self.given: dict[str, tuple] = {}
        self.stops: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        self.version = "none"
        self.going = threading.Event()
        """Cleared: the model hangs until it is set again."""
        self.going.set()
        self.is_asked = threading.Event()
        """Set once the model was asked."""
        self.calls: list[tuple[bool, int]] = []

    def warm(self) -> None:
        """Have the readers and writers of bytes compiled: the service has them whatever core is behind it."""
        row = {"payer": "a", "payee": "b", "amount": "1.00", "currency": "CNY"}
        rows = [{"id": f"p-{at}", "time": "2026-11-23T10:00:00Z", **row} for at in range(128)]
        core, bodies = PlainCore(), [msgspec.json.encode(one) for one in rows]
        many = read_body(msgspec.json.encode({"payments": rows}), is_batch=True)
        answers = core.decide(many.batch, is_scored=True)
        write_many(many.ids, answers)
        each, fits = read_each(bodies)
        assert each is not None
        assert fits.all()
        write_each(each.ids, answers)

    def decide(self, batch: Batch, *, is_scored: bool) -> Answers:
        self.calls.append((is_scored, len(batch)))
        if is_scored:
            self.is_asked.set()
            self.going.wait()
        answers = Answers.blank(len(batch), is_scored=is_scored)
        for at, row in enumerate(zip(*batch.whole, strict=True)):
            id_, payer, payee, _, amount = row[:5]
            content = list(row[1:])
            before = self.given.get(id_)
            if before is not None and before[0] != content:
                answers.decisions[at] = REFUSED
                answers.extras[at] = Extra("payment_id_taken", "amount")
                continue
            answers.repeats[at] = before is not None
            if before is None:
                decision, code = self._decide(payer, amount, is_scored=is_scored)
                before = (content, decision, code, is_scored)
                self.given[id_] = before
                if decision <= 1:
                    self._book(payer, payee, amount)
            answers.decisions[at], answers.scored[at] = before[1], before[3]
            answers.scores[at] = 0.25 if before[3] else np.nan
            if before[2]:
                reason = ORDER if before[2] == "order-binds" else Reason(before[2], "large", "大额")
                answers.extras[at] = Extra(reasons=(reason,))
        return answers

    def _decide(self, payer: str, amount: int, *, is_scored: bool) -> tuple[int, str]:
        if payer in self.stops:
            return 4, "order-binds"
        return (3, "large") if is_scored and amount >= LARGE_MINOR else (0, "")

    def _book(self, payer: str, payee: str, amount: int) -> None:
        for name, minor in ((payer, -amount), (payee, amount)):
            self.paid[name] = self.paid.get(name, 0) + minor

    def knows_any(self, payment_ids: Sequence[str]) -> bool:
        return not self.given.keys().isdisjoint(payment_ids)

    def book(self, batch: Batch) -> None:
        for _, payer, payee, _, amount, *_ in zip(*batch.columns(), strict=True):
            self._book(payer, payee, amount)

    def tell(self, name: str, body: bytes) -> str:
        if name == "stop":
            self.stops = {**self.stops, body.decode(): "order-binds"}
        elif name == "list":
            self.lists.setdefault(body.decode(), []).append("suspect")
        elif name == "configure" and body != b"bad":
            self.version = body.decode()
        elif name in {"release", "cancel"}:
            return "not_waiting"
        else:
            raise StateFault(StateProblem.SETTING_WRONG, name)
        return ""

    def due(self, now_us: int) -> int | None:  # noqa: ARG002 - nothing waits here
        return None

    def listings(self, accounts: Sequence[str]) -> list[Listing]:
        return [Listing(tuple(self.lists.get(a, ())), a in self.stops) for a in accounts]

    def bound(self) -> dict[str, str]:
        return self.stops

    def versions(self) -> dict[str, str]:
        return {"rules": self.version}

    def snapshot(self) -> bytes:
        state = [self.paid, self.given, self.stops, self.lists, self.version]
        return json.dumps(state, sort_keys=True).encode()

    def restore(self, given: bytes) -> None:
        self.paid, self.given, self.stops, self.lists, self.version = json.loads(given)
