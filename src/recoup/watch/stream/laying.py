"""Rules, model and lists laid out as the arrays that the loop reads. Makes arrays, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.errors import StateFault, StateProblem
from recoup.watch.columns import STREAM_FEATURES, columns_of
from recoup.watch.decision import Action
from recoup.watch.decision.policy import Terms
from recoup.watch.features import FEATURES, Feature
from recoup.watch.model import Model, Tree, feature_set, forest_of
from recoup.watch.model.blocks import blocks_of, room_of
from recoup.watch.model.calibration import Kind
from recoup.watch.model.lanes import LANES
from recoup.watch.patterns import Patterns
from recoup.watch.patterns.snapshots import empty_graph
from recoup.watch.rules import FIELDS, Mode, RuleSet, vocabulary
from recoup.watch.rules.limits import RULE_STACK_MAX
from recoup.watch.rules.program import Programs
from recoup.watch.state import NEVER, Outcome, Payments, Shard
from recoup.watch.state.kernels.stream import TIME_MAX
from recoup.watch.stolen import StolenFlow
from recoup.watch.stolen.rows import FlowRows
from recoup.watch.stream.answers import Writing
from recoup.watch.stream.arrays import (
    DECIDED,
    DUE,
    MARKS_COUNT,
    NEVER_US,
    ROOM,
    Brain,
    Desk,
    Given,
    Ruling,
    Weighing,
)
from recoup.watch.stream.kernels.handing import BATCH_WORDS, lay_batch, places_of
from recoup.watch.stream.zone import offsets_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LEAF: Final = Tree((), (), (), (), (), (), (0.0,), (1,))
NO_RULES: Final = RuleSet("none", "UTC", (22, 6), vocabulary(FEATURES), (), (), ())


_ROWS_AT_ONCE: Final = 1 << 16
_NO_RINGS: Final = empty_graph(0, 1)


def lay_columns(rules: RuleSet, model: Model | None) -> tuple[Feature, ...]:
    """Return what is read of every payment: features of the state, and those of patterns where model or rules know them.

    Raises `StateFault` or `ModelFault` for rules or a model of other features.
    """
    width = rules.names.features_count
    if width not in (len(FEATURES), len(STREAM_FEATURES)):
        raise StateFault(StateProblem.FEATURES_DIFFER, "rules of other features")
    if model is not None:
        own = columns_of(len(model.features.names))
        model.require(feature_set(own))
        width = max(width, len(own))
    return columns_of(width)


def lay_patterns(shard: Shard) -> Patterns:
    """Return the rings of a shard as its kept rows tell them: whole where no row was given up yet.

    What rows no longer tell is missing: counts since the beginning, and the first payment, begin with the oldest row.
    """
    patterns, rows, numbers = Patterns(max(1, shard.accounts)), shard.state.rows, shard.rows
    for begin in range(numbers.start, numbers.stop, _ROWS_AT_ONCE):
        places = np.arange(begin, min(begin + _ROWS_AT_ONCE, numbers.stop)) & (len(rows) - 1)
        some = rows[places]
        payer, payee = (np.maximum(some[side], -1) for side in ("payer", "payee"))  # elsewhere
        payments = Payments.of(some["time"], payer, payee, some["amount"])
        patterns.apply(payments, reads=False)
    return patterns


def lay_brain(model: Model | None) -> Brain:
    """Return a model as arrays; None: nothing is scored."""
    if model is None:
        none, forest = np.zeros(2), forest_of((_LEAF,), len(FEATURES))
        return Brain(forest, blocks_of(forest), none, none, np.zeros(2, np.int64))
    table = model.calibration
    knots = np.array(table.knots or (0.0,), np.float64)
    levels = np.array(table.levels, np.float64)
    said = np.array([table.kind is not Kind.ISOTONIC, 1], np.int64)
    return Brain(model.forest, blocks_of(model.forest), knots, levels, said)


def lay_weighing(terms: Terms) -> Weighing:
    """Return the policy as arrays."""
    budgets = (terms.alerts_per_day, terms.innocents_share, terms.innocents_most)
    return Weighing(
        *(np.ascontiguousarray(terms.chance_min), np.ascontiguousarray(terms.saved_share)),
        np.ascontiguousarray(terms.friction),
        np.ascontiguousarray(terms.wait_us),
        np.array(budgets, np.float64),
        np.array([terms.day_offset_us, terms.is_live], np.int64),
    )


def lay_ruling(
    rules: RuleSet,
    pockets: int,
    listed: Mapping[str, Sequence[int]],
    numbers: Mapping[str, Sequence[int]],
) -> Ruling:
    """Return what belongs to rules beside their programs.

    Args:
        rules: the set.
        pockets: how many pockets there are.
        listed: pockets by list; a list that is not given is unknown.
        numbers: pockets by account, for snoozes.
    """
    lists = rules.names.lists
    marks = np.zeros((len(lists), max(1, pockets)), np.uint8)
    for place, name in enumerate(lists):
        marks[place, np.array(list(listed.get(name, ())), np.int64)] = 1
    places = {rule.id: at for at, rule in enumerate(rules.rules)}
    snoozes = [
        (places[one.rule], number, microseconds(one.begins_at), microseconds(one.ends_at))
        for one in rules.snoozes
        for number in numbers.get(one.account, ())
    ]
    since, offset = offsets_of(rules.timezone)
    begins = [microseconds(rule.effective_from, -NEVER_US) for rule in rules.rules]
    ends = [microseconds(rule.effective_until, NEVER_US) for rule in rules.rules]
    return Ruling(
        np.array(begins, np.int64),
        np.array(ends, np.int64),
        np.array([rule.mode is Mode.LIVE for rule in rules.rules], np.uint8),
        np.array([Action[rule.action.name] for rule in rules.rules], np.uint8),
        since,
        offset,
        np.array(rules.night, np.int64),
        marks,
        np.array([name in listed for name in lists], np.uint8),
        np.array(snoozes, np.int64).reshape(-1, 4),
    )


def microseconds(at: datetime | None, default: int = 0) -> int:
    """Return an instant in microseconds UTC."""
    return default if at is None else (at - _EPOCH) // _MICROSECOND


def lay_desk(rules: RuleSet, brain: Brain, innocents: float, width: int) -> Desk:
    """Return room to work in, for rows of `width` features, and counters at their beginning."""
    room, facts = (
        room_of(brain.forest, brain.blocks, width),
        np.full((LANES, rules.names.facts_count), np.nan),
    )
    marks = np.zeros(MARKS_COUNT, np.int64)
    marks[DUE], marks[ROOM] = NEVER_US, limits.WATCH_WAITING_MAX
    return Desk(
        room,
        np.zeros(LANES, np.int64),
        room.rows.view(np.uint64),
        facts,
        facts.view(np.uint64),
        np.zeros(facts.shape[::-1]),
        np.empty(RULE_STACK_MAX),
        np.zeros((RULE_STACK_MAX, LANES)),
        np.zeros(LANES, np.int8),
        np.empty(2 * brain.forest.looked_at.size, np.uint16),
        np.array([-1.0, 0.0, innocents]),
        marks,
    )


def lay_writing(
    given: Given, count: int, rules_count: int, kept: npt.NDArray[np.float64]
) -> Writing:
    """Return what is written while so many payments are decided; `kept` is room for features."""
    raw, own = np.empty(count * DECIDED.itemsize, np.uint8), np.empty(BATCH_WORDS, np.int64)
    fired = np.empty((count, rules_count), np.int8)
    lay_batch(*given, raw, fired, kept, own)
    return Writing(raw, raw.view(DECIDED), fired, kept, own)


class Handed:
    """Where all lies that the loop reads beside state and payments, worked out anew only where some of it was replaced."""

    def __init__(self, brain: Brain, programs: Programs, weighing: Weighing, desk: Desk) -> None:
        """Keep what stays."""
        self._stays = (brain, programs, weighing, desk)
        self._wholes: tuple[object, object, object] = (None, None, None)
        self._at: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._place = 0

    def at(self, patterns: Patterns | None, rows: FlowRows, ruling: Ruling) -> int:
        """Return where it stands where the arrays lie; they are kept, else their memory were given back."""
        rings, flow = _NO_RINGS if patterns is None else patterns.graph, rows.stream
        before = self._wholes
        if rings is not before[0] or flow is not before[1] or ruling is not before[2]:
            brain, programs, weighing, desk = self._stays
            self._wholes = (rings, flow, ruling)
            self._at = places_of(rings, flow, brain, programs, ruling, weighing, desk)
            self._place = int(self._at.ctypes.data)
        return self._place


class Bounds(NamedTuple):
    """How far an event may lie behind the clock of the state, and ahead of it, in microseconds."""

    late_us: int
    ahead_us: int

    def fits(self, time_us: int, clock: int) -> Outcome:
        """Return whether an event of that time is taken at a clock, as the state's own check has it."""
        if time_us < -TIME_MAX or (clock != NEVER and time_us < clock - self.late_us):
            return Outcome.TIME_LATE
        if time_us > TIME_MAX or (clock != NEVER and time_us > clock + self.ahead_us):
            return Outcome.TIME_AHEAD
        return Outcome.BOOKED


