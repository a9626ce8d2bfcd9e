"""One rehearsed institution: the real agent with its books in memory, and how long and how truly it answers.

What it draws is keyed by account, what goes wrong also by case and kind of order, so that every policy meets the same
institution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from recoup.bank import Agent, BankStore, Identity, Terms
from recoup.bank.holds import allot
from recoup.bank.rules import Books, Planned, Refused
from recoup.cases import CasePolicy
from recoup.clock import Clock, instant_of, microseconds_of
from recoup.ids import Ids
from recoup.messages import (
    AnswerMessage,
    KeyRing,
    Minor,
    OrderMessage,
    ResultCode,
    SigningKey,
    decode,
)
from recoup.orders import InstitutionKind, OrderKind, Outcome
from recoup.rehearse.country import Institution
from recoup.rehearse.country import InstitutionKind as CountryKind
from recoup.rehearse.country.answer_times import answer_seconds
from recoup.rehearse.office.core import Names, PlayCore
from recoup.rehearse.play.ports import Stage

KINDS: Final = {
    CountryKind.BANK: InstitutionKind.BANK,
    CountryKind.PAYMENT: InstitutionKind.PAYMENT,
    CountryKind.AGGREGATOR: InstitutionKind.AGGREGATOR,
    CountryKind.EXCHANGE: InstitutionKind.EXCHANGE,
}
"""Kinds of institutions that can be given orders; money that reached any other has left."""
_MATCH_SECONDS: Final = 600
_REFUSABLE: Final = frozenset(
    {OrderKind.STOP, OrderKind.EXTEND, OrderKind.RAISE, OrderKind.QUERY, OrderKind.POSTPONE}
)
"""What an institution may decline. Nobody declines to keep, to free or to pay back what it holds already."""
_HELD: Final = frozenset({Outcome.HELD, Outcome.HELD_SHORT})
_OPENS, _CLOSES = time(9), time(17)


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn of one order: the same under every policy."""

    answer_us: int
    is_silent: bool
    is_refused: bool
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What an institution holds now for a case on an account."""

    case: str
    account: int
    held: int
    is_frozen: bool
    order: str
    """That began it."""


class _Teller(Agent):
    """The agent, with what was drawn between it and the truth, as a sandbox's script has it."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - as the agent
        super().__init__(*given)
        self.draw = Draw(0, is_silent=False, is_refused=False, is_wrong=False)

    def planned(self, order: OrderMessage, books: Books, now: datetime) -> Planned | Refused:
        """Return what is to be done, or a refusal."""
        if self.draw.is_refused:
            return Refused(ResultCode.NOT_SUPPORTED_OTHER)
        return super().planned(order, books, now)

    def answered(self, order: OrderMessage, answer: AnswerMessage) -> AnswerMessage:
        """Return what is said of an order: that money which is held there has moved on, where it is wrong."""
        if self.draw.is_wrong and answer.outcome in _HELD:
            answer = replace(answer, outcome=Outcome.MOVED, held=Minor(0))
        return super().answered(order, answer)


class Branch:
    """One institution as the centre meets it."""

    def __init__(
        self,
        stage: Stage,
        names: Names,
        place: int,
        *,
        policy: CasePolicy,
        clock: Clock,
        ids: Ids,
        key: SigningKey,
    ) -> None:
        self.name, self._stage, self._names = names.institutions[place], stage, names
        self._place = place
        self._of: Institution = stage.country.institutions[place]
        self._zone = ZoneInfo(stage.country.timezone)
        self._ends: set[int] = set()
        self.core = PlayCore(stage, names, place, self._ends_at)
        self._store = BankStore.in_memory()
        terms = Terms(
            policy.orders,
            _MATCH_SECONDS,
            self._of.can_stop_amounts,
            kind=KINDS[self._of.kind],
        )
        identity = Identity(self.name, key.owner, lambda _: key, lambda: KeyRing([key.public]))
        self.agent = _Teller(identity, self._store, self.core, terms, clock, ids)
        self.on_change: Callable[[str, str], None] = lambda account, currency: None  # noqa: ARG005 - named for the reader
        """Hears of an account whose holds may have changed."""
        self._times: dict[tuple[str, str, str], int] = {}
        self._asked: dict[int, int] = {}
        """By account, how many orders were drawn for."""

    def drawn(self, order: OrderMessage) -> Draw:
        """Return what is drawn of an order; of several of one kind on one account each has its own.

        The first order on an account is answered after the draw of the account alone, which the limits know as well.
        """
        what = (order.case, order.account_number, str(order.kind))
        nth = self._times[what] = self._times.get(what, 0) + 1
        one, chance = self._of, Random(f"{self._stage.country.seed}/answer/{'/'.join(what)}/{nth}")  # noqa: S311 - a seed, not secrecy
        shares = [chance.random() for _ in range(3)]
        account = self._names.number(order.account_number)
        times = self._asked[account] = self._asked.get(account, 0) + 1
        key = f"{account}/{times}" if times > 1 else account
        seconds = answer_seconds(self._stage.country, self._place, key)
        return Draw(
            round(seconds * 1_000_000),
            is_silent=shares[0] < one.silent_share,
            is_refused=shares[1] < one.refusal_share and order.kind in _REFUSABLE,
            is_wrong=shares[2] < one.error_share,
        )

    def arrives_us(self, sent_us: int) -> int:
        """Return when an order reaches whoever carries it out: paper waits for office hours."""
        if self._of.is_connected:
            return sent_us
        at = instant_of(sent_us).astimezone(self._zone)
        day = at.date() + timedelta(days=at.time() >= _CLOSES)
        if day == at.date() and at.time() >= _OPENS:
            return sent_us
        return microseconds_of(datetime.combine(day, _OPENS, self._zone))

    def carry_out(self, order: bytes, draw: Draw) -> AnswerMessage:
        """Let the agent carry out an order as it came over the wire, and return what it answers."""
        opened = decode("recoup.order.v1", order)
        assert isinstance(opened, OrderMessage), "only orders are sent"
        self.agent.draw = draw
        answer, _ = self.agent.obey(opened, order)
        self.on_change(opened.account_number, opened.currency)
        return answer

    def stands(self, order: str) -> bool:
        """Whether the hold that an order began still stands."""
        hold = self._store.hold(order)
        return hold is not None and hold.ended is None

    def held(self, number: str, currency: str) -> list[Held]:
        """Return what is held on an account, by case; ended holds too, with nothing."""
        account = self._names.number(number)
        holds = self._store.holds(number, currency)
        shares = allot(self._stage.books.balance(account), holds, ())
        out: dict[str, Held] = {}
        for hold in holds:
            held = shares.get(hold.id, 0) if hold.ended is None else 0
            before = out.get(hold.case)
            if before is None or not before.held:
                frozen = hold.basis.value == "freeze" and hold.ended is None
                out[hold.case] = Held(hold.case, account, held, frozen, hold.id)
        return list(out.values())

    def _ends_at(self, time_us: int) -> None:
        if time_us not in self._ends:
            self._ends.add(time_us)
            self._stage.at(time_us, self._tick)

    def _tick(self) -> None:
        """End what has run out, and say so."""
        due = self._store.due(instant_of(self._stage.now_us))
        self.agent.tick()
        for hold in due:
            self.on_change(hold.account, hold.currency)


__all__ = ["KINDS", "Branch", "Draw", "Held"]
