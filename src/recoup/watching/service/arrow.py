"""Payments as an Arrow IPC stream: columns in, columns out. Text and numbers are checked as those of JSON are."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recoup import limits
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.names import Texts
from recoup.watching.service.bodies import Taken, taken, taken_bytes
from recoup.watching.service.port import DECISIONS, Answers, Extra
from recoup.watching.service.problems import ProblemError

MEDIA_TYPE: Final = "application/vnd.apache.arrow.stream"

_TEXTS: Final = ("id", "payer", "payee", "currency", "kind", "channel")
_NEEDED: Final = ("id", "payer", "payee", "currency", "time")
_REASON: Final = pa.struct([("code", pa.string()), ("en", pa.string()), ("zh", pa.string())])
_REMEDY: Final = pa.struct([("en", pa.string()), ("zh", pa.string())])
_WORDS: Final = pa.array(DECISIONS, pa.string())
_TIME: Final = pa.timestamp("us", "UTC")


def read_arrow(body: bytes, digits: Digits = ISO_DIGITS) -> Taken:
    """Return the payments of an Arrow stream.

    Columns: `id, payer, payee, currency` as text, `time` as a timestamp with a zone, `amount` as decimal text or decimal, or
    `amount_minor` as whole minor units; `kind` and `channel` as text may be left out.
    """
    try:
        table = _bounded(pa.ipc.MessageReader.open_stream(pa.BufferReader(body)))
        columns = {name: table.column(name) for name in table.column_names}
        return _taken(columns, table.num_rows, digits)
    except (
        pa.ArrowException,
        UnicodeDecodeError,
        OSError,
        KeyError,
        ValueError,
        struct.error,
    ) as error:
        raise ProblemError("arrow_unreadable") from error


def _bounded(messages: pa.ipc.MessageReader) -> pa.Table:
    """Return the table, reading no more rows than a batch may have, and unpacking nothing: a small body stays small."""
    try:
        schema = pa.ipc.read_schema(messages.read_next_message())
    except StopIteration:
        raise ProblemError("arrow_unreadable", "expected a schema") from None
    if any(pa.types.is_dictionary(field.type) for field in schema):
        raise ProblemError("arrow_unreadable", "expected text as it is, not by dictionaries")
    parts, count = [], 0
    for message in messages:
        if message.type != "record batch" or _is_packed(message.metadata.to_pybytes()):
            raise ProblemError("arrow_unreadable", "expected record batches without compression")
        part = pa.ipc.read_record_batch(message, schema)
        count += part.num_rows
        if count > limits.WATCH_BATCH_ROWS_MAX:
            raise ProblemError("batch_too_long", f"expected at most {limits.WATCH_BATCH_ROWS_MAX}")
        part.validate(full=True)  # offsets that lie would read past the body
        parts.append(part)
    return pa.Table.from_batches(parts, schema)


_HEADER, _COMPRESSION = 2, 3
"""Places of fields in the tables Message and RecordBatch of Arrow's Message.fbs."""


def _is_packed(metadata: bytes) -> bool:
    """Return whether a record batch says that its buffers are compressed; read from its flatbuffer."""
    message = struct.unpack_from("<I", metadata)[0]
    at = _field(metadata, message, _HEADER)
    header = at + struct.unpack_from("<I", metadata, at)[0]
    return _field(metadata, header, _COMPRESSION) > 0


def _field(data: bytes, table: int, place: int) -> int:
    """Return where a field of a flatbuffer's table stands; 0 where it is left out."""
    names = table - struct.unpack_from("<i", data, table)[0]
    size = struct.unpack_from("<H", data, names)[0]
    entry = 4 + 2 * place
    offset = struct.unpack_from("<H", data, names + entry)[0] if entry + 2 <= size else 0
    return table + offset if offset else 0


def _taken(columns: dict[str, pa.ChunkedArray], count: int, digits: Digits) -> Taken:
    names = set(columns)
    if not set(_NEEDED) <= names or len(names & {"amount", "amount_minor"}) != 1:
        raise ProblemError("arrow_unreadable", f"expected the columns {', '.join(_NEEDED)}, amount")
    if unknown := names - {*_TEXTS, "time", "amount", "amount_minor"}:
        raise ProblemError("arrow_unreadable", f"{len(unknown)} columns that have no meaning here")
    found = _of_bytes(columns, digits)
    if found is not None:
        return found
    texts = {name: _texts(name, columns[name]) for name in _TEXTS if name in columns}
    return taken(
        texts["id"],
        texts["payer"],
        texts["payee"],
        texts["currency"],
        _amounts(columns),
        _times(columns["time"]).tolist(),
        texts.get("kind") or [""] * count,
        digits,
        texts.get("channel") or (),
    )


def _of_bytes(columns: dict[str, pa.ChunkedArray], digits: Digits) -> Taken | None:
    """Return payments without an object for each, where nothing is wrong with any; None where they must be spelled."""
    found = {name: _bytes(columns[name]) for name in _TEXTS if name in columns}
    minor = columns.get("amount_minor")
    amounts = _bytes(columns["amount"]) if minor is None else _wholes(minor)
    if amounts is None or any(one is None for one in found.values()):
        return None
    texts = {name: one for name, one in found.items() if one is not None}
    channels = texts.pop("channel", None)
    if channels is not None and channels.starts[-1]:
        return None
    return taken_bytes(
        texts["id"],
        texts["payer"],
        texts["payee"],
        texts["currency"],
        amounts,
        _times(columns["time"]),
        texts.get("kind"),
        digits,
    )


