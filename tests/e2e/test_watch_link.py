"""Centre, bank agent and watch together: stolen money that had moved on meets a hold, which becomes the bank's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from watched import ABROAD, CASE, LOSS, MULE, ONWARD, SECOND, SHOP, Watched

from recoup.bank.sandbox import Behaviour, Do
from recoup.orders import OrderKind, OrderState

SILENT = Behaviour(Do.NEVER, accounts=(MULE,))
"""The first account's bank stops and never answers: what the chase does next, it does from what the watch saw."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        found = Watched(tmp_path, stack, (SILENT,))
        yield found
        found.bureau.close()
        found.store.close()


def test_money_that_moved_on_meets_a_hold_of_exactly_the_stolen_amount_that_becomes_the_banks(
    watched: Watched,
) -> None:
    link = watched.connect()
    watched.report()
    watched.authorise()
    watched.until(lambda: watched.asked() == {MULE: LOSS})
    assert watched.digest() == {MULE: LOSS - ONWARD}, (
        "the first account is stopped: so much is left"
    )
    watched.check()
    link.poll()

    # The second account's next payment would move the money on: it meets a hold of exactly that money.
    abroad = {"payee_institution": "bank-5"}
    assert watched.pay(SECOND, ABROAD, ONWARD + 4_000, **abroad) is False
    seen = watched.standing(SECOND)
    assert (seen.held, seen.free) == (((CASE, ONWARD),), 4_000)
    assert watched.asked() == {MULE: LOSS}, "the centre does not know of it yet"
    assert watched.pay(SECOND, SHOP, 4_000) is True, "the holder's own money goes on"
    assert watched.pay(SHOP, ABROAD, 14_000, **abroad) is True, "the shop was never asked"

    # The centre hears, and orders without the first bank's answer; the hold becomes the bank's, and is held once.
    assert link.post() >= 2
    watched.until(lambda: watched.asked() == {MULE: LOSS, SECOND: ONWARD})
    seen = watched.standing(SECOND)
    assert (seen.held, seen.free, seen.balance) == (((CASE, ONWARD),), 0, ONWARD)
    pocket = watched.core.pocket(SECOND, "CNY")
    binding = watched.core.flow.bindings[pocket][CASE]
    assert (binding.ordered, binding.caught) == (ONWARD, 0)
    watched.until(lambda: watched.hold(SECOND).held == ONWARD)
    (order,) = [x.order.kind for x in watched.hold(SECOND).orders]
    assert order in {OrderKind.STOP, OrderKind.EXTEND}
    (silent,) = watched.hold(MULE).orders
    assert silent.state is not OrderState.ANSWERED
    assert watched.digest() == {MULE: LOSS - ONWARD, SECOND: ONWARD}

    # What both chains say of it changes nothing any more.
    link.poll()
    seen = watched.standing(SECOND)
    assert (seen.held, seen.free) == (((CASE, ONWARD),), 0)
    assert watched.pay(SECOND, ABROAD, 1, **abroad) is False
    assert watched.pay(VICTIM_OF_NOTHING, SECOND, 500) is True
    assert watched.standing(SECOND).free == 500, "credits come in, and are the holder's"
    watched.check()


VICTIM_OF_NOTHING = "6222028888000011114"


def test_without_the_link_the_money_leaves(watched: Watched) -> None:
    """Negative control: the same payment, and nobody told the stream."""
    assert watched.pay(SECOND, ABROAD, ONWARD + 4_000, payee_institution="bank-5") is True
    watched.check()
