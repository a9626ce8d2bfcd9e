"""Others' right to an account of which several joined cases hold money: it lies on the pot, whichever hold it was noted on."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from agreeing import to_agree_to
from bureau_of_returns import CASE, OTHER, START, Desk, facts, gets, key, place
from returning_office import BANK, MADE, ORIGINAL, PLACE, Returning
from sheets_of_returns import BOTH, ONE, TWO, case, frozen, given, sheets, shown

from recoup.centre import answer_command, return_working
from recoup.centre.account_room import EnterAccount
from recoup.centre.return_sheets import ReturnSheets, UnworkableError
from recoup.orders import Answer, HoldKey, Order, OrderKind, Outcome
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder
from recoup.procedure import (
    ClaimFact,
    ClaimKey,
    HoldFact,
    Payee,
    PayeeKind,
    Payment,
    PaymentState,
    PriorKind,
    PriorRight,
    Refusal,
    Return,
    Seized,
    SeizedKind,
    fitting,
)
from recoup.procedure.commands import (
    DecideRound,
    EndPriorRight,
    NotePriorRight,
    NoteSeized,
    NotifyBank,
    OpenReturn,
    TakeApplication,
    Wanted,
)

A1, A2 = HoldKey("case-1", "a", "CNY"), HoldKey("case-2", "a", "CNY")
COURT = PriorRight("p1", A1, PriorKind.COURT, 30, "court", "ruling", "ann")


def with_rights(asked: ReturnSheets, *rights: PriorRight) -> ReturnSheets:
    return replace(asked, of=replace(asked.of, rights=rights))


def before(asked: ReturnSheets) -> list[tuple[str, str, str, str]]:
    """(case, frozen, prior rights, shared) of each place."""
    rows = csv.DictReader(io.StringIO(asked.worked_out().files["before-sharing.csv"]))
    return [(x["case"], x["frozen"], x["prior_rights"], x["shared"]) for x in rows]


def test_a_right_larger_than_the_hold_it_was_noted_on_takes_of_the_accounts_other_hold() -> None:
    holds = [frozen("case-1", "a", 20), frozen("case-2", "a", 140)]
    asked = with_rights(sheets([ONE, TWO], holds, BOTH), COURT)
    assert sum(row[-1] for row in given(asked.worked_out())) == 130
    assert before(asked) == [("case-1", "0.20", "0.20", "0.00"), ("case-2", "1.40", "0.10", "1.30")]


def test_rights_to_all_of_an_account_leave_nothing_to_share_of_any_hold_of_it() -> None:
    holds = [frozen("case-1", "a", 20), frozen("case-2", "a", 140)]
    for place_ in (A1, A2):
        all_of_it = with_rights(
            sheets([ONE, TWO], holds, BOTH), replace(COURT, place=place_, amount=160)
        )
        with pytest.raises(UnworkableError, match="plan_empty"):
            all_of_it.worked_out()


def test_a_right_to_one_account_takes_nothing_of_another_nor_of_seized_money() -> None:
    cash = Seized("cash", "case-1", SeizedKind.CASH, "CNY", 40, "list", "ann", agreed_by="bo")
    three = case("case-1", ("c1", "a", 100), ("c2", "b", 50))
    rows = shown("b", ("card-case-1-c2", "b", 50))
    asked = sheets([three], [frozen("case-1", "a", 20), frozen("case-1", "b", 50)], BOTH, rows)
    asked = replace(asked, of=replace(asked.of, seized=(cash,), rights=(COURT,)))
    assert sum(row[-1] for row in given(asked.worked_out())) == 90, "of 110 the 20 of a are others'"


# --- random pots against a purse of single units ---


def chance_of(seed: int) -> tuple[Return, dict[HoldKey, int]]:
    """A return with up to three cases' holds of two accounts, seized money, payments set aside and rights; what is there."""
    chance = Random(seed)
    cases = ("case-1", "case-2", "case-3")
    there = {
        HoldKey(name, account, "CNY"): chance.randint(0, 9)
        for account in ("a", "b")
        for name in chance.sample(cases, chance.randint(1, 3))
    }
    cash = Seized("cash", "case-1", SeizedKind.CASH, "CNY", 7, "list", "ann", agreed_by="bo")
    there[cash.place] = 7
    payee = Payee(PayeeKind.ORIGINAL, "card", "person", "bank-home")
    aside = [
        Payment(f"r1#1.{at}", 1, key("c1"), at_, amount, payee, "bank", PaymentState.DECIDED, 1)
        for at, at_ in enumerate(there)
        if (amount := chance.randint(0, there[at_]) * chance.randint(0, 1))
    ]
    rights = [
        PriorRight(f"p{n}", chance.choice(list(there)), kind, chance.randint(1, 9), "x", "y", "z")
        for n, kind in enumerate(chance.choices(list(PriorKind), k=chance.randint(0, 3)))
    ]
    found = Return("r1", cases, payments=tuple(aside), seized=(cash,), rights=tuple(rights))
    return found, there


