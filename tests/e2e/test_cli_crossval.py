"""`recoup watch crossval` from files to figures, and `recoup bench watch-sets` where the data are not there."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recoup.cli import app


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Path:
    """300 accounts that pay at random; every tenth gathers from many on one day and passes it on the next."""
    folder, chance = tmp_path_factory.mktemp("crossval"), random.Random(1)
    rows = []
    for at in range(300):
        for _ in range(6):
            other = chance.choice([one for one in range(300) if one != at])
            day = chance.randrange(1, 29)
            rows.append(
                (
                    f"2026-03-{day:02d}T{chance.randrange(24):02d}:00:00Z",
                    at,
                    other,
                    chance.randrange(50, 900),
                )
            )
    for at in range(0, 300, 10):
        day = chance.randrange(1, 26)
        for _ in range(8):
            rows.append((f"2026-03-{day:02d}T09:00:00Z", chance.randrange(1, 300, 10), at, 300))
        rows.append((f"2026-03-{day + 1:02d}T09:00:00Z", at, (at + 13) % 300, 2390))
    lines = [
        f"t{number},{time},a{payer},a{payee},{amount}.00,CNY"
        for number, (time, payer, payee, amount) in enumerate(sorted(rows))
    ]
    text = "\n".join(["id,time,payer,payee,amount,currency", *lines]) + "\n"
    (folder / "transfers.csv").write_text(text, encoding="utf-8")
    marked = "".join(f"a{at},{int(at % 10 == 0)}\n" for at in range(300))
    (folder / "labels.csv").write_text("account,label\n" + marked, encoding="utf-8")
    return folder


def crossval(case: Path, labels: str, *more: str):
    arguments = ["watch", "crossval", case / "transfers.csv", "--labels", case / labels, *more]
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_accounts_that_gather_are_told_from_others_that_were_not_learnt_from(case: Path) -> None:
    result = crossval(case, "labels.csv", "--folds", "3", "--repeats", "2", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {"auc", "pr_auc", "precision_at", "recall_at"} <= found.keys()
    assert (found["accounts"], found["cases"], found["folds"], found["seeds"]) == (
        300,
        30,
        3,
        [1, 2],
    )
    assert found["pr_auc"] > 0.8
    assert found["over_seeds"]["pr_auc"]["mean"] > 0.8


def test_labels_that_say_nothing_find_nothing(case: Path) -> None:
    """The control: the same accounts with labels drawn at random."""
    chance = random.Random(2)
    drawn = "".join(f"a{at},{int(chance.random() < 0.1)}\n" for at in range(300))
    (case / "drawn.csv").write_text("account,label\n" + drawn, encoding="utf-8")
    result = crossval(case, "drawn.csv", "--folds", "3", "--json")
    assert json.loads(result.stdout)["pr_auc"] < 0.4


def test_labels_of_transfers_or_of_too_few_accounts_are_refused(case: Path) -> None:
    (case / "few.csv").write_text("account,label\na1,1\n", encoding="utf-8")
    (case / "of_transfers.csv").write_text("transfer,label\nt1,1\nt2,0\n", encoding="utf-8")
    for labels in ("few.csv", "of_transfers.csv"):
        result = crossval(case, labels)
        assert result.exit_code == 2
        assert "labels_missing" in result.output


def test_data_sets_that_are_absent_are_skipped_and_said_to_be(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "watch-sets", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"rows": []}
    assert result.stderr.count("skipped, not there") == 5
