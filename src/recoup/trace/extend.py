"""A trail with more transfers: exactly what tracing everything at once gives, re-tracing only the claims that are touched.

A claim is touched when new or changed rows concern a pocket that its money reached or left, or when it shares a pocket with a
touched claim (joint rounding, holds, claims on claims). What re-traced claims newly reach may touch more; this is repeated
until
nothing changes. pari-passu and poison are computed anew.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from recoup.errors import InputFault
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.records.problems import Problem
from recoup.trace.assemble import Found, Scene
from recoup.trace.rules import LOT_RULES, POOL_RULES
from recoup.trace.trace import build_scene, find, finish
from recoup.trace.trail import Trail

_POCKET = ["account", "currency"]
_KINDS = ("to_victim", "reversed", "converted")


def _merged(dossier: Dossier, more: pl.DataFrame) -> Dossier:
    """Return `dossier` with the rows of `more` (schema tables.TRANSFERS); rows that are already there are ignored."""
    fresh = more.select(tables.TRANSFERS.names()).cast(dict(tables.TRANSFERS))  # type: ignore[arg-type]
    content = [
        name
        for name in tables.TRANSFERS.names()
        if name not in ("source", "row", "other_source", "other_row", "sequence")
    ]
    fresh = fresh.join(dossier.transfers, on=content, how="anti", nulls_equal=True)
    clash = fresh.filter(
        pl.col("id").is_in(dossier.transfers["id"].implode()) | pl.col("id").is_duplicated()
    )
    if not clash.is_empty():
        raise InputFault(
            [
                Problem(
                    "",
                    "",
                    int(row or 0),
                    "id",
                    "id_twice",
                    name,
                    "give every transfer an id of its own",
                )
                for name, row in clash.select("id", "row").iter_rows()
            ]
        )
    both = pl.concat([dossier.transfers, fresh]).sort("time", "sequence", "id")
    return replace(dossier, transfers=both)


def _pockets_of(scene: Scene) -> pl.DataFrame:
    """Return (account, currency, opening, basis, standing, credits) of every pocket."""
    ledger = scene.ledger
    frame = pl.DataFrame(
        {
            "account": ledger.accounts.gather(ledger.pocket_account[1:]),
            "currency": pl.Series(ledger.currencies, dtype=pl.String).gather(
                ledger.pocket_currency[1:]
            ),
            "opening": scene.openings.amount[1:],
            "basis": scene.openings.basis[1:],
            "standing": ledger.standing[1:],
            "pocket": pl.int_range(1, len(ledger.standing), eager=True),
        }
    )
    credits = scene.events.assumed
    given = pl.DataFrame(
        {"pocket": credits.pocket, "amount": credits.amount, "time": credits.time}
    ).cast(pl.Int64)
    by_pocket = given.group_by("pocket").agg(
        pl.struct("amount", "time").hash().sum().alias("credits")
    )
    return (
        frame.join(by_pocket, on="pocket", how="left")
        .drop("pocket")
        .with_columns(pl.col("credits").fill_null(0))
    )


def _dirty(old: Scene, new: Scene) -> pl.DataFrame:
    """Return the (account, currency) whose rows, opening, standing or assumed credits differ."""
    columns = [
        "id",
        "time",
        "sequence",
        "payer",
        "payee",
        "amount",
        "currency",
        "kind",
        "reference",
        "reverses",
    ]
    before, after = (scene.dossier.transfers.select(columns) for scene in (old, new))
    rows = pl.concat(
        [after.join(before, on=columns, how="anti"), before.join(after, on=columns, how="anti")]
    )
    # A reversal or conversion changes what the row it names does; so does its being there.
    named = after.filter(pl.col("id").is_in(rows["reverses"].implode()))
    pairs = after.filter(
        (pl.col("kind") == "conversion") & pl.col("reference").is_in(rows["reference"].implode())
    )
    rows = pl.concat([rows, named, pairs])
    ends = [rows.select(account=side, currency="currency") for side in ("payer", "payee")]
    one, two = _pockets_of(old), _pockets_of(new)
    changed = [
        a.join(b, on=a.columns, how="anti").select(_POCKET) for a, b in ((one, two), (two, one))
    ]
    return pl.concat([*ends, *changed]).filter(pl.col("account") != "").unique()


def _touches(flows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Return (claim, account, currency): every pocket that a claim's money, or its disputed transfer, left or reached."""
    rows = scene.dossier.transfers.lazy().select("id", "payer", "payee", "currency")
    carried = flows.lazy().select("claim", "transfer").unique()
    used = pl.concat([carried, scene.claims.lazy().select("claim", "transfer")]).unique()
    joined = used.join(rows, left_on="transfer", right_on="id")
    ends = [
        joined.select("claim", account=side, currency="currency") for side in ("payer", "payee")
    ]
    return pl.concat(ends).filter(pl.col("account") != "").unique().collect()


