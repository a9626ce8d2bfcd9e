"""Figures of holds, innocents, orders and entitlements, each on a play that can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from recoup.rehearse.figures import FIGURES, figures_of, holds_of, quantile, truth_of
from recoup.rehearse.play.happened import (
    Answered,
    Averted,
    Entitled,
    HeldNow,
    Intercepted,
    Judged,
    Ordered,
    Reported,
    Returned,
    Stopper,
    WaitEnded,
)
from rehearsal.hamlet import BEGIN, HOUR, MINUTE
from rehearsal.hand import Line, crossroads, played_by_hand

VICTIM, PERSON, OTHER, MULE, CASH = 0, 1, 2, 6, 12
REPORT = Reported(BEGIN + 5 * MINUTE, 0)


def _play(happened, lines=(), unbooked=None):
    """Return the play of one crime of 10 and these lines."""
    country = crossroads(1, frauds=1)
    first = replace(
        country.frauds[0].instalments[0], time_us=BEGIN, payer=VICTIM, payee=MULE, amount_minor=10
    )
    crime = replace(country.frauds[0], instalments=(first,), reported_us=REPORT.at_us)
    country = replace(country, frauds=(crime,))
    stolen = Line(BEGIN, VICTIM, MULE, 10, 0, 0)
    return played_by_hand(country, [stolen, *lines], tuple(happened), unbooked=unbooked)


def _figures(happened, lines=(), unbooked=None):
    played = _play(happened, lines, unbooked)
    return figures_of(played, truth_of(played))


def _held(minutes, held, account, *, stopper=Stopper.ORDER, cause="case"):
    return HeldNow(BEGIN + minutes * MINUTE, stopper, cause, 0, account, held)


def _of(figures, *names):
    return tuple(figures[name] for name in names)


def test_a_hold_on_an_innocent_account_counts_in_full_and_its_own_part_apart():
    """The mule paid 4 of the stolen 10 to a person with 30 of their own; 9 are held there for two hours."""
    lines = [Line(BEGIN + MINUTE, MULE, PERSON, 9)]  # 5 were the mule's own
    figures = _figures([REPORT, _held(60, 9, PERSON), _held(180, 0, PERSON)], lines)
    assert _of(figures, "innocent_accounts_held", "innocent_amount_held") == (1, 9)
    assert _of(figures, "innocent_amount_held_peak", "innocent_own_held_peak") == (9, 5)
    assert _of(figures, "innocent_amount_hours", "innocent_releases") == (18, 1)
    assert figures["innocent_release_hours_p50"] == 2.0
    assert _of(figures, "accounts_held", "false_hold_rate") == (1, 1.0)


def test_a_hold_on_a_mules_account_does_no_harm():
    figures = _figures([REPORT, _held(60, 9, MULE)])
    assert _of(figures, "innocent_accounts_held", "innocent_amount_held", "false_hold_rate") == (
        0,
        0,
        0.0,
    )


def test_two_holds_at_once_are_a_peak_and_two_after_each_other_are_not():
    together = [_held(10, 4, PERSON), _held(20, 5, OTHER), _held(30, 0, PERSON)]
    assert _figures([REPORT, *together])["innocent_amount_held_peak"] == 9
    after = [_held(10, 4, PERSON), _held(20, 0, PERSON), _held(20, 5, OTHER)]
    figures = _figures([REPORT, *after])
    assert _of(figures, "innocent_amount_held_peak", "innocent_amount_held") == (5, 9)


def _judged(payment, action, payer, amount, minutes=10):
    at = BEGIN + minutes * MINUTE
    return Judged(at, payment, action, "ground", payer, MULE, amount, at + HOUR)


def test_an_innocent_payment_that_waits_or_is_refused_is_harm_once():
    """The second wait is also told as a hold of the watch: it counts once."""
    happened = [
        REPORT,
        _judged(50, "delay", PERSON, 7),
        WaitEnded(BEGIN + 40 * MINUTE, 50, "released"),
        _judged(51, "hold", OTHER, 6),
        _held(10, 6, OTHER, stopper=Stopper.WATCH, cause="51"),
        _judged(52, "refuse", PERSON, 3),
        _judged(53, "warn", PERSON, 100),
    ]
    figures = _figures(happened)
    assert _of(figures, "innocent_accounts_held", "innocent_amount_held") == (2, 7 + 6 + 3)
    assert _of(figures, "innocent_amount_held_peak", "innocent_releases") == (13, 1)
    assert figures["innocent_release_hours_p50"] == 0.5


def test_a_victims_payment_that_waits_is_no_harm():
    """Payment 60 is the fraud's: the truth of what was never booked says so."""
    row = (60, BEGIN, VICTIM, MULE, 9, 0, "withdrawn", 0, 1)
    happened = [
        _judged(60, "delay", VICTIM, 9),
        _held(10, 9, VICTIM, stopper=Stopper.WATCH, cause="60"),
        WaitEnded(BEGIN + 11 * MINUTE, 60, "withdrawn"),
        _held(11, 0, VICTIM, stopper=Stopper.WATCH, cause="60"),
        REPORT,
    ]
    figures = _figures(happened, unbooked=[row])
    assert _of(figures, "innocent_accounts_held", "innocent_amount_held") == (0, 0)
    strangers = _figures(happened, unbooked=[(*row[:7], -1, -1)])
    assert strangers["innocent_accounts_held"] == 1


def test_gross_counts_every_hold_at_its_most_and_the_watch_not():
    happened = [
        REPORT,
        _held(6, 8, MULE),
        _held(7, 3, MULE),
        _held(8, 4, PERSON, cause="other"),
        _held(9, 9, OTHER, stopper=Stopper.WATCH, cause="w"),
    ]
    assert _figures(happened)["stopped_gross"] == 12


