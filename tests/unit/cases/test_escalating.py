"""Asking about a clock that ran out, refusal by refusal, and what of it stands in a packet."""

from __future__ import annotations

from datetime import timedelta

from docket import POLICY, Docket, claim, lies

from recoup.cases import Found, Refusal, packet_of
from recoup.cases.commands import (
    PassEscalation,
    RaiseEscalation,
    RecordForeignAnswer,
    SendNotice,
    SettleEscalation,
)
from recoup.cases.refusals import Reason
from recoup.cases.state import EscalationState


def _asked() -> tuple[Docket, str]:
    case = Docket().reported(claim("c1", "a", 100))
    case.must(RaiseEscalation("answer", "o1", "ft", "bo"))
    return case, case.case.escalations[0].id


def _why(found: object) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def test_a_clock_asks_once_until_it_has_an_outcome_and_then_again() -> None:
    case, first = _asked()
    assert case.do(RaiseEscalation("answer", "o1", "ft", "chen")) == ()
    case.must(SettleEscalation(first, "bo", "rang the bank"))
    case.must(RaiseEscalation("answer", "o1", "ft", "chen"))
    assert [row.state for row in case.case.escalations] == [
        EscalationState.SETTLED,
        EscalationState.OPEN,
    ]
    assert case.case.escalations[1].id != first


def test_nobody_above_is_asked_before_the_time_is_over_nor_where_nobody_is_above() -> None:
    case, first = _asked()
    assert _why(case.do(PassEscalation(first, "sz", "chen"))) is Reason.CLOCK_RUNS
    case.wait(seconds=POLICY.escalation_seconds)
    assert _why(case.do(PassEscalation(first))) is Reason.NOBODY_ABOVE
    case.must(PassEscalation(first, "sz", "chen"))
    assert [(row.unit, row.state.value) for row in case.case.escalations] == [
        ("ft", "passed_up"),
        ("sz", "open"),
    ]
    assert case.case.escalations[1].due_at - case.now == timedelta(
        seconds=POLICY.escalation_seconds
    )


def test_what_is_unknown_settled_or_says_nothing_is_refused() -> None:
    case, first = _asked()
    assert _why(case.do(SettleEscalation("none", "bo", "x"))) is Reason.ESCALATION_UNKNOWN
    assert _why(case.do(PassEscalation("none"))) is Reason.ESCALATION_UNKNOWN
    assert _why(case.do(SettleEscalation(first, "bo", ""))) is Reason.REASON_MISSING
    case.must(SettleEscalation(first, "bo", "rang the bank"))
    assert _why(case.do(SettleEscalation(first, "bo", "again"))) is Reason.ESCALATION_SETTLED
    assert _why(case.do(PassEscalation(first, "sz"))) is Reason.ESCALATION_SETTLED


def test_clocks_that_were_settled_leave_the_packet() -> None:
    case, first = _asked()
    case.trace(lies("c1", "a", 60), lies("c1", "b", 40, Found.EXITED, kind="abroad"))
    case.holds("a", 60)

    def kinds() -> set[str]:
        return {clock.kind for clock in packet_of(case.case, ()).clocks}

    assert kinds() == {"escalation", "abroad", "notice"}
    case.must(SettleEscalation(first, "bo", "rang the bank"))
    case.must(RecordForeignAnswer(case.case.tasks[0].id, "it is held there"))
    case.must(SendNotice("a", "CNY", "identity card", "110"))
    assert kinds() == set()
