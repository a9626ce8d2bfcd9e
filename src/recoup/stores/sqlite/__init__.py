"""The journal and the vault in one SQLite file."""

from recoup.stores.sqlite.journal import SqliteJournal

__all__ = ["SqliteJournal"]
