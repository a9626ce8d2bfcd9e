"""Turns what a kernel found (numbers) into the trail's frames (names, times), and checks that every claim adds up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace import trail as shapes
from recoup.trace.events import Events
from recoup.trace.follow import Followed
from recoup.trace.kernels import books
from recoup.trace.ledger import BRIDGED, I64, OUTSIDE, TRANSIT, UNKNOWN, Ledger
from recoup.trace.openings import Openings

_CARRIED = (
    books.MOVED,
    books.EXITED,
    books.TO_VICTIM,
    books.REVERSED,
    books.CONVERTED,
    books.OPENED,
)
_LEFT = (books.EXITED, books.TO_VICTIM, books.REVERSED, books.CONVERTED, books.UNDONE)
_KIND = {books.TO_VICTIM: "to_victim", books.REVERSED: "reversed", books.CONVERTED: "converted"}


@dataclass(frozen=True)
class Scene:
    """Everything fixed about one trace, whichever the rule."""

    dossier: Dossier
    ledger: Ledger
    openings: Openings
    events: Events
    claims: pl.DataFrame
    """Schema trail.CLAIMS, sorted by claim id; the row is the claim's number."""
    transits: pl.DataFrame
    """Schema links.TRANSITS: where each link's own exit row left the money."""


@dataclass(frozen=True)
class Found:
    """The frames of one rule."""

    positions: pl.DataFrame
    flows: pl.DataFrame
    exits: pl.DataFrame
    unknown: pl.DataFrame
    summary: pl.DataFrame
    holds: pl.DataFrame


def _parts() -> list[pl.Expr]:
    """Return the sums of a group: amount, and what of it was inferred and what asserted."""
    amount, mark = pl.col("amount"), pl.col("mark")
    return [
        amount.sum(),
        amount.filter(mark.is_in([1, 3])).sum().alias("inferred"),
        amount.filter(mark >= 2).sum().alias("asserted"),
    ]


class Names:
    """Numbers to names: gather expressions over the ledger's tables."""

    def __init__(self, scene: Scene) -> None:
        ledger = scene.ledger
        self.claims = scene.claims["claim"]
        self.accounts = pl.concat(
            [ledger.accounts, pl.Series([""])]
        )  # -1, the outside, is the last
        self.currencies = pl.Series([*ledger.currencies, ""], dtype=pl.String)
        self.account_of = np.where(
            ledger.pocket_account < 0, len(ledger.accounts), ledger.pocket_account
        )
        self.currency_of = np.where(
            ledger.pocket_currency < 0, len(ledger.currencies), ledger.pocket_currency
        )

    def account(self, pocket: npt.NDArray[np.int32]) -> pl.Series:
        """Return account names of pockets."""
        return self.accounts.gather(self.account_of[pocket])

    def currency(self, pocket: npt.NDArray[np.int32]) -> pl.Series:
        """Return currencies of pockets."""
        return self.currencies.gather(self.currency_of[pocket])


