"""What became of the payment beside what became of the appeal: a bank that pays what it reads pays what the watch booked."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import msgspec
import pytest
from waiting_payments import NOON, SECOND, configuration, core

from recoup import limits
from recoup.care import MeasureGround, MeasureKind
from recoup.clock import instant_of
from recoup.errors import StateFault
from recoup.watch.stream import Bound, Ended, How
from recoup.watch.told import AppealSettled, HoldAsked, Measured, chain
from recoup.watching import snapshots
from recoup.watching.became import Became, PaymentStanding, PaymentState
from recoup.watching.service.appealing import Addressed, Appealed, Appeals, appealed_body
from recoup.watching.service.linked import CHANGES, _packed
from recoup.watching.service.port import CANCEL, CONFIGURE, LAPSE, RELEASE, Batch

_S = PaymentState
DAY_US = 86_400 * SECOND
AMOUNT = 1_250
BOUND = {"none": (), "order": (Bound("order", "case-9"),), "measure": (Bound("measure", "m-1"),)}
BOUND["both"] = BOUND["order"] + BOUND["measure"]
WHATS = {
    "order": HoldAsked("case-9", "acc-a", "CNY", 10_000_000, NOON + 9 * DAY_US),
    "measure": Measured(
        "m-1",
        "acc-a",
        "CNY",
        MeasureKind.CREDIT_ONLY.value,
        MeasureGround.RED_FLAG.value,
        0,
        NOON + 9 * DAY_US,
    ),
}


class Bank:
    """A core of a watch, and a bank that does what it reads."""

    def __init__(self, folder) -> None:
        self.core = core()
        self.core.tell(CONFIGURE, configuration(folder))
        self.paid: set[str] = set()
        letters = SimpleNamespace(kept=lambda letter: letter, declined=lambda _: "")
        to = Addressed("bank-7", "gd", lambda _: True)
        given = (lambda: self.core.watch, lambda work: work(), letters, to)
        self.appeals = Appeals(*given, lambda: instant_of(NOON))

    def pay(self, id_: str, amount: int = AMOUNT) -> None:
        """Ask the watch for a payment; one that goes on is paid."""
        row = ([id_], ["acc-a"], ["acc-b"], ["CNY"], [amount], [NOON], [0])
        answers = self.core.decide(Batch(*row), is_scored=True)
        if answers.decisions[0] <= 1:
            self.paid.add(id_)

    def told(self, *whats) -> None:
        copy = self.core.watch.copy
        for what in whats:
            (change,) = chain([(NOON, what)], copy.digest, copy.version)
            self.core.tell(CHANGES, _packed("chain-1", [change], NOON))

    def read(self, id_: str) -> Appealed:
        """Ask where an appeal stands, and do what the payment's state says."""
        found = self.appeals.file(id_, "mine")
        if found.payment.state is _S.RELEASED:
            self.paid.add(id_)
        return found

    @property
    def booked(self) -> int:
        """Minor units that left the payer, as the watch has it."""
        pocket = self.core.watch.pocket("acc-a", "CNY")
        return self.core.watch.copy.flow.index.totals(pocket).out


def before_it(bank: Bank, how: str) -> None:
    """Have the payment waiting, or ended in some way, before its appeal is decided."""
    if how in {"cancelled", "released"}:
        name = CANCEL if how == "cancelled" else RELEASE
        assert bank.core.tell(name, b"p-1") == how
    if how == "lapsed":
        bank.core.tell(LAPSE, b"%d" % bank.core.due(NOON + 3 * DAY_US))
        assert not bank.core.watch.stream.waiting


CASES = list(
    itertools.product(("waiting", "cancelled", "released", "lapsed"), sorted(BOUND), (True, False))
)


