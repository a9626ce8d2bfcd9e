"""Running totals: what is held goes up and down by cause, everything else adds up."""

from recoup.rehearse.play.happened import (
    Appealed,
    Averted,
    HeldNow,
    Intercepted,
    Ordered,
    Reported,
    Returned,
    Stopper,
)
from recoup.rehearse.play.totals import Totals


def held(cause, account, amount, stopper=Stopper.ORDER):
    return HeldNow(1, stopper, cause, 0, account, amount)


def test_what_is_held_is_the_last_word_of_every_cause_and_account():
    totals = Totals("chase", 0, 0, 10)
    for one in (
        held("a", 1, 500),
        held("a", 2, 300),
        held("b", 1, 70),
        held("a", 1, 200),
        held("a", 2, 0),
        held("a", 1, 40, Stopper.WATCH),
    ):
        totals.take(one)
    assert totals.held == 200 + 70 + 40


def test_everything_else_adds_up():
    totals = Totals("full", 0, 0, 10)
    for one in (
        Reported(1, 0),
        Ordered(1, "o", 0, 1, "stop", 5, 0),
        Ordered(1, "p", 0, 1, "stop", 5, 0),
        Averted(2, 0, 0, 30, "call"),
        Averted(2, 0, 1, 4, "call"),
        Intercepted(2, 1, 9, "re_verify"),
        Returned(3, 0, 1, 11),
        Appealed(3, 3, 1, is_granted=False),
    ):
        totals.take(one)
    assert (totals.reports, totals.orders) == (1, 2)
    assert (totals.averted, totals.intercepted, totals.returned) == (34, 9, 11)
