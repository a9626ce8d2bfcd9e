"""What the service asks of whoever decides, and the forms in which payments and answers pass between them. Decides nothing.

Payments are columns, so that five hundred cost little more than one. One thread owns the core; nobody else calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from recoup.watch.decision import Remedy
from recoup.watch.names import Texts

DECISIONS: Final = ("allow", "warn", "delay", "hold", "refuse")
REFUSED: Final = -1
"""In place of a decision where the payment itself was refused, such as an amount of zero."""
GOES_ON: Final = 1
"""Decisions up to this one let the payment go on at once."""


CHANNELS: Final = ("", "counter", "remote")
"""Where a payment was made; '' is not known, which is not the counter."""
_COLUMNS: Final = 7
"""Of a batch in which no payment says where it was made."""


Wholes = Sequence[int] | NDArray[np.int64] | NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Batch:
    """Payments in the order in which they came: equally long columns.

    Of bytes where ids, payers and payees are `Texts`: then numbers are arrays, all have one currency, and no channel is said.
    """

    ids: Sequence[str]
    payers: Sequence[str]
    """'' is the outside."""
    payees: Sequence[str]
    currencies: Sequence[str]
    amounts: Wholes
    """Minor units, above zero."""
    times_us: Wholes
    """Microseconds of UTC."""
    kinds: Wholes
    """Places in `records.kinds.KINDS`."""
    channels: Sequence[int] = ()
    """Places in CHANNELS; () where no payment says any."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def are_bytes(self) -> bool:
        """Whether texts are bytes, and numbers arrays."""
        return isinstance(self.ids, Texts)

    def columns(self) -> tuple[Sequence[str] | Sequence[int], ...]:
        """Return the columns in the order of the fields, as lists; that of channels only where a payment says one."""
        own: tuple[Sequence[str] | Sequence[int], ...]
        names = (self.ids, self.payers, self.payees, self.currencies)
        numbers = (self.amounts, self.times_us, self.kinds)
        own = (*map(_spelled, names), *map(_listed, numbers))
        return (*own, self.channels) if any(self.channels) else own

    @property
    def whole(self) -> tuple[Sequence[str] | Sequence[int], ...]:
        """All columns, that of channels too."""
        found = self.columns()
        return found if len(found) > _COLUMNS else (*found, [0] * len(self))

    def rows(self, places: Sequence[int]) -> Batch:
        """Return these rows alone."""
        return Batch(*([column[at] for at in places] for column in self.columns()))  # type: ignore[arg-type]

    @classmethod
    def joined(cls, parts: Sequence[Batch]) -> Batch:
        """Return the rows of all parts, one part after another."""
        if len(parts) == 1:
            return parts[0]
        if all(part.are_bytes for part in parts):
            codes = {part.currencies[0] for part in parts}
            if len(codes) == 1:
                return cls._of_bytes(parts, codes.pop())
        columns: tuple[list[object], ...] = tuple([] for _ in range(_COLUMNS + 1))
        is_plain = not any(any(part.channels) for part in parts)
        for part in parts:
            given = part.columns() if is_plain else part.whole
            for whole, column in zip(columns, given, strict=not is_plain):
                whole.extend(column)
        return cls(*columns)  # type: ignore[arg-type]

    @classmethod
    def _of_bytes(cls, parts: Sequence[Batch], code: str) -> Batch:
        texts = [
            Texts.joined([cast("Texts", getattr(part, name)) for part in parts])
            for name in ("ids", "payers", "payees")
        ]
        amounts, times_us, kinds = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("amounts", "times_us", "kinds")
        )
        ids, payers, payees = texts
        return cls(ids, payers, payees, [code] * len(ids), amounts, times_us, kinds)

    def packed(self) -> list[object]:
        """Return columns of bytes as a log has them: the currency, then bytes of lengths and of texts, and of numbers."""
        packed: list[object] = [self.currencies[0]]
        for texts in (self.ids, self.payers, self.payees):
            assert isinstance(texts, Texts), "of bytes"
            lengths = np.diff(texts.starts).astype("<i4").tobytes()
            packed += [lengths, texts.data[: texts.starts[-1]].tobytes()]
        for numbers, form in ((self.amounts, "<i8"), (self.times_us, "<i8"), (self.kinds, "i1")):
            packed.append(np.asarray(numbers, form).tobytes())
        return packed

    @classmethod
    def unpacked(cls, packed: Sequence[object]) -> Batch:
        """Return columns of bytes from their packed form; `ValueError` for what is none."""
        code, *columns = packed
        if len(columns) != _PACKED or any(type(one) is not bytes for one in columns):
            raise ValueError("expected columns of bytes")
        own = cast("list[bytes]", columns)
        texts = [_texts(own[at], own[at + 1]) for at in (0, 2, 4)]
        ids, payers, payees = texts
        amounts, times_us = (np.frombuffer(one, "<i8").astype(np.int64) for one in own[6:8])
        kinds = np.frombuffer(own[8], np.int8).copy()
        if any(len(one) != len(ids) for one in (payers, payees, amounts, times_us, kinds)):
            raise ValueError("expected columns that are equally long")
        return cls(ids, payers, payees, [str(code)] * len(ids), amounts, times_us, kinds)


_PACKED: Final = 9
"""Columns behind the currency."""


def _texts(lengths: bytes, data: bytes) -> Texts:
    sizes = np.frombuffer(lengths, "<i4")
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    if (sizes < 0).any() or starts[-1] != len(data):
        raise ValueError("expected texts as long as they are said to be")
    return Texts(starts, np.frombuffer(bytearray(data), np.uint8))


