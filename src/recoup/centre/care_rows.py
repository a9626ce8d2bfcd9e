"""What the rooms of care share: a refusal as the centre tells it, and a deadline that asks for a command. Decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from recoup.care import CareReason, CareRefusal
from recoup.centre.commands import Declined
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import CLOCK, Request, encode_request
from recoup.journal.port import Deadline

_EARLY: Final = frozenset(
    {CareReason.MEASURE_RUNS, CareReason.DISSUASION_RUNS, CareReason.DECISION_APPEAL_RUNS}
)


def declined(refusal: CareRefusal) -> Declined:
    """Return a refusal of care as the centre's."""
    # A time that came too early is told as the deadlines know it: the row stays.
    reason = "term_runs" if refusal.reason in _EARLY else refusal.reason.value
    return Declined(reason, refusal.found)


def deadline(row: str, at: datetime, command: object, about: str) -> Deadline:
    """Return the deadline of an id that asks for a command at an instant."""
    body = encode_request(COMMAND_REGISTRY, Request(CLOCK, command, row))
    return Deadline(row, at, COMMAND_REGISTRY.name_of(command)[0], about, body)


__all__ = ["deadline", "declined"]
