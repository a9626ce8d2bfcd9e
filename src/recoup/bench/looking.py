"""`recoup bench looking`: what persons wait for who ask for figures and the worklist, with many open cases.

What it stands for: a centre in which ten thousand cases of twenty stations are open. Half of them wait for somebody to let
their first order leave, half hold money. The centre is the real one on files, asked through its desk: HTTP adds some
milliseconds. Before each question a case comes in, as they do while people look. The rows `first` are the first questions
after a start, when snapshots are there and the worklist is not.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np

from recoup import limits
from recoup.bench.machine import describe_machine
from recoup.bench.refusing import refusal_rows
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.cases import Channel, Claim, Found, Grade, Mandate, Place, plan_orders
from recoup.cases import Report as Told
from recoup.cases.commands import (
    AgreeToMandate,
    ApplyTrail,
    ProposeMandate,
    SettleClaim,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.cases.state import ClaimTrigger
from recoup.centre import (
    COMMAND_REGISTRY,
    EVENT_REGISTRY,
    Actor,
    CentreState,
    Request,
    answer_command,
    command_of,
    decider,
    evolve,
)
from recoup.centre.commands import Command, Done
from recoup.centre.desk import Desk
from recoup.centre.keeper import keep_snapshot
from recoup.centre.office import SWITCH_SECONDS, Setting
from recoup.centre.planning import written
from recoup.centre.scribe import Scribe
from recoup.centre.trails import ACTOR, WHO
from recoup.clock import SystemClock
from recoup.figures import Asked
from recoup.ids import RandomIds
from recoup.orders import Answer, Outcome
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.vault import LocalKeys

_TAKER: Final = Actor("person-1", "call_taker", "a report by telephone")
_OFFICER: Final = Actor("person-2", "officer", "the chase")
_APPROVER: Final = Actor("person-3", "approver", "the chase")
_STATIONS: Final = 20
_BANKS: Final = 100
_AMOUNT: Final = 5_000_000
_BATCH: Final = 256
_REFUSALS_EACH: Final = 50
"""For each look: a refusal takes microseconds."""

Question = Callable[[Desk, int], Awaitable[bool]]
"""Asks the desk for the n-th time; whether there was something to show."""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    cases: int = 10_000
    """Open ones."""
    looks: int = 200
    """Questions of each kind."""

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan that shows that the bench works; its figures say nothing."""
        return cls(cases=60, looks=4)


