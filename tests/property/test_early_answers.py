"""What was answered before the core could look: what its payer was told last is what was booked, once, also after a restart."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from plain_watch import LARGE_MINOR, PlainCore

from recoup.watching.service import Answers, Batch, Keeping

FREE_MINOR = 100
GOES_ON, HOLD = 1, 3
PAYERS = ("bound", "free")


class FreeBelow(PlainCore):
    """Lets a bound payer pay what is free of its money, as the stream does."""

    def _decide(self, payer: str, amount: int, *, is_scored: bool) -> tuple[int, str]:
        if payer in self.stops and amount <= FREE_MINOR:
            return 0, ""
        return super()._decide(payer, amount, is_scored=is_scored)


def batch(rows: list[tuple[int, int, int]]) -> Batch:
    """Return payments of (number, payer's place, amount)."""
    count = len(rows)
    ids, payers = [f"p{n}" for n, _, _ in rows], [PAYERS[payer] for _, payer, _ in rows]
    amounts = [amount for _, _, amount in rows]
    return Batch(ids, payers, ids, ["CNY"] * count, amounts, [0] * count, [0] * count)


class Told:
    """The desk without its threads: answers early or late, and remembers what each payer was told last."""

    def __init__(self, folder: Path) -> None:
        self.core, self.keeping = FreeBelow(), Keeping(folder)
        self.core.stops = {"bound": "order-binds"}
        self.keeping.recover(self.core)
        self.last: dict[str, int] = {}
        self.late: list[Batch] = []

    def early(self, some: Batch) -> None:
        early = any(x in self.keeping.early.answers for x in some.ids)
        if early or self.core.knows_any(some.ids):
            return
        held = [HOLD if x in self.core.bound() else 0 for x in some.payers]
        self.keeping.answer_early(some, held, ["order-binds" if x else "" for x in held])
        self.last |= dict(zip(some.ids, held, strict=True))
        self.late.append(some)

    def decide(self, some: Batch) -> Answers:
        answers = self.core.decide(some, is_scored=True)
        self.keeping.write(self.core, some, answers, is_scored=True)
        answers = self.keeping.early.overrule(some, answers)
        self.keeping.sync()
        return answers

    def ask(self, some: Batch) -> None:
        for at, id_ in enumerate(some.ids):
            self.last[id_] = int(self.decide(some.rows([at])).decisions[0])


STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(st.sampled_from([0, 1]), st.sampled_from([1, FREE_MINOR, 101, LARGE_MINOR])),
            min_size=1,
            max_size=3,
        ),
    ),
    max_size=5,
)


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_what_a_payer_was_told_last_is_what_was_booked_once(steps):
    with tempfile.TemporaryDirectory() as folder:
        told, made, count = Told(Path(folder)), dict[str, int](), 0
        for is_early, some in steps:
            rows = [(count + at, payer, amount) for at, (payer, amount) in enumerate(some)]
            count += len(rows)
            made |= {f"p{n}": amount for n, _, amount in rows}
            (told.early if is_early else told.ask)(batch(rows))
        for late in told.late:
            told.decide(late)  # the thread comes to them, and nobody listens any more
            told.ask(late)  # who was told to wait asks again
        booked = {x: told.core.paid.get(x, 0) for x in made}
        assert booked == {x: made[x] if told.last[x] <= GOES_ON else 0 for x in made}
        told.keeping.close()

        again, core = Keeping(Path(folder)), FreeBelow()
        core.stops = {"bound": "order-binds"}
        again.recover(core)
        assert (core.paid, again.early.answers) == (told.core.paid, told.keeping.early.answers)
        again.close()


def test_a_payment_held_early_that_the_core_lets_go_on_is_told_so_to_whoever_asks_again(tmp_path):
    told = Told(tmp_path)
    one = batch([(1, 0, FREE_MINOR)])
    told.early(one)
    assert told.last == {"p1": HOLD}
    told.decide(one)
    told.ask(one)
    assert (told.last, told.core.paid["p1"]) == ({"p1": 0}, FREE_MINOR)
    told.keeping.close()


def test_one_that_went_on_early_is_told_the_same_for_ever_and_booked_once(tmp_path):
    """Negative control: only who was told to wait gets another answer."""
    told = Told(tmp_path)
    one = batch([(1, 1, LARGE_MINOR)])
    told.early(one)
    told.decide(one)
    told.ask(one)
    assert (told.last, told.core.paid["p1"]) == ({"p1": 0}, LARGE_MINOR)
    told.keeping.close()
