"""The link of a bank's watch: a chain of changes becomes a copy that binds, whatever is lost, repeated or begun anew."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from docket import claim, report
from sim.office import START, Done, Office, some_order

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.link import COPY_SECONDS_MAX, Link
from recoup.bank.sandbox import Payment
from recoup.bank.sandbox.watched import WatchedCore
from recoup.cases.commands import SettleClaim, TakeReport
from recoup.cases.state import ClaimTrigger
from recoup.centre.answers import Answers
from recoup.centre.bulletins import Bulletins
from recoup.centre.directory import Directory
from recoup.centre.view import View
from recoup.clock import microseconds_of
from recoup.errors import GatewayFault, MessageFault, StateFault
from recoup.ids import CountedIds, RandomIds
from recoup.messages import (
    ChangesMessage,
    Disputed,
    KeyRing,
    Minor,
    OrderMessage,
    SightingKind,
    generate_key,
    open_message,
    seal,
)
from recoup.messages.sealing import MemoryReplays
from recoup.orders import AccountKind, HoldKey, OrderKind
from recoup.reading.policies import read_policy
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault
from recoup.watch.stolen import Copy
from recoup.watch.told import Listed, Traced, listed_hash

CASE, BANK, MULE, SECOND, SHOP = "case-1", "bank-1", "111", "222", "333"
DAYS = timedelta(days=500)
OWN = generate_key("centre", START - DAYS, START + DAYS)
KEY = generate_key(BANK, START - DAYS, START + DAYS)
LOSS, ONWARD = 100, 60
STOP = OrderMessage(
    "o1",
    OrderKind.STOP,
    CASE,
    BANK,
    SECOND,
    f"holder {SECOND}",
    "CNY",
    Minor(ONWARD),
    START,
    "reported",
    disputed=Disputed(Minor(ONWARD), START - timedelta(minutes=30)),
)
"""The centre's order as the agent gets it."""


@dataclass
class Entry:
    cursor: str
    message: str


@dataclass
class Town:
    """A centre without threads, an agent, a stream, and between them a wire that loses or alters what it is told to."""

    books: BankStore
    is_away: bool = False
    alters: bool = False
    posted: list[object] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.office, self.ids = Office(), CountedIds()
        self.clock = self.office.clock
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), self.ids)
        self.account = {n: self.directory.account(BANK, n, f"holder {n}") for n in (MULE, SECOND)}
        clients = [
            (n, f"holder {n}", "CNY", own, AccountKind.ORDINARY)
            for n, own in ((MULE, 0), (SECOND, 40), (SHOP, 10))
        ]
        spans = {"catch": timedelta(hours=24), "match": timedelta(minutes=10)}
        self.core = WatchedCore(self.clock, clients, institution=BANK, **spans)
        self.pay("victim", MULE, LOSS, timedelta(hours=-1))
        self.pay(MULE, SECOND, ONWARD, timedelta(minutes=-30))
        identity = Identity(BANK, "centre", lambda _: KEY, lambda: KeyRing([OWN.public]))
        terms = Terms(read_policy("cn-2016"), 600)
        self.agent = Agent(identity, self.books, self.core, terms, self.clock, RandomIds())
        self.begin()
        self.connect()

    def begin(self) -> None:
        """Begin the centre's chain, as a centre does that starts."""
        self.bulletins = Bulletins(
            lambda: View(self.office.open(), from_snapshot=False),
            self.directory,
            self.clock,
            self.ids,
            self.office.policy,
            self.sealed,
        )

    def connect(self) -> None:
        copy = Copy(self.core.flow, self.core)
        given = {"institution": BANK, "clock": self.clock, "heard": self.told.append}
        self.link = self.core.link = Link(self.agent, self, copy, self.core, self.core, **given)

    def sealed(self, message: object, institution: str) -> bytes:
        jti = self.ids.new("sending")
        return seal(message, OWN, audience=institution, jti=jti, now=self.clock.now())

    # --- the wire ---

    def waiting(self, ask: bytes, after: str) -> list[Entry]:
        if self.is_away:
            raise GatewayFault("away")
        asked = self.opened(ask).message
        assert (asked.after, asked.institution) == (after, BANK)
        cursor, data = self.bulletins.next(BANK, after)
        if self.alters:
            message = open_message(
                data,
                KeyRing([OWN.public]),
                audience=BANK,
                now=self.clock.now(),
                replays=MemoryReplays(),
            ).message
            assert isinstance(message, ChangesMessage)
            altered = replace(message.changes[-1], amount=Minor(1))
            data = self.sealed(replace(message, changes=(*message.changes[:-1], altered)), BANK)
        return [Entry(cursor, data.decode())]

    def declined(self, data: bytes) -> str:
        """Take a letter, as `Line.declined`: nothing is turned away here."""
        return "" if self.post(data) else "field_wrong"

    def post(self, data: bytes) -> bool:
        self.posted.append(self.opened(data).message)
        return True

    def opened(self, data: bytes):
        ring, now = KeyRing([KEY.public]), self.clock.now()
        return open_message(data, ring, audience="centre", now=now, replays=MemoryReplays())

    # --- what happens ---

    def pay(self, payer: str, payee: str, amount: int, when: timedelta = timedelta()) -> bool:
        number = f"p{len(self.core._rows) + len(self.core.declined)}"
        at = self.clock.now() + when
        return self.core.pay(Payment(number, at, payer, payee, amount, "CNY"))

    def report(self) -> None:
        paid_at = START - timedelta(hours=1)
        one = claim("c1", self.account[MULE], LOSS, institution=BANK, paid_at=paid_at)
        self.asked("taker", TakeReport(report(at=START), one, "station-1"))

    def admit(self) -> None:
        self.asked("ann", SettleClaim("c1", ClaimTrigger.ADMIT, "ann"))

    def order(self, number: str, kind: OrderKind, amount: int, order_id: str) -> None:
        key = HoldKey(CASE, self.account[number], "CNY")
        assert isinstance(self.office.tell(some_order(order_id, kind, amount, key)), Done)

    def asked(self, who: str, what: object) -> None:
        assert isinstance(self.office.ask(who, what, case=CASE), Done)

    def heard(self) -> int:
        """Let the link ask, and the stream carry out what came."""
        count = self.link.poll()
        self.link.settle()
        return count

    def at(self, number: str):
        return self.core.flow.at(self.core.pocket(number, "CNY"))


