"""Patterns in the one loop: what is decided on is what was learnt from, bit for bit, however payments are cut. Controls."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from deciding import DAY, KNOWN_PATTERNS, SECOND, START, model_of, policy_of, rules_of
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.errors import ModelFault, StateFault, StateProblem
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.decision import Action
from recoup.watch.features import FEATURES
from recoup.watch.patterns import Patterns
from recoup.watch.state import Outcome, Payments, Settings, Shard
from recoup.watch.stream import Stream
from recoup.watch.stream.laying import lay_patterns
from recoup.watching import NO_REPORTS, Asked, DecisionLog, StreamFeatures, Watch, replay

POCKETS = 12
SETTINGS = Settings(late_seconds=600, ahead_seconds=60 * 86_400)
SEEN = rules_of(("seen", "amount > 0.00 CNY", "warn"), known=KNOWN_PATTERNS)
"""Every payment goes on, and its features are kept."""
RULES = rules_of(
    ("chain", "payment_chain_hops >= 2", "hold"),
    ("fan", "payee_in_kept_payers_7d >= 3", "refuse"),
    known=KNOWN_PATTERNS,
)
MODEL = model_of("payment_passed_ratio", 0.85, columns=STREAM_FEATURES)
POLICY = policy_of(MODEL, hold__seconds=3_600, alerts_per_day=50, innocents_most=20)


def payments_drawn(seed: int, count: int = 300) -> Payments:
    """Payments among few pockets, of which many pass on what came in; some from and to the outside; some cannot be any."""
    draw = np.random.default_rng(seed)
    time = START + np.cumsum(draw.integers(0, 3 * 3_600, count)) * SECOND
    payer, payee = (draw.integers(-1, POCKETS, count) for _ in range(2))
    amount = draw.integers(100, 90_000, count)
    for at in range(1, count):
        if draw.random() < 0.5:
            payer[at], amount[at] = payee[at - 1], amount[at - 1] * draw.integers(82, 101) // 100
    time[draw.random(count) < 0.1] -= 300 * SECOND  # late, and counted at the clock
    amount[draw.random(count) < 0.03] = 0
    return Payments.of(time, payer, payee, amount)


def decided(stream: Stream, payments: Payments, cuts: list[int]):
    """The rows and the features kept of payments that are given in pieces."""
    edges = sorted({0, len(payments), *(cut for cut in cuts if cut < len(payments))})
    places = np.zeros(len(payments), np.int16)
    found = [
        stream.decide(payments.part(begin, end), places[begin:end])
        for begin, end in pairwise(edges)
    ]
    rows, kept = np.concatenate([f.rows for f in found]), np.concatenate([f.kept for f in found])
    rows["kept"] = -1  # places in their own batch
    return rows, kept


def new_stream(rules=SEEN, model=None, **more) -> Stream:
    return Stream(
        Shard(POCKETS, SETTINGS),
        rules=rules,
        model=model,
        policy=POLICY,
        currencies=("CNY",),
        **more,
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_the_loop_reads_is_what_state_and_rings_read_apart(seed):
    """The twin: the state and the rings, each by its own kernel, payment by payment."""
    payments = payments_drawn(seed)
    _, kept = decided(new_stream(), payments, [7, 8, 100])
    shard, patterns, wanted = Shard(POCKETS, SETTINGS), Patterns(POCKETS), []
    for at in range(len(payments)):
        one, row = payments.part(at, at + 1), np.empty((1, len(FEATURES)))
        if shard.apply(one, row)[0] != Outcome.BOOKED:
            continue
        now = Payments.of([shard.clock], one.payer, one.payee, one.amount_minor)
        wanted.append(np.concatenate([row[0], patterns.apply(now)[0]]))
    assert np.array(wanted).tobytes() == kept.tobytes()


def test_what_is_decided_on_is_what_training_reads():
    draw, count = np.random.default_rng(9), 400
    time = START + np.cumsum(draw.integers(1, 7_200, count)) * SECOND
    sides = draw.permuted(np.tile(np.arange(POCKETS), (count, 1)), axis=1)[:, :2]
    amount = draw.integers(100, 90_000, count)
    amount[1::2] = amount[::2] * 95 // 100
    sides[1::2, 0] = sides[::2, 1]
    sides[1::2, 1] = (sides[1::2, 0] + 1) % POCKETS
    transfers = pl.DataFrame(
        {
            "id": [f"p{at}" for at in range(count)],
            "time": pl.Series(time).cast(pl.Datetime("us", "UTC")),
            "payer": [f"a{at}" for at in sides[:, 0]],
            "payee": [f"a{at}" for at in sides[:, 1]],
            "amount": amount,
            "currency": ["CNY"] * count,
            "kind": ["transfer"] * count,
        }
    )
    learnt = StreamFeatures().matrix(transfers, NO_REPORTS, np.ones(count, np.bool_))
    seen = rules_of(("seen", "amount > 0.00 CNY", "warn"), known=KNOWN_PATTERNS)
    watch = Watch(
        rules=seen,
        policy=POLICY,
        currencies=("CNY", "USD"),
        settings=StreamFeatures().settings,
    )
    served = [watch.decide(transfers[at : at + 50]).found.kept for at in range(0, count, 50)]
    assert learnt.tobytes() == np.concatenate(served).tobytes()
    assert (learnt[:, len(FEATURES) + 64] > 0).any(), "nothing was passed on"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 119), max_size=8))
def test_a_batch_is_its_payments_one_by_one(seed, cuts):
    payments = payments_drawn(seed, 120)
    one, many = new_stream(RULES, MODEL), new_stream(RULES, MODEL)
    singles, single_kept = decided(one, payments, list(range(120)))
    rows, kept = decided(many, payments, cuts)
    assert singles.tobytes() == rows.tobytes()
    assert single_kept.tobytes() == kept.tobytes()
    assert one.patterns.snapshot() == many.patterns.snapshot()
    assert one.shard.snapshot() == many.shard.snapshot()


def test_the_runs_meet_what_they_are_for():
    actions: set[int] = set()
    for seed in range(4):
        rows, _ = decided(new_stream(RULES, MODEL), payments_drawn(seed, 120), [])
        actions |= set(rows["action"].tolist())
    assert actions >= {Action.ALLOW, Action.HOLD, Action.REFUSE}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 99))
def test_no_feature_of_a_payment_changes_when_payments_after_it_change(seed, at):
    first, other = payments_drawn(seed, 100), payments_drawn(seed + 1, 100)
    time = np.maximum(other.time_us, first.time_us[at])
    mixed = Payments.of(
        *(
            np.concatenate([mine[:at], theirs[at:]])
            for mine, theirs in (
                (first.time_us, time),
                (first.payer, other.payer),
                (first.payee, other.payee),
                (first.amount_minor, other.amount_minor),
            )
        )
    )
    _, own = decided(new_stream(), first.part(0, at), [])
    _, whole = decided(new_stream(), mixed, [])
    assert own.tobytes() == whole[: len(own)].tobytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_not_booked_leaves_the_rings_alone(seed):
    stream, payments = new_stream(RULES, MODEL), payments_drawn(seed, 60)
    for at in range(len(payments)):
        one = payments.part(at, at + 1)
        stream.advance(int(one.time_us[0]))  # what waited and is over goes on first
        before = stream.patterns.snapshot()
        found = stream.decide(one, np.zeros(1, np.int16))
        is_booked = found.rows["action"][0] < Action.DELAY
        assert (stream.patterns.snapshot() != before) == is_booked


def test_a_payment_that_waited_enters_the_rings_when_it_goes_on():
    stream = new_stream(rules_of(("all", "amount > 0.00 CNY", "hold"), known=KNOWN_PATTERNS))
    held = stream.decide(Payments.of([START], [0], [1], [500]), np.zeros(1, np.int16))
    assert stream.patterns.graph.total.sum() == 0
    stream.release(held.first, START + SECOND)
    assert stream.patterns.graph.total.tolist()[:2] == [[0, 1], [1, 0]]
    assert int(stream.patterns.graph.time_us[1, 0, 0]) == START + SECOND


@pytest.mark.parametrize("seed", range(3))
def test_rings_made_of_kept_rows_are_those_that_were_kept(seed):
    stream = new_stream()
    decided(stream, payments_drawn(seed), [])
    assert lay_patterns(stream.shard).snapshot() == stream.patterns.snapshot()
    stream.patterns.book(stream.shard.clock, 0, 1, 500)  # the control
    assert lay_patterns(stream.shard).snapshot() != stream.patterns.snapshot()


def test_a_stream_that_changes_to_patterns_goes_on_as_if_it_had_kept_them():
    payments = payments_drawn(5)
    plain = Stream(Shard(POCKETS, SETTINGS), currencies=("CNY",))
    plain.decide(payments.part(0, 200))
    later = Stream(plain.shard, rules=SEEN, policy=POLICY, currencies=("CNY",))
    later.take_over(plain)
    _, kept = decided(later, payments.part(200, 300), [])
    _, whole = decided(new_stream(), payments, [])
    assert kept.tobytes() == whole[-len(kept) :].tobytes()


def test_the_control_rings_that_forgot_the_past_are_seen():
    payments = payments_drawn(5)
    plain = Stream(Shard(POCKETS, SETTINGS), currencies=("CNY",))
    plain.decide(payments.part(0, 200))
    later = Stream(
        plain.shard, rules=SEEN, policy=POLICY, currencies=("CNY",), patterns=Patterns(POCKETS)
    )
    _, kept = decided(later, payments.part(200, 300), [])
    _, whole = decided(new_stream(), payments, [])
    assert kept.tobytes() != whole[-len(kept) :].tobytes()


def test_a_model_and_rules_may_read_different_sets():
    payments, places = payments_drawn(2, 80), np.zeros(80, np.int16)
    rules = rules_of(("seen", "payer_out_count_1h >= 0", "warn"))
    both = Stream(
        Shard(POCKETS, SETTINGS), rules=rules, model=MODEL, policy=POLICY, currencies=("CNY",)
    )
    found = both.decide(payments, places)
    assert found.kept.shape[1] == len(STREAM_FEATURES)
    scored = found.rows["kept"] >= 0
    assert found.rows["score"][scored].tolist() == MODEL.raw_scores(found.kept).tolist()
    small = model_of()
    found = new_stream(SEEN, small).decide(payments, places)
    scored = found.rows["kept"] >= 0
    own = np.ascontiguousarray(found.kept[:, : len(FEATURES)])
    assert found.rows["score"][scored].tolist() == small.raw_scores(own).tolist()


def test_another_set_of_features_is_refused():
    with pytest.raises(ModelFault):
        new_stream(model=model_of(columns=STREAM_FEATURES[:150]))
    known = replace(KNOWN_PATTERNS, features=STREAM_FEATURES[:150])
    rules = rules_of(("seen", "amount > 0.00 CNY", "warn"), known=known)
    with pytest.raises(StateFault) as raised:
        new_stream(rules)
    assert raised.value.problem is StateProblem.FEATURES_DIFFER


def new_watch(log=None) -> Watch:
    return Watch(
        rules=RULES,
        model=MODEL,
        policy=POLICY,
        currencies=("CNY", "USD"),
        settings=SETTINGS,
        accounts_max=POCKETS,
        rows_followed=1_000,
        catch_seconds=1_800,
        log=log,
    )


def asked_of(payments: Payments) -> list[Asked]:
    columns = (payments.time_us, payments.payer, payments.payee, payments.amount_minor)
    return [
        Asked(f"p{at}", time, *("" if n < 0 else f"a{n}" for n in sides), amount, "CNY")
        for at, (time, *sides, amount) in enumerate(
            zip(*(c.tolist() for c in columns), strict=True)
        )
    ]


def test_a_log_of_decisions_on_patterns_replays_and_a_changed_figure_is_found(tmp_path):
    path = tmp_path / "decisions.ndjson"
    log = DecisionLog(path)
    watch, asked = new_watch(log), asked_of(payments_drawn(4, 120))
    for begin in range(0, len(asked), 17):
        watch.decide(asked[begin : begin + 17])
    watch.advance(watch.stream.shard.clock + DAY)
    log.close()
    again = replay(path, rules=RULES, model=MODEL, policy=POLICY)
    assert again.digest == log.digest
    assert again.watch.stream.patterns.snapshot() == watch.stream.patterns.snapshot()
    # Without the rings the digest of features is another: the log tells.
    before = new_watch()
    before.stream.patterns.book(START - 1, 0, 1, 500)
    first, other = new_watch().decide(asked[:40]), before.decide(asked[:40])
    assert [one.features_digest for one in first] != [one.features_digest for one in other]
