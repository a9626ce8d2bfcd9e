"""`recoup policy` as a lawyer runs it: every term with its value, source and standing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from typer.testing import CliRunner

from recoup.care import CareTerms, MeasureKind, RiskGrade
from recoup.cases import CasePolicy
from recoup.cli import app
from recoup.orders import Deed, InstitutionKind, OrderKind, Policy
from recoup.procedure import ReturnTerms


def run(*arguments: str):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, ["policy", *arguments])


def test_without_a_name_the_shipped_policies_are_listed() -> None:
    assert run().output == "cn-2016\n"


def test_every_term_is_shown_with_its_source_and_how_sure_it_is() -> None:
    lines = [line.split("\t") for line in run("cn-2016").output.splitlines()]
    terms = {line[0] for line in lines[1:]}
    known = {field.name for kind in (Policy, CasePolicy) for field in fields(kind)}
    levels = {f"level of {row.value}" for row in (*OrderKind, *Deed)} | {"level of mandate"}
    apart = {"id", "grounds", "orders", "levels", "procedure", "care", "institutions", "powers"}
    powers = {f"powers.{kind}" for kind in InstitutionKind}
    back = {f"return {f.name}" for f in fields(ReturnTerms)} - {"return id", "return grounds"}
    years = {"working days of 2025", "working days of 2026"}
    single = {f.name for f in fields(CareTerms)} - {
        "id",
        "grounds",
        "currency",
        "measures",
        "steps",
    }
    care = {f"care {name}" for name in (*single, *MeasureKind, *RiskGrade)}
    known_back = back - {"return calendar"}
    assert terms == (known - apart) | powers | levels | known_back | years | care
    assert ["return notice_days", "30", "return-rules-art-8", "known"] in lines
    assert ["appeal_seconds", "86400", "fraud-law-art-32", "assumed"] in lines
    assert ["stop_seconds", "172800", "stop-notice-2016", "known"] in lines
    assert ["level of freeze", "district", "freeze-rules-level", "assumed"] in lines
    assert ["powers.aggregator", "query", "account-notice-2019", "assumed"] in lines
    assert ["can_shrink_stop", "no", "stop-notice-2016", "assumed"] in lines


def test_every_source_is_a_heading_of_the_law_page_or_says_what_it_is() -> None:
    root = next(p for p in Path(__file__).parents if (p / "pyproject.toml").exists())
    law = (root / "docs/LAW.md").read_text(encoding="utf-8")
    for line in run("cn-2016").output.splitlines()[1:]:
        source = line.split("\t")[2]
        assert "{#" + source + "}" in law or " " in source, source


def test_a_policy_that_is_not_there_is_an_error_without_a_traceback() -> None:
    found = run("xx-1999")
    assert found.exit_code == 2
    assert "policy xx-1999" in found.output
    assert "Traceback" not in found.output
