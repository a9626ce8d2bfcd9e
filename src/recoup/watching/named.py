"""A stream whose accounts and payments have names: pockets, known ids, rows, and what waits. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Final

import numpy as np

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import WAITS, Action, Decision, Policy
from recoup.watch.model import Model
from recoup.watch.patterns import Patterns
from recoup.watch.rules import RuleSet
from recoup.watch.state import Settings, Shard
from recoup.watch.stolen import (
    UNKNOWN,
    Arrival,
    Copy,
    Disputed,
    FlowRows,
    StolenFlow,
)
from recoup.watch.stream import NEVER_US, Ended, Stream, rows_of_flow
from recoup.watch.told import AppealSettled, What
from recoup.watching.asked import Plain
from recoup.watching.became import Became, PaymentStanding, PaymentState
from recoup.watching.booked import BookedRows
from recoup.watching.decision_log import Lines
from recoup.watching.decisions import Decisions, EndedPayment
from recoup.watching.known import KnownIds
from recoup.watching.pockets import Pockets

SECOND: Final = 1_000_000
_MATCH_US: Final = 600 * SECOND
"""How far the centre's time of an arrival may be off the row's."""
_FIRST_ACCOUNTS: Final = 1_024


class NamedStream:
    """What a watch knows by name of its stream."""

    def __init__(
        self,
        *,
        rules: RuleSet | None = None,
        model: Model | None = None,
        policy: Policy | None = None,
        currencies: tuple[str, ...] = ("CNY",),
        settings: Settings | None = None,
        accounts_max: int = 1 << 22,
        rows_followed: int = 0,
        catch_seconds: int = 0,
        ids_seconds: int = 86_400,
        is_ours: Callable[[str], bool] = lambda _: True,
        log: Lines | None = None,
        shard: Shard | None = None,
        patterns: Patterns | None = None,
    ) -> None:
        """Begin without payments, or over a state that was kept (`recoup.watching.snapshots`).

        Args:
            rules: read for the features of the stream and these currencies, in this order.
            model: trained on the features of the stream, of its state alone or of patterns too.
            policy: needed beside rules or a model.
            currencies: those that payments may have.
            settings: of the state.
            accounts_max: pockets; a payment to one more is refused.
            rows_followed: rows kept to follow stolen money; 0: none is followed, and no order binds here.
            catch_seconds: stolen money that is to be moved on is held so long; 0: it is only told of.
            ids_seconds: how long after its own time a payment's id is known; never less than payments may be late.
            is_ours: whether an account's payments all pass here; of others stolen money is *unknown*.
            log: where decisions are written.
            shard: the state that was kept; `settings` are its own.
            patterns: the rings that were kept beside it.
        """
        if rules is not None and rules.rules and rules.names.currencies != currencies:
            raise StateFault(StateProblem.SETTING_WRONG, "rules of other currencies")
        flow = None
        if rows_followed:
            none = np.zeros(accounts_max, np.int64)
            standing = np.zeros(accounts_max + 1, np.uint8)
            standing[-1] = 1  # the outside
            flow = StolenFlow(
                FlowRows(none, standing, rows_followed), catch_us=catch_seconds * SECOND
            )
        self.stream = Stream(
            shard or Shard(min(_FIRST_ACCOUNTS, accounts_max), settings),
            rules=rules,
            model=model,
            policy=policy,
            currencies=currencies,
            flow=flow,
            patterns=patterns,
        )
        self.log = log
        self._currencies = {code: at for at, code in enumerate(currencies)}
        self._pockets = Pockets(currencies, accounts_max)
        self._is_ours = is_ours
        given = self.stream.shard.settings
        self._ids = KnownIds(max(ids_seconds, given.late_seconds) * SECOND)
        self._bounds = (given.late_seconds * SECOND, given.ahead_seconds * SECOND)
        self._listed: dict[str, tuple[str, ...]] = {}
        self._named = {one.account for one in self.stream.rules.snoozes}
        self._is_stale = False
        self._waiting: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._rows = BookedRows()
        self._became = Became()
        self.copy = None if flow is None else Copy(flow, self)
        if log is not None:
            log.begin(self.opening())

    def _add(self, new: Sequence[str], currency: str) -> int:
        """Number accounts that have no number yet; return the first."""
        first = self._pockets.add(new, currency)
        if self.stream.flow is not None:
            standing = self.stream.flow.index.standing
            for number, account in enumerate(new, first):
                if not self._is_ours(account):
                    standing[number] = UNKNOWN
        self._is_stale |= not self._named.isdisjoint(new)
        return first

    def _number(self, account: str, currency: str) -> int:
        number = self._pockets.get(account, currency)
        return self._add((account,), currency) if number is None else number

    def _grow(self) -> None:
        """Make room for every account that has a number, and lay lists anew where they speak of one."""
        shard, count = self.stream.shard, len(self._pockets)
        if count > shard.accounts:
            most = self._pockets.most
            shard.grow(min(1 << (count - 1).bit_length(), most), laid=count, most=most)
            self._is_stale = True
        shard.lay(count)
        if self._is_stale:
            own = {account: self._pockets.of(account) for account in sorted(self._named)}
            listed = {
                name: [number for account in some for number in own[account]]
                for name, some in self._listed.items()
            }
            self.stream.lists(listed, own)
            self._is_stale = False

    def _keep(self, made: Decisions, ids: Sequence[str], places: Sequence[int] | None) -> None:
        """Remember the ids of what was decided, what waits, and the rows of what was booked.

        Args:
            made: the batch.
            ids: of those that were decided, in order.
            places: where these stand in the batch; None: it has no others.
        """
        self._ids.age(self.stream.shard.clock)
        found = made.found
        rows = found.rows
        self._ids.add(made, ids, range(len(ids)) if places is None else places)
        refused = np.flatnonzero(rows["problem"]).tolist()
        self._ids.drop(ids[at] for at in refused)
        for at in np.flatnonzero(rows["expires_us"] != NEVER_US).tolist():
            if not rows["problem"][at]:
                id_, number = ids[at], found.first + at
                self._waiting[number], self._numbers[id_] = id_, number
                self._became.forget(id_)
        index = None if self.stream.flow is None else self.stream.flow.index
        if index is None:
            return
        booked = np.flatnonzero((rows["row"] >= 0) & (rows["problem"] == 0)).tolist()
        numbers = rows["row"][booked].tolist()
        texts = list(ids)
        self._rows.add([texts[at] for at in booked], numbers)
        self._rows.forget(index.oldest)

    def _ended(self, some: Sequence[Ended]) -> tuple[EndedPayment, ...]:
        found = []
        for one in some:
            id_ = self._waiting.pop(one.number, "")
            self._numbers.pop(id_, None)
            if id_:
                self._became.put(id_, one)
            if one.row >= 0 and id_:
                self._rows.add([id_], [one.row])
            found.append(EndedPayment(id_, one))
        return tuple(found)

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the pocket of an account, which gets one if it has none: an order may come before the first payment."""
        if currency not in self._currencies or not account:
            return None
        is_full = len(self._pockets) >= self._pockets.most
        if is_full and self._pockets.get(account, currency) is None:
            return None
        number = self._number(account, currency)
        self._grow()
        return number

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the row of a payment that was booked and whose row is kept; None where another amount is said to have come."""
        flow = self.stream.flow
        if flow is None:
            return None
        known = (transfer, "" if arrival is None else arrival.reference)
        rows = (self._rows.row(id_) for id_ in known)
        number = next((at for at in rows if at is not None and at >= flow.index.oldest), None)
        if number is None and arrival is not None:
            number = self._arrived(rows_of_flow(flow), arrival)
        row = None if number is None else flow.index.row(number)
        if row is None:
            return None
        if arrival is not None:
            there = (self._pockets.get(arrival.account, arrival.currency), arrival.amount)
            if there != (row.payee, row.amount):
                return None  # nobody's money is called stolen by guess
        return Disputed(row.number, row.payee, row.amount)

    def _arrived(self, index: FlowRows, arrival: Arrival) -> int | None:
        """Return the one row that came in so, about then; of two that fit, neither."""
        if arrival.currency not in self._currencies:
            return None
        pocket = self._pockets.get(arrival.account, arrival.currency)
        rows = index.stream.rows[: index.newest + 1 - index.oldest]
        fits = (rows["payee"] == (-2 if pocket is None else pocket)) & (
            rows["amount"] == arrival.amount
        )
        fits &= np.abs(rows["time_us"] - arrival.time_us) <= _MATCH_US
        found = np.flatnonzero(fits)
        return int(found[0]) + index.oldest if len(found) == 1 else None

    def knows_any(self, ids: Sequence[str]) -> bool:
        """Return whether a payment of any of these ids was answered and is remembered. Any thread may ask."""
        return self._ids.has_any(ids)

    def decided(self, id_: str) -> tuple[Plain, Decision] | None:
        """Return a payment and what was decided of it; None for an id that was not answered, or is not remembered."""
        known = self._ids.find(id_)
        return None if known is None else (known.content, known.decisions[known.place])

    def standing(self, id_: str) -> PaymentStanding:
        """Return where a payment stands now, by its id: whether it waits, went on, or is over, and what stopped it."""
        number = self._numbers.get(id_)
        if number is not None:
            until_us = self.stream.waiting[number].expires_us
            return PaymentStanding(PaymentState.WAITING, None, until_us)
        ended, known = self._became.find(id_), self.decided(id_)
        is_booked = self._rows.row(id_) is not None
        if known is None:
            booked = PaymentState.WENT_ON if is_booked else PaymentState.UNKNOWN
            return ended or PaymentStanding(booked)
        if (
            known[1].action in WAITS
        ):  # where how it ended is forgotten, only what was booked went on
            booked = PaymentState.RELEASED if is_booked else PaymentState.UNKNOWN
            return ended or PaymentStanding(booked)
        if ended is not None and ended.state is PaymentState.WENT_ON:
            return ended  # any other end is of an earlier payment, whose id was forgotten since
        is_over = known[1].action is Action.REFUSE
        state = PaymentState.OVER if is_over else PaymentState.WENT_ON
        return PaymentStanding(state, known[0].time_us)

    def went_on(self, id_: str, time_us: int) -> None:
        """Note that a payment went on whatever was decided of it."""
        self._became.went_on(id_, time_us)

    def _heard(self, whats: Iterable[What]) -> None:
        """Keep for good what became of payments whose appeals were decided: it is asked for long after."""
        for what in whats:
            if isinstance(what, AppealSettled):
                self._became.keep(what.decision)

    def accounts_of(self, pockets: Sequence[int]) -> list[str]:
        """Return whose pockets these are."""
        return [self._pockets.name(pocket) for pocket in pockets]

    def owner(self, pocket: int) -> tuple[str, str] | None:
        """Return account and currency of a pocket; None for the outside."""
        return self._pockets.owner(pocket)

    def id_of(self, row: int) -> str:
        """Return the id of the payment that was booked in a row; '' where it is not known."""
        return self._rows.id(row)

    def opening(self) -> dict[str, object]:
        """Return what a log must say before the first decision: versions and settings."""
        flow = self.stream.flow
        return {
            "versions": asdict(self.stream.versions),
            "currencies": list(self._currencies),
            "settings": asdict(self.stream.shard.settings),
            "accounts_max": self._pockets.most,
            "rows_followed": 0 if flow is None else len(rows_of_flow(flow).stream.rows),
            "ids_seconds": self._ids.kept_us // SECOND,
            "catch_seconds": 0 if flow is None else flow.catch_us // SECOND,
        }


__all__ = ["SECOND", "NamedStream"]
