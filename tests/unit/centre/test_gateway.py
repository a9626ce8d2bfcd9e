"""The gateway against institutions that answer oddly: what it takes, what it refuses, what may not keep others waiting."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from docket import claim, report
from sim.office import START, Done, Office

from recoup import limits
from recoup.cases.commands import SettleClaim, TakeReport, TakeUp
from recoup.cases.state import ClaimTrigger
from recoup.centre import Reply, gateway
from recoup.centre.commands import WriterRefusal
from recoup.centre.directory import Directory
from recoup.centre.gateway import HTTPGateway, Rejected
from recoup.centre.letters import Correspondence
from recoup.centre.scribe import turned
from recoup.centre.terms import IssuedOrder, encode_issued
from recoup.errors import GatewayFault
from recoup.ids import CountedIds
from recoup.journal.port import Message
from recoup.messages import (
    AnswerMessage,
    DigestHold,
    DigestMessage,
    KeyRing,
    Minor,
    NoticeTerms,
    StatementRow,
    generate_key,
    seal,
)
from recoup.messages.keys import from_base64url
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Purpose, Vault

CASE, BANK = "case-1", "bank-1"
WHY = Purpose("test", CASE, "a test")


class Wire:
    """A centre's gateway whose institution says what the test wants."""

    def __init__(self):
        self.office, self.ids = Office(), CountedIds()
        day = timedelta(days=1)
        self.key = generate_key(BANK, START - day, START + day)
        own = generate_key("centre", START - day, START + day)
        wire = Correspondence(
            "centre",
            own,
            KeyRing([self.key.public]),
            {BANK: "http://bank"},
            NoticeTerms("x", (), "0"),
        )
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.account = self.directory.account(BANK, "111", "holder")
        client = httpx.Client(transport=httpx.MockTransport(self.reply))
        self.says, self.asked, self.requests = [], 0, []
        self.gateway = HTTPGateway(
            wire, client, self.directory, self.submit, self.office.clock, self.ids, epoch=lambda: 3
        )

    def reply(self, request):
        self.asked += 1
        self.requests.append(request)
        said = self.says[min(self.asked, len(self.says)) - 1]
        jti = self.ids.new("jti")
        now = self.office.clock.now()
        if isinstance(said, httpx.Response):
            return said
        data = seal(said, self.key, audience="centre", jti=jti, now=now)
        return httpx.Response(200, stream=httpx.ByteStream(data))

    def submit(self, command):
        future = Future()
        future.set_result(self.office.submit(command))
        return future

    def reported(self):
        told = claim("c1", self.account, 100, institution=BANK, paid_at=START - timedelta(hours=1))
        for who, what in (
            ("taker", TakeReport(report(at=START), told, "station-1")),
            ("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann")),
        ):
            assert isinstance(self.office.ask(who, what, case=CASE), Done)
        return self

    def send(self, answer, kind=OrderKind.QUERY, account=None):
        self.says = [answer]
        order = Order(
            "o1", kind, HoldKey(CASE, account or self.account, "CNY"), BANK, 0, "m", "why"
        )
        issued = IssuedOrder(order, order.digest, (), START, START + timedelta(hours=1))
        return self.gateway.send(Message("o1", BANK, "order", encode_issued(issued)))

    def statements(self):
        case = self.office.scribe.state.case(CASE)
        return self.directory.statements(CASE, case.facts, WHY)


def answer(*rows, **more):
    told = AnswerMessage("a1", "o1", BANK, Outcome.INFORMED, START, "CNY", rows=rows)
    return replace(told, **more)


def row(number, payer, payee, **more):
    return replace(StatementRow(number, START, 1, payer, payee, Minor(5), "CNY"), **more)


@pytest.fixture
def wire():
    return Wire()


def test_an_amount_in_another_currency_is_not_taken_for_the_orders(wire):
    with pytest.raises(Rejected, match="currency"):
        wire.reported().send(answer(held=Minor(1000), currency="JPY"))


def test_an_answer_about_a_case_that_is_not_open_is_taken(wire):
    (taken,) = wire.send(answer(row("x", "111", "222"))).answers
    assert taken.id == "a1"


def test_an_institution_need_not_name_itself_in_its_own_rows(wire):
    wire.reported().send(answer(row("x", "111", "222", payee_institution="bank-2")))
    (statement,) = wire.statements()
    assert statement.rows[0].payer == statement.account == wire.account
    assert statement.rows[0].payer_institution == BANK


