"""Backward tracing: whose money is this? From an account or a transfer back to where every unit entered the ledger.

fifo and lifo follow every unit through the lineage of all debits; rolling goes through the events in reverse: of want w in a
pocket of balance B, floor(w * c / B) came by the credit c; poison gives reach only. Rules that rest on claims are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.errors import InputFault, LimitFault
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.records.problems import Problem
from recoup.trace.assemble import Names, Scene, instants
from recoup.trace.events import microseconds
from recoup.trace.kernels import back as kernels
from recoup.trace.kernels import books, reach
from recoup.trace.kernels.index import count_rows
from recoup.trace.ledger import OUTSIDE, STANDINGS, TERMINAL, TRANSIT, I64
from recoup.trace.rules import LOT_RULES
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options

Record = npt.NDArray[np.void]

SOURCES: Final = pl.Schema(
    {
        "rule": pl.String,
        "source": pl.String,  # deposit, opening, unknown, terminal, assumed, conversion or earlier
        "transfer": pl.String,  # by which it entered; '' for opening, assumed and earlier
        "account": pl.String,  # the unknown or terminal payer, else the account that had or received it
        "currency": pl.String,
        "amount": pl.Int64,  # minor units; null under poison
        "since": tables.INSTANT,  # time of entry; null for opening and earlier
        "depth": pl.Int32,  # fewest transfers between the entry and the target, the entry's own counted
    }
)
"""Where the target's money came from; for every currency the amounts sum to the target's."""

BACK_FLOWS: Final = pl.Schema(
    {"rule": pl.String, "transfer": pl.String, "depth": pl.Int32, "amount": pl.Int64}
)
"""What of the target's money every transfer carried; hops are counted from the target. Null amounts under poison."""

BACK_RULES: Final = ("fifo", "lifo", "rolling", "poison")
BACK_RANGE: Final = ("fifo", "lifo", "rolling")  # what `all` means here: lowest-balance needs claims

ITEMS_MAX: Final = 2**27
"""Steps of one backward trace by fifo or lifo."""

_ACCOUNT: Final = "account:"
_TRANSFER: Final = "transfer:"


@dataclass(frozen=True)
class Lineage:
    """What a backward trace found: frames of schemas SOURCES and BACK_FLOWS."""

    sources: pl.DataFrame
    flows: pl.DataFrame


@dataclass(frozen=True)
class _Target:
    """What is asked about: an event, or all pockets of an account."""

    event: int
    """-1 for an account."""
    pockets: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class _Parts:
    """Findings in parallel arrays: what (kernels.FLOW, CAME, ...), event or pocket, units, hops."""

    what: I64
    at: I64
    amount: I64
    hops: I64

    @classmethod
    def of(cls, *groups: tuple[int, I64, I64, I64]) -> _Parts:
        """Return the findings of (what, at, amount, hops)."""
        columns = zip(
            *(
                (np.full(len(at), what, np.int64), at, amount, hops)
                for what, at, amount, hops in groups
            ),
            strict=True,
        )
        return cls(*(np.concatenate(column).astype(np.int64) for column in columns))


def trace_back(
    dossier: Dossier, target: str, rule: str, options: Options | None = None
) -> pl.DataFrame:
    """Return where the money of an account (at as-of) or of a transfer came from: schema SOURCES, largest first.

    Args:
        dossier: transfers and what is declared about accounts; holds keep the holder's oldest money here.
        target: an account or the id of a transfer; `account:X` or `transfer:X` where both exist.
        rule: fifo, lifo, rolling or poison (reach only).
        options: bridge, as_of; `since`, and `horizon` counted from the target's time, make what is older `earlier`.

    Amounts sum to the target's money to the unit, currency by currency (a breach is an `AssertionError`). Raises `InputFault` for
    a target that is not found or is two things, and for rules that need claims. Cost: O(transfers), then O(steps back).
    """
    return trace_lineage(dossier, target, rule, options).sources


def trace_lineage(
    dossier: Dossier, target: str, rule: str, options: Options | None = None
) -> Lineage:
    """Return the sources as `trace_back` does, and the transfers on the way."""
    options = options or Options()
    if rule not in BACK_RULES:
        raise _refuse("rule_needs_claims", rule, f"trace back by one of {', '.join(BACK_RULES)}")
    scene = build_scene(dossier, pl.DataFrame(schema=tables.CLAIMS), options)
    aim = _aim(scene, target)
    floor = _floor(scene, aim, options)
    if rule == "poison":
        parts, asked = _reach_parts(scene, aim, floor), None
    elif rule in LOT_RULES:
        parts, asked = _lot_parts(scene, aim, floor, lifo=rule == "lifo")
    else:
        parts, asked = _pool_parts(scene, aim, floor)
    found = _named(scene, parts, rule, has_amounts=asked is not None)
    if asked is not None:
        traced = dict(found.sources.group_by("currency").agg(pl.col("amount").sum()).iter_rows())
        assert traced == asked, f"{rule}: traced back {traced}, asked {asked}"
    return found


