"""The watch: payments in by name, decisions out. Gives accounts their numbers, keeps repeats away, writes the log. No clock.

The same message twice gives the same answer once: ids are kept for longer than a payment may be late, so that a repeat whose id
is forgotten is refused as late and cannot be booked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Policy, Problem
from recoup.watch.model import Model
from recoup.watch.patterns import Patterns
from recoup.watch.rules import RuleSet
from recoup.watch.state import NEVER, Payments, Settings, Shard, Told
from recoup.watch.stolen import (
    UNKNOWN,
    Arrival,
    Change,
    Copy,
    Disputed,
    FlowRows,
    Refusal,
    StolenFlow,
    Taken,
)
from recoup.watch.stream import NEVER_US, Decided, Ended, Passed, Stream, rows_of_flow
from recoup.watching.asked import Asked, Batch, Plain, Wrong, kind_number, plain_of, rows_of
from recoup.watching.decision_log import Lines, change_body, ended_body
from recoup.watching.decisions import Decisions, EndedPayment, Known

SECOND: Final = 1_000_000
_FIRST_ACCOUNTS: Final = 1_024


class Watch:
    """Decides payments by name.

    >>> watch = Watch()
    >>> found = watch.decide([Asked("p-1", 0, "a", "b", 500, "CNY")])
    >>> found[0].action.name
    'ALLOW'
    """

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
        self._accounts_max = accounts_max
        self._currencies = {code: at for at, code in enumerate(currencies)}
        self._pockets: dict[tuple[str, str], int] = {}
        self._of_account: dict[str, list[int]] = {}
        self._is_ours = is_ours
        self._ids_us = max(ids_seconds, self.stream.shard.settings.late_seconds) * SECOND
        self._listed: dict[str, tuple[str, ...]] = {}
        self._named = {one.account for one in self.stream.rules.snoozes}
        self._is_stale = False
        self._ids: dict[str, Known] = {}
        self._ids_before: dict[str, Known] = {}
        self._ids_since = NEVER
        self._waiting: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._rows: dict[str, Disputed] = {}
        self.copy = None if flow is None else Copy(flow, self)
        if log is not None:
            log.begin(self.opening())

    # -- payments

    def decide(self, batch: Batch, *, is_late: bool = False) -> Decisions:
        """Decide payments in their order; each is booked where it goes on.

        Args:
            batch: a polars frame, an Arrow table, columns by name, or payments (`Asked`).
            is_late: scoring is late: payments go on, orders and stolen money are looked at all the same.
        """
        asked = tuple(rows_of(batch))
        plan: list[int | Wrong | Known] = []
        chosen: list[Plain] = []
        fresh: dict[str, tuple[Plain, int]] = {}
        repeats: list[tuple[int, int]] = []
        clock = self.stream.shard.clock
        for one in asked:
            known = self._look(one, clock, fresh)
            if isinstance(known, int):
                repeats.append((len(plan), known))
                plan.append(known)
            elif isinstance(known, Plain):
                clock = max(clock, known.time_us)
                fresh[one.id] = (known, len(plan))
                plan.append(len(chosen))
                chosen.append(known)
            else:
                plan.append(known)
        found = self._run(chosen, is_late=is_late)
        ids = tuple(one.id for one in asked)
        made = Decisions(ids, (), found.told, self.stream, found, plan)
        for place, first in repeats:
            plan[place] = Known(fresh[asked[place].id][0], made, first)
        self._keep(made, fresh, found)
        made.ended = self._ended(found.ended)
        if self.log is not None:
            self.log.decided(asked, made, is_late=is_late)
        return made

    def _look(
        self, one: Asked, clock: int, fresh: Mapping[str, tuple[Plain, int]]
    ) -> Plain | Wrong | Known | int:
        """Return a payment that is to be decided, why it is none, its first answer, or the place of that in this batch."""
        plain = plain_of(one)
        if isinstance(plain, Wrong):
            return plain
        if plain.currency not in self._currencies:
            return Wrong(Problem.CURRENCY_UNKNOWN, "currency")
        same = fresh.get(one.id)
        known = self._ids.get(one.id) or self._ids_before.get(one.id)
        before = same[0] if same is not None else known.content if known is not None else None
        # By times alone, however messages are cut into batches: a log replays one by one.
        if before is not None and before.time_us + self._ids_us >= clock:
            if before != plain:
                pairs = zip(Plain._fields, before, plain, strict=True)
                return Wrong(Problem.ID_TAKEN, next(name for name, was, is_ in pairs if was != is_))
            return same[1] if same is not None else known  # type: ignore[return-value]
        outcome = self.stream.fits(plain.time_us, clock)
        if outcome:
            return Wrong(Problem(outcome), "time")
        is_full = len(self._pockets) + 2 > self._accounts_max
        if is_full and not all(
            not name or (name, plain.currency) in self._pockets for name in plain[1:3]
        ):
            return Wrong(Problem.ACCOUNTS_MANY, "payee")
        for name in plain[1:3]:
            self._number(name, plain.currency)
        return plain

    def _run(self, chosen: Sequence[Plain], *, is_late: bool) -> Decided:
        self._grow()
        if len(chosen) == 1 and not chosen[0].facts:
            time, payer, payee, amount, currency, kind, _ = chosen[0]
            return self.stream.decide_one(
                time,
                self._number(payer, currency),
                self._number(payee, currency),
                amount,
                kind_number(kind),
                self._currencies[currency],
                is_late=is_late,
            )
        payments = Payments.of(
            [one.time_us for one in chosen],
            [self._number(one.payer, one.currency) for one in chosen],
            [self._number(one.payee, one.currency) for one in chosen],
            [one.amount for one in chosen],
            [kind_number(one.kind) for one in chosen],
        )
        places = np.array([self._currencies[one.currency] for one in chosen], np.int16)
        return self.stream.decide(payments, places, _facts(chosen), is_late=is_late)

    def _number(self, account: str, currency: str) -> int:
        if not account:
            return -1
        place = (account, currency)
        number = self._pockets.get(place)
        if number is None:
            number = self._pockets[place] = len(self._pockets)
            self._of_account.setdefault(account, []).append(number)
            if self.stream.flow is not None and not self._is_ours(account):
                self.stream.flow.index.standing[number] = UNKNOWN
            self._is_stale |= account in self._named
        return number

    def _grow(self) -> None:
        """Make room for every account that has a number, and lay lists anew where they speak of one."""
        shard = self.stream.shard
        if len(self._pockets) > shard.accounts:
            size = 1 << (len(self._pockets) - 1).bit_length()
            shard.grow(min(size, self._accounts_max))
            self._is_stale = True
        if self._is_stale:
            listed = {
                name: [n for account in some for n in self._of_account.get(account, ())]
                for name, some in self._listed.items()
            }
            self.stream.lists(listed, self._of_account)
            self._is_stale = False

    def _keep(
        self, made: Decisions, fresh: Mapping[str, tuple[Plain, int]], found: Decided
    ) -> None:
        """Remember ids, what waits, and the rows of what was booked."""
        clock = self.stream.shard.clock
        if clock > self._ids_since + self._ids_us:
            self._ids_before, self._ids, self._ids_since = self._ids, {}, clock
        for id_, (plain, place) in fresh.items():
            at = made.plan[place]
            assert isinstance(at, int)
            row = found.rows[at]
            if row["problem"]:
                continue
            self._ids[id_] = Known(plain, made, place)
            if row["expires_us"] != NEVER_US:
                self._waiting[found.first + at], self._numbers[id_] = id_, found.first + at
            if row["row"] >= 0:
                self._rows[id_] = Disputed(
                    int(row["row"]), self._number(plain.payee, plain.currency), plain.amount
                )
        index = None if self.stream.flow is None else self.stream.flow.index
        while index is not None and self._rows:
            id_, oldest = next(iter(self._rows.items()))
            if oldest.row >= index.oldest:
                break
            del self._rows[id_]

    def _ended(self, some: Sequence[Ended]) -> tuple[EndedPayment, ...]:
        found = []
        for one in some:
            id_ = self._waiting.pop(one.number, "")
            self._numbers.pop(id_, None)
            if one.row >= 0 and (known := self._ids.get(id_) or self._ids_before.get(id_)):
                _, _, payee, amount, currency, _, _ = known.content
                self._rows[id_] = Disputed(one.row, self._number(payee, currency), amount)
            found.append(EndedPayment(id_, one))
        return tuple(found)

    # -- payments that wait

    def release(self, id_: str, time_us: int) -> tuple[EndedPayment, ...]:
        """Let a payment go on that waits; what was due before ends first. The last tells of this one."""
        return self._end("released", id_, time_us)

    def cancel(self, id_: str, time_us: int) -> tuple[EndedPayment, ...]:
        """Take back a payment that waits."""
        return self._end("cancelled", id_, time_us)

    def _end(self, how: str, id_: str, time_us: int) -> tuple[EndedPayment, ...]:
        number = self._numbers.get(id_, -1)
        act = self.stream.release if how == "released" else self.stream.cancel
        passed = act(number, time_us)
        return self._told(how, passed, {"id": id_, "time_us": time_us})

    def advance(self, time_us: int) -> tuple[EndedPayment, ...]:
        """Let time pass: delays and holds that are over end."""
        return self._told("passed", self.stream.advance(time_us), {"time_us": time_us})

    # -- what else is told

    def report(
        self, account: str, currency: str, time_us: int, kind: Told = Told.REPORT
    ) -> tuple[EndedPayment, ...]:
        """Count a report (or marker) of an account."""
        pocket = self.pocket(account, currency)
        passed = self.stream.report(-1 if pocket is None else pocket, time_us, kind)
        said = {"account": account, "currency": currency, "time_us": time_us, "kind": int(kind)}
        return self._told("reported", passed, said)

    def lists(self, listed: Mapping[str, Sequence[str]]) -> None:
        """Say which accounts stand on each list of the rules; a list that is not given is unknown."""
        if unknown := sorted(set(listed) - set(self.stream.rules.names.lists)):
            raise StateFault(StateProblem.SETTING_WRONG, f"no list is called {unknown[0]}")
        self._listed = {name: tuple(some) for name, some in sorted(listed.items())}
        self._named = {one.account for one in self.stream.rules.snoozes}
        self._named.update(*self._listed.values())
        self._is_stale = True
        if self.log is not None:
            self.log.told("listed", {"lists": {n: list(s) for n, s in self._listed.items()}}, [])

    def take(self, change: Change) -> tuple[Taken, Refusal | None]:
        """Take a change of the centre: a claim, a hold, a finding. It binds from the next payment on."""
        if self.copy is None:
            raise StateFault(StateProblem.SETTING_WRONG, "no stolen money is followed here")
        found = self.copy.take(change)
        self._grow()
        self.stream.sync()
        if self.log is not None:
            self.log.told("changed", change_body(change), [found[0].value])
        return found

    def pocket(self, account: str, currency: str) -> int | None:
        """Return the pocket of an account, which gets one if it has none: an order may come before the first payment."""
        if currency not in self._currencies or not account:
            return None
        if (account, currency) not in self._pockets and len(self._pockets) >= self._accounts_max:
            return None
        number = self._number(account, currency)
        self._grow()
        return number

    def disputed(self, transfer: str, arrival: Arrival | None) -> Disputed | None:
        """Return the row of a payment that was booked and whose row is kept; None where another amount is said to have come."""
        row = self._rows.get(transfer)
        if row is not None and arrival is not None and arrival.amount != row.amount:
            return None  # nobody's money is called stolen by guess
        return row

    def knows(self, id_: str) -> bool:
        """Return whether a payment of this id was answered and is remembered. Any thread may ask."""
        return id_ in self._ids or id_ in self._ids_before

    def accounts_of(self, pockets: Sequence[int]) -> list[str]:
        """Return whose pockets these are."""
        wanted = set(pockets)
        return [account for (account, _), number in self._pockets.items() if number in wanted]

    def configured(
        self, rules: RuleSet | None, model: Model | None, policy: Policy | None
    ) -> Watch:
        """Return this watch as it goes on with other rules, model and policy; this one is not used any more.

        What was decided before stays as it was: it is told from the stream that decided it.
        """
        if rules is not None and rules.rules and rules.names.currencies != tuple(self._currencies):
            raise StateFault(StateProblem.SETTING_WRONG, "rules of other currencies")
        before = self.stream
        stream = Stream(
            before.shard,
            rules=rules,
            model=model,
            policy=policy,
            currencies=tuple(self._currencies),
            flow=before.flow,
            patterns=before.patterns,
        )
        stream.take_over(before)
        watch = copy(self)
        watch.stream = stream
        watch._named = {one.account for one in stream.rules.snoozes}  # noqa: SLF001 - its own kind
        watch._listed, watch._is_stale = {}, True  # noqa: SLF001
        return watch

    def _told(self, how: str, passed: Passed, said: dict[str, object]) -> tuple[EndedPayment, ...]:
        ended = self._ended(passed.ended)
        if self.log is not None:
            self.log.told(how, said, [*map(ended_body, ended), int(passed.outcome)])
        return ended

    def opening(self) -> dict[str, object]:
        """Return what a log must say before the first decision: versions and settings."""
        flow = self.stream.flow
        return {
            "versions": asdict(self.stream.versions),
            "currencies": list(self._currencies),
            "settings": asdict(self.stream.shard.settings),
            "accounts_max": self._accounts_max,
            "rows_followed": 0 if flow is None else len(rows_of_flow(flow).stream.rows),
            "ids_seconds": self._ids_us // SECOND,
            "catch_seconds": 0 if flow is None else flow.catch_us // SECOND,
        }


def _facts(chosen: Sequence[Plain]) -> dict[str, npt.NDArray[np.float64]] | None:
    """Return named facts as columns; None where no payment has any."""
    names = sorted({name for one in chosen for name, _ in one.facts})
    if not names:
        return None
    out = {name: np.full(len(chosen), np.nan) for name in names}
    for at, one in enumerate(chosen):
        for name, value in one.facts:
            out[name][at] = value
    return out


__all__ = ["Decisions", "EndedPayment", "Watch"]
