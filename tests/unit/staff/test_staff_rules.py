"""Every refusal of the room of staff, once; and what each command leads to when it is carried out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from recoup import limits
from recoup.journal.events import Registry
from recoup.staff import (
    EVENT_NAMES,
    Denial,
    Directory,
    Grant,
    Level,
    Role,
    Shift,
    StaffReason,
    Unit,
    decide,
    fold,
)
from recoup.staff import commands as c
from recoup.staff import events as e

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROOT = Unit("gd", Level.PROVINCE)
OFFICER = Grant(Role.OFFICER, "ft")


@dataclass
class Office:
    """A directory at a clock that the test turns."""

    now: datetime = START
    directory: Directory = field(default_factory=Directory)
    events: list[e.Event] = field(default_factory=list)
    list: str = "d"
    """The digest of what is open in whatever unit is spoken of."""

    def do(self, command: c.Command) -> tuple[e.Event, ...] | StaffReason:
        found = decide(self.directory, command, self.now, self.list)
        if isinstance(found, Denial):
            return found.reason
        self.events += found
        self.directory = fold(self.directory, found)
        assert self.directory == fold(Directory(), self.events)
        return found

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def office() -> Office:
    """An office with an administrator, two units, and an officer who has enrolled."""
    found = Office()
    for command in (
        c.SetUp("root", ROOT, "hash-root", "factor-root"),
        c.AddUnit(Unit("ft", Level.DISTRICT, "gd"), "root"),
        c.AddPerson("ann", "token-1", "root"),
        c.Enrol("ann", "token-1", "hash-1", "factor-1"),
        c.GrantRole("ann", OFFICER, "root"),
        c.AddPerson("bo", "token-2", "root"),
    ):
        assert not isinstance(found.do(command), StaffReason), command
    return found


def duty(person: str = "bo", unit: str = "ft", begins: int = 0, ends: int = 60) -> c.AssignDuty:
    begins_at, ends_at = START + timedelta(seconds=begins), START + timedelta(seconds=ends)
    return c.AssignDuty(person, unit, begins_at, ends_at, "ann")


def duty_end(person: str = "bo", begins: int = 0, by: str = "ann") -> c.EndDuty:
    return c.EndDuty(person, "ft", START + timedelta(seconds=begins), by, "fell ill")


def acting(person: str = "bo", begins: int = 0, ends: int = 60) -> c.NameActingApprover:
    begins_at, ends_at = START + timedelta(seconds=begins), START + timedelta(seconds=ends)
    return c.NameActingApprover(person, "ft", begins_at, ends_at, "ann", "leave")


R = StaffReason
REFUSED = [
    (c.AddUnit(Unit("ft", Level.DISTRICT, "gd"), "root"), R.UNIT_EXISTS),
    (c.AddUnit(Unit("x", Level.DISTRICT, "nowhere"), "root"), R.UNIT_UNKNOWN),
    (c.AddUnit(Unit("x", Level.DISTRICT, "ft"), "root"), R.LEVEL_NOT_BELOW),
    (c.AddUnit(Unit("x", Level.PROVINCE, "ft"), "root"), R.LEVEL_NOT_BELOW),
    (c.SetUp("eve", Unit("x", Level.PROVINCE), "h", "f"), R.ADMINISTRATOR_EXISTS),
    (c.LogEscalation("C1", "nobody", "ann", "agreed"), R.PERSON_UNKNOWN),
    (c.HandOverShift("nowhere", "ann", "bo", "d"), R.UNIT_UNKNOWN),
    (c.HandOverShift("ft", "ann", "nobody", "d"), R.PERSON_UNKNOWN),
    (c.HandOverShift("ft", "ann", "bo", "seen before"), R.SHIFT_STALE),
    (c.HandOverShift("ft", "ann", "ann", "d"), R.FOUR_EYES),
    (c.TakeOverShift("nowhere", "ann", "d"), R.UNIT_UNKNOWN),
    (c.TakeOverShift("ft", "ann", "d"), R.SHIFT_NOT_GIVEN),
    (c.AddPerson("ann", "t", "root"), R.PERSON_EXISTS),
    (c.SuspendPerson("nobody", "root", "left"), R.PERSON_UNKNOWN),
    (c.SuspendPerson("root", "root", "left"), R.OWN_RIGHTS),
    (c.SuspendPerson("root", "ann", "left"), R.LAST_ADMINISTRATOR),
    (c.RestorePerson("ann", "root", "back"), R.PERSON_NOT_SUSPENDED),
    (c.OfferEnrolment("root", "t", "root"), R.OWN_RIGHTS),
    (c.GrantRole("nobody", OFFICER, "root"), R.PERSON_UNKNOWN),
    (c.GrantRole("root", OFFICER, "root"), R.OWN_RIGHTS),
    (c.GrantRole("ann", OFFICER, "root"), R.ROLE_HELD),
    (c.GrantRole("ann", Grant(Role.APPROVER, "nowhere"), "root"), R.UNIT_UNKNOWN),
    (c.GrantRole("ann", Grant(Role.APPROVER, "", "bank-1"), "root"), R.ROLE_PLACE_WRONG),
    (c.GrantRole("bo", Grant(Role.BANK_OPERATOR, "ft"), "root"), R.ROLE_PLACE_WRONG),
    (c.GrantRole("bo", Grant(Role.BANK_OPERATOR, "ft", "bank-1"), "root"), R.ROLE_PLACE_WRONG),
    (c.GrantRole("ann", Grant(Role.ADMINISTRATOR, "gd"), "root"), R.ROLES_INCOMPATIBLE),
    (c.GrantRole("ann", Grant(Role.BANK_OPERATOR, "", "bank-1"), "root"), R.ROLES_INCOMPATIBLE),
    (c.RevokeRole("ann", Grant(Role.APPROVER, "ft"), "root"), R.ROLE_NOT_HELD),
    (c.RevokeRole("root", Grant(Role.ADMINISTRATOR, "gd"), "ann"), R.LAST_ADMINISTRATOR),
    (c.Enrol("bo", "token-1", "h", "f"), R.ENROLMENT_UNKNOWN),
    (c.Enrol("ann", "token-1", "h", "f"), R.ENROLMENT_UNKNOWN),
    (c.Enrol("bo", "token-2", "h", ""), R.ENROLMENT_UNKNOWN),
    (c.Enrol("bo", "token-2", "", "f"), R.ENROLMENT_UNKNOWN),
    (c.OpenSession("nobody", "s", "h", 9), R.PERSON_UNKNOWN),
    (c.OpenSession("ann", "s", "hash-0", 9), R.CREDENTIAL_CHANGED),
    (c.OpenSession("bo", "s", "", 9), R.CREDENTIAL_CHANGED),
    (c.OpenSession("ann", "s", "hash-1", 0), R.FACTOR_REPLAYED),
    (duty(unit="nowhere"), R.UNIT_UNKNOWN),
    (duty(person="nobody"), R.PERSON_UNKNOWN),
    (duty(person="ann"), R.OWN_RIGHTS),
    (duty(person="root"), R.ROLES_INCOMPATIBLE),
    (duty(begins=60, ends=60), R.TERM_BACKWARDS),
    (duty(begins=-60, ends=0), R.TERM_BACKWARDS),
    (duty(ends=limits.DUTY_SECONDS_MAX + 1), R.TERM_TOO_LONG),
    (duty_end(), R.DUTY_UNKNOWN),
    (duty_end(person="ann"), R.OWN_RIGHTS),
    (c.EndActing("bo", "ft", START, "ann", "back"), R.DUTY_UNKNOWN),
    (c.EndActing("ann", "ft", START, "ann", "back"), R.OWN_RIGHTS),
]


@pytest.mark.parametrize(("command", "reason"), REFUSED)
def test_it_is_refused(office: Office, command: c.Command, reason: StaffReason) -> None:
    before = office.directory
    assert office.do(command) is reason
    assert office.directory == before


def test_a_duty_may_be_as_long_as_the_limit(office: Office) -> None:
    assert not isinstance(office.do(duty(ends=limits.DUTY_SECONDS_MAX)), StaffReason)


def test_a_person_of_two_banks_there_is_not(office: Office) -> None:
    office.do(c.GrantRole("bo", Grant(Role.BANK_OPERATOR, "", "bank-1"), "root"))
    again = c.GrantRole("bo", Grant(Role.BANK_OPERATOR, "", "bank-2"), "root")
    assert office.do(again) is R.ROLES_INCOMPATIBLE


def test_on_duty_nobody_becomes_administrator(office: Office) -> None:
    office.do(duty())
    grant = c.GrantRole("bo", Grant(Role.ADMINISTRATOR, "gd"), "root")
    assert office.do(grant) is R.ROLES_INCOMPATIBLE


def test_a_duty_that_is_over_bars_no_other_role(office: Office) -> None:
    grant = c.GrantRole("bo", Grant(Role.ADMINISTRATOR, "gd"), "root")
    office.do(duty())
    office.wait(59)
    assert office.do(grant) is R.ROLES_INCOMPATIBLE, "its last second"
    office.wait(1)
    assert not isinstance(office.do(grant), StaffReason)


def test_a_duty_that_is_ended_ends_at_once_and_bars_no_other_role(office: Office) -> None:
    on_duty = Grant(Role.DUTY_OFFICER, "ft")
    office.do(duty())
    office.do(duty(begins=100, ends=160))
    office.wait(10)
    assert on_duty in office.directory.grants_of("bo", office.now)
    wrong = (duty_end(begins=1), c.EndActing("bo", "ft", START, "ann", "back"))
    for other in wrong:
        assert office.do(other) is R.DUTY_UNKNOWN, "another instant, or another role"
    ended = office.do(duty_end())
    assert ended == (e.DutyEnded("bo", "ft", START, "ann", "fell ill", office.now),)
    assert office.directory.grants_of("bo", office.now) == ()
    assert office.do(duty_end()) is R.DUTY_UNKNOWN, "once"
    at = START + timedelta(seconds=100)
    assert on_duty in office.directory.grants_of("bo", at), "the later one stands"
    assert not isinstance(office.do(duty_end(begins=100)), StaffReason)
    assert office.directory.grants_of("bo", at) == (), "what had not begun never does"
    grant = c.GrantRole("bo", Grant(Role.ADMINISTRATOR, "gd"), "root")
    assert not isinstance(office.do(grant), StaffReason)


def test_a_standing_for_an_approver_ends_and_a_duty_beside_it_does_not(office: Office) -> None:
    office.do(acting())
    office.do(duty())
    office.do(c.EndActing("bo", "ft", START, "ann", "the approver is back"))
    assert office.directory.grants_of("bo", office.now) == (Grant(Role.DUTY_OFFICER, "ft"),)


def test_nobody_keeps_what_is_over_for_ever(office: Office) -> None:
    office.do(duty())
    office.do(duty(begins=30, ends=90))
    office.wait(60)
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    assert [x.begins_at for x in office.directory.timed] == [START + timedelta(seconds=30)]
    office.wait(30)
    office.do(c.OpenSession("ann", "s2", "hash-1", 6))
    assert office.directory.timed == ()


@pytest.mark.parametrize("seed", range(40))
def test_who_stands_when_is_what_a_plain_list_of_acts_says(seed: int) -> None:
    """The twin keeps every act for ever and asks them all; the directory forgets what is over."""
    chance = random.Random(seed)
    office, acts = Office(), []
    for command in (
        c.SetUp("root", ROOT, "hash-root", "factor-root"),
        c.AddUnit(Unit("ft", Level.DISTRICT, "gd"), "root"),
        *(c.AddPerson(one, f"token-{one}", "root") for one in ("bo", "chen")),
    ):
        assert not isinstance(office.do(command), StaffReason)
    for step in range(60):
        office.wait(chance.randrange(0, 8))
        who, begins = chance.choice(("bo", "chen")), chance.randrange(0, 200, 10)
        ends = begins + chance.randrange(1, 60)
        is_duty, act = chance.random() < 0.5, chance.random()
        role = Role.DUTY_OFFICER if is_duty else Role.APPROVER
        begins_at = START + timedelta(seconds=begins)
        if act < 0.5:
            made = office.do((duty if is_duty else acting)(who, begins=begins, ends=ends))
            if not isinstance(made, StaffReason):
                acts.append([who, role, begins_at, START + timedelta(seconds=ends)])
        elif act < 0.8:
            kind = c.EndDuty if is_duty else c.EndActing
            there = [x for x in acts if x[:3] == [who, role, begins_at] and office.now < x[3]]
            made = office.do(kind(who, "ft", begins_at, "ann", "r"))
            assert (made is R.DUTY_UNKNOWN) == (not there)
            for one in there:
                one[3] = office.now
        else:
            office.do(c.OpenSession("root", f"s{step}", "hash-root", step + 1))
        for person in ("bo", "chen"):
            for ahead in (0, 15, 90):
                at = office.now + timedelta(seconds=ahead)
                stands = [x[1] for x in acts if x[0] == person and x[2] <= at < x[3]]
                found = [x.role for x in office.directory.grants_of(person, at)]
                assert sorted(stands) == sorted(found), (seed, step)


def test_a_suspended_person_can_nothing_be_given_and_does_not_come_in(office: Office) -> None:
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    office.do(c.SuspendPerson("ann", "root", "left"))
    assert office.directory.session("s1", office.now) is None
    assert office.do(c.OpenSession("ann", "s2", "hash-1", 6)) is R.PERSON_SUSPENDED
    assert office.do(c.SuspendPerson("ann", "root", "left")) is R.PERSON_SUSPENDED
    assert office.do(c.LogEscalation("C1", "ann", "bo", "agreed")) is R.PERSON_SUSPENDED
    office.do(c.RestorePerson("ann", "root", "back"))
    assert office.directory.session("s1", office.now) is None, "closed sessions stay closed"


def test_a_session_ends_at_its_end_and_at_logout(office: Office) -> None:
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    office.wait(limits.SESSION_SECONDS_MAX - 1)
    assert office.directory.session("s1", office.now) is not None
    office.wait(1)
    assert office.directory.session("s1", office.now) is None
    office.do(c.OpenSession("ann", "s2", "hash-1", 6))
    assert list(office.directory.sessions) == ["s2"], "ended sessions are not kept for ever"
    office.do(c.CloseSession("s2"))
    assert office.directory.session("s2", office.now) is None
    assert office.do(c.CloseSession("s2")) == ()


@pytest.mark.parametrize("step", [4, 5])
def test_a_used_code_or_an_older_one_opens_nothing(office: Office, step: int) -> None:
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    assert office.do(c.OpenSession("ann", "s2", "hash-1", step)) is R.FACTOR_REPLAYED
    assert not isinstance(office.do(c.OpenSession("ann", "s2", "hash-1", 6)), StaffReason)


def test_some_failures_lock_a_person_out_for_a_while(office: Office) -> None:
    for _ in range(limits.LOGIN_FAILURES_MAX - 1):
        office.do(c.NoteFailure("ann"))
    assert office.directory.persons["ann"].locked_until is None
    office.do(c.NoteFailure("ann"))
    count = len(office.events)
    assert office.do(c.NoteFailure("ann")) is R.LOGIN_LOCKED
    assert office.do(c.OpenSession("ann", "s", "hash-1", 5)) is R.LOGIN_LOCKED
    assert len(office.events) == count, "what is tried while locked is not written"
    office.wait(limits.LOCKED_SECONDS - 1)
    assert office.do(c.OpenSession("ann", "s", "hash-1", 5)) is R.LOGIN_LOCKED
    office.wait(1)
    assert not isinstance(office.do(c.OpenSession("ann", "s", "hash-1", 5)), StaffReason)


def test_a_success_forgets_failures(office: Office) -> None:
    for step in range(1, 4):
        for _ in range(limits.LOGIN_FAILURES_MAX - 1):
            office.do(c.NoteFailure("ann"))
        assert not isinstance(office.do(c.OpenSession("ann", f"s{step}", "hash-1", step)), R)


def test_an_enrolment_ends_and_a_new_one_voids_what_was_set(office: Office) -> None:
    office.wait(limits.ENROLMENT_SECONDS_MAX)
    assert office.do(c.Enrol("bo", "token-2", "h", "f")) is R.ENROLMENT_UNKNOWN
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    office.do(c.OfferEnrolment("ann", "token-3", "root"))
    assert office.directory.session("s1", office.now) is None
    assert office.do(c.OpenSession("ann", "s2", "hash-1", 6)) is R.CREDENTIAL_CHANGED
    office.wait(limits.ENROLMENT_SECONDS_MAX - 1)
    assert not isinstance(office.do(c.Enrol("ann", "token-3", "hash-2", "factor-2")), R)


def test_a_shift_is_taken_over_on_the_list_that_was_given(office: Office) -> None:
    give = c.HandOverShift("ft", "ann", "bo", "d")
    assert office.do(give) == (e.ShiftHandedOver("ft", "ann", "bo", "d", office.now),)
    assert office.do(c.TakeOverShift("ft", "root", "d")) is R.SHIFT_NOT_GIVEN, "given to another"
    assert office.do(c.TakeOverShift("ft", "bo", "other")) is R.SHIFT_STALE, "saw another list"
    office.list = "later"
    assert office.do(c.TakeOverShift("ft", "bo", "later")) is R.SHIFT_STALE, "nobody gave it"
    assert office.do(give) is R.SHIFT_STALE, "a giver names what is open now"
    office.wait(limits.SHIFT_TAKEN_SECONDS_MAX + 1)
    assert office.do(c.TakeOverShift("ft", "bo", "d")) is R.SHIFT_STALE, "too long ago"
    assert office.directory.given, "it still waits"
    anew = c.HandOverShift("ft", "ann", "bo", "later")
    assert office.do(anew) == (e.ShiftHandedOver("ft", "ann", "bo", "later", office.now),)
    taken = office.do(c.TakeOverShift("ft", "bo", "later"))
    assert taken == (e.ShiftTakenOver("ft", "ann", "bo", "later"),)
    assert office.do(c.TakeOverShift("ft", "bo", "later")) is R.SHIFT_NOT_GIVEN, "once"


def test_a_busy_units_shift_is_taken_over_though_its_list_changes_every_second(
    office: Office,
) -> None:
    office.do(c.HandOverShift("ft", "ann", "bo", "d"))
    for second in range(limits.SHIFT_TAKEN_SECONDS_MAX):
        office.wait(1)
        office.list = f"list {second}"
    taken = office.do(c.TakeOverShift("ft", "bo", "d"))
    assert taken == (e.ShiftTakenOver("ft", "ann", "bo", "d"),)


def test_a_list_that_still_stands_is_taken_over_however_long_ago_it_was_given(
    office: Office,
) -> None:
    office.do(c.HandOverShift("ft", "ann", "bo", "d"))
    office.wait(100 * limits.SHIFT_TAKEN_SECONDS_MAX)
    assert not isinstance(office.do(c.TakeOverShift("ft", "bo", "d")), R)


def test_a_shift_given_before_its_time_was_kept_is_taken_over_while_its_list_stands() -> None:
    old = Shift("ft", "ann", "bo", "d")
    assert not old.is_stale("d", START)
    assert old.is_stale("another", START)


def test_every_refusal_of_the_room_is_met() -> None:
    """Those of the table of rights are met in its own tests."""
    elsewhere = {R.NOT_PERMITTED, R.PURPOSE_MISSING, R.FOUR_EYES, R.LEVEL_TOO_LOW, R.SESSION_ENDED}
    here = {reason for _, reason in REFUSED} | {R.PERSON_SUSPENDED, R.LOGIN_LOCKED}
    assert set(R) == here | elsewhere
    assert {r for r in R if r.is_transient} == {R.LOGIN_LOCKED}


def test_every_event_goes_into_a_journal_and_back(office: Office) -> None:
    registry = Registry()
    for name, event in EVENT_NAMES.items():
        registry.register(name, 1, event)
    office.do(c.OpenSession("ann", "s1", "hash-1", 5))
    office.do(c.NoteFailure("ann"))
    office.do(duty())
    office.do(acting())
    office.do(duty_end())
    office.do(c.EndActing("bo", "ft", START, "ann", "back"))
    office.do(c.HandOverShift("ft", "ann", "bo", "d"))
    office.do(c.TakeOverShift("ft", "bo", "d"))
    office.do(c.LogEscalation("C1", "bo", "ann", "agreed"))
    office.do(c.CloseSession("s1"))
    office.do(c.RevokeRole("ann", OFFICER, "root"))
    office.do(c.SuspendPerson("ann", "root", "left"))
    office.do(c.RestorePerson("ann", "root", "back"))
    assert {type(event) for event in office.events} == set(EVENT_NAMES.values())
    for event in office.events:
        name, version = registry.name_of(event)
        assert registry.decode(name, version, registry.encode(event)) == event
