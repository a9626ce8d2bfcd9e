"""Victims: what they heed, what is averted, what they report, and when they try again."""

import dataclasses

import pytest
from rehearsal.guards import Allows, ByAmount, Calls
from rehearsal.hamlet import HOUR, MINUTE, hamlet

from recoup.care import Step
from recoup.rehearse.country import Instalment
from recoup.rehearse.play.happened import Averted
from recoup.rehearse.playing import heeded, play
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import Scenario, WatchTerms

AMOUNT = 900_000


def village(heeds=(0.5, 0.5, 0.5), instalments=3):
    """Return a hamlet with one fraud, paid in instalments ten minutes apart, reported an hour after the last."""
    country = hamlet(1, frauds=1)
    one = country.frauds[0]
    at, payer, payee = one.instalments[0].time_us, one.instalments[0].payer, one.crew[0]
    parts = [Instalment(at + n * 10 * MINUTE, payer, payee, AMOUNT) for n in range(instalments)]
    reported = parts[-1].time_us + HOUR
    fraud = dataclasses.replace(
        one, instalments=tuple(parts), heeds=heeds, reported_us=reported, strategy="fan_in"
    )
    return dataclasses.replace(country, frauds=(fraud,))


def shares(message=0.0, call=0.0, visit=0.0):
    """Return a scenario in which so many victims heed."""
    terms = WatchTerms(warning_heeded=message, call_heeded=call, visit_heeded=visit)
    return dataclasses.replace(Scenario(), watch=terms)


class Hears(ByAmount):
    """Remembers reports."""

    def reported(self, fraud, rows):
        super().reported(fraud, rows)
        self.reports = [
            *getattr(self, "reports", ()),
            (self._stage.now_us, fraud.number, list(rows)),
        ]


def victims(played):
    """Return the rows that the victim paid."""
    return played.ledger.filter(played.ledger["instalment"] >= 0)


def averted(played):
    """Return what was averted."""
    return [one for one in played.happened if isinstance(one, Averted)]


def test_shares_are_the_scenarios():
    terms = WatchTerms(warning_heeded=0.1, call_heeded=0.2, visit_heeded=0.3)
    assert heeded(dataclasses.replace(Scenario(), watch=terms)) == {
        Step.MESSAGE: 0.1,
        Step.CALL: 0.2,
        Step.VISIT: 0.3,
    }


def test_under_none_a_victim_pays_all_and_reports_what_was_paid():
    country, policy = village(), Hears(0)
    played = play(country, policy, shares(1.0, 1.0, 1.0))
    assert victims(played)["amount"].to_list() == [AMOUNT] * 3
    when, number, rows = policy.reports[0]
    assert when == country.frauds[0].reported_us
    assert number == 0
    assert [row.row for row in rows] == victims(played)["row"].to_list()
    assert len(policy.reports) == 1


def test_a_warning_that_is_heeded_ends_the_fraud_before_its_first_payment():
    country, policy = village(), Hears(1, AMOUNT)
    played = play(country, policy, shares(message=0.6))
    assert len(victims(played)) == 0
    assert [(one.instalment, one.amount, one.by) for one in averted(played)] == [
        (n, AMOUNT, "message") for n in range(3)
    ]
    assert not hasattr(policy, "reports")
    assert len(policy.failures) == 1
    assert set(played.unbooked.filter(played.unbooked["fraud"] == 0)["word"]) == {"withdrawn"}


def test_a_warning_that_is_not_heeded_changes_nothing():
    country = village(heeds=(0.6, 0.6, 0.6))
    warned = play(country, Hears(1, AMOUNT), shares(message=0.6))
    assert warned.ledger.equals(play(country, NonePolicy()).ledger)
    assert averted(warned) == []


