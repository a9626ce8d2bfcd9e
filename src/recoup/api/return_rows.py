"""Commands of a return as endpoints: one row each. A row says the path, the body, and how both become the room's command.

Awards are typed by nobody: the plan has an endpoint of its own (`returns`). What names somebody goes to the vault; the command
has an opaque id that follows from the caller's key, so that a repeat names the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from recoup.api import return_bodies as bodies
from recoup.api.amounts import minor_of
from recoup.api.bodies import CASE_PATTERN, Body, ReasonBody
from recoup.api.callers import Caller, Calling, Key, carry_out
from recoup.api.decision_bodies import DigestBody
from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError
from recoup.api.return_bodies import ReturnAnswered
from recoup.api.return_views import payment_name
from recoup.api.rows import COMMAND_PROBLEMS
from recoup.orders import HoldKey
from recoup.procedure import (
    Application,
    Capacity,
    ClaimKey,
    Objection,
    Payee,
    PayeeKind,
    Payment,
    PriorRight,
    Reason,
    Return,
    Seized,
)
from recoup.procedure import commands as asked
from recoup.staff import Why

_NAME: Final = "name"
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row's command is made from."""

    port: CentrePort
    id: str
    """The return's."""
    thing: str
    """The other id in the path; '' where there is none."""
    body: Any
    by: str
    mark: str
    """Follows from caller and key: ids of what the command makes end in it."""

    @property
    def found(self) -> Return:
        """The return; an empty one where there is none: the room says so, to whoever may hear it."""
        return self.port.view().returns.get(self.id) or Return(self.id)

    @property
    def cases(self) -> tuple[str, ...]:
        """Its cases."""
        return self.found.cases

    @property
    def payment(self) -> Payment | None:
        """The payment of the path."""
        return next((x for x in self.found.payments if payment_name(x.id) == self.thing), None)

    @property
    def payment_id(self) -> str:
        """Its own id."""
        return self.own_id(self.thing)

    def own_id(self, name: str) -> str:
        """Return a payment's own id; what is none's stays as it is, and the room says so."""
        return next((x.id for x in self.found.payments if payment_name(x.id) == name), name)

    def victim(self, key: ClaimKey) -> str:
        """Return the opaque id of a claim's victim."""
        claim = self.port.view().case(key.case).claim(key.claim)
        return "" if claim is None else claim.victim

    def payee(self, body: Any, key: ClaimKey, applicant: str) -> Payee:  # noqa: ANN401 - two bodies have these fields
        """Return the account that is to be paid, where the registers say that it lies."""
        claim = self.port.view().case(key.case).claim(key.claim)
        payer = "" if claim is None else claim.payer
        account = body.account or payer
        name = applicant if body.kind is PayeeKind.APPLICANTS else self.victim(key)
        institution = self.port.view().accounts.get(account, "")
        return Payee(body.kind, account, name, institution, body.reason or "")


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One command."""

    path: str
    """Below the return; with a name in braces where the command is about one thing of it."""
    what: str
    body: type[Body]
    make: Callable[[Asked], object]
    made: str = ""
    """The kind of thing that it makes."""
    kept: tuple[str, ...] = field(default=())
    """Fields of the body that go to the vault."""


def _apply(x: Asked) -> object:
    body: bodies.ApplicationBody = x.body
    key = ClaimKey(body.case, body.claim)
    is_victim = body.capacity is Capacity.VICTIM
    if not is_victim and body.name is None:
        raise ProblemError(Reason.PROOF_MISSING, "who acts for a victim is named")
    applicant = x.victim(key) if is_victim else _kept_id(_NAME, x.mark)
    application = Application(
        _kept_id("application", x.mark),
        key,
        body.capacity,
        applicant,
        x.payee(body.payee, key, applicant),
        x.by,
        body.proof,
        body.proof_digest or "",
    )
    return asked.TakeApplication(x.id, application)


def _object(x: Asked) -> object:
    by, about = _kept_id(_NAME, x.mark), _kept_id(_TEXT, x.mark)
    return asked.TakeObjection(x.id, Objection(_kept_id("objection", x.mark), by, about, x.by, ""))


def _settled(*, is_upheld: bool) -> Callable[[Asked], object]:
    return lambda x: asked.SettleObjection(x.id, x.thing, is_upheld, x.by, x.body.reason)


def _ended(*, is_refused: bool) -> Callable[[Asked], object]:
    return lambda x: asked.EndRound(x.id, is_refused, x.by, x.body.reason)


def _notify(x: Asked) -> object:
    body: bodies.NotifyBody = x.body
    payments = tuple(x.own_id(name) for name in body.payments)
    return asked.NotifyBank(x.id, payments, tuple(body.officers), x.by)


def _seized(x: Asked) -> object:
    body: bodies.SeizedBody = x.body
    amount, interest = (minor_of(text, body.currency) for text in (body.amount, body.interest))
    kept = (body.case, body.kind, body.currency, amount, body.paper_digest, x.by, interest)
    return asked.NoteSeized(x.id, Seized(_kept_id("seized", x.mark), *kept))


def _prior_right(x: Asked) -> object:
    body: bodies.PriorRightBody = x.body
    place, holder = HoldKey(body.case, body.account, body.currency), _kept_id(_NAME, x.mark)
    amount = minor_of(body.amount, body.currency)
    right = PriorRight(
        _kept_id("right", x.mark), place, body.kind, amount, holder, body.paper_digest, x.by
    )
    return asked.NotePriorRight(x.id, right)


def _interest(x: Asked) -> object:
    body: bodies.InterestBody = x.body
    place = HoldKey(body.case, body.account, body.currency)
    return asked.NoteInterest(x.id, place, minor_of(body.amount, body.currency), x.by)


def _handed(command: type) -> Callable[[Asked], object]:
    """Return how money is handed over, or its receipt confirmed: both type the receipt's number, the record has its digest."""

    def make(x: Asked) -> object:
        number = x.port.digest("receipt", x.body.receipt.encode()).hex()[:32]
        return command(x.id, x.payment_id, number, x.by)

    return make


