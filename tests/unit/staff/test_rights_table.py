"""Every role, every action, every place: who may do what. The oracle, `rights.py`, was not made from the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rights import PLACES, REACHED, expected

from recoup.staff import (
    Action,
    Denial,
    Directory,
    Grant,
    Level,
    Role,
    Scope,
    StaffReason,
    Target,
    Unit,
    Why,
    fold,
    permit,
    roles,
    scope_of,
)
from recoup.staff import events as e

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHY = Why("C1", "a reason")
UNITS = (
    Unit("gd", Level.PROVINCE),
    Unit("sz", Level.CITY, "gd"),
    Unit("ft", Level.DISTRICT, "sz"),
    Unit("ft-1", Level.STATION, "ft"),
    Unit("ns", Level.DISTRICT, "sz"),
)
TARGETS = {
    "own": Target("ft", "", "me"),
    "own unit": Target("ft", "", "another"),
    "below": Target("ft-1", "", "another"),
    "above": Target("sz", "", "another"),
    "beside": Target("ns", "", "another"),
    "own institution": Target("", "bank-1", "another"),
    "other institution": Target("", "bank-2", "another"),
}


def directory(*grants: Grant) -> Directory:
    events: list[e.Event] = [e.UnitAdded(unit, "root") for unit in UNITS]
    events.append(e.PersonAdded("me", "root"))
    events += [e.RoleGranted("me", grant, "root") for grant in grants]
    return fold(Directory(), events)


def held(role: Role) -> Grant:
    return Grant(role, "", "bank-1") if role in roles.AT_INSTITUTION else Grant(role, "ft")


def test_the_oracle_has_every_cell() -> None:
    assert set(expected()) == {(role, action) for role in Role for action in Action}
    assert set(REACHED) == set(Scope)
    assert set(TARGETS) == set(PLACES)


@pytest.mark.parametrize("role", Role)
def test_every_cell_is_as_the_oracle_says(role: Role) -> None:
    assert {a: expected()[role, a] for a in Action} == {a: scope_of(role, a) for a in Action}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", PLACES)
def test_a_role_reaches_what_its_scope_says_and_nothing_else(role: Role, place: str) -> None:
    people = directory(held(role))
    for action in Action:
        found = permit(people, "me", action, TARGETS[place], WHY, NOW)
        is_reached = place in REACHED[expected()[role, action]]
        if not is_reached:
            assert found == Denial(StaffReason.NOT_PERMITTED, action.value), action
        elif action in roles.FOUR_EYES and place == "own":
            assert found == Denial(StaffReason.FOUR_EYES, action.value), action
        else:
            assert found is None, action


@pytest.mark.parametrize("action", Action)
def test_nobody_without_a_role_may_do_anything(action: Action) -> None:
    for target in (*TARGETS.values(), Target()):
        assert permit(directory(), "me", action, target, WHY, NOW) is not None
        assert permit(directory(), "stranger", action, target, WHY, NOW) is not None


@pytest.mark.parametrize("role", Role)
def test_what_is_not_known_is_reached_by_nobody_but_those_who_reach_all(role: Role) -> None:
    for action in Action:
        found = permit(directory(held(role)), "me", action, Target(), WHY, NOW)
        may = expected()[role, action] is Scope.ALL and action not in roles.FOUR_EYES
        assert (found is None) is may


@pytest.mark.parametrize("action", sorted(roles.NEEDS_PURPOSE))
@pytest.mark.parametrize("why", [Why(), Why("C1"), Why("", "a reason"), Why(" ", "\u3000")])
def test_nobody_asks_without_case_and_reason(action: Action, why: Why) -> None:
    people = directory(held(Role.OFFICER))
    found = permit(people, "me", action, TARGETS["own unit"], why, NOW)
    assert found == Denial(StaffReason.PURPOSE_MISSING, action.value)


def test_a_suspended_person_may_do_nothing_and_a_revoked_role_is_gone_at_once() -> None:
    people = directory(held(Role.OFFICER))
    suspended = fold(people, [e.PersonSuspended("me", "root", "left")])
    revoked = fold(people, [e.RoleRevoked("me", held(Role.OFFICER), "root")])
    target = TARGETS["own unit"]
    assert permit(people, "me", Action.ORDER_READ, target, WHY, NOW) is None
    assert permit(suspended, "me", Action.ORDER_READ, target, WHY, NOW) is not None
    assert permit(revoked, "me", Action.ORDER_READ, target, WHY, NOW) is not None
    restored = fold(suspended, [e.PersonRestored("me", "root", "back")])
    assert permit(restored, "me", Action.ORDER_READ, target, WHY, NOW) is None


@pytest.mark.parametrize(("after", "may"), [(-1, False), (0, True), (59, True), (60, False)])
def test_who_acts_for_an_approver_may_approve_from_begin_until_end(after: int, may: bool) -> None:
    begins_at, ends_at = NOW, NOW + timedelta(seconds=60)
    acting = e.ActingApproverNamed("me", "sz", begins_at, ends_at, "lead", "on leave")
    people = fold(directory(held(Role.OFFICER)), [acting])
    at = NOW + timedelta(seconds=after)
    found = permit(people, "me", Action.ORDER_APPROVE, TARGETS["own unit"], WHY, at)
    assert (found is None) is may
    assert permit(people, "me", Action.ORDER_APPROVE, TARGETS["own"], WHY, at) is not None


def test_two_roles_together_do_not_let_a_person_approve_their_own_order() -> None:
    people = directory(Grant(Role.CASE_LEAD, "ft"), Grant(Role.APPROVER, "gd"))
    found = permit(people, "me", Action.ORDER_APPROVE, TARGETS["own"], WHY, NOW)
    assert found == Denial(StaffReason.FOUR_EYES, Action.ORDER_APPROVE.value)
    assert permit(people, "me", Action.ORDER_APPROVE, TARGETS["below"], WHY, NOW) is None


def test_a_table_with_one_cell_more_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: whoever widens a cell without saying so in the oracle turns the tests red."""
    wider = {**roles.TABLE[Role.REGULATOR], Action.ORDER_READ: Scope.ALL}
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Role.REGULATOR: wider})
    with pytest.raises(AssertionError):
        test_every_cell_is_as_the_oracle_says(Role.REGULATOR)
    with pytest.raises(AssertionError):
        test_a_role_reaches_what_its_scope_says_and_nothing_else(Role.REGULATOR, "beside")
