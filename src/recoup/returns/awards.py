"""Awards: how much of which pot each claim gets, by a policy [SEMANTICS 5]. A function of pots, claims and traced shares.

1. No pot gives more than it has, of an innocent holder's pot not more than what is traced there.
2. No claim gets more than it still misses.
3. On basis *case*, awards sum to the smaller of the two sums (holders involved).
4. The order in which pots and claims are given changes nothing.
5. What a claim gets of a pot directly was traced there under every rule of the policy, for its victim as a whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recoup.money import split
from recoup.returns.case import NOTHING_TRACED, Claim, Holder, Place, Pot, Traced
from recoup.returns.policy import Basis, ReturnPolicy
from recoup.returns.rest import share_by_account, share_case, share_in_turn

SINGLE, BY_TIME, PRO_RATA = 1, 2, 3
"""Modes of a return: a single credit, traceable by time among several, pro rata [return-rules art. 8]."""


@dataclass(frozen=True, slots=True)
class Award:
    """What one claim gets of one pot in one mode, in minor units."""

    claim: str
    place: Place
    mode: int
    amount: int
    agreed: int = 0
    """Of a direct award, what every rule of the policy's strength finds for the victim."""


@dataclass(frozen=True, slots=True)
class PotResult:
    """What became of one pot: `pot.amount` = direct + rest + owned + left."""

    pot: Pot
    credits: int
    direct: int
    rest: int
    owned: int
    """An innocent holder's own."""
    left: int
    """What stays frozen for its term."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What one claim gets: `claim.missing` = direct + rest + short."""

    claim: Claim
    direct: int
    rest: int

    @property
    def short(self) -> int:
        """What the claim still misses."""
        return self.claim.missing - self.direct - self.rest


@dataclass(frozen=True, slots=True)
class Plan:
    """All awards of a case under one policy, sorted by claim, account and mode; results of every pot and claim."""

    policy: ReturnPolicy
    awards: tuple[Award, ...]
    pots: tuple[PotResult, ...]
    claims: tuple[ClaimResult, ...]


