"""How a model is trained, as a user asks for it: texts such as `leaves=31` into `Parameters`. Trains nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from recoup.watch.model import Parameters

_WHOLE: Final[dict[str, tuple[int, int]]] = {
    "trees": (1, 4096),
    "leaves": (2, 1024),
    "depth": (-1, 63),
    "leaf_rows_min": (1, 1_000_000),
    "seed": (0, 2**31 - 1),
}
_SHARES: Final[dict[str, tuple[float, float]]] = {
    "learning_rate": (1e-4, 1.0),
    "feature_share": (0.01, 1.0),
    "l2": (0.0, 1e6),
    "case_weight": (1e-3, 1e3),
    "held_out_share": (0.0, 0.9),
    "others_share": (0.001, 1.0),
}
_FLAGS: Final = {"by_money": {"true": True, "false": False}}
NAMES: Final = (*_WHOLE, *_SHARES, *_FLAGS)
"""What may be asked for: fields of `Parameters`."""


def parameters_of(given: Iterable[str], base: Parameters) -> Parameters:
    """Return `base` with what texts say; `ValueError` names the text that is wrong and what was expected.

    >>> parameters_of(["leaves=15", "by_money=false"], Parameters()).leaves
    15
    """
    for text in given:
        name, _, value = text.partition("=")
        asked: dict[str, Any] = {name: _value(name, value)}
        base = replace(base, **asked)
    return base


def _value(name: str, value: str) -> float | bool:
    if name in _FLAGS:
        if value not in _FLAGS[name]:
            raise ValueError(f"expected {name}=true or {name}=false, was {value!r}")
        return _FLAGS[name][value]
    if name not in NAMES:
        raise ValueError(f"expected one of {', '.join(NAMES)}, was {name!r}")
    is_whole = name in _WHOLE
    low, high = _WHOLE[name] if is_whole else _SHARES[name]
    expected = f"expected {'a whole number' if is_whole else 'a number'} from {low} to {high} for {name}, was {value!r}"
    try:
        found = int(value) if is_whole else float(value)
    except ValueError as error:
        raise ValueError(expected) from error
    if not isfinite(found) or not low <= found <= high:
        raise ValueError(expected)
    return found


__all__ = ["NAMES", "parameters_of"]
