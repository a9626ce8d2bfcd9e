"""A payment back from the order to the receipt: through the centre's gateway, a real agent and its core system, and back."""

from __future__ import annotations

import decided
import pytest
from payhouse import BANK, CASE, DUE, LOSS, House
from sim.office import START

from recoup.centre.directory import Entry
from recoup.errors import VaultFault
from recoup.messages import OrderMessage, ResultCode, decode
from recoup.orders import HoldState, OrderKind, Outcome
from recoup.stores.vault import Purpose


@pytest.fixture
def house(tmp_path):
    found = House(tmp_path)
    assert found.tell("f1", OrderKind.FREEZE, 100).outcome is Outcome.FROZEN
    return found


def test_an_order_becomes_money_and_its_receipt_moves_the_hold(house):
    said = house.pay(60)
    assert (said.outcome, said.receipt.amount, said.held) == (Outcome.PAID, 60, 40)
    assert house.money == (40, 60)
    assert (house.hold.held, house.hold.returned, house.hold.state) == (40, 60, HoldState.FROZEN)
    assert not house.hold.paying


def test_the_bank_is_named_the_officers_of_the_notice_and_not_who_wrote_and_agreed(house):
    house.pay(60)
    order = decode("recoup.order.v1", house.store.handled(house.paid_by).body)
    assert isinstance(order, OrderMessage)
    assert order.payee.officers == decided.OFFICERS
    tracked = house.hold.find(house.paid_by)
    assert not {tracked.order.made_by, *tracked.approvers} & set(decided.OFFICERS)


def test_the_receipts_number_lies_in_the_vault_and_its_digest_in_the_event(house):
    said = house.pay(60)
    (row,) = [
        x for x in house.core.statement("111", "CNY", START, DUE) if x.reference == house.paid_by
    ]
    assert said.receipt.reference == house.directory.row_id(row.id)
    why = Purpose("test", CASE, "a test")
    assert house.directory.read(f"order {house.paid_by}", f"receipt {said.id}", why) == row.id
    assert row.id.encode() not in b"".join(x.body for x in house.office.journal.records())


def test_what_the_bank_does_not_find_is_refused_with_its_check(house):
    wrong = house.directory.account("bank-9", "998", "victim")
    said = house.pay(40, account=wrong)
    assert (said.outcome, said.code, said.failed) == (
        Outcome.REFUSED,
        ResultCode.ACCOUNT_UNKNOWN.value,
        ("payee_account",),
    )
    assert (house.money, house.hold.held) == ((100, 0), 100)
    assert house.pay(60).outcome is Outcome.PAID


def test_what_bounces_is_heard_of_with_the_next_digest_and_lies_frozen_again(house):
    house.pay(100)
    assert house.hold.state is HoldState.RETURNED
    house.core.bounce(house.paid_by)
    assert house.gateway.collect(BANK) == 2  # the holder was told of the freeze, too
    assert (house.hold.state, house.hold.held, house.hold.returned) == (HoldState.FROZEN, 100, 0)
    assert house.money == (100, 0)
    house.gateway._cursors.clear()  # the centre starts anew and is told again
    house.gateway.collect(BANK)
    assert house.hold.held == 100
    assert house.pay_anew().outcome is Outcome.PAID
    assert house.money == (0, 100)


def test_the_payee_is_paid_where_its_account_is_and_never_by_guess(house):
    with pytest.raises(VaultFault, match="institution"):
        house.pay(60, institution="bank-8")
    assert house.money == (100, 0)


def test_the_payee_has_the_name_that_the_claims_own_case_knows(house):
    """A case that was joined with the holder's entered the account; a statement spells its name in another way."""
    house.directory.account("bank-9", "999", "V. of a statement")
    entry = Entry("bank-9", "999", "victim")
    house.directory.keep_all(house.directory.entered_pieces(house.payee, "case-2", entry))
    assert house.pay(40).failed == ("payee_name",), "the control"
    decided.claimed(house.office, "case-2", "c1", house.account, LOSS, START)
    decided.joined(house.office, CASE, "case-2")
    assert house.pay(60, case="case-2").outcome is Outcome.PAID


def test_a_case_knows_an_account_under_just_the_name_that_was_entered(house):
    directory, entry = house.directory, Entry("bank-9", "999", "victim")
    assert not directory.is_named(house.payee, CASE, "victim")
    directory.keep_all(directory.entered_pieces(house.payee, CASE, entry))
    assert directory.is_named(house.payee, CASE, "victim")
    assert not directory.is_named(house.payee, CASE, "thief")
    assert not directory.is_named(house.payee, "case-2", "victim")
