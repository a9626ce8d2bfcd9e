"""The institution's post: what it signs for the centre, what it believes of it, and the letters that wait to be handed over.

An agent has one, and so has a watch that runs without an agent beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from recoup.bank.holders import HolderDesk
from recoup.bank.holds import BankHold
from recoup.bank.store import BankStore
from recoup.bank.told import Identity
from recoup.clock import Clock
from recoup.errors import MessageFault, MessageProblem
from recoup.ids import Ids
from recoup.messages import (
    DecisionAppealMessage,
    HolderTerms,
    LeadMessage,
    Message,
    Opened,
    OrderMessage,
    SightingMessage,
    SuspicionMessage,
    decode,
    encode,
    name_of,
    open_message,
    seal,
)
from recoup.watch.told import Measured


class Post:
    """One institution's letters. One thread at a time, or under its owner's lock."""

    def __init__(
        self,
        identity: Identity,
        store: BankStore,
        clock: Clock,
        ids: Ids,
        *,
        locale: str = "zh",
        timezone: str = "Asia/Shanghai",
    ) -> None:
        """Take the books; holders are told in `locale`, times as the clocks of `timezone` show them."""
        self._locale, self._zone = locale, ZoneInfo(timezone)
        self._identity, self._store, self._clock, self._ids = identity, store, clock, ids
        self._letters = HolderDesk(store, identity.institution, clock, ids)
        self.obeyed: Callable[[OrderMessage], None] = lambda order: None  # noqa: ARG005 - named for the reader
        """Nobody obeys orders here: the centre's chain brings what binds."""

    def open(self, data: bytes, kind: type) -> Opened:
        """Return a message from the centre; raise `MessageFault` for any other."""
        opened = open_message(
            data,
            self._identity.ring(),
            audience=self._identity.institution,
            now=self._clock.now(),
            replays=self._store,
            takes=(kind,),
            fence=self._store,
        )
        if opened.issuer != self._identity.centre:
            raise MessageFault(MessageProblem.SENDER_WRONG)
        return opened

    def sealed(self, message: Message) -> bytes:
        """Return a message signed for the centre, under a sending id of its own."""
        now = self._clock.now()
        return seal(
            message,
            self._identity.key(now),
            audience=self._identity.centre,
            jti=self._ids.new("sending"),
            now=now,
        )

    def write(self, message: SightingMessage | LeadMessage | SuspicionMessage) -> None:
        """Have the centre told of what the watch saw; the same once."""
        self._store.write_letter(message.id, name_of(message), encode(message))

    def kept(self, message: DecisionAppealMessage) -> DecisionAppealMessage:
        """Have the centre told what a holder says against a decision; return the letter of that id that was kept first."""
        self._store.write_letter(message.id, name_of(message), encode(message))
        rows = self._store.letters_of(name_of(message))
        letters = (decode(name, body) for _, name, body in rows)
        first = next(one for one in letters if one.id == message.id)  # type: ignore[union-attr]
        assert isinstance(first, DecisionAppealMessage), "kept under this name only"
        return first

    def show(self, look: Callable[[list[BankHold]], None]) -> None:
        """Show that no hold stands in books of an agent's."""
        look([])

    def measured(
        self, told: Sequence[Measured], terms: HolderTerms | None, *, is_whole: bool = False
    ) -> None:
        """Draw up what holders are told of measures; no core system is here, so a person gives it (`recoup bank give`)."""
        self._letters.measured(told, terms, self._locale, self._zone, is_whole=is_whole)

    def waiting(self, limit: int) -> list[tuple[int, Message]]:
        """Return the next messages that the centre does not have, with their places."""
        return self._letters.waiting(limit)

    def declined(self, message: DecisionAppealMessage) -> str:
        """Return why the centre will never take a letter that was posted; '' where it has it, or has not answered yet."""
        rows = self._store.letters_of(name_of(message))
        places = (place for place, name, body in rows if decode(name, body) == message)
        return next(map(self._letters.declined, places), "")

    def handed_over(self, place: int, declined: str = "") -> None:
        """Note that the centre has all messages up to a place."""
        self._letters.handed_over(place, declined)


__all__ = ["Post"]
