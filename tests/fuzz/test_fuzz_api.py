"""The OpenAPI document against the running API, both ways: what it allows is answered as it says, what it forbids is refused.

No answer is a fault of the server, whatever is sent. The stream of events does not end by itself and has tests of its own.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import schemathesis
from agreeing import to_agree_to
from bureau import Bureau, disputed
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.case import Case

from recoup.api import set_up_logs
from recoup.api.callers import hash_of
from recoup.api.guard import Guard
from recoup.cases import Finding, FindingKind, Mandate, Matter, Motion
from recoup.cases import commands as asked
from recoup.cases.state import ClaimTrigger
from recoup.centre import COMMAND_REGISTRY
from recoup.centre.account_room import EnterAccount
from recoup.centre.commands import Done
from recoup.centre.requests import Actor, Request, command_of
from recoup.orders import HoldKey, Order, OrderKind, Outcome
from recoup.orders.commands import ApproveOrder, DraftOrder, SubmitOrder
from recoup.procedure import Application, Capacity, ClaimKey, Payee, PayeeKind
from recoup.procedure import commands as returning
from recoup.staff import Role

LEFT_OUT = {
    ("GET", "/events"),
    ("DELETE", "/sessions/current"),
    ("GET", "/institutions/{institution}/messages"),
    ("POST", "/institutions/{institution}/answers"),
}
"""Endless; the end of the session that the others need; signed messages, which nothing that is made up is: test_fuzz_signed
signs what it makes up."""
NOTHING_TO_GET_WRONG = {"/healthz", "/readyz"}
QUICK, SLOW = 1, 30
"""Calls for each endpoint, each person and each way."""


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path_factory.mktemp("bureau"))
    found.set_up()
    found.hire("lead", (Role.CASE_LEAD, "gd"), (Role.APPROVER, "gd"))
    found.hire("chief", (Role.APPROVER, "gd"))
    found.place("0", "gd", "lead")  # the case that the generator likes best
    found.draft("0", found.account("0", "lead"), "lead")
    furnish(found)
    yield found
    found.close()


def furnish(bureau: Bureau) -> None:
    """Let all that can be decided in a case wait in the generator's favourite, under its favourite id."""
    until = bureau.clock.now() + timedelta(hours=5)
    bureau.reported("0", "gd", disputed("0", "0", 10_001), disputed("1", "1", 10_001))
    bureau.told("0", asked.WriteOrder("stop", OrderKind.STOP, "0", "CNY", "taker", "r"))
    bureau.told("0", asked.TakeUp(bureau.case("0").written[0]))
    bureau.answered("stop", Outcome.HELD, 10_001)
    finding = Finding("0", FindingKind.INNOCENT_CONDUIT, "0", "taker", "r")
    motion = Motion("0", Matter.HARDSHIP, "taker", "0", "CNY", 1, reason="r")
    for what in (
        asked.ProposeMandate(Mandate("0", 3, 100, "CNY", until, "taker")),
        asked.ProposeFinding(finding),
        asked.MakeMotion(motion),
        asked.FileAppeal("0", "0", "CNY", is_through_bank=False, text="0"),
        asked.WriteOrder("0", OrderKind.STOP, "1", "CNY", "taker", "r"),
    ):
        bureau.told("0", what)
    give_back(bureau)


def give_back(bureau: Bureau) -> None:
    """Let a return of the case be there under the same id: a payment of which the bank has notice, and a round with a plan."""
    freeze = Order(
        "freeze", OrderKind.FREEZE, HoldKey("0", "0", "CNY"), "bank-1", 201, "taker", "r"
    )
    bureau.told("0", DraftOrder(freeze))
    bureau.told("0", SubmitOrder("freeze"))
    digest = to_agree_to(bureau.desk.view(), "freeze")
    bureau.told("0", ApproveOrder("freeze", "judge", digest), "judge")
    bureau.answered("freeze", Outcome.FROZEN, 201)
    bureau.told("0", asked.SettleClaim("0", ClaimTrigger.ADMIT, "judge"), "judge")
    lead, other = bureau.ids["lead"], bureau.ids["chief"]
    by(bureau, "lead", EnterAccount("payer-0", "bank-1", "0"))
    payee = Payee(PayeeKind.ORIGINAL, "payer-0", "victim-1", "bank-1")
    key = ClaimKey("0", "0")
    for number in (1, 2):
        made = Application(f"{number - 1}", key, Capacity.VICTIM, "victim-1", payee, lead)
        opened = returning.OpenReturn("0", ("0",), lead)
        again = returning.OpenRound("0", number, ("0",), lead)
        wanted = (returning.Wanted(key, freeze.key, 1, 100),)
        by(bureau, "lead", opened if number == 1 else again)
        by(bureau, "lead", returning.TakeApplication("0", made))
        by(bureau, "lead", returning.BindPlan("0", "in", "out", "cn-2016", wanted, lead))
        if number == 1:
            plan = bureau.desk.view().returns["0"].round.plan
            assert plan is not None
            by(bureau, "chief", returning.ApprovePlan("0", other, plan.digest))
            by(bureau, "chief", returning.DecideRound("0", other, plan.digest))
            by(bureau, "lead", returning.NotifyBank("0", ("0#1.1",), (lead, other), lead))


def by(bureau: Bureau, name: str, what: object) -> None:
    """Let a person in a session do something."""
    session = hash_of(bureau.tokens[name])
    request = Request(Actor(bureau.ids[name], "", "r"), what, case="0", session=session)
    command = command_of(COMMAND_REGISTRY, f"by-{next(bureau.keys)}", request)
    done = bureau.desk._office.submit(command).result()
    assert isinstance(done, Done), done


def run(
    bureau: Bureau, by: tuple[str, ...], calls: int, mode: GenerationMode
) -> dict[str, Counter[int]]:
    """Send `calls` requests of each person to each endpoint; return by person how often each status was answered.

    What is made up for an endpoint is sent by one person after the other: making it up takes far longer than the answer.
    """
    schema = schemathesis.openapi.from_url(f"{bureau.served.address}/openapi.json", timeout=120)
    statuses: dict[str, Counter[int]] = {name: Counter() for name in by}
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        if mode is GenerationMode.NEGATIVE and operation.path in NOTHING_TO_GET_WRONG:
            continue

        @seed(17)
        @settings(
            max_examples=calls,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Case) -> None:
            for name, answered in statuses.items():
                answer = case.call_and_validate(headers=bureau._as(name))
                answered[answer.status_code] += 1

        one()
    return statuses


def check(bureau: Bureau, calls: int, mode: GenerationMode, calls_min: int) -> None:
    """Have both persons call, so many times in all at least; none is answered with a fault of the server."""
    for by, statuses in run(bureau, ("root", "lead"), calls, mode).items():
        print(by, dict(statuses))
        assert sum(statuses.values()) >= calls_min
        assert not [status for status in statuses if status >= 500]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_document_and_the_api_agree(bureau: Bureau, mode: GenerationMode) -> None:
    check(bureau, QUICK, mode, 100)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_they_agree_over_thousands_of_calls(bureau: Bureau, mode: GenerationMode) -> None:
    check(bureau, SLOW, mode, 900)


def test_an_api_whose_bodies_are_not_looked_at_is_found(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: an answer that the document does not know fails the run."""

    async def careless(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "http" and scope["method"] == "POST":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        await self._app(scope, receive, send)

    monkeypatch.setattr(Guard, "__call__", careless)
    with pytest.raises((FailureGroup, AssertionError)):
        run(bureau, ("root",), QUICK, GenerationMode.POSITIVE)
