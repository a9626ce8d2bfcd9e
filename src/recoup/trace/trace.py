"""Tracing a dossier's claims under one or more rules: the one entry of this room. Pure: no file, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl

from recoup import limits
from recoup.errors import InputFault
from recoup.records.dossier import Dossier
from recoup.records.problems import Problem
from recoup.trace import trail as shapes
from recoup.trace.accounts import describe_accounts
from recoup.trace.assemble import Found, Scene, assemble
from recoup.trace.assumptions import assumptions_of, loose_sentence
from recoup.trace.bound import bound_claims
from recoup.trace.events import arrange, settle_order
from recoup.trace.follow import Progress, follow, follow_reach, run_balances
from recoup.trace.ledger import UNKNOWN, Ledger, compile_ledger
from recoup.trace.links import weave
from recoup.trace.openings import settle_openings
from recoup.trace.pari_passu import follow_pari_passu
from recoup.trace.reached import assemble_reach
from recoup.trace.rules import RULES, expand
from recoup.trace.trail import Options, Trail


def _refuse(code: str, found: str, advice: str) -> InputFault:
    """Return the fault for a request that makes no sense."""
    return InputFault([Problem("", "", 0, "", code, found, advice)])


def _check_options(dossier: Dossier, options: Options) -> tuple[str, ...]:
    """Return the rules to run; raise `InputFault` for unknown rules, times without zone and impossible combinations."""
    try:
        rules = expand(options.rules or ("",))
    except KeyError as fault:
        raise _refuse(
            "unknown_rule", str(fault.args[0]), f"use one of {', '.join((*RULES, 'all'))}"
        ) from fault
    if not rules:
        raise _refuse("unknown_rule", "", f"use one of {', '.join((*RULES, 'all'))}")
    for name, at in (("as_of", options.as_of), ("since", options.since)):
        if at is not None and at.tzinfo is None:
            raise _refuse("time_without_zone", f"{name} {at}", "give an aware instant")
    if "pari-passu" in rules and (
        not dossier.holds.is_empty() or options.horizon is not None or options.dust
    ):
        raise _refuse(
            "pari_passu_is_not_causal",
            "pari-passu",
            "run it without --holds, --horizon and --dust; it is a comparison view",
        )
    _check_times(options)
    if any(floor <= 0 for floor in (options.dust or {}).values()):
        advice = "give a positive decimal amount, such as 1.00"
        raise _refuse("dust_unreadable", str(dict(options.dust or {})), advice)
    return rules


def _check_times(options: Options) -> None:
    """Refuse instants that state no zone (they would be taken for UTC in silence) and horizons that reach nowhere."""
    for time in (options.as_of, options.since):
        if time is not None and time.utcoffset() is None:
            advice = "say where the clock stood, such as --timezone Asia/Shanghai"
            raise _refuse("time_without_zone", str(time), advice)
    if options.horizon is not None and not timedelta(0) < options.horizon <= limits.HORIZON_MAX:
        advice = "write it as 72h, 30m, 7d or PT24H; a thousand years at most"
        raise _refuse("duration_unreadable", str(options.horizon), advice)


def resolve_claims(dossier: Dossier, claims: pl.DataFrame) -> pl.DataFrame:
    """Return `claims` (schema tables.CLAIMS) with parties, currency, loss and time of their transfers, sorted by claim id.

    Raises `InputFault` for a claim or transfer given twice, one that matches nothing, and a disputed self transfer.
    """
    wanted = claims["transfer"]
    rows = dossier.transfers.lazy().filter(pl.col("id").is_in(wanted.unique().implode()))
    rows = rows.select("id", "payer", "payee", "currency", "time", loss="amount")
    joined = (
        claims.lazy()
        .join(rows, left_on="transfer", right_on="id", how="left")
        .sort("claim")
        .collect()
    )
    problems = [
        Problem("claims", "", 0, column, code, str(value), advice)
        for column, code, advice, values in (
            (
                "claim",
                "claim_twice",
                "give every claim id once",
                claims.filter(pl.col("claim").is_duplicated())["claim"].unique(),
            ),
            (
                "transfer",
                "transfer_disputed_twice",
                "give one claim a transfer",
                claims.filter(wanted.is_duplicated())["transfer"].unique(),
            ),
            (
                "transfer",
                "transfer_not_found",
                "name a transfer of the input",
                joined.filter(pl.col("loss").is_null())["transfer"],
            ),
            (
                "transfer",
                "self_transfer_disputed",
                "dispute a transfer between two accounts",
                joined.filter((pl.col("payer") == pl.col("payee")) & pl.col("loss").is_not_null())[
                    "transfer"
                ],
            ),
        )
        for value in values
    ]
    if problems:
        raise InputFault(sorted(problems))
    return joined.with_columns(pl.col("admitted").fill_null(value=True)).select(
        shapes.CLAIMS.names()
    )


def build_scene(dossier: Dossier, claims: pl.DataFrame, options: Options) -> Scene:
    """Return everything fixed about a trace: woven links, settled order, dense arrays, openings, events."""
    woven = weave(dossier)
    ordered = replace(woven.dossier, transfers=settle_order(woven.dossier.transfers))
    resolved = resolve_claims(ordered, claims)
    ledger = compile_ledger(ordered, bridge=options.bridge, asserted=woven.asserted)
    openings = settle_openings(ledger, ordered)
    events = arrange(ledger, openings, ordered, resolved, options)
    return Scene(ordered, ledger, openings, events, resolved, woven.transits)


def _dust_numbers(ledger: Ledger, options: Options) -> dict[int, int] | None:
    """Return the dust floor by currency number."""
    if not options.dust:
        return None
    return {
        ledger.currencies.index(c): floor
        for c, floor in options.dust.items()
        if c in ledger.currencies
    }


def find(scene: Scene, rule: str, options: Options, progress: Progress | None) -> Found:
    """Return the frames of one rule."""
    if rule == "poison":
        return assemble_reach(scene, follow_reach(scene.ledger, scene.events))
    if rule == "pari-passu":
        return follow_pari_passu(scene)
    followed = follow(
        rule,
        scene.ledger,
        scene.openings,
        scene.events,
        holds_count=len(scene.dossier.holds),
        dust=_dust_numbers(scene.ledger, options),
        progress=progress,
    )
    return assemble(scene, followed, rule)


def _leads(scene: Scene, flows: pl.DataFrame, exits: pl.DataFrame) -> pl.DataFrame:
    """Return schema LEADS: debits of unknown accounts that others' rows show, after money reached the account.

    Money that went back as `reversed` has left: its payee, often the victim, is not reached by it.
    """
    ledger = scene.ledger
    silent = (ledger.standing[ledger.payer] == UNKNOWN) & (ledger.source != ledger.payer)
    silent &= (ledger.payer != ledger.payee) & (ledger.time <= scene.events.last_time)
    if not silent.any():
        return pl.DataFrame(schema=shapes.LEADS)
    rows = scene.dossier.transfers.with_row_index("at")
    arrivals = rows.lazy().join(
        flows.lazy()
        .join(
            exits.lazy().filter(pl.col("kind") == "reversed"),
            on=["rule", "claim", "transfer"],
            how="anti",
        )
        .select("transfer")
        .unique(),
        left_on="id",
        right_on="transfer",
        how="semi",
    )
    first = arrivals.group_by(account="payee", currency="currency").agg(
        pl.col("at").min().alias("reached_at")
    )
    shown = rows.lazy().filter(pl.Series(silent)).rename({"payer": "account", "id": "transfer"})
    joined = (
        shown.join(first, on=["account", "currency"])
        .filter(pl.col("at") > pl.col("reached_at"))
        .sort("at")
    )
    return joined.select(shapes.LEADS.names()).collect()


def trace_dossier(
    dossier: Dossier,
    claims: pl.DataFrame,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
) -> Trail:
    """Trace `claims` (schema tables.CLAIMS) through `dossier` and return the trail.

    Money is conserved: for every rule (but poison), claim and currency, loss = located + exited + unknown + residual; a
    breach is
    an `AssertionError`. Raises `InputFault` for claims and options that cannot be traced, `LimitFault` for sums past int64.
    """
    options = options or Options()
    options = replace(options, rules=_check_options(dossier, options))
    scene = build_scene(dossier, claims, options)
    found = [find(scene, rule, options, progress) for rule in options.rules]
    return finish(scene, dossier, found, options)


def finish(scene: Scene, given: Dossier, found: Sequence[Found], options: Options) -> Trail:
    """Return the trail of what every rule found (in the order of the options' rules)."""
    flows = pl.concat([frame.flows for frame in found])
    exits = pl.concat([frame.exits for frame in found])
    balance = run_balances(scene.openings, scene.events)
    accounts = describe_accounts(scene, flows, balance)
    summary, loose = bound_claims(scene, pl.concat([frame.summary for frame in found]))
    return Trail(
        dossier=scene.dossier,
        given=given,
        options=options,
        claims=scene.claims,
        positions=pl.concat([frame.positions for frame in found]),
        flows=flows,
        exits=exits,
        unknown=pl.concat([frame.unknown for frame in found]),
        summary=summary,
        accounts=accounts,
        leads=_leads(scene, flows, exits),
        holds=pl.concat([frame.holds for frame in found]),
        assumptions=assumptions_of(scene, accounts, options) + loose_sentence(loose),
    )