def _other_payee(command: type) -> Callable[[Asked], object]:
    """Return how another account is proposed, or agreed to: both name it in full."""

    def make(x: Asked) -> object:
        payment = x.payment
        key = payment.key if payment else ClaimKey("", "")
        application = x.found.rounds[payment.round - 1].application_of(key) if payment else None
        applicant = application.applicant if application else ""
        return command(x.id, x.payment_id, x.payee(x.body, key, applicant), x.by)

    return make


RETURN_ROWS: Final = (
    ReturnRow(
        "/rounds",
        "Begin again with what is left: a new victim came, or a case was joined.",
        bodies.RoundBody,
        lambda x: asked.OpenRound(x.id, int(x.body.number), (*x.cases, *x.body.others), x.by),
    ),
    ReturnRow(
        "/applications",
        "Take in that somebody asks for the money of a claim.",
        bodies.ApplicationBody,
        _apply,
        made="application",
        kept=(_NAME,),
    ),
    ReturnRow(
        "/applications/{application}/check",
        "Say, as another person, that the paper was looked at and shows what it must.",
        bodies.ProofBody,
        lambda x: asked.CheckProof(x.id, x.thing, x.body.proof_digest, x.by),
    ),
    ReturnRow(
        "/applications/{application}/take-back",
        "Note that the applicant gives it up, or applies otherwise.",
        ReasonBody,
        lambda x: asked.TakeApplicationBack(x.id, x.thing, x.by, x.body.reason),
    ),
    ReturnRow(
        "/plan/approve",
        "Agree to the plan whose digest was seen.",
        DigestBody,
        lambda x: asked.ApprovePlan(x.id, x.by, x.body.digest),
    ),
    ReturnRow(
        "/plan/send-back",
        "Do not agree: another plan is needed.",
        ReasonBody,
        lambda x: asked.SendPlanBack(x.id, x.by, x.body.reason),
    ),
    ReturnRow(
        "/plan/publish",
        "Make the plan public; what is shared pro rata must be, before it is decided.",
        DigestBody,
        lambda x: asked.PublishNotice(x.id, x.by, x.body.digest),
    ),
    ReturnRow(
        "/objections",
        "Take in what somebody has against the published plan.",
        bodies.ObjectionBody,
        _object,
        made="objection",
        kept=(_NAME, _TEXT),
    ),
    ReturnRow(
        "/objections/{objection}/uphold",
        "Say that an objection is right: the plan falls.",
        ReasonBody,
        _settled(is_upheld=True),
    ),
    ReturnRow(
        "/objections/{objection}/dismiss",
        "Say that the plan stays as it is.",
        ReasonBody,
        _settled(is_upheld=False),
    ),
    ReturnRow(
        "/decide",
        "Decide who gets what, as it was approved.",
        DigestBody,
        lambda x: asked.DecideRound(x.id, x.by, x.body.digest),
    ),
    ReturnRow(
        "/refuse",
        "Refuse the applications of the round.",
        ReasonBody,
        _ended(is_refused=True),
    ),
    ReturnRow(
        "/withdraw",
        "Take the round back before anything is decided.",
        ReasonBody,
        _ended(is_refused=False),
    ),
    ReturnRow(
        "/notices",
        "Give banks notice of payments: the orders to pay back are drafted with it and wait for approval.",
        bodies.NotifyBody,
        _notify,
    ),
    ReturnRow(
        "/payments/{payment}/payee",
        "Propose another account for what could not be paid.",
        bodies.OtherPayeeBody,
        _other_payee(asked.ProposePayee),
    ),
    ReturnRow(
        "/payments/{payment}/payee/agree",
        "Agree, as another person, to the account that was proposed.",
        bodies.OtherPayeeBody,
        _other_payee(asked.AgreeToPayee),
    ),
    ReturnRow(
        "/payments/{payment}/give-up",
        "Give a payment up that nobody claims: the money stays frozen for its term.",
        ReasonBody,
        lambda x: asked.GivePaymentUp(x.id, x.payment_id, x.by, x.body.reason),
    ),
    ReturnRow(
        "/payments/{payment}/settle",
        "Say what came of a receipt that differs.",
        ReasonBody,
        lambda x: asked.SettleIncident(x.id, x.payment_id, x.by, x.body.reason),
    ),
    ReturnRow(
        "/seized",
        "Note money of a case in the office's own custody; it is shared once another person has seen it.",
        bodies.SeizedBody,
        _seized,
        made="seized",
    ),
    ReturnRow(
        "/seized/{seized}/agree",
        "Say, as another person, that it is there as it was noted.",
        DigestBody,
        lambda x: asked.AgreeToSeized(x.id, x.thing, x.body.digest, x.by),
    ),
    ReturnRow(
        "/seized/{seized}/end",
        "Say that it is not there any more, and where it went.",
        ReasonBody,
        lambda x: asked.EndSeized(x.id, x.thing, x.by, x.body.reason),
    ),
    ReturnRow(
        "/prior-rights",
        "Note that others have a right before the claims: so much less is shared, from now on.",
        bodies.PriorRightBody,
        _prior_right,
        made="right",
        kept=(_NAME,),
    ),
    ReturnRow(
        "/prior-rights/{right}/end",
        "Say, as another person, that it stands no more.",
        ReasonBody,
        lambda x: asked.EndPriorRight(x.id, x.thing, x.by, x.body.reason),
    ),
    ReturnRow(
        "/interest",
        "Note what a frozen account has accrued in all: it is shown and kept apart.",
        bodies.InterestBody,
        _interest,
    ),
    ReturnRow(
        "/payments/{payment}/hand-over",
        "Hand seized money over to its payee, against a receipt.",
        bodies.HandoverBody,
        _handed(asked.HandOver),
        made="receipt",
        kept=("receipt",),
    ),
    ReturnRow(
        "/payments/{payment}/hand-over/confirm",
        "Say, as another person, that the receipt is there: the claim misses so much less.",
        bodies.HandoverBody,
        _handed(asked.ConfirmHandover),
    ),
    ReturnRow(
        "/payments/{payment}/hand-over/take-back",
        "Say that the money was not handed over after all.",
        ReasonBody,
        lambda x: asked.TakeHandoverBack(x.id, x.payment_id, x.by, x.body.reason),
    ),
)


