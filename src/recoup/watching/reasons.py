"""Why a payment was decided as it was, in English and Chinese: from codes, rules and the paths of trees to words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recoup.clock import instant_of, instant_text
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.decision import (
    LATE,
    ORDER_BINDS,
    STOLEN_CAUGHT,
    TERMS,
    Action,
    Cause,
    Ground,
    Problem,
    Withheld,
    input_cause,
    measure_cause,
)
from recoup.watch.flags import CODES
from recoup.watch.model import Meaning, meaning_of, reasons_of
from recoup.watch.rules import FIRES, Mode, Rule
from recoup.watch.stream import Decided, Stream

_MEANINGS: Mapping[str, Meaning] = {f.name: meaning_of(f) for f in STREAM_FEATURES}


def causes_of(stream: Stream, found: Decided, at: int) -> tuple[Cause, ...]:
    """Return the causes of one decision; none where nothing was asked."""
    row = found.rows[at]
    ground = Ground(int(row["ground"]))
    if ground is Ground.INPUT:
        return (input_cause(Problem(int(row["problem"]))),)
    if ground is Ground.ORDER:
        return (STOLEN_CAUGHT if row["action"] == Action.HOLD else ORDER_BINDS,)
    if ground is Ground.MEASURE:
        one = found.measured[at]
        until = instant_text(instant_of(one.until_us))
        return (measure_cause(one.kind, one.ground, one.id, until),)
    if ground is Ground.UNSCORED:
        return (LATE,)
    if row["action"] == Action.ALLOW:
        return ()
    rules = stream.rules.rules
    live = [
        _of_rule(rules[j])
        for j in np.flatnonzero(found.fired[at] == FIRES).tolist()
        if rules[j].mode is Mode.LIVE
    ]
    return (*live, *_of_model(stream, found, at))


def _of_rule(rule: Rule) -> Cause:
    english, chinese = CODES.get(rule.reason, ("", ""))
    page = rule.page
    said = rule.words or english or (page.title_en if page else rule.id)
    return Cause(rule.reason, said, chinese or (page.title_zh if page else "") or said)


def _of_model(stream: Stream, found: Decided, at: int) -> tuple[Cause, ...]:
    """Return what raised the score most, where the model had a part in it."""
    row = found.rows[at]
    if stream.model is None or not row["asked"] or row["withheld"] == Withheld.SHADOW:
        return ()
    names = stream.model.features.names
    kept = found.kept[int(row["kept"]), : len(names)]
    added = stream.model.contributions(kept[None, :])[0]
    told = tuple(
        Cause("model", one.english, one.chinese, one.feature, one.value, one.added)
        for one in reasons_of(names, kept, added, _MEANINGS)
    )
    return told or (TERMS,)


__all__ = ["causes_of"]
