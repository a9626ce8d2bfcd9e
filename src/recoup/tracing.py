"""The one way into tracing: from data frames (`trace`) or from files (`open_case`) to a trail. Writes nothing.

Composition only: reading makes canonical records of what is given, `trace` follows them, evidence draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from recoup import reading
from recoup.errors import InputFault
from recoup.evidence import picture_of, picture_svg
from recoup.money import Digits
from recoup.reading import ReadingOptions
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.records.problems import Problem
from recoup.trace import Options, Trail, trace_dossier
from recoup.trace import trail as trail_module

trail_module.draw = lambda trail: picture_svg(picture_of(trail, trail.options.rules[0]), "en")


def trace(
    transfers: object,
    claims: object,
    rule: str | Sequence[str] = "fifo",
    *,
    known: Sequence[str] | None = None,
    terminal: Sequence[str] = (),
    openings: pl.DataFrame | None = None,
    holds: pl.DataFrame | None = None,
    links: pl.DataFrame | None = None,
    bridge: bool = False,
    timezone: str | None = None,
    digits: Mapping[str, int] | None = None,
    as_of: datetime | None = None,
    since: datetime | None = None,
    horizon: timedelta | None = None,
    dust: Mapping[str, int] | None = None,
) -> Trail:
    """Trace disputed transfers through a ledger: where each claim's money is, which way it went, where the trail ends.

    Money is conserved to the minor unit for every rule, claim and currency: loss = located + exited + unknown + residual.

    Args:
        transfers: a ledger, one row a transfer: `id, time, payer, payee, amount, currency` and optionally `sequence, rail,
            kind, reference, payer_name, payee_name, payer_institution, payee_institution, balance_after, reverses`; polars,
            pandas or Arrow. `amount` as text or Decimal is a decimal amount, as whole numbers it is **minor units**, as float a
            decimal amount that must be exact. An empty payer is the outside, an empty payee an exit.
        claims: `claim, victim, transfer` (the id of the disputed transfer) or `claim, victim, payer, payee, amount, time`.
        rule: fifo (Clayton's Case, 1816), lifo, rolling (each debit borne rateably), lowest-balance (Re Hallett, 1880, and
            later cases), pari-passu (Barlow Clowes v Vaughan, 1991; a comparison), poison (screening only), `all` (the first
            four), or several; `recoup.trace.RULES` names each one's source.
        known: accounts whose statement was given; all accounts of the ledger by default.
        terminal: accounts at which money has exited; overrides `known`.
        openings: opening balances, schema `records.tables.OPENINGS` (minor units).
        holds: schema `records.tables.HOLDS`.
        links: asserted bridges, schema `records.tables.LINKS`.
        bridge: follow debits of unknown accounts that other rows show, marked inferred.
        timezone: IANA zone of times that state none.
        digits: decimals by currency where they differ from ISO 4217.
        as_of: cut the result after this instant (aware, inclusive).
        since: follow only claims disputed at or after this instant.
        horizon: follow each claim this long.
        dust: minor units by currency below which a claim's part of one transfer goes to the residual.

    Returns:
        The trail: polars frames `positions`, `flows`, `exits`, `unknown`, `summary`, `accounts`, `leads` (amounts int64
        minor units).

    Raises:
        InputFault: rows, claims or options that must be put right; it names every place.
        LimitFault: sums that would not fit 64 bits.

    Example:
        >>> import polars as pl
        >>> ledger = pl.DataFrame(
        ...     {
        ...         "id": ["t1", "t2"],
        ...         "time": ["2026-01-05T10:00:00Z", "2026-01-05T10:04:00Z"],
        ...         "payer": ["victim", "mule"],
        ...         "payee": ["mule", ""],
        ...         "amount": ["100.00", "60.00"],
        ...         "currency": ["CNY", "CNY"],
        ...         "kind": ["transfer", "cash_out"],
        ...     }
        ... )
        >>> trail = trace(
        ...     ledger, pl.DataFrame({"claim": ["c1"], "victim": ["V"], "transfer": ["t1"]})
        ... )
        >>> trail.summary.select("loss", "located", "exited").row(0)
        (10000, 4000, 6000)
    """
    for name, accounts in (("known", known), ("terminal", terminal)):
        if isinstance(accounts, str):  # its letters would be taken for accounts
            raise TypeError(f"expected {name} to be several accounts, was the text {accounts!r}")
    rules = (rule,) if isinstance(rule, str) else tuple(rule)
    options = ReadingOptions(timezone=timezone, digits=Digits(dict(digits or {})))
    read, claimed = reading.from_frames(transfers, claims, options)
    problems = [*read.problems, *(claimed.problems if claimed is not None else ())]
    if problems:
        raise InputFault(problems)
    dossier = Dossier(
        transfers=read.transfers,
        sources=read.sources,
        digits=options.digits,
        known=read.known if known is None else frozenset(known),
        terminal=frozenset(terminal),
        openings=_cast(openings, tables.OPENINGS),
        holds=_cast(holds, tables.HOLDS),
        links=_cast(links, tables.LINKS),
        doubtful=read.doubtful,
        rows_failed=read.rows_failed,
        timezone=options.zone or "",
    )
    wanted = claimed.claims if claimed is not None else pl.DataFrame(schema=tables.CLAIMS)
    return trace_dossier(dossier, wanted, Options(rules, bridge, as_of, since, horizon, dust))


def transfers_frame(
    transfers: object, *, timezone: str | None = None, digits: Mapping[str, int] | None = None
) -> pl.DataFrame:
    """Return a frame of transfers in canonical form, for `Trail.extend`.

    Rows without a `sequence` get their place in this frame. Rows of one instant in two frames are therefore ordered by these
    places and then by id, not by which frame came first: state `sequence` where the order of such ties matters.

    Args:
        transfers: a ledger as `trace` takes it; polars, pandas or Arrow.
        timezone: IANA zone of times that state none.
        digits: decimals by currency where they differ from ISO 4217.

    Returns:
        Schema `records.tables.TRANSFERS`: amounts int64 minor units, times microseconds UTC.

    Raises:
        InputFault: as `trace`.
    """
    options = ReadingOptions(timezone=timezone, digits=Digits(dict(digits or {})))
    read, _ = reading.from_frames(transfers, None, options)
    if read.problems:
        raise InputFault(read.problems)
    return read.transfers


def _cast(frame: pl.DataFrame | None, schema: pl.Schema) -> pl.DataFrame:
    """Return `frame` in `schema`, columns it lacks null or ''; an empty frame for None."""
    if frame is None:
        return pl.DataFrame(schema=schema)
    missing = [
        pl.lit("" if kind == pl.String else None, dtype=kind).alias(name)
        for name, kind in schema.items()
        if name not in frame.columns
    ]
    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Datetime) and kind.time_zone is None:
            found, advice = f"{name}: times without zone", "give aware instants"
            raise InputFault([Problem("", "", 0, name, "time_without_zone", found, advice)])
    return frame.with_columns(missing).select(schema.names()).cast(dict(schema))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The files of one case, as the command line names them."""

    transfers: Sequence[Path]
    claims: Path | None = None
    opening: Path | None = None
    known: Path | None = None
    terminal: Path | None = None
    holds: Path | None = None
    links: Path | None = None
    map_file: Path | None = None
    """Parsed already (`ReadingOptions.mapping`); named among the inputs, since the result rests on it."""
    keep_good_rows: bool = False
    """Go on without refused rows (`--rejects`); what cannot be healed so is raised all the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case read from files: the dossier, its claims, and the rows that were refused."""

    dossier: Dossier
    claims: pl.DataFrame
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=reading.REJECTED))


