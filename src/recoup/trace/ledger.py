"""The ledger: transfers as dense arrays in total order, which the kernels run on. Accounts become pockets, names stay here.

A pocket is an (account, currency); pocket 0 is the outside. What a debit may carry is settled here once: debits of terminal
accounts and of unknown accounts that are not bridged leave from the outside, so no kernel needs to know about standing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup import limits
from recoup.errors import LimitFault
from recoup.records.dossier import Dossier

KNOWN: Final = 0
UNKNOWN: Final = 1
BRIDGED: Final = 2
TERMINAL: Final = 3
STANDINGS: Final = ("known", "unknown", "bridged", "terminal")

OUTSIDE: Final = 0
"""Pocket of the outside."""

TRANSIT: Final = "link:"
"""Accounts in transit are named link:1, link:2, ... after the row of the asserted link."""

INFERRED: Final = 1
ASSERTED: Final = 2
"""Marks of a transfer: what crosses it rests on a bridge or on an asserted link."""

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


def fixed(array: I64) -> I64:
    """Return a view that nobody can write through.

    Columns of a table cannot be written to, what is put together of them can, and a kernel is compiled for each of the two:
    seconds, while the first case with a hold waits.
    """
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Ledger:
    """Arrays of one dossier; a row is a transfer, in total order; n transfers, k pockets."""

    accounts: pl.Series
    """Account names, sorted by code point."""
    currencies: tuple[str, ...]
    pocket_account: I32
    """Shape (k,): index into `accounts`; -1 for the outside."""
    pocket_currency: I32
    standing: U8
    """Shape (k,): KNOWN, UNKNOWN, BRIDGED or TERMINAL; the outside is TERMINAL."""
    payer: I32
    """Shape (n,): pocket as stated in the row; 0 is the outside."""
    payee: I32
    source: I32
    """Shape (n,): pocket that a debit really draws on: `payer`, or 0 where it may carry nothing."""
    amount: I64
    """Minor units."""
    time: I64
    """Microseconds since 1970, UTC."""
    currency: I32
    mark: U8
    """INFERRED and ASSERTED bits of the row."""

    def __post_init__(self) -> None:
        """Have the arrays of all ledgers be of one kind."""
        object.__setattr__(self, "amount", fixed(self.amount))
        object.__setattr__(self, "time", fixed(self.time))

    @property
    def sinks(self) -> U8:
        """Shape (k,): 1 where money that arrives has exited: the outside and terminal accounts."""
        sinks: U8 = (self.standing == TERMINAL).astype(np.uint8)
        return sinks

    @property
    def transits(self) -> npt.NDArray[np.bool_]:
        """Shape (k,): pockets in transit, one a link."""
        named = self.accounts.str.starts_with(TRANSIT).to_numpy()
        return np.append(named, False)[self.pocket_account]

    def pocket(self, account: str, currency: str) -> int:
        """Return the pocket of (account, currency), or -1 when no row touches it."""
        at = self.accounts.search_sorted(account)
        if (
            at >= len(self.accounts)
            or self.accounts[int(at)] != account
            or currency not in self.currencies
        ):
            return -1
        found = np.flatnonzero(
            (self.pocket_account == at) & (self.pocket_currency == self.currencies.index(currency))
        )
        return int(found[0]) if len(found) else -1


def pockets_of(ledger: Ledger, accounts: pl.Series, currencies: Sequence[str]) -> list[int]:
    """Return what `Ledger.pocket` gives for each account with the currency beside it, looked up together."""
    if not len(accounts):
        return []
    numbers = {name: number for number, name in enumerate(ledger.currencies)}
    currency = np.array([numbers.get(name, -1) for name in currencies], np.int64)
    last, width = len(ledger.accounts) - 1, len(numbers)
    if last < 0 or not width:
        return [-1] * len(accounts)
    account = np.minimum(ledger.accounts.search_sorted(accounts).to_numpy(), last).astype(np.int64)
    is_there = (ledger.accounts.gather(account) == accounts).to_numpy() & (currency >= 0)
    keys = ledger.pocket_account[1:].astype(np.int64) * width + ledger.pocket_currency[1:]
    wanted = account * width + currency
    at = np.searchsorted(keys, wanted)  # pockets are in the order of accounts and currencies
    is_there &= at < len(keys)
    is_there[is_there] = keys[at[is_there]] == wanted[is_there]
    found: list[int] = np.where(is_there, at + 1, -1).tolist()
    return found


def _codes(column: pl.Series, names: pl.Series) -> I32:
    """Return int32 positions of `column` in the sorted unique `names`; '' becomes -1."""
    codes = column.replace("", None).cast(pl.Enum(names)).to_physical()
    return codes.cast(pl.Int32).fill_null(-1).to_numpy()


def _intern(dossier: Dossier) -> tuple[pl.Series, I32, I32]:
    """Return account names sorted by code point, and the payers' and payees' positions among them."""
    rows = dossier.transfers
    extra = [
        dossier.openings["account"],
        dossier.holds["account"],
        dossier.links["from"],
        dossier.links["to"],
    ]
    names = pl.concat([rows["payer"].unique(), rows["payee"].unique(), *extra]).unique().sort()
    names = names.filter(names != "")
    if len(names) > limits.ACCOUNTS_MAX:
        raise LimitFault("ACCOUNTS_MAX", limits.ACCOUNTS_MAX, len(names))
    return names, _codes(rows["payer"], names), _codes(rows["payee"], names)


@dataclass(frozen=True)
class Pockets:
    """Which pockets there are, and those of every row."""

    account: I32
    """Shape (k,): number of the account; -1 for the outside."""
    currency: I32
    payer: I32
    """Shape (n,)."""
    payee: I32
    extra: tuple[I32, ...]
    """Pockets of whatever else names accounts."""


def number_pockets(
    payer: I32, payee: I32, currency: I32, extra: Sequence[tuple[I32, I32]], size: tuple[int, int]
) -> Pockets:
    """Return the pockets of rows and `extra` (account, currency), in ascending order; `size`: accounts and currencies."""
    accounts_count, width = size[0], max(1, size[1])

    def key_of(account: I32, of: I32) -> I64:
        return account.astype(np.int64) * width + of

    payer_key, payee_key = key_of(payer, currency), key_of(payee, currency)
    others = [key_of(*pair) for pair in extra]
    used = np.zeros(accounts_count * width, dtype=np.bool_)
    for keys in (payer_key[payer >= 0], payee_key[payee >= 0], *others):
        used[keys] = True
    table = np.cumsum(used, dtype=np.int32)  # 1 for the first; 0 is the outside
    distinct = np.flatnonzero(used)
    return Pockets(
        account=np.concatenate([[-1], distinct // width]).astype(np.int32),
        currency=np.concatenate([[-1], distinct % width]).astype(np.int32),
        payer=_of_sides(payer, payer_key, table),
        payee=_of_sides(payee, payee_key, table),
        extra=tuple(table[keys] for keys in others),
    )


def _of_sides(account: I32, key: I64, table: I32) -> I32:
    """Return the pockets of rows' sides; the outside where no account is named."""
    named = account >= 0
    out = np.full(len(account), OUTSIDE, np.int32)
    out[named] = table[key[named]]
    return out


