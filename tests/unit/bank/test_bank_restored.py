"""A bank whose books were restored from an old backup: what it lost stays blocked until the centre tells again, or an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from banks import NUMBER, POLICY, START, Bank, bank, order

from recoup.bank.agent import STRAY_FOR
from recoup.messages import ResultCode
from recoup.orders import OrderKind, Outcome

MINUTE = timedelta(minutes=1)


@pytest.fixture
def restored(tmp_path):
    """Return a bank that stopped 600.00, and ten minutes later came back on empty books; and the stop."""

    def made(*more: OrderKind) -> tuple[Bank, list[object]]:
        (tmp_path / "old").mkdir()
        (tmp_path / "new").mkdir()
        first, told = bank(tmp_path / "old"), [order(kind) for kind in (OrderKind.STOP, *more)]
        for one in told:
            first.tell(one)
        first.store.close()
        again = bank(tmp_path / "new", core=first.core)
        first.clock.move(10 * MINUTE)
        again.agent._clock = again.agent._post._clock = again.clock = first.clock
        again.agent.recover()
        return again, told

    return made


def test_what_it_lost_stays_blocked_though_it_cannot_say_so(restored):
    a, _ = restored()
    assert a.held() == {}, "so the digest shows that it forgot"
    assert not a.pay(1)


def test_the_stop_that_comes_again_counts_from_when_the_block_was_set(restored):
    a, (stop,) = restored()
    answer = a.tell(stop)
    assert (answer.outcome, answer.held, answer.started_at) == (Outcome.HELD, 60_000, START)
    a.clock.move(2 * STRAY_FOR)
    a.agent.tick()
    assert a.held() == {"a": 60_000}
    assert not a.pay(1)


def test_what_nobody_asks_for_again_is_free_after_a_while(restored):
    a, _ = restored()
    a.clock.move(STRAY_FOR - MINUTE)
    a.agent.tick()
    assert not a.pay(1)
    a.clock.move(MINUTE)
    a.agent.tick()
    assert a.pay(60_000)


def test_a_stop_that_comes_again_and_is_refused_leaves_nothing_blocked(restored):
    """Its order came, so nobody waits for it any more; no hold stands for the block, so no term would ever end it."""
    a, (stop,) = restored()
    refused = a.tell(replace(stop, account_name="another name"))
    assert refused.outcome is Outcome.REFUSED
    a.agent.tick()
    assert a.core.own_blocks() == []
    assert a.pay(60_000)


def test_a_freeze_that_comes_before_the_stop_it_followed_holds_the_money_once(restored):
    a, (stop, freeze) = restored(OrderKind.FREEZE)
    assert a.tell(freeze).outcome is Outcome.FROZEN
    assert a.tell(stop).outcome is Outcome.REFUSED, "frozen already"
    a.agent.tick()
    assert len(a.core.own_blocks()) == 1
    a.receive(60_000)
    assert a.pay(60_000), "what came after is the holder's"


def test_a_release_that_came_before_the_books_were_lost_leaves_nothing_blocked(restored):
    a, _ = restored(OrderKind.RELEASE)
    assert a.core.own_blocks() == []
    assert a.pay(60_000)


def test_a_block_whose_hold_the_books_have_ended_is_lifted_at_once(tmp_path):
    """Negative control: only what the books never heard of is kept."""
    a = bank(tmp_path)
    told = order(OrderKind.STOP)
    a.tell(told)
    a.tell(order(OrderKind.RELEASE))
    a.core.set_block(f"recoup/{told.id}", NUMBER, "CNY", 60_000, START + MINUTE)
    a.agent.recover()
    assert a.core.own_blocks() == []


# --- books that lost everything, and a core system that did too ---


@pytest.fixture
def emptied(tmp_path):
    """Return a bank that stopped (and froze) 600.00 and lost order, hold and block; and those orders."""

    def made(*kinds: OrderKind) -> tuple[Bank, list[object]]:
        a, told = bank(tmp_path), [order(kind) for kind in kinds]
        for one in told:
            a.tell(one)
        for one in told:
            a.store.forget(one.id, told[0].id)
        a.core.lift_block(f"recoup/{told[0].id}")
        assert a.held() == {}
        return a, told

    return made


@pytest.mark.parametrize("says_the_end", [True, False], ids=["with its end", "control: without"])
def test_what_is_told_again_ends_when_the_first_stop_would_have(emptied, says_the_end):
    a, (stop,) = emptied(OrderKind.STOP)
    ends_at = START + timedelta(hours=48)
    a.clock.move(timedelta(hours=40))
    answer = a.tell(replace(stop, ends_at=ends_at if says_the_end else None))
    assert (answer.outcome, answer.held) == (Outcome.HELD, 60_000)
    assert (answer.ends_at == ends_at) is says_the_end
    a.clock.move(timedelta(hours=8))
    a.agent.tick()
    assert (a.held() == {}) is says_the_end
    assert a.pay(60_000) is says_the_end


def test_a_stop_whose_end_has_come_is_not_begun_anew(emptied):
    a, (stop,) = emptied(OrderKind.STOP)
    a.clock.move(timedelta(hours=48))
    answer = a.tell(replace(stop, ends_at=a.clock.now()))
    assert (answer.outcome, answer.code) == (Outcome.REFUSED, ResultCode.DATE_WITHOUT_EFFECT)
    assert a.core.own_blocks() == []


def test_a_freeze_and_its_renewal_that_are_told_again_end_when_they_would_have(emptied):
    a, told = emptied(OrderKind.STOP, OrderKind.FREEZE, OrderKind.RENEW)
    ends_at = POLICY.freeze_ends(POLICY.freeze_ends(START))
    a.clock.move(timedelta(days=100))
    answers = [a.tell(replace(one, ends_at=ends_at)) for one in told]
    assert [x.outcome for x in answers] == [Outcome.HELD, Outcome.FROZEN, Outcome.FROZEN]
    assert answers[-1].ends_at == ends_at


def test_a_postponed_stop_that_is_told_again_ends_when_it_would_have(emptied):
    a, told = emptied(OrderKind.STOP, OrderKind.POSTPONE)
    a.clock.move(timedelta(hours=30))
    ends_at = START + timedelta(hours=48)
    assert [a.tell(replace(one, ends_at=ends_at)).ends_at for one in told] == [ends_at, ends_at]
