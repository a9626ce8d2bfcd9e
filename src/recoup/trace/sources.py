"""Names what a backward trace found: frames of sources and of the transfers on the way. Nothing is traced here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from recoup.records import tables
from recoup.trace.assemble import Names, Scene, instants
from recoup.trace.kernels import back as kernels
from recoup.trace.kernels import books
from recoup.trace.ledger import I64, OUTSIDE, STANDINGS, TRANSIT
from recoup.trace.lineage import Parts

SOURCES: Final = tables.schema_of(
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

BACK_FLOWS: Final = tables.schema_of(
    {"rule": pl.String, "transfer": pl.String, "depth": pl.Int32, "amount": pl.Int64}
)
"""What of the target's money every transfer carried; hops are counted from the target. Null amounts under poison."""


@dataclass(frozen=True)
class Lineage:
    """What a backward trace found: frames of schemas SOURCES and BACK_FLOWS."""

    sources: pl.DataFrame
    flows: pl.DataFrame
    assumptions: tuple[str, ...] = ()
    """What it rests on beside the statements, as sentences."""


def name_parts(
    scene: Scene, parts: Parts, rule: str, given: pl.DataFrame, *, has_amounts: bool
) -> Lineage:
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
        _older(scene, parts, kernels.OPENING, given),
        _older(scene, parts, kernels.EARLIER, given),
        _crossed(scene, parts, given),
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


def _older(scene: Scene, parts: Parts, what: int, given: pl.DataFrame) -> pl.DataFrame:
    """Return what lay in pockets from the start, or before the time asked about; in transit: where the exit's row left it."""
    chosen = parts.what == what
    name = "opening" if what == kernels.OPENING else "earlier"
    pocket, amount, hops = parts.at[chosen], parts.amount[chosen], parts.hops[chosen]
    moving = Names(scene).account(pocket.astype(np.int32)).str.starts_with(TRANSIT).to_numpy()
    row = [int(np.flatnonzero(scene.ledger.payee == at)[0]) for at in pocket[moving]]
    return pl.concat(
        [
            _frame(scene, name, "", pocket[~moving], None, amount[~moving], hops[~moving]),
            _left_by(scene, np.array(row, np.int64), given, amount[moving], hops[moving]),
        ]
    )


def _crossed(scene: Scene, parts: Parts, given: pl.DataFrame) -> pl.DataFrame:
    """Return what a transfer had moved before the time asked about: it lay where the transfer's own row left it."""
    chosen = parts.what == kernels.EARLIER_BY
    row = scene.events.row[parts.at[chosen]].astype(np.int64)
    return _left_by(scene, row, given, parts.amount[chosen], parts.hops[chosen])


def _left_by(scene: Scene, row: I64, given: pl.DataFrame, amount: I64, hops: I64) -> pl.DataFrame:
    """Return money as `earlier` at the stated payee of the row it left by, or at the payer if there is none [choice 17].

    `given` are the transfers before links were woven in: until a link's entry the money counts where its exit's row left it.
    """
    ledger, names = scene.ledger, Names(scene)
    payer, payee = ledger.payer[row], ledger.payee[row]
    pocket = np.where(payer == OUTSIDE, payee, payer).astype(np.int64)  # for its currency
    stated = names.account(payee).to_list()
    for at, name in enumerate(stated):
        if name.startswith(TRANSIT):
            transfer = scene.dossier.transfers["id"][int(row[at])]
            shown = given.filter(pl.col("id") == transfer)["payee"].to_list()
            stated[at] = shown[0] if shown else ""  # an exit that was assumed has none
    last = names.account(payer).to_list()
    places = [name or other for name, other in zip(stated, last, strict=True)]
    return _frame(scene, "earlier", "", pocket, None, amount, hops).with_columns(
        pl.Series("account", places, dtype=pl.String)
    )
