"""The order of a play, payments that wait, what is counted late, and what is told while it runs."""

import dataclasses

import numpy as np
import pytest
from rehearsal.guards import Allows, ByAmount, ByNumber, PaysBack
from rehearsal.hamlet import BEGIN, HOUR, MINUTE, hamlet

from recoup.rehearse.country import Schedule
from recoup.rehearse.play.engine import SPAN_US, Play
from recoup.rehearse.play.ports import Attempt, Word
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy


def stage(policy, *rows, openings=None):
    """Return a play of a hamlet with these scheduled payments (seconds, payer, payee, amount) and nothing else."""
    country = hamlet(frauds=0, payments=0)
    times, payers, payees, amounts = ([row[n] for row in rows] for n in range(4))
    schedule = Schedule(
        time_us=np.array(times, np.int64) * 1_000_000 + BEGIN,
        payer=np.array(payers, np.int32),
        payee=np.array(payees, np.int32),
        amount_minor=np.array(amounts, np.int64),
        kind=np.zeros(len(rows), np.int8),
        habit=np.zeros(len(rows), np.int8),
    )
    accounts = country.accounts
    if openings:
        changed = accounts.opening_minor.copy()
        for account, opening in openings.items():
            changed[account] = opening
        accounts = dataclasses.replace(accounts, opening_minor=changed)
    made = Play(dataclasses.replace(country, schedule=schedule, accounts=accounts), policy)
    policy.begin(made)
    return made


def test_what_comes_at_one_instant_is_done_in_the_order_of_asking():
    made, done = stage(NonePolicy()), []
    for name in "abc":
        made.at(BEGIN + 5, lambda name=name: done.append(name))
    made.at(BEGIN + 4, lambda: made.at(BEGIN + 5, lambda: done.append("asked later")))
    made.at(BEGIN + 4, lambda: done.append("first"))
    made.run()
    assert done == ["first", "a", "b", "c", "asked later"]


def test_what_is_scheduled_at_an_instant_is_booked_before_it():
    made, seen = stage(NonePolicy(), (10, 0, 1, 100), (11, 0, 1, 100)), []
    made.at(BEGIN + 10_000_000, lambda: seen.append(made.books.balance(1)))
    made.at(BEGIN + 9_999_999, lambda: seen.append(made.books.balance(1)))
    made.run()
    assert seen == [5_000_000, 5_000_100]


def test_nothing_is_asked_for_in_the_past():
    made = stage(NonePolicy())
    made.run()
    with pytest.raises(AssertionError, match="is before"):
        made.at(BEGIN, lambda: None)


def test_nothing_is_booked_from_the_end_on():
    country = hamlet(payments=0)
    made = stage(NonePolicy(), ((country.end_us - BEGIN) // 1_000_000, 0, 1, 100))
    made.run()
    assert made.books.count == 0


def test_a_waiting_payment_is_booked_once():
    policy = ByAmount(2)
    made = stage(policy, (10, 0, 1, 400_000))
    made.run()
    number = policy.seen[0] + 7
    assert made.books.count == 1
    assert made.settle(number, Word.BOOKED) == (Word.BOOKED, -1, 0)
    assert made.books.count == 1
    assert [row.payee for row in policy.heard] == [1]
    assert policy.heard[0].time_us == BEGIN + 10_000_000 + 30 * MINUTE
    assert made.unbooked().is_empty()


def test_a_payment_that_nobody_ever_asked_about_cannot_be_settled():
    with pytest.raises(KeyError):
        stage(ByAmount(2)).settle(3, Word.BOOKED)


def test_a_waiting_payment_finds_its_funds_gone():
    policy = ByAmount(2)
    made = stage(policy, (10, 0, 1, 400_000), (20, 0, 2, 200_000), openings={0: 450_000})
    made.run()
    assert [row[:3] for row in made.unbooked().select("payment", "time_us", "payer").rows()] == [
        (0, BEGIN + 10_000_000 + 30 * MINUTE, 0)
    ]
    assert made.unbooked()["word"].to_list() == ["no_funds"]
    assert made.failed_late == 1


def test_who_was_to_be_paid_by_one_that_waits_fails_late_and_the_policy_hears():
    policy = ByAmount(2)
    made = stage(policy, (10, 0, 1, 400_000), (20, 1, 2, 200_000), openings={1: 0})
    made.run()
    assert policy.seen == [0, 1]
    assert policy.failures == [1]
    assert made.failed_late == 1
    assert made.books.count == 1
    assert made.unbooked().select("payment", "word").rows() == [(1, "no_funds")]


def test_who_has_no_funds_is_not_shown():
    policy = Allows()
    made = stage(policy, (10, 0, 1, 100), (20, 1, 2, 9_000_000), (30, 2, 3, 100))
    made.run()
    assert policy.seen == [0, 2]
    assert made.unbooked().select("payment", "word").rows() == [(1, "no_funds")]


def test_an_end_among_payments_that_were_judged_together_comes_before_the_later_ones():
    class Quick(ByAmount):
        def judge(self, payments):
            said = super().judge(payments)
            for place in np.flatnonzero(said.action == 2).tolist():
                when, number = int(payments.time_us[place]), int(said.number[place])
                self._stage.at(when + 5_000_000, lambda number=number: self.end(number))
            return said

        def end(self, number):
            self._stage.settle(number, Word.BOOKED)

    made = stage(Quick(2), (10, 0, 1, 400_000), (12, 3, 4, 100), (20, 1, 2, 100))
    assert SPAN_US > 20_000_000
    made.run()
    assert made.books.ledger()["payment"].to_list() == [1, 0, 2]
    assert made.books.ledger()["time_us"].to_list()[1] == BEGIN + 15_000_000


def test_a_payment_on_an_order_is_not_judged_and_is_heard():
    country = hamlet(2)
    policy = PaysBack()
    played = play(country, policy)
    back = played.ledger.filter(played.ledger["kind"] == 8)
    assert len(back) == len(policy.heard) > 0
    refuses = ByAmount(4, least=1)
    made = stage(refuses)
    assert made.pay(Attempt(0, 1, 100)).word is Word.REFUSED
    assert made.pay(Attempt(0, 1, 100, is_ordered=True)).word is Word.BOOKED


def test_each_attempt_has_one_end_and_one_number():
    country = hamlet(4, frauds=6)
    played = play(country, ByNumber())
    numbers = sorted([*played.ledger["payment"].to_list(), *played.unbooked["payment"].to_list()])
    assert numbers == list(range(played.payments))
    assert set(played.unbooked["word"].to_list()) >= {"refused"}


def test_a_play_twice_is_the_same_play():
    first, second = (play(hamlet(6), ByNumber()) for _ in range(2))
    assert first.ledger.equals(second.ledger)
    assert first.unbooked.equals(second.unbooked)
    assert first.happened == second.happened


def test_whoever_watches_hears_totals_and_the_end():
    heard = []
    country = hamlet(7)
    played = play(
        country, NonePolicy(), progress=lambda totals: heard.append(dataclasses.replace(totals))
    )
    assert heard[-1].is_over
    assert heard[-1].payments == len(played.ledger)
    assert heard[-1].reports == len(country.frauds)
    assert heard[-1].now_us >= country.begin_us + HOUR
