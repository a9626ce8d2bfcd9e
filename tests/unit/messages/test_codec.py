"""Messages on the wire: what is written is read again; what is not exactly a message is refused by name."""

from __future__ import annotations

import dataclasses
import json
import typing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.errors import MessageFault, MessageProblem
from recoup.messages import (
    TYPES,
    AnswerMessage,
    Check,
    Disputed,
    OrderMessage,
    ResultCode,
    StatementRow,
    decode,
    encode,
    name_of,
)
from recoup.messages.codec import _codec_of
from recoup.messages.values import Minor
from recoup.money import AmountError, format_minor, parse_minor
from recoup.orders import OrderKind, Outcome
from recoup.unrecognised import Unrecognised

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
ORDER = OrderMessage(
    id="order-1",
    kind=OrderKind.STOP,
    case="case-1",
    institution="bank-a",
    account_number="6222020000000000001",
    account_name="holder one",
    currency="CNY",
    amount=60_000,
    issued_at=START,
    reason="reported fraud",
    disputed=Disputed(60_000, START - timedelta(minutes=5), "ref-1"),
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
INSTANTS = st.integers(0, 2**52).map(lambda us: START + timedelta(microseconds=us))


def _strategy(hint: object, name: str) -> st.SearchStrategy:
    if name == "currency":
        return st.sampled_from(["CNY", "JPY", "KWD", "USDT"])
    if hint is Minor:
        return st.integers(-(2**62), 2**62)
    if hint in (str, int, bool):
        return {str: TEXT, int: st.integers(-(2**63), 2**63 - 1), bool: st.booleans()}[hint]
    if hint is datetime:
        return INSTANTS
    if dataclasses.is_dataclass(hint) and hint is not Unrecognised:
        return _message(hint)
    if hint is Unrecognised:
        return st.builds(Unrecognised, st.text("xyz", min_size=1, max_size=9))
    if isinstance(hint, type):
        return st.sampled_from(list(hint)) if hint is not type(None) else st.none()
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return st.lists(_strategy(parts[0], name), max_size=3).map(tuple)
    return st.one_of([_strategy(part, name) for part in parts])


def _message(kind: type) -> st.SearchStrategy:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: _strategy(hint, name) for name, hint in hints.items()})


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_message_is_read_as_it_was_written(name, data):
    message = data.draw(_message(TYPES[name]))
    if "currency" not in {f.name for f in dataclasses.fields(message)}:
        assert not any(f.type == "Minor" for f in dataclasses.fields(message))
    assert decode(name, encode(message)) == message


def test_an_amount_is_decimal_text_and_absent_fields_are_left_out():
    found = json.loads(encode(ORDER))
    assert found["amount"] == "600.00"
    assert found["disputed"]["amount"] == "600.00"
    assert found["issued_at"] == "2026-01-05T10:00:00.000000Z"
    assert "extent" not in found
    assert name_of(ORDER) == "recoup.order.v1"


def _changed(**changes: object) -> bytes:
    fields = {**json.loads(encode(ORDER)), **changes}
    return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()


WRONG = [
    (b"", MessageProblem.BODY_MALFORMED),
    (b"\xff\xfe", MessageProblem.BODY_MALFORMED),
    (b"[]", MessageProblem.FIELD_WRONG),
    (_changed()[:-1] + b', "amount": "1.00"}', MessageProblem.BODY_MALFORMED),
    (b"null", MessageProblem.FIELD_WRONG),
    (b'{"id": NaN}', MessageProblem.BODY_MALFORMED),
    (b"[" * 100_000, MessageProblem.TOO_DEEP),
    (b'{"id":' + b"[" * 9 + b"]" * 9 + b"}", MessageProblem.TOO_DEEP),
    (_changed(id=...), MessageProblem.FIELD_MISSING),
    (_changed(surprise=1), MessageProblem.FIELD_UNKNOWN),
    (_changed(disputed={"amount": "1.00"}), MessageProblem.FIELD_MISSING),
    (_changed(amount=600), MessageProblem.FIELD_WRONG),
    (_changed(amount=600.0), MessageProblem.FIELD_WRONG),
    (_changed(amount="600"), MessageProblem.FIELD_WRONG),
    (_changed(amount="600.001"), MessageProblem.FIELD_WRONG),
    (_changed(amount="+600.00"), MessageProblem.FIELD_WRONG),
    (_changed(amount="1,000.00"), MessageProblem.FIELD_WRONG),
    (_changed(amount="1e2"), MessageProblem.FIELD_WRONG),
    (_changed(amount="9" * 23), MessageProblem.FIELD_WRONG),
    (_changed(currency="XXX"), MessageProblem.FIELD_WRONG),
    (_changed(issued_at="2026-01-05"), MessageProblem.FIELD_WRONG),
    (_changed(issued_at="2026-13-05T10:00:00.000000Z"), MessageProblem.FIELD_WRONG),
    (_changed(kind=1), MessageProblem.FIELD_WRONG),
    (_changed(kind="x" * 65), MessageProblem.FIELD_WRONG),
    (_changed(reason="a\0b"), MessageProblem.FIELD_WRONG),
    (_changed(reason="x" * (limits.MESSAGE_TEXT_CHARS_MAX + 1)), MessageProblem.FIELD_WRONG),
    (b" " * (limits.MESSAGE_BYTES_MAX + 1), MessageProblem.TOO_LARGE),
]


