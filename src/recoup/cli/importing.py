"""`recoup centre import FILE`: sends reports or a register of another system to a running centre, part by part.

Each part has a key that follows from its rows: a run that was broken off is started again with the same command, and goes on.
The session's token comes from the environment (`RECOUP_TOKEN`), so that it stands in no list of processes.

Exit codes: 0 every row was taken, now or before; 1 some rows were refused; 2 file, centre or session cannot be used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from recoup.limits import HTTP_BODY_BYTES_MAX

if TYPE_CHECKING:
    import httpx

    from recoup.reading.imports import ImportRows

TOKEN: Final = "RECOUP_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
_PART_ROWS: Final = 500
_SECONDS: Final = 120.0

File = Annotated[Path, typer.Argument(metavar="FILE", help="A table: CSV, XLSX, JSON lines, ...")]
Kind = Annotated[str, typer.Option("--kind", help="What the rows are: reports or register.")]
System = Annotated[str, typer.Option("--system", help="The system from which they come.")]
Unit = Annotated[str, typer.Option("--unit", help="The unit to which the cases will belong.")]
Centre = Annotated[str, typer.Option("--centre", metavar="URL", help="Address of the centre.")]
Map = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="Map of the file's headers.")
]
Zone = Annotated[str | None, typer.Option("--timezone", help="Zone of times that state none.")]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Where to write what became of each row (CSV)."),
]
Liability = Annotated[
    bool,
    typer.Option(
        "--liability-accepted",
        help="Every reporter accepted liability, as the other system has it.",
    ),
]


def import_command(
    file: File,
    kind: Kind,
    system: System,
    unit: Unit,
    centre: Centre = "http://127.0.0.1:8443",
    column_map: Map = None,
    timezone: Zone = None,
    report: Report = None,
    *,
    liability: Liability = False,
) -> None:
    """Send reports, or stops and freezes that another system began, to a centre; nothing is sent to a bank because of it.

    Run it again after a break: rows that were taken stay as they are.
    """
    import os

    import httpx

    from recoup.errors import Fault, InputFault
    from recoup.reading import ReadingOptions, load_map
    from recoup.reading.imports import IMPORT_FIELDS, read_import_file

    token = os.environ.get(TOKEN, "")
    if kind not in IMPORT_FIELDS or not token:
        what = f"--kind: expected {' or '.join(IMPORT_FIELDS)}, was {kind}"
        _end(what if token else f"expected a session's token in {TOKEN}")
    try:
        mapping = None if column_map is None else load_map(column_map, IMPORT_FIELDS[kind])
        found = read_import_file(file, kind, ReadingOptions(mapping, timezone))
    except InputFault as fault:
        _end("\n".join(str(problem) for problem in fault.problems))
    except Fault as fault:
        _end(str(fault))
    if found.problems:
        _end("\n".join(str(problem) for problem in found.problems))
    asked = {"kind": kind, "system": system, "unit": unit}
    if liability:
        asked["liability"] = "accepted"
    headers = {"Authorization": f"Bearer {token}"}
    rows = [(x.row, x.foreign_id, x.code, x.column, "") for x in found.refused]
    try:
        with httpx.Client(base_url=centre, headers=headers, timeout=_SECONDS) as client:
            for part in _parts(found, kind):
                rows += _sent(client, asked, part)
    except httpx.HTTPError as fault:
        _end(f"expected the centre at {centre}, was {type(fault).__name__}; run it again to go on")
    rows.sort()
    _tell(rows, report)
    if any(code not in {"taken", "repeated"} for _, _, code, _, _ in rows):
        raise typer.Exit(1)


_Row = tuple[int, str, str, str, str]


def _parts(found: ImportRows, kind: str) -> Iterator[bytes]:
    """Yield the rows as lines of JSON in the words that the centre reads, so many and so large at a time as it takes."""
    from recoup.clock import instant_text
    from recoup.money import ISO_DIGITS, format_minor
    from recoup.reading.imports import IMPORT_FIELDS

    names = {field: names[0] for field, names in IMPORT_FIELDS[kind].items()}

    def line(row: Mapping[str, Any]) -> bytes:
        import json
        from datetime import UTC, datetime

        said: dict[str, Any] = {"row": row["number"]}
        for field, value in row.items():
            if field in {"number", "row", "source"} or value in {None, ""}:
                continue
            is_time = isinstance(value, datetime)
            said[names.get(field, field)] = (
                instant_text(value.astimezone(UTC)) if is_time else value
            )
        said["amount"] = format_minor(row["amount"], ISO_DIGITS.of(row["currency"]))
        return json.dumps(said, ensure_ascii=False, sort_keys=True).encode() + b"\n"

    part, count = b"", 0
    for said in map(line, found.rows):
        if count == _PART_ROWS or len(part) + len(said) > HTTP_BODY_BYTES_MAX:
            yield part
            part, count = b"", 0
        part, count = part + said, count + 1
    if part:
        yield part


def _sent(client: httpx.Client, asked: Mapping[str, str], part: bytes) -> list[_Row]:
    """Send one part; return what became of its rows, as the centre keeps it."""
    from hashlib import sha256

    said = "\n".join(f"{name} {value}" for name, value in sorted(asked.items())).encode()
    key = "import-" + sha256(said + b"\n" + part).hexdigest()[:32]
    headers = {"Idempotency-Key": key, "Content-Type": "application/x-ndjson"}
    answer = client.post("/imports", params=asked, content=part, headers=headers)
    import_id = _read(answer)["id"]
    rows: list[_Row] = []
    params: dict[str, Any] = {"limit": 200}
    while True:
        page = _read(client.get(f"/imports/{import_id}/rows", params=params))
        rows += [
            (x["row"], x["foreign_id"], x["code"], x["column"], x["case"] or "")
            for x in page["items"]
        ]
        if page["next"] is None:
            return rows
        params["cursor"] = page["next"]


def _read(answer: httpx.Response) -> Any:  # noqa: ANN401 - as the centre says it
    found = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if not answer.is_success:
        name = str(found.get("type", answer.status_code)).rsplit(":", 1)[-1]
        _end(f"the centre refused the part: {name}; run it again once that is put right")
    return found


def _tell(rows: Sequence[_Row], report: Path | None) -> None:
    """Print the counts, and write what became of each row where that is wanted."""
    from collections import Counter

    counts = Counter(row[2] for row in rows)
    print(f"rows      {len(rows)}")
    for code, count in sorted(counts.items()):
        print(f"  {code:<24}{count}")
    if report is None:
        return
    import csv

    with report.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "foreign_id", "code", "column", "case"))
        writer.writerows(rows)


def _end(what: str) -> NoReturn:
    print(what, file=sys.stderr)
    raise typer.Exit(2)


__all__ = ["import_command"]
