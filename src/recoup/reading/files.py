"""Input files: folders opened, formats told by content, bytes hashed, sidecar notes read. Cells are not understood here."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recoup import limits
from recoup.reading.camt import is_xml, read_camt
from recoup.reading.columnar import columnar_reader, is_json, read_columnar, read_json
from recoup.reading.delimited import read_delimited
from recoup.reading.findings import Findings
from recoup.reading.mt940 import is_mt940, read_mt940
from recoup.reading.options import ColumnMap
from recoup.reading.raw import RawTable
from recoup.reading.sheets import Workbooks, is_workbook, read_workbook
from recoup.records.provenance import Source

SIDECAR: Final = ".source.toml"
_FOREIGN: Final = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
)

_BLANK_BYTES: Final = 1 << 16  # a longer file is not looked through for nothing but blanks

Progress = Callable[[str, int, int], None]
"""Called with the file, its place and the number of files."""


@dataclass(slots=True)
class Intake:
    """What was taken in so far: sources, their raw tables, and what was wrong. Grows while files are read."""

    findings: Findings = field(default_factory=Findings)
    workbooks: Workbooks = field(default_factory=Workbooks)
    sources: list[Source] = field(default_factory=list)
    tables: list[RawTable] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Files of a folder that hold no transfers and no accounts."""

    def place(self, table: RawTable) -> Source:
        """Return the source of a table."""
        return self.sources[table.source]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; `inside` is set when it came from a folder, where files of no interest are passed over."""

    path: Path
    inside: bool


def expand(
    paths: Iterable[str | Path], findings: Findings, left_out: frozenset[Path] = frozenset()
) -> list[InputFile]:
    """Return the files to read: those given, and those in given folders in the order of their names.

    `left_out` are resolved paths that a folder may hold and that are something else: claims, known accounts.
    """
    files: list[InputFile] = []
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        inside = path.is_dir()
        found = sorted(child for child in path.rglob("*") if child.is_file()) if inside else [path]
        if not inside and not path.exists():
            findings.add_file("file_missing", shown_path(given), shown_path(given))
            continue
        if inside and not found:
            findings.add_file("file_empty", shown_path(given), "an empty folder")
        if len(found) > limits.FOLDER_FILES_MAX:
            findings.add_file(
                "file_too_large", shown_path(given), f"{len(found)} files in one folder"
            )
            continue
        for file in found:
            if inside and (file.name.endswith(SIDECAR) or file.name.startswith((".", "~$"))):
                continue
            real = file.resolve()
            if inside and real in left_out:
                continue
            if real in seen:
                if not inside:
                    findings.add_file("file_given_twice", shown_path(given), shown_path(given))
                continue
            seen.add(real)
            files.append(InputFile(file, inside))
    return files


def shown_path(path: str | Path) -> str:
    """Return a path as text that can be written down: bytes of a name that are not UTF-8 stand as escapes (old archives)."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def take_in(
    file: InputFile, intake: Intake, column_map: ColumnMap, headers: frozenset[str] = frozenset()
) -> None:
    """Read one file's tables into `intake`; what is wrong goes to its findings. `headers` are known beside the usual ones."""
    shown = shown_path(file.path)
    data = _bytes(file.path, shown, intake.findings)
    if data is None:
        return
    notes = _notes(file.path, column_map, intake.findings)
    digest = hashlib.sha256(data).hexdigest()
    findings = Findings() if file.inside else intake.findings
    first = len(intake.sources)
    tables = parse(data, shown, first, column_map, findings, intake.workbooks, headers)
    if file.inside:
        intake.findings.merge(
            findings, except_codes=("headers_unrecognised", "file_format_unknown", "file_empty")
        )
        if not tables:
            intake.skipped.append(shown)
    sheets = {table.source: table for table in tables}
    for index in range(first, max(sheets, default=first - 1) + 1):
        table = sheets[index]
        intake.sources.append(Source(shown, table.sheet, digest, table.frame.height, *notes))
        intake.tables.append(replace(table, inside=file.inside))
    if not tables:
        intake.sources.append(Source(shown, "", digest, 0, *notes))


def parse(
    data: bytes,
    shown: str,
    source: int,
    column_map: ColumnMap,
    findings: Findings,
    workbooks: Workbooks,
    headers: frozenset[str] = frozenset(),
) -> list[RawTable]:
    """Return the tables of one file's bytes, numbered from `source`; the format is told by the content."""
    foreign = next((name for magic, name in _FOREIGN if data.startswith(magic)), "")
    if foreign:
        findings.add_file("file_format_unknown", shown, foreign)
        return []
    if is_workbook(data):
        return read_workbook(data, source, shown, column_map, findings, workbooks, headers)
    reader = columnar_reader(data)
    if reader is not None:
        return read_columnar(reader, source, shown, findings)
    if is_xml(data):
        return read_camt(data, source, shown, findings)
    if is_mt940(data):
        return read_mt940(data, source, shown, findings)
    if is_json(data):
        return read_json(data, source, shown, findings)
    return read_delimited(data, source, shown, column_map, findings, headers)


def _bytes(path: Path, shown: str, findings: Findings) -> bytes | None:
    try:
        size = path.stat().st_size
        if size > limits.FILE_BYTES_MAX:
            findings.add_file("file_too_large", shown, f"{size} bytes")
            return None
        data = path.read_bytes()
    except OSError as error:
        findings.add_file("file_unreadable", shown, error.strerror or type(error).__name__)
        return None
    if len(data) < _BLANK_BYTES and not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        findings.add_file("file_empty", shown, f"{len(data)} bytes")
        return None
    return data


def _notes(path: Path, column_map: ColumnMap, findings: Findings) -> tuple[str, str, str]:
    """Who supplied the file, when, under which paper: the map's words, or those of `<file>.source.toml`."""
    notes = {
        "supplied_by": column_map.supplied_by,
        "supplied_at": column_map.supplied_at,
        "document": column_map.document,
    }
    sidecar = path.with_name(path.name + SIDECAR)
    if sidecar.is_file():
        try:
            notes |= {
                key: str(value)
                for key, value in tomllib.loads(sidecar.read_text("utf-8")).items()
                if key in notes
            }
        except (OSError, ValueError) as error:
            findings.add_file("map_invalid", shown_path(sidecar), str(error))
    return notes["supplied_by"], notes["supplied_at"], notes["document"]
