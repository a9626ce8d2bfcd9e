"""The chase, beside the writer: has a case traced when its facts changed, and lets the orders leave that a mandate covers.

It decides nothing: a trail that is stale and an order that no longer fits are refused by the writer, and the next look makes
new ones. A trail and the orders that follow from it are handed in together, so that one sync is enough for both: which ones
follow it foresees with the rules by which the writer decides. It is called when something was written, and looks at the cases
that this changed, the first changed first; it costs the same with ten open cases or ten thousand. Killed anywhere, it starts
again from the journal: what was not traced or ordered yet is found by looking at every case once, a few between two looks at
what is new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from recoup import limits
from recoup.cases import (
    Case,
    CasePolicy,
    Ready,
    Refusal,
    covers,
    decide,
    followed,
    plan_asking,
    plan_rests_on,
    terminals,
)
from recoup.cases.case import HoldPlace
from recoup.cases.commands import TakeUp
from recoup.centre.case_grounds import ground_of
from recoup.centre.case_sheets import CaseSheets, TracedCase
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.departures import Departures
from recoup.centre.directory import Directory
from recoup.centre.facts import Grounds
from recoup.centre.part import Part
from recoup.centre.planning import written
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Request, command_of, derived_id
from recoup.centre.state import CentreState
from recoup.centre.trails import (
    ACTOR,
    WHO,
    Submit,
    SubmitTogether,
    Tracers,
    Trails,
    command_for,
)
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.errors import StoreFault
from recoup.ids import Ids
from recoup.orders import HoldKey, Order, OrderKind
from recoup.orders.kinds import UNDER_MANDATE
from recoup.orders.refusals import Reason
from recoup.stores.vault import Purpose

T = TypeVar("T")

_TICK_SECONDS: Final = 0.5
"""Without a call there is nothing to do; this is for what another process wrote."""
_AGAIN_SECONDS: Final = 0.02
"""Before a writer that had no room is asked again."""


class ChaseStep:
    """One look at what changed; driven by `Chaser` or by a test."""

    def __init__(
        self,
        view: View,
        directory: Directory,
        trails: Trails,
        changed: Callable[[str], None],
        submit: Submit,
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
        say: ToldOf = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
        together: SubmitTogether | None = None,
    ) -> None:
        """Prepare; `changed` has a case traced whose facts `trails` was given; `say` hears why a case stands still.

        Without `together` what belongs in one round is handed in one by one.
        """
        self._say = say
        self._together = together or (lambda commands: [submit(command) for command in commands])
        self._view, self._directory, self._trails = view, directory, trails
        self._changed = changed
        self._clock, self._ids, self._policy = clock, ids, policy
        self._left: dict[str, None] = dict.fromkeys(view.state.cases)
        """Cases that nobody has looked at since the start."""
        self._again: dict[str, None] = {}
        """Cases for whose orders the writer had no room."""
        self._departures = Departures(policy)
        self._sizes: dict[str, int] = {}
        """Bytes of statements that were read before: a tracing process has them, most likely."""
        self._without: dict[str, tuple[object, ...]] = {}
        """On what a plan rested in which there was nothing that any authority lets leave, by case."""
        self._foreseen: dict[str, Case] = {}
        """Cases as they will be when the trails that are handed in now were taken."""

    @property
    def is_left(self) -> bool:
        """Whether there are cases to look at of which nothing new is heard."""
        return bool(self._left)

    @property
    def is_away(self) -> bool:
        """Whether the writer had no room for something that is still to be done."""
        return bool(self._again)

    @property
    def is_waiting(self) -> bool:
        """Whether an order may leave and waits for its institution."""
        return self._departures.is_waiting

    def run(self) -> int:
        """Ask for trails and let orders leave, for every case that changed since; return how many orders left."""
        fresh, self._again = self._again, {}
        fresh |= self._trails.ripe()
        traces = self._trails.found()
        self._view.catch_up(fresh)
        found = {one.case: one for one in traces if self._is_newest(one)}
        for case_id in list(islice(self._left, limits.CHASE_LOOKS_MAX)):
            del self._left[case_id]
            fresh[case_id] = None
        for case_id in fresh:
            self._departures.put(case_id, self._safely(case_id, self._ready) or ())
        self._foreseen.clear()
        for traced in found.values():
            ready = self._safely(traced.case, partial(self._following, traced))
            self._departures.put(traced.case, ready or ())
        leaving: dict[str, list[Ready]] = {}
        for one in self._departures.leave(self._view.state, self._clock.now()):
            leaving.setdefault(one.case, []).append(one)
        return self._leave(leaving, found)

    def _is_newest(self, traced: TracedCase) -> bool:
        """Whether a trail is one of a case's present facts; of newer ones another is under way, or asked for in this look."""
        return self._view.state.case(traced.case).facts_version == traced.version

    def _safely(self, case_id: str, step: Callable[[Case], T]) -> T | None:
        """Bring one case on; what goes wrong with one is told, and keeps no other from being chased."""
        try:
            return step(self._view.state.case(case_id))
        except StoreFault:
            raise  # no case could be served
        except Exception as why:  # noqa: BLE001 - told to a person; the case is looked at again when it changes
            self._say(case_id, f"the chase cannot go on: {type(why).__name__}: {why}")
            return None

    def _ready(self, case: Case) -> list[Ready]:
        """Return the orders of a case that may leave; have it traced where its facts changed."""
        if not case.has_current_trail():
            if not self._trails.is_pointless(case):
                self._trace(case)
            return []
        orders = self._covered(case)
        is_asked = bool(orders) or self._trails.is_wanted(case.id)
        if is_asked and self._trails.grounds(case) is None:
            self._trace(case)  # by which transfers the money came is not in the journal
            return []
        return orders

    def _following(self, traced: TracedCase, case: Case) -> list[Ready]:
        """Return the orders that may leave once a trail is taken; none where it will not be: the writer will say why not."""
        events = decide(case, traced.told.command, self._clock.now(), self._policy)
        if isinstance(events, Refusal):
            return []
        self._foreseen[case.id] = followed(case, events)
        return self._covered(self._foreseen[case.id])

    def _trace(self, case: Case) -> None:
        since = held_since(case, self._view.state)
        terminal = tuple(terminals(case, self._policy))
        read = partial(self._read, case.id)
        # The newest is always read: of a case that was erased nothing is traced, whatever a process still has.
        wanted = {x: None for x in case.facts if x not in self._sizes or x == case.facts[-1]}
        bodies = dict(zip(wanted, read(tuple(wanted)), strict=True))
        self._sizes |= {digest: len(body) for digest, body in bodies.items()}
        statements = tuple(bodies.get(digest, b"") for digest in case.facts)
        unread = sum(self._sizes[digest] for digest in case.facts if digest not in bodies)
        given = (case, statements, since, terminal, unread, read, self._policy.for_value)
        self._trails.ask(CaseSheets(*given))
        if len(self._sizes) > limits.TRACE_PARTS_GIVEN_MAX:
            self._sizes.clear()  # they are read once more: that costs a moment, now and then
        self._changed(case.id)

    def _read(self, case_id: str, digests: Sequence[str]) -> Sequence[bytes]:
        """Return statements of a case as they lie in the vault."""
        purpose = Purpose(WHO, case_id, "tracing")
        return self._directory.statements(case_id, digests, purpose, bytes)

    def _covered(self, case: Case) -> list[Ready]:
        """Return what the plan has and a standing authority lets leave; most of what is written changes no plan."""
        rests = plan_rests_on(case)
        if not case.mandates or self._without.get(case.id) == rests:
            return []
        now = self._clock.now()
        orders = plan_asking(case, now, self._policy)
        if not any(found.kind in UNDER_MANDATE for found in orders):
            self._without[case.id] = rests
            if len(self._without) > limits.TRAILS_KEPT_MAX:
                self._without.clear()  # each is planned once more: that costs a moment, now and then
            return []
        out = []
        for found in orders:
            for mandate in case.mandates:
                ready = Ready(case.id, found, mandate.id)
                if covers(mandate, _written(ready, "draft"), found, now):
                    out.append(ready)
                    break
        return out

    def _leave(self, leaving: Mapping[str, list[Ready]], found: Mapping[str, TracedCase]) -> int:
        """Hand in trails and orders, with one sync of the vault and as few of the journal as may be; return how many left."""
        orders: dict[str, list[Order]] = {case_id: [] for case_id in (*found, *leaving)}
        papers: dict[str, Grounds] = {}
        for case_id, ready in leaving.items():
            written_of = partial(self._written_of, ready)
            for order, ground in self._safely(case_id, written_of) or ():
                orders[case_id].append(order)
                if ground is not None:
                    papers[order.id] = ground
        if papers:
            self._directory.keep_all_grounds(papers)
        futures: list[tuple[Order, Future[Outcome]]] = []
        for case_id, of_case in orders.items():
            commands = [_taking_up(order) for order in of_case]
            traced = found.get(case_id)
            if traced is None:
                futures += zip(of_case, self._together(commands), strict=True)
                continue
            told, *taken = self._together([command_for(traced), *commands])
            told.add_done_callback(partial(self._heard, traced))
            futures += zip(of_case, taken, strict=True)
        outcomes = [(order, future.result()) for order, future in futures]
        for order, outcome in outcomes:
            if isinstance(outcome, Turned) and (outcome.is_transient or _is_early(order, outcome)):
                self._again[order.key.case] = None  # it is still to leave
        return sum(isinstance(outcome, Done) for _, outcome in outcomes)

    def _heard(self, traced: TracedCase, told: Future[Outcome]) -> None:
        self._trails.settled(traced, told.result())

    def _written_of(self, ready: list[Ready], case: Case) -> list[tuple[Order, Grounds | None]]:
        """Return a case's orders as they leave, each with what its paper says of why."""
        grounds = self._trails.grounds(case)
        if grounds is None:  # forgotten while they waited
            self._trace(case)
            return []
        case = self._foreseen.get(case.id, case)
        out = []
        for one in ready:
            order = _written(one, self._ids.new("order"))
            out.append((order, ground_of(case, order, grounds, self._view.state.hold)))
        return out


