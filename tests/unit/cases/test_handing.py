"""A case goes to another unit: offered, accepted on the packet that both saw, declined, taken back, stale."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from docket import START, Docket, claim, lies

from recoup.cases import (
    Finding,
    FindingKind,
    Found,
    Mandate,
    Matter,
    Motion,
    Packet,
    Refusal,
    packet_of,
)
from recoup.cases.commands import (
    AcceptHandover,
    AddFacts,
    AgreeToOrder,
    Command,
    DeclineHandover,
    FileAppeal,
    MakeMotion,
    OfferHandover,
    ProposeFinding,
    ProposeMandate,
    SettleFinding,
    TakeUp,
    WithdrawHandover,
)
from recoup.cases.refusals import Reason
from recoup.cases.state import FindingTrigger, HandoverState
from recoup.cases.views import view_of
from recoup.orders import Hold, HoldKey, HoldState, Order, OrderKind, OrderState, Tracked


def _docket() -> Docket:
    case = Docket().reported(claim("c1", "a", 100))
    case.trace(lies("c1", "a", 100, Found.UNKNOWN))
    return case


def _digest(case: Docket) -> str:
    return packet_of(case.case, ()).digest


def _offers(case: Docket, handover: str = "h1", unit: str = "station-2", **more: str):
    stands = _digest(case)
    values = {"digest": stands, "by": "lead", "reason": "the holder lives there", "stands": stands}
    return case.do(OfferHandover(handover, unit, **(values | more)))


def _accepts(case: Docket, handover: str = "h1", by: str = "other", digest: str = ""):
    stands = _digest(case)
    return case.do(AcceptHandover(handover, digest or stands, by, stands))


def _why(found: object) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def test_a_case_changes_hands_with_the_acceptance_and_not_before() -> None:
    case = _docket()
    _offers(case)
    assert case.case.unit == "station-1"
    assert case.case.offered.to_unit == "station-2"
    _accepts(case)
    assert case.case.unit == "station-2"
    assert case.case.offered is None
    assert case.case.handover("h1").state is HandoverState.ACCEPTED


def test_what_happens_after_the_offer_makes_it_stale_and_it_is_made_anew() -> None:
    case = _docket()
    _offers(case)
    seen = _digest(case)
    case.must(AddFacts("statement-1", ()))
    assert _why(_accepts(case)) is Reason.DIGEST_STALE
    assert _why(_accepts(case, digest=seen)) is Reason.DIGEST_STALE
    assert case.case.unit == "station-1"
    _offers(case, "h2")
    assert case.case.handover("h1").state is HandoverState.WITHDRAWN
    _accepts(case, "h2")
    assert case.case.unit == "station-2"


FINDING = Finding("f1", FindingKind.INNOCENT_CONDUIT, "a", "lead", "wages pass through it")
MOTION = Motion("mo1", Matter.HARDSHIP, "lead", "a", "CNY", 10, reason="rent")
MANDATE = Mandate("ma1", 3, 500, "CNY", START + timedelta(days=1), "lead")


@pytest.mark.parametrize(
    "command", [ProposeFinding(FINDING), MakeMotion(MOTION), ProposeMandate(MANDATE)]
)
def test_what_somebody_proposed_since_makes_an_offer_stale(command: Command) -> None:
    """Who takes the case over answers for what waits to be decided in it, so both saw it."""
    case = _docket()
    case.holds("a", 100)
    _offers(case)
    seen = _digest(case)
    case.must(command)
    assert _why(_accepts(case, digest=seen)) is Reason.DIGEST_STALE
    assert len(packet_of(case.case, ()).decisions) == 1


def test_a_finding_that_was_decided_since_makes_an_offer_stale() -> None:
    case = _docket()
    case.must(ProposeFinding(FINDING))
    _offers(case)
    seen = _digest(case)
    case.must(SettleFinding("f1", FindingTrigger.DISMISS, "bo", FINDING.digest))
    assert _why(_accepts(case, digest=seen)) is Reason.DIGEST_STALE
    (row,) = packet_of(case.case, ()).decisions
    assert (row.id, row.kind, row.about, row.state) == ("f1", "innocent_conduit", "a", "dismissed")


def test_an_offer_is_on_the_packet_as_it_is_and_only_one_waits() -> None:
    case = _docket()
    assert _why(_offers(case, digest="0" * 64)) is Reason.DIGEST_STALE
    _offers(case)
    assert _why(_offers(case, "h2")) is Reason.HANDOVER_OPEN
    assert _offers(case) == (), "the same offer again"
    assert _why(_offers(case, reason="another")) is Reason.ID_TAKEN


def test_who_offered_does_not_accept_and_nobody_hands_over_to_itself_or_without_a_reason() -> None:
    case = _docket()
    assert _why(_offers(case, unit="station-1")) is Reason.HANDOVER_TO_ITSELF
    assert _why(_offers(case, reason="")) is Reason.REASON_MISSING
    _offers(case)
    assert _why(_accepts(case, by="lead")) is Reason.MAKER_DECIDES
    assert _why(case.do(DeclineHandover("h1", "lead", "no"))) is Reason.MAKER_DECIDES
    assert _why(case.do(DeclineHandover("h1", "other", ""))) is Reason.REASON_MISSING
    assert _why(_accepts(case, "h9")) is Reason.HANDOVER_UNKNOWN


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (DeclineHandover("h1", "other", "not ours"), HandoverState.DECLINED),
        (WithdrawHandover("h1", "lead"), HandoverState.WITHDRAWN),
    ],
)
def test_a_case_that_is_declined_or_taken_back_stays_and_can_be_offered_again(
    command, state
) -> None:
    case = _docket()
    _offers(case)
    case.must(command)
    assert (case.case.unit, case.case.handover("h1").state) == ("station-1", state)
    assert _why(_accepts(case)) is Reason.HANDOVER_SETTLED
    _offers(case, "h2")
    _accepts(case, "h2")
    assert case.case.unit == "station-2"


def test_approvals_of_the_unit_that_gave_the_case_are_void_with_the_acceptance() -> None:
    case = _docket()
    case.holds("a", 100)
    key = HoldKey("case-1", "a", "CNY")
    freeze = Order("o9", OrderKind.FREEZE, key, "bank-a", 100, "maker", "keep")
    view = view_of(case.case, freeze, case.plan)
    case.must(AgreeToOrder(freeze, "bo", view.digest))
    _offers(case)
    _accepts(case)
    assert _why(case.do(TakeUp(freeze))) is Reason.APPROVAL_MISSING
    case.must(AgreeToOrder(freeze, "chen", view.digest))
    case.must(TakeUp(freeze))


def test_the_packet_has_orders_expiries_evidence_and_open_clocks() -> None:
    case = _docket()
    case.must(AddFacts("statement-1", ()))
    case.holds("a", 100)
    case.must(FileAppeal("ap1", "a", "CNY", True))
    order = Order("o1", OrderKind.STOP, HoldKey("case-1", "a", "CNY"), "bank-a", 100, "m", "r")
    ends_at, due_at = START + timedelta(hours=48), START + timedelta(hours=1)
    tracked = Tracked(order, OrderState.SENT, issued_at=START, answer_due_at=due_at)
    hold = Hold(order.key, HoldState.HELD, 100, OrderKind.STOP, START, ends_at, orders=(tracked,))
    packet = packet_of(case.case, [hold])
    assert [(row.id, row.state) for row in packet.orders] == [("o1", "sent")]
    assert [(row.held, row.ends_at) for row in packet.holds] == [(100, ends_at)]
    assert packet.evidence == ("statement-1",)
    assert packet.trail_digest == case.case.trail_digest
    assert {clock.kind for clock in packet.clocks} == {"answer", "term", "appeal", "notice"}
    assert [clock.due_at for clock in packet.clocks] == sorted(c.due_at for c in packet.clocks)


def test_every_field_of_the_packet_is_in_its_digest() -> None:
    """Whoever adds a field that the digest forgets turns this red."""
    packet = packet_of(_docket().case, ())
    for field in fields(Packet):
        value = getattr(packet, field.name)
        other = (
            f"{value}x" if isinstance(value, str) else value + 1 if isinstance(value, int) else ()
        )
        other = ("x",) if value == other else other
        assert replace(packet, **{field.name: other}).digest != packet.digest, field.name


def test_rows_that_move_between_lists_change_the_digest() -> None:
    packet = packet_of(_docket().case, ())
    assert (
        replace(packet, evidence=("a", "b")).digest
        != replace(packet, evidence=("a",), trail_digest="b").digest
    )
    assert replace(packet, evidence=("ab",)).digest != replace(packet, evidence=("a", "b")).digest
