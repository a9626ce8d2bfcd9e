"""What a return's awards are worked out from, as it lies in journal and vault, and what comes of it. Decides nothing.

Claims of several cases may share an id, so in the files of a plan a claim is named by its case and its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from recoup.cases import Case
from recoup.centre.facts import Statement, statement_of
from recoup.orders import Hold
from recoup.procedure import ClaimKey, Return
from recoup.procedure.commands import FactsSeen, Wanted


class UnworkableError(Exception):
    """Why no plan can be made of what the cases show: a reason that a caller is told, and what was found."""

    def __init__(self, reason: str, what: str = "") -> None:
        self.reason, self.what = reason, what
        super().__init__(reason, what)


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """A plan as it is bound, and its files as `recoup return` writes them."""

    inputs: str
    """SHA-256 of `summary.json`, which has the policy and the digest of every table."""
    outputs: str
    """SHA-256 of `awards.csv`."""
    policy: str
    awards: tuple[Wanted, ...]
    """Of the claims for which somebody applied; what the others are given in the files stays frozen for them."""
    files: Mapping[str, str]
    """Text by name."""


@dataclass(frozen=True, slots=True)
class ReturnSheets:
    """One version of the facts of a return's cases, not yet arranged."""

    of: Return
    cases: tuple[Case, ...]
    statements: tuple[bytes, ...]
    """Of all cases, each once, as the vault keeps them."""
    holds: tuple[Hold, ...]
    """That ever held something for these cases."""
    terminal: tuple[str, ...]
    policy: str
    """The return policy's name."""
    for_value: Mapping[str, int] = field(default_factory=dict)
    """By kind of payment, with how many others a seller trades, as the cases' trails have it."""

    @property
    def seen(self) -> tuple[FactsSeen, ...]:
        """Which versions of the cases' facts these are."""
        return tuple(FactsSeen(case.id, case.facts_version) for case in self.cases)

    def worked_out(self, read: Callable[[bytes], Statement] = statement_of) -> WorkedOut:
        """Arrange, trace and share; loads tables and kernels. Raises `UnworkableError`.

        Args:
            read: gives the statement of its bytes; whoever traced the cases before has most of them decoded.
        """
        from recoup.centre.return_working import work_out

        return work_out(self, read)


def claim_name(key: ClaimKey) -> str:
    """Return a claim's name in the files of a plan.

    >>> claim_name(ClaimKey("A440300-2026-0017", "claim_1"))
    'A440300-2026-0017/claim_1'
    """
    return f"{key.case}/{key.claim}"


__all__ = ["ReturnSheets", "UnworkableError", "WorkedOut", "claim_name"]
