"""What a request abroad says of the payment by which money left: its row among the case's statements, and whose it was.

A row is taken only if it is the one: the task's own, or the single one that fits. A wrong number would send others after
somebody else's payment; what is not known has no line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from recoup.cases import Case, Task
from recoup.centre.directory import SERIAL, Directory, Entry
from recoup.centre.facts import FactRow, Statement
from recoup.errors import VaultFault
from recoup.messages import NoticeTerms
from recoup.paper.abroad import Asking
from recoup.stores.vault import Purpose

REQUEST: Final = "request_abroad"
"""The field under which reading is journalled: number and name of the account, and the payment's numbers."""

_ABROAD: Final = "abroad"


def row_of(task: Task, statements: Iterable[Statement]) -> FactRow | None:
    """Return the row by which a task's money left; None where no single one can be told."""
    leaving = [
        row
        for statement in statements
        for row in statement.rows
        if row.payer in {task.account, ""}
        and statement.account in {row.payer, row.payee}
        and row.currency == task.currency
        and row.amount >= task.amount
    ]
    wanted = task.serial.rstrip("'")  # what the trail adds where two rows have one id
    own = [row for row in leaving if wanted and row.id == wanted]
    if not own:
        own = [
            row
            for row in leaving
            if row.payer == task.account
            and (row.at, row.kind) == (task.left_at, _ABROAD)
            and not wanted
        ]
    return own[0] if own and _is_one(own) else None


def _is_one(rows: Sequence[FactRow]) -> bool:
    """Whether rows show one payment: both sides' statements give it the same id and amount."""
    return len({(row.id, row.amount) for row in rows}) == 1 and (len(rows) == 1 or bool(rows[0].id))


def asking_abroad(
    directory: Directory, case: Case, task: Task, notice: NoticeTerms | None, purpose: Purpose
) -> Asking:
    """Return all that is known of a payment abroad, for one whose reading of it was journalled."""
    try:
        row = row_of(task, directory.statements(case.id, case.facts, purpose))
    except VaultFault:  # erased
        row = None
    # A task with a serial was opened for the institution to which the payment went, else for the one from which it left.
    at_payer, at_payee = ("", task.institution) if task.serial else (task.institution, "")
    number = row.number if row else directory.read(task.serial, SERIAL, purpose) or ""
    try:
        payer = directory.entry(task.account, purpose)
    except VaultFault:
        payer = Entry("", "", "")
    return Asking(
        notice.authority if notice else "",
        notice.phone if notice else "",
        payer.number,
        payer.name,
        payer.institution or at_payer,
        at_payee,
        number,
        row.reference if row and row.reference != number else "",
        row.amount if row else 0,
    )


__all__ = ["REQUEST", "asking_abroad", "row_of"]
