"""Seized money and prior rights in the centre: who may say what, what a claim misses after a handover, restarts, the plan."""

from __future__ import annotations

from dataclasses import replace

from returning_office import CASE, PLACE, Returning, award
from sim.office import Turned

from recoup.cases.commands import NoteRepaid, SettleClaim
from recoup.cases.state import ClaimTrigger
from recoup.centre.snapshots import decode_state, encode_state
from recoup.orders.commands import ApproveOrder
from recoup.procedure import (
    ClaimKey,
    PaymentState,
    PriorKind,
    PriorRight,
    Seized,
    SeizedKind,
    digest_of_seized,
)
from recoup.procedure.commands import (
    AgreeToSeized,
    ConfirmHandover,
    DecideRound,
    EndPriorRight,
    EndSeized,
    HandOver,
    NoteInterest,
    NotePriorRight,
    NoteSeized,
    NotifyBank,
    TakeHandoverBack,
    Wanted,
)

CASH = Seized("cash", CASE, SeizedKind.CASH, "CNY", 40, "list", "ann")
COURT = PriorRight("p1", PLACE, PriorKind.COURT, 10, "court-1", "ruling", "ann")
P1 = "r1#1.1"


def office() -> Returning:
    """40 of the claim's 100 are decided to be handed over."""
    work = Returning().holds().applied()
    work.by("ann", NoteSeized("r1", CASH))
    work.by("bo", AgreeToSeized("r1", "cash", digest_of_seized(CASH), "bo"))
    return work.approved(Wanted(ClaimKey(CASE, "c1"), CASH.place, 1, 40)).decided()


def missing(work: Returning) -> int:
    claim = work.scribe.state.case(CASE).claim("c1")
    assert claim is not None
    return claim.missing


def test_what_is_handed_over_is_missed_no_more_in_the_entry_that_confirms_it() -> None:
    work = office()
    work.by("ann", HandOver("r1", P1, "q1", "ann"))
    assert missing(work) == 100
    before = work.scribe.count
    work.by("bo", ConfirmHandover("r1", P1, "q1", "bo"))
    records = list(work.journal.records(before + 1))
    assert {"return_payment_moved", "claim_repaid"} <= {row.name for row in records}
    assert len({row.command for row in records}) == 1
    assert missing(work) == 60
    assert work.due() == []
    kept = encode_state(work.scribe.state)
    assert decode_state(kept) == work.scribe.state
    work.restart()
    assert encode_state(work.scribe.state) == kept
    again = work.tries("bo", ConfirmHandover("r1", P1, "q1", "bo"))
    assert not isinstance(again, Turned)
    assert missing(work) == 60, "said again, it is the same money"


def test_what_the_victim_got_elsewhere_meanwhile_is_asked_about() -> None:
    work = office()
    work.by("ann", HandOver("r1", P1, "q1", "ann"))
    work.by("ann", NoteRepaid("insurer", "c1", compensated=90))
    work.by("bo", ConfirmHandover("r1", P1, "q1", "bo"))
    assert missing(work) == 0
    asked = [(x.clock, x.about) for x in work.scribe.state.case(CASE).escalations]
    assert ("payment", "r1-1.1.1") in asked


def test_who_notes_is_another_than_who_agrees_and_ends() -> None:
    work = Returning().holds().applied()
    digest = digest_of_seized(CASH)
    assert work.refused("bo", NoteSeized("r1", CASH)) == "actor_differs"
    assert work.refused("chief", NoteSeized("r1", replace(CASH, noted_by="chief"))) == (
        "not_permitted"
    )
    bad = replace(CASH, id="#cash")
    assert work.refused("ann", NoteSeized("r1", bad)) == "id_unusable"
    assert work.refused("ann", NotePriorRight("r1", replace(COURT, id="#"))) == "id_unusable"
    work.by("ann", NoteSeized("r1", CASH))
    assert work.refused("ann", AgreeToSeized("r1", "cash", digest, "ann")) == "four_eyes"
    work.by("bo", AgreeToSeized("r1", "cash", digest, "bo"))
    work.by("ann", NotePriorRight("r1", COURT))
    work.by("ann", NoteInterest("r1", PLACE, 7, "ann"))
    assert work.refused("bo", EndPriorRight("r1", "p1", "bo", "r")) == "not_permitted"
    work.by("chief", EndPriorRight("r1", "p1", "chief", "the court let go"))
    assert work.refused("low", EndSeized("r1", "cash", "low", "r")) == "level_too_low"
    work.by("chief", EndSeized("r1", "cash", "chief", "to the court"))
    assert work.refused("chief", EndSeized("r1", "gold", "chief", "r")) == "seized_unknown"
    assert work.refused("chief", EndPriorRight("r1", "p9", "chief", "r")) == "right_unknown"
    nothing = ConfirmHandover("r1", "r1#9.9", "q", "bo")
    assert work.refused("bo", nothing) == "payment_unknown"


