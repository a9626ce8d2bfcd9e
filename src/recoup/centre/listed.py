"""The register of lists: entries by id, the live ones by what they are about and by case. Holds no rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from recoup.cases.lists import LIVE_ENTRIES, Entry


@dataclass(slots=True)
class Listed:
    """All entries that ever were, in the order in which they came."""

    entries: dict[str, Entry] = field(default_factory=dict)
    by_key: dict[str, dict[str, None]] = field(default_factory=dict)
    by_case: dict[str, list[str]] = field(default_factory=dict)
    """All of a case's, ended ones too: its list goes on at its end only."""

    def put(self, entry: Entry) -> None:
        """Take an entry in, or what became of it."""
        if entry.id not in self.entries:
            self.by_case.setdefault(entry.case, []).append(entry.id)
        self.entries[entry.id] = entry
        if entry.state in LIVE_ENTRIES:
            self.by_key.setdefault(entry.key, {})[entry.id] = None
        else:
            live = self.by_key.get(entry.key, {})
            live.pop(entry.id, None)
            if not live:
                self.by_key.pop(entry.key, None)

    def under(self, keys: Iterable[str]) -> Iterator[Entry]:
        """Yield the live entries under any of these keys."""
        for key in keys:
            yield from (self.entries[entry] for entry in self.by_key.get(key, ()))

    def of_case(self, case: str) -> Iterator[Entry]:
        """Yield a case's entries in the order in which they came."""
        yield from (self.entries[entry] for entry in self.by_case.get(case, ()))


__all__ = ["Listed"]
