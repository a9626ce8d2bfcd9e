"""Which event types there are, and each one's canonical bytes and back. Not what they mean: that is in the rooms' `evolve`.

An event is a frozen slotted dataclass of text, whole numbers, truth values, instants, dates, enums, tuples, other such classes,
or None. It is registered under (name, version). When its fields change, the version goes up by one and an *upcaster* turns the
older version's plain value into the newer one's, so that old journals replay without their old classes.

1. One value has one byte form; `decode(encode(e)) == e`.
2. A name, a version or a field that is not known is a named fault, never dropped.
3. A value that an enum does not know becomes `Unrecognised(value)` and is written again as it was.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from operator import attrgetter, itemgetter
from typing import Any, Final, NewType, Union, get_args, get_origin

from recoup.clock import instant_text, parse_instant
from recoup.errors import EventFault, UnknownEvent
from recoup.journal.canonical import Plain, decode_plain, decode_unchecked, encode_checked, whole
from recoup.unrecognised import Unrecognised

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""From the plain value of one version to that of the next; gets a dict of its own, may change it."""

_Pack = Callable[[Any], Any]
_SMALL: Final = 2**31
"""Nearly every number: of a larger one the bound is asked."""
_plain_value: Final = attrgetter("_value_")
"""What `value` gives, without a call in between: enums are in nearly every event."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class _Codec:
    """How one type becomes plain and back."""

    pack: _Pack
    unpack: _Pack


@dataclass(frozen=True, slots=True)
class _Entry:
    """One registered type: its name and newest version."""

    name: str
    version: int
    type: type
    codec: _Codec


@dataclass(slots=True)
class Registry:
    """The event types of one journal. Filled once, where the program is put together; only read after that."""

    _by_name: dict[str, _Entry] = field(default_factory=dict)
    _by_type: dict[type, _Entry] = field(default_factory=dict)
    _upcasts: dict[tuple[str, int], Upcast] = field(default_factory=dict)

    def register(self, name: str, version: int, event: type, *upcasts: Upcast) -> None:
        """Add an event type; `upcasts` lead from versions 1, 2, ... to `version`, one for each step."""
        assert _NAME.fullmatch(name), f"expected a name such as stop_issued, was {name!r}"
        assert name not in self._by_name, f"{name} is registered already"
        assert event not in self._by_type, f"{event.__name__} is registered already"
        assert len(upcasts) == version - 1, f"{name} {version} needs {version - 1} upcasters"
        entry = _Entry(name, version, event, _codec_of_class(event))
        self._by_name[name] = self._by_type[event] = entry
        for step, upcast in enumerate(upcasts, start=1):
            self._upcasts[name, step] = upcast

    def name_of(self, event: object) -> tuple[str, int]:
        """Return the name and version under which `event` is written."""
        entry = self._entry(event)
        return entry.name, entry.version

    def encode(self, event: object) -> bytes:
        """Return the canonical bytes of `event`; a value that its field may not have raises `EventFault`."""
        return encode_checked(self.plain(event))

    def plain(self, event: object) -> Plain:
        """Return the plain value whose canonical bytes `encode` gives, for whoever writes it within another one."""
        value: Plain = self._entry(event).codec.pack(event)
        return value

    def decode(self, name: str, version: int, body: bytes) -> Any:
        """Return the event of canonical bytes written under (name, version), brought to the newest version."""
        if name not in self._by_name:
            raise UnknownEvent(f"expected a known event, was {name!r}; a newer program wrote it")
        entry = self._by_name[name]
        if not 1 <= version <= entry.version:
            raise UnknownEvent(f"expected {name} of version 1 to {entry.version}, was {version}")
        # The codec of the newest fields checks every part; an upcaster may let go of some unseen.
        is_newest = version == entry.version
        value: Plain = decode_unchecked(body) if is_newest else decode_plain(body)
        if not isinstance(value, dict):
            raise EventFault(f"expected the fields of {name}, was {type(value).__name__}")
        for step in range(version, entry.version):
            value = self._upcasts[name, step](value)
        return entry.codec.unpack(value)

    def check(self, name: str, version: int, body: bytes) -> None:
        """Raise `EventFault` unless `body` is exactly what encoding its event gives; older versions need only decode."""
        event = self.decode(name, version, body)
        if version == self._by_name[name].version and self.encode(event) != body:
            raise EventFault(f"expected the canonical form of {name}, was another one")

    def _entry(self, event: object) -> _Entry:
        if type(event) not in self._by_type:
            raise UnknownEvent(f"expected a registered event, was {type(event).__name__}")
        return self._by_type[type(event)]


def _fault(expected: str, found: object) -> EventFault:
    """Return a fault that names kinds only: what stands in an event is not for a log."""
    return EventFault(f"expected {expected}, was {type(found).__name__}")


def _exactly(kind: type) -> _Codec:
    """Return the codec of a kind that JSON has; True is no number here."""

    def same(value: Any) -> Any:
        if type(value) is not kind:
            raise _fault(kind.__name__, value)
        return value

    def whole_number(value: Any) -> Any:
        if type(value) is not int:
            raise _fault("int", value)
        return value if -_SMALL < value < _SMALL else whole(value)

    return _Codec(whole_number, whole_number) if kind is int else _Codec(same, same)


_TEXT: Final = _exactly(str)
_WHOLE: Final = _exactly(int)


def _instants() -> _Codec:
    def pack(value: Any) -> str:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise _fault("an aware instant", value)
        return instant_text(value)

    def unpack(value: Any) -> datetime:
        try:
            return parse_instant(value)
        except (TypeError, ValueError) as fault:
            raise _fault("an instant as text", value) from fault

    return _Codec(pack, unpack)


def _dates() -> _Codec:
    def pack(value: Any) -> str:
        if type(value) is not date:
            raise _fault("a date", value)
        return value.isoformat()

    def unpack(value: Any) -> date:
        try:
            found = date.fromisoformat(value)
        except (TypeError, ValueError) as fault:
            raise _fault("a date as text", value) from fault
        if found.isoformat() != value:
            raise EventFault("expected a date as 2026-01-05, was another form")
        return found

    return _Codec(pack, unpack)


def _enums(kind: type[Enum]) -> _Codec:
    members = {member.value: member for member in kind}
    kinds = {type(value) for value in members}
    assert kinds <= {str, int}, f"{kind.__name__} has values that are neither text nor numbers"

    def pack(value: Any) -> Any:
        if type(value) is Unrecognised:
            if value.value in members or type(value.value) not in kinds:
                raise EventFault(f"expected a value that {kind.__name__} does not know")
            return whole(value.value) if type(value.value) is int else value.value
        if type(value) is not kind:
            raise _fault(kind.__name__, value)
        return _plain_value(value)

    def unpack(value: Any) -> Any:
        if type(value) not in kinds:
            raise _fault(f"a value of {kind.__name__}", value)
        if value in members:
            return members[value]
        return Unrecognised(whole(value) if type(value) is int else value)

    return _Codec(pack, unpack)


def _optional(inner: _Codec) -> _Codec:
    pack, unpack = inner.pack, inner.unpack
    return _Codec(
        lambda value: None if value is None else pack(value),
        lambda value: None if value is None else unpack(value),
    )


def _row(inner: _Codec) -> _Codec:
    """Return the codec of `tuple[T, ...]`."""
    pack_part, unpack_part = inner.pack, inner.unpack

    def pack(value: Any) -> list[Any]:
        if not isinstance(value, tuple):
            raise _fault("a tuple", value)
        return [pack_part(part) for part in value]

    def unpack(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _fault("an array", value)
        return tuple([unpack_part(part) for part in value])

    return _Codec(pack, unpack)


def _fixed(parts: tuple[_Codec, ...]) -> _Codec:
    """Return the codec of `tuple[A, B]`."""

    def walk(kind: type, way: str, value: Any) -> list[Any]:
        if not isinstance(value, kind) or len(value) != len(parts):  # type: ignore[arg-type]
            raise _fault(f"{len(parts)} values in order", value)
        return [getattr(part, way)(x) for part, x in zip(parts, value, strict=True)]  # type: ignore[call-overload]

    return _Codec(
        lambda value: walk(tuple, "pack", value), lambda value: tuple(walk(list, "unpack", value))
    )


def _codec_of_class(kind: type) -> _Codec:
    """Return the codec of a frozen dataclass: an object with all of its fields, no more and no fewer."""
    assert dataclasses.is_dataclass(kind), f"{kind.__name__} is no dataclass"
    assert kind.__dataclass_params__.frozen, f"{kind.__name__} is not frozen"  # type: ignore[attr-defined]
    assert "__slots__" in kind.__dict__, f"{kind.__name__} has no slots"
    hints = typing.get_type_hints(kind)
    codecs = {part.name: _codec_of(hints[part.name]) for part in dataclasses.fields(kind)}
    values_of = _values_of(tuple(codecs))
    texts = tuple(name for name, codec in codecs.items() if codec is _TEXT)
    # A text is its own plain form: most fields are texts, and are looked at together.
    texts_of = _texts_of(texts)
    packs = [(x, codec.pack) for x, codec in codecs.items() if codec not in (_TEXT, _WHOLE)]
    wholes = tuple(name for name, codec in codecs.items() if codec is _WHOLE)
    unpacks = [(name, codec.unpack) for name, codec in codecs.items() if codec is not _TEXT]

    def pack(value: Any) -> dict[str, Any]:
        if type(value) is not kind:
            raise _fault(kind.__name__, value)
        parts: dict[str, Any] = dict(zip(codecs, values_of(value), strict=True))
        texts_of(parts)
        for name in wholes:  # a small one is its own plain form too
            number = parts[name]
            if type(number) is not int or not -_SMALL < number < _SMALL:
                _WHOLE.pack(number)
        for name, part in packs:
            parts[name] = part(parts[name])
        return parts

    def unpack(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _fault(f"the fields of {kind.__name__}", value)
        if value.keys() != codecs.keys():
            odd = ", ".join(sorted(value.keys() ^ codecs.keys()))
            raise EventFault(f"expected the fields of {kind.__name__}, differs in {odd}")
        texts_of(value)
        try:
            return kind(**(value | {name: part(value[name]) for name, part in unpacks}))
        except (ValueError, TypeError) as fault:  # the class refuses the values together
            raise EventFault(f"expected a {kind.__name__}: {fault}") from fault

    return _Codec(pack, unpack)


def _texts_of(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], None]:
    """Return what refuses parts of which one of these is no text."""
    values_of = itemgetter(*names) if names else None

    def look(parts: Mapping[str, Any]) -> None:
        if values_of is None:
            return
        values = values_of(parts) if len(names) > 1 else (values_of(parts),)
        if set(map(type, values)) != {str}:
            raise _fault("str", next(value for value in values if type(value) is not str))

    return look


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of these fields; an `attrgetter` of one name gives no tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _codec_of(hint: Any) -> _Codec:
    """Return the codec of a field's type; a type without a canonical form is our mistake."""
    if isinstance(hint, NewType):
        return _codec_of(hint.__supertype__)
    if hint is str:
        return _TEXT
    if hint is int:
        return _WHOLE
    if hint is bool:
        return _exactly(bool)
    if hint is datetime:
        return _instants()
    if hint is date:
        return _dates()
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enums(hint)
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[-1:] == (Ellipsis,):
        return _row(_codec_of(arguments[0]))
    if get_origin(hint) is tuple:
        return _fixed(tuple(_codec_of(part) for part in arguments))
    if get_origin(hint) in (Union, types.UnionType):
        # None marks absence, Unrecognised belongs to the enum beside it; what is left must be one type.
        rest = [part for part in arguments if part not in (types.NoneType, Unrecognised)]
        assert len(rest) == 1, f"expected one type beside None, was {hint}"
        inner = _codec_of(rest[0])
        return _optional(inner) if types.NoneType in arguments else inner
    assert isinstance(hint, type), f"{hint} has no canonical form"
    return _codec_of_class(hint)


__all__ = ["Registry", "Upcast"]
