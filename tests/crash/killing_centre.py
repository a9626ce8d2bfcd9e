"""Kills a whole centre (writer, sender, deadlines) again and again, lets it finish, then asks journal and bank what happened.

Run as a program of its own: `python tests/crash/killing_centre.py --kills 40 --seed 1`. Prints JSON. The bank is a file: each
delivery is a line, written before the reply. It knows a repeat by the order's id and gives its first answer again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from crash.child import killed
from crash.killing import DyingConnection
from sim.auditor import Auditor
from sim.office import some_order

from recoup.centre import (
    COMMAND_REGISTRY,
    EVENT_REGISTRY,
    Actor,
    CentreState,
    Deadlines,
    Reply,
    Request,
    Sender,
    Writer,
    decider,
    evolve,
)
from recoup.centre.commands import Done
from recoup.centre.requests import command_of
from recoup.centre.terms import decode_issued
from recoup.clock import SystemClock, instant_text, parse_instant
from recoup.journal.port import Deadline, Journal, PendingMessage
from recoup.orders import Answer, HoldKey, OrderKind, Outcome
from recoup.orders.commands import DraftOrder, IssueOrder
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.sqlite.queries import queries

SQL = queries("queries.sql")
POINTS = {
    "records": SQL["add_record"],
    "answers": SQL["add_answer"],
    "messages": SQL["add_message"],
    "settled": SQL["settle_message"],
    "deadline set": SQL["set_deadline"],
    "deadline ended": SQL["end_deadline"],
    "commit": "COMMIT",
    "outbox read": SQL["read_pending"],
    "due read": SQL["read_due"],
    "send": "send",
    "answer": "answer",
}
"""Where a child may end itself, before and after: statements, the bank's own act, the command that records its answer."""
WAIT_SECONDS_MAX = 60.0
"""How long a child may take to come to its point: a bound for one that hangs, not a measure."""

_CASES = read_case_policy("cn-2016")
POLICY = replace(
    _CASES,
    orders=replace(_CASES.orders, stop_seconds=1, answer_seconds=dict.fromkeys(OrderKind, 1)),
)
"""Terms so short that stops lapse while the centre is up, down, or starting."""


@dataclass
class Point:
    """When to die."""

    words: str = ""
    nth: int = 0
    side: str = ""

    def passes(self, name: str, side: str) -> None:
        if name == self.words and side == self.side:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class FileBank:
    """Holds what it is told, and keeps a line for each delivery."""

    def __init__(self, path: Path, point: Point, *, renames: bool = False) -> None:
        self.path, self.point, self.renames = path, point, renames
        self.lock = threading.Lock()

    def send(self, message):
        order = decode_issued(message.body).order
        order_id = f"{order.id}-{os.getpid()}" if self.renames else order.id
        self.point.passes("send", "before")
        with self.lock:
            known = {x["order"]: x["at"] for x in self.lines()}
            at = known.get(order_id) or instant_text(datetime.now(UTC))
            line = {"order": order_id, "digest": order.digest, "at": at}
            with self.path.open("ab") as file:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        self.point.passes("send", "after")
        return Reply((Answer(f"a_{order.id}", Outcome.HELD, order.amount, parse_instant(at)),))

    def lines(self) -> list[dict[str, str]]:
        return (
            [json.loads(x) for x in self.path.read_bytes().splitlines()]
            if self.path.exists()
            else []
        )


class HastyJournal(SqliteJournal):
    """A planted bug: a message counts as sent once it was read."""

    def pending(self, limit: int, after: str = "", destination: str = "") -> list[PendingMessage]:
        found = list(super().pending(limit, after, destination))
        for waiting in found:
            self.sent(waiting.message.id)
        return found


class ForgettingJournal(SqliteJournal):
    """A planted bug: a deadline is taken away when it is read, not with its effect."""

    point = Point()

    def due(self, now: datetime, limit: int) -> list[Deadline]:
        found = list(super().due(now, limit))
        for row in found:
            self._alone("end_deadline", (row.id,))
        if found:
            self.point.passes("due taken", "after")
        return found


BUGS = {
    "": SqliteJournal,
    "hasty": HastyJournal,
    "forgetting": ForgettingJournal,
    "renaming": SqliteJournal,  # a planted bug of the wire: each process sends under ids of its own
}


class Centre:
    """What a child runs until it dies, and the last one until everything is done."""

    def __init__(self, folder: Path, point: Point, bug: str) -> None:
        words = point.words if point.words not in {"send", "answer", "due taken"} else ""

        def opened() -> Journal:
            connection = DyingConnection(folder / "journal.sqlite", words, point.nth, point.side)
            journal = BUGS[bug](connection)
            if isinstance(journal, ForgettingJournal):
                journal.point = point
            return journal

        self.point, self.open, clock = point, opened, SystemClock()
        self.bank = FileBank(folder / "bank", point, renames=bug == "renaming")
        self.writer = Writer(
            opened,
            EVENT_REGISTRY,
            clock,
            state=CentreState(),
            decide=decider(POLICY),
            evolve=evolve,
        )
        self.sender = Sender(opened, self.bank, self.submit, clock)
        self.deadlines = Deadlines(opened, self.submit, clock, 0.01)

    def submit(self, command):
        is_answer = command.id.startswith("answer#")
        if is_answer:
            self.point.passes("answer", "before")
        future = self.writer.submit(command)
        if is_answer:
            future.result()
            self.point.passes("answer", "after")
        return future

    def start(self) -> None:
        self.writer.start()
        self.sender.start()
        self.deadlines.start()

    def stop(self) -> None:
        self.sender.stop()
        self.deadlines.stop()
        self.writer.drain()
        assert self.sender.fault is self.deadlines.fault is None


