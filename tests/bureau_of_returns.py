"""A return worked in the words of the trade: `Desk` carries out commands, keeps the events, knows what is held and missed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from recoup.orders import HoldKey
from recoup.procedure import (
    Application,
    Capacity,
    ClaimFact,
    ClaimKey,
    Facts,
    HoldFact,
    Payee,
    PayeeKind,
    Payment,
    Refusal,
    Return,
    ReturnTerms,
    decide,
    fold,
    sums_of,
)
from recoup.procedure.commands import (
    ApprovePlan,
    BindPlan,
    Command,
    DecideRound,
    NotifyBank,
    OpenReturn,
    PassNotice,
    PublishNotice,
    RecordPaid,
    TakeApplication,
    Wanted,
)
from recoup.procedure.events import Event
from recoup.reading.policies import read_case_policy

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
"""A Monday, ten in the morning in Shanghai."""
CASE, OTHER = "case-1", "case-2"
_TERMS = read_case_policy("cn-2016").procedure
assert _TERMS is not None
TERMS: ReturnTerms = _TERMS


def key(claim: str, case: str = CASE) -> ClaimKey:
    return ClaimKey(case, claim)


def place(account: str, case: str = CASE) -> HoldKey:
    return HoldKey(case, account, "CNY")


def own(claim: str) -> Payee:
    """The account that the money of a claim was taken from."""
    return Payee(PayeeKind.ORIGINAL, f"card-{claim}", f"person-{claim}", "bank-home")


def another(claim: str, kind: PayeeKind = PayeeKind.ANOTHER_OWN, reason: str = "closed") -> Payee:
    return Payee(kind, f"other-{claim}", f"person-{claim}", "bank-home", reason)


def asks(claim: str, **more: object) -> Application:
    values = {"capacity": Capacity.VICTIM, "applicant": f"person-{claim}", "payee": own(claim)}
    values |= {"id": f"a-{claim}", "key": key(claim), "taken_by": "desk"} | more
    return Application(**values)  # type: ignore[arg-type]


def gets(claim: str, amount: int, account: str = "mule", mode: int = 1) -> Wanted:
    return Wanted(key(claim), place(account), mode, amount)


def facts(holds: dict[str, int] | None = None, **losses: int) -> Facts:
    """What is frozen for a year by account, and what each claim misses."""
    ends_at = START + timedelta(days=365)
    held = {"mule": 100} if holds is None else holds
    losses = losses or {"c1": 60, "c2": 80}
    accounts = [f"{kind}-{claim}" for kind in ("card", "other") for claim in losses]
    return Facts(
        {place(x): HoldFact("bank-mule", held[x], True, ends_at) for x in held},
        {key(x): ClaimFact("CNY", True, losses[x], f"card-{x}") for x in losses},
        dict.fromkeys(accounts, "bank-home"),
    )


@dataclass
class Desk:
    """One return at a clock that the test turns."""

    facts: Facts = field(default_factory=facts)
    terms: ReturnTerms = TERMS
    now: datetime = START
    found: Return = field(default_factory=lambda: Return("r1"))
    events: list[Event] = field(default_factory=list)
    is_looked_at: bool = True
    """Whether every step folds all events again; a long walk does so at its end."""

    def do(self, command: Command) -> tuple[Event, ...] | Refusal:
        """Carry out a command."""
        said = decide(self.found, command, self.facts, self.now, self.terms)
        if not isinstance(said, Refusal):
            self.events += said
            self.found = fold(self.found, said)
            if self.is_looked_at:
                self.look()
        return said

    def look(self) -> None:
        assert self.found == fold(Return("r1"), self.events), "the fold of all is the return"
        sums_of(self.found, "CNY")

    def must(self, command: Command) -> tuple[Event, ...]:
        said = self.do(command)
        assert not isinstance(said, Refusal), said
        return said

    def refuses(self, command: Command) -> str:
        said = self.do(command)
        assert isinstance(said, Refusal), said
        return said.reason.value

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def holds(self, account: str, held: int | None = None, **more: object) -> None:
        """Change what is held on an account."""
        old = self.facts.holds[place(account)]
        fresh = replace(old, **({} if held is None else {"held": held}), **more)  # type: ignore[arg-type]
        self.facts = replace(self.facts, holds={**self.facts.holds, place(account): fresh})

    @property
    def digest(self) -> str:
        assert self.found.round.plan is not None
        return self.found.round.plan.digest

    # --- the usual way ---

    def opened(self, *claims: str) -> Desk:
        self.must(OpenReturn("r1", (CASE,), "officer"))
        for claim in claims:
            self.must(TakeApplication("r1", asks(claim)))
        return self

    def bound(self, *awards: Wanted) -> Desk:
        self.must(BindPlan("r1", "in", "out", "cn-2016", awards, "officer"))
        return self

    def approved(self, *awards: Wanted) -> Desk:
        self.bound(*awards)
        self.must(ApprovePlan("r1", "chief", self.digest))
        return self

    def published(self, *awards: Wanted) -> Desk:
        self.approved(*awards)
        self.must(PublishNotice("r1", "officer", self.digest))
        return self

    def ends_notice(self) -> None:
        number, count = self.found.round.number, len(self.found.round.notices)
        self.now = self.found.round.notices[-1].ends_at
        self.must(PassNotice("r1", number, count))

    def decided(self, *awards: Wanted) -> Desk:
        self.approved(*awards)
        self.must(DecideRound("r1", "chief", self.digest))
        return self

    def told(self, *payments: Payment) -> Desk:
        ids = tuple(row.id for row in payments or self.found.payments)
        self.must(NotifyBank("r1", ids, ("ann", "bo"), "officer"))
        return self

    def pays(self, payment: Payment, amount: int | None = None, receipt: str = "") -> None:
        """Let the bank pay, and its hold fall by it."""
        now = self.found.payment(payment.id)
        assert now is not None
        paid = now.outstanding if amount is None else amount
        name = receipt or f"receipt {len(now.facts)} {now.id}"
        self.must(RecordPaid("r1", now.order_id, name, paid, self.now))
        held = self.facts.holds[now.place].held
        self.holds(now.place.account, max(0, held - paid))

    @property
    def last(self) -> Payment:
        return self.found.payments[-1]


__all__ = [
    "CASE",
    "OTHER",
    "START",
    "TERMS",
    "Desk",
    "another",
    "asks",
    "facts",
    "gets",
    "key",
    "own",
    "place",
]
