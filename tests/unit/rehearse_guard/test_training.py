"""What a guard learns: from other seeds and fewer strategies, by labels of the truth, and how rare it takes fraud to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rehearsal.village import village, village_scenario

from recoup.rehearse.guard import Guard, guard_terms, training
from recoup.rehearse.guard import guard as guarding
from recoup.rehearse.guard.training import rarer, smaller, train_guard
from recoup.rehearse.guard.watch import watch
from recoup.rehearse.play.happened import Judged, WaitEnded
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy
from recoup.rehearse.scenario import Scenario
from recoup.watch.model import Calibration, Parameters
from recoup.watch.model.calibration import Kind

SECOND = 1_000_000
ASKED = {("model", "delay"), ("model", "hold")}
FEW = Parameters(trees=12, leaves=7, depth=4, learning_rate=0.3)


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(Kind.SIGMOID, (), (1.5, -2.0)),
        Calibration(Kind.ISOTONIC, (-2.0, 0.0, 1.0, 3.0), (0.0, 0.25, 0.5, 1.0)),
    ],
)
@pytest.mark.parametrize("odds", [0.05, 0.25, 1.0, 3.0])
def test_the_odds_of_every_known_chance_are_multiplied(calibration, odds):
    raws = np.array([-2.0, 0.0, 1.0, 3.0])
    before, after = calibration.of(raws), rarer(calibration, odds).of(raws)
    sure = (before == 0) | (before == 1)
    assert (before[sure] == after[sure]).all()
    before, after = before[~sure], after[~sure]
    ratio = after / (1 - after) / (before / (1 - before))
    assert np.allclose(odds, ratio)


def test_training_has_only_the_strategies_that_are_not_held_out():
    scenario = Scenario()
    shares = smaller(scenario, 5_000, 30).launderers.strategies.by_name()
    met = {name for name, share in shares.items() if share > 0}
    assert set(scenario.watch.training_strategies) == met
    assert pytest.approx(1.0) == sum(shares.values())
    held_out = {"third_party", "otc", "matched_trades", "abroad", "adaptive", "cycle"}
    assert held_out <= set(scenario.launderers.strategies.by_name()) - met


def test_the_seed_of_a_country_that_the_model_saw_is_refused():
    scenario = Scenario()
    with pytest.raises(ValueError, match="trained on"):
        watch(scenario, scenario.watch.training_seeds[0])


@pytest.fixture(scope="module")
def learned():
    return train_guard(village_scenario(), people=700, frauds=14, parameters=FEW)


def test_a_model_tells_fraud_from_the_rest_on_rows_that_it_had_not_seen(learned):
    from recoup.watch.model.measures import average_precision

    trial = learned.trained
    later = trial.known.where(trial.is_held_out)
    share = float(later.labels.mean())
    assert 5 * share < average_precision(trial.held_out_scores, later.labels)


def test_the_model_says_what_it_was_trained_on(learned):
    found = learned.trained.model.training
    seeds = village_scenario().watch.training_seeds
    assert [f"country of 700 people, seed {seed}" for seed in seeds] == [f.name for f in found.data]
    assert found.label_delay_us == training.LABEL_DELAY_US
    assert found.timezone == "Asia/Shanghai"
    assert found.rows == sum(1 for _ in learned.trained.known.labels)
    assert found.rows_unknown == 0


def test_a_country_with_as_rare_frauds_needs_no_correction():
    scenario = village_scenario(people=2_000, frauds=12)
    assert pytest.approx(1.0) == training.odds_of(scenario, smaller(scenario, 1_000, 6))
    rare = replace(scenario, frauds=replace(scenario.frauds, count=3))
    assert pytest.approx(0.25) == training.odds_of(rare, smaller(rare, 1_000, 6))


def test_a_village_under_the_watch_loses_less_and_a_second_play_is_the_same(learned):
    scenario = village_scenario(people=1_500, frauds=12)
    country, model = village(5, people=1_500, frauds=12), learned.trained.model

    def under(policy):
        return play(country, policy, scenario)

    def guarded():
        return under(Guard(lambda stage: guard_terms(stage.country, scenario, model)))

    first, second, nobody = guarded(), guarded(), under(NonePolicy())
    assert first.ledger.equals(second.ledger)
    assert first.happened == second.happened
    assert _gone(first) < _gone(nobody)
    judged = [one for one in first.happened if isinstance(one, Judged)]
    assert {"model", "rule"} <= {one.ground for one in judged}
    warm = country.begin_us + country.warmup_us
    assert all(one.at_us >= warm for one in judged if one.ground == "model")


def _gone(played):
    """How much of frauds' money left the system."""
    ledger = played.ledger.filter(played.ledger["fraud"] >= 0)
    outside = np.flatnonzero(played.country.is_outside)
    return int(ledger["amount"].to_numpy()[np.isin(ledger["payee"].to_numpy(), outside)].sum())


def _waits(country, played):
    """By whether the payer's holder is a criminal: how long each wait of the model lasted, and how it ended."""
    ended = {one.payment: one for one in played.happened if isinstance(one, WaitEnded)}
    waits = {False: [], True: []}
    for one in played.happened:
        if isinstance(one, Judged) and (one.ground, one.action) in ASKED and one.payment in ended:
            end = ended[one.payment]
            by = waits[bool(country.is_criminal[one.payer])]
            by.append((one.action, end.at_us - one.at_us, end.how))
    return waits


def test_a_wait_ends_when_its_payer_showed_what_it_is_and_lies_are_believed_as_often_as_said(
    learned, monkeypatch
):
    scenario = village_scenario(people=1_500, frauds=12)
    country, model = village(5, people=1_500, frauds=12), learned.trained.model

    def played(honest, lying):
        watch = replace(scenario.watch, explained=honest, explained_falsely=lying)
        asked = replace(scenario, watch=watch)
        made = Guard(lambda stage: guard_terms(stage.country, asked, model))
        return _waits(country, play(country, made, asked))

    def released(waits, is_criminal):
        return [lasted for _, lasted, how in waits[is_criminal] if how == "released"]

    waits = played(1.0, 0.0)
    assert waits[True], "the model lets crews wait"
    assert released(waits, False)
    assert max(released(waits, False)) <= 3_600 * SECOND
    assert not released(waits, True), "nobody lies"
    waits = played(0.0, 1.0)
    assert not released(waits, False), "nobody answers"
    assert released(waits, True), "who lies is believed until stolen money is known of"
    # The control: where nobody shows anything, waits last as long as they may.
    monkeypatch.setattr(guarding, "explains", lambda *_: None)
    silent = played(1.0, 1.0)
    assert not any(released(silent, is_criminal) for is_criminal in (False, True))
