"""Trains, judges and scores: features into a model, a model's scores into figures or rows. Reads and writes no files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.errors import InputFault, ModelFault, ModelProblem
from recoup.reading import ADVICE
from recoup.records.problems import Problem
from recoup.watch.model import (
    BUDGETS,
    Examples,
    FeatureRow,
    Meaning,
    Model,
    Parameters,
    Reason,
    Scored,
    TooFewCases,
    Trained,
    feature_set,
    figures,
    meaning_of,
    reasons_of,
    train,
)
from recoup.watching.features import Features
from recoup.watching.materials import Materials

_DAY_US: Final = 86_400_000_000
_NEVER_US: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant (inclusive) to another (exclusive), in UTC; None for no bound."""

    start: datetime | None = None
    end: datetime | None = None

    def rows(self, times_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which rows lie in it."""
        first = -_NEVER_US if self.start is None else microseconds(self.start)
        last = _NEVER_US if self.end is None else microseconds(self.end)
        inside: NDArray[np.bool_] = (times_us >= first) & (times_us < last)
        return inside


def microseconds(instant: datetime) -> int:
    """Return an aware instant in microseconds UTC, without rounding."""
    return int(pl.Series([instant]).dt.epoch("us")[0])


def train_model(
    materials: Materials,
    features: Features,
    period: Period,
    label_delay_us: int | None = None,
    parameters: Parameters | None = None,
) -> Trained:
    """Return a model trained on the transfers of a period; those before it warm the state.

    Args:
        materials: transfers and labels.
        features: what is computed of them.
        period: which transfers are learnt from.
        label_delay_us: how long after its payment a fraud is known; the state hears of it then. None: nobody says when, so
            that all labels may be learnt from and none reaches the state.
        parameters: how to train.

    Raises:
        InputFault: nothing can be learnt from what was known at the period's end.
    """
    times = materials.times_us
    inside = period.rows(times)
    if not inside.any():
        raise _refused("--until", "period_empty", "no transfer")
    last = int(times[inside][-1]) + 1 if period.end is None else microseconds(period.end)
    examples = _examples(materials, features, inside, label_delay_us)
    try:
        trained = train(
            examples,
            feature_set(features.rows),
            # Without an end all labels are known: nothing came after.
            last if period.end is not None else last + (label_delay_us or 0),
            label_delay_us,
            parameters,
            materials.data,
            whole_accounts=features.whole_accounts,
        )
    except TooFewCases as error:
        raise _refused("--labels", "labels_too_few", str(error)) from error
    local = features.local
    training = replace(trained.model.training, timezone=local.timezone, night=local.night)
    return replace(trained, model=replace(trained.model, training=training))


def _examples(
    materials: Materials, features: Features, inside: NDArray[np.bool_], delay_us: int | None
) -> Examples:
    return Examples(
        features.matrix(materials.transfers, materials.reports(delay_us), inside),
        materials.labels[inside],
        materials.times_us[inside],
        materials.money[inside],
        materials.currencies[inside],
    )


def evaluate_model(
    model: Model,
    materials: Materials,
    features: Features,
    period: Period,
    *,
    drops_known: bool = False,
    budgets: Sequence[int] = BUDGETS,
) -> dict[str, object]:
    """Return the figures of a model on the transfers of a period; those before it warm the state.

    Args:
        model: what is judged; its delay of labels is that of the reports it sees.
        materials: transfers and labels.
        features: of the set that the model was trained on.
        period: which transfers are scored.
        drops_known: leave out payers of whom a fraud since the training's beginning was known when the day (UTC) began.
        budgets: numbers of alerts.
    """
    _require(model, features)
    delay_us = model.training.label_delay_us
    inside = period.rows(materials.times_us)
    if drops_known:
        inside &= ~_known_payers(materials, model.training.from_us, delay_us or 0)
    if not inside.any():
        raise _refused("--from", "period_empty", "no transfer")
    rows = _examples(materials, features, inside, delay_us)
    one_currency = np.unique(rows.currencies).size == 1
    found = figures(
        Scored(
            model.raw_scores(rows.matrix),
            rows.labels,
            rows.times_us,
            rows.money if one_currency else None,
            materials.groups[inside],
        ),
        budgets,
    )
    return {"model": model.digest, **found}


def _require(model: Model, features: Features) -> None:
    """Raise `ModelFault` unless the model was trained on these features, of pockets of this sort."""
    model.require(feature_set(features.rows))
    if model.training.whole_accounts != features.whole_accounts:
        words = {True: "one an account", False: "one an account and currency"}
        said = f"pockets: expected {words[features.whole_accounts]}, was {words[not features.whole_accounts]}"
        raise ModelFault(ModelProblem.OTHER_FEATURES, said)


def _known_payers(materials: Materials, from_us: int, delay_us: int) -> NDArray[np.bool_]:
    """Return the transfers whose payer had a fraud, since `from_us`, that was known before the transfer's day."""
    rows = materials.transfers.select("payer").with_columns(
        time=pl.Series(materials.times_us), case=pl.Series(materials.labels)
    )
    cases = rows.filter(pl.col("case") & (pl.col("time") >= from_us) & (pl.col("payer") != ""))
    first = cases.group_by("payer").agg(known=pl.col("time").min() + delay_us)
    joined = rows.join(first, on="payer", how="left", maintain_order="left")
    began = pl.col("time") // _DAY_US * _DAY_US
    known: NDArray[np.bool_] = joined.select((pl.col("known") < began).fill_null(value=False))[
        "known"
    ].to_numpy()
    return known


def score_transfers(
    model: Model, materials: Materials, features: Features, period: Period
) -> pl.DataFrame:
    """Return every transfer of a period with its score, the smallest share of alerts it is among, and the reasons of these.

    Labels, where there are any, reach the state as late as they did in training.

    Columns: `id, time, payer, payee, amount, currency, raw, score, alert_share, reasons, reasons_zh, model, refusal`. Raw is
    the sum of the trees, `score` the calibrated probability; `alert_share` is null for a transfer that no threshold of the
    model reaches. A transfer that the stream does not take has no figure, changes nothing for those after it, and `refusal`
    says why: `same_account`, as everywhere else, or `not_booked`.
    """
    _require(model, features)
    inside = period.rows(materials.times_us)
    reports = materials.reports(model.training.label_delay_us)
    matrix = features.matrix(materials.transfers, reports, inside)
    is_taken = ~np.isnan(matrix).all(axis=1)  # what is not booked has no feature at all
    raws = model.raw_scores(matrix)
    shares = np.full(raws.shape, np.nan)
    for threshold in sorted(model.thresholds, key=lambda one: -one.alert_share):
        shares[is_taken & (raws >= threshold.raw)] = threshold.alert_share
    told = _reasons(model, matrix, np.flatnonzero(~np.isnan(shares)), features.rows)
    taken = pl.lit(pl.Series(is_taken))
    is_to_itself = pl.col("payer") == pl.col("payee")
    return (
        materials.transfers.filter(pl.Series(inside))
        .select("id", "time", "payer", "payee", "amount", "currency")
        .with_columns(
            raw=pl.when(taken).then(pl.Series(raws)),
            score=pl.when(taken).then(pl.Series(model.calibration.of(raws))),
            alert_share=pl.Series(shares).fill_nan(None),
            reasons=_said(told, raws.size, chinese=False),
            reasons_zh=_said(told, raws.size, chinese=True),
            model=pl.lit(model.digest),
            refusal=pl.when(~taken).then(
                pl.when(is_to_itself).then(pl.lit("same_account")).otherwise(pl.lit("not_booked"))
            ),
        )
    )


def _reasons(
    model: Model,
    matrix: NDArray[np.float64],
    places: NDArray[np.intp],
    rows: Sequence[FeatureRow],
) -> dict[int, tuple[Reason, ...]]:
    meanings = meanings_of(rows)
    added = model.contributions(matrix[places])
    names = model.features.names
    return {
        int(place): reasons_of(names, matrix[place], line, meanings)
        for place, line in zip(places, added, strict=True)
    }


def _said(told: dict[int, tuple[Reason, ...]], count: int, *, chinese: bool) -> pl.Series:
    lines = [
        [reason.chinese if chinese else reason.english for reason in told.get(place, ())]
        for place in range(count)
    ]
    return pl.Series(lines, dtype=pl.List(pl.String))


def meanings_of(rows: Sequence[FeatureRow]) -> dict[str, Meaning]:
    """Return what features say, by name."""
    return {row.name: meaning_of(row) for row in rows}


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _refused(option: str, code: str, found: str) -> InputFault:
    return InputFault([Problem(option, "", 0, "", code, found, ADVICE[code])])
