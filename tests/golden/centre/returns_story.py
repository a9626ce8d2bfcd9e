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

from returning_office import ANOTHER, MADE, PLACE, Returning, award
from sim.office import START

from recoup.procedure import (
    Capacity,
    ClaimKey,
    Objection,
    PriorKind,
    PriorRight,
    Proof,
    Seized,
    SeizedKind,
    digest_of_seized,
)
from recoup.procedure.commands import (
    AgreeToPayee,
    AgreeToSeized,
    BindPlan,
    CheckProof,
    ConfirmHandover,
    EndPriorRight,
    EndRound,
    EndSeized,
    GivePaymentUp,
    HandOver,
    NoteInterest,
    NotePriorRight,
    NoteSeized,
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
    Wanted,
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
    _in_custody(work)
    return work


def _in_custody(work: Returning) -> None:
    """Cash is noted, seen, given, handed over; others have a right before; interest is noted; what is left of it ends."""
    cash = Seized("cash", "case-1", SeizedKind.CASH, "CNY", 40, "扣押清单", "ann", interest=2)
    right = PriorRight("p1", PLACE, PriorKind.SECURED, 1, "creditor", "质押合同", "ann")
    key = ClaimKey("case-1", "c1")
    work.by("ann", NoteSeized("r1", cash))
    work.by("bo", AgreeToSeized("r1", "cash", digest_of_seized(cash), "bo"))
    work.by("ann", NotePriorRight("r1", right))
    work.by("ann", NoteInterest("r1", PLACE, 7, "ann"))
    work.by("chief", EndPriorRight("r1", "p1", "chief", "paid"))
    work.by("ann", OpenRound("r1", 3, ("case-1",), "ann"))
    work.by("ann", TakeApplication("r1", replace(MADE, id="app-3")))
    work.approved(Wanted(key, cash.place, 1, 30)).decided()
    payment = work.found.payments[-1].id
    work.by("ann", HandOver("r1", payment, "q7", "ann"))
    work.by("bo", ConfirmHandover("r1", payment, "q7", "bo"))
    work.by("chief", EndSeized("r1", "cash", "chief", "to the owner"))


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