@pytest.mark.parametrize(("body", "problem"), WRONG, ids=range(len(WRONG)))
def test_what_is_not_exactly_a_message_is_refused_by_name(body, problem):
    with pytest.raises(MessageFault) as found:
        decode("recoup.order.v1", body)
    assert found.value.problem is problem


def _slow_amount(text: str, digits: int) -> int | None:
    """Return an amount's minor units by the plain definition: what is printed again just so; None where it is refused."""
    try:
        minor = parse_minor(text, digits) if len(text) <= 24 else None
    except AmountError:
        return None
    return minor if minor is not None and format_minor(minor, digits) == text else None


NEARLY = st.one_of(
    st.from_regex(r"\A[+-]?0{0,2}[0-9]{0,20}(\.[0-9]{0,4})?\Z"),
    st.text("0123456789.,-+ \n٣", max_size=9),
)


@settings(max_examples=400, deadline=None)
@given(text=NEARLY, currency=st.sampled_from([("CNY", 2), ("JPY", 0), ("KWD", 3)]))
def test_an_amount_is_read_just_where_its_slow_definition_reads_it(text, currency):
    name, digits = currency
    problem = MessageProblem.FIELD_WRONG
    try:
        found = decode("recoup.order.v1", _changed(amount=text, currency=name, disputed=...)).amount
    except MessageFault as fault:
        found, problem = None, fault.problem
    assert problem is MessageProblem.FIELD_WRONG
    assert found == _slow_amount(text, digits)


def test_the_text_at_the_limit_is_read():
    longest = "x" * limits.MESSAGE_TEXT_CHARS_MAX
    assert decode("recoup.order.v1", _changed(reason=longest)).reason == longest


def test_a_fault_says_where_and_shows_nothing_of_the_content():
    with pytest.raises(MessageFault) as found:
        decode("recoup.order.v1", _changed(disputed={"amount": 12345, "at": "x"}))
    assert found.value.path == "disputed.amount"
    assert "12345" not in str(found.value)


def test_an_unknown_type_is_refused():
    with pytest.raises(MessageFault) as found:
        decode("recoup.order.v2", encode(ORDER))
    assert found.value.problem is MessageProblem.TYPE_UNKNOWN


def test_words_that_are_not_known_are_kept():
    found = decode("recoup.order.v1", _changed(kind="confiscate"))
    assert found.kind == Unrecognised("confiscate")
    assert json.loads(encode(found))["kind"] == "confiscate"


def test_an_amount_in_a_row_has_the_decimals_of_the_row():
    row = StatementRow("t1", START, 1, "a", "b", 5, "JPY")
    answer = AnswerMessage(
        "a1",
        "o1",
        "bank-a",
        Outcome.REFUSED,
        START,
        "CNY",
        held=1_050,
        rows=(row,),
        code=ResultCode.NAME_MISMATCH,
        failed=(Check.NAME,),
    )
    found = json.loads(encode(answer))
    assert (found["held"], found["rows"][0]["amount"]) == ("10.50", "5")


def test_every_type_has_a_codec():
    assert [kind for kind in TYPES.values() if _codec_of(kind) is None] == []


@pytest.mark.parametrize("is_spaced", [False, True])
def test_a_name_that_stands_twice_is_refused_however_the_json_is_laid_out(is_spaced):
    """What a decoder would let fall shows where the same bytes do not come out again; and JSON of another layout is read."""
    body = encode(ORDER)
    if is_spaced:
        body = json.dumps(json.loads(body), indent=1, ensure_ascii=True).encode()
    assert decode("recoup.order.v1", body) == ORDER
    same, other = json.dumps(ORDER.reason), json.dumps("x" * len(ORDER.reason))
    for text in (same, other):
        for twice in (
            body[:-1] + b',"reason":' + text.encode() + b"}",
            b'{"reason":' + text.encode() + b"," + body[1:],
        ):
            with pytest.raises(MessageFault) as found:
                decode("recoup.order.v1", twice)
            assert found.value.problem is MessageProblem.BODY_MALFORMED
