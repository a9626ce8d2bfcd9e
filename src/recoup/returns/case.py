"""What a return is worked out from: pots of frozen money, claims with their losses, and what tracing found in each pot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Holder(StrEnum):
    """What the holder of a pot's account is in the case."""

    INVOLVED = "involved"
    """Debits took the holder's own money first; all that is left is there for the claims."""
    INNOCENT = "innocent"
    """Only what is traced to claims is in the pot; the rest is the holder's."""


class PotKind(StrEnum):
    """What was seized. Only an account has a statement that its amount can be held against."""

    ACCOUNT = "account"
    CASH = "cash"
    PROCEEDS = "proceeds"
    """What goods or tokens were sold for."""
    RESTITUTION = "restitution"


class ClaimKind(StrEnum):
    """Whose money a claim is; both are served alike [SEMANTICS 5]."""

    VICTIM = "victim"
    THIRD_PARTY = "third_party"


class Place(NamedTuple):
    """An account in one currency."""

    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class Pot:
    """Frozen money of one account, already without what others froze before."""

    place: Place
    amount: int
    """Minor units."""
    holder: Holder = Holder.INVOLVED
    kind: PotKind = PotKind.ACCOUNT
    interest: int = 0
    """What it has accrued, not in the amount; whose it is the policy says."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One admitted claim; amounts in minor units."""

    id: str
    victim: str
    currency: str
    loss: int
    returned: int = 0
    compensated: int = 0
    kind: ClaimKind = ClaimKind.VICTIM
    paid_into: str = ""
    """The account that the disputed transfer went to."""
    paid: tuple[tuple[Place, int], ...] = ()
    """What earlier rounds paid it of each place, sorted; not in `returned` too."""

    @property
    def paid_total(self) -> int:
        """What earlier rounds paid it in all."""
        return sum(amount for _, amount in self.paid) if self.paid else 0

    @property
    def missing(self) -> int:
        """What the claim may still be given."""
        left = self.loss - self.returned - self.compensated - self.paid_total
        return max(0, left)


@dataclass(frozen=True, slots=True)
class Payment:
    """What an earlier round paid to one claim out of one place, in whatever mode."""

    claim: str
    place: Place
    amount: int
    holder: Holder = Holder.INVOLVED
    """What the holder is, if the place has no pot any more."""


@dataclass(frozen=True, slots=True)
class Traced:
    """What tracing found in one pot."""

    credits: int
    """Amounts that came in, an opening balance counted as one."""
    shares: Mapping[str, Mapping[str, int]]
    """By rule and claim id, minor units; nothing for an account without a statement."""


NOTHING_TRACED = Traced(0, {})
