"""The acceptance cards about whom a bank believes: forged, stale, replayed and broken messages. Numbers 50 and up.

After each refusal the digest must show that nothing was stopped: a bank that says no and does it anyway fails.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from recoup import limits
from recoup.bank.conformance.kit import AMOUNT, Deck, Desk, Failed, expect
from recoup.errors import MessageProblem
from recoup.messages import Asked, AskMessage, OrderMessage, SigningKey, generate_key
from recoup.messages.keys import from_base64url, to_base64url
from recoup.orders import OrderKind, Outcome

DECK = Deck()
P = MessageProblem
_AT_ONCE = 8


def _declined(desk: Desk, order: OrderMessage, data: bytes, status: int, problem: P) -> None:
    said = desk.post(data)
    expect((status, problem.value), (said.status, said.problem), "status and problem")
    expect(None, desk.held_of(order), "digest")


def _stranger(desk: Desk) -> SigningKey:
    """Return a key of the centre's name that nobody pinned."""
    return generate_key(desk.key.owner, desk.key.valid_from, desk.key.valid_until)


@DECK.card(50, "forged: the signature of another key under the centre's key id")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    ours, theirs = desk.sealed(order), desk.sealed(order, key=_stranger(desk))
    forged = b".".join([*ours.split(b".")[:2], theirs.split(b".")[2]])
    _declined(desk, order, forged, 401, P.SIGNATURE_WRONG)


@DECK.card(51, "a key that is not pinned")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, desk.sealed(order, key=_stranger(desk)), 401, P.KEY_UNKNOWN)


@DECK.card(52, "a sender that is not pinned")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    key = generate_key("somebody", desk.key.valid_from, desk.key.valid_until)
    _declined(desk, order, desk.sealed(order, key=key), 401, P.ISSUER_UNKNOWN)


@DECK.card(53, "an altered order under the signature of the true one")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    head, payload, signature = desk.sealed(order).decode().split(".")
    body = json.loads(from_base64url(payload))
    altered = to_base64url(json.dumps({**body, "amount": "1.00"}).encode())
    data = f"{head}.{altered}.{signature}".encode()
    _declined(desk, order, data, 401, P.SIGNATURE_WRONG)


@DECK.card(54, "an altered header: alg none")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    head, payload, signature = desk.sealed(order).decode().split(".")
    header = {**json.loads(from_base64url(head)), "alg": "none"}
    data = f"{to_base64url(json.dumps(header).encode())}.{payload}.{signature}".encode()
    _declined(desk, order, data, 401, P.ALGORITHM_REFUSED)


@DECK.card(55, "a message for another bank")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, desk.sealed(order, audience="another"), 401, P.AUDIENCE_WRONG)


@DECK.card(56, "an order that names another bank")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1, institution="another")
    _declined(desk, order, desk.sealed(order), 401, P.SENDER_WRONG)


@DECK.card(57, "stale: signed longer ago than the window")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    at = desk.clock.now() - timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX + 30)
    _declined(desk, order, desk.sealed(order, now=at), 401, P.STALE)


@DECK.card(58, "early: signed in the future")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    at = desk.clock.now() + timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX + 30)
    _declined(desk, order, desk.sealed(order, now=at), 401, P.EARLY)


@DECK.card(59, "replayed: the very bytes a second time")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    data = desk.sealed(order)
    desk.answer_of(desk.post(data))
    again = desk.post(data)
    desk.post(desk.sealed(desk.order(OrderKind.RELEASE, 1)))
    expect((401, P.REPLAYED.value), (again.status, again.problem), "status and problem")


@DECK.card(60, "a body that is no message")
def _(desk: Desk) -> None:
    said = desk.post(b"stop 6222000000000001 at once")
    expect((400, P.MALFORMED.value), (said.status, said.problem), "status and problem")


@DECK.card(61, "a body beyond one mebibyte")
def _(desk: Desk) -> None:
    said = desk.post(b"a" * (limits.MESSAGE_BYTES_MAX + 1))
    expect((413, P.TOO_LARGE.value), (said.status, said.problem), "status and problem")


@DECK.card(62, "a message of a kind that is no order")
def _(desk: Desk) -> None:
    said = desk.post(desk.sealed(AskMessage(desk.institution, Asked.DIGEST)))
    expect((401, P.TYPE_UNKNOWN.value), (said.status, said.problem), "status and problem")


@DECK.card(63, "the digest is not shown without authority")
def _(desk: Desk) -> None:
    response = desk.ask(None)
    expect(401, response.status_code, "status")
    if b"62220000" in response.content:
        raise Failed("the refusal shows accounts")


@DECK.card(64, "an order of a centre that was replaced: of a lower epoch than one seen")
def _(desk: Desk) -> None:
    desk.answer(desk.order(OrderKind.QUERY, 1))
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, desk.sealed(order, epoch=desk.epoch - 1), 409, P.EPOCH_OLD)
    asked = desk.ask(AskMessage(desk.institution, Asked.DIGEST), epoch=desk.epoch - 1)
    expect(409, asked.status_code, "status of the digest")


@DECK.card(65, "an order of a later epoch is carried out, and ends the one before")
def _(desk: Desk) -> None:
    before, desk.epoch = desk.epoch, desk.epoch + 1
    expect(Outcome.INFORMED, desk.answer(desk.order(OrderKind.QUERY, 1)).outcome, "outcome")
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, desk.sealed(order, epoch=before), 409, P.EPOCH_OLD)


def _with(desk: Desk, order: OrderMessage, more: bytes) -> bytes:
    """Return a signed order whose JSON has something more at its end."""
    body = from_base64url(desk.sealed(order).split(b".")[1].decode())
    return desk.sealed_text(order, body.rstrip()[:-1] + b"," + more + b"}")


@DECK.card(66, "a body deeper than eight levels")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    depth = limits.MESSAGE_DEPTH_MAX + 1
    data = _with(desk, order, b'"more":' + b"[" * depth + b"]" * depth)
    _declined(desk, order, data, 400, P.TOO_DEEP)


@DECK.card(67, "a field that no order has: it may change what the order means")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, _with(desk, order, b'"only_if_asked":true'), 422, P.FIELD_UNKNOWN)


@DECK.card(68, "a name that stands twice: two readers would take two amounts")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    _declined(desk, order, _with(desk, order, b'"amount":"1.00"'), 400, P.BODY_MALFORMED)


@DECK.card(69, "replayed: a request for the digest a second time")
def _(desk: Desk) -> None:
    ask, sending = AskMessage(desk.institution, Asked.DIGEST), desk.ids.new("sending")
    seen = [desk.ask(ask, jti=sending).status_code for _ in range(2)]
    expect([200, 401], seen, "statuses")


@DECK.card(70, "in parallel: one order in eight sendings at once has one effect and one answer")
def _(desk: Desk) -> None:
    order = desk.order(OrderKind.STOP, 1)
    sendings = [desk.sealed(order) for _ in range(_AT_ONCE)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = list(pool.map(desk.post, sendings))
    answers = [desk.answer_of(one) for one in said]
    expect(1, len({answer.id for answer in answers}), "different answers")
    expect(_AT_ONCE - 1, sum(one.is_repeat for one in said), "repeats")
    holds = [hold.held for hold in desk.digest() if hold.case == order.case]
    desk.post(desk.sealed(desk.order(OrderKind.RELEASE, 1)))
    expect([AMOUNT], holds, "holds")


__all__ = ["DECK"]
