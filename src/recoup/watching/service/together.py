"""Payments that came one by one within a turn of the loop: read, decided and answered together, each with an answer of its own.

Only what can be read by its bytes goes together. What is odd in such a group goes alone, as all did before, in its place among
the others: a group decides as its payments one by one, so nobody can tell the groups.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, NamedTuple, cast

import structlog

from recoup.money import Digits
from recoup.watch.names import Texts
from recoup.watching.service.bodies import taken_bytes, write_one
from recoup.watching.service.desk import Desk
from recoup.watching.service.figures import Figures
from recoup.watching.service.plain import Read, read_each, write_each
from recoup.watching.service.port import Answers
from recoup.watching.service.replies import Answer, Done, answered

_log = structlog.get_logger("recoup.watch")
_FEW: Final = 4
"""Fewer payments than these are decided sooner one by one."""
_MOST: Final = 256
"""So many go together at most: the first does not wait for the last to be read."""
_SECONDS: Final = 0.002
"""So long they gather at most while others are being decided: the desk must know of them to answer early."""
_ROUTE: Final = "/v1/decisions"


class _Single(NamedTuple):
    """A request with one payment."""

    body: bytes
    done: Done


class Together:
    """Gathers payments on the loop, and hands them to the desk when the turn is over, or the desk is free."""

    def __init__(
        self, desk: Desk, digits: Digits, figures: Figures, alone: Callable[[bytes, Done], None]
    ) -> None:
        """Put it before a desk; `alone` has the payment of a body decided by itself."""
        self._desk, self._digits, self._figures, self._alone = desk, digits, figures, alone
        self._waiting: list[_Single] = []
        self._is_called = False
        self._timer: asyncio.TimerHandle | None = None
        desk.answers = self._go_on

    def add(self, body: bytes, done: Done) -> None:
        """Take a body that is no batch."""
        self._waiting.append(_Single(body, done))
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._turned)
        if len(self._waiting) >= _MOST:
            self.flush()

    def _turned(self) -> None:
        """Hand on what came in this turn; while others are being decided, what comes meanwhile goes with it."""
        self._is_called = False
        if not self._desk.waiting:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.flush)

    def _go_on(self) -> None:
        if self._waiting:
            self.flush()

    def flush(self) -> None:
        """Hand on what waits, in the order in which it came."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if len(waiting) >= _FEW:
            self._read(waiting)
        else:
            self._one_by_one(waiting)

    def _read(self, singles: list[_Single]) -> None:
        read, fits = read_each([one.body for one in singles])
        if read is not None:
            self._ask(singles, read)
            return
        pairs = zip(fits.tolist(), singles, strict=True)
        for is_plain, run in groupby(pairs, key=lambda pair: bool(pair[0])):
            some = [single for _, single in run]
            own = read_each([one.body for one in some])[0] if is_plain else None
            if own is None or len(some) < _FEW:
                self._one_by_one(some)
            else:
                self._ask(some, own)

    def _one_by_one(self, singles: Sequence[_Single]) -> None:
        for one in singles:
            self._alone(*one)

    def _ask(self, singles: list[_Single], read: Read) -> None:
        taken = taken_bytes(*read, self._digits)
        if taken is None:  # each is looked at: that says which is wrong, and how
            self._one_by_one(singles)
            return
        ids = cast("Texts", taken.ids)
        dones = [one.done for one in singles]

        def told(answers: Answers | BaseException, places: Sequence[int] | None) -> None:
            if places is None:
                self._tell(dones, _answers_of(ids, answers))
            else:
                some = Texts.of(ids.picked(places))
                self._tell([dones[at] for at in places], _answers_of(some, answers))

        try:
            self._desk.ask_each(taken.batch, told)
        except Exception as error:  # noqa: BLE001 - `answered` tells them apart
            self._tell(dones, _answers_of(ids, error))

    def _tell(self, dones: Sequence[Done], answers: Sequence[Answer]) -> None:
        plain = 0
        for done, answer in zip(dones, answers, strict=True):
            if answer.status == 200:
                plain += 1
            else:
                self._figures.answered(_ROUTE, answer.status)
            try:
                done(answer)
            except Exception:  # noqa: BLE001 - one connection's; the others get their answers
                _log.exception("answer not written")
        if plain:
            self._figures.answered(_ROUTE, 200, plain)


def _answers_of(ids: Texts, given: Answers | BaseException) -> list[Answer]:
    """Return the answer to each."""
    if isinstance(given, BaseException):
        return [answered(lambda: _raise(given))] * len(ids)
    bodies = write_each(ids, given)
    own = range(len(ids)) if bodies is None else sorted(given.extras)
    found = [] if bodies is None else list(map(Answer, bodies))
    if bodies is None:
        found = [Answer(b"")] * len(ids)
    for at in own:
        found[at] = answered(lambda at=at: Answer(write_one(ids[at], given.part(at, at + 1))))  # type: ignore[misc]
    return found


def _raise(error: BaseException) -> Answer:
    raise error


__all__ = ["Together"]
