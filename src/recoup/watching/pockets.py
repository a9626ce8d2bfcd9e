"""Accounts by name and the dense numbers of their pockets, one for each currency. Numbers are given once, in order.

A name lies in memory once, as bytes in the table of its currency. Beside it stand names that were asked for one by one, as
texts in a dictionary that has a bound: to look for one name in a table takes longer, for hundreds of them hardly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from recoup.watch.names import ABSENT, Table, Texts
from recoup.watching.columns import Numbers, fit_accounts, numbers_of

_RECENT: Final = 1 << 18
"""Names of a currency that are kept as texts: some 130 bytes each."""
_ALONE: Final = 1 << 9
"""Names that came one by one and are put into tables together."""
_FEW: Final = 8
_OUTSIDE: Final = ""


class Pockets:
    """The pockets that have a number, and whose they are. One thread adds; others may ask meanwhile, and miss what is new.

    >>> pockets = Pockets(["CNY"], most=3)
    >>> pockets.add(["a", "b"], "CNY"), pockets.get("b", "CNY"), pockets.get("c", "CNY")
    (0, 1, None)
    """

    def __init__(self, currencies: Sequence[str], most: int) -> None:
        """Begin with none; at most `most` get one."""
        self.most = most
        self._currencies = tuple(currencies)
        self._tables = {code: Table() for code in currencies}
        outside = Texts.of([_OUTSIDE])
        for table in self._tables.values():
            table.put(outside, np.array([-1]))
        self._recent: Numbers = {code: {_OUTSIDE: -1} for code in currencies}
        self._places = np.zeros(64, np.int16)
        """By number: place of the currency."""
        self._count = 0
        self._alone: tuple[int, list[str]] = (0, [])
        """The names that no table has yet, and the number of the first: they stand in `_recent` until one has."""

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pockets):
            return False
        return self._currencies == other._currencies and self.columns() == other.columns()

    __hash__ = None  # type: ignore[assignment]

    def get(self, account: str, currency: str) -> int | None:
        """Return the number of a pocket; None where it has none. '' is the outside, -1."""
        recent = self._recent[currency]
        number = recent.get(account)
        if number is None:
            number = self._in_table_alone(account, currency)
            if number is not None and len(recent) < _RECENT:
                recent[account] = number
        return number

    def of(self, account: str) -> list[int]:
        """Return the pockets of an account, in each currency."""
        found = [self.get(account, code) for code in self._currencies if account]
        return [number for number in found if number is not None]

    def owner(self, number: int) -> tuple[str, str] | None:
        """Return account and currency of a pocket; None for the outside."""
        if number < 0:
            return None
        return self.name(number), self._currencies[self._places[number]]

    @property
    def accounts(self) -> Sequence[str]:
        """By number: whose pockets they are. Goes on as pockets are added."""
        return _Accounts(self)

    def columns(self) -> tuple[list[str], bytes]:
        """Return accounts, and places of currencies (int16), of all pockets in the order of numbers."""
        self._move()
        places = self._places[: self._count]
        spelled = [table.entries()[0].spelled()[1:] for table in self._tables.values()]
        filled = [names for names in spelled if names]
        if len(filled) < 2:
            return (filled[0] if filled else []), places.astype("<i2").tobytes()
        each = [iter(names) for names in spelled]  # in each currency, in the order of numbers
        return [next(each[at]) for at in places.tolist()], places.astype("<i2").tobytes()

    def put(self, accounts: list[str], currencies: bytes) -> None:
        """Begin with the pockets of `columns`; `ValueError` for what cannot be theirs."""
        assert not self._count, "none has a number yet"
        places = np.frombuffer(currencies, "<i2")
        fits = len(places) == len(accounts)
        if not fits or np.setdiff1d(places, range(len(self._currencies))).size:
            raise ValueError("accounts and their currencies")
        for at, table in enumerate(self._tables.values()):
            chosen = np.flatnonzero(places == at)
            is_all = len(chosen) == len(accounts)
            own = accounts if is_all else [accounts[n] for n in chosen.tolist()]
            table.put_spelled(own, chosen)
        if sum(map(len, self._tables.values())) != len(accounts) + len(self._tables):
            raise ValueError("an account twice, or without a name")
        self._places, self._count = places.astype(np.int16), len(accounts)
        self._alone = (self._count, [])

    def name(self, number: int) -> str:
        """Return the account of a pocket; '' for the outside."""
        if number < 0:
            return _OUTSIDE
        first, alone = self._alone
        if number >= first:
            return alone[number - first]
        names, numbers = self._tables[self._currencies[self._places[number]]].entries()
        return names[int(np.searchsorted(numbers, number))]

    def add(self, new: Sequence[str], currency: str) -> int:
        """Number accounts that have no number in this currency yet; return the first number."""
        first, count = self._count, self._count + len(new)
        if count > len(self._places):
            more = np.zeros(max(count, 2 * first) - first, np.int16)
            self._places = np.append(self._places[:first], more)
        self._places[first:count] = self._currencies.index(currency)
        if len(new) <= _FEW:
            self._recent[currency].update(zip(new, range(first, count), strict=True))
            self._alone[1].extend(new)
            self._count = count
        else:
            self._move()
            self._tables[currency].put_spelled(new, np.arange(first, count))
            self._alone, self._count = (count, []), count
        if len(self._alone[1]) >= _ALONE:
            self._move()
        return first

    def all_of(self, names: Sequence[str], codes: Sequence[str]) -> list[int | None]:
        """Return the number of each pocket, None where it has none."""
        found = numbers_of(names, codes, self._recent)
        if None in found:
            absent = [at for at, number in enumerate(found) if number is None]
            for code in dict.fromkeys(codes[at] for at in absent):
                own = [at for at in absent if codes[at] == code]
                numbers = self._in_table([names[at] for at in own], code)
                for at, number in zip(own, numbers, strict=True):
                    found[at] = number
        return found

    def _in_table_alone(self, name: str, code: str) -> int | None:
        """Return the number of one as the table has it, None where it has none."""
        try:
            number = self._tables[code].get(name)
        except UnicodeEncodeError:  # no table has half a character
            return None
        return None if number == ABSENT else number

    def _in_table(self, names: Sequence[str], code: str) -> list[int | None]:
        """Return the number of each as the table has it, None where it has none."""
        try:
            numbers = self._tables[code].find(Texts.of(names)).tolist()
        except UnicodeEncodeError:  # no table has half a character
            return [self._in_table_alone(one, code) for one in names]
        return [None if number == ABSENT else number for number in numbers]

    def find(self, names: Texts, code: str) -> npt.NDArray[np.int64]:
        """Return the number of each pocket in one currency, ABSENT where it has none."""
        self._move()
        return self._tables[code].find(names)

    def _move(self) -> None:
        """Put what came one by one into the tables."""
        first, names = self._alone
        if names:
            places = self._places[first : self._count]
            for at in np.unique(places).tolist():
                chosen = np.flatnonzero(places == at)
                own = [names[n] for n in chosen.tolist()]
                self._tables[self._currencies[at]].put_spelled(own, first + chosen)
            self._alone = (self._count, [])
        for code, recent in self._recent.items():
            if len(recent) >= _RECENT:
                self._recent[code] = {_OUTSIDE: -1}

    def missing(self, names: Sequence[str], codes: Sequence[str]) -> list[tuple[str, str]] | None:
        """Return (account, currency) of those without a number, once, in order; None where a name is unfit, or no room."""
        pairs = list(dict.fromkeys(zip(names, codes, strict=True)))
        found = self.all_of([name for name, _ in pairs], [code for _, code in pairs])
        new = [pair for pair, number in zip(pairs, found, strict=True) if number is None]
        return new if self.has_room([name for name, _ in new]) else None

    def has_room(self, new: Collection[str]) -> bool:
        """Return whether these may be names of accounts, and there is room for a pocket for each."""
        # One by one, a payment with a new account is refused where there is no room for two.
        return fit_accounts(list(new)) and len(self) + len(new) < self.most


class _Accounts(Sequence[str]):
    """Names by number, each spelled when it is asked for."""

    def __init__(self, pockets: Pockets) -> None:
        self._pockets = pockets

    def __len__(self) -> int:
        return len(self._pockets)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self._pockets.name(number) for number in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._pockets.name(at)

    def __iter__(self) -> Iterator[str]:
        return map(self._pockets.name, range(len(self)))


__all__ = ["Pockets"]
