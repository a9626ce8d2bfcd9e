"""Stops and freezes as an officer meets them: terms, counts, approvals, late and contradicting answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk import KEY, START, Desk

from recoup.errors import PolicyFault
from recoup.messages import ResultCode
from recoup.orders import (
    AccountKind,
    Extent,
    Hold,
    HoldState,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Reason,
    Refusal,
    Standing,
    approvals_needed,
    decide,
)
from recoup.orders.commands import (
    ApproveOrder,
    ConfirmSent,
    DraftOrder,
    IssueOrder,
    NoteGone,
    PassAnswerLimit,
    PassTerm,
    RecordAnswer,
    SendBackOrder,
    SubmitOrder,
    WithdrawOrder,
)
from recoup.orders.events import AnswerRecorded, Bearing, Event
from recoup.orders.hold import Answer
from recoup.orders.kinds import UNKNOWN_THERE
from recoup.reading.policies import read_policy


@pytest.fixture
def desk() -> Desk:
    """A hold that nobody has asked for yet, under cn-2016."""
    return Desk(read_policy("cn-2016"))


def order(kind: OrderKind, amount: int, order_id: str = "x", **more: object) -> Order:
    return Order(order_id, kind, KEY, "bank-1", amount, "maker", "a reason", **more)  # type: ignore[arg-type]


def reason_of(found: tuple[Event, ...] | Refusal) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def bearing_of(found: tuple[Event, ...] | Refusal) -> Bearing:
    assert not isinstance(found, Refusal)
    return next(event.bearing for event in found if isinstance(event, AnswerRecorded))


# -- terms


def test_a_stop_ends_48_hours_after_the_banks_own_time(desk: Desk) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    own = desk.now + timedelta(minutes=7)
    desk.wait(minutes=20)
    desk.hear(stop, Outcome.HELD, 100, own)
    assert desk.hold.ends_at == own + timedelta(hours=48)


def test_a_stop_whose_start_is_never_reported_ends_48_hours_after_sending(desk: Desk) -> None:
    sent = desk.now
    stop = desk.tell(OrderKind.STOP, 100)
    desk.wait(hours=3)
    desk.hear(stop, Outcome.HELD, 100)
    assert desk.hold.ends_at == sent + timedelta(hours=48)


@pytest.mark.parametrize("days", [-3, 3])
def test_a_time_of_the_bank_that_cannot_be_is_not_believed(desk: Desk, days: int) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.hear(stop, Outcome.HELD, 100, desk.now + timedelta(days=days))
    assert desk.hold.ends_at == START + timedelta(hours=48)


def test_a_stop_lapses_at_its_end_and_not_a_microsecond_before(desk: Desk) -> None:
    desk.stopped()
    desk.wait(hours=48, microseconds=-1)
    assert reason_of(desk.do(PassTerm())) is Reason.TERM_RUNS
    desk.wait(microseconds=1)
    desk.do(PassTerm())
    assert (desk.hold.state, desk.hold.held) == (HoldState.LAPSED, 0)
    assert reason_of(desk.do(PassTerm())) is Reason.HOLD_LAPSED


def test_a_freeze_lasts_six_months_of_the_calendar(desk: Desk) -> None:
    desk.stopped()
    freeze = desk.tell(OrderKind.FREEZE, 100)
    desk.hear(freeze, Outcome.FROZEN, 100, datetime(2026, 1, 31, 20, 0, tzinfo=UTC))
    # 1 February 04:00 in Shanghai, six months on.
    assert desk.hold.ends_at == datetime(2026, 7, 31, 20, 0, tzinfo=UTC)


def test_a_month_that_is_too_short_ends_the_freeze_on_its_last_day() -> None:
    policy = read_policy("cn-2016")
    begin = datetime(2026, 8, 31, 3, 0, tzinfo=UTC)  # 31 August in Shanghai
    assert policy.freeze_ends(begin) == datetime(2027, 2, 28, 3, 0, tzinfo=UTC)


def test_a_renewal_runs_on_from_the_end_of_the_freeze(desk: Desk) -> None:
    desk.stopped()
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    first_end = desk.hold.ends_at
    desk.wait(days=170)
    desk.hear(desk.tell(OrderKind.RENEW, 100), Outcome.FROZEN, 100)
    assert desk.hold.renewals == 1
    assert first_end is not None
    assert desk.hold.ends_at == desk.policy.freeze_ends(first_end)


def test_a_freeze_that_is_over_cannot_be_renewed(desk: Desk) -> None:
    desk.stopped()
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    desk.wait(days=200)
    found = desk.do(DraftOrder(order(OrderKind.RENEW, 100)))
    assert reason_of(found) is Reason.HOLD_LAPSED


def test_an_order_is_asked_again_at_issue_whether_it_still_fits(desk: Desk) -> None:
    desk.stopped()
    freeze = order(OrderKind.FREEZE, 100)
    desk.do(DraftOrder(freeze))
    desk.do(SubmitOrder("x"))
    desk.wait(hours=49)
    assert reason_of(desk.do(ApproveOrder("x", "first", freeze.digest))) is Reason.HOLD_LAPSED


# -- counts


def test_an_account_is_stopped_at_most_twice_in_one_case(desk: Desk) -> None:
    desk.stopped()
    desk.hear(desk.tell(OrderKind.POSTPONE, 100), Outcome.POSTPONED, 100, desk.now)
    assert (desk.hold.state, desk.hold.stops_spent) == (HoldState.POSTPONED, 2)
    assert reason_of(desk.do(DraftOrder(order(OrderKind.POSTPONE, 100)))) is Reason.STOPS_EXHAUSTED
    desk.wait(hours=100)
    desk.do(PassTerm())
    assert reason_of(desk.do(DraftOrder(order(OrderKind.STOP, 100)))) is Reason.STOPS_EXHAUSTED


def test_a_stop_that_the_bank_did_not_make_is_not_counted(desk: Desk) -> None:
    desk.hear(desk.tell(OrderKind.STOP, 100), Outcome.REFUSED)
    desk.hear(desk.tell(OrderKind.STOP, 100), Outcome.MOVED)
    assert desk.hold.stops_spent == 0
    desk.stopped()
    assert desk.hold.period == 2


@pytest.mark.parametrize("first", [Outcome.REFUSED, Outcome.MOVED])
def test_a_stop_that_the_bank_denied_and_then_made_counts_and_is_asked_for(
    desk: Desk, first: Outcome
) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.hear(stop, first)
    desk.wait(minutes=5)
    desk.hear(stop, Outcome.HELD, 100, desk.now)
    assert (desk.hold.state, desk.hold.stops_spent) == (HoldState.HELD, 1)
    # What it was told to hold is what is asked: no excess, and it can be frozen and paid back.
    assert (desk.hold.asked, desk.hold.excess, desk.hold.payable) == (100, 0, 100)
    desk.hear(desk.tell(OrderKind.POSTPONE, 100), Outcome.POSTPONED, 100, desk.now)
    desk.wait(hours=100)
    desk.do(PassTerm())
    assert reason_of(desk.do(DraftOrder(order(OrderKind.STOP, 100)))) is Reason.STOPS_EXHAUSTED


def test_a_freeze_of_less_that_was_refused_and_then_made_is_what_is_asked(desk: Desk) -> None:
    desk.stopped()
    freeze = desk.tell(OrderKind.FREEZE, 60)
    desk.hear(freeze, Outcome.REFUSED)
    assert desk.hold.asked == 100
    desk.hear(freeze, Outcome.FROZEN, 60, desk.now)
    assert (desk.hold.asked, desk.hold.payable, desk.hold.word) == (60, 60, "frozen")


def test_a_postponement_never_makes_the_stop_shorter(desk: Desk) -> None:
    desk.stopped()
    postpone = desk.tell(OrderKind.POSTPONE, 100)
    before = desk.hold.ends_at
    desk.hear(postpone, Outcome.POSTPONED, 100, START - timedelta(hours=12))
    assert desk.hold.ends_at == before


# -- persons


def test_nobody_approves_what_they_made_or_twice_or_what_they_did_not_see(desk: Desk) -> None:
    desk.stopped()
    protected = order(OrderKind.FREEZE, 100, account_kind=AccountKind.PAYROLL)
    desk.do(DraftOrder(protected))
    assert (
        reason_of(desk.do(ApproveOrder("x", "a", protected.digest))) is Reason.ORDER_NOT_SUBMITTED
    )
    desk.do(SubmitOrder("x"))
    assert (
        reason_of(desk.do(ApproveOrder("x", "maker", protected.digest))) is Reason.APPROVER_IS_MAKER
    )
    other = replace(protected, amount=99).digest
    assert reason_of(desk.do(ApproveOrder("x", "a", other))) is Reason.APPROVAL_STALE
    desk.do(ApproveOrder("x", "a", protected.digest))
    assert reason_of(desk.do(ApproveOrder("x", "a", protected.digest))) is Reason.APPROVER_TWICE
    assert reason_of(desk.do(IssueOrder("x"))) is Reason.APPROVAL_MISSING
    desk.do(ApproveOrder("x", "b", protected.digest))
    assert desk.hold.find("x").state is OrderState.ISSUED
    assert (
        reason_of(desk.do(ApproveOrder("x", "c", protected.digest))) is Reason.ORDER_ALREADY_ISSUED
    )


def test_an_order_sent_back_needs_all_approvals_again(desk: Desk) -> None:
    desk.stopped()
    freeze = order(OrderKind.FREEZE, 100, account_kind=AccountKind.TREASURY)
    for command in (
        DraftOrder(freeze),
        SubmitOrder("x"),
        ApproveOrder("x", "a", freeze.digest),
        SendBackOrder("x", "b", "the amount is not proved"),
        SubmitOrder("x"),
        ApproveOrder("x", "b", freeze.digest),
    ):
        assert not isinstance(desk.do(command), Refusal)
    assert desk.hold.find("x").state is OrderState.AWAITING_APPROVAL
    desk.do(WithdrawOrder("x", "maker"))
    assert desk.hold.find("x").state is OrderState.WITHDRAWN


def test_a_standing_authority_covers_stops_but_neither_freezes_nor_protected_accounts() -> None:
    policy = read_policy("cn-2016")
    covered = order(OrderKind.EXTEND, 1, mandate="m1")
    assert approvals_needed(covered, policy) == 0
    assert approvals_needed(order(OrderKind.EXTEND, 1), policy) == 1
    for uncovered in (
        replace(covered, kind=OrderKind.FREEZE),
        replace(covered, kind=OrderKind.RELEASE, amount=0),
        replace(covered, account_kind=AccountKind.SOCIAL_BENEFITS),
        replace(covered, extent=Extent.WHOLE_ACCOUNT, extent_ground="mandate m1"),
    ):
        assert approvals_needed(uncovered, policy) >= 1


def test_a_whole_account_needs_a_ground(desk: Desk) -> None:
    whole = order(OrderKind.STOP, 100, extent=Extent.WHOLE_ACCOUNT)
    assert reason_of(desk.do(DraftOrder(whole))) is Reason.ACCOUNT_NOT_WHOLE


def test_the_digest_changes_with_every_field() -> None:
    first = order(OrderKind.STOP, 100)
    others = [
        replace(first, **{name: value})  # type: ignore[arg-type]
        for name, value in {
            "id": "y",
            "kind": OrderKind.EXTEND,
            "key": replace(KEY, account="account-2"),
            "institution": "bank-2",
            "amount": 101,
            "made_by": "other",
            "reason": "another reason",
            "extent": Extent.WHOLE_ACCOUNT,
            "extent_ground": "g",
            "account_kind": AccountKind.PAYROLL,
            "mandate": "m",
        }.items()
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 12


# -- what fits


def test_what_the_hold_leaves_no_room_for_is_refused(desk: Desk) -> None:
    for kind in (OrderKind.POSTPONE, OrderKind.RENEW, OrderKind.RAISE, OrderKind.REDUCE):
        assert reason_of(desk.do(DraftOrder(order(kind, 1)))) is Reason.NOTHING_HELD
    assert reason_of(desk.do(DraftOrder(order(OrderKind.RELEASE, 0)))) is Reason.NOTHING_HELD
    desk.stopped(100)
    for kind, amount, reason in (
        (OrderKind.STOP, 100, Reason.ALREADY_HELD),
        (OrderKind.RAISE, 100, Reason.AMOUNT_NOT_RAISED),
        (OrderKind.REDUCE, 100, Reason.AMOUNT_EXCEEDS_HELD),
        (OrderKind.REDUCE, 40, Reason.CANNOT_SHRINK),
        (OrderKind.RENEW, 100, Reason.NOT_FROZEN),
        (OrderKind.RELEASE, 5, Reason.AMOUNT_MEANINGLESS),
        (OrderKind.STOP, 0, Reason.AMOUNT_NOT_POSITIVE),
    ):
        assert reason_of(desk.do(DraftOrder(order(kind, amount)))) is reason, kind
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    for kind, amount, reason in (
        (OrderKind.FREEZE, 100, Reason.ALREADY_FROZEN),
        (OrderKind.POSTPONE, 100, Reason.ALREADY_FROZEN),
    ):
        assert reason_of(desk.do(DraftOrder(order(kind, amount)))) is reason, kind


def test_two_orders_of_one_kind_are_never_on_their_way_at_once(desk: Desk) -> None:
    desk.tell(OrderKind.STOP, 100)
    assert reason_of(desk.do(DraftOrder(order(OrderKind.STOP, 50)))) is Reason.ORDER_PENDING
    assert reason_of(desk.do(DraftOrder(order(OrderKind.EXTEND, 50)))) is Reason.ORDER_PENDING


def test_the_same_order_twice_is_a_repeat_and_another_under_its_id_is_refused(desk: Desk) -> None:
    stop = order(OrderKind.STOP, 100)
    desk.do(DraftOrder(stop))
    assert desk.do(DraftOrder(stop)) == ()
    assert reason_of(desk.do(DraftOrder(replace(stop, amount=99)))) is Reason.ORDER_ID_TAKEN
    elsewhere = replace(stop, id="y", key=replace(KEY, account="account-2"))
    assert reason_of(desk.do(DraftOrder(elsewhere))) is Reason.ANOTHER_ACCOUNT
    assert reason_of(desk.do(IssueOrder("z"))) is Reason.ORDER_UNKNOWN


# -- answers


def test_less_than_was_asked_is_short_whatever_the_bank_calls_it(desk: Desk) -> None:
    desk.hear(desk.tell(OrderKind.STOP, 100), Outcome.HELD, 60, desk.now)
    assert (desk.hold.state, desk.hold.held) == (HoldState.HELD_SHORT, 60)


def test_more_than_was_asked_is_measured(desk: Desk) -> None:
    desk.hear(desk.tell(OrderKind.STOP, 100), Outcome.HELD, 160, desk.now)
    assert (desk.hold.state, desk.hold.excess) == (HoldState.HELD, 60)


def test_a_bank_that_answers_before_the_sender_noted_it_sent_is_heard(desk: Desk) -> None:
    desk.do(DraftOrder(order(OrderKind.STOP, 100)))
    desk.do(IssueOrder("x"))
    desk.hear("x", Outcome.HELD, 100, desk.now)
    assert desk.hold.state is HoldState.HELD
    assert desk.do(ConfirmSent("x", desk.now)) == ()


def test_an_answer_to_what_was_never_issued_is_refused(desk: Desk) -> None:
    desk.do(DraftOrder(order(OrderKind.STOP, 100)))
    assert reason_of(desk.hear("x", Outcome.HELD, 100)) is Reason.ORDER_NOT_ISSUED


def test_an_order_without_an_answer_in_time_is_unanswered_and_still_hears_one(desk: Desk) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    assert reason_of(desk.do(PassAnswerLimit(stop))) is Reason.TERM_RUNS
    desk.wait(hours=1)
    desk.do(PassAnswerLimit(stop))
    assert desk.hold.word == "unanswered"
    assert reason_of(desk.do(PassAnswerLimit(stop))) is Reason.ORDER_ALREADY_UNANSWERED
    desk.hear(stop, Outcome.HELD, 100, desk.now)
    assert desk.hold.word == "held"
    assert reason_of(desk.do(PassAnswerLimit(stop))) is Reason.ORDER_ALREADY_ANSWERED


def test_the_same_answer_twice_changes_nothing_and_another_under_its_id_is_refused(
    desk: Desk,
) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.hear(stop, Outcome.HELD, 100, START, "a")
    assert desk.hear(stop, Outcome.HELD, 100, START, "a") == ()
    assert reason_of(desk.hear(stop, Outcome.MOVED, 0, None, "a")) is Reason.ANSWER_ID_TAKEN


def test_held_then_denied_is_kept_and_the_hold_stands(desk: Desk) -> None:
    stop = desk.stopped()
    assert bearing_of(desk.hear(stop, Outcome.MOVED)) is Bearing.CONTRADICTS
    assert bearing_of(desk.hear(stop, Outcome.REFUSED)) is Bearing.CONTRADICTS
    assert (desk.hold.state, desk.hold.held) == (HoldState.HELD, 100)


def test_denied_then_held_is_held(desk: Desk) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.hear(stop, Outcome.MOVED)
    desk.hear(stop, Outcome.HELD, 100, desk.now)
    assert (desk.hold.state, desk.hold.held) == (HoldState.HELD, 100)


def test_a_refused_change_leaves_the_hold_as_it_is(desk: Desk) -> None:
    desk.stopped()
    freeze = desk.tell(OrderKind.FREEZE, 100)
    assert bearing_of(desk.hear(freeze, Outcome.REFUSED)) is Bearing.APPLIED
    assert desk.hold.state is HoldState.HELD
    desk.hear(freeze, Outcome.FROZEN, 100, desk.now)  # the bank looked again
    assert desk.hold.state is HoldState.FROZEN


def test_an_older_orders_answer_does_not_undo_a_newer_ones(desk: Desk) -> None:
    desk.stopped(100)
    raised = desk.tell(OrderKind.RAISE, 150)
    desk.wait(minutes=1)
    release = desk.tell(OrderKind.RELEASE, 0)
    desk.hear(release, Outcome.RELEASED)
    assert bearing_of(desk.hear(raised, Outcome.HELD, 150)) is Bearing.SUPERSEDED
    assert (desk.hold.state, desk.hold.held) == (HoldState.RELEASED, 0)


def test_an_answer_after_the_lapse_revives_the_hold_while_the_banks_own_term_runs(
    desk: Desk,
) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.wait(hours=48)
    desk.do(PassTerm())
    assert desk.hold.state is HoldState.LAPSED
    own = START + timedelta(hours=20)
    assert bearing_of(desk.hear(stop, Outcome.HELD, 100, own)) is Bearing.APPLIED
    assert (desk.hold.state, desk.hold.ends_at) == (HoldState.HELD, own + timedelta(hours=48))


def test_an_answer_after_the_lapse_whose_term_is_over_too_is_only_kept(desk: Desk) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    desk.wait(hours=60)
    desk.do(PassTerm())
    assert bearing_of(desk.hear(stop, Outcome.HELD, 100, START)) is Bearing.ENDED
    assert desk.hold.state is HoldState.LAPSED


def test_a_stop_nobody_answered_can_be_released(desk: Desk) -> None:
    desk.tell(OrderKind.STOP, 100)
    desk.wait(minutes=1)
    desk.hear(desk.tell(OrderKind.RELEASE, 0), Outcome.RELEASED)
    assert desk.hold.state is HoldState.RELEASED


def test_an_answer_that_does_not_fit_the_order_is_only_kept(desk: Desk) -> None:
    stop = desk.tell(OrderKind.STOP, 100)
    assert bearing_of(desk.hear(stop, Outcome.RELEASED)) is Bearing.UNFITTING
    assert desk.hold.state is HoldState.ASKED


def test_a_frozen_hold_is_reduced_and_raised_under_its_term(desk: Desk) -> None:
    desk.stopped()
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    end = desk.hold.ends_at
    desk.wait(days=1)
    desk.hear(desk.tell(OrderKind.REDUCE, 40), Outcome.REDUCED, 40)
    assert (desk.hold.state, desk.hold.held, desk.hold.ends_at) == (HoldState.REDUCED, 40, end)
    desk.wait(days=1)
    desk.hear(desk.tell(OrderKind.RAISE, 70), Outcome.HELD, 70)
    assert (desk.hold.held, desk.hold.ends_at, desk.hold.basis) == (70, end, OrderKind.FREEZE)


def test_a_new_stop_after_a_release_begins_a_new_period(desk: Desk) -> None:
    first = desk.stopped()
    desk.wait(minutes=1)
    desk.hear(desk.tell(OrderKind.RELEASE, 0), Outcome.RELEASED)
    desk.wait(minutes=1)
    desk.tell(OrderKind.STOP, 60)
    assert (desk.hold.state, desk.hold.period) == (HoldState.ASKED, 1)
    assert bearing_of(desk.hear(first, Outcome.HELD, 100)) is Bearing.SUPERSEDED
    assert desk.hold.state is HoldState.ASKED


# -- the policy


def test_what_was_not_read_is_marked_assumed() -> None:
    policy = read_policy("cn-2016")
    assert policy.standing_of("stop_seconds") is Standing.KNOWN
    assert policy.standing_of("can_shrink_stop") is Standing.ASSUMED
    with pytest.raises(KeyError):
        policy.standing_of("nothing")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seconds = { value = 172800", 'seconds = { value = "two days"'),
        ("[approvals_protected]\nvalue = 2", "[approvals_protected]\nvalue = 0"),
        ("stop = 3600\n", ""),
        ("stop = 3600\n", "stop = 3600\nstopp = 1\n"),
        ('standing = "known"', 'standing = "sure"'),
        ("months = {", "moons = {"),
        ("Asia/Shanghai", "Asia/Nowhere"),
        ("value = false", "value = 0"),
        ("[stop]", "[stop"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(tmp_path, old: str, new: str) -> None:  # type: ignore[no-untyped-def]
    from recoup.reading import policies

    text = (policies._HERE / "cn-2016.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policy.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyFault, match="policy"):
        read_policy(path)
    with pytest.raises(PolicyFault):
        read_policy(tmp_path / "absent.toml")


def test_deciding_twice_gives_the_same_and_changes_nothing() -> None:
    hold, policy = Hold(KEY), read_policy("cn-2016")
    command = DraftOrder(order(OrderKind.STOP, 100))
    assert decide(hold, command, START, policy) == decide(hold, command, START, policy)
    assert hold == Hold(KEY)
    answer = RecordAnswer("x", Answer("a", Outcome.HELD, 1))
    assert reason_of(decide(hold, answer, START, policy)) is Reason.ORDER_UNKNOWN


# --- a release that the bank refuses because it knows of nothing ---


def denied(desk: Desk, code: str = "0400") -> str:
    """Return the release of a frozen hold that the bank refused with a code."""
    desk.stopped()
    desk.hear(desk.tell(OrderKind.FREEZE, 100), Outcome.FROZEN, 100, desk.now)
    release = desk.tell(OrderKind.RELEASE, 0)
    desk.hear(release, Outcome.REFUSED, code=code)
    assert (desk.hold.state, desk.hold.held) == (HoldState.FROZEN, 100), "one word ends nothing"
    return release


@pytest.mark.parametrize("code", ["0400", "1900"])
def test_a_hold_of_which_the_bank_knows_nothing_is_gone_once_its_digest_says_so_too(desk, code):
    release = denied(desk, code)
    desk.do(NoteGone(release))
    assert (desk.hold.state, desk.hold.held) == (HoldState.RELEASED, 0)
    assert reason_of(desk.do(NoteGone(release))) is Reason.NOTHING_HELD


def test_a_hold_of_which_the_bank_knows_nothing_is_gone_once_a_query_says_so_too(desk):
    denied(desk)
    desk.hear(desk.tell(OrderKind.QUERY, 0), Outcome.INFORMED, 0)
    assert (desk.hold.state, desk.hold.held) == (HoldState.RELEASED, 0)


def test_a_query_that_finds_the_money_ends_nothing(desk):
    denied(desk)
    desk.hear(desk.tell(OrderKind.QUERY, 0), Outcome.INFORMED, 100)
    assert (desk.hold.state, desk.hold.held) == (HoldState.FROZEN, 100)


def test_a_query_that_finds_nothing_ends_no_hold_that_nobody_let_go(desk):
    desk.stopped()
    desk.hear(desk.tell(OrderKind.QUERY, 0), Outcome.INFORMED, 0)
    assert (desk.hold.state, desk.hold.held) == (HoldState.HELD, 100)


def test_a_release_that_is_refused_for_another_reason_keeps_its_hold(desk):
    release = denied(desk, "0301")
    assert reason_of(desk.do(NoteGone(release))) is Reason.RELEASE_NOT_DENIED
    desk.hear(desk.tell(OrderKind.QUERY, 0), Outcome.INFORMED, 0)
    assert desk.hold.held == 100


def test_a_hold_about_which_more_was_ordered_since_is_not_gone(desk):
    release = denied(desk)
    desk.tell(OrderKind.RAISE, 150)
    assert reason_of(desk.do(NoteGone(release))) is Reason.RELEASE_NOT_DENIED
    assert desk.hold.held == 100


def test_the_codes_that_say_so_are_those_of_the_wire():
    assert {ResultCode.ORIGINAL_UNKNOWN, ResultCode.RELEASE_EXPIRED} == UNKNOWN_THERE
