"""The books of a play: blocks, statements, rows beyond the room that was made, and lost cents that are found."""

import dataclasses

import numpy as np
import pytest
from rehearsal.hamlet import BEGIN, HOUR, hamlet

from recoup.rehearse.play import kernels
from recoup.rehearse.play.books import Books
from recoup.rehearse.play.ports import Attempt, Row, Word
from recoup.rehearse.playing import play
from recoup.rehearse.policies.none import NonePolicy

ALWAYS = (0, 2**62)


def test_a_block_keeps_what_lies_below_it():
    books = Books(hamlet(payments=0))
    before = books.balance(0)
    books.block("case", 0, before - 100)
    assert books.funds(0, 100) is Word.BOOKED
    assert books.funds(0, 101) is Word.BLOCKED
    assert books.funds(0, before + 1) is Word.NO_FUNDS
    assert books.available(0) == 100


def test_blocks_add_up_and_are_altered_and_lifted_by_their_names():
    books = Books(hamlet(payments=0))
    whole = books.balance(0)
    books.block("a", 0, 1_000)
    books.block("b", 0, 500)
    assert books.available(0) == whole - 1_500
    books.block("a", 0, 200)
    assert books.available(0) == whole - 700
    books.block("b", 0, None)
    assert books.available(0) == 0
    books.lift("b", 0)
    books.lift("b", 0)
    books.lift("never", 1)
    assert books.available(0) == whole - 200


def test_credits_come_in_whatever_is_held():
    books = Books(hamlet(payments=0))
    books.block("case", 1, None)
    books.make(BEGIN, Attempt(0, 1, 700), 0)
    assert books.balance(1) == 5_000_700
    assert books.available(1) == 0


def test_a_block_of_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="at least zero"):
        Books(hamlet(payments=0)).block("case", 0, -1)


def test_who_made_a_block_or_raised_it_is_heard_and_who_lowered_it_is_not():
    books, heard = Books(hamlet(payments=0)), []
    books.on_block = heard.append
    for amount in (5, 9, 3, None):
        books.block("case", 4, amount)
    assert heard == [4, 4, 4]


def test_a_payment_without_funds_is_no_row():
    books = Books(hamlet(payments=0))
    with pytest.raises(AssertionError, match="no funds"):
        books.make(BEGIN, Attempt(0, 1, 5_000_001), 0)
    with pytest.raises(AssertionError, match="above zero"):
        books.make(BEGIN, Attempt(0, 1, 0), 0)


def test_a_statement_is_what_a_scan_of_all_rows_finds():
    country = hamlet(5, payments=600)
    books = Books(country)
    number = len(country.schedule)
    for hour in range(1, 24):
        books.stretch(BEGIN + hour * HOUR)
        for payer, payee in ((3, 4), (4, 3), (5, 5)):
            number += 1
            books.make(BEGIN + hour * HOUR, Attempt(payer, payee, 10 + hour), number)
    every = books.rows(np.arange(books.count))
    since, until = every[100].time_us, every[500].time_us
    for account in range(len(country.accounts)):
        own = [row for row in every if account in (row.payer, row.payee)]
        assert own == list(books.statement(account, *ALWAYS))
        cut = [row for row in own if since <= row.time_us <= until]
        assert cut == list(books.statement(account, since, until))
    assert Row(*every[0]) == books.statement(every[0].payer, *ALWAYS)[0]


def test_rows_grow_beyond_the_room_that_was_made():
    country = hamlet(payments=10)
    books = Books(country)
    books.stretch(country.end_us)
    for number in range(70_000):
        books.make(country.end_us, Attempt(number % 2, 1 - number % 2, 1), 10 + number)
    books.check()
    ledger = books.ledger()
    assert len(ledger) == 70_010
    assert ledger["payment"].to_list() == list(range(70_010))
    assert set(ledger["fraud"].to_list()) == {-1}


def loses(column):
    """Return a booking kernel after which one account that a row touched has a unit less."""

    def book(*arguments):
        position, count = kernels.book(*arguments)
        balance, columns = arguments[5], arguments[8]
        if count > arguments[9]:
            balance[columns[column][count - 1]] -= 1
        return position, count

    return book


@pytest.mark.parametrize("column", [1, 2])
def test_a_kernel_that_loses_a_unit_is_found_in_the_stretch_that_lost_it(column):
    country = hamlet(payments=50)
    books = Books(country, book=loses(column))
    with pytest.raises(AssertionError, match="not what rows make"):
        books.stretch(country.begin_us + 12 * HOUR)
    with pytest.raises(AssertionError, match="balance"):
        play(country, NonePolicy(), books=Books(country, book=loses(column)))


def test_a_unit_that_is_lost_where_nobody_paid_is_found_within_the_hour():
    def book(*arguments):
        arguments[5][7] -= 1
        return kernels.book(*arguments)

    country = hamlet(people=20, payments=0)
    books = Books(country, book=book)
    with pytest.raises(AssertionError, match="sum to"):
        books.stretch(country.begin_us + HOUR)


def test_an_overdrawn_account_is_found():
    country = hamlet(payments=1)
    payer = int(country.schedule.payer[0])
    accounts = dataclasses.replace(
        country.accounts, opening_minor=np.where(np.arange(86) == payer, 0, 9).astype(np.int64)
    )

    def book(schedule, position, until, actions, begin, balance, floor, row_of, columns, count):
        floor[payer] -= 10**9
        return kernels.book(
            schedule, position, until, actions, begin, balance, floor, row_of, columns, count
        )

    books = Books(dataclasses.replace(country, accounts=accounts), book=book)
    with pytest.raises(AssertionError, match="not what rows make"):
        books.stretch(country.end_us)
