"""What must hold between the figures of a play, its books and its truth: checked after every run, and stated in OUT."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from recoup.rehearse.figures.terms import Figures
from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import HeldNow, Stopper
from recoup.rehearse.play.played import Played


@dataclass(frozen=True, slots=True)
class Identity:
    """A statement about two numbers, minor units unless it says otherwise."""

    name: str
    left: int
    relation: str
    """`=` or `<=`."""
    right: int

    @property
    def holds(self) -> bool:
        """Whether it is so."""
        return self.left == self.right if self.relation == "=" else self.left <= self.right


def identities_of(played: Played, truth: Truth, figures: Figures) -> tuple[Identity, ...]:
    """Return the identities of a play; a caller ends with an error when one does not hold."""
    whole = {name: int(value) for name, value in figures.items()}
    off, total_opening, total_end = _books(played)
    intended = sum(fraud.loss_minor for fraud in played.country.frauds)
    kept_of_loss = whole["kept"] - whole["averted_amount"]
    return (
        Identity("accounts whose rows do not give their balance", off, "=", 0),
        Identity("all balances at the end = all openings", total_end, "=", total_opening),
        Identity(
            "loss = kept of it + left + at_large",
            whole["loss"],
            "=",
            kept_of_loss + whole["left"] + whole["at_large"],
        ),
        Identity(
            "kept = stopped_net + intercepted_amount + averted_amount",
            whole["kept"],
            "=",
            whole["stopped_net"] + whole["intercepted_amount"] + whole["averted_amount"],
        ),
        Identity(
            "loss + averted_amount <= all that victims were to pay",
            whole["loss"] + whole["averted_amount"],
            "<=",
            intended,
        ),
        Identity("returned <= frozen", whole["returned"], "<=", whole["frozen"]),
        Identity(
            "stolen money that came back <= returned", truth.returned, "<=", whole["returned"]
        ),
        Identity("returns that no booked row shows", truth.unmatched, "=", 0),
        Identity("reported <= loss", whole["reported"], "<=", whole["loss"]),
        Identity(
            "inside_at_report <= reported", whole["inside_at_report"], "<=", whole["reported"]
        ),
        Identity("holds beyond the balance at the end", _held_beyond(played), "=", 0),
    )


def _books(played: Played) -> tuple[int, int, int]:
    """Return how many accounts are off, and the sums of openings and of balances."""
    opening = played.country.accounts.opening_minor
    ledger, count = played.ledger, len(played.country.accounts)
    moved = np.zeros(count, np.int64)
    amount = ledger["amount"].to_numpy().astype(np.int64)
    np.add.at(moved, ledger["payee"].to_numpy(), amount)
    np.subtract.at(moved, ledger["payer"].to_numpy(), amount)
    end = np.array(played.balances, np.int64)
    off = int(np.count_nonzero(opening + moved != end))
    return off, sum(opening.tolist()), sum(played.balances)


def _held_beyond(played: Played) -> int:
    """Return what holds of a stopper say they keep at the end beyond what lies on their accounts.

    A stopper by itself: an order may hold in the books what the watch keeps from moving, and that is counted once.
    """
    held: dict[tuple[Stopper, str, int], int] = {}
    for one in played.happened:
        if isinstance(one, HeldNow):
            held[one.stopper, one.cause, one.account] = one.held
    kept: dict[tuple[Stopper, int], int] = defaultdict(int)
    for (stopper, _, account), amount in held.items():
        kept[stopper, account] += amount
    return sum(max(0, amount - played.balances[account]) for (_, account), amount in kept.items())


__all__ = ["Identity", "identities_of"]
