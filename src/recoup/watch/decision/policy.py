"""The policy of decisions as data: what friction costs, how sure one must be, budgets, caps. Text comes in; no figure is here.

Every figure has a source and a standing (*known*: its source was read; *assumed*: ours). The model acts only where a second
person approved the digest of what the first wrote, model included; else it is in shadow: worked out, counted, nothing done.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import RuleFault, RuleProblem
from recoup.money import ISO_DIGITS, AmountError, Digits, parse_minor
from recoup.watch.decision.decision import Action
from recoup.watch.rules.limits import RULE_PROBLEMS_MAX, RULE_SET_BYTES_MAX
from recoup.watch.rules.rule import Mode, Standing, digest_of
from recoup.watch.rules.table import Table

_ASKED: Final = (Action.WARN, Action.DELAY, Action.HOLD, Action.REFUSE)
_PRICES: Final = ("least", "most")
NEVER: Final = 2.0
"""A chance that no payment has: the model never asks for that action."""
SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and where it comes from."""

    value: float
    source: str
    standing: Standing


class Terms(NamedTuple):
    """The policy as kernels read it; five actions, c currencies."""

    chance_min: npt.NDArray[np.float64]  # (5,)
    saved_share: npt.NDArray[np.float64]  # (5,)
    friction: npt.NDArray[np.float64]  # (c, 5, 3); NaN: the model does not act in this currency
    # Of ALLOW: what an alert is to save, at least, on an empty and on a full budget; NaN: anything. Last, how much of a
    # payment that waits may be expected to be an innocent's; NaN: any sum.
    wait_us: npt.NDArray[np.int64]  # (5,)
    alerts_per_day: float
    innocents_share: float
    innocents_most: float
    day_offset_us: int
    is_live: bool


@dataclass(frozen=True)
class Policy:
    """A policy. Make one with `load_policy`."""

    id: str
    version: int
    figures: dict[str, Figure]
    """By name, as `delay.chance_min`; those of money by currency, as `CNY.delay.innocent`, in minor units."""
    currencies: tuple[str, ...]
    author: str
    mode: Mode = Mode.SHADOW
    approver: str = ""
    approved: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what the policy does; not of mode and approval."""
        rows = sorted([n, f.value, f.source, f.standing] for n, f in self.figures.items())
        return digest_of([self.id, self.version, rows, list(self.currencies), self.author])

    def to_approve(self, model: str) -> str:
        """Return what the second person states: the digest of this policy with that model."""
        return digest_of([self.digest, model])

    def is_live(self, model: str) -> bool:
        """Return whether two persons switched the model on, and it is this one."""
        return (
            self.mode is Mode.LIVE
            and bool(self.approver)
            and self.approver != self.author
            and self.approved == self.to_approve(model)
        )

    def of(self, name: str) -> float:
        """Return a figure."""
        return self.figures[name].value

    def terms(self, currencies: tuple[str, ...], model: str) -> Terms:
        """Return what kernels read, for payments whose currency is a place in `currencies`."""
        chance, saved = np.full(5, NEVER), np.zeros(5)
        friction = np.full((max(1, len(currencies)), 5, 3), np.nan)
        wait = np.zeros(5, np.int64)
        for place, currency in enumerate(currencies):
            if f"{currency}.alert.least" in self.figures:
                friction[place, Action.ALLOW, :2] = [
                    self.of(f"{currency}.alert.{part}") for part in _PRICES
                ]
            if f"{currency}.wait.innocent" in self.figures:
                friction[place, Action.ALLOW, 2] = self.of(f"{currency}.wait.innocent")
        for action in _ASKED:
            name = action.name.lower()
            chance[action] = self.of(f"{name}.chance_min")
            saved[action] = self.of(f"{name}.saved_share")
            if action in (Action.DELAY, Action.HOLD):
                wait[action] = round(self.of(f"{name}.seconds")) * SECOND
            for place, currency in enumerate(currencies):
                if currency in self.currencies:
                    friction[place, action] = [
                        self.of(f"{currency}.{name}.{part}")
                        for part in ("handling", "innocent", "innocent_share")
                    ]
        return Terms(
            *(chance, saved, friction, wait),
            *(self.of("alerts_per_day"), self.of("innocents_share"), self.of("innocents_most")),
            round(self.of("day_offset_seconds")) * SECOND,
            self.is_live(model),
        )


NO_TERMS: Final = Terms(
    *(np.full(5, NEVER), np.zeros(5), np.full((1, 5, 3), np.nan), np.zeros(5, np.int64)),
    *(0.0, 0.0, 0.0, 0),
    is_live=False,
)
"""Nothing is asked by a model."""


def load_policy(text: str, digits: Digits = ISO_DIGITS) -> Policy:
    """Return the policy of a TOML text; raise `RuleFault` with every problem, and nothing else."""
    problems: list[RuleProblem] = []
    table = Table(_toml(text), "", problems)
    figures: dict[str, Figure] = {}
    currencies = table.texts("currencies", limits.POLICY_CURRENCIES_MAX)
    for name in ("alerts_per_day", "innocents_share", "innocents_most", "day_offset_seconds"):
        figures[name] = _figure(table, name, problems, _RANGES[name])
    for action in _ASKED:
        name = action.name.lower()
        inside = Table(table.raw(name), "", problems, name)
        parts = ["chance_min", "saved_share"]
        if action in (Action.DELAY, Action.HOLD):
            parts += ["seconds", "seconds_max"]
        for part in parts:
            figures[f"{name}.{part}"] = _figure(inside, part, problems, _RANGES[part])
        if "seconds" in parts:
            _capped(table, figures, name)
        for currency in currencies:
            costs = Table(inside.raw(currency), "", problems, f"{name}.{currency}")
            _friction(costs, currency, f"{currency}.{name}", figures, digits)
        inside.close()
    _prices(table, currencies, figures, digits, problems)
    _ceilings(table, currencies, figures, digits, problems)
    policy = Policy(
        id=table.id("id"),
        version=table.whole("version", default=1, low=1),
        figures=figures,
        currencies=currencies,
        author=table.id("author"),
        mode=table.choice("mode", Mode, Mode.SHADOW),
        approver=table.id("approver", is_needed=False),
        approved=table.text("approved", is_needed=False),
    )
    if policy.mode is Mode.LIVE and policy.approver in ("", policy.author):
        message = "expected a second person who approved, since the model is to be live"
        table.wrong("approver", "approver_missing", message)
    table.close()
    if problems:
        raise RuleFault(problems[:RULE_PROBLEMS_MAX])
    return policy


_DAY: Final = 86_400.0
_RANGES: Final = {
    "alerts_per_day": (0.0, 1e9),
    "innocents_share": (0.0, 1.0),
    "innocents_most": (0.0, 1e9),
    "day_offset_seconds": (-_DAY, _DAY),
    "chance_min": (0.0, NEVER),
    "saved_share": (0.0, 1.0),
    "seconds": (1.0, 366 * _DAY),
    "seconds_max": (1.0, 366 * _DAY),
    "innocent_share": (0.0, 1.0),
}


def _toml(text: str) -> object:
    if len(text.encode("utf-8", "surrogatepass")) > RULE_SET_BYTES_MAX:
        found = f"expected at most {RULE_SET_BYTES_MAX} bytes"
        raise RuleFault([RuleProblem("", "", 0, 0, "too_long", found)])
    try:
        return tomllib.loads(text)
    except (RecursionError, ValueError) as error:
        found = f"expected TOML: {error}"
        raise RuleFault([RuleProblem("", "", 0, 0, "not_toml", found)]) from error


def _figure(
    table: Table, name: str, problems: list[RuleProblem], range_: tuple[float, float]
) -> Figure:
    """Return a figure written as { value = ..., source = ..., standing = ... }."""
    inside = Table(table.raw(name), "", problems, name)
    value, (low, high) = inside.raw("value"), range_
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        inside.wrong("value", "field_type", f"expected a number from {low:g} to {high:g}")
        value = low
    found = Figure(float(value), inside.text("source"), inside.choice("standing", Standing))
    inside.close()
    return found


def _capped(table: Table, figures: dict[str, Figure], name: str) -> None:
    if figures[f"{name}.seconds"].value > figures[f"{name}.seconds_max"].value:
        message = "expected at most what seconds_max, the cap by law, allows"
        table.wrong(f"{name}.seconds", "over_cap", message)


def _prices(
    table: Table,
    currencies: tuple[str, ...],
    figures: dict[str, Figure],
    digits: Digits,
    problems: list[RuleProblem],
) -> None:
    """Read what an alert is to save, where a policy says it: more and more, as the day's alerts are used up."""
    given = table.raw("alert")
    if given is None:
        return
    inside = Table(given, "", problems, "alert")
    for currency in currencies:
        row = Table(inside.raw(currency), "", problems, f"alert.{currency}")
        source, standing = row.text("source"), row.choice("standing", Standing)
        values = [_money(row, part, currency, digits) for part in _PRICES]
        if not 0 < values[0] <= values[1]:
            row.wrong("least", "field_type", "expected more than nothing, and at most `most`")
        for part, value in zip(_PRICES, values, strict=True):
            figures[f"{currency}.alert.{part}"] = Figure(float(value), source, standing)
        row.close()
    inside.close()


