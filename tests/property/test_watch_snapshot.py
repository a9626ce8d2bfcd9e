"""A watch that was kept and restored goes on as the one that never stopped, bit for bit; a poisoned snapshot is refused."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256

import msgspec
import numpy as np
import pytest
from deciding import DAY, KNOWN_PATTERNS, SECOND, START, model_of, policy_of, rules_of
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.errors import StateFault, StateProblem
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.decision import Decision
from recoup.watch.state import Settings, Told
from recoup.watch.stolen import ClaimOpened, HoldAsked, chain
from recoup.watching import Asked, DecisionLog, Watch, replay
from recoup.watching.answered import ANSWER
from recoup.watching.became import PaymentState
from recoup.watching.before import MAGIC_BEFORE
from recoup.watching.snapshots import _MAGIC, _opened, _sealed, _Whole, restored, snapshot_of

RULES = rules_of(
    ("large", "amount >= 900.00 CNY", "refuse"),
    ("night", "is_night and amount >= 300.00 CNY", "hold"),
    ("chain", "payment_chain_hops >= 1", "delay"),
    ("listed", 'payee in list("suspect")', "warn"),
    known=KNOWN_PATTERNS,
    more='[[snoozes]]\nrule = "chain"\naccount = "d"\nreason = "known"\nauthor = "risk-1"\n'
    'approver = "risk-2"\nfrom = 2023-11-01T00:00:00Z\nuntil = 2023-11-20T00:00:00Z\n',
)
MODEL = model_of(columns=STREAM_FEATURES)
POLICY = policy_of(
    MODEL, delay__seconds=7_200, hold__seconds=3_600, alerts_per_day=5, innocents_most=2
)
GIVEN = {"rules": RULES, "model": MODEL, "policy": POLICY}
SETTINGS = Settings(late_seconds=600, ahead_seconds=30 * 86_400)

PAYMENT = st.tuples(
    st.sampled_from([0, 1, 30 * SECOND, 1_800 * SECOND, 7_200 * SECOND, DAY, -60 * SECOND]),
    st.sampled_from(("a", "b", "c", "d", "")),
    st.sampled_from(("a", "b", "c", "d", "")),
    st.sampled_from([1, 100, 5_000, 4_500, 30_000, 29_000, 60_000, 90_000, 0]),
    st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
)


def asked_of(rows) -> list[Asked]:
    time, asked = START, []
    for number, (gap, *rest) in enumerate(rows):
        time += gap
        asked.append(Asked(f"p{number}", time, *rest, facts={"payee_holder_cards": number % 3}))
    return asked


def new_watch(log=None) -> Watch:
    watch = Watch(
        **GIVEN,
        currencies=("CNY", "USD"),
        settings=SETTINGS,
        accounts_max=64,
        rows_followed=12,
        catch_seconds=1_800,
        ids_seconds=7_200,
        log=log,
    )
    watch.lists({"suspect": ["c"]})
    return watch


def told_the_centre(watch: Watch) -> None:
    """A claim on the first payment and a hold: stolen money stands in the flow."""
    for change in chain(
        [
            (START, ClaimOpened("case", "claim", "p0", is_admitted=True)),
            (START, HoldAsked("case", "b", "CNY", 5_000, None)),
        ]
    ):
        watch.take(change)


@settings(max_examples=25, deadline=None)
@given(st.lists(PAYMENT, min_size=2, max_size=40), st.data())
def test_a_restored_watch_goes_on_as_the_one_that_never_stopped(rows, data):
    asked = asked_of(rows)
    cut = data.draw(st.integers(1, len(asked)))
    watch = new_watch()
    first = list(watch.decide(asked[:cut]))
    told_the_centre(watch)
    if watch.stream.shard.clock > 0:
        watch.report("b", "CNY", watch.stream.shard.clock, Told.REPORT)
    kept = snapshot_of(watch)
    other = restored(kept, **GIVEN)
    assert snapshot_of(other) == kept
    again = [one for one in other.decide(asked[:cut]) if one.is_repeat]
    assert [one.id for one in again] == [
        one.id for one in watch.decide(asked[:cut]) if one.is_repeat
    ]
    by_id = {one.id: one for one in first}
    for one in again:  # the same message twice: the first answer
        assert (one.action, one.causes, one.score) == (
            by_id[one.id].action,
            by_id[one.id].causes,
            by_id[one.id].score,
        )
    assert list(other.decide(asked[cut:])) == list(watch.decide(asked[cut:]))
    for some in (watch, other):
        waiting = sorted(some._numbers)
        if waiting:
            some.release(waiting[0], some.stream.shard.clock)
        some.advance(max(some.stream.shard.clock, START) + DAY)
    assert snapshot_of(other) == snapshot_of(watch)


def plain(value):
    """A field of a decision as it was written before columns: enums as numbers, causes as rows."""
    if isinstance(value, tuple):
        return [
            one if isinstance(one, str) else [getattr(one, f.name) for f in fields(one)]
            for one in value
        ]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def written_before(watch: Watch) -> bytes:
    """The snapshot of a watch as it was written before columns: an object for each payment, found id by id."""
    whole, shard, rings = parts_of(snapshot_of(watch))
    both = [id_ for some in (watch._ids._before, watch._ids._now) for id_ in some.items()[0]]
    known = [(id_, watch._ids.find(id_)) for id_ in dict.fromkeys(both)]
    since = watch.stream.shard.clock - watch._ids.kept_us
    kept = sorted(
        (one.content.time_us, id_, one) for id_, one in known if one.content.time_us >= since
    )
    ids = [
        (
            id_,
            list(one.content),
            [plain(getattr(one.decisions[one.place], f.name)) for f in fields(Decision)],
        )
        for _, id_, one in kept
    ]
    pockets = [watch.owner(number) for number in range(len(watch._pockets))]
    rows = zip(whole.booked, np.frombuffer(whole.booked_rows, np.int64).tolist(), strict=True)
    values = [getattr(whole, name) for name in _Whole.__struct_fields__]
    body = msgspec.msgpack.encode(
        [
            values[0],
            shard,
            rings,
            *values[1:5],
            pockets,
            whole.listed,
            ids,
            whole.waiting_ids,
            list(rows),
            whole.log_digest,
        ]
    )
    return b"".join([MAGIC_BEFORE, sha256(body).digest(), body])


@settings(max_examples=25, deadline=None)
@given(st.lists(PAYMENT, min_size=2, max_size=40), st.data())
def test_a_snapshot_from_before_columns_gives_the_same_watch(rows, data):
    """The slow twin of the columns too: it finds each id and makes each decision."""
    asked = asked_of(rows)
    cut = data.draw(st.integers(1, len(asked)))
    watch = new_watch()
    watch.decide(asked[:cut], is_late=data.draw(st.booleans()))
    told_the_centre(watch)
    watch.decide(asked[cut:])
    before = written_before(watch)
    other = restored(before, **GIVEN)
    assert other._became.rows() == ([], []), "how payments ended was not kept then"
    watch._became.lay([], [])
    assert snapshot_of(other) == snapshot_of(watch)
    assert written_before(other) == before, "what it makes of the columns is what was decided"


def without_ends(kept: bytes) -> bytes:
    """The same as it was written before what became of payments that waited was kept: nothing stood behind the log's digest."""
    whole, shard, rings = parts_of(kept)
    values = [getattr(whole, name) for name in _Whole.__struct_fields__]
    assert _Whole.__struct_fields__[-3:] == ("log_digest", "ended", "appealed"), "added at the end"
    return _sealed(values[:-2], [shard[:-32], shard[-32:]], rings)


