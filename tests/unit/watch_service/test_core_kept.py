"""The core of the service as bytes and back: the centre's copy, whose accounts are ours, and what was not said on."""

from __future__ import annotations

from recoup.watch.stolen import ClaimOpened, HoldAsked, chain
from recoup.watch.told import Arrival
from recoup.watching.service import Batch
from recoup.watching.service.core import WatchCore
from recoup.watching.service.linked import CHAIN, _packed

SECOND, START = 1_000_000, 1_700_000_000_000_000


def is_ours(account: str) -> bool:
    return account.startswith("a")


def new_core(ours=is_ours) -> WatchCore:
    core = WatchCore(("CNY",), 64, rows_followed=40, catch_seconds=600, is_ours=ours)
    core.heard = []
    core.saw = core.heard.extend
    return core


def batch_of(first: int, count: int = 8) -> Batch:
    """The victim's money comes to a0 and goes on from account to account, some of them of other institutions."""
    rows = []
    for number in range(first, first + count):
        payer = "victim" if number == 0 else f"a{(number - 1) % 3}"
        payee = f"a{number % 3}" if number % 4 else f"b{number}"
        payee = "a0" if number == 0 else payee
        time = START + number * SECOND
        rows.append((f"p{number}", payer, payee, "CNY", 5_000 - 3 * number, time, 0))
    return Batch(*(list(column) for column in zip(*rows, strict=True)))


def told() -> bytes:
    came = Arrival("a0", "CNY", 5_000, START)
    said = [
        (START, ClaimOpened("case", "claim", "p0", True, came)),
        (START, HoldAsked("case", "a2", "CNY", 700, None)),
    ]
    return _packed("origin", chain(said), START + 20 * SECOND)


def begun() -> WatchCore:
    core = new_core()
    core.decide(batch_of(0), is_scored=True)
    core.tell(CHAIN, told())
    return core


def test_a_restored_core_goes_on_in_bulk_as_the_one_that_never_stopped():
    core, other = begun(), new_core()
    other.restore(core.snapshot())
    assert other.watch.copy.told
    assert other.snapshot() == core.snapshot()
    assert other.bound() == core.bound() != {}
    core.heard.clear()
    for first in (6, 14, 22):  # two come again, and accounts that are not ours are new
        answers = [one.decide(batch_of(first), is_scored=True) for one in (core, other)]
        assert answers[0].decisions.tolist() == answers[1].decisions.tolist()
        assert answers[0].repeats.tolist() == answers[1].repeats.tolist()
        assert other.heard == core.heard
    assert core.heard
    assert answers[0].repeats.sum() == 0
    assert other.snapshot() == core.snapshot()


def test_the_control_without_whose_accounts_are_ours_it_goes_on_otherwise():
    core, other = begun(), new_core(lambda _: True)
    other.restore(core.snapshot())
    for one in (core, other):
        one.decide(batch_of(8), is_scored=True)
    assert other.snapshot() != core.snapshot()


def test_that_there_was_nothing_new_is_not_kept():
    """A log does not have it either: after a start a copy is old until the centre speaks."""
    core = begun()
    kept = core.snapshot()
    core.watch.copy.confirm(START + 50 * SECOND)
    assert core.snapshot() == kept
    other = new_core()
    other.restore(kept)
    assert other.watch.copy.is_older(30 * SECOND, START + 50 * SECOND)


def test_what_was_not_said_on_is_part_of_it():
    core, other, third = begun(), new_core(), new_core()
    core.unsaid = lambda: b"letters"
    again = []
    other.say_again = again.append
    other.restore(core.snapshot())
    assert again == [b"letters"]
    third.restore(other.snapshot())
    assert third.snapshot() == core.snapshot(), "where nobody hears it, it is kept on"
