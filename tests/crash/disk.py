"""A disk of our own under SQLite: it notes every write and sync, fails the n-th one, and says what a power cut would leave.

The store speaks to it through its connection port. A write that no sync followed may be on the platter or not, wholly or in
part, and in any order: `images` gives such disks for every moment of a recorded run.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from recoup.errors import StoreBusy, StoreFault
from recoup.stores.sqlite.connection import Row

SECTOR = 512
TOO_MANY_WALKED = 4_000
KINDS = ("dropped", "reordered", "torn", "kept")
"""What becomes of writes that were not synced: none there; some; some, each cut at a sector; all."""
FAULTS = ("write", "sync", "full", "short")
"""How an operation fails: not written; not synced; no room; written in part, then failed."""


@dataclass(frozen=True)
class Operation:
    """One thing that the disk was told, or, with kind `told`, that the store told a caller."""

    kind: str
    file: str = ""
    offset: int = 0
    data: bytes = b""
    size: int = 0


@dataclass
class Disk:
    """What happened, and which operation is to fail."""

    operations: list[Operation] = field(default_factory=list)
    failing: int = -1
    fault: str = ""
    counted: int = 0
    has_failed: bool = False

    def fails(self, kind: str) -> bool:
        """Count an operation of a kind; return whether it fails. After the first fault all of them do, as on a dead disk."""
        concerns = {"write": "write", "full": "write", "short": "write", "sync": "sync"}
        if concerns.get(self.fault) == kind:
            self.counted += 1
            self.has_failed |= self.counted == self.failing
        return self.has_failed and (self.fault != "sync" or kind == "sync")


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str, *rest: object) -> None:
        self.disk, self.file = disk, name
        super().__init__(*rest)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self.disk.fails("write"):
            if self.disk.fault == "short" and self.disk.counted == self.disk.failing:
                super().xWrite(data[: len(data) // 2], offset)
            raise apsw.FullError if self.disk.fault == "full" else apsw.IOError
        super().xWrite(data, offset)
        self.disk.operations.append(Operation("write", self.file, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self.disk.operations.append(Operation("cut", self.file, size=size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self.disk.fails("sync"):
            raise apsw.IOError
        self.disk.operations.append(Operation("sync", self.file))
        # Not handed on: the machine under the test stays up, and its own sync only takes time.
        _ = flags


class _System(apsw.VFS):
    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.vfs_name = disk, name
        super().__init__(name, base="")

    def xOpen(self, name: object, flags: list[int]) -> _File:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return _File(self.disk, Path(path).name, "", name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        super().xDelete(name, sync)
        self.disk.operations.append(Operation("delete", Path(name).name))


class DiskConnection:
    """The store's connection port over a `Disk`."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._system = _System(disk, f"disk-{id(disk)}")
        try:
            self._driver = apsw.Connection(str(path), vfs=self._system.vfs_name)
        except apsw.Error as fault:
            raise StoreFault(str(fault)) from fault

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        try:
            return list(self._driver.execute(sql, tuple(values)))
        except (apsw.BusyError, apsw.LockedError) as fault:
            raise StoreBusy(str(fault)) from fault
        except apsw.Error as fault:
            raise StoreFault(str(fault)) from fault

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._driver.executemany(sql, rows)
        except apsw.Error as fault:
            raise StoreFault(str(fault)) from fault

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        yield from self.run(sql, values)

    def close(self) -> None:
        with suppress(apsw.Error):  # a disk that died fails at closing too
            self._driver.close(force=True)
        self._system.unregister()