@settings(max_examples=10, deadline=None)
@given(st.lists(PAYMENT, min_size=2, max_size=40), st.data())
def test_a_snapshot_from_before_ends_were_kept_gives_the_same_watch_that_knows_of_none(rows, data):
    asked = asked_of(rows)
    cut = data.draw(st.integers(1, len(asked)))
    watch = new_watch()
    watch.decide(asked[:cut])
    watch.advance(watch.stream.shard.clock + DAY)  # what waited ended
    kept = snapshot_of(watch)
    before = without_ends(kept)
    assert len(before) < len(kept)
    other = restored(before, **GIVEN)
    assert other._became.rows() == ([], [])
    watch._became.lay([], [])
    assert list(other.decide(asked[cut:])) == list(watch.decide(asked[cut:]))
    assert snapshot_of(other) == snapshot_of(watch)


def test_ends_are_kept_and_where_none_is_known_only_what_is_booked_is_said_to_be_paid():
    """What the snapshots of before are tried on must have ends to lose; and a bank must not pay on what they lost."""
    watch = full_watch()
    waited = sorted(watch._numbers)
    assert waited, "something waits"
    watch.advance(watch.stream.shard.clock + DAY)
    kept = snapshot_of(watch)
    booked = parts_of(kept)[0].booked
    after, before = restored(kept, **GIVEN), restored(without_ends(kept), **GIVEN)
    assert after._became == watch._became
    for id_ in waited:
        assert after.standing(id_) == watch.standing(id_)
        assert watch.standing(id_).state is not PaymentState.UNKNOWN
        found = before.standing(
            id_
        ).state  # by its row alone: with its id it is forgotten that it waited
        assert found is PaymentState.UNKNOWN or (found.is_paid and id_ in booked)


