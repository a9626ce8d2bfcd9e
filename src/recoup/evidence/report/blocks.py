"""Pieces of the report as JSON values: tables that keep the heaviest rows, sums as text, times in a zone. No sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import polars as pl

from recoup.evidence.report.phrases import sentence
from recoup.evidence.wording import Language
from recoup.money import Digits, format_minor

Sort = Literal["text", "account", "id", "money", "time", "count", "digest"]
Block = dict[str, Any]

TEXT_CHARS_MAX: Final = 160
"""Signs of one cell; longer text of outside origin ends in an ellipsis."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, how its cells are set, its share of the width."""

    head: str
    sort: Sort
    width: float


@dataclass(frozen=True, slots=True)
class Heaviest:
    """Rows chosen to be shown, and what was not: how many, the most in one of them."""

    rows: pl.DataFrame
    rows_count: int
    rest: pl.DataFrame

    @property
    def left_out(self) -> int:
        """Return how many rows are not shown."""
        return self.rows_count - self.rows.height


@dataclass(slots=True)
class Speech:
    """How this report speaks: language, zone, decimals; and what it had to leave out, noted as it is written."""

    language: Language
    zone: ZoneInfo
    digits: Digits
    currency: str = ""
    """The only currency of the report, said once; '' if there are several, then every amount says its own."""
    left_out: list[tuple[str, int, int]] = field(default_factory=list)
    """(name of a table, rows shown, rows in all) where they differ."""

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of the report, else a word that documents or pictures share."""
        return sentence(key, self.language, **values)

    def money(self, minor: int | None, currency: str) -> str:
        """Return an amount with thousands separators and no sign of the currency; '—' where a rule has none."""
        if minor is None:
            return "—"
        text = format_minor(abs(minor), self.digits.of(currency))
        whole, point, fraction = text.partition(".")
        return ("−" if minor < 0 else "") + f"{int(whole):,}" + point + fraction

    def sum(self, minor: int | None, currency: str) -> str:
        """Return an amount with its currency's code, for sentences."""
        return f"{currency} {self.money(minor, currency)}"

    def cell(self, minor: int | None, currency: str) -> str:
        """Return an amount for a table: with its currency's code only where there are several."""
        if currency == self.currency or minor is None:
            return self.money(minor, currency)
        return self.sum(minor, currency)

    def sums(self, by_currency: Mapping[str, int]) -> str:
        """Return sums of several currencies in one phrase."""
        mark = "、" if self.language == "zh" else ", "
        return mark.join(self.sum(minor, code) for code, minor in by_currency.items()) or "0"

    def time(self, time: datetime | None) -> str:
        """Return an instant as the zone's clock showed it, to the second."""
        return "" if time is None else f"{time.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def choose(self, name: str, frame: pl.DataFrame, most: int, by: str = "amount") -> Heaviest:
        """Return the rows with most in `by`, in their own order, and note what is left out; ties to the earlier."""
        if frame.height <= most:
            return Heaviest(frame, frame.height, frame.clear())
        placed = frame.with_row_index("_place").sort(
            [by, "_place"], descending=[True, False], nulls_last=True
        )
        self.left_out.append((name, most, frame.height))
        kept = placed.head(most).sort("_place").drop("_place")
        return Heaviest(kept, frame.height, placed[most:].drop("_place"))

    def rest(
        self, chosen: Heaviest, file: str, *, by: str = "amount", adds_up: bool = True
    ) -> list[Block]:
        """Return a note of what a table leaves out, if it does: how many rows, how much, the most in one."""
        if not chosen.left_out:
            return []
        sums = dict(
            chosen.rest.group_by("currency").agg(pl.col(by).sum()).sort("currency").iter_rows()
        )
        peaks = dict(
            chosen.rest.group_by("currency").agg(pl.col(by).max()).sort("currency").iter_rows()
        )
        if any(value is None for value in peaks.values()):
            sums, peaks = {}, {}
        key = "left_out_row" if adds_up else "left_out_flows"
        words = self.say(
            key, n=chosen.left_out, sum=self.sums(sums), most=self.sums(peaks), file=file
        )
        return [note(words)]


def text(words: str) -> Block:
    """Return a paragraph."""
    return {"kind": "text", "text": words}


def note(words: str) -> Block:
    """Return a small paragraph."""
    return {"kind": "note", "text": words}


def heading(words: str) -> Block:
    """Return a heading inside a section."""
    return {"kind": "heading", "text": words}


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    size: float = 7.6,
    strong: Sequence[str] = (),
    share: int = 100,
) -> Block:
    """Return a table; rows whose first cell is in `strong` are set bold, `share` is its part of the width in percent.

    Columns with nothing in them are left out.
    """
    assert all(len(row) == len(columns) for row in rows)
    kept = [i for i in range(len(columns)) if not rows or any(row[i] for row in rows)]
    return {
        "kind": "table",
        "size": size,
        "share": share,
        "strong": list(strong),
        "columns": [
            {"head": columns[i].head, "kind": columns[i].sort, "width": columns[i].width}
            for i in kept
        ],
        "rows": [[shorten(row[i]) for i in kept] for row in rows],
    }


def id_width(values: pl.Series) -> float:
    """Return the share of the width that ids need: what holds the longest, within bounds; longer ones break.

    >>> id_width(pl.Series(["C01"])), id_width(pl.Series(["202511120001780393"]))
    (1.2, 2.34)
    """
    longest = values.str.len_chars().max() if len(values) else 0
    return min(max(1.2, 0.13 * int(str(longest or 0))), 3.0)


def source_number(index: int) -> str:
    """Return the name by which the report cites a source: S1 is the first."""
    return f"S{index + 1}"


def shorten(words: str) -> str:
    """Return text of outside origin cut to what a cell holds.

    >>> len(shorten("a" * 1000))
    160
    """
    return words if len(words) <= TEXT_CHARS_MAX else words[: TEXT_CHARS_MAX - 1] + "…"
