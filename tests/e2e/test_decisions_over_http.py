"""Decisions of several persons on a case, each in a session of their own, until two banks hold, free and are heard again.

The centre is the real desk with its chase and its tracer, the banks are real agents on sandbox books; all speak over loopback.
Reports still come in through Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from banks import CENTRE, POLICY, YEARS, listened
from bureau import START, Bureau, disputed
from httpx import Response

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.sandbox import Payment, SandboxCore
from recoup.centre.desk import Desk
from recoup.centre.gateway import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import Clock, HandClock
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, SigningKey, generate_key
from recoup.orders import HoldKey, OrderState
from recoup.staff import Role

FIRST, SECOND = "6222020000111122223", "6222020000444455556"
STOLEN, KEPT, PASSED = 3_000_000, 1_000_000, 2_000_000
PAID = START - timedelta(hours=1)
CASE = "C1"
DISPUTED = {
    "id": "T1",
    "at": PAID,
    "payer": "6222020000999900000",
    "payee": FIRST,
    "amount": STOLEN,
    "payer_institution": "bank-9",
    "payee_institution": "bank-1",
}
PASSED_ON = {
    "id": "T2",
    "at": PAID + timedelta(minutes=5),
    "payer": FIRST,
    "payee": SECOND,
    "amount": PASSED,
    "payer_name": "Holder 1",
    "payee_name": "Holder 2",
    "payer_institution": "bank-1",
    "payee_institution": "bank-2",
}


@dataclass
class Town:
    """A bureau, two banks, and one case of 30,000.00, of which 20,000.00 went on from the first bank to the second."""

    bureau: Bureau
    accounts: dict[str, str]

    def post(self, path: str, by: str, **body: Any) -> Response:
        return self.bureau.post(f"/cases/{CASE}{path}", body, by)

    def must(self, path: str, by: str, **body: Any) -> str:
        """Ask for something that is done; return the id of what it was about."""
        found = self.post(path, by, **body)
        assert found.status_code == 200, (path, found.text)
        return found.json()["id"]

    def refused(self, path: str, by: str, **body: Any) -> str:
        """Ask for something that is refused; return the problem's name."""
        found = self.post(path, by, **body)
        assert found.status_code >= 400, (path, found.text)
        return found.json()["type"].rsplit(":", 1)[1]

    def shown(self, kind: str, thing: str, by: str) -> dict[str, Any]:
        """Return a thing as the second person sees it."""
        found = self.bureau.get(f"/cases/{CASE}/decisions", by, reason="asked to agree")
        assert found.status_code == 200, found.text
        return next(row for row in found.json()[kind] if row["id"] == thing)

    def held(self, number: str) -> int:
        """Return what lies blocked on an account, as the centre knows."""
        case = self.bureau.case(CASE)
        standing = case.standing(self.accounts[number], "CNY")
        return standing.held if standing else 0

    def until(self, is_done: Any) -> None:
        assert wait_until(is_done, 60), self.bureau.case(CASE)
        assert self.bureau.desk.fault is None

    def written(self, kind: str, number: str) -> str:
        """Write an order down once the newest facts are traced: a trail that comes later makes what was seen stale."""
        self.until(lambda: self.bureau.case(CASE).has_current_trail())
        body = {"kind": kind, "account": self.accounts[number], "currency": "CNY"}
        return self.must("/orders", "ann", reason="the plan has it", **body)

    def was_answered(self, order: str) -> bool:
        found = self.bureau.desk.view().find(order)
        return found is not None and found[1].state is OrderState.ANSWERED


def _bank(name: str, folder: Path, core: SandboxCore, clock: Clock, key: SigningKey) -> Agent:
    ring = KeyRing([CENTRE.public])
    identity = Identity(name, CENTRE.owner, lambda _: key, lambda: ring)
    store = BankStore.open(folder / f"{name}.sqlite")
    return Agent(identity, store, core, Terms(POLICY, 600), clock, RandomIds())


def _pay(core: SandboxCore, **values: Any) -> None:
    names = {"payer_name": "Holder 9", "payee_name": "Holder 1", "currency": "CNY"}
    assert core.pay(Payment(**(names | values)))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        banks = ("bank-1", "bank-2")
        keys = {name: generate_key(name, START - YEARS, START + YEARS) for name in banks}
        clock, addresses = HandClock(START), dict[str, str]()
        cores: dict[str, SandboxCore] = {}
        holders = {"bank-1": (FIRST, "Holder 1"), "bank-2": (SECOND, "Holder 2")}
        for name, (number, holder) in holders.items():
            core = cores[name] = SandboxCore(clock)
            core.add_account(number, holder, "CNY", 0)
            agent = _bank(name, tmp_path, core, clock, keys[name])
            addresses[name] = stack.enter_context(listened(application(agent)))
        _pay(cores["bank-1"], **DISPUTED)
        for core in cores.values():
            _pay(core, **PASSED_ON)
        ring = KeyRing([key.public for key in keys.values()])
        notice = NoticeTerms("Centre", ("notice of a stop",), "000")
        wire = Correspondence(CENTRE.owner, CENTRE, ring, addresses, notice)
        bureau = Bureau(tmp_path, clock, wire=wire)
        stack.callback(bureau.close)
        directory = bureau.desk._office.directory
        accounts = {held[0]: directory.account(name, *held) for name, held in holders.items()}
        town = Town(bureau, accounts)
        bureau.set_up()
        bureau.hire("ann", (Role.OFFICER, "gd"))
        bureau.hire("bo", (Role.APPROVER, "gd"))
        bureau.hire("cy", (Role.APPROVER, "gd"))
        bureau.hire("teller", (Role.BANK_OPERATOR, "bank-2"))
        bureau.reported(CASE, "gd", disputed("c1", town.accounts[FIRST], STOLEN, paid_at=PAID))
        assert town.must("/claims/c1/admit", "bo") == "c1"
        yield town


