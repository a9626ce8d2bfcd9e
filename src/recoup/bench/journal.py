"""`recoup bench journal`: durable commands under many clients, verification, replay; on a file in a temporary folder.

What it stands for: a centre at its busiest on one machine. Each command makes one event, one message and one deadline, and its
answer is waited for. The plain way beside it is the same store with one client, so one sync a command. Nothing here is a test.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from recoup.bench.machine import describe_machine
from recoup.bench.on_the_wire import on_the_wire
from recoup.bench.replaying import replaying
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb, times_of
from recoup.bench.six_hops import six_hops
from recoup.centre.commands import Command, Decision, Done, Noted
from recoup.centre.writer import Writer
from recoup.clock import SystemClock
from recoup.ids import CommandId, SubjectId
from recoup.journal import Registry, Verified, verify
from recoup.journal.port import Deadline, Message
from recoup.stores.sqlite import SqliteJournal

STOP_FOR = timedelta(hours=48)
CASE = SubjectId("case_1")


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    commands: int = 50_000
    alone: int = 1_000
    clients: int = 64
    rounds: int = 5
    kept: int = 1_000_000
    """Records of the journal on which a start with a snapshot is measured."""
    wired: int = 2_000
    """Orders that are followed to their institution."""

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a second or two, to see that the bench works; its figures say nothing."""
        return cls(commands=1_000, alone=50, clients=8, rounds=2, kept=1_000, wired=40)


@dataclass(frozen=True, slots=True)
class Stopped:
    """An event of the usual size."""

    order: str
    account: str
    case: str
    amount_fen: int
    code: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Sum:
    """What the events are folded into."""

    orders: int = 0
    amount_fen: int = 0


def _decide(state: Sum, command: Command, now: datetime) -> Decision:
    order, until = command.id, now + STOP_FOR
    event = Stopped(order, f"account_{state.orders}", "case_1", 6_000 + state.orders, "00", until)
    return Decision(
        answer=b'{"state":"issued"}',
        events=(Noted(CASE, event),),
        messages=(Message(f"m_{order}", "bank_1", "stop", command.content),),
        deadlines=(Deadline(f"d_{order}", until, "lapse", order, b"{}"),),
    )


def _evolve(state: Sum, _: SubjectId, event: object) -> Sum:
    assert isinstance(event, Stopped), "the bench writes one kind of event"
    return Sum(state.orders + 1, state.amount_fen + event.amount_fen)


def _registry() -> Registry:
    registry = Registry()
    registry.register("stopped", 1, Stopped)
    return registry


def _writer(path: Path) -> Writer[Sum]:
    return Writer(
        lambda: SqliteJournal.open(path),
        _registry(),
        SystemClock(),
        state=Sum(),
        decide=_decide,
        evolve=_evolve,
    )


def _send(path: Path, commands: int, clients: int) -> tuple[float, list[float]]:
    """Let clients send commands, each waiting for its answer; return the seconds in all and for each command."""
    writer, times, share = (
        _writer(path),
        [list[float]() for _ in range(clients)],
        commands // clients,
    )
    writer.start()
    ready = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        ready.wait()
        for n in range(share):
            begin = perf_counter()
            name = f"c{number}_{n}"
            outcome = writer.submit(Command(CommandId(name), name.encode(), None)).result()
            times[number].append(perf_counter() - begin)
            assert isinstance(outcome, Done), outcome

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - begin
    writer.drain()
    return seconds, [time for row in times for time in row]


def _durable(folder: Path, plan: Plan) -> Iterator[Row]:
    """Yield commands a second, and how long one waits for its answer."""
    alone, waits_alone = _send(folder / "alone.sqlite", plan.alone, 1)
    seconds, waits = _send(folder / "journal.sqlite", plan.commands, plan.clients)
    rate, plain = len(waits) / seconds, len(waits_alone) / alone
    yield Row(
        "durable_commands",
        rate,
        "commands/s",
        baseline=plain,
        ratio=rate / plain,
        rss_mb=resident_mb(),
    )
    p50, p99 = (float(x) * 1e3 for x in np.percentile(waits, [50, 99]))
    median = float(np.median(waits_alone)) * 1e3
    yield Row("durable_answer", p50, "ms", p50, p99, baseline=median, ratio=median / p50)


def _over_runs(name: str, run: Callable[[], object], count: int, rounds: int) -> Row:
    """Return a row in records/s: value is the best run; p99 is the slow end."""
    rates = count / np.array(times_of(run, rounds))
    p50, p99 = (float(x) for x in np.percentile(rates, [50, 1]))
    return Row(name, float(rates.max()), "records/s", p50, p99, rss_mb=resident_mb())


def _reading(folder: Path, plan: Plan) -> Iterator[Row]:
    """Yield verification from the file, and a start of the writer: seals checked, events folded into its state."""
    path = folder / "journal.sqlite"
    count = plan.commands // plan.clients * plan.clients

    def check() -> None:
        journal = SqliteJournal.read(path)
        found = verify(journal.records())
        assert isinstance(found, Verified), found
        assert found.records == count
        journal.close()

    def replay() -> None:
        writer = _writer(path)
        assert writer.start() == count
        writer.drain()

    yield _over_runs("verify_records", check, count, plan.rounds)
    yield _over_runs("replay", replay, count, plan.rounds)


def bench_journal(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    tell("the machine's own limits")
    machine = describe_machine(100_000)
    with TemporaryDirectory() as name:
        folder = Path(name)
        tell(f"durable commands: {plan.clients} clients")
        rows = list(_durable(folder, plan))
        tell("verification and replay")
        rows += _reading(folder, plan)
        tell(f"a start on {plan.kept} records, with and without a snapshot")
        rows.append(replaying(folder, plan.kept))
        tell("orders from the first command to the institution")
        rows.append(on_the_wire(folder, plan.wired))
        tell("a trail of six hops, and commands beside it")
        writer = _writer(folder / "beside.sqlite")
        writer.start()
        rows += six_hops(
            plan.rounds,
            lambda name: writer.submit(Command(CommandId(name), name.encode(), None)).result(),
        )
        writer.drain()
    return Report(machine, tuple(rows))
