"""`recoverable` is a bound: no causal rule finds more. Where the steps run out the trail says for which claims it is looser."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from twin import FEATURES, World, random_world
from twin.cases import CAUSAL, row
from twin.world import Dispute

from recoup import limits
from recoup.trace import Trail, trace_dossier


def engine(world: World, *rules: str) -> Trail:
    world = world.with_rules(*(rules or CAUSAL))
    return trace_dossier(world.dossier(), world.claim_table(), world.options)


def below(trail: Trail) -> pl.DataFrame:
    """The summary's rows in which a rule found more than the bound."""
    return trail.summary.filter(pl.col("located") + pl.col("unknown") > pl.col("recoverable"))


def of(trail: Trail, claim: str, currency: str = "CNY") -> int:
    same = (pl.col("claim") == claim) & (pl.col("currency") == currency)
    return int(trail.summary.filter(same)["recoverable"].unique().item())


@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(x, marks=pytest.mark.slow) for x in range(2, 5))]
)
def test_no_causal_rule_finds_more_than_is_recoverable(part: int) -> None:
    for seed in range(100 * part, 100 * part + 20):
        world = random_world(seed, 30, FEATURES - {"links"})
        assert below(engine(world)).is_empty(), (str(world), below(engine(world)))


def test_a_bound_one_unit_too_low_is_found() -> None:
    # The negative control: somewhere a rule finds all that the bound allows.
    found = 0
    for seed in range(20):
        trail = engine(random_world(seed, 30, FEATURES - {"links"}))
        lower = trail.summary.with_columns(pl.col("recoverable") - 1)
        found += len(below(replace(trail, summary=lower)))
    assert found > 20


def test_the_figure_is_the_same_under_every_rule() -> None:
    for seed in range(10):
        summary = engine(random_world(seed, 30, FEATURES - {"links"})).summary
        figures = summary.group_by("claim", "currency").agg(pl.col("recoverable").n_unique())
        assert figures["recoverable"].max() == 1


def exchange(bought: int) -> World:
    """4 of 10 that V pays leave A for a shop; A then changes what it has (10 with 4 of its own) into `bought` dollars."""
    rows = (
        row("t1", 0, "V", "A", 10),
        row("t2", 1, "A", "", 6, kind="purchase"),
        row("t3", 2, "", "A", 6),
        row("t4", 3, "A", "", 10, kind="conversion", reference="r"),
        row("t5", 3, "", "A", bought, kind="conversion", reference="r", currency="USD"),
        row("t6", 4, "A", "B", bought // 2, currency="USD"),
    )
    return World(rows, (Dispute("c1", "V", "t1"),))


@pytest.mark.parametrize(("bought", "expected"), [(25, 12), (20, 8), (3, 3), (7, 4)])
def test_a_conversion_opens_at_most_what_its_dearest_units_are_worth(
    bought: int, expected: int
) -> None:
    # At most 4 of the 10 sold can be c1's: 25 dollars are five units worth 3 and five worth 2.
    trail = engine(exchange(bought))
    assert (0, expected) == (of(trail, "c1"), of(trail, "c1", "USD"))


def test_pari_passu_ignores_order_and_so_may_say_more() -> None:
    rows = (
        row("t1", 0, "V", "A", 100),
        row("t2", 1, "A", "", 100, kind="cash_out"),
        row("t3", 2, "", "A", 100),
    )
    trail = engine(World(rows, (Dispute("c1", "V", "t1"),)), *CAUSAL, "pari-passu")
    assert of(trail, "c1") == 0
    located = trail.summary.filter(pl.col("rule") == "pari-passu")["located"].item()
    assert located == 50


def spread() -> World:
    """Two claims of 10; of each 6 stay in A."""
    rows = (
        row("t1", 0, "V", "A", 10),
        row("t2", 1, "A", "", 4, kind="cash_out"),
        row("t3", 2, "W", "B", 10),
        row("t4", 3, "B", "", 4, kind="cash_out"),
    )
    return World(rows, (Dispute("c1", "V", "t1"), Dispute("c2", "W", "t3")))


def said(trail: Trail) -> list[str]:
    return [sentence for sentence in trail.assumptions if "looser bound" in sentence]


def test_where_the_steps_run_out_the_figure_is_the_loss_and_the_trail_names_the_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (
        said(engine(spread())),
        of(engine(spread()), "c1"),
        of(engine(spread()), "c2"),
    ) == ([], 6, 6)
    monkeypatch.setattr(limits, "BOUND_STEPS_MAX", 1)
    trail = engine(spread())
    assert (of(trail, "c1"), of(trail, "c2")) == (10, 10)
    (sentence,) = said(trail)
    assert "for claims c1, c2:" in sentence


def test_claims_that_come_after_the_steps_of_all_are_used_up_are_looser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for steps in range(2, 200):
        monkeypatch.setattr(limits, "BOUND_STEPS_ALL_MAX", steps)
        trail = engine(spread())
        if (of(trail, "c1"), of(trail, "c2")) == (6, 10):
            (sentence,) = said(trail)
            assert "for claims c2:" in sentence
            return
    pytest.fail("no number of steps was enough for the first claim only")