def test_a_harmed_snapshot_from_before_columns_is_refused():
    kept = written_before(full_watch())
    for at in range(len(MAGIC_BEFORE) + 40, len(kept), len(kept) // 20):
        with pytest.raises(StateFault):
            restored(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :], **GIVEN)
    body = msgspec.msgpack.decode(kept[len(MAGIC_BEFORE) + 32 :])
    for place, value in ((7, []), (9, [["x", [], []]]), (10, [["x"]]), (0, {})):
        poisoned = msgspec.msgpack.encode([*body[:place], value, *body[place + 1 :]])
        with pytest.raises(StateFault):
            restored(b"".join([MAGIC_BEFORE, sha256(poisoned).digest(), poisoned]), **GIVEN)


def full_watch() -> Watch:
    """A watch with something in every part: rows, rings, a wait, a hold, ids."""
    watch = new_watch()
    rows = [
        (SECOND, "a", "b", 5_000, "CNY"),
        (SECOND, "b", "c", 4_900, "CNY"),
        (3_600 * SECOND, "c", "d", 4_800, "CNY"),
        (SECOND, "d", "", 60_000, "CNY"),
        (SECOND, "a", "c", 100, "USD"),
    ]
    watch.decide(asked_of(rows))
    told_the_centre(watch)
    return watch


def test_the_watch_of_the_poisoned_tests_has_something_in_every_part():
    watch = full_watch()
    assert watch.stream.waiting
    assert watch.stream.flow.bindings
    assert watch.stream.patterns.graph.total.sum() > 0
    assert watch._ids
    assert watch.copy.told


def sealed(parts: tuple) -> bytes:
    """A snapshot of other contents whose digest is right."""
    whole, shard, rings = parts
    return _sealed(whole, [shard[:-32], shard[-32:]], rings)


def parts_of(given: bytes) -> tuple:
    whole, shard, rings = _opened(given)
    return whole, bytes(shard), rings


def poison_rows(whole, name, value):
    from recoup.watch.stolen.rows import ROW

    rows = np.frombuffer(whole.flow.rows, ROW).copy()
    rows[name][0] = value
    whole.flow.rows = rows.tobytes()


def poison_total(whole, name, value):
    totals = np.frombuffer(
        whole.flow.totals[name], np.uint8 if name == "standing" else np.int64
    ).copy()
    totals[0] = value
    whole.flow.totals[name] = totals.tobytes()


def more_accounts(whole, *names, place=0):
    whole.accounts.extend(names)
    whole.currencies += np.full(len(names), place, np.int16).tobytes()


