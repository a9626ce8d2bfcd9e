"""Frozen records made, and made with some fields changed, are what the standard library makes, and run their own checks."""

from dataclasses import (
    MISSING,
    FrozenInstanceError,
    dataclass,
    field,
    fields,
    make_dataclass,
)
from dataclasses import replace as standard
from pickle import dumps, loads

import pytest

from recoup.cases.case import Case
from recoup.centre.facts import FactRow
from recoup.frozen import quickly_made, replace
from recoup.messages import StatementRow
from recoup.orders import Hold, Order


@dataclass(frozen=True, slots=True)
class Checked:
    """Two fields that must go together."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("expected low at most high")


@pytest.mark.parametrize("name", [part.name for part in fields(Case)])
def test_it_does_what_the_standard_library_does(name: str) -> None:
    case = Case("case-1")
    assert replace(case, **{name: "other"}) == standard(case, **{name: "other"})
    assert getattr(case, name) != "other"


def test_the_checks_of_a_record_run() -> None:
    assert replace(Checked(1, 2), high=9) == Checked(1, 9)
    with pytest.raises(ValueError, match="at most"):
        replace(Checked(1, 2), low=3)


def test_a_name_that_is_no_field_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        replace(Checked(1, 2), middle=3)


def test_what_comes_out_is_as_frozen_as_before() -> None:
    with pytest.raises(FrozenInstanceError):
        replace(Checked(1, 2), high=9).high = 1  # type: ignore[misc]
    assert {part.name for part in fields(Hold)} >= {"state", "held"}  # folded with this as well


def _plain(kind):
    """Return the class as `dataclasses` alone makes it: the same fields and defaults, its own slow constructor."""
    rows = [(part.name, part.type, part) for part in fields(kind)]
    made = [(name, of, field(default=part.default)) for name, of, part in rows]
    return make_dataclass(kind.__name__, made, frozen=True, slots=True)


@pytest.mark.parametrize(
    "kind", [Case, Hold, Order, StatementRow, FactRow], ids=lambda x: x.__name__
)
def test_a_quick_constructor_gives_what_the_slow_one_gives(kind):
    slow, names = _plain(kind), [part.name for part in fields(kind)]
    needed = [part.name for part in fields(kind) if part.default is MISSING]
    for given in (needed, names):
        values = {name: f"value of {name}" for name in given}
        one = kind(**values)
        expected = slow(**values)
        assert {x: getattr(one, x) for x in names} == {x: getattr(expected, x) for x in names}
        assert type(one) is kind
        assert one == kind(*values.values())
        assert one == loads(dumps(one))  # noqa: S301 - our own bytes
        assert hash(one) == hash(expected)
        with pytest.raises(FrozenInstanceError):
            setattr(one, names[0], "other")
        with pytest.raises(FrozenInstanceError):
            delattr(one, names[0])
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required"):
        kind(**dict.fromkeys(needed[1:], ""))
    with pytest.raises(TypeError, match="unexpected keyword"):
        kind(**dict.fromkeys(names, ""), other="")


def test_a_quick_constructor_runs_the_checks_of_its_record():
    quick = quickly_made(dataclass(frozen=True, slots=True)(_bare(Checked)))
    assert quick(1, 2).high == 2
    with pytest.raises(ValueError, match="at most"):
        quick(3, 2)


def test_nothing_is_derived_from_a_class_that_is_made_quickly():
    with pytest.raises(TypeError, match="nothing derived from Hold"):
        type("Heir", (Hold,), {"__slots__": ()})


@pytest.mark.parametrize(
    "kind",
    [
        dataclass(frozen=True)(type("Open", (), {"__annotations__": {"x": int, "y": int}})),
        make_dataclass(
            "Listed", [("x", list, field(default_factory=list))], frozen=True, slots=True
        ),
        make_dataclass("Named", [("x", int)], frozen=True, slots=True, kw_only=True),
        make_dataclass("Heir", [("y", int)], bases=(Checked,), frozen=True, slots=True),
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_class_that_cannot_be_made_quickly_is_our_mistake(kind):
    with pytest.raises((AssertionError, KeyError)):
        quickly_made(kind)


def _bare(kind):
    """Return a class of the same fields and check, which no decorator has seen."""
    hints = {"low": int, "high": int}
    return type("Again", (), {"__annotations__": hints, "__post_init__": kind.__post_init__})
