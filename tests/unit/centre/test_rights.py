"""Who reaches a room: sessions, machines, and what nobody may ask without a session, in whatever process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recoup.cases.commands import AddFacts
from recoup.cases.events import CaseOpened
from recoup.centre import Actor, CentreState, Request, decider, evolve
from recoup.centre.account_room import AccountEntered, EnterAccount, ReadPersonal
from recoup.centre.case_asked import CHASE
from recoup.centre.commands import Command, Decision, Declined
from recoup.centre.requests import DOOR, INSTITUTION, Acted
from recoup.centre.rights import ACTIONS, IN_SESSIONS_ONLY, ON_THE_WAY_IN
from recoup.centre.snapshots import decode_state, encode_state
from recoup.ids import CommandId, SubjectId
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.commands import DraftOrder, IssueOrder, SubmitOrder
from recoup.reading.policies import read_case_policy
from recoup.staff import Grant, Level, Role, Unit
from recoup.staff import commands as staff
from recoup.staff import events as told

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = read_case_policy("cn-2016")
ORDER = Order("o1", OrderKind.STOP, HoldKey("C1", "a1", "CNY"), "bank-1", 100, "ann", "a reason")
HISTORY = (
    told.UnitAdded(Unit("gd", Level.PROVINCE), "root"),
    told.PersonAdded("ann", "root"),
    told.RoleGranted("ann", Grant(Role.OFFICER, "gd"), "root"),
    told.SessionOpened("ann", "s-ann", 1, NOW + timedelta(hours=8), NOW),
    CaseOpened("C1", "gd", NOW),
    AccountEntered("a1", "bank-1", "C1", "ann"),
)


def _state(*events: object) -> CentreState:
    state = CentreState()
    for event in events:
        state = evolve(state, SubjectId("C1"), event)
    return state


def _ask(state: CentreState, request: Request, now: datetime = NOW) -> Decision | Declined:
    """Decide a request, and fold what it leads to."""
    found = decider(POLICY)(state, Command(CommandId("c"), b"c", request), now)
    if isinstance(found, Decision):
        for noted in found.events:
            evolve(state, noted.subject, noted.event)
    return found


def _by(who: str, what: object, session: str, role: str = "") -> Request:
    return Request(Actor(who, role, "a reason"), what, session=session)


def _reason(found: Decision | Declined) -> str:
    return found.reason if isinstance(found, Declined) else "done"


def test_a_persons_draft_is_journalled_in_the_role_that_permits_it() -> None:
    found = _ask(_state(*HISTORY), _by("ann", DraftOrder(ORDER), "s-ann", role="chase"))
    assert isinstance(found, Decision)
    assert found.events[0].event == Acted("ann", "officer", "a reason", "draft_order")


@pytest.mark.parametrize(
    ("who", "session", "now", "reason"),
    [
        ("ann", "s-none", NOW, "session_ended"),
        ("bo", "s-ann", NOW, "session_ended"),
        ("ann", "s-ann", NOW + timedelta(hours=8), "session_ended"),
        ("ann", "", NOW, "session_ended"),
        ("ann", "s-ann", NOW, "done"),
    ],
)
def test_a_person_acts_in_a_session_that_stands(who, session, now, reason) -> None:
    request = _by(who, DraftOrder(ORDER), session, role="officer")
    assert _reason(_ask(_state(*HISTORY), request, now)) == reason


def test_a_right_that_was_taken_away_is_gone_at_the_next_command() -> None:
    state = _state(*HISTORY)
    assert _reason(_ask(state, _by("ann", DraftOrder(ORDER), "s-ann"))) == "done"
    evolve(state, SubjectId("ann"), told.RoleRevoked("ann", Grant(Role.OFFICER, "gd"), "root"))
    assert _reason(_ask(state, _by("ann", SubmitOrder("o1"), "s-ann"))) == "not_permitted"


def test_a_person_drafts_for_an_account_of_the_case_where_it_lies() -> None:
    state = _state(*HISTORY)
    elsewhere = Order("o2", OrderKind.STOP, ORDER.key, "bank-2", 100, "ann", "a reason")
    unknown = Order("o3", OrderKind.STOP, HoldKey("C1", "a2", "CNY"), "bank-1", 1, "ann", "r")
    assert _reason(_ask(state, _by("ann", DraftOrder(elsewhere), "s-ann"))) == "institution_differs"
    assert _reason(_ask(state, _by("ann", DraftOrder(unknown), "s-ann"))) == "account_unknown"


def test_nobody_drafts_in_the_name_of_another_even_in_a_session() -> None:
    other = Order("o4", OrderKind.STOP, ORDER.key, "bank-1", 100, "bo", "a reason")
    assert _reason(_ask(_state(*HISTORY), _by("ann", DraftOrder(other), "s-ann"))) == (
        "actor_differs"
    )


@pytest.mark.parametrize("role", ["machine", INSTITUTION, CHASE, "officer"])
def test_without_a_session_nobody_gives_what_only_persons_give(role) -> None:
    """A machine that could grant roles would be an administrator."""
    grant = staff.GrantRole("ann", Grant(Role.APPROVER, "gd"), "root")
    for what in (grant, EnterAccount("a2", "bank-1", "C1"), ReadPersonal("a1", "account_name")):
        assert _reason(_ask(_state(*HISTORY), _by("x", what, "", role))) == "session_ended"


def test_the_way_in_is_the_programs_own() -> None:
    value = staff.NoteFailure("ann")
    assert _reason(_ask(_state(*HISTORY), Request(DOOR, value))) == "done"
    assert _reason(_ask(_state(*HISTORY), _by("ann", value, "", "officer"))) == "not_permitted"
    assert _reason(_ask(_state(*HISTORY), _by("ann", value, "s-ann"))) == "not_permitted"


def test_before_there_is_staff_a_case_can_be_rehearsed_and_after_it_only_machines_speak() -> None:
    facts = Request(Actor("bank-1", INSTITUTION, "r"), AddFacts("d" * 64, ("T1",)), case="C1")
    draft = _by("ann", DraftOrder(ORDER), "", "officer")
    assert _reason(_ask(_state(), draft)) == "done"
    assert _reason(_ask(_state(*HISTORY), draft)) == "session_ended"
    assert _reason(_ask(_state(*HISTORY), facts)) not in {"session_ended", "not_permitted"}


def test_every_command_of_staff_is_given_in_a_session_or_on_the_way_in() -> None:
    commands = set(staff.Command.__args__)
    assert commands == (IN_SESSIONS_ONLY & commands) | set(ON_THE_WAY_IN)
    assert set(ACTIONS) >= IN_SESSIONS_ONLY
    assert not set(ACTIONS) & set(ON_THE_WAY_IN)


def test_all_registers_are_kept_in_a_snapshot() -> None:
    state = _state(*HISTORY)
    query = replace(ORDER, kind=OrderKind.QUERY, amount=0)
    for what in (DraftOrder(query), SubmitOrder("o1"), IssueOrder("o1")):
        _ask(state, _by("ann", what, "s-ann"))
    assert state.drafted == {"C1": ["o1"]}
    again = decode_state(encode_state(state))
    assert again == state
    assert encode_state(again) == encode_state(state)
    for register in ("drafted", "staff", "accounts", "entered"):
        assert getattr(again, register), register
    assert again.told == state.told == {"bank-1": ["o1"]}