def _refuse(code: str, found: str, advice: str) -> InputFault:
    """Return the fault for a question that has no answer."""
    return InputFault([Problem("--back", "", 0, "", code, found, advice)])


def _aim(scene: Scene, target: str) -> _Target:
    """Return what `target` names; raise `InputFault` when it is nothing or two things."""
    account = target.removeprefix(_ACCOUNT)
    transfer = target.removeprefix(_TRANSFER)
    ledger, rows = scene.ledger, scene.dossier.transfers
    pockets = tuple(
        pocket
        for currency in ledger.currencies
        if (pocket := ledger.pocket(account, currency)) >= 0
    )
    found = rows.with_row_index("at").filter(pl.col("id") == transfer)["at"].to_list()
    if pockets and found:
        raise _refuse("target_ambiguous", target, f"say {_ACCOUNT}{target} or {_TRANSFER}{target}")
    if found:
        event = int(np.flatnonzero(scene.events.row == found[0])[0])
        if event >= scene.events.stop:
            raise _refuse("target_after_as_of", target, "ask with a later --as-of")
        if ledger.payer[found[0]] == ledger.payee[found[0]]:
            raise _refuse(
                "target_moves_nothing",
                target,
                "a transfer of an account to itself moves nothing; ask for the account",
            )
        return _Target(event, (), target)
    if not pockets:
        raise _refuse(
            "target_not_found", target, "give an account or a transfer id as it stands in the input"
        )
    if all(ledger.standing[pocket] == TERMINAL for pocket in pockets):
        raise _refuse(
            "target_terminal", target, "money leaves the ledger there; ask for a transfer into it"
        )
    return _Target(
        -1, tuple(pocket for pocket in pockets if ledger.standing[pocket] != TERMINAL), target
    )


def _floor(scene: Scene, aim: _Target, options: Options) -> int:
    """Return the first event that may be traced back through."""
    events, floor = scene.events, 0
    if options.since is not None:
        floor = int(np.searchsorted(events.time, microseconds(options.since), side="left"))
    if options.horizon is not None and events.stop:
        at = int(events.time[aim.event]) if aim.event >= 0 else events.last_time
        limit = at - options.horizon // timedelta(microseconds=1)
        floor = max(floor, int(np.searchsorted(events.time, limit, side="left")))
    return floor


def _asked(scene: Scene, pockets: npt.NDArray[np.int64], amounts: I64) -> dict[str, int]:
    """Return minor units by currency, of currencies that have any."""
    out: dict[str, int] = {}
    for pocket, amount in zip(pockets.tolist(), amounts.tolist(), strict=True):
        currency = scene.ledger.currencies[scene.ledger.pocket_currency[pocket]]
        out[currency] = out.get(currency, 0) + amount
    return {currency: amount for currency, amount in out.items() if amount}


def _asked_of_event(scene: Scene, event: int) -> dict[str, int]:
    row = int(scene.events.row[event])
    return {scene.ledger.currencies[scene.ledger.currency[row]]: int(scene.events.amount[event])}


def _specials(scene: Scene) -> Record:
    """Return the specials with one that is plain at the end, so that there always is one."""
    return np.concatenate([scene.events.specials, np.zeros(1, books.SPECIAL)])


def _original_events(scene: Scene) -> I64:
    """Return by slot the event of a transfer that is reversed later; 0 where it is past as-of."""
    events = scene.events
    watched = np.flatnonzero(events.op[: events.stop] & books.WATCHED)
    out = np.zeros(max(1, events.originals_count), np.int64)
    out[events.specials["watched"][events.special[watched]]] = watched
    return out


# --- fifo and lifo -----------------------------------------------------------------------------------------------------