def plan_awards(
    pots: Iterable[Pot],
    claims: Iterable[Claim],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> Plan:
    """Return what each claim gets of each pot under `policy`; each place has one pot, each id one claim."""
    pots = sorted(pots, key=lambda pot: pot.place)
    claims = sorted(claims, key=lambda claim: claim.id)
    assert len({pot.place for pot in pots}) == len(pots), "a place has one pot"
    assert len({claim.id for claim in claims}) == len(claims), "a claim stands once"
    by_id = {claim.id: claim for claim in claims}
    victims = _victims(claims)
    funds = _funds(pots, by_id, traced, policy)
    direct = _direct(funds, by_id, traced, policy)
    rest = _rest(pots, claims, funds, direct, traced, policy)
    awards = []
    for place, parts in direct.items():
        found = traced[place]
        agreed = _agreed(parts, found, victims, policy)
        mode = SINGLE if found.credits == 1 else BY_TIME
        awards += [Award(c, place, mode, amount, agreed[c]) for c, amount in parts.items()]
    awards += [Award(c, place, PRO_RATA, amount) for (c, place), amount in rest.items()]
    plan = Plan(
        policy,
        tuple(sorted(awards, key=lambda award: (award.claim, *award.place, award.mode))),
        _pot_results(pots, funds, traced, awards),
        _claim_results(claims, awards),
    )
    check_plan(plan)
    return plan


def check_plan(plan: Plan) -> None:
    """Assert the promises 1, 2 and 3 of this module once more, from the awards alone."""
    of_pot: dict[Place, int] = defaultdict(int)
    of_claim: dict[str, int] = defaultdict(int)
    for award in plan.awards:
        assert award.amount > 0, "an award is of something"
        of_pot[award.place] += award.amount
        of_claim[award.claim] += award.amount
    currencies = {result.claim.id: result.claim.currency for result in plan.claims}
    assert all(currencies[a.claim] == a.place.currency for a in plan.awards), "one currency"
    for pot in plan.pots:
        assert of_pot[pot.pot.place] == pot.direct + pot.rest, "a pot gives what its awards say"
        assert pot.owned >= 0, "an innocent holder's own is no debt"
        assert pot.left >= 0, "a pot gives what it has"
    for claim in plan.claims:
        assert of_claim[claim.claim.id] == claim.direct + claim.rest, "a claim gets its awards"
        assert claim.short >= 0, "no claim gets more than it misses"
    if plan.policy.basis is Basis.CASE:
        for currency in sorted(set(currencies.values())):
            left = sum(p.left for p in plan.pots if p.pot.place.currency == currency)
            short = sum(c.short for c in plan.claims if c.claim.currency == currency)
            assert not (left and short), "no money stays while a claim of the case misses it"


def _funds(
    pots: Sequence[Pot],
    claims: Mapping[str, Claim],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> dict[Place, int]:
    """Return how much of each pot is there for claims.

    Of an innocent holder's pot that is what every admissible rule finds there at least, over all claims together. A claim
    counts with its loss at most: where less was admitted than the transfer, the difference is no claim's and the holder's.
    """
    funds = {pot.place: pot.amount for pot in pots}
    innocent = [pot.place for pot in pots if pot.holder is Holder.INNOCENT]
    for rule in policy.rules or (policy.lead,) if innocent else ():
        found = _within_losses(rule, traced, claims)
        for place in innocent:
            funds[place] = min(funds[place], found.get(place, 0))
    return funds


def _within_losses(
    rule: str, traced: Mapping[Place, Traced], claims: Mapping[str, Claim]
) -> dict[Place, int]:
    """Return what one rule finds in each pot, of no claim more than its loss; what is above is cut in proportion."""
    found: dict[Place, int] = {}
    by_claim: dict[str, list[tuple[Place, int]]] = defaultdict(list)
    for place in sorted(traced):
        shares = traced[place].shares.get(rule, {})
        found[place] = sum(shares.values())
        for claim, amount in shares.items():
            by_claim[claim].append((place, amount))
    for claim, parts in by_claim.items():
        amounts = [amount for _, amount in parts]
        if sum(amounts) > claims[claim].loss:
            for (place, amount), kept in zip(
                parts, split(claims[claim].loss, amounts), strict=True
            ):
                found[place] -= amount - kept
    return found


def _direct(
    funds: Mapping[Place, int],
    claims: Mapping[str, Claim],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> dict[Place, dict[str, int]]:
    """Return the direct awards by place and claim: traced there, not above what the claim misses, nor what the pot has."""
    victims = _victims(claims.values())
    found = {
        place: _traced_parts(traced[place], victims, policy)
        for place in funds
        if place in traced and policy.rules
    }
    by_claim: dict[str, list[Place]] = defaultdict(list)
    for place, parts in found.items():
        for claim in parts:
            by_claim[claim].append(place)
    for claim, places in by_claim.items():
        parts_of = [found[place][claim] for place in places]
        if sum(parts_of) > claims[claim].missing:  # part of it was returned or compensated before
            for place, part in zip(places, split(claims[claim].missing, parts_of), strict=True):
                found[place][claim] = part
    for place, parts in found.items():
        if sum(parts.values()) > funds[place]:  # a short hold is shared among its claims
            found[place] = dict(zip(parts, split(funds[place], list(parts.values())), strict=True))
    return {
        place: {claim: amount for claim, amount in parts.items() if amount}
        for place, parts in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Victims:
    """Whose each claim is, and which claims are of a victim with others."""

    of: Mapping[str, str]
    several: frozenset[str]


def _victims(claims: Iterable[Claim]) -> _Victims:
    of = {claim.id: claim.victim for claim in claims}
    counts = Counter(of.values())
    return _Victims(of, frozenset(claim for claim, victim in of.items() if counts[victim] > 1))


def _traced_parts(found: Traced, victims: _Victims, policy: ReturnPolicy) -> dict[str, int]:
    """Return by claim, in order of id, each victim's smallest total over the rules, spread by the lead rule's shares."""
    lead = dict(sorted(found.shares.get(policy.lead, {}).items()))
    if _has_one_each(found, policy.rules, victims):
        return _least_of_each(lead, found, policy.rules)
    smallest = _smallest(found, policy.rules, victims.of)
    of_victim: dict[str, list[str]] = defaultdict(list)
    for claim in lead:
        of_victim[victims.of[claim]].append(claim)
    parts: dict[str, int] = {}
    for victim, own in of_victim.items():
        parts.update(_spread(own, lead, smallest.get(victim, 0)))
    return dict(sorted(parts.items()))


def _has_one_each(found: Traced, rules: Sequence[str], victims: _Victims) -> bool:
    """Whether no claim in a pot is of a victim with others: then nothing is to be spread, which is the rule and much faster."""
    return all(victims.several.isdisjoint(found.shares.get(rule, {})) for rule in rules)


def _least_of_each(lead: Mapping[str, int], found: Traced, rules: Sequence[str]) -> dict[str, int]:
    """Return the least that each claim of `lead` has there and under `rules`; each is its victim's only one in the pot."""
    least = dict(lead)
    for rule in rules:
        shares = found.shares.get(rule, {})
        if shares is not lead:
            least = {
                claim: amount if amount <= (other := shares.get(claim, 0)) else other
                for claim, amount in least.items()
            }
    return least


def _smallest(found: Traced, rules: Sequence[str], victims: Mapping[str, str]) -> dict[str, int]:
    """Return each victim's smallest total in a pot over `rules`."""
    least: dict[str, int] = {}
    for at, rule in enumerate(rules):
        sums: dict[str, int] = {}
        for claim, amount in found.shares.get(rule, {}).items():
            victim = victims[claim]
            sums[victim] = sums.get(victim, 0) + amount
        if at == 0:
            least = sums
            continue
        for victim, total in least.items():
            other = sums.get(victim, 0)
            if other < total:
                least[victim] = other
    return least


def _agreed(
    parts: Mapping[str, int], found: Traced, victims: _Victims, policy: ReturnPolicy
) -> dict[str, int]:
    """Return how much of each direct award every rule of the policy's strength finds as well, for its victim as a whole."""
    rules = policy.strength or policy.rules
    if _has_one_each(found, (policy.lead, *rules), victims):
        return _least_of_each(parts, found, rules)
    smallest = _smallest(found, rules, victims.of)
    of_victim: dict[str, list[str]] = defaultdict(list)
    for claim in parts:
        of_victim[victims.of[claim]].append(claim)
    agreed: dict[str, int] = {}
    for victim, own in of_victim.items():
        agreed.update(_spread(own, parts, smallest.get(victim, 0)))
    return agreed


def _spread(own: Sequence[str], weights: Mapping[str, int], total: int) -> dict[str, int]:
    """Share a victim's total over its claims by weights, never more than these sum to."""
    if len(own) == 1:
        return {own[0]: min(total, weights[own[0]])}
    parts = [weights[claim] for claim in own]
    return dict(zip(own, split(min(total, sum(parts)), parts), strict=True))


def _rest(
    pots: Sequence[Pot],
    claims: Sequence[Claim],
    funds: Mapping[Place, int],
    direct: Mapping[Place, Mapping[str, int]],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> dict[tuple[str, Place], int]:
    """Return what is shared pro rata by claim and place, each currency by itself."""
    given: dict[str, int] = defaultdict(int)
    for parts in direct.values():
        for claim, amount in parts.items():
            given[claim] += amount
    rest: dict[tuple[str, Place], int] = {}
    for currency in sorted({claim.currency for claim in claims}):
        # Involved holders' pots first: what is left over is left over in an innocent holder's account.
        ordered = sorted(
            (pot for pot in pots if pot.place.currency == currency),
            key=lambda pot: (pot.holder is Holder.INNOCENT, pot.place),
        )
        left = {
            pot.place: funds[pot.place] - sum(direct.get(pot.place, {}).values()) for pot in ordered
        }
        own = [claim for claim in claims if claim.currency == currency]
        missing = {claim.id: claim.missing - given[claim.id] for claim in own}
        if policy.basis is Basis.CASE:
            rest.update(share_case(left, missing))
        elif policy.basis is Basis.ASKED_FIRST:
            found_in = {
                place: traced.get(place, NOTHING_TRACED).shares.get(policy.lead, {})
                for place in left
            }
            rest.update(share_in_turn(left, missing, found_in))
        else:
            sharing = {
                place: [claim.id for claim in own if claim.paid_into == place.account]
                for place in left
            }
            rest.update(share_by_account(left, missing, sharing))
    return rest


def _pot_results(
    pots: Sequence[Pot],
    funds: Mapping[Place, int],
    traced: Mapping[Place, Traced],
    awards: Iterable[Award],
) -> tuple[PotResult, ...]:
    sums: dict[tuple[Place, bool], int] = defaultdict(int)
    for award in awards:
        sums[award.place, award.mode == PRO_RATA] += award.amount
    results = []
    for pot in pots:
        place, fund = pot.place, funds[pot.place]
        direct, rest = sums[place, False], sums[place, True]
        credits_count = traced.get(place, NOTHING_TRACED).credits
        owned = pot.amount - fund
        results.append(PotResult(pot, credits_count, direct, rest, owned, fund - direct - rest))
    return tuple(results)


def _claim_results(claims: Sequence[Claim], awards: Iterable[Award]) -> tuple[ClaimResult, ...]:
    sums: dict[tuple[str, bool], int] = defaultdict(int)
    for award in awards:
        sums[award.claim, award.mode == PRO_RATA] += award.amount
    return tuple(
        ClaimResult(claim, sums[claim.id, False], sums[claim.id, True]) for claim in claims
    )
