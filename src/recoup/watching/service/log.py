"""The log of the service: every call of the core that changes it, in order, on disk before its answer leaves. Decides nothing.

A record is its length, its CRC-32 and a msgpack value. A file begins with its own number. The end of the last file may be torn
by a crash: what was torn was never answered, and is cut off. Anything else that does not fit stops the start.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from recoup import limits
from recoup.errors import StoreFault

_HEAD: Final = struct.Struct("<II")
_NAME: Final = re.compile(r"log-([0-9]{12})\.bin")
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder()


class Log:
    """An open file of records; `append` then `sync`, and only then is anybody answered."""

    def __init__(self, folder: Path, number: int, stem: str = "log") -> None:
        """Open the file of this number, new or to be gone on with."""
        self.path = folder / f"{stem}-{number:012d}.bin"
        self.number = number
        try:
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            sync_folder(folder)
        except OSError as error:
            raise StoreFault(f"{self.path}: {error.strerror}") from error

    def append(self, record: object) -> None:
        """Write a record; it is not durable yet."""
        body = _ENCODER.encode(record)
        if len(body) > limits.WATCH_RECORD_BYTES_MAX:
            raise StoreFault(f"{self.path}: a record of {len(body)} bytes")
        given = memoryview(_HEAD.pack(len(body), zlib.crc32(body)) + body)
        try:
            while given:
                given = given[os.write(self._handle, given) :]
        except OSError as error:
            raise StoreFault(f"{self.path}: {error.strerror}") from error

    def sync(self) -> None:
        """Have what was written on disk."""
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise StoreFault(f"{self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def read_log(path: Path, *, is_last: bool) -> Iterator[Any]:
    """Yield the records of a file; a torn end is cut off where the file is the last.

    Raises `StoreFault` for anything else that is no record.
    """
    size = path.stat().st_size
    good = 0
    with path.open("rb") as file:
        while good < size:
            body = _body(file.read(_HEAD.size), file, size - good)
            if body is None:
                break
            try:
                yield _DECODER.decode(body)
            except msgspec.DecodeError as error:
                raise StoreFault(f"{path}: at {good}: expected a record") from error
            good += _HEAD.size + len(body)
        rest = size - good
        if rest and (not is_last or _has_more(path, good)):
            raise StoreFault(f"{path}: at {good}: {rest} bytes are no record")
    if rest:
        os.truncate(path, good)


def _body(head: bytes, file: Any, left: int) -> bytes | None:  # noqa: ANN401 - an open file
    if len(head) < _HEAD.size:
        return None
    length, crc = _HEAD.unpack(head)
    if length > limits.WATCH_RECORD_BYTES_MAX or length > left - _HEAD.size:
        return None
    body: bytes = file.read(length)
    return body if zlib.crc32(body) == crc else None


_SEARCHED: Final = 2**22


def _has_more(path: Path, good: int) -> bool:
    """Return whether a whole record stands anywhere behind the broken one: then it was altered, not torn."""
    with path.open("rb") as file:
        file.seek(good)
        rest = file.read(_SEARCHED)
    for at in range(1, len(rest) - _HEAD.size):
        length, crc = _HEAD.unpack_from(rest, at)
        begin = at + _HEAD.size
        if 0 < length <= len(rest) - begin and zlib.crc32(rest[begin : begin + length]) == crc:
            return True
    return False


def log_files(folder: Path, stem: str = "log") -> dict[int, Path]:
    """Return the log's files by their numbers, in order."""
    found = {}
    for path in sorted(folder.glob(f"{stem}-*.bin")):
        name = _NAME.fullmatch(path.name.replace(stem, "log", 1))
        if name:
            found[int(name[1])] = path
    return found


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["Log", "log_files", "read_log", "sync_folder"]