def test_a_standing_authority_of_two_persons_lets_the_chase_stop_both_accounts(town: Town) -> None:
    until = (START + timedelta(hours=5)).isoformat()
    limits = {"hops_max": "4", "amount_max": "90000.00", "currency": "CNY", "until": until}
    mandate = town.must("/mandates", "ann", **limits)
    seen = town.shown("mandates", mandate, "bo")
    path = f"/mandates/{mandate}/agree"
    assert town.refused(path, "ann", digest=seen["digest"]) == "not_permitted"
    assert town.refused(path, "bo", digest="0" * 64) == "digest_stale"
    assert not list(town.bureau.desk.view().of_case(CASE)), "nothing left on one person's word"
    town.must(path, "bo", digest=seen["digest"])
    town.until(lambda: (town.held(FIRST), town.held(SECOND)) == (KEPT, PASSED))


def test_without_it_each_further_hop_leaves_when_a_second_person_saw_it(town: Town) -> None:
    # The first stop: an officer's own.
    stop = town.written("stop", FIRST)
    town.must(f"/orders/{stop}/take-up", "ann")
    town.until(lambda: town.was_answered(stop) and town.held(FIRST) == KEPT)
    # The second hop: the officer writes it down, and it does not leave before somebody else agreed to what stands there.
    extend = town.written("extend", SECOND)
    assert town.refused(f"/orders/{extend}/take-up", "ann") == "approval_missing"
    seen = town.shown("orders", extend, "bo")
    assert (seen["amount"], seen["needed"], seen["agreed"]) == ("20000.00", "1", [])
    harm = {"account": town.accounts[SECOND], "currency": "CNY", "merchants": "3"}
    town.must("/harms", "ann", **harm)
    agree = f"/orders/{extend}/agree"
    assert town.refused(agree, "bo", digest=seen["digest"]) == "digest_stale", "there is more harm"
    seen = town.shown("orders", extend, "bo")
    assert seen["merchants"] == "3"
    assert town.refused(agree, "ann", digest=seen["digest"]) == "not_permitted"
    town.must(agree, "bo", digest=seen["digest"])
    town.must(f"/orders/{extend}/take-up", "ann")
    town.until(lambda: town.held(SECOND) == PASSED)
    # An appeal through the bank: heard by somebody who had no part in the hold.
    hold = {"account": town.accounts[SECOND], "currency": "CNY"}
    appeal = town.must("/appeals", "teller", **hold, text="These are wages.\nPlease look.")
    shown = town.shown("appeals", appeal, "cy")
    assert shown["is_through_bank"]
    text = town.bureau.post(
        f"/cases/{CASE}/texts/{shown['text']}/read", {"reason": "to decide the appeal"}, "cy"
    )
    assert text.json()["text"] == "These are wages.\nPlease look."
    uphold = {"keep": "0.00", "currency": "CNY", "reason": "payroll of a shop"}
    assert town.refused(f"/appeals/{appeal}/uphold", "bo", **uphold) == "four_eyes"
    town.must(f"/appeals/{appeal}/uphold", "cy", **uphold)
    # What was upheld is freed by two persons.
    release = town.written("release", SECOND)
    seen = town.shown("orders", release, "bo")
    assert town.refused(f"/orders/{release}/take-up", "ann") == "approval_missing"
    town.must(f"/orders/{release}/agree", "bo", digest=seen["digest"])
    town.must(f"/orders/{release}/take-up", "ann")
    town.until(lambda: town.held(SECOND) == 0 and town.was_answered(release))
    key = HoldKey(CASE, town.accounts[SECOND], "CNY")
    assert town.bureau.desk.view().hold(key).word == "released"
    assert town.held(FIRST) == KEPT, "what another account holds stays"


def test_a_finding_of_two_persons_frees_what_rests_on_it(town: Town) -> None:
    stop = town.written("stop", FIRST)
    town.must(f"/orders/{stop}/take-up", "ann")
    town.until(lambda: town.held(FIRST) == KEPT)
    finding = town.must("/findings", "ann", kind="claim_void", subject="c1", reason="a gift")
    digest = town.shown("findings", finding, "bo")["digest"]
    assert town.refused(f"/findings/{finding}/agree", "ann", digest=digest) == "not_permitted"
    town.must(f"/findings/{finding}/agree", "bo", digest=digest)
    case = town.bureau.case(CASE)
    assert case.claim("c1").state.value == "void"
    release = town.written("release", FIRST)
    digest = town.shown("orders", release, "bo")["digest"]
    town.must(f"/orders/{release}/agree", "bo", digest=digest)
    town.must(f"/orders/{release}/take-up", "ann")
    town.until(lambda: town.held(FIRST) == 0 and town.was_answered(release))


def test_an_order_that_leaves_without_its_grounds_is_refused_by_the_bank(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the banks do look for the transfer that a person's order names."""

    async def careless(_: Desk, __: object) -> bool:
        return True

    monkeypatch.setattr(Desk, "ground_order", careless)
    stop = town.written("stop", FIRST)
    town.must(f"/orders/{stop}/take-up", "ann")
    town.until(lambda: town.was_answered(stop))
    assert town.held(FIRST) == 0