def booked_in(whole, *rows):
    whole.booked_rows = np.array(rows, np.int64).tobytes()


def twice(ids):
    ids[0] = ids[1]


def poison_answer(whole, name, value):
    rows = np.frombuffer(whole.answered.rows, ANSWER).copy()
    rows[name][0] = value
    whole.answered.rows = rows.tobytes()


def ended_in(whole, *rows):
    whole.ended = [(id_, state, START, []) for id_, state in rows]


def appealed_in(whole, *rows):
    whole.appealed = [(id_, state, START, []) for id_, state in rows]


POISONS = {
    "a row's payee": lambda w: poison_rows(w, "payee", 1 << 20),
    "a row's chain": lambda w: poison_rows(w, "payer_next", 1 << 20),
    "a chain that goes back": lambda w: poison_rows(w, "payer_next", -1),
    "a row's amount": lambda w: poison_rows(w, "amount", -5),
    "a pocket's last row": lambda w: poison_total(w, "last", 1 << 30),
    "a pocket's total": lambda w: poison_total(w, "into", -1),
    "who is ours": lambda w: poison_total(w, "standing", 9),
    "how many rows": lambda w: setattr(w.flow, "state", np.array([10**9, 0], np.int64).tobytes()),
    "a wait of nobody": lambda w: w.waiting.append((0, 1 << 30, 0, 5, 0, 10)),
    "a wait of nothing": lambda w: w.waiting.append((0, 0, 1, 0, 0, 10)),
    "budgets": lambda w: setattr(w, "counters", np.array([0.0, np.nan, 1.0]).tobytes()),
    "budgets of another length": lambda w: setattr(w, "counters", b"12345678"),
    "an account twice": lambda w: more_accounts(w, w.accounts[0]),
    "accounts without pockets": lambda w: more_accounts(w, *(f"x{at}" for at in range(5_000))),
    "accounts without currencies": lambda w: w.accounts.append("x"),
    "no stolen money": lambda w: setattr(w, "flow", None),
    "the money": lambda w: setattr(w.flow, "money", b"!" + w.flow.money[1:]),
    "a change of no kind": lambda w: w.flow.told.append((0, "Nothing", {})),
    "settings": lambda w: w.opening["settings"].update(late_seconds=1),
    "what opened it": lambda w: w.opening.clear(),
    "an account of no currency": lambda w: more_accounts(w, "x", place=2),
    "an account without a name": lambda w: more_accounts(w, ""),
    "a payment's row before all": lambda w: booked_in(w, -1, *range(1, len(w.booked))),
    "a payment's row after all": lambda w: booked_in(w, *range(len(w.booked) - 1), 10**6),
    "payments' rows that go back": lambda w: booked_in(w, *reversed(range(len(w.booked)))),
    "a payment's row of nobody": lambda w: w.booked.pop(),
    "an id without an answer": lambda w: w.answered.ids.append("x"),
    "an id twice": lambda w: twice(w.answered.ids),
    "no id": lambda w: w.answered.ids.__setitem__(0, ""),
    "an answer's payer": lambda w: poison_answer(w, "payer", 1 << 20),
    "an answer's payee": lambda w: poison_answer(w, "payee", -2),
    "an answer's words": lambda w: poison_answer(w, "said", 1 << 20),
    "an answer's words that are none": lambda w: poison_answer(w, "said", -1),
    "an answer's currency": lambda w: poison_answer(w, "currency", 2),
    "an answer's kind": lambda w: poison_answer(w, "kind", 100),
    "an answer's amount": lambda w: poison_answer(w, "amount", 0),
    "an answer's action": lambda w: poison_answer(w, "action", 5),
    "an answer's ground": lambda w: poison_answer(w, "ground", -1),
    "an answer's problem": lambda w: poison_answer(w, "problem", 99),
    "facts of no payment": lambda w: w.answered.facts.append((1 << 20, [])),
    "an end of no state": lambda w: ended_in(w, ("x", "")),
    "an end of a state that is none": lambda w: ended_in(w, ("x", "paid")),
    "an end that still waits": lambda w: ended_in(w, ("x", "waiting")),
    "an end that is unknown": lambda w: ended_in(w, ("x", "unknown")),
    "an end twice": lambda w: ended_in(w, ("x", "released"), ("x", "over")),
    "more ends than are kept": lambda w: ended_in(
        w, *[(f"x{at}", "over") for at in range(limits.WATCH_ENDINGS_MAX + 1)]
    ),
    "an appeal's payment twice": lambda w: appealed_in(w, ("x", ""), ("x", "stopped")),
    "an appeal's payment that still waits": lambda w: appealed_in(w, ("x", "waiting")),
}


