"""What a model is trained and judged on: transfers and labels of files, joined. No features, no figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup import reading
from recoup.errors import InputFault
from recoup.reading import LabelsReading, ReadingOptions
from recoup.records.problems import Problem
from recoup.watch.model import DataFile
from recoup.watching.features import NO_REPORTS, Reports

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Materials:
    """Transfers in total order and what is known of each."""

    transfers: pl.DataFrame
    """Schema `TRANSFERS`."""
    data: tuple[DataFile, ...]
    labels: NDArray[np.bool_]
    """By transfer: it was fraud, or went to or from an account that was bad by then. All false without labels."""
    bad: tuple[str, ...] = ()
    """By transfer of `labels` that is true: the account that it speaks against; '' for the outside."""
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=reading.REJECTED))
    """Rows of transfers that were refused, schema `reading.REJECTED`."""

    @property
    def times_us(self) -> NDArray[np.int64]:
        """By transfer: when, in microseconds UTC."""
        times: NDArray[np.int64] = self.transfers["time"].dt.epoch("us").to_numpy()
        return times

    @property
    def money(self) -> NDArray[np.int64]:
        """By transfer: minor units."""
        money: NDArray[np.int64] = self.transfers["amount"].to_numpy()
        return money

    @property
    def currencies(self) -> NDArray[np.int32]:
        """By transfer: a number for its currency, in the order of the codes."""
        numbers: NDArray[np.int32] = (
            self.transfers["currency"].rank("dense").cast(pl.Int32).to_numpy()
        )
        return numbers

    @property
    def groups(self) -> NDArray[np.int64]:
        """By transfer: a number for the account that its label speaks against, -1 where there is none."""
        groups = np.full(self.labels.size, -1, np.int64)
        names = sorted(filter(None, set(self.bad)))
        number = {name: at for at, name in enumerate(names)}
        groups[self.labels] = [number.get(name, -1) for name in self.bad]
        return groups

    def reports(self, delay_us: int | None) -> Reports:
        """Return what became known: each bad transfer tells on its account `delay_us` later; None for never."""
        if delay_us is None:
            return NO_REPORTS
        told = sorted(
            (int(time) + delay_us, name)
            for time, name in zip(self.times_us[self.labels], self.bad, strict=True)
            if name
        )
        if not told:
            return NO_REPORTS
        times, names = zip(*told, strict=True)
        return Reports(np.array(times, np.int64), names)


def open_materials(
    files: Sequence[Path],
    labels: Path | None,
    options: ReadingOptions,
    map_file: Path | None = None,
    progress: Progress | None = None,
    *,
    keeps_good_rows: bool = False,
) -> Materials:
    """Read transfers and labels; `InputFault` names every problem of either.

    Args:
        files: ledgers, statements and folders of them.
        labels: `transfer,label` or `account,label[,since]`; None where payments are only scored.
        options: how to read.
        map_file: parsed already; named among the data.
        progress: called for every file before it is read.
        keeps_good_rows: go on without transfers that are refused (`--rejects`); what that does not heal is raised all the same.
    """
    own = options.left_out | (frozenset() if labels is None else {labels.resolve()})
    read = reading.read_transfers(files, replace(options, left_out=own), progress)
    problems = list(read.fatal if keeps_good_rows else read.problems)
    sources = list(read.sources)
    known: LabelsReading | None = None
    if labels is not None:
        known = reading.read_labels(labels, read.transfers, options)
        # A label of a transfer that was refused finds none: only the transfer is to be put right.
        unmatched = "label_no_match" if read.problems else ""
        problems += [problem for problem in known.problems if problem.code != unmatched]
        sources += known.sources
    if problems:
        raise InputFault(sorted(set(problems)))
    if map_file is not None:
        sources.append(reading.map_source(map_file))
    data = tuple(DataFile(one.file, one.sha256, one.rows_count) for one in sources)
    if known is None:
        none = np.zeros(read.transfers.height, np.bool_)
        return Materials(read.transfers, data, none, rejected=read.rejected)
    marked, bad = _marked(read.transfers, known)
    if not marked.any() or marked.all():
        found = f"{int(marked.sum())} of {marked.size} transfers"
        advice = reading.ADVICE["labels_missing"]
        raise InputFault([Problem(str(labels), "", 0, "label", "labels_missing", found, advice)])
    return Materials(read.transfers, data, marked, bad, read.rejected)


def _marked(
    transfers: pl.DataFrame, known: LabelsReading
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which transfers are bad, and the account that each of these speaks against."""
    if not known.are_of_accounts:
        cases = known.transfers.filter(pl.col("label"))["transfer"]
        # Who is paid is who must be looked at: of a fraud the payer is the victim.
        found = transfers.select(bad=pl.col("id").is_in(cases.implode()), against=pl.col("payee"))
    else:
        since = known.accounts.filter(pl.col("label")).select("account", "since")
        sides = transfers.select("time", "payer", "payee")
        for side in ("payer", "payee"):
            named = since.select(
                pl.col("account").alias(side),
                pl.col("since").alias(f"{side}_since"),
                pl.lit(value=True).alias(f"{side}_bad"),
            )
            sides = sides.join(named, on=side, how="left", maintain_order="left")
        is_bad = {
            side: pl.col(f"{side}_bad").fill_null(value=False)
            & (pl.col("time") >= pl.col(f"{side}_since")).fill_null(value=True)
            for side in ("payer", "payee")
        }
        found = sides.select(
            bad=is_bad["payer"] | is_bad["payee"],
            against=pl.when(is_bad["payee"]).then("payee").otherwise("payer"),
        )
    marked: NDArray[np.bool_] = found["bad"].to_numpy()
    return marked, tuple(found.filter("bad")["against"])
