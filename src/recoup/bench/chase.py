"""`recoup bench chase`: from an institution's answer to the next orders' bytes at theirs, with many open cases, over real HTTP.

What it stands for: a centre in which ten thousand cases are open and most are quiet, while some move on. The centre is the real
one on files, its gateway signs and verifies; the institutions are a process of their own that answers at a steady rate. Half of
the answers lead on to two orders each; the other half say that money lies still. Times are taken by the institutions.
"""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from recoup.bench.first_stop import report_to_order
from recoup.bench.institutions import (
    COUNT,
    CURRENCY,
    HOPS,
    LOSS,
    Seen,
    Spot,
    arrival,
    keys_of_all,
    run,
)
from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row, resident_mb
from recoup.cases import Channel, Claim, Found, Grade, Mandate, Place
from recoup.cases import Report as Told
from recoup.cases.commands import (
    AgreeToMandate,
    ApplyTrail,
    ProposeMandate,
    SettleClaim,
    TakeReport,
)
from recoup.cases.decided import digest_of
from recoup.cases.state import ClaimTrigger
from recoup.centre import (
    COMMAND_REGISTRY,
    EVENT_REGISTRY,
    Actor,
    CentreState,
    Request,
    command_of,
    decider,
    evolve,
)
from recoup.centre.commands import Command, Done
from recoup.centre.directory import Directory
from recoup.centre.letters import Correspondence
from recoup.centre.office import SWITCH_SECONDS, Office, Setting
from recoup.centre.scribe import Scribe
from recoup.centre.trails import ACTOR
from recoup.clock import SystemClock
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, generate_key
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal, SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import KeyStore, LocalKeys, Vault

CENTRE: Final = "centre"
_TAKER: Final = Actor("person-1", "call_taker", "a report by telephone")
_OFFICER: Final = Actor("person-2", "officer", "the chase")
_APPROVER: Final = Actor("person-3", "approver", "the chase")
_BATCH: Final = 256
_SETTLE_SECONDS: Final = 3.0
_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    cases: int = 10_000
    """Open ones; those that are followed are among them."""
    moving: int = 20
    """Cases that move on at once."""
    rates: tuple[float, ...] = (2.0, 4.0, 6.0, 8.0)
    """Answers a second, all institutions together."""
    seconds: float = 30.0
    """For each rate."""
    reports: int = 200
    """That are followed to their first order."""

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan that shows that the bench works; its figures say nothing."""
        return cls(cases=40, moving=4, rates=(8.0,), seconds=3.0, reports=10)


class _Cases:
    """The open cases, and those that are set moving."""

    def __init__(self, folder: Path, keys: KeyStore, start: datetime) -> None:
        self.store, self.vault = folder / "chase.sqlite", folder / "vault.sqlite"
        self._keys, self._start = keys, start
        self._policy = read_case_policy("cn-2016")
        self._names = (f"bench_{number}" for number in count())

    def fill(self, cases: int) -> None:
        """Write cases that were reported, admitted and traced once, and that nobody has ordered anything for yet."""
        rows = DriverConnection(self.vault)
        directory = Directory(Vault(SqliteVaultTable(rows), self._keys), RandomIds())
        sides = [
            (bank, number, "", False)
            for case in range(cases)
            for bank, number in (_payer(case), _payee(case))
        ]
        ids = directory.accounts(sides)
        rows.close()
        journal = SqliteJournal.open(self.store)
        scribe = Scribe(
            journal,
            EVENT_REGISTRY,
            SystemClock(),
            state=CentreState(),
            decide=decider(self._policy),
            evolve=evolve,
        )
        for begin in range(0, cases, _BATCH):
            some = range(begin, min(cases, begin + _BATCH))
            claims = {
                case: self._claim(case, ids[_payer(case)], ids[_payee(case)]) for case in some
            }
            self._write(scribe, [self._report(case, claim) for case, claim in claims.items()])
            self._write(scribe, [self._admitted(case) for case in some])
            traced = [self._traced(scribe, case, claim) for case, claim in claims.items()]
            self._write(scribe, traced)
        journal.close()

    def _write(self, scribe: Scribe[CentreState], commands: list[Command]) -> None:
        for outcome in scribe.write(commands):
            assert isinstance(outcome, Done), outcome

    def _command(self, actor: Actor, case: int, what: object) -> Command:
        request = Request(actor, what, case=f"case-{case}")
        return command_of(COMMAND_REGISTRY, next(self._names), request)

    def _claim(self, case: int, payer: str, payee: str) -> Claim:
        first, paid_at = Spot(case), arrival(0, self._start)
        return Claim(
            "c1",
            f"report-{case}",
            payer,
            f"t{first.number}",
            payer,
            payee,
            first.institution,
            CURRENCY,
            LOSS,
            paid_at,
            _TAKER.who,
        )

    def _report(self, case: int, claim: Claim) -> Command:
        at = arrival(0, self._start)
        told = Told(
            claim.report,
            claim.payer,
            Grade.PLAUSIBLE,
            Channel.EMERGENCY_CALL,
            True,  # first hand
            at,
            at,
            _TAKER.who,
        )
        return self._command(_TAKER, case, TakeReport(told, claim, "station-1"))

    def _admitted(self, case: int) -> Command:
        return self._command(_OFFICER, case, SettleClaim("c1", ClaimTrigger.ADMIT, _OFFICER.who))

    def _traced(self, scribe: Scribe[CentreState], case: int, claim: Claim) -> Command:
        """Return the trail of a report without statements: all of it was last seen going to the payee."""
        version = scribe.state.case(f"case-{case}").facts_version
        since = claim.paid_at.astimezone(
            ZoneInfo("UTC")
        )  # as frames give it: the digest shows the zone
        first = (claim.payee, claim.institution, CURRENCY, LOSS, since)
        places = (Place("c1", *first, Found.UNKNOWN),)
        digest = digest_of("trail", f"case-{case}", version, places, (), ())
        return self._command(ACTOR, case, ApplyTrail(version, digest, places))

    def move(self, office: Office, case: int) -> None:
        """Give the chase of a case standing authority: from here on it goes by itself."""
        until = datetime.now(UTC) + timedelta(hours=1)
        mandate = Mandate("m1", HOPS + 1, 10 * LOSS, CURRENCY, until, _OFFICER.who)
        for actor, what in (
            (_OFFICER, ProposeMandate(mandate)),
            (_APPROVER, AgreeToMandate(mandate.id, _APPROVER.who, mandate.digest)),
        ):
            outcome = office.submit(self._command(actor, case, what)).result()
            assert isinstance(outcome, Done), outcome


def _payer(case: int) -> tuple[str, str]:
    return "bank-of-victims", Spot(case).payer


def _payee(case: int) -> tuple[str, str]:
    return Spot(case).institution, Spot(case).number


@contextmanager
def institutions(start: datetime) -> Iterator[tuple[Correspondence, Connection]]:
    """Run the institutions; give the centre's end of the wire and the channel to their process."""
    now = datetime.now(UTC)
    keys = keys_of_all(now)
    own = generate_key(CENTRE, now - timedelta(hours=1), now + timedelta(days=1))
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(
        target=run, args=(theirs, keys, CENTRE, start), daemon=True
    )
    process.start()
    try:
        port = ours.recv()
        addresses = dict.fromkeys(keys, f"http://127.0.0.1:{port}")
        ring = KeyRing([key.public for key in keys.values()])
        notice = NoticeTerms("Bench centre", ("notice of a stop",), "000")
        yield Correspondence(CENTRE, own, ring, addresses, notice), ours
    finally:
        ours.send("stop")
        process.join(10)
        process.kill()


