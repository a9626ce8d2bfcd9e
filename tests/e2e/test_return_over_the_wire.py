"""A return from the victim's report to the bank's receipt: people over HTTP, a bank's agent over signed HTTP, its core system.

The first payment comes back, is heard of by the bank's letter after the centre was started anew, and is paid to another
account of the victim's. What the books of both banks say in the end is what the record says. Time is virtual; nothing is
stubbed but the process in which a plan is worked out, which other tests see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from banks import CENTRE, POLICY, YEARS, listened
from bureau import START, Bureau, paid, reported

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.sandbox import Clearing, Payment, SandboxCore
from recoup.centre import return_planner
from recoup.centre.letters import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import HandClock, instant_text
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, SigningKey, generate_key
from recoup.orders import Hold, HoldKey, OrderState
from recoup.staff import Role

CASE, WHOLE = "C1", 30_000
MULE, FIRST, SECOND = "6222027777000011117", "6222029999000011117", "6222029999000022225"
OFFICERS, APPROVERS = ("ann", "cy"), ("bo", "di")
PATIENCE_SECONDS = 120


class Wired:
    """A bureau, the bank at which the money lies, and the victim's."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.clock, clearing = folder, HandClock(START), Clearing()
        self.core = SandboxCore(self.clock, institution="bank-7", clearing=clearing)
        self.core.add_account(MULE, "Sun", "CNY", 0)
        self.home = SandboxCore(self.clock, institution="bank-9", clearing=clearing)
        for number in (FIRST, SECOND):
            self.home.add_account(number, "Zhao", "CNY", 0)
        sides = {"payer_institution": "bank-9", "payee_institution": "bank-7"}
        names = {"payer_name": "Zhao", "payee_name": "Sun"}
        at = START - timedelta(hours=1)
        assert self.core.pay(Payment("SN-0001", at, FIRST, MULE, WHOLE, "CNY", **names, **sides))
        key = generate_key("bank-7", START - YEARS, START + YEARS)
        self.store = BankStore.open(folder / "bank-7.sqlite")
        address = stack.enter_context(listened(application(self.agent(key))))
        notice = NoticeTerms("Centre", ("notice",), "000")
        ring = KeyRing([key.public])
        self.wire = Correspondence(CENTRE.owner, CENTRE, ring, {"bank-7": address}, notice)
        self.bureau = Bureau(folder, self.clock, wire=self.wire)
        self.bureau.set_up()
        for name in OFFICERS:
            self.bureau.hire(name, (Role.CASE_LEAD, "gd"))
        for name in APPROVERS:
            self.bureau.hire(name, (Role.APPROVER, "gd"))

    def agent(self, key: SigningKey) -> Agent:
        ring = KeyRing([CENTRE.public])
        identity = Identity("bank-7", CENTRE.owner, lambda _: key, lambda: ring)
        return Agent(identity, self.store, self.core, Terms(POLICY, 600), self.clock, RandomIds())

    def restart(self) -> None:
        """End the centre and start another one on what lies on the disk; people are still logged in."""
        before = self.bureau
        before.close()
        self.bureau = Bureau(self.folder, self.clock, wire=self.wire)
        self.bureau.ids, self.bureau.tokens = before.ids, before.tokens
        self.bureau.secrets, self.bureau.keys = before.secrets, before.keys

    def must(self, path: str, by: str, **body: Any) -> dict[str, Any]:
        found = self.bureau.post(path, body, by)
        assert found.status_code == 200, (path, found.text)
        answer: dict[str, Any] = found.json()
        return answer

    def until(self, is_done: Any) -> None:
        assert wait_until(is_done, PATIENCE_SECONDS), self.bureau.case(CASE)
        assert self.bureau.desk.fault is None

    def leaves(self, order: str) -> None:
        """Let as many persons agree to an order as must, and wait until the bank has answered it."""
        seen = self.bureau.get(f"/orders/{order}", "ann", case=CASE, reason="r").json()
        if seen["state"] == "drafted" and seen["needs"]["persons"]:
            self.must(f"/orders/{order}/submit", "ann")
        for person in APPROVERS[: seen["needs"]["persons"]]:
            self.must(f"/orders/{order}/approve", person, digest=seen["digest"])
        if not seen["needs"]["persons"]:
            self.must(f"/orders/{order}/issue", "ann")

        def is_answered() -> bool:
            found = self.bureau.desk.view().find(order)
            return found is not None and found[1].state is OrderState.ANSWERED

        self.until(is_answered)

    def ordered(self, kind: str, account: str, **more: Any) -> None:
        body = {"case": CASE, "account": account, "kind": kind, "currency": "CNY"}
        body |= {"amount": "300.00", "reason": "fraud"} | more
        self.leaves(self.must("/orders", "ann", **body)["order"])

    def hold(self, account: str) -> Hold:
        return self.bureau.desk.view().hold(HoldKey(CASE, account, "CNY"))

    def shown(self, found: str) -> dict[str, Any]:
        seen = self.bureau.get(f"/returns/{found}", "ann", reason="the return")
        assert seen.status_code == 200, seen.text
        view: dict[str, Any] = seen.json()
        return view

    def notified(self, found: str) -> str:
        """Give the bank notice of the newest payment, and let the order leave; return the payment's state."""
        officers = [self.bureau.ids[name] for name in OFFICERS]
        newest = self.shown(found)["payments"][-1]["id"]
        body = {"payments": [newest], "officers": officers, "reason": "decided"}
        (order,) = self.must(f"/returns/{found}/notices", "ann", **body)["orders"]
        self.leaves(order)
        return str(order)

    @property
    def money(self) -> tuple[int, int]:
        """What lies at the bank of the hold, and at the victim's."""
        return self.core.total, self.home.total


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    monkeypatch.setattr(return_planner, "in_a_process", lambda sheets: sheets.worked_out())
    with ExitStack() as stack:
        found = Wired(tmp_path, stack)
        yield found
        found.bureau.close()


