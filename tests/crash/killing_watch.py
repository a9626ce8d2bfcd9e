"""Kills a running watch service again and again, and looks whether an answer that left was lost, changed or booked twice.

Run as a program of its own, so that it can fork cheaply: `python tests/crash/killing_watch.py --kills 20 --seed 1`. Prints
JSON. The child serves over a real socket with the plain core, whose model hangs at times, so that early answers happen. It is
killed once so many answers came. Who was told early to wait hears what was decided afterwards. `--bug lazy` writes the log
later than it answers; it must be found.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from plain_watch import PlainCore

from recoup.clock import SystemClock
from recoup.watching.service import Changes, Desk, Figures, Keeping, Service, Terms, serve
from recoup.watching.service.log import Log, log_files, read_log

CLIENTS = 6
WAIT_SECONDS_MAX = 60.0
HANG = 1_300
"""An amount at which the model hangs for a moment."""
NAMES = ("allow", "warn", "delay", "hold", "refuse")


class Hanging(PlainCore):
    def _decide(self, payer, amount, *, is_scored):
        if is_scored and amount == HANG:
            time.sleep(0.08)
        return super()._decide(payer, amount, is_scored=is_scored)


class Lazy(Log):
    """A log that gathers records before it writes them: the bug that must be found."""

    def append(self, record):
        self._gathered = [*getattr(self, "_gathered", []), record]
        if len(self._gathered) >= 40:
            for one in self._gathered:
                super().append(one)
            self._gathered = []


def child(folder: Path, pipe: int, bug: str) -> None:
    if bug == "lazy":
        import recoup.watching.service.keeping as keeping_room

        keeping_room.Log = Lazy
    core, figures = Hanging(), Figures()
    terms = Terms(early_seconds=0.02, snapshot_seconds=0.15)
    desk = Desk(core, Keeping(folder), terms, figures, lambda _: os._exit(3))
    core.stops = {"acc-stopped": "order-binds"}
    desk.recover()
    service = Service(desk, Changes(desk, bytes, dict), figures, SystemClock())

    def started(port, _):
        os.write(pipe, f"{port}\n".encode())

    asyncio.run(serve(service, desk, Changes(desk, bytes, dict), "127.0.0.1", 0, started))


def start(folder: Path, bug: str) -> tuple[int, int]:
    """Return the process and the port of a service over this folder."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            child(folder, writing, bug)
        finally:
            os._exit(4)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return process, int(pipe.readline())


class Client(threading.Thread):
    """Pays, and notes every answer; sends the last payment again after a kill, as a bank would."""

    def __init__(self, name: str, port: int, draw: random.Random, noted: dict[str, dict]) -> None:
        super().__init__(daemon=True)
        self.prefix, self.port, self.draw, self.noted, self.count = name, port, draw, noted, 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS_MAX)
        while True:
            id_ = f"{self.prefix}-{self.count}"
            amount = self.draw.choice(("12.50", "99999.00", "13.00", "1.00"))
            row = {"id": id_, "payer": self.draw.choice(("acc-a", "acc-stopped")), "payee": id_}
            row |= {"amount": amount, "currency": "CNY", "time": "2026-11-23T10:00:00Z"}
            try:
                headers = {"content-type": "application/json"}
                connection.request("POST", "/v1/decisions", json.dumps(row), headers)
                answer = json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError):
                return
            if "decision" in answer:
                self.noted[id_] = {**row, "decision": answer["decision"]}
            self.count += 1


def held_early(folder: Path) -> set[str]:
    """Return the ids of payments that were told to wait because nobody could look; they hear later what was decided."""
    found: set[str] = set()
    for path in log_files(folder, "early").values():
        for columns, decisions, _ in read_log(path, is_last=True):
            rows = zip(columns[0], decisions, strict=True)
            found |= {id_ for id_, decision in rows if NAMES[decision] == "hold"}
    return found


def wrongs(folder: Path, noted: dict[str, dict]) -> list[str]:
    """Return what a recovery over the folder does not agree with."""
    core, keeping = Hanging(), Keeping(folder)
    core.stops = {"acc-stopped": "order-binds"}
    keeping.recover(core)
    keeping.close()
    waited, found = held_early(folder), []
    for id_, row in noted.items():
        if id_ not in core.given:
            found.append(f"{id_}: lost")
            continue
        early = keeping.early.answers.get(id_)
        decision = NAMES[early[0] if early else core.given[id_][1]]
        if decision != row["decision"] and not (row["decision"] == "hold" and id_ in waited):
            found.append(f"{id_}: was {row['decision']}, is {decision}")
        minor = int(row["amount"].replace(".", ""))
        booked = core.paid.get(id_, 0)
        if booked != (minor if decision in ("allow", "warn") else 0):
            found.append(f"{id_}: {row['decision']}, booked {booked} of {minor}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--bug", default="")
    given = parser.parse_args()
    draw, noted, wrong, early = random.Random(given.seed), {}, [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kill in range(given.kills):
            process, port = start(folder, given.bug)
            clients = [
                Client(f"k{kill}-c{at}", port, random.Random(draw.random()), noted)
                for at in range(CLIENTS)
            ]
            before, wanted = len(noted), draw.randrange(1, given.answers)
            for client in clients:
                client.start()
            until = time.monotonic() + WAIT_SECONDS_MAX
            while len(noted) < before + wanted and time.monotonic() < until:
                time.sleep(0.001)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            for client in clients:
                client.join()
            wrong += wrongs(folder, noted)
            if wrong:
                break
        early = sum(path.stat().st_size for path in folder.glob("early-*.bin"))
        snapshots = len(list(folder.glob("state-*.bin")))
    said = {"kills": kill + 1, "answered": len(noted), "early_bytes": early}
    print(json.dumps({**said, "snapshots": snapshots, "wrong": wrong[:10]}))


if __name__ == "__main__":
    main()
