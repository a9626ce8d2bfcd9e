"""What the stream answers: decided batches, payments that wait, and how these end. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.watch.decision import Action, Ground
from recoup.watch.rules.rule import digest_of
from recoup.watch.state import Outcome
from recoup.watch.stolen import Held, Measure, StolenFlow, Tiding, Verdict
from recoup.watch.stream.arrays import DECIDED, NEVER_US

Rows = npt.NDArray[np.void]
Matrix = npt.NDArray[np.float64]


class How(StrEnum):
    """How a payment that waited ended."""

    RELEASED = "released"
    """A person let it go on."""
    LAPSED = "lapsed"
    """Its delay or hold was over: it went on by itself."""
    CANCELLED = "cancelled"
    """The payer took it back."""
    STOPPED = "stopped"
    """It was to go on, and an order or a measure binds the payer by now."""
    NOT_BOOKED = "not_booked"
    """It was to go on, and can no longer be booked: `problem` says why."""
    NOT_WAITING = "not_waiting"
    """Nothing waits under this number: nothing was done."""


class Bound(NamedTuple):
    """What binds a payment's payer."""

    kind: str
    """`order`: of a case, of the centre; `caught`: stolen money of a case, and no order for it yet; `measure`."""
    about: str
    """The case, or the measure's id."""


class Ended(NamedTuple):
    """What became of a payment that waited."""

    number: int
    how: How
    time_us: int
    problem: Outcome = Outcome.BOOKED
    row: int = -1
    before: int = 0
    """Place in its batch of the payment before which it ended."""
    bound_by: tuple[Bound, ...] = ()
    """What stopped it then, in the order of cases, a measure last; told to whoever asks, no part of the log."""

    @classmethod
    def stopped(
        cls,
        one: Waiting,
        time_us: int,
        flow: StolenFlow,
        verdict: Verdict,
        measure: Measure | None,
    ) -> Ended:
        """Return the end of a payment that is not let out: by what is held in its payer's pocket, by a measure, or by both."""
        held = {} if verdict.is_allowed else flow.bindings.get(one.payer, {})
        by = [
            Bound("order" if binding.ordered else "caught", case)
            for case, binding in sorted(held.items())
        ]
        if measure is not None:
            by.append(Bound("measure", measure.id))
        assert by, "nothing else stops a payment that waited"
        return cls(one.number, How.STOPPED, time_us, bound_by=tuple(by))


class Passed(NamedTuple):
    """What happened while time passed."""

    ended: tuple[Ended, ...]
    told: tuple[Tiding, ...]
    outcome: Outcome = Outcome.BOOKED
    """TIME_LATE or TIME_AHEAD: the time does not fit, and nothing was done."""


class Waiting(NamedTuple):
    """A payment that waits: nothing of it is booked."""

    number: int
    payer: int
    payee: int
    amount: int
    kind: int
    expires_us: int
    is_measured: bool = False
    """It waits under a measure of its payer's account."""
    is_at_counter: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """What decisions rest on."""

    model: str
    """Digest; "" without one."""
    rules: str
    policy: str
    features: str

    @property
    def digest(self) -> str:
        """SHA-256 of all four."""
        return digest_of([self.model, self.rules, self.policy, self.features])


class Decided(NamedTuple):
    """What was decided of a batch: one row of `rows` (DECIDED) a payment."""

    first: int
    """Number of the first payment."""
    rows: Rows
    fired: npt.NDArray[np.int8]
    """[n, R]: NO, FIRES, UNKNOWN of every rule; -1: it fires, and a snooze keeps it quiet."""
    kept: Matrix
    """Features of the payments that are not allowed, at `rows["kept"]`."""
    ended: tuple[Ended, ...]
    """Payments that had waited and went on meanwhile, in order."""
    told: tuple[Tiding, ...]
    """What happened to stolen money and to holds, in order: for the centre."""
    caught: Mapping[int, tuple[Held, ...]]
    """By place in the batch: what was caught because of that payment."""
    measured: Mapping[int, Measure]
    """By place in the batch: the measure that did not let that payment out."""


@dataclass(slots=True)
class Writing:
    """What is written while a batch is decided."""

    raw: npt.NDArray[np.uint8]
    """The memory of `rows`."""
    rows: Rows
    fired: npt.NDArray[np.int8]
    kept: Matrix
    own: npt.NDArray[np.int64]
    """Where payments and all this lie, as the loop wants it."""
    told: list[Tiding] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    caught: dict[int, tuple[Held, ...]] = field(default_factory=dict)
    measured: dict[int, Measure] = field(default_factory=dict)

    def decided(self, first: int, kept: int) -> Decided:
        """Return what was decided, as numbers from `first` on; of so many payments the features were kept."""
        told, ended, features = tuple(self.told), tuple(self.ended), self.kept[:kept].copy()
        return Decided(
            *(first, self.rows, self.fired, features, ended, told, self.caught, self.measured)
        )

    def refuse(self, at: int, ground: Ground) -> None:
        """Write that a payment is refused without being scored."""
        row = self.rows[at]
        for name, value in (("score", np.nan), ("chance", np.nan), ("digest", 0), ("kept", -1)):
            row[name] = value
        row["row"] = row["rule"] = -1
        row["pad"] = 0
        row["problem"] = row["would"] = row["withheld"] = row["asked"] = 0
        row["action"], row["ground"], row["expires_us"] = Action.REFUSE, ground, NEVER_US
        self.fired[at] = 0

    @classmethod
    def empty(cls) -> Writing:
        """Return what calls without payments write into."""
        return cls(
            np.empty(0, np.uint8),
            np.empty(0, DECIDED),
            np.empty((0, 0), np.int8),
            np.empty((0, 0)),
            np.empty(0, np.int64),
        )


__all__ = [
    "Bound",
    "Decided",
    "Ended",
    "How",
    "Matrix",
    "Passed",
    "Rows",
    "Versions",
    "Waiting",
    "Writing",
]
