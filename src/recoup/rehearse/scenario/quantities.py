"""What a scenario's numbers are: each kind of number with its unit, how it is written, read and described. No section.

A field of a section is annotated with one of the kinds below, its bounds and one sentence; reader, writer and JSON Schema
all go by that annotation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Final

from recoup.money import ISO_DIGITS, AmountError, format_minor, parse_minor

MICROSECONDS: Final = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
"""What a unit of time is in microseconds, the smallest first."""

_DURATION = r"(?:[0-9]+(?:\.[0-9]+)?(?:us|ms|s|m|h|d))+"
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h|d)")
_AMOUNT = r"[0-9](?:_?[0-9])*(?:\.[0-9]+)? [A-Z]{3}"
_STEP = rf"(?:[0-9]+(?:\.[0-9]+)?% )?{_DURATION}(?:\.\.{_DURATION})?"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a distribution of times: drawn with this share, even on the scale of logarithms between both ends."""

    share: float
    least_us: int
    most_us: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of number."""

    name: str
    read: Callable[[Any], Any]
    """From what TOML gives; `ValueError` says what was expected."""
    write: Callable[[Any, str], str]
    """As TOML text; the second is the scenario's currency."""
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number, as they are written; both may be reached."""

    least: Any
    most: Any


def read_duration(said: object) -> int:
    """Return microseconds of a text such as `10m`, `1h30m` or `0.5s`.

    >>> read_duration("1h30m")
    5400000000
    """
    if not isinstance(said, str) or re.fullmatch(_DURATION, said) is None:
        raise ValueError(f'expected a time with its unit, such as "10m" or "1h30m", was {said!r}')
    parts = [Decimal(number) * MICROSECONDS[unit] for number, unit in _PART.findall(said)]
    if (whole := sum(parts)) != int(whole):
        raise ValueError(f"expected whole microseconds, was {said!r}")
    return int(whole)


def duration_text(microseconds: int) -> str:
    """Return a time as a scenario writes it, in the fewest parts.

    >>> duration_text(5_400_000_000), duration_text(0)
    ('1h30m', '0s')
    """
    text, left = "", microseconds
    for unit, size in reversed(MICROSECONDS.items()):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def read_amount(said: object) -> tuple[int, str]:
    """Return minor units and currency of a text such as `2_000.00 CNY`.

    >>> read_amount("2_000.00 CNY")
    (200000, 'CNY')
    """
    if not isinstance(said, str) or re.fullmatch(_AMOUNT, said) is None:
        raise ValueError(
            f'expected an amount with its currency, such as "2_000.00 CNY", was {said!r}'
        )
    number, _, currency = said.replace("_", "").partition(" ")
    if not ISO_DIGITS.knows(currency):
        raise ValueError(f"expected a currency of ISO 4217, was {said!r}")
    try:
        return parse_minor(number, ISO_DIGITS.of(currency)), currency
    except AmountError as fault:
        raise ValueError(f"{fault}, was {said!r}") from fault


def _amount_text(minor: int, currency: str) -> str:
    whole, point, rest = format_minor(minor, ISO_DIGITS.of(currency)).partition(".")
    return f'"{int(whole):_}{point}{rest} {currency}"'


def _read_count(said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int):
        raise ValueError(f"expected a whole number, was {said!r}")  # noqa: TRY004 - one error for all
    return said


def _read_number(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        raise ValueError(f"expected a number, was {said!r}")
    return float(said)


def _read_flag(said: object) -> bool:
    if not isinstance(said, bool):
        raise ValueError(f"expected true or false, was {said!r}")  # noqa: TRY004 - one error for all
    return said


def _read_word(said: object) -> str:
    if not isinstance(said, str) or not said:
        raise ValueError(f"expected a text, was {said!r}")
    return said


def _read_list(one: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    def read(said: object) -> tuple[Any, ...]:
        if not isinstance(said, list):
            raise ValueError(f"expected a list, was {said!r}")  # noqa: TRY004 - one error for all
        return tuple(one(each) for each in said)

    return read


def _read_steps(said: object) -> tuple[Step, ...]:
    given = [said] if isinstance(said, str) else said
    if not isinstance(given, list) or not given:
        raise ValueError(f'expected a time such as "1h" or a list of steps, was {said!r}')
    steps = tuple(_read_step(each) for each in given)
    if abs(sum(step.share for step in steps) - 1.0) > 1e-9:
        raise ValueError(f"expected shares that make 100 %, was {said!r}")
    return steps


def _read_step(said: object) -> Step:
    if not isinstance(said, str) or re.fullmatch(_STEP, said) is None:
        raise ValueError(f'expected a step such as "17.7% 5m..1h", was {said!r}')
    share, _, times = said.rpartition(" ")
    least, _, most = times.partition("..")
    first, last = read_duration(least), read_duration(most or least)
    if first > last:
        raise ValueError(f"expected the shorter time first, was {said!r}")
    return Step(float(Decimal(share.rstrip("%") or "100") / 100), first, last)


def _step_text(step: Step) -> str:
    share = f"{Decimal(str(step.share)) * 100:f}"
    share = share.rstrip("0").rstrip(".") if "." in share else share
    least, most = duration_text(step.least_us), duration_text(step.most_us)
    return f'"{share}% {least}{"" if least == most else ".." + most}"'


def _listed(one: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    return lambda held, currency: "[" + ", ".join(one(each, currency) for each in held) + "]"


def _quoted(held: str, _: str) -> str:
    return f'"{held}"'


def _duration(held: int, _: str) -> str:
    return f'"{duration_text(held)}"'


_TIME = {"type": "string", "pattern": f"^{_DURATION}$", "examples": ["10m", "1h30m"]}
_SUM = {"type": "string", "pattern": f"^{_AMOUNT}$", "examples": ["2_000.00 CNY"]}
_STEPS = {"type": "string", "pattern": f"^{_STEP}$", "examples": ["1h", "17.7% 5m..1h"]}

Count = Annotated[int, Unit("count", _read_count, lambda held, _: f"{held:_}", {"type": "integer"})]
"""A whole number of things."""
Share = Annotated[
    float,
    Unit("share", _read_number, lambda held, _: repr(held), {"type": "number"}),
    Between(0.0, 1.0),
]
"""A part of one whole."""
Factor = Annotated[
    float, Unit("factor", _read_number, lambda held, _: repr(held), {"type": "number"})
]
"""A number without unit, such as the sigma of a logarithm."""
Duration = Annotated[int, Unit("time", read_duration, _duration, _TIME)]
"""A time, in microseconds."""
Durations = Annotated[
    tuple[int, ...],
    Unit("times", _read_list(read_duration), _listed(_duration), {"type": "array", "items": _TIME}),
]
"""Several times, in microseconds."""
Amount = Annotated[int, Unit("amount", read_amount, _amount_text, _SUM)]
"""Money in minor units of the scenario's currency."""
Steps = Annotated[
    tuple[Step, ...],
    Unit(
        "distribution of times",
        _read_steps,
        _listed(lambda held, _: _step_text(held)),
        {"anyOf": [_STEPS, {"type": "array", "items": _STEPS, "minItems": 1}]},
    ),
]
"""A distribution of times."""
Flag = Annotated[
    bool, Unit("flag", _read_flag, lambda held, _: str(held).lower(), {"type": "boolean"})
]
Word = Annotated[str, Unit("word", _read_word, _quoted, {"type": "string", "minLength": 1})]
Words = Annotated[
    tuple[str, ...],
    Unit(
        "words",
        _read_list(_read_word),
        _listed(_quoted),
        {"type": "array", "items": {"type": "string"}},
    ),
]
Counts = Annotated[
    tuple[int, ...],
    Unit(
        "counts",
        _read_list(_read_count),
        _listed(lambda held, _: f"{held:_}"),
        {"type": "array", "items": {"type": "integer"}},
    ),
]

__all__ = [
    "Amount",
    "Between",
    "Count",
    "Counts",
    "Duration",
    "Durations",
    "Factor",
    "Flag",
    "Share",
    "Step",
    "Steps",
    "Unit",
    "Word",
    "Words",
    "duration_text",
    "read_amount",
    "read_duration",
]
