"""OUT and its schema: what is committed is what the program says, and a real run keeps it."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from recoup.rehearse.figures import FIGURES
from recoup.rehearse.report import document, out_schema
from rehearsal.report.village import run_of_village

SCHEMA = Path(__file__).parents[3] / "docs/reference/rehearse-out.schema.json"

ASKED = (
    *("loss", "kept", "reported", "inside_at_report", "stopped_gross", "stopped_net", "frozen"),
    *("intercepted_accounts", "intercepted_amount", "dissuaded_victims", "averted_amount"),
    *("returned", "returned_share_of_frozen", "days_to_return_p50", "innocent_accounts_held"),
    *("innocent_amount_held", "innocent_amount_held_peak", "innocent_amount_hours"),
    *("innocent_release_hours_p50", "false_hold_rate", "held_over_loss_max", "overlap_max"),
    *("orders", "hops_max", "seconds_to_first_stop_p50", "seconds_to_first_stop_p99"),
    *("seconds_per_hop_p50", "seconds_per_hop_p99", "wall_seconds"),
)
"""Keys that others may rely on; more may come, none may go."""


@pytest.fixture(scope="module")
def out():
    return document(run_of_village(), "village.toml")


def test_the_committed_schema_is_the_programs():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == out_schema()


def test_a_real_run_keeps_the_schema(out):
    jsonschema.validate(json.loads(json.dumps(out)), out_schema())


def test_policies_and_limits_have_every_figure_and_none_is_null(out):
    assert set(ASKED) <= {one.name for one in FIGURES}
    for figures in (*out["policies"].values(), *out["limits"].values()):
        assert list(figures) == [one.name for one in FIGURES]
        assert all(value is not None and value >= 0 for value in figures.values())


@pytest.mark.parametrize("spoil", ["missing", "null", "float", "broken"])
def test_the_schema_refuses_what_is_no_out(out, spoil):
    """Negative controls: a schema that takes anything proves nothing."""
    bad = copy.deepcopy(out)
    if spoil == "missing":
        del bad["limits"]["instant"]["kept"]
    elif spoil == "null":
        bad["policies"]["none"]["returned"] = None
    elif spoil == "float":
        bad["policies"]["none"]["loss"] = 1.5
    else:
        bad["identities"]["none"][0]["holds"] = False
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, out_schema())


def test_a_figure_that_counts_others_is_a_figure():
    names = {one.name for one in FIGURES}
    assert {one.counted_by for one in FIGURES if one.counted_by} <= names


def test_money_adds_up_in_a_real_run(out):
    assert all(one["holds"] for each in out["identities"].values() for one in each)
    for name, figures in out["policies"].items():
        parts = ("stopped_net", "intercepted_amount", "averted_amount")
        assert figures["kept"] == sum(figures[part] for part in parts), name
    limits = out["limits"]
    assert 0 <= limits["latency_bound"]["kept"] <= limits["instant"]["kept"]
    assert limits["instant"]["kept"] == out["policies"]["none"]["inside_at_report"]
