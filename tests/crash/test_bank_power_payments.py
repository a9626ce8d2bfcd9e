"""A power cut at any moment under the books of a bank that pays back: each order is paid once, and what is left is held.

The core system is another machine: what it booked outlives the cut. After it the agent starts, and the centre sends every order
again. The negative control is an agent that asks under a reference of its own each time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from banks import NAME, NUMBER, POLICY, START, identity, order, payment
from crash.disk import KINDS, Disk, DiskConnection, Operation, cut_everywhere

from recoup.bank import Agent, BankStore, Terms
from recoup.bank.core import CorePayment, Transfer, Unpaid
from recoup.bank.sandbox import SandboxCore
from recoup.clock import HandClock
from recoup.ids import RandomIds
from recoup.messages import encode
from recoup.orders import OrderKind

BOOKS, OPENING, CASES = "books.sqlite", 100_000, 3
ORDERS = [
    told
    for n in range(CASES)
    for told in (
        order(OrderKind.FREEZE, 500, f"c{n}", id=f"freeze-c{n}", disputed=None),
        payment(200, f"c{n}", id=f"pay-c{n}-200"),
        payment(300 if n else 100, f"c{n}", id=f"pay-c{n}-last"),
    )
]
EXPECTED = {"c0": 200}
"""Of the others all was paid."""


class OtherMachine(SandboxCore):
    """A core system that notes in the disk's record how many of its payments are booked."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(HandClock(START))
        self._disk = disk
        self.add_account(NUMBER, NAME, "CNY", OPENING)

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        found = super().pay_back(transfer)
        self._disk.operations.append(Operation("core", transfer.reference))
        return found


class AnewAgent(Agent):
    """A planted bug: asks the core system under a reference of its own each time."""

    def ask_core(self, transfer: Transfer) -> CorePayment | Unpaid:
        return super().ask_core(replace(transfer, reference=self._ids.new(transfer.reference)))


def _agent(store: BankStore, core: SandboxCore, made: type[Agent]) -> Agent:
    return made(identity(), store, core, Terms(POLICY, 600), HandClock(START), RandomIds())


def _play(agent: Agent, disk: Disk, count: int = len(ORDERS)) -> None:
    for told in ORDERS[:count]:
        agent.obey(told, encode(told))
        disk.operations.append(Operation("told", told.id))


def _wrong_after(
    disk: Disk, made: type[Agent], at: int, told: list[str], folder: Path
) -> list[str]:
    """Make the core system what it was at that moment, start on the books that are left, and send every order again."""
    core = OtherMachine(Disk())
    booked = [x.file for x in disk.operations[: at + 1] if x.kind == "core"]
    (folder / "core").mkdir()
    elsewhere = BankStore.open(folder / "core" / BOOKS)
    for one in ORDERS:  # all that the core system was asked for by then
        by_then = one.payee is not None and any(x.startswith(one.id) for x in booked)
        if by_then or (one.payee is None and one.id in told):
            _agent(elsewhere, core, made).obey(one, encode(one))
    elsewhere.close()
    store = BankStore(DiskConnection(folder / BOOKS, Disk()))
    try:
        agent = _agent(store, core, made)
        agent.recover()
        for one in ORDERS:
            agent.obey(one, encode(one))
        held = {hold.case: hold.held for hold in agent.digest_page(1).holds}
    finally:
        store.close()
    meant = sum(one.amount for one in ORDERS if one.payee is not None)
    paid = OPENING - core.find(NUMBER)[0].balance
    wrong = [] if paid == meant else [f"paid {paid} of {meant}"]
    return wrong + ([] if held == EXPECTED else [f"held in the end: {held}"])


def _cut_everywhere(folder: Path, kind: str, every: int, made: type[Agent] = Agent) -> list[str]:
    disk = Disk()
    connection = DiskConnection(folder / BOOKS, disk)
    store = BankStore(connection)
    connection.run("PRAGMA wal_autocheckpoint = 12")
    _play(_agent(store, OtherMachine(disk), made), disk)
    store.close()
    return cut_everywhere(disk.operations, kind, every, partial(_wrong_after, disk, made))


@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_at_a_bank_that_pays_pays_once(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=13) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_at_every_moment_pays_once(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=1) == []


def test_a_reference_of_its_own_each_time_is_found_by_a_power_cut(tmp_path):
    found = _cut_everywhere(tmp_path, "dropped", every=5, made=AnewAgent)
    assert any("paid" in what for what in found)
