"""The chase, beside the writer: has a case traced when its facts changed, and lets the orders leave that a mandate covers.

It decides nothing: a trail that is stale and an order that no longer fits are refused by the writer, and the next look makes
new ones. Killed anywhere, it starts again from the journal: what was not traced or ordered yet is found at its first look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from recoup.cases import Case, CasePolicy, Proposal, covers, plan_orders, terminals
from recoup.cases.case import Mandate
from recoup.cases.commands import TakeUp
from recoup.centre.case_room import CHASE
from recoup.centre.case_trail import Asked, Told, facts_of, told_by
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.directory import Directory
from recoup.centre.planning import written
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of, derived_id
from recoup.centre.tracer import CaseFacts, Traced, Tracer
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.errors import StoreFault
from recoup.ids import Ids
from recoup.journal.port import Journal
from recoup.orders import HoldKey, Order
from recoup.orders.kinds import OPENING
from recoup.stores.vault import Purpose

WHO: Final = "chase"
_ACTOR: Final = Actor(WHO, CHASE, "the plan of the chase")
_TICK_SECONDS: Final = 0.02

Submit = Callable[[Command], "Future[Outcome]"]


class Trails:
    """What was asked of the tracer and what it told: the newest of each case. Safe to call from several threads."""

    def __init__(
        self,
        submit: Submit,
        told: ToldOf = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
    ) -> None:
        self._submit, self._say = submit, told
        self._asked: dict[str, Asked] = {}
        self._told: dict[str, Told] = {}
        self._again: set[str] = set()
        self._lock = threading.Lock()

    def ask(self, asked: Asked) -> None:
        """Keep what is to be traced next of a case."""
        with self._lock:
            self._asked[asked.case.id] = asked

    def newest(self, case: str) -> CaseFacts:
        """Return what is to be traced."""
        with self._lock:
            return self._asked[case].facts

    def take(self, traced: Traced) -> None:
        """Submit what was found; a case whose facts changed meanwhile is traced again."""
        with self._lock:
            asked = self._asked[traced.case]
        if asked.facts.version != traced.version:
            return
        told = told_by(asked, traced.trail)
        command_id = derived_id("trail", traced.case, str(traced.version))
        request = Request(_ACTOR, told.command, case=traced.case)
        outcome = self._submit(command_of(COMMAND_REGISTRY, command_id, request)).result()
        with self._lock:  # whatever came of it: the same facts would give the same trail again
            self._told[traced.case] = told
        if isinstance(outcome, Turned):
            self._say(traced.case, f"trail refused: {outcome.reason} {outcome.what}".rstrip())
            if outcome.is_transient:
                with self._lock:
                    del self._told[traced.case]
                    self._again.add(traced.case)

    def is_wanted_again(self, case: str) -> bool:
        """Return, once, whether a case's trail could not be handed in: the writer was away."""
        with self._lock:
            if case not in self._again:
                return False
            self._again.remove(case)
            return True

    def told(self, case: Case) -> Told | None:
        """Return what the trail of a case's present facts told; None where this process has not traced them."""
        with self._lock:
            known = self._told.get(case.id)
        is_present = known is not None and known.command.facts_version == case.facts_version
        return known if is_present else None


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
        self._done: dict[str, tuple[Case, Told | None]] = {}
        self._is_away = False

    def run(self) -> int:
        """Ask for trails and let orders leave, for every case that changed since; return how many orders left."""
        self._view.catch_up()
        count = 0
        for case in list(self._view.state.cases.values()):
            told = self._trails.told(case)
            seen = self._done.get(case.id, (None, None))
            is_same = seen[0] is case and seen[1] is told
            if is_same and not self._trails.is_wanted_again(case.id):
                continue
            self._is_away = False
            left = self._safely(case, told)
            count += left
            if (
                not left and not self._is_away
            ):  # an order that leaves changes the case: it is looked at again
                self._done[case.id] = (case, told)
        return count

    def _safely(self, case: Case, told: Told | None) -> int:
        """Bring one case on; what goes wrong with one is told, and keeps no other from being chased."""
        try:
            return self._one_case(case, told)
        except StoreFault:
            raise  # no case could be served
        except Exception as why:  # noqa: BLE001 - told to a person; the case is looked at again when it changes
            self._say(case.id, f"the chase cannot go on: {type(why).__name__}: {why}")
            return 0

    def _one_case(self, case: Case, told: Told | None) -> int:
        """Bring one case on by one step."""
        if not case.has_current_trail():
            # Where these very facts gave a trail already, it was refused and a person was told.
            if told is None:
                self._trace(case)
            return 0
        orders = self._covered(case)
        if not orders:
            return 0
        if told is None:  # after a start: by which transfers the money came is not in the journal
            self._trace(case)
            return 0
        return sum(self._order(case, found, mandate, told) for found, mandate in orders)

    def _trace(self, case: Case) -> None:
        since = {
            standing.hold: hold.since
            for standing in case.holds
            for hold in [self._view.state.hold(HoldKey(case.id, *standing.hold))]
            if hold.is_live and hold.since is not None
        }
        purpose = Purpose(WHO, case.id, "tracing")
        statements = self._directory.statements(case.id, case.facts, purpose)
        asked = facts_of(case, statements, since, terminals(case, self._policy))
        if asked.ignored:
            self._say(case.id, f"{asked.ignored} statement rows carry nothing")
        self._trails.ask(asked)
        self._changed(case.id)

    def _covered(self, case: Case) -> list[tuple[Proposal, Mandate]]:
        """Return what the plan has and a standing authority lets leave."""
        now = self._clock.now()
        out = []
        for found in plan_orders(case, now, self._policy).orders:
            for mandate in case.mandates:
                order = self._written(case, found, mandate, "draft")
                if covers(mandate, order, found, now):
                    out.append((found, mandate))
                    break
        return out

    def _written(self, case: Case, found: Proposal, mandate: Mandate, order_id: str) -> Order:
        return written(case.id, found, WHO, order_id, mandate.id)

    def _order(self, case: Case, found: Proposal, mandate: Mandate, told: Told) -> int:
        order = self._written(case, found, mandate, self._ids.new("order"))
        ground = told.grounds.get((found.account, found.currency))
        if ground is not None:
            kept = replace(ground, original=self._original(order.key))
            self._directory.keep_grounds(order.id, kept)
        request = Request(_ACTOR, TakeUp(order), case=case.id)
        command = command_of(COMMAND_REGISTRY, derived_id("take_up", order.id), request)
        outcome = self._submit(command).result()
        if isinstance(outcome, Turned) and outcome.is_transient:
            self._is_away = True  # the writer had no room: the order is still to leave
        return int(isinstance(outcome, Done))

    def _original(self, key: HoldKey) -> str:
        """Return the order that began the hold, as far as one was issued in this period."""
        hold = self._view.state.hold(key)
        began = [
            tracked.order.id
            for tracked in hold.orders
            if tracked.order.kind in OPENING
            and tracked.period == hold.period
            and tracked.issued_at is not None
        ]
        return began[0] if began else ""


