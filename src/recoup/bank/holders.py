"""What a bank's holders are told and what they object: notices of holds and measures, appeals, the letters to the centre.

A person of the bank works here beside the agent, in a process of their own on the same books; whatever is written is one
transaction, so that neither loses what the other wrote.

1. Each notice reaches its holder and is then given; or it is put off, with a reason and an end, and told when the end has come.
2. The centre hears of each by a letter that is written together with what it tells.
3. A letter waits until the centre took it.
4. What the centre holds back is told neither by the agent nor by a person before its end.
5. Of a measure the holder is told when it begins and when it ends, in this order, each once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from recoup.bank.core import CoreBanking
from recoup.bank.letters import HolderNotice, NoticeState
from recoup.bank.measured import begun_notice, measure_of, over_notice
from recoup.bank.store import BankStore
from recoup.clock import Clock, instant_of, instant_text
from recoup.errors import MessageFault, MessageProblem
from recoup.ids import Ids
from recoup.messages import (
    AppealMessage,
    HolderTerms,
    MeasureNoticeMessage,
    Message,
    NoticeMessage,
    OrderMessage,
    decode,
    encode,
    name_of,
)
from recoup.watch.told import Measured

_ORDER: Final = "recoup.order.v1"
_APPEAL: Final = "recoup.appeal.v1"
_TAKEN: Final = "letters taken"
"""The place of the last letter that the centre has."""
_DECLINED: Final = "letter declined"
"""Before a letter's place: why the centre will never take it."""


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
        count = 0
        for notice in self._store.untold(self._clock.now()):
            if not self._is_too_early(notice):
                way = core.tell_holder(notice.account, notice.currency, notice.text)
                self._given(notice, way)
                count += 1
        return count

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
        if self._is_too_early(notice):
            raise _wrong("expected that the holder was told of the measure before its end")
        self._given(notice, way)

    def put_off(self, order: str, reason: str, until: datetime) -> None:
        """Put a notice off, for a reason and until an end, which is not after the hold's."""
        notice, now = self._open(order), self._clock.now()
        ends_at = self._ends_at(notice)
        if not reason:
            raise _wrong("expected the reason why the notice is put off")
        if not now < until <= ends_at:
            raise _wrong(f"expected an end after now and not after {instant_text(ends_at)}")
        name = f"notice-{order}-until-{instant_text(until)}"
        said = self._said(name, order, is_delivered=False, reason=reason, deferred_until=until)
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
        given = replace(notice, state=NoticeState.GIVEN, at=self._clock.now(), way=way)
        said = self._said(f"notice-{notice.order}", notice.order, is_delivered=True, way=way)
        self._store.tell(given, said.id, name_of(said), encode(said))

    def _said(
        self,
        name: str,
        order: str,
        *,
        is_delivered: bool,
        way: str = "",
        reason: str = "",
        deferred_until: datetime | None = None,
    ) -> NoticeMessage | MeasureNoticeMessage:
        """Return the letter about a notice: of an order, or of a measure's beginning or end."""
        measure, is_over = measure_of(order)
        place, now = self._institution, self._clock.now()
        if self._store.measure(measure) is None:
            return NoticeMessage(name, order, place, now, is_delivered, way, reason, deferred_until)
        told = (is_delivered, is_over, way, reason, deferred_until)
        return MeasureNoticeMessage(name, measure, place, now, *told)

    def _open(self, order: str) -> HolderNotice:
        found = self._store.notice(order)
        if found is None:
            raise _wrong("expected an order of which a holder is to be told")
        if found.state is NoticeState.GIVEN:
            raise _wrong(f"expected a notice that was not given, went by {found.way}")
        return found

    def _ends_at(self, notice: HolderNotice) -> datetime:
        """Return when the hold or measure of a notice ends; now, where none stands any more: that it ended is told at once."""
        name, is_over = measure_of(notice.order)
        measure = self._store.measure(name)
        if measure is not None:
            return self._clock.now() if is_over else instant_of(measure.until_us)
        live = [
            hold.ends_at
            for hold in self._store.holds(notice.account, notice.currency)
            if hold.ended is None
        ]
        return max(live, default=self._clock.now())

    # --- measures ---

    def measured(
        self,
        told: Sequence[Measured],
        terms: HolderTerms | None,
        locale: str,
        zone: ZoneInfo,
        *,
        is_whole: bool = False,
    ) -> None:
        """Draw up what holders are told of measures that begin and end; told again, nothing is drawn up twice.

        `is_whole` says that no other measure binds. Without `terms` nobody can be named to ask, and holders are told nothing.
        """
        if terms is None:
            return
        standing: dict[str, Measured] = {}
        for one in told:
            if one.measure_kind:
                standing[one.measure] = one
                if self._store.measure(one.measure) is None:
                    self._store.begin_measure(one, begun_notice(one, terms, locale, zone))
            elif (before := self._store.measure(one.measure)) is not None:
                standing.pop(one.measure, None)
                self._store.end_measure(one.measure, over_notice(before, terms, locale))
        if is_whole:
            for one in self._store.measures():
                if one.measure not in standing:
                    self._store.end_measure(one.measure, over_notice(one, terms, locale))

    def _is_too_early(self, notice: HolderNotice) -> bool:
        """Whether a notice is of a measure's end, and its holder does not know yet that it began."""
        name, is_over = measure_of(notice.order)
        begun = self._store.notice(name) if is_over else None
        return begun is not None and begun.state is not NoticeState.GIVEN

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

    def handed_over(self, place: int, declined: str = "") -> None:
        """Note that the centre has all letters up to a place; `declined` says why it will never take that one."""
        if declined and not self.declined(place):  # before the place: in neither, it would be lost
            self._store.keep(f"{_DECLINED} {place}", declined)
        if place > self._taken():
            self._store.keep(_TAKEN, str(place))

    def declined(self, place: int) -> str:
        """Return why the centre will never take the letter of a place; '' where it has it, or has not answered yet."""
        return self._store.kept(f"{_DECLINED} {place}")

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
