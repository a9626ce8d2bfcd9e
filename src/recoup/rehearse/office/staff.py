"""Who works in a rehearsed centre: persons in sessions, each within the table of rights. Ids only; nobody has a secret.

Passwords and codes are for people, not for a play: the door opens sessions by itself, as the demonstration does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.centre import COMMAND_REGISTRY
from recoup.centre.commands import Command, Done, Outcome
from recoup.centre.requests import DOOR, Actor, Request, command_of
from recoup.rehearse.office.centre import Centre
from recoup.staff import Grant, Level, Role, Unit
from recoup.staff.commands import AddPerson, AddUnit, Enrol, GrantRole, OpenSession, SetUp

STATION: Final = "station-1"
TAKER: Final = "taker"
OFFICER: Final = "officer"
SECOND: Final = "second"
CITY: Final = "city"
PROVINCE: Final = "province"
JUDGE: Final = "judge"
"""Decides appeals, and makes or agrees to no order."""
_ROOT: Final = "root"
_UNITS: Final = (
    Unit("city-1", Level.CITY, "province-1"),
    Unit("district-1", Level.DISTRICT, "city-1"),
    Unit(STATION, Level.STATION, "district-1"),
)
_PEOPLE: Final = (
    (TAKER, Role.CALL_TAKER, STATION),
    (OFFICER, Role.OFFICER, STATION),
    (SECOND, Role.OFFICER, STATION),
    (CITY, Role.APPROVER, "city-1"),
    (PROVINCE, Role.APPROVER, "province-1"),
    (JUDGE, Role.APPROVER, "city-1"),
)
_BEFORE_END: Final = timedelta(seconds=limits.SESSION_SECONDS_MAX // 2)


class Staff:
    """Those who may ask, and their sessions."""

    def __init__(self, centre: Centre) -> None:
        """Hire them."""
        self._centre, self._commands = centre, 0
        self._credentials: dict[str, str] = {}
        self._sessions: dict[str, tuple[str, datetime]] = {}
        self._logins = 0
        credential = self._nobodys(_ROOT)
        self._at_the_door(SetUp(_ROOT, Unit("province-1", Level.PROVINCE), credential, "none"))
        self._credentials[_ROOT] = credential
        for unit in _UNITS:
            self.must(_ROOT, AddUnit(unit, _ROOT))
        for person, role, unit_id in _PEOPLE:
            token, credential = self._nobodys(person), self._nobodys(person)
            self.must(_ROOT, AddPerson(person, token, _ROOT))
            self._at_the_door(Enrol(person, token, credential, "none"))
            self.must(_ROOT, GrantRole(person, Grant(role, unit_id), _ROOT))
            self._credentials[person] = credential

    def request(self, person: str, what: object, case: str = "") -> Request:
        """Return what a person asks in a session that stands."""
        now = self._centre.clock.now()
        token, until = self._sessions.get(person, ("", now))
        if now >= until:
            token, until = self._nobodys(person), now + _BEFORE_END
            self._logins += 1
            login = OpenSession(person, token, self._credentials[person], self._logins)
            self._at_the_door(login)
            self._sessions[person] = token, until
        actor = Actor(person, "", f"case {case}" if case else "the house")
        return Request(actor, what, case=case, session=token)

    def command(self, person: str, what: object, case: str = "") -> Command:
        """Return the same as a command under an id of its own."""
        return self.named(self.request(person, what, case))

    def ask(self, person: str, what: object, case: str = "") -> Outcome:
        """Let a person ask for something; what follows at this instant is left to `Centre.settle`."""
        return self._centre.scribe.write([self.command(person, what, case)])[0]

    def must(self, person: str, what: object, case: str = "") -> None:
        """Let a person do what is carried out."""
        _carried(what, self.ask(person, what, case))

    def must_all(self, asked: Sequence[tuple[str, object]], case: str) -> None:
        """Let persons do things one after another, in one round."""
        commands = [self.command(person, what, case) for person, what in asked]
        outcomes = self._centre.scribe.write(commands)
        for (_, what), outcome in zip(asked, outcomes, strict=True):
            _carried(what, outcome)

    def ask_all(self, asked: Sequence[tuple[str, object]], case: str) -> list[object]:
        """Let persons ask for things in one round; return what was carried out."""
        commands = [self.command(person, what, case) for person, what in asked]
        outcomes = self._centre.scribe.write(commands) if commands else []
        pairs = zip(asked, outcomes, strict=True)
        return [what for (_, what), outcome in pairs if isinstance(outcome, Done)]

    def named(self, request: Request) -> Command:
        """Return a request as a command under an id of its own."""
        self._commands += 1
        return command_of(COMMAND_REGISTRY, f"asked-{self._commands}", request)

    def _at_the_door(self, what: object) -> None:
        _carried(what, self._centre.scribe.write([self.named(Request(DOOR, what))])[0])

    def _nobodys(self, person: str) -> str:
        """Return what stands for a secret that nobody has."""
        self._logins += 1
        return f"{person} {self._logins}"


def _carried(what: object, outcome: Outcome) -> None:
    assert isinstance(outcome, Done), f"{type(what).__name__}: {outcome}"


__all__ = ["CITY", "JUDGE", "OFFICER", "PROVINCE", "SECOND", "STATION", "TAKER", "Staff"]
