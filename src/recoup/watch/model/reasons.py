"""Why a payment got its score, in words: what each feature added along the paths of the trees. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recoup.watch.features.chinese import SIDES
from recoup.watch.model.columns import FeatureRow

TOP: Final = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a feature says, and in which unit, for people."""

    english: str
    chinese: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature that raised a score, with the value it had."""

    feature: str
    value: float
    added: float
    """To the raw score (log-odds), above what was expected without it."""
    english: str
    chinese: str


def meaning_of(row: FeatureRow) -> Meaning:
    """Return what a feature says, with its side and window; one without Chinese words (`meaning_zh`) says the English ones.

    >>> from recoup.watch.features import FEATURES
    >>> meaning_of(FEATURES[0]).english, meaning_of(FEATURES[0]).chinese
    ('payer: payments out (1 min)', '付款方：转出笔数（1分钟）')
    """
    side, words = str(row.side), str(getattr(row, "meaning_zh", "") or row.meaning)
    english, chinese = row.meaning, words
    if row.window is not None:
        in_english, in_chinese = _shown(row.window, "seconds")
        english, chinese = f"{english} ({in_english})", f"{chinese}（{in_chinese}）"
    return Meaning(f"{side}: {english}", f"{SIDES.get(side, side)}：{chinese}", str(row.unit))


def reasons_of(
    names: Sequence[str],
    row: NDArray[np.float64],
    added: NDArray[np.float64],
    meanings: Mapping[str, Meaning],
    top: int = TOP,
) -> tuple[Reason, ...]:
    """Return the `top` features that raised the score of one row most; fewer where fewer raised it.

    Args:
        names: the features, in the order of the columns.
        row: their values.
        added: what each added, as `Model.contributions` gives it (a base behind it is passed over).
        meanings: what features say; one without is called by its name.
        top: how many at most.
    """
    order = sorted(range(len(names)), key=lambda at: (-added[at], at))  # equals in their order
    return tuple(
        _reason(names[at], float(row[at]), float(added[at]), meanings)
        for at in order[:top]
        if added[at] > 0
    )


def _reason(name: str, value: float, added: float, meanings: Mapping[str, Meaning]) -> Reason:
    meaning = meanings.get(name, Meaning(name, name))
    english, chinese = _shown(value, meaning.unit)
    return Reason(
        name, value, added, f"{meaning.english}: {english}", f"{meaning.chinese}：{chinese}"
    )


_UNITS: Final = (("d", "天", 86_400), ("h", "小时", 3_600), ("min", "分钟", 60), ("s", "秒", 1))


def _shown(value: float, unit: str) -> tuple[str, str]:
    """Return a value in English and in Chinese."""
    if np.isnan(value):
        return "never", "无"
    if unit == "flag":
        return ("yes", "是") if value else ("no", "否")
    if unit == "seconds":
        english, chinese, size = next((one for one in _UNITS if abs(value) >= one[2]), _UNITS[-1])
        return f"{value / size:.3g} {english}", f"{value / size:.3g}{chinese}"
    if unit == "minor":
        return f"{value:,.0f} minor units", f"{value:,.0f}最小货币单位"
    plain = f"{value:,.0f}" if unit == "count" else f"{value:.3g}"
    return plain, plain
