"""Seized money, prior rights and interest: each rule and each refusal, in the words of the trade."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bureau_of_returns import CASE, Desk, gets, key, place

from recoup import limits
from recoup.procedure import PaymentState, PriorKind, PriorRight, Seized, SeizedKind, sums_of
from recoup.procedure.commands import (
    AgreeToSeized,
    ConfirmHandover,
    DecideRound,
    EndPriorRight,
    EndSeized,
    GivePaymentUp,
    HandOver,
    NoteInterest,
    NotePriorRight,
    NoteSeized,
    NotifyBank,
    PassPayLimit,
    RecordPaid,
    TakeHandoverBack,
    Wanted,
)
from recoup.procedure.keeping import digest_of_seized

CASH = Seized("cash", CASE, SeizedKind.CASH, "CNY", 40, "list", "officer")
COURT = PriorRight("p1", place("mule"), PriorKind.COURT, 30, "court-1", "ruling", "officer")
P1 = "r1#1.1"


def seen(desk: Desk, seized: Seized = CASH) -> Desk:
    desk.must(NoteSeized("r1", seized))
    desk.must(AgreeToSeized("r1", seized.id, digest_of_seized(seized), "bo"))
    return desk


def of_cash(amount: int) -> Wanted:
    return Wanted(key("c1"), CASH.place, 3, amount)


def decided() -> Desk:
    """40 of the claim's 60 are to be handed over."""
    desk = seen(Desk().opened("c1"))
    desk.published(of_cash(40))
    desk.ends_notice()
    desk.must(DecideRound("r1", "chief", desk.digest))
    return desk


def test_seized_money_that_two_persons_have_seen_is_given_like_frozen_money() -> None:
    desk = Desk().opened("c1")
    desk.must(NoteSeized("r1", CASH))
    with pytest.raises(AssertionError, match="nothing_held"):
        desk.bound(of_cash(40))
    desk.must(AgreeToSeized("r1", "cash", digest_of_seized(CASH), "bo"))
    with pytest.raises(AssertionError, match="at most 40, was 41"):
        desk.bound(of_cash(41))
    desk.bound(of_cash(40))


def test_it_is_handed_over_by_one_person_and_confirmed_by_another() -> None:
    desk = decided()
    (payment,) = desk.found.payments
    assert (payment.institution, payment.amount) == ("", 40)
    assert desk.refuses(NotifyBank("r1", (P1,), ("ann", "bo"), "officer")) == "in_custody"
    assert desk.refuses(ConfirmHandover("r1", P1, "q1", "bo")) == "not_notified"
    desk.must(HandOver("r1", P1, "q1", "ann"))
    assert desk.refuses(ConfirmHandover("r1", P1, "q1", "ann")) == "maker_decides"
    assert desk.refuses(ConfirmHandover("r1", P1, "q2", "bo")) == "proof_unfit"
    desk.must(ConfirmHandover("r1", P1, "q1", "bo"))
    assert desk.do(ConfirmHandover("r1", P1, "q1", "bo")) == ()
    assert desk.last.state is PaymentState.PAID
    assert (sums_of(desk.found, "CNY").paid, desk.found.paid_at(CASH.place)) == (40, 40)
    assert desk.refuses(HandOver("r1", P1, "q2", "ann")) == "paid_already"


def test_no_bank_and_no_clock_speaks_of_it() -> None:
    desk = decided()
    desk.must(HandOver("r1", P1, "q1", "ann"))
    order = desk.last.order_id
    assert desk.refuses(RecordPaid("r1", order, "x", 40, desk.now)) == "in_custody"
    assert desk.refuses(PassPayLimit("r1", order)) == "in_custody"


def test_what_was_not_handed_over_after_all_is_handed_over_again_or_given_up() -> None:
    desk = decided()
    desk.must(HandOver("r1", P1, "q1", "ann"))
    assert desk.refuses(GivePaymentUp("r1", P1, "chief", "r")) == "payment_in_flight"
    assert desk.refuses(TakeHandoverBack("r1", P1, "ann", "")) == "reason_missing"
    desk.must(TakeHandoverBack("r1", P1, "ann", "nobody came"))
    assert desk.last.state is PaymentState.CORRECTING
    assert desk.refuses(ConfirmHandover("r1", P1, "q1", "bo")) == "not_notified"
    desk.must(HandOver("r1", P1, "q2", "ann"))
    assert desk.refuses(ConfirmHandover("r1", P1, "q1", "bo")) == "proof_unfit", "the old receipt"
    desk.must(TakeHandoverBack("r1", P1, "ann", "nobody came"))
    desk.must(GivePaymentUp("r1", P1, "chief", "the victim wants none"))
    assert desk.found.set_aside_at(CASH.place) == 0


