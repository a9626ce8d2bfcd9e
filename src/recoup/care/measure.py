"""The literal table of an account's measure, and the measure itself: ground, term, limits, notice, appeal. No rule is here.

Every pair of a state and a trigger stands in the table of moves or of refusals; a test counts them. Whatever stands has an end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from recoup.care.refusals import CareReason
from recoup.care.terms import MeasureKind


class MeasureState(StrEnum):
    """Where a measure stands."""

    PROPOSED = "proposed"
    """It needs another person; nobody is bound by it."""
    STANDING = "standing"
    UNDER_APPEAL = "under_appeal"
    """It stands, and its holder objected."""
    LIFTED = "lifted"
    LAPSED = "lapsed"
    """Its end came."""
    WITHDRAWN = "withdrawn"
    """It was never agreed to."""


class MeasureTrigger(StrEnum):
    """What can happen to a measure."""

    AGREE = "agree"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    """The institution says that it is in force there."""
    TELL = "tell"
    """The holder is told ground, term and ways back; of what stood and ended, that it did."""
    PROVE = "prove"
    """The holder was verified again."""
    APPEAL = "appeal"
    UPHOLD = "uphold"
    DENY = "deny"
    LIFT = "lift"
    PASS_APPEAL = "pass_appeal"  # noqa: S105 - a word of the trade, no password
    """The appeal is not decided within its limit."""
    PASS_END = "pass_end"  # noqa: S105 - the same


class MeasureGround(StrEnum):
    """What a measure rests on; `about` names it."""

    CASE = "case"
    """A case with this account among its accounts."""
    LISTED = "listed"
    """A live entry of the lists."""
    RED_FLAG = "red_flag"
    """A pattern of payments, by its official code."""
    IDENTITY = "identity"
    """What is known of the holder is out of date or does not fit."""
    WARNED_PAYER = "warned_payer"
    """A dissuasion of the holder, who is a likely victim."""


_S, _T, _R = MeasureState, MeasureTrigger, CareReason

MEASURE_MOVES: Final[dict[tuple[MeasureState, MeasureTrigger], MeasureState]] = {
    (_S.PROPOSED, _T.AGREE): _S.STANDING,
    (_S.PROPOSED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.PROPOSED, _T.PASS_END): _S.LAPSED,  # nobody agreed in time
    (_S.STANDING, _T.CONFIRM): _S.STANDING,
    (_S.STANDING, _T.TELL): _S.STANDING,
    (_S.STANDING, _T.PROVE): _S.LIFTED,
    (_S.STANDING, _T.APPEAL): _S.UNDER_APPEAL,
    (_S.STANDING, _T.LIFT): _S.LIFTED,
    (_S.STANDING, _T.PASS_END): _S.LAPSED,
    (_S.UNDER_APPEAL, _T.CONFIRM): _S.UNDER_APPEAL,
    (_S.UNDER_APPEAL, _T.TELL): _S.UNDER_APPEAL,
    (_S.UNDER_APPEAL, _T.PROVE): _S.LIFTED,  # what it was for is done: no appeal is needed any more
    (_S.UNDER_APPEAL, _T.UPHOLD): _S.LIFTED,
    (_S.UNDER_APPEAL, _T.DENY): _S.STANDING,
    (_S.UNDER_APPEAL, _T.LIFT): _S.LIFTED,
    (
        _S.UNDER_APPEAL,
        _T.PASS_APPEAL,
    ): _S.UNDER_APPEAL,  # it is told to whoever is late, and stays open
    (_S.UNDER_APPEAL, _T.PASS_END): _S.LAPSED,  # an open appeal makes no measure longer
    (_S.LIFTED, _T.TELL): _S.LIFTED,  # whoever was restricted hears that it is over
    (_S.LAPSED, _T.TELL): _S.LAPSED,
}
MEASURE_REFUSALS: Final[dict[tuple[MeasureState, MeasureTrigger], CareReason]] = {
    **{
        (_S.PROPOSED, trigger): _R.MEASURE_PROPOSED
        for trigger in _T
        if trigger not in {_T.AGREE, _T.WITHDRAW, _T.PASS_END}
    },
    (_S.STANDING, _T.AGREE): _R.MEASURE_STANDS,
    (_S.STANDING, _T.WITHDRAW): _R.MEASURE_STANDS,
    (_S.STANDING, _T.UPHOLD): _R.MEASURE_NOT_APPEALED,
    (_S.STANDING, _T.DENY): _R.MEASURE_NOT_APPEALED,
    (_S.STANDING, _T.PASS_APPEAL): _R.MEASURE_NOT_APPEALED,
    (_S.UNDER_APPEAL, _T.AGREE): _R.MEASURE_STANDS,
    (_S.UNDER_APPEAL, _T.WITHDRAW): _R.MEASURE_STANDS,
    (_S.UNDER_APPEAL, _T.APPEAL): _R.MEASURE_APPEALED,
    **{
        (ended, trigger): _R.MEASURE_ENDED
        for ended in (_S.LIFTED, _S.LAPSED, _S.WITHDRAWN)
        for trigger in _T
        if trigger is not _T.TELL or ended is _S.WITHDRAWN
    },
}

IN_FORCE: Final = frozenset({_S.STANDING, _S.UNDER_APPEAL})
"""These bind the institution."""
LIVE_MEASURES: Final = IN_FORCE | {_S.PROPOSED}


@dataclass(frozen=True, slots=True)
class MeasureAppeal:
    """An objection of the holder; its words lie in the vault."""

    id: str
    filed_by: str
    filed_at: datetime
    due_at: datetime
    is_overdue: bool = False
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one account."""

    id: str
    kind: MeasureKind
    account: str
    """The key under which the vault has it, as lists do."""
    institution: str
    currency: str
    unit: str
    ground: MeasureGround
    about: str
    """A case, an entry, a code or a dissuasion: what the ground names."""
    reason: str
    limit: int
    """Minor units a day that may leave: of lower limits the new limit, of a protective stop what stays free; else 0."""
    made_by: str
    made_at: datetime
    ends_at: datetime
    """Of a proposal, the last moment to agree: then it ends by itself as well."""
    seconds: int = 0
    """How long it will stand from the moment of the last agreement."""
    persons: int = 0
    """How many beside the maker must agree, as the policy said when it was made."""
    state: MeasureState = MeasureState.PROPOSED
    agreed_by: tuple[str, ...] = ()
    began_at: datetime | None = None
    notice_due_at: datetime | None = None
    told_at: datetime | None = None
    """When the holder was told; of what ended, of its end."""
    confirmed_at: datetime | None = None
    intercepted: int | None = None
    """Minor units that lay in the account when it came into force, as the institution says."""
    appeals: tuple[MeasureAppeal, ...] = field(default_factory=tuple)
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_for: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the holder knows how it stands now."""
        since = self.ended_at or self.began_at
        return self.told_at is not None and (since is None or self.told_at >= since)

    @property
    def digest(self) -> str:
        """What the second person agrees to; it goes stale with every move."""
        parts: tuple[str, ...] = (
            self.id,
            self.kind,
            self.account,
            self.institution,
            self.currency,
            self.unit,
        )
        parts += (self.ground, self.about, self.reason, str(self.limit), self.made_by)
        parts += (str(self.seconds), self.state, *self.agreed_by)
        whole = sha256(b"recoup measure 1\n")
        for part in parts:
            whole.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        return whole.hexdigest()

    @property
    def is_protection(self) -> bool:
        """Whether it protects a likely victim: never counted among intercepted accounts."""
        return self.kind is MeasureKind.PROTECTIVE_STOP

    @property
    def is_in_force(self) -> bool:
        """Whether the institution said so and it still binds."""
        return self.state in IN_FORCE and self.confirmed_at is not None

    @property
    def appeal(self) -> MeasureAppeal | None:
        """The open appeal."""
        return self.appeals[-1] if self.state is MeasureState.UNDER_APPEAL else None

    @property
    def makers(self) -> tuple[str, ...]:
        """Who had a part in it: none of them decides on it."""
        return (self.made_by, *self.agreed_by)


__all__ = [
    "IN_FORCE",
    "LIVE_MEASURES",
    "MEASURE_MOVES",
    "MEASURE_REFUSALS",
    "Measure",
    "MeasureAppeal",
    "MeasureGround",
    "MeasureState",
    "MeasureTrigger",
]
