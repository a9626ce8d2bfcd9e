"""The policies that come with the program, one TOML file a jurisdiction, and their reading into `orders.Policy`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recoup.errors import PolicyFault
from recoup.orders import Ground, OrderKind, Policy, Standing

_HERE = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """Return the names of the policies that come with the program.

    >>> shipped()
    ('cn-2016',)
    """
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def read_policy(name_or_path: str | Path) -> Policy:
    """Return a shipped policy by name, or one of a file of the same form.

    Raises:
        PolicyFault: there is no such policy, or a term is missing, has no source or makes no sense; the message names it.

    >>> read_policy("cn-2016").stops_max
    2
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped():
        path = _HERE / f"{name_or_path}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise PolicyFault(f"policy {name_or_path}: {fault}") from fault
    try:
        return _policy(table)
    except KeyError as fault:
        raise PolicyFault(f"policy {name_or_path}: nothing said of {fault.args[0]}") from fault
    except (TypeError, ValueError) as fault:
        raise PolicyFault(f"policy {name_or_path}: {fault}") from fault


def _policy(table: Mapping[str, Any]) -> Policy:
    stop, freeze = table["stop"], table["freeze"]
    single = {
        "timezone": table["timezone"],
        "stop_seconds": stop["seconds"],
        "stops_max": stop["per_account_max"],
        "can_shrink_stop": stop["can_shrink"],
        "freeze_months": freeze["months"],
        "renewals_max": freeze["renewals_max"],
        "approvals_protected": table["approvals_protected"],
    }
    grounds = [_ground(term, entry) for term, entry in single.items()]
    grounds += [_ground(term, table[term]) for term in ("answer_seconds", "approvals")]
    renewals = freeze["renewals_max"]["value"]
    return Policy(
        id=table["id"],
        timezone=str(table["timezone"]["value"]),
        stop_seconds=_whole("stop.seconds", stop["seconds"]["value"]),
        stops_max=_whole("stop.per_account_max", stop["per_account_max"]["value"]),
        can_shrink_stop=_truth("stop.can_shrink", stop["can_shrink"]["value"]),
        freeze_months=_whole("freeze.months", freeze["months"]["value"]),
        renewals_max=None if renewals == "unlimited" else _whole("freeze.renewals_max", renewals),
        answer_seconds=_by_kind("answer_seconds", table["answer_seconds"]),
        approvals=_by_kind("approvals", table["approvals"]),
        approvals_protected=_whole("approvals_protected", table["approvals_protected"]["value"]),
        grounds=tuple(grounds),
    )


def _ground(term: str, entry: Mapping[str, Any]) -> Ground:
    return Ground(term, str(entry["source"]), Standing(entry["standing"]))


def _by_kind(name: str, entry: Mapping[str, Any]) -> dict[OrderKind, int]:
    unknown = set(entry) - {"source", "standing"} - {kind.value for kind in OrderKind}
    if unknown:
        raise ValueError(f"{name}: no such order as {', '.join(sorted(unknown))}")
    return {kind: _whole(f"{name}.{kind}", entry[kind.value]) for kind in OrderKind}


def _whole(name: str, value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{name}: expected a whole number, was {value!r}")
    return value


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected true or false, was {value!r}")
    return value


__all__ = ["read_policy", "shipped"]
