"""Cross-validation over accounts: how well measures of accounts tell bad ones, each scored by a model that never saw it.

Composition only: reading makes transfers and labels, `watch.patterns` measures and scores, `watch.model` says the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup import reading
from recoup.errors import InputFault
from recoup.reading import ReadingOptions
from recoup.records.kinds import KINDS, OUTSIDE
from recoup.records.problems import Problem
from recoup.watch.model import BUDGETS, Scored, figures
from recoup.watch.patterns import Accounts, accounts_linked, cross_scores, measure_accounts
from recoup.watch.state import Payments
from recoup.watching.materials import Progress

_END = 1  # microseconds after the last transfer: all of them are measured


@dataclass(frozen=True)
class AccountMaterials:
    """Accounts of given transfers, with what is known of each."""

    names: tuple[str, ...]
    """Sorted; their places are their numbers."""
    payments: Payments
    labels: NDArray[np.bool_]
    transfers: int
    rejected: pl.DataFrame
    """Rows of transfers that were refused, schema `reading.REJECTED`."""


def open_accounts(
    files: Sequence[Path],
    labels: Path,
    options: ReadingOptions,
    progress: Progress | None = None,
    *,
    keeps_good_rows: bool = False,
) -> AccountMaterials:
    """Read transfers and labels of accounts; `InputFault` names every problem of either.

    With `keeps_good_rows` transfers that are refused are left out; what that does not heal is raised all the same.
    An account that the labels do not name is taken for good. All its currencies are one account here.
    """
    own = options.left_out | {labels.resolve()}
    read = reading.read_transfers(files, replace(options, left_out=own), progress)
    known = reading.read_labels(labels, read.transfers, options)
    problems = list(read.fatal if keeps_good_rows else read.problems)
    # A label of an account whose transfers were refused finds none: only the transfers are to be put right.
    unmatched = "label_no_match" if read.problems else ""
    problems += [problem for problem in known.problems if problem.code != unmatched]
    if problems:
        raise InputFault(sorted(set(problems)))
    if not known.are_of_accounts:
        raise _refused(labels, "expected account,label")
    transfers = read.transfers
    names = pl.concat([transfers["payer"], transfers["payee"]]).unique().sort()
    names = names.filter(names != OUTSIDE)
    bad = known.accounts.filter("label")["account"]
    return AccountMaterials(
        tuple(names),
        _payments(transfers, names),
        names.is_in(bad.implode()).to_numpy(),
        transfers.height,
        read.rejected,
    )


def _payments(transfers: pl.DataFrame, names: pl.Series) -> Payments:
    number = pl.int_range(names.len(), eager=True, dtype=pl.Int32)
    payer, payee = (
        transfers[side].replace_strict(names, number, default=-1, return_dtype=pl.Int32).to_numpy()
        for side in ("payer", "payee")
    )
    kinds = {kind: at for at, kind in enumerate(KINDS)}
    return Payments.of(
        transfers["time"].dt.epoch("us").to_numpy(),
        payer,
        payee,
        transfers["amount"].to_numpy(),
        transfers["kind"].replace_strict(kinds, default=0, return_dtype=pl.Int8).to_numpy(),
    )


def crossval_accounts(
    materials: AccountMaterials, folds: int, seeds: Sequence[int], labels: Path
) -> dict[str, object]:
    """Return the figures of `folds` folds over accounts: of the first seed, and mean and deviation of some over all seeds.

    Raises:
        InputFault: fewer bad or good accounts than folds.
    """
    cases = int(materials.labels.sum())
    if min(cases, materials.labels.size - cases) < max(folds, 2) * 2:
        raise _refused(labels, f"{cases} of {materials.labels.size} accounts, {folds} folds")
    until = int(materials.payments.time_us[-1]) + _END
    count = len(materials.names)
    known = Accounts(
        measure_accounts(materials.payments, count, until),
        accounts_linked(materials.payments, count, until),
        materials.labels,
    )
    found = [
        figures(
            Scored(cross_scores(known, folds, seed, np.random.default_rng), materials.labels),
            BUDGETS,
        )
        for seed in seeds
    ]
    spread = {name: [float(str(one[name])) for one in found] for name in ("auc", "pr_auc")}
    return {
        "accounts": count,
        "transfers": materials.transfers,
        "folds": folds,
        "seeds": list(seeds),
        **found[0],
        "over_seeds": {
            name: {"mean": fmean(values), "deviation": pstdev(values)}
            for name, values in spread.items()
        },
    }


def _refused(labels: Path, found: str) -> InputFault:
    code = "labels_missing"
    return InputFault([Problem(str(labels), "", 0, "label", code, found, reading.ADVICE[code])])


__all__ = ["AccountMaterials", "crossval_accounts", "open_accounts"]
