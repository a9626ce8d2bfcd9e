"""Stolen money in the stream: what a payment moves of it, what is held of it, what may not leave.

Invariants: 1. loss = located + exited + unknown per claim, asserted at every step; 2. no unit has two claims, none is both free
and held; 3. a pocket without stolen money, order or disorder has no flag, and its payments cost one look; 4. claims placed in
any order, early or late, end in one picture; 5. what a hold took stays with it until it is reduced, released or lapses.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.watch.stolen.booking import CREDITS, DEBITS, Integers
from recoup.watch.stolen.measured import Measure, Measures
from recoup.watch.stolen.orders import (
    Binding,
    Disputed,
    Held,
    Moved,
    Overdrawn,
    Payment,
    Refusal,
    Standing,
    Stolen,
    Tiding,
    Verdict,
    Whereabouts,
)
from recoup.watch.stolen.picture import Entry, Label
from recoup.watch.stolen.pictures import Pictures
from recoup.watch.stolen.places import END, overlap, size
from recoup.watch.stolen.rows import RowIndex
from recoup.watch.stolen.snapshot import dump, load
from recoup.watch.stolen.sums import KNOWN

I64 = npt.NDArray[np.int64]


class StolenFlow:
    """All open cases' money in one stream. Pure: times come with payments and orders, in microseconds."""

    def __init__(self, index: RowIndex, *, catch_us: int = 0) -> None:
        """Begin over an index. Stolen money is caught for `catch_us` at the first attempt to move it on (0: only told of)."""
        self.index = index
        self.catch_us = catch_us
        self.pictures = Pictures(index)
        self.bindings: dict[int, dict[str, Binding]] = {}
        """By pocket and case, in the order in which holds are served."""
        self.spared: dict[int, dict[str, int]] = {}
        """By pocket and case: units below this place were let go by the centre, and are not caught again."""
        self.measures = Measures()
        """Of accounts: they bind debits beside holds, and hold no money."""
        self.entries_given = 0
        self.time_us = -END
        self.terms: list[tuple[int, int, str]] = []
        """A heap of (end, pocket, case); an end that is no longer one is passed over when it comes."""
        self.flagged: dict[int, None] = {}
        self.touched: dict[int, None] = {}
        """Pockets whose stolen money may have changed since `changes` was asked."""
        self.most = index.largest
        """No pocket ever got more than this."""

    # -- claims

    def place(
        self, case: str, claim: str, disputed: Disputed, *, is_admitted: bool = True
    ) -> Whereabouts | Refusal:
        """Place a claim on a transfer that was booked, however long ago, and return where its money is now.

        The same claim again changes nothing, unless it is admitted now and was not. Raises `LimitFault`, nothing changed,
        where more than STOLEN_STEPS_MAX rows would have to be followed.
        """
        label = Label(case, claim, disputed.row, is_admitted)
        placed = self.pictures.place(label, disputed)
        if isinstance(placed, Refusal):
            return placed
        if placed is None:
            self._flag_all()
        else:
            for pocket in placed:
                self._flag(pocket)
        return self.where(case, claim)

    def where(self, case: str, claim: str) -> Whereabouts | Refusal:
        """Return where the whole of a claim is now."""
        number = self.pictures.facts.numbers.get((case, claim))
        return Refusal.NO_SUCH_CLAIM if number is None else self.pictures.where(number)

    def remove(self, case: str, claim: str | None = None) -> tuple[Held, ...] | Refusal:
        """Forget a claim that is void, or a whole case with its holds; others stand as if it had never been."""
        bound = [p for p, some in self.bindings.items() if case in some] if claim is None else []
        if not self.pictures.remove(case, claim) and not bound:
            return Refusal.NO_SUCH_CLAIM
        told: list[Held] = []
        for pocket in bound:
            told += self._bind(pocket, case, "freed", ordered=0, caught=0)
        if claim is None:
            self.pictures.facts.ends.pop(case, None)
        self._flag_all()
        return tuple(told)

    def end_at(self, case: str, pocket: int) -> Refusal | None:
        """Carry out the finding *good-faith value given*: the case's money that reached a pocket exits there."""
        if not self._is_ours(pocket):
            return Refusal.NOT_OURS
        self.pictures.end_at(case, pocket)
        self._flag_all()
        return None

    # -- payments

    def enforce(self, payment: Payment) -> Verdict | Refusal:
        """Say what orders leave of a payment before it is booked, and catch what stolen money it would move.

        Debits beyond what is free are refused, credits are not. A hold of exactly the stolen money that is free in the payer's
        pocket comes first, for each case, unless the centre let that money go.
        """
        refusal = self._unfit(payment)
        if refusal is not None:
            return refusal
        pocket = payment.payer
        if payment.payer == payment.payee or not self.index.flags[pocket] & DEBITS:
            balance = self._balance(pocket) if self._is_ours(pocket) else 0
            return Verdict(is_allowed=True, free=balance, held=0)
        self.lapse(payment.time_us)
        caught = self._catch(pocket, payment.time_us) if self.catch_us else []
        now = self.at(pocket)
        held = now.balance - now.free
        is_bound = bool(self.bindings.get(pocket))
        return Verdict(not is_bound or payment.amount <= now.free, now.free, held, tuple(caught))

    def book(self, payment: Payment) -> tuple[Tiding, ...] | Refusal:
        """Book one payment; return what it did to stolen money and to holds."""
        one = [np.array([value], np.int64) for value in payment]
        return self.book_batch(*one)

    def booked(self, payment: Payment) -> tuple[Tiding, ...]:
        """Book one payment that was looked at before, and return what it did."""
        told = self.book(payment)
        assert not isinstance(told, Refusal), told
        return told

    def is_ordered(self, pocket: int) -> bool:
        """Whether the centre's order binds a pocket, and not only what was caught there."""
        return any(one.ordered for one in self.bindings.get(pocket, {}).values())

    def book_batch(
        self,
        time_us: I64,
        payer: Integers,
        payee: Integers,
        amount: I64,
        reverses: I64,
    ) -> tuple[Tiding, ...] | Refusal:
        """Book payments in their order, exactly as one by one; a batch with a payment that is unfit changes nothing."""
        refusal = self._unfit_batch(time_us, payer, payee, amount)
        if refusal is not None:
            return refusal
        told: list[Tiding] = []
        at, count = 0, len(amount)
        while at < count:
            at = self.index.book_plain(time_us, payer, payee, amount, reverses, at, count)
            if at == count:
                break
            if self.index.due(int(time_us[at])) > self.index.oldest:
                self.give_up(int(time_us[at]))
                continue
            columns = (time_us, payer, payee, amount, reverses)
            told += self._book(Payment(*(int(column[at]) for column in columns)))
            at += 1
        if count:
            self.time_us = int(time_us[-1])
            self.most += 2 * int(amount.sum())  # what is assumed to have come in is at most as much
        return tuple(told)

    def give_up(self, time_us: int) -> None:
        """Give up the rows that the index will not keep once it takes a payment of that time.

        Whoever books in the index past this, or lets its time pass, calls it before.
        """
        while (due := self.index.due(time_us)) > self.index.oldest:
            self.pictures.retire(due)

    # -- holds

    def hold(
        self, case: str, pocket: int, amount: int, *, time_us: int, until_us: int = END
    ) -> tuple[Held, ...] | Refusal:
        """Carry out a stop, a freeze, a raise or a renewal: so much of a pocket may not leave until `until_us`.

        It takes the case's own lots first, oldest first; while the pocket has too little, what arrives is taken. What was
        caught before the order is part of it.
        """
        if not self._is_ours(pocket):
            return Refusal.NOT_OURS
        if not 0 < amount <= limits.POCKET_MINOR_MAX:
            return Refusal.AMOUNT_UNFIT
        some = self.bindings.get(pocket, {})
        if case not in some and len(some) >= limits.STOLEN_BINDINGS_MAX:
            return Refusal.TOO_MANY
        told = list(self.lapse(max(time_us, self.time_us)))
        some = self.bindings.get(pocket, {})
        caught = some[case].caught if case in some else 0
        self.spared.get(pocket, {}).pop(case, None)
        changes = {"ordered": amount, "ordered_until_us": until_us}
        told += self._bind(pocket, case, "order", **changes, caught=max(0, caught - amount))
        return tuple(told)

    def reduce(
        self, case: str, pocket: int, amount: int, *, until_us: int | None = None
    ) -> tuple[Held, ...] | Refusal:
        """Carry out a reduction: so much stays held, to the same end if none is given; what is freed is not caught again."""
        if case not in self.bindings.get(pocket, {}):
            return Refusal.NO_SUCH_HOLD
        if not 0 <= amount < self.bindings[pocket][case].asked:
            return Refusal.AMOUNT_UNFIT
        self.spared.setdefault(pocket, {})[case] = self.index.totals(pocket).into
        end = self.bindings[pocket][case].ordered_until_us if until_us is None else until_us
        changes = {"ordered": amount, "ordered_until_us": end}
        return tuple(self._bind(pocket, case, "order", **changes, caught=0))

    def release(self, case: str, pocket: int) -> tuple[Held, ...] | Refusal:
        """Carry out a release: everything held for the case goes back to its own age, and is not caught again."""
        if case not in self.bindings.get(pocket, {}):
            return Refusal.NO_SUCH_HOLD
        return self.reduce(case, pocket, 0)

    def measure(self, pocket: int, one: Measure) -> Refusal | None:
        """Carry out a measure of an account: from the next payment on it binds its debits until its end."""
        if not self._is_ours(pocket):
            return Refusal.NOT_OURS
        self.measures.put(pocket, one)
        self._flag(pocket)
        return None

    def end_measure(self, pocket: int, measure: str) -> None:
        """End a measure at once; one that ended before changes nothing."""
        self.measures.end(pocket, measure)
        self._flag(pocket)

    def measured(self, payment: Payment, *, is_at_counter: bool = False) -> Measure | None:
        """Return the measure that does not let a payment out before it is booked; None: none does."""
        if payment.payer not in self.measures.by_pocket:
            return None
        if self.measures.lapse(payment.payer, payment.time_us):
            self._flag(payment.payer)
        return self.measures.binding(self.index, payment, is_at_counter=is_at_counter)

    def lapse(self, time_us: int) -> tuple[Held, ...]:
        """End what ended before `time_us`; a hold is for [from, until]."""
        told: list[Held] = []
        while self.terms and self.terms[0][0] < time_us:
            _, pocket, case = heappop(self.terms)
            binding = self.bindings.get(pocket, {}).get(
                case
            )  # what was released has no end any more
            if binding is not None and binding.lapse(time_us):
                told += self._bind(pocket, case, "lapsed")
        return tuple(told)

    def at(self, pocket: int) -> Standing:
        """Return a pocket as it is now."""
        purse = self.pictures.now.purses.get(pocket)
        if purse is None:
            return Standing(self._balance(pocket), (), ())
        found: dict[int, list[int]] = {}
        for lot in purse.lots:
            one = found.setdefault(lot.label, [0, 0, lot.row, lot.depth])
            kept = sum(overlap(spans, lot.low, lot.high) for spans in purse.held.values())
            one[0] += kept
            one[1] += lot.high - lot.low - kept
            one[2:] = [min(one[2], lot.row), min(one[3], lot.depth)]
        labels = self.pictures.facts.labels
        stolen = [Stolen(labels[n].case, labels[n].claim, *one) for n, one in found.items()]
        held = tuple((case, size(spans)) for case, spans in sorted(purse.held.items()))
        return Standing(self._balance(pocket), held, tuple(sorted(stolen)))

    def changes(self) -> dict[int, int]:
        """Return how much stolen money lies in every pocket where that may have changed since this was asked last.

        For whoever keeps it as a figure of the account; held money counts, all cases together.
        """
        purses = self.pictures.now.purses
        found = {
            pocket: sum(lot.high - lot.low for lot in purses[pocket].lots)
            if pocket in purses
            else 0
            for pocket in sorted(self.touched)
        }
        self.touched.clear()
        return found

    # -- keeping

    def snapshot(self) -> bytes:
        """Return the whole state but the rows; the same state gives the same bytes."""
        return dump(self)

    @classmethod
    def restore(cls, index: RowIndex, snapshot: bytes) -> StolenFlow:
        """Return the flow of a snapshot over the rows of the same moment; raise `InputFault` for bytes that are none."""
        flow = cls(index)
        load(flow, snapshot)
        return flow

    def refresh(self) -> None:
        """Set every flag and every term anew."""
        for pocket in (*self.bindings, *self.measures.by_pocket):
            self._flag(pocket)
        self._flag_all()
        self.terms = [
            (end, pocket, case)
            for pocket, some in self.bindings.items()
            for case, binding in some.items()
            if (end := binding.next_end_us()) < END
        ]
        heapify(self.terms)

    # -- inside

    def _book(self, payment: Payment) -> list[Tiding]:
        """Book a payment that must be looked at."""
        told: list[Tiding] = list(self.lapse(payment.time_us))
        pictures, payer = self.pictures, payment.payer
        reversal = pictures.reversal(payment.reverses, payer, payment.payee, payment.amount)
        purse = pictures.now.purses.get(payer)
        held = purse.held_total if purse is not None and self._is_ours(payer) else 0
        row, assumed = self.index.append(*payment[:4], held)
        if assumed:
            told.append(Overdrawn(row.number, payer, assumed))
        if reversal is not None:
            pictures.note_reversal(row, reversal)
        labels = pictures.facts.labels
        for one in pictures.now.pass_row(pictures.facts, row):
            case, claim, _, _ = labels[one.label]
            told.append(Moved(case, claim, *row[:4], one.amount, one.fate))
        told += self._fill(row.payee)
        self._flag(payer)
        self._flag(row.payee)
        return told

    def _catch(self, pocket: int, time_us: int) -> list[Held]:
        """Hold what stolen money is free in a pocket and was not let go, exactly."""
        purse = self.pictures.now.purses.get(pocket)
        if purse is None:
            return []
        spared, case_of = self.spared.get(pocket, {}), self.pictures.facts.case_of
        loose: dict[str, int] = {}
        for lot in purse.lots:
            case = case_of(lot.label)
            free = overlap(purse.free, max(lot.low, spared.get(case, 0)), lot.high)
            loose[case] = loose.get(case, 0) + max(0, free)
        told: list[Held] = []
        for case, amount in sorted(loose.items()):
            if amount:
                some = self.bindings.get(pocket, {})
                before = some[case].caught if case in some else 0
                told += self._bind(
                    pocket,
                    case,
                    "caught",
                    caught=before + amount,
                    caught_until_us=time_us + self.catch_us,
                )
        return told

    def _bind(self, pocket: int, case: str, why: str, **changes: int) -> list[Held]:
        """Change what is asked of a pocket for a case, and take or give back accordingly."""
        some = self.bindings.setdefault(pocket, {})
        binding = some.setdefault(case, Binding())
        for name, value in changes.items():
            setattr(binding, name, value)
        self._settle(pocket, case, binding)
        told = [self._held(pocket, case, why)]
        if not binding.asked:
            del some[case]
        elif binding.next_end_us() < END:
            heappush(self.terms, (binding.next_end_us(), pocket, case))
        if not some:
            del self.bindings[pocket]
        told += self._fill(pocket)
        self._flag(pocket)
        return told

    def _fill(self, pocket: int) -> list[Held]:
        """Let holds that have too little take what is free now, each in its turn."""
        told: list[Held] = []
        if self.index.flags[pocket] & CREDITS:
            for case, binding in self.bindings.get(pocket, {}).items():
                if self._settle(pocket, case, binding):
                    told.append(self._held(pocket, case, "arrived"))
        return told

    def _settle(self, pocket: int, case: str, binding: Binding) -> int:
        """Make what is held of a case what is asked, as far as the pocket has it; return the change."""
        purse = self.pictures.now.purses.get(pocket)
        have = size(purse.held.get(case, [])) if purse is not None else 0
        total = purse.held_total if purse is not None else 0
        change = min(binding.asked - have, self._balance(pocket) - total)
        if change:
            into, out = self.index.totals(pocket)
            since = self.index.last(pocket)
            self.entries_given += 1
            self.pictures.act(
                Entry(self.index.newest, self.entries_given, pocket, case, change, into, out, since)
            )
        return change

    def _held(self, pocket: int, case: str, why: str) -> Held:
        purse = self.pictures.now.purses.get(pocket)
        held = size(purse.held.get(case, [])) if purse is not None else 0
        return Held(case, pocket, self.bindings[pocket][case].asked, held, why)

    def _flag(self, pocket: int) -> None:
        """Say what of a pocket must be looked at from now on."""
        if not self._is_ours(pocket):
            return
        flag, some = 0, self.bindings.get(pocket, {})
        purse = self.pictures.now.purses.get(pocket)
        if purse is not None or some or pocket in self.measures.by_pocket:
            flag |= DEBITS
        if sum(binding.asked for binding in some.values()) > (purse.held_total if purse else 0):
            flag |= CREDITS
        self.index.flags[pocket] = flag
        self.touched[pocket] = None
        if flag:
            self.flagged[pocket] = None
        else:
            self.flagged.pop(pocket, None)

    def _flag_all(self) -> None:
        """The same after a picture was made anew."""
        for pocket in {**self.flagged, **dict.fromkeys(self.pictures.now.purses)}:
            self._flag(pocket)

    def _is_ours(self, pocket: int) -> bool:
        standing = self.index.standing
        return 0 <= pocket < len(standing) - 1 and bool(standing[pocket] == KNOWN)

    def _balance(self, pocket: int) -> int:
        into, out = self.index.totals(pocket)
        return into - out

    def _unfit(self, payment: Payment) -> Refusal | None:
        """Return why a payment cannot be one."""
        pockets = len(self.index.standing) - 1
        if not (-1 <= payment.payer < pockets and -1 <= payment.payee < pockets):
            return Refusal.NO_SUCH_POCKET
        if not 0 < payment.amount <= limits.ROW_MINOR_MAX:
            return Refusal.AMOUNT_UNFIT
        return Refusal.TIME_BACKWARDS if payment.time_us < self.time_us else None

    def _unfit_batch(
        self, time_us: I64, payer: Integers, payee: Integers, amount: I64
    ) -> Refusal | None:
        """The same for many."""
        if not len(amount):
            return None
        pockets = len(self.index.standing) - 1
        for side in (payer, payee):
            if side.min() < -1 or side.max() >= pockets:
                return Refusal.NO_SUCH_POCKET
        if amount.min() <= 0 or amount.max() > limits.ROW_MINOR_MAX:
            return Refusal.AMOUNT_UNFIT
        if time_us[0] < self.time_us or (np.diff(time_us) < 0).any():
            return Refusal.TIME_BACKWARDS
        if self.index.refuses(time_us):
            return Refusal.TIME_UNFIT
        if self.most + 2 * int(amount.sum()) > limits.POCKET_MINOR_MAX:
            self.most = self.index.largest
            if self.most + 2 * int(amount.sum()) > limits.POCKET_MINOR_MAX:
                return Refusal.AMOUNT_UNFIT
        return None
