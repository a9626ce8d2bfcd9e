"""What a case's trail rests on, as it lies in journal and vault, and what a tracing process makes of it. Decides nothing.

Statements cross to the process as the bytes that the vault keeps: whoever hands them over neither decodes nor arranges
anything, and loads nothing that traces, neither then nor when it takes back what was found. The process keeps the rows it
decoded last and the ledgers it made of them, since the next answer adds one statement to those it has seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from recoup import limits
from recoup.cases import Case
from recoup.cases.case import HoldPlace
from recoup.cases.commands import ApplyTrail
from recoup.centre.case_ledger import CaseLedger
from recoup.centre.facts import Grounds, Statement, statement_of
from recoup.centre.tracer import NotKept


class Decoded:
    """Statements by digest, the ones used last, of so many rows together at most."""

    def __init__(self, rows_max: int) -> None:
        self._rows_max, self._rows = rows_max, 0
        self._kept: OrderedDict[str, Statement] = OrderedDict()

    def statement(self, digest: str, body: bytes) -> Statement:
        """Return the statement of that digest, whose bytes are given in case it is not kept.

        Raises:
            NotKept: no bytes were given, and it is not kept.
        """
        found = self._kept.pop(digest, None)
        if found is None:
            if not body:
                raise NotKept(digest)
            found = statement_of(body)
            self._rows += len(found.rows)
        self._kept[digest] = found
        while self._rows > self._rows_max and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._rows -= len(oldest.rows)
        return found

    def __contains__(self, digest: object) -> bool:
        """Whether a statement is kept."""
        return digest in self._kept

    @property
    def rows(self) -> int:
        """How many rows are kept."""
        return self._rows


class Ledgers:
    """Ledgers of the cases that were traced last, of so many rows together at most: the next answer adds one statement."""

    def __init__(self, rows_max: int) -> None:
        self._rows_max, self._rows = rows_max, 0
        self._kept: OrderedDict[str, tuple[tuple[str, ...], CaseLedger]] = OrderedDict()

    def known(self, case: str, digests: tuple[str, ...]) -> int:
        """Return how many of a case's statements, from the first on, are in its ledger; 0 where others are."""
        known, _ = self._kept.get(case, ((), None))
        return len(known) if digests[: len(known)] == known else 0

    def of(
        self,
        case: str,
        digests: tuple[str, ...],
        read: Callable[[Sequence[str]], Sequence[Statement]],
    ) -> CaseLedger:
        """Return the ledger of a case's statements; `read` is asked, by their digests, for those that are not in it yet."""
        known = self.known(case, digests)
        _, ledger = self._kept.pop(case, ((), CaseLedger()))
        self._rows -= ledger.rows
        if not known:
            ledger = CaseLedger()
        for statement in read(digests[known:]):
            ledger.add(statement)
        if not ledger.rows:
            return ledger  # nothing to keep, and there may be any number of such cases
        self._kept[case] = digests, ledger
        self._rows += ledger.rows
        while self._rows > self._rows_max and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._rows -= oldest.rows
        return ledger

    @property
    def rows(self) -> int:
        """How many rows are kept."""
        return self._rows


class Kept:
    """What is kept from trace to trace."""

    def __init__(self, rows_max: int = limits.TRACE_ROWS_KEPT_MAX) -> None:
        """Begin with nothing; of rows in ledgers, and of rows in statements beside them, so many are kept at most."""
        self.decoded, self.ledgers = Decoded(rows_max), Ledgers(rows_max)


_kept = Kept()


ReadStatements = Callable[[Sequence[str]], Sequence[bytes]]
"""Gives statements as they lie in the vault, by their digests and in their order."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a trail tells a case: the command for it, and what else is read off it."""

    command: ApplyTrail
    grounds: Mapping[HoldPlace, Grounds]
    """By which transfer money came to each account."""


@dataclass(frozen=True, slots=True)
class TracedCase:
    """What a trail of one version tells its case."""

    case: str
    version: int
    told: Told
    ignored: int
    """Rows that carry nothing."""


@dataclass(frozen=True, slots=True)
class CaseSheets:
    """One version of a case's facts, not yet arranged."""

    of: Case
    statements: tuple[bytes, ...]
    """Beside `of.facts`, the digests under which the vault keeps them; b"" for one that `read` is asked for."""
    held_since: Mapping[HoldPlace, datetime]
    terminal: tuple[str, ...]
    unread: int = 0
    """Bytes of those that were not read, since the tracing process most likely has them."""
    read: ReadStatements | None = None
    """What gives them after all."""
    for_value: Mapping[str, int] = field(default_factory=dict)
    """The policy's: by kind of payment, with how many others a seller trades."""

    @property
    def case(self) -> str:
        """Whose facts."""
        return self.of.id

    @property
    def version(self) -> int:
        """Which version."""
        return self.of.facts_version

    @property
    def size(self) -> int:
        """Bytes of all statements."""
        return sum(map(len, self.statements)) + self.unread

    @property
    def digests(self) -> tuple[str, ...]:
        """The names of its statements."""
        return self.of.facts

    def lean(self, kept: Container[str]) -> CaseSheets:
        """Return the same with no bytes of the statements that a process was given before, and those of all others."""
        pairs = list(zip(self.of.facts, self.statements, strict=True))
        given = {digest: body for digest, body in pairs if body and digest not in kept}
        left = [x for x, body in pairs if not body and x not in kept] if self.read else []
        if self.read is not None and left:
            given |= zip(left, self.read(left), strict=True)
        statements = tuple(given.get(digest, b"") for digest in self.of.facts)
        return replace(self, statements=statements, unread=0, read=None)

    def slim(self) -> CaseSheets:
        """Return the same without what no trail rests on."""
        slim = replace(
            self.of, places=(), entitlements=(), approvals=(), orders=(), harms=(), noted=()
        )
        return replace(self, of=slim)

    def traced(self, kept: Kept = _kept) -> TracedCase:
        """Arrange the facts, trace them and read the trail; what is `kept` is not read again."""
        from recoup.centre.case_trail import facts_of, told_again, told_by

        facts = self.of.facts
        fresh = facts[kept.ledgers.known(self.case, facts) :]
        lacking = {digest for digest in fresh if digest not in kept.decoded}
        sheets = self if self.read is None else self.lean({*facts} - lacking)
        bodies = dict(zip(facts, sheets.statements, strict=True))

        def read(digests: Sequence[str]) -> Sequence[Statement]:
            return [kept.decoded.statement(digest, bodies[digest]) for digest in digests]

        ledger = kept.ledgers.of(self.case, facts, read)
        given = (self.held_since, self.terminal, ledger, self.for_value)
        asked = facts_of(self.of, (), *given)
        known, rests = ledger.told, asked.rests_on
        if known is not None and known[0] is asked.listed and known[1] == rests:
            told = told_again(asked, known[2])  # most holds change nothing: nothing left after them
        else:
            told = told_by(asked, asked.course())
        ledger.told = asked.listed, rests, told
        return TracedCase(self.case, self.version, told, asked.ignored)


__all__ = ["CaseSheets", "Decoded", "Kept", "Ledgers", "Told", "TracedCase"]
