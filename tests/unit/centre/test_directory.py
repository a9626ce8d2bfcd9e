"""What the vault is asked in the words of the centre: a block is kept whole or not at all, and ids stay what was told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from recoup.centre.directory import Directory, Entry
from recoup.centre.facts import Statement
from recoup.errors import StoreFault
from recoup.ids import CountedIds, RandomIds
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.sqlite import SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import LocalKeys, Purpose, Vault

KEYS = LocalKeys(b"k" * 32)
SEEN = [(f"bank-{n}", f"62{n:04}", f"Holder {n}", False) for n in range(5)]
WHY = Purpose("sender", "case-1", "an order")
STATEMENT = Statement("account_1", "bank-1", ())


@pytest.fixture
def directory():
    return Directory(Vault(MemoryVaultTable(), KEYS), CountedIds())


def test_accounts_and_rows_are_kept_with_one_block(directory):
    with directory.together():
        ids = directory.accounts(SEEN)
        (digest,) = directory.keep_statements("case-1", [STATEMENT])
    assert directory.accounts(SEEN) == ids
    assert directory.has("statements case-1", digest)


def test_a_block_that_fails_keeps_nothing_and_gives_no_reserved_id_to_another(directory):
    reserved = directory.reserve("bank-1", "620001")

    def fail():
        with directory.together():
            assert directory.accounts(SEEN)["bank-1", "620001"] == reserved
            raise StoreFault("the disk")

    with pytest.raises(StoreFault):
        fail()
    assert all(directory.known(*seen[:2]) is None for seen in SEEN)
    assert directory.reserve("bank-1", "620001") == reserved
    assert directory.accounts(SEEN)["bank-1", "620001"] == reserved


def test_ids_made_together_share_their_first_half_and_are_all_different():
    ids = RandomIds()
    first, second = (ids.new_together("account", 50) for _ in range(2))
    assert len({*first, *second}) == 100
    assert len({one[:-16] for one in first}) == 1
    assert first[0][:-16] != second[0][:-16]
    assert {len(one) for one in first} == {len(ids.new("account"))}


# --- reading beside whoever writes ---


def _on(path):
    return Vault(SqliteVaultTable(DriverConnection(path)), KEYS)


def _read_beside(directory):
    """Read an account from another thread while a block of this one is open; return when that was done: in it or after it."""
    account = directory.accounts(SEEN)["bank-1", "620001"]
    found, is_read = [], threading.Event()

    def read():
        found.append(directory.entry(account, WHY))
        is_read.set()

    reading = threading.Thread(target=read, daemon=True)
    with directory.together():
        (digest,) = directory.keep_statements("case-1", [STATEMENT])
        assert directory.has("statements case-1", digest), "a block reads what it has kept"
        reading.start()
        is_within = is_read.wait(60 if directory._reading else 0.3)
    reading.join(60)
    assert found == [Entry("bank-1", "620001", "Holder 1")]
    return is_within


def test_who_reads_what_is_on_disk_does_not_wait_for_a_block_of_another(tmp_path):
    path = tmp_path / "vault.sqlite"
    assert _read_beside(Directory(_on(path), CountedIds(), reading=_on(path)))


def test_on_one_connection_who_reads_waits_for_the_block(tmp_path):
    """The negative control: the test above can fail."""
    assert not _read_beside(Directory(_on(tmp_path / "vault.sqlite"), CountedIds()))


def test_what_a_block_has_not_kept_yet_is_not_there_for_others_and_is_afterwards(tmp_path):
    path = tmp_path / "vault.sqlite"
    directory = Directory(_on(path), CountedIds(), reading=_on(path))
    with directory.together(), ThreadPoolExecutor(1) as other:
        (digest,) = directory.keep_statements("case-1", [STATEMENT])
        seen = other.submit(directory.has, "statements case-1", digest).result(60)
    assert not seen
    assert directory.has("statements case-1", digest)
