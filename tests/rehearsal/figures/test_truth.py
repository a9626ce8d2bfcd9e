"""Where stolen money lies and when it left, against a twin that follows single units; and what holds and returns change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from recoup.rehearse.figures import figures_of, identities_of, kept_parts, truth_of
from recoup.rehearse.play.happened import HeldNow, Reported, Returned, Stopper
from rehearsal.hamlet import BEGIN, MINUTE
from rehearsal.hand import Line, crossroads, played_by_hand, wander
from rehearsal.unit_twin import coins_of, inside_at_report

SEEDS = range(40)
MULE, NEXT, CASH = 6, 7, 12


@pytest.mark.parametrize("seed", SEEDS)
def test_what_lies_where_and_what_left_is_what_a_twin_of_single_units_finds(seed):
    country = crossroads(seed)
    played = played_by_hand(country, wander(country, seed))
    truth = truth_of(played)
    coins = coins_of(played)
    lies = Counter((c.way[-1][1], c.fraud) for c in coins if c.left_us is None)
    left = Counter((c.fraud, c.left_us) for c in coins if c.left_us is not None)
    assert lies == {(a, f): n for a, f, n in truth.lies.iter_rows()}
    found = Counter()
    for fraud, time_us, amount in truth.left.select("fraud", "time_us", "amount").iter_rows():
        found[fraud, time_us] += amount
    assert left == found
    assert inside_at_report(played) == truth.inside_at_report()


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_policy_nothing_is_kept_and_every_identity_holds(seed):
    country = crossroads(seed)
    played = played_by_hand(country, wander(country, seed))
    truth = truth_of(played)
    figures = figures_of(played, truth)
    assert figures["kept"] == 0
    assert [one for one in identities_of(played, truth, figures) if not one.holds] == []
    assert None not in figures.values()


def _crime(lines, happened):
    """Return the play of one crime of 10, on these lines."""
    country = crossroads(1, frauds=1)
    first = replace(
        country.frauds[0].instalments[0], time_us=BEGIN, payer=0, payee=MULE, amount_minor=10
    )
    crime = replace(country.frauds[0], instalments=(first,), reported_us=BEGIN + 5 * MINUTE)
    country = replace(country, frauds=(crime,))
    stolen = Line(BEGIN, 0, MULE, 10, 0, 0)
    return played_by_hand(country, [stolen, *lines], tuple(happened))


def _held(minutes, held, *, account=MULE, stopper=Stopper.ORDER, cause="case", is_frozen=False):
    return HeldNow(BEGIN + minutes * MINUTE, stopper, cause, 0, account, held, is_frozen)


REPORT = Reported(BEGIN + 5 * MINUTE, 0)


def test_a_hold_sets_the_stolen_units_aside_though_older_money_is_there():
    """The mule's own 5 leave, and 3 of a stranger that came later: the 10 are still the victim's."""
    lines = [Line(BEGIN + 20 * MINUTE, 1, MULE, 3), Line(BEGIN + 30 * MINUTE, MULE, CASH, 8)]
    truth = truth_of(_crime(lines, [REPORT, _held(6, 10)]))
    assert _parts(truth) == (10, 0, 0)
    assert truth.left.is_empty()
    unheld = truth_of(_crime(lines, [REPORT]))
    assert _parts(unheld) == (0, 0, 7)
    assert int(unheld.left["amount"].sum()) == 3


def _parts(truth):
    parts = kept_parts(truth)
    return parts.stopped, parts.intercepted, parts.at_large


def test_a_hold_that_fell_keeps_only_its_rest():
    lines = [Line(BEGIN + 30 * MINUTE, MULE, CASH, 11)]
    truth = truth_of(_crime(lines, [REPORT, _held(6, 10), _held(20, 4)]))
    assert _parts(truth) == (4, 0, 0)
    assert int(truth.left["amount"].sum()) == 6
    assert truth.assumed == 0


def test_what_an_order_and_the_watch_both_hold_counts_once_and_for_the_order():
    happened = [REPORT, _held(1, 8, stopper=Stopper.WATCH, cause="w"), _held(6, 6)]
    assert _parts(truth_of(_crime([], happened))) == (6, 4, 0)


def test_the_watch_alone_intercepts():
    happened = [_held(1, 8, stopper=Stopper.WATCH, cause="w"), REPORT]
    played = _crime([], happened)
    figures = figures_of(played, truth_of(played))
    assert tuple(figures[name] for name in ("stopped_net", "intercepted_amount", "at_large")) == (
        0,
        8,
        2,
    )


def test_a_hold_of_clean_money_keeps_nothing():
    """The stolen money went on to the next account before the hold; the mule's own money is held."""
    lines = [Line(BEGIN + 2 * MINUTE, MULE, NEXT, 15)]
    played = _crime([*lines, Line(BEGIN + 3 * MINUTE, 1, MULE, 9)], [REPORT, _held(6, 9)])
    figures = figures_of(played, truth_of(played))
    assert figures["stopped_net"] == 0
    assert figures["stopped_gross"] == 9
    assert figures["at_large"] == 10


