"""The link of `recoup watch serve` to a centre: composed here of the institution's post, the link and the served watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from recoup.errors import Fault, SettingsFault

if TYPE_CHECKING:
    from recoup.bank.link import Link
    from recoup.bank.post import Post
    from recoup.cli.watch_settings import CentreSettings
    from recoup.messages import DecisionAppealMessage
    from recoup.watching.service import Desk, WatchCore
    from recoup.watching.service.appealing import Appealed
    from recoup.watching.suspects import Suspects

_CALL_SECONDS: Final = 20.0
_MICROSECOND: Final = 1e-6


def is_own(settings: CentreSettings | None) -> Callable[[str], bool]:
    """Return which accounts are the institution's own; without a centre, or beginnings of numbers, all are."""
    own = () if settings is None else settings.own
    return (lambda account: account.startswith(own)) if own else lambda _: True


class Linking:
    """Asks the centre from time to time, has the desk carry out what came, and posts what was seen; on a thread of its own."""

    def __init__(self, settings: CentreSettings, core: WatchCore, desk: Desk) -> None:
        """Put the link before the core: before its log is read, so that what was seen then is heard."""
        import httpx
        import structlog

        from recoup.bank import BankStore
        from recoup.bank.link import Link
        from recoup.bank.polling import Line
        from recoup.bank.post import Post
        from recoup.bank.serving import Setting, identity
        from recoup.clock import SystemClock, microseconds_of
        from recoup.ids import RandomIds
        from recoup.watching.service.linked import LinkedWatch
        from recoup.watching.suspects import Suspects

        if core.watch.copy is None:
            raise SettingsFault("centre: expected `rows_followed` above 0 beside it")
        log = structlog.get_logger("recoup.watch")
        clock = SystemClock()

        def now_us() -> int:
            return microseconds_of(clock.now())

        def said(what: str) -> None:
            log.warning("link", what=what)

        self._now_us, self._said = now_us, said
        self._store = BankStore.open(settings.books)
        self._client = httpx.Client(base_url=settings.url, timeout=_CALL_SECONDS)
        given = (settings.institution, settings.id, settings.keys, settings.trust, settings.books)
        who = identity(Setting(*given, policy="", match_seconds=0))
        post = Post(who, self._store, clock, RandomIds(), locale=settings.language)
        line = Line(self._client, settings.institution, self._said)
        watch = LinkedWatch(
            lambda: core.watch,
            desk.told_here,
            lambda: core.carried,
            desk.call,
            settings.institution,
            is_own(settings),
        )
        self._link: Link = Link(
            post,
            line,
            watch,
            watch,
            watch,
            institution=settings.institution,
            clock=clock,
            heard=self._said,
        )
        self._watch, self._desk, self._seconds = watch, desk, settings.seconds
        self._core, self._who, self._ids = core, who, RandomIds()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        core.saw = self._link.saw
        self._post, self._settings, self._clock = post, settings, clock
        self._suspects: Suspects | None = None
        if settings.unit:
            self._suspects = Suspects(settings.suspicions, is_own(settings))
            core.appeal_seconds = settings.appeal_seconds
        core.suspects = self._suspects
        core.unsaid, core.say_again = self._unsaid, self._say_again

    def start(self) -> None:
        """Begin to ask; the desk was recovered and is open."""
        self._link.resume()
        self._thread.start()

    def stop(self) -> None:
        """End, after what was begun."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2 * _CALL_SECONDS)
        self._client.close()
        self._store.close()

    def age(self) -> float | None:
        """Return how many seconds ago the centre said that there is no more than the copy has; None: not since the start."""
        heard_us = self._watch.heard_us
        return None if heard_us is None else max(0.0, (self._now_us() - heard_us) * _MICROSECOND)

    def is_old(self) -> bool:
        """Return whether the copy must be called old; it binds all the same."""
        return self._link.is_old()

    def version(self) -> int:
        """Return the last change that the copy has."""
        return self._watch.version

    def said(self) -> str:
        """Return what health says of the copy."""
        age = self.age()
        if age is None:
            return "copy: old, not confirmed since the start\n"
        return f"copy: {'old' if self.is_old() else 'fresh'}, confirmed {age:.0f} s ago\n"

    def appeals(self) -> Callable[[str, str], Appealed] | None:
        """Return what passes a holder's objection on; None where no unit of the centre is said whose task it becomes."""
        from recoup.watching.service.appealing import Addressed, Appeals

        if not self._settings.unit:
            return None
        to = Addressed(self._settings.institution, self._settings.unit, is_own(self._settings))
        given = (lambda: self._core.watch, self._desk.call, self, to, self._clock.now)
        return Appeals(*given).file

    def kept(self, letter: DecisionAppealMessage) -> DecisionAppealMessage:
        """Keep a letter in the books by a connection of its own: the link's belongs to its thread."""
        with self._own_post() as post:
            return post.kept(letter)

    def declined(self, letter: DecisionAppealMessage) -> str:
        """Return why the centre will never take a letter that was posted, by such a connection."""
        with self._own_post() as post:
            return post.declined(letter)

    @contextmanager
    def _own_post(self) -> Iterator[Post]:
        from recoup.bank import BankStore
        from recoup.bank.post import Post

        store = BankStore.open(self._settings.books)
        try:
            yield Post(self._who, store, self._clock, self._ids)
        finally:
            store.close()

    def _unsaid(self) -> bytes:
        import msgspec

        suspected = b"" if self._suspects is None else self._suspects.kept()
        return msgspec.msgpack.encode((self._link.unsaid(), suspected))

    def _say_again(self, given: bytes) -> None:
        import msgspec

        from recoup.errors import StateFault, StateProblem

        try:
            seen, suspected = msgspec.msgpack.decode(given, type=tuple[bytes, bytes])
        except msgspec.DecodeError as error:
            raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "what was not told on yet") from error
        self._link.say_again(seen)
        if self._suspects is not None and suspected:
            self._suspects.go_on_from(suspected)

    def _write(self) -> None:
        """Write what is suspected as letters; a letter first, then it goes: what is in neither place would be lost."""
        from recoup.watching.service.suspecting import letter_of

        suspects = self._suspects
        while suspects is not None and suspects.found:
            institution, unit = self._settings.institution, self._settings.unit
            letter = letter_of(suspects.found[0], institution, unit, self._clock.now())
            if letter is not None:
                self._post.write(letter)
            suspects.found.popleft()

    def _run(self) -> None:
        from recoup.watching.service import ProblemError

        while not self._ended.is_set():
            try:
                self._link.poll()
                self._desk.call(self._link.settle)
                self._write()
                self._link.post()
            except ProblemError:
                return  # the desk takes nothing more
            except Fault as fault:  # said, and tried again: what binds goes on binding
                self._said(str(fault))
            self._ended.wait(self._seconds)


__all__ = ["Linking", "is_own"]
