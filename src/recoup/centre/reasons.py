"""Why the centre itself turns a request down, before or beside its rooms. Their own refusals are theirs."""

from __future__ import annotations

from enum import StrEnum


class CentreReason(StrEnum):
    """Why the centre itself does not carry a command out, before any room is asked."""

    ACTOR_DIFFERS = "actor_differs"
    """The command names another person than the one who acts."""
    CASE_UNKNOWN = "case_unknown"
    """No report opened such a case."""
    OTHER_INSTITUTION = "other_institution"
    """An institution answers an order that another one was given."""
    WORD_UNKNOWN = "word_unknown"
    """A kind that this program does not know: nothing can be decided on it."""
    CASES_APART = "cases_apart"
    """The money of cases is given back together only where the cases are joined."""
    HOLDER_APPEALS = "holder_appeals"
    """Whose money would be paid back objects, and nobody has decided on it."""
    HOLDER_CLEARED = "holder_cleared"
    """It was decided that the holder's money is not the victims' beyond what claims still stand behind."""
    PAYEE_NAMED = "payee_named"
    """Money is about to be paid to this account: those who agreed saw its name, and the bank compares that one."""
    MANDATE_MISSING = "mandate_missing"
    """The chase itself lets an order leave only within a standing authority; else a person does."""
    SECOND_PERSON_ABSENT = "second_person_absent"
    """A command names two persons; in the centre each of them acts: one makes a motion, the other agrees to it."""
    ID_UNUSABLE = "id_unusable"
    """An id that is empty, too long, not printable, or has the mark that only the centre's own ids have."""
    NOT_HANDED_OVER = "not_handed_over"
    """An answer sheet comes back only after its order was handed over."""
    SHEET_UNKNOWN = "sheet_unknown"
    SHEET_DIFFERS = "sheet_differs"
    """The second person typed something else: look at the paper."""
    SHEET_CONFIRMED = "sheet_confirmed"
    """It was confirmed already."""
    SHEET_TYPED_BY_SAME = "sheet_typed_by_same"
    """Two persons type a sheet."""
    SCAN_UNKNOWN = "scan_unknown"
    """No such scan was kept of this order."""
    SCAN_DIFFERS = "scan_differs"
    """The second person typed from another scan than the first."""
    SCAN_TAKEN_FOR_ANOTHER = "scan_taken_for_another"
    """The same file was kept as another order's: one of the two is a mistake."""
    SCANS_TOO_MANY = "scans_too_many"


__all__ = ["CentreReason"]
