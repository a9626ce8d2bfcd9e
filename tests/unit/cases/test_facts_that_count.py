"""What the book of figures makes of what random journals do not have: cases that were only placed, orders given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recoup.figures import Asked, Book, sum_up
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.events import OrderDrafted, OrderIssued, OrderWithdrawn
from recoup.staff.events import CasePlaced

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVER = Asked(AT - timedelta(days=1), AT + timedelta(days=1))


def _book(*events: object) -> Book:
    book = Book()
    for number, event in enumerate(events, 1):
        book.note(AT, number, f"command-{number}", "C1", event)
    book.finish()
    return book


def _order(name: str) -> OrderDrafted:
    key = HoldKey("C1", "a", "CNY")
    return OrderDrafted(Order(name, OrderKind.STOP, key, "bank-1", 100, "ann", "r"), 0)


def test_an_order_of_a_case_without_a_report_counts_for_the_unit_where_it_was_placed() -> None:
    placed = (CasePlaced("C1", "ft", "ann"), CasePlaced("C1", "ns", "ann"))
    book = _book(*placed, _order("o1"), OrderIssued("o1", AT, AT + timedelta(hours=1)))
    mine = sum_up(book.facts, Asked(EVER.begin, EVER.end, frozenset({"ft"})))
    assert (mine.orders, mine.waiting, mine.cases) == (1, 1, 0)
    assert mine.spreads["first_order"].count == 0, "no report was entered"
    assert sum_up(book.facts, Asked(EVER.begin, EVER.end, frozenset({"ns"}))).orders == 0


def test_an_order_that_was_given_up_is_no_order() -> None:
    book = _book(CasePlaced("C1", "ft", "ann"), _order("o1"), OrderWithdrawn("o1", "ann"))
    assert book.facts == []


def test_the_begin_is_part_of_a_period_and_the_end_is_not() -> None:
    book = _book(_order("o1"), OrderIssued("o1", AT, AT + timedelta(hours=1)))
    later = AT + timedelta(seconds=1)
    assert sum_up(book.facts, Asked(AT, later)).orders == 1
    assert sum_up(book.facts, Asked(EVER.begin, AT)).orders == 0
    assert sum_up(book.facts, Asked(later, EVER.end)).orders == 0
    assert sum_up(book.facts, Asked(later, EVER.end)).waiting == 1, "it still stands"
