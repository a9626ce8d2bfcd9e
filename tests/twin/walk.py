"""The walk through the events that fifo, lifo, rolling and lowest-balance share. How a pocket keeps money is a `Store`.

Conservation is asserted after every event: every pocket's contents sum to its running balance, and every claim's parts to
its loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from twin.facts import ASSERTED, INFERRED, Event, Facts, HoldEnd, HoldStart, Move, Pocket
from twin.outcome import Fields, Flow, Frontier, Outcome, Parts, Position, Totals


@dataclass(frozen=True, slots=True)
class Portion:
    """Some minor units of one colour on their way or in a pocket. The lots twin has one portion for every single unit."""

    count: int
    owner: str | None = None
    mark: int = 0
    depth: int = 0
    since: datetime | None = None
    """Arrival in the pocket it was taken from (pooled: of the claim's earliest money there)."""
    is_expired: bool = False
    """Turned clean by the horizon in this very debit."""
    origin: tuple[str, str] = ("", "")
    """Where the unit first came from, for tracing back (lots only)."""
    route: tuple[str, ...] = ()
    """Transfers it came through (lots only)."""


@dataclass
class Parcel:
    """What a row took out of the ledger or under way, so that a reversal can bring it back (choice 13)."""

    portions: list[Portion]
    """Of the row's whole amount: what came back is clean here."""
    exit_kind: str
    account: str
    carried: dict[str, int] = field(default_factory=dict)
    """Of each claim when it left."""
    asked: set[int] = field(default_factory=set)
    """Offsets that reversals took so far (lots only)."""

    @property
    def whole(self) -> int:
        return total(self.portions)


@dataclass(frozen=True, slots=True)
class Content:
    """A portion lying in a pocket."""

    portion: Portion
    arrival: datetime | None
    hold: int | None


class Store(Protocol):
    """How pockets keep money under one rule."""

    def clean(self, amount: int, kind: str, key: str) -> list[Portion]: ...
    def take(self, pocket: Pocket, amount: int) -> list[Portion]: ...
    def take_back(self, pocket: Pocket, amount: int, original: str) -> list[Portion]: ...
    def take_very(self, pocket: Pocket, amount: int, original: str) -> list[Portion]: ...
    def undo(self, parcel: Parcel, amount: int, stays: Callable[[str], bool]) -> list[Portion]: ...
    def put(
        self, pocket: Pocket, portions: list[Portion], row: str, time: datetime | None
    ) -> None: ...
    def convert(self, portions: list[Portion], old: int, new: int) -> list[Portion]: ...
    def hold(self, number: int, pocket: Pocket, amount: int) -> None: ...
    def release(self, number: int, pocket: Pocket) -> None: ...
    def contents(self, pocket: Pocket) -> list[Content]: ...


def total(portions: list[Portion]) -> int:
    """Return the minor units of the portions."""
    return sum(portion.count for portion in portions)


class Walk:
    """One pass over the events under one rule."""

    def __init__(self, facts: Facts, store: Store, rule: str) -> None:
        self.facts = facts
        self.store = store
        self.rule = rule
        self.balance: dict[Pocket, int] = {}
        self.assumed: dict[Pocket, int] = defaultdict(int)
        self.loss: dict[tuple[str, str], int] = defaultdict(int)
        self.residual: dict[tuple[str, str], int] = defaultdict(int)
        self.kept: list[tuple[Pocket, Portion]] = []
        """Positions that the horizon froze."""
        self.exits: dict[tuple[str, str, str, str, str], list[Portion]] = defaultdict(list)
        self.flows: dict[tuple[str, str], list[Portion]] = {}
        self.reached: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.waiting: dict[str, Parcel] = {}
        """Parcels of conversion debits and of links' exits, until the row that brings them on."""
        self.left: dict[str, Parcel] = {}
        """Parcels of rows that left, until reversals bring them back."""
        self.last_seen: dict[str, list[Portion]] = {}
        """What every transfer carried, for tracing back from one."""
        self.frontier: set[Pocket] = set()
        """Pockets that any claim's money reached so far."""
        self.leads: set[str] = set()
        for pocket, opening in facts.openings.items():
            self.balance[pocket] = opening.amount
            store.put(pocket, store.clean(opening.amount, "opening", pocket.account), "", None)

    def run(self) -> Walk:
        """Walk through all events."""
        self._check()
        for event in self.facts.events:
            self._step(event)
            self._check()
        return self

    def _step(self, event: Event) -> None:
        if isinstance(event, HoldStart):
            if self._can_hold(event.pocket):
                self.store.hold(event.number, event.pocket, event.amount)
        elif isinstance(event, HoldEnd):
            if self._can_hold(event.pocket):
                self.store.release(event.number, event.pocket)
        else:
            self._move(event)

    def _can_hold(self, pocket: Pocket) -> bool:
        """QUESTION: a hold on a terminal or unknown account (unless bridged) keeps nothing."""
        return (
            self.facts.standing.get(pocket.account) in ("known", "bridged")
            and pocket in self.balance
        )

    def _move(self, move: Move) -> None:
        if (
            move.row.payer_pocket in self.frontier
            and move.returns is None  # a reversal is no lead: it carries what it brings back
            and move.fed_by is None  # nor is a link's entry
            and move.source is None
            and self.facts.standing[move.row.payer] == "unknown"
        ):
            self.leads.add(move.row.id)
        portions = self._taken(move)
        assert total(portions) == (move.row.amount), (move, portions)
        portions = self._dispute(move, portions)
        portions = self._drop_dust(move, portions)
        self._write_flows(move, portions)
        self.last_seen[move.row.id] = portions
        portions = self._return_own(move, portions)
        self._deliver(move, portions)

    # -- taking

    def _taken(self, move: Move) -> list[Portion]:
        if move.fed_by is not None:
            portions = self._brought_on(move)
        elif move.source is None:
            portions = self._from_elsewhere(move)
        else:
            portions = self._expire(move, move.source, self._debited(move, move.source))
        return [self._moved_on(portion, move) for portion in portions]

    def _from_elsewhere(self, move: Move) -> list[Portion]:
        """Out of the outside, a terminal or an unknown account: clean, but for what a reversal brings back (choice 13)."""
        row = move.row
        portions: list[Portion] = []
        if move.undoes is not None and move.undoes in self.left:
            portions = self._undone(move, self.left[move.undoes])
        elif move.returns is not None:
            portions = self.store.take_very(move.returns, row.amount, row.reverses)
            self.balance[move.returns] -= total(portions)
            portions = self._expire(move, move.returns, portions)
        kind = "deposit" if not row.payer else self.facts.standing[row.payer]
        return portions + self.store.clean(row.amount - total(portions), kind, row.id)

    def _undone(self, move: Move, parcel: Parcel) -> list[Portion]:
        """Take back out of the exit, or from under way, what the original carried; what is past its horizon stays there.

        QUESTION: past the horizon the money stays in the exit and the refund arrives clean.
        """
        back: list[Portion] = []

        def stays(claim: str) -> bool:
            return self.facts.is_expired(claim, move.row.time)

        for portion in self.store.undo(parcel, move.row.amount, stays):
            if portion.owner is None:
                back.append(portion)
            elif stays(portion.owner):
                back.append(replace(portion, owner=None, mark=0, depth=0, is_expired=True))
            else:
                back.append(portion)
                if parcel is not self.waiting.get(move.undoes or ""):
                    key = (portion.owner, move.undoes or "", parcel.account, move.row.currency)
                    self.exits[*key, parcel.exit_kind].append(
                        replace(portion, count=-portion.count)
                    )
        return back

    def _debited(self, move: Move, source: Pocket) -> list[Portion]:
        row = move.row
        free = sum(
            content.portion.count for content in self.store.contents(source) if content.hold is None
        )
        if row.amount > free:
            self._assume(source, row.amount - free, move)
        self.balance[source] -= row.amount
        if row.reverses:
            return self.store.take_back(source, row.amount, row.reverses)
        return self.store.take(source, row.amount)

    def _assume(self, source: Pocket, shortfall: int, move: Move) -> None:
        """Credit the shortfall, clean, right before the debit (choice 5)."""
        has_hold = any(content.hold is not None for content in self.store.contents(source))
        assert self.facts.openings[source].is_pinned or has_hold or move.row.is_assumed, source
        self.assumed[source] += shortfall
        self.balance[source] += shortfall
        self.store.put(
            source, self.store.clean(shortfall, "assumed", source.account), "", move.row.time
        )

    def _brought_on(self, move: Move) -> list[Portion]:
        assert move.fed_by is not None
        parcel = self.waiting.pop(move.fed_by)
        portions = parcel.portions
        if move.converted_from is None:
            self.left.pop(move.fed_by)  # it crossed: nothing comes back any more
            return [self._crossed(move, parcel, portion) for portion in portions]
        new = self.store.convert(portions, move.converted_from, move.row.amount)
        for portion in new:
            if portion.owner is not None:
                self.loss[portion.owner, move.row.currency] += portion.count
        return new

    def _crossed(self, move: Move, parcel: Parcel, portion: Portion) -> Portion:
        """What the horizon stopped before the entry stays where the exit's own row left it (choices 17 and 19)."""
        if portion.owner is None or not self.facts.is_expired(portion.owner, move.row.time):
            return portion
        self._leave(move.fed_by or "", parcel, portion)
        return replace(portion, owner=None, mark=0, depth=0, is_expired=True)

    def _leave(self, exit_row: str, parcel: Parcel, portion: Portion) -> None:
        """Count a claim's part of a link's exit where the exit's own row left it."""
        assert portion.owner is not None
        row = self.facts.rows[exit_row]
        if self.facts.standing.get(row.payee) in ("unknown", "bridged"):
            self.kept.append((row.payee_pocket, replace(portion, since=row.time)))
        else:
            key = (portion.owner, row.id, parcel.account, row.currency, parcel.exit_kind)
            self.exits[key].append(portion)

    def _moved_on(self, portion: Portion, move: Move) -> Portion:
        """One more hop, one more transfer on the route, and the marks of how it moved.

        A conversion is two rows, so two hops. A link's exit that a statement shows is not asserted; what enters is.
        """
        portion = replace(portion, route=(*portion.route, move.row.id))
        if portion.owner is None:
            return portion
        mark = (
            portion.mark
            | (INFERRED if move.is_bridged else 0)
            | (ASSERTED if move.is_asserted else 0)
        )
        return replace(portion, depth=portion.depth + 1, mark=mark)

    # -- what changes on the way

    def _expire(self, move: Move, source: Pocket, portions: list[Portion]) -> list[Portion]:
        """Turn clean what is past its claim's horizon; the claim keeps the position (choice 17)."""
        after: list[Portion] = []
        for portion in portions:
            if portion.owner is not None and self.facts.is_expired(portion.owner, move.row.time):
                self.kept.append((source, portion))
                after.append(replace(portion, owner=None, mark=0, depth=0, is_expired=True))
            else:
                after.append(portion)
        return after

    def _dispute(self, move: Move, portions: list[Portion]) -> list[Portion]:
        """Give the disputed transfer to its claim (choice 6)."""
        claim = move.claim
        if claim is None:
            return portions
        after: list[Portion] = []
        for portion in portions:
            is_own = move.own_claim is not None and portion.owner == move.own_claim
            if portion.owner is not None and (not claim.is_admitted or is_own):
                after.append(portion)
                continue
            if portion.owner is not None:
                # Paid back to the victim, so no flow row, and no dust either.
                self._exit(portion, move, "to_victim", move.row.payer)
            elif portion.is_expired and not claim.is_admitted:
                # It was another claim's until this very debit, so it is not "the rest".
                after.append(portion)
                continue
            after.append(replace(portion, owner=claim.id, mark=0, depth=1))
            self.loss[claim.id, move.row.currency] += portion.count
        return after

    def _drop_dust(self, move: Move, portions: list[Portion]) -> list[Portion]:
        """Drop a claim's part below the floor into its residual, never the disputed transfer's own claim's (choice 16)."""
        floor = (self.facts.options.dust or {}).get(move.row.currency, 0)
        sums: dict[str, int] = defaultdict(int)
        for portion in portions:
            if portion.owner is not None:
                sums[portion.owner] += portion.count
        dropped = {claim for claim, amount in sums.items() if 0 < amount < floor}
        if move.claim is not None:
            dropped -= set(sums) if move.claim.is_admitted else {move.claim.id}
        for claim in dropped:
            self.residual[claim, move.row.currency] += sums[claim]
        return [
            replace(p, owner=None, mark=0, depth=0) if p.owner in dropped else p for p in portions
        ]

    def _write_flows(self, move: Move, portions: list[Portion]) -> None:
        for portion in portions:
            if portion.owner is not None:
                self.flows.setdefault((portion.owner, move.row.id), []).append(portion)

    def _return_own(self, move: Move, portions: list[Portion]) -> list[Portion]:
        """What the reversal of a claim's own transfer brings back of that claim exits as reversed (choice 13)."""
        after: list[Portion] = []
        for portion in portions:
            if portion.owner is not None and portion.owner == move.own_claim:
                self._exit(portion, move, "reversed", move.row.payer)
                after.append(replace(portion, owner=None, mark=0, depth=0))
            else:
                after.append(portion)
        return after

    # -- arriving

    def _deliver(self, move: Move, portions: list[Portion]) -> None:
        row = move.row
        for portion in portions:
            if portion.owner is not None and row.payee:
                self.reached[portion.owner, row.currency].add(row.payee)
        if move.target is None or move.is_crossing:
            self.left[row.id] = self._parcel(move, portions)
        if move.is_crossing:
            self.waiting[row.id] = self.left[row.id]
        if move.is_converting:
            self.waiting[row.id] = self._parcel(move, portions)
        if move.target is not None and not move.is_crossing:
            self.balance[move.target] += row.amount
            if any(portion.owner is not None for portion in portions):
                self.frontier.add(move.target)
            self.store.put(move.target, portions, row.id, row.time)
        elif not move.is_crossing:
            for portion in portions:
                self._exit(portion, move, move.exit_kind, move.exit_account)

    def _parcel(self, move: Move, portions: list[Portion]) -> Parcel:
        parcel = Parcel(list(portions), move.exit_kind, move.exit_account)
        for portion in portions:
            if portion.owner is not None:
                parcel.carried[portion.owner] = parcel.carried.get(portion.owner, 0) + portion.count
        return parcel

    def _exit(self, portion: Portion, move: Move, kind: str, account: str) -> None:
        if portion.owner is not None:
            self.exits[portion.owner, move.row.id, account, move.row.currency, kind].append(portion)

    # -- conservation

    def _check(self) -> None:
        found: dict[tuple[str, str], int] = defaultdict(int)
        for pocket, balance in self.balance.items():
            contents = self.store.contents(pocket)
            assert all(content.portion.count >= 0 for content in contents), contents
            assert sum(content.portion.count for content in contents) == balance, (
                pocket,
                balance,
                contents,
            )
            for content in contents:
                if content.portion.owner is not None:
                    found[content.portion.owner, pocket.currency] += content.portion.count
        for pocket, portion in self.kept:
            found[portion.owner or "", pocket.currency] += portion.count
        for (claim, _, _, currency, _), portions in self.exits.items():
            assert min(parts(portions)) >= 0, (claim, portions)
            found[claim, currency] += total(portions)
        for row, parcel in self.waiting.items():
            if row not in self.facts.pairs:
                for portion in parcel.portions:
                    found[portion.owner or "", self.facts.rows[row].currency] += portion.count
        for key, amount in self.residual.items():
            found[key] += amount
        found = defaultdict(
            int, {key: amount for key, amount in found.items() if key[0] and amount}
        )
        assert found == {key: amount for key, amount in self.loss.items() if amount}, (
            dict(found),
            self.loss,
        )

    # -- the result

    def outcome(self) -> Outcome:
        """Return what lies where at the end."""
        for row in [row for row in self.waiting if row not in self.facts.pairs]:
            parcel = self.waiting.pop(row)  # its link's entry lies after as-of
            for portion in parcel.portions:
                if portion.owner is not None:
                    self._leave(row, parcel, portion)
        result = Outcome(self.rule)
        self._add_places(result)
        for key, portions in self.exits.items():
            if total(portions):  # what came back whole is no exit any more
                result.exits[key] = parts(portions)
        for flow, portions in self.flows.items():
            amount, inferred, asserted = parts(portions)
            result.flows[flow] = Flow(
                amount, min(portion.depth for portion in portions), inferred, asserted
            )
        result.leads = self.leads
        self._add_pockets(result)
        self._add_summary(result)
        return result

    def _add_places(self, result: Outcome) -> None:
        lying: dict[tuple[str, Pocket], list[Content]] = defaultdict(list)
        for pocket in self.balance:
            for content in self.store.contents(pocket):
                if content.portion.owner is not None:
                    lying[content.portion.owner, pocket].append(content)
                if content.hold is not None and content.portion.count:
                    key = (content.hold, content.portion.owner or "")
                    result.holds[key] = result.holds.get(key, 0) + content.portion.count
        for pocket, portion in self.kept:
            lying[portion.owner or "", pocket].append(Content(portion, portion.since, None))
        for (claim, pocket), contents in lying.items():
            amount, inferred, asserted = parts([content.portion for content in contents])
            since = min(content.arrival for content in contents if content.arrival is not None)
            held = sum(content.portion.count for content in contents if content.hold is not None)
            key3 = (claim, pocket.account, pocket.currency)
            if self.facts.standing[pocket.account] == "known":
                result.positions[key3] = Position(amount, since, held, inferred, asserted)
            else:
                result.unknown[key3] = Frontier(amount, since, inferred, asserted)

    def _add_pockets(self, result: Outcome) -> None:
        for pocket, opening in self.facts.openings.items():
            if self.facts.standing[pocket.account] in ("known", "bridged"):
                result.pockets[pocket] = Fields(
                    opening.amount, opening.basis, self.assumed[pocket], self.balance[pocket]
                )

    def _add_summary(self, result: Outcome) -> None:
        keys = {
            (claim, self.facts.rows[c.transfer].currency) for claim, c in self.facts.claims.items()
        }
        keys |= set(self.facts.unfollowed.items()) | {
            key for key, amount in self.loss.items() if amount
        }
        for key in sorted(keys):
            result.summary[key] = summarised(
                result, self.facts, key, self.loss[key], self.residual[key], self.reached[key]
            )


def parts(portions: list[Portion]) -> Parts:
    """Sum portions, with what of them is inferred and asserted."""
    inferred = sum(portion.count for portion in portions if portion.mark & INFERRED)
    asserted = sum(portion.count for portion in portions if portion.mark & ASSERTED)
    return Parts(total(portions), inferred, asserted)


def summarised(
    result: Outcome, facts: Facts, key: tuple[str, str], loss: int, residual: int, reached: set[str]
) -> Totals:
    """Return the summary row of (claim, currency) from the other tables; `recoverable` is filled in later."""
    claim, currency = key
    located = [p for (c, _, cur), p in result.positions.items() if (c, cur) == (claim, currency)]
    frontier = [u for (c, _, cur), u in result.unknown.items() if (c, cur) == (claim, currency)]
    gone = [e for (c, _, _, cur, _), e in result.exits.items() if (c, cur) == (claim, currency)]
    depths = [
        f.depth
        for (c, t), f in result.flows.items()
        if c == claim and facts.rows[t].currency == currency
    ]
    everything: list[Position | Frontier | Parts] = [*located, *frontier, *gone]
    return Totals(
        loss=loss,
        located=sum(p.amount for p in located),
        exited=sum(e.amount for e in gone),
        unknown=sum(u.amount for u in frontier),
        residual=residual,
        recoverable=0,
        held=sum(p.held for p in located),
        accounts=len(reached),
        depth=max(depths, default=0),
        inferred=sum(x.inferred for x in everything),
        asserted=sum(x.asserted for x in everything),
    )