def _standings(dossier: Dossier, names: pl.Series, *, bridge: bool) -> U8:
    """Return the standing of every account by the dossier's declarations (terminal overrides known)."""
    standing = np.full(len(names), KNOWN, dtype=np.uint8)
    if dossier.known is not None:
        unknown = ~names.is_in(sorted(dossier.known)).to_numpy()
        standing[unknown] = BRIDGED if bridge else UNKNOWN
    standing[names.str.starts_with(TRANSIT).to_numpy()] = UNKNOWN
    if dossier.terminal:
        standing[names.is_in(sorted(dossier.terminal)).to_numpy()] = TERMINAL
    return standing


def compile_ledger(
    dossier: Dossier, *, bridge: bool = False, asserted: frozenset[str] = frozenset()
) -> Ledger:
    """Return the arrays of `dossier`; links must already be rows of it, `asserted` their transfers' ids.

    Raises `LimitFault` when there are more accounts or currencies than dense ids can hold.
    """
    rows = dossier.transfers
    names, payer_account, payee_account = _intern(dossier)
    currencies = tuple(
        sorted(
            {*rows["currency"].unique(), *dossier.openings["currency"], *dossier.holds["currency"]}
        )
    )
    currency = _codes(rows["currency"], pl.Series(currencies, dtype=pl.String))
    of_names = pl.Series(currencies, dtype=pl.String)
    extra = [
        (_codes(t["account"], names), _codes(t["currency"], of_names))
        for t in (dossier.openings, dossier.holds)
    ]
    size = (len(names), len(currencies))
    pockets = number_pockets(payer_account, payee_account, currency, extra, size)
    payer, payee = pockets.payer, pockets.payee
    standing = np.concatenate(
        [[TERMINAL], _standings(dossier, names, bridge=bridge)[pockets.account[1:]]]
    )
    standing = standing.astype(np.uint8)

    carries = (standing[payer] == KNOWN) | (standing[payer] == BRIDGED)
    mark = np.where(standing[payer] == BRIDGED, INFERRED, 0).astype(np.uint8)
    # Money that an unknown account sent back is known by the row that received it.
    back = (rows["kind"] == "reversal").to_numpy() & (rows["reverses"] != "").to_numpy()
    if asserted:  # what waits for its link's entry comes back from there
        waits = rows.filter(pl.col("payee").str.starts_with(TRANSIT))["id"]
        back &= ~rows["reverses"].is_in(waits.implode()).to_numpy()
    carries |= back & (standing[payer] == UNKNOWN)
    if asserted:  # a link carries money even out of an account whose statement was not given
        linked = rows["id"].is_in(sorted(asserted)).to_numpy()
        carries |= linked & (standing[payer] == UNKNOWN)
        crosses = rows["payer"].str.starts_with(TRANSIT) | rows["id"].str.starts_with(TRANSIT)
        mark[crosses.to_numpy()] |= ASSERTED  # the exit itself is shown by its row
    return Ledger(
        accounts=names,
        currencies=currencies,
        pocket_account=pockets.account,
        pocket_currency=pockets.currency,
        standing=standing,
        payer=payer,
        payee=payee,
        source=np.where(carries, payer, OUTSIDE).astype(np.int32),
        amount=rows["amount"].to_numpy(),
        time=rows["time"].to_physical().to_numpy(),
        currency=currency,
        mark=mark,
    )