def test_what_held_at_the_decision_is_asked_again_before_anything_is_handed_over() -> None:
    desk = decided()
    assert desk.refuses(HandOver("r1", P1, "", "ann")) == "proof_missing"
    assert desk.refuses(HandOver("r1", "r1#1.9", "q", "ann")) == "payment_unknown"
    right = replace(COURT, place=CASH.place, amount=1)
    desk.must(NotePriorRight("r1", right))
    assert desk.refuses(HandOver("r1", P1, "q1", "ann")) == "amount_exceeds_frozen"
    desk.must(EndPriorRight("r1", "p1", "chief", "the court let go"))
    claims = dict(desk.facts.claims)
    desk.facts = replace(
        desk.facts, claims={**claims, key("c1"): replace(claims[key("c1")], missing=39)}
    )
    assert desk.refuses(HandOver("r1", P1, "q1", "ann")) == "amount_exceeds_missing"
    claims = {**claims, key("c1"): replace(claims[key("c1")], is_admitted=False)}
    desk.facts = replace(desk.facts, claims=claims)
    assert desk.refuses(HandOver("r1", P1, "q1", "ann")) == "claim_not_admitted"


def test_a_banks_payment_is_not_handed_over() -> None:
    desk = Desk().opened("c1").decided(gets("c1", 60))
    assert desk.refuses(HandOver("r1", P1, "q1", "ann")) == "not_in_custody"


def test_seized_money_is_noted_with_its_list_and_once() -> None:
    desk = Desk().opened("c1")
    for changes, why in (
        ({"amount": 0}, "amount_not_positive"),
        ({"amount": limits.POCKET_MINOR_MAX + 1}, "amount_not_positive"),
        ({"interest": -1}, "amount_not_positive"),
        ({"paper": ""}, "proof_missing"),
        ({"case": "case-9"}, "place_unknown"),
        ({"id": "mule"}, "return_id_taken"),
    ):
        assert desk.refuses(NoteSeized("r1", replace(CASH, **changes))) == why
    desk.must(NoteSeized("r1", CASH))
    assert desk.do(NoteSeized("r1", CASH)) == ()
    assert desk.refuses(NoteSeized("r1", replace(CASH, amount=41))) == "return_id_taken"


def test_another_person_agrees_to_what_was_noted_and_to_nothing_else() -> None:
    desk, digest = Desk().opened("c1"), digest_of_seized(CASH)
    desk.must(NoteSeized("r1", CASH))
    assert desk.refuses(AgreeToSeized("r1", "gold", digest, "bo")) == "seized_unknown"
    assert desk.refuses(AgreeToSeized("r1", "cash", "other", "bo")) == "plan_stale"
    assert desk.refuses(AgreeToSeized("r1", "cash", digest, "officer")) == "maker_decides"
    desk.must(AgreeToSeized("r1", "cash", digest, "bo"))
    assert desk.do(AgreeToSeized("r1", "cash", digest, "bo")) == ()
    assert desk.refuses(AgreeToSeized("r1", "cash", digest, "chen")) == "approved_already"


def test_who_agrees_to_seized_money_cannot_have_been_named_by_who_noted_it() -> None:
    desk = Desk().opened("c1")
    desk.must(NoteSeized("r1", replace(CASH, agreed_by="bo", reason="x")))
    assert not desk.found.seized[0].is_shared


def test_seized_money_ends_when_nothing_of_it_is_set_aside() -> None:
    desk = decided()
    assert desk.refuses(EndSeized("r1", "cash", "chief", "to a court")) == "set_aside"
    desk.must(GivePaymentUp("r1", P1, "chief", "the victim wants none"))
    assert desk.refuses(EndSeized("r1", "gold", "chief", "r")) == "seized_unknown"
    assert desk.refuses(EndSeized("r1", "cash", "chief", "")) == "reason_missing"
    assert desk.refuses(EndSeized("r1", "cash", "officer", "r")) == "maker_decides"
    desk.must(EndSeized("r1", "cash", "chief", "to a court"))
    assert desk.do(EndSeized("r1", "cash", "chief", "to a court")) == ()
    assert not desk.found.seized[0].is_shared
    gone = AgreeToSeized("r1", "cash", digest_of_seized(CASH), "bo")
    assert desk.refuses(gone) == "seized_unknown"