def _taking_up(order: Order) -> Command:
    """Return the command with which an order leaves: the same one for the same order."""
    request = Request(ACTOR, TakeUp(order), case=order.key.case)
    return command_of(COMMAND_REGISTRY, derived_id("take_up", order.id), request)


def held_since(case: Case, state: CentreState) -> dict[HoldPlace, datetime]:
    """Return when each live hold of a case began."""
    holds = [state.hold(HoldKey(case.id, *standing.hold)) for standing in case.holds]
    return {
        (hold.key.account, hold.key.currency): hold.since
        for hold in holds
        if hold.is_live and hold.since is not None
    }


def _is_early(order: Order, outcome: Turned) -> bool:
    """Whether the answer that brought the rows before is taken in a moment later than they."""
    return order.kind is OrderKind.QUERY and outcome.reason == Reason.ORDER_PENDING


def _written(ready: Ready, order_id: str) -> Order:
    """Return an order of the plan under its standing authority."""
    return written(ready.case, ready.proposal, WHO, order_id, ready.mandate)


class Chaser(Part):
    """Chases, with a connection of its own, and the tracer's process beside it; begins with whatever was left undone."""

    def __init__(
        self,
        open_view: Callable[[], View],
        directory: Directory,
        submit: Submit,
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
        told: ToldOf = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
        together: SubmitTogether | None = None,
        *,
        traces_ahead: bool = True,
    ) -> None:
        super().__init__("chaser")
        self._open, self._directory = open_view, directory
        self._submit, self._together = submit, together
        self._clock, self._ids, self._policy = clock, ids, policy
        self._trails, self._told = Trails(told, self.wake), told
        self._tracers = Tracers(self._trails, told, ahead=traces_ahead)

    def start(self) -> None:
        """Begin."""
        self._tracers.start()
        super().start()

    def stop(self) -> None:
        """Finish this look and what is being traced, and end."""
        super().stop()
        self._tracers.stop()

    def grounds(self, case: Case, seconds: float) -> Mapping[HoldPlace, Grounds] | None:
        """Return by which transfers money came to accounts, traced first where it was not; None when that takes longer."""
        found = self._trails.grounds(case)
        if found is None:
            self._trails.want(case.id)
        until = time.monotonic() + seconds
        while found is None and time.monotonic() < until and not self._is_stopping.is_set():
            self._is_stopping.wait(_AGAIN_SECONDS)
            found = self._trails.grounds(case)
        return found

    def _work(self) -> None:
        view = self._open()
        step = ChaseStep(
            view,
            self._directory,
            self._trails,
            self._tracers.changed,
            self._submit,
            self._clock,
            self._ids,
            self._policy,
            self._told,
            self._together,
        )
        while not self._is_stopping.is_set():
            self._call.clear()
            if step.run() or step.is_left:
                continue
            if step.is_away:
                self._is_stopping.wait(_AGAIN_SECONDS)
            else:
                self._call.wait(_TICK_SECONDS)
        view.close()


__all__ = ["WHO", "ChaseStep", "Chaser", "ToldOf", "Trails", "held_since"]
