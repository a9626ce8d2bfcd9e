"""Red flags: the official codes and what the flags read beside features. The flags themselves are rules, kept as data."""

from recoup.watch.flags.codes import CODES, REASONS
from recoup.watch.flags.facts import FACTS, facts_beside

__all__ = ["CODES", "FACTS", "REASONS", "facts_beside"]