def test_so_much_less_is_given_as_others_have_a_right_to_before_the_claims() -> None:
    desk = Desk().opened("c2")
    desk.must(NotePriorRight("r1", COURT))
    with pytest.raises(AssertionError, match="at most 70, was 71"):
        desk.bound(gets("c2", 71))
    desk.bound(gets("c2", 70))


def test_a_right_that_is_noted_after_the_decision_stops_the_notice_to_the_bank() -> None:
    desk = Desk().opened("c2").decided(gets("c2", 80))
    tell = NotifyBank("r1", (P1,), ("ann", "bo"), "officer")
    desk.must(NotePriorRight("r1", COURT))
    assert desk.refuses(tell) == "amount_exceeds_frozen"
    assert desk.refuses(EndPriorRight("r1", "p1", "officer", "r")) == "maker_decides"
    desk.must(EndPriorRight("r1", "p1", "chief", "lifted"))
    desk.must(tell)


def test_a_right_is_noted_with_whose_it_is_and_what_shows_it() -> None:
    desk = Desk().opened("c1")
    for changes, why in (
        ({"amount": 0}, "amount_not_positive"),
        ({"paper": ""}, "proof_missing"),
        ({"holder": ""}, "proof_missing"),
        ({"place": place("nowhere")}, "place_unknown"),
        ({"place": place("mule", "case-9")}, "place_unknown"),
        # Of another currency it would be noted and keep nothing back.
        ({"place": replace(place("mule"), currency="USD")}, "place_unknown"),
        ({"place": replace(CASH.place, currency="USD")}, "place_unknown"),
        ({"place": replace(CASH.place, case="case-9")}, "place_unknown"),
    ):
        assert desk.refuses(NotePriorRight("r1", replace(COURT, **changes))) == why
    desk.must(NotePriorRight("r1", COURT))
    assert desk.do(NotePriorRight("r1", COURT)) == ()
    assert desk.refuses(NotePriorRight("r1", replace(COURT, amount=31))) == "return_id_taken"
    assert desk.refuses(EndPriorRight("r1", "p9", "chief", "r")) == "right_unknown"
    assert desk.refuses(EndPriorRight("r1", "p1", "chief", "")) == "reason_missing"
    desk.must(EndPriorRight("r1", "p1", "chief", "lifted"))
    assert desk.do(EndPriorRight("r1", "p1", "chief", "lifted")) == ()


def test_interest_is_noted_of_what_is_frozen_and_the_newest_counts() -> None:
    desk = seen(Desk().opened("c1"), replace(CASH, interest=3))
    desk.must(NoteInterest("r1", place("mule"), 7, "ann"))
    assert desk.do(NoteInterest("r1", place("mule"), 7, "ann")) == ()
    desk.must(NoteInterest("r1", place("mule"), 9, "ann"))
    assert desk.found.accrued_at(place("mule")) == 9
    assert desk.found.accrued_at(CASH.place) == 3
    assert desk.refuses(NoteInterest("r1", place("nowhere"), 7, "ann")) == "place_unknown"
    assert desk.refuses(NoteInterest("r1", CASH.place, 7, "ann")) == "place_unknown"
    abroad = replace(place("mule"), currency="USD")
    assert desk.refuses(NoteInterest("r1", abroad, 7, "ann")) == "place_unknown"
    assert desk.refuses(NoteInterest("r1", place("mule"), -1, "ann")) == "amount_not_positive"


@pytest.mark.parametrize(
    ("limit", "count", "command"),
    [
        ("RETURN_SEIZED_MAX", 1, NoteSeized("r1", replace(CASH, id="gold"))),
        ("RETURN_RIGHTS_MAX", 1, NotePriorRight("r1", replace(COURT, id="p2"))),
    ],
)
def test_a_return_has_so_many_of_them_and_no_more(
    monkeypatch: pytest.MonkeyPatch, limit: str, count: int, command: object
) -> None:
    desk = seen(Desk().opened("c1"))
    desk.must(NotePriorRight("r1", COURT))
    monkeypatch.setattr(limits, limit, count)
    assert desk.refuses(command) == "return_too_many"  # type: ignore[arg-type]
    monkeypatch.setattr(limits, limit, count + 1)
    desk.must(command)  # type: ignore[arg-type]


def test_of_one_payment_only_so_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = decided()
    monkeypatch.setattr(limits, "RETURN_FACTS_MAX", 0)
    assert desk.refuses(HandOver("r1", P1, "q1", "ann")) == "return_too_many"
