"""What is being traced for the chase and what came of it. Keeps no more than the chase still needs; decides nothing.

1. Of a case that waits to be traced its newest version is kept, and nothing once that was taken.
2. By which transfers money came is kept of the cases that were traced last; of any other the chase asks for the trail again.
3. Small cases do not wait for large ones: these go to a process of their own that gives way. Within each, the case whose
   facts changed first comes first, and a case that changes again keeps its place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from recoup import limits
from recoup.cases import Case
from recoup.cases.case import HoldPlace
from recoup.centre.case_room import CHASE
from recoup.centre.case_sheets import CaseSheets, TracedCase
from recoup.centre.commands import Command, Outcome, Turned
from recoup.centre.facts import Grounds
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Actor, Request, command_of, derived_id
from recoup.centre.tracer import Tracer

WHO: Final = "chase"
ACTOR: Final = Actor(WHO, CHASE, "the plan of the chase")
_NICENESS: Final = 10

Submit = Callable[[Command], "Future[Outcome]"]
SubmitTogether = Callable[[Sequence[Command]], "list[Future[Outcome]]"]
"""The same for commands that belong in one round."""

_Grounds = Mapping[HoldPlace, Grounds]


@dataclass(slots=True)
class _Newest:
    """How far one case is; gone when nothing of it is under way or refused."""

    sheets: CaseSheets | None = None
    """What is to be traced."""
    handed: int = -1
    """The version that a tracer was given last."""
    refused: int = -1
    """The version whose trail was refused: a person was told, and the same facts would give the same again."""


class Trails:
    """What was asked of the tracers and what they told: the newest of each case. Safe to call from several threads."""

    def __init__(
        self,
        told: ToldOf = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
        ripe: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `ripe` hears that a trail was found, and that something came of it."""
        self._say, self._call = told, ripe
        self._newest: dict[str, _Newest] = {}
        self._grounds: OrderedDict[str, tuple[int, _Grounds]] = OrderedDict()
        self._found: list[TracedCase] = []
        self._ripe: dict[str, None] = {}
        self._wanted: set[str] = set()
        self._lock = threading.Lock()

    def ask(self, sheets: CaseSheets) -> None:
        """Keep what is to be traced next of a case."""
        with self._lock:
            self._newest.setdefault(sheets.case, _Newest()).sheets = sheets.slim()

    def newest(self, case: str) -> CaseSheets | None:
        """Return what is to be traced; None where it was taken meanwhile."""
        with self._lock:
            newest = self._newest.get(case)
            if newest is None or newest.sheets is None:
                return None
            newest.handed = newest.sheets.version
            return newest.sheets

    def is_large(self, case: str) -> bool:
        """Return whether a case is one for the process for large ones."""
        with self._lock:
            newest = self._newest.get(case)
        sheets = newest.sheets if newest else None
        return sheets is not None and sheets.size > limits.TRACE_QUICK_BYTES_MAX

    def drop(self, case: str) -> None:
        """Forget what could not be traced, unless a newer version waits; the case is asked for again when it changes."""
        with self._lock:
            newest = self._newest.get(case)
            if newest and newest.sheets and newest.sheets.version == newest.handed:
                del self._newest[case]

    def take(self, traced: TracedCase) -> None:
        """Keep what was found until the chase hands it in; of a case whose facts changed meanwhile the newer is under way."""
        with self._lock:
            newest = self._newest.get(traced.case)
            if newest is None or newest.sheets is None or newest.sheets.version != traced.version:
                return
            del self._newest[traced.case]
            self._keep(traced)
            self._found.append(traced)
        if traced.ignored:
            self._say(traced.case, f"{traced.ignored} statement rows carry nothing")
        self._call()

    def found(self) -> list[TracedCase]:
        """Return, once, what was found: to be handed in with `command_for`, and `settled` once the writer spoke."""
        with self._lock:
            found, self._found = self._found, []
            return found

    def _keep(self, traced: TracedCase) -> None:
        """Remember by which transfers money came, and of the cases before as many as there is room for."""
        self._grounds.pop(traced.case, None)
        self._grounds[traced.case] = traced.version, traced.told.grounds
        while len(self._grounds) > limits.TRAILS_KEPT_MAX:
            self._grounds.popitem(last=False)

    def settled(self, traced: TracedCase, outcome: Outcome) -> None:
        """Take note of what the writer said; a case whose trail it had no room for is looked at again."""
        if isinstance(outcome, Turned):
            with self._lock:
                if outcome.is_transient:
                    self._grounds.pop(traced.case, None)
                else:  # the grounds stay: for orders of the trail that the case has they are as good as any
                    newest = self._newest.setdefault(traced.case, _Newest())
                    newest.refused = traced.version
            self._say(traced.case, f"trail refused: {outcome.reason} {outcome.what}".rstrip())
        with self._lock:
            self._ripe[traced.case] = None
        self._call()

    def ripe(self) -> dict[str, None]:
        """Return, once, the cases of whose trail something came: taken, refused, or to be handed in again."""
        with self._lock:
            ripe, self._ripe = self._ripe, {}
            return ripe

    def want(self, case: str) -> None:
        """Have a case looked at, and traced if it has to be: a person asks by which transfers its money came."""
        with self._lock:
            self._ripe[case] = None
            self._wanted.add(case)
        self._call()

    def is_wanted(self, case: str) -> bool:
        """Return, once, whether a person waits for what a case's trail tells."""
        with self._lock:
            is_so = case in self._wanted
            self._wanted.discard(case)
            return is_so

    def is_pointless(self, case: Case) -> bool:
        """Return whether a case's present facts are being handed in, or were refused: tracing them again gives the same."""
        with self._lock:
            newest = self._newest.get(case.id)
            known = self._grounds.get(case.id)
        is_refused = newest is not None and newest.refused == case.facts_version
        return is_refused or (known is not None and known[0] == case.facts_version)

    def grounds(self, case: Case) -> _Grounds | None:
        """Return by which transfers money came, from the trail of a case's present facts; None where it is not kept."""
        with self._lock:
            known = self._grounds.get(case.id)
            if known is None or known[0] != case.facts_version:
                return None
            self._grounds.move_to_end(case.id)
            return known[1]


