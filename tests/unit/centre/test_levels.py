"""Which level of unit must agree to what: every cell against a table written by hand, asked of the centre as it decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from agreeing import to_agree_to
from levels import MANDATES, UNITS, may, may_decide

from recoup.cases import Case, Mandate, Matter, Motion, commands
from recoup.cases.events import CaseOpened
from recoup.cases.state import AppealTrigger, ClaimTrigger, FindingTrigger, MotionTrigger
from recoup.centre import Actor, CentreState, Request, decider, evolve
from recoup.centre.account_room import AccountEntered
from recoup.centre.commands import Command, Declined
from recoup.centre.levels import DEEDS, MATTERS, level_needed, needs_of
from recoup.ids import CommandId, SubjectId
from recoup.orders import AccountKind, Deed, Extent, HoldKey, Level, Order, OrderKind
from recoup.orders.commands import ApproveOrder, IssueOrder
from recoup.orders.events import OrderDrafted, OrderSubmitted
from recoup.orders.kinds import PROTECTED
from recoup.orders.levels import Band, Levels
from recoup.reading.policies import read_case_policy
from recoup.staff import Grant, Role, Unit
from recoup.staff import events as told

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = read_case_policy("cn-2016")
TREE = {
    "station": Unit("station", Level.STATION, "district"),
    "district": Unit("district", Level.DISTRICT, "city"),
    "city": Unit("city", Level.CITY, "province"),
    "province": Unit("province", Level.PROVINCE),
    "other city": Unit("other city", Level.CITY, "province"),
}
ORDERS = list(product(OrderKind, Extent, AccountKind))


def _order(kind: OrderKind, extent: Extent, account: AccountKind, mandate: str = "") -> Order:
    amount = 0 if kind in {OrderKind.RELEASE, OrderKind.QUERY, OrderKind.WATCH} else 100
    key = HoldKey("C1", "a1", "CNY")
    return Order(
        "o1", kind, key, "bank-1", amount, "maker", "a reason", extent, "", account, mandate
    )


def _state(order: Order, *more: object) -> CentreState:
    """A case at the station, an order of it that waits, and whoever is added."""
    history = (
        *(told.UnitAdded(TREE[name], "root") for name in reversed(list(TREE)[:4])),
        told.UnitAdded(TREE["other city"], "root"),
        told.PersonAdded("maker", "root"),
        told.PersonAdded("me", "root"),
        told.SessionOpened("me", "s-me", 1, NOW + timedelta(hours=2), NOW),
        told.SessionOpened("maker", "s-maker", 1, NOW + timedelta(hours=2), NOW),
        CaseOpened("C1", "station", NOW),
        AccountEntered("a1", "bank-1", "C1", "maker"),
        OrderDrafted(order, 0),
        *more,
    )
    state = CentreState()
    for event in history:
        state = evolve(state, SubjectId("C1"), event)
    return state


def _asks(state: CentreState, who: str, what: object) -> str:
    """Return why a request is declined; '' where it is carried out."""
    request = Request(Actor(who, "", "a reason"), what, session=f"s-{who}", case="C1")
    found = decider(POLICY)(state, Command(CommandId("c"), b"c", request), NOW)
    return found.reason if isinstance(found, Declined) else ""


def _approves(order: Order, *more: object) -> str:
    state = _state(order, OrderSubmitted("o1"), *more)
    return _asks(state, "me", ApproveOrder("o1", "me", to_agree_to(state, "o1")))


@pytest.mark.parametrize("unit", UNITS)
def test_an_order_is_approved_at_the_level_that_the_table_says(unit: str) -> None:
    grant = told.RoleGranted("me", Grant(Role.APPROVER, unit), "root")
    for cell in ORDERS:
        found = _approves(_order(*cell), grant)
        assert (found != "level_too_low") is may(Level(unit), *cell), cell
        assert found not in {"not_permitted", "session_ended", "four_eyes"}, cell


@pytest.mark.parametrize("unit", UNITS)
def test_who_acts_for_an_approver_stands_as_high_as_the_unit(unit: str) -> None:
    span = (NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    acting = told.ActingApproverNamed("me", unit, *span, "lead", "on leave")
    for cell in ORDERS:
        assert (_approves(_order(*cell), acting) != "level_too_low") is may(Level(unit), *cell)


def test_a_high_unit_whose_tree_has_not_the_case_agrees_to_nothing() -> None:
    freeze = _order(OrderKind.FREEZE, Extent.AMOUNT, AccountKind.ORDINARY)
    beside = told.RoleGranted("me", Grant(Role.APPROVER, "other city"), "root")
    assert _approves(freeze, beside) == "not_permitted"


def test_a_level_is_not_borrowed_from_another_role() -> None:
    """An officer of the city who approves at the station approves at the station."""
    freeze = _order(OrderKind.FREEZE, Extent.AMOUNT, AccountKind.ORDINARY)
    roles = (Grant(Role.OFFICER, "city"), Grant(Role.APPROVER, "station"))
    given = [told.RoleGranted("me", grant, "root") for grant in roles]
    assert _approves(freeze, *given) == "level_too_low"
    higher = told.RoleGranted("me", Grant(Role.APPROVER, "district"), "root")
    assert _approves(freeze, *given, higher) == ""


@pytest.mark.parametrize("level", Level)
def test_an_order_that_needs_nobody_else_is_let_go_at_its_level(level: Level) -> None:
    """With a policy that wants queries decided higher, whoever issues one holds the role there."""
    query = _order(OrderKind.QUERY, Extent.AMOUNT, AccountKind.ORDINARY)
    rows = {**POLICY.levels.rows, OrderKind.QUERY: level}
    policy = replace(POLICY, levels=replace(POLICY.levels, rows=rows))
    state = _state(query, told.RoleGranted("maker", Grant(Role.OFFICER, "station"), "root"))
    request = Request(Actor("maker", "", "r"), IssueOrder("o1"), session="s-maker")
    found = decider(policy)(state, Command(CommandId("c"), b"c", request), NOW)
    is_refused = isinstance(found, Declined) and found.reason == "level_too_low"
    assert is_refused is (level is not Level.STATION)


@pytest.mark.parametrize("cell", ORDERS)
def test_what_an_order_needs_is_shown_as_it_is_asked_for(cell) -> None:
    for mandate in ("", "m1"):
        order = _order(*cell, mandate)
        state = _state(order)
        needs = needs_of(order, POLICY)
        highest = next(unit for unit in UNITS if may(Level(unit), *cell))
        assert needs.level == highest
        agreed = level_needed(state, _request(commands.AgreeToOrder(order, "me", "")), POLICY)
        assert agreed == highest
        to_let_go = None if needs.persons or mandate else Level(highest)
        assert level_needed(state, _request(commands.TakeUp(order)), POLICY) == to_let_go
        assert level_needed(state, _request(IssueOrder("o1")), POLICY) == to_let_go


def _request(what: object) -> Request:
    return Request(Actor("me", "", "r"), what, case="C1")


@pytest.mark.parametrize(("amount", "currency", "hops", "unit"), MANDATES)
def test_a_standing_authority_is_agreed_to_at_the_level_of_its_reach(
    amount: int, currency: str, hops: int, unit: str
) -> None:
    state = CentreState()
    mandate = Mandate("m1", hops, amount, currency, NOW, "maker")
    state.cases["C1"] = Case("C1", mandates=(mandate,))
    for command in (commands.AgreeToMandate("m1", "me", ""),):
        assert level_needed(state, _request(command), POLICY) == unit
    assert level_needed(state, _request(commands.RevokeMandate("m1", "me")), POLICY) is None


def test_what_persons_decide_beside_orders_has_its_level() -> None:
    decided = {
        Deed.CLAIM: commands.SettleClaim("c1", ClaimTrigger.ADMIT, "me"),
        Deed.FINDING: commands.SettleFinding("f1", FindingTrigger.AGREE, "me", ""),
        Deed.APPEAL: commands.SettleAppeal("p1", AppealTrigger.UPHOLD, "me"),
    }
    of_orders = {Deed.WHOLE_ACCOUNT} | {Deed(kind.value) for kind in PROTECTED}
    state = CentreState()
    motions = [Motion(matter.value, matter, "you", "a1", "CNY", 1) for matter in MATTERS]
    state.put_case(Case("C1", motions=tuple(motions)))
    settled = {
        (MATTERS[motion.matter], motion.matter): commands.SettleMotion(
            motion.id, MotionTrigger.AGREE, "me", ""
        )
        for motion in motions
    }
    assert set(MATTERS) == set(Matter)
    assert set(decided) | of_orders | set(MATTERS.values()) == set(Deed)
    assert {type(command) for command in decided.values()} == set(DEEDS)
    rows = [*decided.items(), *((deed, command) for (deed, _), command in settled.items())]
    for deed, command in rows:
        found = level_needed(state, _request(command), POLICY)
        assert {Level(u) for u in UNITS if Level(u).reaches(found)} == {
            Level(u) for u in UNITS if may_decide(Level(u), deed)
        }


def test_who_takes_back_their_own_needs_no_level() -> None:
    claim = commands.SettleClaim("c1", ClaimTrigger.WITHDRAW, "me")
    appeal = commands.SettleAppeal("p1", AppealTrigger.WITHDRAW, "me")
    for command in (claim, appeal):
        assert level_needed(CentreState(), _request(command), POLICY) is None


def test_a_table_with_a_gap_or_without_a_source_is_refused() -> None:
    levels = POLICY.levels
    for row in (*OrderKind, *Deed):
        rows = {key: level for key, level in levels.rows.items() if key is not row}
        with pytest.raises(ValueError, match=row.value):
            replace(levels, rows=rows)
        grounds = tuple(ground for ground in levels.grounds if ground.term != row.value)
        with pytest.raises(ValueError, match=f"no source for {row.value}"):
            replace(levels, grounds=grounds)


def test_bands_that_do_not_widen_upwards_are_refused() -> None:
    ground = POLICY.levels.bands[0].ground
    low, high = Band(Level.STATION, 10, 3, ground), Band(Level.DISTRICT, 20, 4, ground)
    good: Levels = replace(POLICY.levels, bands=(low, high))
    assert good.of_mandate(10, "CNY", 4) is Level.DISTRICT
    for bands in ((high, low), (low, low), (low, replace(high, hops_max=2))):
        with pytest.raises(ValueError, match="not above"):
            replace(POLICY.levels, bands=bands)
    with pytest.raises(ValueError, match="above zero"):
        replace(POLICY.levels, bands=(replace(low, amount_max=0),))


def test_a_table_with_one_row_lower_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: whoever lets a station freeze without saying so in the oracle turns the tests red."""
    rows = {**POLICY.levels.rows, OrderKind.FREEZE: Level.STATION}
    lower = replace(POLICY, levels=replace(POLICY.levels, rows=rows))
    monkeypatch.setitem(globals(), "POLICY", lower)
    with pytest.raises(AssertionError):
        test_an_order_is_approved_at_the_level_that_the_table_says("station")
