"""The plan at its edges: capacity, coverage, limits, what an institution can do, currencies; and what is made of a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from desk import Desk
from docket import CN_2016, POLICY, START, Docket, claim, lies, report

from recoup import limits
from recoup.cases import (
    Case,
    CasePolicy,
    Derived,
    Dwell,
    FindingKind,
    Found,
    Institution,
    Mandate,
    Proposal,
    Ready,
    Reason,
    Refusal,
    dispatch,
    events,
    groups_of,
    learn,
    learned_curve,
    lesson_of,
    meetings_of,
    missing_of,
    net_of,
    note_of,
    plan_orders,
    signs_of,
    view_of,
)
from recoup.cases.commands import (
    AddFacts,
    AgreeToMandate,
    AgreeToOrder,
    ApplyTrail,
    FileAppeal,
    NoteAccountKind,
    NoteRepaid,
    PassAppealClock,
    ProposeMandate,
    SettleAppeal,
    TakeReport,
    TakeUp,
)
from recoup.cases.state import AppealTrigger
from recoup.figures import Asked, Book, Spread, Tally, sum_up
from recoup.journal.events import Registry
from recoup.orders import (
    AccountKind,
    Hold,
    HoldKey,
    Order,
    OrderKind,
    Outcome,
    approvals_needed,
)

DWELL = Dwell(((0, 1000), (600, 500), (3600, 100)))


# --- dispatch and dwell --------------------------------------------------------------------------------------------------


def test_an_institution_gets_no_more_orders_a_minute_than_it_takes():
    orders = [Proposal(OrderKind.STOP, f"a{n}", "CNY", "b", n, n, 1000) for n in range(1, 6)]
    ready = [Ready(f"case-{n}", order) for n, order in enumerate(orders)]
    slow = replace(POLICY, institutions={"b": Institution("b", orders_per_minute=3)})
    now, later = dispatch(ready, {"b": 1}, START, slow)
    assert [one.proposal.amount for one in now] == [5, 4]
    assert [one.proposal.amount for one in later] == [3, 2, 1]
    none, _ = dispatch(ready, {"b": 99}, START, POLICY)
    assert none == ()


def test_money_that_leaves_fast_is_chased_first_though_it_is_less():
    arrived = START - timedelta(minutes=5)
    many = Proposal(OrderKind.STOP, "a", "CNY", "slow", 500, 500, arrived_at=arrived)
    few = Proposal(OrderKind.STOP, "b", "CNY", "fast", 300, 300, arrived_at=arrived)
    ready = [Ready("c1", many), Ready("c2", few)]
    alike, _ = dispatch(ready, {}, START, POLICY)
    assert [one.case for one in alike] == ["c1", "c2"]
    # What stays is chased last: of the slow institution much is still there later, of what left nothing can be stopped.
    gone = {"slow": Dwell(((0, 1000), (60, 1)))}
    learned, _ = dispatch(ready, {}, START, POLICY, gone)
    assert [one.case for one in learned] == ["c2", "c1"]


def test_a_query_is_worth_the_money_behind_it_and_not_nothing():
    case = Docket().reported(claim("c1", "a", 200))
    case.trace(lies("c1", "a", 200, Found.UNKNOWN))
    case.send(OrderKind.STOP, "a")
    case.hears("a", 0, "moved")
    query = case.plan.find(OrderKind.QUERY, "a", "CNY")
    assert query is not None
    assert query.at_stake == 200
    small = Proposal(OrderKind.STOP, "z", "CNY", "bank-a", 1, 1, 1000)
    one = replace(POLICY, orders_per_minute=1)
    now, later = dispatch([Ready("c2", small), Ready("c1", query)], {}, case.now, one)
    assert [row.proposal.kind for row in (*now, *later)] == [OrderKind.QUERY, OrderKind.STOP]


def test_only_the_first_answer_about_money_whose_arrival_is_known_teaches():
    case = Docket().reported(claim("c1", "a", 200))
    case.trace(lies("c1", "a", 200, since=START - timedelta(minutes=10)))
    case.send(OrderKind.STOP, "a")
    case.hears("a", 0, "sent", asked=200)
    stop = START - timedelta(minutes=4)
    said = events.HoldNoted(
        "a", "CNY", "bank-a", 200, 80, 0, (), "held_short", OrderKind.STOP, 0, 1, case.now, (), stop
    )
    lesson = lesson_of(case.case, said)
    assert lesson is not None
    assert (lesson.institution, lesson.seconds, lesson.asked, lesson.there) == (
        "bank-a",
        360,
        200,
        80,
    )
    curve = learned_curve("bank-a", [lesson] * 200, POLICY)
    assert curve.chance(timedelta(seconds=600)) < POLICY.dwell.chance(timedelta(seconds=600))
    case.hears("a", 80, "held_short", asked=200)
    assert lesson_of(case.case, said) is None, "a correction is no second lesson"
    refused = replace(said, word="refused")
    assert lesson_of(case.case, refused) is None, "a refusal says nothing of what was there"


def test_an_institution_that_would_take_no_order_is_refused():
    with pytest.raises(ValueError, match="at least one order"):
        Institution("b", orders_per_minute=0)


def test_a_curve_begins_at_one_never_rises_and_never_ends():
    for points in (((1, 1000),), ((0, 999),), (), ((0, 1000), (9, 0)), ((0, 1000), (0, 5))):
        with pytest.raises(ValueError, match="expected"):
            Dwell(points)
    with pytest.raises(ValueError, match="no greater"):
        Dwell(((0, 1000), (5, 400), (9, 500)))
    seconds = (-5, 0, 300, 600, 3600, 9999)
    chances = [DWELL.chance(timedelta(seconds=second)) for second in seconds]
    assert chances == [1000, 1000, 750, 500, 100, 100]


def test_a_curve_learns_from_answers_and_stays_a_curve():
    found = [(650, 100, 100)] * 8
    assert learn(DWELL, found, weight=8).points == ((0, 1000), (600, 750), (3600, 100))
    gone = [(650, 100, 0)] * 1000
    points = learn(DWELL, gone, weight=1).points
    assert points == ((0, 1000), (600, 1), (3600, 1))
    assert learn(DWELL, [(650, 0, 0)], weight=1) == DWELL, (
        "an order that asked for nothing teaches nothing"
    )


def test_an_institution_of_which_something_was_learned_uses_its_own_curve():
    case = Docket().reported(claim("c1", "a", 200))
    old = START - timedelta(hours=5)
    case.trace(lies("c1", "b", 100, since=old), lies("c1", "d", 100, since=old))
    fast = Dwell(((0, 1000), (60, 1)))
    known = {"bank-b": Institution("bank-b", dwell=fast)}
    plan = plan_orders(case.case, case.now, replace(case.policy, institutions=known))
    assert [order.account for order in plan.orders] == ["d", "b"]
    assert plan.orders[1].chance == 1


# --- what is not asked for -----------------------------------------------------------------------------------------------


def test_the_smallest_rest_beyond_the_coverage_is_left_and_said():
    case = Docket(policy=replace(POLICY, coverage_permille=920)).reported(claim("c1", "a", 100))
    case.trace(lies("c1", "b", 92), lies("c1", "d", 8))
    assert case.kinds() == [("extend", "b", 92)]
    assert [(row.account, row.why) for row in case.plan.waiting] == [("d", "beyond_coverage")]
    full = plan_orders(case.case, case.now, POLICY)
    assert [order.account for order in full.orders] == ["b", "d"]


@pytest.mark.parametrize(
    ("hop", "asked"), [(limits.CASE_HOPS_MAX, 1), (limits.CASE_HOPS_MAX + 1, 0)]
)
def test_hops_end_at_the_limit_of_the_program_and_a_person_is_told(hop, asked):
    case = Docket().reported(claim("c1", "a", 100))
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=hop))
    assert len(case.plan.orders) == asked
    assert [row.why for row in case.plan.waiting] == ["beyond_hops"] * (1 - asked)


def test_an_account_of_no_known_institution_is_a_persons_matter():
    case = Docket().reported(claim("c1", "a", 100))
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, institution=""))
    assert [row.why for row in case.plan.waiting] == ["no_institution"]


def test_an_institution_that_can_stop_accounts_only_is_asked_so_and_the_excess_is_overlap():
    case = Docket().reported(claim("c1", "a", 100))
    known = {"bank-a": Institution("bank-a", can_stop_amounts=False)}
    able = replace(case.policy, institutions=known)
    assert plan_orders(case.case, case.now, able).orders[0].is_whole_account
    case.send(OrderKind.STOP, "a")
    case.hears("a", 170)
    assert (case.plan.net, case.plan.overlap) == ({"CNY": 100}, {"CNY": 70})


def test_a_stop_that_cannot_shrink_is_a_persons_matter_and_one_that_can_is_reduced():
    case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 50))
    case.holds("a", 150)
    case.found(FindingKind.CLAIM_VOID, "c2")
    assert [(row.why, row.amount) for row in case.plan.waiting] == [("cannot_shrink", 50)]
    can = {"bank-a": Institution("bank-a", can_shrink_stop=True)}
    orders = plan_orders(case.case, case.now, replace(case.policy, institutions=can)).orders
    assert [(order.kind, order.amount) for order in orders] == [(OrderKind.REDUCE, 100)]


def test_a_hold_that_nobody_confirmed_is_not_cut_to_what_nobody_has_seen():
    case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 50))
    case.holds("a", 150, twice=False)
    case.hears("a", 150, "frozen", basis=OrderKind.FREEZE)
    case.found(FindingKind.CLAIM_VOID, "c2")
    assert case.kinds() == []
    case.confirms("a", 150)
    assert case.kinds() == [("reduce", "a", 100)]


def test_what_became_another_currency_is_a_loss_of_its_own_there():
    case = Docket().reported(claim("c1", "a", 700))
    case.trace(
        lies("c1", "a", 700, Found.EXITED, kind="converted"),
        lies("c1", "a", 100, currency="USD"),
        derived=(Derived("c1", "USD", 100), Derived("c1", "CNY", 700)),
    )
    assert missing_of(case.case) == {("c1", "CNY"): 700, ("c1", "USD"): 100}
    assert [(o.account, o.currency, o.amount) for o in case.plan.orders] == [("a", "USD", 100)]
    case.send(OrderKind.STOP, "a", "USD")
    case.must(NoteRepaid("p1", "c1", returned=350))
    assert case.stands() == {"a": {"c1": 50}}, "half of it came back"


def test_a_trail_at_the_limit_is_taken_and_one_place_more_is_not(monkeypatch):
    monkeypatch.setattr("recoup.cases.following.CASE_PLACES_MAX", 2)
    monkeypatch.setattr("recoup.cases.following.CASE_ROWS_MAX", 2)
    monkeypatch.setattr("recoup.cases.reporting.CASE_CLAIMS_MAX", 1)
    case = Docket().reported(claim("c1", "a", 100))
    three = (lies("c1", "a", 50), lies("c1", "b", 49), lies("c1", "d", 1))
    found = case.do(ApplyTrail(case.case.facts_version, "x", three))
    assert found.reason is Reason.TRAIL_TOO_LONG
    assert case.do(AddFacts("rows", ("1", "2", "3"))).reason is Reason.TRAIL_TOO_LONG
    case.must(AddFacts("rows", ("1", "2")))
    assert case.do(AddFacts("rows", ("1", "2"))) == ()
    case.trace(lies("c1", "a", 50), lies("c1", "b", 50))
    second = TakeReport(report(), claim("c2", "a", 1), "u")
    assert case.do(second).reason is Reason.TRAIL_TOO_LONG


def test_a_trail_with_places_of_nothing_is_refused():
    case = Docket().reported(claim("c1", "a", 100))
    places = (lies("c1", "a", 100), lies("c1", "b", 0))
    found = case.do(ApplyTrail(case.case.facts_version, "x", places))
    assert found.reason is Reason.AMOUNT_NOT_POSITIVE


def test_a_trail_of_money_that_no_conversion_made_is_refused():
    case = Docket().reported(claim("c1", "a", 100))
    usd = (lies("c1", "a", 100, Found.EXITED, kind="converted"), lies("c1", "b", 9, currency="USD"))
    version = case.case.facts_version
    found = case.do(ApplyTrail(version, "x", usd, (Derived("c1", "USD", 8),)))
    assert found.reason is Reason.TRAIL_NOT_CONSERVED
    case.found(FindingKind.CLAIM_VOID, "c1")
    version = case.case.facts_version
    assert case.do(ApplyTrail(version, "x", usd)).reason is Reason.TRAIL_NOT_CONSERVED
    case.must(ApplyTrail(version, "x", ()))


def test_a_hold_of_the_other_room_is_told_to_the_case():
    hold = Hold(HoldKey("case-1", "a", "CNY"))
    note = note_of(hold, "bank-a", START)
    assert (note.asked, note.held, note.word) == (0, 0, "asked")


def test_a_stop_nobody_answered_counts_as_asked_and_one_that_found_nothing_does_not():
    desk = Desk(CN_2016.orders)
    order = desk.tell(OrderKind.STOP, 100)
    assert note_of(desk.hold, "bank-1", START).asked == 100
    desk.hear(order, Outcome.MOVED)
    assert (note_of(desk.hold, "bank-1", START).asked, desk.hold.word) == (0, "moved")


# --- joining, figures ---------------------------------------------------------------------------------------------


def test_trails_meet_where_two_cases_have_money_and_groups_hang_together():
    def reached(number, *accounts):
        places = tuple(lies("c", account, 1) for account in accounts)
        return Case(number, places=(*places, lies("c", "exit", 1, Found.EXITED)))

    cases = [reached("3", "q"), reached("1", "p", "q"), reached("2", "p"), reached("4", "z")]
    meetings = meetings_of(cases)
    assert [(m.account, m.cases) for m in meetings] == [("p", ("1", "2")), ("q", ("1", "3"))]
    assert groups_of(meetings) == (("1", "2", "3"),)


def figures_of(case: Docket) -> Tally:
    """Return the figures of all that happened, each event an entry of its own."""
    book = Book()
    for number, (at, event) in enumerate(case.events, 1):
        book.note(at, number, f"command-{number}", "case-1", event)
    book.finish()
    first, last = case.events[0][0], case.events[-1][0]
    return sum_up(book.facts, Asked(first, last + timedelta(seconds=1)))


def test_figures_count_overdue_appeals_findings_for_holders_and_no_queries_as_unanswered():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a")
    case.trace(
        lies("c1", "a", 60),
        lies("c1", "pay", 40, Found.EXITED, kind="wallet", serial="s1", institution="psp"),
    )
    case.send(OrderKind.QUERY, "s1")
    case.must(FileAppeal("x1", "a", "CNY", False))
    case.wait(days=1)
    case.must(PassAppealClock("x1"))
    case.found(FindingKind.INNOCENT_CONDUIT, "a")
    found = figures_of(case)
    assert (found.appeals_overdue, found.false_holds) == (1, 1)
    assert (found.spreads["hops"].count, found.waiting) == (2, 0)


def test_figures_keep_gross_net_and_overlap_apart():
    case = Docket().reported(claim("c1", "a", 100))
    case.wait(seconds=30)
    case.send(OrderKind.STOP, "a")
    case.hears("a", 0, "sent", asked=100)
    case.wait(seconds=5000)
    case.hears("a", 60, "held_short")
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    case.send(OrderKind.EXTEND, "b")
    case.wait(seconds=10)
    case.hears("b", 100, "frozen", basis=OrderKind.FREEZE)
    case.confirms("b", 100)
    case.send(OrderKind.RELEASE, "a")
    case.hears("a", 0, "released")
    case.must(FileAppeal("x1", "b", "CNY", False))
    case.wait(seconds=77)
    case.must(SettleAppeal("x1", AppealTrigger.UPHOLD, "judge", 90, "salary"))
    found = figures_of(case)
    money = found.money["CNY"]
    assert (money.reported, money.stopped_gross, money.stopped_net) == (100, 160, 100)
    assert (money.overlap, money.overlap_most) == (10, 60)
    assert (money.frozen, money.released) == (100, 60)
    assert found.spreads["entry"] == Spread(1, 0, 0, 0)
    assert found.spreads["hops"] == Spread(3, 1, 2, 2)
    assert (found.false_holds, found.spreads["appeal"].most) == (1, 77)


# --- the journal and the policy ------------------------------------------------------------------------------------------


def test_every_event_of_a_case_has_a_canonical_form():
    registry = Registry()
    for kind in get_args(events.Event):
        registry.register("case_" + kind.__name__.lower(), 1, kind)
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a")
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    case.found(FindingKind.INNOCENT_CONDUIT, "a")
    for _, event in case.events:
        assert registry.decode(*registry.name_of(event), registry.encode(event)) == event


def test_a_policy_with_a_term_of_no_source_or_no_sense_is_refused():
    for bad, what in (
        ({"grounds": CN_2016.grounds[1:]}, "no source for admission_persons"),
        ({"admission_persons": 0}, "admission_persons"),
        ({"coverage_permille": 1001}, "coverage_permille"),
        ({"orders_per_minute": 0}, "above zero"),
        ({"appeal_seconds": -1}, "above zero"),
    ):
        with pytest.raises(ValueError, match=what):
            replace(CN_2016, **bad)
    assert isinstance(CN_2016, CasePolicy)


def test_reasons_are_transient_or_not():
    assert Reason.TRAIL_STALE.is_transient
    assert not Reason.MAKER_DECIDES.is_transient
    assert net_of(Case("x")) == {}
    assert signs_of(report(), claim("c", "a", 99_999), [], START, CN_2016) == ()


# --- who is let go first, and how much stands meanwhile ---------------------------------------------------------------------


def three_holds(first: str, second: str) -> Docket:
    """100 held at each of two accounts that the money passed, 40 of 100 where it is now; all confirmed twice."""
    case = Docket().reported(claim("c1", first, 100))
    case.holds(first, 100)
    case.trace(lies("c1", second, 100, hop=2))
    case.holds(second, 100)
    return case


def test_one_plan_never_counts_a_hold_that_it_gives_up_itself():
    case = three_holds("a", "b")
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    case.holds("d", 40)
    assert case.kinds() == [("release", "a", 0)]
    assert [(w.account, w.why, w.amount) for w in case.plan.waiting] == [
        ("b", "cannot_shrink", 40),
        ("b", "unconfirmed", 60),
    ]


def test_the_innocent_holder_is_let_go_before_the_others_whatever_the_names():
    case = three_holds("b", "z")
    case.found(FindingKind.INNOCENT_CONDUIT, "z")
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    case.holds("d", 40)
    assert case.kinds() == [("release", "z", 0)]


def test_the_same_money_is_not_asked_for_again_after_moved_not_even_when_as_old_as_the_answer():
    case = Docket().reported(claim("c1", "a", 100))
    case.send(OrderKind.STOP, "a")
    case.hears("a", 0, "moved")
    case.must(AddFacts("rows", ()))
    case.trace(lies("c1", "a", 100, since=case.now))
    assert case.kinds() == []


def test_a_claim_that_no_longer_stands_raises_nothing():
    case = Docket().reported(claim("c1", "a", 60))
    case.holds("a", 60)
    case.found(FindingKind.CLAIM_VOID, "c1")
    case.reported(claim("c2", "a", 80))
    assert case.kinds() == [("raise", "a", 80)]
    assert case.plan.orders[0].stood == (("c2", 80),)


def test_a_reported_claim_may_carry_less_than_its_transfer_but_never_more():
    case = Docket()
    case.must(TakeReport(report(), claim("c1", "a", 100), "u"))
    version = case.case.facts_version
    found = case.do(ApplyTrail(version, "x", (lies("c1", "a", 101),)))
    assert found.reason is Reason.TRAIL_NOT_CONSERVED
    case.must(ApplyTrail(version, "y", (lies("c1", "a", 70),)))


# --- protected accounts --------------------------------------------------------------------------------------------------


def test_an_account_that_pays_wages_needs_more_people_and_no_mandate_covers_it():
    case = Docket().reported(claim("c1", "a", 200))
    case.trace(lies("c1", "a", 200, Found.UNKNOWN))
    until = case.now + timedelta(hours=2)
    mandate = Mandate("m1", 5, 1000, "CNY", until, "officer")
    case.must(ProposeMandate(mandate))
    case.must(AgreeToMandate("m1", "approver", mandate.digest))
    ordinary = case.order(OrderKind.STOP, "a", mandate="m1")
    case.must(NoteAccountKind("a", AccountKind.PAYROLL))
    found = case.plan.find(OrderKind.STOP, "a", "CNY")
    assert found is not None
    assert found.account_kind is AccountKind.PAYROLL
    stale = case.do(TakeUp(ordinary))
    assert isinstance(stale, Refusal)
    assert stale.reason is Reason.PROPOSAL_STALE, "nobody lets it leave as an ordinary one"
    protected = replace(ordinary, account_kind=AccountKind.PAYROLL)
    narrow = case.do(TakeUp(protected))
    assert isinstance(narrow, Refusal)
    assert narrow.reason is Reason.MANDATE_TOO_NARROW
    by_hand = replace(protected, mandate="")
    for count, person in enumerate(("ann", "bob")):
        early = case.do(TakeUp(by_hand))
        assert isinstance(early, Refusal), f"{count} agreed"
        assert early.reason is Reason.APPROVAL_MISSING
        view = view_of(case.case, by_hand, case.plan)
        assert view is not None
        case.must(AgreeToOrder(by_hand, person, view.digest))
    case.must(TakeUp(by_hand))
    assert case.must(NoteAccountKind("a", AccountKind.PAYROLL)) == (), "said twice"


def test_to_free_a_protected_account_takes_no_more_people_than_another():
    key = HoldKey("case-1", "a", "CNY")
    for kind, amount in ((OrderKind.RELEASE, 0), (OrderKind.REDUCE, 5), (OrderKind.QUERY, 0)):
        order = Order("o", kind, key, "bank-a", amount, "maker", "why")
        payroll = replace(order, account_kind=AccountKind.PAYROLL)
        terms = POLICY.orders
        assert approvals_needed(payroll, terms) == approvals_needed(order, terms)
    stop = Order("o", OrderKind.STOP, key, "bank-a", 5, "maker", "why")
    assert approvals_needed(replace(stop, account_kind=AccountKind.PAYROLL), POLICY.orders) == 2
