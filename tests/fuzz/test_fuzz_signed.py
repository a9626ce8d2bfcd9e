"""Signed messages that are wrong in every other way: a correspondent with a true key and a broken program meets no 500.

The signature is real, so what is signed is read to the end: fields missing, unknown, of other types, at their bounds, deep and
large. Each answer is held against the OpenAPI document. What a signature itself must refuse is in the tests of the mailbox.
"""

from __future__ import annotations

import copy
import io
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import schemathesis
from bureau import Bureau
from correspondents import BANK, issue, wire
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.case import Case

from recoup import limits
from recoup.api import institutions, set_up_logs
from recoup.clock import EPOCH
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    Asked,
    AskMessage,
    CallMessage,
    DigestHold,
    DigestMessage,
    FormerHold,
    Message,
    Minor,
    NoticeMessage,
    RefusalMessage,
    StatementRow,
    encode,
    name_of,
    seal,
)
from recoup.messages.keys import to_base64url
from recoup.messages.transport import SCHEME, SIGNED
from recoup.orders import Outcome
from recoup.staff import Role

ANSWERS = ("POST", "/institutions/{institution}/answers")
MAIL = ("GET", "/institutions/{institution}/messages")
CHECKS = ("/lists/check", "/lists/check/payment")
QUICK, SLOW = 12, 600
"""Altered messages of each kind."""
TEXTS = ("", "x", "\x00", "\u202e", "é" * 9_000, "x" * 100_000, "../..", "None", "CNY", "bank-2")
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**30, 1.5, 1e308, True, False, None)
AMOUNTS = ("-1", "1e9", "0.001", "9" * 40, "NaN", "Infinity", "١٢", " 1", "1,00")
TIMES = (
    "0001-01-01T00:00:00.000000Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-02-30T00:00:00.000000Z",
    "2026-03-02T09:00:00+99:99",
    "2026-03-02",
)
SHAPES: tuple[Any, ...] = ([], {}, [[]], [None] * 1_001, {"a": {"b": {}}}, [{}] * 20)
JUNK = (*TEXTS, *NUMBERS, *AMOUNTS, *TIMES, *SHAPES)
_numbers = itertools.count(1)


@schemathesis.serializer(SIGNED)
def as_it_is(_: object, value: Any) -> bytes:
    """A signed message goes out as it was signed."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A centre with a case, and an institution that polls and has an order to answer."""
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path_factory.mktemp("signed"), wire=wire())
    found.set_up()
    found.hire("ann", (Role.CASE_LEAD, "gd"))
    found.hire("bo", (Role.APPROVER, "gd"))
    found.place("C1", "gd", "ann")
    yield found
    found.close()


