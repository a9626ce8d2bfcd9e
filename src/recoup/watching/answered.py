"""Known ids with what was asked and answered, as columns: for a snapshot, and for a restored watch that answers from them.

One row of ANSWER a payment, texts beside it, and the reasons once for all payments that have the same ones: most have none.
Nothing is made for a payment until somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from recoup import limits
from recoup.records.kinds import KINDS
from recoup.watch.decision import Action, Cause, Decision, Ground, Problem, Withheld
from recoup.watch.rules import FIRES
from recoup.watch.stream import NEVER_US, Versions
from recoup.watch.stream.arrays import DECIDED
from recoup.watching.asked import ID_CHARS_MAX, Plain, kind_number
from recoup.watching.columns import Columns, places_of
from recoup.watching.decisions import Decisions, rules_that_fired
from recoup.watching.known import KnownIds
from recoup.watching.pockets import Pockets
from recoup.watching.reasons import causes_of

ANSWER: Final = np.dtype(
    [
        ("time_us", "<i8"),
        ("amount", "<i8"),
        ("score", "<f8"),  # NaN: not scored
        ("chance", "<f8"),
        ("expires_us", "<i8"),  # NEVER_US: nothing expires
        ("digest", "<u8"),  # of features and facts; 0: none were read
        ("payer", "<i4"),  # pocket; -1: the outside
        ("payee", "<i4"),
        ("said", "<i4"),  # place among the reasons
        ("currency", "<i2"),
        ("kind", "i1"),  # place in KINDS; -1: none was given
        ("action", "i1"),
        ("ground", "i1"),
        ("problem", "i1"),
        ("would", "i1"),
        ("withheld", "i1"),
    ]
)
"""68 bytes a payment."""

_COPIED: Final = ("expires_us", "digest", "action", "ground", "problem", "would", "withheld")
_FLOATS: Final = ("score", "chance")
_IS_LOUD: Final = ~np.isin(np.arange(max(Ground) + 1), [Ground.NONE, Ground.RULE, Ground.MODEL])
"""By ground: whether a payment that is allowed has causes."""
_ENUMS: Final = {
    "action": Action,
    "ground": Ground,
    "problem": Problem,
    "would": Action,
    "withheld": Withheld,
}
Rows = npt.NDArray[np.void]


class Said(msgspec.Struct, frozen=True, array_like=True):
    """The words of an answer, and what they rest on."""

    causes: list[tuple[str, str, str, str, float, float]]
    rules: list[str]
    rules_shadow: list[str]
    versions: str


class AnsweredColumns(msgspec.Struct, array_like=True):
    """What a snapshot has of them, by time and then by id."""

    ids: list[str]
    rows: bytes
    """Of ANSWER."""
    said: list[Said]
    """Each once, in the order in which rows first point at them."""
    facts: list[tuple[int, list[tuple[str, float]]]]
    """Place and named facts, of the payments that came with some."""


class Answered:
    """Answers that were given before a restart, one a place."""

    def __init__(
        self,
        columns: AnsweredColumns,
        rows: Rows,
        names: Callable[[int], str],
        currencies: Sequence[str],
    ) -> None:
        """Answer from columns that were looked at (`answered_of`).

        Args:
            columns: theirs.
            rows: of ANSWER.
            names: returns the account of a pocket.
            currencies: by place.
        """
        self._columns, self.rows, self._names = columns, rows, names
        self._currencies = tuple(currencies)
        self.facts = {at: tuple(facts) for at, facts in columns.facts}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Decision:
        """Return one decision."""
        row, said = self.rows[at], self.said(at)
        score, chance, expires = float(row["score"]), float(row["chance"]), int(row["expires_us"])
        return Decision(
            self._columns.ids[at],
            Action(int(row["action"])),
            Ground(int(row["ground"])),
            tuple(Cause(*one) for one in said.causes),
            None if expires == NEVER_US else expires,
            Problem(int(row["problem"])),
            "",
            None if score != score else score,  # noqa: PLR0124 - not a number: not scored
            None if chance != chance else chance,  # noqa: PLR0124
            tuple(said.rules),
            tuple(said.rules_shadow),
            Action(int(row["would"])),
            Withheld(int(row["withheld"])),
            f"{int(row['digest']):016x}" if row["digest"] else "",
            said.versions,
        )

    @property
    def contents(self) -> Answered:
        """What was asked, by place."""
        return self

    def said(self, at: int) -> Said:
        """Return the words of one."""
        return self._columns.said[int(self.rows["said"][at])]

    def action_of(self, at: int) -> int:
        """Return the action of one payment as a number."""
        return int(self.rows["action"][at])

    def plain(self, place: int) -> Plain:
        """Return the content of one."""
        row = self.rows[place]
        return Plain(
            int(row["time_us"]),
            self._names(int(row["payer"])),
            self._names(int(row["payee"])),
            int(row["amount"]),
            self._currencies[row["currency"]],
            "" if row["kind"] < 0 else KINDS[row["kind"]],
            self.facts.get(place, ()),
        )


def answered_of(
    columns: AnsweredColumns,
    accounts: Sequence[str],
    currencies: Sequence[str],
) -> Answered:
    """Return answers from columns; `ValueError` says what cannot be.

    Args:
        columns: from anywhere.
        accounts: of every pocket, in the order of numbers.
        currencies: in the order of their places.
    """
    ids, rows = columns.ids, np.frombuffer(columns.rows, ANSWER)
    count = len(ids)
    if len(rows) != count:
        raise ValueError("an id without an answer")
    if count and not 0 < min(map(len, ids)) <= max(map(len, ids)) <= ID_CHARS_MAX:
        raise ValueError("an id")
    bounds = {
        "payer": (-1, len(accounts) - 1),
        "payee": (-1, len(accounts) - 1),
        "said": (0, len(columns.said) - 1),
        "currency": (0, len(currencies) - 1),
        "kind": (-1, len(KINDS) - 1),
        "amount": (1, limits.ROW_MINOR_MAX),
    }
    for name, (low, high) in bounds.items():
        if count and not low <= int(rows[name].min()) <= int(rows[name].max()) <= high:
            raise ValueError(f"an answer's {name}")
    for name, kind in _ENUMS.items():
        if not np.isin(rows[name], np.array(list(kind), np.int8)).all():
            raise ValueError(f"an answer's {name}")
    if any(not 0 <= at < count for at, _ in columns.facts):
        raise ValueError("facts of no payment")
    return Answered(columns, rows, lambda at: accounts[at] if at >= 0 else "", currencies)


def columns_of_known(
    known: KnownIds, since_us: int, pockets: Pockets, currencies: Sequence[str]
) -> AnsweredColumns:
    """Return what is known of payments not older than `since_us`, by time and id, whatever batches they came in."""
    found = _Gathered(pockets, {code: at for at, code in enumerate(currencies)})
    for made, ids, places in known.batches():
        if isinstance(made, Answered):
            found.keep(made, ids, places)
        else:
            found.add(made, ids, places)
    return found.columns(since_us)


class _Gathered:
    """Columns of answers as they are gathered batch by batch: lists, because most batches are short."""

    def __init__(self, pockets: Pockets, currencies: dict[str, int]) -> None:
        self._pockets, self._currencies = pockets, currencies
        self._ids: list[str] = []
        self._times: list[int] = []
        self._amounts: list[int] = []
        self._payers: list[int | None] = []
        self._payees: list[int | None] = []
        self._codes: list[str] = []
        self._kinds: list[int] = []
        self._facts: dict[str, tuple[tuple[str, float], ...]] = {}
        self._answers: list[Rows] = []
        self._said: list[int] = []
        """By payment: place in `_words`."""
        self._words: list[Said] = []
        self._places: dict[bytes, int] = {}
        """By a bit for bit form of them."""
        self._quiet: dict[Versions, int] = {}
        """Places of no words at all."""
        self._kept_ids: list[str] = []
        self._kept: list[Rows] = []
        """Rows that came as columns."""

    def keep(self, made: Answered, ids: Sequence[str], places: list[int]) -> None:
        """Take the answers at these places, which are columns already."""
        rows = made.rows[places]
        first, inverse = np.unique(rows["said"], return_index=True, return_inverse=True)[1:]
        here = [self._place(made.said(places[at])) for at in first.tolist()]
        rows["said"] = np.array(here, np.int32)[inverse]
        self._kept_ids.extend(ids)
        self._kept.append(rows)
        if made.facts:
            pairs = zip(ids, map(made.facts.get, places), strict=True)
            self._facts.update((id_, some) for id_, some in pairs if some)

    def add(self, made: Decisions, ids: Sequence[str], places: list[int]) -> None:
        """Take the payments at these places of a batch."""
        plan, contents = made.plan, made.contents
        own = places if isinstance(plan, range) else [made.decided_at(at) for at in places]
        answers, said = self._decided(made, own)
        if isinstance(contents, Columns):
            self._kept_ids.extend(ids)
            self._kept.append(self._in_bulk(made, contents, places, own, answers, said))
            return
        self._ids.extend(ids)
        self._answers.append(answers)
        self._said.extend(said)
        plains = [contents.plain(place) for place in places]
        codes = [plain.currency for plain in plains]
        self._codes.extend(codes)
        self._times.extend(plain.time_us for plain in plains)
        self._amounts.extend(plain.amount for plain in plains)
        self._kinds.extend(kind_number(plain.kind) if plain.kind else -1 for plain in plains)
        self._payers.extend(self._pockets.all_of([plain.payer for plain in plains], codes))
        self._payees.extend(self._pockets.all_of([plain.payee for plain in plains], codes))
        pairs = zip(ids, plains, strict=True)
        self._facts.update((id_, plain.facts) for id_, plain in pairs if plain.facts)

    def _in_bulk(
        self,
        made: Decisions,
        columns: Columns,
        places: list[int],
        own: list[int],
        answers: Rows,
        said: list[int],
    ) -> Rows:
        """Return the rows of payments that came as columns."""
        assert made.sides is not None, "columns are decided with the numbers of their pockets"
        rows = np.zeros(len(places), ANSWER)
        is_whole = len(places) == len(columns.ids)  # each stands once, in order
        at = slice(None) if is_whole else np.array(places)
        rows["time_us"], rows["amount"] = columns.times_us[at], columns.amounts[at]
        rows["kind"] = columns.kinds[at]
        codes = columns.currencies
        codes = codes if is_whole else [codes[place] for place in places]
        rows["currency"] = places_of(codes, self._currencies)
        rows["payer"], rows["payee"] = (side[own] for side in made.sides)
        rows["said"] = said
        _put_answers(rows, answers)
        return rows

    def _decided(self, made: Decisions, own: list[int]) -> tuple[Rows, list[int]]:
        """Return what was answered, and by payment the place of its words: these are made only where there are some."""
        rows, fired = made.found.rows, made.found.fired
        if len(own) < len(rows):
            rows, fired = rows[own], fired[own]
        versions = made.stream.versions
        quiet = self._quiet.get(versions)
        if quiet is None:
            quiet = self._quiet[versions] = self._place(Said([], [], [], versions.digest))
        loud = _IS_LOUD[rows["ground"]]
        loud |= rows["action"] != Action.ALLOW
        if fired.size:
            loud |= (fired == FIRES).any(axis=1)
        said = [quiet] * len(rows)
        if not loud.any():
            return rows, said
        for at in np.flatnonzero(loud).tolist():
            live, shadow = rules_that_fired(made.stream, made.found, own[at])
            causes = [
                (one.code, one.english, one.chinese, one.feature, one.value, one.added)
                for one in causes_of(made.stream, made.found, own[at])
            ]
            said[at] = self._place(Said(causes, live, shadow, versions.digest))
        return rows, said

    def _place(self, said: Said) -> int:
        place = self._places.setdefault(msgspec.msgpack.encode(said), len(self._words))
        if place == len(self._words):
            self._words.append(said)
        return place

    def columns(self, since_us: int) -> AnsweredColumns:
        """Return what was taken, by time and id, without what is older."""
        ids = self._kept_ids + self._ids
        rows = _joined([*self._kept, self._rows()], ANSWER)
        order = _by_time_and_id(rows["time_us"], ids)
        rows = rows[order[rows["time_us"][order] >= since_us]]
        ids = [ids[at] for at in order[len(order) - len(rows) :].tolist()]
        chosen, first, places = np.unique(rows["said"], return_index=True, return_inverse=True)
        ranks = np.argsort(np.argsort(first))
        rows["said"] = ranks[places]
        facts = [(at, list(self._facts[id_])) for at, id_ in enumerate(ids) if id_ in self._facts]
        words = [self._words[chosen[at]] for at in np.argsort(first).tolist()]
        return AnsweredColumns(ids, rows.tobytes(), words, facts if self._facts else [])

    def _rows(self) -> Rows:
        """Return the rows of what came payment by payment."""
        rows = np.zeros(len(self._ids), ANSWER)
        for name, column in (
            ("time_us", self._times),
            ("amount", self._amounts),
            ("payer", self._payers),
            ("payee", self._payees),
            ("said", self._said),
            ("currency", [self._currencies[code] for code in self._codes]),
            ("kind", self._kinds),
        ):
            rows[name] = column
        if self._answers:
            _put_answers(rows, _joined(self._answers, DECIDED))
        return rows


def _joined(parts: Sequence[Rows], dtype: np.dtype[np.void]) -> Rows:
    """Return rows one after the other; as bytes, since NumPy compares the fields of each part anew."""
    return np.frombuffer(bytearray().join(part.tobytes() for part in parts), dtype)


def _put_answers(rows: Rows, answers: Rows) -> None:
    """Put in what was answered; no number is one no number, whatever its bits were."""
    for name in _COPIED:
        rows[name] = answers[name]
    for name in _FLOATS:
        rows[name] = np.where(np.isnan(answers[name]), np.nan, answers[name])


def _by_time_and_id(times: npt.NDArray[np.int64], ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the order of payments by time, and by id where times are equal."""
    order = np.argsort(times, kind="stable")
    is_new = np.diff(times[order], prepend=times[order[:1]] - 1) != 0
    begins = np.flatnonzero(is_new)
    ends = np.append(begins[1:], len(order))
    for at in np.flatnonzero(ends - begins > 1).tolist():
        tied = slice(begins[at], ends[at])
        order[tied] = sorted(order[tied].tolist(), key=ids.__getitem__)
    return order


__all__ = ["ANSWER", "Answered", "AnsweredColumns", "Said", "answered_of", "columns_of_known"]
