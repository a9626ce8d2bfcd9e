"""A payment back from the order to the receipt: through the centre's gateway, a real agent and its core system, and back."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import timedelta

import httpx
import pytest
from sim.office import START, Office, some_order

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.sandbox import Clearing, Payment, SandboxCore
from recoup.centre.directory import Directory
from recoup.centre.gateway import HTTPGateway
from recoup.centre.letters import Correspondence
from recoup.errors import VaultFault
from recoup.ids import CountedIds, RandomIds
from recoup.messages import KeyRing, NoticeTerms, ResultCode, generate_key
from recoup.messages.transport import SCHEME
from recoup.orders import HoldKey, HoldState, OrderKind, Outcome, Payout
from recoup.reading.policies import read_policy
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Purpose, Vault

CASE, BANK = "case-1", "bank-1"
DUE = START + timedelta(days=3)


class House:
    """One centre without threads, one bank that pays and one that is paid."""

    def __init__(self, folder):
        self.office, self.ids = Office(), CountedIds()
        clock, day = self.office.clock, timedelta(days=500)
        key = generate_key(BANK, START - day, START + day)
        own = generate_key("centre", START - day, START + day)
        clearing = Clearing()
        self.core = SandboxCore(clock, institution=BANK, clearing=clearing)
        self.core.add_account("111", "holder", "CNY", 0)
        assert self.core.pay(Payment("t1", START, "x", "111", 100, "CNY"))
        self.there = SandboxCore(clock, institution="bank-9", clearing=clearing)
        self.there.add_account("999", "victim", "CNY", 0)
        trusted, identity = KeyRing([own.public]), (BANK, "centre", lambda _: key)
        self.agent = Agent(
            Identity(*identity, lambda: trusted),
            BankStore.open(folder / "books.sqlite"),
            self.core,
            Terms(read_policy("cn-2016"), 600),
            clock,
            RandomIds(),
        )
        terms = NoticeTerms("x", ("paper 1",), "0")
        wire = Correspondence("centre", own, KeyRing([key.public]), {BANK: "http://bank"}, terms)
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.account = self.directory.account(BANK, "111", "holder")
        self.payee = self.directory.account("bank-9", "999", "victim")
        client = httpx.Client(transport=httpx.MockTransport(self.reply))
        self.gateway = HTTPGateway(
            wire, client, self.directory, self.submit, clock, self.ids, order_of=self.order_of
        )
        self.key = HoldKey(CASE, self.account, "CNY")

    def reply(self, request):
        if request.url.path == "/orders":
            return _stream(self.agent.take(request.content).data)
        ask = request.headers["Authorization"].removeprefix(SCHEME).encode()
        return _stream(json.dumps({"messages": self.agent.letters(ask)}).encode())

    def order_of(self, order_id):
        found = self.office.scribe.state.find(order_id)
        return None if found is None else found[1].order

    def submit(self, command):
        future = Future()
        future.set_result(self.office.submit(command))
        return future

    def tell(self, order_id, kind, amount, payout=None):
        """Order, send, and take in what the bank says; return that."""
        order = some_order(order_id, kind, amount, self.key, institution=BANK, payout=payout)
        outcome = self.office.tell(order)
        message = self.office.next_message(0)
        assert message.id == order_id, outcome
        reply = self.gateway.send(message)
        self.office.reply(message, reply)
        return reply.answers[0]

    def pay(self, order_id, amount, **changes):
        given = {"account": self.payee, "institution": "bank-9", "claim": "c1"} | changes
        payout = Payout(**given, decision="award-1", due_at=DUE)
        return self.tell(order_id, OrderKind.PAY_BACK, amount, payout)

    @property
    def hold(self):
        return self.office.scribe.state.hold(self.key)

    @property
    def money(self):
        return self.core.total, self.there.total


def _stream(data):
    return httpx.Response(200, stream=httpx.ByteStream(data))


@pytest.fixture
def house(tmp_path):
    found = House(tmp_path)
    assert found.tell("f1", OrderKind.FREEZE, 100).outcome is Outcome.FROZEN
    return found


def test_an_order_becomes_money_and_its_receipt_moves_the_hold(house):
    said = house.pay("p1", 60)
    assert (said.outcome, said.receipt.amount, said.held) == (Outcome.PAID, 60, 40)
    assert house.money == (40, 60)
    assert (house.hold.held, house.hold.returned, house.hold.state) == (40, 60, HoldState.FROZEN)
    assert not house.hold.paying


def test_the_receipts_number_lies_in_the_vault_and_its_digest_in_the_event(house):
    said = house.pay("p1", 60)
    (row,) = [x for x in house.core.statement("111", "CNY", START, DUE) if x.reference == "p1"]
    assert said.receipt.reference == house.directory.row_id(row.id)
    why = Purpose("test", CASE, "a test")
    assert house.directory.read("order p1", f"receipt {said.id}", why) == row.id
    assert row.id.encode() not in b"".join(x.body for x in house.office.journal.records())


def test_what_the_bank_does_not_find_is_refused_with_its_check(house):
    wrong = house.directory.account("bank-9", "998", "victim")
    said = house.pay("p1", 60, account=wrong)
    assert (said.outcome, said.code, said.failed) == (
        Outcome.REFUSED,
        ResultCode.ACCOUNT_UNKNOWN.value,
        ("payee_account",),
    )
    assert (house.money, house.hold.held) == ((100, 0), 100)
    assert house.pay("p2", 60).outcome is Outcome.PAID


def test_what_bounces_is_heard_of_with_the_next_digest_and_lies_frozen_again(house):
    house.pay("p1", 100)
    assert house.hold.state is HoldState.RETURNED
    house.core.bounce("p1")
    assert house.gateway.collect(BANK) == 2  # the holder was told of the freeze, too
    assert (house.hold.state, house.hold.held, house.hold.returned) == (HoldState.FROZEN, 100, 0)
    assert house.money == (100, 0)
    house.gateway._cursors.clear()  # the centre starts anew and is told again
    house.gateway.collect(BANK)
    assert house.hold.held == 100
    assert house.pay("p2", 100).outcome is Outcome.PAID
    assert house.money == (0, 100)


def test_the_payee_is_paid_where_its_account_is_and_never_by_guess(house):
    with pytest.raises(VaultFault, match="institution"):
        house.pay("p1", 60, institution="bank-8")
    assert house.money == (100, 0)
