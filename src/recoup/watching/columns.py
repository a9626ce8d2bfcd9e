"""Payments as columns, checked in bulk: what is clean goes on as arrays, and only what is not is looked at one by one.

Nothing is decided here. Whoever asks gets the same answers as payment by payment; a batch that has more to it than columns can
say (named facts, mixed types, times that the clock refuses) is given back, to be taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import eq
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup import limits
from recoup.records.kinds import KINDS
from recoup.watch.names import Texts
from recoup.watch.names.kernels.looking import are_clean
from recoup.watch.state import NEVER
from recoup.watch.state.kernels.stream import TIME_MAX
from recoup.watching.asked import (
    ACCOUNT_CHARS_MAX,
    ID_CHARS_MAX,
    Asked,
    Plain,
    kind_number,
)

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_NEEDED: Final = frozenset({"id", "time", "payer", "payee", "amount", "currency"})
_BYTES_MAX: Final = 2**31
_NAMES: Final = _NEEDED | {"kind"}
_MICROSECONDS: Final = pl.Datetime("us", "UTC")


class Columns(NamedTuple):
    """Payments in their order: equally long columns of text and whole numbers."""

    ids: Sequence[str]
    times_us: I64
    payers: Sequence[str]
    """'' is the outside."""
    payees: Sequence[str]
    amounts: I64
    currencies: Sequence[str]
    kinds: npt.NDArray[np.int8]
    """Places in `KINDS`."""

    @property
    def are_bytes(self) -> bool:
        """Whether ids, payers and payees are `Texts`."""
        return all(isinstance(one, Texts) for one in (self.ids, self.payers, self.payees))

    def spelled(self) -> Columns:
        """Return the same with texts in lists."""
        return self._replace(ids=list(self.ids), payers=list(self.payers), payees=list(self.payees))

    def asked(self, at: int) -> Asked:
        """Return one payment."""
        return Asked(
            self.ids[at],
            int(self.times_us[at]),
            self.payers[at],
            self.payees[at],
            int(self.amounts[at]),
            self.currencies[at],
            KINDS[self.kinds[at]],
        )

    def all_asked(self) -> Iterator[Asked]:
        """Yield all payments."""
        own = self.spelled() if self.are_bytes else self
        return map(own.asked, range(len(self.ids)))

    def plain(self, place: int) -> Plain:
        """Return the content of one."""
        _, time_us, payer, payee, amount, currency, kind, _ = self.asked(place)
        return Plain(time_us, payer, payee, amount, currency, kind, ())  # type: ignore[arg-type]


def columns_of(batch: Any) -> Columns | None:  # noqa: ANN401 - whatever Arrow speaks
    """Return a batch as columns, without an object for each payment; None where it must be taken apart.

    A polars frame, an Arrow table or columns by name: text without gaps, whole amounts, times as whole microseconds or instants
    with a zone. Payments one by one (`Asked`) are no columns.
    """
    if isinstance(batch, Columns):
        return batch
    if isinstance(batch, Sequence):
        return None
    try:
        if isinstance(batch, Mapping):
            return _of_arrays(batch)
        if not isinstance(batch, pl.DataFrame):
            batch = pl.DataFrame(batch)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return None  # taken apart, it says in its own words what is wrong
    return _of_frame(batch)


def _of_frame(frame: pl.DataFrame) -> Columns | None:
    if not _NEEDED <= set(frame.columns) <= _NAMES:
        return None
    if "kind" in frame.columns:
        if frame.schema["kind"] != pl.String:
            return None
        kinds = _kinds(frame["kind"].to_list())
    else:
        kinds = np.full(frame.height, kind_number("transfer"), np.int8)
    texts = [frame[name] for name in ("id", "payer", "payee", "currency")]
    is_text = all(one.dtype == pl.String and not one.null_count() for one in texts)
    time, amount = frame["time"], frame["amount"]
    if isinstance(time.dtype, pl.Datetime) and time.dtype.time_zone:
        time = time.dt.cast_time_unit("us").cast(pl.Int64)
    is_whole = all(
        one.dtype in {pl.Int64, pl.Int32} and not one.null_count() for one in (time, amount)
    )
    if kinds is None or not is_text or not is_whole:
        return None
    ids, payers, payees, currencies = (one.to_list() for one in texts)
    times, amounts = (
        np.ascontiguousarray(one.to_numpy(), dtype=np.int64) for one in (time, amount)
    )
    return Columns(ids, times, payers, payees, amounts, currencies, kinds)


def _of_arrays(batch: Mapping[str, Any]) -> Columns | None:
    if not _NEEDED <= set(batch) <= _NAMES:
        return None
    lists = {
        name: one.tolist() if isinstance(one, np.ndarray) else list(one)
        for name, one in batch.items()
        if name not in {"time", "amount"}
    }
    wholes = {name: _whole(batch[name]) for name in ("time", "amount")}
    count = len(lists["id"])
    kinds = _kinds(lists.pop("kind", ["transfer"] * count))
    columns = [*lists.values(), wholes["time"], wholes["amount"], kinds]
    if any(one is None or len(one) != count for one in columns):
        return None
    if count and any(set(map(type, one)) != {str} for one in lists.values()):
        return None
    time, amount = wholes["time"], wholes["amount"]
    assert time is not None, "looked at"
    assert amount is not None, "looked at"
    assert kinds is not None, "looked at"
    found = (lists["id"], time, lists["payer"], lists["payee"], amount, lists["currency"], kinds)
    return Columns(*found)


def _whole(given: object) -> I64 | None:
    """Return whole numbers of 64 bits as an array; None for anything else."""
    if not isinstance(given, np.ndarray):
        if set(map(type, given)) - {int}:  # type: ignore[call-overload]
            return None
        given = np.array(given, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu" or given.dtype == np.uint64:
        return None
    return np.ascontiguousarray(given, dtype=np.int64)


def _kinds(given: list[Any]) -> npt.NDArray[np.int8] | None:
    """Return kinds as their places; None where one is none."""
    if "" in given:
        return (
            None  # it is kept as it was said: not the same content as the kind that it stands for
        )
    try:
        places = {kind: kind_number(kind) for kind in set(given)}
    except (KeyError, TypeError):
        return None
    return np.fromiter(map(places.__getitem__, given), np.int8, len(given))


class Clock(NamedTuple):
    """What the stream's clock takes."""

    now_us: int
    late_us: int
    ahead_us: int


