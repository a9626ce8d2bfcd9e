"""The sender: hands outbox messages to institutions and brings what they answer back as commands. It decides nothing.

1. A message stays pending until the command that notes its sending is on disk, in whose transaction it is settled. Killed
   anywhere, a sender that starts again sends again, under the same order id.
2. What follows from a reply has ids that follow from the message and the answer: a repeat has no second effect.
3. Threads, not a loop: an institution's adapter may block as it likes, and signing and waiting release the interpreter. One
   thread owns the outbox's connection and the order of sending (`dispatch`), a pool of others each carry one message at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, Protocol

from recoup import limits
from recoup.centre.commands import Command, Outcome, Turned, Unknown, WriterRefusal
from recoup.centre.dispatch import Dispatcher
from recoup.centre.ports import BankGateway, Reply
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import (
    INSTITUTION,
    SENDER,
    Actor,
    Request,
    command_of,
    derived_id,
)
from recoup.centre.terms import ORDER_MESSAGE, decode_issued
from recoup.clock import Clock
from recoup.errors import Fault
from recoup.journal.port import Journal, Message
from recoup.orders import Answer
from recoup.orders.commands import ConfirmSent, RecordAnswer
from recoup.unrecognised import Unrecognised

Submit = Callable[[Command], "Future[Outcome]"]
"""How a command reaches the writer."""

SubmitTogether = Callable[[Sequence[Command]], "list[Future[Outcome]]"]
"""The same for commands that belong in one round."""

_TICK_SECONDS: Final = 0.02


class Told(Protocol):
    """Hears what a person should know of a message: that it was given up, or that an answer was not taken."""

    def __call__(self, message: Message, what: str) -> None:
        """Take note."""
        ...


def lane_of(message: Message) -> str:
    """Return what a message must not be overtaken by: messages about one hold share a lane."""
    if message.kind != ORDER_MESSAGE:
        return derived_id("message", message.id)
    key = decode_issued(message.body).order.key
    return derived_id("hold", key.case, key.account, key.currency)


def answer_command(institution: str, order_id: str, answer: Answer) -> Command:
    """Return the command that records an institution's answer: the same one whichever way the answer came in, and how often."""
    actor = Actor(institution, INSTITUTION, "answers an order")
    command_id = derived_id("answer", institution, order_id, answer.id)
    return command_of(COMMAND_REGISTRY, command_id, Request(actor, RecordAnswer(order_id, answer)))


def confirm_command(message: Message, at: datetime) -> Command:
    """Return the command that notes that an institution has a message, and settles it: the same one whichever way it went."""
    assert message.kind == ORDER_MESSAGE, "so far only orders are sent"
    order = decode_issued(message.body).order
    request = Request(SENDER, ConfirmSent(order.id, at), message=message.id)
    return command_of(COMMAND_REGISTRY, derived_id("sent", message.id), request)


def follow_ups(message: Message, reply: Reply, at: datetime) -> tuple[Command, ...]:
    """Return what a reply leads to: the sending first, which settles the message, then each answer."""
    order = decode_issued(message.body).order
    answers = [answer_command(message.destination, order.id, answer) for answer in reply.answers]
    return (confirm_command(message, at), *answers)


def wrong_outcome(outcomes: Sequence[Outcome]) -> str | None:
    """Return why a message is not done: the writer did not take what followed from it. It is sent again then."""
    for outcome in outcomes:
        if isinstance(outcome, Unknown) or (isinstance(outcome, Turned) and outcome.is_transient):
            return "the writer did not take what followed"
    return None


