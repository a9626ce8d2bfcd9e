"""Money that leaves banks: a payment institution's wallet, a merchant's settlement, an aggregator's leg, an exchange, a bank.

The centre is the real desk with its chase and its tracer, the institutions are real agents on sandbox books; all speak over
loopback. Two persons give one standing authority; everything else the chase does by itself.
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

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.sandbox import Payment, SandboxCore
from recoup.cases import Institution
from recoup.centre.letters import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import HandClock
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, generate_key
from recoup.orders import AccountKind, InstitutionKind, OrderKind
from recoup.staff import Role

CASE, PAID = "C1", START - timedelta(hours=1)
MULE, WALLET, SHOP, CLIENT, CARD = "6222000000000001", "W-1", "M-1", "X-1", "6222000000000002"
KINDS = {
    "bank-1": InstitutionKind.BANK,
    "pay-1": InstitutionKind.PAYMENT,
    "mixer-1": InstitutionKind.AGGREGATOR,
    "coins-1": InstitutionKind.EXCHANGE,
    "bank-2": InstitutionKind.BANK,
}
ACCOUNTS = (
    ("bank-1", MULE, AccountKind.ORDINARY),
    ("pay-1", WALLET, AccountKind.WALLET),
    ("pay-1", SHOP, AccountKind.SETTLEMENT),
    ("mixer-1", "passed-CLEAR-2", AccountKind.ORDINARY),
    ("coins-1", CLIENT, AccountKind.CUSTODY),
    ("bank-2", CARD, AccountKind.ORDINARY),
)
HELD = {
    ("bank-1", MULE): 100_000,
    ("pay-1", WALLET): 500_000,
    ("pay-1", SHOP): 1_400_000,
    ("coins-1", CLIENT): 500_000,
    ("bank-2", CARD): 300_000,
}
"""What is left at each place, in fen: 20.00 in a thousand left as tokens before anybody came."""


def _moves() -> dict[str, list[Payment]]:
    """Return what each institution booked: none of them sees the whole way."""

    def move(name: str, minutes: int, payer: str, payee: str, amount: int, **more: str) -> Payment:
        return Payment(name, PAID + timedelta(minutes=minutes), payer, payee, amount, "CNY", **more)

    to_wallet = {"kind": "wallet", "reference": "CLEAR-1", "payee_institution": "pay-1"}
    to_mixer = {"kind": "purchase", "reference": "CLEAR-2", "payee_institution": "mixer-1"}
    to_shop = {"kind": "purchase", "reference": "CLEAR-3", "payee_institution": "pay-1"}
    to_coins = {"kind": "exchange", "reference": "CLEAR-4", "payee_institution": "coins-1"}
    settled = {"payee_name": "holder", "payee_institution": "bank-2", "reference": "CLEAR-5"}
    inside = {"payee_name": "holder", "payee_institution": "pay-1"}
    return {
        "bank-1": [
            move("T1", 0, "victim", MULE, 3_000_000, payee_institution="bank-1"),
            move("B1-1", 5, MULE, "", 2_000_000, **to_wallet),
            move("B1-2", 6, MULE, "", 900_000, **to_mixer),
        ],
        "pay-1": [
            move("P-1", 5, "", WALLET, 2_000_000, reference="CLEAR-1"),
            move("P-2", 8, "", SHOP, 900_000, reference="CLEAR-3"),
            move("P-3", 9, WALLET, SHOP, 800_000, **inside),
            move("P-4", 10, WALLET, "", 700_000, **to_coins),
            move("P-5", 12, SHOP, CARD, 300_000, **settled),
        ],
        "mixer-1": [
            move("A-1", 6, "", "passed-CLEAR-2", 900_000, reference="CLEAR-2"),
            move("A-2", 7, "passed-CLEAR-2", "", 900_000, **to_shop),
        ],
        "coins-1": [
            move("X-1", 10, "", CLIENT, 700_000, reference="CLEAR-4"),
            move("X-2", 14, CLIENT, "", 200_000, kind="exchange"),
        ],
        "bank-2": [move("S-1", 12, "", CARD, 300_000, reference="CLEAR-5")],
    }


@dataclass
class Market:
    """A bureau, five institutions, and one case of 30,000.00 that went through all of them."""

    bureau: Bureau
    cores: dict[str, SandboxCore]

    def held(self) -> dict[tuple[str, str], int]:
        """Return what the centre knows to be held, by institution and number."""
        accounts = self.bureau.desk._office.directory
        of = {accounts.account(where, number): (where, number) for where, number, _ in ACCOUNTS}
        case = self.bureau.case(CASE)
        return {of[row.account]: row.held for row in case.holds if row.held and row.account in of}

    def chased(self) -> bool:
        case = self.bureau.case(CASE)
        return case.has_current_trail() and self.held() == HELD

    def told(self, institution: str) -> list[OrderKind]:
        found = self.bureau.desk.view().of_institution(institution)
        return [tracked.order.kind for _, tracked in found]

    def must(self, path: str, by: str, **body: Any) -> str:
        found = self.bureau.post(f"/cases/{CASE}{path}", body, by)
        assert found.status_code == 200, (path, found.text)
        return found.json()["id"]


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    with ExitStack() as stack:
        clock, addresses, cores = HandClock(START), dict[str, str](), dict[str, SandboxCore]()
        keys = {name: generate_key(name, START - YEARS, START + YEARS) for name in KINDS}
        for name, kind in KINDS.items():
            core = cores[name] = SandboxCore(clock, institution=name)
            for where, number, what in ACCOUNTS:
                if where == name:
                    core.add_account(number, "holder", "CNY", 0, what)
            for one in _moves()[name]:
                assert core.pay(one)
            ring, key = KeyRing([CENTRE.public]), keys[name]
            agent = Agent(
                Identity(name, CENTRE.owner, lambda _, key=key: key, lambda ring=ring: ring),
                BankStore.open(tmp_path / f"{name}.sqlite"),
                core,
                Terms(POLICY, 600, kind=kind),
                clock,
                RandomIds(),
            )
            addresses[name] = stack.enter_context(listened(application(agent)))
        trusted = KeyRing([key.public for key in keys.values()])
        wire = Correspondence(
            CENTRE.owner, CENTRE, trusted, addresses, NoticeTerms("Centre", ("notice",), "000")
        )
        declared = tuple(Institution(name, kind=kind) for name, kind in KINDS.items())
        bureau = Bureau(tmp_path, clock, wire=wire, declared=declared)
        stack.callback(bureau.close)
        bureau.set_up()
        bureau.hire("ann", (Role.OFFICER, "gd"))
        bureau.hire("bo", (Role.APPROVER, "gd"))
        payee = bureau.desk._office.directory.account("bank-1", MULE, "holder")
        bureau.reported(CASE, "gd", disputed("c1", payee, 3_000_000, paid_at=PAID))
        town = Market(bureau, cores)
        town.must("/claims/c1/admit", "bo")
        until = (START + timedelta(hours=5)).isoformat()
        limits = {"hops_max": "9", "amount_max": "90000.00", "currency": "CNY", "until": until}
        mandate = town.must("/mandates", "ann", **limits)
        seen = bureau.get(f"/cases/{CASE}/decisions", "bo", reason="asked to agree").json()
        digest = next(row for row in seen["mandates"] if row["id"] == mandate)["digest"]
        town.must(f"/mandates/{mandate}/agree", "bo", digest=digest)
        yield town


def test_the_chase_crosses_payment_institution_aggregator_merchant_and_exchange_and_holds_at_each(
    market: Market,
) -> None:
    assert wait_until(market.chased, 120), (market.held(), market.bureau.case(CASE).places)
    # The aggregator keeps no money: it was asked, and told to hold nothing.
    assert set(market.told("mixer-1")) == {OrderKind.QUERY}
    # What the institutions said of what lies there went into the orders that followed.
    kinds = {kind for _, kind in market.bureau.case(CASE).account_kinds}
    assert kinds == {AccountKind.WALLET, AccountKind.SETTLEMENT, AccountKind.CUSTODY}
    # What is held happens no more: nothing is settled, spent or withdrawn.
    clock, later = market.bureau.clock, timedelta(minutes=1)
    for name, number in (("pay-1", WALLET), ("pay-1", SHOP), ("coins-1", CLIENT)):
        core = market.cores[name]
        core.schedule(Payment("late", clock.now() + later, number, "", 0, "CNY"))
    clock.move(2 * later)
    left = {(x, n): market.cores[x].find(n)[0].balance for x, n, _ in ACCOUNTS}
    assert {place: left[place] for place in HELD} == HELD
