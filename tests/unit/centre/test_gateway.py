"""The gateway against institutions that answer oddly: what it takes, what it refuses, what may not keep others waiting."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from docket import claim, report
from sim.office import POLICY, START, Done, Office

from recoup import limits
from recoup.cases import plan_orders
from recoup.cases.commands import SettleClaim, TakeReport, TakeUp
from recoup.cases.state import ClaimTrigger
from recoup.centre import Reply, answer_command, gateway
from recoup.centre.commands import WriterRefusal
from recoup.centre.directory import Directory, Entry
from recoup.centre.facts import Grounds
from recoup.centre.gateway import HTTPGateway, Rejected
from recoup.centre.letters import Correspondence
from recoup.centre.scribe import turned
from recoup.centre.terms import IssuedOrder, encode_issued
from recoup.errors import GatewayFault
from recoup.ids import CountedIds
from recoup.journal.port import Message
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    DigestHold,
    DigestMessage,
    KeyRing,
    Minor,
    NoticeMessage,
    NoticeTerms,
    ResultCode,
    StatementRow,
    Swapped,
    decode,
    generate_key,
    seal,
)
from recoup.messages.keys import from_base64url
from recoup.orders import AccountKind, Answer, HoldKey, Order, OrderKind, Outcome
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Purpose, Vault
from recoup.unrecognised import Unrecognised

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
            NoticeTerms("x", ("paper 1",), "0"),
        )
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.account = self.directory.account(BANK, "111", "holder")
        client = httpx.Client(transport=httpx.MockTransport(self.reply))
        self.says, self.asked, self.sent, self.writes = [], 0, [], None
        self.requests, self.leaves = [], True
        self.gateway = HTTPGateway(
            wire,
            client,
            self.directory,
            self.submit,
            self.office.clock,
            self.ids,
            epoch=lambda: 3,
            stands=lambda _: self.leaves,
        )

    def reply(self, request):
        self.asked += 1
        self.requests.append(request)
        self.sent.append(request.content)
        if request.url.path == "/messages":
            return self.letters()
        said = self.says[min(self.asked, len(self.says)) - 1]
        jti = self.ids.new("jti")
        now = self.office.clock.now()
        if isinstance(said, httpx.Response):
            return said
        data = seal(said, self.key, audience="centre", jti=jti, now=now)
        return httpx.Response(200, stream=httpx.ByteStream(data))

    def letters(self):
        """What the institution says of its own accord: nothing at all where it has no such thing."""
        if self.writes is None:
            return httpx.Response(404, stream=httpx.ByteStream(b""))
        now = self.office.clock.now()
        rows = []
        for number, said in enumerate(self.writes):
            jti = self.ids.new("jti")
            sealed = seal(said, self.key, audience="centre", jti=jti, now=now)
            rows.append({"cursor": str(number), "message": sealed.decode()})
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps({"messages": rows}).encode()))

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

    def ordered(self, **more):
        """Return a stop as the institution gets it."""
        order = Order("o1", OrderKind.STOP, HoldKey(CASE, self.account, "CNY"), BANK, 100, "m", "y")
        due = START + timedelta(hours=1)
        return self.gateway.letters.written(IssuedOrder(order, "d", (), START, due, **more))

    def statements(self):
        case = self.office.scribe.state.case(CASE)
        return self.directory.statements(CASE, case.facts, WHY)


def answer(*rows, **more):
    told = AnswerMessage("a1", "o1", BANK, Outcome.INFORMED, START, "CNY", rows=rows)
    return replace(told, **more)


def row(number, payer, payee, **more):
    return replace(StatementRow(number, START, 1, payer, payee, Minor(5), "CNY"), **more)


def written(wire):
    """The order that was sent last, as the institution reads it."""
    payload = wire.sent[-1].decode().split(".")[1]
    return decode("recoup.order.v1", from_base64url(payload))


@pytest.fixture
def wire():
    return Wire()


def test_an_amount_in_another_currency_is_not_taken_for_the_orders(wire):
    with pytest.raises(Rejected, match="currency"):
        wire.reported().send(answer(held=Minor(1000), currency="JPY"))


def test_an_order_about_an_offered_account_says_who_agreed_instead_of_an_arrival(wire):
    grounds = Grounds(100, START, "", "o0", START, "elsewhere", ("lead", "judge"))
    wire.directory.keep_grounds("o1", grounds)
    told = answer(outcome=Outcome.HELD, held=Minor(100), started_at=START)
    wire.reported().send(told, OrderKind.EXTEND)
    order = written(wire)
    assert (order.disputed, order.swapped) == (None, Swapped("o0", ("lead", "judge"), START))


def test_a_word_that_nobody_here_knows_is_not_taken_for_a_refusal(wire):
    (taken,) = wire.send(answer(outcome=Unrecognised("seized"), held=Minor(60))).answers
    assert (taken.outcome, taken.held) == (Unrecognised("seized"), 60)


def test_an_answer_about_a_case_that_is_not_open_is_taken(wire):
    (taken,) = wire.send(answer(row("x", "111", "222"))).answers
    assert taken.id == "a1"


def test_an_institution_need_not_name_itself_in_its_own_rows(wire):
    wire.reported().send(answer(row("x", "111", "222", payee_institution="bank-2")))
    (statement,) = wire.statements()
    assert statement.rows[0].payer == statement.account == wire.account
    assert statement.rows[0].payer_institution == BANK


def test_an_institution_is_told_the_number_of_a_payment_and_not_our_id_of_it(wire):
    wire.directory.keep_all(wire.directory.serial_pieces("transfer-1", BANK, "SN-0001"))
    order = Order("o1", OrderKind.STOP, HoldKey(CASE, wire.account, "CNY"), BANK, 9, "m", "why")
    issued = IssuedOrder(order, order.digest, (), START, START + timedelta(hours=1))
    for reference, told in (("transfer-1", "SN-0001"), ("T-of-a-statement", "T-of-a-statement")):
        wire.directory.keep_grounds("o1", Grounds(9, START, reference, "", START))
        assert wire.gateway.letters.written(issued).disputed.reference == told


def name_of(wire, number, bank="bank-2"):
    return wire.directory.entry(wire.directory.account(bank, number), WHY).name


def test_the_own_institution_names_its_account_whoever_spelt_it_first(wire):
    def paid(number, name):
        return row(number, "111", "222", payee_institution="bank-2", payee_name=name)

    wire.reported().send(answer(paid("x", "Wnag"), paid("y", "Wagn")))
    assert name_of(wire, "222") == "Wagn", "until its own institution speaks, the newest"
    wire.directory.account("bank-2", "222", "Wang", is_own=True)
    wire.send(answer(paid("z", "Wnag")))
    assert name_of(wire, "222") == "Wang"
    wire.directory.account("bank-2", "222", "Wang Li", is_own=True)
    assert name_of(wire, "222") == "Wang Li", "its own newest"


def test_an_institutions_rows_name_its_own_accounts(wire):
    assert name_of(wire, "111", BANK) == "holder", "said by somebody when the case began"
    mine = row("x", "111", "112", payer_name="Own", payee_name="Neighbour", payee_institution=BANK)
    wire.reported().send(answer(mine))
    assert (name_of(wire, "111", BANK), name_of(wire, "112", BANK)) == ("Own", "Neighbour")
    assert wire.statements()[0].account == wire.account


def test_the_name_that_an_officer_gave_for_a_case_is_the_one_that_is_checked(wire):
    # Otherwise a mistyped number would be given its own holder's name, and the check would pass.
    typed = Entry(BANK, "111", "typed")
    wire.directory.keep_all(wire.directory.entered_pieces(wire.account, CASE, typed))
    wire.directory.account(BANK, "111", "Own", is_own=True)
    assert name_of(wire, "111", BANK) == "typed"


def test_no_event_holds_an_institutions_number_of_a_payment(wire):
    wire.reported().send(answer(row("SERIAL-4711", "111", "222", kind="wallet")))
    bodies = b"".join(record.body for record in wire.office.journal.records())
    assert b"facts_added" not in bodies  # bodies only; the names of events stand beside them
    assert b"SERIAL-4711" not in bodies
    assert wire.statements()[0].rows[0].number == "SERIAL-4711", "it lies in the vault"
    assert wire.statements()[0].rows[0].id.encode() in bodies, "and its keyed digest in the journal"


def test_a_query_by_a_payments_number_names_the_institutions_number(wire):
    wire.directory.keep_grounds("o1", Grounds(5, START, "SERIAL-4711", "", START))
    wire.reported().send(answer(), account="row-0123'")
    assert (written(wire).serial, written(wire).rows_from) == ("SERIAL-4711", START)


def minutes(*given):
    """Rows of a statement, one a minute."""
    return [row(f"x{m}", "111", "222", at=START - timedelta(minutes=60 - m)) for m in given]


def asked_for(wire):
    """Accounts that the plan would ask about, and whether a person sees that rows are left."""
    case = wire.office.scribe.state.case(CASE)
    plan = plan_orders(case, START, POLICY)
    queries = [order for order in plan.orders if order.kind is OrderKind.QUERY]
    is_shown = any(waiting.why == "rows_left" for waiting in plan.waiting)
    assert case.is_whole is False, "incomplete while rows are left" if is_shown else "not traced"
    return [order.account for order in queries], is_shown


def ask_for_the_rest(wire, number):
    key = HoldKey(CASE, wire.account, "CNY")
    query = Order(f"q{number}", OrderKind.QUERY, key, BANK, 0, "officer", "the rest")
    assert isinstance(wire.office.ask("officer", TakeUp(query), case=CASE), Done)


def test_the_rest_of_a_cut_statement_is_asked_for_until_it_is_whole(wire):
    wire.reported().send(answer(*minutes(1, 2), rows_left=3))
    rest = wire.office.scribe.state.case(CASE).rest(wire.account, "CNY")
    assert (rest.since, rest.left) == (minutes(2)[0].at, 3)
    assert wire.statements()[0].until == minutes(2)[0].at, "nothing is said of what came after"
    assert asked_for(wire) == ([wire.account], True)
    ask_for_the_rest(wire, 1)
    assert asked_for(wire) == ([], True), "once for one rest"
    wire.send(answer(*minutes(2, 3, 4), rows_left=1))
    assert asked_for(wire) == ([wire.account], True)
    said = answer_command(BANK, "q1", Answer("a-q1", Outcome.INFORMED))
    assert isinstance(wire.office.submit(said), Done)
    ask_for_the_rest(wire, 2)
    wire.send(answer(*minutes(4, 5)))
    assert asked_for(wire) == ([], False)
    assert wire.office.scribe.state.case(CASE).rests == ()


@pytest.mark.parametrize("again", [((1, 2), 3), ((1,), 4), ((4, 5), 0)])
def test_a_rest_that_does_not_come_is_shown_and_not_asked_for_without_end(wire, again):
    wire.reported().send(answer(*minutes(1, 2), rows_left=3))
    ask_for_the_rest(wire, 1)
    given, left = again
    wire.send(answer(*minutes(*given), rows_left=left))
    assert asked_for(wire) == ([], True), "nothing new, or with a gap: a person looks"


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
    shown = [one for part in wire.statements() for one in part.rows]
    assert [one.number for one in shown] == [one.id for one in rows]
    assert len({one.id for one in shown}) == count


def test_what_an_account_is_for_reaches_the_case(wire):
    wire.reported().send(answer(account_kind=AccountKind.PAYROLL))
    case = wire.office.scribe.state.case(CASE)
    assert case.account_kind(wire.account) is AccountKind.PAYROLL
    before = wire.office.scribe.count
    for word in (AccountKind.ORDINARY, Unrecognised("something else")):
        wire.send(answer(account_kind=word, id=f"a {word}"))
    assert wire.office.scribe.count == before, (
        "an ordinary account is no news, a word we do not know says nothing"
    )


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
    wire.gateway.answers._held_at = lambda institution: (
        [office.scribe.state.hold(key)] if institution == BANK else []
    )

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


def test_what_a_digest_shows_otherwise_than_the_record_is_told(wire):
    wire.reported()
    office, key = wire.office, HoldKey(CASE, wire.account, "CNY")
    stop = Order("s1", OrderKind.STOP, key, BANK, 100, "officer", "why")
    assert isinstance(office.ask("officer", TakeUp(stop), case=CASE), Done)
    wire.gateway.answers._held_at = lambda _: [office.scribe.state.hold(key)]
    wire.gateway.answers._told = lambda _, why: told.append(why)
    told: list[str] = []

    def round_of(*shown):
        told.clear()
        office.clock.move(timedelta(minutes=10))
        wire.says, wire.asked = [digest(*shown, at=office.clock.now())], 0
        wire.gateway.confirm(BANK)
        return [why.split(":")[0] for why in told]

    right = replace(hold(CASE), held=Minor(100))
    assert round_of(right) == [], "the stop is on its way: its answer may be, too"
    office.reply(office.next_message(0), Reply((Answer("a1", Outcome.HELD, 100, START),)))
    assert round_of(right) == []
    assert round_of(replace(right, held=Minor(99))) == ["drift, altered"]
    assert round_of(replace(right, ends_at=START)) == ["drift, stale"]
    assert round_of() == ["drift, missing"]
    assert round_of(right, hold("nobodys")) == ["drift, extra"]


def stopped(wire):
    """A case whose one account is held; the gateway finds its orders."""
    wire.reported()
    office, key = wire.office, HoldKey(CASE, wire.account, "CNY")
    stop = Order("s1", OrderKind.STOP, key, BANK, 100, "officer", "why")
    assert isinstance(office.ask("officer", TakeUp(stop), case=CASE), Done)
    office.reply(office.next_message(0), Reply((Answer("a1", Outcome.HELD, 100, START),)))
    wire.gateway.answers._order_of = lambda order_id: stop if order_id == "s1" else None
    return wire


APPEAL = AppealMessage("p1", "s1", BANK, "111", START, "this is my wage", "139")
TOLD = NoticeMessage("n1", "s1", BANK, START, is_delivered=True, way="app")


def test_a_holder_that_is_told_later_is_no_notice_sent_and_a_person_hears_of_it(wire):
    told: list[str] = []
    until = START + timedelta(days=1)
    later = replace(TOLD, is_delivered=False, way="", reason="away", deferred_until=until)
    stopped(wire).writes = [later]
    wire.gateway.answers._told = lambda _, why: told.append(why)
    wire.gateway.collect(BANK)
    assert [row.state.value for row in wire.office.scribe.state.case(CASE).notices] == ["due"]
    assert told == [f"order s1: its holder is told later, until {until.isoformat()}"]


@pytest.mark.parametrize(
    ("kind", "code", "is_told"),
    [
        (OrderKind.WATCH, ResultCode.NOT_SUPPORTED_OTHER, True),
        (OrderKind.WATCH, Unrecognised("7777"), True),
        (OrderKind.WATCH, ResultCode.DONE, False),
        (OrderKind.QUERY, ResultCode.NOT_SUPPORTED_OTHER, False),
    ],
)
def test_of_a_watch_that_ended_before_its_time_a_person_hears(wire, kind, code, is_told):
    told: list[str] = []
    wire.reported().gateway.answers._told = lambda _, why: told.append(why)
    wire.send(answer(row("r1", "111", "222"), code=code, started_at=START), kind)
    words = "its watch ended early, too much moved there: order another, or a stop"
    assert told == [f"order o1 of case {CASE}: {words}"] * is_told
    assert wire.statements(), "what it saw is taken all the same"


def test_a_holder_that_was_told_and_the_holders_objection_reach_the_case(wire):
    stopped(wire).writes = [TOLD, APPEAL]
    for _ in range(2):  # a restart forgets the cursor: nothing happens twice
        assert wire.gateway.collect(BANK) == 2
        case = wire.office.scribe.state.case(CASE)
        assert [row.state.value for row in case.notices] == ["sent"]
        (appeal,) = case.appeals
        assert (appeal.account, appeal.is_through_bank) == (wire.account, True)
        wire.gateway._cursors.clear()
    assert wire.directory.read(appeal.text, "statement", WHY) == "this is my wage"
    bodies = b"".join(record.body for record in wire.office.journal.records())
    assert b"wage" not in bodies, "what a holder writes lies in the vault"


def test_an_institution_is_heard_about_its_own_orders_only(wire):
    stopped(wire).writes = [replace(APPEAL, order="nobodys"), replace(TOLD, is_delivered=False)]
    passed = []
    wire.gateway.answers._told = lambda institution, why: passed.append((institution, why))
    assert wire.gateway.collect(BANK) == 2
    case = wire.office.scribe.state.case(CASE)
    assert (case.appeals, [row.state.value for row in case.notices]) == ((), ["due"])
    (first, about_nothing), (second, about_later) = passed
    assert (first, second) == (BANK, BANK)
    assert "no order of its own" in about_nothing
    assert "told later" in about_later


def test_an_institution_without_messages_is_left_alone(wire):
    assert wire.gateway.collect(BANK) == 0


@pytest.mark.parametrize("said", [{}, {"messages": 5}, {"messages": [{"cursor": 1}]}, []])
def test_messages_in_another_form_are_refused(wire, monkeypatch, said):
    body = httpx.ByteStream(json.dumps(said).encode())
    monkeypatch.setattr(wire, "letters", lambda: httpx.Response(200, stream=body))
    with pytest.raises(Rejected, match="something else"):
        wire.gateway.collect(BANK)


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


def test_what_is_not_to_leave_any_more_is_answered_by_nobody_and_sent_to_nobody():
    wire = Wire()
    wire.leaves = False
    assert wire.send(answer()) == Reply()
    assert wire.sent == []


def test_a_letter_says_what_belongs_to_its_sending_and_nothing_where_nothing_was_decided():
    wire, day = Wire(), timedelta(days=1)
    told = wire.ordered(ends_at=START + day, tell_from=START + 2 * day)
    assert (told.ends_at, told.tell_from) == (START + day, START + 2 * day)
    assert told.as_ordered == wire.ordered()
