"""The course of claims' money under one rule: what the chase reads of a trail, as plain rows without frames.

A course says where claims' money lies or left and by which transfers it came; a trail says besides what bounds it and what it
rests on. `course_of` reads it off a trail; `short_way` finds the same without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from recoup.trace.trail import Trail


class Lies(NamedTuple):
    """Money of a claim in an account: located in one whose statement is known, else unknown there."""

    claim: str
    account: str
    currency: str
    amount: int
    since: datetime
    """Earliest money still there."""
    inferred: int
    """Part of the amount that rests on a bridge."""


class Left(NamedTuple):
    """Money of a claim that left what can be traced."""

    claim: str
    transfer: str
    account: str
    currency: str
    kind: str
    amount: int
    inferred: int


class Carried(NamedTuple):
    """How much of a claim a transfer carried."""

    claim: str
    transfer: str
    depth: int
    amount: int
    inferred: int


class Lost(NamedTuple):
    """What a claim lost in one currency, conversions included."""

    claim: str
    currency: str
    amount: int


class Moved(NamedTuple):
    """A transfer that carried claims' money or by which it left."""

    id: str
    payer: str
    payee: str
    currency: str
    amount: int
    time: datetime
    reference: str
    payee_institution: str


@dataclass(frozen=True, slots=True)
class Course:
    """Where claims' money went."""

    located: tuple[Lies, ...]
    """By claim, account, currency; and so `unknown`."""
    unknown: tuple[Lies, ...]
    exits: tuple[Left, ...]
    """By claim, transfer, currency, kind."""
    flows: tuple[Carried, ...]
    """By claim, then transfers in total order."""
    losses: tuple[Lost, ...]
    """By claim and currency."""
    hops: Mapping[str, int]
    """Fewest hops by account that money left or reached, accounts sorted; of an account's currencies the one with most."""
    moved: Mapping[str, Moved]
    """By id, in total order."""
    known: frozenset[str]
    """Accounts whose statement was given."""


def course_of(trail: Trail) -> Course:
    """Return the course that a trail of one rule shows."""
    keys = ["claim", "account", "currency"]
    lying = ["claim", "account", "currency", "amount", "since", "inferred"]
    carrying = ["claim", "transfer", "depth", "amount", "inferred"]
    left = [name for name in Left._fields if name in trail.exits.columns]
    passed = pl.concat([trail.flows["transfer"], trail.exits["transfer"]]).unique().implode()
    moved = trail.dossier.transfers.filter(pl.col("id").is_in(passed)).select(Moved._fields)
    return Course(
        located=tuple(map(Lies._make, trail.positions.sort(keys).select(lying).iter_rows())),
        unknown=tuple(map(Lies._make, trail.unknown.sort(keys).select(lying).iter_rows())),
        exits=tuple(
            map(
                Left._make,
                trail.exits.sort("claim", "transfer", "currency", "kind").select(left).iter_rows(),
            )
        ),
        flows=tuple(map(Carried._make, trail.flows.select(carrying).iter_rows())),
        losses=tuple(
            map(
                Lost._make,
                trail.summary.sort("claim", "currency")
                .select("claim", "currency", "loss")
                .iter_rows(),
            )
        ),
        hops=dict(sorted(dict(trail.accounts.select("account", "depth").iter_rows()).items())),
        moved={row[0]: Moved._make(row) for row in moved.iter_rows()},
        known=trail.dossier.known or frozenset(),
    )


__all__ = ["Carried", "Course", "Left", "Lies", "Lost", "Moved", "course_of"]
