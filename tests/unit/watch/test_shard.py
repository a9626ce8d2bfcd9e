"""A shard's answers: outcomes that change nothing, what peek and expand show, what is dropped, which snapshots are refused."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from recoup import limits
from recoup.errors import LimitFault, StateFault, StateProblem
from recoup.watch.features import FEATURES, Cost, Side, Unit, feature_set
from recoup.watch.state import NEVER, SPAN, Outcome, Payments, Settings, Shard, Told, snapshots
from recoup.watch.state.kernels import reading, words

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 1_700_000_000 * SECOND
NAMES = [feature.name for feature in FEATURES]


def pay(shard: Shard, *payment: int) -> Outcome:
    return Outcome(shard.apply(Payments.of(*([value] for value in payment)))[0])


def read(shard: Shard, *payment: int) -> dict[str, float]:
    matrix = np.empty((1, len(FEATURES)))
    assert shard.apply(Payments.of(*([value] for value in payment)), matrix)[0] == Outcome.BOOKED
    return dict(zip(NAMES, matrix[0].tolist(), strict=True))


def used() -> Shard:
    shard = Shard(4, Settings(late_seconds=60, ahead_seconds=3_600))
    assert pay(shard, START, 0, 1, 500) is Outcome.BOOKED
    return shard


@pytest.mark.parametrize(
    ("payment", "outcome"),
    [
        ((START, 0, 1, 0), Outcome.AMOUNT_NOT_POSITIVE),
        ((START, 0, 1, -(2**63)), Outcome.AMOUNT_NOT_POSITIVE),
        ((START, 0, 1, limits.ROW_MINOR_MAX + 1), Outcome.AMOUNT_TOO_LARGE),
        ((START, 0, 1, 2**63 - 1), Outcome.AMOUNT_TOO_LARGE),
        ((START, 1, 1, 5), Outcome.SAME_ACCOUNT),
        ((START, -1, -1, 5), Outcome.SAME_ACCOUNT),
        ((START, 0, 4, 5), Outcome.ACCOUNT_UNKNOWN),
        ((START, 2**31 - 1, 0, 5), Outcome.ACCOUNT_UNKNOWN),
        ((START, -2, 0, 5), Outcome.ACCOUNT_UNKNOWN),
        ((START, 0, 1, 5, -1), Outcome.KIND_UNKNOWN),
        ((START, 0, 1, 5, 10), Outcome.KIND_UNKNOWN),
        ((START - 61 * SECOND, 0, 1, 5), Outcome.TIME_LATE),
        ((-(2**63), 0, 1, 5), Outcome.TIME_LATE),
        ((START + 3_600 * SECOND + 1, 0, 1, 5), Outcome.TIME_AHEAD),
        ((2**63 - 1, 0, 1, 5), Outcome.TIME_AHEAD),
    ],
)
def test_a_refused_payment_has_its_outcome_and_changes_no_bit(payment, outcome):
    shard = used()
    before = shard.snapshot()
    assert pay(shard, *payment) is outcome
    assert shard.snapshot() == before


@pytest.mark.parametrize(
    "payment",
    [
        (START, 0, 1, 1),
        (START, 0, 1, limits.ROW_MINOR_MAX),
        (START, -1, 3, 5),
        (START, 3, -1, 5, 9),
        (START - 60 * SECOND, 0, 1, 5),
        (START + 3_600 * SECOND, 0, 1, 5),
    ],
)
def test_a_payment_at_the_bound_is_booked_and_changes_the_state(payment):
    """Negative control of the test above."""
    shard = used()
    before = shard.snapshot()
    assert pay(shard, *payment) is Outcome.BOOKED
    assert shard.snapshot() != before


def test_the_first_payment_bears_any_believable_time_and_no_other():
    assert pay(Shard(2), -(2**54), 0, 1, 5) is Outcome.BOOKED
    assert pay(Shard(2), 2**54, 0, 1, 5) is Outcome.BOOKED
    assert pay(Shard(2), -(2**54) - 1, 0, 1, 5) is Outcome.TIME_LATE
    assert pay(Shard(2), 2**54 + 1, 0, 1, 5) is Outcome.TIME_AHEAD


def test_sums_stop_before_they_could_pass_64_bits():
    shard = Shard(3)
    whole = limits.POCKET_MINOR_MAX
    shard.open(0, whole)
    assert pay(shard, START, 1, 0, 1) is Outcome.SUM_TOO_LARGE
    large = limits.ROW_MINOR_MAX
    outcomes = shard.apply(Payments.of(*(np.full(whole // large, x) for x in (START, 0, 1, large))))
    assert not outcomes.any()
    assert pay(shard, START, 0, 2, 1) is Outcome.SUM_TOO_LARGE
    assert pay(shard, START, 2, 1, 1) is Outcome.SUM_TOO_LARGE
    assert [whole, 0] == [shard.peek([0])[name][0] for name in ("flow_out", "low")]


@pytest.mark.parametrize(
    ("mark", "sides"), [(words.OUTSIDE_IN, (0, -1)), (words.OUTSIDE_OUT, (-1, 0))]
)
def test_what_left_for_the_outside_and_came_from_it_is_bounded_too(mark, sides):
    shard = used()
    shard.state.marks[mark] = limits.POCKET_MINOR_MAX - 3
    before = shard.snapshot()
    assert pay(shard, START, *sides, 4) is Outcome.SUM_TOO_LARGE
    assert before == shard.snapshot()
    assert pay(shard, START, *sides, 3) is Outcome.BOOKED


def test_places_on_the_axis_of_the_outside_follow_one_another():
    shard = used()
    for sides, amount in (((0, -1), 5), ((-1, 1), 7), ((1, -1), 11), ((-1, 0), 13)):
        assert pay(shard, START, *sides, amount) is Outcome.BOOKED
    rows = shard.state.rows[1:5]
    assert rows["into_at"][[0, 2]].tolist() == [0, 5]
    assert rows["out_at"][[1, 3]].tolist() == [0, 7]
    move = shard.expand(np.array([(0, 500, 505)], SPAN)).moves[0]
    assert (move["payee"], move["into"], move["is_here"]) == (-1, -1, 0)


def test_room_that_is_counted_ahead_is_never_more_than_there_is():
    shard = Shard(50)
    chance = np.random.default_rng(2)
    for step in range(400):
        count = int(chance.integers(1, 40))
        payer = chance.integers(0, 25, count)
        shard.apply(
            Payments.of(np.full(count, START + step), payer, payer + 25, np.ones(count, int))
        )
        state = shard.state
        assert len(state.rows) >= len(shard.rows)
        assert len(state.pairs) >= 2 * state.marks[words.PAIRS]
    assert len(shard.rows) > 4 * 1_024


def test_a_state_whose_arrays_are_replaced_is_handed_over_anew():
    shard = used()
    before = shard.addresses
    shard.grow(1_000)
    assert shard.addresses is not before
    assert pay(shard, START, 999, 0, 7) is Outcome.BOOKED
    assert shard.peek([999])["flow_out"][0] == 7
    shard.mark_stolen(999, 0)
    for at in range(40):  # more slots, reports and rows than there was room for
        shard.mark_stolen(at, 5)
        assert shard.report(at, START) is Outcome.BOOKED
        assert read(shard, START, at, 500 + at, 1)["payer_stolen"] == 5


def test_a_late_payment_counts_at_the_clock():
    shard = used()
    pay(shard, START + 100 * SECOND, 0, 1, 5)
    assert read(shard, START + 40 * SECOND, 0, 1, 7)["payer_out_count_1m"] == 1
    assert read(shard, START + 159 * SECOND, 0, 1, 7)["payer_out_count_1m"] == 2
    assert read(shard, START + 160 * SECOND, 0, 1, 7)["payer_out_count_1m"] == 1


def test_time_alone_empties_windows():
    shard = used()
    assert shard.advance(START + 3_600 * SECOND) is Outcome.BOOKED
    assert shard.advance(START) is Outcome.TIME_LATE
    assert read(shard, START + 3_600 * SECOND, 0, 1, 7)["payer_out_count_1h"] == 0


def test_an_overdraft_is_an_assumed_credit_and_the_axis_stays_whole():
    shard = Shard(2)
    shard.open(0, 300)
    pay(shard, START, 0, 1, 500)
    shown = shard.peek([0, 1])
    assert shown["flow_in"].tolist() == [500, 500]
    assert shown["flow_out"].tolist() == [500, 0]


def test_each_side_is_booked_where_it_lives():
    here, there = Shard(2), Shard(2)
    payment = Payments.of([START], [0], [5], [500])
    matrix = np.empty((1, len(FEATURES)))
    assert here.debit(payment, matrix)[0] == Outcome.BOOKED
    sides = np.array([feature.side for feature in FEATURES])
    assert set(matrix[0][sides == Side.PAYER]) != {-1.0}
    assert set(matrix[0][sides == Side.PAYEE]) == {-1.0}
    assert there.credit(Payments.of([START], [5], [1], [500]))[0] == Outcome.BOOKED
    assert here.peek([0])["flow_out"][0] == there.peek([1])["flow_in"][0] == 500
    move = here.expand(np.array([(0, 100, 200)], SPAN)).moves[0]
    assert (move["payee"], move["into"], move["is_here"]) == (5, -1, 0)
    assert here.credit(payment)[0] == Outcome.ACCOUNT_UNKNOWN
    assert here.debit(Payments.of([START], [-1], [0], [5]))[0] == Outcome.ACCOUNT_UNKNOWN


def test_later_movements_are_shifted_to_the_payees_axis():
    shard = Shard(3)
    for payer, payee, amount in ((-1, 1, 40), (0, 1, 60), (1, 2, 50), (1, -1, 30)):
        pay(shard, START, payer, payee, amount)
    later = shard.expand(np.array([(1, 40, 100), (1, 0, 0)], SPAN))
    found = [
        tuple(int(m[n]) for n in ("number", "low", "high", "into", "payee")) for m in later.moves
    ]
    assert found == [(3, 50, 80, -1, -1), (2, 40, 50, 40, 2)]  # [80, 100) still lies there
    assert (later.forgotten["low"] == later.forgotten["high"]).all()


def test_rows_past_the_retention_go_in_blocks_and_what_they_took_is_said():
    shard = Shard(2, Settings(retention_days=7))
    block = words.BLOCK
    for day in range(3):
        time = np.full(block, START + 8 * day * DAY)
        shard.apply(
            Payments.of(time, np.zeros(block, int), np.ones(block, int), np.ones(block, int))
        )
    assert shard.rows == range(2 * block, 3 * block)
    later = shard.expand(np.array([(0, 2 * block - 5, 2 * block + 5)], SPAN))
    assert len(later.moves) == 5
    assert later.forgotten[["low", "high"]].tolist() == [(2 * block - 5, 2 * block)]
    assert Shard.restore(shard.snapshot()).rows == shard.rows


def test_memory_follows_what_is_kept_and_not_all_that_passed():
    shard, count = Shard(2, Settings(retention_days=7)), 40_000
    for day in range(6):
        time = np.full(count, START + 8 * day * DAY)
        shard.apply(
            Payments.of(time, np.zeros(count, int), np.ones(count, int), np.ones(count, int))
        )
    assert len(shard.state.rows) <= 2**17
    assert shard.state.pockets.itemsize == 320
    assert shard.state.rows.itemsize == 48


def test_more_pockets_change_nothing_of_those_that_are():
    shard, other = used(), used()
    shard.grow(5_000)
    assert shard.accounts == 5_000
    assert pay(shard, START, 4_999, 1, 5) is Outcome.BOOKED
    assert (
        read(shard, START, 0, 1, 5)["payer_out_sum_1m"]
        == read(other, START, 0, 1, 5)["payer_out_sum_1m"]
    )
    shard.grow(1)
    assert shard.accounts == 5_000
    with pytest.raises(LimitFault):
        shard.grow(limits.ACCOUNTS_MAX + 1)


def test_reports_count_from_when_they_are_told_and_grow_old():
    shard = used()
    assert shard.report(1, START) is Outcome.BOOKED
    assert shard.report(1, START, Told.MARKER) is Outcome.BOOKED
    assert shard.report(9, START) is Outcome.ACCOUNT_UNKNOWN
    assert shard.report(1, START - DAY) is Outcome.TIME_LATE
    found = read(shard, START, 0, 1, 5)
    assert found["payee_reports_90d"] == found["payee_markers_60m"] == 1
    assert [found["payee_reported_distance"], found["payer_reported_distance"]] == [0, 1]
    shard = Shard.restore(shard.snapshot())
    for _ in range(24 * 90):
        shard.advance(shard.clock + 3_600 * SECOND)
    found = read(shard, shard.clock, 2, 1, 5)
    assert [found["payee_reports_90d"], found["payee_reports_12m"]] == [0, 1]


def test_hundreds_of_reports_find_room():
    shard = Shard(200)
    for number in range(200):
        assert shard.report(number, START + number) is Outcome.BOOKED
    assert Shard.restore(shard.snapshot()).snapshot() == shard.snapshot()
    assert read(shard, START + 200, 0, 199, 5)["payee_reports_90d"] == 1


def test_stolen_money_is_what_others_say_it_is():
    shard = used()
    shard.mark_stolen(1, 125)
    found = read(shard, START, 1, 2, 5)
    assert [found["payer_stolen"], found["payer_stolen_share"]] == [125, 0.25]
    assert shard.peek([1])["stolen"][0] == 125
    for account, minor in ((9, 1), (1, -1), (1, limits.POCKET_MINOR_MAX + 1)):
        with pytest.raises(StateFault):
            shard.mark_stolen(account, minor)


def test_a_pocket_is_opened_before_its_use_only():
    shard = used()
    shard.open(3, 100, START - DAY)
    assert read(shard, START, 3, 0, 50)["payer_opened_age"] == 86_400
    for account, minor in ((0, 5), (9, 5), (2, -1)):
        with pytest.raises(StateFault):
            shard.open(account, minor)


@pytest.mark.parametrize(
    "given",
    [
        ([0.5], [0], [1], [5]),
        ([0], [0], [1], [5, 6]),
        ([0], ["a"], [1], [5]),
        ([0], [2**31], [1], [5]),
        ([0], [0], [1], [2**64]),
        ([[0]], [0], [1], [5]),
    ],
)
def test_numbers_that_are_not_whole_or_do_not_fit_are_refused(given):
    with pytest.raises(StateFault) as refused:
        Payments.of(*given)
    assert refused.value.problem is StateProblem.ARRAY_WRONG


def test_arrays_of_other_types_or_shapes_never_reach_a_kernel():
    fine = Payments.of([0, 1], [0, 0], [1, 1], [5, 5])
    with pytest.raises(StateFault):
        Payments(
            *(getattr(fine, n) for n in ("row", "payer", "payee", "amount_minor", "row", "row"))
        )
    with pytest.raises(StateFault):
        Payments(
            fine.time_us[::2],
            *(getattr(fine, n)[:1] for n in ("payer", "payee", "amount_minor", "kind")),
            fine.row,
        )
    for shape in ((1, len(FEATURES)), (2, 3)):
        with pytest.raises(StateFault):
            Shard(2).apply(fine, np.empty(shape))
    assert len(Shard(2).apply(Payments.of([], [], [], []))) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"late_seconds": -1},
        {"ahead_seconds": 0},
        {"retention_days": 6},
        {"zone": ()},
        {"zone": ((5, 0), (1, 0))},
        {"zone": ((0, 90_000),)},
        {"night": (0, 86_401)},
        {"round_minor": 0},
        {"limits_minor": (0,)},
        {"limits_minor": tuple(range(1, 18))},
        {"below_per_mille": 1_001},
        {"small_minor": 0},
        {"times_larger": 0},
    ],
)
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(StateFault) as refused:
        Settings(**wrong)
    assert refused.value.problem is StateProblem.SETTING_WRONG


def sealed(given: bytes, at: int, value: bytes) -> bytes:
    """Return a snapshot with bytes changed and its digest made to fit: a forger can do that."""
    changed = bytearray(given[:-32])
    changed[at : at + len(value)] = value
    return bytes(changed) + hashlib.sha256(changed).digest()


def with_about(given: bytes, **changes: object) -> bytes:
    """Return a snapshot with another first line, sealed anew."""
    first, _, rest = given[13:-32].partition(b"\n")
    about = json.loads(first) | changes
    whole = given[:13] + json.dumps(about, sort_keys=True).encode() + b"\n" + rest
    return whole + hashlib.sha256(whole).digest()


def test_an_unchanged_line_sealed_anew_is_taken():
    """Negative control of the two tests below."""
    kept = used().snapshot()
    assert with_about(kept) == kept
    assert Shard.restore(with_about(kept)).snapshot() == kept


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"layout": 0}, StateProblem.SNAPSHOT_FOREIGN),
        ({"features": "other"}, StateProblem.FEATURES_DIFFER),
        ({"processor": "other"}, StateProblem.PROCESSOR_DIFFERS),
        ({"accounts": 5}, StateProblem.SNAPSHOT_DAMAGED),
        ({"accounts": -1}, StateProblem.SNAPSHOT_DAMAGED),
        ({"rows": "many"}, StateProblem.SNAPSHOT_DAMAGED),
        ({"settings": {}}, StateProblem.SNAPSHOT_DAMAGED),
    ],
)
def test_a_snapshot_from_elsewhere_is_refused_by_name(changes, problem):
    with pytest.raises(StateFault) as refused:
        Shard.restore(with_about(used().snapshot(), **changes))
    assert refused.value.problem is problem


def test_a_snapshot_of_another_processor_is_taken_when_asked_for():
    kept = with_about(used().snapshot(), processor="other")
    assert pay(Shard.restore(kept, other_processor=True), START, 0, 1, 5) is Outcome.BOOKED


def test_places_outside_are_refused_though_the_digest_fits():
    kept = used().snapshot()
    begin = kept.index(b"\n", 13) + 1
    row = begin + 8 * words.MARKS_SIZE + 4 * 320
    far = (10**6).to_bytes(4, "little")
    wrong = {
        "head": (begin + 8 * words.HEAD, far),
        "tail": (begin + 8 * words.TAIL, far),
        "negative tail": (begin + 8 * words.TAIL, (255).to_bytes(1) * 8),
        "slot": (begin + 8 * words.MARKS_SIZE + 124, far),
        "payer": (row + 32, far),
        "payee": (row + 36, far),
    }
    for at, value in wrong.values():
        with pytest.raises(StateFault) as refused:
            Shard.restore(sealed(kept, at, value))
        assert refused.value.problem is StateProblem.SNAPSHOT_DAMAGED
    for cut in (0, 5, 13, 40, len(kept) - 1):
        with pytest.raises(StateFault):
            Shard.restore(kept[:cut])


def test_a_processor_is_described_alike_twice():
    assert snapshots.processor() == snapshots.processor()


def test_the_catalogue_names_each_column_once_and_the_kernel_fills_all():
    assert len(set(NAMES)) == len(NAMES) == reading.COLUMNS
    assert len(NAMES) >= 32
    assert len(feature_set()) == 64
    for feature in FEATURES:
        assert feature.name.startswith(f"{feature.side}_")
        assert feature.window is not None or feature.cost is not Cost.WINDOW
        assert feature.unit in Unit
        assert feature.side in Side
        assert feature.meaning
    assert not np.isnan(list(read(used(), START, 0, 1, 5).values())).any()
    assert NEVER < -(2**54)


def test_all_pockets_are_opened_as_one_by_one():
    minor, opened = np.array([0, 5, 7_000]), np.array([-(2**62), 10, 20])
    one, whole = Shard(3), Shard(3)
    for pocket in range(3):
        one.open(pocket, int(minor[pocket]), int(opened[pocket]))
    whole.open_all(minor, opened)
    assert one.snapshot() == whole.snapshot()


@pytest.mark.parametrize(
    ("minor", "opened"), [([1, 2], [0, 0]), ([-1, 2, 3], [0] * 3), ([1, 2, 2**62], [0] * 3)]
)
def test_openings_that_are_none_change_nothing(minor, opened):
    shard = Shard(3)
    before = shard.snapshot()
    with pytest.raises(StateFault):
        shard.open_all(np.array(minor), np.array(opened))
    assert before == shard.snapshot()
    shard.open(0, 5)
    with pytest.raises(StateFault):
        shard.open_all(np.array([1, 2, 3]), np.array([0, 0, 0]))
