"""What of a case's money came as the price of something: whether an account is asked first, whether its trail ended. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence

from recoup.cases.case import Found, Place


def is_to_ask(there: Sequence[Place], kinds: Container[str], *, is_asked: bool) -> bool:
    """Return whether all of an account's money came for value, and its statement does not say yet that it sells not."""
    is_known = is_asked and all(row.found is Found.LOCATED for row in there)
    return not is_known and all(row.kind in kinds for row in there)


def is_sold_at(there: Sequence[Place], kinds: Container[str]) -> bool:
    """Return whether the trail ends at an account that sells: the rest of a shop's statement is nobody's business."""
    return bool(there) and all(row.found is Found.EXITED and row.kind in kinds for row in there)


__all__ = ["is_sold_at", "is_to_ask"]
