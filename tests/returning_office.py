"""A centre with people at their units, one case with frozen money, and its return, driven without threads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agreeing import to_agree_to
from docket import claim, lies, report
from sim.office import START, Done, Office, Turned

from recoup.cases import Matter, Motion
from recoup.cases.commands import ApplyTrail, MakeMotion, SettleClaim, SettleMotion, TakeReport
from recoup.cases.state import ClaimTrigger, MotionTrigger
from recoup.centre import COMMAND_REGISTRY, answer_command
from recoup.centre.account_room import EnterAccount
from recoup.centre.commands import Outcome
from recoup.centre.requests import DOOR, INSTITUTION, MACHINE, Actor, Request, command_of
from recoup.orders import Answer, HoldKey, Order, OrderKind
from recoup.orders import Outcome as Told
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder
from recoup.procedure import Application, Capacity, ClaimKey, Payee, PayeeKind, Return
from recoup.procedure.commands import (
    ApprovePlan,
    BindPlan,
    DecideRound,
    NotifyBank,
    OpenReturn,
    TakeApplication,
    Wanted,
)
from recoup.staff import Grant, Level, Role, Unit
from recoup.staff.commands import AddPerson, AddUnit, Enrol, GrantRole, OpenSession, SetUp

CASE, OTHER, BANK = "case-1", "case-2", "bank-a"
PLACE = HoldKey(CASE, "a", "CNY")
STATION = "station-1"
ORIGINAL = Payee(PayeeKind.ORIGINAL, "card-c1", "person-1", "bank-home")
ANOTHER = Payee(PayeeKind.ANOTHER_OWN, "new-card", "person-1", "bank-new", "account closed")
MADE = Application("app-1", ClaimKey(CASE, "c1"), Capacity.VICTIM, "person-1", ORIGINAL, "ann")
PEOPLE = {
    "ann": (Role.OFFICER, STATION),
    "bo": (Role.OFFICER, STATION),
    "low": (Role.APPROVER, STATION),
    "chief": (Role.APPROVER, "city-1"),
    "mayor": (Role.APPROVER, "gd"),
    "far": (Role.APPROVER, "city-2"),
}


def award(amount: int = 60, mode: int = 1) -> Wanted:
    """What the one claim gets of the one account."""
    return Wanted(ClaimKey(CASE, "c1"), PLACE, mode, amount)


class Returning(Office):
    """One case of 100 with 60 frozen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sessions: dict[str, str] = {}
        self.logins = 0
        self.sent(DOOR, SetUp("root", Unit("gd", Level.PROVINCE), "c", "f"))
        for unit, level, above in (
            ("city-1", Level.CITY, "gd"),
            ("city-2", Level.CITY, "gd"),
            (STATION, Level.STATION, "city-1"),
        ):
            self.by("root", AddUnit(Unit(unit, level, above), "root"))
        for person, (role, unit) in PEOPLE.items():
            self.by("root", AddPerson(person, f"token {person}", "root"))
            self.sent(DOOR, Enrol(person, f"token {person}", "c", "f"))
            self.by("root", GrantRole(person, Grant(role, unit), "root"))
        paid_at = START - timedelta(hours=1)
        taken = TakeReport(report(at=START), claim("c1", "a", 100, paid_at=paid_at), STATION)
        self.sent(Actor("taker", MACHINE, "a call"), taken)
        self.by("bo", SettleClaim("c1", ClaimTrigger.ADMIT, "bo"))
        for account, bank in (("a", BANK), ("card-c1", "bank-home"), ("new-card", "bank-new")):
            self.by("ann", EnterAccount(account, bank, CASE))

    # --- people and banks ---

    def by(self, who: str, what: Any, command_id: str = "") -> Done:
        """Let a person in a session do something that is carried out."""
        outcome = self.tries(who, what, command_id)
        assert isinstance(outcome, Done), outcome
        return outcome

    def tries(self, who: str, what: Any, command_id: str = "") -> Outcome:
        """Let a person ask; after a new login where the session has ended."""
        outcome = self._in_session(who, what, command_id)
        if isinstance(outcome, Turned) and outcome.reason == "session_ended":
            self.logins += 1
            self.sessions[who] = f"session {self.logins}"
            self.sent(DOOR, OpenSession(who, self.sessions[who], "c", self.logins))
            outcome = self._in_session(who, what, command_id)
        return outcome

    def refused(self, who: str, what: Any) -> str:
        """Return why a person's request is turned down."""
        outcome = self.tries(who, what)
        assert isinstance(outcome, Turned), outcome
        return outcome.reason

    def bank(self, what: Any, bank: str = BANK) -> Outcome:
        """Let a bank say something."""
        return self._asked(Request(Actor(bank, INSTITUTION, "answers"), what))

    def sent(self, actor: Actor, what: Any) -> Done:
        outcome = self._asked(Request(actor, what, case=CASE))
        assert isinstance(outcome, Done), outcome
        return outcome

    def _in_session(self, who: str, what: Any, command_id: str) -> Outcome:
        session = self.sessions.get(who, "none")
        request = Request(Actor(who, "", "case file 1"), what, case=CASE, session=session)
        return self._asked(request, command_id)

    def _asked(self, request: Request, command_id: str = "") -> Outcome:
        self.count += 1
        return self.submit(command_of(COMMAND_REGISTRY, command_id or f"c{self.count}", request))

    # --- the usual way ---

    def holds(
        self,
        kind: OrderKind = OrderKind.FREEZE,
        held: int = 60,
        name: str = "o",
        asked: int | None = None,
    ) -> Returning:
        """Have the bank stop or freeze what lies there; more than was `asked` for where it blocks accounts only."""
        wanted = held if asked is None else asked
        order = Order(f"{name}-{kind}", kind, PLACE, BANK, wanted, "ann", "case filed")
        self.by("ann", DraftOrder(order))
        self.by("ann", SubmitOrder(order.id))
        if self.policy.orders.approvals[kind]:
            digest = to_agree_to(self.scribe.state, order.id)
            self.by("chief", ApproveOrder(order.id, "chief", digest))
        outcome = Told.FROZEN if kind is OrderKind.FREEZE else Told.HELD
        answer = Answer(f"{name}-a-{kind}", outcome, held, self.clock.now())
        assert isinstance(self.submit(answer_command(BANK, order.id, answer)), Done)
        return self

    def applied(self) -> Returning:
        self.by("ann", OpenReturn("r1", (CASE,), "ann"))
        self.by("ann", TakeApplication("r1", MADE))
        return self

    def approved(self, *awards: Wanted) -> Returning:
        self.by("ann", BindPlan("r1", "in", "out", "cn-2016", awards or (award(),), "ann"))
        self.by("chief", ApprovePlan("r1", "chief", self.digest))
        return self

    def decided(self) -> Returning:
        self.by("chief", DecideRound("r1", "chief", self.digest))
        return self

    def notifies(self) -> Done:
        ids = (self.found.payments[-1].id,)
        return self.by("ann", NotifyBank("r1", ids, ("ann", "bo"), "ann"))

    def joined_with_other(self) -> Returning:
        """Report a second case whose claim went to the same account, and join it with the first."""
        told = claim("d1", "a", 50, report="r2", paid_at=START)
        self._of_case(OTHER, "taker", TakeReport(report("r2", START), told, STATION))
        self._of_case(OTHER, "admitter", SettleClaim("d1", ClaimTrigger.ADMIT, "admitter"))
        for name, number, amount in ((CASE, "c1", 100), (OTHER, "d1", 50)):
            version = self.scribe.state.case(name).facts_version
            self._of_case(name, "tracer", ApplyTrail(version, "d", (lies(number, "a", amount),)))
        self.by("ann", EnterAccount("card-d1", "bank-home", OTHER))
        motion = Motion("m1", Matter.JOINING, "ann", "a", other=OTHER, reason="their trails meet")
        self.by("ann", MakeMotion(motion))
        digest = self.scribe.state.case(CASE).motions[0].digest
        self.by("chief", SettleMotion("m1", MotionTrigger.AGREE, "chief", digest))
        return self

    def _of_case(self, case: str, who: str, what: Any) -> None:
        """Let a machine say something of a case."""
        outcome = self._asked(Request(Actor(who, MACHINE, "story"), what, case=case))
        assert isinstance(outcome, Done), outcome

    # --- what is looked at ---

    @property
    def found(self) -> Return:
        return self.scribe.state.returns["r1"]

    @property
    def digest(self) -> str:
        assert self.found.round.plan is not None
        return self.found.round.plan.digest

    def due(self) -> list[str]:
        """The deadlines of returns that stand, by the command they lead to."""
        far = self.clock.now() + timedelta(days=999)
        kinds = {"pass_return_notice", "pass_return_pay_limit"}
        return sorted(row.kind for row in self.journal.due(far, 1000) if row.kind in kinds)


__all__ = [
    "ANOTHER",
    "BANK",
    "CASE",
    "MADE",
    "ORIGINAL",
    "OTHER",
    "PEOPLE",
    "PLACE",
    "Returning",
    "award",
]
