"""What persons decide about a case, and what runs until they do, as values: findings, motions, appeals, notices, handovers.

No rule is here. Amounts are minor units; texts and numbers lie in the vault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from hashlib import sha256
from json import JSONEncoder
from operator import attrgetter
from typing import Final

from recoup.cases.state import (
    AppealState,
    FindingState,
    HandoverState,
    MotionState,
    NoticeState,
    TaskState,
)


def digest_of(tag: str, *parts: object) -> str:
    """Return SHA-256 over a tag and all parts as text, each with its length: what an approval binds.

    Equal values have equal digests, however they came about: an instant counts as its moment, whatever zone it is told in.
    """
    whole = sha256(f"recoup {tag} 1\n".encode())
    for part in parts:
        text = _text(part).encode()
        whole.update(len(text).to_bytes(4, "big") + text)
    return whole.hexdigest()


def _text(value: object) -> str:
    """Return a value as the one text that stands for it; how Python prints what lies within others is not one."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, int):
        return str(value)
    return str(_within(value)) if isinstance(value, date) else _ENCODER.encode(value)


def _within(value: object) -> str | tuple[object, ...]:
    """Return what JSON has a form for: an instant in UTC, the fields of a dataclass."""
    if isinstance(value, datetime):
        assert value.tzinfo is not None, "an instant has a zone"
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    kind: type = type(value)
    assert is_dataclass(kind), f"nothing says in which order {kind} is told"
    return _parts_of(kind)(value)


_ENCODER: Final = JSONEncoder(allow_nan=False, separators=(",", ":"), default=_within)
"""Within lists and records: a trail has thousands of places, and this runs in C."""


@cache
def _parts_of(kind: type) -> Callable[[object], tuple[object, ...]]:
    """Return what gives the fields of a dataclass, in their order."""
    names = [field.name for field in fields(kind)]
    first, *more = map(attrgetter, names)
    return attrgetter(*names) if more else lambda value: (first(value),)


class FindingKind(StrEnum):
    """What the centre found (SEMANTICS 4)."""

    CLAIM_VOID = "claim_void"
    GOOD_FAITH_VALUE = "good_faith_value"
    INNOCENT_CONDUIT = "innocent_conduit"


@dataclass(frozen=True, slots=True)
class Finding:
    """A decision about a claim or an account; takes effect when somebody else agrees."""

    id: str
    kind: FindingKind
    subject: str
    """The claim, or the account."""
    made_by: str
    reason: str
    state: FindingState = FindingState.PROPOSED
    decided_by: str = ""

    @property
    def digest(self) -> str:
        """What the second person agrees to."""
        return digest_of("finding", self.id, self.kind, self.subject, self.made_by, self.reason)


class Matter(StrEnum):
    """What one person may propose and another decides with them."""

    SURPLUS = "surplus"
    HARDSHIP = "hardship"
    SWAP = "swap"
    DEFERRAL = "deferral"
    JOINING = "joining"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Motion:
    """A decision that one person proposes; it takes effect when another agrees to exactly what the first saw."""

    id: str
    matter: Matter
    by: str
    account: str
    currency: str = ""
    amount: int = 0
    """What stays held (surplus), is freed (hardship), is held elsewhere (swap), or may be held at most (cap; 0: whatever claims
    are entitled to)."""
    offered: str = ""
    institution: str = ""
    """Where the offered account lies."""
    until: datetime | None = None
    other: str = ""
    """The case to be worked together with this one."""
    reason: str = ""
    seen: str = ""
    """Digest of what the case showed of it when it was proposed (`motions.shown`)."""
    state: MotionState = MotionState.PROPOSED
    settled_by: str = ""

    @property
    def digest(self) -> str:
        """What the second person agrees to."""
        until = self.until or ""
        return digest_of(
            "motion",
            self.id,
            self.matter,
            self.by,
            self.account,
            self.currency,
            self.amount,
            self.offered,
            self.institution,
            until,
            self.other,
            self.reason,
            self.seen,
        )


@dataclass(frozen=True, slots=True)
class Appeal:
    """A holder's objection to a hold."""

    id: str
    account: str
    currency: str
    is_through_bank: bool
    filed_at: datetime
    due_at: datetime
    text: str = ""
    state: AppealState = AppealState.FILED
    decided_by: str = ""
    decided_at: datetime | None = None
    keep: int = 0
    """What stays held after it was upheld."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the holder of a held account must be told: authority, case, amount, term, documents, phone."""

    account: str
    currency: str
    period: int
    amount: int
    due_at: datetime
    state: NoticeState = NoticeState.DUE
    documents: str = ""
    phone: str = ""
    reason: str = ""
    """Why it is deferred."""
    first_due_at: datetime | None = None
    """When its holder was to be told before anything was deferred, also of an earlier period; None: nothing was."""

    def first_due_as(self, state: NoticeState) -> datetime | None:
        """Return when its holder was to be told at first, once it is in a state: the first deferral says that."""
        if self.first_due_at is None and state is NoticeState.DEFERRED:
            return self.due_at
        return self.first_due_at

    @property
    def untold_since(self) -> datetime | None:
        """Since when the holder waits by deferrals, which the next period's notice goes on counting from; None: by none."""
        return None if self.state is NoticeState.SENT else self.first_due_at


@dataclass(frozen=True, slots=True)
class Task:
    """A request to another country, with all that its text needs."""

    id: str
    claim: str
    account: str
    institution: str
    currency: str
    amount: int
    left_at: datetime
    serial: str
    due_at: datetime
    state: TaskState = TaskState.OPEN
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handover:
    """An offer of the case to another unit, on the packet that `digest` stands for."""

    id: str
    from_unit: str
    to_unit: str
    digest: str
    by: str
    offered_at: datetime
    reason: str
    state: HandoverState = HandoverState.OFFERED
    settled_by: str = ""
    why: str = ""
    """Why it was declined, or taken back."""

    @property
    def asked(self) -> tuple[str, ...]:
        """What tells one offer from another of the same id."""
        return self.to_unit, self.digest, self.by, self.reason


@dataclass(frozen=True, slots=True)
class Clock:
    """Something that is due: what a unit answers for, and a new one from the moment at which it accepts the case."""

    kind: str
    about: str
    due_at: datetime
