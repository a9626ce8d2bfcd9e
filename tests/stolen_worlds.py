"""Random ledgers as a stream with claims and holds on the way, and what the trail engine says of the same rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from twin import PLAIN, World, random_world
from twin.facts import Row

from recoup.clock import microseconds_of
from recoup.trace import Options, Trail, trace_dossier
from recoup.watch.state import Shard
from recoup.watch.stolen import (
    KNOWN,
    TERMINAL,
    UNKNOWN,
    Disputed,
    Fate,
    FlowRows,
    Payment,
    ShardRows,
    Standing,
    StolenFlow,
    Whereabouts,
)

STREAM = PLAIN | {"terminal", "unknown", "unadmitted", "reversals", "reversals_again", "refunds"}
"""What a stream meets, beside holds. It has no links, no bridge, no horizon, no dust; openings are pinned."""
CASE = "case"


def stream_world(seed: int, size: int = 40, features: frozenset[str] = STREAM | {"holds"}) -> World:
    """A world with given openings, some too small, and holds of one account that follow one another."""
    world = random_world(seed, size, features)
    chance = random.Random(seed)
    accounts = sorted({side for row in world.rows for side in (row.payer, row.payee)} - {""})
    first = min(row.time for row in world.rows) - timedelta(days=1)
    openings = tuple((name, "CNY", first, chance.choice([0, 5, 20, 60])) for name in accounts)
    holds = []
    for hold in sorted(world.holds, key=lambda hold: hold.time):
        before = [one for one in holds if one.account == hold.account]
        if all(one.until is not None and one.until < hold.time for one in before):
            holds.append(hold)
    options = Options(rules=("fifo",))
    return replace(world, openings=openings, holds=tuple(holds), options=options)


@dataclass
class Driven:
    """A world's stream, what it told, and names for its numbers."""

    world: World
    room: int = 1_000
    catch_us: int = 0
    over_shard: bool = False
    """Over the rows of a shard of the stream, not an index of its own."""
    flow: StolenFlow = field(init=False)
    accounts: list[str] = field(init=False)
    numbers: dict[str, int] = field(default_factory=dict)
    """Row number by transfer."""
    told: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        named = {side for row in world.rows for side in (row.payer, row.payee)}
        self.accounts = sorted((named | {hold.account for hold in world.holds}) - {""})
        opening = {name: amount for name, _, _, amount in world.openings}
        standing = [self._standing(name) for name in self.accounts] + [TERMINAL]
        openings = [opening.get(name, 0) for name in self.accounts]
        make = _shard_rows if self.over_shard else FlowRows
        index = make(np.array(openings, np.int64), np.array(standing, np.uint8), self.room)
        self.flow = StolenFlow(index, catch_us=self.catch_us)

    def _standing(self, name: str) -> int:
        if name in self.world.terminal:
            return TERMINAL
        return KNOWN if self.world.known is None or name in self.world.known else UNKNOWN

    def pocket(self, name: str) -> int:
        return self.accounts.index(name) if name else -1

    def name(self, pocket: int) -> str:
        return self.accounts[pocket] if pocket >= 0 else ""

    def payment(self, row: Row) -> Payment:
        return Payment(
            microseconds_of(row.time),
            self.pocket(row.payer),
            self.pocket(row.payee),
            row.amount,
            self.numbers.get(row.reverses, -1),
        )

    def steps(self) -> list[Callable[[], None]]:
        """Everything that happens, in the order of the definitions: transfers of an instant, then holds."""
        out = []
        for row in self.world.rows:
            out.append((row.time, 0, (row.sequence, row.id), lambda row=row: self._pay(row)))
        for number, hold in enumerate(self.world.holds):
            out.append((hold.time, 1, (number, ""), lambda hold=hold: self._hold(hold)))
        return [step for *_, step in sorted(out, key=lambda one: one[:3])]

    def _pay(self, row: Row) -> None:
        told = self.flow.book(self.payment(row))
        assert isinstance(told, tuple), told
        self.told += told
        if row.payer != row.payee:
            self.numbers[row.id] = self.flow.index.newest

    def _hold(self, hold) -> None:
        pocket, now = self.pocket(hold.account), microseconds_of(hold.time)
        if self._standing(hold.account) != KNOWN:
            return
        self.flow.lapse(now)
        amount = min(hold.amount, self.flow.at(pocket).free)
        if amount:
            until = {} if hold.until is None else {"until_us": microseconds_of(hold.until)}
            self.told += self.flow.hold(CASE, pocket, amount, time_us=now, **until)

    def place(self, claim) -> Whereabouts:
        row = next(row for row in self.world.rows if row.id == claim.transfer)
        at = Disputed(self.numbers[row.id], self.pocket(row.payee), row.amount)
        found = self.flow.place(CASE, claim.claim, at, is_admitted=claim.is_admitted)
        assert isinstance(found, Whereabouts), found
        return found

    def run(
        self, order: Mapping[str, int] | None = None, chance: random.Random | None = None
    ) -> Driven:
        """Let everything happen; each claim is placed once so many steps lie behind its transfer (0: at once)."""
        chance = chance or random.Random(0)
        waiting = list(self.world.claims)
        chance.shuffle(waiting)
        late = {claim.claim: (order or {}).get(claim.claim, 0) for claim in waiting}
        for step in self.steps():
            step()
            for claim in list(waiting):
                if claim.transfer in self.numbers:
                    if late[claim.claim] == 0:
                        self.place(claim)
                        waiting.remove(claim)
                    late[claim.claim] -= 1
        for claim in waiting:
            self.place(claim)
        self.flow.lapse(2**62 - 1)
        return self

    def outcome(self) -> dict[str, dict[tuple[str, str], int]]:
        """By claim: amounts by (what, account), held money and the loss among them."""
        return {claim.claim: self.of(claim.claim) for claim in self.world.claims}

    def of(self, claim: str) -> dict[tuple[str, str], int]:
        found = self.flow.where(CASE, claim)
        out: Counter[tuple[str, str]] = Counter({("loss", ""): found.loss})
        for place in found.places:
            out[_WORD.get(place.fate, place.fate), self.name(place.pocket)] += place.amount
        for pocket, name in enumerate(self.accounts):
            at: Standing = self.flow.at(pocket)
            out["held", name] += sum(one.held for one in at.stolen if one.claim == claim)
        return {key: amount for key, amount in out.items() if amount}