@pytest.fixture
def town(tmp_path):
    books = BankStore.open(tmp_path / "books.sqlite")
    yield Town(books)
    books.close()


def test_a_claim_and_an_order_bind_the_stream_and_a_copy_that_has_all_is_told_nothing(town):
    town.report()
    assert town.heard() == 1
    assert [one.free for one in town.at(SECOND).stolen] == [ONWARD]
    town.admit()
    town.order(SECOND, OrderKind.STOP, 50, "o1")
    assert town.heard() == 2
    assert town.core.flow.pictures.facts.labels[0].is_admitted
    assert town.at(SECOND).held == ((CASE, 50),)
    assert town.heard() == 0
    assert town.told == []


def test_an_order_that_the_agent_obeys_binds_the_next_payment_without_the_centre(town):
    town.is_away = True
    assert town.pay(SECOND, "abroad", 1) is True, "nothing binds yet"
    town.agent.take(town.sealed(STOP, BANK))
    assert town.pay(SECOND, "abroad", 40) is False
    assert town.pay(SECOND, "abroad", 39) is True, "what is the holder's goes on"
    assert town.at(SECOND).held == ((CASE, ONWARD),)
    release = replace(STOP, id="o2", kind=OrderKind.RELEASE, amount=Minor(0), disputed=None)
    town.agent.take(town.sealed(release, BANK))
    assert town.pay(SECOND, SHOP, ONWARD) is True


def test_money_is_held_once_whoever_asks_for_it_first(town):
    """Caught by the stream, ordered by the centre's chain, obeyed by the agent: three words for one hold."""
    town.report()
    town.heard()
    assert town.pay(SECOND, "abroad", 100) is False
    assert (town.at(SECOND).held, town.at(SECOND).free) == (((CASE, ONWARD),), 40)
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.heard()
    binding = town.core.flow.bindings[town.core.pocket(SECOND, "CNY")][CASE]
    assert (binding.ordered, binding.caught) == (ONWARD, 0)
    town.agent.take(town.sealed(STOP, BANK))
    town.heard()
    assert (town.at(SECOND).held, town.at(SECOND).free) == (((CASE, ONWARD),), 40)
    assert town.agent.digest_page(1).holds[0].held == ONWARD
    assert town.pay(SECOND, "abroad", 41) is False
    assert town.pay(SECOND, "abroad", 40) is True


def test_a_centre_that_begins_anew_ends_no_hold_in_between(town):
    town.report()
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.heard()
    before, origin = town.core.flow.snapshot(), town.link.copy.origin
    town.begin()
    assert town.heard() == 2
    assert town.link.copy.origin != origin
    assert town.core.flow.snapshot() == before


def test_what_a_new_chain_does_not_have_ends_and_what_was_asked_since_it_was_cut_stays(town):
    town.report()
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.heard()
    copy, cut_us = town.link.copy, microseconds_of(town.clock.now())
    late = cut_us + 1
    place = (CASE, MULE, "CNY")
    hold = next(said for key, (_, said) in copy.told.items() if key[0] == "hold")
    copy.hear(late, replace(hold, account=MULE, amount=30))
    assert copy.renew("another", [], cut_us) == []
    assert town.at(SECOND).held == ()
    assert town.at(place[1]).held == ((CASE, 30),)
    assert not [key for key in copy.told if key[0] == "claim"]


def test_an_order_that_was_refused_by_the_bank_holds_nothing_whatever_the_chain_says_of_it(town):
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.agent.take(town.sealed(replace(STOP, account_name="somebody else"), BANK))
    town.heard()
    assert town.at(SECOND).held == ()
    assert town.pay(SECOND, "abroad", 100) is True


