"""What the centre asks of the outside: an institution that takes messages. Adapters lie in the rooms that speak a wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recoup.centre.commands import Command
from recoup.journal.port import Message
from recoup.orders import Answer


@dataclass(frozen=True, slots=True)
class Reply:
    """The institution took the message; whatever it answered at once, its signature proved."""

    answers: tuple[Answer, ...] = ()
    facts: tuple[Command, ...] = ()
    """What must be on disk with the answers: it is decided before them, in the same round."""


class BankGateway(Protocol):
    """Hands messages to institutions, as often as it is called: an institution knows a repeat by the order's id."""

    def send(self, message: Message) -> Reply:
        """Hand over; a `Fault` says that it did not get through, or that nobody knows: `is_transient`, or refused as it is."""
        ...


class ToldOf(Protocol):
    """Hears what a person should know: of a case that stands still, of an institution that cannot be asked."""

    def __call__(self, what: str, why: str, /) -> None:
        """Take note."""
        ...


__all__ = ["BankGateway", "Reply", "ToldOf"]
