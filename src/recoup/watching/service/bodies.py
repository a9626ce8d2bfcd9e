"""Payments as JSON: read into columns, each row checked for itself; answers written back. Holds no state.

What has the wrong shape refuses the whole body. What has the right shape and a wrong value, such as an amount of zero, is
refused in its own row, and the other rows are decided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import eq
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from recoup import limits
from recoup.money import ISO_DIGITS, AmountError, Digits, parse_minor
from recoup.records.kinds import KINDS
from recoup.watch.names import Texts
from recoup.watching.service.once import check_payments
from recoup.watching.service.plain import read_plain, write_plain
from recoup.watching.service.port import CHANNELS, DECISIONS, REFUSED, Answers, Batch, Extra
from recoup.watching.service.problems import ProblemError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_KINDS: Final = {"": 0} | {kind: at for at, kind in enumerate(KINDS)}
_CHANNELS: Final = {channel: at for at, channel in enumerate(CHANNELS)}
_UNKNOWN: Final = -1
_TIME_US_MAX: Final = (
    2**53
)  # the year 2255; what stands beyond is a mistake, and the stream's clock must not follow it

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One payment as it comes."""

    id: str
    amount: str
    """Decimal text."""
    currency: str
    time: _Instant
    payer: str = ""
    payee: str = ""
    kind: str = ""
    channel: str = ""
    """Where it was made: `counter` or `remote`; '' is not known."""


class AskedBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Payments as they come together."""

    payments: list[Asked]


@dataclass(frozen=True, slots=True)
class Taken:
    """A request's payments: those to decide, and those that were refused as they stand."""

    ids: Sequence[str]
    """Of all rows of the request."""
    batch: Batch
    places: Sequence[int] | None
    """Where the rows of the batch stand in the request; None: all of them, in order."""
    refused: Mapping[int, Extra]

    def whole(self, answers: Answers) -> Answers:
        """Return an answer for each row of the request."""
        if self.places is None:
            return answers
        found = Answers.blank(len(self.ids))
        found.decisions[:] = REFUSED
        for name in ("decisions", "scores", "repeats", "scored"):
            getattr(found, name)[self.places] = getattr(answers, name)
        found.extras = {self.places[at]: one for at, one in answers.extras.items()}
        found.extras.update(self.refused)
        return found


_ONE: Final = msgspec.json.Decoder(Asked)
_MANY: Final = msgspec.json.Decoder(AskedBatch)
_OPTIONAL: Final = ("payer", "payee", "kind", "channel")


def read_body(body: bytes, *, is_batch: bool, digits: Digits = ISO_DIGITS) -> Taken:
    """Return the payments of a JSON body: one, or a batch."""
    plain = read_plain(body) if is_batch else None
    found = None if plain is None else taken_bytes(*plain, digits)
    if found is not None:
        return found
    try:
        rows = _MANY.decode(body).payments if is_batch else [_ONE.decode(body)]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ProblemError("body_unreadable", _said(error)) from error
    if len(rows) > limits.WATCH_BATCH_ROWS_MAX:
        raise ProblemError("batch_too_long", f"expected at most {limits.WATCH_BATCH_ROWS_MAX}")
    payers, payees = [row.payer for row in rows], [row.payee for row in rows]
    kinds, channels = [row.kind for row in rows], [row.channel for row in rows]
    given = dict.fromkeys(("id", "amount", "currency", "time"), len(rows))
    for name, column in zip(_OPTIONAL, (payers, payees, kinds, channels), strict=True):
        given[name] = len(column) - column.count("")
    check_payments(body, given | {"payments": int(is_batch)}, len(rows) + is_batch)
    return taken(
        [row.id for row in rows],
        payers,
        payees,
        [row.currency for row in rows],
        [row.amount for row in rows],
        _microseconds([row.time for row in rows]),
        kinds,
        digits,
        channels,
    )


def is_batch(body: bytes) -> bool:
    """Return whether a JSON body says that it is a batch: its first name is `payments`."""
    return body[:64].lstrip(b" \t\r\n{").startswith(b'"payments"')