def _lay(scene: Scene, *, lifo: bool) -> kernels.Lineage:
    """Return the lineage of all debits up to as-of."""
    events, openings, count = scene.events, scene.openings, len(scene.ledger.standing)
    special_count, stop = len(events.specials), events.stop
    purses = np.zeros(count, kernels.PURSE)
    purses["head"] = purses["tail"] = books.NONE
    filled = np.flatnonzero((openings.amount > 0) & (scene.ledger.sinks == 0))
    purses["into"][filled] = openings.amount[filled]
    purses["head"][filled] = purses["tail"][filled] = np.arange(len(filled))
    nodes = np.empty(count + stop + 4 * special_count + 8, kernels.NODE)
    nodes["start"][: len(filled)], nodes["size"][: len(filled)] = 0, openings.amount[filled]
    nodes["next"][: len(filled)] = nodes["prev"][: len(filled)] = books.NONE
    lineage = kernels.Lineage(
        purses=purses,
        nodes=nodes,
        slots=np.full(max(1, events.slots_count), books.NONE, np.int64),
        segments=np.empty(count + 2 * stop + 8 * special_count + 8, kernels.SEGMENT),
        begins=np.zeros(stop + 1, np.int64),
        into_of=np.zeros(stop, np.int64),
        state=np.array([len(filled), books.NONE, 0], np.int64),
    )
    original = _original_events(scene)
    kernels.lay_lineage(
        lineage, events.source, events.payee, events.amount, events.op, events.special, _specials(scene), scene.ledger.sinks, original, np.zeros_like(original), lifo, stop
    )  # fmt: skip
    return lineage


def _chain(lineage: kernels.Lineage, head: int) -> list[tuple[int, int]]:
    """Return the intervals of a list."""
    out = []
    while head >= 0:
        start, size, head, _ = lineage.nodes[head].tolist()
        out.append((start, start + size))
    return out


def _lot_parts(
    scene: Scene, aim: _Target, floor: int, *, lifo: bool
) -> tuple[_Parts, dict[str, int]]:
    """Return the findings under fifo or lifo, and what was asked by currency."""
    events = scene.events
    lineage = _lay(scene, lifo=lifo)
    if aim.event >= 0:
        begin = [(0, int(events.amount[aim.event]), ~aim.event, 0)]
        asked = _asked_of_event(scene, aim.event)
    else:
        lying = [
            (pocket, *span)
            for pocket in aim.pockets
            for span in _chain(lineage, int(lineage.purses["head"][pocket]))
        ]
        holds = np.flatnonzero(events.op[: events.stop] & books.HOLD)
        for hold in holds[np.isin(events.source[holds], aim.pockets)].tolist():
            slot = int(events.specials["slot"][events.special[hold]])
            lying += [
                (int(events.source[hold]), *span)
                for span in _chain(lineage, int(lineage.slots[slot]))
            ]
        begin = [(low, high, pocket, 0) for pocket, low, high in lying]
        table = np.array(lying, np.int64).reshape(-1, 3)
        asked = _asked(scene, table[:, 0], table[:, 2] - table[:, 1])
    begins = count_rows(events.payee, events.op, len(scene.ledger.standing), events.stop)
    credits = np.zeros(int(begins[-1]), np.int64)
    kernels.lay_credits(events.payee, begins[:-1].copy(), credits, lineage.into_of, events.stop)
    room = 1 << 12
    while True:
        items, parts = np.zeros(room, kernels.ITEM), np.zeros(room, kernels.PART)
        if len(begin) <= room:
            items[: len(begin)] = begin
            count = kernels.trace_units(
                lineage,
                events.amount,
                scene.openings.amount,
                credits,
                begins,
                events.row >= 0,
                floor,
                items,
                len(begin),
                parts,
            )
            if count >= 0:
                found = parts[:count]
                return _Parts(
                    *(found[name].copy() for name in ("what", "at", "amount", "hops"))
                ), asked
        room *= 4
        if room > ITEMS_MAX:
            raise LimitFault("ITEMS_MAX", ITEMS_MAX, room)


# --- rolling and poison ------------------------------------------------------------------------------------------------


def _refunds(scene: Scene) -> npt.NDArray[np.bool_]:
    """Return by event whether it brings back what an original carried out of the ledger or to an unknown account."""
    events, ledger = scene.events, scene.ledger
    out = np.zeros(events.stop, np.bool_)
    at = np.flatnonzero(events.op[: events.stop] & books.REVERSAL)
    record = events.specials[events.special[at]]
    original = _original_events(scene)[record["original"]]
    exits = (ledger.sinks[events.payee[original]] != 0) & (
        events.op[original] & books.CONVERT_OUT == 0
    )
    out[at] = (record["rest_clean"] != 0) | ((events.source[at] == OUTSIDE) & exits)
    return out


