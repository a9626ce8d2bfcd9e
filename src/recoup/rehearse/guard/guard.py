"""The watch as a policy: one real stream over the whole country, and what it tells said as what happened. No truth is read.

1. A payment is judged by the stream as it would be in a bank's path; what waits ends by the stream's own lapse, at its instant.
2. Stream and books agree: what the play could not book is taken back here, what it booked outside is booked here, and at the
   end every account's balance is the same in both, which is asserted. A payment that comes while later ones of its payer were
   judged already may find too little here; what the stream then assumes to have come in before [SEMANTICS 1] is counted.
3. What an institution carries out by itself, a measure of an account, is refused before the stream sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.rehearse.country import Fraud
from recoup.rehearse.guard.claims import Claims
from recoup.rehearse.guard.holders import explains
from recoup.rehearse.guard.measures import Measures
from recoup.rehearse.guard.merchants import Merchants
from recoup.rehearse.guard.openings import stream_of
from recoup.rehearse.guard.rules import STOLEN
from recoup.rehearse.guard.terms import GuardTerms
from recoup.rehearse.guard.warnings import Warnings
from recoup.rehearse.play.happened import (
    Appealed,
    HeldNow,
    Judged,
    Reported,
    Stopper,
    WaitEnded,
)
from recoup.rehearse.play.ports import Judgements, Row, Stage, Word
from recoup.watch.decision import WAITS, Action, Ground
from recoup.watch.features import FEATURES
from recoup.watch.state import Outcome, Payments
from recoup.watch.stolen import KNOWN, Moved, Payment, Tiding, Verdict
from recoup.watch.stream import Decided, Ended, How, Passed, rows_of_flow

SHORT: Final = 1 << 12
"""Payments of a batch for which constant answers are kept ready."""
_PASSED_ON: Final = [one.name for one in FEATURES].index("payer_passed_on_24h")
_CAME_IN: Final = [one.name for one in FEATURES].index("payer_in_sum_24h")
_SECOND: Final = 1_000_000
_LOOK_US: Final = 600 * _SECOND
"""How often a payment that waits for stolen money is weighed again: own money that came since may be enough; assumed."""
_ARRIVED: Final = 0.5
"""Who pays with what came in within a day, half at least, may be a conduit; who pays out of savings, a victim; assumed."""
_PASSING: Final = 0.5
"""Who sent on half of what came in within a day passes money on: a likely mule, not a likely victim; assumed."""

Saw = Callable[[Moved], None]


class Guard:
    """Policy `watch`: interception, warnings and measures; no order."""

    name = "watch"
    judges = True

    def __init__(self, terms: Callable[[Stage], GuardTerms]) -> None:
        """Take what makes the terms of a country; nothing is made before `begin`."""
        self._make_terms = terms
        self.saw: list[Saw] = []
        """Who hears of stolen money that moves, as it moves."""

    def begin(self, stage: Stage) -> None:
        """Lay the stream over the country."""
        self._stage, self._country = stage, stage.country
        self.terms = self._make_terms(stage)
        self.stream = stream_of(stage.country, self.terms)
        flow = self.stream.flow
        assert flow is not None, "a guard follows stolen money"
        self._flow = flow
        self.claims = Claims(stage.country, flow)
        self.merchants = Merchants(flow)
        self.measures = Measures(stage, self.terms, flow)
        self.warnings = Warnings(stage, self.terms, self._withdraw)
        self._warm_us = stage.country.begin_us + stage.country.warmup_us
        self._currency = np.zeros(SHORT, np.int16)
        self._attempts: dict[int, tuple[int, int]] = {}
        """Attempt of the play and payer, by number of a payment that waits."""
        self._of_payer: dict[int, dict[int, None]] = {}
        self._settling = -1
        self._assumed: dict[int, int] = {}
        self._flow_into = rows_of_flow(flow).stream.into
        self._keeps: dict[int, dict[str, int] | None] = {}
        """By account that stolen money was kept from leaving: how much of each case's was said to lie there."""

    # --- what the centre tells

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Open the report's claims in the stream: from now on its money is followed, and caught when it is to move on."""
        self._stage.say(Reported(self._stage.now_us, fraud.number))
        self.claim(f"case-{fraud.number}", rows, is_admitted=True)

    def claim(self, case: str, rows: Sequence[Row], *, is_admitted: bool) -> None:
        """Tell the stream of a case's disputed rows; payees count as reported."""
        now = self._stage.now_us
        for row in rows:
            self._hear_passed(self.stream.report(row.payee, now))
        self.claims.open(now, case, rows, is_admitted=is_admitted)
        self._flow_changed()

    def order(self, case: str, account: int, amount: int, until_us: int | None) -> None:
        """Tell the stream how an order stands: it binds debits here as it does in the institution's own books."""
        self.claims.hold(self._stage.now_us, case, account, amount, until_us)
        self._flow_changed()

    def _flow_changed(self) -> None:
        self.stream.sync()
        for account in list(self._keeps):
            self._say_kept(account)

    # --- payments

    def judge(self, payments: Payments) -> Judgements:
        """Decide payments, each before it is booked."""
        measured = self.measures.refuses(payments)
        if measured is None:
            return self._decide(payments)
        count = len(payments)
        action = np.full(count, int(Action.REFUSE), np.int8)
        until, number = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        rest = ~measured
        for at in np.flatnonzero(measured).tolist():
            self._say_judged(payments, at, Action.REFUSE, "measure", int(payments.time_us[at]))
        if rest.any():
            part = self._decide(payments.where(rest))
            action[rest], until[rest], number[rest] = part
        return Judgements(action, until, number)

    def _decide(self, payments: Payments) -> Judgements:
        count = len(payments)
        if count > len(self._currency):
            self._currency = np.zeros(2 * count, np.int16)
        self.merchants.look_at(payments)
        is_warm = int(payments.time_us[-1]) < self._warm_us
        into = self._flow_into[payments.payer]
        found = self.stream.decide(payments, self._currency[:count], is_late=is_warm)
        action = np.ascontiguousarray(found.rows["action"])
        if (self._flow_into[payments.payer] != into).any():
            self._count_assumed(payments, into, found)
        if found.told:
            self._hear(found.told)
        until, number = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        if action.any():
            self._answer(payments, found, action, until, number)
        for one in found.ended:  # due at the very instant of a payment that was asked first
            self._say_ended(one.number, one.how.value)
            self._stage.at(self._stage.now_us, partial(self._settle_late, one))
        return Judgements(action, until, number)

    def _lacks(self, payer: int, amount: int) -> int:
        """Return what the stream would have to assume for a payment now."""
        index = self._flow.index
        if index.standing[payer] != KNOWN:
            return 0
        into, out = index.totals(payer)
        return max(0, amount - (into - out))

    def _count_assumed(
        self, payments: Payments, before: npt.NDArray[np.int64], found: Decided
    ) -> None:
        """Count what the stream assumed for payers of a batch: what came to them beyond what the batch, or a lapse, paid them.

        A payment to them was stopped in the midst of the batch, or later ones of theirs were judged already.
        """
        goes = found.rows["action"] < Action.DELAY
        lapsed: dict[int, int] = {}
        for one in found.ended:
            row = self._flow.index.row(one.row)
            if row is not None:
                lapsed[row.payee] = lapsed.get(row.payee, 0) + row.amount
        payers, first = np.unique(payments.payer, return_index=True)
        more = self._flow_into[payers] - before[first]
        for payer, extra in zip(payers[more > 0].tolist(), more[more > 0].tolist(), strict=True):
            came = int(payments.amount_minor[goes & (payments.payee == payer)].sum())
            self._assume(payer, extra - came - lapsed.get(payer, 0))

    def _assume(self, payer: int, amount: int) -> None:
        if amount:
            self._assumed[payer] = self._assumed.get(payer, 0) + amount

    def _answer(
        self,
        payments: Payments,
        found: Decided,
        action: npt.NDArray[np.int8],
        until: npt.NDArray[np.int64],
        number: npt.NDArray[np.int64],
    ) -> None:
        """Say what was decided otherwise than to allow, and note what waits."""
        for at in np.flatnonzero(action).tolist():
            row, done = found.rows[at], Action(int(action[at]))
            time, payer = int(payments.time_us[at]), int(payments.payer[at])
            ends = time
            if done in WAITS:
                ends, number[at] = int(row["expires_us"]), found.first + at
                until[at] = ends
                self._wait(found.first + at, int(payments.row[at]), payer, ends)
            ground = Ground(int(row["ground"]))
            self._say_judged(payments, at, done, ground.name.lower(), ends)
            if ground is Ground.RULE and self._rule(row) == STOLEN:
                self._keeps[payer] = None
                self._say_kept(payer)
                self.measures.strong(payer, time)
                if done in WAITS:
                    self._look_later(found.first + at)
            elif ground is Ground.MODEL:
                self._care(found, payments, at, done, time)

    def _rule(self, row: np.void) -> str:
        return self.terms.rules.rules[int(row["rule"])].id

    def _care(
        self, found: Decided, payments: Payments, at: int, done: Action, time_us: int
    ) -> None:
        """A payer who passes money on is looked at for a measure; any other is a likely victim and is spoken to.

        Who pays with what just came in can show where it is from, and comes at once. Who pays out of savings has nothing to
        show but the own wish, and victims wish it too: the wait stands.
        """
        payer, kept = int(payments.payer[at]), int(found.rows["kept"][at])
        amount, features = int(payments.amount_minor[at]), found.kept[kept]
        if features[_CAME_IN] > 0 and features[_PASSED_ON] >= _PASSING:
            if done in WAITS:
                self.measures.strong(payer, time_us)
        else:
            stake = int(amount * float(found.rows["chance"][at]))
            near = max(done, Action(int(found.rows["asked"][at])))  # also where nothing may wait
            self.warnings.lead(payer, amount, near, time_us, stake)
        if done not in WAITS or features[_CAME_IN] < _ARRIVED * amount:
            return
        number, what = found.first + at, str(int(payments.row[at]))
        wait = explains(self._country, payer, what, self.terms.answering)
        if wait is not None:
            look_us = max(time_us + wait * _SECOND, self._stage.now_us)
            self._stage.at(look_us, lambda: self._explained(number))

    def _say_judged(
        self, payments: Payments, at: int, action: Action, ground: str, until_us: int
    ) -> None:
        self._stage.say(
            Judged(
                int(payments.time_us[at]),
                int(payments.row[at]),
                action.name.lower(),
                ground,
                int(payments.payer[at]),
                int(payments.payee[at]),
                int(payments.amount_minor[at]),
                until_us,
            )
        )

    # --- payments that wait

    def _wait(self, number: int, attempt: int, payer: int, until_us: int) -> None:
        self._attempts[number] = attempt, payer
        self._of_payer.setdefault(payer, {})[number] = None
        # In the last microsecond of its wait: the stream lets go on what is due before a payment of the very instant.
        self._stage.at(max(until_us - 1, self._stage.now_us), lambda: self._lapse(number))

    def _settle_late(self, ended: Ended) -> None:
        """Settle in the books what the stream let go on between two payments; what they do not book is taken back."""
        booked = ended.how is How.LAPSED
        self._settling = ended.number
        paid = self._stage.settle(ended.number, Word.BOOKED if booked else Word.BLOCKED)
        self._settling = -1
        if booked and paid.word is not Word.BOOKED:
            row = self._flow.index.row(ended.row)
            assert row is not None, "it was booked a moment ago"
            self._book(self._stage.now_us, row.payee, row.payer, row.amount, 0)

    def _explained(self, number: int) -> None:
        """Let a payment go on whose payer showed what it is, unless stolen money of a case came there."""
        one, now = self.stream.waiting.get(number), self._stage.now_us
        if one is None or now >= one.expires_us - 1:
            return
        is_clean = not self.measures.is_reached(one.payer)
        self._stage.say(Appealed(now, now, one.payer, is_granted=is_clean))
        if is_clean and not self.measures.binds(one.payer, one.amount, now):
            self._lapse(number, How.RELEASED)

    def _look_later(self, number: int) -> None:
        self._stage.at(self._stage.now_us + _LOOK_US, lambda: self._look_again(number))

    def _look_again(self, number: int) -> None:
        """Let a payment go on that waits for stolen money once the payer has enough of the own: no more is ever held."""
        one, now = self.stream.waiting.get(number), self._stage.now_us
        if one is None or now >= one.expires_us - 1:
            return
        there = self._flow.at(one.payer)
        own = there.free - sum(part.free for part in there.stolen)
        is_enough = one.amount <= own - self._assumed.get(one.payer, 0)
        if is_enough and not self.measures.binds(one.payer, one.amount, now):
            self._lapse(number, How.RELEASED)
        else:
            self._look_later(number)

    def _lapse(self, number: int, how: How = How.LAPSED) -> None:
        """End a payment whose time is over: in the books first, then in the stream, each at its own instant."""
        one = self.stream.waiting.get(number)
        if one is None:
            return
        now = self._stage.now_us
        verdict = self._flow.enforce(
            Payment(max(now, self.stream.shard.clock), one.payer, one.payee, one.amount)
        )
        assert isinstance(verdict, Verdict), verdict
        self._hear(verdict.caught)
        if verdict.is_allowed and not self.measures.binds(one.payer, one.amount, now):
            self._settling = number
            paid = self._stage.settle(number, Word.BOOKED)
            self._settling = -1
            if paid.word is Word.BOOKED:
                # A microsecond early: another one that is due now ends by its own settlement.
                self._assume(one.payer, self._lacks(one.payer, one.amount))
                passed = self.stream.release(number, min(one.expires_us - 1, now))
                self._hear_passed(passed, how.value)
                return
            self._drop(number, How.NOT_BOOKED.value)
            return
        self._stage.settle(number, Word.BLOCKED)
        self._drop(number, How.STOPPED.value)

    def _drop(self, number: int, how: str) -> None:
        """Take a payment out of the stream that the play does not book; nothing of it was booked."""
        expires_us = self.stream.waiting[number].expires_us
        passed = self.stream.cancel(number, min(expires_us - 1, self._stage.now_us))
        self._hear_passed(passed, how)

    def _withdraw(self, payer: int) -> int:
        """Take back what waits of a payer who heeded; return how much that was."""
        amount = 0
        for number in list(self._of_payer.get(payer, ())):
            amount += self.stream.waiting[number].amount
            self._stage.settle(number, Word.WITHDRAWN)
            self._drop(number, How.CANCELLED.value)
        return amount

    def _hear_passed(self, passed: Passed, how: str = "") -> None:
        assert passed.outcome is Outcome.BOOKED, passed
        self._hear(passed.told)
        for one in passed.ended:
            assert one.how not in (How.NOT_WAITING, How.NOT_BOOKED), one
            self._say_ended(one.number, how or one.how.value)

    def _say_ended(self, number: int, how: str) -> None:
        attempt, payer = self._attempts.pop(number)
        some = self._of_payer[payer]
        del some[number]
        if not some:
            del self._of_payer[payer]
        self._stage.say(WaitEnded(self._stage.now_us, attempt, how))
        if payer in self._keeps:
            self._say_kept(payer)

    # --- what is told of stolen money

    def _hear(self, told: Sequence[Tiding]) -> None:
        for one in told:
            if not isinstance(one, Moved):
                continue  # holds of orders are the office's to say; the play pays nothing for which too little is there
            for account in (one.payer, one.payee):
                if account in self._keeps:
                    self._say_kept(account)
            for saw in self.saw:
                saw(one)

    def _say_kept(self, account: int) -> None:
        """Say how much of each case's money an account keeps because the watch lets none of it out.

        At who sells it exited in good faith, and what is paid there after that is not followed: the watch keeps nothing of it.
        What the stream assumed to have come in lies in no books, and pays before what came later: nothing is kept in its place.
        """
        is_kept = self._flow.index.standing[account] == KNOWN and (
            account in self._of_payer or self.measures.is_closed(account)
        )
        now_there: dict[str, int] = {}
        there, assumed = self._flow.at(account), self._assumed.get(account, 0)
        left = max(0, there.free - assumed)
        for one in there.stolen if is_kept else ():
            # Where nothing was assumed nothing is cut: more than there is has to break the identity.
            kept = min(one.free, left) if assumed else one.free
            left -= kept
            if kept:
                now_there[one.case] = now_there.get(one.case, 0) + kept
        before, now = self._keeps[account] or {}, self._stage.now_us
        for case in dict.fromkeys((*before, *now_there)):
            held = now_there.get(case, 0)
            if held != before.get(case, 0):
                fraud = int(case.rpartition("-")[2]) if case.startswith("case-") else -1
                self._stage.say(HeldNow(now, Stopper.WATCH, case, fraud, account, held))
        self._keeps[account] = now_there
        if now_there:
            self.measures.caught(account, sum(now_there.values()), now)
        elif not is_kept:
            del self._keeps[account]

    # --- what is booked beside

    def booked(self, rows: Sequence[Row]) -> None:
        """Book what the play booked without asking; a payment that waited goes on by the stream's own lapse."""
        for row in rows:
            if self._settling < 0:
                self._book(row.time_us, row.payer, row.payee, row.amount, row.kind)

    def failed(self, payments: Payments) -> None:
        """Take back what was decided to go on and was not booked: the stream keeps the try, not its money."""
        for at in range(len(payments)):
            sides = (int(payments.payee[at]), int(payments.payer[at]))
            kind = int(payments.kind[at])
            self._book(int(payments.time_us[at]), *sides, int(payments.amount_minor[at]), kind)

    def _book(self, time_us: int, payer: int, payee: int, amount: int, kind: int) -> None:
        time_us = max(time_us, self.stream.shard.clock)
        self._assume(payer, self._lacks(payer, amount))
        self._hear(self.stream.book(Payment(time_us, payer, payee, amount), kind))

    # --- the end

    def finish(self, until_us: int) -> None:
        """Compare with the books when all clocks have run out."""
        self._stage.at(until_us, self._finish)

    def _finish(self) -> None:
        self._flow_changed()
        self.require_books()

    def require_books(self) -> None:
        """Assert that stream and books have one balance for every account."""
        totals = self._flow.index
        for account in range(len(self._country.accounts)):
            into, out = totals.totals(account)
            here = into - out - self._assumed.get(account, 0)
            balance = self._stage.books.balance(account)
            assert here == balance, f"account {account}: {here} here, {balance} there"


__all__ = ["Guard"]