def mount_returns(router: APIRouter) -> None:
    """Add an endpoint for each row."""
    for row in RETURN_ROWS:
        router.add_api_route(
            "/returns/{return_id}" + row.path,
            _endpoint(row),
            methods=["POST"],
            response_model=ReturnAnswered,
            responses=COMMAND_PROBLEMS,
            summary=row.what,
            name=re.sub(r"\W+", "_", "returns" + row.path).strip("_"),
        )


def _endpoint(row: ReturnRow) -> Callable[..., Any]:
    """Return the endpoint; what FastAPI reads the form of path and body from is set by hand."""

    async def about_one(
        found: str, thing: str, body: Body, key: Key, caller: Calling, response: Response
    ) -> ReturnAnswered:
        return await carry_in_return(row, caller, key, (found, thing), body, response)

    async def about_return(
        found: str, body: Body, key: Key, caller: Calling, response: Response
    ) -> ReturnAnswered:
        return await carry_in_return(row, caller, key, (found, ""), body, response)

    name = re.search(r"\{(\w+)\}", row.path)
    made: Callable[..., Any] = about_return if name is None else about_one
    made.__annotations__["body"] = row.body
    made.__annotations__["found"] = Annotated[str, Path(alias="return_id", pattern=CASE_PATTERN)]
    if name is not None:
        path = Path(alias=name[1], pattern=CASE_PATTERN)
        made.__annotations__["thing"] = Annotated[str, path]
    return made


