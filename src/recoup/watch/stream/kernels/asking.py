"""What the model asks for a payment, and what of it the policy's budgets let be done.

The action asked is the one that is worth most; a day's alerts, what may be expected of innocents and how much of an
innocent's money may wait bound what is done of it. Pure but for the counters, which begin anew with each day.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,assignment"
from __future__ import annotations

from typing import Final

from recoup.trace.kernels.compiled import inner, within
from recoup.watch.decision.decision import Action, Withheld
from recoup.watch.stream.arrays import ALERTS, DAY, INNOCENTS

_WARN, _DELAY, _REFUSE = map(int, (Action.WARN, Action.DELAY, Action.REFUSE))
_SHADOW, _ALERTS, _INNOCENTS, _SUM = map(
    int, (Withheld.SHADOW, Withheld.ALERTS, Withheld.INNOCENTS, Withheld.SUM)
)
_DAY_US: Final = 86_400_000_000


@inner
def _worth(terms, currency, amount, chance, action):
    """Return what an action is expected to save beyond what it costs, in minor units; NaN where nobody said what it costs."""
    cost = terms.friction[currency, action]
    saved = chance * amount * terms.saved_share[action]
    return saved - cost[0] - (1.0 - chance) * (cost[1] + cost[2] * amount)


@inner
def best_action(terms, currency, amount, chance):
    """Return the action that is worth most; ALLOW where none is worth anything."""
    best, most = 0, 0.0
    if currency < 0:
        return best
    for action in range(_WARN, _REFUSE + 1):
        if chance >= terms.chance_min[action]:
            worth = _worth(terms, currency, amount, chance, action)
            if worth > most:
                best, most = action, worth
    return best


@within
def begin_budget(terms, counters, clock):
    """Begin a new day of alerts where there is one, and add what a scored payment allows."""
    day = (clock + terms.said[0]) // _DAY_US
    if counters[DAY] != day:
        counters[DAY], counters[ALERTS] = day, 0.0
    counters[INNOCENTS] = min(terms.budgets[2], counters[INNOCENTS] + terms.budgets[1])


@inner
def _is_too_little(terms, counters, asked, currency, amount, chance):
    """Return whether an alert is expected to save less than one must by now, the more of the day's alerts are used up.

    A threshold that grows by equal factors loses least whatever order payments come in [Chakrabarty, Zhou, Lukose 2008].
    Where a policy says nothing of it, the price is NaN and nothing is too little.
    """
    least, most = terms.friction[currency, 0, 0], terms.friction[currency, 0, 1]
    used = counters[ALERTS] / terms.budgets[0]
    return terms.saved_share[asked] * chance * amount < least * (most / least) ** used


@inner
def _is_too_much(terms, currency, amount, chance):
    """Return whether more of an innocent's money is expected to wait with a payment than may: a larger sum must be surer.

    Where a policy says nothing of it, the ceiling is NaN and nothing is too much.
    """
    return (1.0 - chance) * amount > terms.friction[currency, 0, 2]


@within
def within_budget(terms, counters, asked, ruled, currency, amount, chance):
    """Return what of the model's action is done, and why not all of it."""
    done, why = asked, 0
    if asked > 0 and not terms.said[1]:
        done, why = 0, _SHADOW
    elif asked > ruled:
        is_full = counters[ALERTS] >= terms.budgets[0]
        if ruled == 0 and (
            is_full or _is_too_little(terms, counters, asked, currency, amount, chance)
        ):
            done, why = 0, _ALERTS
        elif asked >= _DELAY:
            is_sum = _is_too_much(terms, currency, amount, chance)
            if is_sum or counters[INNOCENTS] < 1.0 - chance:
                is_fit = chance >= terms.chance_min[_WARN]
                is_fit = is_fit and _worth(terms, currency, amount, chance, _WARN) > 0.0
                done, why = (_WARN if is_fit else 0), (_SUM if is_sum else _INNOCENTS)
    return done, why
