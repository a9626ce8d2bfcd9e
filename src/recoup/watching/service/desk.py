"""The desk of the service: a bounded queue before the one thread that owns the core, and what happens when that thread is late.

1. Payments wait in the order in which they came; the thread takes all that wait, up to a bound, decides them, makes them
   durable with one sync, and answers.
2. When too many wait, or the oldest waited too long, they are decided without scoring: that is fast, and orders bind.
3. When even that does not come in time - a model that hangs, a long reload - the payment is answered without the thread:
   it goes on, unless an order binds the payer, who then waits. The answer is on disk before it leaves; the thread takes it
   in later.
4. Past the bound of the queue the caller is told to come again.

So scoring is given up, and a stop is not. Invariant: an answer that left is on disk; the core has it, or has it waiting.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import structlog

from recoup import limits
from recoup.errors import Fault
from recoup.watching.service.figures import Figures
from recoup.watching.service.keeping import Keeping, early_extra
from recoup.watching.service.port import CONFIGURE, DECISIONS, LAPSE, Answers, Batch, Core
from recoup.watching.service.problems import ProblemError

_log = structlog.get_logger("recoup.watch")
_HOLD: Final = DECISIONS.index("hold")


@dataclass(frozen=True, slots=True)
class Terms:
    """When scoring is given up, and how often the state is kept."""

    shed_rows: int = 20_000
    """Payments that wait, from which on they are not scored."""
    shed_seconds: float = 0.05
    """How long the oldest may wait and still be scored."""
    early_seconds: float = 0.25
    """How long a payment waits before it is answered without the thread."""
    snapshot_seconds: float = 600.0
    lapse_seconds: float = 1.0
    """How often it is looked whether something that waits is over; 0: never, so that it ends with the next payment."""


class _Direct:
    """In place of a future where somebody is called with the result: one turn of the loop less."""

    __slots__ = ("_is_done", "_told")

    def __init__(self, told: Callable[[Any], None]) -> None:
        self._told, self._is_done = told, False

    def done(self) -> bool:
        """Return whether it was told."""
        return self._is_done

    def set_result(self, result: object) -> None:
        """Tell the result."""
        self._is_done = True
        self._told(result)

    def set_exception(self, fault: BaseException) -> None:
        """Tell why there is none."""
        self.set_result(fault)


class _Each:
    """The same for payments that are a request each: some may be told before the others."""

    __slots__ = ("_early", "_is_done", "_told", "count")

    def __init__(self, told: EachTold, count: int) -> None:
        self._told, self.count = told, count
        self._early: frozenset[int] = frozenset()
        self._is_done = False

    def done(self) -> bool:
        """Return whether all were told."""
        return self._is_done

    def set_some(self, places: Sequence[int], answers: Answers) -> None:
        """Tell these alone; the others are told later."""
        self._early = frozenset(places)
        self._told(answers, places)

    def set_result(self, answers: Any) -> None:  # noqa: ANN401 - as a future's
        """Tell all that were not told."""
        self._is_done = True
        if not self._early:
            self._told(answers, None)
            return
        left = [at for at in range(self.count) if at not in self._early]
        self._told(answers.rows(left) if isinstance(answers, Answers) else answers, left)

    def set_exception(self, fault: BaseException) -> None:
        """Tell why there is no answer."""
        self.set_result(fault)


EachTold = Callable[[Answers | BaseException, Sequence[int] | None], None]
"""Hears the answers to payments at these places, in their order; None: to all."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """Payments of one request that wait, or something else that the thread is to do."""

    future: asyncio.Future[Any] | concurrent.futures.Future[Any] | _Direct | _Each
    came: float
    batch: Batch | None = None
    work: Callable[[Core], object] | None = None
    is_early: bool = False
    """Answered without the thread."""
    is_settled: bool = False
    """Decided and on its way to the disk: too late for an early answer."""


@dataclass(slots=True)
class _Line:
    """What waits, and what is being done; everything under the lock."""

    waiting: deque[_Ticket] = field(default_factory=deque)
    taken: list[_Ticket] = field(default_factory=list)
    rows: int = 0
    """Payments that wait or are being decided."""
    is_closed: bool = False


class Desk:
    """Takes payments on an event loop and has them decided by a thread of its own."""

    def __init__(
        self,
        core: Core,
        keeping: Keeping,
        terms: Terms,
        figures: Figures,
        halted: Callable[[BaseException], None],
        now_us: Callable[[], int] | None = None,
    ) -> None:
        """Put it before a core; `now_us` tells the time by which what waits is over, without it only payments do."""
        self._core, self._keeping, self._terms, self._figures = core, keeping, terms, figures
        self._halted = halted
        self._line, self._change = _Line(), threading.Condition()
        self._disk = threading.Lock()
        """Around the logs and the early answers: the thread and the loop both write there."""
        self._bound: Mapping[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="decide", daemon=True)
        self._keeper: threading.Thread | None = None
        self._kept = self._looked = monotonic()
        self._now_us = now_us if terms.lapse_seconds > 0 else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.answers: Callable[[], None] = lambda: None
        """Is called on the loop before a group is answered: who gathers payments meanwhile hands them on."""
        self._is_broken = False
        """The core may be ahead of the log: it must not be kept."""
        self.is_ready = False

    def recover(self) -> int:
        """Bring the core to where it was; return how many records that took."""
        count = self._keeping.recover(self._core)
        self._bound = self._core.bound()
        return count

    def configure(self, content: bytes) -> None:
        """Have the core decide by this configuration, before the desk opens; nothing is done where it does already."""
        if self._core.versions().get(CONFIGURE) != hashlib.sha256(content).hexdigest():
            self._core.tell(CONFIGURE, content)
            self._keeping.told(CONFIGURE, content)
            self._bound = self._core.bound()

    def open(self) -> None:
        """Begin to take payments, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        self._watcher = self._loop.create_task(self._watch())
        self.is_ready = True

    @property
    def waiting(self) -> int:
        """Payments that wait or are being decided."""
        return self._line.rows

    # --- on the loop ---

    def ask(self, batch: Batch) -> asyncio.Future[Answers]:
        """Have payments decided."""
        future = self._future()
        self._enter(_Ticket(future, monotonic(), batch=batch), len(batch))
        return future

    def ask_and_tell(self, batch: Batch, told: Callable[[Answers | BaseException], None]) -> None:
        """Have payments decided; `told` gets the answers on the loop, without a future in between. Raises as `ask` does."""
        self._enter(_Ticket(_Direct(told), monotonic(), batch=batch), len(batch))

    def ask_each(self, batch: Batch, told: EachTold) -> None:
        """Have payments decided that are a request each: who must wait, since its id is known, keeps no other waiting."""
        ticket = _Ticket(_Each(told, len(batch)), monotonic(), batch=batch)
        self._enter(ticket, len(batch), requests=len(batch))

    def have(self, work: Callable[[Core], object]) -> asyncio.Future[Any]:
        """Have something done by the thread that owns the core; it must change nothing."""
        future = self._future()
        self._enter(_Ticket(future, monotonic(), work=work), 0)
        return future

    def inform(self, name: str, body: bytes) -> asyncio.Future[Any]:
        """Tell the core something: durable when the future is done, a `Fault` where it is refused."""
        return self.have(lambda _: self.told_here(name, body))

    def call(self, work: Callable[[], object]) -> object:
        """Have something done by the thread that owns the core, from any thread but that one, and wait for it.

        It may tell the core something by `told_here`. Raises what it raises, and `ProblemError` where the desk is not open.
        """
        future: concurrent.futures.Future[object] = concurrent.futures.Future()
        self._enter(_Ticket(future, monotonic(), work=lambda _: work()), 0)
        return future.result()

    def told_here(self, name: str, body: bytes) -> str:
        """Tell the core something, on the thread that owns it: durable when this returns what the core says."""
        said = self._core.tell(name, body)
        with self._disk:
            self._keeping.told(name, body)
        self._bound = self._core.bound()
        return said

    def _future(self) -> asyncio.Future[Any]:
        assert self._loop is not None, "opened first"
        return self._loop.create_future()

    def _enter(self, ticket: _Ticket, rows: int, requests: int = 1) -> None:
        if not self.is_ready:
            raise ProblemError("not_ready")
        with self._change:
            if self._line.rows + rows > limits.WATCH_QUEUE_ROWS_MAX:
                self._figures.full.inc(requests)
                raise ProblemError("queue_full")
            self._line.waiting.append(ticket)
            self._line.rows += rows
            self._change.notify()

    async def _watch(self) -> None:
        """Answer without the thread what waited too long for it."""
        while True:
            await asyncio.sleep(self._terms.early_seconds / 4)
            try:
                self._answer_early()
            except Fault as fault:
                self._stop(fault)

    def _answer_early(self) -> None:
        before = monotonic() - self._terms.early_seconds
        with self._change:
            if not any(
                t.came <= before for t in (*self._line.taken[:1], *[*self._line.waiting][:1])
            ):
                return
            late = [
                (ticket, places)
                for ticket in (*self._line.taken, *self._line.waiting)
                if ticket.batch is not None
                and ticket.came <= before
                and not (ticket.is_early or ticket.is_settled)
                and len(places := self._unknown(ticket))
            ]
            for ticket, _ in late:
                ticket.is_early = True
        if not late or not self._disk.acquire(
            blocking=False
        ):  # held: the thread syncs, and answers
            for ticket, _ in late:
                ticket.is_early = False
            return
        try:
            given = [self._early(ticket, places) for ticket, places in late]
        finally:
            self._disk.release()
        for (ticket, places), answers in zip(late, given, strict=True):
            future = ticket.future
            if isinstance(future, _Each) and len(places) < future.count:
                future.set_some(places, answers)
            elif not future.done():
                future.set_result(answers)

    def _unknown(self, ticket: _Ticket) -> Sequence[int]:
        """Return the places of payments that may be answered early; () where none may."""
        batch = ticket.batch
        assert batch is not None, "payments only"
        if not self._is_known(list(batch.ids)):
            return range(len(batch))
        if not isinstance(ticket.future, _Each):
            return ()
        return [at for at, id_ in enumerate(batch.ids) if not self._is_known([id_])]

    def _is_known(self, ids: Sequence[str]) -> bool:
        """Return whether any payment of these was answered before: its repeat waits for the thread, which knows with what."""
        early = self._keeping.early.answers
        return any(id_ in early for id_ in ids) or self._core.knows_any(ids)

    def _early(self, ticket: _Ticket, places: Sequence[int]) -> Answers:
        """Return the answers to payments without the core: they go on, those of bound payers wait."""
        batch = ticket.batch
        assert batch is not None, "payments only"
        if len(places) < len(batch):
            batch = batch.rows(places)
        answers, codes = Answers.blank(len(batch)), [""] * len(batch)
        for at, payer in enumerate(batch.payers):
            code = self._bound.get(payer, "")
            codes[at] = code
            if code:
                answers.decisions[at] = _HOLD
                answers.extras[at] = early_extra(batch.ids[at], code)
        self._keeping.answer_early(batch, answers.decisions.tolist(), codes)
        self._figures.early.inc(len(batch))
        return answers

    # --- on the thread ---

    def _run(self) -> None:
        try:
            while (tickets := self._take()) is not None:
                if tickets and tickets[0].work is not None:
                    self._work(tickets[0])
                elif tickets:
                    self._decide(tickets)
                self._lapse_in_time()
                self._keep_in_time()
        except BaseException as fault:  # noqa: BLE001 - whatever ends this thread ends the service
            self._stop(fault)

    def _take(self) -> list[_Ticket] | None:
        """Return the next tickets that are done together; [] when only time passed, None at the end."""
        with self._change:
            if not self._line.waiting and not self._line.is_closed:
                self._change.wait(1.0 if self._now_us is None else self._terms.lapse_seconds)
            waiting, taken, rows = self._line.waiting, self._line.taken, 0
            taken.clear()
            if not waiting:
                return None if self._line.is_closed else []
            while waiting:
                batch = waiting[0].batch
                if taken and (batch is None or rows + len(batch) > limits.WATCH_GROUP_ROWS_MAX):
                    break
                taken.append(waiting.popleft())
                if batch is None:
                    break
                rows += len(batch)
            return list(taken)

    def _decide(self, tickets: list[_Ticket]) -> None:
        waited = monotonic() - tickets[0].came
        is_scored = waited <= self._terms.shed_seconds and self._line.rows <= self._terms.shed_rows
        batch = Batch.joined([ticket.batch for ticket in tickets if ticket.batch is not None])
        answers = self._core.decide(batch, is_scored=is_scored)
        with self._change:
            for ticket in tickets:
                ticket.is_settled = True
        with self._disk:
            self._keeping.write(self._core, batch, answers, is_scored=is_scored)
            early = self._keeping.early
            if early.answers:
                answers = early.overrule(batch, answers)
            self._keeping.sync()
        self._bound = self._core.bound()
        self._figures.decided(answers, is_scored=is_scored, waited=waited)
        with self._change:
            self._line.rows -= len(batch)
        self._deliver(tickets, answers)

    def _deliver(self, tickets: list[_Ticket], answers: Answers) -> None:
        """Hand each request its own answers, with one call into the loop for all."""
        begin, parts = 0, []
        for ticket in tickets:
            assert ticket.batch is not None, "payments only"
            end = begin + len(ticket.batch)
            parts.append((ticket.future, answers.part(begin, end)))
            begin = end

        def deliver() -> None:
            self.answers()
            for future, part in parts:
                if not future.done():  # the caller went away, or was answered early
                    future.set_result(part)

        self._call(deliver)

    def _work(self, ticket: _Ticket) -> None:
        assert ticket.work is not None, "work only"
        future, result, fault = ticket.future, None, None
        try:
            result = ticket.work(self._core)
        except (Fault, ProblemError) as found:
            fault = found

        def deliver() -> None:
            if future.done():
                return
            if fault is None:
                future.set_result(result)
            else:
                future.set_exception(fault)

        self._call(deliver)

    def _call(self, what: Callable[[], None]) -> None:
        assert self._loop is not None, "opened first"
        self._loop.call_soon_threadsafe(what)

    def _lapse_in_time(self) -> None:
        """Have what waits end when its time is over, though no payment comes that would say so."""
        if self._now_us is None or monotonic() - self._looked < self._terms.lapse_seconds:
            return
        self._looked = monotonic()
        due_us = self._core.due(self._now_us())
        if due_us is not None:
            # No further than needed: payments that are on their way must not come late by it.
            self.told_here(LAPSE, str(due_us).encode())
            self._figures.lapses.inc()

    def _keep_in_time(self) -> None:
        if monotonic() - self._kept < self._terms.snapshot_seconds:
            return
        self._kept = monotonic()
        if self._keeper is not None and self._keeper.is_alive():
            return  # the former one is still being written
        state = self._core.snapshot()
        if state is None:
            return
        with self._disk:
            path, content = self._keeping.cut(state)
        self._keeper = threading.Thread(
            target=self._keeping.keep, args=(path, content), name="keep", daemon=False
        )
        self._keeper.start()
        self._figures.snapshots.inc()

    def _stop(self, fault: BaseException) -> None:
        """Take nothing more: what was decided may not be on disk, so nobody may be answered from it."""
        self.is_ready, self._is_broken = False, True
        _log.error("the desk ended by itself", exc_info=fault)

        def refuse() -> None:
            with self._change:
                left = [*self._line.taken, *self._line.waiting]
            for ticket in left:
                if not ticket.future.done():
                    ticket.future.set_exception(ProblemError("not_ready"))

        self._call(refuse)
        self._halted(fault)

    async def close(self) -> None:
        """Answer what waits, keep the state, end. Nothing new is taken meanwhile."""
        self.is_ready = False
        with self._change:
            self._line.is_closed = True
            self._change.notify()
        await asyncio.to_thread(self._thread.join)
        if self._watcher is not None:
            self._watcher.cancel()
        if self._keeper is not None:
            self._keeper.join()
        state = self._core.snapshot() if not self._is_broken else None
        with self._disk:
            if state is not None:
                self._keeping.keep(*self._keeping.cut(state))
            self._keeping.close()


__all__ = ["Desk", "Terms"]
