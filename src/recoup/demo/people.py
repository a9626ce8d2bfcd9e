"""The demo's people of the return: units from a province down to the station, who is what, and a session for each.

Money is given back by persons in sessions only, each within the table of rights. Here the door opens the sessions itself:
passwords and codes are for people, not for a play.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from recoup.centre.commands import Done, Outcome, Turned
from recoup.centre.requests import DOOR, Actor, Request
from recoup.errors import GatewayFault
from recoup.staff import Grant, Level, Role, Unit
from recoup.staff.commands import AddPerson, AddUnit, Enrol, GrantRole, OpenSession, SetUp

Ask = Callable[[Request], Outcome]

ROOT: Final = "person-0"
PREPARER: Final = "person-2"
SECOND: Final = "person-6"
CITY: Final = "person-4"
PROVINCE: Final = "person-5"
_UNITS: Final = (Unit("city-1", Level.CITY, "province-1"),)
_PEOPLE: Final = (
    (PREPARER, Role.OFFICER, ""),
    (SECOND, Role.OFFICER, ""),
    (CITY, Role.APPROVER, "city-1"),
    (PROVINCE, Role.APPROVER, "province-1"),
)
"""The officers are of the case's own unit."""


class People:
    """Who may ask, once they are hired."""

    def __init__(self, ask: Ask, case: str, station: str) -> None:
        """Hire them: the units above `station`, the officers at it."""
        self._ask, self._case = ask, case
        self._sessions: dict[str, str] = {}
        self._credentials: dict[str, str] = {}
        self._logins = 0
        credential = _nobodys()
        self._at_the_door(SetUp(ROOT, Unit("province-1", Level.PROVINCE), credential, "none"))
        self._open(ROOT, credential)
        for unit in (*_UNITS, Unit(station, Level.STATION, "city-1")):
            self.must(ROOT, AddUnit(unit, ROOT))
        for person, role, unit_id in _PEOPLE:
            token, credential = _nobodys(), _nobodys()
            self.must(ROOT, AddPerson(person, token, ROOT))
            self._at_the_door(Enrol(person, token, credential, "none"))
            self.must(ROOT, GrantRole(person, Grant(role, unit_id or station), ROOT))
            self._open(person, credential)

    def again(self) -> None:
        """Let everybody log in anew: a session ends with its day."""
        self._logins += 1
        for person, credential in self._credentials.items():
            self._open(person, credential)

    def must(self, person: str, what: object) -> None:
        """Let a person in a session do something that is carried out."""
        _carried(self._ask(self.request(person, what)))

    def refusal(self, person: str, what: object) -> str:
        """Return why a person is refused what must not be carried out."""
        outcome = self._ask(self.request(person, what))
        if not isinstance(outcome, Turned):
            raise GatewayFault(f"expected the centre to refuse it, was {outcome}")
        return outcome.reason

    def request(self, person: str, what: object) -> Request:
        """Return what a person in a session asks."""
        actor = Actor(person, "", f"return of {self._case}")
        return Request(actor, what, case=self._case, session=self._sessions[person])

    def _open(self, person: str, credential: str) -> None:
        self._sessions[person], self._credentials[person] = _nobodys(), credential
        login = OpenSession(person, self._sessions[person], credential, 1 + self._logins)
        self._at_the_door(login)

    def _at_the_door(self, what: object) -> None:
        _carried(self._ask(Request(DOOR, what)))


def _carried(outcome: Outcome) -> None:
    if not isinstance(outcome, Done):  # in a year that the table of working days does not have
        raise GatewayFault(f"expected the centre to carry it out, was {outcome}")


def _nobodys() -> str:
    """Return what stands for a secret that nobody has."""
    return secrets.token_hex(32)


__all__ = ["CITY", "PREPARER", "PROVINCE", "SECOND", "Ask", "People"]
