"""What is directly traceable comes back in time, to the cent: in a village by the real centre, by hand where it does not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest

from recoup.rehearse.figures import Due, GivenBack, cases_of, given_back, truth_of
from recoup.rehearse.play.happened import HeldNow, Reported, Returned, Stopper
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of
from rehearsal.hamlet import BEGIN, HOUR, MINUTE
from rehearsal.hand import Line, crossroads, played_by_hand
from rehearsal.village import village, village_scenario

VICTIM, OTHER, MULE = 0, 1, 6
REPORT = Reported(BEGIN + 5 * MINUTE, 0)
DAY = 24 * HOUR


def by_hand(happened, lines=(), report=REPORT):
    """The play of one crime of 10 that lies with a mule, and what happened then."""
    country = crossroads(1, frauds=1)
    paid = replace(
        country.frauds[0].instalments[0], time_us=BEGIN, payer=VICTIM, payee=MULE, amount_minor=10
    )
    crime = replace(country.frauds[0], instalments=(paid,), reported_us=report.at_us)
    country = replace(country, frauds=(crime,))
    lines = [Line(BEGIN, VICTIM, MULE, 10, 0, 0), *lines]
    return played_by_hand(country, lines, (report, *happened))


def held(amount, *, at=10 * MINUTE, stopper=Stopper.ORDER, fraud=0, is_frozen=True):
    return HeldNow(BEGIN + at, stopper, f"case-{fraud}", fraud, MULE, amount, is_frozen)


def found(happened, lines=(), report=REPORT):
    played = by_hand(happened, lines, report)
    return given_back(played, truth_of(played))


def test_frozen_money_of_the_fraud_that_never_came_back_is_open():
    (one,) = found([held(10)]).values()
    assert (one.traceable, one.returned, one.days) == (10, 0, 0.0)
    assert not one.is_whole(30)


@pytest.mark.parametrize(
    "hold",
    [held(10, is_frozen=False), held(10, stopper=Stopper.WATCH), held(10, fraud=1)],
    ids=["a stop", "the watch", "another case"],
)
def test_what_is_not_frozen_for_the_fraud_is_not_directly_traceable(hold):
    assert found([hold]) == {}


@pytest.mark.parametrize(("paid", "is_whole"), [(10, True), (9, False)])
def test_a_cent_that_stays_behind_is_seen(paid, is_whole):
    at = 20 * DAY
    back = Returned(BEGIN + at, 0, MULE, paid)
    happened = [held(10), held(10 - paid, at=at), back]
    (one,) = found(happened, [Line(BEGIN + at, MULE, VICTIM, paid)]).values()
    assert (one.traceable, one.returned) == (10, paid)
    assert one.is_whole(30) is is_whole


def test_what_another_victim_was_paid_of_it_came_back_to_nobody_here():
    at = 20 * DAY
    happened = [held(10), held(0, at=at), Returned(BEGIN + at, 1, MULE, 10)]
    assert found(happened, [Line(BEGIN + at, MULE, OTHER, 10)]) == {}


def test_days_count_from_a_report_that_came_after_the_end_and_too_many_are_late():
    assert GivenBack(10, 10, 44.0).is_whole(30)
    assert not GivenBack(10, 10, 44.1).is_whole(30)
    end_us = by_hand([]).country.end_us
    late, at = Reported(end_us + 3 * DAY, 0), end_us - BEGIN + 10 * DAY
    happened = [held(10, at=at - 8 * DAY), held(0, at=at), Returned(BEGIN + at, 0, MULE, 10)]
    (one,) = found(happened, [Line(BEGIN + at, MULE, VICTIM, 10)], late).values()
    assert one.days == pytest.approx(7.0)


def test_what_was_frozen_later_is_due_later():
    """A hold that grew on the 70th day: its money came back on the 100th, or the clocks stood still before its term."""
    end_us = by_hand([]).country.end_us
    at, back_at = 70 * DAY + end_us - BEGIN, 100 * DAY + end_us - BEGIN
    grew = [held(4), held(10, at=at)]
    back = [held(0, at=back_at), Returned(BEGIN + back_at, 0, MULE, 10)]
    (one,) = found([*grew, *back], [Line(BEGIN + back_at, MULE, VICTIM, 10)]).values()
    assert (one.due(30), one.days) == (Due.IN_TIME, pytest.approx(30.0))
    (open_,) = found(grew).values()
    assert (open_.due(30), open_.waited_days) == (Due.NOT_YET, pytest.approx(30.0))
    assert open_.due(15) is Due.OPEN


def test_a_payment_out_of_a_hold_makes_nothing_younger():
    """What is left after a payment back has been there all the time, whatever the hold was called before."""
    at = 20 * DAY
    happened = [held(10, is_frozen=False), held(6, at=at), Returned(BEGIN + at, 0, MULE, 4)]
    (one,) = found(happened, [Line(BEGIN + at, MULE, VICTIM, 4)]).values()
    assert (one.traceable, one.returned) == (10, 4)
    assert (one.due(30), one.waited_days) == (Due.OPEN, 100.0)


@pytest.mark.parametrize(
    ("returned", "days", "waited", "due"),
    [
        (10, 44.0, 0.0, Due.IN_TIME),
        (10, 44.1, 0.0, Due.LATE),
        (9, 0.0, 44.0, Due.NOT_YET),
        (9, 0.0, 44.1, Due.OPEN),
        (9, 80.0, 44.1, Due.OPEN),
    ],
)
def test_what_is_due_follows_from_what_came_back_and_when(returned, days, waited, due):
    one = GivenBack(10, returned, days, waited)
    assert one.due(30) is due
    assert one.is_whole(30) is (due is Due.IN_TIME)


@pytest.fixture(scope="module")
def chased():
    """A village in which one victim reports only after the days are over, under the centre."""
    scenario, country = village_scenario(1_500, 8), village(1, people=1_500, frauds=8)
    number = next(one.number for one in country.frauds if one.reported_us is not None)
    frauds = tuple(
        replace(one, reported_us=country.end_us + 5 * HOUR) if one.number == number else one
        for one in country.frauds
    )
    country = replace(country, frauds=frauds)
    played = play(country, policy_of("chase", scenario, country.seed), scenario)
    return played, truth_of(played), number


def test_in_a_village_everything_directly_traceable_comes_back_in_time_to_the_cent(chased):
    played, truth, _ = chased
    back = given_back(played, truth)
    assert len(back) > 4
    assert sum(one.traceable for one in back.values()) > 1_000_000
    assert [number for number, one in back.items() if not one.is_whole(30)] == []
    # Beside the books: what the victims have again is what the receipts say, row by row.
    paid, booked = defaultdict(int), defaultdict(int)
    for one in played.happened:
        if isinstance(one, Returned):
            paid[played.country.frauds[one.fraud].instalments[0].payer] += one.amount
    rows = played.ledger.filter(played.ledger["time_us"] > played.country.end_us)
    for payee, amount in rows.select("payee", "amount").iter_rows():
        booked[payee] += amount
    assert paid == booked
    cases = {one.fraud: (one.traceable, one.returned) for one in cases_of(played, truth)}
    assert all(cases[number] == (one.traceable, one.returned) for number, one in back.items())


def test_who_reports_after_the_days_are_over_is_given_back_what_was_kept_too(chased):
    played, truth, number = chased
    assert truth.reported_us[number] > played.country.end_us
    kept = sum(truth.lies.filter(truth.lies["fraud"] == number)["amount"])
    back = given_back(played, truth)
    if kept or number in back:
        assert back[number].is_whole(30)