def units_shared(found: Return, there: dict[HoldKey, int]) -> dict[str, int]:
    """The slow twin: every unit of an account lies in one purse; payments, then rights, take theirs out one by one."""
    purses = {row.account: 0 for row in there}
    for row, amount in there.items():
        purses[row.account] += amount
    for payment in found.payments:
        purses[payment.place.account] -= payment.outstanding
    for right in found.rights:
        for _ in range(right.amount):
            if purses[right.place.account]:
                purses[right.place.account] -= 1
    return purses


def lying_of(found: Return, there: dict[HoldKey, int]) -> list[return_working.Lying]:
    holds = [
        frozen(row.case, row.account, amount)
        for row, amount in there.items()
        if row.account != "cash"
    ]
    asked = ReturnSheets(found, tuple(case(name) for name in found.cases), (), tuple(holds), (), "")
    return return_working._lying(asked)


def walk(seeds: range) -> int:
    """Check plans and the rule that asks again against the twin; return how many had a right that went over its hold."""
    beyond = 0
    for seed in seeds:
        found, there = chance_of(seed)
        purses = units_shared(found, there)
        lying = lying_of(found, there)
        shared = {row.key: row.free for row in lying}
        for account, left in purses.items():
            mine = sum(free for row, free in shared.items() if row.account == account)
            assert mine == left, f"seed {seed}: {account}"
        ends_at = START + timedelta(days=9)
        held = {row: HoldFact("b", x, True, ends_at) for row, x in there.items() if x}
        known = replace(facts(), holds=held)
        wanted = {row: free for row, free in shared.items() if free}
        for row in wanted:
            assert fitting.unfit_place(found, row, wanted, known, START) is None, f"seed {seed}"
        for row, amount in wanted.items():
            more = {**wanted, row: amount + 1}
            said = [fitting.unfit_place(found, x, more, known, START) for x in more]
            assert any(isinstance(x, Refusal) for x in said), f"seed {seed}: one unit too many"
        beyond += any(found.prior_at(row) > there[row] for row in there)
    return beyond


def test_what_is_shared_of_a_pot_is_what_units_in_a_purse_leave_and_no_unit_more_fits() -> None:
    assert walk(range(400)) > 60


def test_the_purse_sees_a_right_that_ends_with_its_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: each place is a pot by itself, as if a right lay on one hold.
    monkeypatch.setattr(Return, "pot_of", lambda _, where: (where,))
    with pytest.raises(AssertionError, match="seed"):
        walk(range(200))


# --- at the desk ---


def desk_of_two(first: int = 20, second: int = 140) -> Desk:
    """Two joined cases hold money of one account; a claim of the first has applied."""
    known = facts({"mule": first}, c1=200)
    hold = replace(known.holds[place("mule")], held=second)
    other = {key("d1", OTHER): ClaimFact("CNY", True, 200, "card-d1")}
    desk = Desk(
        replace(
            known,
            holds={**known.holds, place("mule", OTHER): hold},
            claims={**known.claims, **other},
        )
    )
    desk.must(OpenReturn("r1", (CASE, OTHER), "officer"))
    desk.must(TakeApplication("r1", replace(MADE, key=key("c1"), payee=own_of("c1"))))
    return desk


def own_of(claim: str) -> Payee:
    return replace(ORIGINAL, account=f"card-{claim}")


RIGHT = PriorRight("p1", place("mule"), PriorKind.COURT, 30, "court-1", "ruling", "officer")


def of_other(amount: int) -> Wanted:
    return Wanted(key("c1"), place("mule", OTHER), 2, amount)


@pytest.mark.parametrize(
    ("of_own", "of_others", "most"), [(0, 131, 130), (0, 140, 130), (20, 111, 19), (11, 120, 10)]
)
def test_no_plan_gives_what_a_right_leaves_of_neither_hold(
    of_own: int, of_others: int, most: int
) -> None:
    desk = desk_of_two()
    desk.must(NotePriorRight("r1", RIGHT))
    awards = tuple(row for row in (gets("c1", of_own), of_other(of_others)) if row.amount)
    with pytest.raises(AssertionError, match=f"at most {most}, was"):
        desk.bound(*awards)
    desk.bound(gets("c1", 20), of_other(110))