def _pool_parts(scene: Scene, aim: _Target, floor: int) -> tuple[_Parts, dict[str, int]]:
    """Return the findings under rolling charge, and what was asked by currency."""
    events, count = scene.events, len(scene.ledger.standing)
    stop = aim.event + 1 if aim.event >= 0 else events.stop
    balance = reach.run_balances(
        events.source, events.payee, events.amount, events.op, scene.openings.amount, stop
    )
    want, hops = np.zeros(count, np.int64), np.zeros(count, np.int64)
    pending = np.zeros(max(1, events.originals_count), np.int64)
    if aim.event >= 0:
        first, asked = int(events.amount[aim.event]), _asked_of_event(scene, aim.event)
    else:
        pockets = np.array(aim.pockets, np.int64)
        want[pockets] = balance[pockets]
        first, asked = -1, _asked(scene, pockets, balance[pockets])
    lowest = min(floor, stop - 1) if aim.event >= 0 else min(floor, stop)
    refunds = _refunds(scene)
    part, depth = kernels.undo_pools(
        events.source, events.payee, events.amount, events.op, events.special, _specials(scene), scene.ledger.sinks, refunds, balance, want, hops, pending, first, lowest, stop
    )  # fmt: skip
    flow = np.flatnonzero(part)
    is_row = events.row[flow] >= 0
    entered = _entries(scene, flow, refunds)
    left, slot = np.flatnonzero(want), np.flatnonzero(pending)
    original = _original_events(scene)[slot]
    what = kernels.EARLIER if _has_older(scene, min(lowest, stop)) else kernels.OPENING
    return (
        _Parts.of(
            (kernels.FLOW, flow[is_row], part[flow[is_row]], depth[flow[is_row]]),
            (kernels.CAME, flow[entered], part[flow[entered]], depth[flow[entered]]),
            (what, left, want[left], hops[left]),
            (kernels.EARLIER_BY, original, pending[slot], np.zeros(len(slot), np.int64)),
        ),
        asked,
    )


