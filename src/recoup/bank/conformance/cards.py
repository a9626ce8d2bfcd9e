"""The acceptance cards about what a bank does with orders: checks, holds, terms, the queue, the digest. Numbers 1 to 41.

Each plays on accounts of acceptance.toml and says what must be so. No card looks at how the bank does it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from recoup import limits
from recoup.bank.conformance.kit import (
    AMOUNT,
    ARRIVED,
    MINUTE,
    Deck,
    Desk,
    Failed,
    expect,
    expect_that,
)
from recoup.messages import (
    AnswerMessage,
    Check,
    Disputed,
    Minor,
    NoticeMessage,
    OrderMessage,
    ResultCode,
    Swapped,
)
from recoup.orders import Extent, OrderKind, Outcome
from recoup.unrecognised import Unrecognised

DECK = Deck()
K, C = OrderKind, ResultCode


def _refused(desk: Desk, order: OrderMessage, code: ResultCode, *failed: Check) -> AnswerMessage:
    """Expect a refusal with its code, and nothing held for it."""
    before = desk.held_of(order)
    answer = desk.answer(order)
    expect(Outcome.REFUSED, answer.outcome, "outcome")
    expect(code, answer.code, "code")
    if failed:
        expect(failed, answer.failed, "what did not match")
    expect(before, desk.held_of(order), "digest")
    return answer


def _stopped(desk: Desk, account: int, case: str = "a") -> OrderMessage:
    """Return a stop that was answered by holding all of it."""
    order = desk.order(K.STOP, account, case)
    answer = desk.answer(order)
    expect(Outcome.HELD, answer.outcome, "outcome of the stop")
    return order


def _frozen(desk: Desk, account: int) -> OrderMessage:
    order = _stopped(desk, account)
    expect(Outcome.FROZEN, desk.answer(desk.order(K.FREEZE, account)).outcome, "outcome")
    return order


@DECK.card(1, "match: the whole amount is held at once")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1)
    answer = desk.answer(order)
    expect((order.id, Outcome.HELD), (answer.order, answer.outcome), "order and outcome")
    expect((AMOUNT, C.DONE), (answer.held, answer.code), "held and code")
    expect(Minor(40_000), answer.available, "what lies free beside it")


@DECK.card(2, "match: the term runs from the bank's own stop time")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.STOP, 1))
    if answer.started_at is None or answer.ends_at is None:
        raise Failed("expected the time of the stop and its end")
    slack = timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX)
    expect_that(abs(answer.started_at - desk.clock.now()) < slack, "the stop did not begin now")
    expect(desk.policy.stop_ends(answer.started_at), answer.ends_at, "end of the term")


@DECK.card(3, "mismatch of the name: not stopped, 0301")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.STOP, 1, account_name="SOMEBODY ELSE"), C.NAME_MISMATCH, Check.NAME)


@DECK.card(4, "no such account: 0300")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.STOP, 99), C.ACCOUNT_UNKNOWN, Check.ACCOUNT)


@DECK.card(5, "mismatch of the amount: not stopped, 0299")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1, disputed=Disputed(Minor(60_001), ARRIVED))
    _refused(desk, order, C.AMOUNT_OTHER, Check.AMOUNT)


@DECK.card(6, "mismatch of the time: not stopped, 0899")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1, disputed=Disputed(AMOUNT, ARRIVED + 60 * MINUTE))
    _refused(desk, order, C.DATE_OTHER, Check.TIME)


@DECK.card(7, "the account keeps no such currency: not stopped, 0304")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.STOP, 1, currency="USD"), C.ACCOUNT_WRONG, Check.CURRENCY)


@DECK.card(8, "a stop that names no arrival: 0500")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.STOP, 1, disputed=None), C.MANDATORY_MISSING)


@DECK.card(9, "a stop of nothing: 0200")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.STOP, 1, amount=Minor(0)), C.AMOUNT_MALFORMED)


@DECK.card(10, "a name in other letters of the same kind matches (full width, blanks)")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.STOP, 7, account_name="验收测试"))
    expect(Outcome.HELD, answer.outcome, "outcome")


@DECK.card(11, "short: what lies there is held, and the statement shows where the rest went")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.STOP, 2))
    expect(Outcome.HELD_SHORT, answer.outcome, "outcome")
    expect((Minor(20_000), C.BALANCE_SHORT), (answer.held, answer.code), "held and code")
    expect(["acceptance-02-1", "acceptance-02-2"], [x.id for x in answer.rows], "rows")
    expect(Minor(20_000), answer.rows[-1].balance_after, "running balance")


@DECK.card(12, "empty: nothing is held, and the statement shows where it went")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 3)
    answer = desk.answer(order)
    expect((Outcome.MOVED, Minor(0)), (answer.outcome, answer.held), "outcome and held")
    expect("acceptance-03-2", answer.rows[-1].id if answer.rows else "", "last row")
    expect(None, desk.held_of(order), "digest")


@DECK.card(13, "repeat: the same order gets the first answer, marked, and acts once")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1)
    first, again = desk.send(order), desk.send(order)
    expect(desk.answer_of(first), desk.answer_of(again), "answer to the repeat")
    expect((False, True), (first.is_repeat, again.is_repeat), "Recoup-Repeat")
    holds = [hold for hold in desk.digest() if hold.case == order.case]
    expect([AMOUNT], [hold.held for hold in holds], "holds")


@DECK.card(14, "same id, other content: refused, naming the field")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1)
    desk.answer(order)
    said = desk.send(replace(order, amount=Minor(59_999)))
    expect((409, "order_id_taken"), (said.status, said.problem), "status and problem")
    expect("amount", said.document.get("field"), "field")
    held = desk.held_of(order)
    expect(AMOUNT, held.held if held else None, "digest")


@DECK.card(15, "the same case stops the same account twice: 1301")
def _(desk: Desk) -> None:
    _stopped(desk, 1)
    _refused(desk, desk.order(K.STOP, 1), C.ALREADY_STOPPED)


@DECK.card(16, "release: nothing is held any more")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    answer = desk.answer(desk.order(K.RELEASE, 1, original=order.id))
    expect((Outcome.RELEASED, Minor(0)), (answer.outcome, answer.held), "outcome and held")
    expect(None, desk.held_of(order), "digest")


@DECK.card(17, "release of what was never held: 0400")
def _(desk: Desk) -> None:
    _refused(desk, desk.order(K.RELEASE, 1), C.ORIGINAL_UNKNOWN)


@DECK.card(18, "release that names another case's order: 0400, and the hold stands")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    _refused(desk, desk.order(K.RELEASE, 1, original="nobodys"), C.ORIGINAL_UNKNOWN)
    held = desk.held_of(order)
    expect(AMOUNT, held.held if held else None, "digest")


@DECK.card(19, "release of what was released: 1900")
def _(desk: Desk) -> None:
    _stopped(desk, 1)
    desk.answer(desk.order(K.RELEASE, 1))
    _refused(desk, desk.order(K.RELEASE, 1), C.RELEASE_EXPIRED)


@DECK.card(20, "postpone: the second stop, later than the first; a third is refused with 1304")
def _(desk: Desk) -> None:
    first = desk.answer(desk.order(K.STOP, 1))
    second = desk.answer(desk.order(K.POSTPONE, 1))
    expect((Outcome.POSTPONED, AMOUNT), (second.outcome, second.held), "outcome and held")
    if first.ends_at is None or second.ends_at is None:
        raise Failed("expected the ends of both terms")
    expect_that(second.ends_at >= first.ends_at, "the postponed stop ends before the first")
    _refused(desk, desk.order(K.POSTPONE, 1), C.STOPS_EXHAUSTED)


@DECK.card(21, "a stop after the case's stops are spent: 1304")
def _(desk: Desk) -> None:
    for _ in range(desk.policy.stops_max):
        _stopped(desk, 1)
        desk.answer(desk.order(K.RELEASE, 1))
    _refused(desk, desk.order(K.STOP, 1), C.STOPS_EXHAUSTED)


@DECK.card(22, "freeze after a stop: the long term runs from the bank's own time")
def _(desk: Desk) -> None:
    _stopped(desk, 1)
    answer = desk.answer(desk.order(K.FREEZE, 1))
    expect((Outcome.FROZEN, AMOUNT), (answer.outcome, answer.held), "outcome and held")
    if answer.started_at is None:
        raise Failed("expected the time of the freeze")
    expect(desk.policy.freeze_ends(answer.started_at), answer.ends_at, "end of the term")


@DECK.card(23, "freeze without a stop before it")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.FREEZE, 1, disputed=None))
    expect((Outcome.FROZEN, AMOUNT), (answer.outcome, answer.held), "outcome and held")


@DECK.card(24, "a second freeze by the same case: 1302")
def _(desk: Desk) -> None:
    _frozen(desk, 1)
    _refused(desk, desk.order(K.FREEZE, 1), C.ALREADY_FROZEN_AMOUNT)


@DECK.card(25, "renew: the freeze runs on from its end")
def _(desk: Desk) -> None:
    _stopped(desk, 1)
    first = desk.answer(desk.order(K.FREEZE, 1))
    second = desk.answer(desk.order(K.RENEW, 1))
    if first.ends_at is None:
        raise Failed("expected the end of the freeze")
    expect(Outcome.FROZEN, second.outcome, "outcome")
    expect(desk.policy.freeze_ends(first.ends_at), second.ends_at, "end of the renewed term")


@DECK.card(26, "reduce a freeze: the rest is free at once")
def _(desk: Desk) -> None:
    _frozen(desk, 1)
    answer = desk.answer(desk.order(K.REDUCE, 1, amount=Minor(20_000)))
    expect((Outcome.REDUCED, Minor(20_000)), (answer.outcome, answer.held), "outcome and held")
    expect(Minor(80_000), answer.available, "what lies free")


@DECK.card(27, "reduce a stop: as the policy has it (cn-2016: 1000, the stop stands)")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    smaller = desk.order(K.REDUCE, 1, amount=Minor(20_000))
    if not desk.policy.can_shrink_stop:
        _refused(desk, smaller, C.NOT_SUPPORTED)
        return
    expect(Outcome.REDUCED, desk.answer(smaller).outcome, "outcome")
    held = desk.held_of(order)
    expect(Minor(20_000), held.held if held else None, "digest")


@DECK.card(28, "raise: more is held under the same term; a raise that lowers is refused")
def _(desk: Desk) -> None:
    order = _stopped(desk, 6)
    answer = desk.answer(desk.order(K.RAISE, 6, amount=Minor(90_000)))
    expect((Outcome.HELD, Minor(90_000)), (answer.outcome, answer.held), "outcome and held")
    held = desk.held_of(order)
    expect(Minor(90_000), held.held if held else None, "digest")
    _refused(desk, desk.order(K.RAISE, 6, amount=Minor(90_000)), C.AMOUNT_OTHER)


@DECK.card(
    29, "two cases on one account hold no cent twice; the later one is told what comes before"
)
def _(desk: Desk) -> None:
    first, second = _pair(desk)
    later = desk.answer(second)
    expect((Outcome.HELD_SHORT, Minor(20_000)), (later.outcome, later.held), "outcome and held")
    expect([AMOUNT], [hold.amount for hold in later.former], "former holds")
    holds = {hold.case: hold for hold in desk.digest() if hold.case in {first.case, second.case}}
    expect(Minor(80_000), sum(hold.held for hold in holds.values()), "held in all")


def _pair(desk: Desk) -> tuple[OrderMessage, OrderMessage]:
    """Return the stop of a first case, which was answered, and that of a second one."""
    first = _stopped(desk, 4)
    disputed = Disputed(Minor(50_000), ARRIVED + 10 * MINUTE)
    return first, desk.order(K.STOP, 4, "b", amount=Minor(50_000), disputed=disputed)


@DECK.card(30, "queue: what a released hold leaves goes to the next one")
def _(desk: Desk) -> None:
    first, second = _pair(desk)
    desk.answer(second)
    desk.answer(desk.order(K.RELEASE, 4, original=first.id))
    held = desk.held_of(second)
    expect(Minor(50_000), held.held if held else None, "digest of the second case")


@DECK.card(31, "queue: raising one hold takes nothing from a later one")
def _(desk: Desk) -> None:
    _, second = _pair(desk)
    desk.answer(second)
    answer = desk.answer(desk.order(K.RAISE, 4, amount=Minor(80_000)))
    expect((Outcome.HELD_SHORT, AMOUNT), (answer.outcome, answer.held), "outcome and held")
    held = desk.held_of(second)
    expect(Minor(20_000), held.held if held else None, "digest of the second case")


@DECK.card(32, "blocks of other authorities come first, and are told")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.STOP, 5))
    expect((Outcome.HELD_SHORT, Minor(35_000)), (answer.outcome, answer.held), "outcome and held")
    expect([Minor(25_000)], [hold.amount for hold in answer.former], "former holds")


@DECK.card(33, "the digest has each hold with its amount, balance and end")
def _(desk: Desk) -> None:
    order = desk.order(K.STOP, 1)
    answer, held = desk.answer(order), desk.held_of(order)
    if held is None:
        raise Failed("expected the hold in the digest")
    expect(order.id, held.order, "order")
    expect((AMOUNT, Minor(100_000)), (held.held, held.balance), "held and balance")
    expect(answer.ends_at, held.ends_at, "end")


@DECK.card(34, "an extended stop is a stop")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.EXTEND, 1))
    expect((Outcome.HELD, AMOUNT), (answer.outcome, answer.held), "outcome and held")


@DECK.card(35, "query: the statement and what lies free; nothing is held")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.QUERY, 2, rows_from=ARRIVED))
    expect((Outcome.INFORMED, 2), (answer.outcome, len(answer.rows)), "outcome and rows")
    expect((Minor(20_000), Minor(0)), (answer.available, answer.held), "available and held")


@DECK.card(36, "query by a payment's number finds the account behind it")
def _(desk: Desk) -> None:
    order = desk.order(
        K.QUERY, 1, account_number="", account_name="", serial="SERIAL-0001", rows_from=ARRIVED
    )
    answer = desk.answer(order)
    expect((Outcome.INFORMED, 1), (answer.outcome, len(answer.rows)), "outcome and rows")
    expect("6222000000000001", answer.rows[0].payee, "payee")


@DECK.card(37, "an order of a kind that the bank does not know: 1000")
def _(desk: Desk) -> None:
    order = replace(desk.order(K.STOP, 1), kind=Unrecognised("confiscate"))
    _refused(desk, order, C.NOT_SUPPORTED)


@DECK.card(38, "the whole account, where it was ordered: the excess is told")
def _(desk: Desk) -> None:
    answer = desk.answer(desk.order(K.STOP, 1, extent=Extent.WHOLE_ACCOUNT))
    expect((Outcome.HELD, Minor(100_000)), (answer.outcome, answer.held), "outcome and held")
    expect((Minor(40_000), Minor(0)), (answer.excess, answer.available), "excess and available")


@DECK.card(39, "an account that its holder offered for another: stopped without an arrival")
def _(desk: Desk) -> None:
    agreed = Swapped("the-order-elsewhere", ("person-1", "person-2"), desk.clock.now())
    order = desk.order(K.EXTEND, 1, disputed=None, swapped=agreed)
    answer = desk.answer(order)
    expect((Outcome.HELD, AMOUNT), (answer.outcome, answer.held), "outcome and held")
    alone = replace(agreed, agreed_by=("person-1", "person-1"))
    _refused(desk, desk.order(K.EXTEND, 2, disputed=None, swapped=alone), C.MANDATORY_MISSING)


@DECK.card(40, "query: what is held for the case that asks")
def _(desk: Desk) -> None:
    stop = desk.answer(desk.order(K.STOP, 1))
    answer = desk.answer(desk.order(K.QUERY, 1))
    expect((Outcome.INFORMED, AMOUNT), (answer.outcome, answer.held), "outcome and held")
    expect(stop.ends_at, answer.ends_at, "end of the term")
    other = desk.answer(desk.order(K.QUERY, 1, "b"))
    expect(Minor(0), other.held, "held for another case")


@DECK.card(41, "the holder of a hold is told, and the centre hears of it once")
def _(desk: Desk) -> None:
    order = _stopped(desk, 1)
    desk.send(order)  # again: told once all the same
    for _ in range(2):
        told = [x for x in desk.letters() if isinstance(x, NoticeMessage) and x.order == order.id]
        expect(
            [(desk.institution, True)], [(x.institution, x.is_delivered) for x in told], "notices"
        )
        expect_that(bool(told[0].way), "the notice does not say which way it went")


__all__ = ["DECK"]
