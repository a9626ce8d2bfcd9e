"""Whether a notice is this centre's: a letter by its check digits, an order by its signed code, a plan by its digest.

Tells no person and no sum. A letter's check digits are keyed, so nobody else can make them.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from recoup.api.port import CentrePort
from recoup.paper.victim_words import Stage

_DIGITS: Final = 8
_NUMBER: Final = re.compile(r"(\d{8})-(\d{1,2})-(\d{8})", re.ASCII)
_PLAN: Final = re.compile(r"[0-9a-f]{64}")
_STAGES: Final = tuple(Stage)
"""By their places: a letter's number has the place, so a new stage comes at the end."""


@dataclass(frozen=True, slots=True)
class LetterNumber:
    """What a letter's own number says: its day, what it tells, and digits that are the claim's."""

    on: date
    stage: Stage
    serial: str

    @property
    def text(self) -> str:
        """Return the number as it is printed."""
        return f"{self.on:%Y%m%d}-{_STAGES.index(self.stage)}-{self.serial}"

    @classmethod
    def made(cls, port: CentrePort, case: str, claim: str, stage: Stage) -> LetterNumber:
        """Return the number of today's letter about a claim: the same, however often it is made."""
        on = port.now().date()
        about = f"{case}\n{claim}\n{stage.value}\n{on.isoformat()}"
        return cls(on, stage, _digits(port, "letter_number", about))

    @classmethod
    def read(cls, text: str) -> LetterNumber | None:
        """Return what a printed number says; None for one that is none."""
        found = _NUMBER.fullmatch(text)
        if found is None or int(found[2]) >= len(_STAGES):
            return None
        try:
            on = date.fromisoformat(found[1])
        except ValueError:
            return None
        return cls(on, _STAGES[int(found[2])], found[3])


@dataclass(frozen=True, slots=True)
class Genuine:
    """A notice that is this centre's."""

    kind: str
    """letter, order or plan."""
    number: str
    on: date | None = None
    stage: Stage | None = None


def check_of(port: CentrePort, case: str, number: str) -> str:
    """Return the check digits that stand on a letter of this number."""
    return _digits(port, "letter_check", f"{case}\n{number}")


def found_out(port: CentrePort, case: str, number: str, said: str) -> Genuine | None:
    """Return what a notice is; None for one that is not this centre's. `said`: check digits, a code's content, or a digest."""
    order = port.order_in(said)
    if order is not None:
        found = port.view().find(order)
        is_ours = found is not None and found[1].issued_at is not None
        is_named = number in {"", order}  # a code that was cut out of another notice
        return Genuine("order", order) if is_ours and is_named else None
    if _PLAN.fullmatch(said):
        return Genuine("plan", number) if said in _published(port, number) else None
    letter = LetterNumber.read(number)
    digits = "".join(x for x in said if x.isascii() and x.isdigit())
    if letter is None or not hmac.compare_digest(digits, check_of(port, case, letter.text)):
        return None
    return Genuine("letter", letter.text, letter.on, letter.stage)


def _published(port: CentrePort, return_id: str) -> frozenset[str]:
    """Return the digests of the plans that a return made public."""
    found = port.view().returns.get(return_id)
    rounds = found.rounds if found is not None else ()
    return frozenset(notice.plan for row in rounds for notice in row.notices)


def _digits(port: CentrePort, purpose: str, text: str) -> str:
    made = port.digest(purpose, text.encode())
    return f"{int.from_bytes(made) % 10**_DIGITS:0{_DIGITS}d}"


__all__ = ["Genuine", "LetterNumber", "check_of", "found_out"]
