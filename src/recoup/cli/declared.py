"""What an institution declares about itself in the settings of `recoup serve`: how much it takes, and what it can do.

    [institutions.bank-1]
    orders_per_minute = 30
    can_stop_amounts = false
    can_shrink_stop = false
    dwell = [[0, 1000], [300, 600], [3600, 100]]
    kind = "payment"

Each may be left out; the policy's then holds, and it is a bank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.cases import Dwell, Institution
from recoup.errors import SettingsFault
from recoup.orders import InstitutionKind

NAMES: Final = ("orders_per_minute", "can_stop_amounts", "can_shrink_stop", "dwell", "kind")


def read_declared(id_: str, row: Mapping[str, object]) -> Institution:
    """Return what an institution declared; a value that makes no sense raises `SettingsFault`."""
    where = f"institutions.{id_}"
    amounts = _flag(f"{where}.can_stop_amounts", row.get("can_stop_amounts"))
    try:
        return Institution(
            id_,
            _count(f"{where}.orders_per_minute", row.get("orders_per_minute")),
            amounts is not False,
            _flag(f"{where}.can_shrink_stop", row.get("can_shrink_stop")),
            _curve(f"{where}.dwell", row.get("dwell")),
            _kind(f"{where}.kind", row.get("kind", InstitutionKind.BANK.value)),
        )
    except ValueError as why:
        raise SettingsFault(f"{where}: {why}") from why


def _kind(where: str, value: object) -> InstitutionKind:
    if value not in set(InstitutionKind):
        raise SettingsFault(f"{where}: expected one of {', '.join(InstitutionKind)}")
    return InstitutionKind(str(value))


def _flag(where: str, value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise SettingsFault(f"{where}: expected true or false")


def _count(where: str, value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    raise SettingsFault(f"{where}: expected a whole number")


def _curve(where: str, value: object) -> Dwell | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise SettingsFault(f"{where}: expected pairs of seconds and chance in 1,000")
    points = []
    for point in value:
        is_pair = isinstance(point, list) and [type(one) for one in point] == [int, int]
        if not is_pair:
            raise SettingsFault(f"{where}: expected pairs of seconds and chance in 1,000")
        points.append((point[0], point[1]))
    return Dwell(tuple(points))


__all__ = ["NAMES", "read_declared"]
