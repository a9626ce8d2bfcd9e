"""Decisions: a batch is its payments one by one, what is not booked leaves the state alone, a log replays. With controls."""

from __future__ import annotations

import json

import numpy as np
import pytest
from deciding import DAY, SECOND, START, model_of, policy_of, rules_of
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Action
from recoup.watch.state import Settings, Shard, Told
from recoup.watch.stolen import ClaimOpened, HoldAsked, chain
from recoup.watching import Asked, DecisionLog, Watch, replay

ACCOUNTS = ("a", "b", "c", "d", "")
RULES = rules_of(
    ("large", "amount >= 900.00 CNY", "refuse"),
    ("night", "is_night and amount >= 300.00 CNY", "hold"),
    ("again", "payer_out_count_1h >= 2", "delay"),
    ("listed", 'payee in list("suspect")', "warn"),
)
MODEL = model_of()
POLICY = policy_of(
    MODEL, delay__seconds=7_200, hold__seconds=3_600, alerts_per_day=5, innocents_most=2
)
SETTINGS = Settings(late_seconds=600, ahead_seconds=30 * 86_400)

PAYMENT = st.tuples(
    st.sampled_from(
        [0, 1, 30 * SECOND, 1_800 * SECOND, 3_600 * SECOND, 7_200 * SECOND, DAY, -60 * SECOND, -DAY]
    ),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(ACCOUNTS),
    st.sampled_from([1, 100, 5_000, 29_999, 30_000, 60_000, 89_999, 90_000, 0, 2**52]),
    st.sampled_from(["CNY", "CNY", "CNY", "USD", "XXX"]),
)


def asked_of(rows) -> list[Asked]:
    time, asked = START, []
    for number, (gap, *rest) in enumerate(rows):
        time += gap
        asked.append(Asked(f"p{number}", time, *rest))
    return asked


def new_watch(log=None, *, flow: int = 12) -> Watch:
    watch = Watch(
        rules=RULES,
        model=MODEL,
        policy=POLICY,
        currencies=("CNY", "USD"),
        settings=SETTINGS,
        accounts_max=64,
        rows_followed=flow,
        catch_seconds=1_800,
        log=log,
    )
    watch.lists({"suspect": ["c"]})
    return watch


def everything(watch: Watch) -> bytes:
    """All that later decisions rest on."""
    stream = watch.stream
    parts = [
        stream.shard.snapshot(),
        stream._desk.counters.tobytes(),
        str(sorted(stream.waiting.items())).encode(),
    ]
    return b"".join([*parts, stream.flow.snapshot(), stream.flow.index.stream.rows.tobytes()])


@settings(max_examples=30, deadline=None)
@given(st.lists(PAYMENT, max_size=40), st.lists(st.integers(1, 39), max_size=6))
def test_a_batch_is_its_payments_one_by_one(rows, cuts):
    asked = asked_of(rows)
    one, many = new_watch(), new_watch()
    singles = [decision for payment in asked for decision in one.decide([payment])]
    batches = []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(asked)], strict=True):
        batches += list(many.decide(asked[begin:end]))
    assert batches == singles
    assert everything(one) == everything(many)


def test_the_control_a_loop_that_forgets_a_wait_between_batches_is_seen():
    asked = [Asked(f"p{i}", START + i * SECOND, "a", "b", 100, "CNY") for i in range(5)]
    later = Asked("late", START + DAY, "a", "b", 100, "CNY")
    one, broken = new_watch(), new_watch()
    one.decide([*asked, later])
    broken.decide(asked)
    assert broken.stream.waiting
    broken.stream.waiting.clear()
    broken.decide([later])
    assert everything(one) != everything(broken)


@settings(max_examples=30, deadline=None)
@given(st.lists(PAYMENT, max_size=25), PAYMENT)
def test_what_is_not_booked_changes_nothing_but_the_time(rows, last):
    asked = asked_of([*rows, last])
    told, quiet = new_watch(), new_watch()
    told.decide(asked[:-1])
    quiet.decide(asked[:-1])
    (decision,) = told.decide(asked[-1:])
    if decision.action < Action.DELAY:
        return
    if not decision.problem:
        quiet.advance(asked[-1].time)
    first, second = (w.stream.shard for w in (told, quiet))
    second.grow(max(first.accounts, second.accounts))
    assert first.snapshot() == second.snapshot()
    if decision.problem:
        assert everything(told) == everything(quiet)


def test_the_control_an_allowed_payment_does_change_the_state():
    told, quiet = new_watch(), new_watch()
    (decision,) = told.decide([Asked("p", START, "a", "b", 100, "CNY")])
    quiet.advance(START)
    assert decision.action is Action.ALLOW
    assert told.stream.shard.snapshot() != quiet.stream.shard.snapshot()


