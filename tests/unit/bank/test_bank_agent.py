"""What a bank does with orders beyond the acceptance cards: time passing, money coming in, other blocks, restarts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from banks import ARRIVED, BANK, CENTRE, NAME, NUMBER, POLICY, START, bank, listened, order

from recoup.bank import OrderIdTaken
from recoup.bank.agent import BLOCK, STRAY_FOR
from recoup.bank.core import CoreBlock
from recoup.bank.holds import BankHold
from recoup.bank.http import application
from recoup.bank.letters import notice_of
from recoup.bank.sandbox import Behaviour, Do, Payment, SandboxCore
from recoup.bank.statements import fitting
from recoup.bank.store import BankStore
from recoup.clock import HandClock
from recoup.errors import GatewayFault, MessageFault, MessageProblem, StoreFault
from recoup.limits import MESSAGE_BYTES_MAX, MESSAGE_ROWS_MAX
from recoup.messages import (
    AnswerMessage,
    Asked,
    AskMessage,
    Check,
    Disputed,
    KeyRing,
    MemoryReplays,
    NoticeTerms,
    ResultCode,
    SerialKind,
    StatementRow,
    decode,
    open_message,
    seal,
)
from recoup.messages.keys import from_base64url
from recoup.orders import AccountKind, Extent, InstitutionKind, OrderKind, Outcome
from recoup.unrecognised import Unrecognised

K = OrderKind
ZONE = ZoneInfo("Asia/Shanghai")
STOP_LASTS = timedelta(seconds=POLICY.stop_seconds)


@pytest.fixture
def a(tmp_path):
    return bank(tmp_path)


def test_only_debits_of_the_amount_are_blocked(tmp_path):
    a = bank(tmp_path, opening=10_000)
    assert a.tell(order(K.STOP)).outcome is Outcome.HELD
    assert not a.pay(10_001)
    assert a.pay(10_000)
    a.receive(5_000)
    assert a.pay(5_000)
    assert a.held() == {"a": 60_000}


def test_money_that_comes_in_fills_a_short_hold_up_to_its_amount(a):
    assert a.pay(45_000)
    answer = a.tell(order(K.STOP))
    assert (answer.outcome, answer.held) == (Outcome.HELD_SHORT, 15_000)
    a.receive(50_000)
    assert a.held() == {"a": 60_000}
    assert not a.pay(5_001)
    assert a.pay(5_000)


def test_a_stop_ends_with_its_term_and_not_before(a):
    answer = a.tell(order(K.STOP))
    assert answer.ends_at == START + STOP_LASTS
    a.clock.move(STOP_LASTS - timedelta(microseconds=1))
    assert a.agent.tick() == 0
    assert not a.pay(1)
    a.clock.move(timedelta(microseconds=1))
    assert a.agent.tick() == 1
    assert a.pay(60_000)
    assert a.held() == {}


def test_an_order_after_the_end_finds_nothing_held(a):
    a.tell(order(K.STOP))
    a.clock.move(STOP_LASTS)
    assert a.tell(order(K.POSTPONE)).code is ResultCode.POSTPONE_EXPIRED
    assert a.tell(order(K.RELEASE)).code is ResultCode.RELEASE_EXPIRED
    assert a.tell(order(K.RAISE, 70_000)).code is ResultCode.ORIGINAL_UNKNOWN


def test_a_postponement_never_shortens_and_a_freeze_runs_six_calendar_months(a):
    a.tell(order(K.STOP))
    a.clock.move(timedelta(hours=40))
    second = a.tell(order(K.POSTPONE))
    assert second.ends_at == START + timedelta(hours=40) + STOP_LASTS
    frozen = a.tell(order(K.FREEZE))
    assert frozen.ends_at == POLICY.freeze_ends(a.clock.now())
    renewed = a.tell(order(K.RENEW))
    assert renewed.ends_at == POLICY.freeze_ends(frozen.ends_at)
    assert renewed.held == 60_000


def test_a_lapsed_hold_leaves_its_money_to_the_next_in_the_queue(tmp_path):
    a = bank(tmp_path)
    a.tell(order(K.STOP))
    a.clock.move(timedelta(hours=1))
    later = a.tell(order(K.STOP, case="b"))
    assert (later.outcome, later.held) == (Outcome.HELD_SHORT, 0)
    assert [(f.authority, f.amount, f.ends_at) for f in later.former] == [
        ("a", 60_000, START + STOP_LASTS)
    ]
    a.clock.move(STOP_LASTS - timedelta(hours=1))
    assert a.held() == {"b": 60_000}
    assert not a.pay(1)


def test_blocks_of_others_that_came_later_do_not_come_first(tmp_path):
    a = bank(tmp_path)
    a.tell(order(K.STOP))
    a.clock.move(timedelta(hours=1))
    block = CoreBlock("court/1", None, "court", a.clock.now())
    a.core.add_other_block(NUMBER, "CNY", block)
    assert a.held() == {"a": 60_000}
    second = a.tell(order(K.STOP, case="b"))
    assert second.held == 0
    assert [former.authority for former in second.former] == ["a", "court"]


def test_an_answer_says_what_a_protected_account_is_for(tmp_path):
    a = bank(tmp_path)
    assert a.tell(order(K.STOP)).account_kind is AccountKind.ORDINARY
    clock = HandClock(START)
    core = SandboxCore(clock)
    core.add_account(NUMBER, NAME, "CNY", 0, AccountKind.PAYROLL)
    other = tmp_path / "other"
    other.mkdir()
    assert bank(other, core=core).tell(order(K.QUERY)).account_kind is AccountKind.PAYROLL


def test_where_only_accounts_can_be_stopped_the_excess_is_told(tmp_path):
    a = bank(tmp_path, opening=40_000, can_stop_amounts=False)
    answer = a.tell(order(K.STOP))
    assert (answer.outcome, answer.held, answer.excess) == (Outcome.HELD, 100_000, 40_000)
    assert not a.pay(1)
    a.receive(7)
    assert a.held() == {"a": 100_007}
    assert a.tell(order(K.REDUCE, 1)).code is ResultCode.NOT_SUPPORTED


def test_a_whole_account_is_freed_beyond_the_amount_by_a_freeze_of_the_amount(tmp_path):
    a = bank(tmp_path, opening=40_000)
    a.tell(order(K.STOP, extent=Extent.WHOLE_ACCOUNT))
    assert not a.pay(1)
    frozen = a.tell(order(K.FREEZE))
    assert (frozen.held, frozen.excess) == (60_000, 0)
    assert a.pay(40_000)


def test_a_freeze_may_be_larger_or_smaller_than_the_stop(tmp_path):
    a = bank(tmp_path, opening=40_000)
    a.tell(order(K.STOP))
    assert a.tell(order(K.FREEZE, 90_000)).held == 90_000
    b_folder = tmp_path / "b"
    b_folder.mkdir()
    b = bank(b_folder)
    b.tell(order(K.STOP))
    assert b.tell(order(K.FREEZE, 20_000)).held == 20_000
    assert b.pay(40_000)


def test_kinds_that_are_not_carried_out_say_so(a):
    odd = replace(order(K.STOP), kind=Unrecognised("confiscate"))
    assert a.tell(odd).code is ResultCode.NOT_SUPPORTED


def test_what_frees_is_carried_out_whatever_the_institution_is_now_said_to_be(a):
    """It held the money when it was a bank: a setting that changed since must not keep it from its holder."""
    a.tell(order(K.STOP))
    a.agent._terms = replace(a.agent._terms, kind=InstitutionKind.AGGREGATOR)
    assert a.tell(order(K.STOP, case="b")).code is ResultCode.NOT_SUPPORTED
    assert a.tell(order(K.RELEASE)).outcome is Outcome.RELEASED
    assert a.pay(60_000)


def test_amount_and_time_may_both_be_wrong(a):
    wrong = order(K.STOP, disputed=Disputed(1, ARRIVED - timedelta(hours=5)))
    answer = a.tell(wrong)
    assert answer.failed == (Check.AMOUNT, Check.TIME)
    assert a.pay(60_000)


@pytest.mark.parametrize(("seconds", "is_match"), [(600, True), (601, False), (-600, True)])
def test_the_time_of_an_arrival_has_some_slack(a, seconds, is_match):
    disputed = Disputed(60_000, ARRIVED + timedelta(seconds=seconds))
    assert (a.tell(order(K.STOP, disputed=disputed)).outcome is Outcome.HELD) == is_match


def test_a_payment_out_is_no_arrival(a):
    a.core.pay(Payment("out", ARRIVED, NUMBER, "x", 50_000, "CNY"))
    answer = a.tell(order(K.STOP, disputed=Disputed(50_000, ARRIVED)))
    assert answer.failed == (Check.AMOUNT,)


def test_a_query_by_a_number_that_nobody_knows(a):
    asked = order(
        K.QUERY, account_number="", account_name="", serial="x", serial_kind=SerialKind.PAYMENT
    )
    assert a.tell(asked).code is ResultCode.ACCOUNT_UNKNOWN


def test_an_order_without_an_id_is_refused(a):
    with pytest.raises(MessageFault) as found:
        a.tell(order(K.STOP, id=""))
    assert found.value.problem is MessageProblem.FIELD_WRONG


def test_an_order_signed_by_a_trusted_key_that_is_not_the_centres_is_refused(a):
    other = replace(CENTRE, owner="bank-z", secret=bytes(range(9, 41)))
    a.agent._post._identity = replace(
        a.agent._identity, ring=lambda: KeyRing([CENTRE.public, other.public])
    )
    data = seal(order(K.STOP), other, audience=BANK.owner, jti="x", now=START)
    with pytest.raises(MessageFault) as found:
        a.agent.take(data)
    assert found.value.problem is MessageProblem.SENDER_WRONG
    assert a.held() == {}


def test_the_same_id_with_other_content_names_the_field_and_changes_nothing(a):
    first = order(K.STOP)
    a.tell(first)
    with pytest.raises(OrderIdTaken) as found:
        a.tell(replace(first, reason="another"))
    assert found.value.field == "reason"
    assert a.held() == {"a": 60_000}


# --- restarts ----------------------------------------------------------------------------------------------------------


def _restarted(a, folder):
    a.store.close()
    return bank(folder, core=a.core)


def test_a_restart_forgets_nothing(a, tmp_path):
    first = order(K.STOP)
    answer = a.tell(first)
    data = a.sealed(first)
    b = _restarted(a, tmp_path)
    assert b.agent.recover() == 0
    assert b.tell(first) == answer
    assert b.held() == {"a": 60_000}
    b.agent.take(data)
    with pytest.raises(MessageFault) as found:
        b.agent.take(data)
    assert found.value.problem is MessageProblem.REPLAYED


def test_an_old_epoch_stays_out_after_a_restart(a, tmp_path):
    stop = order(K.STOP)
    a.agent.take(a.sealed(stop, epoch=3))
    b = _restarted(a, tmp_path)
    with pytest.raises(MessageFault) as found:
        b.agent.take(b.sealed(order(K.RELEASE), epoch=2))
    assert found.value.problem is MessageProblem.EPOCH_OLD
    assert b.held() == {"a": 60_000}
    assert b.agent.take(b.sealed(stop, epoch=4)).is_repeat, "a new leader sends the same order"


def test_a_sending_taken_before_a_restart_is_not_taken_again(a, tmp_path):
    data = a.sealed(order(K.STOP))
    a.agent.take(data)
    b = _restarted(a, tmp_path)
    with pytest.raises(MessageFault) as found:
        b.agent.take(data)
    assert found.value.problem is MessageProblem.REPLAYED


def test_an_order_that_was_begun_is_carried_out_at_the_next_start(a, tmp_path):
    from recoup.messages import encode

    begun = order(K.STOP)
    a.store.begin(begun.id, encode(begun), START)
    b = _restarted(a, tmp_path)
    assert b.pay(1)  # nobody blocked anything yet
    assert b.agent.recover() == 1
    assert b.held() == {"a": 59_999}
    assert b.tell(begun).outcome is Outcome.HELD_SHORT


def test_a_block_that_was_set_before_a_crash_counts_its_term_from_then(a, tmp_path):
    from recoup.messages import encode

    begun = order(K.STOP)
    a.store.begin(begun.id, encode(begun), START)
    a.core.set_block(BLOCK + begun.id, NUMBER, "CNY", 60_000, START + STOP_LASTS)
    b = _restarted(a, tmp_path)
    b.clock.move(timedelta(hours=3))
    b.agent.recover()
    assert b.tell(begun).started_at == START


def test_blocks_that_the_core_system_lost_are_set_again_and_strays_are_lifted_in_an_hour(
    a, tmp_path
):
    kept = order(K.STOP)
    a.tell(kept)
    a.core.lift_block(BLOCK + kept.id)
    a.core.set_block(BLOCK + "stray", NUMBER, "CNY", 1, START)
    b = _restarted(a, tmp_path)
    b.agent.recover()
    assert set(b.core.own_blocks()) == {BLOCK + "stray", BLOCK + kept.id}
    b.clock.move(STRAY_FOR)
    b.agent.tick()
    assert b.core.own_blocks() == [BLOCK + kept.id]
    assert not b.pay(1)


def test_a_stop_whose_term_ended_while_nobody_ran_is_lifted_at_the_start(a, tmp_path):
    a.tell(order(K.STOP))
    b = _restarted(a, tmp_path)
    b.clock.move(STOP_LASTS)
    b.agent.recover()
    assert b.core.own_blocks() == []


def test_books_of_another_version_are_not_opened(a, tmp_path):
    a.store._connection.run("PRAGMA user_version = 9")
    a.store.close()
    with pytest.raises(StoreFault):
        BankStore.open(tmp_path / "books.sqlite")


def test_an_answer_is_set_once(a):
    told = order(K.STOP)
    a.tell(told)
    with pytest.raises(StoreFault):
        a.store.finish(told.id, b"{}", ())


# --- the core system away ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["find", "statement", "blocks", "set_block"])
def test_while_the_core_system_is_away_nothing_is_answered_and_the_same_order_again_acts_once(
    a, monkeypatch, call
):
    def away(*_: object) -> None:
        raise GatewayFault("away")

    told = order(K.STOP)
    with monkeypatch.context() as broken:
        broken.setattr(a.core, call, away)
        with pytest.raises(GatewayFault):
            a.tell(told)
        assert a.store.handled(told.id).answer is None
    assert a.tell(told).outcome is Outcome.HELD
    assert a.held() == {"a": 60_000}


def test_over_http_the_core_system_away_is_a_problem_that_passes(a, monkeypatch):
    def away(*_: object) -> None:
        raise GatewayFault("away: account 6222000000000001")

    told = order(K.STOP)
    with listened(application(a.agent)) as url:
        with monkeypatch.context() as broken:
            broken.setattr(a.core, "find", away)
            seen = httpx.post(f"{url}/orders", content=a.sealed(told))
        assert (seen.status_code, seen.json()["type"]) == (
            503,
            "urn:recoup:problem:core_unavailable",
        )
        assert "6222" not in seen.text
        assert httpx.post(f"{url}/orders", content=a.sealed(told)).status_code == 200
        assert httpx.get(f"{url}/readyz").status_code == 200
        a.store._is_lost = True  # as after a commit that failed
        seen = httpx.post(f"{url}/orders", content=a.sealed(order(K.STOP, case="b")))
        assert (seen.status_code, seen.json()["title"]) == (503, "books unavailable")
        assert httpx.get(f"{url}/readyz").status_code == 503
        assert httpx.get(f"{url}/nowhere").json()["type"] == "urn:recoup:problem:http_404"


# --- size --------------------------------------------------------------------------------------------------------------


def test_rows_that_do_not_fit_are_counted_and_the_answer_still_fits():
    row = StatementRow("x" * 8_000, START, 1, "卡" * 8_000, "b", 1, "CNY")
    assert 0 < len(fitting([row] * 500)) < 500
    assert len(fitting([replace(row, id="x", payer="a")] * 5_000)) == MESSAGE_ROWS_MAX
    answer = AnswerMessage(
        "a", "o", BANK.owner, Outcome.INFORMED, START, "CNY", rows=fitting([row] * 500)
    )
    assert len(seal(answer, BANK, audience="centre", jti="x", now=START)) < MESSAGE_BYTES_MAX


def test_a_digest_of_several_pages_has_every_hold_once(a, monkeypatch):
    from recoup import limits

    for case in "abcde":
        a.tell(order(K.STOP, 10_000, case=case))
    monkeypatch.setattr(limits, "DIGEST_HOLDS_MAX", 2)
    pages = [a.agent.digest_page(page) for page in (1, 2, 3, 4)]
    assert [len(page.holds) for page in pages] == [2, 2, 1, 0]
    assert {page.pages for page in pages} == {3}
    assert sorted(hold.case for page in pages for hold in page.holds) == list("abcde")


def test_the_digest_is_shown_to_who_asks_with_authority(a):
    a.tell(order(K.STOP))
    data = a.agent.digest(a.sealed(AskMessage(BANK.owner, Asked.DIGEST)))
    found = open_message(
        data, KeyRing([BANK.public]), audience="centre", now=START, replays=MemoryReplays()
    )
    assert [hold.held for hold in found.message.holds] == [60_000]
    with pytest.raises(MessageFault):
        a.agent.digest(a.sealed(AskMessage(BANK.owner, Asked.MESSAGES)))


# --- the sandbox's own faults ------------------------------------------------------------------------------------------


def test_a_behaviour_may_be_limited_to_kinds_accounts_and_times(tmp_path):
    lie = Behaviour(Do.SAY_AMOUNT, kinds=(K.STOP,), accounts=(NUMBER,), times=1, amount="1.00")
    a = bank(tmp_path, opening=100_000, behaviours=[lie])
    assert a.tell(order(K.FREEZE, 1, case="f")).held == 1
    assert a.tell(order(K.STOP, case="b")).held == 100
    assert a.tell(order(K.STOP, case="c")).held == 60_000


def test_a_query_says_what_is_held_for_the_case_that_asks(tmp_path):
    desk = bank(tmp_path)
    assert desk.tell(order(K.QUERY)).held == 0
    first = desk.tell(order(K.STOP))
    told = desk.tell(order(K.QUERY))
    assert (told.outcome, told.held) == (Outcome.INFORMED, 60_000)
    assert (told.started_at, told.ends_at) == (first.started_at, first.ends_at)
    assert desk.tell(order(K.QUERY, case="b")).held == 0, "another case's is not told"


# --- what the bank says of its own accord --------------------------------------------------------------------------------

TERMS = NoticeTerms("Police of X", ("paper 1", "paper 2"), "110")


def letters(desk, after=""):
    ask = AskMessage(BANK.owner, Asked.MESSAGES, after=after)
    return desk.agent.letters(desk.sealed(ask))


def test_a_holder_is_told_of_a_hold_and_of_its_freeze_and_the_centre_hears_of_each_once(tmp_path):
    desk = bank(tmp_path)
    stop, freeze = order(K.STOP, notice=TERMS), order(K.FREEZE, notice=TERMS)
    desk.tell(stop)
    desk.tell(stop)
    desk.tell(freeze)
    assert [desk.agent.tell_holders(), desk.agent.tell_holders()] == [2, 0]
    first = next(text for text in desk.core.boxes[NUMBER] if "2026-01-07" in text)
    for word in ("Police of X", "600.00 CNY", stop.case, "0001", "paper 1、paper 2", "110"):
        assert word in first
    assert len(desk.core.boxes[NUMBER]) == 2
    said = letters(desk)
    assert len(said) == 2
    assert letters(desk, said[0]["cursor"])[0]["cursor"] == said[1]["cursor"]
    assert letters(desk, said[1]["cursor"]) == []


def test_a_notice_is_in_the_language_of_the_bank():
    at = START + timedelta(hours=48)
    hold = BankHold("o", "case 7", NUMBER, "CNY", (), K.STOP, START, at)
    told = notice_of(order(K.STOP, case="case 7", notice=TERMS), hold, 5, "en", ZONE).text
    assert "0.05 CNY is held by order of Police of X, case case 7" in told
    assert notice_of(order(K.STOP), hold, 5, "en", ZONE) is None, (
        "the order does not say what to tell"
    )


def test_nobody_is_told_of_what_is_not_held(tmp_path):
    desk = bank(tmp_path)
    desk.tell(order(K.STOP, notice=TERMS, account_name="another"))
    desk.tell(order(K.QUERY, notice=TERMS))
    assert desk.agent.tell_holders() == 0


def test_a_notice_that_was_broken_off_is_told_again_and_heard_of_once(tmp_path, monkeypatch):
    desk = bank(tmp_path)
    desk.tell(order(K.STOP, notice=TERMS))

    def breaks(*_):
        raise StoreFault("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(desk.store, "tell", breaks)
        with pytest.raises(StoreFault):
            desk.agent.tell_holders()
    assert desk.agent.tell_holders() == 1, "better twice than never"
    assert len(letters(desk)) == 1


def test_an_objection_to_a_hold_waits_for_the_centre(tmp_path):
    desk = bank(tmp_path)
    stop = order(K.STOP)
    desk.tell(stop)
    filed = desk.agent.file_appeal(stop.id, "this is my wage", "139")
    (said,) = letters(desk)
    payload = from_base64url(said["message"].split(".")[1])
    appeal = decode("recoup.appeal.v1", payload)
    assert (appeal.id, appeal.order, appeal.statement) == (filed, stop.id, "this is my wage")
    for wrong in (("nobodys", "x"), (stop.id, "")):
        with pytest.raises(MessageFault):
            desk.agent.file_appeal(*wrong)


@pytest.mark.parametrize("ask", [{"what": Asked.DIGEST}, {"what": Asked.MESSAGES, "after": "-1"}])
def test_messages_are_given_out_for_messages_and_after_a_cursor_only(tmp_path, ask):
    desk = bank(tmp_path)
    with pytest.raises(MessageFault):
        desk.agent.letters(desk.sealed(AskMessage(BANK.owner, **ask)))


def test_the_rest_of_a_statement_comes_on_a_query_from_its_last_row_on(tmp_path):
    desk = bank(tmp_path)
    for _ in range(MESSAGE_ROWS_MAX + 500):
        desk.clock.move(timedelta(seconds=1))
        desk.receive(100)
    first = desk.tell(order(K.QUERY, rows_from=ARRIVED))
    assert (len(first.rows), first.rows_left) == (MESSAGE_ROWS_MAX, 501)
    second = desk.tell(order(K.QUERY, rows_from=first.rows[-1].at))
    assert (second.rows[0], second.rows_left) == (first.rows[-1], 0)
    shown = [row.id for row in (*first.rows, *second.rows[1:])]
    assert shown == [
        row.id for row in desk.core.statement(NUMBER, "CNY", ARRIVED, desk.clock.now())
    ]


def test_a_holder_reads_the_end_on_the_clocks_of_the_country_and_in_its_own_signs(a):
    """In Chinese without half-width commas or colons between words; in both languages with the zone's name."""
    a.tell(order(K.STOP, notice=NoticeTerms("反诈中心", ("文书一", "文书二"), "110")))
    a.agent.tell_holders()
    (told,) = a.core.boxes[NUMBER]
    assert "至 2026-01-07 18:00:00 (Asia/Shanghai) 止。" in told
    assert "文书：文书一、文书二。" in told
    assert not re.search(r"[一-鿿]\s*[,;:]|[,;]\s*[一-鿿]", told)
    assert "Z" not in told.replace("Asia", "")
