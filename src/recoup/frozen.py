"""A frozen record with some of its fields changed: what every fold of events does, thousands of times a second."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast

T = TypeVar("T")


def replace(record: T, /, **changes: object) -> T:
    """Return the record with `changes`, as `dataclasses.replace` does, in half of its time.

    For dataclasses all of whose fields are arguments of their own constructor, two or more of them; it runs, with its checks.
    A name that is no field raises `KeyError`.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Spot:
    ...     x: int
    ...     y: int
    >>> replace(Spot(1, 2), y=3)
    Spot(x=1, y=3)
    """
    kind: Callable[..., T] = type(record)
    places, values_of = _fields_of(kind)
    values = list(values_of(record))
    for name, value in changes.items():
        values[places[name]] = value
    return kind(*values)


@cache
def _fields_of(
    kind: Callable[..., object],
) -> tuple[dict[str, int], Callable[[Any], tuple[Any, ...]]]:
    """Return the place of each field, and what gives the values of all."""
    fields = dataclasses.fields(cast("type", kind))
    assert len(fields) > 1, f"{kind} has one field: a getter of one gives no tuple"
    assert all(part.init and not part.kw_only for part in fields), kind
    names = [part.name for part in fields]
    return {name: place for place, name in enumerate(names)}, attrgetter(*names)


__all__ = ["replace"]
