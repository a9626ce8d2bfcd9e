"""The return of the demo's second case: two plans, two public notices, two objections, then decision, notices and receipts.

Every step is a command that the centre decides; whoever does not act here is the clock, which the play turns over the days on
which nothing happens. Where a step is refused because a notice still runs, that refusal is asked for and told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from recoup.cases import CasePolicy
from recoup.centre.account_room import TEXTS, EnterAccount
from recoup.centre.commands import Declined, Done
from recoup.centre.office import Office
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import command_of
from recoup.centre.return_planner import gather, prepared
from recoup.centre.state import CentreState
from recoup.centre.victim_view import victim_view
from recoup.clock import HandClock
from recoup.demo.notice_papers import Given, Opposed, Papers, Shared
from recoup.demo.people import CITY, PREPARER, PROVINCE, SECOND, People
from recoup.demo.street import ACCOUNTS, CURRENCY, Street
from recoup.errors import GatewayFault
from recoup.ids import Ids
from recoup.money import format_minor
from recoup.orders import OrderKind
from recoup.orders.commands import ApproveOrder
from recoup.paper.victim_words import STANDS, told
from recoup.procedure import (
    Application,
    Capacity,
    ClaimKey,
    Objection,
    Payee,
    PayeeKind,
    PaymentState,
    Return,
    RoundState,
)
from recoup.procedure import commands as asked
from recoup.stores.vault import Purpose

RETURN: Final = "return-1"
ZONE: Final = ZoneInfo("Asia/Shanghai")
_TO_ACT: Final = timedelta(hours=10)
"""After a day's first midnight: when people are at work."""
Victim = tuple[str, str, str]
"""Claim, name in the play, disputed payment."""