def lay_named(
    rules: RuleSet, facts: Mapping[str, npt.NDArray[np.float64]] | None, count: int
) -> npt.NDArray[np.float64]:
    """Return named facts [n, N], unknown where not given; [0, N] where none is."""
    width = rules.names.facts_count - len(FIELDS) - 2 * len(rules.names.lists)
    if not facts:
        return np.empty((0, width))
    known = {n: c.index - len(FIELDS) for n, c in rules.names.columns.items() if not c.is_feature}
    given = {name: values for name, values in facts.items() if known.get(name, -1) >= 0}
    out = np.full((count if given else 0, width), np.nan)
    for name, values in given.items():
        if len(values) != count:
            message = f"fact {name}: expected {count} values, was {len(values)}"
            raise StateFault(StateProblem.ARRAY_WRONG, message)
        out[:, known[name]] = values
    return out


def no_flow() -> FlowRows:
    """Return an index without pockets: the loop then follows no stolen money."""
    return FlowRows(np.zeros(0, np.int64), np.zeros(1, np.uint8), 1)


def rows_of_flow(flow: StolenFlow) -> FlowRows:
    """Return the rows that money is followed over: the loop reads their arrays."""
    index = flow.index
    assert isinstance(index, FlowRows), "the loop keeps rows of its own beside the shard's"
    return index


def require_currencies(currency: npt.NDArray[np.int16], count: int, places: int) -> None:
    """Raise `StateFault` unless each of so many currencies is a place of them, or -1 for an unknown one."""
    fits = currency.shape == (count,) and currency.dtype == np.int16
    if not fits or (count and not -1 <= currency.min() <= currency.max() < places):
        raise StateFault(StateProblem.ARRAY_WRONG, "currency: expected places of currencies")


__all__ = [
    "NO_RULES",
    "Bounds",
    "Handed",
    "lay_brain",
    "lay_columns",
    "lay_desk",
    "lay_named",
    "lay_patterns",
    "lay_ruling",
    "lay_weighing",
    "lay_writing",
    "microseconds",
    "no_flow",
    "require_currencies",
    "rows_of_flow",
]