def _child(folder: Path, pipe: int, turn: int, point: Point, bug: str) -> None:
    centre = Centre(folder, point, bug)
    centre.start()

    def client(number: int) -> None:
        for n in range(100_000):
            name = f"o{turn}_{number}_{n}"
            order = some_order(name, key=HoldKey(f"case-{turn}", f"account-{name}", "CNY"))
            for step, what in enumerate((DraftOrder(order), IssueOrder(name))):
                request = Request(Actor("maker", "officer", "why"), what)
                command = command_of(COMMAND_REGISTRY, f"{name}_{step}", request)
                outcome = centre.writer.submit(command).result()
                assert isinstance(outcome, Done), outcome
                os.write(pipe, f"{name}_{step}\n".encode())
            time.sleep(0.01)

    for number in range(3):
        threading.Thread(target=client, args=(number,), daemon=True).start()
    time.sleep(60)


def _finish(folder: Path, bug: str) -> None:
    """Start once more, without a death, and wait until nothing is pending and nothing is due any more."""
    centre = Centre(folder, Point(), bug)
    centre.start()
    own, until = SqliteJournal.open(folder / "journal.sqlite"), time.monotonic() + 30
    far = datetime(2999, 1, 1, tzinfo=UTC)
    while own.pending(1) or own.due(far, 1):
        assert time.monotonic() < until, "never comes to rest"
        time.sleep(0.05)
    centre.stop()


def _wrong(folder: Path, acknowledged: list[str]) -> list[str]:
    """Return what the journal and the bank say that must not be."""
    journal = SqliteJournal.open(folder / "journal.sqlite")
    auditor = Auditor(POLICY)
    try:
        auditor.catch_up(journal)
        auditor.end(journal)
    except AssertionError as broken:
        return [f"journal: {broken}"]
    wrong = [f"lost: {name}" for name in acknowledged if journal.answer_of(name) is None]
    lines = FileBank(folder / "bank", Point()).lines()
    told = {line["order"]: line["digest"] for line in lines}
    wrong += [f"never told: {x}" for x in auditor.issued if x not in told]
    for order_id, digest in told.items():
        if order_id not in auditor.issued:
            wrong.append(f"nobody ordered this: {order_id}")
        elif digest != auditor.orders[order_id].digest:
            wrong.append(f"told otherwise: {order_id}")
        elif len(auditor.answered.get(order_id, [])) != 1:
            wrong.append(f"answered {len(auditor.answered.get(order_id, []))} times: {order_id}")
    drafted = Counter(x.rpartition("_")[0] for x in acknowledged if x.endswith("_0"))
    wrong += [f"not in the journal: {x}" for x in drafted if x not in auditor.orders]
    return wrong


def _one_each(wrong: list[str]) -> list[str]:
    """Return the first of each kind of what is wrong."""
    return list({what.partition(":")[0]: what for what in reversed(wrong)}.values())


def _points(args: argparse.Namespace, chance: random.Random) -> list[tuple[Point, float]]:
    if args.at:
        words, _, side = args.at.partition("/")
        return [(Point(words, n + 1, side), WAIT_SECONDS_MAX) for n in range(args.kills)]
    if args.named:
        return [
            (Point(words, chance.randint(1, 4), side), WAIT_SECONDS_MAX)
            for words in POINTS.values()
            for side in ("before", "after")
            for _ in range(args.named)
        ]
    return [(Point(), chance.uniform(0.01, args.seconds)) for _ in range(args.kills)]


def main() -> None:
    """Kill as often as asked, finish, and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--named", type=int, default=0, help="kills at each side of each point")
    parser.add_argument("--at", default="", help="kill each time at this point, as in send/before")
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bug", default="", choices=list(BUGS))
    args = parser.parse_args()
    chance = random.Random(args.seed)
    seen = {"kills": 0, "at_point": 0, "acknowledged": 0, "deliveries": 0, "repeats": 0}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder, acknowledged = Path(name), list[str]()
        for turn, (point, seconds) in enumerate(_points(args, chance)):
            run = partial(_child, folder, turn=turn, point=point, bug=args.bug)
            told, is_at_point = killed(run, seconds)
            acknowledged += told
            seen["kills"] += 1
            seen["at_point"] += is_at_point
        _finish(folder, args.bug)
        wrong = _wrong(folder, acknowledged)
        lines = FileBank(folder / "bank", Point()).lines()
        seen["acknowledged"] = len(acknowledged)
        seen["deliveries"] = len(lines)
        seen["repeats"] = len(lines) - len({line["order"] for line in lines})
    print(json.dumps({**seen, "wrong": _one_each(wrong)}))


if __name__ == "__main__":
    main()
