"""Batches of plain JSON read into columns of bytes, and plain answers written from them: no object for each payment.

What is not plain is left alone (None), to be read or written as all of JSON is: so there is one place that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
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
    letters, spans = np.frombuffer(bytearray(body), np.uint8), np.zeros((rows, 8, 2), np.int32)
    count = scanning.payments_of(letters, spans)
    if count <= 0:
        return None

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
    if not answers.scored.all() or not np.isnan(answers.scores).all() or not ids.is_unescaped():
        return None
    ends = np.empty(len(ids) + 1, np.int64)
    rows = rows_of(
        *(ids.starts, ids.data, answers.decisions, answers.repeats),
        *(_WORDS.starts, _WORDS.data, ends),
    )
    written, begin = memoryview(rows), 0
    pieces: list[bytes | memoryview[int]] = [b'{"decisions":[']
    for at in sorted(answers.extras):
        pieces += [written[begin : ends[at]], told(at), b","]
        begin = ends[at + 1]
    pieces.append(written[begin:])
    whole = bytearray().join(pieces)
    whole[-1:] = b"]}"  # in place of the last comma
    return bytes(whole)


__all__ = ["read_plain", "write_plain"]
