"""A running centre: writer, sender and deadlines over one store, started and ended in the right order. Holds no rule.

Ending is not special: what was not finished is found at the next start. Any part that ends by itself is a fault of the whole;
whoever runs the centre ends the process then, and starts anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from recoup.cases import CasePolicy
from recoup.centre.commands import Command, Halted, Outcome, Passed, Restore
from recoup.centre.deadlines import Deadlines
from recoup.centre.decide import decider
from recoup.centre.evolve import evolve
from recoup.centre.ports import BankGateway
from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.requests import Request, command_of
from recoup.centre.sender import Sender, Told
from recoup.centre.snapshots import restore
from recoup.centre.state import CentreState
from recoup.centre.tail import Tail
from recoup.centre.writer import Writer
from recoup.clock import Clock
from recoup.journal.port import Journal


class Centre:
    """What takes requests and does what follows from them."""

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        policy: CasePolicy,
        gateway: BankGateway,
        clock: Clock,
        *,
        told: Told = lambda message, what: None,  # noqa: ARG005 - the parameters' names are the protocol's
        halted: Halted = lambda why: None,  # noqa: ARG005 - the same
        tick_seconds: float = 0.5,
        written: Callable[[], None] = lambda: None,
        begun: Passed[CentreState] = lambda state, last: None,  # noqa: ARG005 - the same
        ended: Passed[CentreState] = lambda state, last: None,  # noqa: ARG005 - the same
        restored: Restore[CentreState] = restore,
        carries: Callable[[str], bool] = lambda destination: True,  # noqa: ARG005 - the same
        tail: Tail | None = None,
    ) -> None:
        """Put the parts together; each opens the store for itself. What is called when, `Writer` says."""
        self._writer = Writer(
            open_journal,
            EVENT_REGISTRY,
            clock,
            state=CentreState(),
            decide=decider(policy),
            evolve=evolve,
            restore=restored,
            halted=halted,
            written=self._heard,
            begun=begun,
            ended=ended,
            tail=tail,
        )
        self._written = written
        submit = self._writer.submit
        together = self._writer.submit_together
        self._sender = Sender(open_journal, gateway, submit, clock, told, together, carries)
        self._deadlines = Deadlines(open_journal, submit, clock, tick_seconds)

    def start(self) -> int:
        """Recover, then send what is pending and fire what is due; return how many records there are."""
        count = self._writer.start()
        self._sender.start()
        self._deadlines.start()
        return count

    def ask(self, command_id: str, request: Request) -> Future[Outcome]:
        """Hand a request in under its id; `EventFault` for one that cannot be written."""
        return self.submit(command_of(COMMAND_REGISTRY, command_id, request))

    def submit(self, command: Command) -> Future[Outcome]:
        """Hand a command in; the future is done when its effect is on disk or it is known to have none."""
        return self._writer.submit(command)

    def submit_together(self, commands: Sequence[Command]) -> list[Future[Outcome]]:
        """Hand commands in that belong in one round: all are let in or none, each is decided for itself."""
        return self._writer.submit_together(commands)

    def _heard(self) -> None:
        """Call whoever acts on what was written."""
        self._sender.wake()
        self._written()

    def stop(self) -> None:
        """Start nothing more, finish what is under way, take no more commands, and end."""
        self._sender.stop()
        self._deadlines.stop()
        self._writer.drain()

    @property
    def fault(self) -> BaseException | None:
        """Why the sender or the deadlines ended by themselves; the writer tells `halted`."""
        return self._sender.fault or self._deadlines.fault

    @property
    def epoch(self) -> int:
        """The epoch in which the writer leads; 0 before the start."""
        return self._writer.epoch

    @property
    def is_stopped(self) -> bool:
        """Whether the writer stopped for good."""
        return self._writer.is_stopped


__all__ = ["Centre"]
