"""Whether a notice is this centre's: a letter by its check digits, an order by its signed code, all others by a digest.

An order has a digest too, beside its number. Tells no person; a sum only to whoever has the digest of the paper that it stands
on. A letter's check digits are keyed, so nobody else can make them.
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
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
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

    def is_of(self, port: CentrePort, case: str, claim: str) -> bool:
        """Whether this is the number of a letter that this centre makes about a claim."""
        about = f"{case}\n{claim}\n{self.stage.value}\n{self.on.isoformat()}"
        return hmac.compare_digest(self.serial, _digits(port, "letter_number", about))

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
    """letter, order, plan, paper, or replaced: a paper in whose place another was issued."""
    number: str
    on: date | None = None
    stage: Stage | None = None
    amount: str = ""
    """That a paper is about, as it stands there."""


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
    if _DIGEST.fullmatch(said):
        return _by_digest(port, number, said)
    letter = LetterNumber.read(number)
    digits = "".join(x for x in said if x.isascii() and x.isdigit())
    if letter is None or not hmac.compare_digest(digits, check_of(port, case, letter.text)):
        return None
    return Genuine("letter", letter.text, letter.on, letter.stage)


def _by_digest(port: CentrePort, number: str, digest: str) -> Genuine | None:
    """Return what has this number and this digest: a paper of a return, an order that left, or a plan that was made public."""
    view = port.view()
    issued = view.papers.get(digest)
    if issued is not None and issued.paper.number == number:
        is_newest = view.numbered[issued.of, number] == digest
        kind = "paper" if is_newest else "replaced"
        return Genuine(kind, number, issued.at.date(), amount=issued.paper.amount)
    order = view.find(number)
    if order is not None and order[1].issued_at is not None:
        return Genuine("order", number) if order[1].order.digest == digest else None
    return Genuine("plan", number) if digest in _published(port, number) else None


def _published(port: CentrePort, return_id: str) -> frozenset[str]:
    """Return the digests of the plans that a return made public."""
    found = port.view().returns.get(return_id)
    rounds = found.rounds if found is not None else ()
    return frozenset(notice.plan for row in rounds for notice in row.notices)


def _digits(port: CentrePort, purpose: str, text: str) -> str:
    made = port.digest(purpose, text.encode())
    return f"{int.from_bytes(made) % 10**_DIGITS:0{_DIGITS}d}"


__all__ = ["Genuine", "LetterNumber", "check_of", "found_out"]
