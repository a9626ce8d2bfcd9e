"""What the vault is asked in the words of the centre: a block is kept whole or not at all, and ids stay what was told."""

from __future__ import annotations

import pytest

from recoup.centre.directory import Directory
from recoup.centre.facts import Statement
from recoup.errors import StoreFault
from recoup.ids import CountedIds, RandomIds
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault

KEYS = LocalKeys(b"k" * 32)
SEEN = [(f"bank-{n}", f"62{n:04}", f"Holder {n}", False) for n in range(5)]
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
