"""The figures of a play, counted against the truth, and the identities that they must keep."""
