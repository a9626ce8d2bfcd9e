"""Numbered acceptance cards that any bank's implementation must pass, played over HTTP on the accounts of acceptance.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files

from recoup.bank.conformance import cards, later, legs, paying, trust, watching
from recoup.bank.conformance.kit import Card, Desk, Failed, LeftOut
from recoup.errors import Fault, GatewayFault

DECK: tuple[Card, ...] = tuple(
    sorted(
        (
            card
            for room in (cards, later, trust, paying, legs, watching)
            for card in room.DECK.cards
        ),
        key=lambda card: card.number,
    )
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one card; `why` is empty if the bank passed."""

    card: Card
    why: str
    is_left_out: bool = False
    """Whether it was not played; `why` says what it would need."""


def play(desk: Desk, only: Collection[int] = ()) -> Iterator[Verdict]:
    """Play every card and yield its verdict. A bank that cannot be reached fails the card with that.

    Args:
        desk: the centre's end.
        only: numbers of the cards to play; none: all.

    Raises:
        Fault: even the digest, with which a run begins, cannot be had.
    """
    try:
        desk.clear()
    except Failed as found:
        raise GatewayFault(f"the digest, with which the cards begin: {found}") from found
    run = desk.run
    for card in DECK:
        if only and card.number not in only:
            continue
        desk.run = f"{run}-{card.number}"
        why, is_left_out = "", False
        try:
            card.play(desk)
        except LeftOut as found:
            why, is_left_out = str(found), True
        except (Failed, Fault) as found:
            why = str(found) or type(found).__name__
        try:
            desk.tidy()
        except Fault as found:
            if is_left_out or not why:
                why, is_left_out = f"the card's holds could not be released: {found}", False
        yield Verdict(card, why, is_left_out)


def accounts_text() -> str:
    """Return the accounts that a bank sets up before it is examined, as a sandbox script."""
    return files("recoup.bank.conformance").joinpath("acceptance.toml").read_text(encoding="utf-8")


__all__ = ["DECK", "Card", "Desk", "Failed", "LeftOut", "Verdict", "accounts_text", "play"]
