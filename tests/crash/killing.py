"""Kills a process that journals, again and again, and looks whether anything acknowledged was lost or took effect twice.

Run as a program of its own, so that it can fork cheaply: `python tests/crash/killing.py --kills 150 --seed 1`. Prints JSON.
A child runs the real writer on a real file with several clients, and tells each acknowledged id through a pipe. It is killed
after a random time, kills itself before or after the n-th statement of a name, or is killed when each client has been told of
so many commands (`--each`): a planted bug must be met whatever else the machine does.
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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from crash import tally
from crash.child import killed

from recoup.centre.commands import Done
from recoup.centre.writer import Writer
from recoup.errors import StoreFault
from recoup.journal.port import Answer, Appended, Batch, Journal, StoredCheckpoint
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.sqlite.connection import DriverConnection, Row
from recoup.stores.sqlite.queries import queries

CLIENTS = 6
WAIT_SECONDS_MAX = 60.0
"""How long a child may take to come to what ends it: a bound for one that hangs, not a measure."""
POINTS = {
    "creating": "CREATE TABLE message",
    "created": "INSERT INTO alembic_version",
    "lead": queries("queries.sql")["lead"],
    "begin": "BEGIN IMMEDIATE",
    "records": queries("queries.sql")["add_record"],
    "answers": queries("queries.sql")["add_answer"],
    "messages": queries("queries.sql")["add_message"],
    "deadlines": queries("queries.sql")["set_deadline"],
    "commit": "COMMIT",
    "outbox read": queries("queries.sql")["read_pending"],
    "outbox sent": queries("queries.sql")["mark_sent"],
    "checkpoint": queries("queries.sql")["add_checkpoint"],
}
"""Statements at which a child may end itself; each both before it runs and after."""


class DyingConnection(DriverConnection):
    """Kills its own process before or after the n-th statement that begins with some words."""

    def __init__(self, path: Path, words: str, nth: int, side: str) -> None:
        super().__init__(path)
        self._words, self._left, self._side = words, nth, side

    def _meets(self, sql: str) -> bool:
        if not self._words or not sql.startswith(self._words):
            return False
        self._left -= 1
        return self._left == 0

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        meets = self._meets(sql)
        if meets and self._side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        rows = super().run(sql, values)
        if meets:
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        meets = self._meets(sql)
        if meets and self._side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().run_many(sql, rows)
        if meets:
            os.kill(os.getpid(), signal.SIGKILL)


class EarlyJournal(SqliteJournal):
    """A planted bug: says that a batch is on disk, and writes it when the next one comes."""

    _kept: Batch | None = None

    def append(self, batch: Batch, epoch: int) -> Appended:
        if self._kept is not None:
            super().append(self._kept, epoch)
        self._kept = batch
        return Appended(batch.expected_last + len(batch.records))


class ForgetfulJournal(SqliteJournal):
    """A planted bug: does not look whether a command was answered before."""

    def answers_of(self, commands: Sequence[str]) -> dict[str, Answer]:  # noqa: ARG002 - it forgets
        return {}

    def append(self, batch: Batch, epoch: int) -> object:
        known = super().answers_of([x.command for x in batch.answers])
        answers = tuple(x for x in batch.answers if x.command not in known)
        return super().append(replace(batch, answers=answers, messages=()), epoch)


BUGS = {"": SqliteJournal, "early": EarlyJournal, "forgetful": ForgetfulJournal}


def _child(
    path: Path, pipe: int, turn: int, point: tuple[str, int, str], bug: str, each: int
) -> None:
    """Journal until killed; clients rest after `each`. Some ids are of the turn before: callers do so who got no answer."""
    words, nth, side = point

    def opened() -> Journal:
        return BUGS[bug](DyingConnection(path, words, nth, side))

    writer = Writer(
        opened,
        tally.REGISTRY,
        tally.clock(),
        state=tally.Tally(),
        decide=tally.decide,
        evolve=tally.evolve,
    )
    writer.start()

    def client(number: int) -> None:
        for n in range(each or 100_000):
            turn_of_id = turn - 1 if n % 4 == 3 else turn
            name = f"c{turn_of_id}_{number}_{n // 4 * 4 if turn_of_id < turn else n}"
            outcome = writer.submit(tally.command(name)).result()
            assert isinstance(outcome, Done), outcome
            os.write(pipe, f"{name} {outcome.answer.decode()}\n".encode())

    for number in range(CLIENTS):
        threading.Thread(target=client, args=(number,), daemon=True).start()
    own = opened()
    for size in range(1, 100_000):  # the sender and the one who signs checkpoints
        for waiting in own.pending(5):
            own.sent(waiting.message.id)
        own.add_checkpoint(StoredCheckpoint(size, b"note"))
        time.sleep(0.001)


def _one_kill(
    path: Path, turn: int, point: tuple[str, int, str], seconds: float, bug: str, each: int
) -> tuple[dict[str, bytes], bool]:
    """Let a child run until it dies or all it had to do is acknowledged; return what it acknowledged, whether in time."""
    lines, is_in_time = killed(
        lambda pipe: _child(path, pipe, turn, point, bug, each), seconds, each * CLIENTS
    )
    assert is_in_time or not each, "the clients were not answered in time"
    found = dict(line.split(" ") for line in lines)
    return {name: answer.encode() for name, answer in found.items()}, is_in_time


def _points(
    args: argparse.Namespace, chance: random.Random
) -> list[tuple[tuple[str, int, str], float]]:
    if args.named:
        return [
            (
                (
                    words,
                    chance.randint(1, 3) if name not in ("creating", "created", "lead") else 1,
                    side,
                ),
                WAIT_SECONDS_MAX,
            )
            for name, words in POINTS.items()
            for side in ("before", "after")
            for _ in range(args.named)
        ]
    if args.each:
        return [(("", 0, ""), WAIT_SECONDS_MAX)] * args.kills
    return [(("", 0, ""), chance.uniform(0.002, args.seconds)) for _ in range(args.kills)]


def main() -> None:
    """Kill as often as asked and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--named", type=int, default=0, help="kills at each side of each point")
    parser.add_argument("--seconds", type=float, default=0.08)
    parser.add_argument("--each", type=int, default=0, help="commands of each client before a kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bug", default="", choices=list(BUGS))
    args = parser.parse_args()
    chance = random.Random(args.seed)
    seen = {"kills": 0, "at_point": 0, "acknowledged": 0, "records": 0, "unacknowledged": 0}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path, acknowledged = Path(folder) / "0.sqlite", dict[str, bytes]()
        for turn, (point, seconds) in enumerate(_points(args, chance)):
            if turn % 10 == 0 or point[0].startswith(("CREATE", "INSERT INTO alembic")):
                path, acknowledged = Path(folder) / f"{turn}.sqlite", {}
            told, is_at_point = _one_kill(path, turn, point, seconds, args.bug, args.each)
            for name, answer in told.items():
                if acknowledged.setdefault(name, answer) != answer:
                    wrong.append(f"two answers: {name}")
            seen["kills"] += 1
            seen["at_point"] += is_at_point
            seen["acknowledged"] += len(told)
            try:
                journal = SqliteJournal.open(path)
                wrong += tally.check(journal, acknowledged)
                last = journal.last()
                journal.close()
            except StoreFault as fault:
                wrong.append(f"does not open: {fault}")
                continue
            seen["records"] = max(seen["records"], last.sequence if last else 0)
            seen["unacknowledged"] += (last.sequence if last else 0) - len(acknowledged)
            if wrong:
                break
    print(json.dumps({**seen, "wrong": wrong[:10]}))


if __name__ == "__main__":
    main()
