"""The acceptance cards about what comes later: repeats, windows of statements, notices, appeals. Numbers 42 to 49, 82 to 85.

They play on the accounts of the first cards and say what must be so, no more than those.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from recoup.bank.conformance.kit import (
    AMOUNT,
    ARRIVED,
    MINUTE,
    Deck,
    Desk,
    Failed,
    LeftOut,
    expect,
    expect_that,
)
from recoup.messages import (
    AppealMessage,
    Check,
    Minor,
    NoticeMessage,
    OrderMessage,
    ResultCode,
)
from recoup.orders import OrderKind, Outcome

DECK = Deck()
K, C = OrderKind, ResultCode
HOUR: Final = timedelta(hours=1)


def _stopped(desk: Desk, account: int) -> OrderMessage:
    order = desk.order(K.STOP, account)
    expect(Outcome.HELD, desk.answer(order).outcome, "outcome of the stop")
    return order


def _holds(desk: Desk, order: OrderMessage, amount: Minor) -> None:
    """Expect what the digest says is held."""
    found = desk.held_of(order)
    expect(amount, found.held if found is not None else Minor(0), "digest")


@DECK.card(42, "freeze where less lies there: what lies there is frozen, 1200")
def _(desk: Desk) -> None:
    order = desk.order(K.FREEZE, 2)
    answer = desk.answer(order)
    expect((Outcome.FROZEN, Minor(20_000)), (answer.outcome, answer.held), "outcome and held")
    expect(C.BALANCE_SHORT, answer.code, "code")
    _holds(desk, order, Minor(20_000))


@DECK.card(43, "release under another's name: not released, 0301")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    answer = desk.answer(desk.order(K.RELEASE, 1, account_name="SOMEBODY ELSE"))
    expect((Outcome.REFUSED, C.NAME_MISMATCH), (answer.outcome, answer.code), "outcome and code")
    expect((Check.NAME,), answer.failed, "what did not match")
    _holds(desk, order, AMOUNT)


@DECK.card(44, "a reduction that lowers nothing: 0299, and the freeze stands")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    desk.answer(desk.order(K.FREEZE, 1))
    answer = desk.answer(desk.order(K.REDUCE, 1))
    expect((Outcome.REFUSED, C.AMOUNT_OTHER), (answer.outcome, answer.code), "outcome and code")
    _holds(desk, order, AMOUNT)


@DECK.card(45, "the stop comes again after its release: the first answer, and nothing is held")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    first = desk.answer_of(desk.send(order))
    release = desk.order(K.RELEASE, 1)
    released = desk.answer(release)
    again = desk.send(order)
    expect((first, True), (desk.answer_of(again), again.is_repeat), "answer and Recoup-Repeat")
    expect(None, desk.held_of(order), "digest")
    expect(released, desk.answer(release), "answer to the release that comes again")


@DECK.card(46, "query of a window: the rows of both ends and between, in their order, no others")
def _(desk: Desk) -> None:
    begin = ARRIVED + 10 * MINUTE
    both = desk.answer(desk.order(K.QUERY, 4, rows_from=begin, rows_to=begin + 10 * MINUTE))
    expect(["acceptance-04-2", "acceptance-04-3"], [x.id for x in both.rows], "rows")
    balances = [Minor(110_000), Minor(80_000)]
    expect(balances, [x.balance_after for x in both.rows], "running balances")
    one = desk.answer(desk.order(K.QUERY, 4, rows_from=begin, rows_to=begin))
    expect(["acceptance-04-2"], [x.id for x in one.rows], "rows of one moment")


@DECK.card(47, "the holder is told of a freeze anew, also where a stop was told")
def _(desk: Desk) -> None:
    stop, freeze = _stopped(desk, 1), desk.order(K.FREEZE, 1)
    desk.answer(freeze)
    orders = [x.order for x in desk.letters() if isinstance(x, NoticeMessage)]
    expect([1, 1], [orders.count(stop.id), orders.count(freeze.id)], "notices of each")


@DECK.card(48, "messages wait under a cursor: asked from the beginning, they come again alike")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    first, again = desk.letters(), desk.letters()
    expect(first, again[: len(first)], "messages")
    ids = [x.id for x in first if isinstance(x, NoticeMessage | AppealMessage)]
    expect(len(ids), len(set(ids)), "different ids")
    told = [x for x in first if isinstance(x, NoticeMessage) and x.order == order.id]
    expect_that(len(told) == 1, "the stop's notice is not among them")


@DECK.card(49, "a holder's objection, filed at the bank, waits for the centre")
def _(desk: Desk) -> None:
    if desk.object_to is None:
        raise LeftOut("needs a command that files an objection at the bank")
    order, words = _stopped(desk, 1), "这是我的工资 / my wage"
    desk.object_to(order.id, words)
    found = [x for x in desk.letters() if isinstance(x, AppealMessage) and x.order == order.id]
    if len(found) != 1:
        raise Failed(f"expected one appeal to the order, were {len(found)}")
    said = (found[0].institution, found[0].account_number, found[0].statement)
    expect((desk.institution, order.account_number, words), said, "appeal")
    _holds(desk, order, AMOUNT)  # an objection frees nothing by itself


def _told(desk: Desk, order: OrderMessage) -> list[bool]:
    return [
        x.is_delivered
        for x in desk.letters()
        if isinstance(x, NoticeMessage) and x.order == order.id
    ]


@DECK.card(85, "a holder who is not to be told yet is not told before `tell_from`")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1, tell_from=desk.clock.now() + HOUR)
    expect(Outcome.HELD, desk.answer(order).outcome, "outcome")
    expect_that(True not in _told(desk, order), "the holder was told")


@DECK.card(
    82, "the order comes again and says so no longer: the first answer, and the holder is told"
)
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1, tell_from=desk.clock.now() + HOUR)
    first = desk.answer(order)
    again = desk.send(replace(order, tell_from=None))
    expect((first, True), (desk.answer_of(again), again.is_repeat), "answer and Recoup-Repeat")
    expect([True], _told(desk, order), "notices")


@DECK.card(83, "a stop that says when its term ends is held no longer than that")
def _(desk: Desk) -> None:
    ends_at = desk.clock.now() + HOUR
    order = desk.order(K.STOP, 1, ends_at=ends_at)
    answer = desk.answer(order)
    expect((Outcome.HELD, ends_at), (answer.outcome, answer.ends_at), "outcome and end")
    found = desk.held_of(order)
    expect(ends_at, found and found.ends_at, "end in the digest")


@DECK.card(84, "an order that comes again with an end it did not have is the same order")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    again = desk.send(replace(order, ends_at=desk.clock.now() + HOUR))
    expect(200, again.status, "status")
    expect_that(again.is_repeat, "the repeat was not marked")
    _holds(desk, order, AMOUNT)


__all__ = ["DECK"]