def test_who_hands_over_does_not_confirm_and_may_take_it_back() -> None:
    work = office()
    work.by("ann", HandOver("r1", P1, "q1", "ann"))
    assert work.refused("ann", ConfirmHandover("r1", P1, "q1", "ann")) == "four_eyes"
    work.by("ann", TakeHandoverBack("r1", P1, "ann", "nobody came"))
    assert work.found.payments[0].state is PaymentState.CORRECTING


def test_an_order_does_not_leave_once_others_have_a_right_to_the_money() -> None:
    work = Returning().holds().applied().approved(award(60)).decided()
    work.notifies()
    work.by("ann", NotePriorRight("r1", COURT))
    tracked = work.scribe.state.hold(PLACE).find("r1-1.1.1")
    assert tracked is not None
    digest = tracked.order.digest
    work.by("chief", ApproveOrder("r1-1.1.1", "chief", digest))
    last = ApproveOrder("r1-1.1.1", "mayor", digest)
    assert work.refused("mayor", last) == "amount_exceeds_frozen"
    work.by("chief", EndPriorRight("r1", "p1", "chief", "the court let go"))
    work.by("mayor", last)


def test_a_plan_that_others_right_has_overtaken_is_not_decided() -> None:
    work = Returning().holds().applied().approved(award(60))
    work.by("ann", NotePriorRight("r1", COURT))
    decide = DecideRound("r1", "chief", work.digest)
    assert work.refused("chief", decide) == "amount_exceeds_frozen"


def test_what_was_handed_over_is_confirmed_though_the_claim_has_fallen_since() -> None:
    """The money has moved; a person is asked, and the record does not go on as if it still lay with the office."""
    work = office()
    work.by("ann", HandOver("r1", P1, "q1", "ann"))
    work.by("ann", SettleClaim("c1", ClaimTrigger.WITHDRAW, "ann"))
    work.by("bo", ConfirmHandover("r1", P1, "q1", "bo"))
    (payment,) = work.found.payments
    assert (payment.state, work.found.paid_at(CASH.place)) == (PaymentState.PAID, 40)
    assert missing(work) == 0, "a claim that stands no more misses nothing"
    asked = [(x.clock, x.about) for x in work.scribe.state.case(CASE).escalations]
    assert ("payment", "r1-1.1.1") in asked


# --- by a bank and by hand together ---

BY_BANK, BY_HAND = "r1#1.1", "r1#1.2"
TOLD = NotifyBank("r1", (BY_BANK,), ("ann", "bo"), "ann")
HANDED = HandOver("r1", BY_HAND, "q1", "ann")
INSURED = NoteRepaid("insurer", "c1", compensated=40)


def office_of_both() -> Returning:
    """All 100 of the claim are decided: 60 by the bank, 40 by hand."""
    work = Returning().holds().applied()
    work.by("ann", NoteSeized("r1", CASH))
    work.by("bo", AgreeToSeized("r1", "cash", digest_of_seized(CASH), "bo"))
    of_cash = Wanted(ClaimKey(CASE, "c1"), CASH.place, 1, 40)
    work.approved(award(60), of_cash).decided()
    assert [row.place for row in work.found.payments] == [PLACE, CASH.place]
    return work


def test_both_ways_together_give_what_is_missed_and_no_more() -> None:
    work = office_of_both()
    work.by("ann", TOLD)
    work.by("ann", HANDED)
    order = work.scribe.state.hold(PLACE).find("r1-1.1.1")
    assert order is not None
    for who in ("chief", "mayor"):
        work.by(who, ApproveOrder("r1-1.1.1", who, order.order.digest))


def test_nothing_is_handed_over_that_a_bank_is_about_to_pay() -> None:
    work = office_of_both()
    work.by("ann", TOLD)
    work.by("ann", INSURED)
    assert work.refused("ann", HANDED) == "amount_exceeds_missing"


def test_no_bank_is_told_of_what_was_handed_over_and_is_not_confirmed_yet() -> None:
    work = office_of_both()
    work.by("ann", HANDED)
    work.by("ann", INSURED)
    assert work.refused("ann", TOLD) == "amount_exceeds_missing"
    work.by("ann", TakeHandoverBack("r1", BY_HAND, "ann", "nobody came"))
    work.by("ann", TOLD)


def test_no_order_leaves_for_what_was_handed_over_since_the_notice() -> None:
    work = office_of_both()
    work.by("ann", TOLD)
    work.by("ann", HANDED)
    work.by("ann", INSURED)
    order = work.scribe.state.hold(PLACE).find("r1-1.1.1")
    assert order is not None
    work.by("chief", ApproveOrder("r1-1.1.1", "chief", order.order.digest))
    last = ApproveOrder("r1-1.1.1", "mayor", order.order.digest)
    assert work.refused("mayor", last) == "amount_exceeds_missing"
