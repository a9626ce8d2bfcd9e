"""What `recoup rehearse export` writes is read by trace, return and watch; the trace finds the truth, to the cent."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from rehearsal.village import village_scenario
from typer.testing import CliRunner, Result

from recoup.cli import app
from recoup.rehearse.scenario import scenario_text

DECLARED = ("opening", "known", "terminal", "holds")


def invoke(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def scenario(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "village.toml"
    path.write_text(scenario_text(village_scenario(1_000, 6)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def none(scenario, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("none")
    invoke("rehearse", "export", scenario, "--seed", 2, "--out", out)
    return out


@pytest.fixture(scope="module")
def med2(scenario, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("med2")
    invoke("rehearse", "export", scenario, "--seed", 2, "--policy", "med2", "--out", out)
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def declared(folder: Path, *but: str) -> list[object]:
    names = [name for name in DECLARED if name not in but]
    there = [name for name in names if (folder / f"{name}.csv").exists()]
    return [word for name in there for word in (f"--{name}", folder / f"{name}.csv")]


def traced(folder: Path, out: Path, *but: str) -> tuple[dict[str, str], dict[str, Decimal]]:
    """The totals, and what the trace locates by account."""
    claims = folder / "truth" / "claims.csv"
    result = invoke(
        "trace", folder / "transfers.csv", "--claims", claims, *declared(folder, *but),
        "--out", out, "--json",
    )  # fmt: skip
    (total,) = json.loads(result.stdout[result.stdout.index("{") :])["totals"]
    by_account: dict[str, Decimal] = {}
    for row in rows(out / "positions.csv"):
        by_account[row["account"]] = by_account.get(row["account"], Decimal()) + Decimal(
            row["amount"]
        )
    return total, by_account


def located(folder: Path) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in rows(folder / "truth" / "located.csv"):
        found[row["account"]] = found.get(row["account"], Decimal()) + Decimal(row["amount"])
    return found


@pytest.mark.parametrize("policy", ["none", "med2"])
def test_a_trace_of_the_files_locates_by_account_what_the_truth_of_the_figures_says(
    policy, request, tmp_path
):
    folder = request.getfixturevalue(policy)
    total, found = traced(folder, tmp_path / "out")
    truth = json.loads((folder / "truth" / "summary.json").read_text(encoding="utf-8"))
    cents = {name: int(Decimal(total[name] or 0) * 100) for name in ("loss", "located", "exited")}
    assert cents == {
        name: truth[key] for name, key in zip(cents, ("loss", "located", "left"), strict=True)
    }
    assert cents["loss"] == cents["located"] + cents["exited"] > 0
    assert found == located(folder)


def test_without_the_holds_the_trace_finds_something_else(med2, tmp_path):
    _, found = traced(med2, tmp_path / "out", "holds")
    assert found != located(med2)


def test_what_was_frozen_is_shared_out_and_the_awards_can_be_verified(med2, tmp_path):
    out = tmp_path / "return"
    result = invoke(
        "return", "--pots", med2 / "pots.csv", "--claims", med2 / "claims.csv",
        "--transfers", med2 / "transfers.csv", *declared(med2), "--out", out, "--json",
    )  # fmt: skip
    (total,) = json.loads(result.stdout[result.stdout.index("{") :])["totals"]
    frozen = sum(Decimal(row["amount"]) for row in rows(med2 / "pots.csv"))
    missing = sum(Decimal(row["loss"]) for row in rows(med2 / "claims.csv"))
    assert (Decimal(total["frozen"]), Decimal(total["missing"])) == (frozen, missing)
    assert 0 < Decimal(total["direct"]) <= missing
    invoke("return", "verify", out)


def test_nobody_acts_so_nothing_is_held(none):
    assert not (none / "pots.csv").exists()
    assert not (none / "holds.csv").exists()


def test_watch_trains_on_the_files_and_judges_on_them(none, tmp_path):
    model = tmp_path / "model.json"
    invoke(
        "watch", "train", none / "transfers.csv", "--labels", none / "labels.csv",
        "--no-graph", "--trees", 10, "--out", model,
    )  # fmt: skip
    result = invoke(
        "watch", "evaluate", none / "transfers.csv", "--labels", none / "truth" / "labels.csv",
        "--model", model, "--json",
    )  # fmt: skip
    assert json.loads(result.stdout[result.stdout.index("{") :])["auc"] > 0.8


@pytest.mark.slow  # two models of accounts
def test_labels_of_accounts_are_read(none):
    result = invoke(
        "watch", "crossval", none / "transfers.csv", "--labels",
        none / "truth" / "account-labels.csv", "--folds", 2, "--json",
    )  # fmt: skip
    found = json.loads(result.stdout[result.stdout.index("{") :])
    assert found["auc"] > 0.5, "accounts of launderers are told from others better than by chance"


def test_outside_the_folder_of_truth_nothing_is_told_of_crimes_that_nobody_reported(none):
    frauds = rows(none / "truth" / "frauds.csv")
    silent = {row["victim"] for row in frauds if not row["reported_at"]}
    heard = {row["victim"] for row in frauds if row["reported_at"]}
    assert {row["victim"] for row in rows(none / "claims.csv")} == heard
    assert not {row["victim"] for row in rows(none / "reports.csv")} & silent
    for name in none.glob("*.csv"):
        assert not {"fraud", "strategy", "script", "instalment", "habit"} & set(
            rows(name)[0] if rows(name) else ()
        )
    known = {row["transfer"] for row in rows(none / "labels.csv")}
    all_of_them = {row["transfer"] for row in rows(none / "truth" / "labels.csv")}
    assert known <= all_of_them


def test_parquet_says_the_same_as_csv_and_the_other_form_of_an_earlier_export_goes(
    scenario, none, tmp_path
):
    (tmp_path / "transfers.csv").write_text("old", encoding="utf-8")
    invoke("rehearse", "export", scenario, "--seed", 2, "--out", tmp_path, "--format", "parquet")
    assert not (tmp_path / "transfers.csv").exists()
    there = pl.read_parquet(tmp_path / "transfers.parquet")
    plain = pl.read_csv(none / "transfers.csv", infer_schema=False)
    assert there["amount"].cast(pl.String).to_list() == plain["amount"].to_list()
    assert there.drop("amount", "time", "sequence").equals(plain.drop("amount", "time", "sequence"))
    invoke(
        "watch", "train", tmp_path / "transfers.parquet", "--labels", tmp_path / "labels.csv",
        "--no-graph", "--trees", 2, "--out", tmp_path / "model.json",
    )  # fmt: skip


def test_planted_patterns_are_played_and_exported(scenario, tmp_path):
    patterns = tmp_path / "patterns.csv"
    patterns.write_text(
        "attempt,typology,timestamp,from_bank,from_account,to_bank,to_account,amount_paid,payment_currency\n"
        "7,FAN-OUT,2022-09-01 00:00,1,a,2,b,30.00,Euro\n"
        "7,FAN-OUT,2022-09-01 02:00,1,a,3,c,10.00,US Dollar\n",
        encoding="utf-8",
    )
    made = tmp_path / "planted.toml"
    invoke("rehearse", "import-patterns", patterns, "--into", scenario, "--compress", 24, "--out", made)  # fmt: skip
    assert '"fan-out: 0>1 0s 30000, 0>2 5m 10000",' in made.read_text(encoding="utf-8")
    out = tmp_path / "out"
    invoke("rehearse", "export", made, "--seed", 2, "--out", out)
    assert {row["strategy"] for row in rows(out / "truth" / "frauds.csv")} == {"planted-0"}


def test_a_policy_or_a_place_that_is_none_is_refused(scenario, tmp_path):
    runner = CliRunner()
    wrong = ["rehearse", "export", str(scenario), "--policy", "prayer", "--out", str(tmp_path)]
    assert runner.invoke(app, wrong).exit_code == 2
    same = ["rehearse", "import-patterns", str(scenario), "--into", str(scenario), "--out", str(scenario)]  # fmt: skip
    assert runner.invoke(app, same).exit_code == 2
