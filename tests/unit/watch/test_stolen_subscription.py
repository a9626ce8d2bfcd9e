"""A watch's local copy of what the centre told: in order, once, without a gap, and carried out on the stream."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from recoup.watch.stolen import (
    KNOWN,
    TERMINAL,
    Arrival,
    CaseClosed,
    ClaimEnded,
    ClaimOpened,
    Copy,
    Disputed,
    Fate,
    FlowRows,
    GoodFaith,
    HoldAsked,
    Payment,
    Place,
    Refusal,
    StolenFlow,
    Taken,
    chain,
)

VICTIM, MULE, SHOP = range(3)


@dataclass
class Books:
    """A bank's own names: two accounts of a ring, one victim, transfers by their references."""

    accounts: tuple[str, ...] = ("victim", "mule", "shop")
    rows: dict[str, Disputed] = field(default_factory=dict)

    def pocket(self, account: str, currency: str) -> int | None:
        known = account in self.accounts and currency == "CNY"
        return self.accounts.index(account) if known else None

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        if transfer:
            return self.rows.get(transfer)
        payee = self.accounts.index(arrival.account)
        found = [x for x in self.rows.values() if (x.payee, x.amount) == (payee, arrival.amount)]
        return found[0] if found else None


def copy() -> Copy:
    """A stream in which the victim paid the mule 60, and the mule 20 of it to the shop."""
    standing = np.array([KNOWN] * 3 + [TERMINAL], np.uint8)
    flow = StolenFlow(FlowRows(np.array([100, 0, 0]), standing, 50))
    books = Books()
    for time, (payer, payee, amount) in enumerate([(VICTIM, MULE, 60), (MULE, SHOP, 20)]):
        flow.book(Payment(time, payer, payee, amount))
        books.rows[f"t{time}"] = Disputed(time, payee, amount)
    return Copy(flow, books)


REPORTED = ClaimOpened("case", "c", "t0", is_admitted=False)
STOP = HoldAsked("case", "mule", "CNY", 40, 1_000)
STORY = [
    (2, REPORTED),
    (3, STOP),
    (4, replace(REPORTED, is_admitted=True)),
    (5, HoldAsked("case", "shop", "CNY", 20, None)),
    (6, replace(STOP, amount=30)),
]


def test_a_chain_is_carried_out_change_by_change():
    bank = copy()
    assert {bank.take(change) for change in chain(STORY)} == {(Taken.CARRIED_OUT, None)}
    assert bank.version == len(STORY)
    assert bank.flow.at(MULE).held == (("case", 30),)
    assert bank.flow.at(SHOP).held == (("case", 20),)
    assert bank.flow.where("case", "c").located == 60
    assert bank.flow.pictures.facts.labels[0].is_admitted
    bank.flow.lapse(1_001)  # the reduced stop kept its end
    assert (bank.flow.at(MULE).held, bank.flow.at(SHOP).free) == ((), 0)


def test_a_change_that_comes_again_does_nothing():
    bank, changes = copy(), chain(STORY)
    for change in changes:
        bank.take(change)
        before = bank.flow.snapshot()
        assert bank.take(change) == (Taken.REPEATED, None)
        assert bank.take(changes[0]) == (Taken.REPEATED, None)
        assert before == bank.flow.snapshot()


def test_a_gap_is_noticed_and_what_was_missed_makes_the_copy_whole():
    whole, late, changes = copy(), copy(), chain(STORY)
    for change in changes:
        whole.take(change)
    late.take(changes[0])
    assert late.take(changes[3]) == (Taken.GAP, None)
    assert late.version == 1
    for change in changes[late.version :]:
        assert late.take(change) == (Taken.CARRIED_OUT, None)
    assert whole.flow.snapshot() == late.flow.snapshot()
    assert (whole.version, whole.digest) == (late.version, late.digest)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, what=replace(STOP, amount=41)),
        lambda one: replace(one, time_us=one.time_us + 1),
        lambda one: replace(one, digest=bytes(32)),
    ],
)
def test_a_change_that_does_not_go_on_from_ours_is_a_fork(change):
    bank, changes = copy(), chain(STORY)
    bank.take(changes[0])
    before = bank.flow.snapshot()
    assert bank.take(change(changes[1])) == (Taken.FORKED, None)
    assert (bank.version, before) == (1, bank.flow.snapshot())
    assert bank.take(changes[1]) == (Taken.CARRIED_OUT, None)


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        (replace(REPORTED, transfer="elsewhere"), Refusal.NO_SUCH_ROW),
        (replace(STOP, account="elsewhere"), Refusal.NO_SUCH_POCKET),
        (replace(STOP, currency="USD"), Refusal.NO_SUCH_POCKET),
        (replace(STOP, amount=0), Refusal.NO_SUCH_HOLD),
        (ClaimEnded("case", "c"), Refusal.NO_SUCH_CLAIM),
        (CaseClosed("case"), Refusal.NO_SUCH_CLAIM),
        (GoodFaith("case", "elsewhere", "CNY"), Refusal.NO_SUCH_POCKET),
    ],
)
def test_what_is_refused_here_is_part_of_the_copy_and_a_person_is_told(what, refusal):
    bank = copy()
    changes = chain([(2, what), (3, STOP)])
    assert bank.take(changes[0]) == (Taken.REFUSED, refusal)
    assert bank.take(changes[1]) == (Taken.CARRIED_OUT, None)


def test_findings_and_the_end_of_a_case_are_carried_out():
    bank = copy()
    more = [*STORY, (7, GoodFaith("case", "shop", "CNY")), (8, replace(STOP, amount=0))]
    changes = chain([*more, (9, CaseClosed("case"))])
    for change in changes[:-1]:
        assert bank.take(change) == (Taken.CARRIED_OUT, None)
    found = bank.flow.where("case", "c").places
    assert found == (Place(MULE, 40, Fate.MOVED), Place(SHOP, 20, Fate.GOOD_FAITH))
    assert bank.flow.at(MULE).free == 40
    assert bank.take(changes[-1]) == (Taken.CARRIED_OUT, None)
    assert not bank.flow.index.flags.any()


def test_a_case_that_only_holds_is_closed_too():
    bank = copy()
    for change in chain([(2, STOP), (3, CaseClosed("case"))]):
        assert bank.take(change) == (Taken.CARRIED_OUT, None)
    assert bank.flow.at(MULE).free == 40


def test_a_claim_that_is_admitted_takes_what_an_earlier_one_had_in_its_transfer():
    bank = copy()
    earlier = ClaimOpened("case", "a", "t0", is_admitted=True)
    onward = ClaimOpened("other", "b", "t1", is_admitted=False)
    first, second, third = chain(
        [(2, earlier), (3, onward), (4, replace(onward, is_admitted=True))]
    )
    bank.take(first)
    bank.take(second)
    assert bank.flow.where("case", "a").located == 60
    assert bank.flow.where("other", "b").loss == 0  # all of it is the earlier claim's
    assert bank.take(third) == (Taken.CARRIED_OUT, None)
    assert bank.flow.where("other", "b").located == 20
    ended = (Place(MULE, 40, Fate.MOVED), Place(MULE, 20, Fate.TO_VICTIM))
    assert bank.flow.where("case", "a").places == ended
