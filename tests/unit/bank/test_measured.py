"""What holders are told of measures by their bank: drawn up by itself when one begins and when it ends, each once, in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from banks import BANK, NUMBER, START, Bank, bank

from recoup.bank.holders import HolderDesk
from recoup.bank.letters import LOCALES, NoticeState
from recoup.bank.measured import begun_notice, over_id, over_notice
from recoup.bank.store import BankStore
from recoup.care import MeasureGround, MeasureKind
from recoup.clock import microseconds_of
from recoup.errors import MessageFault
from recoup.ids import RandomIds
from recoup.messages import HolderTerms, MeasureNoticeMessage, decode, encode, name_of
from recoup.watch.told import Measured

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
TERMS = HolderTerms("Police of X", "110", 86_400, ("re_verify",))
ONE = Measured(
    "m1", NUMBER, "CNY", "counter_only", "red_flag", 0, microseconds_of(START + 5 * HOUR)
)
OVER = replace(ONE, measure_kind="", ground="")


@pytest.fixture
def a(tmp_path) -> Bank:
    return bank(tmp_path)


@pytest.fixture
def desk(a, tmp_path) -> Iterator[HolderDesk]:
    store = BankStore.open(tmp_path / "books.sqlite")
    yield HolderDesk(store, BANK.owner, a.clock, RandomIds())
    store.close()


def said(a: Bank) -> list[tuple[str, bool, bool]]:
    letters = [one for _, one in a.agent.waiting(10) if isinstance(one, MeasureNoticeMessage)]
    return [(one.measure, one.is_delivered, one.is_over) for one in letters]


@pytest.mark.parametrize(
    ("locale", "kind", "ground"), list(itertools.product(LOCALES, MeasureKind, MeasureGround))
)
def test_every_kind_and_ground_has_words_with_all_that_a_holder_needs(locale, kind, ground):
    one = replace(ONE, measure_kind=kind.value, ground=ground.value, limit=12_345)
    terms = replace(TERMS, lifted_by_proof=(kind.value,))
    begun, over = begun_notice(one, terms, locale, ZONE), over_notice(one, terms, locale)
    assert begun is not None
    assert over is not None
    for text in (begun.text, over.text):
        assert all(part in text for part in ("Police of X", "110", "m1", NUMBER[-4:]))
        assert NUMBER not in text, "whoever finds it has no number"
        assert "{" not in text
        has_limit = kind in {MeasureKind.LOWER_LIMITS, MeasureKind.PROTECTIVE_STOP}
        assert ("123.45" in text) == has_limit
    local = (START + 5 * HOUR).astimezone(ZONE)
    assert f"{local:%Y-%m-%d %H:%M:%S} (Asia/Shanghai)" in begun.text
    assert "24" in begun.text
    unproved = begun_notice(one, replace(terms, lifted_by_proof=()), locale, ZONE)
    assert unproved is not None
    assert len(unproved.text) < len(begun.text), "a proof is promised only where it lifts"


def test_no_two_kinds_and_no_two_grounds_are_told_alike():
    for locale in LOCALES:
        kinds = {
            begun_notice(replace(ONE, measure_kind=k), TERMS, locale, ZONE) for k in MeasureKind
        }
        grounds = {begun_notice(replace(ONE, ground=g), TERMS, locale, ZONE) for g in MeasureGround}
        assert (len(kinds), len(grounds)) == (len(MeasureKind), len(MeasureGround))


def test_a_kind_that_this_version_does_not_know_is_told_by_no_guess():
    assert begun_notice(replace(ONE, measure_kind="exile"), TERMS, "en", ZONE) is None
    assert over_notice(replace(ONE, ground="rumour"), TERMS, "en") is None


def test_beginning_and_end_are_told_once_each_however_often_they_come(a):
    for _ in range(2):
        a.agent.measured([ONE], TERMS)
        assert a.agent.tell_holders() in {0, 1}
    assert said(a) == [("m1", True, False)]
    for _ in range(2):
        a.agent.measured([OVER], TERMS)
        a.agent.tell_holders()
    assert said(a) == [("m1", True, False), ("m1", True, True)]
    assert len(a.core.boxes[NUMBER]) == 2
    a.agent.measured([ONE], TERMS)  # a chain that is told anew says its beginning again
    assert a.agent.tell_holders() == 0


def test_a_whole_chain_without_it_says_that_it_ended_and_a_part_of_one_does_not(a):
    a.agent.measured([ONE], TERMS)
    a.agent.measured([], TERMS)
    a.agent.tell_holders()
    assert said(a) == [("m1", True, False)]
    a.agent.measured([ONE], TERMS, is_whole=True)
    a.agent.tell_holders()
    assert said(a) == [("m1", True, False)], "negative control: it stands"
    a.agent.measured([], TERMS, is_whole=True)
    a.agent.tell_holders()
    assert said(a)[1:] == [("m1", True, True)]


def test_without_whom_to_ask_nothing_is_told_and_nothing_is_lost(a):
    a.agent.measured([ONE], None)
    assert a.agent.tell_holders() == 0
    a.agent.measured([ONE], TERMS)
    assert a.agent.tell_holders() == 1


def test_a_deferral_needs_a_reason_and_an_end_within_the_term_and_then_the_holder_is_told(a, desk):
    a.agent.measured([ONE], TERMS)
    for reason, until in (("", HOUR), ("r", -HOUR), ("r", 6 * HOUR)):
        with pytest.raises(MessageFault):
            desk.put_off("m1", reason, START + until)
    desk.put_off("m1", "an arrest is near", START + HOUR)
    assert a.agent.tell_holders() == 0
    (later,) = [one for _, one in a.agent.waiting(10)]
    assert isinstance(later, MeasureNoticeMessage)
    assert (later.is_delivered, later.deferred_until) == (False, START + HOUR)
    a.clock.move(HOUR)
    assert a.agent.tell_holders() == 1


def test_the_end_is_not_told_before_the_beginning_and_is_never_put_off(a, desk):
    a.agent.measured([ONE], TERMS)
    desk.put_off("m1", "an arrest is near", START + HOUR)
    a.agent.measured([OVER], TERMS)
    assert a.agent.tell_holders() == 0, "it would give away what is put off"
    with pytest.raises(MessageFault, match="before its end"):
        desk.give(over_id("m1"), "counter")
    with pytest.raises(MessageFault):
        desk.put_off(over_id("m1"), "r", START + HOUR)
    a.clock.move(HOUR)
    a.agent.tell_holders()
    a.agent.tell_holders()
    assert [text.count("m1") for text in a.core.boxes[NUMBER]] == [1, 1]
    assert said(a) == [("m1", False, False), ("m1", True, False), ("m1", True, True)]


def test_a_person_may_hand_it_over_and_the_list_shows_what_stands(a, desk):
    a.agent.measured([ONE], TERMS)
    desk.give("m1", "letter")
    assert a.agent.tell_holders() == 0
    (row,) = desk.notices()
    assert (row.order, row.state, row.way) == ("m1", NoticeState.GIVEN, "letter")
    a.agent.measured([OVER], TERMS)
    assert [one.order for one in desk.notices()] == [over_id("m1")]


def test_books_of_before_get_the_table(tmp_path):
    store = BankStore.open(tmp_path / "old.sqlite")
    store._connection.run("DROP TABLE measure")
    store._connection.run("PRAGMA user_version = 5")
    store.close()
    again = BankStore.open(tmp_path / "old.sqlite")
    again.begin_measure(ONE, None)
    assert again.measures() == [ONE]
    again.close()


def test_the_letter_is_read_as_it_was_written():
    letter = MeasureNoticeMessage("n", "m1", "b", START, is_delivered=True, is_over=True, way="app")
    assert decode(name_of(letter), encode(letter)) == letter
