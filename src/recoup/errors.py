"""What can go wrong, as types: one class for each thing a caller can do differently. Not a place for messages.

Fault                       the outside failed or sent something unusable
    InputFault              rows or files that must be put right first; carries every problem found
    LimitFault              a bound of limits.py was reached; carries its name and value
    PolicyFault             a jurisdiction's terms that cannot be used; names the term
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recoup.records.problems import Problem


class Fault(Exception):
    """The outside failed; `is_transient` says whether the same call may succeed later."""

    is_transient: bool = False


class InputFault(Fault):
    """Input that must be put right before anything is written; `problems` names every place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LimitFault(Fault):
    """A bound of `limits.py` was reached: `name` is the bound, `found` what was asked for."""

    def __init__(self, name: str, bound: int, found: int) -> None:
        self.name, self.bound, self.found = name, bound, found
        super().__init__(f"expected at most {bound} ({name}), was {found}")


class PolicyFault(Fault):
    """A policy file that is missing, or a term in it that has no value, no source or no sense."""
