"""R9: every role, every action on an order, every place, in every state of the order: a refusal tells nothing of the state.

The oracle is `rights.py`. Only one cell may depend on the state: an institution reaches an account once it was told an order
about it, and not before.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

import pytest
from rights import REACHED, expected

from recoup.cases.events import CaseOpened
from recoup.centre import Actor, CentreState, Request, evolve
from recoup.centre.account_room import AccountEntered, ReadPersonal
from recoup.centre.commands import Declined
from recoup.centre.rights import admit
from recoup.centre.sheets import HandOverOrder, PrintOrder, ReadScan
from recoup.ids import SubjectId
from recoup.orders import Answer, HoldKey, HoldState, Order, OrderKind, OrderState, Outcome
from recoup.orders import events as e
from recoup.orders.commands import (
    ApproveOrder,
    IssueOrder,
    SendBackOrder,
    SubmitOrder,
    WithdrawOrder,
)
from recoup.reading.policies import read_case_policy
from recoup.staff import Action, Grant, Level, Role, Unit
from recoup.staff import events as told
from recoup.staff.roles import AT_INSTITUTION

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POLICY = read_case_policy("cn-2016")
PLACES = {
    "own": ("ft", "bank-9"),
    "own unit": ("ft", "bank-9"),
    "below": ("ft-1", "bank-9"),
    "above": ("sz", "bank-9"),
    "beside": ("ns", "bank-9"),
    "own institution": ("ns", "bank-1"),
    "other institution": ("ns", "bank-2"),
}
"""The unit that has the case, and the institution of the order. Of one's own, one is the maker."""
ASKED = {
    Action.ORDER_SUBMIT: lambda _, order: SubmitOrder(order.id),
    Action.ORDER_APPROVE: lambda by, order: ApproveOrder(order.id, by, order.digest),
    Action.ORDER_SEND_BACK: lambda by, order: SendBackOrder(order.id, by, "r"),
    Action.ORDER_WITHDRAW: lambda by, order: WithdrawOrder(order.id, by),
    Action.ORDER_ISSUE: lambda _, order: IssueOrder(order.id),
    Action.PAPER_PRINT: lambda _, order: PrintOrder(order.id),
    Action.PAPER_HAND_OVER: lambda _, order: HandOverOrder(order.id),
    Action.SCAN_READ: lambda _, order: ReadScan(order.id, "0" * 64),
    Action.PERSONAL_READ: lambda _, order: ReadPersonal(order.key.account, "account_number"),
}
"""What is asked of an order, or of its account."""
TOLD = {OrderState.ISSUED, OrderState.SENT, OrderState.UNANSWERED, OrderState.ANSWERED}


def _history(order: Order, state: OrderState) -> list[object]:
    """Return how an order came into a state."""
    due = NOW + timedelta(minutes=30)
    drafted, submitted = e.OrderDrafted(order, 1), e.OrderSubmitted(order.id)
    issued, sent = e.OrderIssued(order.id, NOW, due), e.OrderSent(order.id, NOW)
    answer = Answer("x1", Outcome.HELD, 100, NOW)
    heard = e.AnswerRecorded(order.id, answer, e.Bearing.APPLIED)
    ends_at = NOW + timedelta(hours=48)
    held = e.HoldChanged(order.key, HoldState.HELD, 100, order.kind, NOW, ends_at, 1, 0)
    return {
        OrderState.DRAFTED: [drafted],
        OrderState.AWAITING_APPROVAL: [drafted, submitted],
        OrderState.ISSUED: [drafted, submitted, issued],
        OrderState.SENT: [drafted, submitted, issued, sent],
        OrderState.UNANSWERED: [drafted, issued, sent, e.OrderUnanswered(order.id)],
        OrderState.ANSWERED: [drafted, issued, sent, heard, held],
        OrderState.WITHDRAWN: [drafted, e.OrderWithdrawn(order.id, order.made_by)],
    }[state]


