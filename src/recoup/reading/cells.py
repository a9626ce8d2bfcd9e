"""Turns the columns of one recognised table into clean values and notes every bad cell. One table, no cross-checks.

A bad row is marked and left out of what comes after, so that it is reported once and not again by every later check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from recoup.money import Digits
from recoup.reading.amounts import (
    Minor,
    minor_from_decimal,
    minor_from_float,
    minor_from_integer,
    minor_from_text,
)
from recoup.reading.findings import Findings
from recoup.reading.options import ReadingOptions
from recoup.reading.raw import RawTable
from recoup.reading.times import instants
from recoup.reading.vocabulary import (
    CURRENCIES,
    NONE_WORDS,
    TOTAL_ROWS,
    is_minor_header,
    seen_and_sought,
)
from recoup.records.provenance import Source

_BLANKS: Final = " \t\r\n\u00a0\u3000\ufeff"
_SCIENTIFIC: Final = r"^\d(?:\.\d+)?[eE]\+?\d{1,2}$"
_CLOCK: Final = r"^(?:1899-12-3[01] )?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$|^\d{5,6}$"
_NUMBER_MAX: Final = 10**15  # beyond it a spreadsheet number has lost digits
_EXCEL_DIGITS: Final = 15


class Cells:
    """The rows of one table on their way to canonical columns; `bad` marks the rows that are refused."""

    def __init__(
        self,
        raw: RawTable,
        fields: Mapping[str, str],
        place: Source,
        options: ReadingOptions,
        findings: Findings,
    ) -> None:
        self.raw, self.fields, self.place = raw, fields, place
        self.options, self.findings = options, findings
        self.height = raw.frame.height
        self.bad = pl.repeat(False, self.height, dtype=pl.Boolean, eager=True)
        self.dropped = self.bad
        self.lost: set[str] = set()
        """First digits of account numbers whose last digits are lost."""
        self._accounts: dict[str, pl.Series] = {}
        texts = sorted({name for name in fields.values() if raw.frame[name].dtype == pl.String})
        self._clean = raw.frame.select(pl.col(texts).str.strip_chars(_BLANKS).fill_null(""))

    def has(self, field: str) -> bool:
        """Return whether a column holds `field`."""
        return field in self.fields

    def header(self, field: str) -> str:
        """Return the header under which the file has `field`, for messages."""
        return self.fields.get(field, field)

    def blank(self) -> pl.Series:
        """Return a text column of nothing."""
        return pl.repeat("", self.height, dtype=pl.String, eager=True)

    def text(self, field: str) -> pl.Series:
        """Return the column as clean text, '' where empty, the default of the map or of the title rows filled in."""
        default = self.options.map.defaults.get(field) or self.raw.facts.get(field, "")
        if field not in self.fields:
            return pl.repeat(default, self.height, dtype=pl.String, eager=True)
        column = self.raw.frame[self.fields[field]]
        if column.dtype != pl.String:
            return column.cast(pl.String).fill_null(default)
        clean = self._clean[self.fields[field]]
        if clean.str.starts_with("'").any():
            clean = clean.str.strip_chars_start("'").str.strip_chars(_BLANKS)
        if default:
            clean = clean.to_frame("x").select(
                pl.when(pl.col("x") == "").then(pl.lit(default)).otherwise("x").alias("x")
            )["x"]
        return clean

    def refuse(self, code: str, field: str, where: pl.Series, found: pl.Series | str) -> None:
        """Note a problem for the rows of `where` that are not refused yet, and mark them."""
        bad = self._mark(where, found)
        self.findings.add_rows(code, self.header(field), bad, "found")

    def refuse_column(self, code: str, field: str, where: pl.Series, found: pl.Series) -> None:
        """Note one problem for the column, at the first row of `where` that is not refused yet, and mark all of them."""
        bad = self._mark(where, found)
        self.findings.add_column(code, self.header(field), bad, "found")

    def _mark(self, where: pl.Series, found: pl.Series | str) -> pl.DataFrame:
        """Mark the rows of `where` that are not refused yet; return them with what was found."""
        fresh = (where & ~self.bad & ~self.dropped).fill_null(value=False)
        at = fresh.arg_true()
        value = (
            found.gather(at).cast(pl.String)
            if isinstance(found, pl.Series)
            else pl.repeat(found, len(at), dtype=pl.String, eager=True)
        )
        self.bad = self.bad | fresh
        bad = pl.DataFrame({"row": self.raw.rows.gather(at), "found": value})
        return bad.with_columns(source=pl.lit(self.raw.source, pl.Int32))

    def absent(self, field: str, *others: str) -> None:
        """Note that no column holds `field` (nor any of `others`, which would do)."""
        found = seen_and_sought(self.raw.frame.columns, (field, *others))
        self.findings.add_file(
            "column_missing", self.place.file, found, sheet=self.place.sheet, column=field
        )

    def stated(self, field: str) -> bool:
        """Return whether a column, a title row or the map's defaults can say `field`."""
        given = self.options.map.defaults.get(field) or self.raw.facts.get(field)
        return self.has(field) or bool(given)

    def account(self, field: str) -> pl.Series:
        """Return account numbers as text; rows with a number of 16 digits and more that went through Excel are refused."""
        if field not in self._accounts:
            self._accounts[field] = self._account(field)
        return self._accounts[field]

    def _account(self, field: str) -> pl.Series:
        column = self.raw.frame[self.fields[field]] if field in self.fields else None
        if column is not None and column.dtype.is_float():
            lost = (column.abs() >= _NUMBER_MAX).fill_null(value=False)
            self._lose(field, lost, column.cast(pl.Decimal(38, 0), strict=False).cast(pl.String))
            column = column.cast(pl.Int64, strict=False).cast(pl.String).fill_null("")
            return column.alias(field)
        text = self.text(field)
        if column is None:
            if self.height and re.fullmatch(_SCIENTIFIC, text[0]):
                self._title_lost(field, text[0])
            return text
        self._check_digits(field, text)
        if text.str.contains(r"\s").any():
            text = text.str.replace_all(r"\s+", "")
        if text.str.ends_with(".0").any():
            text = text.str.replace(r"^(\d+)\.0$", "$1")
        short = (text.str.len_bytes() <= 4) & (text != "")
        if short.any():
            text = text.to_frame("x").select(
                pl.when(pl.col("x").is_in(NONE_WORDS)).then(pl.lit("")).otherwise("x").alias("x")
            )["x"]
        return text

    def _check_digits(self, field: str, text: pl.Series) -> None:
        lost = text.str.contains(_SCIENTIFIC)
        numbers = self.raw.number_rows.get(self.fields[field])
        if numbers:
            lost = lost | self.raw.rows.is_in(sorted(numbers))
        if lost.any():
            self._lose(field, lost, text)

    def _lose(self, field: str, lost: pl.Series, text: pl.Series) -> None:
        """Refuse rows whose account number has lost digits, and keep the digits that all candidates begin with."""
        self.refuse("account_digits_lost", field, lost, text)
        digits = text.filter(lost).str.replace_all(r"[eE].*$|\D", "")
        self.lost |= {kept[: _EXCEL_DIGITS - 1] for kept in digits.str.head(-1).unique().to_list()}

    def _title_lost(self, field: str, number: str) -> None:
        """Note that the account of a whole table is a number without its last digits; no row of it can be kept."""
        self.findings.add_file(
            "account_digits_lost", self.place.file, number, sheet=self.place.sheet, column=field
        )
        self.bad = ~self.dropped

    def times(self, *, required: bool = True, field: str = "time") -> tuple[pl.Series, pl.Series]:
        """Return UTC instants and the seconds that their spelling leaves open; rows without a time are totals or refused."""
        values = self._time_values(field)
        formats = self.options.map.time_formats
        read = instants(values, self.options.zone, formats)
        wrong = read.value.is_null()
        if not wrong.any():
            return read.value, read.slack
        self._drop_totals(wrong, values)
        shown = values.cast(pl.String)
        if required:
            self.refuse("time_missing", field, wrong & read.reason.is_null(), "")
        zoneless = (read.reason == "time_without_zone").fill_null(value=False)
        if zoneless.any() and self.options.zone is None:
            self.refuse_column("time_without_zone", field, zoneless, shown)
        for code in ("time_unreadable", "time_ambiguous", "time_nonexistent"):
            self.refuse(code, field, read.reason == code, shown)
        return read.value, read.slack

    def _time_values(self, field: str) -> pl.Series:
        """The column of times; a date column and a clock column are put together."""
        if field != "time":
            return self._plain(field)
        time = self._plain("time") if self.has("time") else None
        if self.has("date") and (time is not None or self.has("clock")):
            clock = self.text("clock") if time is None else self.text("time")
            if time is None or (
                (clock != "").any() and clock.filter(clock != "").str.contains(_CLOCK).all()
            ):
                padded = (
                    clock.str.replace(r"^1899-12-3[01] ", "")
                    .str.replace(r"^(\d{5})$", "0$1")
                    .str.replace(r"^(\d{2})(\d{2})(\d{2})$", "$1:$2:$3")
                )
                day = self.text("date").str.replace(r"[ T]0{1,2}:00(:00)?$", "")
                return (day + " " + padded).str.strip_chars()
        if time is not None:
            return time
        return self._plain("date") if self.has("date") else self.blank()

    def _plain(self, field: str) -> pl.Series:
        if not self.has(field):
            return self.blank()
        column = self.raw.frame[self.fields[field]]
        return column if column.dtype.is_temporal() else self.text(field)

    def _drop_totals(self, wrong: pl.Series, values: pl.Series) -> None:
        """Leave out blank rows, repeated headers, and rows of totals: those without a time whose first words say so."""
        at = (wrong & ~self.dropped).arg_true()
        names = self.raw.frame.columns
        gone = []
        for place, row in zip(at.to_list(), self.raw.frame.gather(at).iter_rows(), strict=True):
            cells = [str(cell).strip() for cell in row if cell is not None and str(cell).strip()]
            repeated = (
                sum(str(cell).strip() == name for cell, name in zip(row, names, strict=True)) >= 2
            )
            if (
                not cells
                or repeated
                or (TOTAL_ROWS.search(cells[0]) and not str(values[place] or "")[:4].isdigit())
            ):
                gone.append(place)
        if gone:
            self.dropped = self.dropped | places_mask(gone, self.height)

    def currency(self) -> tuple[pl.Series, pl.Series]:
        """Return ISO codes and their decimals (Int8); rows with none or an unknown one are refused."""
        return self.currency_of(self.text("currency"))

    def currency_of(self, text: pl.Series, *, required: bool = True) -> tuple[pl.Series, pl.Series]:
        """Return ISO codes and decimals of currency words; `required` refuses empty ones."""
        words = text.unique().to_list()
        codes = {word: currency_code(word, self.options.digits) for word in words}
        digits = {code: self.options.digits.of(code) for code in codes.values() if code}
        code = (
            text.replace_strict(codes, return_dtype=pl.String)
            if len(words) > 1
            else pl.repeat(
                codes.get(words[0] if words else ""), len(text), dtype=pl.String, eager=True
            )
        )
        if required:
            self.refuse("currency_missing", "currency", text == "", "")
        self.refuse("currency_unknown", "currency", code.is_null() & (text != ""), text)
        places = (
            pl.repeat(next(iter(digits.values())), len(text), dtype=pl.Int8, eager=True)
            if len(set(digits.values())) == 1
            else code.replace_strict(digits, default=2, return_dtype=pl.Int8)
        )
        return code.fill_null(""), places

    def minor(self, field: str, digits: pl.Series) -> Minor:
        """Return the column in minor units, sign kept; bad cells are not refused here."""
        column = self.raw.frame[self.fields[field]]
        unit, rounds = self.options.map.amount_unit, self.options.rounds_amounts
        if column.dtype.is_integer():
            if not unit and not self.raw.integers_are_minor:
                self.refuse_column("amount_unit_unstated", field, column.is_not_null(), column)
            return minor_from_integer(column, digits, major=unit == "major")
        if column.dtype.is_float():
            return minor_from_float(column, digits, rounds=rounds)
        if column.dtype.is_decimal():
            return minor_from_decimal(column, digits, rounds=rounds)
        in_minor = unit == "minor" or (not unit and is_minor_header(self.fields[field]))
        places = pl.repeat(0, self.height, dtype=pl.Int8, eager=True) if in_minor else digits
        return minor_from_text(
            self.text(field),
            places,
            decimal_comma=self.options.map.decimal_comma,
            rounds=rounds,
        )

    def amount(self, digits: pl.Series, field: str = "amount") -> pl.Series:
        """Return positive minor units; every other row is refused with its reason."""
        read = self.minor(field, digits)
        shown = self.raw.frame[self.fields[field]]
        missing = read.value.is_null()
        if missing.any():
            self.refuse("amount_missing", field, missing & read.reason.is_null(), "")
            self.refuse_reasons(field, read.reason, shown)
        self.refuse("amount_not_positive", field, read.value <= 0, shown)
        return read.value

    def refuse_reasons(self, field: str, reason: pl.Series, shown: pl.Series) -> None:
        """Refuse the rows whose `reason` is a code."""
        for code in reason.drop_nulls().unique().sort().to_list():
            self.refuse(code, field, reason == code, shown)

    def balance(self, field: str, digits: pl.Series) -> pl.Series:
        """Return a stated balance in minor units, null where none is stated; unreadable ones are refused."""
        if not self.has(field):
            return pl.repeat(None, self.height, dtype=pl.Int64, eager=True)
        read = self.minor(field, digits)
        shown = self.text(field)
        wrong = read.reason.is_not_null() & ~shown.is_in(list(NONE_WORDS))
        self.refuse("balance_unreadable", field, wrong, shown)
        return read.value

    def sequence(self) -> pl.Series:
        """Return the given sequence, else the row number."""
        rows = self.raw.rows.cast(pl.Int64)
        if not self.has("sequence"):
            return rows
        text = self.text("sequence")
        value = text.cast(pl.Int64, strict=False)
        self.refuse("sequence_unreadable", "sequence", value.is_null() & (text != ""), text)
        return value.zip_with(text != "", rows)

    def good(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` with provenance, without the rows refused or dropped."""
        placed = frame.with_columns(
            pl.lit(self.raw.source, pl.Int32).alias("source"),
            self.raw.rows.cast(pl.Int32).alias("row"),
        )
        gone = self.bad | self.dropped
        return placed.filter(~gone) if gone.any() else placed


def places_mask(places: list[int], height: int) -> pl.Series:
    """Return a Boolean column of `height` that is true at `places`."""
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(places, True)


def currency_code(word: str, digits: Digits) -> str | None:
    """Return the ISO code that `word` stands for, or None.

    >>> from recoup.money import ISO_DIGITS
    >>> (
    ...     currency_code("人民币", ISO_DIGITS),
    ...     currency_code("usd", ISO_DIGITS),
    ...     currency_code("beads", ISO_DIGITS),
    ... )
    ('CNY', 'USD', None)
    """
    stripped = word.strip()
    for candidate in (stripped, stripped.upper()):
        if digits.knows(candidate):
            return candidate
    return CURRENCIES.get(stripped.lower().replace(" ", ""))