class _Cases:
    """Writes the cases through the centre's own rules, many at once."""

    def __init__(self, store: Path) -> None:
        self._policy = read_case_policy("cn-2016")
        self._journal = SqliteJournal.open(store)
        self._names = (f"bench_{number}" for number in count())
        self._scribe = Scribe(
            self._journal,
            EVENT_REGISTRY,
            SystemClock(),
            state=CentreState(),
            decide=decider(self._policy),
            evolve=evolve,
        )

    def fill(self, cases: int) -> None:
        """Write them; every second one holds money."""
        for begin in range(0, cases, _BATCH):
            some = range(begin, min(cases, begin + _BATCH))
            self._write([self._report(case) for case in some])
            admit = SettleClaim("c1", ClaimTrigger.ADMIT, _OFFICER.who)
            self._write([self._command(_OFFICER, case, admit) for case in some])
            self._write([self._traced(case) for case in some])
            held = [case for case in some if case % 2]
            self._write([command for case in held for command in self._covered(case)])
            self._write([self._taken_up(case) for case in held])
            self._write([self._answered(case) for case in held])

    def refusals(self, looks: int) -> list[Row]:
        """Return how long a person of a bank is looked at who asks for another's; nothing of it is written."""
        state = self._scribe.state
        there = [(case.id, case.claims[0].payee) for case in state.cases.values()]
        return refusal_rows(state, there, looks, self._policy)

    def close(self) -> int:
        """Let go of the journal; return how many records there are."""
        self._journal.close()
        return self._scribe.count

    def _write(self, commands: list[Command]) -> None:
        for outcome in self._scribe.write(commands):
            assert isinstance(outcome, Done), outcome

    def _command(self, actor: Actor, case: int, what: object) -> Command:
        request = Request(actor, what, case=f"case-{case}")
        return command_of(COMMAND_REGISTRY, next(self._names), request)

    def _report(self, case: int) -> Command:
        return self._command(_TAKER, case, report_of(case))

    def _traced(self, case: int) -> Command:
        """Return the trail of a report without statements: all of it was last seen going to the payee."""
        found = self._scribe.state.case(f"case-{case}")
        (claim,) = found.claims
        there = (claim.payee, claim.institution, claim.currency, claim.amount, claim.paid_at)
        places = (Place("c1", *there, Found.UNKNOWN),)
        digest = digest_of("trail", found.id, found.facts_version, places, (), ())
        return self._command(ACTOR, case, ApplyTrail(found.facts_version, digest, places))

    def _covered(self, case: int) -> Iterator[Command]:
        until = datetime.now(UTC) + timedelta(days=30)
        mandate = Mandate("m1", 6, 10 * _AMOUNT, "CNY", until, _OFFICER.who)
        yield self._command(_OFFICER, case, ProposeMandate(mandate))
        agreed = AgreeToMandate(mandate.id, _APPROVER.who, mandate.digest)
        yield self._command(_APPROVER, case, agreed)

    def _taken_up(self, case: int) -> Command:
        found = self._scribe.state.case(f"case-{case}")
        (proposal,) = plan_orders(found, datetime.now(UTC), self._policy).orders
        return self._command(
            ACTOR, case, TakeUp(written(found.id, proposal, WHO, f"o-{case}", "m1"))
        )

    def _answered(self, case: int) -> Command:
        found = self._scribe.state.find(f"o-{case}")
        assert found is not None, "just taken up"
        answer = Answer(f"a-{case}", Outcome.HELD, _AMOUNT // 2, datetime.now(UTC))
        return answer_command(found[1].order.institution, f"o-{case}", answer)


def _station(number: int) -> str:
    return f"station-{number % _STATIONS}"


def _bank(number: int) -> str:
    return f"bank-{number % _BANKS}"


def report_of(case: int) -> TakeReport:
    """Return the report that opens a case."""
    at = datetime.now(UTC) - timedelta(minutes=10)
    report = f"report-{case}"
    told = Told(
        report,
        f"person-of-{case}",
        Grade.PLAUSIBLE,
        Channel.EMERGENCY_CALL,
        True,
        at,
        at,
        _TAKER.who,
    )
    claim = Claim(
        "c1",
        report,
        told.reporter,
        f"transfer-{case}",
        f"payer-{case}",
        f"payee-{case}",
        _bank(case),
        "CNY",
        _AMOUNT,
        at,
        _TAKER.who,
    )
    return TakeReport(told, claim, _station(case))


class _Looks:
    """Questions one after another; a new case is reported before each."""

    def __init__(self, desk: Desk, cases: int) -> None:
        self._desk, self._fresh = desk, count(cases)

    async def row(self, name: str, looks: int, ask: Question) -> Row:
        """Return the row of one kind of question."""
        times = []
        for number in range(looks):
            await self._move()
            times.append(await self.timed(ask, number))
        p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
        return Row(name, p50, "ms", p50, p99, rss_mb=resident_mb())

    async def timed(self, ask: Question, number: int = 0) -> float:
        """Return the milliseconds of one question."""
        begin = perf_counter()
        assert await ask(self._desk, number), "there is something to show"
        return (perf_counter() - begin) * 1e3

    async def _move(self) -> None:
        case = next(self._fresh)
        request = Request(_TAKER, report_of(case), case=f"case-{case}")
        outcome = await self._desk.submit(command_of(COMMAND_REGISTRY, f"moves_{case}", request))
        assert isinstance(outcome, Done), outcome


def bench_looking(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    sys.setswitchinterval(SWITCH_SECONDS)  # as the process of a centre does
    tell("the machine's own limits")
    machine = describe_machine(100_000)
    with TemporaryDirectory() as folder:
        store = Path(folder) / "looking.sqlite"
        cases = _Cases(store)
        tell(f"{plan.cases} open cases")
        cases.fill(plan.cases)
        refusals = cases.refusals(_REFUSALS_EACH * plan.looks)
        records = cases.close()
        tell(f"snapshots of {records} records")
        keep_snapshot(store)
        keys, policy = LocalKeys(secrets.token_bytes(32)), read_case_policy("cn-2016")
        vault = Path(folder) / "vault.sqlite"
        setting = Setting(store, keys, None, policy, SystemClock(), RandomIds(), vault=vault)
        desk = Desk(setting)
        begin = perf_counter()
        desk.start()
        started = Row("start", perf_counter() - begin, "s", rss_mb=resident_mb())
        try:
            rows = asyncio.run(_questions(_Looks(desk, plan.cases), plan, tell))
        finally:
            desk.drain()
    return Report(machine, (started, *rows, *refusals))


async def _questions(looks: _Looks, plan: Plan, tell: Tell) -> list[Row]:
    rows = [
        Row(f"{name}_first", await looks.timed(_QUESTIONS[name]), "ms", rss_mb=resident_mb())
        for name in ("worklist", "figures")
    ]
    for name, ask in _QUESTIONS.items():
        tell(name)
        rows.append(await looks.row(name, plan.looks, ask))
    return rows


async def _figures(desk: Desk, **asked: Any) -> bool:  # noqa: ANN401 - the fields of a question
    end = datetime.now(UTC) + timedelta(days=1)
    tally = await desk.figures(Asked(**{"begin": end - timedelta(days=9), "end": end, **asked}))
    return bool(tally.behind)


async def _of_a_period(desk: Desk, number: int) -> bool:
    return await _figures(desk, begin=datetime.now(UTC) - timedelta(seconds=1 + number))


async def _worklist(desk: Desk, _: int) -> bool:
    return bool(await desk.todos(lambda _: True, limits.HTTP_PAGE_ROWS_MAX + 1))


async def _worklist_unit(desk: Desk, number: int) -> bool:
    return bool(await desk.todos(lambda unit: unit == _station(number), 51))


_QUESTIONS: Final[Mapping[str, Question]] = {
    "figures": lambda desk, _: _figures(desk),
    "figures_unit": lambda desk, n: _figures(desk, units=frozenset({_station(n)})),
    "figures_institution": lambda desk, n: _figures(desk, institution=_bank(n)),
    "figures_period": _of_a_period,
    "figures_case": lambda desk, n: _figures(desk, case=f"case-{n}"),
    "worklist": _worklist,
    "worklist_unit": _worklist_unit,
}

__all__ = ["Plan", "bench_looking"]