def test_what_was_returned_stays_kept_and_is_not_counted_twice():
    """Frozen, returned by the bank: the victim's account has it back, and pays it out without a new trail."""
    back = BEGIN + 60 * MINUTE
    lines = [Line(back, MULE, 0, 10), Line(back + MINUTE, 0, CASH, 25)]
    happened = [
        REPORT,
        _held(6, 10),
        _held(10, 10, is_frozen=True),
        _held(60, 0, is_frozen=True),
        Returned(back, 0, MULE, 10),
    ]
    played = _crime(lines, happened)
    truth = truth_of(played)
    figures = figures_of(played, truth)
    assert truth.returned == 10
    assert truth.left.is_empty()
    wanted = {"stopped_net": 10, "kept": 10, "returned": 10, "frozen": 10, "left": 0}
    assert wanted == {name: figures[name] for name in wanted}
    assert all(one.holds for one in identities_of(played, truth, figures))
    assert figures["days_to_return_p50"] == pytest.approx(55 / (24 * 60))


def test_a_return_of_money_that_was_nobodys_loss_is_not_kept():
    """The stolen money is gone; the mule's own 5 come back to the victim."""
    back = BEGIN + 60 * MINUTE
    lines = [
        Line(BEGIN + MINUTE, MULE, CASH, 15),
        Line(BEGIN + 2 * MINUTE, 1, MULE, 5),
        Line(back, MULE, 0, 5),
    ]
    happened = [
        REPORT,
        _held(6, 5, is_frozen=True),
        _held(60, 0, is_frozen=True),
        Returned(back, 0, MULE, 5),
    ]
    played = _crime(lines, happened)
    figures = figures_of(played, truth_of(played))
    assert figures["returned"] == 5
    assert figures["stopped_net"] == 0


def test_an_identity_fails_when_a_story_does_not_fit_the_books():
    """Negative controls: a return without a row, a hold of what is not there, a balance that the rows do not give."""
    honest = _crime([], [REPORT, _held(6, 10)])
    for changed, name in (
        (
            replace(honest, happened=(*honest.happened, Returned(BEGIN + MINUTE, 0, MULE, 10))),
            "returns that no booked row shows",
        ),
        (
            replace(honest, happened=(REPORT, _held(6, 100))),
            "holds beyond the balance at the end",
        ),
        (
            replace(honest, balances=(honest.balances[0] + 1, *honest.balances[1:])),
            "accounts whose rows do not give their balance",
        ),
        (
            replace(honest, happened=(*honest.happened, Returned(BEGIN, 0, MULE, 10))),
            "returned <= frozen",
        ),
    ):
        truth = truth_of(changed)
        failed = {
            one.name
            for one in identities_of(changed, truth, figures_of(changed, truth))
            if not one.holds
        }
        assert name in failed
    truth = truth_of(honest)
    assert all(one.holds for one in identities_of(honest, truth, figures_of(honest, truth)))
