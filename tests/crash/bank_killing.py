"""Kills a bank's agent, again and again: does it forget an answer, answer otherwise the second time, or leave money blocked?

Run as a program of its own: `python tests/crash/bank_killing.py --kills 60 --seed 1`. Prints JSON. A child runs the real agent
on a real file; its core system keeps its blocks in a file as well, since it outlives the agent. The child kills itself before
or after the n-th statement or block of a kind, or is killed at a random time.
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
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from banks import ARRIVED, NAME, NUMBER, POLICY, START, identity, order
from crash.child import killed
from crash.killing import DyingConnection

from recoup.bank import Agent, BankStore, Terms
from recoup.bank.agent import BLOCK
from recoup.bank.holds import BankHold
from recoup.bank.letters import HolderNotice
from recoup.bank.sandbox import Payment, SandboxCore
from recoup.bank.store import _SQL
from recoup.clock import HandClock, instant_text, parse_instant
from recoup.errors import StoreFault
from recoup.ids import RandomIds
from recoup.messages import NoticeMessage, NoticeTerms, OrderMessage, encode
from recoup.orders import OrderKind
from recoup.stores.sqlite.queries import split_queries

TERMS = NoticeTerms("Police of X", ("paper 1",), "110")
SQL = split_queries(_SQL.joinpath("store.sql").read_text(encoding="utf-8"))
POINTS = {
    "begin": "BEGIN IMMEDIATE",
    "written down": SQL["add_handled"],
    "hold": SQL["put_hold"],
    "answer": SQL["set_answer"],
    "told": SQL["set_notice"],
    "letter": SQL["add_letter"],
    "commit": "COMMIT",
    "block": "set_block",
    "lift": "lift_block",
}
"""Statements, and calls of the core system, at which a child may end itself; each both before and after."""


class LastingCore(SandboxCore):
    """The sandbox core whose blocks lie in a file, and that may end the process at one of its calls."""

    def __init__(self, path: Path, point: tuple[str, int, str]) -> None:
        super().__init__(HandClock(START))
        self._path, self._point, self._left = path, point, point[1]
        self.add_account(NUMBER, NAME, "CNY", 10**12)
        assert self.pay(Payment("t1", ARRIVED, "victim", NUMBER, 60_000, "CNY"))
        for name, amount, ends_at in json.loads(path.read_text()) if path.exists() else ():
            super().set_block(name, NUMBER, "CNY", amount, parse_instant(ends_at))

    def _save(self) -> None:
        rows = [(x.id, x.amount, instant_text(x.ends_at)) for x in self.blocks(NUMBER, "CNY")]
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(rows))
        fresh.replace(self._path)

    def _at(self, call: str, side: str) -> None:
        if self._point[0] == call and self._point[2] == side:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def set_block(
        self, block_id: str, number: str, currency: str, amount: int | None, ends_at: datetime
    ) -> None:
        self._at("set_block", "before")
        super().set_block(block_id, number, currency, amount, ends_at)
        self._save()
        self._at("set_block", "after")

    def lift_block(self, block_id: str) -> None:
        self._at("lift_block", "before")
        super().lift_block(block_id)
        self._save()
        self._at("lift_block", "after")


class EarlyStore(BankStore):
    """A planted bug: says that an answer is on disk, and writes it when the next one comes."""

    _kept: tuple[str, bytes, list[BankHold], HolderNotice | None] | None = None

    def finish(self, *one: Any) -> None:
        if self._kept is not None:
            super().finish(*self._kept)
        self._kept = one


class ApartStore(BankStore):
    """A planted bug: notes that a holder was told, and writes the letter to the centre afterwards."""

    def tell(self, notice: HolderNotice, letter: str, name: str, body: bytes) -> None:
        values = (notice.state.value, None, notice.way, "", None, notice.order)
        with self._writing():
            self._connection.run(self._sql["set_notice"], values)
        self.write_letter(letter, name, body)


STORES = {"early": EarlyStore, "apart": ApartStore}


class CarelessAgent(Agent):
    """A planted bug: starts as if it had never died."""

    def recover(self) -> int:
        return 0


def _agent(
    path: Path, point: tuple[str, int, str], bug: str
) -> tuple[Agent, BankStore, LastingCore]:
    words, nth, side = point
    is_call = words in {"set_block", "lift_block"}
    connection = DyingConnection(path, "" if is_call else words, nth, side)
    store = STORES.get(bug, BankStore)(connection)
    core = LastingCore(path.with_suffix(".core"), point)
    made = CarelessAgent if bug == "careless" else Agent
    agent = made(identity(), store, core, Terms(POLICY, 600), HandClock(START), RandomIds())
    return agent, store, core


def _orders(turn: int) -> list[OrderMessage]:
    """Return the orders of a turn: stops of new cases, and releases of every second one, with ids that tell which."""
    found = []
    for number in range(400):
        case = f"c{turn}_{number}"
        found.append(order(OrderKind.STOP, 1 + number, case, id=f"stop-{case}", notice=TERMS))
        if number % 2:
            found.append(order(OrderKind.RELEASE, 0, case, id=f"release-{case}"))
    return found


def _child(path: Path, pipe: int, turn: int, point: tuple[str, int, str], bug: str) -> None:
    agent, _, _ = _agent(path, point, bug)
    agent.recover()
    os.write(pipe, b"ready -\n")
    for told in _orders(turn):
        answer, _ = agent.obey(told, encode(told))
        os.write(pipe, f"{told.id} {sha256(encode(answer)).hexdigest()}\n".encode())
        agent.tell_holders()
    time.sleep(60)


def _one_kill(
    path: Path, turn: int, point: tuple[str, int, str], seconds: float, bug: str
) -> tuple[dict[str, str], bool]:
    """Let a child run until it dies; return what it acknowledged and whether it died at its point."""
    lines, is_at_point = killed(lambda pipe: _child(path, pipe, turn, point, bug), seconds)
    return dict(line.split(" ") for line in lines if not line.startswith("ready")), is_at_point


def _wrong(path: Path, acknowledged: dict[str, str], turn: int, bug: str) -> list[str]:
    """Start an agent on what is left; return what it forgot, does otherwise, or left blocked."""
    agent, store, core = _agent(path, ("", 0, ""), "careless" if bug == "careless" else "")
    wrong = []
    try:
        agent.recover()
        by_id = {told.id: told for t in range(turn + 1) for told in _orders(t)}
        for name, digest in acknowledged.items():
            known = store.handled(name)
            if known is None or known.answer is None:
                wrong.append(f"lost: {name}")
                continue
            answer, is_repeat = agent.obey(by_id[name], encode(by_id[name]))
            if not is_repeat or sha256(encode(answer)).hexdigest() != digest:
                wrong.append(f"other answer: {name}")
        if store.unanswered():
            wrong.append("left undone")
        agent.tell_holders()
        told = Counter(x.order for _, x in agent.waiting(100_000) if isinstance(x, NoticeMessage))
        stops = [name for name in acknowledged if name.startswith("stop-")]
        wrong += [f"told {told[x]} times of: {x}" for x in stops if told[x] != 1][:3]
        live = {BLOCK + hold.id for hold in store.live("", 10_000)}
        blocked = set(core.own_blocks())
        wrong += [f"blocked without a hold: {x}" for x in sorted(blocked - live)[:3]]
        wrong += [f"held without a block: {x}" for x in sorted(live - blocked)[:3]]
    finally:
        store.close()
    return wrong


def main() -> None:
    """Kill as often as asked and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--named", type=int, default=0, help="kills at each side of each point")
    parser.add_argument("--only", default="", choices=["", *POINTS], help="of the named points")
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bug", default="", choices=["", "early", "apart", "careless"])
    args = parser.parse_args()
    chance = random.Random(args.seed)
    plans = [(("", 0, ""), chance.uniform(0.01, args.seconds)) for _ in range(args.kills)]
    if args.named:
        plans = [
            ((words, chance.randint(2, 5), side), 8.0)
            for name, words in POINTS.items()
            if args.only in {"", name}
            for side in ("before", "after")
            for _ in range(args.named)
        ]
    seen = {"kills": 0, "at_point": 0, "acknowledged": 0}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path, acknowledged, first = Path(folder) / "0.sqlite", dict[str, str](), 0
        for turn, (point, seconds) in enumerate(plans):
            if turn % 10 == 0:
                path, acknowledged, first = Path(folder) / f"{turn}.sqlite", {}, turn
            told, is_at_point = _one_kill(path, turn - first, point, seconds, args.bug)
            acknowledged |= told
            seen["kills"] += 1
            seen["at_point"] += is_at_point
            seen["acknowledged"] += len(told)
            try:
                wrong += _wrong(path, acknowledged, turn - first, args.bug)
            except StoreFault as fault:
                wrong.append(f"does not open: {fault}")
            if wrong:
                break
    print(json.dumps({**seen, "wrong": wrong[:10]}))


if __name__ == "__main__":
    main()