def command_for(traced: TracedCase) -> Command:
    """Return the command that tells a case its trail: the same one for the same version, however often it is traced."""
    command_id = derived_id("trail", traced.case, str(traced.version))
    request = Request(ACTOR, traced.told.command, case=traced.case)
    return command_of(COMMAND_REGISTRY, command_id, request)


class Tracers:
    """A process for small cases and one for large ones."""

    def __init__(self, trails: Trails, told: ToldOf, *, ahead: bool = True) -> None:
        """Prepare; `ahead`: the process for small cases is there before the first case, which then does not wait for it."""

        def untraced(case: str, why: BaseException) -> None:
            trails.drop(case)
            told(case, f"no trail: {why}")

        self._trails, self._is_ahead, self._has_begun = trails, ahead, False
        self._small = Tracer(trails, trails.take, untraced)
        self._large = Tracer(trails, trails.take, untraced, niceness=_NICENESS)

    def start(self) -> None:
        """Begin; nothing waits yet."""
        if self._is_ahead:
            self._begin()

    def _begin(self) -> None:
        self._has_begun = True
        self._small.start()
        self._large.start()

    def changed(self, case: str) -> None:
        """Have a case traced whose newest facts `trails` has; called from one thread."""
        if not self._has_begun:
            self._begin()
        (self._large if self._trails.is_large(case) else self._small).changed(case)

    def stop(self) -> None:
        """Finish what is being traced, and end; nothing is handed over any more."""
        if self._has_begun:
            self._small.stop()
            self._large.stop()


__all__ = ["ACTOR", "WHO", "Submit", "SubmitTogether", "Tracers", "Trails", "command_for"]
