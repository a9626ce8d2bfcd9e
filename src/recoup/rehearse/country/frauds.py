"""The frauds of a country: who is deceived by which script, for how much, when it is reported, and who launders it.

Each aspect has a stream of its own: another report delay leaves victims, amounts and launderers as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from recoup.money import split
from recoup.rehearse.country.chance import F64, I64, chance
from recoup.rehearse.country.crews import Underworld, crew_of, underworld
from recoup.rehearse.country.holders import Holders
from recoup.rehearse.country.rhythm import DAY, MINUTE, begin_us, day_shares, kept, times_of_day
from recoup.rehearse.country.values import Accounts, Fraud, HolderKind, Instalment
from recoup.rehearse.scenario import PLANTED, Scenario, ScriptTerms, Step, planted_name

LEAST_MINOR: Final = 100


def make_frauds(
    scenario: Scenario, seed: int, accounts: Accounts, holders: Holders, spare: I64
) -> tuple[Fraud, ...]:
    """Return the frauds by the time of their first instalment; `spare` is what each account never needs by its schedule."""
    count = scenario.frauds.count
    if not count:
        return ()
    script, wanted = _scripts(scenario, seed)
    victim, loss = _victims(scenario, seed, accounts, holders, spare, wanted)
    start = _starts(scenario, seed)
    names = list(shares := scenario.launderers.strategies.by_name())
    drawn = chance(seed, "strategies").choice(len(names), count, p=_ones(list(shares.values())))
    delays = _delays(scenario, seed)
    heeds = chance(seed, "heeds").random((count, 3))
    whole = underworld(scenario, seed, accounts)
    likes = {name: whole.likes(name) for name in names}
    made = []
    for place, order in enumerate(np.argsort(start, kind="stable").tolist()):
        strategy = names[drawn[order]]
        draw = chance(seed, "fraud", order)
        crew = crew_of(scenario, whole, likes[strategy], strategy, draw)
        one = scenario.frauds.scripts[script[order]]
        firsts = crew[: int(draw.integers(1, 4))]
        parts = _instalments(scenario, one, int(start[order]), int(loss[order]), draw)
        made.append(
            Fraud(
                number=place,
                script=one.name,
                instalments=tuple(
                    Instalment(when, int(victim[order]), firsts[n % len(firsts)], amount)
                    for n, (when, amount) in enumerate(parts)
                ),
                reported_us=parts[-1][0] + delays[order] if delays[order] >= 0 else None,
                strategy=strategy,
                crew=crew,
                heeds=(heeds[order, 0].item(), heeds[order, 1].item(), heeds[order, 2].item()),
                seed=int(draw.integers(0, 2**31)),
            )
        )
    return tuple(_planted(scenario, seed, whole, made))


def _planted(
    scenario: Scenario, seed: int, whole: Underworld, made: list[Fraud]
) -> Iterator[Fraud]:
    """Yield the frauds, an even share of them laundered as a pattern of the scenario says, by a crew that is large enough.

    Victims, times, sums and reports stay as they were, and so does every other fraud.
    """
    terms, likes, count = scenario.planted, whole.likes(PLANTED), 0
    for one in made:
        wanted = int((one.number + 1) * terms.share) if terms.patterns else 0
        if count >= wanted:
            yield one
            continue
        number = count % len(terms.patterns)
        count += 1
        size = terms.patterns[number].accounts + 1
        launderers = replace(scenario.launderers, crew_least=size, crew_most=size)
        draw = chance(seed, "planted", one.number)
        crew = crew_of(replace(scenario, launderers=launderers), whole, likes, PLANTED, draw)
        assert len(set(crew)) == size, "too few accounts for a pattern"
        parts = tuple(replace(part, payee=crew[0]) for part in one.instalments)
        yield replace(one, strategy=planted_name(number), crew=crew, instalments=parts)


def _ones(weights: list[float]) -> F64:
    whole = np.array(weights, np.float64)
    return np.asarray(whole / whole.sum())


def _scripts(scenario: Scenario, seed: int) -> tuple[I64, I64]:
    """Return each fraud's script and what its victim is wanted to pay."""
    scripts, count = scenario.frauds.scripts, scenario.frauds.count
    draw = chance(seed, "scripts")
    script = draw.choice(len(scripts), count, p=_ones([one.weight for one in scripts]))
    median = np.array([one.amount_median for one in scripts], np.float64)[script]
    sigma = np.array([one.amount_sigma for one in scripts])[script]
    spread = np.exp(draw.normal(0.0, 1.0, count) * sigma)
    return script.astype(np.int64), np.minimum(median * spread, 1e12).astype(np.int64)