def taken(
    ids: Sequence[str],
    payers: Sequence[str],
    payees: Sequence[str],
    currencies: Sequence[str],
    amounts: Sequence[str] | Sequence[int],
    times_us: Sequence[int],
    kinds: Sequence[str],
    digits: Digits = ISO_DIGITS,
    channels: Sequence[str] = (),
) -> Taken:
    """Return the payments of columns; amounts are decimal text, or minor units where they are numbers."""
    places = [_CHANNELS.get(one, _UNKNOWN) for one in channels] if any(channels) else ()
    plain = None
    if _UNKNOWN not in places:
        plain = _plain(ids, payers, payees, currencies, amounts, times_us, kinds, places, digits)
    if plain is not None:
        return Taken(ids, plain, None, {})
    refused: dict[int, Extra] = {}
    minors, numbers = [0] * len(ids), [0] * len(ids)
    for at, (id_, payer, payee, currency, amount, time_us, kind) in enumerate(
        zip(ids, payers, payees, currencies, amounts, times_us, kinds, strict=True)
    ):
        try:
            decimals = decimals_of(currency, digits)
            minors[at] = minor = amount if type(amount) is int else _minor(amount, decimals)
            numbers[at] = _KINDS[kind]
        except ProblemError as problem:
            refused[at] = Extra(problem.name, problem.field)
            continue
        except KeyError:
            refused[at] = Extra("kind_unknown", "kind")
            continue
        fits = 0 < minor <= limits.ROW_MINOR_MAX and payer != payee and 0 < len(id_) <= _SHORT
        if fits and -_TIME_US_MAX < time_us < _TIME_US_MAX and len(payer) + len(payee) <= _SHORT:
            continue  # the short way of nearly all
        wrong = _wrong(id_, payer, payee, minor, time_us)
        if wrong is not None:
            refused[at] = wrong
    for at, place in enumerate(places):
        if place == _UNKNOWN:
            refused.setdefault(at, Extra("channel_unknown", "channel"))
    batch = Batch(ids, payers, payees, currencies, minors, times_us, numbers, places)
    if not refused:
        return Taken(ids, batch, None, refused)
    kept = [at for at in range(len(ids)) if at not in refused]
    return Taken(ids, batch.rows(kept), kept, refused)


def taken_bytes(
    ids: Texts,
    payers: Texts,
    payees: Texts,
    currencies: Texts,
    amounts: Texts | NDArray[np.int64],
    times_us: NDArray[np.int64],
    kinds: Texts | None,
    digits: Digits = ISO_DIGITS,
) -> Taken | None:
    """Return the payments of columns of bytes where nothing is wrong with any; None where each must be looked at."""
    if not len(ids) or not currencies.is_one() or not ids.is_plain(1, _SHORT):
        return None
    code = currencies[0]
    try:
        decimals = digits.of(code)
    except KeyError:
        return None
    minors = amounts.minors(decimals) if isinstance(amounts, Texts) else amounts
    if minors is None or not 0 < minors.min() <= minors.max() <= limits.ROW_MINOR_MAX:
        return None
    if not -_TIME_US_MAX < times_us.min() <= times_us.max() < _TIME_US_MAX:
        return None
    if not payers.differ_from(payees, _SHORT):
        return None
    numbers = np.zeros(len(ids), np.int8)
    if kinds is not None:
        try:
            given = [_KINDS[kinds[0]]] if kinds.is_one() else [_KINDS[one] for one in kinds]
        except KeyError:
            return None
        numbers[:] = given
    batch = Batch(ids, payers, payees, [code] * len(ids), minors, times_us, numbers)
    return Taken(ids, batch, None, {})


