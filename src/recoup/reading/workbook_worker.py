"""A process of its own that takes workbooks apart: a damaged one may make its parser abort or ask for any amount of memory.

It imports nothing of ours, so that it starts quickly. Requests and answers are a length of eight bytes and as many bytes.
A request is a workbook; the answer is a JSON line that lists the sheets, then each sheet as an Arrow stream of text.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any, BinaryIO, Final

MEMORY_BYTES_MAX: Final = 4 * 2**30
LONG_NUMBER: Final = re.compile(r"\d{16,}")


def main() -> None:
    """Answer workbooks from standard input until it closes."""
    _bound_memory()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        data = take(requests)
        if data is None:
            return
        try:
            answer = sheets(data)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (a panic of the parser is a BaseException; the file is to blame)
            answer = (
                json.dumps(
                    {"error": str(error).strip().split("\n")[0] or type(error).__name__}
                ).encode()
                + b"\n"
            )
        give(answers, answer)


def take(stream: BinaryIO) -> bytes | None:
    """Return the next message, None at the end of the stream."""
    length = stream.read(8)
    if len(length) < 8:
        return None
    data = stream.read(int.from_bytes(length, "big"))
    return data if len(data) == int.from_bytes(length, "big") else None


def give(stream: BinaryIO, data: bytes) -> None:
    """Send a message."""
    stream.write(len(data).to_bytes(8, "big"))
    stream.write(data)
    stream.flush()


def sheets(data: bytes) -> bytes:
    """Return every sheet's cells as text, and which of its long numbers are stored as numbers."""
    import fastexcel
    import pyarrow as pa

    book = fastexcel.read_excel(data)
    listed: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name in book.sheet_names:
        sheet = book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0)
        batch = sheet.to_arrow()
        places = [column.absolute_index for column in sheet.selected_columns]
        numbers = {
            place: _number_rows(book, name, absolute, column)
            for place, (absolute, column) in enumerate(zip(places, batch.columns, strict=True))
        }
        buffer = io.BytesIO()
        if batch.num_columns:
            with pa.ipc.new_stream(buffer, batch.schema) as writer:
                writer.write_batch(batch)
        parts.append(buffer.getvalue())
        lost = {str(place): rows for place, rows in numbers.items() if rows}
        listed.append({"name": name, "bytes": len(parts[-1]), "numbers": lost})
    return json.dumps({"sheets": listed}).encode() + b"\n" + b"".join(parts)


def _number_rows(book: Any, name: str, place: int, column: Any) -> list[int]:  # noqa: ANN401 (untyped libraries)
    """Spreadsheet rows of a column in which 16 digits and more are stored as a number: Excel keeps 15 digits of it.

    The text of such a cell looks like any other, so the column is loaded once more as truth values: a number has one, a
    text has none.
    """
    long = [
        row for row, cell in enumerate(column.to_pylist()) if cell and LONG_NUMBER.fullmatch(cell)
    ]
    if not long:
        return []
    truths = book.load_sheet(
        name, header_row=None, dtypes={place: "boolean"}, use_columns=[place], skip_rows=0
    )
    stored = truths.to_arrow().column(0).to_pylist()
    return [row + 1 for row in long if stored[row] is not None]


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; there an abort ends this process only
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = MEMORY_BYTES_MAX if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES_MAX, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))


if __name__ == "__main__":
    main()