def test_a_right_on_the_one_hold_stops_a_decided_payment_out_of_the_other_where_both_do_not_fit() -> (
    None
):
    desk = desk_of_two()
    desk.approved(of_other(120))
    desk.must(NotePriorRight("r1", replace(RIGHT, amount=41)))
    assert desk.refuses(DecideRound("r1", "chief", desk.digest)) == "amount_exceeds_frozen"
    desk.must(EndPriorRight("r1", "p1", "chief", "the court let go"))
    desk.must(NotePriorRight("r1", replace(RIGHT, id="p2", amount=40)))
    desk.must(DecideRound("r1", "chief", desk.digest))
    tell = NotifyBank("r1", ("r1#1.1",), ("ann", "bo"), "officer")
    desk.must(NotePriorRight("r1", replace(RIGHT, id="p3", amount=1)))
    assert desk.refuses(tell) == "amount_exceeds_frozen"
    desk.must(EndPriorRight("r1", "p3", "chief", "the court let go"))
    desk.must(tell)


def test_what_is_only_stopped_covers_nobodys_right() -> None:
    desk = desk_of_two()
    desk.holds("mule", is_frozen=False)
    desk.must(NotePriorRight("r1", RIGHT))
    with pytest.raises(AssertionError, match="at most 110, was 111"):
        desk.bound(of_other(111))
    desk.bound(of_other(110))


def test_a_freeze_that_lapsed_with_payments_set_aside_takes_nothing_of_another_hold() -> None:
    desk = desk_of_two().decided(gets("c1", 20))
    desk.holds("mule", ends_at=desk.now)
    found = desk.found
    wanted = {place("mule", OTHER): 140}
    assert fitting.unfit_place(found, place("mule", OTHER), wanted, desk.facts, desk.now) is None


def test_seized_money_is_not_noted_under_the_name_of_an_account_of_any_of_the_cases() -> None:
    desk = desk_of_two()
    for of in (CASE, OTHER):
        cash = Seized("mule", of, SeizedKind.CASH, "CNY", 40, "list", "officer")
        assert desk.refuses(NoteSeized("r1", cash)) == "return_id_taken"
    lone = replace(desk.facts, holds={place("mule", OTHER): desk.facts.holds[place("mule")]})
    desk.facts = lone
    assert desk.refuses(NoteSeized("r1", replace(cash, case=CASE))) == "return_id_taken"


# --- in the centre ---


def test_an_order_does_not_leave_while_a_right_noted_on_another_cases_hold_is_not_met() -> None:
    office = Returning().holds(held=20).joined_with_other()
    freeze = Order(
        "f2", OrderKind.FREEZE, HoldKey("case-2", "a", "CNY"), BANK, 60, "ann", "case filed"
    )
    office.by("ann", EnterAccount("a", BANK, "case-2"))
    office.by("ann", DraftOrder(freeze))
    office.by("ann", SubmitOrder("f2"))
    office.by("chief", ApproveOrder("f2", "chief", to_agree_to(office.scribe.state, "f2")))
    said = Answer("f2-a", Outcome.FROZEN, 60, office.clock.now())
    office.submit(answer_command(BANK, "f2", said))
    office.by("ann", OpenReturn("r1", ("case-1", "case-2"), "ann"))
    payee = replace(ORIGINAL, account="card-d1", name="victim-d1")
    claim = ClaimKey("case-2", "d1")
    office.by("ann", TakeApplication("r1", replace(MADE, key=claim, payee=payee)))
    office.approved(Wanted(claim, freeze.key, 1, 50)).decided()
    office.notifies()
    office.by("ann", NotePriorRight("r1", replace(COURT, place=PLACE, amount=31)))
    found = office.scribe.state.hold(freeze.key).find("r1-1.1.1")
    assert found is not None
    office.by("chief", ApproveOrder("r1-1.1.1", "chief", found.order.digest))
    last = ApproveOrder("r1-1.1.1", "mayor", found.order.digest)
    assert office.refused("mayor", last) == "amount_exceeds_frozen", "20 and 10 are 30, not 31"
    office.by("chief", EndPriorRight("r1", "p1", "chief", "the court let go"))
    office.by("ann", NotePriorRight("r1", replace(COURT, id="p2", place=PLACE, amount=30)))
    office.by("mayor", last)
