"""The direct part of awards: how much of each pot is there for claims, and what of it is found for whom. Shares no rest.

What earlier rounds paid out of a pot is counted as found there already [decision 19].
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recoup.money import split
from recoup.returns.case import Claim, Holder, Place, Pot, Traced
from recoup.returns.policy import ReturnPolicy

Paid = Mapping[Place, Mapping[str, int]]
"""By place and claim: what earlier rounds paid."""
_NOTHING: Mapping[str, int] = {}


def paid_out_of(claims: Iterable[Claim]) -> Paid:
    """Return what earlier rounds paid, by place and claim."""
    paid: dict[Place, dict[str, int]] = {}
    for claim in claims:
        for place, amount in claim.paid:
            of_place = paid.setdefault(place, {})
            of_place[claim.id] = of_place.get(claim.id, 0) + amount
    return paid


def funds_of(
    pots: Sequence[Pot],
    claims: Mapping[str, Claim],
    traced: Mapping[Place, Traced],
    paid: Paid,
    policy: ReturnPolicy,
) -> dict[Place, int]:
    """Return how much of each pot is there for claims.

    Of an innocent holder's pot that is what every admissible rule finds there at least, over all claims together. A claim
    counts with its loss at most: where less was admitted than the transfer, the difference is no claim's and the holder's.
    What earlier rounds took is taken off, an excess over what is found off the other such pots [decision 19, 4].
    """
    funds = {pot.place: pot.amount for pot in pots}
    innocent = [pot.place for pot in pots if pot.holder is Holder.INNOCENT]
    is_there = dict.fromkeys(innocent, 0)
    for at, rule in enumerate(policy.rules or (policy.lead,) if innocent else ()):
        found = _within_losses(rule, traced, claims)
        for place in innocent:
            here = found.get(place, 0)
            is_there[place] = min(is_there[place], here) if at else here
    excess: dict[str, int] = defaultdict(int)
    for place in innocent:
        out = sum(paid.get(place, _NOTHING).values())
        funds[place] = min(funds[place], max(0, is_there[place] - out))
        excess[place.currency] += max(0, out - is_there[place])
    for currency, amount in excess.items():
        own = [place for place in innocent if place.currency == currency]
        weights = [funds[place] for place in own]
        for place, part in zip(own, split(min(amount, sum(weights)), weights), strict=True):
            funds[place] -= part
    return funds


def _within_losses(
    rule: str, traced: Mapping[Place, Traced], claims: Mapping[str, Claim]
) -> dict[Place, int]:
    """Return what one rule finds in each pot, of no claim more than its loss; what is above is cut in proportion."""
    found: dict[Place, int] = {}
    by_claim: dict[str, list[tuple[Place, int]]] = defaultdict(list)
    for place in sorted(traced):
        shares = traced[place].shares.get(rule, _NOTHING)
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


def direct_parts(
    funds: Mapping[Place, int],
    claims: Mapping[str, Claim],
    traced: Mapping[Place, Traced],
    paid: Paid,
    policy: ReturnPolicy,
) -> dict[Place, dict[str, int]]:
    """Return the direct awards by place and claim: traced there, not above what the claim misses, nor what the pot has."""
    victims = victims_of(claims.values())
    found = {
        place: _traced_parts(traced[place], paid.get(place, _NOTHING), victims, policy)
        for place in funds
        if place in traced and policy.rules
    }
    by_claim: dict[str, list[Place]] = defaultdict(list)
    for place, parts in found.items():
        for claim in parts:
            by_claim[claim].append(place)
    for claim, places in by_claim.items():
        if len(places) == 1:  # most claims are found in one pot
            of_place = found[places[0]]
            of_place[claim] = min(of_place[claim], claims[claim].missing)
            continue
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
class Victims:
    """Whose each claim is, and which claims are of a victim with others."""

    of: Mapping[str, str]
    several: frozenset[str]


def victims_of(claims: Iterable[Claim]) -> Victims:
    """Return whose each claim is."""
    of = {claim.id: claim.victim for claim in claims}
    counts = Counter(of.values())
    return Victims(of, frozenset(claim for claim, victim in of.items() if counts[victim] > 1))


def _traced_parts(
    found: Traced, paid: Mapping[str, int], victims: Victims, policy: ReturnPolicy
) -> dict[str, int]:
    """Return by claim, in order of id, each victim's smallest total over the rules, spread by the lead rule's shares.

    What was paid out of the place before is taken off the total and off the shares [decision 19, 3].
    """
    lead = dict(sorted(found.shares.get(policy.lead, {}).items()))
    if not paid and _has_one_each(found, policy.rules, victims):
        return _least_of_each(lead, found, policy.rules)
    smallest = _smallest(found, policy.rules, paid, victims.of)
    lead = {claim: max(0, amount - paid.get(claim, 0)) for claim, amount in lead.items()}
    of_victim: dict[str, list[str]] = defaultdict(list)
    for claim in lead:
        of_victim[victims.of[claim]].append(claim)
    parts: dict[str, int] = {}
    for victim, own in of_victim.items():
        parts.update(_spread(own, lead, smallest.get(victim, 0)))
    return dict(sorted(parts.items()))


def _has_one_each(found: Traced, rules: Sequence[str], victims: Victims) -> bool:
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


def _smallest(
    found: Traced, rules: Sequence[str], paid: Mapping[str, int], victims: Mapping[str, str]
) -> dict[str, int]:
    """Return each victim's smallest total in a pot over `rules`, less what its claims were paid there before."""
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
    for claim, amount in paid.items():
        victim = victims[claim]
        least[victim] = max(0, least.get(victim, 0) - amount)
    return least


def agreed_parts(
    parts: Mapping[str, int],
    found: Traced,
    paid: Mapping[str, int],
    victims: Victims,
    policy: ReturnPolicy,
) -> dict[str, int]:
    """Return how much of each direct award every rule of the policy's strength finds as well, for its victim as a whole."""
    rules = policy.strength or policy.rules
    if not paid and _has_one_each(found, (policy.lead, *rules), victims):
        return _least_of_each(parts, found, rules)
    smallest = _smallest(found, rules, paid, victims.of)
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
