"""What the book of figures makes of what random journals do not have: cases that were only placed, orders given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recoup.figures import Asked, Book, sum_up
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.events import OrderDrafted, OrderIssued, OrderWithdrawn

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


def test_an_order_that_was_given_up_is_no_order() -> None:
    book = _book(_order("o1"), OrderWithdrawn("o1", "ann"))
    assert list(book.facts) == []


def test_the_begin_is_part_of_a_period_and_the_end_is_not() -> None:
    book = _book(_order("o1"), OrderIssued("o1", AT, AT + timedelta(hours=1)))
    later = AT + timedelta(seconds=1)
    assert sum_up(book.facts, Asked(AT, later)).orders == 1
    assert sum_up(book.facts, Asked(EVER.begin, AT)).orders == 0
    assert sum_up(book.facts, Asked(later, EVER.end)).orders == 0
    assert sum_up(book.facts, Asked(later, EVER.end)).waiting == 1, "it still stands"