def _bytes(column: pa.ChunkedArray) -> Texts | None:
    """Return a column of text as it lies in the body; None where it is none, or has gaps."""
    kind = column.type
    width = 4 if pa.types.is_string(kind) else 8 if pa.types.is_large_string(kind) else 0
    if not width or not len(column) or column.null_count:
        return None
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, f"<i{width}", len(array) + 1, array.offset * width)
    begin, end = int(starts[0]), int(starts[-1])
    # Copied: small, and nothing that is remembered keeps the whole body.
    letters = (
        np.frombuffer(data, np.uint8, end - begin, begin).copy() if end > begin else _NO_LETTERS
    )
    return Texts(starts.astype(np.int64) - begin, letters)


_NO_LETTERS: Final = np.zeros(0, np.uint8)


def _wholes(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    if column.type != pa.int64() or column.null_count:
        return None
    return np.array(column.to_numpy(), np.int64)


def _texts(name: str, column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        raise ProblemError("arrow_unreadable", f"{name}: expected text", name)
    if column.null_count:
        if name in {"id", "currency"}:
            raise ProblemError("arrow_unreadable", f"{name}: expected no nulls", name)
        column = column.fill_null("")
    found: list[str] = column.to_pylist()
    return found


def _amounts(columns: dict[str, pa.ChunkedArray]) -> list[str] | list[int]:
    name = "amount" if "amount" in columns else "amount_minor"
    column = columns[name]
    if column.null_count:
        raise ProblemError("arrow_unreadable", f"{name}: expected no nulls", name)
    if name == "amount_minor":
        if column.type != pa.int64():
            raise ProblemError("arrow_unreadable", "amount_minor: expected int64", name)
        minors: list[int] = column.to_numpy().tolist()
        return minors
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.string())
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        raise ProblemError("arrow_unreadable", "amount: expected decimal text", name)
    texts: list[str] = column.to_pylist()
    return texts


def _times(column: pa.ChunkedArray) -> NDArray[np.int64]:
    fits = pa.types.is_timestamp(column.type) and column.type.tz and not column.null_count
    if not fits:
        raise ProblemError("arrow_unreadable", "time: expected timestamps with a zone", "time")
    if column.type != _TIME:
        column = column.cast(_TIME)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    found: NDArray[np.int64] = np.array(array.view(pa.int64()).to_numpy())
    return found


def _remedy(row: Extra) -> dict[str, str] | None:
    found = row.remedy
    return None if found is None else {"en": found.english, "zh": found.chinese}


def _ids(ids: Sequence[str]) -> pa.Array:
    if not isinstance(ids, Texts):
        return pa.array(ids, pa.string())
    starts = pa.py_buffer(ids.starts.astype(np.int32))
    return pa.StringArray.from_buffers(len(ids), starts, pa.py_buffer(ids.data))


def write_arrow(ids: Sequence[str], answers: Answers) -> bytes:
    """Return the answers as an Arrow stream with one record batch."""
    count, extras = len(answers), answers.extras
    nothing = _nulls(count)
    is_refused = answers.decisions < 0
    decisions = pa.array(answers.decisions, mask=is_refused if is_refused.any() else None)
    is_unknown = bool(np.isnan(answers.scores).all())
    columns = [
        _ids(ids),
        _WORDS.take(decisions),
        pa.array(answers.scored),
        nothing["score"] if is_unknown else pa.array(answers.scores, from_pandas=True),
        pa.array(answers.repeats),
    ]
    if extras:
        rows = [extras.get(at) for at in range(count)]
        columns.append(pa.array([row and row.expires_us for row in rows], _TIME))
        told = [
            row and [{"code": r.code, "en": r.words, "zh": r.words_zh} for r in row.reasons]
            for row in rows
        ]
        columns.append(pa.array(told, pa.list_(_REASON)))
        columns.append(pa.array([row and _remedy(row) for row in rows], _REMEDY))
        columns.append(pa.array([(row and row.refusal) or None for row in rows], pa.string()))
        columns.append(pa.array([(row and row.field) or None for row in rows], pa.string()))
    else:
        columns += [nothing[name] for name in _SELDOM]
    batch = pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
    return b"".join((_SCHEMA_WRITTEN, batch.serialize(), _END))


_SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("decision", pa.string()),
        ("is_scored", pa.bool_()),
        ("score", pa.float64()),
        ("is_repeat", pa.bool_()),
        ("expires_at", _TIME),
        ("reasons", pa.list_(_REASON)),
        ("remedy", _REMEDY),
        ("refusal", pa.string()),
        ("field", pa.string()),
    ]
)
_SCHEMA_WRITTEN: Final = _SCHEMA.serialize().to_pybytes()
_END: Final = struct.pack("<II", 0xFFFFFFFF, 0)
"""Of an Arrow stream."""
_SELDOM: Final = _SCHEMA.names[5:]
"""What few answers say; columns of nothing are made once for each length of batch."""


@lru_cache(16)
def _nulls(count: int) -> dict[str, pa.Array]:
    return {name: pa.nulls(count, _SCHEMA.field(name).type) for name in ("score", *_SELDOM)}


__all__ = ["MEDIA_TYPE", "read_arrow", "write_arrow"]
