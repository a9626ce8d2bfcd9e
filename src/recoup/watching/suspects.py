"""What decisions say of accounts: which payer is likely being defrauded, which account deserves a measure. No clock, no file.

A *strong* decision is one that a live rule or a live model asked for: warn, delay, hold, refuse. What is in shadow, what an
order binds and what came in wrong says nothing here.

1. A model speaks against the payee, as its labels do. A rule speaks against the side whose figures or lists it reads; one that
   reads both sides, or neither, warns the payer and counts against nobody.
2. A payer against whom nothing was said within the window is a likely victim: a lead, once in its time, and again only where
   the grade rises.
3. An account against which several strong decisions were made, with several others on the other side, deserves a measure. What
   was counted is spent: another one needs as many anew.
4. The same decisions in the same order say the same, whatever was told already: whoever writes letters keeps each id once.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from recoup import limits
from recoup.care import MeasureKind, RiskGrade
from recoup.errors import StateFault, StateProblem
from recoup.watch.decision import Action, Decision, Ground
from recoup.watch.features import Side
from recoup.watch.rules import RuleSet

_SECOND: Final = 1_000_000
_REMEMBERED: Final = 8
"""Times as many strong decisions against an account as it takes, where all have one other side."""
_GRADES: Final = {
    Action.WARN: RiskGrade.LOW,
    Action.DELAY: RiskGrade.MIDDLE,
    Action.HOLD: RiskGrade.HIGH,
    Action.REFUSE: RiskGrade.HIGH,
}
_LISTED: Final = re.compile(r"\b(payer|payee)\s+(?:not\s+)?in\s+list\b")


@dataclass(frozen=True, slots=True)
class SuspectTerms:
    """When something is said. The figures are ours: no source gives any."""

    payments_min: int = 3
    """Strong decisions against an account before a measure is asked for."""
    others_min: int = 2
    """Different accounts on their other side."""
    seconds: int = 7 * 86_400
    """How long a strong decision counts."""
    lead_seconds: int = 86_400
    """How long a lead is worth acting on, and its payer is not named again at the same grade."""
    grade_min: RiskGrade = RiskGrade.MIDDLE
    """The lowest grade of which a lead is given."""
    action_min: Action = Action.DELAY
    """The mildest decision that counts against an account."""
    measure: MeasureKind = MeasureKind.COUNTER_ONLY
    """What is asked for."""


class Paid(NamedTuple):
    """A payment as far as it is looked at here."""

    id: str
    time_us: int
    payer: str
    payee: str
    currency: str
    amount: int
    """Minor units."""


class LikelyVictim(NamedTuple):
    """A payer who is likely being defrauded at this moment."""

    id: str
    """Follows from what was decided: the same is told once."""
    account: str
    currency: str
    amount: int
    grade: str
    code: str
    at_us: int
    until_us: int


class Suspect(NamedTuple):
    """An account that deserves a measure."""

    id: str
    account: str
    currency: str
    kind: str
    code: str
    payments: int
    others: int
    since_us: int
    at_us: int
    until_us: int


class _Spoken(NamedTuple):
    """One strong decision against an account."""

    time_us: int
    other: str
    code: str


_Kept = tuple[
    dict[str, list[_Spoken]], dict[str, tuple[int, int]], list[LikelyVictim], list[Suspect]
]
_Place = tuple[str, str]


def sides_of(rules: RuleSet) -> dict[str, Side | None]:
    """Return the account that each rule speaks against; None where it reads both sides or neither."""
    found: dict[str, Side | None] = {}
    for rule, expression in zip(rules.rules, rules.expressions, strict=True):
        named = {name.partition("_")[0] for name in expression.names if "_" in name}
        named |= set(_LISTED.findall(expression.text))
        sides = [side for side in (Side.PAYER, Side.PAYEE) if side.value in named]
        found[rule.id] = sides[0] if len(sides) == 1 else None
    return found


@dataclass
class Suspects:
    """Counts strong decisions; `found` is what is to be told, in order.

    `saw` and `kept` belong to one thread; another may empty `found` from its left.
    """

    terms: SuspectTerms = field(default_factory=SuspectTerms)
    is_ours: Callable[[str], bool] = lambda _: True
    """Whose accounts the institution may speak of."""
    found: deque[LikelyVictim | Suspect] = field(default_factory=deque)
    passed_over: int = 0
    """What was found while as much as may waited already."""
    _spoken: dict[str, list[_Spoken]] = field(default_factory=dict)
    _named: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Rank of the grade at which a payer was named, and until when that holds."""

    def saw(self, paid: Paid, decision: Decision, sides: Mapping[str, Side | None]) -> None:
        """Note one decision; `sides` are those of the rules that decided it."""
        if decision.is_repeat or decision.ground not in (Ground.RULE, Ground.MODEL):
            return
        if decision.action < Action.WARN:
            return
        code = decision.causes[0].code
        against = _against(decision, sides)
        if against is not None and decision.action >= self.terms.action_min:
            account, other = paid.payee, paid.payer
            if against is Side.PAYER:
                account, other = other, account
            if account and self.is_ours(account):
                self._count(paid, account, _Spoken(paid.time_us, other, code))
        if against is not Side.PAYER and paid.payer and self.is_ours(paid.payer):
            self._lead(paid, decision.action, code)

    def _count(self, paid: Paid, account: str, one: _Spoken) -> None:
        terms = self.terms
        since = one.time_us - terms.seconds * _SECOND
        rows = [row for row in self._spoken.pop(account, ()) if row.time_us > since]
        rows.append(one)
        self._spoken[account] = rows[-_REMEMBERED * terms.payments_min :]
        others = {row.other for row in rows}
        if len(rows) >= terms.payments_min and len(others) >= terms.others_min:
            del self._spoken[account]
            code = min(Counter(row.code for row in rows).items(), key=lambda x: (-x[1], x[0]))[0]
            first = min(row.time_us for row in rows)
            until = paid.time_us + terms.lead_seconds * _SECOND
            id_ = _id("suspicion", account, paid.currency, paid.id)
            said = (terms.measure.value, code, len(rows), len(others), first, paid.time_us, until)
            self._tell(Suspect(id_, account, paid.currency, *said))
        while len(self._spoken) > limits.SUSPECTS_MAX:
            del self._spoken[next(iter(self._spoken))]  # the longest quiet

    def _lead(self, paid: Paid, action: Action, code: str) -> None:
        grade, terms = _GRADES[action], self.terms
        if grade.rank > terms.grade_min.rank:
            return
        since = paid.time_us - terms.seconds * _SECOND
        if any(row.time_us > since for row in self._spoken.get(paid.payer, ())):
            return  # who is suspect is not warned of the next one on the way
        rank, until = self._named.get(paid.payer, (len(RiskGrade), paid.time_us))
        if paid.time_us < until and rank <= grade.rank:
            return
        until = paid.time_us + terms.lead_seconds * _SECOND
        self._named.pop(paid.payer, None)
        self._named[paid.payer] = (grade.rank, until)
        while len(self._named) > limits.SUSPECTS_MAX:
            del self._named[next(iter(self._named))]
        said = (paid.payer, paid.currency, paid.amount, grade.value, code, paid.time_us, until)
        self._tell(LikelyVictim(_id("lead", paid.payer, paid.currency, paid.id), *said))

    def _tell(self, one: LikelyVictim | Suspect) -> None:
        if len(self.found) >= limits.SUSPICIONS_WAITING_MAX:
            self.passed_over += 1
            return
        self.found.append(one)

    def kept(self) -> bytes:
        """Return all that later findings rest on, and what was not told on yet."""
        some = list(self.found)
        victims = [one for one in some if isinstance(one, LikelyVictim)]
        suspects = [one for one in some if isinstance(one, Suspect)]
        return msgspec.msgpack.encode((self._spoken, self._named, victims, suspects))

    def go_on_from(self, given: bytes) -> None:
        """Take that after a start; `StateFault` for anything else, and nothing is changed then."""
        try:
            spoken, named, victims, suspects = msgspec.msgpack.decode(given, type=_Kept)
        except msgspec.DecodeError as error:
            raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "what was suspected") from error
        self._spoken, self._named = spoken, named
        self.found = deque(sorted([*victims, *suspects], key=lambda one: (one.at_us, one.id)))


def _against(decision: Decision, sides: Mapping[str, Side | None]) -> Side | None:
    """Return the account that a decision speaks against."""
    if decision.ground is Ground.MODEL:
        return Side.PAYEE
    said = {sides.get(rule) for rule in decision.rules} - {None}
    return said.pop() if len(said) == 1 else None


def _id(kind: str, *parts: str) -> str:
    whole = sha256(b"recoup suspect 1\n")
    for part in parts:
        whole.update(len(part.encode()).to_bytes(4, "big") + part.encode())
    return f"{kind}-{whole.hexdigest()[:32]}"


__all__ = ["LikelyVictim", "Paid", "Suspect", "SuspectTerms", "Suspects", "sides_of"]
