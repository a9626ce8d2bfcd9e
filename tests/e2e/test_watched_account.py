"""A watch of two persons: the bank posts what moves, the centre's chase hears of it and stops the money where it went.

The centre is the real desk with its chase, the banks are real agents on sandbox books; all speak over loopback.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from banks import CENTRE, POLICY, YEARS, listened
from bureau import START, Bureau, disputed, drafted

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.polling import Courier, Line
from recoup.bank.sandbox import Payment, SandboxCore
from recoup.cases import plan_orders
from recoup.centre.letters import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import HandClock
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, generate_key
from recoup.orders import OrderKind, OrderState
from recoup.reading.policies import read_case_policy
from recoup.staff import Role

CASE, PAID = "C1", START - timedelta(hours=1)
FIRST, SECOND, STOLEN = "6222020000111122223", "6222020000444455556", 3_000_000


def move(name: str, at: Any, payer: str, payee: str, amount: int, payee_bank: str) -> Payment:
    names = {"payer_name": "Holder", "payee_name": "Holder", "payee_institution": payee_bank}
    return Payment(name, at, payer, payee, amount, "CNY", **names)


class Town:
    """A bureau and two banks; the victim's money lies on the first account and nobody has stopped it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.clock = HandClock(START)
        keys = {name: generate_key(name, START - YEARS, START + YEARS) for name in BANKS}
        self.cores: dict[str, SandboxCore] = {}
        self.agents: dict[str, Agent] = {}
        addresses = {}
        for name, number in BANKS.items():
            core = self.cores[name] = SandboxCore(self.clock, institution=name)
            core.add_account(number, "Holder", "CNY", 0)
            key, ring = keys[name], KeyRing([CENTRE.public])
            identity = Identity(name, CENTRE.owner, lambda _, k=key: k, lambda r=ring: r)
            store = BankStore.open(folder / f"{name}.sqlite")
            given = (identity, store, core, Terms(POLICY, 600), self.clock, RandomIds())
            agent = self.agents[name] = Agent(*given)
            addresses[name] = stack.enter_context(listened(application(agent)))
        assert self.cores["bank-1"].pay(move("T1", PAID, "victim", FIRST, STOLEN, "bank-1"))
        ring = KeyRing([key.public for key in keys.values()])
        notice = NoticeTerms("Centre", ("notice",), "000")
        wire = Correspondence(CENTRE.owner, CENTRE, ring, addresses, notice)
        self.bureau = Bureau(folder, self.clock, wire=wire)
        stack.callback(self.bureau.close)
        self.client = stack.enter_context(
            httpx.Client(base_url=self.bureau.served.address, timeout=60)
        )
        self.bureau.set_up()
        self.bureau.hire("ann", (Role.OFFICER, "gd"))
        self.bureau.hire("bo", (Role.APPROVER, "gd"))
        directory = self.bureau.desk._office.directory
        self.first = directory.account("bank-1", FIRST, "Holder")
        self.second = directory.account("bank-2", SECOND, "Holder")
        claim = disputed("c1", self.first, STOLEN, paid_at=PAID)
        self.bureau.reported(CASE, "gd", claim)
        self.must(f"/cases/{CASE}/claims/c1/admit", "bo")

    def must(self, path: str, by: str, **body: Any) -> dict[str, Any]:
        found = self.bureau.post(path, body, by)
        assert found.status_code == 200, (path, found.text)
        return found.json()

    def state(self, order: str) -> OrderState | None:
        found = self.bureau.desk.view().find(order)
        return found[1].state if found is not None else None

    def told(self, bank: str) -> list[OrderKind]:
        found = self.bureau.desk.view().of_institution(bank)
        return [tracked.order.kind for _, tracked in found]


BANKS = {"bank-1": FIRST, "bank-2": SECOND}


def test_what_moves_on_a_watched_account_is_heard_and_chased(tmp_path: Path) -> None:
    with ExitStack() as stack:
        town = Town(tmp_path, stack)
        bureau, clock = town.bureau, town.clock
        # One person asks, another agrees: it shows a holder's life for weeks.
        body = {**drafted(CASE, town.first, "watch"), "amount": "0"}
        entered = {"case": CASE, "institution": "bank-1", "number": FIRST, "name": "Holder"}
        assert town.must("/accounts", "ann", **entered)["account"] == town.first
        watch = town.must("/orders", "ann", **body)["order"]
        town.must(f"/orders/{watch}/submit", "ann")
        alone = bureau.post(f"/orders/{watch}/issue", {}, "ann")
        assert alone.status_code >= 400, "nobody watches alone"
        seen = bureau.get(f"/orders/{watch}", "bo", case=CASE, reason="asked to agree").json()
        town.must(f"/orders/{watch}/approve", "bo", digest=seen["digest"])
        assert wait_until(lambda: town.state(watch) is OrderState.ANSWERED, 60)
        # The money moves on; the bank says so of its own accord.
        clock.move(timedelta(minutes=10))
        passed = move("T2", clock.now(), FIRST, SECOND, 2_000_000, "bank-2")
        assert all(core.pay(passed) for core in town.cores.values())
        courier = Courier(town.agents["bank-1"], Line(town.client, "bank-1"), letters=True)
        assert courier.post() == 1
        assert courier.post() == 0, "said once"

        def places() -> dict[str, int]:
            case = bureau.case(CASE)
            return {p.account: p.amount for p in case.places if case.has_current_trail()}

        assert wait_until(
            lambda: places() == {town.first: 1_000_000, town.second: 2_000_000}, 60
        ), places()
        # What was heard is enough to stop the money at the second bank, by persons as ever.
        plan = plan_orders(bureau.case(CASE), clock.now(), read_case_policy("cn-2016"))
        assert plan.find(OrderKind.EXTEND, town.second, "CNY") is not None, plan
        assert town.told("bank-1") == [OrderKind.WATCH]
        # Its books come back from a backup of before the watch; nothing else was lost, so no digest shows it.
        store = town.agents["bank-1"]._store
        (before,) = store.watches()
        for forget in ("DELETE FROM watch", "DELETE FROM letter", "DELETE FROM handled"):
            store._connection.run(forget)
        assert store.watches() == []
        bureau.desk._office._round("bank-1")
        assert wait_until(lambda: bool(store.watches()), 60)
        (again,) = store.watches()
        assert (again.order, again.since, again.ends_at) == (watch, before.since, before.ends_at)
