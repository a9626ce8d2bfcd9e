"""A folder of results that appears whole: files are written beside it and moved in at the end. Knows no trail.

A crash while writing leaves the old results as they were (and a hidden folder beside them that may be deleted). Moving is one
rename a file, `summary.json` last, after the old one was taken away: results with a summary are complete, and of one run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

SEAL: Final = "summary.json"
"""Written last, so its presence says that the rest is complete."""

RESULTS: Final = frozenset(
    {
        "positions.csv",
        "flows.csv",
        "exits.csv",
        "unknown.csv",
        "leads.csv",
        "accounts.csv",
        "holds.csv",
        "sources.csv",
        "trail.html",
        "evidence.pdf",
        "trail.xlsx",
        "awards.csv",
        "remaining.csv",
        "return-pots.csv",
        "return-claims.csv",
        "return-paid.csv",
        "return-traced.csv",
        "likely-victims.csv",
        SEAL,
    }
)
"""Every name that a run may write: an older run's file of these names does not survive beside newer ones."""


@contextmanager
def staged(folder: Path | str) -> Iterator[Path]:
    """Give an empty folder to write into; move its files to `folder` when the block ends well, drop them when it does not.

    Files of earlier runs are replaced or, if this run has none of that name, removed; all others stay. Raises `OSError` when
    the folder cannot be made or written.
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield stage
        for path in stage.iterdir():
            _sync(path)
        target.mkdir(exist_ok=True)
        with _alone(target):
            _move(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Wait until no other run moves results into the folder: two at once would leave some files of each.

    The lock is the system's and ends with the process. Where there is none (Windows, some network disks) nothing waits.
    """
    if sys.platform == "win32":
        yield
        return
    folder = os.open(target, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _move(stage: Path, target: Path) -> None:
    names = sorted((path.name for path in stage.iterdir()), key=lambda name: (name == SEAL, name))
    for name in sorted(RESULTS.union(names)):
        if (target / name).is_dir():  # before anything is moved: results are never half of two runs
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(target / name))
    if (target / SEAL).exists():
        (target / SEAL).unlink()
        for name in sorted(RESULTS.difference(names)):
            (target / name).unlink(missing_ok=True)
    for name in names:
        (stage / name).replace(target / name)


def _sync(path: Path) -> None:
    """Have the file on disk before its name points at it. Opened for writing, since Windows syncs nothing else."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
