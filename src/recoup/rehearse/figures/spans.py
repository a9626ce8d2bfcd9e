"""What was held, as spans: one per hold and unit of its height, from an instant until another. Values of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recoup.rehearse.play.happened import Happened, HeldNow, Returned, Stopper


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a hold that was there without a break; minor units, microseconds of UTC."""

    hold: int
    """Place in `Holds.holds`."""
    amount: int
    since_us: int
    until_us: int | None
    """First instant at which it is not there any more; None: to the end."""


@dataclass(slots=True)
class Hold:
    """All that is kept on one account for one cause."""

    stopper: Stopper
    cause: str
    account: int
    fraud: int
    most: int = 0
    frozen_most: int = 0
    """The most that it held for longer than a stop."""
    frozen_in_all: int = 0
    """The most that it held so and had paid back to victims before: what comes in after a payment back is frozen as well."""
    begun_us: int = 0
    ended_us: int | None = None
    at_end: int = 0


@dataclass(frozen=True, slots=True)
class Holds:
    """Every hold of a play and its spans, in order of beginning."""

    holds: Sequence[Hold]
    spans: Sequence[Span]


def holds_of(happened: Iterable[Happened]) -> Holds:
    """Return the holds of a play.

    A hold that rises gets one more span, one that falls loses its latest: money that was kept all the time is in one span.
    """
    places: dict[tuple[Stopper, str, int], int] = {}
    holds: list[Hold] = []
    open_spans: list[list[tuple[int, int]]] = []
    spans: list[Span] = []
    happened = tuple(happened)
    changes = [one for one in happened if isinstance(one, HeldNow)]
    returned = _returned(happened)
    causes: dict[tuple[int, int], set[str]] = {}
    for one in changes:
        if one.is_frozen:
            causes.setdefault((one.fraud, one.account), set()).add(one.cause)
    for one in changes:
        key = (one.stopper, one.cause, one.account)
        if key not in places:
            places[key] = len(holds)
            holds.append(Hold(one.stopper, one.cause, one.account, one.fraud, begun_us=one.at_us))
            open_spans.append([])
        at = places[key]
        hold, stack = holds[at], open_spans[at]
        _change(spans, stack, at, one.held - hold.at_end, one.at_us)
        hold.at_end = one.held
        hold.most = max(hold.most, one.held)
        hold.ended_us = one.at_us if one.held == 0 else None
        if one.is_frozen:
            hold.frozen_most = max(hold.frozen_most, one.held)
            of = one.fraud, one.account
            # Of several causes nobody says which one was paid back: then each counts what it held.
            back = returned.get(of, ()) if len(causes[of]) == 1 else ()
            before = sum(amount for at_us, amount in back if at_us <= one.at_us)
            hold.frozen_in_all = max(hold.frozen_in_all, one.held + before)
    for at, stack in enumerate(open_spans):
        spans.extend(Span(at, amount, since, None) for amount, since in stack)
    return Holds(holds, sorted(spans, key=lambda span: (span.since_us, span.hold, span.amount)))


def _returned(happened: Iterable[Happened]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return by fraud and account when how much came back; the hold that is left is told of the same instant, and earlier."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for one in happened:
        if isinstance(one, Returned):
            found.setdefault((one.fraud, one.account), []).append((one.at_us, one.amount))
    return found


def _change(
    spans: list[Span], stack: list[tuple[int, int]], hold: int, by: int, at_us: int
) -> None:
    """Let a hold rise or fall; spans that end are written down unless they had no time."""
    if by > 0:
        stack.append((by, at_us))
    while by < 0:
        amount, since = stack.pop()
        gone = min(amount, -by)
        by += gone
        if since < at_us:
            spans.append(Span(hold, gone, since, at_us))
        if gone < amount:
            stack.append((amount - gone, since))


__all__ = ["Hold", "Holds", "Span", "holds_of"]
