"""Which account an opaque id stands for, what an order's paper needs, and statement rows: personal data, so all in the vault.

Ids are given once: the same number at the same institution has one id for ever. Safe to call from several threads: the vault's
connection belongs to one at a time. Given a second connection, whoever only reads what is on disk waits for no sync of another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeVar, overload

from recoup import limits
from recoup.centre.facts import (
    Grounds,
    Statement,
    decode_paper,
    encode_paper,
    statement_of,
)
from recoup.errors import VaultFault
from recoup.ids import Ids
from recoup.stores.vault import Purpose, Vault, Waiting

_KEY: Final = "account_key"
NAME: Final = "account_name"
_OWN_NAME: Final = "account_name own"
"""As the account's own institution says it: no other's spelling replaces it."""
NUMBER: Final = "account_number"
SERIAL: Final = "payment_serial"
PERSON_DOCUMENT: Final = "person_document"
_SERIAL_KEY: Final = "payment_key"
_GROUNDS: Final = "grounds"
_ROW: Final = "row_number"
_ROW_CHARS: Final = 32

T = TypeVar("T")

Piece = tuple[str, str, str]
"""Subject, field and text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as its institution knows it."""

    institution: str
    number: str
    name: str


class Directory:
    """The vault, asked in the words of the centre."""

    def __init__(self, vault: Vault, ids: Ids, reading: Vault | None = None) -> None:
        """Take the vault; `reading` is the same on a connection of its own, from which the disk's pieces are read."""
        self._vault, self._ids = vault, ids
        self._lock = threading.RLock()
        self._reading = reading
        self._reading_lock = threading.Lock()
        self._holder = 0
        """The thread whose block is open: it reads what it has kept, which is not on disk yet."""
        self._reserved: dict[tuple[str, str], str] = {}
        """Ids by what they are found by, until that is kept."""
        self._told: list[str] = []
        """Commands whose entries are on disk, which the vault does not know yet."""
        self._is_together = False
        self._entered: list[tuple[str, str]] = []
        """What a block keeps that is found by an id: kept once the block is on disk."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all that a block keeps durable at once, or nothing of it; nobody else is served meanwhile."""
        with self._lock:
            is_outer, self._is_together = not self._is_together, True
            self._holder = threading.get_ident()
            try:
                with self._vault.together():
                    yield
                if is_outer:
                    for place in self._entered:
                        self._reserved.pop(place, None)
            finally:
                if is_outer:
                    self._is_together, self._holder = False, 0
                    self._entered.clear()

    @contextmanager
    def _disk(self) -> Iterator[Vault]:
        """Give the vault to read from what is on disk; within a block of this thread, also what the block has kept."""
        if self._reading is None or self._holder == threading.get_ident():
            with self._lock:
                yield self._vault
        else:
            with self._reading_lock:
                yield self._reading

    # --- pieces, one at a time ---

    def keep(self, subject: str, pieces: Mapping[str, str]) -> None:
        """Keep pieces about a subject, all or none."""
        with self._lock, self._vault.together():
            for field, text in pieces.items():
                self._vault.put(subject, field, text)

    def keep_all(self, pieces: Sequence[Piece], relies_on: Sequence[str] = ()) -> None:
        """Keep pieces about several subjects: all of them or none. What waits of `relies_on` waits no more."""
        with self.together():
            self._vault.put_all(pieces, relies_on)
            self._entered += [(field, text) for _, field, text in pieces]

    def keep_first(self, pieces: Sequence[Piece], command: str, now: datetime) -> None:
        """Keep pieces, all or none, before the journal hears of the command that names them."""
        with self.together():
            self._vault.put_first(pieces, command, now, self._told)
            self._told.clear()
            self._entered += [(field, text) for _, field, text in pieces]

    def told(self, command: str) -> None:
        """Note that a command's entry is on disk. Written down with what is kept next; a start finds it out by itself."""
        with self._lock:
            self._told.append(command)

    def sweep(self, drops: Callable[[Waiting], bool | None]) -> int:
        """Drop what waits in vain (`sweeping`); return how many pieces that were."""
        with self._lock:
            return self._vault.sweep(drops)

    def has(self, subject: str, field: str) -> bool:
        """Whether a piece is kept; shows nothing of it."""
        with self._disk() as vault:
            return vault.has(subject, field)

    def find(self, field: str, text: str) -> list[str]:
        """Return the subjects with exactly this text in this field."""
        with self._lock:
            return self._vault.find(field, text)

    def read(self, subject: str, field: str, purpose: Purpose) -> str | None:
        """Return a piece; None for one that was erased, or that nobody kept."""
        with self._disk() as vault:
            try:
                return vault.read(subject, field, purpose).text
            except VaultFault:
                return None

    def row_id(self, number: str) -> str:
        """Return what stands in events for an institution's number of a payment; '' for none. Equal numbers have equal ids."""
        return self.row_ids([number])[0]

    def row_ids(self, numbers: Sequence[str]) -> list[str]:
        """Return the same of several numbers, in their order."""
        with self._lock:
            digests = self._vault.digests(_ROW, numbers)
        pairs = zip(numbers, digests, strict=True)
        return [f"row-{digest[:_ROW_CHARS]}" if number else "" for number, digest in pairs]

    # --- accounts ---

    def reserve(self, institution: str, number: str) -> str:
        """Return the id that an account has, or will have once it is kept: whoever asks meanwhile gets the same."""
        return self._one_for(_KEY, _key(institution, number), self._ids.new("account"))

    def reserve_person(self, document: str, fresh: str) -> str:
        """Return the id of whoever has this identity document; `fresh` for one never seen, and for none given."""
        return self._one_for(PERSON_DOCUMENT, document, fresh) if document else fresh

    def reserve_transfer(self, institution: str, serial: str, fresh: str) -> str:
        """Return the id of the payment that an institution knows under this number; `fresh` as above."""
        key = _key(institution, serial)
        return self._one_for(_SERIAL_KEY, key, fresh) if serial else fresh

    def _one_for(self, field: str, text: str, fresh: str) -> str:
        with self._lock:
            known = self._vault.find(field, text)
            return known[0] if known else self._reserved.setdefault((field, text), fresh)

    def account_pieces(self, account: str, case: str, entry: Entry) -> tuple[Piece, ...]:
        """Return what is kept of an account that a report names. A name that its case has already stays as it is."""
        name = f"{NAME} {case}"
        known = self.has(account, name)
        return (
            (account, NUMBER, entry.number),
            *(() if known else ((account, name, entry.name),)),
            (account, _KEY, _key(entry.institution, entry.number)),
        )

    def reference(self, transfer: str, purpose: Purpose) -> str:
        """Return the number under which an institution may know a payment: a report's id of it tells nobody anything."""
        return self.read(transfer, SERIAL, purpose) or transfer

    def serial_pieces(self, transfer: str, institution: str, serial: str) -> tuple[Piece, ...]:
        """Return what is kept of a payment's number."""
        key = _key(institution, serial)
        return ((transfer, SERIAL, serial), (transfer, _SERIAL_KEY, key)) if serial else ()

    def known(self, institution: str, number: str) -> str | None:
        """Return the id of an account that was kept; None for a number never seen, or erased.

        Nothing is written, and the same look is made for either: institutions ask whose accounts are listed, and would learn
        from the time of the answer which others a centre knows.
        """
        with self._disk() as vault:
            found = vault.find(_KEY, _key(institution, number))
        return found[0] if found else None

    def entered_pieces(self, account: str, case: str, entry: Entry) -> tuple[Piece, ...]:
        """Return what is kept of an account that is entered for a case: the case knows it under the newest name."""
        return (
            (account, NUMBER, entry.number),
            (account, f"{NAME} {case}", entry.name),
            (account, _KEY, _key(entry.institution, entry.number)),
        )

    def is_named(self, account: str, case: str, name: str) -> bool:
        """Whether a case knows an account under just this name; shows nothing of any other."""
        return account in self.find(f"{NAME} {case}", name)

    def account(
        self, institution: str, number: str, name: str = "", *, is_own: bool = False
    ) -> str:
        """Return the id of an account; a new one for a number never seen, '' for no number."""
        if not number:
            return ""
        return self.accounts([(institution, number, name, is_own)])[institution, number]

    def accounts(self, seen: Iterable[tuple[str, str, str, bool]]) -> dict[tuple[str, str], str]:
        """Return the ids of accounts by (institution, number), new ones for numbers never seen.

        Of an account's name the newest word is kept: its own institution's (the last field says so), and beside it any other's.
        So many share a sync; between two shares whoever else waits for the vault has a turn.
        """
        words: dict[tuple[str, str], dict[str, str]] = {}
        for institution, number, name, is_own in seen:
            said = words.setdefault((institution, number), {})
            if name:
                said[_OWN_NAME if is_own else NAME] = name
        wanted = list(words)
        found: dict[tuple[str, str], str] = {}
        for begin in range(0, len(wanted), limits.ACCOUNTS_AT_ONCE_MAX):
            some = wanted[begin : begin + limits.ACCOUNTS_AT_ONCE_MAX]
            with self._lock:
                found |= self._met({place: words[place] for place in some})
        return found

    def _met(
        self, words: Mapping[tuple[str, str], Mapping[str, str]]
    ) -> dict[tuple[str, str], str]:
        """Keep what is new of some accounts, with one sync at most; return their ids."""
        known = self._vault.find_all(_KEY, [_key(*place) for place in words])
        found = {place: ids[0] for place in words if (ids := known[_key(*place)])}
        waiting = self._vault.waiting_among(found.values())
        fresh = {place: None for place in words if place not in found}
        # Beside each other, so that keeping them writes a few pages and not one for each.
        for place, new in zip(fresh, self._ids.new_together("account", len(fresh)), strict=True):
            found[place] = self._reserved.get((_KEY, _key(*place)), new)
        pieces: list[Piece] = [
            (found[place], field, name)
            for place, said in words.items()
            for field, name in said.items()
            if place in fresh or found[place] not in self._vault.find(field, name)
        ]
        pieces += [(found[place], _KEY, _key(*place)) for place in fresh]
        if pieces or waiting:
            self.keep_all(pieces, waiting)
        return found

    def place(self, account: str, purpose: Purpose) -> tuple[str, str]:
        """Return institution and number that an id stands for; `VaultFault` if it is not there or was erased."""
        with self._disk() as vault:
            institution, number = vault.read(account, _KEY, purpose).text.split("\n", 1)
        return institution, number

    def entry(self, account: str, purpose: Purpose) -> Entry:
        """Return what an id stands for, and its name; `VaultFault` as above."""
        institution, number = self.place(account, purpose)
        # A name belongs to the case for which it was given; the chase knows the one on a statement.
        name = self.read(account, f"{NAME} {purpose.case}", purpose)
        name = name or self.read(account, _OWN_NAME, purpose)
        name = name or self.read(account, NAME, purpose) or ""
        return Entry(institution, number, name)

    def keep_grounds(self, order_id: str, grounds: Grounds) -> None:
        """Keep what an order's paper says beside the order."""
        self.keep_all_grounds({order_id: grounds})

    def keep_all_grounds(self, papers: Mapping[str, Grounds]) -> None:
        """Keep what several orders' papers say, by order, with one sync."""
        with self._lock, self._vault.together():
            for order_id, grounds in papers.items():
                self._vault.put(f"order {order_id}", _GROUNDS, encode_paper(grounds).decode())

    def grounds(self, order_id: str, purpose: Purpose) -> Grounds | None:
        """Return what an order's paper says; None where nothing was kept."""
        with self._disk() as vault:
            try:
                text = vault.read(f"order {order_id}", _GROUNDS, purpose).text
            except VaultFault:
                return None
        grounds = decode_paper("grounds", text.encode())
        assert isinstance(grounds, Grounds), "grounds are kept as grounds"
        return grounds

    def keep_statement(self, case_id: str, statement: Statement) -> str:
        """Keep rows that an answer brought; return their digest, under which the case knows them."""
        return self.keep_statements(case_id, [statement])[0]

    def keep_statements(self, case_id: str, statements: Sequence[Statement]) -> list[str]:
        """Keep several with one sync; return their digests."""
        bodies = [encode_paper(statement) for statement in statements]
        digests = [sha256(b"recoup statement 1\n" + body).hexdigest() for body in bodies]
        with self.together():
            for digest, body in zip(digests, bodies, strict=True):
                self._vault.put(f"statements {case_id}", digest, body.decode())
        return digests

    @overload
    def statements(
        self, case_id: str, digests: Sequence[str], purpose: Purpose
    ) -> tuple[Statement, ...]: ...

    @overload
    def statements(
        self, case_id: str, digests: Sequence[str], purpose: Purpose, read: Callable[[bytes], T]
    ) -> tuple[T, ...]: ...

    def statements(
        self,
        case_id: str,
        digests: Sequence[str],
        purpose: Purpose,
        read: Callable[[bytes], object] = statement_of,
    ) -> tuple[object, ...]:
        """Return the statements of a case in the order of `digests`; with `read=bytes` as they lie there."""
        out = []
        for digest in digests:
            with self._disk() as vault:
                text = vault.read(f"statements {case_id}", digest, purpose).text
            out.append(read(text.encode()))
        return tuple(out)


def _key(institution: str, number: str) -> str:
    return f"{institution}\n{number}"


__all__ = ["NAME", "NUMBER", "PERSON_DOCUMENT", "SERIAL", "Directory", "Entry", "Piece"]
