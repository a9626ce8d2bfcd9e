"""The demo's way back: application, plan, approval, decision, notice, the banks' payments and receipts. Persons are ids.

The centre works the plan out from the case's own statements under its policy, in a process of its own, as it does for an
office; its files are kept. All of it goes through the desk's commands. The claim stands alone, so the law sets no notice and no
days to wait for; where it sets days within which somebody must act, the screen says so and nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.cases import Claim
from recoup.centre.account_room import EnterAccount
from recoup.centre.directory import Directory
from recoup.centre.requests import Actor, Request
from recoup.centre.return_planner import gather, prepared
from recoup.centre.return_sheets import ReturnSheets
from recoup.centre.state import CentreState
from recoup.centre.victim_view import victim_view
from recoup.demo.people import CITY, PREPARER, PROVINCE, SECOND, People
from recoup.demo.scene import Side
from recoup.demo.town import CURRENCY
from recoup.money import format_minor
from recoup.orders.commands import ApproveOrder
from recoup.paper.victim_words import STANDS, told
from recoup.procedure import (
    Application,
    Capacity,
    ClaimKey,
    Payee,
    PayeeKind,
    PaymentState,
    Return,
    sums_of,
)
from recoup.procedure import commands as asked
from recoup.reading.policies import read_case_policy

RETURN: Final = "return-1"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GivingBack:
    """One return of the demo's case. `look` gives what is on disk, `wait` lets time pass until something is so."""

    case: str
    payers: Mapping[str, Side]
    """Claim -> the account that the money was taken from."""
    policy: str
    people: People
    look: Callable[[], CentreState]
    directory: Directory
    wait: Callable[[Callable[[], bool]], None]
    say: Say

    def play(self) -> Return:
        """Give back what is frozen; return the return with all receipts in, or with its public notice running."""
        self._apply()
        self._plan()
        if self._is_shared():
            self._publish()
        else:
            self._decide()
            self._pay()
        self._told()
        return self._found()

    def _apply(self) -> None:
        """The victim asks, to be paid into the account that the money was taken from."""
        self.people.must(PREPARER, asked.OpenReturn(RETURN, (self.case,), PREPARER))
        for number, (id, side) in enumerate(self.payers.items(), start=1):  # noqa: A001 - a claim's
            payer = self.directory.account(side.institution, side.number, side.name)
            self.people.must(PREPARER, EnterAccount(payer, side.institution, self.case))
            claim = self._claim(id)
            payee = Payee(PayeeKind.ORIGINAL, payer, claim.victim, side.institution)
            key = ClaimKey(self.case, id)
            application = Application(
                f"application-{number}", key, Capacity.VICTIM, claim.victim, payee, PREPARER
            )
            self.people.must(PREPARER, asked.TakeApplication(RETURN, application))
        self.say("return: the victim applies, to be paid into the account the money came from")

    def _plan(self) -> None:
        """Have the centre work out who gets what from the case's statements, keep the plan's files, and bind it."""
        gathered = gather(self.look(), RETURN, read_case_policy(self.policy))
        assert isinstance(gathered, ReturnSheets), gathered
        empty = asked.BindPlan(RETURN, "", "", "", (), PREPARER)
        request = Request(Actor(PREPARER, "", RETURN), empty, case=self.case)
        planned, files = prepared(self.directory, gathered, request)
        self.directory.keep_all(files)  # no event names what is not kept
        self.people.must(PREPARER, planned.what)
        wanted = planned.what.awards
        for row in wanted:
            bank = self.look().hold(row.place).orders[-1].order.institution
            self.say(f"plan: {_money(row.amount)} of the account at {bank}, mode {row.mode}")
        assert self._found().round.plan is not None, "just bound"
        self.people.must(CITY, asked.ApprovePlan(RETURN, CITY, self._digest()))
        self.say("plan approved at the level of a city, by another person than its maker")

    def _is_shared(self) -> bool:
        """Return whether money that nobody can tell apart is shared, which the law lets be decided only after a notice."""
        plan = self._found().round.plan
        assert plan is not None, "bound before"
        return plan.is_pro_rata

    def _publish(self) -> None:
        self.people.must(PREPARER, asked.PublishNotice(RETURN, PREPARER, self._digest()))
        ends = self._found().round.notices[-1].ends_at
        self.say(f"made public, with no name in it: the notice runs until {ends:%Y-%m-%d}")
        early = self.people.refusal(CITY, asked.DecideRound(RETURN, CITY, self._digest()))
        self.say(f"to decide now is refused: {early}; recoup demo --notice shows what follows")

    def _decide(self) -> None:
        self.people.must(CITY, asked.DecideRound(RETURN, CITY, self._digest()))
        sums = sums_of(self._found(), "CNY")
        self.say(f"decided: {_money(sums.awarded)} in {len(self._found().payments)} payments")

    def _pay(self) -> None:
        """Give each bank notice; two persons let the order leave, and the bank's receipt comes back."""
        ids = tuple(row.id for row in self._found().payments)
        officers = (PREPARER, SECOND)
        self.people.must(PREPARER, asked.NotifyBank(RETURN, ids, officers, PREPARER))
        for payment in self._found().payments:
            tracked = self.look().find(payment.order_id)
            assert tracked is not None, "drafted with the notice"
            digest = tracked[1].order.digest
            for person in (CITY, PROVINCE):
                self.people.must(person, ApproveOrder(payment.order_id, person, digest))
        due = self._found().payments[0].due_at
        assert due is not None, "told"
        self.say(f"banks are given notice: by law they must have paid by {due:%Y-%m-%d}")
        self.wait(self._is_paid)
        for payment in self._found().payments:
            receipt = payment.facts[-1]
            self.say(f"{payment.institution}: paid {_money(receipt.amount)}, receipt in")

    def _is_paid(self) -> bool:
        rows = self._found().payments
        return all(row.state is PaymentState.PAID and row.facts for row in rows)

    def _told(self) -> None:
        """Say what the victim reads on the public page."""
        state = self.look()
        case = state.case(self.case)
        claim = self._claim(next(iter(self.payers)))
        view = victim_view(case, claim, state.returns.get(RETURN))
        self.say(f"the victim reads: {told(STANDS[view.stage], 'en')}")

    # --- small things ---

    def _claim(self, id: str) -> Claim:  # noqa: A002 - as the claim calls it
        claim = self.look().case(self.case).claim(id)
        assert claim is not None, "the demo's claim"
        return claim

    def _found(self) -> Return:
        return self.look().returns[RETURN]

    def _digest(self) -> str:
        plan = self._found().round.plan
        assert plan is not None, "bound before"
        return plan.digest


def _money(minor: int) -> str:
    return f"{format_minor(minor, 2)} {CURRENCY}"


__all__ = ["RETURN", "GivingBack"]