@pytest.mark.parametrize("name", POISONS)
def test_a_poisoned_snapshot_is_refused_though_its_digest_is_right(name):
    parts = parts_of(snapshot_of(full_watch()))
    POISONS[name](parts[0])
    with pytest.raises(StateFault):
        restored(sealed(parts), **GIVEN)


def test_a_poisoned_state_or_ring_is_refused_though_the_digest_is_right():
    whole, shard, rings = parts_of(snapshot_of(full_watch()))
    assert restored(sealed((whole, shard, rings)), **GIVEN), "the control"
    for poisoned in (
        (whole, shard[:-1] + b"!", rings),
        (whole, shard[:500] + b"!" + shard[501:], rings),
        (whole, b"", rings),
        (whole, shard, b"!" + rings[1:]),
        (whole, shard, rings[:-40] + b"!" + rings[-39:]),
        (whole, shard, None),
    ):
        with pytest.raises(StateFault):
            restored(sealed(poisoned), **GIVEN)


def test_bytes_that_were_harmed_anywhere_are_refused():
    kept = snapshot_of(full_watch())
    for at in [0, 5, len(_MAGIC), *range(len(_MAGIC) + 40, len(kept), len(kept) // 50)]:
        harmed = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
        with pytest.raises(StateFault):
            restored(harmed, **GIVEN)
    for cut in (0, 10, len(kept) // 2, len(kept) - 1):
        with pytest.raises(StateFault):
            restored(kept[:cut], **GIVEN)


def test_other_rules_or_another_model_are_refused():
    kept = snapshot_of(full_watch())
    other = GIVEN | {"model": model_of(at=1.0, columns=STREAM_FEATURES)}
    with pytest.raises(StateFault) as raised:
        restored(kept, **other)
    assert raised.value.problem is StateProblem.SNAPSHOT_FOREIGN


def test_the_control_what_waits_and_budgets_are_part_of_it():
    watch = full_watch()
    kept = snapshot_of(watch)
    watch.stream._desk.counters[1] += 1
    assert snapshot_of(watch) != kept
    watch.stream._desk.counters[1] -= 1
    assert snapshot_of(watch) == kept
    watch.stream.waiting.clear()
    assert snapshot_of(watch) != kept


def test_a_replay_from_a_snapshot_ends_as_the_whole_one(tmp_path):
    path = tmp_path / "decisions.ndjson"
    log = DecisionLog(path)
    watch = new_watch(log)
    rows = [
        (1_800 * SECOND, *pair, 4_000 - 100 * at, "CNY") for at, pair in enumerate(["ab", "bc"] * 8)
    ]
    asked = asked_of(rows)
    watch.decide(asked[:9])
    kept = snapshot_of(watch)
    watch.decide(asked[9:])
    watch.advance(watch.stream.shard.clock + DAY)
    log.close()
    whole, part = replay(path, **GIVEN), replay(path, **GIVEN, snapshot=kept)
    assert (part.digest, part.lines) == (whole.digest, whole.lines)
    assert snapshot_of(part.watch) == snapshot_of(whole.watch)
    text = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(text[:4]))  # its line is not there
    with pytest.raises(StateFault) as raised:
        replay(path, **GIVEN, snapshot=kept)
    assert raised.value.problem is StateProblem.LOG_DIFFERS