class _Run:
    """Cases that move on through a centre, at one rate after another."""

    def __init__(self, cases: _Cases, office: Office, channel: Connection) -> None:
        self._cases, self._office, self._channel = cases, office, channel
        self._fresh = iter(count())

    def at(self, rate: float, moving: int, seconds: float) -> tuple[float, list[float]]:
        """Let cases move on at a rate; return the answers a second that there were, and each time to the next orders."""
        self._channel.send(rate)
        begin = perf_counter()
        for _ in range(moving):
            self._cases.move(self._office, next(self._fresh))
        while perf_counter() < begin + seconds:
            if self._channel.poll(0.05):
                self._channel.recv()
                self._cases.move(self._office, next(self._fresh))
        end = perf_counter()
        self._channel.send(50.0)  # those that are under way come to their end
        ended, until = 0, end + _SECONDS_MAX
        while ended < moving:
            assert perf_counter() < until, "cases that never came to their end"
            if self._channel.poll(0.05):
                self._channel.recv()
                ended += 1
        sleep(_SETTLE_SECONDS)
        self._channel.send("seen")
        seen: dict[str, Seen] = self._channel.recv()
        within = {number: one for number, one in seen.items() if begin < one.answered < end}
        times = [
            (max(seen[payee.number].came for payee in payees) - one.answered) * 1e3
            for number, one in within.items()
            for payees in [Spot.of(number).payees]
            if payees
        ]
        return len(within) / (end - begin), times


def bench_chase(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Measure everything of the plan; `tell` hears what is being done."""
    sys.setswitchinterval(SWITCH_SECONDS)  # as the process of a centre does
    tell("the machine's own limits")
    machine = describe_machine(100_000)
    rows: list[Row] = []
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    keys = LocalKeys(secrets.token_bytes(32))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        cases = _Cases(folder, keys, start)
        tell(f"{plan.cases} open cases")
        cases.fill(plan.cases)
        wire, channel = stack.enter_context(institutions(start))
        office = Office(
            Setting(
                cases.store,
                keys,
                wire,
                read_case_policy("cn-2016"),
                SystemClock(),
                RandomIds(),
                vault=cases.vault,
            )
        )
        office.start()
        gc.freeze()  # as the process of a centre does
        stack.callback(office.stop)
        chase = _Run(cases, office, channel)
        tell("a first case, not counted")
        chase.at(20.0, 1, 1.0)
        for rate in plan.rates:
            tell(f"{rate:g} answers a second for {plan.seconds:g} s")
            answered, times = chase.at(rate, plan.moving, plan.seconds)
            assert office.fault is None, office.fault
            p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
            name = f"answer_to_orders_{rate:g}_a_second"
            rows.append(Row(name, p50, "ms", p50, p99, baseline=answered, rss_mb=resident_mb()))
    if plan.reports:
        tell(f"{plan.reports} reports over HTTP")
        rows.append(report_to_order(plan.reports))
    return Report(machine, tuple(rows))


__all__ = ["COUNT", "Plan", "bench_chase", "institutions"]
