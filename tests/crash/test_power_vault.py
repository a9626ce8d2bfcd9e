"""The vault on a failing disk: a power cut at any moment, any write or sync failing, no room left and room again.

What was kept together is there whole or not at all; what was acknowledged is there. The controls must be found.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crash.disk import FAULTS, KINDS, Disk, DiskConnection, Operation, images, write_image

from recoup.errors import StoreFault
from recoup.stores.sqlite import SqliteVaultTable
from recoup.stores.sqlite.connection import DriverConnection
from recoup.stores.vault import LocalKeys, Purpose, Vault

BATCHES = 12
KEYS = LocalKeys(b"k" * 32)
AT = datetime(2026, 1, 5, 10, tzinfo=UTC)
WHY = Purpose("test", "case", "a test")
TOO_MANY_WALKED = 2_000


def _pieces(n: int) -> list[tuple[str, str, str]]:
    """Return what one report keeps: two subjects of its own and a name of an account that all of them speak of."""
    own = [("report", "text", f"text {n} " * 40), ("person", "document", f"document {n}")]
    named = [(f"{kind}_{n}", field, text) for kind, field, text in own]
    return [*named, ("account", f"name case-{n}", f"name {n}")]


def _script(disk: Disk, vault: Vault) -> Iterator[int]:
    """Keep the pieces of one report after another; yield each that was acknowledged."""
    for n in range(BATCHES):
        told = [f"c{n - 1}"] if n else []
        vault.put_first(_pieces(n), f"c{n}", AT, told)
        disk.operations.append(Operation("told", str(n)))
        yield n
        if n % 5 == 4:
            vault.put_all([], relies_on=["account"])


def _opened(path: Path, disk: Disk, table: type[SqliteVaultTable] = SqliteVaultTable) -> Vault:
    connection = DiskConnection(path, disk)
    made = table(connection)
    connection.run("PRAGMA wal_autocheckpoint = 12")
    return Vault(made, KEYS)


def _wrong(path: Path, told: list[int]) -> list[str]:
    """Open the vault on a sound disk; return what is lost, in part there, or does not open."""
    try:
        connection = DriverConnection(path)
        vault = Vault(SqliteVaultTable(connection), KEYS)
        wrong = []
        for n in range(BATCHES):
            there = [vault.has(subject, field) for subject, field, _ in _pieces(n)]
            if any(there) and not all(there):
                wrong.append(f"in part: {n}")
            elif n in told and not all(there):
                wrong.append(f"lost: {n}")
            for subject, field, text in _pieces(n) if all(there) else ():
                if vault.read(subject, field, WHY).text != text:
                    wrong.append(f"other text: {n}")
        connection.close()
    except StoreFault as fault:
        return [f"does not open: {fault}"]
    return wrong


# --- power cuts -----------------------------------------------------------------------------------------------------------


def _cut_everywhere(
    folder: Path,
    kind: str,
    every: int,
    synchronous: str = "FULL",
    table: type[SqliteVaultTable] = SqliteVaultTable,
) -> list[str]:
    disk, chance = Disk(), random.Random(7)
    vault = _opened(folder / "vault.sqlite", disk, table)
    vault._table._connection.run(f"PRAGMA synchronous = {synchronous}")
    assert len(list(_script(disk, vault))) == BATCHES
    vault._table.close()
    assert len(disk.operations) > 150, "a script of so few operations proves little"
    wrong = []
    for at, told, image in images(disk.operations, kind, chance, every):
        with tempfile.TemporaryDirectory() as name:
            write_image(Path(name), image)
            found = _wrong(Path(name) / "vault.sqlite", [int(n) for n in told])
        wrong += [f"{kind} at {at}: {what}" for what in found]
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_loses_nothing_that_was_kept_and_leaves_nothing_in_part(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=5) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_at_every_moment_loses_nothing_that_was_kept(tmp_path, kind):
    assert _cut_everywhere(tmp_path, kind, every=1) == []


def test_with_syncs_off_a_power_cut_loses_pieces(tmp_path):
    """Negative control."""
    assert _cut_everywhere(tmp_path, "dropped", every=5, synchronous="OFF")


class OneByOne(SqliteVaultTable):
    """A planted bug: what belongs together is not kept together."""

    def together(self):
        return nullcontext()

    def add_all(self, keys, pieces):
        for key in keys:
            self.add_key(*key)
        for piece in pieces:
            self.put(*piece)


def test_pieces_that_are_kept_one_by_one_are_found(tmp_path):
    """Negative control."""
    wrong = _cut_everywhere(tmp_path, "dropped", every=9, table=OneByOne)
    assert any("in part" in what for what in wrong)


# --- failing operations ---------------------------------------------------------------------------------------------------


class DeafConnection(DiskConnection):
    """A planted bug: takes a commit that failed for one that was made."""

    def run(self, sql, values=()):
        try:
            return super().run(sql, values)
        except StoreFault:
            if sql == "COMMIT":
                return []
            raise


def _fail(
    folder: Path, fault: str, nth: int, connect: type[DiskConnection] = DiskConnection
) -> tuple[bool, list[str]]:
    """Run the script on a disk whose n-th operation fails, then open the files on a sound one."""
    disk, told, connection = Disk(failing=nth, fault=fault), [], None
    try:
        connection = connect(folder / "vault.sqlite", disk)
        vault = Vault(SqliteVaultTable(connection), KEYS)
        connection.run("PRAGMA wal_autocheckpoint = 12")
        for n in _script(disk, vault):
            told.append(n)
    except StoreFault:
        pass
    finally:
        (folder / "after").mkdir()
        for kept in (folder / "vault.sqlite", folder / "vault.sqlite-wal"):
            if kept.exists():  # as it lies when the process ends
                shutil.copy(kept, folder / "after")
        if connection is not None:
            connection.close()
    return disk.has_failed, _wrong(folder / "after" / "vault.sqlite", told)


def _fail_everywhere(fault: str, every: int) -> int:
    for nth in range(1, TOO_MANY_WALKED, every):
        with tempfile.TemporaryDirectory() as folder:
            has_failed, wrong = _fail(Path(folder), fault, nth)
        assert wrong == [], f"{fault} {nth}"
        if not has_failed:
            return nth
    raise AssertionError("the script never ended")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_disk_loses_nothing_that_was_kept(fault):
    assert _fail_everywhere(fault, every=7) > BATCHES


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_operation_may_fail(fault):
    assert _fail_everywhere(fault, every=1) > BATCHES


def test_a_vault_that_takes_a_failed_commit_for_done_is_found(tmp_path):
    """Negative control."""
    found = []
    for nth in range(40, 80, 5):
        (tmp_path / str(nth)).mkdir()
        found += _fail(tmp_path / str(nth), "full", nth, DeafConnection)[1]
    assert any("lost" in what for what in found)


# --- no room, and room again ----------------------------------------------------------------------------------------------


def _filled(
    folder: Path, nth: int, connect: type[DiskConnection] = DiskConnection
) -> tuple[int, list[str]]:
    """Let the disk be full from the n-th write on until two reports were refused; return how many, and what is wrong."""
    disk, told, refused = Disk(fault="full"), [], 0
    connection = connect(folder / "vault.sqlite", disk)
    vault = Vault(SqliteVaultTable(connection), KEYS)
    disk.failing = disk.counted + nth
    for n in range(BATCHES):
        while n not in told:
            try:
                vault.put_first(_pieces(n), f"c{n}", AT)
                told.append(n)
            except StoreFault:
                refused += 1
                if refused == 2:  # somebody makes room
                    disk.has_failed, disk.failing = False, -1
            assert refused <= 2, "there is room again, and nothing is taken"
    connection.close()
    return refused, _wrong(folder / "vault.sqlite", told)


@pytest.mark.parametrize("nth", range(1, 50, 8))
def test_a_vault_without_room_refuses_and_goes_on_when_there_is_room(tmp_path, nth):
    assert _filled(tmp_path, nth) == (2, [])


def test_a_vault_that_does_not_say_that_there_is_no_room_is_found(tmp_path):
    """Negative control."""
    refused, wrong = _filled(tmp_path, 1, DeafConnection)
    assert refused == 0
    assert any("lost" in what for what in wrong)
