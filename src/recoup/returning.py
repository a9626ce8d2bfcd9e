"""The one way into returning: from files to a plan of awards, and from a plan's own files to the same awards again.

Composition only: reading makes canonical records of what is given, `returns` plans, evidence writes.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import polars as pl

from recoup import returns
from recoup.errors import InputFault
from recoup.evidence.returns import DOCUMENTS, WORKED_OUT, return_document, return_tables
from recoup.evidence.staging import RESULTS, SEAL
from recoup.money import Digits, format_minor
from recoup.reading import ADVICE, ReadingOptions
from recoup.reading.exported import read_exported
from recoup.reading.files import shown_path
from recoup.reading.payments import PaymentsReading, read_payments
from recoup.reading.pots import PotsReading, read_losses, read_pots
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.tracing import CaseFiles, Progress, open_case

_PAPER: Final = re.compile(r"[a-z]+-\d{4,}\.[a-z]{2}\.pdf|documents\.csv|awards\.xlsx")
"""How papers are named that are not there to be edited; whatever else an office keeps beside them is its own."""


@dataclass(frozen=True, slots=True)
class ReturnFiles:
    """The files of a return, as the command line names them."""

    pots: Path
    claims: Path
    transfers: Sequence[Path]
    opening: Path | None = None
    known: Path | None = None
    terminal: Path | None = None
    map_file: Path | None = None
    paid: Sequence[Path] = ()
    """What earlier rounds paid."""
    holds: Path | None = None
    links: Path | None = None
    bridge: bool = False


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """A case read from files, ready to be shared out under any policy."""

    case: returns.Case
    sources: tuple[Source, ...]
    digits: Digits


def open_return(
    files: ReturnFiles, options: ReadingOptions, progress: Progress | None = None
) -> OpenReturn:
    """Read the files of a return; raise `InputFault` with every problem of them."""
    pots = read_pots(files.pots, options)
    others = frozenset(path.resolve() for path in (files.pots, *files.paid))
    own = replace(options, left_out=others, ids_once=True)
    read = CaseFiles(
        files.transfers, files.claims, files.opening, files.known, files.terminal,
        files.holds, files.links, files.map_file,
    )  # fmt: skip
    try:
        case = open_case(read, own, progress)
    except InputFault as fault:
        raise InputFault(sorted({*fault.problems, *pots.problems})) from None
    dossier = case.dossier
    losses = read_losses(files.claims, case.claims, dossier.transfers, options)
    if problems := {*pots.problems, *losses.problems}:
        raise InputFault(sorted(problems))
    unpaid = _unpaid(case.claims, losses.paid, dossier.transfers)
    payments = read_payments(files.paid, unpaid, options)
    if payments.problems:
        raise InputFault(sorted(set(payments.problems)))
    built = returns.build_case(
        dossier, case.claims, losses.paid, pots.pots, payments.payments, bridge=files.bridge
    )
    if built.problems:
        raise InputFault(
            [
                _pot_problem(found, pots, payments, files.pots, options.digits)
                for found in built.problems
            ]
        )
    return OpenReturn(built, (*dossier.sources, *pots.sources, *payments.sources), options.digits)


def _unpaid(claims: pl.DataFrame, losses: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    """Return (claim, currency, unpaid): what each claim misses before the payments of earlier rounds."""
    disputed = transfers.select("id", "currency", disputed="amount")
    rows = claims.join(disputed, left_on="transfer", right_on="id").join(
        losses, on="claim", how="left"
    )
    before = pl.col("returned").fill_null(0) + pl.col("compensated").fill_null(0)
    loss = pl.col("loss").fill_null(pl.col("disputed"))
    return rows.select("claim", "currency", unpaid=loss - before)


def _pot_problem(
    found: returns.PotProblem,
    pots: PotsReading,
    payments: PaymentsReading,
    path: Path,
    digits: Digits,
) -> Problem:
    """Return the problem of a pot's row in words; of a payment's row where the account has no pot any more."""
    place = found.place
    amount = next((pot.amount for pot in pots.pots if pot.place == place), 0)
    column, words = "currency", place.currency
    if found.code == "pot_above_balance":
        shift = digits.of(place.currency)
        shown, paid = (format_minor(minor, shift) for minor in (found.found, found.paid))
        before = f" and {paid} paid before" if found.paid else ""
        column = "amount"
        words = (
            f"{format_minor(amount, shift)}{before} in {place.account}, the statements show {shown}"
        )
    file, row = shown_path(path), pots.rows.get(place, 0)
    if place not in pots.rows:
        file, row = payments.places[place]
    return Problem(file, "", row, column, found.code, words, ADVICE[found.code])


def worked_out(case: returns.Case, policy: returns.ReturnPolicy) -> returns.Worked:
    """Return the plan of a case under `policy`, worked out with Python's collector of reference cycles at rest.

    A plan is made of millions of small values that form no cycle; looking through them again and again costs a quarter of the
    time and changes nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return returns.share_out(case, policy)
    finally:
        if was_on:
            gc.enable()


