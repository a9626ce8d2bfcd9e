"""Makes golden rows of events and commands that no story has: `python tests/golden/centre/kinds_story.py FOLDER`.

Older versions are today's rows without what those did not have yet. A row that is there is never made anew: a new version of an
event gets a further row.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from docket import claim, report

from recoup.care.escalating import AppealEscalationMoved, AppealEscalationRaised
from recoup.care.escalation import Escalation, EscalationState
from recoup.cases.commands import TakeReport
from recoup.cases.decided import Clock, Notice
from recoup.cases.events import ClockSet, EscalationMoved, EscalationRaised, NoticeFellDue
from recoup.cases.foreign import Foreign, ForeignNoted
from recoup.centre.import_commands import EnterForeign, ForeignHold
from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.terms import EnterReport
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.events import HoldTakenOver
from recoup.staff.events import ActingEnded, DutyEnded, ShiftHandedOver, ShiftTakenOver

Line = tuple[str, int, str]
AT = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)
DIGEST = "5e" * 32


def events() -> list[object]:
    """Return one of each kind; of what has two shapes, both."""
    order = Order(
        "o1", OrderKind.STOP, HoldKey("案件-1", "a", "CNY"), "bank-1", 100, "ann", "taken over"
    )
    asked = Escalation("e1", "hardship", "m1", "ft-1", "dd", AT, AT + timedelta(minutes=30))
    of_appeal = Escalation("e2", "decision_appeal", "appeal-1", "ft-1", "", AT, AT)
    ended = ("dd", "ft-1", AT - timedelta(hours=1), "lead", 'ill, "at home" 病假', AT)
    return [
        ForeignNoted(Foreign("旧-1", "R/1", "", "register"), "case-1", "report-1"),
        HoldTakenOver(order, AT - timedelta(hours=3), AT + timedelta(hours=45), AT, 1),
        ClockSet(Clock("hardship", "m1", AT)),
        NoticeFellDue(Notice("a", "CNY", 2, 100, AT, first_due_at=AT - timedelta(days=9))),
        DutyEnded(*ended),
        ActingEnded(*ended),
        ShiftHandedOver("ft-1", "ann", "bo", DIGEST, AT),
        ShiftTakenOver("ft-1", "ann", "bo", DIGEST),
        EscalationRaised(asked),
        EscalationMoved("e1", EscalationState.SETTLED, "dd", AT, "rang the bank 已联系"),
        AppealEscalationRaised(of_appeal),
        AppealEscalationMoved("e2", EscalationState.PASSED_UP, "", AT, "no outcome in time"),
    ]


def commands() -> list[EnterForeign]:
    """Return a row of each kind that is taken over."""
    enter = EnterReport(TakeReport(report(), claim("c1", "a", 100), "ft-1"), ())
    hold = ForeignHold("o1", OrderKind.STOP, 100, AT, AT + timedelta(hours=48), 1)
    return [
        EnterForeign(enter, Foreign("old", "R1", "K1", "reports")),
        EnterForeign(enter, Foreign("old", "H1", "K1", "register"), hold),
    ]


LACKED: dict[tuple[str, int], tuple[tuple[str, ...], ...]] = {
    ("foreign_noted", 1): (("foreign", "kind"),),
    ("hold_taken_over", 1): (("order", "payout"), ("stops_before",)),
    ("hold_taken_over", 2): (("stops_before",),),
    ("notice_fell_due", 1): (("notice", "first_due_at"),),
    ("shift_handed_over", 1): (("at",),),
    ("enter_foreign", 1): (("hold", "stops_before"), ("foreign", "kind")),
    ("enter_foreign", 2): (("foreign", "kind"),),
}
"""What was not in an older version."""


def _without(fields: Any, path: tuple[str, ...]) -> None:
    *above, last = path
    for name in above:
        fields = fields[name]
    if fields is not None:
        del fields[last]


def lines_of(registry: Any, made: list[Any]) -> list[Line]:
    """Return the rows of what was made in every version."""
    found = []
    for value in made:
        name, newest = registry.name_of(value)
        for version in range(1, newest + 1):
            fields = json.loads(registry.encode(value))
            for path in LACKED.get((name, version), ()):
                _without(fields, path)
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            found.append((name, version, text))
    return found


def main() -> None:
    for name, lines in (
        ("kinds-1.ndjson", lines_of(EVENT_REGISTRY, events())),
        ("commands-1.ndjson", lines_of(COMMAND_REGISTRY, commands())),
    ):
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (Path(sys.argv[1]) / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