def test_traced_money_of_another_bank_is_followed_from_the_transfer_that_brought_nothing_else(town):
    town.pay("elsewhere", SHOP, 70)
    town.link.copy.hear(0, Traced(CASE, "c9", SHOP, "CNY", 70, microseconds_of(town.clock.now())))
    assert town.pay(SHOP, "abroad", 80) is False
    assert town.at(SHOP).held == ((CASE, 70),)
    assert town.pay(SHOP, "abroad", 10) is True


def test_a_listed_account_is_found_by_its_keyed_hash_until_its_end(town):
    copy = town.link.copy
    subject = listed_hash("salt", "bank-9", "777")
    copy.hear(0, Listed(subject, "involved", 1_000))
    assert copy.is_listed(subject, 1_000) == "involved"
    assert copy.is_listed(subject, 1_001) == ""
    assert copy.is_listed(listed_hash("salt", "bank-8", "777"), 0) == ""
    copy.hear(0, Listed(subject, "", None))
    assert copy.is_listed(subject, 0) == ""


def test_changes_that_were_altered_are_not_carried_out_and_all_is_asked_again(town):
    town.report()
    town.heard()
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.alters = True
    with pytest.raises(MessageFault):
        town.heard()
    town.link.settle()
    assert town.at(SECOND).held == ()
    town.alters = False
    assert town.heard() == 2
    assert town.at(SECOND).held == ((CASE, ONWARD),)


def test_a_copy_says_that_it_is_old_and_goes_on_binding(town):
    assert town.link.is_old(), "nothing was heard yet"
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    town.heard()
    assert not town.link.is_old()
    town.is_away = True
    town.clock.move(timedelta(seconds=COPY_SECONDS_MAX + 1))
    with pytest.raises(GatewayFault):
        town.link.poll()
    assert town.link.is_old()
    assert town.pay(SECOND, "abroad", 41) is False


def test_what_was_seen_is_written_down_and_told_once(town):
    town.report()
    town.heard()
    assert town.pay(SECOND, "abroad", 100) is False
    assert town.link.post() == 3
    kinds = [(one.kind, one.account_number) for one in town.posted]
    assert kinds == [
        (SightingKind.PASSED, MULE),
        (SightingKind.PASSED, SECOND),
        (SightingKind.HELD, SECOND),
    ]
    held = town.posted[-1]
    assert (held.case, held.amount, [row.amount for row in held.rows]) == (CASE, ONWARD, [ONWARD])
    assert held.until == START + timedelta(hours=24)
    assert town.pay(SECOND, "abroad", 100) is False
    assert town.link.post() == 0, "the same is told once"


def test_what_was_seen_and_is_no_letter_yet_is_kept_and_told_once(town):
    town.report()
    town.heard()
    assert town.pay(SECOND, "abroad", 100) is False
    kept = town.link.unsaid()
    town.link._seen.clear()
    town.link._came.clear()
    town.link.say_again(b"")
    assert town.link.post() == 0, "without what was kept it is lost"
    town.link.say_again(kept)
    assert town.link.unsaid() == kept
    assert town.link.post() == 3
    town.link.say_again(kept)
    assert town.link.post() == 0, "the same letters, which are kept once"
    with pytest.raises(StateFault):
        town.link.say_again(b"no such bytes")


def test_a_claim_on_a_transfer_that_the_stream_does_not_have_is_told_to_a_person(town):
    paid_at = START - timedelta(hours=1)
    one = claim("c1", town.account[MULE], LOSS + 1, institution=BANK, paid_at=paid_at)
    town.asked("taker", TakeReport(report(at=START), one, "station-1"))
    town.heard()
    assert len(town.told) == 1
    assert "no_such_row" in town.told[0]
    assert town.pay(SECOND, "abroad", 100) is True


def test_another_institution_is_told_nothing_of_it(town):
    town.report()
    town.order(SECOND, OrderKind.STOP, ONWARD, "o1")
    now, other = town.clock.now(), KeyRing([OWN.public])
    _, data = town.bulletins.next("bank-2", "")
    found = open_message(data, other, audience="bank-2", now=now, replays=MemoryReplays())
    assert (found.message.head, found.message.changes) == (0, ())
    assert town.heard() == 2, "the bank itself is"


@pytest.mark.parametrize("is_concerned", [True, False])
def test_a_sighting_is_a_fact_only_from_who_has_to_do_with_the_case(town, is_concerned):
    def submit(command):
        future = Future()
        future.set_result(town.office.submit(command))
        return future

    answers = Answers(
        town.directory,
        submit,
        town.clock,
        told=lambda _, why: town.told.append(why),
        concerns=lambda *_: is_concerned,
    )
    town.report()
    town.heard()
    assert town.pay(SECOND, "abroad", 100) is False
    town.link.post()
    for seen in town.posted * 2:  # told twice, it is one fact
        answers.hear(BANK, seen)
    facts = town.office.scribe.state.case(CASE).facts
    assert len(facts) == (2 if is_concerned else 0)
    assert ("passed over" in town.told[0]) is not is_concerned