def compared(
    opened: OpenReturn, policies: Sequence[returns.ReturnPolicy]
) -> tuple[list[str], list[list[str]]]:
    """Return a table of one case under several policies: a row a claim, then by currency what stays in the pots."""
    plans = [worked_out(opened.case, policy).plan for policy in policies]
    header = ["claim", "currency", "missing", *(policy.id for policy in policies)]
    rows = []
    for at, claim in enumerate(opened.case.claims):
        shift = opened.digits.of(claim.currency)
        given = [_given(plan, at) for plan in plans]
        words = ["" if x is None else format_minor(x, shift) for x in (claim.missing, *given)]
        rows.append([claim.id, claim.currency, *words])
    for currency in sorted({claim.currency for claim in opened.case.claims}):
        left = [
            sum(p.left + p.owned for p in plan.pots if p.pot.place.currency == currency)
            for plan in plans
        ]
        shift = opened.digits.of(currency)
        rows.append(["(remains)", currency, "", *(format_minor(amount, shift) for amount in left)])
    return header, rows


def _given(plan: returns.Plan, at: int) -> int | None:
    """Return what the claim at a place of the plan gets; None where a scheme of reimbursement does not reach it."""
    row, terms = plan.claims[at], plan.policy.reimbursement
    if terms is None:
        return row.direct + row.rest
    found = returns.reimbursed(row.claim, terms)
    return None if found is None else found.amount


def verify_return(folder: Path) -> tuple[str, ...]:
    """Work the awards of a folder out from its exported inputs; return what differs, nothing if all of it holds.

    What nobody can work out again, the inputs' digests and the command, is taken as it stands. Papers that were not handed on
    are not missed; those that lie there are what was made with the awards, or are named.

    Raises:
        InputFault: the folder is not one that `recoup return` wrote.
    """
    read = read_exported(folder)
    plan = returns.plan_awards(read.pots, read.claims, read.traced, read.policy)
    made = return_tables(plan, read.traced, read.digits)
    differences = []
    for name, text in made.items():
        found = read.texts[name]
        if found != text:
            differences.append(f"{name}: {_first_difference(found, text)}")
    for name, digest in sorted(read.document["files"].items()):
        if sha256(read.texts[name].encode()).hexdigest() != digest:
            differences.append(f"{name}: not the file whose digest summary.json has")
    strange = sorted(RESULTS.difference(read.texts, (SEAL,)))
    differences += [
        f"{x}: summary.json says nothing of it" for x in strange if (folder / x).exists()
    ]
    document = return_document(plan, made, read.digits, read.document["policy"])
    differences += [
        f"{SEAL}: {name} is not what the inputs give"
        for name in WORKED_OUT
        if read.document.get(name) != document[name]
    ]
    return (*differences, *_papers_that_differ(folder / DOCUMENTS, read.document))


def _papers_that_differ(folder: Path, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the papers in a folder that are not those that were made, in the order of their names."""
    known = document.get(DOCUMENTS, {})
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not _PAPER.fullmatch(path.name):
            continue
        if path.name not in known:
            yield f"{DOCUMENTS}/{path.name}: {SEAL} says nothing of it"
        elif sha256(path.read_bytes()).hexdigest() != known[path.name]:
            yield f"{DOCUMENTS}/{path.name}: not the file whose digest {SEAL} has"


def _first_difference(found: str, expected: str) -> str:
    """Return the first line that differs, in words."""
    lines, wanted = found.split("\n"), expected.split("\n")
    for at in range(max(len(lines), len(wanted))):
        is_there = lines[at] if at < len(lines) else "nothing"
        should = wanted[at] if at < len(wanted) else "nothing"
        if is_there != should:
            return f"line {at + 1}: found {is_there!r}, the inputs give {should!r}"
    raise AssertionError("the texts differ")
