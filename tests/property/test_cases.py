"""Cases under random desks: reports, trails, answers, findings in any order, watched by an auditor that knows only events."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from docket import PEOPLE, POLICY, START, claim, lies, report

from recoup.cases import (
    Case,
    CasePolicy,
    Finding,
    FindingKind,
    Found,
    Refusal,
    chase,
    decide,
    entitlements,
    fold,
    missing_of,
    net_of,
    overlap_of,
    plan_orders,
    view_of,
)
from recoup.cases.commands import (
    AddFacts,
    AgreeToOrder,
    ApplyTrail,
    Command,
    ConfirmHold,
    DecideSurplus,
    GrantHardship,
    LiftCap,
    MakeClaim,
    NoteHold,
    NoteRepaid,
    ProposeFinding,
    SettleClaim,
    SettleFinding,
    SwapAccount,
    TakeReport,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.cases.events import (
    CapLifted,
    ClaimAgreed,
    ClaimMade,
    ClaimRepaid,
    ClaimSettled,
    EntitlementsChanged,
    Event,
    FactsChanged,
    FindingProposed,
    FindingSettled,
    HoldConfirmed,
    HoldNoted,
    OrderTakenUp,
    StoodLowered,
    SurplusMarked,
    TrailApplied,
)
from recoup.cases.state import ClaimTrigger, FindingTrigger
from recoup.orders import HoldKey, Order, OrderKind

SHRINKING = replace(POLICY, orders=replace(POLICY.orders, can_shrink_stop=True))
ACCOUNTS = tuple("abdefgh")
LIVE = {"reported", "admitted"}


def slow_split(total: int, parts: dict[str, int]) -> dict[str, int]:
    """Share by largest remainder, one unit at a time: the auditor's own way."""
    whole = sum(parts.values())
    if not whole:
        return {}
    exact = {c: (total * p // whole, total * p % whole) for c, p in parts.items()}
    out = {c: low for c, (low, _) in exact.items()}
    order = sorted(parts, key=lambda c: (-exact[c][1], c))
    while sum(out.values()) < total:
        out[order.pop(0)] += 1
    return out


class Auditor:
    """Keeps its own books from events alone, and raises where money or persons do not add up."""

    def __init__(self) -> None:
        self.loss: dict[str, int] = {}
        self.repaid: Counter[str] = Counter()
        self.state: dict[str, str] = {}
        self.makers: dict[str, str] = {}
        self.agreed: dict[str, set[str]] = {}
        self.entitled: dict[tuple[str, str], int] = {}
        self.asked: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.confirmed: dict[str, int] = {}
        self.stood: dict[str, dict[str, int]] = {}
        self.findings: dict[str, str] = {}
        self.version = 0
        self.marks: Counter[str] = Counter()

    def missing(self, number: str) -> int:
        return self.loss[number] - self.repaid[number] if self.state[number] in LIVE else 0

    def backed(self, number: str) -> int:
        """What was confirmed for a claim over all accounts."""
        return sum(
            slow_split(min(self.confirmed.get(account, 0), sum(parts.values())), parts).get(
                number, 0
            )
            for account, parts in self.stood.items()
        )

    def watch(self, events: tuple[Event, ...]) -> None:
        """Take in one journal entry; then everything must add up."""
        for event in events:
            self.take(event)
        for number in self.loss:
            whole = sum(amount for (_, c), amount in self.entitled.items() if c == number)
            assert whole <= self.missing(number), "more is asked for than is missing"
        for account in self.asked:
            behind = sum(amount for (a, _), amount in self.entitled.items() if a == account)
            assert behind <= self.asked[account], "more stands behind an order than it asks for"

    def take(self, event: Event) -> None:
        match event:
            case ClaimMade(made):
                self.loss[made.id], self.state[made.id] = made.amount, "reported"
                self.makers[made.id] = made.made_by
            case ClaimAgreed(number, by):
                self.agreed.setdefault(number, set()).add(by)
            case ClaimSettled(number, state, _):
                if state.value == "admitted":
                    others = self.agreed.get(number, set()) - {self.makers[number]}
                    assert others, "admitted by its maker alone"
                self.state[number] = state.value
                self.marks[state.value] += 1
            case ClaimRepaid(_, number, returned, compensated):
                self.repaid[number] += returned + compensated
                self.marks["repaid"] += 1
            case EntitlementsChanged(rows):
                for row in rows:
                    self.entitled[row.account, row.claim] = row.amount
            case FactsChanged(version):
                assert version == self.version + 1
                self.version = version
            case TrailApplied(version):
                assert version == self.version, "a trail of old facts was taken over"
                self.marks["trail"] += 1
            case FindingProposed(finding):
                self.findings[finding.id] = finding.made_by
            case FindingSettled(number, state, by):
                assert by != self.findings[number], "its maker agreed to a finding"
                self.marks["finding " + state.value] += 1
            case SurplusMarked(_, _, since, _):
                self.marks["surplus" if since else "surplus gone"] += 1
            case StoodLowered():
                self.stood[event.account] = dict(event.stood)
                self.marks["lowered"] += 1
            case CapLifted():
                assert len(set(event.persons)) == 2, "one person lets more be held"
                self.marks["cap lifted"] += 1
            case HoldNoted():
                self.asked[event.account], self.held[event.account] = event.asked, event.held
                self.confirmed[event.account] = event.confirmed
                self.stood[event.account] = dict(event.stood)
                assert event.confirmed <= event.held
                self.marks[event.word] += 1
            case HoldConfirmed(account, _, confirmed):
                assert confirmed <= self.held[account], "confirmed beyond the signed answer"
                self.confirmed[account] = confirmed
                self.marks["confirmed"] += 1
            case OrderTakenUp():
                self.order(event)
            case _:
                pass

    def order(self, event: OrderTakenUp) -> None:
        self.marks[event.kind.value] += 1
        if event.kind is OrderKind.QUERY:
            return
        others = set(event.persons[1:]) - {event.persons[0]}
        assert others or event.kind is OrderKind.STOP or event.mandate, "one person's order"
        before = {number: self.backed(number) for number in self.loss}
        self.asked[event.account] = event.amount
        self.stood[event.account] = dict(event.stood)
        if event.kind in {OrderKind.REDUCE, OrderKind.RELEASE}:
            self.confirmed[event.account] = min(self.confirmed.get(event.account, 0), event.amount)
            for number, had in before.items():
                least = min(self.missing(number), had)
                assert self.backed(number) >= least, "gave up what nobody confirmed elsewhere"


class Desk:
    """A desk that does something natural, or something odd, at every step."""

    def __init__(self, seed: int, policy: CasePolicy) -> None:
        self.chance, self.policy = Random(seed), policy
        self.case, self.now = Case("case-1"), START
        self.auditor = Auditor()
        self.number = 0

    def fresh(self, word: str) -> str:
        self.number += 1
        return f"{word}{self.number}"

    def step(self) -> None:
        if self.chance.random() < 0.3:
            self.now += timedelta(minutes=self.chance.choice([0, 1, 30, 200, 1500]))
        command = self.some()
        if command is None:
            return
        found = decide(self.case, command, self.now, self.policy)
        if isinstance(found, Refusal):
            self.auditor.marks["refused command"] += 1
            return
        self.auditor.watch(found)
        self.case = fold(self.case, found)
        self.compare()

    def compare(self) -> None:
        """The case's own figures agree with the auditor's."""
        gross = sum(hold.held for hold in self.case.holds)
        net = net_of(self.case).get("CNY", 0)
        assert net + overlap_of(self.case).get("CNY", 0) == gross == sum(self.auditor.held.values())
        assert net <= sum(missing_of(self.case).values()), "net beyond what is missing"

    def some(self) -> Command | None:
        if not self.case.is_open or self.chance.random() < 0.04:
            return self.report()
        tasks = [self.trail] * 5 + [self.order] * 8 + [self.answer] * 6 + [self.confirm] * 5
        tasks += [self.settle, self.repay, self.rows, self.decide, self.lift]
        tasks += [self.find, self.agree_finding]
        return self.chance.choice(tasks)()

    def report(self) -> Command:
        number = f"c{len(self.case.claims) + 1}"
        payee = self.chance.choice(ACCOUNTS[:3])
        made = claim(number, payee, self.chance.choice([7, 50, 100, 101]))
        if not self.case.is_open:
            return TakeReport(report(), made, "station-1")
        return MakeClaim(made)

    def settle(self) -> Command:
        number = self.chance.choice(self.case.claims).id
        trigger = self.chance.choice([ClaimTrigger.ADMIT] * 6 + list(ClaimTrigger))
        return SettleClaim(number, trigger, self.chance.choice(("taker", *PEOPLE)))

    def repay(self) -> Command:
        one = self.chance.choice(self.case.claims)
        amount = self.chance.choice([1, 10, 100])
        back = self.chance.randrange(amount + 1)
        return NoteRepaid(self.fresh("p"), one.id, back, amount - back)

    def rows(self) -> Command:
        return AddFacts(self.fresh("rows"), ())

    def trail(self) -> Command:
        """Any division of each claim's loss over places."""
        places = []
        for one in self.case.claims:
            left = one.amount if one.state.value in LIVE else 0
            for _ in range(6):
                if not left:
                    break
                part = self.chance.choice([left, left, self.chance.randint(1, left)])
                left -= part
                found = self.chance.choice(
                    [Found.LOCATED] * 4 + [Found.UNKNOWN] * 3 + [Found.EXITED]
                )
                since = self.now - timedelta(minutes=self.chance.choice([0, 5, 500]))
                account = self.chance.choice(ACCOUNTS)
                places.append(lies(one.id, account, part, found, since=since, hop=2))
            if left:
                places.append(lies(one.id, "z", left, Found.EXITED, kind="cash_out"))
        old = self.chance.random() < 0.1
        version = self.case.facts_version - old
        return ApplyTrail(version, digest_of("t", version, places), tuple(places))

    def order(self) -> Command | None:
        plan = plan_orders(self.case, self.now, self.policy)
        if not plan.orders:
            return None
        found = self.chance.choice(plan.orders)
        number = f"o-{found.kind}-{found.account}-{found.amount}-{self.case.facts_version}"
        key = HoldKey(self.case.id, found.account, found.currency)
        order = Order(number, found.kind, key, found.institution, found.amount, "maker", "chase")
        view = view_of(self.case, order, plan)
        if self.chance.random() < 0.6:
            digest = view.digest if self.chance.random() < 0.9 else "other"
            return AgreeToOrder(order, self.chance.choice(("maker", *PEOPLE)), digest)
        return TakeUp(order)

    def answer(self) -> Command | None:
        if not self.case.holds:
            return None
        hold = self.chance.choice(self.case.holds)
        word = self.chance.choice(["held"] * 5 + "held_short frozen moved refused lapsed".split())
        asked = hold.asked if word in {"held", "held_short", "frozen"} else 0
        held = asked
        if word == "held_short":
            held = self.chance.randint(0, asked)
        if word == "held" and self.chance.random() < 0.1:
            held = asked + 30  # the whole account
        if not asked:
            word = word if word in {"moved", "refused", "lapsed"} else "released"
        basis = OrderKind.FREEZE if word == "frozen" else OrderKind.STOP
        return NoteHold(
            hold.account, "CNY", hold.institution, asked, held, word, basis, hold.period, self.now
        )

    def confirm(self) -> Command | None:
        if not self.case.holds:
            return None
        hold = self.chance.choice(self.case.holds)
        held = self.chance.choice([hold.held] * 4 + [hold.held // 2, 0, hold.held + 9])
        self.now += timedelta(minutes=self.chance.choice([0, 1, 1, 1]))
        return ConfirmHold(hold.account, "CNY", held, self.now)

    def decide(self) -> Command | None:
        if not self.case.holds:
            return None
        hold = self.chance.choice(self.case.holds)
        amount = self.chance.randint(0, max(1, hold.asked))
        second = self.chance.choice(["judge", "judge", "lead"])
        kind = self.chance.randrange(3)
        if kind == 0:
            return GrantHardship(hold.account, "CNY", amount, "lead", second, "rent")
        if kind == 1:
            other = self.chance.choice(ACCOUNTS)
            return SwapAccount(hold.account, "CNY", other, "bank-" + other, amount, "lead", second)
        return DecideSurplus(hold.account, "CNY", amount, "lead", second, "looked into")

    def lift(self) -> Command | None:
        if not self.case.caps:
            return None
        cap = self.chance.choice(self.case.caps)
        more = self.chance.choice([None, cap.amount + self.chance.randint(1, 50)])
        second = self.chance.choice(["judge", "judge", "lead"])
        return LiftCap(cap.account, cap.currency, more, "lead", second, "known since")

    def find(self) -> Command:
        kind = self.chance.choice(list(FindingKind))
        subject = self.chance.choice(ACCOUNTS)
        if kind is FindingKind.CLAIM_VOID:
            subject = self.chance.choice(self.case.claims).id
        return ProposeFinding(Finding(self.fresh("f"), kind, subject, "lead", "papers"))

    def agree_finding(self) -> Command | None:
        if not self.case.findings:
            return None
        finding = self.chance.choice(self.case.findings)
        trigger = self.chance.choice(list(FindingTrigger))
        by = self.chance.choice(["judge", "judge", "lead"])
        return SettleFinding(finding.id, trigger, by, finding.digest)


WANTED = (
    "stop,extend,raise,reduce,release,held,held_short,moved,refused,lapsed,released,frozen,confirmed,trail,repaid,lowered,"
    "cap lifted,admitted,rejected,withdrawn,void,surplus,surplus gone,finding decided,finding dismissed,refused command"
).split(",")


def walk(seeds: range, steps: int, policy: CasePolicy = SHRINKING) -> Counter[str]:
    """Work one case for each seed; return how often each situation was met."""
    marks: Counter[str] = Counter()
    for seed in seeds:
        desk = Desk(seed, policy)
        for _ in range(steps):
            desk.step()
        marks += desk.auditor.marks
    return marks


def test_random_cases_add_up_and_meet_every_situation():
    marks = walk(range(60), 150)
    missed = [mark for mark in WANTED if not marks[mark]]
    assert not missed, f"never met: {missed}; a run that meets no hard case proves nothing: {marks}"


@pytest.mark.slow
def test_many_random_cases_add_up():
    marks = walk(range(1000, 1400), 150)
    marks += walk(range(2000, 2100), 150, POLICY)
    assert all(marks[mark] for mark in WANTED)


@pytest.mark.parametrize("seed", range(8))
def test_plan_and_entitlements_depend_on_no_order_of_the_input(seed):
    desk = Desk(seed, SHRINKING)
    for _ in range(120):
        desk.step()
    case, chance = desk.case, Random(seed)

    def mixed(rows):
        return tuple(chance.sample(rows, len(rows)))

    other = replace(
        case,
        claims=mixed(case.claims),
        places=mixed(case.places),
        holds=mixed(case.holds),
        entitlements=mixed(case.entitlements),
        findings=mixed(case.findings),
    )
    assert case.holds, "the desk held nothing"
    assert entitlements.entitle(case) == entitlements.entitle(other)
    plan = plan_orders(case, desk.now, SHRINKING)
    assert plan == plan_orders(other, desk.now, SHRINKING)


# --- negative controls: each planted mistake must be seen by the auditor ----------------------------------------------------


def test_the_auditor_sees_surplus_given_up_against_one_signed_answer(monkeypatch):
    monkeypatch.setattr(chase._Backed, "elsewhere", lambda *_: 10**12)
    with pytest.raises(AssertionError, match="nobody confirmed"):
        walk(range(60), 150)


def test_the_auditor_sees_claims_that_ask_for_more_than_they_miss(monkeypatch):
    def whole_loss(case):
        return {(one.id, one.currency): one.amount for one in case.claims}

    monkeypatch.setattr(entitlements, "missing_of", whole_loss)
    with pytest.raises(AssertionError, match="than is missing"):
        walk(range(60), 150)


def test_the_auditor_sees_orders_of_one_person():
    alone = replace(SHRINKING.orders, approvals=dict.fromkeys(OrderKind, 0))
    with pytest.raises(AssertionError, match="one person's order"):
        walk(range(60), 150, replace(SHRINKING, orders=alone))


def test_the_case_itself_stops_when_an_entry_would_ask_for_too_much(monkeypatch):
    def generous(case):
        return {hold.hold: {one.id: hold.asked + 1 for one in case.claims} for hold in case.holds}

    monkeypatch.setattr(sys.modules["recoup.cases.decide"], "entitle", generous)
    with pytest.raises(AssertionError):
        walk(range(5), 100)
