"""The watch that decides is killed at named points of a snapshot: what comes back is what a replay of the whole log gives."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from deciding import DAY, SECOND, START

from recoup.watching import models
from recoup.watching.service import Batch, Keeping
from recoup.watching.service.core import WatchCore
from recoup.watching.service.files import Files, read_files
from recoup.watching.service.keeping import digest_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")

BATCHES, EVERY = 24, 5
POINTS = ("", "cut", "written", "moved", "kept", "logged")
"""Where it is killed: nowhere; after new logs began; before and after the snapshot is moved to its place; after old ones are
dropped; after a record was written and before it was on disk."""


def batch_of(at: int) -> Batch:
    """Seven payments; some come again, some wait, some cannot be any."""
    rows = []
    for n in range(7):
        number = at * 7 + n
        time = START + (number * 1_700 - (DAY // SECOND if number % 31 == 30 else 0)) * SECOND
        payer, payee = f"a{number % 9}", f"a{(number * 5 + 1) % 9}"
        rows.append((f"p{number - number % 11 % 2}", payer, payee, "CNY", 100 + 977 * n, time, 0))
    return Batch(*(list(column) for column in zip(*rows, strict=True)))


def new_core() -> WatchCore:
    return WatchCore(("CNY",), accounts_max=64, rows_followed=40, catch_seconds=600)


def configured(folder) -> bytes:
    text = (
        'id = "house"\ntimezone = "Asia/Shanghai"\nnight = [22, 6]\nlists = []\n'
        "[[rules]]\nid = \"chain\"\nexpression = 'payment_chain_hops >= 1 or amount > 50.00 CNY'\n"
        'currency = "CNY"\naction = "warn"\nreason = "own-chain"\nwords = "chain"\nauthor = "risk-1"\n'
    )
    (folder / "rules.toml").write_text(text)
    return read_files(Files(rules=str(folder / "rules.toml"), policy="cn"), ("CNY",))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def serve(folder, said: bytes, point: str, at_snapshot: int) -> None:
    """Decide every batch and keep a snapshot after every fifth; die at a point of the n-th snapshot."""
    core, keeping, count = new_core(), Keeping(folder), 0
    keeping.recover(core)
    core.tell("configure", said)
    keeping.told("configure", said)
    for at in range(BATCHES):
        batch = batch_of(at)
        keeping.write(core, batch, core.decide(batch, is_scored=at % 4 != 3), is_scored=at % 4 != 3)
        if point == "logged" and count == at_snapshot and at % EVERY == 2:
            _die()
        keeping.sync()
        if at % EVERY == EVERY - 1:
            count += 1
            dies = count == at_snapshot
            path, content = keeping.cut(core.snapshot())
            if dies and point == "cut":
                _die()
            if dies and point == "written":
                models.Path.replace = lambda *_: _die()
            keeping.keep(path, content) if not (dies and point == "moved") else (
                models.write_whole(path, _sealed(content)),
                _die(),
            )
            if dies and point == "kept":
                _die()
    keeping.close()


def _sealed(content: bytes) -> bytes:
    from hashlib import sha256

    return sha256(content).digest() + content


def replayed(folder) -> WatchCore:
    """A new core through the whole log, from its beginning."""
    for path in folder.glob("state-*.bin"):
        path.rename(path.with_suffix(".aside"))
    core, keeping = new_core(), Keeping(folder)
    keeping.recover(core)
    keeping.close()
    for path in folder.glob("state-*.aside"):
        path.rename(path.with_suffix(".bin"))
    return core


@pytest.mark.parametrize("point", POINTS)
def test_what_comes_back_is_what_a_replay_of_the_whole_log_gives(tmp_path, point):
    said = configured(tmp_path)
    folder = tmp_path / "kept"
    process = os.fork()
    if process == 0:
        try:
            serve(folder, said, point, 3)
        finally:
            os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) == bool(point)
    again, keeping = new_core(), Keeping(folder)
    records = keeping.recover(again)
    keeping.close()
    whole = replayed(folder)
    assert again.snapshot() == whole.snapshot()
    later = batch_of(BATCHES + 3)
    answers = [digest_of(core.decide(later, is_scored=True)) for core in (again, whole)]
    assert answers[0] == answers[1]
    assert again.versions() == whole.versions()
    assert list(folder.glob("state-*.bin")), "no snapshot was there to start from"
    assert records < BATCHES, "it started from the beginning"


def test_the_control_a_snapshot_without_what_waits_is_found(tmp_path):
    core = new_core()
    core.tell("configure", configured(tmp_path))
    for at in range(6):
        core.decide(batch_of(at), is_scored=True)
    other = new_core()
    other.restore(core.snapshot())
    assert other.snapshot() == core.snapshot()
    other.watch.stream.shard.advance(core.watch.stream.shard.clock + SECOND)
    assert other.snapshot() != core.snapshot()
