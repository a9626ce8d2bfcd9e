"""Changes: what binds a stream, one thing at a time, each with its version and the digest of all changes up to it.

Each thing has a key, and the newest change under a key says how it stands: so a whole picture is a chain too, one change for
each thing, and whoever lost the thread takes the whole picture and carries out what differs.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a bank finds a transfer in its own books: so much came in on this account, about then, under this number."""

    account: str
    currency: str
    amount: int
    time_us: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ClaimOpened:
    """A claim was reported or, admitted by two persons, became its victim's own money."""

    case: str
    claim: str
    transfer: str
    is_admitted: bool
    arrival: Arrival | None = None


@dataclass(frozen=True, slots=True)
class ClaimEnded:
    """A claim is void, withdrawn or rejected."""

    case: str
    claim: str


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """A stop, freeze, raise, renewal or reduction: so much of an account is to be held from now on; nothing means a release."""

    case: str
    account: str
    currency: str
    amount: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class GoodFaith:
    """The holder of an account gave value in good faith."""

    case: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class Traced:
    """So much of a claim is traced to an account; nothing means that it is not any more."""

    case: str
    claim: str
    account: str
    currency: str
    amount: int
    since_us: int


@dataclass(frozen=True, slots=True)
class Listed:
    """An account is on a list, under its keyed hash (`listed_hash`); no level means that it is taken off."""

    subject: str
    level: str
    until_us: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure of an account stands, as `care` names its kind and ground; no kind means that it binds no more."""

    measure: str
    account: str
    currency: str
    measure_kind: str
    ground: str
    limit: int
    """Minor units a day that may leave; 0 for kinds without a limit."""
    until_us: int
    """Whatever stands has an end."""


@dataclass(frozen=True, slots=True)
class AppealSettled:
    """A person at the centre decided on an appeal against a decision of this watch. It is said once and never taken back."""

    decision: str
    """Its number, which is the payment's."""
    is_upheld: bool
    """Whether the payment is to go on, if it still waits; else the decision stands."""


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """Nothing of a case is followed or held any more."""

    case: str


What = (
    ClaimOpened
    | ClaimEnded
    | HoldAsked
    | GoodFaith
    | Traced
    | Listed
    | Measured
    | AppealSettled
    | CaseClosed
)

Key = tuple[str, ...]
"""What a change is about."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its version, the digest of all up to it, when it was told, and what it is."""

    version: int
    digest: bytes
    time_us: int
    what: What


def key_of(what: What) -> Key:
    """Return what a change is about; the newest one about the same says how it stands."""
    match what:
        case ClaimOpened(case, claim) | ClaimEnded(case, claim):
            return ("claim", case, claim)
        case HoldAsked(case, account, currency):
            return ("hold", case, account, currency)
        case GoodFaith(case, account, currency):
            return ("good_faith", case, account, currency)
        case Traced(case, claim, account, currency):
            return ("traced", case, claim, account, currency)
        case Listed(subject):
            return ("listed", subject)
        case Measured(measure):
            return ("measure", measure)
        case AppealSettled(decision):
            return ("appeal", decision)
        case CaseClosed(case):
            return ("case", case)


def end_of(what: What) -> What | None:
    """Return the change after which a thing binds no more; None for what never ends so: a finding on all time, an end."""
    match what:
        case ClaimOpened(case, claim):
            return ClaimEnded(case, claim)
        case HoldAsked(case, account, currency, amount) if amount:
            return HoldAsked(case, account, currency, 0, None)
        case Traced(case, claim, account, currency, amount) if amount:
            return Traced(case, claim, account, currency, 0, 0)
        case Listed(subject, level) if level:
            return Listed(subject, "", None)
        case Measured(measure, account, currency, kind) if kind:
            return Measured(measure, account, currency, "", "", 0, 0)
        case _:
            return None


def listed_hash(salt: str, institution: str, number: str) -> str:
    """Return under what an account is listed: nobody reads another bank's numbers off a list, who has one can ask for it."""
    text = f"{institution}\n{number}".encode()
    return hmac.digest(salt.encode(), text, "sha256").hex()[:40]


def digest_after(digest: bytes, version: int, time_us: int, what: What) -> bytes:
    """Return the digest of a chain with one more change."""
    body = [version, time_us, type(what).__name__, asdict(what)]
    text = json.dumps(body, separators=(",", ":"), sort_keys=True)
    return sha256(digest + text.encode()).digest()


def after(digest: bytes, version: int, time_us: int, what: What) -> Change:
    """Return the change that goes on from a version and its digest."""
    return Change(version + 1, digest_after(digest, version + 1, time_us, what), time_us, what)


def chain(
    changes: Sequence[tuple[int, What]], digest: bytes = b"", version: int = 0
) -> list[Change]:
    """Return (time, what) as changes that go on from a version and its digest."""
    out: list[Change] = []
    for time_us, what in changes:
        out.append(after(digest, version, time_us, what))
        version, digest = out[-1].version, out[-1].digest
    return out


__all__ = [
    "AppealSettled",
    "Arrival",
    "CaseClosed",
    "Change",
    "ClaimEnded",
    "ClaimOpened",
    "GoodFaith",
    "HoldAsked",
    "Key",
    "Listed",
    "Measured",
    "Traced",
    "What",
    "after",
    "chain",
    "digest_after",
    "end_of",
    "key_of",
    "listed_hash",
]
