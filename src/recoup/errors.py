"""What can go wrong, as types: one class for each thing a caller can do differently. Not a place for messages.

Fault                       the outside failed or sent something unusable
    InputFault              rows or files that must be put right first; carries every problem found
    LimitFault              a bound of limits.py was reached; carries its name and value
    PolicyFault             a jurisdiction's terms that cannot be used; names the term
    SettingsFault           settings of a process that cannot be used; names the setting
    EventFault              bytes that are no event: malformed, or not in the one canonical form
        UnknownEvent        name or version that this program does not have: a newer one wrote it
    NoteFault               a signed note or checkpoint that cannot be read, or is not signed as it must be
    StoreFault              the disk or database failed; the writer stops for good
        StoreBusy           somebody else writes; nothing was done; try again
        CommitUnknown       the connection was lost while committing: ask by command id
    VaultFault              personal data that cannot be read: its key was destroyed, or its bytes were changed
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


class SettingsFault(Fault):
    """A setting of a process that is missing, unknown, or makes no sense."""


class EventFault(Fault):
    """Bytes that are no event: malformed, not of the event's fields, or not in the one canonical form."""


class UnknownEvent(EventFault):
    """An event name or version that this program does not have: a newer program wrote it."""


class NoteFault(Fault):
    """A signed note or checkpoint that cannot be read, or is not signed by whom it must be."""


class StoreFault(Fault):
    """The disk or the database failed. The writer stops for good: a failed sync is never tried again."""


class StoreBusy(StoreFault):
    """Another connection writes and did not end in time; nothing was done."""

    is_transient = True


class CommitUnknown(StoreFault):
    """The connection was lost while committing: it may have happened. Ask the store by command id, do not guess."""


class VaultFault(Fault):
    """Personal data that cannot be read: its key was destroyed, or its bytes are not what was sealed."""
