"""What a bank's holders are told and what they object: notices, appeals, and the letters to the centre about both.

A person of the bank works here beside the agent, in a process of their own on the same books; whatever is written is one
transaction, so that neither loses what the other wrote.

1. Each notice reaches its holder and is then given; or it is put off, with a reason and an end, and told when the end has come.
2. The centre hears of each by a letter that is written together with what it tells.
3. A letter waits until the centre took it.
4. What the centre holds back is told neither by the agent nor by a person before its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from recoup.bank.core import CoreBanking
from recoup.bank.letters import HolderNotice, NoticeState
from recoup.bank.store import BankStore
from recoup.clock import Clock, instant_text
from recoup.errors import MessageFault, MessageProblem
from recoup.ids import Ids
from recoup.messages import (
    AppealMessage,
    Message,
    NoticeMessage,
    OrderMessage,
    decode,
    encode,
    name_of,
)

_ORDER: Final = "recoup.order.v1"
_APPEAL: Final = "recoup.appeal.v1"
_TAKEN: Final = "letters taken"
"""The place of the last letter that the centre has."""


@dataclass(frozen=True, slots=True)
class Filed:
    """An appeal as the bank filed it, and whether the centre has it."""

    appeal: AppealMessage
    is_taken: bool


class HolderDesk:
    """The books as far as they are about holders. One thread at a time; raises `MessageFault` for what does not fit them."""

    def __init__(self, store: BankStore, institution: str, clock: Clock, ids: Ids) -> None:
        self._store, self._institution = store, institution
        self._clock, self._ids = clock, ids

    # --- notices ---

    def notices(self) -> list[HolderNotice]:
        """Return every notice of a hold that stands, and those that were not given yet, by order."""
        return self._store.notices()

    def tell(self, core: CoreBanking) -> int:
        """Tell the holders whose notice is due; return how many. What was broken off is done again."""
        due = self._store.untold(self._clock.now())
        for notice in due:
            way = core.tell_holder(notice.account, notice.currency, notice.text)
            self._given(notice, way)
        return len(due)

    def give(self, order: str, way: str) -> None:
        """Note that a person handed the notice of an order over, at a counter or by post."""
        notice = self._open(order)
        if not way:
            raise _wrong("expected the way that the notice went, such as counter or letter")
        back = notice.held_back_until
        if back is not None and back > self._clock.now():
            raise _wrong(
                f"expected no notice before {instant_text(back)}: the centre holds it back"
            )
        self._given(notice, way)

    def put_off(self, order: str, reason: str, until: datetime) -> None:
        """Put a notice off, for a reason and until an end, which is not after the hold's."""
        notice, now = self._open(order), self._clock.now()
        ends_at = self._ends_at(notice)
        if not reason:
            raise _wrong("expected the reason why the notice is put off")
        if not now < until <= ends_at:
            raise _wrong(f"expected an end after now and not after {instant_text(ends_at)}")
        said = NoticeMessage(
            f"notice-{order}-until-{instant_text(until)}",
            order,
            self._institution,
            now,
            is_delivered=False,
            reason=reason,
            deferred_until=until,
        )
        later = replace(
            notice, state=NoticeState.DEFERRED, at=now, way="", reason=reason, until=until
        )
        self._store.tell(later, said.id, name_of(said), encode(said))

    def hold_back(self, order: str, until: datetime | None) -> None:
        """Take in until when the centre will not have a holder told of an order; None for no longer than it takes."""
        notice = self._store.notice(order)
        if notice is not None and notice.held_back_until != until:
            self._store.hold_back(order, until)

    def _given(self, notice: HolderNotice, way: str) -> None:
        now = self._clock.now()
        given = replace(notice, state=NoticeState.GIVEN, at=now, way=way)
        said = NoticeMessage(
            f"notice-{notice.order}",
            notice.order,
            self._institution,
            now,
            is_delivered=True,
            way=way,
        )
        self._store.tell(given, said.id, name_of(said), encode(said))

    def _open(self, order: str) -> HolderNotice:
        found = self._store.notice(order)
        if found is None:
            raise _wrong("expected an order of which a holder is to be told")
        if found.state is NoticeState.GIVEN:
            raise _wrong(f"expected a notice that was not given, went by {found.way}")
        return found

    def _ends_at(self, notice: HolderNotice) -> datetime:
        """Return when the hold of a notice ends; now, where none stands any more."""
        live = [
            hold.ends_at
            for hold in self._store.holds(notice.account, notice.currency)
            if hold.ended is None
        ]
        return max(live, default=self._clock.now())

    # --- appeals ---

    def file_appeal(self, order: str, statement: str, phone: str = "") -> str:
        """Take in a holder's objection to the hold that an order began, for the centre; return its id."""
        known = self._store.handled(order)
        began = decode(_ORDER, known.body) if known is not None else None
        if not isinstance(began, OrderMessage) or not statement.strip() or not self._began(began):
            raise _wrong("expected a hold and an objection")
        filed = AppealMessage(
            self._ids.new("appeal"),
            order,
            self._institution,
            began.account_number,
            self._clock.now(),
            statement,
            phone,
        )
        self._store.write_letter(filed.id, name_of(filed), encode(filed))
        return filed.id

    def _began(self, order: OrderMessage) -> bool:
        """Whether an order began a hold."""
        holds = self._store.holds(order.account_number, order.currency)
        return any(hold.id == order.id for hold in holds)

    def appeals(self) -> list[Filed]:
        """Return every appeal that was filed here, oldest first."""
        taken = self._taken()
        rows = [
            (place, decode(name, body)) for place, name, body in self._store.letters_of(_APPEAL)
        ]
        return [Filed(x, place <= taken) for place, x in rows if isinstance(x, AppealMessage)]

    # --- letters to the centre ---

    def letters(self, after: str, limit: int) -> list[tuple[str, Message]]:
        """Return the next letters after a cursor, each with its own: the centre says that it has all up to there.

        A cursor has the letter's place and a mark of the letter. One that these books never gave, or gave for another,
        is the beginning: they come from a backup, and may have given that place anew since.
        """
        place = self._place_of(after)
        self.handed_over(place)
        rows = self._store.letters(place, limit)
        return [(_cursor_of(*row), decode(*row[1:])) for row in rows]

    def _place_of(self, cursor: str) -> int:
        place = int(cursor.partition("-")[0] or 0)
        found = self._store.letters(place - 1, 1) if place else []
        return place if found and _cursor_of(*found[0]) == cursor else 0

    def waiting(self, limit: int) -> list[tuple[int, Message]]:
        """Return the next letters that the centre does not have."""
        return self._read(self._taken(), limit)

    def handed_over(self, place: int) -> None:
        """Note that the centre has all letters up to a place."""
        if place > self._taken():
            self._store.keep(_TAKEN, str(place))

    def _taken(self) -> int:
        return int(self._store.kept(_TAKEN) or 0)

    def _read(self, after: int, limit: int) -> list[tuple[int, Message]]:
        rows: Sequence[tuple[int, str, bytes]] = self._store.letters(after, limit)
        return [(place, decode(name, body)) for place, name, body in rows]


def _cursor_of(place: int, name: str, body: bytes) -> str:
    return f"{place}-{sha256(name.encode() + body).hexdigest()[:16]}"


def _wrong(what: str) -> MessageFault:
    return MessageFault(MessageProblem.FIELD_WRONG, what)


__all__ = ["Filed", "HolderDesk"]
