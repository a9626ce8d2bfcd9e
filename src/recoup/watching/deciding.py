"""The watch: payments in by name, decisions out. Gives accounts their numbers, keeps repeats away, writes the log. No clock.

The same message twice gives the same answer once: ids are kept for longer than a payment may be late, so that a repeat whose id
is forgotten is refused as late and cannot be booked twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from itertools import chain, groupby
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Policy, Problem
from recoup.watch.model import Model
from recoup.watch.names import ABSENT, Texts
from recoup.watch.rules import RuleSet
from recoup.watch.state import NEVER, Payments, Told
from recoup.watch.stolen import (
    Change,
    Refusal,
    Taken,
)
from recoup.watch.stream import Decided, Passed, Stream
from recoup.watch.told import What
from recoup.watching.asked import Asked, Batch, Plain, Wrong, kind_number, plain_of, rows_of
from recoup.watching.columns import (
    Clock,
    Columns,
    columns_of,
    is_clean,
    odd_of,
    picked,
    places_of,
)
from recoup.watching.decision_log import change_body, ended_body
from recoup.watching.decisions import Decisions, EndedPayment, Endings
from recoup.watching.known import Contents, Known
from recoup.watching.named import NamedStream

_FEW: Final = 6
"""Fewer payments than these are decided sooner one by one than in bulk."""


class Watch(NamedStream):
    """Decides payments by name.

    >>> watch = Watch()
    >>> found = watch.decide([Asked("p-1", 0, "a", "b", 500, "CNY")])
    >>> found[0].action.name
    'ALLOW'
    """

    # -- payments

    def decide(self, batch: Batch | Columns, *, is_late: bool = False) -> Decisions:
        """Decide payments in their order; each is booked where it goes on.

        Args:
            batch: a polars frame, an Arrow table, columns by name, or payments (`Asked`). Columns are decided without an
                object for each payment, where they are what their names say and have no named facts beside them.
            is_late: scoring is late: payments go on, orders and stolen money are looked at all the same.
        """
        columns = columns_of(batch)
        made = None if columns is None else self._decide_columns(columns, is_late=is_late)
        if made is None:
            made = self._decide_rows(batch if columns is None else columns, is_late=is_late)
        return made

    def _decide_columns(self, columns: Columns, *, is_late: bool) -> Decisions | None:
        """Decide columns in bulk; None where they must be taken apart, and nothing was changed."""
        if len(columns.ids) < _FEW:
            return None
        clock = Clock(self.stream.shard.clock, *self._bounds)
        if columns.are_bytes and not (
            is_clean(columns, self._currencies, clock) and self._ids.none_of(columns.ids)
        ):
            columns = columns.spelled()
        odd = [] if columns.are_bytes else odd_of(columns, self._currencies, clock)
        if odd is None:
            return None
        if not columns.are_bytes and not self._ids.none_of(columns.ids):
            odd = sorted({*odd, *self._ids.some_of(columns.ids)})
        is_odd = frozenset(odd)
        clean = [at for at in range(len(columns.ids)) if at not in is_odd] if odd else None
        plan = self._plan(columns, clean, odd) if clean is not None else range(len(columns.ids))
        sides = None if plan is None else self._sides(columns, clean)
        if plan is None or sides is None:
            return None
        self._grow()
        codes = picked(columns.currencies, clean)
        rows = slice(None) if clean is None else np.array(clean, np.int64)
        payments = Payments(
            columns.times_us[rows],
            *sides,
            columns.amounts[rows],
            columns.kinds[rows],
            np.arange(len(codes), dtype=np.int64),
        )
        places = places_of(codes, self._currencies)
        found = self.stream.decide(payments, places, None, is_late=is_late)
        made = Decisions(columns.ids, (), found.told, self.stream, found, plan, columns, sides)
        for at in odd:
            if isinstance(first := plan[at], int):  # the same came before in this batch
                plan[at] = Known(columns.plain(at), made, first)  # type: ignore[index]
        self._keep(made, picked(columns.ids, clean), clean)
        made.ended = self._ended(found.ended)
        if self.log is not None:
            self.log.decided(tuple(columns.all_asked()), made, is_late=is_late)
        return made

    def _sides(
        self, columns: Columns, clean: list[int] | None
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None:
        """Return the pockets of payers and payees; new accounts get theirs in order. None where a name is unfit, or no room."""
        if columns.are_bytes:
            return self._sides_of_bytes(columns)
        codes = picked(columns.currencies, clean)
        sides = [picked(names, clean) for names in (columns.payers, columns.payees)]
        found = [self._pockets.all_of(names, codes) for names in sides]
        if any(None in numbers for numbers in found):
            names = list(chain.from_iterable(zip(*sides, strict=True)))
            new = self._pockets.missing(names, [code for code in codes for _ in range(2)])
            if new is None:
                return None
            for code, run in groupby(new, key=itemgetter(1)):  # in the order of one by one
                self._add([name for name, _ in run], code)
            found = [self._pockets.all_of(names, codes) for names in sides]
        return np.array(found[0], np.int32), np.array(found[1], np.int32)

    def _sides_of_bytes(
        self, columns: Columns
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None:
        """Return the same of clean columns of bytes: only names that are new are spelled."""
        payers, payees, code = columns.payers, columns.payees, columns.currencies[0]
        assert isinstance(payers, Texts), "looked at"
        assert isinstance(payees, Texts), "looked at"
        found = [self._pockets.find(names, code) for names in (payers, payees)]
        new = [np.flatnonzero(side == ABSENT) for side in found]
        if len(new[0]) or len(new[1]):
            names = payers.picked(new[0].tolist()) + payees.picked(new[1].tolist())
            order = np.argsort(np.r_[2 * new[0], 2 * new[1] + 1]).tolist()  # as payments come
            fresh = dict.fromkeys([names[at] for at in order])
            if not self._pockets.has_room(fresh):
                return None
            first = self._add(list(fresh), code)
            numbered = dict(zip(fresh, range(first, first + len(fresh)), strict=True))
            numbers = [numbered[name] for name in names]
            found[0][new[0]], found[1][new[1]] = numbers[: len(new[0])], numbers[len(new[0]) :]
        return found[0].astype(np.int32), found[1].astype(np.int32)

    def _plan(
        self, columns: Columns, clean: list[int], odd: list[int]
    ) -> list[int | Wrong | Known] | None:
        """Return what becomes of each payment of a batch in which some are odd; None where an odd one is to be decided."""
        plan: list[int | Wrong | Known] = [0] * len(columns.ids)
        for place, at in enumerate(clean):
            plan[at] = place
        again = {columns.ids[at] for at in odd}
        fresh = {
            columns.ids[at]: (columns.plain(at), at) for at in clean if columns.ids[at] in again
        }
        clock = self.stream.shard.clock
        moved = np.full(len(plan), NEVER, np.int64)
        moved[clean] = columns.times_us[clean]
        clocks = np.maximum(np.maximum.accumulate(moved), clock)
        for at in odd:
            same = fresh.get(columns.ids[at])
            before = {} if same is None or same[1] > at else {columns.ids[at]: same}
            then = clock if at == 0 else int(clocks[at - 1])
            known = self._look(columns.asked(at), then, before)
            if isinstance(known, Plain):
                return None
            plan[at] = known
        return plan

    def _decide_rows(self, batch: Batch | Columns, *, is_late: bool) -> Decisions:
        """Decide payments that must be taken apart."""
        asked = tuple(batch.all_asked() if isinstance(batch, Columns) else rows_of(batch))
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
                for name in known[1:3]:
                    self._number(name, known.currency)
                fresh[one.id] = (known, len(plan))
                plan.append(len(chosen))
                chosen.append(known)
            else:
                plan.append(known)
        found = self._run(chosen, is_late=is_late)
        ids = tuple(one.id for one in asked)
        contents = Contents({place: plain for plain, place in fresh.values()})
        made = Decisions(ids, (), found.told, self.stream, found, plan, contents)
        for place, first in repeats:
            plan[place] = Known(fresh[asked[place].id][0], made, first)
        decided = [at for at, one in enumerate(plan) if isinstance(one, int)]
        self._keep(made, [ids[at] for at in decided], decided)
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
        same, known = fresh.get(one.id), self._ids.find(one.id)
        before = same[0] if same is not None else known.content if known is not None else None
        # By times alone, however messages are cut into batches: a log replays one by one.
        if before is not None and before.time_us + self._ids.kept_us >= clock:
            if before != plain:
                pairs = zip(Plain._fields, before, plain, strict=True)
                return Wrong(Problem.ID_TAKEN, next(name for name, was, is_ in pairs if was != is_))
            return same[1] if same is not None else known  # type: ignore[return-value]
        outcome = self.stream.fits(plain.time_us, clock)
        if outcome:
            return Wrong(Problem(outcome), "time")
        is_full = len(self._pockets) + 2 > self._pockets.most
        if is_full and any(self._pockets.get(n, plain.currency) is None for n in plain[1:3]):
            return Wrong(Problem.ACCOUNTS_MANY, "payee")
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

    # -- payments that wait

    def release(self, id_: str, time_us: int) -> Endings:
        """Let a payment go on that waits; what was due before ends first. The last tells of this one."""
        return self._end("released", id_, time_us)

    def cancel(self, id_: str, time_us: int) -> Endings:
        """Take back a payment that waits."""
        return self._end("cancelled", id_, time_us)

    def _end(self, how: str, id_: str, time_us: int) -> Endings:
        number = self._numbers.get(id_, -1)
        act = self.stream.release if how == "released" else self.stream.cancel
        passed = act(number, time_us)
        return self._told(how, passed, {"id": id_, "time_us": time_us})

    def advance(self, time_us: int) -> Endings:
        """Let time pass: delays and holds that are over end."""
        return self._told("passed", self.stream.advance(time_us), {"time_us": time_us})

    # -- what else is told

    def report(
        self, account: str, currency: str, time_us: int, kind: Told = Told.REPORT
    ) -> Endings:
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
        self._heard([change.what] if found[0] is Taken.CARRIED_OUT else [])
        self._grow()
        self.stream.sync()
        if self.log is not None:
            self.log.told("changed", change_body(change), [found[0].value])
        return found

    def renew(
        self, origin: str, changes: Sequence[Change], cut_us: int
    ) -> list[tuple[What, Refusal]] | None:
        """Take a whole chain of the centre's in the place of ours; see `Copy.renew`."""
        if self.copy is None:
            raise StateFault(StateProblem.SETTING_WRONG, "no stolen money is followed here")
        found = self.copy.renew(origin, changes, cut_us)
        self._heard([one.what for one in changes] if found is not None else [])
        self._grow()
        self.stream.sync()
        if self.log is not None:
            said = {"origin": origin, "cut_us": cut_us, "changes": list(map(change_body, changes))}
            self.log.told("renewed", said, [found is not None])
        return found

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
        if watch.copy is not None:
            watch.copy.names = watch
        watch._listed, watch._is_stale = {}, True  # noqa: SLF001
        return watch

    def _told(self, how: str, passed: Passed, said: dict[str, object]) -> Endings:
        ended = Endings.of(self._ended(passed.ended), passed.told)
        if self.log is not None:
            self.log.told(how, said, [*map(ended_body, ended), int(passed.outcome)])
        return ended


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


__all__ = ["Decisions", "EndedPayment", "Endings", "Watch"]
