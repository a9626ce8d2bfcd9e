"""Money that came as the price of something: who is asked before anything is held, where trails end, who is chased on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from docket import POLICY, START, Docket, claim

from recoup.bank.statements import shown_from
from recoup.cases import Found
from recoup.cases.commands import AddFacts
from recoup.centre.case_trail import facts_of, told_by
from recoup.centre.facts import FactRow, Statement
from recoup.centre.for_value import HISTORY, Trades
from recoup.messages import Minor, StatementRow
from recoup.orders import OrderKind

PAID = START - timedelta(hours=1)
SOLD = POLICY.for_value


def row(number, payer, payee, amount, minutes=0, kind="transfer"):
    at = PAID + timedelta(minutes=minutes)
    banks = (f"bank-{payer}" if payer else "", f"bank-{payee}" if payee else "")
    given = (number, at, minutes, payer, payee, amount, "CNY", kind, "", *banks, None)
    return FactRow(*given)


def statement(account, *rows):
    return Statement(account, f"bank-{account}", rows)


ARRIVED = row("t0", "card-c1", "a", 1000)


def chased(*given, sold=SOLD):
    """Return the desk of a case of 1,000 that came to `a`, as its statements have it."""
    desk = Docket(policy=replace(POLICY, for_value=sold)).reported(claim("c1", "a", 1000))
    desk.must(AddFacts("rows", ()))
    asked = facts_of(desk.case, given, {}, for_value=sold)
    told = told_by(asked, asked.course())
    desk.must(told.command)
    return desk, told


def spent(kind="purchase", to="shop"):
    return row("t1", "a", to, 1000, 1, kind)


def customers(count, kind="purchase"):
    return [row(f"x{n}", f"customer-{n}", "shop", 50, n - 600, kind) for n in range(count)]


def places(desk):
    return [(one.account, one.found, one.kind, one.amount) for one in desk.case.places]


@pytest.mark.parametrize("kind", ["purchase", "exchange"])
def test_who_was_paid_for_something_is_asked_with_its_history_and_nothing_is_held(kind):
    desk, told = chased(statement("a", ARRIVED, spent(kind)))
    assert [("shop", Found.UNKNOWN, kind, 1000)] == places(desk)
    assert desk.kinds() == [("query", "shop", 0)]
    assert [one.why for one in desk.plan.waiting if one.account == "shop"] == ["for_value"]
    assert told.grounds["shop", "CNY"].rows_from < PAID + timedelta(minutes=1) - HISTORY


def test_where_others_buy_too_the_trail_ends_and_nobody_is_asked_again():
    shop = statement("shop", *customers(3), spent(), row("t2", "shop", "b", 1000, 2))
    desk, _ = chased(statement("a", ARRIVED, spent()), shop)
    assert places(desk) == [("shop", Found.EXITED, "purchase", 1000)]
    assert desk.kinds() == []


def test_where_too_few_others_buy_the_account_is_chased_as_any_other():
    shop = statement("shop", *customers(2), spent(), row("t2", "shop", "b", 500, 2))
    desk, _ = chased(statement("a", ARRIVED, spent()), shop)
    desk.send(OrderKind.QUERY, "shop")  # as it was before its statement came
    assert ("b", Found.UNKNOWN, "", 400) in places(desk)
    assert {("extend", "shop", 600), ("extend", "b", 400)} <= set(desk.kinds())


def test_a_statement_without_history_is_no_proof_that_nobody_else_buys():
    desk, _ = chased(statement("a", ARRIVED, spent()), statement("shop", spent()))
    assert desk.kinds() == [("query", "shop", 0)]


def test_accounts_of_the_case_are_no_customers():
    crew = [statement(f"m{n}", row(f"y{n}", f"m{n}", "shop", 50, 0, "purchase")) for n in range(5)]
    paid = [row(f"y{n}", f"m{n}", "shop", 50, 0, "purchase") for n in range(5)]
    desk, _ = chased(statement("a", ARRIVED, spent()), statement("shop", *paid, spent()), *crew)
    desk.send(OrderKind.QUERY, "shop")
    assert desk.kinds() == [("extend", "shop", 1000)]


def test_who_is_paid_otherwise_as_well_is_chased_at_once():
    half = [row("t1", "a", "shop", 500, 1, "purchase"), row("t2", "a", "shop", 500, 2)]
    desk, _ = chased(statement("a", ARRIVED, *half))
    assert desk.kinds() == [("extend", "shop", 1000)]


def test_whom_a_victim_names_is_chased_however_it_was_paid():
    bought = row("t0", "card-c1", "a", 1000, 0, "purchase")
    others = [row(f"x{n}", f"customer-{n}", "a", 50, n - 600, "purchase") for n in range(9)]
    desk, _ = chased(statement("card-c1", bought), statement("a", *others, bought))
    assert places(desk) == [("a", Found.LOCATED, "", 1000)]
    assert desk.kinds() == [("stop", "a", 1000)]


def test_a_policy_that_presumes_nothing_holds_at_once():
    shop = statement("shop", *customers(9), spent())
    for given in ((), (shop,)):
        desk, _ = chased(statement("a", ARRIVED, spent()), *given, sold={})
        assert desk.kinds() == [("extend", "shop", 1000)]


@pytest.mark.parametrize("sold", [{"purchase": 0}, {"transfer": 3}])
def test_a_policy_presumes_only_of_what_is_paid_for(sold):
    with pytest.raises(ValueError, match="for_value"):
        replace(POLICY, for_value=sold)


def test_a_watch_shows_history_of_who_was_paid_for_something_only():
    def shown(kind, payee):
        return StatementRow("1", PAID, 1, "a", payee, Minor(5), "CNY", kind=kind)

    assert shown_from([shown("exchange", "me")], "me", PAID) == PAID - HISTORY
    assert shown_from([shown("exchange", "you")], "me", PAID) == PAID
    assert shown_from([shown("transfer", "me")], "me", PAID) == PAID


def slow(rows, known, least, never):
    """Return the same from the definition: every row looked at for every account."""
    ends, kinds = set(), {}
    for account in sorted({side for _, *sides, _ in rows for side in sides} - never):
        into = {kind for _, payer, payee, kind in rows if payee == account and payer in known}
        if not into or not into <= set(least):
            continue
        kinds[account] = kind = min(into)
        own = [one for one in rows if one[0] == account and one[3] == kind]
        others = {payer for _, payer, payee, _ in own if payee == account}
        if kind == "exchange":
            others |= {payee for _, payer, payee, _ in own if payer == account}
        if account in known and len(others - known) >= least[kind]:
            ends.add(account)
    return kinds, ends


@pytest.mark.parametrize("seed", range(60))
def test_who_sells_is_found_as_by_the_definition(seed):
    chance = Random(seed)
    names = [f"n{n}" for n in range(8)]
    known = set(chance.sample(names, 4))
    rows = []
    for _ in range(chance.randrange(60)):
        account = chance.choice(sorted(known))
        other = chance.choice([name for name in names if name != account])
        sides = (account, other) if chance.random() < 0.5 else (other, account)
        rows.append((account, *sides, chance.choice(["transfer", "purchase", "exchange"])))
    trades, least = Trades(), {"purchase": chance.randrange(1, 4), "exchange": 1}
    for number, one in enumerate(rows):
        trades.note(*one, str(number))
    found = trades.for_value(known, least, {"n0"})
    assert slow(rows, known, least, {"n0"}) == (found.kinds, found.ends)