def _shard_rows(openings, standing, room: int) -> ShardRows:
    shard = Shard(len(openings))
    for pocket, minor in enumerate(openings.tolist()):
        shard.open(pocket, minor)
    return ShardRows(shard, standing, room)


_WORD = {Fate.MOVED: "located"}


def engine(world: World) -> dict[str, dict[tuple[str, str], int]]:
    """The same of the trail engine."""
    trail: Trail = trace_dossier(world.dossier(), world.claim_table(), world.options)
    out: dict[str, Counter[tuple[str, str]]] = {claim.claim: Counter() for claim in world.claims}
    for one in trail.positions.iter_rows(named=True):
        out[one["claim"]]["located", one["account"]] += one["amount"]
        out[one["claim"]]["held", one["account"]] += one["held"]
    for one in trail.unknown.iter_rows(named=True):
        out[one["claim"]]["unknown", one["account"]] += one["amount"]
    for one in trail.exits.iter_rows(named=True):
        kind = one["kind"] if one["kind"] in ("to_victim", "reversed") else "exited"
        out[one["claim"]][kind, one["account"]] += one["amount"]
    for one in trail.summary.iter_rows(named=True):
        out[one["claim"]]["loss", ""] += one["loss"]
    return {
        claim: {key: amount for key, amount in some.items() if amount}
        for claim, some in out.items()
    }
