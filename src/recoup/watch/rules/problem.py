"""Where something stands in a rule's text, and how found text is shown in a message. The problem itself is in `errors`."""

from __future__ import annotations

from typing import NamedTuple

from recoup.errors import RuleProblem


class Place(NamedTuple):
    """Where something stands in a text: both counted from one."""

    line: int
    column: int


class Unreadable(Exception):
    """The text cannot be read any further; carries the one problem. `compile_expression` makes it a fault."""

    def __init__(self, place: Place, code: str, message: str) -> None:
        self.problem = RuleProblem("", "expression", place.line, place.column, code, message)
        super().__init__(str(self.problem))


def shown(text: str, chars_max: int = 40) -> str:
    """Return `text` in quotes for a message: unprintable signs escaped, long texts cut."""
    return repr(text if len(text) <= chars_max else text[:chars_max] + "...")


__all__ = ["Place", "Unreadable", "shown"]
