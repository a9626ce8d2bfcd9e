"""What an institution is never told, by what it is; and what lies there if it is no bank account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from docket import POLICY, START, Docket, claim, lies

from recoup.cases import Found, Institution, Mandate, Reason, Refusal, plan_orders
from recoup.cases.commands import AgreeToMandate, NoteAccountKind, ProposeMandate, TakeUp
from recoup.orders import AccountKind, InstitutionKind, Level, OrderKind
from recoup.orders.kinds import OFF_BANK, PROTECTED


def keeping_nothing(name: str):  # type: ignore[no-untyped-def]
    mixer = Institution(name, kind=InstitutionKind.AGGREGATOR)
    return replace(POLICY, institutions={name: mixer})


def test_what_keeps_no_money_is_asked_where_it_went_and_told_to_hold_nothing():
    case = Docket().reported(claim("c1", "a", 100))
    case.trace(lies("c1", "p", 100, Found.UNKNOWN, institution="mixer", hop=2))
    plan = plan_orders(case.case, START, keeping_nothing("mixer"))
    assert [(o.kind, o.account, o.at_stake) for o in plan.orders] == [(OrderKind.QUERY, "p", 100)]
    assert [(row.account, row.why) for row in plan.waiting] == [("p", "institution_cannot")]
    as_bank = plan_orders(case.case, START, POLICY)
    assert [o.kind for o in as_bank.orders] == [OrderKind.EXTEND], "a bank is told to stop it"


@pytest.mark.parametrize("taken", [OrderKind.STOP, OrderKind.EXTEND])
def test_what_is_asked_of_an_institution_is_what_it_is_then_told(taken):
    """Past the payee of the report the order is one to extend: a power to stop says nothing about it, nor the other way."""
    powers = {
        **POLICY.orders.powers,
        InstitutionKind.EXCHANGE: frozenset({taken, OrderKind.QUERY}),
    }
    exchange = Institution("exchange", kind=InstitutionKind.EXCHANGE)
    orders = replace(POLICY.orders, powers=powers)
    policy = replace(POLICY, orders=orders, institutions={"exchange": exchange})
    for account, kind in (("a", OrderKind.STOP), ("p", OrderKind.EXTEND)):
        hop = 1 if account == "a" else 2
        case = Docket().reported(claim("c1", "a", 100))
        case.trace(lies("c1", account, 100, Found.UNKNOWN, institution="exchange", hop=hop))
        plan = plan_orders(case.case, START, policy)
        asked = [order.kind for order in plan.orders]
        waits = [(row.account, row.why) for row in plan.waiting]
        if kind is taken:
            assert (asked, waits) == ([kind], [])
        else:
            assert (asked, waits) == ([OrderKind.QUERY], [(account, "institution_cannot")])


def test_an_order_that_a_kind_of_institution_is_never_given_does_not_leave():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a")
    freeze = case.order(OrderKind.FREEZE, "a")
    case.policy = keeping_nothing("bank-a")
    found = case.do(TakeUp(freeze))
    assert isinstance(found, Refusal)
    assert found.reason is Reason.INSTITUTION_CANNOT
    assert not found.reason.is_transient
    case.policy = POLICY
    early = case.do(TakeUp(freeze))
    assert isinstance(early, Refusal)
    assert early.reason is Reason.APPROVAL_MISSING, "a bank is given it once somebody agreed"


@pytest.mark.parametrize("kind", sorted(OFF_BANK))
def test_a_standing_authority_covers_a_stop_of_what_is_no_bank_account(kind):
    case = Docket().reported(claim("c1", "a", 100))
    mandate = Mandate("m1", 5, 1000, "CNY", case.now + timedelta(hours=2), "officer")
    case.must(ProposeMandate(mandate))
    case.must(AgreeToMandate("m1", "approver", mandate.digest))
    case.must(NoteAccountKind("a", kind))
    order = case.order(OrderKind.STOP, "a", mandate="m1", account_kind=kind)
    assert POLICY.levels.of_order(order) is Level.STATION, "no higher than a bank account's"
    case.must(TakeUp(order))


def test_that_a_protected_account_is_a_wallet_takes_no_protection_from_it():
    case = Docket().reported(claim("c1", "a", 100))
    case.must(NoteAccountKind("a", AccountKind.PAYROLL))
    assert case.must(NoteAccountKind("a", AccountKind.WALLET)) == ()
    assert case.case.account_kind("a") is AccountKind.PAYROLL
    case.must(NoteAccountKind("b", AccountKind.WALLET))
    case.must(NoteAccountKind("b", AccountKind.CLIENT_MONEY))
    assert case.case.account_kind("b") is AccountKind.CLIENT_MONEY, "more protection is taken in"


PROTECTING = {  # the level that burdening an account of each kind takes
    AccountKind.ORDINARY: 0,
    **dict.fromkeys(OFF_BANK, 0),
    AccountKind.PAYROLL: 1,
    AccountKind.SOCIAL_BENEFITS: 1,
    AccountKind.CLIENT_MONEY: 1,
    AccountKind.TREASURY: 2,
}


@pytest.mark.parametrize("known", sorted(PROTECTED))
@pytest.mark.parametrize("said", sorted(PROTECTING))
def test_nobody_says_that_a_protected_account_is_for_less(known, said):
    case = Docket().reported(claim("c1", "a", 100))
    case.must(NoteAccountKind("a", known))
    found = case.do(NoteAccountKind("a", said))
    is_less = PROTECTING[said] < PROTECTING[known]
    assert case.case.account_kind("a") is (known if is_less else said)
    if is_less and said not in OFF_BANK:  # what lies there is no word about whom it protects
        assert isinstance(found, Refusal)
        assert found.reason is Reason.PROTECTION_STANDS
        assert not found.reason.is_transient


def test_an_account_that_is_for_nothing_special_is_noted_as_it_is_known():
    case = Docket().reported(claim("c1", "a", 100))
    for kind in (AccountKind.WALLET, AccountKind.ORDINARY, AccountKind.SETTLEMENT):
        case.must(NoteAccountKind("a", kind))
        assert case.case.account_kind("a") is kind


def test_a_policy_by_which_an_institution_could_not_even_be_asked_is_refused():
    powers = {**POLICY.orders.powers, InstitutionKind.EXCHANGE: frozenset({OrderKind.STOP})}
    with pytest.raises(ValueError, match="any exchange can be asked"):
        replace(POLICY.orders, powers=powers)
