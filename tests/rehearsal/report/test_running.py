"""Running policies: in processes or not, the same figures; and the command line around it."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from typer.testing import CliRunner

from recoup.cli import app
from recoup.rehearse.figures import Identity
from recoup.rehearse.report import out_schema
from recoup.rehearse.running import rehearse
from rehearsal.report.village import TEXT, run_of_village, village

HERE = CliRunner()


def _without_time(result):
    return replace(
        result,
        figures={n: v for n, v in result.figures.items() if n != "wall_seconds"},
        limits=None,
        memory_bytes=0,
    )


def test_two_processes_find_what_one_finds_and_tell_on_the_way():
    told = []
    apart = rehearse(village(), 1, ("none", "med2"), workers=2, told=told.append)
    together = run_of_village()
    assert {n: _without_time(r) for n, r in apart.results.items()} == {
        n: _without_time(r) for n, r in together.results.items()
    }
    assert {(one.policy, one.doing) for one in told} >= {
        ("", "making"),
        ("", "done"),
        ("none", "done"),
        ("med2", "done"),
    }


def test_the_limits_come_though_none_was_not_asked_for():
    run = rehearse(village(), 1, ("med2",), workers=0)
    assert list(run.results) == ["med2"]
    assert run.limits["instant"]["kept"] == run_of_village().limits["instant"]["kept"]


def test_another_seed_is_another_country():
    run = rehearse(village(), 2, ("none",), workers=0)
    assert run.results["none"].figures["loss"] != run_of_village().results["none"].figures["loss"]


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_command_writes_out_and_report_and_ends_with_0(scenario, tmp_path):
    out, report = tmp_path / "a/out.json", tmp_path / "report"
    asked = ["rehearse", str(scenario), "--policies", "none", "--json", str(out)]
    asked += ["--report", str(report), "--workers", "1", "--language", "en"]
    done = HERE.invoke(app, asked)
    assert done.exit_code == 0, done.output
    jsonschema.validate(json.loads(out.read_text(encoding="utf-8")), out_schema())
    names = {path.name for path in report.iterdir()}
    assert names == {
        *("out.json", "cases.csv", "report.html", "report.zh.html"),
        *("press.zh.pdf", "press.en.pdf"),
    }
    assert "MiB of memory" in done.output


def test_an_identity_that_does_not_hold_ends_with_1(scenario, monkeypatch):
    broken = Identity("books balance", 1, "=", 2)
    run = run_of_village()
    wrong = replace(run, results={"none": replace(run.results["none"], identities=(broken,))})
    monkeypatch.setattr("recoup.rehearse.running.rehearse", lambda *_, **__: wrong)
    done = HERE.invoke(app, ["rehearse", str(scenario), "--policies", "none"])
    assert done.exit_code == 1
    assert "books balance: 1 = 2 does not hold" in done.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--policies", "nobody"], "no policy 'nobody'"),
        (["--seed", "-1"], "expected --seed"),
        (["--language", "fr"], "expected --language"),
        (["--workers", "0"], "expected --workers"),
        (["--seeds", "0", "--report", "r"], "expected --seeds"),
        (["--sweep", "report_delay"], "expected --sweep term=value"),
        (["--sweep", "frauds.count=3"], "name one"),
        (["--sweep", "no.such=3", "--report", "r"], "no.such"),
        (["--sweep", "frauds.count=3", "--sweep", "frauds.count=4", "--report", "r"], "twice"),
    ],
)
def test_what_cannot_be_played_is_refused_with_2(scenario, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    done = HERE.invoke(app, ["rehearse", str(scenario), *asked])
    assert done.exit_code == 2, done.output
    assert said in done.stderr


def test_a_scenario_that_is_none_is_refused_with_2(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("[country]\npeople = -4\n", encoding="utf-8")
    for name in (path, tmp_path / "absent.toml"):
        assert HERE.invoke(app, ["rehearse", str(name)]).exit_code == 2


@pytest.mark.parametrize("which", ["--scenario", "--out"])
def test_schemas_are_printed(which):
    done = HERE.invoke(app, ["rehearse", "schema", which])
    assert done.exit_code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(done.output))