def _victims(
    scenario: Scenario,
    seed: int,
    accounts: Accounts,
    holders: Holders,
    spare: I64,
    wanted: I64,
) -> tuple[I64, I64]:
    """Return each fraud's victim, a different one each, and the loss: what is wanted, or as much as the victim has.

    Whoever owns enough is as likely as any other; a victim's account is like all accounts with that much.
    """
    draw = chance(seed, "victims")
    honest = holders.bank[accounts.holder_kind[holders.bank] == HolderKind.PERSON].astype(np.int64)
    owned = (spare[honest] * scenario.frauds.loss_over_savings).astype(np.int64)
    order = np.argsort(owned, kind="stable")
    honest, owned = honest[order], owned[order]
    free = np.ones(len(honest), np.bool_)
    victim, loss = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    for place in np.argsort(-wanted, kind="stable").tolist():
        from_here = np.searchsorted(owned, wanted[place])
        rich = from_here + np.flatnonzero(free[from_here:])
        chosen = int(draw.choice(rich)) if len(rich) else int(np.flatnonzero(free)[-1])
        free[chosen] = False
        victim[place], loss[place] = honest[chosen], min(wanted[place], owned[chosen])
    assert (loss >= LEAST_MINOR).all(), "victims own nothing"
    return victim, loss


def _starts(scenario: Scenario, seed: int) -> I64:
    """Return when the first instalments are paid: by the rhythm of day and week, between warm-up and the quiet end."""
    terms, count, draw = scenario.country, scenario.frauds.count, chance(seed, "starts")
    first, last = terms.warmup, terms.days * DAY - scenario.frauds.quiet_at_end
    found = np.zeros(0, np.int64)
    for _ in range(1_000):
        day = np.searchsorted(day_shares(terms), draw.random(4 * count + 64), side="right")
        at = np.minimum(day, terms.days - 1) * DAY + times_of_day(draw, len(day))
        found = np.concatenate([found, at[(at >= first) & (at < last)]])
        if len(found) >= count:
            return begin_us(terms) + found[:count]
    return begin_us(terms) + draw.integers(first, last, count)


def _delays(scenario: Scenario, seed: int) -> list[int]:
    """Return how long after the last instalment each fraud is reported; -1: never."""
    draw, count = chance(seed, "delays"), scenario.frauds.count
    unreported = draw.random(count) < scenario.frauds.unreported
    which, where = draw.random(count), draw.random(count)
    return [
        -1 if never else delay(scenario.frauds.report_delay, one, place)
        for never, one, place in zip(unreported, which.tolist(), where.tolist(), strict=True)
    ]


def delay(steps: tuple[Step, ...], which: float, where: float) -> int:
    """Return the time of a distribution for two even draws: the step, and the place on its logarithmic scale.

    >>> delay((Step(0.5, 60, 60), Step(0.5, 100, 10_000)), 0.7, 0.5)
    1000
    """
    step, passed = steps[-1], 0.0
    for one in steps:
        passed += one.share
        if which < passed:
            step = one
            break
    least, most = max(step.least_us, 1), max(step.most_us, 1)
    return step.least_us if least == most else round(least * (most / least) ** where)


def _instalments(
    scenario: Scenario, script: ScriptTerms, start: int, loss: int, draw: np.random.Generator
) -> list[tuple[int, int]]:
    """Return times and amounts; what would come after the end is paid with the last that does not."""
    most = min(script.instalments_most, max(1, loss // LEAST_MINOR))
    least = min(script.instalments_least, most)
    count = int(draw.integers(least, most, endpoint=True))
    gaps = np.exp(draw.normal(np.log(script.gap_median), script.gap_sigma, count)).astype(np.int64)
    gaps[0] = 0
    end = begin_us(scenario.country) + scenario.country.days * DAY
    exact = start + np.cumsum(gaps)
    times = np.unique(kept(draw, exact, scenario.country.second_precision))
    times = times[(times >= start - MINUTE) & (times < end - MINUTE)]
    weights = [round(1_000 * script.growth**n * (0.5 + draw.random())) for n in range(len(times))]
    parts = split(loss - LEAST_MINOR * len(times), weights)
    is_round = draw.random(len(parts)) < scenario.frauds.rounded
    paid = []
    for when, part, rounded in zip(times.tolist(), parts, is_round.tolist(), strict=True):
        amount = part + LEAST_MINOR
        if rounded and amount >= 2 * scenario.frauds.round_to:
            amount -= amount % scenario.frauds.round_to
        paid.append((when, amount))
    return paid


__all__ = ["delay", "make_frauds"]
