"""What a return's awards are worked out from: cases, holds and statements in, a plan out that names the hold of each award."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest
from docket import START
from sheets_of_returns import BOTH, ONE, PAYEE, TWO, case, frozen, given, sheets, shown

from recoup.cases import Finding, FindingKind
from recoup.cases.state import ClaimState, FindingState
from recoup.centre.facts import Statement, statement_of
from recoup.centre.paid_rows import unpaid_statements
from recoup.centre.return_planner import in_a_process
from recoup.centre.return_sheets import ReturnSheets, UnworkableError, WorkedOut
from recoup.orders import (
    Answer,
    Hold,
    HoldKey,
    OrderKind,
    Outcome,
)
from recoup.procedure import (
    Accrued,
    ClaimKey,
    Payment,
    PaymentState,
    PriorKind,
    PriorRight,
    Seized,
    SeizedKind,
)
from recoup.procedure.values import Fact
from recoup.returning import verify_return


def test_what_a_bank_holds_beyond_what_was_asked_for_is_in_no_pot() -> None:
    whole_account = frozen("case-1", "a", 160, asked=40)
    assert sum(row[-1] for row in given(sheets([ONE], [whole_account], BOTH).worked_out())) == 40


def test_claims_of_joined_cases_that_share_an_id_are_each_paid() -> None:
    worked = sheets([ONE, TWO], [frozen("case-1", "a", 160)], BOTH).worked_out()
    assert given(worked) == [
        ("case-1", "c1", "case-1", 2, 100),
        ("case-2", "c1", "case-1", 2, 60),
    ], "a claim of the one case is paid out of the other's hold"


def test_holds_of_two_cases_on_one_account_are_one_pot_and_each_case_is_paid_of_its_own_first() -> (
    None
):
    holds = [frozen("case-2", "a", 90), frozen("case-1", "a", 70)]
    worked = sheets([ONE, TWO], holds, BOTH).worked_out()
    assert given(worked) == [
        ("case-1", "c1", "case-1", 2, 70),
        ("case-1", "c1", "case-2", 2, 30),
        ("case-2", "c1", "case-2", 2, 60),
    ]


def test_the_files_are_those_of_recoup_return(tmp_path: Path) -> None:
    worked = sheets([ONE, TWO], [frozen("case-1", "a", 150)], BOTH).worked_out()
    for name, text in worked.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    assert verify_return(tmp_path) == ()
    assert "case-2/c1,a," in worked.files["awards.csv"]
    assert worked == sheets([ONE, TWO], [frozen("case-1", "a", 150)], BOTH).worked_out()


def test_who_applies_first_takes_nothing_of_what_another_claim_has_a_share_in() -> None:
    asked = sheets([ONE, TWO], [frozen("case-1", "a", 80)])  # no statement: all of it pro rata
    assert given(asked.worked_out()) == [
        ("case-1", "c1", "case-1", 3, 50),
        ("case-2", "c1", "case-1", 3, 30),
    ]
    one = asked.of.with_round(replace(asked.of.round, applications=asked.of.round.applications[:1]))
    assert given(replace(asked, of=one).worked_out()) == [("case-1", "c1", "case-1", 3, 50)]


def test_what_was_paid_or_is_set_aside_is_not_given_again() -> None:
    key, place = ClaimKey("case-1", "c1"), HoldKey("case-1", "a", "CNY")
    before = Payment("r1#1.1", 1, key, place, 100, PAYEE, "bank-a", PaymentState.NOTIFIED, 1)
    asked = sheets([ONE, TWO], [frozen("case-1", "a", 160)], BOTH)
    waits = replace(asked.of, payments=(before,))
    assert given(replace(asked, of=waits).worked_out()) == [("case-2", "c1", "case-1", 2, 60)]
    # The same once it was paid: the hold is smaller, and the case has counted it as returned.
    paid = replace(asked.of, payments=(replace(before, state=PaymentState.PAID, paid=100),))
    got = replace(ONE, claims=(replace(ONE.claims[0], returned=100),))
    left = (frozen("case-1", "a", 60, 160, returned=100),)
    after = replace(asked, of=paid, cases=(got, TWO), holds=left)
    assert given(after.worked_out()) == [("case-2", "c1", "case-1", 2, 60)]


def test_of_an_innocent_holders_account_only_what_is_traced_is_given() -> None:
    rows = shown("a", ("card-case-1-c1", "a", 100), ("customer", "a", 50), ("a", "b", 90))
    asked = sheets([ONE], [frozen("case-1", "a", 60)], rows)
    assert given(asked.worked_out()) == [("case-1", "c1", "case-1", 2, 60)], "involved: own first"
    found = Finding("f", FindingKind.INNOCENT_CONDUIT, "a", "ann", "a shop", FindingState.DECIDED)
    innocent = replace(asked, cases=(replace(ONE, findings=(found,)),))
    assert given(innocent.worked_out()) == [("case-1", "c1", "case-1", 2, 10)]


def test_more_than_the_statement_shows_is_refused_by_the_account() -> None:
    with pytest.raises(UnworkableError) as found:
        sheets([ONE, TWO], [frozen("case-1", "a", 161)], BOTH).worked_out()
    assert (found.value.reason, found.value.what) == ("pot_above_balance", "a CNY")


@pytest.mark.parametrize(
    "hold", [frozen("case-1", "a", 60, basis=OrderKind.STOP), frozen("case-1", "a", 0)]
)
def test_nothing_comes_of_what_is_not_frozen(hold: Hold) -> None:
    with pytest.raises(UnworkableError) as found:
        sheets([ONE], [hold], BOTH).worked_out()
    assert found.value.reason == "plan_empty"


def test_a_claim_that_two_persons_did_not_admit_gets_nothing() -> None:
    reported = case("case-2", ("c1", "a", 60), state=ClaimState.REPORTED)
    worked = sheets([ONE, reported], [frozen("case-1", "a", 160)], BOTH).worked_out()
    assert given(worked) == [("case-1", "c1", "case-1", 2, 100)]


def test_a_policy_that_says_nothing_of_sharing_or_only_compares_is_refused() -> None:
    asked = sheets([ONE], [frozen("case-1", "a", 100)])
    for name in ("xx-1999", "br-med2"):
        with pytest.raises(UnworkableError) as found:
            replace(asked, policy=name).worked_out()
        assert (found.value.reason, found.value.what) == ("return_terms_missing", name)


def test_who_has_the_statements_decoded_gets_the_same_plan_and_none_is_decoded_again() -> None:
    asked = sheets([ONE, TWO], [frozen("case-1", "a", 160)], BOTH)
    kept = {body: statement_of(body) for body in asked.statements}
    wanted: list[bytes] = []

    def read(body: bytes) -> Statement:
        wanted.append(body)
        return kept[body]

    assert asked.worked_out(read) == asked.worked_out()
    assert tuple(wanted) == asked.statements, "each is asked for once"

    def with_money_gone(body: bytes) -> Statement:
        rows = kept[body].rows
        gone = replace(rows[-1], id="a-2", sequence=2, payer="a", payee="b", amount=1)
        return replace(kept[body], rows=(*rows, gone))

    with pytest.raises(UnworkableError):  # the control: it is what `read` gives that is shared out
        asked.worked_out(with_money_gone)


def test_a_plan_that_takes_too_long_ends_with_its_process() -> None:
    before = set(active_children())
    with pytest.raises(UnworkableError) as found:
        in_a_process(sheets([ONE], [frozen("case-1", "a", 100)]), 0)
    assert found.value.reason == "plan_not_made"
    assert set(active_children()) <= before


# --- what lies in custody, and others' rights ---

CASH = Seized("cash", "case-1", SeizedKind.CASH, "CNY", 40, "list", "ann", agreed_by="bo")
COURT = PriorRight(
    "p1", HoldKey("case-1", "a", "CNY"), PriorKind.COURT, 30, "court", "ruling", "ann"
)


def of_summary(worked: WorkedOut, name: str) -> list[list[str]]:
    return [line.split(",") for line in worked.files[name].splitlines()]


def test_seized_money_is_shared_pro_rata_beside_what_is_frozen() -> None:
    cash = replace(CASH, interest=5)
    asked = sheets([ONE, TWO], [frozen("case-1", "a", 120)], BOTH)
    worked = replace(asked, of=replace(asked.of, seized=(cash,))).worked_out()
    awards = given(worked)
    assert sum(row[-1] for row in awards) == 160
    of_cash = [row for row in worked.awards if row.place == cash.place]
    assert sum(row.amount for row in of_cash) == 40
    assert {row.mode for row in of_cash} == {3}
    pots = of_summary(worked, "return-pots.csv")
    assert ["cash", "CNY", "0.40", "involved", "cash", "0", "0.05"] in pots
    unseen = replace(asked, of=replace(asked.of, seized=(replace(cash, agreed_by=""),)))
    assert sum(row[-1] for row in given(unseen.worked_out())) == 120


def test_seized_money_alone_is_shared_and_what_was_handed_over_is_not_given_again() -> None:
    asked = sheets([ONE, TWO], [])
    worked = replace(asked, of=replace(asked.of, seized=(CASH,))).worked_out()
    assert given(worked) == [("case-1", "c1", "case-1", 3, 25), ("case-2", "c1", "case-1", 3, 15)]
    key = ClaimKey("case-1", "c1")
    over = Payment("r1#1.1", 1, key, CASH.place, 25, PAYEE, "", PaymentState.PAID, 1, paid=25)
    got = replace(ONE, claims=(replace(ONE.claims[0], returned=25),))
    left = replace(asked, of=replace(asked.of, seized=(CASH,), payments=(over,)), cases=(got, TWO))
    again = left.worked_out()
    assert sum(row[-1] for row in given(again)) == 15, "of 40, 25 are gone"


def test_only_what_others_have_no_right_to_is_shared_and_all_of_it_is_told() -> None:
    key, place = ClaimKey("case-1", "c1"), HoldKey("case-1", "a", "CNY")
    waits = Payment("r1#1.1", 1, key, place, 50, PAYEE, "bank-a", PaymentState.NOTIFIED, 1)
    hold = frozen("case-1", "a", 160)
    told = replace(hold.orders[0], answers=(Answer("a", Outcome.FROZEN, 160, queued_behind=2),))
    asked = sheets([ONE, TWO], [replace(hold, orders=(told,))], BOTH)
    of = replace(asked.of, payments=(waits,), rights=(COURT,), accrued=(Accrued(place, 9, "ann"),))
    worked = replace(asked, of=of).worked_out()
    assert sum(row[-1] for row in given(worked)) == 80
    header, row = of_summary(worked, "before-sharing.csv")
    assert dict(zip(header, row, strict=True)) == {
        "case": "case-1",
        "account": "a",
        "currency": "CNY",
        "kind": "account",
        "frozen": "1.60",
        "set_aside": "0.50",
        "prior_rights": "0.30",
        "shared": "0.80",
        "interest": "0.09",
        "queued_behind": "2",
    }
    (_, remains) = of_summary(worked, "remaining.csv")
    assert "0.09" in remains, "interest is shown apart"


def test_where_others_have_a_right_to_all_of_it_there_is_no_plan() -> None:
    asked = sheets([ONE], [frozen("case-1", "a", 60)], BOTH)
    all_of_it = replace(asked, of=replace(asked.of, rights=(replace(COURT, amount=999),)))
    with pytest.raises(UnworkableError) as found:
        all_of_it.worked_out()
    assert found.value.reason == "plan_empty"


# --- statements that show what an earlier round paid ---

KEY, MULE = ClaimKey("case-1", "c1"), HoldKey("case-1", "a", "CNY")
AT = START + timedelta(minutes=2)
FIRST = Payment(
    "r1#1.1",
    1,
    KEY,
    MULE,
    100,
    PAYEE,
    "bank-a",
    PaymentState.PAID,
    1,
    paid=100,
    facts=(Fact("f1", "paid", 100, AT, reference="a-2"),),
)


def second_round(*rows: bytes, first: Payment = FIRST, left: int = 60) -> ReturnSheets:
    """100 of the 160 were paid to the first case's claim; the rest is still frozen."""
    asked = sheets([ONE, TWO], [frozen("case-1", "a", left, 300, returned=100)], *rows)
    got = replace(ONE, claims=(replace(ONE.claims[0], returned=100),))
    return replace(asked, of=replace(asked.of, payments=(first,)), cases=(got, TWO))


