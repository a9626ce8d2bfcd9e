"""The demo's second case, in virtual time: money shared pro rata after a public notice of thirty days. Persons are ids.

Three victims' money ran together at a bank that gives no statement, so nobody can say whose is left: the law has the plan made
public before it is decided. One objection fails, one succeeds, so the plan is worked out anew and made public again. The clock
is moved by hand over the days on which nothing happens. Everything else is real: the centre, its deadlines, the wire, the
banks' agents, the documents.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from recoup.cases import Case, Channel, Claim, Grade, Mandate, Report
from recoup.cases.commands import AgreeToMandate, ProposeMandate, SettleClaim, TakeReport
from recoup.cases.state import ClaimTrigger
from recoup.centre.commands import Outcome
from recoup.centre.letters import Correspondence
from recoup.centre.office import Office, Setting, wait_until
from recoup.centre.planning import items_of
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Request, command_of
from recoup.centre.state import CentreState
from recoup.centre.terms import EnterReport, Named
from recoup.centre.view import View
from recoup.clock import HandClock
from recoup.demo.notice_papers import Opposed, Papers
from recoup.demo.notice_return import ZONE, Returning, Victim, money
from recoup.demo.people import CITY, PREPARER, People
from recoup.demo.play import APPROVER, CASE, CENTRE, CHASE_SECONDS_MAX, OFFICER, TAKER, Demo
from recoup.demo.street import ACCOUNTS, CURRENCY, MOVES, Street
from recoup.errors import GatewayFault
from recoup.messages import NoticeTerms, generate_key
from recoup.stores.vault import LocalKeys

START: Final = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
"""A Monday, ten in the morning in Shanghai: the decision comes a day before the May holiday, the days to pay after it."""
_QUIET_SECONDS: Final = 1.5
"""No news for so long by the machine's clock: the agents answer at once, so nobody has more to say."""
_FIRST: Final[tuple[Victim, ...]] = (("claim-1", "victim 1", "S2"), ("claim-2", "victim 2", "S3"))
_LATE: Final[Victim] = ("claim-3", "victim 3", "S1")


@dataclass(frozen=True, slots=True)
class Noticed:
    """How the case stands at the end, amounts in minor units."""

    journal: Path
    records: int
    days: int
    """Of virtual time."""
    frozen: int
    returned: int
    left: int
    papers: int
    """Documents that were written, each in two forms."""


