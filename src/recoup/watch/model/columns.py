"""Which features a model reads, in which order, and what they mean: names and a digest. Computes no feature."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec


class FeatureRow(Protocol):
    """A row of a catalogue of features, as far as a model must know it."""

    @property
    def name(self) -> str:
        """The feature's name."""

    @property
    def meaning(self) -> str:
        """What it says, in words that follow "because"."""

    @property
    def unit(self) -> str:
        """One of count, minor, seconds, ratio, flag, score."""

    @property
    def window(self) -> int | None:
        """Seconds that it looks back; None for all."""

    @property
    def side(self) -> str:
        """One of payer, payee, pair, payment."""

    @property
    def cost(self) -> str:
        """One of record, window, graph."""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The columns of a matrix of features: two sets are the same if their digests are."""

    names: tuple[str, ...]
    digest: str


def feature_set(features: Iterable[FeatureRow]) -> FeatureSet:
    """Return the set of a catalogue's rows; its digest is of name, unit, window and side, not of the words."""
    rows = tuple(features)
    said = [[str(row.name), str(row.unit), row.window, str(row.side)] for row in rows]
    digest = hashlib.sha256(msgspec.json.encode(said)).hexdigest()
    return FeatureSet(tuple(row.name for row in rows), digest)


def named_features(names: Iterable[str]) -> FeatureSet:
    """Return a set of columns of which only the names are known."""
    columns = tuple(names)
    return FeatureSet(columns, hashlib.sha256(msgspec.json.encode(columns)).hexdigest())
