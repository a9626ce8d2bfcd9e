"""The section `planted`: laundering patterns that were seen elsewhere, for crews to follow. Patterns only, no sums of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import Share, Unit, duration_text, read_duration

PLANTED: Final = "planted"
"""The strategy of crews that follow a pattern; a fraud's says which: `planted-0`."""

_MOVE: Final = re.compile(r"([0-9]{1,3})>([0-9]{1,3}) (\S{1,40}) ([0-9]{1,16})")
_ACCOUNTS_MOST: Final = 200
_MOVES_MOST: Final = 500
_WEIGHT_MOST: Final = 10**15


@dataclass(frozen=True, slots=True)
class PatternMove:
    """One payment of a pattern."""

    payer: int
    """Accounts are numbered from 0 in the order in which they appear."""
    payee: int
    after_us: int
    """Since the pattern's first payment."""
    weight: int
    """Against the other payments of this payer."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, its payments in order of time."""

    typology: str
    moves: tuple[PatternMove, ...]

    @property
    def accounts(self) -> int:
        """Return how many accounts take part."""
        return 1 + max(max(move.payer, move.payee) for move in self.moves)


def planted_name(number: int) -> str:
    """Return the strategy that follows a pattern of the scenario."""
    return f"{PLANTED}-{number}"


def pattern_number(strategy: str) -> int | None:
    """Return which pattern of the scenario a strategy follows; None: it follows none.

    >>> pattern_number("planted-3"), pattern_number("fan_out")
    (3, None)
    """
    name, dash, number = strategy.partition("-")
    return int(number) if name == PLANTED and dash else None


def read_pattern(said: object) -> Pattern:
    """Return the pattern of a text: its typology, a colon, and moves `payer>payee time weight` with commas between them.

    >>> read_pattern("fan-out: 0>1 0s 60, 0>2 4m 40").moves[1].payee
    2
    """
    if not isinstance(said, str) or len(said) > 100 * _MOVES_MOST:
        raise ValueError(f"expected a pattern as text, was {type(said).__name__}")
    typology, colon, rest = said.partition(":")
    found = [_MOVE.fullmatch(part.strip()) for part in rest.split(",")]
    whole = [one for one in found if one is not None]
    if not (typology.strip() and colon) or '"' in typology or len(whole) < len(found):
        raise ValueError(f'expected such as "fan-out: 0>1 0s 60, 0>2 4m 40", was {said[:80]!r}')
    moves = tuple(
        PatternMove(int(one[1]), int(one[2]), read_duration(one[3]), int(one[4])) for one in whole
    )
    _check(moves, said)
    return Pattern(typology.strip(), moves)


def _check(moves: tuple[PatternMove, ...], said: str) -> None:
    if len(moves) > _MOVES_MOST:
        raise ValueError(f"expected at most {_MOVES_MOST} moves, was {len(moves)}")
    numbers = sorted({side for move in moves for side in (move.payer, move.payee)})
    if numbers != list(range(len(numbers))) or len(numbers) > _ACCOUNTS_MOST:
        raise ValueError(
            f"expected accounts 0, 1, 2, ..., at most {_ACCOUNTS_MOST}, was {said[:80]!r}"
        )
    if any(move.payer == move.payee or not 1 <= move.weight <= _WEIGHT_MOST for move in moves):
        raise ValueError(f"expected two accounts and a weight from 1 a move, was {said[:80]!r}")
    if list(moves) != sorted(moves, key=lambda move: move.after_us):
        raise ValueError(f"expected moves in order of time, was {said[:80]!r}")


def pattern_text(one: Pattern) -> str:
    """Return the text that `read_pattern` reads."""
    moves = (
        f"{move.payer}>{move.payee} {duration_text(move.after_us)} {move.weight}"
        for move in one.moves
    )
    return f"{one.typology}: {', '.join(moves)}"


def _read(said: object) -> tuple[Pattern, ...]:
    if not isinstance(said, list):
        raise ValueError(f"expected a list, was {said!r}")  # noqa: TRY004 - one error for all
    return tuple(read_pattern(each) for each in said)


def _text(held: tuple[Pattern, ...], _: str) -> str:
    if not held:
        return "[]"
    return "[\n" + "".join(f'  "{pattern_text(one)}",\n' for one in held) + "]"


Patterns = Annotated[
    tuple[Pattern, ...],
    Unit("patterns", _read, _text, {"type": "array", "items": {"type": "string"}}),
]


@dataclass(frozen=True)
class PlantedTerms:
    """Laundering patterns seen elsewhere, which crews follow payment by payment."""

    share: Annotated[Share, "Frauds that are laundered so, if there are patterns."] = 1.0
    patterns: Annotated[
        Patterns, "payer>payee, time since the first payment, weight; see recoup rehearse."
    ] = ()


__all__ = [
    "PLANTED",
    "Pattern",
    "PatternMove",
    "PlantedTerms",
    "pattern_number",
    "pattern_text",
    "planted_name",
    "read_pattern",
]
