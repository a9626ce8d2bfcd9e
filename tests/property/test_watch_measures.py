"""Measures in the stream against a slow twin: which debits go out, that no credit is touched, that all end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.care import MeasureKind
from recoup.clock import instant_of
from recoup.watch.decision import Action, Ground
from recoup.watch.stolen import StolenFlow
from recoup.watch.stream import How
from recoup.watch.told import Measured, after, end_of
from recoup.watching import Asked, DecisionLog, Watch, replay

HOUR = 3_600_000_000
START = 20_000 * 24 * HOUR + 15 * HOUR
"""An hour before midnight in China."""
ACCOUNTS = ("a", "b", "c")
CHINA = timezone(timedelta(hours=8))
NAMES = ("m1", "m2", "m3")


class Pay(NamedTuple):
    payer: str
    payee: str
    amount: int
    is_late: bool
    is_at_counter: bool


class Tell(NamedTuple):
    name: str
    kind: MeasureKind
    limit: int
    hours: int


class End(NamedTuple):
    name: str


PAYS = st.builds(
    Pay,
    st.sampled_from(ACCOUNTS),
    st.sampled_from(ACCOUNTS),
    st.sampled_from([1, 30, 50, 99, 100]),
    st.booleans(),
    st.booleans(),
)
TELLS = st.builds(
    Tell,
    st.sampled_from(NAMES),
    st.sampled_from(MeasureKind),
    st.sampled_from([1, 100, 130]),
    st.integers(0, 40),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, HOUR, 9 * HOUR]),
        PAYS | TELLS | st.builds(End, st.sampled_from(NAMES)),
    ),
    max_size=25,
)


@dataclass
class Twin:
    """Remembers every payment that went out and every measure; looks through all of them each time."""

    out: list[tuple[str, int, datetime]] = field(default_factory=list)
    measures: dict[str, Measured] = field(default_factory=dict)

    def lets_out(self, pay: Pay, time: int) -> set[Action]:
        """Return what a payment may meet."""
        if pay.payer != "a":
            return {Action.ALLOW}
        live = [one for one in self.measures.values() if time <= one.until_us]
        today = instant_of(time).astimezone(CHINA).date()
        spent = sum(x for who, x, at in self.out if who == "a" and at.date() == today)
        kinds = {one.measure_kind for one in live}
        caps = [
            one.limit for one in live if one.measure_kind in {"lower_limits", "protective_stop"}
        ]
        is_shut = "credit_only" in kinds or ("counter_only" in kinds and not pay.is_at_counter)
        if is_shut or (caps and spent + pay.amount > min(caps)):
            return {Action.REFUSE}
        return {Action.HOLD} if "re_verify" in kinds else {Action.ALLOW}

    def went(self, payer: str, amount: int, time: int) -> None:
        self.out.append((payer, amount, instant_of(time).astimezone(CHINA)))


def told(step: Tell, time: int) -> Measured:
    is_cap = step.kind in {MeasureKind.LOWER_LIMITS, MeasureKind.PROTECTIVE_STOP}
    limit, until_us = step.limit if is_cap else 0, time + step.hours * HOUR
    return Measured(step.name, "a", "CNY", step.kind.value, "red_flag", limit, until_us)


def play(watch: Watch, steps) -> set[int]:
    """Play the steps on a watch beside the twin; return the actions that were met."""
    twin, time, met = Twin(), START, set[int]()
    made: dict[str, Pay] = {}

    def ended(some) -> None:
        for one in some:
            if one.ended.how is not How.STOPPED:
                assert not twin_binds_shut(twin, made[one.id], one.ended.time_us)
                twin.went(made[one.id].payer, made[one.id].amount, one.ended.time_us)

    for number, (gap, step) in enumerate(steps):
        time += gap
        match step:
            case Pay() if step.payer != step.payee:
                id_ = f"p{number}"
                made[id_] = step
                facts = {"at_counter": float(step.is_at_counter)}
                one = Asked(id_, time, step.payer, step.payee, step.amount, "CNY")
                found = watch.decide([one._replace(facts=facts)], is_late=step.is_late)
                ended(found.ended)
                assert found[0].action in twin.lets_out(step, time), (found[0], step)
                assert found[0].action == Action.ALLOW or found[0].ground is Ground.MEASURE
                met.add(found[0].action)
                if found[0].action is Action.ALLOW:
                    twin.went(step.payer, step.amount, time)
            case Tell() | End():
                ended(watch.advance(time))  # what was due goes on before anything else is told
                what = told(step, time) if isinstance(step, Tell) else None
                before = twin.measures.get(step.name)
                if what is None and before is None:
                    continue
                what = what or end_of(before)
                watch.take(after(watch.copy.digest, watch.copy.version, time, what))
                if isinstance(step, End):
                    del twin.measures[step.name]
                else:
                    twin.measures[step.name] = what
    return met


def twin_binds_shut(twin: Twin, pay: Pay, time: int) -> bool:
    """Whether a payment that waited and went on should not have."""
    return twin.lets_out(pay, time) != {Action.ALLOW}


def watch_of(log: DecisionLog | None = None) -> Watch:
    return Watch(rows_followed=1_000, accounts_max=16, log=log)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_a_debit_goes_out_where_the_twin_lets_it_and_a_credit_always_comes_in(steps):
    play(watch_of(), steps)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_a_log_with_measures_is_replayed_to_the_same_digest(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("log") / "log"
    log = DecisionLog(path)
    watch = watch_of(log)
    play(watch, steps)
    log.close()
    again = replay(path)
    assert again.digest == log.digest
    assert again.watch.stream.flow.snapshot() == watch.stream.flow.snapshot()


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_a_snapshot_brings_measures_back_bit_for_bit(steps):
    watch = watch_of()
    play(watch, steps)
    flow = watch.stream.flow
    kept = flow.snapshot()
    assert StolenFlow.restore(flow.index, kept).snapshot() == kept


def test_a_twin_that_forgets_what_left_before_is_found_out():
    """Negative control: the comparison does see a day's limit that counts nothing."""
    watch = watch_of()
    step = Pay("a", "b", 60, is_late=False, is_at_counter=False)
    watch.decide([Asked("p1", START, "a", "b", 60, "CNY")])
    what = told(Tell("m1", MeasureKind.LOWER_LIMITS, 100, 5), START)
    watch.take(after(b"", 0, START, what))
    found = watch.decide([Asked("p2", START, "a", "b", 60, "CNY")])[0]
    forgetful = Twin(measures={"m1": what})
    assert forgetful.lets_out(step, START) == {Action.ALLOW}
    assert found.action is Action.REFUSE
    assert datetime.fromtimestamp(START / 10**6, UTC).astimezone(CHINA).hour == 23
