"""The single writer: takes commands one at a time, makes many durable with one sync, and only then answers. Never traces.

One thread owns the state and its own connection to the store. It takes what waits, lets `decide` and `evolve` work in memory,
appends everything in one transaction, and answers when that is on disk. While the disk syncs, the next commands gather: so
the more clients, the larger the batches, with no timer.

1. Nobody hears of an effect that is not on disk.
2. A command id has one effect and one answer for ever, also when it comes twice in one batch.
3. A storage fault stops the writer for good: state in memory is ahead of the disk then, and a failed sync tells nothing when
   tried again. What was in the batch is `Unknown` if the commit was under way, otherwise it had no effect. Starting anew is
   recovery.
4. Starting checks every record's seal before folding it: nothing is built on a journal that was changed.
5. A bug in a rule (an exception out of `decide` or `evolve`) stops it as well, with nothing of the batch written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic

from recoup import limits
from recoup.centre.commands import (
    Command,
    Decide,
    Evolve,
    Halted,
    Outcome,
    Passed,
    Restore,
    State,
    Unknown,
    WriterRefusal,
)
from recoup.centre.scribe import Scribe, turned
from recoup.centre.tail import Tail
from recoup.clock import Clock
from recoup.errors import CommitUnknown
from recoup.journal.events import Registry
from recoup.journal.port import Journal

_Waiting = tuple[Command, "Future[Outcome]"]
_TICK_SECONDS = 0.05


class Writer(Generic[State]):
    """The one that writes a journal; see the module for its promises."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        registry: Registry,
        clock: Clock,
        *,
        state: State,
        decide: Decide[State],
        evolve: Evolve[State],
        restore: Restore[State] | None = None,
        halted: Halted = lambda why: None,  # noqa: ARG005 - the parameter's name is the protocol's
        written: Callable[[], None] = lambda: None,
        begun: Passed[State] = lambda state, last: None,  # noqa: ARG005 - the same
        ended: Passed[State] = lambda state, last: None,  # noqa: ARG005 - the same
        tail: Tail | None = None,
    ) -> None:
        """Prepare a writer whose `state` is that of an empty journal; `start` replays, from where `restore` says.

        In the writer's thread, `begun` is called with what was recovered before any command is taken, `written` after each
        round when everybody in it was answered, and `ended` after the last one: the state is what the disk has then. What a
        round wrote is in `tail` before anybody is answered.
        """
        self._open, self._registry, self._clock = open_journal, registry, clock
        self._state, self._decide, self._evolve = state, decide, evolve
        self._restore, self._halted, self._written = restore, halted, written
        self._begun, self._ended, self._tail = begun, ended, tail
        self._queue: SimpleQueue[list[_Waiting]] = SimpleQueue()
        self._room = threading.Semaphore(limits.QUEUE_COMMANDS_MAX)
        self._gate = threading.Lock()  # between a command being let in and the gate being shut
        self._is_draining = self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._ready: Future[int] = Future()
        self._epoch = 0

    # --- from outside ---

    def start(self) -> int:
        """Recover: lead, replay, begin to take commands. Return how many records there are."""
        self._thread.start()
        return self._ready.result()

    def submit(self, command: Command) -> Future[Outcome]:
        """Hand a command in; the future is done when its effect is on disk or it is known to have none."""
        return self.submit_together([command])[0]

    def submit_together(self, commands: Sequence[Command]) -> list[Future[Outcome]]:
        """Hand commands in that belong in one round, so that nobody sees one without the others; all are let in or none.

        They are decided one after another in this order, each for itself.
        """
        for command in commands:
            size = len(command.id.encode())
            assert 0 < size <= limits.TEXT_BYTES_MAX, "an id is empty or too long"
            assert command.id.isprintable(), "an id has control characters"
        waiting: list[_Waiting] = [(command, Future()) for command in commands]
        with self._gate:
            reason = self._let_in(len(waiting))
            if reason is None:
                self._queue.put(waiting)
        futures = [future for _, future in waiting]
        if reason is not None:
            for future in futures:
                future.set_result(turned(reason))
        return futures

    def _let_in(self, count: int) -> WriterRefusal | None:
        """Take room in the queue; what is returned says why there is none."""
        if self._is_stopped or self._is_draining:
            return WriterRefusal.STOPPED if self._is_stopped else WriterRefusal.DRAINING
        for taken in range(count):
            if not self._room.acquire(blocking=False):
                if taken:
                    self._room.release(taken)
                return WriterRefusal.QUEUE_FULL
        return None

    def drain(self) -> None:
        """Take no more commands, finish those that wait, and end."""
        with self._gate:
            self._is_draining = True
        self._thread.join()

    @property
    def epoch(self) -> int:
        """The epoch in which it leads, or led; 0 before it started."""
        return self._epoch

    @property
    def is_stopped(self) -> bool:
        """Whether the writer stopped for good."""
        return self._is_stopped

    # --- the writer's thread ---

    def _run(self) -> None:
        try:
            journal = self._open()
            scribe = Scribe(
                journal,
                self._registry,
                self._clock,
                state=self._state,
                decide=self._decide,
                evolve=self._evolve,
                restore=self._restore,
                tail=self._tail,
            )
            self._begun(scribe.state, scribe.last)
        except BaseException as why:  # noqa: BLE001 - handed to whoever starts the writer
            self._is_stopped = True
            self._ready.set_exception(why)
            return
        self._epoch = scribe.epoch
        self._ready.set_result(scribe.count)
        taken: list[_Waiting] = []
        try:
            while taken := self._next_commands():
                outcomes = scribe.write([command for command, _ in taken])
                for (_, future), outcome in zip(taken, outcomes, strict=True):
                    future.set_result(outcome)
                self._written()
            self._ended(scribe.state, scribe.last)
        except BaseException as why:  # noqa: BLE001 - whatever it is, state is ahead of the disk: stop
            self._stop(taken, why)
        journal.close()

    def _next_commands(self) -> list[_Waiting]:
        """Wait for a command, then take whatever else waits; an empty list says that the end has come."""
        taken: list[_Waiting] = []
        while len(taken) < limits.BATCH_COMMANDS_MAX:
            try:
                waiting = self._queue.get(block=not taken, timeout=_TICK_SECONDS)
            except Empty:
                if taken:
                    break
                with self._gate:
                    if self._is_draining and self._queue.empty():
                        break
                continue
            self._room.release(len(waiting))
            # From here on nobody can take it back.
            taken += [one for one in waiting if one[1].set_running_or_notify_cancel()]
        return taken

    def _stop(self, taken: list[_Waiting], why: BaseException) -> None:
        """Answer everybody who waits, and take nothing any more."""
        with self._gate:
            self._is_stopped = True
        is_unknown = isinstance(why, CommitUnknown)
        for _, future in taken:
            if not future.done():
                future.set_result(Unknown() if is_unknown else turned(WriterRefusal.STOPPED))
        while True:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            for _, future in waiting:
                if future.set_running_or_notify_cancel():
                    future.set_result(turned(WriterRefusal.STOPPED))
        self._halted(why)


__all__ = ["Writer"]