def _closure(touches: pl.DataFrame, seed: pl.DataFrame) -> set[str]:
    """Return the claims that touch `seed` pockets, or share a pocket with such a claim."""
    claims: set[str] = set()
    while True:
        reached = set(touches.join(seed, on=_POCKET, how="semi")["claim"])
        if reached <= claims:
            return claims
        claims |= reached
        seed = touches.filter(pl.col("claim").is_in(sorted(claims))).select(_POCKET).unique()


def _only(trail: Trail, scene: Scene, claims: set[str], rule: str) -> Found:
    """Return the frames of one local rule for `claims` alone."""
    subset = replace_claims(scene, trail, claims)
    return find(subset, rule, trail.options, None)


def replace_claims(scene: Scene, trail: Trail, claims: set[str]) -> Scene:
    """Return the scene with no claims but `claims`."""
    from recoup.trace.events import arrange

    kept = scene.claims.filter(pl.col("claim").is_in(sorted(claims)))
    events = arrange(scene.ledger, scene.openings, scene.dossier, kept, trail.options)
    return Scene(scene.dossier, scene.ledger, scene.openings, events, kept, scene.transits)


def _join(trail: Trail, scene: Scene, fresh: Found, claims: set[str], rule: str) -> Found:
    """Return old rows of untouched claims and new rows of touched ones, in the order of a full trace."""
    at = scene.dossier.transfers.lazy().select(transfer="id").with_row_index("at")
    kind_rank = pl.col("kind").replace_strict(
        {k: i for i, k in enumerate(_KINDS, 1)}, default=0, return_dtype=pl.Int64
    )

    def both(name: str, *order: str) -> pl.DataFrame:
        old: pl.DataFrame = getattr(trail, name)
        kept = old.filter((pl.col("rule") == rule) & ~pl.col("claim").is_in(sorted(claims)))
        joined: pl.DataFrame = pl.concat([kept, getattr(fresh, name)])
        return joined.sort(*order) if order else joined

    def by_row(frame: pl.DataFrame, *more: pl.Expr) -> pl.DataFrame:
        keyed = frame.lazy().join(at, on="transfer", how="left", maintain_order="left")
        return keyed.sort(pl.col("claim"), pl.col("at"), *more).drop("at").collect()

    return Found(
        positions=both("positions", "claim", "account", "currency"),
        flows=by_row(both("flows")),
        exits=by_row(both("exits"), kind_rank),
        unknown=both("unknown", "claim", "account", "currency"),
        summary=both("summary", "claim", "currency"),
        holds=pl.DataFrame(schema=trail.holds.schema),
    )


def extend(trail: Trail, more: pl.DataFrame) -> Trail:
    """Return the trail with the transfers `more` added (schema tables.TRANSFERS), late or back-dated ones too.

    Exactly equal to tracing everything at once; `retraced` of the result names the claims that a local rule had to trace again.
    """
    given = trail.given or trail.dossier
    dossier = _merged(given, more)
    old, new = (build_scene(d, trail.claims, trail.options) for d in (given, dossier))
    dirty = _dirty(old, new)
    found: list[Found] = []
    again: set[str] = set()
    for rule in trail.options.rules:
        local = (
            rule in (*LOT_RULES, *POOL_RULES)
            and dossier.holds.is_empty()
            and dossier.links.is_empty()
        )
        if not local:
            found.append(find(new, rule, trail.options, None))
            again |= set(new.claims["claim"]) if rule in (*LOT_RULES, *POOL_RULES) else set()
            continue
        touches = _touches(trail.flows.filter(pl.col("rule") == rule), old)
        claims = _closure(touches, dirty)
        while True:
            fresh = _only(trail, new, claims, rule)
            wider = _closure(pl.concat([touches, _touches(fresh.flows, new)]).unique(), dirty)
            wider |= claims
            if wider == claims:
                break
            claims = wider
        found.append(_join(trail, new, fresh, claims, rule))
        again |= claims
    return replace(finish(new, dossier, found, trail.options), retraced=tuple(sorted(again)))
