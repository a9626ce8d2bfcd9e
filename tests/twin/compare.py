"""Compares a `Trail` with the twin's outcomes, figure by figure, and prints a failing world so that it can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import polars as pl

from recoup.trace.trail import Trail
from twin.outcome import Fields, Flow, Frontier, Outcome, Parts, Position, Totals
from twin.world import World

Key = TypeVar("Key")
Value = TypeVar("Value")

PARI_TOLERANCE = 1
"""Minor units: pari-passu is solved in floats there and in fractions here, so one unit may round the other way."""


def differences(trail: Trail, twin: Mapping[str, Outcome], *, strict: bool = True) -> list[str]:
    """Return one sentence for every figure that differs; empty when the trail agrees with the twin.

    `strict=False` leaves out what the decision page does not settle: `accounts` and `depth` of the summary and the tables
    `accounts`, `holds` and `leads`.
    """
    found: list[str] = []
    asked = set(trail.options.rules)
    if asked != set(twin):
        return [f"rules: the trail has {sorted(asked)}, the twin {sorted(twin)}"]
    for rule in sorted(twin):
        if rule == "poison":
            found += _reach(trail, twin[rule])
        else:
            found += _amounts(trail, twin[rule], strict=strict)
    found += _conservation(trail) + _repeated(trail)
    if strict and set(twin) & {"fifo", "lifo", "rolling", "lowest-balance"}:
        found += _pockets(trail, twin)
    if strict and "pari-passu" not in twin:
        found += _leads(trail, twin)
    return found


def report(world: World, found: list[str], twin: Mapping[str, Outcome] | None = None) -> str:
    """Return the text of a failing test: what differs, the seed and features, the world as CSV lines."""
    lines = [f"{len(found)} differences", *found[:40], "", str(world)]
    if twin is not None:
        lines += ["", *(f"twin {rule}: {outcome}" for rule, outcome in sorted(twin.items()))]
    return "\n".join(lines)


def assert_same(
    trail: Trail,
    twin: Mapping[str, Outcome],
    world: World,
    *,
    strict: bool = True,
) -> None:
    """Fail with the whole story when anything differs."""
    found = differences(trail, twin, strict=strict)
    assert not found, report(world, found)


def _amounts(trail: Trail, twin: Outcome, *, strict: bool) -> list[str]:
    rule = twin.rule
    slack = PARI_TOLERANCE if rule == "pari-passu" else 0
    found = _compared(f"{rule} positions", _positions(trail, rule), twin.positions, slack)
    found += _compared(f"{rule} flows", *_named(_flows(trail, rule), twin.flows), slack)
    found += _compared(f"{rule} exits", *_named(_exits(trail, rule), twin.exits), slack)
    found += _compared(f"{rule} unknown", _unknown(trail, rule), twin.unknown, slack)
    summaries = _summaries(trail, twin, strict=strict)
    found += _compared(f"{rule} summary", *summaries, slack)
    if slack:  # whatever the rule, the bound is a whole number of its own
        both = summaries[0].keys() & summaries[1].keys()
        bounds = [{key: side[key].recoverable for key in both} for side in summaries]
        found += _compared(f"{rule} recoverable", *bounds, 0)
    if strict:
        found += _compared(f"{rule} holds", _holds(trail, rule), twin.holds, slack)
    return found


def _compared(
    what: str, trail: Mapping[Key, Value], twin: Mapping[Key, Value], slack: int
) -> list[str]:
    found: list[str] = []
    for key in sorted({*trail, *twin}, key=repr):
        given, expected = trail.get(key), twin.get(key)
        if given is None or expected is None:
            one = given if expected is None else expected
            if slack and _amount(one) <= slack:
                continue
            found.append(f"{what} {key}: expected {expected}, was {given}")
        elif not _is_close(given, expected, slack):
            found.append(f"{what} {key}: expected {expected}, was {given}")
    return found


def _amount(value: object) -> int:
    return int(value[0]) if isinstance(value, tuple) else int(str(value))


def _is_close(given: object, expected: object, slack: int) -> bool:
    """Integers within the slack, everything else equal. Under a slack `inferred` and `asserted` may be off by as much."""
    if not slack or not isinstance(given, tuple) or not isinstance(expected, tuple):
        return given == expected
    return all(
        abs(a - b) <= slack * _places(expected)
        if isinstance(a, int) and isinstance(b, int)
        else a == b
        for a, b in zip(given, expected, strict=True)
    )


def _places(expected: tuple[Any, ...]) -> int:
    """Sums over many places may be off by one for each of them; a place alone by one."""
    return 64 if isinstance(expected, Totals) else 1


def _table(frame: pl.DataFrame, rule: str) -> list[dict[str, Any]]:
    return list(frame.filter(pl.col("rule") == rule).iter_rows(named=True))


_KEYS = {
    "positions": ["rule", "claim", "account", "currency"],
    "flows": ["rule", "claim", "transfer"],
    "exits": ["rule", "claim", "transfer", "account", "currency", "kind"],
    "unknown": ["rule", "claim", "account", "currency"],
    "summary": ["rule", "claim", "currency"],
    "accounts": ["account", "currency"],
    "holds": ["rule", "hold", "claim"],
}


def _repeated(trail: Trail) -> list[str]:
    """Every table has one row for a key."""
    found: list[str] = []
    for table, keys in _KEYS.items():
        frame: pl.DataFrame = getattr(trail, table)
        for row in frame.filter(frame.select(keys).is_duplicated()).iter_rows(named=True):
            found.append(f"{row.get('rule', '')} {table} has two rows: {row}")
    return found


def _unique(pairs: list[tuple[Key, Value]]) -> dict[Key, Value]:
    """Of rows with one key the last; `_repeated` names them."""
    return dict(pairs)


def _positions(trail: Trail, rule: str) -> dict[tuple[str, str, str], Position]:
    return _unique(
        [
            (
                (r["claim"], r["account"], r["currency"]),
                Position(r["amount"], r["since"], r["held"], r["inferred"], r["asserted"]),
            )
            for r in _table(trail.positions, rule)
        ]
    )


def _flows(trail: Trail, rule: str) -> dict[tuple[str, str], Flow]:
    return _unique(
        [
            (
                (r["claim"], r["transfer"]),
                Flow(r["amount"], r["depth"], r["inferred"], r["asserted"]),
            )
            for r in _table(trail.flows, rule)
        ]
    )


def _exits(trail: Trail, rule: str) -> dict[tuple[str, str, str, str, str], Parts]:
    return _unique(
        [
            (
                (r["claim"], r["transfer"], r["account"], r["currency"], r["kind"]),
                Parts(r["amount"], r["inferred"], r["asserted"]),
            )
            for r in _table(trail.exits, rule)
        ]
    )


def _unknown(trail: Trail, rule: str) -> dict[tuple[str, str, str], Frontier]:
    return _unique(
        [
            (
                (r["claim"], r["account"], r["currency"]),
                Frontier(r["amount"], r["since"], r["inferred"], r["asserted"]),
            )
            for r in _table(trail.unknown, rule)
        ]
    )


def _holds(trail: Trail, rule: str) -> dict[tuple[int, str], int]:
    return _unique(
        [((r["hold"], r["claim"]), r["amount"]) for r in _table(trail.holds, rule) if r["amount"]]
    )


def _summaries(
    trail: Trail, twin: Outcome, *, strict: bool
) -> tuple[dict[tuple[str, str], Totals], dict[tuple[str, str], Totals]]:
    """Return both sides; what the page does not settle, as the twin has it."""
    given: dict[tuple[str, str], Totals] = {}
    for r in _table(trail.summary, twin.rule):
        given[r["claim"], r["currency"]] = Totals(**{name: r[name] for name in Totals._fields})
    expected = dict(twin.summary)
    for key in given.keys() & expected.keys():
        if not strict or twin.rule == "pari-passu":
            given[key] = given[key]._replace(
                accounts=expected[key].accounts, depth=expected[key].depth
            )
    return given, expected


def _is_assumed(transfer: str) -> bool:
    """Rows that links assume: nobody fixed their ids, both sides call them link:something."""
    return transfer.startswith("link:")


def _named(
    given: dict[Any, Any], expected: dict[Any, Any]
) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Give rows that links assume a neutral name on both sides."""
    return _neutral(given), _neutral(expected)


