"""Decisions on a case as endpoints: one row each. A row says the path, the body, and how both become the room's command.

What takes two persons is two rows: one proposes in a session, the other agrees in another, to the digest of what stands there.
What somebody else than an official wrote goes to the vault; the command has its opaque id only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from recoup.api import decision_bodies as bodies
from recoup.api.amounts import minor_of
from recoup.api.bodies import CASE_PATTERN, Body, ReasonBody, instant_of_text
from recoup.api.callers import Caller, Calling, Key, carry_out
from recoup.api.decision_bodies import CaseAnswered
from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError
from recoup.api.rows import COMMAND_PROBLEMS
from recoup.cases import Finding, FindingKind, Harm, Mandate, Matter, Motion
from recoup.cases import commands as asked
from recoup.cases.state import AppealTrigger, ClaimTrigger, FindingTrigger, MotionTrigger
from recoup.orders import Order, Reason
from recoup.staff import Action, Why


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row's command is made from."""

    port: CentrePort
    case: str
    thing: str
    """The id in the path; '' where there is none."""
    body: Any
    by: str
    text: str
    """The id of what somebody wrote; '' where nothing is kept."""

    def minor(self, amount: str) -> int:
        """Return an amount of the body's currency in minor units."""
        return minor_of(amount, self.body.currency)

    def written(self) -> Order:
        """Return the order of the path as it was written down."""
        found = self.port.view().written_order(self.case, self.thing)
        if found is None:
            raise ProblemError(Reason.ORDER_UNKNOWN)
        return found


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One command."""

    path: str
    """Below the case; with a name in braces where the command is about one thing of it."""
    what: str
    body: type[Body]
    make: Callable[[Asked], object]
    text: str = ""
    """The field of the body that goes to the vault."""
    looking: Action | None = None
    """The right that is asked before the order of the path is looked for."""


def _claim(trigger: ClaimTrigger) -> Callable[[Asked], object]:
    return lambda x: asked.SettleClaim(x.thing, trigger, x.by)


def _finding(trigger: FindingTrigger) -> Callable[[Asked], object]:
    return lambda x: asked.SettleFinding(x.thing, trigger, x.by, x.body.digest)


def _motion_settled(trigger: MotionTrigger) -> Callable[[Asked], object]:
    return lambda x: asked.SettleMotion(x.thing, trigger, x.by, getattr(x.body, "digest", ""))


def _appeal(trigger: AppealTrigger) -> Callable[[Asked], object]:
    return lambda x: asked.SettleAppeal(x.thing, trigger, x.by, reason=x.body.reason)


def _upheld(x: Asked) -> object:
    keep = x.minor(x.body.keep)
    return asked.SettleAppeal(x.thing, AppealTrigger.UPHOLD, x.by, keep, x.body.reason)


def _repaid(x: Asked) -> object:
    claim = x.port.view().case(x.case).claim(x.thing)
    if claim is not None and claim.currency != x.body.currency:
        raise ProblemError("currency_differs")
    returned, compensated = x.minor(x.body.returned), x.minor(x.body.compensated)
    return asked.NoteRepaid(x.port.new_id("repaid"), x.thing, returned, compensated)


def _harm(x: Asked) -> object:
    days = tuple(sorted(date.fromisoformat(day) for day in x.body.salary_on))
    own = x.minor(x.body.own_money)
    return asked.NoteHarm(Harm(x.body.account, x.body.currency, own, days, int(x.body.merchants)))


def _write(x: Asked) -> object:
    body: bodies.WriteBody = x.body
    return asked.WriteOrder(
        x.port.new_id("order"),
        body.kind,
        body.account,
        body.currency,
        x.by,
        body.reason,
        body.account_kind,
        body.mandate or "",
    )


def _mandate(x: Asked) -> object:
    body: bodies.MandateBody = x.body
    mandate = Mandate(
        x.port.new_id("mandate"),
        int(body.hops_max),
        x.minor(body.amount_max),
        body.currency,
        instant_of_text(body.until),
        x.by,
    )
    return asked.ProposeMandate(mandate)


def _found(x: Asked) -> object:
    kind = FindingKind(x.body.kind)
    made = Finding(x.port.new_id("finding"), kind, x.body.subject, x.by, x.body.reason)
    return asked.ProposeFinding(made)


def _motion(x: Asked, matter: Matter, **more: Any) -> object:  # noqa: ANN401 - the fields of a motion
    made = Motion(x.port.new_id("motion"), matter, x.by, x.body.account, **more)
    return asked.MakeMotion(made)


def _surplus(x: Asked) -> object:
    keep = x.minor(x.body.keep)
    return _motion(x, Matter.SURPLUS, currency=x.body.currency, amount=keep, reason=x.body.reason)


def _hardship(x: Asked) -> object:
    amount, reason = x.minor(x.body.amount), x.body.reason
    return _motion(x, Matter.HARDSHIP, currency=x.body.currency, amount=amount, reason=reason)


def _cap(x: Asked) -> object:
    amount, reason = x.minor(x.body.amount), x.body.reason
    return _motion(x, Matter.CAP, currency=x.body.currency, amount=amount, reason=reason)


def _swap(x: Asked) -> object:
    body: bodies.SwapBody = x.body
    return _motion(
        x,
        Matter.SWAP,
        currency=body.currency,
        amount=x.minor(body.amount),
        offered=body.offered,
        institution=x.port.view().accounts.get(body.offered, ""),
        reason=body.reason,
    )


def _deferral(x: Asked) -> object:
    until, reason = instant_of_text(x.body.until), x.body.reason
    return _motion(x, Matter.DEFERRAL, currency=x.body.currency, until=until, reason=reason)


def _joining(x: Asked) -> object:
    return _motion(x, Matter.JOINING, other=x.body.other, reason=x.body.reason)


def _opinion(x: Asked) -> object:
    view, account = x.port.view(), x.body.account
    institution = view.institution_told(x.case, account) or view.accounts.get(account, "")
    return asked.NoteOpinion(x.port.new_id("opinion"), account, institution, x.text)


def _appealed(x: Asked) -> object:
    grants = x.port.view().staff.grants_of(x.by, x.port.now())
    is_through_bank = any(grant.institution for grant in grants)
    body, appeal = x.body, x.port.new_id("appeal")
    return asked.FileAppeal(appeal, body.account, body.currency, is_through_bank, x.text)


def _notice(x: Asked) -> object:
    body: bodies.NoticeBody = x.body
    return asked.SendNotice(body.account, body.currency, body.documents, body.phone)


CASE_ROWS: Final = (
    CaseRow(
        "/claims/{claim}/admit",
        "Agree that a claim is admitted: it carries the victim's own money from then on.",
        bodies.WhyBody,
        _claim(ClaimTrigger.ADMIT),
    ),
    CaseRow(
        "/claims/{claim}/reject",
        "Say that a claim is not believed.",
        ReasonBody,
        _claim(ClaimTrigger.REJECT),
    ),
    CaseRow(
        "/claims/{claim}/withdraw",
        "Note that the victim takes a claim back.",
        ReasonBody,
        _claim(ClaimTrigger.WITHDRAW),
    ),
    CaseRow(
        "/claims/{claim}/repaid",
        "Note that the victim got money back, or was compensated.",
        bodies.RepaidBody,
        _repaid,
    ),
    CaseRow(
        "/harms",
        "Say what an order about an account would do to others.",
        bodies.HarmBody,
        _harm,
    ),
    CaseRow(
        "/account-kinds",
        "Say what an account is for: a protected one needs more people to agree.",
        bodies.AccountKindBody,
        lambda x: asked.NoteAccountKind(x.body.account, x.body.kind),
    ),
    CaseRow(
        "/orders",
        "Write an order of the plan down; nobody outside hears of it before it is taken up.",
        bodies.WriteBody,
        _write,
    ),
    CaseRow(
        "/orders/{order}/agree",
        "Agree to an order whose gain and harm were seen.",
        bodies.DigestBody,
        lambda x: asked.AgreeToOrder(x.written(), x.by, x.body.digest),
        looking=Action.ORDER_APPROVE,
    ),
    CaseRow(
        "/mandates",
        "Propose a standing authority.",
        bodies.MandateBody,
        _mandate,
    ),
    CaseRow(
        "/mandates/{mandate}/agree",
        "Agree to a standing authority as the second person.",
        bodies.DigestBody,
        lambda x: asked.AgreeToMandate(x.thing, x.by, x.body.digest),
    ),
    CaseRow(
        "/mandates/{mandate}/revoke",
        "End a standing authority.",
        ReasonBody,
        lambda x: asked.RevokeMandate(x.thing, x.by),
    ),
    CaseRow(
        "/findings",
        "Propose what the centre finds of a claim or an account.",
        bodies.FindingBody,
        _found,
    ),
    CaseRow(
        "/findings/{finding}/agree",
        "Agree to a finding as the second person: it takes effect.",
        bodies.DigestBody,
        _finding(FindingTrigger.AGREE),
    ),
    CaseRow(
        "/findings/{finding}/dismiss",
        "Dismiss a finding.",
        bodies.DigestBody,
        _finding(FindingTrigger.DISMISS),
    ),
    CaseRow(
        "/motions/surplus",
        "Propose how much of a hold stays that nothing has confirmed in time.",
        bodies.SurplusBody,
        _surplus,
    ),
    CaseRow(
        "/motions/hardship",
        "Propose to free a part of a hold so that people can live.",
        bodies.HardshipBody,
        _hardship,
    ),
    CaseRow(
        "/motions/cap",
        "Propose to let more be held again than an appeal or hardship left.",
        bodies.CapBody,
        _cap,
    ),
    CaseRow(
        "/motions/swap",
        "Propose to hold on another account that the holder offered.",
        bodies.SwapBody,
        _swap,
    ),
    CaseRow(
        "/motions/deferral",
        "Propose to tell a holder later.",
        bodies.DeferralBody,
        _deferral,
    ),
    CaseRow(
        "/motions/joining",
        "Propose to work this case together with one whose trail meets it.",
        bodies.JoiningBody,
        _joining,
    ),
    CaseRow(
        "/motions/{motion}/agree",
        "Agree to a motion as the second person: it takes effect, unless the case shows something else by now.",
        bodies.DigestBody,
        _motion_settled(MotionTrigger.AGREE),
    ),
    CaseRow(
        "/motions/{motion}/dismiss",
        "Dismiss a motion.",
        bodies.DigestBody,
        _motion_settled(MotionTrigger.DISMISS),
    ),
    CaseRow(
        "/motions/{motion}/withdraw",
        "Take a motion of one's own back.",
        bodies.WhyBody,
        _motion_settled(MotionTrigger.WITHDRAW),
    ),
    CaseRow(
        "/opinions",
        "Keep what an institution thinks of its account; it frees nothing.",
        bodies.OpinionBody,
        _opinion,
        text="text",
    ),
    CaseRow(
        "/appeals",
        "Take in a holder's objection; its clock begins.",
        bodies.AppealBody,
        _appealed,
        text="text",
    ),
    CaseRow(
        "/appeals/{appeal}/uphold",
        "Say that the holder is right: no more than so much stays held.",
        bodies.UpheldBody,
        _upheld,
    ),
    CaseRow(
        "/appeals/{appeal}/deny",
        "Say that the hold stays as it is.",
        ReasonBody,
        _appeal(AppealTrigger.DENY),
    ),
    CaseRow(
        "/appeals/{appeal}/withdraw",
        "Note that the holder takes the objection back.",
        ReasonBody,
        _appeal(AppealTrigger.WITHDRAW),
    ),
    CaseRow(
        "/notices",
        "Note that the holder was told of a hold.",
        bodies.NoticeBody,
        _notice,
    ),
    CaseRow(
        "/tasks/{task}/answers",
        "Keep what another country answered.",
        bodies.ForeignBody,
        lambda x: asked.RecordForeignAnswer(x.thing, x.text),
        text="text",
    ),
)


def mount_cases(router: APIRouter) -> None:
    """Add an endpoint for each row."""
    for row in CASE_ROWS:
        router.add_api_route(
            "/cases/{case}" + row.path,
            _endpoint(row),
            methods=["POST"],
            response_model=CaseAnswered,
            responses=COMMAND_PROBLEMS,
            summary=row.what,
            name=re.sub(r"\W+", "_", "cases" + row.path).strip("_"),
        )


def _endpoint(row: CaseRow) -> Callable[..., Any]:
    """Return the endpoint; what FastAPI reads the form of path and body from is set by hand."""

    async def about_one(
        case: str, thing: str, body: Body, key: Key, caller: Calling, response: Response
    ) -> CaseAnswered:
        return await carry_in_case(row, caller, key, (case, thing), body, response)

    async def about_case(
        case: str, body: Body, key: Key, caller: Calling, response: Response
    ) -> CaseAnswered:
        return await carry_in_case(row, caller, key, (case, ""), body, response)

    name = re.search(r"\{(\w+)\}", row.path)
    found: Callable[..., Any] = about_case if name is None else about_one
    found.__annotations__["body"] = row.body
    found.__annotations__["case"] = Annotated[str, Path(pattern=CASE_PATTERN)]
    if name is not None:
        path = Path(alias=name[1], pattern=CASE_PATTERN)
        found.__annotations__["thing"] = Annotated[str, path]
    return found


async def carry_in_case(
    row: CaseRow, caller: Caller, key: str, about: tuple[str, str], body: Body, response: Response
) -> CaseAnswered:
    """Carry out a row's command; what was written is kept once the command took effect, and again with each repeat of it.

    Another content under the same key is refused before anything is kept; a process that dies in between leaves an id without
    its text until the caller, who got no answer, asks again with the same key.
    """
    port, (case, thing) = caller.house.port, about
    if row.looking is not None:
        caller.may_look_for(row.looking)
    text = ""
    if row.text:
        text = "text_" + port.digest("text", f"{caller.person}:{key}".encode()).hex()[:32]
    command = row.make(Asked(port, case, thing, body, caller.person, text))
    content = {"case": case, "id": thing, **body.model_dump(mode="json")}
    reason = getattr(body, "reason", None) or ""
    route = "/cases/{case}" + row.path
    answer = await carry_out(caller, key, route, content, command, response, Why(case, reason))
    if row.text:
        await port.keep_text(case, text, getattr(body, row.text))
    return CaseAnswered(case=answer["case"], id=answer["id"])


__all__ = ["CASE_ROWS", "Asked", "CaseRow", "carry_in_case", "mount_cases"]