def _entries(
    scene: Scene, at: npt.NDArray[np.intp], refunds: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which events brought money into the ledger."""
    events = scene.events
    outside = (events.source[at] == OUTSIDE) | (events.op[at] & books.CONVERT_IN != 0)
    entered: npt.NDArray[np.bool_] = outside & ~refunds[at]
    return entered


def _has_older(scene: Scene, floor: int) -> bool:
    """Return whether any transfer moved something before event `floor`."""
    row = scene.events.row[:floor]
    row = row[row >= 0]
    return bool((scene.ledger.payer[row] != scene.ledger.payee[row]).any())


def _reach_parts(scene: Scene, aim: _Target, floor: int) -> _Parts:
    """Return what could have come to the target, without amounts."""
    events, count = scene.events, len(scene.ledger.standing)
    stop = aim.event + 1 if aim.event >= 0 else events.stop
    hops = np.zeros(count, np.int64)
    hops[list(aim.pockets)] = 1
    pending = np.zeros(max(1, events.originals_count), np.int64)
    lowest = min(floor, stop - 1) if aim.event >= 0 else min(floor, stop)
    refunds = _refunds(scene)
    depth = kernels.undo_reach(
        events.source, events.payee, events.op, events.special, _specials(scene), scene.ledger.sinks, refunds, hops, pending, aim.event >= 0, lowest, stop
    )  # fmt: skip
    flow = np.flatnonzero(depth)
    is_row = events.row[flow] >= 0
    entered = _entries(scene, flow, refunds)
    left = np.flatnonzero(hops)
    older = _has_older(scene, min(lowest, stop))
    left = left if older else left[scene.openings.amount[left] > 0]
    nothing = np.zeros(count + events.stop, np.int64)
    return _Parts.of(
        (kernels.FLOW, flow[is_row], nothing[: int(is_row.sum())], depth[flow[is_row]]),
        (kernels.CAME, flow[entered], nothing[: int(entered.sum())], depth[flow[entered]]),
        (kernels.EARLIER if older else kernels.OPENING, left, nothing[: len(left)], hops[left] - 1),
    )


# --- names -------------------------------------------------------------------------------------------------------------


def _named(scene: Scene, parts: _Parts, rule: str, *, has_amounts: bool) -> Lineage:
    """Return the findings as frames."""
    ids = scene.dossier.transfers["id"]
    flows = parts.what == kernels.FLOW
    carried = pl.DataFrame(
        {
            "row": scene.events.row[parts.at[flows]],
            "amount": parts.amount[flows],
            "depth": parts.hops[flows],
        }
    )
    carried = carried.group_by("row").agg(pl.col("amount").sum(), pl.col("depth").min()).sort("row")
    amount = pl.col("amount") if has_amounts else pl.lit(None, dtype=pl.Int64).alias("amount")
    groups = [
        _entered(
            scene,
            parts.at[came := parts.what == kernels.CAME],
            parts.amount[came],
            parts.hops[came],
        ),
        _older(scene, parts, kernels.OPENING),
        _older(scene, parts, kernels.EARLIER),
        _crossed(scene, parts),
    ]
    keys = ["source", "transfer", "account", "currency", "since"]
    sources = (
        pl.concat(groups)
        .group_by(keys)
        .agg(pl.col("amount").sum(), pl.col("depth").min().cast(pl.Int32))
    )
    sources = sources.with_columns(amount, rule=pl.lit(rule))
    return Lineage(
        sources.sort(
            ["currency", "amount", *keys], descending=[False, True, *(False for _ in keys)]
        ).select(SOURCES.names()),
        carried.select(
            pl.lit(rule).alias("rule"),
            ids.gather(carried["row"]).alias("transfer"),
            pl.col("depth").cast(pl.Int32),
            amount,
        ),
    )


def _frame(
    scene: Scene,
    source: pl.Series | str,
    transfer: pl.Series | str,
    pocket: I64,
    since: pl.Series | None,
    amount: I64,
    hops: I64,
) -> pl.DataFrame:
    """Return findings as the columns that sources are grouped by; a link in transit is named by where it left."""
    names, at = Names(scene), pocket.astype(np.int32)
    return pl.DataFrame(
        {
            "account": names.account(at),
            "currency": names.currency(at),
            "amount": amount,
            "depth": hops,
        }
    ).select(
        (pl.lit(source) if isinstance(source, str) else source).alias("source"),
        (pl.lit(transfer) if isinstance(transfer, str) else transfer).alias("transfer"),
        "account",
        "currency",
        (pl.lit(None) if since is None else since).cast(tables.INSTANT).alias("since"),
        "amount",
        "depth",
    )


def _entered(scene: Scene, event: I64, amount: I64, hops: I64) -> pl.DataFrame:
    """Return what came into the ledger by events: deposits, conversions, out of unknown and terminal accounts, assumed."""
    events, ledger = scene.events, scene.ledger
    row = events.row[event]
    payer = np.where(row >= 0, ledger.payer[row], OUTSIDE)
    kind = pl.Series(STANDINGS).gather(ledger.standing[payer])
    plain = payer == OUTSIDE
    table = pl.DataFrame(
        {
            "kind": kind,
            "plain": plain,
            "row": row,
            "converted": events.op[event] & books.CONVERT_IN != 0,
        }
    )
    source = table.select(
        pl.when(pl.col("row") < 0)
        .then(pl.lit("assumed"))
        .when("converted")
        .then(pl.lit("conversion"))
        .when("plain")
        .then(pl.lit("deposit"))
        .otherwise("kind")
        .alias("source")
    )["source"]
    ids = pl.concat([scene.dossier.transfers["id"], pl.Series([""])])
    transfer = ids.gather(np.where(row >= 0, row, len(ids) - 1))
    receiver = np.where(events.payee[event] == OUTSIDE, payer, events.payee[event])
    pocket = np.where(plain, receiver, payer).astype(np.int64)
    return _frame(scene, source, transfer, pocket, instants(events.time[event]), amount, hops)


def _older(scene: Scene, parts: _Parts, what: int) -> pl.DataFrame:
    """Return what lay in pockets from the start, or before the time asked about."""
    chosen = parts.what == what
    name = "opening" if what == kernels.OPENING else "earlier"
    pocket = _not_in_transit(scene, parts.at[chosen])
    return _frame(scene, name, "", pocket, None, parts.amount[chosen], parts.hops[chosen])


def _crossed(scene: Scene, parts: _Parts) -> pl.DataFrame:
    """Return what a transfer had moved before the time asked about: it lay with its payee, or left its payer."""
    chosen = parts.what == kernels.EARLIER_BY
    row = scene.events.row[parts.at[chosen]]
    payer, payee = scene.ledger.payer[row], scene.ledger.payee[row]
    pocket = _not_in_transit(scene, np.where(payee == OUTSIDE, payer, payee).astype(np.int64))
    return _frame(scene, "earlier", "", pocket, None, parts.amount[chosen], parts.hops[chosen])


def _not_in_transit(scene: Scene, pocket: I64) -> I64:
    """Return the pockets, those of links in transit replaced by the one that the link leaves from."""
    ledger = scene.ledger
    names = Names(scene).account(pocket.astype(np.int32))
    out = pocket.copy()
    for at in np.flatnonzero(names.str.starts_with(TRANSIT).to_numpy()).tolist():
        into = np.flatnonzero(ledger.payee == pocket[at])
        out[at] = ledger.payer[into[0]]
    return out
