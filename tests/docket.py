"""A case worked in the words of the trade: `Docket` carries out commands and plays the institutions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from recoup.cases import (
    Case,
    CasePolicy,
    Channel,
    Claim,
    Derived,
    Finding,
    FindingKind,
    Found,
    Grade,
    Place,
    Plan,
    Refusal,
    Report,
    decide,
    fold,
    plan_orders,
    view_of,
)
from recoup.cases.commands import (
    AddFacts,
    AgreeToOrder,
    ApplyTrail,
    Command,
    ConfirmHold,
    NoteHold,
    ProposeFinding,
    SettleClaim,
    SettleFinding,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.cases.entitlements import current
from recoup.cases.events import Event
from recoup.cases.state import ClaimTrigger, FindingTrigger
from recoup.orders import HoldKey, Order, OrderKind, approvals_needed
from recoup.reading.policies import read_case_policy

CN_2016 = read_case_policy("cn-2016")
POLICY = replace(CN_2016, small_amount=0)
"""As shipped, but for the guard against small payments: the sums of tests are small."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = ("ann", "bo", "chen", "dai")


def report(number: str = "r1", at: datetime = START) -> Report:
    """A report that was entered as it came."""
    channel = Channel.EMERGENCY_CALL
    return Report(number, "reporter-1", Grade.PLAUSIBLE, channel, True, at, at, "taker")


def claim(number: str, payee: str, amount: int, **more: object) -> Claim:
    """A claim of one payment to `payee`, an hour before the report."""
    values = {
        "report": "r1",
        "victim": f"victim-{number}",
        "transfer": f"t-{number}",
        "payer": f"card-{number}",
        "institution": "bank-" + payee,
        "currency": "CNY",
        "paid_at": START - timedelta(hours=1),
        "made_by": "taker",
    }
    values.update(more)
    return Claim(id=number, payee=payee, amount=amount, **values)  # type: ignore[arg-type]


def lies(number: str, account: str, amount: int, found: Found = Found.LOCATED, **more: object):
    """A place of a trail."""
    values = {"institution": "bank-" + account, "currency": "CNY", "since": START}
    values.update(more)
    return Place(claim=number, account=account, amount=amount, found=found, **values)  # type: ignore[arg-type]


@dataclass
class Docket:
    """One case at a clock that the test turns."""

    policy: CasePolicy = POLICY
    now: datetime = START
    case: Case = field(default_factory=lambda: Case("case-1"))
    events: list[tuple[datetime, Event]] = field(default_factory=list)
    orders: int = 0

    def do(self, command: Command) -> tuple[Event, ...] | Refusal:
        """Carry out a command."""
        found = decide(self.case, command, self.now, self.policy)
        if not isinstance(found, Refusal):
            self.events += [(self.now, event) for event in found]
            self.case = fold(self.case, found)
        return found

    def must(self, command: Command) -> tuple[Event, ...]:
        """Carry out a command that must not be refused."""
        found = self.do(command)
        assert not isinstance(found, Refusal), found
        return found

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def reported(self, *claims: Claim) -> Docket:
        """Take a report with these claims, all admitted by a second person."""
        for one in claims:
            self.must(TakeReport(report(), one, "station-1"))
            self.must(SettleClaim(one.id, ClaimTrigger.ADMIT, "ann"))
        return self

    def trace(self, *places: Place, derived: tuple[Derived, ...] = ()) -> None:
        """Submit what a worker found of the newest facts."""
        digest = digest_of("test", self.case.facts_version, places)
        self.must(ApplyTrail(self.case.facts_version, digest, places, derived))

    def trace_again(self, *places: Place) -> None:
        """Let rows come in, and submit what a worker found then."""
        self.must(AddFacts(f"rows-{len(self.events)}", ()))
        self.trace(*places)

    @property
    def plan(self) -> Plan:
        """What would be ordered now."""
        return plan_orders(self.case, self.now, self.policy)

    def kinds(self) -> list[tuple[str, str, int]]:
        """Kind, account and amount of each proposal."""
        return [(order.kind.value, order.account, order.amount) for order in self.plan.orders]

    def order(self, kind: OrderKind, account: str, currency: str = "CNY", **more: object) -> Order:
        """Write the proposal of that kind as an order."""
        known = self.case.standing(account, currency)
        found = self.plan.find(kind, account, currency)
        found = found or (self.plan.keeping(kind, known) if known else None)
        assert found is not None, (kind, account, self.plan)
        self.orders += 1
        key = HoldKey(self.case.id, account, currency)
        return Order(
            f"o{self.orders}",
            kind,
            key,
            found.institution,
            found.amount,
            "maker",
            "chase",
            **more,  # type: ignore[arg-type]
        )

    def send(self, kind: OrderKind, account: str, currency: str = "CNY") -> Order:
        """Let a proposal leave, with the approvals it needs."""
        order = self.order(kind, account, currency)
        for person in PEOPLE[: approvals_needed(order, self.policy.orders)]:
            view = view_of(self.case, order, self.plan)
            assert view is not None
            self.must(AgreeToOrder(order, person, view.digest))
        self.must(TakeUp(order))
        return order

    def hears(self, account: str, held: int, word: str = "held", **more: object) -> None:
        """An institution answers the newest order about the account."""
        known = self.case.standing(account, "CNY")
        assert known is not None
        asked = known.asked if word in {"held", "held_short", "frozen", "reduced"} else 0
        values = {"basis": OrderKind.STOP, "period": 0, "asked": asked}
        values.update(more)
        self.must(
            NoteHold(account, "CNY", known.institution, held=held, word=word, at=self.now, **values)  # type: ignore[arg-type]
        )

    def confirms(self, account: str, held: int) -> None:
        """The next balance digest of the institution shows the same."""
        self.wait(minutes=5)
        self.must(ConfirmHold(account, "CNY", held, self.now))

    def holds(self, account: str, held: int | None = None, *, twice: bool = True) -> None:
        """Stop an account; the institution holds the amount, and its balance digest shows it."""
        known = self.case.standing(account, "CNY")
        kinds = (OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE)
        kind = next(kind for kind in kinds if self.plan.find(kind, account, "CNY"))
        order = self.send(kind, account)
        held = order.amount if held is None else held
        self.hears(account, held, "held" if held >= order.amount else "held_short")
        if twice:
            self.confirms(account, held)
        assert known is None or known.asked < order.amount

    def found(self, kind: FindingKind, subject: str) -> None:
        """Decide a finding by two persons."""
        finding = Finding(f"f{len(self.case.findings)}", kind, subject, "lead", "papers seen")
        self.must(ProposeFinding(finding))
        self.must(SettleFinding(finding.id, FindingTrigger.AGREE, "judge", finding.digest))

    def stands(self) -> dict[str, dict[str, int]]:
        """Entitlements by account and claim."""
        return {account: claims for (account, _), claims in current(self.case).items()}
