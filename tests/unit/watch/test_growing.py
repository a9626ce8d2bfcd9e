"""Pockets that are laid as accounts come: the same state, outcomes and snapshots as those laid at once, at every size."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.errors import LimitFault, StateFault
from recoup.trace import memory
from recoup.watch.features import FEATURES
from recoup.watch.names import ABSENT, Table, Texts
from recoup.watch.state import SPAN, Outcome, Payments, Shard, laying, snapshots
from recoup.watch.state.kernels import words
from recoup.watch.stream import Stream
from recoup.watching import pockets
from recoup.watching.asked import Asked
from recoup.watching.columns import Columns
from recoup.watching.deciding import Watch
from recoup.watching.pockets import Pockets

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
PIECE = 1 << 11


def traffic(step: int, accounts: int) -> Payments:
    """Fifty payments among the first accounts, one of them to an account that is not there."""
    draw = np.random.default_rng([7, step])
    payer, payee = draw.integers(-1, accounts, (2, 50))
    payee[9] = accounts
    times = np.full(50, START + step * SECOND)
    return Payments.of(times, payer, payee, draw.integers(1, 900, 50))


def decided(shard: Shard, payments: Payments) -> tuple[list[int], bytes]:
    matrix = np.empty((len(payments), len(FEATURES)))
    return shard.apply(payments, matrix).tolist(), matrix.tobytes()


@pytest.mark.parametrize("most", [0, 3_000, 100_000])
def test_a_shard_that_grows_says_what_one_laid_at_once_says(most):
    draw, sizes = np.random.default_rng([5, most]), [2]
    for _ in range(30):
        more = draw.choice([0, 1, 2, 63, 700, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5])
        sizes.append(sizes[-1] + int(more))
    grown = Shard(2)
    for step, size in enumerate(sizes):
        laid = int(draw.integers(0, size + 1))
        grown.grow(size, laid=laid, most=most)
        assert grown.accounts == size
        assert len(grown.state.pockets) >= laid
        whole = Shard.restore(grown.snapshot())
        assert len(whole.state.pockets) == size
        assert decided(whole, traffic(step, size)) == decided(grown, traffic(step, size))
        assert whole.snapshot() == grown.snapshot()
    flat = Shard(sizes[-1])
    for step, size in enumerate(sizes):
        some = traffic(step, size)
        columns = (some.time_us, some.payer, some.payee, some.amount_minor)
        flat.apply(Payments.of(*(np.delete(column, 9) for column in columns)))
    assert flat.snapshot() == grown.snapshot()


def test_pockets_stay_where_they_are_while_there_is_room_behind_them():
    shard = Shard(10)
    shard.grow(5_000, laid=11, most=100_000)
    place = shard.state.pockets.ctypes.data
    for count in (4_000, 5_000, 70_000, 100_000):
        shard.grow(100_000, laid=count, most=100_000)
        assert shard.state.pockets.ctypes.data == place
        assert place % 64 == 0
    shard.grow(100_001)
    assert shard.state.pockets.ctypes.data != place
    assert len(shard.state.pockets) >= shard.accounts == 100_001


def test_every_question_finds_a_pocket_that_is_not_laid_yet():
    asks = {
        "report": lambda shard: shard.report(19_999, START),
        "mark_stolen": lambda shard: shard.mark_stolen(19_999, 5),
        "assume": lambda shard: shard.assume(19_999, 5),
        "open": lambda shard: shard.open(19_999, 5, START),
        "open_all": lambda shard: shard.open_all(np.arange(20_000), np.full(20_000, START)),
        "peek": lambda shard: shard.peek([19_999, 0]).tobytes(),
        "expand": lambda shard: shard.expand(np.array([(19_999, 0, 5)], SPAN)).forgotten.tobytes(),
        "debit": lambda shard: shard.debit(Payments.of([START], [19_999], [7], [5])).tolist(),
        "credit": lambda shard: shard.credit(Payments.of([START], [7], [19_999], [5])).tolist(),
    }
    for name, ask in asks.items():
        lazy, whole = Shard(3), Shard(20_000)
        lazy.grow(20_000, laid=3)
        assert len(lazy.state.pockets) < 19_999, name
        assert ask(lazy) == ask(whole), name
        assert lazy.snapshot() == whole.snapshot(), name


def test_kernels_of_others_refuse_a_pocket_that_is_not_laid():
    shard = Shard(3)
    shard.grow(20_000, laid=3)
    stream, before = Stream(shard), shard.snapshot()
    some = Payments.of([START] * 2, [19_999, 0], [0, 19_999], [5, 5])
    assert stream.decide(some).rows["problem"].tolist() == [int(Outcome.ACCOUNT_UNKNOWN)] * 2
    assert shard.snapshot() == before
    shard.lay(20_000)
    assert stream.decide(some).rows["problem"].tolist() == [0, 0]


def test_where_no_range_is_promised_pockets_move_and_say_the_same(monkeypatch):
    asked = []

    def meagre(size: int) -> np.ndarray:
        asked.append(size)
        if size > 30_000 * words.POCKET.itemsize:
            raise MemoryError(size)
        return np.zeros(size, np.uint8)

    whole = Shard(20_000)
    monkeypatch.setattr(laying, "untouched", meagre)
    shard = Shard(2)
    for size in range(500, 20_001, 500):
        shard.grow(size, laid=size // 2, most=10**12)
    assert max(asked) == limits.ACCOUNTS_MAX * words.POCKET.itemsize
    assert shard.snapshot() == whole.snapshot()
    restored = Shard.restore(shard.snapshot(), most=10**12)
    assert restored.snapshot() == whole.snapshot()


def test_too_many_accounts_are_refused_before_anything_changes():
    shard = Shard(2)
    before = shard.snapshot()
    with pytest.raises(LimitFault):
        shard.grow(limits.ACCOUNTS_MAX + 1, laid=5)
    assert shard.snapshot() == before
    shard.grow(100, laid=2)
    with pytest.raises(StateFault):
        shard.peek([100])
    assert len(shard.state.pockets) == 2


def test_a_snapshot_that_leaves_out_what_is_not_laid_is_another(monkeypatch):
    """A negative control: without the unused pockets the comparisons above would fail."""
    shard = Shard(3)
    shard.grow(20_000, laid=3)
    good = shard.snapshot()
    monkeypatch.setattr(snapshots, "_not_laid", lambda _: [])
    assert shard.snapshot() != good
    with pytest.raises(StateFault):
        Shard.restore(shard.snapshot())


def test_a_watch_lays_only_pockets_that_have_a_name_and_keeps_the_others_all_the_same():
    one, other = Watch(accounts_max=50_000), Watch(accounts_max=50_000)
    count = 9_000
    for begin in range(0, count, 500):
        names = [Texts.of([f"{side}{n}" for n in range(begin, begin + 500)]) for side in "ab"]
        ids = Texts.of([f"p-{n}" for n in range(begin, begin + 500)])
        times, kinds = np.full(500, START), np.zeros(500, np.int8)
        given = Columns(ids, times, *names, np.full(500, 5), ["CNY"] * 500, kinds)
        one.decide(given)
        rows = zip(ids, *names, strict=True)
        other.decide([Asked(id_, START, a, b, 5, "CNY") for id_, a, b in rows])
    shard = one.stream.shard
    assert shard.accounts == 32_768
    assert 2 * count <= len(shard.state.pockets) < 2 * count + PIECE
    assert shard.snapshot() == other.stream.shard.snapshot()


def test_memory_is_zero_lies_on_a_line_and_grows_in_place():
    for size in (1, 64, 4_097, 1 << 22, (1 << 22) + 1):
        whole = memory.untouched(size)
        assert len(whole) == size
        assert whole.ctypes.data % 64 == 0
        assert not whole.any()
        part = whole[: size // 2].view(np.uint8)
        assert size // 2 <= memory.room_behind(part) <= size + 64
        part[:] = 7
        longer = memory.longer_in_place(part, size)
        assert longer.ctypes.data == part.ctypes.data
        assert longer.sum() == 7 * (size // 2)
    own = np.zeros(5, words.POCKET)
    assert memory.room_behind(own) == 5
    assert memory.longer_in_place(own, 5) is own
    with pytest.raises(AssertionError):
        memory.longer_in_place(own, 6)
    with pytest.raises(MemoryError):
        memory.untouched(1 << 60)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(max_size=9) | st.binary(max_size=3).map(lambda b: b.hex() * 20)),
    asked=st.text(max_size=9),
)
def test_a_name_alone_is_found_as_among_many(texts, asked):
    table = Table()
    plain = [text for text in texts if _is_utf8(text)]
    table.put_spelled(plain, np.arange(len(plain)))
    last = {text: at for at, text in enumerate(plain)}
    for text in [*plain, *filter(_is_utf8, [asked])]:
        assert table.get(text) == table.find(Texts.of([text]))[0] == last.get(text, ABSENT)


def _is_utf8(text):
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def test_a_pocket_is_found_whether_its_name_is_recent_alone_or_in_a_table(monkeypatch):
    monkeypatch.setattr(pockets, "_RECENT", 40)
    monkeypatch.setattr(pockets, "_ALONE", 16)
    one, numbers = Pockets(["CNY", "USD"], 10_000), {}
    draw = random.Random(7)
    for step in range(400):
        code, size = draw.choice(["CNY", "USD"]), draw.choice([1, 2, 8, 9, 30])
        names = [f"{step}-{at}" for at in range(size)]
        first = one.add(names, code)
        numbers |= {(name, code): first + at for at, name in enumerate(names)}
        for name, of in draw.sample(sorted(numbers), min(30, len(numbers))):
            assert one.get(name, of) == numbers[name, of]
            assert one.owner(numbers[name, of]) == (name, of)
            assert one.get(name, "USD" if of == "CNY" else "CNY") is None
        pairs = draw.sample(sorted(numbers), min(50, len(numbers)))
        named, codes = zip(*pairs, ("new", "CNY"), ("half \ud800", "USD"), strict=True)
        assert one.all_of(named, codes) == [*map(numbers.__getitem__, pairs), None, None]
    assert sorted(numbers.values()) == list(range(len(one)))
