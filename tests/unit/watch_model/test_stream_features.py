"""Features of the state and of patterns as one set: what is read, of which pockets, and that a model names its set."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from recoup.cli import app
from recoup.errors import ModelFault
from recoup.money import ISO_DIGITS
from recoup.reading import ReadingOptions
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.features import FEATURES
from recoup.watch.model import Parameters
from recoup.watch.model.training import _drawn
from recoup.watch.patterns import PATTERN_FEATURES, Patterns
from recoup.watching import (
    NO_REPORTS,
    Materials,
    Period,
    StreamFeatures,
    evaluate_model,
    load_model,
    open_materials,
    train_model,
)
from recoup.watching.features import payments_of
from recoup.watching.parameters import parameters_of
from recoup.watching.rule_files import read_rules, reads_patterns

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 600
SMALL = Parameters(trees=8, leaves=7)
COLUMN = {row.name: at for at, row in enumerate(STREAM_FEATURES)}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Payments in two currencies, some finer than a cent; a mule passes on what it got an hour ago."""
    draw, folder = np.random.default_rng(3), tmp_path_factory.mktemp("stream")
    ledger, labels = ["id,time,payer,payee,amount,currency"], ["transfer,label"]
    owed: tuple[str, float] | None = None
    for at in range(ROWS):
        time = (START + timedelta(hours=at)).strftime("%Y-%m-%dT%H:%M:%SZ")
        payer, payee = (f"P{number}" for number in draw.choice(40, 2, replace=False))
        amount, is_fraud = round(float(draw.integers(100, 9_000)) * 1.01, 2), False
        if owed is not None:
            payer, amount, is_fraud, owed = owed[0], owed[1] * 0.97, True, None
        elif draw.random() < 0.2:
            owed = (payee, amount)
        if payer == payee:
            payee = "P99"
        text = f"{amount:.4f}" if is_fraud else f"{amount:.2f}"
        ledger.append(f"T{at},{time},{payer},{payee},{text},{'CNY' if at % 2 else 'USD'}")
        labels.append(f"T{at},{int(is_fraud)}")
    made = {}
    for name, lines in (("ledger", ledger), ("labels", labels)):
        made[name] = folder / f"{name}.csv"
        made[name].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def materials(files) -> Materials:
    options = ReadingOptions(timezone="UTC", rounds_amounts=True)
    return open_materials([files["ledger"]], files["labels"], options)


def every(materials: Materials) -> np.ndarray:
    return np.ones(materials.transfers.height, np.bool_)


def test_patterns_stand_behind_the_state_and_no_name_twice() -> None:
    assert (*FEATURES, *PATTERN_FEATURES) == STREAM_FEATURES
    assert len({row.name for row in STREAM_FEATURES}) == len(STREAM_FEATURES)


def test_what_is_read_beside_the_state_is_what_patterns_read_alone(materials) -> None:
    both = StreamFeatures().matrix(materials.transfers, NO_REPORTS, every(materials))
    state = StreamFeatures(graph=False).matrix(materials.transfers, NO_REPORTS, every(materials))
    payments, pockets, _ = payments_of(materials.transfers)
    np.testing.assert_array_equal(state, both[:, : len(FEATURES)])
    np.testing.assert_array_equal(Patterns(pockets).apply(payments), both[:, len(FEATURES) :])
    some = np.arange(ROWS) % 5 == 2
    np.testing.assert_array_equal(
        both[some], StreamFeatures().matrix(materials.transfers, NO_REPORTS, some)
    )


def test_a_transfer_that_the_state_refuses_is_in_no_ring_either(materials) -> None:
    kept = materials.transfers.filter(pl.col("id") != "T100")
    to_itself = materials.transfers.with_columns(
        payee=pl.when(pl.col("id") == "T100").then("payer").otherwise("payee")
    )
    found = StreamFeatures().matrix(to_itself, NO_REPORTS, every(materials))
    place = materials.transfers["id"].to_list().index("T100")
    assert np.isnan(found[place]).all()
    expected = StreamFeatures().matrix(kept, NO_REPORTS, np.ones(kept.height, np.bool_))
    np.testing.assert_array_equal(np.delete(found, place, axis=0), expected)


