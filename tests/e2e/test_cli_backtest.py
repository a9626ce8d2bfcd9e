"""`recoup watch rules` and `recoup watch backtest` on files: what they print and refuse, and that the state really runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recoup.cli import app

HEAD = "id,time,payer,payee,amount,currency,kind"
ROWS = (
    "t1,2026-01-05T10:00:00Z,ann,mule,600.00,CNY,transfer",
    "t2,2026-01-05T10:01:00Z,bob,mule,400.00,CNY,transfer",
    "t3,2026-01-05T10:02:00Z,mule,next,950.00,CNY,transfer",
    "t4,2026-01-05T15:30:00Z,ann,shop,80.00,CNY,purchase",
    "t5,2026-01-06T15:30:00Z,bob,shop,70.00,CNY,purchase",
    "t6,2026-01-06T16:00:00Z,bob,shop,70.00,USD,purchase",
    "t7,2026-01-07T10:00:00Z,mule,,40.00,CNY,cash_out",
)
RULES = """\
id = "trial"
timezone = "Asia/Shanghai"
night = [22, 6]
lists = ["suspect"]

[[rules]]
id = "passes-on"
expression = "payer_passed_on_24h >= 0 and (payer_out_sum_24h + amount) / payer_in_sum_24h between 90% and 110%"
action = "hold"
reason = "cn-3006"
author = "risk-7"
budget = 1

[[rules]]
id = "at-night"
expression = "is_night and amount >= least"
currency = "CNY"
action = "delay"
reason = "own-night"
words = "at night"
author = "risk-7"
budget = 1
thresholds.least = { value = "75.00 CNY", source = "our own", standing = "assumed" }

[[rules]]
id = "from-suspect"
expression = 'payer in list("suspect")'
action = "warn"
reason = "cn-3005"
author = "risk-7"

[[rules]]
id = "by-zero"
expression = "amount / (payer_in_sum_24h - payer_in_sum_24h) > 1"
action = "refuse"
reason = "own-zero"
words = "divides by zero"
author = "risk-7"
"""
SNOOZE = """
[[snoozes]]
rule = "at-night"
account = "ann"
reason = "works at night"
author = "risk-7"
approver = "risk-2"
from = 2026-01-05T00:00:00Z
until = 2026-01-06T00:00:00Z
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "t.csv", "\n".join((HEAD, *ROWS)))
    put(tmp_path, "labels.csv", "transfer,label\nt3,1\n")
    put(tmp_path, "suspects.csv", "account\nmule\nnobody\n")
    put(tmp_path, "rules.toml", RULES)
    return tmp_path


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def run(folder: Path, *more: str, rules: str = "rules.toml") -> Result:
    arguments = [str(folder / rules), str(folder / "t.csv"), *more]
    return CliRunner().invoke(app, ["watch", "backtest", *arguments])


def figures(folder: Path, *more: str) -> dict[str, dict[str, object]]:
    result = run(folder, "--json", *more)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    return document | {row["rule"]: row for row in document["rules"]}


def test_rules_are_tried_on_past_payments(folder: Path) -> None:
    labels, suspects = str(folder / "labels.csv"), f"suspect={folder / 'suspects.csv'}"
    found = figures(folder, "--labels", labels, "--list", suspects)
    assert (found["payments"], found["days"]) == (7, 3)
    held = found["passes-on"]
    assert (held["alerts"], held["precision"], held["recall"]) == (1, 1.0, 1.0)
    assert (held["fraud_stopped"], held["innocent_delayed"]) == ({"CNY": "950.00"}, {})
    night = found["at-night"]
    assert (
        night["alerts"],
        night["precision"],
        night["innocent_delayed"],
    ) == (1, 0.0, {"CNY": "80.00"})
    assert night["fraud_missed"] == {"CNY": "950.00"}
    suspect = found["from-suspect"]
    assert (
        suspect["alerts"],
        suspect["fraud_stopped"],
        suspect["fraud_warned"],
    ) == (2, {}, {"CNY": "950.00"})
    zero = found["by-zero"]
    assert (zero["alerts"], zero["unknown"]) == (0, 7)
    assert found["together"]["alerts"] == 3
    assert found["live"]["alerts"] == 0
    assert found["overlaps"] == [
        {"first": "passes-on", "second": "from-suspect", "both": 1, "either": 2}
    ]