def _ceilings(
    table: Table,
    currencies: tuple[str, ...],
    figures: dict[str, Figure],
    digits: Digits,
    problems: list[RuleProblem],
) -> None:
    """Read, where a policy says it, how much of one payment that waits may be expected to be an innocent's."""
    given = table.raw("wait")
    if given is None:
        return
    inside = Table(given, "", problems, "wait")
    for currency in currencies:
        row = Table(inside.raw(currency), "", problems, f"wait.{currency}")
        source, standing = row.text("source"), row.choice("standing", Standing)
        value = _money(row, "innocent", currency, digits)
        figures[f"{currency}.wait.innocent"] = Figure(float(value), source, standing)
        row.close()
    inside.close()


def _money(costs: Table, part: str, currency: str, digits: Digits) -> int:
    """Return an amount written as text, in minor units; what is none is a problem, and -1."""
    try:
        value = parse_minor(costs.text(part), digits.of(currency))
    except (AmountError, KeyError):
        value = -1
    if value < 0:
        costs.wrong(part, "field_type", "expected money as text, as 2.50")
    return value


def _friction(
    costs: Table, currency: str, place: str, figures: dict[str, Figure], digits: Digits
) -> None:
    """Read what an action costs in a currency: money as decimal text."""
    source, standing = costs.text("source"), costs.choice("standing", Standing)
    for part in ("handling", "innocent"):
        value = _money(costs, part, currency, digits)
        figures[f"{place}.{part}"] = Figure(float(value), source, standing)
    share = costs.raw("innocent_share")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        costs.wrong("innocent_share", "field_type", "expected a number from 0 to 1")
        share = 0.0
    figures[f"{place}.innocent_share"] = Figure(float(share), source, standing)
    costs.close()


__all__ = ["NEVER", "NO_TERMS", "Figure", "Policy", "Terms", "load_policy"]
