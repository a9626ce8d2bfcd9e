"""Who holds which account, from the lists beside the statements (账户信息, 人员信息): cards, numbers, names, banks.

A card and its account are one pocket. If an account has one card, the card's number stands for both, because
counterparties cite cards; if it has several, the account's number stands for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from recoup.reading.cells import Cells


@dataclass(slots=True)
class Holders:
    """What lists say; filled while they are read."""

    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Account and card that belong together."""
    names: dict[str, str] = field(default_factory=dict)
    institutions: dict[str, str] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    """Id number to name."""

    def add_accounts(self, cells: Cells) -> None:
        """Take over a list of accounts."""
        columns = [cells.account("account"), cells.account("card")]
        columns += [
            cells.text(name)
            for name in ("account_name", "account_institution", "currency", "person_id")
        ]
        for account, card, name, institution, currency, person in zip(*columns, strict=True):
            if account and card:
                self.pairs.add((account, card))
            for number in (account, card):
                if number:
                    _keep(self.names, number, name)
                    _keep(self.institutions, number, institution)
                    _keep(self.currencies, number, currency)
            _keep(self.persons, person, name)

    def add_persons(self, cells: Cells) -> None:
        """Take over a list of persons."""
        for person, name in zip(cells.text("person_id"), cells.text("account_name"), strict=True):
            _keep(self.persons, person, name)

    def add_rows(self, rows: pl.DataFrame) -> None:
        """Take over the accounts and cards that statement rows name together."""
        both = (
            rows.filter((pl.col("account") != "") & (pl.col("card") != ""))
            .select("account", "card")
            .unique()
        )
        self.pairs |= set(both.iter_rows())

    def aliases(self) -> dict[str, str]:
        """Return every other number of an account to the one that stands for it."""
        cards: dict[str, set[str]] = {}
        accounts: dict[str, set[str]] = {}
        for account, card in self.pairs:
            cards.setdefault(account, set()).add(card)
            accounts.setdefault(card, set()).add(account)
        names: dict[str, str] = {}
        for account, own in sorted(cards.items()):
            shared = any(len(accounts[card]) > 1 for card in own)
            if len(own) == 1 and not shared:
                names[account] = next(iter(own))
            else:
                names.update({card: account for card in sorted(own) if len(accounts[card]) == 1})
        return {number: name for number, name in names.items() if number != name}


def _keep(table: dict[str, str], key: str, value: str) -> None:
    if key and value:
        table.setdefault(key, value)


def settled(rows: pl.DataFrame, holders: Holders, aliases: Mapping[str, str]) -> pl.DataFrame:
    """Return statement rows under the one number of each account, with names and institutions filled in from the lists."""
    account = pl.when(pl.col("account") != "").then("account").otherwise("card")
    named = rows.with_columns(
        account=_looked_up(account, aliases),
        counterparty=_looked_up(pl.col("counterparty"), aliases),
        account_name=_filled("account_name", pl.col("account"), holders.names),
        account_institution=_filled("account_institution", pl.col("account"), holders.institutions),
        counterparty_name=_filled("counterparty_name", pl.col("counterparty"), holders.names),
        counterparty_institution=_filled(
            "counterparty_institution", pl.col("counterparty"), holders.institutions
        ),
    )
    return named.with_columns(
        account_name=_filled("account_name", pl.col("person"), holders.persons)
    )


def _looked_up(number: pl.Expr, aliases: Mapping[str, str]) -> pl.Expr:
    return number.replace(dict(aliases)) if aliases else number


def _filled(column: str, key: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    if not table:
        return pl.col(column)
    return (
        pl.when(pl.col(column) == "")
        .then(key.replace_strict(dict(table), default="", return_dtype=pl.String))
        .otherwise(column)
    )
