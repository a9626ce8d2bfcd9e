"""Plays the demo's case: report, admission, mandate, chase, confirmation, freeze, return. Persons are ids.

The centre is the real one on a file of its own, the institutions are processes that speak signed messages over loopback.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from recoup.cases import (
    Case,
    Channel,
    Claim,
    Found,
    Grade,
    Mandate,
    Report,
    plan_orders,
    view_of,
)
from recoup.cases.commands import (
    AgreeToMandate,
    AgreeToOrder,
    MakeClaim,
    ProposeMandate,
    SettleClaim,
    TakeReport,
    TakeUp,
)
from recoup.cases.state import ClaimTrigger
from recoup.centre.commands import Done, Outcome
from recoup.centre.letters import Correspondence
from recoup.centre.office import Office, Setting, wait_until
from recoup.centre.planning import items_of
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of
from recoup.centre.state import CentreState
from recoup.centre.view import View
from recoup.clock import Clock, SystemClock
from recoup.demo.giving_back import RETURN, GivingBack
from recoup.demo.people import People
from recoup.demo.scene import Disputed, Scene
from recoup.demo.town import CURRENCY, Town
from recoup.errors import GatewayFault
from recoup.ids import RandomIds
from recoup.messages import (
    KeyRing,
    NoticeTerms,
    SigningKey,
    generate_key,
    write_key,
    write_public,
)
from recoup.money import format_minor
from recoup.orders import Hold, HoldKey, Order, OrderKind
from recoup.orders.kinds import OPENING
from recoup.procedure import sums_of
from recoup.reading.policies import read_case_policy
from recoup.stores.vault import LocalKeys, Purpose

CENTRE: Final = "centre"
CASE: Final = "case-1"
REPORT: Final = "report-1"
TAKER: Final = Actor("person-1", "call_taker", "a report by telephone")
OFFICER: Final = Actor("person-2", "officer", "case-1")
APPROVER: Final = Actor("person-3", "approver", "case-1")
POLICY: Final = "cn-2016"
START_SECONDS_MAX: Final = 60.0
CHASE_SECONDS_MAX: Final = 600.0
"""The first trace ever compiles the engine, which takes a minute or two."""
QUIET_SECONDS: Final = 4.0
"""No news for so long, after the slowest institution's delay: the chase has nothing more to do."""

Say = Callable[[str], None]
SceneAt = Callable[[datetime], Scene]
"""Gives a scene by the time of its report."""


@dataclass(frozen=True, slots=True)
class Played:
    """How the case stands at the end, in minor units."""

    journal: Path
    records: int
    reported: int
    held: int
    net: int
    overlap: int
    frozen: int
    exited: int
    returned: int
    """What the banks' receipts say."""
    left: int
    """What institutions still hold after that."""


