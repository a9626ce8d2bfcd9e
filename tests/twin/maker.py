"""Makes random small worlds, each feature with a switch, from a seed or through hypothesis. Nothing is traced here."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from recoup.trace.trail import Options
from twin.facts import Row
from twin.world import START, Dispute, Hold, Link, World

FEATURES: Final = frozenset(
    {
        "ties",  # few instants, so that sequences and ids decide
        "cycles",  # payers are found among recent payees
        "selfs",  # self transfers
        "fees",
        "reversals",
        "reversals_again",  # reversals of reversals
        "refunds",  # reversals out of the outside, terminal and unknown accounts
        "conversions",  # a second currency and pairs sharing a reference
        "unknown",  # some accounts' statements are not given
        "bridge",  # and are bridged
        "terminal",
        "claims_many",  # several claims, so claims on claims
        "unadmitted",
        "holds",
        "pinned",  # openings given or stated, some too small
        "links",
        "as_of",
        "since",
        "horizon",
        "dust",
    }
)
PLAIN: Final = frozenset({"ties", "cycles", "selfs", "fees", "claims_many"})

_EXIT_KINDS: Final = ("cash_out", "purchase", "exchange", "wallet", "abroad", "transfer")


def random_world(
    seed: int, size: int = 30, features: frozenset[str] = FEATURES, *, amount_max: int = 30
) -> World:
    """Return the world of a seed: `size` transfers at most (pairs and entries of links count)."""
    label = f"random_world({seed}, {size}, frozenset({sorted(features)}), amount_max={amount_max})"
    return replace(make(random.Random(seed), size, features, amount_max), label=label)


def worlds(
    features: frozenset[str] = FEATURES, *, size_max: int = 40, amount_max: int = 30
) -> st.SearchStrategy[World]:
    """Return a hypothesis strategy over worlds; it shrinks through the draws of its random source."""
    return st.builds(
        lambda source, size: replace(
            make(source, size, features, amount_max), label=f"hypothesis, size {size}"
        ),
        st.randoms(use_true_random=False),
        st.integers(3, size_max),
    )


def make(source: random.Random, size: int, features: frozenset[str], amount_max: int) -> World:
    """Return a world from any source of randomness."""
    return _Maker(source, size, features, amount_max).world()


class _Maker:
    def __init__(
        self, source: random.Random, size: int, features: frozenset[str], amount_max: int
    ) -> None:
        self.random = source
        self.size = size
        self.features = features
        self.amount_max = amount_max
        names = [f"A{i}" for i in range(source.randint(3, 9))]
        self.accounts = names
        self.currencies = ["CNY", "USD"] if "conversions" in features else ["CNY"]
        self.terminal = self._some(names[-1:], "terminal", 0.5)
        self.unknown = self._some(names[:-1], "unknown", 0.35) if "unknown" in features else []
        self.rows: list[Row] = []
        self.slots = self._make_slots()
        self.balance: dict[tuple[str, str], int] = {}
        self.links: list[Link] = []
        self.linked: set[str] = set()
        self.pairs: dict[str, str] = {}
        self.reversed: dict[str, int] = {}
        self.recent: list[tuple[str, str]] = []

    def _has(self, feature: str, chance: float) -> bool:
        return feature in self.features and self.random.random() < chance

    def _some(self, names: list[str], feature: str, chance: float) -> list[str]:
        return [name for name in names if self._has(feature, chance)]

    def _make_slots(self) -> list[tuple[datetime, int, str]]:
        """Times, sequences and ids in total order; with ties the ids decide often."""
        spread = max(1, self.size // 3) if "ties" in self.features else self.size * 10
        numbers = list(range(self.size))
        self.random.shuffle(numbers)
        slots = [
            (
                START + timedelta(minutes=10 * self.random.randint(0, spread)),
                self.random.randint(0, 3),
                f"t{number}",
            )
            for number in numbers
        ]
        return sorted(slots)

    # -- rows

    def world(self) -> World:
        while self.slots:
            self._add_one()
        claims = self._claims()
        openings, rows = self._openings()
        known = (
            frozenset(set(self.accounts) - set(self.unknown))
            if "unknown" in self.features
            else None
        )
        links = tuple(self._more_links(claims))
        return World(
            rows=tuple(rows),
            claims=tuple(claims),
            known=known,
            terminal=frozenset(self.terminal),
            openings=tuple(openings),
            holds=tuple(self._holds()),
            links=links,
            options=self._options(),
        )

    def _add_one(self) -> None:
        choice = self.random.random()
        makers: list[tuple[float, str, Callable[[], bool]]] = [
            (0.05, "selfs", self._add_self),
            (0.05, "fees", self._add_fee),
            (0.15, "reversals", self._add_reversal),
            (0.12, "refunds", self._add_refund),
            (0.12, "conversions", self._add_conversion),
            (0.05, "links", self._add_link_entry),
        ]
        for weight, feature, maker in makers:
            choice -= weight
            if choice < 0:
                if feature in self.features and maker():
                    return
                break
        self._add_transfer()

    def _append(
        self,
        payer: str,
        payee: str,
        amount: int,
        currency: str,
        kind: str,
        *,
        reference: str = "",
        reverses: str = "",
    ) -> Row:
        time, sequence, name = self.slots.pop(0)
        row = Row(name, time, sequence, payer, payee, amount, currency, kind, reference, reverses)
        self.rows.append(row)
        self._note(row)
        return row

    def _note(self, row: Row) -> None:
        if row.payer == row.payee:
            return
        debit, credit = (row.payer, row.currency), (row.payee, row.currency)
        self.balance[debit] = self.balance.get(debit, 0) - row.amount
        self.balance[credit] = self.balance.get(credit, 0) + row.amount
        if row.payee:
            self.recent = [*self.recent[-3:], credit]

    def _payer(self) -> tuple[str, str]:
        """A pocket that pays, mostly one that was paid lately."""
        if self.recent and "cycles" in self.features and self.random.random() < 0.75:
            return self.random.choice(self.recent)
        return (self.random.choice(self.accounts), self.random.choice(self.currencies))

    def _amount(self, pocket: tuple[str, str]) -> int:
        have = self.balance.get(pocket, 0)
        if have > 0 and self.random.random() < 0.75:
            return self.random.randint(1, have) if self.random.random() < 0.8 else have
        return self.random.randint(1, self.amount_max)

    def _add_transfer(self) -> None:
        direction = self.random.random()
        if direction < 0.2 or not self.recent:
            payee, currency = self.random.choice(self.accounts), self.random.choice(self.currencies)
            kind = self.random.choice(["cash_in", "transfer"])
            self._append("", payee, self.random.randint(1, self.amount_max), currency, kind)
            return
        payer, currency = self._payer()
        amount = self._amount((payer, currency))
        if direction < 0.35:
            self._append(payer, "", amount, currency, self.random.choice(_EXIT_KINDS))
            return
        payee = self.random.choice([account for account in self.accounts if account != payer])
        self._append(
            payer, payee, amount, currency, self.random.choice(["transfer", "transfer", "purchase"])
        )

    def _add_self(self) -> bool:
        payer, currency = self._payer()
        self._append(payer, payer, self._amount((payer, currency)), currency, "transfer")
        return True

    def _add_fee(self) -> bool:
        payer, currency = self._payer()
        self._append(payer, "", self.random.randint(1, 2), currency, "fee")
        return True

    def _add_reversal(self) -> bool:
        paired = set(self.pairs) | set(self.pairs.values())
        candidates = [
            row
            for row in self.rows[-12:]
            if row.payer != row.payee
            and row.id not in paired | self.linked
            and self._left_of(row) > 0
            and (not row.reverses or "reversals_again" in self.features)
        ]
        return self._reverse(candidates)

    def _add_refund(self) -> bool:
        """A shop, a merchant or an account without a statement gives back, often in parts, what it was paid."""
        elsewhere = ("", *self.terminal, *self.unknown)
        taken = set(self.pairs) | set(self.pairs.values()) | self.linked
        return self._reverse(
            [
                row
                for row in self.rows
                if row.payee in elsewhere
                and row.payer not in (row.payee, *elsewhere)
                and row.id not in taken
                and self._left_of(row) > 0
            ]
        )

    def _reverse(self, candidates: list[Row]) -> bool:
        if not candidates:
            return False
        begun = [row for row in candidates if row.id in self.reversed]
        is_more = bool(begun) and self.random.random() < 0.4
        original = self.random.choice(begun if is_more else candidates)
        left = self._left_of(original)
        amount = left if self.random.random() < 0.4 else self.random.randint(1, left)
        self.reversed[original.id] = self.reversed.get(original.id, 0) + amount
        self._append(
            original.payee,
            original.payer,
            amount,
            original.currency,
            "reversal",
            reverses=original.id,
        )
        return True

    def _left_of(self, row: Row) -> int:
        return row.amount - self.reversed.get(row.id, 0)

    def _add_conversion(self) -> bool:
        """A pair; the credit takes any later slot, or comes first by sequence at the very same time."""
        if len(self.slots) < 2:
            return False
        payer, currency = self._payer()
        other = next(c for c in self.currencies if c != currency)
        reference = f"fx{len(self.pairs)}"
        amount = self._amount((payer, currency))
        payee = payer if self.random.random() < 0.7 else self.random.choice(self.accounts)
        first = self.slots[0]
        index = self.random.randint(1, min(4, len(self.slots) - 1))
        second = self.slots.pop(index)
        if second[0] == first[0] and self.random.random() < 0.5:
            self.slots[0], second = second, first
        debit = self._append(payer, "", amount, currency, "conversion", reference=reference)
        time, sequence, name = second
        new = self.random.randint(1, self.amount_max)
        credit = Row(name, time, sequence, "", payee, new, other, "conversion", reference=reference)
        self.rows.append(credit)
        self._note(credit)
        self.pairs[debit.id] = credit.id
        return True

    def _add_link_entry(self) -> bool:
        """A deposit that a link joins to an earlier exit, also of an unknown or a terminal account."""
        used = self.linked | set(self.pairs)
        exits = [
            row
            for row in self.rows
            if row.id not in used
            and not row.reverses
            and row.payer != row.payee
            and row.payer
            and row.payee in ("", *self.unknown, *self.terminal)
            and self._left_of(row) == row.amount
        ]
        if not exits:
            return False
        left = self.random.choice(exits)
        # Not a link to where the exit went anyway: nobody asserts that.
        direct = {
            row.payee for row in self.rows if (row.payer, row.amount) == (left.payer, left.amount)
        }
        targets = [account for account in self.accounts if account not in {left.payer, *direct}]
        if not targets:
            return False
        target = self.random.choice(targets)
        others = [a for a in (*self.unknown, *self.terminal) if a != target]
        payer = self.random.choice(["", *others])
        entry = self._append(payer, target, left.amount, left.currency, "transfer")
        self.links.append(Link(left.payer, target, left.amount, left.currency, entry.time))
        self.linked |= {left.id, entry.id}
        return True

    # -- what is declared

    def _more_links(self, claims: list[Dispute]) -> list[Link]:
        """Links that no row shows, beside those that rows show; never over a disputed row."""
        disputed = {claim.transfer for claim in claims}
        amounts = {row.amount for row in self.rows if row.id in disputed}
        links = [link for link in self.links if link.amount not in amounts]
        if self._has("links", 0.3) and self.recent:
            source = self.random.choice(self.accounts)
            target = self.random.choice([a for a in self.accounts if a != source])
            amount = self.random.randint(1, self.amount_max)
            when = self.random.choice(self.rows).time
            direct = {row.amount for row in self.rows if (row.payer, row.payee) == (source, target)}
            if amount not in amounts | direct:
                links.append(
                    Link(source, target, amount, self.random.choice(self.currencies), when)
                )
        return links

    def _claims(self) -> list[Dispute]:
        paired = set(self.pairs) | set(self.pairs.values())
        candidates = [
            r
            for r in self.rows
            if r.payer != r.payee and r.id not in paired | self.linked and not r.reverses
        ]
        if not candidates:
            return []
        count = self.random.randint(1, 5) if "claims_many" in self.features else 1
        names = self.random.sample(["c1", "c10", "c2", "C9", "c3", "甲"], 6)
        claims: list[Dispute] = []
        for name in names[:count]:
            row = self._claimed(candidates, claims)
            if row.id not in {claim.transfer for claim in claims}:
                claims.append(
                    Dispute(name, f"victim {name}", row.id, not self._has("unadmitted", 0.4))
                )
        return claims

    def _claimed(self, candidates: list[Row], claims: list[Dispute]) -> Row:
        """A row to dispute: often early, often an onward payment of what another claim disputes."""
        disputed = {
            row.payee for row in candidates if row.id in {claim.transfer for claim in claims}
        }
        onward = [row for row in candidates if row.payer and row.payer in disputed]
        if onward and self.random.random() < 0.4:
            return self.random.choice(onward)
        early = candidates[: max(1, len(candidates) // 2)]
        return self.random.choice(early if self.random.random() < 0.8 else candidates)

    def _openings(self) -> tuple[list[tuple[str, str, datetime, int]], list[Row]]:
        """Openings given or stated, about the smallest that would do, some too small."""
        if "pinned" not in self.features:
            return [], self.rows
        openings: list[tuple[str, str, datetime, int]] = []
        rows = {row.id: row for row in self.rows}
        tied = {account for link in self.links for account in (link.source, link.target)}
        for account in self.accounts:
            for currency in self.currencies:
                choice = self.random.random()
                order = [
                    row
                    for row in self._event_order()
                    if currency == row.currency and row.payer != row.payee
                ]
                order = [row for row in order if account in (row.payer, row.payee)]
                if not order or account in self.unknown or account in self.terminal:
                    continue
                opening = self._near_smallest(account, order)
                if choice < 0.25:
                    openings.append(self._given(account, currency, opening, order))
                elif choice < 0.45 and account not in tied:
                    self._state(account, opening, order, rows)
        return openings, [rows[row.id] for row in self.rows]

    def _event_order(self) -> list[Row]:
        order = sorted(self.rows, key=lambda row: (row.time, row.sequence, row.id))
        by_id = {row.id: row for row in order}
        for debit, credit in self.pairs.items():
            if by_id[debit].time == by_id[credit].time:
                order.remove(by_id[credit])
                order.insert(order.index(by_id[debit]) + 1, by_id[credit])
        return order

    def _near_smallest(self, account: str, order: list[Row]) -> int:
        running = lowest = 0
        for row in order:
            running += row.amount if row.payee == account else -row.amount
            lowest = min(lowest, running)
        return max(0, -lowest + self.random.randint(-6, 6))

    def _given(
        self, account: str, currency: str, opening: int, order: list[Row]
    ) -> tuple[str, str, datetime, int]:
        if self.random.random() < 0.6:
            return (account, currency, START - timedelta(days=1), opening)
        time = self.random.choice(order).time
        earlier = [row for row in order if row.time < time]
        change = sum(row.amount if row.payee == account else -row.amount for row in earlier)
        return (account, currency, time, opening + change)

    def _state(self, account: str, opening: int, order: list[Row], rows: dict[str, Row]) -> None:
        running = opening
        for row in order:
            running += row.amount if row.payee == account else -row.amount
            if self.random.random() < 0.6:
                side = "payee_balance" if row.payee == account else "payer_balance"
                rows[row.id] = replace(rows[row.id], **{side: running})  # type: ignore[arg-type]

    def _holds(self) -> list[Hold]:
        places = [a for a in self.accounts if a not in (*self.unknown, *self.terminal)]
        if "holds" not in self.features or not places:
            return []
        holds: list[Hold] = []
        for _ in range(self.random.randint(0, 4)):
            row = self.random.choice(self.rows)
            account = row.payee if row.payee in places else self.random.choice(places)
            until = row.time + timedelta(minutes=10 * self.random.randint(1, 6))
            amount = self.random.randint(1, self.amount_max)
            holds.append(
                Hold(
                    account,
                    row.currency,
                    amount,
                    row.time,
                    until if self.random.random() < 0.6 else None,
                )
            )
        return holds

    def _options(self) -> Options:
        times = sorted(row.time for row in self.rows)
        later, earlier = times[len(times) // 2 :], times[: len(times) // 3 + 1]
        return Options(
            rules=("fifo", "lifo", "rolling", "lowest-balance"),
            bridge=self._has("bridge", 0.6),
            as_of=self.random.choice(later) if self._has("as_of", 0.4) else None,
            since=self.random.choice(earlier) if self._has("since", 0.25) else None,
            horizon=timedelta(minutes=10 * self.random.randint(1, 8))
            if self._has("horizon", 0.3)
            else None,
            dust=dict.fromkeys(self.currencies, self.random.randint(1, 4))
            if self._has("dust", 0.4)
            else None,
        )