def instants(microseconds: I64) -> pl.Series:
    """Return int64 microseconds as aware UTC instants."""
    return pl.Series(microseconds, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def _parcels(scene: Scene, found: Followed) -> pl.DataFrame:
    """Return the parcels that lie still: pocket, claim number, mark, amount, since (event), hold."""
    flows, events = found.flows, scene.events
    stayed = flows[flows["fate"] == books.STAYED]
    holds = scene.dossier.holds
    hold_pocket = np.array(
        [
            scene.ledger.pocket(a, c)
            for a, c in zip(holds["account"], holds["currency"], strict=True)
        ],
        np.int32,
    )
    pocket = found.pocket.copy()
    held = found.hold >= 0
    pocket[held] = hold_pocket[found.hold[held]]
    colour = np.concatenate([found.colour, stayed["colour"]])
    return pl.DataFrame(
        {
            "pocket": np.concatenate([pocket, events.source[stayed["event"]]]).astype(np.int32),
            "number": colour >> 2,
            "mark": colour & 3,
            "amount": np.concatenate([found.amount, stayed["amount"]]),
            "since": np.concatenate([found.since, stayed["depth"]]).astype(np.int32),
            "hold": np.concatenate([found.hold, np.full(len(stayed), -1)]).astype(np.int32),
        }
    )


def _lying(
    scene: Scene, parcels: pl.DataFrame, names: Names, rule: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (positions, unknown): what lies in known and in unknown accounts, a row per claim and pocket."""
    groups = (
        parcels.lazy()
        .filter(pl.col("number") >= 0)
        .group_by("number", "pocket")
        .agg(
            *_parts(),
            pl.col("since").min(),
            pl.col("amount").filter(pl.col("hold") >= 0).sum().alias("held"),
        )
        .sort("number", "pocket")
        .collect()
    )
    pocket = groups["pocket"].to_numpy()
    named = groups.select(
        pl.lit(rule).alias("rule"),
        names.claims.gather(groups["number"]).alias("claim"),
        names.account(pocket).alias("account"),
        names.currency(pocket).alias("currency"),
        "amount",
        instants(scene.events.time[groups["since"].to_numpy()]).alias("since"),
        "held",
        "inferred",
        "asserted",
    )
    frontier = np.isin(scene.ledger.standing[pocket], (UNKNOWN, BRIDGED))
    positions = named.filter(~frontier).select(shapes.POSITIONS.names())
    return positions, named.filter(frontier).select(shapes.UNKNOWN.names())


def _moves(scene: Scene, found: Followed) -> pl.DataFrame:
    """Return every parcel moved: claim number, mark, row of the transfer, fate, amount, depth."""
    flows = found.flows
    flows = flows[np.isin(flows["fate"], (*_CARRIED, books.UNDONE))]
    colour = flows["colour"]
    return pl.DataFrame(
        {
            "number": colour >> 2,
            "mark": colour & 3,
            "row": scene.events.row[flows["event"]],
            "fate": flows["fate"],
            "amount": flows["amount"],
            "depth": flows["depth"],
        }
    )


def _flows(scene: Scene, moves: pl.DataFrame, names: Names, rule: str) -> pl.DataFrame:
    """Return the flows: a row per claim and transfer."""
    groups = (
        moves.lazy()
        .filter(
            ~pl.col("fate").is_in([books.TO_VICTIM, books.UNDONE])
        )  # a disputed transfer carries only its own claim
        .group_by("number", "row")
        .agg(*_parts(), pl.col("depth").min())
        .sort("number", "row")
        .collect()
    )
    return groups.select(
        pl.lit(rule).alias("rule"),
        names.claims.gather(groups["number"]).alias("claim"),
        scene.dossier.transfers["id"].gather(groups["row"]).alias("transfer"),
        pl.col("depth").cast(pl.Int32),
        "amount",
        "inferred",
        "asserted",
    )


def kind_of_exit() -> pl.Expr:
    """Return the transfer's own kind; `terminal` where a plain transfer reached a terminal account."""
    plain = pl.col("kind").is_in(["", "transfer"])
    return pl.when(pl.col("at_terminal") & plain).then(pl.lit("terminal")).otherwise(pl.col("kind"))


def name_exits(scene: Scene, moves: pl.DataFrame, names: Names, rule: str) -> pl.DataFrame:
    """Return the exits (schema EXITS) of moves (number, row, fate, mark, amount): a row per claim, transfer and kind."""
    ledger = scene.ledger
    groups = (
        moves.lazy()
        .filter(pl.col("fate").is_in(_LEFT))
        .with_columns(
            pl.col("fate").replace(int(books.UNDONE), int(books.EXITED))
        )  # a refund takes its part of the exit back
        .group_by("number", "row", "fate")
        .agg(*_parts())
        .filter(pl.col("amount") != 0)
        .sort("number", "row", "fate")
        .collect()
    )
    row, fate = groups["row"].to_numpy(), groups["fate"].to_numpy()
    payer, payee = ledger.payer[row], ledger.payee[row]
    at_terminal = (fate == books.EXITED) & (payee != OUTSIDE)
    pocket = np.where(at_terminal, payee, payer).astype(np.int32)
    kind = scene.dossier.transfers["kind"].gather(row)
    frame = groups.select(
        pl.lit(rule).alias("rule"),
        names.claims.gather(groups["number"]).alias("claim"),
        scene.dossier.transfers["id"].gather(row).alias("transfer"),
        names.account(pocket).alias("account"),
        scene.dossier.transfers["currency"].gather(row).alias("currency"),
        kind.alias("kind"),
        "amount",
        "inferred",
        "asserted",
        pl.Series("fate", fate),
        pl.Series("at_terminal", at_terminal),
    )
    made = pl.col("fate").replace_strict(_KIND, default=None, return_dtype=pl.String)
    return frame.with_columns(pl.coalesce(made, kind_of_exit()).alias("kind")).select(
        shapes.EXITS.names()
    )


def _losses(scene: Scene, found: Followed) -> pl.DataFrame:
    """Return (number, currency, loss): the disputed amount, and what conversions opened in other currencies."""
    events, flows, claims = scene.events, found.flows, scene.claims
    happened = (events.root < events.stop) & (events.cut != 0)
    loss = np.where(happened, claims["loss"].to_numpy(), 0)
    for number in np.flatnonzero(happened & ~claims["admitted"].to_numpy()):
        own = (flows["event"] == events.root[number]) & (flows["colour"] >> 2 == number)
        own &= flows["fate"] != books.UNDONE
        loss[number] = int(flows["amount"][own].sum())
    disputed = pl.DataFrame(
        {
            "number": np.arange(len(claims), dtype=np.int32),
            "currency": claims["currency"],
            "loss": loss,
        }
    )
    # What opens too small to be followed is a loss, and residual at once.
    arrived = np.isin(flows["fate"], (books.OPENED, books.EXITED, books.TO_VICTIM, books.DUST))
    opened = flows[arrived & (events.op[flows["event"]] & books.CONVERT_IN != 0)]
    opened = opened[
        events.root[opened["colour"] >> 2] != opened["event"]
    ]  # a disputed credit is its claim's own loss
    rows = events.row[opened["event"]]
    derived = pl.DataFrame(
        {
            "number": opened["colour"] >> 2,
            "currency": scene.dossier.transfers["currency"].gather(rows),
            "loss": opened["amount"],
        }
    )
    both = pl.concat([disputed, derived.cast(disputed.schema)])
    return both.group_by("number", "currency").agg(pl.col("loss").sum()).sort("number", "currency")


def _residuals(scene: Scene, found: Followed, names: Names) -> pl.DataFrame:
    """Return (claim, currency, residual): what the dust floor dropped."""
    dropped = found.flows[found.flows["fate"] == books.DUST]
    row = scene.events.row[dropped["event"]]
    frame = pl.DataFrame(
        {
            "claim": names.claims.gather(dropped["colour"] >> 2),
            "currency": scene.dossier.transfers["currency"].gather(row),
            "residual": dropped["amount"],
        }
    )
    return frame.group_by("claim", "currency").agg(pl.col("residual").sum())


def _reached(scene: Scene, found: Found) -> pl.LazyFrame:
    """Return by claim and currency the hops and how many accounts its money reached, not those a reversal returned to."""
    true_payee = pl.coalesce("true_payee", "payee")
    kinds = scene.dossier.transfers.lazy().join(
        scene.transits.lazy().select(payee="account", true_payee="payee"), on="payee", how="left"
    )
    kinds = kinds.select(transfer="id", account=true_payee, currency="currency")
    back = (
        found.exits.lazy()
        .filter(pl.col("kind") == "reversed")
        .select("claim", "transfer", back=pl.lit(value=True))
    )
    hops = (
        found.flows.lazy()
        .join(kinds, on="transfer")
        .join(back, on=["claim", "transfer"], how="left")
    )
    return (
        hops.with_columns(pl.col("back").fill_null(value=False))
        .group_by("claim", "currency")
        .agg(
            pl.col("account")
            .filter(
                (pl.col("account") != "")
                & ~pl.col("account").str.starts_with(TRANSIT)
                & ~pl.col("back")
            )
            .n_unique()
            .cast(pl.Int32)
            .alias("accounts"),
            pl.col("depth").max(),
        )
    )


def summarise(
    scene: Scene, losses: pl.DataFrame, found: Found, residuals: pl.DataFrame, rule: str
) -> pl.DataFrame:
    """Return the summary of one rule; asserts loss = located + exited + unknown + residual for every claim and currency.

    `losses` is (claim, victim, currency, loss). Without a bound yet: `recoverable` is null.
    """
    keys = ["claim", "currency"]
    table = losses.lazy()
    for name, frame in (
        ("located", found.positions),
        ("exited", found.exits),
        ("unknown", found.unknown),
    ):
        sums = (
            frame.lazy()
            .group_by(keys)
            .agg(
                pl.col("amount").sum().alias(name),
                pl.col("inferred").sum().alias(f"inferred_{name}"),
                pl.col("asserted").sum().alias(f"asserted_{name}"),
            )
        )
        table = table.join(sums, on=keys, how="left")
    held = found.positions.lazy().group_by(keys).agg(pl.col("held").sum())
    table = table.join(held, on=keys, how="left").join(residuals.lazy(), on=keys, how="left")
    reached = _reached(scene, found)
    table = table.join(reached, on=keys, how="left").with_columns(
        pl.col(pl.Int64, pl.Int32).fill_null(0)
    )
    parts = ("located", "exited", "unknown")
    summary = table.with_columns(
        rule=pl.lit(rule),
        recoverable=pl.lit(None, dtype=pl.Int64),
        inferred=pl.sum_horizontal(f"inferred_{part}" for part in parts),
        asserted=pl.sum_horizontal(f"asserted_{part}" for part in parts),
    )
    out = summary.sort(keys).select(shapes.SUMMARY.names()).collect()
    short = out.filter(
        pl.col("loss") != pl.sum_horizontal("located", "exited", "unknown", "residual")
    )
    assert short.is_empty(), f"{rule}: money not conserved: {short.row(0, named=True)}"
    return out


def _holds_filled(scene: Scene, parcels: pl.DataFrame, names: Names, rule: str) -> pl.DataFrame:
    """Return what each hold keeps, by claim; '' is no claim's."""
    groups = (
        parcels.filter(pl.col("hold") >= 0)
        .group_by("hold", "number")
        .agg(pl.col("amount").sum())
        .sort("hold", "number")
    )
    claims = pl.concat([names.claims, pl.Series([""])])
    holds = scene.dossier.holds
    return groups.select(
        pl.lit(rule).alias("rule"),
        pl.col("hold").cast(pl.Int32),
        claims.gather(groups["number"].to_numpy() % len(claims)).alias("claim"),
        holds["account"].gather(groups["hold"]).alias("account"),
        holds["currency"].gather(groups["hold"]).alias("currency"),
        "amount",
    )


def losses_named(scene: Scene, numbers: pl.DataFrame) -> pl.DataFrame:
    """Return (claim, victim, currency, loss) of (number, currency, loss)."""
    number = numbers["number"]
    return numbers.select(
        scene.claims["claim"].gather(number).alias("claim"),
        scene.claims["victim"].gather(number).alias("victim"),
        "currency",
        "loss",
    )


def settle_transits(scene: Scene, frames: Found) -> Found:
    """Count money that has not crossed its link yet where the link's own exit row left it: exited, or unknown at its payee."""
    waiting = frames.unknown.join(scene.transits, on="account", how="inner")
    if waiting.is_empty():
        return frames
    rest = frames.unknown.join(scene.transits, on="account", how="anti")
    at_unknown = pl.col("standing") == "unknown"
    unknown = waiting.filter(at_unknown).with_columns(account="payee").select(rest.columns)
    gone = waiting.filter(~at_unknown).with_columns(account=pl.col("place"))
    exits = pl.concat([frames.exits, gone.select(frames.exits.columns)])
    order = scene.dossier.transfers.lazy().select(transfer="id").with_row_index("at")
    keys = ["rule", "claim", "account", "currency"]
    parts = [pl.col(name).sum() for name in ("amount", "inferred", "asserted")]
    return replace(
        frames,
        exits=exits.lazy()
        .join(order, on="transfer", how="left")
        .sort("claim", "at")
        .drop("at")
        .collect(),
        unknown=pl.concat([rest, unknown])
        .group_by(keys)
        .agg(*parts, pl.col("since").min())
        .sort("claim", "account", "currency")
        .select(rest.columns),
    )


def assemble(scene: Scene, found: Followed, rule: str) -> Found:
    """Return the frames of one causal rule, conserved."""
    names = Names(scene)
    parcels = _parcels(scene, found)
    positions, unknown = _lying(scene, parcels, names, rule)
    moves = _moves(scene, found)
    frames = Found(
        positions=positions,
        flows=_flows(scene, moves, names, rule),
        exits=name_exits(scene, moves, names, rule),
        unknown=unknown,
        summary=pl.DataFrame(schema=shapes.SUMMARY),
        holds=_holds_filled(scene, parcels, names, rule),
    )
    frames = settle_transits(scene, frames)
    for place in (frames.positions, frames.unknown, frames.exits):
        assert place.filter(pl.col("amount") < 0).is_empty(), f"{rule}: money below zero somewhere"
    losses = losses_named(scene, _losses(scene, found))
    summary = summarise(scene, losses, frames, _residuals(scene, found, names), rule)
    return replace(frames, summary=summary)
