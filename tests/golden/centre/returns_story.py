"""Makes the golden events of returns: `python tests/golden/centre/returns_story.py FILE`. Every event of the room happens.

Only what the room of returns wrote is kept, so that a new field of an order does not make a new file.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from returning_office import ANOTHER, MADE, Returning, award
from sim.office import START

from recoup.procedure import Capacity, Objection, Proof
from recoup.procedure.commands import (
    AgreeToPayee,
    BindPlan,
    CheckProof,
    EndRound,
    GivePaymentUp,
    OpenReturn,
    OpenRound,
    ProposePayee,
    PublishNotice,
    RecordAcceptance,
    RecordPaid,
    SendPlanBack,
    SettleIncident,
    SettleObjection,
    TakeApplication,
    TakeApplicationBack,
    TakeObjection,
)

Line = tuple[str, int, str]


def tell() -> Returning:
    """Return an office after the whole story."""
    work = Returning().holds()
    agent = replace(MADE, id="app-0", capacity=Capacity.AGENT, proof=Proof.AUTHORITY)
    work.by("ann", OpenReturn("r1", ("case-1",), "ann"))
    work.by("ann", TakeApplication("r1", replace(agent, proof_digest="委托书")))
    work.by("bo", CheckProof("r1", "app-0", "委托书", "bo"))
    work.by("bo", TakeApplicationBack("r1", "app-0", "bo", 'acts "in person" now'))
    work.by("ann", TakeApplication("r1", MADE))
    work.by("ann", BindPlan("r1", "in", "out", "cn-2016", (award(60, mode=3),), "ann"))
    work.by("chief", SendPlanBack("r1", "chief", "流水不全"))
    _public(work, 60)
    work.by("bo", TakeObjection("r1", Objection("x1", "person-8", "text-8", "bo", "")))
    work.by("mayor", SettleObjection("r1", "x1", False, "mayor", "no money of that person"))
    work.by("bo", TakeObjection("r1", Objection("x2", "person-9", "text-9", "bo", "")))
    work.by("mayor", SettleObjection("r1", "x2", True, "mayor", "a credit was left out"))
    _public(work, 50)
    work.clock.move(timedelta(days=32))
    work.fire()
    work.decided().notifies()
    assert work.bank(RecordAcceptance("r1", "r1-1.1.1"))
    work.clock.move(timedelta(days=9))
    work.fire()
    assert work.bank(RecordPaid("r1", "r1-1.1.1", "q1", 49, START, "参考号"))
    work.by("chief", SettleIncident("r1", "r1#1.1", "chief", "the bank kept a fee"))
    work.by("ann", ProposePayee("r1", "r1#1.1", ANOTHER, "ann"))
    work.by("chief", AgreeToPayee("r1", "r1#1.1", ANOTHER, "chief"))
    work.by("chief", GivePaymentUp("r1", "r1#1.2", "chief", "the victim wants no more"))
    work.by("ann", OpenRound("r1", 2, ("case-1",), "ann"))
    work.by("chief", EndRound("r1", True, "chief", "nobody applied"))
    return work


def _public(work: Returning, amount: int) -> None:
    work.approved(award(amount, mode=3))
    work.by("ann", PublishNotice("r1", "ann", work.digest))


def lines_of(work: Returning) -> list[Line]:
    """Return what the room wrote."""
    records = work.journal.records()
    return [(r.name, r.version, r.body.decode()) for r in records if r.name.startswith("return_")]


def main() -> None:
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines_of(tell()))
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