class Demo:
    """One run."""

    def __init__(self, folder: Path, say: Say, scene: SceneAt = Town) -> None:
        self._folder, self._say = folder, say
        self._clock: Clock = SystemClock()
        self._ids = RandomIds()
        self._policy = read_case_policy(POLICY)
        self._now = self._clock.now()
        self._scene: Scene = scene(self._now.replace(microsecond=0))
        self._told: set[str] = set()

    def play(self) -> Played:
        """Play the case from its report to the banks' receipts."""
        with ExitStack() as stack:
            addresses, ring, key = stack.enter_context(self._institutions())
            notice = NoticeTerms("Demo centre", ("notice of a stop",), "000")
            wire = Correspondence(CENTRE, key, ring, addresses, notice)
            store = self._folder / "centre.sqlite"
            keys = LocalKeys(secrets.token_bytes(32))
            office = Office(Setting(store, keys, wire, self._policy, self._clock, self._ids))
            office.start()
            stack.callback(office.stop)
            view = office.view()
            self._report(office)
            self._chase(office, view)
            self._confirm(office, view)
            self._freeze(office, view)
            if office.fault is not None:
                raise office.fault
            frozen = self._played(store, view)
            self._give_back(office, view)
            if office.fault is not None:
                raise office.fault
            return self._paid(frozen, view)

    # --- the institutions ---

    @contextmanager
    def _institutions(self) -> Iterator[tuple[dict[str, str], KeyRing, SigningKey]]:
        """Start the sandbox institutions; give their addresses, their public keys and the centre's own key."""
        until = self._now + timedelta(days=1)
        key = generate_key(CENTRE, self._now - timedelta(hours=1), until)
        write_public(key.public, self._folder / "centre.public.json")
        processes: list[subprocess.Popen[str]] = []
        addresses, public = {}, []
        try:
            for name in self._scene.institutions:
                own = generate_key(name, self._now - timedelta(hours=1), until)
                write_key(own, self._folder / f"{name}.key.json")
                (self._folder / f"{name}.toml").write_text(self._scene.script(name), "utf-8")
                public.append(own.public)
                processes.append(self._start(name))
            for name, process in zip(self._scene.institutions, processes, strict=True):
                addresses[name] = _address(process, name)
                self._say(f"{name} listens on {addresses[name]}")
            yield addresses, KeyRing(public), key
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=10)
                if process.stdout is not None:
                    process.stdout.close()

    def _start(self, name: str) -> subprocess.Popen[str]:
        path = self._folder / name
        words = [sys.executable, "-m", "recoup", "bank", "sandbox", "--centre", CENTRE]
        words += ["--script", f"{path}.toml", "--key", f"{path}.key.json", "--books", f"{path}.db"]
        words += ["--trust", str(self._folder / "centre.public.json"), "--port", "0"]
        log = (self._folder / f"{name}.log").open("w", encoding="utf-8")
        with log:
            return subprocess.Popen(  # noqa: S603 - our own program
                words, stdout=subprocess.PIPE, stderr=log, text=True
            )

    # --- the case ---

    def _report(self, office: Office) -> None:
        """A call taker enters the report; two persons admit the claim and set the limits of the chase."""
        at = self._clock.now()
        first, *others = claims = self._claims(office)
        report = Report(
            REPORT, first.victim, Grade.PLAUSIBLE, Channel.EMERGENCY_CALL, True, at, at, TAKER.who
        )
        loss = sum(claim.amount for claim in claims)
        self._must(office, TAKER, TakeReport(report, first, "station-1"))
        for claim in others:
            self._must(office, TAKER, MakeClaim(claim))
        self._say(f"reported: {_money(loss)} {self._scene.reported}")
        hops, until = self._scene.hops, at + timedelta(hours=2)
        mandate = Mandate("mandate-1", hops, 4 * loss, CURRENCY, until, OFFICER.who)
        self._must(office, OFFICER, ProposeMandate(mandate))
        self._must(office, APPROVER, AgreeToMandate(mandate.id, APPROVER.who, mandate.digest))
        self._say(f"standing authority by two persons: {hops} hops, four times the loss, two hours")
        for claim in claims:
            self._must(office, OFFICER, SettleClaim(claim.id, ClaimTrigger.ADMIT, OFFICER.who))
        self._say(f"{_claims_of(claims)} admitted by a second person")

    def _claims(self, office: Office) -> list[Claim]:
        """Return a claim for each payment that the victim disputes; the accounts go to the directory."""
        return [
            self._claim(office, f"claim-{number}", paid)
            for number, paid in enumerate(self._scene.disputed, start=1)
        ]

    def _claim(self, office: Office, name: str, paid: Disputed) -> Claim:
        payer, payee = (
            office.directory.account(side.institution, side.number, side.name)
            for side in (paid.payer, paid.payee)
        )
        bank = paid.payee.institution
        return Claim(
            name,
            REPORT,
            payer,
            paid.transfer,
            payer,
            payee,
            bank,
            CURRENCY,
            paid.amount,
            paid.paid_at,
            TAKER.who,
        )

    def _chase(self, office: Office, view: View) -> None:
        """Wait until no institution has anything more to say, and tell what comes."""
        quiet_since = self._clock.now()

        def is_over() -> bool:
            nonlocal quiet_since
            if office.fault is not None:
                raise office.fault
            if view.catch_up():
                self._tell(view)
                quiet_since = self._clock.now()
            is_waiting = any(
                tracked.is_on_its_way
                for hold in view.state.holds.values()
                for tracked in hold.orders
            )
            passed = (self._clock.now() - quiet_since).total_seconds()
            case = view.state.case(CASE)
            if is_waiting or not case.has_current_trail() or passed <= QUIET_SECONDS:
                return False
            # After a start the chase traces anew before an order leaves: silence alone is no end.
            planned = items_of(case, self._clock.now(), self._policy, OFFICER.who)
            return not any(item.mandate for item in planned)

        if not wait_until(is_over, CHASE_SECONDS_MAX):
            raise GatewayFault("expected every institution's answer, some did not come")

    def _confirm(self, office: Office, view: View) -> None:
        """Ask for the balance digests: what they show is held twice said."""
        shown = office.confirm_all()
        self._say(f"balance digests confirm {shown} holds")
        self._chase(office, view)

    def _freeze(self, office: Office, view: View) -> None:
        """Turn every stop into a freeze: one person writes it, another sees its gain and harm and agrees."""
        for place in [row.hold for row in view.state.case(CASE).holds if row.held]:
            view.catch_up()
            case = view.state.case(CASE)
            plan = plan_orders(case, self._clock.now(), self._policy)
            standing = case.standing(*place)
            assert standing is not None, "a hold does not go away"
            asked = plan.keeping(OrderKind.FREEZE, standing)
            if asked is None:
                continue  # no claim stands behind it any more: it is released
            key = HoldKey(CASE, standing.account, standing.currency)
            order = Order(
                self._ids.new("order"),
                OrderKind.FREEZE,
                key,
                standing.institution,
                asked.amount,
                OFFICER.who,
                "the case was filed",
            )
            opening = _opening(view.state.hold(key))
            grounds = office.directory.grounds(opening, _purpose())
            if grounds is not None:
                office.directory.keep_grounds(order.id, replace(grounds, original=opening))
            seen = view_of(case, order, plan)
            assert seen is not None, "a hold that stands can be seen"
            self._must(office, APPROVER, AgreeToOrder(order, APPROVER.who, seen.digest))
            self._must(office, OFFICER, TakeUp(order))
        self._chase(office, view)

    def _give_back(self, office: Office, view: View) -> None:
        """Return what is frozen to the victim."""

        def ask(request: Request) -> Outcome:
            command_id = self._ids.new("command")
            return office.submit(command_of(COMMAND_REGISTRY, command_id, request)).result()

        def look() -> CentreState:
            if office.fault is not None:
                raise office.fault
            view.catch_up()
            return view.state

        def wait(is_done: Callable[[], bool]) -> None:
            if not wait_until(is_done, CHASE_SECONDS_MAX):
                raise GatewayFault("expected every bank's receipt, some did not come")

        people = People(ask, CASE, look().case(CASE).unit)
        payers = {
            f"claim-{number}": paid.payer
            for number, paid in enumerate(self._scene.disputed, start=1)
        }
        GivingBack(CASE, payers, POLICY, people, look, office.directory, wait, self._say).play()

    def _must(self, office: Office, actor: Actor, what: object) -> None:
        outcome = office.ask(actor, what, CASE).result()
        assert isinstance(outcome, Done), f"{type(what).__name__}: {outcome}"

    # --- what is told ---

    def _tell(self, view: View) -> None:
        """Say each order and each change of a hold once, as it comes to the disk."""
        for key, hold in view.state.holds.items():
            for tracked in hold.orders:
                order = tracked.order
                self._once(
                    f"{order.id} {tracked.state}",
                    f"{order.kind} {_money(order.amount)} at {order.institution}: {tracked.state}",
                )
            bank = hold.orders[-1].order.institution
            self._once(
                f"{key} {hold.word} {hold.held}", f"{bank}: {hold.word}, {_money(hold.held)} held"
            )

    def _once(self, what: str, words: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._say(words)

    def _played(self, store: Path, view: View) -> Played:
        view.catch_up()
        case: Case = view.state.case(CASE)
        plan = plan_orders(case, self._clock.now(), self._policy)
        return Played(
            store,
            view.sequence,
            sum(claim.amount for claim in case.claims),
            sum(hold.held for hold in case.holds),
            plan.net.get(CURRENCY, 0),
            plan.overlap.get(CURRENCY, 0),
            sum(hold.held for hold in case.holds if hold.basis is OrderKind.FREEZE),
            sum(place.amount for place in case.places if place.found is Found.EXITED),
            0,
            sum(hold.held for hold in case.holds),
        )

    def _paid(self, frozen: Played, view: View) -> Played:
        """Return how the case stands after the receipts; case, holds and return say the same."""
        view.catch_up()
        sums = sums_of(view.state.returns[RETURN], "CNY")
        case = view.state.case(CASE)
        returned = sum(claim.returned for claim in case.claims)
        left = sum(hold.held for hold in case.holds)
        if view.state.returns[RETURN].round.notices:
            assert not returned, "nothing is paid while a notice runs"
            return replace(frozen, records=view.sequence)
        assert sums.paid == sums.awarded == returned, "every award has its receipt"
        assert returned + left == frozen.held, "what was frozen is paid or still there"
        assert returned + frozen.exited == frozen.reported, "every cent is back or has left"
        return replace(frozen, records=view.sequence, returned=returned, left=left)


def play(folder: Path, say: Say, scene: SceneAt = Town) -> Played:
    """Play a scene's case with all its files in `folder`; `say` hears what happens, line by line."""
    return Demo(folder, say, scene).play()


def _claims_of(claims: Sequence[Claim]) -> str:
    return "claim" if len(claims) == 1 else f"{len(claims)} claims"


def _opening(hold: Hold) -> str:
    """Return the order that began a hold: a question about the account may have come before it."""
    return next(x.order.id for x in hold.orders if x.answers and x.order.kind in OPENING)


def _purpose() -> Purpose:
    return Purpose(OFFICER.who, CASE, "writing a freeze")


def _money(minor: int) -> str:
    return f"{format_minor(minor, 2)} {CURRENCY}"


def _address(process: subprocess.Popen[str], name: str) -> str:
    """Return the address that a sandbox says it listens on."""
    assert process.stdout is not None, "started with a pipe"
    line = process.stdout.readline()
    if " listens on " not in line:
        raise GatewayFault(f"expected {name} to listen; its log says why")
    return line.rsplit(" ", 1)[1].strip()


__all__ = ["Played", "play"]
