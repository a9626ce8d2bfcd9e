"""The real watch in a play: its stream, its model, what is caught, measures of accounts, warnings of payers."""

from recoup.rehearse.guard.guard import Guard
from recoup.rehearse.guard.terms import GuardTerms, guard_terms

__all__ = ["Guard", "GuardTerms", "guard_terms"]
