"""`recoup bench looking`: what persons wait for who ask for figures and the worklist, with many open cases, over real HTTP.

What it stands for: a centre in which ten thousand cases of twenty stations are open. Half of them wait for somebody to let
their first order leave, half hold money. The centre is the real one on files. Between the questions cases come in, as they do
while people look. The rows `first` are the first questions after a start: what was kept as snapshots counts there.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import httpx
import numpy as np

from recoup import limits
from recoup.api import make_app
from recoup.api.callers import hash_of
from recoup.api.serving import Served
from recoup.bench.machine import describe_machine
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
from recoup.centre.requests import MACHINE
from recoup.centre.scribe import Scribe
from recoup.centre.trails import ACTOR, WHO
from recoup.clock import SystemClock
from recoup.ids import RandomIds
from recoup.orders import Answer, Outcome
from recoup.reading.policies import read_case_policy
from recoup.staff import Grant, Level, Role, Unit
from recoup.staff import commands as staff
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.vault import LocalKeys

_TAKER: Final = Actor("person-1", "call_taker", "a report by telephone")
_OFFICER: Final = Actor("person-2", "officer", "the chase")
_APPROVER: Final = Actor("person-3", "approver", "the chase")
_STATIONS: Final = 20
_BANKS: Final = 100
_AMOUNT: Final = 5_000_000
_BATCH: Final = 256


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

    def staff(self, token: str) -> None:
        """Let a case lead of the province be logged in under a token."""
        machine, root = Actor("way in", MACHINE, ""), Actor("root", "", "a bench")
        self._ask(machine, staff.SetUp("root", Unit("province", Level.PROVINCE), "c", "f"))
        self._ask(machine, staff.OpenSession("root", "of-root", "c", 1))
        for number in range(_STATIONS):
            station = Unit(_station(number), Level.STATION, "province")
            self._ask(root, staff.AddUnit(station, "root"), "of-root")
        self._ask(root, staff.AddPerson("lead", "once", "root"), "of-root")
        self._ask(machine, staff.Enrol("lead", "once", "c", "f"))
        for role in (Role.CASE_LEAD, Role.APPROVER):
            self._ask(root, staff.GrantRole("lead", Grant(role, "province"), "root"), "of-root")
        self._ask(machine, staff.OpenSession("lead", hash_of(token), "c", 1))

    def close(self) -> int:
        """Let go of the journal; return how many records there are."""
        self._journal.close()
        return self._scribe.count

    def _write(self, commands: list[Command]) -> None:
        for outcome in self._scribe.write(commands):
            assert isinstance(outcome, Done), outcome

    def _ask(self, actor: Actor, what: object, session: str = "") -> None:
        request = Request(actor, what, session=session)
        self._write([command_of(COMMAND_REGISTRY, next(self._names), request)])

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
        f"bank-{case % _BANKS}",
        "CNY",
        _AMOUNT,
        at,
        _TAKER.who,
    )
    return TakeReport(told, claim, _station(case))


class _Looks:
    """Questions over HTTP, one after another; a new case is reported before each."""

    def __init__(self, desk: Desk, client: httpx.Client, cases: int) -> None:
        self._desk, self._client, self._fresh = desk, client, count(cases)

    def timed(self, path: str, **params: str) -> float:
        """Return the milliseconds of one question."""
        begin = perf_counter()
        response = self._client.get(path, params=params)
        took = (perf_counter() - begin) * 1e3
        assert response.status_code == httpx.codes.OK, response.text
        return took

    def row(self, name: str, looks: int, ask: Callable[[int], tuple[str, dict[str, str]]]) -> Row:
        """Return the row of one kind of question."""
        times = []
        for number in range(looks):
            self._move()
            path, params = ask(number)
            times.append(self.timed(path, **params))
        p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
        return Row(name, p50, "ms", p50, p99, rss_mb=resident_mb())

    def _move(self) -> None:
        case = next(self._fresh)
        request = Request(
            Actor(_TAKER.who, MACHINE, "a bench"), report_of(case), case=f"case-{case}"
        )
        command = command_of(COMMAND_REGISTRY, f"moves_{case}", request)
        outcome = asyncio.run(self._desk.submit(command))
        assert isinstance(outcome, Done), outcome


def bench_looking(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    sys.setswitchinterval(SWITCH_SECONDS)  # as the process of a centre does
    tell("the machine's own limits")
    machine, rows = describe_machine(100_000), list[Row]()
    token = secrets.token_urlsafe(32)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        store = folder / "looking.sqlite"
        cases = _Cases(store)
        tell(f"{plan.cases} open cases")
        cases.fill(plan.cases)
        cases.staff(token)
        records = cases.close()
        tell(f"snapshots of {records} records")
        keep_snapshot(store)
        keys = LocalKeys(secrets.token_bytes(32))
        policy = read_case_policy("cn-2016")
        setting = Setting(
            store, keys, None, policy, SystemClock(), RandomIds(), vault=folder / "vault.sqlite"
        )
        desk = Desk(setting)
        begin = perf_counter()
        desk.start()
        stack.callback(desk.drain)
        rows.append(Row("start", perf_counter() - begin, "s", rss_mb=resident_mb()))
        served = Served(make_app(desk, calls_per_minute=1_000_000))
        stack.callback(served.stop)
        headers = {"Authorization": f"Bearer {token}"}
        client = stack.enter_context(
            httpx.Client(base_url=served.address, headers=headers, timeout=120)
        )
        looks = _Looks(desk, client, plan.cases)
        for name, path, params in (
            ("worklist_first", "/worklist", {}),
            ("figures_first", "/figures", {"unit": "province"}),
        ):
            rows.append(Row(name, looks.timed(path, **params), "ms", rss_mb=resident_mb()))
        for name, ask in _QUESTIONS.items():
            tell(name)
            rows.append(looks.row(name, plan.looks, ask))
    return Report(machine, tuple(rows))


def _of_a_period(number: int) -> tuple[str, dict[str, str]]:
    end = datetime.now(UTC)
    begin = end - timedelta(seconds=1 + number)
    return "/figures", {"unit": "province", "from": begin.isoformat(), "to": end.isoformat()}


_QUESTIONS: Final[dict[str, Callable[[int], tuple[str, dict[str, str]]]]] = {
    "figures": lambda _: ("/figures", {"unit": "province"}),
    "figures_unit": lambda number: ("/figures", {"unit": _station(number)}),
    "figures_institution": lambda number: (
        "/figures",
        {"unit": "province", "institution": f"bank-{number % _BANKS}"},
    ),
    "figures_period": _of_a_period,
    "figures_case": lambda number: (f"/cases/case-{number}/figures", {"reason": "bench"}),
    "worklist": lambda _: ("/worklist", {"limit": str(limits.HTTP_PAGE_ROWS_MAX)}),
    "worklist_unit": lambda number: ("/worklist", {"unit": _station(number)}),
}

__all__ = ["Plan", "bench_looking", "report_of"]