class NoticeDemo(Demo):
    """One run in virtual time."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Prepare; every line that is said bears its virtual day."""
        self._hand = HandClock(START)

        def dated(words: str) -> None:
            say(f"{self._hand.now().astimezone(ZONE):%Y-%m-%d %H:%M}  {words}")

        super().__init__(folder, dated)
        self._clock, self._now = self._hand, START

    def play_notice(self) -> Noticed:
        """Play the case from its reports to the banks' receipts."""
        own = generate_key(CENTRE, START - timedelta(days=1), START + timedelta(days=400))
        with ExitStack() as stack:
            street = Street(self._folder, self._hand, START, own)
            stack.enter_context(street.open(CENTRE))
            notice = NoticeTerms("Demo centre", ("notice of a stop",), "000")
            wire = Correspondence(CENTRE, own, street.ring, street.addresses, notice)
            store = self._folder / "centre.sqlite"
            keys = LocalKeys(secrets.token_bytes(32))
            office = Office(Setting(store, keys, wire, self._policy, self._hand, self._ids))
            office.start()
            stack.callback(office.stop)
            view = office.view()
            self._stop(office, view)
            self._confirm(office, view)
            self._freeze(office, view)
            frozen = self._held(view)
            papers = Papers(self._folder, self._say)
            self._return(office, view, street, papers)
            if office.fault is not None:
                raise office.fault
            view.catch_up()
            left = self._held(view)
            days = (self._hand.now() - START).days
            return Noticed(store, view.sequence, days, frozen, frozen - left, left, papers.count)

    # --- from the reports to the freeze ---

    def _stop(self, office: Office, view: View) -> None:
        """Two victims report; within a standing authority of two persons the chase stops what it finds."""
        for victim in _FIRST:
            taken, admitted = self._reported(office, victim, TAKER.who, OFFICER.who)
            self._must(office, TAKER, taken.take)
            self._must(office, OFFICER, admitted)
        total = sum(claim.amount for claim in self._case(view).claims)
        mandate = Mandate(
            "mandate-1", 8, 4 * total, CURRENCY, self._hand.now() + timedelta(hours=2), OFFICER.who
        )
        self._must(office, OFFICER, ProposeMandate(mandate))
        self._must(office, APPROVER, AgreeToMandate(mandate.id, APPROVER.who, mandate.digest))
        self._chase(office, view)

    def _reported(
        self, office: Office, victim: Victim, taker: str, other: str
    ) -> tuple[EnterReport, SettleClaim]:
        """Return the report that one person takes, and the admission of its claim by another."""
        claim_id, name, transfer = victim
        move = next(row for row in MOVES if row.id == transfer)
        held, target = ACCOUNTS[name], ACCOUNTS[move.payee]
        payer = office.directory.account(held.bank, held.number, held.name)
        payee = office.directory.account(target.bank, target.number, target.name)
        at = self._hand.now()
        told = (Grade.PLAUSIBLE, Channel.EMERGENCY_CALL, True, at, at, taker)
        report = Report(f"report-{claim_id}", payer, *told)
        paid_at = START - timedelta(minutes=move.minutes)
        where = (target.bank, CURRENCY, move.amount, paid_at, taker)
        claim = Claim(claim_id, report.id, payer, transfer, payer, payee, *where)
        self._say(f"{held.name} reports {money(move.amount)} paid to an account at {target.bank}")
        admitted = SettleClaim(claim_id, ClaimTrigger.ADMIT, other)
        named = (Named(payer, held.bank), Named(payee, target.bank))
        return EnterReport(TakeReport(report, claim, "station-1"), named), admitted

    def _chase(self, office: Office, view: View) -> None:
        """Wait, by the machine's clock, until no institution has anything more to say; tell what comes."""
        quiet_since = time.monotonic()

        def is_over() -> bool:
            nonlocal quiet_since
            if office.fault is not None:
                raise office.fault
            if view.catch_up():
                self._tell(view)
                quiet_since = time.monotonic()
            case = view.state.case(CASE)
            is_waiting = any(
                tracked.is_on_its_way
                for hold in view.state.holds.values()
                for tracked in hold.orders
            )
            if is_waiting or not case.has_current_trail():
                return False
            planned = items_of(case, self._hand.now(), self._policy, OFFICER.who)
            is_quiet = time.monotonic() - quiet_since > _QUIET_SECONDS
            return is_quiet and not any(item.mandate for item in planned)

        if not wait_until(is_over, CHASE_SECONDS_MAX):
            raise GatewayFault("expected every institution's answer, some did not come")

    # --- the return ---

    def _return(self, office: Office, view: View, street: Street, papers: Papers) -> None:
        """Play the return: two plans and notices, an objection that fails, one that succeeds, and the payments."""
        work = self._returning(office, view, street, papers)
        work.open(list(_FIRST))
        work.plan()
        work.publish()
        work.paper("papers-first-notice")
        work.days_pass(9)
        filed = self._today
        work.objects("objection-1", "Holder 2", "It is my wages.")
        work.days_pass(2)
        reasons = "No paper shows wages; the account was opened a week before."
        row = Opposed("Holder 2", filed, "It is my wages.", False, reasons, self._today)
        work.settles("objection-1", row)
        work.days_pass(5)
        filed = self._today
        taken, admitted = self._reported(office, _LATE, PREPARER, CITY)
        work.people.must(PREPARER, taken)
        work.people.must(CITY, admitted)
        self._chase(office, view)
        grounds = "I paid into this account too and was not asked."
        work.objects("objection-2", "Victim 3", grounds)
        work.days_pass(5)
        reasons = "The bank of the payer shows the payment; the claim was admitted."
        work.settles("objection-2", Opposed("Victim 3", filed, grounds, True, reasons, self._today))
        self._say(
            "the plan fell with it: a new one is needed, and it is made public for as long again"
        )
        work.apply(_LATE)
        work.plan()
        work.publish()
        work.notice_ends()
        work.decide()
        work.paper("papers")
        work.pay()

    def _returning(self, office: Office, view: View, street: Street, papers: Papers) -> Returning:
        """Put the people and what they work with together."""

        def look() -> CentreState:
            if office.fault is not None:
                raise office.fault
            view.catch_up()
            return view.state

        def ask(request: Request) -> Outcome:
            command_id = self._ids.new("command")
            return office.submit(command_of(COMMAND_REGISTRY, command_id, request)).result()

        def wait(is_done: Callable[[], bool]) -> None:
            if not wait_until(is_done, CHASE_SECONDS_MAX):
                raise GatewayFault("expected the centre and the banks to go on, they did not")

        people = People(ask, CASE, look().case(CASE).unit)
        return Returning(
            CASE,
            self._policy,
            office,
            self._hand,
            self._ids,
            people,
            street,
            papers,
            look,
            wait,
            self._say,
            START,
        )

    # --- small things ---

    @property
    def _today(self) -> date:
        return self._hand.now().astimezone(ZONE).date()

    def _case(self, view: View) -> Case:
        view.catch_up()
        return view.state.case(CASE)

    def _held(self, view: View) -> int:
        return sum(hold.held for hold in self._case(view).holds)


def play_notice(folder: Path, say: Callable[[str], None]) -> Noticed:
    """Play the demo's second case with all its files in `folder`; `say` hears what happens, each line with its virtual day."""
    return NoticeDemo(folder, say).play_notice()


__all__ = ["Noticed", "play_notice"]
