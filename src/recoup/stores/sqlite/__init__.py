"""The journal and the vault in one SQLite file."""

from recoup.stores.sqlite.journal import SqliteJournal
from recoup.stores.sqlite.log import Log
from recoup.stores.sqlite.replays import SqliteReplays
from recoup.stores.sqlite.vault import SqliteVaultTable

__all__ = ["Log", "SqliteJournal", "SqliteReplays", "SqliteVaultTable"]