def is_clean(columns: Columns, currencies: Mapping[str, int], clock: Clock) -> bool:
    """Return whether nothing about columns of bytes is odd, nor out of the ordinary: one currency, ids in plain ASCII."""
    ids, times, payers, payees, amounts, codes, _ = columns
    assert isinstance(ids, Texts), "looked at"
    assert isinstance(payers, Texts), "looked at"
    assert isinstance(payees, Texts), "looked at"
    if len(set(codes)) != 1 or codes[0] not in currencies or not ids.is_plain(1, ID_CHARS_MAX):
        return False
    bounds = (limits.ROW_MINOR_MAX, TIME_MAX, *clock)
    return (
        bool(are_clean(amounts, times, *bounds))
        and payers.differ_from(payees, _BYTES_MAX)
        and not ids.stands_twice()
    )


def odd_of(columns: Columns, currencies: Mapping[str, int], clock: Clock) -> list[int] | None:
    """Return the places of payments that must be looked at one by one: wrong, or come again in this batch.

    None where the whole batch must: a text has unfit characters, or one is so far ahead that it would not move the clock.
    """
    ids, times, payers, payees, amounts, _, _ = columns
    if not "".join(ids).isprintable() or not _are_short(ids, ID_CHARS_MAX):
        return None
    odd = (amounts <= 0) | (amounts > limits.ROW_MINOR_MAX)
    odd |= (times > TIME_MAX) | (times < -TIME_MAX)
    odd |= np.fromiter(map(eq, payers, payees), np.bool_, len(ids))
    if set(columns.currencies) - currencies.keys():
        odd |= np.array([one not in currencies for one in columns.currencies], np.bool_)
    _mark_again(ids, odd)
    if not _look_at_times(times, odd, clock):
        return None
    return np.flatnonzero(odd).tolist()


def _mark_again(ids: Sequence[str], odd: Mask) -> None:
    """Mark what is no id, and ids that stood before in the same batch."""
    met: dict[str, int] = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
    if len(met) < len(ids):
        for at, id_ in enumerate(ids):
            odd[at] |= met[id_] != at
    if "" in met:
        odd[[at for at, id_ in enumerate(ids) if not id_]] = True


def _look_at_times(times: I64, odd: Mask, clock: Clock) -> bool:
    """Mark times that are late; return False where one is ahead of the clock as it is by then."""
    if not len(times):
        return True
    moved = np.where(odd, NEVER, times)
    running = np.empty(len(times), np.int64)
    running[0] = clock.now_us
    running[1:] = moved[:-1]
    np.maximum.accumulate(running, out=running)
    has_begun = running != NEVER
    if (has_begun & ~odd & (times > running + clock.ahead_us)).any():
        return False
    odd |= has_begun & (times < running - clock.late_us)
    return True


def _are_short(texts: Sequence[str], chars_max: int) -> bool:
    return not texts or max(map(len, texts)) <= chars_max


def fit_accounts(names: Sequence[str]) -> bool:
    """Return whether these may be names of accounts."""
    return _are_short(names, ACCOUNT_CHARS_MAX) and "".join(names).isprintable()


Numbers = dict[str, dict[str, int]]
"""By currency and account, the number of the pocket; '' is the outside."""


def numbers_of(
    names: Sequence[str], currencies: Sequence[str], numbers: Numbers
) -> list[int | None]:
    """Return the pocket of each account, None where it has none yet."""
    only = currencies[0] if len(set(currencies)) == 1 else None
    if only is not None:
        return list(map(numbers[only].get, names))
    return [numbers[code].get(name) for code, name in zip(currencies, names, strict=True)]


def picked(column: Sequence[Any], places: Sequence[int] | None) -> Sequence[Any]:
    """Return the values at these places; None: all."""
    return column if places is None else [column[at] for at in places]


def places_of(currencies: Sequence[str], numbered: Mapping[str, int]) -> npt.NDArray[np.int16]:
    """Return the place of each currency."""
    if len(set(currencies)) == 1:
        return np.fromiter(repeat(numbered[currencies[0]], len(currencies)), np.int16)
    return np.fromiter(map(numbered.__getitem__, currencies), np.int16, len(currencies))


__all__ = [
    "Clock",
    "Columns",
    "Numbers",
    "columns_of",
    "fit_accounts",
    "is_clean",
    "numbers_of",
    "odd_of",
    "picked",
    "places_of",
]
