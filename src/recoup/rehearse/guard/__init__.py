"""The real watch in a play: its stream, its model, what is caught, measures of accounts, warnings of payers."""

from recoup.rehearse.guard.guard import Guard
from recoup.rehearse.guard.terms import GuardTerms, guard_terms
from recoup.rehearse.guard.training import TrainedGuard, train_guard
from recoup.rehearse.guard.watch import watch

__all__ = ["Guard", "GuardTerms", "TrainedGuard", "guard_terms", "train_guard", "watch"]
