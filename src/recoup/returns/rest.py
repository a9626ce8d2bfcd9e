"""Sharing what no direct award takes: pro rata to what claims still miss, over all pots at once or account by account.

Shares are exact fractions until the one rounding at the end, by largest remainder, ties to the earlier claim id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from recoup.money import split
from recoup.returns.case import Place


def share_case(
    funds: Mapping[Place, int], missing: Mapping[str, int]
) -> dict[tuple[str, Place], int]:
    """Share all pots as one fund: R_i = F * L_i / sum(L_j), nobody above L_i [SEMANTICS 5].

    With one basis for all claims no cap is ever reached before all are, so a single step is exact. Each claim's sum is what is
    fair; of which pots it is paid is laid out in the order of ids and pots, because a row for every claim in every pot would be
    a thousand million payments where a hundred thousand do.

    Args:
        funds: what is left in each pot, in the order in which pots are drawn on.
        missing: by claim id in order, what each claim still misses.
    """
    owed = {claim: amount for claim, amount in missing.items() if amount}
    total = min(sum(funds.values()), sum(owed.values()))
    sums = split(total, list(owed.values()))
    rest: dict[tuple[str, Place], int] = {}
    pots = iter(funds.items())
    place, left = Place("", ""), 0
    for claim, whole in zip(owed, sums, strict=True):
        asked = whole
        while asked:
            while not left:
                place, left = next(pots)  # the sums are no more than the pots have
            part = min(asked, left)
            rest[claim, place] = part
            asked, left = asked - part, left - part
    return rest


def share_by_account(
    funds: Mapping[Place, int], missing: Mapping[str, int], sharing: Mapping[Place, Sequence[str]]
) -> dict[tuple[str, Place], int]:
    """Share each pot among its own claims, in proportion to what they miss; nobody above that over all pots.

    All pots share at once; claims that would get more than they miss are closed at just that, of each pot in proportion, and
    the others share again.
    """
    shares: dict[tuple[str, Place], Fraction] = {}
    left = {place: Fraction(amount) for place, amount in funds.items()}
    is_open = {claim: amount > 0 for claim, amount in missing.items()}
    while True:
        trial = _trial(left, missing, sharing, is_open)
        sums: dict[str, Fraction] = defaultdict(Fraction)
        for (claim, _), part in trial.items():
            sums[claim] += part
        over = [claim for claim, total in sums.items() if total > missing[claim]]
        if not over:
            shares.update(trial)
            return _rounded(shares, funds, missing)
        for claim in over:
            is_open[claim] = False
        for (claim, place), part in trial.items():
            if not is_open[claim]:
                shares[claim, place] = part * missing[claim] / sums[claim]
                left[place] -= shares[claim, place]


def share_in_turn(
    funds: Mapping[Place, int],
    missing: Mapping[str, int],
    found_in: Mapping[Place, Collection[str]],
) -> dict[tuple[str, Place], int]:
    """Pay claims in the order given, each of the pots its money is found in, until it misses nothing or nothing is left there.

    Nothing is shared: whoever comes later gets what is left.
    """
    left, rest = dict(funds), {}
    for claim, amount in missing.items():
        asked = amount
        for place in funds:
            part = min(asked, left[place]) if claim in found_in[place] else 0
            if part:
                rest[claim, place] = part
                left[place] -= part
                asked -= part
    return rest


def _trial(
    left: Mapping[Place, Fraction],
    missing: Mapping[str, int],
    sharing: Mapping[Place, Sequence[str]],
    is_open: Mapping[str, bool],
) -> dict[tuple[str, Place], Fraction]:
    """Share what is left in every pot among its open claims."""
    trial: dict[tuple[str, Place], Fraction] = {}
    for place, amount in left.items():
        own = [claim for claim in sharing[place] if is_open[claim]]
        whole = sum(missing[claim] for claim in own)
        for claim in own:
            trial[claim, place] = amount * missing[claim] / whole
    return trial


def _rounded(
    shares: Mapping[tuple[str, Place], Fraction],
    funds: Mapping[Place, int],
    missing: Mapping[str, int],
) -> dict[tuple[str, Place], int]:
    """Round once: floors, then one unit each to the largest remainders, while the pot has it and the claim misses it."""
    whole = {key: part.numerator // part.denominator for key, part in shares.items()}
    exact: dict[Place, Fraction] = dict.fromkeys(funds, Fraction(0))
    spare: dict[Place, int] = dict.fromkeys(funds, 0)
    given: dict[str, int] = defaultdict(int)
    for (claim, place), units in whole.items():
        exact[place] += shares[claim, place]
        spare[place] -= units
        given[claim] += units
    for place, amount in exact.items():
        spare[place] += amount.numerator // amount.denominator
    for key in sorted(whole, key=lambda key: (whole[key] - shares[key], key)):
        claim, place = key
        if spare[place] and given[claim] < missing[claim]:
            whole[key] += 1
            spare[place] -= 1
            given[claim] += 1
    return {key: units for key, units in whole.items() if units}