def test_money_that_changes_the_currency_is_seen_where_accounts_are_whole(materials) -> None:
    """Every passing on is in the other currency here: as pockets of a currency nothing is passed on."""
    passed = COLUMN["payment_passed_ratio"]
    cases = materials.labels
    found = {
        whole: StreamFeatures(whole_accounts=whole).matrix(
            materials.transfers, NO_REPORTS, every(materials)
        )[cases, passed]
        for whole in (True, False)
    }
    assert (np.abs(found[True] - 0.97) < 0.001).mean() > 0.9
    assert (np.abs(found[False] - 0.97) < 0.001).mean() < 0.2


def test_a_model_names_its_set_and_its_pockets_and_refuses_others(materials) -> None:
    for graph, whole in ((True, True), (False, False)):
        features = StreamFeatures(graph=graph, whole_accounts=whole)
        model = train_model(materials, features, Period(), None, SMALL).model
        own = StreamFeatures.of(model)
        assert (len(own.rows), own.whole_accounts) == (len(features.rows), whole)
        assert evaluate_model(model, materials, own, Period())["rows"] == ROWS
        for other in (
            StreamFeatures(graph=not graph, whole_accounts=whole),
            StreamFeatures(graph=graph, whole_accounts=not whole),
        ):
            with pytest.raises(ModelFault, match="model_of_other_features"):
                evaluate_model(model, materials, other, Period())


def test_what_is_asked_for_is_taken_or_refused_with_what_was_expected() -> None:
    asked = parameters_of(["leaves=9", "l2=0.5", "by_money=false", "depth=-1"], SMALL)
    assert asked == replace(SMALL, leaves=9, l2=0.5, by_money=False, depth=-1)
    for text in (
        "leaves",
        "leaves=1",
        "leaves=2.5",
        "l2=nan",
        "l2=inf",
        "by_money=yes",
        "x=1",
        "=1",
    ):
        with pytest.raises(ValueError, match="expected"):
            parameters_of([text], SMALL)


def test_a_draw_takes_its_share_and_is_another_for_another_seed() -> None:
    first = _drawn(20_000, 1, 0.15)
    assert abs(first.mean() - 0.15) < 0.01
    for half in (first[:10_000], first[10_000:], first[::7]):
        assert abs(half.mean() - 0.15) < 0.03
    assert np.array_equal(first, _drawn(20_000, 1, 0.15))
    both = (first & _drawn(20_000, 2, 0.15)).mean()
    assert abs(both - 0.15**2) < 0.01


def test_rules_may_read_patterns(tmp_path) -> None:
    flags = read_rules("cn-flags", features=STREAM_FEATURES, digits=ISO_DIGITS)
    assert not reads_patterns(flags)
    text = (Path(__file__).parents[3] / "src/recoup/watching/rule_sets/cn-flags.toml").read_text(
        encoding="utf-8"
    )
    own = tmp_path / "own.toml"
    before = 'expression = "payee_holder_cards_5wd >= cards_min"'
    assert text.count(before) == 1
    patterned = 'expression = "payment_chain_hops >= cards_min"'
    own.write_text(text.replace(before, patterned), encoding="utf-8")
    assert reads_patterns(read_rules(own, features=STREAM_FEATURES))


def test_the_commands_read_patterns_round_amounts_and_take_accounts_whole(files, tmp_path) -> None:
    out, given = tmp_path / "model.json", (files["ledger"], "--labels", files["labels"])

    def run(*words: object):
        return CliRunner().invoke(app, ["watch", *map(str, words)])

    train = ("train", *given, "--until", "2026-01-20T00:00:00Z", "--out", out, "--trees", 8)
    fine = run(*train)
    assert (fine.exit_code, "amount_too_fine" in fine.output) == (2, True)
    asked = ("--parameter", "others_share=0.5", "--parameter", "by_money=false")
    done = run(*train, "--round-amounts", "--whole-accounts", *asked)
    assert done.exit_code == 0, done.output
    model = load_model(out)
    assert model.features.names == tuple(row.name for row in STREAM_FEATURES)
    assert model.training.whole_accounts
    assert model.training.parameters.others_share == 0.5
    assert "| a pocket is one | account |" in (tmp_path / "model.card.md").read_text("utf-8")
    later = ("--model", out, "--from", "2026-01-20T00:00:00Z", "--round-amounts", "--json")
    judged = run("evaluate", *given, *later)
    assert judged.exit_code == 0, judged.output
    assert json.loads(judged.stdout)["pr_auc"] > 0.8
    wrong = run(*train, "--round-amounts", "--parameter", "leaves=none")
    assert wrong.exit_code == 2
