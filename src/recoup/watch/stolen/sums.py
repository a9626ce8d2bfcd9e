"""What became of every claim, in sums, and the assertion that nothing is lost or made. No places are here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

KNOWN: Final = 0
TERMINAL: Final = 1
UNKNOWN: Final = 2
"""Standing of a pocket: its debits are seen; what reaches it has left; its debits are not seen."""


class Fate(StrEnum):
    """What a row did to stolen money, or why it cannot be followed."""

    MOVED = "moved"
    EXITED = "exited"
    UNKNOWN = "unknown"
    TO_VICTIM = "to_victim"
    REVERSED = "reversed"
    GOOD_FAITH = "good_faith"
    NOT_RETAINED = "not_retained"
    CROWDED = "crowded"


LEFT: Final = frozenset({Fate.TO_VICTIM, Fate.REVERSED, Fate.GOOD_FAITH})
"""Fates of units that are on no axis any more and count as exits; the others that are on none are unknown."""


@dataclass(slots=True)
class Sum:
    """One claim: `loss = located + exited + unknown + residual`; the stream drops no dust, so residual is nought."""

    loss: int = 0
    standing: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Units on axes of known, terminal and unknown pockets."""
    gone: dict[tuple[Fate, int], int] = field(default_factory=dict)
    """Units that are on no axis any more, by why and the pocket where that was."""

    @property
    def located(self) -> int:
        """Units in known pockets."""
        return self.standing[KNOWN]

    @property
    def exited(self) -> int:
        """Units that left what can be followed."""
        return self.standing[TERMINAL] + sum(n for (why, _), n in self.gone.items() if why in LEFT)

    @property
    def unknown(self) -> int:
        """Units that reached a pocket whose debits are not seen, or can no longer be followed."""
        return self.standing[UNKNOWN] + sum(
            n for (why, _), n in self.gone.items() if why not in LEFT
        )

    def lose(self, why: Fate, pocket: int, amount: int) -> None:
        """Count units that leave every axis."""
        self.gone[why, pocket] = self.gone.get((why, pocket), 0) + amount

    def check(self) -> None:
        """Assert conservation."""
        assert min(self.standing) >= 0, "less than nothing of a claim is somewhere"
        assert self.loss == self.located + self.exited + self.unknown, (
            "stolen money was not conserved"
        )

    def copy(self) -> Sum:
        """Return one that changes apart."""
        return Sum(self.loss, list(self.standing), dict(self.gone))
