"""The register of what came from other systems: their ids, and what became of each import's rows. Holds no rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from recoup.centre.import_commands import ForeignNoted, ImportKind, ImportNoted

ROW_KINDS: Final = tuple(kind.value for kind in ImportKind)
CASE_KIND: Final = "case"


@dataclass(slots=True)
class Imported:
    """Rows by (system, kind, id) of the other system, and imports by id."""

    rows: dict[tuple[str, str, str], ForeignNoted] = field(default_factory=dict)
    """A report and a hold may have one id there; the kind is '' of rows from before it was kept."""
    by_case: dict[tuple[str, str], str] = field(default_factory=dict)
    """The case here of another system's (system, case)."""
    imports: dict[str, ImportNoted] = field(default_factory=dict)

    def put(self, event: ForeignNoted | ImportNoted) -> None:
        """Take in what was noted."""
        if isinstance(event, ImportNoted):
            self.imports[event.id] = event
            return
        foreign = event.foreign
        self.rows[foreign.system, foreign.kind, foreign.id] = event
        if foreign.case:
            self.by_case[foreign.system, foreign.case] = event.case

    def cases_of(self, system: str, number: str, kind: str = "") -> tuple[str, ...]:
        """Return the cases here that another system knows under this number, of a row or of a case; no case twice.

        Args:
            system: the other system.
            number: its number.
            kind: `reports` or `register`: of a row of this kind; `case`: of a case; '': of any.
        """
        kinds = [kind, ""] if kind in ROW_KINDS else [*ROW_KINDS, ""] if not kind else []
        rows = [self.rows.get((system, sort, number)) for sort in kinds]
        found = [row.case for row in rows if row is not None]
        if kind in {"", CASE_KIND} and (system, number) in self.by_case:
            found.append(self.by_case[system, number])
        return tuple(dict.fromkeys(found))

    def values(self) -> Iterator[ForeignNoted | ImportNoted]:
        """Yield all of it in an order that follows from the journal alone."""
        yield from self.rows.values()
        yield from self.imports.values()


__all__ = ["CASE_KIND", "ROW_KINDS", "Imported"]