@dataclass(slots=True)
class Returning:
    """The return while it is played. `look` gives what is on disk, `wait` lets the machine's time pass until it is so."""

    case: str
    policy: CasePolicy
    office: Office
    hand: HandClock
    ids: Ids
    people: People
    street: Street
    papers: Papers
    look: Callable[[], CentreState]
    wait: Callable[[Callable[[], bool]], None]
    say: Callable[[str], None]
    began: datetime
    victims: list[Victim] = field(default_factory=list)
    opposed: list[Opposed] = field(default_factory=list)
    due_on: date | None = None

    # --- applications and plans ---

    def open(self, victims: list[Victim]) -> None:
        """Open the return; these victims apply, each to be paid into the account the money came from."""
        self.people.must(PREPARER, asked.OpenReturn(RETURN, (self.case,), PREPARER))
        for victim in victims:
            self.apply(victim)

    def apply(self, victim: Victim) -> None:
        """Take in the application of one victim."""
        claim_id, name, _ = victim
        held = ACCOUNTS[name]
        payer = self.office.directory.account(held.bank, held.number, held.name)
        self.people.must(PREPARER, EnterAccount(payer, held.bank, self.case))
        claim = self.look().case(self.case).claim(claim_id)
        assert claim is not None, "reported before"
        payee = Payee(PayeeKind.ORIGINAL, payer, claim.victim, held.bank)
        made = Application(
            f"application-{claim_id}",
            ClaimKey(self.case, claim_id),
            Capacity.VICTIM,
            claim.victim,
            payee,
            PREPARER,
        )
        self.people.must(PREPARER, asked.TakeApplication(RETURN, made))
        self.victims.append(victim)
        self.say(f"return: {held.name} applies")

    def plan(self) -> None:
        """Have the centre work out who gets what; another person agrees at the level of a city."""
        directory = self.office.directory
        gathered = gather(self.look(), RETURN, self.policy)
        if isinstance(gathered, Declined):
            raise GatewayFault(f"expected a return that can be planned, was {gathered}")
        empty = asked.BindPlan(RETURN, "", "", "", (), PREPARER)
        request, pieces = prepared(directory, gathered, self.people.request(PREPARER, empty))
        command = command_of(COMMAND_REGISTRY, self.ids.new("command"), request)
        directory.keep_first(pieces, command.id, self.hand.now())
        outcome = self.office.submit(command).result()
        if not isinstance(outcome, Done):
            raise GatewayFault(f"expected the centre to bind its plan, was {outcome}")
        directory.told(command.id)
        for claim, number, mode, amount in self.given():
            self.say(f"plan: {claim} gets {money(amount)} of account {number[-4:]}, mode {mode}")
        self.people.must(CITY, asked.ApprovePlan(RETURN, CITY, self.digest))
        self.say("plan approved at the level of a city, by another person than its maker")

    def given(self) -> list[Given]:
        """Return what the bound plan gives, accounts by their numbers."""
        plan = self.found.round.plan
        assert plan is not None, "bound before"
        return sorted(
            (row.key.claim, self._number(row.place.account), row.mode, row.amount)
            for row in plan.awards
        )

    # --- the public notice ---

    def publish(self) -> None:
        """Make the plan public; that it cannot be decided now is asked for, not assumed."""
        self.people.must(PREPARER, asked.PublishNotice(RETURN, PREPARER, self.digest))
        self.say(
            f"made public, with no name in it; the notice runs until {self._day(self.ends_at)}"
        )
        early = self.people.refusal(CITY, asked.DecideRound(RETURN, CITY, self.digest))
        self.say(f"to decide now is refused: {early}")

    def objects(self, name: str, objector: str, text: str) -> None:
        """Take in what somebody has against the plan; the text lies in the vault."""
        about = f"text-{name}"
        self.office.directory.keep(f"{TEXTS} {self.case}", {about: text})
        made = Objection(name, f"by-{name}", about, SECOND, "")
        self.people.must(SECOND, asked.TakeObjection(RETURN, made))
        self.say(f"objection of {objector}: {text}")

    def settles(self, name: str, row: Opposed) -> None:
        """Decide on an objection with reasons, at the level of a city or above, by another person than who took it."""
        settled = asked.SettleObjection(RETURN, name, row.is_upheld, PROVINCE, row.reasons)
        self.people.must(PROVINCE, settled)
        self.opposed.append(row)
        word = "upheld" if row.is_upheld else "dismissed"
        self.say(f"objection of {row.objector} {word}: {row.reasons}")

    def days_pass(self, count: int) -> None:
        """Turn the clock on to working hours so many days later; everybody logs in anew."""
        day = self.hand.now().astimezone(ZONE).date() + timedelta(days=count)
        at = datetime.combine(day, time(), ZONE) + _TO_ACT
        self._turn(at)

    def notice_ends(self) -> None:
        """Turn the clock to a second before the notice's end, then past it; the centre's own deadline does the rest."""
        ends_at = self.ends_at
        self._turn(ends_at - timedelta(seconds=1))
        self.say("the notice still runs for a second")
        refusal = self.people.refusal(CITY, asked.DecideRound(RETURN, CITY, self.digest))
        assert refusal == "notice_runs", refusal
        self._turn(ends_at)
        self.wait(lambda: self.found.round.state is RoundState.REVIEWED)
        self._turn(ends_at + _TO_ACT)
        self.say("the notice is over and no objection is open")

    def _turn(self, at: datetime) -> None:
        self.hand.move(at - self.hand.now())
        self.people.again()

    # --- decision and payment ---

    def decide(self) -> None:
        """Decide; then each bank is given notice, and two persons let each order leave."""
        self.people.must(CITY, asked.DecideRound(RETURN, CITY, self.digest))
        payments = self.found.payments
        awarded = sum(row.amount for row in payments)
        self.say(f"decided: {money(awarded)} in {len(payments)} payments")
        ids = tuple(row.id for row in payments)
        self.people.must(PREPARER, asked.NotifyBank(RETURN, ids, (PREPARER, SECOND), PREPARER))
        due = self.found.payments[0].due_at
        assert due is not None, "told"
        self.due_on = (due - timedelta(seconds=1)).astimezone(ZONE).date()
        self.say(f"banks are given notice: by law they must have paid by the end of {self.due_on}")

    def pay(self) -> None:
        """Let the orders leave; the receipts come back, and the money is seen to arrive."""
        before = {name: self.street.balance(name) for _, name, _ in self.victims}
        for payment in self.found.payments:
            tracked = self.look().find(payment.order_id)
            assert tracked is not None, "drafted with the notice"
            for person in (CITY, PROVINCE):
                approved = ApproveOrder(payment.order_id, person, tracked[1].order.digest)
                self.people.must(person, approved)
        self.wait(self._is_paid)
        for payment in self.found.payments:
            receipt = payment.facts[-1]
            self.say(f"{payment.institution}: paid {money(receipt.amount)}, receipt in")
        arrived = 0
        for claim_id, name, _ in self.victims:
            amount = self.street.balance(name) - before[name]
            arrived += amount
            self.say(f"{ACCOUNTS[name].name}'s own account: {money(amount)} arrived")
            self.say(f"{ACCOUNTS[name].name} reads: {self._reads(claim_id)}")
        awarded = sum(row.amount for row in self.found.payments)
        paid = sum(row.paid for row in self.found.payments)
        assert awarded == paid == arrived, "every award has its receipt and arrived"

    def _is_paid(self) -> bool:
        rows = self.found.payments
        return all(row.state is PaymentState.PAID and row.facts for row in rows)

    def _reads(self, claim_id: str) -> str:
        state = self.look()
        claim = state.case(self.case).claim(claim_id)
        assert claim is not None, "reported before"
        view = victim_view(state.case(self.case), claim, state.returns.get(RETURN))
        return told(STANDS[view.stage], "en")

    # --- papers ---

    def paper(self, name: str) -> None:
        """Write the papers of the plan that stands."""
        notice = self.found.round.notices[-1]
        case = self.look().case(self.case)
        frozen: dict[str, int] = {}
        for row in self._frozen_at_plan():
            frozen[row[0]] = frozen.get(row[0], 0) + row[1]
        assert case.is_open, "the play's case"
        shared = Shared(
            self.began,
            self.hand.now().astimezone(ZONE).date(),
            tuple(self.victims),
            tuple(sorted(frozen.items())),
            self._day(notice.published_at),
            self._day(notice.ends_at),
            self.due_on,
            tuple(self.opposed),
            self.given(),
        )
        self.papers.write(name, shared)

    def _frozen_at_plan(self) -> list[tuple[str, int]]:
        """Return what is frozen, by account of the play; what was paid of it counts as it was when the plan was made."""
        names = {held.number: name for name, held in ACCOUNTS.items()}
        return [
            (names[self._number(hold.account)], hold.held)
            for hold in self.look().case(self.case).holds
            if hold.held and hold.basis is OrderKind.FREEZE
        ]

    # --- small things ---

    @property
    def found(self) -> Return:
        """The return as the disk has it."""
        return self.look().returns[RETURN]

    @property
    def digest(self) -> str:
        """What an approval binds."""
        plan = self.found.round.plan
        assert plan is not None, "bound before"
        return plan.digest

    @property
    def ends_at(self) -> datetime:
        """When the newest notice ends."""
        return self.found.round.notices[-1].ends_at

    def _number(self, account: str) -> str:
        purpose = Purpose(PREPARER, self.case, "papers of a return")
        return self.office.directory.entry(account, purpose).number

    @staticmethod
    def _day(at: datetime) -> date:
        """Return the day of an instant; an end at midnight is the day before it."""
        return (at - timedelta(seconds=1)).astimezone(ZONE).date()


def money(minor: int) -> str:
    """Return an amount as the screen shows it."""
    return f"{format_minor(minor, 2)} {CURRENCY}"


__all__ = ["RETURN", "ZONE", "Returning", "Victim", "money"]
