"""What every bench gives: the machine and the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recoup.bench.machine import Machine
from recoup.bench.rows import Row

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """The machine and the rows."""

    machine: Machine
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON shape of every bench: machine and rows."""
        return {"machine": self.machine.to_dict(), "rows": [row.to_dict() for row in self.rows]}