def _neutral(rows: dict[Any, Any]) -> dict[Any, Any]:
    result = {key: value for key, value in rows.items() if not _is_assumed(key[1])}
    assumed = sorted(
        ((key[0], *key[2:]), tuple(value)[:2]) for key, value in rows.items() if _is_assumed(key[1])
    )
    result.update({("assumed row", *key, i): value for i, (key, value) in enumerate(assumed)})
    return result


def _pockets(trail: Trail, twin: Mapping[str, Outcome]) -> list[str]:
    """Compare openings, assumed credits and balances of the pockets that the trail names."""
    rule = next(r for r in ("fifo", "lifo", "rolling", "lowest-balance") if r in twin)
    expected = twin[rule].pockets
    given: dict[Any, Fields] = {}
    for r in trail.accounts.iter_rows(named=True):
        if r["standing"] in ("known", "bridged"):
            given[r["account"], r["currency"]] = Fields(
                r["opening"], r["opening_basis"], r["assumed_credit"], r["balance"]
            )
    named = {tuple(pocket): fields for pocket, fields in expected.items() if tuple(pocket) in given}
    reached = {(a, c) for outcome in twin.values() for (_, a, c) in outcome.positions}
    missing = [
        f"accounts: {pocket} was reached and is not listed"
        for pocket in sorted(reached - set(given))
    ]
    return missing + _compared("accounts", given, named, 0)


