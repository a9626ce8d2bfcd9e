"""Which account an opaque id stands for, what an order's paper needs, and statement rows: personal data, so all in the vault.

Ids are given once: the same number at the same institution has one id for ever. Safe to call from several threads: the vault's
connection belongs to one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from recoup.centre.facts import Grounds, Statement, decode_paper, encode_paper
from recoup.errors import VaultFault
from recoup.ids import Ids
from recoup.stores.vault import Purpose, Vault

_KEY: Final = "account_key"
_NAME: Final = "account_name"
_GROUNDS: Final = "grounds"


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as its institution knows it."""

    institution: str
    number: str
    name: str


class Directory:
    """The vault, asked in the words of the centre."""

    def __init__(self, vault: Vault, ids: Ids) -> None:
        self._vault, self._ids = vault, ids
        self._lock = threading.RLock()

    def account(self, institution: str, number: str, name: str = "") -> str:
        """Return the id of an account; a new one for a number never seen, '' for no number."""
        if not number:
            return ""
        key = f"{institution}\n{number}"
        with self._lock:
            known = self._vault.find(_KEY, key)
            account = known[0] if known else self._ids.new("account")
            if not known:
                if name:  # first, so that an account that is found has the name it was seen with
                    self._vault.put(account, _NAME, name)
                self._vault.put(account, _KEY, key)
            return account

    def entry(self, account: str, purpose: Purpose) -> Entry:
        """Return what an id stands for; `VaultFault` if it is not there or was erased."""
        with self._lock:
            institution, number = self._vault.read(account, _KEY, purpose).text.split("\n", 1)
            try:
                name = self._vault.read(account, _NAME, purpose).text
            except VaultFault:
                name = ""
            return Entry(institution, number, name)

    def keep_grounds(self, order_id: str, grounds: Grounds) -> None:
        """Keep what an order's paper says beside the order."""
        with self._lock:
            self._vault.put(f"order {order_id}", _GROUNDS, encode_paper(grounds).decode())

    def grounds(self, order_id: str, purpose: Purpose) -> Grounds | None:
        """Return what an order's paper says; None where nothing was kept."""
        with self._lock:
            try:
                text = self._vault.read(f"order {order_id}", _GROUNDS, purpose).text
            except VaultFault:
                return None
        grounds = decode_paper("grounds", text.encode())
        assert isinstance(grounds, Grounds), "grounds are kept as grounds"
        return grounds

    def keep_statement(self, case_id: str, statement: Statement) -> str:
        """Keep rows that an answer brought; return their digest, under which the case knows them."""
        body = encode_paper(statement)
        digest = sha256(b"recoup statement 1\n" + body).hexdigest()
        with self._lock:
            self._vault.put(f"statements {case_id}", digest, body.decode())
        return digest

    def statements(
        self, case_id: str, digests: Sequence[str], purpose: Purpose
    ) -> tuple[Statement, ...]:
        """Return the statements of a case in the order of `digests`."""
        out = []
        for digest in digests:
            with self._lock:
                text = self._vault.read(f"statements {case_id}", digest, purpose).text
            statement = decode_paper("statement", text.encode())
            assert isinstance(statement, Statement), "statements are kept as statements"
            out.append(statement)
        return tuple(out)


__all__ = ["Directory", "Entry"]
