"""Asks every institution for its balance digest again and again: what it shows is held twice said. It decides nothing.

An institution that cannot be asked, or answers wrongly, is told of and asked again at the next round; the others are asked all
the same. Nothing is lost by a round that was missed: a digest shows everything that stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recoup.centre.part import Part
from recoup.centre.ports import ToldOf
from recoup.errors import Fault


class Digests(Part):
    """Asks in rounds, and begins with a pause: right after a start there is enough to do."""

    def __init__(
        self,
        confirm: Callable[[str], int],
        institutions: Sequence[str],
        seconds: float,
        told: ToldOf = lambda institution, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
    ) -> None:
        """Prepare; `confirm` asks one institution and tells the cases, `seconds` pass between two rounds."""
        super().__init__("digests")
        assert seconds > 0, "a round takes time"
        self._confirm, self._institutions, self._seconds = confirm, tuple(institutions), seconds
        self._told = told

    def one_round(self) -> int:
        """Ask each institution once; return how many holds they show."""
        count = 0
        for institution in self._institutions:
            if self._is_stopping.is_set():
                break
            try:
                count += self._confirm(institution)
            except Fault as fault:
                self._told(institution, str(fault))
        return count

    def _work(self) -> None:
        while self._pause(self._seconds):
            self.one_round()


__all__ = ["Digests"]