def sealed(house: Bureau, name: str, payload: bytes, **changed: Any) -> bytes:
    """Return any bytes, truly signed under the institution's key and any header."""
    iat = int((house.clock.now() - EPOCH) // timedelta(seconds=1))
    head = {"alg": "Ed25519", "kid": BANK.public.id, "typ": name, "iss": "bank-1"}
    head |= {"aud": "centre", "iat": iat, "jti": f"f{next(_numbers)}", "epoch": 0}
    told = json.dumps({**head, **changed}).encode()
    text = f"{to_base64url(told)}.{to_base64url(payload)}".encode()
    signature = Ed25519PrivateKey.from_private_bytes(BANK.secret).sign(text)
    return text + b"." + to_base64url(signature).encode()


def true_ones(house: Bureau, order: str) -> list[Message]:
    """Return one whole message of each kind that an institution says, with all that it may hold."""
    now = house.clock.now()
    row = StatementRow("r1", now, 1, "6222", "6223", Minor(5), "CNY", "A", "B", reference="x")
    former = (FormerHold("a court", "CNY", Minor(5), now),)
    answer = AnswerMessage("a1", order, "bank-1", Outcome.HELD, now, "CNY", held=Minor(20_100))
    hold = DigestHold(order, "C1", "6222", "CNY", Minor(20_100), Minor(20_100), now)
    return [
        replace(answer, rows=(row, replace(row, id="r2")), former=former, available=Minor(1)),
        RefusalMessage("bank-1", now, "order_id_taken", order=order, message="m", what="w"),
        DigestMessage("bank-1", now, (hold,), 1, 2),
        NoticeMessage("n1", order, "bank-1", now, is_delivered=False, reason="r"),
        AppealMessage("p1", order, "bank-1", "6222", now, "not mine", "020"),
    ]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a JSON value."""
    if at:
        yield at
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in inside:
            yield from places(part, (*at, key))


def altered(plain: Any, chance: random.Random) -> bytes:
    """Return a message of which one or two things are otherwise."""
    whole = copy.deepcopy(plain)
    for _ in range(chance.choice((1, 1, 2))):
        way = chance.choice(list(places(whole)))
        there = whole
        for key in way[:-1]:
            there = there[key]
        match chance.randrange(5):
            case 0:
                del there[way[-1]]
            case 1 if isinstance(there, dict):
                there[chance.choice(("more", "", "id", "held"))] = copy.deepcopy(
                    chance.choice(JUNK)
                )
            case _:
                there[way[-1]] = copy.deepcopy(chance.choice(JUNK))
        if not whole:
            break
    return json.dumps(whole, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def monsters() -> list[bytes]:
    """Return bodies that are too deep, too large, not JSON, or not one thing."""
    deep = limits.MESSAGE_DEPTH_MAX
    return [
        *(b"[" * n + b"]" * n for n in (deep, deep + 1, 2_000, 200_000)),
        *(b'{"a":' * n + b"1" + b"}" * n for n in (deep, 50_000)),
        *(b"", b"null", b"[]", b"{}", b'"x"', b"1", b"NaN", b"{", b'{"a":1,"a":1}', b"\xff\xfe"),
        b'{"id":"' + b"x" * 700_000 + b'"}',
        b'{"id":"' + b"x" * limits.MESSAGE_BYTES_MAX + b'"}',
        b'"\\ud800"',
        b"1" * 5_000,
        b'{"held":' + b"9" * 10_000 + b"}",
    ]


TIMEOUT = 120
"""Seconds: what is fuzzed is what is answered, not how soon on a busy machine."""


class Said:
    """Says signed things to the API and holds each answer against the document."""

    def __init__(self, house: Bureau) -> None:
        self.house, self.statuses = house, Counter[int]()
        schema = schemathesis.openapi.from_url(
            f"{house.served.address}/openapi.json", timeout=120
        )  # made at the first question
        every = [found.ok() for found in schema.get_all_operations()]
        self.operations = {(x.method.upper(), x.path): x for x in every}

    def says(self, data: bytes) -> None:
        case = self.operations[ANSWERS].Case(
            path_parameters={"institution": "bank-1"}, body=data, media_type=SIGNED
        )
        self._count(case.call_and_validate(timeout=TIMEOUT))

    def asks(self, data: bytes, after: str) -> None:
        case = self.operations[MAIL].Case(
            path_parameters={"institution": "bank-1"},
            query={"after": after},
            headers={"Authorization": SCHEME + data.decode()},
        )
        self._count(case.call_and_validate(timeout=TIMEOUT))

    def checks(self, case: Case) -> None:
        """Send what the generator made, signed as an institution's machine signs it."""
        key = f"call-{next(_numbers):08d}"
        data = json.dumps(case.body).encode()
        told = CallMessage("bank-1", case.path, key, sha256(data).hexdigest())
        now, jti = self.house.clock.now(), f"f{next(_numbers)}"
        signed = seal(told, BANK, audience="centre", jti=jti, now=now).decode()
        headers = {"Authorization": SCHEME + signed, "Idempotency-Key": key}
        headers["Content-Type"] = "application/json"
        answer = self.house.client.post(case.path, content=data, headers=headers)
        self.statuses[answer.status_code] += 1
        assert answer.status_code != 401, "what was generated is truly signed"

    def _count(self, answer: Any) -> None:
        self.statuses[answer.status_code] += 1


def run(said: Said, count: int) -> None:
    """Say everything: whole messages, altered ones, monsters of each kind, and headers that are otherwise."""
    house, chance = said.house, random.Random(5)
    order = issue(house)
    for message in true_ones(house, order):
        name, plain = name_of(message), json.loads(encode(message))
        said.says(sealed(house, name, json.dumps(plain).encode()))
        for _ in range(count):
            said.says(sealed(house, name, altered(plain, chance)))
        for body in monsters():
            said.says(sealed(house, name, body))
    heads = list(itertools.product(("alg", "kid", "typ", "iss", "aud", "iat", "jti"), JUNK))
    for field, junk in chance.sample(heads, min(5 * count, len(heads))):
        said.says(sealed(house, name, encode(message), **{field: junk}))
    said.says(b"." * limits.HTTP_BODY_BYTES_MAX)
    ask = AskMessage("bank-1", Asked.MESSAGES)
    name, plain = name_of(ask), json.loads(encode(ask))
    said.asks(sealed(house, name, json.dumps(plain).encode()), "")
    for _ in range(count):
        body = altered(plain, chance)
        if len(body) < 8_000:  # a header holds no more: that is the server's own bound
            said.asks(sealed(house, name, body), chance.choice(("", "", "x", "o#1")))


def check_lists(said: Said, mode: GenerationMode, calls: int) -> None:
    """Let machines ask whatever the document allows, or forbids."""
    for path in CHECKS:

        @seed(17)
        @settings(
            max_examples=calls,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=said.operations["POST", path].as_strategy(generation_mode=mode))
        def one(case: Case) -> None:
            try:
                json.dumps(case.body)
            except TypeError:  # the generator left the body out
                case.body = None
            said.checks(case)

        one()


def is_well(said: Said) -> None:
    """Nothing broke, the centre goes on, and what was sound was taken."""
    print(dict(said.statuses))
    assert not [status for status in said.statuses if status >= 500]
    assert said.house.desk.fault is None
    assert said.house.desk.is_ready
    assert said.house.client.get("/healthz").status_code == 200


def test_no_signed_message_however_wrong_breaks_anything(house: Bureau) -> None:
    said = Said(house)
    run(said, QUICK)
    is_well(said)
    assert said.statuses[204] >= 5, "whole ones are taken, so the others were read to the end"
    assert min(said.statuses[x] for x in (400, 401, 413, 422)) > 0


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_machines_may_ask_the_lists_whatever_they_like(house: Bureau, mode: GenerationMode) -> None:
    said = Said(house)
    check_lists(said, mode, 10)
    is_well(said)


@pytest.mark.slow
def test_thousands_of_signed_messages_break_nothing(house: Bureau) -> None:
    said = Said(house)
    run(said, SLOW)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        check_lists(said, mode, 100)
    is_well(said)
    assert said.statuses.total() > 3_000


def test_an_api_that_does_not_expect_wrong_messages_is_found(
    house: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the translation of what is wrong, the first wrong field is a fault of the server."""

    async def careless(asked: Any) -> Any:
        return await asked

    monkeypatch.setattr(institutions, "_believed", careless)
    said = Said(house)
    with pytest.raises((FailureGroup, AssertionError)) as found:
        run(said, 1)
    assert "Server error" in str(found.value)
