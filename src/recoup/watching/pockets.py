"""Accounts by name and the dense numbers of their pockets, one for each currency. Numbers are given once, in order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from recoup.watch.names import Table, Texts
from recoup.watching.columns import Numbers, fit_accounts, numbers_of


class Pockets:
    """The pockets that have a number, and whose they are."""

    def __init__(self, currencies: Sequence[str], most: int) -> None:
        """Begin with none; at most `most` get one."""
        self.most = most
        self._numbers: Numbers = {code: {"": -1} for code in currencies}
        self._names: list[str] = []
        self._codes: list[str] = []
        self._tables: dict[str, Table] = {}
        """The numbers once more, by currency, for columns of bytes; laid when the first of these comes."""
        self._laid = 0
        """How many pockets those have."""

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pockets) and other._numbers == self._numbers

    __hash__ = None  # type: ignore[assignment]

    def get(self, account: str, currency: str) -> int | None:
        """Return the number of a pocket; None where it has none. '' is the outside, -1."""
        return self._numbers[currency].get(account)

    def of(self, account: str) -> list[int]:
        """Return the pockets of an account, in each currency."""
        return [some[account] for some in self._numbers.values() if account and account in some]

    def owner(self, number: int) -> tuple[str, str] | None:
        """Return account and currency of a pocket; None for the outside."""
        return (self._names[number], self._codes[number]) if number >= 0 else None

    @property
    def accounts(self) -> Sequence[str]:
        """By number: whose pockets they are. Goes on as pockets are added."""
        return self._names

    def columns(self) -> tuple[list[str], bytes]:
        """Return accounts, and places of currencies (int16), of all pockets in the order of numbers."""
        places = {code: at for at, code in enumerate(self._numbers)}
        currencies = np.fromiter(map(places.__getitem__, self._codes), "<i2", len(self))
        return self._names.copy(), currencies.tobytes()

    def put(self, accounts: list[str], currencies: bytes) -> None:
        """Begin with the pockets of `columns`; `ValueError` for what cannot be theirs."""
        assert not self._names, "none has a number yet"
        places = np.frombuffer(currencies, "<i2")
        codes = list(self._numbers)
        fits = len(places) == len(accounts) and not np.setdiff1d(places, range(len(codes))).size
        if not fits:
            raise ValueError("accounts and their currencies")
        for at, numbers in enumerate(self._numbers.values()):
            chosen = np.flatnonzero(places == at).tolist()
            own = accounts if len(chosen) == len(accounts) else [accounts[n] for n in chosen]
            numbers.update(zip(own, chosen, strict=True))
        if sum(map(len, self._numbers.values())) != len(accounts) + len(codes):
            raise ValueError("an account twice, or without a name")
        self._names, self._codes = accounts, [codes[at] for at in places.tolist()]

    def name(self, number: int) -> str:
        """Return the account of a pocket; '' for the outside."""
        return self._names[number] if number >= 0 else ""

    def add(self, new: Sequence[str], currency: str) -> int:
        """Number accounts that have no number in this currency yet; return the first number."""
        first = len(self._names)
        self._numbers[currency].update(zip(new, range(first, first + len(new)), strict=True))
        self._names.extend(new)
        self._codes.extend([currency] * len(new))
        return first

    def all_of(self, names: Sequence[str], codes: Sequence[str]) -> list[int | None]:
        """Return the number of each pocket, None where it has none."""
        return numbers_of(names, codes, self._numbers)

    def find(self, names: Texts, code: str) -> npt.NDArray[np.int64]:
        """Return the number of each pocket in one currency, ABSENT where it has none."""
        if not self._tables:
            outside = Texts.of([""])
            for currency in self._numbers:
                self._tables[currency] = Table()
                self._tables[currency].put(outside, np.array([-1]))
        if self._laid < len(self):
            self._lay()
        return self._tables[code].find(names)

    def _lay(self) -> None:
        """Put the pockets that were added since then into the tables."""
        names, codes = self._names[self._laid :], self._codes[self._laid :]
        numbers = np.arange(self._laid, len(self))
        for code in sorted(set(codes)):
            chosen = [at for at, own in enumerate(codes) if own == code]
            self._tables[code].put_spelled([names[at] for at in chosen], numbers[chosen])
        self._laid = len(self)

    def missing(self, names: Sequence[str], codes: Sequence[str]) -> list[tuple[str, str]] | None:
        """Return (account, currency) of those without a number, once, in order; None where a name is unfit, or no room."""
        new = [
            pair
            for pair in dict.fromkeys(zip(names, codes, strict=True))
            if pair[0] not in self._numbers[pair[1]]
        ]
        return new if self.has_room([name for name, _ in new]) else None

    def has_room(self, new: Collection[str]) -> bool:
        """Return whether these may be names of accounts, and there is room for a pocket for each."""
        # One by one, a payment with a new account is refused where there is no room for two.
        return fit_accounts(list(new)) and len(self) + len(new) < self.most


__all__ = ["Pockets"]
