"""The policies that come with the program, one TOML file a jurisdiction: `orders.Policy` and `cases.CasePolicy`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from recoup.cases import CasePolicy, Downstream, Dwell
from recoup.errors import PolicyFault
from recoup.orders import (
    Band,
    Deed,
    Ground,
    InstitutionKind,
    Level,
    Levels,
    OrderKind,
    Policy,
    Standing,
)
from recoup.reading.policies.cares import care_terms
from recoup.reading.policies.procedures import return_terms

_HERE = Path(__file__).parent
_P = TypeVar("_P")


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
    return _read(name_or_path, _policy)


def read_case_policy(name_or_path: str | Path) -> CasePolicy:
    """Return the terms of cases of a shipped policy, or of a file of the same form; its terms of orders are in it.

    Raises:
        PolicyFault: as `read_policy`.

    >>> read_case_policy("cn-2016").appeal_seconds
    86400
    """
    return _read(name_or_path, _case_policy)


def _read(name_or_path: str | Path, made: Callable[[Mapping[str, Any]], _P]) -> _P:
    path = Path(name_or_path)
    if str(name_or_path) in shipped():
        path = _HERE / f"{name_or_path}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise PolicyFault(f"policy {name_or_path}: {fault}") from fault
    try:
        return made(table)
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
        "watch_seconds": table["watch"]["seconds"],
    }
    grounds = [_ground(term, entry) for term, entry in single.items()]
    grounds += [_ground(term, table[term]) for term in ("answer_seconds", "approvals")]
    grounds += [_ground(f"powers.{sort}", table["powers"][sort.value]) for sort in InstitutionKind]
    renewals = freeze["renewals_max"]["value"]
    return Policy(
        id=table["id"],
        timezone=str(table["timezone"]["value"]),
        stop_seconds=_whole("stop.seconds", stop["seconds"]["value"]),
        stops_max=_whole("stop.per_account_max", stop["per_account_max"]["value"]),
        can_shrink_stop=_truth("stop.can_shrink", stop["can_shrink"]["value"]),
        freeze_months=_whole("freeze.months", freeze["months"]["value"]),
        renewals_max=None if renewals == "unlimited" else _whole("freeze.renewals_max", renewals),
        watch_seconds=_whole("watch.seconds", table["watch"]["seconds"]["value"]),
        answer_seconds=_by_kind("answer_seconds", table["answer_seconds"]),
        approvals=_by_kind("approvals", table["approvals"]),
        approvals_protected=_whole("approvals_protected", table["approvals_protected"]["value"]),
        powers=_powers(table["powers"]),
        grounds=tuple(grounds),
    )


def _powers(entries: Mapping[str, Any]) -> dict[InstitutionKind, frozenset[OrderKind]]:
    """Return which orders each kind of institution may be given; `all` is every one."""
    if unknown := sorted(set(entries) - {sort.value for sort in InstitutionKind}):
        raise ValueError(f"powers: no such institution as {', '.join(unknown)}")
    found = {}
    for sort in InstitutionKind:
        said = entries[sort.value]["value"]
        if said != "all" and not isinstance(said, list):
            raise TypeError(f"powers.{sort}: expected all or a list of orders, was {said!r}")
        found[sort] = frozenset(OrderKind if said == "all" else map(OrderKind, said))
    return found


def _case_policy(table: Mapping[str, Any]) -> CasePolicy:
    entries = table["case"]
    apart = {"orders", "levels", "grounds", "procedure", "care", "institutions"}
    names = [f.name for f in fields(CasePolicy) if f.name not in apart]
    if unknown := sorted(set(entries) - set(names)):
        raise ValueError(f"case: no such term as {', '.join(unknown)}")
    values: dict[str, Any] = {
        name: _whole(f"case.{name}", entries[name]["value"])
        for name in names
        if name not in {"dwell", "good_faith_downstream", "for_value"}
    }
    sold = entries["for_value"]["value"]
    points = entries["dwell"]["value"]
    if not isinstance(points, list) or any(len(point) != 2 for point in points):
        raise ValueError("case.dwell: expected pairs of seconds and chance in 1,000")
    curve = [(_whole("case.dwell", at), _whole("case.dwell", left)) for at, left in points]
    return CasePolicy(
        orders=_policy(table),
        levels=_levels(table["levels"]),
        dwell=Dwell(tuple(curve)),
        for_value={kind: _whole(f"case.for_value.{kind}", sold[kind]) for kind in sorted(sold)},
        good_faith_downstream=Downstream(entries["good_faith_downstream"]["value"]),
        grounds=tuple(_ground(name, entries[name]) for name in names),
        procedure=return_terms(table["procedure"], table) if "procedure" in table else None,
        care=care_terms(table["care"], table) if "care" in table else None,
        **values,
    )


def _levels(entries: Mapping[str, Any]) -> Levels:
    """Return the table of levels; `mandate` is its list of bands."""
    mandate = entries["mandate"]
    rows = {name: entry for name, entry in entries.items() if name != "mandate"}
    known: dict[str, OrderKind | Deed] = {row.value: row for row in (*OrderKind, *Deed)}
    if unknown := sorted(set(rows) - set(known)):
        raise ValueError(f"levels: no such row as {', '.join(unknown)}")
    bands = [
        Band(
            Level(band["level"]),
            _whole("levels.mandate", band["amount_max"]),
            _whole("levels.mandate", band["hops_max"]),
            _ground("mandate", band),
        )
        for band in mandate["bands"]
    ]
    return Levels(
        {known[name]: Level(entry["value"]) for name, entry in rows.items()},
        str(mandate["currency"]),
        tuple(bands),
        tuple(_ground(name, entry) for name, entry in rows.items()),
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


__all__ = ["read_case_policy", "read_policy", "shipped"]