class DeafConnection(DiskConnection):
    """A planted bug: takes a commit that failed for one that was made."""

    def run(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        try:
            return super().run(sql, values)
        except StoreFault:
            if sql == "COMMIT":
                return []
            raise


class Platter:
    """Files as they are for sure, and the writes to each that no sync followed."""

    def __init__(self) -> None:
        self.sure: dict[str, bytearray] = {}
        self.loose: dict[str, list[Operation]] = {}

    def take(self, operation: Operation) -> None:
        """Let one operation happen."""
        if operation.kind in {"write", "cut"}:
            self.loose.setdefault(operation.file, []).append(operation)
        elif operation.kind == "sync":
            base = self.sure.setdefault(operation.file, bytearray())
            for loose in self.loose.pop(operation.file, []):
                _do(base, loose, len(loose.data))
        elif operation.kind == "delete":
            self.sure.pop(operation.file, None)
            self.loose.pop(operation.file, None)

    def image(self, kind: str, chance: random.Random) -> dict[str, bytes]:
        """Return the files that a power cut might leave now."""
        found = {name: bytearray(data) for name, data in self.sure.items()}
        for name, operations in self.loose.items():
            base = found.setdefault(name, bytearray())
            for operation in operations:
                keeps = len(operation.data)
                if kind == "dropped" or (kind in {"reordered", "torn"} and chance.random() < 0.5):
                    continue
                if kind == "torn":
                    keeps = min(keeps, chance.randint(0, keeps // SECTOR) * SECTOR)
                _do(base, operation, keeps)
        return {name: bytes(data) for name, data in found.items() if not name.endswith("-shm")}


def _do(base: bytearray, operation: Operation, keeps: int) -> None:
    if operation.kind == "cut":
        del base[operation.size :]
        return
    end = operation.offset + keeps
    if len(base) < end:
        base.extend(bytes(end - len(base)))
    base[operation.offset : end] = operation.data[:keeps]


def images(
    operations: Sequence[Operation], kind: str, chance: random.Random, every: int = 1
) -> Iterator[tuple[int, list[str], dict[str, bytes]]]:
    """Yield for every `every`-th moment what was told by then and the files that a power cut would leave."""
    platter, told = Platter(), list[str]()
    for at, operation in enumerate(operations):
        if operation.kind == "told":
            told.append(operation.file)
        platter.take(operation)
        if at % every == 0:
            yield at, list(told), platter.image(kind, chance)


def write_image(folder: Path, image: dict[str, bytes]) -> None:
    """Put the files of an image into an empty folder."""
    for name, data in image.items():
        (folder / name).write_bytes(data)


def cut_everywhere(
    operations: Sequence[Operation],
    kind: str,
    every: int,
    wrong_after: Callable[[int, list[str], Path], list[str]],
) -> list[str]:
    """Cut the power at every `every`-th moment and return what is wrong with what was left.

    Args:
        operations: of a recorded run.
        kind: what becomes of writes that were not synced.
        every: which moments.
        wrong_after: given the moment, what was told by then and a folder with the files that are left, says what is wrong.
    """
    assert len(operations) > 300, "a script of so few operations proves little"
    wrong, chance = [], random.Random(7)
    for at, told, image in images(operations, kind, chance, every):
        with tempfile.TemporaryDirectory() as folder:
            write_image(Path(folder), image)
            try:
                found = wrong_after(at, told, Path(folder))
            except StoreFault as fault:
                found = [f"does not open: {fault}"]
        wrong += [f"{kind} at {at}: {what}" for what in found]
    return wrong


def fail_everywhere(
    fault: str, every: int, fail: Callable[[Path, str, int], tuple[bool, list[str]]]
) -> int:
    """Let each `every`-th operation fail in a run of its own, until the run ends before; return how many there are.

    `fail` runs the script in a folder with the n-th operation failing, and returns whether it came to that and what is wrong.
    """
    for nth in range(1, TOO_MANY_WALKED, every):
        with tempfile.TemporaryDirectory() as folder:
            has_failed, wrong = fail(Path(folder), fault, nth)
        assert wrong == [], f"{fault} {nth}"
        if not has_failed:
            return nth
    raise AssertionError("the script never ended")


def left_behind(path: Path) -> Path:
    """Copy a store's files as they lie when its process ends; return the copy."""
    folder = path.parent / "after"
    folder.mkdir()
    for kept in (path, path.with_name(f"{path.name}-wal")):
        if kept.exists():
            shutil.copy(kept, folder)
    return folder / path.name
