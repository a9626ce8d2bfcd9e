"""Crews follow a pattern payment by payment, as an independent walk of it says, and no payment moves what did not come."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal.village import village_scenario
from shared_data import shared

from recoup.errors import ScenarioFault
from recoup.rehearse.country import make_country
from recoup.rehearse.figures import truth_of
from recoup.rehearse.laundering import plan_of
from recoup.rehearse.laundering.parcel import TRANSFER
from recoup.rehearse.planting import patterns_of
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of
from recoup.rehearse.scenario import (
    Pattern,
    PatternMove,
    PlantedTerms,
    changed,
    pattern_number,
    planted_name,
    scenario_of,
    scenario_text,
)
from recoup.rehearse.scenario.planted_terms import pattern_text, read_pattern

MINUTE = 60_000_000
PLANTED_HERE = tuple(
    read_pattern(text)
    for text in (
        "fan-out: 0>1 0s 60, 0>2 4m 30, 0>3 9m 10",
        "fan-in: 0>1 0s 5, 2>1 1m 2, 3>1 2m 8",
        "cycle: 0>1 0s 1, 1>2 3m 1, 2>3 5m 1, 3>0 8m 1",
        "gather-scatter: 0>1 0s 3, 2>1 1m 1, 1>3 5m 2, 1>4 6m 2, 1>5 6m 5",
        "scatter-gather: 0>1 0s 1, 0>2 1m 3, 1>3 4m 1, 2>3 5m 1",
        "bipartite: 0>1 0s 1, 0>2 0s 4, 3>1 2m 1, 3>2 2m 7",
        "stack: 0>1 0s 1, 2>1 1m 1, 1>3 2m 1, 3>4 4m 1, 1>5 6m 9",
        "random: 0>1 0s 2, 1>0 1m 1, 0>2 2m 5, 2>1 3m 1, 1>3 4m 1, 0>3 5m 1",
    )
)


def _firsts(one: Pattern) -> list[int]:
    """Accounts that pay before they are paid, in the order of their first payment."""
    received: set[int] = set()
    firsts: list[int] = []
    for move in one.moves:
        if move.payer not in received and move.payer not in firsts:
            firsts.append(move.payer)
        received.add(move.payee)
    return firsts


def walked(one: Pattern, amount: int) -> list[tuple[int, int, int]]:
    """The pattern walked in its own order, by balances: payer, payee, amount. The slow twin of `Following`."""
    firsts = _firsts(one)
    lies = dict.fromkeys(range(one.accounts), 0)
    to_pay = {
        payer: sum(move.weight for move in one.moves if move.payer == payer)
        for payer in range(one.accounts)
    }
    left, weights = amount, sum(to_pay[first] for first in firsts)
    for first in firsts:
        lies[first] = left * to_pay[first] // weights
        left, weights = left - lies[first], weights - to_pay[first]
    assert left == 0
    found = []
    for move in one.moves:
        part = lies[move.payer] * move.weight // to_pay[move.payer]
        to_pay[move.payer] -= move.weight
        lies[move.payer] -= part
        lies[move.payee] += part
        found.append((move.payer, move.payee, part))
    assert sum(lies.values()) == amount
    return found


def planted(patterns, *, share: float = 1.0, frauds: int = 8):
    scenario = village_scenario(1_000, frauds)
    scenario = changed(changed(scenario, "instalments_least=1"), "instalments_most=1")
    scenario = changed(scenario, "launderers.waiting=0.0")
    return replace(scenario, planted=PlantedTerms(share, tuple(patterns)))


@pytest.fixture(scope="module")
def played():
    scenario = planted(PLANTED_HERE)
    country = make_country(scenario, 3)
    return play(country, policy_of("none", scenario, 3), scenario)


def test_undisturbed_crews_make_the_payments_that_an_independent_walk_of_the_pattern_makes(played):
    met = set()
    for fraud in played.country.frauds:
        number = pattern_number(fraud.strategy)
        assert number is not None
        pattern, (instalment,) = PLANTED_HERE[number], fraud.instalments
        expected = [row for row in walked(pattern, instalment.amount_minor) if row[2]]
        rows = played.ledger.filter(
            (pl.col("fraud") == fraud.number)
            & (pl.col("instalment") < 0)
            & (pl.col("kind") == TRANSFER)
            & pl.col("payee").is_in(list(fraud.crew))
        )
        if (
            len(_firsts(pattern)) > 1
        ):  # what the victim paid feeds them, and is none of the pattern's
            rows = rows.filter(pl.col("payer") != fraud.crew[0])
        made = rows.select("payer", "payee", "amount").rows()
        amounts = sorted(amount for *_, amount in expected)
        assert amounts == sorted(amount for *_, amount in made), pattern.typology
        assert _shape(expected) == _shape(made), pattern.typology
        met.add(pattern.typology)
    assert len(met) == len(PLANTED_HERE)


def _shape(rows):
    """Payments with each account told by what it pays and is paid: alike for two ways of numbering the same graph."""
    told = {
        account: (
            tuple(sorted(amount for payer, _, amount in rows if payer == account)),
            tuple(sorted(amount for _, payee, amount in rows if payee == account)),
        )
        for row in rows
        for account in row[:2]
    }
    return sorted((told[payer], told[payee], amount) for payer, payee, amount in rows)


def test_times_between_payments_are_those_of_the_pattern(played):
    fraud = next(one for one in played.country.frauds if one.strategy == planted_name(2))
    rows = played.ledger.filter(
        (pl.col("fraud") == fraud.number)
        & (pl.col("instalment") < 0)
        & (pl.col("kind") == TRANSFER)
        & pl.col("payee").is_in(list(fraud.crew))
    )
    gaps = np.diff(rows["time_us"].to_numpy()) / MINUTE
    assert gaps.tolist() == pytest.approx([3, 2, 3], abs=0.06)  # times are kept in seconds


def test_money_that_follows_patterns_is_conserved(played):
    truth = truth_of(played)
    loss = sum(one.amount for one in truth.stolen)
    assert loss == truth.lies["amount"].sum() + truth.left["amount"].sum()
    assert truth.left["amount"].sum() > 0  # what reaches an end leaves


def test_the_share_that_is_planted_leaves_the_other_frauds_and_every_victim_as_they_were():
    none, some = planted((), frauds=8), planted(PLANTED_HERE, share=0.5, frauds=8)
    before, after = make_country(none, 5).frauds, make_country(some, 5).frauds
    assert sum(pattern_number(one.strategy) is not None for one in after) == 4
    for old, new in zip(before, after, strict=True):
        if pattern_number(new.strategy) is None:
            assert old == new
        else:
            kept = [(one.time_us, one.payer, one.amount_minor) for one in old.instalments]
            assert kept == [(one.time_us, one.payer, one.amount_minor) for one in new.instalments]
            assert (old.reported_us, old.seed) == (new.reported_us, new.seed)


@pytest.mark.parametrize("policy", ["first-hop", "med2"])
def test_policies_that_hold_money_meet_the_same_patterns_and_books_balance(policy):
    scenario = planted(PLANTED_HERE[:4], frauds=4)
    country = make_country(scenario, 3)
    played = play(country, policy_of(policy, scenario, 3), scenario)
    truth = truth_of(played)
    assert sum(one.amount for one in truth.stolen) == (
        truth.lies["amount"].sum() + truth.left["amount"].sum() + truth.returned
    )


class _Plain:
    """A crew of which nothing but plans is asked."""

    def __init__(self, fraud):
        self.fraud, self._crew = fraud, fraud.crew

    def members(self, _):
        return self._crew

    def dwell_us(self, *_):
        return MINUTE


def test_a_smaller_credit_moves_no_more_on_than_came(played):
    from recoup.rehearse.laundering.parcel import Parcel

    fraud = next(one for one in played.country.frauds if one.strategy == planted_name(0))
    crew, plan = _Plain(fraud), plan_of(planted_name(0), PLANTED_HERE)
    paid = fraud.instalments[0].payee
    moves = plan(crew, Parcel("0", paid, 77, 1), Random(1))
    assert sum(move.amount for move in moves) == 77
    assert len({move.payee for move in moves} | {paid}) == 4


@st.composite
def patterns(draw):
    count = draw(st.integers(2, 6))
    sides = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(sides, sides).filter(lambda e: e[0] != e[1]), min_size=1))
    numbers: dict[int, int] = {}
    times = sorted(draw(st.integers(0, 10**12)) for _ in edges)
    moves = tuple(
        PatternMove(
            numbers.setdefault(a, len(numbers)), numbers.setdefault(b, len(numbers)), at, weight
        )
        for (a, b), at, weight in zip(
            edges, times, draw(st.lists(st.integers(1, 999), min_size=len(edges), max_size=len(edges))),
            strict=True,
        )
    )  # fmt: skip
    return Pattern("any", moves)


@given(patterns())
@settings(max_examples=60, deadline=None)
def test_an_pattern_is_read_as_it_was_written(one):
    assert read_pattern(pattern_text(one)) == one
    walked(one, 12_345)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a:", "a: 0>0 0s 1", "a: 0>2 0s 1", "a: 0>1 0s 0", "a: 0>1 1s 1, 1>0 0s 1", "a: 0>1 0 1"],
)  # fmt: skip
def test_what_is_no_pattern_is_refused_by_its_place(text):
    with pytest.raises(ScenarioFault, match=r"planted\.patterns"):
        scenario_of(f'[planted]\npatterns = ["{text}"]')


def test_an_pattern_of_more_accounts_than_crews_have_is_refused():
    many = ", ".join(f"0>{number} {number}s 1" for number in range(1, 120))
    text = scenario_text(village_scenario(1_000)).replace(
        "patterns = []", f'patterns = ["f: {many}"]'
    )
    with pytest.raises(ScenarioFault, match="half of mules and runners"):
        scenario_of(text)


PATTERNS = shared() / "data" / "ibm_aml_patterns_hi_small" / "patterns.parquet"


@pytest.mark.skipif(not PATTERNS.exists(), reason="the patterns of IBM AML HI-Small are not here")
def test_published_patterns_are_read_whole_and_compressed():
    found = patterns_of(PATTERNS, compress=24)
    rows = pl.read_parquet(PATTERNS)
    real = rows.filter(
        (pl.col("from_bank") != pl.col("to_bank"))
        | (pl.col("from_account") != pl.col("to_account"))
    )
    assert len(found) == 370
    assert sum(len(one.moves) for one in found) == real.height == 3198
    slow = patterns_of(PATTERNS)
    for fast, one in zip(found, slow, strict=True):
        assert fast.moves[-1].after_us == one.moves[-1].after_us // 24
        assert sum(part for *_, part in walked(one, 10**6)) > 0
        assert read_pattern(pattern_text(fast)) == fast


def test_files_that_are_no_patterns_are_refused(tmp_path):
    bad = tmp_path / "patterns.csv"
    with pytest.raises(ScenarioFault):
        patterns_of(bad)
    bad.write_text("attempt,typology\n1,x\n")
    with pytest.raises(ScenarioFault, match="expected columns timestamp"):
        patterns_of(bad)
    head = "attempt,typology,timestamp,from_bank,from_account,to_bank,to_account,amount_paid,payment_currency\n"
    bad.write_text(head + "1,CYCLE,2022-09-01 00:03,1,a,1,b,5.0,Groats\n")
    with pytest.raises(ScenarioFault, match="Groats"):
        patterns_of(bad)
    bad.write_text(head + "1,CYCLE,2022-09-01 00:03,1,a,1,b,5.0,Euro\n")
    assert patterns_of(bad) == (Pattern("cycle", (PatternMove(0, 1, 0, 5_000),)),)
