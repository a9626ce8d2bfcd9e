"""The JSON of each message and back: strict types, bounded size and depth, nothing unknown passed over. Signs nothing.

1. `decode(name, encode(m)) == m` for every message.
2. A field with a default is left out when it has it; any other field must be there. A field that this version does not know is
   refused: it could change what an order means. A new field therefore is a new version of the message's type.
3. Amounts are decimal text with exactly the decimals of their currency, instants the one text form of `clock`, truth values and
   whole numbers are JSON's own; nothing is converted from another kind.
4. An enum's value that is not known becomes `Unrecognised` and is written again as it was.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from recoup import limits
from recoup.clock import instant_text, parse_instant
from recoup.errors import MessageFault, MessageProblem
from recoup.messages.message import Message
from recoup.messages.seen import (
    DecisionAppealMessage,
    LeadMessage,
    SightingMessage,
    SuspicionMessage,
)
from recoup.messages.values import (
    AnswerMessage,
    AppealMessage,
    AskMessage,
    CallMessage,
    ChangesMessage,
    DigestMessage,
    MeasureNoticeMessage,
    Minor,
    NoticeMessage,
    OrderMessage,
    RefusalMessage,
)
from recoup.money import ISO_DIGITS, AmountError, format_minor, parse_minor
from recoup.unrecognised import Unrecognised

TYPES: Final[dict[str, type]] = {
    "recoup.order.v1": OrderMessage,
    "recoup.answer.v1": AnswerMessage,
    "recoup.digest.v1": DigestMessage,
    "recoup.appeal.v1": AppealMessage,
    "recoup.notice.v1": NoticeMessage,
    "recoup.measure_notice.v1": MeasureNoticeMessage,
    "recoup.ask.v1": AskMessage,
    "recoup.call.v1": CallMessage,
    "recoup.refusal.v1": RefusalMessage,
    "recoup.changes.v1": ChangesMessage,
    "recoup.sighting.v1": SightingMessage,
    "recoup.lead.v1": LeadMessage,
    "recoup.suspicion.v1": SuspicionMessage,
    "recoup.decision_appeal.v1": DecisionAppealMessage,
}
"""Each message by the name and version that stands in the signed header (`typ`)."""

_NAMES: Final = {kind: name for name, kind in TYPES.items()}
_Walk = Callable[[Any, str], Any]
_encoder: Final = msgspec.json.Encoder(order="sorted")
_as_it_came: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class _Codec:
    """How one type is written and read; both get the currency that holds here."""

    pack: _Walk
    unpack: _Walk


def _kind_of(message: Message) -> type:
    return type(message)


def name_of(message: Message) -> str:
    """Return the name and version under which a message is sent."""
    return _NAMES[type(message)]


def encode(message: Message) -> bytes:
    """Return the JSON of a message; raise `MessageFault` where it is larger than may be sent."""
    body = _encoder.encode(_codec_of(_kind_of(message)).pack(message, ""))
    if len(body) > limits.MESSAGE_BYTES_MAX:
        raise _fault(MessageProblem.TOO_LARGE, f"{len(body)} bytes")
    return body


def decode(name: str, body: bytes) -> Message:
    """Return the message of JSON that was sent under `name`; raise `MessageFault` for anything else."""
    if name not in TYPES:
        raise _fault(MessageProblem.TYPE_UNKNOWN, f"{name[:40]!r}")
    if len(body) > limits.MESSAGE_BYTES_MAX:
        raise _fault(MessageProblem.TOO_LARGE, f"{len(body)} bytes")
    value = plain_of(body)
    found: Message = _codec_of(TYPES[name]).unpack(value, "")
    return found


def plain_of(body: bytes) -> Any:
    """Return what JSON says, not deeper than allowed."""
    try:
        value = _decoder.decode(body)
    except RecursionError as fault:
        raise _fault(MessageProblem.TOO_DEEP, "past any bound") from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise _fault(MessageProblem.BODY_MALFORMED, "expected JSON in UTF-8") from fault
    _check_depth(value)
    if _as_it_came.encode(value) != body:  # else nothing fell away: no name stood twice
        json.loads(body, object_pairs_hook=_once)
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a name that stands twice in an object: two readers would take different values for it."""
    if len(dict(pairs)) != len(pairs):
        raise _fault(MessageProblem.BODY_MALFORMED, "expected each name once")


