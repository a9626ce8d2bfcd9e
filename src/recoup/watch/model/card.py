"""The card of a model: what it was trained on, how good it was on later rows, whether it stands still. JSON and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np

from recoup.watch.model.columns import FeatureRow
from recoup.watch.model.drift import bins_of, drift_of
from recoup.watch.model.evaluation import Scored, figures
from recoup.watch.model.measures import average_precision
from recoup.watch.model.model import Model
from recoup.watch.model.training import Examples, Trained, fit_trees, scored, without

PERIODS: Final = 4
_SAMPLE_MAX: Final = 20_000  # rows for importances; their order settles after a few thousand

Card = dict[str, Any]


def card_of(trained: Trained, added_by_group: Mapping[str, object] | None = None) -> Card:
    """Return the card as values for JSON, in a fixed order.

    Args:
        trained: the model and its trial on rows held out.
        added_by_group: what `added_by` found; null in the card where nobody looked.
    """
    model, known = trained.model, trained.known
    later = known.where(trained.is_held_out)
    one_currency = np.unique(known.currencies).size == 1
    measured = figures(
        Scored(
            trained.held_out_scores,
            later.labels,
            later.times_us,
            later.money if one_currency else None,
        )
    )
    return {
        "model": model.digest,
        "features": {"digest": model.features.digest, "names": list(model.features.names)},
        "training": _training(model),
        "calibration": model.calibration.kind.value,
        "held_out": measured,
        "periods": _periods(trained),
        "stability": _stability(trained),
        "importances": _importances(model, known),
        "added_by_group": None if added_by_group is None else dict(added_by_group),
    }


def _training(model: Model) -> Card:
    training, delay = model.training, model.training.label_delay_us
    return {
        "data": [asdict(file) for file in training.data],
        "parameters": asdict(training.parameters),
        "from": _instant(training.from_us),
        "until": _instant(training.until_us),
        "label_delay_seconds": None if delay is None else delay // 1_000_000,
        "rows": training.rows,
        "cases": training.cases,
        "rows_held_out": training.rows_held_out,
        "cases_held_out": training.cases_held_out,
        "rows_unknown": training.rows_unknown,
        "timezone": training.timezone,
        "night": list(training.night),
        "pockets": "account" if training.whole_accounts else "account and currency",
    }


def _clock(training: Mapping[str, Any]) -> str:
    first, last = training["night"]
    return f"{training['timezone'] or 'not said'}, night from {first} to {last} o'clock"


def _instant(microseconds: int) -> str:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return (start + timedelta(microseconds=microseconds)).isoformat()


def _periods(trained: Trained) -> list[Card]:
    """Return figures of the rows held out in parts of equal time."""
    later = trained.known.where(trained.is_held_out)
    if not later.labels.size:
        return []
    first, last = int(later.times_us[0]), int(later.times_us[-1]) + 1
    borders = [first + (last - first) * part // PERIODS for part in range(PERIODS + 1)]
    found = []
    for start, end in pairwise(borders):
        rows = (later.times_us >= start) & (later.times_us < end)
        part = figures(Scored(trained.held_out_scores[rows], later.labels[rows]))
        found.append({"from": _instant(start), "to": _instant(end), **part})
    return found


def _stability(trained: Trained) -> list[Card]:
    """Return how far score and features moved from the earlier rows to those held out, furthest first."""
    earlier = trained.known.where(~trained.is_held_out)
    later = trained.known.where(trained.is_held_out)
    names = trained.model.features.names
    bins = [bins_of(name, column) for name, column in zip(names, earlier.matrix.T, strict=True)]
    moved = list(drift_of(bins, list(later.matrix.T)))
    scores = bins_of("score", trained.model.raw_scores(earlier.matrix))
    moved += drift_of([scores], [trained.model.raw_scores(later.matrix)])
    ordered = sorted(moved, key=lambda one: (-one.psi, one.name))
    return [{"name": one.name, "psi": one.psi, "shift": one.shift.value} for one in ordered]


def _importances(model: Model, known: Examples) -> list[Card]:
    """Return what features add to a score on average, up or down, with their share; the largest first."""
    every = max(known.labels.size // _SAMPLE_MAX, 1)
    added = np.abs(model.contributions(known.matrix[::every])[:, :-1]).mean(axis=0)
    total = float(added.sum()) or 1.0
    order = sorted(range(added.size), key=lambda at: (-added[at], at))
    return [
        {
            "name": model.features.names[at],
            "added": float(added[at]),
            "share": float(added[at]) / total,
        }
        for at in order
    ]


def groups_of(features: Sequence[FeatureRow]) -> dict[str, tuple[int, ...]]:
    """Return the columns of each group of features: those that cost alike and look at the same side."""
    found: dict[str, list[int]] = {}
    for at, row in enumerate(features):
        found.setdefault(f"{row.cost}, {row.side}", []).append(at)
    return {name: tuple(found[name]) for name in sorted(found)}


def added_by(trained: Trained, groups: Mapping[str, Sequence[int]]) -> Card:
    """Return what each group of features adds: the average precision on rows held out with all, and without each group.

    One training a group, on the rows and with the parameters of the first fit.
    """
    later = trained.known.where(trained.is_held_out)
    earlier = trained.known.where(~trained.is_held_out)
    parameters = trained.model.training.parameters
    whole = average_precision(trained.held_out_scores, later.labels)
    found: Card = {"all": {"pr_auc": whole}}
    for name, columns in groups.items():
        trees = fit_trees(without(earlier, columns), parameters)
        part = average_precision(scored(trees, without(later, columns).matrix), later.labels)
        lost = None if whole is None or part is None else whole - part
        found[name] = {"features": len(columns), "pr_auc_without": part, "lost_without": lost}
    return found


def card_page(content: Card) -> str:
    """Return the card as Markdown, from the values that `card_of` returns."""
    training, held_out = content["training"], content["held_out"]
    lines = [f"# Model {content['model'][:12]}", ""]
    lines += _table(
        ("", ""),
        [
            (
                "features",
                f"{len(content['features']['names'])}, set {content['features']['digest'][:12]}",
            ),
            ("rows learnt from", f"{training['rows']:,}, {training['cases']:,} cases"),
            ("period", f"{training['from']} to {training['until']}"),
            ("labels known after (s)", training["label_delay_seconds"]),
            ("wall clock of features", _clock(training)),
            ("rows too late to be known", f"{training['rows_unknown']:,}, not learnt from"),
            ("a pocket is one", training["pockets"]),
            ("calibration", content["calibration"]),
        ],
    )
    lines += ["## Data", "", *_table(("file", "rows", "SHA-256"), _files(training["data"]))]
    lines += ["## Parameters", "", *_table(("name", "value"), training["parameters"].items())]
    lines += [
        "## Rows held out",
        "",
        f"The last {training['rows_held_out']:,} rows with {training['cases_held_out']:,} cases,",
        "by trees that had not seen them; the trees that are kept have.",
        "Figures of rows that no fit has seen come from `recoup watch evaluate`.",
        "",
        *_table(("measure", "value"), _flat(held_out)),
        "## By period",
        "",
    ]
    rows = [
        [part[name] for name in ("from", "to", "rows", "cases", "auc", "pr_auc")]
        for part in content["periods"]
    ]
    lines += _table(("from", "to", "rows", "cases", "AUC", "PR-AUC"), rows)
    lines += [
        "## Stability",
        "",
        "From the earlier rows to those held out; 0.1 and 0.25 are the usual marks, *assumed*.",
        "",
    ]
    lines += _table(("name", "PSI", "shift"), [tuple(one.values()) for one in content["stability"]])
    lines += ["## Importances", "", "Mean change of the raw score, up or down.", ""]
    lines += _table(
        ("feature", "added", "share"), [tuple(one.values()) for one in content["importances"]]
    )
    lines += ["## What each group of features adds", ""]
    if content["added_by_group"] is None:
        lines += ["Not measured (`--ablation` does).", ""]
    else:
        lines += _table(("measure", "value"), _flat(content["added_by_group"]))
    return "\n".join(lines)


def _files(data: Sequence[Mapping[str, object]]) -> list[tuple[object, ...]]:
    return [(file["name"], file["rows"], file["sha256"]) for file in data]


def _flat(values: Mapping[str, object], before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in values.items():
        whole = f"{before} {name}".strip()
        found += _flat(value, whole) if isinstance(value, dict) else [(whole, value)]
    return found


def _table(heads: Sequence[str], rows: Any) -> list[str]:  # noqa: ANN401 (cells of any kind are shown)
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return [*lines, ""]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")
