"""Numbered acceptance cards that any bank's implementation must pass, played over HTTP on the accounts of acceptance.toml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from recoup.bank.conformance import cards, trust
from recoup.bank.conformance.kit import Card, Desk, Failed
from recoup.errors import Fault, GatewayFault

DECK: tuple[Card, ...] = tuple(
    sorted([*cards.DECK.cards, *trust.DECK.cards], key=lambda card: card.number)
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one card; `why` is empty if the bank passed."""

    card: Card
    why: str


def play(desk: Desk) -> Iterator[Verdict]:
    """Play every card and yield its verdict. A bank that cannot be reached fails the card with that.

    Raises:
        Fault: even the digest, with which a run begins, cannot be had.
    """
    try:
        desk.clear()
    except Failed as found:
        raise GatewayFault(f"the digest, with which the cards begin: {found}") from found
    run = desk.run
    for card in DECK:
        desk.run = f"{run}-{card.number}"
        why = ""
        try:
            card.play(desk)
        except (Failed, Fault) as found:
            why = str(found) or type(found).__name__
        try:
            desk.tidy()
        except Fault as found:
            why = why or f"the card's holds could not be released: {found}"
        yield Verdict(card, why)


def accounts_text() -> str:
    """Return the accounts that a bank sets up before it is examined, as a sandbox script."""
    return files("recoup.bank.conformance").joinpath("acceptance.toml").read_text(encoding="utf-8")


__all__ = ["DECK", "Card", "Desk", "Failed", "Verdict", "accounts_text", "play"]