def test_rows_asked_for_by_a_serial_number_are_those_of_the_account_behind_it(wire):
    rows = row("x", "9", "333", payer_institution="bank-2"), row("y", "333", "8")
    wire.reported().send(answer(*rows), account="T7")
    (statement,) = wire.statements()
    assert wire.directory.entry(statement.account, WHY).number == "333"


@pytest.mark.parametrize("chars", [1, 900])
def test_an_answer_with_long_rows_is_taken_whole(wire, chars):
    count = 1000 if chars == 1 else 700
    rows = [row(f"{n:x>{chars}}", "111", "") for n in range(count)]
    wire.reported().send(answer(*rows))
    assert [one.id for part in wire.statements() for one in part.rows] == [one.id for one in rows]


def digest(*holds, **more):
    return replace(DigestMessage(BANK, START, holds), **more)


def hold(case, number="111"):
    return DigestHold("o1", case, number, "CNY", Minor(5), Minor(5))


def test_a_hold_of_nobodys_case_does_not_keep_the_others_unconfirmed(wire):
    wire.says = [digest(hold("nobodys"), hold(CASE), hold(CASE, "no such number"))]
    assert wire.reported().gateway.confirm(BANK) == 3


def test_a_hold_that_a_digest_leaves_out_is_confirmed_no_longer(wire):
    wire.reported()
    office, later = wire.office, timedelta(minutes=10)
    key = HoldKey(CASE, wire.account, "CNY")
    stop = Order("s1", OrderKind.STOP, key, BANK, 100, "officer", "why")
    assert isinstance(office.ask("officer", TakeUp(stop), case=CASE), Done)
    office.reply(office.next_message(0), Reply((Answer("a1", Outcome.HELD, 100, START),)))
    wire.gateway.answers._held_at = lambda institution: [key] if institution == BANK else []

    def confirmed():
        return office.scribe.state.case(CASE).standing(wire.account, "CNY").confirmed

    office.clock.move(later)
    shown = replace(hold(CASE), held=Minor(100))
    wire.says, wire.asked = [digest(shown, at=office.clock.now())], 0
    wire.gateway.confirm(BANK)
    assert confirmed() == 100
    office.clock.move(later)
    wire.says, wire.asked = [digest(at=office.clock.now())], 0
    wire.gateway.confirm(BANK)
    assert confirmed() == 0, "a digest shows everything that stands"


def test_a_digest_of_the_future_confirms_nothing(wire):
    wire.says = [digest(hold(CASE), at=START + timedelta(minutes=2))]
    with pytest.raises(Rejected, match="future"):
        wire.reported().gateway.confirm(BANK)


@pytest.mark.parametrize(("page", "pages"), [(1, 2**62), (2, 3)])
def test_a_digest_without_end_or_of_another_page_is_refused(wire, page, pages):
    wire.says = [digest(page=page, pages=pages)]
    with pytest.raises(Rejected, match="page"):
        wire.gateway.confirm(BANK)
    assert wire.asked == 1


def test_what_the_writer_cannot_take_now_is_sent_again(wire):
    wire.says = [digest(hold(CASE))]
    full = Future()

    full.set_result(turned(WriterRefusal.QUEUE_FULL))
    wire.gateway.answers._submit = lambda _: full
    with pytest.raises(GatewayFault, match="away"):
        wire.gateway.confirm(BANK)


class Endless(httpx.SyncByteStream):
    """A reply without an end; says how much of it was read."""

    read = 0

    def __iter__(self):
        while True:
            self.read += 2**16
            yield b"x" * 2**16


def test_a_reply_without_end_is_not_read_beyond_a_messages_bound(wire):
    reply = Endless()
    with pytest.raises(Rejected, match="message_too_large"):
        wire.reported().send(httpx.Response(200, stream=reply))
    assert reply.read <= limits.MESSAGE_BYTES_MAX + 2**16


def test_a_reply_that_drips_is_given_up(wire, monkeypatch):
    monkeypatch.setattr(gateway, "REPLY_SECONDS_MAX", 0.0)
    with pytest.raises(GatewayFault, match="TimeoutError"):
        wire.reported().send(answer())


def test_an_institution_that_knows_a_later_epoch_is_heard_by_a_person(wire):
    body = json.dumps({"type": "urn:recoup:problem:epoch_old", "status": 409}).encode()
    with pytest.raises(Rejected, match="status 409 epoch_old"):
        wire.reported().send(httpx.Response(409, stream=httpx.ByteStream(body)))


def test_each_message_carries_the_epoch_of_the_writer(wire):
    wire.reported().send(answer())
    head = wire.requests[0].content.split(b".")[0].decode()
    assert json.loads(from_base64url(head))["epoch"] == 3
