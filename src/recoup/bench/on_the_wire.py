"""How long an order takes from its first command to the institution, with a running centre on a file.

What it stands for: an officer's stop while others work beside. The time runs from handing the draft in, over its issue, until
the institution's adapter is called with the order; the institution answers at once, so that answers are recorded beside.
"""

from __future__ import annotations

import threading
from pathlib import Path
from time import perf_counter

import numpy as np

from recoup.bench.rows import Row, resident_mb
from recoup.centre.commands import Done
from recoup.centre.ports import Reply
from recoup.centre.requests import Actor, Request
from recoup.centre.running import Centre
from recoup.centre.terms import decode_issued
from recoup.clock import SystemClock
from recoup.journal.port import Message
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome
from recoup.orders.commands import DraftOrder, IssueOrder
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal

_OFFICER = Actor("officer_1", "officer", "a report")
_CLIENTS = 8
_SECONDS_MAX = 60.0


class _Wire:
    """Institutions that answer at once; notes when each order came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}

    def send(self, message: Message) -> Reply:
        order = decode_issued(message.body).order
        self.came.setdefault(order.id, perf_counter())
        return Reply((Answer(f"answer_{order.id}", Outcome.HELD, order.amount),))


def on_the_wire(folder: Path, orders: int) -> Row:
    """Return milliseconds from the first command to the institution, over `orders` orders of several officers at once."""
    wire, begun = _Wire(), dict[str, float]()
    centre = Centre(
        lambda: SqliteJournal.open(folder / "wire.sqlite"),
        read_case_policy("cn-2016"),
        wire,
        SystemClock(),
    )
    centre.start()

    def officer(number: int) -> None:
        for n in range(orders // _CLIENTS):
            name = f"order_{number}_{n}"
            key = HoldKey(f"case_{number}", f"account_{number}_{n}", "CNY")
            bank = f"bank_{(number + n) % 20}"
            order = Order(name, OrderKind.STOP, key, bank, 600_000, _OFFICER.who, "a report")
            begun[name] = perf_counter()
            for step, what in enumerate((DraftOrder(order), IssueOrder(name))):
                outcome = centre.ask(f"{name}_{step}", Request(_OFFICER, what)).result()
                assert isinstance(outcome, Done), outcome

    threads = [threading.Thread(target=officer, args=(n,)) for n in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until = perf_counter() + _SECONDS_MAX
    while len(wire.came) < len(begun):
        assert perf_counter() < until, "orders that never reached their institution"
        threading.Event().wait(0.01)
    centre.stop()
    times = [(wire.came[name] - at) * 1e3 for name, at in begun.items()]
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row("order_on_the_wire", p50, "ms", p50, p99, rss_mb=resident_mb())


__all__ = ["on_the_wire"]