def untaken(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the refusals among what followed from a message; a second note of its sending is none."""
    turned = [(n, x) for n, x in enumerate(outcomes) if isinstance(x, Turned)]
    return [x.reason for n, x in turned if n or x.reason != WriterRefusal.CONTENT_DIFFERS]


class Sender:
    """Sends what the outbox holds until it is stopped; see the module."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        gateway: BankGateway,
        submit: Submit,
        clock: Clock,
        told: Told = lambda message, what: None,  # noqa: ARG005 - the parameters' names are the protocol's
        together: SubmitTogether | None = None,
        carries: Callable[[str], bool] = lambda destination: True,  # noqa: ARG005 - named for the reader
    ) -> None:
        """Prepare; without `together` what follows is handed in one by one; what `carries` does not name waits for others."""
        self._carries = carries
        self._open, self._gateway, self._clock = open_journal, gateway, clock
        self._told = told
        self._together = together or (lambda commands: [submit(command) for command in commands])
        self._dispatcher = Dispatcher(lane_of)
        self._landed: SimpleQueue[tuple[Message, Fault | None] | None] = SimpleQueue()
        """None: look into the outbox."""
        self._is_called = False
        self._cursor = ""
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._why: BaseException | None = None

    def start(self) -> None:
        """Begin with whatever is pending."""
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now; without it, the next look comes within a tick."""
        if not self._is_called:  # a race costs one look too many, never one too few
            self._is_called = True
            self._landed.put(None)

    def stop(self) -> None:
        """Start nothing more, wait for what is on its way, and end."""
        self._is_stopping.set()
        self._landed.put(None)
        self._thread.join()

    @property
    def fault(self) -> BaseException | None:
        """Why the sender ended by itself: the store failed, or there is a bug. Starting anew is recovery."""
        return self._why

    def _run(self) -> None:
        try:
            journal = self._open()
            with ThreadPoolExecutor(limits.SEND_SLOTS_MAX, "sending") as pool:
                while not self._is_stopping.is_set():
                    self._is_called = False
                    self._load(journal)
                    while message := self._dispatcher.start(monotonic()):
                        pool.submit(self._carry, message)
                    self._land(journal)
            journal.close()
        except BaseException as why:  # noqa: BLE001 - kept for whoever watches the sender
            self._why = why

    def _load(self, journal: Journal) -> None:
        """Read on where the outbox was left."""
        room = limits.SEND_LOADED_MAX - self._dispatcher.held
        found = journal.pending(max(0, min(room, limits.PAGE_ROWS_MAX)), self._cursor)
        if found:
            messages = [pending.message for pending in found]
            self._dispatcher.load([x for x in messages if self._carries(x.destination)])
            self._cursor = found[-1].message.id

    def _carry(self, message: Message) -> None:
        """Hand one message over and bring the reply to the writer; in a thread of the pool."""
        fault: Fault | None = _NotTaken("a bug")
        try:
            fault = self._hand_over(message)
        except Fault as found:
            fault = found
            if not found.is_transient:  # nothing will mend it but a person
                self._told(message, str(found))
        except BaseException as why:  # noqa: BLE001 - a bug of an adapter must not keep its slot for ever
            self._told(message, f"{type(why).__name__}: {why}")
        finally:
            self._landed.put((message, fault))

    def _hand_over(self, message: Message) -> Fault | None:
        """Return None when all that follows from a message is on disk."""
        reply = self._gateway.send(message)
        for answer in reply.answers:
            if isinstance(answer.outcome, Unrecognised):
                self._told(message, "answered in a word that is not known: money may be held")
        commands = follow_ups(message, reply, self._clock.now())
        together = (*reply.facts, *commands)
        outcomes = [future.result() for future in self._together(together)]
        if why := wrong_outcome(outcomes):
            return _NotTaken(why)
        for refusal in untaken(
            outcomes[len(reply.facts) :]
        ):  # a fact that its case refuses is no news
            self._told(message, refusal)
        return None

    def _land(self, journal: Journal) -> None:
        """Take in all that came back, or wait a moment for it."""
        try:
            landed = self._landed.get(timeout=_TICK_SECONDS)
            while True:
                if landed is not None:
                    self._take_in(journal, *landed)
                landed = self._landed.get_nowait()
        except Empty:
            return

    def _take_in(self, journal: Journal, message: Message, fault: Fault | None) -> None:
        if fault is not None:
            self._dispatcher.failed(message, monotonic(), is_transient=fault.is_transient)
            return
        for overtaken in self._dispatcher.got_through(message):
            journal.sent(overtaken.id)
            self._told(overtaken, "given up: a later message of its hold got through")


class _NotTaken(Fault):
    """The writer is away: everything is sent again later."""

    is_transient = True


__all__ = [
    "Sender",
    "Submit",
    "SubmitTogether",
    "Told",
    "answer_command",
    "confirm_command",
    "follow_ups",
    "lane_of",
    "untaken",
    "wrong_outcome",
]
