"""The chase, beside the writer: traces a case when its facts changed, and lets the orders leave that a mandate covers.

It decides nothing: a trail that is stale and an order that no longer fits are refused by the writer, and the next look makes
new ones. Killed anywhere, it starts again from the journal: what was not traced or ordered yet is found at its first look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from recoup.cases import Case, CasePolicy, Proposal, covers, plan_orders, terminals
from recoup.cases.case import HoldPlace, Mandate
from recoup.cases.commands import TakeUp
from recoup.centre.case_room import CHASE
from recoup.centre.commands import Command, Done, Outcome
from recoup.centre.directory import Directory
from recoup.centre.facts import Grounds
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of, derived_id
from recoup.centre.case_trail import Traced, trace_case
from recoup.centre.view import View
from recoup.clock import Clock
from recoup.ids import Ids
from recoup.journal.port import Journal
from recoup.orders import Extent, HoldKey, Order
from recoup.orders.kinds import OPENING
from recoup.stores.vault import Purpose

WHO: Final = "chase"
_ACTOR: Final = Actor(WHO, CHASE, "the plan of the chase")
_TICK_SECONDS: Final = 0.02


class ChaseStep:
    """One look at what changed; driven by `Chaser` or by a test."""

    def __init__(
        self,
        view: View,
        directory: Directory,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
    ) -> None:
        self._view, self._directory, self._submit = view, directory, submit
        self._clock, self._ids, self._policy = clock, ids, policy
        self._done: dict[str, Case] = {}
        self._traced: dict[str, Traced] = {}

    def run(self) -> int:
        """Trace and order for every case that changed since; return how many commands had an effect."""
        self._view.catch_up()
        count = 0
        for case in list(self._view.state.cases.values()):
            if self._done.get(case.id) is not case:
                effects = self._one_case(case)
                count += effects
                if (
                    not effects
                ):  # whatever has an effect changes the case, and it is looked at again
                    self._done[case.id] = case
        return count

    def _one_case(self, case: Case) -> int:
        """Bring one case on by one step."""
        if not case.has_current_trail():
            traced = self._traced[case.id] = self._trace(case)
            command_id = derived_id("trail", case.id, str(case.facts_version))
            return self._is_done(command_id, Request(_ACTOR, traced.command, case=case.id))
        orders = self._covered(case)
        known = self._traced.get(case.id)
        if orders and (known is None or known.command.facts_version != case.facts_version):
            known = self._traced[case.id] = self._trace(case)
        return sum(
            self._order(case, found, mandate, known.grounds)
            for found, mandate in orders
            if known is not None
        )

    def _trace(self, case: Case) -> Traced:
        since = {
            (hold.key.account, hold.key.currency): hold.since
            for hold in self._view.state.holds.values()
            if hold.key.case == case.id and hold.is_live and hold.since is not None
        }
        purpose = Purpose(WHO, case.id, "tracing")
        statements = self._directory.statements(case.id, case.facts, purpose)
        return trace_case(case, statements, since, terminals(case, self._policy))

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
        whole = found.is_whole_account
        return Order(
            order_id,
            found.kind,
            HoldKey(case.id, found.account, found.currency),
            found.institution,
            found.amount,
            WHO,
            "the plan of the chase",
            Extent.WHOLE_ACCOUNT if whole else Extent.AMOUNT,
            "the institution can stop whole accounts only" if whole else "",
            mandate=mandate.id,
        )

    def _order(
        self,
        case: Case,
        found: Proposal,
        mandate: Mandate,
        grounds: Mapping[HoldPlace, Grounds],
    ) -> int:
        order = self._written(case, found, mandate, self._ids.new("order"))
        ground = grounds.get((found.account, found.currency))
        if ground is not None:
            self._directory.keep_grounds(
                order.id, replace(ground, original=self._original(order.key))
            )
        request = Request(_ACTOR, TakeUp(order), case=case.id)
        return self._is_done(derived_id("take_up", order.id), request)

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

    def _is_done(self, command_id: str, request: Request) -> int:
        outcome = self._submit(command_of(COMMAND_REGISTRY, command_id, request)).result()
        return int(isinstance(outcome, Done) and not outcome.is_repeat)


class Chaser:
    """A thread that chases, with a connection of its own."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        directory: Directory,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        ids: Ids,
        policy: CasePolicy,
    ) -> None:
        self._open, self._directory, self._submit = open_journal, directory, submit
        self._clock, self._ids, self._policy = clock, ids, policy
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaser", daemon=True)
        self._why: BaseException | None = None

    def start(self) -> None:
        """Begin with whatever was left undone."""
        self._thread.start()

    def stop(self) -> None:
        """Finish this look and end."""
        self._is_stopping.set()
        self._thread.join()

    @property
    def fault(self) -> BaseException | None:
        """Why it ended by itself. Starting anew is recovery."""
        return self._why

    def _run(self) -> None:
        try:
            journal = self._open()
            step = ChaseStep(
                View(journal), self._directory, self._submit, self._clock, self._ids, self._policy
            )
            while not self._is_stopping.is_set():
                if not step.run():
                    self._is_stopping.wait(_TICK_SECONDS)
            journal.close()
        except BaseException as why:  # noqa: BLE001 - kept for whoever watches
            self._why = why


__all__ = ["WHO", "ChaseStep", "Chaser"]