@settings(max_examples=15, deadline=None)
@given(st.lists(PAYMENT, min_size=1, max_size=25), st.data())
def test_a_log_replays_to_the_same_digest(tmp_path_factory, rows, data):
    path = tmp_path_factory.mktemp("log") / "decisions.ndjson"
    log = DecisionLog(path)
    watch, asked = new_watch(log), asked_of(rows)
    at = 0
    changes = iter(
        chain(
            [
                (START, ClaimOpened("case", "claim", "p0", is_admitted=True)),
                (START, HoldAsked("case", "b", "CNY", 5_000, None)),
            ]
        )
    )
    while at < len(asked):
        size = data.draw(st.integers(1, 6))
        some = asked[at : at + size]
        watch.decide(some, is_late=data.draw(st.booleans()))
        watch.decide(some)  # the same again: nothing happens twice
        at += size
        time = watch.stream.shard.clock
        if time < 0:
            continue
        if (change := next(changes, None)) is not None:
            watch.take(change)
        waiting = sorted(watch._numbers)
        if waiting and data.draw(st.booleans()):
            data.draw(st.sampled_from([watch.release, watch.cancel]))(waiting[0], time)
        if data.draw(st.booleans()):
            watch.report("b", "CNY", time, Told.REPORT)
            watch.advance(time + 60 * SECOND)
    log.close()
    again = replay(path, rules=RULES, model=MODEL, policy=POLICY)
    assert again.digest == log.digest
    assert everything(again.watch) == everything(watch)


def logged(path) -> list[bytes]:
    log = DecisionLog(path)
    watch = new_watch(log)
    for asked in asked_of([(SECOND, "a", "b", 5_000, "CNY")] * 3):
        watch.decide([asked])
    log.close()
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("harm", ["amount", "missing", "turned", "cut"])
def test_a_log_that_was_harmed_is_refused_by_its_line(tmp_path, harm):
    path = tmp_path / "decisions.ndjson"
    lines = logged(path)
    if harm == "amount":
        lines[2] = lines[2].replace(b'"amount":5000', b'"amount":5001')
    elif harm == "missing":
        del lines[3]
    elif harm == "turned":
        lines[2], lines[3] = lines[3], lines[2]
    else:
        lines[2] = lines[2][:40] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(StateFault) as raised:
        replay(path, rules=RULES, model=MODEL, policy=POLICY)
    assert raised.value.problem is StateProblem.LOG_DAMAGED


def test_a_log_whose_answer_was_forged_with_right_digests_is_found_by_replay(tmp_path):
    from recoup.watching.decision_log import sealed

    path = tmp_path / "decisions.ndjson"
    digest, out = "", b""
    for text in logged(path):
        body = json.loads(text)
        del body["digest"]
        if body["at"] == "decided":
            body["answer"]["action"] = "refuse"
        digest, line = sealed(digest, body)
        out += line
    path.write_bytes(out)
    with pytest.raises(StateFault) as raised:
        replay(path, rules=RULES, model=MODEL, policy=POLICY)
    assert raised.value.problem is StateProblem.LOG_DIFFERS


def test_a_log_of_another_model_is_refused_and_a_torn_end_is_left_out(tmp_path):
    path = tmp_path / "decisions.ndjson"
    lines = logged(path)
    with pytest.raises(StateFault) as raised:
        replay(path, rules=RULES, model=model_of(at=1.0), policy=POLICY)
    assert raised.value.problem is StateProblem.LOG_DIFFERS
    path.write_bytes(b"".join(lines)[:-5])
    assert replay(path, rules=RULES, model=MODEL, policy=POLICY).lines == len(lines) - 1


def test_scores_of_the_stream_are_those_of_the_model():
    shard = Shard(4, SETTINGS)
    watch = new_watch(flow=0)
    asked = [Asked(f"p{i}", START + i * DAY, "a", "b", 10_000 * (i + 1), "USD") for i in range(8)]
    found = watch.decide(asked)
    from recoup.watch.state import Payments

    rows = np.empty((8, len(MODEL.features.names)))
    booked = [one.action < Action.DELAY for one in found]
    assert all(booked)
    payments = Payments.of(
        [one.time for one in asked], [0] * 8, [1] * 8, [one.amount for one in asked]
    )
    shard.apply(payments, rows)
    assert [one.score for one in found] == MODEL.raw_scores(rows).tolist()
    assert [one.chance for one in found] == MODEL.probabilities(rows).tolist()
