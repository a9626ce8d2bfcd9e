"""What odd and lying statements do to a case's trail: each transfer once, nothing made, nothing said for another's account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from docket import START, Docket, claim

from recoup import limits
from recoup.cases import Found, Mandate, Reason, covers, view_of
from recoup.cases.commands import AgreeToMandate, AgreeToOrder, ProposeMandate, TakeUp
from recoup.centre.case_trail import ROOT_WITHIN, facts_of, told_by
from recoup.centre.facts import FactRow, Statement
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, encode_request
from recoup.centre.tracer import trace_facts

PAID = START - timedelta(hours=1)


def row(number, payer, payee, amount, minutes=0, **more):
    at = PAID + timedelta(minutes=minutes)
    bank = {side: f"bank-{side}" if side else "" for side in (payer, payee)}
    fresh = FactRow(
        number,
        at,
        minutes,
        payer,
        payee,
        amount,
        "CNY",
        "transfer",
        "",
        bank[payer],
        bank[payee],
        None,
    )
    return replace(fresh, **more)


def statement(account, *rows):
    return Statement(account, f"bank-{account}", rows)


ARRIVED = row("t0", "card-c1", "a", 1000)


def traced(*given, desk=None):
    desk = desk or Docket().reported(claim("c1", "a", 1000))
    asked = facts_of(desk.case, given, {})
    desk.must(told_by(asked, trace_facts(asked.facts).trail).command)
    return desk.case, asked


def lying(case):
    out = {}
    for place in case.places:
        key = (place.account, place.found)
        out[key] = out.get(key, 0) + place.amount
    return out


def test_two_like_payments_of_one_statement_are_two():
    rent = {"reference": "rent"}
    first, second = row("x", "a", "b", 400, 1, **rent), row("y", "a", "b", 400, 2, **rent)
    case, _ = traced(statement("a", ARRIVED, first, second))
    assert lying(case) == {("a", Found.LOCATED): 200, ("b", Found.UNKNOWN): 800}
    both, _ = traced(
        statement("a", ARRIVED, first, second), statement("b", replace(second, id="q"), first)
    )
    assert lying(both) == {("a", Found.LOCATED): 200, ("b", Found.LOCATED): 800}


def test_an_institution_that_numbers_nothing_shows_as_many_payments_as_it_has_rows():
    twice = row("", "a", "b", 400, 1)
    case, asked = traced(statement("a", ARRIVED, twice, twice))
    assert asked.facts.dossier.transfers.height == 3
    assert lying(case)["b", Found.UNKNOWN] == 800


def test_a_row_that_comes_in_two_answers_is_one():
    moved = row("x", "a", "b", 400, 1)
    case, asked = traced(
        statement("a", ARRIVED, moved), statement("a", moved, row("z", "a", "d", 1, 5))
    )
    assert asked.facts.dossier.transfers.height == 3
    assert lying(case)["b", Found.UNKNOWN] == 400


def test_an_exit_is_asked_about_by_the_institutions_own_number():
    out = {"kind": "wallet", "payee_institution": "paygate"}
    first = replace(row("row-1", "a", "", 400, 1, **out), number="N1")
    second = replace(first, amount=300, at=PAID + timedelta(minutes=2))  # numbered oddly
    desk = Docket().reported(claim("c1", "a", 1000))
    asked = facts_of(desk.case, [statement("a", ARRIVED, first, second)], {})
    told = told_by(asked, trace_facts(asked.facts).trail)
    serials = [place.serial for place in told.command.places if place.found is Found.EXITED]
    assert serials == ["row-1", "row-1'"]
    assert [told.grounds[serial, "CNY"].reference for serial in serials] == ["N1", "N1"]


def test_a_payee_that_one_side_does_not_name_is_no_second_payment():
    blind = row("x", "a", "", 400, 1, kind="wallet", payee_institution="paygate")
    case, _ = traced(statement("a", ARRIVED, blind), statement("w", row("x", "a", "w", 400, 1)))
    assert lying(case) == {("a", Found.LOCATED): 600, ("w", Found.LOCATED): 400}


def test_a_statement_says_nothing_of_others_accounts():
    made_up = row("lie", "a", "innocent", 1000, 1)
    case, asked = traced(statement("a", ARRIVED), statement("z", made_up))
    assert lying(case) == {("a", Found.LOCATED): 1000}
    assert asked.ignored == 1
    own, _ = traced(statement("a", ARRIVED, made_up))  # the control: its own institution may say so
    assert lying(own) == {("innocent", Found.UNKNOWN): 1000}


@pytest.mark.parametrize("amount", [0, -5, 2**62, 2**63 - 1])
def test_an_impossible_amount_does_not_keep_a_case_from_being_traced(amount):
    odd = [row(f"odd{n}", "a", "b", amount, n) for n in range(1, 4)]
    case, asked = traced(statement("a", ARRIVED, *odd, row("x", "a", "b", 400, 9)))
    assert lying(case) == {("a", Found.LOCATED): 600, ("b", Found.UNKNOWN): 400}
    assert asked.ignored == 3


@pytest.mark.parametrize("balance", [2**63 - 1, -(2**63)])
def test_an_impossible_balance_does_not_keep_a_case_from_being_traced(balance):
    case, _ = traced(statement("a", replace(ARRIVED, balance_after=balance)))
    assert lying(case) == {("a", Found.LOCATED): 1000}


def test_a_self_transfer_another_currency_and_times_out_of_reach_move_nothing_of_the_claim():
    later = row("f", "a", "b", 100, 1, at=START.replace(year=9999))
    early = row("e", "a", "b", 100, 1, at=START.replace(year=1))
    usd = row("u", "a", "b", 100, 1, currency="USD")
    case, _ = traced(statement("a", ARRIVED, row("s", "a", "a", 100, 1), usd, early))
    assert lying(case) == {("a", Found.LOCATED): 1000}
    case, _ = traced(statement("a", ARRIVED, later))
    assert sum(lying(case).values()) == 1000


@pytest.mark.parametrize("kind", ["cash_out", "x" * 8000, "钱" * 8000])
def test_a_thousand_small_payments_do_not_keep_a_case_from_its_trail(kind):
    desk = Docket().reported(claim("c1", "a", 10_000))
    small = [row(f"s{n}", "a", f"account_{n:032}", 1, 2) for n in range(1500)]
    small += [row(f"k{n}", "a", "", 1, 3, kind=kind) for n in range(40)]
    first = row("t0", "card-c1", "a", 10_000)
    case, asked = traced(statement("a", first, row("x", "a", "b", 5_000, 1), *small), desk=desk)
    told = told_by(asked, trace_facts(asked.facts).trail)
    request = Request(Actor("chase", "chase", "why"), told.command, case=case.id)
    assert len(encode_request(COMMAND_REGISTRY, request)) <= limits.REQUEST_BYTES_MAX
    found = lying(case)
    assert found["b", Found.UNKNOWN] == 5_000, "the largest stay"
    assert found["a", Found.LOCATED] == 10_000 - 5_000 - 1540
    assert sum(found.values()) == 10_000
    assert found["", Found.RESIDUAL] > 0, (
        "the negative control: without the bound nothing is left over"
    )


def test_a_statement_is_asked_for_from_the_first_arrival_on_not_from_the_last():
    desk = Docket().reported(
        claim("c1", "a", 1000), claim("c2", "a", 500, paid_at=PAID + timedelta(minutes=30))
    )
    told = told_by(asked := facts_of(desk.case, (), {}), trace_facts(asked.facts).trail)
    grounds = told.grounds["a", "CNY"]
    assert (grounds.amount, grounds.at) == (500, PAID + timedelta(minutes=30))
    assert grounds.rows_from == PAID - ROOT_WITHIN, "a report may name a time that is too late"
    shown = [statement("a", ARRIVED, row("t1", "card-c2", "a", 500, 30))]
    told = told_by(asked := facts_of(desk.case, shown, {}), trace_facts(asked.facts).trail)
    assert told.grounds["a", "CNY"].rows_from == PAID - timedelta(seconds=1)


def test_one_transfer_reported_twice_is_followed_once():
    again = claim("c2", "a", 1000, payer="card-c1", paid_at=PAID + timedelta(minutes=1))
    desk = Docket().reported(claim("c1", "a", 1000), again)
    own = row("own", "", "a", 5000, -5)
    shown = replace(statement("a", own, ARRIVED), until=START)
    case, asked = traced(shown, desk=desk)
    assert asked.facts.dossier.transfers.height == 2, "no money is made"
    assert lying(case) == {("a", Found.LOCATED): 1000, ("a", Found.RESIDUAL): 1000}


@pytest.mark.parametrize("until", [None, PAID + timedelta(seconds=30)])
def test_a_like_payment_that_the_statement_cannot_show_yet_is_followed(until):
    later = claim("c2", "a", 1000, payer="card-c1", paid_at=PAID + timedelta(minutes=1))
    desk = Docket().reported(claim("c1", "a", 1000), later)
    case, _ = traced(replace(statement("a", ARRIVED), until=until), desk=desk)
    assert lying(case) == {("a", Found.LOCATED): 2000}


@pytest.mark.parametrize("more", [{"payer": "a"}, {"amount": 2**61 + 1}])
def test_an_impossible_claim_does_not_keep_the_others_from_being_traced(more):
    odd = claim(**({"number": "c2", "payee": "a", "amount": 7} | more))
    desk = Docket().reported(claim("c1", "a", 1000), odd)
    case, _ = traced(statement("a", ARRIVED), desk=desk)
    assert lying(case) == {("a", Found.LOCATED): 1000, ("a", Found.RESIDUAL): odd.amount}


# --- rows that only one side shows ---------------------------------------------------------------------------------------


LATER = PAID + timedelta(hours=9)


def given(account, *rows, until=LATER):
    return replace(statement(account, *rows), until=until)


def one_sided(case):
    return {place.account for place in case.places if place.is_one_sided}


def test_a_credit_that_the_payers_own_statement_does_not_have_is_one_sided_and_so_is_all_behind_it():
    made_up = row("lie", "a", "b", 400, 1)
    onward = row("x", "b", "innocent", 300, 2)
    mine = given("a", ARRIVED, row("y", "a", "d", 100, 5))
    case, asked = traced(mine, given("b", made_up, onward))
    assert asked.doubted == {"lie"}
    assert one_sided(case) == {"b", "innocent"}
    inferred = {place.account for place in case.places if place.is_inferred}
    assert inferred == {"b", "innocent"}, "counted as inferred, not as proved"
    both, _ = traced(given("a", ARRIVED, made_up, row("y", "a", "d", 100, 5)), given("b", made_up))
    assert one_sided(both) == set(), "the control: the payer's statement has it too"


def test_a_debit_that_the_payees_own_statement_does_not_have_is_one_sided():
    made_up = row("lie", "a", "b", 400, 1)
    own = row("own", "", "b", 70, -5)
    case, _ = traced(given("a", ARRIVED, made_up), given("b", own))
    assert one_sided(case) == {"b"}


LATE, OWN = row("x", "a", "b", 400, 1), row("own", "", "b", 7, -5)


@pytest.mark.parametrize("until", [PAID + timedelta(minutes=10), None])
def test_a_payment_after_the_payers_statement_is_not_one_sided(until):
    case, _ = traced(given("a", ARRIVED, until=until), given("b", OWN, LATE))
    assert one_sided(case) == set()


@pytest.mark.parametrize("until", [PAID + timedelta(hours=2), None])
def test_a_payment_that_may_be_under_way_to_the_payee_is_not_one_sided(until):
    case, _ = traced(given("a", ARRIVED, LATE), given("b", OWN, until=until))
    assert one_sided(case) == set()


def test_what_one_institution_says_became_another_currency_is_one_sided():
    out = replace(row("o", "a", "", 400, 1, kind="conversion"), reference="fx")
    back = replace(row("i", "", "a", 9000, 1, kind="conversion"), reference="fx", currency="USD")
    case, _ = traced(given("a", ARRIVED, out, back))
    dollars = [place for place in case.places if place.currency == "USD"]
    assert [(place.amount, place.is_one_sided) for place in dollars] == [(9000, True)]


def test_money_on_one_sides_word_is_asked_for_by_persons_not_by_a_mandate():
    made_up = row("lie", "a", "b", 400, 1)
    desk = Docket().reported(claim("c1", "a", 1000))
    mandate = Mandate("m1", 5, 5000, "CNY", LATER, "officer")
    desk.must(ProposeMandate(mandate))
    desk.must(AgreeToMandate("m1", "approver", mandate.digest))
    traced(given("a", ARRIVED, row("y", "a", "d", 100, 5)), given("b", made_up), desk=desk)
    (stands,) = desk.case.mandates
    found = {order.account: order for order in desk.plan.orders}
    written = {name: desk.order(order.kind, name, mandate="m1") for name, order in found.items()}
    assert not covers(stands, written["b"], found["b"], desk.now)
    assert covers(stands, written["d"], found["d"], desk.now), "the control"
    alone = desk.order(found["b"].kind, "b")
    assert desk.do(TakeUp(alone)).reason is Reason.APPROVAL_MISSING
    view = view_of(desk.case, alone, desk.plan)
    assert (view.one_sided, view.inferred) == (400, 400)
    desk.must(AgreeToOrder(alone, "ann", view.digest))
    desk.must(TakeUp(alone))


def one_leg(payee_bank, reference="CLEAR-1"):
    """What a bank shows of a payment into a wallet and what the wallet's institution shows: each names its own side only."""
    out = row("B7", "a", "", 400, 1, kind="wallet", payee_institution="pay", reference=reference)
    into = row("P9", "", "w", 400, 1, payee_institution=payee_bank, reference=reference)
    case, _ = traced(statement("a", ARRIVED, out), Statement("w", payee_bank, (into,)))
    return lying(case)


def test_a_payment_that_each_side_shows_without_the_others_account_is_one_by_its_serial_number():
    assert one_leg("pay") == {("a", Found.LOCATED): 600, ("w", Found.LOCATED): 400}
    # The controls: an institution that was not named, and two numbers of which none is shared.
    apart = {("a", Found.LOCATED): 600, ("a", Found.EXITED): 400}
    assert one_leg("another") == apart
    assert one_leg("pay", reference="") == apart
