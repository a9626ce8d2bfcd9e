"""The flag of matched trades over real traffic: it fires at an exchanger's later legs and at nobody who merely looks alike."""

from __future__ import annotations

import numpy as np
import pytest

from recoup.watch.features import FEATURES
from recoup.watch.flags import FACTS
from recoup.watch.rules import FIRES, run_rules
from recoup.watch.state import Payments, Shard
from recoup.watching.rule_files import read_rules

FLAGS = read_rules("cn-flags", currencies=("CNY",))
FLAG = [rule.id for rule in FLAGS.rules].index("matched-trades")
START, MINUTE, DAY = 1_700_000_000, 60, 86_400

EXCHANGER = 0
CALM = [(0, 1, 2, 3_000_00), (DAY, 3, 4, 80_00)]

IN_THEN_OUT = [
    (0, 1, EXCHANGER, 10_000_00),
    (9 * MINUTE, EXCHANGER, 2, 10_050_00),
    (20 * MINUTE, 3, EXCHANGER, 10_020_00),
    (25 * MINUTE, EXCHANGER, 4, 9_990_00),
    (40 * MINUTE, 5, EXCHANGER, 10_000_00),
    (48 * MINUTE, EXCHANGER, 6, 10_010_00),
]
OUT_THEN_IN = [(at, payee, payer, amount) for at, payer, payee, amount in IN_THEN_OUT]

LOOK_ALIKE = {
    "friends who pay each other back": [
        (at, *pair, 10_000_00)
        for n, pair in enumerate([(1, 0), (0, 1)] * 4)
        for at in [n * 10 * MINUTE]
    ],
    "a landlord whose equal rents are followed by bills of other sums": [
        *((n * MINUTE, n + 1, 0, 3_000_00) for n in range(6)),
        *((10 * MINUTE + n * MINUTE, 0, 10 + n, 170_00 + n * 900_00) for n in range(3)),
    ],
    "a shop whose takings all differ": [
        leg
        for n in range(8)
        for leg in (
            (2 * n * MINUTE, n + 1, 0, 11_00 * (n + 2) ** 2),
            ((2 * n + 1) * MINUTE, 0, n + 10, 700_00 * (n + 1)),
        )
    ],
    "fees collected on one day and paid on two days later": [
        *((n * MINUTE, n + 1, 0, 500_00) for n in range(6)),
        *((2 * DAY + n * MINUTE, 0, n + 10, 500_00) for n in range(4)),
    ],
    "wages out of one transfer": [
        (0, 1, 0, 60_000_00),
        *((n * MINUTE, 0, n + 1, 6_000_00) for n in range(1, 10)),
    ],
}


def fires(legs: list[tuple[int, int, int, int]]) -> list[bool]:
    """Return at which payments the flag fires, features read by the stream before each is booked."""
    times, payers, payees, amounts = zip(*legs, strict=True)
    payments = Payments.of([(START + at) * 1_000_000 for at in times], payers, payees, amounts)
    matrix = np.empty((len(legs), len(FEATURES)))
    outcomes = Shard(30).apply(payments, matrix)
    assert not outcomes.any()
    facts = np.zeros((len(legs), FLAGS.names.facts_count))
    for fact in FACTS:
        facts[:, FLAGS.names.columns[fact.name].index] = np.nan
    return (run_rules(FLAGS.programs, FLAGS.names, matrix, facts)[:, FLAG] == FIRES).tolist()


def test_an_exchanger_is_flagged_from_the_third_pair_of_legs_on() -> None:
    assert fires(IN_THEN_OUT) == [False, False, False, False, True, True]
    assert fires(CALM + [(DAY + at, *leg) for at, *leg in IN_THEN_OUT])[2:] == fires(IN_THEN_OUT)


def test_so_is_one_whose_legs_out_come_first() -> None:
    assert fires(OUT_THEN_IN) == [False, False, False, False, True, True]


@pytest.mark.parametrize("who", LOOK_ALIKE)
def test_who_merely_looks_alike_is_not_flagged(who: str) -> None:
    assert not any(fires(LOOK_ALIKE[who]))
