"""Measures of accounts in a watch: which debits they let out, on what ground, until when, and that no credit is touched."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path
from typing import get_args

import pytest

from recoup.care import MeasureGround, MeasureKind
from recoup.errors import MessageFault
from recoup.messages import change_of, row_of
from recoup.watch.decision import Action, Ground
from recoup.watch.state import Settings
from recoup.watch.stolen import HoldAsked
from recoup.watch.stream import How
from recoup.watch.told import CaseClosed, Measured, What, after, end_of
from recoup.watching import Asked, DecisionLog, Watch, replay
from recoup.watching.snapshots import _WHATS, restored, snapshot_of

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NOON = 20_000 * DAY + 4 * HOUR
"""In China."""
END = NOON + 30 * DAY


class Bank:
    """A watch with a log, told measures; payments count themselves."""

    def __init__(self, folder: Path | None = None) -> None:
        self.log = None if folder is None else DecisionLog(folder / "log")
        self.watch = Watch(rows_followed=1_000, accounts_max=64, log=self.log, catch_seconds=86_400)
        self.count, self.ended = 0, []

    def told(self, what: What) -> None:
        copy = self.watch.copy
        taken, refusal = self.watch.take(after(copy.digest, copy.version, NOON, what))
        assert (taken.value, refusal) == ("carried_out", None)

    def pay(self, amount: int, time: int = NOON, *, payer: str = "a", payee: str = "b", **more):
        self.count += 1
        is_late = more.pop("is_late", False)
        one = Asked(f"p{self.count}", time, payer, payee, amount, "CNY")._replace(facts=more)
        made = self.watch.decide([one], is_late=is_late)
        self.ended += made.ended
        return made[0]


def measured(kind: MeasureKind, limit: int = 0, **changed) -> Measured:
    given = {"ground": MeasureGround.RED_FLAG, "until_us": END, "measure": "m1"} | changed
    return Measured(account="a", currency="CNY", measure_kind=kind.value, limit=limit, **given)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("kind", "limit", "amount", "at_counter", "action"),
    [
        (MeasureKind.CREDIT_ONLY, 0, 1, None, Action.REFUSE),
        (MeasureKind.CREDIT_ONLY, 0, 1, 1.0, Action.REFUSE),
        (MeasureKind.COUNTER_ONLY, 0, 1, None, Action.REFUSE),
        (MeasureKind.COUNTER_ONLY, 0, 1, 0.0, Action.REFUSE),
        (MeasureKind.COUNTER_ONLY, 0, 1, 1.0, Action.ALLOW),
        (MeasureKind.LOWER_LIMITS, 100, 100, None, Action.ALLOW),
        (MeasureKind.LOWER_LIMITS, 100, 101, None, Action.REFUSE),
        (MeasureKind.PROTECTIVE_STOP, 100, 100, None, Action.ALLOW),
        (MeasureKind.PROTECTIVE_STOP, 100, 101, None, Action.REFUSE),
        (MeasureKind.RE_VERIFY, 0, 1, None, Action.HOLD),
    ],
)
def test_each_kind_lets_out_what_it_says_and_every_credit_comes_in(
    kind, limit, amount, at_counter, action, is_late
):
    bank = Bank()
    bank.told(measured(kind, limit))
    facts = {} if at_counter is None else {"at_counter": at_counter}
    found = bank.pay(amount, is_late=is_late, **facts)
    assert found.action is action
    if action is not Action.ALLOW:
        assert found.ground is Ground.MEASURE
        (cause,) = found.causes
        assert cause.code == f"measure-{kind.value.replace('_', '-')}"
        for words in (cause.english, cause.chinese):
            assert "m1" in words, "the holder can object to it"
            assert "2024-11-03T04:00:00" in words, "the holder knows until when"
        assert "a pattern of payments" in cause.english
    assert bank.pay(10**9, payer="b", payee="a", is_late=is_late).action is Action.ALLOW
    assert bank.pay(10**9, payer="b", payee="c", is_late=is_late).action is Action.ALLOW


def test_the_day_of_a_limit_is_local_and_counts_what_left_before_the_measure():
    bank = Bank()
    assert bank.pay(60).action is Action.ALLOW
    assert bank.pay(70, NOON + 1).action is Action.ALLOW
    bank.told(measured(MeasureKind.LOWER_LIMITS, 150))
    assert bank.pay(21, NOON + 2).action is Action.REFUSE
    assert bank.pay(20, NOON + 2).action is Action.ALLOW
    assert bank.pay(1, NOON + 12 * HOUR - 1).action is Action.REFUSE, "the last of the day"
    assert bank.pay(150, NOON + 12 * HOUR).action is Action.ALLOW, "midnight in China"
    assert bank.pay(1, NOON + 36 * HOUR - 1).action is Action.REFUSE


def test_a_measure_ends_by_itself_after_its_last_instant():
    bank = Bank()
    bank.told(measured(MeasureKind.CREDIT_ONLY))
    assert bank.pay(1, END).action is Action.REFUSE
    assert bank.pay(1, END + 1).action is Action.ALLOW
    flow = bank.watch.stream.flow
    assert not flow.measures.by_pocket
    assert not flow.index.flags.any(), "nothing is looked at any more"


def test_what_waits_for_proof_goes_on_with_the_next_payment_once_the_measure_ended():
    bank = Bank()
    bank.told(measured(MeasureKind.RE_VERIFY))
    assert bank.pay(5).expires_us == NOON + DAY
    bank.told(end_of(measured(MeasureKind.RE_VERIFY)))
    assert bank.pay(7, NOON + 1).action is Action.ALLOW
    (one,) = bank.ended
    assert (one.id, one.ended.how, one.ended.row) == ("p1", How.LAPSED, 0)


def test_what_waits_in_vain_for_proof_is_over_after_a_day():
    bank = Bank()
    bank.told(measured(MeasureKind.RE_VERIFY))
    bank.pay(5)
    bank.pay(1, NOON + DAY, payer="b", payee="c")
    (one,) = bank.ended
    assert (one.id, one.ended.how, one.ended.row) == ("p1", How.STOPPED, -1)


def test_a_person_who_lets_it_go_does_not_lift_the_measure_and_the_end_of_it_does():
    bank = Bank()
    bank.told(measured(MeasureKind.RE_VERIFY, until_us=NOON + HOUR))
    assert bank.pay(5).expires_us == NOON + HOUR + 1
    bank.pay(6)
    assert bank.watch.release("p1", NOON + 1)[-1].ended.how is How.STOPPED
    (one,) = bank.watch.advance(NOON + 2 * HOUR)
    assert (one.id, one.ended.how) == ("p2", How.LAPSED)


def test_the_strictest_of_several_speaks_and_each_ends_apart():
    bank = Bank()
    bank.told(measured(MeasureKind.RE_VERIFY, measure="m1"))
    bank.told(measured(MeasureKind.LOWER_LIMITS, 100, measure="m2"))
    bank.told(measured(MeasureKind.LOWER_LIMITS, 50, measure="m3"))
    assert "measure m3" in bank.pay(101).causes[0].english
    bank.told(end_of(measured(MeasureKind.LOWER_LIMITS, 50, measure="m3")))
    assert "measure m2" in bank.pay(101).causes[0].english
    assert bank.pay(100).action is Action.HOLD
    bank.told(end_of(measured(MeasureKind.RE_VERIFY, measure="m1")))
    assert bank.pay(100).action is Action.REFUSE, "what waited went on, and the day is full"


def test_an_order_speaks_before_a_measure():
    bank = Bank()
    bank.told(measured(MeasureKind.CREDIT_ONLY))
    bank.told(HoldAsked("case", "a", "CNY", 10**9, END))
    assert bank.pay(1).ground is Ground.ORDER
    bank.told(HoldAsked("case", "a", "CNY", 0, None))
    assert bank.pay(1).ground is Ground.MEASURE


def test_accounts_beside_it_are_not_looked_at():
    bank = Bank()
    bank.told(measured(MeasureKind.CREDIT_ONLY))
    flags = bank.watch.stream.flow.index.flags
    assert int((flags > 0).sum()) == 1


def test_a_case_that_closes_ends_no_measure():
    bank = Bank()
    bank.told(measured(MeasureKind.CREDIT_ONLY, ground=MeasureGround.CASE))
    copy = bank.watch.copy
    bank.watch.take(after(copy.digest, copy.version, NOON, CaseClosed("m1")))
    assert bank.pay(1).action is Action.REFUSE
    assert ("measure", "m1") in copy.told


def test_a_log_with_measures_is_replayed_to_the_same_digest(tmp_path):
    bank = Bank(tmp_path)
    bank.pay(60)
    bank.told(measured(MeasureKind.LOWER_LIMITS, 100))
    bank.told(measured(MeasureKind.RE_VERIFY, measure="m2"))
    bank.pay(41)
    bank.pay(40)
    bank.told(end_of(measured(MeasureKind.RE_VERIFY, measure="m2")))
    bank.pay(1, NOON + 1, at_counter=1.0)
    bank.pay(1, NOON + DAY)
    bank.log.close()
    assert replay(tmp_path / "log").digest == bank.log.digest


@pytest.mark.parametrize(
    "what", [measured(MeasureKind.LOWER_LIMITS, 7), measured(MeasureKind.RE_VERIFY)]
)
def test_a_measure_and_its_end_come_through_a_message_as_they_were(what):
    for one in (what, end_of(what)):
        change = after(b"", 0, NOON, one)
        assert change_of(row_of(change)) == change


def test_a_measure_that_is_not_known_here_is_a_fault():
    row = row_of(after(b"", 0, NOON, measured(MeasureKind.RE_VERIFY)))
    for word in ("closed red_flag", "re_verify", "re_verify rumour"):
        with pytest.raises(MessageFault):
            change_of(changed(row, word=word))


@pytest.mark.parametrize("kind", list(MeasureKind))
def test_a_measure_is_in_a_snapshot_and_binds_behind_it_as_before(kind):
    limit = 500 if kind in (MeasureKind.LOWER_LIMITS, MeasureKind.PROTECTIVE_STOP) else 0
    bank = Bank()
    bank.told(measured(kind, limit))
    bank.pay(100)
    kept = snapshot_of(bank.watch)
    again, end = Bank(), Bank()
    again.watch, again.count = restored(kept), bank.count
    assert snapshot_of(again.watch) == kept
    for amount in (400, 401, 1, 500):
        assert bank.pay(amount) == again.pay(amount)
    end.watch, end.count = restored(kept), 1
    end.told(end_of(measured(kind, limit)))
    assert end.pay(5_000).action is Action.ALLOW


def test_the_day_of_a_limit_is_the_zones_day_behind_a_snapshot_too():
    """A day begins at midnight of the watch's own zone: here of UTC, eight hours after that of China."""
    settings = Settings(zone=((-(2**62), 0),))
    bank = Bank()
    bank.watch = Watch(rows_followed=100, accounts_max=64, settings=settings)
    bank.told(measured(MeasureKind.LOWER_LIMITS, 500))
    assert bank.pay(500, NOON + 10 * HOUR).action is Action.ALLOW
    bank.watch = restored(snapshot_of(bank.watch))
    assert bank.pay(1, NOON + 13 * HOUR).action is Action.REFUSE, "in China it is tomorrow already"
    assert bank.pay(500, NOON + 21 * HOUR).action is Action.ALLOW


def test_every_kind_of_change_can_be_read_from_a_snapshot():
    assert set(_WHATS.values()) == set(get_args(What))
