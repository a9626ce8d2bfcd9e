"""A statement's rows into one form: account, direction, counterparty, balance. Not yet transfers, and not yet put in order."""

from __future__ import annotations

import unicodedata
from typing import Final

import polars as pl

from recoup.reading.cells import Cells
from recoup.reading.ledgers import kind_of
from recoup.reading.vocabulary import (
    CREDIT,
    DEBIT,
    FAILED,
    NONE_WORDS,
    NOTE_WORDS,
    SUCCEEDED,
    unit_currency,
)
from recoup.records.tables import INSTANT

_COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "account": pl.String,
    "card": pl.String,
    "account_name": pl.String,
    "account_institution": pl.String,
    "time": INSTANT,
    "slack": pl.Int32,  # seconds that the time's spelling leaves open
    "sequence": pl.Int64,
    "credit": pl.Boolean,  # money came in
    "amount": pl.Int64,
    "currency": pl.String,
    "counterparty": pl.String,
    "counterparty_name": pl.String,
    "counterparty_institution": pl.String,
    "balance": pl.Int64,
    "serial": pl.String,  # the institution's own number of the row
    "reference": pl.String,
    "rail": pl.String,
    "kind": pl.String,
    "reverses": pl.String,
    "person": pl.String,  # the holder's id number, to find the name by
    "given_sequence": pl.Boolean,
    "source": pl.Int32,
    "row": pl.Int32,
}
STATEMENTS: Final = pl.Schema(_COLUMNS)
"""One row a row of a statement, as its holder's institution states it."""

_NUMBER_AND_NAME: Final = r"^(.*?)[(（](.*)[)）]$"
_COMPLEMENT: Final = (
    "account_name",
    "account_institution",
    "counterparty_name",
    "counterparty_institution",
    "rail",
    "reverses",
)


