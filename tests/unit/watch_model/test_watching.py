"""From files to a model and its figures: what warms the state, what is known when, what is refused, what is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from plain_features import PlainFeatures
from typer.testing import CliRunner

from recoup.cli import app
from recoup.errors import InputFault, ModelFault
from recoup.reading import ReadingOptions
from recoup.watch.model import Parameters, Trained
from recoup.watching import (
    Materials,
    Period,
    StreamFeatures,
    evaluate_model,
    microseconds,
    open_materials,
    score_transfers,
    train_model,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
ROWS = 900  # one every half hour: 18 days and 18 hours
SMALL = Parameters(trees=10, leaves=7)


def place(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """A ledger in which some payees are mules, who get round sums, and the labels of both forms."""
    draw = np.random.default_rng(8)
    folder = tmp_path_factory.mktemp("watch")
    ledger, labels = ["id,time,payer,payee,amount,currency"], ["transfer,label"]
    for at in range(ROWS):
        is_fraud = draw.random() < 0.15
        payee = f"M{draw.integers(6)}" if is_fraud else f"A{draw.integers(40)}"
        yuan = draw.integers(8, 20) * 500 if is_fraud else draw.integers(1, 9_000)
        time = (START + timedelta(minutes=30 * at)).strftime("%Y-%m-%d %H:%M:%S")
        ledger.append(f"T{at},{time},P{draw.integers(50)},{payee},{yuan}.00,CNY")
        labels.append(f"T{at},{int(is_fraud)}")
    mules = [f"M{at},true,2026-01-01T00:00:00Z" for at in range(6)]
    return {
        "ledger": place(folder, "ledger.csv", ledger),
        "labels": place(folder, "labels.csv", labels),
        "accounts": place(folder, "accounts.csv", ["account,label,since", *mules, "A1,false,"]),
    }


UTC_TIMES = ReadingOptions(timezone="UTC")


@pytest.fixture(scope="module")
def materials(files) -> Materials:
    return open_materials([files["ledger"]], files["labels"], UTC_TIMES)


def at_day(day: float) -> datetime:
    return START + timedelta(days=day)


@pytest.fixture(scope="module")
def trained(materials) -> Trained:
    return train_model(materials, PlainFeatures(), Period(end=at_day(12)), DAY_US, SMALL)


def test_labels_of_accounts_and_of_transfers_say_the_same_here(files, materials) -> None:
    by_account = open_materials([files["ledger"]], files["accounts"], UTC_TIMES)
    assert np.array_equal(by_account.labels, materials.labels)
    assert by_account.bad == materials.bad
    assert by_account.groups.max() == 5
    assert (by_account.groups[~by_account.labels] == -1).all()


def test_an_account_is_bad_from_the_instant_on_that_its_label_says(files, tmp_path) -> None:
    since = place(tmp_path, "l.csv", ["account,label,since", "M1,1,2026-01-10 00:00:00"])
    found = open_materials([files["ledger"]], since, UTC_TIMES)
    rows = found.transfers.filter(pl.Series(found.labels))
    assert set(rows["payee"]) == {"M1"}
    assert rows["time"].min() >= at_day(9)
    assert rows.height < found.transfers.filter(pl.col("payee") == "M1").height


def test_a_report_reaches_the_stream_when_the_label_was_known(materials) -> None:
    reports = materials.reports(DAY_US)
    assert len(reports.accounts) == materials.labels.sum()
    assert (np.diff(reports.times_us) >= 0).all()
    assert reports.times_us[0] == materials.times_us[materials.labels][0] + DAY_US


def test_a_label_known_at_once_does_not_reach_its_own_payment(materials) -> None:
    everything = np.ones(ROWS, np.bool_)
    reports = PlainFeatures().matrix(materials.transfers, materials.reports(0), everything)[:, 4]
    first = {}
    for at, payee in enumerate(materials.transfers["payee"]):
        first.setdefault(payee, at)
    assert all(reports[at] == 0 for payee, at in first.items() if payee.startswith("M"))
    assert reports[materials.labels].max() > 1
    assert materials.reports(None).accounts == ()


def test_the_stream_reads_what_a_plain_count_finds(materials) -> None:
    """Sums, counts and reports of the shard against recounted ones, with reports that come between payments."""
    wanted = np.arange(ROWS) % 7 == 3
    reports = materials.reports(DAY_US)
    plain = PlainFeatures().matrix(materials.transfers, reports, wanted)
    stream = StreamFeatures()
    found = stream.matrix(materials.transfers, reports, wanted)
    names = [row.name for row in stream.rows]
    assert found.shape == (wanted.sum(), len(names))
    for name, column in (("payment_amount", 0), ("payee_in_age", 3), ("payee_reports_90d", 4)):
        expected = np.nan_to_num(plain[:, column], nan=-1.0)  # what never was is -1 there
        assert found[:, names.index(name)].tolist() == expected.tolist()
    assert plain[:, 4].max() > 2


def test_what_comes_before_the_period_warms_the_state_and_is_not_scored(materials, trained) -> None:
    period = Period(at_day(14), at_day(16))
    found = evaluate_model(trained.model, materials, PlainFeatures(), period)
    assert found["rows"] == 96
    inside = period.rows(materials.times_us)
    cold = Materials(
        materials.transfers.filter(pl.Series(inside)),
        (),
        materials.labels[inside],
        tuple(
            name
            for name, row in zip(materials.bad, np.flatnonzero(materials.labels), strict=True)
            if inside[row]
        ),
    )
    without = evaluate_model(trained.model, cold, PlainFeatures(), Period())
    assert without["rows"] == 96
    assert found["pr_auc"] != without["pr_auc"]  # the state was warm


def test_figures_are_those_of_rows_that_the_model_can_tell_apart(materials, trained) -> None:
    found = evaluate_model(
        trained.model, materials, PlainFeatures(), Period(at_day(13)), budgets=(10,)
    )
    assert found["auc"] > 0.9
    assert found["pr_auc"] > 0.6
    assert found["precision_at"].keys() == {"10", "positives"}
    assert found["money_recall_at"]["10"] > 0
    assert found["time_to_detection"]["groups"] == 6
    json.dumps(found)


def test_what_the_model_learns_ends_where_labels_were_known(trained) -> None:
    training = trained.model.training
    assert training.until_us == microseconds(at_day(12))
    assert training.rows == 11 * 48
    assert training.rows_unknown == 48
    assert [file.rows for file in training.data] == [ROWS, ROWS]


def test_later_labels_and_later_payments_change_no_byte_of_a_model(materials, trained) -> None:
    labels = materials.labels.copy()
    labels[11 * 48 + 5 :] = False
    bad = tuple(
        name
        for name, row in zip(materials.bad, np.flatnonzero(materials.labels), strict=True)
        if labels[row]
    )
    end = 12 * 48 + 10
    earlier = Materials(materials.transfers.head(end), materials.data, labels[:end], bad)
    again = train_model(earlier, PlainFeatures(), Period(end=at_day(12)), DAY_US, SMALL)
    assert again.model.digest == trained.model.digest
    labels[100] = ~labels[100]
    bad = tuple(materials.transfers["payee"][int(row)] for row in np.flatnonzero(labels))
    other = Materials(materials.transfers, materials.data, labels, bad)
    assert train_model(
        other, PlainFeatures(), Period(end=at_day(12)), DAY_US, SMALL
    ).model.digest != (trained.model.digest)


def test_payers_of_whom_a_fraud_was_known_when_the_day_began_are_left_out(
    materials, trained
) -> None:
    period = Period(at_day(14))
    found = evaluate_model(trained.model, materials, PlainFeatures(), period, drops_known=True)
    rows = materials.transfers.with_columns(case=pl.Series(materials.labels)).to_dicts()
    known = {}
    for row in rows:
        if row["case"]:
            known.setdefault(row["payer"], row["time"] + timedelta(days=1))
    kept = [
        row
        for row in rows
        if row["time"] >= at_day(14)
        and not known.get(row["payer"], row["time"]) < row["time"].replace(hour=0, minute=0)
    ]
    assert 0 < found["rows"] == len(kept) < 228


def test_scored_transfers_carry_score_reasons_and_the_model(materials, trained) -> None:
    frame = score_transfers(trained.model, materials, PlainFeatures(), Period(at_day(13)))
    assert frame.height == ROWS - 13 * 48
    assert frame["score"].is_between(0, 1).all()
    alerted = frame.filter(pl.col("alert_share").is_not_null())
    assert 0 < alerted.height < frame.height
    assert alerted["reasons"].list.len().max() == 3
    assert frame.filter(pl.col("alert_share").is_null())["reasons"].list.len().max() == 0
    assert alerted["raw"].min() > frame.filter(pl.col("alert_share").is_null())["raw"].max()
    assert set(frame["model"]) == {trained.model.digest}


def test_periods_and_labels_from_which_nothing_can_be_learnt_are_refused_by_name(
    files, materials, trained, tmp_path
) -> None:
    def code(act) -> str:
        with pytest.raises(InputFault) as caught:
            act()
        return caught.value.problems[0].code

    none = place(tmp_path, "none.csv", ["transfer,label", "T1,0"])
    assert code(lambda: open_materials([files["ledger"]], none, UTC_TIMES)) == "labels_missing"
    early = Period(end=at_day(-1))
    assert code(lambda: train_model(materials, PlainFeatures(), early)) == "period_empty"
    one = Period(end=at_day(0.02))
    assert code(lambda: train_model(materials, PlainFeatures(), one)) == "labels_too_few"
    after = Period(at_day(400))
    assert code(lambda: evaluate_model(trained.model, materials, PlainFeatures(), after)) == (
        "period_empty"
    )

    class Fewer(PlainFeatures):
        rows = PlainFeatures.rows[:-1]

    with pytest.raises(ModelFault, match="model_of_other_features"):
        evaluate_model(trained.model, materials, Fewer(), Period())


def run(*words: object):
    return CliRunner().invoke(app, ["watch", *map(str, words)])


def test_train_evaluate_and_score_work_from_the_command_line(files, tmp_path) -> None:
    out, zone = tmp_path / "model.json", ("--timezone", "UTC")
    given = (files["ledger"], "--labels", files["labels"])
    trained = run(
        "train", *given, "--until", "2026-01-13", "--label-delay", "1d", "--out", out, *zone,
        "--trees", 10, "--ablation",
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.card.json", "model.card.md", "model.json",
    ]  # fmt: skip
    assert (
        "record, payee" in json.loads((tmp_path / "model.card.json").read_text())["added_by_group"]
    )
    judged = run("evaluate", *given, "--model", out, "--from", "2026-01-14", "--json", *zone)
    assert judged.exit_code == 0, judged.output
    figures = json.loads(judged.output)
    assert {"auc", "pr_auc", "precision_at", "recall_at"} <= figures.keys()
    assert figures["auc"] > 0.9
    spoken = run("evaluate", *given, "--model", out, "--alerts", 7, *zone)
    assert "precision_at: 7 " in spoken.output
    table = tmp_path / "decisions.parquet"
    scored = run("score", *given, "--model", out, "--out", table, *zone)
    assert scored.exit_code == 0, scored.output
    assert pl.read_parquet(table).height == ROWS


@pytest.mark.parametrize("patterns", ["--graph", "--no-graph"])
def test_decided_transfers_of_files_replay_from_their_log(files, tmp_path, patterns) -> None:
    out, log, table = (tmp_path / name for name in ("model.json", "log", "decisions.parquet"))
    given = (files["ledger"], "--labels", files["labels"], "--timezone", "UTC")
    known = ("--rules", "cn-flags", "--policy", "cn", "--model", out)
    more = ("--label-delay", "1d", "--trees", 5, patterns)
    assert run("train", *given, *more, "--out", out).exit_code == 0
    decided = run("score", *given, *known, "--out", table, "--log", log)
    assert decided.exit_code == 0, decided.output
    frame = pl.read_parquet(table)
    assert frame.height == ROWS
    assert frame["chance"].equals(frame["score"].alias("chance"))  # the stream's is the matrix's
    assert set(frame["decision"]) == {"allow"}  # rules and model come in shadow
    replayed = run("replay", log, *known)
    assert replayed.exit_code == 0, replayed.output
    assert "the same to the last" in replayed.output
    other = run("replay", log, "--policy", "cn", "--model", out)
    assert other.exit_code == 2
    assert "another rules" in other.output


def test_the_commands_refuse_what_they_cannot_do_and_write_nothing(files, tmp_path) -> None:
    given = (files["ledger"], "--labels", files["labels"], "--timezone", "UTC")
    broken = place(tmp_path, "broken.json", ["{}"])
    before = sorted(tmp_path.iterdir())
    for words, said in (
        (("evaluate", *given, "--model", broken), "model_unreadable"),
        (("evaluate", *given, "--model", tmp_path / "none"), "model_unreadable"),
        (("train", *given, "--out", files["ledger"]), "out_among_inputs"),
        (("train", *given, "--out", tmp_path), "out_is_folder"),
        (("train", *given, "--out", tmp_path / "m", "--until", "soon"), "option_time_unreadable"),
        (("train", *given, "--out", tmp_path / "m", "--label-delay", "x"), "duration_unreadable"),
        (("train", *given, "--out", tmp_path / "m", "--until", "2020-01-01"), "period_empty"),
    ):
        ran = run(*words)
        assert (ran.exit_code, said in ran.output) == (2, True), ran.output
    assert sorted(tmp_path.iterdir()) == before


def test_bad_rows_stop_the_work_unless_they_may_be_left_out(files, tmp_path) -> None:
    ledger = files["ledger"].read_text(encoding="utf-8").replace(",500", ",-500")
    bad = place(tmp_path, "bad.csv", ledger.splitlines())
    given = (bad, "--labels", files["labels"], "--timezone", "UTC", "--trees", 3, "--out")
    stopped = run("train", *given, tmp_path / "model.json")
    assert (stopped.exit_code, "amount_not_positive" in stopped.output) == (2, True)
    assert "label_no_match" not in stopped.output  # the label is right, its transfer is not
    rejects = tmp_path / "rejects.csv"
    went_on = run("train", *given, tmp_path / "model.json", "--rejects", rejects)
    assert went_on.exit_code == 0, went_on.output
    assert set(pl.read_csv(rejects)["code"]) == {"amount_not_positive"}
    taken = run("train", *given, tmp_path / "model.json", "--rejects", files["labels"])
    assert (taken.exit_code, "out_among_inputs" in taken.output) == (2, True)
