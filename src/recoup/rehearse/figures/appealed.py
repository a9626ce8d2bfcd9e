"""Whether innocent holders who objected had their money free again within the appeal clock. Counted from what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from recoup.rehearse.figures.innocents import guilty_payments, parts_of
from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import Appealed, Judged, WaitEnded
from recoup.rehearse.play.played import Played


@dataclass(frozen=True, slots=True)
class FiledAppeal:
    """What one innocent holder filed at one instant; microseconds of UTC, minor units."""

    account: int
    filed_us: int
    held: int
    """On the account and in payments of it that waited, at that instant; 0: a measure alone bound it."""
    free_us: int | None
    """When the last of that was free, or the measure ended; None: never, or refused."""

    def is_in_time(self, clock_us: int) -> bool:
        """Return whether all was free by the end of the clock, which begins when it is filed."""
        return self.free_us is not None and self.free_us - self.filed_us <= clock_us


def appeals_of(played: Played, truth: Truth) -> tuple[FiledAppeal, ...]:
    """Return every appeal of an innocent holder, by instant and account.

    Released is what the books say, whatever was decided: all that was held of the holder at that instant, for whichever
    cause, is held no more. Where nothing was held there was a measure, and its end is the decision that grants. An objection
    where nothing bound the holder but the wait of a crime's own payment is none: that wait did the holder no wrong.
    """
    innocent = played.country.is_innocent
    granted: dict[tuple[int, int], int | None] = {}
    weighed: dict[tuple[int, int], None] = {}
    for one in played.happened:
        if isinstance(one, Appealed) and innocent[one.account]:
            key = one.at_us, one.account
            granted[key] = one.decided_us if one.is_granted else None
            if one.decided_us > one.at_us:
                weighed[key] = (
                    None  # about a hold or a measure: what a payment that waits is, is looked at when it is shown
                )
    held: dict[int, list[tuple[int, int | None, int]]] = defaultdict(list)
    for part in parts_of(played, truth):
        held[part.account].append((part.since_us, part.until_us, part.amount))
    crimes, found = _waits_of_crimes(played), []
    for (filed_us, account), granted_us in sorted(granted.items()):
        there = [
            (until_us, amount)
            for since_us, until_us, amount in held[account]
            if since_us <= filed_us and (until_us is None or until_us >= filed_us)
        ]
        at_wait = [1 for since_us, until_us in crimes[account] if since_us <= filed_us <= until_us]
        if not there and at_wait and (filed_us, account) not in weighed:
            continue
        ends = [until_us for until_us, _ in there]
        free_us = max((at for at in ends if at is not None), default=granted_us)
        amount = sum(amount for _, amount in there)
        found.append(FiledAppeal(account, filed_us, amount, None if None in ends else free_us))
    return tuple(found)


def _waits_of_crimes(played: Played) -> dict[int, list[tuple[int, float]]]:
    """Return from when to when payments of crimes waited, by payer."""
    guilty = guilty_payments(played)
    ended = {one.payment: one.at_us for one in played.happened if isinstance(one, WaitEnded)}
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for one in played.happened:
        if isinstance(one, Judged) and one.payment in guilty and one.until_us > one.at_us:
            found[one.payer].append((one.at_us, ended.get(one.payment, inf)))
    return found


def late_of(appeals: Sequence[FiledAppeal], clock_us: int) -> tuple[int, ...]:
    """Return the accounts of holders of whom something was held beyond the clock, each once, ascending."""
    return tuple(sorted({one.account for one in appeals if not one.is_in_time(clock_us)}))


__all__ = ["FiledAppeal", "appeals_of", "late_of"]
