"""One centre without threads, a real agent with its core system, and a bank that is paid: payments back in a test."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import timedelta

import decided
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
from recoup.orders import HoldKey
from recoup.procedure import ClaimKey
from recoup.reading.policies import read_policy
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault

CASE, BANK = "case-1", "bank-1"
DUE = START + timedelta(days=5)
LOSS = 1_000


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
        self.paid_by = ""
        decided.claimed(self.office, CASE, "c1", self.account, LOSS, START)

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

    def tell(self, order_id, kind, amount):
        """Order, send, and take in what the bank says; return that."""
        outcome = self.office.tell(some_order(order_id, kind, amount, self.key, institution=BANK))
        return self.sent(order_id, outcome)

    def sent(self, order_id, outcome):
        message = self.office.next_message(0)
        assert message.id == order_id, outcome
        reply = self.gateway.send(message)
        self.office.reply(message, reply)
        return reply.answers[0]

    def pay(self, amount, account="", institution="bank-9", case=CASE):
        """Decide to pay the claim, give the bank notice, and take in what it says; `paid_by` is the order."""
        account = account or self.payee
        decided.enter(self.office, case, account, institution)
        key = ClaimKey(case, "c1")
        return self._leaves(decided.noticed(self.office, self.key, amount, account, key))

    def pay_anew(self, account=""):
        """Pay to another account what could not be paid last."""
        last = decided.found(self.office).payments[-1]
        return self._leaves(decided.anew(self.office, last, account or self.payee))

    def _leaves(self, noticed):
        self.paid_by, outcome = noticed
        assert self.paid_by, outcome
        return self.sent(self.paid_by, decided.agreed(self.office, self.paid_by))

    @property
    def hold(self):
        return self.office.scribe.state.hold(self.key)

    @property
    def money(self):
        return self.core.total, self.there.total


def _stream(data):
    return httpx.Response(200, stream=httpx.ByteStream(data))


__all__ = ["BANK", "CASE", "DUE", "LOSS", "House"]