class StatementTable:
    """Reads one statement table; `rows` are the good ones, the counters say what was left out on purpose."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.rows_failed = 0
        self.rows_neutral = 0
        self.rows = self._read()

    def _read(self) -> pl.DataFrame:
        cells = self.cells
        if self._lacks_columns():
            return pl.DataFrame(schema=STATEMENTS)
        time, slack = cells.times()
        self._drop_failed()
        account, card, name = self._holder()
        currency, digits = cells.currency_of(self._currency_words())
        amount, credit = self._movement(digits)
        serial = cells.text("id")
        other = self._counterparty()
        columns = {
            "account": account,
            "card": card,
            "time": time,
            "slack": slack,
            "sequence": cells.sequence(),
            "credit": credit,
            "amount": amount,
            "currency": currency,
            "balance": cells.balance("balance", digits),
            "serial": serial,
            "reference": cells.text("reference"),
            "kind": self._kinds(),
            "person": cells.text("person_id"),
            "given_sequence": pl.repeat(
                cells.has("sequence"), cells.height, dtype=pl.Boolean, eager=True
            ),
            **{field: cells.text(field) for field in _COMPLEMENT},
            **other,
        }
        if name is not None:
            columns["account_name"] = name
        return (
            cells.good(pl.DataFrame(columns)).select(list(STATEMENTS)).match_to_schema(STATEMENTS)
        )

    def _lacks_columns(self) -> bool:
        """Note every column without which no row can be read, once, not once a row."""
        cells = self.cells
        absent: list[tuple[str, ...]] = []
        if not (cells.has("time") or cells.has("date")):
            absent.append(("time", "date"))
        if not any(map(cells.stated, ("account", "card", "account_and_name"))):
            absent.append(("account", "card"))
        sides = [field for field in ("debit", "credit") if not cells.has(field)]
        if not cells.has("amount") and sides:
            absent.append(("amount", *sides) if len(sides) == 2 else (sides[0],))
        if not (cells.stated("currency") or self._unit()):
            absent.append(("currency",))
        for fields in absent:
            cells.absent(*fields)
        return bool(absent)

    def _drop_failed(self) -> None:
        """Leave out the rows of payments that did not happen, and count them."""
        cells = self.cells
        if not cells.has("status"):
            return
        text = cells.text("status")
        words = {word: self._succeeded(word) for word in text.unique().to_list()}
        done = text.replace_strict(words, default=None, return_dtype=pl.Boolean)
        cells.refuse("status_unknown", "status", done.is_null(), text)
        failed = (~done).fill_null(value=False) & ~cells.bad & ~cells.dropped
        self.rows_failed += int(failed.sum())
        cells.dropped = cells.dropped | failed

    def _succeeded(self, word: str) -> bool | None:
        given = self.cells.options.map.statuses.get(word)
        if given is not None:
            return given == "ok"
        plain = unicodedata.normalize("NFKC", word).strip().lower()
        if plain in SUCCEEDED or plain in NONE_WORDS or plain == "":
            return True
        # The payment happened; its refund has a row of its own.
        if plain.startswith(("已退款", "已全额退款")):
            return True
        return False if plain in FAILED else None

    def _holder(self) -> tuple[pl.Series, pl.Series, pl.Series | None]:
        cells = self.cells
        account, card = cells.account("account"), cells.account("card")
        name = None
        if cells.has("account_and_name"):
            both = cells.text("account_and_name")
            number, holder = split_number_and_name(both)
            account = number.zip_with(account == "", account)
            name = holder
        cells.refuse("account_missing", "account", (account == "") & (card == ""), "")
        return account, card, name

    def _counterparty(self) -> dict[str, pl.Series]:
        cells = self.cells
        number = cells.account("counterparty")
        if cells.has("counterparty_card"):
            number = number.zip_with(number != "", cells.account("counterparty_card"))
        if not cells.has("counterparty_and_name"):
            return {"counterparty": number}
        first, name = split_number_and_name(cells.text("counterparty_and_name"))
        own = cells.text("counterparty_name")
        return {
            "counterparty": number.zip_with(number != "", first),
            "counterparty_name": own.zip_with(own != "", name),
        }

    def _currency_words(self) -> pl.Series:
        """The currency column, else what the unit in an amount's header says: yuan and fen are CNY."""
        cells = self.cells
        text = cells.text("currency")
        unit = self._unit()
        if not unit:
            return text
        return pl.repeat(unit, cells.height, dtype=pl.String, eager=True).zip_with(text == "", text)

    def _unit(self) -> str:
        """The currency that the header of an amount says, '' if none does."""
        fields = self.cells.fields
        headers = (
            fields[name] for name in ("amount", "debit", "credit", "balance") if name in fields
        )
        return next((found for found in map(unit_currency, headers) if found), "")

    def _movement(self, digits: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Amounts above zero, and whether money came in."""
        cells = self.cells
        if cells.has("direction") and cells.has("amount"):
            return self._by_direction(digits)
        if cells.has("debit") and cells.has("credit"):
            return self._by_columns(digits)
        return self._by_sign(digits)

    def _by_direction(self, digits: pl.Series) -> tuple[pl.Series, pl.Series]:
        cells = self.cells
        text = cells.text("direction")
        words = {word: self._direction(word) for word in text.unique().to_list()}
        said = text.replace_strict(words, default=None, return_dtype=pl.String)
        neutral = (said == "skip").fill_null(value=False) & ~cells.dropped & ~cells.bad
        self.rows_neutral += int(neutral.sum())
        cells.dropped = cells.dropped | neutral
        cells.refuse("direction_missing", "direction", text == "", "")
        cells.refuse("direction_unknown", "direction", said.is_null(), text)
        credit = (said == "credit").fill_null(value=False)
        read = cells.minor("amount", digits)
        value = read.value
        # A sheet whose debits all carry a minus repeats the direction; a single minus is a question.
        live = ~(cells.bad | cells.dropped)
        out = value.filter(live & ~credit)
        into = value.filter(live & credit)
        if out.len() and (out <= 0).all() and (into >= 0).all() and (out < 0).any():
            value = value.zip_with(credit, -value)
        self._refuse_amounts("amount", value, read.reason)
        return value, credit

    def _direction(self, word: str) -> str | None:
        given = self.cells.options.map.directions.get(word)
        if given is not None:
            return given
        plain = unicodedata.normalize("NFKC", word).strip().lower()
        if plain in DEBIT:
            return "debit"
        return "credit" if plain in CREDIT else None

    def _by_columns(self, digits: pl.Series) -> tuple[pl.Series, pl.Series]:
        cells = self.cells
        out, into = cells.minor("debit", digits), cells.minor("credit", digits)
        for field, read in (("debit", out), ("credit", into)):
            text = cells.text(field)
            cells.refuse_reasons(
                field,
                read.reason.zip_with(
                    ~text.is_in(list(NONE_WORDS)),
                    pl.repeat(None, cells.height, dtype=pl.String, eager=True),
                ),
                text,
            )
        debit, credit = out.value.fill_null(0), into.value.fill_null(0)
        live = ~(cells.bad | cells.dropped)
        if (debit.filter(live) <= 0).all() and (debit.filter(live) < 0).any():
            debit = -debit
        cells.refuse(
            "amount_both_sides", "debit", (debit != 0) & (credit != 0), cells.text("debit")
        )
        cells.refuse("amount_missing", "debit", (debit == 0) & (credit == 0), "")
        came_in = credit != 0
        amount = credit.zip_with(came_in, debit)
        cells.refuse("amount_not_positive", "debit", amount < 0, amount)
        return amount, came_in

    def _by_sign(self, digits: pl.Series) -> tuple[pl.Series, pl.Series]:
        cells = self.cells
        read = cells.minor("amount", digits)
        live = ~(cells.bad | cells.dropped)
        if (
            not (read.value.filter(live) < 0).any()
            and not cells.text("amount").str.starts_with("+").any()
        ):
            cells.refuse_column(
                "direction_missing", "amount", read.value.is_not_null(), cells.text("amount")
            )
        credit = (read.value > 0).fill_null(value=False)
        amount = read.value.abs()
        self._refuse_amounts("amount", amount, read.reason)
        return amount, credit

    def _refuse_amounts(self, field: str, value: pl.Series, reason: pl.Series) -> None:
        cells = self.cells
        shown = cells.text(field)
        cells.refuse("amount_missing", field, value.is_null() & reason.is_null(), "")
        cells.refuse_reasons(field, reason, shown)
        cells.refuse("amount_not_positive", field, value <= 0, shown)

    def _kinds(self) -> pl.Series:
        """The column `kind` strictly; else what the summary gives away, a plain transfer where it does not."""
        cells = self.cells
        plain = pl.repeat("transfer", cells.height, dtype=pl.String, eager=True)
        if cells.has("kind"):
            text = cells.text("kind")
            words = {word: kind_of(word, cells.options.map) for word in text.unique().to_list()}
            kind = text.replace_strict(words, default=None, return_dtype=pl.String)
            cells.refuse("kind_unknown", "kind", kind.is_null(), text)
            return kind.fill_null("transfer")
        for field in ("note", "note_more"):
            if cells.has(field):
                text = cells.text(field)
                guesses = {word: self._guess(word) for word in text.unique().to_list()}
                kind = text.replace_strict(guesses, return_dtype=pl.String)
                plain = plain.zip_with(plain != "transfer", kind)
        return plain

    def _guess(self, note: str) -> str:
        exact = kind_of(note, self.cells.options.map)
        if exact is not None:
            return exact
        plain = note.lower()
        return next((kind for part, kind in NOTE_WORDS if part in plain), "transfer")


def split_number_and_name(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return number and name of cells like `2088001(张三)`; without brackets all of it is the number."""
    number = text.str.extract(_NUMBER_AND_NAME, 1).fill_null(text).str.strip_chars()
    return number, text.str.extract(_NUMBER_AND_NAME, 2).fill_null("").str.strip_chars()
