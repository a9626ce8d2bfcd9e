"""Kills a bank's agent while it pays back, again and again: is a cent paid twice, lost, or held for nobody?

Run as a program of its own: `python tests/crash/killing_payments.py --named 2 --seed 1`. Prints JSON. A child runs the real
agent on a real file; its core system keeps balance, blocks and payments in a file as well, since it outlives the agent. The
child kills itself before or after the n-th statement or call of a kind, or is killed at a random time; then the centre sends
all again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from banks import NAME, NUMBER, POLICY, START, identity, order, payment
from crash.child import killed
from crash.killing import DyingConnection

from recoup.bank import Agent, BankStore, Terms
from recoup.bank.agent import BLOCK
from recoup.bank.core import CoreBlock, CorePayment, Transfer, Unpaid
from recoup.bank.sandbox import SandboxCore
from recoup.bank.store import _SQL
from recoup.clock import HandClock
from recoup.errors import StoreFault
from recoup.ids import RandomIds
from recoup.messages import OrderMessage, encode
from recoup.orders import OrderKind, Outcome
from recoup.stores.sqlite.queries import split_queries

OPENING = 10**9
FROZEN, PAID = 500, (200, 100)
SQL = split_queries(_SQL.joinpath("store.sql").read_text(encoding="utf-8"))
CALLS = ("pay_back", "set_block")
POINTS = {
    "written down": SQL["add_handled"],
    "payment": SQL["put_payment"],
    "hold": SQL["put_hold"],
    "seen": SQL["keep"],
    "answer": SQL["set_answer"],
    "commit": "COMMIT",
    **{call: call for call in CALLS},
}
"""Statements, and calls of the core system, at which a child may end itself; each both before and after."""


class LastingCore(SandboxCore):
    """The sandbox core on a file, which may end the process at one of its calls."""

    def __init__(self, path: Path, point: tuple[str, int, str]) -> None:
        super().__init__(HandClock(START))
        self._path, self._point, self._left = path, point, point[1]
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.add_account(NUMBER, NAME, "CNY", kept.get("balance", OPENING))
        pocket = self._pockets[NUMBER, "CNY"]
        for row in kept.get("blocks", ()):
            block = msgspec.convert(row, CoreBlock)
            pocket.blocks[block.id] = block
        for row in kept.get("payments", ()):
            made = msgspec.convert(row, CorePayment)
            self._made[made.transfer.reference] = made

    def save(self) -> None:
        pocket = self._pockets[NUMBER, "CNY"]
        kept = {
            "balance": pocket.balance,
            "blocks": [asdict(block) for block in pocket.blocks.values()],
            "payments": [asdict(made) for made in self._made.values()],
        }
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(kept))
        fresh.replace(self._path)

    def _at(self, call: str, side: str) -> None:
        if self._point[0] == call and self._point[2] == side:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def pay_back(self, transfer: Transfer) -> CorePayment | Unpaid:
        self._at("pay_back", "before")
        found = super().pay_back(transfer)
        self.save()
        self._at("pay_back", "after")
        return found

    def set_block(self, *given: Any) -> None:
        self._at("set_block", "before")
        super().set_block(*given)
        self.save()
        self._at("set_block", "after")

    def lift_block(self, block_id: str) -> None:
        super().lift_block(block_id)
        self.save()


class AnewAgent(Agent):
    """A planted bug: asks the core system under a reference of its own each time."""

    def ask_core(self, transfer: Transfer) -> CorePayment | Unpaid:
        return super().ask_core(replace(transfer, reference=self._ids.new(transfer.reference)))


class LateStore(BankStore):
    """A planted bug: never writes down what the core system booked."""

    def settle(self, payment: CorePayment, *_: Any) -> None:
        self.keep("payments seen", str(payment.place))


def _agent(
    path: Path, point: tuple[str, int, str], bug: str
) -> tuple[Agent, BankStore, LastingCore]:
    words, nth, side = point
    connection = DyingConnection(path, "" if words in CALLS else words, nth, side)
    store = (LateStore if bug == "late" else BankStore)(connection)
    core = LastingCore(path.with_suffix(".core"), point)
    made = AnewAgent if bug == "anew" else Agent
    agent = made(identity(), store, core, Terms(POLICY, 600), HandClock(START), RandomIds())
    return agent, store, core


def _orders(turn: int) -> list[OrderMessage]:
    """Return the orders of a turn: freezes of new cases, and two payments out of each, the second of two leaving a rest."""
    found = []
    for number in range(60):
        case = f"c{turn}_{number}"
        freeze = order(OrderKind.FREEZE, FROZEN, case, id=f"freeze-{case}", disputed=None)
        pays = [payment(amount, case, id=f"pay-{case}-{amount}") for amount in PAID]
        found += [freeze, *pays]
    return found


def _child(path: Path, pipe: int, turn: int, point: tuple[str, int, str], bug: str) -> None:
    agent, _, _ = _agent(path, point, bug)
    agent.recover()
    os.write(pipe, b"ready -\n")
    for told in _orders(turn):
        answer, _ = agent.obey(told, encode(told))
        os.write(pipe, f"{told.id} {sha256(encode(answer)).hexdigest()}\n".encode())
    time.sleep(60)


def _one_kill(
    path: Path, turn: int, point: tuple[str, int, str], seconds: float, bug: str
) -> tuple[dict[str, str], bool]:
    """Let a child run until it dies; return what it acknowledged and whether it died at its point."""
    lines, is_at_point = killed(lambda pipe: _child(path, pipe, turn, point, bug), seconds)
    return dict(line.split(" ") for line in lines if not line.startswith("ready")), is_at_point


def _wrong(path: Path, acknowledged: dict[str, str], turn: int, bug: str) -> list[str]:
    """Start an agent on what is left and send again what was begun; return what was paid, held or said wrongly."""
    agent, store, core = _agent(path, ("", 0, ""), bug)
    wrong = []
    try:
        agent.recover()
        known = [x for x in _orders(turn) if x.id in acknowledged or store.handled(x.id)]
        for told in known:
            answer, is_repeat = agent.obey(told, encode(told))
            digest = acknowledged.get(told.id)
            if digest is not None and (
                not is_repeat or sha256(encode(answer)).hexdigest() != digest
            ):
                wrong.append(f"other answer: {told.id}")
            if answer.outcome is Outcome.REFUSED:
                wrong.append(f"refused: {told.id}")
        made = list(core.payments(0))
        paid = sum(one.transfer.amount for one in made)
        if core.find(NUMBER)[0].balance != OPENING - paid:
            wrong.append("money was made or lost")
        meant = Counter(
            x.id.removeprefix("pay-").rpartition("-")[0] for x in known if x.payee is not None
        )
        by_case = Counter(one.transfer.block.removeprefix(f"{BLOCK}freeze-") for one in made)
        wrong += [
            f"paid {by_case[x]} times of {meant[x]}: {x}" for x in meant if by_case[x] != meant[x]
        ]
        gone = Counter()
        for one in made:
            gone[one.transfer.block] += one.transfer.amount
        blocks = {x.id: x.amount for x in core.blocks(NUMBER, "CNY")}
        for hold in store.live("", 10_000):
            name = BLOCK + hold.id
            left = FROZEN - gone[name]
            if (hold.asked, blocks.get(name)) != (left, left):
                found = f"{hold.asked} held, {blocks.get(name)} blocked"
                wrong.append(f"{name}: expected {left}, {found}")
    finally:
        store.close()
    return wrong[:5]


def main() -> None:
    """Kill as often as asked and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--named", type=int, default=0, help="kills at each side of each point")
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bug", default="", choices=["", "anew", "late"])
    args = parser.parse_args()
    chance = random.Random(args.seed)
    plans = [(("", 0, ""), chance.uniform(0.01, args.seconds)) for _ in range(args.kills)]
    if args.named:
        plans = [
            ((words, chance.randint(2, 5), side), 30.0)
            for words in POINTS.values()
            for side in ("before", "after")
            for _ in range(args.named)
        ]
    seen = {"kills": 0, "at_point": 0, "acknowledged": 0}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn, (point, seconds) in enumerate(plans):
            path = Path(folder) / f"{turn}.sqlite"
            told, is_at_point = _one_kill(path, turn, point, seconds, args.bug)
            seen["kills"] += 1
            seen["at_point"] += is_at_point
            seen["acknowledged"] += len(told)
            try:
                wrong += _wrong(path, told, turn, args.bug)
            except StoreFault as fault:
                wrong.append(f"does not open: {fault}")
            if wrong:
                break
    print(json.dumps({**seen, "wrong": wrong[:10]}))


if __name__ == "__main__":
    main()
