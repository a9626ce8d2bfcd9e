"""Who is asked when a clock of a case ran out: the duty officer of its unit, or of the first unit above where one is on duty.

The roster comes before those who hold the role for good. A unit without anybody is passed over; where nobody is on duty up to
the root, the unit itself is asked, and the record says that nobody was there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from recoup.cases import Clock
from recoup.clock import instant_text
from recoup.journal.canonical import encode_plain
from recoup.staff import Directory, Role


def duty_officer(staff: Directory, unit: str, at: datetime) -> str:
    """Return who is on duty at a unit; '' for nobody."""
    for timed in staff.timed:
        is_duty = timed.grant.role is Role.DUTY_OFFICER and timed.grant.unit == unit
        if is_duty and timed.holds(at) and not staff.persons[timed.person].is_suspended:
            return timed.person
    for person in sorted(staff.persons):
        for grant in staff.grants_of(person, at):
            if grant.role is Role.DUTY_OFFICER and grant.unit == unit:
                return person
    return ""


def asked_at(staff: Directory, unit: str, at: datetime) -> tuple[str, str]:
    """Return the unit that is asked and its duty officer: this unit, or the nearest above where somebody is on duty."""
    for one in staff.above(unit):
        person = duty_officer(staff, one, at)
        if person:
            return one, person
    return unit, ""


def asked_above(staff: Directory, unit: str, at: datetime) -> tuple[str, str]:
    """Return who is asked after a unit that gave no outcome; '' where nothing is above."""
    known = staff.units.get(unit)
    if known is None or not known.parent:
        return "", ""
    return asked_at(staff, known.parent, at)


def still_due(rows: Iterable[tuple[str, Clock]], now: datetime) -> tuple[tuple[str, Clock], ...]:
    """Return the list of a shift without standing authorities that have ended: no event says so, and nobody is asked."""
    return tuple(row for row in rows if row[1].kind != "mandate" or now < row[1].due_at)


def shift_digest(unit: str, rows: Iterable[tuple[str, Clock]]) -> str:
    """Return the digest of what is open in a unit: what one shift gives and the next one takes."""
    open_ = [
        {"about": row.about, "case": case, "due_at": instant_text(row.due_at), "kind": row.kind}
        for case, row in rows
    ]
    return sha256(encode_plain({"open": open_, "unit": unit})).hexdigest()


__all__ = ["asked_above", "asked_at", "duty_officer", "shift_digest", "still_due"]
