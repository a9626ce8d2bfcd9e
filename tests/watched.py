"""A centre over HTTP, a bank's agent over signed HTTP, its core system with a stream before it, and the link between them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from banks import CENTRE, POLICY, YEARS, listened
from bureau import START, Bureau, paid, reported

from recoup.bank import BankStore, Identity, Terms
from recoup.bank.http import application
from recoup.bank.link import Link
from recoup.bank.polling import Line
from recoup.bank.sandbox import Behaviour, FaultyAgent, Payment
from recoup.bank.sandbox.watched import WatchedCore
from recoup.cases import Mandate
from recoup.cases.commands import AgreeToMandate, ProposeMandate
from recoup.centre.letters import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import HandClock
from recoup.ids import RandomIds
from recoup.messages import KeyRing, NoticeTerms, generate_key
from recoup.orders import AccountKind, Hold, HoldKey
from recoup.staff import Role
from recoup.watch.stolen import Copy

CASE, BANK = "C1", "bank-7"
VICTIM, ABROAD = "6222029999000011117", "6222025555000011110"
MULE, SECOND, SHOP = "6222027777000011117", "6222027777000022225", "6222027777000033333"
NAMES = {MULE: "Sun", SECOND: "Qian", SHOP: "Li"}
OPENINGS = {MULE: 0, SECOND: 4_000, SHOP: 10_000}
LOSS, ONWARD = 30_000, 20_000
PATIENCE_SECONDS = 60


class Watched:
    """A bureau and one watched bank: the victim's 300.00 came to the mule, 200.00 of it went on to a second account."""

    def __init__(
        self, folder: Path, stack: ExitStack, behaviours: Sequence[Behaviour] = ()
    ) -> None:
        self.clock, self.count, self.told = HandClock(START), 0, list[str]()
        clients = [(n, NAMES[n], "CNY", OPENINGS[n], AccountKind.ORDINARY) for n in NAMES]
        spans = {"catch": timedelta(hours=24), "match": timedelta(minutes=10)}
        self.core = WatchedCore(self.clock, clients, institution=BANK, **spans)
        self.outside = 0
        """All that came from outside, less what went there."""
        key = generate_key(BANK, START - YEARS, START + YEARS)
        ring = KeyRing([CENTRE.public])
        identity = Identity(BANK, CENTRE.owner, lambda _: key, lambda: ring)
        self.store = BankStore.open(folder / f"{BANK}.sqlite")
        given = (identity, self.store, self.core, Terms(POLICY, 600), self.clock, RandomIds())
        self.agent = FaultyAgent(*given, behaviours=behaviours)
        address = stack.enter_context(listened(application(self.agent)))
        notice = NoticeTerms("Centre", ("notice",), "000")
        ours = KeyRing([key.public])
        self.wire = Correspondence(CENTRE.owner, CENTRE, ours, {BANK: address}, notice)
        self.folder, self.stack = folder, stack
        self.bureau = Bureau(folder, self.clock, wire=self.wire)
        self.bureau.set_up()
        self.bureau.hire("ann", (Role.CASE_LEAD, "gd"))
        self.pay(VICTIM, MULE, LOSS, timedelta(hours=-1), payer_institution="bank-9")
        self.pay(MULE, SECOND, ONWARD, timedelta(minutes=-30))

    def connect(self) -> Link:
        """Put the link between agent, centre and stream."""
        client = self.stack.enter_context(
            httpx.Client(base_url=self.bureau.served.address, timeout=60)
        )
        line = Line(client, BANK, self.told.append)
        copy = Copy(self.core.flow, self.core)
        given = {"institution": BANK, "clock": self.clock, "heard": self.told.append}
        self.link = Link(self.agent, line, copy, self.core, self.core, **given)
        self.core.link = self.link
        return self.link

    def restart_centre(self) -> None:
        """End the centre and start another one on what lies on the disk."""
        before = self.bureau
        before.close()
        self.bureau = Bureau(self.folder, self.clock, wire=self.wire)
        self.bureau.keys = before.keys

    # --- what happens ---

    def pay(
        self, payer: str, payee: str, amount: int, when: timedelta = timedelta(), **more: str
    ) -> bool:
        """Let a client pay, and assert that nothing came or went otherwise."""
        self.count += 1
        sides = {"payer_institution": BANK, "payee_institution": BANK} | more
        sides |= {"payer_name": NAMES.get(payer, "x"), "payee_name": NAMES.get(payee, "x")}
        at = (payer, payee, amount, "CNY")
        payment = Payment(f"p{self.count}", self.clock.now() + when, *at, **sides)
        is_made = self.core.pay(payment)
        if is_made:
            self.outside += (payer not in NAMES) * amount - (payee not in NAMES) * amount
        self.check()
        return is_made

    def report(self) -> None:
        """Let the victim report, with standing authority for the chase."""
        payee = {"institution": BANK, "number": MULE, "name": NAMES[MULE]}
        body = reported(CASE, "gd", payment=paid(payee=payee))
        found = self.bureau.post("/reports", body, "ann")
        assert found.status_code == 200, found.text

    def authorise(self) -> None:
        """Let two persons set limits within which the chase goes on by itself."""
        until = self.clock.now() + timedelta(hours=6)
        mandate = Mandate("m1", 8, 100_000, "CNY", until, "person-2")
        self.bureau.told(CASE, ProposeMandate(mandate), "person-2")
        self.bureau.told(CASE, AgreeToMandate("m1", "person-3", mandate.digest), "person-3")

    # --- what is so ---

    def until(self, is_done: Any) -> None:
        assert wait_until(is_done, PATIENCE_SECONDS), self.bureau.case(CASE)
        assert self.bureau.desk.fault is None

    def standing(self, number: str) -> Any:
        """Return how a pocket stands in the stream, once what has come is settled."""
        self.link.settle()
        pocket = self.core.pocket(number, "CNY")
        assert pocket is not None
        return self.core.flow.at(pocket)

    def digest(self) -> dict[str, int]:
        """Return what the agent's books hold, by account."""
        return {hold.account_number: hold.held for hold in self.agent.digest_page(1).holds}

    def asked(self) -> dict[str, int]:
        """Return what the agent's books are to hold, by account."""
        found: dict[str, int] = {}
        self.agent.show(lambda holds: found.update({x.account: x.asked for x in holds}))
        return found

    def hold(self, number: str) -> Hold:
        """Return a hold as the centre knows it."""
        account = self.bureau.desk._office.directory.account(BANK, number)
        return self.bureau.desk.view().hold(HoldKey(CASE, account, "CNY"))

    def check(self) -> None:
        """Assert conservation: between the books, in the stream, and of every claim."""
        balances = {n: self.core.find(n)[0].balance for n in NAMES}
        assert sum(balances.values()) == sum(OPENINGS.values()) + self.outside
        flow = self.core.flow
        for number, balance in balances.items():
            pocket = self.core.pocket(number, "CNY")
            assert pocket is not None
            seen = flow.at(pocket)
            held = sum(amount for _, amount in seen.held)
            assert (seen.balance, seen.free) == (balance, balance - held)
            assert 0 <= held <= balance, "no cent is held twice"
            assert sum(one.held for one in seen.stolen) <= held
        for case, claim in flow.pictures.facts.numbers:
            found = flow.where(case, claim)
            assert found.loss == found.located + found.exited + found.unknown