def test_without_labels_and_lists_nothing_is_known_of_fraud_or_suspects(folder: Path) -> None:
    found = figures(folder)
    assert (found["passes-on"]["precision"], found["passes-on"]["recall"]) == (None, None)
    assert (found["from-suspect"]["alerts"], found["from-suspect"]["unknown"]) == (0, 7)


def test_what_lies_before_the_period_warms_the_state_only(folder: Path) -> None:
    found = figures(folder, "--from", "2026-01-05T10:02:00Z", "--to", "2026-01-06T00:00:00Z")
    assert found["payments"] == 2
    assert found["passes-on"]["alerts"] == 1


def test_a_snooze_keeps_an_alert_back_and_says_so(folder: Path) -> None:
    put(folder, "rules.toml", RULES + SNOOZE)
    found = figures(folder)["at-night"]
    assert (found["alerts"], found["snoozed"]) == (0, 1)


def test_what_a_rule_would_add_is_counted_beside_the_live_ones(folder: Path) -> None:
    digest = figures(folder)["passes-on"]["digest"]
    live = f'mode = "live"\napprover = "risk-2"\napproved = "{digest}"\nbudget = 1'
    put(folder, "rules.toml", RULES.replace("budget = 1", live, 1))
    found = figures(folder, "--list", f"suspect={folder / 'suspects.csv'}")
    assert (found["live"]["alerts"], found["passes-on"]["added_to_live"]["alerts"]) == (1, 1)
    assert (
        found["from-suspect"]["alerts"],
        found["from-suspect"]["added_to_live"]["alerts"],
    ) == (2, 1)


def test_bad_rows_may_be_left_out_and_are_written_aside(folder: Path) -> None:
    put(
        folder,
        "t.csv",
        "\n".join((HEAD, *ROWS, "t8,2026-01-07T11:00:00Z,ann,bob,-5.00,CNY,transfer")),
    )
    assert run(folder).exit_code == 2
    rejects = folder / "rejects.csv"
    assert figures(folder, "--rejects", str(rejects))["payments"] == 7
    assert "amount_not_positive" in rejects.read_text(encoding="utf-8")
    assert run(folder, "--rejects", str(folder / "t.csv")).exit_code == 2


def test_shipped_flags_run_on_any_ledger(folder: Path) -> None:
    result = CliRunner().invoke(app, ["watch", "backtest", "cn-flags", str(folder / "t.csv")])
    assert result.exit_code == 0, result.output
    assert "chain-pass-through" in result.stdout


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        (("is_night", "is_nigth"), (), "rule at-night expression line 1 column 1: name_unknown"),
        (("75.00 CNY", "75.00 USD"), (), "currency_wrong"),
        (("", ""), ("--list", "friends=suspects.csv"), "list_unknown"),
        (("", ""), ("--from", "2027-01-01T00:00:00Z"), "period_empty"),
        (("", ""), ("--list", "suspect=nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_is_wrong_is_refused_and_named(folder: Path, change, more, says: str) -> None:
    put(folder, "rules.toml", RULES.replace(*change))
    given = [word.replace("=", f"={folder}/") if word.endswith(".csv") else word for word in more]
    result = run(folder, *given)
    assert result.exit_code == 2
    assert says in result.stderr


def test_rules_are_shown_with_the_digest_that_an_approver_states(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["watch", "rules", str(folder / "rules.toml")])
    assert shown.exit_code == 0
    assert figures(folder)["at-night"]["digest"] in shown.stdout
    assert CliRunner().invoke(app, ["watch", "rules"]).stdout == "cn-flags\n"
    wrong = CliRunner().invoke(app, ["watch", "rules", "no-such-set"])
    assert wrong.exit_code == 2
    assert "cn-flags" in wrong.stderr
