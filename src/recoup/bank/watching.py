"""Watched accounts (动态查询): what is booked there from an order on, told until the watch ends by itself.

1. A watch begins in the transaction that keeps its first answer, and says from when and until when it runs.
2. The core system gives rows in booking order, so what is new is what lies behind those that were told. New rows and the
   message that tells them are kept together: killed anywhere, each row is told, and no message twice under two ids.
3. It ends at its end after a last look, and earlier only after so many messages that somebody floods it. The last of those says
   so, with code 1099 and its own time as the end: the centre has a person decide.

The room `recoup.watch` is another thing: it scores payments before they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from recoup import limits
from recoup.bank.core import CoreBanking
from recoup.bank.statements import fitting
from recoup.bank.store import BankStore, Watch
from recoup.messages import AnswerMessage, Minor, OrderMessage, ResultCode, encode, name_of
from recoup.orders import OrderKind, Outcome, Policy

HeldFor = Callable[[str, str, str], int]
"""Says what a case holds now on an account in a currency."""


@dataclass(frozen=True, slots=True)
class Watches:
    """The part of the books that is about watched accounts. One thread at a time."""

    store: BankStore
    core: CoreBanking
    institution: str
    policy: Policy
    held: HeldFor

    def begun(self, order: OrderMessage, said: AnswerMessage) -> tuple[Watch | None, AnswerMessage]:
        """Return the watch that an order begins, if any, and its answer with begin and end; what is booked is seen.

        An order that says when the watch ends is one told again: the books that had it were lost.
        """
        if order.kind is not OrderKind.WATCH:
            return None, said
        now, number = said.at, order.account_number
        since, ends_at = now, self.policy.watch_ends(now)
        if order.ends_at is not None and order.ends_at < ends_at:
            since, ends_at = now - (ends_at - order.ends_at), order.ends_at
        # One that was lost tells all since its first begin: what it told before, and what nobody saw.
        seen = len(self.core.statement(number, order.currency, now, now)) if since == now else 0
        watch = Watch(order.id, order.case, number, order.currency, since, ends_at, seen)
        return watch, replace(said, started_at=since, ends_at=ends_at)

    def fits(self, order: OrderMessage) -> bool:
        """Whether an order begins no watch, or there is room for one more."""
        return order.kind is not OrderKind.WATCH or len(self.store.watches()) < limits.WATCHES_MAX

    def look(self, now: datetime) -> int:
        """Write down for the centre what was booked since the last look; return how many messages that made."""
        return sum(self._look(watch, now) for watch in self.store.watches())

    def _look(self, watch: Watch, now: datetime) -> int:
        until = min(now, watch.ends_at)
        rows = self.core.statement(watch.account, watch.currency, watch.since, until)
        fresh, count = rows[watch.seen :], 0
        while fresh and watch.told < limits.WATCH_MESSAGES_MAX:
            shown = fitting(fresh)
            fresh, count = fresh[len(shown) :], count + 1
            watch = replace(watch, seen=watch.seen + len(shown), told=watch.told + 1)
            is_flooded = now < watch.ends_at and watch.told >= limits.WATCH_MESSAGES_MAX
            said = AnswerMessage(
                id="",
                order=watch.order,
                institution=self.institution,
                outcome=Outcome.INFORMED,
                at=now,
                currency=watch.currency,
                held=Minor(self.held(watch.case, watch.account, watch.currency)),
                started_at=watch.since,
                code=ResultCode.NOT_SUPPORTED_OTHER if is_flooded else ResultCode.DONE,
                ends_at=now if is_flooded else watch.ends_at,
                rows=shown,
                rows_left=len(fresh),
            )
            said = replace(said, id=_id_of(watch, said))
            self.store.watched(watch, (said.id, name_of(said), encode(said)))
        if now >= watch.ends_at or watch.told >= limits.WATCH_MESSAGES_MAX:
            self.store.watched(replace(watch, is_over=True))
        return count


def _id_of(watch: Watch, said: AnswerMessage) -> str:
    """Return the id of a message: other words never have it, told by books from a backup that count anew."""
    return f"watch-{watch.told}-{sha256(encode(said)).hexdigest()[:32]}"


__all__ = ["HeldFor", "Watches"]