def _leads(trail: Trail, twin: Mapping[str, Outcome]) -> list[str]:
    expected = {name for outcome in twin.values() for name in outcome.leads}
    given = set(trail.leads["transfer"])
    found = [f"leads: expected {name}" for name in sorted(expected - given)]
    return found + [f"leads: {name} is none" for name in sorted(given - expected)]


def _conservation(trail: Trail) -> list[str]:
    """Loss = located + exited + unknown + residual, and the tables sum to the summary, for every rule but poison."""
    found: list[str] = []
    for r in trail.summary.filter(pl.col("rule") != "poison").iter_rows(named=True):
        parts = r["located"] + r["exited"] + r["unknown"] + r["residual"]
        name = f"{r['rule']} {r['claim']} {r['currency']}"
        if r["loss"] != parts:
            found.append(f"conservation {name}: loss {r['loss']} is not {parts}")
        for frame, column in (
            (trail.positions, "located"),
            (trail.exits, "exited"),
            (trail.unknown, "unknown"),
        ):
            same = (
                (pl.col("rule") == r["rule"])
                & (pl.col("claim") == r["claim"])
                & (pl.col("currency") == r["currency"])
            )
            whole = frame.filter(same)["amount"].sum()
            if whole != r[column]:
                found.append(
                    f"conservation {name}: {column} {r[column]} but its rows sum to {whole}"
                )
    return found


def _reach(trail: Trail, twin: Outcome) -> list[str]:
    """Poison has reach only: which rows there are, with depth and arrival, and no amounts."""
    tables: list[tuple[str, pl.DataFrame, Callable[[dict[str, Any]], Any], set[Any]]] = [
        (
            "positions",
            trail.positions,
            lambda r: (r["claim"], r["account"], r["currency"], r["since"]),
            {(*key, value.since) for key, value in twin.positions.items()},
        ),
        (
            "flows",
            trail.flows,
            lambda r: (r["claim"], r["transfer"], r["depth"]),
            {(*key, value.depth) for key, value in twin.flows.items()},
        ),
        (
            "exits",
            trail.exits,
            lambda r: (r["claim"], r["transfer"], r["account"], r["currency"], r["kind"]),
            set(twin.exits),
        ),
        (
            "unknown",
            trail.unknown,
            lambda r: (r["claim"], r["account"], r["currency"], r["since"]),
            {(*key, value.since) for key, value in twin.unknown.items()},
        ),
    ]
    found: list[str] = []
    for name, frame, key_of, all_expected in tables:
        is_by_transfer = name in ("flows", "exits")
        expected = {key for key in all_expected if not (is_by_transfer and _is_assumed(key[1]))}
        rows = _table(frame, "poison")
        found += [
            f"poison {name}: amount {r['amount']} but poison has none"
            for r in rows
            if r["amount"] is not None
        ]
        given = {key_of(r) for r in rows}
        if is_by_transfer:
            given = {key for key in given if not _is_assumed(key[1])}
        found += [f"poison {name}: expected {key}" for key in sorted(expected - given, key=repr)]
        found += [
            f"poison {name}: {key} was not reached" for key in sorted(given - expected, key=repr)
        ]
    return found