async def carry_in_return(
    row: ReturnRow, caller: Caller, key: str, about: tuple[str, str], body: Body, response: Response
) -> ReturnAnswered:
    """Carry out a row's command; what goes to the vault is kept once it took effect, and again with each repeat of it."""
    port, (return_id, thing) = caller.house.port, about
    mark = mark_of(port, caller.person, key)
    command = row.make(Asked(port, return_id, thing, body, caller.person, mark))
    content = {"return": return_id, "id": thing, **body.model_dump(mode="json")}
    lead = lead_of(port, return_id)
    why = Why(lead, getattr(body, "reason", None) or "")
    route = "/returns/{return_id}" + row.path
    answer = await carry_out(caller, key, route, content, command, response, why)
    for name in row.kept:
        words = getattr(body, name)
        if words:
            await port.keep_text(lead, _kept_id(name, mark), words)
    return answered(answer, _kept_id(row.made, mark) if row.made else None)


def mark_of(port: CentrePort, person: str, key: str) -> str:
    """Return what the ids of a command's things end in: the same for the same key."""
    return port.digest("return", f"{person}:{key}".encode()).hex()[:32]


def _kept_id(kind: str, mark: str) -> str:
    return f"{kind}_{mark}"


def lead_of(port: CentrePort, return_id: str) -> str:
    """Return the case whose unit leads a return; '' where there is none."""
    found = port.view().returns.get(return_id)
    return found.cases[0] if found else ""


def answered(answer: dict[str, Any], made: str | None = None) -> ReturnAnswered:
    """Return what a command of the room was told."""
    return ReturnAnswered(
        id=answer["return"],
        round=answer["round"],
        state=answer["state"],
        made=made,
        digest=answer["digest"] or None,
        orders=list(answer["orders"]),
    )


__all__ = ["RETURN_ROWS", "Asked", "ReturnRow", "answered", "lead_of", "mark_of", "mount_returns"]