@cache
def _centre(place: str, state: OrderState, maker: str) -> tuple[CentreState, Order]:
    """Return a centre with a person in each role, and one order somewhere in a state. To be read only."""
    unit, institution = PLACES[place]
    key = HoldKey("C1", "a1", "CNY")
    order = Order("o1", OrderKind.STOP, key, institution, 100, maker, "a reason")
    units = (
        Unit("gd", Level.PROVINCE),
        Unit("sz", Level.CITY, "gd"),
        Unit("ft", Level.DISTRICT, "sz"),
        Unit("ft-1", Level.STATION, "ft"),
        Unit("ns", Level.DISTRICT, "sz"),
    )
    centre = CentreState()
    for event in (
        *(told.UnitAdded(row, "root") for row in units),
        *(event for role in Role for event in _hired(role)),
        CaseOpened("C1", unit, NOW),
        AccountEntered("a1", institution, "C1", order.made_by),
        *_history(order, state),
    ):
        centre = evolve(centre, SubjectId("C1"), event)
    found = centre.find("o1")
    assert found is not None
    assert found[1].state is state
    return centre, order


def _hired(role: Role) -> list[object]:
    """Return how somebody who is called after the role came to have it, and to a session of the same name."""
    grant = Grant(role, "", "bank-1") if role in AT_INSTITUTION else Grant(role, "ft")
    return [
        told.PersonAdded(role, "root"),
        told.RoleGranted(role, grant, "root"),
        told.SessionOpened(role, f"session {role}", 1, NOW + timedelta(hours=8), NOW),
    ]


def _is_reached(centre: CentreState, role: Role, action: Action, order: Order) -> bool:
    """Whether the person reaches the order: what takes another person or a higher unit is said of what is reached."""
    asking = Request(
        Actor(role, "", "a reason"),
        ASKED[action](role, order),
        case="C1",
        session=f"session {role}",
    )
    found = admit(centre, asking, NOW, POLICY)
    if not isinstance(found, Declined):
        return True
    known = {"not_permitted", "four_eyes", "level_too_low", "approval_missing"}
    assert found.reason in known, found
    return found.reason != "not_permitted"


def _wrong(role: Role) -> list[str]:
    """Return every cell of a role in which the answer is not what the oracle says."""
    found, reached = [], defaultdict(set)
    for place, state in product(PLACES, OrderState):
        centre, order = _centre(place, state, role.value if place == "own" else "maker")
        for action in ASKED:
            is_reached = _is_reached(centre, role, action, order)
            may = place in REACHED[expected()[role, action]]
            if role in AT_INSTITUTION and state not in TOLD:
                may = False  # it was not told of it
            else:
                reached[action, place].add(is_reached)
            if is_reached is not may:
                found.append(f"{role} {action} {place} {state}: {is_reached}")
    assert all(len(row) == 1 for row in reached.values()), "the state decided"
    return found


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_an_order_in_each_state_as_the_oracle_says(role: Role) -> None:
    assert _wrong(role) == []


def test_an_institution_that_sees_what_it_was_not_told_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: an account shown to its institution before an order about it was issued."""
    right = CentreState.target_of_account

    def shown(self: CentreState, case: str, account: str):  # type: ignore[no-untyped-def]
        target = right(self, case, account)
        return target and type(target)(target.unit, self.accounts[account])

    monkeypatch.setattr(CentreState, "target_of_account", shown)
    found = " ".join(_wrong(Role.BANK_OPERATOR))
    assert "personal_read own institution drafted" in found
    assert "personal_read own institution withdrawn" in found


def test_a_right_that_goes_by_the_state_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: an order that was sent is nobody's to withdraw, so that the refusal tells that it was."""
    right = CentreState.target_of_order

    def by_state(self: CentreState, order: Order):  # type: ignore[no-untyped-def]
        target, found = right(self, order), self.find(order.id)
        assert found is not None
        return type(target)() if found[1].sent_at is not None else target

    monkeypatch.setattr(CentreState, "target_of_order", by_state)
    with pytest.raises(AssertionError, match="the state decided"):
        _wrong(Role.CASE_LEAD)
