"""The register of what came from other systems: their ids, and what became of each import's rows. Holds no rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from recoup.centre.import_commands import ForeignNoted, ImportNoted


@dataclass(slots=True)
class Imported:
    """Rows by (system, id) of the other system, and imports by id."""

    rows: dict[tuple[str, str], ForeignNoted] = field(default_factory=dict)
    by_case: dict[tuple[str, str], str] = field(default_factory=dict)
    """The case here of another system's (system, case)."""
    imports: dict[str, ImportNoted] = field(default_factory=dict)

    def put(self, event: ForeignNoted | ImportNoted) -> None:
        """Take in what was noted."""
        if isinstance(event, ImportNoted):
            self.imports[event.id] = event
            return
        foreign = event.foreign
        self.rows[foreign.system, foreign.id] = event
        self.by_case[foreign.system, foreign.case] = event.case

    def case_of(self, system: str, number: str) -> str | None:
        """Return the case here that another system knows under this number, of a row or of a case."""
        row = self.rows.get((system, number))
        return row.case if row is not None else self.by_case.get((system, number))

    def values(self) -> Iterator[ForeignNoted | ImportNoted]:
        """Yield all of it in an order that follows from the journal alone."""
        yield from self.rows.values()
        yield from self.imports.values()


__all__ = ["Imported"]