def test_who_heeds_later_reports_at_once_what_was_paid_before():
    class FromTheSecond(Hears):
        def action(self, payments, place):
            is_late = int(payments.time_us[place]) > country.frauds[0].instalments[0].time_us
            return super().action(payments, place) if is_late else 0

    country = village()
    policy = FromTheSecond(1, AMOUNT)
    played = play(country, policy, shares(message=1.0))
    assert len(victims(played)) == 1
    assert [one.instalment for one in averted(played)] == [1, 2]
    when, _, rows = policy.reports[0]
    assert when == country.frauds[0].instalments[1].time_us
    assert [row.row for row in rows] == victims(played)["row"].to_list()
    assert len(policy.reports) == 1


@pytest.mark.parametrize("step", [Step.CALL, Step.VISIT])
def test_a_call_or_a_visit_withdraws_what_waits(step):
    policy = Calls()
    played = play(village(), policy, shares(**{step.value: 0.6}))
    assert len(victims(played)) == 0
    assert {one.by for one in averted(played)} == {step.value}
    assert len(averted(played)) == 3
    assert any(was_heeded for _, one, was_heeded in policy.reached if one is step)


def test_whoever_is_no_victim_is_reached_and_goes_on():
    policy = Calls()
    played = play(village(heeds=(1.0, 1.0, 1.0)), policy, shares(1.0, 1.0, 1.0))
    assert {one.by for one in averted(played)} <= {
        "report"
    }  # what was refused, and not yet tried again
    assert policy.reached
    assert not any(was_heeded for _, _, was_heeded in policy.reached)


def test_a_victim_is_not_one_before_the_first_payment():
    class CallsAtOnce(Allows):
        def begin(self, stage):
            super().begin(stage)
            payer = stage.country.frauds[0].instalments[0].payer
            self.heard = stage.speak(payer, Step.VISIT)

    policy = CallsAtOnce()
    assert len(victims(play(village(), policy, shares(visit=1.0)))) == 3
    assert policy.heard is False


def test_a_refused_victim_tries_other_accounts_and_gives_up():
    country = village(instalments=1)
    played = play(country, Hears(4, AMOUNT))
    tries = played.unbooked.filter(played.unbooked["instalment"] == 0)
    assert tries["word"].to_list() == ["refused"] * 3
    assert tries["payee"].n_unique() > 1
    assert set(tries["payee"]) <= set(country.frauds[0].crew)
    assert [(one.amount, one.by) for one in averted(played)] == [(AMOUNT, "refused")]


def test_a_refusal_may_be_heeded():
    played = play(village(), Hears(4, AMOUNT), shares(message=1.0))
    assert [one.by for one in averted(played)] == ["message"] * 3


def test_a_stopped_own_account_is_tried_again_and_what_never_left_is_averted():
    class Stops(Hears):
        def begin(self, stage):
            super().begin(stage)
            stage.books.block("care", stage.country.frauds[0].instalments[0].payer, None)

    country = village(instalments=2)
    played = play(country, Stops(0))
    assert [(one.instalment, one.by) for one in averted(played)] == [(0, "report"), (1, "report")]
    tried = played.unbooked.filter(played.unbooked["fraud"] == 0)
    assert set(tried["word"]) == {"blocked"}
    assert len(victims(played)) == 0


def test_a_report_withdraws_what_still_waits():
    class HoldsLong(Hears):
        def end(self, number):
            self._stage.at(
                self._stage.now_us + 20 * HOUR, lambda: super(HoldsLong, self).end(number)
            )

    country = village(instalments=2)
    policy = HoldsLong(3, AMOUNT)
    played = play(country, policy)
    assert len(victims(played)) == 0
    assert [(one.by, one.at_us) for one in averted(played)] == [
        ("report", country.frauds[0].reported_us)
    ] * 2
    assert not hasattr(policy, "reports")


def test_what_a_victim_does_not_own_cannot_be_lost_or_averted():
    country = village(instalments=1)
    openings = country.accounts.opening_minor.copy()
    openings[country.frauds[0].instalments[0].payer] = 10
    accounts = dataclasses.replace(country.accounts, opening_minor=openings)
    policy = Hears(0)
    played = play(dataclasses.replace(country, accounts=accounts), policy)
    assert len(victims(played)) == 0
    assert averted(played) == []
    assert not hasattr(policy, "reports")