Progress = Callable[[str, int, int], None]


def open_case(files: CaseFiles, options: ReadingOptions, progress: Progress | None = None) -> Case:
    """Read the files of a case; `InputFault` names every problem, unless good rows are to be kept without the bad."""
    declared = (files.claims, files.opening, files.known, files.terminal, files.holds, files.links)
    own = frozenset(path.resolve() for path in declared if path is not None)
    own |= options.left_out
    read = reading.read_transfers(files.transfers, replace(options, left_out=own), progress)
    problems = list(read.fatal if files.keep_good_rows else read.problems)
    sources, rejected = list(read.sources), [read.rejected]
    claims = pl.DataFrame(schema=tables.CLAIMS)
    if files.claims is not None:
        claimed = reading.read_claims(files.claims, read.transfers, options)
        claims = claimed.claims
        problems += _claim_problems(claimed, files, transfers_are_good=not problems)
        rejected.append(claimed.rejected)
        sources += claimed.sources
    dossier = Dossier(
        read.transfers,
        tuple(sources),
        options.digits,
        read.known,
        doubtful=read.doubtful,
        rows_failed=read.rows_failed,
        timezone=options.zone or "",
    )
    dossier, more = _declare(dossier, files, options)
    problems += more
    if files.map_file is not None:
        mapped = reading.map_source(files.map_file)
        dossier = replace(dossier, sources=(*dossier.sources, mapped))
    if problems:
        raise InputFault(sorted(set(problems)))
    refused = pl.concat(rejected)
    count = refused.select("file", "sheet", "row").n_unique() if refused.height else 0
    return Case(replace(dossier, rows_rejected=count), claims, refused)


def _claim_problems(
    claimed: reading.ClaimsReading, files: CaseFiles, *, transfers_are_good: bool
) -> list[Problem]:
    """Return what stops the run; not that a claim found no transfer while the transfers are to be put right first."""
    found = list(claimed.problems)
    if not transfers_are_good:
        return [problem for problem in found if problem.code != "claim_no_match"]
    if files.keep_good_rows and not claimed.claims.is_empty():
        return [problem for problem in found if reading.is_fatal(problem)]
    if claimed.claims.is_empty() and not found:
        advice = reading.ADVICE["file_empty"]
        return [Problem(str(files.claims), "", 0, "", "file_empty", "no claims", advice)]
    return found


def _declare(
    dossier: Dossier, files: CaseFiles, options: ReadingOptions
) -> tuple[Dossier, list[Problem]]:
    """Return the dossier with what its other files declare, and their problems (never skipped: they are the case's own)."""
    problems: list[Problem] = []
    sources = list(dossier.sources)
    changes: dict[str, object] = {}
    for name, path in (("known", files.known), ("terminal", files.terminal)):
        if path is not None:
            accounts = reading.read_accounts(path, options)
            changes[name] = accounts.accounts
            problems += accounts.problems
            sources += accounts.sources
    for name, path in (("openings", files.opening), ("holds", files.holds), ("links", files.links)):
        if path is None:
            continue
        if name == "holds":
            declared = reading.read_holds(path, options)
        elif name == "openings":
            declared = reading.read_openings(path, dossier.transfers, options)
        else:
            declared = reading.read_links(path, dossier.transfers, options, len(sources))
        changes[name] = declared.frame
        problems += declared.problems
        sources += declared.sources
    return replace(dossier, sources=tuple(sources), **changes), problems  # type: ignore[arg-type]