def test_seconds_are_from_report_to_first_stop_and_from_answer_to_answer():
    def ordered(name, hop, minutes):
        return Ordered(BEGIN + minutes * MINUTE, name, 0, MULE, "stop", 10, hop)

    def answered(name, minutes):
        return Answered(BEGIN + minutes * MINUTE, name, "moved", 0)

    happened = [
        REPORT,
        *(ordered("a", 0, 5), answered("a", 6), ordered("b", 1, 6), ordered("c", 1, 6)),
        *(answered("c", 8), answered("b", 9), ordered("d", 2, 9), answered("d", 9)),
        _held(9, 4, MULE),
    ]
    figures = _figures(happened)
    assert _of(figures, "orders", "hops_max", "hops", "first_stops") == (4, 2, 2, 1)
    assert figures["seconds_to_first_stop_p50"] == 240
    assert _of(figures, "seconds_per_hop_p50", "seconds_per_hop_p99") == (60, 120)


@pytest.mark.parametrize(
    ("entitled", "missing", "over"), [(4, 8, 0.5), (8, 8, 1.0), (9, 8, 1.1), (5, 0, 1.5), (0, 0, 0)]
)
def test_more_asked_for_than_missing_is_more_than_one(entitled, missing, over):
    figures = _figures([REPORT, Entitled(BEGIN + 6 * MINUTE, 0, entitled, missing, 3)])
    assert figures["held_over_loss_max"] == pytest.approx(over)
    assert figures["overlap_max"] == 3


def test_a_scheme_that_holds_several_times_the_loss_says_so():
    held = [_held(6 + n, 10, MULE + n, stopper=Stopper.SCHEME, cause=f"s{n}") for n in range(3)]
    figures = _figures([REPORT, *held])
    assert _of(figures, "held_over_loss_max", "overlap_max") == (3.0, 20)


def test_what_was_averted_is_kept_and_its_victim_counted_once():
    happened = [
        Averted(BEGIN + MINUTE, 0, 1, 6, "warning"),
        Averted(BEGIN + MINUTE, 0, 2, 5, "warning"),
        Intercepted(BEGIN + MINUTE, MULE, 3, "hold"),
        Intercepted(BEGIN + 2 * MINUTE, MULE, 3, "hold"),
    ]
    figures = _figures(happened)
    assert _of(figures, "averted_amount", "dissuaded_victims", "kept") == (11, 1, 11)
    assert figures["intercepted_accounts"] == 1


def test_nothing_measured_is_nought_and_its_count_says_so():
    figures = _figures([])
    for one in FIGURES:
        if one.counted_by:
            assert (figures[one.counted_by], figures[one.name]) == (0, 0), one.name


def test_spans_of_a_hold_sum_to_what_it_held_at_every_instant():
    """A slow twin: at each instant what is held is what was said last."""
    for seed in range(40):
        chance = Random(seed)
        times = sorted(chance.randrange(30) for _ in range(12))
        changes = [
            _held(
                at, chance.randrange(12), chance.choice([MULE, PERSON]), cause=chance.choice("ab")
            )
            for at in times
        ]
        holds = holds_of(changes)
        for minute in range(32):
            at = BEGIN + minute * MINUTE
            said = {(one.cause, one.account): one.held for one in changes if one.at_us <= at}
            found = {}
            for span in holds.spans:
                if span.since_us <= at and (span.until_us is None or at < span.until_us):
                    hold = holds.holds[span.hold]
                    key = (hold.cause, hold.account)
                    found[key] = found.get(key, 0) + span.amount
            assert found == {key: held for key, held in said.items() if held}


@pytest.mark.parametrize(
    ("heights", "back", "frozen"),
    [
        ([(60, 8), (90, 3), (120, 0)], [(90, 8), (120, 3)], 11),  # 3 came in as 8 were paid back
        ([(60, 8), (90, 0), (120, 3)], [(90, 8)], 11),  # and here later
        ([(60, 8), (90, 3), (120, 8)], [], 8),  # what was let go and held again is one money
        ([(60, 8), (90, 3)], [(90, 5)], 8),
    ],
)
def test_what_is_frozen_after_a_payment_back_is_more_and_what_is_held_again_is_not(
    heights, back, frozen
):
    changes = [replace(_held(at, held, MULE), is_frozen=held > 0) for at, held in heights]
    # A receipt is told after the hold that it left, of the same instant.
    told = [Returned(BEGIN + at * MINUTE, 0, MULE, amount) for at, amount in back]
    (hold,) = holds_of([*changes, *told]).holds
    assert (hold.frozen_in_all, hold.frozen_most) == (frozen, 8)


def test_what_came_back_is_not_counted_for_each_of_several_causes():
    changes = [
        replace(_held(60 + n, 8, MULE, cause=cause), is_frozen=True) for n, cause in enumerate("ab")
    ]
    changes.append(replace(_held(90, 0, MULE, cause="a"), is_frozen=False))
    changes.append(replace(_held(91, 6, MULE, cause="b"), is_frozen=True))
    told = [Returned(BEGIN + 90 * MINUTE, 0, MULE, 8)]
    assert [one.frozen_in_all for one in holds_of([*changes, *told]).holds] == [8, 8]


def test_a_quantile_is_a_value_that_was_found():
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert [quantile(values, share) for share in (0.2, 0.5, 0.99, 1.0)] == [1.0, 3.0, 5.0, 5.0]
    assert quantile([], 0.5) == 0.0
