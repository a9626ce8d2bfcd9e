"""OUT: a run as JSON, and the JSON Schema that it keeps. Money is whole minor units, shares are numbers from 0 on; no null."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from recoup._version import __version__
from recoup.rehearse.figures import FIGURES, SURVIVAL_SECONDS, Figure, Identity
from recoup.rehearse.limits import LIMITS
from recoup.rehearse.running import Run
from recoup.rehearse.scenario import scenario_text

FORMAT: Final = "recoup-rehearsal/1"


def document(run: Run, scenario_name: str) -> dict[str, Any]:
    """Return OUT of a run; `scenario_name` is how the caller named the scenario."""
    text = scenario_text(run.scenario)
    return {
        "format": FORMAT,
        "program": __version__,
        "scenario": scenario_name,
        "scenario_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seed": run.seed,
        "country": dict(run.country),
        "policies": {name: _rounded(one.figures) for name, one in run.results.items()},
        "limits": {name: _rounded(figures) for name, figures in run.limits.items()},
        "identities": {
            name: [_identity(each) for each in one.identities] for name, one in run.results.items()
        },
        "survival": {
            "seconds": list(SURVIVAL_SECONDS),
            "policies": {
                name: [round(share, 6) for share in one.survival]
                for name, one in run.results.items()
            },
        },
        "seconds": round(run.seconds, 3),
        "country_seconds": round(run.country_seconds, 3),
        "memory_bytes": run.memory_bytes,
        "workers": run.workers,
    }


def _rounded(figures: Mapping[str, int | float]) -> dict[str, int | float]:
    """Return figures as they are written: whole ones whole, others to six places."""
    return {
        one.name: int(figures[one.name])
        if one.unit.is_whole
        else round(float(figures[one.name]), 6)
        for one in FIGURES
    }


def _identity(one: Identity) -> dict[str, Any]:
    return {
        "name": one.name,
        "left": one.left,
        "relation": one.relation,
        "right": one.right,
        "holds": one.holds,
    }


def out_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of OUT. A later version may add keys; it never takes one away or changes its meaning."""
    whole = {"type": "integer", "minimum": 0}
    number = {"type": "number", "minimum": 0}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        "description": "What `recoup rehearse --json` writes. Money is whole minor units of the country's currency.",
        "type": "object",
        "required": [
            *("format", "program", "scenario", "scenario_sha256", "seed", "country", "policies"),
            *("limits", "identities", "survival", "seconds", "country_seconds", "memory_bytes"),
            "workers",
        ],
        "properties": {
            "format": {"const": FORMAT},
            "program": {"type": "string"},
            "scenario": {"type": "string"},
            "scenario_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "seed": {"type": "integer"},
            "country": _country_schema(),
            "policies": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": "^[a-z0-9-]+$"},
                "additionalProperties": {"$ref": "#/$defs/figures"},
            },
            "limits": {
                "type": "object",
                "required": list(LIMITS),
                "additionalProperties": {"$ref": "#/$defs/figures"},
            },
            "identities": {
                "type": "object",
                "additionalProperties": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/identity"},
                },
            },
            "survival": _survival_schema(),
            "sweep": _sweep_schema(),
            "seconds": number,
            "country_seconds": number,
            "memory_bytes": whole,
            "workers": whole,
        },
        "$defs": {
            "figures": {
                "type": "object",
                "required": [one.name for one in FIGURES],
                "properties": {one.name: _figure_schema(one) for one in FIGURES},
            },
            "identity": {
                "type": "object",
                "required": ["name", "left", "relation", "right", "holds"],
                "properties": {
                    "name": {"type": "string"},
                    "left": {"type": "integer"},
                    "relation": {"enum": ["=", "<="]},
                    "right": {"type": "integer"},
                    "holds": {"const": True},
                },
            },
        },
    }


def _figure_schema(one: Figure) -> dict[str, Any]:
    said = f"{one.meaning} ({one.unit})"
    if one.counted_by:
        said += f"; says nothing where {one.counted_by} is 0"
    kind = "integer" if one.unit.is_whole else "number"
    return {"type": kind, "minimum": 0, "description": said}


def _country_schema() -> dict[str, Any]:
    whole = ("institutions", "accounts", "holders", "scheduled_payments", "frauds", "to_be_paid")
    instants = ("begin_us", "end_us")
    return {
        "type": "object",
        "required": [*whole, "currency", "timezone", *instants],
        "properties": {
            **{name: {"type": "integer", "minimum": 0} for name in (*whole, *instants)},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "timezone": {"type": "string"},
        },
    }


def _sweep_schema() -> dict[str, Any]:
    figures = {"type": "object", "additionalProperties": {"$ref": "#/$defs/figures"}}
    values = {"type": "array", "items": {"type": "string"}}
    interval = {
        "type": "object",
        "required": ["mean", "low", "high", "seeds"],
        "properties": {
            **{name: {"type": "number"} for name in ("mean", "low", "high")},
            "seeds": {"type": "integer", "minimum": 1},
        },
    }
    return {
        "type": "object",
        "description": "Only of a sweep: `kept_share` is over `loss`, the loss when nobody acts, with Student's t over seeds.",
        "required": ["terms", "confidence", "points", "kept_share"],
        "properties": {
            "terms": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "values"],
                    "properties": {"name": {"type": "string"}, "values": values},
                },
            },
            "confidence": {"type": "number"},
            "points": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["values", "seed", "loss", "policies", "limits"],
                    "properties": {
                        "values": values,
                        "seed": {"type": "integer"},
                        "loss": {"type": "integer", "minimum": 0},
                        "policies": figures,
                        "limits": figures,
                    },
                },
            },
            "kept_share": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["values", "policies"],
                    "properties": {
                        "values": values,
                        "policies": {"type": "object", "additionalProperties": interval},
                    },
                },
            },
        },
    }


def _survival_schema() -> dict[str, Any]:
    shares = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}}
    return {
        "type": "object",
        "description": "By policy, the share of stolen money that had not left, so many seconds after it was stolen.",
        "required": ["seconds", "policies"],
        "properties": {
            "seconds": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "policies": {"type": "object", "additionalProperties": shares},
        },
    }


__all__ = ["FORMAT", "document", "out_schema"]
