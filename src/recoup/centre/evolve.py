"""Folds any event of the centre into its registers, by its room. No rule is here, and nothing is refused."""

from __future__ import annotations

from recoup.centre.requests import Acted
from recoup.centre.rooms import ROOM_OF_EVENT
from recoup.centre.state import CentreState
from recoup.ids import SubjectId


def evolve(state: CentreState, subject: SubjectId, event: object) -> CentreState:
    """Return the registers after `event`: the same object, changed."""
    if isinstance(event, Acted):
        return state
    return ROOM_OF_EVENT[type(event)].evolve(state, subject, event)


__all__ = ["evolve"]