class Chaser:
    """A thread that chases, with a connection of its own, and the tracer's process beside it."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        directory: Directory,
        submit: Submit,
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
        told: ToldOf = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
    ) -> None:
        self._open, self._directory, self._submit = open_journal, directory, submit
        self._clock, self._ids, self._policy = clock, ids, policy
        self._trails, self._told = Trails(submit, told), told
        self._tracer = Tracer(
            self._trails, self._trails.take, lambda case, why: told(case, f"no trail: {why}")
        )
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaser", daemon=True)
        self._why: BaseException | None = None

    def start(self) -> None:
        """Begin with whatever was left undone."""
        self._tracer.start()
        self._thread.start()

    def stop(self) -> None:
        """Finish this look and what is being traced, and end."""
        self._is_stopping.set()
        self._thread.join()
        self._tracer.stop()

    @property
    def fault(self) -> BaseException | None:
        """Why it ended by itself. Starting anew is recovery."""
        return self._why

    def _run(self) -> None:
        try:
            journal = self._open()
            step = ChaseStep(
                View(journal),
                self._directory,
                self._trails,
                self._tracer.changed,
                self._submit,
                self._clock,
                self._ids,
                self._policy,
                self._told,
            )
            while not self._is_stopping.is_set():
                if not step.run():
                    self._is_stopping.wait(_TICK_SECONDS)
            journal.close()
        except BaseException as why:  # noqa: BLE001 - kept for whoever watches
            self._why = why


__all__ = ["WHO", "ChaseStep", "Chaser", "ToldOf", "Trails"]
