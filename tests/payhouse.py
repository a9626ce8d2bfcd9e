"""One centre without threads, a real agent with its core system, and a bank that is paid: payments back in a test."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import timedelta

import httpx
from sim.office import START, Office, some_order

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.sandbox import Clearing, Payment, SandboxCore
from recoup.centre.directory import Directory
from recoup.centre.gateway import HTTPGateway
from recoup.centre.letters import Correspondence
from recoup.ids import CountedIds, RandomIds
from recoup.messages import KeyRing, NoticeTerms, generate_key
from recoup.messages.transport import SCHEME
from recoup.orders import HoldKey, OrderKind, Payout
from recoup.reading.policies import read_policy
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault

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
        self.store = BankStore.open(folder / "books.sqlite")
        self.given = (
            Identity(*identity, lambda: trusted),
            self.store,
            self.core,
            Terms(read_policy("cn-2016"), 600),
            clock,
            RandomIds(),
        )
        self.agent = Agent(*self.given)
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


__all__ = ["BANK", "CASE", "DUE", "House"]