@pytest.mark.parametrize(("before", "bound", "is_upheld"), CASES)
def test_a_bank_that_pays_what_it_reads_pays_what_the_watch_booked_and_never_against_an_order(
    tmp_path, before, bound, is_upheld
):
    bank = Bank(tmp_path)
    bank.pay("p-1")
    assert bank.read("p-1") == Appealed(
        "filed", PaymentStanding(_S.WAITING, None, NOON + DAY_US)
    ), "and nothing is paid"
    before_it(bank, before)
    bank.told(*(WHATS[name] for name in ("order", "measure") if bound in {name, "both"}))
    bank.told(AppealSettled("p-1", is_upheld))
    found = bank.read("p-1")
    assert found.state == ("upheld" if is_upheld else "dismissed")
    stands = found.payment.state
    if before == "waiting" and not is_upheld:
        assert stands is _S.WAITING
    elif before == "waiting":
        assert stands is (_S.RELEASED if bound == "none" else _S.STOPPED)
        assert found.payment.bound_by == BOUND[bound]
    else:
        assert stands is (_S.OVER if before == "cancelled" else _S.RELEASED)
    assert bank.booked == AMOUNT * len(bank.paid)
    assert (bank.paid == {"p-1"}) == (stands is _S.RELEASED)

    # Where it waits on, what comes of it at its end is told as well; and nothing is told otherwise later.
    if stands is _S.WAITING:
        bank.core.tell(LAPSE, b"%d" % bank.core.due(NOON + 3 * DAY_US))
        assert bank.read("p-1").payment.state is (_S.RELEASED if bound == "none" else _S.STOPPED)
        assert bank.booked == AMOUNT * len(bank.paid)
    last = bank.read("p-1")
    kept = bank.core.snapshot()
    other = core()
    other.restore(kept)
    assert other.snapshot() == kept
    assert other.watch.standing("p-1") == last.payment


def test_a_bank_that_pays_on_upheld_alone_pays_against_an_order(tmp_path):
    """The negative control: what the table above would find."""
    bank = Bank(tmp_path)
    bank.pay("p-1")
    bank.told(WHATS["order"], AppealSettled("p-1", True))
    if bank.read("p-1").state == "upheld":
        bank.paid.add("p-1")
    assert bank.booked != AMOUNT * len(bank.paid)


def test_an_order_of_less_than_all_stops_nothing_that_is_free(tmp_path):
    bank = Bank(tmp_path)
    row = (["in"], [""], ["acc-a"], ["CNY"], [100_000], [NOON], [0])
    bank.core.decide(Batch(*row), is_scored=True)
    bank.pay("p-1")
    part = HoldAsked("case-9", "acc-a", "CNY", 100_000 - AMOUNT, NOON + 9 * DAY_US)
    bank.told(part, AppealSettled("p-1", True))
    assert bank.read("p-1").payment.state is _S.RELEASED
    assert bank.booked == AMOUNT


def test_what_went_on_at_once_and_what_nobody_knows_is_never_told_as_let_go(tmp_path):
    bank = Bank(tmp_path)
    bank.pay("large", 60_000)
    assert bank.core.watch.standing("large").state is _S.WENT_ON
    assert bank.core.watch.standing("nobody's").state is _S.UNKNOWN
    bank.told(AppealSettled("nobody's", True))
    assert bank.read("nobody's") == Appealed("upheld", PaymentStanding(_S.UNKNOWN))
    # A payment that takes that id later is another one: what was said before lets it not go on.
    bank.pay("nobody's")
    assert bank.read("nobody's").payment.state is _S.WAITING
    assert bank.booked == 60_000


def test_what_was_told_to_go_on_early_is_not_told_as_stopped_though_an_order_binds_by_then(
    tmp_path,
):
    bank = Bank(tmp_path)
    bank.told(WHATS["order"])
    row = (["p-1"], ["acc-a"], ["acc-b"], ["CNY"], [AMOUNT], [NOON], [0])
    bank.core.book(Batch(*row))
    assert bank.core.watch.standing("p-1").state is _S.WENT_ON
    assert bank.booked == AMOUNT


