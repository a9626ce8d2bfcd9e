"""Changing some fields of a frozen record gives what the standard library gives, and runs the record's own checks."""

from dataclasses import FrozenInstanceError, dataclass, fields
from dataclasses import replace as standard

import pytest

from recoup.cases.case import Case
from recoup.frozen import replace
from recoup.orders import Hold


@dataclass(frozen=True, slots=True)
class Checked:
    """Two fields that must go together."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("expected low at most high")


@pytest.mark.parametrize("field", [part.name for part in fields(Case)])
def test_it_does_what_the_standard_library_does(field: str) -> None:
    case = Case("case-1")
    assert replace(case, **{field: "other"}) == standard(case, **{field: "other"})
    assert getattr(case, field) != "other"


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
