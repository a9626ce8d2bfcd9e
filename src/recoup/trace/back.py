"""Backward tracing: whose money is this? From an account or a transfer back to where every unit entered the ledger.

fifo and lifo follow every unit through the lineage of all debits; rolling goes through the events in reverse: of want w in a
pocket of balance B, floor(w * c / B) came by the credit c; poison gives reach only. Rules that rest on claims are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from recoup.errors import InputFault
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.records.problems import Problem
from recoup.trace.assemble import Scene
from recoup.trace.assumptions import back_assumptions
from recoup.trace.events import microseconds
from recoup.trace.ledger import TERMINAL, TRANSIT
from recoup.trace.lineage import Target, lot_parts, pool_parts, reach_parts
from recoup.trace.rules import LOT_RULES
from recoup.trace.sources import Lineage, name_parts
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options

BACK_RULES: Final = ("fifo", "lifo", "rolling", "poison")

_LEAVES = "money leaves the ledger there; ask for a transfer into it"
_ACCOUNT: Final = "account:"
_TRANSFER: Final = "transfer:"


def trace_back(
    dossier: Dossier, target: str, rule: str, options: Options | None = None
) -> pl.DataFrame:
    """Return where the money of an account (at as-of) or of a transfer came from: schema SOURCES, largest first.

    Args:
        dossier: transfers and what is declared about accounts; holds keep the holder's oldest money here.
        target: an account or the id of a transfer; `account:X` or `transfer:X` where both exist.
        rule: fifo, lifo, rolling or poison (reach only).
        options: bridge, as_of; `since`, and `horizon` counted from the target's time, make what is older `earlier`.

    Amounts sum to the target's money to the unit, currency by currency (a breach is an `AssertionError`). Raises
    `InputFault` for a target that is not found or is two things, and for rules that need claims. Cost: O(transfers), then
    O(steps back).
    """
    return next(trace_lineages(dossier, target, (rule,), options)).sources


def trace_lineages(
    dossier: Dossier, target: str, rules: Sequence[str], options: Options | None = None
) -> Iterator[Lineage]:
    """Yield for each rule the sources as `trace_back` does, and the transfers on the way; the ledger is laid out once."""
    options = options or Options()
    for rule in rules:
        if rule not in BACK_RULES:
            raise _refuse(
                "rule_needs_claims", rule, f"trace back by one of {', '.join(BACK_RULES)}"
            )
    scene = build_scene(dossier, pl.DataFrame(schema=tables.CLAIMS), options)
    aim = _aim(scene, target, dossier.transfers, options.since)
    floor = _floor(scene, aim, options)
    for rule in rules:
        found = _lineage(scene, aim, floor, rule, dossier.transfers)
        yield replace(found, assumptions=back_assumptions(scene, found.sources, options))


def _lineage(scene: Scene, aim: Target, floor: int, rule: str, given: pl.DataFrame) -> Lineage:
    """Return what one rule finds."""
    if rule == "poison":
        return name_parts(scene, reach_parts(scene, aim, floor), rule, given, has_amounts=False)
    if rule in LOT_RULES:
        parts, asked = lot_parts(scene, aim, floor, lifo=rule == "lifo")
    else:
        parts, asked = pool_parts(scene, aim, floor)
    found = name_parts(scene, parts, rule, given, has_amounts=True)
    traced = dict(found.sources.group_by("currency").agg(pl.col("amount").sum()).iter_rows())
    assert traced == asked, f"{rule}: traced back {traced}, asked {asked}"
    return found


def _refuse(code: str, found: str, advice: str) -> InputFault:
    """Return the fault for a question that has no answer."""
    return InputFault([Problem("--back", "", 0, "", code, found, advice)])


def _in_transit(scene: Scene, account: str, given: pl.DataFrame) -> list[int]:
    """Return the pockets of links under way at as-of whose exit's own row went to `account`: there the money counts."""
    ledger, events = scene.ledger, scene.events
    if not account or account in scene.dossier.terminal:
        return []
    linked = ledger.accounts.filter(ledger.accounts.str.starts_with(TRANSIT)).to_list()
    out = []
    for name in linked:
        for pocket in (ledger.pocket(name, currency) for currency in ledger.currencies):
            if pocket < 0:
                continue
            left, entered = (
                int(np.flatnonzero(side == pocket)[0]) for side in (events.payee, events.source)
            )
            row = scene.dossier.transfers["id"][int(events.row[left])]
            stated = given.filter(pl.col("id") == row)["payee"].to_list()
            if left < events.stop <= entered and stated == [account]:
                out.append(pocket)
    return out


def _aim(scene: Scene, target: str, given: pl.DataFrame, since: datetime | None) -> Target:
    """Return what `target` names; raise `InputFault` when it is nothing or two things."""
    account = target.removeprefix(_ACCOUNT)
    transfer = target.removeprefix(_TRANSFER)
    ledger, rows = scene.ledger, scene.dossier.transfers
    pockets = tuple(
        pocket
        for currency in ledger.currencies
        if (pocket := ledger.pocket(account, currency)) >= 0
    )
    pockets += tuple(_in_transit(scene, account, given))
    found = rows.with_row_index("at").filter(pl.col("id") == transfer)["at"].to_list()
    if pockets and found:
        raise _refuse("target_ambiguous", target, f"say {_ACCOUNT}{target} or {_TRANSFER}{target}")
    if found:
        event = int(np.flatnonzero(scene.events.row == found[0])[0])
        if event >= scene.events.stop:
            raise _refuse("target_after_as_of", target, "ask with a later --as-of")
        if since is not None and ledger.time[found[0]] < microseconds(since):
            raise _refuse("target_before_since", target, "ask with an earlier --since")
        if ledger.payer[found[0]] == ledger.payee[found[0]]:
            raise _refuse(
                "target_moves_nothing",
                target,
                "a transfer of an account to itself moves nothing; ask for the account",
            )
        return Target(event, (), target)
    if not pockets:
        named = given.filter((pl.col("payer") == account) | (pl.col("payee") == account))
        if not account or named.is_empty():
            advice = "give an account or a transfer id as it stands in the input"
            raise _refuse("target_not_found", target, advice)
        if account in scene.dossier.terminal:
            raise _refuse("target_terminal", target, _LEAVES)
        return Target(-1, (), target)  # links took its rows over: nothing lies there
    if all(ledger.standing[pocket] == TERMINAL for pocket in pockets):
        raise _refuse("target_terminal", target, _LEAVES)
    return Target(
        -1, tuple(pocket for pocket in pockets if ledger.standing[pocket] != TERMINAL), target
    )


def _floor(scene: Scene, aim: Target, options: Options) -> int:
    """Return the first event that may be traced back through."""
    events, floor = scene.events, 0
    if options.since is not None:
        floor = int(np.searchsorted(events.time, microseconds(options.since), side="left"))
    if options.horizon is not None and events.stop:
        at = int(events.time[aim.event]) if aim.event >= 0 else events.last_time
        limit = at - options.horizon // timedelta(microseconds=1)
        floor = max(floor, int(np.searchsorted(events.time, limit, side="left")))
    return floor
