"""Claims in the stream: placed late or early, removed, ended in good faith; over two pictures, of now and of the oldest row."""

from __future__ import annotations

from recoup import limits
from recoup.errors import LimitFault
from recoup.watch.stolen.orders import Disputed, Place, Refusal, Whereabouts
from recoup.watch.stolen.picture import Entry, Facts, Label, Picture, Reversal
from recoup.watch.stolen.places import END
from recoup.watch.stolen.rows import Row, RowIndex
from recoup.watch.stolen.sums import KNOWN, TERMINAL, UNKNOWN, Fate
from recoup.watch.stolen.walk import Walk, follow_alone

_HERE = {KNOWN: Fate.MOVED, TERMINAL: Fate.EXITED, UNKNOWN: Fate.UNKNOWN}


class Pictures:
    """Facts, and the two pictures that follow from them."""

    def __init__(self, index: RowIndex) -> None:
        self.index = index
        self.facts = Facts(index, index.standing)
        self.base = Picture()
        """As it was right before the oldest retained row."""
        self.now = Picture()
        self.labels_given = 0
        self.returned: dict[int, int] = {}
        """By retained row how much of it was taken back."""

    # -- claims

    def place(self, label: Label, disputed: Disputed) -> Refusal | list[int] | None:
        """Place a claim on a booked transfer; return the pockets that changed, None where any may have.

        Nothing is changed where it is refused or a `LimitFault` is raised.
        """
        known = self.facts.numbers.get((label.case, label.claim))
        if known is not None:
            return self._admit(known, label)
        refusal = self._refusal(disputed)
        if refusal is not None:
            return refusal
        number, row = self.labels_given, self.index.row(disputed.row)
        self.facts.add(number, label)
        try:
            changed = self._lose(number, disputed) if row is None else self._place(number, row)
        except LimitFault:
            self.facts.discard(number)
            raise
        self.labels_given += 1
        return changed

    def remove(self, case: str, claim: str | None = None) -> int:
        """Remove a claim, or all of a case: others stand as if it had never been. Return how many were removed."""
        facts = self.facts
        gone = {
            number: label
            for number, label in facts.labels.items()
            if label.case == case and claim in (None, label.claim)
        }
        for number in gone:
            facts.discard(number)
        base = self.base.copy()
        for number in gone:
            base.drop_label(number)
        try:
            now = self._again(base) if gone else self.now
        except LimitFault:
            for number, label in gone.items():
                facts.add(number, label)
            raise
        if gone:
            self.base, self.now = base, now
        return len(gone)

    def end_at(self, case: str, pocket: int) -> None:
        """Let a case's money exit at a pocket whose holder gave good-faith value; what lay behind it is followed no more."""
        ends = self.facts.ends.setdefault(case, {})
        if pocket in ends:
            return
        ends[pocket] = None
        try:
            base = self.base.copy()
            base.end_lots(self.facts, case, pocket)
            self.now = self._again(base)
            self.base = base
        except LimitFault:
            del ends[pocket]
            raise

    def where(self, number: int) -> Whereabouts:
        """Return where the whole of a claim is, place by place."""
        label, one = self.facts.labels[number], self.now.sums[number]
        places: dict[tuple[int, Fate], int] = {}
        for pocket in self.now.reached.get(number, ()):
            purse, standing = self.now.purses.get(pocket), int(self.facts.standing[pocket])
            for lot in purse.lots if purse is not None else ():
                if lot.label == number:
                    # What reached the outside exited from the pocket that it left.
                    at = lot.payer if pocket < 0 else pocket
                    key = (at, _HERE[standing])
                    places[key] = places.get(key, 0) + lot.high - lot.low
        for (why, pocket), amount in one.gone.items():
            places[pocket, why] = places.get((pocket, why), 0) + amount
        return Whereabouts(
            *(label.case, label.claim, one.loss, one.located, one.exited, one.unknown),
            tuple(Place(pocket, amount, fate) for (pocket, fate), amount in sorted(places.items())),
        )

    # -- rows and holds as they happen

    def reversal(self, number: int, payer: int, payee: int, amount: int) -> Reversal | None:
        """Return what a payment takes back of row `number`; None where that is no reversal of it: an ordinary payment then."""
        original = self.index.row(number) if number >= 0 else None
        if original is None or (original.payee, original.payer) != (payer, payee):
            return None
        offset = self.returned.get(number, 0)
        return Reversal(original, offset) if offset + amount <= original.amount else None

    def note_reversal(self, row: Row, reversal: Reversal) -> None:
        """Remember that a row takes something back."""
        facts, original = self.facts, reversal.original.number
        facts.reversals[row.number] = reversal
        facts.refunds.setdefault(original, []).append(row.number)
        self.returned[original] = reversal.offset + row.amount
        if facts.standing[row.payer] == KNOWN:
            facts.bent[row.payer] = facts.bent.get(row.payer, 0) + 1

    def act(self, entry: Entry) -> None:
        """Carry out a hold or release now, and remember it."""
        self.facts.entries.setdefault(entry.pocket, []).append(entry)
        self.now.act(self.facts, entry)

    def retire(self, before: int) -> None:
        """Carry the older picture on to row `before`, and forget what named rows before it."""
        facts = self.facts
        Walk(facts, self.base, steps_max=END).run(self.index.oldest - 1, before - 1)
        for pocket, entries in list(facts.entries.items()):
            facts.entries[pocket] = [entry for entry in entries if entry.row >= before]
            if not facts.entries[pocket]:
                del facts.entries[pocket]
        for number in [number for number in facts.reversals if number < before]:
            reversal = facts.reversals.pop(number)
            row, original = self.index.row(number), reversal.original.number
            assert row is not None
            facts.refunds[original].remove(number)
            if not facts.refunds[original]:
                del facts.refunds[original]
            if facts.standing[row.payer] == KNOWN:
                facts.bent[row.payer] -= 1
                if not facts.bent[row.payer]:
                    del facts.bent[row.payer]
        for number in [number for number in self.returned if number < before]:
            del self.returned[number]
        self.index.retire(before)

    # -- inside

    def _refusal(self, disputed: Disputed) -> Refusal | None:
        """Return why a claim cannot dispute this."""
        pockets = len(self.facts.standing) - 1
        if not -1 <= disputed.payee < pockets:
            return Refusal.NO_SUCH_POCKET
        if not 0 < disputed.amount <= limits.ROW_MINOR_MAX:
            return Refusal.AMOUNT_UNFIT
        if not 0 <= disputed.row <= self.index.newest:
            return Refusal.NO_SUCH_ROW
        if disputed.row in self.facts.roots:
            return Refusal.DISPUTED_TWICE
        if len(self.facts.labels) >= limits.STOLEN_CLAIMS_MAX:
            return Refusal.TOO_MANY
        row = self.index.row(disputed.row)
        if row is not None and (row.payee, row.amount) != (disputed.payee, disputed.amount):
            return Refusal.ROW_DIFFERS
        return None

    def _admit(self, number: int, label: Label) -> Refusal | list[int] | None:
        """Let a claim that was reported carry the victim's own money; behind rows that are given up, what it carried stays."""
        before = self.facts.labels[number]
        if before == label:
            return []
        if before != label._replace(is_admitted=False):
            return Refusal.CLAIM_DIFFERS
        self.facts.labels[number] = label
        try:
            self.now = self._again(self.base)
        except LimitFault:
            self.facts.labels[number] = before
            raise
        return None

    def _lose(self, number: int, disputed: Disputed) -> list[int]:
        """A transfer that is no longer retained: all of it is unknown at its payee, and says why."""
        for picture in (self.base, self.now):
            one = picture.begin(number, disputed.amount)
            one.lose(Fate.NOT_RETAINED, disputed.payee, disputed.amount)
            one.check()
        return []

    def _place(self, number: int, row: Row) -> list[int] | None:
        """Place a claim on a retained row: alone where it meets nothing, else everything once more."""
        lies = follow_alone(self.facts, self.base, self.now, number, row)
        if lies is None:
            self.now = self._again(self.base)
            return None
        one = self.now.begin(number, row.amount)
        for pocket, lot in lies:
            self.now.put(self.facts, pocket, lot)
        one.check()
        return [pocket for pocket, _ in lies]

    def _again(self, base: Picture) -> Picture:
        """Return the picture of now, carried on from the older one through all retained rows."""
        picture = base.copy()
        walk = Walk(self.facts, picture, steps_max=limits.STOLEN_STEPS_MAX)
        walk.run(self.index.oldest - 1, self.index.newest)
        return picture
