"""Features, facts and rules read one wall clock: that of the rule set, or the one that the model was trained under."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from recoup.cli import app
from recoup.reading import ReadingOptions
from recoup.watch.model import Parameters
from recoup.watch.rules.facts import is_night
from recoup.watching import LocalTime, Period, StreamFeatures, open_materials, train_model
from recoup.watching.features import NO_REPORTS
from recoup.watching.local_time import DEFAULT_ZONE, zone_offsets

START = datetime(2026, 2, 20, tzinfo=UTC)  # New York puts its clocks forward on March 8th
ROWS = 600
ZONES = [
    *("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Africa/Casablanca", "UTC"),
]
RULES = """
id = "night"
timezone = "{zone}"
night = [21, 4]

[[rules]]
id = "at-night"
version = 1
expression = "is_night"
action = "warn"
reason = "9999"
words = "at night"
author = "risk"

[[rules]]
id = "the-two-differ"
version = 1
expression = "is_night and not payment_is_night or payment_is_night and not is_night"
action = "warn"
reason = "9999"
words = "features and facts differ"
author = "risk"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ledger of one payment every 97 minutes, with labels that follow the wall clock of New York."""
    folder = tmp_path_factory.mktemp("clock")
    ledger, labels = ["id,time,payer,payee,amount,currency"], ["transfer,label"]
    for at in range(ROWS):
        time = START + timedelta(minutes=97 * at)
        ledger.append(f"T{at},{time.isoformat()},P{at % 7},Q{at % 11},{at % 13 + 1}.00,CNY")
        local = time.astimezone(ZoneInfo("America/New_York"))
        labels.append(f"T{at},{int(local.hour < 4)}")
    (folder / "ledger.csv").write_text("\n".join(ledger) + "\n")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")
    return folder


@pytest.fixture(scope="module")
def materials(folder):
    options = ReadingOptions(timezone="UTC")
    return open_materials([folder / "ledger.csv"], folder / "labels.csv", options)


@pytest.mark.parametrize("timezone", ZONES)
def test_offsets_are_those_of_the_zone_at_every_instant(timezone: str) -> None:
    since, offsets = np.array(zone_offsets(timezone)).T
    chance = np.random.default_rng(3)
    drawn = chance.integers(0, 4_000_000_000, 1_500).tolist()
    edges = [second + by for second in (since[1:] // 1_000_000).tolist() for by in (-1, 0, 1)]
    for second in [*drawn, *edges]:
        found = offsets[np.searchsorted(since, second * 1_000_000, "right") - 1]
        wanted = datetime.fromtimestamp(second, ZoneInfo(timezone)).utcoffset()
        assert wanted == timedelta(seconds=int(found)), (timezone, second)


@pytest.mark.parametrize("local", [LocalTime(), LocalTime("America/New_York", (3, 17))])
def test_features_read_the_hour_and_the_night_that_facts_have(materials, local) -> None:
    features = StreamFeatures(local)
    matrix = features.matrix(materials.transfers, NO_REPORTS, np.ones(ROWS, np.bool_))
    names = [row.name for row in features.rows]
    times = materials.transfers["time"].dt.convert_time_zone(local.timezone)
    hours = times.dt.hour().to_numpy()
    assert (matrix[:, names.index("payment_day_seconds")] // 3_600 == hours).all()
    assert (matrix[:, names.index("payment_weekday")] + 1 == times.dt.weekday().to_numpy()).all()
    assert (matrix[:, names.index("payment_is_night")] == is_night(hours, local.night)).all()


def tried(folder, zone: str) -> dict[str, int]:
    rules = folder / f"{zone.replace('/', '-')}.toml"
    rules.write_text(RULES.format(zone=zone))
    run = CliRunner().invoke(
        app, ["watch", "backtest", str(rules), str(folder / "ledger.csv"), "--json"]
    )
    assert run.exit_code == 0, run.output
    return {rule["rule"]: rule["alerts"] for rule in json.loads(run.stdout)["rules"]}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_a_set_of_rules_decides_what_night_is_for_features_too(folder, zone: str) -> None:
    found = tried(folder, zone)
    assert found["at-night"] > 100
    assert found["the-two-differ"] == 0


def test_features_of_another_clock_would_differ(folder, monkeypatch) -> None:
    """Negative control."""
    monkeypatch.setattr(LocalTime, "of_rules", lambda _: LocalTime())
    assert tried(folder, "America/New_York")["the-two-differ"] > 100


def test_a_model_remembers_the_clock_it_was_trained_under(materials) -> None:
    local = LocalTime("America/New_York", (0, 4))
    small = Parameters(trees=5, leaves=4)
    model = train_model(materials, StreamFeatures(local), Period(), None, small).model
    assert LocalTime.of_training(model.training) == local
    other = train_model(materials, StreamFeatures(), Period(), None, small).model
    assert LocalTime.of_training(other.training) == LocalTime(DEFAULT_ZONE)
    assert model.digest != other.digest


def test_what_scores_reads_the_clock_of_the_model_whatever_zone_times_are_written_in(
    folder,
) -> None:
    ledger, model = str(folder / "ledger.csv"), str(folder / "model.json")
    run = CliRunner().invoke(
        app,
        [
            *("watch", "train", ledger, "--labels", str(folder / "labels.csv"), "--trees", "5"),
            *("--timezone", "America/New_York", "--out", model),
        ],
    )
    assert run.exit_code == 0, run.output
    said = json.loads((folder / "model.card.json").read_text())["training"]
    assert (said["timezone"], said["night"]) == ("America/New_York", [22, 6])
    raws = []
    for zone in ("America/New_York", "Asia/Shanghai"):
        out = str(folder / f"{len(raws)}.parquet")
        run = CliRunner().invoke(
            app, ["watch", "score", ledger, "--model", model, "--out", out, "--timezone", zone]
        )
        assert run.exit_code == 0, run.output
        raws.append(pl.read_parquet(out)["raw"])
    assert raws[0].to_list() == raws[1].to_list()
    assert raws[0].n_unique() > 1
