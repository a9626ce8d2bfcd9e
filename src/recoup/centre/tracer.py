"""The tracing worker: computes a case's trail from a numbered version of its facts, outside the writer. It decides nothing.

1. Tracing runs in a process of its own, behind a pipe: neither the writer nor any other command waits for it. What the process
   was given before is not given again; one that no longer has it says so, and is given all.
2. A case whose facts change while it is traced is traced once more; of several changes only the newest is traced.
3. What was found is handed on with its version; whoever takes it refuses one that is stale.
4. A worker process that dies is replaced and its case traced again, a bounded number of times; then a person is told.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Final, Protocol

from recoup import limits
from recoup.centre.child import end_with_parent
from recoup.errors import Fault

if TYPE_CHECKING:  # only the process that traces loads tables and kernels
    import polars as pl

    from recoup.records.dossier import Dossier
    from recoup.trace import Trail

_COLLECTED_ALL: Final = 1_000
"""Traces after which all is collected that is kept from trace to trace: some tenths of a second where many rows are kept."""

RULE: Final = "fifo"
"""The rule of a case that declares none."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """All that is known of a case at one version: statements, claims, holds in the dossier."""

    case: str
    version: int
    dossier: Dossier
    claims: pl.DataFrame
    """Schema `records.tables.CLAIMS`."""
    rule: str = RULE
    """The case's one declared rule."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Nothing of it is kept by a process."""
        return ()

    def lean(self, kept: Container[str]) -> CaseFacts:  # noqa: ARG002 - the protocol's
        """Return all of it."""
        return self

    def traced(self) -> Traced:
        """Return the trail: the chase always bridges, and follows the case's one rule."""
        from recoup.trace import Options, trace_dossier

        options = Options(rules=(self.rule,), bridge=True)
        return Traced(self.case, self.version, trace_dossier(self.dossier, self.claims, options))


@dataclass(frozen=True, slots=True)
class Traced:
    """A trail and the version of the facts that it follows from."""

    case: str
    version: int
    trail: Trail


class Traceable(Protocol):
    """One version of a case's facts, in whatever form is small to hand to another process."""

    @property
    def case(self) -> str:
        """Whose facts."""
        ...

    @property
    def digests(self) -> tuple[str, ...]:
        """The names of those parts that a process may keep, once it was given them."""
        ...

    def lean(self, kept: Container[str]) -> Traceable:
        """Return the same without the parts that a process was given before."""
        ...

    def traced(self) -> Any:  # noqa: ANN401 - what the tracer's `submit` takes; the tracer never looks into it
        """Return what was found; called in the tracing process. Raises `NotKept` for a part that is not there."""
        ...


class NotKept(Exception):
    """A part was left out that this process does not have, or has no longer: whoever asked gives all and asks again."""


class Facts(Protocol):
    """Where the facts of cases lie; asked from the tracer's thread only."""

    def newest(self, case: str) -> Traceable | None:
        """Return the newest version of a case's facts; None where it was traced meanwhile."""
        ...


class ToldOfCase(Protocol):
    """Hears why a case has no trail."""

    def __call__(self, case: str, why: BaseException) -> None:
        """Tell a person."""
        ...


def trace_facts(facts: Traceable) -> Any:  # noqa: ANN401 - as above
    """Return what a version of a case's facts gives."""
    return facts.traced()


def warm_up(niceness: int = 0) -> None:
    """Compile or load the kernels before the first case needs them; a process with `niceness` gives way to others."""
    import polars as pl

    from recoup.records import tables
    from recoup.records.dossier import Dossier
    from recoup.trace import Options, trace_dossier

    end_with_parent()
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    # A case has hundreds of rows: the engine for streams of millions takes longer to begin than this one to end.
    pl.Config.set_engine_affinity("in-memory")
    dossier = Dossier(pl.DataFrame(schema=tables.TRANSFERS), ())
    trace_dossier(dossier, pl.DataFrame(schema=tables.CLAIMS), Options(bridge=True))
    gc.freeze()  # what is there now stays: the collector need not walk it at every case


@dataclass(slots=True)
class _Waiting:
    """Cases to trace, each once, the one that waits longest first."""

    cases: dict[str, None] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    is_stopping: bool = False

    def add(self, cases: Iterable[str]) -> None:
        with self.changed:
            self.cases |= dict.fromkeys(cases)
            self.changed.notify()

    def take(self) -> str | None:
        """Wait for a case; None when the end has come."""
        with self.changed:
            self.changed.wait_for(lambda: self.cases or self.is_stopping)
            if self.is_stopping:
                return None
            case = next(iter(self.cases))
            del self.cases[case]
            return case

    def stop(self) -> None:
        with self.changed:
            self.is_stopping = True
            self.changed.notify()


