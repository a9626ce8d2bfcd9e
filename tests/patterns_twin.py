"""The slow, obvious twin of `recoup.watch.patterns`: whole lists of payments, looked through from the start each time."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400_000_000
RING = 16


@dataclass
class Booked:
    time: int
    amount: int
    other: int
    hops: int = 0
    origin: int = -1
    origin_time: int = 0
    origin_amount: int = 0
    before: Booked | None = None  # the payment into the payer that it passed on
    place: int = 0


@dataclass
class Pocket:
    ins: list[Booked] = field(default_factory=list)
    outs: list[Booked] = field(default_factory=list)
    passed: int = 0
    first: int = -1

    def share(self) -> float:
        return self.passed / len(self.outs) if self.outs else 0.0


class Twin:
    def __init__(self, pockets: int, kept: int) -> None:
        self.pockets, self.kept = [Pocket() for _ in range(pockets)], kept

    def newest(self, booked: list[Booked]) -> list[Booked]:
        return booked[::-1][: self.kept]

    def ring(self, booked: list[Booked], now: int, amount: int, other: int) -> list[float]:
        kept = self.newest(booked)
        season = [one for one in kept if now - one.time <= 90 * DAY]
        within = {d: [one for one in kept if now - one.time <= d * DAY] for d in (1, 7, 30)}
        sums = {d: sum(one.amount for one in some) for d, some in within.items()}
        minute = 0
        for one in season:
            age = now - one.time
            rest = age % DAY
            minute += age > DAY // 2 and min(rest, DAY - rest) < 180_000_000
        return [
            *(len(within[d]) for d in (1, 7, 30)),
            sums[7],
            sums[30],
            len({one.other for one in within[7]}),
            sum(abs(one.amount - amount) * 50 <= amount for one in season),
            sum(one.other == other for one in season),
            minute,
            max((one.amount for one in within[30]), default=0),
            (now - kept[0].time) / 1e6 if kept else -1.0,
            (kept[0].time - kept[1].time) / 1e6 if len(kept) > 1 else -1.0,
            len(booked),
            amount * len(within[30]) / sums[30] if within[30] else -1.0,
            amount / sums[7] if within[7] else -1.0,
            amount / sums[1] if within[1] else -1.0,
        ]

    def source(self, payer: int, now: int, amount: int) -> tuple[Booked | None, int]:
        kept = [one for one in self.newest(self.pockets[payer].ins) if now - one.time <= 10 * DAY]
        like = [one for one in kept if 0.8 * one.amount <= amount <= 1.02 * one.amount]
        return min(like, key=lambda one: abs(one.amount - amount) / one.amount, default=None), len(
            like
        )

    def steps(self, payer: int, source: Booked, wanted: int) -> int:
        at, one = payer, source
        for step in range(1, 13):
            if one.other == wanted:
                return step
            if one.before is None or one.other < 0:
                return 0
            at, one = one.other, one.before
            if one not in self.newest(self.pockets[at].ins):
                return 0
        return 0

    def gathered(self, pocket: int, now: int, origin: int) -> tuple[int, float, int]:
        month = [o for o in self.newest(self.pockets[pocket].ins) if now - o.time <= 30 * DAY]
        hops = [one.hops for one in month]
        mean = sum(hops) / len(hops) if hops else 0.0
        return sum(one.origin == origin for one in month), mean, max(hops, default=0)

    def of_payers(self, pocket: int) -> tuple[float, float]:
        payers = [one.other for one in self.newest(self.pockets[pocket].ins)[:8] if one.other >= 0]
        if not payers:
            return 0.0, 0.0
        share = 0.0
        for payer in payers:
            share += self.pockets[payer].share()
        return share / len(payers), sum(len(self.pockets[p].ins) for p in payers) / len(payers)

    def read(self, now: int, payer: int, payee: int, amount: int) -> list[float]:
        none = [-1.0] * RING
        rings = []
        for side, other in ((payer, payee), (payee, payer)):
            for way in ("ins", "outs"):
                booked = getattr(self.pockets[side], way) if side >= 0 else []
                rings += self.ring(booked, now, amount, other) if side >= 0 else none
        source, like = self.source(payer, now, amount) if payer >= 0 else (None, 0)
        chain = [-1.0, -1.0, like, 0.0, -1.0, -1.0, 0.0, 0.0]
        origin = payer
        if source is not None:
            origin = source.origin
            chain = [
                amount / source.amount,
                (now - source.time) / 1e6,
                like,
                source.hops + 1,
                (now - source.origin_time) / 1e6,
                amount / source.origin_amount,
                float(payee >= 0 and origin == payee),
                self.steps(payer, source, payee) if payee >= 0 else 0.0,
            ]
        to = list(self.gathered(payee, now, origin)) if payee >= 0 else [-1.0] * 3
        own = list(self.gathered(payer, now, origin)[1:]) if payer >= 0 else [-1.0] * 2
        shares = [self.pockets[side].share() if side >= 0 else -1.0 for side in (payer, payee)]
        around = list(self.of_payers(payer)) if payer >= 0 else [-1.0] * 2
        around.append(self.of_payers(payee)[0] if payee >= 0 else -1.0)
        ages = []
        for side in (payer, payee):
            first = self.pockets[side].first if side >= 0 else -1
            ages.append((now - first) / 1e6 if first >= 0 else -1.0)
        return [*rings, *chain, *to, *own, *shares, *around, *ages]

    def book(self, now: int, payer: int, payee: int, amount: int) -> None:
        source = self.source(payer, now, amount)[0] if payer >= 0 else None
        for side in (payer, payee):
            if side >= 0 and self.pockets[side].first < 0:
                self.pockets[side].first = now
        if payer >= 0:
            self.pockets[payer].passed += source is not None
            self.pockets[payer].outs.append(Booked(now, amount, payee))
        if payee >= 0:
            one = Booked(now, amount, payer, 0, payer, now, amount)
            if source is not None:
                one.hops, one.origin, one.before = source.hops + 1, source.origin, source
                one.origin_time, one.origin_amount = source.origin_time, source.origin_amount
            self.pockets[payee].ins.append(one)