def frozen(wired: Wired) -> str:
    """Have the victim's money stopped and frozen at the bank; return the account."""
    wired.must("/reports", "ann", **reported(CASE, "gd", payment=paid()))
    (claim,) = wired.bureau.case(CASE).claims
    wired.must(f"/cases/{CASE}/claims/{claim.id}/admit", "bo")
    arrival = {"amount": "300.00", "at": instant_text(START - timedelta(hours=1))}
    wired.ordered("stop", claim.payee, arrival=arrival)
    wired.ordered("freeze", claim.payee)
    wired.until(lambda: wired.hold(claim.payee).word == "frozen")
    return str(claim.payee)


def decided(wired: Wired) -> str:
    """Have the centre work a plan out, and decide it; return the return."""
    found = str(wired.must(f"/cases/{CASE}/returns", "ann", reason="it is frozen")["id"])
    (claim,) = wired.bureau.case(CASE).claims
    path = f"/returns/{found}"
    wired.must(f"{path}/applications", "ann", case=CASE, claim=claim.id, reason="asked")
    digest = wired.must(f"{path}/plan", "ann", reason="to be approved")["digest"]
    (award,) = wired.shown(found)["round"]["plan"]["awards"]
    assert (award["mode"], award["amount"]) == (1, "300.00"), "the account's only credit"
    wired.must(f"{path}/plan/approve", "bo", digest=digest)
    wired.must(f"{path}/decide", "bo", digest=digest)
    return found


def test_frozen_money_is_paid_back_comes_back_and_is_paid_to_another_account(wired: Wired) -> None:
    account = frozen(wired)
    found = decided(wired)
    first = wired.notified(found)
    wired.until(lambda: wired.shown(found)["payments"][0]["state"] == "paid")
    assert wired.money == (0, WHOLE)
    (claim,) = wired.bureau.case(CASE).claims
    assert claim.missing == 0
    # It comes back; the centre is down meanwhile, and hears of it by the bank's letter.
    wired.core.bounce(first)
    wired.restart()
    wired.clock.move(timedelta(hours=1))
    for person in (*OFFICERS, *APPROVERS):
        wired.bureau.let_in(person)
    wired.bureau.desk._office.confirm_all()  # the round that else comes by the hour
    wired.until(lambda: wired.shown(found)["payments"][0]["state"] == "bounced")
    assert wired.money == (WHOLE, 0)
    wired.until(lambda: wired.hold(account).held == WHOLE)
    assert wired.bureau.case(CASE).claims[0].missing == WHOLE
    # Another account of the victim's, proposed by one person and agreed to by another.
    body = {"case": CASE, "institution": "bank-9", "number": SECOND, "name": "Zhao"}
    other = wired.must("/accounts", "ann", **body)["account"]
    payment = wired.shown(found)["payments"][0]["id"]
    named = {"kind": "another_own", "account": other, "reason": "the first was closed"}
    path = f"/returns/{found}/payments/{payment}/payee"
    wired.must(path, "ann", **named)
    wired.must(f"{path}/agree", "bo", **named)
    wired.notified(found)
    wired.until(lambda: wired.shown(found)["payments"][-1]["state"] == "paid")
    assert wired.money == (0, WHOLE)
    assert [
        row.amount for row in wired.home.statement(SECOND, "CNY", START, wired.clock.now())
    ] == [WHOLE]
    view = wired.shown(found)
    (sums,) = view["sums"]
    assert (sums["awarded"], sums["paid"], sums["excess"]) == ("300.00", "300.00", "0.00")
    assert [row["state"] for row in view["payments"]] == ["replaced", "paid"]
    hold = wired.hold(account)
    assert (hold.word, hold.returned, hold.beyond) == ("returned", WHOLE, 0)
    assert wired.bureau.case(CASE).claims[0].missing == 0


def test_a_bank_that_is_killed_over_a_payment_pays_once(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent breaks off when the core system has paid and its books do not know; the order is told again."""
    account = frozen(wired)
    found = decided(wired)
    asked = Agent.ask_core
    broken: list[str] = []

    def dies(agent: Agent, transfer: Any) -> Any:
        made = asked(agent, transfer)
        if not broken:
            broken.append(transfer.reference)
            raise SystemError("the process was killed")
        return made

    monkeypatch.setattr(Agent, "ask_core", dies)
    wired.notified(found)
    wired.until(lambda: wired.shown(found)["payments"][0]["state"] == "paid")
    assert len(broken) == 1, "it was met"
    assert wired.money == (0, WHOLE)
    assert (wired.hold(account).returned, wired.hold(account).beyond) == (WHOLE, 0)
