"""Makes the golden events of care: `python tests/golden/centre/care_story.py FILE`. Every event of the room happens."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cared import lead, measure, protective
from sim.office import Done, Office

from recoup.care import MeasureKind, RiskGrade, Step
from recoup.care.dissuading import DissuasionOutcome, NoteContact, SettleDissuasion, TakeLead
from recoup.care.measuring import (
    AgreeToMeasure,
    AppealMeasure,
    ConfirmMeasure,
    LiftMeasure,
    ProposeMeasure,
    ProveHolder,
    SettleMeasureAppeal,
    TellHolder,
    WithdrawMeasure,
)

Line = tuple[str, int, str]
PREFIXES = ("measure_", "lead_", "dissuasion_")


def tell() -> Office:
    """Return an office after the whole story."""
    office = Office()

    def must(who: str, what: Any) -> None:
        found = office.ask(who, what)
        assert isinstance(found, Done), found

    def agreed(measure_id: str) -> None:
        digest = office.scribe.state.cared.measures[measure_id].digest
        must("bo", AgreeToMeasure(measure_id, "bo", digest))

    must("ann", ProposeMeasure(measure(reason="分散转入, 集中转出")))
    must("bank", ConfirmMeasure("m1", "bank", 81250, "CNY"))
    must("ann", TellHolder("m1", "ann"))
    must("cy", AppealMeasure("m1", "text-1", "cy"))
    office.clock.move(timedelta(days=1))
    office.fire()
    must("cy", SettleMeasureAppeal("m1", False, "cy", 'the papers "do not fit"'))
    must("bank", ProveHolder("m1", "bank", "护照"))
    must("ann", ProposeMeasure(measure(id="m2", kind=MeasureKind.COUNTER_ONLY)))
    agreed("m2")
    must("cy", AppealMeasure("m2", "text-2", "cy"))
    must("cy", SettleMeasureAppeal("m2", True, "cy", "another person of that name"))
    must("ann", ProposeMeasure(measure(id="m3", kind=MeasureKind.LOWER_LIMITS, limit=200_000)))
    must("cy", LiftMeasure("m3", "cy", "no ground any more"))
    must("ann", ProposeMeasure(measure(id="m4", kind=MeasureKind.CREDIT_ONLY)))
    must("ann", WithdrawMeasure("m4", "ann", "a slip"))
    given = office.clock.now()
    late = {"seen_at": given, "expires_at": given + timedelta(days=2)}
    must("bank-1", TakeLead(lead(grade=RiskGrade.LOW, **late), "d1"))
    must("ann", NoteContact("d1", Step.MESSAGE, True, "ann"))
    must("bank-1", TakeLead(lead(id="l2", foreign="W-2", reason="屏幕共享", **late), "d9"))
    must("ann", ProposeMeasure(protective(id="m5")))
    agreed("m5")
    office.clock.move(timedelta(seconds=900))
    office.fire()
    must("ann", NoteContact("d1", Step.VISIT, True, "ann"))
    outcome = DissuasionOutcome.DISSUADED
    must("ann", SettleDissuasion("d1", outcome, 5_000_000, "CNY", "ann", "挂断了电话"))
    must("bank-1", TakeLead(lead(id="l3", foreign="W-3", key="b", accounts=(), **late), "d2"))
    office.clock.move(timedelta(days=2))
    for _ in range(4):
        office.fire()
    return office


def lines_of(office: Office) -> list[Line]:
    """Return what the room wrote."""
    records = office.journal.records()
    return [(r.name, r.version, r.body.decode()) for r in records if r.name.startswith(PREFIXES)]


def main() -> None:
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines_of(tell()))
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
