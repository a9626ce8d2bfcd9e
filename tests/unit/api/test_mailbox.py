"""Institutions at the centre's mailbox over HTTP: what they are handed, what they may say, and what nobody believes."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bureau import START, Bureau
from correspondents import BANK, CENTRE, DAYS, NUMBER, OTHER, PUSHED, issue, look, name_of, wire
from httpx import Response

from recoup import limits
from recoup.care import DecisionGround, DecisionKind
from recoup.centre.office import SENDINGS, wait_until
from recoup.clock import EPOCH
from recoup.messages import (
    AnswerMessage,
    Asked,
    AskMessage,
    DecisionAppealMessage,
    DigestHold,
    DigestMessage,
    KeyRing,
    MemoryReplays,
    Message,
    Minor,
    OrderMessage,
    RefusalMessage,
    ResultCode,
    SigningKey,
    generate_key,
    open_message,
    seal,
)
from recoup.messages.keys import from_base64url, to_base64url
from recoup.messages.transport import SCHEME, SIGNED
from recoup.orders import OrderKind, Outcome
from recoup.staff import Role
from recoup.unrecognised import Unrecognised

_numbers = itertools.count(1)


@pytest.fixture
def house(tmp_path: Path, log: object) -> Iterator[Bureau]:
    """A centre with a case, an officer, an approver, and two institutions that poll."""
    assert log is not None
    found = Bureau(tmp_path, wire=wire())
    found.set_up()
    found.hire("ann", (Role.CASE_LEAD, "gd"))
    found.hire("bo", (Role.APPROVER, "gd"))
    found.place("C1", "gd", "ann")
    yield found
    found.close()


def signed(house: Bureau, message: Message, key: SigningKey = BANK, **changes: object) -> bytes:
    given = {"audience": "centre", "jti": f"j{next(_numbers)}", "now": house.clock.now(), **changes}
    return seal(message, key, **given)


def ask(house: Bureau, after: str = "", key: SigningKey = BANK, **changes: object) -> Response:
    data = signed(house, AskMessage(key.owner, Asked.MESSAGES, after=after), key, **changes)
    headers = {"Authorization": SCHEME + data.decode()}
    return house.client.get(
        f"/institutions/{key.owner}/messages", params={"after": after}, headers=headers
    )


def orders(answered: Response, key: SigningKey = BANK) -> list[OrderMessage]:
    """Return what was handed out, opened as the institution opens it."""
    assert answered.status_code == 200, answered.text
    found = []
    for entry in answered.json()["messages"]:
        head = json.loads(from_base64url(entry["message"].split(".")[0]))
        now = EPOCH + timedelta(seconds=head["iat"])
        data, ring = entry["message"].encode(), KeyRing([CENTRE.public])
        given = {"audience": key.owner, "now": now, "replays": MemoryReplays()}
        found.append(open_message(data, ring, **given).message)
    return found


def post(house: Bureau, data: bytes, institution: str = "bank-1", media: str = SIGNED) -> Response:
    path = f"/institutions/{institution}/answers"
    return house.client.post(path, content=data, headers={"Content-Type": media})


def answer(house: Bureau, order: str, answer_id: str = "a1", **changes: object) -> AnswerMessage:
    now = house.clock.now()
    made = AnswerMessage(
        answer_id, order, "bank-1", Outcome.HELD, now, "CNY", held=20_100, started_at=now
    )
    return replace(made, **changes)


def say(house: Bureau, message: Message, key: SigningKey = BANK) -> Response:
    return post(house, signed(house, message, key), key.owner)


# --- orders out ---


def test_orders_wait_in_order_until_the_cursor_passes_them(house: Bureau) -> None:
    first, second, third = issue(house), issue(house, kind="query"), issue(house)
    got = ask(house)
    found = orders(got)
    assert [x.id for x in found] == [first, second, third]
    assert found[0].kind is OrderKind.STOP
    assert found[0].account_number.startswith("62220200")
    assert [x.id for x in orders(ask(house))] == [first, second, third], "at least once"
    assert look(house, first)["state"] == "issued"
    cursor = got.json()["messages"][1]["cursor"]
    assert [x.id for x in orders(ask(house, cursor))] == [third]
    assert [look(house, x)["state"] for x in (first, second, third)] == ["sent", "sent", "issued"]
    assert [x.id for x in orders(ask(house))] == [third], "what was taken is not handed out again"
    assert [x.id for x in orders(ask(house, "nobody's"))] == [third], (
        "an unknown place is the start"
    )


def test_an_institution_gets_its_own_orders_only(house: Bureau) -> None:
    mine, theirs = issue(house), issue(house, "bank-2")
    assert [x.id for x in orders(ask(house))] == [mine]
    assert [x.id for x in orders(ask(house, key=OTHER), OTHER)] == [theirs]


def test_nothing_is_pushed_to_an_institution_that_polls(house: Bureau) -> None:
    order = issue(house)
    pushed = issue(house, "bank-3")
    sender = house.desk._office._centre._sender
    assert wait_until(lambda: sender._dispatcher.held == 1, 10)
    held = [x for there in sender._dispatcher._institutions for x in [there]]
    assert held == ["bank-3"], (order, pushed)


def test_a_reply_holds_no_more_than_its_bound(house: Bureau, monkeypatch) -> None:
    made = [issue(house) for _ in range(3)]
    monkeypatch.setattr(limits, "MAILBOX_MESSAGES_MAX", 2)
    assert [x.id for x in orders(ask(house))] == made[:2]
    size = len(ask(house).json()["messages"][0]["message"])
    monkeypatch.setattr(limits, "MAILBOX_BYTES_MAX", 2 * size)
    assert [x.id for x in orders(ask(house))] == made[:1]


def test_each_handing_out_carries_the_epoch_and_an_id_of_its_own(house: Bureau) -> None:
    issue(house)
    heads = [
        json.loads(from_base64url(ask(house).json()["messages"][0]["message"].split(".")[0]))
        for _ in range(2)
    ]
    assert [x["epoch"] for x in heads] == [1, 1]
    assert heads[0]["jti"] != heads[1]["jti"]


# --- answers in ---


def test_an_answer_holds_and_takes_the_order_out_of_the_mailbox(house: Bureau) -> None:
    order = issue(house)
    ask(house)
    assert say(house, answer(house, order)).status_code == 204
    seen = look(house, order)
    assert (seen["state"], seen["hold"], seen["held"]) == ("answered", "held", "201.00")
    assert orders(ask(house)) == []


def test_the_same_answer_again_has_no_second_effect(house: Bureau) -> None:
    order = issue(house)
    told = answer(house, order)
    assert say(house, told).status_code == 204
    last = house.desk.last()
    house.clock.move(timedelta(seconds=5))
    assert say(house, told).status_code == 204
    assert house.records_of_persons(last) == []
    assert name_of(say(house, replace(told, held=10_000))) == "answer_id_taken"
    assert house.records_of_persons(last) == []
    other = answer(house, order, "a2", outcome=Outcome.REFUSED, held=0)
    assert say(house, other).status_code == 204, "a contradiction is a fact"
    assert house.desk.last() > last
    assert look(house, order)["held"] == "201.00"


def test_a_late_answer_to_an_order_that_was_pushed_is_taken(house: Bureau) -> None:
    order = issue(house, "bank-3")
    late = answer(house, order, institution="bank-3")
    assert say(house, late, PUSHED).status_code == 204
    assert look(house, order)["state"] == "answered"
    assert name_of(ask(house, key=PUSHED)) == "mailbox_unknown"


def test_nobody_answers_for_another_or_to_what_was_not_issued(house: Bureau) -> None:
    order = issue(house, "bank-2")
    account = house.account("C1", "ann")
    draft = house.draft("C1", account, "ann")
    last = house.desk.last()
    for told in (answer(house, order), answer(house, draft), answer(house, "nobody")):
        assert name_of(say(house, told)) == "order_unknown"
    assert name_of(say(house, answer(house, order, institution="bank-2"))) == "sender_wrong"
    assert name_of(post(house, signed(house, answer(house, order)), "bank-2")) == "sender_wrong"
    assert house.records_of_persons(last) == []


def test_an_answer_in_another_currency_is_refused_and_does_nothing(house: Bureau) -> None:
    order = issue(house)
    found = say(house, answer(house, order, currency="JPY", held=100))
    assert name_of(found) == "field_wrong"
    assert "currency" in found.json()["detail"]
    assert look(house, order)["state"] == "issued"


def test_an_answer_with_more_words_than_an_entry_can_have_is_refused_by_name(house: Bureau) -> None:
    order = issue(house)
    words = tuple(Unrecognised(f"{number:x>60}") for number in range(6_000))
    for wordy in ({"failed": words}, {"papers": words}):
        told = answer(house, order, outcome=Outcome.REFUSED, held=0, **wordy)
        assert name_of(say(house, told)) == "field_wrong"
    assert look(house, order)["state"] == "issued"


def test_a_refusal_is_taken_and_the_order_stays(house: Bureau) -> None:
    order = issue(house)
    refusal = RefusalMessage("bank-1", house.clock.now(), "order_id_taken", order=order)
    assert say(house, refusal).status_code == 204
    assert [x.id for x in orders(ask(house))] == [order]


def test_a_hold_that_the_bank_will_not_let_go_for_want_of_one_is_gone_with_its_next_digest(
    house: Bureau,
) -> None:
    stop = issue(house, number=NUMBER)
    say(house, answer(house, stop))
    for number in range(2):  # refused, it is told once more by itself
        release = (
            issue(house, kind="release", number=NUMBER) if not number else orders(ask(house))[-1].id
        )
        unknown = {
            "outcome": Outcome.REFUSED,
            "held": Minor(0),
            "code": ResultCode.ORIGINAL_UNKNOWN,
        }
        assert say(house, answer(house, release, f"no-{number}", **unknown)).status_code == 204
    seen = look(house, stop)
    assert (seen["hold"], seen["held"]) == ("held", "201.00"), "one word ends nothing"
    page = DigestMessage("bank-1", house.clock.now(), ())
    assert say(house, page).status_code == 204
    seen = look(house, stop)
    assert (seen["hold"], seen["held"]) == ("released", "0.00")


def test_a_digest_confirms_what_it_shows_page_by_page(house: Bureau) -> None:
    order = issue(house, number=NUMBER)
    assert say(house, answer(house, order)).status_code == 204
    hold = DigestHold(order, "C1", NUMBER, "CNY", 20_100, 20_100)
    page = DigestMessage("bank-1", house.clock.now(), (hold,), 1, 2)
    assert name_of(say(house, replace(page, page=2))) == "field_wrong"
    assert say(house, page).status_code == 204
    assert say(house, replace(page, page=2, holds=())).status_code == 204
    ahead = page.at + timedelta(minutes=5)
    assert name_of(say(house, replace(page, at=ahead))) == "field_wrong"


# --- what is not believed ---


def test_messages_that_are_forged_stale_replayed_or_for_others_are_refused(house: Bureau) -> None:
    order = issue(house)
    told = answer(house, order)
    true, last = signed(house, told), house.desk.last()
    head, payload, _ = true.split(b".")
    stranger = generate_key("bank-1", START - DAYS, START + DAYS)
    theirs = signed(house, told, stranger).split(b".")[2]
    long_ago = house.clock.now() - timedelta(seconds=limits.MESSAGE_AGE_SECONDS_MAX + 2)
    soon = house.clock.now() + timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX + 2)
    body = json.loads(from_base64url(payload.decode()))
    altered = to_base64url(json.dumps({**body, "held": "9.00"}).encode()).encode()
    nobody = generate_key("bank-9", START - DAYS, START + DAYS)
    wrong = {
        "signature_wrong": b".".join([head, payload, theirs]),
        "key_unknown": signed(house, told, stranger),
        "issuer_unknown": signed(house, told, nobody),
        "audience_wrong": signed(house, told, audience="bank-2"),
        "message_stale": signed(house, told, now=long_ago),
        "message_early": signed(house, told, now=soon),
        "type_unknown": signed(house, AskMessage("bank-1", Asked.MESSAGES)),
        "message_malformed": b"held, all of it",
        "message_too_large": b"a" * (limits.MESSAGE_BYTES_MAX + 1),
    }
    assert {name_of(post(house, data)) for data in wrong.values()} == wrong.keys()
    for name, data in wrong.items():
        assert name_of(post(house, data)) == name
    assert name_of(post(house, b".".join([head, altered, theirs]))) == "signature_wrong"
    assert name_of(post(house, true, media="application/json")) == "media_type_unsupported"
    assert house.records_of_persons(last) == []
    assert post(house, true).status_code == 204
    again = post(house, true)
    assert name_of(again) == "message_replayed"
    assert again.headers["www-authenticate"] == "Recoup"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"a":' * limits.MESSAGE_DEPTH_MAX + b"[]" + b"}" * limits.MESSAGE_DEPTH_MAX, "body_too_deep"),
        (b"[" * 100_000, "body_too_deep"),
        (b"{", "body_malformed"),
        (b"{}", "field_missing"),
        (b'{"iban": 1}', "field_unknown"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_though_it_is_signed(house, body, name) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    order = answer(house, "o")
    head = signed(house, order).split(b".")[0]
    text = head + b"." + to_base64url(body).encode()
    signature = Ed25519PrivateKey.from_private_bytes(BANK.secret).sign(text)
    assert name_of(post(house, text + b"." + to_base64url(signature).encode())) == name


def test_a_request_must_be_signed_fresh_and_for_what_is_asked(house: Bureau) -> None:
    issue(house)
    path = "/institutions/bank-1/messages"
    assert name_of(house.client.get(path)) == "issuer_unknown"
    assert name_of(house.get(path, "ann")) == "issuer_unknown", "a session is no signature"
    data = signed(house, AskMessage("bank-1", Asked.MESSAGES)).decode()
    headers = {"Authorization": SCHEME + data}
    assert name_of(house.client.get(path, params={"after": "x"}, headers=headers)) == "field_wrong"
    assert name_of(house.client.get(path, headers=headers)) == "message_replayed"
    digest = signed(house, AskMessage("bank-1", Asked.DIGEST)).decode()
    found = house.client.get(path, headers={"Authorization": SCHEME + digest})
    assert name_of(found) == "field_wrong"
    other = signed(house, AskMessage("bank-2", Asked.MESSAGES), OTHER).decode()
    found = house.client.get(path, headers={"Authorization": SCHEME + other})
    assert name_of(found) == "sender_wrong"


def test_what_was_taken_before_a_restart_is_not_taken_again(house: Bureau, tmp_path: Path) -> None:
    order = issue(house)
    told = answer(house, order)
    data = signed(house, told)
    assert post(house, data).status_code == 204
    house.close()
    again = Bureau(tmp_path, house.clock, wire=wire())
    assert name_of(post(again, data)) == "message_replayed"
    again.close()
    # The window itself is lost: it cannot know what was taken, so what was signed before is not.
    for left in tmp_path.glob(SENDINGS + "*"):
        left.unlink()
    house.clock.move(timedelta(seconds=2))
    last = Bureau(tmp_path, house.clock, wire=wire())
    assert name_of(post(last, data)) == "message_replayed"
    assert say(last, told).status_code == 204
    last.close()


def test_no_altered_message_acts_or_breaks_anything(house: Bureau) -> None:
    true, chance = signed(house, answer(house, issue(house))), random.Random(5)
    last = house.desk.last()
    for _ in range(200):
        data = bytearray(true)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        found = post(house, bytes(data) if bytes(data) != true else b"")
        assert 400 <= found.status_code < 500, found.text
        name_of(found)
    assert house.records_of_persons(last) == []
    assert post(house, true).status_code == 204


def test_a_centre_that_connects_nobody_believes_nobody(bureau: Bureau) -> None:
    assert name_of(ask(bureau)) == "issuer_unknown"
    assert name_of(post(bureau, signed(bureau, answer(bureau, "o")))) == "issuer_unknown"


# --- what a holder says against a decision ---


def objection(house: Bureau, **changes: object) -> DecisionAppealMessage:
    now = house.clock.now()
    said = ("gd", "p-1", NUMBER, "CNY", Minor(100), DecisionKind.WARN, DecisionGround.RULE)
    return replace(DecisionAppealMessage("appeal-1", "bank-1", *said, now, now, "mine"), **changes)


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"unit": "nowhere"}, 404, "unit_unknown"),
        ({"amount": Minor(0)}, 409, "decision_unfit"),
        ({"codes": ("c",) * 41}, 422, "field_wrong"),
    ],
)
def test_an_objection_that_nobody_will_decide_on_is_turned_away_with_why(
    house: Bureau, changes: dict[str, object], status: int, why: str
) -> None:
    found = say(house, objection(house, **changes))
    assert (found.status_code, name_of(found)) == (status, why)


def test_an_objection_is_taken_once_and_a_second_one_to_the_decision_is_turned_away(
    house: Bureau,
) -> None:
    made = objection(house)
    assert [say(house, made).status_code for _ in range(2)] == [204, 204]
    second = say(house, replace(made, id="appeal-2"))
    assert (second.status_code, name_of(second)) == (409, "decision_appealed")
    assert say(house, made).status_code == 204, "the first is still what it was"
