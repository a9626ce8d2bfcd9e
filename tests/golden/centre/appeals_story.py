"""Makes the golden events of appeals against a watch: `python tests/golden/centre/appeals_story.py FILE`."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cared import TERMS, objected
from sim.office import Done, Office

from recoup.care import DecisionGround, DecisionKind
from recoup.care.appealing import FileDecisionAppeal, SettleDecisionAppeal

Line = tuple[str, int, str]
PREFIX = "decision_appeal_"


def tell() -> Office:
    """Return an office after the whole story."""
    office = Office()

    def must(who: str, what: Any) -> None:
        found = office.ask(who, what)
        assert isinstance(found, Done), found

    for number, kind in enumerate(DecisionKind, 1):
        waits = kind in {DecisionKind.DELAY, DecisionKind.HOLD}
        made = objected(
            id=f"appeal-{number}",
            decision=f"row-{number}",
            text=f"text-{number}",
            kind=kind,
            ground=DecisionGround.MODEL if waits else DecisionGround.RULE,
            codes=("own-large", "1001")[: number - 1],
            waits_until=objected().waits_until if waits else None,
            filed_by="cy",
        )
        must("cy", FileDecisionAppeal(made))
    must("bo", SettleDecisionAppeal("appeal-1", False, "bo", "提示属实"))
    must("bo", SettleDecisionAppeal("appeal-2", True, "bo", 'the school "confirms" it'))
    office.clock.move(timedelta(seconds=TERMS.appeal_seconds))
    office.fire()
    must("dd", SettleDecisionAppeal("appeal-3", True, "dd", "late, and right"))
    return office


def lines_of(office: Office) -> list[Line]:
    """Return what was written of appeals."""
    records = office.journal.records()
    return [(r.name, r.version, r.body.decode()) for r in records if r.name.startswith(PREFIX)]


def main() -> None:
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines_of(tell()))
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
