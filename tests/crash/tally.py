"""A small room for the writer under test: a command adds one to a tally, sends a message, moves the one deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recoup.centre.commands import Command, Decision, Declined, Noted
from recoup.clock import HandClock
from recoup.journal import Registry
from recoup.journal.port import Deadline, Journal, Message
from recoup.journal.verify import Verified, verify

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """One command took effect."""

    command: str
    number: int
    at: datetime


REGISTRY = Registry()
REGISTRY.register("counted", 1, Counted)


@dataclass(frozen=True, slots=True)
class Tally:
    count: int = 0


def command(name: str, content: bytes | None = None) -> Command:
    return Command(name, name.encode() if content is None else content, name)


def decide(state: Tally, given: Command, now: datetime) -> Decision | Declined:
    if given.value == "declined":
        return Declined("never_welcome")
    number = state.count + 1
    return Decision(
        answer=b"%d" % number,
        events=(Noted("tally", Counted(given.id, number, now)),),
        messages=(Message(f"m_{given.id}", "bank", "count", b"%d" % number),),
        deadlines=(Deadline(f"d_{number}", now + timedelta(hours=48), "lapse", "tally", b""),),
        ended=(f"d_{number - 1}",),
    )


def evolve(state: Tally, _: str, event: object) -> Tally:
    assert isinstance(event, Counted)
    assert event.number == state.count + 1
    return Tally(event.number)


def clock() -> HandClock:
    return HandClock(START)


def check(journal: Journal, acknowledged: dict[str, bytes]) -> list[str]:
    """Return what is wrong with a journal that answered `acknowledged`: lost, twice, or not whole."""
    found = verify(journal.records(), registry=REGISTRY)
    if not isinstance(found, Verified):
        return [f"chain: {found}"]
    wrong, seen = [], dict[str, int]()
    for record in journal.records():
        event = REGISTRY.decode(record.name, record.version, record.body)
        if event.number != record.sequence:
            wrong.append(f"numbers: {event.number} at {record.sequence}")
        if record.command in seen:
            wrong.append(f"twice: {record.command}")
        seen[record.command] = event.number
    for name, answer in acknowledged.items():
        kept = journal.answer_of(name)
        if kept is None or name not in seen:
            wrong.append(f"lost: {name}")
        elif kept.body != answer or b"%d" % seen[name] != answer:
            wrong.append(f"other answer: {name}")
    wrong += [f"no answer kept: {name}" for name in seen if journal.answer_of(name) is None]
    due = [x.id for x in journal.due(datetime(2999, 1, 1, tzinfo=UTC), 100)]
    if due != ([f"d_{len(seen)}"] if seen else []):
        wrong.append(f"deadlines: {due} after {len(seen)}")
    return wrong
