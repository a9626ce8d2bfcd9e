"""The chase, beside the writer: has a case traced when its facts changed, and lets the orders leave that a mandate covers.

It decides nothing: a trail that is stale and an order that no longer fits are refused by the writer, and the next look makes
new ones. It is called when something was written, and looks at the cases that this changed, the first changed first; it
costs the same with ten open cases or ten thousand. Killed anywhere, it starts again from the journal: what was not traced or
ordered yet is found by looking at every case once, a few between two looks at what is new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from recoup import limits
from recoup.cases import Case, CasePolicy, Ready, covers, plan_orders, terminals
from recoup.cases.case import HoldPlace
from recoup.cases.commands import TakeUp
from recoup.centre.case_grounds import ground_of
from recoup.centre.case_sheets import CaseSheets
from recoup.centre.commands import Done, Turned
from recoup.centre.departures import Departures
from recoup.centre.directory import Directory
from recoup.centre.facts import Grounds
from recoup.centre.part import Part
from recoup.centre.planning import written
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Request, command_of, derived_id
from recoup.centre.state import CentreState
from recoup.centre.trails import ACTOR, WHO, Submit, Tracers, Trails
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.errors import StoreFault
from recoup.ids import Ids
from recoup.orders import HoldKey, Order, OrderKind
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
    ) -> None:
        """Prepare; `changed` has a case traced whose facts `trails` was given; `say` hears why a case stands still."""
        self._say = say
        self._view, self._directory, self._trails = view, directory, trails
        self._changed, self._submit = changed, submit
        self._clock, self._ids, self._policy = clock, ids, policy
        self._left: dict[str, None] = dict.fromkeys(view.state.cases)
        """Cases that nobody has looked at since the start."""
        self._again: dict[str, None] = {}
        """Cases for whose orders the writer had no room."""
        self._departures = Departures(policy)

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
        self._view.catch_up(fresh)
        for case_id in list(islice(self._left, limits.CHASE_LOOKS_MAX)):
            del self._left[case_id]
            fresh[case_id] = None
        for case_id in fresh:
            self._departures.put(case_id, self._safely(case_id, self._ready) or ())
        leaving: dict[str, list[Ready]] = {}
        for one in self._departures.leave(self._view.state, self._clock.now()):
            leaving.setdefault(one.case, []).append(one)
        return self._leave(leaving)

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

    def _trace(self, case: Case) -> None:
        since = held_since(case, self._view.state)
        purpose = Purpose(WHO, case.id, "tracing")
        statements = self._directory.statements(case.id, case.facts, purpose, bytes)
        terminal = tuple(terminals(case, self._policy))
        self._trails.ask(CaseSheets(case, statements, since, terminal))
        self._changed(case.id)

    def _covered(self, case: Case) -> list[Ready]:
        """Return what the plan has and a standing authority lets leave."""
        now = self._clock.now()
        out = []
        for found in plan_orders(case, now, self._policy).orders:
            for mandate in case.mandates:
                ready = Ready(case.id, found, mandate.id)
                if covers(mandate, _written(ready, "draft"), found, now):
                    out.append(ready)
                    break
        return out

    def _leave(self, leaving: Mapping[str, list[Ready]]) -> int:
        """Let orders leave, all with one sync of the vault and as few of the journal as may be; return how many did."""
        orders: list[Order] = []
        papers: dict[str, Grounds] = {}
        for case_id, ready in leaving.items():
            found = self._safely(case_id, partial(self._written_of, ready))
            for order, ground in found or ():
                orders.append(order)
                if ground is not None:
                    papers[order.id] = ground
        if papers:
            self._directory.keep_all_grounds(papers)
        futures = []
        for order in orders:
            request = Request(ACTOR, TakeUp(order), case=order.key.case)
            command_id = derived_id("take_up", order.id)
            futures.append(self._submit(command_of(COMMAND_REGISTRY, command_id, request)))
        outcomes = [future.result() for future in futures]
        for order, outcome in zip(orders, outcomes, strict=True):
            if isinstance(outcome, Turned) and (outcome.is_transient or _is_early(order, outcome)):
                self._again[order.key.case] = None  # it is still to leave
        return sum(isinstance(outcome, Done) for outcome in outcomes)

    def _written_of(self, ready: list[Ready], case: Case) -> list[tuple[Order, Grounds | None]]:
        """Return a case's orders as they leave, each with what its paper says of why."""
        grounds = self._trails.grounds(case)
        if grounds is None:  # forgotten while they waited
            self._trace(case)
            return []
        out = []
        for one in ready:
            order = _written(one, self._ids.new("order"))
            out.append((order, ground_of(case, order, grounds, self._view.state.hold)))
        return out


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
        *,
        traces_ahead: bool = True,
    ) -> None:
        super().__init__("chaser")
        self._open, self._directory, self._submit = open_view, directory, submit
        self._clock, self._ids, self._policy = clock, ids, policy
        self._trails, self._told = Trails(submit, told, self.wake), told
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