class Tracer:
    """Traces cases one after another and hands each trail to `submit`; see the module."""

    def __init__(
        self,
        facts: Facts,
        submit: Callable[[Any], object],
        told: ToldOfCase = lambda case, why: None,  # noqa: ARG005 - the parameters' names are the protocol's
        niceness: int = 0,
    ) -> None:
        """Prepare; a tracer with `niceness` gives way to whatever else the machine has to do."""
        self._facts, self._submit, self._told, self._niceness = facts, submit, told, niceness
        self._waiting = _Waiting()
        self._thread = threading.Thread(target=self._run, name="tracer", daemon=True)
        self._process: _Process | None = None

    def start(self, cases: Iterable[str] = ()) -> None:
        """Begin; `cases` are those whose newest facts have no trail yet."""
        if not self._niceness:  # so that the process is there before the first case needs it
            self._process = _Process(self._niceness)
        self._waiting.add(cases)
        self._thread.start()

    def changed(self, case: str) -> None:
        """Note that a case has newer facts."""
        self._waiting.add([case])

    def stop(self) -> None:
        """Finish the case that is being traced, and end."""
        self._waiting.stop()
        self._thread.join()
        if self._process is not None:
            self._process.end()

    def _run(self) -> None:
        while (case := self._waiting.take()) is not None:
            try:
                facts = self._facts.newest(case)
                if facts is not None:
                    self._submit(self._trace(facts))
            except Exception as why:  # noqa: BLE001 - one case that cannot be traced must not end all others' tracing
                self._told(case, why)

    def _trace(self, facts: Traceable) -> Any:  # noqa: ANN401 - as above
        """Trace in the worker process; a process that died is replaced."""
        for _ in range(limits.TRACE_TRIES_MAX):
            if self._process is None:
                self._process = _Process(self._niceness)
            try:
                return self._process.trace(facts)
            except _Died:
                self._process.end()
                self._process = None
        raise TracerFault(f"expected a trail of case {facts.case}, its process died each time")


class TracerFault(Fault):
    """The process that traced a case died each time: most likely it took more memory than there is."""


class _Died(Exception):
    """The process is gone."""


class _Process:
    """A process that traces what comes through its pipe, and what it was given before. Belongs to one thread at a time."""

    def __init__(self, niceness: int) -> None:
        """Begin one; a fork of a process with threads could hang."""
        spawn = get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_serve, args=(theirs, niceness), name="tracing", daemon=True
        )
        self._process.start()
        theirs.close()  # so that its death is the end of the pipe
        self._given: dict[str, None] = {}

    @property
    def pid(self) -> int:
        """Which process it is."""
        assert self._process.pid is not None, "it was begun"
        return self._process.pid

    def trace(self, facts: Traceable) -> Any:  # noqa: ANN401 - as above
        """Return what facts give; raises `_Died` for a process that did, otherwise what the trace raised."""
        is_found, found = self._asked(facts.lean(self._given))
        if isinstance(found, NotKept):
            self._given.clear()
            is_found, found = self._asked(facts.lean(()))
        if not is_found:
            raise found
        self._given |= dict.fromkeys(facts.digests)
        if len(self._given) > limits.TRACE_PARTS_GIVEN_MAX:
            self._given.clear()  # what it still has is given once more: that costs a moment, now and then
        return found

    def _asked(self, facts: Traceable) -> tuple[bool, Any]:
        try:
            self._pipe.send(facts)
            answer: tuple[bool, Any] = self._pipe.recv()
        except (EOFError, OSError) as why:
            raise _Died from why
        return answer

    def end(self) -> None:
        """End it: it has nothing that is not elsewhere."""
        self._pipe.close()
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection, niceness: int) -> None:
    """Trace what comes, until the pipe's other end is closed: the process's whole work.

    What a case leaves behind is collected once it was told, not while the next order waits for it.
    """
    warm_up(niceness)
    gc.disable()
    for traced in count(1):
        try:
            facts = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, trace_facts(facts))
        except Exception as why:  # noqa: BLE001 - told to whoever asked; the next case may be a sound one
            answer = (False, why)
        _tell(pipe, answer)
        del facts, answer
        gc.collect(2 if traced % _COLLECTED_ALL == 0 else 1)


def _tell(pipe: Connection, answer: tuple[bool, Any]) -> None:
    """Send an answer; one that cannot be sent is told in words."""
    try:
        pipe.send(answer)
    except (TypeError, ValueError, AttributeError, PicklingError) as why:
        what = f"expected an answer that can be sent, was {type(answer[1]).__name__}: {why}"
        pipe.send((False, TracerFault(what)))


__all__ = [
    "CaseFacts",
    "Facts",
    "NotKept",
    "Traceable",
    "Traced",
    "Tracer",
    "TracerFault",
    "trace_facts",
]
