"""Who asks for what: a room's command with its actor, as canonical bytes and back; ids that repeats share. No rule of a room.

A request's bytes are what tells a repeat from another command under the same id, and what a deadline keeps until it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from recoup import limits
from recoup.centre.commands import Command
from recoup.errors import EventFault
from recoup.frozen import quickly_made
from recoup.ids import CommandId
from recoup.journal.canonical import decode_plain, encode_checked, encode_plain
from recoup.journal.events import Registry

_KEYS: Final = {"actor", "case", "command", "content", "deadline", "message", "version"}
_ACTOR_KEYS: Final = {"reason", "role", "who"}

OWN_MARK: Final = "#"
"""Stands in ids that the centre makes itself and in no other: nobody can take them first."""

INSTITUTION: Final = "institution"
"""The role of a bank that speaks for itself; `who` is then its id."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which role, and why. Whether the role may is settled before."""

    who: str
    role: str
    reason: str


MACHINE: Final = "machine"
"""The role of the centre's own parts."""

SENDER: Final = Actor("sender", MACHINE, "the outbox")
CLOCK: Final = Actor("deadlines", MACHINE, "a deadline came")
DOOR: Final = Actor("door", MACHINE, "somebody comes in or goes out")


@dataclass(frozen=True, slots=True)
class Acted:
    """The journal's first record of every request that had an effect."""

    who: str
    role: str
    reason: str
    command: str
    """The registered name of what was asked."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Request:
    """A command of a room, and whose it is."""

    actor: Actor
    what: Any
    deadline: str = ""
    """The row that made it due; '' for what somebody asked for. The row goes with the command's effect."""
    message: str = ""
    """The outbox message that got through; '' for anything else. It is no longer pending with the command's effect."""
    case: str = ""
    """The case that a command of the room of cases is about, or for which somebody reads; '' for anything else."""
    session: str = ""
    """Hash of the token of the session in which a person asks; '' for a machine. It is no part of the request's bytes: who
    asks again after a new login asks for the same."""


def encode_request(commands: Registry, request: Request) -> bytes:
    """Return canonical bytes; `EventFault` for a value that has none or is too long."""
    name, version = commands.name_of(request.what)
    actor = request.actor
    texts = actor.who, actor.role, actor.reason, request.case, request.deadline, request.message
    if set(map(type, texts)) != {str}:
        raise EventFault("expected texts around a command, was something else")
    body = encode_checked(
        {
            "actor": {"reason": actor.reason, "role": actor.role, "who": actor.who},
            "case": request.case,
            "command": name,
            "content": commands.plain(request.what),
            "deadline": request.deadline,
            "message": request.message,
            "version": version,
        }
    )
    if len(body) > limits.REQUEST_BYTES_MAX:
        raise EventFault(
            f"expected at most {limits.REQUEST_BYTES_MAX} bytes (REQUEST_BYTES_MAX), was {len(body)}"
        )
    return body


def decode_request(commands: Registry, body: bytes) -> Request:
    """Return the request of canonical bytes; `EventFault` for anything else."""
    plain = decode_plain(body)
    if not isinstance(plain, dict) or plain.keys() != _KEYS:
        raise EventFault("expected a request, was something else")
    actor, name, version = plain["actor"], plain["command"], plain["version"]
    rows = plain["deadline"], plain["message"], plain["case"]
    texts = [name, *rows, *(actor.values() if isinstance(actor, dict) else [None])]
    if not all(isinstance(text, str) for text in texts) or type(version) is not int:
        raise EventFault("expected a request, was one with fields of another kind")
    if actor.keys() != _ACTOR_KEYS:
        raise EventFault("expected an actor with who, role and reason")
    what = commands.decode(name, version, encode_plain(plain["content"]))
    return Request(Actor(**actor), what, *rows)


def command_of(commands: Registry, command_id: str, request: Request) -> Command:
    """Return what the writer takes."""
    return Command(CommandId(command_id), encode_request(commands, request), request)


def derived_id(kind: str, *parts: str) -> str:
    """Return an id that follows from `parts` alone, so that whoever does the same thing again gives the same id.

    >>> derived_id("sent", "order_1") == derived_id("sent", "order_1") != derived_id(
    ...     "sent", "order", "1"
    ... )
    True
    """
    whole = sha256(b"recoup id 1\n")
    for part in (kind, *parts):
        text = part.encode()
        whole.update(len(text).to_bytes(4, "big") + text)
    return f"{kind}{OWN_MARK}{whole.hexdigest()[:40]}"


def is_usable(text: str) -> bool:
    """Return whether `text`, given from outside, may be an id: it can be written, and is none of the centre's own."""
    fits = 0 < len(text.encode()) <= limits.ID_BYTES_MAX
    return fits and text.isprintable() and OWN_MARK not in text


__all__ = [
    "CLOCK",
    "DOOR",
    "INSTITUTION",
    "MACHINE",
    "OWN_MARK",
    "SENDER",
    "Acted",
    "Actor",
    "Request",
    "command_of",
    "decode_request",
    "derived_id",
    "encode_request",
    "is_usable",
]
