"""Texts of payments without an object for each: columns of bytes, and the table that finds their numbers. Pure."""

from recoup.watch.names.table import ABSENT, Table
from recoup.watch.names.texts import Texts

__all__ = ["ABSENT", "Table", "Texts"]