def _plain(
    ids: Sequence[str],
    payers: Sequence[str],
    payees: Sequence[str],
    currencies: Sequence[str],
    amounts: Sequence[str] | Sequence[int],
    times_us: Sequence[int],
    kinds: Sequence[str],
    channels: Sequence[int],
    digits: Digits,
) -> Batch | None:
    """Return payments as a batch where nothing is wrong with any, seen in bulk; None where each must be looked at."""
    codes = set(currencies)  # none in an empty batch
    if len(codes) != 1 or not set(kinds) <= _KINDS.keys() or any(map(eq, payers, payees)):
        return None
    try:
        minors = _minors(amounts, digits.of(codes.pop()))
    except KeyError:
        return None
    lengths = [max(map(len, column)) for column in (ids, payers, payees)]
    if not all(ids) or lengths[0] > _SHORT or sum(lengths[1:]) > _SHORT:
        return None
    if minors is None or not 0 < min(minors) <= max(minors) <= limits.ROW_MINOR_MAX:
        return None
    if not -_TIME_US_MAX < min(times_us) <= max(times_us) < _TIME_US_MAX:
        return None
    numbers = [_KINDS[kind] for kind in kinds]
    return Batch(ids, payers, payees, currencies, minors, times_us, numbers, channels)


_TWO: Final = re.compile(r"(?:[0-9]{1,15}\.[0-9]{2},)+")
"""Amounts with two decimals, each with a comma behind it."""


def _minors(amounts: Sequence[str] | Sequence[int], decimals: int) -> list[int] | None:
    """Return minor units of amounts that are whole already, or texts of the plainest form; None for any other."""
    kinds = set(map(type, amounts))
    if kinds == {int}:
        return list(amounts)  # type: ignore[arg-type]
    if kinds != {str} or decimals != 2:
        return None
    joined = ",".join(amounts) + ","  # type: ignore[arg-type]
    # A text with a comma of its own would make one figure more than there are amounts.
    if joined.count(",") != len(amounts) or not _TWO.fullmatch(joined):
        return None
    return list(map(int, joined[:-1].replace(".", "").split(",")))


_EXACT_SECONDS: Final = 2.0**31
"""Up to here a float of seconds tells microseconds apart, with room to round."""


