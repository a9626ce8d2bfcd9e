"""Payments of plain JSON read into columns of bytes, and plain answers written from them: no object for each payment.

What is not plain is left alone (None), to be read or written as all of JSON is: so there is one place that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recoup import limits
from recoup.watch.names import Texts
from recoup.watch.names.kernels import scanning
from recoup.watch.names.kernels.writing import rows_of
from recoup.watching.service.port import DECISIONS, Answers

_SHORTEST: Final = 44
"""Bytes of a payment with the names that it must have, and nothing between."""
_NEVER: Final = -(2**63)
_WORDS: Final = Texts.of(DECISIONS)


class Read(NamedTuple):
    """Payments as they stand in a body."""

    ids: Texts
    payers: Texts
    payees: Texts
    currencies: Texts
    amounts: Texts
    times_us: NDArray[np.int64]
    kinds: Texts


def read_plain(body: bytes) -> Read | None:
    """Return the payments of a batch of plain JSON; None for any other body, and where a channel is said."""
    rows = min(len(body) // _SHORTEST, limits.WATCH_BATCH_ROWS_MAX)
    letters, spans = np.frombuffer(bytearray(body), np.uint8), _spans(rows)
    count = scanning.payments_of(letters, spans)
    return _read(letters, spans, count) if count > 0 else None


def read_each(bodies: Sequence[bytes]) -> tuple[Read | None, NDArray[np.bool_]]:
    """Return the payments of bodies that have one payment each, and whether each is plain; None where any is not."""
    count = len(bodies)
    bounds, fits = np.zeros(count + 1, np.int64), np.empty(count, np.bool_)
    np.cumsum(np.fromiter(map(len, bodies), np.int64, count), out=bounds[1:])
    letters, spans = np.frombuffer(bytearray().join(bodies), np.uint8), _spans(count)
    scanning.payments_apart(letters, bounds, spans, fits)
    return _read(letters, spans, count) if count and fits.all() else None, fits


def _spans(rows: int) -> NDArray[np.int32]:
    return np.zeros((rows, 8, 2), np.int32)


def _read(letters: NDArray[np.uint8], spans: NDArray[np.int32], count: int) -> Read | None:
    """Return columns of the payments whose texts stand there."""

    def column(field: int) -> Texts:
        starts = np.empty(count + 1, np.int64)
        return Texts(starts, scanning.column_of(letters, spans, field, starts))

    channels, times = column(scanning.CHANNEL), column(scanning.TIME)
    times_us = np.empty(count, np.int64)
    if channels.starts[-1] or not scanning.instants_of(times.starts, times.data, _NEVER, times_us):
        return None
    return Read(
        column(scanning.ID),
        column(scanning.PAYER),
        column(scanning.PAYEE),
        column(scanning.CURRENCY),
        column(scanning.AMOUNT),
        times_us,
        column(scanning.KIND),
    )


def write_plain(ids: Texts, answers: Answers, told: Callable[[int], bytes]) -> bytes | None:
    """Return the answers as JSON; None where a payment has a score, or was not scored, or an id would need an escape.

    Args:
        ids: by payment.
        answers: to them.
        told: returns the answer to one payment that has more to it than a decision.
    """
    found = _rows(ids, answers)
    if found is None:
        return None
    rows, ends = found
    written, begin = rows.data, 0
    pieces: list[bytes | memoryview] = [b'{"decisions":[']
    for at in sorted(answers.extras):
        pieces += [written[begin : ends[at]], told(at), b","]
        begin = ends[at + 1]
    pieces.append(written[begin:])
    whole = bytearray().join(pieces)
    whole[-1:] = b"]}"  # in place of the last comma
    return bytes(whole)


def write_each(ids: Texts, answers: Answers) -> list[bytes] | None:
    """Return the answers as bodies of one answer each; None where `write_plain` returns it.

    Of a payment that has more to it than a decision, what stands there does not say it.
    """
    found = _rows(ids, answers)
    if found is None:
        return None
    rows, ends = found[0].tobytes(), found[1].tolist()
    return [rows[begin : end - 1] for begin, end in pairwise(ends)]  # without the comma


def _rows(ids: Texts, answers: Answers) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """Return objects with a comma behind each, and where each begins and the last ends; None where they would not be plain."""
    if not answers.scored.all() or not np.isnan(answers.scores).all() or not ids.is_unescaped():
        return None
    ends = np.empty(len(ids) + 1, np.int64)
    rows = rows_of(
        *(ids.starts, ids.data, answers.decisions, answers.repeats),
        *(_WORDS.starts, _WORDS.data, ends),
    )
    return rows, ends


__all__ = ["Read", "read_each", "read_plain", "write_each", "write_plain"]
