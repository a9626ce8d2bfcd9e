"""Cases of several units worked at random through the real centre: chase, banks that answer or not, appeals, findings, time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from docket import claim, report
from sim.office import POLICY, Done, Office, Turned

from recoup.cases import (
    Case,
    Finding,
    FindingKind,
    Found,
    Mandate,
    Place,
    plan_orders,
    view_of,
)
from recoup.cases.commands import (
    AcceptHandover,
    AgreeToMandate,
    AgreeToOrder,
    ApplyTrail,
    ConfirmHold,
    FileAppeal,
    GrantHardship,
    OfferHandover,
    ProposeFinding,
    ProposeMandate,
    SettleAppeal,
    SettleClaim,
    SettleFinding,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.cases.state import AppealTrigger, ClaimTrigger, FindingTrigger
from recoup.centre import Reply
from recoup.centre.case_asked import CHASE
from recoup.centre.terms import decode_issued
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome, approvals_needed
from recoup.orders.kinds import FITTING, UNDER_MANDATE
from recoup.unrecognised import Unrecognised

UNITS = ("st-1", "st-2", "st-3")
BANKS = ("bank-a", "bank-b", "bank-c")


class Wards:
    """A centre without threads and a chance that decides what happens next."""

    def __init__(self, seed: int) -> None:
        self.chance, self.office, self.number = Random(seed), Office(), 0
        self.marks: Counter[str] = Counter()

    def work(self, steps: int) -> Wards:
        for _ in range(steps):
            self.step()
        return self

    def step(self) -> None:
        tasks = [self.take_up] * 6 + [self.answer] * 6 + [self.moves_on] * 3 + [self.pass_time] * 2
        tasks += [self.report, self.confirm, self.appeal, self.settle, self.find, *[self.keep] * 3]
        tasks += [self.hand_over]
        self.chance.choice(tasks)()

    # --- ways to say something ---

    @property
    def now(self):
        return self.office.clock.now()

    @property
    def cases(self) -> list[Case]:
        return [case for case in self.office.scribe.state.cases.values() if case.is_open]

    def ask(self, case: str, who: str, what: object) -> bool:
        role = CHASE if who == CHASE else "officer"
        outcome = self.office.ask(who, what, role=role, case=case)
        assert isinstance(outcome, Done | Turned), outcome
        name = type(what).__name__
        self.marks[name if isinstance(outcome, Done) else f"{name}: {outcome.reason}"] += 1
        return isinstance(outcome, Done)

    def new(self, kind: str) -> str:
        self.number += 1
        return f"{kind}-{self.number}"

    def some_case(self) -> Case | None:
        return self.chance.choice(self.cases) if self.cases else None

    # --- what happens ---

    def report(self) -> None:
        case, one = self.new("case"), self.new("c")
        at = self.now - timedelta(minutes=self.chance.randrange(50))
        taken = report(self.new("r"), at)
        paid = at - timedelta(minutes=self.chance.randrange(1, 500))
        account = self.new("acc")
        claimed = claim(
            one,
            account,
            self.chance.randrange(20_000, 90_000),
            report=taken.id,
            paid_at=paid,
            institution=self.chance.choice(BANKS),
            currency=self.chance.choice(("CNY", "CNY", "USD")),
        )
        self.ask(case, "taker", TakeReport(taken, claimed, self.chance.choice(UNITS)))
        self.ask(case, "ann", SettleClaim(one, ClaimTrigger.ADMIT, "ann"))
        there = (claimed.institution, claimed.currency)
        self.trace(case, (one, account, *there, claimed.amount, Found.UNKNOWN))
        until = self.now + timedelta(days=30)
        mandate = Mandate(self.new("m"), 9, 10**9, claimed.currency, until, "lead")
        self.ask(case, "lead", ProposeMandate(mandate))
        self.ask(case, "chief", AgreeToMandate(mandate.id, "chief", mandate.digest))

    def trace(self, case: str, *rows: tuple[str, str, str, str, int, Found]) -> None:
        places = tuple(
            Place(one, account, bank, currency, amount, self.now, found, hop=1 + number)
            for number, (one, account, bank, currency, amount, found) in enumerate(rows)
            if amount
        )
        version = self.office.scribe.state.case(case).facts_version
        digest = digest_of("t", version, places)
        self.ask(case, "tracer", ApplyTrail(version, digest, places))

    def moves_on(self) -> None:
        """The newest trail finds a part where the money was, and the rest at a new account."""
        case = self.some_case()
        if case is None:
            return
        rows = []
        for one in case.claims:
            known = [place for place in case.places if place.claim == one.id]
            first = known[0].account if known else one.payee
            part = self.chance.choice([0, one.amount // 3, one.amount])
            bank = known[0].institution if known else one.institution
            rows.append((one.id, first, bank, one.currency, part, Found.LOCATED))
            there = (self.new("acc"), self.chance.choice(BANKS))
            rows.append((one.id, *there, one.currency, one.amount - part, Found.UNKNOWN))
        if case.trail_version < case.facts_version:
            self.trace(case.id, *rows)

    def take_up(self) -> None:
        """Let an order of the plan leave: under the mandate, or with as many approvals as it needs."""
        case = self.some_case()
        if case is None:
            return
        plan = plan_orders(case, self.now, POLICY)
        if not plan.orders:
            return
        found = self.chance.choice(plan.orders)
        key = HoldKey(case.id, found.account, found.currency)
        mandate = case.mandates[0].id if found.kind in UNDER_MANDATE and case.mandates else ""
        maker = CHASE if mandate else "maker"
        bank, amount = found.institution, found.amount
        order = Order(self.new("o"), found.kind, key, bank, amount, maker, "plan", mandate=mandate)
        self._agreed(case, order, plan)

    def keep(self) -> None:
        """Freeze what is stopped."""
        case = self.some_case()
        asked = [row for row in case.holds if row.asked] if case else []
        if case is None or not asked:
            return
        row = self.chance.choice(asked)
        key = HoldKey(case.id, row.account, row.currency)
        kind = self.chance.choice((OrderKind.FREEZE, OrderKind.FREEZE, OrderKind.POSTPONE))
        plan = plan_orders(case, self.now, POLICY)
        found = plan.keeping(kind, row)
        if found is None:
            return
        order = Order(self.new("o"), kind, key, found.institution, found.amount, "maker", "keep")
        self._agreed(case, order, plan)

    def _agreed(self, case: Case, order: Order, plan) -> None:
        for number in range(approvals_needed(order, POLICY.orders)):
            view = view_of(case, order, plan)
            assert view is not None
            who = f"approver-{number}"
            self.ask(case.id, who, AgreeToOrder(order, who, view.digest))
        if self.ask(case.id, order.made_by, TakeUp(order)):
            self.marks[order.kind.value] += 1

    def answer(self) -> None:
        """A bank answers the oldest message, or takes it and says nothing."""
        message = self.office.next_message(0)
        if message is None:
            return
        order = decode_issued(message.body).order
        if self.chance.random() < 0.2:
            self.office.reply(message, Reply(()))
            self.marks["silence"] += 1
            return
        usual = {
            OrderKind.STOP: Outcome.HELD,
            OrderKind.EXTEND: Outcome.HELD,
            OrderKind.FREEZE: Outcome.FROZEN,
        }
        outcome = self.chance.choice(
            [
                *sorted(FITTING[order.kind]),
                *([usual[order.kind]] * 3 if order.kind in usual else []),
            ]
        )
        if self.chance.random() < 0.1:
            odd = Answer(self.new("a"), Unrecognised("eaten"), 0, self.now)
            self.office.reply(message, Reply((odd,)))
            self.marks["unclear"] += 1
            return
        held = order.amount if outcome in {Outcome.HELD, Outcome.FROZEN, Outcome.REDUCED} else 0
        held = order.amount // 2 if outcome is Outcome.HELD_SHORT else held
        if outcome is Outcome.POSTPONED:
            held = self.office.scribe.state.hold(order.key).held
        answer = Answer(self.new("a"), outcome, held, self.now)
        self.office.reply(message, Reply((answer,)))
        self.marks[f"said {outcome.value}"] += 1

    def confirm(self) -> None:
        case = self.some_case()
        for row in case.holds if case else ():
            if row.held and row.answered_at is not None and case is not None:
                self.office.clock.move(timedelta(minutes=1))
                self.ask(
                    case.id, "digest", ConfirmHold(row.account, row.currency, row.held, self.now)
                )

    def pass_time(self) -> None:
        self.office.clock.move(timedelta(hours=self.chance.choice([1, 5, 30])))
        self.office.fire()

    def appeal(self) -> None:
        case = self.some_case()
        if case is None or not case.holds:
            return
        row = self.chance.choice(case.holds)
        self.ask(case.id, "desk", FileAppeal(self.new("ap"), row.account, row.currency, True))

    def settle(self) -> None:
        case = self.some_case()
        waiting = [row for row in case.appeals if row.decided_at is None] if case else []
        if case is None or not waiting:
            return
        row = self.chance.choice(waiting)
        trigger = self.chance.choice(list(AppealTrigger)[:3])
        self.ask(case.id, "judge", SettleAppeal(row.id, trigger, "judge", 0, "papers seen"))

    def hand_over(self) -> None:
        """Offer a case to another unit, and let the other unit take it at once, later, or never."""
        case = self.some_case()
        if case is None:
            return
        digest = self.office.scribe.state.packet_of(case.id).digest
        waiting = case.offered
        if waiting is None or waiting.digest != digest:
            unit = self.chance.choice(UNITS)
            offer = OfferHandover(self.new("h"), unit, digest, "lead", "the holder lives there")
            self.ask(case.id, "lead", offer)
            waiting = self.office.scribe.state.case(case.id).offered
        if waiting is not None and self.chance.random() < 0.7:
            self.ask(case.id, "other", AcceptHandover(waiting.id, waiting.digest, "other"))

    def find(self) -> None:
        case = self.some_case()
        held = [row for row in case.holds if row.held] if case else []
        if case is None or not held:
            return
        row = self.chance.choice(held)
        if self.chance.random() < 0.3:
            half = row.held // 2
            words = ("lead", "chief", "rent")
            self.ask(case.id, "lead", GrantHardship(row.account, row.currency, half, *words))
            return
        kind = self.chance.choice([*FindingKind])
        is_void = kind is FindingKind.CLAIM_VOID
        self.marks[kind.value] += 1
        subject = self.chance.choice(case.claims).id if is_void else row.account
        finding = Finding(self.new("f"), kind, subject, "lead", "papers seen")
        self.ask(case.id, "lead", ProposeFinding(finding))
        self.ask(
            case.id,
            "judge",
            SettleFinding(finding.id, FindingTrigger.AGREE, "judge", finding.digest),
        )