def _microseconds(times: Sequence[datetime]) -> list[int]:
    """Return instants as microseconds of UTC, exactly."""
    seconds = np.fromiter(map(datetime.timestamp, times), np.float64, len(times))
    if len(times) and np.abs(seconds).max() < _EXACT_SECONDS:
        found: list[int] = np.rint(seconds * 1e6).astype(np.int64).tolist()
        return found
    return [(time - _EPOCH) // _MICROSECOND for time in times]


_ID_MAX: Final = limits.ID_BYTES_MAX
_SHORT: Final = _ID_MAX // 4  # so many characters fit, whatever they are


def _wrong(id_: str, payer: str, payee: str, minor: int, time_us: int) -> Extra | None:
    """Return the first thing that is wrong with the values of a payment."""
    checks = (
        (bool(id_), "payment_id_missing", "id"),
        (_fits(id_), "payment_id_too_long", "id"),
        (_fits(payer), "account_too_long", "payer"),
        (_fits(payee), "account_too_long", "payee"),
        (bool(payer or payee), "accounts_missing", "payer"),
        (payer != payee, "same_account", "payee"),
        (minor > 0, "amount_not_positive", "amount"),
        (minor <= limits.ROW_MINOR_MAX, "amount_too_large", "amount"),
        (-_TIME_US_MAX < time_us < _TIME_US_MAX, "time_unfit", "time"),
    )
    return next((Extra(name, field) for fits, name, field in checks if not fits), None)


def _fits(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) <= _ID_MAX


def decimals_of(currency: str, digits: Digits) -> int:
    """Return the decimals of a currency."""
    try:
        return digits.of(currency)
    except KeyError as error:
        raise ProblemError("currency_unknown", field="currency") from error


_NEVER: Final = frozenset(", \t\r\n\v\f_")


def _minor(text: str, decimals: int) -> int:
    """Return the minor units of decimal text."""
    whole, point, fraction = text.partition(".")
    if whole.isdigit() and len(text) <= 18 and text.isascii():
        if not point:
            return int(whole) * int(10**decimals)
        if len(fraction) == decimals and fraction.isdigit():
            return int(whole + fraction)
    if (
        len(text) > limits.WATCH_AMOUNT_CHARS_MAX
        or not text.isascii()
        or not text
        or set(text) & _NEVER
    ):
        raise ProblemError("amount_unreadable", field="amount")
    try:
        return parse_minor(text, decimals)
    except AmountError as error:
        said = str(error)
        name = "amount_too_fine" if "decimals" in said else "amount_unreadable"
        raise ProblemError(
            "amount_too_large" if "64 bits" in said else name, field="amount"
        ) from error


_SAFE: Final = ("Expected", "Object missing", "Object contains", "JSON is malformed", "Input data")


def _said(error: Exception) -> str:
    """Return where the shape is wrong, without anything of what was found."""
    said = str(error)
    return said if said.startswith(_SAFE) else ""


class Told(msgspec.Struct, omit_defaults=True):
    """One answer as it goes out."""

    id: str
    decision: str = ""
    is_scored: bool = True
    score: float | None = None
    is_repeat: bool = False
    expires_at: str = ""
    reasons: list[dict[str, str]] = []
    remedy: dict[str, str] = {}
    refusal: str = ""
    field: str = ""


_ENCODER: Final = msgspec.json.Encoder()


def told(ids: Sequence[str], answers: Answers) -> list[Told]:
    """Return the answers as they go out."""
    if not answers.extras and answers.scored.all():
        words = map(DECISIONS.__getitem__, answers.decisions.tolist())
        chances = [None if one != one else one for one in answers.scores.tolist()]  # noqa: PLR0124 - NaN: not scored
        return list(map(Told, ids, words, repeat(True), chances, answers.repeats.tolist()))
    decisions, scores = answers.decisions.tolist(), answers.scores.tolist()
    repeats, scored, extras = answers.repeats.tolist(), answers.scored.tolist(), answers.extras
    found = []
    for at, id_ in enumerate(ids):
        score = scores[at]
        decision = decisions[at]
        one = Told(
            id_,
            DECISIONS[decision] if decision >= 0 else "",
            scored[at] or decision < 0,
            score if score == score else None,  # noqa: PLR0124 - NaN: not scored
            repeats[at],
        )
        if extras and (extra := extras.get(at)) is not None:
            _add(one, extra)
        found.append(one)
    return found


def _add(one: Told, extra: Extra) -> None:
    one.refusal, one.field = extra.refusal, extra.field
    if extra.expires_us is not None:
        one.expires_at = instant_text(extra.expires_us)
    one.reasons = [
        {"code": reason.code, "en": reason.words, "zh": reason.words_zh} for reason in extra.reasons
    ]
    if extra.remedy is not None:
        one.remedy = {"en": extra.remedy.english, "zh": extra.remedy.chinese}


def instant_text(time_us: int) -> str:
    """Return an instant as text of RFC 3339."""
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat().replace("+00:00", "Z")


def write_one(id_: str, answers: Answers) -> bytes:
    """Return the answer to one payment; a refused one is a problem."""
    extra = answers.extras.get(0)
    if extra is not None and extra.refusal:
        raise ProblemError(extra.refusal, field=extra.field)
    return _ENCODER.encode(told((id_,), answers)[0])


def write_many(ids: Sequence[str], answers: Answers) -> bytes:
    """Return the answers to a batch."""

    def told_alone(at: int) -> bytes:
        return _ENCODER.encode(told((ids[at],), answers.part(at, at + 1))[0])

    plain = write_plain(ids, answers, told_alone) if isinstance(ids, Texts) else None
    if plain is not None:
        return plain
    return _ENCODER.encode({"decisions": told(ids, answers)})


__all__ = [
    "Asked",
    "AskedBatch",
    "Taken",
    "Told",
    "decimals_of",
    "instant_text",
    "is_batch",
    "read_body",
    "taken",
    "taken_bytes",
    "told",
    "write_many",
    "write_one",
]
