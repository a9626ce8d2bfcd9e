"""The two limits: what could be kept of each reported fraud's money if nothing stood in the way but time.

`instant`: at the report every unit that is inside, which is with criminals, stays where it is. `latency_bound`: the account
that the victim paid to can be stopped one answer time after the report was entered, and each account that its statement then
names one answer time after that; a unit is kept where it lies, or arrives later, once its account can be stopped. A unit that
nobody could keep goes the way that it went in the play of `none`. Each fraud stands for itself: the law lets an order ask for
no more than this fraud's own loss, and so no bound counts what another case would have kept by the way.

Invariants: 1. instant >= latency_bound >= 0, fraud by fraud; 2. kept + left <= loss; 3. whole minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from recoup.rehearse.country import Country, Fraud, answer_seconds
from recoup.rehearse.limits.axes import Axes, axes_of
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.played import Played

SECOND_US = 1_000_000


@dataclass(slots=True)
class Bounded:
    """What could be kept of one fraud; minor units, microseconds."""

    fraud: int
    loss: int = 0
    kept: int = 0
    left: int = 0
    """Went outside, to somebody in good faith, or into another victim's payment, before its account could be stopped."""
    kept_on: dict[int, int] = field(default_factory=dict)
    """By account, what is kept there."""
    stop_us: dict[int, int] = field(default_factory=dict)
    """When each account that could be known in time can be stopped."""
    hop: dict[int, int] = field(default_factory=dict)
    """Hops from the account that the victim paid to, on the way that is known first."""
    hop_us: list[int] = field(default_factory=list)
    """Answer times of accounts beyond the first, in the order of being known."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Both limits, by fraud, of reported frauds only."""

    instant: Mapping[int, Bounded]
    latency_bound: Mapping[int, Bounded]


def limits_of(played: Played) -> Limits:
    """Return the limits of a country from its play of `none`."""
    axes = axes_of(played)
    reported = {
        one.fraud: one.at_us for one in reversed(played.happened) if isinstance(one, Reported)
    }
    paid = _paid(played)
    roots = {row for rows in paid.values() for row in rows}
    frauds = [one for one in played.country.frauds if one.number in reported]
    race = _Race(axes, played.country, roots)
    return Limits(
        {
            one.number: race.run(one, reported[one.number], paid[one.number], at_once=True)
            for one in frauds
        },
        {
            one.number: race.run(one, reported[one.number], paid[one.number], at_once=False)
            for one in frauds
        },
    )


def _paid(played: Played) -> dict[int, list[int]]:
    """Return by fraud the places of its booked instalments in the ledger."""
    ledger = played.ledger.with_row_index("at").filter(played.ledger["instalment"] >= 0)
    out: dict[int, list[int]] = {one.number: [] for one in played.country.frauds}
    for at, fraud in ledger.select("at", "fraud").iter_rows():
        out[fraud].append(at)
    return out


@dataclass(frozen=True, slots=True)
class _Race:
    axes: Axes
    country: Country
    roots: set[int]

    def run(self, fraud: Fraud, entered_us: int, rows: Sequence[int], *, at_once: bool) -> Bounded:
        """Follow one fraud's units, in booking order, until each is kept or has left.

        A row only ever names an account to be stopped after its own time, so that what a later row names cannot save what
        an earlier one carried on: one pass in booking order is exact.
        """
        axes, out = self.axes, Bounded(fraud.number)
        # (row that carries the lot's first unit on, account, first place, place after the last)
        lots: list[tuple[int, int, int, int]] = []
        for row in rows:
            if axes.time_us[row] > entered_us:
                continue
            amount, payee = int(axes.amount[row]), int(axes.payee[row])
            out.loss += amount
            known_us = entered_us + (0 if at_once else self._answer_us(payee))
            self._know(out, payee, known_us, 0)
            self._lie(lots, out, payee, int(axes.in_at[row]), amount)
        while lots:
            row, account, first, after = heappop(lots)
            stop_us = out.stop_us.get(account, entered_us if at_once else 0)
            if axes.time_us[row] >= stop_us:
                _keep(out, account, after - first)
                continue
            end = min(after, int(axes.out_at[row] + axes.amount[row]))
            if end < after:
                self._lie(lots, out, account, end, after - end)
            self._carry(lots, out, row, first, end - first, at_once=at_once)
        assert out.kept + out.left == out.loss, f"money not conserved: {out}"
        return out

    def _carry(
        self,
        lots: list[tuple[int, int, int, int]],
        out: Bounded,
        row: int,
        first: int,
        amount: int,
        *,
        at_once: bool,
    ) -> None:
        """Move units from the row's payer to its payee, which the payer's statement names when it comes."""
        axes = self.axes
        payer, payee = int(axes.payer[row]), int(axes.payee[row])
        if axes.ends[payee] or row in self.roots:
            out.left += amount
            return
        if not at_once:
            took_us = self._answer_us(payee)
            known_us = out.stop_us[payer] + took_us
            if self._know(out, payee, known_us, out.hop[payer] + 1):
                out.hop_us.append(took_us)
        self._lie(lots, out, payee, int(axes.in_at[row] + first - axes.out_at[row]), amount)

    def _lie(
        self,
        lots: list[tuple[int, int, int, int]],
        out: Bounded,
        account: int,
        at: int,
        amount: int,
    ) -> None:
        """Let units lie on an account from a place on; those that never move on are kept."""
        if self.axes.ends[account]:
            out.left += amount
            return
        row = self.axes.leaves(account, at)
        if row < 0:
            _keep(out, account, amount)
        else:
            heappush(lots, (row, account, at, at + amount))

    def _know(self, out: Bounded, account: int, stop_us: int, hop: int) -> bool:
        """Note when an account can be stopped; return whether it was not known before."""
        is_new = account not in out.stop_us
        if is_new or stop_us < out.stop_us[account]:
            out.stop_us[account], out.hop[account] = stop_us, hop
        return is_new

    def _answer_us(self, account: int) -> int:
        institution = int(self.country.accounts.institution[account])
        return round(answer_seconds(self.country, institution, account) * SECOND_US)


def _keep(out: Bounded, account: int, amount: int) -> None:
    out.kept += amount
    out.kept_on[account] = out.kept_on.get(account, 0) + amount


__all__ = ["Bounded", "Limits", "limits_of"]
