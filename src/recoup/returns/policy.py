"""The terms on which frozen money is given back, as values with the source of each. No figure of a law stands in this code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.returns.reimburse import Reimbursement

CAUSAL: Final = ("fifo", "lifo", "rolling")
"""Rules that a direct part may rest on [SEMANTICS 5]."""


class Basis(StrEnum):
    """Among whom the rest of a pot is shared."""

    CASE = "case"
    """All claims of the case, over all its pots at once."""
    ACCOUNT = "account"
    """The claims whose disputed transfer went to the account itself."""
    ASKED_FIRST = "asked_first"
    """Who asks first is paid first, of every pot that its money is found in; the order of ids is the order of asking."""
    INSTITUTIONS = "institutions"
    """No claim: institutions reimburse victims and keep what is recovered."""


class Interest(StrEnum):
    """Whose the interest is that an involved holder's pot has accrued. An innocent holder's is always the holder's."""

    APART = "apart"
    """Nobody's yet: it stays where it is, is shown and not shared."""
    CLAIMS = "claims"
    """It is shared with the rest, pro rata, never beyond what claims miss; no direct part is taken of it."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """What may become of money that no claim takes, in words. Nothing moves by itself."""

    after: str
    to: str


NOT_SAID: Final = Unclaimed("not said", "not said")


class Standing(StrEnum):
    """Whether a source was read, or is recalled or chosen."""

    KNOWN = "known"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Choice:
    """One term of a policy in words: what it says, where that comes from, whether that text was read."""

    term: str
    value: str
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """How one jurisdiction, or one school of thought, gives frozen money back."""

    id: str
    rules: tuple[str, ...]
    """Rules of tracing that must all find money for it to be returned directly. None: no direct part."""
    strength: tuple[str, ...]
    """Rules under which the direct part is counted once more and printed, without effect on any award."""
    own_first: bool
    """Whether an involved holder's debits take first what is no claim's."""
    basis: Basis
    is_payable: bool
    """Whether money may be paid by it; else it is for comparison only."""
    choices: tuple[Choice, ...]
    interest: Interest = Interest.APART
    unclaimed: Unclaimed = NOT_SAID
    reimbursement: Reimbursement | None = None

    def choice(self, term: str) -> Choice | None:
        """Return what is said of one term, None if nothing is."""
        return next((choice for choice in self.choices if choice.term == term), None)

    @property
    def lead(self) -> str:
        """The rule by whose shares a victim's direct part is spread over the victim's claims."""
        return "fifo" if "fifo" in self.rules or not self.rules else self.rules[0]

    @property
    def traced_rules(self) -> tuple[str, ...]:
        """Every rule that must be traced for this policy, in the order of `CAUSAL`."""
        return tuple(r for r in CAUSAL if r in self.rules or r in self.strength or r == self.lead)

    @property
    def assumed(self) -> tuple[Choice, ...]:
        """The choices that no text read says; printed on every plan."""
        return tuple(choice for choice in self.choices if choice.standing is Standing.ASSUMED)
