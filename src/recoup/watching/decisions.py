"""The decisions of one batch: made one by one when they are asked for, or as a table. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.records.tables import ColumnType, schema_of
from recoup.watch.decision import Action, Decision, Ground, Problem, Withheld, input_cause
from recoup.watch.rules import FIRES, Mode
from recoup.watch.stolen import Held, Tiding
from recoup.watch.stream import NEVER_US, Decided, Ended, Stream
from recoup.watching.asked import Wrong
from recoup.watching.columns import Columns
from recoup.watching.known import Contents, Known
from recoup.watching.reasons import causes_of


class EndedPayment(NamedTuple):
    """What became of a payment that waited, by its id."""

    id: str
    ended: Ended


class Endings(tuple[EndedPayment, ...]):  # noqa: SLOT001 - a tuple has no room for a slot
    """What became of payments that waited, in order, and what that did to stolen money.

    >>> Endings() == () and Endings().told == ()
    True
    """

    told: tuple[Tiding, ...] = ()
    """For the centre, in order."""

    @classmethod
    def of(cls, ended: tuple[EndedPayment, ...], told: tuple[Tiding, ...]) -> Endings:
        """Return both together."""
        found = cls(ended)
        found.told = told
        return found


@dataclass
class Decisions(Sequence[Decision]):
    """The decisions of one batch, in its order; each is made when it is asked for.

    `actions` and `chances` are arrays; `frame` is a table of all.
    """

    ids: Sequence[object]
    ended: tuple[EndedPayment, ...]
    """Payments that had waited and went on meanwhile."""
    told: tuple[Tiding, ...]
    """What happened to stolen money and to holds: for the centre."""
    stream: Stream
    found: Decided
    """Of those that were decided."""
    plan: Sequence[int | Wrong | Known]
    """By payment: its place among those decided, why it is none, or the first answer."""
    contents: Columns | Contents
    """What was asked, of those that were decided."""
    sides: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None = None
    """Pockets of payers and of payees, of those that were decided; None: they are found by name."""
    _made: dict[int, Decision] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, at: int) -> Decision:  # type: ignore[override]
        """Return one decision."""
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        if at not in self._made:
            self._made[at] = self._make(at)
        return self._made[at]

    def __iter__(self) -> Iterator[Decision]:
        return (self[at] for at in range(len(self)))

    @property
    def actions(self) -> tuple[Action, ...]:
        """By payment."""
        return tuple(Action(self.action_of(at)) for at in range(len(self)))

    def action_of(self, at: int) -> int:
        """Return the action of one payment as a number, without making its decision."""
        place = self.plan[at]
        if isinstance(place, Known):
            return place.decisions.action_of(place.place)
        return (
            int(Action.REFUSE)
            if isinstance(place, Wrong)
            else int(self.found.rows["action"][place])
        )

    def decided_at(self, at: int) -> int:
        """Return the place among those that were decided of one that was."""
        place = self.plan[at]
        assert isinstance(place, int), "it was decided"
        return place

    def place_of(self, at: int) -> int | None:
        """Return the place of a payment among those that were decided; None for a repeat and for what is no payment."""
        place = self.plan[at]
        return place if isinstance(place, int) else None

    def caught(self, at: int) -> tuple[Held, ...]:
        """Return what stolen money was caught because of one payment."""
        place = self.plan[at]
        return self.found.caught.get(place, ()) if isinstance(place, int) else ()

    def frame(self) -> pl.DataFrame:
        """Return a table with the columns of `FRAME`, one row a payment."""
        rows = [
            {
                "id": one.id,
                "decision": one.action.name.lower(),
                "ground": one.ground.name.lower(),
                "problem": one.problem.name.lower() if one.problem else "",
                "raw": one.score,
                "chance": one.chance,
                "would": one.would.name.lower(),
                "withheld": one.withheld.name.lower() if one.withheld else "",
                "rules": list(one.rules),
                "rules_shadow": list(one.rules_shadow),
                "expires_us": one.expires_us,
                "reasons": [cause.english for cause in one.causes],
                "reasons_zh": [cause.chinese for cause in one.causes],
                "features_digest": one.features_digest,
                "versions": one.versions,
            }
            for one in self
        ]
        return pl.DataFrame(rows, FRAME)

    def _make(self, at: int) -> Decision:
        place = self.plan[at]
        if isinstance(place, Known):
            return replace(place.decisions[place.place], is_repeat=True)
        versions = self.stream.versions.digest
        if isinstance(place, Wrong):
            said = self.ids[at]
            cause = input_cause(place.problem)
            return Decision(
                said if isinstance(said, str) else "",
                *(Action.REFUSE, Ground.INPUT, (cause,), None, place.problem, place.field),
                versions=versions,
            )
        return decision_of(str(self.ids[at]), self.stream, self.found, place, versions)


_LIST: Final[ColumnType] = pl.List(pl.String)
FRAME: Final = schema_of(
    {
        "id": pl.String,
        "decision": pl.String,
        "ground": pl.String,
        "problem": pl.String,
        "raw": pl.Float64,
        "chance": pl.Float64,
        "would": pl.String,
        "withheld": pl.String,
        "rules": _LIST,
        "rules_shadow": _LIST,
        "expires_us": pl.Int64,
        "reasons": _LIST,
        "reasons_zh": _LIST,
        "features_digest": pl.String,
        "versions": pl.String,
    }
)


def rules_that_fired(stream: Stream, found: Decided, at: int) -> tuple[list[str], list[str]]:
    """Return the rules that fired on one payment: live ones, and those in shadow."""
    names: dict[Mode, list[str]] = {Mode.LIVE: [], Mode.SHADOW: []}
    for j in np.flatnonzero(found.fired[at] == FIRES).tolist():
        rule = stream.rules.rules[j]
        names[rule.mode].append(rule.id)
    return names[Mode.LIVE], names[Mode.SHADOW]


def decision_of(id_: str, stream: Stream, found: Decided, at: int, versions: str) -> Decision:
    row = found.rows[at]
    score, chance, expires = float(row["score"]), float(row["chance"]), int(row["expires_us"])
    live, shadow = rules_that_fired(stream, found, at)
    return Decision(
        id_,
        Action(int(row["action"])),
        Ground(int(row["ground"])),
        causes_of(stream, found, at),
        None if expires == NEVER_US else expires,
        Problem(int(row["problem"])),
        "",
        None if score != score else score,  # noqa: PLR0124 - not a number: not scored
        None if chance != chance else chance,  # noqa: PLR0124
        tuple(live),
        tuple(shadow),
        Action(int(row["would"])),
        Withheld(int(row["withheld"])),
        f"{int(row['digest']):016x}" if row["digest"] else "",
        versions,
    )


__all__ = ["FRAME", "Decisions", "EndedPayment", "Endings", "rules_that_fired"]