def _check_depth(value: object) -> None:
    """Refuse what lies deeper than allowed; level by level, since an answer has hundreds of rows on one level."""
    level, depth = _within([value]), 0
    while level:
        if depth >= limits.MESSAGE_DEPTH_MAX:
            raise _fault(MessageProblem.TOO_DEEP, f"more than {limits.MESSAGE_DEPTH_MAX} levels")
        parts = (one.values() if type(one) is dict else one for one in level)
        level, depth = _within(chain.from_iterable(parts)), depth + 1


def _within(parts: Iterable[Any]) -> list[Any]:
    """Return those that hold others, as the decoder makes them."""
    return [part for part in parts if type(part) in (dict, list)]


def _fault(problem: MessageProblem, what: str) -> MessageFault:
    return MessageFault(problem, what)


def _wrong(expected: str, found: object) -> MessageFault:
    """Return a fault that names kinds only: what stands in a message is not for a log."""
    return _fault(MessageProblem.FIELD_WRONG, f"expected {expected}, was {type(found).__name__}")


def _exactly(kind: type) -> _Codec:
    def same(value: Any, _: str) -> Any:
        if type(value) is not kind:
            raise _wrong(kind.__name__, value)
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise _wrong("a whole number of 64 bits", value)
        return value

    return _Codec(same, same)


def _text(value: Any, _: str) -> str:
    """Return text; half a surrogate pair and what no screen shows is refused."""
    if type(value) is not str:
        raise _wrong("text", value)
    if len(value) > limits.MESSAGE_TEXT_CHARS_MAX:
        raise _fault(MessageProblem.FIELD_WRONG, f"{len(value)} characters")
    # What can be printed has none; most texts are looked through once only.
    if not value.isprintable() and any(c < " " and c not in "\n\t" for c in value):
        raise _fault(MessageProblem.FIELD_WRONG, "expected text without control characters")
    return value


def _digits(currency: str) -> int:
    try:
        return ISO_DIGITS.of(currency)
    except KeyError as fault:
        raise _fault(MessageProblem.FIELD_WRONG, "expected a known currency") from fault


@cache
def _plain_amount(currency: str) -> re.Pattern[str]:
    """Return what amounts of a known currency look like in nearly every row; all others take the slow way."""
    digits, whole = _digits(currency), "(?:0|[1-9][0-9]*)"
    return re.compile(rf"{whole}\.[0-9]{{{digits}}}" if digits else whole)


def _pack_amount(value: Any, currency: str) -> str:
    return format_minor(value, _digits(currency))


def _unpack_amount(value: Any, currency: str) -> Minor:
    if type(value) is not str or len(value) > 24:
        raise _wrong("an amount as decimal text", value)
    # Fits 64 bits, has its one form.
    if len(value) < 18 and _plain_amount(currency).fullmatch(value):
        return Minor(int(value.replace(".", "")))
    digits = _digits(currency)
    try:
        minor = parse_minor(value, digits)
    except AmountError as fault:
        raise _fault(MessageProblem.FIELD_WRONG, str(fault)) from fault
    if (
        format_minor(minor, digits) != value
    ):  # one amount, one text: 1,000.5 and 1000.500 are refused
        raise _fault(MessageProblem.FIELD_WRONG, f"expected exactly {digits} decimals")
    return Minor(minor)


def _unpack_instant(value: Any, _: str) -> datetime:
    try:
        return parse_instant(value)
    except (TypeError, ValueError) as fault:
        raise _wrong("an instant as 2026-01-05T10:00:00.000000Z", value) from fault