def test_a_snapshot_of_before_is_read_and_says_nothing_of_what_ended(tmp_path, monkeypatch):
    bank = Bank(tmp_path)
    bank.pay("p-1")
    bank.told(AppealSettled("p-1", True))
    watch = bank.core.watch
    whole = msgspec.msgpack.encode
    cut = lambda made: whole(msgspec.msgpack.decode(whole(made))[:-2])  # noqa: E731
    monkeypatch.setattr(snapshots.msgspec.msgpack, "encode", cut, raising=True)
    kept = snapshots.snapshot_of(watch)
    monkeypatch.undo()
    found = snapshots.restored(
        kept,
        rules=watch.stream.rules,
        policy=watch.stream.policy,
    )
    assert found.standing("p-1").state is _S.RELEASED, "its row is there"


def ended(how: How, at: int = 5, *by: Bound) -> Ended:
    return Ended(0, how, at, bound_by=by)


@pytest.mark.parametrize("how", How)
def test_every_way_to_end_has_a_state_and_only_what_went_on_is_paid(how):
    became = Became()
    became.put("p", ended(how))
    found = became.find("p")
    if how is How.NOT_WAITING:
        assert found is None
        return
    assert found.state.is_paid == (how in {How.RELEASED, How.LAPSED})


def test_only_so_many_are_kept_and_those_of_decided_appeals_for_good():
    became = Became(3)
    became.keep("p-0")
    became.keep("never came")
    for number in range(4):
        became.put(f"p-{number}", ended(How.STOPPED, number, *BOUND["both"]))
    assert len(became) == 3
    became.put("p-4", ended(How.LAPSED))
    assert became.find("p-1") is None
    assert became.find("p-0").bound_by == BOUND["both"]
    assert became.find("never came") is None
    again = Became(3)
    again.lay(*msgspec.msgpack.decode(msgspec.msgpack.encode(became.rows()), type=_ROWS))
    assert again == became
    became.forget("p-0")  # another payment waits under it
    assert became.find("p-0") is None
    became.put("p-0", ended(How.CANCELLED))
    assert became.find("p-0").state is _S.OVER
    assert Became()._most == limits.WATCH_ENDINGS_MAX


_ROWS = tuple[
    list[tuple[str, str, int, list[tuple[str, str]]]],
    list[tuple[str, str, int, list[tuple[str, str]]]],
]


@pytest.mark.parametrize(
    "rows",
    [
        ([("p", "paid", 5, [])], []),
        ([("p", "over", 5, []), ("p", "over", 6, [])], []),
        ([("p", "", 0, [])], []),
        ([(f"p-{n}", "over", n, []) for n in range(4)], []),
        ([], [("p", "over", 5, [("order", "c", "more")])]),
    ],
)
def test_rows_that_cannot_be_are_refused(rows):
    with pytest.raises((ValueError, TypeError)):
        Became(3).lay(*rows)


def test_a_snapshot_with_an_end_that_cannot_be_is_damaged(tmp_path, monkeypatch):
    bank = Bank(tmp_path)
    bank.pay("p-1")
    bank.told(AppealSettled("p-1", True))
    watch = bank.core.watch
    monkeypatch.setattr(watch._became, "rows", lambda: ([("p-1", "paid", 5, [])], []))
    with pytest.raises(StateFault):
        snapshots.restored(
            snapshots.snapshot_of(watch), rules=watch.stream.rules, policy=watch.stream.policy
        )


def test_the_answer_is_told_with_instants_and_what_stopped_it():
    stopped = Appealed("upheld", PaymentStanding(_S.STOPPED, NOON, None, BOUND["order"]))
    assert appealed_body("p-1", stopped) == {
        "id": "p-1",
        "state": "upheld",
        "payment": {
            "state": "stopped",
            "at": "2026-11-23T10:00:00Z",
            "bound_by": [{"kind": "order", "about": "case-9"}],
        },
    }
    declined = Appealed("declined", PaymentStanding(_S.WAITING, None, NOON), "unit_unknown")
    assert appealed_body("p-1", declined) == {
        "id": "p-1",
        "state": "declined",
        "reason": "unit_unknown",
        "payment": {"state": "waiting", "until": "2026-11-23T10:00:00Z"},
    }