CAME = (("card-case-1-c1", "a", 100), ("card-case-2-c1", "a", 60))


def test_a_new_round_is_worked_out_on_statements_that_show_what_was_paid_before() -> None:
    after = second_round(shown("a", *CAME, ("a", "card", 100)))
    assert given(after.worked_out()) == [("case-2", "c1", "case-1", 2, 60)]
    before = second_round(shown("a", *CAME))
    assert given(before.worked_out()) == given(after.worked_out()), "as it is shown without it"


def test_a_debit_that_is_no_payment_of_the_return_still_makes_the_pot_too_large() -> None:
    other = replace(FIRST, facts=(replace(FIRST.facts[0], reference="another"),))
    for first, row in ((other, ("a", "card", 100)), (FIRST, ("a", "card", 99))):
        with pytest.raises(UnworkableError) as found:
            second_round(shown("a", *CAME, row), first=first).worked_out()
        assert found.value.reason == "pot_above_balance"


def test_more_than_is_left_is_refused_on_such_statements_too() -> None:
    with pytest.raises(UnworkableError) as found:
        second_round(shown("a", *CAME, ("a", "card", 100)), left=61).worked_out()
    assert found.value.reason == "pot_above_balance"


def test_rows_of_payments_go_with_what_came_back_and_balances_stand_as_before() -> None:
    """What came back has another number: it is known by the order's id."""
    back = Fact("f2", "bounced", 100, AT + timedelta(minutes=1))
    bounced = replace(FIRST, facts=(*FIRST.facts, back), paid=0, state=PaymentState.BOUNCED)
    moves = (*CAME, ("a", "card", 100), ("card", "a", 100), ("a", "shop", 10))
    rows = statement_of(shown("a", *moves)).rows
    balances = (100, 160, 60, 160, 150)
    told = [
        replace(row, balance_after=balance, reference="r1-1.1.1" if "card" in other else "")
        for row, balance, other in zip(
            rows, balances, [(), (), ("card",), ("card",), ()], strict=True
        )
    ]
    (found,) = unpaid_statements([Statement("a", "bank-a", tuple(told))], [bounced])
    assert [(row.id, row.balance_after) for row in found.rows] == [
        ("a-0", 100),
        ("a-1", 160),
        ("a-4", 150),
    ]
    (found,) = unpaid_statements([Statement("a", "bank-a", tuple(told))], [FIRST])
    assert [(row.id, row.balance_after) for row in found.rows] == [
        ("a-0", 100),
        ("a-1", 160),
        ("a-3", 260),
        ("a-4", 250),
    ], "nobody said that it came back"


def test_one_payment_is_one_row_of_a_statement_however_like_another_is() -> None:
    """A bank that paid twice on one order and told it once: the second is no payment of the return's, and is missing there."""
    rows = statement_of(shown("a", *CAME, ("a", "card", 100), ("a", "card", 100))).rows
    told = tuple(
        replace(row, id=f"n-{row.id}", reference="r1-1.1.1" if row.payee == "card" else "")
        for row in rows
    )
    before, after = Statement("a", "bank-a", told[:3]), Statement("a", "bank-a", told)
    found = unpaid_statements([before, after, after], [FIRST])
    assert [len(one.rows) for one in found] == [2, 3, 3]
    abroad = tuple(replace(row, currency="USD") for row in told)
    (found_abroad,) = unpaid_statements([Statement("a", "bank-a", abroad)], [FIRST])
    assert len(found_abroad.rows) == 4, "a row of another currency is another payment"