def _enums(kind: type[StrEnum]) -> _Codec:
    members = {member.value: member for member in kind}

    def unpack(value: Any, _: str) -> Any:
        if type(value) is not str or len(value) > 64:
            raise _wrong(f"a value of {kind.__name__}", value)
        return members[value] if value in members else Unrecognised(value)

    return _Codec(lambda value, _: str(value.value), unpack)


def _optional(inner: _Codec) -> _Codec:
    """Return the codec of a field that may be absent."""
    return _Codec(
        lambda value, currency: None if value is None else inner.pack(value, currency),
        lambda value, currency: None if value is None else inner.unpack(value, currency),
    )


def _row(inner: _Codec) -> _Codec:
    def unpack(value: Any, currency: str) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _wrong("an array", value)
        return tuple([inner.unpack(part, currency) for part in value])

    return _Codec(lambda value, currency: [inner.pack(x, currency) for x in value], unpack)


@cache
def _codec_of(kind: type) -> _Codec:
    """Return the codec of a message or of a part of one."""
    hints = typing.get_type_hints(kind)
    parts = {f.name: (_codec_for(hints[f.name]), f.default) for f in dataclasses.fields(kind)}
    needed = [name for name, (_, default) in parts.items() if default is MISSING]
    known, all_needed = parts.keys(), frozenset(needed)
    unpacks = {name: codec.unpack for name, (codec, _) in parts.items()}
    texts = frozenset(name for name, unpack in unpacks.items() if unpack is _text)
    packs = [(name, codec.pack, default) for name, (codec, default) in parts.items()]
    values_of = attrgetter(*parts) if len(parts) > 1 else lambda value: (getattr(value, *parts),)

    def pack(value: Any, currency: str) -> dict[str, Any]:
        currency = getattr(value, "currency", currency)
        return {
            name: part(found, currency)
            for (name, part, default), found in zip(packs, values_of(value), strict=True)
            if found != default
        }

    def unpack(value: Any, currency: str) -> Any:
        if type(value) is not dict:
            raise _wrong("an object", value)
        if not value.keys() <= known:
            odd = min(value.keys() - known)
            raise _fault(MessageProblem.FIELD_UNKNOWN, f"{kind.__name__}: {odd[:40]!r}")
        if not all_needed <= value.keys():
            missing = next(name for name in needed if name not in value)
            raise _fault(MessageProblem.FIELD_MISSING, f"{kind.__name__}: {missing}")
        if "currency" in value:
            currency = _text(value["currency"], "")
        found, name = {}, ""
        try:  # one for all fields: it costs nothing until something is wrong
            for name, part in value.items():
                if name in texts and type(part) is str and len(part) < 128 and part.isprintable():
                    found[name] = part  # nearly every one: as `_text` has it, and no call
                else:
                    found[name] = unpacks[name](part, currency)
        except MessageFault as fault:
            raise fault.within(name) from None
        return kind(**found)

    return _Codec(pack, unpack)


def _codec_for(hint: Any) -> _Codec:
    """Return the codec of a field's type; a type without a form on the wire is our mistake."""
    if hint is Minor:
        return _Codec(_pack_amount, _unpack_amount)
    if hint is str:
        return _Codec(_text, _text)
    if hint in (int, bool):
        return _exactly(hint)
    if hint is datetime:
        return _Codec(lambda value, _: instant_text(value), _unpack_instant)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enums(hint)
    if get_origin(hint) is tuple:
        return _row(_codec_for(get_args(hint)[0]))
    if get_origin(hint) in (Union, types.UnionType):
        # None marks absence, Unrecognised belongs to the enum beside it; what is left is one type.
        rest = [x for x in get_args(hint) if x not in (types.NoneType, Unrecognised)]
        assert len(rest) == 1, f"expected one type beside None, was {hint}"
        inner = _codec_for(rest[0])
        return _optional(inner) if types.NoneType in get_args(hint) else inner
    assert dataclasses.is_dataclass(hint), f"{hint} has no form on the wire"
    return _codec_of(typing.cast("type", hint))


__all__ = ["TYPES", "decode", "encode", "name_of", "plain_of"]