def _spelled(texts: Sequence[str]) -> Sequence[str]:
    return texts.spelled() if isinstance(texts, Texts) else texts


def _listed(numbers: Wholes) -> Sequence[int]:
    if isinstance(numbers, np.ndarray):
        listed: list[int] = numbers.tolist()
        return listed
    return numbers


class Reason(NamedTuple):
    """Why a payment does not simply go on."""

    code: str
    """Official, or of the rule."""
    words: str
    words_zh: str


@dataclass(frozen=True, slots=True)
class Extra:
    """What an answer says beyond its decision and score; most have nothing."""

    refusal: str = ""
    """Why the payment was refused, by a name of `problems`; its decision is REFUSED then."""
    field: str = ""
    """Which field of the payment, where one is meant."""
    reasons: tuple[Reason, ...] = ()
    expires_us: int | None = None
    """When a delay or hold ends by itself."""
    remedy: Remedy | None = None
    """What the account holder is told of it; it follows from the rest, so no log has it."""


@dataclass(slots=True)
class Answers:
    """Answers to a batch: columns, and what few rows say more."""

    decisions: NDArray[np.int8]
    """Places in DECISIONS, or REFUSED."""
    scores: NDArray[np.float64]
    """Calibrated chance of fraud; NaN where the payment was not scored."""
    repeats: NDArray[np.bool_]
    """Whether the same payment was answered before, with this."""
    scored: NDArray[np.bool_]
    """False where scoring was left out: orders were enforced all the same."""
    extras: dict[int, Extra] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.decisions)

    @classmethod
    def blank(cls, count: int, *, is_scored: bool = False) -> Answers:
        """Return answers that let everything go on, without scores."""
        return cls(
            np.zeros(count, np.int8),
            np.full(count, np.nan),
            np.zeros(count, np.bool_),
            np.full(count, is_scored),
        )

    def part(self, begin: int, end: int) -> Answers:
        """Return answers [begin, end)."""
        if begin == 0 and end == len(self):
            return self
        extras = {at - begin: one for at, one in self.extras.items() if begin <= at < end}
        columns = (self.decisions, self.scores, self.repeats, self.scored)
        decisions, scores, repeats, scored = (column[begin:end] for column in columns)
        return Answers(decisions, scores, repeats, scored, extras)  # type: ignore[arg-type]

    def rows(self, places: Sequence[int]) -> Answers:
        """Return answers at these places."""
        chosen = np.array(places, np.int64)
        columns = (self.decisions, self.scores, self.repeats, self.scored)
        decisions, scores, repeats, scored = (column[chosen] for column in columns)
        extras = {n: self.extras[at] for n, at in enumerate(places) if at in self.extras}
        return Answers(decisions, scores, repeats, scored, extras)  # type: ignore[arg-type]


class Listing(NamedTuple):
    """What is known of an account by its name alone."""

    lists: tuple[str, ...]
    is_bound: bool
    """Whether an order of the centre binds money on it, or a measure its debits."""


CONFIGURE: Final = "configure"
"""Name under which a core is told its configuration, and under which `versions` gives the digest of that."""


RELEASE: Final = "release"
CANCEL: Final = "cancel"
"""Names under which a core is told to let a payment go on that waits, or to take it back; the body is the payment's id."""


LAPSE: Final = "lapse"
"""Name under which a core is told to let time pass for what waits; the body is an instant in microseconds as text."""


class Core(Protocol):
    """Decides payments and keeps their state: the same calls in the same order give the same answers and the same bytes."""

    def decide(self, batch: Batch, *, is_scored: bool) -> Answers:
        """Answer each payment in turn and book what goes on.

        Without scoring neither model nor rules are asked; orders bind all the same. The same payment twice gets the same
        answer, marked as a repeat; another payment under its id is refused as `payment_id_taken`.
        """

    def knows_any(self, payment_ids: Sequence[str]) -> bool:
        """Return whether a payment of any of these ids was answered. Any thread may ask at any time."""

    def book(self, batch: Batch) -> None:
        """Book payments that went on although `decide` did not let them: their callers could not be kept waiting."""

    def tell(self, name: str, body: bytes) -> str:
        """Take in what is no payment: orders, reports, lists, a moved configuration, the end of a payment that waits.

        Returns what became of it, '' where there is nothing to say. Raises a `Fault` and changes nothing.
        """

    def due(self, now_us: int) -> int | None:
        """Return up to which instant time must pass for all that waits and is over by `now_us` to end; None: nothing is."""

    def listings(self, accounts: Sequence[str]) -> list[Listing]:
        """Return what is known of accounts."""

    def bound(self) -> Mapping[str, str]:
        """Return the accounts whose debits an order or a measure of the centre binds now, each with its code.

        A new mapping whenever it changes, never changed after that: another thread reads it.
        """

    def versions(self) -> Mapping[str, str]:
        """Return the digests of what decides: rules, model, policy."""

    def snapshot(self) -> bytes | None:
        """Return the whole state, ids and configuration included; None: it has none, and is brought back by the log alone."""

    def restore(self, given: bytes) -> None:
        """Take the state of a snapshot; raises a `Fault` for bytes that are none, and changes nothing then."""


__all__ = [
    "CANCEL",
    "CHANNELS",
    "CONFIGURE",
    "DECISIONS",
    "GOES_ON",
    "LAPSE",
    "REFUSED",
    "RELEASE",
    "Answers",
    "Batch",
    "Core",
    "Extra",
    "Listing",
    "Reason",
]
