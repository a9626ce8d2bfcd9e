"""One case in a centre without threads, worked by commands: what tests of rooms start from."""

from __future__ import annotations

from datetime import timedelta

from docket import claim, report
from sim.office import POLICY, START, Done, Office

from recoup.cases import Found, Mandate, Place, plan_orders
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
from recoup.centre import Reply
from recoup.orders import Answer, HoldKey, Order

CASE = "case-1"
PAID = START - timedelta(hours=1)


class Work:
    """One case in a centre without threads."""

    def __init__(self):
        self.office = Office()

    def must(self, who, what):
        outcome = self.office.ask(who, what, case=CASE)
        assert isinstance(outcome, Done), outcome
        return outcome

    def reported(self, amount=100):
        self.must(
            "taker",
            TakeReport(report(at=START), claim("c1", "a", amount, paid_at=PAID), "station-1"),
        )
        self.must("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann"))
        self.trace(self.lies("a", amount, Found.UNKNOWN))
        return self

    def under_mandate(self, amount=1000):
        until = START + timedelta(hours=2)
        mandate = Mandate("m1", 5, amount, "CNY", until, "officer")
        self.must("officer", ProposeMandate(mandate))
        self.must("approver", AgreeToMandate("m1", "approver", mandate.digest))
        return self

    @staticmethod
    def lies(account, amount, found=Found.LOCATED, hop=1):
        return Place("c1", account, f"bank-{account}", "CNY", amount, START, found, hop=hop)

    @property
    def case(self):
        return self.office.scribe.state.case(CASE)

    def trace(self, *places):
        version = self.case.facts_version
        self.must("chase", ApplyTrail(version, digest_of("test", version, places), places))

    def order(self, kind, account, **more):
        found = plan_orders(self.case, self.office.clock.now(), POLICY).find(kind, account, "CNY")
        name = f"o{len(self.case.orders)}-{account}"
        key, amount = HoldKey(CASE, account, "CNY"), found.amount if found else 0
        return Order(name, kind, key, f"bank-{account}", amount, "chase", "plan", **more)

    def leaves(self, kind, account):
        order = self.order(kind, account, mandate="m1")
        self.must("chase", TakeUp(order))
        return order

    def answered(self, order, outcome, held):
        message = self.office.next_message(0)
        assert message.id == order.id
        answer = Answer(f"a-{order.id}", outcome, held, self.office.clock.now())
        return self.office.reply(message, Reply((answer,)))

    def records(self, since):
        return [r.name for r in self.office.journal.records(since + 1)]

    def tracked(self, order):
        return self.office.scribe.state.hold(order.key).find(order.id)
